"""Readers that are slower than what is said: nothing is missing, nothing comes twice, and little waits for them."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import cast

from twisted.trial.unittest import SynchronousTestCase

from groupchat.delivery.cursor import Cursor, Renderings
from groupchat.delivery.fair_share import SHARE, FairShare
from groupchat.delivery.queue import Posting, Receipt
from groupchat.delivery.recent import Recent
from groupchat.delivery.stream import Stream
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Draft, Kind
from groupchat.model.events import Deleted, Done, Edited, Joined, Left, Post, Replayed, Said
from groupchat.model.preferences import Preferences
from tests.delivery.send_path import NOW, RecordingStyle, SendPath, ids, screen
from tests.fakes import FakeStyle, HeldJournal, SlowJournal
from tests.house import House, Peer


class PauseTests(SynchronousTestCase):
    def open(self, *nicks: str, kept: int = 4, **settings: object) -> list[Peer]:
        """A house whose tail is short and whose pages are small, and these people."""
        self.journal = SlowJournal(MemoryJournal())
        self.house = House(self.journal, **{"page_posts": 3, **settings})
        self.house.hall.stream.recent = Recent(0, kept)
        return self.house.come(*nicks)

    def test_nothing_is_buffered(self) -> None:
        """A member whose connection is full is handed nothing more, until it takes something again."""
        alice, bob = self.open("alice", "bob")
        bob.screen.fill()
        writes = bob.screen.writes
        for number in range(20):
            alice.say(str(number))
        self.house.hall.announce("Something.")
        alice.type("/msg bob psst")
        self.assertEqual(bob.screen.writes, writes)
        bob.screen.drain()
        self.assertEqual(bob.ids, list(range(1, 22)))
        alice.say("live")
        self.assertEqual(bob.ids[-1], 22)
        self.assertTrue(bob.connection.live)

    def test_long_messages(self) -> None:
        """Fewer are handed over at a time if they are very long, from the journal and from memory; none is missing."""
        for kept in (4, 100):
            alice, bob = self.open("alice", "bob", kept=kept, page_posts=50)
            bob.screen.fill()
            for number in range(60):
                alice.say(f"{number} " + "x" * 4000)
                self.house.clock.advance(10)
            before = bob.screen.writes
            bob.screen.drain()
            self.assertEqual(bob.ids, list(range(1, 61)))
            self.assertGreaterEqual(bob.screen.writes - before, 4)

    def test_readers_take_turns(self) -> None:
        """Of many who catch up one page is read at a time, for each in turn; who leaves meanwhile is passed over."""
        alice, *others = self.open("alice", "bob", "carol", "dave")
        for other in others:
            other.screen.fill()
        for number in range(8):
            alice.say(str(number))
        self.journal.slow = True
        for other in others:
            other.screen.drain()
        waiting = []
        while self.journal.reads:
            waiting.append(len(self.journal.reads))
            if len(waiting) == 2:
                others[2].vanish()
            self.journal.answer()
        self.assertEqual(set(waiting), {1})
        self.assertEqual([other.ids for other in others[:2]], [list(range(1, 9))] * 2)

    def test_a_share_each_turn(self) -> None:
        """All who catch up together are shown no more than a share in one turn of the reactor, and the rest later."""
        alice, *others = self.open("alice", "bob", "carol", "dave", kept=2 * SHARE, page_posts=SHARE // 2)
        ends: list[Callable[[], None]] = []
        self.house.hall.readers._shares = FairShare(ends.append)
        for other in others:
            other.screen.fill()
        for number in range(SHARE):
            alice.say(str(number))
        for other in others:
            other.screen.drain()
        shown = [sum(len(other.ids) for other in others)]
        while ends:
            ends.pop(0)()
            shown.append(sum(len(other.ids) for other in others))
        self.assertEqual(shown[0], SHARE)
        self.assertLessEqual(max(after - before for before, after in pairwise(shown)), SHARE)
        self.assertEqual([other.ids for other in others], [list(range(1, SHARE + 1))] * 3)

    def test_rendered_once(self) -> None:
        """Each post is rendered once for all who catch up in the same style, from the journal and from memory."""
        for kept in (4, 100):
            alice, *others = self.open("alice", "bob", "carol", "dave", kept=kept)
            for other in others:
                other.screen.fill()
            for number in range(8):
                alice.say(str(number))
            before = len(FakeStyle.shown)
            for other in others:
                other.screen.drain(1)  # now all are catching up
            for other in others:
                other.screen.drain()
            self.assertEqual([other.ids for other in others], [list(range(1, 9))] * 3)
            rendered = Counter(event.id for event, _ in FakeStyle.shown[before:] if isinstance(event, Said))
            self.assertEqual(rendered, dict.fromkeys(range(1, 9), 1))

    def test_edited_between_two_readers(self) -> None:
        """Whoever reads on after an edit or a deletion is shown nothing of what another was shown before."""
        alice, bob, carol = self.open("alice", "bob", "carol", kept=3)
        for other in (bob, carol):
            other.screen.fill()
        alice.type("one", "two", "three", "four", "five", "six", "seven")
        bob.screen.drain(1)
        self.assertEqual(bob.ids, [1, 2, 3])
        alice.type("/edit 1 uno", "/delete 2")
        carol.screen.drain()
        self.assertEqual([type(event) for event in carol.events[:4]], [Edited, Deleted, Said, Said])
        self.assertEqual(cast(Edited, carol.events[0]).text, "uno")
        bob.screen.drain()
        self.assertEqual([bob.ids, carol.ids], [list(range(1, 10))] * 2)

    def test_pages_of_the_tail(self) -> None:
        """What stands in memory is handed over page by page too: a full connection has no more than one waiting."""
        alice, bob = self.open("alice", "bob", kept=100)
        bob.screen.fill()
        for number in range(8):
            alice.say(str(number))
        bob.screen.drain(1)
        self.assertEqual(bob.ids, [1, 2, 3])
        bob.screen.drain()
        self.assertEqual(bob.ids, list(range(1, 9)))

    def test_full_during_a_delivery(self) -> None:
        """A connection that gets full with a batch has had that batch, and goes on with the next one."""
        alice, bob = self.open("alice", "bob")
        bob.screen.room = 1
        alice.type("one", "two")
        self.assertEqual(bob.ids, [1])
        bob.screen.drain()
        self.assertEqual(bob.ids, [1, 2])

    def test_full_during_an_answer(self) -> None:
        """A connection that gets full with an answer misses nothing of what follows."""
        alice, bob = self.open("alice", "bob")
        bob.screen.room = 1
        bob.type("/help")
        alice.type("one", "two")
        self.assertEqual(bob.ids, [])
        bob.screen.drain()
        self.assertEqual(bob.ids, [1, 2])

    def test_full_during_the_replay(self) -> None:
        """A connection that gets full with the earlier messages gets all that follows when it takes something again."""
        (alice,) = self.open("alice")
        alice.say("one")
        bob = self.house.connect()
        bob.screen.room = 1
        bob.type("bob")
        alice.say("two")
        (replayed,) = (answer for answer in bob.answers if isinstance(answer, Replayed))
        self.assertEqual([post.id for post in replayed.posts], [1])
        self.assertEqual(bob.ids, [])
        bob.screen.drain()
        self.assertEqual(bob.ids, [2])

    def test_one_page_at_a_time(self) -> None:
        """Somebody who catches up is handed one page at a time, only as fast as the connection takes them."""
        alice, bob = self.open("alice", "bob")
        bob.screen.fill()
        alice.type(*map(str, range(20)))
        seen: list[int] = []
        while len(seen) < 20:
            before = bob.screen.writes
            bob.screen.drain(room=1)
            self.assertEqual(bob.screen.writes - before, 1)
            self.assertLessEqual(len(bob.ids), 4)
            seen += bob.ids
            bob.take()
        self.assertEqual(seen, list(range(1, 21)))
        bob.screen.drain()
        self.assertTrue(bob.connection.live)

    def test_posts_while_a_page_is_read(self) -> None:
        """What is posted while a page is read comes after it, once."""
        alice, bob = self.open("alice", "bob")
        bob.screen.fill()
        alice.type(*map(str, range(10)))
        self.journal.slow = True
        bob.screen.drain()
        while self.journal.reads:
            alice.say("meanwhile")
            self.journal.answer()
        alice.say("live")
        self.assertEqual(bob.ids, list(range(1, self.journal.head + 1)))

    def test_own_posts(self) -> None:
        """One's own posts, whose numbers one was told, do not come back while one catches up."""
        alice, bob = self.open("alice", "bob")
        held = HeldJournal(self.journal)
        self.house.hall.commits._journal = held
        bob.say("mine", ref=1)
        alice.say("hers")
        bob.screen.fill()
        held.commit()
        held.commit()
        self.assertEqual(bob.refs(), [("Done", 1)])
        bob.screen.drain()
        self.assertEqual(bob.ids, [2])

    def test_posts_of_the_last_connection(self) -> None:
        """What one's last connection said is shown to the next one, also when it is written only meanwhile."""
        alice, bot = self.open("alice", "bot")
        bot.vanish()
        bot = self.house.connect("json").offer("bot")
        alice.type(*map(str, range(10)))
        held = HeldJournal(self.journal)
        self.house.hall.commits._journal = held
        bot.say("in flight")
        self.journal.slow = True
        again = self.house.connect("json").offer("bot", token=bot.token, since=0)
        self.journal.answer()  # who the token is
        while held.pending:
            held.commit()
        self.journal.answer_all()
        self.assertEqual(again.ids, list(range(1, 12)))

    def test_changed_meanwhile(self) -> None:
        """Somebody who catches up is shown what was edited in its newest form, and of what was deleted nothing."""
        alice, bob = self.open("alice", "bob", kept=3)
        for kept in (3, 100):
            self.house.hall.stream.recent = Recent(self.journal.head, kept)
            bob.take()
            bob.screen.fill()
            first = self.journal.head + 1
            alice.type("one", "two", "three", f"/edit {first} uno", f"/delete {first + 1}")
            bob.screen.drain()
            uno, gone, three, edited, deleted = bob.events
            assert isinstance(uno, Edited)
            assert isinstance(edited, Edited)
            self.assertEqual((uno.text, uno.id, uno.target), ("uno", first, first))
            self.assertEqual((edited.text, edited.id), ("uno", first + 3))
            self.assertEqual([type(event) for event in (gone, three, deleted)], [Deleted, Said, Deleted])

    def test_room_joined_while_a_page_is_read(self) -> None:
        """Somebody who goes into a room while a page is read misses nothing of that room."""
        alice, bob = self.open("alice", "bob")
        alice.type("/join dev")
        bob.screen.fill()
        for number in range(1, 41):
            alice.say(str(number), room=("lobby", "dev")[number % 2])
        self.journal.slow = True
        bob.screen.drain()
        bob.type("/join dev")
        self.journal.answer_all()
        self.journal.slow = False
        alice.say("live")
        replayed = [post.id for answer in bob.answers if isinstance(answer, Replayed) for post in answer.posts]
        self.assertEqual(sorted(replayed + bob.ids), list(range(1, 42)))

    def test_room_left_while_a_page_is_read(self) -> None:
        """Somebody who leaves a room while a page is read is shown nothing more of it."""
        alice, bob = self.open("alice", "bob")
        bob.screen.fill()
        alice.type(*map(str, range(10)))
        self.journal.slow = True
        bob.screen.drain()
        bob.type("/leave")
        self.journal.answer_all()
        self.assertEqual(bob.ids, [])
        self.assertTrue(bob.connection.live)

    def test_failed_page(self) -> None:
        """Somebody who cannot be promised an unbroken stream is told so and cut off; the others live on."""
        alice, bob = self.open("alice", "bob")
        bob.screen.fill()
        alice.type(*map(str, range(10)))
        self.journal.slow = True
        bob.screen.drain()
        self.journal.fail(ValueError("unexpected"))
        self.house.pass_time(1)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual((bob.codes, bob.screen.closed), (["server-error"], True))
        self.assertEqual([type(event) for event in alice.events], [Left])

    def test_leaves_while_a_page_is_read(self) -> None:
        """Somebody who is gone when a page has been read is shown nothing."""
        alice, bob = self.open("alice", "bob")
        bob.screen.fill()
        alice.type(*map(str, range(10)))
        self.journal.slow = True
        bob.screen.drain()
        bob.type("/exit")
        self.journal.answer_all()
        self.assertEqual((bob.ids, [type(answer) for answer in bob.answers]), ([], [Done]))


class StuckTests(SynchronousTestCase):
    def test_cut_off(self) -> None:
        """A connection that takes nothing for 60 s is cut off; the nickname is free, the others see it."""
        house = House()
        alice, bob = house.come("alice", "bob")
        bob.screen.fill()
        house.pass_time(59)
        self.assertFalse(bob.screen.aborted)
        house.pass_time(1)
        self.assertTrue(bob.screen.aborted)
        self.assertEqual(bob.codes, ["too-slow"])
        self.assertEqual(alice.events, [Left("lobby", "bob", house.now(), "too slow", gone=True)])
        self.assertEqual(len(house.hall.roster), 1)
        house.come("bob")
        bob.session.lost("connection lost")
        self.assertEqual([type(event) for event in alice.events], [Left, Joined])

    def test_takes_now_and_then(self) -> None:
        """Somebody who takes something now and then is never cut off."""
        house = House()
        (bob,) = house.come("bob")
        for _ in range(5):
            bob.screen.fill()
            house.pass_time(50)
            bob.screen.drain()
        self.assertFalse(bob.screen.closed)

    def test_written_to(self) -> None:
        """What is written to a full connection, which says again that it is full, gains it no time."""
        house = House()
        (bob,) = house.come("bob")
        bob.screen.fill()
        house.pass_time(40)
        bob.screen.fill()
        house.pass_time(20)
        self.assertTrue(bob.screen.aborted)


class PositionTests(SynchronousTestCase):
    """One cursor on the send path, without a hall."""

    def setUp(self) -> None:
        self.path = SendPath(page_posts=2)
        self.path.stream.recent = Recent(0, 3)
        self.alice, self.bob = self.path.connect("alice"), self.path.connect("bob")

    def test_behind(self) -> None:
        """A cursor says by how many numbers its connection is behind the others."""
        screen(self.bob).fill()
        for number in range(7):
            self.path.say(self.alice, str(number))
        cursor = self.bob.cursor
        assert isinstance(cursor, Cursor)
        self.assertEqual((cursor.position, cursor.behind), (0, 7))
        screen(self.bob).drain(1)
        self.assertEqual((cursor.position, cursor.behind, ids(self.bob)), (2, 5, [1, 2]))

    def test_previous(self) -> None:
        """The first thing shown follows on the time when it began, and each later one on the one before."""
        style = RecordingStyle("json", Preferences())
        screen(self.bob).style = style
        screen(self.bob).fill()
        for second in (10, 20, 30):
            self.path.clock.advance(10)
            said = Draft(Kind.SAID, self.alice.person.author, "alice", NOW + second, "lobby", "words")
            self.path.post(Posting(said, Receipt()))
        screen(self.bob).drain()
        self.assertEqual(style.previous, [NOW, NOW + 10, NOW + 20])

    def test_nothing_for_this_reader(self) -> None:
        """A reader who is to be shown nothing of what was said is live, and was written nothing."""
        screen(self.bob).fill()
        for _ in range(5):
            self.path.say(self.alice, "elsewhere", "dev")
        writes = screen(self.bob).writes
        screen(self.bob).drain()
        self.assertEqual((self.bob.live, screen(self.bob).writes), (True, writes))

    def test_no_more_than_one_reading(self) -> None:
        """A cursor that is told to go on twice reads once."""
        screen(self.bob).fill()
        for number in range(7):
            self.path.say(self.alice, str(number))
        cursor = self.bob.cursor
        assert isinstance(cursor, Cursor)
        screen(self.bob).drain()
        cursor.advance()
        self.assertEqual(ids(self.bob), list(range(1, 8)))


class RenderingsTests(SynchronousTestCase):
    """Two connections that catch up, and a style that counts what it renders."""

    def setUp(self) -> None:
        house = House(MemoryJournal())
        self.first, self.second = (peer.connection for peer in house.come("alice", "bob"))
        self.stream = Stream(MemoryJournal())
        self.style = RecordingStyle("text", Preferences())
        self.renderings = self.made()

    def made(self, **bounds: int) -> Renderings:
        """Return a new one, with both connections."""
        renderings = Renderings(self.stream, **bounds)
        renderings.begin(self.first)
        renderings.begin(self.second)
        return renderings

    def rendered(self, *posts: Post, previous: float = NOW, marked: bool = False) -> int:
        """Show the posts; return how many of them were rendered for it."""
        before = len(self.style.previous)
        lines = self.renderings.lines(self.style, posts, [previous] * len(posts), marked)
        self.assertEqual([FakeStyle.shown[int(line)] for line in lines], [(post, marked) for post in posts])
        return len(self.style.previous) - before

    def test_equal_posts(self) -> None:
        """A rendering is used again for a post that is equal, after the same moment, with the same mark."""
        self.assertEqual(self.rendered(said(1), said(2)), 2)
        self.assertEqual(self.rendered(said(2), said(1), said(3)), 1)
        self.assertEqual(self.rendered(said(1), previous=NOW - 86400), 1)
        self.assertEqual(self.rendered(said(1), marked=True), 1)
        self.assertEqual(self.rendered(said(1, "otherwise")), 1)
        self.assertEqual(self.rendered(Edited(1, "lobby", "alice", NOW, 1, "otherwise")), 1)

    def test_deletions(self) -> None:
        """With deletions among them, posts are rendered together: a style may show many deletions as one."""
        deleted = Deleted(2, "lobby", "alice", NOW, 2)
        self.assertEqual([self.rendered(said(1), deleted), self.rendered(said(1), deleted)], [2, 2])

    def test_forgotten(self) -> None:
        """Nothing is kept of what was removed, nor for longer than to the next second when nobody catches up."""
        self.rendered(said(1))
        self.stream.removed()
        self.assertEqual(self.rendered(said(2)), 1)
        self.assertEqual(self.rendered(said(1)), 1)
        for connection in (self.first, self.second):
            self.renderings.sweep()
            self.assertGreater(self.renderings.size, 0)
            self.renderings.end(connection)
        self.assertGreater(self.renderings.size, 0)
        self.renderings.sweep()
        self.assertEqual(self.renderings.size, 0)
        self.assertEqual(self.rendered(said(1)), 1)

    def test_bounded(self) -> None:
        """However many posts are read, no more bytes are kept than allowed."""
        self.renderings = self.made(most=5000)
        sizes = []
        for number in range(100):
            self.assertEqual(self.rendered(said(number)), 1)
            sizes.append(self.renderings.size)
        self.assertLessEqual(max(sizes), 5000)
        self.assertGreater(max(sizes), 2500)

    def test_one_after_the_other(self) -> None:
        """What one was shown is not rendered again for another who begins in the same second, after it."""
        for connection in (self.first, self.second):
            self.renderings.end(connection)
        shown = []
        for connection in (self.first, self.second):
            self.renderings.begin(connection)
            shown.append(self.rendered(said(1), said(2)))
            self.renderings.end(connection)
        self.assertEqual(shown, [2, 0])


def said(number: int, text: str = "hello") -> Said:
    """Return a message, a new object each time."""
    return Said(number, "lobby", "alice", NOW, text)
