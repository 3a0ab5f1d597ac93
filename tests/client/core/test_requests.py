"""Requests that are not answered yet, over several connections."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.client_errors import Left, Refused, Unanswered
from groupchat.client.core.protocol import Message
from groupchat.client.core.requests import Requests, refusal_of
from groupchat.client.twisted_network import deferred_of


class RequestsTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.requests = Requests(2)

    def add(self, do: str, **fields: Any) -> "Deferred[Message]":
        return deferred_of(self.requests.add({"do": do, **fields}).answer)

    def sent(self, room: str | None = None) -> list[Message]:
        """Return everything that may be sent now, while this is the current room."""
        return [request.message for request in iter(lambda: self.requests.next(room), None)]

    def test_window(self) -> None:
        """No more than the window are sent; each answer makes room for another one."""
        for do in "abc":
            self.add(do)
        one, two = self.sent()
        self.assertEqual((one["do"], two["do"], len(self.requests)), ("a", "b", 3))
        self.requests.settle({"event": "done", "ref": two["ref"]})
        self.assertEqual([message["do"] for message in self.sent()], ["c"])

    def test_answers(self) -> None:
        """An answer fires its request's Deferred, a refusal as an error."""
        good, bad = self.add("a"), self.add("b")
        one, two = self.sent()
        self.requests.settle({"event": "refused", "ref": two["ref"], "code": "muted", "text": "No."})
        self.requests.settle({"event": "done", "ref": one["ref"], "id": 3})
        self.assertEqual(self.successResultOf(good)["id"], 3)
        error = self.failureResultOf(bad, Refused).value
        self.assertEqual((error.code, error.text), ("muted", "No."))

    def test_posts(self) -> None:
        """Only an answer with the number of the post says that something was posted."""
        for answer in ({"event": "done"}, {"event": "listed", "id": 3}, {"event": "done", "id": None}, {"id": 3}):
            for do in ("say", "msg"):
                post = self.add(do, text="hi")
                (sent,) = self.sent()
                self.requests.settle({**answer, "ref": sent["ref"]})
                self.failureResultOf(post, Unanswered)

    def test_expected(self) -> None:
        """Only the number of a request that was sent counts as an answer's."""
        self.add("a")
        self.assertFalse(self.requests.expects({"ref": 1}))
        (message,) = self.sent()
        self.assertTrue(self.requests.expects({"ref": message["ref"]}))
        refs: tuple[Any, ...] = (True, "1", [1], {}, None, 99, 1.0)
        for ref in refs:
            self.assertFalse(self.requests.expects({"ref": ref}), ref)
        self.assertFalse(self.requests.expects({}))

    def test_interrupted(self) -> None:
        """Repeatable requests wait again, before those that were never sent; the others fail."""
        lost, kept, later = self.add("rooms"), self.add("say", key="k"), self.add("list")
        self.sent()
        self.requests.interrupted()
        self.failureResultOf(lost, Unanswered)
        self.assertEqual([message["do"] for message in self.sent()], ["say", "list"])
        self.assertNoResult(kept)
        self.assertNoResult(later)

    def test_bound(self) -> None:
        """A line without a room is bound to the current one when it is sent, and keeps it; nothing else is changed."""
        self.requests = Requests(3)
        for fields in ({"do": "say", "key": "a"}, {"do": "say", "key": "b", "room": "ops"}, {"do": "me", "key": "c"}):
            self.add(**fields)
        self.assertEqual([message.get("room") for message in self.sent("dev")], ["dev", "ops", None])
        self.requests.interrupted()
        self.assertEqual([message.get("room") for message in self.sent("elsewhere")], ["dev", "ops", None])

    def test_adrift(self) -> None:
        """A line without a room waits for the requests before it that choose one, typed or not, and goes there."""
        self.requests = Requests(9)
        for fields in ({"do": "join", "room": "dev"}, {"do": "type", "line": "/SWITCH dev"}, {"do": "say"}):
            self.add(**fields)
        self.add("rooms")
        join, switch = self.sent("lobby")
        self.requests.settle({"event": "done", "ref": join["ref"]})
        self.assertEqual(self.sent("lobby"), [])
        self.requests.settle({"event": "done", "ref": switch["ref"]})
        self.assertEqual([message.get("room") for message in self.sent("dev")], ["dev", None])

    def test_deed_adrift(self) -> None:
        """What one does waits for the room like what one says; for a person who is named nothing waits."""
        self.requests = Requests(9)
        self.add("join", room="dev")
        self.add("me", text="waves")
        refused, stranded = self.add("switch", room="vault"), self.add("me", text="hides")
        (join,) = self.sent("lobby")
        self.requests.settle({"event": "done", "ref": join["ref"]})
        waves, switch = self.sent("dev")
        self.assertEqual((waves["text"], waves["room"]), ("waves", "dev"))
        self.requests.settle({"event": "refused", "ref": switch["ref"], "code": "room-locked"})
        self.failureResultOf(refused, Refused)
        self.assertEqual(self.failureResultOf(stranded, Refused).value.code, "not-in-room")
        self.add("join", room="ops")
        self.add("me", text="nods", nick="alice")
        self.assertEqual([message.get("nick") for message in self.sent("dev")], [None, "alice"])

    def test_stranded(self) -> None:
        """What was to be said in a room that was not reached is said nowhere, also when nobody knows whether it was."""
        self.requests = Requests(9)
        before, refused, lost = self.add("say"), self.add("join", room="vault"), self.add("say")
        elsewhere, named = self.add("join", room="dev"), self.add("say", room="ops")
        kept = self.add("say")
        _, join = self.sent("lobby")
        self.requests.settle({"event": "refused", "ref": join["ref"], "code": "room-locked"})
        self.failureResultOf(refused, Refused)
        self.assertEqual(self.failureResultOf(lost, Refused).value.code, "not-in-room")
        self.assertEqual([message["room"] for message in self.sent("lobby")], ["dev", "ops"])
        self.requests.interrupted()
        self.failureResultOf(kept, Refused)
        self.assertEqual(self.sent("lobby"), [])
        for answer in (before, elsewhere, named):
            self.failureResultOf(answer, Unanswered)

    def test_abandoned(self) -> None:
        """When nothing can be repeated any more, all that was ever sent fails; the rest is still sent."""
        first, second, third = (self.add("say", key=key) for key in "abc")
        self.sent()
        self.requests.interrupted()
        self.requests.next()
        self.requests.abandon_sent()
        self.failureResultOf(first, Unanswered)
        self.failureResultOf(second, Unanswered)
        self.assertEqual([message["key"] for message in self.sent()], ["c"])
        self.assertNoResult(third)

    def test_cancelled(self) -> None:
        """A request that is cancelled before it is sent never is."""
        answer = self.add("a")
        answer.cancel()
        answer.addErrback(lambda failure: None)
        self.add("b")
        self.assertEqual([message["do"] for message in self.sent()], ["b"])

    def test_failed(self) -> None:
        """In the end all that is left fails; of what was sent on any connection nobody knows whether it is done."""
        self.requests = Requests(2)
        answers = [self.add("say", key=key) for key in "abc"]
        self.sent()
        self.requests.interrupted()
        self.requests.fail(Left("gone"))
        for answer in answers[:2]:
            self.failureResultOf(answer, Unanswered)
        self.failureResultOf(answers[2], Left)
        self.assertEqual(len(self.requests), 0)

    def test_refusal_without_words(self) -> None:
        """A refusal that says nothing is one all the same."""
        refusal = refusal_of({"event": "refused"})
        self.assertEqual((refusal.code, refusal.text, refusal.wait), ("refused", "", 0.0))

    def test_wait(self) -> None:
        """A refusal says after how many seconds one may ask again; what is no such number says nothing."""
        self.assertEqual(refusal_of({"event": "refused", "code": "slow-mode", "wait": 3}).wait, 3.0)
        for wait in list[Any]((True, "3", -1, None, [], 1e300, float("inf"), float("nan"))):
            self.assertEqual(refusal_of({"event": "refused", "wait": wait}).wait, 0.0, wait)


class RequestsMachine(RuleBasedStateMachine):
    """A server that carries a key out once, beside a client that repeats what was not answered."""

    def __init__(self) -> None:
        super().__init__()
        self.requests = Requests(3)
        self.on_the_wire: list[Message] = []
        self.asked: list[str] = []
        self.carried_out: list[str] = []
        self.answered: list[str] = []

    @rule()
    def say(self) -> None:
        key = f"k{len(self.asked)}"
        self.asked.append(key)
        answer = self.requests.add({"do": "say", "key": key}).answer
        answer.then(lambda _: self.answered.append(key))

    @rule()
    def send(self) -> None:
        self.on_the_wire += [request.message for request in iter(self.requests.next, None)]

    @rule(count=st.integers(0, 3), heard=st.integers(0, 3))
    def serve(self, count: int, heard: int) -> None:
        """The server takes some requests; some of the answers come through."""
        taken, self.on_the_wire = self.on_the_wire[:count], self.on_the_wire[count:]
        for index, message in enumerate(taken):
            if message["key"] not in self.carried_out:
                self.carried_out.append(message["key"])
            if index < heard and self.requests.expects(message):
                number = self.carried_out.index(message["key"]) + 1
                self.requests.settle({"event": "done", "ref": message["ref"], "id": number})
            elif index >= heard:
                self.cut()
                return

    @rule()
    def cut(self) -> None:
        self.on_the_wire.clear()
        self.requests.interrupted()

    @invariant()
    def in_order(self) -> None:
        """Everything is carried out in the order it was asked for, and an answer means that it was."""
        assert self.carried_out == self.asked[: len(self.carried_out)]
        assert set(self.answered) <= set(self.carried_out)
        assert len(self.answered) + len(self.requests) == len(self.asked)


RequestsMachineTest = RequestsMachine.TestCase
