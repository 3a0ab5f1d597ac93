"""Preferences of ``/set`` that concern this client: its own, and those of the server that it follows."""

from collections.abc import Sequence

from groupchat.client.client import Client
from groupchat.client.core.protocol import Message
from groupchat.destinations.configuration import BELLS, JOINS, OTHERS
from groupchat.terminal.attention.quiet_times import QuietTimes
from groupchat.terminal.display.timestamps import Timestamps

VALUES = {
    "bell": BELLS, "typing": ("on", "off"), "others": OTHERS, "joins": JOINS, "dnd": ("on", "off", "30m", "1h", "8h"),
}  # fmt: skip
"""The preferences of this client; by ``joins`` the server is told only whether to send anything."""


class LocalSettings:
    """``bell``: off, mentions or all.  ``typing``: whether others are told that the person is typing.

    ``others``: what is shown of other rooms: mentions, all or none.
    ``joins``: who is named of those who come and go: active people, each, or nobody.  ``dnd``: do not disturb.
    ``shows_own``: whether this client shows the person's own lines whatever the server is told.
    ``notify``: the program that is run for a mention or a private message, and its arguments.
    """

    def __init__(
        self, bell: str, typing: bool, others: str = "mentions", joins: str = "active",
        dnd: QuietTimes | None = None, notify: Sequence[str] = (), shows_own: bool = True,
    ) -> None:  # fmt: skip
        self.bell = bell
        self.typing = typing
        self.others = others
        self.joins = joins
        self.dnd = dnd if dnd is not None else QuietTimes()
        self.notify = tuple(notify)
        self.shows_own = shows_own

    def listed(self) -> str:
        """Return what there is to set in this client, for people; the server lists the rest."""
        own = [f"{name}: {self._value(name)} ({', '.join(values)})" for name, values in VALUES.items() if name != "dnd"]
        return "\n".join(
            ["Set in this client:", *own, f"{self.dnd.state} (on, off or a time like 30m)", "At the server:"]
        )

    def set(self, words: str) -> str | None:
        """Carry out what follows ``/set``; return the answer, or None if the request is for the server."""
        name, *values = words.lower().split()[:2] or [""]
        if name == "echo" and self.shows_own:
            return "This client always shows your own lines, with their numbers."
        if name not in VALUES:
            return None
        if name == "dnd":
            return self.dnd.set(values[0]) if values else f"{self.dnd.state}; it can be on, off or a time like 30m."
        if not values or values[0] not in VALUES[name]:
            return f"{name} is {self._value(name)}; it can be {', '.join(VALUES[name])}."
        if name == "bell":
            self.bell = values[0]
        elif name == "others":
            self.others = values[0]
        elif name == "joins":
            self.joins = values[0]
        else:
            self.typing = values[0] == "on"
        return f"{name} is now {values[0]}."

    def follow(self, line: str, answer: Message, timestamps: Timestamps, client: Client) -> None:
        """Follow a change at the server, as its answer to a line says: here, and on later connections.

        Older servers do not repeat the name and the value; then those that were typed count.
        """
        command, *words = line.split()
        if answer.get("event") != "done" or command.lower() != "/set":
            return
        name, value = (*words[:2], "", "")[:2]
        name, value = str(answer.get("name", name.lower())), str(answer.get("value", value))
        if not name or not value:
            return
        client.prefer(name, value)
        if name == "time":
            timestamps.form = value
        elif name == "zone":
            timestamps.use_zone(value)

    def at_server(self, words: str) -> tuple[str, str] | None:
        """Return what the server is told when this follows ``/set``, so that it sends what the person wants to see."""
        match words.lower().split():
            case ["joins", value] if value in JOINS:
                return "joins", "off" if value == "off" else "on"
        return None

    def owns(self, text: str) -> bool:
        """Return whether the last word of a half-typed line is the value of a preference of this client."""
        words = text.lower().split(" ")
        return len(words) == 3 and words[0] == "/set" and words[1] in VALUES

    def complete(self, text: str) -> list[str]:
        """Return what the last word could become among the preferences of this client."""
        match text.lower().split(" "):
            case ["/set", start]:
                return [name for name in VALUES if name.startswith(start)]
            case ["/set", name, start] if name in VALUES:
                return [value for value in VALUES[name] if value.startswith(start)]
        return []

    def _value(self, name: str) -> str:
        known = {"bell": self.bell, "others": self.others, "joins": self.joins}
        return known.get(name) or ("on" if self.typing else "off")
