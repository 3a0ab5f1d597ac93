"""Going round the servers."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError
from twisted.logger import capturedLogs

from groupchat.journals.logs.etcd.gateway import ATTEMPT_S, Refused, Unanswered
from groupchat.journals.logs.etcd.requests.server_requests import STATUS, Status
from groupchat.journals.logs.etcd.rounds import FULL_S, TURN_S
from groupchat.model.errors import CannotStart
from tests.journals.logs.etcd.servers import HEADER, ONE, THREE, TWO, ServersTest


class RoundsTests(ServersTest):
    """Which server is asked, and when."""

    def ask(self) -> "Deferred[Any]":
        """Ask until there is an answer."""
        return Deferred.fromCoroutine(self.rounds.ask(STATUS))

    def first(self) -> "Deferred[Any]":
        """Ask as at the start."""
        return Deferred.fromCoroutine(self.rounds.first(STATUS))

    def test_next_after_every_failure(self) -> None:
        """Whatever has failed, the next server is asked after a moment, and so on without an end."""
        result = self.ask()
        for _ in range(3):
            self.take(ONE).fail(ConnectionRefusedError())
            self.assertIn("10.0.0.1:2379 cannot be reached", self.rounds.trouble)
            self.clock.advance(TURN_S)
            self.take(TWO)
            self.clock.advance(ATTEMPT_S)
            self.assertIn("10.0.0.2:2379 does not answer", self.rounds.trouble)
            self.clock.advance(TURN_S)
            self.take(THREE).refuse("etcdserver: no leader", 14, 503)
            self.assertIn("no leader", self.rounds.trouble)
            self.clock.advance(TURN_S)
        self.take(ONE).answer({})
        self.assertEqual(self.successResultOf(result), Status("", "", "", 0, 0))
        self.assertEqual(self.rounds.trouble, "")
        self.assert_quiet()

    def test_stays(self) -> None:
        """The server that has answered is asked again."""
        result = self.ask()
        self.take(ONE).fail(ConnectionRefusedError())
        self.clock.advance(TURN_S)
        self.take(TWO).answer({})
        self.successResultOf(result)
        self.ask().addErrback(lambda _: None)
        self.take(TWO)

    def test_full(self) -> None:
        """A full etcd is asked again, and the trouble told."""
        result = self.ask()
        self.take(ONE).refuse("etcdserver: mvcc: database space exceeded", 8, 429)
        self.assertIn("no space", self.rounds.trouble)
        self.clock.advance(FULL_S)
        self.take(ONE).answer({})
        self.successResultOf(result)
        self.assertEqual(self.rounds.trouble, "")

    def test_refused(self) -> None:
        """What is refused is not repeated, but for who insists."""
        result = self.ask()
        self.take(ONE).refuse("etcdserver: permission denied", 7, 403)
        self.failureResultOf(result, Refused)
        insisted = Deferred.fromCoroutine(self.rounds.insist(STATUS))
        self.take(ONE).refuse("etcdserver: permission denied", 7, 403)
        self.assertIn("permission denied", self.rounds.trouble)
        self.clock.advance(FULL_S)
        self.take(TWO).answer({})  # what hinders it may be the first one's own
        self.successResultOf(insisted)

    def test_told_now_and_then(self) -> None:
        """What is waited for is told every ten seconds, also where each server has another reason."""
        with capturedLogs() as events:
            self.first().addErrback(lambda _: None)
            for _ in range(15):
                for server in (ONE, TWO, THREE):
                    self.take(server).refuse(f"etcdserver: {server}", 14, 503)
                    self.clock.advance(1.0)
        self.assertIn(len(events), (4, 5))

    def test_when_asked(self) -> None:
        """The time of the attempt that was answered is known, not that of the first one."""
        self.ask()
        self.clock.advance(ATTEMPT_S)
        self.clock.advance(TURN_S)
        self.take(TWO).answer({})
        self.assertEqual(self.rounds.asked, ATTEMPT_S + TURN_S)

    def test_start_waits(self) -> None:
        """At the start etcd is waited for."""
        result = self.first()
        for server in (ONE, TWO, THREE):
            self.take(server).fail(ConnectionRefusedError())
            self.clock.advance(TURN_S)
        self.take(ONE).refuse("etcdserver: mvcc: database space exceeded", 8, 429)
        self.clock.advance(FULL_S)
        self.take(ONE).answer({})
        self.successResultOf(result)

    def test_start_refused(self) -> None:
        """At the start a refusal ends it, and says what to do about a missing user."""
        result = self.first()
        self.take(ONE).refuse("etcdserver: user name is empty", 3)
        error = str(self.failureResultOf(result, CannotStart).value)
        self.assertIn("user name is empty", error)
        self.assertIn("GROUPCHAT_ETCD_USER", error)

    def test_patient(self) -> None:
        """A node that was in the cluster already waits until what is wrong has been put right."""
        self.rounds.is_patient = True
        result = self.first()
        for _ in range(2):
            for server in (ONE, TWO, THREE):
                self.take(server).answer(b"<html>", 502)
                self.clock.advance(TURN_S)
        self.assertIn("is not etcd", self.rounds.trouble)
        self.take(ONE).refuse("etcdserver: permission denied", 7, 403)
        self.clock.advance(FULL_S)
        self.take(TWO).answer({})
        self.successResultOf(result)

    def test_start_hopeless(self) -> None:
        """At the start it is given up when no server can ever answer; not while one might."""
        result = self.first()
        for server in (ONE, TWO):
            self.take(server).answer(b"<html>", 404)
            self.clock.advance(TURN_S)
        self.take(THREE).fail(ConnectionRefusedError())
        self.clock.advance(TURN_S)
        self.take(ONE).fail(ConnectionRefusedError())
        self.clock.advance(TURN_S)
        self.take(TWO).answer(b"<html>", 404)
        self.clock.advance(TURN_S)
        self.take(THREE).answer(b"<html>", 404)
        self.clock.advance(TURN_S)
        self.assertNoResult(result)
        self.take(ONE).answer(b"<html>", 404)
        self.assertIn("is not etcd", str(self.failureResultOf(result, CannotStart).value))


class WrongPasswordTests(ServersTest):
    """With a password that is wrong by now."""

    login = ("gc", "gcpw")

    NOT_ACCEPTED = (
        "10.0.0.1:2379 does not accept etcd's user “gc”: etcdserver: authentication failed, invalid user ID or"
        " password; put the right password into GROUPCHAT_ETCD_PASSWORD (and the user, if it is another one by now,"
        " into GROUPCHAT_ETCD_USER), and restart this node."
    )

    def call(self) -> "Deferred[Any]":
        """Ask the first server how it is."""
        return Deferred.fromCoroutine(self.gateway.call(ONE, STATUS))

    def refuse(self) -> None:
        """Let the first server refuse the password."""
        asked = self.take(ONE, "auth/authenticate")
        asked.refuse("etcdserver: authentication failed, invalid user ID or password", 3, 400)

    def test_several(self) -> None:
        """All who wait for one login are told that it was refused; none of them asks without a token instead."""
        results = [self.call() for _ in range(3)]
        self.refuse()
        self.clock.advance(0)
        for result in results:
            error = self.failureResultOf(result, Unanswered).value
            self.assertTrue(error.is_setup)
            self.assertEqual(str(error), self.NOT_ACCEPTED)
        self.assert_quiet()

    def test_no_rights(self) -> None:
        """A refusal for want of a token is explained by the password, not by rights; once that is right, by these."""
        result = self.call()
        self.refuse()
        self.failureResultOf(result, Unanswered)
        for text, code in (("permission denied", 7), ("user name is empty", 3), ("invalid auth token", 16)):
            self.rounds.note_refusal(Refused(f"etcdserver: {text}", code))
            self.assertEqual(self.rounds.trouble, self.NOT_ACCEPTED)
            for _ in range(2):
                self.rounds.turn()
        result = self.call()
        self.take(ONE, "auth/authenticate").answer({"header": HEADER, "token": "t.1"})
        self.take(ONE, "status").refuse("etcdserver: permission denied", 7, 403)
        self.rounds.note_refusal(self.failureResultOf(result, Refused).value)
        self.assertIn("the user “gc” needs the right", self.rounds.trouble)

    def test_other_reasons(self) -> None:
        """What else hinders a login is not put down to the password."""
        result = self.call()
        self.take(ONE, "auth/authenticate").refuse("etcdserver: too many requests", 8, 429)
        error = str(self.failureResultOf(result, Unanswered).value)
        self.assertEqual(error, "10.0.0.1:2379 does not accept etcd's user “gc”: etcdserver: too many requests.")
