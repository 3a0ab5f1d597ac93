"""The verbs that call people to order: kick, ban, mute, and their undoing.

The word of an operator holds everywhere, or in the room they name; that of a room's operator in that room.
"""

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import TypeVar

from groupchat.delivery.queue import Receipt
from groupchat.facts.sanctions import Ban, Book, Mute, NetworkBan, NetworkMute, Sanction, span
from groupchat.limits.pages import page
from groupchat.model import names, networks
from groupchat.model.drafts import Deed, FactChange, PutOut, Revoke
from groupchat.model.errors import BadArguments, NoSuchNick, NotAllowed, NothingToUndo
from groupchat.model.events import Answer, AuthorId, Listed
from groupchat.model.networks import Network
from groupchat.model.ranks import Rank
from groupchat.model.times import FOREVER, iso, minute, spoken
from groupchat.model.wording import plural
from groupchat.state.people import Connection
from groupchat.verbs.actor import OPERATORS, Actor, Target, because, checked_reason, keepers
from groupchat.verbs.grammar import arguments
from groupchat.verbs.grammar.arguments import After, Here, Nick
from groupchat.verbs.grammar.number_arguments import Duration
from groupchat.verbs.grammar.table import Table
from groupchat.verbs.grammar.text_arguments import Reason
from groupchat.verbs.grammar.word_arguments import Switch

DISCIPLINING = Table("order", "keeping order")

S = TypeVar("S", bound=Sanction)

KEEPERS = Rank.ROOM_OPERATOR
"""The rank most of these need: operators have it, and in their rooms the operators of these."""


VAST = 8
"""The shortest prefix of a network that is banned without being asked for twice, in bits."""


@DISCIPLINING.verb(needs=KEEPERS)
def kick(me: Actor, nick: Nick, reason: Reason = "", room: Here = "") -> Receipt:
    """Put somebody out of this room; an operator puts them out of the server.

    They may come back: /ban keeps them out, /mute lets them stay and say nothing.
    """
    scope, person = me.scope(room), me.hall.find(nick)
    found = me.subject(nick, scope)
    why = checked_reason(reason)
    if scope and scope not in person.rooms:
        raise NoSuchNick(f"{person.nick} is not in {scope}.")
    me.check_meant(reason, room, f"kicks {person.nick} out of {scope or 'the whole server'}")
    where = f" out of {scope}" if scope else ""
    told = f"You were put out{f' of {scope}' if scope else ''} by {me.person.nick}{because(why) or '.'}"
    return me.decree(
        Deed("kick", f"kicked {person.nick}{where}{because(why)}", person.nick, None, why),
        PutOut(person.author, scope, "kicked", told, why),
        *_not_staying(me, scope, person.author),
        needs=keepers(scope, found),
        room=scope or me.stage(person),
    )


@DISCIPLINING.verb(needs=KEEPERS)
def ban(
    me: Actor,
    whom: arguments.Target,
    duration: Duration = FOREVER,
    reason: Reason = "",
    room: Here = "",
    yes: Switch = False,
) -> Receipt:
    """Keep somebody out of this room; an operator keeps them, an address or a network out of the server.

    "/ban bob", "/ban bob 2h spam", "/ban 192.0.2.7 7d", "/ban 2001:db8::/32". Without a duration it holds until /unban.
    Of an IPv6 address its whole /64 is banned, which is what one household has.
    A network of a large part of the internet, or of most people here, has to be typed twice.
    """
    network = networks.parse(whom)
    if network is not None:
        return _ban_network(me, network, duration, checked_reason(reason), yes)
    scope = me.scope(room)
    found = me.subject(whom, scope)
    me.check_meant(reason, room, f"bans {found.nick} from {scope or 'the whole server'}", duration)
    made = _sanction(me, Ban, found, scope, duration, checked_reason(reason))
    where = f" from {scope}" if scope else ""
    words = f"banned {found.nick}{where}{span(duration, 'unbanned')}{because(made.why)}"
    return me.decree(
        Deed("ban", words, found.nick, made.until, made.why),
        made.replacing(me.hall.moderation.bans.get(made.name)),
        *_not_staying(me, scope, found.author),
        needs=keepers(scope, found),
        room=scope or me.stage(found.person),
        hint=_until(duration, f"/unban {found.nick}")
        + (me.novelty(scope, f"unban {found.nick} there") or _nobody(found, "bans") or _advice(me, found, scope)),
    )


@DISCIPLINING.verb(needs=KEEPERS)
def unban(me: Actor, whom: arguments.Target, room: Here = "") -> Receipt:
    """End a ban."""
    network = networks.parse(whom)
    if network is not None:
        _need_operator(me)
        known = _known_network(me.hall.moderation.networks, network, "ban")
        deed = Deed("unban", f"unbanned {network}", str(network))
        return me.decree(deed, known.undone(), needs=OPERATORS, text=f"{network} is not banned any more.")
    ban = _undone(me, me.hall.moderation.bans, whom, room)
    if ban is None:
        raise NothingToUndo(f"{whom} is not banned. /bans lists the bans.")
    where = f" from {ban.room}" if ban.room else ""
    deed = Deed("unban", f"unbanned {ban.whom}{where}", ban.whom)
    return me.decree(deed, *ban.ended(), needs=keepers(ban.room), room=ban.room or me.current)


@DISCIPLINING.verb(needs=KEEPERS, cost=5)
def bans(me: Actor, after: After = "", room: Here = "") -> Answer:
    """List the bans: for how long, by whom, and why.

    At most 200 at a time; "/bans after NAME" lists those that follow.
    """
    scope, moderation = me.scope(room), me.hall.moderation
    sanctions: list[Sanction] = list(moderation.bans)
    if not scope:  # addresses are for operators only
        sanctions += moderation.networks.values()
    return _listed(me, "bans", "banned", "from", sanctions, scope, after)


@DISCIPLINING.verb(needs=KEEPERS)
def mute(
    me: Actor,
    nick: arguments.Target,
    duration: Duration = FOREVER,
    reason: Reason = "",
    room: Here = "",
    yes: Switch = False,
) -> Receipt:
    """Stop somebody from saying anything in this room; an operator of the server, in all rooms. They can read.

    "/mute bob 10m", "/mute 192.0.2.7 1h spam": an address or a network is for operators of the server.
    Without a duration it holds until /unmute.
    """
    network = networks.parse(nick)
    if network is not None:
        return _mute_network(me, network, duration, checked_reason(reason), yes)
    scope = me.scope(room)
    found = me.subject(nick, scope)
    me.check_meant(reason, room, f"mutes {found.nick} in {scope or 'the whole server'}", duration)
    made = _sanction(me, Mute, found, scope, duration, checked_reason(reason))
    where = f" in {scope}" if scope else ""
    words = f"muted {found.nick}{where}{span(duration, 'unmuted')}{because(made.why)}"
    return me.decree(
        Deed("mute", words, found.nick, made.until, made.why),
        made.replacing(me.hall.moderation.mutes.get(made.name)),
        needs=keepers(scope, found),
        room=scope or me.stage(found.person),
        hint=_until(duration, f"/unmute {found.nick}")
        + (me.novelty(scope, f"unmute {found.nick} there") or _nobody(found, "mutes")),
    )


@DISCIPLINING.verb(needs=KEEPERS)
def unmute(me: Actor, nick: arguments.Target, room: Here = "") -> Receipt:
    """End a mute."""
    network = networks.parse(nick)
    if network is not None:
        _need_operator(me)
        muted = _known_network(me.hall.moderation.muted_networks, network, "mute")
        deed = Deed("unmute", f"unmuted {network}", str(network))
        return me.decree(deed, muted.undone(), needs=OPERATORS, text=f"{network} is not muted any more.")
    known = _undone(me, me.hall.moderation.mutes, nick, room)
    if known is None:
        raise NothingToUndo(f"{nick} is not muted. /mutes lists the mutes.")
    person = me.known(nick).person
    where = f" in {known.room}" if known.room else ""
    return me.decree(
        Deed("unmute", f"unmuted {known.whom}{where}", known.whom),
        known.undone(),
        needs=keepers(known.room),
        room=known.room or me.stage(person),
    )


@DISCIPLINING.verb(needs=KEEPERS, cost=5)
def mutes(me: Actor, after: After = "", room: Here = "") -> Answer:
    """List the mutes: for how long, by whom, and why.

    At most 200 at a time; "/mutes after NAME" lists those that follow.
    """
    scope, moderation = me.scope(room), me.hall.moderation
    sanctions: list[Sanction] = list(moderation.mutes)
    if not scope:
        sanctions += moderation.muted_networks.values()
    return _listed(me, "mutes", "muted", "in", sanctions, scope, after)


def _not_staying(me: Actor, room: str, author: AuthorId | None) -> list[FactChange]:
    """Return the changes by which somebody who was only in a room when it was locked may not come back there."""
    known = None if author is None else me.hall.moderation.invited.get(room, {}).get(author)
    return [known.undone()] if known is not None and known.staying else []


def _sanction(me: Actor, form: type[S], found: Target, scope: str, duration: float, why: str) -> S:
    now = me.hall.now()
    until = None if duration == FOREVER else now + duration
    named = found.account is None
    # A guest can come back as another, and is kept quiet, or out of a room, by where they come from.
    holds_there = named and found.person is not None and (form is Mute or scope)
    origin = found.person.origin if holds_there and found.person is not None else ""
    return form(found.nick, found.key, found.author, named, scope, me.person.nick, why, now, until, origin)


def _ban_network(me: Actor, network: Network, duration: float, why: str, yes: bool) -> Receipt:
    _need_operator(me)
    if any(networks.contains(network, connection.screen.address) for connection in me.person.connections):
        raise BadArguments("You would ban yourself: your own address is one of these.")
    there = _connections_from(me, network, yes, f"ban {network} {duration} {why}")
    made, until = _of_network(me, NetworkBan, network, duration, why)
    lasting = span(duration, "unbanned")
    # Where people come from is nobody's business but the operators': the rooms are not shown this.
    return me.decree(
        Deed("ban", f"banned {network}{lasting}{because(why)}", str(network), until, why),
        made.replacing(me.hall.moderation.networks.get(made.name)),
        *(Revoke(one.person.author, only=one.digest) for one in there if one.digest),
        needs=OPERATORS,
        text=f"{network} is banned{lasting}; {plural(len(there), 'connection')} put out. "
        + _until(duration, f"/unban {network}"),
    )


def _mute_network(me: Actor, network: Network, duration: float, why: str, yes: bool) -> Receipt:
    _need_operator(me)
    there = _connections_from(me, network, yes, f"mute {network} {duration} {why}")
    made, until = _of_network(me, NetworkMute, network, duration, why)
    lasting = span(duration, "unmuted")
    return me.decree(
        Deed("mute", f"muted {network}{lasting}{because(why)}", str(network), until, why),
        made.replacing(me.hall.moderation.muted_networks.get(made.name)),
        needs=OPERATORS,
        text=f"{network} is muted{lasting}; {plural(len(there), 'connection')} from there. "
        f"Operators of the server can still speak. {_until(duration, f'/unmute {network}')}",
    )


N = TypeVar("N", NetworkBan, NetworkMute)


def _of_network(me: Actor, form: type[N], network: Network, duration: float, why: str) -> tuple[N, float | None]:
    """Return what is decided about a network, and until when."""
    now = me.hall.now()
    until = None if duration == FOREVER else now + duration
    return form(str(network), str(network), None, False, "", me.person.nick, why, now, until), until


def _connections_from(me: Actor, network: Network, yes: bool, request: str) -> list[Connection]:
    """Return the connections from a network, if it is not surprisingly large.

    :param request: what is asked for, with everything that makes a difference.
    :raises ConfirmationNeeded: it is a large part of the internet, or most people here are from there.
    """
    there = [one for person in me.hall.roster for one in person.connections if _is_from(network, one)]
    people = {one.person for one in there}
    is_vast = network.prefixlen < VAST
    if not yes and (is_vast or 2 * len(people) > len(me.hall.roster)):
        share = f"{len(people)} of the {plural(len(me.hall.roster), 'person', 'people')} here"
        if is_vast:
            warning = f"{network} is a large part of the internet, with {share}."
        else:
            warning = f"{network} is where {share} come from."
        me.hall.confirmations.check(me.connection, request, warning, "the same line")
    return there


def _known_network(known: Mapping[str, N], network: Network, act: str) -> N:
    """Return what was decided about exactly this network.

    :raises NothingToUndo: nothing was; if something was about a larger one that it is a part of, it says so.
    """
    found = known.get(Sanction.named_by("", str(network)))
    if found is not None:
        return found
    done = {"ban": "banned", "mute": "muted"}[act]
    for larger in known.values():
        whole = ip_network(larger.key)
        if whole.version == network.version and network.subnet_of(whole):  # type: ignore[arg-type]
            raise NothingToUndo(
                f"{network} is not {done} by itself, but {larger.whom}, of which it is a part, is: "
                f"/un{act} {larger.whom}"
            )
    raise NothingToUndo(f"{network} is not {done}. /{act}s lists the {act}s.")


def _until(duration: float, undoing: str) -> str:
    """Return the sentence that says how something ends that does not end by itself."""
    return f"It holds until {undoing}. " if duration == FOREVER else ""


def _need_operator(me: Actor) -> None:
    if me.rank < Rank.OPERATOR:
        raise NotAllowed("Only operators ban or mute addresses: that holds for the whole server.")


def _nobody(found: Target, does: str) -> str:
    """Return what tells an operator that they may have mistyped a nickname; nothing if somebody has it.

    :param does: what the order does, such as ``bans``.
    """
    if found.person is not None or found.account is not None:
        return ""
    return f"Nobody here is called {found.nick}, and no account; this {does} whoever takes that nickname."


def _advice(me: Actor, found: Target, scope: str) -> str:
    """Return what an operator who bans a guest should know."""
    if found.account is not None or found.person is None or scope:
        return ""
    addresses = sorted({connection.screen.address for connection in found.person.connections} - {""})
    if not addresses:
        return ""
    which = ", ".join(addresses)
    network = networks.parse(addresses[0])
    others = sum(
        1
        for person in me.hall.roster
        if person is not found.person and any(_is_from(network, one) for one in person.connections)
    )
    besides = f", also {plural(others, 'other person', 'other people')} here" if others else ", nobody else here"
    advice = f"/ban {addresses[0]} keeps out everybody from there{besides}."
    return f"{found.nick} was a guest from {which} and can take another nickname; {advice}"


def _is_from(network: Network | None, connection: Connection) -> bool:
    return networks.contains(network, connection.screen.address)


def _undone(me: Actor, book: Book[S], nick: str, room: str) -> S | None:
    """Return the sanction that the caller means to undo: of this nickname, or of whoever has it now.

    :raises NotAllowed: it is about the caller, or somebody who keeps order there too.
    """
    found, scope = me.known(nick), me.scope(room)
    for place in (scope,) if scope else ("", me.current):
        sanction = book.get(Sanction.named_by(place, found.key))
        if sanction is None and found.author is not None:
            sanction = book.about(found.author, place)
        if sanction is None and found.account is None and found.person is not None:
            of_household = book.of_household(found.person.origin, found.person.known_since)
            sanction = next((one for one in of_household if one.room == place), None)
        if sanction is not None:
            refused = me.hall.moderation.shields(sanction.fact, me.person.author)
            if refused is not None:
                raise refused
            return sanction
    return None


def _listed(
    me: Actor, what: str, done: str, place: str, sanctions: Iterable[Sanction], scope: str, after: str
) -> Answer:
    """List sanctions.

    :param done: what was done to people, such as ``banned``; ``place``: the word before the room, such as ``from``.
    """
    now = me.hall.now()
    holding = (one for one in sanctions if one.holds(now) and (not scope or one.room == scope))
    found = page(holding, lambda one: names.key(one.whom), names.key(after) if after else None)
    shown = found.items
    lines = [
        f"{one.whom} is {done}{f' {place} {one.room}' if one.room else ''}{_left(one.left(now))}"
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
    if found.more:
        lines += found.hint(f"/{what}", shown[-1].whom)
    return Listed(what, tuple(lines) or (f"Nobody is {done}.",), items, found.more)


def _left(seconds: float) -> str:
    return "" if seconds == FOREVER else f" for {spoken(seconds)} more"
