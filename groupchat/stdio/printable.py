"""What may be written to a terminal of what a server sent."""

import codecs
import re

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls (C0, DEL, C1), line ends that are none, what turns the writing direction, and halves of characters.

A tab and a line feed stay.
"""


def printable(text: str) -> str:
    """The text, with a visible mark in the place of everything a terminal would obey."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str) -> str:
    """The same, for what must stay on one line."""
    return printable(text.replace("\n", " ").replace("\t", " "))


def escaped(text: str) -> str:
    """JSON text with ``\\uXXXX`` for every such character, so that it says the same and does nothing."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


class Printer:
    """Turns a server's bytes, cut anywhere, into text for a terminal: UTF-8 in, carriage returns taken out."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, data: bytes, final: bool = False) -> str:
        """The text that is complete by now."""
        return printable(self._decoder.decode(data, final).replace("\r", ""))
