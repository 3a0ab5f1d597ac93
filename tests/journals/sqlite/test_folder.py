"""The data folder: who may use it, and what is remembered beside the database."""

import errno
import os
import stat

from twisted.logger import capturedLogs, formatEvent

from groupchat.interfaces.storage import IMarkable
from groupchat.journals.sqlite.folder import Folder, clear_failure, leave_failure, read_mark
from groupchat.model.errors import CannotStart, JournalFailed
from tests.journals.contract import said
from tests.journals.sqlite.files import DataFolderCase


class FolderTest(DataFolderCase):
    async def test_two_daemons(self) -> None:
        """A second journal on the same folder is refused with the number of the process that has it."""
        first = self.open()
        self.refused(str(self.folder), f"in use by another groupchat (pid {os.getpid()})")
        self.assertEqual(len(await first.append([said("still works")])), 1)
        await first.close()
        self.assertEqual(self.open().head, 1)

    def test_no_folder(self) -> None:
        """A folder that cannot be made is refused by name."""
        self.folder.write_text("a file")
        self.refused(str(self.folder), "is not a folder")

    async def test_full_disk(self) -> None:
        """On a disk without any room it is refused by name, and stays known that the last process died."""
        journal = self.open()
        await journal.append([said("a post")])
        await journal.close()
        (self.folder / "lock").write_text("1234567890\n")
        write = os.pwrite

        def full(descriptor: int, data: bytes, place: int) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        os.pwrite = full  # type: ignore[assignment]
        try:
            self.refused(str(self.folder), "cannot be used: No space left on device")
        finally:
            os.pwrite = write
        self.assertEqual((self.folder / "lock").read_text(), "1234567890\n")
        self.assertEqual(self.open().head, 1)
        self.assertEqual((self.folder / "lock").read_text(), f"{os.getpid()}\n")

    def test_folder_for_a_file(self) -> None:
        """A database that cannot be written is refused by name."""
        self.path.mkdir(parents=True)
        self.folder.chmod(0o700)
        self.refused(str(self.path), "is not a file")

    async def test_modes(self) -> None:
        """The folder is made, and it and its files are for this user only."""
        self.folder = self.folder / "deep" / "er"
        self.path = self.folder / "chat.db"
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        journal = self.open()
        await journal.append([said("a")])
        self.assertEqual(stat.S_IMODE(self.folder.stat().st_mode), 0o700)
        names = {file.name: oct(stat.S_IMODE(file.stat().st_mode)) for file in self.folder.iterdir()}
        expected = ("chat.db", "chat.db-wal", "chat.db-shm", "chat.db-head", "lock")
        self.assertEqual(names, dict.fromkeys(expected, "0o600"))

    async def test_open_to_others(self) -> None:
        """A folder of an older version that others could read is closed, with all files of the journal."""
        self.folder.mkdir()
        self.folder.chmod(0o755)
        journal = self.open()
        await journal.append([said("a")])
        await journal.close()
        for name in ("chat.db-wal", "chat.db-shm"):  # as after a kill
            (self.folder / name).touch()
        for file in self.folder.iterdir():
            file.chmod(0o644)
        self.folder.chmod(0o755)
        with capturedLogs() as told:
            journal = self.open()
        self.assertEqual(
            [formatEvent(event) for event in told],
            [f"The data folder {self.folder} was open to others (mode 0755); now it is not"],
        )
        names = {file.name: oct(stat.S_IMODE(file.stat().st_mode)) for file in self.folder.iterdir()}
        self.assertEqual(set(names.values()), {"0o600"}, names)
        self.assertEqual(stat.S_IMODE(self.folder.stat().st_mode), 0o700)
        self.assertEqual(journal.head, 1)

    def test_not_ours_alone(self) -> None:
        """A folder that holds others' folders is refused by name, and nothing is made in it."""
        (self.folder / "somebody").mkdir(parents=True)
        self.folder.chmod(0o755)
        self.refused(str(self.folder), "name a folder of its own")
        self.assertEqual([file.name for file in self.folder.iterdir()], ["somebody"])

    async def test_clean_close(self) -> None:
        """After a close everything is in the one file, and the folder can be used again."""
        await self.filled()
        self.assertEqual(sorted(file.name for file in self.folder.iterdir()), ["chat.db", "chat.db-head", "lock"])
        self.assertEqual(self.open().head, 3)

    def test_mark(self) -> None:
        """The mark is the highest number acknowledged, also after the folder was let go of; at first there is none."""
        held = Folder(self.path)
        self.assertEqual(held.marked(), 0)
        held.mark(12345)
        self.assertEqual(held.marked(), 12345)
        held.release()
        self.assertEqual(read_mark(self.path), 12345)

    def test_strange_mark(self) -> None:
        """A mark that is no number says nothing; nor does one that is not there."""
        self.assertEqual(read_mark(self.path), 0)
        self.folder.mkdir()
        for content in ("", "x", "-1", "1.5"):
            (self.folder / "chat.db-head").write_text(content)
            self.assertEqual(read_mark(self.path), 0, content)

    async def test_failed(self) -> None:
        """A journal that failed is refused with what happened and when, and with 70, until it was checked."""
        await self.filled()
        leave_failure(self.path, "disk I/O error")
        for _ in range(2):
            error = self.assertRaises(JournalFailed, self.open)
            self.assertEqual(error.status, 70)
            self.assertRegex(
                str(error), rf"^{self.path} failed at 20\S+Z \(disk I/O error\): .*verify --data {self.folder}”"
            )
        self.assertEqual((self.folder / "chat.db-failed").stat().st_mode & 0o777, 0o600)
        self.assertTrue(clear_failure(self.path))
        self.assertFalse(clear_failure(self.path))
        self.assertEqual(self.open().head, 3)

    async def test_failed_without_words(self) -> None:
        """So is one of which nothing more could be written than that it failed."""
        await self.filled()
        for content in ("", "{", "[]", '{"at": 1}'):
            (self.folder / "chat.db-failed").write_text(content)
            self.refused(f"{self.path} failed: look at the disk")

    async def test_marked(self) -> None:
        """A journal that is open can be marked as failed, for the next start."""
        journal = self.open()
        assert IMarkable.providedBy(journal)
        journal.mark_failed("it could not be read")
        await journal.append([said("still open")])
        await journal.close()
        self.refused("(it could not be read)")

    def test_space(self) -> None:
        """Whether there is space is found out by taking some; nothing is left of it."""
        held = Folder(self.path)
        (self.folder / "chat.db-space").write_text("left by a process that was killed")
        self.assertTrue(held.has_space())
        self.assertNotIn("chat.db-space", [path.name for path in self.folder.iterdir()])
        held.release()

    def test_unclean(self) -> None:
        """A folder is unclean unless it was let go of as clean."""
        for clean in (True, False, True):
            held = Folder(self.path)
            held.release(clean)
            again = Folder(self.path)
            self.assertEqual(again.unclean, not clean)
            again.release(clean=True)

    def test_refused_and_released(self) -> None:
        """A folder that is refused names its holder, and can be had when it is let go of."""
        held = Folder(self.path)
        error = self.assertRaises(CannotStart, Folder, self.path)
        self.assertIn(f"(pid {os.getpid()})", str(error))
        held.release()
        Folder(self.path).release()

    def test_lock(self) -> None:
        """The lock has the number of this process and nothing else, whatever was there; a clean stop empties it."""
        self.folder.mkdir()
        lock = self.folder / "lock"
        lock.write_text("123456789012345\n")
        held = Folder(self.path)
        self.assertEqual(lock.read_text(), f"{os.getpid()}\n")
        held.release(clean=True)
        self.assertEqual(lock.read_text(), "")
