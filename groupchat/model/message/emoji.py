"""Emoji: the smileys and shortcodes that people type for them.  Code has none: there they stand for themselves."""

import re
from functools import cache

from groupchat.lazy.expressions import expression
from groupchat.model.message.code import CODE

SMILEYS = {":)": "😊", ":(": "☹️", ":3": "😺", "<3": "❤️"}

# It begins with the first character of what it finds, since nothing else is searched for as fast.
_SHORTCUT = expression(r"[:<](?<!\S[:<])(?:(?<=:)(?:\)|\(|3|[^\s:]{1,100}:)|(?<=<)3)(?!\S)")
_BESIDE_CODE = expression(f"{CODE}|{_SHORTCUT.pattern}", re.MULTILINE)
"""Also finds code, of which nothing is a shortcut then."""


def emojify(text: str) -> str:
    """Replace smileys and ``:shortcodes:`` by emoji where they stand alone between spaces or line ends."""
    if ":" not in text and "<3" not in text:
        return text
    return (_BESIDE_CODE if "`" in text else _SHORTCUT).sub(_picture, text)


def shortcodes(start: str, most: int) -> list[str]:
    """Return at most ``most`` of the ``:shortcodes:`` that begin with ``start``, the shortest first."""
    found = [code for code in _shortcodes() if code.startswith(start)]
    return sorted(found, key=lambda code: (len(code), code))[:most]


def _picture(shortcut: re.Match[str]) -> str:
    """Return the emoji for a shortcut, or what was found itself if it has none."""
    written = shortcut[0]
    return SMILEYS.get(written) or _shortcodes().get(written, written)


@cache
def _shortcodes() -> dict[str, str]:
    """Return the emoji for every shortcode; the shortcodes include their colons.

    Built when first needed, because the library takes 8 MiB and 40 ms to load.
    Its own ``emojize`` is not used: it searches a list, 1 ms for each unknown code, and a line can hold a thousand.
    """
    from emoji import EMOJI_DATA, STATUS

    # As in the library, an alias takes precedence over the English name of another emoji.
    pictures = [(emoji, data) for emoji, data in EMOJI_DATA.items() if data["status"] <= STATUS["fully_qualified"]]
    codes: dict[str, str] = {}
    for emoji, data in pictures:
        for alias in data.get("alias", ()):
            codes.setdefault(alias, emoji)
    for emoji, data in pictures:
        codes.setdefault(data["en"], emoji)
    return codes
