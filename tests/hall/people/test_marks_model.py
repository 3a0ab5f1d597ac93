"""What is new to somebody on any of their devices, after whatever they and others did, beside a model of it."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from groupchat.hall.people.persistence import MARKED_SWEEPS
from groupchat.model.events import Listed
from tests.house import House, Peer
from tests.people import account

SECRET = "correct horse"
ROOMS = ("dev", "lobby")
WRITERS = ("bob", "carol")

rooms, writers, numbers = st.sampled_from(ROOMS), st.sampled_from(WRITERS), st.integers(0, 40)


class MarksMachine(RuleBasedStateMachine):
    """alice, who has an account, on any number of devices; the model knows which numbers she has not read."""

    def __init__(self) -> None:
        super().__init__()
        self.house = House()
        account(self.house.hall, "alice", password=SECRET)
        self.places: dict[int, str] = {}
        """For each message its room, or the nickname of who wrote it to alice."""
        self.unread: set[int] = set()
        self.devices: list[Peer] = []
        self.terminals: list[Peer] = []
        self.writers: dict[str, Peer] = {}
        self.tokens: dict[str, str] = {}

    @initialize()
    def begin(self) -> None:
        """alice is in both rooms, and the others are there."""
        self.come()

    def come(self) -> None:
        """Let everybody come in."""
        # They come back as who they were: a guest without the token would be another person of the same nickname.
        for nick in WRITERS:
            self.writers[nick] = self.house.connect("json").offer(nick, self.tokens.get(nick), rooms=ROOMS)
            self.tokens[nick] = self.writers[nick].token
        self.devices = [self.device()]
        self.terminals = []

    def device(self) -> Peer:
        """Return a device that says itself what was read."""
        return self.house.connect("json").offer("alice", password=SECRET, rooms=ROOMS, marks=True)

    @property
    def head(self) -> int:
        """The newest number."""
        return self.house.hall.stream.delivered

    def note(self, place: str) -> None:
        """Note that there is something new."""
        self.places[self.head] = place
        self.unread.add(self.head)

    def has_read(self, upto: int, *places: str) -> None:
        """Note that alice has read these places up to a number."""
        self.unread -= {number for number in self.unread if number <= upto and self.places[number] in places}

    @rule(nick=writers, room=rooms)
    def say(self, nick: str, room: str) -> None:
        """Somebody says something."""
        self.writers[nick].say("news", room=room)
        self.note(room)

    @rule(nick=writers)
    def write(self, nick: str) -> None:
        """Somebody writes to alice."""
        self.writers[nick].do("msg", nick="alice", text="psst")
        self.note(nick)

    @precondition(lambda self: self.devices)
    @rule(room=rooms, upto=numbers | st.none())
    def mark(self, room: str, upto: int | None) -> None:
        """She marks a room, perhaps up to a number that there is not, or one that she has read long ago."""
        self.devices[0].do("read", room=room, **({} if upto is None else {"id": upto}))
        self.has_read(self.head if upto is None else upto, room)

    @precondition(lambda self: self.devices)
    @rule(nick=writers, upto=numbers | st.none())
    def mark_talk(self, nick: str, upto: int | None) -> None:
        """She marks what somebody wrote to her."""
        self.devices[-1].do("read", nick=nick, **({} if upto is None else {"id": upto}))
        self.has_read(self.head if upto is None else upto, nick)

    @precondition(lambda self: self.devices)
    @rule()
    def mark_all(self) -> None:
        """She marks everything."""
        self.devices[0].do("read", all=True)
        self.unread.clear()

    @precondition(lambda self: len(self.devices) < 3)
    @rule()
    def another(self) -> None:
        """One more device."""
        self.devices.append(self.device())

    @precondition(lambda self: self.devices)
    @rule()
    def lose(self) -> None:
        """A device loses its connection: nothing is read because of that."""
        self.devices.pop().vanish()

    @precondition(lambda self: not self.terminals)
    @rule()
    def sit_down(self) -> None:
        """She logs in at a terminal that shows everything."""
        self.terminals.append(self.house.connect("text").type("alice", SECRET, "/join dev", "/join lobby"))

    @precondition(lambda self: self.terminals)
    @rule()
    def get_up(self) -> None:
        """She leaves it: what it has shown was read."""
        self.terminals.pop().vanish()
        self.has_read(self.head, *ROOMS, *WRITERS)

    @rule()
    def wait(self) -> None:
        """Time passes."""
        self.sweep(2)

    def sweep(self, seconds: int) -> None:
        """Let the server look each second whether something is due."""
        for _ in range(seconds):
            self.house.turns.run(self.house.hall.sweep)

    @rule()
    def kill(self) -> None:
        """The server is killed a while after the last thing that was marked."""
        self.sweep(MARKED_SWEEPS)
        self.house.hall = self.house.reopened()
        self.come()

    @rule()
    def kill_at_once(self) -> None:
        """The server is killed at any moment: something may be new again, and nothing that was new counts as read."""
        self.house.hall = self.house.reopened()
        self.come()
        found, expected = self.found(), self.expected()
        assert all(found.get(place, 0) >= count for place, count in expected.items()), (found, expected)
        self.mark_all()

    def expected(self) -> dict[str, int]:
        """How many messages each place has that are new."""
        places = [self.places[number] for number in self.unread]
        return {place: places.count(place) for place in set(places)}

    def found(self) -> dict[str, int]:
        """The same as the server tells it."""
        asked = self.devices[-1]
        asked.take()
        asked.do("unread")
        (listed,) = [one for one in asked.answers if isinstance(one, Listed)]
        return {str(item["room"] or item["nick"]): int(item["new"]) for item in listed.items}

    @invariant()
    def agrees(self) -> None:
        """Each device is told what the model says."""
        if self.devices:
            assert self.found() == self.expected(), (self.found(), self.expected())
            devices: list[Any] = self.devices
            assert all(peer.session.connection is not None for peer in devices)


MarksMachine.TestCase.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)


MarksModelTest = MarksMachine.TestCase
