"""What follows from what is decided: who is told, put out and renamed, by the kind of the fact."""

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import (
    AccessToken,
    Account,
    AccountRooms,
    Hook,
    Ignoring,
    KeptPreferences,
    KnownAddress,
    RankGiven,
    RegistrationCode,
    digest_of,
)
from groupchat.facts.kinds import KINDS
from groupchat.facts.room_facts import Closed, Invitation, Lock, Motd, RoomOperator, RoomSettings, Slow
from groupchat.facts.sanctions import Ban, Mute, NetworkBan, NetworkMute, Sanction
from groupchat.facts.typed import TypedFact
from groupchat.facts.whereabouts import Places
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Amendment, Announce, Consequence, PutOut, ReadUpTo, Revoke
from groupchat.model.events import SERVER, Announced, AuthorId, Departed, Left, Refused, Renamed, Told
from groupchat.model.ranks import Rank
from tests.fakes import HeldJournal
from tests.house import NOON, House, Peer
from tests.people import establish, member

PASSWORD = "correct horse"


def author_of(peer: Peer) -> AuthorId:
    """Return the author somebody is."""
    return peer.connection.person.author


def told(peer: Peer) -> list[str]:
    """Return what somebody was told without having asked, since this was asked last."""
    return [line for event in peer.take() if isinstance(event, Told) for line in event.lines]


class ConsequencesCase(SynchronousTestCase):
    """Alice has an account and two connections, in the lobby and dev; bob and carol are guests in the same rooms."""

    def setUp(self) -> None:
        self.house = House()
        self.hall = self.house.hall
        self.alice = member(self.house, "alice", "json")
        self.second = self.house.connect("json").offer("alice", password=PASSWORD)
        self.bob, self.carol = self.house.come("bob", "carol", door="json")
        self.everybody = (self.alice, self.second, self.bob, self.carol)
        for peer in self.everybody:
            peer.do("join", room="dev").do("switch", room="lobby")
        self.forget()

    def forget(self) -> None:
        """Let everybody forget what they were shown so far."""
        for peer in self.everybody:
            peer.take()

    def learn(self, change: Consequence | ReadUpTo, by: str = "olga") -> None:
        """Let a change land that somebody decided, and do what follows from it."""
        follow = self.hall.consequences.learn(change, by)
        if follow is not None:
            follow()

    def sanction(
        self, form: type[Sanction], whom: str, peer: Peer | None = None, named: bool = True, room: str = ""
    ) -> Sanction:
        """What olga decides about somebody, for 5 minutes."""
        author = None if peer is None else author_of(peer)
        return form(whom, whom, author, named, room, "olga", "spam", NOON, NOON + 300)

    def closed(self) -> list[list[str]]:
        """Why the connections of everybody were closed."""
        return [peer.screen.codes for peer in self.everybody]


class BanTests(ConsequencesCase):
    def test_everywhere(self) -> None:
        """Whoever is banned is told why and cut off, on each connection; nobody else is."""
        self.learn(self.sanction(Ban, "alice", self.alice, named=False).put())
        self.assertEqual(self.closed(), [["banned"], ["banned"], [], []])
        refused = [event for event in self.second.events + self.second.answers if isinstance(event, Refused)]
        self.assertEqual([event.text for event in refused], ["You are banned for 5 minutes, by olga: spam"])
        self.assertEqual([person.nick for person in self.hall.roster], ["bob", "carol"])

    def test_by_nickname(self) -> None:
        """Of a banned nickname the holder is put out, also as another author; of an account's ban nobody else."""
        self.learn(self.sanction(Ban, "carol", self.bob, named=False).put())
        self.assertEqual(self.closed(), [[], [], ["banned"], []])
        self.learn(self.sanction(Ban, "carol", None).put())
        self.assertEqual(self.closed(), [[], [], ["banned"], ["banned"]])

    def test_from_a_room(self) -> None:
        """Whoever is banned from a room is put out of that one, and stays in the hall; the others see it."""
        self.learn(self.sanction(Ban, "alice", self.alice, named=False, room="dev").put())
        for peer in (self.alice, self.second):
            self.assertEqual(peer.codes, ["banned"])
            (departed,) = [event for event in peer.answers if isinstance(event, Departed)]
            self.assertEqual((departed.room, departed.code, departed.reason), ("dev", "banned", "spam"))
            self.assertEqual(peer.connection.rooms, ("lobby",))
        self.assertEqual(self.closed(), [[]] * 4)
        left = [event for event in self.bob.events if isinstance(event, Left)]
        self.assertEqual([(event.room, event.nick) for event in left], [("dev", "alice")])

    def test_from_a_room_that_is_none(self) -> None:
        """A ban from a room where nobody is puts nobody out."""
        self.learn(self.sanction(Ban, "bob", self.bob, room="nowhere").put())
        self.assertEqual([peer.take() for peer in self.everybody], [[]] * 4)

    def test_undone(self) -> None:
        """Nobody is told that a ban has ended."""
        ban = self.sanction(Ban, "bob", self.bob, room="dev")
        establish(self.hall, ban)
        self.learn(ban.undone())
        self.assertEqual([peer.take() for peer in self.everybody], [[]] * 4)
        self.assertEqual(len(self.hall.moderation.bans), 0)

    def test_network(self) -> None:
        """Whoever comes from a banned network is cut off, with or without a nickname."""
        nameless = self.house.connect()
        for peer in (self.second, nameless):
            peer.screen.address = "198.51.100.7"
        network = self.sanction(NetworkBan, "198.51.100.0/24", None, named=False)
        self.learn(network.put())
        self.assertEqual([*self.closed(), nameless.screen.codes], [[], ["banned"], [], [], ["banned"]])
        self.assertIn("Your address is banned for 5 minutes", str(self.second.answers))
        self.learn(network.undone())
        self.assertEqual(self.hall.moderation.networks, {})


class MuteTests(ConsequencesCase):
    def test_told(self) -> None:
        """Whoever is muted is told so on each connection, and nobody else."""
        self.learn(self.sanction(Mute, "alice", self.alice, named=False).put())
        self.assertEqual(
            [told(peer) for peer in self.everybody], [["You are muted for 5 minutes, by olga: spam"]] * 2 + [[], []]
        )

    def test_by_nickname(self) -> None:
        """Whoever has a muted nickname is told; when nobody has it, nobody is."""
        self.learn(self.sanction(Mute, "carol", None, room="dev").put())
        self.learn(self.sanction(Mute, "nobody", None).put())
        told_now = [told(peer) for peer in self.everybody]
        self.assertEqual(told_now, [[], [], [], ["You are muted in dev for 5 minutes, by olga: spam"]])

    def test_undone(self) -> None:
        """Whoever can speak again is told by whom, and of one that ended by itself, that it has."""
        for by, words in (
            ("olga", "You can speak again in dev; olga unmuted you."),
            ("", "You can speak again in dev."),
        ):
            mute = self.sanction(Mute, "bob", self.bob, room="dev")
            establish(self.hall, mute)
            self.learn(mute.undone(), by)
            self.assertEqual([told(peer) for peer in self.everybody], [[], [], [words], []])

    def test_undone_twice(self) -> None:
        """Nobody is told of the end of what was not true."""
        self.learn(self.sanction(Mute, "bob", self.bob).undone())
        self.assertEqual([peer.take() for peer in self.everybody], [[]] * 4)


class GrantTests(ConsequencesCase):
    def granted(self, form: type[RoomOperator] | type[Invitation], peer: Peer) -> RoomOperator | Invitation:
        """What somebody is in dev."""
        return form("dev", author_of(peer), peer.connection.person.nick, "olga", NOON)

    def test_operator(self) -> None:
        """Whoever keeps order in a room, and then no longer, is told on each connection."""
        granted = self.granted(RoomOperator, self.alice)
        self.learn(granted.put())
        words = "olga made you an operator of dev; /help lists what you can do there."
        self.assertEqual([told(peer) for peer in self.everybody], [[words]] * 2 + [[], []])
        self.learn(granted.undone(), "omar")
        words = "omar decided that you are no longer an operator of dev."
        self.assertEqual([told(peer) for peer in self.everybody], [[words]] * 2 + [[], []])
        self.learn(granted.undone(), "omar")
        self.assertEqual([told(peer) for peer in self.everybody], [[]] * 4)

    def test_invitation(self) -> None:
        """Whoever is invited is told; that the invitation is taken back, they are not."""
        invited = self.granted(Invitation, self.bob)
        self.learn(invited.put())
        self.assertEqual([told(peer) for peer in self.everybody], [[], [], ["olga invites you to dev: /join dev"], []])
        self.learn(invited.undone())
        self.assertEqual([told(peer) for peer in self.everybody], [[]] * 4)
        self.assertEqual(self.hall.moderation.invited, {})

    def test_somebody_who_is_not_here(self) -> None:
        """Of what concerns somebody who is not here nobody is told."""
        for form in (RoomOperator, Invitation):
            self.learn(form("dev", AuthorId(12345), "dora", "olga", NOON).put())
        self.assertEqual([told(peer) for peer in self.everybody], [[]] * 4)


class QuietTests(ConsequencesCase):
    def test_nobody_is_told(self) -> None:
        """Of most kinds nobody is told: the post they come with says it."""
        author = author_of(self.alice)
        facts: tuple[TypedFact, ...] = (
            RankGiven(author, Rank.OPERATOR, "olga", NOON), RegistrationCode("digest", "olga", NOON + 60),
            KeptPreferences(author, "json", {"echo": "on"}), Lock("dev", "olga", NOON), Slow("dev", 5.0, "olga", NOON),
            Motd("Hi.", "olga", NOON), RoomSettings("dev", {"topic": "operators"}, "olga", NOON),
        )  # fmt: skip
        for one in facts:
            self.learn(one.put())
        state = self.hall.moderation
        self.assertIs(self.alice.actor.rank, Rank.OPERATOR)
        self.assertEqual((set(state.locked), set(state.slow), self.hall.motd), ({"dev"}, {"dev"}, "Hi."))
        for one in facts:
            self.learn(one.undone())
        self.assertIs(self.alice.actor.rank, Rank.MEMBER)
        self.assertEqual((state.locked, state.slow, self.hall.accounts.codes), ({}, {}, {}))
        self.assertEqual([peer.take() for peer in self.everybody], [[]] * 4)

    def test_read(self) -> None:
        """How far an account has read is known from when it is on disk."""
        self.learn(ReadUpTo(author_of(self.alice), "ops", 7, NOON))
        found = self.hall.positions.find(author_of(self.alice), "ops")
        self.assertEqual(found and found.upto, 7)


class IgnoringTests(ConsequencesCase):
    def test_ignoring(self) -> None:
        """Nothing more is shown of somebody who is ignored, on any connection, until that ends."""
        ignoring = Ignoring(author_of(self.alice), author_of(self.bob), "bob")
        self.learn(ignoring.put())
        self.bob.say("unheard")
        self.carol.say("heard")
        self.assertEqual([peer.texts for peer in (self.alice, self.second)], [["heard"]] * 2)
        self.learn(ignoring.undone())
        self.bob.say("heard again")
        self.assertEqual([peer.texts[-1] for peer in (self.alice, self.second)], ["heard again"] * 2)
        self.assertEqual(self.hall.accounts.ignoring(author_of(self.alice)), [])
        self.assertEqual(self.hall.fanout._ignorers, {})

    def test_twice(self) -> None:
        """Who is ignored twice is ignored until that is undone once."""
        ignoring = Ignoring(author_of(self.alice), author_of(self.bob), "bob")
        for change in (ignoring.put(), ignoring.put(), ignoring.undone(), ignoring.undone()):
            self.learn(change)
        self.bob.say("heard")
        self.assertEqual(self.alice.texts, ["heard"])


class AccountTests(ConsequencesCase):
    def account(self, nick: str, author: AuthorId) -> Account:
        """An account with this nickname."""
        return Account(nick, nick.lower(), author, "hash", NOON)

    def test_of_somebody_here(self) -> None:
        """Who is here when their account is made has it from then on, and a changed one from when it is changed."""
        made = self.account("bob", author_of(self.bob))
        self.learn(made.put())
        self.assertEqual(self.bob.connection.person.account, made)
        self.assertEqual([peer.take() for peer in self.everybody], [[]] * 4)
        changed = replace(made, hash="new")
        self.learn(changed.put())
        self.assertEqual(self.bob.connection.person.account, changed)

    def test_guest_with_its_nickname(self) -> None:
        """A guest who holds the nickname of a new account is told why, and put out."""
        self.learn(self.account("bob", AuthorId(77)).put())
        self.assertEqual(self.closed(), [[], [], ["password-needed"], []])
        self.assertIn("bob belongs to an account now.", str(self.bob.answers[-1]))
        self.assertIsNone(self.hall.roster.find("bob"))

    def test_owner_who_was_renamed(self) -> None:
        """An owner who took another nickname meanwhile is called by the account's again, and others see it."""
        author = author_of(self.bob)
        self.bob.do("nick", nick="rob")
        self.forget()
        self.learn(self.account("Bob", author).put())
        self.assertEqual((self.bob.connection.person.nick, self.bob.screen.codes), ("Bob", []))
        renamed = [event for event in self.carol.events if isinstance(event, Renamed)]
        self.assertEqual([(event.nick, event.new) for event in renamed], [("rob", "Bob")])

    def test_owner_who_was_renamed_and_guest(self) -> None:
        """When a guest took the nickname of an owner who was renamed, the guest goes, and the owner has it again."""
        author = author_of(self.bob)
        self.bob.do("nick", nick="rob")
        self.carol.do("nick", nick="bob")
        self.learn(self.account("bob", author).put())
        self.assertEqual(self.closed(), [[], [], [], ["password-needed"]])
        self.assertIs(self.hall.roster.find("bob"), self.bob.connection.person)

    def test_removed(self) -> None:
        """An owner is a guest when the account is removed, whose tokens are not written any more."""
        person, author = self.alice.connection.person, author_of(self.alice)
        known = person.account
        assert known is not None
        self.learn(ReadUpTo(author, "ops", 7, NOON))
        self.learn(known.undone())
        self.assertIsNone(person.account)
        self.assertEqual([peer.connection.digest for peer in (self.alice, self.second)], ["", ""])
        self.assertIsNone(self.hall.positions.find(author, "ops"))
        self.assertEqual(self.closed(), [[]] * 4)
        self.assertEqual([told(peer) for peer in self.everybody], [[]] * 4)
        self.learn(known.undone())

    def test_removed_on_disk(self) -> None:
        """After a removal none of the account's tokens lets anybody in, whoever was here, also after they leave."""
        tokens = self.tokens()
        known = self.alice.connection.person.account
        assert known is not None
        self.successResultOf(self.hall.registration.change(known, None).result())
        for peer in (self.alice, self.second):
            peer.do("join", room="ops")
            peer.vanish()
        for token in tokens:
            self.assertIsNone(self.successResultOf(self.house.journal.recall(digest_of(token))))
            again = self.house.connect("json").offer("alice", token=token)
            self.assertEqual(again.codes, ["token-invalid"])

    def tokens(self) -> list[str]:
        """Let alice come twice anew, and return her tokens."""
        for peer in (self.alice, self.second):
            peer.vanish()
        self.alice, self.second = (self.house.connect("json").offer("alice", password=PASSWORD) for _ in range(2))
        return [self.alice.token, self.second.token]


class OtherTests(ConsequencesCase):
    def test_revoke(self) -> None:
        """No token is written any more of an author's connections, but the one that is kept."""
        kept = self.second.connection.digest
        self.assertNotEqual(self.alice.connection.digest, "")
        others = self.bob.connection.digest
        self.learn(Revoke(author_of(self.alice), kept))
        self.assertEqual([peer.connection.digest for peer in self.everybody[:3]], ["", kept, others])

    def test_revoke_what_waits(self) -> None:
        """What is on its way to be written of such a token is not written."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        bot = house.connect("json").offer("bot")
        while journal.pending:
            journal.commit()
        token = digest_of(bot.token)
        bot.say("in flight")
        house.hall.persistence.remember(bot.connection)
        house.hall.consequences.learn(Revoke(author_of(bot)))
        journal.commit()
        self.assertEqual([one for batch in journal.pending for one in batch if getattr(one, "digest", "") == token], [])

    def test_put_out(self) -> None:
        """Who is put out of the hall is told why and cut off; they may come back at once."""
        self.learn(PutOut(author_of(self.alice), "", "kicked", "Out, by olga.", "spam"))
        self.assertEqual(self.closed(), [["kicked"], ["kicked"], [], []])
        self.assertIn("Out, by olga.", str(self.alice.answers[-1]))
        self.assertEqual(self.house.connect("json").offer("alice", password=PASSWORD).codes, [])

    def test_put_out_of_a_room(self) -> None:
        """Who is put out of a room is told why, stays in others, and the room is told the reason."""
        self.hall.persistence.remember(self.bob.connection)
        self.learn(PutOut(author_of(self.bob), "dev", "kicked", "Out of dev, by olga.", "spam"))
        self.assertEqual((self.bob.codes, self.closed()), (["kicked"], [[]] * 4))
        self.assertEqual(self.bob.connection.rooms, ("lobby",))
        (departed,) = [event for event in self.bob.answers if isinstance(event, Departed)]
        self.assertEqual((departed.room, departed.code, departed.reason), ("dev", "kicked", "spam"))
        self.assertEqual([event.room for event in self.carol.events if isinstance(event, Left)], ["dev"])
        stored = self.successResultOf(self.house.journal.recall(self.bob.connection.digest))
        self.assertEqual(stored and stored.rooms, ("lobby",), "they do not come back into it by their token")

    def test_put_out_somebody_who_is_gone(self) -> None:
        """Who is not here, or not in the room, is not put out."""
        self.bob.do("leave", room="dev")
        self.forget()
        self.learn(PutOut(author_of(self.bob), "dev", "kicked", "Out."))
        self.learn(PutOut(AuthorId(12345), "", "kicked", "Out."))
        self.assertEqual([peer.take() for peer in self.everybody], [[]] * 4)

    def test_announce(self) -> None:
        """An announcement reaches everybody once."""
        self.learn(Announce("Soon."))
        self.assertEqual([peer.take() for peer in self.everybody], [[Announced("Soon.", NOON)]] * 4)


class OrderTests(SynchronousTestCase):
    def test_after_what_led_to_it(self) -> None:
        """Who is put out has read what came before, and takes effect only when it is on disk."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        boss = member(house, "boss", "json", Rank.OPERATOR)
        (bob,) = house.come("bob", door="json")
        while journal.pending:
            journal.commit()
        for peer in (boss, bob):
            peer.take()
        boss.say("in flight")
        boss.say("last words")
        boss.do("kick", nick="bob")
        journal.commit()
        self.assertEqual(bob.screen.codes, [])
        journal.commit()
        self.assertEqual(bob.screen.codes, ["kicked"])
        self.assertEqual([type(event).__name__ for event in bob.take()][1:], ["Said", "Moderated", "Refused"])


class StartTests(SynchronousTestCase):
    def test_nobody_is_told(self) -> None:
        """What is learned at the start is true, and nobody is told, put out or renamed."""
        alice = Account("alice", "alice", AuthorId(1), "hash", 0.0)
        sanctions = [form("bob", "bob", AuthorId(2), True, "", "olga", "", NOON, None) for form in (Ban, Mute)]
        network = NetworkBan("192.0.2.0/24", "192.0.2.0/24", None, False, "", "olga", "", NOON, None)
        granted = [form("dev", AuthorId(1), "alice", "olga", NOON) for form in (Invitation, RoomOperator)]
        facts: tuple[TypedFact, ...] = (
            alice, RankGiven(AuthorId(1), Rank.OPERATOR, "olga", NOON), *sanctions, network, *granted,
            Ignoring(AuthorId(1), AuthorId(2), "bob"), KeptPreferences(AuthorId(1), "text", {}),
            KnownAddress(AuthorId(1), "digest", NOON), AccountRooms(AuthorId(1), Places(("dev",), "dev")),
            AccessToken(AuthorId(1), "ci", "digest", NOON), Hook(AuthorId(1), "ci", "dev", "digest", NOON),
            RegistrationCode("digest", "olga", NOON + 60), Lock("dev", "olga", NOON), Slow("dev", 5.0, "olga", NOON),
            Motd("Hi.", "olga", NOON), RoomSettings("dev", {"topic": "operators"}, "olga", NOON),
            NetworkMute("192.0.2.0/24", "192.0.2.0/24", None, False, "", "olga", "", NOON, None),
            Closed("attic", "olga", "", NOON),
        )  # fmt: skip
        self.assertEqual({one.KIND for one in facts} | {"position"}, set(KINDS), "a kind is missing here")
        journal = HeldJournal(MemoryJournal())
        journal.within.append([Amendment(SERVER, NOON, tuple(one.put() for one in facts))])
        hall = House(journal).hall
        self.assertEqual((journal.pending, hall.commits.queued), ([], 0))
        self.assertEqual((len(hall.accounts), len(hall.moderation.bans), len(hall.moderation.networks)), (1, 1, 1))
        self.assertEqual((len(hall.roster), hall.accounts.places(AuthorId(1))), (0, Places(("dev",), "dev")))
