"""The journal of a node, on a log in memory."""

from collections.abc import Sequence
from dataclasses import replace

from twisted.internet.defer import Deferred
from zope.interface.verify import verifyObject

from groupchat.interfaces.shared_log import Fenced, LiveNode
from groupchat.interfaces.storage import IClusterJournal, IMarkable
from groupchat.journals.cluster.cards import read_card
from groupchat.journals.cluster.cluster_journal import ClusterJournal
from groupchat.journals.cluster.entries import RULES, read_entry
from groupchat.journals.cluster.sentences import STOPPED
from groupchat.journals.logs.memory_log import SharedLog
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Operation, Outcome, Repeated, StoredPost
from groupchat.model.errors import CannotStart, JournalBroken, JournalUnavailable, NickTaken, NodeLost
from groupchat.model.node_operations import Attend, Check, Depart, NodeDown, NodeState, NodeUp, Passing, Place
from tests.journals.cases import amend, session
from tests.journals.cluster.nodes import ClusterCase, FailingJournal, Node
from tests.journals.contract import ALICE, BOB, LOBBY, account, edited, said
from tests.journals.nodes_contract import present


def at(node: Node, author: int = 1, handle: str = "a", **more: object) -> Attend:
    """Say that somebody is at a node."""
    who = {1: ALICE, 2: BOB}[author]
    return Attend(present(who, handle, node.name, node.journal.epoch, **more))


class OneNodeTests(ClusterCase):
    """One node alone."""

    def test_interface(self) -> None:
        """It is a journal, and can be marked."""
        journal = self.node().journal
        verifyObject(IClusterJournal, journal)
        verifyObject(IMarkable, journal)

    def test_post(self) -> None:
        """What is posted is answered when it has come back from the log."""
        node = self.started()
        waiting = node.post(said("a"), said("b", key="k"), said("b", key="k"))
        self.assertIsNone(waiting.outcomes)
        self.pass_time()
        assert waiting.outcomes is not None
        self.assertEqual([type(one) for one in waiting.outcomes], [StoredPost, StoredPost, Repeated])
        self.assertEqual((node.texts, node.journal.head, node.received), (["a", "b"], 2, []))

    def test_nothing(self) -> None:
        """To append nothing takes no entry: it only asks whether anything would be taken."""
        node = self.started()
        before = self.shared.head
        self.assertEqual(node.post().outcomes, [])
        self.assertEqual(self.shared.head, before)

    def test_before_start(self) -> None:
        """Nothing is taken before it has started, nor after it is closed."""
        node = self.node()
        self.assert_refused(node.post(said("a")), "cut off")
        starting = node.start()
        self.pass_time()
        self.successResultOf(starting)
        closing = node.journal.close()
        self.pass_time()
        self.successResultOf(closing)
        self.assert_refused(node.post(said("a")), "closed")

    def test_close_is_given_up(self) -> None:
        """A close that nobody ends leaves nothing that fails later, when it is collected."""
        closing = ClusterJournal.close.__wrapped__(self.started().journal)  # type: ignore[attr-defined]
        next(closing)  # for its goodbye
        closing.send(None)  # for what is being carried out
        closing.send(None)  # for the log
        closing.close()

    def test_closed_while_posting(self) -> None:
        """Whoever waits as it is closed is told; what is in the log is carried out at the next start."""
        inner = _Kept()
        node = self.started(inner=inner)
        node.log.delay = 2.0  # too long for a goodbye
        waiting, unsent = node.post(said("a")), node.post(said("b"))
        self.pass_time(2.5)
        closing = node.journal.close()
        self.pass_time(3)
        self.successResultOf(closing)
        self.assert_refused(waiting, JournalUnavailable.NOT_KNOWN)
        self.assertEqual(str(unsent.error), "The journal is closed.")
        self.assertEqual(node.texts, [])
        self.assertEqual(self.started(inner=inner).texts, ["a"])

    def test_many_operations(self) -> None:
        """More than an entry holds are several entries, and one answer."""
        node = self.started()
        before = self.shared.head
        texts = [f"{number} " + "x" * 3000 for number in range(300)]
        operations = [said(text) for text in texts]
        self.assertLess(node.journal.fitting(operations), 100)
        waiting = node.post(*operations)
        self.pass_time()
        self.assertEqual(waiting.ids, list(range(1, 301)))
        self.assertEqual(node.texts, texts)
        self.assertEqual(self.shared.head - before, 4)
        self.assertLessEqual(max(len(entry.data) for entry in self.shared.entries), 256 * 1024)

    def test_fitting(self) -> None:
        """As many operations as fit in an entry, and at least one."""
        journal = self.started().journal
        self.assertEqual(journal.fitting([said("a")] * 5), 5)
        self.assertEqual(journal.fitting([said("a")] * 1005), 1000)
        self.assertEqual(journal.fitting([said("x" * 200_000)] * 3), 1)
        self.assertEqual(journal.fitting([said("x" * 300_000)] * 3), 1)

    def test_fitted_and_not_appended(self) -> None:
        """What was only asked about is not mistaken for what is appended."""
        node = self.started()
        node.journal.fitting([said("a"), said("\ud800")])
        for number in range(20):
            node.journal.fitting([said("another")])
            waiting = node.post(said(str(number)))
            self.pass_time(0.1)
            self.assertEqual(waiting.ids, [number + 1])
        self.assertEqual(node.texts, [str(number) for number in range(20)])

    def test_too_long(self) -> None:
        """An operation that no entry can hold is refused; those beside it are carried out."""
        node = self.started()
        waiting = node.post(said("a"), said("x" * 300_000), said("b"))
        self.pass_time()
        assert waiting.outcomes is not None
        self.assertEqual([type(one) for one in waiting.outcomes], [StoredPost, JournalUnavailable, StoredPost])
        self.assertEqual(node.texts, ["a", "b"])

    def test_unstorable(self) -> None:
        """What no table takes is refused before it is in the log, where it would hold up every node for ever."""
        node = self.started()
        before = self.shared.head
        for operation in (
            said("\ud800"), replace(said("a"), at=float("nan")), edited(2**70, "x"),
            amend(replace(account(ALICE), since=float("inf")).put()), Passing(ALICE, {"event": {"typing"}}),
        ):  # fmt: skip
            self.assert_refused(node.post(said("fine"), operation), "could not be stored")
        self.pass_time()
        self.assertEqual((self.shared.head, node.texts), (before, []))

    def test_answer_lost(self) -> None:
        """When the answer of the log is lost, the entry is in once all the same."""
        node = self.started()
        node.log.lose_answers = 1
        waiting = node.post(said("a"))
        self.pass_time(3)
        self.assertEqual((waiting.ids, node.texts), ([1], ["a"]))

    def test_restart(self) -> None:
        """A node goes on where it was, in a new epoch, and carries out what came meanwhile."""
        inner = _Kept()
        node, other = self.started(inner=inner), self.started("b1")
        node.post(said("a"))
        self.pass_time()
        epoch = node.journal.epoch
        closing = node.journal.close()
        self.pass_time()
        self.successResultOf(closing)
        other.post(said("b"))
        self.pass_time()
        again = self.started(inner=inner)
        self.assertGreater(again.journal.epoch, epoch)
        self.assertEqual((again.texts, again.journal.head), (["a", "b"], 2))
        self.assertEqual(again.received, [], "the hall reads what was carried out before it opened")

    def test_held_until_open(self) -> None:
        """After the start nothing more is carried out until the hall listens."""
        other = self.started()
        node = self.node("b1")
        starting = node.start()
        self.pass_time()
        self.successResultOf(starting)
        other.post(said("a"))
        waiting = node.post(said("b"))
        self.pass_time(5)
        self.assertEqual((node.texts, waiting.outcomes), ([], None))
        node.open()
        self.pass_time()
        self.assertEqual((node.texts, waiting.ids), (["a", "b"], [2]))
        self.assertEqual([one for one in node.received if isinstance(one, type(said("")))], [said("a")])

    def test_opened_in_the_middle_of_a_transaction(self) -> None:
        """What is carried out together with the entry by which a node has begun is read, and not received too."""
        other = self.started()
        inner = FailingJournal()
        inner.slow = True
        node = self.node("b1", inner)
        starting = node.start()
        read: list[int] = []
        starting.addCallback(self.read_and_open, node, read)
        while not any(b'"node-up","node":"b1"' in entry.data for entry in self.shared.entries):
            if len(inner.waiting) > 0 and self.shared.head % 3 == 0:
                inner.waiting.pop(0).callback(None)
            other.post(said(str(self.shared.head)))
            self.pass_time(0.1)
        for _ in range(3):
            other.post(said("behind"))
            self.pass_time(0.5)
        self.assertNoResult(starting)
        inner.slow = False
        while inner.waiting:
            inner.waiting.pop(0).callback(None)
        self.pass_time(3)
        self.successResultOf(starting)
        self.assertEqual([id for id, _ in node.heads], list(range(read[0] + 1, other.journal.head + 1)))

    def read_and_open(self, _: None, node: Node, read: list[int]) -> None:
        """Do what a hall does: note what is there, and receive everything else."""
        read.append(len(node.texts))
        node.open()

    def test_stopped_as_it_begins(self) -> None:
        """A node does not start when it cannot go on from the entry by which it has begun."""
        other = self.started()
        inner = FailingJournal()
        inner.slow = True
        node = self.node("b1", inner)
        starting = node.start()
        while not any(b'"node-up","node":"b1"' in entry.data for entry in self.shared.entries):
            if inner.waiting:
                inner.waiting.pop(0).callback(None)
            self.pass_time(0.1)
        other.log.append(b'{"v":99,"r":1,"n":"a1","e":1,"i":1,"o":[]}')
        self.pass_time()
        self.assertNoResult(starting)
        while inner.waiting:
            inner.waiting.pop(0).callback(None)
        self.pass_time()
        self.assertIn("upgrade this node", str(self.failureResultOf(starting, CannotStart).value))

    def test_stopped_as_it_begins_again(self) -> None:
        """A node that cannot go on does not start, also while it waits for its place; it is not logged here besides."""
        told = self.logged("It is too old")
        node = self.node()
        node.log.delay = 0.5
        starting = node.start()
        while node.log.begun is None:
            self.pass_time(0.1)
        self.shared.expire("a1")
        self.shared.claim("a1", b"{}")
        self.pass_time(2)
        node.log.cut = True
        self.assertNoResult(starting)
        self.assertTrue(node.log.is_beginning)
        node.journal._applying.stop(CannotStart("It is too old."))
        self.pass_time()
        self.assertIn("too old", str(self.failureResultOf(starting, CannotStart).value))
        node.log.cut = False
        self.pass_time(5)
        self.assertEqual(told, [])

    def test_place_stands_with_the_rows(self) -> None:
        """How far the log is carried out is in the journal."""
        node = self.started()
        node.post(said("a"))
        self.pass_time()
        place = self.successResultOf(node.inner.place())
        assert isinstance(place, Place)
        newest = self.shared.entries[-1]
        self.assertEqual((place.number, place.revision), (newest.number, newest.revision))
        self.assertEqual((place.cluster, len(place.chain)), (self.shared.cluster, 64))

    def test_living_are_logged(self) -> None:
        """Which nodes are alive is logged when it is known first, and when it is different, and not otherwise."""
        told = self.logged(" alive: ")
        self.started()
        self.pass_time(6)
        self.assertEqual(told, ["1 node alive: a1"])
        told.clear()
        other = self.started("b1")
        self.pass_time(6)
        self.assertEqual(sorted({*told}), ["2 nodes alive: a1 b1"])
        told.clear()
        other.journal.close()
        self.pass_time(15)
        self.assertEqual(told, ["1 node alive: a1"])

    def test_standing(self) -> None:
        """It says how it stands."""
        node, other = self.started(version="1.3", address="host:5000"), self.started("b1")
        other.post(said("a"))
        self.pass_time(6)
        standing = node.journal.standing()
        self.assertEqual((standing.node, standing.epoch, standing.trouble), ("a1", node.journal.epoch, ""))
        self.assertEqual((standing.head, standing.applied, standing.lag), (3, 3, 0.0))
        self.assertEqual(sorted(standing.nodes), ["a1", "b1"])
        card = standing.nodes["a1"]
        self.assertEqual((card.version, card.address, card.applied, card.rules), ("1.3", "host:5000", 3, RULES))
        self.assertLess(standing.lease_age, 5)
        self.assertEqual(standing.live_age, 0.0)
        node.log.cut = True
        node.post(said("b"))
        self.pass_time(4)
        standing = node.journal.standing()
        self.assertIn("cannot be reached", standing.trouble)
        self.assertGreater(standing.append_seconds, 3)
        self.assertGreater(standing.lease_age, 3)
        self.assertGreater(standing.live_age, 3)


class TwoNodesTests(ClusterCase):
    def setUp(self) -> None:
        super().setUp()
        self.a, self.b = self.started("a1"), self.started("b1")

    def test_late_session(self) -> None:
        """What a node still keeps of a connection that is at another node by then does not count anywhere."""
        digest = "a" * 64
        before, after = session(ALICE, "a"), replace(session(ALICE, "a"), position=9)
        self.a.post(at(self.a, handle=digest), before)
        self.pass_time()
        self.b.post(replace(at(self.b, handle=digest), takes=True), after)
        self.pass_time()
        self.a.post(before)
        self.pass_time()
        for node in (self.a, self.b):
            self.assertEqual(self.successResultOf(node.inner.recall(digest)), after)

    """Several nodes on one log."""

    def test_posts(self) -> None:
        """Both have everything in one order; each hall is told of what the other posted, as it comes."""
        first, second = self.a.post(said("a"), said("aa")), self.b.post(said("b", BOB))
        self.pass_time()
        self.assertEqual(sorted(first.ids + second.ids), [1, 2, 3])
        self.assertEqual(self.a.texts, self.b.texts)
        self.assertIn(said("b", BOB), self.a.received)
        self.assertNotIn(said("b", BOB), self.b.received)
        self.assertIn(said("aa"), self.b.received)

    def test_head_is_in_step(self) -> None:
        """When a post is handed out, the head has reached it, and none that comes later, though they are on disk."""
        self.b.log.cut = True
        for number in range(5):
            self.a.post(said(str(number)), said(f"{number}b"))
            self.pass_time(0.5)
        self.b.log.cut = False
        self.pass_time(3)
        self.assertEqual([id for id, _ in self.b.heads], list(range(1, 11)))
        for id, head in self.b.heads:
            self.assertIn(head, (id, id + 1), "the two of one entry come together")

    def test_nickname_is_claimed_once(self) -> None:
        """Of two nodes that claim a nickname at the same moment, one gets it, and both know whose it is."""
        first, second = self.a.post(at(self.a)), self.b.post(at(self.b, 2, "b", nick="alice"))
        self.pass_time()
        outcomes = [first.outcomes, second.outcomes]
        self.assertEqual([type(one[0]) for one in outcomes if one], [type(None), NickTaken])
        self.assertEqual(self.a.presences, self.b.presences)
        self.assertEqual(len(self.a.presences), 1)

    def test_passing(self) -> None:
        """What passes comes to the others in its order, and leaves nothing."""
        self.a.post(said("a"), Passing(ALICE, {"event": "typing"}), said("b"))
        self.pass_time()
        self.assertEqual(self.b.received[-2], Passing(ALICE, {"event": "typing"}))
        self.assertEqual(self.b.journal.head, 2)

    def test_node_dies(self) -> None:
        """The people of a node that ends are gone at the others within its lease and little more."""
        self.a.post(at(self.a))
        self.b.post(at(self.b, 2, "b"))
        self.pass_time()
        ended = self.a.journal.epoch
        closing = self.a.journal.close()
        self.pass_time(3)
        self.successResultOf(closing)
        self.assert_ended(ended, is_stopped=True)

    def assert_ended(self, epoch: int, is_stopped: bool) -> NodeDown:
        """See that this epoch of a1 has ended once, and what is remembered of it."""
        downs = [one for one in self.b.received if isinstance(one, NodeDown)]
        self.assertEqual([(one.node, one.epoch, one.stopped) for one in downs], [("a1", epoch, is_stopped)])
        self.assertEqual([one.handle for one in self.b.presences], ["b"])
        state = NodeState(epoch, False, downs[0].at, downs[0].applied, is_stopped)
        self.assertEqual(self.b.journal.standing().gone, {"a1": state})
        self.assertEqual(self.successResultOf(self.b.inner.nodes())["a1"], state)
        self.assertEqual(set(self.b.journal.standing().nodes), {"b1"})
        return downs[0]

    def test_node_is_lost(self) -> None:
        """A node that cannot say that it is stopped does not wait long for that, and is noticed to be gone."""
        self.a.post(at(self.a))
        self.b.post(at(self.b, 2, "b"))
        self.pass_time()
        ended = self.a.journal.epoch
        self.a.log.delay = 3.0
        closing = self.a.journal.close()
        self.pass_time(4)
        self.successResultOf(closing)
        self.pass_time(15)
        self.assert_ended(ended, is_stopped=False)

    def test_goodbye(self) -> None:
        """What was said before the goodbye is before it, it is told at once, and nothing is said behind it."""
        inner = _Kept()
        node = self.started("c1", inner)
        waiting = node.post(said("last", ALICE))
        known = len(self.shared.entries)
        node.journal.close()
        self.assert_refused(node.post(said("behind", ALICE)), "The journal is closed.")
        self.pass_time(0.3)
        self.assertIsNotNone(waiting.outcomes)
        self.assertIsInstance(read_entry(self.shared.entries[-1].data).operations[0], NodeDown)
        self.assertEqual(len(self.shared.entries), known + 2)
        self.assertEqual((self.b.texts, set(self.b.journal.standing().gone)), (["last"], {"c1"}))
        self.pass_time()
        again = self.started("c1", inner)
        self.assertEqual(self.b.journal.standing().gone, {})
        self.assertEqual(set(self.b.journal.standing().nodes), {"a1", "b1", "c1"})
        self.assertEqual(again.texts, ["last"])

    def test_between_goodbye_and_lease(self) -> None:
        """A node that has said that it is stopped is one that lives no longer, also while its lease holds."""
        epoch = self.a.journal.epoch
        self.a.journal._say_goodbye()
        self.pass_time(0.2)
        self.b.journal._show_card(replace(self.b.journal._card, applied=7))
        self.pass_time(0.2)
        self.assertEqual(self.shared.leases["a1"].epoch, epoch)
        standing = self.b.journal.standing()
        self.assertEqual((set(standing.nodes), set(standing.gone)), ({"b1"}, {"a1"}))
        self.assertTrue(self.b.journal._living.is_first)

    def test_node_is_cut_off(self) -> None:
        """So are those of one that is cut off; it is told so, begins anew, and claims its nicknames again."""
        self.a.post(at(self.a))
        self.pass_time()
        before = self.a.journal.epoch
        self.a.log.cut = True
        self.pass_time(15)
        self.assertEqual(self.b.presences, [])
        self.assertEqual(set(self.b.journal.standing().gone), {"a1"})
        self.b.post(at(self.b, 2, "b", nick="alice"))
        waiting = self.a.post(said("late"))
        self.pass_time(3)
        self.a.log.cut = False
        self.pass_time(15)
        self.assert_refused(waiting, "cut off")
        assert isinstance(waiting.error, JournalUnavailable)
        self.assertFalse(waiting.error.is_general)  # whoever said it is told; others are not to send anything again
        self.assertEqual((self.a.happened, self.b.happened), (["fenced", "begun"], []))
        self.assertGreater(self.a.journal.epoch, before)
        self.assertNotIn("late", self.b.texts)
        claim = self.a.post(at(self.a))
        self.pass_time()
        assert claim.outcomes is not None
        self.assertIsInstance(claim.outcomes[0], NickTaken)
        self.assertEqual(self.a.presences, self.b.presences)
        self.assertEqual(self.a.texts, self.b.texts)
        self.assertIn(NodeUp("a1", self.a.journal.epoch), self.a.received, "its own hall is told too")
        self.assertEqual([node.journal.standing().gone for node in (self.a, self.b)], [{}, {}])

    def test_own_end(self) -> None:
        """A node that carries out that its own epoch has ended is not gone for itself."""
        self.a.journal._living.note([NodeDown("a1", self.a.journal.epoch)], [None])
        self.assertEqual(self.a.journal.standing().gone, {})

    def test_older_epoch_is_void(self) -> None:
        """What an older epoch says of somebody is refused by name."""
        old = at(self.a)
        self.shared.expire("a1")
        self.pass_time(3)
        waiting = self.a.post(old)
        self.pass_time()
        assert waiting.outcomes is not None
        self.assertIsInstance(waiting.outcomes[0], NodeLost)

    def test_fenced_with_the_entry_in(self) -> None:
        """When the lease ends while the answer is lost, but the entry is in the log, its outcomes are given."""
        self.a.log.lose_answers = 1
        waiting = self.a.post(said("a"))
        self.clock.advance(0)
        self.shared.expire("a1")
        self.pass_time(15)
        self.assertEqual((waiting.ids, self.a.texts, self.b.texts), ([1], ["a"], ["a"]))
        self.assertEqual(self.a.happened, ["fenced", "begun"])

    def test_fenced_with_the_entry_in_and_not_read_yet(self) -> None:
        """As long as the entry may still come, nobody is told anything."""
        inner = FailingJournal()
        c = self.started("c1", inner)
        inner.error = JournalUnavailable("The disk is full.")
        c.log.lose_answers = 1
        waiting = c.post(said("c"))
        self.clock.advance(0)
        self.shared.expire("c1")
        self.pass_time(15)
        self.assertEqual((waiting.outcomes, waiting.error, c.happened), (None, None, ["fenced"]))
        inner.error = None
        self.pass_time(5)
        self.assertEqual((waiting.ids, c.happened), ([1], ["fenced", "begun"]))

    def test_fenced_with_the_entry_not_in(self) -> None:
        """When it is not, that is certain: it never will be."""
        self.a.log.delay = 0.5
        waiting = self.a.post(said("a"))
        self.shared.expire("a1")
        self.pass_time(15)
        self.assert_refused(waiting, "Send it again")
        self.assertEqual((self.a.texts, self.b.texts), ([], []))

    def test_noticed_by_what_is_refused(self) -> None:
        """A node that is not told that its lease has ended notices it as soon as the log refuses an entry."""
        watch = self.a.journal._living._watch
        assert watch is not None
        watch.stop()
        self.shared.expire("a1")
        self.pass_time()
        self.assertEqual(self.a.happened, [])
        waiting = self.a.post(said("a"))
        self.pass_time(15)
        self.assert_refused(waiting, "Send it again")
        self.assertEqual(self.a.happened, ["fenced", "begun"])

    def test_another_process_meanwhile(self) -> None:
        """If another process has this node's name when it wants to begin again, everybody who waits is told so."""
        node, words = self.a, "Another process is running as node “a1”"
        node.log.delay = 0.05
        waiting = [node.post(said(f"{n}", ALICE)) for n in range(3)]
        self.shared.expire("a1")
        claimed = self.shared.claim("a1", b"{}")

        def renew() -> None:
            self.shared.renew("a1", claimed.epoch)
            if self.clock.seconds() < 30:
                self.clock.callLater(1, renew)

        renew()
        self.pass_time(40)
        for one in waiting:
            self.assertIsInstance(one.error, JournalUnavailable)
        standing = node.journal.standing()
        self.assertIn(words, standing.trouble)
        self.assertEqual((standing.stopped, standing.is_another_well), (STOPPED, True))
        self.assert_refused(node.post(said("later", ALICE)), STOPPED)
        here = self.b.post(said("here", BOB))
        self.pass_time()
        self.assertIsNotNone(here.outcomes)

    def test_fenced_between_the_entries_of_a_batch(self) -> None:
        """When some entries of a batch are in, each operation has the outcome that is true of it."""
        self.a.log.delay = 0.2
        waiting = self.a.post(*[said(f"{number} " + "x" * 3000) for number in range(200)])
        self.pass_time(0.6)
        self.shared.expire("a1")
        self.pass_time(15)
        assert waiting.outcomes is not None
        kinds = [type(one) for one in waiting.outcomes]
        many = kinds.count(StoredPost)
        self.assertTrue(0 < many < 200)
        self.assertEqual(kinds, [StoredPost] * many + [JournalUnavailable] * (200 - many))
        self.assertEqual((len(self.a.texts), self.a.texts), (many, self.b.texts))

    def test_fenced_with_the_first_entry_of_a_batch_in(self) -> None:
        """What is in is told as that, also if nothing but the log itself has said so."""
        self.a.log.lose_answers = 1
        waiting = self.a.post(*[said(f"{number} " + "x" * 3000) for number in range(100)])
        self.clock.advance(0)
        self.shared.expire("a1")
        self.pass_time(15)
        assert waiting.outcomes is not None, waiting.error
        many = len(self.a.texts)
        self.assertTrue(0 < many < 100)
        kinds = [type(one) for one in waiting.outcomes]
        self.assertEqual(kinds, [StoredPost] * many + [JournalUnavailable] * (100 - many))

    def test_refused_while_fenced(self) -> None:
        """Nothing is taken until the node has begun anew."""
        self.shared.expire("a1")
        self.a.log.delay = 0.3
        self.pass_time(0.4)
        self.assertEqual(self.a.happened, ["fenced"])
        self.assert_refused(self.a.post(said("a")), "cut off")
        self.pass_time(5)
        waiting = self.a.post(said("b"))
        self.pass_time(3)
        self.assertEqual(waiting.ids, [1])

    def test_fenced_again_as_it_begins(self) -> None:
        """A lease that ends before the node has said that it is back: it begins once more."""
        self.shared.expire("a1")
        self.a.log.delay = 0.5
        while "a1" not in self.shared.leases:
            self.pass_time(0.1)
        self.shared.expire("a1")
        self.pass_time(20)
        self.assertEqual(self.a.happened, ["fenced", "begun"])
        self.assertEqual(self.a.journal.epoch, self.shared.leases["a1"].epoch)
        waiting = self.a.post(said("a"))
        self.pass_time(5)
        self.assertEqual((waiting.ids, self.b.texts), ([1], ["a"]))

    def test_minority(self) -> None:
        """Without most servers nothing is answered, and nothing lost when they are back."""
        self.shared.has_quorum = False
        waiting = self.a.post(said("a"))
        self.pass_time(30)
        self.assertEqual((waiting.outcomes, waiting.error), (None, None))
        self.shared.has_quorum = True
        self.pass_time(3)
        self.assertEqual((waiting.ids, self.b.texts), ([1], ["a"]))
        self.assertEqual(self.a.happened, [])

    def test_same_name_twice(self) -> None:
        """A second process with the name of a living node does not start."""
        self.assertIn("a1", self.refused(self.node("a1")))

    def test_node_that_is_back_is_not_put_down(self) -> None:
        """Nobody says that a node has ended that has just begun anew."""
        for _ in range(5):
            self.shared.expire("a1")
            self.pass_time(4)
            self.a.post(at(self.a))
            self.pass_time(0.5)
            self.assertEqual([one.epoch for one in self.b.presences], [self.a.journal.epoch])

    def test_depart(self) -> None:
        """Whoever leaves is gone everywhere."""
        self.a.post(at(self.a))
        self.a.post(Depart("a", "a1", self.a.journal.epoch, "bye"))
        self.pass_time()
        self.assertEqual((self.a.presences, self.b.presences), ([], []))
        self.assertIn(Depart("a", "a1", self.a.journal.epoch, "bye"), self.b.received)


class CardTests(ClusterCase):
    """What a node shows of itself."""

    def test_newest_stands(self) -> None:
        """Cards are shown one after the other, so that none overtakes a newer one; a failure is made good."""
        node = self.started()
        cards: list[int] = []
        waiting: list[Deferred[None]] = []

        def show(card: bytes) -> "Deferred[None]":
            cards.append(read_card(LiveNode(1, card)).applied)
            waiting.append(Deferred())
            return waiting[-1]

        node.log.show = show  # type: ignore[method-assign]
        for _ in range(3):
            node.post(said("a"))
            self.pass_time(6)
        self.assertEqual(len(cards), 1)
        waiting[0].callback(None)
        self.assertEqual(cards[1:], [node.journal.standing().applied])
        waiting[1].errback(Fenced(1))
        self.pass_time(6)
        self.assertEqual(cards[2:], cards[1:2])


class FlushedTests(ClusterCase):
    """The log may forget what all nodes have on their disks."""

    def test_shown(self) -> None:
        """A card says how far a node is when that is flushed, not before."""
        inner = _Flushing()
        node = self.started(inner=inner)
        node.post(said("a"))
        self.pass_time(1)
        place = node.journal.standing().applied
        inner.waiting = []
        self.pass_time(6)
        shown = node.journal.standing().nodes["a1"].applied
        self.assertLess(shown, place)
        (flushed,) = inner.waiting
        flushed.callback(None)
        self.pass_time(1)
        self.assertEqual(node.journal.standing().nodes["a1"].applied, place)

    def test_failed(self) -> None:
        """A node whose disk does not take what was answered stops at once, also where nothing more is said."""
        inner = _Flushing()
        node = self.started(inner=inner)
        node.post(said("a"))
        self.pass_time(1)
        shown = node.journal.standing().nodes["a1"].applied
        inner.waiting = []
        self.pass_time(6)
        inner.waiting[0].errback(JournalBroken("The disk is broken."))
        self.assertEqual([str(failure.value) for failure in node.failures], ["The disk is broken."])
        self.pass_time(1)
        self.assertEqual(node.journal.standing().nodes["a1"].applied, shown)
        self.assertIsInstance(node.post(said("b")).error, JournalBroken)


class _Flushing(MemoryJournal):
    """A journal that is flushed when the test says so, once ``waiting`` is a list."""

    waiting: "list[Deferred[None]] | None" = None

    def flushed(self) -> "Deferred[None]":
        if self.waiting is None:
            return super().flushed()
        self.waiting.append(Deferred())
        return self.waiting[-1]


class _Kept(MemoryJournal):
    """A journal in memory that outlives its process."""

    def close(self):  # type: ignore[no-untyped-def]
        answer = super().close()
        self._closed = False
        return answer


class _KeptFailing(_Kept, FailingJournal):
    """One whose disk may be full, or fail, too."""

    def __init__(self) -> None:
        super().__init__()
        self._left = -1
        self._failure: Exception | None = None

    def fails_after(self, appends: int, error: Exception) -> None:
        """Take this many appends more, and then fail."""
        self._left, self._failure = appends, error

    def append(self, operations: Sequence[Operation]) -> "Deferred[list[Outcome]]":
        if self._left == 0:
            self.error = self._failure
        self._left -= 1
        return super().append(operations)


class BeginningTests(ClusterCase):
    """Which journal can join which log."""

    def with_posts(self, *texts: str) -> MemoryJournal:
        journal = _Kept()
        self.successResultOf(journal.append([said(text) for text in texts]))
        return journal

    def test_existing_server(self) -> None:
        """A server that was alone begins a cluster with its history."""
        node = self.started(inner=self.with_posts("a", "b"))
        waiting = node.post(said("c"))
        self.pass_time()
        self.assertEqual((waiting.ids, node.texts), ([3], ["a", "b", "c"]))

    def test_copy_joins(self) -> None:
        """Another node with the same history joins."""
        self.started(inner=self.with_posts("a", "b"))
        self.assertEqual(self.started("b1", self.with_posts("a", "b")).texts, ["a", "b"])

    def test_other_history(self) -> None:
        """A node with another history is refused, says how to get it, and has changed nothing."""
        self.started(inner=self.with_posts("a", "b")).post(said("c"))
        for texts in (["a"], ["a", "c"], ["a", "b", "c"], []):
            inner = self.with_posts(*texts)
            self.assertIn("groupchat seed", self.refused(self.node("b1", inner)))
            self.assertIsNone(self.successResultOf(inner.place()))
            self.assertEqual(len(self.successResultOf(inner.page(LOBBY, 0, 9, 9))), len(texts))

    def test_two_begin_at_once(self) -> None:
        """Of two servers with their own histories that begin a cluster at the same moment, one does."""
        nodes = [self.node("a1", self.with_posts("a")), self.node("b1", self.with_posts("b"))]
        starting = [node.start() for node in nodes]
        self.pass_time(3)
        self.successResultOf(starting[0])
        self.failureResultOf(starting[1])
        nodes[0].open()
        self.assertEqual(nodes[0].texts, ["a"])

    def test_cut_off_as_it_begins(self) -> None:
        """A log whose first entry was refused, since the lease had ended, begins with what its first node has."""
        node = self.node("a1", self.with_posts("a"))
        node.log.delay = 0.5
        starting = node.start()
        while "a1" not in self.shared.leases:
            self.pass_time(0.1)
        self.assertEqual(self.shared.entries, [])
        self.shared.expire("a1")
        self.pass_time(20)
        self.successResultOf(starting)
        node.open()
        self.assertEqual(node.texts, ["a"])
        first = read_entry(self.shared.entries[0].data)
        self.assertIsInstance(first.operations[0], Check)
        self.assertEqual(sum(isinstance(one, Check) for one in first.operations), 1)
        other = self.started("b1", self.with_posts("a"))
        self.assertEqual(other.texts, ["a"])

    def test_three_empty_ones(self) -> None:
        """Nodes with nothing begin a cluster together, in whichever order."""
        nodes = [self.node(name) for name in ("c1", "a1", "b1")]
        starting = [node.start() for node in nodes]
        self.pass_time(3)
        for started, node in zip(starting, nodes, strict=True):
            self.successResultOf(started)
            node.open()
        nodes[0].post(said("a"))
        self.pass_time()
        self.assertEqual([node.texts for node in nodes], [["a"]] * 3)

    def test_disk_full_as_it_begins(self) -> None:
        """A server whose disk is full does not begin a cluster, says why, and can as soon as there is room."""
        inner = _KeptFailing()
        self.successResultOf(inner.append([said("a")]))
        inner.error = JournalUnavailable("The disk is full.")
        told = self.refused(self.node(inner=inner))
        self.assertEqual(told, "No cluster can begin with this journal just now: The disk is full.")
        self.assertEqual((self.shared.leases, self.successResultOf(inner.place())), ({}, None))
        inner.error = None
        node = self.started(inner=inner)
        waiting = node.post(said("b"))
        self.pass_time()
        self.assertEqual((waiting.ids, node.texts), ([2], ["a", "b"]))

    def failing(self, error: Exception, after: int) -> "_KeptFailing":
        """Make a journal with one message whose disk fails once it has taken some more appends."""
        inner = _KeptFailing()
        self.successResultOf(inner.append([said("a")]))
        inner.fails_after(after, error)
        return inner

    def assert_begun_after_all(self, inner: "_KeptFailing", number: int) -> None:
        """See that the server becomes the first node once its disk is well, and that a copy of it can join."""
        inner.error = None
        node = self.started(inner=inner)
        waiting = node.post(said("b"))
        self.pass_time()
        self.assertEqual((waiting.ids, node.texts), ([2], ["a", "b"]))
        self.assertEqual(self.started("b1", self.with_posts("a")).texts, ["a", "b"])
        place = self.successResultOf(inner.place())
        assert place is not None
        self.assertGreater(place.number, number)

    def test_disk_fails_as_it_begins(self) -> None:
        """A server whose disk fails when it looks what it has leaves nothing in the log."""
        inner = self.failing(JournalBroken("The disk has failed."), 0)
        node = self.node(inner=inner)
        starting = node.start()
        self.pass_time()
        self.failureResultOf(starting, JournalBroken)
        closing = node.journal.close()
        self.pass_time()
        self.successResultOf(closing)
        self.assertEqual((self.shared.entries, self.shared.leases), ([], {}))
        self.assert_begun_after_all(inner, 0)

    def test_disk_fails_in_the_middle(self) -> None:
        """One whose disk fails when the cluster has begun in the log, and not yet on it, goes on from there later."""
        for after in (1, 2):
            self.shared = SharedLog(self.clock)
            inner = self.failing(JournalBroken("The disk has failed."), after)
            node = self.node(inner=inner)
            starting = node.start()
            self.pass_time()
            self.failureResultOf(starting, JournalBroken)
            self.assertEqual(len(node.failures), 1)
            closing = node.journal.close()
            self.pass_time()
            self.successResultOf(closing)
            self.assertEqual((len(self.shared.entries), self.shared.leases), (1, {}))
            self.assertIsNone(self.successResultOf(inner.place()))
            self.assert_begun_after_all(inner, 1)
            self.close()
            self.nodes.clear()

    def test_disk_full_in_the_middle(self) -> None:
        """One whose disk becomes full then waits, tells why, and begins when there is room; or can be stopped."""
        for after, is_stopped in ((1, False), (2, False), (1, True), (2, True)):
            self.shared = SharedLog(self.clock)
            inner = self.failing(JournalUnavailable("The disk is full."), after)
            node = self.node(inner=inner)
            starting = node.start()
            self.pass_time(20)
            self.assertNoResult(starting)
            self.assertIn("The disk is full.", node.journal.standing().trouble)
            self.assert_refused(node.post(said("b")), "")
            if is_stopped:
                closing = node.journal.close()
                self.pass_time()
                self.successResultOf(closing)
                self.failureResultOf(starting)
                self.assertEqual((len(self.shared.entries), self.shared.leases), (1, {}))
                self.assert_begun_after_all(inner, 1)
            else:
                inner.error = None
                self.pass_time(3)
                self.successResultOf(starting)
                node.open()
                self.assertEqual((node.texts, node.journal.standing().trouble), (["a"], ""))
                self.assertEqual(self.started("b1", self.with_posts("a")).texts, ["a"])
            self.close()
            self.nodes.clear()

    def test_another_cluster(self) -> None:
        """A journal of another cluster is refused."""
        inner = self.with_posts()
        self.started(inner=inner)
        self.close()
        self.shared = SharedLog(self.clock)
        self.nodes = []
        told = self.refused(self.node(inner=inner))
        self.assertIn("belongs to the cluster", told)
        self.assertIn("Nothing was ever said in that log, and no node can be seeded from it.", told)
        self.assertIn("groupchat cluster leave", told)
        self.started("b1", self.with_posts("a"))
        told = self.refused(self.node(inner=inner))
        self.assertIn("seed this one from it: groupchat seed --replace", told)
        self.assertIn("groupchat cluster leave", told)

    def test_older_log(self) -> None:
        """A log that lacks what was carried out is refused."""
        inner = self.with_posts()
        node = self.started(inner=inner)
        node.post(said("a"))
        self.pass_time()
        closing = node.journal.close()
        self.pass_time()
        self.successResultOf(closing)
        self.shared.head -= 1
        self.shared.entries.pop()
        self.assertIn("older copy", self.refused(self.node(inner=inner)))

    def test_compacted(self) -> None:
        """A node that lacks what the log no longer has is told which command helps."""
        node = self.started()
        for number in range(5):
            node.post(said(str(number)))
            self.pass_time(0.5)
        self.shared.compact(self.shared.entries[-1].revision)
        self.assertIn("groupchat seed --from", self.refused(self.node("b1")))

    def test_strange_log(self) -> None:
        """A log that no node of groupchat has begun is refused."""
        lease = self.shared.claim("x", b"{}")
        self.shared.append("x", lease.mark, 1, b'{"v":1,"r":1,"n":"x","e":1,"i":1,"o":[]}')
        self.assertIn("not begun by", self.refused(self.node()))


class TroubleTests(ClusterCase):
    """What goes wrong at one node stays there."""

    def test_full_disk(self) -> None:
        """While a node's disk is full it carries out nothing, refuses by name, and goes on when there is room."""
        inner = FailingJournal()
        a, b = self.started("a1", inner), self.started("b1")
        inner.error = JournalUnavailable("The disk is full.")
        waiting = a.post(said("a"))
        b.post(said("b"))
        self.pass_time(5)
        self.assertIsNone(waiting.outcomes)
        self.assertEqual((a.texts, b.texts), ([], ["a", "b"]))
        self.assert_refused(a.post(said("c")), "The disk is full.")
        self.assert_refused(a.post(), "The disk is full.")
        self.assertEqual(a.journal.standing().trouble, "The disk is full.")
        self.assertGreater(a.journal.standing().lag, 4)
        inner.error = None
        self.pass_time(2)
        self.assertEqual((waiting.ids, a.texts), ([1], ["a", "b"]))
        self.assertEqual(a.journal.standing().trouble, "")
        self.assertEqual([len(a.failures), a.happened], [0, []])

    def test_closed_with_a_full_disk(self) -> None:
        """A node whose disk is full can be stopped."""
        inner = FailingJournal()
        node = self.started(inner=inner)
        inner.error = JournalUnavailable("The disk is full.")
        waiting = node.post(said("a"))
        self.pass_time()
        closing = node.journal.close()
        self.pass_time(0.1)
        self.successResultOf(closing)
        self.assertIsInstance(waiting.error, JournalUnavailable)

    def test_closed_while_writing(self) -> None:
        """What is being written as a node is closed is finished first."""
        inner = FailingJournal()
        node = self.started(inner=inner)
        inner.slow = True
        node.post(said("a"))
        self.pass_time()
        closing = node.journal.close()
        self.pass_time()
        self.assertNoResult(closing)
        self.assertFalse(inner.closed)
        inner.waiting.pop().callback(None)
        self.pass_time()
        self.successResultOf(closing)
        self.assertTrue(inner.closed)

    def test_broken(self) -> None:
        """A journal that can no longer be trusted acknowledges nothing more."""
        inner = FailingJournal()
        node, other = self.started(inner=inner), self.started("b1")
        inner.error = JournalBroken("The disk has failed.")
        waiting = node.post(said("a"))
        self.pass_time()
        self.assertIsInstance(waiting.error, JournalBroken)
        self.assertIsInstance(node.post(said("b")).error, JournalBroken)
        self.assertEqual([failure.type for failure in node.failures], [JournalBroken])
        self.assertEqual(other.texts, ["a"])

    def test_newer_rules(self) -> None:
        """A node that does not know the rules of an entry stops there, and says that it must be upgraded."""
        old = self.started("a1", rules=1)
        new = self.started("b1", rules=2)
        new.post(said("before"))
        self.pass_time()
        self.assertEqual((old.texts, new.journal._applying.place.rules), (["before"], 1))
        closing = old.journal.close()
        self.pass_time(8)
        self.successResultOf(closing)
        self.assertEqual(new.journal._applying.place.rules, 2, "all who live know them")
        new.post(said("after"))
        self.pass_time()
        self.assertIn("upgrade this node", self.refused(self.node("c1", rules=1)))
        self.assertEqual(self.started("d1", rules=2).texts, ["before", "after"])

    def test_no_goodbye_by_older_rules(self) -> None:
        """While a node lives that knows the older rules only, nothing is said that it could not read."""
        old, new = self.started("a1", rules=1), self.started("b1")
        closing = new.journal.close()
        self.pass_time(5)
        self.successResultOf(closing)
        standing = old.journal.standing()
        self.assertEqual((standing.gone["b1"].stopped, standing.trouble), (False, ""))

    def test_rules_of_a_new_log(self) -> None:
        """Whoever begins a log does so by the newest rules, which are known to everybody there is."""
        first = self.started("a1", rules=3)
        place = self.successResultOf(first.inner.place())
        assert place is not None
        self.assertEqual((place.rules, place.number), (3, 1))
        self.assertEqual(self.started("b1", rules=3).journal._applying.place.rules, 3)
        self.assertIn("upgrade this node", self.refused(self.node("c1", rules=2)))

    def test_unknown_operation(self) -> None:
        """Nothing is skipped: what stands before is carried out, posts are refused, and the other goes on."""
        told = self.logged("upgrade this node")
        node, other = self.started(), self.started("b1")
        other.post(said("before"))
        self.pass_time()
        lease = self.shared.claim("new", b'{"rules":1}')
        strange = b'{"v":1,"r":1,"n":"new","e":%d,"i":1,"o":[{"op":"sing"}]}' % lease.epoch
        waiting = node.post(said("behind"))
        self.shared.append("new", lease.mark, 1, strange)
        self.pass_time()
        self.assertIn(STOPPED, str(waiting.error))
        self.assert_refused(node.post(said("more")), STOPPED)
        self.assertIn("upgrade this node", node.journal.standing().trouble)
        self.assertEqual(node.texts, ["before"])
        self.assertEqual(node.failures, [])
        self.assertEqual(len([one for one in told if one.startswith("This node takes no messages")]), 2, "each, once")
        self.assertEqual(len(told), 2)

    def test_broken_order(self) -> None:
        """An entry that does not follow is not carried out."""
        node = self.started()
        lease = self.shared.claim("x", b"{}")
        self.shared.head += 1
        data = b'{"v":1,"r":1,"n":"x","e":%d,"i":1,"o":[]}' % lease.epoch
        self.shared.append("x", lease.mark, 1, data)
        self.pass_time()
        self.assertIn("not whole", node.journal.standing().trouble)
        self.assert_refused(node.post(said("a")), STOPPED)

    def test_compacted_while_cut_off(self) -> None:
        """A node that was cut off for longer than the log reaches back says which command helps."""
        a, b = self.started("a1"), self.started("b1")
        b.log.cut = True
        for number in range(5):
            a.post(said(str(number)))
            self.pass_time(0.5)
        self.shared.compact(self.shared.entries[-1].revision)
        b.log.cut = False
        self.pass_time(5)
        self.assertIn("groupchat seed --from", b.journal.standing().trouble)
        self.assert_refused(b.post(said("x")), STOPPED)

    def test_fault_of_the_hall(self) -> None:
        """What goes wrong as something is handed on does not hold up what comes behind."""
        a, b = self.started("a1"), self.started("b1")

        def fail(operations: object, outcomes: object) -> None:
            raise ZeroDivisionError

        a.journal.on_received = fail
        b.post(said("b"))
        self.pass_time()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        waiting = a.post(said("a"))
        self.pass_time()
        self.assertEqual(waiting.ids, [2])
        a.open()

    def test_fault_of_the_hall_as_it_begins_anew(self) -> None:
        """So it is when the node begins anew."""
        a, b = self.started("a1"), self.started("b1")

        def fail(*told: object) -> None:
            raise ZeroDivisionError

        a.journal.on_received = a.journal.on_fenced = a.journal.on_begun = fail
        self.shared.expire("a1")
        self.pass_time(5)
        self.assertGreaterEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 3)
        waiting = a.post(said("a"))
        self.pass_time()
        self.assertEqual((waiting.ids, b.texts), ([1], ["a"]))
        a.open()

    def test_stopped_nodes_know_each_other(self) -> None:
        """A node that has stopped knows which of the others are well; those that stopped too say so on their cards."""
        a, b, c = (self.started(name) for name in ("a1", "b1", "c1"))
        self.assertEqual((a.journal.standing().stopped, a.journal.standing().is_another_well), ("", True))
        a.journal._applying.stop(CannotStart("It is too old."))
        self.assertEqual(a.journal.standing().stopped, STOPPED)
        self.pass_time(1)
        self.assertTrue(a.journal.standing().is_another_well)
        b.journal._applying.stop(CannotStart("It is too old."))
        self.pass_time(6)
        self.assertTrue(a.journal.standing().is_another_well)
        c.journal._applying.stop(CannotStart("It is too old."))
        self.pass_time(6)
        for node in (a, b, c):
            self.assertFalse(node.journal.standing().is_another_well)

    def test_stopped_node_without_a_log(self) -> None:
        """A node that has stopped knows of no other one while the log does not answer, or is another one."""
        a, b = self.started("a1"), self.started("b1")
        a.log.cut = True
        a.journal._applying.stop(CannotStart("It is too old."))
        for _ in range(3):
            self.assertFalse(a.journal.standing().is_another_well)
            self.pass_time(6)
        a.log.cut = False
        self.pass_time(12)
        self.assertTrue(a.journal.standing().is_another_well)
        a.log.cut = True
        self.pass_time(12)
        self.assertFalse(a.journal.standing().is_another_well)
        self.assertEqual(b.journal.standing().stopped, "")

    def test_stopped_node_holds_up_nothing(self) -> None:
        """The log is compacted without regard to a node that carries out nothing any more."""
        a, b = self.started("a1", keep_h=1.0), self.started("b1", keep_h=1.0)
        b.journal._applying.stop(CannotStart("It is too old."))
        for _ in range(30):
            a.post(said("x"))
            for _ in range(60):
                self.clock.advance(10)
        self.assertGreater(self.shared.entries[0].number, 1)
        self.assertIn("too old", b.journal.standing().trouble)
        self.assert_refused(b.post(said("b")), STOPPED)
