"""Accounts and invitations, in memory and as facts."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.drafts import Fact
from groupchat.model.events import AuthorId
from groupchat.model.ranks import Rank
from groupchat.state.accounts import ACCOUNT, INVITE, Account, Accounts, Invite, digest_of


def account(nick: str = "Alice", author: int = 7, rank: Rank = Rank.MEMBER, hashed: str = "hash") -> Account:
    """An account with this nickname."""
    return Account(nick, AuthorId(author), hashed, rank, 100.0, {"text": {"echo": "on"}})


class AccountTests(SynchronousTestCase):
    def test_fact(self) -> None:
        """The fact has everything, under the nickname's key, and the rank as a word."""
        self.assertEqual(
            account(rank=Rank.OPERATOR).fact(),
            Fact(
                ACCOUNT,
                "alice",
                {
                    "nick": "Alice", "author": 7, "hash": "hash", "rank": "operator", "since": 100.0,
                    "preferences": {"text": {"echo": "on"}},
                },
            ),
        )  # fmt: skip

    def test_read(self) -> None:
        """What is read from the fact is what was written."""
        for rank in (Rank.MEMBER, Rank.OPERATOR):
            self.assertEqual(Account.read(account(rank=rank).fact()), account(rank=rank))

    def test_removal(self) -> None:
        """An account is removed under the same name as it was made."""
        self.assertEqual(account().removal(), Fact(ACCOUNT, account().fact().name, None))

    def test_operator(self) -> None:
        """A member is not an operator of the server."""
        self.assertEqual([account(rank=rank).is_operator for rank in (Rank.MEMBER, Rank.OPERATOR)], [False, True])

    def test_hash_is_not_shown(self) -> None:
        """An account that is printed, as in a traceback, does not show its hash."""
        self.assertNotIn("secret", repr(account(hashed="secret")))


class LearnTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.accounts = Accounts()

    def test_made(self) -> None:
        """An account that is learned is found by its nickname in any spelling, and by its author."""
        self.accounts.learn(account().fact())
        for nick in ("Alice", "ALICE", "alice"):
            self.assertEqual(self.accounts.find(nick), account())
        self.assertEqual(self.accounts.of(AuthorId(7)), account())
        self.assertIsNone(self.accounts.find("bob"))
        self.assertIsNone(self.accounts.of(AuthorId(8)))

    def test_changed(self) -> None:
        """A change replaces it, for both ways to find it."""
        self.accounts.learn(account().fact())
        self.accounts.learn(account(hashed="new").fact())
        for found in (self.accounts.find("alice"), self.accounts.of(AuthorId(7))):
            assert found is not None
            self.assertEqual(found.hash, "new")
        self.assertEqual(len(self.accounts), 1)

    def test_removed(self) -> None:
        """A removed account is found in neither way; its nickname is free; that it is removed twice does no harm."""
        self.accounts.learn(account().fact())
        for _ in range(2):
            self.accounts.learn(account().removal())
            self.assertEqual((self.accounts.find("alice"), self.accounts.of(AuthorId(7))), (None, None))
            self.assertFalse(self.accounts.is_taken("alice"))

    def test_made_anew_by_another(self) -> None:
        """A nickname whose account was removed can be somebody else's."""
        for fact in (account().fact(), account().removal(), account(author=8).fact()):
            self.accounts.learn(fact)
        self.assertEqual((self.accounts.of(AuthorId(7)), self.accounts.of(AuthorId(8))), (None, account(author=8)))

    def test_in_order(self) -> None:
        """Accounts are listed by nickname, whatever the case."""
        for number, nick in enumerate(("carol", "Bob", "alice")):
            self.accounts.learn(account(nick, number).fact())
        self.assertEqual([one.nick for one in self.accounts], ["alice", "Bob", "carol"])

    @given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc"), st.integers(1, 3))))
    def test_any_order(self, steps: list[tuple[bool, str, int]]) -> None:
        """Whatever accounts are made, changed and removed, each is found in both ways, and no other."""
        accounts, expected = Accounts(), dict[str, int]()
        for makes, nick, author in steps:
            if makes and expected.get(nick, author) == author and expected.get(nick) is None:
                if author in expected.values():
                    continue  # an author has one account
                accounts.learn(account(nick, author).fact())
                expected[nick] = author
            elif not makes:
                accounts.learn(account(nick, expected.pop(nick, author)).removal())
            self.assertEqual({one.nick: one.author for one in accounts}, expected)
            for number in (1, 2, 3):
                found = accounts.of(AuthorId(number))
                self.assertEqual(found is not None, number in expected.values())


class TakenTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.accounts = Accounts()

    def test_taken(self) -> None:
        """A nickname is taken when an account has it, and while one with it is being made or removed."""
        self.assertFalse(self.accounts.is_taken("alice"))
        self.accounts.pending.add("alice")
        self.assertTrue(self.accounts.is_taken("alice"))
        self.accounts.learn(account().fact())
        self.accounts.pending.discard("alice")
        self.assertTrue(self.accounts.is_taken("alice"))

    def test_is_coming(self) -> None:
        """An author's account is coming from when it was queued until it is there."""
        self.assertFalse(self.accounts.is_coming(AuthorId(7)))
        self.accounts.queued["alice"] = account()
        self.accounts.queued["bob"] = None
        self.assertEqual([self.accounts.is_coming(AuthorId(author)) for author in (7, 8)], [True, False])
        self.accounts.learn(account().fact())
        self.assertFalse(self.accounts.is_coming(AuthorId(7)))


class InviteTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.accounts = Accounts()
        self.invite = Invite(digest_of("code"), "olga", 500.0)
        self.accounts.learn(self.invite.fact())

    def test_fact(self) -> None:
        """The fact has the code's digest and never the code, and can be read again."""
        fact = self.invite.fact()
        self.assertEqual(fact, Fact(INVITE, digest_of("code"), {"by": "olga", "until": 500.0}))
        self.assertNotIn("code", fact.name)
        self.assertEqual(Invite.read(fact), self.invite)
        self.assertEqual(self.invite.removal(), Fact(INVITE, fact.name, None))

    def test_found_by_the_code(self) -> None:
        """An invitation is found by its code, until the very second it ends."""
        self.assertEqual(self.accounts.invite("code", 500.0), self.invite)
        self.assertIsNone(self.accounts.invite("code", 500.1))
        self.assertIsNone(self.accounts.invite("other", 0.0))

    def test_used(self) -> None:
        """A code is worth nothing while it is being used, and when it was."""
        self.accounts.pending.add(self.invite.digest)
        self.assertIsNone(self.accounts.invite("code", 0.0))
        self.accounts.pending.clear()
        self.accounts.learn(self.invite.removal())
        self.accounts.learn(self.invite.removal())
        self.assertIsNone(self.accounts.invite("code", 0.0))

    def test_ended(self) -> None:
        """Invitations that ended unused are removed; not those that hold, nor one that is being used just now."""
        late, used = Invite(digest_of("late"), "olga", 900.0), Invite(digest_of("used"), "olga", 1.0)
        for invite in (late, used):
            self.accounts.learn(invite.fact())
        self.accounts.pending.add(used.digest)
        self.assertEqual(self.accounts.ended(500.0), [])
        self.assertEqual(self.accounts.ended(500.1), [self.invite.removal()])

    def test_no_account(self) -> None:
        """An invitation is not an account."""
        self.assertEqual((len(self.accounts), list(self.accounts)), (0, []))


class DigestTests(SynchronousTestCase):
    def test_sha_256(self) -> None:
        """What is stored of a secret is its hex SHA-256 (FIPS 180-2, appendix B.1)."""
        self.assertEqual(digest_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")

    @given(st.text(), st.text())
    def test_whatever_is_sent(self, one: str, other: str) -> None:
        """Any text has a digest, even one that is no valid Unicode; different ones differ."""
        self.assertEqual(digest_of(one) == digest_of(other), one == other)
        self.assertEqual(len(digest_of(one + "\ud800")), 64)
