"""When the bell rings, and when somebody is notified."""

from datetime import datetime
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.destinations.quiet_hours import QuietHours
from groupchat.terminal.attention.calling import HERE_S, RING_S, Calling
from groupchat.terminal.attention.quiet_times import QuietTimes
from groupchat.terminal.flow.local_settings import LocalSettings
from tests.terminal.attention.test_notifying import FakeProcesses

SAID = {"event": "said", "nick": "bob", "room": "dev", "text": "alice: hi"}


class CallingTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.processes = FakeProcesses()
        self.now = datetime(2026, 11, 21, 12)
        quiet = QuietTimes(QuietHours.read("22:00-07:00"), lambda: self.now)
        self.settings = LocalSettings("mentions", True, dnd=quiet)
        self.rings = 0
        self.calling = Calling(self.processes, self.settings, ["true", "{nick} {room} {text}"], self.ring, print)
        self.processes.advance(HERE_S)

    def ring(self) -> None:
        self.rings += 1

    def heard(self, calls: bool, **fields: Any) -> tuple[int, list[str]]:
        """Let a message come; return how often it rang, and the argument of the program that was run."""
        self.rings = 0
        self.processes.runs.clear()
        self.calling.heard({**SAID, **fields}, calls)
        self.processes.advance(RING_S)
        return self.rings, [args[1] for _, args in self.processes.runs]

    def test_called(self) -> None:
        """A mention rings and is notified; other messages are not, and ring only if all do."""
        self.assertEqual(self.heard(True), (1, ["bob dev alice: hi"]))
        self.assertEqual(self.heard(False), (0, []))
        self.settings.bell = "all"
        self.assertEqual(self.heard(False), (1, []))
        self.settings.bell = "off"
        self.assertEqual(self.heard(True), (0, ["bob dev alice: hi"]))
        shared = {"event": "shared", "name": "cat.jpg", "room": "", "text": None}
        self.assertEqual(self.heard(True, **shared)[1], ["bob private shared cat.jpg"])

    def test_here(self) -> None:
        """Who has just pressed a key is looking at the chat, and is not notified."""
        self.calling.touched()
        self.assertEqual(self.heard(True), (1, []))
        self.processes.advance(HERE_S)
        self.assertEqual(self.heard(True), (1, ["bob dev alice: hi"]))

    def test_quiet(self) -> None:
        """In quiet hours, and while the person does not want to be disturbed, nothing rings and nothing is notified."""
        self.settings.bell = "all"
        self.settings.set("dnd on")
        self.assertEqual(self.heard(True), (0, []))
        self.settings.set("dnd off")
        self.assertEqual(self.heard(True)[0], 1)
        self.now = datetime(2026, 11, 21, 23)
        self.assertEqual(self.heard(True), (0, []))
