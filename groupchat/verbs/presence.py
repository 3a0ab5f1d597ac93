"""The verbs about people: look somebody up, take another nickname, be away, ignore somebody."""

from functools import partial

from groupchat.delivery.ignore_lists import IGNORED_MAX
from groupchat.delivery.queue import Receipt
from groupchat.facts.account_facts import Ignoring
from groupchat.model import names
from groupchat.model.errors import BadArguments, NoSuchNick, NotAllowed
from groupchat.model.events import Answer, AwayChanged, Done, Listed
from groupchat.model.networks import origin
from groupchat.model.ranks import Rank
from groupchat.model.text import AWAY
from groupchat.model.times import iso, minute
from groupchat.model.wording import plural
from groupchat.state.people import Ignored
from groupchat.verbs.actor import Actor, Reply
from groupchat.verbs.grammar.arguments import Name, Nick
from groupchat.verbs.grammar.table import Table
from groupchat.verbs.grammar.text_arguments import Rest
from groupchat.verbs.visiting import folded

PRESENCE = Table("people")


@PRESENCE.verb()
def whois(me: Actor, nick: Nick) -> Answer:
    """Tell which rooms somebody is in, since when, and whether they are away."""
    person = me.hall.find(nick)
    account, secure = person.account, person.is_secure
    rooms = [room for room in person.rooms if me.reveals(room)]
    lines = [
        f"{person.nick} is in {', '.join(rooms) or 'no room'}, here since {minute(person.since, me.zone)}",
        f"{person.nick}'s connection is {'encrypted' if secure else 'not encrypted'}",
    ]
    if person.is_program:
        lines.append(f"{person.nick} is a program")
    if person.away is not None:
        lines.append(f"{person.nick} is away" + (f": {person.away}" if person.away else ""))
    item: dict[str, object] = {
        "nick": person.nick, "rooms": rooms, "since": iso(person.since), "secure": secure,
        "account": account.nick if account is not None else "",
        "operator": me.hall.moderation.rank(account, "") >= Rank.OPERATOR,
        "away": person.away is not None, "words": person.away or "", "program": person.is_program,
    }  # fmt: skip
    if me.rank >= Rank.OPERATOR:
        # Where people come from is nobody's business but the operators'.
        addresses = sorted({connection.screen.address for connection in person.connections if not connection.node})
        if addresses:
            lines.append(f"{person.nick} comes from {', '.join(map(origin, addresses))}")
        item["addresses"] = addresses
        nodes = sorted({connection.node for connection in person.connections if connection.node})
        if nodes:
            lines.append(f"{person.nick} is connected to {', '.join(nodes)}, which knows the address")
            item["nodes"] = nodes
    return Listed("whois", tuple(lines), (item,))


@PRESENCE.verb()
def nick(me: Actor, nick: Name) -> Reply:
    """Take another nickname."""
    hall, person = me.hall, me.person
    new = names.nick(nick, hall.settings.name_rules)
    key = names.key(new)
    if key != person.key:
        if person.account is not None:
            raise NotAllowed(f"You are logged in as {person.nick}; /logout first to be called otherwise.")
        hall.moderation.check_nick(person, new, key, person.rooms, hall.now())
    if new == person.nick:
        return Done(text=f"You are {new} already.", fields={"nick": new})
    hall.moderation.check_words(person, person.rooms, hall.now())
    answer = Done(text="" if me.connection.rooms else f"You are {new} now.", fields={"nick": new})
    if hall.neighbours is not None and key != person.key:
        receipt = hall.neighbours.own.rename(me.connection, new, key, answer, me.ref)
        receipt.when_settled(partial(_note_nick, me, receipt))
        return receipt
    hall.attendance.rename(me.connection, new, key, answer, me.ref)
    hall.moderation.note_words(person, person.rooms, hall.now())
    return None


@PRESENCE.verb()
def away(me: Actor, text: Rest = "") -> Reply:
    """Say that you are away; people who write to you privately are told so once."""
    words = AWAY.check(text.strip())
    if words:
        me.hall.moderation.check_words(me.person, me.person.rooms, me.hall.now())
        me.hall.moderation.note_words(me.person, me.person.rooms, me.hall.now())
    me.person.away = words
    me.person.told_away = frozenset()
    _announce(me, True, words, "You are away; people who write to you are told so. /back ends it.")
    return None


@PRESENCE.verb()
def back(me: Actor) -> Reply:
    """End being away."""
    if me.person.away is None:
        raise BadArguments("You are not away.")
    me.person.away = None
    _announce(me, False, "", "You are back.")
    return None


@PRESENCE.verb()
def ignore(me: Actor, nick: Nick) -> Reply:
    """See nothing more of somebody.

    A guest is ignored again who comes back under the same nickname from the same address.
    """
    other, person = me.hall.find(nick), me.person
    if other is person:
        raise BadArguments("That is you.")
    if len(person.ignored) >= IGNORED_MAX and other.author not in person.ignored:
        raise BadArguments(f"You ignore {IGNORED_MAX} people, which is the most; /unignore somebody first.")
    answer = Done(text=f"You no longer see anything from {other.nick}. /unignore {other.nick} ends it.")
    account, origin = person.account, "" if other.account is not None else other.origin
    if account is not None and me.hall.accounts.of(account.author) is not None and other.author not in person.ignored:
        kept = Ignoring(account.author, other.author, other.nick, origin)
        return me.hall.registration.amend(account.author, kept.made(), origin=me.connection, ref=me.ref, answer=answer)
    me.hall.ignore_lists.ignore(person, other.author, Ignored(other.nick, origin))
    me.hall.persistence.keep_ignored(me.connection)
    return answer


@PRESENCE.verb()
def unignore(me: Actor, nick: Nick) -> Reply:
    """See somebody's messages again."""
    key, person = names.key(nick), me.person
    found = [author for author, known in person.ignored.items() if names.key(known.nick) == key]
    if not found:
        raise NoSuchNick(f"You do not ignore {nick}. /ignored lists the people you ignore.")
    answer = Done(text=f"You see everything from {nick} again.")
    account = person.account
    kept = [] if account is None else [one for one in me.hall.accounts.ignoring(account.author) if one.other in found]
    for author in found:
        if all(one.other != author for one in kept):
            me.hall.ignore_lists.unignore(person, author)
    me.hall.persistence.keep_ignored(me.connection)
    if account is None or not kept:
        return answer
    ended = tuple(one.undone() for one in kept)
    return me.hall.registration.amend(account.author, *ended, origin=me.connection, ref=me.ref, answer=answer)


@PRESENCE.verb(cost=2)
def ignored(me: Actor) -> Answer:
    """List the people you ignore."""
    nicks = list(dict.fromkeys(one.nick for one in me.person.ignored.values()))
    heading = f"You ignore {plural(len(nicks), 'person', 'people')}:" if nicks else "You ignore nobody."
    return Listed("ignored", (heading, *folded(nicks)), tuple({"nick": nick} for nick in nicks))


def _note_nick(me: Actor, receipt: Receipt) -> None:
    """Note that people are shown another nickname, if it is theirs now."""
    if receipt.refusal is None:
        me.hall.moderation.note_words(me.person, me.person.rooms, me.hall.now())


def _announce(me: Actor, away: bool, words: str, told: str) -> None:
    """Tell people who share a room; a reader who shares only one of several is not told of another."""
    rooms = me.person.rooms
    room = rooms[0] if len(rooms) == 1 else ""
    me.tell(AwayChanged(room, me.person.nick, me.hall.now(), away, words), rooms, told)
    for connection in me.person.connections:
        me.hall.attendance.listener.changed(connection)
