"""Everything that relies on Twisted's private attributes; no other module touches one.

``PRIVATE`` lists them, and a test compares the list with the installed Twisted, so that a release which renames one
fails there and not in the middle of a connection.

The TCP transport here sends at once when nothing is queued before.  The stock one keeps every write for the reactor's
next turn, and asks the kernel to be told when it can write: two more system calls and a turn for each, where nearly
always the socket takes all at once.  TLS goes through it too: its records are written to the transport below.
"""

import os
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from twisted.internet import unix
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.internet.tcp import Port, Server
from twisted.python.failure import Failure

ACCEPTS = 8
"""Connections accepted in one turn of the reactor: each means some 0.5 ms of work until it has joined."""

PRIVATE: Mapping[type, tuple[str, ...]] = {
    Server: (
        *("TLS", "_aborting", "_tempDataLen", "_writeDisconnected", "connected", "dataBuffer", "offset", "producer"),
        *("protocol", "socket", "streamingProducer"),
    ),
    Port: ("doRead", "numberAccepts", "transport"),
    unix.Port: ("_bindPath", "_preexistingSocket", "connectionLost"),
}
"""The attributes of Twisted's classes that are used here and documented nowhere."""


class Wire(Server):
    """A server's connection; it behaves as the stock one, but for the moment of sending.

    Whether a write may go to the socket at once is found out when that may have changed, and not for each write.
    A connection's attributes lie far apart in memory, and from one member of a room to the next the kernel has used
    the processor's caches for itself: looking at eight of them took a third of what a write costs.
    """

    __slots__ = ("send",)
    send: Callable[[bytes], int] | None
    """The socket's own, if it may be called now; None: the reactor has something to send before, or nothing may be
    sent.  It is all that a write looks at, and a slot of the object itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.find_out()

    def write(self, data: bytes) -> None:
        """Send what the socket takes now; the reactor sends the rest, and finds out about errors."""
        send = self.send
        if send is None or type(data) is not bytes:
            self.keep(data)
            return
        try:
            sent = send(data)
        except OSError:
            # Full, or broken: then the reactor's own attempt fails alike, and it ends the connection in its turn.
            sent = 0
        if sent < len(data):
            self.keep(data[sent:] if sent else data)

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """Write all of these in one piece."""
        self.write(b"".join(iovec))

    def keep(self, data: bytes) -> None:
        """Let the reactor send this, and whatever is written before it has done so."""
        if self._aborting:
            return
        self.send = None  # a producer may write when it is told to pause, which it is at once
        try:
            super().write(data)
        finally:
            self.find_out()

    def find_out(self) -> None:
        """Find out whether the next write may go to the socket at once."""
        is_free = (
            self.connected
            and not (self._tempDataLen or self.dataBuffer or self.TLS or self._aborting or self._writeDisconnected)
            # A producer that is pulled is asked for more when the reactor has written.
            and (self.producer is None or self.streamingProducer)
        )
        self.send = self.socket.send if is_free else None

    # Twisted calls these, or whoever has the connection; whether writes may go to the socket depends on each.

    def doWrite(self) -> Any:
        result = super().doWrite()
        self.find_out()
        return result

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        self.send = None  # one that is pulled is asked for its first piece at once
        super().registerProducer(producer, streaming)
        self.find_out()

    def unregisterProducer(self) -> None:
        super().unregisterProducer()
        self.find_out()

    def startTLS(self, ctx: Any, normal: bool = True) -> None:
        super().startTLS(ctx, normal)
        self.find_out()

    def abortConnection(self) -> None:
        super().abortConnection()
        self.send = None

    def connectionLost(self, reason: Failure) -> None:
        self.send = None
        super().connectionLost(reason)


class LocalWire(Wire, unix.Server):
    """The same at a UNIX socket."""


class Listener(socket.socket):
    """A listening UNIX socket that does not say what its peers are called.

    They have no names that mean anything, and Twisted takes one of four bytes for an IPv6 address.
    """

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection."""
        accepted, _ = super().accept()
        return accepted, ""

    def shutdown(self, how: int) -> None:
        """Do nothing: a service manager that has handed the socket over goes on listening at it."""


class LocalPort(unix.Port):
    """A port at a UNIX socket that somebody else has bound, and whose path Twisted leaves alone.

    The stock one sets the mode of the path when it begins, and removes it at the end: also one that belongs to
    a service manager, or that another process has put there meanwhile; and if it is gone, the stop fails.

    :param listener: the socket; the port takes it over.
    :param closed: is called when the port is closed.
    """

    transport = LocalWire

    def __init__(
        self, listener: socket.socket, factory: IProtocolFactory, backlog: int, reactor: Any,
        closed: Callable[[], object] = lambda: None,
    ) -> None:  # fmt: skip
        super().__init__(b"", factory, backlog, reactor=reactor)
        listener.setblocking(False)
        self._bindPath = b"\0" + os.fsencode(listener.getsockname())  # taken for a name that is in no file system
        self._preexistingSocket = Listener(fileno=listener.detach())
        self.closed = closed

    # Twisted calls this.

    def connectionLost(self, reason: Failure) -> None:
        super().connectionLost(reason)
        self.closed()


def install(port: IListeningPort) -> None:
    """Make the connections that this port accepts from now on send at once; TCP and UNIX ports can."""
    if isinstance(port, Port):
        if not isinstance(port, unix.Port):
            port.transport = Wire
        port.doRead = partial(_accept, port, port.doRead)  # type: ignore[method-assign]


def _accept(port: Port, accept: Callable[[], None]) -> None:
    """Accept what waits, up to this turn's share: Twisted would take 100, and more each time."""
    port.numberAccepts = ACCEPTS
    accept()


def queued(transport: Any) -> int:
    """Return how many bytes a transport holds back, with whatever is below it (TLS); 0 where that is not known."""
    total = 0
    while transport is not None:
        total += len(getattr(transport, "dataBuffer", b"")) - getattr(transport, "offset", 0)
        total += getattr(transport, "_tempDataLen", 0)
        total += sum(map(len, getattr(transport, "unsent", ())))
        transport = getattr(transport, "transport", None)
    return total


def hand_over(transport: Any, protocol: Any) -> None:
    """Give what is received from now on, and the connection's end, to this protocol."""
    if hasattr(transport, "wrappedProtocol"):  # TLS, or whatever else an endpoint puts round a connection
        transport.wrappedProtocol = protocol
    else:
        transport.protocol = protocol


def use_steady_clock(reactor: Any) -> None:
    """Let the reactor count time on a clock that cannot be set, as the wall clock can.

    To be called before anything is scheduled.
    """
    reactor.seconds = time.monotonic
