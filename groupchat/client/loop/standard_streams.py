"""Standard input, line by line, and standard output, in a loop, without ever blocking."""

import errno
import os
from collections.abc import Callable
from typing import Protocol

from groupchat.client.loop.event_loop import READ, WRITE, Loop, Watch
from groupchat.client.loop.typed_lines import TypedLines

PIECE = 65536
"""Bytes that are read or written at once, and that may wait to be written before the source is paused."""


class Source(Protocol):
    """The source of the output."""

    def pause(self) -> None:
        """Bring nothing until ``resume``."""

    def resume(self) -> None:
        """Go on."""


class StandardStreams:
    """Gives the lines of standard input, and writes text to standard output: terminals, pipes and files alike.

    :param typed: is called with each line, without its end; the last one need not have had one.
    :param ended: is called when there is no more input.
    :param broken: is called when the output takes no more: with empty words if nobody reads it,
        and otherwise with what is wrong.
    """

    def __init__(
        self, typed: Callable[[bytes], object], ended: Callable[[], object], broken: Callable[[str], object],
        descriptors: tuple[int, int] = (0, 1),
    ) -> None:  # fmt: skip
        self.ended = False
        self._descriptors = descriptors
        self._lines = TypedLines(typed)
        self._ended = ended
        self._broken = broken
        self._input: Watch | None = None
        self._output: Watch | None = None
        self._unwritten = bytearray()
        self._source: Source | None = None
        self._is_full = False
        self._closed: Callable[[], object] | None = None

    def open(self, loop: Loop, reading: bool = True, writing: bool = True) -> None:
        """Begin; without ``reading`` or ``writing`` that side is left alone."""
        if reading:
            os.set_blocking(self._descriptors[0], False)
            self._input = loop.watch(self._descriptors[0], self._readable)
            self.resume()
        if writing:
            os.set_blocking(self._descriptors[1], False)
            self._output = loop.watch(self._descriptors[1], self._writable)
            self._want_output()

    def pause(self) -> None:
        """Read no further until ``resume``."""
        if self._input is not None:
            self._input.stop()

    def resume(self) -> None:
        """Read again."""
        if self._input is not None and not self.ended:
            self._input.want(READ)

    def write(self, text: str) -> None:
        """Print this as soon as the output takes it."""
        if self._output is None:
            return
        self._unwritten += text.encode("utf-8", "replace")
        self._want_output()
        if len(self._unwritten) > PIECE and not self._is_full:
            self._is_full = True
            if self._source is not None:
                self._source.pause()

    def feed(self, source: Source) -> None:
        """Pause this source, from which the output comes, while the output is slow."""
        self._source = source

    def close(self, closed: Callable[[], object]) -> None:
        """Print what is left, then call ``closed``."""
        self._source = None
        if self._output is None or not self._unwritten:
            self._stop_output()
            closed()
        else:
            self._closed = closed

    def received(self, data: bytes) -> None:
        """Take bytes of standard input; none: there are no more."""
        if data:
            self._lines.take(data)
        elif not self.ended:
            self.pause()
            self.ended = True
            self._lines.finish()
            self._ended()

    def _readable(self, event: int) -> None:
        try:
            data = os.read(self._descriptors[0], PIECE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""  # a terminal that is gone, or that belongs to others now
        self.received(data)

    def _writable(self, event: int) -> None:
        if not self._unwritten:
            self._break("")  # poll tells of nothing but a reader that is gone
            return
        try:
            written = os.write(self._descriptors[1], self._unwritten[:PIECE])
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._break("" if error.errno in (errno.EPIPE, errno.EIO) else error.strerror or str(error))
            return
        del self._unwritten[:written]
        self._want_output()
        if not self._unwritten and self._is_full:
            self._is_full = False
            if self._source is not None:
                self._source.resume()
        if not self._unwritten and self._closed is not None:
            closed, self._closed = self._closed, None
            self._stop_output()
            closed()

    def _want_output(self) -> None:
        if self._output is not None:
            self._output.want(WRITE if self._unwritten else 0)

    def _stop_output(self) -> None:
        if self._output is not None:
            self._output.stop()
            self._output = None

    def _break(self, why: str) -> None:
        self._stop_output()
        self._unwritten.clear()
        closed, self._closed = self._closed, None
        self._broken(why)
        if closed is not None:
            closed()
