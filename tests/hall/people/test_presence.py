"""Exact presence: whatever people do, a program that only reads what it is shown knows who is in its rooms."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import (
    Departed,
    Done,
    Entered,
    Joined,
    Left,
    ManyJoined,
    ManyLeft,
    Renamed,
    Welcomed,
)
from tests.fakes import HeldJournal
from tests.house import House, Peer

ROOMS = ("lobby", "dev", "ops")
SEATS = st.integers(0, 13)


class Watcher:
    """What a program knows from what it is shown: the people in each of its rooms."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.nick = self.token = self.wished = ""
        self.rooms: dict[str, set[str]] = {}

    def read(self) -> None:
        """Read everything shown since the last time.  Of oneself a program knows by ``entered`` and ``departed``."""
        shown, self.peer.screen.shown = self.peer.screen.shown, []
        for event, ref in shown:
            match event:
                case Welcomed():
                    self.nick, self.token = event.nick, event.token
                case Entered():
                    assert event.people is not None
                    self.rooms[event.room] = {person["nick"] for person in event.people}
                case Departed():
                    del self.rooms[event.room]
                case Joined():
                    self.rooms[event.room].add(event.nick)
                case ManyJoined():
                    self.rooms[event.room].update(event.nicks)
                case Left():
                    self.rooms[event.room] -= {event.nick} - {self.nick, self.wished}
                case ManyLeft():
                    self.rooms[event.room] -= set(event.nicks) - {self.nick, self.wished}
                case Renamed():
                    self.rename(event.nick, event.new)
                case Done() if ref == "rename":
                    self.rename(self.nick, self.wished)
                    self.nick, self.wished = self.wished, ""

    def rename(self, old: str, new: str) -> None:
        """Take somebody's new nickname; one's own is known from the answer too."""
        for people in self.rooms.values():
            if old in people:
                people.remove(old)
                people.add(new)


class Presence(RuleBasedStateMachine):
    """Fourteen programs come, go, change rooms and nicknames, while commits take as long as the machine likes."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = HeldJournal(MemoryJournal())
        self.house = House(self.journal, notice_burst=30, notice_rate=20, rooms_max=3)
        self.watchers: dict[int, Watcher] = {}
        self.names = 0
        self.come(range(2))

    def here(self, number: int) -> Watcher | None:
        watcher = self.watchers.get(number)
        return watcher if watcher is not None and watcher.peer.session.connection is not None else None

    @rule(numbers=st.sets(SEATS, min_size=1))
    def come(self, numbers: "range | set[int]") -> None:
        for number in numbers:
            if number not in self.watchers:
                peer = self.house.connect("json").offer(f"peer{number}", rooms=("dev", "lobby") if number % 2 else None)
                self.watchers[number] = Watcher(peer)

    @rule(numbers=st.sets(SEATS, min_size=1), room=st.sampled_from(ROOMS))
    def join(self, numbers: set[int], room: str) -> None:
        for number in numbers:
            if watcher := self.here(number):
                watcher.peer.do("join", room=room)

    @rule(numbers=st.sets(SEATS, min_size=1), room=st.sampled_from(ROOMS))
    def leave(self, numbers: set[int], room: str) -> None:
        for number in numbers:
            if watcher := self.here(number):
                watcher.peer.do("leave", room=room)

    @rule(numbers=st.sets(SEATS, min_size=1))
    def vanish(self, numbers: set[int]) -> None:
        for number in numbers:
            if number in self.watchers:
                self.watchers.pop(number).peer.vanish()

    @rule(number=SEATS)
    def rename(self, number: int) -> None:
        if watcher := self.here(number):
            watcher.read()
            if not watcher.wished:
                self.names += 1
                watcher.wished = f"name{self.names}"
                watcher.peer.offer(watcher.wished, ref="rename")

    @rule(number=SEATS, rooms=st.sampled_from([None, (), ("ops",), ("lobby", "dev")]), lost=st.booleans())
    def come_back(self, number: int, rooms: "tuple[str, ...] | None", lost: bool) -> None:
        watcher = self.here(number)
        if watcher is None or self.journal.pending or watcher.peer.screen.full:
            return
        watcher.read()
        token, nick = watcher.token, watcher.nick
        if lost:
            watcher.peer.vanish()
        peer = self.house.connect("json").offer(nick, token=token, rooms=rooms)
        self.watchers[number] = Watcher(peer)

    @rule(number=SEATS, room=st.sampled_from([1, 2, 3]))
    def fill(self, number: int, room: int) -> None:
        if (watcher := self.here(number)) and not watcher.peer.screen.full:
            watcher.peer.screen.room = room

    @rule(number=SEATS, room=st.sampled_from([None, 1, 2]))
    def drain(self, number: int, room: "int | None") -> None:
        if (watcher := self.here(number)) and watcher.peer.screen.full:
            watcher.peer.screen.drain(room)
        self.house.turn()

    @precondition(lambda self: self.journal.pending)
    @rule()
    def commit(self) -> None:
        self.journal.commit()
        self.house.turn()

    @rule(number=SEATS)
    def say(self, number: int) -> None:
        if watcher := self.here(number):
            watcher.peer.say("words")

    @rule()
    def pass_time(self) -> None:
        self.house.pass_time(1)

    def teardown(self) -> None:
        for _ in range(60):
            while self.journal.pending:
                self.commit()
            for watcher in self.watchers.values():
                watcher.peer.screen.room = None
                if watcher.peer.screen.full:
                    watcher.peer.screen.drain()
            self.house.pass_time(1)
        for watcher in self.watchers.values():
            watcher.read()
            connection = watcher.peer.connection
            expected = {
                room: {person.nick for person in self.house.hall.rooms.open(room).people} for room in connection.rooms
            }
            assert watcher.rooms == expected, (watcher.nick, watcher.rooms, expected)


Presence.TestCase.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
PresenceTests = Presence.TestCase
