"""Whoever comes and goes leaves nothing behind in the daemon."""

import gc
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.factory import ChatFactory
from groupchat.doors.reception import Reception
from groupchat.hall.hall import Hall
from groupchat.journals.memory import MemoryJournal
from groupchat.limits.log_limits import LogLimits
from groupchat.limits.turnstile import Turnstile
from groupchat.model.drafts import Operation, Outcome
from groupchat.sessions.session import Session
from tests.doors.fakes import SETTINGS
from tests.house import NOON

ROUNDS = 30
"""Of each kind that comes and goes, after as many that do not count."""
ATTEMPTS = 5

KINDS: dict[str, tuple[bytes, ...]] = {
    "nobody": (),
    "a person": (b"alice\n", b"/join den\n", b"/set echo on\n", b"/nick carol\n", b"/ignore bob\n", b"/exit\n"),
    "a person who is just gone": (b"alice\n", b"/join den\n", b"/list\n"),
    "a program": (b'{"do":"nick","nick":"alice"}\n', b'{"do":"typing"}\n', b'{"do":"join","room":"den"}\n'),
    "a program with a token that is none": (b'{"do":"nick","nick":"alice","token":"forged"}\n',),
    "somebody with a nickname that is none": (b"no name\n", b"\n"),
    "somebody with a nickname that is taken": (b"bob\n",),
    "telnet": (b"\xff\xfd\x01", b"ali"),
    "half a line": (b"alice\n/lis",),
    "half a character": (b"alice\n\xf0\x9f\n",),
    "an endless line": (b"alice\n", b"x" * 100_000),
    "a flood": (b"alice\n", b"\n" * 200),
    "TLS where there is none": (b"\x16\x03\x01\x02\x00\x01\x00",),
    "another protocol": (b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",),
}
"""What is sent, in these pieces."""


class Forgetful(MemoryJournal):
    """A journal that keeps no tokens: what is on disk does not count here."""

    def append(self, operations: Sequence[Operation]) -> "Deferred[list[Outcome]]":
        done = super().append(operations)
        self._sessions.clear()
        return done


class LeavingTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        # Nothing is logged: before a log is begun, lines are kept until it is.
        self.patch(LogLimits, "allows", lambda limits, kind: False)
        self.hall = Hall(Forgetful(), SETTINGS, self.clock, lambda: NOON + self.clock.seconds(), "1.0")
        self.hall.open()
        turnstile = Turnstile(live=100, new=10**6, remembered=8)
        self.reception = Reception(partial(Session, self.hall), SETTINGS, self.clock, turnstile)
        self.factory = ChatFactory(self.reception)
        self.made = 0
        self.visit(b"bob\n")

    def visit(self, *pieces: bytes) -> Any:
        """One connection, on which these pieces come; give its transport."""
        self.made += 1
        transport = cast(Any, StringTransport())
        transport.protocol = self.factory.buildProtocol(IPv4Address("TCP", f"192.0.2.{self.made % 32}", 4321))
        transport.protocol.makeConnection(transport)
        for piece in pieces:
            transport.protocol.dataReceived(piece)
            self.clock.pump([0, 0, 0.01])
        return transport

    def left(self, pieces: tuple[bytes, ...], rounds: int = ROUNDS) -> Counter[str]:
        """The objects there are, by their types, when so many have come and gone."""
        for number in range(rounds):
            transport = self.visit(*pieces)
            if number % 3 == 0:
                transport.protocol.readConnectionLost()
                self.clock.pump([0, 0.3])
            transport.protocol.connectionLost(Failure(ConnectionLost() if number % 2 else ConnectionDone()))
        del transport
        for _ in range(40):  # whatever waits for a while is over by then
            self.clock.advance(1)
            self.hall.sweep()
        gc.collect()
        return Counter(type(one).__qualname__ for one in gc.get_objects())

    def test_nothing_is_left(self) -> None:
        """However many come and go, in whichever way, the daemon holds no object more."""
        for pieces in KINDS.values():
            self.left(pieces, 4)  # what is made when it is needed first
        for kind, pieces in KINDS.items():
            with self.subTest(kind):
                before = self.left(pieces)
                for _ in range(ATTEMPTS):
                    more = self.left(pieces) - before
                    if max(more.values(), default=0) < ROUNDS // 5:
                        break
                    before += more  # other threads make objects, too; what stays behind does so each time
                else:
                    self.fail(f"There are more objects each time: {more}")
                self.assertEqual(self.reception.connections, 1)
                self.assertEqual([person.nick for person in self.hall.roster], ["bob"])
