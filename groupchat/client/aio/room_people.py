"""Who is in each room, as far as the events of a client tell."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from groupchat.client.client_events import (
    AwayChanged,
    Departed,
    Entered,
    Event,
    Joined,
    Left,
    ManyJoined,
    ManyLeft,
    ManyProgramsJoined,
    ManyProgramsLeft,
    Person,
    ProgramJoined,
    ProgramLeft,
    Renamed,
)

Rooms: TypeAlias = dict[str, dict[str, Person]]
"""The people of each room, by their nicknames."""


class RoomPeople:
    """The people of a client's rooms: exact, as the server tells of every change."""

    def __init__(self) -> None:
        self._rooms: Rooms = {}
        self._programs: Rooms = {}

    def of(self, room: str) -> tuple[Person, ...]:
        """Return who is in a room; nobody if the client is not in it."""
        return tuple(self._rooms.get(room.casefold(), {}).values())

    def programs_of(self, room: str) -> tuple[Person, ...]:
        """Return which programs are in a room by themselves."""
        return tuple(self._programs.get(room.casefold(), {}).values())

    def follow(self, event: Event) -> None:
        """Note what an event tells of people."""
        match event:
            case Entered():
                self._rooms[event.room.casefold()] = {person.nick: person for person in event.people}
                self._programs[event.room.casefold()] = {person.nick: person for person in event.programs}
            case Departed():
                self._rooms.pop(event.room.casefold(), None)
                self._programs.pop(event.room.casefold(), None)
            case Joined() | ProgramJoined():
                self._come(self._kept(event), event.room, [Person(event.nick, event.account)])
            case ManyJoined() | ManyProgramsJoined():
                come = [Person(nick, nick if nick in event.accounts else "") for nick in event.nicks]
                self._come(self._kept(event), event.room, come)
            case Left() | ProgramLeft():
                self._go(self._kept(event), event.room, [event.nick])
            case ManyLeft() | ManyProgramsLeft():
                self._go(self._kept(event), event.room, event.nicks)
            case Renamed() | AwayChanged():
                self._change(event)

    def _kept(self, event: Event) -> Rooms:
        """Return the collection that an event is about: the people, or the programs."""
        is_program = isinstance(event, ProgramJoined | ProgramLeft | ManyProgramsJoined | ManyProgramsLeft)
        return self._programs if is_program else self._rooms

    def _come(self, rooms: Rooms, room: str, people: Iterable[Person]) -> None:
        rooms.setdefault(room.casefold(), {}).update({person.nick: person for person in people})

    def _go(self, rooms: Rooms, room: str, nicks: Iterable[str]) -> None:
        people = rooms.get(room.casefold(), {})
        for nick in nicks:
            people.pop(nick, None)

    def _change(self, event: Renamed | AwayChanged) -> None:
        for people in (*self._rooms.values(), *self._programs.values()):
            person = people.get(event.nick)
            if person is not None and isinstance(event, Renamed):
                del people[event.nick]
                people[event.new] = replace(person, nick=event.new)
            elif person is not None and isinstance(event, AwayChanged):
                people[event.nick] = replace(person, away=event.away)
