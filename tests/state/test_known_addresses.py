"""Known addresses: what is noted of a login, and how long it is known."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import KnownAddress
from groupchat.model.drafts import Fact
from groupchat.model.events import AuthorId
from groupchat.state.known_addresses import MOST, RENEWED_S, KnownAddresses

ALICE, BOB = AuthorId(7), AuthorId(8)


class KnownAddressesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.known = KnownAddresses()

    def note(self, address: str, now: float = 1e9, author: AuthorId = ALICE) -> int:
        """Note a login as the hall does, and return how many facts were written."""
        facts = self.written(author, address, now)
        for fact in facts:
            self.known.learn(fact)
        return len(facts)

    def written(self, author: AuthorId, address: str, now: float) -> list[Fact]:
        """Return the facts that are written when somebody has logged in."""
        return [change.fact for change in self.known.note(author, address, now)]

    def test_known(self) -> None:
        """An address is known to the account that was logged in to from it, IPv6 by its /64, when it is on disk."""
        facts = self.written(ALICE, "192.0.2.1", 1e9)
        self.assertFalse(self.known.knows(ALICE, "192.0.2.1"))
        self.known.learn(*facts)
        self.note("2001:db8::1")
        for address in ("192.0.2.1", "::ffff:192.0.2.1", "2001:db8::ffff"):
            self.assertTrue(self.known.knows(ALICE, address), address)
            self.assertFalse(self.known.knows(BOB, address), address)
        for address in ("192.0.2.2", "2001:db8:0:1::1", ""):
            self.assertFalse(self.known.knows(ALICE, address), address)

    def test_fact(self) -> None:
        """A fact has the author and no address; that of another account cannot be compared with it."""
        (fact,), (other,) = (self.written(author, "192.0.2.1", 5e9) for author in (ALICE, BOB))
        self.assertEqual((fact.kind, fact.value), (KnownAddress.KIND, {"at": 5e9}))
        self.assertTrue(fact.name.startswith("7/"))
        self.assertNotIn("192.0.2.1", fact.name)
        self.assertNotEqual(fact.name.partition("/")[2], other.name.partition("/")[2])

    def test_written_seldom(self) -> None:
        """An address that is used every day is written once a week; no address, of a UNIX socket, never."""
        days = [self.note("192.0.2.1", 1e9 + day * 86400.0) for day in range(15)]
        self.assertEqual([day for day, written in enumerate(days) if written], [0, 7, 14])
        self.assertEqual(self.note(""), 0)

    def test_bounded(self) -> None:
        """Of many addresses those are kept that were used last."""
        for number in range(MOST):
            self.note(f"192.0.2.{number}", 1e9 + number)
        self.note("192.0.2.0", 1e9 + 2 * RENEWED_S)
        self.assertEqual(self.note("198.51.100.1", 1e9 + 2 * RENEWED_S), 2)
        known = [number for number in range(MOST) if self.known.knows(ALICE, f"192.0.2.{number}")]
        self.assertEqual(known, [0, *range(2, MOST)])
        self.assertTrue(self.known.knows(ALICE, "198.51.100.1"))

    def test_forgotten(self) -> None:
        """With an account all its addresses are forgotten, and no other's."""
        for address in ("192.0.2.1", "192.0.2.2"):
            self.note(address)
            self.note(address, author=BOB)
        for _ in range(2):
            self.known.forget(ALICE)
            for address in ("192.0.2.1", "192.0.2.2"):
                self.assertFalse(self.known.knows(ALICE, address))
                self.assertTrue(self.known.knows(BOB, address))

    @given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 10**6)), max_size=60))
    def test_any_logins(self, logins: list[tuple[int, int]]) -> None:
        """Whatever addresses are used, at most so many are kept, and the newest is among them."""
        self.known = KnownAddresses()
        now = 1e9
        for number, pause in logins:
            now += pause
            self.note(f"192.0.2.{number}", now)
            self.assertTrue(self.known.knows(ALICE, f"192.0.2.{number}"))
            self.assertLessEqual(sum(self.known.knows(ALICE, f"192.0.2.{n}") for n in range(41)), MOST)
