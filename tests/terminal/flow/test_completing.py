"""Completion of the last word of a line."""

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.client import Client
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.flow.completing import Completing
from groupchat.terminal.flow.local_settings import LocalSettings
from tests.client.fakes import FakeEndpoint


class CompletingTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.endpoint = FakeEndpoint()
        self.client = Client(self.endpoint, "alice", Clock())
        self.state = ChatState("example.org", "alice")
        self.completing = Completing(self.client, self.state, LocalSettings("mentions", True))
        self.client.start()
        self.connection = self.endpoint.accept()
        self.connection.welcome(rooms=["lobby"])
        self.connection.requests()
        for room in "ops", "dev", "lobby":
            self.state.go(Place(room))
        for number, (room, nick) in enumerate((("lobby", "barbara"), ("lobby", "bob"), ("dev", "bert")), 1):
            self.state.take({"event": "said", "id": number, "room": room, "nick": nick, "text": "hi"}, 0)

    def complete(self, text: str, *words: str) -> list[str]:
        """Complete a text; without a connection, or with these words of the server."""
        self.state.connection = "connected" if words else "reconnecting"
        found = self.completing.complete(text)
        for request in self.connection.requests():
            items: list[Any] = [{"text": word} for word in words]
            self.connection.send({"event": "listed", "ref": request["ref"], "what": "completions", "items": items})
        return self.successResultOf(found)

    def test_people(self) -> None:
        """Who spoke last comes first, those who spoke here before others, and then everybody else by name."""
        words = ("anton", "barbara", "bella", "bert", "bob")
        self.assertEqual(self.complete("b", *words), ["bob", "barbara", "bert", "anton", "bella"])
        self.assertEqual(self.complete("what do you think, B"), ["bob", "barbara", "bert"])
        self.assertEqual(self.complete("/query b"), ["bob", "barbara", "bert"])
        self.assertEqual((self.complete("/topic b"), self.complete("hello ")), ([], []))

    def test_renamed(self) -> None:
        """Whoever has another nickname now is offered under that one, in their turn."""
        self.state.take({"event": "renamed", "room": "", "nick": "bob", "new": "bo"}, 0)
        self.assertEqual(self.complete("b", "barbara", "bert", "bo"), ["bo", "barbara", "bert"])

    def test_rooms(self) -> None:
        """The person's rooms come first, in their order, also without a connection."""
        self.assertEqual(self.complete("/switch "), ["ops", "dev", "lobby"])
        self.assertEqual(self.complete("/join ", "board", "dev", "lobby"), ["ops", "dev", "lobby", "board"])
        self.assertEqual(self.complete("/leave D"), ["dev"])

    def test_commands(self) -> None:
        """The commands of the client itself are offered with those of the server."""
        self.assertEqual(self.complete("/ne", "/neat"), ["/neat", "/next"])
        self.assertEqual(self.complete("/y"), [])
        self.state.unsaid = [(Place("dev"), "x")]
        self.assertEqual(self.complete("/y"), ["/yes"])
