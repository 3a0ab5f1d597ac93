"""The style of people with netcat or telnet: one readable line for each event."""

from collections.abc import Callable, Container, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby
from math import inf
from typing import Any, ClassVar
from weakref import WeakValueDictionary

from zope.interface import implementer

from groupchat.doors.lines.folding import folded
from groupchat.interfaces.screens import IStyle, Rendered
from groupchat.model import events
from groupchat.model.events import Answer, Event, Ref
from groupchat.model.message.code import code_lines
from groupchat.model.preferences import ACTIVE, EACH, NOBODY, Preferences, shown_width, shown_zone
from groupchat.model.text import GAP, harmless, shown, shown_lines
from groupchat.model.times import local
from groupchat.model.wording import listed, plural, size_words

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
"""Days and months, in English whatever the server's locale."""

STAMPS = {"seconds": "[%H:%M:%S] ", "minutes": "[%H:%M] ", "off": ""}
"""The time before a line, by the preference ``time``."""

PROMPTS = {
    "nickname": "Choose your nickname: ", "password": "Password: ", "code": "Code: ",
    "new password": "New password: ", "same again": "The same once more: ",
}  # fmt: skip

_MESSAGES = frozenset({events.Said, events.Acted, events.Whispered, events.Edited})
"""What can have several lines."""
_JOINS = frozenset({events.Joined, events.Left, events.ManyJoined, events.ManyLeft})
_PROGRAMS = frozenset({
    events.ProgramJoined, events.ProgramLeft, events.ManyProgramsJoined, events.ManyProgramsLeft,
})  # fmt: skip
_NEVER_SHOWN = _PROGRAMS | {events.Typing, events.AwayChanged}
_CROWDED = frozenset({events.Joined, events.Left, events.Moved})
_HIDDEN: Mapping[str, frozenset[type]] = {
    ACTIVE: _NEVER_SHOWN | {events.ManyJoined, events.ManyLeft},
    EACH: _NEVER_SHOWN | {events.Moved},
    NOBODY: _NEVER_SHOWN | _JOINS | {events.Moved},
}  # fmt: skip
"""What is never shown, by the preference ``joins``; of _CROWDED those who want active people are shown some."""
_NEVER_ECHOED = _PROGRAMS | {events.Joined, events.Left, events.Typing, events.AwayChanged}

SHOWN = 5
"""Up to this many deletions in a row are shown one by one; more, as by a purge, become one line."""
NAMED = 3
"""The number of people who are named in the line about many who join or leave together."""
_Deleted = events.Deleted


@implementer(IStyle)
class TextStyle:
    """Text with one set of preferences.

    Times are those of ``zone`` (None: the server's).  Lines are broken after ``width`` columns (0: they are not).
    The links of files begin with ``base``: where the reader reaches this server over HTTP.
    """

    door: ClassVar[str] = "text"
    resumes: ClassVar[bool] = False
    attended: ClassVar[bool] = True
    prose: ClassVar[bool] = True

    def __init__(self, preferences: Preferences, zone: tzinfo | None = None, width: int = 0, base: str = "") -> None:
        self.preferences = preferences
        self.base = base
        self._width = width or inf
        self._zone = zone
        self._stamp_format = STAMPS.get(preferences.time, STAMPS["seconds"])
        self._second = -1
        self._stamp = ""
        # The local day that was needed last, from its first second up to the next day's, in seconds since 1970.
        self._dawn = self._dusk = -inf
        self._hidden = _HIDDEN[preferences.joins]
        self._is_brief = preferences.joins == ACTIVE

    def render(self, events: Sequence[Event], previous: Sequence[float], marked: bool) -> list[Rendered]:
        """Render one line for each event; before the first of a day, the day's line."""
        if len(events) > SHOWN and [type(event) for event in events].count(_Deleted) > SHOWN:
            return self._condensed(events, previous, [marked] * len(events))
        return [self._rendered(event, before, marked) for event, before in zip(events, previous, strict=True)]

    def echoes(self, event: Event) -> bool:
        """Say whether people are shown their own event: their words only if they prefer so, their own joining never."""
        kind = type(event)
        if kind is events.Said or (isinstance(event, events.Acted) and not event.to):
            return self.preferences.echo
        return kind not in _NEVER_ECHOED

    def answer(self, answer: Answer, ref: Ref, current: str) -> Rendered:
        """Render an answer's lines, or a prompt without line end.  People have no ``ref``."""
        if isinstance(answer, events.Replayed):
            return self._replayed(answer, current)
        if isinstance(answer, events.Asked):
            return _encoded(PROMPTS[answer.what])
        lines = _answered(answer)
        return self._laid_out([harmless(line) for line in lines]) if lines else Rendered(b"")

    def _condensed(self, shown: Sequence[Event], previous: Sequence[float], marks: Sequence[bool]) -> list[Rendered]:
        """Do the same, with many deletions in a row by one person in one room as one line, in place of the last."""
        lines: list[Rendered] = []
        for (_, run), each in groupby(enumerate(shown), lambda pair: _run(pair[0], pair[1])):
            indexes = [index for index, _ in each]
            if run and len(indexes) > SHOWN:
                deletions = [event for event in shown[indexes[0] : indexes[-1] + 1] if isinstance(event, _Deleted)]
                lines += [Rendered(b"")] * (len(indexes) - 1)
                lines.append(self._rendered(_Purged(deletions), previous[indexes[0]], marks[indexes[-1]]))
            else:
                lines += [self._rendered(shown[index], previous[index], marks[index]) for index in indexes]
        return lines

    def _rendered(self, event: Any, before: float, marked: bool) -> Rendered:
        kind = type(event)
        if kind in self._hidden or (self._is_brief and kind in _CROWDED and not _is_told(event)):
            # The day's line is due all the same: for what is shown next in the room, this event has gone before.
            return Rendered(self._day(event.at, before).encode("ascii"))
        if kind is events.HistoryErased:  # what a terminal has shown cannot be taken back
            return Rendered(b"")
        if kind is events.Announced:
            return self._laid_out([f"-- {shown(event.text)}"])
        at: float = event.at
        today = "" if self._dawn <= before < self._dusk and self._dawn <= at < self._dusk else self._day(at, before)
        second = int(at)
        if second != self._second:
            self._second, self._stamp = second, self._local(second).strftime(self._stamp_format)
        mark = f"({event.room}) " if marked and event.room else ""
        if kind is events.Said and not event.reply:  # nearly every line
            line = f"{self._stamp}{mark}#{event.id} {event.nick}: {event.text}"
        elif kind is events.Shared:
            line = f"{self._stamp}{mark}{_shared(event)}{self.base}{event.link}"
        else:
            line = f"{self._stamp}{mark}{_FORMS[kind](event)}"
        if line.isascii() and line.isprintable() and GAP not in line and len(line) <= self._width:  # again nearly all
            return Rendered(f"{today}{line}\r\n".encode("ascii"))
        if "\n" in line and kind in _MESSAGES:
            return Rendered(today.encode("ascii") + self._laid_out(shown_lines(line), code_lines(event.text)))
        line = shown(line)
        if self._width == inf:
            return Rendered(f"{today}{line}\r\n".encode("utf-8", "replace"))
        return Rendered(today.encode("ascii") + self._laid_out([line]))

    def _laid_out(self, lines: Sequence[str], code: Container[int] = ()) -> Rendered:
        """Return harmless lines as they go to the terminal.  ``code``: which of them are code, counted from 0."""
        if self._width < inf:
            width = int(self._width)
            lines = [row for number, line in enumerate(lines) for row in folded(line, width, number in code)]
        return _encoded("".join(f"{line}\r\n" for line in lines))

    def _replayed(self, replayed: events.Replayed, current: str) -> Rendered:
        lines: list[bytes] = []
        if replayed.heading:
            lines.append(self._laid_out([f"-- {harmless(replayed.heading)}"]))
        posts = replayed.posts
        previous = [replayed.at, *(post.at for post in posts[:-1])]
        lines += self._condensed(posts, previous, [post.room != current for post in posts])
        if replayed.ending:
            lines.append(self._laid_out([f"-- {harmless(replayed.ending)}"]))
        return Rendered(b"".join(lines))

    def _day(self, at: float, before: float) -> str:
        """Return the day's line if ``at`` is of another local day than ``before``, else nothing."""
        today = self._local(at).date()
        self._dawn, self._dusk = self._midnight(today), self._midnight(today + timedelta(days=1))
        if self._dawn <= before < self._dusk:
            return ""
        return f"-- {DAYS[today.weekday()]} {today.day} {MONTHS[today.month - 1]} {today.year}\r\n"

    def _local(self, at: float) -> datetime:
        return local(at, self._zone)

    def _midnight(self, day: date) -> float:
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()


class _Purged:
    """Many messages that one person deleted in a row."""

    def __init__(self, deletions: Sequence[events.Deleted]) -> None:
        self.nick, self.room, self.at = deletions[-1].nick, deletions[-1].room, deletions[-1].at
        targets = sorted(deletion.target for deletion in deletions)
        self.text = f"deleted {len(targets):,} messages, #{targets[0]} to #{targets[-1]}"


def _run(index: int, event: Event) -> tuple[object, bool]:
    """Return a key that neighbours of one run have in common, and whether they are deletions."""
    if isinstance(event, _Deleted) and event.room:
        return (event.nick, event.room), True
    return index, False


def _shared(event: events.Shared) -> str:
    """Return the line of a file up to its link."""
    to = f" -> {event.to}" if event.to else ""
    return f"#{event.id} {event.nick}{to}{_re(event)} shared {event.name} ({size_words(event.size)}): "


def _re(event: events.Said | events.Acted | events.Whispered | events.Shared | events.Edited) -> str:
    """Return how a reply says what it answers."""
    return f" (re #{event.reply} {event.reply_nick})" if event.reply else ""


def _encoded(line: str) -> Rendered:
    return Rendered(line.encode("utf-8", "replace"))


def _many(event: events.ManyJoined | events.ManyLeft) -> str:
    """Return ``alice, bob, carol and 54 others``."""
    others = len(event.nicks) - NAMED
    if others > 0:
        return f"{', '.join(event.nicks[:NAMED])} and {plural(others, 'other')}"
    return listed(event.nicks)


def _is_told(event: events.Joined | events.Left | events.Moved) -> bool:
    """Return whether those are told of this who want to know of active people only, where there are many."""
    return event.is_told if isinstance(event, events.Moved) else not event.crowded


def _moved(event: events.Moved) -> str:
    """Return ``alice, bob and 22 others left lobby``, or ``24 people left lobby``, with the reason."""
    named = [nick for _, nick in event.known[:NAMED]]
    others = len(event.known) - len(named) + event.others
    counted = [plural(others, "other") if named else plural(others, "person", "people")] if others else []
    why = f" ({event.reason})" if event.reason and not event.came else ""
    return f"{listed([*named, *counted])} {'joined' if event.came else 'left'} {event.room}{why}"


_FORMS: dict[type, Callable[[Any], str]] = {
    events.Said: lambda event: f"#{event.id} {event.nick}{_re(event)}: {event.text}",
    events.Acted: lambda event: (
        f"#{event.id} * {event.nick}{f' -> {event.to}' if event.to else ''}{_re(event)} {event.text}"
    ),
    events.Whispered: lambda event: f"#{event.id} {event.nick} -> {event.to}{_re(event)}: {event.text}",
    events.Edited: lambda event: (
        f"#{event.target} {'* ' * event.acted}{event.nick}{f' -> {event.to}' if event.to else ''}{_re(event)}"
        f" (edited){':' * (not event.acted)} {event.text}"
    ),
    events.Deleted: lambda event: f"#{event.target} was deleted by {event.nick}",
    events.TopicChanged: lambda event: f"* topic of {event.room}, by {event.nick}: {event.text or '(none)'}",
    events.Moderated: lambda event: f"* {event.nick} {event.text}",
    _Purged: lambda event: f"* {event.nick} {event.text}",
    events.Joined: lambda event: f"* {event.nick} joined {event.room}",
    events.Left: lambda event: f"* {event.nick} left {event.room}{f' ({event.reason})' if event.reason else ''}",
    events.ManyJoined: lambda event: f"* {_many(event)} joined {event.room}",
    events.ManyLeft: lambda event: f"* {_many(event)} left {event.room}{f' ({event.reason})' if event.reason else ''}",
    events.Moved: lambda event: f"* {_moved(event)}",
    events.Renamed: lambda event: f"* {event.nick} is now {event.new}",
}
"""The rest of the line, after the time and the room."""


def _answered(answer: Answer) -> list[str]:
    """Return the lines of an answer."""
    match answer:
        case events.Greeted(version, name, people, motd):
            here = plural(people, "person is here", "people are here")
            return [f"groupchat {version} at {name}: {here}.", *(f"-- {line}" for line in motd.splitlines())]
        case events.Welcomed(nick, room):
            return [f"Connected to the server! You are {nick}, in {room or 'no room'}. /help lists the commands."]
        case events.Done(_, text):
            return [f"-- {text}"] if text else []
        case events.Departed():
            return _departed(answer)
        case events.MarkedRead() | events.Entered() | events.Closing():  # for programs; people are told in words
            return []
        case events.Refused(code, text):
            return [f"!! {code}: {text}"]
        case events.Told(lines, _) | events.Listed(_, lines):
            return [f"-- {line}" for line in lines]
    raise TypeError(f"{type(answer).__name__} is not an answer for people.")


def _departed(departed: events.Departed) -> list[str]:
    """Return where lines go now; people who left by themselves read it in the answer."""
    if departed.code in ("left", "logged-out"):
        return []
    now = f"Your lines now go to {departed.current}." if departed.current else "You are in no room now."
    return [f"-- You are no longer in {departed.room}. {now}"]


_styles: WeakValueDictionary[tuple[Preferences, str, int, str], TextStyle] = WeakValueDictionary()


def text_style(preferences: Preferences, server_zone: str = "", window: int = 0, base: str = "") -> TextStyle:
    """Return the style for these preferences; the same object as long as anybody has it.

    :param window: the columns of the terminal; 0: they are not known.
    :param server_zone: the zone for those who prefer none; empty: that of this host.
    :param base: where the reader reaches this server over HTTP; empty: links are shown as paths.
    :raises BadArguments: there is no such time zone.
    """
    width = shown_width(preferences, window)
    style = _styles.get((preferences, server_zone, width, base))
    if style is None:
        zone = shown_zone(preferences, server_zone)
        style = _styles[preferences, server_zone, width, base] = TextStyle(preferences, zone, width, base)
    return style
