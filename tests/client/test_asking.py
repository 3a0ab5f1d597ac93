"""Requests of the client, and their answers."""

from typing import Any

from twisted.internet.error import ConnectionRefusedError

from groupchat.client.client import Client
from groupchat.client.core.client_errors import Refused, Unanswered
from groupchat.client.core.client_state import State
from groupchat.client.core.protocol import Message
from groupchat.client.core.pulse import DEAD, LATE, QUIET, SLOW
from tests.client.cases import ClientCase
from tests.client.fakes import FakeConnection


class AskingTest(ClientCase):
    def joined_client(self, **options: Any) -> tuple[Client, FakeConnection]:
        client = self.client(**options)
        connection = self.endpoint.accept()
        connection.welcome()
        return client, connection

    def test_answers_by_ref(self) -> None:
        """Each request gets its own answer, in whatever order they come."""
        client, connection = self.joined_client()
        first, second = client.request("rooms"), client.request("whois", nick="eve")
        one, two = connection.requests()
        connection.send({"event": "refused", "ref": two["ref"], "code": "no-such-nick", "text": "Who?"})
        self.assertEqual(self.failureResultOf(second, Refused).value.code, "no-such-nick")
        connection.send({"event": "listed", "ref": one["ref"], "items": []})
        self.assertEqual(self.successResultOf(first)["items"], [])
        self.assertEqual(self.events, [])

    def test_foreign_refs(self) -> None:
        """An answer to nothing we asked is an event like any other."""
        client, connection = self.joined_client()
        asked = client.request("rooms")
        strange: list[Message] = [{"event": "done", "ref": ref} for ref in ([1], {"a": 1}, True, "2", 99, None)]
        connection.send(*strange)
        self.assertEqual(self.events, strange)
        self.assertNoResult(asked)

    def test_posts_again(self) -> None:
        """Unanswered posts are sent again after a reconnection: same keys, same order, before later ones."""
        client, connection = self.joined_client()
        posts = [client.say(text) for text in ("a", "b", "c")]
        sent = connection.requests()
        connection.send({"event": "done", "ref": sent[0]["ref"], "id": 1})
        connection.cut()
        posts.append(client.say("d"))
        connection = self.reconnect()
        connection.welcome()
        again = connection.requests()
        self.assertEqual(again[:2], sent[1:])
        self.assertEqual([request["text"] for request in again], ["b", "c", "d"])
        self.assertEqual(len({request["key"] for request in sent + again}), 4)
        for number, request in enumerate(again, 2):
            connection.send({"event": "done", "ref": request["ref"], "id": number})
        self.assertEqual([self.successResultOf(post) for post in posts], [1, 2, 3, 4])

    def test_own_key(self) -> None:
        """A program can name the key, and the room."""
        client, connection = self.joined_client()
        client.say("a", key="build-17", room="dev")
        (request,) = connection.requests()
        self.assertEqual((request["key"], request["room"]), ("build-17", "dev"))

    def test_reply(self) -> None:
        """A message of several lines can answer another one; what answers none says nothing about it."""
        client, connection = self.joined_client()
        client.say("a\nb", reply=41)
        client.say("c")
        first, second = connection.requests()
        self.assertEqual((first["text"], first["reply"]), ("a\nb", 41))
        self.assertNotIn("reply", second)

    def test_other_requests_are_not_repeated(self) -> None:
        """A request that was sent and not answered fails when the connection is lost; one not sent yet waits."""
        client, connection = self.joined_client(window=1)
        sent, waiting = client.request("edit", text="x"), client.request("rooms")
        connection.cut()
        self.failureResultOf(sent, Unanswered)
        connection = self.reconnect()
        connection.welcome()
        self.assertEqual([request["do"] for request in connection.requests()], ["rooms"])
        self.assertNoResult(waiting)

    def test_window(self) -> None:
        """No more than the window is sent and unanswered at once."""
        client, connection = self.joined_client(window=2)
        for text in "abcd":
            client.say(text)
        sent = connection.requests()
        self.assertEqual([request["text"] for request in sent], ["a", "b"])
        connection.send({"event": "done", "ref": sent[0]["ref"], "id": 1})
        self.assertEqual([request["text"] for request in connection.requests()], ["c"])

    def test_cancelled(self) -> None:
        """A request that is cancelled before it was sent is never sent."""
        client = self.client()
        post = client.say("never mind")
        post.cancel()
        post.addErrback(lambda failure: None)
        connection = self.endpoint.accept()
        connection.welcome()
        self.assertEqual(connection.requests(), [])

    def test_too_long(self) -> None:
        """A line that no server takes fails at once, instead of being cut off for ever."""
        client, connection = self.joined_client(longest=100)
        error = self.failureResultOf(client.say("x" * 100), Refused).value
        self.assertEqual((error.code, connection.requests()), ("line-too-long", []))

    def test_half_characters(self) -> None:
        """What cannot be written in UTF-8 is refused, whatever it is a part of, and nothing is sent."""
        client, connection = self.joined_client()
        connection.requests()
        for asked in (client.say("\ud800"), client.say("hi", room="\udfff"), client.request("join", room="\ud800")):
            error = self.failureResultOf(asked, Refused).value
            self.assertEqual((error.code, connection.requests()), ("not-utf8", []))

    def test_no_numbers(self) -> None:
        """Numbers that JSON cannot have are refused, and nothing is sent."""
        client, connection = self.joined_client()
        connection.requests()
        for number in (float("nan"), float("inf")):
            error = self.failureResultOf(client.request("history", count=number), Refused).value
            self.assertEqual((error.code, connection.requests()), ("bad-arguments", []))

    def test_silence(self) -> None:
        """A server that is quiet is asked for a sign of life, and taken for dead when it gives none."""
        _, connection = self.joined_client()
        self.pass_time(QUIET + 2)
        (ping,) = connection.requests()
        self.assertEqual(ping["do"], "ping")
        connection.send({"event": "done", "ref": ping["ref"]})
        self.pass_time(QUIET + 2)
        self.assertEqual([request["do"] for request in connection.requests()], ["ping"])
        self.pass_time(DEAD)
        self.assertFalse(connection.connected)
        self.assertEqual(self.events, [])

    def test_told_of_silence(self) -> None:
        """The program is told how long the server has been silent, each second from 15 on, and when it no longer is."""
        told: list[float] = []
        _, connection = self.joined_client(silent=told.append)
        self.pass_time(SLOW)
        self.assertEqual(told, [])
        self.pass_time(3)
        connection.send({"event": "announced", "text": "Here I am."})
        self.pass_time(SLOW)
        self.assertEqual(told, [15.0, 16.0, 17.0, 0.0])

    def test_second_connection(self) -> None:
        """Beside a silent connection another is tried, and takes over: nothing is lost, and nothing is said twice."""
        told: list[float] = []
        client, first = self.joined_client(silent=told.append)
        self.pass_time(5)
        posted, asked = client.say("hello"), client.request("list")
        key = first.requests()[0]["key"]
        self.pass_time(LATE)
        (_,) = self.endpoint.attempts
        self.assertEqual((client.state, first.connected), (State.JOINED, True))
        second = self.endpoint.accept()
        self.assertEqual((client.state, first.connected, self.endpoint.cancelled), (State.JOINING, False, 0))
        claim = second.welcome()
        self.assertEqual(claim["token"], "t")
        (again,) = second.requests()
        self.assertEqual((again["key"], again["text"]), (key, "hello"))
        second.send({"event": "done", "ref": again["ref"], "id": 7})
        self.assertEqual(self.successResultOf(posted), 7)
        self.failureResultOf(asked, Unanswered)
        self.assertEqual((client.state, told[-1]), (State.JOINED, 0.0))
        self.assertNotIn(State.WAITING, self.states)
        second.cut()
        self.assertTrue(self.reconnect().connected)

    def test_first_answers_after_all(self) -> None:
        """If the first connection is heard again while another is tried, the attempt ends, and nothing changes."""
        client, first = self.joined_client()
        self.pass_time(LATE + 1)
        first.send({"event": "announced", "text": "Here I am."})
        self.pass_time(1)
        self.assertEqual((self.endpoint.cancelled, client.state, first.connected), (1, State.JOINED, True))

    def test_second_fails(self) -> None:
        """As long as no other connection can be made, attempts go on with growing delays, and the first one stays."""
        client, first = self.joined_client()
        attempts = 0
        for _ in range(round(DEAD) - 2):
            self.pass_time(1)
            while self.endpoint.attempts:
                attempts += 1
                self.endpoint.refuse(ConnectionRefusedError())
        self.assertGreater(attempts, 5)
        self.assertEqual((client.state, first.connected), (State.JOINED, True))
        first.cut()
        self.assertIs(client.state, State.WAITING)
        self.assertEqual(self.reconnect().welcome()["token"], "t")
        self.assertIs(client.state, State.JOINED)

    def test_leaving_meanwhile(self) -> None:
        """Somebody who leaves while another connection is tried has left, and is on none."""
        client, first = self.joined_client()
        self.pass_time(LATE + 1)
        left = client.leave()
        self.assertEqual(self.endpoint.cancelled, 1)
        self.pass_time(10)
        self.successResultOf(left)
        self.assertEqual((client.state, first.connected), (State.LEFT, False))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_back_pressure(self) -> None:
        """A paused client reads nothing, on a new connection neither, and does not take its own silence for death."""
        client, connection = self.joined_client()
        client.pauseProducing()
        self.assertEqual(connection.transport.producerState, "paused")
        for _ in range(5):
            self.clock.advance(QUIET)
        self.assertTrue(connection.connected)
        connection.cut()
        connection = self.reconnect()
        self.assertEqual(connection.transport.producerState, "paused")
        client.resumeProducing()
        self.assertEqual(connection.transport.producerState, "producing")
        connection.cut()
        self.assertEqual(self.reconnect().transport.producerState, "producing")
