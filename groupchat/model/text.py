"""What may stand in a line.

Everything a peer sends passes ``clean`` once, when it comes in;
everything shown passes ``harmless`` once more, when it goes out.
After that no character of it moves a cursor, ends a line, reorders or hides its neighbours.

Rules for emoji sequences: UTS #51; for joiners between letters: RFC 5892, appendix A (loosely).
"""

import re
import unicodedata

from groupchat.model.errors import BadCharacter

MARKS_PER_BASE = 8
"""Combining marks that may stand on one letter: enough for every language, too few to paint over other lines."""

LINE_ENDS = {
    "\n": "LINE FEED (U+000A)",
    "\v": "VERTICAL TAB (U+000B)",
    "\f": "FORM FEED (U+000C)",
    "\r": "CARRIAGE RETURN (U+000D)",
    "\x85": "NEXT LINE (U+0085)",
    "\u2028": "LINE SEPARATOR (U+2028)",
    "\u2029": "PARAGRAPH SEPARATOR (U+2029)",
}
"""The characters some terminal or program takes for the end of a line, and what Unicode calls them."""

_LINE_END = re.compile("[\n\v\f\r\x85\u2028\u2029]")

# ECMA-48: string sequences with their ST or BEL, CSI with its parameters, single shifts with the character they
# shift, and other escapes.  An unfinished string sequence loses its introduction only, so that no words are lost.
# No part can run over another ESC or C1, so that the time taken grows with the length only.
_ESCAPE = re.compile(
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])(?:[^\x00-\x1f\x7f-\x9f]*(?:\x07|\x1b\\|\x9c))?"
    r"|\x1b\[\[[A-E]"  # function keys of the Linux console
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[NO]|[\x8e\x8f])[!-~]?"
    r"|\x1b[ -/]*[0-~]?"
)

# Never to be seen, and never needed: controls; invisible letters, marks and operators; everything bidirectional;
# shorthand and musical format controls; unused tags; surrogates; noncharacters.
_HIDDEN_BELOW = (
    r"\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
)
_HIDDEN_ABOVE = (
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e001f\U000e0080-\U000e00ff\U000e01f0-\U000e0fff"
) + "".join(rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(1, 17))
_NEVER = re.compile(f"[{_HIDDEN_BELOW}{_HIDDEN_ABOVE}]")

# Invisible too, but needed in their places: Mongolian variants, joiners, variation selectors, tags.
_PLACED_BELOW = r"\u180b-\u180d\u180f\u200c\u200d\ufe00-\ufe0f"
_PLACED_ABOVE = r"\U000e0020-\U000e007f\U000e0100-\U000e01ef"

_PICTURE = (
    r"[\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    r"\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_IN_PLACE = re.compile(
    r"(?P<keep>\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"  # flags of parts of a country
    rf"|{_PICTURE}[\ufe0e\ufe0f]?(?:\u200d{_PICTURE}[\ufe0e\ufe0f]?)*"
    r"|[0-9#*]\ufe0f\u20e3"  # keycaps
    r"|(?<=[\u1820-\u18aa])[\u180b-\u180d\u180f]"
    r"|(?<=[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef])"
    rf"|(?P<joiner>[\u200c\u200d])|[{_PLACED_BELOW}{_PLACED_ABOVE}]"
)

# Scripts whose letters change shape beside a joiner: Arabic to Mandaic, N'Ko, Devanagari to Sinhala, Tibetan,
# Myanmar, Khmer, Mongolian, Tai to Balinese, Phags-pa, Saurashtra to Meetei Mayek, their supplements.
_JOINING = re.compile(
    r"[\u0600-\u077f\u07c0-\u07ff\u0840-\u0dff\u0f00-\u109f\u1780-\u180a\u1810-\u18af\u1900-\u1cff"
    r"\ua840-\uabff\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff\U0001e900-\U0001e95f]"
)

# Combining marks are neither \w nor ASCII; long runs of such characters are looked at one by one.
_STACK = re.compile(rf"[^\w\s\x00-\u02ff]{{{MARKS_PER_BASE + 1},}}")

# What deserves a closer look.  All above U+FFFF does: a class without ranges up there is a bitmap, and 5 times faster.
_SUSPECT = re.compile(rf"[{_HIDDEN_BELOW}{_PLACED_BELOW}\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """What of a decoded line may be shown to others; cleaning twice changes nothing more.

    A tab becomes one space.
    Escape sequences, other control characters, bidirectional controls and whatever is invisible are dropped;
    joiners, selectors and tags stay where an emoji or a script needs them;
    of a stack of combining marks the first eight stay.

    :raises BadCharacter: a line separator stands within.
    """
    if _is_plain(text):
        return text
    if end := _LINE_END.search(text):
        raise BadCharacter(f"A line cannot contain {LINE_ENDS[end[0]]}; send it as several lines.")
    return _cleaned(text)


def is_harmless(text: str) -> bool:
    """Whether this may be shown as it is: ``clean`` would neither change nor refuse it."""
    if _is_plain(text):
        return True
    return not _LINE_END.search(text) and _cleaned(text) == text


def harmless(text: str) -> str:
    """The text, if harmless; else cleaned, with a space for each line separator.  Never raises."""
    if is_harmless(text):
        return text
    return _cleaned(_LINE_END.sub(" ", text))


def escape(text: str) -> str:
    """The text for a log: on one line, with everything unprintable, and the backslash, as ``\\x1b`` or ``\\u2028``."""
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(c if c.isprintable() and c != "\\" else c.encode("unicode_escape").decode("ascii") for c in text)


def _is_plain(text: str) -> bool:
    """Whether there is nothing to look at more closely; so it is for nearly every line (0.3 µs for 80 of ASCII)."""
    return (text.isascii() and text.isprintable()) or not (_SUSPECT.search(text) or _STACK.search(text))


def _cleaned(text: str) -> str:
    """``text``, which has no line separators, without what it may not have.

    The order matters: each step looks at neighbours that no later step takes away.
    """
    text = _ESCAPE.sub("", text.replace("\t", " "))
    text = _NEVER.sub("", text)
    text = _STACK.sub(_trimmed, text)
    return _IN_PLACE.sub(_kept, text)


def _trimmed(run: re.Match[str]) -> str:
    """A run of characters with at most eight marks on each base; joiners and tags neither count nor separate."""
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
    """What stays of something that is allowed in some places only."""
    if match["keep"]:
        return match["keep"]
    if match["joiner"]:
        start, end = match.span()
        before, after = match.string[max(start - 1, 0) : start], match.string[end : end + 1]
        return match["joiner"] if _joins(before) and _joins(after) else ""
    return ""


def _joins(character: str) -> bool:
    """Whether this is a letter or mark (or nothing: it is not) of a script that uses joiners."""
    return bool(_JOINING.match(character)) and unicodedata.category(character)[0] in "LM"
