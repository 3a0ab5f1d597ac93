"""Events as records: every kind, and whatever a server sends."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client import events
from groupchat.client.client_events import _KINDS, Person, Unknown, event_of
from groupchat.client.core.protocol import Message

AT = "2026-11-21T09:42:00.123Z"
MOMENT = datetime(2026, 11, 21, 9, 42, 0, 123000, UTC)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)

CASES: tuple[tuple[Message, events.Event], ...] = (
    (
        {"event": "said", "id": 7, "room": "lobby", "nick": "al", "text": "hi", "at": AT},
        events.Said(7, "lobby", "al", MOMENT, "hi"),
    ),
    (
        {
            "event": "acted",
            "id": 7,
            "room": "lobby",
            "nick": "al",
            "reply": 5,
            "reply_nick": "bo",
            "text": "",
            "at": AT,
        },
        events.Acted(7, "lobby", "al", MOMENT, "", 5, "bo"),
    ),
    (
        {"event": "whispered", "id": 7, "room": "", "nick": "al", "to": "bo", "text": "hi", "at": AT},
        events.Whispered(7, "", "al", MOMENT, "bo", "hi"),
    ),
    (
        {
            "event": "shared",
            "id": 7,
            "room": "lobby",
            "nick": "al",
            "name": "cat.jpg",
            "size": 512,
            "type": "image/jpeg",
            "link": "/f/ID/cat.jpg",
            "at": AT,
        },
        events.Shared(7, "lobby", "al", MOMENT, "cat.jpg", 512, "image/jpeg", "/f/ID/cat.jpg", ""),
    ),
    (
        {"event": "edited", "id": 9, "target": 7, "room": "lobby", "nick": "al", "text": "ho", "at": AT},
        events.Edited(9, "lobby", "al", MOMENT, 7, "ho", ""),
    ),
    (
        {"event": "acted", "id": 9, "room": "", "nick": "al", "to": "bo", "text": "waves", "at": AT},
        events.Acted(9, "", "al", MOMENT, "waves", to="bo"),
    ),
    (
        {"event": "said", "id": 9, "room": "lobby", "nick": "al", "text": "@all", "all": True, "at": AT},
        events.Said(9, "lobby", "al", MOMENT, "@all", all=True),
    ),
    (
        {
            "event": "moderated",
            "id": 8,
            "room": "lobby",
            "nick": "al",
            "text": "banned eve for 1 hour",
            "at": AT,
            "act": "ban",
            "target": "eve",
            "until": AT,
            "reason": "spam",
        },
        events.Moderated(8, "lobby", "al", MOMENT, "banned eve for 1 hour", "ban", "eve", MOMENT, "spam"),
    ),
    ({"event": "joined", "room": "lobby", "nick": "al", "at": AT}, events.Joined("lobby", "al", "", MOMENT)),
    (
        {"event": "left", "room": "lobby", "nick": "al", "reason": "tea", "gone": True, "at": AT},
        events.Left("lobby", "al", "tea", True, MOMENT),
    ),
    (
        {"event": "many-joined", "room": "lobby", "nicks": ["a", "b"], "accounts": ["b"], "at": AT},
        events.ManyJoined("lobby", ("a", "b"), ("b",), MOMENT),
    ),
    (
        {"event": "away-changed", "room": "", "nick": "al", "away": True, "text": "tea", "at": AT},
        events.AwayChanged("", "al", True, "tea", MOMENT),
    ),
    (
        {
            "event": "entered",
            "room": "lobby",
            "topic": "t",
            "people": [{"nick": "a", "away": True}, {"nick": "b"}],
        },
        events.Entered("lobby", "t", (Person("a", away=True), Person("b"))),
    ),
    ({"event": "entered", "room": "lobby", "topic": ""}, events.Entered("lobby", "", ())),
    (
        {"event": "departed", "room": "dev", "reason": "spam", "code": "kicked", "current": "lobby"},
        events.Departed("dev", "spam", "kicked", "lobby"),
    ),
    ({"event": "closing", "code": "stopping", "text": "Bye."}, events.Closing("stopping", "Bye.")),
    (
        {"event": "read", "room": "lobby", "upto": 7, "at": AT},
        events.Read("lobby", "", 7, MOMENT),
    ),
    (
        {"event": "read", "room": "", "nick": "al", "upto": 7, "at": AT},
        events.Read("", "al", 7, MOMENT),
    ),
    (
        {"event": "program-joined", "room": "lobby", "nick": "ci", "at": AT},
        events.ProgramJoined("lobby", "ci", "", MOMENT),
    ),
    (
        {"event": "program-left", "room": "lobby", "nick": "ci", "reason": "", "gone": True, "at": AT},
        events.ProgramLeft("lobby", "ci", "", True, MOMENT),
    ),
    (
        {"event": "many-programs-joined", "room": "lobby", "nicks": ["a", "b"], "accounts": ["b"], "at": AT},
        events.ManyProgramsJoined("lobby", ("a", "b"), ("b",), MOMENT),
    ),
    (
        {"event": "many-programs-left", "room": "lobby", "nicks": ["a", "b"], "reason": "", "gone": False, "at": AT},
        events.ManyProgramsLeft("lobby", ("a", "b"), "", False, MOMENT),
    ),
    (
        {"event": "entered", "room": "lobby", "topic": "", "people": [], "programs": [{"nick": "ci"}]},
        events.Entered("lobby", "", (), (Person("ci"),)),
    ),
    (
        {"event": "entered", "room": "lobby", "topic": "", "people": [], "followers": [{"nick": "mia"}], "unnamed": 2},
        events.Entered("lobby", "", (), followers=(Person("mia"),), unnamed=2),
    ),
)


class EventsTest(SynchronousTestCase):
    def test_kinds(self) -> None:
        """Each event of the protocol has its record."""
        for message, record in CASES:
            self.assertEqual(event_of(message), record)

    def test_names(self) -> None:
        """The name of a record, in kebab-case, is its name on the wire."""
        self.assertEqual(_KINDS["many-joined"], events.ManyJoined)
        self.assertEqual(_KINDS["topic-changed"], events.TopicChanged)
        self.assertEqual(len(_KINDS), 25)

    def test_unknown(self) -> None:
        """An event of the future keeps all that the server sent."""
        message = {"event": "polled", "options": [1, 2]}
        self.assertEqual(event_of(message), Unknown("polled", message))
        self.assertEqual(event_of({}), Unknown("", {}))

    def test_unknown_field(self) -> None:
        """A field of the future is there too, and makes no difference between two events."""
        message = {"event": "typing", "room": "lobby", "nick": "al", "active": True, "at": AT}
        event = event_of({**message, "device": "phone"})
        self.assertEqual(event.raw["device"], "phone")
        self.assertEqual((event, hash(event)), (event_of(message), hash(event_of(message))))
        self.assertEqual(event_of({"event": "polled", "x": 1}).raw["x"], 1)
        self.assertNotIn("phone", repr(event))

    def test_matching(self) -> None:
        """A bot tells events apart by pattern."""
        match event_of(CASES[0][0]):
            case events.Said(nick=nick, text="hi"):
                self.assertEqual(nick, "al")
            case other:
                self.fail(str(other))

    def test_times(self) -> None:
        """A time that is none, or that has no zone, is not made up."""
        times: tuple[Any, ...] = ("nonsense", "2026-11-21T09:42:00", 7, None, "", [], "9999-99-99T00:00:00Z")
        for at in times:
            event = event_of({"event": "announced", "text": "", "at": at})
            self.assertEqual(event, events.Announced("", None))

    @given(st.sampled_from(sorted(_KINDS)), st.data())
    def test_anything(self, name: str, data: st.DataObject) -> None:
        """Whatever the fields are, there is a record, and each of its fields has the type it should have."""
        kind = _KINDS[name]
        message = {field.name: data.draw(JSON) for field in fields(kind)}
        event = event_of({**message, "event": name})
        self.assertIs(type(event), kind)
        for field in fields(kind):
            value = getattr(event, field.name)
            if field.type in (int, str, bool):
                self.assertIs(type(value), field.type)
            elif field.name in ("at", "until"):
                self.assertTrue(value is None or value.tzinfo is not None)
            elif field.name == "raw":
                self.assertEqual(value, {**message, "event": name})
            else:
                self.assertIsInstance(value, tuple)
