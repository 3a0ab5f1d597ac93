"""Coming back to twenty thousand messages: all are shown, and typing goes on meanwhile.

How long it takes is a figure of ``python -m benchmarks client``.
"""

import re
import time

from tests.functional.pane import COMMAND, PaneTest

MESSAGES = 20_000
LONGEST_S = 600.0
"""Beyond this something is stuck."""
ONE_LINE = 50
"""So many letters are typed at most: they stay in one line of the terminal, half-typed and said."""


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
        shares, typed = [], ""
        while "message 19999 of" not in (screen := pane.screen()):
            self.assertLess(time.monotonic() - begun, LONGEST_S)
            shares += [int(share) for share in re.findall(r"(\d+) % │", screen)]
            if len(typed) < ONE_LINE:
                typed += "x"
                pane.type("x")
            while not re.search(rf"^> {typed}", pane.screen(), re.MULTILINE):
                self.assertLess(time.monotonic() - begun, LONGEST_S)
        self.assertGreater(len(set(shares)), 3, shares)
        self.assertEqual(shares, sorted(shares))
        pane.expect(rf"(?s)^> {typed}\s.*│ connected")
        pane.keys("Enter")
        pane.expect(f"alice: {typed}$")
        shown = re.findall(r"bob: message (\d+) of", pane.everything())
        self.assertEqual(shown, [str(number) for number in range(MESSAGES)])
