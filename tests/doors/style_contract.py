"""The contract of every style, whatever it is given to show."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from zope.interface.verify import verifyObject

from groupchat.interfaces.screens import IStyle
from groupchat.model import events
from groupchat.model.preferences import JOINS, Preferences
from groupchat.model.text import CONTINUATION, LINE_ENDS

HOSTILE = st.text(
    st.sampled_from('a \n\r\v\f\t\0\a\b\x1b[]2J\x7f\x85\x9b\x9d\u2028\u2029\u202e\u200b\ud800\U000e0001é😊"\\{}'),
    max_size=20,
)
"""Texts that no journal should have, and one might."""
NUMBERS = st.integers(1, 2**63 - 1)
TIMES = st.floats(0, 2**33, allow_nan=False)
NICKS = st.lists(HOSTILE, min_size=1, max_size=6).map(tuple)

POSTS = st.one_of(
    st.builds(events.Said, NUMBERS, HOSTILE, HOSTILE, TIMES, HOSTILE, st.just(0) | NUMBERS, HOSTILE),
    st.builds(events.Acted, NUMBERS, HOSTILE, HOSTILE, TIMES, HOSTILE, st.just(0) | NUMBERS, HOSTILE),
    st.builds(events.Whispered, NUMBERS, st.just(""), HOSTILE, TIMES, HOSTILE, HOSTILE, st.just(0) | NUMBERS, HOSTILE),
    st.builds(
        events.Edited, NUMBERS, HOSTILE, HOSTILE, TIMES, NUMBERS, HOSTILE, HOSTILE, st.just(0) | NUMBERS, HOSTILE
    ),
    st.builds(
        events.Shared,
        NUMBERS,
        HOSTILE,
        HOSTILE,
        TIMES,
        HOSTILE,
        st.integers(0, 2**50),
        HOSTILE,
        HOSTILE,
        HOSTILE,
        st.just(0) | NUMBERS,
        HOSTILE,
    ),
    st.builds(events.Deleted, NUMBERS, HOSTILE, HOSTILE, TIMES, NUMBERS, HOSTILE),
    st.builds(events.TopicChanged, NUMBERS, HOSTILE, HOSTILE, TIMES, HOSTILE),
    st.builds(
        events.Moderated, NUMBERS, HOSTILE, HOSTILE, TIMES, HOSTILE, HOSTILE, HOSTILE, st.none() | TIMES, HOSTILE
    ),
)
EVENTS = st.one_of(
    POSTS,
    st.builds(events.Joined, HOSTILE, HOSTILE, TIMES, HOSTILE),
    st.builds(events.Left, HOSTILE, HOSTILE, TIMES, HOSTILE, st.booleans()),
    st.builds(events.AwayChanged, HOSTILE, HOSTILE, TIMES, st.booleans(), HOSTILE),
    st.builds(events.ManyJoined, HOSTILE, NICKS, TIMES, st.just(()) | NICKS),
    st.builds(events.ManyLeft, HOSTILE, NICKS, TIMES, HOSTILE, st.booleans()),
    st.builds(events.Renamed, HOSTILE, HOSTILE, TIMES, HOSTILE),
    st.builds(events.Typing, HOSTILE, HOSTILE, TIMES),
    st.builds(events.Announced, HOSTILE, TIMES),
    st.builds(events.HistoryErased, NUMBERS, TIMES),
    st.builds(
        events.Moved,
        HOSTILE,
        st.booleans(),
        st.lists(st.tuples(st.none(), HOSTILE), max_size=5).map(tuple),
        st.integers(0, 9),
        TIMES,
        HOSTILE,
    ),
)
TEXTS = st.lists(HOSTILE, max_size=3).map(tuple)
ITEMS = st.lists(st.dictionaries(HOSTILE, HOSTILE, max_size=3), max_size=3).map(tuple)
ANSWERS = st.one_of(
    st.builds(events.Greeted, HOSTILE, HOSTILE, st.integers(0, 9), HOSTILE),
    st.builds(events.Welcomed, HOSTILE, HOSTILE, NUMBERS, HOSTILE, NUMBERS, TEXTS, HOSTILE, HOSTILE, HOSTILE, TEXTS),
    st.builds(events.Entered, HOSTILE, HOSTILE, st.none() | ITEMS),
    st.builds(events.Departed, HOSTILE, HOSTILE, st.sampled_from(["left", "kicked"]), HOSTILE),
    st.builds(events.Closing, st.sampled_from(["exit", "kicked"]), HOSTILE),
    st.builds(events.Done, st.integers(0, 9), HOSTILE, st.none() | ITEMS.map(lambda items: dict(*items[:1]))),
    st.builds(events.Refused, st.just("nick-taken"), HOSTILE),
    st.builds(events.Told, TEXTS),
    st.builds(events.Listed, HOSTILE, TEXTS, ITEMS),
    st.builds(
        events.Replayed,
        st.sampled_from(["history", "join"]),
        HOSTILE,
        st.lists(POSTS, max_size=3).map(tuple),
        HOSTILE,
        TIMES,
    ),
)

FORBIDDEN = frozenset("".join(map(chr, range(0x20))) + "".join(map(chr, range(0x7F, 0xA0))) + "".join(LINE_ENDS))
"""Characters that move a cursor or end a line; the CR LF at a line's end is checked separately."""


class StyleContract:
    """The contract of every style; ``make`` returns the style under test."""

    def make(self, preferences: Preferences) -> Any:
        raise NotImplementedError

    def lines(self: Any, rendered: bytes) -> list[str]:
        """The lines of this, each of which must be whole and harmless."""
        *lines, rest = rendered.decode().split("\r\n")
        self.assertEqual(rest, "")
        for line in lines:
            self.assertTrue(line)
            self.assertEqual(FORBIDDEN.intersection(line), frozenset())
        return lines

    def test_interface(self: Any) -> None:
        """It is what the core takes it for, and knows whose style it is."""
        style = self.make(Preferences(echo=True))
        verifyObject(IStyle, style)
        self.assertEqual(style.preferences, Preferences(echo=True))
        for fact in ("resumes", "attended", "prose"):
            self.assertIsInstance(getattr(style, fact), bool)

    def test_same_preferences(self: Any) -> None:
        """Equal preferences have one style, others another."""
        self.assertIs(self.make(Preferences()), style := self.make(Preferences()))
        self.assertIsNot(style, self.make(Preferences(echo=True)))

    # The functions to try are within the tests: Hypothesis wants each for one class only.

    def test_one_line_each(self: Any) -> None:
        """An event becomes one line, or none; in text the day's line may come before it, and its other lines after."""

        @given(st.lists(EVENTS, max_size=3), TIMES, st.booleans(), st.sampled_from(JOINS))
        def check(shown: list[Any], before: float, marked: bool, joins: str) -> None:
            renderings = self.make(Preferences(joins=joins)).render(shown, [before] * len(shown), marked)
            self.assertEqual(len(renderings), len(shown))
            for rendered in renderings:
                lines = self.lines(rendered)
                *days, _ = [line for line in lines if not line.startswith(CONTINUATION)] or [""]
                self.assertFalse(any(line.startswith(CONTINUATION) for line in lines[: len(days) + 1]))
                self.assertLessEqual(len(days), 1)
                self.assertTrue(all(day.startswith("-- ") for day in days))

        check()

    def test_each_alone(self: Any) -> None:
        """What is made of an event does not depend on the others beside it: it is used again for other readers."""

        @given(st.lists(st.tuples(POSTS, TIMES), max_size=5), st.booleans())  # fewer than a style shows as one
        def check(shown: list[tuple[Any, float]], marked: bool) -> None:
            style = self.make(Preferences())
            together = style.render([event for event, _ in shown], [before for _, before in shown], marked)
            alone = [style.render([event], [before], marked)[0] for event, before in reversed(shown)]
            self.assertEqual(together, alone[::-1])

        check()

    def test_answers(self: Any) -> None:
        """The lines of an answer are whole and harmless, whatever it contains."""

        @given(ANSWERS, st.one_of(st.none(), HOSTILE, st.lists(HOSTILE)), HOSTILE)
        def check(answer: Any, ref: Any, current: str) -> None:
            self.lines(self.make(Preferences()).answer(answer, ref, current))

        check()

    def test_never_their_own_presence(self: Any) -> None:
        """People are never shown their own presence, whatever they prefer."""
        for event in (
            events.Joined("lobby", "bob", 0),
            events.Left("lobby", "bob", 0),
            events.AwayChanged("lobby", "bob", 0, True),
            events.Typing("lobby", "bob", 0),
        ):
            self.assertFalse(self.make(Preferences(echo=True)).echoes(event))
