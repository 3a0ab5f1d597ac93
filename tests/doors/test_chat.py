"""Whole conversations, byte for byte as they go over the wire."""

import json
from functools import partial
from typing import Any, cast

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.config.settings import Settings
from groupchat.doors.factory import ChatFactory
from groupchat.doors.lines.text_conversation import TextConversation
from groupchat.doors.reception import SILENCE_S, Reception
from groupchat.hall.hall import Hall
from groupchat.journals.memory import MemoryJournal
from groupchat.sessions.session import Session
from tests.fakes import FakePasswords
from tests.house import NOON
from tests.people import account

SETTINGS = Settings(zone="UTC", name="chat.example.org", flood_burst=1000)
PROMPT = "Choose your nickname: "


class Client:
    """A client at the other end of a connection."""

    def __init__(self, server: "ServerTests") -> None:
        self.clock = server.clock
        self.transport = cast(Any, StringTransport())
        self.transport.protocol = server.factory.buildProtocol(IPv4Address("TCP", "192.0.2.1", 4321))
        self.protocol.makeConnection(self.transport)

    @property
    def protocol(self) -> TextConversation:
        """Return what serves the connection now: at first the front, which is enough for these tests."""
        return cast(TextConversation, self.transport.protocol)

    def wait(self) -> str:
        """Say nothing for a moment, and return the greeting."""
        self.clock.advance(SILENCE_S)
        return self.read()

    def send(self, *lines: str) -> str:
        """Send these lines, and return what came back, without CR."""
        self.protocol.dataReceived("".join(f"{line}\n" for line in lines).encode())
        self.clock.advance(0)
        return self.read()

    def ask(self, **request: Any) -> list[dict[str, Any]]:
        """Send a request, and return what came back."""
        self.protocol.dataReceived(json.dumps(request).encode() + b"\n")
        self.clock.advance(0)
        return self.heard()

    def heard(self) -> list[dict[str, Any]]:
        """Return what came back since last time, as a program reads it: lines that do not start with { are skipped."""
        return [json.loads(line) for line in self.read().splitlines() if line.startswith("{")]

    def read(self) -> str:
        """Return what came back since last time, without CR; every line must have ended with CR LF."""
        text: str = self.transport.value().decode()
        self.transport.clear()
        assert text.count("\n") == text.count("\r\n") == text.count("\r"), text
        return text.replace("\r", "")

    @property
    def closed(self) -> bool:
        return bool(self.transport.disconnecting)

    def drop(self) -> None:
        """Lose the connection."""
        self.protocol.connectionLost(Failure(ConnectionDone()))


class ServerTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.hall = Hall(
            MemoryJournal(), SETTINGS, self.clock, lambda: NOON + self.clock.seconds(), "1.0", passwords=FakePasswords()
        )
        self.hall.open()
        self.reception = Reception(partial(Session, self.hall), self.hall.settings, self.clock)
        self.factory = ChatFactory(self.reception)

    def people(self, *nicks: str) -> list[Client]:
        """Return people at keyboards that have read what came so far."""
        clients = []
        for nick in nicks:
            clients.append(Client(self))
            clients[-1].send(nick)
        for client in clients:
            client.read()
        return clients

    def program(self, nick: str, **fields: Any) -> tuple[Client, dict[str, Any]]:
        """A program, and its welcome."""
        client = Client(self)
        welcome, *_ = client.ask(do="nick", nick=nick, **fields)
        return client, welcome


class TextTests(ServerTests):
    def test_coming_in(self) -> None:
        """The greeting, the prompt, the welcome, and what was said before."""
        alice = Client(self)
        self.assertEqual(alice.wait(), f"groupchat 1.0 at chat.example.org: 0 people are here.\n{PROMPT}")
        self.assertEqual(
            alice.send("alice"), "Connected to the server! You are alice, in lobby. /help lists the commands.\n"
        )
        alice.send("Good morning :)", "/me waves")
        bob = Client(self)
        self.assertEqual(bob.wait(), f"groupchat 1.0 at chat.example.org: 1 person is here.\n{PROMPT}")
        self.assertEqual(
            bob.send("bob"),
            "Connected to the server! You are bob, in lobby. /help lists the commands.\n"
            "-- With you in lobby: alice.\n"
            "-- 2 earlier messages:\n"
            "[12:00:00] #1 alice: Good morning 😊\n"
            "[12:00:00] #2 * alice waves\n"
            "-- end of the earlier messages\n",
        )
        self.assertEqual(alice.read(), "[12:00:00] * bob joined lobby\n")

    def test_refused_nickname(self) -> None:
        """A refused nickname brings the reason and the prompt again."""
        self.people("alice")
        bob = Client(self)
        bob.wait()
        self.assertEqual(bob.send("Alice"), f"!! nick-taken: alice is already here; choose another nickname.\n{PROMPT}")
        self.assertIn("Connected to the server! You are bob", bob.send("bob"))

    def test_talk(self) -> None:
        """Lines, deeds, private messages, changes: each in its form, with its number and time."""
        alice, bob = self.people("alice", "bob")
        self.clock.advance(61)
        self.assertEqual(alice.send("Hello everyone! :)"), "")
        self.assertEqual(bob.read(), "[12:01:01] #1 alice: Hello everyone! 😊\n")
        alice.send("/me waves")
        self.assertEqual(bob.read(), "[12:01:01] #2 * alice waves\n")
        self.assertEqual(alice.send("/msg bob psst"), "[12:01:01] #3 alice -> bob: psst\n")
        self.assertEqual(bob.read(), "[12:01:01] #3 alice -> bob: psst\n")
        alice.send("/edit #1 Hello!")
        self.assertEqual(bob.read(), "[12:01:01] #1 alice (edited): Hello!\n")
        alice.send("/edit #3 hush")
        self.assertEqual(bob.read(), "[12:01:01] #3 alice -> bob (edited): hush\n")
        alice.send("/delete 1", "//x")
        self.assertEqual(bob.read(), "[12:01:01] #1 was deleted by alice\n[12:01:01] #7 alice: /x\n")
        self.assertEqual(
            bob.send("/history"),
            "-- 2 messages:\n[12:01:01] #2 * alice waves\n[12:01:01] #7 alice: /x\n-- end of the history\n",
        )
        self.assertIn("[12:01:01] #3 alice -> bob (edited): hush\n", bob.send("/history with alice"))

    def test_notices(self) -> None:
        """Coming, going, a new nickname, a topic."""
        alice, bob = self.people("alice", "bob")
        bob.send("/nick robert")
        self.assertEqual(alice.read(), "[12:00:00] * bob is now robert\n")
        bob.send("/topic plans")
        self.assertEqual(alice.read(), "[12:00:00] * topic of lobby, by robert: plans\n")
        bob.send("/leave lobby tea")
        self.assertEqual(alice.read(), "[12:00:00] * robert left lobby (tea)\n")
        bob.send("/join lobby")
        self.assertEqual(alice.read(), "[12:00:00] * robert joined lobby\n")
        bob.drop()
        self.assertEqual(alice.read(), "[12:00:00] * robert left lobby (connection lost)\n")
        self.hall.announce("The server stops.")
        self.assertEqual(alice.read(), "-- The server stops.\n")

    def test_answers(self) -> None:
        """Answers begin with two dashes, refusals with two exclamation marks and their code."""
        alice, _bob = self.people("alice", "bob")
        self.assertEqual(alice.send("/list"), "-- 2 people are in lobby:\n-- alice, bob\n")
        self.assertEqual(
            alice.send("/nik x"),
            "!! unknown-command: There is no command /nik. Did you mean /nick? /help lists the commands."
            " Nothing was said; a line that begins with // is.\n",
        )
        self.assertEqual(alice.send("/msg bob"), "!! bad-arguments: Usage: /msg NICK TEXT\n")
        self.assertEqual(
            alice.send("/help msg"),
            "-- /msg NICK TEXT\n-- Say something to one person only.\n"
            "-- Somebody who has an account and is not here reads it when they come.\n-- also: /tell, /w\n",
        )

    def test_other_room(self) -> None:
        """A line of a room other than the current one has the room after the time."""
        alice, bob = self.people("alice", "bob")
        bob.send("/join dev", "/switch lobby")
        alice.send("/join dev")
        bob.read()
        alice.send("there", "/switch lobby", "here")
        self.assertEqual(bob.read(), "[12:00:00] (dev) #1 alice: there\n[12:00:00] #2 alice: here\n")

    def test_new_day(self) -> None:
        """The first line of a new day has the day's line before it."""
        alice, bob = self.people("alice", "bob")
        alice.send("today")
        self.clock.advance(12 * 3600)
        alice.send("tomorrow", "and on")
        self.assertEqual(
            bob.read(),
            "[12:00:00] #1 alice: today\n"
            "-- Sunday 22 November 2026\n"
            "[00:00:00] #2 alice: tomorrow\n[00:00:00] #3 alice: and on\n",
        )

    def test_preferences(self) -> None:
        """Times follow the zone that is set; own lines come back, and emoji stay away, if preferred."""
        alice, bob = self.people("alice", "bob")
        bob.send("/set zone Europe/Paris", "/set time minutes")
        bob.read()
        alice.send("/set emoji off")
        self.assertEqual(alice.send("/set echo on", "hi :)"), "-- echo is now on.\n[12:00:00] #1 alice: hi :)\n")
        self.assertEqual(bob.read(), "[13:00] #1 alice: hi :)\n")

    def test_exit(self) -> None:
        """Goodbye, and the others see it."""
        alice, bob = self.people("alice", "bob")
        self.assertEqual(alice.send("/exit"), "-- Goodbye, alice.\n")
        self.assertTrue(alice.closed)
        self.assertEqual(bob.read(), "[12:00:00] * alice left lobby\n")

    def test_all_in_one_packet(self) -> None:
        """A nickname, a line and /exit in one packet, with the end of input behind: all is done."""
        (bob,) = self.people("bob")
        alice = Client(self)
        alice.read()
        alice.send("alice", "hello", "/exit")
        alice.protocol.readConnectionLost()
        self.clock.advance(0)
        self.assertEqual(
            bob.read(), "[12:00:00] * alice joined lobby\n[12:00:00] #1 alice: hello\n[12:00:00] * alice left lobby\n"
        )
        self.assertTrue(alice.closed)

    def test_too_slow(self) -> None:
        """A peer that reads nothing is told why, and cut off."""
        alice, bob = self.people("alice", "bob")
        bob.protocol.pauseProducing()
        alice.send("hello")
        self.assertEqual(bob.read(), "")
        for _ in range(60):
            self.clock.advance(1)
            self.hall.sweep()
        self.assertIn("!! too-slow: ", bob.read())
        self.assertEqual(alice.read(), "[12:01:00] * bob left lobby (too slow)\n")

    def test_whoami_and_logout(self) -> None:
        """One's own connections are listed by number, and another one is ended by it."""
        bot, _ = self.program("bot")
        account(self.hall, "bot")
        line = Client(self)
        line.send("bot")
        self.assertIn("You are bot, in lobby", line.send("correct horse"))
        self.assertEqual(
            line.send("/whoami"),
            "-- You are bot, with an account since 2026-11-21 12:00.\n"
            "-- You are in lobby.\n"
            "-- Connection 1: json, since 2026-11-21 12:00, not encrypted, from 192.0.2.1\n"
            "-- Connection 2, this one: text, since 2026-11-21 12:00, not encrypted, from 192.0.2.1\n"
            "-- /logout NUMBER ends one of them, /logout others all but this one.\n",
        )
        bot.heard()
        (answer,) = bot.ask(do="whoami", ref=2)
        (item,) = answer.pop("items")
        self.assertEqual((answer["what"], answer["ref"]), ("whoami", 2))
        self.assertEqual(
            {name: item[name] for name in ("nick", "account", "rank", "operates", "rooms")},
            {"nick": "bot", "account": "bot", "rank": "member", "operates": [], "rooms": ["lobby"]},
        )
        self.assertEqual(
            [(one["number"], one["own"], one["door"]) for one in item["connections"]],
            [(1, True, "json"), (2, False, "text")],
        )
        self.assertEqual(line.send("/logout 1"), "-- Connection 1 is logged out.\n")
        told = "You were logged out on another connection."
        self.assertEqual(
            bot.heard(),
            [
                {"event": "refused", "code": "logged-out", "text": told},
                {"event": "closing", "code": "logged-out", "text": told},
            ],
        )


class JsonTests(ServerTests):
    def test_conversation(self) -> None:
        """Welcome, done with the number, said with its time, edits, private messages, refusals: each with its ref."""
        (alice,) = self.people("alice")
        bot = Client(self)
        welcome, entered = bot.ask(do="nick", nick="bot", ref=1)
        token = welcome.pop("token")
        self.assertGreaterEqual(len(token), 22)
        self.assertIn("rooms", welcome.pop("features"))
        self.assertEqual(
            welcome,
            {
                "event": "welcome", "ref": 1, "nick": "bot", "room": "lobby", "head": 0, "position": 0,
                "rooms": ["lobby"], "version": "1.0", "name": "chat.example.org",
            },
        )  # fmt: skip
        people = [{"nick": "alice"}, {"nick": "bot"}]
        self.assertEqual(entered, {"event": "entered", "room": "lobby", "topic": "", "people": people})
        self.assertEqual(bot.ask(do="say", text="build ok", ref=2), [{"event": "done", "ref": 2, "id": 1}])
        self.clock.advance(0.123)
        alice.send("thanks")
        at = "2026-11-21T12:00:00.123Z"
        self.assertEqual(
            bot.heard(), [{"event": "said", "id": 2, "room": "lobby", "nick": "alice", "text": "thanks", "at": at}]
        )
        alice.read()
        self.assertEqual(bot.ask(do="edit", id=1, text="build OK", ref=3), [{"event": "done", "ref": 3, "id": 3}])
        self.assertEqual(alice.read(), "[12:00:00] #1 bot (edited): build OK\n")
        self.assertEqual(bot.ask(do="msg", nick="alice", text="psst", ref=4), [{"event": "done", "ref": 4, "id": 4}])
        (refused,) = bot.ask(do="nobody-knows", ref=5)
        self.assertEqual((refused["event"], refused["ref"], refused["code"]), ("refused", 5, "unknown-command"))

    def test_every_event(self) -> None:
        """Every event has its name and its fields."""
        bot, _ = self.program("bot")
        (alice,) = self.people("alice")
        at = "2026-11-21T12:00:00.000Z"
        alice.send("hi", "/me waves", "/msg bot psst", "/edit #1 ho", "/delete #2", "/topic plans")
        alice.send("/nick alicia", "/typing", "/leave lobby tea")
        self.hall.announce("Soon.")
        lobby = {"room": "lobby", "nick": "alice", "at": at}
        self.assertEqual(
            bot.heard(),
            [
                {"event": "joined", **lobby},
                {"event": "said", "id": 1, **lobby, "text": "hi"},
                {"event": "acted", "id": 2, **lobby, "text": "waves"},
                {"event": "whispered", "id": 3, **lobby, "room": "", "to": "bot", "text": "psst"},
                {"event": "edited", "id": 4, "target": 1, **lobby, "to": "", "text": "ho"},
                {"event": "deleted", "id": 5, "target": 2, **lobby, "to": ""},
                {"event": "topic-changed", "id": 6, **lobby, "text": "plans"},
                {"event": "renamed", **lobby, "new": "alicia"},
                {"event": "typing", **lobby, "nick": "alicia", "active": True},
                {"event": "left", **lobby, "nick": "alicia", "reason": "tea", "gone": False},
                {"event": "announced", "text": "Soon.", "at": at},
            ],
        )

    def test_resume(self) -> None:
        """With since and token a program goes on where it was: none missing, none twice."""
        (alice,) = self.people("alice")
        bot, welcome = self.program("bot")
        alice.send("one")
        bot.heard()
        bot.drop()
        alice.send("two", "three")
        again = Client(self)
        back, entered, *events = again.ask(do="nick", nick="bot", since=1, token=welcome["token"], ref="r")
        self.assertEqual((back["event"], back["ref"], back["head"], back["position"]), ("welcome", "r", 3, 1))
        self.assertEqual((entered["event"], entered["room"]), ("entered", "lobby"))
        self.assertEqual([event["id"] for event in events], [2, 3])
        self.assertEqual(Client(self).ask(do="nick", nick="dot", since="head")[2:], [])
        self.assertEqual([event["id"] for event in Client(self).ask(do="nick", nick="pot")[2:]], [1, 2, 3])

    def test_key(self) -> None:
        """A key that was used before is not posted twice, also over connections: done names the first number."""
        (alice,) = self.people("alice")
        bot, welcome = self.program("bot")
        bot.ask(do="say", text="once", key="k", ref=1)
        bot.drop()
        again, _ = self.program("bot", token=welcome["token"], since="head")
        self.assertEqual(again.ask(do="say", text="once", key="k", ref=2), [{"event": "done", "ref": 2, "id": 1}])
        self.assertEqual(alice.read().count("once"), 1)

    def test_typed(self) -> None:
        """A line typed at a program is read as at a keyboard, answered once, and said once for its key."""
        bot, _ = self.program("bot")
        (alice,) = self.people("alice")
        bot.heard()
        self.assertEqual(bot.ask(do="type", line="//hi", key="k", ref=1), [{"event": "done", "ref": 1, "id": 1}])
        self.assertEqual(bot.ask(do="type", line="//hi", key="k", ref=2), [{"event": "done", "ref": 2, "id": 1}])
        self.assertEqual(bot.ask(do="type", line="/me waves", ref=3), [{"event": "done", "ref": 3, "id": 2}])
        self.assertEqual(bot.ask(do="type", line="/edit #1 hello", ref=4), [{"event": "done", "ref": 4, "id": 3}])
        entered, joined = bot.ask(do="type", line="/join dev", ref=5)
        self.assertEqual((entered["event"], entered["room"]), ("entered", "dev"))
        self.assertEqual((joined["ref"], joined["room"]), (5, "dev"))
        (listed,) = bot.ask(do="type", line="/list", ref=6)
        self.assertEqual((listed["ref"], listed["text"]), (6, "1 person is in dev:\nbot"))
        for line, code in ((" ", "nothing-to-say"), ("/nope", "unknown-command"), ("a\rb", "bad-character")):
            (refused,) = bot.ask(do="type", line=line, ref=7)
            self.assertEqual((refused["ref"], refused["code"]), (7, code))
        self.assertEqual(alice.read().count("#1 bot"), 2)  # said once, edited once
        stranger = Client(self)
        self.assertEqual(stranger.ask(do="type", line="bob", ref=8)[0]["code"], "no-nickname")

    def test_typed_in_a_room(self) -> None:
        """A line is carried out in the room it was typed in, whichever is current, or nowhere."""
        bot, _ = self.program("bot")
        carol, _ = self.program("carol")
        for program in (bot, carol):
            program.ask(do="join", room="dev")
        bot.ask(do="switch", room="lobby")
        carol.heard()
        for line in ("secret", "//secret", "/me hides", "/topic secret"):
            self.assertEqual(bot.ask(do="type", line=line, room="DEV", ref=line)[0]["event"], "done")
            self.assertEqual([event["room"] for event in carol.heard()], ["dev"], line)
        (listed,) = bot.ask(do="type", line="/list", room="dev", ref=1)
        self.assertIn("2 people are in dev", listed["text"])
        bot.ask(do="leave", room="dev")
        carol.heard()
        for line in ("secret", "/me hides", "/topic secret", "/topic", "/list", "/history"):
            refusals = bot.ask(do="type", line=line, room="dev", ref=line)
            self.assertEqual([refused.get("code") for refused in refusals], ["not-in-room"], line)
        self.assertEqual(carol.heard(), [])
        self.assertEqual(bot.ask(do="type", line="/join dev", room="dev", ref=2)[-1]["room"], "dev")
        self.assertEqual(bot.ask(do="type", line="x", room="no room", ref=3)[0]["code"], "room-invalid")

    def test_one_answer_each(self) -> None:
        """Each request has exactly one answer, with its ref, whatever it is."""
        bot, _ = self.program("bot")
        requests: list[dict[str, Any]] = [
            *({"do": name} for name in ("list", "rooms", "help", "history", "typing", "away", "back", "topic", "set")),
            *({"do": "join", "room": room} for room in ("dev", "dev", "a/b")),
            {"do": "leave"},
            {"do": "say", "text": "x"},
            {"do": "last"},
            {"do": "search", "text": "x"},
            {"do": "goto", "id": 1},
            {"do": "nick", "nick": "robot"},
            {"do": "ping"},
            {"do": "complete", "text": "/msg ro"},
            {"do": "delete"},
            {"do": "nonsense"},
            {"do": 7},
            {"nothing": 1},
        ]
        for number, request in enumerate(requests):
            answers = [answer for answer in bot.ask(**request, ref={"n": number}) if "ref" in answer]
            self.assertEqual([answer["ref"] for answer in answers], [{"n": number}], request)

    def test_typing(self) -> None:
        """Typing is shown to programs at most each 3 s, ends after 6 s, and people with keyboards see nothing of it."""
        bot, _ = self.program("bot")
        dot, _ = self.program("dot")
        (alice,) = self.people("alice")
        bot.heard()
        for _ in range(2):
            dot.ask(do="typing")
            self.clock.advance(1)
            self.hall.sweep()
        self.assertEqual([(event["event"], event["active"]) for event in bot.heard()], [("typing", True)])
        self.clock.advance(1)
        dot.ask(do="typing")
        self.assertEqual([event["active"] for event in bot.heard()], [True])
        for _ in range(5):
            self.clock.advance(1)
            self.hall.sweep()
        self.assertEqual(bot.heard(), [])
        self.clock.advance(1)
        self.hall.sweep()
        self.assertEqual([event["active"] for event in bot.heard()], [False])
        self.assertEqual(alice.read(), "")
        self.assertEqual(dot.heard(), [])  # nothing of its own typing

    def test_own_rooms(self) -> None:
        """A program is told of each room it enters and leaves, and where its lines go then."""
        bot = Client(self)
        heard = bot.ask(do="nick", nick="bot", rooms=["dev", "ops"])
        self.assertEqual([(one["event"], one["room"]) for one in heard[1:]], [("entered", "dev"), ("entered", "ops")])
        self.assertEqual((heard[0]["room"], heard[0]["rooms"]), ("ops", ["dev", "ops"]))
        departed, done = bot.ask(do="leave", room="ops", ref=1)
        self.assertEqual(departed, {"event": "departed", "room": "ops", "reason": "", "code": "left", "current": "dev"})
        self.assertEqual((done["ref"], done["room"]), (1, "dev"))
        self.assertEqual(bot.ask(do="leave")[0]["current"], "")

    def test_no_rooms(self) -> None:
        """A program can begin in no room, and a quiet one is in no list, and says things into rooms all the same."""
        (alice,) = self.people("alice")
        hook = Client(self)
        (welcome,) = hook.ask(do="nick", nick="hook", rooms=[], quiet=True)
        self.assertEqual((welcome["room"], welcome["rooms"]), ("", []))
        self.assertEqual(hook.ask(do="say", text="build ok", room="lobby", ref=1)[0]["id"], 1)
        self.assertEqual(alice.read(), "[12:00:00] #1 hook: build ok\n")
        hook.drop()
        self.assertEqual(alice.read(), "")

    def test_room_of_a_request(self) -> None:
        """A request is about the room it names; a field that it does not take is refused, so none is done elsewhere."""
        bot, _ = self.program("bot", rooms=["dev", "lobby"])
        (alice,) = self.people("alice")
        bot.ask(do="topic", text="secret plans", room="dev")
        (listed,) = bot.ask(do="topic", room="dev", ref=1)
        self.assertEqual((listed["what"], listed["items"]), ("topic", [{"room": "dev", "topic": "secret plans"}]))
        (refused,) = bot.ask(do="say", text="for dev only", romo="dev", ref=2)
        self.assertEqual((refused["ref"], refused["code"]), (2, "bad-arguments"))
        self.assertIn("romo", refused["text"])
        self.assertEqual(bot.ask(do="ping", ref=3, **{"x-mine": 1}), [{"event": "done", "ref": 3}])
        self.assertEqual(alice.read(), "")

    def test_replaced(self) -> None:
        """An old connection is told that its person is back, and why it is closed."""
        bot, welcome = self.program("bot")
        bot.heard()
        self.program("bot", token=welcome["token"])
        refused, closing = bot.heard()
        self.assertEqual((refused["event"], refused["code"]), ("refused", "replaced"))
        self.assertEqual((closing["event"], closing["code"]), ("closing", "replaced"))
        self.assertTrue(bot.closed)

    def test_exit(self) -> None:
        """The last line is the reason of the end; others are told that the person has left the server."""
        bot, _ = self.program("bot")
        dot, _ = self.program("dot")
        done, closing = bot.ask(do="exit", ref=1)[-2:]
        self.assertEqual((done["ref"], closing["event"], closing["code"]), (1, "closing", "exit"))
        left = dot.heard()[-1]
        self.assertEqual((left["event"], left["nick"], left["gone"]), ("left", "bot", True))

    def test_preference(self) -> None:
        """A changed preference comes back as name and value, and all of them as items."""
        bot, _ = self.program("bot")
        (done,) = bot.ask(do="set", name="zone", value="utc")
        self.assertEqual((done["name"], done["value"]), ("zone", "UTC"))
        (listed,) = bot.ask(do="set")
        self.assertIn({"name": "zone", "value": "UTC"}, listed["items"])

    def test_presence(self) -> None:
        """Being away is shown to programs, and not to people."""
        bot, _ = self.program("bot")
        alice, bob = self.people("alice", "bob")
        bot.heard()
        alice.send("/away tea")
        alice.send("/back")
        self.assertEqual(
            [(one["event"], one["nick"], one["away"], one["text"]) for one in bot.heard()],
            [("away-changed", "alice", True, "tea"), ("away-changed", "alice", False, "")],
        )
        self.assertEqual(bob.read(), "")

    def test_late(self) -> None:
        """A program that begins late is greeted, and then served like any other, by its first line on."""
        (alice,) = self.people("alice")
        bot = Client(self)
        self.assertTrue(bot.wait().endswith(PROMPT))
        welcome, *_ = bot.ask(do="nick", nick="bot", ref=1)
        self.assertEqual((welcome["event"], welcome["ref"]), ("welcome", 1))
        self.assertTrue(welcome["token"])
        alice.send("hi :)")
        self.assertEqual(bot.heard()[-1]["text"], "hi 😊")
        self.assertEqual(bot.ask(do="say", text=":)", ref=2)[0]["id"], 2)
        self.assertTrue(alice.read().endswith(": :)\n"))
        bot.drop()
        self.assertEqual(alice.read(), "[12:00:00] * bot left lobby (connection lost)\n")
        self.assertEqual((len(self.hall.sessions), self.reception.connections), (1, 1))

    def test_cut_off(self) -> None:
        """A program that reads nothing is told so twice: as a refusal, and as its last line."""
        bot, _ = self.program("bot")
        (alice,) = self.people("alice")
        bot.protocol.pauseProducing()
        alice.send("hello")
        bot.read()
        for _ in range(60):
            self.clock.advance(1)
            self.hall.sweep()
        refused, closing = bot.heard()
        self.assertEqual((refused["event"], refused["code"]), ("refused", "too-slow"))
        self.assertEqual(closing, {"event": "closing", "code": "too-slow", "text": refused["text"]})

    def test_stop(self) -> None:
        """When the server stops, everybody is told; programs by a code too, so that they come back."""
        bot, _ = self.program("bot")
        (alice,) = self.people("alice")
        bot.heard()
        self.hall.stop("The server is stopping.")
        self.clock.advance(0)
        announced, closing = bot.heard()
        self.assertEqual((announced["event"], closing["event"], closing["code"]), ("announced", "closing", "stopping"))
        self.assertEqual(alice.read(), "-- The server is stopping.\n")
