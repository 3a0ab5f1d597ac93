"""Doorways: how joins, leaves and new nicknames are announced, so that crowds that come and go do not flood a room.

Rules:

1. The joins and leaves of a room that were kept back are announced before anything later about the same nickname.
2. Whoever is told who is in a room, while leaves or new nicknames of it were not told yet, is told again after them.
3. In a cluster, what stands in the log about somebody is shown before what is behind it in the queue.  So that nobody
   is told last that somebody left who is there, what waits about the same nickname in the same room is taken out of
   the queue and shown first.  A new nickname counts in all rooms: whoever shares one with them follows it in the
   others, too.  What can no longer be taken out is told after it, and then who is there.
4. A sweep looks at the rooms only of which something is to be told, or which are to be forgotten: there may be as many
   rooms as people.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from heapq import heappop, heappush

from groupchat.config.settings import Settings
from groupchat.delivery.commits import Commits
from groupchat.delivery.queue import Notice
from groupchat.interfaces.clock import Clock
from groupchat.limits.buckets import TokenBucket
from groupchat.model.events import GATHER_S, Event, Joined, Left, Renamed
from groupchat.state.people import Connection
from groupchat.state.rooms import Room, Rooms

FEW = 5
"""In a room with so many connections at most, also those who want to know of active people are told of everybody."""


class Doorway:
    """The joins and leaves of one room: each costs as many tokens as there are members to show it to.

    ``waiting``: notices kept back until the bucket has tokens again, which is ``due`` then.
    ``crowded_until``: whoever comes or goes before that does so with others.  Both on the clock that never jumps.
    """

    __slots__ = ("bucket", "crowded_until", "due", "waiting")

    def __init__(self, bucket: TokenBucket) -> None:
        self.bucket = bucket
        self.crowded_until = 0.0
        self.due = 0.0
        self.waiting: list[Notice] = []

    def is_as_new(self, now: float) -> bool:
        """Say whether another one would do as well."""
        return not self.waiting and now >= self.crowded_until and self.bucket.is_full(now)


class Waiting:
    """A notice in the queue about who comes, goes or takes another nickname.

    ``number``: how many were queued before it.  ``notice``: as it is queued.
    """

    __slots__ = ("notice", "number", "subjects")

    def __init__(self, number: int, notice: Notice) -> None:
        self.number = number
        self.notice = notice
        self.subjects = _subjects(notice)

    def concerns(self, room: str, is_everywhere: bool) -> bool:
        """Say whether it must be told before something else about one of its nicknames.

        :param is_everywhere: whether that is a new nickname.
        """
        is_renamed = isinstance(self.notice.event, Renamed)
        return is_everywhere or is_renamed or any(room == one for one, _ in self.subjects)


class Doorways:
    """The doorways of all rooms.

    ``list_again(connection, rooms)`` tells a connection anew who is in these rooms.
    """

    def __init__(
        self,
        rooms: Rooms,
        commits: Commits,
        settings: Settings,
        clock: Clock,
        list_again: Callable[[Connection, Sequence[str]], None],
    ) -> None:
        self._settings = settings
        self._rooms = rooms
        self._commits = commits
        self._clock = clock
        self._list_again = list_again
        self._doorways: OrderedDict[str, Doorway] = OrderedDict()
        """Those of the rooms where somebody came or went lately; where that is longest ago comes first."""
        self._due: list[tuple[float, str]] = []
        """A heap of the rooms with notices that were kept back, and when these are due."""
        self._kept_back: dict[str, dict[str, None]] = {}
        """For each nickname the rooms with notices about it that were kept back."""
        self._under_way: dict[str, int] = {}
        """For each room the leaves and new nicknames that were not told yet."""
        self._unsure: dict[str, dict[Connection, None]] = {}
        """For each room the connections that were told who is there while such were under way: they are told again."""
        self._gathered: list[Notice] | None = None
        """The notices made since ``gather`` was called; None: they go into the queue."""
        self.is_shared = False
        """Whether there are other nodes."""
        self._queued: dict[str, dict[Waiting, None]] = {}
        """For each nickname the notices about it that wait in the queue, in order, if there are other nodes."""
        self._count = 0
        """How many notices were queued, if there are other nodes."""
        self._overtaken: set[str] = set()
        """The rooms in which something was shown of somebody that happened after what waits about them."""

    @property
    def settings(self) -> Settings:
        """The settings followed now."""
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._settings = settings
        for name, doorway in self._doorways.items():
            doorway.bucket.burst, doorway.bucket.rate = settings.notice_burst, settings.notice_rate
            if doorway.waiting:
                self._look_again(name, doorway, self._clock.seconds())

    def gather(self, function: Callable[[], None]) -> list[Notice]:
        """Return the notices that a function makes, in order: whoever calls this shows them, at a place of its own."""
        gathered = self._gathered = []
        try:
            function()
        finally:
            self._gathered = None
        return gathered

    def post(self, notice: Notice) -> None:
        """Put a notice at the end of the queue, or where the notices are gathered that are made just now."""
        if self._gathered is not None:
            if self._queued:
                self._gathered += self._overtaken_by(notice)
            self._gathered.append(notice)
        elif self.is_shared:
            self._commits.post(self._noted(notice))
        else:
            self._commits.post(notice)

    def announce(self, room: Room, event: Joined | Left, connection: Connection) -> None:
        """Announce a join or leave, or keep it back when there were too many for a room of this size."""
        doorway = self._doorways.get(room.name)
        if doorway is None:
            bucket = TokenBucket(self._settings.notice_burst, self._settings.notice_rate)
            doorway = self._doorways[room.name] = Doorway(bucket)
        self._doorways.move_to_end(room.name)
        told = self._untold((room.name,)) if isinstance(event, Left) else None
        now = self._clock.seconds()
        if len(room.members) > FEW or now < doorway.crowded_until:
            doorway.crowded_until = now + GATHER_S
            event = replace(event, crowded=True)
        notice = Notice(event, (room.name,), connection, then=told)
        wait = 0.0 if doorway.waiting else doorway.bucket.spend(now, 0)
        if wait:
            self._look_again(room.name, doorway, now + wait)
        if wait or doorway.waiting:
            doorway.waiting.append(notice)
            self._kept_back.setdefault(event.nick, {})[room.name] = None
        else:
            doorway.bucket.spend(now, len(room.members))
            self.post(notice)

    def rename(self, event: Renamed, rooms: tuple[str, ...]) -> Callable[[], None]:
        """Announce what was kept back about somebody who takes another nickname.

        Return what is to be called when the new nickname was told in these rooms.
        """
        # Nobody is renamed before they have joined, nor leaves under a nickname they no longer have.
        for name in list(self._kept_back.get(event.nick, ())):
            self._announce_waiting(name)
        return self._untold(rooms)

    def note_listed(self, connection: Connection, name: str) -> None:
        """Note that a connection was told who is in a room just now."""
        if name in self._under_way:
            # A nickname may have been freed and taken again, and what is under way be about the one before.
            self._unsure.setdefault(name, {})[connection] = None

    def sweep(self) -> None:
        """Announce joins and leaves that were kept back.  To be called each second."""
        now = self._clock.seconds()
        due: list[str] = []
        while self._due and self._due[0][0] <= now:
            at, name = heappop(self._due)
            doorway = self._doorways.get(name)
            if doorway is not None and doorway.waiting and doorway.due == at:
                due.append(name)
        for name in due:
            doorway = self._doorways[name]
            wait = doorway.bucket.spend(now, 0)
            if wait:
                self._look_again(name, doorway, now + wait)
            else:
                self._announce_waiting(name)
        while self._doorways:
            name, doorway = next(iter(self._doorways.items()))
            if not doorway.is_as_new(now):
                break
            del self._doorways[name]

    # How

    def _look_again(self, name: str, doorway: Doorway, due: float) -> None:
        """Look at the notices of a room that were kept back in the first sweep from this moment on."""
        doorway.due = due
        heappush(self._due, (due, name))

    def _announce_waiting(self, name: str) -> None:
        """Announce the joins and leaves of a room that were kept back, together."""
        doorway, room = self._doorways.get(name), self._rooms.find(name)
        if doorway is not None and doorway.waiting:
            waiting, doorway.waiting = doorway.waiting, []
            doorway.bucket.spend(self._clock.seconds(), len(room.members) if room is not None else 0)
            for notice in waiting:
                self._forget_kept_back(notice.event, name)
                self.post(notice)

    def _forget_kept_back(self, event: Event, name: str) -> None:
        if not isinstance(event, Joined | Left):
            return
        rooms = self._kept_back.get(event.nick)
        if rooms is not None:
            rooms.pop(name, None)
            if not rooms:
                del self._kept_back[event.nick]

    def _overtaken_by(self, notice: Notice) -> list[Notice]:
        """Take what is to be shown before a notice out of the queue, and return it in order.

        Note the rooms of what can no longer be taken out, because it is being delivered.
        """
        found: dict[Waiting, None] = {}
        looking = [notice]
        while looking:
            one = looking.pop()
            is_everywhere = isinstance(one.event, Renamed)
            for room, nick in _subjects(one):
                for waiting in self._queued.get(nick, ()):
                    if waiting not in found and waiting.concerns(room, is_everywhere):
                        found[waiting] = None
                        looking.append(waiting.notice)
        if not found:
            return []
        ordered = sorted(found, key=lambda waiting: waiting.number)
        taken = self._commits.take_back([waiting.notice for waiting in ordered])
        left = [waiting for waiting in ordered if all(waiting.notice is not one for one in taken)]
        self._overtaken.update(room for waiting in left for room, _ in waiting.subjects)
        for waiting in ordered:
            if waiting not in left:
                self._forget_queued(waiting)  # it is on its way now, and nothing else is shown before it
        return taken

    def _forget_queued(self, waiting: Waiting) -> None:
        for _, nick in waiting.subjects:
            notices = self._queued.get(nick, {})
            notices.pop(waiting, None)
            if not notices:
                self._queued.pop(nick, None)

    def _noted(self, notice: Notice) -> Notice:
        """Return a notice that goes into the queue, and lists the people again when it was overtaken by another one."""
        if not _subjects(notice):
            return notice

        def told() -> None:
            if notice.then is not None:
                notice.then()
            self._forget_queued(waiting)
            for name in self._overtaken.intersection(room for room, _ in waiting.subjects):
                self._overtaken.discard(name)
                room = self._rooms.find(name)
                for connection in list(room.members) if room is not None else ():
                    if not connection.node:
                        self._list_again(connection, (name,))

        self._count += 1
        waiting = Waiting(self._count, replace(notice, then=told))
        for _, nick in waiting.subjects:
            self._queued.setdefault(nick, {})[waiting] = None
        return waiting.notice

    def _untold(self, rooms: tuple[str, ...]) -> Callable[[], None]:
        """Note that a leave or a new nickname in these rooms is on its way; return what to call when it was told."""
        for name in rooms:
            self._under_way[name] = self._under_way.get(name, 0) + 1

        def told() -> None:
            for name in rooms:
                self._under_way[name] -= 1
                if not self._under_way[name]:
                    del self._under_way[name]
                    for connection in self._unsure.pop(name, ()):
                        if name in connection.rooms and not connection.gone:
                            self._list_again(connection, (name,))

        return told


def _subjects(notice: Notice) -> list[tuple[str, str]]:
    """Return the rooms and nicknames that a join, a leave or a new nickname is about."""
    event = notice.event
    if isinstance(event, Renamed):
        return [(room, nick) for room in notice.rooms or () for nick in (event.nick, event.new)]
    return [(event.room, event.nick)] if isinstance(event, Joined | Left) else []
