"""Text that goes above the line, into the terminal's own scrollback."""

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from wcwidth import wcswidth

from groupchat.lazy.expressions import expression
from groupchat.terminal.surfaces.editor.screen import Output, SteadyApplication

FRAME_S = 0.03
"""Seconds between two writes to the scrollback, so that many messages at once leave time for keys."""

RECENT = 300
"""Lines that can be drawn again."""

_ESCAPES = expression(r"\x1b\[[0-9;]*m")


class Scrollback:
    """Gathers text, and writes it above the line that is edited, which is drawn again below it.

    While it is held, because another program has the terminal, everything waits.
    """

    def __init__(self, app: SteadyApplication, output: Output) -> None:
        self._app = app
        self._output = output
        self._pending: list[str] = []
        self._recent: deque[str] = deque(maxlen=RECENT)
        self._timer: IDelayedCall | None = None
        self._written_at = 0.0
        self._clock: Any = None
        self._is_held = False

    def start(self, clock: Any) -> None:
        """Begin to write; what was given earlier comes with the first text."""
        self._clock = clock

    def add(self, text: str) -> None:
        """Write a text soon; the last line comes without its end."""
        self._pending.append(text)
        if self._timer is None and self._clock is not None:
            wait = self._written_at + FRAME_S - self._clock.seconds()
            self._timer = self._clock.callLater(max(wait, 0), self.flush)

    def hold(self) -> None:
        """Write what has gathered, then nothing until ``release``."""
        self.flush()
        self._is_held = True

    def release(self) -> None:
        """Write again, and first what has gathered meanwhile."""
        self._is_held = False
        self.flush()

    def flush(self) -> None:
        """Write what has gathered above the line, and draw the line again below it, all at once."""
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()
        if self._is_held or not self._pending:
            return
        lines = [line for text in self._pending for line in text.split("\n")]
        self._pending = []
        self._recent.extend(lines)
        self._written_at = self._clock.seconds()
        self._draw(lambda: self._output.write_raw("".join(f"{line}\r\n" for line in lines)))

    def redraw(self) -> None:
        """Draw the whole screen again, in place, so that nothing is in the scrollback twice."""
        drawn, size = self._app.renderer.last_rendered_screen, self._output.get_size()
        rows = size.rows - (drawn.height if drawn is not None else 0)
        lines: deque[str] = deque()
        for line in reversed(self._recent):
            rows -= max(1, -(-wcswidth(_ESCAPES.sub("", line)) // size.columns))
            if rows < 0:
                break
            lines.appendleft(line)

        def draw() -> None:
            self._output.cursor_goto(0, 0)
            self._output.erase_down()
            self._output.write_raw("".join(f"{line}\r\n" for line in lines))

        self._draw(draw)

    def _draw(self, draw: Callable[[], object]) -> None:
        self._output.hold()
        self._app.adapt()
        self._app.renderer.erase()
        draw()
        self._app._redraw()
        self._output.release()
