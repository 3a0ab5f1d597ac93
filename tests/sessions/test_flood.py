"""Peers that send too fast, and requests that go wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

from twisted.trial.unittest import SynchronousTestCase

from groupchat.interfaces.screens import Hold
from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import Answer, Refused
from groupchat.sessions.session import State
from groupchat.verbs import commands
from groupchat.verbs.actor import Actor
from tests.fakes import SlowJournal
from tests.house import House


class FloodTests(SynchronousTestCase):
    def test_burst(self) -> None:
        """Ten lines at once are taken at once; the eleventh makes the peer wait half a second for its next."""
        house = House()
        (alice,) = house.come("alice")
        (bob,) = house.come("bob", exempt=False)
        bob.type(*map(str, range(20)))
        self.assertEqual(len(alice.texts), 10)  # the nickname counted too
        self.assertEqual(bob.screen.holds, Hold.FLOOD)
        house.clock.advance(0.49)
        self.assertEqual(len(alice.texts), 10)
        house.clock.advance(0.02)
        self.assertEqual(len(alice.texts), 11)

    def test_rate(self) -> None:
        """After the burst two lines a second are taken, in order, and none is lost: a paste of 40 goes through."""
        house = House()
        (alice,) = house.come("alice")
        (bob,) = house.come("bob", exempt=False)
        house.pass_time(10)
        lines = [f"line {number}" for number in range(40)]
        bob.type(*lines)
        self.assertEqual(len(alice.texts), 11)
        house.pass_time(5)
        self.assertEqual(len(alice.texts), 21)
        house.pass_time(10)
        self.assertEqual(alice.texts, lines)
        self.assertEqual((bob.codes, bob.screen.closed), ([], False))

    def test_steady_excess(self) -> None:
        """After 30 s of steady excess the peer is told why, cut off, and the others see it leave."""
        house = House()
        (alice,) = house.come("alice")
        (bob,) = house.come("bob", exempt=False)
        bob.type(*["spam"] * 200)
        house.pass_time(28)
        self.assertFalse(bob.screen.closed)
        house.pass_time(4)
        self.assertEqual(bob.codes, ["flooding"])
        self.assertTrue(bob.screen.closed)
        self.assertEqual(alice.events[-1].reason, "flooding")  # type: ignore[attr-defined]
        self.assertLess(len(alice.texts), 75)

    def test_excess_ends(self) -> None:
        """Who pauses now and then is never cut off, however much is sent in all."""
        house = House()
        (bob,) = house.come("bob", exempt=False)
        for _ in range(10):
            bob.type(*["paste"] * 30)
            house.pass_time(16)
        self.assertEqual((bob.codes, bob.screen.closed), ([], False))

    def test_exempt(self) -> None:
        """An exempt peer is never held back."""
        house = House()
        alice, bob = house.come("alice", "bob")
        bob.type(*["work"] * 500)
        self.assertEqual(len(alice.texts), 500)
        self.assertEqual(bob.screen.holds, Hold(0))

    def test_costs(self) -> None:
        """A costly command makes the peer wait as long as it costs, whatever else was waited for meanwhile."""
        house = House()
        (bob,) = house.come("bob", exempt=False)
        house.pass_time(10)
        bob.type("/history", "/history", "/nonsense")
        self.assertEqual(len(bob.answers), 2)
        for _ in range(4):
            house.clock.advance(1.2)
            self.assertEqual(len(bob.answers), 2)
        house.clock.advance(0.3)
        self.assertEqual(bob.codes, ["unknown-command"])

    def test_cut_off_command(self) -> None:
        """The command with which the patience ends is not carried out."""
        house = House(flood_patience_s=1, flood_burst=1)
        (bob,) = house.come("bob", exempt=False)
        house.pass_time(5)
        bob.type("/join a", "/join b", "/join c", "/join d")
        house.pass_time(5)
        self.assertTrue(bob.screen.closed)
        self.assertEqual(bob.codes, ["flooding"])
        self.assertIsInstance(bob.answers[-1], Refused)


class MishapTests(SynchronousTestCase):
    @contextmanager
    def command_that_breaks(self) -> "Iterator[None]":
        """Within, there is a command /break, which raises what nobody expected."""
        table = commands.COMMANDS

        def break_(me: Actor) -> Answer:
            """Break."""
            raise ZeroDivisionError("unexpected")

        table.verb()(break_)
        try:
            yield
        finally:
            del table._commands["break"], table._names["break"]

    def test_command(self) -> None:
        """A command that breaks is logged and answered; everybody lives on."""
        house = House()
        alice, bob = house.come("alice", "bob")
        with self.command_that_breaks():
            alice.type("/break", "still here")
            alice.do("break", ref=3)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)
        self.assertEqual(alice.codes, ["server-error"] * 2)
        self.assertEqual(bob.texts, ["still here"])
        self.assertNotIn("ZeroDivision", str(alice.answers))

    def test_read(self) -> None:
        """A read of the journal that breaks is logged and answered with its ref; the next line is taken."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        alice, bob = house.come("alice", "bob", door="json")
        journal.slow = True
        alice.do("history", ref=4)
        self.assertEqual(alice.screen.holds, Hold.ANSWER)
        alice.say("and on", ref=5)
        journal.fail(ValueError("unexpected"))
        house.turn()
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(alice.refs(), [("Refused", 4), ("Done", 5)])
        self.assertEqual(bob.texts, ["and on"])

    def test_arrival(self) -> None:
        """A read that breaks while somebody comes in leaves them nameless, and the nickname free."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        journal.slow = True
        peer = house.connect().type("alice")
        journal.fail(ValueError("unexpected"))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(peer.codes, ["server-error"])
        self.assertIs(peer.session.state, State.NAMELESS)
        self.assertEqual(len(house.hall.roster), 0)

    def test_arrival_of_who_is_gone(self) -> None:
        """A read that breaks is logged although the connection is lost meanwhile."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        journal.slow = True
        peer = house.connect().type("alice")
        peer.vanish()
        journal.fail(ValueError("unexpected"))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(len(house.hall.roster), 0)
