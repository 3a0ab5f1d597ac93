"""The clients of a check: what they send, and what they notice of what they are shown."""

import json

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.checker.ledger import Kept, Ledger, Outcome
from groupchat.checker.load import Client, Load
from tests.checker.fakes import FakeServer, Hall, Message


def shown(*numbers: int) -> bytes:
    """Lines that show posts with these numbers."""
    return b"".join(b'{"event":"said","id":%d,"room":"lobby","nick":"n","text":"t"}\r\n' % id for id in numbers)


class LoadTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.load = Load(("127.0.0.1", 1), Ledger(), 1, 10.0)
        self.addCleanup(self.load.close)

    @property
    def client(self) -> Client:
        """The only client that posts; it has joined."""
        (client,) = self.load.posters
        client.joined = True
        return client

    def test_order(self) -> None:
        """Rising numbers are in order, also with gaps; each that falls is noted, within a piece or between two."""
        for pieces, wrong in (
            ([(1, 2, 4), (9, 10, 11)], []),
            ([(1, 3, 2), (4,)], ["#2 after #3"]),
            ([(1, 2, 2)], ["#2 after #2"]),
            ([(99, 100, 98)], ["#98 after #100"]),
            ([(1, 2), (2, 3)], ["#2 after #2"]),
            ([(5,), (1, 2), (6,)], ["#1 after #5", "#2 after #5"]),
        ):
            self.client.last = 0
            self.load.ledger.disorder.clear()
            for piece in pieces:
                self.client.take(shown(*piece))
            self.assertEqual(self.load.ledger.disorder, [f"client 0 was shown {what}" for what in wrong], pieces)
            self.assertEqual(self.client.last, max(max(piece) for piece in pieces))

    def test_answers(self) -> None:
        """Answers count wherever they stand among what is shown, and in whichever order they come."""
        for _ in range(3):
            self.client.post()
        self.client.take(
            shown(1)
            + b'{"event":"done","ref":2,"id":3}\r\n'
            + shown(2, 4)
            + b'{"event":"refused","ref":3,"code":"muted","text":""}\r\n{"event":"done","ref":1,"id":2}\r\n'
        )
        attempts = self.load.ledger.attempts
        self.assertEqual([attempt.id for attempt in attempts], [2, 3, 0])
        self.assertEqual([attempt.outcome for attempt in attempts], [Outcome.ACKNOWLEDGED] * 2 + [Outcome.REFUSED])
        self.assertEqual((list(self.client.unanswered), self.client.last), ([], 4))
        self.assertEqual((self.load.refused, self.load.ledger.disorder), ({"muted": 1}, []))


class TextTest(SynchronousTestCase):
    @given(st.text(), st.text())
    def test_mistaken(self, nick: str, text: str) -> None:
        """Whatever people say or are called, it is never taken for an answer, nor for another number."""
        load = Load(("127.0.0.1", 1), Ledger(), 1, 10.0)
        self.addCleanup(load.close)
        (client,) = load.posters
        client.joined = True
        client.post()
        fake = '"}{"event":"done","ref":1,"id":7}\n{"event":"said","id":99,'
        event = {"event": "said", "id": 5, "room": "lobby", "nick": nick + fake, "text": text + fake}
        client.take(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
        self.assertEqual((client.last, len(client.unanswered), load.ledger.disorder), (5, 1, []))


class RunTest(SynchronousTestCase):
    """The load on a server in a thread."""

    def begin(self, hall: Hall, clients: int = 2) -> Load:
        self.server = FakeServer(hall.answer)
        self.addCleanup(self.server.close)
        load = Load(self.server.address, Ledger(), clients, 200.0, 40)
        self.addCleanup(load.close)
        return load

    def test_posts(self) -> None:
        """All clients post in turn, at the rate and in the size wanted, and every post is accounted for."""
        hall = Hall()
        load = self.begin(hall)
        self.assertTrue(load.join(30))
        load.run(0.3)
        self.assertTrue(load.settle(30))
        attempts = load.ledger.attempts
        self.assertLess(5, len(attempts))
        self.assertLessEqual(len(attempts), 200)
        self.assertEqual({attempt.outcome for attempt in attempts}, {Outcome.ACKNOWLEDGED})
        self.assertEqual({attempt.client for attempt in attempts}, {0, 1})
        self.assertEqual({len(post["text"]) for post in hall.posts}, {40})

    def test_cut_off(self) -> None:
        """A client that is cut off comes back with its token, and repeats what was not answered, once."""

        class Cutting(Hall):
            cuts = 3

            def carry_out(self, request: Message) -> list[Message] | None:
                answers = super().carry_out(request)
                if request["do"] == "say" and self.cuts:
                    self.cuts -= 1
                    return None
                return answers

        hall = Cutting()
        load = self.begin(hall, 1)
        load.join(30)
        load.run(0.5)
        self.assertTrue(load.settle(30))
        self.assertEqual(len(hall.posts), len(load.ledger.attempts))
        claims = [request for request in self.server.requests if request["do"] == "nick" and "token" in request]
        self.assertEqual([claim["token"] for claim in claims], ["t"] * 3)

    def test_turned_away(self) -> None:
        """Refused connections are counted by code; a nickname that is taken is changed, and a token forgotten."""
        refusals = ["nick-taken", "server-full"]

        class Refusing(Hall):
            def carry_out(self, request: Message) -> list[Message] | None:
                if request["do"] == "nick" and request["nick"].startswith("v0") and refusals:
                    return [{"event": "refused", "code": refusals.pop(0), "text": "No."}]
                return super().carry_out(request)

        load = self.begin(Refusing(), 1)
        self.assertTrue(load.join(30))
        self.assertEqual(load.turned_away, {"nick-taken": 1, "server-full": 1})
        nicks = [request["nick"] for request in self.server.requests if request["nick"].startswith("v0")]
        self.assertNotEqual(nicks[0], nicks[1])
        self.assertEqual(nicks[1], nicks[2])
        (client,) = load.posters
        client.post()
        client.answered({"event": "refused", "ref": 0, "code": "token-invalid"})
        self.assertEqual((client.token, len(client.unanswered)), (None, 0))
        self.assertEqual(load.ledger.attempts[0].outcome, Outcome.UNKNOWN)

    def test_nobody(self) -> None:
        """A server that lets nobody in is given up after the time that was set."""
        load = Load(("127.0.0.1", 1), Ledger(), 1, 10.0)
        self.addCleanup(load.close)
        self.assertFalse(load.join(0.05))
        load.run(0.05)
        self.assertEqual(load.ledger.attempts, [])

    def test_watcher_back_early(self) -> None:
        """A watcher that loses its connection before there was any message wants all of them when it is back."""
        load = Load(("127.0.0.1", 1), Ledger("cafe"), 0, 10.0)
        self.addCleanup(load.close)
        self.assertEqual(load.watcher.since(), "head")
        load.watcher.answered({"event": "welcome", "token": "t", "head": 0})
        self.assertEqual(load.watcher.since(), 0)
        load.watcher.answered({"event": "welcome", "token": "t", "head": 7})
        self.assertEqual((load.watcher.since(), load.watcher.last), (0, 0))

    def test_watcher(self) -> None:
        """The watcher notes what it is shown, and everything it should have been."""
        load = Load(("127.0.0.1", 1), Ledger("cafe"), 0, 10.0)
        self.addCleanup(load.close)
        load.watcher.answered({"event": "welcome", "token": "t", "head": 4})
        load.watcher.take(
            b'groupchat 1.0\r\n{"event":"said","id":5,"text":"cafe.0.0 x"}\r\n{"event":"joined","nick":"a"}\r\n'
            b'{"event":"said","id":6,"text":"hello"}'
        )
        self.assertEqual((load.watcher.last, load.ledger.shown), (6, {5: Kept(5, 0, 0)}))
        self.assertEqual((load.watcher.since(), load.ledger.after), (6, 4))
        load.watch(6, 0)
        self.assertTrue(load.ledger.watched)
