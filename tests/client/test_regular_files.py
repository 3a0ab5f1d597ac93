"""Files of this computer that are read to be sent."""

import os
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.regular_files import NotRegular, open_regular


class OpenRegularTest(SynchronousTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="groupchat-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_opened(self) -> None:
        """A file is opened, also by a symbolic link."""
        (self.folder / "cat.txt").write_bytes(b"meow")
        (self.folder / "link").symlink_to("cat.txt")
        for path in (self.folder / "cat.txt", str(self.folder / "link")):
            with open_regular(path) as file:
                self.assertEqual(file.read(), b"meow")

    def test_not_regular(self) -> None:
        """A pipe, a device and a folder are refused by name, without waiting for anybody."""
        os.mkfifo(self.folder / "pipe")
        for path in (self.folder / "pipe", Path("/dev/zero"), self.folder):
            with self.assertRaises(NotRegular) as raised:
                open_regular(path)
            self.assertEqual((raised.exception.strerror, raised.exception.filename),
                             ("it is not a regular file", str(path)))  # fmt: skip

    def test_missing(self) -> None:
        """What is not there is an error of the system."""
        self.assertRaises(FileNotFoundError, open_regular, self.folder / "nothing")
