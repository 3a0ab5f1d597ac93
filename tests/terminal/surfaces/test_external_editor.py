"""The person's own editor: which program it is, and what becomes of the text."""

import asyncio
import signal
import stat
import sys
import tempfile
from pathlib import Path
from shutil import rmtree

from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.surfaces.external_editor import LONGEST, EditorFailed, ExternalEditor, PrivateFile, command


class CommandTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="groupchat-"))
        self.addCleanup(rmtree, self.folder)
        for program in "my-editor", "vi":
            (self.folder / program).touch(0o755)

    def found(self, **variables: str) -> list[str]:
        return command({"PATH": str(self.folder), **variables})

    def test_chosen(self) -> None:
        """VISUAL counts before EDITOR, with its arguments; an empty one does not count."""
        self.assertEqual(self.found(VISUAL="my-editor -w 'a b'", EDITOR="vi"), ["my-editor", "-w", "a b"])
        self.assertEqual(self.found(VISUAL=" ", EDITOR="my-editor"), ["my-editor"])
        self.assertEqual(self.found(), ["vi"])

    def test_none(self) -> None:
        """A program that is missing, or that cannot be read, is told with the variable that names it."""
        for variables, told in (
            ({"EDITOR": "emacs -nw"}, "emacs, which EDITOR names, is not installed."),
            ({"VISUAL": "vi 'x"}, "VISUAL has a quote that does not end: vi 'x"),
            ({"PATH": "/nowhere"}, "There is no editor: set the variable VISUAL or EDITOR to the name of one."),
        ):
            failed = self.assertRaises(EditorFailed, self.found, **variables)
            self.assertEqual(str(failed), told)


class FileTest(SynchronousTestCase):
    def test_private(self) -> None:
        """Nobody else can read the file, or look into its folder."""
        file = PrivateFile.holding("sécret")
        self.addCleanup(file.delete)
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (file.path, file.path.parent)]
        self.assertEqual((file.path.read_bytes(), modes), ("sécret\n".encode(), [0o600, 0o700]))

    def test_read(self) -> None:
        """Line ends are those of the chat; those that editors add at the end are no part of the text."""
        file = PrivateFile.holding("")
        self.addCleanup(file.delete)
        self.assertEqual(file.read(), "")
        file.path.write_bytes(b"one\r\n\r\n\ttwo\n\n")
        self.assertEqual(file.read(), "one\n\n\ttwo")
        for contents in b"\xff", b"x" * (LONGEST + 1):
            file.path.write_bytes(contents)
            self.assertRaises(ValueError, file.read)


class EditorTest(SynchronousTestCase):
    def setUp(self) -> None:
        # What is left of the files of failed editors is removed with their folder, and nothing else.
        self.desk = Path(tempfile.mkdtemp(prefix="groupchat-"))
        self.addCleanup(rmtree, self.desk)
        self.patch(tempfile, "tempdir", str(self.desk))

    def edit(self, program: str, text: str = "half a line") -> str:
        """Edit with a program in Python, which finds the file at ``path``."""
        script = f"import pathlib, os, signal, sys\npath = pathlib.Path(sys.argv[1])\n{program}"
        return asyncio.run(ExternalEditor([sys.executable, "-c", script]).edit(text))

    def failure(self, program: str) -> str:
        return str(self.assertRaises(EditorFailed, self.edit, program))

    def test_edited(self) -> None:
        """What was saved is returned, and the file deleted with everything that is beside it."""
        program = "path.with_suffix('.bak').touch()\npath.write_text(path.read_text().upper() + str(path))"
        text, _, path = self.edit(program).partition("\n")
        self.assertEqual((text, Path(path).parent.exists()), ("HALF A LINE", False))

    def test_failed(self) -> None:
        """An editor that fails leaves the line as it was, and what was written in the file that is named."""
        self.assertIn("the line is as it was.", self.failure("sys.exit(1)"))
        for end in "sys.exit(1)", "os.kill(os.getpid(), signal.SIGKILL)":
            told = self.failure(f"path.write_text('much work')\n{end}")
            path = Path(told.rpartition("What you wrote is in ")[2])
            self.assertEqual((path.parents[1], path.read_text()), (self.desk, "much work"))

    def test_unreadable(self) -> None:
        """A file that is no text is kept, and named; one that is gone is told."""
        told = self.failure("path.write_bytes(b'\\xff')")
        path = Path(told.rpartition("It is in ")[2])
        self.assertEqual(path.parents[1], self.desk)
        self.assertTrue(told.startswith("What you wrote cannot be used: it is not in UTF-8"), told)
        self.assertTrue(path.exists())
        self.assertIn("has left no file", self.failure("path.unlink()"))

    def test_interrupt(self) -> None:
        """Ctrl-C, which every program at the terminal gets, is left to the editor; afterwards it is as it was."""
        before = signal.getsignal(signal.SIGINT)
        self.assertEqual(self.edit("os.kill(os.getppid(), signal.SIGINT)\npath.write_text('on')"), "on")
        self.assertEqual(signal.getsignal(signal.SIGINT), before)

    def test_not_started(self) -> None:
        """A program that cannot be started is told."""
        failed = self.assertRaises(EditorFailed, asyncio.run, ExternalEditor(["/nowhere/vim"]).edit("x"))
        self.assertIn("vim cannot be started", str(failed))
