"""Lines for people for everything that the server sends, in the form of the text protocol."""

from collections.abc import Iterator
from datetime import date

from groupchat.client.core.protocol import Message
from groupchat.model.text import shown_lines
from groupchat.stdio.phrases import Reader, company, departure, phrase
from groupchat.stdio.printable import one_line
from groupchat.terminal.display.timestamps import Timestamps, spelt


class Transcript:
    """Makes lines of events and answers; they are safe for a terminal.

    :param today: the first line of another day is preceded by one with that day.
    :param base: the address of the server in a browser, for the links of files.
    """

    def __init__(self, today: date, base: str = "") -> None:
        self.room = ""
        """The current room; what is said in others is marked with their names."""
        self._reader = Reader("", base)
        self._times = Timestamps()
        self._day = today

    def serve(self, base: str) -> None:
        """Have the links of files lead to this server from now on.  :param base: its address in a browser."""
        self._reader.base = base

    def lines(self, message: Message) -> Iterator[str]:
        """Return the lines for whatever the server sends; most of it makes one, some of it none."""
        match message.get("event"):
            case "welcome":
                yield from self._welcomed(message)
            case "refused":
                yield f"!! {one_line(str(message.get('code')))}: {one_line(str(message.get('text')))}"
            case "done":
                self._changed(message)
                yield from _answered(message.get("text"))
            case "listed":
                yield from self._listed(message)
            case "entered":
                self.room = str(message.get("room", ""))
                yield from _answered(company(message, self._reader))
            case "departed":
                self.room = str(message.get("current", ""))
                yield from _answered(departure(message))
            case _:
                yield from self._happened(message)

    def _welcomed(self, welcome: Message) -> Iterator[str]:
        self.room = str(welcome.get("room", ""))
        self._reader.be(str(welcome.get("nick", "")))
        nick, room = one_line(str(welcome.get("nick"))), one_line(self.room) or "no room"
        yield f"Connected to the server! You are {nick}, in {room}. /help lists the commands."
        yield from _answered(welcome.get("motd"))

    def _changed(self, done: Message) -> None:
        """Follow a change of the room, or of what ``/set`` changes in how lines look."""
        self.room = str(done.get("room", self.room))
        if done.get("name") == "time":
            self._times.form = str(done.get("value"))
        elif done.get("name") == "zone":
            self._times.use_zone(str(done.get("value")))

    def _listed(self, answer: Message) -> Iterator[str]:
        if "heading" not in answer:
            yield from _answered(answer.get("text"))
            return
        yield from _answered(answer.get("heading"))
        items = answer.get("items")
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict):
                yield from self._happened(item)
        yield from _answered(answer.get("ending"))

    def _happened(self, event: Message) -> Iterator[str]:
        words = phrase(event, self._reader, self.room)
        if words is None:
            return
        moment = self._times.moment(event.get("at"))
        if moment is not None and moment.date() != self._day:
            self._day = moment.date()
            yield f"-- {spelt(self._day)}"
        stamp = "" if event.get("event") == "announced" else self._times.stamp(moment).rstrip()
        yield from shown_lines(f"[{stamp}] {words}" if stamp else str(words))


def _answered(text: object) -> Iterator[str]:
    return (f"-- {one_line(line)}" for line in str(text or "").split("\n") if text)
