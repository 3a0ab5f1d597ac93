"""The bytes that wait for peers that do not read are bounded; the peer with the most goes first."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.wire.backlog import Backlog
from groupchat.model.errors import TooSlow


class FakeTransport:
    """A transport that holds back a number of bytes."""

    def __init__(self, buffered: int) -> None:
        self.dataBuffer = b"x" * buffered


class FakeConnection:
    def __init__(self, size: int) -> None:
        self.address = "192.0.2.1"
        self.transport = FakeTransport(size)
        self.cut: list[str] = []

    def cut_off(self, refusal: TooSlow) -> None:
        self.cut.append(refusal.code)


class BacklogTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.backlog = Backlog(self.clock, 1000)

    def connections(self, *sizes: int) -> list[FakeConnection]:
        found = [FakeConnection(size) for size in sizes]
        for connection in found:
            self.backlog.stalled(connection)
        return found

    def test_within(self) -> None:
        """Below the limit no peer is cut off."""
        found = self.connections(400, 600)
        self.clock.advance(0)
        self.assertEqual([connection.cut for connection in found], [[], []])

    def test_largest_first(self) -> None:
        """Above it the largest go, and no more of them than must."""
        found = self.connections(300, 800, 200, 500)
        self.clock.advance(0)
        self.assertEqual([connection.cut for connection in found], [[], ["too-slow"], [], []])

    def test_looked_at_once(self) -> None:
        """However many stall in a turn, they are looked at once, at its end."""
        found = self.connections(*[300] * 10)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.assertEqual(sum(len(connection.cut) for connection in found), 0)
        self.clock.advance(0)
        self.assertEqual(sum(len(connection.cut) for connection in found), 7)
        self.connections(100)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)

    def test_flows_again(self) -> None:
        """A peer that takes something again, or is gone, does not count any more."""
        found = self.connections(600, 600)
        self.backlog.flows(found[0])
        self.backlog.flows(found[0])
        self.clock.advance(0)
        self.assertEqual([connection.cut for connection in found], [[], []])
        self.assertEqual(len(self.backlog), 1)

    def test_handed_over(self) -> None:
        """A successor counts in place of a connection that takes nothing more, and only then."""
        first, second, third, fourth = (FakeConnection(1200) for _ in range(4))
        self.backlog.stalled(first)
        self.backlog.move(first, second)
        self.backlog.move(third, fourth)
        self.clock.advance(0)
        self.assertEqual([one.cut for one in (first, second, third, fourth)], [[], ["too-slow"], [], []])
