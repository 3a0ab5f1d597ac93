"""The lines of the plain client: each goes where it was meant, or nowhere."""

from typing import Any

from groupchat.programs.plain_lines import MAY_BE_SECRET
from tests.client.fakes import FakeConnection
from tests.programs.plain_case import PlainCase


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
