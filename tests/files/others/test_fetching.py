"""Files that are missing here are fetched from other nodes."""

import hashlib
from collections.abc import Callable
from typing import Any, BinaryIO

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.logger import LogLevel, capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.files.memory_shelf import MemoryShelf
from groupchat.files.others.fetching import AT_ONCE, REST_S, ROUND_S, WAIT_S, Fetching
from groupchat.files.others.file_requests import NotGiven
from groupchat.files.others.node_proofs import proof
from groupchat.interfaces.files import IOtherShelves, NoSpace
from groupchat.interfaces.storage import NodeCard
from groupchat.model.drafts import StoredFile
from groupchat.model.errors import FilesUnavailable, NoSuchFile


def stored(content: bytes) -> StoredFile:
    return StoredFile(hashlib.sha256(content).hexdigest(), len(content), "text/plain")


def card(address: str) -> NodeCard:
    return NodeCard(1, "1", 1, 0, address, secret="s", fingerprint="AB")


class FakeTransfer:
    """A file that was asked for; the test says what comes of it."""

    def __init__(self, address: str, file: StoredFile, take: Callable[[bytes], bool]) -> None:
        self.address = address
        self.file = file
        self.take = take
        self.done: Deferred[None] = Deferred()

    def resume(self) -> None:
        """Do nothing: memory is never full."""

    def cancel(self) -> None:
        self.done.errback(NotGiven("it was given up"))

    def give(self, content: bytes) -> None:
        """Let the whole file come."""
        self.take(content)
        self.done.callback(None)

    def refuse(self, is_away: bool = False) -> None:
        """Let the node not have it."""
        self.done.errback(NotGiven("it does not have it", is_away))


class FakeRequests:
    """Notes what is asked for.  ``asked``: what is not settled yet."""

    def __init__(self) -> None:
        self.all: list[FakeTransfer] = []
        self.closed = False

    @property
    def asked(self) -> list[FakeTransfer]:
        return [transfer for transfer in self.all if not transfer.done.called]

    def ask(self, node: NodeCard, file: StoredFile, take: Callable[[bytes], bool]) -> FakeTransfer:
        transfer = FakeTransfer(node.address, file, take)
        self.all.append(transfer)
        return transfer

    def close(self) -> "Deferred[None]":
        self.closed = True
        return succeed(None)


class FetchingCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.shelf = MemoryShelf()
        self.nodes = {"b": card("b:1"), "c": card("c:1")}
        self.requests = FakeRequests()
        self.fetching = Fetching(self.shelf, lambda: self.nodes, self.requests, self.clock, "secret")
        self.addCleanup(self.close)

    def close(self) -> None:
        """Close, and see that nothing is left to be called."""
        self.successResultOf(self.fetching.close())
        self.clock.advance(0)
        self.assertEqual((self.clock.getDelayedCalls(), self.requests.closed), ([], True))

    def content(self, file: StoredFile) -> bytes:
        """Return what is on the shelf."""
        opened: BinaryIO = self.successResultOf(self.shelf.open(file.sha256))
        return opened.read()

    def is_here(self, file: StoredFile) -> bool:
        found: list[Any] = []
        self.shelf.open(file.sha256).addBoth(found.append)
        return not hasattr(found[0], "check") or found[0].check(NoSuchFile) is None

    @property
    def only(self) -> FakeTransfer:
        """The one request under way."""
        (one,) = self.requests.asked
        return one


class AskedForTests(FetchingCase):
    """Somebody wants a file."""

    def test_interface(self) -> None:
        """It provides what the core asks of it."""
        verifyObject(IOtherShelves, self.fetching)

    def test_fetched(self) -> None:
        """It comes from a node that has it, is kept, and is not held."""
        file = stored(b"hello")
        fetched = self.fetching.fetch(file)
        self.only.give(b"hello")
        self.successResultOf(fetched)
        self.assertEqual((self.content(file), self.fetching.missing, self.fetching.fetched), (b"hello", 0, 1))
        self.assertEqual(self.successResultOf(self.shelf.idle()), {file.sha256})

    def test_next_node(self) -> None:
        """A node that does not have it, gives something else, or too little, is followed by the next."""
        file = stored(b"hello")
        for fault in ("none", "other", "short"):
            fetched = self.fetching.fetch(file)
            first = self.only
            if fault == "none":
                first.refuse()
            else:
                first.give(b"hallo" if fault == "other" else b"hell")
            second = self.only
            self.assertEqual({first.address, second.address}, {"b:1", "c:1"})
            self.assertFalse(self.is_here(file))
            self.assertEqual(self.shelf.count, 0)
            second.give(b"hello")
            self.successResultOf(fetched)
            self.successResultOf(self.shelf.idle())
            self.successResultOf(self.shelf.remove([file.sha256]))

    def test_giver_first(self) -> None:
        """The node that has given the last file is asked first."""
        self.fetching.fetch(stored(b"1"))
        self.only.refuse()
        self.only.give(b"1")
        self.fetching.fetch(stored(b"2"))
        self.assertEqual(self.only.address, "c:1")
        self.only.give(b"2")

    def test_once(self) -> None:
        """However many want it, it is fetched once."""
        file = stored(b"hello")
        waiting = [self.fetching.fetch(file) for _ in range(10)]
        self.fetching.want([file])
        self.only.give(b"hello")
        for fetched in waiting:
            self.successResultOf(fetched)
        self.clock.advance(0)
        self.assertEqual(len(self.requests.all), 1)

    def test_nowhere(self) -> None:
        """What no node has is refused, with the time to come back; until then nobody is asked again."""
        file = stored(b"hello")
        fetched = self.fetching.fetch(file)
        self.only.refuse()
        self.only.refuse()
        refusal = self.failureResultOf(fetched, FilesUnavailable).value
        assert isinstance(refusal, FilesUnavailable)
        self.assertEqual((refusal.wait, type(refusal)), (REST_S, FilesUnavailable))
        self.failureResultOf(self.fetching.fetch(file), FilesUnavailable)
        self.assertEqual((len(self.requests.all), self.fetching.missing), (2, 1))
        self.clock.advance(REST_S)
        fetched = self.fetching.fetch(file)
        self.only.give(b"hello")
        self.successResultOf(fetched)

    def test_alone(self) -> None:
        """Without another node that can be asked there is nobody who has it."""
        self.nodes = {"b": NodeCard(1, "", 1, 0, ""), "c": NodeCard(1, "", 1, 0, "c:1", secret="s")}
        self.failureResultOf(self.fetching.fetch(stored(b"hello")), FilesUnavailable)
        self.assertEqual(self.requests.all, [])

    def test_away(self) -> None:
        """A node that cannot be reached is left out for a while, for every file; the log says why, once."""
        self.fetching.fetch(stored(b"1"))
        with capturedLogs() as logs:
            self.only.refuse(is_away=True)
        self.only.give(b"1")
        told = [formatEvent(one) for one in logs if one["log_level"] is LogLevel.warn]
        self.assertEqual(told, ["No files can be fetched from the node b at b:1: it does not have it"])
        self.nodes.pop("c")
        self.failureResultOf(self.fetching.fetch(stored(b"2")), FilesUnavailable)
        self.clock.advance(REST_S)
        with capturedLogs() as logs:
            fetched = self.fetching.fetch(stored(b"3"))
            self.only.refuse(is_away=True)
        self.failureResultOf(fetched, FilesUnavailable)
        self.assertEqual([one for one in logs if one["log_level"] is LogLevel.warn], [])
        self.clock.advance(REST_S)
        self.fetching.fetch(stored(b"3"))
        self.assertEqual(self.only.address, "b:1")
        self.only.give(b"3")

    def test_patience(self) -> None:
        """Who has waited long is told to come back; the file comes all the same."""
        file = stored(b"hello")
        early = self.fetching.fetch(file)
        self.clock.advance(WAIT_S - 1)
        late = self.fetching.fetch(file)
        self.clock.advance(1)
        self.assertIn("on its way", str(self.failureResultOf(early, FilesUnavailable).value))
        self.only.give(b"hello")
        self.successResultOf(late)
        self.assertEqual(self.content(file), b"hello")

    def test_no_space(self) -> None:
        """Where there is no space for it, that is said, and no node is asked."""
        self.shelf._most = 4
        self.failureResultOf(self.fetching.fetch(stored(b"hello")), NoSpace)
        self.assertEqual(self.requests.all, [])
        self.assertEqual(self.fetching.missing, 1)

    def test_space_ends(self) -> None:
        """A disk that becomes full meanwhile is no fault of the node: nothing is kept, and no other is asked."""
        fetched = self.fetching.fetch(stored(b"hello"))
        self.shelf._most = 4
        self.only.give(b"hello")
        self.failureResultOf(fetched, NoSpace)
        self.assertEqual((self.shelf.count, len(self.requests.all)), (0, 1))

    def test_at_once(self) -> None:
        """Only some are fetched at a time; the others wait for their turn."""
        files = [stored(b"%d" % number) for number in range(AT_ONCE + 2)]
        waiting = [self.fetching.fetch(file) for file in files]
        self.assertEqual(len(self.requests.asked), AT_ONCE)
        for number in range(AT_ONCE + 2):
            next(one for one in self.requests.asked if one.file == files[number]).give(b"%d" % number)
        for fetched in waiting:
            self.successResultOf(fetched)

    def test_here_already(self) -> None:
        """What has come meanwhile is not fetched; what is damaged here is."""
        file = stored(b"hello")
        incoming = self.shelf.receive(5, lambda: None)
        incoming.write(b"hello")
        self.successResultOf(incoming.finish())
        self.successResultOf(self.fetching.fetch(file))
        self.assertEqual((self.requests.all, self.fetching.missing), ([], 0))
        self.shelf._contents[file.sha256] = b"hell"
        fetched = self.fetching.fetch(file)
        self.only.give(b"hello")
        self.successResultOf(fetched)
        self.assertEqual(self.content(file), b"hello")

    def test_admits(self) -> None:
        """Who shows that they have read this node's card is a node."""
        self.assertTrue(self.fetching.admits("ab", proof("secret", "ab")))
        self.assertFalse(self.fetching.admits("ab", proof("other", "ab")))

    def test_closed(self) -> None:
        """When the server stops, who waits is told, and nothing is left."""
        waiting = [self.fetching.fetch(stored(b"%d" % number)) for number in range(AT_ONCE + 1)]
        self.successResultOf(self.fetching.close())
        for fetched in (*waiting, self.fetching.fetch(stored(b"x"))):
            self.failureResultOf(fetched, FilesUnavailable)
        self.fetching.want([stored(b"y")])
        self.assertEqual((len(self.requests.all), self.shelf.count), (AT_ONCE, 0))


class ByAndByTests(FetchingCase):
    """What nobody asks for comes all the same."""

    def test_newest_first(self) -> None:
        """One comes after the other, the last first; what is posted meanwhile before all others."""
        files = [stored(b"%d" % number) for number in range(4)]
        self.fetching.want(files[:3])
        self.assertEqual(self.fetching.missing, 3)
        self.fetching.want(files[3:])
        order = []
        while self.requests.asked:
            number = files.index(self.only.file)
            order.append(number)
            self.only.give(b"%d" % number)
            self.clock.advance(0)
        self.assertEqual((order, self.fetching.missing), ([2, 3, 1, 0], 0))

    def test_rounds(self) -> None:
        """What no node has is asked for again later, and the log says so once."""
        file = stored(b"hello")
        with capturedLogs() as logs:
            for _ in range(3):
                if not self.requests.all:
                    self.fetching.want([file])
                else:
                    self.clock.advance(ROUND_S)
                self.only.refuse()
                self.only.refuse()
                self.clock.advance(0)
        self.assertEqual(len([one for one in logs if "No node that is alive" in one["log_format"]]), 1)
        self.clock.advance(ROUND_S)
        self.only.give(b"hello")
        self.clock.advance(0)
        self.assertEqual((self.content(file), self.clock.getDelayedCalls()), (b"hello", []))

    def test_not_asked(self) -> None:
        """That no node has a file is said only when all were asked: not at the start, when others are still unknown."""
        file, nodes = stored(b"hello"), self.nodes
        with capturedLogs() as logs:
            self.nodes = {}
            self.fetching.want([file])
            self.clock.advance(0)
            self.nodes = {"b": card("b:1"), "c": NodeCard(1, "", 0, 0, "")}  # which has just started
            self.clock.advance(ROUND_S)
            self.only.refuse()
            self.clock.advance(0)
            self.nodes = nodes
            self.clock.advance(ROUND_S)
            self.only.refuse()
            self.only.refuse(is_away=True)
            self.clock.advance(0)
            self.assertEqual([one for one in logs if "No node that is alive" in one["log_format"]], [])
            self.clock.advance(ROUND_S)
            self.only.refuse()
            self.only.refuse()
            self.clock.advance(0)
            self.assertEqual(len([one for one in logs if "No node that is alive" in one["log_format"]]), 1)
        with capturedLogs() as logs:
            self.clock.advance(ROUND_S)
            self.only.give(b"hello")
            self.clock.advance(0)
        self.assertEqual(len([one for one in logs if "All files" in one["log_format"]]), 1)

    def test_pauses(self) -> None:
        """It is asked for again soon, and then less and less often; soon again when something has come."""
        self.nodes = {"b": card("b:1")}
        pauses: list[float] = []
        self.fetching.want([stored(b"hello")])
        for _ in range(5):
            self.only.refuse()
            self.clock.advance(0)
            (call,) = self.clock.getDelayedCalls()
            pauses.append(call.getTime() - self.clock.seconds())
            self.clock.advance(pauses[-1])
        self.assertEqual(pauses, [REST_S, 2 * REST_S, 4 * REST_S, ROUND_S, ROUND_S])
        self.only.give(b"hello")
        self.clock.advance(0)
        self.fetching.want([stored(b"hullo")])
        self.only.refuse()
        self.clock.advance(0)
        (call,) = self.clock.getDelayedCalls()
        self.assertEqual(call.getTime() - self.clock.seconds(), REST_S)

    def test_thousands(self) -> None:
        """Thousands of files that are nowhere take no deep stack, and without nodes no time."""
        files = [stored(b"%d" % number) for number in range(3000)]
        self.nodes = {}
        self.fetching.want(files, is_certain=True)
        self.assertEqual(self.fetching.missing, 3000)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.nodes = {"b": card("b:1")}
        self.clock.advance(ROUND_S)
        for _ in files:
            self.only.refuse()
            self.clock.advance(0)
        self.assertEqual((len(self.requests.all), self.fetching.missing), (3000, 3000))

    def test_gone_meanwhile(self) -> None:
        """What no post names any more is not fetched."""
        files = [stored(b"1"), stored(b"2")]
        self.fetching.want(files)
        self.fetching.forget_all_but([files[1]])
        self.only.give(b"2")
        self.clock.advance(0)
        self.assertEqual((len(self.requests.all), self.fetching.missing), (1, 0))

    def test_wanted_at_once(self) -> None:
        """Who asks for a file does not wait for those that nobody asks for."""
        large, small = stored(b"large"), stored(b"small")
        self.fetching.want([small, large])
        self.assertEqual(self.only.file, large)
        fetched = self.fetching.fetch(small)
        self.requests.asked[1].give(b"small")
        self.successResultOf(fetched)
        self.only.give(b"large")
        self.clock.advance(0)
        self.assertEqual((len(self.requests.all), self.fetching.missing), (2, 0))
