"""What operators have decided, as facts, and the questions that are answered by them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.drafts import Draft, Fact, Kind
from groupchat.model.errors import Banned, Muted, Refusal, RoomLocked, SlowMode
from groupchat.model.events import AuthorId
from groupchat.model.ranks import Rank
from groupchat.model.times import FOREVER
from groupchat.state import moderation
from groupchat.state.accounts import Account
from groupchat.state.moderation import (
    BAN,
    INVITATION,
    KINDS,
    LOCK,
    MOTD,
    MUTE,
    NETWORK,
    ROOM_OPERATOR,
    SLOW,
    Moderation,
)
from groupchat.state.people import Person
from groupchat.state.sanctions import Sanction

ALICE, BOB = AuthorId(1), AuthorId(2)


def guest(nick: str = "bob", author: AuthorId = BOB) -> Person:
    """Somebody without an account."""
    return Person(nick, nick, author, 0.0)


def member(nick: str = "alice", author: AuthorId = ALICE, rank: Rank = Rank.MEMBER) -> Person:
    """Somebody with an account."""
    return Person(nick, nick, author, 0.0, Account(nick, author, "hash", rank, 0.0))


def draft(kind: Kind = Kind.SAID, room: str = "lobby", author: AuthorId = BOB) -> Draft:
    """Something that somebody posts."""
    return Draft(kind, author, "bob", 0.0, room, "words")


class ModerationCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.moderation = Moderation()

    def decide(
        self,
        kind: str,
        whom: str = "bob",
        author: AuthorId | None = BOB,
        named: bool = True,
        room: str = "",
        until: float | None = None,
    ) -> Sanction:
        """Let olga ban or mute somebody."""
        sanction = Sanction(whom, whom, author, named, room, "olga", "", 0.0, until)
        self.moderation.learn(sanction.fact(kind))
        return sanction

    def learn(self, kind: str, name: str, **value: Any) -> None:
        """Let a fact be true; without a value it is not true any more."""
        self.moderation.learn(Fact(kind, name, value or None))

    def refusal(self, draft: Draft, person: Person) -> Refusal | None:
        """Why a post is refused, at second 10 of both clocks."""
        try:
            self.moderation.check_post(draft, person, 10.0, 10.0)
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
        """Posts are checked as long as there is a ban, a mute or a slow room."""
        for kind in (BAN, MUTE):
            sanction = self.decide(kind)
            self.assertTrue(self.moderation.curbs)
            self.moderation.learn(Fact(kind, sanction.name, None))
            self.assertFalse(self.moderation.curbs)
        self.learn(SLOW, "dev", seconds=5.0)
        self.assertTrue(self.moderation.curbs)
        self.learn(SLOW, "dev")
        self.assertFalse(self.moderation.curbs)

    def test_rooms(self) -> None:
        """Locks, slow rooms, invitations and operators of rooms are known by room, and undone by the same name."""
        facts: list[tuple[str, str, dict[str, Any]]] = [
            (LOCK, "dev", {"by": "olga"}),
            (SLOW, "dev", {"seconds": 5.0}),
            (INVITATION, f"dev/{BOB}", {"nick": "bob"}),
            (ROOM_OPERATOR, f"dev/{ALICE}", {"nick": "alice"}),
        ]
        state = self.moderation
        for kind, name, value in facts:
            self.learn(kind, name, **value)
        self.assertEqual((state.locked, state.slow), ({"dev": "olga"}, {"dev": 5.0}))
        self.assertEqual((state.invited, state.operators), ({"dev": {BOB: "bob"}}, {"dev": {ALICE: "alice"}}))
        for kind, name, _ in facts:
            for _ in range(2):
                self.learn(kind, name)
        self.assertEqual((state.locked, state.slow), ({}, {}))
        self.assertEqual((state.invited, state.operators), ({"dev": {}}, {"dev": {}}))

    def test_motd(self) -> None:
        """The message of the day may be empty, which is not the same as none."""
        self.learn(MOTD, "", text="")
        self.assertEqual(self.moderation.motd, "")
        self.learn(MOTD, "")
        self.assertIsNone(self.moderation.motd)

    def test_undoing_nothing(self) -> None:
        """For every kind, that something is not true any more does no harm when it never was."""
        for kind in KINDS:
            self.learn(kind, "dev/5")
        self.assertFalse(self.moderation.curbs)

    def test_kinds(self) -> None:
        """Every kind of fact that is named in the module is one of KINDS, and so is read at the start."""
        names = (BAN, MUTE, NETWORK, LOCK, SLOW, MOTD, INVITATION, ROOM_OPERATOR)
        self.assertEqual(set(KINDS), set(names))
        self.assertLessEqual(set(moderation.ENDING), set(KINDS))

    def test_resignations(self) -> None:
        """An author who is removed operates no room any more; the others do."""
        for room, author in (("dev", ALICE), ("ops", ALICE), ("dev", BOB)):
            self.learn(ROOM_OPERATOR, f"{room}/{author}", nick="x")
        facts = self.moderation.resignations(ALICE)
        self.assertEqual(facts, [Fact(ROOM_OPERATOR, f"{room}/{ALICE}", None) for room in ("dev", "ops")])
        for fact in facts:
            self.moderation.learn(fact)
        self.assertEqual((self.moderation.resignations(ALICE), self.moderation.operators["dev"]), ([], {BOB: "x"}))


class EndTests(ModerationCase):
    def test_ended(self) -> None:
        """Sanctions that have ended come with the facts that remove them; the others stay."""
        ban = self.decide(BAN, until=10.0)
        mute = self.decide(MUTE, until=20.0)
        network = self.decide(NETWORK, "192.0.2.0/24", None, False, until=10.0)
        self.decide(BAN, "carol", None)
        self.assertEqual(self.moderation.ended(9.9), [])
        ended = self.moderation.ended(10.0)
        self.assertEqual(ended, [(ban, Fact(BAN, ban.name, None)), (network, Fact(NETWORK, network.name, None))])
        for _, fact in ended:
            self.moderation.learn(fact)
        self.assertEqual(self.moderation.ended(19.9), [])
        self.assertEqual(self.moderation.ended(20.0), [(mute, Fact(MUTE, mute.name, None))])

    def test_without_end(self) -> None:
        """What does not end by itself never ends."""
        self.decide(BAN)
        self.assertEqual(self.moderation.ended(FOREVER / 2), [])

    def test_made_later(self) -> None:
        """A sanction that is made later and ends sooner ends in time."""
        self.decide(MUTE, until=100.0)
        self.assertEqual(self.moderation.ended(50.0), [])
        sooner = self.decide(BAN, until=60.0)
        self.assertEqual([sanction for sanction, _ in self.moderation.ended(60.0)], [sooner])

    @given(st.lists(st.floats(0, 100), max_size=6), st.lists(st.floats(0, 100), min_size=1, max_size=6))
    def test_each_once(self, untils: list[float], times: list[float]) -> None:
        """Whenever it is looked for, each sanction has ended exactly when its time has come."""
        state = Moderation()
        for number, until in enumerate(untils):
            sanction = Sanction(f"p{number}", f"p{number}", None, True, "", "olga", "", 0.0, until)
            state.learn(sanction.fact(MUTE))
        left = sorted(untils)
        for now in sorted(times):
            ended = state.ended(now)
            self.assertEqual(sorted(sanction.left(0.0) for sanction, _ in ended), [one for one in left if one <= now])
            left = [one for one in left if one > now]
            for _, fact in ended:
                state.learn(fact)


class RankTests(ModerationCase):
    def test_rank(self) -> None:
        """A guest has no rank, an account its own, and a room's operator theirs in that room only."""
        alice, olga = member().account, member("olga", AuthorId(3), Rank.OPERATOR).account
        self.learn(ROOM_OPERATOR, f"dev/{ALICE}", nick="alice")
        self.learn(ROOM_OPERATOR, "dev/3", nick="olga")
        rank = self.moderation.rank_of
        self.assertEqual([rank(None, room) for room in ("dev", "lobby", "")], [Rank.GUEST] * 3)
        self.assertEqual([rank(alice, room) for room in ("dev", "lobby")], [Rank.ROOM_OPERATOR, Rank.MEMBER])
        self.assertEqual([rank(olga, room) for room in ("dev", "lobby")], [Rank.OPERATOR] * 2)

    def test_keeps_order(self) -> None:
        """Operators keep order, and accounts that operate any room."""
        alice = member().account
        self.assertFalse(self.moderation.keeps_order(None))
        self.assertFalse(self.moderation.keeps_order(alice))
        self.assertTrue(self.moderation.keeps_order(member(rank=Rank.OPERATOR).account))
        self.learn(ROOM_OPERATOR, f"dev/{ALICE}", nick="alice")
        self.assertTrue(self.moderation.keeps_order(alice))


class PostTests(ModerationCase):
    def test_muted(self) -> None:
        """A muted person may say nothing anywhere, by whichever of author and nickname the mute is found."""
        self.decide(MUTE)
        for kind in (Kind.SAID, Kind.ACTED, Kind.WHISPERED, Kind.TOPIC, Kind.EDITED):
            self.assertIsInstance(self.refusal(draft(kind), guest()), Muted)
        self.assertIsInstance(self.refusal(draft(), guest("robert")), Muted)
        self.assertIsInstance(self.refusal(draft(), guest("bob", ALICE)), Muted)
        self.assertIsNone(self.refusal(draft(), guest("carol", ALICE)))

    def test_muted_people_may_take_back(self) -> None:
        """Muted people may delete, and muted operators keep order."""
        self.decide(MUTE)
        self.assertEqual([self.refusal(draft(kind), guest()) for kind in (Kind.DELETED, Kind.MODERATED)], [None] * 2)

    def test_muted_in_a_room(self) -> None:
        """A mute in a room holds there; edits are refused meanwhile, since only the journal knows their room."""
        self.decide(MUTE, room="dev", until=310.0)
        self.assertIsNone(self.refusal(draft(), guest()))
        self.assertIsInstance(self.refusal(draft(Kind.EDITED), guest()), Muted)
        refusal = self.refusal(draft(room="dev"), guest())
        self.assertEqual(str(refusal), "You are muted in dev for 5 minutes, by olga.")

    def test_banned_from_a_room(self) -> None:
        """Somebody banned from a room does not edit what they said there."""
        self.decide(BAN, room="dev")
        self.assertIsInstance(self.refusal(draft(Kind.EDITED), guest()), Muted)
        self.assertIsNone(self.refusal(draft(), guest()))

    def test_ended(self) -> None:
        """A mute that has ended holds nobody back, before it is forgotten."""
        self.decide(MUTE, until=10.0)
        self.assertIsNone(self.refusal(draft(), guest()))


class SlowTests(ModerationCase):
    def setUp(self) -> None:
        super().setUp()
        self.learn(SLOW, "dev", seconds=30.0)

    def says(self, moment: float, person: Person | None = None, kind: Kind = Kind.SAID, room: str = "dev") -> bool:
        """Say whether somebody may say something at this moment."""
        try:
            self.moderation.check_post(draft(kind, room), person or guest(), 0.0, moment)
        except SlowMode:
            return False
        return True

    def test_pace(self) -> None:
        """A person says something every 30 seconds, the first time at once; a refused try costs nothing."""
        self.assertEqual([self.says(moment) for moment in (0.0, 29.9, 30.0, 59.9, 60.0)], [True, False] * 2 + [True])

    def test_words(self) -> None:
        """The refusal says how slow the room is, and how long to wait."""
        self.says(0.0)
        with self.assertRaises(SlowMode) as slow:
            self.moderation.check_post(draft(room="dev"), guest(), 0.0, 10.0)
        self.assertEqual(str(slow.exception), "In dev you can say something every 30 seconds; wait another 20 seconds.")

    def test_each_person(self) -> None:
        """Everybody has a pace of their own, and other rooms have none."""
        self.says(0.0)
        self.assertTrue(self.says(0.0, guest("carol", ALICE)))
        self.assertTrue(self.says(0.0, room="lobby"))
        self.assertFalse(self.says(0.0))

    def test_kinds(self) -> None:
        """What is said and done is paced together; private messages, topics and edits are not."""
        self.says(0.0)
        self.assertFalse(self.says(1.0, kind=Kind.ACTED))
        self.assertEqual([self.says(1.0, kind=kind) for kind in (Kind.TOPIC, Kind.EDITED, Kind.DELETED)], [True] * 3)

    def test_keepers(self) -> None:
        """People who keep order in the room are not held up; those of another room are."""
        alice = member()
        self.learn(ROOM_OPERATOR, f"ops/{ALICE}", nick="alice")
        self.assertEqual([self.says(0.0, alice) for _ in range(2)], [True, False])
        self.learn(ROOM_OPERATOR, f"dev/{ALICE}", nick="alice")
        self.assertEqual([self.says(0.0, alice) for _ in range(2)], [True, True])

    def test_forget_speakers(self) -> None:
        """Speakers are remembered as long as they have to wait, and no longer; nor those of rooms that are not slow."""
        self.learn(SLOW, "ops", seconds=5.0)
        self.says(0.0)
        self.says(0.0, room="ops")
        self.moderation.forget_speakers(29.9)
        self.assertEqual(set(self.moderation._spoke), {("dev", BOB)})
        self.assertFalse(self.says(29.9))
        self.moderation.forget_speakers(30.0)
        self.assertEqual(self.moderation._spoke, {})
        self.says(40.0)
        self.learn(SLOW, "dev")
        self.moderation.forget_speakers(40.0)
        self.assertEqual(self.moderation._spoke, {})


class ComingTests(ModerationCase):
    def test_check_coming(self) -> None:
        """A banned author does not come in, nor anybody with a banned nickname; others do, also from a room's ban."""
        self.decide(BAN, until=70.0)
        check = self.moderation.check_coming
        with self.assertRaises(Banned) as banned:
            check(BOB, "robert", 10.0)
        self.assertEqual(str(banned.exception), "You are banned for 1 minute, by olga.")
        self.assertRaises(Banned, check, ALICE, "bob", 10.0)
        check(ALICE, "alice", 10.0)
        check(BOB, "bob", 70.0)
        self.decide(BAN, "alice", ALICE, room="dev")
        check(ALICE, "alice", 10.0)

    def test_check_address(self) -> None:
        """Nobody comes from a banned network until it ends or is undone; a narrower ban inside does not matter then."""
        wide = self.decide(NETWORK, "192.0.2.0/24", None, False, until=50.0)
        narrow = self.decide(NETWORK, "192.0.2.7/32", None, False)
        check = self.moderation.check_address
        self.assertRaises(Banned, check, "192.0.2.200", 10.0)
        check("198.51.100.1", 10.0)
        check("192.0.2.200", 50.0)
        self.assertRaises(Banned, check, "192.0.2.7", 50.0)
        self.moderation.learn(Fact(NETWORK, narrow.name, None))
        self.assertRaises(Banned, check, "192.0.2.7", 10.0)
        self.moderation.learn(Fact(NETWORK, wide.name, None))
        check("192.0.2.7", 10.0)

    def test_network_again(self) -> None:
        """A network that is banned anew has the new end."""
        self.decide(NETWORK, "192.0.2.0/24", None, False, until=50.0)
        self.decide(NETWORK, "192.0.2.0/24", None, False, until=90.0)
        self.assertEqual(len(self.moderation.networks), 1)
        self.assertRaises(Banned, self.moderation.check_address, "192.0.2.1", 60.0)

    def admits(self, person: Person, room: str = "dev") -> bool:
        """Say whether somebody may go into a room."""
        return self.moderation.admits(room, person, 10.0)

    def test_banned_from_a_room(self) -> None:
        """Somebody banned from a room does not go into it, and into others does; a ban from everywhere holds too."""
        self.decide(BAN, room="dev")
        with self.assertRaises(Banned) as banned:
            self.moderation.check_room("dev", guest(), 10.0)
        self.assertEqual(str(banned.exception), "You are banned from dev until unbanned, by olga.")
        self.assertEqual([self.admits(guest(), room) for room in ("dev", "lobby")], [False, True])
        self.decide(BAN)
        self.assertFalse(self.admits(guest(), "lobby"))

    def test_locked(self) -> None:
        """Into a locked room go its operators, operators of the server, and the invited."""
        self.learn(LOCK, "dev", by="olga")
        people = [guest(), member(), member("olga", AuthorId(3), Rank.OPERATOR)]
        self.assertEqual([self.admits(person) for person in people], [False, False, True])
        self.assertRaises(RoomLocked, self.moderation.check_room, "dev", guest(), 10.0)
        self.learn(ROOM_OPERATOR, f"dev/{ALICE}", nick="alice")
        self.learn(INVITATION, f"dev/{BOB}", nick="bob")
        self.assertEqual([self.admits(person) for person in people], [True] * 3)
        self.assertFalse(self.admits(guest("bob", AuthorId(4))))
        self.learn(LOCK, "dev")
        self.assertTrue(self.admits(guest("bob", AuthorId(4))))

    def test_banned_although_invited(self) -> None:
        """An invitation does not undo a ban."""
        self.learn(LOCK, "dev", by="olga")
        self.learn(INVITATION, f"dev/{BOB}", nick="bob")
        self.decide(BAN, room="dev")
        self.assertFalse(self.admits(guest()))
