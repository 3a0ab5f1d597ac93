"""Limit the characters that a line may contain, and the lengths of the parts of a request.

Everything a peer sends passes through ``clean`` on its way in;
everything shown passes through ``harmless`` on its way out.
After that no character of it moves the cursor, ends the line, or reorders or hides other characters.

Rules for emoji sequences: UTS #51; for joiners between letters: RFC 5892, appendix A (loosely).
"""

import re
import unicodedata

from groupchat.lazy.expressions import expression
from groupchat.lazy.records import record
from groupchat.model.errors import BadArguments, BadCharacter, SecretInLine, TooLong


@record
class Length:
    """The most characters of one thing that peers send.

    It is checked before anything else is done with the text: normalising or hashing a long one takes long.

    ``what``: how a sentence about it begins; ``reason``: why it is not longer.
    """

    what: str
    most: int
    reason: str

    def check(self, given: str) -> str:
        """Return the text.

        :raises BadArguments: it is too long.
        """
        if len(given) > self.most:
            raise BadArguments(f"{self.what} has at most {self.most:,} characters; this one has {len(given):,}.")
        return given


NICK = Length("A nickname", 192, "as it is written; marks may be apart from their letters, so it can be three times 64")
ROOM = Length("A room", 64, "as it is written, with # and blanks; the name itself has 32")
WORD = Length("A word", 64, "names of commands, preferences and topics of the help, and values of preferences")
PASSWORD = Length("A password", 256, "longer ones are no safer")
KEY_NAME = Length("The name of a token or hook", 32, "it stands in lists")
CODE = Length("A code", 256, "it may be the password of the server")
TOKEN = Length("A token", 64, "the server makes them with 22")
SEARCH = Length("A search", 256, "people type far fewer")
REASON = Length("A reason", 200, "it stands in the line about what an operator did")
AWAY = Length("What you say about being away", 200, "it stands in a line with the nickname")
MOTD = Length("The message of the day", 1000, "everybody who joins reads it; the setting `motd` may have 4,000")
ANNOUNCEMENT = Length("An announcement", 1000, "everybody reads it, in whichever room")
FILE_NAME = Length("The name of a file", 200, "it stands in a line, and in the address of the file")
DURATION = Length("A duration", 32, "none needs more")
LENGTHS = (
    NICK, ROOM, WORD, PASSWORD, KEY_NAME, CODE, TOKEN, SEARCH, REASON, AWAY, MOTD, ANNOUNCEMENT, FILE_NAME, DURATION,
)  # fmt: skip

TOKEN_BEGINNING, HOOK_BEGINNING = "gct_", "gch_"
"""How the secrets of access tokens and of hooks begin."""
SECRET_BEGINNING = "gc"
"""How both begin; only a text that contains it need be given to ``check_secrets``."""
_SECRET = expression(f"(?:({TOKEN_BEGINNING})|{HOOK_BEGINNING})[0-9a-f]{{40}}")

LINES_MOST = 60
"""The most lines of one message; with more, everybody's screen would scroll away."""

CONTINUATION = "           | "
"""The beginning of each further line of one message for people: so none looks like a line of its own."""

GAP = " " * 8
"""The longest run of blanks that people are shown in one line: more could push what follows to the next row."""
_INDENTED = " " * 24
"""The same in a message of several lines, which may be the source of a program."""

MARKS_PER_BASE = 8
"""The most combining marks on one letter: enough for every language, too few to paint over other lines."""

LINE_ENDS = {
    "\n": "LINE FEED (U+000A)",
    "\v": "VERTICAL TABULATION (U+000B)",
    "\f": "FORM FEED (U+000C)",
    "\r": "CARRIAGE RETURN (U+000D)",
    "\x85": "NEXT LINE (U+0085)",
    "\u2028": "LINE SEPARATOR (U+2028)",
    "\u2029": "PARAGRAPH SEPARATOR (U+2029)",
}
"""The characters that some terminal or program takes for the end of a line, with their Unicode names."""

_LINE_END = expression("[\n\v\f\r\x85\u2028\u2029]")

# ECMA-48: string sequences with their ST or BEL, CSI with its parameters, single shifts with the character they
# shift, and other escapes.  Only the introducer of an unfinished string sequence is dropped, so that no words are lost.
# No part can match across another ESC or C1, so the time taken is linear in the length.
_ESCAPE = expression(
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])(?:[^\x00-\x1f\x7f-\x9f]*(?:\x07|\x1b\\|\x9c))?"
    r"|\x1b\[\[[A-E]"  # function keys of the Linux console
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[NO]|[\x8e\x8f])[!-~]?"
    r"|\x1b[ -/]*[0-~]?"
)

# Invisible and never needed: controls; invisible letters, marks and operators; bidirectional controls;
# shorthand and musical format controls; unused tags; surrogates; noncharacters.
_HIDDEN_BELOW = (
    r"\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
)
_HIDDEN_ABOVE = (
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e001f\U000e0080-\U000e00ff\U000e01f0-\U000e0fff"
) + "".join(rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(1, 17))
_NEVER = expression(f"[{_HIDDEN_BELOW}{_HIDDEN_ABOVE}]")

# Also invisible, but needed in certain places: Mongolian variants, joiners, variation selectors, tags.
_PLACED_BELOW = r"\u180b-\u180d\u180f\u200c\u200d\ufe00-\ufe0f"
_PLACED_ABOVE = r"\U000e0020-\U000e007f\U000e0100-\U000e01ef"

_PICTURE = (
    r"[\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    r"\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_IN_PLACE = expression(
    r"(?P<keep>\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"  # England, Scotland …
    rf"|{_PICTURE}[\ufe0e\ufe0f]?(?:\u200d{_PICTURE}[\ufe0e\ufe0f]?)*"
    r"|[0-9#*]\ufe0f\u20e3"  # keycaps
    r"|(?<=[\u1820-\u18aa])[\u180b-\u180d\u180f]"
    r"|(?<=[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef])"
    rf"|(?P<joiner>[\u200c\u200d])|[{_PLACED_BELOW}{_PLACED_ABOVE}]"
)

# Scripts whose letters change shape beside a joiner: Arabic to Mandaic, N'Ko, Devanagari to Sinhala, Tibetan,
# Myanmar, Khmer, Mongolian, Tai to Balinese, Phags-pa, Saurashtra to Meetei Mayek, their supplements.
_JOINING = expression(
    r"[\u0600-\u077f\u07c0-\u07ff\u0840-\u0dff\u0f00-\u109f\u1780-\u180a\u1810-\u18af\u1900-\u1cff"
    r"\ua840-\uabff\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff\U0001e900-\U0001e95f]"
)

# Combining marks are not ASCII, not ``\w``, and not in the blocks of punctuation, symbols and pictures named here;
# ``_trimmed`` looks at each character of a long run of others.
# The class is written twice because a search is fastest when the pattern begins with exactly one character.
MARK = r"[^\w\s\x00-\u02ff\u2010-\u20cf\u2100-\u2cee\U0001f000-\U0001faff]"
"""The expression for a combining mark, and little else."""
_STACK = expression(rf"{MARK}{MARK}{{{MARKS_PER_BASE},}}")

# Nearly every line needs only one look: its characters have no neighbours that would matter, and are seen.
# These are the letters, signs and pictures of the scripts that most people write in, without any mark, blank (but the
# ASCII one) and filler; pictures may have a selector, and joiners between them.  It ends at the first other character.
_USUAL = (
    r" -~\xa1-\xac\xae-\u02ff\u0370-\u0377\u037a-\u0482\u048a-\u052f\u05d0-\u05ea\u0620-\u064a\u0660-\u066f"
    r"\u0671-\u06d3\u10a0-\u10ff\u1e00-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\u20cf\u2100-\u27ff\u2900-\u2bff"
    r"\u3001-\u3029\u3030-\u3096\u309b-\u30ff\u3131-\u3163\u3165-\u318e\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uac00-\ud7a3\uff01-\uff9f\U0001f000-\U0001faff"
)
_IN_PICTURE = (
    rf"(?<!{_PICTURE}[\ufe0e\ufe0f])(?!(?:(?<={_PICTURE}\u200d)|(?<={_PICTURE}[\ufe0e\ufe0f]\u200d)){_PICTURE})"
)
_UNUSUAL = expression(f"[^{_USUAL}]{_IN_PICTURE}")

# The next look: a bitmap for the BMP, and everything above it.  More ranges above U+FFFF would make it slower.
_SUSPECT = expression(rf"[{_HIDDEN_BELOW}{_PLACED_BELOW}\U00010000-\U0010ffff]")

# The third look: the same bitmap with as few ranges above it as possible, then the neighbours of what was found.
# It matches everything that ``_cleaned`` might change; never a selector after a picture, or a joiner between two.
_MISPLACED = expression(
    rf"[{_HIDDEN_BELOW}{_PLACED_BELOW}\U0001bca0-\U0001d17a\U0001fffe\U0001ffff\U0002fffe-\U0010ffff]"
    rf"{_IN_PICTURE}"
)


# What looks like a slash (UTS #39, confusables of U+002F), marks like one that stand through letters, and the comma and
# the middle dot that Chinese and Japanese input methods have on its key.
_SLASHES = (
    r"/\u0337\u0338\u1735\u2041\u2044\u2215\u2571\u29f8\u2cc6\u2f03\u3001\u3033\u30ce\u30fb\u31d3\u4e3f\uff0f\uff64\uff65"
    r"\U0001d23a"
)
_BLANKS = rf"\s\u2800\U0001d159{_HIDDEN_BELOW}{_PLACED_BELOW}"  # nothing is seen of them
# What is seen as blanks and left by ``harmless``; the class is written twice for speed, as above.
_BLANK = r"[ \xa0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]"
_LONG_GAP, _LONG_INDENTATION = (expression(rf"{_BLANK}{_BLANK}{{{len(longest)},}}") for longest in (GAP, _INDENTED))
_NULL_NOTE = "\U0001d159"
"""A character without any look; above U+FFFF, it would make a class slow."""
_LIKE_A_COMMAND = expression(
    rf"[{_BLANKS}]*[{_SLASHES}][{_BLANKS}]*(?P<name>[^\s\u2800]{{1,64}})(?P<rest>[\s\u2800].*|\Z)", re.DOTALL
)


def like_a_command(line: str) -> str:
    """Return a line that looks like a command as commands are typed; an empty string: it looks like none.

    "/login alice secret" looks like one however it begins: with blanks, or with a slash of another kind or width.
    Two slashes are how people say a line that begins with a slash, and look like none.
    """
    found = _LIKE_A_COMMAND.match(line)
    if found is None:
        return ""
    name = unicodedata.normalize("NFKC", _NEVER.sub("", found["name"]))
    rest = found["rest"].lstrip(" \t\u2800\u3000")
    return f"/{name} {rest}" if rest else f"/{name}"


def check_secrets(text: str) -> None:
    """See that others can be shown a text.

    :raises SecretInLine: it contains an access token, with which they could come in as its owner, or the secret of a
        hook, with which they could post in the owner's name.
    """
    found = _SECRET.search(text) if SECRET_BEGINNING in text else None
    if found is not None:
        what, can = ("an access token", "comes in as you") if found[1] else ("the secret of a hook", "posts as you")
        raise SecretInLine(f"There is {what} in that, so nobody was shown it. Whoever has it {can}.")


def clean(text: str) -> str:
    """Return a decoded line without the characters that others must not be shown.  Idempotent.

    A tab becomes a space.
    Escape sequences, other control characters, bidirectional controls and invisible characters are dropped.
    Joiners, selectors and tags stay where an emoji or a script needs them.
    The first eight combining marks on a letter stay.

    :raises BadCharacter: the line contains a line separator.
    """
    if _is_plain(text):
        return text
    if end := _LINE_END.search(text):
        raise BadCharacter(f"A line cannot contain {LINE_ENDS[end[0]]}; send it as several lines.")
    return _cleaned(text)


def clean_lines(text: str) -> str:
    """Return a decoded text of one or more lines, separated by line feeds, each as ``clean`` returns it.  Idempotent.

    CR LF and CR become line feeds; blank lines at the end are left out.

    :raises BadCharacter: the text contains another line separator.
    :raises TooLong: it has too many lines.
    """
    if "\n" not in text and "\r" not in text:
        return clean(text)
    lines = _without_end(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    if len(lines) > LINES_MOST:
        raise TooLong(f"A message has at most {LINES_MOST} lines; this one has {len(lines):,}.")
    return "\n".join(_without_end([clean(line) for line in lines]))


def _without_end(lines: list[str]) -> list[str]:
    """Return the lines without blank ones at the end."""
    while lines and (not lines[-1] or lines[-1].isspace()):
        lines.pop()
    return lines


def is_harmless(text: str) -> bool:
    """Return whether the text can be shown as it is: ``clean`` would neither change nor refuse it."""
    if _is_plain(text):
        return True
    return not _LINE_END.search(text) and _cleaned(text) == text


def harmless(text: str) -> str:
    """Return the text, cleaned if necessary, with a space for each line separator.  Never raises."""
    if is_harmless(text):
        return text
    return _cleaned(_LINE_END.sub(" ", text))


def harmless_lines(text: str) -> str:
    """Return the text, each of its lines as ``harmless`` returns it, without blank ones at the end.  Never raises."""
    return "\n".join(_without_end(list(map(harmless, text.split("\n"))))) if "\n" in text else harmless(text)


def shown(line: str) -> str:
    """Return a harmless line for people, without long runs of blanks.

    A terminal would break a line after them where another line could begin.
    """
    if GAP not in line and ((line.isascii() and line.isprintable()) or not _UNUSUAL.search(line)):
        return line
    line = harmless(line)
    if line.isascii():
        return _LONG_GAP.sub(GAP, line) if GAP in line else line
    return _LONG_GAP.sub(GAP, line.replace(_NULL_NOTE, " "))


def shown_lines(text: str) -> list[str]:
    """Return the lines that people are shown of a text; all but the first begin so that one sees what they are."""
    if "\n" not in text:
        return [shown(text)]
    lines = [harmless(line).replace(_NULL_NOTE, " ") for line in text.split("\n")]
    first, *others = [_LONG_INDENTATION.sub(_INDENTED, line) for line in lines]
    return [first, *[f"{CONTINUATION}{line}" for line in others]]


def escape(text: str) -> str:
    """Return the text for a log: on one line, with ``\\x1b`` or ``\\u2028`` for what is not printable, and ``\\\\``."""
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(c if c.isprintable() and c != "\\" else c.encode("unicode_escape").decode("ascii") for c in text)


def _is_plain(text: str) -> bool:
    """Return whether ``_cleaned`` would certainly leave the text alone: true for nearly every line.

    ASCII takes 0.1 µs for 80 characters, most other scripts and emoji 0.3 µs, scripts with marks about 1 µs.
    """
    if (text.isascii() and text.isprintable()) or (unusual := _UNUSUAL.search(text)) is None:
        return True
    first = unusual.start()
    if (suspect := _SUSPECT.search(text, first)) and _MISPLACED.search(text, suspect.start()):
        return False
    return not _STACK.search(text, first)


def _cleaned(text: str) -> str:
    """Return a text that contains no line separators without everything else it must not contain.

    The order matters: each step looks at neighbours that no later step removes.
    """
    text = _ESCAPE.sub("", text.replace("\t", " "))
    text = _NEVER.sub("", text)
    text = _STACK.sub(_trimmed, text)
    return _IN_PLACE.sub(_kept, text)


def _trimmed(run: re.Match[str]) -> str:
    """Return the run with at most eight marks on each base.  Joiners and tags neither count nor start a new base."""
    marks, kept = 0, []
    for character in run[0]:
        category = unicodedata.category(character)
        if category[0] == "M":
            marks += 1
            if marks > MARKS_PER_BASE:
                continue
        elif category != "Cf":
            marks = 0
        kept.append(character)
    return "".join(kept)


def _kept(match: re.Match[str]) -> str:
    """Return what remains of a match of ``_IN_PLACE``: all of it where it is allowed, else nothing."""
    if match["keep"]:
        return match["keep"]
    if match["joiner"]:
        start, end = match.span()
        before, after = match.string[max(start - 1, 0) : start], match.string[end : end + 1]
        return match["joiner"] if _joins(before) and _joins(after) else ""
    return ""


def _joins(character: str) -> bool:
    """Return whether this is a letter or mark of a script that uses joiners; the empty string is not."""
    return bool(_JOINING.match(character)) and unicodedata.category(character)[0] in "LM"
