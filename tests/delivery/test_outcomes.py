"""How a batch that is on disk reaches everybody: the four rules, and what each kind of item does."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from groupchat.delivery.queue import EVERYWHERE, Barrier, Change, Notice, Posting, Receipt
from groupchat.facts.room_facts import Motd
from groupchat.interfaces.screens import Rendered
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import ABSENT, Amendment, Draft, FactChange, Kind, ReadUpTo
from groupchat.model.errors import AccountExists, JournalUnavailable, Outdated
from groupchat.model.events import (
    Announced,
    AuthorId,
    Done,
    Event,
    Joined,
    Left,
    ManyJoined,
    Refused,
    Renamed,
    Said,
    TopicChanged,
)
from groupchat.model.preferences import Preferences
from groupchat.state.people import Connection
from tests.delivery.send_path import NOW, RecordingStyle, SendPath, draft, screen, shown
from tests.fakes import FakeStyle, HeldJournal

FACT = Motd("Hi.", "olga", 0.0).put()


def change(origin: Connection | None = None, ref: str = "", answer: Done | None = None, **more: Any) -> Change:
    """Make FACT true, for an origin who is answered."""
    by = AuthorId(1) if origin is None else origin.person.author
    return Change(Amendment(by, NOW, (FACT,)), Receipt(), origin, ref, answer, **more)


def late(origin: Connection | None = None, ref: str = "", **more: Any) -> Change:
    """Make something true that must not be true yet, when it is already."""
    by = AuthorId(1) if origin is None else origin.person.author
    made = FactChange(FACT.fact, ABSENT)
    return Change(Amendment(by, NOW, (made,)), Receipt(), origin, ref, Done(text="Made."), **more)


class FailingStyle(FakeStyle):
    """A style with a fault."""

    def render(self, events: Sequence[Event], previous: Sequence[float], marked: bool) -> list[Rendered]:
        raise ZeroDivisionError


class OutcomesCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.journal = HeldJournal(MemoryJournal())
        self.path = SendPath(self.journal)
        self.alice, self.bob = self.path.connect("alice"), self.path.connect("bob")
        self.happened: list[str] = []

    def commit(self) -> None:
        """Let everything that waits be written."""
        while self.journal.pending:
            self.journal.commit()

    def hold(self) -> None:
        """Let what is queued from now on gather in one batch."""
        self.path.say(self.alice, "in flight")

    def note(self, what: str) -> None:
        """Note what happens, and what bob had been shown by then."""
        self.happened.append(f"{what} after {len(screen(self.bob).shown)}")

    def posting(self, origin: Connection, words: str = "words", *changes: FactChange) -> Posting:
        """Something said that notes when it is settled."""
        receipt = Receipt()
        receipt.when_settled(partial(self.note, f"{words} settled"))
        return Posting(replace(draft(origin, words), changes=changes), receipt, origin, awaited=True)

    def follow(self) -> None:
        """Note from now on when something is done about what is learned."""
        self.path.on_learn = lambda change: partial(self.note, "followed")


class RuleTests(OutcomesCase):
    def test_true_before_it_is_shown(self) -> None:
        """Rule 1: every fact of a batch is true before anybody is shown anything of it."""
        seen: list[int] = []
        self.path.on_learn = lambda change: seen.append(len(screen(self.bob).shown))
        self.hold()
        self.path.say(self.alice, "one")
        self.path.post(change())
        self.path.post(self.posting(self.alice, "two", FACT))
        self.journal.commit()
        shown(self.bob)
        self.journal.commit()
        self.assertEqual(seen, [0, 0])
        self.assertEqual(len(shown(self.bob)), 2)

    def test_one_turn_in_order(self) -> None:
        """Rule 2: posts and notices of a batch are shown together, in the order of the queue, with one write."""
        self.hold()
        for number in range(3):
            self.path.say(self.alice, str(number))
            self.path.post(Notice(Announced(f"after {number}", NOW), EVERYWHERE))
        self.journal.commit()
        shown(self.bob)
        writes = screen(self.bob).writes
        self.journal.commit()
        texts = [event.text for event in shown(self.bob) if isinstance(event, Said | Announced)]
        self.assertEqual(texts, ["0", "after 0", "1", "after 1", "2", "after 2"])
        self.assertEqual(screen(self.bob).writes - writes, 1)

    def test_what_follows(self) -> None:
        """Rule 3: after that people are told, barriers are passed and receipts are settled, in the same order."""
        self.follow()
        self.hold()
        self.path.post(self.posting(self.alice, "a", FACT))
        self.path.post(Barrier(self.alice, "b", Done(text="barrier"), partial(self.note, "barrier")))
        self.path.post(Notice(Announced("soon", NOW), EVERYWHERE, then=partial(self.note, "notice")))
        self.path.post(change(self.alice))
        self.path.post(self.posting(self.alice, "c"))
        self.journal.commit()
        shown(self.bob)
        self.journal.commit()
        order = ["followed", "a settled", "barrier", "notice", "followed", "c settled"]
        self.assertEqual(self.happened, [f"{what} after 3" for what in order])
        answers = [(event, ref) for event, ref in screen(self.alice).shown if isinstance(event, Done)]
        self.assertEqual(answers[-1], (Done(text="barrier"), "b"))

    def test_whatever_goes_wrong(self) -> None:
        """Rule 4: whatever goes wrong in what is called, the rest of the batch is delivered, and it is logged."""

        def fail(*_: object) -> None:
            raise ZeroDivisionError

        self.path.on_learn = fail
        self.hold()
        broken = self.posting(self.alice, "one", FACT)
        broken.receipt.when_settled(fail)
        self.path.post(broken)
        self.path.post(Barrier(then=fail))
        self.path.post(change())
        self.path.post(self.posting(self.alice, "two"))
        self.commit()
        self.assertEqual([event.text for event in shown(self.bob) if isinstance(event, Said)][1:], ["one", "two"])
        self.assertEqual([what.partition(" after")[0] for what in self.happened], ["one settled", "two settled"])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 4)

    def test_what_is_done_about_it_goes_wrong(self) -> None:
        """Rule 4 also for what is done about a change."""

        def fail() -> None:
            raise ZeroDivisionError

        self.path.on_learn = lambda change: fail
        self.hold()
        self.path.post(self.posting(self.alice, "one", FACT))
        self.path.post(self.posting(self.alice, "two"))
        self.commit()
        self.assertEqual([what.partition(" after")[0] for what in self.happened], ["one settled", "two settled"])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_a_style_that_fails(self) -> None:
        """What follows is called also when showing the batch fails."""
        carol = self.path.connect("carol")
        good, screen(carol).style = screen(carol).style, FailingStyle("json", Preferences())
        self.path.readers.review(carol)
        self.path.post(self.posting(self.alice, "one"))
        self.journal.commit()
        screen(carol).style = good
        self.path.readers.review(carol)
        self.assertEqual(len(self.happened), 1)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.path.say(self.alice, "next")
        self.commit()
        self.assertEqual([event.text for event in shown(self.bob) if isinstance(event, Said)][-1], "next")


class PostingTests(OutcomesCase):
    def test_accepted(self) -> None:
        """A post that is on disk is the newest of the stream, and its author is answered with its number and ref."""
        receipt = self.path.say(self.alice, "hello", ref="r")
        self.assertNoResult(receipt.result())
        self.assertEqual(self.path.stream.delivered, 0)
        self.commit()
        self.assertEqual(self.path.stream.delivered, 1)
        self.assertEqual(screen(self.alice).shown, [(Done(1), "r")])
        self.assertEqual(shown(self.bob), [Said(1, "lobby", "alice", NOW, "hello")])
        self.successResultOf(receipt.result())

    def test_not_awaited(self) -> None:
        """An author who waits for no answer gets none, and is shown the post as the style likes it."""
        self.path.post(Posting(draft(self.alice), Receipt(), self.alice))
        self.commit()
        self.assertEqual(shown(self.alice), [])

    def test_text(self) -> None:
        """What the author reads comes with the answer."""
        self.path.post(Posting(draft(self.alice), Receipt(), self.alice, None, True, "It is said."))
        self.commit()
        self.assertEqual(shown(self.alice), [Done(1, "It is said.")])

    def test_without_origin(self) -> None:
        """A post of nobody who is here is shown to everybody in the room."""
        self.path.post(Posting(Draft(Kind.SAID, AuthorId(99), "ghost", NOW, "lobby", "boo"), Receipt()))
        self.commit()
        self.assertEqual([len(shown(connection)) for connection in (self.alice, self.bob)], [1, 1])

    def test_repeated(self) -> None:
        """A post with a key that was used before is answered with the first number, shown to nobody, and settled."""
        self.follow()
        author = self.alice.person.author
        said = Draft(Kind.SAID, author, "alice", NOW, "lobby", "once", key="k", changes=(FACT,))
        receipts = [Receipt(), Receipt()]
        for number, receipt in enumerate(receipts):
            self.path.post(Posting(said, receipt, self.alice, number, True))
        self.commit()
        self.assertEqual(screen(self.alice).shown, [(Done(1), 0), (Done(1), 1)])
        self.assertEqual(len(shown(self.bob)), 1)
        self.assertEqual(self.happened, ["followed after 1"], "what follows a post follows it once")
        for receipt in receipts:
            self.successResultOf(receipt.result())

    def test_repeated_without_an_answer(self) -> None:
        """A repeated post that nobody waits for is answered to nobody."""
        said = Draft(Kind.SAID, self.alice.person.author, "alice", NOW, "lobby", "once", key="k")
        for origin, awaited in ((self.alice, False), (self.alice, False), (None, True)):
            self.path.post(Posting(said, Receipt(), origin, None, awaited))
        self.commit()
        self.assertEqual(shown(self.alice), [])

    def test_logged(self) -> None:
        """What is said is logged if the settings of now ask for it, and is not otherwise."""
        logged: list[str] = []

        @implementer(ILogObserver)
        def observer(event: LogEvent) -> None:
            logged.append(formatEvent(event))

        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        self.path.say(self.alice, "silent")
        self.commit()
        self.path.outcomes.settings = self.path.settings.replaced(log_messages=True)
        self.path.say(self.alice, "loud")
        self.commit()
        self.assertEqual(logged, ["#2 Said alice: 'loud'"])

    def test_refused_by_the_journal(self) -> None:
        """A refused draft does not hinder the others; its author is told, nothing follows, its facts are not true."""
        self.follow()
        self.hold()
        edit = Draft(Kind.EDITED, self.alice.person.author, "alice", NOW, text="x", target=99, changes=(FACT,))
        receipt = Receipt()
        self.path.post(Posting(edit, receipt, self.alice, "e", True))
        self.path.say(self.bob, "fine")
        self.commit()
        refused = [(event.code, ref) for event, ref in screen(self.alice).shown if isinstance(event, Refused)]
        self.assertEqual(refused, [("no-such-message", "e")])
        self.assertEqual((self.happened, self.path.learned), ([], []))
        self.assertEqual(self.failureResultOf(receipt.result()).value.code, "no-such-message")
        self.assertIn("fine", [event.text for event in shown(self.alice) if isinstance(event, Said)])

    def test_whole_batch_refused(self) -> None:
        """When the journal takes nothing, each author is refused, no fact is true, and notices pass."""
        self.path.post(self.posting(self.alice, "one", FACT))
        self.path.post(Notice(Announced("soon", NOW), EVERYWHERE))
        self.journal.fail(JournalUnavailable("The disk is full."))
        self.assertEqual([type(event) for event in shown(self.alice)], [Refused, Announced])
        self.assertEqual([type(event) for event in shown(self.bob)], [Announced])
        self.assertEqual(self.path.learned, [])
        self.assertEqual(self.happened, ["one settled after 0"])

    def test_room_is_made(self) -> None:
        """A post makes its room, which the journal has posts of from then on, and a topic is the room's."""
        quiet = self.path.connect("bot")
        for kind, words in ((Kind.SAID, "before"), (Kind.TOPIC, "plans"), (Kind.SAID, "after")):
            self.path.post(Posting(draft(quiet, words, "dev", kind), Receipt()))
        self.commit()
        room = self.path.rooms.find("dev")
        assert room is not None
        self.assertEqual((room.stored, room.topic), (True, "plans"))

    def test_acknowledged(self) -> None:
        """The posts of a connection that is catching up are noted, so that it is not shown them again."""
        screen(self.alice).fill()
        self.path.say(self.alice, "mine")
        self.path.say(self.bob, "his")
        self.commit()
        cursor = self.alice.cursor
        assert cursor is not None
        self.assertEqual(cursor.acknowledged, {1})

    def test_private(self) -> None:
        """What is private goes to the two alone."""
        carol, author = self.path.connect("carol"), self.alice.person.author
        whisper = Draft(Kind.WHISPERED, author, "alice", NOW, text="psst", reader=self.bob.person.author, to="bob")
        self.path.post(Posting(whisper, Receipt(), self.alice))
        self.commit()
        self.assertEqual([len(shown(one)) for one in (self.alice, self.bob, carol)], [1, 1, 0])


class ChangeTests(OutcomesCase):
    def test_accepted(self) -> None:
        """A change becomes true when it is on disk; who asked for it is answered, nobody else is shown anything."""
        item = change(self.alice, "r", Done(text="Changed."))
        self.path.post(item)
        self.assertEqual(self.path.learned, [])
        self.commit()
        self.assertEqual((self.path.learned, self.path.by), ([FACT], [""]))
        self.assertEqual(screen(self.alice).shown, [(Done(text="Changed."), "r")])
        self.assertEqual(shown(self.bob), [])
        self.successResultOf(item.receipt.result())

    def test_read(self) -> None:
        """That an account has read something is learned, too."""
        read = ReadUpTo(AuthorId(1), "lobby", 5, NOW)
        self.path.post(Change(read, Receipt()))
        self.commit()
        self.assertEqual(self.path.learned, [read])

    def test_who_decided(self) -> None:
        """What comes with a post was decided by its author."""
        self.path.post(self.posting(self.alice, "one", FACT))
        self.commit()
        self.assertEqual((self.path.learned, self.path.by), ([FACT], ["alice"]))

    def test_unanswered(self) -> None:
        """A change that asks for no answer gets none."""
        self.path.post(change(self.alice))
        self.path.post(change())
        self.commit()
        self.assertEqual(shown(self.alice), [])

    def test_refused(self) -> None:
        """A change that cannot be written is not true, and who asked for it is told."""
        item = change(self.alice, "r", Done(text="Changed."))
        self.path.post(item)
        self.path.post(change())
        self.journal.fail(JournalUnavailable("The disk is full."))
        self.commit()
        self.assertEqual([ref for event, ref in screen(self.alice).shown if isinstance(event, Refused)], ["r"])
        self.assertEqual(item.receipt.refusal and item.receipt.refusal.code, "journal-unavailable")
        self.assertEqual(self.path.learned, [FACT], "the second one, which gathered meanwhile")


class OutdatedTests(OutcomesCase):
    """What is refused because somebody else was faster."""

    def setUp(self) -> None:
        super().setUp()
        self.path.post(change())
        self.commit()
        self.path.learned.clear()

    def refused(self) -> list[tuple[str, object]]:
        """What alice was refused, with its ref."""
        return [(event.code, ref) for event, ref in screen(self.alice).shown if isinstance(event, Refused)]

    def test_told(self) -> None:
        """Who asked for it is told, and nothing is true."""
        item = late(self.alice, "r")
        self.path.post(item)
        self.commit()
        self.assertEqual((self.refused(), self.path.learned), ([("outdated", "r")], []))
        self.assertIsInstance(item.receipt.refusal, Outdated)

    def test_in_other_words(self) -> None:
        """It is told in the words that are ready for the kind of fact, and for others as it is."""
        exists = AccountExists("Too late.")
        for kind in ("motd", "account"):
            item = late(self.alice, kind, outdated={kind: exists})
            self.path.post(item)
            self.commit()
            self.assertEqual(item.receipt.refusal is exists, kind == "motd")
        self.assertEqual(self.refused(), [("account-exists", "motd"), ("outdated", "account")])

    def test_again(self) -> None:
        """Where it is to be done once more nobody is told anything, and the receipt waits for that."""
        for item in (late(self.alice), replace(self.posting(self.alice, "x"), operation=self.draft())):
            item.receipt.again = partial(self.note, "again")
            self.path.post(item)
            self.commit()
            self.assertNoResult(item.receipt.result())
            for function in item.receipt.settle():
                function()
        self.assertEqual(self.refused(), [])
        self.assertEqual(self.happened, ["again after 0", "again after 0", "x settled after 0"])

    def test_again_only_when_outdated(self) -> None:
        """Whatever else is refused is not done once more."""
        item = change(self.alice, "r")
        item.receipt.again = partial(self.note, "again")
        self.path.post(item)
        self.journal.fail(JournalUnavailable("The disk is full."))
        self.assertEqual((self.happened, self.refused()), ([], [("journal-unavailable", "r")]))

    def test_words_come_first(self) -> None:
        """What has words of its own is not done once more."""
        item = late(self.alice, "r", outdated={"motd": AccountExists("Too late.")})
        item.receipt.again = partial(self.note, "again")
        self.path.post(item)
        self.commit()
        self.assertEqual((self.happened, self.refused()), ([], [("account-exists", "r")]))

    def draft(self) -> Draft:
        """Something said with a change that is outdated."""
        return replace(draft(self.alice, "x"), changes=(FactChange(FACT.fact, ABSENT),))


class NoticeTests(OutcomesCase):
    def test_rooms(self) -> None:
        """A notice is for the people of its rooms, each of whom sees it once, or for all."""
        dev, both = self.path.connect("dora", "dev"), self.path.connect("both", "lobby", "dev")
        self.path.post(Notice(Renamed("", "x", NOW, "y"), ("lobby", "dev"), self.alice))
        self.assertEqual([len(shown(one)) for one in (self.bob, dev, both)], [1, 1, 1])
        self.path.post(Notice(Joined("dev", "x", NOW), ("dev",)))
        self.assertEqual([len(shown(one)) for one in (self.bob, dev, both)], [0, 1, 1])

    def test_answer(self) -> None:
        """Somebody who caused a notice is answered with it."""
        self.path.post(Notice(Renamed("lobby", "alice", NOW, "al"), ("lobby",), self.alice, "r", Done()))
        self.assertEqual(screen(self.alice).shown[-1], (Done(), "r"))

    def test_condensed(self) -> None:
        """Many who join in one batch are announced together."""
        self.hold()
        for number in range(12):
            self.path.post(Notice(Joined("lobby", f"peer{number}", NOW), ("lobby",)))
        self.commit()
        self.assertEqual([type(event) for event in shown(self.bob)], [Said, ManyJoined])

    def test_changes_are_counted(self) -> None:
        """Each room knows how often its people have changed; what is said and announced changes nobody."""
        for event in (Joined("lobby", "x", NOW), Left("lobby", "x", NOW), Renamed("lobby", "a", NOW, "b")):
            self.path.post(Notice(event, ("lobby",)))
        self.path.post(Notice(Announced("Soon.", NOW), EVERYWHERE))
        self.path.post(Notice(Left("gone", "x", NOW), ("gone",)))
        self.path.say(self.alice, "hello")
        self.commit()
        self.assertEqual(self.path.rooms.open("lobby").changes, 3)

    def test_previous(self) -> None:
        """Each thing shown knows when something was shown in its room before it, for day lines."""
        self.path.clock.advance(60)
        lobby = self.path.rooms.open("lobby")
        self.assertEqual(lobby.last_at, NOW)
        self.path.post(Notice(Joined("lobby", "x", NOW + 60), ("lobby",)))
        self.assertEqual(lobby.last_at, NOW + 60)
        self.path.post(Notice(Announced("Soon.", NOW + 90), EVERYWHERE))
        self.assertEqual(lobby.last_at, NOW + 60)

    def test_previous_is_rendered(self) -> None:
        """The style is given these times; what is in no room follows on itself."""
        style = RecordingStyle("json", Preferences())
        screen(self.bob).style = style
        self.path.readers.review(self.bob)
        self.path.post(Notice(Joined("lobby", "x", NOW + 60), ("lobby",)))
        self.path.post(Notice(Joined("lobby", "y", NOW + 70), ("lobby",)))
        self.path.post(Notice(Announced("Soon.", NOW + 90), EVERYWHERE))
        self.assertEqual(style.previous, [NOW, NOW + 60, NOW + 90])


class BarrierTests(OutcomesCase):
    def test_answered_in_order(self) -> None:
        """A barrier is answered after everything queued before it, also to a connection that is catching up."""
        screen(self.alice).fill()
        self.path.say(self.bob, "before")
        self.path.post(Barrier(self.alice, "ping", Done()))
        self.commit()
        self.assertEqual(shown(self.alice), [])
        screen(self.alice).drain()
        self.assertEqual([type(event) for event in shown(self.alice)], [Said, Done])

    def test_unanswered(self) -> None:
        """A barrier without an answer, or without an origin, answers nobody."""
        self.path.post(Barrier(self.alice, "r"))
        self.path.post(Barrier(answer=Done()))
        self.assertEqual(shown(self.alice), [])

    def test_unwritten(self) -> None:
        """A barrier is passed also when the batch could not be written."""
        self.path.say(self.alice, "lost")
        self.path.post(Barrier(then=partial(self.note, "barrier")))
        self.journal.fail(JournalUnavailable("The disk is full."))
        self.assertEqual(self.happened, ["barrier after 0"])


class TimeTests(OutcomesCase):
    def test_on_delivery(self) -> None:
        """The time a batch took is told; not of one that had nothing to show."""
        times: list[float] = []
        self.path.outcomes.on_delivery = times.append
        self.path.say(self.alice, "hello")
        self.path.post(change())
        self.commit()
        self.assertEqual(times, [0.0])

    def test_topic_event(self) -> None:
        """A topic is shown to the room, its author too."""
        self.path.post(Posting(draft(self.alice, "tea", "", Kind.TOPIC), Receipt(), self.alice, None, True))
        self.commit()
        self.assertEqual([type(event) for event in shown(self.alice)], [TopicChanged, Done])
