"""Whatever happens in whatever order: everybody is shown exactly what they should see, once, in order.

A random walk over several people who post, edit, delete, whisper, come, go, come back, change rooms,
take nothing for a while and take something again, while commits and reads of the journal end when they like.
"""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from groupchat.delivery.recent import Recent
from groupchat.journals.memory import MemoryJournal
from groupchat.journals.rules.rows import Row
from groupchat.model.drafts import MESSAGES
from groupchat.model.events import Done, Post, Replayed, Said
from groupchat.sessions.session import State
from tests.fakes import HeldJournal, SlowJournal
from tests.house import House, Peer

ROOMS = ("lobby", "dev", "ops")
CONNECTIONS = 4

peers = st.integers(0, CONNECTIONS - 1)
rooms = st.sampled_from(ROOMS)


class Seat:
    """One connection, and what the walk knows of it.

    ``entered``: for each room it is in, the head when it was entered; ``ever``: the rooms it ever was in.
    ``since``: the number after which everything is due (None: from when it came in).
    """

    def __init__(self, peer: Peer, since: int | None) -> None:
        self.peer = peer
        self.since = since
        self.entered: dict[str, int] = {}
        self.ever: set[str] = set()
        self.arrived: int | None = None


class Walk(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.seats: dict[int, Seat] = {}
        self.count = 0

    @initialize(late=st.booleans(), kept=st.integers(1, 8))
    def begin(self, late: bool, kept: int) -> None:
        self.memory = MemoryJournal()
        self.slow = SlowJournal(self.memory, slow=True, late=late)
        self.held = HeldJournal(self.slow)
        self.house = House(self.memory, page_posts=2, replay_posts=4, handshake_refusals=1000)
        self.hall = self.house.hall
        self.hall.stream.journal = self.held
        self.hall.commits._journal = self.held
        self.hall.stream.recent = Recent(0, kept)
        for number in range(CONNECTIONS - 1):
            self.come(number, "head")
        self.settle()

    def seat(self, number: int) -> Seat | None:
        """The connection with this number, if it can do anything."""
        seat = self.seats.get(number)
        chats = seat is not None and seat.peer.session.state is State.CHATTING and not seat.peer.connection.gone
        return seat if chats else None

    def watch(self) -> None:
        """Note who has come into which rooms."""
        for seat in self.seats.values():
            member = seat.peer.session.connection
            if member is None or member.gone:
                continue
            if seat.arrived is None:
                seat.arrived = self.hall.stream.delivered
                if seat.since is not None:
                    seat.since = min(seat.since, seat.arrived)
                seat.entered = dict.fromkeys(member.rooms, seat.arrived if seat.since is None else seat.since)
            for room in ROOMS:
                if room not in member.rooms:
                    seat.entered.pop(room, None)
                elif room not in seat.entered:
                    seat.entered[room] = self.hall.stream.delivered
            seat.ever.update(seat.entered)

    # What people do

    @rule(number=peers, since=st.sampled_from([None, "head", 0, 3]))
    def come(self, number: int, since: Any) -> None:
        if number not in self.seats:
            peer = self.house.connect("json").offer(f"peer{number}", since=since, ref="come")
            self.seats[number] = Seat(peer, since if isinstance(since, int) else None)
        self.watch()

    @rule(number=peers, spoken=st.lists(st.sampled_from(["", *ROOMS]), min_size=1, max_size=6), settled=st.booleans())
    def say(self, number: int, spoken: list[str], settled: bool) -> None:
        if seat := self.seat(number):
            for room in spoken:
                self.count += 1
                seat.peer.say(f"text {self.count}", ref=self.count, room=room)
        while settled and self.held.pending:
            self.commit()

    @rule(number=peers, other=peers)
    def whisper(self, number: int, other: int) -> None:
        if seat := self.seat(number):
            seat.peer.do("msg", nick=f"peer{other}", text="psst")

    @rule(number=peers, back=st.integers(0, 5))
    def edit(self, number: int, back: int) -> None:
        if seat := self.seat(number):
            seat.peer.do("edit", id=max(0, self.held.head - back), text="edited")

    @rule(number=peers)
    def delete(self, number: int) -> None:
        if seat := self.seat(number):
            seat.peer.do("delete")

    @rule(number=peers, room=rooms)
    def join(self, number: int, room: str) -> None:
        if seat := self.seat(number):
            seat.peer.do("join", room=room)
        self.watch()

    @rule(number=peers, room=rooms)
    def leave(self, number: int, room: str) -> None:
        if seat := self.seat(number):
            seat.peer.do("leave", room=room)
        self.watch()

    @rule(number=peers, after=st.integers(1, 3))
    def fill(self, number: int, after: int) -> None:
        if (seat := self.seat(number)) and not seat.peer.screen.full:
            seat.peer.screen.room = after
            if after == 1:
                seat.peer.screen.fill()

    @rule(number=peers, room=st.sampled_from([None, 1, 2]))
    def drain(self, number: int, room: int | None) -> None:
        if (seat := self.seat(number)) and seat.peer.screen.full:
            seat.peer.screen.drain(room)
        self.house.turn()
        self.watch()

    @rule(number=peers)
    def vanish(self, number: int) -> None:
        if self.seat(number):
            self.check(self.seats[number])
            self.seats.pop(number).peer.vanish()

    @rule(number=peers, lost=st.booleans())
    def come_back(self, number: int, lost: bool) -> None:
        old = self.seat(number)
        # A token works from when it is on disk.
        if old is not None and old.peer.connection.digest in {known.digest for known in self.memory._sessions.values()}:
            self.check(old)
            since = max([*old.peer.ids, *(answer.id for answer in old.peer.answers if isinstance(answer, Done))] or [0])
            token = old.peer.token
            if lost:
                old.peer.vanish()
            peer = self.house.connect("json").offer(f"peer{number}", token=token, since=since, ref="come")
            self.seats[number] = Seat(peer, since)
        self.watch()

    # What the disk does

    @precondition(lambda self: self.held.pending)
    @rule()
    def commit(self) -> None:
        self.held.commit()
        self.house.turn()
        self.watch()

    @precondition(lambda self: self.slow.reads)
    @rule(which=st.integers(0, 3))
    def answer(self, which: int) -> None:
        self.slow.reads.insert(0, self.slow.reads.pop(which % len(self.slow.reads)))
        self.slow.answer()
        self.house.turn()
        self.watch()

    @rule()
    def settle(self) -> None:
        """Everything ends that has begun."""
        while self.held.pending or self.slow.reads:
            if self.held.pending:
                self.held.commit()
            else:
                self.slow.answer()
            self.house.turn()
            self.watch()

    # What must be true

    def check(self, seat: Seat) -> None:
        """What was shown so far is in order, each once, and nothing that is not for this connection."""
        shown = seat.peer.ids
        assert shown == sorted(set(shown)), f"{shown} is not in order, each once"
        own = {answer.id for answer in seat.peer.answers if isinstance(answer, Done) and answer.id}
        said = {event.id for event in seat.peer.events if isinstance(event, Said)}
        assert own.isdisjoint(said), f"{said} has posts of its own, {own}"
        member = seat.peer.session.connection
        if shown and member is not None:
            author = member.person.author
            for number in shown:
                row = self.row(number)
                assert row.room in seat.ever if row.reader is None else author in (row.author, row.reader)
                assert seat.since is None or number > seat.since

    def row(self, number: int) -> Row:
        return self.memory._rows[number - 1]

    def due(self, seat: Seat) -> set[int]:
        """The numbers this connection must have been shown, or been told are done.

        What was deleted before somebody who joins read it is left out: they may never see that it was there.
        """
        author = seat.peer.connection.person.author
        start = seat.since if seat.since is not None else seat.arrived
        assert start is not None
        return {
            row.id
            for row in self.memory._rows
            if row.gone_by is None
            and (
                row.id > seat.entered.get(row.room, self.memory.head)
                if row.reader is None
                else row.id > start and author in (row.author, row.reader)
            )
        }

    def teardown(self) -> None:
        if not hasattr(self, "held"):
            return
        for _ in range(1000):
            for other in self.seats.values():
                other.peer.screen.room = None
                if other.peer.screen.full:
                    other.peer.screen.drain()
            if not self.held.pending and not self.slow.reads:
                break
            self.settle()
        else:
            raise AssertionError("it never ends")
        for number in self.seats:
            if (seat := self.seat(number)) is not None:
                self.check(seat)
                own = {answer.id for answer in seat.peer.answers if isinstance(answer, Done)}
                missing = self.due(seat) - set(seat.peer.ids) - own
                assert not missing, f"{missing} was never shown to {number}, only {seat.peer.ids}"
                self.check_joins(seat)
                assert seat.peer.connection.live
        assert not self.hall.commits.queued
        assert {person.nick for person in self.hall.roster} == {f"peer{n}" for n in self.seats if self.seat(n)}

    def check_joins(self, seat: Seat) -> None:
        """Between what was shown of a room on joining it and what came later there is no gap, and nothing twice."""
        for index, (event, _) in enumerate(seat.peer.screen.shown):
            if not isinstance(event, Replayed) or event.posts[0].room not in seat.entered:
                continue
            room = event.posts[0].room
            later = seat.peer.screen.shown[index + 1 :]
            if any(isinstance(other, Replayed) and other.posts[0].room == room for other, _ in later):
                continue
            replayed = {post.id for post in event.posts}
            streamed = {other.id for other, _ in later if isinstance(other, Post) and other.room == room}
            assert replayed.isdisjoint(streamed), f"{replayed} and {streamed} overlap"
            own = {answer.id for answer in seat.peer.answers if isinstance(answer, Done)}
            for row in self.memory._rows:
                is_due = row.room == room and row.kind in MESSAGES and row.gone_by is None
                if is_due and row.id >= min(replayed):
                    assert row.id in replayed | streamed | own, f"{row.id} is missing after {replayed}, {streamed}"


Walk.TestCase.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
WalkTests = Walk.TestCase
