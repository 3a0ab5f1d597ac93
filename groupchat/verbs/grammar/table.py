"""Verbs from one declaration each: dispatch, usage, help, completion, documentation and JSON requests.

The declared function is the verb itself; its signature is the grammar: a default makes an argument optional,
``Rest`` takes what is left of the line.  The docstring is the help.
"""

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Protocol, TypeVar, get_args, get_type_hints

from groupchat.lazy.expressions import expression
from groupchat.lazy.records import record
from groupchat.model import names
from groupchat.model.errors import BadArguments, BadCharacter, NotAllowed, UnknownCommand
from groupchat.model.ranks import Rank
from groupchat.verbs.grammar.arguments import Argument, Choices, NickArgument
from groupchat.verbs.grammar.number_arguments import DurationArgument
from groupchat.verbs.grammar.text_arguments import RestArgument

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

FOLDERS = frozenset({
    *("bin", "boot", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "proc", "root", "run", "sbin"),
    *("srv", "sys", "tmp", "users", "usr", "var", "volumes"),
})  # fmt: skip
"""Where paths begin: "/usr is full" has no mistyped command in it."""

SHOWN = 32
"""Characters of an unknown command that its refusal repeats."""

INTRODUCTION = """\
Brackets stand for what can be left out.
Programs send a command as `{"do": "ban", "whom": "bob"}`, with the arguments in the column *fields*, in JSON.
*Cost* is how much a command takes of what a connection may send ([PROTOCOL.md](PROTOCOL.md#rates)), where it is not 1.
"""
"""The first lines of the page of documentation."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Caller(Protocol):
    """The person who calls a verb, as far as the table knows them."""

    @property
    def current(self) -> str:
        """The room their lines go to."""

    def rank_in(self, room: str) -> Rank:
        """Return the rank they can use in a room."""

    @property
    def highest(self) -> Rank:
        """The highest rank they have in any room."""

    @property
    def came_by_access_token(self) -> bool:
        """Say whether an access token let them in."""

    def check_sanctions(self, rank: Rank, room: str) -> None:
        """:raises Banned, Muted: they have the rank in the room, and only that keeps them from using it."""

    def nicks(self) -> list[str]:
        """Return the nicknames of everybody here."""

    def room_names(self) -> list[str]:
        """Return the names of all rooms."""


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


class Table:
    """Verbs by name and alias.

    ``topic``: the page of the help they stand on, in one word; ``title``: its heading, if that is more.
    """

    def __init__(self, topic: str = "", title: str = "") -> None:
        self.topic = topic
        self.titles = {topic: title or topic}
        """The heading of each topic."""
        self._verbs: dict[str, Verb] = {}
        self._names: dict[str, Verb] = {}

    @classmethod
    def of(cls, *tables: "Table") -> "Table":
        """Return a table of all verbs of these tables."""
        whole = cls()
        whole.titles = {topic: title for table in tables for topic, title in table.titles.items()}
        for table in tables:
            for verb in table._verbs.values():
                whole._add(verb)
        return whole

    def verb(
        self, *aliases: str, cost: float = 1.0, needs: Rank = Rank.GUEST, secret: bool = False, personal: bool = False,
        posts: bool = False,
    ) -> Callable[[_Function], _Function]:  # fmt: skip
        """Declare a function as a verb of the same name, without a trailing underscore and with - for others."""

        def declare(function: _Function) -> _Function:
            name = function.__name__.rstrip("_").replace("_", "-")
            if not function.__doc__:
                raise TypeError(f"The verb {name} has no docstring, which is its help.")
            self._add(Verb(
                name, aliases, _parameters(function), function, cost, needs, secret, self.topic, personal, posts,
            ))  # fmt: skip
            return function

        return declare

    def _add(self, verb: Verb) -> None:
        self._verbs[verb.name] = verb
        for known in (verb.name, *verb.aliases):
            if known in self._names:
                raise TypeError(f"Two verbs are called {known}.")
            self._names[known] = verb

    def sorted(self) -> list[Verb]:
        """Return every verb, by name."""
        return sorted(self._verbs.values(), key=lambda verb: verb.name)

    def of_rank(self, rank: Rank) -> list[Verb]:
        """Return every verb that somebody of this rank may use, by name."""
        return [verb for verb in self.sorted() if verb.needs <= rank]

    def topics(self, rank: Rank = Rank.OPERATOR) -> list[str]:
        """Return the topics of the verbs that somebody of this rank may use, in the order of the tables."""
        return list(dict.fromkeys(verb.topic for verb in self._verbs.values() if verb.needs <= rank))

    def names(self, rank: Rank = Rank.OPERATOR) -> list[str]:
        """Return every name and alias that somebody of this rank may use, in order."""
        return sorted(name for name, verb in self._names.items() if verb.needs <= rank)

    def find(self, name: str, rank: Rank = Rank.OPERATOR) -> Verb:
        """Return the verb with this name or alias.

        :param rank: the caller's: a suggestion is something they may use.
        :raises UnknownCommand: there is none; suggests the nearest.
        """
        verb = self._names.get(name.lower())
        if verb is None:
            near = get_close_matches(name[:SHOWN].lower(), self.names(rank), n=1)
            hint = f"Did you mean /{near[0]}? " if near else ""
            raise UnknownCommand(f"There is no command /{name[:SHOWN].lstrip('/')}. {hint}/help lists the commands.")
        return verb

    def find_typed(self, name: str, rank: Rank) -> Verb:
        """Return the verb that was typed after a slash.

        :raises UnknownCommand: there is none; says how to say the line, which may begin with a path.
        """
        if "/" in name or name.lower() in FOLDERS:
            path = f"/{name[:SHOWN]}{'…' if len(name) > SHOWN else ''}"
            raise UnknownCommand(f"{path} is no command, and was not said. Begin with two slashes to say it: /{path}")
        try:
            return self.find(name, rank)
        except UnknownCommand as unknown:
            raise UnknownCommand(f"{unknown} Nothing was said; a line that begins with // is.") from None

    def read_line(
        self, caller: Caller, line: str, lacking: list[Parameter] | None = None
    ) -> tuple[Verb, dict[str, Any]]:
        """Read what was typed after the slash: the verb, and its arguments.

        :param lacking: takes the passwords that were left out, for which the person is asked.
        :raises UnknownCommand, BadArguments, NotAllowed: the caller cannot call this so.
        """
        name, _, rest = line.partition(" ")
        verb = self.find_typed(name, caller.highest)
        if not any(parameter.name == ROOM and parameter.is_typed for parameter in verb.parameters):
            _check_rank(caller, verb, "")  # whatever the arguments are
        arguments = verb.read(rest, lacking)
        _check_rank(caller, verb, arguments.get(ROOM, ""))
        return verb, arguments

    def read_fields(self, caller: Caller, name: str, fields: Mapping[str, object]) -> tuple[Verb, dict[str, Any]]:
        """Read what a program asked for: the verb, and its arguments.

        :raises UnknownCommand, BadArguments, NotAllowed: the caller cannot call this so.
        """
        verb = self.find(name, caller.highest)
        if not fields.get(ROOM) or all(parameter.name != ROOM for parameter in verb.parameters):
            _check_rank(caller, verb, "")
        arguments = verb.check(fields)
        _check_rank(caller, verb, arguments.get(ROOM, ""))
        return verb, arguments

    def complete(self, caller: Caller, line: str) -> list[str]:
        """Return what the last word of a half-typed line could become."""
        rank = caller.highest
        choices = Choices(caller.nicks, caller.room_names, lambda: sorted({*self.names(rank), *self.topics(rank)}))
        if not line.startswith("/") or line.startswith("//"):
            return list(RestArgument().complete(choices, line.rpartition(" ")[2]))
        name, space, rest = line[1:].partition(" ")
        if not space:
            return [f"/{known}" for known in self.names(rank) if known.startswith(name.lower())]
        verb = self._names.get(name.lower())
        if verb is None or verb.needs > rank:
            return []
        *before, start = rest.split(" ")
        typed = len([word for word in before if word])
        parameters = [parameter for parameter in verb.parameters if parameter.is_typed]
        found: list[str] = []
        for parameter in parameters[: typed + 1][-1:]:
            found.extend(parameter.argument.complete(choices, start))
        return found

    def markdown(self) -> str:
        """Return the table as a page of documentation."""
        pieces = [INTRODUCTION.rstrip("\n")]
        for topic in self.topics():
            pieces += [
                f"\n## {self.titles[topic].capitalize()}\n",
                "| command | what it does | fields | cost | also |",
                "|---|---|---|---|---|",
            ]
            verbs = [verb for verb in self.sorted() if verb.topic == topic]
            pieces += [_row(verb) for verb in verbs]
            for verb in verbs:
                if verb.details:
                    pieces.append(f"\n### `{verb.usage}`\n\n" + "\n".join([verb.explanation, *verb.details]))
        return "\n".join(pieces) + "\n"


def _row(verb: Verb) -> str:
    """Return the row of a verb in a table of Markdown."""
    fields = ", ".join(f"`{parameter.name}`" for parameter in verb.parameters)
    cost = "" if verb.cost == 1 else f"{verb.cost:g}"
    aliases = ", ".join(f"`/{alias}`" for alias in verb.aliases)
    cells = (f"`{verb.usage}`", verb.explanation, fields, cost, aliases)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _check_rank(caller: Caller, verb: Verb, room: str) -> None:
    """See that the caller may use the verb in the room it is about: the named one, or (empty) the current one.

    :raises NotAllowed, Banned, Muted: they may not.
    """
    if verb.needs is not Rank.GUEST:
        place = names.room(room) if room else caller.current
        rank = caller.rank_in(place)
        if rank < verb.needs:
            caller.check_sanctions(verb.needs, place)
        verb.check_rank(rank)
    verb.check_person(caller.came_by_access_token)


def _parameters(function: Callable[..., Any]) -> tuple[Parameter, ...]:
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
