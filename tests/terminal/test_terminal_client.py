"""One run of the client: signing in, talking, leaving."""

import tempfile
from pathlib import Path
from shutil import rmtree
from typing import Any

from twisted.internet import error
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.destinations.command_line import Destination
from groupchat.destinations.configuration import Configuration
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.saved_login import LoginFile, SavedLogin
from groupchat.terminal.sign_in import CHOICE, NICKNAME, PASSWORD, SUGGESTED
from groupchat.terminal.surfaces.key_list import KEYS, shown
from groupchat.terminal.terminal_client import AGAIN_S, TerminalClient
from tests.client.fakes import FakeConnection, said
from tests.terminal.fakes import FakeDisplay, FakeServer, FakeSurface


class ClientTest(SynchronousTestCase):
    nick = "alice"
    menu = False

    def setUp(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="groupchat-"))
        self.addCleanup(rmtree, folder)
        self.clock, self.server = Clock(), FakeServer()
        self.surface = FakeSurface()
        self.file = LoginFile(folder, "example.org")
        self.complaints: list[str] = []
        destination = Destination(self.server, self.nick, "", self.menu)
        self.client = TerminalClient(
            destination, Configuration(), self.file, self.furnish, self.complaints.append
        )  # fmt: skip
        self.addCleanup(self.file.unlock)
        self.prepare()
        self.finished: Deferred[int] = self.client.start(self.clock)

    def prepare(self) -> None:
        """Do what is to be done before the client starts."""

    def furnish(self, client: TerminalClient, state: ChatState) -> tuple[FakeSurface, FakeDisplay]:
        self.state, self.display = state, FakeDisplay()
        return self.surface, self.display

    def join(self, **welcome: Any) -> FakeConnection:
        """Let the client in, and answer nothing of what it asks then."""
        connection = self.server.fake.accept()
        connection.welcome(**{"rooms": ["lobby"], **welcome})
        connection.requests()
        return connection

    def type(self, *lines: str) -> None:
        for line in lines:
            self.client.typed(line)

    @property
    def label(self) -> str:
        return self.surface.asked[0] if self.surface.asked is not None else ""

    def assertOver(self, status: int, complaints: list[str]) -> None:
        self.assertEqual((self.successResultOf(self.finished), self.complaints), (status, complaints))


class KnownTest(ClientTest):
    """The nickname was given on the command line."""

    def test_joins(self) -> None:
        """The chat begins without a question."""
        self.join()
        self.assertEqual(self.surface.lines, ["* You are alice, in lobby. /help lists the commands, /keys the keys."])
        self.assertEqual(self.client.bar(80), " example.org │ lobby │ connected")
        self.assertEqual(self.surface.titled, "lobby - example.org")

    def test_taken(self) -> None:
        """A nickname that is taken ends the client with one sentence."""
        self.server.fake.accept().refuse("nick-taken", "alice is already here.")
        self.clock.advance(0)
        self.assertOver(1, ["example.org refused: alice is already here (nick-taken)"])

    def test_password(self) -> None:
        """The password of an account is asked for, hidden, and sent on another connection."""
        self.server.fake.accept().refuse("password-needed", "Whose?")
        self.clock.advance(0)
        self.assertEqual(self.surface.asked, (PASSWORD, True))
        self.type("open sesame")
        claim = self.server.fake.accept().welcome()
        self.assertEqual((claim["nick"], claim["password"]), ("alice", "open sesame"))

    def test_password_refused_to_be_told(self) -> None:
        """Without the password it is over."""
        self.server.fake.accept().refuse("password-needed")
        self.clock.advance(0)
        self.type("")
        self.assertOver(1, ["alice needs a password."])

    def test_replaced(self) -> None:
        """A client whose person joined from elsewhere ends, says why, and does not come back."""
        connection = self.join()
        text = "You have joined again from elsewhere; this connection is closed."
        connection.send({"event": "closing", "code": "replaced", "text": text})
        connection.cut()
        self.clock.advance(60)
        self.assertOver(1, [f"example.org closed the connection: replaced: {text}"])
        self.assertEqual(self.server.fake.attempts, [])

    def test_terminal_gone(self) -> None:
        """When the terminal is gone the position is saved, and the client ends well."""
        connection = self.join(token="t1")
        connection.send(said(41))
        self.surface.over.callback(None)
        self.assertOver(0, [])
        login = self.file.load()
        assert login is not None
        self.assertEqual((login.nick, login.token, login.since), ("alice", "t1", 41))

    def test_leaving_fails(self) -> None:
        """Whatever fails when the person leaves, they get out, and the connection is closed."""
        connection = self.join()
        connection.cut()
        self.type("oops")
        self.display.fails_on = "oops"
        self.type("/exit")
        self.assertOver(1, ["Something failed on leaving: ValueError: oops"])
        self.clock.advance(60)
        self.assertEqual(self.server.fake.attempts, [])

    def test_surface_fails(self) -> None:
        """A fault of the surface is not hidden."""
        self.surface.over.errback(ZeroDivisionError())
        self.failureResultOf(self.finished, ZeroDivisionError)


class AccountTest(ClientTest):
    """The nickname of an account was given on the command line, and the server is slow."""

    def setUp(self) -> None:
        super().setUp()
        self.assertEqual(self.surface.asked, ("", True))

    def furnish(self, client: TerminalClient, state: ChatState) -> tuple[FakeSurface, FakeDisplay]:
        client._to = client._to._replace(account=True)
        return super().furnish(client, state)

    def test_hidden(self) -> None:
        """Before the server has answered nothing is shown of what is typed, which answers its question then."""
        self.type("open sesame")
        self.assertEqual(self.surface.asked, ("", True))
        self.server.fake.accept().refuse("password-needed", "Whose?")
        self.clock.advance(0)
        claim = self.server.fake.accept().welcome()
        self.assertEqual((claim["nick"], claim["password"]), ("alice", "open sesame"))

    def test_nothing_said(self) -> None:
        """If no password is needed, what was typed before is said to nobody, and what is typed then is."""
        self.type("open sesame")
        connection = self.join()
        self.assertIsNone(self.surface.asked)
        self.type("hello")
        self.assertEqual([post.get("text") for post in connection.requests() if post["do"] == "say"], ["hello"])

    def test_interrupted(self) -> None:
        """Ctrl-C leaves."""
        self.client.interrupted()
        self.clock.advance(0)
        self.assertOver(0, [])


class AskedTest(ClientTest):
    """The nickname is asked for."""

    def test_bar(self) -> None:
        """While the nickname is asked for, the bar says nothing of a connection."""
        self.assertEqual((self.surface.asked is not None, self.client.bar(80)), (True, " example.org"))

    nick = ""

    def prepare(self) -> None:
        self.file.lock()
        self.file.save(SavedLogin("ally", "t", 7))

    def setUp(self) -> None:
        super().setUp()
        self.assertIsNone(self.surface.asked)
        self.glance = self.server.fake.accept()

    def test_suggested(self) -> None:
        """The nickname of the last time is suggested, and resumes where the person left off."""
        self.assertEqual(self.surface.asked, (SUGGESTED.format("ally"), False))
        self.assertFalse(self.glance.connected)
        self.type("")
        claim = self.server.fake.accept().welcome()
        self.assertEqual((claim["nick"], claim["token"], claim["since"]), ("ally", "t", 7))

    def test_taken(self) -> None:
        """A nickname that is taken is told, and another asked for."""
        self.type("bob")
        self.server.fake.accept().refuse("nick-taken", "No.")
        self.clock.advance(0)
        self.assertEqual((self.surface.lines, self.label), (["!! nick-taken: No."], SUGGESTED.format("bob2")))
        self.assertEqual(self.file.load(), SavedLogin("ally", "t", 7))

    def test_locked(self) -> None:
        """A saved login whose nickname asks for a password is of no use any more."""
        self.type("ally")
        self.server.fake.accept().refuse("password-needed", "Whose?")
        self.clock.advance(0)
        self.assertEqual((self.file.load(), self.label), (None, PASSWORD))

    def test_ctrl_c(self) -> None:
        """Ctrl-C at the first question leaves at once."""
        self.client.interrupted()
        self.assertOver(0, [])


class FirstTest(ClientTest):
    """The server is reached before anything is asked."""

    nick = ""

    def test_nobody_there(self) -> None:
        """Where nothing listens nobody is asked for a nickname."""
        self.server.fake.refuse(error.ConnectionRefusedError())
        self.assertIsNone(self.surface.asked)
        self.assertOver(1, ["Nothing listens at example.org, port 5000."])

    def test_typed_early(self) -> None:
        """What was typed meanwhile answers the question, and only the first line does."""
        self.type("anna", "hello")
        self.server.fake.accept()
        connection = self.server.fake.accept()
        self.assertEqual(connection.welcome()["nick"], "anna")
        self.assertIn("hello", [request.get("text") for request in connection.requests()])

    def test_ctrl_c(self) -> None:
        """Ctrl-C leaves at once, and gives up the attempt."""
        self.client.interrupted()
        self.assertEqual(self.server.fake.cancelled, 1)
        self.assertOver(0, [])


class TalkingTest(ClientTest):
    def setUp(self) -> None:
        super().setUp()
        self.connection = self.join(token="t1")

    def sent(self) -> list[str]:
        """Return the lines that were sent, without the client's own requests."""
        requests = self.connection.requests()
        return [
            str(request.get("text", request.get("line"))) for request in requests if request["do"] in ("say", "type")
        ]

    def test_said(self) -> None:
        """Lines go to the chat, empty ones nowhere; a paste goes line by line."""
        self.type("hello", "  ", "q")
        self.client.pasted(["one", "two"])
        self.assertEqual(self.sent(), ["hello", "q", "one"])

    def test_seen(self) -> None:
        """A key makes messages seen; typing is announced; words are completed by the server."""
        self.connection.send(said(1))
        self.clock.advance(0)
        self.assertEqual(self.state.unseen, 1)
        self.client.touched()
        self.assertEqual(self.state.unseen, 0)
        self.client.written("h")
        self.client.complete("al")
        self.assertEqual([request["do"] for request in self.connection.requests()], ["typing", "complete"])
        self.connection.send(said(2, nick="alice"))
        self.clock.advance(0)
        self.assertEqual(self.client.last(), (2, "hi"))

    def test_secret(self) -> None:
        """The arguments of a secret command are asked for, hidden, and sent by name; its line is secret."""
        for line, is_secret in ("/password a b", True), ("one\n/password a b", True), ("one\ntwo", False):
            self.assertEqual(self.client.is_secret(line), is_secret)
        self.type("/password")
        self.assertEqual(self.surface.asked, ("Your present password: ", True))
        self.type("one")
        self.assertEqual(self.surface.asked, ("New password: ", True))
        self.type("two words")
        self.assertEqual((self.surface.asked, self.connection.requests()), (("New password, again: ", True), []))
        self.type("two words")
        (request,) = self.connection.requests()
        self.assertEqual((request["do"], request["old"], request["new"]), ("password", "one", "two words"))
        self.assertIsNone(self.surface.asked)

    def test_secret_left(self) -> None:
        """What is typed after the questions for a new password were left is not sent at once."""
        self.type("/register", "two words", "other words", "", "two words")
        self.assertEqual(self.connection.requests(), [])
        self.type("two words")
        (request,) = self.connection.requests()
        self.assertIn("two words", request.values())

    def test_secret_interrupted(self) -> None:
        """Nor is it after Ctrl-C at one of these questions."""
        for typed in ["two words"], ["two words", "other words"]:
            self.type("/register", *typed)
            self.client.interrupted()
            self.type("two words")
            self.assertEqual((self.surface.asked, self.connection.requests()), (None, []))
            self.type("two words")
            self.assertEqual(self.sent(), ["two words"])

    def test_weak(self) -> None:
        """A new password that is too weak is asked for again, however it was given; nothing of it is said."""
        self.type("/register short code7")
        (request,) = self.connection.requests()
        for attempt in ("two words", "correct horse"):
            self.connection.send({"event": "refused", "ref": request["ref"], "code": "password-weak", "text": "Weak."})
            self.clock.advance(0)
            self.assertEqual(self.surface.asked, ("New password: ", True))
            self.type(attempt, attempt)
            (request,) = self.connection.requests()
            self.assertEqual((request["do"], request["password"], request["code"]), ("register", attempt, "code7"))
        self.connection.send({"event": "refused", "ref": request["ref"], "code": "password-weak", "text": "Weak."})
        self.clock.advance(0)
        self.type("", "hello")
        self.assertEqual(self.sent(), ["hello"])

    def test_secret_after_blanks(self) -> None:
        """A password is never said aloud: blanks before its command, or a misspelling, make it no text."""
        for line in ("  /register sesame", " /regsiter sesame", "\t/PASSWD old sesame"):
            self.type(line)
            for request in self.connection.requests():
                self.assertNotEqual(request["do"], "say", line)
                self.assertTrue(request.get("line", "/").startswith("/"), line)
        self.type(" /etc/passwd", "//login a b", " hello")
        self.assertEqual(self.sent(), [" /etc/passwd", "/login a b", " hello"])

    def test_secret_after_another_slash(self) -> None:
        """Slashes of input methods, and blanks that are not seen, make no command with a password something to say."""
        for start in ("\uff0f", "\u2044", "\u2215", "\u29f8", "\u2800/", "\u200b\uff0f", "\u3001"):
            line = f"{start}register sesame123"
            self.assertTrue(self.client.is_secret(line))
            self.type(line)
            (request,) = self.connection.requests()
            self.assertEqual((request["do"], request.get("line")), ("type", "/register sesame123"), line)
            self.client.pasted([line, f"{start}logn alice sesame"])
            self.assertEqual(self.connection.requests(), [])

    def test_typed_line_by_line(self) -> None:
        """After /paste lines are one message, up to a dot, in the place where it was begun; blank ones belong to it."""
        self.type("/paste 41", "one", "", "/exit")
        self.assertEqual(self.connection.requests(), [])
        self.type(".", "after")
        first, second = self.connection.requests()
        self.assertEqual((first["text"], first["reply"], first["room"]), ("one\n\n/exit", 41, "lobby"))
        self.assertEqual(second["text"], "after")
        self.type("/paste", "x", "/cancel")
        self.assertEqual(self.connection.requests(), [])
        self.assertIn("Nothing was said.", self.surface.lines[-1])

    def test_said_secret(self) -> None:
        """Nothing of a message is said that has a line with a password."""
        self.client.said("one\n /login alice sesame\ntwo")
        self.assertEqual(self.connection.requests(), [])
        self.assertNotIn("sesame", "".join(self.surface.lines))
        self.client.said("one\ntwo")
        self.assertEqual([request["text"] for request in self.connection.requests()], ["one\ntwo"])

    def test_pasted_secret(self) -> None:
        """Of a paste, lines with passwords are not said."""
        self.client.pasted(["one", "/login alice sesame", " /pasword sesame x", "two"])
        shown = "\n".join(self.surface.lines)
        self.assertIn("would have been said aloud: /login", shown)
        self.assertIn("would have been said aloud: /pasword", shown)
        self.assertNotIn("sesame", shown)
        self.assertNotIn("sesame", str(self.connection.requests()))

    def test_secret_is_not_completed(self) -> None:
        """What is typed of a password is not sent to be completed; the name of the command is."""
        for text in ("/login alice ses", " /pasword ses"):
            self.assertEqual(self.successResultOf(self.client.complete(text)), [])
        self.assertEqual(self.connection.requests(), [])
        self.client.complete("/logi")
        self.assertEqual([request["do"] for request in self.connection.requests()], ["complete"])

    def test_views(self) -> None:
        """Keys lead to other views, but not in the middle of a message that belongs to one."""
        self.connection.send({"event": "entered", "room": "dev", "topic": "", "people": []})
        self.clock.advance(0)
        self.type("/paste", "one")
        self.client.go("2")
        self.assertIn("First say your message", self.surface.lines[-1])
        self.type(".")
        self.client.go("2")
        self.client.mark_read()
        self.type("hello")
        said = [(request["text"], request.get("room")) for request in self.connection.requests() if "text" in request]
        self.assertEqual([text for text, _ in said], ["one", "hello"])
        self.assertEqual(said[-1][1], "dev")

    def test_secret_cancelled(self) -> None:
        """Ctrl-C at such a question, or an empty answer, only cancels it."""
        self.type("/unregister")
        self.client.interrupted()
        self.assertEqual((self.surface.asked, self.sent()), (None, []))
        self.type("/unregister", "", "hello")
        self.assertEqual(self.sent(), ["hello"])

    def test_login(self) -> None:
        """Logging in joins again as the account, in the same room, from the same message on."""
        self.connection.requests()
        self.type("/join dev")
        (request,) = self.connection.requests()
        self.connection.send({"event": "entered", "room": "dev", "topic": "", "people": []}, said(41))
        self.connection.send({"event": "done", "ref": request["ref"], "room": "dev"})
        self.clock.advance(0)
        self.type("/login Alice open sesame")
        self.connection.cut()
        again = self.server.fake.accept()
        claim = again.welcome(rooms=["lobby"])
        self.assertEqual((claim["nick"], claim["password"], claim["since"]), ("Alice", "open sesame", 41))
        self.assertNotIn("token", claim)
        self.assertEqual([request.get("room") for request in again.requests() if request["do"] == "join"], ["dev"])

    def test_login_asks(self) -> None:
        """The password for logging in is asked for when it is not typed."""
        self.type("/login alice")
        self.assertEqual(self.surface.asked, ("Password: ", True))
        self.type("open sesame")
        self.connection.cut()
        self.assertEqual(self.server.fake.accept().welcome()["password"], "open sesame")

    def refuse_login(self, code: str = "password-wrong") -> None:
        self.type("/login carol wrong")
        self.connection.cut()
        self.server.fake.accept().refuse(code, "No.")
        self.clock.advance(0)

    def test_login_cancelled(self) -> None:
        """Who gives up logging in, by an empty answer or Ctrl-C, is back in the chat as before."""
        saved = self.file.load()
        assert saved is not None
        for give_up in (lambda: self.type(""), self.client.interrupted):
            self.refuse_login()
            self.assertEqual(self.surface.asked, (PASSWORD, True))
            give_up()
            self.connection = self.server.fake.accept()
            claim = self.connection.welcome(rooms=["lobby"], token=saved.token)
            self.assertEqual((claim["nick"], claim["token"]), ("alice", saved.token))
            self.assertNotIn("password", claim)
            self.assertNoResult(self.finished)
            self.assertEqual(self.client.bar(80), " example.org │ lobby │ connected")
        self.client.interrupted()
        self.assertIn("Press Ctrl-C again", self.surface.lines[-1])

    def test_login_refused(self) -> None:
        """Who may not come in under another name is told why, and is back in the chat."""
        self.refuse_login("nick-invalid")
        self.assertIn("!! nick-invalid: No.", self.surface.lines)
        self.assertEqual(self.server.fake.accept().welcome(rooms=["lobby"])["nick"], "alice")
        self.assertNoResult(self.finished)

    def test_login_at_last(self) -> None:
        """Who has logged in is not led back to who they were before."""
        self.refuse_login()
        self.type("right")
        self.connection = self.server.fake.accept()
        self.connection.welcome(nick="carol", rooms=["lobby"], token="new")
        saved = self.file.load()
        self.assertEqual((saved.nick, saved.token) if saved is not None else None, ("carol", "new"))
        self.connection.cut()
        self.clock.advance(60)
        self.server.fake.accept().refuse("banned", "Go.")
        self.clock.advance(0)
        self.assertEqual(self.successResultOf(self.finished), 1)

    def test_logout(self) -> None:
        """Logging out lets the server forget the token, forgets the saved login, and asks for a nickname."""
        self.assertIsNotNone(self.file.load())
        self.connection.requests()
        self.type("/logout")
        (request,) = self.connection.requests()
        self.assertEqual(request["do"], "logout")
        self.connection.send({"event": "done", "ref": request["ref"], "text": "You have left."})
        (request,) = self.connection.requests()
        self.assertEqual(request["do"], "exit")
        self.connection.cut()
        self.assertEqual((self.surface.asked, self.file.load()), ((NICKNAME, False), None))

    def test_logout_refused(self) -> None:
        """A guest, who cannot log out, leaves; where the server cannot forget the token now, one stays, and is told."""
        for code, is_in in (("journal-unavailable", True), ("not-allowed", False)):
            self.connection.requests()
            self.type("/logout")
            (request,) = self.connection.requests()
            self.connection.send({"event": "refused", "ref": request["ref"], "code": code, "text": "No."})
            left = [one["do"] for one in self.connection.requests()]
            self.assertEqual((left, self.file.load() is not None), ([] if is_in else ["exit"], is_in), code)

    def test_logout_of_others(self) -> None:
        """With the number of a connection, or others, it is the server's to do, and one stays."""
        self.connection.requests()
        self.type("/logout others")
        (request,) = self.connection.requests()
        self.assertEqual((request["do"], request["line"]), ("type", "/logout others"))
        self.assertIsNotNone(self.file.load())

    def test_logout_interrupted(self) -> None:
        """When the connection is lost before the answer, the saved login is forgotten all the same."""
        self.type("/logout")
        self.connection.cut()
        self.assertEqual((self.surface.asked, self.file.load()), ((NICKNAME, False), None))

    def test_no_connection(self) -> None:
        """Neither works without a connection: whether a password is right cannot be known then."""
        self.connection.cut()
        self.type("/login alice sesame", "/logout")
        self.assertEqual(self.surface.lines[-2:], ["* /login needs a connection.", "* /logout needs a connection."])
        self.assertIsNotNone(self.file.load())


class HalfTypedTest(ClientTest):
    def test_told_at_the_end(self) -> None:
        """What is still half typed when the client ends is told, but for passwords."""
        self.join()
        secret = "/login al sesame"
        self.surface.half_typed = [
            (Place("dev"), "for dev"), (Place(), "nowhere"), (Place("x"), secret), (Place("y"), f"one\n{secret}"),
        ]  # fmt: skip
        self.surface.over.callback(None)
        self.assertOver(0, ["Not sent to dev: for dev", "Not sent: nowhere"])

    def test_kept(self) -> None:
        """People who are put out of a room are told that what they have typed for it is kept, if there is anything."""
        connection = self.join(rooms=["lobby", "dev", "ops"], room="dev")
        self.surface.half_typed = [(Place("dev"), "half"), (Place("lobby"), "other")]
        for room in "dev", "ops":
            connection.send({"event": "departed", "room": room, "current": "lobby", "code": "kicked", "reason": ""})
            self.clock.advance(0)
        told = [line for line in self.surface.lines if "no longer in" in line]
        self.assertEqual([line.partition("now.")[2] for line in told], [
            " What you have typed for dev is kept until you are there again.", "",
        ])  # fmt: skip

    def test_renamed(self) -> None:
        """The half-typed line for a person goes along with their nickname."""
        self.join().send({"event": "renamed", "nick": "bob", "new": "rob"})
        self.clock.advance(0)
        self.assertEqual(self.surface.moves, [(Place(nick="bob"), Place(nick="rob"))])

    def test_place(self) -> None:
        """The surface can ask where lines go, and is asked to stop by a signal."""
        self.join()
        self.assertEqual(self.client.place(), Place("lobby"))
        self.client.suspend()
        self.client.proceed()
        self.assertEqual((self.surface.suspended, self.surface.proceeded), (1, 1))

    def test_keys(self) -> None:
        """A command shows the keys of this surface; it is no line for the server."""
        connection = self.join()
        self.type("/keys")
        self.assertEqual((self.surface.lines[-1], connection.requests()), (f"-- {shown(KEYS)}", []))


class LeavingTest(ClientTest):
    def setUp(self) -> None:
        super().setUp()
        self.connection = self.join()

    def goodbye(self) -> str:
        """Close the connection; return the reason that the client gave."""
        (request,) = [request for request in self.connection.requests() if request["do"] == "exit"]
        self.connection.cut()
        return str(request.get("reason", ""))

    def test_exit(self) -> None:
        """A command leaves, with a reason."""
        self.type("/exit so long")
        self.assertEqual(self.goodbye(), "so long")
        self.assertOver(0, [])

    def test_ctrl_d(self) -> None:
        """Ctrl-D and the end of the input leave at once."""
        self.client.ended()
        self.assertEqual(self.goodbye(), "")
        self.assertOver(0, [])

    def test_signal(self) -> None:
        """A signal leaves at once, too, whatever question is open."""
        self.type("/login bob")
        self.client.interrupt()
        self.assertEqual(self.goodbye(), "")
        self.assertOver(0, [])

    def test_ctrl_c(self) -> None:
        """Ctrl-C leaves when it is pressed twice within three seconds."""
        self.client.interrupted()
        self.clock.advance(AGAIN_S)
        self.client.interrupted()
        self.assertEqual(self.surface.lines[-2:], ["* Press Ctrl-C again to leave the chat, or Ctrl-D."] * 2)
        self.clock.advance(AGAIN_S - 0.1)
        self.client.interrupted()
        self.goodbye()
        self.assertOver(0, [])

    def test_without_connection(self) -> None:
        """Without a connection there is nobody to say goodbye to."""
        self.connection.cut()
        self.client.ended()
        self.assertOver(0, [])

    def test_afterwards(self) -> None:
        """When it is over, nothing is done any more."""
        self.client.ended()
        self.goodbye()
        self.type("hello")
        self.client.pasted(["hello"])
        self.client.written("hello")
        self.client.touched()
        self.client.ended()
        self.assertEqual(self.successResultOf(self.client.complete("h")), [])
        self.assertTrue(self.client.is_secret("/login a"))
        self.assertEqual((self.connection.requests(), self.client.last()), ([], None))


class MenuTest(ClientTest):
    menu = True

    def test_again(self) -> None:
        """From the menu into the chat, back by q, and out by 2."""
        self.assertEqual(self.label, CHOICE)
        for _ in range(2):
            self.type("1")
            connection = self.join()
            self.type("q")
            connection.cut()
            self.assertEqual(self.label, CHOICE)
        self.type("2")
        self.assertOver(0, [])

    def test_failure(self) -> None:
        """After a failure the menu comes again, with a sentence why."""
        self.type("1")
        self.server.fake.accept().refuse("banned", "Out.")
        self.clock.advance(0)
        self.assertEqual((self.surface.lines[-2], self.label), ("* example.org refused: Out (banned)", CHOICE))
        self.assertNoResult(self.finished)
        self.type("2")
        self.assertOver(0, [])
