"""Words and letters of every script."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from wcwidth import iter_graphemes

from groupchat.terminal.surfaces.editor import word_keys
from groupchat.terminal.surfaces.editor.word_keys import (
    LETTER_MOST,
    letter_after,
    letter_before,
    word_after,
    word_before,
)
from tests.terminal.surfaces.editor.cases import EditorTest

FAMILY = "👨‍👩‍👧"
ALT_B, ALT_F, ALT_D, ALT_BACKSPACE = "\x1bb", "\x1bf", "\x1bd", "\x1b\x7f"
CTRL_W, CTRL_U, CTRL_K, CTRL_Y, ALT_Y = "\x17", "\x15", "\x0b", "\x19", "\x1by"
BACKSPACE, LEFT, DELETE, CTRL_A = "\x7f", "\x1b[D", "\x1b[3~", "\x01"


class CountTest(SynchronousTestCase):
    def test_words(self) -> None:
        """A word is letters and digits of any script, with their marks; blanks and signs before it count with it."""
        for text, before, after in (
            ("größer als", 3, 6), ("naïve, ", 7, 5), ("нет 日本", 2, 3), ("cafe\u0301!", 6, 5), ("snake_case", 10, 10),
            ("  hi", 2, 4), ("...", 3, 3), ("", 0, 0),
        ):  # fmt: skip
            self.assertEqual((word_before(text), word_after(text)), (before, after), text)

    def test_letters(self) -> None:
        """A letter is what is seen as one."""
        for letter in "a", "e\u0301", FAMILY, "🇩🇪", "한":
            self.assertEqual((letter_before(f"x{letter}"), letter_after(f"{letter}x")), (len(letter),) * 2)
        self.assertEqual((letter_before(""), letter_after("")), (0, 0))

    def test_looked_at(self) -> None:
        """A key looks at no more than one letter has, however long the text is."""
        looked_at: list[str] = []

        def counted(text: str) -> Iterator[str]:
            looked_at.append(text)
            return iter_graphemes(text)

        self.patch(word_keys, "iter_graphemes", counted)
        for text in "long " * 1000 + "x", "x" + "e" * 5000:
            self.assertEqual((letter_before(text), letter_after(text)), (1, 1))
        self.assertLessEqual(max(map(len, looked_at)), LETTER_MOST)

    @given(st.text())
    def test_any_text(self, text: str) -> None:
        """Whatever the text, nothing is counted that is not there, and something if there is something."""
        for count in word_before(text), word_after(text), letter_before(text), letter_after(text):
            self.assertTrue(min(1, len(text)) <= count <= len(text))


class WordKeysTest(EditorTest):
    @property
    def line(self) -> tuple[str, str]:
        document = self.editor.buffer.document
        return document.text_before_cursor, document.text_after_cursor

    def test_moves(self) -> None:
        """Alt-B and Alt-F go by words, the arrow keys by letters."""
        self.press("größer als", ALT_B, ALT_B)
        self.assertEqual(self.line, ("", "größer als"))
        self.press(ALT_F)
        self.assertEqual(self.line, ("größer", " als"))
        self.press("\x15", "\x0b", FAMILY, LEFT)
        self.assertEqual(self.line, ("", FAMILY))

    def test_deletes(self) -> None:
        """Backspace and Delete take a whole letter, in one step that can be undone."""
        self.press(f"x{FAMILY}", BACKSPACE)
        self.assertEqual(self.line, ("x", ""))
        self.press("\x1f")
        self.assertEqual(self.line, (f"x{FAMILY}", ""))
        self.press(LEFT, DELETE)
        self.assertEqual(self.line, ("x", ""))

    def test_cuts(self) -> None:
        """What is cut in a row is inserted together; Alt-Y goes on to what was cut before."""
        self.press("eins größer drei", ALT_BACKSPACE, ALT_BACKSPACE, CTRL_Y)
        self.assertEqual(self.line, ("eins größer drei", ""))
        self.press(CTRL_A, ALT_D, ALT_D, CTRL_Y, ALT_Y)
        self.assertEqual(self.line, ("größer drei", " drei"))

    def test_cuts_of_every_shell(self) -> None:
        """Ctrl-W, Ctrl-U and Ctrl-K cut, too; Ctrl-Y brings it back."""
        for key, cut in (CTRL_W, "drei"), (CTRL_U, "eins größer drei"):
            self.press("eins größer drei", key)
            self.assertEqual(self.line, ("eins größer drei".removesuffix(cut), ""))
            self.press(CTRL_Y)
            self.assertEqual(self.line, ("eins größer drei", ""))
            self.press(CTRL_A, CTRL_K)
            self.assertEqual(self.line, ("", ""))

    def test_case(self) -> None:
        """Alt-U, Alt-L and Alt-C change the case of a word."""
        for key, word in ("\x1bu", "GRÖẞER"), ("\x1bl", "größer"), ("\x1bc", "Größer"):
            self.press("größer x", ALT_B, ALT_B, key)
            self.assertEqual(self.line, (word.replace("ẞ", "SS"), " x"))
            self.press(CTRL_U, CTRL_K)
