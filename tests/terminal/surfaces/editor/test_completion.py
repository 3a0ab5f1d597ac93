"""Completion of the last word."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.surfaces.editor.completion import complete

WORD = st.text("abAB-é", min_size=1, max_size=6)


class CompletionTest(SynchronousTestCase):
    def test_complete(self) -> None:
        """One word is inserted whole, several as far as they agree; a nickname that begins a line gets a colon."""
        for text, words, line in (
            ("al", ["alice"], "alice: "),
            ("hi al", ["alice"], "hi alice "),
            ("/ms", ["/msg"], "/msg "),
            ("/send ph", ["photos/"], "/send photos/"),
            (":smile_c", [":smile_cat:"], ":smile_cat: "),
            ("a", ["Albert", "alice"], "Al"),
            ("al", ["Albert", "alice"], "al"),
            ("x", [], "x"),
        ):
            self.assertEqual(complete(text, words)[0], line)

    def test_choice(self) -> None:
        """Tab goes through the words and begins again; Shift-Tab goes back, at first to the last word."""
        choice = complete("/msg a", ["albert", "alice"])[1]
        assert choice is not None
        self.assertEqual(choice.next().text, "/msg albert ")
        self.assertEqual(choice.next().next().next().text, "/msg albert ")
        self.assertEqual(choice.next(-1).text, "/msg alice ")

    def test_no_choice(self) -> None:
        """There is nothing to choose from when there is one word, or none."""
        self.assertIsNone(complete("a", ["alice"])[1])
        self.assertIsNone(complete("a", [])[1])

    @given(st.text("xy /", max_size=8), WORD, st.lists(WORD, min_size=1, max_size=4))
    def test_nothing_is_lost(self, before: str, start: str, ends: list[str]) -> None:
        """What precedes the last word stays as it is, and the last word only grows."""
        line = f"{before} {start}"
        words = [start + end for end in ends]
        completed, _ = complete(line, words)
        self.assertTrue(completed.lower().startswith(line.lower()))
        self.assertEqual(completed[: len(before) + 1], f"{before} ")
