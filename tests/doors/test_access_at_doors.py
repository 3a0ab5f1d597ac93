"""Access tokens at the doors of programs, byte for byte; and that no log has them."""

import json
from typing import Any

from twisted.logger import globalLogPublisher
from twisted.python.failure import Failure

from groupchat.facts.account_facts import AccessToken, digest_of
from groupchat.state.access_keys import TOKEN_PREFIX, new_secret
from tests.doors.test_chat import Client, ServerTests
from tests.doors.web.test_members import Browser
from tests.people import account, establish


class AccessTest(ServerTests):
    """Alice has an account and an access token."""

    def setUp(self) -> None:
        super().setUp()
        alice = account(self.hall, "alice")
        self.secret = new_secret(TOKEN_PREFIX)
        self.fact = AccessToken(alice.author, "ci", digest_of(self.secret), 0.0)
        establish(self.hall, self.fact)
        self.logged: list[Any] = []
        observer: Any = self.logged.append
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)

    def test_json(self) -> None:
        """A program is told who it is, and that the server takes access tokens; then why it is put out."""
        program = Client(self)
        welcome = program.ask(do="nick", access=self.secret, ref=1)[0]
        self.assertEqual(
            {name: welcome[name] for name in ("event", "nick", "account", "ref")},
            {"event": "welcome", "nick": "alice", "account": "alice", "ref": 1},
        )
        self.assertIn("access", welcome["features"])
        self.assertNotIn(self.secret, json.dumps(welcome))
        self.hall.registration.amend(self.fact.author, self.fact_now().undone())
        self.clock.advance(0)
        refused, closing = program.heard()
        told = "The access token ci was revoked."
        self.assertEqual((refused["event"], refused["code"], refused["text"]), ("refused", "logged-out", told))
        self.assertEqual((closing["event"], closing["code"], closing["text"]), ("closing", "logged-out", told))
        self.assertTrue(program.closed)

    def test_web(self) -> None:
        """A program that speaks WebSocket comes in likewise, and is told the end by a close code."""
        program = Browser(self)
        self.assertEqual(program.ask(do="nick", nick="alice", access=self.secret)[0]["account"], "alice")
        self.hall.registration.amend(self.fact.author, self.fact_now().undone())
        self.clock.advance(0)
        self.assertEqual(program.heard()[-1]["code"], "logged-out")
        self.assertEqual(program.code, 1008)

    def test_wrong(self) -> None:
        """What is no access token, or no string, is refused with its ref; the connection goes on."""
        program = Client(self)
        for given, code in (
            ("gct_" + "0" * 40, "access-invalid"), (7, "bad-json"), (["x"], "bad-json"), ("x" * 4097, "access-invalid")
        ):  # fmt: skip
            (refused, *_) = program.ask(do="nick", access=given, ref="r")
            self.assertEqual((refused["event"], refused["ref"]), ("refused", "r"))
            self.assertIn(refused["code"], (code, "bad-arguments"), given)
        (refused, *_) = program.ask(do="nick", acces=self.secret)
        self.assertIn("its fields: nick, token,", refused["text"])
        (refused, *_) = program.ask(do="nick")
        self.assertEqual(refused["text"], "This request needs a string as its nick.")
        self.assertEqual(program.ask(do="nick", access=self.secret)[0]["event"], "welcome")

    def test_logs(self) -> None:
        """Neither right nor wrong ones are in the log, also when something fails in the middle of coming in."""
        wrong = "gct_" + "5" * 40
        for asked in (self.secret, wrong):
            Client(self).ask(do="nick", access=asked)

        def broken(*_: object) -> None:
            raise RuntimeError("The disk is full of eels.")

        self.hall.recall_rooms = broken  # type: ignore[assignment,method-assign]
        (refused, *_) = Client(self).ask(do="nick", access=self.secret)
        self.assertEqual(refused["code"], "server-error")
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        written = [
            one["log_failure"].getTraceback(detail="verbose") if isinstance(one.get("log_failure"), Failure) else ""
            for one in self.logged
        ]
        self.assertIn("eels", "".join(written))
        for secret in (self.secret, wrong):
            self.assertNotIn(secret, "".join(map(repr, self.logged)))
            self.assertNotIn(secret, "".join(written))

    def fact_now(self) -> AccessToken:
        """Return the token as it is known now."""
        known = self.hall.access_keys.tokens.find(self.secret)
        assert known is not None
        return known
