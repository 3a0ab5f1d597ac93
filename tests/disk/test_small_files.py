"""Small files are read, and nothing else."""

import errno
import os
import socket
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.trial.unittest import SynchronousTestCase

from groupchat.disk.small_files import MOST_BYTES, read_small
from groupchat.disk.socket_paths import socket_address


class ReadSmallTests(SynchronousTestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "file")

    def refused(self) -> tuple[int | None, str | None]:
        """Return why the file is not read."""
        error = self.assertRaises(OSError, read_small, self.path)
        return error.errno, error.strerror

    def test_content(self) -> None:
        """A regular file is read whole, also by a link to it, up to the most bytes."""
        link = self.path.with_name("link")
        link.symlink_to(self.path)
        for content in (b"", b"\xff\r\n", b"x" * MOST_BYTES):
            self.path.write_bytes(content)
            self.assertEqual((read_small(self.path), read_small(link)), (content, content))

    def test_too_large(self) -> None:
        """A larger one is refused by its size, before it is read."""
        with self.path.open("wb") as file:
            file.truncate(MOST_BYTES + 1)
        self.assertEqual(self.refused(), (errno.EFBIG, "This has more than 1,048,576 bytes"))
        os.truncate(self.path, 1 << 40)
        self.assertEqual(self.refused()[0], errno.EFBIG)

    def test_others(self) -> None:
        """Pipes, devices, sockets and folders are refused, and not waited for."""
        os.mkfifo(self.path)
        self.assertEqual(self.refused(), (errno.EINVAL, "This is not a regular file"))
        self.path.unlink()
        self.path.symlink_to("/dev/zero")
        self.assertEqual(self.refused(), (errno.EINVAL, "This is not a regular file"))
        self.path.unlink()
        with socket.socket(socket.AF_UNIX) as listening:
            with socket_address(self.path) as address:
                listening.bind(address)
            self.assertEqual(self.refused(), (errno.EINVAL, "This is not a regular file"))
        self.path.unlink()
        self.path.mkdir()
        self.assertEqual(self.refused()[0], errno.EISDIR)

    def test_not_there(self) -> None:
        """A file that is not there is refused as the system does."""
        self.assertEqual(self.refused(), (errno.ENOENT, os.strerror(errno.ENOENT)))
