"""Regular saving of how far the person has read."""

import tempfile
from pathlib import Path
from shutil import rmtree

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.client import Client
from groupchat.terminal.autosave import INTERVAL_S, Autosave
from groupchat.terminal.saved_login import LoginFile, SavedLogin
from tests.client.fakes import FakeEndpoint
from tests.terminal.fakes import FakeDisplay, FakeSurface


class AutosaveTest(SynchronousTestCase):
    def setUp(self) -> None:
        base = Path(tempfile.mkdtemp(prefix="groupchat-"))
        self.addCleanup(rmtree, base)
        self.folder = base / "state"
        self.clock = Clock()
        self.surface = FakeSurface()
        self.autosave = Autosave(LoginFile(self.folder, "example.org"), self.surface, FakeDisplay())
        self.addCleanup(self.autosave.release)
        self.autosave.login()  # locks the file

    def client(self, since: int | None, token: str | None = "t") -> Client:
        return Client(FakeEndpoint(), "Alice", self.clock, token=token, since=since)

    def test_saved(self) -> None:
        """The position is saved when everything is shown, now and then, and at the end."""
        drained: list[bool] = []
        self.autosave.begin(self.clock, self.client(5), lambda: bool(drained))
        self.assertIsNone(self.autosave.login())
        drained.append(True)
        self.clock.advance(INTERVAL_S)
        self.assertEqual(self.autosave.login_of("ALICE"), SavedLogin("Alice", "t", 5))
        self.assertIsNone(self.autosave.login_of("bob"))
        self.autosave.end(self.client(7))
        self.assertEqual(self.autosave.login(), SavedLogin("Alice", "t", 7))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_forgotten(self) -> None:
        """Logging out leaves nothing behind, not even by leaving afterwards; the next login is saved again."""
        self.autosave.begin(self.clock, self.client(5), lambda: True)
        self.autosave.forget()
        self.clock.advance(INTERVAL_S)
        self.autosave.end(self.client(6))
        self.assertIsNone(self.autosave.login())
        self.autosave.begin(self.clock, self.client(8), lambda: True)
        self.assertEqual(self.autosave.login(), SavedLogin("Alice", "t", 8))
        self.autosave.end(self.client(8))

    def test_never_joined(self) -> None:
        """A client that was not let in is not saved, nor is one without a token."""
        self.autosave.end(self.client(5))
        self.assertIsNone(self.autosave.login())
        self.autosave.begin(self.clock, self.client(5, token=None), lambda: True)
        self.autosave.end(self.client(5, token=None))
        self.assertIsNone(self.autosave.login())

    def test_nothing_read(self) -> None:
        """A client that has read nothing yet has read up to where it joined."""
        self.autosave.begin(self.clock, self.client(None), lambda: True)
        self.assertEqual(self.autosave.login(), SavedLogin("Alice", "t", 0))
        self.autosave.end(self.client(None))

    def test_again(self) -> None:
        """Beginning again, on another connection, leaves one timer."""
        for since in (5, 6):
            self.autosave.begin(self.clock, self.client(since), lambda: True)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.autosave.end(self.client(6))

    def test_cannot_be_saved(self) -> None:
        """A folder that cannot be written to is told once, and the chat goes on."""
        rmtree(self.folder)
        self.autosave.begin(self.clock, self.client(5), lambda: True)
        self.clock.advance(INTERVAL_S)
        self.assertEqual([line[:41] for line in self.surface.lines], ["* Your place in the chat cannot be saved:"])
        self.autosave.end(self.client(6))

    def test_elsewhere(self) -> None:
        """A login that another client on this computer uses is not taken."""
        self.autosave.begin(self.clock, self.client(5), lambda: True)
        self.autosave.end(self.client(5))
        other = Autosave(LoginFile(self.folder, "example.org"), self.surface, FakeDisplay())
        self.assertIsNone(other.login())
        self.autosave.release()
        self.assertEqual(other.login(), SavedLogin("Alice", "t", 5))
        other.release()
