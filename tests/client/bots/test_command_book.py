"""The commands that a bot knows."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.bots.calls import check_arity
from groupchat.client.bots.command_book import MOST_HELPED, CommandBook
from groupchat.client.client_events import Said, Whispered


def said(text: str) -> Said:
    return Said(1, "lobby", "alice", None, text)


def whispered(text: str, nick: str = "alice") -> Whispered:
    return Whispered(1, "", nick, None, "bot", text)


class CommandBookTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.book = CommandBook("!")
        self.book.add(("Time", "t"), "[ZONE]", lambda: "noon")

    def test_called(self) -> None:
        """A command is the first word after the prefix; the rest is as it was typed, but for its ends."""
        for event, rest in (
            (said("!time"), ""),
            (said("!T  a  b\nc\n"), "a  b\nc"),
            (said("!time\nx"), "x"),
            (whispered("time x"), "x"),
            (whispered("!time x"), "x"),
        ):
            called = self.book.called(event)
            assert called is not None
            self.assertEqual((called[0].names, called[1]), (("time", "t"), rest))
        for event in (
            said("time"),
            said("! time"),
            said("!"),
            said("!times"),
            said(""),
            whispered("what time"),
            said("x !t"),
        ):
            self.assertIsNone(self.book.called(event), event)

    def test_help(self) -> None:
        """Help is told when it is asked for, and once in private to who says something else."""
        self.assertTrue(self.book.asks_for_help(said("!HELP")))
        self.assertFalse(self.book.asks_for_help(said("help")))
        self.assertTrue(self.book.asks_for_help(whispered("hello?")))
        self.assertEqual(self.book.help_for("alice"), "!time [ZONE]")
        self.assertFalse(self.book.asks_for_help(whispered("hello?")))
        self.assertTrue(self.book.asks_for_help(whispered("help")))
        self.assertTrue(self.book.asks_for_help(whispered("hello?", "bob")))
        for number in range(MOST_HELPED):
            self.book.help_for(f"user{number}")
        self.assertTrue(self.book.asks_for_help(whispered("hello?")))  # it is forgotten, and not kept for ever
        self.assertEqual(CommandBook("!").help_for("alice"), "I have no commands.")

    def test_about(self) -> None:
        """The first line of the docstring says what a command does."""

        def roll(call: object) -> None:
            """Roll a die.

            It has six sides.
            """

        self.book.add(("roll",), "", roll)
        self.assertEqual(self.book.help_for("alice"), "!time [ZONE]\n!roll - Roll a die.")

    def test_names(self) -> None:
        """A name is used once, and a refused command leaves none behind."""
        for names in (("time",), ("new", "T"), ("help",)):
            self.assertRaises(ValueError, self.book.add, names, "", lambda: None)
        self.book.add(("new",), "", lambda: None)

    def test_arity(self) -> None:
        """A function is called with one argument if it takes one."""
        for function, count in (
            (lambda: None, 0), (lambda call: None, 1), (lambda call=None: None, 1), (lambda call, more=1: None, 1),
            (lambda *, more=1: None, 0),
        ):  # fmt: skip
            self.assertEqual(check_arity(function), count)
        self.assertRaises(TypeError, check_arity, lambda one, two: None)
