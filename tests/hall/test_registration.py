"""How accounts are made, changed and removed: on disk first, and nobody can come in between."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Fact
from groupchat.model.errors import AccountExists, CodeInvalid, JournalUnavailable, NoSuchAccount
from groupchat.model.events import AuthorId, Done, Refused
from groupchat.model.preferences import Preferences
from groupchat.model.ranks import Rank
from groupchat.state.accounts import Account, Invite, digest_of
from groupchat.state.moderation import ROOM_OPERATOR
from tests.fakes import HeldJournal
from tests.house import House, Peer
from tests.people import account

BOB = AuthorId(99)


class RegistrationCase(SynchronousTestCase):
    """Alice has an account; what is asked of the journal waits."""

    def setUp(self) -> None:
        self.journal = HeldJournal(MemoryJournal())
        self.house = House(self.journal)
        self.hall = self.house.hall
        self.registration, self.accounts = self.hall.registration, self.hall.accounts
        self.alice = account(self.hall, "alice")
        self.commit()

    def commit(self) -> None:
        """Let everything be written."""
        while self.journal.pending:
            self.journal.commit()

    def lose(self) -> None:
        """Let the oldest append fail."""
        self.journal.fail(JournalUnavailable("The disk is full."))

    def come(self, nick: str) -> Peer:
        """Let a guest come in, who forgets how."""
        (peer,) = self.house.come(nick, door="json")
        self.commit()
        peer.take()
        return peer

    def invite(self) -> Invite:
        """An invitation with the code "code"."""
        invite = Invite(digest_of("code"), "olga", self.house.now() + 60)
        self.hall.learn(invite.fact())
        return invite


class CreateTests(RegistrationCase):
    def test_on_disk_first(self) -> None:
        """An account exists from when it is on disk; until then nobody else can have the nickname."""
        receipt = self.registration.create("bob", BOB, "hash")
        self.assertIsNone(self.accounts.find("bob"))
        self.assertTrue(self.accounts.is_taken("bob"))
        self.assertTrue(self.accounts.is_coming(BOB))
        self.assertRaises(AccountExists, self.registration.create, "BOB", AuthorId(5), "hash")
        self.commit()
        made = self.accounts.find("bob")
        assert made is not None
        self.assertEqual((made.author, made.rank, made.since), (BOB, Rank.MEMBER, self.house.now()))
        self.assertEqual((self.accounts.pending, self.accounts.queued), (set(), {}))
        self.successResultOf(receipt.result())
        self.assertRaises(AccountExists, self.registration.create, "bob", BOB, "hash")

    def test_refused(self) -> None:
        """An account that cannot be written does not exist, and the nickname is free again."""
        receipt = self.registration.create("bob", BOB, "hash", self.invite())
        self.lose()
        self.failureResultOf(receipt.result(), JournalUnavailable)
        self.assertEqual((self.accounts.find("bob"), self.accounts.is_taken("bob")), (None, False))
        self.assertEqual((self.accounts.pending, self.accounts.queued), (set(), {}))
        self.assertIsNotNone(self.accounts.invite("code", self.house.now()))

    def test_of_somebody_here(self) -> None:
        """The guest who registers is the account's owner from when it is on disk, and is answered then."""
        bob = self.come("bob")
        connection = bob.connection
        self.registration.create(
            "bob", connection.person.author, "hash", None, connection, "r", Done(text="It is yours.")
        )
        self.assertEqual((connection.person.account, bob.take()), (None, []))
        self.commit()
        self.assertEqual(connection.person.account, self.accounts.find("bob"))
        self.assertEqual(bob.screen.shown, [(Done(text="It is yours."), "r")])

    def test_refused_to_somebody_here(self) -> None:
        """The guest is told that it could not be written."""
        bob = self.come("bob")
        self.registration.create("bob", bob.connection.person.author, "hash", None, bob.connection, "r", Done())
        self.lose()
        refused = [(event.code, ref) for event, ref in bob.screen.shown if isinstance(event, Refused)]
        self.assertEqual((refused, bob.connection.person.account), ([("journal-unavailable", "r")], None))

    def test_invitation(self) -> None:
        """An invitation is used up by one registration, in the same transaction; two at a time are one too many."""
        invite = self.invite()
        self.registration.create("bob", BOB, "hash", invite)
        self.assertRaises(CodeInvalid, self.registration.create, "carol", AuthorId(5), "hash", invite)
        self.assertFalse(self.accounts.is_taken("carol"))
        self.assertEqual(len(self.journal.pending), 1)
        self.commit()
        self.assertEqual(self.accounts.invites, {})
        self.assertEqual(self.successResultOf(self.journal.facts("invitecode")), [])
        self.assertRaises(CodeInvalid, self.registration.create, "carol", AuthorId(5), "hash", invite)

    def test_while_nothing_can_be_stored(self) -> None:
        """While the journal takes nothing, an account is refused at once and reserves nothing."""
        self.registration.create("bob", BOB, "hash")
        self.house.pass_time(12)
        self.assertRaises(JournalUnavailable, self.registration.create, "carol", AuthorId(5), "hash")
        self.assertFalse(self.accounts.is_taken("carol"))


class ChangeTests(RegistrationCase):
    def test_on_disk_first(self) -> None:
        """A change is true when it is on disk, for the person who is here too."""
        receipt = self.registration.change(self.alice, hash="new")
        known = self.accounts.find("alice")
        assert known is not None
        self.assertNotEqual(known.hash, "new")
        self.assertEqual(self.registration.newest(self.alice).hash, "new")
        self.commit()
        self.assertEqual(getattr(self.accounts.find("alice"), "hash", None), "new")
        self.assertEqual(self.accounts.queued, {})
        self.assertTrue(receipt.changes)

    def test_on_top_of_each_other(self) -> None:
        """Changes that are made while others are on their way build on these: none is lost."""
        self.registration.change(self.alice, hash="new")
        self.registration.change(self.alice, rank=Rank.OPERATOR)
        self.registration.change(self.alice, preferences={"text": {"echo": "on"}})
        self.commit()
        made = self.accounts.find("alice")
        assert made is not None
        self.assertEqual((made.hash, made.rank), ("new", Rank.OPERATOR))
        self.assertEqual(made.preferences, {"text": {"echo": "on"}})
        self.assertEqual(self.accounts.queued, {})

    def test_refused(self) -> None:
        """After a change that could not be written the account is as it was, also for changes made later."""
        self.registration.change(self.alice, hash="new")
        self.lose()
        self.assertEqual(self.registration.newest(self.alice), self.alice)
        self.registration.change(self.alice, rank=Rank.OPERATOR)
        self.commit()
        self.assertEqual(getattr(self.accounts.find("alice"), "hash", None), self.alice.hash)

    def test_of_an_account_that_is_gone(self) -> None:
        """An account that is gone or about to go, or another person's by now, is not changed."""
        self.registration.remove(self.alice)
        self.assertRaises(NoSuchAccount, self.registration.change, self.alice, hash="new")
        self.commit()
        self.assertRaises(NoSuchAccount, self.registration.change, self.alice, hash="new")
        self.registration.create("alice", BOB, "hash")
        self.commit()
        self.assertRaises(NoSuchAccount, self.registration.change, self.alice, hash="new")

    def test_answered(self) -> None:
        """The connection that asked is answered when it is on disk."""
        bob = self.come("bob")
        self.registration.change(self.alice, bob.connection, "r", Done(text="Done."), hash="new")
        self.assertEqual(bob.take(), [])
        self.commit()
        self.assertEqual(bob.screen.shown, [(Done(text="Done."), "r")])


class RemoveTests(RegistrationCase):
    def test_everything_goes(self) -> None:
        """With an account go what it has read and where it keeps order, in one transaction."""
        author = self.alice.author
        self.hall.learn(Fact(ROOM_OPERATOR, f"dev/{author}", {"nick": "alice"}))
        self.hall.positions.note(author, ["lobby"], 5, 0.0)
        self.registration.remove(self.alice)
        self.assertEqual(self.accounts.find("alice"), self.alice)
        ((_, facts),) = [(0, facts) for facts in self.journal._facts]
        self.assertEqual({fact.name for fact in facts}, {"alice", f"{author}/lobby", f"dev/{author}"})
        self.assertTrue(all(fact.value is None for fact in facts))
        self.commit()
        self.assertIsNone(self.accounts.find("alice"))
        self.assertEqual(self.hall.moderation.operators["dev"], {})
        self.assertIsNone(self.hall.positions.find(author, "lobby"))

    def test_twice(self) -> None:
        """An account is removed once."""
        self.registration.remove(self.alice)
        self.assertRaises(NoSuchAccount, self.registration.remove, self.alice)

    def test_of_somebody_here(self) -> None:
        """A person whose account is removed is a guest from then on, with the nickname they have."""
        bob = self.come("bob")
        made = account(self.hall, "bob")
        self.commit()
        self.assertIs(bob.connection.person.account, self.accounts.find("bob"))
        self.registration.remove(made)
        self.assertIsNotNone(bob.connection.person.account)
        self.commit()
        self.assertIsNone(bob.connection.person.account)
        self.assertIs(self.hall.roster.find("bob"), bob.connection.person)

    def test_refused(self) -> None:
        """An account that could not be removed stays, and can be changed."""
        self.registration.remove(self.alice)
        self.lose()
        self.assertEqual(self.registration.newest(self.alice), self.alice)


class ReserveTests(RegistrationCase):
    def test_until_settled(self) -> None:
        """What is reserved is nobody else's until it is settled, written or not."""
        for end in (self.commit, self.lose):
            receipt = self.registration.change(self.alice, hash="x")
            self.registration.reserve(receipt, "bob", "digest")
            self.assertEqual(self.accounts.pending, {"bob", "digest"})
            end()
            self.assertEqual(self.accounts.pending, set())


class RevokeTests(RegistrationCase):
    def test_revoke(self) -> None:
        """No token of the account works any more but that of the connection that is kept."""
        peers = [self.house.connect("json").offer("alice", password="correct horse") for _ in range(2)]
        self.commit()
        tokens = [peer.token for peer in peers]
        self.registration.revoke(self.alice, peers[0].connection)
        self.commit()
        found = [self.successResultOf(self.journal.recall(digest_of(token))) for token in tokens]
        self.assertEqual([session is not None for session in found], [True, False])
        self.assertEqual(peers[1].connection.digest, "")
        peers[1].vanish()
        self.commit()
        self.assertIsNone(self.successResultOf(self.journal.recall(digest_of(tokens[1]))))

    def test_nobody_here(self) -> None:
        """The tokens of an account whose owner is not here are revoked too."""
        alice = self.house.connect("json").offer("alice", password="correct horse")
        token = alice.token
        alice.vanish()
        self.commit()
        self.registration.revoke(self.alice)
        self.commit()
        self.assertIsNone(self.successResultOf(self.journal.recall(digest_of(token))))


class PreferenceTests(RegistrationCase):
    def test_applied(self) -> None:
        """A screen shows things as the person asked for at such a door, and not at another one."""
        known = Account(
            "alice",
            AuthorId(1),
            "hash",
            Rank.MEMBER,
            0.0,
            {"text": {"echo": "on", "time": "off"}, "json": {"joins": "off"}},
        )
        screen = self.house.connect().screen
        self.registration.apply_preferences(known, screen, "text")
        self.assertEqual(screen.style.preferences, Preferences(echo=True, time="off"))
        other = self.house.connect().screen
        self.registration.apply_preferences(known, other, "ssh")
        self.assertEqual(other.style.preferences, Preferences())

    def test_that_exist_no_more(self) -> None:
        """A preference that was abolished, or a value that is not taken any more, is passed over."""
        known = Account(
            "alice",
            AuthorId(1),
            "hash",
            Rank.MEMBER,
            0.0,
            {"text": {"bell": "loud", "time": "sometimes", "echo": "on"}},
        )
        screen = self.house.connect().screen
        self.registration.apply_preferences(known, screen, "text")
        self.assertEqual(screen.style.preferences, Preferences(echo=True))
