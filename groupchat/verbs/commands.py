"""Every verb there is, in one table, and the two that need all of it: help and completion."""

from collections.abc import Iterable

from groupchat.model.events import Answer, Listed
from groupchat.model.message.emoji import emojify
from groupchat.model.ranks import Rank
from groupchat.verbs.actor import Actor
from groupchat.verbs.administering import ADMINISTERING
from groupchat.verbs.disciplining import DISCIPLINING
from groupchat.verbs.erasing import ERASING, FORGETTING
from groupchat.verbs.general import GENERAL
from groupchat.verbs.grammar.table import Table
from groupchat.verbs.grammar.text_arguments import Rest
from groupchat.verbs.grammar.verb import Parameter, Verb
from groupchat.verbs.grammar.word_arguments import CommandName
from groupchat.verbs.logging_in import LOGGING_IN
from groupchat.verbs.presence import PRESENCE
from groupchat.verbs.reading import READING
from groupchat.verbs.room_orders import ROOM_ORDERS
from groupchat.verbs.talking import TALKING
from groupchat.verbs.visiting import VISITING

HELP = Table("settings", "settings and the server")

COLUMNS = 77
"""The most characters of a line of help: a terminal has 80 columns, and ``-- `` stands before the line."""
LINES = 22
"""The most lines of a page of help: a terminal has 24, of which the command and the next prompt take two."""
USAGE = 28
"""The most characters of a usage line on the page of a topic; what the command does stands beside it."""

FIRST_PAGE = """\
Talking    what you type goes to your room; a slash begins a command
           /msg NICK TEXT           write to one person only
           /edit TEXT, /delete      change your last message, or delete it
Reading    /history, /search TEXT   show what was said, or find words in it
Rooms      /list, /rooms            list the people here, or all rooms
           /join ROOM               go into a room, or make a new one
           /switch ROOM, /leave     send your lines elsewhere; leave a room
People     /nick NAME               take another nickname
           /register PASSWORD       make your nickname your own
           /away [TEXT]             say that you are away; /back ends it
           /ignore NICK             see nothing more of somebody
Settings   /set                     change how you are shown things
           /exit                    leave
Help       /help topics             list every command, by topic
           /help rooms              list the commands of a topic
           /help join               explain a command"""
"""The commands a newcomer needs."""

ORDER_LINE = "           /help order              list what operators can do"


COMPLETIONS = 100
"""The most words that a half-typed one could become that are listed."""


@HELP.verb("h", "commands", cost=2)
def help_(me: Actor, name: CommandName = "") -> Answer:
    """Show the most important commands, those of a topic, or one command.

    "/help", "/help topics", "/help rooms", "/help join". "/help /rooms" explains the command of that name.
    """
    rank = me.highest
    known = COMMANDS.of_rank(rank)
    if not name:
        order = [ORDER_LINE] if rank >= Rank.ROOM_OPERATOR else []
        return Listed("help", (*FIRST_PAGE.splitlines(), *order), _items(known))
    if name == "topics":
        return Listed("help", tuple(_topics(known)), _items(known))
    topic = next((topic for topic, title in COMMANDS.titles.items() if title.lower() == name), name)
    verbs = [verb for verb in known if verb.topic == topic]
    if verbs:
        holds = "By you, these hold in the whole server. " if topic == "order" and rank >= Rank.OPERATOR else ""
        return Listed("help", (*_page(verbs), f"{holds}/help NAME explains a command."), _items(verbs))
    found = COMMANDS.find(name.removeprefix("/"), rank)
    found.check_rank(rank)
    aliases = [f"also: {', '.join('/' + alias for alias in found.aliases)}"] if found.aliases else []
    return Listed("help", (found.usage, found.explanation, *found.details, *aliases), _items([found]))


@HELP.verb(cost=2)
def complete(me: Actor, text: Rest) -> Answer:
    """List how the last word of a half-typed line could go on; for programs to ask.

    Of more than 100 words, the first 99 and the last are listed: these have in common what all have.
    """
    choices = COMMANDS.complete(me, text)
    more = max(len(choices) - COMPLETIONS, 0)
    if more:
        choices.sort(key=str.lower)
        del choices[COMPLETIONS - 1 : -1]
    items = tuple(_completion(choice, text) for choice in choices)
    return Listed("completions", tuple(choices), items, more)


COMMANDS = Table.of(
    *(TALKING, READING, VISITING, PRESENCE, LOGGING_IN, GENERAL, HELP),
    *(DISCIPLINING, ERASING, ROOM_ORDERS, ADMINISTERING, FORGETTING),
)


def _topics(known: Iterable[Verb]) -> Iterable[str]:
    """Yield the topics with the names of their commands."""
    topics: dict[str, list[str]] = {}
    for verb in known:
        topics.setdefault(verb.topic, []).append(verb.name)
    for topic in COMMANDS.topics():
        if topic in topics:
            yield from _broken(f"/help {topic:10}", ", ".join(topics[topic]))


def _page(verbs: Iterable[Verb]) -> Iterable[str]:
    """Yield a line for each verb: how it is typed, and in short what it does."""
    usages = {verb.short_usage(USAGE): verb.clause for verb in verbs}
    width = max(map(len, usages))
    for usage, clause in usages.items():
        line = f"{usage:{width}}  {clause}"
        yield line if len(line) <= COLUMNS else f"{line[: COLUMNS - 1].rstrip()}…"


def _broken(heading: str, words: str) -> Iterable[str]:
    """Yield a heading and words after it, broken at blanks so that they fit a terminal."""
    room = COLUMNS - len(heading) - 1
    while words:
        cut = words.rfind(" ", 0, room + 1) if len(words) > room else len(words)
        yield f"{heading} {words[:cut]}"
        heading, words = " " * len(heading), words[cut:].lstrip()


def _completion(choice: str, line: str) -> dict[str, object]:
    """Describe what a word could become; of a command also what it does, of a shortcode the emoji."""
    if choice.startswith(":"):
        return {"text": choice, "emoji": emojify(choice)}
    if not choice.startswith("/") or " " in line:
        return {"text": choice}
    verb = COMMANDS.find(choice.removeprefix("/"))
    return {"text": choice, "usage": verb.usage, "about": verb.clause}


def _items(verbs: Iterable[Verb]) -> tuple[dict[str, object], ...]:
    return tuple(_item(verb) for verb in verbs)


def _item(verb: Verb) -> dict[str, object]:
    """Describe a verb to a program, which needs no English to know what to ask for and what not to show."""
    return {
        "command": verb.name,
        "usage": verb.usage,
        "fields": [parameter.name for parameter in verb.parameters],
        "arguments": [_argument(parameter) for parameter in verb.parameters],
        "aliases": [*verb.aliases],
        "text": verb.summary,
        "topic": verb.topic,
        "secret": verb.secret,
    }


def _argument(parameter: Parameter) -> dict[str, object]:
    argument: dict[str, object] = {
        "name": parameter.name,
        "label": parameter.argument.label or parameter.name.upper(),
        "typed": parameter.is_typed,
        "optional": parameter.optional,
    }
    return {**argument, "secret": True} if parameter.argument.secret else argument
