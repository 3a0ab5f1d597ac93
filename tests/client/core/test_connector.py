"""Connection attempts: one server after the other, with growing delays."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.client_errors import (
    ConnectionDropped,
    NoServerAnswers,
    NothingListens,
    Refused,
    TimedOut,
    UnknownHost,
)
from groupchat.client.core.connector import HURRY, LASTING, SPREAD, Connector, Dialers, backoff
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

    def moving(self, reason: Exception) -> None:
        self.told.append(f"moving: {type(reason).__name__}")

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
        delays = {backoff(0) for _ in range(20)}
        self.assertGreater(len(delays), 1)
        self.assertTrue(all(0 <= delay <= SPREAD for delay in delays))


class SeveralTest(SynchronousTestCase):
    """Three servers, a, b and c."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.waiter = Waiter()
        self.reasons: list[Exception] = []
        self.spread = 0.0
        self.use("a", "b", "c")

    def use(self, *names: str) -> None:
        self.dialers = {name: FakeDialer() for name in names}
        self.connector = Connector(
            Dialers([*self.dialers.items()]), Owner(), TwistedClock(self.clock), self,
            lambda failures: 2.0**failures if failures else self.spread,
        )  # fmt: skip
        self.connector.connect()

    # The connector calls these.

    def connecting(self) -> None:
        self.waiter.connecting()

    def moving(self, reason: Exception) -> None:
        self.waiter.moving(reason)

    def waiting(self, reason: Exception, delay: float) -> None:
        self.reasons.append(reason)
        self.waiter.waiting(reason, delay)

    # Inside.

    @property
    def tried(self) -> str:
        """The servers to which there is an attempt."""
        return "".join(name for name, dialer in self.dialers.items() if dialer.attempts)

    def refuse(self, error: Exception | None = None) -> None:
        """Let the only attempt fail."""
        self.dialers[self.tried].refuse(error or NothingListens())
        self.clock.advance(0)

    def test_round(self) -> None:
        """One after the other is tried at once, in order; then there is a delay, which grows with the rounds."""
        for delay in (2, 4, 8):
            for name in "abc":
                self.assertEqual(self.tried, name)
                self.refuse()
            self.assertEqual(self.tried, "")
            self.assertEqual(self.waiter.told[-1], (NoServerAnswers, delay))
            self.clock.advance(delay)
        self.assertEqual(self.waiter.told[:4], ["connecting", "moving: NothingListens"] * 2)

    def test_reasons(self) -> None:
        """Why none answers is told with the name of each."""
        self.refuse(UnknownHost("nobody knows it"))
        self.refuse(NothingListens("nothing there"))
        self.refuse(ConnectionDropped("Later.", "server-full"))
        (reason,) = self.reasons
        assert isinstance(reason, NoServerAnswers)
        self.assertEqual([getattr(each, "server", "") for each in reason.reasons], ["a", "b", "c"])
        told = "none of 3 servers answers: a: nobody knows it; b: nothing there; c: server-full: Later."
        self.assertEqual(str(reason), told)

    def test_answered(self) -> None:
        """If one has answered, what it said is the reason, and not the silence of the others."""
        self.refuse()
        self.refuse(Refused("nick-taken", "Taken."))
        self.refuse()
        (reason,) = self.reasons
        assert isinstance(reason, Refused)
        self.assertEqual((reason.code, reason.server), ("nick-taken", "b"))

    def lose(self, after: float, reason: Exception) -> None:
        """Accept the attempt, and lose the connection some seconds after the welcome."""
        self.dialers[self.tried].accept()
        self.connector.welcomed()
        self.clock.advance(after)
        self.connector.retry(reason)
        self.clock.advance(0)

    def test_spread(self) -> None:
        """The clients of a server that has ended come to the next one at different moments, and go on from there."""
        self.spread = 0.3
        self.lose(LASTING, NothingListens())
        self.assertEqual((self.tried, self.waiter.told[-1]), ("", "moving: NothingListens"))
        self.clock.advance(0.2)
        self.assertEqual(self.tried, "")
        self.clock.advance(0.2)
        self.assertEqual(self.tried, "b")
        self.refuse()
        self.assertEqual(self.tried, "c")
        self.connector.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stop_before_the_next(self) -> None:
        """A client that is stopped meanwhile goes nowhere."""
        self.spread = 0.3
        self.lose(LASTING, NothingListens())
        self.connector.stop()
        self.assertEqual((self.tried, self.clock.getDelayedCalls()), ("", []))

    def test_lasting(self) -> None:
        """After a connection that has lasted all others are tried without a delay, beginning with the next."""
        for name in "abcab":
            self.assertEqual(self.tried, name)
            self.lose(LASTING, NothingListens())
        for name in "cab":
            self.assertEqual(self.tried, name)
            self.refuse()
        self.assertEqual((self.tried, self.waiter.told[-1]), ("", (NoServerAnswers, 2)))
        self.clock.advance(2)
        self.assertEqual(self.tried, "c")

    def test_restarted_in_turn(self) -> None:
        """Nodes that are restarted in turn are never all away, however soon after one comes the next."""
        stopping = ConnectionDropped("Come back later.", "stopping")
        for name in "abcabc":
            self.assertEqual(self.tried, name)
            self.lose(4, stopping)
        for name, after in ("a", LASTING), ("b", 1), ("c", 1):  # all but the first are lost at once
            self.assertEqual(self.tried, name)
            self.lose(after, stopping)
        self.assertEqual((self.tried, self.reasons), ("a", []))

    def test_reasons_of_this_round(self) -> None:
        """Why a connection that has lasted was lost is no reason why none answers: its server is asked again, too."""
        self.refuse()
        self.lose(LASTING, ConnectionDropped("Come back later.", "stopping"))
        for _ in "cab":
            self.assertEqual(self.reasons, [])
            self.refuse()
        (told,) = self.reasons
        assert isinstance(told, NoServerAnswers)
        self.assertEqual([getattr(each, "server", "") for each in told.reasons], ["c", "a", "b"])
        self.assertEqual({type(each) for each in told.reasons}, {NothingListens})
        self.use("a")
        self.lose(LASTING, ConnectionDropped("Come back later.", "stopping"))
        self.assertIsInstance(self.reasons[-1], ConnectionDropped)

    def test_not_lasting(self) -> None:
        """Servers that let the client in and close every connection at once are not called without a pause."""
        for name in "abc":
            self.assertEqual(self.tried, name)
            self.lose(LASTING - 1, ConnectionDropped("Not you.", "node-lost"))
        self.assertEqual((self.tried, self.waiter.told[-1]), ("", (NoServerAnswers, 2)))

    def test_lost_node(self) -> None:
        """A node that has lost its place is asked again at once, once, as there may be one address for all nodes."""
        self.use("a")
        self.lose(LASTING, ConnectionDropped("Come back.", "node-lost"))
        self.assertEqual((self.tried, self.waiter.told[-2]), ("a", "moving: ConnectionDropped"))
        self.refuse()
        self.assertEqual((self.tried, self.waiter.told[-1]), ("", (NothingListens, 2)))
        self.clock.advance(2)
        self.lose(LASTING, ConnectionDropped("Later.", "stopping"))
        self.assertEqual(self.tried, "")

    def test_hurry(self) -> None:
        """A server that does not answer is not waited for while there are others; after a round each has its time."""
        for name in "abc":
            self.assertEqual(self.tried, name)
            self.clock.advance(HURRY)
            self.clock.advance(0)
        (reason,) = self.reasons
        assert isinstance(reason, NoServerAnswers)
        self.assertEqual({type(each) for each in reason.reasons}, {TimedOut})
        self.clock.advance(2)
        self.clock.advance(HURRY)
        self.assertEqual((self.tried, self.dialers["a"].cancelled), ("a", 1))

    def test_no_hurry_for_one(self) -> None:
        """The only server has all the time that the network gives it."""
        self.use("a")
        self.clock.advance(HURRY)
        self.assertEqual((self.tried, self.dialers["a"].cancelled), ("a", 0))

    def test_connected_in_time(self) -> None:
        """A connection that is made is not ended by the hurry."""
        server = self.dialers["a"].accept()
        self.clock.advance(HURRY)
        self.assertEqual((server.is_open, self.clock.getDelayedCalls()), (True, []))

    def test_beside(self) -> None:
        """An attempt beside a connection begins with the server after that one, also a second time."""
        self.dialers["a"].accept()
        for _ in range(2):
            self.connector.connect_beside(2)
            self.refuse()
            self.assertEqual(self.tried, "b")
            self.connector.stop()
            self.assertEqual((self.tried, self.clock.getDelayedCalls()), ("", []))

    def test_current(self) -> None:
        """The dialers of several servers connect to the one that is current, and know its name; one has no name."""
        dialers = Dialers([*self.dialers.items()])
        dialers.current = 1
        self.dialers["a"].attempts.clear()
        dialers.dial(JsonLines(Owner()))
        self.assertEqual((self.tried, dialers.name, Dialers.of(self.dialers["a"]).name), ("b", "b", ""))
        self.assertIs(Dialers.of(dialers), dialers)
