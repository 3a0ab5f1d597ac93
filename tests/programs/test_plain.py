"""The plain client: every line goes where it was meant, and every end has its status."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.client.loop.typed_lines import LONGEST
from groupchat.programs.plain import PlainJoin
from groupchat.programs.plain_lines import MAY_BE_SECRET
from groupchat.programs.plain_states import GOODBYE, LOGOUT, MENU
from groupchat.stdio.echo import Echo
from groupchat.stdio.printable import printable
from tests.client.fakes import FakeConnection, said
from tests.programs.fakes import FakeKeyboard, address, to, two_places

NAME = "Choose your nickname: "


class PlainCase(SynchronousTestCase):
    def begin(
        self, nick: str | None = None, room: str = "", menu: bool = False, terminal: bool = True, suggested: str = ""
    ) -> None:
        server, self.network = address()
        self.clock = Clock()
        self.complaints: list[str] = []
        destination = to(server, nick, room, menu=menu)
        self.join = PlainJoin(destination, terminal, self.complaints.append, suggested, FakeKeyboard)
        self.status = self.join.start(self.clock)

    @property
    def keyboard(self) -> FakeKeyboard:
        assert isinstance(self.join.keyboard, FakeKeyboard)
        return self.join.keyboard

    def read(self) -> str:
        """Return what was printed since the last call."""
        text, self.keyboard.text = self.keyboard.text, ""
        return text

    def chat(self, **options: Any) -> FakeConnection:
        """Join as alice."""
        self.begin(nick="alice", **options)
        server = self.network.accept()
        server.welcome()
        self.read()
        return server

    def assert_ended(self, status: int, *complaints: str) -> None:
        self.assertEqual((self.successResultOf(self.status), self.complaints), (status, [*complaints]))
        self.assertTrue(self.keyboard.closed)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class SeveralLinesTest(PlainCase):
    """Messages of several lines: a line with only a dot ends them."""

    def test_said(self) -> None:
        """It is one message, to the room in which it was begun; no line of it is a command or the end."""
        server = self.chat()
        server.requests()
        self.keyboard.type("/paste #41", "one", "", "  /exit", "..", "")
        self.assertEqual(server.requests(), [])
        self.assertIn("One with only a dot says them", self.read())
        server.send({"event": "departed", "room": "lobby", "reason": "", "code": "kicked", "current": "dev"})
        self.keyboard.type(".", "after")
        said, after = server.requests()
        self.assertEqual((said["do"], said["text"], said["reply"]), ("say", "one\n\n  /exit\n.", 41))
        self.assertEqual(said.get("room", "lobby"), "lobby")
        self.assertEqual(after["line"], "after")

    def test_not_said(self) -> None:
        """What is dropped, too long or no UTF-8, and what the input ends in, is not said."""
        server = self.chat()
        server.requests()
        self.keyboard.type("/paste", "a", "/cancel", "/paste", *["x"] * 70, ".", "/paste")
        self.keyboard.dataReceived(b"\xff\n")
        self.keyboard.type("b", ".", "/paste", ".")
        text = self.read()
        self.assertEqual(text.count("Nothing was said."), 4)
        self.assertEqual(text.count("so nothing of it is said"), 2)
        self.keyboard.type("/paste", "a")
        self.keyboard.end()
        self.assertIn("did not end with a line that has only a dot", self.read())
        self.assertEqual([request["do"] for request in server.requests()], ["exit"])


class SuggestionTest(PlainCase):
    """The nickname that an empty answer takes."""

    def test_taken(self) -> None:
        """An empty answer takes what is suggested; where that is taken, another one is suggested."""
        self.begin(suggested="ally")
        server = self.network.accept()
        for nick in "ally", "ally2":
            self.assertIn(f"Choose your nickname [{nick}]: ", self.read())
            self.keyboard.type("")
            (request,) = server.requests()
            self.assertEqual(request["nick"], nick)
            server.send({"event": "refused", "ref": request["ref"], "code": "nick-taken", "text": "Taken."})

    def test_another(self) -> None:
        """What is typed is the nickname, as it is."""
        self.begin(suggested="root")
        server = self.network.accept()
        self.keyboard.type("anna")
        self.assertEqual(server.welcome()["nick"], "anna")


class NamingTest(PlainCase):
    def test_question(self) -> None:
        """The person is asked for a nickname; the answer, and nothing after it, goes out before the welcome."""
        self.begin()
        server = self.network.accept()
        self.assertEqual(self.read(), NAME)
        self.keyboard.type("alice", "hello", "/rooms")
        self.assertTrue(self.keyboard.transport.paused)
        claim = server.welcome()
        self.assertEqual(claim, {"do": "nick", "nick": "alice", "attended": True, "ref": "nick"})
        self.assertEqual([request["line"] for request in server.requests()], ["hello", "/rooms"])
        self.assertEqual(self.read(), "Connected to the server! You are alice, in lobby. /help lists the commands.\n")
        self.assertFalse(self.keyboard.transport.paused)

    def test_room(self) -> None:
        """The room of the command line is entered before anything is said, unless the server chose it already."""
        for room in ("dev", "Lobby", ""):
            self.begin(nick="alice", room=room)
            server = self.network.accept()
            self.keyboard.type("hello")
            server.welcome()
            if room == "dev":
                self.assertEqual(server.done(room="dev")["do"], "join")
            self.assertEqual([request["do"] for request in server.requests()], ["type"])

    def test_refused_room(self) -> None:
        """Without that room the program ends, and nothing is said elsewhere."""
        self.begin(nick="alice", room="dev", terminal=False)
        server = self.network.accept()
        self.keyboard.type("hello")
        server.welcome()
        (join,) = server.requests()
        server.send({"event": "refused", "ref": join["ref"], "code": "room-locked", "text": "dev is locked."})
        self.assert_ended(1, "room-locked: dev is locked.", "1 line was not said:", "hello")
        self.assertEqual((server.connected, server.requests()), (False, []))

    def test_leave_before_the_room(self) -> None:
        """The end of the input waits for the room; Ctrl-C does not."""
        for leave, status in ((lambda: self.keyboard.end(), None), (lambda: self.join.interrupt(), 0)):
            self.begin(nick="alice", room="dev")
            server = self.network.accept()
            server.welcome()
            leave()
            self.assertEqual(server.connected, status is None)

    def test_pipe(self) -> None:
        """In a pipe, where no Enter ends the line, the question does."""
        self.begin(terminal=False)
        self.network.accept()
        self.assertEqual(self.read(), f"{NAME}\n")

    def test_given_nickname(self) -> None:
        """A nickname of the command line answers the first question only."""
        self.begin(nick="alice")
        server = self.network.accept()
        server.refuse("nick-taken", "Taken.")
        self.assertEqual(self.read(), "!! nick-taken: Taken.\nChoose your nickname [alice2]: ")
        self.keyboard.type("bob")
        self.assertEqual(server.welcome()["nick"], "bob")

    def test_refused_in_a_pipe(self) -> None:
        """In a pipe a refused nickname ends the program: the next line is not meant as another one."""
        self.begin(nick="alice", terminal=False)
        server = self.network.accept()
        self.keyboard.type("hello")
        server.refuse("nick-taken", "Taken.")
        self.assert_ended(1, "nick-taken: Taken.")
        self.assertEqual((server.connected, server.requests()), (False, []))

    def test_password(self) -> None:
        """A password that is needed is asked for, and goes with the same nickname; a wrong one is asked for again."""
        self.begin(nick="alice")
        server = self.network.accept()
        server.refuse("password-needed", "alice belongs to an account.")
        self.assertEqual(self.read(), "-- alice belongs to an account.\nPassword: ")
        self.keyboard.type("sesame")
        server.refuse("password-wrong", "Wrong.")
        self.assertEqual(self.read(), "!! password-wrong: Wrong.\nPassword: ")
        self.keyboard.type("open sesame")
        claim = server.welcome()
        self.assertEqual((claim["nick"], claim["password"]), ("alice", "open sesame"))

    def test_empty_lines(self) -> None:
        """An empty line is no answer: the question for the nickname comes again, also after that for a password."""
        self.begin()
        server = self.network.accept()
        self.keyboard.type("", "  ", "alice")
        self.assertEqual(self.read(), NAME * 3)
        server.refuse("password-needed", "Why.")
        self.read()
        self.keyboard.type("")
        self.assertEqual((self.read(), server.requests()), (NAME, []))
        self.keyboard.type("bob")
        self.assertEqual(server.welcome()["nick"], "bob")

    def test_commands(self) -> None:
        """Instead of a nickname, /login and /register give a password with it; others are nicknames, and bad ones."""
        for line, fields in (
            ("/login alice open sesame", {"nick": "alice", "password": "open sesame"}),
            ("/LOGIN alice pw", {"nick": "alice", "password": "pw"}),
            ("/register alice pw", {"nick": "alice", "password": "pw", "register": True}),
            ("/register alice pw 123", {"nick": "alice", "password": "pw", "register": True, "code": "123"}),
            ("/register alice pw 123 4", {"nick": "/register alice pw 123 4"}),
            ("/login", {"nick": "/login"}),
            ("/rooms", {"nick": "/rooms"}),
        ):
            self.begin()
            server = self.network.accept()
            self.keyboard.type(line)
            self.assertEqual(server.welcome(), {"do": "nick", "attended": True, "ref": "nick", **fields})

    def test_commands_at_the_password(self) -> None:
        """At the password the same commands are no passwords; every other line is one, also with a slash."""
        for line, fields in (
            ("/register bob pw 123", {"nick": "bob", "password": "pw", "register": True, "code": "123"}),
            ("/LOGIN bob open sesame", {"nick": "bob", "password": "open sesame"}),
            ("/who is there", {"nick": "alice", "password": "/who is there"}),
            ("/exiting", {"nick": "alice", "password": "/exiting"}),
        ):
            self.begin(nick="alice")
            server = self.network.accept()
            server.refuse("password-needed")
            self.keyboard.type(line)
            self.assertEqual(server.welcome(), {"do": "nick", "attended": True, "ref": "nick", **fields})
        self.begin(nick="alice")
        self.network.accept().refuse("password-needed")
        self.keyboard.type("/exit now")
        self.assert_ended(0)

    def test_help(self) -> None:
        """At both questions /help says what can be typed, and the same is asked again."""
        self.begin()
        server = self.network.accept()
        self.read()
        self.keyboard.type("/help")
        told = self.read()
        self.assertTrue(told.endswith(NAME))
        self.assertIn("/register NAME [PASSWORD", told)
        self.keyboard.type("alice")
        server.refuse("password-needed")
        self.read()
        self.keyboard.type("/help")
        told = self.read()
        self.assertTrue(told.endswith("Password: "))
        self.assertIn("-- Type the password", told)
        self.assertEqual(server.requests(), [])

    def test_password_in_a_pipe(self) -> None:
        """In a pipe the next line is the password; a wrong one ends the program."""
        self.begin(terminal=False)
        server = self.network.accept()
        self.keyboard.type("alice", "sesame", "hello")
        server.refuse("password-needed")
        server.refuse("password-wrong", "Wrong.")
        self.assert_ended(1, "password-wrong: Wrong.")

    def test_leave(self) -> None:
        """/exit, the end of the input and Ctrl-C at the question end the program."""
        for leave in (
            lambda: self.keyboard.type("/EXIT"),
            lambda: self.keyboard.end(),
            lambda: self.join.interrupt(),
        ):
            self.begin()
            server = self.network.accept()
            leave()
            self.assert_ended(0)
            self.assertEqual((server.connected, server.requests()), (False, []))

    def test_turned_away(self) -> None:
        """A server that refuses the connection is named with its reason."""
        self.begin(terminal=False)
        server = self.network.accept()
        server.receive(b"!! server-full: The server is full.\r\n")
        server.cut()
        self.assert_ended(1, "example.org closed the connection: server-full: The server is full.")


class SilenceTest(PlainCase):
    """A server that does not answer: its silence is told once, and after a minute the program ends."""

    def wait(self, seconds: int) -> None:
        self.clock.pump([1.0] * seconds)

    def test_told(self) -> None:
        """After 15 s it is told, with the lines that wait; also that the server answers again, in no other words."""
        server = self.chat(terminal=False)
        self.keyboard.type("one", "two", "/list")
        server.taken()
        self.wait(30)
        self.assertEqual(self.complaints, ["No answer from the server for 15 s; 2 lines wait."])
        self.assertEqual([request["do"] for request in server.requests()], ["ping", "ping"])
        server.send({"event": "done", "ref": "ping"})
        self.wait(1)
        self.assertEqual(self.complaints[1:], ["The server answers again."])
        self.assertEqual(self.read(), "")
        self.wait(16)
        self.assertEqual(self.complaints[2:], ["No answer from the server for 15 s; 2 lines wait."])

    def test_given_up(self) -> None:
        """After a minute the status is 1, and every line is listed that was not confirmed, or not sent."""
        for terminal, unsent in ((False, ["1 line was not said:", "three"]), (True, [])):
            server = self.chat(terminal=terminal)
            self.keyboard.type("one", "/join dev", "three")
            self.wait(59)
            self.assertTrue(server.connected)
            self.wait(2)
            self.assert_ended(
                1, "No answer from the server for 15 s; 2 lines wait.",
                "example.org has answered nothing for 60 s.", *unsent,
                "1 line was not confirmed, and may have been said:", "one",
            )  # fmt: skip
            self.assertFalse(server.connected)

    def test_while_coming_in(self) -> None:
        """So it is before the welcome; lines that may be passwords are counted only.  A question waits for ever."""
        self.begin(terminal=False)
        server = self.network.accept()
        self.wait(100)
        self.assertEqual((self.complaints, server.requests()), ([], []))
        self.keyboard.type("alice", "secret")
        self.wait(61)
        self.assert_ended(
            1, "No answer from the server for 15 s; 1 line waits.",
            "example.org has answered nothing for 60 s. 1 line was not sent.",
        )  # fmt: skip

    def test_while_entering_and_leaving(self) -> None:
        """So it is while a room is entered, and after the end of the input; Ctrl-C then does not wait for it."""
        self.begin(nick="alice", room="dev", terminal=False)
        self.network.accept().welcome()
        self.wait(61)
        self.assert_ended(
            1, "No answer from the server for 15 s.", "example.org has answered nothing for 60 s."
        )  # fmt: skip
        server = self.chat(terminal=False)
        self.keyboard.end()
        self.wait(61)
        self.assert_ended(
            1, "No answer from the server for 15 s.", "example.org has answered nothing for 60 s."
        )  # fmt: skip
        server = self.chat(terminal=False)
        self.keyboard.end()
        self.wait(58)
        self.join.interrupt()
        self.wait(4)
        self.assertFalse(server.connected)
        self.assert_ended(0, "No answer from the server for 15 s.")

    def test_slow_output(self) -> None:
        """While nobody takes the output, nothing can be heard, and that is no silence."""
        server = self.chat(terminal=False)
        self.keyboard.fed.pauseProducing()
        self.wait(200)
        self.assertEqual((self.complaints, server.connected), ([], True))

    def test_menu(self) -> None:
        """A person comes back to the menu, where nothing is waited for."""
        self.begin(nick="alice", menu=True)
        self.keyboard.type("1")
        self.network.accept()
        self.read()
        self.wait(61)
        self.assertEqual(self.read(), MENU)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class ConnectingTest(PlainCase):
    def test_unreachable(self) -> None:
        """A server that cannot be reached ends the program with one sentence."""
        self.begin()
        self.network.refuse(ConnectionRefusedError())
        self.assert_ended(1, "Nothing listens at example.org, port 5000.")

    def test_interrupt(self) -> None:
        """Ctrl-C ends the attempt."""
        self.begin()
        self.join.interrupt()
        self.assert_ended(0)
        self.assertEqual(self.network.cancelled, 1)


class ChattingTest(PlainCase):
    def test_lines(self) -> None:
        """Every line goes out as it was typed, and what comes back is printed in its order."""
        server = self.chat()
        self.keyboard.type("hello", "", "/me waves", "q")
        self.assertEqual([request["line"] for request in server.requests()], ["hello", "", "/me waves", "q"])
        server.send(
            {"event": "done", "id": 1},
            said(2, "yo"),
            {"event": "done", "text": "one\ntwo", "room": "lobby"},
            {"event": "refused", "code": "muted", "text": "You are muted."},
            {"event": "typing", "room": "lobby", "nick": "bob"},
        )
        *_, first, second, third, fourth = self.read().splitlines()
        self.assertRegex(first, r"^\[\d\d:\d\d:\d\d\] #2 bob: yo$")
        self.assertEqual([second, third, fourth], ["-- one", "-- two", "!! muted: You are muted."])

    def test_carriage_return(self) -> None:
        """A line of Windows loses its carriage return."""
        server = self.chat()
        self.keyboard.dataReceived(b"hello\r\n")
        self.assertEqual(server.requests()[0]["line"], "hello")

    def test_not_utf8(self) -> None:
        """A line that is not UTF-8 is refused here, and the next one goes out."""
        server = self.chat()
        self.keyboard.dataReceived(b"caf\xe9\nhello\n")
        self.assertEqual([request["line"] for request in server.requests()], ["hello"])
        self.assertTrue(self.read().startswith("!! not-utf8: "))

    def test_too_long(self) -> None:
        """Of a line that is too long nothing is sent, neither its beginning nor its tail; the next one goes out."""
        server = self.chat(terminal=False)
        for line in (b"/exit " + b"x" * LONGEST, b"/login al sesame" + b"x" * LONGEST, "é".encode() * LONGEST):
            self.keyboard.dataReceived(line)
            self.keyboard.dataReceived(b" tail\nhello\n")
            self.assertEqual([request["line"] for request in server.requests()], ["hello"])
            self.assertEqual(self.read(), "!! line-too-long: The line has more than 65,536 bytes, and was not sent.\n")
        self.assertEqual(self.join.lines.refused, [f"/exit {'x' * 194}…", "/login…", f"{'é' * 100}…"])
        self.keyboard.type("/paste", "x" * 70000, ".", "after")
        self.assertEqual([request["line"] for request in server.requests()], ["after"])
        self.assertIn("A line of your message has more than 65,536 bytes, so nothing of it is said.", self.read())

    def test_slow_server(self) -> None:
        """While the server does not read, lines wait, and no more are read."""
        server = self.chat()
        server.transport.producer.pauseProducing()
        self.keyboard.type("one", "two")
        self.assertEqual(server.requests(), [])
        self.assertTrue(self.keyboard.transport.paused)
        server.transport.producer.resumeProducing()
        self.assertEqual([request["line"] for request in server.requests()], ["one", "two"])
        self.assertFalse(self.keyboard.transport.paused)

    def test_slow_output(self) -> None:
        """The connection feeds the output, so that a slow output pauses the server."""
        server = self.chat()
        verifyObject(IPushProducer, self.keyboard.fed)
        self.keyboard.fed.pauseProducing()
        self.assertEqual(server.transport.producerState, "paused")
        self.keyboard.fed.resumeProducing()
        self.assertEqual(server.transport.producerState, "producing")
        server.cut()
        self.assertIsNone(self.keyboard.fed)

    def test_cut_off(self) -> None:
        """A connection that the server closes ends the program with the reason."""
        server = self.chat()
        server.send({"event": "closing", "code": "kicked", "text": "bob put you out."})
        server.cut()
        self.assert_ended(1, "example.org closed the connection: kicked: bob put you out.")

    def test_lost(self) -> None:
        """So does one that is lost."""
        self.chat().cut()
        self.assert_ended(1, "example.org closed the connection.")

    def test_logout(self) -> None:
        """Lines that were sent before the answer to /logout are the server's to judge."""
        server = self.chat()
        self.keyboard.type("/logout", "bob", "hello")
        logout, *early = server.requests()
        server.send({"event": "done", "ref": logout["ref"], "text": "You have left."})
        self.assertEqual([request["line"] for request in early], ["bob", "hello"])

    def test_logout_of_others(self) -> None:
        """After the answer to /logout NUMBER one goes on to chat."""
        server = self.chat()
        self.keyboard.type("/logout 2")
        (logout,) = server.requests()
        self.assertNotEqual(logout["ref"], LOGOUT)
        server.send({"event": "done", "text": "Connection 2 is logged out."})
        self.keyboard.type("hello")
        self.assertEqual([request["line"] for request in server.requests()], ["hello"])

    def test_logout_on_a_terminal(self) -> None:
        """After the answer to /logout the person is asked for a nickname, and chats under it."""
        server = self.chat()
        self.keyboard.type("/logout")
        (logout,) = server.requests()
        server.send({"event": "done", "ref": logout["ref"], "text": "You have left."})
        self.assertEqual(self.read(), f"-- You have left.\n{NAME}")
        self.keyboard.type("bob", "hello")
        self.assertEqual(server.welcome()["nick"], "bob")
        self.assertEqual(server.requests()[0]["line"], "hello")

    @settings(deadline=None)
    @given(st.lists(st.binary()))
    def test_harmless(self, pieces: list[bytes]) -> None:
        """No bytes of a server make the program fail, or print what a terminal obeys."""
        server = self.chat()
        for piece in pieces:
            server.receive(piece + b"\n")
        text = self.read()
        self.assertEqual(printable(text), text)


class PlaceTest(PlainCase):
    """A line goes to the room it was typed in, or nowhere."""

    def chat(self, **options: Any) -> FakeConnection:
        self.begin(nick="alice", **options)
        server = self.network.accept()
        server.welcome(room="board", rooms=["lobby", "board"], features=["rooms", "type-room"])
        self.read()
        return server

    def answer(self, server: FakeConnection, **fields: Any) -> list[tuple[str, Any]]:
        """Answer every request in the same way; return the lines and their rooms."""
        requests = server.requests()
        for request in requests:
            server.send({"event": "done", **fields, "ref": request["ref"]})
        return [(request["line"], request.get("room")) for request in requests]

    def kick(self, server: FakeConnection, code: str = "kicked") -> None:
        server.send({"event": "departed", "room": "board", "code": code, "reason": "", "current": "lobby"})

    def test_bound(self) -> None:
        """Every line carries the room that is current when it is taken."""
        server = self.chat()
        self.keyboard.type("one", "/topic x", "/me waves")
        self.assertEqual(self.answer(server), [("one", "board"), ("/topic x", "board"), ("/me waves", "board")])

    def test_order(self) -> None:
        """After a command that may choose another place no line is taken until it is answered."""
        server = self.chat()
        self.keyboard.type("/switch lobby", "for the lobby", "/join vault", "for the vault")
        self.assertEqual(self.answer(server, room="lobby"), [("/switch lobby", "board")])
        self.assertEqual(self.answer(server), [("for the lobby", "lobby"), ("/join vault", "lobby")])
        server.send({"event": "entered", "room": "vault", "topic": "", "people": []})
        self.assertEqual(self.answer(server), [("for the vault", "lobby")])

    def test_kicked_at_a_terminal(self) -> None:
        """The next line after an involuntary loss is bound to the lost room, and the person is told."""
        server = self.chat()
        self.kick(server)
        self.keyboard.type("secret")
        self.read()
        self.assertEqual(self.answer(server, event="refused", code="not-in-room", text="No."), [("secret", "board")])
        self.assertEqual(self.read(), "!! not-in-room: No.\n-- Not said: secret\n")
        self.keyboard.type("hello", "/exit")
        self.assertEqual(server.requests()[0]["room"], "lobby")
        server.cut()
        self.assert_ended(0)

    def test_kicked_in_a_pipe(self) -> None:
        """In a pipe nothing is said after it, until another room is chosen; the lines are counted and named."""
        server = self.chat(terminal=False)
        self.kick(server)
        self.keyboard.type("one", "/topic", "two")
        lines = self.answer(server, event="refused", code="not-in-room", text="No.")
        self.assertEqual({room for _, room in lines}, {"board"})
        self.keyboard.type("three", "/switch lobby")
        self.answer(server, event="refused", code="not-in-room", text="No.")
        self.keyboard.type("/switch lobby")
        self.answer(server, room="lobby")
        self.keyboard.type("four")
        self.assertEqual(self.answer(server), [("four", "lobby")])
        self.keyboard.end()
        server.cut()
        self.assert_ended(1, "5 lines were refused:", "one", "/topic", "two", "three", "/switch lobby")

    def test_choice_refused_in_a_pipe(self) -> None:
        """What follows a choice of a place that was refused is said nowhere, until a choice succeeds."""
        for choice in ("/join ops", "/j ops", "/query bob", "/switch ops", "/leave", "/login bob x"):
            server = self.chat(terminal=False)
            self.keyboard.type(choice, "secret", "/topic secret", "", "/paste", "secret too", ".", choice, "secret")
            answered = self.answer(server, event="refused", code="room-locked", text="No.")
            self.assertEqual([line for line, _ in answered], [choice])
            first = "secret" if choice != "/login bob x" else MAY_BE_SECRET
            self.assertIn(f"Not sent, as what it follows was refused: {first}\n", self.read())
            answered = self.answer(server, event="refused", code="room-locked", text="No.")
            self.assertEqual([line for line, _ in answered], [choice])
            self.keyboard.type("/join lobby", "hello")
            self.assertEqual(self.answer(server, room="lobby"), [("/join lobby", "board")])
            self.assertEqual([line for line, _ in self.answer(server)], ["hello"])
            self.keyboard.end()
            server.cut()
            told = choice if choice != "/login bob x" else "/login"
            self.assert_ended(
                1, "6 lines were refused:", told, first, "/topic secret", "secret too", told, first
            )  # fmt: skip

    def test_choice_refused_at_a_terminal(self) -> None:
        """A person sees the refusal, and goes on where they are."""
        server = self.chat()
        self.keyboard.type("/join ops")
        self.answer(server, event="refused", code="room-locked", text="No.")
        self.keyboard.type("hello")
        self.assertEqual(self.answer(server), [("hello", "board")])

    def test_each_refusal_counts_in_a_pipe(self) -> None:
        """Not only what says something: each line that was refused makes the status 1, and is named."""
        server = self.chat(terminal=False)
        self.keyboard.type("/etc/hosts is broken", "/kick alice", "/password a b")
        self.answer(server, event="refused", code="unknown-command", text="No.")
        self.keyboard.dataReceived(b"\xff\n")
        self.keyboard.type("/paste", *["x"] * 70, ".", "/paste", "y", "/cancel", "/list", "/paste", "z")
        self.answer(server)
        self.keyboard.end()
        server.cut()
        self.assert_ended(
            1, "6 lines were refused:", "/etc/hosts is broken", "/kick alice", "/password", "\N{REPLACEMENT CHARACTER}",
            "a message of several lines", "a message of several lines, without its end",
        )  # fmt: skip

    def test_left(self) -> None:
        """Who leaves a room by themselves goes on elsewhere."""
        server = self.chat()
        self.kick(server, "left")
        self.keyboard.type("hello")
        self.assertEqual(self.answer(server), [("hello", "lobby")])

    def test_lost_connection(self) -> None:
        """What was not answered when the connection is lost may have been said, and what waits was not."""
        server = self.chat(terminal=False)
        self.keyboard.type("one", "/password a b", "/me waves")
        server.transport.producer.pauseProducing()
        self.keyboard.type("two", "/list")
        server.cut()
        self.assert_ended(
            1, "example.org closed the connection.", "1 line was not said:", "two",
            "2 lines were not confirmed, and may have been said:", "one", "/me waves",
        )  # fmt: skip

    def test_lost_connection_at_the_menu(self) -> None:
        """A person who comes back to the menu is told of them, too."""
        self.begin(nick="alice", menu=True)
        self.keyboard.type("1")
        server = self.network.accept()
        server.welcome()
        self.keyboard.type("one")
        server.cut()
        self.assertEqual(self.complaints[1:], ["1 line was not confirmed, and may have been said:", "one"])

    def test_password_in_a_pipe(self) -> None:
        """Lines that may answer a question, such as passwords, are not printed when the program ends before."""
        self.begin(terminal=False)
        server = self.network.accept()
        self.keyboard.type("alice", "sesame", "hello")
        server.refuse("nick-taken", "Taken.")
        self.assert_ended(1, "nick-taken: Taken.")

    def test_private(self) -> None:
        """While lines go to one person only, no room is named: the server knows the person."""
        server = self.chat()
        self.keyboard.type("/query bob", "psst")
        self.assertEqual(self.answer(server, query="bob"), [("/query bob", "board")])
        self.assertEqual(self.answer(server), [("psst", None)])
        self.keyboard.type("/query", "aloud")
        self.assertEqual(self.answer(server, query=""), [("/query", None)])
        self.assertEqual(self.answer(server), [("aloud", "board")])


class LeavingTest(PlainCase):
    def test_exit(self) -> None:
        """/exit says goodbye; nothing is sent after it, and the end was expected."""
        server = self.chat()
        self.keyboard.type("hello", "/exit so long", "never said")
        said_before, request = server.requests()
        self.assertEqual((said_before["line"], request["do"], request["reason"]), ("hello", "exit", "so long"))
        server.send({"event": "done", "ref": request["ref"], "text": "Goodbye, alice."})
        server.cut()
        self.assertEqual(self.read(), "-- Goodbye, alice.\n")
        self.assert_ended(0)

    def test_end_of_input(self) -> None:
        """So does the end of the input, after everything that was typed, a last line without its end included."""
        server = self.chat()
        self.keyboard.dataReceived(b"one\nlast")
        self.keyboard.end()
        self.assertEqual([request.get("line", request["do"]) for request in server.requests()], ["one", "last", "exit"])
        server.cut()
        self.assert_ended(0)

    def test_interrupt(self) -> None:
        """After Ctrl-C the server has three seconds to close the connection."""
        server = self.chat()
        self.join.interrupt()
        self.join.interrupt()
        self.assertEqual([request["do"] for request in server.requests()], ["exit"])
        self.clock.advance(GOODBYE - 0.1)
        self.assertNoResult(self.status)
        self.clock.advance(0.1)
        self.assert_ended(0)

    def test_prompt_goodbye(self) -> None:
        """A server that closes in time leaves no timer behind."""
        server = self.chat()
        self.join.interrupt()
        server.cut()
        self.assert_ended(0)

    def test_closed_for_exit(self) -> None:
        """An exit that the server understood in another line is expected, too."""
        server = self.chat()
        self.keyboard.type("/ex")
        server.send({"event": "closing", "code": "exit", "text": ""})
        server.cut()
        self.assert_ended(0)


class FakeEcho(Echo):
    """The echo of a terminal that is not there."""

    def __init__(self) -> None:
        self.shows = True

    def off(self) -> None:
        self.shows = False

    def on(self) -> bool:
        was, self.shows = self.shows, True
        return not was


class EchoTest(PlainCase):
    def locked(self) -> FakeConnection:
        """Come to the question for the password."""
        self.begin(nick="alice")
        self.join.echo = self.echo = FakeEcho()
        server = self.network.accept()
        server.refuse("password-needed", "Why.")
        self.assertEqual((self.read(), self.echo.shows), ("-- Why.\nPassword: ", False))
        return server

    def test_password(self) -> None:
        """A password is not shown while it is typed; its line ends, and what follows is shown."""
        server = self.locked()
        self.keyboard.type("sesame")
        self.assertEqual((self.read(), self.echo.shows), ("\n", True))
        server.welcome()

    def test_interrupted(self) -> None:
        """Ctrl-C, and a server that closes, leave the terminal as it was."""
        self.locked()
        self.join.interrupt()
        self.assertTrue(self.echo.shows)
        self.locked().cut()
        self.assertTrue(self.echo.shows)


class MenuTest(PlainCase):
    def test_interrupt_at_the_menu(self) -> None:
        """Ctrl-C at the menu leaves."""
        self.begin(menu=True)
        self.join.interrupt()
        self.assert_ended(0)

    def test_choices(self) -> None:
        """1 joins, 2 exits, nothing and q ask again, and anything else is explained."""
        self.begin(menu=True)
        self.assertEqual(self.read(), MENU)
        self.keyboard.type("", "q", "3")
        self.assertEqual(self.read(), "> > Type 1 or 2.\n> ")
        self.keyboard.type("2")
        self.assert_ended(0)
        self.assertEqual(self.network.attempts, [])

    def test_back(self) -> None:
        """q leaves the chat and comes back to the menu, from which one can join again."""
        self.begin(menu=True)
        for _ in range(2):
            self.keyboard.type("1")
            server = self.network.accept()
            self.keyboard.type("alice")
            server.welcome()
            self.read()
            self.keyboard.type("Q")
            self.assertEqual(server.requests()[0]["do"], "exit")
            server.cut()
            self.assertEqual(self.read(), MENU)
        self.keyboard.end()
        self.assert_ended(0)

    def test_failure(self) -> None:
        """A person comes back to the menu after a failure; in a pipe the program ends."""
        for terminal in (True, False):
            self.begin(menu=True, terminal=terminal)
            self.keyboard.type("1")
            self.network.refuse(ConnectionRefusedError())
            self.assertEqual(len(self.complaints), 1)
            self.assertEqual(self.keyboard.closed, not terminal)

    def test_interrupt(self) -> None:
        """Ctrl-C leaves the program, not only the chat."""
        server = self.chat_from_menu()
        self.join.interrupt()
        server.cut()
        self.assert_ended(0)

    def chat_from_menu(self) -> FakeConnection:
        self.begin(nick="alice", menu=True)
        self.keyboard.type("1")
        server = self.network.accept()
        server.welcome()
        return server


class SeveralTest(PlainCase):
    """Two servers of one chat: the first that answers is joined."""

    def begin_two(self) -> None:
        servers, _, _, self.network, self.second = two_places()
        self.clock = Clock()
        self.complaints: list[str] = []
        self.join = PlainJoin(to(servers, "alice"), True, self.complaints.append, "", FakeKeyboard)
        self.status = self.join.start(self.clock)

    def test_second(self) -> None:
        """When the first is not there it is the second."""
        self.begin_two()
        self.network.refuse(ConnectionRefusedError())
        server = self.second.accept()
        server.welcome()
        self.keyboard.type("hello")
        self.assertEqual([request["line"] for request in server.requests()], ["hello"])

    def test_none(self) -> None:
        """If none answers, one sentence names each."""
        self.begin_two()
        self.network.refuse(ConnectionRefusedError())
        self.second.refuse(ConnectionRefusedError())
        told = "No server answers: nothing listens at a.org, port 5000; nothing listens at b.org, port 5001."
        self.assert_ended(1, told)
