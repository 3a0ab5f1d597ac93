"""Membership: preferences and claims on every connection, rooms, and the ends after which there is no return."""

from io import BytesIO

from twisted.internet.error import ConnectionRefusedError

from groupchat.client.core.client_errors import ConnectionDropped, Left, Refused, Unanswered
from groupchat.client.core.client_state import State
from groupchat.client.core.protocol import Message
from tests.client.cases import ClientCase
from tests.client.fakes import said


class ClaimTest(ClientCase):
    def test_preferences(self) -> None:
        """Preferences are set on every connection before anything that waits is sent; a changed one as changed."""
        client = self.client(preferences={"emoji": "on"})
        waiting = client.say("hello")
        server = self.endpoint.accept()
        server.welcome()
        wish, post = server.requests()
        self.assertEqual((wish["do"], wish["name"], wish["value"], post["text"]), ("set", "emoji", "on", "hello"))
        server.send({"event": "done", "ref": wish["ref"]}, {"event": "done", "ref": post["ref"], "id": 1})
        self.assertEqual((self.successResultOf(waiting), self.events), (1, []))
        client.prefer("emoji", "off")
        server.cut()
        server = self.reconnect()
        server.welcome(head=1)
        self.assertEqual([wish["value"] for wish in server.requests()], ["off"])

    def test_preference_that_is_refused(self) -> None:
        """The program hears that the server refuses a preference, which has a wrong name or value, and stays in."""
        client = self.client(preferences={"ehco": "on"}, since="head")
        for number in (1, 2):
            server = self.endpoint.accept() if number == 1 else self.reconnect()
            server.welcome(head=1)
            wish = server.requests()[0]
            server.send({"event": "refused", "ref": wish["ref"], "code": "bad-arguments", "text": "No setting ehco."})
            refused: Message = {"event": "refused", "code": "bad-arguments", "text": "No setting ehco."}
            self.assertEqual((self.events, client.state), ([refused] * number, State.JOINED))
            server.cut()

    def test_read_again(self) -> None:
        """What was left out is heard again on another connection, also if one is just being made."""
        client = self.client(since="head")
        server = self.endpoint.accept()
        server.welcome(head=10)
        server.send(said(11), said(12))
        client.membership.read_again(10)
        server = self.reconnect()
        self.assertEqual(server.requests()[0]["since"], 10)
        client.membership.read_again(9)
        self.assertFalse(server.connected)
        self.assertEqual(self.reconnect().welcome(head=12)["since"], 9)

    def test_attended(self) -> None:
        """A client that a person sits at says so each time it comes in, and another one does not."""
        for attended in (True, False):
            self.client(attended=attended)
            server = self.endpoint.accept()
            (claim,) = server.requests()
            self.assertEqual(claim.get("attended"), attended or None)

    def test_echo(self) -> None:
        """With echo on one's own posts are heard as events, once each, before or after their answer."""
        client = self.client(preferences={"echo": "on"}, since="head")
        server = self.endpoint.accept()
        server.welcome(head=10)
        client.say("one")
        client.say("two")
        _, one, two = server.requests()
        server.send({"event": "done", "ref": one["ref"], "id": 12}, said(11), said(12, "one", "bot"))
        server.send(said(13, "two", "bot"), {"event": "done", "ref": two["ref"], "id": 13})
        self.assertEqual([event["id"] for event in self.events], [11, 12, 13])
        self.assertEqual(client.since, 13)

    def test_echo_lost(self) -> None:
        """An own post whose event was lost with the connection comes with the resumption."""
        client = self.client(preferences={"echo": "on"}, since="head")
        server = self.endpoint.accept()
        server.welcome(head=10)
        client.say("one")
        _, one = server.requests()
        server.send({"event": "done", "ref": one["ref"], "id": 11})
        server.cut()
        server = self.reconnect()
        self.assertEqual(server.welcome(head=11)["since"], 10)
        server.send(said(11, "one", "bot"))
        self.assertEqual(([event["id"] for event in self.events], client.head), ([11], 11))

    def test_password(self) -> None:
        """The password goes with every claim."""
        self.client(password="sesame")
        server = self.endpoint.accept()
        self.assertEqual(server.welcome()["password"], "sesame")

    def test_renamed(self) -> None:
        """A client that has taken another nickname comes back under it."""
        client = self.client()
        server = self.endpoint.accept()
        server.welcome()
        server.send({"event": "renamed", "room": "lobby", "nick": "bot", "new": "robot", "at": ""})
        self.assertEqual(client.nick, "robot")
        server.cut()
        self.assertEqual(self.reconnect().welcome()["nick"], "robot")

    def test_reason(self) -> None:
        """A reason for leaving is told to the server."""
        client = self.client()
        server = self.endpoint.accept()
        server.welcome()
        left = client.leave("tea")
        (request,) = server.requests()
        self.assertEqual((request["do"], request["reason"]), ("exit", "tea"))
        server.cut()
        self.successResultOf(left)
        self.assertIs(client.state, State.LEFT)


def entered(room: str) -> dict[str, object]:
    """The event for a room that the client is in now."""
    return {"event": "entered", "room": room, "topic": "", "people": []}


class RoomsTest(ClientCase):
    def test_welcome_names_the_rooms(self) -> None:
        """The client knows its rooms, its account and what the server understands from the welcome."""
        client = self.client()
        self.assertEqual((client.rooms, client.account, client.version, client.features), ((), "", "", frozenset()))
        server = self.endpoint.accept()
        server.welcome(room="dev", rooms=["lobby", "dev"], account="bot", version="1.2", features=["quiet"])
        self.assertEqual((client.rooms, client.room), (("lobby", "dev"), "dev"))
        self.assertEqual((client.account, client.version, client.features), ("bot", "1.2", frozenset({"quiet"})))

    def test_switched(self) -> None:
        """An answer that says where lines go now is followed, so that a line that waits is bound to the right room."""
        client = self.client()
        server = self.endpoint.accept()
        server.welcome(room="lobby", rooms=["dev", "lobby"])
        client.request("switch", room="dev")
        server.done(text="Your lines now go to dev.", room="dev")
        self.assertEqual((client.room, client.rooms), ("dev", ("lobby", "dev")))
        server.cut()
        client.say("hello")
        self.clock.advance(2)
        again = self.endpoint.accept()
        again.welcome(room="lobby", rooms=["dev", "lobby"])
        self.assertEqual(again.done(room="dev")["do"], "join")  # back to where it was
        self.assertEqual([request["room"] for request in again.requests() if request["do"] == "say"], ["dev"])

    def test_entered_and_departed(self) -> None:
        """The server's word on the client's rooms holds, and is heard like every other event."""
        client = self.client()
        server = self.endpoint.accept()
        server.welcome(rooms=["lobby"])
        server.send(entered("lobby"), entered("dev"))
        self.assertEqual((client.rooms, client.room), (("lobby", "dev"), "dev"))
        server.send({"event": "departed", "room": "dev", "reason": "spam", "code": "kicked", "current": "lobby"})
        self.assertEqual((client.rooms, client.room), (("lobby",), "lobby"))
        server.send({"event": "departed", "room": "lobby", "reason": "", "code": "left", "current": ""})
        self.assertEqual((client.rooms, client.room), ((), ""))
        self.assertEqual([event["event"] for event in self.events], ["entered", "entered", "departed", "departed"])

    def test_exactly_these_rooms(self) -> None:
        """The rooms go with every claim, so that the client is in no other one, whatever the server remembers."""
        client = self.client(rooms=["dev", "ops"])
        server = self.endpoint.accept()
        self.assertEqual(server.welcome(room="ops", rooms=["dev", "ops"])["rooms"], ["dev", "ops"])
        self.assertIs(client.state, State.JOINED)
        server.cut()
        server = self.reconnect()
        self.assertEqual(server.welcome(room="ops", rooms=["dev", "ops"])["rooms"], ["dev", "ops"])
        client.request("join", room="new")
        server.send(entered("new"))
        server.done(room="new")
        server.cut()
        self.assertEqual(self.reconnect().welcome(room="new", rooms=["dev", "ops", "new"])["rooms"][-1], "new")

    def test_exactly_no_room(self) -> None:
        """An empty list is a wish, too: to be in no room."""
        client = self.client(rooms=[])
        self.assertEqual(self.endpoint.accept().welcome(room="", rooms=[])["rooms"], [])
        self.assertEqual((client.state, client.rooms), (State.JOINED, ()))

    def test_older_server(self) -> None:
        """A server that does not know ``rooms`` puts the client in the lobby: it joins the rooms one by one."""
        client = self.client(rooms=["dev", "ops"])
        server = self.endpoint.accept()
        server.welcome(room="lobby")
        self.assertEqual(server.done()["room"], "dev")
        self.assertEqual(server.done()["room"], "ops")
        self.assertEqual((client.state, client.room), (State.JOINED, "ops"))
        server.cut()
        self.assertEqual(self.reconnect().welcome(room="ops", rooms=["dev", "ops"])["rooms"], ["dev", "ops"])

    def test_rooms_of_a_forgotten_token(self) -> None:
        """A client whose token the server has forgotten asks for the rooms it was in."""
        self.client()
        server = self.endpoint.accept()
        server.welcome(rooms=["lobby"])
        server.send(entered("dev"))
        server.cut()
        server = self.reconnect()
        server.refuse("token-invalid")
        self.assertEqual(server.welcome(room="dev", rooms=["lobby", "dev"])["rooms"], ["lobby", "dev"])

    def test_quiet(self) -> None:
        """A quiet client says so, and joins no room; with an older server it joins the one it wants."""
        client = self.client(quiet=True, room="dev")
        server = self.endpoint.accept()
        claim = server.welcome(room="", rooms=[])
        self.assertEqual((claim["quiet"], claim.get("rooms")), (True, None))
        self.assertEqual((client.state, server.requests()), (State.JOINED, []))
        older = self.client(quiet=True, room="dev")
        server = self.endpoint.accept()
        server.welcome(room="lobby")
        self.assertEqual(server.done()["room"], "dev")
        self.assertIs(older.state, State.JOINED)


class BoundTest(ClientCase):
    """A line is said in the room it was meant for, or nowhere."""

    def test_said_without_a_connection(self) -> None:
        """A line that waits for a connection keeps the room it was typed in."""
        client = self.client()
        server = self.endpoint.accept()
        server.welcome(room="dev", rooms=["dev"])
        server.cut()
        client.say("hi")
        server = self.reconnect()
        server.welcome(room="lobby", rooms=["lobby"])
        (said_later,) = server.requests()
        self.assertEqual(said_later["room"], "dev")

    def test_unanswered(self) -> None:
        """So does one that is sent again; other requests stay as they are."""
        client = self.client(window=1)
        server = self.endpoint.accept()
        server.welcome(room="dev", rooms=["dev"])
        client.say("one")
        asked = client.request("rooms")
        self.assertEqual(server.requests()[0]["room"], "dev")
        server.cut()
        server = self.reconnect()
        server.welcome(room="lobby", rooms=["lobby"])
        self.assertEqual(server.done(id=1)["room"], "dev")
        self.assertNotIn("room", server.done())
        self.successResultOf(asked)

    def test_older_server(self) -> None:
        """With a server that does not tell of changes of rooms the client cannot know: it names none."""
        client = self.client()
        server = self.endpoint.accept()
        server.welcome()
        server.cut()
        client.say("hi")
        server = self.reconnect()
        server.welcome()
        self.assertNotIn("room", server.requests()[0])

    def test_room_lost(self) -> None:
        """After the loss of its room the next line without one is refused, once, unless the program has chosen."""
        for chooses in (False, True):
            client = self.client()
            server = self.endpoint.accept()
            server.welcome(room="dev", rooms=["lobby", "dev"])
            server.send({"event": "departed", "room": "dev", "reason": "", "code": "kicked", "current": "lobby"})
            if chooses:
                client.request("switch", room="lobby")
                server.done(room="lobby")
            else:
                error = self.failureResultOf(client.say("secret"), Refused).value
                self.assertEqual(
                    (error.code, error.text), ("room-lost", "You are no longer in dev; your lines now go to lobby.")
                )
            client.say("hello")
            self.assertEqual([(post["text"], post["room"]) for post in server.requests()], [("hello", "lobby")])

    def test_files(self) -> None:
        """A file goes where words go: to the person of a query, to the room that a request leads to, or nowhere."""
        client = self.client()
        server = self.endpoint.accept()
        server.welcome(room="dev", rooms=["lobby", "dev"])
        server.send({"event": "departed", "room": "dev", "reason": "", "code": "kicked", "current": "lobby"})
        file = BytesIO(b"meow")
        self.assertEqual(self.failureResultOf(client.send_file(file, "cat"), Refused).value.code, "room-lost")
        self.assertEqual(server.requests(), [])
        client.send_file(file, "cat")
        client.send_file(file, "cat", room="dev")
        client.send_file(file, "cat", nick="bob")
        wanted = [(request.get("room"), request.get("nick")) for request in server.requests()]
        self.assertEqual(wanted, [("lobby", None), ("dev", None), (None, "bob")])

    def test_files_after_moves(self) -> None:
        """A file waits for the answer to a move before it, and is not shared if that fails."""
        client = self.client()
        server = self.endpoint.accept()
        server.welcome(room="lobby", rooms=["lobby"])
        client.request("join", room="vault").addErrback(lambda failure: None)
        shared = client.send_file(BytesIO(b"meow"), "cat")
        (move,) = server.requests()
        server.send({"event": "refused", "ref": move["ref"], "code": "room-locked", "text": "It is locked."})
        self.assertEqual(self.failureResultOf(shared, Refused).value.code, "not-in-room")
        self.assertEqual(server.requests(), [])
        client.request("join", room="dev")
        shared = client.send_file(BytesIO(b"meow"), "cat")
        server.done(room="dev")
        (request,) = server.requests()
        server.send({"event": "done", "ref": request["ref"], "ticket": "T", "link": "/f/T"})
        self.endpoint.refuse(ConnectionRefusedError())
        self.failureResultOf(shared, Unanswered)
        client.request("query", nick="bob")
        server.done(query="bob")
        client.send_file(BytesIO(b"meow"), "cat")
        self.assertEqual([request.get("nick") for request in server.requests()], ["bob"])

    def test_file_that_is_posted(self) -> None:
        """A file that the server has posted already with its key is not sent again."""
        client = self.client()
        server = self.endpoint.accept()
        server.welcome(room="lobby", rooms=["lobby"])
        shared = client.send_file(BytesIO(b"meow"), "cat")
        server.done(id=7)
        self.assertEqual(self.successResultOf(shared), 7)

    def test_no_room(self) -> None:
        """In no room a line without one is refused at once: sent again later it could be said in another."""
        client = self.client()
        server = self.endpoint.accept()
        server.welcome(room="", rooms=[])
        self.assertEqual(self.failureResultOf(client.say("hello")).value.code, "not-in-room")
        self.assertEqual(server.requests(), [])

    def test_room_lost_while_away(self) -> None:
        """So it is when the server does not let the client back into its room after a cut."""
        client = self.client()
        server = self.endpoint.accept()
        server.welcome(room="dev", rooms=["dev"])
        server.cut()
        waiting = client.say("for dev")
        server = self.reconnect()
        server.welcome(room="lobby", rooms=["lobby"])
        self.assertEqual(server.requests()[0]["room"], "dev")
        self.assertEqual(self.failureResultOf(client.say("for dev")).value.code, "room-lost")
        self.assertNoResult(waiting)

    def test_room_of_the_program(self) -> None:
        """A program with a room of its own says everything there, and comes back to it or fails."""
        client = self.client(room="dev")
        server = self.endpoint.accept()
        server.welcome(rooms=["lobby"])
        server.done(room="dev")
        server.send({"event": "departed", "room": "dev", "reason": "", "code": "kicked", "current": "lobby"})
        posted = client.say("hello")
        self.assertEqual(server.requests()[0]["room"], "dev")
        server.cut()
        never_sent = client.say("hello again")
        server = self.reconnect()
        server.welcome(room="lobby", rooms=["lobby"])
        (join,) = server.requests()
        self.assertEqual((join["do"], join["room"]), ("join", "dev"))
        server.send({"event": "refused", "ref": join["ref"], "code": "room-locked", "text": "Locked."})
        self.assertEqual(client.state, State.FAILED)
        self.assertEqual(server.requests(), [])
        self.failureResultOf(posted, Unanswered)
        self.failureResultOf(never_sent, Left)

    def test_person_is_told(self) -> None:
        """A client with a person at it stays without the room that is refused, and hears why; the line is not said."""
        client = self.client(room="dev", attended=True)
        server = self.endpoint.accept()
        server.welcome(rooms=["lobby"])
        server.done(room="dev")
        server.cut()
        client.say("hello", room="dev")
        server = self.reconnect()
        server.welcome(room="lobby", rooms=["lobby"])
        (join,) = server.requests()
        server.send({"event": "refused", "ref": join["ref"], "code": "room-locked", "text": "Locked."})
        self.assertEqual((client.state, client.room), (State.JOINED, "lobby"))
        self.assertEqual(self.events, [{"event": "refused", "code": "room-locked", "text": "Locked."}])
        self.assertEqual([post["room"] for post in server.requests()], ["dev"])

    def test_nothing_old(self) -> None:
        """A client that wants nothing old hears none of what a room shows it on joining, and misses nothing new."""
        client = self.client(room="dev", since="head")
        server = self.endpoint.accept()
        server.welcome(head=10, rooms=["lobby"])
        (join,) = server.requests()
        server.send(entered("lobby"), said(11), entered("dev"), {**said(9), "room": "dev"})
        server.send({"event": "done", "ref": join["ref"], "room": "dev"}, {**said(12), "room": "dev"})
        client.request("join", room="ops")
        (join,) = server.requests()
        server.send({**said(13), "room": "dev"}, entered("ops"), {**said(8), "room": "ops"})
        server.send({"event": "done", "ref": join["ref"], "room": "ops"}, {**said(14), "room": "ops"})
        self.assertEqual([event["id"] for event in self.events if "id" in event], [11, 12, 13, 14])

    def test_nothing_twice(self) -> None:
        """A client that joins its room again hears only what it has not heard of what the room shows it."""
        self.client(room="dev")
        server = self.endpoint.accept()
        server.welcome(rooms=["lobby"])
        server.done(room="dev")
        server.send({**said(5), "room": "dev"}, {**said(6), "room": "dev"})
        server.cut()
        server = self.reconnect()
        server.welcome(room="lobby", rooms=["lobby"], head=7)
        (join,) = server.requests()
        server.send(entered("dev"), *({**said(number), "room": "dev"} for number in (5, 6, 7)))
        server.send({"event": "done", "ref": join["ref"], "room": "dev"})
        self.assertEqual([event["id"] for event in self.events if "id" in event], [5, 6, 7])

    def test_conversation(self) -> None:
        """While a private conversation is where lines go, they go nowhere else, also after another connection."""
        client = self.client()
        server = self.endpoint.accept()
        server.welcome(rooms=["lobby"])
        client.request("query", nick="bob")
        server.done(query="bob")
        client.say("psst")
        server.cut()
        client.say("psst again")
        client.say("aloud", room="lobby")
        server = self.reconnect()
        server.welcome(rooms=["lobby"])
        posts = [(post["do"], post.get("nick"), post.get("room")) for post in server.requests()]
        self.assertEqual(posts, [("msg", "bob", None), ("msg", "bob", None), ("say", None, "lobby")])


class ClosingTest(ClientCase):
    def closed(self, code: str, text: str = "Why.") -> State:
        """Let the server close the connection with this code; return the client's state."""
        client = self.client()
        server = self.endpoint.accept()
        server.welcome()
        waiting = client.request("rooms")
        waiting.addErrback(lambda failure: self.failures.append(failure.value))
        server.send({"event": "closing", "code": code, "text": text})
        server.cut()
        return client.state

    def test_final(self) -> None:
        """After these codes the client does not come back: its requests fail, and it tells why."""
        for code in ("kicked", "banned", "replaced", "logged-out"):
            self.assertIs(self.closed(code), State.FAILED)
            reason = self.changes[-1].reason
            assert isinstance(reason, ConnectionDropped)
            self.assertEqual((reason.code, reason.text, str(reason)), (code, "Why.", f"{code}: Why."))
            self.assertIsInstance(self.failures[-1], Unanswered)
            self.clock.advance(1000)
            self.assertEqual(self.endpoint.attempts, [])

    def test_exit(self) -> None:
        """An exit that the program asked for in other words ends the client without a failure."""
        self.assertIs(self.closed("exit"), State.LEFT)

    def test_temporary(self) -> None:
        """After every other code it comes back, and the reason is told."""
        for code in ("stopping", "too-slow", "server-error", "connection-lost", "of-the-future"):
            self.assertIs(self.closed(code), State.WAITING)
            self.assertEqual(str(self.changes[-1].reason), f"{code}: Why.")
            self.endpoint = type(self.endpoint)()

    def test_older_server(self) -> None:
        """A refusal that answers nothing, right before the end, counts like a closing."""
        client = self.client()
        server = self.endpoint.accept()
        server.welcome()
        server.send({"event": "refused", "code": "kicked", "text": "Out."})
        server.cut()
        self.assertIs(client.state, State.FAILED)

    def test_refused_before_the_welcome(self) -> None:
        """A refusal that answers nothing before the welcome ends this attempt, and another one follows."""
        client = self.client()
        server = self.endpoint.accept()
        server.send({"event": "refused", "code": "server-full", "text": "Full."})
        reason = self.changes[-1].reason
        assert isinstance(reason, Refused)
        self.assertEqual((client.state, reason.code, server.connected), (State.WAITING, "server-full", False))
