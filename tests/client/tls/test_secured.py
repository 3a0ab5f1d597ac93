"""Connections with TLS: whom the client believes, and what it says of those that it does not."""

import ssl
from hashlib import sha256
from typing import Any

import trustme
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.client_errors import ConnectionEnded, NoRoute, NotTrusted, UnknownHost
from groupchat.client.core.network import Transport
from groupchat.client.tls.public_keys import key_of
from groupchat.client.tls.secured import PATIENCE, SecuredDialer
from groupchat.client.tls.trust import SELF_SIGNED, Encryption
from groupchat.client.twisted_network import TwistedClock
from tests.client.core.fakes import FakeDialer, FakeTransport
from tests.client.tls.fakes import AUTHORITY, CERTIFICATE, TlsPeer, der, self_signed

OWN = Encryption((der(AUTHORITY.cert_pem.bytes()),))
LEAF = der(CERTIFICATE.cert_chain_pems[0].bytes())


class FakeReceiver:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.transport: Transport | None = None
        self.errors: list[Exception] = []
        self.heard = b""
        self.full: list[bool] = []
        self.endings: list[Exception] = []

    def opened(self, transport: Transport) -> None:
        self.transport = transport

    def failed(self, error: Exception) -> None:
        self.errors.append(error)

    def received(self, data: bytes) -> None:
        self.heard += data

    def congested(self, is_full: bool) -> None:
        self.full.append(is_full)

    def closed(self, error: Exception) -> None:
        self.endings.append(error)


class SecuredCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.network, self.clock = FakeDialer(), Clock()

    def dial(self, encryption: Encryption = OWN, host: str = "example.org") -> FakeReceiver:
        receiver = FakeReceiver()
        dialer = SecuredDialer(self.network, encryption, host, TwistedClock(self.clock))
        self.attempt = dialer.dial(receiver)
        return receiver

    def shake(self, settings: ssl.SSLContext | None = None, size: int = 1 << 20) -> tuple[FakeTransport, TlsPeer]:
        """Let the server, with these settings, answer the oldest attempt, in pieces of this size."""
        below, peer = self.network.accept(), TlsPeer(settings)
        for _ in range(4):
            answer = peer.answer(below.taken())
            for start in range(0, len(answer), size):
                below.receive(answer[start : start + size])
        return below, peer

    def fault(self, encryption: Encryption, host: str, settings: ssl.SSLContext | None = None) -> NotTrusted:
        """Return what is told of a server with these settings."""
        receiver = self.dial(encryption, host)
        self.shake(settings)
        if self.network.attempts:
            self.shake(settings)
        (error,) = receiver.errors
        assert isinstance(error, NotTrusted)
        self.assertEqual((receiver.transport, self.clock.getDelayedCalls()), (None, []))
        return error


class TrustTest(SecuredCase):
    def test_authorities(self) -> None:
        """A certificate of a named authority is accepted for the names and addresses in it, and no others."""
        for host in ("example.org", "EXAMPLE.org", "127.0.0.1", "::1", "::1%eth0"):
            receiver = self.dial(host=host)
            self.shake()
            self.assertIsNotNone(receiver.transport, (host, receiver.errors))
        for host in ("example.net", "www.example.org", "127.0.0.2", "::2"):
            self.assertEqual(str(self.fault(OWN, host)), f"the server's certificate is not for {host}")

    def test_the_certificate_itself(self) -> None:
        """One that is named itself is accepted, though nobody known has issued it."""
        receiver = self.dial(Encryption((LEAF,)))
        self.shake()
        self.assertIsNotNone(receiver.transport)

    def test_unknown_authority(self) -> None:
        """One of an authority that is not named, or that this machine does not know, is not; it is shown, though."""
        for encryption in (Encryption((der(trustme.CA().cert_pem.bytes()),)), Encryption()):
            error = self.fault(encryption, "example.org")
            self.assertEqual(
                str(error), "the server's certificate was issued by an authority that is not known here; --ca names one"
            )
            self.assertEqual((error.certificate, error.error), (LEAF, 20))

    def test_self_signed(self) -> None:
        """Neither is one that stands for itself; which one it is can be asked."""
        settings, certificate = self_signed()
        error = self.fault(Encryption(), "example.org", settings)
        self.assertEqual("the server's certificate is self-signed", str(error))
        self.assertEqual((error.error, error.certificate), (SELF_SIGNED, certificate))
        self.assertEqual(error.fingerprint, sha256(certificate).digest().hex(":").upper())

    def test_remembered_key(self) -> None:
        """A key that is remembered is enough, on the first connection, whoever it is and however it is called."""
        settings, certificate = self_signed()
        for host in ("example.org", "elsewhere.example"):
            receiver = self.dial(Encryption(key=key_of(certificate)), host)
            self.shake(settings)
            self.assertEqual((receiver.errors, self.network.attempts), ([], []))
            self.assertIsNotNone(receiver.transport)

    def test_another_key(self) -> None:
        """With another key a server is not trusted, and its certificate is shown; two connections are made for that."""
        settings, certificate = self_signed()
        error = self.fault(Encryption(key=b"x" * 32), "example.org", settings)
        self.assertEqual((error.certificate, error.error, self.network.attempts), (certificate, SELF_SIGNED, []))

    def test_authority_in_place_of_a_key(self) -> None:
        """A server with another key than before is trusted if an authority vouches for it."""
        receiver = self.dial(OWN._replace(key=b"x" * 32))
        first, _ = self.shake()
        self.shake()
        self.assertEqual((receiver.errors, first.connected), ([], False))
        self.assertIsNotNone(receiver.transport)

    def test_unreachable_in_between(self) -> None:
        """If the server is gone when it is looked for an authority, that is told."""
        settings, _ = self_signed()
        receiver = self.dial(Encryption(key=b"x" * 32))
        self.shake(settings)
        self.network.refuse(NoRoute("no"))
        self.assertEqual([type(error) for error in receiver.errors], [NoRoute])

    def test_time(self) -> None:
        """One that is not valid any more is not, either."""
        from datetime import UTC, datetime, timedelta

        old = AUTHORITY.issue_cert("example.org", not_after=datetime.now(UTC) - timedelta(days=1))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        old.configure_cert(context)
        self.assertEqual(str(self.fault(OWN, "example.org", context)), "the server's certificate is no longer valid")

    def test_fingerprint(self) -> None:
        """One with the right fingerprint is accepted for whatever host, and no other."""
        receiver = self.dial(Encryption(fingerprint=sha256(LEAF).digest()), "whatever.example")
        self.shake()
        self.assertIsNotNone(receiver.transport)
        error = self.fault(Encryption(fingerprint=bytes(32)), "example.org")
        self.assertEqual(
            str(error), f"the server's certificate is a different one: its fingerprint is {error.fingerprint}"
        )
        self.assertEqual(error.certificate, LEAF)

    def test_impossible_host(self) -> None:
        """A name that no host can have is an unknown host, and nothing is dialled."""
        receiver = self.dial(OWN, "ü" * 64)
        self.assertEqual(self.network.attempts, [])
        self.clock.advance(0)
        (error,) = receiver.errors
        self.assertIsInstance(error, UnknownHost)

    def test_insecure(self) -> None:
        """Without security every one is accepted."""
        receiver = self.dial(Encryption(insecure=True, fingerprint=bytes(32)), "whatever.example")
        self.shake(self_signed()[0])
        self.assertIsNotNone(receiver.transport)

    def test_not_shown(self) -> None:
        """If the server cannot be asked again for its certificate, the fault is told all the same."""
        settings = self_signed()[0]
        ends: tuple[Any, ...] = (
            lambda: self.network.refuse(NoRoute("gone")),
            lambda: self.network.accept().end(ConnectionEnded("gone")),
            lambda: self.network.accept().receive(b"!! flooding: Slowly.\r\n"),
            self.never_answered,
        )
        for end in ends:
            receiver = self.dial(Encryption())
            self.shake(settings)
            end()
            (error,) = receiver.errors
            assert isinstance(error, NotTrusted)
            self.assertEqual((error.error, error.certificate, error.fingerprint), (SELF_SIGNED, b"", ""))
            self.assertEqual(self.clock.getDelayedCalls(), [])

    def never_answered(self) -> None:
        self.network.accept()
        self.clock.advance(PATIENCE)

    def test_nothing_is_sent_before(self) -> None:
        """The server is told of the fault, and hears nothing else."""
        self.dial(Encryption())
        below, peer = self.network.accept(), TlsPeer()
        for _ in range(3):
            below.receive(peer.answer(below.taken()))
        peer.answer(below.taken())
        self.assertEqual((peer.heard, below.connected), (b"", False))
        self.assertIn("UNKNOWN_CA", peer.complaint)


class WordsTest(SecuredCase):
    def test_cut_anywhere(self) -> None:
        """A refusal in words is told, wherever it is cut."""
        words = b"!! banned: Your address is banned.\r\n"
        for size in (1, 3, 6, 20, len(words)):
            receiver = self.dial()
            below = self.network.accept()
            for start in range(0, len(words), size):
                below.receive(words[start : start + size])
            self.assertEqual(
                [str(error) for error in receiver.errors],
                ["the server answered without TLS: Your address is banned (banned)"],
            )
            self.assertFalse(below.connected)

    def test_endless_words(self) -> None:
        """One without an end is none; neither is one that was begun before the connection ended."""
        receiver = self.dial()
        self.network.accept().receive(b"!! " + b"x" * 2000)
        self.assertIn("perhaps the server does not speak TLS", str(receiver.errors[0]))
        receiver = self.dial()
        below = self.network.accept()
        below.receive(b"!! banned")
        self.assertEqual(receiver.errors, [])
        below.end(ConnectionEnded())
        self.assertIn("perhaps the server does not speak TLS", str(receiver.errors[0]))

    def test_slow(self) -> None:
        """So is one that begins, and does not go on."""
        receiver = self.dial()
        self.network.accept().receive(b"\x16")
        self.clock.advance(PATIENCE)
        self.assertEqual([str(error) for error in receiver.errors], ["it took longer than 20 seconds"])

    def test_ended(self) -> None:
        """A server that ends the connection without a word is told of, too."""
        receiver = self.dial()
        self.network.accept().end(ConnectionEnded())
        self.assertEqual(str(receiver.errors[0]), "the server ended it; perhaps it does not speak TLS")

    def test_unreachable(self) -> None:
        """What keeps the connection below from being made is told as it is."""
        receiver, error = self.dial(), NoRoute("no route")
        self.network.refuse(error)
        self.assertEqual(receiver.errors, [error])


class TunnelTest(SecuredCase):
    def connect(self, size: int = 1 << 20) -> tuple[FakeReceiver, Any, FakeTransport, TlsPeer]:
        receiver = self.dial()
        below, peer = self.shake(size=size)
        assert receiver.transport is not None
        return receiver, receiver.transport, below, peer

    def test_cut_at_every_size(self) -> None:
        """Wherever the bytes are cut, TLS is established, and everything comes once."""
        for size in (1, 2, 7, 100, 1000):
            receiver, transport, below, peer = self.connect(size)
            data = peer.say(b"hello ") + peer.say(b"x" * 100_000)
            for start in range(0, len(data), max(size, 50)):
                below.receive(data[start : start + max(size, 50)])
            self.assertEqual(receiver.heard, b"hello " + b"x" * 100_000)
            transport.write(b"one")
            transport.write(b"two")
            peer.answer(below.taken())
            self.assertEqual(peer.heard, b"onetwo")

    def test_words_with_the_handshake(self) -> None:
        """What comes together with the end of the handshake is heard."""
        receiver = self.dial()
        below, peer = self.network.accept(), TlsPeer()
        below.receive(peer.answer(below.taken()))
        below.receive(peer.answer(below.taken()) + peer.say(b"welcome"))
        self.assertEqual(receiver.heard, b"welcome")

    def test_flow(self) -> None:
        """Pauses and congestion go through."""
        receiver, transport, below, _ = self.connect()
        transport.pause()
        self.assertTrue(below.is_paused)
        transport.resume()
        self.assertFalse(below.is_paused)
        below.receiver.congested(True)
        below.receiver.congested(False)
        self.assertEqual(receiver.full, [True, False])

    def test_goodbye(self) -> None:
        """The server's goodbye is the end, and so is the client's, which the server hears."""
        receiver, _, below, peer = self.connect()
        below.receive(peer.say(b"last") + peer.goodbye())
        self.assertEqual((receiver.heard, below.connected), (b"last", False))
        self.assertIsInstance(receiver.endings[0], ConnectionEnded)
        receiver, transport, below, peer = self.connect()
        transport.write(b"last")
        transport.close()
        peer.answer(below.taken())
        self.assertEqual((peer.heard, peer.is_over, len(receiver.endings)), (b"last", True, 1))

    def test_broken(self) -> None:
        """Bytes that are not what they should be end the connection, and are not heard."""
        receiver, _, below, peer = self.connect()
        data = bytearray(peer.say(b"hello"))
        data[-1] ^= 1
        below.receive(bytes(data))
        self.assertEqual((receiver.heard, below.connected, len(receiver.endings)), (b"", False, 1))
        self.assertIsInstance(receiver.endings[0], ConnectionEnded)

    def test_cancelled(self) -> None:
        """An attempt that is cancelled tells nothing, at whatever stage; one that was successful stays."""
        receiver = self.dial()
        self.attempt.cancel()
        self.assertEqual(self.network.cancelled, 1)
        self.dial(Encryption())
        self.shake()
        self.attempt.cancel()
        self.assertEqual((receiver.errors, self.network.cancelled, self.clock.getDelayedCalls()), ([], 2, []))
        receiver, _, below, _ = self.connect()
        self.attempt.cancel()
        self.assertEqual((below.connected, receiver.endings), (True, []))
