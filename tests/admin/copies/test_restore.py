"""``groupchat restore``."""

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

from groupchat.journals.sqlite.folder import holding, leave_failure
from groupchat.journals.sqlite.replacement import fresh_path
from groupchat.journals.tools.archive import Archive
from tests.admin.cases import ALICE, ArchiveCase, draft
from tests.lacking import need_root

OTHER = 54321


class RestoreCase(ArchiveCase):
    def setUp(self) -> None:
        super().setUp()
        self.backup = self.folder / "backup.db"
        self.output("backup", self.backup, "--data", self.data)
        self.before = self.exported()
        self.to = self.folder / "to"

    def names(self, data: Path | None = None) -> list[str]:
        return sorted(path.name for path in (data or self.to).iterdir())

    def restore(self, *more: object) -> str:
        return self.output("restore", self.backup, "--data", self.to, *more)

    def refusal(self, *more: object, file: Path | None = None, data: Path | None = None) -> str:
        return self.complaint("restore", file or self.backup, "--data", data or self.to, *more)


class RestoreTest(RestoreCase):
    def test_new_folder(self) -> None:
        """A backup becomes the journal of a new folder, for its owner only."""
        said = self.restore()
        self.assertTrue(said.startswith(f"{self.to / 'chat.db'}: 5 messages, up to #9.\n"), said)
        self.assertEqual(self.names(), ["chat.db", "lock"])
        self.assertEqual(self.to.stat().st_mode & 0o777, 0o700)
        self.assertEqual({path.stat().st_mode & 0o777 for path in self.to.iterdir()}, {0o600})
        self.assertEqual(self.exported(data=self.to), self.before)
        self.assert_sound(self.to)

    def test_goes_on(self) -> None:
        """What is written after a restore has the numbers after the backup's last."""
        self.restore()
        with Archive(self.to / "chat.db") as archive:
            (outcome,) = archive.append([draft(ALICE, "alice", "and on", 3)])
        self.assertEqual(outcome.event.id, 10)  # type: ignore[union-attr]

    def test_existing(self) -> None:
        """A journal that is there is only replaced on request, and then kept as it was, with its newest part."""
        shutil.copytree(self.data, self.to)
        later = sqlite3.connect(self.to / "chat.db", isolation_level=None)
        later.execute("PRAGMA journal_mode = WAL")
        later.execute("UPDATE posts SET text = 'in the log only' WHERE id = 1")
        for name in ("chat.db", "chat.db-wal"):
            shutil.copy(self.to / name, self.folder / name)
        later.close()
        for name in ("chat.db", "chat.db-wal"):
            shutil.copy(self.folder / name, self.to / name)
        self.assertIn("--replace puts it aside and restores.", self.refusal())
        self.assertIn("chat.db-wal", self.names())
        said = self.restore("--replace")
        aside = Path(said.split("kept as ")[1].split(".\n")[0])
        self.assertEqual(
            self.names(), sorted(["chat.db", "lock", aside.name, f"{aside.name}-wal", f"{aside.name}-head"])
        )
        self.assertEqual(self.exported(data=self.to), self.before)
        # What was put aside is a whole journal too, which can be restored in turn.
        self.assertIn("kept as", self.output("restore", aside, "--data", self.to, "--replace"))
        self.assertIn("in the log only", self.exported(data=self.to))

    def test_twice_in_a_second(self) -> None:
        """Each journal put aside has a name of its own."""
        for _ in range(3):
            self.restore("--replace")
        self.assertEqual(len([name for name in self.names() if name.startswith("chat.db.2")]), 2)

    def test_mark(self) -> None:
        """The mark of the journal before does not make the restored one look as if it had lost posts."""
        shutil.copytree(self.data, self.to)
        (self.to / "chat.db-head").write_text("00000000000000000099\n")
        self.restore("--replace")
        with Archive(self.to / "chat.db"):
            pass

    def test_in_use(self) -> None:
        """While a daemon uses the folder, nothing is changed."""
        shutil.copytree(self.data, self.to)
        with holding(self.to / "chat.db"):
            self.assertIn("A daemon is using", self.refusal("--replace"))
        self.assertEqual(self.names(), self.names(self.data))

    def test_after_a_failure(self) -> None:
        """A restored journal can be used although the one before had failed."""
        shutil.copytree(self.data, self.to)
        leave_failure(self.to / "chat.db", "disk I/O error")
        self.assertIn("failed at 20", self.complaint("forget", "alice", "--yes", "--data", self.to))
        self.restore("--replace")
        self.output("forget", "alice", "--yes", "--data", self.to)

    def test_empty_file(self) -> None:
        """A file without content in the place of the journal is none."""
        self.to.mkdir()
        (self.to / "chat.db").touch()
        self.assertNotIn("kept as", self.restore())
        self.assertEqual(self.exported(data=self.to), self.before)

    def test_open_folder(self) -> None:
        """A folder that others can enter is closed, and that is told."""
        self.to.mkdir(mode=0o755)
        self.to.chmod(0o755)
        self.assertIn(f"{self.to} was open to others (mode 0755); now it is not.\n", self.restore())
        self.assertEqual(self.to.stat().st_mode & 0o777, 0o700)

    def test_backup_stays(self) -> None:
        """The backup is not changed, not even by a file beside it, and need not be in a folder that can be written."""
        content, names = self.backup.read_bytes(), sorted(self.folder.iterdir())
        self.restore()
        self.assertEqual(self.backup.read_bytes(), content)
        self.assertEqual(sorted(self.folder.iterdir()), sorted([*names, self.to]))


class RefusedTest(RestoreCase):
    def test_not_whole(self) -> None:
        """What is no whole journal is refused, and nothing is changed."""
        sound = self.backup.read_bytes()
        for statement, words in (
            ("PRAGMA user_version = 99", "was written by a newer groupchat (form 99"),
            ("PRAGMA application_id = 1", "is not a backup of groupchat"),
            ("DELETE FROM posts WHERE id = 2", "is damaged (after #1 comes #3); nothing was changed"),
            ("DROP TABLE facts", "is damaged (no such table"),
        ):
            with contextlib.closing(sqlite3.connect(self.backup, isolation_level=None)) as database:
                database.execute(statement)
            self.assertIn(words, self.refusal())
            self.assertFalse((self.to / "chat.db").exists(), statement)
            self.backup.write_bytes(sound)
        self.backup.write_bytes(sound[: len(sound) // 2])
        self.assertIn("is damaged", self.refusal())
        self.backup.write_bytes(sound[:4096] + b"\xee" * 4096 + sound[8192:])
        self.assertIn("is damaged", self.refusal())
        self.assertFalse(self.to.exists())

    def test_no_backup(self) -> None:
        """A file that is missing, a folder, or something else is named."""
        self.assertIn("No such file", self.refusal(file=self.folder / "none"))
        self.assertIn("is not a file", self.refusal(file=self.folder))
        self.backup.write_text("something else " * 1000)
        self.assertIn("is not a backup of groupchat", self.refusal())
        self.backup.write_text("")
        self.assertIn("is not a backup of groupchat", self.refusal())
        self.assertFalse(self.to.exists())

    def test_itself(self) -> None:
        """A journal is not replaced by itself."""
        said = self.refusal("--replace", file=self.data / "chat.db", data=self.data)
        self.assertIn("is the journal that is to be replaced", said)

    def test_file_for_folder(self) -> None:
        """A file in place of the data folder is named."""
        self.to.write_text("")
        self.assertIn(f"{self.to} is not a folder", self.refusal())

    def test_damaged_index(self) -> None:
        """A backup whose search index alone is damaged is restored, with a hint."""
        with contextlib.closing(sqlite3.connect(self.backup, isolation_level=None)) as database:
            database.execute("UPDATE search_data SET block = x'deadbeefdeadbeef' WHERE id = 10")
        self.assertIn("“groupchat reindex” rebuilds it", self.restore())
        self.assertIn("everything up to #9", self.output("reindex", "--data", self.to))
        self.assert_sound(self.to)


class InterruptedTest(RestoreCase):
    def test_every_moment(self) -> None:
        """Killed at any moment, the next process finds the old journal or the new one, each as a whole."""
        shutil.copytree(self.data, self.to)
        with Archive(self.to / "chat.db") as archive:
            archive.append([draft(ALICE, "alice", "later", 3)])
        old, seen = self.exported(data=self.to), set()
        saved = self.folder / "saved"
        shutil.copytree(self.to, saved)
        for moment in range(100):
            shutil.rmtree(self.to)
            shutil.copytree(saved, self.to)
            pid = os.fork()
            if pid == 0:
                _die_at(moment)
                with contextlib.suppress(BaseException):
                    self.restore("--replace")
                os._exit(0)
            died = os.waitpid(pid, 0)[1] != 0
            with Archive(self.to / "chat.db"):
                pass
            self.assert_sound(self.to)
            found = self.exported(data=self.to)
            self.assertIn(found, (old, self.before), moment)
            self.assertFalse([name for name in self.names() if name.endswith("-swap")], moment)
            seen.add(found)
            if not died:
                break
        else:
            self.fail("it never ended")
        self.assertGreater(moment, 5)
        self.assertEqual(seen, {old, self.before})
        self.assertFalse(fresh_path(self.to / "chat.db").exists())


def _die_at(moment: int) -> None:
    """End this process at the system call of this number that renames, removes or flushes something."""
    count = 0

    def counted(function: object) -> object:
        def call(*arguments: object, **more: object) -> object:
            nonlocal count
            if count == moment:
                os._exit(1)
            count += 1
            return function(*arguments, **more)  # type: ignore[operator]

        return call

    for name in ("rename", "replace", "unlink", "fsync", "link"):
        setattr(os, name, counted(getattr(os, name)))


class RootTest(RestoreCase):
    def test_owner(self) -> None:
        """What root restores belongs to the owner of the folder, which systemd may have made a link."""
        need_root("can work in the folders of others")
        private = self.folder / "private"
        private.mkdir(mode=0o700)
        os.chown(private, OTHER, OTHER)
        self.to.symlink_to(private)
        self.assertEqual(self.restore().count("\n"), 1)
        self.restore("--replace")
        self.assertEqual({(path.stat().st_uid, path.stat().st_gid) for path in private.iterdir()}, {(OTHER, OTHER)})
        self.output("reindex", "--data", self.to)
        self.assertEqual({path.stat().st_uid for path in private.iterdir()}, {OTHER})

    def test_new_folder(self) -> None:
        """For a new folder root is told whose it is."""
        need_root("is told so")
        self.assertIn(f"{self.to} is new and belongs to root", self.restore())
