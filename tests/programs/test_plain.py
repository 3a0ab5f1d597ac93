"""The plain client: every line goes where it was meant, and every end has its status."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.interfaces import IPushProducer
from zope.interface.verify import verifyObject

from groupchat.client.loop.typed_lines import LONGEST
from groupchat.programs.plain_states import LOGOUT
from groupchat.stdio.printable import printable
from tests.client.fakes import said
from tests.programs.plain_case import NAME, PlainCase


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
