"""TLS that begins on a plain connection."""

import ssl

from twisted.internet.error import ConnectionAborted
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.openings import DOORS
from groupchat.doors.other_protocols import Stranger
from groupchat.doors.reception import SILENCE_S
from groupchat.doors.wire.tls import EARLY_BYTES
from groupchat.interfaces.screens import Hold
from tests.doors.connections import Port, TlsVisit, Visit
from tests.doors.fakes import TURN_S

SILENCE = (SILENCE_S + 0.1, TURN_S)
"""A silence that runs out, and the turn in which that is seen to."""
LONGEST = max(len(opening) for door in DOORS for opening in door.openings)
REQUEST = b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n"


class TunnelTest(SynchronousTestCase):
    def test_lines_that_wait_at_the_end(self) -> None:
        """All lines sent through TLS before its end are taken, an unfinished one too."""
        visit = TlsVisit(Port())
        visit.send(b"alice\n")
        visit.server.hold(Hold.ANSWER)
        visit.send(b"one\ntwo\nthree")
        visit.end()
        self.assertEqual(visit.session.calls, ["alice"])
        visit.server.release(Hold.ANSWER)
        visit.port.clock.advance(0.1)
        self.assertEqual(visit.session.calls, ["alice", "one", "two", "three", "ended"])
        self.assertTrue(visit.transport.disconnecting)

    def test_cut_short(self) -> None:
        """An end without TLS's sign may be an attacker's: whole lines count, an unfinished one does not."""
        visit = TlsVisit(Port())
        visit.send(b"alice\n")
        visit.server.hold(Hold.ANSWER)
        visit.send(b"one\ndelete all of it, but n")
        visit.transport.protocol.readConnectionLost()
        visit.server.release(Hold.ANSWER)
        visit.port.clock.advance(0.1)
        self.assertEqual(visit.session.calls, ["alice", "one", "ended"])
        self.assertTrue(visit.transport.disconnecting)

    def test_cut_off(self) -> None:
        """A peer that is cut off through TLS reads why, and the end, even while it was not being read."""
        visit = TlsVisit(Port())
        visit.send(b"zero\n")
        visit.server.hold(Hold.FLOOD)
        visit.send(b"one\n")
        self.assertEqual(visit.transport.producerState, "paused")
        visit.server.close("exit")
        self.assertEqual(visit.transport.producerState, "producing")
        self.assertEqual(visit.read(), b"? ")
        self.assertFalse(visit.transport.disconnecting)
        visit.end()
        self.assertTrue(visit.transport.disconnecting)

    def test_slow_reader(self) -> None:
        """Through TLS too the session learns that the peer does not read, and that it does again."""
        visit = TlsVisit(Port())
        visit.send(b"alice\n")
        visit.transport.producer.pauseProducing()
        visit.transport.producer.resumeProducing()
        self.assertEqual(visit.session.calls, ["alice", "paused", "drained"])

    def test_written_at_once(self) -> None:
        """Written bytes are on their way before write returns, and in order."""
        visit = TlsVisit(Port())
        visit.send(b"alice\n")
        visit.read()
        visit.server.write(b"x" * 100_000)
        visit.server.write(b"y")
        self.assertEqual(visit.read(), b"x" * 100_000 + b"y")

    def test_abort(self) -> None:
        """A dropped peer is gone at once, and nothing more of it is taken."""
        visit = TlsVisit(Port())
        visit.send(b"alice\n")
        visit.server.abort()
        self.assertTrue(visit.transport.disconnected)
        visit.send(b"bob\n")
        self.assertEqual(visit.session.calls, ["alice"])


class EarlyTest(SynchronousTestCase):
    """What comes before TLS is established."""

    def hello(self, size: int) -> bytes:
        """Return a ClientHello of this size, of which all records but the last byte came."""
        body = b"\x01" + (size - 4).to_bytes(3, "big") + b"\x03\x03" + bytes(size - 6)
        pieces = [body[start : start + 16000] for start in range(0, len(body), 16000)]
        return b"".join(b"\x16\x03\x01" + len(piece).to_bytes(2, "big") + piece for piece in pieces)[:-1]

    def test_endless_hello(self) -> None:
        """A ClientHello that does not end is cut off after 16 KiB, in whatever pieces it comes; a shorter one waits."""
        for size in (65536, 1000, 7):
            visit = Visit(Port(), size)
            hello = self.hello(2 * EARLY_BYTES)
            visit.send(hello[: EARLY_BYTES - 1000])
            self.assertFalse(visit.transport.disconnected)
            visit.send(hello[EARLY_BYTES - 1000 : EARLY_BYTES + 1000])
            self.assertTrue(visit.transport.disconnected, size)
            self.assertEqual(visit.port.sessions, [])
        visit = Visit(Port())
        visit.send(self.hello(130_000))
        self.assertTrue(visit.transport.disconnected)

    def test_one_answer(self) -> None:
        """The server answers a handshake once; the client's last word for it needs no more, such as tickets."""
        visit = TlsVisit(Port(), begin=False)
        self.assertRaises(ssl.SSLWantReadError, visit.tls.do_handshake)
        visit.exchange()
        wrote: list[bytes] = []
        visit.transport.write = wrote.append
        visit.tls.do_handshake()
        visit.exchange()
        self.assertTrue(visit.transport.protocol.established)
        self.assertEqual(wrote, [])

    def test_counted(self) -> None:
        """Who has not established TLS counts like anybody else, and not any more when cut off."""
        port = Port()
        visit = Visit(port)
        visit.send(self.hello(1000))
        self.assertEqual((port.reception.connections, port.turnstile.connections("192.0.2.1")), (1, 1))
        self.assertEqual(len(port.reception.handshakes), 1)
        visit.send(self.hello(130_000))
        visit.transport.protocol.connectionLost(Failure(ConnectionAborted()))
        self.assertEqual((port.reception.connections, port.turnstile.connections("192.0.2.1")), (0, 0))
        self.assertEqual(len(port.reception.handshakes), 0)

    def test_much_at_once(self) -> None:
        """What a client says in the same breath as its last word of the handshake may be as long as it likes."""
        visit = TlsVisit(Port(), begin=False)
        visit.shake_hands()
        visit.tls.write(b"alice\n" + b"x" * 30 + b"\n" + b"y\n" * 20000)
        visit.exchange()
        visit.port.clock.advance(0.1)
        self.assertFalse(visit.transport.disconnected)
        self.assertEqual(visit.session.calls[:3], ["alice", "x" * 30, "y"])


class OpeningTest(SynchronousTestCase):
    def test_nothing_like_tls(self) -> None:
        """A connection that begins as TLS and goes on as something else is ended without a word or a session."""
        visit = Visit(Port())
        visit.send(b"\x16\x03\x01" + b"x" * 509)
        self.assertTrue(visit.transport.disconnecting)
        self.assertEqual(visit.port.sessions, [])

    def test_languages(self) -> None:
        """A client that says in TLS what it can speak comes in, whatever it is; of HTTP only version 1.1 is."""
        for languages, spoken in ((["h2", "http/1.1"], "http/1.1"), (["h2"], None), (["irc"], None)):
            visit = TlsVisit(Port(), languages=languages)
            self.assertEqual(visit.tls.selected_alpn_protocol(), spoken)
            visit.send(b"alice\n")
            self.assertEqual(visit.session.calls, ["alice"])

    def test_tls_within_tls(self) -> None:
        """There is no TLS within TLS."""
        visit = TlsVisit(Port())
        visit.send(b"\x16\x03\x01\x00\xc8")
        self.assertIsInstance(visit.server, Stranger)
        self.assertEqual(visit.read(), b"")

    def test_without_certificate(self) -> None:
        """A TLS client is let go where there is no TLS."""
        port = Port()
        port.reception.tunnels = None
        visit = Visit(port)
        visit.send(b"\x16\x03")
        self.assertTrue(visit.transport.disconnecting)
        self.assertEqual((visit.read(), port.sessions), (b"", []))
