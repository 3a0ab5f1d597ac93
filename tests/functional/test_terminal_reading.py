"""What a person reads in the terminal client: who comes and goes, what calls them, what they find again."""

import json
import signal
import time

from tests.functional.harness import LIMIT_S
from tests.functional.pane import PaneTest

CROWD = 24


class ReadingTest(PaneTest):
    def setUp(self) -> None:
        super().setUp()
        self.daemon = self.start()

    def test_crowd(self) -> None:
        """24 people who leave are one line that names who spoke; after a restart those who come back were not away."""
        pane = self.join(self.daemon.port)
        crowd = [self.connect(self.daemon, f"guest{number}") for number in range(CROWD)]
        crowd[5].send("good morning\n")
        pane.expect("guest5: good morning")
        pane.expect(f"│ {CROWD + 1} people │")
        # All at once, on any machine: those who leave later than others are told of in a line of their own.
        self.daemon.process.send_signal(signal.SIGSTOP)
        for one in crowd:
            one.send("/exit\n")
        self.daemon.process.send_signal(signal.SIGCONT)
        pane.expect(r"\* guest5 and 23 others left lobby$")
        self.assertEqual(pane.screen().count("left lobby"), 1)
        bob = self.connect(self.daemon, "bob")
        bob.send("hello\n")
        pane.expect("bob: hello")
        bob.send("/exit\n")
        pane.expect(r"\* bob left lobby$")

    def test_notified(self) -> None:
        """A mention runs the program with its arguments; what is no mention, and do not disturb, runs nothing."""
        out = self.folder / "out"
        words = ["sh", "-c", f"printf '%s\\n' \"$@\" >> {out}", "x", "{nick} in {room}", "{text}"]
        folder = self.folder / "config" / "groupchat"
        folder.mkdir(parents=True)
        (folder / "client.toml").write_text(f"notify = {json.dumps(words)}\n")
        self.pane_environment["XDG_CONFIG_HOME"] = str(self.folder / "config")
        bob = self.connect(self.daemon, "bob")
        pane = self.join(self.daemon.port)
        bob.send("see http://x.org/alice\n-alice `alice` alice@x.org\nhi alice, $(id)\n")
        pane.expect("bob: hi alice")
        told, end = "bob in lobby\nhi alice, $(id)\n", time.monotonic() + LIMIT_S
        while not (out.exists() and out.read_text() == told) and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(out.read_text(), told)
        pane.type("/set dnd 30m")
        pane.keys("Enter")
        pane.expect("dnd is on for 30 minutes")

    def test_found(self) -> None:
        """What was said is found by who said it, in which words and when; code is shown as it was typed."""
        pane = self.join(self.daemon.port, width=60)
        bob = self.connect(self.daemon, "bob")
        bob.send("red tea\ntea, red\n`x   :)` is code\n")
        pane.expect("`x   :\\)` is code")
        for typed, found in (
            ('/search from:bob "red tea"', r"(?s)-- 1 message:\n.*#1 bob: red tea\n-- end of what was found"),
            ("/search tea -red", "-- Nothing was found"),
            ("/search from: x", "!! bad-arguments: Write from:bob, without a blank"),
            ("/last bob", r"(?s)-- 1 message:\n.*#3 bob: .*-- the last message of bob"),
        ):
            pane.type(typed)
            pane.keys("Enter")
            pane.expect(found)
