"""Limits of the connections of one address."""

from ipaddress import ip_network

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.limits.turnstile import Turnstile
from groupchat.model.errors import TooManyConnections


class TurnstileTest(SynchronousTestCase):
    def refused(self, turnstile: Turnstile, address: str, now: float) -> str:
        return str(self.assertRaises(TooManyConnections, turnstile.enter, address, now))

    def test_live(self) -> None:
        """An address has at most so many connections; one that closes makes room for one."""
        turnstile = Turnstile(live=2)
        turnstile.enter("192.0.2.1", 0)
        turnstile.enter("192.0.2.1", 0)
        sentence = self.refused(turnstile, "192.0.2.1", 0)
        self.assertIn("Your address has 2 connections already, yours and those of all who share it.", sentence)
        self.assertIn("ask the administrator to exempt it", sentence)
        turnstile.enter("192.0.2.2", 0)
        turnstile.leave("192.0.2.1")
        turnstile.enter("192.0.2.1", 0)
        self.assertEqual(turnstile.connections("192.0.2.1"), 2)

    def test_one(self) -> None:
        """Where an address may have one connection, the refusal says one."""
        turnstile = Turnstile(live=1)
        turnstile.enter("192.0.2.1", 0)
        self.assertIn("Your address has 1 connection already", self.refused(turnstile, "192.0.2.1", 0))

    def test_new(self) -> None:
        """In any window an address makes at most so many connections; it is told when it may again."""
        turnstile = Turnstile(new=3, window=60)
        for now in (0, 20, 50):
            turnstile.enter("192.0.2.1", now)
            turnstile.leave("192.0.2.1")
        sentence = self.refused(turnstile, "192.0.2.1", 59.5)
        self.assertIn("There were too many new connections from your address", sentence)
        self.assertIn("Try again in 1 s.", sentence)
        self.assertEqual(self.assertRaises(TooManyConnections, turnstile.enter, "192.0.2.1", 50).wait, 10)
        turnstile.enter("192.0.2.1", 60)
        self.assertIn("Try again in 20 s.", self.refused(turnstile, "192.0.2.1", 60))

    def test_refused_do_not_count(self) -> None:
        """Attempts that are refused do not make the wait longer."""
        turnstile = Turnstile(new=1, window=60)
        turnstile.enter("192.0.2.1", 0)
        for now in range(1, 60):
            self.refused(turnstile, "192.0.2.1", now)
        turnstile.enter("192.0.2.1", 60)

    def test_changed_limit(self) -> None:
        """When fewer are allowed than were made, the wait is for the latest."""
        turnstile = Turnstile(new=3, window=60)
        for now in (0, 20, 50):
            turnstile.enter("192.0.2.1", now)
        turnstile.new = 1
        self.assertIn("Try again in 50 s", self.refused(turnstile, "192.0.2.1", 60))

    def test_networks(self) -> None:
        """IPv6 is counted by /64, IPv4 by address, and IPv4 within IPv6 as IPv4."""
        turnstile = Turnstile(live=1)
        turnstile.enter("2001:db8::1", 0)
        self.refused(turnstile, "2001:db8::ffff:1", 0)
        turnstile.enter("2001:db8:0:1::1", 0)
        turnstile.enter("::ffff:192.0.2.1", 0)
        self.refused(turnstile, "192.0.2.1", 0)
        turnstile.enter("fe80::1%eth0", 0)

    def test_private(self) -> None:
        """An address of a private network or of this machine has limits of its own, which are those of a classroom."""
        turnstile = Turnstile(live=1, new=1, private_live=3, private_new=4)
        for address in ("10.1.2.3", "192.168.0.1", "::ffff:172.31.0.1", "127.0.0.1", "::1", "fd00::1"):
            for _ in range(3):
                turnstile.enter(address, 0)
            self.assertIn("Your address has 3 connections already", self.refused(turnstile, address, 0))
            turnstile.leave(address)
            turnstile.enter(address, 0)
            turnstile.leave(address)
            self.assertIn("too many new connections", self.refused(turnstile, address, 0))
        turnstile.enter("172.32.0.1", 0)
        self.refused(turnstile, "172.32.0.1", 0)

    def test_classroom(self) -> None:
        """By default 30 students behind one router come in at once, wherever it stands, and 500 within a school."""
        turnstile = Turnstile()
        for _ in range(30):
            turnstile.enter("192.0.2.1", 0)
        for _ in range(500):
            turnstile.enter("192.168.0.1", 0)
        self.refused(turnstile, "192.168.0.1", 0)

    def test_exempt(self) -> None:
        """Exempt networks, and peers without an address, are let in always."""
        turnstile = Turnstile(live=1, new=1, exempt=[ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")])
        for address in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", ""):
            self.assertTrue(turnstile.exempts(address), address)
            for _ in range(50):
                turnstile.enter(address, 0)
        self.assertFalse(turnstile.exempts("192.0.2.1"))

    def test_exempt_no_longer(self) -> None:
        """An address that is exempt no longer is counted with the connections it has."""
        turnstile = Turnstile(private_live=2, exempt=[ip_network("10.0.0.0/8")])
        for _ in range(3):
            turnstile.enter("10.0.0.1", 0)
        turnstile.exempt = ()
        self.refused(turnstile, "10.0.0.1", 0)
        turnstile.leave("10.0.0.1")
        turnstile.leave("10.0.0.1")
        turnstile.enter("10.0.0.1", 0)

    def test_leaves_once(self) -> None:
        """A connection that leaves twice is our mistake, and does not pass silently."""
        turnstile = Turnstile()
        turnstile.enter("192.0.2.1", 0)
        turnstile.leave("192.0.2.1")
        self.assertRaises(ValueError, turnstile.leave, "192.0.2.1")

    def test_bounded(self) -> None:
        """Churn from ever new addresses keeps the last ones only, and forgets no address that is connected."""
        turnstile = Turnstile(live=1, new=1, remembered=100)
        turnstile.enter("192.0.2.1", 0)
        for n in range(10_000):
            turnstile.enter(f"2001:db8:{n:x}::1", 0)
            turnstile.leave(f"2001:db8:{n:x}::1")
        self.assertEqual(len(turnstile), 101)
        self.refused(turnstile, "192.0.2.1", 100)
        self.refused(turnstile, f"2001:db8:{9_999:x}::1", 0)
        turnstile.enter("2001:db8:0::1", 0)

    def test_back_again(self) -> None:
        """An address that came back is remembered while it stays, however many others come and go."""
        turnstile = Turnstile(live=9, new=2, remembered=10)
        turnstile.enter("192.0.2.1", 0)
        turnstile.leave("192.0.2.1")
        turnstile.enter("192.0.2.1", 0)
        for n in range(100):
            turnstile.enter(f"198.51.100.{n}", 0)
            turnstile.leave(f"198.51.100.{n}")
        self.refused(turnstile, "192.0.2.1", 0)
        turnstile.leave("192.0.2.1")
        self.assertEqual(len(turnstile), 10)

    @given(
        st.lists(
            st.tuples(st.booleans(), st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1"]), st.floats(0, 30)),
            max_size=80,
        )
    )
    def test_invariants(self, steps: list[tuple[bool, str, float]]) -> None:
        """Whatever comes and goes: never fewer than no connections, never more than allowed, at once or in a window."""
        turnstile = Turnstile(live=3, new=5, window=60)
        now, here, made = 0.0, dict[str, int](), dict[str, list[float]]()
        for enters, address, pause in steps:
            now += pause
            mine = made.setdefault(address, [])
            lately = [at for at in mine if now - at < 60]
            if enters and here.get(address, 0) < 3 and len(lately) < 5:
                turnstile.enter(address, now)
                here[address] = here.get(address, 0) + 1
                mine.append(now)
            elif enters:
                self.refused(turnstile, address, now)
            elif here.get(address):
                turnstile.leave(address)
                here[address] -= 1
            else:
                self.assertRaises(ValueError, turnstile.leave, address)
            self.assertEqual(turnstile.connections(address), here.get(address, 0))
