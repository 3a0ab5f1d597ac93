"""Answers that have the form of etcd's, and in one place something that etcd does not say there."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import provider

from groupchat.interfaces.shared_log import Appended
from groupchat.journals.logs.etcd.gateway import WRONG_S, Refused, Unanswered
from groupchat.journals.logs.etcd.log_stream import messages
from groupchat.journals.logs.etcd.requests.etcd_answers import Place
from groupchat.journals.logs.etcd.requests.etcd_requests import Append, Request, Requests
from groupchat.journals.logs.etcd.requests.server_requests import (
    ALARMS,
    EVERYTHING,
    MEMBERS,
    STATUS,
    authenticate,
    compact,
    disarm,
    grant,
    keep_alive,
    revoke,
    time_to_live,
)
from groupchat.journals.logs.etcd.rounds import TURN_S
from tests.journals.logs.etcd.requests.test_etcd_requests import b64
from tests.journals.logs.etcd.servers import HEADER, ONE, TWO, ServersTest
from tests.journals.logs.etcd.test_etcd_log import EPOCH, LogCase, answer, appended, newest
from tests.journals.logs.etcd.test_log_watch import look

LEASE = 7718503555018792196
GONE = object()
"""Stands for a field that is left out."""
INSTEAD: tuple[Any, ...] = (
    GONE, None, True, 0, -7, 2**70, 1.5, "", "12x", "-9", "9" * 30, "é", [], [5], [[]], [{}], {}, {"a": 1}
)  # fmt: skip
"""What may stand where something else belongs."""

REQUESTS = Requests("gc")
NODE = {"key": b64("gc/live/b1"), "create_revision": "5", "value": "e30=", "version": "1"}
RANGED = {"header": HEADER, "count": "3"}
HOLDER = answer({"create_revision": "5", "lease": "55", "key": b64("gc/live/a1")})
IN_ALREADY = answer({"create_revision": str(EPOCH)}, {"version": "1", "mod_revision": "14"}, newest(4))

ANSWERS: list[tuple[Request[Any], Any]] = [
    (REQUESTS.look(), look(3, live=[NODE])),
    (REQUESTS.count_own(), RANGED),
    (EVERYTHING, RANGED),
    (REQUESTS.make_form(b"{}"), answer({"key": b64("gc/form"), "value": "e30="})),
    (REQUESTS.make_form(b"{}"), {"header": HEADER, "succeeded": True, "responses": [{"response_put": {}}]}),
    (REQUESTS.claim("a1", b"{}", LEASE), HOLDER),
    (REQUESTS.claim("a1", b"{}", LEASE), {"header": HEADER, "succeeded": True, "responses": [{"response_put": {}}]}),
    (REQUESTS.show("a1", EPOCH, b"{}", LEASE), answer(newest(4))),
    (REQUESTS.append("a1", EPOCH, 1, b"data", LEASE), appended(4)),
    (REQUESTS.append("a1", EPOCH, 1, b"data", LEASE), IN_ALREADY),
    (REQUESTS.entry_at(14), {"header": HEADER, "kvs": [newest(4)], "count": "1"}),
    (grant(10), {"header": HEADER, "ID": str(LEASE), "TTL": "10"}),
    (keep_alive(LEASE), {"result": {"header": HEADER, "ID": str(LEASE), "TTL": "10"}}),
    (revoke(LEASE), {"header": HEADER}),
    (time_to_live(55), {"header": HEADER, "ID": "55", "TTL": "9", "grantedTTL": "10"}),
    (STATUS, {"header": HEADER, "version": "3.4.23", "dbSize": "24576", "leader": "6761727519148206877"}),
    (MEMBERS, {"header": HEADER, "members": [{"ID": "9", "name": "e1", "peerURLs": ["http://e1:2380"]}]}),
    (ALARMS, {"header": HEADER, "alarms": [{"memberID": "9", "alarm": "NOSPACE"}]}),
    (disarm("9", "NOSPACE"), {"header": HEADER}),
    (compact(24), {"header": HEADER}),
    (authenticate("gc", "secret"), {"header": HEADER, "token": "abc.7"}),
]
"""Each request, with an answer to it."""


def places(fields: Any) -> Iterator[tuple[Any, ...]]:
    """Return the way to each value of a JSON object."""
    keys = fields if isinstance(fields, dict) else range(len(fields)) if isinstance(fields, list) else ()
    for key in keys:
        yield (key,)
        yield from ((key, *rest) for rest in places(fields[key]))


def mutants(fields: Any) -> Iterator[Any]:
    """Return copies of an answer with something else in each of its places, in turn."""
    for *way, last in places(fields):
        for instead in INSTEAD:
            mutant = copy.deepcopy(fields)
            inner = mutant
            for key in way:
                inner = inner[key]
            if instead is GONE:
                del inner[last]
            else:
                inner[last] = instead
            yield mutant


class ReadingTests(ServersTest):
    """A wrong answer to any request counts as no answer."""

    def asked(self, request: Request[Any], said: Any) -> Any:
        """Ask a server, which answers so; return what that says, or why it says nothing."""
        result = Deferred.fromCoroutine(self.gateway.call(ONE, request))
        self.take(ONE).answer(json.dumps(said).encode())
        got: list[Any] = []
        result.addBoth(got.append)
        return got[0] if not hasattr(got[0], "value") else got[0].value

    def test_right(self) -> None:
        """An answer that etcd gives is read."""
        for request, said in ANSWERS:
            self.assertNotIsInstance(self.asked(request, said), Exception)

    def test_wrong(self) -> None:
        """One that it does not give is read as if it were none: neither more nor less comes of it."""
        wrong = 0
        for request, said in ANSWERS:
            for mutant in mutants(said):
                got = self.asked(request, mutant)
                if isinstance(got, Exception):
                    self.assertIsInstance(got, Unanswered | Refused, mutant)
                    wrong += 1
        self.assertGreater(wrong, 1000)

    def test_too_many_values(self) -> None:
        """An answer of more values than etcd gives is not even read."""
        got = self.asked(grant(10), {"header": HEADER, "x": [{}] * 100_000})
        self.assertIsInstance(got, Unanswered)
        self.assertIn("is not etcd with its JSON gateway", str(got))

    def test_recognised(self) -> None:
        """What is read in a shorter way comes to the same as in the long one, or is read in that."""
        request = REQUESTS.append("a1", EPOCH, 1, b"data", LEASE)
        recognise = request.recognise
        assert recognise is not None
        put = {"response_put": {"header": {"revision": "14"}}}
        kvs = [{"key": b64("gc/log"), "create_revision": "5", "mod_revision": "14", "version": "4"}]
        found = {"response_range": {"header": {"revision": "14"}, "kvs": kvs, "count": "1"}}
        header = {"cluster_id": "14841639068965178418", "member_id": "1", "revision": "14", "raft_term": "2"}
        said = {"header": header, "succeeded": True, "responses": [put, put, found]}
        usual = json.dumps(said, separators=(",", ":")).encode()
        self.assertEqual(recognise(usual), Append(True, Place(4, 14)))
        known = 0
        for mutant in mutants(said):
            data = json.dumps(mutant, separators=(",", ":")).encode()
            told = recognise(data)
            if told is not None:
                self.assertEqual(told, request.read(json.loads(data)), data)
                known += 1
        self.assertGreater(known, 0)
        for at in range(len(usual)):
            for data in (
                usual[:at] + usual[at + 1 :],
                usual[:at] + b"7" + usual[at:],
                usual[:at] + b"7" + usual[at + 1 :],
            ):
                told = recognise(data)
                if told is not None:
                    self.assertEqual(told, request.read(json.loads(data)), data)
        self.assertIsNone(recognise(usual.replace(b'"14"', b'"' + b"9" * 19 + b'"')))

    def test_told(self) -> None:
        """It is told in the daemon's log what was wrong, of each server once a minute."""
        told: list[str] = []

        @provider(ILogObserver)
        def note(event: LogEvent) -> None:
            if event.get("path"):
                told.append(f"{event['server']} {event['path']} {event['error']}")

        globalLogPublisher.addObserver(note)
        self.addCleanup(globalLogPublisher.removeObserver, note)
        wrong = {"header": HEADER, "TTL": "10"}
        for _ in range(3):
            self.assertIn("answers what etcd does not: “ID” is 0.", str(self.asked(grant(10), wrong)))
        self.assertEqual(told, ["10.0.0.1:2379 /v3/lease/grant “ID” is 0"])
        self.clock.advance(WRONG_S)
        self.asked(grant(10), wrong)
        self.assertEqual(len(told), 2)


class AppendingTests(LogCase):
    """Nobody is told that an entry is in the log, or where, by a wrong answer."""

    def outcome(self, said: Any) -> Any:
        """Append; the first server answers so, and if that says nothing the next one as it should."""
        self.setUp()
        self.begin()
        result = self.log.append(b"data")
        got: list[Any] = []
        result.addBoth(got.append)
        self.take(ONE, "kv/txn").answer(json.dumps(said).encode())
        if not got and not self.agent.asked:
            self.clock.advance(TURN_S)
        for asked in [one for one in self.agent.asked if one.server == str(TWO) and "txn" in one.path]:
            asked.answer(IN_ALREADY)
        if not got:
            for asked in [one for one in self.agent.asked if "kv/range" in one.path]:
                asked.answer({"header": HEADER, "kvs": [newest(4)], "count": "1"})
        self.assertEqual(len(got), 1, said)
        return got[0]

    def test_appended(self) -> None:
        """The next server is asked, unless what is wrong does not matter."""
        for mutant in mutants(appended(4)):
            self.assertEqual(self.outcome(mutant), Appended(4, 14), mutant)


class StreamTests(SynchronousTestCase):
    """A watch that says what none says has ended."""

    def test_wrong(self) -> None:
        """Whatever is said, the lines are read or raise ValueError, and nothing else."""
        pair = {"key": b64("gc/log"), "create_revision": "11", "mod_revision": "14", "version": "4", "value": "aGk="}
        wrong = 0
        for said in (
            {"result": {"header": HEADER, "created": True}},
            {"result": {"header": HEADER, "canceled": True, "compact_revision": "24", "cancel_reason": "gone"}},
            {"result": {"header": HEADER, "events": [{"type": "PUT", "kv": pair}, {"type": "DELETE", "kv": pair}]}},
            {"error": {"grpc_code": 14, "message": "etcdserver: no leader"}},
        ):
            for mutant in mutants(said):
                try:
                    list(messages(json.dumps(mutant).encode()))
                except ValueError:
                    wrong += 1
        self.assertGreater(wrong, 50)
