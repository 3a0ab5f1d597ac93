"""Sessions of connections that go from node to node, and end: a late one changes nothing, and all journals agree."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from shutil import rmtree

from hypothesis import given, settings
from hypothesis import strategies as st

from groupchat.facts.account_facts import Account, AccountRooms
from groupchat.facts.whereabouts import Places
from groupchat.journals.memory import MemoryJournal
from groupchat.journals.nodes.log_marks import GRACE_S
from groupchat.model.drafts import (
    Amendment,
    Draft,
    Erase,
    ForgetSessions,
    Kind,
    Operation,
    PutOut,
    Revoke,
    SessionAt,
    StoredSession,
)
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.node_operations import Attend, Check, Depart, InEntry, NodeDown, NodeUp, Presence, Rules
from tests.journals.cluster.nodes import ClusterCase, Node
from tests.journals.contract import ALICE, NOON
from tests.journals.direct import DirectJournal

DIGEST = "a" * 64

nodes = st.sampled_from(["a1", "b1"])
epochs = st.sampled_from([5, 5, 5, 9])
authors = st.sampled_from([AuthorId(1), AuthorId(2)])
rooms = st.sampled_from(["lobby", "dev"])
times = st.integers(0, 9).map(lambda seconds: NOON + seconds)


def handle(author: AuthorId) -> str:
    return f"{author:064x}"


def presence(author: AuthorId, node: str, epoch: int) -> Presence:
    nick = f"nick{author}"
    return Presence(handle(author), node, epoch, author, nick, nick, "", NOON, NOON)


def stored(author: AuthorId, position: int, seen: float) -> StoredSession:
    return StoredSession(author, handle(author), f"nick{author}", ("lobby",), position, seen)


def revoked(author: AuthorId, at: float, how: str) -> Amendment:
    """End all tokens of an author, all but the one there is, or that one."""
    which = {"all": {}, "keep": {"keep": handle(author)}, "only": {"only": handle(author)}}[how]
    return Amendment(SERVER, at, (Revoke(author, **which),))


def put_out(author: AuthorId, at: float, room: str) -> Amendment:
    return Amendment(SERVER, at, (PutOut(author, room, "kicked", "Go."),))


def moved(author: AuthorId, at: float, rooms: list[str]) -> Amendment:
    return Amendment(author, at, (AccountRooms(author, Places(tuple(rooms), rooms[-1] if rooms else "")).put(),))


def named(author: AuthorId) -> Amendment:
    return Amendment(SERVER, NOON, (Account(f"nick{author}", f"nick{author}", author, "1:hash", NOON).put(),))


kept = st.builds(SessionAt, st.builds(stored, authors, st.integers(0, 9), times), nodes)
operations: st.SearchStrategy[Operation] = st.one_of(
    kept, kept, kept,
    st.builds(Attend, st.builds(presence, authors, nodes, epochs), takes=st.booleans()),
    st.builds(lambda author, node, epoch: Depart(handle(author), node, epoch), authors, nodes, epochs),
    st.builds(lambda author, node, epoch: Depart(handle(author), node, epoch), authors, nodes, epochs),
    st.builds(NodeUp, nodes, epochs),
    st.builds(NodeDown, nodes, epochs),
    st.builds(ForgetSessions, st.one_of(times, times.map(lambda at: at + GRACE_S))),
    st.builds(revoked, authors, times, st.sampled_from(("all", "keep", "only"))),
    st.builds(revoked, authors, times, st.sampled_from(("all", "keep", "only"))),
    st.builds(put_out, authors, times, rooms),
    st.builds(named, authors),
    st.builds(moved, authors, times, st.lists(rooms, unique=True, max_size=2)),
    st.builds(moved, authors, times, st.lists(rooms, unique=True, max_size=2)),
    st.builds(lambda author: Erase(f"nick{author}", "forgotten-1", SERVER), authors),
    st.builds(lambda author: Draft(Kind.SAID, author, f"nick{author}", NOON, "lobby", "hello"), authors),
    st.just(Rules(2)),
)  # fmt: skip


class AgreeingTest(ClusterCase):
    @settings(max_examples=150, deadline=None)
    @given(
        st.booleans(),
        st.lists(st.tuples(operations, st.sampled_from([0, 0, 0, 0, 1]), st.integers(0, 3)), min_size=12, max_size=30),
    )
    def test_same(self, is_new: bool, steps: Sequence[tuple[Operation, int, int]]) -> None:
        """A journal in memory and one in a file come to the same after each, whatever of removals can wait."""
        folder = Path(tempfile.mkdtemp())
        memory, file = MemoryJournal(), DirectJournal(folder / "chat.db")
        try:
            first: list[Operation] = [*([Rules(2)] if is_new else []), NodeUp("a1", 5), NodeUp("b1", 5)]
            for author in (AuthorId(1), AuthorId(2)):
                session = SessionAt(stored(author, 5, NOON + 4), "b1")
                first += [Attend(presence(author, "b1", 5), takes=True), session, Depart(handle(author), "b1", 5)]
            for number, (operation, pieces, unknown) in enumerate([*((one, 0, 0) for one in first), *steps], 4):
                both = [InEntry(number, number - 1 - unknown), operation, Check(1, 0)]
                answers = [self.successResultOf(one.append(both)) for one in (memory, file)]
                self.assertEqual(str(answers[0]), str(answers[1]), operation)
                file.idle(pieces)
        finally:
            file.close()
            rmtree(folder)


class LateTest(ClusterCase):
    """Three nodes on one log."""

    def setUp(self) -> None:
        super().setUp()
        self.a1, self.b1, self.c1 = (self.started(name) for name in ("a1", "b1", "c1"))
        eve = (AuthorId(9), "eve", "")
        self.here = StoredSession(ALICE, DIGEST, "alice", ("lobby",), 1, NOON + 100, ignored=(eve,))
        self.there = replace(self.here, rooms=("dev",), position=7, seen=NOON, ignored=(), read=(("dev", 7, NOON),))

    def say(self, node: Node, *operations: Operation) -> None:
        waiting = node.post(*operations)
        self.pass_time(0.5)
        self.assertIsNotNone(waiting.outcomes, waiting.error)

    def come(self, node: Node) -> None:
        epoch = node.journal.epoch
        self.say(node, Attend(Presence(DIGEST, node.name, epoch, ALICE, "alice", "alice", "", NOON, NOON), takes=True))

        if node is self.a1:
            self.say(node, replace(self.here, position=0))

    def found(self) -> set[StoredSession | None]:
        return {self.successResultOf(node.inner.recall(DIGEST)) for node in self.nodes}

    def test_left(self) -> None:
        """What is on its way from a node that is cut off is void once its connection was elsewhere."""
        self.come(self.a1)
        self.a1.log.cut = True
        late = self.a1.post(self.here)
        self.come(self.b1)
        self.say(self.b1, self.there)
        self.say(self.b1, Depart(DIGEST, "b1", self.b1.journal.epoch))
        self.a1.log.cut = False
        self.pass_time(3)
        self.assertEqual(late.outcomes, [None], late.error)
        self.assertEqual(self.found(), {self.there})
        self.come(self.a1)
        self.say(self.a1, self.here)
        self.assertEqual(self.found(), {self.here})

    def test_ended(self) -> None:
        """So it is when the other node was fenced; and what that one kept itself until then is not."""
        self.come(self.a1)
        self.a1.log.cut = True
        late = self.a1.post(self.here)
        self.come(self.b1)
        self.shared.expire("b1")
        self.pass_time(3)
        self.say(self.b1, self.there)
        self.a1.log.cut = False
        self.pass_time(3)
        self.assertEqual(late.outcomes, [None], late.error)
        self.assertEqual(self.successResultOf(self.c1.inner.presences()), [])
        self.assertEqual(self.found(), {self.there})
