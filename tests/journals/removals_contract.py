"""The promises of every journal about what is removed: what has expired, sessions not seen for long, people erased."""

from dataclasses import replace

from groupchat.facts.account_facts import Account, Ignoring, RankGiven, RegistrationCode
from groupchat.facts.room_facts import Invitation, Lock, Motd, RoomOperator
from groupchat.facts.sanctions import Ban, Mute
from groupchat.model.drafts import (
    Audience,
    Deed,
    Draft,
    Erase,
    Erased,
    Expire,
    Expired,
    Fact,
    ForgetSessions,
    Kind,
    Need,
    Repeated,
    StoredPost,
    StoredSession,
)
from groupchat.model.errors import AlreadyDeleted, NoSuchMessage, NotAllowed
from groupchat.model.events import SERVER, AuthorId, Deleted, Edited, Moderated, Said, TopicChanged, Whispered
from groupchat.model.message.sought import Sought
from groupchat.model.ranks import Rank
from tests.journals.contract import (
    ALICE,
    BOB,
    CAROL,
    LOBBY,
    NOON,
    JournalCase,
    account,
    amended,
    ban,
    deleted,
    edited,
    events,
    operating,
    said,
    topic,
    whispered,
)

ALIAS = "forgotten-0123abcd"
DAVE = AuthorId(77)
"""A guest."""
EVERYTHING = Audience(("lobby", "dev"), BOB)


def erase(key: str = "alice", alias: str = ALIAS, by: AuthorId = SERVER, needs: Need | None = None) -> Erase:
    """Ask for a person to be erased."""
    return Erase(key, alias, by, needs)


def guest(nick: str, text: str, author: AuthorId = DAVE, at: float = NOON) -> Draft:
    """Draft what a guest says under some nickname."""
    return Draft(Kind.SAID, author, nick, at, "lobby", text)


def changed(kind: Kind, target: int | None, text: str = "") -> Draft:
    """Draft an edit or deletion by the guest."""
    return Draft(kind, DAVE, "dave", NOON, "lobby", text, target=target)


def session(author: AuthorId, letter: str, nick: str = "alice", seen: float = NOON) -> StoredSession:
    """Make a session; its digest has this letter only."""
    return StoredSession(author, letter * 64, nick, ("lobby",), 0, seen)


class RemovalsContract(JournalCase):
    """What is removed is removed at once, for every question and every decision."""

    __test__ = False

    async def find(self, words: str) -> list[int]:
        """Give the numbers of what a search finds."""
        return await self.ids(self.journal.search(EVERYTHING, Sought(words), 100))

    # What has expired

    async def test_expired(self) -> None:
        """What has expired is in no answer; what is newer is, and numbers go on."""
        await self.append(*(said(f"word{number}", at=NOON + number, key=f"k{number}") for number in range(1, 7)))
        await self.append(whispered("psst", ALICE, BOB, NOON + 7), edited(6, "newer", at=NOON + 8))
        self.assertEqual(await self.append(Expire(NOON + 4)), [Expired(3)])
        journal = self.journal
        self.assertEqual(await self.ids(journal.page(EVERYTHING, 0, 99, 99)), [4, 5, 6, 7, 8])
        self.assertEqual(await self.ids(journal.page(EVERYTHING, 0, 99, 2)), [4, 5])
        self.assertEqual(await self.ids(journal.recent(LOBBY, 99, 99)), [4, 5, 6])
        self.assertEqual(await self.ids(journal.recent(LOBBY, 3, 99)), [])
        self.assertEqual(await self.ids(journal.following(LOBBY, 0, 99, 2)), [4, 5])
        self.assertEqual(await self.ids(journal.between(LOBBY, 0, NOON + 6, 99)), [4, 5])
        self.assertEqual(await self.ids(journal.around(LOBBY, 5, 9)), [4, 5, 6])
        await self.assertFailure(journal.around(LOBBY, 3, 1), NoSuchMessage)
        self.assertEqual([await self.find(f"word{number}") for number in (3, 4)], [[], [4]])
        (post,) = await self.append(said("next", at=NOON + 9))
        assert isinstance(post, StoredPost)
        self.assertEqual(post.event.id, 9)

    async def test_expired_is_no_target(self) -> None:
        """What has expired can neither be edited nor deleted, nor is it anybody's newest message."""
        await self.append(said("old", at=NOON), said("new", BOB, at=NOON + 9))
        await self.append(Expire(NOON + 5))
        outcomes = await self.append(
            edited(1, "x", at=NOON + 10), deleted(1, at=NOON + 10), deleted(None, at=NOON + 10)
        )
        self.assertEqual([type(outcome) for outcome in outcomes], [NoSuchMessage] * 3)
        self.assertIs(await self.journal.latest(ALICE, "lobby"), None)
        self.assertEqual((await self.journal.latest(BOB, "lobby")).event.id, 2)  # type: ignore[union-attr]

    async def test_expired_keys(self) -> None:
        """A key can be used again when what was posted with it has expired, also in the same transaction."""
        await self.append(said("old", key="k"))
        await self.append(Expire(NOON - 5))
        self.assertEqual(await self.journal.keyed(ALICE, "k"), 1)
        first, _, second, third = await self.append(
            said("x", key="k"), Expire(NOON + 5), said("y", key="k", at=NOON + 6), said("z", key="k", at=NOON + 6)
        )
        self.assertEqual(first, Repeated(1))
        assert isinstance(second, StoredPost)
        self.assertEqual(third, Repeated(2))
        self.assertEqual(await self.journal.keyed(ALICE, "k"), 2)
        await self.append(Expire(NOON + 9))
        self.assertIs(await self.journal.keyed(ALICE, "k"), None)

    async def test_expired_topics(self) -> None:
        """A room keeps the topic it has; a room with nothing else is gone."""
        await self.append(topic("first", at=NOON), topic("second", at=NOON + 1), said("a", room="dev", at=NOON + 2))
        await self.append(topic("kept", "den", at=NOON + 3), said("b", room="den", at=NOON + 4))
        self.assertEqual((await self.append(Expire(NOON + 5), topic("third", at=NOON + 6)))[0], Expired(5))
        rooms = await self.journal.rooms()
        self.assertEqual([(room.name, room.topic) for room in rooms], [("den", "kept"), ("lobby", "third")])
        self.assertEqual(rooms[0].last_at, NOON + 3)
        self.assertEqual(
            await self.page(Audience(("den", "lobby"))), [TopicChanged(6, "lobby", "alice", NOON + 6, "third")]
        )

    async def test_expired_moderation(self) -> None:
        """What operators did expires like anything else."""
        deed = Draft(Kind.MODERATED, BOB, "bob", NOON, "lobby", Deed("ban", "banned eve", "eve").encode())
        await self.append(deed, said("x", at=NOON + 9), Expire(NOON + 5))
        self.assertEqual(await self.journal.moderated(99, 9), [])

    async def test_newer_before_older(self) -> None:
        """When the clock was set back, what is newer than something that is not older stays with it."""
        await self.append(said("a", at=NOON), said("b", at=NOON + 9), said("c", at=NOON + 1), said("d", at=NOON + 2))
        self.assertEqual(await self.append(Expire(NOON + 5)), [Expired(1)])
        self.assertEqual(await self.append(Expire(NOON + 3)), [Expired(1)])
        self.assertEqual(await self.append(Expire(NOON + 10)), [Expired(4)])
        await self.append(said("e", at=NOON + 11), said("f", at=NOON + 12))
        self.assertEqual(await self.ids(self.journal.between(LOBBY, NOON + 12, NOON + 99, 9)), [6])

    async def test_everything_expired(self) -> None:
        """A journal in which everything has expired goes on where it was."""
        self.assertEqual(await self.append(Expire(NOON)), [Expired(0)])
        await self.append(topic("kept"), said("a", at=NOON + 1))
        self.assertEqual(await self.append(Expire(NOON + 99)), [Expired(2)])
        await self.reopen()
        self.assertEqual(self.journal.head, 2)
        await self.append(said("b", at=NOON + 100))
        self.assertEqual(await self.ids(self.journal.between(LOBBY, NOON, NOON + 999, 9)), [3])
        self.assertEqual([room.topic for room in await self.journal.rooms()], ["kept"])

    # Sessions

    async def test_old_sessions(self) -> None:
        """A session that was not seen for long is forgotten, also when it comes in late; others are not."""
        await self.append(session(ALICE, "a"), session(BOB, "b", seen=NOON + 9))
        self.assertEqual(await self.append(ForgetSessions(NOON + 5), session(ALICE, "c", seen=NOON + 4)), [None, None])
        await self.append(ForgetSessions(NOON))
        await self.reopen()
        found = [await self.journal.recall(letter * 64) is not None for letter in "abc"]
        self.assertEqual(found, [False, True, False])
        await self.append(session(ALICE, "a", seen=NOON + 6))
        self.assertIsNot(await self.journal.recall("a" * 64), None)

    # People

    async def erased(self) -> Erased:
        """Erase alice, and give the outcome."""
        (outcome,) = await self.append(erase())
        assert isinstance(outcome, Erased)
        return outcome

    async def test_messages(self) -> None:
        """What they said is deleted, with its edits, and a pseudonym stands for them; what others said is there."""
        await self.append(amended(account(ALICE), account(BOB)), said("one"), said("two", BOB), edited(1, "won"))
        outcome = await self.erased()
        self.assertEqual(
            (outcome.author, outcome.facts, outcome.topics), (ALICE, (Fact("account", "alice", None),), ())
        )
        gone = Deleted(1, "lobby", ALIAS, NOON, 1)
        self.assertEqual(
            await self.page(), [gone, Said(2, "lobby", "bob", NOON, "two"), Deleted(3, "lobby", ALIAS, NOON, 1)]
        )
        self.assertEqual(events(await self.journal.recent(LOBBY, 99, 99)), [Said(2, "lobby", "bob", NOON, "two")])
        self.assertEqual(await self.journal.facts("account"), [account(BOB).fact])
        self.assertEqual([await self.find(word) for word in ("one", "won", "two")], [[], [], [2]])
        self.assertIs(await self.journal.latest(ALICE, "lobby"), None)

    async def test_later_is_another(self) -> None:
        """Whoever takes the nickname afterwards is somebody else."""
        await self.append(amended(account(ALICE)), said("one"))
        await self.erased()
        await self.append(guest("alice", "hello"), session(DAVE, "d"))
        self.assertEqual((await self.page())[1:], [Said(2, "lobby", "alice", NOON, "hello")])
        self.assertIsNot(await self.journal.recall("d" * 64), None)

    async def test_guests(self) -> None:
        """Guests who used the nickname are erased where they used it; whoever has another account is not."""
        await self.append(amended(account(BOB)), guest("Alice", "guest words"), guest("dave", "as dave"))
        await self.append(
            Draft(Kind.SAID, BOB, "alice", NOON, "lobby", "bob was here"), changed(Kind.EDITED, 1, "more")
        )
        outcome = await self.erased()
        self.assertIs(outcome.author, None)
        said_now = [post.text for post in await self.page() if isinstance(post, Said)]
        self.assertEqual(said_now, ["as dave", "bob was here"])
        self.assertEqual([await self.find(word) for word in ("words", "more", "dave", "bob")], [[], [], [2], [3]])
        self.assertEqual((await self.journal.latest(DAVE, "lobby")).event.id, 2)  # type: ignore[union-attr]

    async def test_guest_with_two_names(self) -> None:
        """An edit goes with the message, whatever its author was called by then."""
        await self.append(guest("alice", "one"), guest("dave", "two"))
        await self.append(
            Draft(Kind.EDITED, DAVE, "dave", NOON, text="one more", target=1),
            Draft(Kind.EDITED, DAVE, "alice", NOON, text="two more", target=2),
        )
        await self.erased()
        self.assertEqual(
            await self.page(),
            [
                Deleted(1, "lobby", ALIAS, NOON, 1),
                Edited(2, "lobby", "dave", NOON, 2, "two more"),
                Deleted(3, "lobby", ALIAS, NOON, 1),
                Edited(4, "lobby", ALIAS, NOON, 2, "two more"),
            ],
        )

    async def test_private(self) -> None:
        """What they wrote to others is gone, and what others wrote to them stays, to a pseudonym."""
        await self.append(amended(account(ALICE), account(BOB)))
        await self.append(whispered("secret", ALICE, BOB), whispered("answer", BOB, ALICE), edited(1, "more secret"))
        await self.append(deleted(2, BOB), whispered("again", BOB, ALICE))
        await self.erased()
        self.assertEqual(
            await self.page(Audience((), BOB)),
            [
                Deleted(1, "", ALIAS, NOON, 1, "bob"),
                Deleted(2, "", "bob", NOON, 2, ALIAS),
                Deleted(3, "", ALIAS, NOON, 1, "bob"),
                Deleted(4, "", "bob", NOON, 2, ALIAS),
                Whispered(5, "", "bob", NOON, ALIAS, "again"),
            ],
        )

    async def test_deleted_by_them(self) -> None:
        """A pseudonym stands for whoever deleted something; one who deletes later under the nickname is another."""
        await self.append(operating(ALICE), said("x", BOB), said("y", BOB), deleted(1, ALICE, anyones=True))
        await self.erased()
        await self.append(Draft(Kind.DELETED, BOB, "alice", NOON, target=2))
        gone = [post.nick for post in await self.page()]
        self.assertEqual(gone, [ALIAS, "alice", ALIAS, "alice"])

    async def test_targets(self) -> None:
        """What is erased can neither be edited nor deleted, and its key is free."""
        await self.append(guest("alice", "one"), Draft(Kind.SAID, DAVE, "alice", NOON, "lobby", "two", key="k"))
        await self.append(operating(BOB))
        self.assertEqual(await self.journal.keyed(DAVE, "k"), 2)
        await self.erased()
        self.assertIs(await self.journal.keyed(DAVE, "k"), None)
        outcomes = await self.append(
            changed(Kind.EDITED, 1, "x"), deleted(2, BOB, anyones=True), changed(Kind.DELETED, None),
            Draft(Kind.SAID, DAVE, "dave", NOON, "lobby", "three", key="k"),
        )  # fmt: skip
        self.assertEqual(
            [type(outcome) for outcome in outcomes], [AlreadyDeleted, AlreadyDeleted, NoSuchMessage, StoredPost]
        )
        self.assertEqual((await self.journal.latest(DAVE, "lobby")).event.id, 3)  # type: ignore[union-attr]

    async def test_topics(self) -> None:
        """Topics they set are empty, also those that have expired; those of others are not."""
        await self.append(
            amended(account(ALICE)), topic("mine", "dev"), topic("theirs", author=BOB), topic("old", "den")
        )
        await self.append(Expire(NOON + 1), topic("new", "new", at=NOON + 2))
        outcome = await self.erased()
        self.assertEqual(outcome.topics, ("den", "dev", "new"))
        rooms = await self.journal.rooms()
        self.assertEqual(
            [(room.name, room.topic) for room in rooms], [("den", ""), ("dev", ""), ("lobby", "theirs"), ("new", "")]
        )
        self.assertEqual(await self.page(Audience(("new",))), [TopicChanged(4, "new", ALIAS, NOON + 2, "")])

    async def test_deeds(self) -> None:
        """In what operators did, a pseudonym stands for them, and reasons they gave are gone."""
        deeds = [
            (BOB, "bob", Deed("ban", "banned Alice for 2 hours: alice again", "Alice", NOON, "alice again")),
            (ALICE, "alice", Deed("mute", "muted eve: she knows why", "eve", None, "she knows why")),
            (BOB, "bob", Deed("ban", "banned eve: shouts like alice", "eve", None, "shouts like alice")),
            (ALICE, "alice", Deed("announce", "announced: hear me", "")),
        ]
        await self.append(amended(account(ALICE), account(BOB)))
        await self.append(*(Draft(Kind.MODERATED, by, nick, NOON, "lobby", deed.encode()) for by, nick, deed in deeds))
        await self.append(Draft(Kind.MODERATED, BOB, "bob", NOON, "lobby", "kicked alice: bye, alice"))
        await self.erased()
        found = events(await self.journal.moderated(99, 9))
        told = [(post.nick, post.text, post.target, post.reason) for post in found if isinstance(post, Moderated)]
        self.assertEqual(
            told,
            [
                ("bob", f"banned {ALIAS} for 2 hours: {ALIAS} again", ALIAS, f"{ALIAS} again"),
                (ALIAS, "muted eve", "eve", ""),
                ("bob", "banned eve: shouts like alice", "eve", "shouts like alice"),
                (ALIAS, "announced", "", ""),
                ("bob", f"kicked {ALIAS}: bye, alice", "", ""),
            ],
        )

    async def test_facts(self) -> None:
        """What is true about them, or because of them, names the pseudonym; what is theirs goes with their account."""
        about = ban("alice", ALICE, why="rude, alice")
        by = Mute("eve", "eve", None, True, "", "alice", "loud", NOON, None)
        other = RankGiven(BOB, Rank.OPERATOR, "alice", NOON)
        await self.append(operating(ALICE), amended(account(BOB), account(CAROL), other, about, by))
        await self.append(
            amended(
                RoomOperator("dev", ALICE, "alice", "bob", NOON),
                RoomOperator("dev", BOB, "bob", "alice", NOON),
                Invitation("dev", CAROL, "carol", "alice", NOON),
                Invitation("dev", DAVE, "alice", "bob", NOON),
                Lock("dev", "alice", NOON),
                Motd("welcome, says alice", "alice", NOON),
                RegistrationCode("c" * 64, "alice", NOON),
                Ignoring(BOB, ALICE, "alice"),
                Ignoring(ALICE, BOB, "bob"),
            )
        )
        outcome = await self.erased()
        kinds = (
            "account",
            "rank",
            "ban",
            "mute",
            "room-operator",
            "invitation",
            "lock",
            "motd",
            "invitecode",
            "ignoring",
        )
        now: list[Fact] = []
        for kind in kinds:
            now += await self.journal.facts(kind)
        self.assertEqual(
            sorted(now, key=repr),
            sorted([
                account(BOB).fact,
                account(CAROL).fact,
                RankGiven(BOB, Rank.OPERATOR, ALIAS, NOON).fact,
                Ban(ALIAS, ALIAS, ALICE, True, "", "olga", f"rude, {ALIAS}", NOON, None).fact,
                Mute("eve", "eve", None, True, "", ALIAS, "", NOON, None).fact,
                RoomOperator("dev", BOB, "bob", ALIAS, NOON).fact,
                Invitation("dev", CAROL, "carol", ALIAS, NOON).fact,
                Invitation("dev", DAVE, ALIAS, "bob", NOON).fact,
                Lock("dev", ALIAS, NOON).fact,
                RegistrationCode("c" * 64, ALIAS, NOON).fact,
                Ignoring(BOB, ALICE, ALIAS).fact,
            ], key=repr),
        )  # fmt: skip
        self.assertEqual(outcome.facts[0], Fact(Account.KIND, "alice", None))
        self.assertIn(Fact("ban", "/alice", None), outcome.facts)

    async def test_sessions(self) -> None:
        """No token of theirs works any more; those of others with another account do."""
        await self.append(amended(account(ALICE), account(BOB)))
        await self.append(session(ALICE, "a", "other"), session(DAVE, "d", "Alice"), session(BOB, "b", "alice"))
        await self.append(session(CAROL, "c", "carol"))
        await self.erased()
        found = [await self.journal.recall(letter * 64) is not None for letter in "adbc"]
        self.assertEqual(found, [False, False, True, True])

    async def test_ignored(self) -> None:
        """The sessions of people who ignore them do not name them any more; what these ignore besides stays."""
        await self.append(amended(account(ALICE), account(BOB)))
        others = ((BOB, "alice", "0f"), (CAROL, "carol", "0f"))
        named = ((ALICE, "other", "0f"), (DAVE, "Alice", "0f"))
        await self.append(replace(session(CAROL, "c", "carol"), ignored=(*named, *others)))
        await self.erased()
        found = await self.journal.recall("c" * 64)
        assert found is not None
        self.assertEqual(found.ignored, ((ALICE, ALIAS, ""), (DAVE, ALIAS, ""), *others))

    async def test_rank(self) -> None:
        """Whoever does not have the rank it takes erases nobody."""
        await self.append(operating(BOB), said("one"))
        need = Need(Rank.OPERATOR)
        (refused,) = await self.append(erase(by=CAROL, needs=need))
        self.assertIsInstance(refused, NotAllowed)
        self.assertEqual(await self.find("one"), [1])
        (outcome,) = await self.append(erase(by=BOB, needs=need))
        self.assertIsInstance(outcome, Erased)

    async def test_twice(self) -> None:
        """Another erasure of the same nickname, or of the same author, leaves what was erased as it is."""
        await self.append(guest("alice", "one"), session(DAVE, "d"), guest("alice", "two"))
        await self.append(erase(), guest("alice", "three"), erase(alias="forgotten-00000002"))
        await self.append(amended(account(BOB)), said("x", BOB), deleted(2, BOB))
        nicks = [post.nick for post in await self.page()]
        self.assertEqual(nicks, [ALIAS, ALIAS, "forgotten-00000002", "bob"])

    async def test_restart(self) -> None:
        """All of it holds after a restart."""
        await self.append(amended(account(ALICE)), said("one"), topic("mine"), guest("dave", "two"))
        await self.erased()
        await self.reopen()
        self.assertEqual([post.nick for post in await self.page()], [ALIAS, ALIAS, "dave"])
        self.assertEqual(await self.find("one"), [])
        self.assertEqual([room.topic for room in await self.journal.rooms()], [""])
