"""What reaches the scrollback: looks, widths, words, and nothing that a terminal obeys."""

import re
from datetime import date
from typing import Any

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.stdio.phrases import Reader
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.colours import Paint
from groupchat.terminal.display.display import SpokenDisplay, VisualDisplay
from groupchat.terminal.display.views import View
from groupchat.terminal.display.wrapping import columns

ANYTHING = st.text(st.characters(exclude_categories=()))
SGR = re.compile(r"\x1b\[[\d;]*m")
TODAY = date(2026, 11, 21)
EVENTS: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("said", {}, "09:42:00 #41 bob: hi", "bob says: hi"),
    ("said", {"nick": "alice"}, "09:42:00 #41 alice: hi", "You say: hi"),
    ("said", {"text": "hi Alice"}, "09:42:00 #41 bob: hi Alice", "bob mentions you: hi Alice"),
    ("said", {"room": "dev"}, "09:42:00 (dev) #41 bob: hi", "In dev: bob says: hi"),
    ("acted", {"text": "waves"}, "09:42:00 #41 * bob waves", "bob, in action: bob waves"),
    ("whispered", {"room": "", "to": "alice"}, "09:42:00 #41 bob -> alice: hi", "bob tells you in private: hi"),
    ("edited", {"target": 40, "to": ""}, "09:42:00 #40 bob (edited): hi", "bob changed message 40 to: hi"),
    ("deleted", {"target": 40}, "09:42:00 #40 was deleted by bob", "bob deleted message 40"),
    ("topic-changed", {"text": ""}, "09:42:00 * topic of lobby, by bob: (none)",
     "bob set the topic of lobby to: nothing"),
    ("moderated", {"text": "kicked eve"}, "09:42:00 * bob kicked eve", "bob kicked eve"),
    ("joined", {}, "09:42:00 * bob joined lobby", "bob joined lobby"),
    ("left", {"reason": "tea"}, "09:42:00 * bob left lobby (tea)", "bob left lobby: tea"),
    ("many-joined", {"nicks": ["a", "b"], "others": 5}, "09:42:00 * a, b and 5 others joined lobby",
     "a, b and 5 others joined lobby"),
    ("many-left", {"nicks": ["a", "b"], "others": 0}, "09:42:00 * a and b left lobby", "a and b left lobby"),
    ("renamed", {"new": "robert"}, "09:42:00 * bob is now robert", "bob is now called robert"),
    ("announced", {"text": "Soon."}, "-- Soon.", "The server says: Soon."),
)  # fmt: skip
KINDS = sorted({kind for kind, *_ in EVENTS})


def event(kind: str = "said", **fields: Any) -> dict[str, Any]:
    usual = {"id": 41, "room": "lobby", "nick": "bob", "text": "hi", "at": "2026-11-21T09:42:00.123Z"}
    return {"event": kind, **usual, **fields}


def sight(width: int = 80) -> VisualDisplay:
    made = VisualDisplay(Reader("alice"), Paint(256), lambda: width, TODAY)
    made.timestamps.use_zone("UTC")
    return made


def bare(text: str | None) -> str:
    """Without looks."""
    return SGR.sub("", text or "")


class ViewTest(SynchronousTestCase):
    """What stands before the posts of the view to which the person has come."""

    def test_room(self) -> None:
        """A rule has the room's name, and what is unread there; below it stands the topic."""
        view = View(Place("dev"))
        self.assertEqual(bare(sight(40).view(view)), "──── dev ───────────────────────────────")
        self.assertEqual(bare(sight(8).view(view)), "──── dev")
        view.unread, view.mentions, view.topic = 1200, 2, "build\x1b 1204"
        shown = ("──── dev ── 1,200 unread, 2 for you ────", "* topic: build\ufffd 1204")
        self.assertEqual(bare(sight(40).view(view)).split("\n"), [*shown])
        spoken = SpokenDisplay(Reader("alice"), TODAY)
        self.assertEqual(
            spoken.view(view), "You are in dev now. 1,200 unread, 2 for you. The topic is: build\ufffd 1204"
        )

    def test_shown_above(self) -> None:
        """What was shown already is announced as such."""
        view = View(Place(nick="bob"))
        view.unread = view.mentions = 1
        view.counted = 7
        view.shown_elsewhere(7)
        self.assertEqual(bare(sight(60).view(view)), "──── bob, in private ── 1 unread, shown above ──────────────")
        spoken = SpokenDisplay(Reader("alice"), TODAY)
        self.assertEqual(spoken.view(view), "You write to bob in private now. 1 unread, shown above.")
        view.unread = view.mentions = 2
        self.assertEqual(spoken.view(view), "You write to bob in private now. 2 unread, 1 shown above.")
        room = View(Place("dev"))
        for number in 1, 2:
            room.add_news(number, False)
            room.shown_elsewhere(number)
        room.shown_elsewhere(3)  # an act of an operator, which is no message
        self.assertEqual(spoken.view(room), "You are in dev now. 2 unread, shown above.")
        room.add_news(4, True)
        self.assertEqual(spoken.view(room), "You are in dev now. 3 unread, 1 for you, 2 shown above.")


class Looks(SynchronousTestCase):
    def test_every_event(self) -> None:
        """Each event has its line for the eye, with the numbers that commands take, and its sentence for the ear."""
        sound = SpokenDisplay(Reader("alice"), TODAY)
        sound.timestamps.use_zone("UTC")
        for kind, fields, line, sentence in EVENTS:
            self.assertEqual(bare(sight().event(event(kind, **fields), "lobby")), line)
            self.assertEqual(sound.event(event(kind, **fields), "lobby"), sentence)
        for kind in ("typing", "of-the-future"):
            self.assertIsNone(sight().event(event(kind), "lobby"))
            self.assertIsNone(sound.event(event(kind), "lobby"))

    def test_highlights(self) -> None:
        """Mentions, links and one's own name look different; a name within a word or a link is no mention."""
        shown = sight().event(event(text="hi Alice, see http://x.org/alice malice"), "lobby") or ""
        self.assertEqual(re.findall(r"\x1b\[1;7m(.*?)\x1b", shown), ["Alice"])
        self.assertEqual(re.findall(r"\x1b\[4m(.*?)\x1b", shown), ["http://x.org/alice"])
        own = sight().event(event(nick="alice", text="I am alice, `a  b`"), "lobby") or ""
        self.assertNotIn("\x1b[1;7m", own)
        self.assertIn("\x1b[1;4malice", sight().event(event(nick="alice"), "lobby") or "")

    def test_times(self) -> None:
        """Timestamps are those of the zone and the form one likes."""
        display = sight()
        display.timestamps.use_zone("Asia/Tokyo")
        self.assertEqual(bare(display.event(event(), "lobby")), "18:42:00 #41 bob: hi")
        display.timestamps.form = "minutes"
        self.assertEqual(bare(display.event(event(), "lobby")), "18:42 #41 bob: hi")
        display.timestamps.form = "off"
        self.assertEqual(bare(display.event(event(), "lobby")), "#41 bob: hi")

    def test_days(self) -> None:
        """The first message of another day is preceded by a rule as wide as the terminal, once."""
        display = sight(50)
        rule, line = bare(display.event(event(at="2026-11-20T23:59:00Z"), "lobby")).split("\n")
        self.assertEqual((rule.strip("─ "), columns(rule)), ("Friday 20 November 2026", 50))
        self.assertEqual(line, "23:59:00 #41 bob: hi")
        self.assertNotIn("─", display.event(event(at="2026-11-20T23:59:01Z"), "lobby") or "")

    def test_answers(self) -> None:
        """Answers are told from messages, and refusals from both; two columns stay two columns."""
        self.assertEqual(bare(sight().answer("one\ntwo")), "-- one\n-- two")
        self.assertEqual(bare(sight().refused("nick-taken", "No.")), "!! nick-taken: No.")
        self.assertEqual(bare(sight(34).answer("/me TEXT  Say what you do all day")).split("\n")[1], " " * 13 + "day")

    def test_indented(self) -> None:
        """Further lines begin under the text; wide characters count as two columns."""
        shown = bare(sight(40).event(event(text="日本語の文章 and some more words that go on"), "lobby"))
        self.assertEqual(
            shown.split("\n"), ["09:42:00 #41 bob: 日本語の文章 and some", " " * 18 + "more words that go on"]
        )

    def test_long_word(self) -> None:
        """A word that fits no line begins where the last ended; a link is never broken, so that it can be clicked."""
        shown = bare(sight(40).event(event(text="see " + "x" * 50), "lobby")).split("\n")
        self.assertEqual([len(line) for line in shown], [40, 40, 18 + 50 - 18 - 22])
        link = "http://example.org/" + "y" * 60
        shown = bare(sight(40).event(event(text=f"see {link} now"), "lobby")).split("\n")
        self.assertEqual(shown, ["09:42:00 #41 bob: see", link, " " * 18 + "now"])


class Safety(SynchronousTestCase):
    @settings(deadline=None, max_examples=150)
    @given(st.sampled_from(KINDS), ANYTHING, ANYTHING, st.integers(8, 100))
    def test_nothing_is_obeyed(self, kind: str, text: str, name: str, width: int) -> None:
        """Whatever a server sends, the terminal's modes and title, and what was written before, stay as they were."""
        screen = pyte.Screen(width, 400)
        modes = set(screen.mode)
        stream = pyte.Stream(screen)
        stream.feed("safe\r\n")
        fields = dict.fromkeys(("nick", "to", "new", "reason", "room", "at", "others", "target", "id"), name)
        for display in (sight(width), SpokenDisplay(Reader("alice"), TODAY)):
            for shown in (
                display.event({"event": kind, **fields, "nicks": [text, name], "text": text}, "lobby"),
                display.answer(text), display.refused(name, text), display.remark(text),
            ):  # fmt: skip
                controls = {char for char in bare(shown) if ord(char) < 32 or 127 <= ord(char) < 160}
                self.assertEqual(controls - {"\n"}, set())
                stream.feed((shown or "").replace("\n", "\r\n") + "\r\n")
        self.assertNotIn("\x1b", SpokenDisplay(Reader("alice"), TODAY).answer(text))
        self.assertEqual((screen.mode, screen.title), (modes, ""))
        self.assertEqual(screen.display[0][:4], "safe")


class ViewsInWordsTest(SynchronousTestCase):
    """What screen readers read when the person goes to another room."""

    def setUp(self) -> None:
        self.display = SpokenDisplay(Reader("alice"), TODAY)

    def test_view(self) -> None:
        """The room, what is unread, and the topic are sentences."""
        view = View(Place("dev"), topic="releases", unread=3, mentions=1)
        self.assertEqual(self.display.view(view), "You are in dev now. 3 unread, 1 for you. The topic is: releases")
