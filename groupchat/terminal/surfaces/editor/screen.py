"""prompt_toolkit's drawing on the terminal, changed where this client needs it otherwise."""

import os
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.input import Input
from prompt_toolkit.input.vt100 import raw_mode
from prompt_toolkit.output.vt100 import Vt100_Output


class Output(Vt100_Output):
    """Writes several drawings at once, so that nothing flickers.

    It never asks the terminal for the cursor's position: the answer would come between the keys.
    """

    held = False

    @classmethod
    def of_terminal(cls) -> "Output":
        """Return the output for the terminal on standard output."""
        output = cls.from_pty(sys.stdout, term=os.environ.get("TERM"), enable_bell=True)
        output.enable_cpr = False
        return output  # type: ignore[return-value]  # from_pty is declared to give its base class

    def hold(self) -> None:
        """Collect what is drawn."""
        self.held = True

    def release(self) -> None:
        """Show what was collected."""
        self.held = False
        self.flush()

    def keep_title(self) -> None:
        """Let the terminal remember the title of its window (xterm's sequence)."""
        self.write_raw("\x1b[22;0t")
        self.flush()

    def give_title_back(self) -> None:
        """Set the title that the terminal remembers."""
        self.write_raw("\x1b[23;0t")
        self.flush()

    @contextmanager
    def other_title(self) -> Iterator[None]:
        """Give the title back for a while."""
        self.give_title_back()
        yield
        self.keep_title()

    def erase_down(self) -> None:
        # Erasing all at once from the first column would, at the top of the window, erase the whole window,
        # and some terminals, such as tmux, then keep what was erased in the scrollback.
        self.write_raw("\x1b[K\x1b[C\x1b[J\x1b[D")

    def flush(self) -> None:
        if self.held:
            return
        try:
            super().flush()
        except OSError:
            # The terminal is gone.  Its hangup signal ends the client, which must not fail on this before.
            self._buffer.clear()


class TerminalModes:
    """The terminal's modes at the time this is made, before the line editor changes them."""

    def __init__(self, source: Input) -> None:
        self._descriptor = source.fileno()
        self._found = termios.tcgetattr(self._descriptor) if os.isatty(self._descriptor) else None

    def take_again(self) -> bool:
        """Set the line editor's modes again if another program has changed them; return whether it had."""
        if self._found is None or not termios.tcgetattr(self._descriptor)[3] & termios.ICANON:
            return False
        raw_mode(self._descriptor).__enter__()  # the application leaves it at its end
        return True

    @contextmanager
    def as_found(self) -> Iterator[None]:
        """Set the modes that were found, until the block ends."""
        if self._found is None:
            yield
            return
        ours = termios.tcgetattr(self._descriptor)
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._found)
        try:
            yield
        finally:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, ours)


class SteadyApplication(Application[Any]):
    """An application whose prompt survives a terminal that becomes narrower.

    Most terminals then wrap their lines again, the prompt's too, so that it covers more rows than it was drawn on.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(before_render=lambda _: self.adapt(), **options)

    def adapt(self) -> None:
        """Erase the old prompt on all the rows it covers by now; to be called before anything is drawn."""
        renderer = self.renderer
        drawn, size, position = renderer.last_rendered_screen, renderer._last_size, renderer._cursor_pos
        width = self.output.get_size().columns
        if drawn is None or size is None or size.columns == width:
            return
        more = sum(_rows(_used(drawn.data_buffer[y]), width) - 1 for y in range(position.y))
        self.output.cursor_up(more + position.x // width)
        renderer.erase(leave_alternate_screen=False)

    def _on_resize(self) -> None:
        self.adapt()
        super()._on_resize()


def _used(row: Any) -> int:
    """Return the columns of a drawn row up to its last character."""
    return max((x + 1 for x, cell in row.items() if cell.char.strip()), default=0)


def _rows(columns: int, width: int) -> int:
    return max(1, -(-columns // width))
