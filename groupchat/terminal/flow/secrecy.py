"""Which commands hold passwords: these are asked for without echo, and their lines are kept nowhere."""

from collections.abc import Iterable, Mapping
from typing import Any

OPEN = frozenset({"NAME", "NICK", "WORD"})
"""What may be seen while it is typed; without it there is no use in asking for the rest."""


class Secrecy:
    """The secret commands by name, each with what it needs: how people are asked for it, and the field it goes to."""

    def __init__(self) -> None:
        self._commands: dict[str, list[tuple[str, str]]] = {
            "login": [("NAME", "name"), ("PASSWORD", "password")],
            "register": [("PASSWORD", "password")],
        }

    def learn(self, commands: Iterable[Any]) -> None:
        """The server's help tells of more."""
        for item in commands:
            if isinstance(item, dict) and item.get("secret"):
                needs = self._needs(item)
                for name in (str(item.get("command")), *map(str, item.get("aliases", ()))):
                    self._commands[name] = needs

    def holds(self, line: str) -> bool:
        """Whether what is typed has a password in it."""
        command = line.strip().partition(" ")[0].lower()
        return command.startswith("/") and command[1:] in self._commands

    def missing(self, line: str) -> list[str]:
        """What a line with a secret command lacks, if all of it is secret: to be asked for without echo."""
        command, *words = line.split()
        lacking = [label for label, _ in self._commands.get(command[1:].lower(), [])[len(words) :]]
        return [] if OPEN & {*lacking} else lacking

    def fields(self, command: str, words: Iterable[str]) -> dict[str, str]:
        """What is sent with the words, by name, so that a password can have spaces."""
        return {field: word for (_, field), word in zip(self._commands[command[1:].lower()], words, strict=False)}

    def shown(self, line: str) -> str:
        """The line as it may be shown."""
        return line.partition(" ")[0] if self.holds(line) else line

    def _needs(self, item: Mapping[str, Any]) -> list[tuple[str, str]]:
        labels = [word.rstrip("…") for word in str(item.get("usage", "")).split()[1:] if not word.startswith("[")]
        named = item.get("fields")
        names = [*map(str, named)] if isinstance(named, list) else [label.lower() for label in labels]
        return list(zip(labels, names, strict=False))
