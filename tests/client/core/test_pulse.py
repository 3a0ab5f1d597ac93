"""Detection of servers that do not answer."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.protocol import JsonLines, Message
from groupchat.client.core.pulse import DEAD, GOODBYE, HANDSHAKE, LATE, PING, QUIET, SLOW, Pulse
from groupchat.client.twisted_network import TwistedClock


class FakeWire(JsonLines):
    """A connection that notes what is sent on it, and why it is dropped."""

    def __init__(self) -> None:
        self.heard = True
        self.paused = False
        self.sent: list[Message] = []
        self.reasons: list[str] = []

    def send(self, message: Message) -> None:
        self.sent.append(message)

    def drop(self, reason: Exception) -> None:
        self.reasons.append(str(reason))


class PulseTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.told: list[object] = []
        self.pulse = Pulse(TwistedClock(self.clock), self.told.append, lambda: self.told.append("late"))
        self.wire = FakeWire()

    def test_welcome(self) -> None:
        """A server that does not answer the claim is dropped after the time of a handshake."""
        self.pulse.await_welcome(self.wire)
        self.clock.advance(HANDSHAKE - 1)
        self.assertEqual(self.wire.reasons, [])
        self.clock.advance(1)
        self.assertEqual(self.wire.reasons, ["the server did not answer"])

    def test_welcomed(self) -> None:
        """One that does is watched from then on."""
        self.pulse.await_welcome(self.wire)
        self.pulse.watch(self.wire)
        self.clock.advance(HANDSHAKE)
        self.assertEqual((self.wire.reasons, len(self.clock.getDelayedCalls())), ([], 1))

    def pass_time(self, seconds: float) -> None:
        self.clock.pump([1.0] * round(seconds))

    def test_alive(self) -> None:
        """A server of which something is heard is never asked."""
        self.pulse.watch(self.wire)
        for _ in range(10):
            self.pass_time(QUIET - 1)
            self.wire.heard = True
        self.assertEqual((self.wire.sent, self.wire.reasons, self.told), ([], [], []))

    def test_silent(self) -> None:
        """A silent one is asked every ten seconds; the program is told from 15 s on, and it is dropped at last."""
        self.wire.heard = False
        self.pulse.watch(self.wire)
        self.pass_time(QUIET)
        self.assertEqual(self.wire.sent, [{"do": "ping", "ref": PING}])
        self.pass_time(SLOW - QUIET)
        self.assertEqual(self.told, [SLOW])
        self.pass_time(LATE - SLOW - 1)
        self.assertEqual((len(self.wire.sent), self.told[-1]), (2, LATE - 1))
        self.pass_time(1)
        self.assertEqual(self.told[-2:], [LATE, "late"])
        self.pass_time(DEAD - LATE - 1)
        self.assertEqual(self.wire.reasons, [])
        self.pass_time(1)
        self.assertEqual(self.wire.reasons, ["the server has stopped answering"])

    def test_answered(self) -> None:
        """One that answers is watched as before, and the program is told that the silence is over, once."""
        self.wire.heard = False
        self.pulse.watch(self.wire)
        self.pass_time(SLOW + 1)
        self.wire.heard = True
        self.pass_time(QUIET)
        self.assertEqual((self.told, len(self.wire.sent)), ([SLOW, SLOW + 1, 0.0], 1))
        self.pass_time(1)
        self.assertEqual((len(self.wire.sent), self.wire.reasons), (2, []))

    def test_paused(self) -> None:
        """While the client reads nothing, silence means nothing."""
        self.wire.heard, self.wire.paused = False, True
        self.pulse.watch(self.wire)
        self.pass_time(2 * DEAD)
        self.assertEqual((self.wire.sent, self.wire.reasons, self.told), ([], [], []))

    def test_goodbye(self) -> None:
        """A server that does not close the connection of a client that leaves is dropped."""
        self.pulse.watch(self.wire)
        self.pulse.await_goodbye(self.wire)
        self.clock.advance(GOODBYE)
        self.assertEqual(self.wire.reasons, ["the server did not say goodbye"])

    def test_stop(self) -> None:
        """In the end nothing is expected, and there is no timer."""
        self.pulse.watch(self.wire)
        self.pulse.stop()
        self.pulse.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
