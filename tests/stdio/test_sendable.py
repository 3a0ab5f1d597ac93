"""Files of this computer that are to be sent."""

import os
import tempfile
from pathlib import Path
from shutil import rmtree

from twisted.trial.unittest import SynchronousTestCase

from groupchat.stdio.sendable import NotSendable, opened


class OpenedTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="groupchat-")
        self.addCleanup(rmtree, self.folder)

    def test_opened(self) -> None:
        """A file is opened, whatever its folder is called."""
        folder = Path(self.folder, os.fsdecode(b"caf\xe9"))
        folder.mkdir()
        (folder / "cat.txt").write_bytes(b"meow")
        with opened(str(folder / "cat.txt")) as file:
            self.assertEqual(file.read(), b"meow")

    def test_name(self) -> None:
        """A name that nobody else could read is refused with a sentence, before anything is sent."""
        path = Path(self.folder, os.fsdecode(b"caf\xe9.txt"))
        path.touch()
        with self.assertRaisesRegex(NotSendable, "has a name that is not UTF-8; rename it$"):
            opened(str(path))

    def test_endless(self) -> None:
        """A pipe is refused, without waiting for anybody."""
        os.mkfifo(Path(self.folder, "pipe"))
        with self.assertRaisesRegex(NotSendable, "pipe is not a regular file$"):
            opened(f"{self.folder}/pipe")
