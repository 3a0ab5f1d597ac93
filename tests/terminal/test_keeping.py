"""What is noted of who is in."""

import tempfile
from pathlib import Path
from shutil import rmtree

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.client import Client
from groupchat.terminal.keeping import KEEP_S, Keeping
from groupchat.terminal.memory import Memory, Seat
from tests.client.fakes import FakeEndpoint
from tests.terminal.fakes import FakeDisplay, FakeSurface


class KeepingTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="groupchat-"))
        self.addCleanup(rmtree, self.folder)
        self.clock = Clock()
        self.keeping = Keeping(Memory(self.folder, "example.org"), FakeSurface(), FakeDisplay())
        self.addCleanup(self.keeping.release)
        self.keeping.seat()  # holds it

    def client(self, since: int) -> Client:
        return Client(FakeEndpoint(), "Alice", self.clock, token="t", since=since)

    def test_kept(self) -> None:
        """How far one has read is noted when all of it is shown, now and then, and at the end."""
        drained: list[bool] = []
        self.keeping.begin(self.clock, self.client(5), lambda: bool(drained))
        self.assertIsNone(self.keeping.seat())
        drained.append(True)
        self.clock.advance(KEEP_S)
        self.assertEqual(self.keeping.seat_of("ALICE"), Seat("Alice", "t", 5))
        self.assertIsNone(self.keeping.seat_of("bob"))
        self.keeping.end(self.client(7))
        self.assertEqual(self.keeping.seat(), Seat("Alice", "t", 7))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_forgotten(self) -> None:
        """Who logs out leaves nothing behind, not even by going afterwards; the next one is kept again."""
        self.keeping.begin(self.clock, self.client(5), lambda: True)
        self.keeping.forget()
        self.clock.advance(KEEP_S)
        self.keeping.end(self.client(6))
        self.assertIsNone(self.keeping.seat())
        self.keeping.begin(self.clock, self.client(8), lambda: True)
        self.assertEqual(self.keeping.seat(), Seat("Alice", "t", 8))
        self.keeping.end(self.client(8))

    def test_never_in(self) -> None:
        """Who was not let in is not kept."""
        self.keeping.end(self.client(5))
        self.assertIsNone(self.keeping.seat())
