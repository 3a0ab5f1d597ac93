"""Wrong passwords: who waits, and for how long."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.limits.failures import REMEMBERED, Failures
from tests.house import House
from tests.people import account

HOME, AWAY = "192.0.2.1", "198.51.100.7"


class FailuresTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.failures = Failures(3, 60.0, 600.0)

    def test_three_a_minute(self) -> None:
        """Three are free; then one waits a minute, and twice as long after each further one, up to ten."""
        waits = []
        now = 0.0
        for _ in range(9):
            wait = self.failures.begin("alice", HOME, now)
            if wait:
                waits.append(wait)
                now += wait
                self.assertEqual(self.failures.begin("alice", HOME, now), 0.0)
        self.assertEqual(waits, [60, 120, 240, 480, 600, 600])

    def test_slow_guesses(self) -> None:
        """Failures more than a minute apart are no series."""
        for now in range(0, 6000, 60):
            self.assertEqual(self.failures.begin("alice", HOME, now), 0.0)

    def test_forgotten(self) -> None:
        """After twice the wait, counting begins again."""
        for _ in range(3):
            self.failures.begin("alice", HOME, 0.0)
        self.assertEqual([self.failures.begin("alice", HOME, 120.0) for _ in range(4)], [0, 0, 0, 60])

    def test_other_address(self) -> None:
        """An account that is guessed at stays open to an address that has not failed."""
        for _ in range(3):
            self.failures.begin("alice", HOME, 0.0)
        self.assertEqual(self.failures.begin("alice", AWAY, 0.0), 0.0)
        self.assertGreater(self.failures.begin("alice", AWAY, 0.0), 0.0)

    def test_other_account(self) -> None:
        """An address that has failed at one account waits for all."""
        for _ in range(3):
            self.failures.begin("alice", HOME, 0.0)
        self.assertEqual(self.failures.begin("bob", HOME, 0.0), 60.0)

    def test_forgiven(self) -> None:
        """A right password is taken back, from both; it makes nobody's earlier failures good."""
        for _ in range(2):
            self.failures.begin("alice", HOME, 0.0)
        for _ in range(99):
            self.assertEqual(self.failures.begin("alice", HOME, 0.0), 0.0)
            self.failures.forgive("alice", HOME)
        self.failures.begin("alice", HOME, 0.0)
        self.assertEqual(self.failures.begin("alice", HOME, 0.0), 60.0)

    def test_households(self) -> None:
        """IPv6 addresses count by their /64."""
        for number in range(3):
            self.failures.begin("alice", f"2001:db8::{number}", 0.0)
        self.assertGreater(self.failures.begin("bob", "2001:db8::ffff", 0.0), 0.0)
        self.assertEqual(self.failures.begin("bob", "2001:db8:0:1::1", 0.0), 0.0)

    def test_bounded(self) -> None:
        """However many are tried, memory has an end."""
        for number in range(REMEMBERED + 50):
            self.failures.begin(f"a{number}", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 0.0)
        self.assertEqual(len(self.failures), 2 * REMEMBERED)

    def test_longest_unused_first(self) -> None:
        """When there are too many, those not touched for longest are forgotten, and the others are not."""
        for _ in range(3):
            self.failures.begin("alice", HOME, 0.0)
            self.failures.begin("bob", AWAY, 0.0)
        for number in range(REMEMBERED - 1):
            if number == 5:
                self.assertGreater(self.failures.begin("alice", HOME, 0.0), 0.0)
            self.failures.begin(f"a{number}", f"10.0.{number >> 8}.{number & 255}", 0.0)
        self.assertGreater(self.failures.begin("alice", HOME, 0.0), 0.0)
        self.assertEqual(self.failures.begin("bob", AWAY, 0.0), 0.0)

    def test_forgiving_nobody(self) -> None:
        """To forgive what was never counted, or is forgotten, changes nothing."""
        self.failures.forgive("alice", HOME)
        self.failures.forgive("alice", "")
        self.assertEqual((len(self.failures), self.failures.begin("alice", HOME, 0.0)), (0, 0.0))

    @given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([HOME, AWAY, ""]), st.integers(0, 700))))
    def test_never_longer_than_said(self, tries: list[tuple[str, str, int]]) -> None:
        """Whatever happened, one waits ten minutes at most, and may try when the time is over."""
        failures = Failures(3, 60.0, 600.0)
        now = 0.0
        for name, address, pause in tries:
            wait = failures.begin(name, address, now)
            self.assertLessEqual(wait, 600.0)
            if wait:
                self.assertEqual(failures.begin(name, address, now + wait), 0.0)
                now += wait
            now += pause


class AttackTests(SynchronousTestCase):
    def test_thousand_guesses(self) -> None:
        """1,000 wrong passwords from 50 addresses: none gets in, few are even looked at, and the owner still does."""
        home = House()
        account(home.hall, "alice", password="the right one")
        codes = []
        for number in range(1000):
            peer = home.connect()
            peer.screen.address = f"203.0.113.{number % 50}"
            peer.type(f"/login {'alice' if number % 4 else 'nobody'} guess {number}")
            codes.extend(peer.codes)
            peer.vanish()
        self.assertEqual(len(codes), 1000)
        self.assertEqual(set(codes), {"password-wrong", "too-many-failures"})
        self.assertLessEqual(codes.count("password-wrong"), 50 * 3)
        owner = home.connect()
        owner.screen.address = AWAY
        owner.type("/login alice the right one")
        self.assertEqual(owner.codes, [])
        self.assertEqual(owner.connection.person.nick, "alice")

    def test_parallel_guesses(self) -> None:
        """Guesses that are all begun before the first is answered are counted all the same."""
        home = House()
        account(home.hall, "alice")
        home.passwords.held = True
        peers = [home.connect().type(f"/login alice {number}") for number in range(10)]
        self.assertEqual(sum(peer.codes == ["too-many-failures"] for peer in peers), 7)
