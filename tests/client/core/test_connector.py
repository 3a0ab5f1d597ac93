"""Connection attempts, with growing delays."""

from typing import Any

from twisted.internet.error import ConnectionRefusedError
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.connector import BACKOFF, Connector
from tests.client.fakes import FakeEndpoint


class Waiter:
    """Notes how connecting goes."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def connecting(self) -> None:
        self.told.append("connecting")

    def waiting(self, reason: Exception, delay: float) -> None:
        self.told.append((type(reason), delay))


class ConnectorTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.endpoint = FakeEndpoint()
        self.waiter = Waiter()
        factory: Any = Factory.forProtocol(Protocol)
        self.connector = Connector(self.endpoint, factory, self.clock, self.waiter, lambda failures: 2.0**failures)

    def test_delays(self) -> None:
        """Each failure in a row makes the next delay longer; a success makes it short again."""
        self.connector.connect()
        for delay in (2, 4, 8):
            self.endpoint.refuse(ConnectionRefusedError())
            self.assertEqual(self.waiter.told, ["connecting", (ConnectionRefusedError, delay)])
            self.waiter.told.clear()
            self.clock.advance(delay)
        self.endpoint.accept()
        self.connector.welcomed()
        self.connector.retry(ConnectionRefusedError())
        self.assertEqual(self.waiter.told[-1], (ConnectionRefusedError, 2))

    def test_no_success_without_a_welcome(self) -> None:
        """A connection alone is not a success: a server may accept connections and then refuse every client."""
        self.connector.connect()
        self.endpoint.accept()
        self.connector.retry(ConnectionRefusedError())
        self.clock.advance(2)
        self.endpoint.accept()
        self.connector.retry(ConnectionRefusedError())
        self.assertEqual(self.waiter.told[-1], (ConnectionRefusedError, 4))

    def test_stop_an_attempt(self) -> None:
        """An attempt under way is ended, and nobody is told of its failure."""
        self.connector.connect()
        self.connector.stop()
        self.assertEqual((self.endpoint.cancelled, self.waiter.told), (1, ["connecting"]))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stop_a_wait(self) -> None:
        """So is the wait for the next one, and stopping twice does nothing."""
        self.connector.connect()
        self.endpoint.refuse(ConnectionRefusedError())
        self.connector.stop()
        self.connector.stop()
        self.assertEqual((self.clock.getDelayedCalls(), self.endpoint.attempts), ([], []))

    def test_backoff(self) -> None:
        """The usual delays begin below two seconds, and never exceed 31."""
        for failures in (1, 2, 5, 10, 1000):
            self.assertLessEqual(BACKOFF(failures), 31.0)
        self.assertLessEqual(BACKOFF(1), 2.0)
        self.assertGreaterEqual(BACKOFF(1000), 30.0)
