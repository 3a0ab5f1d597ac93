"""The four states of the queue before the journal: each move of the drawing, and any walk through them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.config.settings import Settings
from groupchat.delivery.commits import IDLE, Broken, Commits, Committing, Refusing
from groupchat.delivery.queue import EVERYWHERE, Barrier, Change, Mark, Notice, Posting, Queued, Receipt
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Amendment, Draft, Kind, Outcome, Revoke, StoredPost, StoredSession
from groupchat.model.errors import JournalBroken, JournalUnavailable, Refusal
from groupchat.model.events import Announced, AuthorId, Typing
from tests.fakes import HeldJournal

ALICE = AuthorId(1)


class Sender:
    """A connection that posts; ``waits``: it is not listened to."""

    def __init__(self) -> None:
        self.waits = False

    def wait_for_journal(self) -> None:
        """Take nothing more."""
        self.waits = True

    def go_on(self) -> None:
        """Take lines again."""
        self.waits = False


class Queue:
    """A queue before a journal that waits, on a clock that the test moves, and what was delivered."""

    def __init__(self, at_once: bool = True) -> None:
        self.journal = HeldJournal(MemoryJournal())
        self.clock = Clock()
        self.turns: list[Callable[[], None]] = []
        self.at_once = at_once
        self.delivered: list[tuple[list[Queued], Sequence[Outcome] | Refusal]] = []
        self.failures: list[Failure] = []
        self.troubles: list[str] = []
        self.commits = Commits(
            self.journal, Settings().replaced(commit_queue_posts=5), self.clock, self.deliver, self.failures.append,
            self.turn_end,
        )  # fmt: skip
        self.commits.on_trouble = self.troubles.append
        self.number = 0

    def deliver(self, batch: Sequence[Queued], outcomes: Sequence[Outcome] | Refusal) -> None:
        """Take a batch."""
        self.delivered.append((list(batch), outcomes))

    def turn_end(self, function: Callable[[], None]) -> None:
        """Put this off to the end of the turn."""
        if self.at_once:
            function()
        else:
            self.turns.append(function)

    def end_turn(self) -> None:
        """Let the turn end."""
        turns, self.turns = self.turns, []
        for function in turns:
            function()

    def item(self, kind: str = "posting") -> Queued:
        """Make something to be queued, different from all others."""
        self.number += 1
        name = str(self.number)
        if kind == "posting":
            return Posting(Draft(Kind.SAID, ALICE, "alice", 0.0, "lobby", name), Receipt())
        if kind == "change":
            return Change(Amendment(ALICE, float(self.number), ()), Receipt())
        if kind == "notice":
            return Notice(Announced(name, 0.0), EVERYWHERE)
        return Barrier(ref=name)

    def post(self, kind: str = "posting") -> Queued:
        """Queue something."""
        item = self.item(kind)
        self.commits.post(item)
        return item

    def save(self, digest: str = "d") -> None:
        """Persist a session."""
        self.commits.save(StoredSession(ALICE, digest, "alice", ("lobby",), 0, 0.0))

    def wait(self, seconds: float) -> None:
        """Let time pass, with a sweep at its end."""
        self.clock.advance(seconds)
        self.commits.sweep()

    @property
    def state(self) -> str:
        """The name of the state."""
        return type(self.commits._state).__name__

    @property
    def sessions(self) -> list[str]:
        """The digests of the sessions in what the journal is being asked to write."""
        return [
            one.digest for operations in self.journal.pending for one in operations if isinstance(one, StoredSession)
        ]


class StateCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.queue = Queue()
        self.journal, self.commits = self.queue.journal, self.queue.commits

    def lose(self) -> None:
        """Let the journal fail for good."""
        self.journal.fail(JournalBroken("I/O error"))

    def outcomes(self) -> list[str]:
        """Return what each delivered batch was told."""
        return [type(outcomes).__name__ for _, outcomes in self.queue.delivered]


class MoveTests(StateCase):
    def test_idle(self) -> None:
        """In the beginning nothing is in flight, and everything is taken."""
        self.assertEqual((self.queue.state, self.commits.refusal, self.commits.delay), ("Idle", None, 0.0))
        self.assertIs(self.commits._state, IDLE)

    def test_idle_to_committing(self) -> None:
        """A post, a change or a session is sent to the journal; the time of the commit is counted from then."""
        for act in (self.queue.post, lambda: self.queue.post("change"), self.queue.save):
            self.queue.clock.advance(5)
            act()
            self.assertEqual(self.queue.state, "Committing")
            self.queue.clock.advance(2)
            self.assertEqual(self.commits.delay, 2.0)
            self.journal.commit()
            self.assertEqual((self.queue.state, self.commits.delay), ("Idle", 0.0))

    def test_notices_leave_it_idle(self) -> None:
        """Notices and barriers are delivered without the journal."""
        items = [self.queue.post("notice"), self.queue.post("barrier")]
        self.assertEqual((self.queue.state, self.journal.pending), ("Idle", []))
        self.assertEqual(self.queue.delivered, [([item], []) for item in items])

    def test_committing_to_idle(self) -> None:
        """A batch that is written is delivered with its outcomes, one that is not with the refusal."""
        first = self.queue.post()
        self.journal.commit()
        second = self.queue.post()
        refusal = JournalUnavailable("The disk is full.")
        self.journal.fail(refusal)
        (one, outcomes), (two, refused) = self.queue.delivered
        assert not isinstance(outcomes, Refusal)
        self.assertEqual((one, two, [type(outcome) for outcome in outcomes]), ([first], [second], [StoredPost]))
        self.assertIs(refused, refusal)
        self.assertEqual(self.queue.state, "Idle")

    def test_what_gathered_goes_next(self) -> None:
        """What gathers during a commit is the next batch."""
        self.queue.post()
        items = [self.queue.post(kind) for kind in ("posting", "notice", "change", "barrier", "posting")]
        self.assertEqual(len(self.queue.delivered), 0)
        self.journal.commit()
        self.assertEqual((self.queue.state, len(self.journal.pending)), ("Committing", 1))
        self.journal.commit()
        self.assertEqual(self.queue.delivered[1][0], items)

    def test_committing_to_refusing(self) -> None:
        """After 10 seconds of one commit, and not before, what waits is refused; notices still wait in order."""
        self.queue.post()
        waiting, notice = self.queue.post(), self.queue.post("notice")
        self.queue.wait(10)
        self.assertEqual((self.queue.state, self.queue.delivered), ("Committing", []))
        self.queue.wait(0.1)
        self.assertEqual(self.queue.state, "Refusing")
        ((batch, refusal),) = self.queue.delivered
        self.assertEqual((batch, refusal), ([waiting], self.commits.refusal))
        self.assertRaises(JournalUnavailable, self.queue.post)
        self.assertRaises(JournalUnavailable, self.queue.post, "change")
        self.queue.post("notice")
        self.assertEqual(self.commits.queued, 2)
        self.journal.commit()
        self.assertIn(notice, self.queue.delivered[2][0])

    def test_refused_once(self) -> None:
        """While posts are refused each sweep finds nothing new to refuse, and the trouble is told once."""
        self.queue.post()
        self.queue.wait(11)
        self.queue.wait(1)
        self.assertEqual(len(self.queue.troubles), 1)
        self.assertEqual(self.commits.delay, 12.0)

    def test_refusing_to_idle(self) -> None:
        """When a stuck commit ends, well or not, posts are taken again; the trouble is over when it ends well."""
        self.queue.post()
        self.queue.wait(11)
        self.journal.commit()
        self.assertEqual((self.queue.state, self.commits.refusal, self.commits.trouble), ("Idle", None, ""))
        self.queue.post()
        self.queue.wait(11)
        self.journal.fail(JournalUnavailable("The disk is full."))
        self.assertEqual((self.queue.state, self.commits.refusal), ("Idle", None))
        self.assertEqual(self.commits.trouble, "The disk is full.")
        self.queue.post()
        self.assertEqual(self.queue.state, "Committing")

    def test_taken_while_delivered(self) -> None:
        """What is posted while the batch of a stuck commit is delivered is taken, however that commit ended."""
        for end in (HeldJournal.commit, lambda journal: journal.fail(JournalUnavailable("Full."))):
            queue, taken = Queue(), list[bool]()

            def deliver(
                batch: Sequence[Queued],
                outcomes: Sequence[Outcome] | Refusal,
                queue: Queue = queue,
                taken: list[bool] = taken,
            ) -> None:
                if batch and queue.number == 1:
                    queue.post()
                    taken.append(True)

            queue.commits = Commits(
                queue.journal, Settings(), queue.clock, deliver, queue.failures.append, queue.turn_end
            )
            queue.post()
            queue.wait(11)
            end(queue.journal)
            self.assertEqual((taken, len(queue.journal.pending)), ([True], 1))
            self.assertEqual(self.flushLoggedErrors(), [])

    def test_committing_to_broken(self) -> None:
        """A journal that fails for good, or in a way nobody foresaw, breaks the queue, which says so once."""
        for failure in (JournalBroken("I/O error"), ZeroDivisionError("unexpected")):
            queue = Queue()
            queue.post()
            waiting = queue.post()
            queue.journal.fail(failure)
            self.assertEqual(queue.state, "Broken")
            self.assertEqual([one.value for one in queue.failures], [failure])
            self.assertEqual([batch for batch, _ in queue.delivered[1:]], [[waiting]])
            self.assertTrue(all(isinstance(outcomes, Refusal) for _, outcomes in queue.delivered))

    def test_refusing_to_broken(self) -> None:
        """A stuck commit can also end by breaking."""
        self.queue.post()
        self.queue.wait(11)
        self.lose()
        self.assertEqual((self.queue.state, len(self.queue.failures)), ("Broken", 1))

    def test_broken_stays_so(self) -> None:
        """The journal of a broken queue is never asked again; notices pass, and posts are refused."""
        self.queue.post()
        self.lose()
        self.assertRaises(JournalUnavailable, self.queue.post)
        notice = self.queue.post("notice")
        self.queue.save()
        self.queue.wait(60)
        self.assertEqual((self.queue.state, self.journal.pending), ("Broken", []))
        self.assertIn([notice], [batch for batch, _ in self.queue.delivered])
        self.assertIsNone(self.successResultOf(self.commits.when_idle()))

    def test_a_delivery_that_fails(self) -> None:
        """When delivering a batch fails, the next one is written and delivered all the same."""
        delivered: list[int] = []

        def deliver(batch: Sequence[Queued], outcomes: Sequence[Outcome] | Refusal) -> None:
            delivered.append(len(batch))
            if len(delivered) != 3:
                raise ZeroDivisionError

        queue = Queue()
        queue.commits = Commits(queue.journal, Settings(), queue.clock, deliver, self.fail, queue.turn_end)
        queue.post()
        queue.journal.commit()
        queue.post("notice")
        queue.post()
        queue.journal.commit()
        self.assertEqual((delivered, queue.state), ([1, 1, 1], "Idle"))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)


class SessionTests(StateCase):
    def test_newest(self) -> None:
        """Of a session that is persisted twice the newest form is written, and each of several."""
        self.queue.post()
        for digest in ("a", "b", "a"):
            self.queue.save(digest)
        self.journal.commit()
        self.assertEqual(sorted(self.queue.sessions), ["a", "b"])

    def test_tried_again(self) -> None:
        """Sessions that were not written are tried again at the next sweep; a newer form is not overwritten."""
        self.queue.save("a")
        self.journal.fail(JournalUnavailable("Full."))
        newer = StoredSession(ALICE, "a", "alice", ("dev",), 9, 9.0)
        self.queue.post()
        self.commits.save(newer)
        self.journal.commit()
        self.assertEqual(self.queue.sessions, ["a"])
        self.journal.fail(JournalUnavailable("Full."))
        self.assertEqual(self.journal.pending, [])
        self.commits.sweep()
        self.assertEqual(self.journal.pending, [(newer,)])

    def test_an_older_form_is_not_tried_again(self) -> None:
        """What could not be written is not written after something newer of the same session, whichever came first."""
        newer = StoredSession(ALICE, "a", "alice", ("dev",), 9, 9.0)
        self.queue.save("a")
        self.journal.fail(JournalUnavailable("Full."))
        self.commits.save(newer)
        self.journal.commit()
        self.commits.sweep()
        self.assertEqual(self.queue.sessions, [])
        self.queue.save("a")
        self.commits.save(newer)
        self.journal.fail(JournalUnavailable("Full."))
        self.journal.commit()
        self.commits.sweep()
        self.assertEqual(self.journal.pending, [])

    def test_made_when_sent(self) -> None:
        """What is kept is made when its batch is sent, not before; nothing is written of what is no more."""
        made: list[StoredSession | None] = [StoredSession(ALICE, "a", "alice", (), 0, 0.0)]
        self.queue.post()
        self.commits.keep(ALICE, "a", lambda: made[0])
        self.commits.keep(ALICE, "", lambda: None)
        made[0] = StoredSession(ALICE, "a", "alice", ("dev",), 0, 0.0)
        self.assertEqual(self.commits.unwritten(ALICE, "a"), made[0])
        self.journal.commit()
        self.assertEqual(self.journal.pending, [(made[0],)])
        self.assertEqual(self.commits.unwritten(ALICE, "a"), made[0])
        self.journal.commit()
        self.assertIsNone(self.commits.unwritten(ALICE, "a"))

    def test_no_batch_of_its_own(self) -> None:
        """What need not be kept soon goes with the next batch, or when somebody waits until nothing is left."""
        self.commits.keep(ALICE, "a", lambda: StoredSession(ALICE, "a", "alice", (), 0, 0.0), soon=False)
        self.assertEqual(self.journal.pending, [])
        self.queue.post()
        self.assertEqual(self.queue.sessions, ["a"])
        self.journal.commit()
        self.commits.keep(ALICE, "b", lambda: StoredSession(ALICE, "b", "alice", (), 0, 0.0), soon=False)
        idle = self.commits.when_idle()
        self.assertNoResult(idle)
        self.journal.commit()
        self.successResultOf(idle)

    def test_mark(self) -> None:
        """A mark is delivered with the batch that has what was kept before it, and told whether that was written."""
        for act, told in (
            (self.journal.commit, "list"),
            (lambda: self.journal.fail(JournalUnavailable("Full.")), "JournalUnavailable"),
        ):
            mark = Mark(Receipt())
            self.commits.keep(ALICE, "a", lambda: StoredSession(ALICE, "a", "alice", (), 0, 0.0), soon=False)
            self.commits.post(mark)
            self.assertEqual(self.queue.sessions, ["a"])
            act()
            batch, outcomes = self.queue.delivered[-1]
            self.assertEqual((batch, type(outcomes).__name__), ([mark], told))

    def test_mark_while_the_disk_hangs(self) -> None:
        """Whoever waits for a mark is told when posts are refused, and not only when the commit ends."""
        self.queue.post()
        mark = Mark(Receipt())
        self.commits.post(mark)
        self.queue.wait(11)
        batch, outcomes = self.queue.delivered[-1]
        self.assertEqual(batch, [mark])
        self.assertIsInstance(outcomes, JournalUnavailable)

    def test_account_is_not_dropped(self) -> None:
        """What is kept of an account does not go with its tokens."""
        self.queue.post()
        self.commits.keep(ALICE, "", lambda: StoredSession(ALICE, "", "alice", (), 0, 0.0))
        self.commits.drop(Revoke(ALICE))
        self.journal.commit()
        self.assertEqual(self.queue.sessions, [""])

    def test_not_tried_again(self) -> None:
        """What could not be written is not kept later, if its token has ended meanwhile; the others are."""
        self.queue.post()
        for digest in ("ended", "kept"):
            self.queue.save(digest)
        self.journal.commit()
        self.assertEqual(self.queue.sessions, ["ended", "kept"])
        self.commits.drop(Revoke(ALICE, "kept"))
        self.journal.fail(JournalUnavailable("Full."))
        self.commits.sweep()
        self.assertEqual(self.queue.sessions, ["kept"])

    def test_put_out(self) -> None:
        """Whoever is put out of a room does not wake up there, also if their last session waits to be written."""
        session = StoredSession(ALICE, "a", "alice", ("lobby", "dev"), 0, 0.0, "dev")
        other = StoredSession(AuthorId(2), "b", "bob", ("dev",), 0, 0.0, "dev")
        kept = [replace(session, rooms=("lobby",), current="lobby", lost="dev"), other]
        self.queue.post()
        for one in (session, other):
            self.commits.save(one)
        self.commits.keep(ALICE, "", lambda: None)
        self.commits.put_out(ALICE, "dev")
        self.journal.commit()
        self.assertEqual(self.journal.pending, [tuple(kept)])
        self.commits.put_out(AuthorId(2), "dev")
        self.journal.fail(JournalUnavailable("Full."))
        self.commits.sweep()
        kept[1] = replace(other, rooms=(), current="", lost="dev")
        self.assertEqual(self.journal.pending, [tuple(kept)])

    def test_drop(self) -> None:
        """What waits of an author's sessions is dropped, but the one that is kept; those saved later are written."""
        self.queue.post()
        for digest in ("failed", "kept"):
            self.queue.save(digest)
        self.journal.commit()
        self.journal.fail(JournalUnavailable("Full."))
        self.queue.post()
        self.queue.save("waiting")
        self.commits.save(StoredSession(AuthorId(2), "other", "bob", (), 0, 0.0))
        self.commits.drop(Revoke(ALICE, "kept"))
        self.queue.save("later")
        self.journal.commit()
        self.assertEqual(self.queue.sessions, ["other", "later"])
        self.commits.sweep()
        self.journal.commit()
        self.assertEqual(self.queue.sessions, ["kept"])

    def test_drop_all(self) -> None:
        """Unless one is kept, none is."""
        self.queue.post()
        self.queue.save("waiting")
        self.commits.drop(Revoke(ALICE))
        self.journal.commit()
        self.assertEqual(self.journal.pending, [])


class TroubleTests(StateCase):
    def test_told_once(self) -> None:
        """A trouble is told when it begins, when it is another one, and when it is over."""
        for text in ("Full.", "Full.", "Read-only."):
            self.queue.post()
            self.journal.fail(JournalUnavailable(text))
        self.queue.post()
        self.journal.commit()
        self.queue.post()
        self.journal.commit()
        self.assertEqual(self.queue.troubles, ["Full.", "Read-only.", ""])

    def test_of_one_message(self) -> None:
        """That only something of a batch could not be stored is told its senders, and changes no trouble."""
        refusal = JournalUnavailable("Send it again.", is_general=False)
        for trouble in ("", "Full."):
            if trouble:
                self.queue.post()
                self.journal.fail(JournalUnavailable(trouble))
            self.queue.post()
            self.journal.fail(refusal)
            self.assertIs(self.queue.delivered[-1][1], refusal)
            self.assertEqual(self.commits.trouble, trouble)
        self.assertEqual(self.queue.troubles, ["Full."])

    def test_asked_again(self) -> None:
        """As long as there is trouble the journal is asked each second, with nothing to write."""
        self.queue.post()
        self.journal.fail(JournalUnavailable("Full."))
        self.commits.sweep()
        self.assertEqual(self.journal.pending, [()])
        self.commits.sweep()
        self.assertEqual(len(self.journal.pending), 1)
        self.journal.commit()
        self.commits.sweep()
        self.assertEqual((self.journal.pending, self.commits.trouble), ([], ""))

    def test_figures(self) -> None:
        """How many posts a batch had, and how long it took, is told when it is on disk, and only then."""
        figures: list[tuple[int, float]] = []
        self.commits.on_commit = lambda outcomes, seconds: figures.append((len(outcomes), seconds))
        self.queue.post()
        self.queue.clock.advance(0.5)
        self.journal.commit()
        self.queue.post()
        self.journal.fail(JournalUnavailable("Full."))
        self.assertEqual(figures, [(1, 0.5)])


class WaitingTests(StateCase):
    def test_congested_by_number(self) -> None:
        """Senders wait when so many items wait, and go on when these are on their way."""
        sender = Sender()
        self.queue.post()
        for _ in range(4):
            self.queue.post()
        self.assertFalse(self.commits.congested)
        self.queue.post()
        self.assertTrue(self.commits.congested)
        self.commits.make_wait(sender)
        self.assertTrue(sender.waits)
        self.commits.sweep()
        self.assertTrue(sender.waits)
        self.journal.commit()
        self.assertFalse(sender.waits)
        self.assertEqual(self.queue.state, "Committing")

    def test_congested_by_time(self) -> None:
        """Senders wait when a commit takes more than 2 seconds, and not while posts are refused."""
        sender = Sender()
        self.queue.post()
        self.queue.wait(2)
        self.assertFalse(self.commits.congested)
        self.queue.wait(0.1)
        self.assertTrue(self.commits.congested)
        self.commits.make_wait(sender)
        self.queue.wait(8)
        self.assertEqual((self.queue.state, self.commits.congested, sender.waits), ("Refusing", False, False))

    def refuse(self) -> None:
        """Let a commit take so long that posts are refused."""
        self.queue.post()
        self.queue.wait(11)
        self.assertEqual(self.queue.state, "Refusing")
        self.queue.delivered.clear()

    def test_notices_while_refusing(self) -> None:
        """What waits while posts are refused is bounded as ever: senders wait until it is delivered."""
        sender = Sender()
        self.refuse()
        for _ in range(4):
            self.queue.post("notice")
        self.assertFalse(self.commits.congested)
        self.queue.post("notice")
        self.assertTrue(self.commits.congested)
        self.commits.make_wait(sender)
        self.commits.sweep()
        self.assertTrue(sender.waits)
        self.journal.commit()
        self.assertFalse(sender.waits)
        self.assertEqual([len(batch) for batch, _ in self.queue.delivered], [1, 5])

    def test_typing_while_refusing(self) -> None:
        """Nobody is told later who was typing while the journal did not answer."""
        self.refuse()
        for _ in range(100):
            self.commits.post(Notice(Typing("lobby", "alice", 0.0, True), ("lobby",)))
        self.assertEqual(self.commits.queued, 0)
        self.journal.commit()
        self.assertEqual([len(batch) for batch, _ in self.queue.delivered], [1])

    def test_barrier_while_refusing(self) -> None:
        """A barrier before an end waits for what its origin has posted, and for nothing else that is not answered."""
        origin, other = cast(Any, object()), cast(Any, object())
        self.commits.post(Posting(Draft(Kind.SAID, ALICE, "alice", 0.0, "lobby", "x"), Receipt(), origin))
        self.queue.wait(11)
        self.queue.delivered.clear()
        behind, free = Barrier(origin, then=lambda: None), Barrier(other, then=lambda: None)
        self.commits.post(behind)
        self.commits.post(free)
        self.assertEqual([batch for batch, _ in self.queue.delivered], [[free]])
        self.journal.commit()
        self.assertEqual(self.queue.delivered[-1][0], [behind])

    def test_answers_do_not_wait_for_a_slow_commit(self) -> None:
        """A barrier that only answers waits no longer than senders do, wherever it stands, whoever has posted what."""
        origin = cast(Any, object())
        sent, waiting, later, last = (Barrier(origin, number) for number in range(4))
        said = Posting(Draft(Kind.SAID, ALICE, "alice", 0.0, "lobby", "x"), Receipt(), origin)
        self.queue.at_once = False
        for item in (said, sent):
            self.commits.post(item)
        self.queue.end_turn()
        self.queue.at_once = True
        self.commits.post(waiting)
        self.queue.wait(1)
        self.assertEqual(self.queue.delivered, [])
        self.queue.wait(1.1)
        self.assertEqual([batch for batch, _ in self.queue.delivered], [[sent, waiting]])
        self.commits.post(later)
        self.queue.wait(11)
        self.assertEqual(self.queue.state, "Refusing")
        self.commits.post(last)
        self.journal.commit()
        self.commits.post(sent)
        batches = [batch for batch, _ in self.queue.delivered if batch]
        self.assertEqual(batches, [[sent, waiting], [later], [last], [said], [sent]])

    def test_barriers_look_at_nothing_else(self) -> None:
        """While posts are refused, a barrier is judged without a look at all that waits."""

        looks: list[object] = []

        class Looked(Notice):
            def __getattribute__(self, name: str) -> Any:
                looks.append(name)
                return super().__getattribute__(name)

        self.refuse()
        other = cast(Any, object())
        for _ in range(4):
            self.commits.post(Looked(Announced("x", 0.0), EVERYWHERE))
        looks.clear()
        for _ in range(10):
            self.commits.post(Barrier(other))
        self.assertEqual(looks, [])
        self.assertEqual(len(self.queue.delivered), 10)

    def test_when_idle(self) -> None:
        """It is idle when nothing waits, not even a session, and nothing is in flight."""
        self.successResultOf(self.commits.when_idle())
        self.queue.save("a")
        self.queue.save("b")
        waiting = self.commits.when_idle()
        self.journal.commit()
        self.assertNoResult(waiting)
        self.journal.commit()
        self.successResultOf(waiting)

    def test_idle_with_a_session_to_be_tried_again(self) -> None:
        """A session that is tried again counts as waiting."""
        self.queue.at_once = False
        self.queue.save()
        self.queue.end_turn()
        self.journal.fail(JournalUnavailable("Full."))
        self.commits.trouble = ""
        self.commits.sweep()
        waiting = self.commits.when_idle()
        self.commits.sweep()
        self.assertNoResult(waiting)
        self.queue.end_turn()
        self.journal.commit()
        self.queue.end_turn()
        self.successResultOf(waiting)


class Walk(RuleBasedStateMachine):
    """Anything is posted, and the journal does what it likes: everything is delivered once, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = Queue(at_once=False)
        self.journal, self.commits = self.queue.journal, self.queue.commits
        self.posted: list[Queued] = []
        self.saved: set[str] = set()
        self.expected = "Idle"

    def needs_journal(self, item: Queued) -> bool:
        return item.operation is not None

    @rule(kinds=st.lists(st.sampled_from(["posting", "change", "notice", "barrier"]), min_size=1, max_size=4))
    def post(self, kinds: list[str]) -> None:
        for kind in kinds:
            item = self.queue.item(kind)
            if self.expected in ("Refusing", "Broken") and self.needs_journal(item):
                try:
                    self.commits.post(item)
                except JournalUnavailable:
                    continue
                raise AssertionError("it was taken")
            self.commits.post(item)
            self.posted.append(item)

    @rule(digest=st.sampled_from("ab"))
    def save(self, digest: str) -> None:
        self.queue.save(digest)
        self.saved.add(digest)

    @rule()
    def end_turn(self) -> None:
        self.queue.end_turn()
        if self.expected == "Idle" and self.journal.pending:
            self.expected = "Committing"

    def landed(self) -> None:
        if self.expected != "Broken":
            self.expected = "Committing" if self.journal.pending else "Idle"

    @precondition(lambda self: self.journal.pending)
    @rule()
    def commit(self) -> None:
        self.journal.commit()
        self.landed()

    @precondition(lambda self: self.journal.pending)
    @rule(lasting=st.sampled_from([False, False, False, True]))
    def fail(self, lasting: bool) -> None:
        if lasting:
            self.expected = "Broken"
        self.journal.fail(JournalBroken("I/O error") if lasting else JournalUnavailable("Full."))
        self.landed()

    @rule(seconds=st.sampled_from([1, 6]))
    def wait(self, seconds: int) -> None:
        self.queue.clock.advance(seconds)
        if self.expected == "Committing" and self.commits.delay > 10:
            self.expected = "Refusing"
        self.commits.sweep()
        if self.expected == "Idle" and self.journal.pending:
            self.expected = "Committing"

    @invariant()
    def one_in_flight(self) -> None:
        assert len(self.journal.pending) <= 1
        assert bool(self.journal.pending) == (self.expected in ("Committing", "Refusing"))

    @invariant()
    def state(self) -> None:
        assert self.queue.state == self.expected, (self.queue.state, self.expected)
        assert (self.commits.refusal is None) == (self.expected in ("Idle", "Committing"))
        assert len(self.queue.failures) == (self.expected == "Broken")
        kind: Any = type(self.commits._state)
        assert kind in (type(IDLE), Committing, Refusing, Broken)

    @invariant()
    def in_order(self) -> None:
        """What is not refused is delivered in the order in which it was posted; nothing twice."""
        delivered = [id(item) for batch, _ in self.queue.delivered for item in batch]
        assert len(delivered) == len(set(delivered))
        refused = {
            id(item)
            for batch, outcomes in self.queue.delivered
            for item in batch
            if isinstance(outcomes, Refusal) and self.needs_journal(item)
        }
        order = [id(item) for item in self.posted]
        kept = [order.index(item) for item in delivered if item not in refused]
        assert kept == sorted(kept)

    @invariant()
    def one_outcome_each(self) -> None:
        for batch, outcomes in self.queue.delivered:
            if not isinstance(outcomes, Refusal):
                assert len(outcomes) == sum(item.operation is not None for item in batch)

    def teardown(self) -> None:
        for _ in range(100):
            self.queue.end_turn()
            while self.journal.pending:
                self.journal.commit()
            self.commits.sweep()
        delivered = {id(item) for batch, _ in self.queue.delivered for item in batch}
        assert delivered == {id(item) for item in self.posted}
        assert self.commits.when_idle().called
        if self.expected != "Broken":
            assert {session.digest for session in self.journal.within._sessions.values()} == self.saved  # type: ignore[attr-defined]


Walk.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
WalkTests = Walk.TestCase
