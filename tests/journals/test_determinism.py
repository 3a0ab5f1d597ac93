"""The same operations in the same order give the same tables, outcomes and halls, whatever else is different."""

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.delivery.queue import Change, Posting, Receipt
from groupchat.facts.account_facts import Account, Ignoring, KeptPreferences, RankGiven
from groupchat.facts.reading_places import talk
from groupchat.facts.room_facts import Invitation, Lock, RoomOperator, Slow
from groupchat.facts.rule_book import RuleBook
from groupchat.facts.sanctions import Ban, Mute
from groupchat.facts.typed import TypedFact
from groupchat.hall.hall import Hall
from groupchat.journals.rules.codec import decode, encode
from groupchat.model.drafts import (
    PRESENT,
    Amendment,
    Consequence,
    Draft,
    Erase,
    Expire,
    Fact,
    FactChange,
    ForgetSessions,
    Kind,
    Need,
    Operation,
    PutOut,
    ReadUpTo,
    Revoke,
    StoredSession,
)
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.ranks import Rank
from tests.house import House
from tests.journals.direct import DirectJournal

NOON = 1_795_000_000.0
AUTHORS = {AuthorId(0): "server", AuthorId(1): "ann", AuthorId(2): "bob", AuthorId(3): "cid", AuthorId(4): "dora"}
ROOMS = ("lobby", "dev")

authors = st.sampled_from(sorted(AUTHORS))
people = st.sampled_from(sorted(AUTHORS)[1:])
rooms = st.sampled_from(ROOMS)
times = st.integers(0, 400).map(lambda tenths: NOON + tenths / 10)


def _sanction(form: type[Any], whom: AuthorId, named: bool, room: str, at: float, until: float | None) -> TypedFact:
    made: TypedFact = form(AUTHORS[whom], AUTHORS[whom], whom, named, room, "server", "", at, until)
    return made


def _account(who: AuthorId, other: int) -> TypedFact:
    """Return an account, seldom of another author than it usually has."""
    return Account(AUTHORS[who], AUTHORS[who], AuthorId(who + other), "hash", NOON)


def _granted(form: type[Any], room: str, who: AuthorId) -> TypedFact:
    made: TypedFact = form(room, who, AUTHORS[who], "server", NOON)
    return made


everywhere = st.sampled_from(["", *ROOMS])

facts: st.SearchStrategy[TypedFact] = st.one_of(
    st.builds(_account, people, st.sampled_from([0, 0, 0, 1])),
    st.builds(lambda who, at: RankGiven(who, Rank.OPERATOR, "server", at), people, times),
    st.builds(_sanction, st.sampled_from([Ban, Mute]), people, st.booleans(), everywhere, times, st.none() | times),
    st.builds(lambda room, at: Lock(room, "server", at), rooms, times),
    st.builds(lambda room, seconds: Slow(room, seconds, "server", NOON), rooms, st.sampled_from([0.5, 3, 10])),
    st.builds(_granted, st.sampled_from([Invitation, RoomOperator]), rooms, people),
    st.builds(lambda who, value: KeptPreferences(who, "text", {"time": value}), people, st.sampled_from(["off", "on"])),
    st.builds(lambda who, other: Ignoring(who, other, AUTHORS[other]), people, people),
)

changes: st.SearchStrategy[Consequence] = st.one_of(
    facts.map(lambda fact: fact.made()),
    facts.map(lambda fact: fact.put()),
    facts.map(lambda fact: fact.undone()),
    facts.map(lambda fact: FactChange(Fact(fact.KIND, fact.name, None), PRESENT)),
    st.builds(lambda one, other: one.replacing(other), facts, facts),
    st.builds(Revoke, people, st.sampled_from(["", "token1"]), st.sampled_from(["", "", "token1", "token2"])),
    st.builds(
        PutOut, people, st.just(""), st.just("logged-out"), st.just("Out."), keep=st.sampled_from(["", "token1"])
    ),
)

needs = st.none() | st.builds(
    Need, st.sampled_from([Rank.ROOM_OPERATOR, Rank.OPERATOR]), st.sampled_from(["", *ROOMS]), st.none() | people
)


def _draft(kind: Kind, author: AuthorId, at: float, room: str, words: str, target: int | None, **more: Any) -> Draft:
    nick = AUTHORS[author]
    changing = kind in (Kind.EDITED, Kind.DELETED)
    private = kind == Kind.WHISPERED
    return Draft(
        kind, author, nick, at, "" if private or changing else room, words,
        reader=AuthorId(author % 4 + 1) if private else None, to=AUTHORS[AuthorId(author % 4 + 1)] if private else "",
        target=target if changing else None, folded=nick, **more,
    )  # fmt: skip


drafts: st.SearchStrategy[Draft] = st.builds(
    _draft,
    st.sampled_from([Kind.SAID, Kind.SAID, Kind.ACTED, Kind.WHISPERED, Kind.TOPIC, Kind.EDITED, Kind.DELETED]),
    authors, times, rooms, st.text("abc déß", max_size=8), st.none() | st.integers(1, 12),
    key=st.none() | st.sampled_from(["k1", "k2"]),
    within=st.none() | st.sampled_from([(), ("lobby",), ROOMS]),
    anyones=st.booleans(),
    not_before=st.sampled_from([0.0, NOON + 10]),
)  # fmt: skip


def _deed(author: AuthorId, at: float, room: str, needs: Need | None, changes: list[Consequence]) -> Draft:
    words = '{"act":"x","words":"did"}'
    return Draft(Kind.MODERATED, author, AUTHORS[author], at, room, words, needs=needs, changes=tuple(changes))


def _amendment(by: AuthorId, at: float, changes: list[Consequence], needs: Need | None) -> Amendment:
    return Amendment(by, at, tuple(changes), needs)


def _session(author: AuthorId, digest: str, position: int, seen: float) -> StoredSession:
    return StoredSession(author, digest, AUTHORS[author], ("lobby",), position, seen)


def _erase(whom: AuthorId, number: int, by: AuthorId, needs: Need | None) -> Erase:
    return Erase(AUTHORS[whom], f"forgotten-{number:04}", by, needs)


operations: st.SearchStrategy[Operation] = st.one_of(
    drafts,
    drafts,
    st.builds(_deed, authors, times, everywhere, needs, st.lists(changes, max_size=3)),
    st.builds(_amendment, authors, times, st.lists(changes, max_size=2), needs),
    st.builds(_session, people, st.sampled_from(["token1", "token2", "token3"]), st.integers(0, 9), times),
    st.builds(ReadUpTo, people, everywhere | people.map(talk), st.integers(0, 9), times),
    st.builds(Expire, times),
    st.builds(ForgetSessions, times),
    st.builds(_erase, people, st.integers(0, 99), authors, needs),
)

moments = st.sampled_from(["nothing", "nothing", "nothing", "piece", "piece", "everything", "restart"])
"""What happens at one of the nodes between two operations."""


class Node:
    """A hall on a journal of its own, at its own time."""

    def __init__(self, test: SynchronousTestCase, late: float) -> None:
        place = Path(tempfile.mkdtemp())
        test.addCleanup(rmtree, place)
        self.journal = DirectJournal(place / "chat.db")
        test.addCleanup(lambda: self.journal.close())
        self.house = House(self.journal)
        self.house.clock.advance(late)
        self.refusals: list[str] = []

    def carry_out(self, operations: Sequence[Operation]) -> None:
        """Let the hall post these in one turn, without an origin, as what came from elsewhere."""

        def post() -> None:
            for operation in operations:
                receipt = Receipt()
                item = Posting(operation, receipt) if isinstance(operation, Draft) else Change(operation, receipt)
                receipt.when_settled(partial(self._note, receipt))
                self.house.hall.commits.post(item)

        self.house.turns.run(post)

    def _note(self, receipt: Receipt) -> None:
        self.refusals.append(repr(receipt.refusal))

    def pass_moment(self, moment: str) -> None:
        """Do what happens between two operations."""
        if moment == "piece":
            self.journal.idle(1)
        elif moment == "everything":
            self.journal.idle()
        elif moment == "restart":
            self.journal.restart()
            self.house.hall = self.house.reopened()


def known(hall: Hall) -> dict[str, object]:
    """Return what a hall knows of facts."""
    book: RuleBook = hall.moderation
    return {
        "accounts": [(one, hall.accounts.preferences(one.author, "text")) for one in hall.accounts],
        "ignoring": {one.key: sorted(map(repr, hall.accounts.ignoring(one.author))) for one in hall.accounts},
        "ranks": book.ranks, "locked": book.locked, "slow": book.slow, "invited": book.invited,
        "operators": book.operators, "bans": sorted(book.bans, key=lambda one: one.name),
        "mutes": sorted(book.mutes, key=lambda one: one.name),
        "positions": {
            (author, room): hall.positions.find(author, room) for author in AUTHORS for room in ("", *ROOMS)
        },
        "topics": {room.name: room.topic for room in hall.rooms if room.topic},
    }  # fmt: skip


class TwoHallsTests(SynchronousTestCase):
    """Two halls on two journals."""

    @settings(deadline=None)
    @given(
        batches=st.lists(st.lists(operations, min_size=1, max_size=5), max_size=12),
        data=st.data(),
        late=st.sampled_from([0.0, 7200.0]),
    )
    def test_equal(self, batches: list[list[Operation]], data: st.DataObject, late: float) -> None:
        """Clocks are apart, each restarts and tidies up when it likes, and commits gather differently."""
        first, second = Node(self, 0.0), Node(self, late)
        for batch in batches:
            first.carry_out(batch)
            first.pass_moment(data.draw(moments))
            for operation in batch:
                second.carry_out([decode(encode(operation))])
                second.pass_moment(data.draw(moments))
        self.assertEqual(first.refusals, second.refusals)
        self.assertEqual(known(first.house.hall), known(second.house.hall))
        first.house.hall = first.house.reopened()
        self.assertEqual(known(first.house.hall), known(second.house.hall), "as after a restart")
        first.journal.idle()
        second.journal.idle()
        self.assertEqual(first.journal.tables(), second.journal.tables())

    def test_planted(self) -> None:
        """A node that removes what is old by its own clock is found out."""
        first, second = Node(self, 0.0), Node(self, 0.0)
        said = [Draft(Kind.SAID, AuthorId(1), "ann", NOON + n, "lobby", str(n)) for n in range(3)]
        for node in (first, second):
            node.carry_out(said)
        second.journal.database.execute("DELETE FROM posts WHERE at < ?", ((NOON + 1) * 1000,))
        self.assertNotEqual(first.journal.hash(), second.journal.hash())

    def test_hash_is_repeatable(self) -> None:
        """Equal tables have equal hashes, whatever was done to come to them."""
        first, second = Node(self, 0.0), Node(self, 5.0)
        lock = Lock("dev", "server", NOON)
        for node in (first, second):
            node.carry_out([Amendment(SERVER, NOON, (lock.made(),))])
            node.pass_moment("restart" if node is second else "nothing")
            node.carry_out([Draft(Kind.SAID, AuthorId(1), "ann", NOON, "lobby", "hi")])
        self.assertEqual(first.journal.hash(), second.journal.hash())
