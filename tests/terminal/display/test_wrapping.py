"""Lines that fit a terminal."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.display.colours import Paint
from groupchat.terminal.display.wrapping import columns, wrapped

PLAIN = Paint(0)


def lines(*texts: str, width: int, indent: int = 0) -> list[str]:
    return wrapped([("text", text) for text in texts], width, indent, PLAIN).split("\n")


class ColumnsTest(SynchronousTestCase):
    def test_columns(self) -> None:
        """Emoji and East Asian letters take two columns, combining marks none."""
        for text, width in ("abc", 3), ("日本", 4), ("e\u0301", 1), ("👩‍👩‍👧", 2), ("", 0):
            self.assertEqual(columns(text), width, text)


class WrappedTest(SynchronousTestCase):
    @settings(deadline=None)
    @given(st.lists(st.text("ab 日👩é\n", max_size=30), max_size=4), st.integers(4, 60), st.integers(0, 30))
    def test_fits(self, texts: list[str], width: int, indent: int) -> None:
        """No line is wider than the terminal, and nothing but spaces is lost."""
        shown = lines(*texts, width=width, indent=indent)
        self.assertLessEqual(max(map(columns, shown)), width)
        self.assertEqual("".join(shown).replace(" ", ""), "".join(texts).replace(" ", "").replace("\n", ""))

    def test_short(self) -> None:
        """A line that fits stays as it is, with all its spaces."""
        self.assertEqual(lines("a  b ", " c", width=7), ["a  b  c"])

    def test_indented(self) -> None:
        """Lines break between words; the further ones begin under the text."""
        self.assertEqual(
            lines("bob: ", "one two three four five six seven", width=25, indent=5),
            ["bob: one two three four", "     five six seven"],
        )

    def test_several_lines(self) -> None:
        """A line feed begins another line under the text, however short, and its own blanks stay."""
        self.assertEqual(lines("bob: ", "a\n\n    b c", width=80, indent=5), ["bob: a", "     ", "         b c"])
        self.assertEqual(
            lines("bob: ", "one two three four five\nsix", width=25, indent=5),
            ["bob: one two three four", "     five", "     six"],
        )
        self.assertEqual(lines("bob: ", "\n" + " " * 90 + "[09:00] eve: hi", width=40, indent=5)[1][:6], " " * 6)

    def test_narrow(self) -> None:
        """On a terminal that would leave less than 20 columns, lines are hardly indented, but still are."""
        self.assertEqual(lines("one two three", width=8, indent=5), ["one two", "  three"])
        self.assertEqual(
            lines("[09:00] alexandra: ", "hi\n[09:00] bob: ho", width=30, indent=19),
            ["[09:00] alexandra: hi", "  [09:00] bob: ho"],
        )

    def test_one_word_of_several_parts(self) -> None:
        """A nickname and its colon are one word, and are not torn apart."""
        parts = [("text", "hello there "), ("nick:bob", "bob"), ("", ":"), ("text", " hi")]
        self.assertEqual(wrapped(parts, 15, 0, PLAIN).split("\n"), ["hello there", "\x1b[1mbob\x1b[0m: hi"])

    def test_long_word(self) -> None:
        """A word that is longer than a line begins where the last one ended."""
        self.assertEqual(
            lines("see ", "x" * 60, width=30, indent=4), ["see " + "x" * 26, "    " + "x" * 26, "    " + "x" * 8]
        )

    def test_wide_characters(self) -> None:
        """A wide character that does not fit goes to the next line whole."""
        self.assertEqual(lines("日本語日本語", width=5), ["日本", "語日", "本語"])

    def test_code(self) -> None:
        """Code is broken only at the edge, and all its blanks stay: it is one word, and each of its lines is."""
        span = [("text", "run "), ("code", "`a  b   c`"), ("text", " now, or later")]
        self.assertEqual(wrapped(span, 13, 0, PLAIN).split("\n"), ["run", "`a  b   c`", "now, or later"])
        self.assertEqual(wrapped([("code", "`aaaa  bbbb`")], 4, 0, PLAIN).split("\n"), ["`aaa", "a  b", "bbb`"])
        block = [("text", "so:\n"), ("code", "```\nif x:\n    y =    z + 11111111111111111111\n```"), ("text", "\nyes")]
        self.assertEqual(
            wrapped(block, 30, 2, PLAIN).split("\n"),
            ["so:", "  ```", "  if x:", "      y =    z + 1111111111111", "  1111111", "  ```", "  yes"],
        )

    def test_link(self) -> None:
        """A link is never broken, so that it can be clicked; what follows goes on as before."""
        link = "http://example.org/" + "y" * 60
        self.assertEqual(lines(f"see {link} now", width=40, indent=4), ["see", link, "    now"])
