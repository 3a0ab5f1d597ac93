"""The cost of a delivered line, counted and not timed, so that no regression is hidden by a noisy machine."""

import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any, cast

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.task import Clock
from twisted.internet.tcp import Port
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from benchmarks.crowd import connected
from groupchat.config.settings import Settings
from groupchat.doors.lines.text_style import TextStyle, text_style
from groupchat.doors.wire.transport import ACCEPTS, install
from groupchat.hall.hall import Hall
from groupchat.interfaces.screens import IScreen, IStyle, Rendered
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Operation, Outcome
from groupchat.model.events import GATHER_S, Answer, Event, Ref
from groupchat.model.preferences import Preferences
from groupchat.sessions.session import Session
from groupchat.state.silent_screen import SilentScreen

reactor: Any = _reactor

MEMBERS = 200
SENDERS = 20
LINES = 64
"""Lines said in one turn."""
CALLS = 0.32
"""Calls of Python functions per delivered line: 0.29 was measured with Python 3.11, including the writes."""


class CountingStyle(TextStyle):
    """The text style, which counts the events it renders."""

    rendered = 0

    def render(self, events: Sequence[Event], previous: Sequence[float], marked: bool) -> list[Rendered]:
        self.rendered += len(events)
        return super().render(events, previous, marked)


class CountingJournal(MemoryJournal):
    """A journal that counts its commits."""

    commits = 0

    def append(self, operations: Sequence[Operation]) -> "Deferred[list[Outcome]]":
        self.commits += 1
        return super().append(operations)


class CountingScreen(SilentScreen):
    """A screen that counts what is written to it."""

    exempt = True

    def __init__(self, style: TextStyle) -> None:
        super().__init__(cast(IStyle, style))
        self.writes = 0
        self.lines = 0

    def answer(self, answer: Answer, ref: Ref, nick: str, current: str) -> Rendered:
        return cast(TextStyle, self.style).answer(answer, ref, current)

    def write(self, rendered: Rendered) -> None:
        self.writes += 1
        self.lines += rendered.count(b"\n")

    def prefer(self, preferences: Preferences) -> None:
        self.style = cast(IStyle, text_style(preferences))


class CostTest(SynchronousTestCase):
    """One turn in a room of 200, in which 20 of them say 64 lines."""

    preferences = Preferences()

    def setUp(self) -> None:
        self.turn: list[Callable[[], None]] = []
        self.journal = CountingJournal()
        self.style = CountingStyle(self.preferences)
        clock = Clock()
        self.hall = Hall(self.journal, Settings(notice_burst=100_000), clock, lambda: 1.8e9, turn_end=self.turn.append)
        self.hall.open()
        self.screens = [CountingScreen(self.style) for _ in range(MEMBERS)]
        self.sessions = [self.come(screen, number) for number, screen in enumerate(self.screens)]
        self.end_turn()
        self.hall.outcomes.sweep(1.8e9 + GATHER_S)  # what is still to be told of those who came is not of interest
        self.style.rendered = self.journal.commits = 0
        for screen in self.screens:
            screen.writes = screen.lines = 0

    def come(self, screen: CountingScreen, number: int) -> Session:
        """Let somebody join."""
        verifyObject(IScreen, screen)
        session = Session(self.hall, screen)
        session.typed(f"member{number}")
        return session

    def end_turn(self) -> None:
        """Tell the server that the reactor has read everything."""
        while self.turn:
            self.turn.pop(0)()

    def say_all(self) -> None:
        """Say the lines, and deliver them."""
        for number in range(LINES):
            self.sessions[number % SENDERS].typed(f"line {number} of those that are said in this turn")
        self.end_turn()

    def test_one_write_for_each_member(self) -> None:
        """However many lines a turn has, each member is written to once, and is shown all lines of others."""
        self.say_all()
        self.assertEqual({screen.writes for screen in self.screens}, {1})
        self.assertEqual([screen.lines for screen in self.screens[SENDERS:]], [LINES] * (MEMBERS - SENDERS))

    def test_one_rendering(self) -> None:
        """Each line is rendered once for all members with the same style."""
        self.say_all()
        self.assertEqual(self.style.rendered, LINES)

    def test_one_commit(self) -> None:
        """All lines of a turn are one commit."""
        self.say_all()
        self.assertEqual(self.journal.commits, 1)

    def test_calls(self) -> None:
        """The calls of Python functions per delivered line do not grow."""
        self.say_all()  # what is made at the first time is not of interest
        delivered = sum(screen.lines for screen in self.screens)
        calls = 0

        def count(frame: FrameType, event: str, argument: object) -> None:
            nonlocal calls
            calls += event == "call"

        known = sys.getprofile()
        sys.setprofile(count)
        try:
            self.say_all()
        finally:
            sys.setprofile(known)
        delivered = sum(screen.lines for screen in self.screens) - delivered
        self.assertLessEqual(calls / delivered, CALLS)


class ActiveCostTest(CostTest):
    """The same with people who want to know of active people only, as all at a terminal who have chosen nothing."""

    preferences = Preferences(joins="active")

    def test_leaving(self) -> None:
        """24 who leave, each in a turn of their own, are rendered once more, together, and one write to each member."""
        for session in self.sessions[:24]:
            session.typed("/exit")
            self.end_turn()
        for screen in self.screens:
            screen.writes = 0
        for notice in self.hall.outcomes.sweep(1.8e9 + GATHER_S):
            self.hall.commits.post(notice)
        self.end_turn()
        self.assertEqual({screen.writes for screen in self.screens[24:]}, {1})
        self.assertEqual({screen.lines for screen in self.screens[24:]}, {1})
        self.assertEqual(self.style.rendered, 24 + 1)


class AcceptTest(SynchronousTestCase):
    """A port on the loopback interface whose reactor is this test."""

    def test_share(self) -> None:
        """However many wait, only a share of them is accepted in one turn, and none is forgotten."""
        built: list[Protocol] = []

        class Builder(ServerFactory):
            noisy = False

            def buildProtocol(self, addr: object) -> Protocol:
                built.append(Protocol())
                return built[-1]

        port = Port(0, Builder(), 50, "127.0.0.1", reactor)
        install(port)
        port.startListening()
        waiting = [connected(port.getHost().port) for _ in range(3 * ACCEPTS)]
        try:
            for turn in range(1, 4):
                port.doRead()
                self.assertEqual(len(built), turn * ACCEPTS)
        finally:
            for one in waiting:
                one.close()
            for protocol in built:
                assert protocol.transport is not None
                protocol.transport.abortConnection()  # type: ignore[attr-defined]
            port.stopListening()
            reactor.iterate(0)
