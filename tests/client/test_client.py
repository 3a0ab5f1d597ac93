"""The client: comes in, comes back, says and hears everything once."""

from twisted.internet.error import ConnectionRefusedError
from twisted.internet.interfaces import IPushProducer, IStreamClientEndpoint
from zope.interface.verify import verifyObject

from groupchat.client import events
from groupchat.client.client import Client
from groupchat.client.core.client_errors import Left, NothingListens, Refused, Unanswered
from groupchat.client.core.client_state import Change, State
from groupchat.client.core.protocol import Message
from groupchat.client.core.pulse import HANDSHAKE
from tests.client.cases import ClientCase
from tests.client.fakes import FakeConnection, said


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
