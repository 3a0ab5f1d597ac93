"""The line for each event, and the names, mentions and links in it."""

import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.protocol import Message
from groupchat.stdio.phrases import Reader, departure, fields_of, phrase
from groupchat.stdio.printable import one_line

ANYTHING = st.text(st.characters(exclude_categories=()))
POST: Message = {"id": 7, "room": "lobby", "nick": "al", "text": "hi", "at": "2026-11-21T09:42:00Z", "to": ""}
FORMS: tuple[tuple[Message, str], ...] = (
    ({"event": "said"}, "#7 al: hi"),
    ({"event": "acted"}, "#7 * al hi"),
    ({"event": "acted", "to": "bo", "room": ""}, "#7 * al -> bo hi"),
    ({"event": "edited", "target": 5, "acted": True}, "#5 * al (edited) hi"),
    ({"event": "whispered", "room": "", "to": "bob"}, "#7 al -> bob: hi"),
    (
        {"event": "shared", "name": "cat.jpg", "size": 1234567, "link": "/f/ID/cat.jpg"},
        "#7 al shared cat.jpg (1.2 MB): http://chat:5000/f/ID/cat.jpg",
    ),
    (
        {
            "event": "shared",
            "name": "a",
            "size": None,
            "link": "/f/ID/a",
            "room": "",
            "to": "bob",
            "reply": 5,
            "reply_nick": "bo",
        },
        "#7 al -> bob (re #5 bo) shared a (of unknown size): http://chat:5000/f/ID/a",
    ),
    (
        {"event": "shared", "name": "a", "size": 10**400, "link": "@evil.example/f/ID/a"},
        "#7 al shared a (of unknown size): at no address",
    ),
    ({"event": "shared", "name": "a", "size": 1, "link": None}, "#7 al shared a (1 byte): at no address"),
    ({"event": "shared", "name": "a", "size": 1, "link": "/f/x\n"}, "#7 al shared a (1 byte): at no address"),
    ({"event": "edited", "target": 3}, "#3 al (edited): hi"),
    ({"event": "edited", "target": 3, "to": "bob", "room": ""}, "#3 al -> bob (edited): hi"),
    ({"event": "deleted", "target": 3}, "#3 was deleted by al"),
    ({"event": "said", "reply": 5, "reply_nick": "bo"}, "#7 al (re #5 bo): hi"),
    ({"event": "acted", "reply": 5, "reply_nick": "bo"}, "#7 * al (re #5 bo) hi"),
    ({"event": "whispered", "to": "bob", "room": "", "reply": 5, "reply_nick": "bo"}, "#7 al -> bob (re #5 bo): hi"),
    ({"event": "edited", "target": 3, "reply": 5, "reply_nick": "bo"}, "#3 al (re #5 bo) (edited): hi"),
    ({"event": "topic-changed"}, "* topic of lobby, by al: hi"),
    ({"event": "topic-changed", "text": ""}, "* topic of lobby, by al: (none)"),
    ({"event": "moderated", "text": "banned eve"}, "* al banned eve"),
    ({"event": "joined"}, "* al joined lobby"),
    ({"event": "left"}, "* al left lobby"),
    ({"event": "left", "reason": "tea"}, "* al left lobby (tea)"),
    ({"event": "renamed", "new": "bo"}, "* al is now bo"),
    ({"event": "announced", "text": "Stopping."}, "-- Stopping."),
)


class PhraseTest(SynchronousTestCase):
    def line(self, event: Message, room: str = "lobby") -> str | None:
        made = phrase(event, Reader("al", "http://chat:5000"), room)
        return None if made is None else str(made)

    def test_forms(self) -> None:
        """Each event has the form that it has in the text protocol."""
        for event, form in FORMS:
            self.assertEqual(self.line({**POST, **event}), form)

    def test_nothing_for_people(self) -> None:
        """Typing, answers and events of the future make no line."""
        for name in ("typing", "away-changed", "entered", "departed", "closing", "polled", ""):
            self.assertIsNone(self.line({**POST, "event": name}))

    def test_another_room(self) -> None:
        """Lines from another room are marked with its name; sentences that name the room anyway are not."""
        self.assertEqual(self.line({**POST, "event": "said"}, "dev"), "(lobby) #7 al: hi")
        self.assertEqual(self.line({**POST, "event": "whispered", "room": "", "to": "bo"}, "dev"), "#7 al -> bo: hi")
        for name in ("joined", "left", "topic-changed"):
            line = self.line({**POST, "event": name}, "dev")
            assert line is not None
            self.assertEqual(line.count("lobby"), 1)

    def test_crowds(self) -> None:
        """Three of many people are named, and the others counted, those that an older server leaves out too."""
        for nicks, others, words in (
            (["a"], None, "a"),
            (["a", "b"], None, "a and b"),
            (["a", "b", "c"], None, "a, b and c"),
            (["a", "b", "c", "d"], None, "a, b, c and 1 other"),
            ([*"abcdefg"], None, "a, b, c and 4 others"),
            (["a", "b", "c"], 54, "a, b, c and 54 others"),
            (["a", "b", "c"], "many", "a, b and c"),
            ([], None, ""),
        ):
            more = {} if others is None else {"others": others}
            event: Message = {"event": "many-joined", "room": "lobby", "nicks": nicks, **more}
            self.assertEqual(self.line(event), f"* {words} joined lobby")
        left = {"event": "many-left", "room": "lobby", "nicks": ["a", "b"], "reason": "net split"}
        self.assertEqual(self.line(left), "* a and b left lobby (net split)")

    def test_missing_fields(self) -> None:
        """A field that the server leaves out is empty."""
        self.assertEqual(self.line({"event": "said"}), "# : ")
        self.assertEqual(self.line({"event": "many-joined"}), "*  joined ")

    @given(
        st.sampled_from([str(event["event"]) for event, _ in FORMS] + ["many-joined", "many-left"]),
        st.dictionaries(
            st.sampled_from(["id", "nick", "text", "room", "to", "reason", "new", "nicks", "others", "target"]),
            ANYTHING | st.integers() | st.none() | st.lists(ANYTHING),
        ),
    )
    def test_harmless(self, name: str, event: Message) -> None:
        """Whatever the server sends, a terminal obeys it nowhere; only what people say can have several lines."""
        text = self.line({**event, "event": name})
        assert text is not None
        lines = text.split("\n")
        self.assertEqual([one_line(line) for line in lines], lines)
        if name not in ("said", "acted", "whispered", "edited"):
            self.assertEqual(len(lines), 1)

    def test_braces(self) -> None:
        """Braces in what people say or are called stay as they are."""
        self.assertEqual(self.line({**POST, "event": "moderated", "text": "set {nick} {0}"}), "* al set {nick} {0}")


class DepartureTest(SynchronousTestCase):
    def test_sentences(self) -> None:
        """Losing a room is told with the reason, and where lines go now; leaving one is answered already."""
        lost = {"event": "departed", "room": "dev", "reason": "spam", "code": "kicked", "current": "lobby"}
        self.assertEqual(departure(lost), "You are no longer in dev: spam. Your lines go to lobby now.")
        lost = {**lost, "reason": "", "current": ""}
        self.assertEqual(departure(lost), "You are no longer in dev. You are in no room now.")
        told = "You are no longer in dev: You are banned. You are in no room now."
        self.assertEqual(departure({**lost, "reason": "You are banned."}), told)
        self.assertIsNone(departure({**lost, "code": "left"}))
        self.assertIsNone(departure({**lost, "event": "left"}))


class ReaderTest(SynchronousTestCase):
    def test_mentions(self) -> None:
        """The nickname counts as a word of its own, with an @ or without, in capitals or not."""
        reader = Reader("al")
        for text in ("al", "hi AL!", "@al: hi", "(al)", "al, bo"):
            self.assertTrue(reader.mentions(text), text)
        for text in ("also", "real", "al-b", "x.al", "", "bo"):
            self.assertFalse(reader.mentions(text), text)

    def test_another_nickname(self) -> None:
        """Only the present nickname counts; without one nothing does."""
        reader = Reader("al")
        reader.be("bo.b")
        self.assertTrue(reader.is_me("BO.B"))
        self.assertEqual(
            (reader.mentions("bo.b?"), reader.mentions("boxb"), reader.mentions("al")), (True, False, False)
        )
        self.assertFalse(Reader("").mentions("anything"))

    def test_parts(self) -> None:
        """Links and mentions are parts of their own; a nickname within a link is none."""
        parts = Reader("al").parts("al: see https://al/x?al and ask al")
        self.assertEqual(
            [part for part in parts if part[1]],
            [
                ("mention", "al"),
                ("text", ": see "),
                ("link", "https://al/x?al"),
                ("text", " and ask "),
                ("mention", "al"),
            ],
        )

    @given(st.from_regex(re.compile("[a-zA-Z][a-z.-]{1,5}"), fullmatch=True), ANYTHING)
    def test_nothing_is_lost(self, nick: str, text: str) -> None:
        """The parts together are the text, whatever it is."""
        self.assertEqual("".join(part for _, part in Reader(nick).parts(text)), text)


class FieldsTest(SynchronousTestCase):
    @given(st.dictionaries(ANYTHING, ANYTHING))
    def test_safe(self, event: Message) -> None:
        """Every field is one line, safe for a terminal."""
        for value in fields_of(event).values():
            self.assertEqual(one_line(value), value)
