"""Standard input, line by line, and standard output, without ever blocking."""

import os
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.client.loop.typed_lines import TypedLines


@implementer(IHalfCloseableProtocol)
class Keyboard(Protocol):
    """Gives the lines of standard input, and writes text to standard output.

    It works on terminals, pipes and files alike: Twisted's reactor polls what epoll cannot watch, such as files.

    :param typed: is called with each line, without its end; the last one need not have had one.
    :param ended: is called when there is no more input.
    :param broken: is called when nobody reads the output any more.
    """

    transport: StandardIO

    def __init__(
        self, typed: Callable[[bytes], object], ended: Callable[[], object], broken: Callable[[], object]
    ) -> None:
        self.ended = False
        self._lines = TypedLines(typed)
        self._ended = ended
        self._broken = broken
        self._closed: Callable[[], object] | None = None
        self._lost = False

    def open(self, reactor: Any, reading: bool = True, writing: bool = True) -> None:
        """Begin; without ``reading`` or ``writing`` that side is left alone."""
        read = 0 if reading else os.open(os.devnull, os.O_RDONLY)
        write = 1 if writing else os.open(os.devnull, os.O_WRONLY)
        StandardIO(self, read, write, reactor=reactor)  # type: ignore[call-arg, misc]

    def write(self, text: str) -> None:
        """Print this as soon as the output takes it."""
        if not self._lost:
            self.transport.write(text.encode("utf-8", "replace"))

    def feed(self, producer: IPushProducer) -> None:
        """Pause this producer, from which the output comes, while the output is slow."""
        if not self._lost:
            self.transport.registerProducer(producer, True)

    def unfeed(self) -> None:
        """Forget the producer, which is gone."""
        self.transport.unregisterProducer()

    def close(self, closed: Callable[[], object]) -> None:
        """Print what is left, then call ``closed``."""
        if self._lost:
            closed()
            return
        self._closed = closed
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    # Twisted calls these.

    def dataReceived(self, data: bytes) -> None:
        self._lines.take(data)

    def readConnectionLost(self) -> None:
        if self.ended:
            return
        self.ended = True
        self._lines.finish()
        self._ended()

    def writeConnectionLost(self) -> None:
        self._lost = True
        self._broken()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._lost = True
        if self._closed is not None:
            self._closed()
