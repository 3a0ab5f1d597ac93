"""TLS of the client: what is told when it cannot be established."""

from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.encryption import FIRST, EncryptedEndpoint, Encryption, NotTrusted
from tests.client.fakes import FakeEndpoint


class PlainWordsTest(SynchronousTestCase):
    def told(self, words: bytes) -> str:
        """Return what the client says of a server that sends this instead of TLS, and closes the connection."""
        network, clock = FakeEndpoint(), Clock()
        endpoint = EncryptedEndpoint(network, Encryption(), "example.org", clock)
        attempt = endpoint.connect(Factory.forProtocol(Protocol))
        server = network.accept()
        server.receive(words)
        server.cut()
        self.assertEqual(clock.getDelayedCalls(), [])
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
        for words in (b"220 mail.example.org ESMTP\r\n", b"\xff\xfe!! banned: no\r\n", b"x" * 2 * FIRST):
            self.assertIn("perhaps the server does not speak TLS", self.told(words))
