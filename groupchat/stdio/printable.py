"""Text of a server, made safe for a terminal."""

from groupchat.lazy.expressions import expression

_UNSAFE = expression("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls (C0, DEL, C1), Unicode line separators, marks that change the writing direction, and lone surrogates.

Tabs and line feeds are allowed.
"""


def printable(text: str) -> str:
    """Return the text with a visible mark for everything that a terminal would obey."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str) -> str:
    """Return the same, on one line."""
    return printable(text.replace("\n", " ").replace("\t", " "))


def escaped(text: str) -> str:
    """Return JSON text with ``\\uXXXX`` for every such character: it means the same, and is safe to print."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
