"""What may be a nickname or a room, and when two nicknames are the same.

Unicode nicknames follow RFC 8266 (the PRECIS profile "Nickname"), are of one script (UTS #39, section 5.1),
and count as the same when they look the same.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from groupchat.model.errors import NickInvalid, NickReserved, RoomInvalid
from groupchat.model.text import is_harmless

RESERVED = ("server", "admin", "root", "system", "all", "here", "everyone")
"""Nicknames nobody may take, because a line from them would look like more than it is."""


@dataclass(frozen=True, slots=True)
class NameRules:
    """What may be a nickname: its length in characters, whether beyond ASCII, and what is kept from everybody."""

    minimum: int = 2
    maximum: int = 24
    unicode: bool = False
    reserved: tuple[str, ...] = RESERVED


DEFAULT_RULES = NameRules()

_NICK = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_ROOM = re.compile(r"[a-z][a-z0-9_.-]{0,31}")


def nick(text: str, rules: NameRules = DEFAULT_RULES) -> str:
    """The nickname as it is shown, without the blanks around it.

    :raises NickInvalid: it is too short, too long, or has characters a nickname may not have.
    :raises NickReserved: it is, or looks like, one that nobody may take.
    """
    name = text.strip(" \t")
    if rules.unicode and not name.isascii():
        name = _unicode_nick(name, rules)
    elif not _NICK.fullmatch(name):
        raise NickInvalid(_rule(rules))
    if not rules.minimum <= len(name) <= rules.maximum:
        raise NickInvalid(_rule(rules))
    if key(name) in _reserved(rules.reserved):
        raise NickReserved(f"{name} is reserved; choose another nickname.")
    return name


def room(text: str) -> str:
    """The name of a room, in lower case and without the ``#`` some write before it.

    :raises RoomInvalid: it is not 1 to 32 of ``[a-z0-9_.-]``, a letter first.
    """
    written = text.strip(" \t").removeprefix("#")
    name = written.lower()
    if not (written.isascii() and _ROOM.fullmatch(name)):  # the KELVIN SIGN has a small k
        raise RoomInvalid("A room's name is 1 to 32 characters of a-z 0-9 _ . -, and starts with a letter.")
    return name


def key(text: str) -> str:
    """What two nicknames have in common when they are the same: whatever their case, and however they are drawn.

    The key of a key is itself.  Never raises, also for what cannot be a nickname.
    """
    if text.isascii():
        return text.strip().lower()
    return _skeleton(text)


def _rule(rules: NameRules) -> str:
    """The sentence that says what a nickname is."""
    letters = "letters and digits of one script and" if rules.unicode else "A-Z a-z 0-9"
    return f"A nickname is {rules.minimum} to {rules.maximum} characters of {letters} _ . -, and starts with a letter."


@lru_cache(maxsize=8)
def _reserved(names: tuple[str, ...]) -> frozenset[str]:
    """The keys of reserved names."""
    return frozenset(map(key, names))


# What follows is needed for Unicode nicknames only.  The libraries' tables take 15 MiB and 50 ms to load,
# so they are imported when the first name beyond ASCII is met.

_TOGETHER = (
    frozenset({"HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"HAN", "HANGUL"}),
    frozenset({"HAN", "BOPOMOFO"}),
)
"""Scripts that one writing system mixes (UTS #39, table 1a)."""


def _unicode_nick(name: str, rules: NameRules) -> str:
    """A nickname beyond ASCII, in the normal form it is shown in.

    :raises NickInvalid: it is of several scripts, has characters that are no letters or digits,
        or its capitals make it look like another name than it is.
    """
    from precis_i18n import get_profile

    try:
        shown: str = get_profile("NicknameCasePreserved").enforce(name)
    except UnicodeEncodeError as error:
        raise NickInvalid(_rule(rules)) from error
    kinds = [unicodedata.category(c) for c in shown]
    if not (kinds[0][0] == "L" and is_harmless(shown)):
        raise NickInvalid(_rule(rules))
    if any(kind[0] not in "LM" and kind != "Nd" and c not in "_.-" for c, kind in zip(shown, kinds, strict=True)):
        raise NickInvalid(_rule(rules))
    if not _is_one_script(shown):
        raise NickInvalid("A nickname has letters of one script only; this one mixes several.")
    seen = _drawn(unicodedata.normalize("NFD", shown)).lower()
    if seen.isascii() and seen != key(shown) and not shown.isascii():
        raise NickInvalid(f"{shown} looks like {seen}; write it without those capital letters.")
    return shown


def _is_one_script(name: str) -> bool:
    """Whether all letters are of one script, or of scripts that one language writes together."""
    from confusable_homoglyphs.categories import unique_aliases

    scripts = unique_aliases(name) - {"COMMON", "INHERITED"}
    return len(scripts) <= 1 or any(scripts <= together for together in _TOGETHER)


@lru_cache(maxsize=4096)
def _skeleton(text: str) -> str:
    """The key of a name beyond ASCII: folded as RFC 8266 says, each letter replaced by what it looks like."""
    for _ in range(4):
        folded = unicodedata.normalize("NFD", _folded(text))
        replaced = unicodedata.normalize("NFC", "".join(map(_look, folded)))
        if replaced == text:
            break
        text = replaced
    return text


def _folded(text: str) -> str:
    """The text as the Nickname profile compares it; for what the profile forbids, folded alike."""
    from precis_i18n import get_profile

    try:
        folded: str = get_profile("Nickname").enforce(text)
    except UnicodeEncodeError:
        folded = " ".join(unicodedata.normalize("NFKC", text).split())
    # The profile lower-cases only, which leaves the two small sigmas apart.
    return unicodedata.normalize("NFKC", folded.casefold())


@lru_cache(maxsize=4096)
def _look(letter: str) -> str:
    """The lower-case letter that stands for all that look like this one, in either case; ASCII stands for itself."""
    if letter.isascii():
        return letter
    small, capital = _drawn(letter).lower(), _drawn(letter.upper()).lower()
    return capital if capital.isascii() and not small.isascii() else small


def _drawn(text: str) -> str:
    """Each character replaced by the one that stands for all that look like it, ASCII wherever there is one."""
    return "".join(map(_prototype, text))


@lru_cache(maxsize=4096)
def _prototype(character: str) -> str:
    """The character that stands for all that look like this one: an ASCII letter if any, else the lowest."""
    if character.isascii():
        return character
    near = _lookalikes(character)
    alike = {character, *near, *(far for glyph in near for far in _lookalikes(glyph))}
    return min(alike, key=lambda c: (not c.isascii(), not c.isalpha(), not c.islower(), len(c), c))


def _lookalikes(glyph: str) -> list[str]:
    """What the library knows to look like this: its table leads from every glyph to the common form and back."""
    from confusable_homoglyphs.confusables import confusables_data

    # The table wraps what is written from right to left in LEFT-TO-RIGHT MARKs.
    return [other["c"].strip("\u200e") for other in confusables_data.get(glyph, ())]
