"""UNIX sockets at paths of any length."""

import os
import socket
import stat
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.trial.unittest import SynchronousTestCase

from groupchat.disk.socket_paths import LONGEST, socket_address


class SocketPathsTest(SynchronousTestCase):
    def setUp(self) -> None:
        temporary = TemporaryDirectory(dir="/tmp")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def path(self, length: int) -> Path:
        """Return a path of this many bytes below the folder, which is there but for its last part."""
        folder = self.folder
        while len(os.fsencode(folder)) + 60 < length:
            folder /= "ä" * 20
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / ("s" * (length - len(os.fsencode(folder)) - 1))
        self.assertEqual(len(os.fsencode(path)), length)
        return path

    def test_any_length(self) -> None:
        """Sockets are bound and reached where their paths say, also where these are longer than an address."""
        for length in (60, LONGEST, LONGEST + 1, LONGEST + 2, 500):
            path = self.path(length)
            before = os.listdir("/proc/self/fd")
            with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as peer:
                with socket_address(path) as address:
                    listener.bind(address)
                listener.listen()
                self.assertTrue(stat.S_ISSOCK(path.lstat().st_mode), length)
                with socket_address(path) as address:
                    peer.connect(address)
            self.assertEqual(os.listdir("/proc/self/fd"), before)

    def test_short(self) -> None:
        """A path that fits stands in the address as it is."""
        path = self.path(LONGEST)
        with socket_address(path) as address:
            self.assertEqual(address, str(path))

    def test_relative(self) -> None:
        """A relative path is one from the current folder."""
        with socket_address("sock") as address:
            self.assertEqual(address, os.path.abspath("sock"))

    def test_missing(self) -> None:
        """A folder that is not there, or is none, is an error, as for a short path."""
        path = self.path(200)
        self.assertRaises(FileNotFoundError, socket_address(path / "none" / "control").__enter__)
        path.write_text("")
        self.assertRaises(NotADirectoryError, socket_address(path / "control").__enter__)
