"""Looking at the log twice a second."""

from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionRefusedError
from twisted.logger import LogLevel, capturedLogs, formatEvent
from zope.interface.verify import verifyObject

from groupchat.interfaces.shared_log import ForeignLog, IWatch, LiveNode
from groupchat.interfaces.storage import BLIND_S
from groupchat.journals.logs.etcd.log_watch import MOVE_BYTES
from groupchat.journals.logs.etcd.lookout import CHECK_S, LOOK_S, LiveWatch, Lookout
from groupchat.journals.logs.etcd.requests.etcd_requests import Requests
from groupchat.journals.logs.etcd.rounds import TURN_S, Rounds
from tests.journals.logs.etcd.servers import ONE, THREE, TWO
from tests.journals.logs.etcd.test_log_watch import WatchCase, b64, line, look


def live(name: str, epoch: int) -> Any:
    """Compose what is found of a node."""
    return {"key": b64(f"gc/live/{name}".encode()), "create_revision": str(epoch), "value": b64(b"{}")}


class LookoutTests(WatchCase):
    """A lookout beside a watch of the first server."""

    def setUp(self) -> None:
        super().setUp()
        self.response = self.begin(ONE, 0, 91)
        self.lookout = Lookout(Rounds(self.gateway, (ONE, TWO, THREE)), Requests("gc"))
        self.lookout.watches.append(self.watch)
        self.told: list[Mapping[str, LiveNode]] = []
        self.live_watch = LiveWatch(self.lookout, self.told.append)
        verifyObject(IWatch, self.live_watch)
        self.lookout.live_watches.append(self.live_watch)
        self.lookout.epoch = 7
        self.lookout.begin()
        self.addCleanup(self.lookout.stop)

    def look(self, *answer: Any, **more: Any) -> None:
        """Let the second server answer, and half a second pass."""
        self.take(TWO, "kv/txn").answer(look(*answer, **more))
        self.clock.advance(LOOK_S)

    def test_elsewhere(self) -> None:
        """The server that is watched is not asked; after a failure it is the next one."""
        self.take(TWO).fail(ConnectionRefusedError())
        self.clock.advance(TURN_S)
        self.take(THREE).fail(ConnectionRefusedError())
        self.clock.advance(TURN_S)
        self.look(0)
        self.take(TWO)

    def test_something_else(self) -> None:
        """A server in whose place something else answers in JSON is no answer: the next one is asked, and so on."""
        for body in (b'{"status": "ok"}', b"{}", b'{"header": null, "responses": []}', b'{"result": []}'):
            self.take(TWO).answer(body)
            self.clock.advance(TURN_S)
            self.take(THREE).fail(ConnectionRefusedError())
            self.clock.advance(TURN_S)
        self.look(0)
        self.take(TWO)

    def test_silent(self) -> None:
        """A watch that has not moved for two looks, though there is more, begins anew elsewhere."""
        self.look(1)
        self.assertFalse(self.response.is_left)
        self.take(TWO).answer(look(1))
        self.assertTrue(self.response.is_left)
        self.clock.advance(LOOK_S)
        self.take(TWO, "kv/txn")  # the watch asks the next server before it begins there

    def test_moving(self) -> None:
        """A watch that is behind, but gets something between two looks, goes on; of a long line a part will do."""
        self.look(3)
        self.response.feed(line(1))
        self.look(3)
        self.response.feed(b" " * MOVE_BYTES + line(2)[:9])
        self.look(3)
        self.assertFalse(self.response.is_left)
        self.response.feed(line(2)[9:])
        self.response.feed(line(3))
        self.look(3)
        self.look(3)
        self.assertFalse(self.response.is_left)

    def test_trickling(self) -> None:
        """A watch that gets a few bytes between two looks, and so never what they say, begins anew elsewhere."""
        self.look(1)
        self.response.feed(line(1)[:9])
        self.take(TWO).answer(look(1))
        self.assertTrue(self.response.is_left)
        self.clock.advance(LOOK_S)
        self.take(TWO, "kv/txn")

    def test_paused(self) -> None:
        """A watch that is paused is behind on purpose."""
        self.watch.pause()
        for _ in range(4):
            self.look(3)
        self.assertFalse(self.response.is_left)

    def test_another_log(self) -> None:
        """A log that is another one ends the watch."""
        self.look(0, cluster="other")
        self.assertIsInstance(self.errors[0], ForeignLog)
        self.look(0, cluster="other")

    def test_overtaken(self) -> None:
        """An entry that comes while the look is on its way does not make the log an older copy."""
        asked = self.take(TWO)
        self.response.feed(line(1))
        asked.answer(look(0))
        self.clock.advance(LOOK_S)
        self.assertEqual(self.errors, [])
        self.look(0)
        self.assertIsInstance(self.errors[0], ForeignLog)

    def test_live(self) -> None:
        """Changes of who is alive are told once each."""
        for nodes in ([live("a1", 7)], [live("a1", 7)], [live("a1", 7), live("b1", 9)], [live("b1", 12)]):
            self.look(0, live=nodes)
        a, b, c = LiveNode(7, b"{}"), LiveNode(9, b"{}"), LiveNode(12, b"{}")
        self.assertEqual(self.told, [{"a1": a}, {"a1": a, "b1": b}, {"b1": c}])

    def test_stopped_listener(self) -> None:
        """Whoever has stopped is told nothing, not even what was about to be told; who pauses is told later."""
        self.live_watch.pause()
        self.look(0, live=[live("a1", 7)])
        self.assertEqual(self.told, [])
        self.live_watch.resume()
        self.look(0, live=[live("a1", 7)])
        self.assertEqual(len(self.told), 1)
        self.take(TWO).answer(look(0, live=[live("b1", 9)]))
        self.live_watch.stop()
        self.clock.advance(LOOK_S)
        self.look(0, live=[live("a1", 7)])
        self.assertEqual(len(self.told), 1)

    def test_before_the_epoch(self) -> None:
        """What is older than one's own epoch is not told, and nothing while one begins."""
        self.lookout.epoch = 91
        self.look(0, live=[live("a1", 7)])
        self.lookout.epoch = None
        self.look(0, live=[live("a1", 7)])
        self.assertEqual(self.told, [])
        self.lookout.epoch = 90
        self.look(0, live=[live("a1", 90)])
        self.assertEqual(self.told, [{"a1": LiveNode(90, b"{}")}])

    def test_begun_anew_before_it_is_told(self) -> None:
        """What was seen just before a new epoch is sought is not told any more, but what is then."""
        self.take(TWO).answer(look(0, live=[live("a1", 7)]))
        self.lookout.epoch = None
        self.clock.advance(LOOK_S)
        self.assertEqual(self.told, [])
        self.lookout.epoch = 7
        self.look(0, live=[live("a1", 7)])
        self.assertEqual(self.told, [{"a1": LiveNode(7, b"{}")}])

    def test_refused(self) -> None:
        """After a server that does not let one look the next one is asked, and so on."""
        for _ in range(2):
            self.take(TWO).refuse("etcdserver: permission denied", 7, 403)
            self.clock.advance(LOOK_S)
            self.take(THREE, "kv/txn").answer(look(0))
            self.clock.advance(LOOK_S)
            self.take(THREE).fail(ConnectionRefusedError())
            self.clock.advance(TURN_S)

    def blind(self, seconds: float) -> list[Any]:
        """Let some time pass in which nothing is seen; return what the daemon's log says."""
        with capturedLogs() as events:
            self.clock.pump([CHECK_S] * round(seconds / CHECK_S))
        return [formatEvent(event) for event in events if event["log_level"] >= LogLevel.info]

    def assert_sees_again(self) -> None:
        """See that looking has begun anew, and that what it sees is told."""
        with capturedLogs() as events:
            self.take().answer(look(0, live=[live("b1", 9)]))
            self.clock.advance(0)
        self.assertIn("sees the others again", formatEvent(events[0]))
        self.assertEqual(self.told[-1], {"b1": LiveNode(9, b"{}")})
        self.assertEqual(self.lookout.seen, self.clock.seconds())

    def test_hanging(self) -> None:
        """Looking that waits for something that never comes is told once, and begun anew until it sees something."""
        begun = []

        async def hang(request: Any) -> None:
            begun.append(request)
            await Deferred()

        hanging = self.patch(self.lookout._rounds, "attempt", hang)
        self.look(0)
        self.assertEqual(len(begun), 1)
        self.assertEqual(self.blind(BLIND_S - CHECK_S), [])
        [told] = self.blind(CHECK_S)
        self.assertIn("has not seen for 16 s which others are alive and how far they are", told)
        self.assertEqual(len(begun), 2)
        self.assertEqual(self.blind(BLIND_S), [])
        self.assertEqual(len(begun), 3)
        hanging.restore()
        self.assertEqual(self.blind(BLIND_S), [])
        self.assert_sees_again()

    def test_ended(self) -> None:
        """Looking that has ended, however that came, is begun anew."""
        self.take(TWO).fail(CancelledError())
        self.clock.advance(LOOK_S)
        self.assertEqual(self.agent.asked, [])
        self.assertEqual(len(self.blind(BLIND_S)), 1)
        self.assert_sees_again()

    def test_older(self) -> None:
        """What is older than one's own epoch is not seen; while none is known, nothing is told, but it is seen."""
        self.lookout.epoch = 91
        self.clock.advance(LOOK_S)
        self.look(0)
        self.assertEqual(self.lookout.seen, 0.0)
        self.lookout.epoch = None
        self.look(0)
        self.assertEqual(self.lookout.seen, 2 * LOOK_S)

    def test_cancelled(self) -> None:
        """It ends when it is stopped, and begins once only."""
        self.lookout.begin()
        self.watch.stop()
        self.lookout.stop()
        self.take(TWO)
        self.assert_quiet()
