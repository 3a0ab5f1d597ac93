"""What the tests of the line editor have in common."""

import asyncio
import io
import tempfile
from pathlib import Path
from shutil import rmtree

import pyte
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.surfaces.editor.bottom import question
from groupchat.terminal.surfaces.editor.line_editor import LineEditor
from groupchat.terminal.surfaces.editor.screen import Output
from groupchat.terminal.surfaces.editor.scrollback import FRAME_S
from groupchat.terminal.surfaces.history import HistoryFile
from tests.terminal.surfaces.fakes import FakeOwner

TURNS = 12
"""Turns of the loop in which a key is read, handled and drawn."""

UP, DOWN, ESCAPE, SHIFT_TAB, BACKSPACE = "\x1b[A", "\x1b[B", "\x1b", "\x1b[Z", "\x7f"
CTRL_C, CTRL_D, CTRL_E, CTRL_L, CTRL_R, UNDO = "\x03", "\x04", "\x05", "\x0c", "\x12", "\x1f"


class EditorTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="groupchat-"))
        self.addCleanup(rmtree, self.folder)
        self.loop = asyncio.new_event_loop()
        self.addCleanup(self.loop.close)
        self.clock, self.owner = Clock(), FakeOwner()
        self.size = Size(rows=10, columns=40)
        self.screen = pyte.HistoryScreen(40, 10, history=1000)
        self.stream = pyte.Stream(self.screen)
        self.written = io.StringIO()
        self.history = HistoryFile(self.folder / "history")
        self.history.add("earlier line")
        pipe = create_pipe_input()
        self.pipe = pipe.__enter__()
        self.addCleanup(pipe.__exit__, None, None, None)
        output = Output(self.written, lambda: self.size, term="xterm-256color", enable_cpr=False)
        self.editor = LineEditor(self.owner, self.history, self.loop, self.pipe, output)
        self.over = self.editor.start(self.clock)
        self.editor.talk()
        self.addCleanup(self.end)
        self.turn()

    def end(self) -> None:
        self.editor.stop()
        self.turn()

    def turn(self) -> None:
        """Let the editor do what there is to do, and show what it wrote."""

        async def turns() -> None:
            for _ in range(TURNS):
                await asyncio.sleep(0.001)

        self.loop.run_until_complete(turns())
        written = self.written.getvalue()
        self.written.seek(0)
        self.written.truncate()
        self.stream.feed(written)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.pipe.send_text(key)
            if key == ESCAPE:
                self.pipe.flush()
                self.loop.run_until_complete(asyncio.sleep(0.2))  # it could be the beginning of another key
            self.turn()

    def paste(self, text: str) -> None:
        self.press(f"\x1b[200~{text}\x1b[201~")

    @property
    def asked(self) -> str:
        """The question about a paste."""
        return "".join(text for _, text, *_ in question(self.editor))

    def write(self, *lines: str) -> None:
        for line in lines:
            self.editor.write(line)
        self.clock.advance(FRAME_S)
        self.turn()

    @property
    def shown(self) -> list[str]:
        """The lines on the screen, without those that are empty at its end."""
        lines = [line.rstrip() for line in self.screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines
