"""How accounts are made, changed and removed: on disk first, and of two who want the same one gets it."""

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import Account, KeptPreferences, RankGiven, RegistrationCode, digest_of
from groupchat.facts.room_facts import Invitation, RoomOperator
from groupchat.hall.registration import revoked
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Revoke
from groupchat.model.errors import AccountExists, CodeInvalid, JournalUnavailable, Outdated
from groupchat.model.events import AuthorId, Done, Refused
from groupchat.model.preferences import Preferences
from groupchat.model.ranks import Rank
from tests.fakes import HeldJournal
from tests.house import House, Peer
from tests.people import account, establish

BOB, CAROL = AuthorId(99), AuthorId(5)


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

    def code(self) -> RegistrationCode:
        """A registration code: "code"."""
        made = RegistrationCode(digest_of("code"), "olga", self.house.now() + 60)
        establish(self.hall, made)
        self.commit()
        return made

    def stored(self, kind: str) -> list[str]:
        """The names of the facts of a kind that are on disk."""
        return [fact.name for fact in self.successResultOf(self.journal.facts(kind))]


class CreateTests(RegistrationCase):
    def test_on_disk_first(self) -> None:
        """An account exists from when it is on disk."""
        receipt = self.registration.create("Bob", "bob", BOB, "hash")
        self.assertTrue(receipt.changes)
        self.assertIsNone(self.accounts.find("bob"))
        self.commit()
        self.assertEqual(self.accounts.find("bob"), Account("Bob", "bob", BOB, "hash", self.house.now()))
        self.successResultOf(receipt.result())

    def test_one_of_two(self) -> None:
        """Of two who want the same nickname at the same time one gets it, in one batch or in two."""
        for together in (True, False):
            nick = f"bob{together}"
            if together:
                self.registration.create("first", "first", AuthorId(1000), "hash")
            receipts = []
            for number in (1, 2):
                author = AuthorId(2 * number + together + 200)
                receipts.append(self.registration.create(nick, nick.lower(), author, "hash"))
            self.commit()
            self.successResultOf(receipts[0].result())
            self.failureResultOf(receipts[1].result(), AccountExists)
            made = self.accounts.find(nick)
            assert made is not None
            self.assertEqual(made.author, 202 + together)

    def test_one_for_each_author(self) -> None:
        """An author makes one account, also when both are on their way at the same time."""
        receipts = [self.registration.create(nick, nick, BOB, "hash") for nick in ("bob", "rob")]
        self.commit()
        self.successResultOf(receipts[0].result())
        self.failureResultOf(receipts[1].result(), AccountExists)
        self.assertIsNone(self.accounts.find("rob"))

    def test_refused(self) -> None:
        """An account that cannot be written does not exist, and its code can be used again."""
        receipt = self.registration.create("bob", "bob", BOB, "hash", self.code())
        self.lose()
        self.failureResultOf(receipt.result(), JournalUnavailable)
        self.assertEqual((self.accounts.find("bob"), self.accounts.is_taken("bob")), (None, False))
        self.assertIsNotNone(self.accounts.code("code", self.house.now()))

    def test_of_somebody_here(self) -> None:
        """The guest who registers is the account's owner from when it is on disk, and is answered then."""
        bob = self.come("bob")
        connection = bob.connection
        self.registration.create(
            "bob", "bob", connection.person.author, "hash", None, connection, "r", Done(text="It is yours.")
        )
        self.assertEqual((connection.person.account, bob.take()), (None, []))
        self.commit()
        self.assertIsNotNone(connection.person.account)
        self.assertEqual(connection.person.account, self.accounts.find("bob"))
        self.assertEqual(bob.screen.shown, [(Done(text="It is yours."), "r")])

    def test_refused_to_somebody_here(self) -> None:
        """The guest is told that it could not be written."""
        bob = self.come("bob")
        self.registration.create("bob", "bob", bob.connection.person.author, "hash", None, bob.connection, "r", Done())
        self.lose()
        refused = [(event.code, ref) for event, ref in bob.screen.shown if isinstance(event, Refused)]
        self.assertEqual((refused, bob.connection.person.account), ([("journal-unavailable", "r")], None))

    def test_too_late_to_somebody_here(self) -> None:
        """Who was a moment too late is told so, in words about what they wanted."""
        bob = self.come("bob")
        self.registration.create("first", "first", CAROL, "hash")  # the others go in one batch
        self.registration.create("bob", "bob", BOB, "hash")
        self.registration.create("bob", "bob", bob.connection.person.author, "hash", None, bob.connection, "r", Done())
        self.commit()
        refused = [(event.code, ref) for event, ref in bob.screen.shown if isinstance(event, Refused)]
        self.assertEqual(refused[0], ("account-exists", "r"))

    def test_code(self) -> None:
        """A code is used up by one registration, in the same transaction; two at a time are one too many."""
        code = self.code()
        first = self.registration.create("bob", "bob", BOB, "hash", code)
        second = self.registration.create("carol", "carol", CAROL, "hash", code)
        self.commit()
        self.successResultOf(first.result())
        self.failureResultOf(second.result(), CodeInvalid)
        self.assertIsNone(self.accounts.find("carol"))
        self.assertEqual((self.accounts.codes, self.stored("invitecode")), ({}, []))
        self.assertEqual(self.stored("account"), ["alice", "bob"])

    def test_code_of_a_refused_account(self) -> None:
        """Who is too late for the nickname has not used up their code."""
        self.registration.create("bob", "bob", BOB, "hash")
        late = self.registration.create("bob", "bob", CAROL, "hash", self.code())
        self.commit()
        self.failureResultOf(late.result(), AccountExists)
        self.assertEqual(len(self.stored("invitecode")), 1)

    def test_while_nothing_can_be_stored(self) -> None:
        """While the journal takes nothing, an account is refused at once."""
        self.registration.create("bob", "bob", BOB, "hash")
        self.house.pass_time(12)
        self.assertRaises(JournalUnavailable, self.registration.create, "carol", "carol", CAROL, "hash")


class ChangeTests(RegistrationCase):
    def test_on_disk_first(self) -> None:
        """A change is true when it is on disk."""
        receipt = self.registration.change(self.alice, replace(self.alice, hash="new"))
        self.assertEqual(self.accounts.find("alice"), self.alice)
        self.commit()
        self.assertEqual(getattr(self.accounts.find("alice"), "hash", None), "new")
        self.assertTrue(receipt.changes)
        self.successResultOf(receipt.result())

    def test_outdated(self) -> None:
        """Of two changes that are made from the same account one is made: none is lost unnoticed."""
        first = self.registration.change(self.alice, replace(self.alice, hash="new"))
        second = self.registration.change(self.alice, replace(self.alice, hash="newer"))
        self.commit()
        self.successResultOf(first.result())
        self.failureResultOf(second.result(), Outdated)
        self.assertEqual(getattr(self.accounts.find("alice"), "hash", None), "new")

    def test_refused(self) -> None:
        """After a change that could not be written the account is as it was, and can be changed."""
        self.registration.change(self.alice, replace(self.alice, hash="new"))
        self.lose()
        self.assertEqual(self.accounts.find("alice"), self.alice)
        self.registration.change(self.alice, replace(self.alice, hash="newer"))
        self.commit()
        self.assertEqual(getattr(self.accounts.find("alice"), "hash", None), "newer")

    def test_of_an_account_that_is_gone(self) -> None:
        """An account that is gone, or another person's by now, is not changed."""
        gone = self.registration.change(self.alice, None)
        late = self.registration.change(self.alice, replace(self.alice, hash="new"))
        self.registration.create("alice", "alice", BOB, self.alice.hash)
        later = self.registration.change(self.alice, replace(self.alice, hash="new"))
        self.commit()
        self.successResultOf(gone.result())
        for receipt in (late, later):
            self.failureResultOf(receipt.result(), Outdated)
        self.assertEqual(getattr(self.accounts.find("alice"), "author", None), BOB)

    def test_answered(self) -> None:
        """The connection that asked is answered when it is on disk."""
        bob = self.come("bob")
        changed = replace(self.alice, hash="new")
        self.registration.change(self.alice, changed, origin=bob.connection, ref="r", answer=Done(text="Done."))
        self.assertEqual(bob.take(), [])
        self.commit()
        self.assertEqual(bob.screen.shown, [(Done(text="Done."), "r")])


class RemoveTests(RegistrationCase):
    def test_everything_goes(self) -> None:
        """With an account go its rank, what it has read, prefers and ignores, and what it is in rooms."""
        author = self.alice.author
        granted = (form("dev", author, "alice", "olga", 0.0) for form in (RoomOperator, Invitation))
        establish(
            self.hall, RankGiven(author, Rank.OPERATOR, "server", 0.0), KeptPreferences(author, "text", {}), *granted
        )
        self.commit()
        self.registration.change(self.alice, None)
        self.assertEqual(self.accounts.find("alice"), self.alice)
        self.commit()
        self.assertIsNone(self.accounts.find("alice"))
        kinds = ("account", "rank", "preferences", "room-operator", "invitation")
        self.assertEqual([self.stored(kind) for kind in kinds], [[]] * 5)
        state = self.hall.moderation
        self.assertEqual((state.operators, state.invited, state.ranks), ({}, {}, {}))

    def test_twice(self) -> None:
        """An account is removed once."""
        receipts = [self.registration.change(self.alice, None) for _ in range(2)]
        self.commit()
        self.successResultOf(receipts[0].result())
        self.failureResultOf(receipts[1].result(), Outdated)

    def test_of_somebody_here(self) -> None:
        """A person whose account is removed is a guest from then on, with the nickname they have."""
        bob = self.come("bob")
        made = account(self.hall, "bob")
        self.commit()
        self.assertEqual(bob.connection.person.account, made)
        self.registration.change(made, None)
        self.assertIsNotNone(bob.connection.person.account)
        self.commit()
        self.assertIsNone(bob.connection.person.account)
        self.assertIs(self.hall.roster.find("bob"), bob.connection.person)

    def test_refused(self) -> None:
        """An account that could not be removed stays."""
        self.registration.change(self.alice, None)
        self.lose()
        self.assertEqual(self.accounts.find("alice"), self.alice)


class KeepTests(RegistrationCase):
    def test_made_from_another(self) -> None:
        """Something of one's own is kept instead of what it was made from, and not of anything else."""
        author = self.alice.author
        first, second, third = (KeptPreferences(author, "text", {"echo": value}) for value in ("on", "off", "maybe"))
        receipts = [self.registration.amend(author, after.replacing(before)) for before, after in (
            (None, first), (first, second), (first, third), (None, third)
        )]  # fmt: skip
        self.commit()
        self.assertEqual([receipt.refusal is None for receipt in receipts], [True, True, False, False])
        self.assertEqual(self.accounts.preferences(author, "text"), second)


class RevokeTests(RegistrationCase):
    def test_revoked(self) -> None:
        """The change names the token that goes on to work."""
        self.assertEqual(revoked(self.alice), Revoke(self.alice.author, ""))

    def test_revoke(self) -> None:
        """No token of the account works any more but that of the connection that is kept."""
        peers = [self.house.connect("json").offer("alice", password="correct horse") for _ in range(2)]
        self.commit()
        tokens = [peer.token for peer in peers]
        changed = replace(self.alice, hash="new")
        self.registration.change(self.alice, changed, revoked(self.alice, peers[0].connection))
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
        self.registration.change(self.alice, replace(self.alice, hash="new"), revoked(self.alice))
        self.commit()
        self.assertIsNone(self.successResultOf(self.journal.recall(digest_of(token))))

    def test_not_when_outdated(self) -> None:
        """A change that is refused revokes nothing."""
        alice = self.house.connect("json").offer("alice", password="correct horse")
        self.commit()
        outdated = replace(self.alice, hash="old")
        self.registration.change(outdated, replace(self.alice, hash="new"), revoked(self.alice))
        self.commit()
        self.assertIsNotNone(self.successResultOf(self.journal.recall(digest_of(alice.token))))
        self.assertNotEqual(alice.connection.digest, "")


class PreferenceTests(RegistrationCase):
    """What an account prefers holds when its owner comes in."""

    def prefers(self, door: str = "text", **changed: str) -> None:
        """Let alice have changed this at such a door."""
        establish(self.hall, KeptPreferences(self.alice.author, door, changed))
        self.commit()

    def come_in(self) -> Preferences:
        """What alice is shown things by when she comes in at a keyboard."""
        alice = self.house.connect().type("alice", "correct horse")
        self.commit()
        return alice.screen.style.preferences

    def test_applied(self) -> None:
        """A screen shows things as the person asked for at such a door, and not at another one."""
        self.prefers(echo="on", time="off")
        self.prefers("json", joins="off")
        self.assertEqual(self.come_in(), Preferences(echo=True, time="off"))

    def test_that_exist_no_more(self) -> None:
        """A preference that was abolished, or a value that is not taken any more, is passed over."""
        self.prefers(bell="loud", time="sometimes", echo="on")
        self.assertEqual(self.come_in(), Preferences(echo=True))
