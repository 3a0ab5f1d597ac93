"""One verb, from one declaration: its usage, its arguments as typed and as JSON, what it costs, and whom it is for.

The declared function is the verb itself; its signature is the grammar: a default makes an argument optional,
``Rest`` takes what is left of the line.  The docstring is the help.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_args, get_type_hints

from groupchat.lazy.expressions import expression
from groupchat.lazy.records import record
from groupchat.model.errors import BadArguments, BadCharacter, NotAllowed
from groupchat.model.ranks import Rank
from groupchat.verbs.grammar.arguments import Argument, NickArgument
from groupchat.verbs.grammar.number_arguments import DurationArgument

ROOM = "room"
"""The name of the argument that says which room a verb is about."""

EVERYWHERE = frozenset({"do", "ref", "key"})
"""The fields of a JSON request that every verb takes."""

TEXT = "text"
"""The name of the argument that has the words of a message."""

LINES_FREE = 6
"""A message costs one more for each so many lines beyond its first: people have to read it."""

COUNT = "count"
"""The name of the argument that says how many messages are asked for."""

READ_FREE = 20
"""Reading costs one for so many messages, where it is asked for few of them; never more than the verb costs."""

CLAUSE_END = expression(r"[,:;.](?: |$)")
"""The end of the first clause of a summary."""


@record
class Parameter:
    """One argument of a verb."""

    name: str
    argument: Argument
    optional: bool

    @property
    def is_typed(self) -> bool:
        """Say whether people can type it; else it is only sent as JSON."""
        return bool(self.argument.label)

    @property
    def usage(self) -> str:
        """Return how it stands in the usage line."""
        return f"[{self.argument.label}]" if self.optional else self.argument.label


@record
class Verb:
    """One verb.

    ``function``: called with the caller and the arguments by name.
    ``cost``: how much of the flood allowance it takes, where a line that is said takes 1.
    ``needs``: the rank it needs in the room it is about; enforced by the table, before the function runs.
    ``secret``: its arguments contain a password, and so are never logged, stored or shown.
    ``personal``: it decides who may come in, so nobody can use it who came in with an access token.
    ``topic``: the page of the help it stands on, in one word.
    ``posts``: what it posts is posted once with the key of a request, so that it is answered again as the first time.
    """

    name: str
    aliases: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    function: Callable[..., Any]
    cost: float
    needs: Rank
    secret: bool
    topic: str
    personal: bool = False
    posts: bool = False

    @property
    def usage(self) -> str:
        """Return its usage line, such as ``/msg NICK TEXT``."""
        return " ".join([f"/{self.name}", *self._typed])

    def short_usage(self, most: int) -> str:
        """Return the usage line, with an ellipsis for its last arguments when it has more than ``most`` characters."""
        words = [f"/{self.name}", *self._typed]
        for kept in range(len(words), 1, -1):
            line = " ".join(words[:kept] + ["…"] * (kept < len(words)))
            if len(line) <= most:
                return line
        return f"{words[0]} …"[:most] if len(words) > 1 else words[0]

    @property
    def _typed(self) -> list[str]:
        return [parameter.usage for parameter in self.parameters if parameter.is_typed]

    @property
    def summary(self) -> str:
        """Return what it does, in one line."""
        return inspect.getdoc(self.function).partition("\n")[0]  # type: ignore[union-attr]  # Table checks it has one

    @property
    def clause(self) -> str:
        """Return the first clause of the summary."""
        return CLAUSE_END.split(self.summary, maxsplit=1)[0]

    @property
    def explanation(self) -> str:
        """Return what it does, and whom it is for unless that is everybody."""
        return self.summary if self.needs is Rank.GUEST else f"{self.summary} (For {self.needs.title}.)"

    @property
    def details(self) -> list[str]:
        """Return what else there is to say of it, line by line."""
        lines = inspect.cleandoc(self.function.__doc__ or "").splitlines()[1:]
        return [line for line in lines if line]

    def cost_of(self, arguments: Mapping[str, Any]) -> float:
        """Return how much it takes of the flood allowance with these arguments."""
        count = arguments.get(COUNT)
        if count is not None:
            return min(self.cost, max(1.0, int(count) / READ_FREE))
        words = arguments.get(TEXT)
        return self.cost + words.count("\n") // LINES_FREE if isinstance(words, str) else self.cost

    def check_rank(self, rank: Rank) -> None:
        """:raises NotAllowed: this rank is too low."""
        if rank < self.needs:
            raise NotAllowed(f"/{self.name} is for {self.needs.title} only.")

    def check_person(self, came_by_access_token: bool) -> None:
        """:raises NotAllowed: it is not for those whom an access token let in."""
        if self.personal and came_by_access_token:
            raise NotAllowed(f"/{self.name} cannot be used with an access token; log in with the password.")

    def read(self, line: str, lacking: list[Parameter] | None = None) -> dict[str, Any]:
        """Read the arguments that were typed.

        :param lacking: takes the passwords that were left out at the end, for which the person is asked.
        :raises BadArguments: they do not fit the usage.
        """
        found: dict[str, Any] = {}
        line = line.lstrip()
        if self._begins_with_duration(line):
            raise BadArguments(f"{line.split()[0]} is a duration, which comes after the name: {self.usage}")
        for parameter in self.parameters:
            taken = parameter.argument.take(line) if line else None
            if taken is not None:
                found[parameter.name], line = taken
            elif not parameter.optional:
                if lacking is None or line or not parameter.argument.secret:
                    raise BadArguments(self._correct_usage)
                lacking.append(parameter)
        if line:
            raise BadArguments(self._correct_usage)
        return found

    @property
    def _correct_usage(self) -> str:
        """Return how it is typed; with examples of a duration, if there has to be one."""
        needed = (parameter.argument for parameter in self.parameters if not parameter.optional)
        duration = next((argument for argument in needed if isinstance(argument, DurationArgument)), None)
        return f"Usage: {self.usage}{f'; write the duration like {duration.examples}.' if duration is not None else ''}"

    def _begins_with_duration(self, line: str) -> bool:
        """Say whether a duration was typed where a nickname belongs, which it comes after."""
        kinds = [parameter.argument for parameter in self.parameters]
        return isinstance(next(iter(kinds), None), NickArgument) and any(
            kind.is_misplaced(line) for kind in kinds if isinstance(kind, DurationArgument)
        )

    def check(self, fields: Mapping[str, object]) -> dict[str, Any]:
        """Read the arguments a program gave, by name; fields whose names begin with ``x-`` are left alone.

        :raises BadArguments: one is missing, of the wrong type, or none of this verb's.
        """
        found = {}
        for parameter in self.parameters:
            given = fields.get(parameter.name)
            if parameter.name == ROOM and not given and ROOM in fields:
                # Taken for the current room, or for all rooms, it could put somebody out of the whole server.
                raise BadArguments("room must be the name of a room.")
            if given is not None:
                try:
                    found[parameter.name] = parameter.argument.from_json(given)
                except BadCharacter as error:
                    if "\n" in str(given):
                        what = f"The {parameter.name} of {self.name}"
                        raise BadCharacter(f"{what} has one line. Leave out what ends it.") from error
                    raise
            elif not parameter.optional:
                raise BadArguments(f"{self.name} needs the field {parameter.name}.")
        known = {parameter.name for parameter in self.parameters} | EVERYWHERE
        for name in fields:
            if name not in known and not name.startswith("x-"):
                takes = ", ".join(parameter.name for parameter in self.parameters) or "none"
                raise BadArguments(f"{self.name} has no field {name[:64]}; its fields: {takes}.")
        return found


def parameters_of(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """Return the arguments that a function takes after the caller.

    :raises TypeError: one of them is annotated with no kind of argument.
    """
    hints = get_type_hints(function, include_extras=True)
    found = []
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        argument = _argument(hints[parameter.name])
        if argument is None:
            raise TypeError(f"{function.__name__}: {parameter.name} is annotated with no kind of argument.")
        found.append(Parameter(parameter.name, argument, parameter.default is not inspect.Parameter.empty))
    return tuple(found)


def _argument(hint: Any) -> Argument | None:
    """Return the kind of argument an annotation names, also inside ``… | None``."""
    for part in (hint, *get_args(hint)):
        for extra in getattr(part, "__metadata__", ()):
            if isinstance(extra, Argument):
                return extra
    return None
