"""Tests of how connections are made, on a reactor in memory."""

from typing import Any

from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.outgoing.http_endpoints import HttpEndpoints


class HttpEndpointsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()

    def connect(self, host: str, endpoints: HttpEndpoints) -> Any:
        """Connect to a host."""
        factory: Any = Factory.forProtocol(Protocol)
        self.waiting = endpoints.endpoint(host, 2379).connect(factory)
        return factory

    def test_addresses(self) -> None:
        """An address is connected to at once, of whichever version."""
        for host in ("127.0.0.1", "::1"):
            self.connect(host, HttpEndpoints(self.reactor, 3.0))
            *place, _, timeout, _ = self.reactor.tcpClients.pop()
            self.assertEqual((place, timeout), ([host, 2379], 3.0))

    def test_quiet(self) -> None:
        """Connections are no lines of the log."""
        factory = self.connect("127.0.0.1", HttpEndpoints(self.reactor, 3.0))
        self.assertFalse(factory.noisy)

    def test_encrypted(self) -> None:
        """TLS is asked for by the host, for a name as for an address."""
        hosts: list[str] = []

        def encrypt(host: str) -> Any:
            hosts.append(host)
            return object()

        for host in ("::1", "e1.lab"):
            HttpEndpoints(self.reactor, 3.0, encrypt).endpoint(host, 2379)
        self.assertEqual(hosts, ["::1", "e1.lab"])
