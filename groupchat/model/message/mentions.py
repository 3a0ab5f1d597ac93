"""Mentions: whether the words of a message speak to somebody, by their nickname.

This is the one rule of every door and client; ``page/text.js`` repeats it for browsers, and
``tests/model/message/mentions.json`` has the cases on which both are tried.

1. The nickname stands there as a word of its own, in any case, with or without an @ before it.
   A letter, a mark, a digit, ``_`` or ``-`` beside it makes it a part of a longer word, and so does a dot before it,
   or a dot after it that something follows.
2. Scripts without blanks between words (Chinese, Japanese, Thai, Korean, whose particles stick to the words, …) are no
   longer words: a nickname may stand among their letters.
3. A slash, a backslash, ``~`` or ``#`` beside it makes it a part of a path, or of the name of a room.
4. It is in no address: nothing between blanks is one of which ``://`` or an @ between two letters or digits is a part.
5. It is not in code.

``@all`` from somebody who keeps order in the room calls everybody there.  Only the server knows who does, and marks the
message; where it may stand follows from the same rules, and the @ is needed.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from groupchat.lazy.expressions import expression
from groupchat.model.message.code import CODE

_ADDRESS = r"(?<!\S)\S*(?:://|[^\W_]@[^\W_])\S*"
_LEFT_OUT = expression(f"{CODE}|{_ADDRESS}", re.MULTILINE)
_WITHOUT_BLANKS = expression("[\u0e00-\u109f\u1780-\u17ff\u3005-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]")
"""Letters of scripts that are written without blanks between words."""

REMEMBERED = 512
"""The most nicknames whose expressions are kept."""


def is_mentioned(nick: str, text: str) -> bool:
    """Return whether a text speaks to somebody."""
    # Twenty times as fast, and nearly always the answer.
    return bool(nick) and _folded(nick) in _folded(text) and next(places(nick, text), None) is not None


def effort(nick: str, text: str) -> int:
    """Return how many characters of a text have to be looked at closely: none if it can be told at once."""
    return len(text) if not text.isascii() or _folded(nick) in text.lower() else 0


ALL = "all"
"""What stands after an @ to call everybody in a room; nobody can have it as nickname, unless it is not reserved."""


def calls(text: str) -> bool:
    """Return whether a text calls everybody, if whoever says it may do that: by ``@all`` where a mention could be."""
    return "@" in text and any(text[start] == "@" for start, _ in places(ALL, text))


def places(nick: str, text: str) -> Iterator[tuple[int, int]]:
    """Give where in a text the nickname is mentioned: where it begins, with its @, and where it ends."""
    left_out: list[tuple[int, int]] | None = None
    for found in _expression(nick).finditer(text) if nick else ():
        start, end = found.span()
        if _goes_on_before(text, start) or _goes_on_after(text, end):
            continue
        if left_out is None:
            left_out = [one.span() for one in _LEFT_OUT.finditer(text)] if _MARK.search(text) else []
        while left_out and left_out[0][1] <= start:
            del left_out[0]
        if not left_out or end <= left_out[0][0]:
            yield start, end


_MARK = expression(r"`|://|@")
"""Found in every part of a text that is left out: without it, nothing need be looked for."""


def _folded(text: str) -> str:
    return (text if text.isascii() else unicodedata.normalize("NFC", text)).lower()


@lru_cache(REMEMBERED)
def _expression(nick: str) -> re.Pattern[str]:
    """Return the expression for a nickname, whose accents may be apart from their letters."""
    written = dict.fromkeys(unicodedata.normalize(form, nick) for form in ("NFC", "NFD"))
    return re.compile(f"@?(?:{'|'.join(map(re.escape, written))})", re.IGNORECASE)


def _goes_on_before(text: str, start: int) -> bool:
    """Return whether a name here is only the end of a longer word or path."""
    if start == 0:
        return False
    before = text[start - 1]
    if before == ".":
        return text[start - 2 : start - 1] != "."  # after an ellipsis a word begins
    return before in r"\/~#@" or _is_of_a_word(before)


def _goes_on_after(text: str, end: int) -> bool:
    """Return whether a name that ends here is only the beginning of a longer word or path."""
    after = text[end : end + 1]
    if after == ".":
        following = text[end + 1 : end + 2]
        return following.isalnum() or following == "_"
    return after != "" and (after in r"\/@" or _is_of_a_word(after))


def _is_of_a_word(character: str) -> bool:
    if character in "_-" or unicodedata.category(character)[0] == "M":
        return True
    return character.isalnum() and not _WITHOUT_BLANKS.match(character)
