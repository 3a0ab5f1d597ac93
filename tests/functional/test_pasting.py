"""Pasting into the client on a terminal."""

import re

from tests.functional.harness import TWISTD
from tests.functional.pane import PaneTest


class PastingTest(PaneTest):
    def test_paste(self) -> None:
        """The client asks once about a paste of 40 lines, which arrive in order or as one message; Esc sends none."""
        daemon = self.start()
        pane = self.join(daemon.port)
        bob = self.connect(daemon, "bob")
        pane.paste("one\ntwo\n")
        pane.expect(r"^Send these 2 lines\?")
        pane.keys("Escape")
        pane.vanish("Send these")
        pane.paste("in one line\n")
        pane.expect("^> in one line$")
        pane.keys("C-c")
        pane.paste("".join(f"pasted {number}\n" for number in range(40)))
        pane.expect(r"^Send these 40 lines\?")
        pane.keys("l")
        bob.expect("pasted 39\r\n")
        pane.expect("alice: pasted 39$")
        shown = pane.everything()
        self.assertEqual(re.findall(r"alice: pasted (\d+)$", shown, re.MULTILINE), [str(n) for n in range(40)])
        self.assertNotIn("alice: one", shown)
        pane.paste("def f():\n    return 1\n\nf()\n")
        pane.expect(r"^Send these 4 lines\?")
        pane.keys("Enter")
        bob.expect(r"alice: def f\(\):\r\n {11}\|     return 1\r\n {11}\| \r\n {11}\| f\(\)\r\n")
        pane.expect(r"^ +    return 1$")

    def test_limited(self) -> None:
        """Where nobody is exempt from the limits, 40 pasted lines arrive once and in order, and nobody is cut off."""
        daemon = self.launch(
            command=[*TWISTD, "-n", "--pidfile=", "groupchat", "--port", "tcp:0:interface=127.0.0.1", "--data", "data"]
        ).ready()
        pane = self.join(daemon.port)
        bob = self.connect(daemon, "bob")
        pane.paste("".join(f"pasted {number}\n" for number in range(40)))
        pane.expect(r"^Send these 40 lines\?")
        pane.keys("l")
        pane.type("meanwhile")
        bob.expect(r"alice: pasted 30\r\n", 60)
        pane.expect("^> meanwhile$")
        heard = bob.expect(r"(?s)\A.*alice: pasted 39\r\n", 60)[0]
        self.assertEqual(re.findall(r"alice: pasted (\d+)", heard), [str(n) for n in range(31, 40)])
        pane.keys("Enter")
        bob.expect(r"\A(?!.*pasted).*alice: meanwhile\r\n")
        pane.expect("alice: meanwhile$")
        shown = pane.everything()
        self.assertEqual(re.findall(r"alice: pasted (\d+)$", shown, re.MULTILINE), [str(n) for n in range(40)])
        self.assertNotIn("Connected again", shown)
        self.assertEqual(daemon.log.count("alice joined from"), 1)
