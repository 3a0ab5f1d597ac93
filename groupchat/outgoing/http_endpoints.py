"""How connections to a host are made, without a line in the daemon's log for each."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IStreamClientEndpoint
from twisted.protocols.tls import TLSMemoryBIOFactory
from zope.interface import implementer


@implementer(IStreamClientEndpoint)
class _Quiet:
    """Connects without a line in the daemon's log."""

    def __init__(self, within: IStreamClientEndpoint) -> None:
        self._within = within

    def connect(self, factory: Any) -> "Deferred[Any]":
        factory.noisy = False
        connected: Deferred[Any] = self._within.connect(factory)
        return connected


@implementer(IStreamClientEndpoint)
class _Encrypted:
    """Connects with TLS.

    Twisted's ``wrapClientTLS`` needs pyOpenSSL to be there when the reactor is imported, for which the daemon does not
    load it.
    """

    def __init__(self, creator: IOpenSSLClientConnectionCreator, within: IStreamClientEndpoint) -> None:
        self._creator = creator
        self._within = within

    def connect(self, factory: Any) -> "Deferred[Any]":
        connected: Deferred[Any] = self._within.connect(TLSMemoryBIOFactory(self._creator, True, factory))
        return connected.addCallback(lambda protocol: protocol.wrappedProtocol)


class HttpEndpoints:
    """Makes connections: to an address at once, and to a name by whichever of its addresses answers first.

    :param within: the seconds that making a connection may take.
    :param encrypt: returns what TLS needs for a host; None: there is no TLS.
    """

    def __init__(
        self, reactor: Any, within: float, encrypt: Callable[[str], IOpenSSLClientConnectionCreator] | None = None
    ) -> None:
        self._reactor = reactor
        self._within = within
        self._encrypt = encrypt

    def endpoint(self, host: str, port: int) -> IStreamClientEndpoint:
        """Return how connections to this host, a name or an address, are made."""
        endpoint: IStreamClientEndpoint
        try:
            kind = TCP4ClientEndpoint if ip_address(host).version == 4 else TCP6ClientEndpoint
            endpoint = kind(self._reactor, host, port, self._within)
        except ValueError:
            endpoint = HostnameEndpoint(self._reactor, host, port, self._within, attemptDelay=0.05)
        if self._encrypt is not None:
            endpoint = _Encrypted(self._encrypt(host), endpoint)
        return _Quiet(endpoint)
