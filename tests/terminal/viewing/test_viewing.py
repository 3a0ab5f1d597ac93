"""What is shown where, and going from view to view."""

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.client import Client
from groupchat.terminal.chat import Chat
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.display.views import Gap, Views
from groupchat.terminal.flow.local_settings import LocalSettings
from groupchat.terminal.viewing.told_place import TELL_S
from groupchat.terminal.viewing.waiting_posts import PAGE
from tests.client.fakes import FakeConnection, FakeEndpoint
from tests.terminal.fakes import FakeDisplay, FakeSurface

FEATURES = ["rooms", "type-room", "entered"]


def said(number: int, room: str, text: str, nick: str = "bob") -> dict[str, Any]:
    return {"event": "said", "id": number, "room": room, "nick": nick, "text": text}


def private(number: int, text: str, nick: str = "bob", to: str = "alice") -> dict[str, Any]:
    return {"event": "whispered", "id": number, "room": "", "nick": nick, "to": to, "text": text}


class ViewingTest(SynchronousTestCase):
    """Somebody in lobby and dev, who sees lobby."""

    head = 0

    def setUp(self) -> None:
        self.clock, self.endpoint = Clock(), FakeEndpoint()
        self.surface, self.display = FakeSurface(), FakeDisplay()
        self.state = ChatState("example.org", "alice")
        self.settings = LocalSettings("off", False, joins="on")
        self.client = Client(self.endpoint, "alice", self.clock, heard=lambda event: self.chat.heard(event))
        self.chat = Chat(
            self.clock, self.client, self.surface, self.display, self.state, self.settings, lambda words: None
        )
        self.client.start()
        self.connection = self.join(["dev", "lobby"])

    def join(self, rooms: list[str]) -> FakeConnection:
        self.connection = self.endpoint.accept()
        self.connection.welcome(rooms=rooms, room=rooms[-1], features=FEATURES, head=self.head)
        self.state.connection = "connected"
        self.chat.joined()
        self.connection.requests()
        return self.connection

    def cut(self) -> None:
        self.connection.cut()
        self.state.connection = "reconnecting"
        self.clock.advance(60)

    def hear(self, *events: dict[str, Any]) -> None:
        self.connection.send(*events)
        self.clock.advance(0)

    def shown(self) -> list[str]:
        lines, self.surface.lines = self.surface.lines, []
        return lines

    def asked(self, do: str) -> list[dict[str, Any]]:
        return [request for request in self.connection.requests() if request["do"] == do]

    def counts(self) -> list[tuple[str, int, int]]:
        return [(str(view.place), view.unread, view.mentions) for view in self.state.views]

    def answer(self, do: str, **fields: Any) -> None:
        (request,) = self.asked(do)
        self.hear({"event": "done", "ref": request["ref"], **fields})


class OrderTest(ViewingTest):
    def setUp(self) -> None:
        super().setUp()
        self.state.views = Views()

    def test_as_the_server_tells(self) -> None:
        """Rooms have their numbers in the order in which they were joined, also on a second terminal."""
        self.chat = Chat(
            self.clock, self.client, self.surface, self.display, self.state, self.settings, lambda words: None
        )
        self.chat.viewing.joined(("ops", "dev", "lobby"), "dev")
        self.assertEqual([view.place.room for view in self.state.views], ["ops", "dev", "lobby"])


class ShownTest(ViewingTest):
    def test_one_room(self) -> None:
        """With one room everything is shown as it comes."""
        self.hear(said(1, "lobby", "hi"), {"event": "joined", "room": "lobby", "nick": "eve", "text": "joined"})
        self.assertEqual(self.shown(), ["bob: hi", "eve: joined"])

    def test_held(self) -> None:
        """Posts of another room are counted, and shown once when one goes there, in their order."""
        self.hear(
            said(1, "dev", "one"), said(2, "lobby", "here"), said(3, "dev", "two"), said(4, "dev", "mine", "alice")
        )
        self.hear({"event": "joined", "room": "dev", "nick": "eve", "text": "joined"})
        self.assertEqual((self.shown(), self.counts()), (["bob: here"], [("dev", 2, 0), ("lobby", 0, 0)]))
        self.chat.viewing.go("1")
        self.assertEqual(self.shown(), ["=== dev 2@0", "bob: one", "bob: two", "alice: mine"])
        self.hear(said(5, "dev", "three"))
        self.chat.viewing.go("2")
        self.chat.viewing.go("1")
        self.assertEqual(self.shown(), ["bob: three", "=== lobby 0@0", "=== dev 0@0"])

    def test_mentions(self) -> None:
        """Mentions, private messages and acts about the person are shown where they are, and not again."""
        act = {"event": "moderated", "id": 4, "room": "dev", "nick": "bob", "target": "alice", "text": "muted alice"}
        self.hear(said(1, "dev", "one"), said(2, "dev", "alice?"), private(3, "psst"), act)
        self.assertEqual(self.shown(), ["bob: alice?", "bob: psst", "bob: muted alice"])
        self.assertEqual(self.counts(), [("dev", 2, 1), ("lobby", 0, 0), ("bob", 1, 1)])
        self.chat.viewing.go("1")
        self.assertEqual(self.shown(), ["=== dev 2@1", "bob: one"])
        self.chat.viewing.go("3")
        self.assertEqual(self.shown(), ["=== bob 1@1"])

    def test_settings(self) -> None:
        """By setting everything is shown at once, or nothing."""
        self.chat.typed("/set others all")
        joined = {"event": "joined", "room": "dev", "nick": "eve", "text": "joined"}
        self.hear(said(1, "dev", "one"), joined)
        self.assertEqual(self.shown(), ["-- others is now all.", "bob: one", "eve: joined"])
        self.chat.typed("/set others none")
        self.hear(said(2, "dev", "alice"), private(3, "psst"), joined)
        self.assertEqual(self.shown(), ["-- others is now none."])
        self.chat.viewing.go("1")
        self.assertEqual(self.shown(), ["=== dev 2@1", "bob: alice"])
        self.chat.viewing.go("3")
        self.assertEqual(self.shown(), ["=== bob 1@1", "bob: psst"])

    def test_for_all(self) -> None:
        """What is of no room is shown wherever one is."""
        self.hear({"event": "announced", "nick": "server", "text": "Soon."})
        self.assertEqual(self.shown(), ["server: Soon."])


class FirstTest(ViewingTest):
    """Somebody who comes for the first time, when there are posts already."""

    head = 5

    def test_old(self) -> None:
        """What was said before they came is shown, but neither unread nor for them."""
        self.hear(said(4, "dev", "alice"), said(5, "lobby", "alice"), said(6, "dev", "new"))
        self.assertEqual((self.shown(), self.counts()), (["bob: alice"], [("dev", 1, 0), ("lobby", 0, 0)]))


class GoingTest(ViewingTest):
    def test_told_later(self) -> None:
        """Going is done at once; the server is told once, when the person stays."""
        for number in 1, 2, 1:
            self.chat.viewing.go(str(number))
        self.assertEqual((self.state.room, self.connection.requests()), ("dev", []))
        self.chat.typed("hello")
        self.assertEqual([request["room"] for request in self.asked("say")], ["dev"])
        self.clock.advance(TELL_S)
        self.assertEqual([request["room"] for request in self.asked("switch")], ["dev"])
        self.chat.viewing.go("2")
        self.chat.viewing.go("1")
        self.clock.advance(TELL_S)
        self.assertEqual(self.asked("switch"), [], "the server knows that")

    def test_typed(self) -> None:
        """Commands lead to views that are there without asking the server, also without a connection."""
        self.cut()
        for line, room in ("/switch DEV", "dev"), ("/j lobby", "lobby"), ("/back", "dev"):
            self.chat.typed(line)
            self.assertEqual(self.state.room, room)
        self.chat.typed("for dev")
        self.join(["dev", "lobby"])
        self.assertEqual(self.state.room, "dev")
        self.clock.advance(TELL_S)
        self.assertEqual([one["room"] for one in self.asked("switch")], ["dev"])

    def test_elsewhere_meanwhile(self) -> None:
        """An answer that comes after another key leads nowhere; the room is there to go to."""
        self.chat.typed("/join new")
        (request,) = self.asked("type")
        self.chat.viewing.go("1")
        self.hear(
            {"event": "entered", "room": "new", "topic": "", "people": []}, said(1, "new", "alice, earlier"),
            {"event": "done", "ref": request["ref"], "text": "You are in new now.", "room": "new"},
        )  # fmt: skip
        self.assertEqual((self.state.room, self.counts()[-1]), ("dev", ("new", 0, 0)))
        self.clock.advance(TELL_S)
        self.assertEqual([one["room"] for one in self.asked("switch")], ["dev"])
        self.hear(said(2, "new", "news"))
        self.shown()
        self.chat.viewing.go("3")
        self.assertEqual(self.shown(), ["=== new 1@0", "bob: alice, earlier", "bob: news"])

    def test_stay(self) -> None:
        """Whoever stays where they are, before a request to join is answered, stays there."""
        self.chat.typed("/join new")
        (request,) = self.asked("type")
        self.chat.typed("/switch lobby")
        self.hear(
            {"event": "entered", "room": "new", "topic": "", "people": []},
            {"event": "done", "ref": request["ref"], "text": "You are in new now.", "room": "new"},
        )  # fmt: skip
        self.assertEqual((self.state.room, self.shown()), ("lobby", ["* Your lines go to lobby already."]))
        self.clock.advance(TELL_S)
        self.assertEqual([one["room"] for one in self.asked("switch")], ["lobby"])

    def test_company(self) -> None:
        """Who is in a room is told when one comes there, and only then."""
        self.chat.typed("/join new")
        people = [{"nick": "alice"}, {"nick": "carol"}]
        self.hear({"event": "entered", "room": "new", "topic": "", "people": people})
        self.assertEqual(self.shown(), [])
        self.answer("type", room="new")
        self.assertEqual(self.shown(), ["=== new 0@0", "* With you in new: carol."])

    def test_urgent(self) -> None:
        """The next view with a mention comes first; when nothing is unread, the person is told."""
        self.hear(said(1, "dev", "hi"), private(2, "psst"))
        for place in Place(nick="bob"), Place("dev"):
            self.chat.typed("/next")
            self.assertEqual(self.state.place, place)
        self.shown()
        self.chat.viewing.go("urgent")
        self.assertEqual(self.shown(), ["* Nothing is unread elsewhere."])

    def test_conversation(self) -> None:
        """Lines go to the person of a conversation; leaving it leads back to the room."""
        self.hear(private(1, "psst"))
        self.chat.typed("/query BOB")
        self.chat.typed("what?")
        self.assertEqual([request["nick"] for request in self.asked("msg")], ["bob"])
        self.chat.typed("/query")
        self.assertEqual((self.state.place, len(self.state.views)), (Place("lobby"), 3))
        self.chat.viewing.go("3")
        self.chat.typed("/leave")
        self.assertEqual((self.state.place, len(self.state.views)), (Place("lobby"), 2))

    def test_conversation_refused(self) -> None:
        """Somebody who cannot be reached is no place for lines; nothing is said in the room instead."""
        self.hear(private(1, "psst"))
        self.chat.viewing.go("3")
        self.clock.advance(TELL_S)
        (request,) = self.asked("query")
        self.hear({"event": "refused", "ref": request["ref"], "code": "no-such-nick", "text": "Nobody."})
        self.assertEqual((self.state.place, self.state.lost), (Place("lobby"), Place(nick="bob")))

    def test_kicked(self) -> None:
        """A kick leads to another room; what was not shown of a room that is lost can still be read, once."""
        self.hear(said(1, "dev", "one"))
        self.chat.viewing.go("1")
        self.hear(said(2, "lobby", "two"))
        lost = {"event": "departed", "code": "kicked", "reason": "", "current": ""}
        self.hear({**lost, "room": "lobby"})
        self.assertEqual(self.state.room, "dev")
        self.shown()
        self.chat.viewing.go("2")
        told = ["=== lobby 1@0", "bob: two", "* You are no longer in lobby.", "=== dev 0@0"]
        self.assertEqual((self.shown(), self.state.room, len(self.state.views)), (told, "dev", 1))
        self.hear({**lost, "room": "dev"})
        self.assertEqual((self.state.place, self.state.lost), (Place(), Place("dev")))

    def test_listed(self) -> None:
        """The views are listed with their numbers and what is unread in them."""
        self.hear(said(1, "dev", "alice"), said(2, "dev", "two"), private(3, "psst"))
        self.shown()
        self.chat.typed("/views")
        (answer,) = self.shown()
        self.assertEqual(answer.splitlines(), [
            "-- 1 dev: 2 unread messages, 1 for you",
            "2 lobby: nothing unread (you are here)",
            "3 bob, in private: 1 unread message, 1 for you",
        ])  # fmt: skip

    def test_mark_read(self) -> None:
        """Everything counts as read, and is still shown when one goes there."""
        self.hear(said(1, "dev", "one"))
        self.chat.viewing.mark_read()
        self.assertEqual(self.counts(), [("dev", 0, 0), ("lobby", 0, 0)])
        self.chat.viewing.go("1")
        self.assertEqual(self.shown(), ["=== dev 0@0", "bob: one"])


class GapTest(ViewingTest):
    """Posts that are not held any more."""

    def setUp(self) -> None:
        super().setUp()
        self.hear(said(6, "dev", "six"))
        self.dev = self.state.views.open(Place("dev"))
        self.dev.gap = Gap(2, 6)
        self.dev.shown_elsewhere(4)
        self.connection.requests()
        self.chat.viewing.go("1")

    def page(self, *items: dict[str, Any], **fields: Any) -> dict[str, Any]:
        (request,) = self.asked("history")
        self.hear({"event": "listed", "what": "history", "ref": request["ref"], "items": items, **fields})
        return request

    def test_fetched(self) -> None:
        """They are fetched page by page before what is held and what comes meanwhile is shown, each once."""
        self.hear(said(7, "dev", "seven"), {"event": "joined", "room": "dev", "nick": "eve", "text": "joined"})
        self.assertEqual(self.shown(), ["=== dev 1@0", "eve: joined"])
        asked = self.page(said(3, "dev", "three"), said(4, "dev", "alice!"), next=4)
        self.assertEqual((asked["room"], asked["since"], asked["count"]), ("dev", 2, PAGE))
        self.assertEqual(self.page(said(5, "dev", "five"), said(6, "dev", "six"), next=6)["since"], 4)
        self.assertEqual(self.shown(), ["bob: three", "bob: five", "bob: six", "bob: seven"])
        self.assertEqual((self.asked("history"), self.dev.waits), ([], False))

    def test_interrupted(self) -> None:
        """After an interruption they are asked for again."""
        self.cut()
        self.connection = self.endpoint.accept()
        self.connection.welcome(rooms=["dev", "lobby"], room="lobby", features=FEATURES)
        self.state.connection = "connected"
        self.chat.joined()
        self.shown()
        self.page(said(3, "dev", "three"))
        self.assertEqual(self.shown(), ["bob: three", "bob: six"])

    def test_elsewhere(self) -> None:
        """Who goes on is not shown them; they are still there on coming back."""
        self.chat.viewing.go("2")
        self.page(said(3, "dev", "three"))
        self.assertEqual(self.shown(), ["=== dev 1@0", "=== lobby 0@0"])
        self.chat.viewing.go("1")
        self.page(said(3, "dev", "three"))
        self.assertEqual(self.shown(), ["=== dev 0@0", "bob: three", "bob: six"])

    def test_refused(self) -> None:
        """The person is told how to see them if they cannot be fetched, and is shown the rest."""
        (request,) = self.asked("history")
        self.hear({"event": "refused", "ref": request["ref"], "code": "busy", "text": "Later."})
        self.assertEqual(self.shown()[1:], [
            "* What was said before #6 could not be fetched; /history since #2 shows it. Later.",
            "bob: six",
        ])  # fmt: skip

    def test_nothing_there(self) -> None:
        """A server that answers nonsense ends it."""
        (request,) = self.asked("history")
        self.hear({"event": "listed", "ref": request["ref"], "items": [3, {}], "next": 2})
        self.assertEqual((self.shown()[1:], self.asked("history")), (["bob: six"], []))


class UnreadTest(ViewingTest):
    """A server that keeps what was read."""

    def unread(self, *items: dict[str, Any], upto: int = 20) -> None:
        self.hear({"event": "listed", "what": "unread", "items": items, "upto": upto, "text": ""})

    def test_counted(self) -> None:
        """The server's count holds up to its number; what comes after that counts besides."""
        self.client.membership.server = {"features": [*FEATURES, "read"]}
        self.hear(said(21, "dev", "early"))
        self.unread({"room": "dev", "new": 4, "mentions": 1, "after": 3}, {"room": "", "nick": "bob", "new": 2,
                    "mentions": 2, "after": 1})  # fmt: skip
        self.hear(said(19, "dev", "counted"), said(22, "dev", "alice"))
        self.assertEqual(self.counts(), [("dev", 6, 2), ("lobby", 0, 0), ("bob", 2, 2)])
        self.unread({"room": "lobby", "new": 3, "mentions": 0, "after": 2}, upto=30)
        self.assertEqual(self.counts(), [("dev", 0, 0), ("lobby", 0, 0), ("bob", 0, 0)])

    def test_first(self) -> None:
        """Somebody who comes from elsewhere can read what is new in other rooms, and is told what they miss here."""
        self.hear(said(17, "lobby", "one"))
        self.unread({"room": "dev", "new": 4, "mentions": 1, "after": 3}, {"room": "lobby", "new": 9, "mentions": 0,
                    "after": 2})  # fmt: skip
        told = "* 9 messages are new in lobby since you were here; /history since #2 shows them."
        self.assertEqual(self.shown()[1:], [told])
        self.assertEqual(self.state.views.open(Place("dev")).gap, Gap(3, 21))

    def test_first_private(self) -> None:
        """Private messages that were kept are shown once: at once, or where another device came first, on demand."""
        self.head = 20
        self.state.news_after = 20
        self.hear(private(9, "psst"))
        items = [{"room": "", "nick": nick, "new": 1, "mentions": 1, "after": 4} for nick in ("bob", "eve")]
        self.unread(*items)
        bob, eve = (self.state.views.open(Place(nick=nick)) for nick in ("bob", "eve"))
        self.assertEqual((self.shown(), bob.gap, eve.gap), (["bob: psst"], None, Gap(4, 21)))

    def test_who_has_left(self) -> None:
        """What a guest wrote who has left is shown, however long that takes, and then counts as read at the server."""
        self.client.membership.server = {"features": [*FEATURES, "read"]}
        self.unread({"room": "", "nick": "ian", "new": 1, "mentions": 1, "after": 0})
        self.shown()
        self.chat.viewing.go("urgent")
        (history,) = self.asked("history")
        self.clock.advance(TELL_S)
        self.assertEqual(self.asked("query"), [])
        self.hear({"event": "listed", "ref": history["ref"], "items": [private(7, "psst", "ian")]})
        self.clock.advance(TELL_S)
        (query,) = self.asked("query")
        self.hear({"event": "refused", "ref": query["ref"], "code": "no-such-nick", "text": "Nobody."})
        (read,) = self.asked("read")
        self.assertEqual((read["nick"], read["id"], self.counts()), ("ian", 20, [("dev", 0, 0), ("lobby", 0, 0)]))
        gone = "* ian is not here any more. Your lines go to lobby now."
        self.assertEqual(self.shown(), ["=== ian 1@1", "ian: psst", gone, "=== lobby 0@0"])

    def test_who_cannot_be_shown(self) -> None:
        """What cannot be fetched is no refusal of anything that the person asked for."""
        self.unread({"room": "", "nick": "ian", "new": 1, "mentions": 1, "after": 0})
        self.shown()
        self.chat.viewing.go("urgent")
        (history,) = self.asked("history")
        self.hear({"event": "refused", "ref": history["ref"], "code": "no-such-nick", "text": "Nobody."})
        self.assertEqual(
            self.shown(), ["=== ian 1@1", "* What ian wrote before #21 cannot be fetched any more."]
        )  # fmt: skip
        self.assertEqual(self.counts()[-1], ("ian", 0, 0))

    def test_left_unread(self) -> None:
        """What was held of somebody who has left counts as read once it was shown."""
        self.settings.set("others none")
        self.client.membership.server = {"features": [*FEATURES, "read"]}
        self.hear(private(7, "psst", "ian"), {"event": "left", "nick": "ian", "room": "lobby", "gone": True})
        self.chat.viewing.go("urgent")
        (read,) = self.asked("read")
        self.assertEqual((read["nick"], read["id"]), ("ian", 7))

    def test_read_elsewhere(self) -> None:
        """What was read on another device is unread no more, and is still shown when one goes there."""
        self.hear(said(1, "dev", "one"), said(2, "dev", "two"), private(3, "psst"), private(4, "hi", "eve"))
        self.hear({"event": "read", "room": "dev", "upto": 1}, {"event": "read", "room": "", "nick": "eve", "upto": 4})
        self.assertEqual(self.counts(), [("dev", 1, 0), ("lobby", 0, 0), ("bob", 1, 1), ("eve", 0, 0)])
        self.hear({"event": "read", "room": "", "upto": 9}, {"event": "read", "room": "dev", "upto": 9})
        self.assertEqual({unread for _, unread, _ in self.counts()}, {0})
        self.shown()
        self.chat.viewing.go("1")
        self.assertEqual(self.shown(), ["=== dev 0@0", "bob: one", "bob: two"])


class InWordsTest(ViewingTest):
    """Displays that name rooms in words, for screen readers."""

    def test_every_room_is_named(self) -> None:
        """While everything of every room is shown, the one where the person is is named as well."""
        rooms: list[str] = []
        self.display.event = lambda event, room: rooms.append(room)  # type: ignore[method-assign]
        for names, others in (False, "all"), (True, "mentions"), (True, "all"):
            self.display.names_rooms = names
            self.settings.set(f"others {others}")
            self.hear(said(len(rooms) + 1, "lobby", "hi"))
        self.assertEqual(rooms, ["lobby", "lobby", ""])

    def test_topic_in_time(self) -> None:
        """An answer that leads to another room before that is shown knows its topic all the same."""
        self.chat.typed("/join ops")
        (request,) = self.asked("type")
        self.connection.send(
            {"event": "entered", "room": "ops", "topic": "releases", "people": []},
            {"event": "done", "ref": request["ref"], "text": "You are in ops now.", "room": "ops"},
        )
        view = self.state.views.current
        assert view is not None
        self.assertEqual((view.place.room, view.topic), ("ops", "releases"))
