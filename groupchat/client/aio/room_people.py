"""Who is in each room, as far as the events of a client tell."""

from collections.abc import Iterable
from dataclasses import replace

from groupchat.client.client_events import (
    AwayChanged,
    Departed,
    Entered,
    Event,
    Joined,
    Left,
    ManyJoined,
    ManyLeft,
    Person,
    Renamed,
)


class RoomPeople:
    """The people of a client's rooms: exact, as the server tells of every change."""

    def __init__(self) -> None:
        self._rooms: dict[str, dict[str, Person]] = {}

    def of(self, room: str) -> tuple[Person, ...]:
        """Return who is in a room; nobody if the client is not in it."""
        return tuple(self._rooms.get(room.casefold(), {}).values())

    def follow(self, event: Event) -> None:
        """Note what an event tells of people."""
        match event:
            case Entered():
                self._rooms[event.room.casefold()] = {person.nick: person for person in event.people}
            case Departed():
                self._rooms.pop(event.room.casefold(), None)
            case Joined():
                self._come(event.room, [Person(event.nick, event.account)])
            case ManyJoined():
                self._come(event.room, [Person(nick, nick if nick in event.accounts else "") for nick in event.nicks])
            case Left():
                self._go(event.room, [event.nick])
            case ManyLeft():
                self._go(event.room, event.nicks)
            case Renamed() | AwayChanged():
                self._change(event)

    def _come(self, room: str, people: Iterable[Person]) -> None:
        self._rooms.setdefault(room.casefold(), {}).update({person.nick: person for person in people})

    def _go(self, room: str, nicks: Iterable[str]) -> None:
        people = self._rooms.get(room.casefold(), {})
        for nick in nicks:
            people.pop(nick, None)

    def _change(self, event: Renamed | AwayChanged) -> None:
        for people in self._rooms.values():
            person = people.get(event.nick)
            if person is not None and isinstance(event, Renamed):
                del people[event.nick]
                people[event.new] = replace(person, nick=event.new)
            elif person is not None and isinstance(event, AwayChanged):
                people[event.nick] = replace(person, away=event.away)
