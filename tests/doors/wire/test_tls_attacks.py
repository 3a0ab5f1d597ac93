"""TLS with peers that break it, stop in the middle of it, or ask too much of it."""

import random
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IConsumer, IHalfCloseableProtocol, IPushProducer, ISSLTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyClass

from groupchat.doors.wire import tls as module
from groupchat.doors.wire.tls import ANSWERS, IDLE_BYTES, LARGE, UNREAD, Tunnel
from tests.doors.connections import Port, TlsVisit, Visit, certificates
from tests.doors.openssl_client import OpenSslClient

TLS_1_2 = 0x303


class AttackCase(SynchronousTestCase):
    def tearDown(self) -> None:
        """Nothing of any connection is left in the buffers that all share."""
        self.assertEqual((module._INCOMING.pending, module._OUTGOING.pending), (0, 0))

    def assert_unharmed(self, other: TlsVisit) -> None:
        """Another connection goes on as if nothing had happened."""
        other.session.calls.clear()
        other.send(b"still here\n")
        self.assertEqual(other.session.calls, ["still here"])
        other.server.write(b"hello")
        self.assertEqual(other.read(), b"hello")

    def other(self) -> TlsVisit:
        other = TlsVisit(Port())
        other.send(b"bob\n")
        other.read()
        return other

    def client(self, visit: Visit, **how: Any) -> OpenSslClient:
        """Return a client of OpenSSL's own that has come in."""
        client = OpenSslClient(**how)
        self.addCleanup(client.close)
        while not client.shake_hands():
            visit.send(client.sent())
            client.receive(visit.read())
        visit.send(client.sent())
        client.receive(visit.read())
        return client


class BrokenTest(AttackCase):
    def test_drip(self) -> None:
        """Two peers whose bytes come one at a time, in turn, are both served, each with its own bytes."""
        visits = [TlsVisit(Port(), begin=False) for _ in range(2)]
        waiting = [b"", b""]
        for _ in range(6):
            for number, visit in enumerate(visits):
                try:
                    visit.tls.do_handshake()
                    visit.tls.write(b"name%d\n" % number)
                except ssl.SSLWantReadError:
                    pass
                waiting[number] = visit._outgoing.read()
            for place in range(max(map(len, waiting))):
                for number, visit in enumerate(visits):
                    visit.transport.protocol.dataReceived(waiting[number][place : place + 1])
            for visit in visits:
                visit._incoming.write(visit.transport.value())
                visit.transport.clear()
        for number, visit in enumerate(visits):
            self.assertEqual(visit.session.calls[0], f"name{number}")
            visit.server.write(b"for %d" % number)
            self.assertEqual(visit.read()[-5:], b"for %d" % number)

    def test_garbage_in_handshake(self) -> None:
        """A handshake that goes on with anything else ends without a session; others do not notice."""
        other = self.other()
        noise = random.Random(5)
        for kept in (3, 5, 6, 40, 200, None):
            for junk in (
                b"x" * 600,
                noise.randbytes(600),
                b"\x17\x03\x03\x00\x05hello",
                b"\x15\x03\x03\x00\x02\x02\x28",
            ):
                visit = TlsVisit(Port(), begin=False)
                self.assertRaises(ssl.SSLWantReadError, visit.tls.do_handshake)
                Visit.send(visit, visit._outgoing.read()[:kept] + junk)
                Visit.send(visit, (junk * 2000)[:20_000])
                self.assertTrue(visit.transport.disconnecting or visit.transport.disconnected, (kept, junk))
                self.assertEqual(visit.port.sessions, [])
        self.assert_unharmed(other)

    def test_changed_bytes(self) -> None:
        """A byte that was changed on the way, in whatever place, ends the connection it belongs to and no other."""
        other = self.other()
        for place in (0, 1, 3, 4, 5, 20, -1):
            visit = self.other()
            visit.tls.write(b"say something\n")
            record = bytearray(visit._outgoing.read())
            record[place] ^= 0x40
            Visit.send(visit, bytes(record))
            Visit.send(visit, b"\x17\x03\x03\x00\x30" + bytes(20_000))
            self.assertNotIn("say something", visit.session.calls)
            self.assertTrue(visit.transport.disconnecting or visit.transport.disconnected, place)
        self.assert_unharmed(other)

    def test_huge_record(self) -> None:
        """A record longer than allowed is refused by its header, and costs nothing."""
        visit = self.other()
        Visit.send(visit, b"\x17\x03\x03\xff\xff")
        self.assertTrue(visit.transport.disconnecting)

    def test_cut_record(self) -> None:
        """Half a record and the end: what was said before counts, and the end is known to be cut."""
        visit = self.other()
        visit.tls.write(b"one\n")
        visit.tls.write(b"two\n")
        Visit.send(visit, visit._outgoing.read()[:-1])
        visit.transport.protocol.readConnectionLost()
        self.assertEqual(visit.session.calls, ["bob", "one", "ended"])
        self.assertTrue(visit.transport.protocol.truncated)

    def test_whole_end(self) -> None:
        """An end that was said in TLS is no cut, though TCP ends after it."""
        visit = self.other()
        visit.end()
        visit.transport.protocol.readConnectionLost()
        self.assertFalse(visit.transport.protocol.truncated)
        self.assertEqual(visit.session.calls, ["bob", "ended"])

    def test_after_the_end(self) -> None:
        """What comes after the sign of the end is nobody's."""
        visit = self.other()
        visit.tls.write(b"one\n")
        before = visit._outgoing.read()
        with self.assertRaises(ssl.SSLWantReadError):
            visit.tls.unwrap()
        Visit.send(visit, before + visit._outgoing.read() + b"\x17\x03\x03\x00\x20" + bytes(32) + b"more")
        Visit.send(visit, b"and more")
        self.assertEqual(visit.session.calls, ["bob", "one", "ended"])

    def test_silent_in_handshake(self) -> None:
        """A peer that stops within its first message holds back a few bytes, and OpenSSL has not even begun."""
        visit = Visit(Port())
        visit.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100))
        self.assertIs(visit.transport.protocol._tls, None)
        visit.port.clock.pump([1] * 40)
        self.assertTrue(visit.transport.disconnected)


class StormTest(AttackCase):
    def renewing(self, ask: bool, stalled: bool) -> tuple[Visit, int]:
        """Renew keys until the connection is dropped; return it, and how often that was done."""
        visit = Visit(Port())
        client = self.client(visit)
        client.write(b"alice\n")
        visit.send(client.sent())
        self.assertEqual(visit.session.calls, ["alice"])
        if stalled:
            visit.transport.dataBuffer = bytes(UNREAD)
        times = 0
        while not visit.transport.disconnected and times < 5000:
            client.renew_keys(ask=ask)
            if stalled:
                client.write(b"x\n")
            visit.send(client.sent())
            times += 1
        return visit, times

    def test_nothing_but_new_keys(self) -> None:
        """Who renews the keys for ever and says nothing is dropped after some hundred times, asked back or not."""
        for ask in (True, False):
            visit, times = self.renewing(ask, False)
            self.assertTrue(visit.transport.disconnected)
            self.assertLess(times, IDLE_BYTES / 20)

    def storm(self, text: bytes, ask: bool) -> tuple[Visit, int]:
        """Renew keys, and say this whenever silence alone would soon end the connection; return how often."""
        visit = Visit(Port())
        client = self.client(visit)
        client.write(b"alice\n")
        visit.send(client.sent())
        times = silent = 0
        while not visit.transport.disconnected and times < 20_000:
            client.renew_keys(ask=ask)
            sent = client.sent()
            silent += len(sent)
            if silent > IDLE_BYTES - 1000:
                client.write(text)
                sent, silent = sent + client.sent(), 0
            visit.send(sent)
            visit.read()
            times += 1
        return visit, times

    def test_new_keys_with_hardly_a_word(self) -> None:
        """A byte now and then does not make up for the hundreds of new keys before it, asked back or not."""
        for ask in (True, False):
            visit, times = self.storm(b"x", ask)
            self.assertTrue(visit.transport.disconnected)
            self.assertLess(times, 2 * IDLE_BYTES / 20)

    def test_records_that_are_filled_up(self) -> None:
        """Who hides how much is said behind as much again of nothing says a letter at a time for as long as likes."""
        visit = Visit(Port())
        client = self.client(visit, filled_to=4096)
        for _ in range(100):
            client.write(b"x")
            sent = client.sent()
            self.assertGreater(len(sent), 4096)
            visit.send(sent)
        client.write(b"\n")
        visit.send(client.sent())
        self.assertEqual(visit.session.calls, ["x" * 100])

    def test_answers_that_nobody_reads(self) -> None:
        """Who asks for new keys and reads no answers is dropped before they are many."""
        visit, times = self.renewing(True, True)
        self.assertTrue(visit.transport.disconnected)
        self.assertLess(times, ANSWERS / 20)
        self.assertLess(len(visit.read()), ANSWERS + 1000)

    def test_new_keys_now_and_then(self) -> None:
        """New keys are taken and given, and what is said with them arrives."""
        visit = Visit(Port())
        client = self.client(visit)
        for number in range(20):
            client.renew_keys(ask=number % 2 == 0)
            client.write(b"line %d\n" % number)
            visit.send(client.sent())
            client.receive(visit.read())
            visit.server.write(b"yes")
            client.receive(visit.read())
            self.assertEqual(client.read()[-3:], b"yes")
        self.assertEqual(len(visit.session.calls), 20)

    def test_renegotiation(self) -> None:
        """In TLS 1.2 another handshake is refused, and others do not notice."""
        other = self.other()
        for _ in range(3):
            visit = Visit(Port())
            client = self.client(visit, highest=TLS_1_2)
            client.write(b"alice\n")
            visit.send(client.sent())
            self.assertEqual(visit.session.calls, ["alice"])
            visit.read()
            client.renegotiate()
            sent = client.sent()
            self.assertEqual(sent[:1], b"\x16")  # a handshake
            visit.send(sent)
            self.assertEqual(visit.read()[:1], b"\x15")  # an alert: there is no renegotiation
        self.assert_unharmed(other)


class Recorder(Protocol):
    """A protocol within that can be told of nothing but bytes and the end."""

    def __init__(self) -> None:
        self.received = b""
        self.lost: list[str] = []

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.append(str(reason.value))


class Broken:
    """OpenSSL that fails in the middle of a record."""

    error: type[BaseException] = ssl.SSLError

    def write(self, data: bytes) -> int:
        module._OUTGOING.write(b"half a record")
        raise self.error(1, "broken")


class Buffer:
    """A buffer of OpenSSL, for which the memory runs out: it gives what it has in small pieces only, and not at once.

    :param full: whether there is no memory to take anything, either.
    """

    def __init__(self, buffer: Any, full: bool = False) -> None:
        self.buffer = buffer
        self.full = full
        self.failed = 0

    @property
    def pending(self) -> int:
        return int(self.buffer.pending)

    def read(self, size: int = -1) -> Any:
        if self.buffer.pending and (not 0 <= size <= 512 or 0 < self.failed < 4):
            self.failed += 1
            raise MemoryError
        return self.buffer.read(size)

    def write(self, data: bytes) -> Any:
        if not self.full:
            return self.buffer.write(data)
        self.failed += 1
        self.buffer.write(data[: len(data) // 2])
        raise MemoryError


class MemoryTest(AttackCase):
    """Memory runs out between what OpenSSL does and what is done with it."""

    def assert_ended(
        self, buffer: str, what: Callable[[Any], object], full: bool = False, visit: Visit | None = None
    ) -> None:
        """While the memory of a buffer runs out this ends its own connection, and nobody else notices."""
        other, visit = self.other(), visit or self.other()
        real = getattr(module, buffer)
        fake = Buffer(real, full)
        self.patch(module, buffer, fake)
        what(visit)
        self.patch(module, buffer, real)
        self.assertGreater(fake.failed, 0)
        self.assertTrue(visit.transport.disconnecting)
        self.assertEqual((module._INCOMING.pending, module._OUTGOING.pending), (0, 0))
        visit.transport.protocol.write(b"late")
        self.assertEqual(visit.transport.value(), b"")
        self.assert_unharmed(other)

    def test_writing(self) -> None:
        """A line, and one of many bytes."""

        def write(data: bytes, visit: TlsVisit) -> None:
            visit.server.write(data)

        for size in (5, 100_000):
            self.assert_ended("_OUTGOING", partial(write, b"x" * size))

    def test_receiving(self) -> None:
        """A line that finds no room on its way to OpenSSL."""
        self.assert_ended("_INCOMING", lambda visit: visit.send(b"hello\n"), full=True)

    def test_answering(self) -> None:
        """An answer of TLS itself: to the sign of the end, and to a fault."""

        def end(visit: TlsVisit) -> None:
            visit.transport.protocol.unregisterProducer()
            visit.transport.protocol.loseConnection()

        self.assert_ended("_OUTGOING", end)
        self.assert_ended("_OUTGOING", lambda visit: Visit.send(visit, b"nonsense" * 5))

    def test_shaking_hands(self) -> None:
        """The last message of a handshake, and the answer to it."""

        def hear(last: bytes, visit: Visit) -> None:
            visit.send(last)

        for buffer, full in (("_INCOMING", True), ("_OUTGOING", False)):
            visit, client = Visit(Port()), OpenSslClient(highest=TLS_1_2)  # in 1.3 it has no answer
            self.addCleanup(client.close)
            client.shake_hands()
            visit.send(client.sent())
            client.receive(visit.read())
            client.shake_hands()
            self.assert_ended(buffer, partial(hear, client.sent()), full, visit)

    def test_interrupted(self) -> None:
        """What is to end the whole process is not held up, and leaves nothing behind."""
        other, visit = self.other(), self.other()

        class Interrupted(Broken):
            error: type[BaseException] = KeyboardInterrupt

        visit.transport.protocol._tls = Interrupted()
        self.assertRaises(KeyboardInterrupt, visit.server.write, b"hello")
        self.assert_unharmed(other)


class EndTest(AttackCase):
    def test_interfaces(self) -> None:
        for interface in (ISSLTransport, IConsumer, IPushProducer, IHalfCloseableProtocol):
            verifyClass(interface, Tunnel)

    def states(self) -> dict[str, Any]:
        """Return a tunnel in each of its states, with the transport below."""
        hello = TlsVisit(Port(), begin=False)
        self.assertRaises(ssl.SSLWantReadError, hello.tls.do_handshake)
        first = hello._outgoing.read()
        found: dict[str, Any] = {}
        for name, received in (("new", b""), ("within its hello", first[:50]), ("after its hello", first)):
            tunnel = Tunnel(certificates(), Recorder())
            transport = cast(Any, StringTransport())
            transport.protocol = tunnel
            tunnel.makeConnection(transport)
            tunnel.dataReceived(received)
            found[name] = transport
        for name in ("established", "its half ended", "our half ended", "failed", "with a producer"):
            visit = self.other()
            if name == "its half ended":
                visit.tls.write(b"")
                with self.assertRaises(ssl.SSLWantReadError):
                    visit.tls.unwrap()
                Visit.send(visit, visit._outgoing.read())
            elif name == "our half ended":
                visit.transport.protocol.unregisterProducer()
                visit.transport.protocol.loseWriteConnection()
            elif name == "failed":
                Visit.send(visit, b"nonsense" * 5)
            found[name] = visit.transport
        return found

    def test_every_end_in_every_state(self) -> None:
        """Whatever happens in whatever state, nothing is raised, and the end is told exactly once."""
        ends = (
            "abortConnection",
            "loseConnection",
            "loseWriteConnection",
            "readConnectionLost",
            "write",
            "connectionLost",
        )
        for first in ends:
            for second in ends:
                for name, transport in self.states().items():
                    tunnel = transport.protocol
                    within = tunnel.wrappedProtocol
                    for end in (first, second):
                        if end == "connectionLost" and tunnel.wrappedProtocol is None:
                            continue
                        arguments = {"write": (b"late",), "connectionLost": (Failure(ConnectionDone()),)}.get(end, ())
                        getattr(tunnel, end)(*arguments)
                    if "connectionLost" not in (first, second):
                        tunnel.connectionLost(Failure(ConnectionDone()))
                    tunnel.dataReceived(b"too late")
                    tunnel.write(b"too late")
                    if isinstance(within, Recorder):
                        self.assertEqual(len(within.lost), 1, (name, first, second))

    def test_broken_while_writing(self) -> None:
        """A write that fails ends its own connection; not a byte of it reaches anybody else."""
        other, visit = self.other(), self.other()
        tunnel = visit.transport.protocol
        tunnel._tls = Broken()
        before = visit.transport.value()
        visit.server.write(b"hello")
        self.assertEqual(visit.transport.value(), before)
        self.assertTrue(visit.transport.disconnecting)
        self.assert_unharmed(other)

    def test_end_under_pressure(self) -> None:
        """What was written before the end arrives before its sign, and nothing after."""
        visit = self.other()
        tunnel = visit.transport.protocol
        tunnel.unregisterProducer()
        pieces = [b"a" * (3 * LARGE + 1), b"b", b"c" * LARGE]
        for piece in pieces:
            tunnel.write(piece)
        tunnel.loseConnection()
        tunnel.write(b"late")
        self.assertEqual(visit.read(), b"".join(pieces))
        self.assertEqual(visit.tls.read(10), b"")  # the sign of the end

    def test_end_waits_for_producer(self) -> None:
        """While a producer is registered it may write on after the end was asked for; the sign comes after it."""
        visit = self.other()
        tunnel = visit.transport.protocol
        tunnel.loseConnection()
        tunnel.write(b"the last of it")
        self.assertEqual(visit.read(), b"the last of it")
        self.assertRaises(ssl.SSLWantReadError, visit.tls.read, 10)
        tunnel.unregisterProducer()
        visit.exchange()
        self.assertEqual(visit.tls.read(10), b"")
        tunnel.write(b"late")
        self.assertEqual(visit.read(), b"")

    def test_early_words(self) -> None:
        """What is written before TLS is established is sent when it is."""
        visit = TlsVisit(Port(), begin=False)
        self.assertRaises(ssl.SSLWantReadError, visit.tls.do_handshake)
        visit.exchange()
        visit.transport.protocol.write(b"welcome")
        visit.establish()
        self.assertEqual(visit.read(), b"welcome")

    def test_why(self) -> None:
        """The protocol within learns in words why TLS was not established."""
        tunnel = Tunnel(certificates(), within := Recorder())
        transport = cast(Any, StringTransport())
        tunnel.makeConnection(transport)
        tunnel.dataReceived(b"\x16\x03\x01" + b"x" * 509)
        self.assertTrue(transport.disconnecting)
        tunnel.connectionLost(Failure(ConnectionDone()))
        self.assertRegex(within.lost[0], r"\A[a-z0-9 ]+\Z")

    def test_one_write_a_batch(self) -> None:
        """A batch is one record in one write below, whatever it has in it."""
        visit = self.other()
        wrote: list[bytes] = []
        visit.transport.write = wrote.append
        visit.server.write(b"line\n" * 1000)
        self.assertEqual([len(piece) for piece in wrote], [5000 + 5 + 1 + 16])
