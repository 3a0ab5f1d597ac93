"""The promises of every journal about facts: what their changes expect, and what goes with what."""

from dataclasses import replace

from groupchat.facts.account_facts import (
    AccessToken,
    Account,
    AccountRooms,
    Hook,
    Ignoring,
    KeptPreferences,
    RankGiven,
    ReadPosition,
)
from groupchat.facts.kinds import read
from groupchat.facts.reading_places import ROOMS_KEPT, TALKS_KEPT, talk
from groupchat.facts.room_facts import Invitation, RoomOperator
from groupchat.facts.sanctions import Ban, Mute
from groupchat.facts.typed import TypedFact
from groupchat.facts.whereabouts import Places
from groupchat.model.drafts import (
    PRESENT,
    Announce,
    Consequence,
    Fact,
    FactChange,
    PutOut,
    ReadUpTo,
    Repeated,
    Revoke,
    StoredPost,
)
from groupchat.model.errors import Banned, Muted, NotAllowed, NotYours, Outdated
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.ranks import Rank
from tests.journals.cases import ELEVEN, OPERATORS, DecisionsCase, amend, did, keeping, mute, session, told
from tests.journals.contract import (
    ALICE,
    BOB,
    CAROL,
    NOON,
    account,
    amended,
    ban,
    deleted,
    edited,
    said,
    topic,
    undone,
    whispered,
)


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

    async def test_guests_from_there(self) -> None:
        """What is decided about a guest holds for others who come from there later, and in its room only."""
        home = "0" * 32
        kept = replace(ban("mal", room="dev"), at=NOON, origin=home), replace(mute("mal"), at=NOON, origin=home)
        await self.append(amended(kept[0]))
        later = replace(said("x", room="dev", at=NOON + 9), since=NOON + 1, origin=home)
        early = replace(later, since=NOON)
        self.assertEqual(
            await self.answers(later, early, replace(later, origin=""), replace(later, room="lobby")),
            [Banned, StoredPost, StoredPost, StoredPost],
        )
        await self.append(undone(kept[0]), amended(kept[1]))
        self.assertEqual(await self.answers(later, early, replace(later, room="lobby")), [Muted, StoredPost, Muted])
        await self.append(undone(kept[1]))
        self.assertEqual(await self.answers(later), [StoredPost])

    async def test_put_out_of_a_room(self) -> None:
        """Whoever is put out of a room is out of it in every session and in the account, and nobody else is."""
        home, away = (
            replace(session(ALICE, letter), rooms=("lobby", "dev"), current=current)
            for letter, current in (("a", "dev"), ("b", "lobby"))
        )
        other = replace(home, author=BOB, digest="c" * 64)
        kept = AccountRooms(ALICE, Places(("lobby", "dev"), "dev"))
        out = PutOut(ALICE, "dev", "kicked", "You were put out of dev.")
        await self.append(amended(account(ALICE)), home, away, other, amend(kept.put()))
        self.assertEqual(await self.answers(did(SERVER, out)), [StoredPost])
        found = [await self.journal.recall(letter * 64) for letter in "abc"]
        self.assertEqual([one and Places.of(one) for one in found], [
            Places(("lobby",), "lobby", "dev"), Places(("lobby",), "lobby"), Places(("lobby", "dev"), "dev"),
        ])  # fmt: skip
        (fact,) = await self.journal.facts(AccountRooms.KIND)
        self.assertEqual(AccountRooms.read(fact.name, fact.value or {}).places, Places(("lobby",), "lobby", "dev"))
        await self.append(undone(account(ALICE)))
        self.assertEqual(await self.journal.facts(AccountRooms.KIND), [])

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
            Account, RankGiven, KeptPreferences, Ignoring, ReadPosition, RoomOperator, Invitation,
            AccessToken, Hook,
        )  # fmt: skip
        people: tuple[tuple[AuthorId, str], ...] = ((ALICE, "alice"), (ELEVEN, "eleven"), (BOB, "bob"))
        for author, nick in people:
            await self.append(
                amended(
                    Account(nick, nick, author, "1:hash", NOON),
                    RankGiven(author, Rank.OPERATOR, "olga", NOON),
                    KeptPreferences(author, "text", {"time": "off"}),
                    Ignoring(author, CAROL, "carol"),
                    AccessToken(author, "ci", "d", NOON),
                    Hook(author, "ci", "lobby", "d", NOON),
                    keeping(RoomOperator, author),
                    keeping(Invitation, author),
                ),
                ReadUpTo(author, "lobby", 5, NOON),
                ReadUpTo(author, "", 6, NOON),
                session(author, nick[0]),
                session(author, nick[0].upper()),
            )
        await self.append(amended(account(CAROL), Ignoring(CAROL, ALICE, "alice"), ban("alice", ALICE, "dev")))
        before = {form: await self.kept(form) for form in forms}
        taken = {
            Account: ["alice"], RankGiven: ["1"], KeptPreferences: ["1/text"], Ignoring: ["1/3"],
            ReadPosition: ["1/", "1/lobby"], RoomOperator: ["lobby/1"], Invitation: ["lobby/1"],
            AccessToken: ["1/ci"], Hook: ["1/ci"],
        }  # fmt: skip
        act = did(ALICE, needs=OPERATORS)
        self.assertEqual(await self.answers(act, undone(account(ALICE)), act), [StoredPost, type(None), NotAllowed])
        await self.reopen()
        for form in forms:
            self.assertEqual(await self.kept(form), [one for one in before[form] if one not in taken[form]], form.KIND)
        self.assertEqual((await self.sessions("aAeEbB"), await self.kept(Ban)), ("eEbB", ["dev/alice"]))
        self.assertEqual(await self.answers(amended(account(ALICE)), act), [type(None), NotAllowed])

    async def test_not_without_an_account(self) -> None:
        """What goes with an account is not made after it was removed, or the next account would inherit it."""
        owned: tuple[TypedFact, ...] = (
            RankGiven(ALICE, Rank.OPERATOR, "olga", NOON), KeptPreferences(ALICE, "text", {"time": "off"}),
            Ignoring(ALICE, CAROL, "carol"), keeping(RoomOperator, ALICE),
            AccessToken(ALICE, "ci", "d", NOON), Hook(ALICE, "ci", "lobby", "d", NOON),
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

    async def test_only(self) -> None:
        """A single session can be revoked: that author's with this digest, and no other."""
        await self.append(*(session(ALICE, letter) for letter in "abc"), session(BOB, "d"))
        await self.append(amend(Revoke(ALICE, only="b" * 64), Revoke(ALICE, only="d" * 64)))
        self.assertEqual(await self.sessions("abcd"), "acd")

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

    async def read(self) -> dict[str, int]:
        """How far alice has read each place."""
        positions = map(read, await self.journal.facts(ReadPosition.KIND))
        return {one.room: one.upto for one in positions if isinstance(one, ReadPosition) and one.author == ALICE}

    async def test_positions_are_bounded(self) -> None:
        """Of too many rooms the one read longest ago is forgotten; of others' positions nothing is."""
        await self.append(amended(account(ALICE)), amended(account(BOB)), ReadUpTo(BOB, "room0", 1, NOON - 9))
        await self.append(*(ReadUpTo(ALICE, f"room{number}", 1, NOON + number) for number in range(ROOMS_KEPT + 2)))
        self.assertEqual(await self.read(), {f"room{number}": 1 for number in range(2, ROOMS_KEPT + 2)})
        await self.append(ReadUpTo(ALICE, "room2", 2, NOON + 999), ReadUpTo(ALICE, "another", 1, NOON + 999))
        self.assertEqual((await self.read()).keys() & {"room2", "room3"}, {"room2"})
        self.assertEqual(len(await self.kept(ReadPosition)), ROOMS_KEPT + 1)

    async def test_conversations_are_bounded(self) -> None:
        """Of too many conversations the lowest is forgotten; everything private up to there counts as read."""
        await self.append(amended(account(ALICE)))
        first = talk(AuthorId(1))
        talks = {talk(AuthorId(number)): 100 + number for number in range(1, TALKS_KEPT + 1)}
        await self.append(*(ReadUpTo(ALICE, place, upto, NOON) for place, upto in talks.items()))
        self.assertEqual(await self.read(), talks)
        await self.append(ReadUpTo(ALICE, first, 999, NOON))
        self.assertEqual((await self.read())[first], 999)
        await self.append(ReadUpTo(ALICE, talk(AuthorId(9999)), 7, NOON))
        self.assertEqual(await self.read(), {**talks, first: 999, "": 7})
        await self.append(ReadUpTo(ALICE, "", 999, NOON))
        self.assertEqual(await self.read(), {"": 999})
