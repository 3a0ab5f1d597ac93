"""The chat between a client and a surface."""

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.client import Client
from groupchat.terminal.attention.calling import RING_S
from groupchat.terminal.chat import LIST_S, REPEAT_S, Chat
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.flow.local_settings import LocalSettings
from groupchat.terminal.flow.showing import QUIET_S
from tests.client.fakes import FakeConnection, FakeEndpoint, said
from tests.terminal.fakes import FakeDisplay, FakeSurface

PEOPLE = [{"nick": "alice"}, {"nick": "bob"}]
HELP = [{"command": "unlock", "arguments": [{"name": "key", "secret": True}]}]


def entered(room: str, *people: str) -> dict[str, Any]:
    return {"event": "entered", "room": room, "topic": "", "people": [{"nick": nick} for nick in people]}


class ChatTest(SynchronousTestCase):
    """A chat on a server of today, unless a test says otherwise."""

    since: int | None = None
    head = 0

    def setUp(self) -> None:
        self.clock, self.endpoint = Clock(), FakeEndpoint()
        self.surface, self.display = FakeSurface(), FakeDisplay()
        self.state = ChatState("example.org", "alice")
        self.settings = LocalSettings("mentions", True)
        self.left: list[str] = []
        self.client = Client(
            self.endpoint, "alice", self.clock, since=self.since, heard=lambda event: self.chat.heard(event)
        )
        self.chat = Chat(
            self.clock, self.client, self.surface, self.display, self.state, self.settings, self.left.append
        )
        self.client.start()
        self.connection = self.endpoint.accept()
        self.connection.welcome(head=self.head, rooms=["lobby"])
        self.state.connection = "connected"
        self.chat.joined()

    def hear(self, *events: dict[str, Any]) -> None:
        self.connection.send(*events)
        self.clock.advance(0)

    def go(self, room: str) -> None:
        """Join a room, as the person does."""
        self.connection.requests()
        self.chat.typed(f"/join {room}")
        (request,) = self.connection.requests()
        self.hear(entered(room, "alice"), {"event": "done", "ref": request["ref"], "room": room})
        self.surface.lines.clear()

    def asked(self, connection: FakeConnection | None = None) -> list[tuple[str, Any]]:
        """Return what was asked of the server, and the room it was asked about."""
        return [(request["do"], request.get("room")) for request in (connection or self.connection).requests()]

    def answer(self, do: str, **fields: Any) -> None:
        """Answer the one request of this kind."""
        (request,) = [request for request in self.connection.requests() if request["do"] == do]
        self.hear({"event": "listed", "ref": request["ref"], "text": "", **fields})


class JoinedTest(ChatTest):
    def test_help(self) -> None:
        """The client learns from the server's help which commands are secret, once."""
        self.assertFalse(self.chat.secret_commands.holds("/unlock x"))
        self.answer("help", items=HELP)
        self.assertTrue(self.chat.secret_commands.holds("/unlock x"))
        self.chat.joined()
        self.assertEqual(self.asked(), [])

    def test_nickname(self) -> None:
        """The person has the nickname that the server gives them."""
        self.connection.cut()
        self.clock.advance(2)
        self.endpoint.accept().welcome(nick="ally", rooms=["lobby"])
        self.chat.joined()
        self.assertEqual((self.state.nick, self.state.reader.is_me("Ally")), ("ally", True))

    def test_company(self) -> None:
        """Whoever comes into a room is told who is there: once, not again after an interruption, but on coming back."""
        self.hear(entered("lobby", "bob", "Alice", "carol"))
        told = "* With you in lobby: carol and bob."
        self.assertEqual(self.surface.lines, [told])
        self.hear(entered("lobby", "bob", "alice"))
        self.assertEqual(self.surface.lines, [told], "the server lists people again for other reasons")
        self.hear({"event": "departed", "room": "lobby", "reason": "", "code": "left", "current": ""})
        self.hear(entered("lobby", "alice", "dave"))
        self.assertEqual(self.surface.lines[1:], ["=== lobby 0@0", "* With you in lobby: dave."])

    def test_people_told(self) -> None:
        """A server that tells who is in the room is not asked for it."""
        self.hear(entered("lobby", "alice", "bob", "eve"))
        self.clock.advance(LIST_S)
        self.assertEqual((self.state.people, self.asked()), (3, [("help", None)]))

    def test_people_asked(self) -> None:
        """A server that does not tell who is in the room is asked, once for each room."""
        self.assertEqual(self.asked(), [("help", None)])
        self.clock.advance(LIST_S)
        self.answer("list", items=PEOPLE)
        self.assertEqual(self.state.people, 2)
        self.chat.sending.type("/switch dev")
        (request,) = self.connection.requests()
        self.hear({"event": "done", "ref": request["ref"], "text": "You are in dev now.", "room": "dev"})
        self.clock.advance(LIST_S)
        self.assertEqual((self.state.room, self.asked()), ("dev", [("list", "dev")]))

    def test_people_in_pages(self) -> None:
        """The people of a full room are asked for page by page, as long as the pages lead on."""
        self.connection.requests()
        self.clock.advance(LIST_S)
        self.answer("list", items=[{"nick": "alice"}, {"nick": "bob"}], more=2)
        (request,) = self.connection.requests()
        self.assertEqual((request["do"], request["after"]), ("list", "bob"))
        self.hear({"event": "listed", "ref": request["ref"], "items": [{"nick": "carol"}, {"nick": "dave"}]})
        self.assertEqual((self.state.people, self.asked()), (4, []))

    def test_people_in_endless_pages(self) -> None:
        """A server that says that there is more, and lists nobody, is not asked again."""
        self.connection.requests()
        self.clock.advance(LIST_S)
        self.answer("list", items=[], more=2)
        self.assertEqual((self.state.people, self.asked()), (0, []))

    def test_people_asked_in_vain(self) -> None:
        """An answer about the people of a room is of no use in another; no question is asked about a room left."""
        self.connection.requests()
        self.clock.advance(LIST_S)
        (request,) = self.connection.requests()
        self.go("dev")
        self.hear({"event": "listed", "ref": request["ref"], "items": PEOPLE})
        self.assertEqual((self.state.room, self.state.people), ("dev", 1))
        self.hear({"event": "entered", "room": "dev", "topic": ""}, entered("dev", "alice"))
        self.clock.advance(LIST_S)
        self.assertEqual(self.asked(), [])


class RoomsTest(ChatTest):
    def test_entered(self) -> None:
        """Another room is there to go to; lines go to the one the person sees."""
        self.hear(entered("dev", "alice"))
        self.assertEqual((self.state.room, self.surface.lines), ("lobby", []))
        self.assertEqual([str(view.place) for view in self.state.views], ["lobby", "dev"])

    def test_kicked(self) -> None:
        """The person is told of a room they lost, and where their lines go now; not if they left it themselves."""
        self.hear(entered("dev", "alice"), {
            "event": "departed", "room": "dev", "code": "kicked", "reason": "spam", "current": "lobby",
        })  # fmt: skip
        self.assertEqual(self.state.room, "lobby")
        self.assertEqual(self.surface.lines, ["* You are no longer in dev: spam. Your lines go to lobby now."])
        self.hear({"event": "departed", "room": "lobby", "code": "left", "reason": "", "current": ""})
        self.assertEqual((self.state.room, len(self.surface.lines)), ("", 1))

    def test_lost_while_away(self) -> None:
        """Who may not be in their room any more after an interruption is told, and their next line waits for them."""
        self.go("board")
        self.connection.cut()
        self.state.connection = "reconnecting"
        self.chat.typed("for the board")
        self.clock.advance(60)
        self.connection = self.endpoint.accept()
        self.connection.welcome(rooms=["lobby"])
        self.hear(entered("lobby", "alice"))
        self.assertEqual(self.state.room, "board")
        self.state.connection = "connected"
        self.chat.joined()
        self.assertEqual(self.state.lost, Place("board"))
        self.clock.advance(LIST_S)
        told = ["=== lobby 0@0", "* You are no longer in board. Your lines go to lobby now."]
        self.assertEqual(self.surface.lines, told)
        self.connection.requests()
        self.chat.typed("for the board, too")
        self.assertEqual(self.asked(), [])
        self.clock.advance(0)
        self.assertIn("Say it in lobby?", self.surface.lines[-1])
        self.chat.typed("/yes")
        self.assertEqual(self.asked(), [("say", "lobby")])
        self.chat.typed("/yes")  # there is nothing to say: a command like any other
        self.assertEqual([do for do, _ in self.asked()], ["type"])

    def test_told_once(self) -> None:
        """Who is asked about a line for the lost room needs not be told of the loss besides."""
        self.go("board")
        self.connection.cut()
        self.clock.advance(60)
        self.connection = self.endpoint.accept()
        self.connection.welcome(rooms=["lobby"])
        self.chat.joined()
        self.chat.typed("for the board")
        self.clock.advance(LIST_S)
        rule, *lines = self.surface.lines
        self.assertEqual([line for line in lines if "no longer in board" in line], lines)
        self.assertEqual((rule, len(lines)), ("=== lobby 0@0", 1))

    def test_told_why(self) -> None:
        """A server that tells why they are not in their room any more is quoted, and nothing is told twice."""
        self.go("board")
        self.connection.cut()
        self.clock.advance(60)
        self.connection = self.endpoint.accept()
        self.connection.welcome(rooms=["lobby"])
        self.chat.joined()
        locked = {"room": "board", "code": "room-locked", "reason": "board is locked", "current": "lobby"}
        self.hear({"event": "departed", **locked}, entered("lobby", "alice"))
        self.clock.advance(LIST_S)
        told = "* You are no longer in board: board is locked. Your lines go to lobby now."
        self.assertEqual((self.surface.lines, self.state.lost), (["=== lobby 0@0", told], Place("board")))

    def test_asked_again(self) -> None:
        """Lines that are kept are asked about again where they could be said now."""
        self.hear(entered("dev", "alice"))
        self.state.lose(Place("board"), "dev")
        self.chat.typed("secret")
        self.clock.advance(0)
        self.assertIn("Say it in dev?", self.surface.lines[-1])
        self.hear({"event": "departed", "room": "dev", "code": "left", "reason": "", "current": "lobby"})
        self.clock.advance(0)
        self.assertIn("Say it in lobby?", self.surface.lines[-1])
        self.state.connection = "reconnecting"
        self.assertEqual(self.successResultOf(self.chat.complete("/y")), ["/yes"])

    def test_conversation_again(self) -> None:
        """A private conversation is asked for again after an interruption; if that cannot be, nothing is said aloud."""
        for event in ({"event": "done"}, {"event": "refused", "code": "no-such-nick", "text": "Gone."}):
            self.state.go(Place(nick="bob"))
            self.connection.cut()
            self.clock.advance(60)
            self.connection = self.endpoint.accept()
            self.connection.welcome(rooms=["lobby"])
            self.chat.joined()
            (request,) = [request for request in self.connection.requests() if request["do"] == "query"]
            self.hear({**event, "ref": request["ref"]})
            refused = event["event"] == "refused"
            self.assertEqual(self.state.query, "" if refused else "bob")
            self.assertEqual(self.state.lost, Place(nick="bob") if refused else Place())

    def test_conversation_ends(self) -> None:
        """The person is told when the other one leaves; what they type then is not said in the room."""
        self.state.go(Place(nick="bob"))
        self.connection.requests()
        self.hear({"event": "left", "room": "lobby", "nick": "bob", "gone": True, "reason": ""})
        self.assertEqual(self.surface.lines, ["* bob has left. Your lines go to lobby now."])
        self.chat.typed("psst")
        self.assertEqual((self.asked(), self.state.unsaid), ([], [(Place(nick="bob"), "psst")]))

    def test_people_of_the_room_back_in(self) -> None:
        """The room that lines go to now has its people counted, if the server did not tell of them."""
        self.hear(entered("dev", "alice"))
        self.connection.requests()
        self.hear({"event": "departed", "room": "dev", "code": "left", "reason": "", "current": "lobby"})
        self.clock.advance(LIST_S)
        self.assertEqual(self.asked(), [("list", "lobby")])

    def test_in_no_room(self) -> None:
        """In no room there is nobody to be counted, and nothing is asked about it."""
        self.connection.requests()
        self.hear({"event": "departed", "room": "lobby", "code": "banned", "reason": "", "current": ""})
        self.clock.advance(LIST_S)
        self.assertEqual((self.state.room, self.state.people, self.asked()), ("", None, []))


class ShownTest(ChatTest):
    def test_shown(self) -> None:
        """Events are shown in their order, and counted as unseen until a key is pressed."""
        self.hear(said(1, "one"), said(2, "two"))
        self.assertEqual((self.surface.lines, self.state.unseen), (["bob: one", "bob: two"], 2))
        self.chat.touched()
        self.assertEqual(self.state.unseen, 0)

    def test_refused(self) -> None:
        """A refusal that answers nothing is shown, unless the loss of the room or the connection tells of it."""
        for code in ("kicked", "muted", "banned", "replaced", "logged-out"):
            self.hear({"event": "refused", "code": code, "text": "No."})
        self.assertEqual(self.surface.lines, ["!! muted: No."])

    def test_nonsense(self) -> None:
        """Fields of events that are not what they should be cost nothing that comes after them."""
        for odd in ([], {}, 1.5, True, None, [["x"]], {"x": [1]}):
            for kind in ("departed", "entered", "renamed", "left", "many-joined", "read", "said", "edited"):
                fields = ("code", "room", "nick", "new", "current", "people", "nicks", "text", "id", "at", "upto")
                self.hear(*({"event": kind, "room": "lobby", "text": "", field: odd} for field in fields))
        self.hear({"event": "whispered", "id": 9, "nick": "bob", "to": "alice", "text": "still here"})
        self.assertIsNotNone(self.state.views.find(Place(nick="bob")))
        self.assertTrue(self.chat.drained())
        self.assertNotIn("cannot be shown", "".join(self.surface.lines))

    def test_not_shown(self) -> None:
        """An event that cannot be shown is told of once, and those after it are shown."""
        self.display.fails_on = "oops"
        self.hear(said(1, "oops"), said(2, "oops"), said(3, "three"))
        told = "* The server sent an event (said) that cannot be shown: ValueError: oops. This is told only once."
        self.assertEqual(self.surface.lines, [told, "bob: three"])

    def test_bell(self) -> None:
        """A mention rings, but not twice a second; with "all" everything rings, with "off" nothing."""
        self.hear(said(1, "hi"), said(2, "hi alice"), said(3, "alice?"))
        self.assertEqual(self.surface.lines.count("\a"), 1)
        self.clock.advance(RING_S)
        self.settings.set("bell all")
        self.hear(said(4, "hi"), said(5, "hi", nick="alice"))
        self.assertEqual(self.surface.lines.count("\a"), 2)
        self.clock.advance(RING_S)
        self.settings.set("bell off")
        self.hear(said(6, "hi alice"))
        self.assertEqual(self.surface.lines.count("\a"), 2)

    def test_finish(self) -> None:
        """At the end everything heard is shown."""
        self.connection.send(said(1, "one"))
        self.assertFalse(self.chat.drained())
        self.assertEqual(self.chat.finish(), ([], []))
        self.assertEqual((self.surface.lines, self.chat.drained()), (["bob: one"], True))


class CatchingUpTest(ChatTest):
    since, head = 1000, 3000

    def test_no_bell(self) -> None:
        """While missed messages are fetched, nothing rings; afterwards it does."""
        self.hear(said(1001, "hi alice"))
        self.assertEqual((self.state.progress, self.surface.lines), ((1, 2000), ["bob: hi alice"]))
        self.hear(said(3000, "hi"), said(3001, "alice!"))
        self.assertEqual((self.state.progress, self.surface.lines[-1]), (None, "\a"))

    def test_caught_up(self) -> None:
        """When nothing has come for a second, all there is has come: the rest was in other rooms."""
        self.hear(said(1500, "hi"))
        self.clock.advance(QUIET_S - 0.1)
        self.assertIsNotNone(self.state.progress)
        self.hear(said(1600, "hi"))
        self.clock.pump([QUIET_S / 2] * 4)
        self.assertIsNone(self.state.progress)


class TypedTest(ChatTest):
    def setUp(self) -> None:
        super().setUp()
        self.connection.requests()

    def test_said(self) -> None:
        """A line is sent; an empty one is not."""
        self.chat.typed("hello")
        self.chat.typed("   ")
        self.assertEqual([request["text"] for request in self.connection.requests()], ["hello"])

    def test_exit(self) -> None:
        """The commands to leave are carried out here, with the reason."""
        self.chat.typed("/exit")
        self.chat.typed(" /QUIT  so long ")
        self.assertEqual((self.left, self.asked()), (["", "so long"], []))

    def test_set(self) -> None:
        """The client's own preferences are set here, the others at the server."""
        self.chat.typed("/set")
        for line in "joins: active (active, on, off)", "others: mentions (mentions, all, none)", "typing: on (on, off)":
            self.assertIn(line, self.surface.lines[-1].splitlines())
        self.assertEqual([do for do, _ in self.asked()], ["type"])
        self.surface.lines.clear()
        self.chat.typed("/set bell off")
        self.assertEqual((self.surface.lines, self.asked()), (["-- bell is now off."], []))
        self.chat.typed("/set time off")
        self.assertEqual(self.asked(), [("type", None)])

    def test_typing(self) -> None:
        """Typing is announced to the room now and then; again at once after a line is sent."""
        for text in ("h", "he"):
            self.chat.written(text)
        self.assertEqual(self.asked(), [("typing", "lobby")])
        self.clock.advance(REPEAT_S)
        self.chat.written("hel")
        self.chat.typed("hello")
        self.chat.written("a")
        self.assertEqual([do for do, _ in self.asked()], ["list", "typing", "say", "typing"])

    def test_typing_in_private(self) -> None:
        """What is typed in a private conversation is not announced to the room."""
        self.state.go(Place(nick="bob"))
        self.chat.written("hello")
        self.assertEqual(self.asked(), [])

    def test_typing_in_silence(self) -> None:
        """Commands, an empty line, a person who does not like it, and a missing connection announce nothing."""
        for text in ("", "/msg bob psst", "/login alice"):
            self.chat.written(text)
        self.settings.set("typing off")
        self.chat.written("hello")
        self.settings.set("typing on")
        self.state.connection = "reconnecting"
        self.chat.written("hello")
        self.assertEqual(self.asked(), [])
        self.state.connection = "connected"
        self.chat.written("/me wav")
        self.assertEqual(self.asked(), [("typing", "lobby")])


class CompleteTest(ChatTest):
    def test_server(self) -> None:
        """Words of the server and of the client are offered together, but none that a terminal would obey."""
        found = self.chat.complete("/set ")
        items = [{"text": "zone"}, {"text": "bell"}, {"text": "\x1b[2J"}, {"text": ""}, "odd", {}]
        self.answer("complete", items=items)
        self.assertEqual(self.successResultOf(found), ["bell", "dnd", "joins", "others", "typing", "zone"])

    def test_refused(self) -> None:
        """Without an answer of the server there are still the client's own words."""
        found = self.chat.complete("/set b")
        (request,) = [request for request in self.connection.requests() if request["do"] == "complete"]
        self.hear({"event": "refused", "ref": request["ref"], "code": "unknown-command", "text": "No."})
        self.assertEqual(self.successResultOf(found), ["bell"])

    def test_not_asked(self) -> None:
        """The server is not asked about values of the client's own, nor when it is away."""
        self.connection.requests()
        self.assertEqual(self.successResultOf(self.chat.complete("/set bell a")), ["all"])
        self.state.connection = "reconnecting"
        self.assertEqual(self.successResultOf(self.chat.complete("/set b")), ["bell"])
        self.assertEqual(self.asked(), [])

    def test_paths(self) -> None:
        """A path after /send is completed on this computer, and is no business of the server."""
        self.connection.requests()
        path = __file__.removesuffix("py")
        self.assertEqual(self.successResultOf(self.chat.complete(f"/send {path}")), [__file__])
        self.assertEqual(self.asked(), [])
