"""What operators have decided, as facts, and the questions that are answered by them."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import Account, RankGiven
from groupchat.facts.kinds import KINDS
from groupchat.facts.room_facts import Invitation, Lock, Motd, RoomOperator, Slow
from groupchat.facts.sanctions import Ban, Mute, NetworkBan, Sanction
from groupchat.facts.typed import TypedFact
from groupchat.model.drafts import Draft, Fact, Kind
from groupchat.model.errors import Banned, Muted, Refusal, RoomLocked
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.ranks import Rank
from groupchat.model.times import FOREVER
from groupchat.state.moderation import Moderation
from groupchat.state.people import Person

ALICE, BOB = AuthorId(1), AuthorId(2)


def guest(nick: str = "bob", author: AuthorId = BOB) -> Person:
    """Somebody without an account."""
    return Person(nick, nick, author, 0.0)


def member(nick: str = "alice", author: AuthorId = ALICE) -> Person:
    """Somebody with an account."""
    return Person(nick, nick, author, 0.0, Account(nick, nick, author, "hash", 0.0))


def draft(kind: Kind = Kind.SAID, room: str = "lobby", person: Person | None = None) -> Draft:
    """Something that somebody (bob) posts at second 10 of the wall clock."""
    who = person if person is not None else guest()
    return Draft(kind, who.author, who.nick, 10.0, room, "words", folded=who.key, within=(room,))


class ModerationCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.moderation = Moderation()

    def decide(
        self,
        form: type[Sanction],
        whom: str = "bob",
        author: AuthorId | None = BOB,
        named: bool = True,
        room: str = "",
        until: float | None = None,
    ) -> Sanction:
        """Let olga ban or mute somebody."""
        sanction = form(whom, whom, author, named, room, "olga", "", 0.0, until)
        self.moderation.learn(sanction.fact)
        return sanction

    def learn(self, *facts: TypedFact) -> None:
        """Let facts be true."""
        for one in facts:
            self.moderation.learn(one.fact)

    def unlearn(self, *facts: TypedFact) -> None:
        """Let facts not be true any more."""
        for one in facts:
            self.moderation.learn(Fact(one.KIND, one.name, None))

    def invite(self, person: Person, room: str = "dev") -> Invitation:
        """Let somebody be invited."""
        granted = Invitation(room, person.author, person.nick, "olga", 0.0)
        self.learn(granted)
        return granted

    def op(self, person: Person, room: str = "dev") -> RoomOperator:
        """Let somebody with an account operate a room."""
        assert person.account is not None
        granted = RoomOperator(room, person.author, person.nick, "olga", 0.0)
        self.learn(person.account, granted)
        return granted

    def operator(self, nick: str = "olga", author: AuthorId = AuthorId(3)) -> Person:  # noqa: B008  # an integer
        """Somebody who operates the server."""
        person = member(nick, author)
        assert person.account is not None
        self.learn(person.account, RankGiven(author, Rank.OPERATOR, "server", 0.0))
        return person

    def refusal(self, draft: Draft) -> Refusal | None:
        """Why a post is refused."""
        try:
            self.moderation.check_post(draft, "192.0.2.7")
        except Refusal as refusal:
            return refusal
        return None


class LearnTests(ModerationCase):
    def test_nothing(self) -> None:
        """In the beginning nothing is decided, and posts need no check."""
        state = self.moderation
        self.assertEqual((len(state.bans), len(state.mutes), state.networks, state.locked), (0, 0, {}, {}))
        self.assertEqual((state.slow, state.invited, state.operators, state.motd), ({}, {}, {}, None))
        self.assertFalse(state.curbs)

    def test_curbs(self) -> None:
        """Posts are checked as long as there is a ban, a mute, or a room that is slow or locked."""
        for form in (Ban, Mute):
            sanction = self.decide(form)
            self.assertTrue(self.moderation.curbs)
            self.unlearn(sanction)
            self.assertFalse(self.moderation.curbs)
        for one in (Slow("dev", 5.0, "olga", 0.0), Lock("dev", "olga", 0.0)):
            self.learn(one)
            self.assertTrue(self.moderation.curbs)
            self.unlearn(one)
            self.assertFalse(self.moderation.curbs)

    def test_rooms(self) -> None:
        """Locks, slow rooms, invitations and operators of rooms are known by room, and undone by the same name."""
        lock, slow = Lock("dev", "olga", 0.0), Slow("dev", 5.0, "olga", 0.0)
        invited, granted = self.invite(guest()), self.op(member())
        state = self.moderation
        self.learn(lock, slow)
        self.assertEqual((state.locked, state.slow), ({"dev": lock}, {"dev": slow}))
        self.assertEqual((state.invited, state.operators), ({"dev": {BOB: invited}}, {"dev": {ALICE: granted}}))
        for _ in range(2):
            self.unlearn(lock, slow, invited, granted)
        self.assertEqual((state.locked, state.slow, state.invited, state.operators), ({}, {}, {}, {}))

    def test_motd(self) -> None:
        """The message of the day may be empty, which is not the same as none."""
        empty = Motd("", "olga", 0.0)
        self.learn(empty)
        self.assertEqual(self.moderation.motd, empty)
        self.unlearn(empty)
        self.assertIsNone(self.moderation.motd)

    def test_undoing_nothing(self) -> None:
        """For every kind, that something is not true any more does no harm when it never was."""
        names = {"rank": "5", "account": "alice", "erased": "5"}
        for kind in self.moderation.KINDS:
            self.moderation.learn(Fact(kind, names.get(kind, "dev/5"), None))
        self.assertFalse(self.moderation.curbs)
        self.assertEqual((self.moderation.operators, self.moderation.invited), ({}, {}))

    def test_kinds(self) -> None:
        """Every kind it learns is one of the table, and so is read at the start."""
        self.assertLessEqual(set(self.moderation.KINDS), set(KINDS))

    def test_removed_account(self) -> None:
        """An author whose account is removed operates nothing and is invited nowhere any more; others are."""
        alice, bob = member(), member("bob", BOB)
        for person in (alice, bob):
            for room in ("dev", "ops"):
                self.op(person, room)
                self.invite(person, room)
            self.learn(RankGiven(person.author, Rank.OPERATOR, "server", 0.0))
        assert alice.account is not None
        self.unlearn(alice.account)
        state = self.moderation
        for rooms in (state.operators, state.invited):
            self.assertEqual({room: set(granted) for room, granted in rooms.items()}, {"dev": {BOB}, "ops": {BOB}})
        self.assertEqual([state.rank(person.account, "dev") for person in (alice, bob)], [Rank.GUEST, Rank.OPERATOR])


class EndTests(ModerationCase):
    def test_ended(self) -> None:
        """Sanctions that have ended are given out until they are undone; the others stay."""
        ban = self.decide(Ban, until=10.0)
        mute = self.decide(Mute, until=20.0)
        network = self.decide(NetworkBan, "192.0.2.0/24", None, False, until=10.0)
        self.decide(Ban, "carol", None)
        self.assertEqual(self.moderation.ended(9.9), [])
        self.assertEqual(self.moderation.ended(10.0), [ban, network])
        self.unlearn(ban, network)
        self.assertEqual(self.moderation.ended(19.9), [])
        self.assertEqual(self.moderation.ended(20.0), [mute])

    def test_without_end(self) -> None:
        """What does not end by itself never ends."""
        self.decide(Ban)
        self.assertEqual(self.moderation.ended(FOREVER / 2), [])

    def test_made_later(self) -> None:
        """A sanction that is made later and ends sooner ends in time."""
        self.decide(Mute, until=100.0)
        self.assertEqual(self.moderation.ended(50.0), [])
        sooner = self.decide(Ban, until=60.0)
        self.assertEqual(self.moderation.ended(60.0), [sooner])

    @given(st.lists(st.floats(0, 100), max_size=6), st.lists(st.floats(0, 100), min_size=1, max_size=6))
    def test_each_once(self, untils: list[float], times: list[float]) -> None:
        """Whenever it is looked for, each sanction has ended exactly when its time has come."""
        state = Moderation()
        for number, until in enumerate(untils):
            state.learn(Mute(f"p{number}", f"p{number}", None, True, "", "olga", "", 0.0, until).fact)
        left = sorted(untils)
        for now in sorted(times):
            ended = state.ended(now)
            self.assertEqual(sorted(sanction.left(0.0) for sanction in ended), [one for one in left if one <= now])
            left = [one for one in left if one > now]
            for sanction in ended:
                state.learn(sanction.undone().fact)


class RankTests(ModerationCase):
    def test_rank(self) -> None:
        """A guest has no rank, an account its own, and a room's operator theirs in that room only."""
        alice, olga = member(), self.operator()
        self.op(alice)
        self.op(olga)
        rank = self.moderation.rank
        self.assertEqual([rank(None, room) for room in ("dev", "lobby", "")], [Rank.GUEST] * 3)
        self.assertEqual([rank(alice.account, room) for room in ("dev", "lobby")], [Rank.ROOM_OPERATOR, Rank.MEMBER])
        self.assertEqual([rank(olga.account, room) for room in ("dev", "lobby")], [Rank.OPERATOR] * 2)
        server = Account("server", "server", SERVER, "", 0.0)
        self.assertEqual([rank(server, room) for room in ("dev", "")], [Rank.OPERATOR] * 2)

    def test_is_operator(self) -> None:
        """Who operates a room is not an operator of the server."""
        alice, olga = member(), self.operator()
        self.op(alice)
        accounts = [person.account for person in (alice, olga) if person.account is not None]
        self.assertEqual([self.moderation.is_operator(one) for one in accounts], [False, True])

    def test_keeps_order(self) -> None:
        """Operators keep order, and accounts that operate any room."""
        alice = member()
        assert alice.account is not None
        self.learn(alice.account)
        self.assertFalse(self.moderation.keeps_order(None))
        self.assertFalse(self.moderation.keeps_order(alice.account))
        self.assertTrue(self.moderation.keeps_order(self.operator().account))
        self.op(alice)
        self.assertTrue(self.moderation.keeps_order(alice.account))


class PostTests(ModerationCase):
    def test_muted(self) -> None:
        """A muted person may say nothing anywhere, by whichever of author and nickname the mute is found."""
        self.decide(Mute)
        for kind in (Kind.SAID, Kind.ACTED, Kind.WHISPERED, Kind.TOPIC, Kind.EDITED):
            self.assertIsInstance(self.refusal(draft(kind)), Muted)
        for person, refused in (
            (guest("robert"), True), (guest("bob", ALICE), True), (guest("carol", ALICE), False)
        ):  # fmt: skip
            self.assertEqual(isinstance(self.refusal(draft(person=person)), Muted), refused)

    def test_muted_people_may_take_back(self) -> None:
        """Muted people may delete, and muted operators give no orders, whose reasons are words too."""
        self.decide(Mute)
        self.assertIsNone(self.refusal(draft(Kind.DELETED)))
        self.assertIsInstance(self.refusal(draft(Kind.MODERATED)), Muted)

    def test_muted_in_a_room(self) -> None:
        """A mute in a room holds there, and not in others."""
        self.decide(Mute, room="dev", until=310.0)
        self.assertIsNone(self.refusal(draft()))
        refusal = self.refusal(draft(room="dev"))
        self.assertEqual(str(refusal), "You are muted in dev for 5 minutes, by olga.")

    def test_banned_from_a_room(self) -> None:
        """Somebody banned from a room says nothing there, and goes on in others."""
        self.decide(Ban, room="dev")
        self.assertEqual(str(self.refusal(draft(room="dev"))), "You are banned from dev until unbanned, by olga.")
        self.assertIsNone(self.refusal(draft()))

    def test_ended(self) -> None:
        """A mute that has ended holds nobody back, before it is forgotten."""
        self.decide(Mute, until=10.0)
        self.assertIsNone(self.refusal(draft()))

    def test_slow(self) -> None:
        """How slow a room is, is the journal's to judge: it knows when somebody showed the room something last."""
        self.learn(Slow("lobby", 30.0, "olga", 0.0))
        self.assertEqual([self.refusal(draft()) for _ in range(2)], [None] * 2)


class ComingTests(ModerationCase):
    def test_check_coming(self) -> None:
        """A banned author does not come in, nor anybody with a banned nickname; others do, also from a room's ban."""
        self.decide(Ban, until=70.0)
        check = self.moderation.check_coming
        with self.assertRaises(Banned) as banned:
            check(BOB, "robert", 10.0)
        self.assertEqual(str(banned.exception), "You are banned for 1 minute, by olga.")
        self.assertRaises(Banned, check, ALICE, "bob", 10.0)
        check(ALICE, "alice", 10.0)
        check(BOB, "bob", 70.0)
        self.decide(Ban, "alice", ALICE, room="dev")
        check(ALICE, "alice", 10.0)

    def test_check_address(self) -> None:
        """Nobody comes from a banned network until it ends or is undone; a narrower ban inside does not matter then."""
        wide = self.decide(NetworkBan, "192.0.2.0/24", None, False, until=50.0)
        narrow = self.decide(NetworkBan, "192.0.2.7/32", None, False)
        check = self.moderation.check_address
        self.assertRaises(Banned, check, "192.0.2.200", 10.0)
        check("198.51.100.1", 10.0)
        check("192.0.2.200", 50.0)
        self.assertRaises(Banned, check, "192.0.2.7", 50.0)
        self.unlearn(narrow)
        self.assertRaises(Banned, check, "192.0.2.7", 10.0)
        self.unlearn(wide)
        check("192.0.2.7", 10.0)

    def test_network_again(self) -> None:
        """A network that is banned anew has the new end."""
        self.decide(NetworkBan, "192.0.2.0/24", None, False, until=50.0)
        self.decide(NetworkBan, "192.0.2.0/24", None, False, until=90.0)
        self.assertEqual(len(self.moderation.networks), 1)
        self.assertRaises(Banned, self.moderation.check_address, "192.0.2.1", 60.0)

    def admits(self, person: Person, room: str = "dev") -> bool:
        """Say whether somebody may go into a room."""
        return self.moderation.admits(room, person, 10.0)

    def test_banned_from_a_room(self) -> None:
        """Somebody banned from a room does not go into it, and into others does; a ban from everywhere holds too."""
        self.decide(Ban, room="dev")
        with self.assertRaises(Banned) as banned:
            self.moderation.check_room("dev", guest(), 10.0)
        self.assertEqual(str(banned.exception), "You are banned from dev until unbanned, by olga.")
        self.assertEqual([self.admits(guest(), room) for room in ("dev", "lobby")], [False, True])
        self.decide(Ban)
        self.assertFalse(self.admits(guest(), "lobby"))

    def test_locked(self) -> None:
        """Into a locked room go its operators, operators of the server, and the invited."""
        lock = Lock("dev", "olga", 0.0)
        self.learn(lock)
        people = [guest(), member(), self.operator()]
        self.assertEqual([self.admits(person) for person in people], [False, False, True])
        self.assertRaises(RoomLocked, self.moderation.check_room, "dev", guest(), 10.0)
        self.op(people[1])
        self.invite(guest())
        self.assertEqual([self.admits(person) for person in people], [True] * 3)
        self.assertFalse(self.admits(guest("bob", AuthorId(4))))
        self.unlearn(lock)
        self.assertTrue(self.admits(guest("bob", AuthorId(4))))

    def test_banned_although_invited(self) -> None:
        """An invitation does not undo a ban."""
        self.learn(Lock("dev", "olga", 0.0))
        self.invite(guest())
        self.decide(Ban, room="dev")
        self.assertFalse(self.admits(guest()))
