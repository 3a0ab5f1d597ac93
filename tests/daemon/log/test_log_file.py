"""Log files: private, bounded, and opened again."""

import os
import resource
import shutil
import tempfile
from pathlib import Path

from twisted.internet.testing import EventLoggingObserver
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from groupchat.daemon.log.log_file import Destination, LogFile, TextStream
from groupchat.daemon.log.streams import StreamOutput
from groupchat.model.errors import CannotStart


class FileTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = self.folder / "chat.log"
        observer = EventLoggingObserver()
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        self.events = observer

    def open(self, most_bytes: int = 0, kept: int = 2) -> LogFile:
        file = LogFile(self.path, most_bytes, kept)
        self.addCleanup(file.close)
        return file

    def logged(self) -> list[str]:
        return [formatEvent(event) for event in self.events]

    def files(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in sorted(self.folder.iterdir())}

    def test_private(self) -> None:
        """It is the owner's only from its first byte, and so is what comes after it; another mode is left as it is."""
        umask = os.umask(0)
        self.addCleanup(os.umask, umask)
        file = self.open()
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        file.rotate()
        self.assertEqual([path.stat().st_mode & 0o777 for path in self.folder.iterdir()], [0o600] * 2)
        self.path.chmod(0o640)
        self.open().write("info", ["x"])
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o640)

    def test_appends(self) -> None:
        """What was there stays."""
        self.path.write_text("old\n")
        self.open().write("info", ["new", "lines \udcff"])
        self.assertEqual(self.files(), {"chat.log": "old\nnew\nlines \\udcff\n"})

    def test_cannot_be_written(self) -> None:
        """A path where none can be is named."""
        self.path = self.folder / "nowhere" / "chat.log"
        self.assertIn(f"{self.path} cannot be written: No such file", str(self.assertRaises(CannotStart, self.open)))

    def test_moved(self) -> None:
        """After another program has moved or removed it, it is opened again when that is asked for."""
        file = self.open()
        file.write("info", ["one"])
        self.path.rename(self.folder / "old")
        file.write("info", ["two"])
        file.reopen()
        file.write("info", ["three"])
        file.reopen()
        self.assertEqual(self.files(), {"chat.log": "three\n", "old": "one\ntwo\n"})
        self.path.unlink()
        file.reopen()
        file.write("info", ["four"])
        self.assertEqual(self.files()["chat.log"], "four\n")

    def test_cannot_be_reopened(self) -> None:
        """If it cannot be opened again, the old one goes on, and says so."""
        file = self.open()
        self.path.rename(self.folder / "old")
        self.path.mkdir()
        file.reopen()
        file.write("info", ["on"])
        self.assertEqual((self.folder / "old").read_text(), "on\n")
        self.assertEqual(self.logged(), [f"The log file {self.path} cannot be opened again: Is a directory"])
        self.path.rmdir()

    def test_pipe(self) -> None:
        """Nobody is waited for who reads a pipe that has taken the file's place, or reads it slowly."""
        file = self.open()
        self.path.unlink()
        os.mkfifo(self.path)
        file.reopen()
        self.assertIn("cannot be opened again", self.logged()[-1])
        reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        file.reopen()
        for _ in range(100):
            file.write("info", ["x" * 10000])
        self.assertTrue(os.read(reader, 100).startswith(b"x"))

    def test_full(self) -> None:
        """When it is full it is moved away; so many moved files are kept, the others go, those of before too."""
        file = self.open(most_bytes=10)
        for number in range(6):
            file.write("info", [f"{number}" * 9])
        lines = [f"{number}" * 9 + "\n" for number in range(6)]
        self.assertEqual(self.files(), {"chat.log": lines[5], "chat.log.1": lines[4], "chat.log.2": lines[3]})
        file.limit(10, 1)
        file.write("info", ["last"])
        self.assertEqual(self.files(), {"chat.log": "last\n", "chat.log.1": lines[5]})
        file.limit(0, 1)
        for _ in range(5):
            file.write("info", ["x" * 9])
        self.assertEqual(len(self.files()), 2)

    def test_full_at_the_start(self) -> None:
        """One that was full before is moved away with the first line."""
        self.path.write_text("x" * 10)
        self.open(most_bytes=10).write("info", ["first"])
        self.assertEqual(self.files(), {"chat.log": "first\n", "chat.log.1": "x" * 10})

    def test_cannot_be_moved(self) -> None:
        """If it cannot be moved away it grows, and says so once in each of its sizes."""
        file = self.open(most_bytes=10, kept=1)
        (self.folder / "chat.log.1").mkdir()
        (self.folder / "chat.log.1" / "full").touch()
        for _ in range(3):
            file.write("info", ["x" * 9])
        self.assertEqual(self.path.read_text(), ("x" * 9 + "\n") * 3)
        self.assertEqual(len(self.logged()), 2)
        self.assertIn(f"The log file {self.path} cannot be moved: ", self.logged()[0])

    def test_no_file(self) -> None:
        """Something that is no file, such as a device, is never moved."""
        self.path = Path("/dev/null")
        file = self.open(most_bytes=1)
        file.write("info", ["x"])
        file.rotate()
        self.assertTrue(self.path.is_char_device())

    def test_full_disk(self) -> None:
        """What cannot be written is left out whole, and told of when there is room again."""
        file = self.open()
        file.write("info", ["12345"])
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        # A write beyond the limit fails (Python ignores the signal), one that crosses it is cut.
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
        try:
            file.write("info", ["x" * 8])
            file.write("info", ["y" * 8])
            self.assertEqual(self.path.read_text(), "12345\n")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        file.write("info", ["again"])
        self.assertEqual(self.path.read_text(), "12345\nagain\n")
        self.assertEqual(self.logged(), ["The log could not be written: 2 events are missing here"])

    def test_stream(self) -> None:
        """A program with forms of its own takes it for a stream."""
        stream = TextStream(self.open())
        stream.write("one\ntwo\n")
        stream.flush()
        self.assertEqual(self.files(), {"chat.log": "one\ntwo\n"})


class DestinationTest(SynchronousTestCase):
    def test_no_file(self) -> None:
        """Without a file there is nothing to limit, to move or to open again."""
        destination = Destination()
        destination.limit(1, 1)
        destination.reopen()
        destination.rotate()
        self.assertIsInstance(destination.output(), StreamOutput)
