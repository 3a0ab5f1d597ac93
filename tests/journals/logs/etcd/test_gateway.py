"""One request to one server, and what becomes of it."""

from collections.abc import Callable
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import (
    ConnectingCancelledError,
    ConnectionDone,
    ConnectionLost,
    ConnectionRefusedError,
    DNSLookupError,
)
from twisted.python.failure import Failure

from groupchat.interfaces.shared_log import Closed
from groupchat.journals.logs.etcd.gateway import ATTEMPT_S, LOGIN_S, Refused, Unanswered
from groupchat.journals.logs.etcd.log_watch import Stream
from groupchat.journals.logs.etcd.requests.etcd_requests import Request, request
from groupchat.outgoing.http_answers import NoHttp
from tests.journals.logs.etcd.requests.test_etcd_answers import HOSTILE
from tests.journals.logs.etcd.servers import HEADER, ONE, TWO, FakeAgent, ServersTest

ASKED: Request[Any] = request("maintenance/status", lambda answer: answer)


def instead(error: Exception) -> Callable[[Failure], Failure]:
    """Return what turns any failure into this one."""
    return lambda _: Failure(error)


class GatewayCase(ServersTest):
    """A gateway, and what is asked through it."""

    def call(self, server: Any = ONE) -> "Deferred[Any]":
        """Ask how a server is."""
        return Deferred.fromCoroutine(self.gateway.call(server, ASKED))

    def unanswered(self, result: "Deferred[Any]") -> Unanswered:
        """Return why there is no answer."""
        error = self.failureResultOf(result, Unanswered).value
        assert isinstance(error, Unanswered)
        return error


class AnswersTests(GatewayCase):
    """Without users."""

    def test_answer(self) -> None:
        """An answer is a JSON object; the request says that it does not wait for a leader."""
        result = self.call()
        asked = self.take()
        self.assertEqual((asked.server, asked.path, asked.body), ("10.0.0.1:2379", "maintenance/status", {}))
        self.assertEqual(asked.headers.getRawHeaders("Grpc-Metadata-hasleader"), ["true"])
        self.assertFalse(asked.headers.hasHeader("Authorization"))
        asked.answer({"version": "3.4.23"})
        self.assertEqual(self.successResultOf(result), {"version": "3.4.23"})
        self.assert_quiet()

    def test_stream(self) -> None:
        """The first answer of a stream is the answer."""
        result = self.call()
        self.take().answer(b'{"result":{"TTL":"10"}}\n{"result":{"TTL":"9"}}\n')
        self.assertEqual(self.successResultOf(result), {"TTL": "10"})

    def test_empty(self) -> None:
        """An empty object is an answer."""
        result = self.call()
        self.take().answer(b"{}")
        self.assertEqual(self.successResultOf(result), {})

    def test_refused(self) -> None:
        """With these codes it is certain that nothing was done."""
        for code in (3, 5, 7, 8, 9, 11, 16):
            result = self.call()
            self.take().refuse("etcdserver: no", code)
            error = self.failureResultOf(result, Refused).value
            self.assertEqual((error.code, str(error), error.is_full), (code, "etcdserver: no", False))

    def test_refused_by_newer_ones(self) -> None:
        """A newer gateway gives the sentence as a message only, with a code in streams as elsewhere."""
        result = self.call()
        said = {"code": 5, "message": "etcdserver: requested lease not found", "details": []}
        self.take().answer(said, 404)
        error = self.failureResultOf(result, Refused).value
        self.assertEqual((error.code, str(error)), (5, "etcdserver: requested lease not found"))
        result = self.call()
        self.take().answer({"error": {"code": 9, "message": "etcdserver: no"}})
        self.assertEqual(self.failureResultOf(result, Refused).value.code, 9)

    def test_forbidden(self) -> None:
        """Who has no user is told to have one: it counts as whoever etcd's own certificate names, whatever its own."""
        result = self.call()
        self.take().refuse("etcdserver: permission denied", 7, 403)
        error = self.failureResultOf(result, Refused).value
        self.assertIn("permission denied; give GROUPCHAT_ETCD_USER", self.gateway.refusal(ONE, error))

    def test_full(self) -> None:
        """Missing space is told from too much at once."""
        result = self.call()
        self.take().refuse("etcdserver: mvcc: database space exceeded", 8, 429)
        self.assertTrue(self.failureResultOf(result, Refused).value.is_full)

    def test_perhaps(self) -> None:
        """After any other error it may have been done."""
        for code, status in ((14, 503), (2, 500), (4, 504), (13, 500), (0, 502)):
            result = self.call()
            self.take().refuse("etcdserver: request timed out", code, status)
            error = self.unanswered(result)
            self.assertIn("request timed out", str(error))
            self.assertFalse(error.is_setup)

    def test_no_code(self) -> None:
        """With a code that is none, nothing is certain either."""
        codes: tuple[Any, ...] = (None, "no", [], {}, 1e400, 9.5)
        for code in codes:
            for body in (
                {"error": "no", "code": code}, {"error": {"message": "no", "grpc_code": code}},
                {"message": "no", "code": code}, {"error": {"message": "no", "code": code}},
            ):  # fmt: skip
                result = self.call()
                self.take().answer(body, 500)
                self.assertEqual(str(self.unanswered(result)), "10.0.0.1:2379 answers: no.")

    def test_hostile_words(self) -> None:
        """Whatever stands in an answer, what people are shown of it is one short line that no terminal obeys."""
        bodies: tuple[Any, ...] = (
            {"error": HOSTILE, "code": 14}, {"message": HOSTILE, "code": 14}, {"error": {"message": HOSTILE}},
            {"error": [HOSTILE] * 3}, {"error": {"message": {HOSTILE: HOSTILE}}}, {"message": "x" * 3_000_000},
        )  # fmt: skip
        for body in bodies:
            result = self.call()
            self.take().answer(body, 503)
            self.assert_shown(str(self.unanswered(result)))
        result = self.call()
        self.take().refuse(HOSTILE, 7)
        error = self.failureResultOf(result, Refused).value
        self.assert_shown(str(error))
        self.assert_shown(self.gateway.refusal(ONE, error))

    def test_text_is_not_kept(self) -> None:
        """Why there is no answer does not lead back to the text that could not be read, which may be long."""
        for body in (b"x" * 1_000_000, b"[1]"):
            result = self.call()
            self.take().answer(body, 503)
            error = self.unanswered(result)
            self.assertEqual((error.__cause__, error.__context__), (None, None))

    def assert_shown(self, sentence: str) -> None:
        """See that this can be shown to people."""
        self.assertTrue(sentence.isprintable(), sentence)
        self.assertLess(len(sentence), 1000)

    def test_error_of_a_stream(self) -> None:
        """Streams have errors in an object of their own, even with a good status."""
        for status in (200, 503):
            result = self.call()
            self.take().answer({"error": {"grpc_code": 14, "message": "etcdserver: no leader"}}, status)
            self.assertIn("no leader", str(self.unanswered(result)))

    def test_no_etcd(self) -> None:
        """What is no JSON object, or refuses without a word, does not come from etcd."""
        nested = b"[" * 100_000
        cases = ((b"Method Not Allowed", 405), (b"", 413), (b"<html>", 200), (b"[1]", 200), (nested, 200))
        for body, status in cases:
            result = self.call()
            self.take().answer(body, status)
            error = self.unanswered(result)
            self.assertTrue(error.is_setup)
            self.assertIn(str(status), str(error))

    def test_something_else(self) -> None:
        """Something else is known by how its answer begins, which is shown on one line, and as no terminal obeys it."""
        for body, quoted in (
            (b"404 \x1b[2Jnot\nfound\n", ", “404 �[2Jnot found”"),
            (b"x" * 999, f", “{'x' * 80}”"),
            (b"", ""),
        ):
            result = self.call()
            self.take().answer(body, 404)
            told = f"10.0.0.1:2379 is not etcd with its JSON gateway: it answered 404{quoted}."
            self.assertEqual(str(self.unanswered(result)), told)

    def test_common_name(self) -> None:
        """A certificate that names somebody is refused by a line that is no JSON; with another status it is not."""
        said = b"CommonName of client sending a request against gateway will be ignored and not used as expected\n"
        result = self.call()
        self.take().answer(said, 400)
        error = self.unanswered(result)
        self.assertTrue(error.is_setup)
        self.assertIn("10.0.0.1:2379 takes no certificate with a CommonName", str(error))
        self.assertIn(f"“{said.decode().strip()}”", str(error))
        result = self.call()
        self.take().answer(said, 502)
        self.assertIn("is not etcd", str(self.unanswered(result)))

    def test_silence(self) -> None:
        """A server that does not answer in time is left."""
        waiting = self.call()
        asked = self.take()
        self.clock.advance(ATTEMPT_S - 0.1)
        self.assertNoResult(waiting)
        self.clock.advance(0.1)
        self.assertIn("does not answer within 1 s", str(self.unanswered(waiting)))
        self.assertTrue(asked.response.called)
        self.assert_quiet()

    def test_connection_problems(self) -> None:
        """What is wrong with a connection is told in words."""
        cases = [
            (ConnectionRefusedError(), "cannot be reached"),
            (DNSLookupError(), "is not known"),
            (ConnectionDone(), "the journal is etcds:"),
        ]
        for error, words in cases:
            result = self.call()
            self.take().fail(error)
            self.assertIn(words, str(self.unanswered(result)))

    def test_closed_by_a_known_server(self) -> None:
        """A server that has answered before does not suddenly want TLS."""
        result = self.call()
        self.take().answer({})
        self.successResultOf(result)
        result = self.call()
        self.take().fail(ConnectionDone())
        error = str(self.unanswered(result))
        self.assertIn("has closed the connection", error)
        self.assertNotIn("etcds:", error)

    def test_broken_off(self) -> None:
        """An answer that breaks off, or a connection that does, is none."""
        for error in (ConnectionDone(), ConnectionLost()):
            result = self.call()
            self.take().fail(error)
            self.assertIn("has closed the connection", str(self.unanswered(result)))

    def test_no_http(self) -> None:
        """What does not speak HTTP is not etcd; what did so before may have been cut off by something between."""
        for is_known in (False, True):
            if is_known:
                result = self.call()
                self.take().answer({})
                self.successResultOf(result)
            result = self.call()
            self.take().fail(NoHttp("does not speak HTTP: it says 'SSH-2.0-x'"))
            error = self.unanswered(result)
            self.assertEqual(str(error), "10.0.0.1:2379 does not speak HTTP: it says 'SSH-2.0-x'.")
            self.assertEqual(error.is_setup, not is_known)

    def test_cancelled_while_connecting(self) -> None:
        """A connection that is given up before it is made is no server that cannot be reached."""
        for is_closing in (False, True):
            result = self.call()
            asked = self.take()
            error = ConnectingCancelledError(IPv4Address("TCP", "10.0.0.1", 2379))
            asked.response.addErrback(instead(error))
            if is_closing:
                result.cancel()
                self.failureResultOf(result, Closed)
            else:
                self.clock.advance(ATTEMPT_S)
                self.assertIn("does not answer", str(self.unanswered(result)))
            self.assert_quiet()

    def test_cancelled(self) -> None:
        """Whoever closes the log gets Closed, and nothing is left waiting."""
        result = self.call()
        asked = self.take()
        result.cancel()
        self.assertTrue(asked.response.called)
        self.failureResultOf(result, Closed)
        self.assert_quiet()


class UsersTests(GatewayCase):
    """With a user and a password."""

    login = ("gc", "gcpw")

    def log_in(self, token: str = "t.1", server: Any = ONE) -> None:
        """Let a server accept the password."""
        asked = self.take(server, "auth/authenticate")
        self.assertEqual(asked.body, {"name": "gc", "password": "gcpw"})
        asked.answer({"header": HEADER, "token": token})

    def test_token(self) -> None:
        """A token is asked for first, and goes with every request to the same server."""
        result = self.call()
        self.log_in()
        asked = self.take()
        self.assertEqual(asked.headers.getRawHeaders("Authorization"), ["t.1"])
        asked.answer({})
        self.successResultOf(result)
        self.call().addErrback(lambda _: None)
        self.assertEqual(self.take().headers.getRawHeaders("Authorization"), ["t.1"])
        self.call(TWO).addErrback(lambda _: None)
        self.assertEqual(self.take().path, "auth/authenticate")

    def test_one_login(self) -> None:
        """Requests at the same time wait for one token: a password is checked slowly on purpose."""
        results = [self.call() for _ in range(3)]
        self.assertEqual(len(self.agent.asked), 1)
        self.log_in()
        self.clock.advance(0)
        for _ in range(3):
            asked = self.take(ONE, "status")
            self.assertEqual(asked.headers.getRawHeaders("Authorization"), ["t.1"])
            asked.answer({})
        for result in results:
            self.successResultOf(result)

    def test_lost_token(self) -> None:
        """A server that has restarted is asked for a new token, and then again."""
        for text, code, status in (
            ("etcdserver: invalid auth token", 16, 401),
            ("etcdserver: user name is empty", 3, 400),
            ("etcdserver: revision of auth store is old", 3, 400),
        ):
            result = self.call()
            if not self.agent.asked[0].path.endswith("status"):
                self.log_in()
            self.take(ONE, "status").refuse(text, code, status)
            self.log_in("t.2")
            asked = self.take(ONE, "status")
            self.assertEqual(asked.headers.getRawHeaders("Authorization"), ["t.2"])
            asked.answer({})
            self.successResultOf(result)

    def test_wrong_password(self) -> None:
        """A wrong password is how things are set up, and named without telling it."""
        result = self.call()
        self.take().refuse("etcdserver: authentication failed, invalid user ID or password", 3)
        error = self.unanswered(result)
        self.assertTrue(error.is_setup)
        self.assertIn("“gc”", str(error))
        self.assertNotIn("gcpw", str(error))

    def test_no_token(self) -> None:
        """What answers without a token is no etcd with users, so whatever is asked there stays without an answer."""
        for token in ({}, {"token": 7}, {"token": ""}, {"token": "a\r\nb: c"}, {"token": "ä"}):
            result = self.call()
            self.take(ONE, "auth/authenticate").answer(token)
            error = self.unanswered(result)
            self.assertTrue(error.is_setup)
            self.assertIn("without a token", str(error))
        self.assert_quiet()

    def test_slow_password(self) -> None:
        """Checking a password may take longer than other things, but not for ever."""
        result = self.call()
        self.take()
        self.clock.advance(LOGIN_S - 0.1)
        self.assertNoResult(result)
        self.clock.advance(0.1)
        self.unanswered(result)

    def test_no_users(self) -> None:
        """A server without users is asked without a token, and not for one again and again."""
        result = self.call()
        self.take().refuse("etcdserver: authentication is not enabled", 9)
        asked = self.take(ONE, "status")
        self.assertFalse(asked.headers.hasHeader("Authorization"))
        asked.answer({})
        self.successResultOf(result)
        self.call().addErrback(lambda _: None)
        self.assertEqual(self.take().path, "maintenance/status")

    def forbidden(self) -> "Deferred[Any]":
        """Let a server that had no users forbid what is asked without a token."""
        self.gateway._without_users.add(ONE)
        result = self.call()
        asked = self.take(ONE, "status")
        self.assertFalse(asked.headers.hasHeader("Authorization"))
        asked.refuse("etcdserver: permission denied", 7, 403)
        return result

    def test_users_since_then(self) -> None:
        """A server that had no users may have some now: whoever is forbidden something without a token gets one."""
        result = self.forbidden()
        other = self.call()
        self.log_in()
        self.clock.advance(0)
        for _ in range(2):
            asked = self.take(ONE, "status")
            self.assertEqual(asked.headers.getRawHeaders("Authorization"), ["t.1"])
            asked.answer({})
        for one in (result, other):
            self.successResultOf(one)
        self.assert_quiet()

    def test_users_since_then_for_several(self) -> None:
        """Of several who are forbidden something at the same time, one gets the token for all."""
        self.gateway._without_users.add(ONE)
        results = [self.call() for _ in range(3)]
        asked = [self.take(ONE, "status") for _ in range(3)]
        for one in asked[:2]:
            one.refuse("etcdserver: permission denied", 7, 403)
        self.log_in()
        self.clock.advance(0)
        asked[2].refuse("etcdserver: permission denied", 7, 403)
        for _ in range(3):
            self.take(ONE, "status").answer({})
        for result in results:
            self.successResultOf(result)
        self.assert_quiet()

    def test_forbidden_for_good(self) -> None:
        """A server that forbids something and has no users is believed, and asked for a token only now and then."""
        logins = 0
        for _ in range(20):
            result = self.forbidden()
            if self.agent.asked:
                logins += 1
                self.take(ONE, "auth/authenticate").refuse("etcdserver: authentication is not enabled", 9)
                self.take(ONE, "status").refuse("etcdserver: permission denied", 7, 403)
            self.failureResultOf(result, Refused)
            self.clock.advance(LOGIN_S / 4)
        self.assertEqual(logins, 5)

    def test_forbidden_to_the_user(self) -> None:
        """What is forbidden to whoever has a token is forbidden: another token of the same user changes nothing."""
        result = self.call()
        self.log_in()
        self.take(ONE, "status").refuse("etcdserver: permission denied", 7, 403)
        error = self.failureResultOf(result, Refused).value
        self.assertIn("the user “gc” needs the right", self.gateway.refusal(ONE, error))
        self.assert_quiet()

    def test_watch_waits_for_a_token(self) -> None:
        """A watch whose login takes longer than it may is told that the server does not answer in time."""
        watching = FakeAgent()
        stream = Stream(lambda data: None)

        def begin() -> "Deferred[Any]":
            return Deferred.fromCoroutine(self.gateway.send(watching.open, ONE, ASKED, stream))

        result = Deferred.fromCoroutine(self.gateway.within(ONE, begin, ATTEMPT_S))
        self.take(ONE, "auth/authenticate")
        self.clock.advance(ATTEMPT_S)
        self.assertEqual(str(self.unanswered(result)), "10.0.0.1:2379 does not answer within 1 s.")
        self.assertEqual(watching.asked, [])
        self.assert_quiet()

    def late(self) -> None:
        """Let a request be silent for too long."""
        result = self.call()
        asked = self.take(ONE, "status")
        self.assertEqual(asked.headers.getRawHeaders("Authorization"), ["t.1"])
        self.clock.advance(ATTEMPT_S)
        self.unanswered(result)

    def test_waits_for_the_token(self) -> None:
        """A server that was set up anew waits for ever for an old token: a silent one is asked for another one."""
        for has_users in (True, False):
            self.setUp()
            result = self.call()
            self.log_in()
            self.take(ONE, "status").answer({})
            self.successResultOf(result)
            self.late()
            asked = self.take(ONE, "auth/authenticate")
            self.assertFalse(asked.headers.hasHeader("Authorization"))
            self.late()  # meanwhile everything else goes on, and one new token is enough
            self.assertEqual(self.agent.asked, [])
            if has_users:
                asked.answer({"header": HEADER, "token": "t.2"})
            else:
                asked.refuse("etcdserver: authentication is not enabled", 9)
            self.call().addErrback(lambda _: None)
            tokens = self.take(ONE, "status").headers.getRawHeaders("Authorization")
            self.assertEqual(tokens, ["t.2"] if has_users else None)

    def test_silent_for_long(self) -> None:
        """A server that is away is not asked for a new token all the time, and keeps its old one."""
        result = self.call()
        self.log_in()
        self.take(ONE, "status").answer({})
        self.successResultOf(result)
        logins = 0
        for _ in range(20):
            self.late()
            logins += sum(asked.path.startswith("auth/") for asked in self.agent.asked)
            self.agent.asked.clear()
        self.assertIn(logins, (3, 4))

    def test_refused_for_good(self) -> None:
        """A server that does not take its own new token is asked no third time."""
        result = self.call()
        self.log_in()
        self.take(ONE, "status").refuse("etcdserver: invalid auth token", 16, 401)
        self.log_in("t.2")
        self.take(ONE, "status").refuse("etcdserver: invalid auth token", 16, 401)
        self.failureResultOf(result, Refused)
        self.assert_quiet()
