"""What follows from bans, mutes and ranks, and from what is decided about rooms: people are told, or put out."""

from collections.abc import Callable, Mapping
from functools import partial
from ipaddress import ip_network
from typing import Any, TypeAlias

from groupchat.facts.account_facts import RankGiven
from groupchat.facts.kinds import read
from groupchat.facts.room_facts import Closed, Granted, Invitation, Lock, RoomOperator
from groupchat.facts.sanctions import Ban, Mute, NetworkBan, NetworkMute, Sanction
from groupchat.hall.ejections import Ejections
from groupchat.model.drafts import Fact
from groupchat.model.errors import Banned, RoomClosed, RoomLocked
from groupchat.state.moderation import Moderation
from groupchat.state.people import Person, Watcher
from groupchat.state.rooms import Rooms
from groupchat.state.roster import Roster

Follow: TypeAlias = Callable[[], None] | None
"""A function to call when everybody was shown the batch; None: there is nothing to do."""

Follower: TypeAlias = Callable[[Fact, str], Follow]
"""What follows from a fact that is on disk, and that somebody has decided (empty: nobody in particular)."""


class ModerationConsequences:
    """Follows the facts that say who may do what, and where.  Nothing of this changes what is remembered of them.

    ``followers``: what follows, by the kind of the fact.
    ``now``: the wall-clock time in seconds since 1970 UTC.
    """

    def __init__(
        self, roster: Roster, rooms: Rooms, moderation: Moderation, ejections: Ejections, now: Callable[[], float]
    ) -> None:
        self._roster = roster
        self._rooms = rooms
        self._moderation = moderation
        self._ejections = ejections
        self._now = now
        self.followers: Mapping[str, Follower] = {
            Ban.KIND: self._follow_ban,
            NetworkBan.KIND: self._follow_network_ban,
            Mute.KIND: self._follow_mute,
            NetworkMute.KIND: self._follow_network_mute,
            Closed.KIND: self._follow_closed,
            RoomOperator.KIND: self._follow_room_operator,
            Invitation.KIND: self._follow_invitation,
            Lock.KIND: self._follow_lock,
            RankGiven.KIND: self._follow_rank,
        }

    # Sanctions

    def _follow_ban(self, fact: Fact, by: str) -> Follow:
        ban = read(fact)
        if not isinstance(ban, Ban):
            return None
        where = f" from {ban.room}" if ban.room else ""
        told = Banned(ban.sentence("banned", where, ban.at))
        return partial(
            self._ejections.remove, lambda one: ban.concerns(one.person.author, one.person.key), ban.room, told, ban.why
        )

    def _follow_network_ban(self, fact: Fact, by: str) -> Follow:
        ban = read(fact)
        if not isinstance(ban, NetworkBan):
            return None
        told = Banned(ban.sentence("banned", "", ban.at))
        return partial(self._ejections.cut_off_network, told, ip_network(ban.key))

    def _follow_mute(self, fact: Fact, by: str) -> Follow:
        mute = read(fact)
        if isinstance(mute, Mute):
            where = f" in {mute.room}" if mute.room else ""
            return partial(self._ejections.tell, self._subject(mute), mute.sentence("muted", where, mute.at))
        before = self._moderation.mutes.get(fact.name)
        if before is None:
            return None
        return partial(self._tell_unmuted, before, self._subject(before), by)

    def _tell_unmuted(self, mute: Mute, subject: Person | None, by: str) -> None:
        """Tell the person a mute was about that it ended, and guests for whom it held as they come from there."""
        place = f" in {mute.room}" if mute.room else ""
        self._ejections.tell(subject, f"You can speak again{place}{f'; {by} unmuted you' if by else ''}.")
        for person in list(self._roster) if mute.origin else ():
            is_later = person.origin == mute.origin and person.known_since > mute.at
            if is_later and person.account is None and person is not subject:
                self._ejections.tell(
                    person, f"You can speak again{place}; the mute of guests from your address has ended."
                )

    def _follow_network_mute(self, fact: Fact, by: str) -> Follow:
        mute, before = read(fact), self._moderation.muted_networks.get(fact.name)
        spared = self._moderation.is_server_operator
        if isinstance(mute, NetworkMute):
            return partial(
                self._ejections.tell_network, ip_network(mute.key), mute.sentence("muted", "", mute.at), spared
            )
        if before is None:
            return None
        return partial(self._ejections.tell_network, ip_network(before.key), "You can speak again.", spared)

    def _subject(self, sanction: Sanction) -> Person | None:
        """Return the person a sanction is about, if they are here."""
        person = self._roster.of(sanction.author) if sanction.author is not None else None
        return self._roster.find(sanction.key) if person is None and sanction.named else person

    # Rooms

    def _follow_room_operator(self, fact: Fact, by: str) -> Follow:
        granted = read(fact)
        if isinstance(granted, RoomOperator):
            told = f"{granted.by} made you an operator of {granted.room}; /help lists what you can do there."
            return partial(self._ejections.tell, self._roster.of(granted.author), told)
        before = _granted_before(self._moderation.operators, fact)
        if before is None:
            return None
        told = f"{by or 'Somebody'} decided that you are no longer an operator of {before.room}."

        def follow() -> None:
            self._ejections.tell(self._roster.of(before.author), told)
            self._shut_out(before.room)

        return follow

    def _follow_invitation(self, fact: Fact, by: str) -> Follow:
        granted = read(fact)
        if not isinstance(granted, Invitation):
            return partial(self._shut_out, Invitation.parts(fact.name)[0])
        if granted.staying:
            return None
        told = f"{granted.by} invites you to {granted.room}: /join {granted.room}"
        fields = {"invited": granted.room, "by": granted.by}
        return partial(self._ejections.tell, self._roster.of(granted.author), told, fields)

    def _follow_lock(self, fact: Fact, by: str) -> Follow:
        return None if fact.value is None else partial(self._shut_out, fact.name)

    def _follow_rank(self, fact: Fact, by: str) -> Follow:
        return None if fact.value is not None else self._shut_out

    def _shut_out(self, room: str = "") -> None:
        """Cut off people who follow a room (empty: any) that is locked, and could not come in: nobody sees them."""
        locked, now = self._moderation.locked, self._now()
        if room and room not in locked:
            return

        def is_outside(watcher: Watcher) -> bool:
            rooms = [name for name in watcher.rooms if name in locked and room in ("", name)]
            return any(not self._moderation.admits(name, watcher.person, now) for name in rooms)

        self._ejections.stop_watching(RoomLocked("The room is locked, and you may not follow it any more."), is_outside)

    def _follow_closed(self, fact: Fact, by: str) -> Follow:
        closed = read(fact)
        return partial(self._close, closed) if isinstance(closed, Closed) else None

    def _close(self, closed: Closed) -> None:
        """Put everybody out of a room that is closed, and forget it."""
        self._ejections.remove(lambda one: True, closed.room, RoomClosed(closed.sentence), closed.why)
        self._rooms.drop(closed.room)


def _granted_before(rooms: dict[str, dict[Any, Any]], fact: Fact) -> Granted | None:
    """Return the record that a removal is about."""
    return next((one for granted in rooms.values() for one in granted.values() if one.name == fact.name), None)
