"""Sending of lines, and showing of the server's answers."""

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.client import Client
from groupchat.terminal.display.addressees import UNCLEAR_S, Place
from groupchat.terminal.display.chat_state import SOON_S, ChatState
from groupchat.terminal.flow.local_settings import LocalSettings
from groupchat.terminal.flow.secret_commands import SecretCommands
from groupchat.terminal.flow.sending import Sending
from groupchat.terminal.flow.several_lines import aim
from tests.client.fakes import FakeConnection, FakeEndpoint
from tests.terminal.fakes import FakeDisplay, FakeSurface


class SendingCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock, self.endpoint = Clock(), FakeEndpoint()
        self.client = Client(self.endpoint, "alice", self.clock)
        self.surface, self.display = FakeSurface(), FakeDisplay()
        self.state = ChatState("example.org", "alice")
        self.state.go(Place("lobby"))
        self.moved: list[tuple[Place, int]] = []
        self.sending = Sending(
            self.clock, self.client, self.surface, self.display, self.state, LocalSettings("mentions", True),
            SecretCommands(), self.move,
        )  # fmt: skip
        self.client.start()
        self.connection = self.join()

    def move(self, place: Place, moves: int) -> None:
        self.moved.append((place, moves))
        self.state.go(place)

    def join(self) -> FakeConnection:
        connection = self.endpoint.accept()
        connection.welcome(rooms=["lobby"])
        return connection

    def answer(self, **fields: Any) -> dict[str, Any]:
        """Answer the only request, and return it."""
        (request,) = self.connection.requests()
        self.connection.send({"event": "done", "ref": request["ref"], **fields})
        return request


class SendingTest(SendingCase):
    def test_said(self) -> None:
        """A line is said as it is, under a key of its own; its number is not shown, as the message itself comes."""
        keys = set()
        for line, text in (("hello", "hello"), ("//exit", "/exit"), (" /exit", " /exit"), ("sure", "sure")):
            self.sending.type(line)
            self.assertEqual(self.state.pending, 1)
            request = self.answer(id=7)
            self.assertEqual((request["do"], request["text"], request["room"]), ("say", text, "lobby"))
            self.assertEqual(self.state.pending, 0)
            keys.add(request["key"])
        self.assertEqual((len(keys), self.surface.lines), (4, []))

    def test_commands_after_a_loss(self) -> None:
        """A command after the loss of the room names none: the server refuses it, where it is about a room."""
        self.client.membership.server = {"features": ["type-room"]}
        for lost, room in ((Place("board"), None), (Place(), "lobby")):
            self.state.lost = lost
            self.sending.type("/topic secret")
            self.assertEqual(self.answer().get("room"), room)

    def test_waiting(self) -> None:
        """A line waits from when it is typed until it is acknowledged; the surface is drawn again when that is long."""
        self.sending.type("hello")
        drawn = self.surface.refreshed
        self.clock.advance(SOON_S)
        self.assertEqual((self.state.waiting(self.clock.seconds()), self.surface.refreshed), (["hello"], drawn + 1))
        self.state.go(Place("dev"))
        self.assertEqual(self.state.waiting(self.clock.seconds()), ["(lobby) hello"])
        self.state.go(Place("lobby"))
        self.answer(id=7)
        self.assertEqual(self.state.waiting(self.clock.seconds()), [])
        self.clock.advance(SOON_S)
        self.sending.finish()
        self.assertEqual(
            [call for call in self.clock.getDelayedCalls() if call.getTime() < self.clock.seconds() + 1], []
        )

    def test_command(self) -> None:
        """A command is sent as it was typed, without a key, and its answer is shown."""
        for line in "/who bob", "s/a/b/":
            self.sending.type(line)
            request = self.answer(text="As you like.")
            self.assertEqual((request["do"], request["line"], "key" in request), ("type", line, False))
        self.assertEqual(self.surface.lines, ["-- As you like."] * 2)

    def test_listed(self) -> None:
        """A list is shown as text, a list of events with its heading and its end."""
        self.sending.type("/rooms")
        self.answer(event="listed", what="rooms", items=[{"room": "lobby"}], text="lobby  2 people")
        self.sending.type("/history")
        event = {"event": "said", "nick": "bob", "text": "hi"}
        self.answer(event="listed", what="history", items=[event, "odd"], heading="1 message:", ending="the end")
        self.assertEqual(self.surface.lines, ["-- lobby  2 people", "-- 1 message:\nbob: hi\n-- the end"])
        self.sending.type("/search tea")
        self.answer(event="listed", what="search", items=[], heading="0 messages:", ending="the end")
        self.sending.type("/history")
        self.answer(event="listed", what="history", items=[], heading="0 messages:", ending="the end")
        self.assertEqual(self.surface.lines[2:], ["-- Nothing was found.", "-- There is nothing to show."])

    def test_switched(self) -> None:
        """An answer that names another room tells that lines go there now."""
        self.sending.type("/switch dev")
        self.answer(text="You are in dev now.", room="dev")
        self.sending.type("/me waves")
        self.answer(id=3, text="Fine.", room="dev")
        self.sending.type("/query bob")
        self.state.views.moves += 1
        self.answer(text="Your lines go to bob.", query="bob")
        self.assertEqual(self.moved, [(Place("dev"), 0), (Place(nick="bob"), 0)])

    def test_answers_that_lag_behind(self) -> None:
        """A server that tells of every change of rooms is not followed when it answers something else, or a leave."""
        self.client.membership.server = {"features": ["entered"]}
        for line in "/topic x", "/leave dev":
            self.sending.type(line)
            self.answer(text="Done.", room="ops")
        self.assertEqual(self.moved, [])

    def test_set(self) -> None:
        """A change of how times are shown is followed."""
        self.sending.type("/set time off")
        self.answer(text="From now on, no times.", name="time", value="off")
        self.assertEqual(self.display.timestamps.form, "off")

    def test_refused(self) -> None:
        """A refusal is shown, and the line is not sent again."""
        self.sending.type("hello")
        self.answer(event="refused", code="muted", text="You are muted.")
        self.assertEqual(self.surface.lines, ["!! muted: You are muted.", "* Not said: hello"])
        self.assertEqual(self.surface.given_back, ["hello"])
        self.assertEqual((self.sending.finish(), self.state.pending), (([], []), 0))

    def test_slow(self) -> None:
        """After a refusal in a slow room the seconds are counted down until one may speak there again."""
        self.sending.type("hello")
        self.answer(event="refused", code="slow-mode", text="Wait.", wait=2)
        drawn = self.surface.refreshed
        self.assertEqual(self.state.views.open(Place("lobby")).slow_until, self.clock.seconds() + 2)
        self.clock.pump([1.0] * 4)
        counted = self.surface.refreshed
        self.assertGreaterEqual(counted - drawn, 2)
        self.clock.pump([1.0] * 4)
        self.assertEqual(self.surface.refreshed, counted)

    def test_paths(self) -> None:
        """A line that begins with a path, or a command that there is not, is given back; not one with a password."""
        for line, back in (
            ("/etc/hosts is broken", ["/etc/hosts is broken"]), ("/jion dev", ["/jion dev"]), ("/pasword a b", []),
        ):  # fmt: skip
            self.sending.type(line)
            self.answer(event="refused", code="unknown-command", text="No.")
            self.assertEqual(self.surface.given_back, back)
            self.surface.given_back.clear()

    def test_pace(self) -> None:
        """Once the pace of a slow room is known, the seconds count after each message, until the pace changes."""
        lobby = self.state.views.open(Place("lobby"))
        self.clock.advance(1)
        for fields in {"id": 1}, {"event": "refused", "code": "slow-mode", "text": "Wait.", "wait": 2}:
            self.sending.type("hello")
            self.answer(**fields)
            self.clock.advance(1)
        self.assertEqual((lobby.pace, lobby.slow_until - self.clock.seconds()), (3, 1))
        self.clock.advance(1)
        self.sending.type("/me waves")
        self.answer(id=2)
        self.assertEqual(lobby.slow_until - self.clock.seconds(), 3)
        self.state.take({"event": "moderated", "id": 3, "room": "lobby", "nick": "olga", "act": "slow"}, 0)
        self.sending.type("hello")
        self.answer(id=4)
        self.assertEqual(lobby.slow_until, 0)

    def test_which_was_refused(self) -> None:
        """A refusal says which line it is about, of what is said, of a paste and of commands, not of passwords."""
        refusal = "!! slow-mode: Slow."
        for line, remarks, back in (
            ("//shrug", ["* Not said: //shrug"], ["//shrug"]),
            ("/me waves", ["* Not said: /me waves"], ["/me waves"]),
            ("s/a/b/", ["* Not said: s/a/b/"], ["s/a/b/"]),
            ("/topic x", ["* Not done: /topic x"], []),
            ("/pasword sesame open", [], []),
        ):
            self.sending.type(line)
            self.answer(event="refused", code="slow-mode", text="Slow.")
            self.assertEqual((self.surface.lines, self.surface.given_back), ([refusal, *remarks], back))
            self.surface.lines.clear()
            self.surface.given_back.clear()
        self.sending.carry_out("/password", ["old", "new"])
        self.answer(event="refused", code="slow-mode", text="Slow.")
        self.sending.send_paste(["one"])
        self.answer(event="refused", code="slow-mode", text="Slow.")
        self.assertEqual(self.surface.lines, [refusal, refusal, "* Not said: one"])
        self.assertEqual(self.surface.given_back, [])

    def test_refused_after_an_interruption(self) -> None:
        """A line that was typed without a connection is shown and given back, unless another room is seen by then."""
        for there in ("lobby", "dev"):
            self.connection.cut()
            self.sending.type("hello")
            self.clock.advance(60)
            self.connection = self.join()
            self.state.go(Place(there))
            self.answer(event="refused", code="journal-unavailable", text="No disk.")
        self.assertEqual(self.surface.lines, ["!! journal-unavailable: No disk.", "* Not said: hello"] * 2)
        self.assertEqual(self.surface.given_back, ["hello"])

    def test_secret(self) -> None:
        """A secret command is sent by fields; its passwords are never shown, even if the answer is lost."""
        self.sending.carry_out("/Password", ["old one", "new one"])
        (request,) = self.connection.requests()
        self.assertEqual((request["do"], request["old"], request["new"]), ("password", "old one", "new one"))
        self.connection.cut()
        (line,) = self.surface.lines
        self.assertEqual(
            line, "* The connection was lost before the answer came. Check whether this was done: /Password"
        )
        self.clock.advance(2)
        self.connection = self.join()
        self.sending.carry_out("/Password", ["old one", "new one"])
        self.assertEqual(self.sending.finish(), (["/Password"], []))

    def test_interrupted(self) -> None:
        """After an interruption what was said is sent again under its key; a command is not carried out twice."""
        self.sending.type("hello")
        self.sending.type("/who bob")
        said, _ = self.connection.requests()
        self.connection.cut()
        self.assertEqual(self.surface.lines, [
            "* The connection was lost before the answer came. Check whether this was done: /who bob",
        ])  # fmt: skip
        self.clock.advance(2)
        self.connection = self.join()
        again = self.answer(id=7)
        self.assertEqual((again["text"], again["key"], self.state.pending), ("hello", said["key"], 0))

    def test_bound_to_its_room(self) -> None:
        """A line typed without a connection goes to the room it was typed in; if that is lost, the person is told."""
        self.connection.cut()
        self.sending.type("for the lobby only")
        self.assertEqual(self.sending.finish(), ([], ["for the lobby only"]))
        self.clock.advance(2)
        self.connection = self.endpoint.accept()
        self.connection.welcome(room="dev", rooms=["dev"])
        self.state.go(Place("dev"))
        request = self.answer(event="refused", code="not-in-room", text="You are not in lobby.")
        self.assertEqual((request["text"], request["room"]), ("for the lobby only", "lobby"))
        self.clock.advance(0)
        refusal, which, question = self.surface.lines
        self.assertEqual((refusal, which), ("!! not-in-room: You are not in lobby.", "* Not said: for the lobby only"))
        self.assertRegex(question, r"^\* You are no longer in lobby\. Say it in dev\? /yes says it")
        self.assertEqual(self.surface.given_back, [])

    def test_switched_meanwhile(self) -> None:
        """Pasted lines go on to the room they were pasted in when the person has switched to another."""
        self.sending.send_paste(["one", "two"])
        self.assertEqual(self.state.queued, 1)
        self.state.go(Place("dev"))
        self.sending.type("hello")
        one, hello = self.connection.requests()
        self.connection.send({"event": "done", "ref": one["ref"], "id": 1})
        self.clock.advance(0)
        (two,) = self.connection.requests()
        self.assertEqual([one["room"], hello["room"], two["room"]], ["lobby", "dev", "lobby"])
        self.assertEqual(self.state.queued, 0)

    def test_unsent(self) -> None:
        """At the end the lines that were not sent are given back, those of a paste too."""
        self.connection.cut()
        self.sending.type("one")
        self.sending.send_paste(["two", "three"])
        self.client.leave()
        self.assertEqual(self.sending.finish(), ([], ["one", "two", "three"]))

    def test_unconfirmed(self) -> None:
        """At the end lines that were sent and are not answered are apart: they may have been said."""
        self.connection.cut()
        self.sending.type("one")
        self.sending.send_paste(["two", "three"])
        self.clock.advance(2)
        self.connection = self.join()
        self.sending.joined()
        self.connection.cut()
        self.sending.type("four")
        self.assertEqual(self.sending.finish(), (["one", "two"], ["four", "three"]))
        self.client.leave()
        self.assertEqual(self.surface.lines, [])

    def test_unconfirmed_paste(self) -> None:
        """So is a pasted line; one whose answer can never come is told, and the others go on."""
        self.sending.send_paste(["one", "two"])
        self.connection.requests()
        self.connection.cut()
        self.clock.advance(2)
        again = self.endpoint.accept()
        again.send({"event": "refused", "ref": again.requests()[0]["ref"], "code": "token-invalid", "text": "No."})
        self.assertEqual(
            self.surface.lines, ["* The connection was lost before the answer came. Check whether this was done: one"]
        )
        again.welcome(room="lobby", rooms=["lobby"])
        self.clock.advance(2)
        self.assertEqual(self.sending.finish(), (["two"], []))

    def test_too_long(self) -> None:
        """A line that no server takes is refused at once."""
        self.sending.type("x" * 20000)
        self.assertEqual([line[:17] for line in self.surface.lines], ["!! line-too-long:", "* Not said: xxxxx"])


class PlacesTest(SendingCase):
    """Lines go to the place that the person sees, or nowhere."""

    features = ("rooms", "type-room")

    def join(self) -> FakeConnection:
        connection = self.endpoint.accept()
        connection.welcome(rooms=["lobby"], features=[*self.features])
        return connection

    def test_commands_are_bound(self) -> None:
        """A command, an act and what may be a correction carry the room they were typed in, as words do."""
        for line, do in (
            ("/topic x", "type"),
            ("/me waves", "me"),
            ("s/a/b/", "type"),
            ("s'il vous", "type"),
            ("a", "say"),
        ):
            self.sending.type(line)
            request = self.answer(id=1)
            self.assertEqual((request["do"], request["room"]), (do, "lobby"), line)
        self.connection.cut()
        for line in ("/topic x", "/me waves", "s'il vous", "a"):
            self.sending.type(line)
        self.clock.advance(60)
        self.connection = self.join()
        self.state.go(Place("dev"))
        self.assertEqual([request["room"] for request in self.connection.requests()], ["lobby"] * 4)

    def test_commands_that_speak(self) -> None:
        """What commands say is bound, repeated and kept like other words."""
        self.sending.type("/say /exit")
        self.sending.type("/re #7 no")
        say, reply = self.connection.requests()
        self.assertEqual((say["do"], say["text"], say["room"]), ("say", "/exit", "lobby"))
        self.assertEqual((reply["do"], reply["line"], reply["room"]), ("type", "/re #7 no", "lobby"))
        self.assertEqual({"key"} & {*say} & {*reply}, {"key"})
        for line in ("/RE #7 no", "/Say no"):
            self.state.lose(Place("board"), "lobby")
            self.sending.type(line)
            self.assertEqual((self.connection.requests(), self.state.unsaid), ([], [(Place("board"), line)]))
            self.clock.advance(0)
            self.sending.unsaid.take("/yes")
            self.assertEqual(self.answer(id=1)["room"], "lobby")

    def test_history(self) -> None:
        """The history asked for in a private conversation is that conversation's."""
        self.state.go(Place(nick="bob"))
        for line, sent in ("/history", "/history with bob"), ("/History 50 ", "/History 50 with bob"):
            self.sending.type(line)
            self.assertEqual(self.answer(text="Nothing.")["line"], sent)
        self.sending.type("/history with eve")
        self.assertEqual(self.answer(text="Nothing.")["line"], "/history with eve")

    def test_repeated(self) -> None:
        """What is said in whichever form is sent again after an interruption, and a correction is not."""
        for line in ("/me waves", "s'il vous", "s/a/b/"):
            self.sending.type(line)
        keys = [request.get("key") for request in self.connection.requests()]
        self.connection.cut()
        self.clock.advance(60)
        self.connection = self.join()
        self.assertEqual([request["key"] for request in self.connection.requests()], keys[:2])
        self.assertIsNone(keys[2])
        self.assertIn("Check whether this was done: s/a/b/", self.surface.lines[-1])

    def test_after_a_loss(self) -> None:
        """The first line after the loss of its place is kept, whatever its form; commands are carried out."""
        for line in ("secret", "//secret", "/me hides", "s/a/b/"):
            self.state.lose(Place("board"), "lobby")
            self.sending.type("/topic")
            self.answer(text="No topic.")
            self.sending.type(line)
            self.assertEqual((self.connection.requests(), self.state.unsaid), ([], [(Place("board"), line)]))
            self.clock.advance(0)
            self.assertIn("Say it in lobby? /yes says it", self.surface.lines[-1])
            self.sending.type("hello")
            self.assertEqual(self.answer(id=1)["text"], "hello")
            self.assertEqual(self.sending.finish(), ([], [line]))
            self.surface.lines.clear()
        self.state.lose(Place("board"), "lobby")
        self.sending.send_paste(["one", "/two"])
        self.assertEqual((self.connection.requests(), self.sending.finish()), ([], ([], ["one", "//two"])))

    def test_yes(self) -> None:
        """Lines that were kept are said, in their order, where the person was told, and nowhere else."""
        self.state.lose(Place("board"), "lobby")
        self.sending.send_paste(["one", "/two"])
        self.clock.advance(0)
        self.assertIn("Say these 2 lines in lobby?", self.surface.lines[-1])
        self.state.go(Place("dev"))
        self.assertTrue(self.sending.unsaid.take("/yes"))
        self.assertIn("Say these 2 lines in dev?", self.surface.lines[-1])
        self.assertEqual(self.connection.requests(), [])
        self.assertTrue(self.sending.unsaid.take(" /YES "))
        posts = [(post["text"], post["room"]) for post in self.connection.requests()]
        self.assertEqual((posts, self.state.unsaid), ([("one", "dev"), ("/two", "dev")], []))
        self.assertFalse(self.sending.unsaid.take("/yes"))

    def test_no_and_change(self) -> None:
        """They can be dropped, or changed one after the other where that is possible."""
        self.state.lose(Place("board"), "lobby")
        self.sending.send_paste(["one", "two"])
        self.clock.advance(0)
        self.sending.unsaid.take("/change")
        self.assertEqual((self.surface.given_back, self.state.unsaid), (["one"], [(Place("board"), "two")]))
        self.surface.can_give_back = False
        self.sending.unsaid.take("/change")
        self.assertIn("Type it again", self.surface.lines[-1])
        self.assertEqual(len(self.state.unsaid), 1)
        self.sending.unsaid.take("/no")
        self.assertEqual((self.state.unsaid, self.connection.requests()), ([], []))

    def test_no_room(self) -> None:
        """In no room they can only be kept, changed or dropped."""
        self.state.lose(Place("board"), "")
        self.sending.type("secret")
        self.clock.advance(0)
        self.assertNotIn("/yes", self.surface.lines[-1])
        self.sending.unsaid.take("/yes")
        self.assertEqual((self.connection.requests(), len(self.state.unsaid)), ([], 1))

    def test_locked(self) -> None:
        """A locked room is one that cannot be spoken in only to who is not there any more."""
        for there, kept, back in (("lobby", [], ["hello"]), ("dev", [(Place("lobby"), "hello")], [])):
            self.sending.type("hello")
            self.state.go(Place(there))
            self.answer(event="refused", code="room-locked", text="Locked.")
            self.assertEqual((self.state.unsaid, self.surface.given_back), (kept, back))
            self.surface.given_back.clear()

    def test_conversation(self) -> None:
        """In a private conversation every line goes to the person, literally and under a key, until it ends."""
        self.sending.type("/query bob")
        self.answer(text="Your lines go to bob now.", query="bob")
        self.assertEqual(self.state.place, Place(nick="bob"))
        for line, text in (("psst", "psst"), ("//x", "/x")):
            self.sending.type(line)
            request = self.answer(id=1)
            self.assertEqual((request["do"], request["nick"], request["text"]), ("msg", "bob", text))
            self.assertIn("key", request)
        self.sending.send_paste(["pasted"])
        self.assertEqual(self.answer(id=1)["nick"], "bob")
        for line in ("/me waves", "s/a/b/"):
            self.sending.type(line)
            self.assertEqual(self.connection.requests(), [], "an older server shows to rooms what one does")
            self.assertEqual(self.surface.given_back[-1], line)
        self.client.membership.server = {"features": ["acts"]}
        self.sending.type("/me waves")
        request = self.answer(id=1)
        self.assertEqual((request["do"], request["nick"], request["text"]), ("me", "bob", "waves"))
        self.assertTrue("key" in request and "room" not in request)
        self.sending.type("/list")
        self.answer(text="...", room="lobby")
        self.assertEqual(self.state.query, "bob")
        self.sending.type("/switch lobby")
        self.answer(text="Your lines go to lobby now.", room="lobby")
        self.assertEqual(self.state.place, Place("lobby"))

    def test_conversation_ends(self) -> None:
        """What cannot be told to the person any more is kept, and is not said aloud without being asked for."""
        self.state.go(Place(nick="bob"))
        self.sending.type("psst")
        self.answer(event="refused", code="no-such-nick", text="Nobody here is called bob.")
        self.clock.advance(0)
        self.assertEqual((self.state.query, self.state.unsaid), ("", [(Place(nick="bob"), "psst")]))
        self.assertIn("bob cannot be reached. Say it in lobby?", self.surface.lines[-1])

    def wrote(self, *nicks: str) -> None:
        for nick in nicks:
            event = {"event": "whispered", "nick": nick, "to": "alice", "room": "", "text": "hi"}
            self.state.take(event, self.clock.seconds())

    def test_reply(self) -> None:
        """A reply goes to the person whom the prompt shows, and waits ten seconds when a second one has written."""
        self.sending.type("/reply hi")
        self.assertEqual(self.answer(text="Nobody wrote.")["do"], "type")
        self.wrote("bob", "bob")
        self.sending.type("/r  on my way ")
        request = self.answer(id=1)
        self.assertEqual((request["do"], request["nick"], request["text"]), ("msg", "bob", "on my way "))
        self.wrote("carol")
        self.sending.type("/reply psst")
        self.assertEqual((self.connection.requests(), self.surface.given_back), ([], ["/reply psst"]))
        self.assertIn("bob and carol have both written", self.surface.lines[-1])
        self.clock.advance(UNCLEAR_S)
        self.sending.type("/reply psst")
        self.assertEqual([post["nick"] for post in self.connection.requests() if post["do"] == "msg"], ["carol"])

    def spoke(self, number: int, **fields: str) -> None:
        event = {"event": "said", "id": number, "nick": "alice", "room": "lobby", "text": "hi", **fields}
        self.state.take(event, self.clock.seconds())

    def test_last_message(self) -> None:
        """The last message is named by its number, unless another one may be on its way, or a number was typed."""
        self.sending.type("/edit never said")
        self.assertEqual(self.answer(id=1)["line"], "/edit never said")
        self.spoke(7)
        self.spoke(8, room="dev")
        self.spoke(9, event="whispered", room="", to="bob")
        for line, sent in (
            ("/edit  new", "/edit #7  new"), ("/delete", "/delete #7"), ("/DEL ", "/DEL #7"),
            ("/edit #3 x", "/edit #3 x"), ("/edit 3 x", "/edit 3 x"), ("/edit -3 x", "/edit -3 x"),
            ("/delete #5", "/delete #5"),
            ("/delete everything", "/delete everything"),
        ):  # fmt: skip
            self.sending.type(line)
            self.assertEqual(self.answer(id=1)["line"], sent)
        self.state.go(Place(nick="bob"))
        self.sending.type("/delete")
        self.assertEqual(self.answer(id=1)["line"], "/delete #9")
        self.state.go(Place(nick=""))
        self.sending.type("newer")
        self.sending.type("/delete")
        self.assertEqual([request.get("line") for request in self.connection.requests()], [None, "/delete"])


class SeveralLinesTest(SendingCase):
    def test_said(self) -> None:
        """Several lines are one message, whatever they look like, to the place that the person sees."""
        for text in ("one\n  two", "/exit\nx", "s/a/b/\nx"):
            self.sending.say(text)
            request = self.answer(id=7)
            self.assertEqual((request["do"], request["text"], request["room"]), ("say", text, "lobby"))
            self.assertTrue(request["key"])
        self.sending.type("s/a/b/\nx")
        self.assertEqual(self.answer(id=7)["text"], "s/a/b/\nx")
        self.state.go(Place(nick="bob"))
        self.sending.say("one\ntwo")
        request = self.answer(id=8)
        self.assertEqual((request["do"], request["nick"], request["text"]), ("msg", "bob", "one\ntwo"))

    def test_commands(self) -> None:
        """An edit, a reply and a private message can have several lines."""
        for line, fields in (
            ("/edit #7 a\n b", {"do": "edit", "id": 7, "text": "a\n b"}),
            ("/RE 7 a\nb", {"do": "re", "id": 7, "text": "a\nb", "room": "lobby"}),
            ("/w bob a\nb", {"do": "msg", "nick": "bob", "text": "a\nb"}),
            ("/say /a\nb", {"do": "say", "text": "/a\nb", "room": "lobby"}),
        ):
            self.sending.type(line)
            request = self.answer(id=9)
            self.assertEqual({name: request.get(name) for name in fields}, fields)

    def test_edit(self) -> None:
        """An edit names the message or the room, never both, and comes back into the line if it is refused."""
        self.client.membership.server = {"features": ["type-room"]}
        for number, line, sent in ((0, "/edit #7 a\nb", 7), (0, "/edit a\nb", None), (9, "/edit a\nb", 9)):
            if number:
                self.state.take({"event": "said", "id": 9, "nick": "alice", "room": "lobby", "text": "hi"}, 0.0)
            self.sending.type(line)
            (request,) = self.connection.requests()
            found = (request["do"], request.get("id"), request["text"], "room" in request)
            self.assertEqual(found, ("edit", sent, "a\nb", sent is None))
            self.connection.send({"event": "refused", "ref": request["ref"], "code": "muted", "text": "No."})
            self.assertEqual(self.surface.given_back.pop(), f"/edit #{sent} a\nb" if sent else line)

    def test_answered(self) -> None:
        """/reply takes several lines, too."""
        self.state.take({"event": "whispered", "id": 9, "nick": "bob", "to": "alice", "text": "hi"}, 0.0)
        self.clock.advance(UNCLEAR_S)
        self.sending.type("/r a\nb")
        request = self.answer(id=10)
        self.assertEqual((request["do"], request["nick"], request["text"]), ("msg", "bob", "a\nb"))

    def test_singly(self) -> None:
        """The lines of a private message can go one by one, each in private, and those of /say to the room."""
        for command, do, nick in (("/msg bob", "msg", "bob"), ("/say", "say", None)):
            self.sending.send_singly(f"{command} a\n\n/exit")
            for text in ("a", "/exit"):
                request = self.answer(id=9)
                self.assertEqual((request["do"], request["text"], request.get("nick")), (do, text, nick))
                self.clock.advance(0)

    def test_aim(self) -> None:
        """A question can say where the lines of a command go."""
        for line, where in (
            ("/MSG bob a\nb", ("to bob, in private", True)), ("/r a\nb", ("to carol, in private", False)),
            ("/re 7 a\nb", ("as an answer to #7", False)), ("/me a\nb", ("as what you do", False)),
            ("/edit #7 a\nb", ("as the new text of #7", False)), ("/say a\nb", ("", True)),
            ("/edit a\nb", ("as the new text of your last message", False)),
            ("/topic a\nb", ("with /topic", False)),
        ):  # fmt: skip
            self.assertEqual(aim(line, "carol"), where)

    def test_others(self) -> None:
        """No other command is sent with several lines; the person gets them back."""
        self.sending.type("/topic a\nb")
        self.assertEqual(self.connection.requests(), [])
        self.assertEqual(self.surface.given_back, ["/topic a\nb"])

    def test_refused(self) -> None:
        """A message that is refused is given back whole."""
        self.sending.say("/one\ntwo")
        (request,) = self.connection.requests()
        self.connection.send({"event": "refused", "ref": request["ref"], "code": "muted", "text": "No."})
        self.assertEqual(self.surface.given_back, ["//one\ntwo"])
