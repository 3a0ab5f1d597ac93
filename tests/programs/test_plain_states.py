"""The states of the plain client but for the chat: the menu, connecting, the questions, and leaving."""

from twisted.internet.error import ConnectionRefusedError
from twisted.internet.task import Clock

from groupchat.programs.plain import PlainJoin
from groupchat.programs.plain_states import GOODBYE, MENU
from groupchat.stdio.echo import Echo
from tests.client.fakes import FakeConnection
from tests.programs.fakes import FakeKeyboard, to, two_places
from tests.programs.plain_case import NAME, PlainCase


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

    def test_closed_by_one(self) -> None:
        """The one that has closed the connection is named, and not the others."""
        self.begin_two()
        self.network.refuse(ConnectionRefusedError())
        self.second.accept().cut()
        self.assert_ended(1, "b.org:5001 closed the connection.")

    def test_links(self) -> None:
        """Links of files lead to the server that it is connected to."""
        link = "/f/x/a"
        shared = {"event": "shared", "id": 7, "nick": "bob", "room": "lobby", "name": "a.txt", "size": 3, "link": link}
        for is_second, told in ((False, "http://a.org:5000/f/x/a"), (True, "http://b.org:5001/f/x/a")):
            self.begin_two()
            if is_second:
                self.network.refuse(ConnectionRefusedError())
            server = (self.second if is_second else self.network).accept()
            server.welcome()
            server.send(shared)
            self.assertIn(told, self.read())

    def test_none(self) -> None:
        """If none answers, one sentence names each."""
        self.begin_two()
        self.network.refuse(ConnectionRefusedError())
        self.second.refuse(ConnectionRefusedError())
        told = "No server answers: nothing listens at a.org, port 5000; nothing listens at b.org, port 5001."
        self.assert_ended(1, told)
