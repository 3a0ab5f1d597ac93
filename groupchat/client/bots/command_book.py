"""The commands that a bot knows."""

import inspect
import re
from dataclasses import dataclass

from groupchat.client.bots.calls import Function, check_arity
from groupchat.client.client_events import Said, Whispered

HELP = "help"
"""The command that every bot has."""

MOST_HELPED = 1000
"""The most people whom a bot remembers having told its commands."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a bot knows."""

    names: tuple[str, ...]
    usage: str
    function: Function

    @property
    def about(self) -> str:
        """What it does: the first line of the function's docstring."""
        return (inspect.getdoc(self.function) or "").split("\n")[0]

    def line(self, prefix: str) -> str:
        """Return its line in the help."""
        usage = " ".join(filter(None, (prefix + self.names[0], self.usage)))
        return f"{usage} - {self.about}" if self.about else usage


class CommandBook:
    """All commands of a bot, by their names."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._commands: dict[str, Command] = {}
        self._helped: set[str] = set()
        """The people who were told the commands: unasked only once, or two bots would tell each other forever."""

    def check_names(self, names: tuple[str, ...]) -> None:
        """See that these can be names of commands.

        :raises TypeError, ValueError: one cannot.
        """
        for name in names:
            if not isinstance(name, str):
                raise TypeError(f"the name of a command is a string, not {name!r}")
            if not name or name.split() != [name]:
                raise ValueError(f"the name of a command is one word, not {name!r}")
            if self.prefix and name.startswith(self.prefix):
                raise ValueError(f"the name of a command has no {self.prefix} before it: {name!r}")

    def add(self, names: tuple[str, ...], usage: str, function: Function) -> None:
        """Add a command.

        :raises ValueError: there is one of this name.
        """
        check_arity(function)
        command = Command(tuple(name.casefold() for name in names), usage, function)
        for name in command.names:
            if name in self._commands or name == HELP:
                raise ValueError(f"there is a command {name} already")
        self._commands |= dict.fromkeys(command.names, command)

    def called(self, event: Said | Whispered) -> tuple[Command, str] | None:
        """Return the command in a message, and the text after it; None if there is none."""
        name, rest = self._split(event)
        return (self._commands[name], rest) if name in self._commands else None

    def asks_for_help(self, event: Said | Whispered) -> bool:
        """Return whether to send the help: it is asked for, or this is the person's first private message."""
        name, _ = self._split(event)
        return name == HELP or (isinstance(event, Whispered) and event.nick not in self._helped)

    def help_for(self, nick: str) -> str:
        """Return the help, for this person."""
        self._helped = self._helped | {nick} if len(self._helped) < MOST_HELPED else {nick}
        commands = dict.fromkeys(self._commands.values())
        return "\n".join(command.line(self.prefix) for command in commands) or "I have no commands."

    def _split(self, event: Said | Whispered) -> tuple[str, str]:
        """Return the name and the rest of a command, both empty for none.  In private the prefix may be left out."""
        text = event.text
        if text.startswith(self.prefix):
            text = text[len(self.prefix) :]
        elif not isinstance(event, Whispered):
            return "", ""
        found = re.match(r"(\S+)\s*", text)
        return (found[1].casefold(), text[found.end() :].rstrip()) if found is not None else ("", "")
