"""Lines that correct one's last message, those that look so and are refused, and words that are said."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.errors import BadArguments
from groupchat.verbs.grammar import corrections

WORDS = st.text(st.characters(exclude_characters="/\\"), min_size=1, max_size=8)


class CorrectionTests(SynchronousTestCase):
    def refused(self, line: str) -> str:
        """Return why a line is neither a correction nor said."""
        return str(self.assertRaises(BadArguments, corrections.read, line))

    def corrected(self, line: str, text: str) -> str:
        """Return a text after the correction on a line."""
        found = corrections.read(line)
        assert found is not None, line
        return found.applied(text)

    def test_corrections(self) -> None:
        """The first occurrence is replaced, or with a g every one; phones begin a line with a capital."""
        for line, after in (
            ("s/teh/the/", "the teh"), ("s/teh/the/g", "the the"), ("s/teh //", "teh"), ("S/teh/the/", "the teh"),
            ("s/teh/the/  ", "the teh"), ("s/ / \u2013 /", "teh \u2013 teh"),
        ):  # fmt: skip
            self.assertEqual(self.corrected(line, "teh teh"), after, line)

    def test_escapes(self) -> None:
        """A slash is written with a backslash before it, and a backslash twice or, before other signs, once."""
        for line, text, after in (
            (r"s/a\/b/a or b/", "a/b", "a or b"),
            (r"s/or/\//", "a or b", "a / b"),
            (r"s/C:\\/D:/", "C:\\", "D:"),
            (r"s/\_/-/", r"\_", "-"),
            (r"s/x/\\\//", "x", r"\/"),
        ):
            self.assertEqual(self.corrected(line, text), after, line)

    def test_looks_like_one(self) -> None:
        """Whatever begins with "s/" and is no correction is refused, and told how to be said."""
        for line in (
            "s/", "s/a", "s/a/b", "s//x/", "s///", "s/a/b/c", "s/a/b/c/", "s/a/b/gg", "s/a/b/i", r"s/a\/b/", r"s/a/b\/",
            "s/he said", "s/a/b/ and more",
        ):  # fmt: skip
            self.assertIn(f"To say it as it is: /say {line}", self.refused(line))

    def test_other_signs(self) -> None:
        """A whole correction with another sign is refused, and the right form of it is told."""
        for line, right in (
            ("s|a|b|", "s/a/b/"), ("s,a,b,", "s/a/b/"), ("s#a#b#g", "s/a/b/"), ("s|a/b|c|", r"s/a\/b/c/"),
            ("s!a!!", "s/a//"), ("s:a:b c:", "s/a/b c/"), ("s|a|b", "s/a/b/"), ("s#a b#c", "s/a b/c/"),
        ):  # fmt: skip
            self.assertIn(right, self.refused(line), line)

    def test_said(self) -> None:
        """Words that begin with an s are words."""
        for line in (
            "s", "so", "s, I think so", "s, yes, and no, too", "s...", "s!!!", "s: a: b:", "s.o.s.", "s;)", "s'il vous",
            "s-o-s", "s|", "s,a,b", "s#1 is mine", "S/MIME", "S/he", "s | a | b |", "sed s/a/b/", "s=3", "s\ta/b/c/",
        ):  # fmt: skip
            self.assertIsNone(corrections.read(line), line)

    @given(WORDS, WORDS)
    def test_any(self, typo: str, fix: str) -> None:
        """Any text without slashes can be corrected to any other."""
        self.assertEqual(self.corrected(f"s/{typo}/{fix}/", f"<{typo}{typo}>"), f"<{typo}{typo}>".replace(typo, fix, 1))

    def test_long_lines(self) -> None:
        """A long line is refused in few words, and at once."""
        for line in ("s/" + "a" * 4000, "s|" + "a" * 2000 + "|b|", "s/" + "\\" * 4000, "s|a" * 1300):
            try:
                found = corrections.read(line)
            except BadArguments as refusal:
                self.assertLess(len(str(refusal)), 300)
            else:
                self.assertIsNone(found)
