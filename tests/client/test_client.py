"""The client: comes in, comes back, says and hears everything once."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.interfaces import IPushProducer, IStreamClientEndpoint
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.client import events
from groupchat.client.client import Client
from groupchat.client.core.client_errors import ClientError, Left, NothingListens, Refused, Unanswered
from groupchat.client.core.client_state import Change, State
from groupchat.client.core.protocol import Message
from groupchat.client.core.pulse import DEAD, HANDSHAKE, LATE, QUIET, SLOW
from tests.client.fakes import FakeConnection, FakeEndpoint, said


class ClientCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.endpoint = FakeEndpoint()
        self.events: list[Message] = []
        self.changes: list[Change] = []

    def client(self, **options: Any) -> Client:
        client = Client(
            self.endpoint,
            "bot",
            self.clock,
            heard=options.pop("heard", self.events.append),
            changed=self.changes.append,
            backoff=lambda failures: float(failures),
            patient=options.pop("patient", True),
            **options,
        )
        self.joined = client.start()
        self.failures: list[BaseException | None] = []
        self.joined.addErrback(self._failed)
        return client

    def _failed(self, failure: Failure) -> Message:
        self.failures.append(failure.value)
        return {}

    def pass_time(self, seconds: float) -> None:
        """Let the time pass second by second."""
        self.clock.pump([1.0] * round(seconds))

    def reconnect(self) -> FakeConnection:
        self.clock.advance(100)
        return self.endpoint.accept()

    @property
    def states(self) -> list[State]:
        return [change.state for change in self.changes]


class JoiningTest(ClientCase):
    def test_honest(self) -> None:
        """The fake endpoint and the client provide what they say."""
        verifyObject(IStreamClientEndpoint, self.endpoint)
        verifyObject(IPushProducer, self.client())

    def test_welcome(self) -> None:
        """The first request is the nickname alone; the welcome is handed on, and every state is reported."""
        client = self.client()
        connection = self.endpoint.accept()
        claim = connection.welcome(token="secret", head=7)
        self.assertEqual({**claim, "ref": 0}, {"do": "nick", "nick": "bot", "ref": 0})
        self.assertEqual(self.successResultOf(self.joined)["head"], 7)
        self.assertEqual((client.token, client.room, client.nick), ("secret", "lobby", "bot"))
        self.assertEqual(self.states, [State.CONNECTING, State.JOINING, State.JOINED])

    def test_lines_for_people(self) -> None:
        """A line that does not start with a brace is skipped, wherever the bytes are cut."""
        self.client()
        connection = self.endpoint.accept()
        for byte in b"groupchat 1.0: 3 people are here.\r\nChoose your nickname: \r\n":
            connection.receive(bytes([byte]))
        connection.welcome()
        self.assertEqual(self.events, [])
        self.assertTrue(self.joined.called)

    def test_refused(self) -> None:
        """A nickname that is taken ends the client, with the server's words."""
        client = self.client()
        connection = self.endpoint.accept()
        connection.refuse("nick-taken", "Taken.")
        (error,) = self.failures
        assert isinstance(error, Refused)
        self.assertEqual((error.code, error.text), ("nick-taken", "Taken."))
        self.assertEqual((client.state, connection.connected), (State.FAILED, False))
        self.clock.advance(1000)
        self.assertEqual(self.endpoint.attempts, [])

    def test_alternatives(self) -> None:
        """Another nickname is tried on the same connection when one is taken."""
        client = self.client(alternatives=["bot2", "bot3"])
        connection = self.endpoint.accept()
        connection.refuse("nick-taken")
        connection.refuse("nick-reserved")
        self.assertEqual(connection.welcome()["nick"], "bot3")
        self.assertEqual(client.nick, "bot3")

    def test_wanted_room(self) -> None:
        """Posts wait until the server has let us into the room we want."""
        client = self.client(room="dev")
        posted = client.say("hi")
        connection = self.endpoint.accept()
        connection.welcome()
        (join,) = connection.requests()
        self.assertEqual((join["do"], join["room"]), ("join", "dev"))
        self.assertEqual(client.state, State.JOINING)
        connection.send({"event": "done", "ref": join["ref"]})
        (say,) = connection.requests()
        connection.send({"event": "done", "ref": say["ref"], "id": 1})
        self.assertEqual(self.successResultOf(posted), 1)
        self.assertEqual(client.room, "dev")

    def test_refused_room(self) -> None:
        """Nothing is posted anywhere when the wanted room is refused."""
        client = self.client(room="no way")
        posted = client.say("hi")
        connection = self.endpoint.accept()
        connection.welcome()
        (join,) = connection.requests()
        connection.send({"event": "refused", "ref": join["ref"], "code": "room-invalid", "text": "No."})
        self.assertEqual(connection.requests(), [])
        self.failureResultOf(posted, Left)
        self.assertEqual(client.state, State.FAILED)

    def test_room_resumed(self) -> None:
        """The room is joined on every connection on which the server does not say that the client is in it."""
        self.client(room="dev")
        connection = self.endpoint.accept()
        connection.welcome()
        connection.cut()
        connection = self.reconnect()
        connection.welcome()
        (join,) = connection.requests()
        connection.send({"event": "done", "ref": join["ref"]})
        connection.cut()
        connection = self.reconnect()
        connection.welcome(room="elsewhere")
        self.assertEqual(connection.done()["room"], "dev")
        connection.cut()
        connection = self.reconnect()
        connection.welcome(room="dev", rooms=["dev"])
        self.assertEqual(connection.requests(), [])

    def test_silent_server(self) -> None:
        """A server that accepts and says nothing is given up after the handshake's time, and tried again."""
        self.client()
        connection = self.endpoint.accept()
        self.clock.advance(HANDSHAKE)
        self.assertFalse(connection.connected)
        self.assertIs(self.changes[-1].state, State.WAITING)

    def test_turned_away(self) -> None:
        """A full server's line for people is the reason told; it is tried again, later each time."""
        self.client()
        for failures in (1, 2, 3):
            connection = self.endpoint.accept()
            connection.receive(b"!! server-full: Try later.\r\n")
            connection.cut()
            self.assertEqual(str(self.changes[-1].reason), "server-full: Try later.")
            self.assertEqual(self.changes[-1].delay, failures)
            self.clock.advance(failures - 0.5)
            self.assertEqual(self.endpoint.attempts, [])
            self.clock.advance(0.5)
        self.assertEqual(len(self.endpoint.attempts), 1)

    def test_unreachable(self) -> None:
        """A failed attempt is repeated; after a welcome the delays begin anew."""
        self.client()
        self.endpoint.refuse(ConnectionRefusedError())
        self.clock.advance(1)
        self.endpoint.refuse(ConnectionRefusedError())
        self.assertEqual(self.changes[-1].delay, 2)
        self.clock.advance(2)
        connection = self.endpoint.accept()
        connection.welcome()
        connection.cut()
        self.assertEqual(self.changes[-1].delay, 1)

    def test_nothing_listens(self) -> None:
        """A client that is not patient fails at the first attempt, with its reason; later losses are mended."""
        client = self.client(patient=False)
        self.endpoint.refuse(ConnectionRefusedError())
        self.assertIs(client.state, State.FAILED)
        self.assertIsInstance(self.failures[0], NothingListens)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        client = self.client(patient=False)
        connection = self.endpoint.accept()
        connection.welcome()
        connection.cut()
        self.clock.advance(1)
        self.endpoint.refuse(ConnectionRefusedError())
        self.assertIs(client.state, State.WAITING)


class HearingTest(ClientCase):
    def test_records(self) -> None:
        """A program hears every event as a record too, in the same order, with its rooms up to date already."""
        heard: list[object] = []

        def on_event(event: events.Event) -> None:
            heard.append((type(event).__name__, client.room))

        client = self.client(on_event=on_event)
        connection = self.endpoint.accept()
        connection.welcome(rooms=["lobby"])
        connection.send(said(1), {"event": "entered", "room": "dev"}, {"event": "polled"})
        self.assertEqual(heard, [("Said", "lobby"), ("Entered", "dev"), ("Unknown", "dev")])
        self.assertEqual([event["event"] for event in self.events], ["said", "entered", "polled"])

    def test_broken_program(self) -> None:
        """A program that fails on a record is told of in the log; the event counts as handled."""

        def on_event(event: events.Event) -> None:
            raise ZeroDivisionError

        client = self.client(on_event=on_event)
        connection = self.endpoint.accept()
        connection.welcome()
        connection.send(said(3))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(client.since, 3)

    def test_broken_listener(self) -> None:
        """One that fails on a change of state is, too, and the client goes on."""

        def changed(change: Change) -> None:
            raise ZeroDivisionError

        client = Client(self.endpoint, "bot", self.clock, changed=changed)
        client.start()
        self.endpoint.accept().welcome()
        self.assertIs(client.state, State.JOINED)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 3)


class ResumingTest(ClientCase):
    def test_token_and_since(self) -> None:
        """After a lost connection the claim carries the token and the highest number handled."""
        self.client()
        connection = self.endpoint.accept()
        connection.welcome(token="secret", head=9)
        connection.send(said(8), {"event": "joined", "room": "lobby", "nick": "eve"}, said(12))
        connection.cut()
        claim = self.reconnect().welcome()
        self.assertEqual((claim["since"], claim["token"]), (12, "secret"))
        self.assertEqual([event.get("id") for event in self.events], [8, None, 12])

    def test_cut_before_the_first_event(self) -> None:
        """Cut right after the welcome, the next claim asks for everything since, and the earlier messages."""
        self.client()
        connection = self.endpoint.accept()
        connection.welcome(head=100)
        connection.cut()
        self.assertEqual(self.reconnect().welcome()["since"], 80)

    def test_head(self) -> None:
        """A client that wants nothing old resumes from the head that it met."""
        self.client(since="head")
        connection = self.endpoint.accept()
        self.assertEqual(connection.welcome(head=100)["since"], "head")
        connection.cut()
        self.assertEqual(self.reconnect().welcome()["since"], 100)

    def test_earlier_messages_of_another_room(self) -> None:
        """Messages with lower numbers, shown on joining a room, are handed on and do not turn the position back."""
        client = self.client()
        connection = self.endpoint.accept()
        connection.welcome()
        connection.send(said(50), said(20))
        self.assertEqual((client.since, len(self.events)), (50, 2))

    def test_unknown_events(self) -> None:
        """An event of an unknown kind is handed on; its id counts for nothing."""
        client = self.client()
        connection = self.endpoint.accept()
        connection.welcome()
        connection.send(said(5), {"event": "polled", "id": 1000}, {"event": "said", "id": "x"}, {"what": []})
        self.assertEqual((client.since, len(self.events)), (5, 4))

    def test_own_posts_in_a_row(self) -> None:
        """The numbers of own posts count as handled when they follow one another without a gap."""
        client = self.client(since="head")
        connection = self.endpoint.accept()
        connection.welcome(head=10)
        self.post(client, connection, 11, 12)
        self.assertEqual(client.since, 12)

    def test_own_post_behind_a_gap(self) -> None:
        """An answer that overtakes other people's posts does not make them count as handled."""
        client = self.client(since="head")
        connection = self.endpoint.accept()
        connection.welcome(head=10)
        self.post(client, connection, 13)
        self.assertEqual(client.since, 10)
        connection.send(said(11))
        self.assertEqual(client.since, 11)
        connection.send(said(12))
        self.assertEqual(client.since, 13)

    def test_own_post_replayed(self) -> None:
        """An own post that was answered before is not heard again when a resumption brings it."""
        client = self.client(since="head")
        connection = self.endpoint.accept()
        connection.welcome(head=10)
        self.post(client, connection, 13)
        connection.cut()
        connection = self.reconnect()
        self.assertEqual(connection.welcome(head=14)["since"], 10)
        connection.send(said(12), said(13, nick="bot"), said(14))
        self.assertEqual([event["id"] for event in self.events], [12, 14])
        self.assertEqual(client.since, 14)

    def test_own_post_replayed_before_its_answer(self) -> None:
        """Nor is one whose answer was lost, and comes after it; what somebody else says in the same words is heard."""
        client = self.client(since="head")
        connection = self.endpoint.accept()
        connection.welcome(head=10, room="lobby", rooms=["lobby"])
        answer, other = client.say("x"), client.say("y", room="dev")
        connection.cut()
        later = client.say("later")
        connection = self.reconnect()
        connection.welcome(head=14, room="lobby", rooms=["lobby"])
        mine = {"nick": "bot", "text": "x", "room": "lobby"}
        connection.send(
            {**said(11), "text": "x", "room": "lobby"}, {**said(12), **mine}, {**said(13), **mine, "room": "dev"},
            {**said(14), **mine, "text": "later"},
        )  # fmt: skip
        self.assertEqual([event["id"] for event in self.events], [11, 13, 14])
        for number, request in zip((12, 15, 16), connection.requests(), strict=True):
            connection.send({"event": "done", "ref": request["ref"], "id": number})
        self.assertEqual([self.successResultOf(one) for one in (answer, other, later)], [12, 15, 16])
        connection.send({**said(17), **mine})
        self.assertEqual(self.events[-1]["id"], 17)

    def post(self, client: Client, connection: FakeConnection, *numbers: int) -> None:
        for number in numbers:
            client.say("x")
            (say,) = connection.requests()
            connection.send({"event": "done", "ref": say["ref"], "id": number})

    def test_token_forgotten(self) -> None:
        """A refused token is reported, and the client joins without it, from the same position."""
        client = self.client(token="old", since=5)
        connection = self.endpoint.accept()
        connection.refuse("token-invalid")
        claim = connection.welcome(token="new")
        self.assertEqual((claim.get("token"), claim["since"]), (None, 5))
        self.assertEqual(client.token, "new")
        (reason,) = [change.reason for change in self.changes if change.reason is not None]
        assert isinstance(reason, Refused)
        self.assertEqual(reason.code, "token-invalid")

    def test_posts_of_a_forgotten_token(self) -> None:
        """Posts that were sent under a forgotten token are not sent again; those that were not sent are."""
        client = self.client(window=1)
        connection = self.endpoint.accept()
        connection.welcome()
        first, second = client.say("first"), client.say("second")
        connection.requests()
        connection.cut()
        connection = self.reconnect()
        connection.refuse("token-invalid")
        self.failureResultOf(first, Unanswered)
        connection.welcome()
        self.assertEqual([request["text"] for request in connection.requests()], ["second"])
        self.assertNoResult(second)

    def test_own_ghost(self) -> None:
        """A nickname that our own dead connection may hold is asked for again, but not for ever."""
        client = self.client()
        self.endpoint.accept().cut()
        self.reconnect().refuse("nick-taken")
        self.assertIs(client.state, State.WAITING)
        self.reconnect().refuse("nick-taken")
        self.assertIs(client.state, State.FAILED)

    def test_listener_fails(self) -> None:
        """A program that raises on an event is told of in the log; the event counts, and the next one comes."""

        def heard(event: Message) -> None:
            self.events.append(event)
            raise ZeroDivisionError

        client = self.client(heard=heard)
        connection = self.endpoint.accept()
        connection.welcome()
        connection.send(said(1), said(2))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)
        self.assertEqual((len(self.events), client.since), (2, 2))

    def test_not_json(self) -> None:
        """A server that talks nonsense is left, and tried again; what it says after it is not read."""
        self.client()
        connection = self.endpoint.accept()
        connection.welcome()
        connection.receive(b'{"event": \r\n{"event": "said", "id": 3}\r\n')
        self.assertEqual((connection.connected, self.events), (False, []))
        self.assertIs(self.changes[-1].state, State.WAITING)


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


class LeavingTest(ClientCase):
    def test_leave(self) -> None:
        """Leaving says so; it is over when the server has closed, and nothing connects again."""
        client = self.client()
        connection = self.endpoint.accept()
        connection.welcome()
        post = client.say("bye")
        left = client.leave()
        requests = connection.requests()
        self.assertEqual([request["do"] for request in requests], ["say", "exit"])
        connection.send({"event": "done", "ref": requests[0]["ref"], "id": 1})
        self.assertEqual(self.successResultOf(post), 1)
        self.assertNoResult(left)
        connection.cut()
        self.successResultOf(left)
        self.assertEqual(self.states[-2:], [State.LEAVING, State.LEFT])
        self.clock.advance(1000)
        self.assertEqual(self.endpoint.attempts, [])
        self.failureResultOf(client.say("too late"), Left)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_deaf_server(self) -> None:
        """A server that does not close is left anyway; what it has not answered fails."""
        client = self.client()
        connection = self.endpoint.accept()
        connection.welcome()
        post, left = client.say("bye"), client.leave()
        self.clock.advance(10)
        self.successResultOf(left)
        self.failureResultOf(post, Unanswered)
        self.assertFalse(connection.connected)

    def test_leave_while_connecting(self) -> None:
        """Leaving stops an attempt to connect, and fails what waits."""
        client = self.client()
        post = client.say("x")
        self.successResultOf(client.leave())
        self.assertEqual(self.endpoint.cancelled, 1)
        self.failureResultOf(post, Left)
        self.assertIsInstance(self.failures[0], Left)
        self.successResultOf(client.leave())

    def test_leave_while_waiting(self) -> None:
        """Leaving stops the wait for the next attempt."""
        client = self.client()
        self.endpoint.refuse(ConnectionRefusedError())
        self.successResultOf(client.leave())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_after_the_end(self) -> None:
        """After the end nothing is asked any more, and leaving again does nothing."""
        client = self.client()
        self.endpoint.accept().refuse("banned")
        self.assertIs(client.state, State.FAILED)
        self.failureResultOf(client.request("rooms"), Left)
        self.successResultOf(client.leave())

    def test_consumer_gone(self) -> None:
        """A consumer that is gone makes the client leave."""
        client = self.client()
        connection = self.endpoint.accept()
        connection.welcome()
        client.stopProducing()
        self.assertEqual([request["do"] for request in connection.requests()], ["exit"])


ANSWERED = ("welcome", "done", "refused", "listed", "closing")
EVENTS = (*ANSWERED, "said", "acted", "whispered", "edited", "deleted", "entered", "departed", "renamed", "joined",
          "many-joined", "typing", "moderated", "announced", "frob", "", None, 7, ["x"], {"a": 1})  # fmt: skip
FIELDS = ("ref", "nick", "new", "room", "rooms", "head", "token", "id", "target", "code", "text", "items", "current",
          "people", "at", "features", "motd", "account", "reason", "topic", "more")  # fmt: skip
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 5), st.just(10**400), st.floats(), st.text(max_size=4),
    st.lists(st.text(max_size=2) | st.integers(), max_size=3), st.just({}), st.just([{"nick": 7}]),
)  # fmt: skip
MESSAGES = st.builds(
    lambda event, fields: {"event": event, **fields},
    st.sampled_from(EVENTS), st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5),
)  # fmt: skip


class HostileServerTest(SynchronousTestCase):
    """A server that sends anything."""

    @given(st.lists(MESSAGES, max_size=12), st.booleans())
    def test_anything(self, messages: list[Message], welcomed: bool) -> None:
        """Whatever a server sends, nothing is raised or logged; requests fail with errors of the library at most."""
        clock, endpoint, failed = Clock(), FakeEndpoint(), list[Failure]()
        client = Client(endpoint, "bot", clock, on_event=lambda event: None, room="dev", backoff=lambda failures: 1.0)
        client.start().addErrback(failed.append)
        connection = endpoint.accept()
        if welcomed:
            connection.welcome(rooms=["lobby", "dev"], room="dev")
        for answer in (client.say("hi"), client.request("list"), client.say("ho", room="dev")):
            answer.addErrback(failed.append)
        for message in messages:
            refs = [request.get("ref") for request in connection.requests()]
            if connection.connected:
                connection.send({"ref": refs[0], **message} if refs else message)
        client.leave()
        clock.advance(100)
        self.assertEqual(self.flushLoggedErrors(), [])
        for failure in failed:
            self.assertIsInstance(failure.value, ClientError)

    def test_told(self) -> None:
        """A malformed answer ends the connection with a sentence that says what is wrong with it."""
        for message, words in (
            ({"event": "welcome", "head": "x"}, "an answer (welcome) whose head is no number"),
            ({"event": "welcome", "rooms": "lobby"}, "an answer (welcome) whose rooms is no array"),
            ({"event": "refused", "code": 7}, "an answer (refused) whose code is no text"),
            ({"event": ["x"]}, "an event without a name"),
            ({"event": "done"}, "with something else than a welcome"),
        ):
            endpoint, changes = FakeEndpoint(), list[Change]()
            client = Client(endpoint, "bot", Clock(), changed=changes.append, patient=True)
            client.start().addErrback(lambda failure: None)
            connection = endpoint.accept()
            (claim,) = connection.requests()
            connection.send({**message, "ref": claim["ref"]})
            self.assertEqual(changes[-1].state, State.WAITING)
            self.assertIn(words, str(changes[-1].reason))
            client.leave()
