"""Names: which nicknames, room names and names of files are valid, and which nicknames are the same.

Unicode nicknames follow RFC 8266 (the PRECIS profile "Nickname") and use one script (UTS #39, section 5.1).
Nicknames that look the same are the same.
"""

import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote

from groupchat.lazy.expressions import expression
from groupchat.lazy.records import record
from groupchat.model.errors import BadArguments, NickInvalid, NickReserved, RoomInvalid, SecretInLine
from groupchat.model.text import FILE_NAME, MARK, NICK, ROOM, check_secrets, is_harmless
from groupchat.model.unicode.letters import is_everyday

RESERVED = ("server", "admin", "root", "system", "all", "here", "everyone")
"""Nicknames that nobody may take, because a line from them would seem to come from the server or go to everyone."""


FORGOTTEN = "forgotten-"
"""The beginning of the pseudonyms of people who were erased, and of no nickname."""

FILE_BYTES = 255
"""The most bytes of a file's name in UTF-8: no file system takes longer ones, where the file is saved again."""

LINKS = "/f/"
"""The path below which files are, over HTTP; tickets, too."""


@record
class NameRules:
    """The rules for valid nicknames: their length in characters, whether they may be Unicode, and which are reserved.

    ``pseudonyms``: those of people who were erased are valid too, and what only older versions took, as in what was
    exported.
    """

    minimum: int = 2
    maximum: int = 24
    unicode: bool = True
    reserved: tuple[str, ...] = RESERVED
    pseudonyms: bool = False


DEFAULT_RULES = NameRules()

LONGEST = 64
"""The most characters of a nickname under any rules."""

_NICK = expression(r"[A-Za-z][A-Za-z0-9_.-]*")
_WORD = expression(rf"[^\W_](?:[\w.-]|{MARK})*")
_ROOM = expression(r"[a-z][a-z0-9_.-]{0,31}")


def nick(text: str, rules: NameRules = DEFAULT_RULES) -> str:
    """Return the nickname as it is shown, without the blanks around it.

    :raises NickInvalid: it is too short, too long, or contains a character that nicknames may not contain.
    :raises NickReserved: it is, or looks like, a reserved one.
    """
    if len(text) > NICK.most:
        raise NickInvalid(_rule(rules))
    name = text.strip(" \t")
    if rules.unicode and not name.isascii():
        name = _unicode_nick(name, rules)
    elif not _NICK.fullmatch(name):
        raise NickInvalid(_rule(rules))
    if not rules.pseudonyms:
        try:
            check_secrets(name)
        except SecretInLine as secret:
            raise NickInvalid(f"{secret} It is no nickname.") from None
    # Letters of double width take the place of two; a name of one of them is a name.
    size = len(name) if name.isascii() or rules.pseudonyms else len(name) + sum(map(_is_wide, name))
    if not rules.minimum <= size <= rules.maximum:
        raise NickInvalid(_rule(rules))
    alike = _reserved(rules.reserved)
    looks = skeletons(name)
    is_forgotten = not rules.pseudonyms and any(look.lower().startswith(FORGOTTEN) for look in looks)
    if is_forgotten or not alike.isdisjoint(looks):
        raise NickReserved(f"{name} is reserved, or looks like a reserved name; choose another nickname.")
    return name


def room(text: str) -> str:
    """Return the name of a room in lower case, without the ``#`` that some people write before it.

    :raises RoomInvalid: it is not 1 to 32 characters of ``[a-z0-9_.-]`` starting with a letter.
    """
    written = text.strip(" \t").removeprefix("#") if len(text) <= ROOM.most else ""
    name = written.lower()
    if not (written.isascii() and _ROOM.fullmatch(name)):  # lower() makes a k of the KELVIN SIGN
        raise RoomInvalid("A room's name is 1 to 32 characters of a-z 0-9 _ . -, and starts with a letter.")
    return name


def room_look(name: str) -> str:
    """Return what the name of a room looks like, which is always in small letters: those that look alike have it too.

    As of nicknames, ``l`` and ``1`` look alike, ``o`` and ``0``, and punctuation at the end is easily overlooked.
    """
    return name.rstrip("._-").translate(_SMALL)


def key(text: str) -> str:
    """Return a string that is equal for nicknames that are the same, whatever their case and however they are written.

    The key of a key is the key itself.  Never raises, not even for an invalid nickname.
    One that is too long for any nickname is its own key: it equals no other, and costs nothing.
    """
    if text.isascii():
        return text.strip().lower()
    if len(text) > NICK.most or len(composed := unicodedata.normalize("NFKC", text)) > LONGEST:
        return text
    return _skeleton(composed)


_SMALL = str.maketrans("I1O0", "lloo")
_CAPITAL = str.maketrans("10", "IO")
_BARS = str.maketrans("1l", "II")
_BAR_AMONG_CAPITALS = expression(r"(?<![a-z])l+(?![a-z])")
"""A small l, or several, beside which is no other small letter."""


def skeletons(text: str) -> tuple[str, ...]:
    """Return what a nickname looks like: as it is written, in capital letters, and in other ways it can be read.

    Nicknames that have one in common look alike (UTS #39, section 4): ``I``, ``l`` and ``1`` do, and ``O`` and
    ``0``; punctuation at the end is easily overlooked.  So ``oIga_`` looks like olga, ``Adm1n.`` and ``ADMlN`` like
    ADMIN, and ``AII`` like All, but ``Ali`` and ``ALI`` not like all.  A Unicode nickname looks like its key, and
    like the ASCII letters that its own are drawn as.
    Never raises, not even for an invalid nickname.  Only short texts should be given: their length is not limited.
    """
    if text.isascii():
        return _readings(text.strip())
    if len(text) > NICK.most or len(composed := unicodedata.normalize("NFKC", text)) > LONGEST:
        return _readings(text)
    return _unicode_readings(composed)


def _readings(name: str) -> tuple[str, ...]:
    """Return how a name can be read: in small letters and in capital ones, and perhaps in another way."""
    bare = name.rstrip("._-")
    # Among capitals only, an I is read as an I.
    small = bare.lower() if bare.isupper() else bare
    readings = small.translate(_SMALL).lower(), bare.upper().translate(_CAPITAL)
    if not bare.isascii():
        return readings
    if "l" in bare and not bare.replace("l", "").islower() and _BAR_AMONG_CAPITALS.search(bare):
        return *readings, bare.translate(_BARS).upper().translate(_CAPITAL)
    if bare[1:] and not bare[1:].strip("I1"):  # a capital letter, and then what may be small ones
        return *readings, bare.translate(_SMALL).lower()
    return readings


def pseudonym(bits: int) -> str:
    """Return the pseudonym of somebody who is erased, made from 32 random bits; it is its own key."""
    return f"{FORGOTTEN}{bits:08x}"


def is_pseudonym(name: str) -> bool:
    """Say whether a name stands for somebody who was erased; nobody can take it as nickname."""
    return name.startswith(FORGOTTEN)


def hidden(words: str, key_: str, alias: str) -> str:
    """Return a text with a pseudonym instead of the nickname with this key, where it stands as a word."""

    def hide(found: re.Match[str]) -> str:
        word = found[0]
        for name in (word, word.rstrip(".-")):
            if key(name) == key_:
                return alias + word[len(name) :]
        return word

    return _WORD.sub(hide, words)


def _rule(rules: NameRules) -> str:
    """Return the sentence that explains which nicknames are valid."""
    letters = "letters and digits of one script and" if rules.unicode else "A-Z a-z 0-9"
    wide = " Letters of double width count twice." if rules.unicode else ""
    most = f"{rules.minimum} to {rules.maximum} characters"
    return f"A nickname is {most} of {letters} _ . -, and starts with a letter.{wide}"


def _is_wide(character: str) -> bool:
    """Say whether it takes two columns, as Chinese, Japanese and Korean letters do."""
    return unicodedata.east_asian_width(character) in "WF"


@lru_cache(maxsize=8)
def _reserved(names: tuple[str, ...]) -> frozenset[str]:
    """Return the skeletons of the reserved names."""
    return frozenset(skeleton for name in names for skeleton in skeletons(name))


# The rest of this module is for Unicode nicknames only.  The tables of the libraries take 15 MiB and 50 ms to load,
# so they are imported for the first name that is not ASCII.

_TOGETHER = (
    frozenset({"HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"HAN", "HANGUL"}),
    frozenset({"HAN", "BOPOMOFO"}),
)
"""Scripts that are used together in one writing system (UTS #39, table 1a)."""


_SIGNS = expression("[\u01c0-\u01c3\u02b0-\u02ff\ua700-\ua71f\ua788-\ua78a]")
"""Letters of phonetics and for clicks that look like colons, quotation marks, bars and exclamation marks."""

_MARKS = 4
"""The most marks on one letter (UTS #39, section 5.4)."""


def _is_overloaded(name: str) -> bool:
    """Say whether a letter has too many marks, one of them twice, one round it, or a dot that it has anyway.

    So nobody is called "ali\u0307ce", which is seen as alice.
    """
    marks: list[str] = []
    base = ""
    for character in unicodedata.normalize("NFD", name):
        kind = unicodedata.category(character)
        if kind == "Me" or (character == "\u0307" and base in ("i", "j", "\u0456", "\u0458", "\u0131", "\u0237")):
            return True
        if kind != "Mn":
            base, marks = character, []
        elif character in marks or len(marks) == _MARKS:
            return True
        else:
            marks.append(character)
    return False


def _unicode_nick(name: str, rules: NameRules) -> str:
    """Return a Unicode nickname in the normal form in which it is shown.

    :raises NickInvalid: it mixes scripts, contains characters other than letters and digits,
        or looks like a different name because of its capital letters.
    """
    from precis_i18n import get_profile

    if len(unicodedata.normalize("NFKC", name)) > rules.maximum:  # some letters become 18
        raise NickInvalid(_rule(rules))
    try:
        shown: str = get_profile("NicknameCasePreserved").enforce(name)
    except UnicodeEncodeError as error:
        raise NickInvalid(_rule(rules)) from error
    kinds = [unicodedata.category(c) for c in shown]
    if not (kinds[0][0] == "L" and is_harmless(shown)):
        raise NickInvalid(_rule(rules))
    if any(kind[0] not in "LM" and kind != "Nd" and c not in "_.-" for c, kind in zip(shown, kinds, strict=True)):
        raise NickInvalid(_rule(rules))
    if not rules.pseudonyms and (_SIGNS.search(shown) or _is_overloaded(shown)):
        raise NickInvalid(f"A nickname has no letters that look like signs, and few marks on a letter. {_rule(rules)}")
    if not rules.pseudonyms and (odd := next((c for c in shown if not is_everyday(c)), "")):
        raise NickInvalid(
            f"A nickname has letters that people write every day; {odd} is of a rare script, out of use or for"
            " phonetics, and easily taken for another."
        )
    if not _is_one_script(shown):
        raise NickInvalid("A nickname has letters of one script only; this one mixes several.")
    seen = _drawn(unicodedata.normalize("NFD", shown)).lower()
    if seen.isascii() and seen != key(shown) and not shown.isascii():
        raise NickInvalid(f"{shown} looks like {seen}; write it without those capital letters.")
    return shown


def _is_one_script(name: str) -> bool:
    """Return whether all letters are of one script, or of scripts that are used together in one writing system."""
    from confusable_homoglyphs.categories import unique_aliases

    scripts = unique_aliases(name) - {"COMMON", "INHERITED"}
    return len(scripts) <= 1 or any(scripts <= together for together in _TOGETHER)


@lru_cache(maxsize=4096)
def _skeleton(text: str) -> str:
    """Return the key of a Unicode name: folded as in RFC 8266, with each letter replaced by what it looks like.

    :param text: at most LONGEST characters, which bounds the memory of the cache and the time, below a millisecond.
    """
    for _ in range(4):
        folded = unicodedata.normalize("NFD", _folded(text))
        replaced = unicodedata.normalize("NFC", "".join(map(_look, folded)))
        if replaced == text:
            break
        text = replaced
    return text


@lru_cache(maxsize=4096)
def _unicode_readings(text: str) -> tuple[str, ...]:
    """Return how a Unicode name can be read: as its key, and as the ASCII letters that its own are drawn as.

    :param text: at most LONGEST characters, as for its key.
    """
    drawn = "".join(map(_shape, unicodedata.normalize("NFD", text.strip())))
    return tuple(dict.fromkeys((*_readings(_skeleton(text)), *_readings(unicodedata.normalize("NFC", drawn)))))


@lru_cache(maxsize=4096)
def _shape(character: str) -> str:
    """Return the ASCII character that this one is drawn as, in its case; else the one that represents it.

    Bars as high as capitals are an ``I``, others an ``l``.  The Cyrillic palochka is one: UTS #39 has it beside ``i``.
    """
    if character.isascii():
        return character
    if character == "\u04cf":
        return "l"
    drawn = _prototype(character)
    if drawn == character:
        # Glyphs of right-to-left scripts stand in the table between LEFT-TO-RIGHT MARKs.
        drawn = next((found for found in _lookalikes(f"\u200e{character}\u200e") if found.isascii()), character)
    return "I" if drawn == "l" and not character.islower() else drawn


def _folded(text: str) -> str:
    """Return the text as the Nickname profile compares it; text that the profile forbids is folded similarly."""
    from precis_i18n import get_profile

    try:
        folded: str = get_profile("Nickname").enforce(text)
    except UnicodeEncodeError:
        folded = " ".join(unicodedata.normalize("NFKC", text).split())
    # The profile only converts to lower case, which keeps the two small sigmas distinct.
    return unicodedata.normalize("NFKC", folded.casefold())


@lru_cache(maxsize=4096)
def _look(letter: str) -> str:
    """Return the lower-case letter that represents all letters that look like this one in either case.

    An ASCII letter represents itself.
    """
    if letter.isascii():
        return letter
    small, capital = _drawn(letter).lower(), _drawn(letter.upper()).lower()
    return capital if capital.isascii() and not small.isascii() else small


def _drawn(text: str) -> str:
    """Replace each character by the one that represents all that look like it, an ASCII one if possible."""
    return "".join(map(_prototype, text))


@lru_cache(maxsize=4096)
def _prototype(character: str) -> str:
    """Return the character that represents all that look like this one: an ASCII letter if any, else the lowest."""
    if character.isascii():
        return character
    near = _lookalikes(character)
    alike = {character, *near, *(far for glyph in near for far in _lookalikes(glyph))}
    return min(alike, key=lambda c: (not c.isascii(), not c.isalpha(), not c.islower(), len(c), c))


def _lookalikes(glyph: str) -> list[str]:
    """Return what looks like this glyph according to the library, which maps glyphs to a common form and back."""
    from confusable_homoglyphs.confusables import confusables_data

    # The table wraps glyphs of right-to-left scripts in LEFT-TO-RIGHT MARKs.
    return [other["c"].strip("\u200e") for other in confusables_data.get(glyph, ())]


def file_name(given: str) -> str:
    """Return the name of a file as it is shown: it is taken as it is, or refused; a name of a path is never a part.

    :raises BadArguments: it is too long, or has characters that a name cannot have, or is none.
    """
    FILE_NAME.check(given)
    name = given.strip(" ")
    if not name or name.strip(".") == "":
        raise BadArguments("A file needs a name.")
    if any(separator in name for separator in "/\\"):
        raise BadArguments("The name of a file has no slash or backslash: leave out the folders.")
    if not name.isprintable() and any(ord(character) < 32 or 127 <= ord(character) < 160 for character in name):
        raise BadArguments("The name of a file has no line ends and no control characters.")
    if not is_harmless(name):
        raise BadArguments("The name of a file has no characters that hide, or change the order of others.")
    if len(name.encode("utf-8", "surrogatepass")) > FILE_BYTES:
        raise BadArguments(f"The name of a file has at most {FILE_BYTES} bytes; this one has more.")
    return name


def file_path(link: str, name: str) -> str:
    """Return the path of a file over HTTP.  :param link: its public id."""
    return f"{LINKS}{link}/{quote(name, safe='', errors='replace')}"
