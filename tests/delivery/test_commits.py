"""The queue before the journal: nobody sees what is not on disk."""

from collections.abc import Callable

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.config.settings import Settings
from groupchat.delivery.commits import Commits
from groupchat.delivery.queue import Posting, Receipt
from groupchat.interfaces.screens import Hold
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Draft, Kind, StoredSession
from groupchat.model.errors import JournalBroken, JournalUnavailable
from groupchat.model.events import Announced, AuthorId, Done, Edited, Joined, Left, Listed, Renamed, Said
from tests.fakes import HeldJournal
from tests.house import House, Peer


class HeldTests(SynchronousTestCase):
    """A journal that commits when it is told to."""

    def open(self, *nicks: str, **settings: object) -> list[Peer]:
        """A house with a journal that waits, and these people, who are programs."""
        self.journal = HeldJournal(MemoryJournal())
        self.house = House(self.journal, **settings)
        peers = []
        for nick in nicks:
            peers.append(self.house.connect("json").offer(nick))
            self.commit_all()
        for peer in peers:
            peer.take()
        return peers

    def commit_all(self) -> None:
        """Commit until nothing waits."""
        while self.journal.pending:
            self.journal.commit()


class JournalFirstTests(HeldTests):
    def test_nobody_sees(self) -> None:
        """Nobody sees a post, and nobody is told that it is done, before it is committed."""
        alice, bob = self.open("alice", "bob")
        alice.say("hello", ref=1)
        self.assertEqual((alice.take(), bob.take()), ([], []))
        self.journal.commit()
        self.assertEqual(alice.take(), [Done(1)])
        self.assertEqual(bob.take(), [Said(1, "lobby", "alice", self.house.now(), "hello")])

    def test_one_append(self) -> None:
        """What gathers during a commit goes into one append; there is never a second one in flight."""
        alice, bob = self.open("alice", "bob")
        alice.say("first")
        for number in range(50):
            (alice, bob)[number % 2].say(str(number))
        self.assertEqual([len(operations) for operations in self.journal.pending], [1])
        self.journal.commit()
        self.assertEqual([len(operations) for operations in self.journal.pending], [50])
        self.journal.commit()
        self.assertEqual(self.journal.pending, [])
        self.assertEqual(bob.ids, [1, *range(2, 52, 2)])
        self.assertEqual([answer.id for answer in alice.answers if isinstance(answer, Done)], [1, *range(2, 52, 2)])

    def test_notices_keep_their_place(self) -> None:
        """Notices that come between posts are seen between them."""
        alice, bob = self.open("alice", "bob")
        bob.say("before")
        bob.offer("robert")
        bob.say("between")
        bob.vanish()
        self.house.hall.announce("soon")
        self.assertEqual(alice.take(), [])
        self.commit_all()
        self.assertEqual([type(event) for event in alice.take()], [Said, Renamed, Said, Left, Announced])

    def test_notice_alone(self) -> None:
        """A notice with nothing before it is seen at once; the journal is not asked."""
        alice, bob = self.open("alice", "bob")
        bob.offer("robert")
        self.assertEqual([type(event) for event in alice.take()], [Renamed])
        self.assertEqual(self.journal.pending, [])

    def test_repeated_key(self) -> None:
        """A key that was used before names the first number, and nothing is said twice; also in one batch."""
        alice, bob = self.open("alice", "bob")
        alice.say("once", ref=1, key="k").say("once", ref=2, key="k")
        self.commit_all()
        alice.say("once", ref=3, key="k")
        self.commit_all()
        self.assertEqual(alice.answers, [Done(1)] * 3)
        self.assertEqual(bob.texts, ["once"])

    def test_repeated_commands(self) -> None:
        """Whatever is posted with a key is posted once, and each answer has its number."""
        alice, bob = self.open("alice", "bob")
        bob.do("msg", nick="alice", text="psst")
        alice.say("typo", ref="typo")
        self.commit_all()
        numbers = {}
        for attempt in range(2):
            alice.do("me", ref="me", text="waves", key="1")
            alice.do("msg", ref="msg", nick="bob", text="hi", key="2")
            alice.do("reply", ref="reply", text="well", key="3")
            alice.do("topic", ref="topic", text="tea", key="4")
            alice.session.type("/me types", "typed", "5")
            alice.do("edit", ref="edit", text="word", key="6")
            self.commit_all()
            alice.do("delete", ref="delete", key="7")
            self.commit_all()
            self.assertEqual(alice.codes, [])
            numbers[attempt] = [answer.id for answer in alice.answers if isinstance(answer, Done)]
            alice.take()
        self.assertEqual(numbers, {0: [2, *range(3, 10)], 1: [*range(3, 10)]})
        self.assertEqual(self.journal.head, 9)

    def test_repeated_correction(self) -> None:
        """A correction that is sent again with its key does not correct what it made."""
        alice, bob = self.open("alice", "bob")
        alice.say("aaa")
        self.commit_all()
        for _ in range(2):
            alice.session.type("s/a/b/", "correction", "k")
            self.commit_all()
        self.assertEqual([event.text for event in bob.events if isinstance(event, Said | Edited)], ["aaa", "baa"])
        self.assertEqual(alice.answers, [Done(1), Done(2), Done(2)])

    def test_idle(self) -> None:
        """When nothing waits any more can be waited for."""
        (alice,) = self.open("alice")
        self.assertEqual(self.successResultOf(self.house.hall.commits.when_idle()), None)
        alice.say("one")
        alice.say("two")
        idle = self.house.hall.commits.when_idle()
        self.journal.commit()
        self.assertNoResult(idle)
        self.journal.commit()
        self.successResultOf(idle)


class FailureTests(HeldTests):
    def test_failed_commit(self) -> None:
        """After a failed commit each author is refused, nobody has seen anything, and the next post works."""
        alice, bob, carol = self.open("alice", "bob", "carol")
        alice.say("one", ref=1)
        self.journal.fail(JournalUnavailable("The disk is full."))
        bob.say("two", ref=2)
        alice.say("three", ref=3)
        self.journal.fail(JournalUnavailable("The disk is full."))
        self.journal.fail(JournalUnavailable("The disk is full."))
        self.flushLoggedErrors()
        self.assertEqual((alice.codes, bob.codes), (["journal-unavailable"] * 2, ["journal-unavailable"]))
        self.assertEqual([type(event) for event in carol.take()], [Announced])
        bob.say("four", ref=4)
        self.journal.commit()
        self.assertEqual(carol.texts, ["four"])
        self.assertIn(("Done", 4), bob.refs())

    def test_notices_go_out(self) -> None:
        """What needs no disk is shown although the commit it waited for has failed."""
        alice, bob = self.open("alice", "bob")
        bob.say("lost")
        bob.vanish()
        while self.journal.pending:
            self.journal.fail(JournalUnavailable("The disk is full."))
        self.assertEqual([type(event) for event in alice.take()], [Announced, Left])

    def told(self, peer: Peer) -> list[str]:
        """Return what everybody was told."""
        return [event.text for event in peer.take() if isinstance(event, Announced)]

    def trouble(self, peer: Peer) -> str:
        """Return what /status says is wrong."""
        (answer,) = (answer for answer in peer.do("status").answers if isinstance(answer, Listed))
        return str(dict(answer.items[0])["trouble"])

    def test_trouble_is_told(self) -> None:
        """Everybody is told once that nothing is stored, and once that it is again, which is tried each second."""
        alice, bob = self.open("alice", "bob")
        for _ in range(3):
            alice.say("one")
            self.journal.fail(JournalUnavailable("The disk is full."))
        self.assertEqual(self.told(bob), ["The disk is full."])
        self.assertEqual(self.trouble(bob), "The disk is full.")
        bob.take()
        for _ in range(3):
            self.assertEqual(self.journal.pending, [])
            self.house.pass_time(1)
            self.assertEqual(self.journal.pending, [()])
            self.journal.fail(JournalUnavailable("The disk is full."))
        self.house.pass_time(1)
        self.journal.commit()
        self.assertEqual(self.told(bob), ["Messages can be posted again."])
        self.house.pass_time(5)
        self.assertEqual(self.journal.pending, [])
        self.assertEqual(self.trouble(bob), "")

    def test_trouble_is_not_repeated(self) -> None:
        """On a disk that is now full and now not, nobody is told more often than once a minute."""
        alice, bob = self.open("alice", "bob")
        told = []
        for _ in range(59):
            alice.say("one")
            self.journal.fail(JournalUnavailable("The disk is full."))
            self.house.pass_time(1)
            self.journal.commit()
            told += self.told(bob)
        self.house.pass_time(1)
        self.assertEqual(told, ["The disk is full.", "Messages can be posted again."])
        alice.say("one")
        self.journal.fail(JournalUnavailable("The disk is full."))
        self.assertEqual(self.told(bob), ["The disk is full."])

    def test_sessions_again(self) -> None:
        """Sessions that were not written are written at the next sweep, not in a tight loop."""
        self.open("alice")
        self.house.connect("json").offer("bob")
        for _ in range(5):
            (operations,) = self.journal.pending
            self.assertEqual([one.nick for one in operations if isinstance(one, StoredSession)], ["bob"])
            self.journal.fail(JournalUnavailable("The disk is full."))
            self.assertEqual(self.journal.pending, [])
            self.house.pass_time(1)
        self.journal.commit()
        self.house.pass_time(1)
        self.assertEqual(self.journal.pending, [])

    def test_broken(self) -> None:
        """A journal that cannot be trusted is told of once; its author is refused, and nothing is asked of it again."""
        alice, bob = self.open("alice", "bob")
        alice.say("one", ref=1)
        bob.say("two", ref=2)
        self.journal.fail(JournalBroken("I/O error"))
        self.assertEqual(len(self.flushLoggedErrors(JournalBroken)), 1)
        self.assertEqual(len(self.house.broken), 1)
        bob.say("three", ref=3)
        self.house.connect("json").offer("carol")
        alice.vanish()
        self.house.pass_time(3)
        self.assertEqual(self.journal.pending, [])
        self.assertEqual(bob.codes, ["journal-unavailable"] * 2)
        self.assertEqual([type(event) for event in bob.events], [Joined, Left])
        self.assertEqual(len(self.house.broken), 1)
        self.assertEqual(self.journal.head, 0)

    def test_unexpected(self) -> None:
        """A journal that fails as nobody foresaw is not trusted any more either."""
        (alice,) = self.open("alice")
        alice.say("one", ref=1)
        self.journal.fail(ZeroDivisionError("unexpected"))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(len(self.house.broken), 1)
        self.assertEqual(alice.codes, ["journal-unavailable"])


class StuckTests(HeldTests):
    def test_refused(self) -> None:
        """After 10 s of one commit what waits is refused, new posts too, while reading goes on."""
        alice, bob = self.open("alice", "bob", commit_pause_s=9.0)
        alice.say("in flight", ref=1)
        bob.say("waits", ref=2)
        self.house.pass_time(10)
        self.assertEqual(bob.answers, [])
        self.house.pass_time(1)
        self.assertEqual(bob.codes, ["journal-unavailable"])
        bob.say("new", ref=3).do("history", ref=4).do("list", ref=5)
        self.house.turn()
        kinds = [kind for kind, _ in bob.refs()]
        self.assertEqual(kinds, ["Refused", "Refused", "Replayed", "Listed"])
        self.assertEqual([type(event) for event in alice.take()], [Announced], "the notice waits for no commit")

    def test_recovery(self) -> None:
        """When a stuck commit lands at last, its posts are shown and new ones are taken."""
        alice, bob = self.open("alice", "bob")
        alice.say("in flight", ref=1)
        self.house.pass_time(12)
        self.journal.commit()
        self.assertEqual(bob.texts, ["in flight"])
        alice.say("next", ref=2)
        self.house.turn()
        self.journal.commit()
        self.assertEqual(alice.answers, [Done(1), Done(2)])

    def test_recovery_after_failure(self) -> None:
        """When a stuck commit fails at last, new posts are taken too."""
        alice, bob = self.open("alice", "bob")
        alice.say("in flight", ref=1)
        self.house.pass_time(12)
        self.journal.fail(JournalUnavailable("The disk is full."))
        alice.say("next", ref=2)
        self.house.turn()
        self.journal.commit()
        self.assertEqual(bob.texts, ["next"])
        self.assertEqual(alice.refs(), [("Refused", 1), ("Done", 2)])

    def test_senders_wait(self) -> None:
        """Senders are not listened to while the queue is full, and are again when it is not."""
        alice, bob = self.open("alice", "bob", commit_queue_posts=5)
        alice.say("in flight")
        for number in range(20):
            bob.say(str(number))
        self.assertEqual(self.house.hall.commits.queued, 5)
        self.assertEqual((bob.screen.holds, alice.screen.holds), (Hold.JOURNAL, Hold(0)))
        for _ in range(5):
            self.house.turn()
            self.assertLessEqual(self.house.hall.commits.queued, 5)
            self.journal.commit()
        self.house.turn()
        self.assertEqual(alice.texts, [str(number) for number in range(20)])
        self.assertEqual(bob.screen.holds, Hold(0))

    def test_senders_wait_for_a_slow_commit(self) -> None:
        """Senders are not listened to after 2 s of one commit, until it lands."""
        alice, bob = self.open("alice", "bob")
        alice.say("in flight")
        self.house.pass_time(2)
        bob.say("one")
        self.assertEqual(bob.screen.holds, Hold(0))
        self.house.pass_time(1)
        bob.say("two").say("three")
        self.assertEqual(bob.screen.holds, Hold.JOURNAL)
        self.house.pass_time(1)
        self.assertEqual(bob.screen.holds, Hold.JOURNAL)
        self.journal.commit()
        self.house.turn()
        self.commit_all()
        self.assertEqual(alice.texts, ["one", "two", "three"])


class TurnTests(SynchronousTestCase):
    """When a batch begins, counted in turns of the reactor."""

    def setUp(self) -> None:
        self.turns: list[Callable[[], None]] = []
        self.journal = HeldJournal(MemoryJournal())
        self.commits = Commits(
            self.journal, Settings(), Clock(), lambda batch, outcomes: None, self.fail, self.turns.append
        )

    def post(self) -> None:
        """Somebody says something."""
        self.commits.post(Posting(Draft(Kind.SAID, AuthorId(1), "a", 0.0, "lobby", "hi"), Receipt()))

    def end_turn(self) -> list[int]:
        """This turn ends; how many posts are in what the journal is then asked for."""
        turns, self.turns[:] = self.turns[:], []
        for function in turns:
            function()
        return [len(operations) for operations in self.journal.pending]

    def test_end_of_the_turn(self) -> None:
        """All that is said in a turn is one batch."""
        self.post()
        self.post()
        self.assertEqual(self.journal.pending, [])
        self.assertEqual(len(self.turns), 1, "the reactor is asked once")
        self.assertEqual(self.end_turn(), [2])

    def test_while_an_answer_is_handed_out(self) -> None:
        """What waited for a commit goes a turn later than that lands, with what is said in this turn."""
        for _ in range(2):
            self.post()
            self.end_turn()
        self.journal.commit()
        self.assertEqual(self.end_turn(), [])
        self.post()
        self.assertEqual(self.end_turn(), [2])

    def test_nothing_waits(self) -> None:
        """When nothing waited the reactor is not asked for another turn."""
        self.post()
        self.end_turn()
        self.end_turn()
        self.journal.commit()
        self.assertEqual(self.turns, [])
