"""Wording: how counts and lists are written."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.wording import exact_size, listed, plural, size_words


class Counts(SynchronousTestCase):
    def test_plural(self) -> None:
        """Exactly one takes the singular; thousands are separated by commas."""
        self.assertEqual(
            [plural(count, "message") for count in (0, 1, 2, 1_000, 1_234_567)],
            ["0 messages", "1 message", "2 messages", "1,000 messages", "1,234,567 messages"],
        )

    def test_irregular(self) -> None:
        """A plural that does not end in s is given."""
        self.assertEqual(
            [plural(count, "person", "people") for count in (0, 1, 2)], ["0 people", "1 person", "2 people"]
        )


class Lists(SynchronousTestCase):
    def test_listed(self) -> None:
        """The last word is joined by and, the others by commas."""
        self.assertEqual([listed("abc"[:size]) for size in range(4)], ["", "a", "a and b", "a, b and c"])

    def test_other_word(self) -> None:
        """The word before the last can be another one."""
        self.assertEqual(listed(["on", "off"], "or"), "on or off")
        self.assertEqual(listed(["on"], "or"), "on")

    @given(st.lists(st.text(alphabet="xyz", min_size=1), max_size=9))
    def test_nothing_is_lost(self, words: list[str]) -> None:
        """Every word is listed, in its order."""
        self.assertEqual(listed(words).replace(" and ", ", ").split(", "), words or [""])


class SizeTests(SynchronousTestCase):
    """Sizes are in units that people know."""

    def test_sizes(self) -> None:
        """One digit after the point, while that says something; never 1024 of a unit.

        The page says them itself, in the same words: tests/page/shared.test.mjs has the same list.
        """
        for size, words in (
            (0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1024, "1 KB"), (1536, "1.5 KB"), (102_400, "100 KB"),
            (1_048_575, "1 MB"), (2**24, "16 MB"), (2**30, "1 GB"), (2**50, "1024 TB"),
        ):  # fmt: skip
            self.assertEqual(size_words(size), words, size)

    def test_exact(self) -> None:
        """A size that is rounded has its digits beside it: a limit and one byte more read differently."""
        sizes = [exact_size(size) for size in (1, 999, 16777216, 16777217)]
        self.assertEqual(sizes, ["1 byte", "999 bytes", "16 MB (16,777,216 bytes)", "16 MB (16,777,217 bytes)"])
