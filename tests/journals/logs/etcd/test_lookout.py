"""Looking at the log twice a second."""

from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError
from zope.interface.verify import verifyObject

from groupchat.interfaces.shared_log import ForeignLog, IWatch, LiveNode
from groupchat.journals.logs.etcd.log_watch import MOVE_BYTES
from groupchat.journals.logs.etcd.lookout import LOOK_S, LiveWatch, Lookout
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
        self.running = Deferred.fromCoroutine(self.lookout.run())
        self.running.addErrback(lambda _: None)

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
            self.assertNoResult(self.running)
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
        """A server that does not let one look is asked again."""
        self.take(TWO).refuse("etcdserver: permission denied", 7, 403)
        self.clock.advance(LOOK_S)
        self.look(0)

    def test_cancelled(self) -> None:
        """It ends when it is cancelled."""
        self.watch.stop()
        self.running.cancel()
        self.take(TWO)
        self.assert_quiet()
