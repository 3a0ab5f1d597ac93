"""Parts of files, compared with what Python's slices give."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.transfers.ranges import NotSatisfiable, has_it, is_unchanged, part

SIZES = st.integers(0, 40)
NUMBERS = st.integers(0, 50)


def sliced(content: bytes, wanted: str) -> bytes | None:
    """Return the part of the content; None: there is nothing."""
    try:
        found = part(wanted, len(content))
    except NotSatisfiable:
        return None
    return content if found is None else content[found[0] : found[0] + found[1]]


class PartTest(SynchronousTestCase):
    @given(SIZES, NUMBERS, NUMBERS)
    def test_between(self, size: int, first: int, last: int) -> None:
        """From one byte to another: what is there of it; what makes no sense is the whole."""
        content = bytes(range(size))
        expected = content if last < first else content[first : last + 1] or None
        self.assertEqual(sliced(content, f"bytes={first}-{last}"), expected)

    @given(SIZES, NUMBERS)
    def test_from(self, size: int, first: int) -> None:
        """From a byte to the end."""
        content = bytes(range(size))
        self.assertEqual(sliced(content, f"bytes={first}-"), content[first:] or None)

    @given(SIZES, NUMBERS)
    def test_last(self, size: int, length: int) -> None:
        """The last bytes."""
        content = bytes(range(size))
        self.assertEqual(sliced(content, f"bytes=-{length}"), (content[-length:] if length else b"") or None)

    @given(st.text(max_size=30), SIZES)
    def test_anything(self, wanted: str, size: int) -> None:
        """Whatever else is asked for, the answer is a part that is there, or the whole."""
        content = bytes(range(size))
        for text in (wanted, f"bytes={wanted}"):
            found = sliced(content, text)
            self.assertTrue(found is None or found in content)

    def test_whole(self) -> None:
        """Several ranges, other units, and what cannot be read are the whole file."""
        for wanted in ("", "bytes=0-1,3-4", "lines=1-2", "bytes=", "bytes=-", "bytes=a-b", "bytes=1-٣", "bytes=1--2",
                       "bytes=9999999999999999999-"):  # fmt: skip
            self.assertIsNone(part(wanted, 10))

    def test_conditions(self) -> None:
        """A part of a file that is another one now is the whole of it; who has the file is not sent it again."""
        self.assertTrue(is_unchanged("", '"a"') and is_unchanged('"a"', '"a"'))
        for other in ('W/"a"', '"b"', "Thu, 01 Jan 1970 00:00:00 GMT"):
            self.assertFalse(is_unchanged(other, '"a"'))
        for tags in ('"a"', 'W/"a"', '"x", "a"', "*"):
            self.assertTrue(has_it(tags, '"a"'))
        for tags in ("", '"b"', "a"):
            self.assertFalse(has_it(tags, '"a"'))
