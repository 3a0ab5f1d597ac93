"""The seam between the core and its adapters: a clock and connections, and what each side promises.

An adapter provides them with Twisted, with asyncio, or with the standard library alone.
Everything is called in one thread, in the order in which it happens.
"""

from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """One call in the future."""

    def cancel(self) -> None:
        """Do not call; nothing happens if it was called, or cancelled before."""


class Clock(Protocol):
    """Measures time, and calls when some has passed."""

    def seconds(self) -> float:
        """Return the seconds since some moment."""

    def call_later(self, delay: float, call: Callable[..., object], *arguments: object) -> Timer:
        """Call this with these arguments in so many seconds."""


class Transport(Protocol):
    """One established connection, as its user writes to it."""

    def write(self, data: bytes) -> None:
        """Send bytes, in order; those that the network does not take yet wait.  After the end nothing happens."""

    def pause(self) -> None:
        """Read nothing until ``resume``."""

    def resume(self) -> None:
        """Read again."""

    def close(self) -> None:
        """End the connection when everything is sent that was written."""

    def abort(self) -> None:
        """End the connection now.  The receiver is told that it is closed, at once or soon, and only once."""


class Receiver(Protocol):
    """The user of a connection.

    Either ``failed`` is called, and nothing else; or ``opened``, then ``received`` and ``congested`` any number of
    times, and last ``closed``.
    """

    def opened(self, transport: Transport) -> None:
        """The connection is established."""

    def failed(self, error: Exception) -> None:
        """There is no connection: a NoConnection or a NotTrusted."""

    def received(self, data: bytes) -> None:
        """Bytes came."""

    def congested(self, is_full: bool) -> None:
        """The network takes no more for now, or takes more again: a user with much to write waits until then."""

    def closed(self, error: Exception) -> None:
        """The connection has ended: a ConnectionEnded, or why this side has ended it."""


class Attempt(Protocol):
    """An attempt to connect."""

    def cancel(self) -> None:
        """Give up: the receiver is told nothing.  An attempt that was successful stays so."""


class Dialer(Protocol):
    """Connects to one server, each time anew."""

    def dial(self, receiver: Receiver) -> Attempt:
        """Begin to connect; the receiver is told what becomes of it."""
