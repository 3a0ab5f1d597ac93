"""Commands that take a password: it is asked for without echo, and their lines are kept nowhere."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Field(NamedTuple):
    """One argument of a command."""

    name: str
    secret: bool = True
    optional: bool = False


ALIKE = 0.75
"""The likeness to a secret command from which a command is taken for a misspelling of it; 1.0 is the same."""

NAME, PASSWORD = Field("name", secret=False), Field("password")

KNOWN: Mapping[str, tuple[Field, ...]] = MappingProxyType({
    "register": (PASSWORD, Field("code", optional=True)),
    "login": (NAME, PASSWORD),
    "password": (Field("old"), Field("new")),
    "setpassword": (NAME, PASSWORD),
    "adduser": (NAME, PASSWORD),
    "unregister": (PASSWORD,),
})  # fmt: skip
"""Commands that are secret whatever the server's help says, or does not say."""


QUESTIONS: Mapping[tuple[str, str], str] = MappingProxyType({
    ("register", "password"): "New password",
    ("password", "old"): "Your present password",
    ("password", "new"): "New password",
    ("setpassword", "password"): "New password",
    ("adduser", "password"): "New password",
    ("unregister", "password"): "Your present password",
})  # fmt: skip
"""What is asked for an argument of a command, where that is more than the name of the argument."""


class Question(NamedTuple):
    """What the person is asked for an argument: once, or twice because it is a new password, typed unseen."""

    label: str
    repeated: bool = False


class SecretCommands:
    """The secret commands by name, with their arguments in the order they are typed."""

    def __init__(self) -> None:
        self._commands = dict(KNOWN)

    def learn(self, commands: Iterable[Any]) -> None:
        """Add secret commands from the items of the server's help.

        Older servers do not say which arguments are secret; then nothing is asked for, and the line is kept nowhere.
        """
        for item in commands:
            if not isinstance(item, dict):
                continue
            fields = tuple(_fields(item.get("arguments")))
            if not (item.get("secret") or any(field.secret for field in fields)):
                continue
            aliases = item.get("aliases")
            for name in (item.get("command"), *(aliases if isinstance(aliases, list) else ())):
                if fields or str(name) not in KNOWN:
                    self._commands[str(name)] = fields

    def holds(self, line: str) -> bool:
        """Return whether a line begins with a secret command."""
        return _name(line) in self._commands

    def resembles(self, line: str) -> bool:
        """Return whether a line begins with what looks like a misspelt secret command, such as "/pasword old new"."""
        name = _name(line)
        if not name.isalpha():  # such as //login, which says a line that begins with a slash, and /etc/passwd
            return False
        from difflib import get_close_matches  # hardly any line needs it

        return not self.holds(line) and bool(get_close_matches(name, self._commands, 1, ALIKE))

    def is_secret(self, line: str) -> bool:
        """Return whether a line may have a password in it."""
        return self.holds(line) or self.resembles(line)

    def missing(self, line: str) -> list[str]:
        """Return the names of the secret arguments that are still to be asked for.

        There are none while an argument is missing that can be typed openly: the server tells how to type it.
        """
        fields = [field for field in self._commands.get(_name(line), ()) if not field.optional]
        lacking = fields[len(line.split()) - 1 :]
        return [field.name for field in lacking] if all(field.secret for field in lacking) else []

    def question(self, command: str, argument: str) -> Question:
        """Return what is asked for an argument of a command."""
        asked = QUESTIONS.get((_name(command), argument), argument.capitalize())
        return Question(asked, repeated=asked == "New password")

    def new_password(self, command: str) -> tuple[int, str] | None:
        """Return which argument of a command is a new password, counted from 0, and its name; None if there is none."""
        fields = self._commands.get(_name(command), ())
        secret = [number for number, field in enumerate(fields) if field.secret and not field.optional]
        return (secret[-1], fields[secret[-1]].name) if secret else None

    def fields(self, command: str, words: Iterable[str]) -> dict[str, str]:
        """Return the arguments by name, so that a password can have spaces."""
        fields = self._commands.get(_name(command), ())
        return {field.name: word for field, word in zip(fields, words, strict=False)}

    def shown(self, line: str) -> str:
        """Return the line as it may be shown: of a secret command only its name."""
        return _command(line) if self.is_secret(line) else line


def _command(line: str) -> str:
    """Return the command that a line looks like, with its slash; an empty string if it looks like none."""
    if "!" <= line[:1] <= "~" and line[0] != "/":
        return ""  # nearly every line, so that a program which says one need not load the rules for all others

    from groupchat.model.text import like_a_command

    return "".join(like_a_command(line).split(None, 1)[:1])


def _name(line: str) -> str:
    """Return the name of the command that a line looks like; an empty string if it looks like none."""
    return _command(line)[1:].lower()


def _fields(arguments: object) -> Iterable[Field]:
    """Yield the arguments that people can type."""
    for field in arguments if isinstance(arguments, list) else ():
        if isinstance(field, dict) and field.get("typed", True):
            yield Field(str(field.get("name")), field.get("secret") is True, field.get("optional") is True)
