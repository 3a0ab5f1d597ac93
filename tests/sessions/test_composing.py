"""Messages of several lines that people type line by line."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.errors import LineTooLong
from groupchat.model.events import Said, Whispered
from groupchat.sessions.composing import LINE_COST
from tests.fakes import HeldJournal
from tests.house import House, Peer
from tests.people import operator


class ComposingTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.alice, self.bob = self.house.come("alice", "bob")

    def paste(self, *lines: str, peer: Peer | None = None) -> None:
        (peer or self.alice).type("/paste", *lines, ".")

    def test_one_message(self) -> None:
        """What is typed up to a dot is one message; no line of it is a command, a correction or a smiley."""
        self.paste("  one :)", "", "/exit", "s/one/two/", "//x", "..", "", "")
        self.assertEqual(self.bob.texts, ["  one :)\n\n/exit\ns/one/two/\n//x\n."])
        self.assertEqual(self.alice.codes, [])
        self.alice.type("after")
        self.assertEqual(self.bob.texts[1:], ["after"])

    def test_one_after_another(self) -> None:
        """What follows a message waits until that is on disk: a second one does not begin with the first."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        alice, bob = house.come("alice", "bob")
        alice.type("/paste", "a", ".", "/paste", "b", ".", "c")
        self.assertEqual(bob.texts, [])
        for _ in range(5):
            if journal.pending:
                journal.commit()
            house.pass_time(1)
        self.assertEqual(bob.texts, ["a", "b", "c"])

    def test_told(self) -> None:
        """The person is told how it ends and where it goes; the end of the message makes no line for them."""
        self.alice.type("/paste")
        self.assertEqual(
            self.alice.told, ["Paste or type lines. One with only a dot says them in lobby, /cancel drops them."]
        )
        self.alice.take()
        self.alice.type("x", " . ")
        self.assertEqual([answer.text for answer in self.alice.answers], [""])  # type: ignore[attr-defined]

    def test_dropped(self) -> None:
        """What is dropped, and what ends with the connection, is not said; nor is nothing."""
        self.alice.type("/paste", "x", "/cancel", "/paste", ".")
        self.assertEqual(self.alice.codes, ["nothing-to-say"])
        self.alice.type("/paste", "y")
        self.alice.session.ended()
        self.assertEqual(self.alice.codes[1:], ["bad-arguments"])
        self.bob.type("/paste", "z").vanish()
        self.assertEqual(self.house.hall.stream.delivered, 0)

    def test_reply(self) -> None:
        """It can be a reply, and what can be answered is known when it is said."""
        self.bob.type("who?")
        self.alice.type("/paste #1", "a", "b", ".", "/paste 9", "c", ".")
        (said,) = [event for event in self.bob.events if isinstance(event, Said)]
        self.assertEqual((said.text, said.reply, said.reply_nick), ("a\nb", 1, "bob"))
        self.assertEqual(self.alice.codes, ["no-such-message"])
        self.assertEqual(self.alice.told[-1], "Your 1 line is kept. /paste goes on with it, also in another room.")

    def test_to_one_person(self) -> None:
        """Who talks to one person pastes to that person, whatever becomes of that meanwhile."""
        self.alice.type("/query bob", "/paste", "a")
        self.alice.type("b", ".")
        (whispered,) = self.bob.events
        self.assertIsInstance(whispered, Whispered)
        self.assertEqual(whispered.text, "a\nb")  # type: ignore[attr-defined]

    def test_too_long(self) -> None:
        """What is too long is refused at the line that makes it so, once; the rest is left out, up to the dot."""
        for lines in (["x"] * 70, ["x" * 2000] * 5, ["", *[""] * 80, "x"]):
            alice, bob = House().come("alice", "bob")
            alice.type("/paste", *lines)
            self.assertEqual(alice.codes, ["too-long"])
            self.assertIn("at most 60 lines and 4,096 bytes", alice.answers[1].text)  # type: ignore[attr-defined]
            self.assertIn("Nothing of your message is said.", alice.told[-1])
            alice.type("/exit", ".", "after")
            self.assertEqual(bob.texts, ["after"])

    def test_at_the_limit(self) -> None:
        """Sixty lines and 4,096 bytes are not too long; blank lines at the end do not count."""
        self.paste(*["x"] * 60, *[""] * 20)
        self.paste("é" * 1000, "y" * 2095)
        self.assertEqual([len(text.encode()) for text in self.bob.texts], [119, 4096])
        self.paste("é" * 1000, "y" * 2096)
        self.assertEqual(self.alice.codes, ["too-long"])

    def test_bad_line(self) -> None:
        """Nothing is said of a message with a line that cannot be taken, whoever refuses that line."""
        self.paste("one", "two\u2028three", "four")
        self.alice.type("/paste", "one")
        self.alice.session.reject(LineTooLong("x"))
        self.alice.type("two", ".", "after")
        self.assertEqual(self.alice.codes, ["bad-character", "line-too-long"])
        self.assertEqual(self.bob.texts, ["after"])

    def test_room_lost(self) -> None:
        """A message is said in the room where it was begun, or kept: /paste goes on with it in another one."""
        self.alice.type("/join dev", "/paste", "for dev")
        operator(self.house, "olga").do("kick", nick="alice", room="dev")
        self.alice.type("more", ".")
        self.assertEqual(self.bob.texts, [])
        self.assertEqual(self.alice.codes[-1:], ["not-in-room"])
        self.assertIn("Your 2 lines are kept.", self.alice.told[-1])
        self.alice.type("/paste")
        self.assertIn("2 lines are here from before.", self.alice.told[-1])
        self.assertIn("in lobby", self.alice.told[-1])
        self.alice.type("and more", ".")
        self.assertEqual(self.bob.texts, ["for dev\nmore\nand more"])

    def test_begun_after_the_loss(self) -> None:
        """What somebody begins who was put out of the room just before is not said in another one."""
        self.alice.type("/join dev")
        operator(self.house, "olga").do("kick", nick="alice", room="dev")
        self.alice.type("/paste", "for dev", ".")
        self.assertEqual((self.bob.texts, self.alice.codes[-1:]), ([], ["not-in-room"]))
        self.alice.type("to lobby", "/paste", ".")
        self.assertEqual(self.bob.texts, ["to lobby", "for dev"])

    def test_slow_mode(self) -> None:
        """It counts once for slow mode; when it is refused, it is kept and can be said later."""
        olga = operator(self.house, "olga")
        olga.type("/slow 30")
        self.paste("a", "b", "c")
        self.paste("d", "e")
        self.assertEqual((self.bob.texts, self.alice.codes), (["a\nb\nc"], ["slow-mode"]))
        self.house.pass_time(31)
        self.paste()
        self.assertEqual(self.bob.texts[1:], ["d\ne"])

    def test_cost(self) -> None:
        """A line of a message costs less than one that is said, so that sixty can be pasted."""
        (carol,) = House(flood_burst=100, flood_rate=1).come("carol", exempt=False)
        assert carol.session._bucket is not None
        before = carol.session._bucket._balance
        carol.type("/paste", *["x"] * 59, ".")
        self.assertAlmostEqual(before - carol.session._bucket._balance, 1 + 60 * LINE_COST)

    def test_programs(self) -> None:
        """Programs send all lines at once, and are told so."""
        (bot,) = self.house.come("bot", door="json")
        bot.do("paste")
        bot.session.type("/paste")
        self.assertEqual(bot.codes, ["bad-arguments"] * 2)
