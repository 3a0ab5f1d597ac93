"""The state of the chat that follows from events."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.display.addressees import UNCLEAR_S, Place
from groupchat.terminal.display.chat_state import FAR, LINGER_S, ChatState

NICKS = ("alice", "bob", "Eve", "dave")


def said(number: int, nick: str = "bob", room: str = "lobby", text: str = "hi", kind: str = "said") -> dict[str, Any]:
    return {"event": kind, "id": number, "room": room, "nick": nick, "text": text}


def entered(room: str, *nicks: str) -> dict[str, Any]:
    return {"event": "entered", "room": room, "topic": "", "people": [{"nick": nick} for nick in nicks]}


class StateTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.state = ChatState("example.org", "alice")
        self.state.connection = "connected"
        self.state.go(Place("lobby"))

    def unread(self) -> dict[str, int]:
        return {str(view.place): view.unread for view in self.state.views if view.unread}

    def take(self, *events: dict[str, Any], now: float = 0) -> None:
        for event in events:
            self.state.take(event, now)


class MessagesTest(StateTest):
    def test_calls(self) -> None:
        """A mention and a private message call the person; their own words and those of others do not."""
        self.assertFalse(self.state.take(said(1), 0))
        self.assertTrue(self.state.take(said(2, text="@Alice: hi"), 0))
        self.assertTrue(self.state.take(said(3, room="", kind="whispered"), 0))
        self.assertFalse(self.state.take(said(4, nick="ALICE", text="alice"), 0))
        self.assertEqual((self.state.unseen, self.state.last), (3, (4, "alice")))

    def test_everybody(self) -> None:
        """What the server marks calls the person with everybody else, whatever its words; so does a private act."""
        self.assertTrue(self.state.take({**said(1, text="tea"), "all": True}, 0))
        self.assertFalse(self.state.take({**said(2, text="@all tea"), "all": "yes"}, 0))
        self.assertTrue(self.state.take({**said(3, room="", kind="acted"), "to": "alice"}, 0))
        self.assertEqual(self.state.correspondents.last, "bob")

    def test_files(self) -> None:
        """A file counts as a message, a private one calls and can be answered; one's own is nothing to edit."""
        self.assertFalse(self.state.take(said(1, kind="shared"), 0))
        self.assertTrue(self.state.take({**said(2, room="", kind="shared"), "to": "alice"}, 0))
        self.assertEqual((self.state.unseen, self.state.correspondents.last), (2, "bob"))
        self.assertFalse(self.state.take(said(3, nick="alice", kind="shared"), 0))
        self.assertIsNone(self.state.last)
        self.assertTrue(self.state.take({**said(5), "reply": 4, "reply_nick": "Alice"}, 0))
        self.assertFalse(self.state.take({**said(6), "reply": 5, "reply_nick": "bob"}, 0))

    def test_last_message(self) -> None:
        """The last message follows its edits, and is gone when it is deleted."""
        self.take(said(1, nick="alice"), {"event": "edited", "id": 2, "target": 1, "nick": "alice", "text": "ho\n\tho"})
        self.assertEqual(self.state.last, (1, "ho\n ho"))
        self.take({"event": "edited", "id": 3, "target": 7, "nick": "alice", "text": "other"})
        self.assertEqual(self.state.last, (1, "ho\n ho"))
        self.take({"event": "deleted", "id": 4, "target": 1, "nick": "alice"})
        self.assertIsNone(self.state.last)

    def test_last_message_of_the_room(self) -> None:
        """The last message is the one in the current room, and never a private one."""
        self.take(said(1, nick="alice"), said(2, nick="alice", room="dev", text="code"))
        self.take(said(3, nick="alice", room="", kind="whispered", text="psst"))
        self.assertEqual(self.state.last, (1, "hi"))
        self.state.go(Place("dev"))
        self.assertEqual(self.state.last, (2, "code"))
        self.state.go(Place("ops"))
        self.assertIsNone(self.state.last)

    def test_last_message_of_a_conversation(self) -> None:
        """In a private conversation it is the last one to that person, also after they took another nickname."""
        psst = {**said(3, nick="alice", room="", kind="whispered", text="psst"), "to": "bob"}
        self.take(said(1, nick="alice"), psst, {**psst, "id": 4, "to": "carol"})
        self.state.go(Place(nick="bob"))
        self.assertEqual(self.state.last, (3, "psst"))
        self.take({"event": "renamed", "nick": "bob", "new": "bo", "room": ""})
        self.assertEqual((self.state.query, self.state.last), ("bo", (3, "psst")))

    def test_unread(self) -> None:
        """Messages of others in other views are counted there, and so are mentions; not what was said before."""
        for room in "dev", "ops":
            self.state.views.open(Place(room))
        self.state.news_after = 2
        self.take(said(1, room="ops"), said(2, room="ops", text="alice"), said(3, room="dev"), said(4, room="dev"))
        self.take(said(5, room="ops", text="alice?"), said(6), said(7, "alice", "dev"))
        self.assertEqual(self.unread(), {"dev": 2, "ops": 1})
        self.assertEqual([view.mentions for view in self.state.views], [0, 0, 1])

    def test_unread_in_private(self) -> None:
        """Somebody who writes in private has a view, in which each message is for the person."""
        psst = {"event": "whispered", "room": "", "nick": "bob", "to": "alice", "text": "psst"}
        self.take({**psst, "id": 1}, {**psst, "id": 2})
        (talk,) = [view for view in self.state.views if view.place.nick]
        self.assertEqual((talk.place, talk.unread, talk.mentions), (Place(nick="bob"), 2, 2))
        self.take({"event": "renamed", "nick": "bob", "new": "bo", "room": ""})
        self.assertEqual(talk.place, Place(nick="bo"))

    def test_renamed(self) -> None:
        """After a change of the own nickname the new one is mentioned, and the old one is not."""
        self.take({"event": "renamed", "room": "lobby", "nick": "Alice", "new": "ally"})
        self.assertEqual(self.state.nick, "ally")
        self.assertTrue(self.state.take(said(1, text="ally?"), 0))
        self.assertFalse(self.state.take(said(2, text="alice?"), 0))


class MembershipTest(StateTest):
    def test_entered(self) -> None:
        """Entering a room tells who is in it and what it is about; lines go there if they went nowhere."""
        self.take({**entered("dev", "alice", "bob", "Bob"), "topic": "build"})
        self.assertEqual(self.state.room, "lobby")
        self.state.go(Place("dev"))
        self.assertEqual((self.state.people, self.state.views.open(Place("dev")).topic), (2, "build"))
        self.take({"event": "topic-changed", "id": 1, "room": "dev", "nick": "bob", "text": "no build"})
        self.assertEqual(self.state.views.open(Place("dev")).topic, "no build")
        self.state.go(Place())
        self.take(entered("ops", "alice"))
        self.assertEqual(self.state.place, Place("ops"))

    def test_joining(self) -> None:
        """What is shown of a room before the request to join is answered is not unread, and calls nobody."""
        self.take(entered("dev", "alice"))
        self.assertFalse(self.state.take(said(1, room="dev", text="alice?"), 0))
        self.assertEqual(self.unread(), {})

    def test_without_people(self) -> None:
        """People of a room are unknown when the server does not list them, even if they were known before."""
        self.take(entered("dev", "alice", "bob"), {"event": "entered", "room": "dev", "topic": ""})
        self.state.go(Place("dev"))
        self.assertIsNone(self.state.people)
        self.state.list_people("dev", [{"nick": "alice"}, {"nick": "bob"}, "of the future"])
        self.assertEqual(self.state.people, 2)

    def test_back_in_rooms(self) -> None:
        """On coming back to several rooms, what was unread in the others stays unread."""
        self.take(entered("dev", "alice"))
        self.state.views.open(Place("dev")).is_new = False
        self.take(said(1, room="dev"))
        self.take(entered("dev", "alice"), entered("lobby", "alice", "bob"), said(2, room="dev"))
        self.assertEqual((self.state.room, self.unread(), self.state.people), ("lobby", {"dev": 2}, 2))

    def test_departed(self) -> None:
        """Departing from a room leads to the room that the server names, or to none."""
        self.take(entered("lobby", "alice"), entered("dev", "alice", "bob"))
        self.state.go(Place("dev"))
        self.take({"event": "departed", "room": "dev", "code": "kicked", "reason": "", "current": "lobby"})
        self.assertEqual((self.state.room, self.state.people, len(self.state.views)), ("lobby", 1, 1))
        self.take({"event": "departed", "room": "lobby", "code": "left", "reason": "", "current": ""})
        self.assertEqual((self.state.room, self.state.people, len(self.state.views)), ("", None, 0))

    def test_departed_elsewhere(self) -> None:
        """Departing from another room changes nothing about the current one."""
        self.take(entered("dev", "alice"), entered("lobby", "alice", "bob"), said(1, room="dev"))
        self.take({"event": "departed", "room": "dev", "code": "banned", "reason": "", "current": "lobby"})
        self.assertEqual((self.state.room, self.state.people, len(self.state.views)), ("lobby", 2, 1))

    def test_departed_behind_a_conversation(self) -> None:
        """Departing from the room behind a private conversation leads commands to another room."""
        self.take(entered("dev", "alice"))
        self.state.go(Place(nick="bob"))
        self.take({"event": "departed", "room": "lobby", "code": "kicked", "reason": "", "current": "dev"})
        self.assertEqual((self.state.room, self.state.query), ("dev", "bob"))


class PeopleTest(StateTest):
    def setUp(self) -> None:
        super().setUp()
        self.take(entered("dev", "alice"), entered("lobby", "alice", "bob"))

    def test_one_by_one(self) -> None:
        """People who join and leave are counted, each once, in their room only."""
        self.take(
            {"event": "joined", "room": "lobby", "nick": "eve"}, {"event": "joined", "room": "lobby", "nick": "EVE"},
            {"event": "joined", "room": "dev", "nick": "dave"}, {"event": "joined", "room": "ops", "nick": "dave"},
        )  # fmt: skip
        self.assertEqual(self.state.people, 3)
        self.take({"event": "left", "room": "lobby", "nick": "bob", "reason": "", "gone": True})
        self.assertEqual(self.state.people, 2)
        self.state.go(Place("dev"))
        self.assertEqual(self.state.people, 2)

    def test_many(self) -> None:
        """Many at once are counted by their names."""
        self.take({"event": "many-joined", "room": "lobby", "nicks": [f"n{number}" for number in range(57)]})
        self.assertEqual(self.state.people, 59)
        self.take({"event": "many-left", "room": "lobby", "nicks": ["bob", *(f"n{number}" for number in range(9))]})
        self.assertEqual(self.state.people, 49)

    def test_old_server(self) -> None:
        """A server that names only some of many leaves it open how many there are now."""
        self.take({"event": "many-joined", "room": "lobby", "nicks": ["a", "b", "c"], "others": 5})
        self.assertIsNone(self.state.people)

    def test_renamed(self) -> None:
        """A person with another nickname is counted once, and can leave under it."""
        self.take({"event": "renamed", "room": "", "nick": "bob", "new": "robert"})
        self.take({"event": "left", "room": "lobby", "nick": "Robert"})
        self.assertEqual(self.state.people, 1)

    def test_disconnected(self) -> None:
        """Without a connection nobody knows who is there."""
        self.state.disconnected()
        self.assertIsNone(self.state.people)

    @given(st.lists(st.tuples(st.sampled_from(("joined", "left", "renamed")), st.sampled_from(NICKS))))
    def test_model(self, happened: list[tuple[str, str]]) -> None:
        """In whatever order it happens, the count is that of the people who are in."""
        state, people = ChatState("example.org", "zoe"), {"bob"}
        state.go(Place("lobby"))
        state.take(entered("lobby", "bob"), 0)
        for kind, nick in happened:
            name = nick.casefold()
            state.take({"event": kind, "room": "lobby", "nick": nick, "new": f"{nick}2"}, 0)
            if kind == "joined":
                people.add(name)
            elif kind == "left":
                people.discard(name)
            elif name in people:
                people = {*people - {name}, f"{name}2"}
            self.assertEqual(state.people, len(people))


class TypingTest(StateTest):
    typing: dict[str, Any] = {"event": "typing", "room": "lobby", "active": True}

    def test_lingers(self) -> None:
        """Somebody is typing until they say it, or nothing is heard of it for 8 seconds; the person never is."""
        for nick, at in ("bob", 0), ("eve", 5), ("alice", 5):
            self.take({**self.typing, "nick": nick}, now=at)
        self.assertEqual(self.state.typists(LINGER_S), ["bob", "eve"])
        self.assertEqual(self.state.typists(LINGER_S + 0.1), ["eve"])
        self.take(said(1, nick="eve"), now=9)
        self.assertEqual(self.state.typists(9), [])

    def test_stops(self) -> None:
        """People who stop typing, or leave, no longer count as typing, nor do people in another room."""
        self.take(entered("lobby", "alice", "bob", "eve", "dave"))
        for nick in ("bob", "eve", "dave"):
            self.take({**self.typing, "nick": nick})
        self.take({**self.typing, "nick": "bob", "active": False})
        self.take({"event": "left", "room": "lobby", "nick": "eve"})
        self.assertEqual(self.state.typists(0), ["dave"])
        self.take({**self.typing, "nick": "zoe", "room": "dev"})
        self.assertEqual(self.state.typists(0), ["dave"])
        self.state.go(Place("dev"))
        self.assertEqual(self.state.typists(0), [])


class ProgressTest(StateTest):
    def test_progress(self) -> None:
        """While more than 500 messages are on their way it is known how many have come."""
        self.state.fall_behind(1000, 1000 + FAR)
        self.assertIsNone(self.state.progress)
        self.state.fall_behind(1000, 3000)
        self.take(said(2000))
        self.assertEqual(self.state.progress, (1000, 2000))
        self.take(said(3000))
        self.assertIsNone(self.state.progress)

    def test_catch_up(self) -> None:
        """Messages of other rooms never come: when nothing more does, there is no progress to show."""
        self.state.fall_behind(1000, 3000)
        self.take(said(2000))
        self.state.catch_up()
        self.assertIsNone(self.state.progress)


class LossTest(StateTest):
    def departed(self, code: str, room: str = "lobby", current: str = "dev") -> None:
        self.take({"event": "departed", "room": room, "code": code, "current": current})

    def test_room(self) -> None:
        """The loss of the current room is noted, unless the person left it, or lines go to somebody in private."""
        for code, room, place, lost, here in (
            ("kicked", "lobby", Place("lobby"), Place("lobby"), "dev"),
            ("banned", "lobby", Place("lobby"), Place("lobby"), "dev"),
            ("left", "lobby", Place("lobby"), Place(), "dev"),
            ("kicked", "ops", Place("lobby"), Place(), "lobby"),
            ("kicked", "lobby", Place(nick="bob"), Place(), ""),
        ):  # fmt: skip
            self.setUp()
            self.state.go(place)
            self.departed(code, room)
            self.assertEqual((self.state.lost, self.state.place.room), (lost, here))

    def test_conversation(self) -> None:
        """A conversation ends when the other one leaves the server, since another one may come by that name."""
        left = {"event": "left", "room": "lobby", "nick": "bob", "gone": True}
        for event, ends in (
            (left, True), ({**left, "gone": False}, False), ({**left, "nick": "carol"}, False),
            ({**left, "event": "many-left", "nicks": ["eve", "bob"]}, True),
        ):  # fmt: skip
            self.setUp()
            self.state.go(Place(nick="bob"))
            self.take(event)
            self.assertEqual((self.state.query, self.state.lost), ("", Place(nick="bob")) if ends else ("bob", Place()))
            self.assertEqual(self.state.place, Place("lobby") if ends else Place(nick="bob"))


class CorrespondentsTest(StateTest):
    def wrote(self, nick: str, now: float = 0.0) -> None:
        self.take({**said(1, nick=nick, room="", kind="whispered"), "to": "alice"}, now=now)

    def test_last(self) -> None:
        """The last one who wrote is followed to other nicknames, and forgotten with the end of their visit."""
        people = self.state.correspondents
        self.wrote("bob")
        self.wrote("alice")  # what one writes oneself
        self.take({"event": "renamed", "nick": "bob", "new": "bo", "room": ""})
        self.assertEqual(people.last, "bo")
        self.take({"event": "left", "nick": "bo", "room": "lobby", "gone": True})
        self.assertEqual((people.last, people.rival(0)), ("", ""))

    def test_rival(self) -> None:
        """For a while after a second person has written, a reply may be meant for the first."""
        people = self.state.correspondents
        for nick, now, rival in (("bob", 0, ""), ("carol", 20, "bob"), ("carol", 22, "bob"), ("BOB", 31, "carol")):
            self.wrote(nick, now)
            self.assertEqual(people.rival(now), rival)
        self.assertEqual(people.rival(31 + UNCLEAR_S), "")
        self.take({"event": "renamed", "nick": "carol", "new": "caro", "room": ""})
        self.assertEqual(people.rival(32), "caro")
