"""``groupchat forget``."""

import contextlib
import io
import sqlite3

from twisted.trial.unittest import SynchronousTestCase

from groupchat.admin.forget import agreed, elsewhere
from groupchat.journals.tools.archive import Archive
from groupchat.journals.tools.belonging import keep_node
from groupchat.model.drafts import StoredSession
from groupchat.model.events import AuthorId
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

    def test_guest_who_said_nothing(self) -> None:
        """A guest who only was here is erased as well: no file has the nickname any more."""
        session = StoredSession(AuthorId(99), "d" * 64, "quentin", ("lobby",), 0, 1.0)
        with Archive(self.data / "chat.db") as archive:
            archive.append([session])
        self.assertIn(b"quentin", self.on_disk())
        complaint = self.complaint("forget", "quentin", "--data", self.data)
        self.assertIn("Nothing was erased", complaint)
        self.assertIn("Erased what names quentin: ", self.output("forget", "quentin", "--yes", "--data", self.data))
        self.assertNotIn(b"quentin", self.on_disk())
        self.assertIn("is not named", self.complaint("forget", "quentin", "--yes", "--data", self.data))
        self.assert_sound()

    def test_journals_of_before(self) -> None:
        """The journals that were put aside beside this one are named: they still have everything."""
        for name in ("chat.db.v1.bak", "chat.db.20261126T134533Z", "chat.db.20261126T134533Z-head"):
            (self.data / name).write_bytes(b"old")
        printed = self.output("forget", "alice", "--yes", "--data", self.data)
        self.assertIn(f"may these files in {self.data}: chat.db.20261126T134533Z and chat.db.v1.bak.", printed)

    def test_other_nodes(self) -> None:
        """Beside a node of a cluster the other nodes are spoken of: what was put aside there has everything, too."""
        keep_node(self.data, "a1")
        told = elsewhere(self.data / "chat.db")
        self.assertEqual(
            told,
            "Backups that were made before still have it. Look on every other node, too: for its backups, and for"
            " journals put aside (chat.db.DATE).",
        )

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
