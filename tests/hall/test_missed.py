"""What an account missed: private messages, and new ones in its rooms."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.delivery.fair_share import FairShare
from groupchat.delivery.stream import Stream
from groupchat.facts.account_facts import Account, ReadPosition
from groupchat.hall import missed as missed_messages
from groupchat.hall.missed import (
    AT_ONCE,
    CHARACTERS,
    COUNTED,
    Missed,
    Unread,
    is_mentioned,
    is_said,
    look_up,
    mentioning,
)
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Draft, Kind, ReadUpTo
from groupchat.model.events import (
    Acted,
    AuthorId,
    Deleted,
    Edited,
    Listed,
    Moderated,
    Post,
    Replayed,
    Said,
    TopicChanged,
)
from groupchat.model.preferences import Preferences
from groupchat.state.people import Connection, Person
from groupchat.state.positions import PRIVATE, Positions
from tests.fakes import FakeScreen

ALICE, BOB = AuthorId(1), AuthorId(2)
NOON = 1795262400.0
"""12:00 UTC on Saturday 21 November 2026, in seconds since 1970 UTC."""

ACCOUNT = Account("alice", "alice", ALICE, "hash", 0.0)


def read(room: str, upto: int, at: float) -> ReadPosition:
    """How far alice has read."""
    return ReadPosition(ALICE, room, upto, at)


class LookUpTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.journal = MemoryJournal()
        self.positions = Positions()
        self.share = FairShare(lambda begin: begin(), CHARACTERS)

    def write(self, words: str, author: AuthorId = BOB, room: str = "lobby", kind: Kind = Kind.SAID) -> None:
        """Write something somebody said."""
        self.journal.append([Draft(kind, author, "bob", NOON, room, words)])

    def whisper(self, words: str, author: AuthorId, reader: AuthorId) -> None:
        """Write something private."""
        self.journal.append([Draft(Kind.WHISPERED, author, "x", NOON, text=words, reader=reader, to="y")])

    def read(self, upto: int, *rooms: str) -> None:
        """Note that alice has read these rooms up to here, an hour ago."""
        for move in self.positions.moves(ALICE, rooms, upto, NOON - 3600):
            self.positions.note(move)

    def missed(self, *rooms: str, private: int = 100, upto: int = 1000) -> Missed:
        """What alice missed."""
        found = look_up(self.positions, Stream(self.journal), ACCOUNT, rooms, upto, private, self.share)
        return self.successResultOf(found)

    def test_nothing(self) -> None:
        """Somebody who missed nothing is told nothing."""
        self.write("old")
        self.read(1, "lobby", PRIVATE)
        self.assertEqual(self.missed("lobby"), Missed([], [], {}))

    def test_new_in_a_room(self) -> None:
        """New messages of others are counted, and those that have the nickname."""
        self.write("old")
        self.read(1, "lobby")
        for words in ("hello", "hi Alice!", "malice"):
            self.write(words)
        self.write("mine, says alice", ALICE)
        missed = self.missed("lobby")
        self.assertEqual(missed.rooms, [Unread("lobby", 3, 1, read("lobby", 1, NOON - 3600))])
        self.assertEqual(missed.followed, {"lobby": 1})

    def test_what_is_no_message(self) -> None:
        """Topics are no messages, nor is what was deleted; what was edited is one."""
        self.read(0, "lobby")
        for words in ("one", "two"):
            self.write(words)
        self.write("tea", kind=Kind.TOPIC)
        self.journal.append([Draft(Kind.DELETED, BOB, "bob", NOON, target=1)])
        self.journal.append([Draft(Kind.EDITED, BOB, "bob", NOON, text="for alice", target=2)])
        self.assertEqual([(one.count, one.mentions) for one in self.missed("lobby").rooms], [(1, 1)])

    def test_rooms(self) -> None:
        """Each room is counted from where it was read; one that was never read is not counted at all."""
        for number in range(4):
            self.write(str(number), room=("lobby", "dev")[number % 2])
        self.read(1, "lobby")
        self.read(4, "dev")
        self.write("new", room="ops")
        self.assertEqual([one.room for one in self.missed("lobby", "dev", "ops").rooms], ["lobby"])
        self.assertEqual(self.missed("dev").rooms, [])

    def test_up_to(self) -> None:
        """What comes after the number is not counted: the connection is shown it."""
        self.read(0, "lobby")
        for number in range(3):
            self.write(str(number))
        self.whisper("late", BOB, ALICE)
        missed = self.missed("lobby", upto=2)
        self.assertEqual(([one.count for one in missed.rooms], missed.whispers), ([2], []))

    def test_many(self) -> None:
        """Very many are counted in pieces, each message once, and up to a limit."""
        self.read(0, "lobby")
        for count in (AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE, COUNTED, COUNTED + 10):
            while self.journal.head < count:
                self.write("hi alice" if self.journal.head % 2 else "hi")
            (unread,) = self.missed("lobby", upto=10**6).rooms
            seen = min(count, COUNTED)
            self.assertEqual((unread.count, unread.mentions), (seen, seen // 2))

    def test_private(self) -> None:
        """Private messages to the account are shown, not those from it, nor those of others."""
        self.whisper("read before", BOB, ALICE)
        self.read(1, PRIVATE)
        self.whisper("psst", BOB, ALICE)
        self.whisper("mine", ALICE, BOB)
        self.whisper("others", BOB, AuthorId(3))
        self.assertEqual([stored.event.id for stored in self.missed().whispers], [2])

    def test_private_from_the_beginning(self) -> None:
        """An account that was never here is shown all that was written to it, but no more than so many."""
        for number in range(5):
            self.whisper(str(number), BOB, ALICE)
        self.assertEqual([stored.event.id for stored in self.missed(private=3).whispers], [1, 2, 3])
        self.assertEqual(self.missed(private=0).whispers, [])


class TurnTests(SynchronousTestCase):
    """Looking for nicknames in long texts leaves the others their turns."""

    def setUp(self) -> None:
        self.looked_at = 0
        """Characters in this turn."""
        self.turns: list[Callable[[], None]] = []
        self.share = FairShare(self.turns.append, CHARACTERS)

        def counted(nick: str, post: Post) -> bool:
            assert isinstance(post, Said)
            if post.text.count(nick) > 1:
                self.looked_at += len(post.text)
            return is_mentioned(nick, post)

        self.patch(missed_messages, "is_mentioned", counted)

    def pass_turns(self, *looking: "Deferred[Any]") -> int:
        """Let turns pass until all of these are done; return how many it took."""
        number = 0
        while not all(one.called for one in looking):
            self.assertLess(self.looked_at, CHARACTERS + 4096)
            self.looked_at = 0
            for end in (waiting := list(self.turns)):
                self.turns.remove(end)
                end()
            assert waiting
            number += 1
        self.assertLess(self.looked_at, CHARACTERS + 4096)
        return number

    def test_almost_mentioned(self) -> None:
        """However many look through however many messages, they look at so many characters in a turn, together."""
        texts = ["alice/" * 600] * 50 + ["alice, hi"] + ["é" * 3600 + "alice" * 2] * 10
        posts = [Said(number, "lobby", "bob", NOON, text) for number, text in enumerate(texts, 1)]
        looking = [mentioning("alice", posts, self.share) for _ in range(8)]
        self.assertGreater(self.pass_turns(*looking), 100)
        for one in looking:
            self.assertEqual([post.id for post in self.successResultOf(one)], [51])

    def test_what_is_unread(self) -> None:
        """Counting what is unread in a room does it so, too."""
        journal, positions = MemoryJournal(), Positions()
        positions.note(ReadUpTo(ALICE, "lobby", 0, NOON))
        journal.append([Draft(Kind.SAID, BOB, "bob", NOON, "lobby", "alice/" * 600)] * 60)
        found = look_up(positions, Stream(journal), ACCOUNT, ["lobby"], 1000, 0, self.share)
        self.assertGreater(self.pass_turns(found), 10)
        self.assertEqual(self.successResultOf(found).rooms[0].count, 60)

    def test_ordinary(self) -> None:
        """Ordinary messages, however many, and long ones without the nickname take one turn."""
        texts = ["hi alice", "hello " * 600] * 500
        posts = [Said(number, "lobby", "bob", NOON, text) for number, text in enumerate(texts, 1)]
        self.assertEqual(len(self.successResultOf(mentioning("alice", posts, self.share))), 500)


class ShowTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.screen = FakeScreen(Clock(), "text")
        self.screen.prefer(Preferences(zone="UTC"))
        self.connection = Connection(Person("alice", "alice", ALICE, NOON, ACCOUNT), self.screen, NOON)
        self.connection.rooms, self.connection.current = ("dev", "lobby"), "lobby"

    def shown(self, missed: Missed) -> list[object]:
        """What is shown of it at noon."""
        missed.show(self.connection, 10, NOON, "")
        events = [event for event, _ in self.screen.shown]
        self.screen.shown.clear()
        return list(events)

    def test_nothing(self) -> None:
        """Of nothing nothing is shown."""
        self.assertEqual(self.shown(Missed()), [])

    def test_private(self) -> None:
        """Private messages are shown under a heading that counts them."""
        journal, positions = MemoryJournal(), Positions()
        for count, heading in ((1, "1 message while you were away:"), (2, "2 messages while you were away:")):
            draft = Draft(Kind.WHISPERED, BOB, "bob", NOON, text="psst", reader=ALICE, to="alice")
            journal.append([draft])
            share = FairShare(lambda begin: begin())
            missed = self.successResultOf(look_up(positions, Stream(journal), ACCOUNT, (), 10, 10, share))
            (replayed,) = self.shown(missed)
            assert isinstance(replayed, Replayed)
            self.assertEqual((replayed.heading, len(replayed.posts), replayed.what), (heading, count, "join"))

    def test_rooms(self) -> None:
        """New messages are listed for people and programs, and remembered for /catchup."""
        unread = [
            Unread("lobby", 37, 2, read("lobby", 5, NOON - 3600)),
            Unread("dev", 1, 0, read("dev", 4, NOON - 7200)),
        ]
        (listed,) = self.shown(Missed((), unread, {"lobby": 5, "dev": 4}))
        assert isinstance(listed, Listed)
        self.assertEqual(
            listed.lines,
            (
                "37 new since 11:00, 2 for you; /catchup shows them.",
                "1 new in dev since 10:00; /switch dev and /catchup show it.",
            ),
        )
        self.assertEqual(
            listed.items[0],
            {"room": "lobby", "new": 37, "mentions": 2, "after": 5, "since": "2026-11-21T11:00:00.000Z"},
        )
        self.assertEqual(listed.what, "unread")
        self.assertEqual(self.connection.person.unread, {"lobby": 5, "dev": 4})

    def test_another_day(self) -> None:
        """Of another day the date is told; of very many that there are more; the time is in the reader's zone."""
        unread = Unread("lobby", COUNTED, 0, read("lobby", 5, NOON - 86400))
        self.assertIn(f"{COUNTED} and more new since 2026-11-20 12:00", unread.line(self.connection, NOON, ""))
        self.screen.prefer(Preferences())
        self.assertIn("since 2026-11-20 17:30", unread.line(self.connection, NOON, "Asia/Kolkata"))
        self.screen.prefer(Preferences(zone="Asia/Tokyo"))
        self.assertIn("since 2026-11-20 21:00", unread.line(self.connection, NOON, ""))
        late = Unread("lobby", 1, 0, read("lobby", 5, NOON + 3 * 3600 - 60))
        self.assertIn("since 2026-11-21 23:59", late.line(self.connection, NOON + 3 * 3600, "Asia/Kolkata"))


class WordTests(SynchronousTestCase):
    def said(self, words: str) -> Said:
        """Something said."""
        return Said(1, "lobby", "bob", NOON, words)

    def test_is_mentioned(self) -> None:
        """Words speak to somebody as everywhere else; see ``tests/model/message/mentions.json``."""
        yes = ["alice", "Alice: hi", "@alice", "alice."]
        no = ["malice", "http://example.org/?to=alice", "alice@example.org", "`alice`", ""]
        self.assertEqual([is_mentioned("alice", self.said(words)) for words in yes], [True] * len(yes))
        self.assertEqual([is_mentioned("alice", self.said(words)) for words in no], [False] * len(no))

    def test_nicknames_are_no_patterns(self) -> None:
        """A dot in a nickname is a dot."""
        self.assertFalse(is_mentioned("a.c", self.said("abc")))
        self.assertTrue(is_mentioned("a.c", self.said("a.c: hi")))

    def test_what_has_words(self) -> None:
        """A nickname is not mentioned by what has no words."""
        self.assertFalse(is_mentioned("tea", TopicChanged(1, "lobby", "bob", NOON, "tea")))
        self.assertTrue(is_mentioned("tea", Acted(1, "lobby", "bob", NOON, "drinks tea")))

    def test_is_said(self) -> None:
        """Messages are said, also when they were edited; deletions, topics and deeds are not."""
        posts = [
            Edited(1, "lobby", "bob", NOON, 1, "x"),
            Deleted(1, "lobby", "bob", NOON, 1),
            TopicChanged(1, "lobby", "bob", NOON, "x"),
            Moderated(1, "lobby", "bob", NOON, "x"),
        ]
        self.assertEqual([is_said(post) for post in posts], [True, False, False, False])
