"""The verbs that keep rooms and the server in order: room operators, locked and slow rooms, announcements."""

from collections.abc import Generator, Mapping
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.delivery.queue import Receipt
from groupchat.facts.room_facts import (
    Closed,
    Granted,
    Invitation,
    Lock,
    Motd,
    RoomOperator,
    Slow,
)
from groupchat.model import names
from groupchat.model.drafts import Announce, Deed, PutOut, StoredPost
from groupchat.model.errors import BadArguments, NoSuchAccount, NothingToUndo
from groupchat.model.events import Answer, AuthorId, Replayed, Told
from groupchat.model.ranks import Rank
from groupchat.model.text import ANNOUNCEMENT
from groupchat.model.text import MOTD as MOTD_LENGTH
from groupchat.model.times import each, spoken
from groupchat.model.wording import plural
from groupchat.state.rooms import LOBBY
from groupchat.verbs.actor import OPERATORS, Actor, Reply, Target, because, checked_reason, keepers
from groupchat.verbs.disciplining import KEEPERS
from groupchat.verbs.grammar.arguments import Here, LockedRoom, Nick, Room, RoomBefore
from groupchat.verbs.grammar.number_arguments import Count, Pause
from groupchat.verbs.grammar.table import Table
from groupchat.verbs.grammar.text_arguments import Reason, Rest
from groupchat.verbs.grammar.word_arguments import Visible

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
    granted = _granted(me, RoomOperator, place, found)
    deed = Deed("op", f"made {found.nick} an operator of {place}", found.nick)
    hint = me.novelty(place, f"/deop {found.nick} {place}")
    return me.decree(deed, granted.made(), needs=OPERATORS, room=place, hint=hint)


@ROOM_ORDERS.verb(needs=Rank.OPERATOR)
def deop(me: Actor, nick: Nick, room: Room = "") -> Receipt:
    """Undo /op: make somebody no longer an operator of this room, or of another."""
    place, found = me.place(room), me.target(nick)
    known = _known(me.hall.moderation.operators, place, found)
    if known is None:
        raise NothingToUndo(f"{found.nick} is not an operator of {place}.")
    deed = Deed("deop", f"made {found.nick} no longer an operator of {place}", found.nick)
    return me.decree(deed, known.undone(), needs=OPERATORS, room=place)


@ROOM_ORDERS.verb(needs=KEEPERS)
def slow(me: Actor, room: RoomBefore = "", *, seconds: Pause) -> Receipt:
    """Make people wait between messages, such as 30s; 0 ends it."""
    place = me.known_place(room)
    if seconds > SLOWEST_S:
        raise BadArguments(f"People wait at most {spoken(SLOWEST_S)} between messages.")
    before = me.hall.moderation.slow.get(place)
    if not seconds:
        if before is None:
            raise NothingToUndo(f"{place} is not slow.")
        deed = Deed("slow", f"ended slow mode in {place}", place)
        return me.decree(deed, before.undone(), needs=keepers(place), room=place)
    deed = Deed("slow", f"set slow mode in {place}: one message every {each(seconds)}", place)
    slow = Slow(place, seconds, me.person.nick, me.hall.now())
    return me.decree(deed, slow.replacing(before), needs=keepers(place), room=place)


@ROOM_ORDERS.verb(needs=KEEPERS)
def lock(me: Actor, room: LockedRoom = "", visible: Visible = False) -> Receipt:
    """Let only invited people into a room, and its operators; people who are in it stay.

    They stay also when their connection is lost, until they leave or are put out.
    Others are not told that there is the room; with "visible" they see it in /rooms, its topic, and who is there.
    """
    place = me.place(room)
    if place == LOBBY:
        raise BadArguments(f"Everybody comes into {LOBBY} first, so it cannot be locked.")
    before = me.hall.moderation.locked.get(place)
    how = "locked already, and seen by everybody" if visible else "locked already, and not seen from outside"
    if before is not None and before.visible is visible:
        raise BadArguments(f"{place} is {how}.")
    lock = Lock(place, me.person.nick, me.hall.now(), visible)
    deed = Deed("lock", f"locked {place}{', to be seen by everybody' if visible else ''}", place)
    hint = me.novelty(place, f"/unlock {place}")
    # Whoever is there stays, also when the connection is lost meanwhile, or the server starts again.
    staying = () if before is not None else tuple(one.made() for one in _staying(me, place))
    return me.decree(deed, lock.replacing(before), *staying, needs=keepers(place), room=place, hint=hint)


@ROOM_ORDERS.verb(needs=KEEPERS)
def unlock(me: Actor, room: Room = "") -> Receipt:
    """Let everybody into a room again."""
    place = me.place(room)
    lock = me.hall.moderation.locked.get(place)
    if lock is None:
        raise NothingToUndo(f"{place} is not locked.")
    stayed = [one.undone() for one in me.hall.moderation.invited.get(place, {}).values() if one.staying]
    deed = Deed("unlock", f"unlocked {place}", place)
    return me.decree(deed, lock.undone(), *stayed, needs=keepers(place), room=place)


@ROOM_ORDERS.verb(needs=KEEPERS)
def close(me: Actor, room: Room, reason: Reason = "") -> Receipt:
    """Put everybody out of a room, and let nobody in again; it is in no list any more.

    What was said there is kept as long as everything else. /reopen undoes it.
    """
    place, hall = me.known_place(room), me.hall
    if place == LOBBY:
        raise BadArguments(f"Everybody comes into {LOBBY} first, so it cannot be closed.")
    if place in hall.moderation.closed:
        raise BadArguments(f"{place} is closed already.")
    closed = Closed(place, me.person.nick, checked_reason(reason), hall.now())
    found = hall.rooms.find(place)
    people = [] if found is None else [one for one in found.people if one.author not in hall.moderation.erased]
    return me.decree(
        Deed("close", f"closed {place}{because(closed.why)}", place, None, closed.why),
        closed.made(),
        # They are not back there when it is opened again.
        *(PutOut(one.author, place, "kicked", closed.sentence, closed.why) for one in people),
        needs=keepers(place),
        room=place,
        text=f"{place} is closed; {plural(len(people), 'person', 'people')} put out. /reopen {place} undoes it.",
    )


@ROOM_ORDERS.verb(needs=KEEPERS)
def reopen(me: Actor, room: Room) -> Receipt:
    """Let people into a room again that was closed."""
    place = me.place(room)
    closed = me.hall.moderation.closed.get(place)
    if closed is None:
        raise NothingToUndo(f"{place} is not closed.")
    deed, told = Deed("reopen", f"opened {place} again", place), f"{place} is open again: /join {place}"
    return me.decree(deed, closed.undone(), needs=keepers(place), room=place, text=told)


@ROOM_ORDERS.verb(needs=KEEPERS)
def invite(me: Actor, nick: Nick, room: Room = "") -> Receipt:
    """Let somebody into a locked room, and tell them."""
    place, found = me.known_place(room), me.target(nick)
    if found.author is None:
        raise NoSuchAccount(f"{found.nick} is not here, and has no account; invite them when they are here.")
    granted = _granted(me, Invitation, place, found)
    known = _known(me.hall.moderation.invited, place, found)
    deed = Deed("invite", f"invited {found.nick} to {place}", found.nick)
    return me.decree(deed, granted.replacing(known), needs=keepers(place), room=place)


@ROOM_ORDERS.verb(needs=KEEPERS)
def uninvite(me: Actor, nick: Nick, room: Room = "") -> Receipt:
    """Take an invitation back; somebody who is in the room stays there."""
    place, found = me.place(room), me.known(nick)
    known = _invited(me, place, found)
    if not known:
        raise NothingToUndo(f"{found.nick} is not invited to {place}.")
    deed = Deed("uninvite", f"took back the invitation of {found.nick} to {place}", found.nick)
    return me.decree(deed, *(one.undone() for one in known), needs=keepers(place), room=place)


@ROOM_ORDERS.verb(needs=Rank.OPERATOR)
def motd(me: Actor, text: Rest = "") -> Reply:
    """Show the message of the day, or set it; "/motd -" clears it."""
    words = "" if text == "-" else text.strip()
    if not text:
        return Told(tuple(me.hall.motd.splitlines()) or ("There is no message of the day.",))
    MOTD_LENGTH.check(words)
    before = me.hall.moderation.motd
    if not words:
        if before is None:
            raise NothingToUndo("No operator has set one.")
        deed = Deed("motd", "cleared the message of the day")
        return me.decree(deed, before.undone(), needs=OPERATORS, text="Cleared.")
    made = Motd(words, me.person.nick, me.hall.now())
    told = "Everybody who comes is shown it from now on."
    deed = Deed("motd", f"set the message of the day: {words}")
    return me.decree(deed, made.replacing(before), needs=OPERATORS, text=told)


@ROOM_ORDERS.verb(needs=Rank.OPERATOR, cost=5)
def announce(me: Actor, text: Rest) -> Receipt:
    """Say something to everybody, in whichever room they are."""
    words = ANNOUNCEMENT.check(text.strip())
    if not words:
        raise BadArguments("Usage: /announce TEXT")
    told = Announce(f"{me.person.nick} to everybody: {words}")
    return me.decree(Deed("announce", f"announced: {words}"), told, needs=OPERATORS)


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


G = TypeVar("G", bound=Granted)


def _granted(me: Actor, form: type[G], room: str, found: Target) -> G:
    """Return the fact that gives somebody with an author a right in a room.

    :raises NoSuchAccount: they have left just now.
    """
    if found.author is None:
        raise NoSuchAccount(f"{found.nick} is not here, and has no account.")
    return form(room, found.author, found.nick, me.person.nick, me.hall.now())


def _staying(me: Actor, room: str) -> list[Invitation]:
    """Return what lets people stay who are in a room that is about to be locked."""
    found, book = me.hall.rooms.find(room), me.hall.moderation
    here = [] if found is None else [one for one in found.people if one.author not in book.invited.get(room, ())]
    by, at = me.person.nick, me.hall.now()
    return [
        Invitation(room, one.author, one.nick, by, at, staying=True)
        for one in here
        if book.rank_of(one.author, room) < KEEPERS and one.author not in book.erased
    ]


def _invited(me: Actor, room: str, found: Target) -> list[Invitation]:
    """Return the invitations of somebody to a room; of guests those too who had the nickname when they were invited."""
    hall = me.hall
    known = _known(hall.moderation.invited, room, found)
    if known is not None or found.account is not None:
        return [known] if known is not None else []
    granted = hall.moderation.invited.get(room, {}).values()
    return [one for one in granted if names.key(one.nick) == found.key and hall.accounts.of(one.author) is None]


def _known(rooms: Mapping[str, Mapping[AuthorId, G]], room: str, found: Target) -> G | None:
    """Return the fact that already gives somebody a right in a room."""
    return None if found.author is None else rooms.get(room, {}).get(found.author)
