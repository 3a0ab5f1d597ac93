"""Code in messages: which lines, and which blanks, are code."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.message.code import HARD_BLANK, code_lines, with_hard_blanks
from groupchat.model.message.emoji import emojify
from groupchat.model.text import harmless


class CodeTest(SynchronousTestCase):
    def test_code_lines(self) -> None:
        """Lines between two that begin with three backticks are code, with these; one alone begins nothing."""
        self.assertEqual(code_lines("a\n```py\nb\n\n ```\nc"), frozenset({1, 2, 3, 4}))
        self.assertEqual(code_lines("```\na\n```\nb\n```\nc\n```"), frozenset({0, 1, 2, 4, 5, 6}))
        for text in ("", "a", "```\na", "```a```", "`a\nb`"):
            self.assertEqual(code_lines(text), frozenset(), text)

    def test_hard_blanks(self) -> None:
        """Blanks in code become hard ones, which no text that is shown has; those elsewhere stay."""
        self.assertEqual(with_hard_blanks("a b `c d` e"), f"a b `c{HARD_BLANK}d` e")
        self.assertEqual(with_hard_blanks("a ` b"), "a ` b")
        self.assertEqual(harmless(HARD_BLANK), "")

    def test_emoji(self) -> None:
        """Code has no emoji, wherever it stands; what stands beside it has."""
        self.assertEqual(emojify(":) `x :) y` :)"), "😊 `x :) y` 😊")
        self.assertEqual(emojify("`a` :) `b"), "`a` 😊 `b")
        self.assertEqual(emojify("`a`:) ```<3 :+1:```"), "`a`:) ```<3 :+1:```")
