"""The steps of a stop."""

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.internet.testing import EventLoggingObserver
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from groupchat.daemon.stopping import CLOSING_S, Steps


class StepsTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.steps = Steps(self.clock, 8.0)
        self.observer = EventLoggingObserver()
        globalLogPublisher.addObserver(self.observer)
        self.addCleanup(globalLogPublisher.removeObserver, self.observer)

    def logged(self) -> list[str]:
        return [text for event in self.observer if (text := formatEvent(event)).startswith("Stopping:")]

    def test_done(self) -> None:
        """A step that is done says so, whether at once or later; nothing is logged, and no timer is left."""
        later: Deferred[None] = Deferred()
        self.assertTrue(self.successResultOf(self.steps.take("one", lambda: None)))
        self.assertTrue(self.successResultOf(self.steps.take("two", lambda: succeed(None))))
        taken = self.steps.take("three", lambda: later)
        self.clock.advance(1)
        self.assertNoResult(taken)
        later.callback(None)
        self.assertTrue(self.successResultOf(taken))
        self.assertEqual((self.logged(), self.clock.getDelayedCalls()), ([], []))

    def test_failed(self) -> None:
        """A step that fails, in whichever way, is logged with its name, and does not fail the stop."""

        def raises() -> None:
            raise FileNotFoundError("control")

        self.assertFalse(self.successResultOf(self.steps.take("closing the socket", raises)))
        self.assertFalse(self.successResultOf(self.steps.take("closing the disk", lambda: fail(ValueError("x")))))
        self.assertEqual(
            self.logged(),
            [f"Stopping: closing the {what} failed, and the stop goes on" for what in ("socket", "disk")],
        )
        self.assertEqual(len(self.flushLoggedErrors(FileNotFoundError, ValueError)), 2)

    def test_endless(self) -> None:
        """A step that never ends is waited for until the time is over, and the next ones have a little left."""
        for patience in (8.0, CLOSING_S):
            taken = self.steps.take("waiting", Deferred)
            self.clock.advance(patience - 0.1)
            self.assertNoResult(taken)
            self.clock.advance(0.2)
            self.assertFalse(self.successResultOf(taken))
        self.assertEqual(self.logged(), ["Stopping: waiting takes too long, and is not waited for"] * 2)

    def test_readers(self) -> None:
        """Peers are waited for until so long before the end that the journal can still be closed."""
        self.assertEqual(self.steps.readers_end, 8.0 - CLOSING_S)
        self.assertEqual(Steps(self.clock, 0.5).readers_end, 0.0)
