"""A hall to try things in, and people in it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.task import Clock
from twisted.python.failure import Failure

from groupchat.config.settings import Settings
from groupchat.hall.hall import Hall
from groupchat.interfaces.storage import IJournal
from groupchat.journals.memory import MemoryJournal
from groupchat.model.claims import Claim
from groupchat.model.events import Answer, Done, Event, Post, Ref, Refused, Said, Welcomed
from groupchat.sessions.session import Session
from groupchat.state.people import Connection
from groupchat.verbs.actor import Actor
from tests.fakes import FakePasswords, FakeScreen

NOON = 1795262400.0
"""12:00 UTC on Saturday 21 November 2026, in seconds since 1970 UTC."""


class Turns:
    """Turns of a reactor: all that is done in one is one batch.  Outside of them each thing is a turn of its own."""

    def __init__(self) -> None:
        self._is_inside = False
        self._ends: list[Callable[[], None]] = []

    def end(self, function: Callable[[], None]) -> None:
        """Call the function when this turn ends."""
        if self._is_inside:
            self._ends.append(function)
        else:
            function()

    def run(self, action: Callable[[], object]) -> None:
        """Do this in one turn."""
        if self._is_inside:
            action()
            return
        self._is_inside = True
        try:
            action()
        finally:
            self._is_inside = False
            ends, self._ends = self._ends, []
            for function in ends:
                function()


class Peer:
    """Somebody at a FakeScreen."""

    def __init__(
        self, hall: Hall, clock: Clock, door: str = "text", exempt: bool = True, turns: Turns | None = None
    ) -> None:
        self.turns = turns if turns is not None else Turns()
        self.screen = FakeScreen(clock, door, exempt)
        self.session = self.screen.session = Session(hall, self.screen)

    # What it sends

    def type(self, *lines: str) -> "Peer":
        """Type these lines."""
        for line in lines:
            self._send(partial(self.session.typed, line))
        return self

    def offer(
        self,
        nick: str,
        token: str | None = None,
        since: int | str | None = None,
        ref: Ref = None,
        password: str | None = None,
        **proof: Any,
    ) -> "Peer":
        """Ask for a nickname, as a program."""
        return self._send(lambda: self.session.offer(Claim(nick, token, since, password, **proof), ref))

    def say(self, words: str, ref: Ref = None, key: str | None = None, room: str = "") -> "Peer":
        """Say something, as a program."""
        return self._send(lambda: self.session.do("say", {"text": words, **({"room": room} if room else {})}, ref, key))

    def do(self, name: str, /, ref: Ref = None, **fields: object) -> "Peer":
        """Ask for a command, as a program."""
        key = fields.get("key")
        return self._send(lambda: self.session.do(name, fields, ref, str(key) if key is not None else None))

    def vanish(self) -> None:
        """Lose the connection."""
        self.screen.close("connection-lost")
        self.session.lost("connection lost")

    def _send(self, action: Callable[[], None]) -> "Peer":
        if not self.screen.closed:
            self.screen.lines.append(partial(self.turns.run, action))
            self.screen.take_lines()
        return self

    # What it was shown

    def take(self) -> list[Event]:
        """Return everything it was shown since this was asked last."""
        shown, self.screen.shown = self.screen.shown, []
        return [event for event, _ in shown]

    def refs(self) -> list[tuple[str, Ref]]:
        """Return the answers it was given since this was asked last: for each the class name and the ref."""
        shown, self.screen.shown = self.screen.shown, []
        return [(type(event).__name__, ref) for event, ref in shown if isinstance(event, Answer)]

    @property
    def events(self) -> list[Event]:
        """The posts and notices it was shown."""
        return [event for event, _ in self.screen.shown if not isinstance(event, Answer)]

    @property
    def ids(self) -> list[int]:
        """The numbers of the posts it was shown."""
        return [event.id for event in self.events if isinstance(event, Post)]

    @property
    def texts(self) -> list[str]:
        """What it was shown of what was said."""
        return [event.text for event in self.events if isinstance(event, Said)]

    @property
    def answers(self) -> list[Answer]:
        """The answers it was given."""
        return [event for event, _ in self.screen.shown if isinstance(event, Answer)]

    @property
    def codes(self) -> list[str]:
        """The codes of what it was refused."""
        return [answer.code for answer in self.answers if isinstance(answer, Refused)]

    @property
    def told(self) -> list[str]:
        """What it was told that it had done."""
        return [answer.text for answer in self.answers if isinstance(answer, Done)]

    @property
    def connection(self) -> Connection:
        """Its connection in the hall."""
        assert self.session.connection is not None
        return self.session.connection

    @property
    def actor(self) -> Actor:
        """It as the caller of a verb."""
        return Actor(self.session._hall, self.connection)

    @property
    def token(self) -> str:
        """The token it was given."""
        return next(answer.token for answer in self.answers if isinstance(answer, Welcomed))


class House:
    """A hall with a journal in memory (or another), on a clock that the test moves."""

    def __init__(self, journal: IJournal | None = None, **settings: object) -> None:
        self.passwords = FakePasswords()
        self.journal = journal if journal is not None else MemoryJournal()
        self.clock = Clock()
        self.turns = Turns()
        self.broken: list[Failure] = []
        self.hall = self.reopened(**settings)

    def now(self) -> float:
        """Return the wall-clock time."""
        return NOON + self.clock.seconds()

    def reopened(self, **settings: object) -> Hall:
        """Return another hall on the same journal, as after a restart."""
        hall = self.made(**settings)
        hall.open()
        return hall

    def made(self, **settings: object) -> Hall:
        """Return a hall that is not open yet."""
        hall = Hall(
            self.journal, Settings().replaced(**settings), self.clock, self.now,
            turn_end=self.turns.end, passwords=self.passwords,
        )  # fmt: skip
        hall.health.on_broken = self.broken.append
        return hall

    def connect(self, door: str = "text", exempt: bool = True) -> Peer:
        """Connect somebody, who has no nickname yet."""
        return Peer(self.hall, self.clock, door, exempt, self.turns)

    def come(self, *nicks: str, door: str = "text", exempt: bool = True) -> list[Peer]:
        """Return people with these nicknames, who have forgotten how they came in."""
        peers = []
        for nick in nicks:
            peer = self.connect(door, exempt)
            peers.append(peer.offer(nick) if door == "json" else peer.type(nick))
        for peer in peers:
            peer.take()
        return peers

    def turn(self) -> None:
        """Let one reactor turn pass."""
        self.clock.advance(0)

    def pass_time(self, seconds: int) -> None:
        """Let time pass, with a sweep each second."""
        for _ in range(seconds):
            self.clock.pump([1 / 16] * 16)
            self.turns.run(self.hall.sweep)
            self.turn()
