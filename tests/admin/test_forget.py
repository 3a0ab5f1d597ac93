"""``groupchat forget``."""

import contextlib
import io
import sqlite3

from twisted.trial.unittest import SynchronousTestCase

from groupchat.admin.forget import agreed
from groupchat.journals.tools.archive import Archive
from tests.admin.cases import BOB, ArchiveCase, draft


class ForgetTest(ArchiveCase):
    def test_account(self) -> None:
        """No word of the person is left in any file, nor the account; everything else is there, and sound."""
        for word in (b"zebra", b"quagga", b"gnu business"):
            self.assertTrue(word in self.on_disk(), word)
        printed = self.output("forget", "Alice", "--yes", "--data", self.data)
        self.assertIn("Erased 2 messages, 1 topic and the account Alice.", printed)
        for word in (b"zebra", b"quagga", b"gnu business"):
            self.assertFalse(word in self.on_disk(), word)
        with contextlib.closing(sqlite3.connect(self.data / "chat.db")) as database:
            self.assertEqual(database.execute("SELECT kind, name FROM facts").fetchall(), [("account", "bob")])
        self.assertIn("okapi & more", self.exported())
        self.assert_sound()

    def test_guest(self) -> None:
        """Of a nickname without an account, everything of guests is erased, but nothing of an account that used it."""
        with Archive(self.data / "chat.db") as archive:
            archive.append([draft(BOB, "guest", "bongo")])
        self.assertIn("Erased 1 message. ", self.output("forget", "GUEST", "--yes", "--data", self.data))
        self.assertFalse(b"impala" in self.on_disk())
        self.assertTrue(b"zebra" in self.on_disk())
        self.assertTrue(b"bongo" in self.on_disk())
        self.assert_sound()

    def test_consent(self) -> None:
        """Nothing is erased unless somebody agrees, and there is nobody at a pipe."""
        self.assertIn("Nothing was erased", self.complaint("forget", "alice", "--data", self.data))
        self.assertIn("zebra", self.exported())

    def test_nothing_to_erase(self) -> None:
        """A nickname that never said anything is named; without a journal none is made."""
        self.assertIn("zoe has said nothing", self.complaint("forget", "zoe", "--yes", "--data", self.data))
        complaint = self.complaint("forget", "alice", "--yes", "--data", self.folder / "none")
        self.assertIn("There is no journal", complaint)
        self.assertFalse((self.folder / "none").exists())

    def test_daemon(self) -> None:
        """While a daemon has the folder, nothing is erased."""
        with Archive(self.data / "chat.db"):
            self.assertIn("in use by another", self.complaint("forget", "alice", "--yes", "--data", self.data))
            self.assertIn("zebra", self.exported())


class Terminal(io.StringIO):
    """Standard input of a person."""

    def isatty(self) -> bool:
        return True


class AgreedTest(SynchronousTestCase):
    def answered(self, stream: io.StringIO) -> tuple[bool, str]:
        """Return whether the answer is yes, and what was printed."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            return agreed(stream, "Erase it? "), out.getvalue()

    def test_terminal(self) -> None:
        """A person is asked; only yes is yes."""
        for answer, expected in [("y\n", True), ("Yes\n", True), ("\n", False), ("n\n", False), ("", False)]:
            self.assertEqual(self.answered(Terminal(answer)), (expected, "Erase it? "), answer)

    def test_pipe(self) -> None:
        """A pipe is not asked, whatever is in it."""
        self.assertEqual(self.answered(io.StringIO("y\n")), (False, ""))
