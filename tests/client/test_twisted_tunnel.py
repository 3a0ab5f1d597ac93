"""TLS of the client by Twisted: endpoints, and what protocols of Twisted ask of their transport."""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IConsumer, IProtocol, IPushProducer, IStreamClientEndpoint, ITransport
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from groupchat.client.core.client_errors import NotTrusted, UnknownHost
from groupchat.client.tls.secured import PATIENCE
from groupchat.client.tls.trust import Encryption
from groupchat.client.twisted_tunnel import EncryptedEndpoint
from tests.client.fakes import FakeConnection, FakeEndpoint
from tests.client.tls.fakes import TlsPeer


class Wanted(Protocol):
    """The protocol that wants a connection."""

    def __init__(self) -> None:
        self.heard = b""
        self.ended: list[BaseException | None] = []

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def connectionLost(self, reason: Failure | None = None) -> None:
        self.ended.append(reason.value if reason is not None else None)


@implementer(IPushProducer)
class Producer:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def pauseProducing(self) -> None:
        self.told.append("pause")

    def resumeProducing(self) -> None:
        self.told.append("resume")

    def stopProducing(self) -> None:
        self.told.append("stop")


class EndpointCase(SynchronousTestCase):
    def begin(self, encryption: Encryption) -> "Deferred[IProtocol]":
        self.network, self.clock = FakeEndpoint(), Clock()
        endpoint = EncryptedEndpoint(self.network, encryption, "example.org", self.clock)
        verifyObject(IStreamClientEndpoint, endpoint)
        return endpoint.connect(Factory.forProtocol(Wanted))


class NameTest(SynchronousTestCase):
    def test_impossible(self) -> None:
        """A name that DNS cannot have is a reason why there is no connection, as it is without TLS."""
        clock = Clock()
        for host in ("ü" * 63, "a..ü", "a\udcff"):
            endpoint = EncryptedEndpoint(FakeEndpoint(), Encryption(), host, clock)
            attempt = endpoint.connect(Factory.forProtocol(Wanted))
            clock.advance(0)
            self.failureResultOf(attempt, UnknownHost)


class PlainWordsTest(EndpointCase):
    def told(self, words: bytes) -> str:
        """Return what the client says of a server that sends this instead of TLS, and closes the connection."""
        attempt = self.begin(Encryption())
        server = self.network.accept()
        server.receive(words)
        if server.connected:
            server.cut()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        return str(self.failureResultOf(attempt, NotTrusted).value)

    def test_refusal(self) -> None:
        """A refusal in words is told as it is."""
        self.assertEqual(
            self.told(b"!! banned: Your address is banned.\r\n"),
            "the server answered without TLS: Your address is banned (banned)",
        )
        self.assertIn("Come later (server-full)", self.told(b"!! server-full: Come later.\r\nmore"))

    def test_other_words(self) -> None:
        """Anything else is no refusal."""
        for words in (b"220 mail.example.org ESMTP\r\n", b"\xff\xfe!! banned: no\r\n", b"x" * 2048):
            self.assertIn("perhaps the server does not speak TLS", self.told(words))


class BridgeTest(EndpointCase):
    def connect(self) -> tuple[Wanted, FakeConnection, TlsPeer]:
        """Establish TLS; return the protocol, the connection below, and the server's side of TLS."""
        attempt = self.begin(Encryption(insecure=True))
        connection, peer = self.network.accept(), TlsPeer()
        for _ in range(3):
            sent = connection.transport.value()
            connection.transport.clear()
            connection.receive(peer.answer(sent))
        protocol: Any = self.successResultOf(attempt)
        return protocol, connection, peer

    def test_both_ways(self) -> None:
        """What is written is encrypted, and what comes is decrypted."""
        protocol, connection, peer = self.connect()
        transport: Any = protocol.transport
        for interface in (ITransport, IConsumer, IPushProducer):
            verifyObject(interface, transport)
        transport.write(b"one ")
        transport.writeSequence([b"two ", b"three"])
        self.assertNotIn(b"one", connection.transport.value())
        peer.answer(connection.transport.value())
        self.assertEqual(peer.heard, b"one two three")
        connection.receive(peer.say(b"hello"))
        self.assertEqual(protocol.heard, b"hello")
        self.assertEqual((transport.getPeer(), self.clock.getDelayedCalls()), (transport.getHost(), []))

    def test_producers(self) -> None:
        """A producer is paused while the network takes no more, and stopped at the end; no other kind is taken."""
        protocol, connection, _ = self.connect()
        transport: Any = protocol.transport
        producer = Producer()
        self.assertRaises(NotImplementedError, transport.registerProducer, producer, False)
        transport.registerProducer(producer, True)
        connection.transport.producer.pauseProducing()
        connection.transport.producer.resumeProducing()
        transport.unregisterProducer()
        connection.transport.producer.pauseProducing()
        self.assertEqual(producer.told, ["pause", "resume"])
        transport.registerProducer(producer, True)
        connection.cut()
        self.assertEqual(producer.told, ["pause", "resume", "pause", "stop"])
        self.assertIsInstance(protocol.ended[0], ConnectionDone)

    def test_paused(self) -> None:
        """Reading can be paused."""
        protocol, connection, _ = self.connect()
        transport: Any = protocol.transport
        transport.pauseProducing()
        self.assertEqual(connection.transport.producerState, "paused")
        transport.resumeProducing()
        self.assertEqual(connection.transport.producerState, "producing")

    def test_ends(self) -> None:
        """The protocol can end the connection, with a goodbye or without, and is told so once."""
        for end in ("loseConnection", "abortConnection", "stopProducing"):
            protocol, connection, _ = self.connect()
            getattr(protocol.transport, end)()
            self.assertFalse(connection.connected, end)
            self.assertEqual(len(protocol.ended), 1, end)

    def test_cancelled(self) -> None:
        """An attempt that is not wanted any more ends, before there is a connection and after."""
        attempt = self.begin(Encryption())
        attempt.cancel()
        self.failureResultOf(attempt, CancelledError)
        self.assertEqual(self.network.cancelled, 1)
        attempt = self.begin(Encryption())
        connection = self.network.accept()
        attempt.cancel()
        self.failureResultOf(attempt, CancelledError)
        self.assertEqual((connection.connected, self.clock.getDelayedCalls()), (False, []))

    def test_slow(self) -> None:
        """A server that says nothing is left after some time."""
        attempt = self.begin(Encryption())
        connection = self.network.accept()
        self.clock.advance(PATIENCE)
        self.assertEqual(str(self.failureResultOf(attempt, NotTrusted).value), "it took longer than 20 seconds")
        self.assertFalse(connection.connected)
