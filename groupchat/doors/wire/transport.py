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

from OpenSSL import SSL
from twisted.internet import unix
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.internet.tcp import Port, Server
from twisted.protocols.policies import ProtocolWrapper
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure

ACCEPTS = 8
"""Connections accepted in one turn of the reactor: each means some 0.5 ms of work until it has joined."""

EARLY_BYTES = 16 * 1024
"""The most bytes of a peer before TLS is established: OpenSSL keeps them all, up to 130 KB for a ClientHello.

A large one, with a key exchange that quantum computers do not break, has 2 KiB.
"""

PIECE = 32 * 1024
"""Bytes decrypted at a time; a record has 16 KiB at most."""

PRIVATE: Mapping[type, tuple[str, ...]] = {
    Server: (
        *("TLS", "_aborting", "_tempDataLen", "_writeDisconnected", "connected", "dataBuffer", "offset", "producer"),
        *("protocol", "socket", "streamingProducer"),
    ),
    Port: ("doRead", "numberAccepts", "transport"),
    unix.Port: ("_bindPath", "_preexistingSocket", "connectionLost"),
    TLSMemoryBIOProtocol: (
        *("_aborted", "_appSendBuffer", "_flushReceiveBIO", "_flushSendBIO", "_handshakeDone", "_lostTLSConnection"),
        *("_shutdownTLS", "_tlsConnection", "_tlsShutdownFinished", "disconnecting", "wrappedProtocol"),
    ),
}
"""The attributes of Twisted's classes that are used here and documented nowhere."""


class Wire(Server):
    """A server's connection; it behaves as the stock one, but for the moment of sending."""

    def write(self, data: bytes) -> None:
        """Send what the socket takes now; the reactor sends the rest, and finds out about errors."""
        if self._aborting:
            return
        if (
            self._tempDataLen
            or self.dataBuffer
            or self.TLS
            or not self.connected
            or self._writeDisconnected
            or type(data) is not bytes
            # A producer that is pulled is asked for more when the reactor has written.
            or (self.producer is not None and not self.streamingProducer)
        ):
            super().write(data)
            return
        try:
            sent = self.socket.send(data)
        except OSError:
            # Full, or broken: then the reactor's own attempt fails alike, and it ends the connection in its turn.
            sent = 0
        if sent < len(data):
            super().write(data[sent:] if sent else data)

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """Write all of these in one piece."""
        self.write(b"".join(iovec))


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


class OpenTunnel(TLSMemoryBIOProtocol):
    """TLS above a transport, which leaves to a subclass what the end of the peer's half means.

    The stock one ends the connection as soon as the peer's half ends, and takes any number of bytes before
    TLS is established.
    """

    transport: Any  # a TCP transport, or whatever else an endpoint makes
    half_ended = False
    """True if the peer sends no more."""
    early = 0
    """The number of bytes that came before TLS was established."""

    # A subclass says and calls these.

    def end_half(self) -> None:
        """The peer has said in TLS that it sends no more."""
        raise NotImplementedError

    @property
    def established(self) -> bool:
        """True if the handshake is done, and neither side has ended."""
        return bool(self._handshakeDone and not self.disconnecting)

    def finish(self) -> None:
        """End TLS and the connection below, once everything written is sent."""
        self._shutdownTLS()
        self._tlsShutdownFinished(None)

    # Twisted calls these.

    def dataReceived(self, data: bytes) -> None:
        if not self._handshakeDone:
            room = EARLY_BYTES - self.early
            if not room:
                return  # it is being cut off
            early, data = data[:room], data[room:]
            self.early += len(early)
            super().dataReceived(early)
            if not self._handshakeDone:
                if self.early >= EARLY_BYTES:
                    self.transport.abortConnection()
                return
        if data:
            super().dataReceived(data)

    def _flushReceiveBIO(self) -> None:
        while not (self._lostTLSConnection or self.half_ended):
            try:
                data = self._tlsConnection.recv(PIECE)
            except SSL.WantReadError:
                break
            except SSL.ZeroReturnError:
                self.end_half()
            except SSL.Error:
                # Once TLS is established this may be an attack, or a broken client: nothing more can be told to it.
                self._tlsShutdownFinished(Failure())
            else:
                if not self._aborted:
                    self.wrappedProtocol.dataReceived(data)
        self._flushSendBIO()


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
        total += sum(map(len, getattr(transport, "_appSendBuffer", ())))
        transport = getattr(transport, "transport", None)
    return total


def hand_over(transport: Any, protocol: Any) -> None:
    """Give what is received from now on, and the connection's end, to this protocol."""
    if isinstance(transport, ProtocolWrapper):  # TLS, or whatever else an endpoint puts round a connection
        transport.wrappedProtocol = protocol
    else:
        transport.protocol = protocol


def use_steady_clock(reactor: Any) -> None:
    """Let the reactor count time on a clock that cannot be set, as the wall clock can.

    To be called before anything is scheduled.
    """
    reactor.seconds = time.monotonic
