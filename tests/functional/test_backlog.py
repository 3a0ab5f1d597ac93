"""Coming back to twenty thousand messages: they are shown soon, and typing goes on meanwhile."""

import re
import statistics
import sys
import time

from tests.functional.pane import COMMAND, PaneTest

MESSAGES = 20_000
SHOWN_S = 10.0
ECHO_S = 0.1
"""The requirement: all shown in 10 s, and a key's echo within 100 ms at the median."""


class BacklogTest(PaneTest):
    def test_backlog(self) -> None:
        """20,000 messages are shown in 10 s, each once, while the bar moves and a key echoes within 100 ms."""
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
            self.assertLess(time.monotonic() - begun, SHOWN_S)
            shares += [int(share) for share in re.findall(r"(\d+) % │", screen)]
            typed += "x"
            pressed = time.monotonic()
            pane.type("x")
            while not re.search(rf"^> {typed}", pane.screen(), re.MULTILINE):
                self.assertLess(time.monotonic() - begun, SHOWN_S)
            echoes.append(time.monotonic() - pressed)
        took = time.monotonic() - begun
        print(f"{took:.1f} s; {len(echoes)} keys, median {statistics.median(echoes):.3f} s", file=sys.stderr)
        self.assertGreater(len(set(shares)), 3, shares)
        self.assertEqual(shares, sorted(shares))
        self.assertLess(statistics.median(echoes), ECHO_S)
        pane.expect(rf"(?s)^> {typed}\s.*│ connected")
        shown = re.findall(r"bob: message (\d+) of", pane.everything())
        self.assertEqual(shown, [str(number) for number in range(MESSAGES)])
