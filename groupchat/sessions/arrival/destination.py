"""Where somebody comes in: the rooms asked for, those of before, or else the lobby; none that they may not go into."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from groupchat.facts.whereabouts import Places
from groupchat.hall.hall import Hall
from groupchat.lazy.records import record
from groupchat.model import names
from groupchat.model.claims import Claim
from groupchat.model.drafts import StoredSession
from groupchat.model.errors import BadArguments, Refusal, RoomLocked
from groupchat.model.events import Departed
from groupchat.model.wording import plural
from groupchat.state.people import Connection, Person
from groupchat.state.rooms import LOBBY

SPELLINGS = 4
"""The number of times that a claim may name the same room, on average."""

LOST = "lost"
"""The code of a room that somebody was put out of while they were not connected."""

BASE = Places((LOBBY,), LOBBY)
"""Where everybody comes into who was nowhere before."""

Entrance = Callable[[Person, str], Refusal | None]
"""Takes a person and a room; returns why they may not go there, or None."""


@record
class Destination:
    """The places somebody comes into.

    ``left_out``: the rooms that they may not go into, each with the reason.
    ``is_asked``: they asked for these rooms; they do not come into the lobby instead.
    ``is_account``: these are the rooms of their account.
    """

    places: Places
    left_out: tuple[tuple[str, Refusal], ...] = ()
    is_asked: bool = False
    is_account: bool = False

    def admitting(self, person: Person, entrance: Entrance) -> "Destination":
        """Return it without the rooms that the person may not go into; those they are put out of are lost."""
        places, left_out = self.places, list(self.left_out)
        for room in places.rooms:
            refused = entrance(person, room)
            if refused is not None:
                places = places.put_out(room) if room == self.places.current else places.left(room)
                left_out.append((room, refused))
        if self.places.rooms and not places.rooms and not self.is_asked and entrance(person, LOBBY) is None:
            places = Places((LOBBY,), LOBBY, places.lost)
        lost = places.lost
        if lost and all(room != lost for room, _ in left_out):
            refused = entrance(person, lost)
            if refused is not None and not isinstance(refused, RoomLocked):  # outsiders are not told that it is locked
                left_out.append((lost, refused))
        return replace(self, places=places, left_out=tuple(left_out))

    def departures(self) -> Iterator[Departed]:
        """Yield what tells a connection of the rooms it is not in any more, although it was, or asked for them."""
        current, lost = self.places.current, self.places.lost
        if lost and all(room != lost for room, _ in self.left_out):
            yield Departed(lost, "", LOST, current)
        for room, refused in self.left_out:
            yield Departed(room, str(refused), refused.code, current)


def wanted(claim: Claim, most: int) -> tuple[str, ...] | None:
    """Return the rooms that a claim asks for, if it names any.

    :param most: how many rooms one can be in.
    :raises RoomInvalid, BadArguments: they cannot be.
    """
    if claim.rooms is None:
        return () if claim.quiet else None
    given = claim.rooms if len(claim.rooms) <= SPELLINGS * most else ()
    rooms = tuple(dict.fromkeys(reversed([names.room(name) for name in given])))[::-1]
    if len(rooms) > most or len(given) < len(claim.rooms):
        raise BadArguments(f"You can be in {plural(most, 'room')} at a time.")
    return rooms


def asked_for(hall: Hall, person: Person, rooms: tuple[str, ...]) -> Destination:
    """Return the rooms that somebody asks for, the last of them current.

    :raises Banned, RoomLocked, Muted: the person may go into none of them.
    """
    found = []
    left_out = []
    for room in rooms:
        refused = hall.attendance.objection(person, room, is_recalled=False)
        if refused is None:
            found.append(room)
        else:
            left_out.append((room, refused))
    if left_out and not found:
        raise left_out[-1][1]
    current = found[-1] if found else ""
    lost = rooms[-1] if rooms and current != rooms[-1] else ""
    return Destination(Places(tuple(found), current, lost), tuple(left_out), is_asked=True)


def of_before(
    hall: Hall, person: Person, stored: StoredSession | None, leaving: Connection | None, of_account: bool
) -> Destination:
    """Return where somebody was before, or the lobby, without what they may not go into.

    :param stored: the session of their token, if they gave one.
    :param leaving: the connection on which they log in, if they are in already.
    :param of_account: whether they log in to the rooms of their account.
    """
    found = Destination(_places_before(person, stored, leaving))
    if stored is None and leaving is None:
        last = hall.accounts.places(person.author)
        if not of_account:
            found = Destination(BASE)
        elif last is not None:
            found = Destination(last, is_account=True)
    return found.admitting(person, hall.moderation.entrance_of(hall.now()))


def _places_before(person: Person, stored: StoredSession | None, leaving: Connection | None) -> Places:
    if leaving is not None:
        return leaving.places
    if stored is not None:
        # What another node says of a connection can lack rooms that its owner was told of; what it keeps cannot.
        here = next((one for one in person.connections if one.digest == stored.digest and not one.node), None)
        if here is not None:
            return here.places
        current = stored.current if stored.current in stored.rooms else (*stored.rooms, "")[-1]
        return Places(stored.rooms, current, stored.lost)
    others = (one.places for one in person.connections if one.rooms)
    return next(others, BASE)
