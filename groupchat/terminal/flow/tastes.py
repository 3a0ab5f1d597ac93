"""What ``/set`` changes in this client, beside what it changes at the server."""

import re

from groupchat.client.client import Client
from groupchat.terminal.configuration import BELLS
from groupchat.terminal.display.times import Times

CHANGED = re.compile(r"(emoji|joins|time|zone) is now (\S+)\.")
"""How the server says that it changed something."""

VALUES = {"bell": BELLS, "typing": ("on", "off")}


class Tastes:
    """``bell``: off, mentions or all.  ``typing``: whether others are told that one is typing."""

    def __init__(self, bell: str, typing: bool) -> None:
        self.bell = bell
        self.typing = typing

    def typed(self, rest: str) -> str | None:
        """What follows ``/set``: the answer when it is for this client, None when it is for the server."""
        name, *values = rest.lower().split()[:2] or [""]
        if name == "echo":
            return "This client always shows your own lines, with their numbers."
        if name not in VALUES:
            return None
        if not values or values[0] not in VALUES[name]:
            return f"{name} is {self._value(name)}; it can be {', '.join(VALUES[name])}."
        if name == "bell":
            self.bell = values[0]
        else:
            self.typing = values[0] == "on"
        return f"{name} is now {values[0]}."

    def changed(self, line: str, answer: str, times: Times, client: Client | None) -> None:
        """The server has answered a line; what it changed counts on later connections too, and for what is shown."""
        told = CHANGED.fullmatch(answer)
        if told is None or not line.lower().startswith("/set "):
            return
        name, value = told.groups()
        if client is not None:
            client.prefer(name, value)
        if name == "time":
            times.form = value
        elif name == "zone":
            times.use_zone(value)

    def knows(self, text: str) -> bool:
        """Whether the last word is a value of ours, of which the server knows nothing."""
        words = text.lower().split(" ")
        return len(words) == 3 and words[0] == "/set" and words[1] in VALUES

    def complete(self, text: str) -> list[str]:
        """What of ours the last word could become."""
        match text.lower().split(" "):
            case ["/set", start]:
                return [name for name in VALUES if name.startswith(start)]
            case ["/set", name, start] if name in VALUES:
                return [value for value in VALUES[name] if value.startswith(start)]
        return []

    def _value(self, name: str) -> str:
        return self.bell if name == "bell" else ("on" if self.typing else "off")
