"""Connection attempts, with growing delays."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.client_errors import NothingListens
from groupchat.client.core.connector import Connector, backoff
from groupchat.client.core.network import Attempt, Receiver
from groupchat.client.core.protocol import JsonLines, Message
from groupchat.client.twisted_network import TwistedClock
from tests.client.core.fakes import FakeAttempt, FakeDialer


class Waiter:
    """Notes how connecting goes."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def connecting(self) -> None:
        self.told.append("connecting")

    def waiting(self, reason: Exception, delay: float) -> None:
        self.told.append((type(reason), delay))


class Owner:
    """Takes connections, and wants nothing of them."""

    def wire_opened(self, wire: JsonLines) -> None:
        """Do nothing."""

    def wire_received(self, wire: JsonLines, message: Message) -> None:
        """Do nothing."""

    def wire_closed(self, wire: JsonLines, reason: Exception) -> None:
        """Do nothing."""


class DeadDialer(FakeDialer):
    """Knows at once that there is no connection."""

    def dial(self, receiver: Receiver) -> Attempt:
        receiver.failed(NothingListens())
        return FakeAttempt(self, receiver)


class ConnectorTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.waiter = Waiter()
        self.use(FakeDialer())

    def use(self, dialer: FakeDialer) -> None:
        clock, self.dialer = TwistedClock(self.clock), dialer
        self.connector = Connector(dialer, Owner(), clock, self.waiter, lambda failures: 2.0**failures)

    def test_delays(self) -> None:
        """Each failure in a row makes the next delay longer; a success makes it short again."""
        self.connector.connect()
        for delay in (2, 4, 8):
            self.dialer.refuse(NothingListens())
            self.assertEqual(self.waiter.told, ["connecting", (NothingListens, delay)])
            self.waiter.told.clear()
            self.clock.advance(delay)
        self.dialer.accept()
        self.connector.welcomed()
        self.connector.retry(NothingListens())
        self.assertEqual(self.waiter.told[-1], (NothingListens, 2))

    def test_no_success_without_a_welcome(self) -> None:
        """A connection alone is not a success: a server may accept connections and then refuse every client."""
        self.connector.connect()
        self.dialer.accept()
        self.connector.retry(NothingListens())
        self.clock.advance(2)
        self.dialer.accept()
        self.connector.retry(NothingListens())
        self.assertEqual(self.waiter.told[-1], (NothingListens, 4))

    def test_stop_an_attempt(self) -> None:
        """An attempt under way is ended, and nobody is told of its failure."""
        self.connector.connect()
        self.connector.stop()
        self.assertEqual((self.dialer.cancelled, self.waiter.told), (1, ["connecting"]))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stop_a_wait(self) -> None:
        """So is the wait for the next one, and stopping twice does nothing."""
        self.connector.connect()
        self.dialer.refuse(NothingListens())
        self.connector.stop()
        self.connector.stop()
        self.assertEqual((self.clock.getDelayedCalls(), self.dialer.attempts), ([], []))

    def test_failed_at_once(self) -> None:
        """An attempt that fails before the dialer returns is over: there is nothing to end but the wait."""
        self.use(DeadDialer())
        self.connector.connect()
        self.assertEqual(self.waiter.told, ["connecting", (NothingListens, 2)])
        self.connector.stop()
        self.assertEqual((self.dialer.cancelled, self.clock.getDelayedCalls()), (0, []))

    def test_backoff(self) -> None:
        """The usual delays begin below two seconds, and never exceed 31."""
        for failures in (1, 2, 5, 10, 1000):
            self.assertLessEqual(backoff(failures), 31.0)
        self.assertLessEqual(backoff(1), 2.0)
        self.assertGreaterEqual(backoff(1000), 30.0)
