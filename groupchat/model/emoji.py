"""Emoji: the shortcuts people type, and what they stand for."""

import re
from functools import cache

SMILEYS = {":)": "😊", ":(": "☹️", ":3": "😺", "<3": "❤️"}


_SHORTCUT = re.compile(r"(?<!\S)(?::\)|:\(|:3|<3|:[^\s:]{1,100}:)(?!\S)")


def emojify(text: str) -> str:
    """The text with smileys and ``:shortcodes:`` as emoji, where they stand alone between spaces or line ends."""
    if ":" not in text and "<3" not in text:
        return text
    return _SHORTCUT.sub(_picture, text)


def shortcodes(start: str, most: int) -> list[str]:
    """The ``:shortcodes:`` that begin so, the shortest first, and no more than this."""
    found = [code for code in _shortcodes() if code.startswith(start)]
    return sorted(found, key=lambda code: (len(code), code))[:most]


def _picture(shortcut: re.Match[str]) -> str:
    """The emoji for a shortcut; the shortcut itself when there is none."""
    written = shortcut[0]
    return SMILEYS.get(written) or _shortcodes().get(written, written)


@cache
def _shortcodes() -> dict[str, str]:
    """Every shortcode, with its colons, and its emoji.

    Made when first needed, because the library takes 8 MiB and 40 ms to load.
    Its own ``emojize`` is not used: it searches a list, 1 ms for each unknown code, and a line can hold a thousand.
    """
    from emoji import EMOJI_DATA, STATUS

    # An alias wins over another emoji's English name, as in the library.
    pictures = [(emoji, data) for emoji, data in EMOJI_DATA.items() if data["status"] <= STATUS["fully_qualified"]]
    codes: dict[str, str] = {}
    for emoji, data in pictures:
        for alias in data.get("alias", ()):
            codes.setdefault(alias, emoji)
    for emoji, data in pictures:
        codes.setdefault(data["en"], emoji)
    return codes
