"""The words that a search compares."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.rules.finding import Finder
from groupchat.journals.rules.words import (
    PHRASES_MAX,
    REMEMBERED,
    WORDS_MAX,
    Phrase,
    _Spelling,
    phrases,
    spaced,
    stands,
    whole,
)
from groupchat.model.errors import BadArguments
from groupchat.model.message.sought import Sought


def found(words: str, without: tuple[str, ...] = ()) -> Finder:
    return Finder(Sought(words, without=without))


def matches(wanted: Sequence[Phrase], text: str) -> bool:
    """Tell whether the text has all the phrases."""
    words = spaced(text).split()
    return all(stands(phrase, words) for phrase in wanted)


class SpacedTest(SynchronousTestCase):
    def test_scripts(self) -> None:
        """Case and accents do not count; scripts without spaces are set apart by character, as is each emoji."""
        for text, expected in [
            ("Hello, World!", "hello world"),
            ("Café ÉCOLE Straße", "cafe ecole strasse"),
            ("don't", "don t"),
            ("天気がいい", "天 気 が い い"),
            ("안녕 world", "안 녕 world"),
            ("สวัสดี", None),
            ("hi😀there", "hi 😀 there"),
            ("❤️ ❤", "❤ ❤"),
            ("ﬁne ½", "fine 1 2"),
            ("snake_case", "snake case"),
            ("", ""),
        ]:
            if expected is None:
                self.assertGreater(len(spaced(text).split()), 3, text)
            else:
                self.assertEqual(spaced(text).split(), expected.split(), text)

    @given(st.text(max_size=30))
    def test_stable(self, text: str) -> None:
        """Words are made of their own words: what a search finds does not depend on how often they are taken apart."""
        words = spaced(text).split()
        self.assertEqual(spaced(" ".join(words)).split(), words)

    @given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=10))
    def test_case(self, text: str) -> None:
        """A word is found in capitals too."""
        self.assertEqual(spaced(text.lower().upper().lower()).split(), spaced(text.lower().upper()).split())


class PhrasesTest(SynchronousTestCase):
    def test_last_may_go_on(self) -> None:
        """The last word may be the beginning of one, from two letters on."""
        self.assertEqual(phrases("red fo"), (Phrase(("red",)), Phrase(("fo",), True)))
        self.assertEqual(phrases("red f"), (Phrase(("red",)), Phrase(("f",))))

    def test_side_by_side(self) -> None:
        """Words that are typed without a space are found side by side."""
        self.assertEqual(phrases("don't 天気"), (Phrase(("don", "t")), Phrase(("天", "気"))))

    def test_repeated(self) -> None:
        """A word that is asked for twice is looked for once, so that it costs once."""
        self.assertEqual(len(phrases("red red Red x")), 2)

    def test_nothing(self) -> None:
        """A query without a word is refused, and says how one is made."""
        for query in ("", "  ", "!?", "\u0301"):
            self.assertIn("/search TEXT", str(self.assertRaises(BadArguments, phrases, query)))

    def test_too_many(self) -> None:
        """A search takes a limited number of words."""
        words = [f"w{number}" for number in range(PHRASES_MAX)]
        self.assertEqual(len(phrases(" ".join(words))), PHRASES_MAX)
        self.assertRaises(BadArguments, found, " ".join([*words, "more"]))
        self.assertRaises(BadArguments, found, "w0", without=tuple(words))


class MatchesTest(SynchronousTestCase):
    def test_matches(self) -> None:
        """All phrases must be there, in any order, each side by side."""
        for query, text, expected in [
            ("fox red", "A red fox", True),
            ("red blue", "A red fox", False),
            ("fo", "A red fox", True),
            ("ox", "A red fox", False),
            ("don't", "I don't", True),
            ("don't", "t don", False),
            ("天気", "今日は天気がいい", True),
            ("気天", "今日は天気がいい", False),
            ("cafe", "Café", True),
        ]:
            self.assertEqual(matches(phrases(query), text), expected, (query, text))

    @given(st.text(st.characters(categories=["L", "N", "Zs", "So"]), max_size=20))
    def test_itself(self, text: str) -> None:
        """Every text that has a word is found by itself."""
        try:
            wanted = phrases(text)
        except BadArguments:
            return
        self.assertTrue(matches(wanted, text))


class LimitTests(SynchronousTestCase):
    def test_words(self) -> None:
        """Words are counted in all, those between signs and in scripts without spaces too; repeated phrases once."""
        signs = ".".join("ab" * (WORDS_MAX // 2))
        self.assertEqual(len(phrases(signs)[0].words), WORDS_MAX)
        self.assertRaises(BadArguments, found, f"{signs}.a")
        self.assertRaises(BadArguments, found, f"{signs} c")
        self.assertRaises(BadArguments, found, "\u5929" * (WORDS_MAX + 1))
        self.assertEqual(len(phrases("a.b " * 60)), 1)

    def test_whole(self) -> None:
        """A phrase has a word; all of its words are whole."""
        self.assertEqual(whole("Red, fo"), Phrase(("red", "fo")))
        self.assertRaises(BadArguments, whole, "://")

    def test_length(self) -> None:
        """A search that is too long is refused before it is taken apart."""
        self.assertRaises(BadArguments, phrases, "\ufdfa" * 257)
        self.assertRaises(BadArguments, found, "\ufdfa" * 256)  # these are a thousand words

    def test_spellings(self) -> None:
        """Not every character that was ever said is remembered: there are a million."""
        spelling = _Spelling()
        for code in range(0x10000, 0x10000 + 2 * REMEMBERED):
            self.assertIn(spelling[code], (chr(code), f" {chr(code)} ", " "))
        self.assertEqual(len(spelling), REMEMBERED)
