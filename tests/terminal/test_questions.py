"""Questions to the person."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.questions import Questions
from tests.terminal.fakes import FakeSurface


class QuestionsTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.surface = FakeSurface()
        self.questions = Questions(self.surface)
        self.answers: list[list[str]] = []

    def test_ask(self) -> None:
        """Every line is an answer until the question is dropped."""
        lines: list[str] = []
        self.assertFalse(self.questions.take("hello"))
        self.questions.ask("Who? ", lines.append, default="me")
        self.assertEqual((self.surface.asked, self.questions.open), (("Who? ", False, "me"), True))
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
        self.questions.ask_secrets(["dave"], ["old", "new"], self.answers.append)
        self.assertEqual(self.surface.asked, ("Old: ", True, ""))
        self.questions.take("one")
        self.assertEqual(self.surface.asked, ("New: ", True, ""))
        self.questions.take("two words")
        self.assertEqual((self.answers, self.surface.asked), ([["dave", "one", "two words"]], None))
        self.assertFalse(self.questions.take("hello"))

    def test_cancelled(self) -> None:
        """An empty answer cancels, at the first question and at the second."""
        for answers in ([""], ["one", ""]):
            self.questions.ask_secrets([], ["old", "new"], self.answers.append)
            for answer in answers:
                self.questions.take(answer)
            self.assertEqual((self.answers, self.surface.asked, self.questions.open), ([], None, False))
