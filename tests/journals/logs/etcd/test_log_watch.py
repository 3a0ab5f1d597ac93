"""Following the log over connections that end, fall silent, or are cut anywhere."""

import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.error import ConnectionDone, ConnectionRefusedError
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from groupchat.interfaces.shared_log import Compacted, ForeignLog, ILogWatch, LogEntry
from groupchat.journals.logs.etcd.etcd_connections import Server
from groupchat.journals.logs.etcd.gateway import ATTEMPT_S
from groupchat.journals.logs.etcd.log_watch import DELAY_S, FIRST_PAUSE_S, LONGEST_PAUSE_S, MOST_DELAYED_BYTES, LogWatch
from groupchat.journals.logs.etcd.requests.etcd_requests import Requests, compose_form
from tests.journals.logs.etcd.servers import HEADER, ONE, THREE, TWO, FakeAgent, FakeResponse, ServersTest

CREATED = b'{"result":{"created":true}}\n'


def b64(data: bytes) -> str:
    """Encode some bytes."""
    return b64encode(data).decode("ascii")


def look(newest: int, cluster: str = "abc", revision: int | None = None, live: Any = ()) -> Any:
    """Compose the answer to a look at a log whose entry n is at revision 10 + n."""
    ranges: list[dict[str, Any]] = [{}, {}, {"kvs": list(live)} if live else {}]
    if cluster:
        ranges[0]["kvs"] = [{"value": b64(compose_form(cluster))}]
    if newest:
        place = str(revision or 10 + newest)
        ranges[1]["kvs"] = [{"create_revision": "11", "mod_revision": place, "version": str(newest)}]
    header = {**HEADER, "revision": "90"}
    for one in ranges:
        one |= {"header": header, **({"count": str(len(one["kvs"]))} if one else {})}
    return {"header": header, "succeeded": True, "responses": [{"response_range": one} for one in ranges]}


def line(*numbers: int) -> bytes:
    """Compose what a watch says of entries, number n being at revision 10 + n."""
    events = [{"kv": {"mod_revision": str(10 + n), "version": str(n), "value": b64(b"%d" % n)}} for n in numbers]
    return json.dumps({"result": {"header": HEADER, "events": events}}).encode() + b"\n"


class WatchCase(ServersTest):
    """A watch, and what it has delivered."""

    after = 0

    def setUp(self) -> None:
        super().setUp()
        self.watching = FakeAgent()
        self.got: list[LogEntry] = []
        self.calls = 0
        self.errors: list[BaseException] = []
        self.watch = LogWatch(self.watching.open, self.rounds, Requests("gc"), "abc", self.after, self.take_entries)
        verifyObject(ILogWatch, self.watch)
        self.watch.start(self.take_end)

    def take_entries(self, entries: Sequence[LogEntry]) -> None:
        """Keep what is delivered."""
        self.calls += 1
        self.got += entries

    def taking(self, action: Callable[[], object]) -> Callable[[Sequence[LogEntry]], object]:
        """Return a reader that keeps what is delivered and then does something."""

        def take(entries: Sequence[LogEntry]) -> None:
            self.take_entries(entries)
            action()

        return take

    def take_end(self, failure: Failure) -> None:
        """Keep the error."""
        assert failure.value is not None
        self.errors.append(failure.value)

    @property
    def numbers(self) -> list[int]:
        """Return the numbers of what was delivered."""
        return [entry.number for entry in self.got]

    def begin(self, server: Server, newest: int, start: int) -> FakeResponse:
        """Let a server show the log, and then be watched from this revision on."""
        self.take(server, "kv/txn").answer(look(newest))
        asked = self.watching.take(server, "watch")
        self.assertEqual(asked.body["create_request"]["start_revision"], str(start))
        self.assertEqual(asked.headers.getRawHeaders("Grpc-Metadata-hasleader"), ["true"])
        response = asked.begin()
        response.feed(CREATED)
        return response

    def next(self, wait: float = FIRST_PAUSE_S) -> None:
        """Let the watch go on to the next server."""
        self.assertEqual(self.agent.asked, [])
        self.clock.advance(wait)


class FollowingTests(WatchCase):
    """From the beginning."""

    def test_delivers(self) -> None:
        """Entries are delivered as they come, however the stream is cut."""
        response = self.begin(ONE, 3, 11)
        self.assertEqual(self.watch.trouble, "")
        for byte in line(1, 2) + line(3):
            response.feed(bytes([byte]))
        self.assertEqual(self.got, [LogEntry(n, 10 + n, b"%d" % n) for n in (1, 2, 3)])
        self.assertEqual(self.calls, 2)
        self.assertEqual((self.watch.position, self.watch.number), (13, 3))

    def test_empty_log(self) -> None:
        """A log without entries is watched from now on, whatever etcd has seen before."""
        response = self.begin(ONE, 0, 91)
        response.feed(line(81))
        self.assertEqual(self.numbers, [81])

    def test_elsewhere(self) -> None:
        """When a stream ends the next server is watched from where the last one had come."""
        response = self.begin(ONE, 3, 11)
        response.feed(line(1, 2) + line(3)[:-5])
        response.finish(ConnectionDone())
        self.assertIn("10.0.0.1:2379 has ended the watch", self.watch.trouble)
        self.next()
        response = self.begin(TWO, 3, 13)
        self.assertEqual(self.watch.trouble, "")
        response.feed(line(3))
        response.finish()
        self.next()
        self.begin(THREE, 3, 14)
        self.assertEqual(self.numbers, [1, 2, 3])

    def test_leaderless(self) -> None:
        """A server that says it has lost the others is left at once."""
        response = self.begin(ONE, 1, 11)
        response.feed(b'{"error":{"grpc_code":14,"message":"etcdserver: no leader"}}\n')
        self.assertTrue(response.is_left)
        self.assertIn("no leader", self.watch.trouble)
        self.next()
        self.begin(TWO, 1, 11)

    def test_not_watched_without_a_look(self) -> None:
        """A server that does not answer, or has no quorum, is not watched at all."""
        self.take(ONE).fail(ConnectionRefusedError())
        self.next(2 * FIRST_PAUSE_S)
        self.take(TWO).refuse("etcdserver: no leader", 14, 503)
        self.next(4 * FIRST_PAUSE_S)
        self.assertEqual(self.watching.asked, [])
        self.begin(THREE, 1, 11)

    def test_longer_pauses(self) -> None:
        """While no server answers the pauses become longer, but not too long; then they are short again."""
        for n in range(9):
            self.agent.asked.pop().fail(ConnectionRefusedError())
            self.clock.advance(min(FIRST_PAUSE_S * 2 ** (n + 1), LONGEST_PAUSE_S))
            self.assertEqual(len(self.agent.asked), 1)
        self.begin(ONE, 1, 11).finish()
        self.next()

    def test_does_not_begin(self) -> None:
        """A watch that does not begin in time, or breaks off before, is sought elsewhere."""
        self.take(ONE).answer(look(1))
        self.watching.take(ONE)
        self.clock.advance(ATTEMPT_S)
        self.next(2 * FIRST_PAUSE_S)
        self.take(TWO).answer(look(1))
        response = self.watching.take(TWO).begin()
        self.clock.advance(ATTEMPT_S)
        self.assertTrue(response.is_left)
        self.next(4 * FIRST_PAUSE_S)
        self.take(THREE).answer(look(1))
        self.watching.take(THREE).begin().finish()
        self.next(8 * FIRST_PAUSE_S)
        self.begin(ONE, 1, 11)

    def test_refused(self) -> None:
        """A watch that is answered with an error is sought elsewhere."""
        self.take(ONE).answer(look(1))
        response = self.watching.take(ONE).begin(503)
        self.assertTrue(response.is_left)
        self.assertIn("503", self.watch.trouble)
        self.next(2 * FIRST_PAUSE_S)
        self.take(TWO).refuse("etcdserver: permission denied", 7, 403)
        self.assertIn("permission denied", self.watch.trouble)
        self.next(4 * FIRST_PAUSE_S)
        self.begin(THREE, 1, 11)

    def test_nonsense(self) -> None:
        """A server that says what no watch says is left."""
        response = self.begin(ONE, 1, 11)
        response.feed(b'{"result":{"events":[{}]}}\n')
        self.assertTrue(response.is_left)
        self.next()
        self.begin(TWO, 1, 11)

    def test_too_many_values(self) -> None:
        """A server that sends more in one line than can be read in time is left as well, before the line ends."""
        response = self.begin(ONE, 1, 11)
        response.feed(b'{"result":{"events":[')
        for _ in range(6):
            response.feed(b"{}," * 10_000)
        self.assertTrue(response.is_left)
        self.assertIn("has ended the watch: it sends what no watch sends (A line has more", self.watch.trouble)
        self.next()
        self.begin(TWO, 1, 11)

    def test_again(self) -> None:
        """A watch that has fallen silent is begun elsewhere; what the old connection still brings is ignored."""
        response = self.begin(ONE, 2, 11)
        response.feed(line(1))
        self.watch.again()
        self.assertTrue(response.is_left)
        response.feed(line(2))
        self.assertEqual(self.numbers, [1])
        self.next()
        self.begin(TWO, 2, 12).feed(line(2))
        self.assertEqual(self.numbers, [1, 2])


class EndsTests(WatchCase):
    """What ends a watch for good."""

    def assert_ended(self, kind: type[Exception], words: str) -> None:
        """See that the watch has ended, in a turn of its own, and asks nobody any more."""
        self.assertEqual(self.errors, [])
        self.clock.advance(0)
        [error] = self.errors
        self.assertIsInstance(error, kind)
        self.assertIn(words, str(error))
        self.assertTrue(self.watch.is_stopped)
        self.assert_quiet()

    def test_compacted(self) -> None:
        """Entries that are needed are gone; etcd leaves the stream open and silent."""
        response = self.begin(ONE, 20, 11)
        response.feed(b'{"result":{"canceled":true,"compact_revision":"24"}}\n')
        self.assertTrue(response.is_left)
        self.assert_ended(Compacted, "before revision 24")
        self.assertEqual(self.errors[0].revision, 23)  # type: ignore[attr-defined]  # it is Compacted

    def test_gap(self) -> None:
        """An entry that is missing, or comes twice, is not passed over."""
        response = self.begin(ONE, 3, 11)
        response.feed(line(1))
        response.feed(line(3))
        self.assertEqual(self.numbers, [1])
        self.assert_ended(ForeignLog, "goes on with 3 after 1")

    def test_twice(self) -> None:
        """An entry comes once."""
        response = self.begin(ONE, 3, 11)
        response.feed(line(1))
        response.feed(line(1))
        self.assert_ended(ForeignLog, "goes on with 1 after 1")

    def test_removed(self) -> None:
        """Somebody has removed the log: its numbers would begin anew."""
        response = self.begin(ONE, 3, 11)
        response.feed(b'{"result":{"events":[{"type":"DELETE","kv":{"mod_revision":"13"}}]}}\n')
        self.assert_ended(ForeignLog, "removed")

    def test_another_log(self) -> None:
        """After a connection has ended there is another log at the same address."""
        self.begin(ONE, 1, 11).finish()
        self.next()
        self.take(TWO).answer(look(1, cluster="other"))
        self.assert_ended(ForeignLog, "another one")

    def test_no_log(self) -> None:
        """After a connection has ended there is none any more."""
        self.begin(ONE, 1, 11).finish()
        self.next()
        self.take(TWO).answer(look(0, cluster=""))
        self.assert_ended(ForeignLog, "gone")

    def test_older_copy(self) -> None:
        """After a connection has ended there is a copy that does not go as far, or differs."""
        for answer in (look(2), look(3, revision=14), look(2, revision=13), look(4, revision=13)):
            self.setUp()
            response = self.begin(ONE, 3, 11)
            response.feed(line(1, 2, 3))
            response.finish()
            self.next()
            self.take(TWO).answer(answer)
            if answer == look(3, revision=14):
                # As far as one can see, another entry has come: its number will tell.
                self.watching.take(TWO).begin().feed(CREATED + line(3))
            self.assert_ended(ForeignLog, "")

    def test_found_elsewhere(self) -> None:
        """Whoever finds that this is another log can end the watch."""
        response = self.begin(ONE, 3, 11)
        self.watch.fail(ForeignLog("older"))
        self.assertTrue(response.is_left)
        self.assert_ended(ForeignLog, "older")

    def test_fault_of_the_reader(self) -> None:
        """A reader that fails gets nothing more, not even what has come already."""
        self.watch._entries = self.taking(lambda: 1 / 0)
        response = self.begin(ONE, 3, 11)
        response.feed(line(1) + line(2))
        self.assertEqual(self.numbers, [1])
        self.assert_ended(ZeroDivisionError, "")


class PausedTests(WatchCase):
    """Readers that want nothing for a while, or nothing more."""

    def test_pause(self) -> None:
        """While paused nothing is delivered or read; then all of it is, in a turn of its own."""
        response = self.begin(ONE, 3, 11)
        self.watch.pause()
        self.assertEqual(response.transport.producerState, "paused")
        self.assertFalse(self.watch.is_following)
        response.feed(line(1) + line(2))
        self.assertEqual(self.got, [])
        self.watch.resume()
        self.assertEqual(self.got, [])
        self.clock.advance(0)
        self.assertEqual(self.numbers, [1, 2])
        self.assertEqual(response.transport.producerState, "producing")

    def test_pause_within(self) -> None:
        """A reader can pause while it gets something: what has come already waits."""
        self.watch._entries = self.taking(self.watch.pause)
        response = self.begin(ONE, 3, 11)
        response.feed(line(1) + line(2))
        self.assertEqual(self.numbers, [1])
        self.watch.resume()
        self.clock.advance(0)
        self.assertEqual(self.numbers, [1, 2])

    def test_connection_lost_while_paused(self) -> None:
        """What was waiting is asked for anew, and comes once."""
        response = self.begin(ONE, 3, 11)
        response.feed(line(1))
        self.watch.pause()
        response.feed(line(2))
        response.finish(ConnectionDone())
        self.next()
        response = self.begin(TWO, 3, 12)
        self.assertEqual(response.transport.producerState, "paused")
        response.feed(line(2) + line(3))
        self.watch.resume()
        self.clock.advance(0)
        self.assertEqual(self.numbers, [1, 2, 3])

    def test_delay(self) -> None:
        """What comes while something else is urgent is read when that is done."""
        response = self.begin(ONE, 3, 11)
        self.watch.delay()
        response.feed(line(1)[:20])
        response.feed(line(1)[20:] + line(2))
        self.assertEqual(self.numbers, [])
        self.watch.catch_up()
        self.assertEqual((self.numbers, self.calls), ([1, 2], 2))
        response.feed(line(3))
        self.assertEqual(self.numbers, [1, 2, 3])
        self.watch.delay()
        self.watch.delay()
        self.watch.catch_up()
        self.watch.catch_up()
        self.clock.advance(DELAY_S)
        self.assertEqual(self.numbers, [1, 2, 3])

    def test_delay_ends(self) -> None:
        """Nothing is delayed for long, whatever becomes of the other thing, and much is not delayed at all."""
        response = self.begin(ONE, 3, 11)
        self.watch.delay()
        response.feed(line(1))
        self.clock.advance(DELAY_S / 2)
        response.feed(line(2))
        self.assertEqual(self.numbers, [])
        self.clock.advance(DELAY_S / 2)
        self.assertEqual(self.numbers, [1, 2])
        response.feed(line(3))
        self.assertEqual(self.numbers, [1, 2, 3])
        self.watch.delay()
        rest = b"".join(map(line, range(4, 1000)))
        self.assertGreater(len(rest), MOST_DELAYED_BYTES)
        response.feed(rest)
        self.assertEqual(self.numbers[-1], 999)

    def test_delayed_and_paused(self) -> None:
        """What was delayed is not delivered while the reader wants nothing."""
        response = self.begin(ONE, 3, 11)
        self.watch.delay()
        response.feed(line(1))
        self.watch.pause()
        self.watch.catch_up()
        self.assertEqual(self.numbers, [])
        self.watch.resume()
        self.clock.advance(0)
        self.assertEqual(self.numbers, [1])

    def test_connection_lost_while_delayed(self) -> None:
        """What was delayed is asked for anew, and comes once."""
        response = self.begin(ONE, 3, 11)
        response.feed(line(1))
        self.watch.delay()
        response.feed(line(2) + line(3)[:9])
        response.finish(ConnectionDone())
        self.next()
        response = self.begin(TWO, 3, 12)
        response.feed(line(2) + line(3))
        self.watch.catch_up()
        self.clock.advance(DELAY_S)
        self.assertEqual(self.numbers, [1, 2, 3])

    def test_stop_while_delayed(self) -> None:
        """What was delayed when a watch is stopped is not delivered, and leaves no timer behind."""
        response = self.begin(ONE, 3, 11)
        self.watch.delay()
        response.feed(line(1))
        self.watch.stop()
        self.watch.delay()
        self.watch.catch_up()
        self.assertEqual((self.got, self.errors), ([], []))
        self.assert_quiet()

    def test_stop(self) -> None:
        """A watch that is stopped leaves its connection, and nothing is left to be done."""
        response = self.begin(ONE, 3, 11)
        self.watch.stop()
        response.feed(line(1))
        self.assertTrue(response.is_left)
        self.watch.stop()
        self.assertEqual((self.got, self.errors), ([], []))
        self.assert_quiet()

    def test_stop_within(self) -> None:
        """A reader can stop while it gets something."""
        self.watch._entries = self.taking(self.watch.stop)
        response = self.begin(ONE, 3, 11)
        response.feed(line(1) + line(2))
        self.assertEqual(self.numbers, [1])
        self.assertTrue(response.is_left)
        self.assert_quiet()

    def test_stop_anywhere(self) -> None:
        """A watch can be stopped while it looks, waits, or is about to begin."""
        self.watch.stop()
        self.setUp()
        self.take(ONE).answer(look(1))
        self.watch.stop()
        self.setUp()
        self.take(ONE).fail(ConnectionRefusedError())
        self.watch.stop()
        self.assertEqual(self.errors, [])
        self.assert_quiet()


class LaterTests(WatchCase):
    """From a place in the middle."""

    after = 12

    def test_from_there(self) -> None:
        """Only what comes after it is asked for."""
        self.begin(ONE, 3, 13).feed(line(3))
        self.assertEqual(self.numbers, [3])

    def test_not_so_far(self) -> None:
        """A log that does not go so far is not watched: etcd would be silent for ever."""
        self.take(ONE).answer(look(1))
        self.clock.advance(0)
        self.assertIsInstance(self.errors[0], ForeignLog)
        self.assertEqual(self.watching.asked, [])
