"""The promises of every shared log: one class of tests that each log passes."""

from collections.abc import Mapping, Sequence

from twisted.internet import reactor as the_reactor
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from groupchat.interfaces.shared_log import (
    MAX_ENTRY_BYTES,
    Appended,
    Closed,
    Compacted,
    Fenced,
    ILog,
    ILogWatch,
    IWatch,
    LiveNode,
    LogEntry,
)
from groupchat.model.errors import CannotStart
from tests.functional.harness import LIMIT_S

reactor: IReactorTime = the_reactor


class Reader:
    """Somebody who watches a log and keeps what came."""

    def __init__(self, log: ILog, after: int = 0) -> None:
        self.entries: list[LogEntry] = []
        self.error: Exception | None = None
        self._waiting: list[tuple[int, Deferred[None]]] = []
        self._ended: Deferred[Exception] = Deferred()
        self.watch: ILogWatch = log.watch(after, self._received, self._end)

    def have(self, count: int) -> "Deferred[None]":
        """Fire when this many entries have come."""
        came: Deferred[None] = Deferred()
        self._waiting.append((count, came))
        self._settle()
        return came.addTimeout(LIMIT_S, reactor)

    def ended(self) -> "Deferred[Exception]":
        """Fire with the error when the watch has ended."""
        return self._ended.addTimeout(LIMIT_S, reactor)

    @property
    def texts(self) -> list[bytes]:
        """The data of all entries."""
        return [entry.data for entry in self.entries]

    def _received(self, entries: Sequence[LogEntry]) -> None:
        self.entries += entries
        self._settle()

    def _settle(self) -> None:
        ready = [(count, came) for count, came in self._waiting if len(self.entries) >= count]
        self._waiting = [(count, came) for count, came in self._waiting if len(self.entries) < count]
        for _, came in ready:
            came.callback(None)

    def _end(self, failure: Failure) -> None:
        self.error = failure.value  # type: ignore[assignment]  # an Exception
        self._ended.callback(failure.value)  # type: ignore[arg-type]  # an Exception
        waiting, self._waiting = self._waiting, []
        for _, came in waiting:
            came.errback(failure)


class Census:
    """Somebody who watches which nodes are alive."""

    def __init__(self, log: ILog) -> None:
        self.told: list[dict[str, LiveNode]] = []
        self._waiting: list[tuple[dict[str, LiveNode], Deferred[None]]] = []
        self.watch: IWatch = log.watch_live(self._changed)

    def shows(self, nodes: dict[str, LiveNode]) -> "Deferred[None]":
        """Fire when exactly these nodes are alive."""
        shown: Deferred[None] = Deferred()
        self._waiting.append((nodes, shown))
        self._settle()
        return shown.addTimeout(LIMIT_S, reactor)

    def _changed(self, nodes: Mapping[str, LiveNode]) -> None:
        self.told.append(dict(nodes))
        self._settle()

    def _settle(self) -> None:
        if not self.told:
            return
        ready = [shown for nodes, shown in self._waiting if nodes == self.told[-1]]
        self._waiting = [(nodes, shown) for nodes, shown in self._waiting if nodes != self.told[-1]]
        for shown in ready:
            shown.callback(None)


def pause(seconds: float) -> "Deferred[None]":
    """Fire after some time: only for what must *not* happen meanwhile, and would at once."""
    waited: Deferred[None] = Deferred()
    reactor.callLater(seconds, waited.callback, None)
    return waited


class LogContract(TestCase):
    """Tests of a log; a subclass says how one is opened."""

    __test__ = False
    timeout = 2 * LIMIT_S

    def make(self) -> ILog:
        """Open the same log as another node."""
        raise NotImplementedError

    def expire(self, node: str) -> "Deferred[None]":
        """End the lease of a node, as if it had not been renewed in time."""
        raise NotImplementedError

    def killed(self, node: str) -> "Deferred[int]":
        """Have a node begin and be killed at once; fires with its epoch."""
        raise NotImplementedError

    def open(self) -> ILog:
        """Open a log that is closed at the end."""
        log = self.make()
        self.addCleanup(log.close)
        return log

    async def test_interface(self) -> None:
        """It is what it says it is."""
        log = self.open()
        verifyObject(ILog, log)
        self.assertEqual((log.lease_age(), log.live_age()), (0.0, 0.0))
        begun = await log.begin("a1", b"{}")
        verifyObject(ILogWatch, log.watch(begun.revision, lambda entries: None, lambda failure: None))
        verifyObject(IWatch, log.watch_live(lambda nodes: None))
        self.assertEqual(log.trouble(), "")
        self.assertEqual((begun.head, begun.revision), (0, 0))
        self.assertTrue(begun.cluster)

    async def test_order(self) -> None:
        """Entries of two nodes come to both in one order, with numbers that have no gap."""
        first, second = self.open(), self.open()
        one, two = await first.begin("a1", b"{}"), await second.begin("b1", b"{}")
        self.assertEqual(one.cluster, two.cluster)
        self.assertLess(one.epoch, two.epoch)
        readers = [Reader(first), Reader(second, two.revision)]
        appended: list[Appended] = []
        for n in range(10):
            pair = DeferredList([first.append(b"a%d" % n), second.append(b"b%d" % n)], fireOnOneErrback=True)
            appended += [place for _, place in await pair]
        for reader in readers:
            await reader.have(20)
        self.assertEqual(readers[0].entries, readers[1].entries)
        self.assertEqual([entry.number for entry in readers[0].entries], list(range(1, 21)))
        self.assertEqual(
            sorted((place.number, place.revision) for place in appended),
            [(entry.number, entry.revision) for entry in readers[0].entries],
        )
        for letter in b"ab":
            own = [text for text in readers[0].texts if text[0] == letter]
            self.assertEqual(own, [b"%c%d" % (letter, n) for n in range(10)])

    async def test_from_the_middle(self) -> None:
        """A watch begins after the revision it is told, and delivers each entry once."""
        log = self.open()
        await log.begin("a1", b"{}")
        places = [await log.append(b"%d" % n) for n in range(5)]
        reader = Reader(log, places[2].revision)
        await reader.have(2)
        places.append(await log.append(b"5"))
        await reader.have(3)
        self.assertEqual(reader.texts, [b"3", b"4", b"5"])
        self.assertEqual([entry.revision for entry in reader.entries], [place.revision for place in places[3:]])

    async def test_any_bytes(self) -> None:
        """Entries hold any bytes, none at all and as many as are allowed, but no more."""
        log = self.open()
        await log.begin("a1", b"{}")
        reader = Reader(log)
        texts = [b"", bytes(range(256)), b"x" * MAX_ENTRY_BYTES]
        for text in texts:
            await log.append(text)
        await reader.have(3)
        self.assertEqual(reader.texts, texts)
        await self.assertFailure(log.append(b"x" * (MAX_ENTRY_BYTES + 1)), ValueError)
        await log.append(b"more")
        await reader.have(4)

    async def test_head_of_a_later_node(self) -> None:
        """Whoever begins is told how far the log goes, and that this is far enough."""
        first = self.open()
        await first.begin("a1", b"{}")
        places = [await first.append(b"%d" % n) for n in range(3)]
        second = self.open()
        begun = await second.begin("b1", b"{}")
        self.assertEqual((begun.head, begun.revision), (3, places[-1].revision))
        reader = Reader(second)
        await reader.have(3)

    async def test_pause(self) -> None:
        """While a watch is paused nothing is delivered, and everything when it goes on."""
        log = self.open()
        await log.begin("a1", b"{}")
        reader = Reader(log)
        await log.append(b"1")
        await reader.have(1)
        reader.watch.pause()
        for n in range(2, 6):
            await log.append(b"%d" % n)
        await pause(0.2)
        self.assertEqual(reader.texts, [b"1"])
        reader.watch.resume()
        await reader.have(5)
        self.assertEqual(reader.texts, [b"1", b"2", b"3", b"4", b"5"])

    async def test_pause_within(self) -> None:
        """A reader that pauses the watch while it is given entries gets no others, also of those that are there."""
        log = self.open()
        await log.begin("a1", b"{}")
        for n in range(300):
            await log.append(b"%d" % n)
        reader = Reader(log)
        calls: list[int] = []
        received = reader._received

        def once(entries: Sequence[LogEntry]) -> None:
            calls.append(len(entries))
            reader.watch.pause()
            received(entries)

        reader.watch.stop()
        reader.watch = log.watch(0, once, reader._end)
        while len(reader.entries) < 300:
            before = len(calls)
            await reader.have(len(reader.entries) + 1)
            await pause(0.01)
            self.assertEqual(len(calls), before + 1)
            reader.watch.resume()
        self.assertEqual(reader.texts, [b"%d" % n for n in range(300)])

    async def test_delay(self) -> None:
        """What is delayed comes all the same, once, whether or not anybody asks for it."""
        log = self.open()
        begun = await log.begin("a1", b"{}")
        reader = Reader(log, begun.revision)
        reader.watch.delay()
        await log.append(b"0")
        await reader.have(1)
        for n in range(1, 9):
            reader.watch.delay()
            await log.append(b"%d" % n)
            if n % 2:
                reader.watch.catch_up()
        await reader.have(9)
        self.assertEqual(reader.texts, [b"%d" % n for n in range(9)])
        reader.watch.stop()
        reader.watch.catch_up()

    async def test_stop(self) -> None:
        """A watch that was stopped delivers nothing."""
        log = self.open()
        await log.begin("a1", b"{}")
        reader, other = Reader(log), Reader(log)
        await log.append(b"1")
        await reader.have(1)
        reader.watch.stop()
        await log.append(b"2")
        await other.have(2)
        await pause(0.1)
        self.assertEqual(reader.texts, [b"1"])
        reader.watch.stop()

    async def test_fault_of_the_reader(self) -> None:
        """A reader that cannot take what it gets is told so, and gets nothing more."""
        log = self.open()
        await log.begin("a1", b"{}")
        calls: list[int] = []

        def take(entries: Sequence[LogEntry]) -> None:
            calls.append(len(entries))
            raise ZeroDivisionError

        ended: Deferred[BaseException] = Deferred()
        log.watch(0, take, lambda failure: ended.callback(failure.value))  # type: ignore[arg-type]  # an Exception
        await log.append(b"1")
        self.assertIsInstance(await ended.addTimeout(LIMIT_S, reactor), ZeroDivisionError)
        await log.append(b"2")
        await pause(0.1)
        self.assertEqual(calls, [1])

    async def test_fenced(self) -> None:
        """When the lease has ended nothing gets in, and the caller is told how far to look; then it begins anew."""
        log, other = self.open(), self.open()
        begun = await log.begin("a1", b"{}")
        await other.begin("b1", b"{}")
        await self.expire("a1")
        self.assertEqual((await self.assertFailure(log.append(b"lost"), Fenced)).revision, 0)
        begun = await log.begin("a1", b"{}")
        place = await log.append(b"1")
        await self.expire("a1")
        fenced = await self.assertFailure(log.append(b"lost"), Fenced)
        self.assertEqual(fenced.revision, place.revision)
        await self.assertFailure(log.append(b"lost too"), Fenced)
        again = await log.begin("a1", b"{}")
        self.assertGreater(again.epoch, begun.epoch)
        self.assertEqual(again.cluster, begun.cluster)
        await log.append(b"2")
        reader = Reader(other)
        await reader.have(2)
        self.assertEqual(reader.texts, [b"1", b"2"])

    async def test_begin_again(self) -> None:
        """Whoever begins although the epoch goes on gets a new one at once, and can append in it."""
        log = self.open()
        one = await log.begin("a1", b"{}")
        await log.append(b"1")
        two = await log.begin("a1", b"{}")
        self.assertGreater(two.epoch, one.epoch)
        self.assertEqual((await log.append(b"2")).number, 2)
        self.assertEqual(await log.live(), {"a1": LiveNode(two.epoch, b"{}")})

    async def test_live(self) -> None:
        """Everybody is told who is alive, whose card has changed, and who is gone."""
        first, second = self.open(), self.make()
        one = await first.begin("a1", b'{"n":1}')
        census = Census(first)
        await census.shows({"a1": LiveNode(one.epoch, b'{"n":1}')})
        two = await second.begin("b1", b'{"n":2}')
        await census.shows({"a1": LiveNode(one.epoch, b'{"n":1}'), "b1": LiveNode(two.epoch, b'{"n":2}')})
        await second.show(b'{"n":3}')
        await census.shows({"a1": LiveNode(one.epoch, b'{"n":1}'), "b1": LiveNode(two.epoch, b'{"n":3}')})
        self.assertEqual(await first.live(), census.told[-1])
        await second.append(b"a new card does not end the epoch")
        await second.close()
        await census.shows({"a1": LiveNode(one.epoch, b'{"n":1}')})

    async def test_expired_node(self) -> None:
        """A node whose lease has ended is seen to be gone, by others and by itself."""
        first, second = self.open(), self.open()
        one, two = await first.begin("a1", b"1"), await second.begin("b1", b"2")
        census = [Census(first), Census(second)]
        for each in census:
            await each.shows({"a1": LiveNode(one.epoch, b"1"), "b1": LiveNode(two.epoch, b"2")})
        await self.expire("b1")
        for each in census:
            await each.shows({"a1": LiveNode(one.epoch, b"1")})
        await self.assertFailure(second.show(b"3"), Fenced)
        three = await second.begin("b1", b"3")
        for each in census:
            await each.shows({"a1": LiveNode(one.epoch, b"1"), "b1": LiveNode(three.epoch, b"3")})

    async def test_close_frees_the_place(self) -> None:
        """A node that was closed can begin elsewhere at once, and cannot append any more."""
        log = self.make()
        one = await log.begin("a1", b"{}")
        await log.append(b"1")
        await log.close()
        again = self.open()
        two = await again.begin("a1", b"{}")
        self.assertGreater(two.epoch, one.epoch)
        await self.assertFailure(log.append(b"late"), Closed)

    async def test_killed_node(self) -> None:
        """A node that was killed can begin again when its lease has ended, without anybody's help."""
        epoch = await self.killed("a1")
        begun = await self.open().begin("a1", b"{}")
        self.assertGreater(begun.epoch, epoch)

    async def test_node_twice(self) -> None:
        """A second process under the name of one that is alive is refused, and does not hinder the first."""
        log = self.open()
        await log.begin("a1", b"{}")
        second = self.open()
        refused = await self.assertFailure(second.begin("a1", b"{}"), CannotStart)
        self.assertIn("a1", str(refused))
        self.assertEqual((await log.append(b"1")).number, 1)

    async def test_one_at_a_time(self) -> None:
        """Appending without an epoch, or two entries at once, is a fault of the caller."""
        log = self.open()
        with self.assertRaises(RuntimeError):
            log.append(b"1")
        await log.begin("a1", b"{}")
        first = log.append(b"1")
        with self.assertRaises(RuntimeError):
            log.append(b"2")
        await first
        self.assertEqual((await log.append(b"2")).number, 2)

    async def test_compacted(self) -> None:
        """Forgotten entries are no more, and who needs them is told; others go on."""
        log = self.open()
        await log.begin("a1", b"{}")
        reader = Reader(log)
        places = [await log.append(b"%d" % n) for n in range(6)]
        await reader.have(6)
        await log.compact(places[3].revision)
        late = Reader(log, places[0].revision)
        error = await late.ended()
        assert isinstance(error, Compacted)
        self.assertEqual(late.entries, [])
        self.assertLessEqual(error.revision, places[3].revision)
        rest = Reader(log, places[3].revision)
        await rest.have(2)
        self.assertEqual(rest.texts, [b"4", b"5"])
        await log.append(b"6")
        for each in (reader, rest):
            await each.have(len(each.entries) + 1 if each.entries[-1].number < 7 else 0)
            self.assertEqual(each.entries[-1].number, 7)
        await log.compact(places[1].revision)
        await log.compact(places[3].revision)
        self.assertEqual((await log.append(b"7")).number, 8)

    async def test_space_and_members(self) -> None:
        """The space that is used is told, and the servers, one of whom leads."""
        log = self.open()
        await log.begin("a1", b"{}")
        before = await log.space()
        self.assertFalse(before.is_full)
        self.assertGreater(before.quota, before.used)
        for _ in range(4):
            await log.append(b"x" * MAX_ENTRY_BYTES)
        # etcd tells of it when it has written its base, a moment later.
        while (await log.space()).used < before.used + 3 * MAX_ENTRY_BYTES:
            await pause(0.05)
        # A server that is slow to answer is not shown to be well.
        while not all(member.is_healthy for member in await log.members()):
            await pause(0.05)
        while [member.is_leader for member in await log.members()].count(True) != 1:
            await pause(0.05)

    async def test_lease_age(self) -> None:
        """The lease is renewed by itself, again and again."""
        log = self.open()
        await log.begin("a1", b"{}")
        for _ in range(2):
            before = 0.0
            while log.lease_age() >= before:
                before = log.lease_age()
                await pause(0.05)

    async def test_live_age(self) -> None:
        """Who is alive is looked at by itself, again and again."""
        log = self.open()
        await log.begin("a1", b"{}")
        await pause(3.0)
        while log.live_age() > 2.0:
            await pause(0.05)

    async def test_closed(self) -> None:
        """After it is closed nothing is delivered, and nothing can be asked."""
        log, other = self.make(), self.open()
        await log.begin("a1", b"{}")
        await other.begin("b1", b"{}")
        reader, witness = Reader(log), Reader(other)
        await log.close()
        await log.close()
        await other.append(b"1")
        await witness.have(1)
        await pause(0.1)
        self.assertEqual(reader.entries, [])
        await self.assertFailure(log.append(b"2"), Closed)
        await self.assertFailure(log.live(), Closed)
        await self.assertFailure(log.begin("a1", b"{}"), Closed)
