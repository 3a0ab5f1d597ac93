"""Tables of verbs: which one a line or a request calls, whether its caller may, help, completion and documentation."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Protocol, TypeVar

from groupchat.model import names
from groupchat.model.errors import UnknownCommand
from groupchat.model.ranks import Rank
from groupchat.verbs.grammar.arguments import Choices
from groupchat.verbs.grammar.text_arguments import RestArgument
from groupchat.verbs.grammar.verb import ROOM, Parameter, Verb, parameters_of

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
                name, aliases, parameters_of(function), function, cost, needs, secret, self.topic, personal, posts,
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
