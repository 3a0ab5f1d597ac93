"""The verbs that call people to order: kick, ban, mute, and their undoing.

The word of an operator holds everywhere, or in the room they name; that of a room's operator in that room.
"""

from collections.abc import Callable

from groupchat.delivery.queue import Receipt
from groupchat.hall.hall import Peer
from groupchat.model import networks
from groupchat.model.drafts import Deed, Fact
from groupchat.model.errors import BadArguments, Banned, Kicked, NoSuchNick, NotAllowed, NothingToUndo
from groupchat.model.events import Answer, Listed
from groupchat.model.networks import Network
from groupchat.model.ranks import Rank
from groupchat.model.times import FOREVER, iso, minute, spoken
from groupchat.state.moderation import BAN, MUTE, NETWORK
from groupchat.state.people import Person
from groupchat.state.sanctions import Book, Sanction, span
from groupchat.verbs.actor import Actor, Target, because, checked_reason
from groupchat.verbs.grammar import arguments
from groupchat.verbs.grammar.arguments import Duration, Here, Nick, Reason
from groupchat.verbs.grammar.table import Table

DISCIPLINING = Table("order", "keeping order")

KEEPERS = Rank.ROOM_OPERATOR
"""The rank most of these need: operators have it, and in their rooms the operators of these."""


@DISCIPLINING.verb(needs=KEEPERS)
def kick(me: Actor, nick: Nick, reason: Reason = "", room: Here = "") -> Receipt:
    """Put somebody out of this room; an operator puts them out of the server.

    They may come back: /ban keeps them out, /mute lets them stay and say nothing.
    """
    scope, person = me.scope(room), me.hall.find(nick)
    me.subject(nick, scope)
    why = checked_reason(reason)
    if scope and scope not in person.rooms:
        raise NoSuchNick(f"{person.nick} is not in {scope}.")
    where = f" out of {scope}" if scope else ""
    told = Kicked(f"You were put out{f' of {scope}' if scope else ''} by {me.person.nick}{because(why) or '.'}")
    return me.decree(
        Deed("kick", f"kicked {person.nick}{where}{because(why)}", person.nick, None, why),
        room=scope or me.stage(person),
        then=lambda: _put_out(me, lambda other: other is person, scope, told, why),
    )


@DISCIPLINING.verb(needs=KEEPERS)
def ban(
    me: Actor, whom: arguments.Target, duration: Duration = FOREVER, reason: Reason = "", room: Here = ""
) -> Receipt:
    """Keep somebody out of this room; an operator keeps them, an address or a network out of the server.

    "/ban bob", "/ban bob 2h spam", "/ban 192.0.2.7 7d", "/ban 2001:db8::/32". Without a duration it holds until /unban.
    Of an IPv6 address its whole /64 is banned, which is what one household has.
    """
    network = networks.parse(whom)
    if network is not None:
        return _ban_network(me, network, duration, checked_reason(reason))
    scope = me.scope(room)
    found = me.subject(whom, scope)
    made = _sanction(me, found, scope, duration, checked_reason(reason))
    where = f" from {scope}" if scope else ""
    told = Banned(made.sentence("banned", where, made.at))
    words = f"banned {found.nick}{where}{span(duration, 'unbanned')}{because(made.why)}"
    return me.decree(
        Deed("ban", words, found.nick, made.until, made.why),
        made.fact(BAN),
        room=scope or me.stage(found.person),
        text=_advice(found, scope),
        then=lambda: _put_out(me, lambda person: made.concerns(person.author, person.key), scope, told, made.why),
    )


@DISCIPLINING.verb(needs=KEEPERS)
def unban(me: Actor, whom: arguments.Target, room: Here = "") -> Receipt:
    """End a ban."""
    network = networks.parse(whom)
    if network is not None:
        _need_operator(me)
        known = me.hall.moderation.networks.get(f"/{network}")
        if known is None:
            raise NothingToUndo(f"{network} is not banned. /bans lists the bans.")
        deed = Deed("unban", f"unbanned {network}", str(network))
        return me.decree(deed, Fact(NETWORK, known.name, None), text=f"{network} is not banned any more.")
    known = _known(me, me.hall.moderation.bans, whom, room)
    if known is None:
        raise NothingToUndo(f"{whom} is not banned. /bans lists the bans.")
    where = f" from {known.room}" if known.room else ""
    deed = Deed("unban", f"unbanned {known.whom}{where}", known.whom)
    return me.decree(deed, Fact(BAN, known.name, None), room=known.room or me.current)


@DISCIPLINING.verb(needs=KEEPERS, cost=2)
def bans(me: Actor, room: Here = "") -> Answer:
    """List the bans: for how long, by whom, and why."""
    scope, moderation = me.scope(room), me.hall.moderation
    sanctions = list(moderation.bans)
    if not scope:  # addresses are for operators only
        sanctions += moderation.networks.values()
    return _listed(me, "bans", "banned", sanctions, scope)


@DISCIPLINING.verb(needs=KEEPERS)
def mute(me: Actor, nick: Nick, duration: Duration = FOREVER, reason: Reason = "", room: Here = "") -> Receipt:
    """Stop somebody from saying anything in this room; an operator of the server, in all rooms. They can read."""
    scope = me.scope(room)
    found = me.subject(nick, scope)
    made = _sanction(me, found, scope, duration, checked_reason(reason))
    where = f" in {scope}" if scope else ""
    told = made.sentence("muted", where, made.at)
    words = f"muted {found.nick}{where}{span(duration, 'unmuted')}{because(made.why)}"
    return me.decree(
        Deed("mute", words, found.nick, made.until, made.why),
        made.fact(MUTE),
        room=scope or me.stage(found.person),
        then=lambda: me.inform(found.person, told),
    )


@DISCIPLINING.verb(needs=KEEPERS)
def unmute(me: Actor, nick: Nick, room: Here = "") -> Receipt:
    """End a mute."""
    known = _known(me, me.hall.moderation.mutes, nick, room)
    if known is None:
        raise NothingToUndo(f"{nick} is not muted. /mutes lists the mutes.")
    person = me.target(nick).person
    where = f" in {known.room}" if known.room else ""
    return me.decree(
        Deed("unmute", f"unmuted {known.whom}{where}", known.whom),
        Fact(MUTE, known.name, None),
        room=known.room or me.stage(person),
        then=lambda: me.inform(person, f"You can speak again{where}; {me.person.nick} unmuted you."),
    )


@DISCIPLINING.verb(needs=KEEPERS, cost=2)
def mutes(me: Actor, room: Here = "") -> Answer:
    """List the mutes: for how long, by whom, and why."""
    return _listed(me, "mutes", "muted", list(me.hall.moderation.mutes), me.scope(room))


def _sanction(me: Actor, found: Target, scope: str, duration: float, why: str) -> Sanction:
    now = me.hall.now()
    until = None if duration == FOREVER else now + duration
    named = found.account is None
    return Sanction(found.nick, found.key, found.author, named, scope, me.person.nick, why, now, until)


def _ban_network(me: Actor, network: Network, duration: float, why: str) -> Receipt:
    _need_operator(me)
    if any(_is_in(connection.screen.address, network) for connection in me.person.connections):
        raise BadArguments("You would ban yourself: your own address is one of these.")
    now = me.hall.now()
    until = None if duration == FOREVER else now + duration
    made = Sanction(str(network), str(network), None, False, "", me.person.nick, why, now, until)
    told = Banned(made.sentence("banned", "", now))
    lasting = span(duration, "unbanned")
    # Where people come from is nobody's business but the operators': the rooms are not shown this.
    return me.decree(
        Deed("ban", f"banned {network}{lasting}{because(why)}", str(network), until, why),
        made.fact(NETWORK),
        text=f"{network} is banned{lasting}.",
        then=lambda: me.hall.cut_off(told, lambda session: _is_in(session.screen.address, network)),
    )


def _need_operator(me: Actor) -> None:
    if me.rank < Rank.OPERATOR:
        raise NotAllowed("Only operators ban addresses: these bans hold for the whole server.")


def _advice(found: Target, scope: str) -> str:
    """Return what an operator who bans a guest should know."""
    if found.account is not None or found.person is None or scope:
        return ""
    addresses = sorted({connection.screen.address for connection in found.person.connections} - {""})
    if not addresses:
        return ""
    which = ", ".join(addresses)
    return f"{found.nick} was a guest from {which} and can take another nickname; /ban {addresses[0]} keeps them out."


def _known(me: Actor, book: Book, nick: str, room: str) -> Sanction | None:
    """Return the sanction about a nickname that the caller may undo."""
    key, scope = me.target(nick).key, me.scope(room)
    places = (scope,) if scope else ("", me.current)
    return next((found for place in places if (found := book.get(f"{place}/{key}")) is not None), None)


def _put_out(me: Actor, meant: Callable[[Person], bool], scope: str, told: Kicked | Banned, why: str) -> None:
    """Take people out of a room, or (empty) cut off their connections, after saying why."""
    hall = me.hall

    def is_meant(session: Peer) -> bool:
        return session.connection is not None and meant(session.connection.person)

    if not scope:
        hall.cut_off(told, is_meant)
        return
    room = hall.rooms.find(scope)
    for connection in [member for member in (room.members if room is not None else ()) if meant(member.person)]:
        hall.health.refuse(connection, told)
        hall.attendance.leave_room(connection, scope, told.code, told.code, why)
        hall.attendance.remember(connection)


def _listed(me: Actor, what: str, done: str, sanctions: list[Sanction], scope: str) -> Answer:
    now = me.hall.now()
    shown = [one for one in sanctions if one.holds(now) and (not scope or one.room == scope)]
    lines = [
        f"{one.whom} is {done}{f' in {one.room}' if one.room else ''}{_left(one.left(now))}"
        f", since {minute(one.at, me.zone)}, by {one.by}{because(one.why)}"
        for one in shown
    ]
    items = tuple(
        {
            "whom": one.whom,
            "room": one.room,
            "by": one.by,
            "why": one.why,
            "at": iso(one.at),
            "until": None if one.until is None else iso(one.until),
        }
        for one in shown
    )
    return Listed(what, tuple(lines) or (f"Nobody is {done}.",), items)


def _left(seconds: float) -> str:
    return "" if seconds == FOREVER else f" for {spoken(seconds)} more"


def _is_in(address: str, network: Network) -> bool:
    try:
        ip = networks.plain(address)
    except ValueError:  # none, as of a UNIX socket
        return False
    return ip.version == network.version and ip in network
