"""Pasting of many lines."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.client_errors import Left, Refused, Unanswered
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.flow.pasting import PROMPT_S, REST_S, Paste


class PasteTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.said: list[tuple[str, Deferred[Any]]] = []
        self.failed: list[str] = []
        self.rooms: list[str] = []
        self.paste = Paste(self.clock, self.say, lambda line, place, refused: self.failed.append(line))

    def say(self, line: str, place: Place) -> "Deferred[Any]":
        self.said.append((line, Deferred()))
        self.rooms.append(place.room)
        return self.said[-1][1]

    @property
    def lines(self) -> list[str]:
        return [line for line, _ in self.said]

    def test_one_by_one(self) -> None:
        """Each line waits for the answer to the one before; a refused one is told, and the others go on."""
        self.paste.add(["one", "two", "three"], Place("lobby"))
        self.assertEqual(self.lines, ["one"])
        self.said[0][1].errback(Refused("muted", "No."))
        self.clock.advance(0)
        self.said[1][1].callback({})
        self.clock.advance(0)
        self.assertEqual((self.lines, self.failed), (["one", "two", "three"], ["one"]))
        self.paste.add(["four"], Place("lobby"))
        self.assertEqual((len(self.paste), self.paste.stop(), len(self.paste)), (1, ["four"], 0))

    def test_rooms(self) -> None:
        """Each paste goes to its room, wherever the person has gone meanwhile."""
        self.paste.add(["one", "two"], Place("dev"))
        self.paste.add(["three"], Place("ops"))
        for number in range(2):
            self.said[number][1].callback({})
            self.clock.advance(0)
        self.assertEqual(
            list(zip(self.lines, self.rooms, strict=True)), [("one", "dev"), ("two", "dev"), ("three", "ops")]
        )

    def test_rest(self) -> None:
        """After an answer that was held back it rests, so that the server does not take it for a flood."""
        self.paste.add(["one", "two"], Place("lobby"))
        self.clock.advance(PROMPT_S + 0.01)
        self.said[0][1].callback({})
        self.clock.advance(REST_S - 0.01)
        self.assertEqual(self.lines, ["one"])
        self.clock.advance(0.01)
        self.assertEqual(self.lines, ["one", "two"])

    def test_begins_again(self) -> None:
        """When everything is sent, a later paste begins at once."""
        self.paste.add(["one"], Place("lobby"))
        self.said[0][1].callback({})
        self.clock.advance(0)
        self.paste.add(["two"], Place("lobby"))
        self.assertEqual(self.lines, ["one", "two"])

    def test_left(self) -> None:
        """When the client has left, nothing more is sent, and all that was not sent is given back."""
        self.paste.add(["one", "two"], Place("lobby"))
        self.said[0][1].errback(Left("gone"))
        self.clock.advance(REST_S)
        self.assertEqual((self.lines, self.failed, self.paste.stop()), (["one"], [], ["two"]))
        self.assertEqual(self.paste.under_way, "one")

    def test_unanswered(self) -> None:
        """A line whose fate is unknown is told and not sent again, and the others go on."""
        self.paste.add(["one", "two"], Place("lobby"))
        self.said[0][1].errback(Unanswered("lost"))
        self.clock.advance(0)
        self.assertEqual((self.lines, self.failed), (["one", "two"], ["one"]))
