"""Tests of where a URL leads, on a reactor in memory."""

from typing import Any, cast

from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import URI
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface.verify import verifyObject

from groupchat.outgoing.http_endpoints import HttpEndpoints


class HttpEndpointsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()

    def connect(self, url: bytes, endpoints: HttpEndpoints) -> Any:
        """Connect to where a URL leads."""
        factory: Any = Factory.forProtocol(Protocol)
        self.waiting = cast(Any, endpoints.endpointForURI(URI.fromBytes(url))).connect(factory)
        return factory

    def test_addresses(self) -> None:
        """An address is connected to at once, of whichever version, with or without brackets."""
        for url, host in (
            (b"http://127.0.0.1:2379/v3", "127.0.0.1"),
            (b"http://[::1]:2379/v3", "::1"),
        ):
            self.connect(url, HttpEndpoints(self.reactor, 3.0))
            *place, _, timeout, _ = self.reactor.tcpClients.pop()
            self.assertEqual((place, timeout), ([host, 2379], 3.0))

    def test_quiet(self) -> None:
        """Connections are no lines of the log."""
        factory = self.connect(b"http://127.0.0.1:2379/", HttpEndpoints(self.reactor, 3.0))
        self.assertFalse(factory.noisy)

    def test_encrypted(self) -> None:
        """TLS is asked for by the host without brackets, for a name as for an address."""
        hosts: list[str] = []

        def encrypt(host: str) -> Any:
            hosts.append(host)
            return object()

        for url in (b"https://[::1]:2379/", b"https://e1.lab:2379/"):
            HttpEndpoints(self.reactor, 3.0, encrypt).endpointForURI(URI.fromBytes(url))
        self.assertEqual(hosts, ["::1", "e1.lab"])

    def test_interface(self) -> None:
        """They are what Twisted's Agent asks for."""
        verifyObject(IAgentEndpointFactory, HttpEndpoints(self.reactor, 3.0))
