"""The reader of the SQLite journal, without its thread: what its queries cost, and that they answer as they should."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import Account, Ignoring, RankGiven
from groupchat.facts.kinds import KINDS
from groupchat.facts.room_facts import Invitation, Lock, RoomOperator, Slow
from groupchat.facts.sanctions import Ban, Mute, Sanction
from groupchat.journals.memory import MemoryJournal
from groupchat.journals.sqlite.database import connect, opened
from groupchat.journals.sqlite.folder import Folder
from groupchat.journals.sqlite.index import TAIL
from groupchat.journals.sqlite.reader import ROW_S, SEARCH_S, Reader
from groupchat.journals.sqlite.writer import Writer
from groupchat.model.drafts import (
    PRESENT,
    Amendment,
    Audience,
    Draft,
    Fact,
    FactChange,
    Kind,
    Need,
    Operation,
    ReadUpTo,
    Revoke,
    StoredSession,
)
from groupchat.model.errors import Refusal, TooSlowSearch
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.message.sought import Sought, Whose
from groupchat.model.ranks import Rank
from tests.journals.contract import (
    ALICE,
    BOB,
    LOBBY,
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
from tests.journals.sqlite.files import FileCase


class CostTests(FileCase):
    """No query of a running chat reads a whole table or a whole index."""

    def test_plans(self) -> None:
        """Each statement that any request makes finds its rows by an index."""
        self.append(said("w", key="k"), whispered("w", ALICE, BOB), topic("t"), edited(1, "x"), said("gone"))
        while self.writer.idle() == 0.0:
            pass
        statements: set[str] = set()
        connections = self.database.within, self.reader._database
        for connection in connections:
            connection.set_trace_callback(statements.add)
        self.append(
            said("again", key="k"), said("new", key="l"), edited(1, "y"), deleted(None), deleted(5), edited(9, "")
        )
        self.append(
            StoredSession(ALICE, "d", "alice", (), 1, NOON),
            operating(ALICE),
            amended(ban("eve"), Slow("lobby", 5.0, "olga", NOON)),
            undone(ban("eve")),
            ReadUpTo(ALICE, "lobby", 1, NOON),
            said("slowly", BOB),
            Amendment(SERVER, NOON, (Revoke(ALICE, "d"), account(ALICE).undone())),
        )
        self.writer.idle()
        audience = Audience(("lobby", "dev"), ALICE)
        self.reader.page(audience, 0, 9, 9)
        self.reader.recent(audience, 9, 9)
        self.reader.following(audience, 0, 9, 9)
        self.reader.between(audience, 0, NOON + 1, 9)
        self.reader.around(audience, 1, 9)
        self.reader.around(audience, 2, 9)
        self.reader.latest(ALICE, "lobby")
        self.reader.search(audience, Sought("w"), 9)
        self.reader.rooms()
        self.reader.facts("ban")
        self.reader.moderated(9, 9)
        self.reader.recall("d")
        for connection in connections:
            connection.set_trace_callback(None)
        ours = [one for one in statements if "'main'.'search_" not in one]
        checked = [one for one in ours if one.startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))]
        self.assertGreater(len(checked), 30)
        for statement in checked:
            for *_, plan in connections[0].execute(f"EXPLAIN QUERY PLAN {statement}"):
                harmless = ("SCAN spans", "SCAN json_each", "SCAN search VIRTUAL TABLE", "SCAN CONSTANT ROW")
                self.assertTrue(not plan.startswith("SCAN") or plan.startswith(harmless), f"{statement}: {plan}")


AUTHORS = st.sampled_from(sorted(NICKS))
ROOMS = st.sampled_from(["lobby", "dev"])
TEXTS = st.lists(st.sampled_from(["red", "Redo", "fox", "Café", "天気", "don't", "x"]), max_size=4).map(" ".join)
TIMES = st.integers(0, 20).map(lambda n: NOON + n / 10)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """Any draft that a hall could make."""
    kind = draw(st.sampled_from([Kind.SAID, *Kind]))
    author, reader = draw(AUTHORS), draw(AUTHORS)
    private, change = kind == Kind.WHISPERED, kind in (Kind.EDITED, Kind.DELETED)
    return Draft(
        kind,
        author,
        NICKS[author],
        draw(TIMES),
        "" if private or change else draw(ROOMS),
        draw(TEXTS),
        reader if private else None,
        NICKS[reader] if private else "",
        draw(st.none() | st.integers(0, 25)) if change else None,
        draw(TIMES) if change and draw(st.booleans()) else 0.0,
        change and draw(st.booleans()),
        draw(st.none() | st.sampled_from("kl")),
        draw(st.sampled_from(["", NICKS[author]])),
        draw(st.none() | st.lists(ROOMS, max_size=2).map(tuple)),
    )


def sanction(form: type[Sanction], author: AuthorId, named: bool, room: str, until: float | None) -> Sanction:
    """Make a sanction of an author, or of a nickname."""
    nick = NICKS[author]
    return form(nick, nick, None if named else author, named, room, "olga", "", NOON, until)


FACTS = st.one_of(
    AUTHORS.map(account),
    st.builds(Account, st.just("zoe"), st.just("zoe"), AUTHORS, st.just("1:hash"), TIMES),
    st.builds(RankGiven, AUTHORS, st.just(Rank.OPERATOR), st.just("olga"), st.just(NOON)),
    st.builds(Ignoring, AUTHORS, AUTHORS, st.just("x")),
    st.builds(RoomOperator, ROOMS, AUTHORS, st.just("x"), st.just("olga"), st.just(NOON)),
    st.builds(Invitation, ROOMS, AUTHORS, st.just("x"), st.just("olga"), st.just(NOON)),
    st.builds(Lock, ROOMS, st.just("olga"), st.just(NOON)),
    st.builds(Slow, ROOMS, st.sampled_from([0.3, 1.0]), st.just("olga"), st.just(NOON)),
    st.builds(
        sanction,
        st.sampled_from([Ban, Mute]), AUTHORS, st.booleans(), st.sampled_from(["", "lobby"]), st.none() | TIMES,
    ),
)  # fmt: skip
CHANGES = st.one_of(
    st.builds(lambda fact, way: getattr(fact, way)(), FACTS, st.sampled_from(["put", "put", "made", "undone"])),
    st.builds(lambda fact: FactChange(fact.fact, PRESENT), FACTS),
    st.builds(lambda fact: FactChange(Fact(fact.KIND, fact.name, None)), FACTS),
    st.builds(Revoke, AUTHORS, st.sampled_from(["", "a"])),
)
NEEDS = st.none() | st.builds(
    Need, st.sampled_from([Rank.ROOM_OPERATOR, Rank.OPERATOR]), st.sampled_from(["", "lobby"]), st.none() | AUTHORS
)
OPERATIONS = st.one_of(
    drafts(),
    st.builds(
        lambda draft, needs, changes: replace(draft, needs=needs, changes=tuple(changes)),
        drafts(), NEEDS, st.lists(CHANGES, max_size=2),
    ),
    st.builds(Amendment, st.just(SERVER) | AUTHORS, TIMES, st.lists(CHANGES, max_size=3).map(tuple), NEEDS),
    st.builds(ReadUpTo, AUTHORS, ROOMS, st.integers(0, 9), TIMES),
    st.builds(
        StoredSession, AUTHORS, st.sampled_from("abc"), st.just("x"), st.just(("lobby",)), st.integers(0, 9), TIMES
    ),
)  # fmt: skip

AUDIENCES = st.builds(
    Audience, st.lists(ROOMS, max_size=3).map(tuple), st.none() | AUTHORS.map(AuthorId)
)  # fmt: skip

WORDS = st.sampled_from(["", "red", "re", "red fox", "cafe x", "気", "don't", "x"])
SOME = st.lists(WORDS.filter(bool), max_size=2).map(tuple)
THING = st.sampled_from([(), (), ("link",), ("file",)])
WHOSE = st.builds(Whose, st.none() | AUTHORS, st.sampled_from(["", *map(str.lower, NICKS.values())]))
SEARCHES = st.one_of(
    st.builds(Sought, WORDS.filter(bool)),
    st.builds(
        Sought, WORDS, SOME, SOME, st.none() | WHOSE, st.lists(WHOSE, max_size=2).map(tuple), THING, THING,
        st.integers(-1, 9), st.integers(0, 30) | st.just(2**70), TIMES | st.just(-inf), TIMES | st.just(inf),
        st.booleans(),
    ),
)  # fmt: skip


class EqualityTests(SynchronousTestCase):
    """The journal in memory, which is plain to see through, says what the other must do."""

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.tuples(st.lists(OPERATIONS, max_size=8), st.integers(0, 5)), max_size=6),
        st.lists(AUDIENCES, min_size=1, max_size=3),
        st.tuples(st.integers(-1, 30), st.integers(-1, 30), st.integers(-1, 9)),
        st.tuples(TIMES, TIMES),
        SEARCHES,
    )
    def test_equal(
        self,
        batches: list[tuple[list[Operation], int]],
        audiences: list[Audience],
        bounds: tuple[int, int, int],
        times: tuple[float, float],
        sought: Sought,
    ) -> None:
        """Any operations have the same outcomes in both, and any question the same answer, however much is indexed."""
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "chat.db"
            held = Folder(path)
            writer = Writer(opened(path, 0), held)
            reader, memory = Reader(connect(path, "ro")), MemoryJournal()
            try:
                for batch, indexed in batches:
                    expected = self.successResultOf(memory.append(batch))
                    self.assertEqual(plain(writer.append(batch)[0]), plain(expected))
                    if indexed:
                        writer.index.fill(writer.head, indexed)
                after, upto, limit = bounds
                for audience in audiences:
                    for name, values in [
                        ("page", (after, upto, limit)), ("recent", (upto, limit)), ("following", (after, upto, limit)),
                        ("between", (*times, limit)), ("search", (sought, limit)), ("around", (max(1, after), limit)),
                    ]:  # fmt: skip
                        found = attempt(getattr(reader, name), audience, *values)
                        told: list[object] = []
                        getattr(memory, name)(audience, *values).addErrback(lambda f: f.value).addCallback(told.append)
                        self.assertEqual(plain([found]), plain(told), name)
                for author in NICKS:
                    for room in ("lobby", "dev", ""):
                        self.assertEqual(reader.latest(author, room), self.successResultOf(memory.latest(author, room)))
                self.assertEqual(reader.moderated(upto, limit), self.successResultOf(memory.moderated(upto, limit)))
                self.assertEqual(reader.rooms(), self.successResultOf(memory.rooms()))
                for kind in KINDS:
                    self.assertEqual(reader.facts(kind), self.successResultOf(memory.facts(kind)))
                for digest in "abc":
                    self.assertEqual(reader.recall(digest), self.successResultOf(memory.recall(digest)))
            finally:
                reader.close()
                writer.close()


def attempt(function: Any, *values: object) -> object:
    """Call; a refusal is a result too."""
    try:
        return function(*values)
    except Refusal as refusal:
        return refusal


def plain(results: Sequence[object]) -> list[object]:
    """Make refusals comparable."""
    return [(type(one), str(one)) if isinstance(one, Refusal) else one for one in results]


class SlowSearchTests(FileCase):
    """A search is given up after so much processor time, wherever it spends it."""

    def setUp(self) -> None:
        super().setUp()
        self.asked = 0
        self.reader._clock = self.clock
        self.over = 10**9

    def clock(self) -> float:
        """Return that no time has passed, until it was asked ``over`` times."""
        self.asked += 1
        return 0.0 if self.asked <= self.over else SEARCH_S + 1

    def slow(self, words: str) -> None:
        """See that this search is given up, and that the next one, and other questions, are answered."""
        self.asked = 0
        error = self.assertRaises(TooSlowSearch, self.reader.search, LOBBY, Sought(words), 9)
        self.assertIn("takes too long", str(error))
        self.assertFalse(self.reader._database.in_transaction)
        self.over = 10**9
        self.assertEqual(len(self.reader.search(LOBBY, Sought("one"), 9)), 1)
        self.assertEqual(len(self.reader.recent(LOBBY, 10**9, 2)), 2)

    def test_index(self) -> None:
        """SQLite is interrupted within the index, also when nothing is found there."""
        self.append(*(said("a b " * 500) for _ in range(200)), said("one"))
        while self.writer.idle() == 0.0:
            pass
        self.over = 5
        self.slow("a.a." * 15 + "b")
        self.assertGreater(self.asked, 5)

    def test_tail(self) -> None:
        """The messages that are not yet indexed are read no longer than that."""
        self.append(*(said("a b") for _ in range(100)), said("one"))
        self.over = 50
        self.slow("zebra")

    def test_much_that_cannot_be_indexed(self) -> None:
        """Each message above those that may wait gives a search more time."""
        self.append(said("zebra"), *(said("a b") for _ in range(TAIL + 99)))
        for rows, is_answered in [(99, True), (101, False)]:
            self.asked = 0
            self.reader._clock = partial(self.later, SEARCH_S + rows * ROW_S)
            if is_answered:
                self.assertEqual(len(self.reader.search(LOBBY, Sought("zebra"), 9)), 1)
            else:
                self.assertRaises(TooSlowSearch, self.reader.search, LOBBY, Sought("zebra"), 9)

    def later(self, end: float) -> float:
        """Return 0 at first, and then this time."""
        self.asked += 1
        return 0.0 if self.asked == 1 else end

    def test_upto(self) -> None:
        """A search looks no further than it is told, in the index and in what is not indexed yet."""
        self.append(said("a"), said("a"))
        while self.writer.idle() == 0.0:
            pass
        self.append(said("a"), said("a"))
        for upto in range(5):
            found = self.reader.search(LOBBY, Sought("a"), 9, upto)
            self.assertEqual([post.event.id for post in found], list(range(upto, 0, -1)))

    def test_in_time(self) -> None:
        """A search in time is answered whole, however many messages were looked at."""
        self.append(*(said("a b") for _ in range(100)), said("one"))
        self.assertEqual(len(self.reader.search(LOBBY, Sought("a.b"), 200)), 100)
