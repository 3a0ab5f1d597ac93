"""Lines that are broken at the width of a terminal."""

from collections.abc import Iterator

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from wcwidth import iter_graphemes, wcswidth

from groupchat.doors.lines import folding
from groupchat.doors.lines.folding import folded
from groupchat.model.preferences import NARROWEST, WIDEST
from groupchat.model.text import CONTINUATION, shown, shown_lines
from tests.model.texts import ANY, SENTENCES


class FoldedTest(SynchronousTestCase):
    def test_words(self) -> None:
        """Rows break between words, and all but the first begin as a further line of a message does."""
        self.assertEqual(
            folded("[09:42:00] #7 alice: one two three four five six", 40),
            ["[09:42:00] #7 alice: one two three four", "           | five six"],
        )
        self.assertEqual(folded("short", 40), ["short"])
        self.assertEqual(folded("", 40), [""])
        self.assertEqual(folded("x" * 40, 40), ["x" * 40])

    def test_long_words(self) -> None:
        """A word that would leave a row less than half full is broken."""
        self.assertEqual(folded("a: " + "x" * 40, 40), ["a: " + "x" * 37, "           | xxx"])

    def test_continuations(self) -> None:
        """A further line of a message is broken in the same way."""
        (_, line) = shown_lines("x\n" + "word " * 10)
        self.assertEqual(
            folded(line, 40), ["           | word word word word word", "           | word word word word word "]
        )

    def test_narrow(self) -> None:
        """A word that does not fit beside the beginning of a further line is broken there, and not before it."""
        self.assertEqual(folded(f"{CONTINUATION}{'x' * 10}", 20), [f"{CONTINUATION}{'x' * 7}", f"{CONTINUATION}xxx"])

    def test_wide(self) -> None:
        """Characters that take two columns count as two, and are not torn apart."""
        self.assertEqual(folded("日本語日本語日本語日", 20), ["日本語日本語日本語日"])
        self.assertEqual(folded("a日本語日本語日本語日", 20), ["a日本語日本語日本語", "           | 日"])
        self.assertEqual(folded("👩‍👩‍👧" * 11, 20)[1], "           | 👩‍👩‍👧")
        self.assertEqual("".join(folded("\u0600" * 100, 20)).count("\u0600"), 100)

    def test_vowel_signs(self) -> None:
        """Signs that take a column only after certain letters are counted, in every script."""
        for sentence in SENTENCES.values():
            for width in range(NARROWEST, 60):
                self.assertLessEqual(max(map(wcswidth, folded(shown(sentence), width))), width, sentence)

    def test_code(self) -> None:
        """Rows do not break within code while it fits; a line of code keeps all its blanks, and fills each row."""
        line = "run the next command `ls  -la  | wc` now"
        self.assertEqual(folded(line, 30), ["run the next command", "           | `ls  -la  | wc`", "           | now"])
        self.assertEqual(
            folded(f"`{'a  ' * 9}`", 20), ["`" + "a  " * 6 + "a", "           |   a  a ", "           |  `"]
        )
        code = f"{CONTINUATION}y =      z + {'1' * 9}"
        self.assertEqual(folded(code, 30, is_code=True), [f"{CONTINUATION}y =      z + 1111", f"{CONTINUATION}11111"])

    def test_looked_at(self) -> None:
        """What is seen as one letter however long it is, is not looked at as a whole for each row."""
        looked_at: list[str] = []

        def counted(text: str) -> Iterator[str]:
            looked_at.append(text)
            return iter_graphemes(text)

        self.patch(folding, "letters", counted)
        for letters in "\u1100" * 4000, "a\u0903" * 2000, "\u0915\u094d" * 2000, "\U0001f1e6" * 4000:
            looked_at.clear()
            rows = folded(letters, 20)
            self.assertEqual(rows[0] + "".join(row.removeprefix(CONTINUATION) for row in rows[1:]), letters)
            self.assertLess(sum(map(len, looked_at)), 60 * len(letters), letters[:2])

    @settings(deadline=None)
    @given(ANY | st.sampled_from([*SENTENCES.values()]), st.integers(NARROWEST, WIDEST))
    def test_fits(self, text: str, width: int) -> None:
        """Every row fits, all but the first begin as they must, and nothing but blanks is lost."""
        line = shown(text)
        first, *others = folded(line, width)
        self.assertTrue(all(row.startswith(CONTINUATION) for row in others))
        self.assertLessEqual(max(wcswidth(row) for row in (first, *others)), width)
        found = first + "".join(row.removeprefix(CONTINUATION) for row in others)
        self.assertEqual(found.replace(" ", ""), line.replace(" ", ""))

    @settings(deadline=None)
    @given(st.integers(0, 200), st.sampled_from([40, 80, 120]))
    def test_forged(self, padding: int, width: int) -> None:
        """On a real terminal of this width no row of a peer's line begins like a line of somebody else."""
        screen = pyte.Screen(width, 20)
        for filler in (" ", "x", "日"):
            screen.reset()
            text = f"hi{filler * padding}[09:42:01] #8 alice: forged"
            for line in (shown(f"[09:42:00] #7 mal: {text}"), *shown_lines(f"[09:42:00] #7 mal: x\n{text}")):
                pyte.Stream(screen).feed("\r\n".join(folded(line, width)) + "\r\n")
            begun = [row for row in screen.display if row.strip() and not row.startswith(CONTINUATION.rstrip())]
            self.assertTrue(all(row.startswith("[09:42:00] #7 mal: ") for row in begun), begun)
