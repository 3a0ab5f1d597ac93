"""Lines for people for everything that the server sends."""

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.protocol import Message
from groupchat.programs.transcript import Transcript
from groupchat.stdio.printable import one_line

ANYTHING = st.text(st.characters(exclude_categories=()))
TODAY = date(2026, 11, 21)


class TranscriptTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.transcript = Transcript(TODAY)
        self.lines({"event": "done", "name": "zone", "value": "UTC"})
        self.transcript.room = "lobby"

    def lines(self, message: Message) -> list[str]:
        return list(self.transcript.lines(message))

    def said(self, at: object = "2026-11-21T09:42:00.123Z", room: str = "lobby") -> Message:
        return {"event": "said", "id": 7, "room": room, "nick": "al", "text": "hi", "at": at}

    def test_events(self) -> None:
        """An event is a line with its time; what is said in another room is marked."""
        self.assertEqual(self.lines(self.said()), ["[09:42:00] #7 al: hi"])
        self.assertEqual(self.lines(self.said(room="dev")), ["[09:42:00] (dev) #7 al: hi"])
        self.assertEqual(self.lines(self.said(at="nonsense")), ["[--:--] #7 al: hi"])
        self.assertEqual(self.lines({"event": "announced", "text": "Stopping.", "at": "x"}), ["-- Stopping."])

    def test_several_lines(self) -> None:
        """Each further line of a message begins so that one sees whose it is, and no padding makes another one."""
        forged = {**self.said(), "text": "hi\n[09:42:00] #8 eve: ho\n  x"}
        self.assertEqual(
            self.lines(forged),
            ["[09:42:00] #7 al: hi", "           | [09:42:00] #8 eve: ho", "           |   x"],
        )
        padded = {**self.said(), "text": f"hi{' ' * 80}[09:42:00] #8 eve: ho"}
        self.assertEqual(self.lines(padded), [f"[09:42:00] #7 al: hi{' ' * 8}[09:42:00] #8 eve: ho"])

    def test_before_the_welcome(self) -> None:
        """Before a room is known every line names its own."""
        self.assertEqual(list(Transcript(TODAY).lines({**self.said(), "at": ""})), ["[--:--] (lobby) #7 al: hi"])

    def test_days(self) -> None:
        """Another day is named once, before its first line."""
        yesterday, today = self.said("2026-11-20T23:59:59Z"), self.said()
        self.assertEqual(self.lines(yesterday), ["-- Friday 20 November 2026", "[23:59:59] #7 al: hi"])
        self.assertEqual(self.lines(yesterday), ["[23:59:59] #7 al: hi"])
        self.assertEqual(self.lines(today)[0], "-- Saturday 21 November 2026")

    def test_message_of_the_day(self) -> None:
        """The message of the day follows the welcome, line by line."""
        welcome = {"event": "welcome", "nick": "al", "room": "dev", "motd": "Be kind.\n\x1bAlways."}
        self.assertEqual(self.lines(welcome)[1:], ["-- Be kind.", f"-- {one_line(chr(27))}Always."])

    def test_welcome(self) -> None:
        """The welcome says who the person is, and where."""
        welcome = {"event": "welcome", "nick": "al", "room": "dev"}
        self.assertEqual(
            self.lines(welcome), ["Connected to the server! You are al, in dev. /help lists the commands."]
        )
        self.assertEqual(self.transcript.room, "dev")
        entered = {"event": "entered", "room": "dev", "people": [{"nick": "bob"}, {"nick": "c\x1bd"}, {"nick": "AL"}]}
        self.assertEqual(self.lines(entered), ["-- With you in dev: c�d and bob."])
        reading = {**entered, "people": [], "programs": [{"nick": f"t{number}"} for number in range(7)]}
        self.assertEqual(self.lines(reading), ["-- Programs read here, too: t6, t5, t4, t3, t2 and 2 others."])
        followed = {**entered, "people": [], "programs": [{"nick": "ci"}], "followers": [{"nick": "mia"}], "unnamed": 2}
        unnamed = "2 programs without a nickname read here over HTTP."
        self.assertEqual(self.lines(followed), [f"-- Programs read here, too: ci and mia. {unnamed}"])
        self.assertEqual(self.lines({**entered, "people": [], "unnamed": 2}), [f"-- {unnamed}"])
        for people in (None, [], [{"nick": "al"}], ["al"], 7):
            self.assertEqual(self.lines({**entered, "people": people}), [])
        self.assertIn("in no room", self.lines({**welcome, "room": ""})[0])

    def test_answers(self) -> None:
        """Answers are marked as the server's, line by line; one without words makes no line."""
        self.assertEqual(self.lines({"event": "done", "text": "one\n\ntwo"}), ["-- one", "-- ", "-- two"])
        self.assertEqual(self.lines({"event": "done", "id": 3}), [])
        self.assertEqual(self.lines({"event": "refused", "code": "muted", "text": "No."}), ["!! muted: No."])

    def test_lists(self) -> None:
        """A list is its text; a list of events is its heading, the events, and its ending."""
        self.assertEqual(self.lines({"event": "listed", "what": "rooms", "items": [{}], "text": "lobby"}), ["-- lobby"])
        listed: Message = {"event": "listed", "heading": "History", "items": [self.said(), "x", {}], "ending": "End"}
        self.assertEqual(self.lines(listed), ["-- History", "[09:42:00] #7 al: hi", "-- End"])
        self.assertEqual(self.lines({"event": "listed", "heading": "Nothing", "items": None}), ["-- Nothing"])

    def test_rooms(self) -> None:
        """The current room follows what the server says; only the loss of a room is told."""
        self.assertEqual(self.lines({"event": "entered", "room": "dev"}), [])
        self.assertEqual(self.transcript.room, "dev")
        lost = {"event": "departed", "room": "dev", "reason": "spam", "code": "kicked", "current": "lobby"}
        self.assertEqual(self.lines(lost), ["-- You are no longer in dev: spam. Your lines go to lobby now."])
        self.assertEqual(self.transcript.room, "lobby")
        self.assertEqual(self.lines({**lost, "code": "left", "current": ""}), [])
        self.assertEqual(self.transcript.room, "")
        self.lines({"event": "done", "text": "You are in ops now.", "room": "ops"})
        self.assertEqual(self.transcript.room, "ops")

    def test_preferences(self) -> None:
        """A change of how times look counts here, by its name and value."""
        for name, value, line in (
            ("time", "minutes", "[09:42] #7 al: hi"),
            ("time", "off", "#7 al: hi"),
            ("time", "seconds", "[09:42:00] #7 al: hi"),
            ("zone", "Europe/Paris", "[10:42:00] #7 al: hi"),
        ):
            self.lines({"event": "done", "name": name, "value": value})
            self.assertEqual(self.lines(self.said()), [line])

    def test_events_of_the_future(self) -> None:
        """An event that this version does not know makes no line."""
        self.assertEqual(self.lines({"event": "polled", "text": "?"}), [])
        self.assertEqual(self.lines({}), [])

    @given(
        st.sampled_from(["said", "welcome", "done", "refused", "listed", "departed", "many-left", "announced"]),
        st.dictionaries(
            st.sampled_from(
                ["id", "room", "nick", "text", "at", "heading", "items", "ending", "code", "current", "reason", "name"]
            ),
            ANYTHING | st.none() | st.integers() | st.lists(st.dictionaries(ANYTHING, ANYTHING)),
        ),
    )
    def test_harmless(self, name: str, fields: dict[str, Any]) -> None:
        """Whatever the fields are, every line is one line that a terminal obeys nowhere."""
        for line in Transcript(TODAY).lines({**fields, "event": name}):
            self.assertEqual(one_line(line), line)
