"""The promises of every journal that can follow a log: who is where, and how far the log is carried out."""

from dataclasses import replace
from typing import Any, cast

from groupchat.facts.account_facts import ErasedAuthor, Ignoring, RankGiven
from groupchat.facts.reading_places import talk
from groupchat.facts.room_facts import Invitation, RoomOperator
from groupchat.interfaces.storage import IReplica
from groupchat.journals.nodes.digests import FACTS, SESSIONS
from groupchat.journals.rules.codec import decode, encode
from groupchat.model.drafts import (
    Erase,
    Expire,
    ForgetSessions,
    Operation,
    Outcome,
    PutOut,
    ReadUpTo,
    Revoke,
    SessionAt,
    StoredPost,
)
from groupchat.model.errors import (
    BadArguments,
    Kicked,
    NickTaken,
    NodeLost,
    NoSuchNick,
    NotAllowed,
    Outdated,
    Replaced,
)
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.node_operations import (
    Applied,
    Attend,
    Check,
    Checked,
    Depart,
    NodeDown,
    NodeState,
    NodeUp,
    Passing,
    Place,
    Presence,
    RemoveNode,
    Rules,
)
from groupchat.model.ranks import Rank
from tests.journals.cases import DecisionsCase, amend, did, keeping, mute, posted, session
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
    said,
    topic,
    whispered,
)


def present(author: AuthorId, handle: str, node: str = "a1", epoch: int = 5, **more: Any) -> Presence:
    """Make a presence of somebody in the lobby."""
    nick = more.pop("nick", NICKS[author])
    given = {"account": "", "since": NOON + 0.25, "known_since": NOON, "rooms": ("lobby", "dev"), "current": "dev"}
    return Presence(handle, node, epoch, author, nick, nick, **{**given, **more})


class NodesContract(DecisionsCase):
    """What nodes tell one another is carried out in the order of the log."""

    __test__ = False

    async def present(self) -> list[Presence]:
        return cast("list[Presence]", await cast(Any, self.journal).presences())

    async def handles(self) -> str:
        return "".join([one.handle for one in await self.present()])

    async def place(self) -> Place | None:
        return cast("Place | None", await cast(Any, self.journal).place())

    async def test_alone(self) -> None:
        """A journal that is alone has no place in a log, and nobody stands in it."""
        self.assertTrue(IReplica.providedBy(self.journal))
        self.assertEqual(await self.append(said("1")), posted(1))
        self.assertEqual((await self.present(), await self.place()), ([], None))

    async def test_erased_add_nothing(self) -> None:
        """By the second rules nothing of theirs, or about them, is added behind an erasure, after a restart neither."""
        guest, digest = AuthorId(77), "a" * 64
        NICKS[guest] = "alice"
        self.addCleanup(NICKS.pop, guest)
        bob = replace(session(BOB, "b"), ignored=((ALICE, "Alice", "x"), (CAROL, "carol", "")))
        old = replace(session(guest, "d"), nick="zoe")
        await self.append(
            Rules(2), NodeUp("a1", 5), amended(account(ALICE), account(BOB), RankGiven(BOB, Rank.OPERATOR, "o", NOON)),
            Attend(present(ALICE, digest)), Attend(present(CAROL, "c" * 64)), said("1"), said("2", BOB),
            session(ALICE, "a"), old, replace(session(CAROL, "e"), nick="alice"),
        )  # fmt: skip
        await self.append(Depart(digest, "a1", 5), Erase("alice", "forgotten-1", SERVER))
        await self.append(Attend(present(guest, digest)), Erase("alice", "forgotten-2", SERVER))
        await self.reopen()
        seen = await self.checked()
        for author in (ALICE, guest):
            kicked: tuple[Operation, ...] = (
                said("3", author), said("4", author, key="k"), whispered("5", author, BOB), topic("6", author=author),
                edited(2, "7", author), edited(None, "8", author), deleted(1, author), did(author),
                amend(keeping(Invitation, BOB).put(), by=author), Attend(present(author, digest), takes=True),
                Attend(present(author, "f" * 64)), Erase("bob", "forgotten-3", author),
            )  # fmt: skip
            self.assertEqual(await self.answers(*kicked), [Kicked] * len(kicked))
            outdated: tuple[Operation, ...] = (
                amend(account(author).made()), amend(Ignoring(BOB, author, "alice").put(), by=BOB),
                amend(keeping(Invitation, author).put()), amend(ban("alice", author).put(), by=BOB),
                did(BOB, replace(mute("alice", author), named=True).put()),
                did(BOB, PutOut(author, "lobby", "kicked", "Go.")),
            )  # fmt: skip
            self.assertEqual(await self.answers(*outdated), [Outdated] * len(outdated))
            self.assertEqual(await self.answers(whispered("9", BOB, author)), [NoSuchNick])
            await self.append(
                ReadUpTo(author, "lobby", 2, NOON),
                ReadUpTo(BOB, talk(author), 2, NOON),
                session(author, "a"),
                SessionAt(session(author, "d"), "a1"),
            )
        self.assertEqual(await self.sessions("ad"), "")
        self.assertEqual((await self.present())[0].author, guest, "until its node has carried out the erasure")
        self.assertEqual((await self.checked()), seen)
        await self.append(bob)
        kept = await self.journal.recall(bob.digest)
        assert kept is not None
        self.assertEqual(kept.ignored, ((ALICE, "forgotten-1", ""), (CAROL, "carol", "")))
        # Who was called so earlier is not erased, and the nickname is free, also for an account.
        again = AuthorId(78)
        NICKS[again] = "alice"
        self.addCleanup(NICKS.pop, again)
        await self.append(Depart(digest, "a1", 5))
        free = (said("10", CAROL), Attend(present(again, "9" * 64)), amend(account(again).made()), said("11", again))
        self.assertEqual(await self.answers(*free), [StoredPost, type(None), type(None), StoredPost])

    async def test_erased_by_the_first_rules(self) -> None:
        """By the first rules it is as it was: whoever is erased is not remembered."""
        await self.append(NodeUp("a1", 5), amended(account(ALICE)), Attend(present(ALICE, "a" * 64)), said("1"))
        await self.append(Erase("alice", "forgotten-1", SERVER), Rules(2))
        self.assertEqual(await self.answers(said("2")), [StoredPost])
        self.assertEqual(await self.kept(ErasedAuthor), [])

    async def test_presences(self) -> None:
        """A presence is given back as it was, after a change as it is then."""
        alice = present(ALICE, "h2", away="lunch", secure=True, door="json", origin="o", account="alice")
        bob = present(BOB, "h1", program=True, current="dev")
        self.assertEqual(await self.answers(NodeUp("a1", 5), Attend(alice), Attend(bob)), [type(None)] * 3)
        self.assertEqual(await self.present(), [bob, alice])
        await self.reopen()
        self.assertEqual(await self.present(), [bob, alice])
        back = replace(alice, away=None, rooms=(), current="", nick="Alice")
        await self.append(Attend(back))
        self.assertEqual(await self.present(), [bob, back])
        await self.append(Depart("h1", "a1", 5, "left", ""))
        self.assertEqual(await self.present(), [back])

    async def test_away_without_words(self) -> None:
        """Somebody who is away without words is away."""
        await self.append(NodeUp("a1", 5), Attend(present(ALICE, "a", away="")))
        self.assertEqual([one.away for one in await self.present()], [""])

    async def test_nickname_is_claimed(self) -> None:
        """A nickname is whose presence came first, as long as the last of theirs is not gone; at whichever node."""
        await self.append(NodeUp("a1", 5), NodeUp("b1", 6))
        hers, also = present(ALICE, "a"), present(ALICE, "b", "b1", 6)
        his = present(BOB, "c", "b1", 6, nick="alice")
        self.assertEqual(
            await self.answers(Attend(hers), Attend(his), Attend(also)), [type(None), NickTaken, type(None)]
        )
        await self.append(Depart("a", "a1", 5))
        self.assertEqual(await self.answers(Attend(his)), [NickTaken])
        outcome: Outcome
        [_, outcome] = await self.append(Depart("b", "b1", 6), Attend(his))
        self.assertEqual((outcome, await self.handles()), (None, "c"))
        [outcome] = await self.append(Attend(hers))
        self.assertEqual(str(outcome), "Somebody else is called alice; choose another nickname.")

    async def test_nickname_of_an_account(self) -> None:
        """The nickname of an account is its owner's, also when they are not here."""
        await self.append(amend(account(ALICE).put()), NodeUp("a1", 5))
        answers = await self.answers(Attend(present(BOB, "b", nick="alice")), Attend(present(ALICE, "a")))
        self.assertEqual(answers, [NickTaken, type(None)])

    async def test_refused_rename_changes_nothing(self) -> None:
        """Whoever cannot have a nickname keeps the one before."""
        await self.append(NodeUp("a1", 5), Attend(present(ALICE, "a")), Attend(present(BOB, "b")))
        self.assertEqual(await self.answers(Attend(present(BOB, "b", nick="alice"))), [NickTaken])
        self.assertEqual([one.nick for one in await self.present()], ["alice", "bob"])

    async def test_taken_over(self) -> None:
        """Who comes in by the token at another node takes the handle; what the first node still says is refused."""
        await self.append(NodeUp("a1", 5), NodeUp("b1", 6), Attend(present(ALICE, "a"), takes=True))
        there, again = present(ALICE, "a", "b1", 6), present(ALICE, "a", away="")
        self.assertEqual(
            await self.answers(Attend(there), Attend(there, takes=True), Attend(again)),
            [Replaced, type(None), Replaced],
        )
        await self.append(Depart("a", "a1", 5))
        self.assertEqual(await self.present(), [there])
        await self.append(Depart("a", "b1", 6), Attend(again))
        self.assertEqual(await self.present(), [again])

    async def test_nodes_end(self) -> None:
        """When an epoch of a node has ended its people are gone, and nothing it says is taken."""
        await self.append(NodeUp("a1", 5), NodeUp("b1", 6), Attend(present(ALICE, "a")))
        await self.append(Attend(present(BOB, "b", "b1", 6)), NodeDown("a1", 5), NodeDown("a1", 5))
        self.assertEqual(await self.handles(), "b")
        self.assertEqual(await self.answers(Attend(present(ALICE, "a"))), [NodeLost])
        await self.append(NodeUp("a1", 7))
        self.assertEqual(
            await self.answers(Attend(present(ALICE, "a")), Attend(present(ALICE, "a", epoch=7))),
            [NodeLost, type(None)],
        )
        await self.append(NodeDown("a1", 5), Depart("a", "a1", 5))
        self.assertEqual(await self.handles(), "ab")

    async def states(self) -> dict[str, NodeState]:
        return cast("dict[str, NodeState]", await cast(Any, self.journal).nodes())

    async def test_gone(self) -> None:
        """Of a node that is gone it is remembered since when, and how far it was, as whoever noticed first has said."""
        await self.append(NodeUp("a1", 5), NodeUp("b1", 6))
        await self.append(NodeDown("b1", 6, NOON, 42), NodeDown("b1", 6, NOON + 2, 41), NodeDown("a1", 4, NOON, 1))
        self.assertEqual(await self.states(), {"a1": NodeState(5, True), "b1": NodeState(6, False, NOON, 42)})
        await self.reopen()
        self.assertEqual((await self.states())["b1"], NodeState(6, False, NOON, 42))
        await self.append(NodeUp("b1", 9))
        self.assertEqual((await self.states())["b1"], NodeState(9, True))

    async def test_stopped(self) -> None:
        """That a node has said itself that it is stopped is remembered, and compared, whoever notices its end later."""
        await self.append(NodeUp("b1", 6), NodeDown("b1", 6, NOON, 42, stopped=True), NodeDown("b1", 6, NOON + 2, 41))
        await self.reopen()
        self.assertEqual(await self.states(), {"b1": NodeState(6, False, NOON, 42, stopped=True)})
        found = await self.append(Check(1, 0))
        await self.append(RemoveNode("b1", SERVER), NodeUp("b1", 6), NodeDown("b1", 6, NOON, 42))
        self.assertEqual(await self.states(), {"b1": NodeState(6, False, NOON, 42)})
        self.assertNotEqual(await self.append(Check(1, 0)), found)

    async def test_removed(self) -> None:
        """A node that is gone is remembered no longer when that is decided; one that is there is not removed."""
        await self.append(NodeUp("a1", 5), NodeUp("b1", 6))
        answers = await self.answers(RemoveNode("b1", SERVER), RemoveNode("c1", SERVER))
        self.assertEqual(answers, [BadArguments, BadArguments])
        await self.append(NodeDown("b1", 6, NOON, 42))
        self.assertEqual(await self.answers(RemoveNode("b1", ALICE)), [NotAllowed])
        self.assertEqual(set(await self.states()), {"a1", "b1"})
        self.assertEqual(await self.answers(RemoveNode("b1", SERVER)), [type(None)])
        self.assertEqual(await self.states(), {"a1": NodeState(5, True)})
        await self.append(NodeUp("b1", 9), Attend(present(BOB, "b", "b1", 9)))
        self.assertEqual(await self.handles(), "b")

    async def test_removed_late(self) -> None:
        """Whoever says late that a removed node has ended does not list it again; by the first rules they did."""
        ended = NodeUp("c1", 5), NodeDown("c1", 5, NOON, 3), RemoveNode("c1", SERVER)
        await self.append(*ended)
        self.assertEqual(await self.answers(NodeDown("c1", 5, NOON + 1, 3)), [type(None)])
        self.assertEqual(set(await self.states()), {"c1"})
        await self.append(RemoveNode("c1", SERVER), Rules(2), *ended)
        self.assertEqual(await self.answers(NodeDown("c1", 5, NOON + 1, 3)), [BadArguments])
        self.assertEqual(await self.states(), {})
        await self.append(NodeUp("c1", 9), NodeDown("c1", 5, NOON + 1, 3))
        self.assertEqual(await self.states(), {"c1": NodeState(9, True)})

    async def test_removed_by_operator(self) -> None:
        """An operator removes a node as the administrator does."""
        given = RankGiven(ALICE, Rank.OPERATOR, "server", NOON).made()
        await self.append(amend(account(ALICE).put(), given), NodeUp("b1", 6), NodeDown("b1", 6))
        self.assertEqual(await self.answers(RemoveNode("b1", ALICE)), [type(None)])
        self.assertEqual(await self.states(), {})

    async def test_node_that_never_began(self) -> None:
        """A node that did not begin, or that ended before, has nobody."""
        self.assertEqual(await self.answers(Attend(present(ALICE, "a"))), [NodeLost])
        await self.append(NodeDown("a1", 5), NodeUp("a1", 5))
        self.assertEqual(await self.answers(Attend(present(ALICE, "a"))), [NodeLost])

    async def test_new_epoch_is_empty(self) -> None:
        """Nobody of an older epoch of a node is left when it begins anew; an older one does not begin any more."""
        await self.append(NodeUp("a1", 5), Attend(present(ALICE, "a")), NodeUp("a1", 9))
        self.assertEqual(await self.handles(), "")
        await self.append(Attend(present(ALICE, "a", epoch=9)), NodeUp("a1", 5))
        self.assertEqual(await self.handles(), "a")

    async def test_handle_moves(self) -> None:
        """A client that comes to another node with its token stands there only, whatever the first one says later."""
        await self.append(NodeUp("a1", 5), NodeUp("b1", 6), Attend(present(ALICE, "a")))
        await self.append(Attend(present(ALICE, "a", "b1", 6), takes=True), Depart("a", "a1", 5, "lost"))
        self.assertEqual([(one.handle, one.node) for one in await self.present()], [("a", "b1")])

    async def test_passing(self) -> None:
        """What passes is not stored."""
        self.assertEqual(await self.append(Passing(ALICE, {"event": "typing"})), [None])
        self.assertEqual((self.journal.head, await self.present()), (0, []))

    async def test_place(self) -> None:
        """How far the log is carried out is on disk with what was carried out, and so are its rules."""
        await self.append(said("a"), Applied("c", 4, 90, "ab" * 32))
        self.assertEqual(await self.place(), Place("c", 4, 90, "ab" * 32, 1))
        await self.append(Rules(2))
        await self.append(Applied("c", 5, 91, "cd" * 32))
        await self.reopen()
        self.assertEqual(await self.place(), Place("c", 5, 91, "cd" * 32, 2))

    async def test_check_sees_rows(self) -> None:
        """The digest of rows depends on each of those in the range, on nothing outside, and on nothing else."""
        await self.append(said("a"), said("b", key="k"), said("c"))
        before = await self.checked(2, 2)
        await self.append(edited(3, "cc"), deleted(1), amend(account(BOB).put()))
        self.assertEqual((await self.checked(2, 2)).rows, before.rows)
        await self.append(edited(2, "bb"))
        self.assertNotEqual((await self.checked(2, 2)).rows, before.rows)
        self.assertNotEqual((await self.checked(1, 2)).rows, (await self.checked(2, 2)).rows)

    async def test_check_sees_facts(self) -> None:
        """The digest of facts depends on facts, presences, and nodes."""
        seen = []
        alice = present(ALICE, "a")
        for operation in (
            amend(account(ALICE).put()), amend(keeping(RoomOperator, ALICE).put()), NodeUp("a1", 5), Attend(alice),
            Attend(replace(alice, away="")), NodeDown("a1", 5), Expire(NOON + 1),
        ):  # fmt: skip
            seen.append((await self.checked()).facts)
            await self.append(operation, said("so that there is something"))
        seen.append((await self.checked()).facts)
        self.assertEqual(len(set(seen)), 8)

    async def test_check_takes_some_facts(self) -> None:
        """It takes the facts behind the one that it names, no more than some at a time, and says which was the last."""
        facts = [replace(account(ALICE), key=f"n{n:04}", author=AuthorId(n)) for n in range(1, FACTS + 3)]
        await self.append(*[amend(fact.put()) for fact in facts])
        [first] = await self.append(Check(1, 0))
        assert isinstance(first, Checked)
        self.assertEqual((first.kind, first.name), ("account", facts[FACTS - 1].name))
        [second] = await self.append(Check(1, 0, after_kind=first.kind, after_name=first.name))
        assert isinstance(second, Checked)
        self.assertEqual((second.kind, second.name), ("", ""))
        await self.append(amend(replace(facts[-1], hash="1:other").put()))
        [again] = await self.append(Check(1, 0))
        self.assertEqual(again, first)
        [again] = await self.append(Check(1, 0, after_kind=first.kind, after_name=first.name))
        self.assertNotEqual(again, second)

    async def test_check_sees_sessions(self) -> None:
        """It sees every part of a session, and that one was revoked; one that is forgotten is none."""
        one = replace(session(ALICE, "a"), read=(("lobby", 3, NOON),), ignored=((BOB, "bob", "192.0.2.1"),))
        operations = (
            one, replace(session(BOB, "b"), seen=int(NOON) + 10), replace(one, read=(("lobby", 4, NOON),)),
            replace(one, position=9, seen=NOON + 10), amend(Revoke(ALICE)),
        )  # fmt: skip
        seen = [await self.checked()]
        for operation in operations:
            await self.append(operation)
            seen.append(await self.checked())
        self.assertEqual(len({one.facts for one in seen}), 6)
        await self.append(session(ALICE, "a"), ForgetSessions(NOON + 5))
        before = await self.checked()
        await self.append(session(ALICE, "c"))
        self.assertEqual(await self.checked(), before)

    async def test_check_takes_some_sessions(self) -> None:
        """Sessions come behind the facts, and as facts do: so many at a time, each once."""
        sessions = [replace(session(ALICE, ""), digest=f"{number:064x}") for number in range(FACTS + 2)]
        await self.append(amend(account(BOB).put()), *sessions)
        [first] = await self.append(Check(1, 0))
        assert isinstance(first, Checked)
        self.assertEqual((first.kind, first.name), (SESSIONS, sessions[FACTS - 2].digest))
        [second] = await self.append(Check(1, 0, after_kind=first.kind, after_name=first.name))
        assert isinstance(second, Checked)
        self.assertEqual((second.kind, second.name), ("", ""))
        await self.append(replace(sessions[-1], position=7))
        [again] = await self.append(Check(1, 0))
        self.assertEqual(again, first)
        [again] = await self.append(Check(1, 0, after_kind=first.kind, after_name=first.name))
        self.assertNotEqual(again, second)

    async def test_check_is_repeatable(self) -> None:
        """What has expired, and in which pieces it was removed, does not matter; rows of the same call count."""
        await self.append(topic("x"), *(said(str(number), at=NOON + number) for number in range(9)), Expire(NOON + 4))
        [_, outcome] = await self.append(edited(8, "other"), Check(1, 99))
        self.assertEqual(outcome, await self.checked())

    def test_codec(self) -> None:
        """What nodes tell one another can be recorded; how far a journal is, cannot."""
        operations: list[Operation] = [
            Attend(present(ALICE, "a", away="", program=True, door="text"), "bye"),
            Depart("a", "a1", 5, "why", "kicked"),
            NodeUp("a1", 5), NodeDown("a1", 5), Passing(ALICE, {"event": "typing", "room": "lobby"}),
            Check(1, 5000, 7, "ab", "cd"), Rules(2),
        ]  # fmt: skip
        self.assertEqual([decode(encode(one)) for one in operations], operations)
        with self.assertRaises(StopIteration):
            encode(Applied("c", 1, 1, ""))
