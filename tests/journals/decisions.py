"""The promises of every journal about what is decided: facts, rights, and who may say what, where it is written."""

from dataclasses import replace

from groupchat.facts.account_facts import Account, Ignoring, KeptPreferences, RankGiven, ReadPosition
from groupchat.facts.room_facts import Granted, Invitation, Lock, RoomOperator, Slow
from groupchat.facts.sanctions import Ban, Mute
from groupchat.facts.typed import TypedFact
from groupchat.model.drafts import (
    PRESENT,
    Amendment,
    Announce,
    Consequence,
    Draft,
    Fact,
    FactChange,
    Kind,
    Need,
    Operation,
    Outcome,
    PutOut,
    ReadUpTo,
    Repeated,
    Revoke,
    StoredPost,
    StoredSession,
)
from groupchat.model.errors import Banned, Muted, NotAllowed, NotYours, Outdated, RoomLocked, SlowMode
from groupchat.model.events import SERVER, AuthorId, Said
from groupchat.model.ranks import Rank
from tests.journals.contract import (
    ALICE,
    BOB,
    CAROL,
    NICKS,
    NOON,
    JournalCase,
    account,
    amended,
    ban,
    deleted,
    edited,
    operating,
    said,
    topic,
    undone,
    whispered,
)

ELEVEN = AuthorId(11)
"""An author in whose digits alice's begin."""
OPERATORS = Need(Rank.OPERATOR)


def did(author: AuthorId, *changes: Consequence, needs: Need | None = None, key: str | None = None) -> Draft:
    """Draft an act of somebody who keeps order, with what follows."""
    nick = NICKS.get(author, "server")
    return Draft(Kind.MODERATED, author, nick, NOON, "lobby", "did", key=key, needs=needs, changes=changes)


def amend(*changes: Consequence, by: AuthorId = SERVER, needs: Need | None = None) -> Amendment:
    """Ask for changes without a post."""
    return Amendment(by, NOON, changes, needs)


def keeping(form: type[Granted], author: AuthorId, room: str = "lobby") -> Granted:
    """Make somebody something in a room."""
    return form(room, author, "somebody", "olga", NOON)


def mute(nick: str, author: AuthorId | None = None, room: str = "", until: float | None = None) -> Mute:
    """Make a mute, of an author if one is given and else of a nickname."""
    return Mute(nick, nick, author, author is None, room, "olga", "", NOON, until)


def session(author: AuthorId, letter: str) -> StoredSession:
    """Make a session; its digest has this letter only."""
    return StoredSession(author, letter * 64, NICKS.get(author, "eleven"), ("lobby",), 0, NOON)


def told(outcomes: list[Outcome]) -> list[type[object]]:
    """Give the type of each outcome."""
    return [type(outcome) for outcome in outcomes]


class DecisionsCase(JournalCase):
    """A journal to test, and short questions to it."""

    __test__ = False

    async def kept(self, form: type[TypedFact]) -> list[str]:
        """Give the names of the facts of a kind."""
        return [fact.name for fact in await self.journal.facts(form.KIND)]

    async def answers(self, *operations: Operation) -> list[type[object]]:
        """Append in one transaction, and give the type of each outcome."""
        return told(await self.append(*operations))

    async def sessions(self, letters: str) -> str:
        """Give the letters of those sessions that are there."""
        return "".join([letter for letter in letters if await self.journal.recall(letter * 64) is not None])


class FactsContract(DecisionsCase):
    """What a change of a fact expects, and what goes with it."""

    async def test_absent(self) -> None:
        """A fact that must not exist yet is made once, and can be made again when it was undone."""
        made = amend(ban("eve").made())
        self.assertEqual(await self.answers(made, made), [type(None), Outdated])
        (outcome,) = await self.append(made)
        assert isinstance(outcome, Outdated)
        self.assertEqual((outcome.kind, outcome.name), ("ban", "/eve"))
        self.assertEqual(await self.answers(undone(ban("eve")), made), [type(None), type(None)])

    async def test_present(self) -> None:
        """A fact that must exist is changed whatever its value is, and not made."""
        later = ban("eve", until=NOON + 5)
        change = amend(FactChange(later.fact, PRESENT))
        self.assertEqual(await self.answers(change), [Outdated])
        self.assertEqual(await self.kept(Ban), [])
        self.assertEqual(await self.answers(amended(ban("eve")), change, change), [type(None)] * 3)
        self.assertEqual(await self.journal.facts("ban"), [later.fact])

    async def test_fingerprint(self) -> None:
        """A fact made from another value is written only when that still stands there, also in one transaction."""
        first, second, third = (ban("eve", until=NOON + number) for number in range(3))
        await self.append(amended(first))
        outcomes = await self.answers(amend(second.replacing(first)), amend(third.replacing(first)), undone(first))
        self.assertEqual(outcomes, [type(None), Outdated, Outdated])
        self.assertEqual(await self.journal.facts("ban"), [second.fact])
        await self.reopen()
        self.assertEqual(await self.answers(amend(third.replacing(second)), undone(third)), [type(None), type(None)])
        self.assertEqual(await self.answers(undone(third), amend(third.replacing(second))), [Outdated, Outdated])
        self.assertEqual(await self.kept(Ban), [])

    async def test_any(self) -> None:
        """A change that expects nothing is made whatever was there."""
        later = ban("eve", until=NOON + 5)
        gone = amend(FactChange(Fact(Ban.KIND, "/eve", None)))
        outcomes = await self.answers(gone, amended(later), amended(ban("eve")), amended(later), gone, amended(later))
        self.assertEqual(outcomes, [type(None)] * 6)
        self.assertEqual(await self.journal.facts("ban"), [later.fact])

    async def test_post_with_facts(self) -> None:
        """A post and the facts that follow from it are written together."""
        for number, post in enumerate(
            (did(SERVER), said("x"), whispered("x", ALICE, BOB), topic("x"), edited(2, "y"), deleted(2)), 1
        ):
            (outcome,) = await self.append(replace(post, changes=(mute(f"m{number}").made(),)))
            self.assertIsInstance(outcome, StoredPost, post.kind)
            self.assertEqual(await self.kept(Mute), [f"/m{done}" for done in range(1, number + 1)], post.kind)

    async def test_refused_with_its_facts(self) -> None:
        """A post refused because of a fact takes no number, uses up no key and writes nothing; others are written."""
        await self.append(amended(ban("eve")), session(ALICE, "a"))
        changes = (mute("eve").made(), ban("eve").made(), Revoke(ALICE))
        outcomes = await self.append(
            said("1"), did(SERVER, *changes, key="k"), replace(said("x", key="l"), changes=changes), said("2")
        )
        self.assertEqual(told(outcomes), [StoredPost, Outdated, Outdated, StoredPost])
        self.assertEqual([post.id for post in await self.page()], [1, 2])
        self.assertEqual((self.journal.head, await self.kept(Mute), await self.sessions("a")), (2, [], "a"))
        self.assertEqual(await self.answers(did(SERVER, key="k"), said("x", key="l")), [StoredPost, StoredPost])

    async def test_refused_with_its_post(self) -> None:
        """The facts of a post that may not be made, or was made before, are not written."""
        changes = (mute("eve").made(), Revoke(ALICE))
        await self.append(amended(ban("bob", BOB)), said("first", key="k"), said("mine", CAROL), session(ALICE, "a"))
        outcomes = await self.append(
            *(replace(one, changes=changes) for one in (said("x", BOB), said("x", key="k"), deleted(2), edited(9, "x")))
        )
        self.assertEqual(told(outcomes)[:3], [Banned, Repeated, NotYours])
        self.assertEqual((self.journal.head, await self.kept(Mute), await self.sessions("a")), (2, [], "a"))

    async def test_all_or_nothing(self) -> None:
        """Of several changes all are made or none, whichever cannot be; all are judged before the first is made."""
        await self.append(amended(ban("eve")), session(ALICE, "a"))
        fine: list[Consequence] = [mute("eve").made(), mute("mallory").made(), Revoke(ALICE)]
        for place in range(len(fine) + 1):
            changes = [*fine[:place], ban("eve").made(), *fine[place:]]
            self.assertEqual(await self.answers(amend(*changes)), [Outdated])
            self.assertEqual((await self.kept(Mute), await self.sessions("a")), ([], "a"))
        self.assertEqual(await self.answers(amend(*fine)), [type(None)])
        self.assertEqual((await self.kept(Mute), await self.sessions("a")), (["/eve", "/mallory"], ""))

    async def test_not_kept(self) -> None:
        """What is only to be told leaves nothing behind."""
        changes = (Announce("hello"), PutOut(BOB, "lobby", "kicked", "You were put out."))
        self.assertEqual(await self.answers(amend(*changes), did(SERVER, *changes)), [type(None), StoredPost])
        self.assertEqual(self.journal.head, 1)

    async def test_one_account(self) -> None:
        """An author has one account; it can be changed, and when it is removed they can have another."""
        first = account(ALICE)
        second = replace(first, nick="alicia", key="alicia")
        self.assertEqual(await self.answers(amend(first.made()), amend(second.made())), [type(None), Outdated])
        self.assertEqual(await self.answers(amended(second), amended(account(BOB))), [Outdated, type(None)])
        changed = replace(first, hash="1:other")
        self.assertEqual(await self.answers(amend(changed.replacing(first)), amended(second)), [type(None), Outdated])
        await self.reopen()
        self.assertEqual((await self.answers(amended(second), undone(changed), amended(second)))[1:], [type(None)] * 2)
        self.assertEqual(await self.kept(Account), ["alicia", "bob"])

    async def test_one_account_at_once(self) -> None:
        """Two accounts of one author are not made in one operation either."""
        first = account(ALICE)
        second = replace(first, nick="alicia", key="alicia")
        self.assertEqual(await self.answers(amend(first.made(), second.made())), [Outdated])
        self.assertEqual(await self.kept(Account), [])
        await self.append(amended(first))
        self.assertEqual(await self.answers(amend(first.undone(), second.made())), [Outdated])
        self.assertEqual(await self.kept(Account), ["alice"])

    async def test_removal(self) -> None:
        """With an account goes everything of its owner's, and nothing of others."""
        forms: tuple[type[TypedFact], ...] = (
            Account, RankGiven, KeptPreferences, Ignoring, ReadPosition, RoomOperator, Invitation
        )  # fmt: skip
        people: tuple[tuple[AuthorId, str], ...] = ((ALICE, "alice"), (ELEVEN, "eleven"), (BOB, "bob"))
        for author, nick in people:
            await self.append(
                amended(
                    Account(nick, nick, author, "1:hash", NOON),
                    RankGiven(author, Rank.OPERATOR, "olga", NOON),
                    KeptPreferences(author, "text", {"time": "off"}),
                    Ignoring(author, CAROL, "carol"),
                    keeping(RoomOperator, author),
                    keeping(Invitation, author),
                ),
                ReadUpTo(author, "lobby", 5, NOON),
                ReadUpTo(author, "", 6, NOON),
                session(author, nick[0]),
                session(author, nick[0].upper()),
            )
        await self.append(amended(account(CAROL), Ignoring(CAROL, ALICE, "alice"), ban("alice", ALICE)))
        before = {form: await self.kept(form) for form in forms}
        taken = {
            Account: ["alice"], RankGiven: ["1"], KeptPreferences: ["1/text"], Ignoring: ["1/3"],
            ReadPosition: ["1/", "1/lobby"], RoomOperator: ["lobby/1"], Invitation: ["lobby/1"],
        }  # fmt: skip
        act = did(ALICE, needs=OPERATORS)
        self.assertEqual(await self.answers(act, undone(account(ALICE)), act), [StoredPost, type(None), NotAllowed])
        await self.reopen()
        for form in forms:
            self.assertEqual(await self.kept(form), [one for one in before[form] if one not in taken[form]], form.KIND)
        self.assertEqual((await self.sessions("aAeEbB"), await self.kept(Ban)), ("eEbB", ["/alice"]))
        self.assertEqual(await self.answers(amended(account(ALICE)), act), [type(None), NotAllowed])

    async def test_not_without_an_account(self) -> None:
        """What goes with an account is not made after it was removed, or the next account would inherit it."""
        owned: tuple[TypedFact, ...] = (
            RankGiven(ALICE, Rank.OPERATOR, "olga", NOON), KeptPreferences(ALICE, "text", {"time": "off"}),
            Ignoring(ALICE, CAROL, "carol"), keeping(RoomOperator, ALICE),
        )  # fmt: skip
        await self.append(amended(account(ALICE)))
        outcomes = await self.append(undone(account(ALICE)), *(amended(one) for one in owned))
        self.assertEqual(told(outcomes)[1:], [Outdated] * len(owned))
        for one in owned:
            self.assertEqual(await self.kept(type(one)), [])
        guest = keeping(Invitation, ALICE)
        self.assertEqual(await self.answers(amended(guest), amended(account(ALICE), *owned)), [type(None)] * 2)
        await self.append(undone(account(ALICE)))
        self.assertEqual(await self.kept(RankGiven), [])

    async def test_keep(self) -> None:
        """Of the sessions that are revoked the one that is kept stays, if it is that author's, and those of others."""
        await self.append(*(session(ALICE, letter) for letter in "abc"), session(BOB, "d"))
        await self.append(amend(Revoke(ALICE, "b" * 64)))
        self.assertEqual(await self.sessions("abcd"), "bd")
        await self.append(did(SERVER, Revoke(ALICE, "d" * 64)))
        self.assertEqual(await self.sessions("abcd"), "d")

    async def test_read_up_to(self) -> None:
        """The highest number an account has read of each room stands; without an account nothing is kept."""
        await self.append(ReadUpTo(ALICE, "lobby", 3, NOON))
        self.assertEqual(await self.kept(ReadPosition), [])
        await self.append(amended(account(ALICE)), ReadUpTo(ALICE, "lobby", 3, NOON))
        outcomes = await self.append(
            ReadUpTo(ALICE, "lobby", 7, NOON + 1), ReadUpTo(ALICE, "lobby", 5, NOON + 2), ReadUpTo(ALICE, "", 1, NOON)
        )
        self.assertEqual(outcomes, [None] * 3)
        expected = [ReadPosition(ALICE, "", 1, NOON).fact, ReadPosition(ALICE, "lobby", 7, NOON + 1).fact]
        self.assertEqual(await self.journal.facts("position"), expected)
        await self.append(ReadUpTo(ALICE, "lobby", 7, NOON + 3))
        self.assertEqual((await self.journal.facts("position"))[1], ReadPosition(ALICE, "lobby", 7, NOON + 3).fact)
        await self.append(undone(account(ALICE)), ReadUpTo(ALICE, "lobby", 9, NOON))
        self.assertEqual(await self.kept(ReadPosition), [])


class RightsContract(DecisionsCase):
    """Who may do what, by the facts that stand there when it is written."""

    async def test_needs(self) -> None:
        """An act needs its rank where it is written: what was decided before it in one transaction counts."""
        rank = RankGiven(ALICE, Rank.OPERATOR, "server", NOON)
        act, change = did(ALICE, mute("eve").put(), needs=OPERATORS), amend(by=ALICE, needs=OPERATORS)
        await self.append(amended(account(ALICE)))
        self.assertEqual(await self.answers(act, change), [NotAllowed, NotAllowed])
        self.assertEqual((self.journal.head, await self.kept(Mute)), (0, []))
        outcomes = await self.answers(amended(rank), act, change, undone(rank), act, change)
        self.assertEqual(outcomes, [type(None), StoredPost, type(None), type(None), NotAllowed, NotAllowed])
        self.assertEqual(self.journal.head, 1)
        await self.reopen()
        self.assertEqual(await self.answers(act, amended(rank)), [NotAllowed, type(None)])
        await self.reopen()
        self.assertEqual(await self.answers(act, did(SERVER, needs=OPERATORS)), [StoredPost, StoredPost])

    async def test_needs_before_expectations(self) -> None:
        """A person without the rank learns nothing of what stands there."""
        await self.append(amended(ban("eve")))
        outcomes = await self.answers(did(ALICE, ban("eve").made(), needs=OPERATORS))
        self.assertEqual(outcomes, [NotAllowed])

    async def test_needs_of_members(self) -> None:
        """Whoever has an account is a member, guests are not."""
        act = did(ALICE, needs=Need(Rank.MEMBER))
        self.assertEqual(await self.answers(act, amended(account(ALICE)), act), [NotAllowed, type(None), StoredPost])

    async def test_needs_in_a_room(self) -> None:
        """A room operator has that rank in the room, and as long as they have an account."""
        keeper = keeping(RoomOperator, ALICE, "dev")
        there, elsewhere = (did(ALICE, needs=Need(Rank.ROOM_OPERATOR, room)) for room in ("dev", "lobby"))
        await self.append(amended(account(ALICE)), amended(keeper))
        self.assertEqual(
            await self.answers(there, elsewhere, did(ALICE, needs=OPERATORS)), [StoredPost, NotAllowed, NotAllowed]
        )
        outcomes = await self.answers(undone(keeper), there, amended(keeper), there, undone(account(ALICE)), there)
        self.assertEqual(outcomes[1::2], [NotAllowed, StoredPost, NotAllowed])

    async def test_over(self) -> None:
        """Room operators do nothing to one another nor to operators, by the facts where it is written; operators do."""
        keepers = [keeping(RoomOperator, author) for author in (ALICE, BOB)]
        await self.append(amended(account(ALICE), account(BOB), account(CAROL), *keepers))
        over_bob, over_carol = (
            did(ALICE, mute(NICKS[whom], whom).put(), needs=Need(Rank.ROOM_OPERATOR, "lobby", whom))
            for whom in (BOB, CAROL)
        )
        self.assertEqual(await self.answers(over_bob, over_carol), [NotAllowed, StoredPost])
        self.assertEqual(await self.kept(Mute), ["/carol"])
        rank = RankGiven(CAROL, Rank.OPERATOR, "server", NOON)
        self.assertEqual(
            await self.answers(undone(keepers[1]), over_bob, amended(rank), over_carol),
            [type(None), StoredPost, type(None), NotAllowed],
        )
        await self.append(amended(keepers[1]), operating(ALICE))
        self.assertEqual(await self.answers(over_bob, over_carol), [StoredPost, StoredPost])

    async def test_anyones(self) -> None:
        """Only people who keep order in the room of a message change those of others, whatever their hall believed."""
        await self.append(
            amended(account(ALICE), account(BOB), account(CAROL)), said("1", BOB), said("2", BOB, "dev"), said("3", BOB)
        )
        wanted = [deleted(number, anyones=True) for number in (1, 2)]
        self.assertEqual(await self.answers(*wanted), [NotYours, NotYours])
        keeper = keeping(RoomOperator, ALICE, "dev")
        self.assertEqual(await self.answers(amended(keeper), *wanted), [type(None), NotYours, StoredPost])
        self.assertEqual((await self.answers(undone(keeper), edited(3, "x", anyones=True)))[1:], [NotYours])
        rank = RankGiven(ALICE, Rank.OPERATOR, "server", NOON)
        outcomes = await self.answers(amended(rank), wanted[0], undone(rank), deleted(3, anyones=True))
        self.assertEqual(outcomes[1::2], [StoredPost, NotYours])
        self.assertEqual(await self.answers(deleted(3, BOB, anyones=True)), [StoredPost])

    async def test_anyones_of_those_who_keep_order(self) -> None:
        """Room operators do not change the messages of others who keep order there; operators do."""
        keepers = [keeping(RoomOperator, author) for author in (ALICE, BOB)]
        await self.append(amended(account(ALICE), account(BOB), account(CAROL), *keepers), said("1", BOB))
        wanted = deleted(1, anyones=True)
        self.assertEqual(await self.answers(wanted, operating(ALICE), wanted), [NotYours, type(None), StoredPost])


class CurbsContract(DecisionsCase):
    """Who may say what: judged by the time of the post, and by what stands before it."""

    async def test_mute(self) -> None:
        """A muted person says nothing, in whatever way, until it ends; what they said they can delete."""
        curb = mute("alice", ALICE, until=NOON + 60)
        await self.append(said("1"), said("2"), whispered("3", ALICE, BOB))
        attempts = [said("x"), Draft(Kind.ACTED, ALICE, "alice", NOON, "lobby", "x"), topic("x"),
                    whispered("x", ALICE, BOB), edited(1, "x"), edited(3, "x")]  # fmt: skip
        self.assertEqual((await self.answers(amended(curb), *attempts))[1:], [Muted] * len(attempts))
        (outcome,) = await self.append(said("x"))
        self.assertEqual(str(outcome), "You are muted for 1 minute, by olga.")
        self.assertEqual(await self.answers(deleted(1), said("x", BOB)), [StoredPost, StoredPost])
        late = [replace(attempt, at=NOON + 59.999) for attempt in attempts if attempt.target != 1]
        self.assertEqual(await self.answers(*late), [Muted] * len(late))
        ended = [replace(attempt, at=NOON + 60) for attempt in late]
        self.assertEqual(await self.answers(*ended, said("x")), [StoredPost] * len(ended) + [Muted])

    async def test_order(self) -> None:
        """What was decided before a post in one transaction counts, and nothing that comes after it."""
        curb = mute("alice", ALICE)
        outcomes = await self.answers(said("1"), amended(curb), said("x"), undone(curb), said("2"), amended(curb))
        self.assertEqual(outcomes, [StoredPost, type(None), Muted, type(None), StoredPost, type(None)])
        self.assertEqual(self.journal.head, 2)
        await self.reopen()
        self.assertEqual(await self.answers(said("x"), undone(curb), said("3")), [Muted, type(None), StoredPost])

    async def test_by_its_own_post(self) -> None:
        """A post is judged by what stood there before it, not by what follows from it."""
        post = replace(said("my last words"), changes=(mute("alice", ALICE).made(),))
        self.assertEqual(await self.answers(post, said("x")), [StoredPost, Muted])

    async def test_mute_in_a_room(self) -> None:
        """A mute in a room holds there only: by the room of the message for an edit, and never for what is private."""
        await self.append(said("1", room="dev"), said("2"), whispered("3", ALICE, BOB))
        outcomes = await self.answers(
            amended(mute("alice", ALICE, "dev")), said("x", room="dev"), topic("x", "dev"), edited(1, "x"),
            said("y"), edited(2, "y"), whispered("y", ALICE, BOB), edited(3, "y"), deleted(1),
        )  # fmt: skip
        self.assertEqual(outcomes[1:], [Muted] * 3 + [StoredPost] * 5)

    async def test_nickname(self) -> None:
        """A mute of a nickname goes by the key of who says it, whoever that is."""
        outcomes = await self.answers(
            amended(mute("eve")), replace(said("x"), folded="eve"), replace(said("x", BOB), folded="eve"), said("y"),
            replace(said("y"), folded="eves"),
        )  # fmt: skip
        self.assertEqual(outcomes[1:], [Muted, Muted, StoredPost, StoredPost])

    async def test_ban(self) -> None:
        """A banned person says nothing there until it ends, and elsewhere what they like."""
        await self.append(said("1", room="dev"), said("2"))
        here, everywhere = ban("alice", ALICE, "dev", NOON + 60, "spam"), ban("alice", ALICE)
        outcomes = await self.append(
            amended(here), said("x", room="dev"), edited(1, "x"), topic("x", "dev"), deleted(1), said("3"),
            said("late", room="dev", at=NOON + 60), amended(everywhere), said("x"), whispered("x", ALICE, BOB),
            edited(2, "x"), deleted(2),
        )  # fmt: skip
        self.assertEqual(str(outcomes[1]), "You are banned from dev for 1 minute, by olga: spam")
        expected = [Banned] * 3 + [StoredPost] * 3 + [type(None)] + [Banned] * 3 + [StoredPost]
        self.assertEqual(told(outcomes)[1:], expected)

    async def test_lock(self) -> None:
        """In a locked room only the people who are there, were invited or keep order say something."""
        outside = replace(said("x", room="dev"), within=("lobby",))
        inside, unknown = replace(outside, within=("lobby", "dev")), replace(outside, within=None)
        lock, invited = Lock("dev", "olga", NOON), keeping(Invitation, ALICE, "dev")
        outcomes = await self.answers(
            outside, amended(lock), outside, inside, unknown, replace(outside, room="attic"), amended(invited),
            outside, undone(invited), outside, undone(lock), outside,
        )  # fmt: skip
        self.assertEqual(
            outcomes, [StoredPost, type(None), RoomLocked] + [StoredPost] * 3
            + [type(None), StoredPost, type(None), RoomLocked, type(None), StoredPost]
        )  # fmt: skip
        keeper = amended(account(ALICE), keeping(RoomOperator, ALICE, "dev"))
        self.assertEqual((await self.answers(amended(lock), outside, keeper, outside))[1::2], [RoomLocked, StoredPost])

    async def test_slow(self) -> None:
        """In a slow room one waits after everything one showed it, by the times of the posts; others do not wait."""
        slow = amended(Slow("lobby", 10.0, "olga", NOON))
        outcomes = await self.append(
            said("1"), slow, said("x", at=NOON + 2.5), topic("x", at=NOON + 3), edited(1, "x", at=NOON + 4),
            said("2", BOB, at=NOON + 4), said("3", room="dev", at=NOON + 4), whispered("4", ALICE, BOB, NOON + 4),
            edited(4, "5", at=NOON + 5), said("6", at=NOON + 10), said("x", at=NOON + 19.999),
        )  # fmt: skip
        expected = [StoredPost, type(None)] + [SlowMode] * 3 + [StoredPost] * 5 + [SlowMode]
        self.assertEqual(told(outcomes), expected)
        self.assertEqual(str(outcomes[2]), "In lobby you can say something every 10 seconds; wait another 8 seconds.")

    async def test_slow_after_reopening(self) -> None:
        """How long one has to wait does not depend on whether the journal was opened meanwhile."""
        await self.append(amended(Slow("lobby", 10.0, "olga", NOON)), said("1"), said("2", BOB, at=NOON + 5))
        await self.reopen()
        outcomes = await self.answers(
            said("x", at=NOON + 9.9),
            said("x", BOB, at=NOON + 14.9),
            said("3", at=NOON + 10),
            said("4", BOB, at=NOON + 15),
        )
        self.assertEqual(outcomes, [SlowMode, SlowMode, StoredPost, StoredPost])

    async def test_slow_after_each_kind(self) -> None:
        """One waits after an edit or a topic as after a message; a deletion neither waits nor counts."""
        await self.append(amended(Slow("lobby", 10.0, "olga", NOON)), said("1"))
        at = NOON + 10
        for shown in (edited(1, "one"), topic("tea"), Draft(Kind.ACTED, ALICE, "alice", at, "lobby", "waves")):
            outcomes = await self.answers(replace(shown, at=at), said("x", at=at + 9), topic("x", at=at + 9))
            self.assertEqual(outcomes, [StoredPost, SlowMode, SlowMode], shown.kind)
            at += 10
        outcomes = await self.answers(
            said("2", at=at), deleted(None, at=at + 5), said("x", at=at + 9), said("3", at=at + 10)
        )
        self.assertEqual(outcomes, [StoredPost, StoredPost, SlowMode, StoredPost])

    async def test_slow_repeated(self) -> None:
        """A post that is sent again is told its number, and not to wait."""
        first = said("1", key="k")
        self.assertEqual(
            await self.append(amended(Slow("lobby", 10.0, "olga", NOON)), first, first), [None, *posted(1), Repeated(1)]
        )

    async def test_slow_and_who_keeps_order(self) -> None:
        """People who keep order in a slow room do not wait there."""
        await self.append(amended(Slow("lobby", 10.0, "olga", NOON), account(ALICE)), said("1"))
        keeper = keeping(RoomOperator, ALICE)
        outcomes = await self.answers(said("x"), amended(keeper), said("2"), undone(keeper), said("x"))
        self.assertEqual(outcomes[::2], [SlowMode, StoredPost, SlowMode])


def posted(id: int) -> list[Outcome]:
    """Give the outcome of the first thing that alice says in the lobby."""
    return [StoredPost(Said(id, "lobby", "alice", NOON, str(id)), ALICE)]


class DecisionsContract(FactsContract, RightsContract, CurbsContract):
    """All of it."""
