"""Starting of the client on a terminal."""

import os
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

SNIPPET = """
import os, sys
from groupchat.terminal import program
print(program.is_terminal() and program.can_draw(os.environ), "prompt_toolkit" in sys.modules)
"""


class ProgramTest(SynchronousTestCase):
    def start(self, stdin: int, stdout: int, **environ: str) -> None:
        """Run a program that says whether it has a terminal that can draw, and whether it has loaded prompt_toolkit."""
        environment = {name: value for name, value in os.environ.items() if name != "TERM"}
        subprocess.run(
            [sys.executable, "-c", SNIPPET], check=True, timeout=60,
            env={**environment, **environ}, stdin=stdin, stdout=stdout,
        )  # fmt: skip

    def test_pipe(self) -> None:
        """A pipe is no terminal; and the line editor, which loads slowly, is not loaded."""
        reader, writer = os.pipe()
        with open(reader) as said:
            self.start(subprocess.DEVNULL, writer, TERM="xterm")
            os.close(writer)
            self.assertEqual(said.read(), "False False\n")

    def test_terminal(self) -> None:
        """A terminal can draw, unless its name says that it can only print lines."""
        for term, fits in ("xterm", "True"), ("dumb", "False"), ("unknown", "False"), ("", "False"):
            master, terminal = os.openpty()
            try:
                self.start(terminal, terminal, TERM=term)
                self.assertEqual(os.read(master, 1000).split()[0].decode(), fits, term)
            finally:
                os.close(master)
                os.close(terminal)
