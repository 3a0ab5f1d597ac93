"""Which servers answer."""

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError, DNSLookupError
from twisted.logger import capturedLogs

from groupchat.journals.logs.etcd.gateway import ATTEMPT_S, Refused, Unanswered
from groupchat.journals.logs.etcd.requests.server_requests import STATUS
from groupchat.journals.logs.etcd.roll_call import Reply, RollCall
from groupchat.journals.logs.etcd.rounds import REPEAT_S, TURN_S
from tests.journals.logs.etcd.servers import ONE, THREE, TWO, ServersTest


class RollCallTests(ServersTest):
    """What is told of the servers."""

    def told(self, *replies: Reply) -> str:
        """Return what is told when the newest requests came to this."""
        call = RollCall()
        servers = (ONE, TWO, THREE)[: len(replies)]
        for server, reply in zip(servers, replies, strict=True):
            call.note(server, reply)
        return call.trouble(servers)

    def test_no_majority(self) -> None:
        """Those that do not answer are named, all of them, and that they must be started."""
        for replies, sentence in (
            (
                (Reply.LEADERLESS, Reply.SILENT, Reply.SILENT),
                "etcd has no majority: 1 of 3 servers answers; 10.0.0.2:2379 and 10.0.0.3:2379 do not. Start them.",
            ),
            (
                (Reply.LEADERLESS, Reply.LEADERLESS, Reply.SILENT),
                (
                    "etcd has no leader: 2 of 3 servers answer; 10.0.0.3:2379 does not. Start it, and see that all"
                    " servers reach one another."
                ),
            ),
            (
                (Reply.LEADERLESS, Reply.LEADERLESS, Reply.LEADERLESS),
                (
                    "etcd has no leader: 3 of 3 servers answer, and most of etcd's servers are away, or do not"
                    " reach one another. Start those that are away."
                ),
            ),
            (
                (Reply.SILENT, Reply.SILENT, Reply.SILENT),
                (
                    "etcd has no majority: none of its 3 servers answers (10.0.0.1:2379, 10.0.0.2:2379, 10.0.0.3:2379)."
                    " Start them, or mend the network between here and there."
                ),
            ),
            (
                (Reply.SILENT,),
                "etcd does not answer at 10.0.0.1:2379. Start it, or mend the network between here and there.",
            ),
        ):
            self.assertEqual(self.told(*replies), sentence)

    def test_otherwise(self) -> None:
        """Nothing is told of a majority when a server answers, was not asked yet, or has another fault."""
        for other in (Reply.WELL, Reply.OTHER):
            self.assertEqual(self.told(Reply.SILENT, Reply.SILENT, other), "")
        call = RollCall()
        call.note(ONE, Reply.SILENT)
        self.assertEqual(call.trouble((ONE, TWO)), "")

    def test_requests(self) -> None:
        """What became of each request is noted, and told in the daemon's log when all servers were asked."""
        with capturedLogs() as events:
            asking = Deferred.fromCoroutine(self.rounds.first(STATUS))
            self.take(ONE).refuse("etcdserver: no leader", 14, 503)
            self.clock.advance(TURN_S)
            self.take(TWO).fail(ConnectionRefusedError())
            self.clock.advance(TURN_S)
            self.take(THREE)
            self.clock.advance(ATTEMPT_S)
            sentence = "etcd has no majority: 1 of 3 servers answers; 10.0.0.2:2379 and 10.0.0.3:2379 do not."
            self.assertIn(sentence, self.trouble())
            self.clock.advance(REPEAT_S)
            self.take(ONE).refuse("etcdserver: request timed out", 14, 503)
        self.assertIn(sentence, events[-1]["trouble"])
        self.clock.advance(TURN_S)
        self.take(TWO).fail(DNSLookupError())
        self.assertEqual(self.trouble(), "")
        self.clock.advance(TURN_S)
        self.take(THREE).answer({})
        self.successResultOf(asking)
        self.assertEqual(self.trouble(), "")

    def test_refused(self) -> None:
        """A server that refuses something answers."""
        asking = Deferred.fromCoroutine(self.gateway.call(ONE, STATUS))
        self.take(ONE).fail(ConnectionRefusedError())
        self.failureResultOf(asking, Unanswered)
        self.assertIn("does not answer", self.gateway.roll_call.trouble((ONE,)))
        asking = Deferred.fromCoroutine(self.gateway.call(ONE, STATUS))
        self.take(ONE).refuse("etcdserver: permission denied", 7, 403)
        self.failureResultOf(asking, Refused)
        self.assertEqual(self.gateway.roll_call.trouble((ONE,)), "")

    def trouble(self) -> str:
        """Return what is told of all servers."""
        return self.gateway.roll_call.trouble(self.rounds.servers)
