"""The verbs that keep rooms and the server in order: room operators, locked and slow rooms, announcements."""

from collections.abc import Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.delivery.queue import Receipt
from groupchat.model.drafts import Deed, Fact, StoredPost
from groupchat.model.errors import BadArguments, NoSuchAccount, NothingToUndo
from groupchat.model.events import Answer, Replayed, Told
from groupchat.model.ranks import Rank
from groupchat.model.text import ANNOUNCEMENT
from groupchat.model.text import MOTD as MOTD_LENGTH
from groupchat.model.times import spoken
from groupchat.model.wording import plural
from groupchat.state.moderation import INVITATION, LOCK, MOTD, ROOM_OPERATOR, SLOW
from groupchat.state.rooms import LOBBY
from groupchat.verbs.actor import Actor, Reply, Target
from groupchat.verbs.disciplining import KEEPERS
from groupchat.verbs.grammar.arguments import Count, Here, Nick, Rest, Room, RoomBefore, Seconds
from groupchat.verbs.grammar.table import Table

ROOM_ORDERS = Table("order", "keeping order")

SLOWEST_S = 3600
"""The longest a slow room makes people wait between two messages, in seconds."""
LOGGED = 20
"""Entries /modlog shows unless asked for more."""


@ROOM_ORDERS.verb(needs=Rank.OPERATOR)
def op(me: Actor, nick: Nick, room: Room = "") -> Receipt:
    """Make somebody an operator of this room, or of another; they need an account."""
    place, found = me.place(room), me.target(nick)
    if found.account is None:
        raise NoSuchAccount(f"{found.nick} has no account, which operators need. /register makes one.")
    if found.author in me.hall.moderation.operators.get(place, ()):
        raise BadArguments(f"{found.nick} is an operator of {place} already.")
    told = f"{me.person.nick} made you an operator of {place}; /help lists what you can do there."
    return _grant(me, "op", ROOM_OPERATOR, place, found, f"made {found.nick} an operator of {place}", told)


@ROOM_ORDERS.verb(needs=Rank.OPERATOR)
def deop(me: Actor, nick: Nick, room: Room = "") -> Receipt:
    """Undo /op: make somebody no longer an operator of this room, or of another."""
    place, found = me.place(room), me.target(nick)
    if found.author not in me.hall.moderation.operators.get(place, ()):
        raise NothingToUndo(f"{found.nick} is not an operator of {place}.")
    told = f"{me.person.nick} decided that you are no longer an operator of {place}."
    deed = Deed("deop", f"made {found.nick} no longer an operator of {place}", found.nick)
    return me.decree(deed, _of(ROOM_OPERATOR, place, found), room=place, then=lambda: me.inform(found.person, told))


@ROOM_ORDERS.verb(needs=KEEPERS)
def slow(me: Actor, room: RoomBefore = "", *, seconds: Seconds) -> Receipt:
    """Make people wait between two messages, for so many seconds; 0 ends it."""
    place = me.place(room)
    if seconds > SLOWEST_S:
        raise BadArguments(f"At most {SLOWEST_S} seconds.")
    if not seconds:
        if place not in me.hall.moderation.slow:
            raise NothingToUndo(f"{place} is not slow.")
        return me.decree(Deed("slow", f"ended slow mode in {place}", place), Fact(SLOW, place, None), room=place)
    deed = Deed("slow", f"set slow mode in {place}: one message every {spoken(seconds)}", place)
    return me.decree(deed, Fact(SLOW, place, _note(me, seconds=seconds)), room=place)


@ROOM_ORDERS.verb(needs=KEEPERS)
def lock(me: Actor, room: Room = "") -> Receipt:
    """Let only invited people into a room, and its operators; people who are in it stay."""
    place = me.place(room)
    if place == LOBBY:
        raise BadArguments(f"Everybody comes into {LOBBY} first, so it cannot be locked.")
    if place in me.hall.moderation.locked:
        raise BadArguments(f"{place} is locked already.")
    return me.decree(Deed("lock", f"locked {place}", place), Fact(LOCK, place, _note(me)), room=place)


@ROOM_ORDERS.verb(needs=KEEPERS)
def unlock(me: Actor, room: Room = "") -> Receipt:
    """Let everybody into a room again."""
    place = me.place(room)
    if place not in me.hall.moderation.locked:
        raise NothingToUndo(f"{place} is not locked.")
    return me.decree(Deed("unlock", f"unlocked {place}", place), Fact(LOCK, place, None), room=place)


@ROOM_ORDERS.verb(needs=KEEPERS)
def invite(me: Actor, nick: Nick, room: Room = "") -> Receipt:
    """Let somebody into a locked room, and tell them."""
    place, found = me.place(room), me.target(nick)
    if found.author is None:
        raise NoSuchAccount(f"{found.nick} is not here, and has no account; invite them when they are here.")
    told = f"{me.person.nick} invites you to {place}: /join {place}"
    return _grant(me, "invite", INVITATION, place, found, f"invited {found.nick} to {place}", told)


@ROOM_ORDERS.verb(needs=KEEPERS)
def uninvite(me: Actor, nick: Nick, room: Room = "") -> Receipt:
    """Take an invitation back; somebody who is in the room stays there."""
    place, found = me.place(room), me.target(nick)
    if found.author not in me.hall.moderation.invited.get(place, ()):
        raise NothingToUndo(f"{found.nick} is not invited to {place}.")
    deed = Deed("uninvite", f"took back the invitation of {found.nick} to {place}", found.nick)
    return me.decree(deed, _of(INVITATION, place, found), room=place)


@ROOM_ORDERS.verb(needs=Rank.OPERATOR)
def motd(me: Actor, text: Rest = "") -> Reply:
    """Show the message of the day, or set it; "/motd -" clears it."""
    words = "" if text == "-" else text.strip()
    if not text:
        return Told(tuple(me.hall.motd.splitlines()) or ("There is no message of the day.",))
    MOTD_LENGTH.check(words)
    if not words:
        if me.hall.moderation.motd is None:
            raise NothingToUndo("No operator has set one.")
        return me.decree(Deed("motd", "cleared the message of the day"), Fact(MOTD, "", None), text="Cleared.")
    fact = Fact(MOTD, "", _note(me, text=words))
    told = "Everybody who comes is shown it from now on."
    return me.decree(Deed("motd", f"set the message of the day: {words}"), fact, text=told)


@ROOM_ORDERS.verb(needs=Rank.OPERATOR, cost=5)
def announce(me: Actor, text: Rest) -> Receipt:
    """Say something to everybody, in whichever room they are."""
    words = ANNOUNCEMENT.check(text.strip())
    if not words:
        raise BadArguments("Usage: /announce TEXT")
    told = f"{me.person.nick} to everybody: {words}"
    return me.decree(Deed("announce", f"announced: {words}"), then=lambda: me.hall.announce(told))


@ROOM_ORDERS.verb(needs=KEEPERS, cost=10)
@inlineCallbacks
def modlog(me: Actor, count: Count | None = None, room: Here = "") -> "Generator[Deferred[Any], Any, Answer]":
    """List what operators did lately, oldest first; a room's operators see what was done in the room."""
    scope, stream = me.scope(room), me.hall.stream
    most = me.hall.settings.query_posts
    wanted = min(count or LOGGED, most)
    found: list[StoredPost] = []
    upto = stream.delivered
    while len(found) < wanted:
        page = yield stream.journal.moderated(upto, most)
        found[:0] = [stored for stored in page if not scope or stored.event.room == scope]
        if len(page) < most:
            break
        upto = page[0].event.id - 1
    posts = tuple(stored.event for stored in found[-wanted:])
    if not posts and me.connection.screen.style.prose:
        return Told(("No operator has done anything yet.",))
    heading = f"{plural(len(posts), 'thing')} operators did:"
    return Replayed("modlog", heading, posts, "end of what operators did", me.hall.now())


def _grant(me: Actor, act: str, kind: str, room: str, found: Target, words: str, told: str) -> Receipt:
    """Let somebody be something in a room, and tell them."""
    fact = _of(kind, room, found, _note(me, nick=found.nick))
    return me.decree(Deed(act, words, found.nick), fact, room=room, then=lambda: me.inform(found.person, told))


def _of(kind: str, room: str, found: Target, value: dict[str, Any] | None = None) -> Fact:
    """Return the fact that somebody is something in a room; without a value, is so no more."""
    return Fact(kind, f"{room}/{found.author}", value)


def _note(me: Actor, **what: object) -> dict[str, Any]:
    """Return what is kept of something the caller decides now."""
    return {**what, "by": me.person.nick, "at": me.hall.now()}
