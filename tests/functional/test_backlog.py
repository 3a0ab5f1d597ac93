"""Coming back to twenty thousand messages: all are shown, and typing goes on meanwhile.

How long it takes is printed (``pytest -s`` shows it), not judged: that is for a quiet machine to say.
"""

import re
import statistics
import sys
import time

from tests.functional.pane import COMMAND, PaneTest

MESSAGES = 20_000
LONGEST_S = 120.0
"""Beyond this something is stuck; on a quiet machine it is 10 s, with a key's echo within 0.1 s at the median."""


class BacklogTest(PaneTest):
    def test_backlog(self) -> None:
        """20,000 messages are shown, each once and in order, while the bar moves and what is typed appears."""
        daemon = self.start()
        pane = self.join(daemon.port)
        pane.keys("C-d")
        self.assertEqual(pane.status(), 0)
        lines = "".join(f"message {number} of many, about as long as people write\n" for number in range(MESSAGES))
        (self.folder / "lines").write_text(lines)
        with (self.folder / "lines").open() as source:
            say = self.run_program(*COMMAND, "say", f"127.0.0.1:{daemon.port}", "--nick", "bob", stdin=source)
        self.assertEqual(say, 0)
        begun = time.monotonic()
        pane = self.open("join", f"127.0.0.1:{daemon.port}", "--nick", "alice")
        pane.expect("░ +[0-9]+ %|█ +[0-9]+ %")
        shares, echoes, typed = [], [], ""
        while "message 19999 of" not in (screen := pane.screen()):
            self.assertLess(time.monotonic() - begun, LONGEST_S)
            shares += [int(share) for share in re.findall(r"(\d+) % │", screen)]
            typed += "x"
            pressed = time.monotonic()
            pane.type("x")
            while not re.search(rf"^> {typed}", pane.screen(), re.MULTILINE):
                self.assertLess(time.monotonic() - begun, LONGEST_S)
            echoes.append(time.monotonic() - pressed)
        took = time.monotonic() - begun
        print(f"{took:.1f} s; {len(echoes)} keys, median {statistics.median(echoes):.3f} s", file=sys.stderr)
        self.assertGreater(len(set(shares)), 3, shares)
        self.assertEqual(shares, sorted(shares))
        pane.expect(rf"(?s)^> {typed}\s.*│ connected")
        shown = re.findall(r"bob: message (\d+) of", pane.everything())
        self.assertEqual(shown, [str(number) for number in range(MESSAGES)])
