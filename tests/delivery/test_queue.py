"""What waits in the queue, and the receipt that tells what became of it."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.delivery.queue import EVERYWHERE, Barrier, Change, Notice, Posting, Queued, Receipt, take_out
from groupchat.model.drafts import Amendment, Draft, Kind
from groupchat.model.errors import BadArguments, JournalUnavailable
from groupchat.model.events import Announced, AuthorId


class ReceiptTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.receipt = Receipt()
        self.called: list[str] = []

    def settle(self, refusal: "JournalUnavailable | None" = None) -> None:
        """Settle the receipt, and call what is to be called then, as a delivery does."""
        for function in self.receipt.settle(refusal):
            function()

    def test_not_yet(self) -> None:
        """As long as nothing is known nobody is called, and there is no refusal."""
        self.receipt.when_settled(lambda: self.called.append("a"))
        self.assertNoResult(self.receipt.result())
        self.assertEqual((self.called, self.receipt.refusal), ([], None))

    def test_in_order(self) -> None:
        """Everybody who waits is called once, in the order in which they asked."""
        for name in "abc":
            self.receipt.when_settled(lambda name=name: self.called.append(name))  # type: ignore[misc]
        self.settle()
        self.assertEqual(self.called, ["a", "b", "c"])
        self.assertEqual(self.receipt.settle(), [])

    def test_called_by_the_delivery(self) -> None:
        """Settling calls nobody: the delivery does, when everything of the batch was shown."""
        self.receipt.when_settled(lambda: self.called.append("a"))
        functions = self.receipt.settle()
        self.assertEqual(self.called, [])
        for function in functions:
            function()
        self.assertEqual(self.called, ["a"])

    def test_afterwards(self) -> None:
        """Whoever asks when it is settled is called at once, also between settling and the calls of the others."""
        self.receipt.when_settled(lambda: self.called.append("early"))
        functions = self.receipt.settle()
        self.receipt.when_settled(lambda: self.called.append("late"))
        self.assertEqual(self.called, ["late"])
        self.assertEqual(len(functions), 1)

    def test_result(self) -> None:
        """The result comes with the delivery, to each who asked, before and after."""
        before = self.receipt.result()
        self.settle()
        for waiting in (before, self.receipt.result()):
            self.assertIsNone(self.successResultOf(waiting))

    def test_refused(self) -> None:
        """A refusal is kept, and every result fails with it."""
        refusal = JournalUnavailable("The disk is full.")
        before = self.receipt.result()
        self.settle(refusal)
        self.assertIs(self.receipt.refusal, refusal)
        for waiting in (before, self.receipt.result()):
            self.assertIs(self.failureResultOf(waiting, JournalUnavailable).value, refusal)

    def test_changes(self) -> None:
        """A receipt changes nothing unless it says so."""
        self.assertEqual((Receipt().changes, Receipt(changes=True).changes), (False, True))

    def test_again(self) -> None:
        """Unless somebody asks for it, nothing is done once more."""
        self.assertIsNone(Receipt().again)

    @given(st.lists(st.sampled_from(["ask", "settle"])))
    def test_each_once(self, steps: list[str]) -> None:
        """In whatever order people ask and it is settled, each who asked is called exactly once after it is."""
        receipt, called, asked, is_settled = Receipt(), list[int](), 0, False
        for step in steps:
            if step == "ask":
                receipt.when_settled(lambda number=asked: called.append(number))  # type: ignore[misc]
                asked += 1
            else:
                is_settled = True
                for function in receipt.settle(BadArguments("no")):
                    function()
            self.assertEqual(called, list(range(asked)) if is_settled else [])


class ItemTests(SynchronousTestCase):
    """Whatever waits has an operation, or None, so that the queue need not ask what it is."""

    def test_posting(self) -> None:
        """A posting has a draft; unless told otherwise nobody waits for an answer."""
        said = Draft(Kind.SAID, AuthorId(1), "alice", 0.0, "lobby", "hi")
        item = Posting(said, Receipt())
        self.assertIs(item.operation, said)
        self.assertEqual((item.origin, item.awaited, item.text), (None, False, ""))

    def test_change(self) -> None:
        """A change has an operation; unless told otherwise nobody is answered, and Outdated is told as it is."""
        amendment = Amendment(AuthorId(1), 0.0, ())
        item = Change(amendment, Receipt())
        self.assertIs(item.operation, amendment)
        self.assertEqual((item.origin, item.answer, item.outdated), (None, None, {}))

    def test_notice(self) -> None:
        """A notice needs no journal."""
        item = Notice(Announced("Soon.", 0.0), EVERYWHERE)
        self.assertEqual((item.operation, item.rooms), (None, None))

    def test_barrier(self) -> None:
        """A barrier needs no journal and has nothing to show."""
        item = Barrier()
        self.assertEqual((item.operation, item.answer, item.then), (None, None, None))

    def test_everywhere(self) -> None:
        """Everywhere is not the same as in no room."""
        self.assertNotEqual(EVERYWHERE, ())


class TakenOutTests(SynchronousTestCase):
    def test_take_out(self) -> None:
        """Only these very notices are taken out, not what is equal to them, in the order of the batch."""
        first, second, third, other = (Notice(Announced("hello", 1.0), EVERYWHERE) for _ in range(4))
        barrier = Barrier()
        batch: list[Queued] = [first, barrier, second, third]
        taken = take_out(batch, [third, other, first])
        self.assertEqual([id(one) for one in taken], [id(first), id(third)])
        self.assertEqual([id(one) for one in batch], [id(barrier), id(second)])
        self.assertEqual(take_out(batch, [first]), [])
