"""``groupchat backup``."""

import shutil

from tests.admin.cases import ArchiveCase


class BackupTest(ArchiveCase):
    def test_backup_and_restore(self) -> None:
        """A copy is one sound file that only its owner can read; in a folder of its own it is a whole journal."""
        copy = self.folder / "copy.db"
        self.assertEqual(self.output("backup", copy, "--data", self.data), f"{copy}: {copy.stat().st_size:,} bytes\n")
        self.assertEqual(copy.stat().st_mode & 0o777, 0o600)
        other = self.folder / "other"
        other.mkdir()
        shutil.copy(copy, other / "chat.db")
        self.assertIn("is whole: 5 messages, up to #9", self.output("verify", "--data", other))
        self.assertEqual(self.exported(data=other), self.exported())
        self.assertEqual([path.name for path in self.folder.glob("copy.db*")], ["copy.db"])

    def test_existing_file(self) -> None:
        """A file that exists is not overwritten."""
        copy = self.folder / "copy.db"
        copy.write_text("precious")
        self.assertIn("exists already", self.complaint("backup", copy, "--data", self.data))
        self.assertEqual(copy.read_text(), "precious")

    def test_no_journal(self) -> None:
        """Without a journal, or with something else in its place, nothing is copied."""
        copy = self.folder / "copy.db"
        self.assertIn("There is no journal", self.complaint("backup", copy, "--data", "/nowhere"))
        (self.data / "chat.db").write_bytes(b"no database, but long enough " * 100)
        self.assertIn("cannot be read", self.complaint("backup", copy, "--data", self.data))
        self.assertEqual(list(self.folder.glob("copy*")), [])

    def test_no_folder(self) -> None:
        """A copy that cannot be written is named."""
        copy = self.folder / "none" / "copy.db"
        self.assertIn(f"{copy} cannot be written", self.complaint("backup", copy, "--data", self.data))
