"""TLS within a connection that began as plain TCP."""

from typing import Any

from OpenSSL import SSL
from twisted.internet.interfaces import IHalfCloseableDescriptor, IHalfCloseableProtocol, IProtocol, ISSLTransport
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

PIECE = 32 * 1024
"""Bytes decrypted at a time; a record has 16 KiB at most."""


@implementer(IHalfCloseableProtocol)
class Tunnel(TLSMemoryBIOProtocol):
    """TLS above a transport, without the stock one's two habits that cost lines or time.

    The stock one ends the connection as soon as the peer has nothing more to say, though lines of it may wait,
    as those of ``printf 'alice\\nhello\\n' | openssl s_client``.  Here the peer closes one half, as over TCP.
    And it does not gather writes for the reactor's next turn: the hall has gathered them.

    ``truncated``: whether the peer's half ended without the sign that TLS has for it,
    so that its last line may have been cut by somebody on the way.
    """

    transport: Any  # a TCP transport, or whatever else an endpoint makes
    truncated = False
    _peer_has_ended = False

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
        if self._peer_has_ended:
            return
        if self._handshakeDone and not self.disconnecting:
            self.truncated = True
            self._end_half()
        else:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Nothing: this side never closes one half only."""

    def _flushReceiveBIO(self) -> None:
        while not (self._lostTLSConnection or self._peer_has_ended):
            try:
                data = self._tlsConnection.recv(PIECE)
            except SSL.WantReadError:
                break
            except SSL.ZeroReturnError:
                self._end_half()
            except SSL.Error:
                # Once TLS is established this may be an attack, or a broken client: nothing more can be told to it.
                self._tlsShutdownFinished(Failure())
            else:
                if not self._aborted:
                    self.wrappedProtocol.dataReceived(data)
        self._flushSendBIO()

    def _end_half(self) -> None:
        """The peer sends no more."""
        self._peer_has_ended = True
        half_closeable = IHalfCloseableProtocol(self.wrappedProtocol, None)
        if half_closeable is not None and not self.disconnecting:
            half_closeable.readConnectionLost()
            return
        self._shutdownTLS()
        self._tlsShutdownFinished(None)


def ends_by_halves(transport: Any) -> bool:
    """Whether this side's half can be closed alone; of the stock TLS it cannot, though it says so."""
    return isinstance(transport, Tunnel) or (
        IHalfCloseableDescriptor.providedBy(transport) and not ISSLTransport.providedBy(transport)
    )


class Tunnels(TLSMemoryBIOFactory):
    """Makes the tunnels of all connections, with whatever certificate there is at that time."""

    protocol = Tunnel

    def around(self, within: IProtocol) -> Tunnel:
        """A tunnel that leads to this protocol."""
        return Tunnel(self, within)
