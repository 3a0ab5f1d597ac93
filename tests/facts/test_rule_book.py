"""The rule book: ranks and judgements follow from the facts it learned."""

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import Account, RankGiven
from groupchat.facts.room_facts import Closed, Granted, Invitation, Lock, RoomOperator, Slow
from groupchat.facts.rule_book import RuleBook
from groupchat.facts.sanctions import Ban, Mute
from groupchat.facts.typed import TypedFact
from groupchat.model.drafts import Draft, Fact, Kind, Need
from groupchat.model.errors import Refusal
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.ranks import Rank
from tests.facts.examples import EXAMPLES

ALICE, BOB, CAROL = AuthorId(1), AuthorId(2), AuthorId(3)
AT = 1000.0


def account(author: AuthorId, nick: str) -> Account:
    return Account(nick, nick, author, "1:hash", AT)


def granted(form: type[Granted], author: AuthorId, room: str = "dev") -> Granted:
    return form(room, author, "somebody", "olga", AT)


def ban(key: str, author: AuthorId | None = None, room: str = "", until: float | None = None) -> Ban:
    return Ban(key, key, author, author is None, room, "olga", "", AT, until)


def mute(key: str, author: AuthorId | None = None, room: str = "", until: float | None = None) -> Mute:
    return Mute(key, key, author, author is None, room, "olga", "", AT, until)


def draft(kind: Kind = Kind.SAID, at: float = AT) -> Draft:
    """Draft a post of alice."""
    return Draft(kind, ALICE, "alice", at, "dev", "x", folded="alice")


class BookCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.book = RuleBook()

    def learn(self, *facts: TypedFact) -> None:
        """Have facts become true."""
        for one in facts:
            self.book.learn(one.fact)

    def unlearn(self, *facts: TypedFact) -> None:
        """Have facts be true no more."""
        for one in facts:
            self.book.learn(Fact(one.KIND, one.name, None))


def name(refusal: Refusal | None) -> str:
    """Return the name of a refusal; empty: there is none."""
    return "" if refusal is None else type(refusal).__name__


class RankTest(BookCase):
    def test_ranks(self) -> None:
        """The rank follows from the account, the rank given to it, and the rooms its owner operates."""
        self.assertEqual(self.book.rank_of(ALICE, ""), Rank.GUEST)
        self.learn(account(ALICE, "alice"))
        self.assertEqual(self.book.rank_of(ALICE, "dev"), Rank.MEMBER)
        keeper = granted(RoomOperator, ALICE)
        self.learn(keeper)
        ranks = [self.book.rank_of(ALICE, room) for room in ("dev", "ops", "")]
        self.assertEqual(ranks, [Rank.ROOM_OPERATOR, Rank.MEMBER, Rank.MEMBER])
        given = RankGiven(ALICE, Rank.OPERATOR, "server", AT)
        self.learn(given)
        self.assertEqual({self.book.rank_of(ALICE, room) for room in ("dev", "ops", "")}, {Rank.OPERATOR})
        self.unlearn(given, keeper)
        self.assertEqual(self.book.rank_of(ALICE, "dev"), Rank.MEMBER)

    def test_server(self) -> None:
        """The server itself may do everything."""
        self.assertEqual(self.book.rank_of(SERVER, "dev"), Rank.OPERATOR)

    def test_account_removed(self) -> None:
        """With an account its ranks and invitations are forgotten, and no other's; a new one has none of them."""
        for author, nick in ((ALICE, "alice"), (BOB, "bob")):
            self.learn(
                account(author, nick), RankGiven(author, Rank.OPERATOR, "server", AT), granted(RoomOperator, author),
                granted(Invitation, author), granted(Invitation, author, "ops"),
            )  # fmt: skip
        self.unlearn(account(ALICE, "alice"))
        self.assertEqual([self.book.rank_of(author, "dev") for author in (ALICE, BOB)], [Rank.GUEST, Rank.OPERATOR])
        self.learn(account(ALICE, "alicia"))
        self.assertEqual(self.book.rank_of(ALICE, "dev"), Rank.MEMBER)
        self.assertEqual([list(people) for people in self.book.invited.values()], [[BOB], [BOB]])
        self.unlearn(account(BOB, "bob"))
        self.assertEqual((self.book.invited, self.book.operators, self.book.ranks), ({}, {}, {}))

    def test_account_changed(self) -> None:
        """A new password takes nothing away."""
        self.learn(account(ALICE, "alice"), RankGiven(ALICE, Rank.OPERATOR, "server", AT))
        self.learn(replace(account(ALICE, "alice"), hash="1:other"))
        self.assertEqual(self.book.rank_of(ALICE, ""), Rank.OPERATOR)
        self.assertEqual(self.book.accounts, {ALICE: "alice"})

    def test_needs(self) -> None:
        """A person lacks a rank that is higher than theirs in the room, and power over their equals."""
        self.learn(account(ALICE, "alice"), account(BOB, "bob"), granted(RoomOperator, ALICE))
        need = Need(Rank.ROOM_OPERATOR, "dev")
        self.assertEqual([name(self.book.lacks(by, need, AT)) for by in (ALICE, BOB)], ["", "NotAllowed"])
        self.assertEqual(name(self.book.lacks(ALICE, Need(Rank.ROOM_OPERATOR), AT)), "NotAllowed")
        over = Need(Rank.ROOM_OPERATOR, "dev", BOB)
        self.assertEqual(name(self.book.lacks(ALICE, over, AT)), "")
        self.learn(granted(RoomOperator, BOB))
        self.assertEqual([name(self.book.lacks(by, over, AT)) for by in (ALICE, SERVER)], ["NotAllowed", ""])

    def test_may_change(self) -> None:
        """Operators change any message; room operators those in their room of people who are not."""
        for author, nick in ((ALICE, "alice"), (BOB, "bob"), (CAROL, "carol")):
            self.learn(account(author, nick))
        self.learn(granted(RoomOperator, ALICE), granted(RoomOperator, BOB))
        allowed = [
            self.book.may_change(by, author, room, AT)
            for by, author, room in (
                (SERVER, BOB, "dev"), (ALICE, CAROL, "dev"), (ALICE, BOB, "dev"), (ALICE, CAROL, "ops"),
                (CAROL, CAROL, "dev"),
            )
        ]  # fmt: skip
        self.assertEqual(allowed, [True, True, False, False, False])

    def test_sanctioned(self) -> None:
        """The banned and the muted keep no order in the place, until that ends; they are told why."""
        self.learn(account(ALICE, "alice"), granted(RoomOperator, ALICE), granted(RoomOperator, ALICE, "ops"))
        here, there = Need(Rank.ROOM_OPERATOR, "dev"), Need(Rank.ROOM_OPERATOR, "ops")
        for one, refused in (
            (ban("alice", ALICE, "dev", AT + 60), "Banned"), (mute("alice", ALICE, "dev", AT + 60), "Muted"),
            (ban("alice", room="dev", until=AT + 60), "Banned"),
        ):  # fmt: skip
            self.learn(one)
            self.assertEqual(name(self.book.lacks(ALICE, here, AT + 59)), refused)
            self.assertFalse(self.book.may_change(ALICE, BOB, "dev", AT + 59))
            self.assertEqual(name(self.book.lacks(ALICE, there, AT)), "")
            self.assertEqual(name(self.book.lacks(ALICE, here, AT + 60)), "")
            self.assertTrue(self.book.may_change(ALICE, BOB, "dev", AT + 60))
            self.assertEqual(self.book.rank_of(ALICE, "dev"), Rank.ROOM_OPERATOR)
            self.unlearn(one)
        self.assertEqual(name(self.book.lacks(ALICE, here, AT)), "")
        self.learn(ban("alice", ALICE), RankGiven(ALICE, Rank.OPERATOR, "server", AT))
        for room in ("", "dev"):
            self.assertEqual(self.book.power(ALICE, room, AT), Rank.MEMBER)

    def test_shields(self) -> None:
        """Nobody undoes what was decided about themselves, nor a room's operator what was about another one."""
        for author, nick in ((ALICE, "alice"), (BOB, "bob"), (CAROL, "carol")):
            self.learn(account(author, nick))
        self.learn(granted(RoomOperator, ALICE), granted(RoomOperator, BOB))
        for one, expected in (
            (mute("alice", ALICE, "dev"), ["NotAllowed", "NotAllowed", ""]),
            (ban("alice", room="dev"), ["NotAllowed", "NotAllowed", ""]),
            (ban("bob", BOB, "dev"), ["NotAllowed", "NotAllowed", ""]),
            (mute("carol", CAROL, "dev"), ["", "", ""]),
            (mute("dave", room="dev"), ["", "", ""]),
        ):
            self.assertEqual([name(self.book.shields(one.fact, by)) for by in (ALICE, BOB, SERVER)], [""] * 3)
            self.learn(one)
            self.assertEqual([name(self.book.shields(one.fact, by)) for by in (ALICE, BOB, SERVER)], expected)
        self.learn(RankGiven(ALICE, Rank.OPERATOR, "server", AT))
        self.assertEqual(name(self.book.shields(ban("bob", BOB, "dev").fact, ALICE)), "")
        self.assertEqual(name(self.book.shields(mute("alice", ALICE, "dev").fact, ALICE)), "NotAllowed")

    def test_left_by(self) -> None:
        """The bans and mutes of an account that is removed hold for its nickname, and on for its author."""
        self.learn(
            account(ALICE, "alice"), ban("alice", ALICE), mute("alice", ALICE, "dev"), mute("al", ALICE, "ops"),
            mute("bob", BOB),
        )  # fmt: skip
        self.assertIsNone(self.book.mutes.find(("alice",), "dev", AT))
        self.unlearn(account(ALICE, "alice"))
        self.assertEqual(name(self.book.entrance(CAROL, "alice", "attic", AT)), "Banned")
        self.assertEqual(name(self.book.entrance(ALICE, "other", "attic", AT)), "Banned")
        for room in ("dev", "ops"):
            self.assertIsNotNone(self.book.mutes.find(("alice",), room, AT), room)
        self.assertIsNone(self.book.mutes.find(("bob",), "", AT))
        self.assertEqual(sorted(one.name for one in self.book.mutes), ["/bob", "dev/alice", "ops/al", "ops/alice"])


class JudgingTest(BookCase):
    def judged(self, one: Draft, room: str = "dev", last: float | None = None) -> str:
        """Return the name of the refusal where the author showed the room something last at this time."""
        return name(self.book.judge(one, room, lambda room, author, at, seconds: last))

    def test_nothing_learned(self) -> None:
        """Without any curb everybody may say anything, and it is known without looking that there is none."""
        self.learn(account(ALICE, "alice"), granted(RoomOperator, ALICE), granted(Invitation, ALICE))
        self.assertEqual([self.judged(draft(kind)) for kind in Kind], [""] * len(Kind))
        self.assertFalse(self.book.curbs)

    def test_curbs(self) -> None:
        """Each thing that may be in somebody's way is noticed, and its end."""
        for one in (ban("bob"), mute("bob"), Lock("dev", "olga", AT), Slow("dev", 5.0, "olga", AT)):
            self.learn(one)
            self.assertTrue(self.book.curbs, one)
            self.unlearn(one)
            self.assertFalse(self.book.curbs, one)

    def test_sanctions(self) -> None:
        """A ban and a mute hold where they say, until they end, for the author or the nickname."""
        for form, told in ((ban, "Banned"), (mute, "Muted")):
            for about in (form("x", ALICE, "dev", AT + 5), form("alice", None, "dev", AT + 5)):
                self.learn(about)
                found = [self.judged(draft()), self.judged(draft(at=AT + 5)), self.judged(draft(), "ops")]
                self.assertEqual(found, [told, "", ""])
                self.unlearn(about)
            self.assertEqual(self.judged(draft()), "")

    def test_wait(self) -> None:
        """Whoever is muted for a time is told for how long; whoever is muted until unmuted is told nothing."""
        for until, wait in ((AT + 5, 5.0), (None, 0.0)):
            self.learn(mute("alice", ALICE, "dev", until))
            refused = self.book.judge(draft(), "dev", lambda *_: None)
            assert refused is not None
            self.assertEqual((refused.code, refused.wait), ("muted", wait))

    def test_quiet(self) -> None:
        """Muted and banned people delete what they said, and show nobody anything, not even the reason of an order."""
        self.learn(mute("alice", ALICE), ban("alice", ALICE))
        self.assertEqual([kind for kind in Kind if not self.judged(draft(kind))], [Kind.DELETED])

    def test_server(self) -> None:
        """Nothing keeps the server itself from telling a room what was done."""
        self.learn(mute("server"), ban("server"), Lock("dev", "olga", AT))
        order = Draft(Kind.MODERATED, SERVER, "server", AT, "dev", "x", folded="server")
        self.assertEqual(self.judged(order), "")

    def test_lock(self) -> None:
        """A locked room is closed to people who are not there, not invited and keep no order, where that is known."""
        self.learn(Lock("dev", "olga", AT))
        outside = replace(draft(), within=("ops",))
        self.assertEqual(self.judged(outside), "RoomLocked")
        self.assertEqual([self.judged(replace(draft(), within=rooms)) for rooms in (None, ("dev",))], ["", ""])
        self.assertEqual(name(self.book.entrance(ALICE, "alice", "dev", AT)), "RoomLocked")
        invited = granted(Invitation, ALICE)
        self.learn(invited)
        self.assertEqual((self.judged(outside), name(self.book.entrance(ALICE, "alice", "dev", AT))), ("", ""))
        self.unlearn(invited)
        self.learn(account(ALICE, "alice"), granted(RoomOperator, ALICE))
        self.assertEqual((self.judged(outside), name(self.book.entrance(ALICE, "alice", "dev", AT))), ("", ""))

    def test_entrance(self) -> None:
        """Banned people do not come in, muted ones do."""
        self.learn(mute("alice", ALICE), ban("alice", ALICE, "dev", AT + 5))
        entrances = [("dev", AT), ("dev", AT + 5), ("ops", AT)]
        found = [name(self.book.entrance(ALICE, "alice", room, now)) for room, now in entrances]
        self.assertEqual(found, ["Banned", "", ""])

    def test_slow_by_the_minute(self) -> None:
        """A pace of one is told without its number."""
        self.learn(Slow("ops", 60.0, "olga", AT - 2))
        refused = self.book.judge(draft(), "ops", lambda room, author, at, seconds: AT)
        self.assertEqual(str(refused), "In ops you can say something every minute; wait another minute.")

    def test_closed(self) -> None:
        """In a closed room nothing is said any more, by its operators neither; what is decided about it is told."""
        self.learn(Closed("dev", "olga", "over", AT), account(ALICE, "alice"), granted(RoomOperator, ALICE))
        refused = [kind for kind in Kind if self.judged(draft(kind)) == "RoomClosed"]
        self.assertEqual(set(Kind) - set(refused), {Kind.DELETED, Kind.MODERATED})
        self.assertEqual(self.judged(draft(), "ops"), "")

    def test_slow(self) -> None:
        """In a slow room a person waits after what they showed last, unless they keep order there."""
        self.learn(Slow("dev", 5.0, "olga", AT - 2))
        self.assertEqual(self.judged(draft(), last=AT - 2.5), "", "it was not slow then")
        slowed = [kind for kind in Kind if self.judged(draft(kind), last=AT - 2) == "SlowMode"]
        self.assertEqual(slowed, [Kind.SAID, Kind.ACTED, Kind.SHARED, Kind.EDITED, Kind.TOPIC])
        self.assertEqual((self.judged(draft()), self.judged(draft(), "ops", AT - 2)), ("", ""))
        refused = self.book.judge(draft(), "dev", lambda room, author, at, seconds: AT - 2)
        assert refused is not None
        self.assertEqual(str(refused), "In dev you can say something every 5 seconds; wait another 3 seconds.")
        self.assertEqual(refused.wait, 3.0)
        rounded = self.book.judge(draft(), "dev", lambda room, author, at, seconds: AT + 0.0004)
        self.assertEqual(str(rounded), "In dev you can say something every 5 seconds; wait another 5 seconds.")
        self.assertIsNone(self.book.judge(draft(), "dev"))
        self.learn(account(ALICE, "alice"), granted(RoomOperator, ALICE))
        self.assertEqual(self.judged(draft(), last=AT - 2), "")

    def test_slow_asks(self) -> None:
        """What was shown last is asked of the room, the author and the time of the draft."""
        self.learn(Slow("dev", 5.0, "olga", AT))
        asked: list[tuple[str, AuthorId, float, float]] = []

        def last_shown(room: str, author: AuthorId, at: float, seconds: float) -> None:
            asked.append((room, author, at, seconds))

        self.book.judge(draft(at=AT + 7), "dev", last_shown)
        self.assertEqual(asked, [("dev", ALICE, AT + 7, 5.0)])


class LearningTest(BookCase):
    def test_every_kind(self) -> None:
        """Facts of every kind can be learned, twice, and unlearned, twice, with nothing left."""
        for one, _, _, _ in EXAMPLES:
            self.learn(one, one)
        for one, _, _, _ in EXAMPLES:
            self.unlearn(one, one)
        book = self.book
        self.assertEqual((book.accounts, book.ranks, book.locked, book.slow, book.invited, book.operators), ({},) * 6)
        self.assertEqual((len(book.bans), len(book.mutes), book.curbs), (0, 0, False))
