"""A TCP transport that sends at once when nothing is queued before.

The stock one keeps every write for the reactor's next turn, and asks the kernel to be told when it can write:
two more system calls and a turn for each, where nearly always the socket takes all at once.
TLS goes through it too: its records are written to the transport below.
"""

from collections.abc import Callable, Iterable
from functools import partial

from twisted.internet.interfaces import IListeningPort
from twisted.internet.tcp import Port, Server

ACCEPTS = 8
"""Connections accepted in one turn of the reactor: each means some 0.5 ms of work until it has joined."""


class Wire(Server):
    """A server's connection; in everything but the moment of sending it behaves as the stock one."""

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
        """All of these, in one piece."""
        self.write(b"".join(iovec))


def install(port: IListeningPort) -> None:
    """Make the connections that this port accepts from now on send at once; only TCP ports can."""
    if isinstance(port, Port):
        port.transport = Wire
        port.doRead = partial(_accept, port, port.doRead)  # type: ignore[method-assign]


def _accept(port: Port, accept: Callable[[], None]) -> None:
    """Accept what waits, up to this turn's share: Twisted would take 100, and more each time."""
    port.numberAccepts = ACCEPTS
    accept()
