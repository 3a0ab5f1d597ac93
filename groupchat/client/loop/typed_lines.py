"""Lines of standard input, which comes in pieces."""

from collections.abc import Callable

LONGEST = 64 * 1024
"""Bytes of a line; a server takes far shorter ones."""


class TypedLines:
    """Hands on whole lines, without their ends; the last one need not have one.

    :param typed: is called with each line.
    """

    def __init__(self, typed: Callable[[bytes], object]) -> None:
        self._typed = typed
        self._rest = b""

    def take(self, data: bytes) -> None:
        """Take the next piece."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._typed(line)
        if len(self._rest) > LONGEST:
            self.finish()  # the server says what is wrong with a line of that length

    def finish(self) -> None:
        """Hand on the last line, at the end of the input."""
        line, self._rest = self._rest, b""
        if line:
            self._typed(line)
