"""The lines of the plain client: where each of them goes, and which were refused.

Rules:

1. A line is bound to the room that was current when it was taken; while a command that may choose another one is
   unanswered, no line is taken.
2. After an involuntary loss of that room lines are bound to it all the same, so that the server refuses them:
   on a terminal the next one, of which the person is told; in a pipe, where nobody reads that, all of them.
   A command that chooses a room ends this.
3. In a pipe nothing is sent after a command that was to choose where lines go, and was refused: what follows was
   meant for that place.  The next such command that succeeds ends this.
4. While lines go to one person in private, they are bound to no room: the server knows the person.
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

HELD = "held-line"
"""The code with which the server refuses what may be a password."""

MAY_BE_SECRET = "(a line that may be a password)"
"""Stands for such a line wherever lines that were not said are listed."""

_SECRET = SecretCommands()


class Lines:
    """The lines that were sent on one connection.

    :param persistent: whether a room that was lost, or not reached, is remembered until another one is chosen
        (rules 2 and 3).
    """

    def __init__(self, persistent: bool) -> None:
        self.refused: list[str] = []
        """The lines that were refused, by the server or here."""
        self._persistent = persistent
        self._is_astray = False
        """Whether the place that the lines were meant for was not reached (rule 3)."""
        self._may_be_secret = False
        """Whether a command with a password was refused since the last line that was no command."""
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

    def refuse(self, line: str) -> None:
        """Count a line that is not sent."""
        self.refused.append(line)

    def unsent(self, line: str) -> str:
        """Return how a line that is not sent is shown: the first after a refused password may be the next try of it."""
        if line.startswith("/") or not self._may_be_secret:
            return shown(line)
        self._may_be_secret = False
        return MAY_BE_SECRET

    def may_be_sent(self, line: str) -> bool:
        """Return whether it is certain that a line goes where it was meant to go (rule 3)."""
        return not self._is_astray or _chooses(line)

    def request(self, line: str, room: str) -> Message:
        """Return the request for a line that is taken while this is the current room."""
        self._number += 1
        message: Message = {"do": "type", "line": line, "ref": self._number}
        self._unanswered[self._number] = line
        if _chooses(line):
            self._choice = self._number
        if self._binds and not self._is_private and (self._lost or room):
            message["room"] = self._lost or room
        return message

    def message(self, text: str, reply: int | None, room: str) -> Message:
        """Return the request for a message of several lines that was begun while this was the current room."""
        request = self.request(text, room)
        del request["line"]
        return {**request, "do": "say", "text": text, **({} if reply is None else {"reply": reply})}

    def command(self, command: str, words: list[str]) -> Message:
        """Return the request for a command with passwords; it is known by its name alone."""
        request = self.request(command, "")
        del request["line"]
        return {**request, "do": command[1:].lower(), **_SECRET.fields(command, words)}

    def received(self, message: Message, room: str) -> str:
        """Follow what the server sends while this is the current room; return a line of which it was the refusal."""
        match message.get("event"):
            case "welcome":
                features = message.get("features")
                self._binds = isinstance(features, list) and FEATURE in features
                self._lost, self._is_private, self._is_astray = "", bool(message.get("query")), False
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
                self._lost, self._is_private, self._is_astray = "", bool(message.get("query")), False
            elif self._persistent:
                self._is_astray = True
        self._may_be_secret = _SECRET.holds(line) and message.get("event") == "refused"
        if message.get("event") != "refused":
            return ""
        if message.get("code") == HELD:
            line = MAY_BE_SECRET
        self.refused.append(line)
        if not is_spoken(line):
            return ""
        if not self._persistent:
            self._lost = ""
        return line


def shown(line: str) -> str:
    """Return a line as it may be printed: of a command with a password only its name."""
    return _SECRET.shown(line)


def is_spoken(line: str) -> bool:
    """Return whether a line says something."""
    is_command = line.startswith("/") and not line.startswith("//")
    return bool(line.strip()) and (not is_command or _name(line) in SPOKEN)


def _chooses(line: str) -> bool:
    """Return whether a line may choose where the next one goes."""
    return goes_elsewhere({"do": "type", "line": line}) or _name(line) in CHOOSING


def _name(line: str) -> str:
    return "".join(line.split(None, 1)[:1]).lower()
