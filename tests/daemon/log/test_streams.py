"""Lines for a stream, and for systemd's journal."""

import os
import shutil
import tempfile
from io import StringIO
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.daemon.log.streams import StreamOutput, is_journal


class JournalTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.stream = (self.folder / "journal").open("w+")
        self.addCleanup(self.stream.close)
        about = os.fstat(self.stream.fileno())
        self.environ = {"JOURNAL_STREAM": f"{about.st_dev}:{about.st_ino}"}

    def written(self, environ: dict[str, str]) -> str:
        output = StreamOutput(self.stream, environ)
        for level in ("debug", "info", "warn", "error"):
            output.write(level, [level])
        output.write("critical", ["oh", "\tTraceback"])
        return (self.folder / "journal").read_text()

    def test_priorities(self) -> None:
        """Each line for the journal begins with its priority, those of a traceback too."""
        self.assertEqual(self.written(self.environ), "<7>debug\n<6>info\n<4>warn\n<3>error\n<2>oh\n<2>\tTraceback\n")

    def test_elsewhere(self) -> None:
        """Lines for anything else do not, also when the journal is somewhere else."""
        self.assertEqual(self.written({"JOURNAL_STREAM": "1:2"}), "debug\ninfo\nwarn\nerror\noh\n\tTraceback\n")
        for stream in (StringIO(), (self.folder / "journal").open()):
            stream.close()
            self.assertFalse(is_journal(stream, self.environ))
        self.assertFalse(is_journal(StringIO(), self.environ))
