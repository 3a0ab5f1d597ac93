"""What the tests that count have in common: a port in memory, members at it, and what a turn took."""

import gc
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from ipaddress import ip_network
from types import FrameType
from typing import Any, cast

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from groupchat.config.settings import Settings
from groupchat.doors.factory import ChatFactory
from groupchat.doors.reception import Reception
from groupchat.files.memory_shelf import MemoryShelf
from groupchat.hall.hall import Hall
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Operation, Outcome
from groupchat.model.events import GATHER_S
from groupchat.sessions.session import Session
from groupchat.sessions.visit import Visits
from tests.doors.web.clients import UPGRADE, masked
from tests.fakes import FakePasswords
from tests.house import NOON

MEMBERS = 30
STYLES = ("text_style.py", "json_style.py", "web_style.py")


class Counts:
    """What was done meanwhile: calls of Python functions, and events that each style rendered.

    ``named``: the calls of each function, by the name of its file and its own, as ``entries.py:written``.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.named: Counter[str] = Counter()
        self.rendered: Counter[str] = Counter()

    def note(self, frame: FrameType, event: str, argument: object) -> None:
        """Count a call."""
        if event != "call":
            return
        self.calls += 1
        file = frame.f_code.co_filename.rpartition("/")[2]
        self.named[f"{file}:{frame.f_code.co_name}"] += 1
        if frame.f_code.co_name == "render" and file in STYLES:
            self.rendered[file.partition("_")[0]] += len(frame.f_locals["events"])


def counted(work: Callable[[], object]) -> Counts:
    """Do this, and return what it took."""
    counts = Counts()
    known = sys.getprofile()
    gc.collect()  # what others left behind is not to be freed, with calls of its own, meanwhile
    gc.disable()
    sys.setprofile(counts.note)
    try:
        work()
    finally:
        sys.setprofile(known)
        gc.enable()
    return counts


class CountingJournal(MemoryJournal):
    """A journal that counts its commits."""

    commits = 0

    def append(self, operations: Sequence[Operation]) -> "Deferred[list[Outcome]]":
        self.commits += 1
        return super().append(operations)


class Counted(StringTransport):
    """A connection that counts how often it is written to."""

    writes = 0

    def write(self, data: bytes) -> None:
        self.writes += 1
        super().write(data)

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Do nothing: there is no socket."""


class Client:
    """Somebody at a port."""

    def __init__(self, case: "PathCase", number: int = 0) -> None:
        self.case = case
        self.transport = cast(Any, Counted())
        self.transport.protocol = case.factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", 4321))
        self.transport.protocol.makeConnection(self.transport)
        self.number = number

    def send(self, data: bytes) -> None:
        """Send this in the turn that is going on."""
        self.transport.protocol.dataReceived(data)

    def read(self) -> bytes:
        """Return what came since last time, and count writes anew."""
        data: bytes = self.transport.value()
        self.transport.clear()
        self.transport.writes = 0
        return data


class PathCase(SynchronousTestCase):
    """A port with a hall behind it, whose turns the test ends."""

    def setUp(self) -> None:
        self.turn: list[Callable[[], None]] = []
        self.clock = Clock()
        self.journal = CountingJournal()
        settings = Settings(
            zone="UTC", exempt=(ip_network("127.0.0.0/8"),), notice_burst=100_000, flood_burst=100_000, guest_files=True
        )
        self.hall = Hall(
            self.journal, settings, self.clock, lambda: NOON + self.clock.seconds(),
            turn_end=self.turn.append, passwords=FakePasswords(),
        )  # fmt: skip
        self.hall.open()
        self.hall.sharing.files.shelf = MemoryShelf()
        self.reception = Reception(partial(Session, self.hall), settings, self.clock)
        visits = Visits(self.hall)
        self.reception.visits = lambda: visits
        self.factory = ChatFactory(self.reception)
        self.everybody: list[Client] = []

    def end_turn(self) -> None:
        """Tell the server that the reactor has read everything."""
        while self.turn:
            self.turn.pop(0)()
        self.clock.advance(0)

    def come(self, hello: bytes, count: int = MEMBERS, first: int = 0) -> list[Client]:
        """Let members come in; ``%d`` in what they send is their number."""
        clients = [Client(self, number) for number in range(first, first + count)]
        for client in clients:
            client.send(hello.replace(b"%d", b"%d" % client.number))
            self.end_turn()
        self.everybody += clients
        self.tell_of_presence()
        return clients

    def tell_of_presence(self) -> None:
        """Tell what is still to be told of those who came and left, and let everybody read it."""
        for notice in self.hall.outcomes.sweep(NOON + GATHER_S):
            self.hall.commits.post(notice)
        self.end_turn()
        for client in self.everybody:
            client.read()

    def texts(self, count: int = MEMBERS, first: int = 0) -> list[Client]:
        """Let members with plain clients come in."""
        return self.come(b"member%d\n", count, first)

    def programs(self, count: int = MEMBERS, first: int = 100) -> list[Client]:
        """Let members with JSON Lines come in."""
        return self.come(b'{"do":"nick","nick":"program%d","since":"head"}\n', count, first)

    def browsers(self, count: int = MEMBERS, first: int = 200) -> list[Client]:
        """Let members with WebSocket come in."""
        clients = self.come((UPGRADE + "\r\n").encode(), count, first)
        for client in clients:
            client.send(masked(b'{"do":"nick","nick":"browser%d","since":"head"}' % client.number))
            self.end_turn()
        self.tell_of_presence()
        return clients

    def send(self, *sent: tuple[Client, bytes]) -> None:
        """Let everything that is sent arrive in one turn."""
        self.journal.commits = 0
        for client, data in sent:
            client.send(data)
        self.end_turn()

    def written(self, clients: Sequence[Client]) -> set[int]:
        """Return how often each was written to since they read."""
        return {client.transport.writes for client in clients}


def said(number: int) -> bytes:
    """Return a request to say something."""
    return json.dumps({"do": "say", "text": f"line {number} of those that are said", "ref": number}).encode()
