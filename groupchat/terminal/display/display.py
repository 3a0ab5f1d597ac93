"""What is written to the scrollback: for the eye, in colours, or for the ear, in words."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Protocol

from groupchat.client.protocol import Message
from groupchat.stdio.phrases import Part, Reader, phrase
from groupchat.stdio.printable import one_line
from groupchat.terminal.display.colours import Paint
from groupchat.terminal.display.times import Times, spelt
from groupchat.terminal.display.words import sentence
from groupchat.terminal.display.wrapping import columns, wrapped


class Display(Protocol):
    """Makes text for the scrollback, without the last line end; it is safe for a terminal."""

    times: Times

    def event(self, event: Message, room: str) -> str | None:
        """Something happened; None when it is nothing for people."""

    def answer(self, text: str) -> str:
        """The server answers, in one or more lines."""

    def refused(self, code: str, text: str) -> str:
        """The server refuses something."""

    def remark(self, text: str) -> str:
        """The client itself says something."""


class Days:
    """Tells when another day begins."""

    def __init__(self, today: date) -> None:
        self._day = today

    def turned(self, moment: datetime | None) -> str:
        """The day's name when this is another day than the last, else nothing."""
        if moment is None or moment.date() == self._day:
            return ""
        self._day = moment.date()
        return spelt(self._day)


class Sight:
    """For the eye: each event a line, the time first, further lines indented under the text."""

    def __init__(self, reader: Reader, paint: Paint, width: Callable[[], int], today: date) -> None:
        self.times = Times()
        self._reader = reader
        self._paint = paint
        self._width = width
        self._days = Days(today)

    def event(self, event: Message, room: str) -> str | None:
        shown = phrase(event, self._reader, room)
        if shown is None:
            return None
        moment = self.times.moment(event.get("at"))
        stamp = "" if event.get("event") == "announced" else self.times.stamp(moment)
        head = (("time", stamp), *shown.head)
        line = self._lines((*head, *shown.text), sum(columns(text) for _, text in head))
        day = self._days.turned(moment)
        return f"{self._rule(day)}\n{line}" if day else line

    def answer(self, text: str) -> str:
        lines = (_spaced(line) for line in text.split("\n"))
        return "\n".join(self._lines((("answer", "-- "), ("answer", line)), 3 + _inset(line)) for line in lines)

    def refused(self, code: str, text: str) -> str:
        return self._lines((("refused", "!! "), ("refused", one_line(code)), ("", f": {one_line(text)}")), 3)

    def remark(self, text: str) -> str:
        return self._lines((("notice", "* "), ("notice", one_line(text))), 2)

    def _lines(self, parts: tuple[Part, ...], indent: int) -> str:
        return wrapped(parts, self._width(), indent, self._paint)

    def _rule(self, day: str) -> str:
        words = f"──── {day} "
        return self._paint("rule", words + "─" * max(self._width() - columns(words), 4))


class Sound:
    """For the ear: whole sentences, which the terminal wraps itself."""

    def __init__(self, reader: Reader, today: date) -> None:
        self.times = Times()
        self._reader = reader
        self._days = Days(today)

    def event(self, event: Message, room: str) -> str | None:
        said = sentence(event, self._reader, room)
        day = self._days.turned(self.times.moment(event.get("at"))) if said is not None else ""
        return f"{day}.\n{said}" if day else said

    def answer(self, text: str) -> str:
        return "\n".join(one_line(line) for line in text.split("\n"))

    def refused(self, code: str, text: str) -> str:
        return f"Refused: {one_line(text)}"

    def remark(self, text: str) -> str:
        return one_line(text)


def _spaced(line: str) -> str:
    return one_line(line) or " "


def _inset(line: str) -> int:
    """The columns before the explanation in a line of two columns, such as those of /help; else none."""
    before, gap, _ = line.partition("  ")
    return len(line) - len(line[len(before) :].lstrip(" ")) if gap and before else 0
