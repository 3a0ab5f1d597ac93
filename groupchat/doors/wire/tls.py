"""TLS within a connection that began as plain TCP."""

from typing import Any

from twisted.internet.interfaces import IHalfCloseableDescriptor, IHalfCloseableProtocol, IProtocol, ISSLTransport
from twisted.protocols.tls import TLSMemoryBIOFactory
from zope.interface import implementer

from groupchat.doors.wire.transport import OpenTunnel

OPENING = b"\x16\x03"
"""The first bytes of every TLS client: a handshake record of version 3.x (RFC 8446, section 5.1)."""


@implementer(IHalfCloseableProtocol)
class Tunnel(OpenTunnel):
    """TLS above a transport, without the stock one's two habits that cost lines or time.

    The stock one ends the connection as soon as the peer has nothing more to say, though lines of it may wait,
    as those of ``printf 'alice\\nhello\\n' | openssl s_client``.  Here the peer closes one half, as over TCP.
    And it does not gather writes for the reactor's next turn: the hall has gathered them.

    ``truncated``: whether the peer's half ended without the sign that TLS has for it,
    so that its last line may have been cut by somebody on the way.
    """

    truncated = False

    # Twisted calls these.

    def loseConnection(self) -> None:
        # The sign of the end is sent; the peer's need not be awaited (RFC 8446, section 6.1).
        super().loseConnection()
        self.transport.loseConnection()

    def loseWriteConnection(self) -> None:
        """End this side's half; the connection ends when the peer has ended its own."""
        super().loseConnection()

    def readConnectionLost(self) -> None:
        """TCP: the peer sends no more, whether or not it has said so in TLS."""
        if self.half_ended:
            return
        if self.established:
            self.truncated = True
            self.end_half()
        else:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Do nothing: this side never closes one half only."""

    # The transport calls this.

    def end_half(self) -> None:
        """Tell the protocol within that the peer sends no more, or end the connection if it cannot be told."""
        self.half_ended = True
        half_closeable = IHalfCloseableProtocol(self.wrappedProtocol, None)
        if half_closeable is not None and self.established:
            half_closeable.readConnectionLost()
            return
        self.finish()


def ends_by_halves(transport: Any) -> bool:
    """Return whether this side's half can be closed alone; the stock TLS says it can, and cannot."""
    return isinstance(transport, Tunnel) or (
        IHalfCloseableDescriptor.providedBy(transport) and not ISSLTransport.providedBy(transport)
    )


class Tunnels(TLSMemoryBIOFactory):
    """Makes the tunnels of all connections, with whatever certificate there is at that time."""

    protocol = Tunnel

    def around(self, within: IProtocol) -> Tunnel:
        """Return a tunnel that leads to this protocol."""
        return Tunnel(self, within)
