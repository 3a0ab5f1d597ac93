"""Running the command line, and a data folder in which people have said things."""

import contextlib
import io
import shutil
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.admin import main as admin
from groupchat.facts.account_facts import Account, ReadPosition
from groupchat.journals.tools.archive import Archive
from groupchat.journals.tools.audit import Audit
from groupchat.model.drafts import Amendment, Draft, Kind
from groupchat.model.events import SERVER, AuthorId

DAY = 86400.0
NOON = 1795262400.0
"""2026-11-21 12:00 UTC."""
ALICE, BOB, GUEST = AuthorId(11), AuthorId(22), AuthorId(33)


def draft(author: AuthorId, nick: str, words: str, days: float = 0, **more: object) -> Draft:
    """Draft something said in the lobby, so many days after NOON."""
    fields = {"kind": Kind.SAID, "room": "lobby", **more}
    return Draft(author=author, nick=nick, text=words, at=NOON + days * DAY, **fields)  # type: ignore[arg-type]


def account(nick: str, author: AuthorId) -> Account:
    """Make the fact of an account."""
    return Account(nick, nick, author, "", NOON)


class CommandCase(SynchronousTestCase):
    """Tests with a folder of their own, which run commands in this process."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def outputs(self, *arguments: object, status: int = 0) -> tuple[str, str]:
        """Run a command that exits with this status; return what it wrote to standard output and standard error."""
        errors = io.StringIO()
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            self.assertEqual(admin.main([str(argument) for argument in arguments]), status, errors.getvalue())
        out.flush()
        return out.buffer.getvalue().decode(), errors.getvalue()

    def output(self, *arguments: object) -> str:
        """Run a command that succeeds and complains of nothing; return what it printed."""
        out, errors = self.outputs(*arguments)
        self.assertEqual(errors, "")
        return out

    def complaint(self, *arguments: object) -> str:
        """Run a command that fails and prints nothing; return its one line on standard error."""
        out, errors = self.outputs(*arguments, status=1)
        self.assertEqual((out, errors.count("\n")), ("", 1))
        self.assertTrue(errors.startswith("groupchat: "), errors)
        return errors


class ArchiveCase(CommandCase):
    """Tests with a data folder in which alice and bob, who have accounts, and a guest have said things."""

    def setUp(self) -> None:
        super().setUp()
        self.data = self.folder / "data"
        facts = (account("alice", ALICE), account("bob", BOB), ReadPosition(ALICE, "lobby", 1, 0.0))
        with Archive(self.data / "chat.db") as archive:
            archive.append(
                [
                    draft(ALICE, "alice", "zebra one"),
                    draft(BOB, "bob", "waves", kind=Kind.ACTED),
                    draft(ALICE, "alice", "quagga secret", kind=Kind.WHISPERED, reader=BOB, to="bob"),
                    draft(BOB, "bob", "okapi <b>", 1, room="zoo"),
                    draft(BOB, "bob", "okapi & more", 1, kind=Kind.EDITED, target=4),
                    draft(BOB, "bob", "oops", 1),
                    draft(BOB, "bob", "", 1, kind=Kind.DELETED, target=6),
                    draft(ALICE, "alice", "gnu business", 2, kind=Kind.TOPIC),
                    draft(GUEST, "Guest", "impala", 2),
                    Amendment(SERVER, NOON, tuple(fact.put() for fact in facts)),
                ],
            )
        self.assert_sound()

    def assert_sound(self, data: Path | None = None) -> None:
        """Check that the audit finds nothing wrong."""
        self.assertEqual(list(Audit(data or self.data).faults()), [])

    def exported(self, *options: object, data: Path | None = None) -> str:
        """Return what ``groupchat export`` prints."""
        return self.output("export", "--data", data or self.data, *options)

    def on_disk(self) -> bytes:
        """Return the bytes of all files in the data folder."""
        return b"".join(file.read_bytes() for file in self.data.iterdir() if file.is_file())
