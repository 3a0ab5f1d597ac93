"""The promises of every journal about who may do and say what: judged by what stands there when it is written."""

from dataclasses import replace

from groupchat.facts.account_facts import RankGiven
from groupchat.facts.room_facts import Invitation, Lock, RoomOperator, Slow
from groupchat.facts.sanctions import Ban, Mute
from groupchat.model.drafts import (
    Draft,
    Kind,
    Need,
    Repeated,
    StoredPost,
)
from groupchat.model.errors import Banned, Muted, NotAllowed, NotYours, Outdated, RoomLocked, SlowMode
from groupchat.model.events import SERVER
from groupchat.model.ranks import Rank
from tests.journals.cases import OPERATORS, DecisionsCase, amend, did, keeping, mute, posted, told
from tests.journals.contract import (
    ALICE,
    BOB,
    CAROL,
    NICKS,
    NOON,
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

    async def test_sanctioned(self) -> None:
        """The order of a banned or muted operator that lands behind that is refused, until it ends."""
        await self.append(
            amended(account(ALICE), account(BOB), keeping(RoomOperator, ALICE, "dev")), said("1", BOB, "dev")
        )
        need = Need(Rank.ROOM_OPERATOR, "dev")
        order = replace(did(ALICE, mute("eve", room="dev").put(), needs=need), room="dev")
        silent = amend(by=ALICE, needs=need)
        for curb, refusal in ((ban("alice", ALICE, "dev", NOON + 60), Banned), (mute("alice", ALICE, "dev"), Muted)):
            outcomes = await self.answers(silent, amended(curb), order, silent, deleted(1, anyones=True))
            self.assertEqual(outcomes, [type(None), type(None), refusal, refusal, NotYours])
            await self.reopen()
            self.assertEqual(await self.answers(order, undone(curb), silent), [refusal, type(None), type(None)])
        self.assertEqual(await self.kept(Mute), [])
        outcomes = await self.answers(
            amended(ban("alice", ALICE, "dev", NOON + 60)), replace(order, at=NOON + 59.9), replace(order, at=NOON + 60)
        )
        self.assertEqual(outcomes[1:], [Banned, StoredPost])

    async def test_words_of_the_muted(self) -> None:
        """A room is not shown the order of an operator who is muted or banned there, wherever it holds."""
        await self.append(operating(ALICE))
        order = did(ALICE, mute("eve").put(), needs=OPERATORS)
        for curb, refusal in ((mute("alice", ALICE, "lobby"), Muted), (ban("alice", ALICE, "lobby"), Banned)):
            self.assertEqual(await self.answers(amended(curb), order), [type(None), refusal])
            self.assertEqual(await self.answers(replace(order, room="dev"), undone(curb)), [StoredPost, type(None)])

    async def test_own_sanction(self) -> None:
        """Nobody undoes or changes what was decided about themselves, by the facts where it is written."""
        own = mute("alice", ALICE, "dev")
        await self.append(operating(ALICE), operating(BOB), amended(own))
        attempts = [
            did(by, change, needs=OPERATORS)
            for by in (ALICE, BOB)
            for change in (replace(own, until=NOON + 1).replacing(own), own.undone())
        ]
        self.assertEqual(await self.answers(*attempts[:2]), [NotAllowed] * 2)
        self.assertEqual(await self.answers(attempts[3]), [StoredPost])
        named = ban("alice", room="dev")
        self.assertEqual(
            await self.answers(amended(named), did(ALICE, named.undone(), needs=OPERATORS)), [type(None), NotAllowed]
        )

    async def test_sanction_of_an_equal(self) -> None:
        """A room's operator does not undo what was decided about another one there, operators of the server do."""
        keepers = [keeping(RoomOperator, author, "dev") for author in (ALICE, BOB)]
        curb, other = ban("bob", BOB, "dev"), ban("carol", CAROL, "dev")
        await self.append(amended(account(ALICE), account(BOB), account(CAROL), *keepers, curb, other))
        need = Need(Rank.ROOM_OPERATOR, "dev")
        undo, undo_other = (did(ALICE, one.undone(), needs=need) for one in (curb, other))
        self.assertEqual(await self.answers(undo, undo_other), [NotAllowed, StoredPost])
        self.assertEqual(await self.answers(undone(keepers[1]), undo), [type(None), StoredPost])
        self.assertEqual((await self.answers(amended(keepers[1], curb), operating(ALICE), undo))[2:], [StoredPost])

    async def test_sanctions_of_a_removed_account(self) -> None:
        """When an account is removed, its bans and mutes hold for the nickname, and for its author, from then on."""
        await self.append(
            amended(account(ALICE), mute("alice", ALICE), ban("alice", ALICE, "dev"), mute("al", ALICE, "ops"))
        )
        guest = replace(said("x", BOB), folded="alice")
        self.assertEqual(await self.answers(guest, undone(account(ALICE)), guest), [StoredPost, type(None), Muted])
        await self.reopen()
        there = replace(guest, room="dev")
        self.assertEqual(await self.answers(guest, there, said("x")), [Muted, Banned, Muted])
        self.assertEqual(
            (await self.kept(Mute), await self.kept(Ban)), (["/alice", "ops/al", "ops/alice"], ["dev/alice"])
        )
        late = did(CAROL, ban("alice", ALICE).put(), needs=OPERATORS)
        again = did(CAROL, replace(ban("alice", ALICE, "ops"), named=True).put(), needs=OPERATORS)
        outcomes = await self.answers(operating(CAROL), late, again)
        self.assertEqual(outcomes, [type(None), Outdated, StoredPost], "it would hold for nobody")
        named = replace(mute("alice", ALICE), named=True)
        self.assertEqual(await self.answers(undone(named), guest, there), [type(None), StoredPost, Banned])


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
        await self.append(amended(account(ALICE)))
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

    async def test_slow_at_once(self) -> None:
        """What somebody says at two nodes at once is one too many, also if the clock of the second one is behind.

        A time that is far ahead was written while a clock was wrong, and keeps nobody waiting.
        """
        await self.append(amended(Slow("lobby", 10.0, "olga", NOON)), said("1", at=NOON + 20))
        outcomes = await self.answers(
            said("x", at=NOON + 19.999), edited(1, "x", at=NOON + 18), topic("x", at=NOON + 15), said("2", at=NOON + 14)
        )
        self.assertEqual(outcomes, [SlowMode, SlowMode, SlowMode, StoredPost])

    async def test_slow_from_now_on(self) -> None:
        """What was said before a room was made slow, or slower, is not held against anybody."""
        slow = Slow("lobby", 10.0, "olga", NOON)
        slower = Slow("lobby", 60.0, "olga", NOON + 20)
        outcomes = await self.answers(
            said("1", at=NOON - 1), amended(slow), said("2", at=NOON + 1), said("x", at=NOON + 2),
            amended(slower), said("3", at=NOON + 21), said("x", at=NOON + 22),
        )  # fmt: skip
        none = type(None)
        self.assertEqual(outcomes, [StoredPost, none, StoredPost, SlowMode, none, StoredPost, SlowMode])

    async def test_slow_among_many(self) -> None:
        """However much others say meanwhile, one waits."""
        slow, keeper = Slow("lobby", 3600.0, "olga", NOON), keeping(RoomOperator, BOB)
        await self.append(amended(slow, account(BOB), keeper), said("1", at=NOON + 1))
        await self.append(*(said("x", BOB, at=NOON + 2) for _ in range(1200)))
        self.assertEqual(await self.answers(said("2", at=NOON + 3600)), [SlowMode])

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
