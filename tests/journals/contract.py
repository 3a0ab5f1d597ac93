"""The promises of every journal: one class of tests that each journal passes."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface.verify import verifyObject

from groupchat.facts.account_facts import Account, RankGiven
from groupchat.facts.sanctions import Ban
from groupchat.facts.typed import TypedFact
from groupchat.interfaces.storage import IJournal
from groupchat.model.drafts import (
    Amendment,
    Audience,
    Draft,
    Fact,
    FactChange,
    Kind,
    Operation,
    Outcome,
    Repeated,
    Revoke,
    StoredPost,
    StoredRoom,
    StoredSession,
)
from groupchat.model.errors import AlreadyDeleted, BadArguments, NoSuchMessage, NotYours, Refusal, TooOld
from groupchat.model.events import (
    SERVER,
    Acted,
    AuthorId,
    Deleted,
    Edited,
    Moderated,
    Post,
    Said,
    TopicChanged,
    Whispered,
)
from groupchat.model.message.sought import Sought, Whose
from groupchat.model.ranks import Rank

ALICE, BOB, CAROL = AuthorId(1), AuthorId(2**63 - 1), AuthorId(3)
NICKS = {ALICE: "alice", BOB: "bob", CAROL: "carol"}
NOON = 1_795_000_000.0
LOBBY = Audience(("lobby",))


def folder(test: SynchronousTestCase) -> Path:
    """Make a folder that is gone after the test."""
    place = Path(tempfile.mkdtemp())
    test.addCleanup(shutil.rmtree, place)
    return place


def said(text: str, author: AuthorId = ALICE, room: str = "lobby", at: float = NOON, key: str | None = None) -> Draft:
    """Draft something said."""
    return Draft(Kind.SAID, author, NICKS[author], at, room, text, key=key)


def whispered(text: str, author: AuthorId, reader: AuthorId, at: float = NOON) -> Draft:
    """Draft something private."""
    return Draft(Kind.WHISPERED, author, NICKS[author], at, text=text, reader=reader, to=NICKS[reader])


def edited(target: int | None, text: str, author: AuthorId = ALICE, at: float = NOON, anyones: bool = False) -> Draft:
    """Draft an edit."""
    return Draft(Kind.EDITED, author, NICKS[author], at, "lobby", text, target=target, anyones=anyones)


def deleted(target: int | None, author: AuthorId = ALICE, at: float = NOON, anyones: bool = False) -> Draft:
    """Draft a deletion."""
    return Draft(Kind.DELETED, author, NICKS[author], at, "lobby", target=target, anyones=anyones)


def topic(text: str, room: str = "lobby", author: AuthorId = ALICE, at: float = NOON) -> Draft:
    """Draft a topic."""
    return Draft(Kind.TOPIC, author, NICKS[author], at, room, text)


def account(author: AuthorId) -> Account:
    """Make the fact of somebody's account."""
    return Account(NICKS[author], NICKS[author], author, "1:hash", NOON)


def ban(nick: str, author: AuthorId | None = None, room: str = "", until: float | None = None, why: str = "") -> Ban:
    """Make a ban, of an author if one is given and else of a nickname."""
    return Ban(nick, nick, author, author is None, room, "olga", why, NOON, until)


def amended(*facts: TypedFact, at: float = NOON) -> Amendment:
    """Make facts true, whatever was there."""
    return Amendment(SERVER, at, tuple(fact.put() for fact in facts))


def undone(*facts: TypedFact, at: float = NOON) -> Amendment:
    """Make facts true no more, if they are as they stand here."""
    return Amendment(SERVER, at, tuple(fact.undone() for fact in facts))


def operating(author: AuthorId) -> Amendment:
    """Make somebody an operator, with an account."""
    return amended(account(author), RankGiven(author, Rank.OPERATOR, "server", NOON))


class JournalCase(TestCase):
    """A journal to test; a subclass says how one is made and, if it outlives that, made again."""

    __test__ = False
    timeout = 60

    def make(self) -> IJournal:
        """Make an empty journal."""
        raise NotImplementedError

    def setUp(self) -> None:
        self.journal = self.make()
        self.addCleanup(self.release)

    def release(self) -> "Deferred[None]":
        """Close the journal that is open at the end of a test."""
        return self.journal.close()

    async def reopen(self) -> None:
        """Close the journal and open it again, if it is one that outlives that."""

    async def append(self, *operations: Operation) -> list[Outcome]:
        """Append in one transaction."""
        return await self.journal.append(operations)

    async def page(self, audience: Audience = LOBBY, after: int = 0, upto: int = 1000, limit: int = 1000) -> list[Post]:
        """Read the log."""
        return events(await self.journal.page(audience, after, upto, limit))

    async def ids(self, answer: "Deferred[list[StoredPost]]") -> list[int]:
        """Wait for posts and give their numbers."""
        return [post.id for post in events(await answer)]


class JournalContract(JournalCase):
    """Tests of every journal: what is said, read and changed."""

    __test__ = False

    def test_interface(self) -> None:
        """It has everything that the core asks of a journal."""
        verifyObject(IJournal, self.journal)

    async def test_numbers(self) -> None:
        """Numbers start at 1 and rise in the order of the drafts; the head is the highest."""
        self.assertEqual(self.journal.head, 0)
        first = await self.append(said("a"), said("b", BOB))
        self.assertEqual([(post.id, post.text) for post in posts(first)], [(1, "a"), (2, "b")])  # type: ignore[attr-defined]
        self.assertEqual(self.journal.head, 2)
        self.assertEqual([post.id for post in posts(await self.append(said("c")))], [3])
        self.assertEqual(self.journal.head, 3)

    async def test_nothing(self) -> None:
        """To append nothing gives nothing and takes no number; there is nothing to read then."""
        everything = Audience(("lobby",), ALICE)
        for answer in (
            self.journal.page(everything, 0, 9, 9),
            self.journal.recent(everything, 9, 9),
            self.journal.following(everything, 0, 9, 9),
            self.journal.between(everything, 0, NOON, 9),
        ):
            self.assertEqual(await answer, [])
        self.assertEqual(await self.append(), [])
        self.assertEqual(self.journal.head, 0)

    async def test_every_kind(self) -> None:
        """Each kind of draft comes back as its event, with its author and reader, and reads the same later."""
        outcomes = await self.append(
            said("hi", at=NOON + 0.1234),
            Draft(Kind.ACTED, BOB, "bob", NOON, "lobby", "waves"),
            topic("things"),
            whispered("psst", ALICE, BOB),
        )
        expected = [
            StoredPost(Said(1, "lobby", "alice", NOON + 0.123, "hi"), ALICE),
            StoredPost(Acted(2, "lobby", "bob", NOON, "waves"), BOB),
            StoredPost(TopicChanged(3, "lobby", "alice", NOON, "things"), ALICE),
            StoredPost(Whispered(4, "", "alice", NOON, "bob", "psst"), ALICE, BOB),
        ]
        self.assertEqual(outcomes, expected)
        self.assertEqual(await self.journal.page(Audience(("lobby",), BOB), 0, 4, 10), expected)

    async def test_any_text(self) -> None:
        """Any text comes back as it went in."""
        texts = ["", "'\"; --", "𝔘𝔫𝔦 👩‍👩‍👧 \x00 e\u0301", "x" * 100_000]
        await self.append(*map(said, texts))
        self.assertEqual([post.text for post in await self.page()], texts)  # type: ignore[attr-defined]

    async def test_page_bounds(self) -> None:
        """A page starts after ``after``, ends at ``upto`` and has at most ``limit`` rows: the first ones."""
        await self.append(*(said(str(n)) for n in range(1, 8)))
        self.assertEqual([post.id for post in await self.page(after=2, upto=6)], [3, 4, 5, 6])
        self.assertEqual([post.id for post in await self.page(after=2, upto=6, limit=2)], [3, 4])
        self.assertEqual(await self.page(after=7), [])
        self.assertEqual(await self.page(limit=0), [])
        self.assertEqual([post.id for post in await self.page(after=-5, upto=2**70)], [1, 2, 3, 4, 5, 6, 7])
        self.assertEqual(await self.page(after=2**70, upto=2**71), [])

    async def test_audience(self) -> None:
        """A reader gets the posts of their rooms and their own private ones, in order, each once."""
        await self.append(
            said("1"),
            said("2", room="dev"),
            whispered("3", ALICE, BOB),
            whispered("4", BOB, CAROL),
            said("5", room="attic"),
            whispered("6", CAROL, ALICE),
            whispered("7", ALICE, ALICE),
        )

        async def seen(rooms: tuple[str, ...], author: AuthorId | None = None) -> list[int]:
            audience = Audience(rooms, author)
            page = [post.id for post in await self.page(audience)]
            self.assertEqual(await self.ids(self.journal.recent(audience, 1000, 1000)), page)
            self.assertEqual(await self.ids(self.journal.following(audience, 0, 1000, 1000)), page)
            self.assertEqual(await self.ids(self.journal.between(audience, 0, NOON + 1, 1000)), page)
            return page

        self.assertEqual(await seen(("lobby", "dev")), [1, 2])
        self.assertEqual(await seen(("lobby", "dev", "lobby"), ALICE), [1, 2, 3, 6, 7])
        self.assertEqual(await seen((), BOB), [3, 4])
        self.assertEqual(await seen(("",)), [])
        self.assertEqual(await seen(("Lobby", "nowhere")), [])

    async def test_recent(self) -> None:
        """The last messages come oldest first; edits, topics and what is deleted are not counted."""
        await self.append(said("1"), said("2"), topic("3"), said("4"), edited(2, "two"))
        self.assertEqual(
            events(await self.journal.recent(LOBBY, 6, 2)),
            [Edited(2, "lobby", "alice", NOON, 2, "two"), Said(4, "lobby", "alice", NOON, "4")],
        )
        self.assertEqual(await self.ids(self.journal.recent(LOBBY, 3, 9)), [1, 2])
        self.assertEqual(await self.ids(self.journal.recent(LOBBY, 9, 0)), [])
        self.assertEqual(await self.ids(self.journal.recent(LOBBY, 9, -1)), [])

    async def test_deleted_take_no_place(self) -> None:
        """Deleted messages use up no places among the last, the following, those of a day and the neighbours."""
        await self.append(*(said(str(n), at=n) for n in range(1, 7)), *(said("spam", BOB, at=7) for _ in range(40)))
        await self.append(whispered("47", ALICE, BOB), whispered("48", ALICE, BOB))
        await self.append(*(deleted(n, BOB) for n in range(7, 47)), deleted(4), deleted(47))
        both = Audience(("lobby",), BOB)
        self.assertEqual(await self.ids(self.journal.recent(LOBBY, 99, 3)), [3, 5, 6])
        self.assertEqual(await self.ids(self.journal.recent(both, 99, 3)), [5, 6, 48])
        self.assertEqual(await self.ids(self.journal.following(both, 2, 99, 4)), [3, 5, 6, 48])
        self.assertEqual(await self.ids(self.journal.between(LOBBY, 3, 99, 3)), [3, 5, 6])
        self.assertEqual(await self.ids(self.journal.around(LOBBY, 5, 2)), [2, 3, 5, 6])
        self.assertEqual(await self.ids(self.journal.around(both, 48, 2)), [48])
        # The log itself has them all.
        self.assertEqual(await self.ids(self.journal.page(both, 0, 99, 999)), list(range(1, 91)))

    async def test_following(self) -> None:
        """The first messages after a number, no further than another."""
        await self.append(said("1"), topic("2"), said("3"), said("4"), edited(1, "one"), said("6"))
        self.assertEqual(await self.ids(self.journal.following(LOBBY, 1, 6, 2)), [3, 4])
        self.assertEqual(await self.ids(self.journal.following(LOBBY, 1, 4, 9)), [3, 4])
        self.assertEqual(await self.ids(self.journal.following(LOBBY, 4, 9, 9)), [6])

    async def test_between(self) -> None:
        """A span of time holds its start and not its end, also when the clock was set back meanwhile."""
        times = [10.0, 20.0, 30.0, 15.0, 25.0, 5.0, 35.0]
        await self.append(*(said(str(at), at=at) for at in times[:4]))
        await self.append(*(said(str(at), at=at) for at in times[4:]))
        self.assertEqual(await self.ids(self.journal.between(LOBBY, 15, 30, 9)), [2, 4, 5])
        self.assertEqual(await self.ids(self.journal.between(LOBBY, 15, 30.001, 9)), [2, 3, 4, 5])
        self.assertEqual(await self.ids(self.journal.between(LOBBY, 0, 100, 3)), [1, 2, 3])
        self.assertEqual(await self.ids(self.journal.between(LOBBY, 35.001, float("inf"), 3)), [])
        self.assertEqual(await self.ids(self.journal.between(LOBBY, 30, 20, 3)), [])

    async def test_around(self) -> None:
        """A message comes with its neighbours of the same room."""
        for n in range(1, 10):
            await self.append(said(str(n), room="lobby" if n % 2 else "dev"))
        await self.append(topic("10"), edited(7, "seven"))
        both = Audience(("lobby", "dev"), ALICE)
        self.assertEqual(await self.ids(self.journal.around(both, 5, 1)), [3, 5, 7])
        self.assertEqual(await self.ids(self.journal.around(both, 2, 2)), [2, 4, 6])
        self.assertEqual(await self.ids(self.journal.around(both, 9, 99)), [1, 3, 5, 7, 9])
        self.assertEqual(await self.ids(self.journal.around(both, 5, 0)), [5])
        await self.append(deleted(3))
        self.assertEqual(events(await self.journal.around(both, 3, 0)), [Deleted(3, "lobby", "alice", NOON, 3)])
        self.assertEqual(await self.ids(self.journal.around(both, 3, 1)), [1, 3, 5])

    async def test_around_private(self) -> None:
        """A private message's neighbours are those between the same two, whoever spoke."""
        await self.append(
            whispered("1", ALICE, BOB),
            whispered("2", ALICE, CAROL),
            whispered("3", BOB, ALICE),
            said("4"),
            whispered("5", ALICE, BOB),
            whispered("6", BOB, BOB),
        )
        for author in (ALICE, BOB):
            audience = Audience(("lobby",), author)
            self.assertEqual(await self.ids(self.journal.around(audience, 3, 5)), [1, 3, 5])
        self.assertEqual(await self.ids(self.journal.around(Audience((), BOB), 6, 5)), [6])

    async def test_around_nothing(self) -> None:
        """No such message: an unknown number, one of an edit, of another room, of others' private talk: all alike."""
        await self.append(said("1"), whispered("2", BOB, CAROL), edited(1, "one"), said("4", room="dev"))
        for id in (0, -1, 2, 3, 4, 5, 2**80):
            error = await self.assertFailure(self.journal.around(Audience(("lobby",), ALICE), id, 1), NoSuchMessage)
            self.assertIn(f"#{id}.", str(error))

    async def test_edit(self) -> None:
        """An edit is a row of its own, and its message reads so from then on, at its old place and time."""
        await self.append(said("helo", at=NOON))
        edit = await self.append(edited(1, "hello", at=NOON + 5))
        self.assertEqual(edit, [StoredPost(Edited(2, "lobby", "alice", NOON + 5, 1, "hello"), ALICE)])
        again = await self.append(edited(1, "hello!", at=NOON + 6))
        self.assertEqual(
            await self.page(),
            [Edited(1, "lobby", "alice", NOON, 1, "hello!"), events(edit)[0], events(again)[0]],
        )
        self.assertEqual(
            events(await self.journal.recent(LOBBY, 9, 9)), [Edited(1, "lobby", "alice", NOON, 1, "hello!")]
        )

    async def test_delete(self) -> None:
        """A deleted message, and every edit of it, is shown as deleted and never with its text."""
        await self.append(said("secret", at=NOON), edited(1, "secret 2", at=NOON + 1), said("other"))
        outcome = await self.append(deleted(1, at=NOON + 2))
        self.assertEqual(outcome, [StoredPost(Deleted(4, "lobby", "alice", NOON + 2, 1), ALICE)])
        self.assertEqual(
            await self.page(),
            [
                Deleted(1, "lobby", "alice", NOON, 1),
                Deleted(2, "lobby", "alice", NOON + 1, 1),
                Said(3, "lobby", "alice", NOON, "other"),
                Deleted(4, "lobby", "alice", NOON + 2, 1),
            ],
        )
        self.assertEqual(await self.ids(self.journal.recent(LOBBY, 9, 9)), [3])

    async def test_delete_by_another(self) -> None:
        """The person who deleted a message is shown, not its author."""
        await self.append(operating(BOB), said("spam"), deleted(1, BOB, anyones=True))
        self.assertEqual([post.nick for post in await self.page()], ["bob", "bob"])

    async def test_change_private(self) -> None:
        """Edits and deletions of something private are seen by the same two people, each with the other's name."""
        await self.append(operating(BOB))
        outcomes = await self.append(whispered("a", ALICE, BOB), edited(1, "b"), whispered("c", BOB, ALICE))
        self.assertEqual(outcomes[1], StoredPost(Edited(2, "", "alice", NOON, 1, "b", "bob"), ALICE, BOB))
        await self.append(deleted(1, BOB, anyones=True))
        expected = [
            Deleted(1, "", "bob", NOON, 1, "alice"),
            Deleted(2, "", "bob", NOON, 1, "alice"),
            Whispered(3, "", "bob", NOON, "alice", "c"),
            Deleted(4, "", "bob", NOON, 1, "alice"),
        ]
        for author in (ALICE, BOB):
            self.assertEqual(await self.page(Audience((), author)), expected)
        self.assertEqual(await self.page(Audience(("", "lobby"), CAROL)), [])

    async def test_change_in_one_batch(self) -> None:
        """An edit or a deletion sees the drafts before it in the same call, and the newest of them without a number."""
        await self.append(said("a"), edited(None, "b"), said("c"), deleted(None), edited(None, "d"))
        self.assertEqual(
            await self.page(),
            [
                Edited(1, "lobby", "alice", NOON, 1, "d"),
                Edited(2, "lobby", "alice", NOON, 1, "b"),
                Deleted(3, "lobby", "alice", NOON, 3),
                Deleted(4, "lobby", "alice", NOON, 3),
                Edited(5, "lobby", "alice", NOON, 1, "d"),
            ],
        )

    async def test_no_such_message(self) -> None:
        """Unknown numbers, other rows than messages, and others' private messages are refused in the same words."""
        await self.append(operating(ALICE), topic("1"), said("2"), edited(2, "two"), whispered("4", BOB, CAROL))
        for target in (0, -3, 1, 3, 4, 99, 2**70):
            for anyones in (False, True):
                (outcome,) = await self.append(edited(target, "x", anyones=anyones))
                self.assertIsInstance(outcome, NoSuchMessage)
                self.assertEqual(str(outcome), f"There is no message #{target}. /history shows the numbers.")
        self.assertEqual(self.journal.head, 4)

    async def test_nothing_said(self) -> None:
        """One who has said nothing, or deleted it all, has nothing to edit without a number."""
        await self.append(said("1", BOB), topic("2"))
        for _ in range(2):
            (outcome,) = await self.append(deleted(None))
            self.assertIsInstance(outcome, NoSuchMessage)
            self.assertEqual(str(outcome), "You have no message in lobby: you have said nothing there, or deleted it.")
            await self.append(said("x"), deleted(None))

    async def test_not_yours(self) -> None:
        """The message of somebody else is refused with their name, the received private one too, unless allowed."""
        await self.append(said("1", BOB), whispered("2", BOB, ALICE))
        for target in (1, 2):
            (outcome,) = await self.append(edited(target, "x"))
            self.assertIsInstance(outcome, NotYours)
            self.assertEqual(
                str(outcome),
                f"#{target} is bob's; you can edit and delete only your own messages. /history shows the numbers.",
            )
        _, outcome = await self.append(operating(ALICE), edited(1, "x", anyones=True))
        self.assertIsInstance(outcome, StoredPost)

    async def test_too_old(self) -> None:
        """A message older than allowed is refused, with and without its number; one just old enough is not."""
        await self.append(operating(ALICE), said("1", at=NOON))
        for target in (1, None):
            late = replace(edited(target, "x"), not_before=NOON + 0.001)
            self.assertIsInstance((await self.append(late))[0], TooOld)
            self.assertIsInstance((await self.append(replace(late, not_before=NOON)))[0], StoredPost)
            self.assertIsInstance((await self.append(replace(late, anyones=True)))[0], StoredPost)

    async def test_already_deleted(self) -> None:
        """A deleted message cannot be changed again, even by those who may change any; others learn whose it is."""
        await self.append(operating(BOB), said("1", at=NOON), deleted(1))
        for draft in (
            edited(1, "x"),
            deleted(1),
            replace(deleted(1), not_before=NOON + 9),
            deleted(1, BOB, anyones=True),
        ):
            self.assertIsInstance((await self.append(draft))[0], AlreadyDeleted)
        self.assertIsInstance((await self.append(deleted(1, BOB)))[0], NotYours)

    async def test_refusals_do_not_hinder(self) -> None:
        """A refused draft takes no number, and those around it are written."""
        outcomes = await self.append(said("1"), deleted(9), said("2"))
        self.assertEqual([getattr(getattr(one, "event", None), "id", 0) for one in outcomes], [1, 0, 2])

    async def test_key(self) -> None:
        """The same key of the same author is stored once, in one call and later; of another author it is another."""
        outcomes = await self.append(said("a", key="k"), said("b", key="k"), said("c", BOB, key="k"), said("d"))
        self.assertEqual(outcomes[1], Repeated(1))
        self.assertEqual(
            await self.append(said("e", key="k"), said("f", key="K")),
            [Repeated(1), *(outcomes[4:]), (StoredPost(Said(4, "lobby", "alice", NOON, "f"), ALICE))],
        )
        await self.append(deleted(1))
        self.assertEqual(await self.append(said("g", BOB, key="k"), said("h", key="k")), [Repeated(2), Repeated(1)])

    async def test_keyed(self) -> None:
        """An author's key leads to what was posted with it, also when that is deleted; another's key leads nowhere."""
        await self.append(said("a", key="k"), said("b", BOB, key="l"))
        self.assertEqual(await self.journal.keyed(ALICE, "k"), 1)
        self.assertEqual(await self.journal.keyed(BOB, "l"), 2)
        self.assertIs(await self.journal.keyed(ALICE, "l"), None)
        self.assertIs(await self.journal.keyed(ALICE, "K"), None)
        await self.append(replace(deleted(1), key="d"))
        self.assertEqual(await self.journal.keyed(ALICE, "k"), 1)
        self.assertEqual(await self.journal.keyed(ALICE, "d"), 3)

    async def test_key_of_a_change(self) -> None:
        """Changes of messages and rooms with a key happen once too; the key of a refused draft can be used again."""
        drafts = [
            edited(None, "x"), deleted(None), Draft(Kind.ACTED, ALICE, "alice", NOON, "lobby", "waves"),
            whispered("psst", ALICE, BOB), topic("tea"),
        ]  # fmt: skip
        keyed = [replace(draft, key=f"k{number}") for number, draft in enumerate(drafts)]
        refused, *_ = await self.append(keyed[0])
        self.assertIsInstance(refused, Refusal)
        await self.append(said("a"), said("b"))
        first = await self.append(*keyed)
        numbers = [outcome.event.id for outcome in first if isinstance(outcome, StoredPost)]
        self.assertEqual(numbers, [3, 4, 5, 6, 7])
        self.assertEqual(await self.append(*keyed), [Repeated(number) for number in numbers])
        self.assertEqual(self.journal.head, 7)

    async def test_key_of_who_keeps_order(self) -> None:
        """A person who deletes what another whispered to them can use the same key, and uses up none of theirs."""
        await self.append(operating(BOB), said("a", key="k"), whispered("spam", ALICE, BOB))
        (outcome,) = await self.append(replace(deleted(2, BOB, anyones=True), key="k"))
        self.assertIsInstance(outcome, StoredPost)
        await self.append(whispered("more spam", ALICE, BOB))
        await self.append(replace(deleted(4, BOB, anyones=True), key="new"))
        self.assertEqual(await self.append(said("b", key="k")), [Repeated(1)])
        self.assertIsInstance((await self.append(said("c", key="new")))[0], StoredPost)

    async def test_latest(self) -> None:
        """The newest message of an author in a room that is not deleted, in its newest form; none of elsewhere."""
        self.assertIsNone(await self.journal.latest(ALICE, "lobby"))
        await self.append(said("1"), topic("2"), said("3"), edited(1, "x"), said("5", BOB), said("6", room="dev"))
        await self.append(whispered("7", ALICE, BOB))
        for room, id in ("lobby", 3), ("dev", 6):
            found = await self.journal.latest(ALICE, room)
            self.assertEqual(found, StoredPost(Said(id, room, "alice", NOON, str(id)), ALICE))
        self.assertEqual((await self.journal.latest(ALICE, "")).event.id, 7)  # type: ignore[union-attr]
        self.assertIs(await self.journal.latest(ALICE, "attic"), None)
        await self.append(deleted(3))
        found = await self.journal.latest(ALICE, "lobby")
        self.assertEqual(found, StoredPost(Edited(1, "lobby", "alice", NOON, 1, "x"), ALICE))

    async def test_change_the_latest(self) -> None:
        """Without a number the newest message in the named room is changed, never one of elsewhere."""
        await self.append(said("1"), said("2", room="dev"), whispered("3", ALICE, BOB), said("4", BOB))
        edit, deletion, other = await self.append(edited(None, "one"), deleted(None), deleted(None))
        self.assertEqual(edit, StoredPost(Edited(5, "lobby", "alice", NOON, 1, "one"), ALICE))
        self.assertEqual(deletion, StoredPost(Deleted(6, "lobby", "alice", NOON, 1), ALICE))
        self.assertIsInstance(other, NoSuchMessage)
        self.assertIn("in lobby", str(other))

    async def test_rooms(self) -> None:
        """Every room with posts, by name, with its newest topic and the time of its newest post."""
        self.assertEqual(await self.journal.rooms(), [])
        await self.append(said("1", room="zoo", at=1), topic("old", at=2), topic("new", at=3), said("4", at=5))
        await self.append(whispered("5", ALICE, BOB, at=9), topic("x", "attic", at=6), topic("", "attic", at=7))
        await self.append(edited(1, "one", at=8))
        self.assertEqual(
            await self.journal.rooms(),
            [StoredRoom("attic", "", 7.0), StoredRoom("lobby", "new", 5.0), StoredRoom("zoo", "", 8.0)],
        )

    async def test_one_room(self) -> None:
        """One room is found by its name; there is none without posts."""
        await self.append(said("1", room="zoo", at=1), topic("plans", "zoo", at=2), whispered("3", ALICE, BOB))
        self.assertEqual(await self.journal.room("zoo"), StoredRoom("zoo", "plans", 2.0))
        self.assertIs(await self.journal.room("attic"), None)
        self.assertIs(await self.journal.room(""), None)

    async def test_message(self) -> None:
        """A message is found by its number alone, in its newest form; nothing else is."""
        await self.append(said("1"), whispered("2", ALICE, BOB), topic("3"), edited(1, "one"), deleted(2))
        self.assertEqual(await self.journal.message(1), StoredPost(Edited(1, "lobby", "alice", NOON, 1, "one"), ALICE))
        found = await self.journal.message(2)
        self.assertIsInstance(found.event, Deleted)  # type: ignore[union-attr]
        for id in (0, 3, 4, 5, 99, -1, 2**80):
            self.assertIs(await self.journal.message(id), None, id)

    async def test_sessions(self) -> None:
        """A session is found by its digest, in its newest form, with and without any draft."""
        old = StoredSession(ALICE, "a" * 64, "alice", ("dev", "lobby"), 3, NOON)
        self.assertEqual(
            await self.append(said("1"), old), [StoredPost(Said(1, "lobby", "alice", NOON, "1"), ALICE), None]
        )
        self.assertEqual(await self.journal.recall("a" * 64), old)
        new = replace(old, digest="b" * 64, nick="alicia", rooms=(), position=9)
        self.assertEqual(await self.append(new), [None])
        self.assertEqual(await self.journal.recall("b" * 64), new)
        later = replace(old, position=5)
        await self.append(later)
        self.assertEqual(await self.journal.recall("a" * 64), later)
        taken = replace(new, author=BOB)
        await self.append(taken)
        self.assertEqual(await self.journal.recall("b" * 64), taken)
        whole = replace(taken, rooms=("dev", "lobby"), current="dev", lost="ops", since=NOON, silent=True)
        whole = replace(whole, partner=ALICE, ignored=((ALICE, "älice", "0f"), (BOB, "bob", "")))
        await self.append(whole)
        self.assertEqual(await self.journal.recall("b" * 64), whole)

    async def test_revoked_sessions(self) -> None:
        """All sessions of an author are forgotten at once, but those that come after it, and those of others."""
        mine = [StoredSession(ALICE, letter * 64, "alice", ("lobby",), 3, NOON) for letter in "abc"]
        other = replace(mine[0], author=BOB, digest="d" * 64)
        await self.append(*mine[:2], other)
        await self.append(Amendment(SERVER, NOON, (Revoke(ALICE),)), mine[2])
        found = [await self.journal.recall(letter * 64) for letter in "abcd"]
        self.assertEqual(found, [None, None, mine[2], other])

    async def test_facts(self) -> None:
        """The last value of each fact is kept, by kind and name, with and without any draft; a false one is gone."""
        self.assertEqual(await self.journal.facts("ban"), [])
        bob, al = ban("bob", until=NOON + 5.5, why="spam 🥫"), ban("al")
        outcomes = await self.append(said("1"), amended(bob, al, account(BOB)))
        self.assertEqual(outcomes[1:], [None])
        self.assertEqual(await self.journal.facts("ban"), [al.fact, bob.fact])
        late = ban("bob", until=NOON + 6)
        gone = Amendment(SERVER, NOON, (FactChange(Fact("mute", "/nobody", None)),))
        await self.append(undone(bob), amended(late), undone(al), gone)
        self.assertEqual(await self.journal.facts("ban"), [late.fact])
        self.assertEqual(await self.journal.facts("mute"), [])
        self.assertEqual(await self.journal.facts("account"), [account(BOB).fact])

    async def test_moderated(self) -> None:
        """Acts of operators are in the log of their room, are not messages, and can be listed for all rooms."""

        def did(text: str, room: str) -> Draft:
            return Draft(Kind.MODERATED, ALICE, "alice", NOON, room, text)

        await self.append(
            did("made bob an operator", "lobby"), said("2"), did("banned carol", "dev"), did("x", "lobby")
        )
        listed = [
            Moderated(1, "lobby", "alice", NOON, "made bob an operator"),
            Moderated(3, "dev", "alice", NOON, "banned carol"),
            Moderated(4, "lobby", "alice", NOON, "x"),
        ]
        self.assertEqual(events(await self.journal.moderated(9, 9)), listed)
        self.assertEqual(events(await self.journal.moderated(3, 1)), listed[1:2])
        self.assertEqual(events(await self.journal.moderated(9, 0)), [])
        self.assertEqual([post.id for post in await self.page()], [1, 2, 4])
        self.assertEqual(await self.ids(self.journal.recent(LOBBY, 9, 9)), [2])
        self.assertIsInstance((await self.append(edited(1, "y")))[0], NoSuchMessage)
        await self.append(did("announced: hello", ""))
        self.assertEqual([post.id for post in events(await self.journal.moderated(9, 1))], [5])
        self.assertEqual([post.id for post in await self.page()], [1, 2, 4])
        self.assertEqual([room.name for room in await self.journal.rooms()], ["dev", "lobby"])


class SearchContract(JournalContract):
    """Searches that have the same results in every journal."""

    async def found(self, words: str, audience: Audience = LOBBY, count: int = 50) -> list[int]:
        """Search, and give the numbers."""
        return await self.ids(self.journal.search(audience, Sought(words), count))

    async def test_words(self) -> None:
        """All words must be there, in any order and case; the last may be the beginning of one; newest come first."""
        await self.append(said("The Red fox"), said("a red herring"), said("predict"), said("foxtrot in red"))
        self.assertEqual(await self.found("red"), [4, 2, 1])
        self.assertEqual(await self.found("RED fo"), [4, 1])
        self.assertEqual(await self.found("fo red"), [])
        self.assertEqual(await self.found("red f"), [])
        self.assertEqual(await self.found("herring a"), [2])
        self.assertEqual(await self.found("red", count=2), [4, 2])
        self.assertEqual(await self.found("red", count=0), [])
        self.assertEqual(await self.found("nothing"), [])

    async def test_scripts(self) -> None:
        """Any script is found, with or without accents; where words have no spaces, from one character on."""
        texts = [
            "Übung im Café",
            "ПРИВЕТ всем",
            "今天天気がいい",
            "สวัสดีครับ",
            "학교에서 봐",
            "שָׁלוֹם",
            "ok 😊 now",
            "हिन्दी में",
        ]
        await self.append(*map(said, texts))
        for words, id in [
            ("ubung", 1), ("CAFE", 1), ("cafe\u0301", 1), ("привет", 2), ("всё", 2), ("天気", 3), ("気", 3),
            ("がい", 3), ("か", 0), ("気天", 0), ("สวัส", 4), ("학교", 5), ("교에", 5), ("שלום", 6), ("😊", 7),
            ("हिन्दी", 8), ("हिन", 8),
        ]:  # fmt: skip
            self.assertEqual(await self.found(words), [id] if id else [], words)

    async def test_phrases(self) -> None:
        """Words without a space between them must be side by side; the rest may be anywhere."""
        await self.append(said("see http://a.example/x"), said("example a"), said("don't"), said("t don"))
        self.assertEqual(await self.found("a.example"), [1])
        self.assertEqual(await self.found("a example"), [2, 1])
        self.assertEqual(await self.found("don't"), [3])

    async def test_query_is_inert(self) -> None:
        """Nothing typed is taken for an operator, a quote, a column or a wildcard."""
        await self.append(said("a NOT b"), said("a b"), said("near text"), said("ab"))
        for words, ids in [
            ("a NOT b", [1]), ('"a', [2, 1]), ("a* b", [2, 1]), ("text:near", []), ("NEAR(near)", []), ("(", None),
            ("' \" * - ^", None), ("", None), ("   ", None), ("_", None), ("near OR b", []), ("-a", [2, 1]),
            ("\x00", None), ("a\x00b", [2]), ("\ud800", None),
        ]:  # fmt: skip
            if ids is None:
                await self.assertFailure(self.journal.search(LOBBY, Sought(words), 9), BadArguments)
            else:
                self.assertEqual(await self.found(words), ids, words)

    async def test_too_many_words(self) -> None:
        """A search for more words than a person types is refused; the same word twice counts once."""
        await self.append(said("w " * 100))
        many = " ".join(f"w{n}" for n in range(33))
        await self.assertFailure(self.journal.search(LOBBY, Sought(many), 9), BadArguments)
        self.assertEqual(await self.found(many[: many.rindex(" ")]), [])
        self.assertEqual(await self.found("w " * 100), [1])

    async def test_search_audience(self) -> None:
        """Only what one may see is found."""
        await self.append(
            said("word"), said("word", room="dev"), whispered("word", ALICE, BOB), whispered("word", BOB, CAROL)
        )
        self.assertEqual(await self.found("word", Audience(("lobby",), ALICE)), [3, 1])
        self.assertEqual(await self.found("word", Audience(("dev",), CAROL)), [4, 2])
        self.assertEqual(await self.found("word", Audience(())), [])
        self.assertEqual(await self.found("word", Audience(("dev", "lobby"))), [2, 1])

    async def test_search_changed(self) -> None:
        """Edited messages are found by their newest text only, deleted ones never; topics and edits are no messages."""
        await self.append(said("apple"), said("banana"), topic("apple banana"))
        await self.journal.search(LOBBY, Sought("apple"), 9)
        await self.append(edited(1, "cherry"), edited(1, "damson"), deleted(2), said("cherry tree"))
        for words, ids in [("apple", []), ("banana", []), ("cherry", [7]), ("damson", [1])]:
            self.assertEqual(await self.found(words), ids, words)
        (first,) = await self.journal.search(LOBBY, Sought("damson"), 9)
        self.assertEqual(first.event, Edited(1, "lobby", "alice", NOON, 1, "damson"))
        await self.append(deleted(1))
        self.assertEqual(await self.found("damson"), [])

    async def with_all(self, audience: Audience = LOBBY, count: int = 50, **conditions: Any) -> list[int]:
        """Search by conditions, and give the numbers."""
        return await self.ids(self.journal.search(audience, Sought(**conditions), count))

    async def test_exact_phrases(self) -> None:
        """A phrase stands as it is, each of its words whole; what is not to be there is not."""
        await self.append(said("red fox"), said("fox, red"), said("the red foxes"), said("a Red-Fox and a hen"))
        self.assertEqual(await self.with_all(phrases=("red fox",)), [4, 1])
        self.assertEqual(await self.with_all(phrases=("RED, fox",), words="he"), [4])
        self.assertEqual(await self.with_all(words="red", without=("hen",)), [3, 2, 1])
        self.assertEqual(await self.with_all(words="red", without=("red fox", "foxes")), [2])
        self.assertEqual(await self.with_all(phrases=("red", "fox"), without=("f",)), [4, 2, 1])
        for phrase in "", "://":
            await self.assertFailure(self.journal.search(LOBBY, Sought("red", (phrase,)), 9), BadArguments)
            await self.assertFailure(self.journal.search(LOBBY, Sought("red", without=(phrase,)), 9), BadArguments)

    async def test_authors(self) -> None:
        """Messages of an author are found, or of whoever had a nickname then; or those of everybody else."""
        guest = Draft(Kind.SAID, CAROL, "Bob", NOON, "lobby", "tea")
        later = Draft(Kind.SAID, CAROL, "carol", NOON, "lobby", "tea")
        await self.append(said("tea"), said("tea", BOB), guest, later, said("cake", BOB), edited(1, "tea!"))
        self.assertEqual(await self.with_all(words="tea", whose=Whose(BOB)), [2])
        self.assertEqual(await self.with_all(whose=Whose(BOB)), [5, 2])
        self.assertEqual(await self.with_all(words="tea", whose=Whose(None, "bob")), [3, 2])
        self.assertEqual(await self.with_all(words="tea", whose=Whose(CAROL, "bob")), [4, 3, 2])
        self.assertEqual(await self.with_all(whose=Whose(CAROL, "bob"), count=2), [5, 4])
        self.assertEqual(await self.with_all(words="tea", not_whose=(Whose(BOB), Whose(None, "carol"))), [3, 1])
        self.assertEqual(await self.with_all(words="tea", not_whose=(Whose(CAROL, "bob"),)), [1])
        self.assertEqual(await self.with_all(whose=Whose(None, "nobody")), [])

    async def test_numbers_and_times(self) -> None:
        """Messages are found between two numbers and two times, also where the clock was set back."""
        drafts = [Draft(Kind.SAID, ALICE, "alice", NOON + second, "lobby", "tea") for second in (0, 10, 20, 5, 15, 25)]
        await self.append(*drafts)
        self.assertEqual(await self.with_all(words="tea", after=2, before=5), [4, 3])
        self.assertEqual(await self.with_all(words="tea", start=NOON + 10), [6, 5, 3, 2])
        self.assertEqual(await self.with_all(words="tea", end=NOON + 10), [4, 1])
        self.assertEqual(await self.with_all(words="tea", start=NOON + 5, end=NOON + 20, before=5), [4, 2])
        self.assertEqual(await self.with_all(start=NOON + 5, end=NOON + 20, count=2), [5, 4])
        self.assertEqual(await self.with_all(words="tea", start=NOON + 99), [])
        self.assertEqual(await self.with_all(words="tea", start=NOON + 9, end=NOON), [])
        self.assertEqual(await self.with_all(words="tea", before=0), [])
        self.assertEqual(await self.with_all(words="tea", after=2**80), [])
        self.assertEqual(await self.with_all(words="tea", before=2**80, count=1), [6])
        self.assertEqual(await self.with_all(words="tea", before=2**80, start=-1e300, end=1e300), [6, 5, 4, 3, 2, 1])

    async def test_things(self) -> None:
        """Messages with an address in them are found, and files; an edit counts."""
        await self.append(said("see http://a.example"), said("see"), said("see ftp://b"), edited(3, "see b"))
        self.assertEqual(await self.with_all(has=("link",)), [1])
        self.assertEqual(await self.with_all(words="see", has_not=("link",)), [3, 2])
        self.assertEqual(await self.with_all(has=("file",)), [])
        self.assertEqual(await self.with_all(words="see", has_not=("file", "link")), [3, 2])
        await self.append(edited(2, "see https://c"), deleted(1))
        self.assertEqual(await self.with_all(has=("link",)), [2])

    async def test_conditions_of_an_audience(self) -> None:
        """Conditions never show what one may not see; between two people only what is between these is found."""
        await self.append(
            said("x", room="dev"), whispered("x", ALICE, BOB), whispered("x", BOB, CAROL), whispered("y", BOB, ALICE)
        )
        mine = Audience(("lobby",), ALICE)
        conditions: dict[str, Any]
        for conditions in (
            {"whose": Whose(BOB)}, {"whose": Whose(BOB, "bob")}, {"start": 0.0, "whose": Whose(BOB)},
            {"phrases": ("y",)},
        ):  # fmt: skip
            self.assertEqual(await self.with_all(mine, **conditions), [4], conditions)
        self.assertEqual(await self.with_all(Audience((), BOB, ALICE), wordless=True), [4, 2])
        self.assertEqual(await self.with_all(Audience((), BOB, CAROL), wordless=True, not_whose=(Whose(CAROL),)), [3])
        self.assertEqual(await self.with_all(Audience(("dev",)), wordless=True), [1])
        self.assertEqual(await self.with_all(Audience(("dev",)), wordless=True, without=("x",)), [])
        refused: dict[str, Any]
        for refused in {"without": ("x",)}, {"not_whose": (Whose(BOB),)}, {"has_not": ("file",)}, {}:
            for ignored in frozenset[AuthorId](), frozenset([BOB]):
                search = self.journal.search(mine, Sought(**refused, ignored=ignored), 9)
                error = await self.assertFailure(search, BadArguments)
                self.assertEqual("A minus alone is not enough" in str(error), bool(refused), refused)

    async def test_ignored(self) -> None:
        """Of those whom the reader ignores nothing is found, however many they are, nor counted."""
        await self.append(said("needle one", ALICE), *[said(f"needle {number}", BOB) for number in range(30)])
        many = frozenset(map(AuthorId, range(1000, 1199)))
        self.assertEqual(await self.with_all(words="needle", ignored=many | {BOB}, count=5), [1])
        self.assertEqual(await self.with_all(words="needle", ignored=many, count=2), [31, 30])
        self.assertEqual(await self.with_all(words="needle", ignored=frozenset([ALICE, BOB])), [])


def posts(outcomes: list[Outcome]) -> list[Post]:
    """Give the posts that were written."""
    return [outcome.event for outcome in outcomes if isinstance(outcome, StoredPost)]


def events(outcomes: "list[StoredPost] | list[Outcome]") -> list[Post]:
    """Give the posts of an answer in which all are posts."""
    assert all(isinstance(one, StoredPost) for one in outcomes)
    return posts(list(outcomes))
