"""Split texts into the words that a search compares, in any script, without regard to case and accents.

In scripts written without spaces between words (Chinese, Japanese, Thai, Khmer…) each character counts as a word.
So does each character of hangul, whose particles stick to the words, and each emoji.
A query in such a script is a phrase of characters, so words of one or two characters are found too;
trigrams cannot do that.

The rules are here and not in a tokenizer of SQLite, so that every journal finds the same messages.
A change of these rules makes search indexes wrong, and needs a new file in ``schema`` that empties the index.
"""

import unicodedata
from collections.abc import Sequence

from groupchat.lazy.records import record
from groupchat.model.errors import BadArguments
from groupchat.model.text import SEARCH

PHRASES_MAX = 32
"""Most different words of one search: people type far fewer, and each costs time."""

WORDS_MAX = 64
"""Most words of all its phrases together: each is looked up by itself.

A sentence of Chinese is one phrase, in which each character is a word.
"""

REMEMBERED = 16384
"""Most characters whose spelling is remembered: more than any language has, and 2 MiB; there are a million in all."""

PREFIX_MIN = 2
"""Fewest letters of a last word that may go on: a single letter would match a tenth of all words, which is useless."""

_APART = (
    (0x0E00, 0x109F),  # Thai, Lao, Tibetan, Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19FF),  # Tai Le, New Tai Lue, Khmer symbols
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x3005, 0x3007),  # ideographic iteration mark, zero
    (0x3021, 0x312F),  # kana, bopomofo
    (0x31A0, 0x31FF),
    (0x3400, 0x9FFF),  # CJK ideographs
    (0xA9E0, 0xA9FF),  # Myanmar, Tai Viet
    (0xAA60, 0xAADF),
    (0xAC00, 0xD7A3),  # hangul
    (0xF900, 0xFAFF),
    (0x1AFF0, 0x1B16F),  # kana supplements
    (0x20000, 0x3FFFF),  # CJK ideographs
)
_ACCENTS = (
    (0x0300, 0x036F),  # Latin, Greek, Cyrillic
    (0x0591, 0x05C7),  # Hebrew points
    (0x064B, 0x065F),  # Arabic vowel signs
    (0x0670, 0x0670),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xFE00, 0xFE2F),  # variation selectors: with and without, an emoji is the same
)
_DROP = {code: None for first, last in _ACCENTS for code in range(first, last + 1)}


def _apart(code: int) -> bool:
    return any(first <= code <= last for first, last in _APART)


class _Spelling(dict[int, str]):
    """The replacement of each character, computed on first use: itself, itself between spaces, or a space."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if category == "So" or (category[0] in "LMN" and _apart(code)):
            spelling = f" {character} "
        elif category[0] in "LMN":
            spelling = character
        else:
            spelling = " "
        if len(self) < REMEMBERED:
            self[code] = spelling
        return spelling


_SPELLING = _Spelling()

_ASCII = "".join(_SPELLING[ord(chr(code).lower())] for code in range(128)).encode("ascii").ljust(256)
"""The same for the bytes of ASCII, and in lower case: a line is looked up by one table in a tenth of the time."""


def spaced(text: str) -> str:
    """Return the words of a text in lower case, without accents, separated by spaces."""
    if text.isascii():
        return text.encode("ascii").translate(_ASCII).decode("ascii")
    bare = unicodedata.normalize("NFKD", text).casefold()
    # Folding case can produce new compatibility forms; composing joins hangul and kana again.
    bare = unicodedata.normalize("NFKD", bare).translate(_DROP)
    return unicodedata.normalize("NFC", bare).translate(_SPELLING)


@record
class Phrase:
    """Words that must be side by side; with ``prefix``, the last may be the beginning of a word."""

    words: tuple[str, ...]
    prefix: bool = False


def phrases(query: str) -> tuple[Phrase, ...]:
    """Read a query: a message matches when it has all the phrases; spaces separate phrases.

    The last word may be the beginning of a word, from two letters on.

    :raises BadArguments: the query has no word, or is too long.
    """
    runs = [words for part in SEARCH.check(query).split() if (words := tuple(spaced(part).split()))]
    if not runs:
        raise BadArguments("There is no word to search for: /search TEXT")
    last = runs[-1][-1]
    prefix = len(last) >= PREFIX_MIN
    found = dict.fromkeys([*(Phrase(words) for words in runs[:-1]), Phrase(runs[-1], prefix)])
    return tuple(found)


def whole(text: str) -> Phrase:
    """Return the phrase of all words of a text, each of which is whole.

    :raises BadArguments: it has no word.
    """
    words = tuple(spaced(text).split())
    if not words:
        raise BadArguments(f"There is no word to search for in {text or 'an empty phrase'}.")
    return Phrase(words)


def stands(phrase: Phrase, words: Sequence[str]) -> bool:
    """Tell whether the words of a text have the phrase."""
    *before, last = phrase.words
    for end in range(len(before), len(words)):
        fits = words[end].startswith(last) if phrase.prefix else words[end] == last
        if fits and words[end - len(before) : end] == before:
            return True
    return False
