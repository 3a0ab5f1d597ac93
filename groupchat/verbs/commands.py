"""Every verb there is, in one table, and the two that need all of it: help and completion."""

from groupchat.model.events import Answer, Listed
from groupchat.model.ranks import Rank
from groupchat.verbs.actor import Actor
from groupchat.verbs.administering import ADMINISTERING
from groupchat.verbs.disciplining import DISCIPLINING
from groupchat.verbs.erasing import ERASING
from groupchat.verbs.general import GENERAL
from groupchat.verbs.grammar.arguments import CommandName, Rest
from groupchat.verbs.grammar.table import Table, Verb
from groupchat.verbs.logging_in import LOGGING_IN
from groupchat.verbs.presence import PRESENCE
from groupchat.verbs.reading import READING
from groupchat.verbs.room_orders import ROOM_ORDERS
from groupchat.verbs.talking import TALKING
from groupchat.verbs.visiting import VISITING

HELP = Table("help")

FIRST_PAGE = ("msg", "me", "list", "join", "rooms", "switch", "history", "search", "edit", "delete", "nick", "exit")
"""The commands on the first page of the help, which fits a terminal of 80 columns and 24 lines."""


@HELP.verb("h", "commands")
def help_(me: Actor, name: CommandName | None = None) -> Answer:
    """Show the most important commands, those of a topic, or one.

    "/help", "/help topics", "/help rooms", "/help join".
    """
    known = [verb for verb in COMMANDS.sorted() if verb.needs <= me.rank]
    topics = [topic for topic in COMMANDS.topics() if any(verb.topic == topic for verb in known)]
    if name is None:
        first = [COMMANDS.find(command) for command in FIRST_PAGE]
        ending = "/help NAME explains a command, /help topics lists all topics."
        return _page(me, first, known, ending)
    if name == "topics":
        lines = [f"/help {_word(topic)}: {_named([verb for verb in known if verb.topic == topic])}" for topic in topics]
        return Listed("help", tuple(line for long in lines for line in _broken(long)), _items(known))
    for topic in topics:
        if name == _word(topic):
            return _page(me, [verb for verb in known if verb.topic == topic], known, "/help NAME explains a command.")
    found = COMMANDS.find(name, me.rank)
    aliases = [f"also: {', '.join('/' + alias for alias in found.aliases)}"] if found.aliases else []
    return Listed("help", (found.usage, found.explanation, *found.details, *aliases), _items([found]))


@HELP.verb()
def complete(me: Actor, text: Rest) -> Answer:
    """List what the last word of a half-typed line could become; for programs to ask."""
    choices = COMMANDS.complete(me, text)
    return Listed("completions", tuple(choices), tuple({"text": choice} for choice in choices))


COMMANDS = Table.of(
    TALKING, READING, VISITING, PRESENCE, LOGGING_IN, GENERAL, HELP, DISCIPLINING, ERASING, ROOM_ORDERS, ADMINISTERING
)


def _page(me: Actor, shown: list[Verb], known: list[Verb], ending: str) -> Answer:
    """Return a page of the help: people read the commands shown, programs learn of all that are known to them."""
    width = max(len(verb.usage) for verb in shown)
    lines = []
    for verb in shown:
        line = f"{verb.usage:{width}}  {verb.summary}"
        lines += [line] if len(line) <= COLUMNS else _broken(line, width + 2)
    return Listed("help", (*lines, ending), _items(known))


COLUMNS = 77
"""The most characters of a line: 80, less ``-- ``."""


def _broken(line: str, indent: int = 4) -> list[str]:
    """Return a line broken at blanks, so that it fits a terminal."""
    lines = []
    while len(line) > COLUMNS:
        cut = line.rfind(" ", indent + 1, COLUMNS + 1)
        cut = cut if cut > 0 else COLUMNS
        lines.append(line[:cut].rstrip())
        line = " " * indent + line[cut:].lstrip()
    return [*lines, line]


def _word(topic: str) -> str:
    """Return the word that stands for a topic after /help."""
    return {"your account": "account", "settings and the server": "settings", "keeping order": "order"}.get(
        topic, topic
    )


def _named(verbs: list[Verb]) -> str:
    return ", ".join(verb.name for verb in verbs)


def _items(verbs: list[Verb]) -> tuple[dict[str, object], ...]:
    return tuple(_item(verb) for verb in verbs)


def _item(verb: Verb) -> dict[str, object]:
    item: dict[str, object] = {
        "command": verb.name,
        "usage": verb.usage,
        "fields": [parameter.name for parameter in verb.parameters],
        "aliases": [*verb.aliases],
        "text": verb.summary,
        "topic": verb.topic,
        "operators": verb.needs >= Rank.ROOM_OPERATOR,
    }
    return {**item, "secret": True} if verb.secret else item
