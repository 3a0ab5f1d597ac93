"""Files that have their name only when they are whole."""

import os
import shutil
import stat
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.disk.new_files import new_file, unfinished, unwritable


class NewFileTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = self.folder / "file"

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def write(self, text: bytes, **more: bool) -> None:
        with new_file(self.path, **more) as file:
            file.write(text)

    def test_written(self) -> None:
        """The file has its name at the end, and can be read by its owner only, whatever the umask."""
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        with new_file(self.path) as file:
            file.write(b"half")
            file.flush()
            self.assertEqual(self.names(), ["file.part"])
            self.assertEqual(stat.S_IMODE((self.folder / "file.part").stat().st_mode), 0o600)
            file.write(b" and half")
        self.assertEqual((self.names(), self.path.read_bytes()), (["file"], b"half and half"))
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(self.path.stat().st_nlink, 1)

    def test_mode(self) -> None:
        """Another mode can be asked for; the umask does not change it."""
        with new_file(self.path, mode=0o644) as file:
            file.write(b"")
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o644)

    def test_failed(self) -> None:
        """After an error nothing is left, and what was there before is as it was."""
        self.write(b"before")
        with self.assertRaises(ZeroDivisionError), new_file(self.path, replace=True) as file:
            file.write(b"after")
            raise ZeroDivisionError
        self.assertEqual((self.names(), self.path.read_bytes()), (["file"], b"before"))

    def test_existing(self) -> None:
        """A file that exists is replaced only on request, also when it comes while the new one is written."""
        self.write(b"one")
        error = self.assertRaises(FileExistsError, self.write, b"two")
        self.assertEqual(unwritable(self.path, error), f"{self.path} exists already; it was not changed.")
        self.write(b"two", replace=True)
        self.assertEqual(self.path.read_bytes(), b"two")
        self.path.unlink()
        with self.assertRaises(FileExistsError), new_file(self.path):
            self.path.write_text("someone else's")
        self.assertEqual((self.names(), self.path.read_text()), (["file"], "someone else's"))

    def test_left_over(self) -> None:
        """What a killed process has left is overwritten, and is no hindrance."""
        (self.folder / "file.part").write_bytes(b"much longer than the new text")
        self.write(b"new")
        self.assertEqual((self.names(), self.path.read_bytes()), (["file"], b"new"))

    def test_two_writers(self) -> None:
        """Two processes do not write the same file at once."""
        with new_file(self.path) as file:
            error = self.assertRaises(FileExistsError, self.write, b"second")
            self.assertIn("another process is writing", unwritable(self.path, error))
            file.write(b"first")
        self.assertEqual(self.path.read_bytes(), b"first")

    def test_strange_part(self) -> None:
        """A link, a folder or a pipe in place of the unfinished file is neither followed nor replaced."""
        part, other = self.folder / "file.part", self.folder / "other"
        other.write_bytes(b"precious")
        part.symlink_to(other)
        self.assertRaises(OSError, self.write, b"new")
        part.unlink()
        os.link(other, part)
        self.assertRaises(FileExistsError, self.write, b"new")
        part.unlink()
        os.mkfifo(part)
        self.assertRaises(FileExistsError, self.write, b"new")
        part.unlink()
        part.mkdir()
        self.assertRaises(OSError, self.write, b"new")
        self.assertEqual((self.names(), other.read_bytes()), (["file.part", "other"], b"precious"))

    def test_no_folder(self) -> None:
        """The sentence names the file and says what is wrong."""
        path = self.folder / "none" / "file"
        with self.assertRaises(FileNotFoundError) as caught, new_file(path):
            self.fail("it cannot be opened")
        self.assertEqual(unwritable(path, caught.exception), f"{path} cannot be written: No such file or directory.")

    def test_descriptor(self) -> None:
        """What is written through the path, such as by SQLite, is kept too."""
        with unfinished(self.path) as (descriptor, part):
            part.write_bytes(b"by its name")
            self.assertEqual(os.pread(descriptor, 20, 0), b"by its name")
        self.assertEqual(self.path.read_bytes(), b"by its name")
