"""The terminal as prompt_toolkit draws on it, with what this client needs otherwise."""

import os
import sys
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.output.vt100 import Vt100_Output


class Output(Vt100_Output):
    """Writes several drawings in one piece, so that nothing flickers.

    It never asks where the cursor is: the answer would come between the keys.
    """

    held = False

    @classmethod
    def of_terminal(cls) -> "Output":
        """The terminal that standard output is."""
        output = cls.from_pty(sys.stdout, term=os.environ.get("TERM"), enable_bell=True)
        output.enable_cpr = False
        return output  # type: ignore[return-value]  # from_pty is declared to give its base class

    def hold(self) -> None:
        """Keep what is drawn."""
        self.held = True

    def release(self) -> None:
        """Show what was drawn."""
        self.held = False
        self.flush()

    def erase_down(self) -> None:
        # Not in one go from the first column: at the top of the window that erases all of it,
        # and some terminals, such as tmux, then keep what was erased in the scrollback.
        self.write_raw("\x1b[K\x1b[C\x1b[J\x1b[D")

    def flush(self) -> None:
        if self.held:
            return
        try:
            super().flush()
        except OSError:
            # The terminal is gone.  Its hangup signal ends the client, which must not stumble over this before.
            self._buffer.clear()


class Steady(Application[Any]):
    """An application whose prompt survives a terminal that becomes narrower.

    Most terminals then break lines anew, those of the prompt too, and it stands on more rows than it was drawn on.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(before_render=lambda _: self.adapt(), **options)

    def adapt(self) -> None:
        """To be called before anything is drawn: take the old prompt away, on all the rows it stands on by now."""
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
    """Columns of a drawn row up to its last character."""
    return max((x + 1 for x, cell in row.items() if cell.char.strip()), default=0)


def _rows(columns: int, width: int) -> int:
    return max(1, -(-columns // width))
