"""What follows from what is decided: who is told, put out and renamed, by the kind of the fact."""

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import (
    AccessToken,
    Account,
    AccountRooms,
    ErasedAuthor,
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
from groupchat.facts.sanctions import Ban, Mute, NetworkBan, NetworkMute
from groupchat.facts.typed import TypedFact
from groupchat.facts.whereabouts import Places
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Amendment, Announce, ReadUpTo, Revoke
from groupchat.model.events import SERVER, Announced, AuthorId, Renamed
from groupchat.model.ranks import Rank
from tests.fakes import HeldJournal
from tests.hall.cases import PASSWORD, ConsequencesCase, author_of, told
from tests.house import NOON, House
from tests.people import member


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
            Closed("attic", "olga", "", NOON), ErasedAuthor(AuthorId(9), "forgotten-9"),
        )  # fmt: skip
        self.assertEqual({one.KIND for one in facts} | {"position"}, set(KINDS), "a kind is missing here")
        journal = HeldJournal(MemoryJournal())
        journal.within.append([Amendment(SERVER, NOON, tuple(one.put() for one in facts))])
        hall = House(journal).hall
        self.assertEqual((journal.pending, hall.commits.queued), ([], 0))
        self.assertEqual((len(hall.accounts), len(hall.moderation.bans), len(hall.moderation.networks)), (1, 1, 1))
        self.assertEqual((len(hall.roster), hall.accounts.places(AuthorId(1))), (0, Places(("dev",), "dev")))
