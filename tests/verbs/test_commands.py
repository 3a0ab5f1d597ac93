"""What the commands do that other tests do not try: changing one's words, reading what was said."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import Deleted, Done, Edited, Listed, Replayed
from tests.fakes import HeldJournal
from tests.house import House


class ChangeTests(SynchronousTestCase):
    def test_pipelined(self) -> None:
        """Without a number one changes one's last message, also one that is not on disk yet."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        alice, bob = house.come("alice", "bob")
        alice.type("one", "two", "/edit deux", "/delete", "/edit uno")
        while journal.pending:
            journal.commit()
        changes = [event for event in bob.events if isinstance(event, Edited | Deleted)]
        self.assertEqual([change.target for change in changes], [2, 2, 1])

    def test_others(self) -> None:
        """What others said, what is not there, and what is deleted cannot be changed."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("mine", "gone", "/delete")
        bob.type("/edit #1 stolen", "/delete #1", "/edit #99 x")
        self.assertEqual(bob.codes, ["not-yours", "not-yours", "no-such-message"])
        alice.type("/edit #2 x")
        self.assertEqual(alice.codes, ["already-deleted"])

    def test_a_day(self) -> None:
        """One's own words can be changed for 24 hours, and not after."""
        house = House()
        (alice,) = house.come("alice")
        alice.type("one")
        house.clock.advance(24 * 3600 - 1)
        alice.type("/edit #1 uno")
        self.assertEqual(alice.codes, [])
        house.clock.advance(2)
        alice.type("/edit #1 eins", "/delete #1")
        self.assertEqual(alice.codes, ["too-old"] * 2)


class ReadingTests(SynchronousTestCase):
    def test_history(self) -> None:
        """/history shows the last messages, those after a number, or those of a day, of the current room only."""
        house = House(query_posts=5)
        (alice,) = house.come("alice")
        alice.type(*map(str, range(8)), "/join dev", "elsewhere", "/switch lobby")
        for command, numbers in (
            ("/history 2", [7, 8]),
            ("/history 100", [4, 5, 6, 7, 8]),
            ("/history since #1", [2, 3, 4, 5, 6]),
            ("/history 2026-11-21", [1, 2, 3, 4, 5]),
        ):
            alice.type(command)
            replayed = alice.answers[-1]
            assert isinstance(replayed, Replayed), (command, replayed)
            self.assertEqual([post.id for post in replayed.posts], numbers, command)

    def test_search(self) -> None:
        """/search finds words in one's rooms, newest first; /goto shows what is around a message; /last one's own."""
        house = House()
        alice, bob = house.come("alice", "bob")
        bob.type("/join dev", "secret cats")
        alice.type("black cats", "dogs", "white cats", "/search cats", "/goto #3", "/goto #1", "/last")
        self.assertEqual(
            [[post.id for post in answer.posts] for answer in alice.answers if isinstance(answer, Replayed)],
            [[4, 2], [2, 3, 4], [4]],
        )
        self.assertEqual(alice.codes, ["no-such-message"])

    def test_help(self) -> None:
        """/help lists every command with its usage, or explains one by any of its names."""
        (alice,) = House().come("alice")
        alice.type("/help", "/help /tell", "/help nothing")
        every, one = (answer for answer in alice.answers if isinstance(answer, Listed))
        self.assertEqual(len(every.lines), len(every.items))
        self.assertEqual(one.lines[0], "/msg NICK TEXT…")
        self.assertEqual(alice.codes, ["unknown-command"])

    def test_settings(self) -> None:
        """/set alone shows what there is; a name or value that is not is refused."""
        (alice,) = House().come("alice")
        alice.type("/set", "/set echo", "/set echo perhaps", "/set colour red")
        self.assertIn("echo off", str(alice.answers[0]))
        self.assertEqual(alice.codes, ["bad-arguments"] * 3)
        self.assertFalse([answer for answer in alice.answers if isinstance(answer, Done)])
