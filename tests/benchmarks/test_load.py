"""The load generator counts correctly, in C and in Python."""

import re
import socket
import ssl
import threading
import time
from collections.abc import Sequence

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.figures import quantile, summary
from benchmarks.load import Broken, Load, library
from benchmarks.secured import Secured
from tests.doors.connections import authority
from tests.lacking import lacking

RECEIVERS = 3
SPEECH = (b"say ", b" words\n")
LIMIT_S = 60.0
"""Seconds within which everything outstanding arrives, or something hangs."""


def pair() -> tuple[socket.socket, socket.socket]:
    """Return both ends of a connection over the loopback interface."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = socket.create_connection(listener.getsockname())
        other, _ = listener.accept()
    return one, other


class Room:
    """A server in a thread: it sends what a sender says to all receivers, in pieces of an odd size."""

    def __init__(self) -> None:
        pairs = [pair() for _ in range(RECEIVERS + 1)]
        self._ours = [ours for ours, _ in pairs]
        self.theirs = [theirs for _, theirs in pairs]
        for one in self.theirs:
            one.setblocking(False)
        self.said = b""
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def sender(self) -> Sequence[socket.socket]:
        """The sockets that speak."""
        return self.theirs[:1]

    @property
    def receivers(self) -> Sequence[socket.socket]:
        """The sockets that listen."""
        return self.theirs[1:]

    def join(self) -> None:
        """Wait until everything said has been sent on."""
        self._thread.join()

    def rest(self) -> int:
        """End the thread, and return how many bytes the receivers had still to read."""
        self.theirs[0].shutdown(socket.SHUT_WR)
        self._thread.join()
        size = 0
        for ours, theirs in zip(self._ours[1:], self.receivers, strict=True):
            ours.shutdown(socket.SHUT_WR)
            theirs.settimeout(LIMIT_S)
            while data := theirs.recv(65536):
                size += len(data)
        return size

    def close(self) -> None:
        """End the thread."""
        for one in self.theirs:
            one.close()
        self._thread.join()
        for one in self._ours:
            one.close()

    def _serve(self) -> None:
        while data := self._read():
            self.said += data
            for receiver in self._ours[1:]:
                for begin in range(0, len(data), 17):
                    try:
                        receiver.sendall(data[begin : begin + 17])
                    except ConnectionError:
                        return

    def _read(self) -> bytes:
        try:
            return self._ours[0].recv(65536)
        except ConnectionError:
            return b""


class LoadTest(SynchronousTestCase):
    """The load in Python."""

    compiled = False

    def setUp(self) -> None:
        self.room = Room()
        self.addCleanup(self.room.close)

    def load(self) -> Load:
        """Put the load on this room."""
        load = Load(self.room.receivers, self.room.sender, SPEECH, RECEIVERS, compiled=self.compiled)
        self.addCleanup(load.close)
        return load

    def test_closed_loop(self) -> None:
        """Every message is delivered to all, and never more than the window are outstanding."""
        load = self.load()
        sent = delivered = size = 0
        while sent <= 4:  # on a busy machine a tenth of a second may be nothing
            span = load.run(0.1, window=4)
            sent, delivered, size = sent + span.sent, delivered + span.delivered, size + span.bytes
            self.assertTrue(0 <= sent * RECEIVERS - delivered <= 4 * RECEIVERS)
        rest = load.run(LIMIT_S)
        self.assertEqual(rest.sent, 0)
        self.assertEqual(delivered + rest.delivered, sent * RECEIVERS)
        # A line counts as soon as its mark arrives: what follows the last mark may come after the end.
        self.assertEqual(size + rest.bytes + self.room.rest(), len(self.room.said) * RECEIVERS)
        self.assertEqual(self.room.said.count(b"\n"), sent)

    def test_messages(self) -> None:
        """A message consists of what comes before, the mark, ten digits, and what comes after."""
        load = self.load()
        while not self.room.said:  # on a busy machine so short a time may be nothing
            load.run(0.02, window=1)
        load.run(LIMIT_S)
        self.assertRegex(self.room.said, rb"\A(say `[0-9]{10} words\n)+\Z")

    def test_two_marks(self) -> None:
        """A text that a server is sent twice has the same stamp both times."""
        load = Load(
            self.room.receivers, self.room.sender, (b"keep ", b" show ", b"\n"), RECEIVERS, compiled=self.compiled
        )
        self.addCleanup(load.close)
        self.assertEqual(load.run(0.2, rate=20).sent, 4)
        self.room.theirs[0].shutdown(socket.SHUT_WR)
        self.room.join()
        self.assertRegex(self.room.said, rb"\A(keep (`[0-9]{10}) show \2\n){4}\Z")

    def test_open_loop(self) -> None:
        """Messages are sent at the given rate, whatever comes back, each stamped with the time it was due."""
        load = self.load()
        self.assertEqual(load.run(0.2, rate=200).sent, 40)
        load.run(LIMIT_S)
        stamps = [int(stamp) for stamp in re.findall(rb"`(\d{10})", self.room.said)]
        self.assertEqual(stamps, [number * 5000 for number in range(40)])

    def test_open_loop_hindered(self) -> None:
        """Messages that could not be sent in time, since the load did not run, are sent later."""
        self.assertEqual(self.load().run(1e-6, rate=1e7).sent, 10)

    def test_delays(self) -> None:
        """Sampled delays lie between zero and the length of the span, and so do those of the last receiver."""
        load = self.load()
        begun = time.monotonic()
        spans = [load.run(0.1, window=2, stride=5)]
        while not (spans[-1].delays and spans[-1].lasts):  # on a busy machine a tenth of a second may be nothing
            spans.append(load.run(0.1, window=2, stride=5))
        span = spans[-1]
        longest_ms = (time.monotonic() - begun) * 1000
        self.assertTrue(len(span.delays) <= span.delivered / 5 + 1)
        self.assertTrue(all(0 <= delay <= longest_ms for delay in span.delays), max(span.delays))
        self.assertLessEqual(sum(len(span.lasts) for span in spans), sum(span.sent for span in spans))
        self.assertTrue(all(0 <= delay <= longest_ms for delay in span.lasts), max(span.lasts))

    def test_late_delays(self) -> None:
        """What a server holds back for a while counts as a delay of that length."""
        theirs, ours = pair()
        self.addCleanup(ours.close)
        self.addCleanup(theirs.close)
        theirs.setblocking(False)
        load = Load([theirs], [theirs], SPEECH, 1, compiled=self.compiled)
        self.addCleanup(load.close)

        def answer_late() -> None:
            data = ours.recv(65536)
            time.sleep(0.05)
            ours.sendall(data)
            load.stop()
            while data := ours.recv(65536):
                ours.sendall(data)

        later = threading.Thread(target=answer_late)
        later.start()
        span = load.run(LIMIT_S, window=1)
        theirs.shutdown(socket.SHUT_WR)
        later.join()
        # Only a lower bound: a busy machine may add to it.
        self.assertGreaterEqual(span.delays[0], 50)
        self.assertGreaterEqual(span.lasts[0], 50)

    def test_broken(self) -> None:
        """A connection that the server closes ends the run with an error."""
        theirs, ours = pair()
        self.addCleanup(theirs.close)
        ours.close()
        load = Load([theirs], self.room.sender, SPEECH, 1, compiled=self.compiled)
        self.addCleanup(load.close)
        self.assertRaises(Broken, load.run, LIMIT_S, window=1)

    def test_stop(self) -> None:
        """Another thread can end a run early."""
        load = self.load()
        timer = threading.Timer(0.05, load.stop)
        timer.start()
        span = load.run(600.0, rate=100)
        timer.join()
        self.assertLess(span.seconds, 600)


class CompiledLoadTest(LoadTest):
    """The load in C."""

    compiled = True

    def setUp(self) -> None:
        if library() is None:
            lacking("there is no compiler (cc)")
        super().setUp()


class FiguresTest(SynchronousTestCase):
    """Figures that are calculated from times."""

    def test_quantile(self) -> None:
        """A quantile is one of the values, or 0 if there are none."""
        values = [float(number) for number in range(100, 0, -1)]
        self.assertEqual([quantile(values, share) for share in (0, 0.5, 0.99, 1)], [1, 51, 100, 100])
        self.assertEqual(quantile([], 0.5), 0)

    def test_summary(self) -> None:
        """A summary has the columns that the tables show."""
        self.assertEqual(summary("calm_", [1.0]), {"calm_p50_ms": 1, "calm_p99_ms": 1, "calm_max_ms": 1})


class SecuredLoadTest(SynchronousTestCase):
    """The load through TLS, in Python."""

    compiled = False

    def setUp(self) -> None:
        theirs, ours = pair()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority().issue_cert("localhost").configure_cert(context)
        ours.settimeout(LIMIT_S)
        self.said = b""

        def echo() -> None:
            with context.wrap_socket(ours, server_side=True, suppress_ragged_eofs=True) as server:
                while data := server.recv(65536):
                    self.said += data
                    server.sendall(data)

        self.server = threading.Thread(target=echo)
        self.server.start()
        self.addCleanup(self.server.join)
        self.one = Secured(theirs)
        self.addCleanup(self.one.close)
        self.one.establish(LIMIT_S)
        self.load = Load([self.one], [self.one], SPEECH, 1, compiled=self.compiled)
        self.addCleanup(self.load.close)

    def test_closed_loop(self) -> None:
        """Every message goes out encrypted and is counted when it comes back, also several in one record."""
        sent = delivered = 0
        while sent <= 4:
            span = self.load.run(0.1, window=4)
            sent, delivered = sent + span.sent, delivered + span.delivered
            self.assertTrue(0 <= sent - delivered <= 4)
        delivered += self.load.run(LIMIT_S).delivered
        self.assertEqual(delivered, sent)
        self.assertRegex(self.said, rb"\A(say `[0-9]{10} words\n)+\Z")
        self.assertEqual(self.said.count(b"\n"), sent)

    def test_broken(self) -> None:
        """A connection that is closed ends the run with an error."""
        self.one.shutdown(socket.SHUT_WR)
        self.assertRaises(Broken, self.load.run, LIMIT_S, window=1)


class CompiledSecuredLoadTest(SecuredLoadTest):
    """The load through TLS, in C."""

    compiled = True

    def setUp(self) -> None:
        if library() is None:
            lacking("there is no compiler (cc)")
        super().setUp()
