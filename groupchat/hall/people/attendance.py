"""Attendance: let people into the hall and its rooms and out again, and announce it.

Rules:

1. Only this module changes the rooms of a connection, which of them is current, and the connections of a person.
2. Whatever changes that, the connection itself is told (``entered``, ``departed``), and so are others in the room.
3. A connection that misses notices, because it is catching up, is told of its rooms anew if anybody came or went.
4. Others are told of a person, not of a connection: once when the first one comes, once when the last one goes.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from twisted.logger import Logger

from groupchat.config.settings import Settings
from groupchat.delivery.commits import Commits
from groupchat.delivery.doorways import Doorways
from groupchat.delivery.ignore_lists import IgnoreLists
from groupchat.delivery.queue import Notice
from groupchat.delivery.readers import Readers
from groupchat.facts.whereabouts import Places
from groupchat.hall.people.listening import Listener, Unheard
from groupchat.hall.people.persistence import Persistence
from groupchat.hall.people.typists import Typists
from groupchat.interfaces.clock import Clock
from groupchat.limits.log_limits import LogLimits
from groupchat.model.errors import Refusal, Replaced, RoomInvalid
from groupchat.model.events import (
    AuthorId,
    Departed,
    Done,
    Entered,
    Joined,
    Left,
    ProgramJoined,
    ProgramLeft,
    Ref,
    Refused,
    Renamed,
)
from groupchat.model.networks import origin
from groupchat.model.preferences import NOBODY
from groupchat.model.ranks import Rank
from groupchat.state.moderation import Moderation
from groupchat.state.people import Connection, Person, Watcher
from groupchat.state.rooms import Room, Rooms, Standing
from groupchat.state.roster import Roster

log = Logger()

VOLUNTARY = "left"
"""The code of leaving a room by oneself."""


class Attendance:
    """Joins and leaves.

    ``listener``: see there; ``doorways``: how they are announced.
    """

    def __init__(
        self,
        rooms: Rooms,
        roster: Roster,
        moderation: Moderation,
        persistence: Persistence,
        commits: Commits,
        readers: Readers,
        ignore_lists: IgnoreLists,
        typists: Typists,
        log_limits: LogLimits,
        settings: Settings,
        clock: Clock,
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._rooms = rooms
        self._roster = roster
        self._moderation = moderation
        self._persistence = persistence
        self._commits = commits
        self._readers = readers
        self._ignore_lists = ignore_lists
        self._typists = typists
        self._log_limits = log_limits
        self._clock = clock
        self._now = now
        self.doorways = Doorways(rooms, commits, settings, clock, self.list_again)
        self.listener: Listener = Unheard()
        self._known: dict[Connection, dict[str, int]] = {}
        """For each connection that is catching up, and each of its rooms: ``changes`` when it was told of it last."""
        self._watchers: dict[tuple[str, bool], dict[Connection, None]] = {}
        """For each room the connections that follow it without being in it, with a nickname or (False) without one."""

    @property
    def settings(self) -> Settings:
        """The settings followed now."""
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._settings = self.doorways.settings = settings

    # Rooms

    def objection(
        self, person: Person, name: str, is_recalled: bool = True, beside: Iterable[str] = ()
    ) -> Refusal | None:
        """Return why a person may not go into a room; None: they may.

        The name of a new room is shown to everybody, so the muted make none.  Nor do they show a room a nickname, or
        words of being away, that they chose elsewhere.  Nobody but operators makes a room that looks like another.

        :param is_recalled: whether a room that there is not is new for certain, and was not forgotten.
        :param beside: the rooms that they go into at the same time.
        """
        now = self._now()
        refused = self._moderation.entrance_of(now)(person, name)
        if refused is not None:
            return refused
        try:
            if self._rooms.find(name) is None:
                self._moderation.check_words(person, (name,), now)
                if is_recalled:
                    self._check_look(person, name, beside)
            if name not in person.rooms:
                self._moderation.check_arrival(person, name, now)
        except Refusal as words:
            return words
        return None

    def check_room(self, person: Person, name: str, is_recalled: bool = True) -> None:
        """See that a person may go into a room; see ``objection``.

        :raises Banned, RoomLocked, Muted, RoomInvalid: they may not.
        """
        refused = self.objection(person, name, is_recalled)
        if refused is not None:
            raise refused

    def _check_look(self, person: Person, name: str, beside: Iterable[str]) -> None:
        """See that a person may make a room with this name.  :raises RoomInvalid: it looks like another room."""
        moderation = self._moderation
        alike = self._rooms.find_alike(name, beside)
        if alike and not moderation.has_decided(name) and moderation.rank(person.account, "") < Rank.OPERATOR:
            other = f"the room {alike}" if moderation.reveals(alike, person) else "another room"
            raise RoomInvalid(f"There is no room {name}, and it looks like {other}; choose another name.")

    def enter_room(self, connection: Connection, name: str) -> None:
        """Put a connection into a room, which is its current one from now on, and tell everybody there."""
        room, person = self._rooms.open(name), connection.person
        before = room.standing(person)
        connection.moving = None
        room.add(connection)
        _settle(connection, connection.places.entered(name))
        if not before:
            self._moderation.note_arrival(person, name, self._now())
        self._announce_change(room, before, connection)
        self._persistence.begin_reading(connection, name)
        self._readers.review(connection)
        self.listener.changed(connection)

    def tell_entered(self, connection: Connection, name: str) -> None:
        """Tell a connection that it is in a room."""
        room, style = self._rooms.open(name), connection.screen.style
        people: tuple[dict[str, Any], ...] | None = None
        programs: tuple[dict[str, Any], ...] = ()
        followers: tuple[dict[str, Any], ...] = ()
        unnamed = 0
        if style.preferences.joins != NOBODY and not style.prose:
            watching, unnamed = self.watchers(room)
            people, programs, followers = (
                tuple([self._brief(person, name) for person in persons]) for persons in (*room.split(), watching)
            )
            self.doorways.note_listed(connection, name)
        if connection in self._known:
            self._known[connection][name] = room.changes
        is_locked = name in self._moderation.locked
        connection.show(Entered(name, room.topic, people, is_locked, programs, followers, unnamed))

    def list_again(self, connection: Connection, rooms: Sequence[str]) -> None:
        """List the people of some of a connection's rooms again, if it wants to know who is there.

        The current room comes last, whether it is one of them or not: a client takes it that its lines go there.
        """
        style = connection.screen.style
        if rooms and style.preferences.joins != NOBODY and not style.prose:
            for name in (*(name for name in rooms if name != connection.current), connection.current):
                self.tell_entered(connection, name)

    def tell_all_departed(self, connection: Connection, code: str) -> None:
        """Tell a connection that it is about to be in no room any more, although it stays connected."""
        for name in connection.rooms:
            connection.show(Departed(name, "", code, ""))

    def presence(self, person: Person, room: str) -> dict[str, Any]:
        """Describe a person in a room to a program, with every field."""
        fields = {"nick": "", "account": "", "operator": False, "away": False, "words": "", "secure": False}
        found = self._rooms.find(room)
        is_program = found is not None and found.standing(person) is not Standing.PRESENT  # or it follows over HTTP
        return {**fields, **self._brief(person, room), "program": is_program}

    def _brief(self, person: Person, room: str) -> dict[str, Any]:
        """Describe a person in a room without empty fields: a crowd that joins needs it once for each pair."""
        item: dict[str, Any] = {"nick": person.nick}
        if person.account is not None:
            item["account"] = person.account.nick
            if self._moderation.rank(person.account, room) >= Rank.ROOM_OPERATOR:
                item["operator"] = True
        if person.away is not None:
            item["away"] = True
            if person.away:
                item["words"] = person.away
        if person.connections[0].screen.secure and person.is_secure:
            item["secure"] = True
        return item

    def switch(self, connection: Connection, name: str) -> None:
        """Let a connection's lines go to another of its rooms."""
        connection.moving = None
        self.settle(connection, connection.places.switched(name))

    def settle(self, connection: Connection, places: Places) -> None:
        """Let the lines of a connection go where its places say, which have the rooms it is in."""
        _settle(connection, places)
        self._readers.review(connection)
        self.listener.changed(connection)

    def leave_room(
        self, connection: Connection, name: str, reason: str, code: str = VOLUNTARY, words: str | None = None
    ) -> None:
        """Take a connection out of a room, and tell everybody there; its lines go to the room it joined last.

        :param reason: why, as the others are told.
        :param code: why, as the connection is told: ``left``, ``kicked``, ``banned`` …
        :param words: the reason the connection is told with it; None: the same as the others.
        """
        places = connection.places
        if code == VOLUNTARY:
            connection.moving = None
        _settle(connection, places.left(name) if code == VOLUNTARY else places.put_out(name))
        self._take_out(connection, name, reason)
        self._readers.review(connection)
        if not connection.gone:
            connection.show(Departed(name, reason if words is None else words, code, connection.current))
            self.listener.changed(connection, reason)

    def _take_out(self, connection: Connection, name: str, reason: str) -> None:
        """Remove a connection from a room, and announce it unless the person is still there."""
        room = self._rooms.open(name)
        before = room.standing(connection.person)
        room.remove(connection)
        self._announce_change(room, before, connection, reason)
        self._rooms.drop_unused(room)

    def fell_behind(self, connection: Connection) -> None:
        """Note that a connection is shown no notices from now on."""
        self._known[connection] = {name: self._rooms.open(name).changes for name in connection.rooms}

    def caught_up(self, connection: Connection) -> None:
        """Tell a connection that is shown notices again of its rooms, if the people there have changed meanwhile."""
        known = self._known.pop(connection, {})
        changed = [name for name in connection.rooms if self._rooms.open(name).changes != known.get(name)]
        self.list_again(connection, changed)

    # The hall

    def arrive(self, connection: Connection) -> None:
        """Add a connection to those of its person."""
        person = connection.person
        person.numbered += 1
        connection.number = person.numbered
        person.connections = (*person.connections, connection)
        self._ignore_lists.met(person)

    def rename(
        self,
        connection: Connection,
        nick: str,
        key: str,
        answer: Done | None = None,
        ref: Ref = None,
        is_theirs: bool = False,
    ) -> None:
        """Give the person of a connection another nickname, and tell people who share a room.

        :param answer: what the connection is told with it; None: it asks for nothing.
        :param is_theirs: whether the nodes of the cluster know already that it is theirs.
        :raises NickTaken, PasswordNeeded: it is not free.
        """
        person = connection.person
        old, old_key = person.nick, person.key
        self._roster.rename(person, nick, key, is_theirs)
        self._ignore_lists.met(person)
        rooms = person.rooms
        if person.key != old_key:
            for name in rooms:
                self._rooms.open(name).renamed(person, old_key)
        # A reader may share only one of several rooms, and is not told of another.
        event = Renamed(rooms[0] if len(rooms) == 1 else "", old, self._now(), nick)
        told = self.doorways.rename(event, rooms)
        self.doorways.post(Notice(event, rooms, connection, ref, answer, told))
        for one in person.connections:
            self.listener.changed(one)

    def leave(self, connection: Connection, reason: str) -> None:
        """Take a connection out of the hall; with the person's last one, the nickname is free."""
        if connection.gone:
            return
        connection.gone = True
        if connection.quiet and connection.rooms:
            self.stop_watching(connection)
            return
        person, rooms = connection.person, connection.rooms
        self._persistence.note_position(connection, rooms)
        if connection.digest and not connection.node:
            self._commits.save(self._persistence.stored(connection))
        self._detach(connection)
        for name in rooms:
            self.leave_room(connection, name, reason)
        person.connections = tuple(other for other in person.connections if other is not connection)
        if not person.connections:
            self._roster.release(person)
            self._persistence.forget_marks(person)
            self._moderation.paces.left(person, self._now())
            self._ignore_lists.left(person)
        self.listener.departed(connection, reason)
        if not connection.node and self._log_limits.allows("people who leave"):
            log.info(
                "{nick} left: {reason} (from {address}, {seconds:.0f} s)",
                nick=person.nick, reason=reason or "exit", address=origin(connection.screen.address),
                seconds=self._now() - connection.since,
            )  # fmt: skip

    def watch(self, watcher: Watcher) -> None:
        """Note that somebody follows a room from now on: they are listed there, although nobody is told."""
        self.note_watcher(watcher)
        self.listener.watching(watcher)

    def note_watcher(self, connection: Connection) -> None:
        """Note that somebody follows a room at another node."""
        self._watchers.setdefault((connection.current, bool(connection.person.nick)), {})[connection] = None

    def watchers(self, room: Room, most: int | None = None) -> tuple[list[Person], int]:
        """Return who follows a room and is not in it: the accounts, each once, and how many say no nickname.

        :param most: how many of those with a nickname are looked at.
        """
        found: dict[AuthorId, Person] = {}
        for one in islice(self._watchers.get((room.name, True), ()), most):
            here = self._roster.of(one.person.author)
            if here is None or not room.standing(here):
                found[one.person.author] = one.person
        return list(found.values()), len(self._watchers.get((room.name, False), ()))

    def stop_watching(self, connection: Connection) -> None:
        """Show a connection nothing more that was in no room."""
        connection.gone = True
        self._detach(connection)
        place = connection.current, bool(connection.person.nick)
        watching = self._watchers.get(place)
        if watching is not None:
            watching.pop(connection, None)
            if not watching:
                del self._watchers[place]
        self.listener.departed(connection, "")

    def replace(self, connection: Connection) -> None:
        """Close an old connection because its person came back with a new one, which is in its rooms already.

        Others notice nothing, but in rooms that the new one is not in.
        """
        connection.gone = True
        self._detach(connection)
        for name in connection.rooms:
            self._take_out(connection, name, "")
        person = connection.person
        person.connections = tuple(other for other in person.connections if other is not connection)
        replaced = Replaced("You have joined again from elsewhere; this connection is closed.")
        connection.show(Refused(replaced.code, str(replaced)))
        connection.screen.close(replaced.code)
        self.listener.departed(connection, "")

    def sweep(self) -> None:
        """Announce joins and leaves that were kept back.  To be called each second."""
        self.doorways.sweep()

    # How

    def _announce_change(self, room: Room, before: Standing, connection: Connection, reason: str = "") -> None:
        """Announce that somebody is in a room otherwise than before, if they are.

        :param before: how they were there.
        """
        person, now = connection.person, self._now()
        after = room.standing(person)
        if after is before:
            return
        account = person.account.nick if person.account is not None else ""
        is_last = connection.gone and len(person.connections) == 1
        if after is Standing.PRESENT:
            self.doorways.announce(room, Joined(room.name, person.nick, now, account), connection)
        if before is Standing.PRESENT:
            self.doorways.announce(room, Left(room.name, person.nick, now, reason, is_last), connection)
        elif before is Standing.PROGRAM:
            self.doorways.announce(room, ProgramLeft(room.name, person.nick, now, reason, is_last), connection)
        if after is Standing.PROGRAM:
            self.doorways.announce(room, ProgramJoined(room.name, person.nick, now, account), connection)

    def _detach(self, connection: Connection) -> None:
        self._readers.detach(connection)
        self._known.pop(connection, None)
        self._typists.stopped(connection)


def _settle(connection: Connection, places: Places) -> None:
    connection.rooms, connection.current, connection.lost = places.rooms, places.current, places.lost
