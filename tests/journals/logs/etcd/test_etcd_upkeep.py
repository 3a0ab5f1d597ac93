"""Looking after the servers."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError

from groupchat.interfaces.shared_log import Closed, Member, Space
from groupchat.journals.logs.etcd.etcd_connections import Server
from groupchat.journals.logs.etcd.etcd_upkeep import QUOTA_BYTES, Upkeep, is_usable
from groupchat.journals.logs.etcd.rounds import TURN_S
from groupchat.model.errors import CannotStart
from tests.journals.logs.etcd.servers import ONE, THREE, TWO, ServersTest

LEADER = "12485005679146194607"


class UpkeepTests(ServersTest):
    """Three servers, the first of which leads."""

    def setUp(self) -> None:
        super().setUp()
        self.upkeep = Upkeep(self.rounds)

    def status(self, server: Server, **fields: Any) -> None:
        """Let a server tell how it is."""
        member = LEADER if server == ONE else server.host
        usual = {"header": {"member_id": member}, "version": "3.4.23", "leader": LEADER, "dbSize": "24576"}
        self.take(server, "status").answer({**usual, **fields})

    def test_versions(self) -> None:
        """3.4 can be used, and 3.5 and what follows since 3.5.6."""
        for version in ("3.4.0", "3.4.23", "3.5.6", "3.5.21", "3.6.0", "4.0.0-rc.1"):
            self.assertTrue(is_usable(version), version)
        for version in ("3.3.27", "3.5.0", "3.5.5", "2.3.8", "", "new"):
            self.assertFalse(is_usable(version), version)

    def test_wrong_version(self) -> None:
        """One server of a wrong version is enough, and it is named with what can be used."""
        checked = Deferred.fromCoroutine(self.upkeep.check_versions())
        self.status(ONE)
        self.status(TWO, version="3.5.2")
        self.take(THREE).fail(ConnectionRefusedError())
        error = str(self.failureResultOf(checked, CannotStart).value)
        for word in ("10.0.0.2:2379", "3.5.2", "3.5.6"):
            self.assertIn(word, error)

    def test_no_version(self) -> None:
        """If nobody answers, the first who does is asked."""
        checked = Deferred.fromCoroutine(self.upkeep.check_versions())
        for server in (ONE, TWO, THREE):
            self.take(server).fail(ConnectionRefusedError())
        self.take(ONE).fail(ConnectionRefusedError())
        self.assertNoResult(checked)
        self.clock.advance(TURN_S)
        self.status(TWO, version="3.5.5")
        self.assertIn("10.0.0.2:2379", str(self.failureResultOf(checked, CannotStart).value))

    def test_compact(self) -> None:
        """The log is compacted; each server that answers gives back its space, the leader last; alarms are ended."""
        compacted = Deferred.fromCoroutine(self.upkeep.compact(24))
        asked = self.take(ONE, "compaction")
        self.assertEqual(asked.body["revision"], "24")
        asked.answer({"header": {}})
        self.take(TWO, "status").fail(ConnectionRefusedError())
        self.status(ONE)
        self.status(THREE)
        self.take(THREE, "defragment").answer({})
        self.take(ONE, "defragment").answer({})
        alarms = [{"memberID": "1", "alarm": "NOSPACE"}, {"memberID": "2", "alarm": "CORRUPT"}]
        self.take(ONE, "alarm").answer({"alarms": alarms})
        self.assertNoResult(compacted)
        asked = self.take(ONE, "alarm")
        self.assertEqual(asked.body, {"action": "DEACTIVATE", "memberID": "1", "alarm": "NOSPACE"})
        asked.answer({})
        self.successResultOf(compacted)
        self.assert_quiet()

    def test_compact_again(self) -> None:
        """What was compacted before is no fault, nor is a server that may not be defragmented."""
        compacted = Deferred.fromCoroutine(self.upkeep.compact(24))
        self.take(ONE, "compaction").refuse("etcdserver: mvcc: required revision has been compacted", 11)
        for server in (ONE, TWO, THREE):
            self.status(server)
        for server in (TWO, THREE, ONE):
            self.take(server, "defragment").refuse("auth: permission denied", 2, 500)
        self.take(ONE, "alarm").answer({})
        self.successResultOf(compacted)

    def test_space(self) -> None:
        """The fullest server counts; the quota is told by newer versions only."""
        for told, quota in (({}, QUOTA_BYTES), ({"dbSizeQuota": "8000000"}, 8_000_000)):
            result = Deferred.fromCoroutine(self.upkeep.space())
            self.status(ONE, dbSize="100", **told)
            self.status(TWO, dbSize="300")
            self.take(THREE).fail(ConnectionRefusedError())
            self.take(ONE, "alarm").answer({})
            self.assertEqual(self.successResultOf(result), Space(300, quota, False))

    def forbid(self, path: str, *servers: Server) -> None:
        """Let servers tell something to their user root only."""
        for server in servers:
            self.take(server, path).refuse("etcdserver: permission denied", 7, 403)

    def test_untold(self) -> None:
        """Servers that tell how they are to root only are of a version that can be used, and taken to have space."""
        checked = Deferred.fromCoroutine(self.upkeep.check_versions())
        self.forbid("status", ONE, TWO, THREE)
        self.successResultOf(checked)
        result = Deferred.fromCoroutine(self.upkeep.space())
        self.forbid("status", ONE, TWO, THREE)
        self.forbid("alarm", ONE)
        self.assertEqual(self.successResultOf(result), Space(0, QUOTA_BYTES, False))
        compacted = Deferred.fromCoroutine(self.upkeep.compact(24))
        self.take(ONE, "compaction").answer({"header": {}})
        self.forbid("status", ONE, TWO, THREE)
        self.forbid("defragment", ONE, TWO, THREE)
        self.forbid("alarm", ONE)
        self.successResultOf(compacted)
        self.assert_quiet()

    def test_untold_later(self) -> None:
        """So it is when none answers at first."""
        checked = Deferred.fromCoroutine(self.upkeep.check_versions())
        for server in (ONE, TWO, THREE):
            self.take(server).fail(ConnectionRefusedError())
        self.forbid("status", ONE)
        self.successResultOf(checked)

    def test_refused_otherwise(self) -> None:
        """What is refused for another reason ends the start."""
        checked = Deferred.fromCoroutine(self.upkeep.check_versions())
        for server in (ONE, TWO, THREE):
            self.take(server).fail(ConnectionRefusedError())
        self.take(ONE, "status").refuse("etcdserver: not so", 3)
        self.assertIn("not so", str(self.failureResultOf(checked, CannotStart).value))

    def test_members(self) -> None:
        """All members are told of: those that are away, new ones without a name, and those without a leader."""
        result = Deferred.fromCoroutine(self.upkeep.members())
        members = [
            {"ID": TWO.host, "name": "e2"},
            {"ID": LEADER, "name": "e1"},
            {"ID": THREE.host, "name": "e3"},
            {"ID": "9", "peerURLs": ["http://new:2380"]},
        ]
        self.take(ONE, "member/list").answer({"members": members})
        self.status(ONE)
        self.take(TWO, "status").answer({"header": {"member_id": TWO.host}, "errors": ["etcdserver: no leader"]})
        self.take(THREE).fail(ConnectionRefusedError())
        expected = [
            Member("e1", True, True),
            Member("e2", False, False),
            Member("e3", False, False),
            Member("http://new:2380", False, False),
        ]
        self.assertEqual(self.successResultOf(result), expected)

    def test_cancelled(self) -> None:
        """Closing ends what is asked of all servers at once."""
        result = Deferred.fromCoroutine(self.upkeep.space())
        asked = [self.take(server) for server in (ONE, TWO, THREE)]
        result.cancel()
        self.failureResultOf(result, Closed)
        self.assertTrue(all(one.response.called for one in asked))
        self.assert_quiet()
