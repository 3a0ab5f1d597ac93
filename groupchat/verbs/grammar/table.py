"""Commands from one declaration each: dispatch, usage, help, completion, documentation and JSON requests.

The signature is the grammar: a default makes an argument optional, ``Rest`` takes what is left of the line.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

from groupchat.delivery.queue import once
from groupchat.model import names
from groupchat.model.errors import BadArguments, NotAllowed, UnknownCommand
from groupchat.model.ranks import Rank
from groupchat.verbs.grammar.arguments import Argument, RestArgument

if TYPE_CHECKING:
    from groupchat.verbs.member import Member, Reply

ROOM = "room"
"""The name of the argument that says which room a command is about."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a command."""

    name: str
    argument: Argument
    optional: bool
    default: Any

    @property
    def usage(self) -> str:
        """How it stands in the usage line."""
        return f"[{self.argument.label}]" if self.optional else self.argument.label


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    ``cost``: how much of the flood allowance it takes, where a line that is said takes 1.
    ``needs``: the rank one must have, in the room the command is about; enforced here, before the function runs.
    ``secret``: whether its arguments hold a password, and so are never logged, stored or shown.
    """

    name: str
    aliases: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    function: "Callable[..., Reply]"
    cost: float
    needs: Rank
    secret: bool

    @property
    def usage(self) -> str:
        """Such as ``/msg NICK TEXT…``."""
        typed = [parameter for parameter in self.parameters if parameter.argument.label]
        return " ".join([f"/{self.name}", *(parameter.usage for parameter in typed)])

    @property
    def summary(self) -> str:
        """What it does, in one line."""
        return inspect.getdoc(self.function).partition("\n")[0]  # type: ignore[union-attr]  # Table checks it has one

    @property
    def explanation(self) -> str:
        """What it does, and whom it is for unless that is everybody."""
        return self.summary if self.needs is Rank.GUEST else f"{self.summary} (For {self.needs.title}.)"

    @property
    def details(self) -> list[str]:
        """What else there is to say of it, line by line."""
        lines = inspect.cleandoc(self.function.__doc__ or "").splitlines()[1:]
        return [line for line in lines if line]

    def read(self, line: str) -> dict[str, Any]:
        """The arguments that were typed.

        :raises BadArguments: they do not fit the usage.
        """
        found: dict[str, Any] = {}
        line = line.lstrip()
        for parameter in self.parameters:
            taken = parameter.argument.take(line) if line else None
            if taken is not None:
                found[parameter.name], line = taken
            elif not parameter.optional:
                raise BadArguments(f"Usage: {self.usage}")
        if line:
            raise BadArguments(f"Usage: {self.usage}")
        return found

    def check(self, fields: Mapping[str, object]) -> dict[str, Any]:
        """The arguments a program gave, by name; fields that are no arguments are ignored.

        :raises BadArguments: one is missing or of the wrong type.
        """
        found = {}
        for parameter in self.parameters:
            given = fields.get(parameter.name)
            if given is not None:
                found[parameter.name] = parameter.argument.from_json(given)
            elif not parameter.optional:
                raise BadArguments(f"{self.name} needs the field {parameter.name}.")
        return found


class Table:
    """Every command there is, by name and alias."""

    def __init__(self) -> None:
        self._commands: dict[str, Command] = {}
        self._names: dict[str, Command] = {}

    def command(
        self, *aliases: str, cost: float = 1.0, needs: Rank = Rank.GUEST, secret: bool = False
    ) -> Callable[[_Function], _Function]:
        """Declare a function as a command of the same name (without a trailing underscore)."""

        def declare(function: _Function) -> _Function:
            name = function.__name__.rstrip("_")
            if not function.__doc__:
                raise TypeError(f"The command {name} has no docstring, which is its help.")
            command = Command(name, aliases, _parameters(function), function, cost, needs, secret)
            self._commands[name] = command
            for known in (name, *aliases):
                if known in self._names:
                    raise TypeError(f"Two commands are called {known}.")
                self._names[known] = command
            return function

        return declare

    def sorted(self) -> list[Command]:
        """Every command, by name."""
        return sorted(self._commands.values(), key=lambda command: command.name)

    def names(self) -> list[str]:
        """Every command and alias, in order."""
        return sorted(self._names)

    def find(self, name: str) -> Command:
        """The command with this name or alias.

        :raises UnknownCommand: there is none; names the nearest.
        """
        command = self._names.get(name.lower())
        if command is None:
            near = get_close_matches(name.lower(), self._names, n=1)
            hint = f"Did you mean /{near[0]}? " if near else ""
            raise UnknownCommand(f"There is no command /{name[:32]}. {hint}/help lists the commands.")
        return command

    def read_line(self, me: "Member", line: str, key: str | None = None) -> "tuple[Command, Callable[[], Reply]]":
        """What was typed after the slash: the command, and what carries it out.

        :param key: with it, what the command posts is posted once.
        """
        name, _, rest = line.partition(" ")
        command = self._permitted(me, name)
        return self._bound(me, command, command.read(rest), key)

    def read_fields(
        self, me: "Member", name: str, fields: Mapping[str, object], key: str | None = None
    ) -> "tuple[Command, Callable[[], Reply]]":
        """What a program asked for: the command, and what carries it out.

        :param key: with it, what the command posts is posted once.
        """
        command = self._permitted(me, name)
        return self._bound(me, command, command.check(fields), key)

    def _bound(
        self, me: "Member", command: Command, arguments: Mapping[str, Any], key: str | None
    ) -> "tuple[Command, Callable[[], Reply]]":
        _check_rank(me, command, arguments)
        return command, lambda: once(command.function(me, **arguments), key)

    def _permitted(self, me: "Member", name: str) -> Command:
        """The command, unless it is plain before its arguments are read that this member may not use it.

        :raises NotAllowed: it may not.
        """
        command = self.find(name)
        if not any(parameter.name == ROOM for parameter in command.parameters):
            _check_rank(me, command, {})
        return command

    def complete(self, me: "Member", line: str) -> list[str]:
        """What the last word of a half-typed line could become."""
        if not line.startswith("/") or line.startswith("//"):
            return list(RestArgument().complete(me, line.rpartition(" ")[2]))
        name, space, rest = line[1:].partition(" ")
        if not space:
            allowed = [known for known, command in self._names.items() if me.rank >= command.needs]
            return sorted(f"/{known}" for known in allowed if known.startswith(name.lower()))
        command = self._names.get(name.lower())
        if command is None:
            return []
        *before, start = rest.split(" ")
        typed = len([word for word in before if word])
        choices: list[str] = []
        for parameter in command.parameters[: typed + 1][-1:]:
            choices.extend(parameter.argument.complete(me, start))
        return choices

    def markdown(self) -> str:
        """The table as a page of documentation."""
        rows = [
            "| command | what it does | also |",
            "|---|---|---|",
        ]
        for command in self.sorted():
            aliases = ", ".join(f"`/{alias}`" for alias in command.aliases)
            usage = command.usage.replace("|", "\\|")
            rows.append(f"| `{usage}` | {command.explanation.replace('|', chr(92) + '|')} | {aliases} |")
        details = [
            f"\n## `{command.usage}`\n\n" + "\n".join([command.explanation, *command.details])
            for command in self.sorted()
            if command.details
        ]
        return "\n".join([*rows, *details]) + "\n"


def _check_rank(me: "Member", command: Command, arguments: Mapping[str, Any]) -> None:
    """See that this member may use the command in the room it is about: the named one, or the current one.

    :raises NotAllowed: it may not.
    """
    if command.needs is Rank.GUEST:
        return
    named = arguments.get(ROOM)
    if me.rank_in(names.room(named) if named else me.current) < command.needs:
        raise NotAllowed(f"/{command.name} is for {command.needs.title} only.")


def _parameters(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    hints = get_type_hints(function, include_extras=True)
    found = []
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        argument = _argument(hints[parameter.name])
        if argument is None:
            raise TypeError(f"{function.__name__}: {parameter.name} is annotated with no kind of argument.")
        optional = parameter.default is not inspect.Parameter.empty
        found.append(Parameter(parameter.name, argument, optional, parameter.default if optional else None))
    return tuple(found)


def _argument(hint: Any) -> Argument | None:
    """The kind of argument an annotation names, also inside ``… | None``."""
    for part in (hint, *get_args(hint)):
        for extra in getattr(part, "__metadata__", ()):
            if isinstance(extra, Argument):
                return extra
    return None
