"""The commands: for each a signature, a sentence of help, and one verb of the member.

``me`` comes first; the other parameters are the arguments, in the order they are typed.
"""

from twisted.internet.defer import Deferred

from groupchat.delivery.queue import Entry
from groupchat.model.errors import BadArguments
from groupchat.model.events import Answer, Listed
from groupchat.verbs.grammar.arguments import (
    CommandName,
    Count,
    Day,
    Nick,
    PostId,
    PreferenceName,
    PreferenceValue,
    Rest,
    Room,
    Since,
    Switch,
    Word,
)
from groupchat.verbs.grammar.table import Table
from groupchat.verbs.member import Member, Reply

COMMANDS = Table()


@COMMANDS.command("h", "commands")
def help(me: Member, command: CommandName | None = None) -> Answer:
    """List the commands, or explain one."""
    if command is not None:
        found = COMMANDS.find(command)
        aliases = [f"also: {', '.join('/' + alias for alias in found.aliases)}"] if found.aliases else []
        return Listed("help", (found.usage, found.explanation, *found.details, *aliases), (_item(found.name),))
    every = [known for known in COMMANDS.sorted() if known.needs <= me.rank]
    width = max(len(known.usage) for known in every)
    lines = [f"{known.usage:{width}}  {known.summary}" for known in every]
    return Listed("help", tuple(lines), tuple(_item(known.name) for known in every))


def _item(name: str) -> dict[str, object]:
    found = COMMANDS.find(name)
    item: dict[str, object] = {
        "command": found.name,
        "usage": found.usage,
        "fields": [parameter.name for parameter in found.parameters],
        "aliases": [*found.aliases],
        "text": found.summary,
    }
    return {**item, "secret": True} if found.secret else item


# Saying things


@COMMANDS.command()
def me(me: Member, text: Rest) -> Entry:
    """Say what you do: "/me waves" shows as "* alice waves"."""
    return me.act(text)


@COMMANDS.command("tell", "w")
def msg(me: Member, nick: Nick, text: Rest) -> Entry:
    """Say something to one person only."""
    return me.whisper(nick, text)


@COMMANDS.command("r")
def reply(me: Member, text: Rest) -> Entry:
    """Answer whoever sent you the last private message."""
    return me.reply(text)


@COMMANDS.command()
def edit(me: Member, id: PostId | None = None, *, text: Rest) -> Entry:
    """Change your message with this number; without one, your last message.

    You can do so for 24 hours. "s/typo/fix/" as a line of its own changes a word of your last message.
    """
    return me.edit(id, text)


@COMMANDS.command("del")
def delete(me: Member, id: PostId | None = None) -> Reply:
    """Take back your message with this number; without one, your last message.

    Who keeps order can so delete anybody's.
    """
    return me.delete(id)


# Reading


@COMMANDS.command(cost=10)
def history(
    me: Member, count: Count | None = None, since: Since | None = None, day: Day | None = None
) -> Deferred[Answer]:
    """Show earlier messages: the last ones, those after a number, or those of a day.

    "/history", "/history 50", "/history since #41" or "/history 2026-11-20".
    """
    if sum(given is not None for given in (count, since, day)) > 1:
        raise BadArguments("One of a count, a number to begin after, or a day.")
    if since is not None:
        return me.history_since(since)
    if day is not None:
        return me.history_of(day)
    return me.history(count)


@COMMANDS.command("find", cost=10)
def search(me: Member, text: Rest) -> Deferred[Answer]:
    """Find messages that contain all these words, newest first."""
    return me.search(text)


@COMMANDS.command(cost=5)
def goto(me: Member, id: PostId) -> Deferred[Answer]:
    """Show a message with five before and after it."""
    return me.goto(id)


@COMMANDS.command(cost=2)
def last(me: Member) -> Deferred[Answer]:
    """Show your own last message, with its number."""
    return me.last()


# Rooms


@COMMANDS.command("j", cost=2)
def join(me: Member, room: Room) -> Reply:
    """Go into a room, which is made if it is new; your lines go there from then on."""
    return me.join(room)


@COMMANDS.command("part")
def leave(me: Member, room: Room = "", reason: Rest = "") -> Answer:
    """Leave a room: this one, or the one you name."""
    return me.leave(room, reason)


@COMMANDS.command("s")
def switch(me: Member, room: Room) -> Answer:
    """Let your lines go to another of your rooms."""
    return me.switch(room)


@COMMANDS.command(cost=5)
def rooms(me: Member) -> Answer:
    """List the rooms, with how many people are there and what they are about."""
    return me.list_rooms()


@COMMANDS.command()
def topic(me: Member, text: Rest = "") -> Reply:
    """Show what this room is about, or say what it is about from now on; "/topic -" clears it."""
    if not text:
        return me.topic()
    return me.set_topic("" if text == "-" else text)


@COMMANDS.command("who", "names", cost=5)
def list(me: Member, room: Room = "") -> Answer:
    """List who is here, or in another room."""
    return me.list_people(room)


@COMMANDS.command(cost=2)
def status(me: Member) -> Answer:
    """Tell how the server is: since when it runs, who is here, and whether messages can be stored."""
    return me.status()


# People


@COMMANDS.command()
def whois(me: Member, nick: Nick) -> Answer:
    """Tell which rooms somebody is in, since when, and whether they are away."""
    return me.who_is(nick)


@COMMANDS.command()
def nick(me: Member, nick: Word) -> Entry:
    """Take another nickname."""
    return me.rename(nick)


@COMMANDS.command()
def away(me: Member, text: Rest = "") -> Answer:
    """Say that you are away; who writes to you privately is told so once."""
    return me.go_away(text)


@COMMANDS.command()
def back(me: Member) -> Answer:
    """End being away."""
    return me.come_back()


@COMMANDS.command()
def ignore(me: Member, nick: Nick) -> Answer:
    """See nothing more of somebody."""
    return me.ignore(nick)


@COMMANDS.command()
def unignore(me: Member, nick: Nick) -> Answer:
    """See somebody's messages again."""
    return me.unignore(nick)


@COMMANDS.command()
def ignored(me: Member) -> Answer:
    """List whom you ignore."""
    return me.list_ignored()


@COMMANDS.command()
def typing(me: Member, room: Room = "") -> Answer:
    """Show programs in the room that you are typing; for programs to send."""
    return me.type(room)


@COMMANDS.command()
def complete(me: Member, text: Rest) -> Answer:
    """List what the last word of a half-typed line could become; for programs to ask."""
    choices = COMMANDS.complete(me, text)
    return Listed("completions", tuple(choices), tuple({"text": choice} for choice in choices))


@COMMANDS.command()
def set(me: Member, name: PreferenceName = "", value: PreferenceValue = "", remember: Switch = True) -> Reply:
    """Change how you are shown things, such as "/set zone Europe/Paris"; alone, shows what there is."""
    if not name:
        return me.list_preferences()
    if not value:
        raise BadArguments(f"Usage: /set {name} VALUE; /set alone shows the values.")
    return me.prefer(name, value, remember)


@COMMANDS.command("quit")
def exit(me: Member, reason: Rest = "") -> Entry:
    """Leave, and close the connection."""
    return me.exit(reason)
