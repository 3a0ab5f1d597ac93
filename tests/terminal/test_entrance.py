"""The menu, the nickname, passwords."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.client_errors import ConnectionDropped, Refused
from groupchat.terminal.entrance import CHOICE, NICKNAME, PASSWORD, Entrance
from groupchat.terminal.questions import Questions
from tests.terminal.fakes import FakeDisplay, FakeSurface


class EntranceTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.surface = FakeSurface()
        self.questions = Questions(self.surface)
        self.entered: list[tuple[str, str | None]] = []
        self.over: list[tuple[int, str]] = []

    def entrance(self, nick: str = "") -> Entrance:
        return Entrance(
            self.surface, FakeDisplay(), self.questions, nick,
            lambda name, password: self.entered.append((name, password)),
            lambda status, sentence: self.over.append((status, sentence)),
        )  # fmt: skip

    def label(self) -> str:
        return self.surface.asked[0] if self.surface.asked is not None else ""

    def test_menu(self) -> None:
        """1 goes in, 2 ends it; anything else is asked again."""
        self.entrance("alice").choose("")
        for line in ("", "q", "3", " 1 "):
            self.assertEqual(self.label(), CHOICE)
            self.assertTrue(self.questions.take(line))
        self.assertEqual((self.entered, self.over, self.surface.lines[1:]), ([("alice", None)], [], ["Type 1 or 2."]))
        self.questions.take("2")
        self.assertEqual(self.over, [(0, "")])

    def test_nickname(self) -> None:
        """Who has none is asked, is offered the last one, is asked again after an empty line, and can go."""
        self.entrance().come("alice")
        self.assertEqual(self.surface.asked, (NICKNAME, False, "alice"))
        self.questions.take("  ")
        self.assertEqual(self.surface.asked, (NICKNAME, False, ""))
        self.questions.take(" bob ")
        self.assertEqual(self.entered, [("bob", None)])
        self.questions.take("/Quit")
        self.assertEqual(self.over, [(0, "")])

    def test_refused(self) -> None:
        """Another nickname is asked for only of those who were asked before; a password of everybody."""
        taken, locked = Refused("nick-taken", "No."), Refused("password-needed", "Whose?")
        given, asked = self.entrance("alice"), self.entrance()
        asked.come("")
        offered = [entrance.offers(error) for entrance in (given, asked) for error in (taken, locked)]
        self.assertEqual(offered, [False, True, True, True])
        self.assertFalse(asked.offers(Refused("banned", "No.")))
        self.assertFalse(asked.offers(ConnectionDropped("gone")))
        asked.ask_again(taken, "bob")
        self.assertEqual((self.surface.lines, self.label()), (["!! nick-taken: No."], NICKNAME))

    def test_password(self) -> None:
        """A password is asked for without echo; without one the nickname is asked for again, or it is over."""
        for nick, after, over in ("", NICKNAME, []), ("alice", PASSWORD, [(1, "alice needs a password.")]):
            entrance = self.entrance(nick)
            entrance.come("")
            entrance.ask_again(Refused("password-wrong", "No."), "alice")
            self.assertEqual(self.surface.asked, (PASSWORD, True, ""))
            self.questions.take("a b")
            self.assertEqual(self.entered[-1], ("alice", "a b"))
            self.questions.take("")
            self.assertEqual((self.label(), self.over), (after, over))


class QuestionsTest(SynchronousTestCase):
    def test_secrets(self) -> None:
        """What a command lacks is asked for one by one, hidden; then the chat has the word again."""
        surface = FakeSurface()
        questions = Questions(surface)
        told: list[list[str]] = []
        questions.ask_secrets(["/password"], ["OLD", "NEW"], told.append)
        self.assertEqual(surface.asked, ("Old: ", True, ""))
        questions.take("one")
        self.assertEqual(surface.asked, ("New: ", True, ""))
        questions.take("two words")
        self.assertEqual((told, surface.asked, questions.open), ([["/password", "one", "two words"]], None, False))
        self.assertFalse(questions.take("hello"))

    def test_empty(self) -> None:
        """An empty answer ends it, and nothing is done."""
        surface = FakeSurface()
        questions = Questions(surface)
        told: list[list[str]] = []
        questions.ask_secrets([], ["OLD", "NEW"], told.append)
        questions.take("")
        self.assertEqual((told, surface.asked, questions.open), ([], None, False))
