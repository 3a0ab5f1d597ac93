"""The language of searches: what each part means, and what is refused."""

import contextlib
from dataclasses import fields
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.errors import BadArguments
from groupchat.verbs.grammar.search_terms import KEYS, Terms, terms


def given_in(line: str) -> dict[str, Any]:
    """Return what a search says, without what it says nothing about."""
    found = terms(line)
    said = {one.name: getattr(found, one.name) for one in fields(Terms)}
    return {name: value for name, value in said.items() if value not in ("", [], None)}


class TermsTest(SynchronousTestCase):
    def test_words(self) -> None:
        """What is no condition is a word, as it always was: addresses, times, emoji, signs and unknown keys, too."""
        for line in (
            "red fo", "http://example.org/x?from:bob", "12:30", "TODO:fix", "a-b", "--help", "don't", "->", "5\" disk",
            "e.from:bob", ":) :+1:", "xfrom:bob", "- dash", "text:near", "froms:bob", "*", "C:\\from",
        ):  # fmt: skip
            self.assertEqual(given_in(line), {"words": line.split()}, line)
        self.assertEqual(given_in("  "), {})

    def test_phrases(self) -> None:
        """Phrases stand in quotation marks of several kinds, and may stand beside words without a blank."""
        self.assertEqual(given_in('a "b  c" d'), {"words": ["a", "d"], "phrases": ["b  c"]})
        self.assertEqual(given_in("“b c” „d e“"), {"phrases": ["b c", "d e"]})
        self.assertEqual(given_in('"from:bob"x'), {"phrases": ["from:bob"], "words": ["x"]})
        self.assertEqual(given_in('-"b c" -d -😊'), {"without": ["b c", "d", "😊"]})

    def test_conditions(self) -> None:
        """Each condition is read, in any case; nicknames with their @, numbers with or without their #."""
        for line, expected in (
            ("From:Bob x", {"author": "Bob", "words": ["x"]}),
            ("from:@bob", {"author": "bob"}),
            ('from:"bob"', {"author": "bob"}),
            ("-from:bob -from:ci x", {"not_authors": ["bob", "ci"], "words": ["x"]}),
            ("in:#dev x", {"room": "#dev", "words": ["x"]}),
            ("with:bob", {"partner": "bob"}),
            ("has:file HAS:Link", {"has": ["file", "link"]}),
            ("-has:link x", {"has_not": ["link"], "words": ["x"]}),
            ("before:2026-11-01 after:2026-1-2", {"before": date(2026, 11, 1), "after": date(2026, 1, 2)}),
            ("before:#41 after:7", {"before": 41, "after": 7}),
            ("on:2026-11-21", {"on": date(2026, 11, 21)}),
        ):
            self.assertEqual(given_in(line), expected, line)

    def test_refused(self) -> None:
        """What is malformed is refused, with what to write instead."""
        for line, words in (
            ("from: bob", 'Write from:bob, without a blank. To search for the word, write "from:".'),
            ("x in:", 'Write in:dev, without a blank. To search for the word, write "in:".'),
            ('x "a b', 'A phrase ends with a quotation mark, too: "two words".'),
            ('from:"bob', 'A phrase ends with a quotation mark, too: "two words".'),
            ('-"a', 'A phrase ends with a quotation mark, too: "two words".'),
            ("before:yesterday", "before:yesterday is no day; write it like before:2026-11-21 or before:#41."),
            ("on:41", "on:41 is no day; write it like on:2026-11-21."),
            ("after:2026-02-30", "There is no day 2026-02-30; write it like 2026-11-21."),
            ("after:0000-01-01", "There is no day 0000-01-01; write it like 2026-11-21."),
            ("before:9999-12-31", "A day is from 1970-01-01 to 9998-12-31, not 9999-12-31."),
            ("has:cheese", "has: takes file or link, not cheese."),
            ("from:a from:b", "from: can stand in a search only once."),
            ("-in:dev x", "in: cannot be turned round by a -."),
            ("from:" + "a" * 193, None),
            ("in:" + "a" * 65, None),
            ("before:" + "9" * 99, None),
        ):
            error = self.assertRaises(BadArguments, terms, line)
            if words is not None:
                self.assertEqual(str(error), words, line)

    @given(st.lists(st.sampled_from([*KEYS, ":", '"', "-", "x", " ", "#4", "“", "2026-01-01", "file"])))
    def test_anything(self, pieces: list[str]) -> None:
        """Whatever is typed is read or refused."""
        with contextlib.suppress(BadArguments):
            terms("".join(pieces))
