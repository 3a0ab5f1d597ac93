"""Nicknames: claimed, changed and freed in one place, with one winner each."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.facts.account_facts import Account
from groupchat.interfaces.identity import IRoster
from groupchat.model import names
from groupchat.model.errors import NickTaken, PasswordNeeded
from groupchat.model.events import AuthorId
from groupchat.state.accounts import Accounts
from groupchat.state.people import Person
from groupchat.state.roster import LAST, Roster


class RosterTests(SynchronousTestCase):
    def test_interface(self) -> None:
        """The roster in memory is what the core asks of a roster."""
        self.assertTrue(verifyObject(IRoster, Roster(Accounts())))

    def test_one_holder(self) -> None:
        """A nickname has one holder; only who holds it can give it back."""
        roster = Roster(Accounts())
        alice, other = (Person("alice", "alice", AuthorId(number), 0) for number in (1, 2))
        roster.claim(alice)
        roster.claim(alice)
        self.assertRaises(NickTaken, roster.claim, other)
        roster.release(other)
        self.assertIs(roster.find("alice"), alice)
        roster.release(alice)
        roster.release(alice)
        self.assertIsNone(roster.find("alice"))
        roster.claim(other)
        self.assertEqual((len(roster), list(roster)), (1, [other]))

    @given(st.lists(st.tuples(st.sampled_from(["claim", "rename", "release"]), st.integers(0, 3), st.integers(0, 2))))
    def test_any_order(self, calls: list[tuple[str, int, int]]) -> None:
        """In whatever order people claim, rename and release, a nickname has at most one holder, who keeps it."""
        roster = Roster(Accounts())
        people = [Person(str(number), str(number), AuthorId(number), 0) for number in range(4)]
        holders = dict[str, Person]()
        for call, number, name in calls:
            person, key = people[number], str(name)
            is_here = holders.get(person.key) is person
            if call == "release":
                roster.release(person)
                if is_here:
                    del holders[person.key]
            elif call == "rename" and is_here:
                if holders.setdefault(key, person) is not person:
                    self.assertRaises(NickTaken, roster.rename, person, key, key)
                elif key != person.key:
                    del holders[person.key]
                    roster.rename(person, key, key)
            elif not is_here:
                person.nick = person.key = key
                if holders.setdefault(key, person) is person:
                    roster.claim(person)
                else:
                    self.assertRaises(NickTaken, roster.claim, person)
            for known in ("0", "1", "2"):
                self.assertIs(roster.find(known), holders.get(known))
                self.assertEqual(roster.is_free(known, known), known not in holders)
            self.assertEqual({person.author for person in roster}, {person.author for person in holders.values()})
            for person in people:
                here = holders.get(person.key) is person
                self.assertIs(roster.of(person.author), person if here else None)


class FreeTests(SynchronousTestCase):
    """One object is asked whether a nickname is free: alice and carol have accounts, dave is here."""

    def setUp(self) -> None:
        self.accounts = Accounts()
        self.roster = Roster(self.accounts)
        self.account = Account("Alice", "alice", AuthorId(7), "hash", 0.0)
        self.accounts.learn(self.account.fact)
        self.accounts.learn(Account("carol", "carol", AuthorId(8), "hash", 0.0).fact)
        self.dave = Person("Dave", "dave", AuthorId(1), 0.0)
        self.roster.claim(self.dave)

    def guest(self, nick: str) -> Person:
        """A guest who is not here yet."""
        return Person(nick, nick.lower(), AuthorId(2), 0.0)

    def test_is_free(self) -> None:
        """A nickname is free when nobody here holds it and no account has it."""
        self.assertEqual(
            [self.roster.is_free(key, key) for key in ("alice", "carol", "dave", "erin")], [False, False, False, True]
        )

    def test_had(self) -> None:
        """Who has a nickname is known, and the last guest who had it and is gone, of so many at most."""
        self.assertEqual(self.roster.had("dave"), (AuthorId(1),))
        self.roster.release(self.dave)
        self.roster.release(self.dave)
        again = Person("Dave", "dave", AuthorId(3), 0.0)
        self.roster.claim(again)
        self.assertEqual(self.roster.had("dave"), (AuthorId(3), AuthorId(1)))
        self.roster.release(again)
        self.assertEqual(self.roster.had("dave"), (AuthorId(3),))
        self.roster.forget("dave")
        self.assertEqual(self.roster.had("dave"), ())
        for number in range(LAST + 1):
            person = Person(f"n{number}", f"n{number}", AuthorId(100 + number), 0.0)
            self.roster.claim(person)
            self.roster.release(person)
        self.assertEqual((self.roster.had("n0"), self.roster.had("n1")), ((), (AuthorId(101),)))
        owner = Person("Alice", "alice", AuthorId(7), 0.0, self.account)
        self.roster.claim(owner)
        self.roster.release(owner)
        self.assertEqual(self.roster.had("alice"), (), "an account says who that is")

    def test_check_free(self) -> None:
        """The refusal names the person who is here, in their spelling, or tells how to log in."""
        self.roster.check_free("erin", "erin")
        with self.assertRaises(NickTaken) as taken:
            self.roster.check_free("DAVE", "dave")
        self.assertEqual(str(taken.exception), "Dave is already here; choose another nickname.")
        for nick in ("alice", "carol"):
            with self.assertRaises(PasswordNeeded) as needed:
                self.roster.check_free(nick, nick)
            self.assertIn(f"/login {nick} PASSWORD", str(needed.exception))

    def test_own(self) -> None:
        """A nickname that somebody holds is free for that person."""
        self.roster.check_free("DAVE", "dave", self.dave)

    def test_guest_claims_an_accounts(self) -> None:
        """A guest gets no account's nickname, and is not in the roster then."""
        for nick in ("alice", "carol"):
            self.assertRaises(PasswordNeeded, self.roster.claim, self.guest(nick))
        self.assertEqual((list(self.roster), self.roster.of(AuthorId(2))), ([self.dave], None))

    def test_owner_claims(self) -> None:
        """The owner of an account claims its nickname, and is found by it and by the author."""
        owner = Person("Alice", "alice", AuthorId(7), 0.0, self.account)
        self.roster.claim(owner)
        self.assertIs(self.roster.find("alice"), owner)
        self.assertIs(self.roster.of(AuthorId(7)), owner)
        self.assertRaises(NickTaken, self.roster.claim, Person("Alice", "alice", AuthorId(7), 0.0, self.account))

    def test_rename(self) -> None:
        """A new nickname frees the old one; the author stays."""
        self.roster.rename(self.dave, "David", "david")
        self.assertEqual((self.dave.nick, self.dave.key), ("David", "david"))
        self.assertTrue(self.roster.is_free("dave", "dave"))
        self.assertIs(self.roster.find("david"), self.dave)
        self.assertIs(self.roster.of(AuthorId(1)), self.dave)
        self.assertEqual(len(self.roster), 1)

    def test_rename_case(self) -> None:
        """A nickname can be spelt anew, also when an account has it by now."""
        self.accounts.learn(Account("dave", "dave", AuthorId(9), "hash", 0.0).fact)
        self.roster.rename(self.dave, "DAVE", "dave")
        self.assertEqual((self.dave.nick, list(self.roster)), ("DAVE", [self.dave]))

    def test_rename_refused(self) -> None:
        """After a refused new nickname everything is as before."""
        erin = self.guest("erin")
        self.roster.claim(erin)
        self.assertRaises(PasswordNeeded, self.roster.rename, self.dave, "alice", "alice")
        self.assertRaises(NickTaken, self.roster.rename, self.dave, "erin", "erin")
        self.assertEqual((self.dave.nick, self.dave.key, list(self.roster)), ("Dave", "dave", [self.dave, erin]))
        self.assertIsNone(self.roster.find("alice"))

    def test_release_of_another(self) -> None:
        """A person who holds nothing frees nothing, also with the nickname or the author of somebody who does."""
        self.roster.release(Person("dave", "dave", AuthorId(9), 0.0))
        self.roster.release(Person("x", "x", AuthorId(1), 0.0))
        self.assertIs(self.roster.find("dave"), self.dave)
        self.assertIs(self.roster.of(AuthorId(1)), self.dave)


class WantedTests(SynchronousTestCase):
    """A nickname that somebody asks the cluster for."""

    def setUp(self) -> None:
        self.roster = Roster(Accounts())
        self.alice, self.bob = (Person(nick, nick, AuthorId(n), 0.0) for n, nick in enumerate(("alice", "bob"), 1))
        for person in (self.alice, self.bob):
            self.roster.claim(person)

    def test_nobody_else(self) -> None:
        """Until it is known whether it is theirs, nobody else here takes it; afterwards they can."""
        known = self.roster.want(self.alice, "mira", "mira")
        self.assertRaises(NickTaken, self.roster.want, self.bob, "mira", "mira")
        self.assertRaises(NickTaken, self.roster.check_free, "Mira", "mira")
        self.roster.check_free("mira", "mira", self.alice)
        known()
        self.roster.rename(self.bob, "mira", "mira")
        self.assertIs(self.roster.find("mira"), self.bob)

    def test_theirs(self) -> None:
        """What the nodes know is not asked: whoever had it, or asked for it, has it no longer."""
        self.roster.want(self.bob, "mira", "mira")
        self.roster.rename(self.alice, "mira", "mira", is_theirs=True)
        self.assertIs(self.roster.find("mira"), self.alice)
        self.assertIsNone(self.roster.find("alice"))
        self.roster.rename(self.alice, "bob", "bob", is_theirs=True)
        self.roster.release(self.bob)
        self.assertEqual((self.roster.find("bob"), self.roster.of(self.bob.author)), (self.alice, None))


class LooksTests(SynchronousTestCase):
    """Olga has an account."""

    def setUp(self) -> None:
        self.accounts = Accounts()
        self.roster = Roster(self.accounts)
        self.olga = Account("Olga", "olga", AuthorId(7), "hash", 0.0)
        self.accounts.learn(self.olga.fact)

    def person(self, nick: str, account: Account | None = None) -> Person:
        return Person(nick, names.key(nick), AuthorId(1) if account is None else account.author, 0.0, account)

    def test_guests(self) -> None:
        """A guest gets no nickname that looks like an account's, by whichever way they ask for it."""
        anna = self.person("anna")
        self.roster.claim(anna)
        for nick in ("olga.", "OLGA_", "oIga", "o1ga", "0lga-"):
            self.assertRaises(NickTaken, self.roster.check_free, nick, names.key(nick))
            self.assertRaises(NickTaken, self.roster.claim, self.person(nick))
            self.assertRaises(NickTaken, self.roster.rename, anna, nick, names.key(nick))
            self.assertFalse(self.roster.is_free(nick, names.key(nick)), nick)
        for nick in ("olgas", "o.lga", "helga", "oig"):
            self.roster.check_free(nick, names.key(nick))
        with self.assertRaises(NickTaken) as taken:
            self.roster.check_free("oIga", "oiga")
        self.assertEqual(
            str(taken.exception), "oIga looks like Olga, which belongs to an account; choose another nickname."
        )

    def test_other_scripts(self) -> None:
        """Nor in another script, whether the account's owner is here or not; in its own letters it is the same name."""
        self.accounts.learn(Account("coco", "coco", AuthorId(8), "hash", 0.0).fact)
        self.accounts.learn(Account("Вера", names.key("Вера"), AuthorId(9), "hash", 0.0).fact)
        for nick in ("сосо", "СОСО", "coco", "Bepa", "вера", "ｃｏｃｏ"):
            self.assertRaises(PasswordNeeded, self.roster.check_free, nick, names.key(nick))
        for nick in ("сосо.", "СОСО_", "c0c0", "Вера-", "Bepa."):
            self.assertRaises(NickTaken, self.roster.check_free, nick, names.key(nick))
        for nick in ("верa2", "Верка", "какао"):
            self.roster.check_free(nick, names.key(nick))

    def test_capitals(self) -> None:
        """A guest cannot write their own nickname so that it looks like an account's: oiga as oIga."""
        guest = self.person("oiga")
        self.roster.claim(guest)
        self.assertRaises(NickTaken, self.roster.rename, guest, "oIga", "oiga")
        self.roster.rename(guest, "OIGA", "oiga")
        self.assertEqual(guest.nick, "OIGA")

    def test_accounts(self) -> None:
        """People with an account have its nickname, whatever it looks like."""
        alike = Account("oIga", "oiga", AuthorId(8), "hash", 0.0)
        self.accounts.learn(alike.fact)
        for account in (alike, self.olga):
            self.roster.claim(self.person(account.nick, account))
        self.assertEqual(len(self.roster), 2)

    def test_removed(self) -> None:
        """When an account is gone, or written otherwise, what looked like it is free."""
        self.accounts.learn(Account("OLGA", "olga", AuthorId(7), "hash", 0.0).fact)
        self.assertFalse(self.roster.is_free("olga_", "olga_"))
        self.accounts.learn(self.olga.undone().fact)
        self.assertTrue(self.roster.is_free("olga_", "olga_"))
        self.accounts.learn(self.olga.undone().fact)
        self.assertEqual(self.accounts._by_skeleton, {})

    def test_held(self) -> None:
        """Who only asks whether somebody here holds a nickname is not told about accounts."""
        self.roster.claim(self.person("anna"))
        self.assertRaises(NickTaken, self.roster.check_held, "anna")
        self.roster.check_held("olga.")
