"""Text for the scrollback: in colours for the eye, in whole sentences for a screen reader."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Protocol

from groupchat.client.core.protocol import Message
from groupchat.stdio.phrases import Part, Reader, phrase
from groupchat.stdio.printable import one_line
from groupchat.terminal.display.colours import Paint
from groupchat.terminal.display.spoken import sentence
from groupchat.terminal.display.timestamps import Timestamps, spelt
from groupchat.terminal.display.views import View
from groupchat.terminal.display.wrapping import columns, wrapped


class Display(Protocol):
    """Makes text for the scrollback that is safe for a terminal, without the last line end."""

    timestamps: Timestamps
    names_rooms: bool
    """True if every line names its room while those of all rooms are shown: nothing else tells them apart."""

    def event(self, event: Message, room: str) -> str | None:
        """Return the text of an event; None if people are not shown it.  ``room``: the current room."""

    def view(self, view: View) -> str:
        """Return what stands before the posts of a room, or a private conversation, to which the person has come."""

    def answer(self, text: str) -> str:
        """Return the text of an answer of the server, of one or more lines."""

    def refused(self, code: str, text: str) -> str:
        """Return the text of a refusal."""

    def remark(self, text: str) -> str:
        """Return the text of a remark of the client itself."""


class Days:
    """Notices when another day begins."""

    def __init__(self, today: date) -> None:
        self._day = today

    def turned(self, moment: datetime | None) -> str:
        """Return the name of the day if it is another one than the last, else an empty string."""
        if moment is None or moment.date() == self._day:
            return ""
        self._day = moment.date()
        return spelt(self._day)


class VisualDisplay:
    """For the eye: one line for each event, beginning with the time; further lines are indented under the text."""

    names_rooms = False

    def __init__(self, reader: Reader, paint: Paint, width: Callable[[], int], today: date) -> None:
        self.timestamps = Timestamps()
        self._reader = reader
        self._paint = paint
        self._width = width
        self._days = Days(today)

    def event(self, event: Message, room: str) -> str | None:
        shown = phrase(event, self._reader, room)
        if shown is None:
            return None
        moment = self.timestamps.moment(event.get("at"))
        stamp = "" if event.get("event") == "announced" else self.timestamps.stamp(moment)
        head = (("time", stamp), *shown.head)
        line = self._lines((*head, *shown.text), sum(columns(text) for _, text in head))
        day = self._days.turned(moment)
        return f"{self._rule(day)}\n{line}" if day else line

    def view(self, view: View) -> str:
        name, news = one_line(str(view.place)), _news(view)
        private = ", in private" if view.place.nick else ""
        head: tuple[Part, ...] = (("rule", "──── "), ("view", name), ("rule", f"{private} "))
        if news:
            head = (*head, ("rule", "── "), ("view", news), ("rule", " "))
        left = self._width() - sum(columns(text) for _, text in head)
        rule = self._lines((*head, ("rule", "─" * max(left, 0))), 5)
        return f"{rule}\n{self.remark(f'topic: {view.topic}')}" if view.topic else rule

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


class SpokenDisplay:
    """For a screen reader: whole sentences, which the terminal wraps itself."""

    names_rooms = True

    def __init__(self, reader: Reader, today: date) -> None:
        self.timestamps = Timestamps()
        self._reader = reader
        self._days = Days(today)

    def event(self, event: Message, room: str) -> str | None:
        said = sentence(event, self._reader, room)
        day = self._days.turned(self.timestamps.moment(event.get("at"))) if said is not None else ""
        return f"{day}.\n{said}" if day else said

    def view(self, view: View) -> str:
        name, news = one_line(str(view.place)), _news(view)
        where = f"You write to {name} in private now." if view.place.nick else f"You are in {name} now."
        topic = f"The topic is: {one_line(view.topic)}" if view.topic else ""
        return " ".join(part for part in (where, f"{news}." if news else "", topic) if part)

    def answer(self, text: str) -> str:
        return "\n".join(one_line(line) for line in text.split("\n"))

    def refused(self, code: str, text: str) -> str:
        return f"Refused: {one_line(text)}"

    def remark(self, text: str) -> str:
        return one_line(text)


def _news(view: View) -> str:
    """Return what is unread in a view; empty: nothing is."""
    if not view.unread:
        return ""
    mentions = f", {view.mentions:,} for you" if view.mentions and view.place.room else ""
    ahead = view.unread_ahead
    shown = "" if not ahead else ", shown above" if ahead == view.unread else f", {ahead:,} shown above"
    return f"{view.unread:,} unread{mentions}{shown}"


def _spaced(line: str) -> str:
    return one_line(line) or " "


def _inset(line: str) -> int:
    """Return the width of the first of two columns, as /help has them; 0 for a line without columns."""
    before, gap, _ = line.partition("  ")
    return len(line) - len(line[len(before) :].lstrip(" ")) if gap and before else 0
