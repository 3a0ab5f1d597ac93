"""The lines of the plain client: where each of them goes, and which were not said.

Rules:

1. A line is bound to the room that was current when it was taken; while a command that may choose another one is
   unanswered, no line is taken.
2. After an involuntary loss of that room lines are bound to it all the same, so that the server refuses them:
   on a terminal the next one, of which the person is told; in a pipe, where nobody reads that, all of them.
   A command that chooses a room ends this.
3. While lines go to one person in private, they are bound to no room: the server knows the person.
"""

from groupchat.client.core.protocol import Message
from groupchat.client.core.requests import goes_elsewhere
from groupchat.stdio.phrases import departure
from groupchat.terminal.flow.secret_commands import SecretCommands

FEATURE = "type-room"
"""The feature of servers that take the room of a line."""

CHOOSING = frozenset({"/query", "/login"})
"""Commands that choose where lines go, beside those that choose a room."""

SPOKEN = frozenset({"/me", "/msg", "/tell", "/w", "/reply", "/r", "/re", "/say"})
"""Commands that say something."""

_SECRET = SecretCommands()


class Lines:
    """The lines that were sent on one connection.

    :param persistent: whether a lost room is remembered until another one is chosen (rule 2).
    """

    def __init__(self, persistent: bool) -> None:
        self.refused: list[str] = []
        """What was to be said and was refused."""
        self._persistent = persistent
        self._binds = False
        self._lost = ""
        self._is_private = False
        self._unanswered: dict[int, str] = {}
        self._choice = 0
        """The number of the unanswered command that chooses where lines go; 0: there is none."""
        self._number = 0

    @property
    def unanswered(self) -> list[str]:
        """Return what was to be said and is not answered."""
        return [line for line in self._unanswered.values() if is_spoken(line)]

    @property
    def is_choosing(self) -> bool:
        """Return whether it is uncertain where the next line goes (rule 1)."""
        return self._choice != 0

    def request(self, line: str, room: str) -> Message:
        """Return the request for a line that is taken while this is the current room."""
        self._number += 1
        message: Message = {"do": "type", "line": line, "ref": self._number}
        self._unanswered[self._number] = line
        if goes_elsewhere(message) or _name(line) in CHOOSING:
            self._choice = self._number
        if self._binds and not self._is_private and (self._lost or room):
            message["room"] = self._lost or room
        return message

    def message(self, text: str, reply: int | None, room: str) -> Message:
        """Return the request for a message of several lines that was begun while this was the current room."""
        request = self.request(text, room)
        del request["line"]
        return {**request, "do": "say", "text": text, **({} if reply is None else {"reply": reply})}

    def received(self, message: Message, room: str) -> str:
        """Follow what the server sends while this is the current room; return a line of which it was the refusal."""
        match message.get("event"):
            case "welcome":
                features = message.get("features")
                self._binds = isinstance(features, list) and FEATURE in features
                self._lost, self._is_private = "", bool(message.get("query"))
            case "departed" if message.get("room") == room and departure(message) is not None:
                self._lost = room
        return self._answered(message)

    def _answered(self, message: Message) -> str:
        ref = message.get("ref")
        line = self._unanswered.pop(ref, None) if type(ref) is int else None
        if line is None:
            return ""
        if ref == self._choice:
            self._choice = 0
            if message.get("event") == "done":
                self._lost, self._is_private = "", bool(message.get("query"))
        if message.get("event") != "refused" or not is_spoken(line):
            return ""
        if not self._persistent:
            self._lost = ""
        self.refused.append(line)
        return line


def shown(line: str) -> str:
    """Return a line as it may be printed: of a command with a password only its name."""
    return _SECRET.shown(line)


def is_spoken(line: str) -> bool:
    """Return whether a line says something."""
    is_command = line.startswith("/") and not line.startswith("//")
    return bool(line.strip()) and (not is_command or _name(line) in SPOKEN)


def _name(line: str) -> str:
    return "".join(line.split(None, 1)[:1]).lower()
