"""Events on their way to the screen."""

from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from groupchat.client.core.protocol import Message
from groupchat.terminal.flow.showing import FEW, MANY, QUIET_S, SLICE_S, Showing


@implementer(IPushProducer)
class FakeSource:
    """Records in ``asked`` what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def pauseProducing(self) -> None:
        self.asked.append("pause")

    def resumeProducing(self) -> None:
        self.asked.append("resume")

    def stopProducing(self) -> None:
        self.asked.append("stop")


class FairShare(Clock):
    """A clock that runs turn by turn: a call that is made in a turn runs in the next one, as in a reactor."""

    def turn(self) -> None:
        for call in [call for call in self.calls if call.getTime() <= self.seconds()]:
            self.calls.remove(call)
            call.called = 1
            call.func(*call.args, **call.kw)


class ShowingTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock, self.source = FairShare(), FakeSource()
        self.shown: list[object] = []
        self.turns = 0
        self.takes_s = 0.0
        self.broken: list[tuple[Message, str]] = []
        self.showing = Showing(
            self.clock, self.source, self.show, self.turned,
            lambda event, error: self.broken.append((event, type(error).__name__)),
        )  # fmt: skip

    def show(self, event: Message) -> None:
        self.shown.append(event["id"])
        self.clock.rightNow += self.takes_s

    def turned(self) -> None:
        self.turns += 1

    def hear(self, count: int) -> None:
        for number in range(count):
            self.showing.add({"id": number})

    def test_honest(self) -> None:
        """The fake source is a push producer."""
        self.assertTrue(verifyObject(IPushProducer, self.source))

    def test_slices(self) -> None:
        """Events that take long to show are shown a moment at a time, in order; in between, others have their turn."""
        self.takes_s = SLICE_S / 2
        self.hear(5)
        self.assertEqual(self.shown, [])
        self.clock.turn()
        self.assertEqual((self.shown, self.turns, self.showing.drained), ([0, 1], 1, False))
        self.clock.turn()
        self.clock.turn()
        self.assertEqual((self.shown, self.turns, self.showing.drained), ([0, 1, 2, 3, 4], 3, True))

    def test_held_back(self) -> None:
        """A source that sends more than can be shown is paused, once, and goes on when little is left."""
        self.takes_s = SLICE_S
        self.hear(MANY + 10)
        self.assertEqual(self.source.asked, ["pause"])
        while len(self.shown) < MANY + 10 - FEW:
            self.clock.turn()
        self.assertEqual(self.source.asked, ["pause"])
        self.clock.turn()
        self.assertEqual(self.source.asked, ["pause", "resume"])

    def test_not_held_back(self) -> None:
        """A source that sends no more than can wait is not paused."""
        self.hear(MANY)
        self.clock.turn()
        self.assertEqual(self.source.asked, [])

    def test_finish(self) -> None:
        """At the end everything is shown at once, and nothing afterwards."""
        self.hear(3)
        self.showing.finish()
        self.assertEqual((self.shown, self.clock.getDelayedCalls()), ([0, 1, 2], []))

    def test_broken(self) -> None:
        """An event that cannot be shown costs itself: those after it are shown, and a paused source goes on."""
        for event in ({"id": 1}, {}, {"id": 2}):
            self.showing.add(event)
        self.hear(MANY)
        self.clock.turn()
        self.assertEqual((self.shown[:3], len(self.shown)), ([1, 2, 0], MANY + 2))
        self.assertEqual((self.broken, self.source.asked), ([({}, "KeyError")], ["pause", "resume"]))

    def test_broken_at_the_end(self) -> None:
        """So it is at the end."""
        for event in ({"id": 1}, {}, {"id": 2}):
            self.showing.add(event)
        self.showing.finish()
        self.assertEqual((self.shown, self.broken), ([1, 2], [({}, "KeyError")]))

    def test_quiet(self) -> None:
        """Everything has come when nothing waits, and nothing came for a second."""
        self.hear(1)
        self.clock.rightNow += QUIET_S
        self.assertFalse(self.showing.quiet)
        self.clock.turn()
        self.assertTrue(self.showing.quiet)
        self.showing.expect()
        self.assertFalse(self.showing.quiet)
