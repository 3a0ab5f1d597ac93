"""Which connections are live, which are catching up, and which are cut off."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.delivery.queue import EVERYWHERE, Notice
from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import Announced, Done, Refused
from tests.delivery.send_path import NOW, SendPath, ids, screen, shown
from tests.fakes import HeldJournal, SlowJournal


class ReadersCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.journal = SlowJournal(MemoryJournal())
        self.path = SendPath(self.journal, stuck_timeout_s=60.0)
        self.readers = self.path.readers
        self.alice, self.bob = self.path.connect("alice"), self.path.connect("bob")
        self.path.level.clear()
        self.path.behind.clear()


class BeginTests(ReadersCase):
    def test_before(self) -> None:
        """Rule 1: before it has come in, a connection is neither live nor catching up, and is shown nothing."""
        carol = self.path.connect("carol", live=False)
        self.path.say(self.alice, "hello")
        self.assertEqual((carol.live, carol.cursor, shown(carol)), (False, None, []))

    def test_at_the_head(self) -> None:
        """A connection that begins at the head is live at once."""
        carol = self.path.connect("carol")
        self.assertTrue(carol.live)
        self.assertIsNone(carol.cursor)
        self.assertEqual(self.readers.position(carol), 0)

    def test_from_a_number(self) -> None:
        """A connection that begins earlier is shown what followed, and is live then."""
        for number in range(3):
            self.path.say(self.alice, str(number))
        carol = self.path.connect("carol", live=False)
        self.readers.begin(carol, 1)
        self.assertEqual((ids(carol), carol.live), ([2, 3], True))

    def test_paused(self) -> None:
        """A connection that is full already is shown nothing until it takes something."""
        self.path.say(self.alice, "hello")
        carol = self.path.connect("carol", live=False)
        screen(carol).fill()
        self.readers.begin(carol, 0)
        self.assertEqual((ids(carol), carol.live, self.readers.position(carol)), ([], False, 0))
        screen(carol).drain()
        self.assertEqual((ids(carol), carol.live, self.readers.position(carol)), ([1], True, 1))

    def test_told(self) -> None:
        """Somebody who begins to catch up is named, and then who is live; nobody in between is live twice."""
        carol = self.path.connect("carol")
        self.assertEqual((self.path.behind, self.path.level), (["carol"], ["carol"]))
        screen(carol).fill()
        self.assertEqual((self.path.behind, self.path.level), (["carol"] * 2, ["carol"]))
        screen(carol).drain()
        self.assertEqual((self.path.behind, self.path.level), (["carol"] * 2, ["carol"] * 2))


class PauseTests(ReadersCase):
    def test_pause(self) -> None:
        """A connection that takes nothing more is shown nothing, and reads on from there when it takes something."""
        self.path.say(self.alice, "before")
        screen(self.bob).fill()
        self.path.say(self.alice, "meanwhile")
        self.assertEqual((ids(self.bob), self.bob.live, self.readers.position(self.bob)), ([1], False, 1))
        screen(self.bob).drain()
        self.assertEqual((ids(self.bob), self.bob.live, self.readers.position(self.bob)), ([1, 2], True, 2))

    def test_during_a_batch(self) -> None:
        """Rule 2: who stops reading during a batch has had it, and falls behind when it ends."""
        screen(self.bob).room = 1
        positions: list[bool] = []
        self.path.outcomes.on_delivery = lambda seconds: positions.append(self.bob.live)
        self.path.say(self.alice, "one")
        self.assertEqual((positions, self.bob.live, self.readers.position(self.bob)), ([True], False, 1))
        self.path.say(self.alice, "two")
        screen(self.bob).drain()
        self.assertEqual(ids(self.bob), [1, 2])

    def test_gone_during_a_batch(self) -> None:
        """Somebody who stops reading during a batch and is gone before it ends does not fall behind."""
        screen(self.bob).room = 1
        self.path.outcomes.on_delivery = lambda seconds: self.readers.detach(self.bob)
        self.path.say(self.alice, "one")
        self.assertEqual((self.bob.live, self.bob.cursor), (False, None))

    def test_resumed_during_a_batch(self) -> None:
        """Somebody who takes something again before the batch ends misses nothing."""
        screen(self.bob).room = 1
        self.path.outcomes.on_delivery = lambda seconds: screen(self.bob).drain()
        self.path.say(self.alice, "one")
        self.path.outcomes.on_delivery = lambda seconds: None
        self.path.say(self.alice, "two")
        self.assertEqual((ids(self.bob), self.bob.live), ([1, 2], True))

    def test_notices_are_missed(self) -> None:
        """What passes while a connection takes nothing it is not shown later."""
        screen(self.bob).fill()
        self.path.post(Notice(Announced("Soon.", NOW), EVERYWHERE))
        screen(self.bob).drain()
        self.assertEqual(shown(self.bob), [])

    def test_review(self) -> None:
        """A live connection whose rooms have changed is shown those of now; another one stays as it is."""
        for connection in (self.alice, self.bob):
            connection.rooms, connection.current = ("dev",), "dev"
        screen(self.bob).fill()
        for connection in (self.alice, self.bob):
            self.readers.review(connection)
        self.assertEqual((self.alice.view.rooms, self.bob.live), (("dev",), False))


class WaitTests(ReadersCase):
    def test_live(self) -> None:
        """A live connection has read everything: what is to follow follows at once."""
        called: list[int] = []
        self.readers.when_caught_up(self.bob, lambda: called.append(1))
        self.assertEqual(called, [1])

    def test_in_order(self) -> None:
        """What is to follow when somebody has caught up follows in order, once, when they are live."""
        screen(self.bob).fill()
        self.path.say(self.alice, "hello")
        called: list[tuple[int, bool]] = []
        for number in (1, 2):
            self.readers.when_caught_up(self.bob, lambda number=number: called.append((number, self.bob.live)))  # type: ignore[misc]
        self.assertEqual(called, [])
        for _ in range(2):
            screen(self.bob).drain()
            self.assertEqual(called, [(1, True), (2, True)])
            screen(self.bob).fill()

    def test_answer_in_order(self) -> None:
        """An answer that says that all was shown comes after all of it."""
        screen(self.bob).fill()
        self.path.say(self.alice, "hello")
        self.readers.answer_in_order(self.bob, Done(), "ping")
        self.assertEqual(shown(self.bob), [])
        screen(self.bob).drain()
        self.assertEqual([type(event).__name__ for event, _ in screen(self.bob).shown], ["Said", "Done"])
        self.assertEqual(screen(self.bob).shown[-1], (Done(), "ping"))

    def test_detached(self) -> None:
        """What waits for somebody who goes is done at once, and not again: a request is answered all the same."""
        screen(self.bob).fill()
        called: list[int] = []
        self.readers.when_caught_up(self.bob, lambda: called.append(1))
        self.readers.detach(self.bob)
        screen(self.bob).drain()
        self.readers.begin(self.bob, self.path.stream.delivered)
        self.assertEqual((self.bob.live, called), (True, [1]))


class DetachTests(ReadersCase):
    def test_live(self) -> None:
        """A connection that is detached is shown nothing more; that it is detached twice does no harm."""
        for _ in range(2):
            self.readers.detach(self.bob)
        self.path.say(self.alice, "hello")
        self.assertEqual((shown(self.bob), self.bob.live, self.bob.cursor), ([], False, None))

    def test_catching_up(self) -> None:
        """A connection that is detached while a page is read is shown nothing of it."""
        screen(self.bob).fill()
        self.path.say(self.alice, "hello")
        self.path.stream.recent.floor = 1  # it is read from the journal
        self.journal.slow = True
        screen(self.bob).drain()
        self.readers.detach(self.bob)
        self.journal.answer_all()
        self.assertEqual((shown(self.bob), self.bob.live), ([], False))


class SweepTests(ReadersCase):
    def test_too_slow(self) -> None:
        """Rule 3: a connection that has taken nothing for 60 seconds is told, leaves, and is cut off."""
        screen(self.bob).fill()
        self.path.clock.advance(59.9)
        self.readers.sweep()
        self.assertEqual(self.path.left, [])
        self.path.clock.advance(0.1)
        for _ in range(2):
            self.readers.sweep()
        self.assertEqual(self.path.left, [("bob", "too slow")])
        (refused,) = (event for event in shown(self.bob) if isinstance(event, Refused))
        self.assertEqual(refused.code, "too-slow")
        self.assertIn("1 minute", refused.text)
        self.assertTrue(screen(self.bob).aborted)
        self.assertFalse(screen(self.alice).aborted)
        self.assertEqual(screen(self.bob).codes, ["too-slow"])

    def test_time_begins_anew(self) -> None:
        """Somebody who takes something has another 60 seconds; who is told again that it is full, has not."""
        screen(self.bob).fill()
        self.path.clock.advance(50)
        screen(self.bob).drain()
        screen(self.bob).fill()
        self.path.clock.advance(50)
        screen(self.bob).fill()
        self.readers.sweep()
        self.assertEqual(self.path.left, [])
        self.path.clock.advance(10)
        self.readers.sweep()
        self.assertEqual(self.path.left, [("bob", "too slow")])

    def test_outage(self) -> None:
        """Somebody whose network is out is not cut off, and has 60 seconds again when it is back."""
        screen(self.bob).fill()
        screen(self.bob).silent_s = 30.0
        self.path.clock.advance(150)
        self.readers.sweep()
        screen(self.bob).silent_s = 0.0
        self.path.clock.advance(59.9)
        self.readers.sweep()
        self.assertEqual(self.path.left, [])
        self.path.clock.advance(0.1)
        self.readers.sweep()
        self.assertEqual(self.path.left, [("bob", "too slow")])

    def test_new_settings(self) -> None:
        """The time is that of the settings of now."""
        screen(self.bob).fill()
        self.path.clock.advance(10)
        self.readers.settings = self.path.settings.replaced(stuck_timeout_s=10.0)
        self.readers.sweep()
        self.assertEqual(self.path.left, [("bob", "too slow")])

    def test_gone_before(self) -> None:
        """Somebody who is gone is not cut off."""
        screen(self.bob).fill()
        self.readers.detach(self.bob)
        self.path.clock.advance(100)
        self.readers.sweep()
        self.assertEqual(self.path.left, [])


class FailureTests(ReadersCase):
    def test_failed(self) -> None:
        """A connection without an unbroken stream is told, leaves, and is closed with the code; others live on."""
        screen(self.bob).fill()
        self.path.say(self.alice, "hello")
        self.path.stream.recent.floor = 1
        self.journal.slow = True
        screen(self.bob).drain()
        self.journal.fail(ValueError("unexpected"))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(self.path.left, [("bob", "server error")])
        self.assertEqual([event.code for event in shown(self.bob) if isinstance(event, Refused)], ["server-error"])
        self.assertEqual(screen(self.bob).codes, ["server-error"])
        self.journal.slow = False
        self.path.say(self.alice, "on")
        self.assertTrue(self.alice.live)


class HeldTests(SynchronousTestCase):
    def test_posts_in_flight(self) -> None:
        """A connection that begins while a batch is being written is shown it with everybody else, once."""
        journal = HeldJournal(MemoryJournal())
        path = SendPath(journal)
        alice = path.connect("alice")
        path.say(alice, "in flight")
        bob = path.connect("bob")
        journal.commit()
        self.assertEqual(ids(bob), [1])
