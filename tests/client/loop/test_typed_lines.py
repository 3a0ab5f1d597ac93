"""Lines of standard input, which comes in pieces."""

from itertools import product

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
        """Of a line that is too long only the beginning is handed on, however it comes; the next line is whole."""
        for longest, end in product((LONGEST, LONGEST + 1, 200_000), (b"", b"\r")):
            whole = b"x" * longest + end
            text = whole + b"\nafter\n"
            for size in (1000, LONGEST, LONGEST + 1, len(text)):
                lines: list[bytes] = []
                typed = TypedLines(lines.append)
                for at in range(0, len(text), size):
                    typed.take(text[at : at + size])
                typed.finish()
                first, after = lines
                self.assertEqual((first, after), (whole[: LONGEST + 2], b"after"))
                self.assertEqual(len(first.removesuffix(b"\r")) > LONGEST, longest > LONGEST)

    def test_endless(self) -> None:
        """A line without an end is handed on before it fills the memory, and what follows of it is not kept."""
        lines: list[bytes] = []
        typed = TypedLines(lines.append)
        typed.take(b"x" * LONGEST)
        self.assertEqual(lines, [])
        for _ in range(3):
            typed.take(b"y" * LONGEST)
        typed.finish()
        self.assertEqual(lines, [b"x" * LONGEST + b"yy"])
