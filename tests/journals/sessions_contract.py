"""The promises of every journal that can follow a log: which sessions count, whose tokens have ended, who moved."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from groupchat.facts.account_facts import AccountRooms
from groupchat.facts.whereabouts import Places
from groupchat.journals.nodes.digests import ENDED, FACTS, MOVED
from groupchat.journals.nodes.ended_tokens import SINGLE_ENDS
from groupchat.journals.nodes.log_marks import GRACE_S
from groupchat.model.drafts import ForgetSessions, Operation, PutOut, Revoke, SessionAt
from groupchat.model.errors import Outdated
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.node_operations import Attend, Check, Checked, Depart, InEntry, NodeDown, NodeUp, RemoveNode, Rules
from tests.journals.cases import DecisionsCase, amend, did, session
from tests.journals.contract import ALICE, BOB, NOON, account
from tests.journals.nodes_contract import present


class SessionsContract(DecisionsCase):
    """What a node keeps without knowing what others have done meanwhile changes nothing."""

    __test__ = False

    async def test_late_session(self) -> None:
        """What a node keeps of a connection that is at another node by then changes nothing; else it does."""
        here, digest = session(ALICE, "a"), "a" * 64
        await self.append(NodeUp("a1", 5), NodeUp("b1", 6), Attend(present(ALICE, digest)), SessionAt(here, "a1"))
        self.assertEqual(await self.journal.recall(digest), here)
        moved = replace(here, rooms=("dev", "lobby"), position=7)
        await self.append(Attend(present(ALICE, digest, "b1", 6), takes=True), SessionAt(moved, "b1"))
        await self.append(SessionAt(here, "a1"))
        self.assertEqual(await self.journal.recall(digest), moved)
        await self.append(Depart(digest, "b1", 6), SessionAt(here, "a1"))
        self.assertEqual(await self.journal.recall(digest), here)

    async def test_late_session_of_one_gone(self) -> None:
        """By the second rules it changes nothing either when the connection is gone from the other node, however."""
        ends: tuple[Callable[[str], Operation], ...] = (
            lambda digest: Depart(digest, "b1", 6), lambda digest: NodeDown("b1", 6), lambda digest: NodeUp("b1", 9)
        )  # fmt: skip
        for number, end in enumerate(ends):
            digest = f"{number}" * 64
            here = replace(session(ALICE, "a"), digest=digest)
            moved, last = replace(here, rooms=("dev", "lobby"), position=7), replace(here, rooms=(), position=8)
            await self.append(
                Rules(2), NodeUp("a1", 5), RemoveNode("b1", SERVER), NodeUp("b1", 6), Attend(present(ALICE, digest)),
                SessionAt(here, "a1"), Attend(present(ALICE, digest, "b1", 6), takes=True), SessionAt(moved, "b1"),
                end(digest),
            )  # fmt: skip
            await self.reopen()
            await self.append(SessionAt(here, "a1"))
            self.assertEqual(await self.journal.recall(digest), moved)
            await self.append(SessionAt(last, "b1"))
            self.assertEqual(await self.journal.recall(digest), last, "it is what the last node knew")
            await self.append(Attend(present(ALICE, digest), takes=True), SessionAt(moved, "b1"))
            self.assertEqual(await self.journal.recall(digest), last, "it is late now itself")
            await self.append(SessionAt(here, "a1"), Depart(digest, "a1", 5), SessionAt(moved, "b1"))
            self.assertEqual(await self.journal.recall(digest), here)
            await self.append(NodeDown("b1", 9))

    async def test_ended_tokens(self) -> None:
        """By the second rules a session is void that was made before it was known that its token has ended."""
        every = [session(ALICE, letter) for letter in "abc"]
        await self.append(Rules(2), NodeUp("a1", 5), amend(account(ALICE).put()))
        ends: tuple[tuple[Operation, str], ...] = (
            (amend(Revoke(ALICE)), ""), (amend(Revoke(ALICE, keep="b" * 64)), "b"),
            (amend(Revoke(ALICE, only="b" * 64)), "ac"), (did(BOB, Revoke(ALICE)), ""),
            (amend(Revoke(ALICE, keep="b" * 64), Revoke(ALICE, keep="a" * 64)), ""), (amend(Revoke(BOB)), "abc"),
            (amend(account(ALICE).undone()), ""),
        )  # fmt: skip
        for number, (end, left) in enumerate(ends):
            first = 10 * number
            await self.append(InEntry(first, first - 1), *(SessionAt(one, "a1") for one in every))
            self.assertEqual(await self.sessions("abc"), "abc")
            await self.append(InEntry(first + 3, first + 2), end)
            self.assertEqual(await self.sessions("abc"), left, end)
            await self.reopen()
            await self.append(InEntry(first + 4, first + 2), *(SessionAt(one, "a1") for one in every))
            self.assertEqual(await self.sessions("abc"), left, end)
        await self.append(InEntry(99, 63), *(SessionAt(one, "a1") for one in every))
        self.assertEqual(await self.sessions("abc"), "abc", "whoever made them knew it")

    async def test_ended_by_the_first_rules(self) -> None:
        """By the first rules it is as it was; and so it is what was ended by them."""
        late = SessionAt(session(ALICE, "a"), "a1")
        end = amend(Revoke(ALICE))
        await self.append(NodeUp("a1", 5), InEntry(3, 2), end, InEntry(4, 2), late)
        self.assertEqual(await self.sessions("a"), "a")
        await self.append(InEntry(5, 4), end, Rules(2), InEntry(6, 4), late)
        self.assertEqual(await self.sessions("a"), "a")
        await self.append(InEntry(7, 6), end, InEntry(8, 6), late)
        self.assertEqual(await self.sessions("a"), "")

    async def test_ended_alone(self) -> None:
        """A journal that is alone remembers nothing of it, as a check shows."""
        before = await self.checked()
        await self.append(amend(Revoke(ALICE)), session(ALICE, "a"), amend(Revoke(ALICE, only="a" * 64)))
        self.assertEqual(await self.checked(), before)

    async def test_check_sees_ended_tokens(self) -> None:
        """It sees which tokens have ended in which entry, as long as that is remembered."""
        await self.append(Rules(2), NodeUp("a1", 5))
        seen = [await self.checked()]
        for number, end in enumerate((Revoke(ALICE), Revoke(ALICE), Revoke(ALICE, only="a"), Revoke(ALICE, keep="a"))):
            await self.append(InEntry(10 + number, 9 + number), amend(end))
            seen.append(await self.checked())
        self.assertEqual(len({one.facts for one in seen}), 5)
        late = SessionAt(replace(session(ALICE, "b"), seen=NOON + 2 * GRACE_S), "a1")
        await self.append(InEntry(20, 19), ForgetSessions(NOON + GRACE_S), InEntry(21, 9), late)
        self.assertEqual(await self.sessions("b"), "")
        await self.append(InEntry(22, 21), ForgetSessions(NOON + GRACE_S + 1), InEntry(23, 9), late)
        self.assertEqual(await self.sessions("b"), "b", "so long nothing is on its way")

    async def test_little_is_remembered_of_ended_tokens(self) -> None:
        """The ends that an end of all tokens decides about are not remembered beside it, and of single ones some."""
        single = [Revoke(ALICE, only=f"{number:064x}") for number in range(2 * SINGLE_ENDS)]
        await self.append(Rules(2), NodeUp("a1", 5), InEntry(2, 1), amend(Revoke(BOB, only="b" * 64)))
        for number, end in enumerate(single, 3):
            await self.append(InEntry(number, number - 1), amend(end))
        oldest = 3 + SINGLE_ENDS - 1
        await self.append(InEntry(500, oldest - 1), *(SessionAt(session(ALICE, one), "a1") for one in "ab"))
        self.assertEqual(await self.sessions("ab"), "")
        await self.append(InEntry(501, oldest), *(SessionAt(session(ALICE, one), "a1") for one in "ab"))
        self.assertEqual(await self.sessions("ab"), "ab", "it is not known of these that their tokens have ended")
        late = replace(session(ALICE, "a"), digest=single[-1].only)
        await self.append(InEntry(502, 2 * SINGLE_ENDS + 1), SessionAt(late, "a1"))
        self.assertIsNone(await self.journal.recall(late.digest))
        await self.append(InEntry(503, 502), amend(Revoke(ALICE, keep="a" * 64)), InEntry(504, 503))
        seen = await self.checked()
        await self.append(InEntry(503, 502), *map(amend, single), amend(Revoke(ALICE, keep="a" * 64)))
        self.assertEqual(await self.checked(), seen)

    async def test_check_takes_some_marks(self) -> None:
        """Ended tokens come behind the sessions, and who was moved behind these: so many at a time, each once."""
        authors = [AuthorId(2**40 + number) for number in range(FACTS + 1)]
        await self.append(Rules(2), NodeUp("a1", 5), amend(account(BOB).put()), session(BOB, "a"), session(BOB, "b"))
        await self.append(InEntry(2, 1), amend(*(Revoke(author, only="e" * 64) for author in authors)))
        await self.append(InEntry(3, 2), amend(*(PutOut(author, "dev", "kicked", "Go.") for author in authors)))
        first, last = authors[0], authors[-1]
        places = [("", ""), (ENDED, f"{authors[FACTS - 4]}//{'e' * 64}"), (MOVED, f"{authors[FACTS - 5]}/dev")]
        seen = await self.pages(places)
        changes: tuple[tuple[Revoke | PutOut, int], ...] = (
            (Revoke(last, only="e" * 64), 1), (Revoke(first, only="e" * 64), 0), (PutOut(last, "dev", "", ""), 2),
            (PutOut(first, "dev", "", ""), 1),
        )  # fmt: skip
        for number, (change, page) in enumerate(changes, 10):
            await self.append(InEntry(number, number - 1), amend(change))
            before, seen = seen, await self.pages(places)
            others = [one != other for one, other in zip(before, seen, strict=True)]
            self.assertEqual(others, [at == page for at in range(3)], change)

    async def pages(self, places: Sequence[tuple[str, str]]) -> list[str]:
        """Return what checks find that go on at these places, each of which the one before says."""
        found = []
        for at, (kind, name) in enumerate(places):
            [checked] = await self.append(Check(1, 0, after_kind=kind, after_name=name))
            assert isinstance(checked, Checked)
            self.assertEqual((checked.kind, checked.name), (*places, ("", ""))[at + 1])
            found.append(checked.facts)
        return found

    async def test_last_node_goes_with_the_session(self) -> None:
        """Where a session was last is forgotten with it, also while its row is still there."""
        digest = "a" * 64
        here, account_of = session(ALICE, "a"), amend(account(BOB).put())
        gone: tuple[tuple[Operation, ...], ...] = (
            (amend(Revoke(ALICE)),), (amend(Revoke(ALICE, only=digest)),), (ForgetSessions(NOON + 35),),
            (replace(here, seen=NOON),),
        )  # fmt: skip
        await self.append(Rules(2), NodeUp("a1", 5), NodeUp("b1", 6), account_of)
        for number, operations in enumerate(gone, 1):
            moved = replace(here, seen=NOON + 10 * number, position=7)
            await self.append(Attend(present(ALICE, digest, "b1", 6), takes=True), SessionAt(moved, "b1"))
            self.assertEqual(await self.journal.recall(digest), moved)
            await self.append(Depart(digest, "b1", 6), *operations)
            self.assertIsNone(await self.recalled(digest), operations)
            again = replace(here, seen=NOON + 60)
            await self.append(SessionAt(again, "a1"))
            self.assertEqual(await self.journal.recall(digest), again, operations)

    async def recalled(self, digest: str) -> object:
        return await self.journal.recall(digest)

    async def test_check_sees_last_nodes(self) -> None:
        """It sees of which node the connection of a session was last; of those without a session nothing is kept."""
        digest = "a" * 64
        await self.append(Rules(2), NodeUp("a1", 5), NodeUp("b1", 6), SessionAt(session(ALICE, "a"), "a1"))
        seen = []
        for node, epoch in (("a1", 5), ("b1", 6)):
            seen.append(await self.checked())
            await self.append(Attend(present(ALICE, digest, node, epoch), takes=True), Depart(digest, node, epoch))
        seen.append(await self.checked())
        self.assertEqual(len({one.facts for one in seen}), 3)
        await self.append(Attend(present(BOB, "b" * 64)), Depart("b" * 64, "a1", 5))
        self.assertEqual(await self.checked(), seen[-1])
        await self.append(SessionAt(session(BOB, "b"), "b1"))
        self.assertEqual(await self.journal.recall("b" * 64), session(BOB, "b"))

    async def rooms(self) -> tuple[str, ...] | None:
        """Give the rooms of alice's account."""
        for fact in await self.journal.facts(AccountRooms.KIND):
            return AccountRooms.read(fact.name, fact.value or {}).places.rooms
        return None

    async def moved(self, number: int, known: int, *rooms: str) -> type[object]:
        """Move alice's account in an entry of a node that had carried out so many."""
        change = AccountRooms(ALICE, Places(rooms, rooms[-1])).put()
        [_, outcome] = await self.append(InEntry(number, known), amend(change, by=ALICE))
        return type(outcome)

    async def test_late_moves(self) -> None:
        """By the second rules an account stays where it was moved first, by a node of which the other did not know."""
        await self.append(Rules(2), NodeUp("a1", 5), amend(account(ALICE).put()))
        self.assertEqual(await self.moved(4, 3, "lobby"), type(None))
        self.assertEqual(await self.moved(5, 3, "dev"), Outdated)
        self.assertEqual(await self.rooms(), ("lobby",))
        await self.reopen()
        self.assertEqual(await self.moved(6, 3, "dev"), Outdated)
        self.assertEqual(await self.moved(7, 4, "dev"), type(None))
        self.assertEqual(await self.moved(8, 6, "ops"), Outdated)
        self.assertEqual(await self.moved(9, 8, "ops"), type(None))
        self.assertEqual(await self.rooms(), ("ops",))

    async def test_moves_by_the_first_rules(self) -> None:
        """By the first rules it is where it was moved last in the log, and nothing is remembered."""
        late = SessionAt(session(ALICE, "a"), "a1")
        await self.append(InEntry(2, 1), amend(account(ALICE).put()), NodeUp("a1", 5))
        self.assertEqual([await self.moved(4, 3, "lobby"), await self.moved(5, 3, "dev")], [type(None)] * 2)
        await self.append(InEntry(6, 5), amend(PutOut(ALICE, "lobby", "kicked", "Go."), PutOut(ALICE, "dev", "", "")))
        self.assertEqual(await self.rooms(), ())
        await self.append(InEntry(7, 5), Rules(2), late)
        self.assertEqual(await self.journal.recall("a" * 64), late.session)
        self.assertEqual(await self.moved(8, 5, "dev"), type(None))

    async def test_put_out_before_it_was_known(self) -> None:
        """Whoever is put out of a room is not there in what is kept by a node that did not know that."""
        both = replace(session(ALICE, "a"), rooms=("lobby", "dev"), current="dev")
        out = replace(both, rooms=("lobby",), current="lobby", lost="dev")
        await self.append(Rules(2), NodeUp("a1", 5), amend(account(ALICE).put()))
        await self.moved(4, 3, "lobby", "dev")
        await self.append(InEntry(5, 4), SessionAt(both, "a1"), did(BOB, PutOut(ALICE, "dev", "kicked", "Go.")))
        self.assertEqual((await self.journal.recall("a" * 64), await self.rooms()), (out, ("lobby",)))
        await self.reopen()
        await self.append(InEntry(6, 4), SessionAt(both, "a1"))
        self.assertEqual(await self.moved(7, 4, "ops", "dev"), Outdated)
        self.assertEqual((await self.journal.recall("a" * 64), await self.rooms()), (out, ("lobby",)))
        self.assertEqual(await self.moved(8, 4, "ops"), type(None), "it goes on where it had moved to")
        await self.append(InEntry(9, 8), SessionAt(both, "a1"))
        self.assertEqual(await self.journal.recall("a" * 64), both, "they came in again")
        self.assertEqual(await self.moved(10, 9, "dev"), type(None))

    async def test_check_sees_moves(self) -> None:
        """It sees in which entries people were moved, as long as that is remembered."""
        await self.append(Rules(2), NodeUp("a1", 5), amend(account(ALICE).put()))
        await self.moved(4, 3, "lobby")
        seen = [await self.checked()]
        await self.moved(5, 4, "lobby")
        seen.append(await self.checked())
        for number in (6, 7):
            await self.append(InEntry(number, number - 1), amend(PutOut(ALICE, "dev", "kicked", "Go.")))
            seen.append(await self.checked())
        self.assertEqual(len({one.facts for one in seen}), 4)
        await self.append(InEntry(8, 7), ForgetSessions(NOON + GRACE_S))
        self.assertEqual(await self.moved(9, 4, "dev"), Outdated)
        await self.append(InEntry(10, 9), ForgetSessions(NOON + GRACE_S + 1))
        self.assertEqual(await self.moved(11, 4, "dev"), type(None), "so long nothing is on its way")
