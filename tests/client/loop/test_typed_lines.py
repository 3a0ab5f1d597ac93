"""Lines of standard input, which comes in pieces."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.loop.typed_lines import LONGEST, TypedLines


class TypedLinesTest(SynchronousTestCase):
    @given(st.lists(st.binary(max_size=6).map(lambda piece: piece.replace(b"\x00", b"\n")), max_size=8))
    def test_pieces(self, pieces: list[bytes]) -> None:
        """However the input is cut, its lines are the same, and the last one needs no end."""
        lines: list[bytes] = []
        typed = TypedLines(lines.append)
        for piece in pieces:
            typed.take(piece)
        typed.finish()
        whole = b"".join(pieces).split(b"\n")
        self.assertEqual(lines, whole if whole[-1] else whole[:-1])

    def test_too_long(self) -> None:
        """A line without an end is handed on before it fills the memory."""
        lines: list[bytes] = []
        typed = TypedLines(lines.append)
        typed.take(b"x" * LONGEST)
        self.assertEqual(lines, [])
        typed.take(b"y")
        self.assertEqual(lines, [b"x" * LONGEST + b"y"])
