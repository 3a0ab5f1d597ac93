"""Accounts and registration codes, in memory."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import Account, Ignoring, KeptPreferences, RegistrationCode, digest_of
from groupchat.model.drafts import Fact
from groupchat.model.events import AuthorId
from groupchat.state.accounts import Accounts

ALICE, BOB = AuthorId(7), AuthorId(8)


def account(nick: str = "Alice", author: int = 7, hashed: str = "hash") -> Account:
    """An account with this nickname."""
    return Account(nick, nick.lower(), AuthorId(author), hashed, 100.0)


def gone(account: Account) -> Fact:
    """The fact that there is no such account any more."""
    return account.undone().fact


class LearnTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.accounts = Accounts()

    def test_made(self) -> None:
        """An account that is learned is found by its nickname in any spelling, and by its author."""
        self.accounts.learn(account().fact)
        for nick in ("Alice", "ALICE", "alice"):
            self.assertEqual(self.accounts.find(nick), account())
        self.assertEqual(self.accounts.of(ALICE), account())
        self.assertTrue(self.accounts.is_taken("alice"))
        self.assertIsNone(self.accounts.find("bob"))
        self.assertIsNone(self.accounts.of(BOB))
        self.assertFalse(self.accounts.is_taken("bob"))

    def test_changed(self) -> None:
        """A change replaces it, for both ways to find it, and leaves what the account prefers and ignores."""
        self.accounts.learn(account().fact)
        kept, ignoring = KeptPreferences(ALICE, "text", {"echo": "on"}), Ignoring(ALICE, BOB, "bob")
        for fact in (kept.fact, ignoring.fact, account(hashed="new").fact):
            self.accounts.learn(fact)
        for found in (self.accounts.find("alice"), self.accounts.of(ALICE)):
            assert found is not None
            self.assertEqual(found.hash, "new")
        self.assertEqual(len(self.accounts), 1)
        self.assertEqual((self.accounts.preferences(ALICE, "text"), self.accounts.ignoring(ALICE)), (kept, [ignoring]))

    def test_removed(self) -> None:
        """A removed account is found in neither way; its nickname is free; that it is removed twice does no harm."""
        self.accounts.learn(account().fact)
        for _ in range(2):
            self.accounts.learn(gone(account()))
            self.assertEqual((self.accounts.find("alice"), self.accounts.of(ALICE)), (None, None))
            self.assertFalse(self.accounts.is_taken("alice"))

    def test_what_goes_with_it(self) -> None:
        """With an account goes what it preferred and whom it ignored; others keep theirs."""
        for one in (account(), account("bob", 8)):
            self.accounts.learn(one.fact)
            self.accounts.learn(KeptPreferences(one.author, "text", {"echo": "on"}).fact)
            self.accounts.learn(Ignoring(one.author, AuthorId(9), "carol").fact)
        self.accounts.learn(gone(account()))
        self.assertEqual((self.accounts.preferences(ALICE, "text"), self.accounts.ignoring(ALICE)), (None, []))
        self.assertIsNotNone(self.accounts.preferences(BOB, "text"))
        self.assertEqual(len(self.accounts.ignoring(BOB)), 1)

    def test_made_anew_by_another(self) -> None:
        """A nickname whose account was removed can be somebody else's."""
        for fact in (account().fact, gone(account()), account(author=8).fact):
            self.accounts.learn(fact)
        self.assertEqual((self.accounts.of(ALICE), self.accounts.of(BOB)), (None, account(author=8)))

    def test_in_order(self) -> None:
        """Accounts are listed by nickname, whatever the case."""
        for number, nick in enumerate(("carol", "Bob", "alice")):
            self.accounts.learn(account(nick, number).fact)
        self.assertEqual([one.nick for one in self.accounts], ["alice", "Bob", "carol"])

    @given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc"), st.integers(1, 3))))
    def test_any_order(self, steps: list[tuple[bool, str, int]]) -> None:
        """Whatever accounts are made, changed and removed, each is found in both ways, and no other."""
        accounts, expected = Accounts(), dict[str, int]()
        for makes, nick, author in steps:
            if makes and expected.get(nick, author) == author and expected.get(nick) is None:
                if author in expected.values():
                    continue  # an author has one account
                accounts.learn(account(nick, author).fact)
                expected[nick] = author
            elif not makes:
                accounts.learn(gone(account(nick, expected.pop(nick, author))))
            self.assertEqual({one.nick: one.author for one in accounts}, expected)
            for number in (1, 2, 3):
                found = accounts.of(AuthorId(number))
                self.assertEqual(found is not None, number in expected.values())


class KeptTests(SynchronousTestCase):
    """What an account prefers, and whom it ignores."""

    def setUp(self) -> None:
        self.accounts = Accounts()

    def test_preferences(self) -> None:
        """What is preferred is known for each account and kind of door, and the newest holds."""
        for changed in ({"echo": "on"}, {"time": "off"}):
            self.accounts.learn(KeptPreferences(ALICE, "text", changed).fact)
        self.assertEqual(self.accounts.preferences(ALICE, "text"), KeptPreferences(ALICE, "text", {"time": "off"}))
        self.assertIsNone(self.accounts.preferences(ALICE, "json"))
        self.assertIsNone(self.accounts.preferences(BOB, "text"))
        self.accounts.learn(KeptPreferences(ALICE, "text", {"time": "off"}).undone().fact)
        self.assertIsNone(self.accounts.preferences(ALICE, "text"))

    def test_ignoring(self) -> None:
        """Whom an account ignores is known until it ends, which may be learned twice."""
        bob, carol = Ignoring(ALICE, BOB, "bob"), Ignoring(ALICE, AuthorId(9), "carol")
        for one in (bob, carol):
            self.accounts.learn(one.fact)
        self.assertEqual((self.accounts.ignoring(ALICE), self.accounts.ignoring(BOB)), ([bob, carol], []))
        for _ in range(2):
            self.accounts.learn(bob.undone().fact)
            self.assertEqual(self.accounts.ignoring(ALICE), [carol])


class CodeTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.accounts = Accounts()
        self.code = RegistrationCode(digest_of("code"), "olga", 500.0)
        self.accounts.learn(self.code.fact)

    def test_found_by_the_code(self) -> None:
        """A registration code is found until the very second it ends."""
        self.assertEqual(self.accounts.code("code", 500.0), self.code)
        self.assertIsNone(self.accounts.code("code", 500.1))
        self.assertIsNone(self.accounts.code("other", 0.0))

    def test_used(self) -> None:
        """A code is worth nothing when it was used; that it was used may be learned twice."""
        for _ in range(2):
            self.accounts.learn(self.code.undone().fact)
            self.assertIsNone(self.accounts.code("code", 0.0))

    def test_ended(self) -> None:
        """Codes that ended unused are given out, to be removed; those that hold are not."""
        self.accounts.learn(RegistrationCode(digest_of("late"), "olga", 900.0).fact)
        self.assertEqual(self.accounts.ended(500.0), [])
        self.assertEqual(self.accounts.ended(500.1), [self.code])

    def test_no_account(self) -> None:
        """A registration code is not an account."""
        self.assertEqual((len(self.accounts), list(self.accounts)), (0, []))
