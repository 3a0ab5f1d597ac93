"""Wrong passwords: who waits, and for how long."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.limits.failures import REMEMBERED, WIDER, Failures
from tests.house import House
from tests.people import account

HOME, AWAY = "192.0.2.1", "198.51.100.7"


class FailuresTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.failures = Failures(3, 60.0, 600.0)

    def tried(self, account: str = "alice", address: str = HOME, now: float = 0.0, **more: bool) -> float:
        """Try a wrong password; return how long to wait before it is even looked at."""
        return self.failures.begin(account, address, now, **more).wait

    def test_three(self) -> None:
        """Three are free; then one waits a minute, and twice as long after each further one, up to ten."""
        waits = []
        now = 0.0
        for _ in range(9):
            wait = self.tried(now=now)
            if wait:
                waits.append(wait)
                now += wait
                self.assertEqual(self.tried(now=now), 0.0)
        self.assertEqual(waits, [60, 120, 240, 480, 600, 600])

    def test_for_ever(self) -> None:
        """Who tries for ever, however cleverly spread over time, has a few tries and then one in ten minutes."""
        for pause in (1, 20, 30, 60, 61, 120, 300):
            self.failures = Failures(3, 60.0, 600.0)
            tried = sum(self.tried(now=now) == 0.0 for now in range(0, 86400, pause))
            self.assertLessEqual(tried, 86400 / 600 + 6, pause)

    def test_slow(self) -> None:
        """Failures ten minutes apart are no series."""
        for now in range(0, 60000, 600):
            self.assertEqual(self.tried(now=now), 0.0)

    def test_forgotten(self) -> None:
        """Failures are forgotten one by one, ten minutes each, after the wait."""
        for _ in range(3):
            self.tried()
        self.assertEqual([self.tried(now=1260.0) for _ in range(3)], [0, 0, 60])
        self.assertEqual([self.tried(now=9999.0) for _ in range(4)], [0, 0, 0, 60])

    def test_other_address(self) -> None:
        """An account for which somebody fails at one address stays open to others."""
        for _ in range(3):
            self.tried()
        self.assertEqual([self.tried(address=AWAY) for _ in range(4)], [0, 0, 0, 60])

    def test_other_account(self) -> None:
        """An address that has failed at one account waits for all."""
        for _ in range(3):
            self.tried()
        self.assertEqual(self.tried("bob"), 60.0)

    def test_thousand_addresses(self) -> None:
        """An account has a limit over all addresses where its owner never was; the owner's own are still served."""
        looked_at = sum(self.tried(address=f"198.51.{n >> 8}.{n & 255}") == 0.0 for n in range(1000))
        self.assertEqual(looked_at, 3 * WIDER)
        self.assertEqual(self.tried(), 60.0)
        self.assertEqual([self.tried(known=True) for _ in range(4)], [0, 0, 0, 60])
        self.assertEqual(self.tried("bob", AWAY), 0.0)
        day = sum(self.tried(address=f"203.0.{n >> 8 & 255}.{n & 255}", now=n * 5.0) == 0.0 for n in range(86400 // 5))
        self.assertLessEqual(day, 86400 / 600 + WIDER)

    def test_networks(self) -> None:
        """IPv6 addresses count by their /64, and more widely by their /48."""
        for number in range(3):
            self.tried(address=f"2001:db8::{number}")
        self.assertEqual(self.tried("bob", "2001:db8::ffff"), 60.0)
        self.assertEqual(self.tried("bob", "2001:db8:0:1::1"), 0.0)
        looked_at = sum(self.tried(f"b{n}", f"2001:db8:0:{n:x}::1") == 0.0 for n in range(2, 1000))
        self.assertEqual(looked_at, 3 * WIDER - 4)
        self.assertEqual(self.tried("carol", "2001:db8:1::1"), 0.0)

    def test_exempt(self) -> None:
        """At an exempt address an account waits for which a password was wrong there, and nobody else."""
        for address in ("10.0.0.1", "2001:db8::1", ""):
            for _ in range(3):
                self.assertEqual(self.tried(address=address, exempt=True), 0.0)
            self.assertEqual(self.tried(address=address, exempt=True), 60.0)
            for number in range(1000):
                self.assertEqual(self.tried(f"b{number}", address, exempt=True), 0.0)
        self.assertEqual(self.tried(), 0.0)

    def test_no_account(self) -> None:
        """A password that is no account's is counted by address, and nobody can keep the others out with it."""
        looked_at = sum(self.tried("", f"198.51.{n >> 8}.{n & 255}") == 0.0 for n in range(1000))
        self.assertEqual(looked_at, 1000)
        self.assertEqual([self.tried("") for _ in range(4)], [0, 0, 0, 60])
        self.assertEqual([self.tried("", AWAY, exempt=True) for _ in range(9)], [0] * 9)

    def test_forgiven(self) -> None:
        """A right password is taken back, from all that it was counted for; it makes nobody's failures good."""
        for _ in range(2):
            self.tried()
        for _ in range(99):
            attempt = self.failures.begin("alice", HOME, 0.0)
            self.assertEqual(attempt.wait, 0.0)
            attempt.forgive()
            attempt.forgive()
        self.tried()
        self.assertEqual(self.tried(), 60.0)

    def test_forgiven_after_a_wait(self) -> None:
        """After a right password there is no wait, but the failures before it are not forgotten."""
        for _ in range(3):
            self.tried()
        for _ in range(3):
            self.failures.begin("alice", HOME, 60.0).forgive()
        self.assertEqual([self.tried(now=60.0), self.tried(now=60.0)], [0.0, 120.0])

    def test_forgiven_beside_a_failure(self) -> None:
        """A right password that is known only after a wrong one was tried beside it leaves that one counted."""
        self.tried()
        right = self.failures.begin("alice", HOME, 0.0)
        self.tried()
        right.forgive()
        right.forgive()
        self.assertEqual([self.tried(), self.tried()], [0.0, 60.0])

    def test_bounded(self) -> None:
        """However many are tried, memory has an end."""
        for number in range(REMEMBERED + 50):
            self.tried(f"a{number}", f"2001:{number >> 8:x}:{number & 255:x}::1")
            self.tried(f"a{number}", f"2001:{number >> 8:x}:{number & 255:x}::1", exempt=True)
        self.assertEqual(len(self.failures), 4 * REMEMBERED)

    def test_longest_unused_first(self) -> None:
        """When there are too many, those not touched for longest are forgotten, and the others are not."""
        for _ in range(3):
            self.tried("alice", HOME)
            self.tried("bob", AWAY)
        for number in range(REMEMBERED - 1):
            if number == 5:
                self.assertGreater(self.tried("alice", HOME), 0.0)
            self.tried(f"a{number}", f"10.0.{number >> 8}.{number & 255}")
        self.assertGreater(self.tried("alice", HOME), 0.0)
        self.assertEqual(self.tried("bob", AWAY), 0.0)

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["a", "b", ""]), st.sampled_from([HOME, AWAY, "2001:db8::1", ""]), st.integers(0, 700),
                st.booleans(), st.booleans(), st.booleans(),
            )
        )
    )  # fmt: skip
    def test_never_longer_than_said(self, tries: list[tuple[str, str, int, bool, bool, bool]]) -> None:
        """Whatever happened, one waits ten minutes at most, and may try when the time is over."""
        failures = Failures(3, 60.0, 600.0)
        now = 0.0
        for name, address, pause, exempt, known, right in tries:
            attempt = failures.begin(name, address, now, exempt=exempt, known=known)
            self.assertLessEqual(attempt.wait, 600.0)
            if attempt.wait:
                now += attempt.wait
                attempt = failures.begin(name, address, now, exempt=exempt, known=known)
                self.assertEqual(attempt.wait, 0.0)
            if right:
                attempt.forgive()
            now += pause


class AttackTests(SynchronousTestCase):
    def test_thousand_guesses(self) -> None:
        """1,000 wrong passwords from 50 addresses: none gets in, few are even looked at, and the owner still does."""
        home = House()
        account(home.hall, "alice", password="the right one")
        before = home.connect(exempt=False)
        before.screen.address = AWAY
        before.type("/login alice the right one")
        before.vanish()
        home.passwords.verified.clear()
        codes = []
        for number in range(1000):
            peer = home.connect(exempt=False)
            peer.screen.address = f"203.0.113.{number % 50}"
            peer.type(f"/login {'alice' if number % 4 else 'nobody'} guess {number}")
            codes.extend(peer.codes)
            peer.vanish()
        self.assertEqual(len(codes), 1000)
        self.assertEqual(set(codes), {"password-wrong", "too-many-failures"})
        self.assertLessEqual(codes.count("password-wrong"), 2 * 3 * WIDER)
        self.assertEqual(home.passwords.verified.count(True), 3 * WIDER)
        owner = home.connect(exempt=False)
        owner.screen.address = AWAY
        owner.type("/login alice the right one")
        self.assertEqual(owner.codes, [])
        self.assertEqual(owner.connection.person.nick, "alice")

    def test_after_a_restart(self) -> None:
        """Where the owner was before is known after a restart, too, until the account is removed."""
        home = House()
        account(home.hall, "alice", password="the right one")
        for door in ("text", "json"):
            owner = home.connect(door, exempt=False)
            owner.screen.address = AWAY if door == "text" else "2001:db8::1"
            if door == "text":
                owner.type("/login alice the right one")
            else:
                owner.offer("alice", password="the right one")
            self.assertEqual(owner.codes, [])
        home.hall = home.reopened()
        author = home.hall.accounts.find("alice").author  # type: ignore[union-attr]
        known = [home.hall.known_addresses.knows(author, one) for one in (AWAY, "2001:db8::2", HOME, "")]
        self.assertEqual(known, [True, True, False, False])
        owner = home.connect(exempt=False)
        owner.type("/login alice the right one", "/unregister the right one")
        self.assertFalse(home.hall.known_addresses.knows(author, AWAY))
        home.hall = home.reopened()
        self.assertFalse(home.hall.known_addresses.knows(author, AWAY))

    def test_registered_here(self) -> None:
        """The address from which somebody registers is known, in whichever way they do."""
        home = House()
        (carol,) = home.come("carol", exempt=False)
        carol.type("/register 12345678")
        dave = home.connect(exempt=False).type("/register dave 12345678")
        for peer in (carol, dave):
            person = peer.connection.person
            self.assertTrue(home.hall.known_addresses.knows(person.author, peer.screen.address), person.nick)

    def test_parallel_guesses(self) -> None:
        """Guesses that are all begun before the first is answered are counted all the same."""
        home = House()
        account(home.hall, "alice")
        home.passwords.held = True
        peers = [home.connect(exempt=False).type(f"/login alice {number}") for number in range(10)]
        self.assertEqual(sum(peer.codes == ["too-many-failures"] for peer in peers), 7)
