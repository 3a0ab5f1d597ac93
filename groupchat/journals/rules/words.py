"""What a search compares: the words of a text, in any script, without regard to case and accents.

Scripts written without spaces between words (Chinese, Japanese, Thai, Khmer…) have each character count as a word,
and so has hangul, whose particles stick to the words, and every emoji.
What is asked for is a phrase of such characters, so that words of one or two characters are found,
which trigrams cannot do.

The rules stand here and not in a tokenizer of SQLite, so that every journal finds the same.
Changing them makes search indexes wrong: that needs a new file in ``schema`` that empties the index.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from groupchat.model.errors import BadArguments

PHRASES_MAX = 32
"""How many different words one search may ask for: a person types far fewer, and each costs time."""

PREFIX_MIN = 2
"""Letters from which the last word may go on: with one, a tenth of all words would be gone through for no use."""

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
    """What each character becomes, found out when it is first met: itself, itself between spaces, or a space."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if category == "So" or (category[0] in "LMN" and _apart(code)):
            spelling = f" {character} "
        elif category[0] in "LMN":
            spelling = character
        else:
            spelling = " "
        self[code] = spelling
        return spelling


_SPELLING = _Spelling()


def spaced(text: str) -> str:
    """Give the text with its words in lower case and without accents, apart from each other by spaces."""
    if text.isascii():
        return text.lower().translate(_SPELLING)
    bare = unicodedata.normalize("NFKD", text).casefold()
    # Folding case can bring forth new compatibility forms; composing joins hangul and kana again.
    bare = unicodedata.normalize("NFKD", bare).translate(_DROP)
    return unicodedata.normalize("NFC", bare).translate(_SPELLING)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that must stand side by side; with ``prefix`` the last may go on."""

    words: tuple[str, ...]
    prefix: bool = False


def phrases(query: str) -> tuple[Phrase, ...]:
    """Read what a person searches for: what they typed between spaces must be found side by side, all of it.

    The last word may be the beginning of one, from two letters on.
    Raises BadArguments when there is nothing to look for, or too much.
    """
    runs = [words for part in query.split() if (words := tuple(spaced(part).split()))]
    if not runs:
        raise BadArguments("There is no word in that to search for: /search WORDS")
    last = runs[-1][-1]
    prefix = len(last) >= PREFIX_MIN
    found = dict.fromkeys([*(Phrase(words) for words in runs[:-1]), Phrase(runs[-1], prefix)])
    if len(found) > PHRASES_MAX:
        raise BadArguments(f"That is too many words: a search takes {PHRASES_MAX} at most.")
    return tuple(found)


def matches(wanted: Sequence[Phrase], text: str) -> bool:
    """Whether the text has all the phrases."""
    words = spaced(text).split()
    return all(_stands(phrase, words) for phrase in wanted)


def _stands(phrase: Phrase, words: Sequence[str]) -> bool:
    *before, last = phrase.words
    for end in range(len(before), len(words)):
        fits = words[end].startswith(last) if phrase.prefix else words[end] == last
        if fits and words[end - len(before) : end] == before:
            return True
    return False
