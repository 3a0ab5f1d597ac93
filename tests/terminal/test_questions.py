"""Questions to the person."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.flow.secret_commands import Question
from groupchat.terminal.questions import Questions
from tests.terminal.fakes import FakeSurface

OLD, NEW = Question("Old"), Question("New", repeated=True)


class QuestionsTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.surface = FakeSurface()
        self.questions = Questions(self.surface)
        self.answers: list[list[str]] = []

    def test_ask(self) -> None:
        """Every line is an answer until the question is dropped."""
        lines: list[str] = []
        self.assertFalse(self.questions.take("hello"))
        self.questions.ask("Who? ", lines.append)
        self.assertEqual((self.surface.asked, self.questions.open), (("Who? ", False), True))
        for line in ("", "you"):
            self.assertTrue(self.questions.take(line))
        self.questions.drop()
        self.assertFalse(self.questions.take("hello"))
        self.assertEqual((lines, self.questions.open), (["", "you"], False))

    def test_talk(self) -> None:
        """When the chat has the lines again, the surface shows no question any more."""
        self.questions.ask("Who? ", lambda line: None)
        self.questions.talk()
        self.assertEqual((self.surface.asked, self.questions.open), (None, False))

    def test_secrets(self) -> None:
        """The missing arguments are asked for one by one, hidden; then the chat has the lines again."""
        self.questions.ask_secrets(["dave"], [OLD, NEW], self.answers.append)
        self.assertEqual(self.surface.asked, ("Old: ", True))
        self.questions.take("one")
        self.assertEqual(self.surface.asked, ("New: ", True))
        self.questions.take("two words")
        self.assertEqual(self.surface.asked, ("New, again: ", True))
        self.questions.take("two words")
        self.assertEqual((self.answers, self.surface.asked), ([["dave", "one", "two words"]], None))
        self.assertFalse(self.questions.take("hello"))

    def test_repeated(self) -> None:
        """A new password that is typed in two ways is asked for again, hidden, until both are the same."""
        self.questions.ask_secrets([], [NEW], self.answers.append)
        for word, label in (
            ("horse", "New, again: "),
            ("hoarse", "That was not the same. New: "),
            ("hoarse", "New, again: "),
            ("horse", "That was not the same. New: "),
            ("horse", "New, again: "),
        ):
            self.assertTrue(self.questions.take(word))
            self.assertEqual((self.surface.asked, self.answers), ((label, True), []))
        self.questions.take("horse")
        self.assertEqual((self.answers, self.surface.asked, self.questions.open), ([["horse"]], None, False))

    def test_left(self) -> None:
        """After a question was left at which something was typed, the next line that is no command is held once."""
        for answers, is_held in (([""], False), (["one", ""], True), (["one", "two", ""], True)):
            self.questions.ask_secrets([], [NEW], self.answers.append)
            for answer in answers:
                self.questions.take(answer)
            self.assertFalse(self.questions.holds("/help"))
            self.assertEqual(self.questions.holds("secret "), is_held)
            self.assertFalse(self.questions.holds("secret"))

    def test_cancelled(self) -> None:
        """An empty answer cancels, at every question."""
        for answers in ([""], ["one", ""], ["one", "two", ""], ["one", "two", "too", ""]):
            self.questions.ask_secrets([], [OLD, NEW], self.answers.append)
            for answer in answers:
                self.questions.take(answer)
            self.assertEqual((self.answers, self.surface.asked, self.questions.open), ([], None, False))

    def test_typed_once_more(self) -> None:
        """A password that was typed is held when it is a line of its own, each time once; other lines are not."""
        self.questions.ask_secrets([], [NEW], self.answers.append)
        for word in ("horse", "hoarse", "horse ", "horse "):
            self.questions.take(word)
        held = [self.questions.holds(line) for line in ("hello", " horse", "horse", "hoarse", "horses", "/horse")]
        self.assertEqual(held, [False, True, False, True, False, False])

    def test_few_are_known(self) -> None:
        """The newest passwords are known, whatever is typed."""
        self.questions.ask_secrets([], [NEW], self.answers.append)
        for number in range(50):
            self.questions.take(f"horse{number}")
        self.assertEqual(
            [self.questions.holds(f"horse{number}") for number in (0, 33, 34, 49)], [False, False, True, True]
        )
