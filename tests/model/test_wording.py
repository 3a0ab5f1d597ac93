"""Wording: how counts and lists are written."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.wording import listed, plural


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
