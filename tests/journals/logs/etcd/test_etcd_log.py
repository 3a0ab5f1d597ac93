"""A node's way to the log in etcd, on servers that answer what the test tells them to."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionRefusedError

from groupchat.interfaces.shared_log import LEASE_S, Appended, Begun, Closed, Fenced, ForeignLog, LiveNode, LogEntry
from groupchat.journals.logs.etcd.etcd_lease import CLAIM_S, RENEW_S
from groupchat.journals.logs.etcd.etcd_log import EtcdLog
from groupchat.journals.logs.etcd.gateway import ATTEMPT_S
from groupchat.journals.logs.etcd.rounds import TURN_S
from groupchat.model.errors import CannotStart
from tests.journals.logs.etcd.servers import HEADER, ONE, THREE, TWO, Asked, FakeAgent, ServersTest
from tests.journals.logs.etcd.test_log_watch import look

EPOCH, LEASE = 7, 7718503555018792196


def answer(*found: Any, revision: int = 20) -> dict[str, Any]:
    """Compose the answer of a transaction that did not hold, with what its ranges found."""
    ranges = [{"response_range": {"header": HEADER, **({"kvs": [one], "count": "1"} if one else {})}} for one in found]
    return {"header": {**HEADER, "revision": str(revision)}, "responses": ranges}


def newest(number: int) -> dict[str, str]:
    """Compose what is found of the log with its newest entry, entry n being at revision 10 + n."""
    return {"create_revision": "11", "mod_revision": str(10 + number), "version": str(number)}


def appended(number: int) -> dict[str, Any]:
    """Compose the answer of a transaction that has appended an entry."""
    found = newest(number)
    header = {**HEADER, "revision": found["mod_revision"]}
    put: dict[str, Any] = {"response_put": {"header": header}}
    last = {"response_range": {"header": header, "kvs": [found], "count": "1"}}
    return {"header": header, "succeeded": True, "responses": [put, put, last]}


class LogCase(ServersTest):
    """A log with three servers."""

    def setUp(self) -> None:
        super().setUp()
        self.watching = FakeAgent()
        self.is_closed = False
        self.log = EtcdLog(self.gateway, self.watching.open, (ONE, TWO, THREE), "gc", self.close)

    def close(self) -> "Deferred[None]":
        """Note that the connections were closed."""
        self.is_closed = True
        return succeed(None)

    def tell_versions(self) -> None:
        """Let all servers tell their version."""
        for server in (ONE, TWO, THREE):
            self.take(server, "status").answer({"version": "3.4.23"})

    def grant(self, lease: int = LEASE) -> None:
        """Let a server grant a lease."""
        asked = self.take(None, "lease/grant")
        self.assertEqual(asked.body, {"TTL": round(LEASE_S)})
        asked.answer({"header": HEADER, "ID": str(lease), "TTL": "10"})

    def place_taken(self, epoch: int = EPOCH) -> None:
        """Let the server that was asked give the node its place; another one may be asked by the lookout."""
        asked = next(one for one in self.agent.asked if one.body.get("compare"))
        self.agent.asked.remove(asked)
        self.assertEqual(asked.body["compare"][0]["create_revision"], "0")
        asked.answer({"header": {**HEADER, "revision": str(epoch)}, "succeeded": True, "responses": [{}]})

    def begin(self) -> Begun:
        """Begin where nothing hinders it."""
        begun = self.log.begin("a1", b"{}")
        self.tell_versions()
        self.take(ONE, "kv/txn").answer(look(3))
        self.grant()
        self.place_taken()
        self.take(ONE, "kv/txn").answer(look(3))
        self.take(THREE, "kv/txn").answer(look(3))  # the lookout begins
        return self.successResultOf(begun)


class BeginTests(LogCase):
    """A node takes its place."""

    def test_begun(self) -> None:
        """It learns the name of the log, its epoch and how far the log is."""
        self.assertEqual(self.begin(), Begun("abc", EPOCH, 3, 13))
        self.assertEqual((self.log.lease_age(), self.log.live_age()), (0.0, 0.0))
        self.clock.advance(1.5)  # nobody answers any more
        self.assertEqual(self.log.live_age(), 1.5)

    def test_first_ever(self) -> None:
        """Where there is no log one is made, under a random name."""
        begun = self.log.begin("a1", b"{}")
        self.tell_versions()
        self.take(ONE, "kv/txn").answer(look(0, cluster=""))
        self.take(ONE, "kv/range").answer({"header": HEADER})
        self.take(ONE, "kv/range").answer({"header": HEADER})
        made = self.take(ONE, "kv/txn")
        self.assertEqual(made.body["compare"][0]["version"], "0")
        made.answer({"header": HEADER, "succeeded": True, "responses": [{}]})
        self.take(ONE, "kv/txn").answer(look(0))
        self.grant()
        self.place_taken()
        self.take(ONE, "kv/txn").answer(look(0))
        self.assertEqual(self.successResultOf(begun), Begun("abc", EPOCH, 0, 0))

    def test_lost_answer(self) -> None:
        """A place that is had already under one's own lease is one's own: the answer was lost."""
        begun = self.log.begin("a1", b"{}")
        self.tell_versions()
        self.take(ONE, "kv/txn").answer(look(3))
        self.grant()
        self.take(ONE, "kv/txn")
        self.clock.advance(ATTEMPT_S)
        self.clock.advance(TURN_S)
        self.take(TWO, "kv/txn").answer(answer({"create_revision": str(EPOCH), "lease": str(LEASE)}, revision=9))
        self.take(TWO, "kv/txn").answer(look(3))
        self.assertEqual(self.successResultOf(begun).epoch, EPOCH)

    def test_closed_meanwhile(self) -> None:
        """Whichever step is under way when the log is closed, nothing goes on: neither looking nor renewing."""
        steps: tuple[Callable[[], object], ...] = (
            self.tell_versions,
            lambda: self.take(ONE, "kv/txn").answer(look(3)),
            self.grant,
            self.place_taken,
            lambda: self.take(ONE, "kv/txn").answer(look(3)),
            lambda: None,
        )
        for last in range(len(steps)):
            self.agent.asked.clear()
            self.log = EtcdLog(self.gateway, self.watching.open, (ONE, TWO, THREE), "gc", self.close)
            begun = self.log.begin("a1", b"{}")
            for step in steps[:last]:
                step()
            for asked in self.agent.asked:
                asked.response.addErrback(lambda _: None)
            closed = self.log.close()
            if last > 3:
                self.take(None, "lease/revoke").answer({})
            self.successResultOf(closed)
            if last < len(steps) - 1:
                self.failureResultOf(begun, Closed)
            self.assertEqual(self.clock.getDelayedCalls(), [])
            self.gateway.is_closed = False

    def wait_for_holder(self, left: int, term: int = 2) -> None:
        """Let the place belong to somebody whose lease goes on for so many seconds."""
        self.take(None, "kv/txn").answer(answer({"create_revision": "5", "lease": "55"}))
        asked = self.take(None, "timetolive")
        self.assertEqual(asked.body, {"ID": "55"})
        asked.answer({"header": {**HEADER, "raft_term": str(term)}, "ID": "55", "TTL": str(left)})
        self.clock.advance(CLAIM_S)

    def test_older_epoch(self) -> None:
        """An older epoch of the node is waited for, while the own lease is kept; also over a new leader of etcd."""
        begun = self.log.begin("a1", b"{}")
        self.tell_versions()
        self.take(ONE, "kv/txn").answer(look(3))
        self.grant()
        for left in (9, 9, 8):
            self.wait_for_holder(left)
        self.wait_for_holder(10, term=3)
        self.wait_for_holder(10, term=3)
        self.take(None, "keepalive").answer({"result": {"ID": str(LEASE), "TTL": "10"}})
        self.wait_for_holder(1, term=3)
        self.place_taken(9)
        self.take(ONE, "kv/txn").answer(look(3))
        self.assertEqual(self.successResultOf(begun).epoch, 9)

    def test_somebody_else(self) -> None:
        """Whoever renews the lease of the node's place is alive."""
        begun = self.log.begin("a1", b"{}")
        self.tell_versions()
        self.take(ONE, "kv/txn").answer(look(3))
        self.grant()
        for left in (9, 8, 10):
            self.assertNoResult(begun)
            self.wait_for_holder(left)
        self.assertIn("“a1”", str(self.failureResultOf(begun, CannotStart).value))
        self.clock.advance(RENEW_S)
        self.assert_quiet()

    def test_own_lease_ended(self) -> None:
        """If the lease has ended before the place was taken, there is a new one."""
        begun = self.log.begin("a1", b"{}")
        self.tell_versions()
        self.take(ONE, "kv/txn").answer(look(3))
        self.grant()
        self.take(ONE, "kv/txn").refuse("etcdserver: requested lease not found", 5, 404)
        self.grant(99)
        self.place_taken(9)
        self.take(ONE, "kv/txn").answer(look(3))
        self.successResultOf(begun)
        self.clock.advance(RENEW_S)
        self.assertEqual(self.take(None, "keepalive").body, {"ID": "99"})

    def test_another_log(self) -> None:
        """A node that has begun in one log does not go on in another."""
        self.begin()
        begun = self.log.begin("a1", b"{}")
        self.take(None, "lease/revoke").answer({})
        self.take(ONE, "kv/txn").answer(look(3, cluster="other"))
        self.failureResultOf(begun, ForeignLog)

    def test_refused_later(self) -> None:
        """A node that is refused when it begins anew waits until it is not, with a new lease each time."""
        self.begin()
        self.log._lookout.stop()
        begun = self.log.begin("a1", b"{}")
        self.take(None, "lease/revoke").answer({})
        self.take(ONE, "kv/txn").refuse("etcdserver: permission denied", 7, 403)
        self.assertIn("permission denied", self.log.trouble())
        self.clock.advance(1)
        self.take(TWO, "kv/txn").answer(look(3))
        self.grant(98)
        self.take(TWO, "kv/txn").refuse("etcdserver: permission denied", 7, 403)
        self.clock.advance(CLAIM_S)
        self.grant(99)
        self.place_taken(31)
        self.take(THREE, "kv/txn").answer(look(3))
        self.assertEqual(self.successResultOf(begun).epoch, 31)

    def test_lease_is_not_ended(self) -> None:
        """A lease that etcd does not end when it is asked to ends by itself: the node begins anew all the same."""
        self.begin()
        begun = self.log.begin("a1", b"{}")
        self.take(None, "lease/revoke").refuse("etcdserver: permission denied", 7, 403)
        self.take(ONE, "kv/txn").answer(look(3))
        self.grant(99)
        self.place_taken(31)
        self.take(ONE, "kv/txn").answer(look(3))
        self.assertEqual(self.successResultOf(begun).epoch, 31)

    def test_again(self) -> None:
        """A new epoch ends the one before, and counts its entries anew."""
        self.begin()
        self.log.append(b"1")
        self.take(ONE, "kv/txn").answer(appended(4))
        begun = self.log.begin("a1", b"{}")
        asked = self.take(None, "lease/revoke")
        self.assertEqual(asked.body, {"ID": str(LEASE)})
        asked.refuse("etcdserver: requested lease not found", 5, 404)
        self.take(ONE, "kv/txn").answer(look(4))
        self.grant(99)
        self.place_taken(31)
        self.take(ONE, "kv/txn").answer(look(4))
        self.assertEqual(self.successResultOf(begun), Begun("abc", 31, 4, 14))
        self.log.append(b"2").addErrback(lambda _: None)
        compare = self.take(ONE, "kv/txn").body["compare"]
        told = [compare[0]["create_revision"], compare[1]["lease"], compare[2]["version"]]
        self.assertEqual(told, ["31", "99", "0"])


class AppendTests(LogCase):
    """Every way in which an append can end."""

    def setUp(self) -> None:
        super().setUp()
        self.begin()
        self.appended = self.log.append(b"data")
        self.asked = self.take(ONE, "kv/txn")

    def repeated(self) -> Asked:
        """Let the first attempt fail; return the next one, which is the same at another server."""
        self.asked.fail(ConnectionRefusedError())
        self.assertIn("cannot be reached", self.log.trouble())
        self.clock.advance(TURN_S)
        asked = self.take(TWO, "kv/txn")
        self.assertEqual(asked.body, self.asked.body)
        return asked

    def test_appended(self) -> None:
        """The answer tells the place."""
        self.asked.answer(appended(4))
        self.assertEqual(self.successResultOf(self.appended), Appended(4, 14))

    def test_in_already(self) -> None:
        """An attempt whose answer was lost had succeeded."""
        live, sent = {"create_revision": str(EPOCH)}, {"version": "1", "mod_revision": "14"}
        self.repeated().answer(answer(live, sent, newest(4)))
        self.assertEqual(self.successResultOf(self.appended), Appended(4, 14))
        self.assertEqual(self.log.trouble(), "")

    def test_in_already_and_others_since(self) -> None:
        """If others have appended since, the number is asked for."""
        live, sent = {"create_revision": str(EPOCH)}, {"version": "1", "mod_revision": "14"}
        self.repeated().answer(answer(live, sent, newest(6)))
        asked = self.take(None, "kv/range")
        self.assertEqual(asked.body["revision"], "14")
        asked.answer({"header": HEADER, "kvs": [newest(4)], "count": "1"})
        self.assertEqual(self.successResultOf(self.appended), Appended(4, 14))

    def test_fenced(self) -> None:
        """The epoch has ended: nobody is live, or another one is; the newest entry then is told."""
        for live in (None, {"create_revision": "9"}):
            self.setUp()
            self.repeated().answer(answer(live, None, newest(4)))
            self.assertEqual(self.failureResultOf(self.appended, Fenced).value.revision, 14)

    def test_fenced_in_an_empty_log(self) -> None:
        """Where there is no entry there is nothing to wait for."""
        self.asked.answer(answer(None, None, None))
        self.assertEqual(self.failureResultOf(self.appended, Fenced).value.revision, 0)

    def test_refused(self) -> None:
        """What is refused is tried again: somebody may put it right."""
        self.asked.refuse("etcdserver: permission denied", 7, 403)
        self.assertIn("permission denied", self.log.trouble())
        self.clock.advance(1)
        self.take(TWO, "kv/txn").answer(appended(4))
        self.successResultOf(self.appended)

    def test_count(self) -> None:
        """Entries of an epoch are counted, also those that were in already."""
        self.asked.answer(appended(4))
        self.log.append(b"more").addErrback(lambda _: None)
        self.assertEqual(self.take(ONE, "kv/txn").body["compare"][2]["version"], "1")

    def test_closed(self) -> None:
        """Closing gives the place up, and ends what is under way."""
        self.asked.response.addErrback(lambda failure: failure)
        closed = self.log.close()
        self.failureResultOf(self.appended, Closed)
        self.assertNoResult(closed)
        asked = self.take(None, "lease/revoke")
        self.assertEqual(asked.body, {"ID": str(LEASE)})
        asked.answer({})
        self.successResultOf(closed)
        self.assertTrue(self.is_closed)
        self.assert_quiet()
        self.failureResultOf(self.log.live(), Closed)

    def test_closed_without_answer(self) -> None:
        """Closing does not wait for ever for servers that do not answer."""
        self.appended.addErrback(lambda _: None)
        closed = self.log.close()
        self.clock.pump([ATTEMPT_S] * 3)
        self.successResultOf(closed)


class LeaseTests(LogCase):
    """The lease is renewed."""

    def setUp(self) -> None:
        super().setUp()
        self.begin()

    def renewal(self, server: Any = ONE) -> Asked:
        """Return the renewal that was asked for."""
        return self.take(server, "keepalive")

    def test_renewed(self) -> None:
        """It is renewed in time, and its age counted from when that was asked for."""
        self.clock.advance(RENEW_S)
        asked = self.renewal()
        self.assertEqual(asked.body, {"ID": str(LEASE)})
        self.clock.advance(0.25)
        asked.answer({"result": {"ID": str(LEASE), "TTL": "10"}})
        self.assertEqual(self.log.lease_age(), 0.25)
        self.clock.advance(RENEW_S - 0.25)
        self.renewal()

    def test_elsewhere(self) -> None:
        """A server that does not answer, or has lost the others, is left for the next one."""
        self.clock.advance(RENEW_S)
        self.renewal()
        self.clock.advance(ATTEMPT_S)
        self.assertIn("does not answer", self.log.trouble())
        self.clock.advance(TURN_S)
        self.renewal(TWO).answer({"error": {"grpc_code": 14, "message": "etcdserver: no leader"}}, 503)
        self.clock.advance(TURN_S)
        self.renewal(THREE).answer({"result": {"ID": str(LEASE), "TTL": "10"}})
        self.assertEqual(self.log.lease_age(), 0.0)
        self.assertEqual(self.log.trouble(), "")

    def test_gone(self) -> None:
        """A lease that has ended is not renewed any more."""
        self.clock.advance(RENEW_S)
        self.renewal().answer({"result": {"ID": str(LEASE)}})
        self.agent.asked.clear()
        self.clock.advance(2 * RENEW_S)
        with self.assertRaises(AssertionError):
            self.renewal(None)


class OtherTests(LogCase):
    """The rest of what can be asked."""

    def test_card(self) -> None:
        """A card is replaced in one's own epoch only."""
        self.begin()
        shown = self.log.show(b"new")
        asked = self.take(ONE, "kv/txn")
        self.assertEqual(asked.body["compare"][0]["create_revision"], str(EPOCH))
        asked.answer({"succeeded": True, "responses": [{}]})
        self.successResultOf(shown)
        shown = self.log.show(b"newer")
        self.take(ONE, "kv/txn").answer(answer(newest(4)))
        self.assertEqual(self.failureResultOf(shown, Fenced).value.revision, 14)

    def test_live(self) -> None:
        """Who is alive can be asked before one is so oneself."""
        live = self.log.live()
        node = {"key": "Z2MvbGl2ZS9iMQ==", "create_revision": "5", "value": "e30="}
        self.take(ONE, "kv/txn").answer(look(3, live=[node]))
        self.assertEqual(self.successResultOf(live), {"b1": LiveNode(5, b"{}")})

    def test_watch(self) -> None:
        """A watch is at another server than the appends, and begins in a turn of its own."""
        self.begin()
        got: list[LogEntry] = []
        watch = self.log.watch(13, got.extend, lambda failure: None)
        self.assertEqual(self.agent.asked, [])
        self.clock.advance(0)
        self.take(TWO, "kv/txn").answer(look(3))
        self.watching.take(TWO, "watch")
        watch.stop()

    def test_watch_stopped_at_once(self) -> None:
        """A watch that is stopped before it begins never does."""
        self.begin()
        self.log.watch(13, lambda entries: None, lambda failure: None).stop()
        self.clock.advance(0)
        self.assertEqual(self.agent.asked, [])
