"""Lines of standard input, which comes in pieces."""

from collections.abc import Callable

LONGEST = 64 * 1024
"""Bytes of a line; a server takes far shorter ones."""

_KEPT = LONGEST + 2
"""Bytes that are kept of a longer line: it is still too long without a carriage return at its end."""


class TypedLines:
    """Hands on lines, without their ends; the last one need not have one.

    Of a line that is longer than LONGEST the beginning is handed on, which is longer than that, too: whoever takes
    lines refuses those.  The rest of the line is no line of its own; it is dropped, so that memory does not grow.

    :param typed: is called with each line.
    """

    def __init__(self, typed: Callable[[bytes], object]) -> None:
        self._typed = typed
        self._rest = b""
        self._is_dropping = False
        """True after the beginning of a line that is too long, until its end."""

    def take(self, data: bytes) -> None:
        """Take the next piece."""
        if self._is_dropping:
            _, end, data = data.partition(b"\n")
            self._is_dropping = not end
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._typed(line[:_KEPT])
        if len(self._rest) >= _KEPT:
            self.finish()
            self._is_dropping = True

    def finish(self) -> None:
        """Hand on the last line, at the end of the input."""
        line, self._rest = self._rest, b""
        if line:
            self._typed(line[:_KEPT])
