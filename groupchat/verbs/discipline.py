"""The verbs that call people to order: kick, ban, mute, and their undoing."""

from collections.abc import Callable

from groupchat.delivery.queue import Entry
from groupchat.model import networks
from groupchat.model.drafts import Fact
from groupchat.model.errors import BadArguments, Banned, Kicked, NoSuchNick, NotAllowed, NothingToUndo, NotInRoom
from groupchat.model.events import Answer, Listed
from groupchat.model.networks import Network
from groupchat.model.ranks import Rank
from groupchat.model.times import FOREVER, iso, minute, spoken
from groupchat.state.moderation import BAN, MUTE, NETWORK
from groupchat.state.people import Person
from groupchat.state.sanctions import Book, Sanction
from groupchat.verbs.authority import Authority, Target, because, reason


class Discipline(Authority):
    """What those who keep order can do about people.

    The word of an operator holds everywhere, that of a room's operator in that room.
    """

    __slots__ = ()

    def kick(self, nick: str, words: str = "") -> Entry:
        """Put somebody out: an operator out of the hall, a room's operator out of the room."""
        person = self.hall.find(nick)
        self.subject(nick)
        why, scope = reason(words), self.scope
        if scope and not self.hall.room(scope).holds(person):
            raise NoSuchNick(f"{person.nick} is not in {scope}.")
        where = f" out of {scope}" if scope else ""
        told = Kicked(f"You were put out{f' of {scope}' if scope else ''} by {self.person.nick}{because(why) or '.'}")
        return self.decree(
            f"kicked {person.nick}{where}{because(why)}",
            room=scope or self.stage(person),
            after=lambda: self._put_out(lambda other: other is person, scope, told),
        )

    def ban(self, whom: str, duration: float = FOREVER, words: str = "") -> Entry:
        """Keep somebody out, or every connection of an address or a network."""
        network = networks.parse(whom)
        if network is not None:
            return self._ban_network(network, duration, reason(words))
        found = self.subject(whom)
        ban = self._sanction(found, duration, reason(words))
        told = Banned(ban.sentence(f"banned from {ban.room}" if ban.room else "banned", ban.at))
        where = f" from {ban.room}" if ban.room else ""
        return self.decree(
            f"banned {found.nick}{where} for {spoken(duration)}{because(ban.why)}",
            ban.fact(BAN),
            room=ban.room or self.stage(found.person),
            text=self._advice(found),
            after=lambda: self._put_out(ban.concerns, ban.room, told),
        )

    def unban(self, whom: str) -> Entry:
        """Let somebody, an address or a network come in again."""
        network = networks.parse(whom)
        if network is not None:
            self._need_operator()
            ban = self.hall.moderation.networks.get(f"/{network}")
            if ban is None:
                raise NothingToUndo(f"{network} is not banned. /bans lists who is.")
            told = f"{network} is not banned any more."
            return self.decree(f"unbanned {network}", Fact(NETWORK, ban.name, None), text=told)
        ban = self._known(self.hall.moderation.bans, whom)
        if ban is None:
            raise NothingToUndo(f"{whom} is not banned. /bans lists who is.")
        where = f" from {ban.room}" if ban.room else ""
        return self.decree(f"unbanned {ban.whom}{where}", Fact(BAN, ban.name, None), room=ban.room or self.current)

    def mute(self, nick: str, duration: float = FOREVER, words: str = "") -> Entry:
        """Let somebody read, but say nothing."""
        found = self.subject(nick)
        mute = self._sanction(found, duration, reason(words))
        where = f" in {mute.room}" if mute.room else ""
        told = mute.sentence(f"muted{where}", mute.at)
        return self.decree(
            f"muted {found.nick}{where} for {spoken(duration)}{because(mute.why)}",
            mute.fact(MUTE),
            room=mute.room or self.stage(found.person),
            after=lambda: self.inform(found.person, told),
        )

    def unmute(self, nick: str) -> Entry:
        """Let somebody speak again."""
        mute = self._known(self.hall.moderation.mutes, nick)
        if mute is None:
            raise NothingToUndo(f"{nick} is not muted. /mutes lists who is.")
        person = self.target(nick).person
        where = f" in {mute.room}" if mute.room else ""
        return self.decree(
            f"unmuted {mute.whom}{where}",
            Fact(MUTE, mute.name, None),
            room=mute.room or self.stage(person),
            after=lambda: self.inform(person, f"You can speak again{where}; {self.person.nick} unmuted you."),
        )

    def list_bans(self) -> Answer:
        """Who is banned; addresses are shown to operators only."""
        moderation = self.hall.moderation
        sanctions = list(moderation.bans)
        if not self.scope:
            sanctions += moderation.networks.values()
        return self._listed("bans", "banned", sanctions)

    def list_mutes(self) -> Answer:
        """Who is muted."""
        return self._listed("mutes", "muted", list(self.hall.moderation.mutes))

    # How

    def _sanction(self, found: Target, duration: float, why: str) -> Sanction:
        if not self.scope and self.rank < Rank.OPERATOR:
            raise NotInRoom("You are in no room.")
        now = self.hall.now()
        until = None if duration == FOREVER else now + duration
        named = found.account is None
        by = self.person.nick
        return Sanction(found.nick, found.key, found.author, named, self.scope, by, why, now, until)

    def _ban_network(self, network: Network, duration: float, why: str) -> Entry:
        self._need_operator()
        if any(_is_in(member.screen.address, network) for member in self.person.connections):
            raise BadArguments("You would ban yourself: your own address is one of these.")
        now = self.hall.now()
        until = None if duration == FOREVER else now + duration
        ban = Sanction(str(network), str(network), None, False, "", self.person.nick, why, now, until)
        told = Banned(ban.sentence("banned", now).replace("You are", "Your address is", 1))
        # Where people come from is nobody's business but the operators': the rooms are not shown this.
        return self.decree(
            f"banned {network} for {spoken(duration)}{because(why)}",
            ban.fact(NETWORK),
            text=f"{network} is banned for {spoken(duration)}.",
            after=lambda: self.cut_off(told, lambda session: _is_in(session.screen.address, network)),
        )

    def _need_operator(self) -> None:
        if self.rank < Rank.OPERATOR:
            raise NotAllowed("Only operators ban addresses: these hold for the whole hall.")

    def _advice(self, found: Target) -> str:
        """What an operator should know who bans a guest."""
        if found.account is not None or found.person is None or self.scope:
            return ""
        addresses = sorted({member.screen.address for member in found.person.connections} - {""})
        if not addresses:
            return ""
        which = ", ".join(addresses)
        return (
            f"{found.nick} was a guest from {which} and can take another nickname; /ban {addresses[0]} keeps them out."
        )

    def _known(self, book: Book, nick: str) -> Sanction | None:
        """The sanction about a nickname that this member may undo."""
        key = self.target(nick).key
        places = (self.scope,) if self.scope else ("", self.current)
        return next((found for room in places if (found := book.get(f"{room}/{key}")) is not None), None)

    def _put_out(self, meant: Callable[[Person], bool], scope: str, told: Kicked | Banned) -> None:
        """Take people out of a room, or (empty) cut off their connections, after saying why."""
        hall = self.hall
        if not scope:
            self.cut_off(told, lambda session: session.member is not None and meant(session.member.person))
            return
        for member in [member for member in hall.room(scope).members if meant(member.person)]:
            hall.attendance.leave_room(member, scope, told.code)
            hall.attendance.remember(member)
            member.refuse(told)

    def _listed(self, what: str, done: str, sanctions: list[Sanction]) -> Answer:
        now = self.hall.now()
        shown = [one for one in sanctions if one.holds(now) and (not self.scope or one.room == self.scope)]
        lines = [
            f"{one.whom} is {done}{f' in {one.room}' if one.room else ''} for {spoken(one.left(now))}"
            f", since {minute(one.at, self.zone)}, by {one.by}{because(one.why)}"
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


def _is_in(address: str, network: Network) -> bool:
    try:
        ip = networks.plain(address)
    except ValueError:  # none, as of a UNIX socket
        return False
    return ip.version == network.version and ip in network
