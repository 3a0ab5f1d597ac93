"""Frames come out as messages, however their bytes are cut; nothing that breaks a rule does."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from wsproto.frame_protocol import Opcode

from groupchat.doors.web.frames import CLOSING_REASON, PING, Frames, Kind, closing, frame, pong
from groupchat.doors.wire.framing import SKIPPED_LIMIT
from groupchat.model.errors import Refusal
from tests.doors.web.clients import frames, masked

LIMIT = 1000


def read(data: bytes, size: int = 65536, limit: int = LIMIT) -> list[Any]:
    """Return what is read of this in pieces of a size, without parts; the last may be the code of a refusal."""
    decoder, found = Frames(), []
    for start in range(0, len(data), size):
        decoder.feed(data[start : start + size])
        try:
            while (one := decoder.read(limit)) is not None:
                if one[0] is not Kind.PART:
                    found.append(one)
        except Refusal as refusal:
            return [*found, refusal.code]
    return found


class ReadTest(SynchronousTestCase):
    def test_every_cut(self) -> None:
        """The same bytes are the same messages, cut in pieces of every size."""
        data = (
            masked(b"hello")
            + masked(b"")
            + masked("é😊".encode()[:3], fin=False)
            + masked(b"are you there", opcode=Opcode.PING)
            + masked("é😊".encode()[3:], opcode=Opcode.CONTINUATION, fin=False)
            + masked(b"", opcode=Opcode.CONTINUATION)
            + masked(b"x" * 125)
            + masked(b"y" * 126)
            + masked(b"", opcode=Opcode.PONG)
            + masked((1000).to_bytes(2) + "ciào".encode(), opcode=Opcode.CLOSE)
        )
        expected = [
            (Kind.MESSAGE, b"hello"),
            (Kind.MESSAGE, b""),
            (Kind.PING, b"are you there"),
            (Kind.MESSAGE, "é😊".encode()),
            (Kind.MESSAGE, b"x" * 125),
            (Kind.MESSAGE, b"y" * 126),
            (Kind.PONG, b""),
            (Kind.CLOSE, (1000).to_bytes(2)),
        ]
        for size in range(1, len(data) + 1):
            self.assertEqual(read(data, size), expected, size)

    def test_one_piece(self) -> None:
        """A message that comes in one piece is the same as one that comes byte by byte, whatever its length."""
        for length in (*range(300), 65535, 65536):
            payload = bytes(32 + number * 7 % 90 for number in range(length))
            data = masked(payload, key=b"\xa1\x02\xff\x40")
            expected = [(Kind.MESSAGE, payload), (Kind.MESSAGE, b"after it")]
            self.assertEqual(read(data + masked(b"after it"), 100_000, 70_000), expected)
            self.assertEqual(read(data + masked(b"after it"), 1 if length < 300 else 777, 70_000), expected)

    def test_wrong_lengths(self) -> None:
        """A length that is written longer than it need be is refused, and so is one of a frame without a mask."""
        for data in (
            b"\x81\xfe\x00\x05\0\0\0\0hello",
            b"\x81\xff" + bytes(7) + b"\x05\0\0\0\0hello",
            b"\x81\x05helloagain",
        ):
            self.assertEqual(read(data), ["bad-frame"])

    def test_large(self) -> None:
        """A message as long as the limit is taken, whatever its frames; one byte more, and it is left out."""
        for limit in (125, 126, 65535, 65536, 70000):
            whole = masked(b"z" * limit)
            parts = masked(b"z" * (limit - 1), fin=False) + masked(b"z", opcode=Opcode.CONTINUATION)
            for data in (whole, parts):
                self.assertEqual(read(data, limit=limit), [(Kind.MESSAGE, b"z" * limit)])
                for size in (1000, 65536):
                    found = read(data + masked(b"next"), size, limit - 1)
                    self.assertEqual(found, [(Kind.TOO_LONG, b""), (Kind.MESSAGE, b"next")])

    def test_parts_too_long(self) -> None:
        """The parts of a message that is too long are left out as they come, and pings between them are answered."""
        part = masked(b"z" * 600, opcode=Opcode.CONTINUATION, fin=False)
        data = masked(b"z" * 600, fin=False) + part + masked(b"?", opcode=Opcode.PING) + part
        data += masked(b"", opcode=Opcode.CONTINUATION) + masked(b"next")
        for size in (1, 7, 100, 65536):
            self.assertEqual(read(data, size), [(Kind.TOO_LONG, b""), (Kind.PING, b"?"), (Kind.MESSAGE, b"next")])

    def test_memory(self) -> None:
        """Of a message that is too long nothing is kept."""
        decoder = Frames()
        data = masked(b"z" * 200_000)
        for start in range(0, len(data), 4096):
            waiting = decoder.feed(data[start : start + 4096])
            while decoder.read(LIMIT) is not None:
                pass
            self.assertLessEqual(len(waiting) + len(decoder._message or b""), LIMIT + 4096)

    def test_endless(self) -> None:
        """More than a mebibyte of one message ends it all, also if it is only said that so much will come."""
        part = masked(b"z" * 60_000, opcode=Opcode.CONTINUATION, fin=False)
        self.assertEqual(read(masked(b"z", fin=False) + part * 20), [(Kind.TOO_LONG, b""), "line-too-long"])
        for length in (SKIPPED_LIMIT + 1, 2**62):
            self.assertEqual(read(b"\x81\xff" + length.to_bytes(8) + b"abcd"), ["line-too-long"])
        self.assertEqual(read(b"\x81\xfe" + (1001).to_bytes(2) + b"abcd"), [])

    def test_rules(self) -> None:
        """What RFC 6455 does not allow is refused, by what it is; what came before counts."""
        for data, code in (
            (b"\x81\x03abc", "bad-frame"),  # not masked
            (masked(b"", opcode=3), "bad-frame"),
            (masked(b"", opcode=0xF), "bad-frame"),
            (b"\xc1\x80abcd", "bad-frame"),  # a reserved bit: an extension nobody agreed on
            (masked(b"x" * 126, opcode=Opcode.PING), "bad-frame"),
            (masked(b"x", opcode=Opcode.PING, fin=False), "bad-frame"),
            (b"\x81\xfe\x00\x05abcdhello", "bad-frame"),  # a length that is too long for itself
            (b"\x81\xff" + bytes(7) + b"\x05abcdhello", "bad-frame"),
            (b"\x81\xff\x80" + bytes(7) + b"abcd", "bad-frame"),
            (masked(b"x", opcode=Opcode.CONTINUATION), "bad-frame"),
            (masked(b"x", fin=False) + masked(b"y"), "bad-frame"),
            (masked(b"x", opcode=Opcode.BINARY), "not-text"),
            (masked(b"x", opcode=Opcode.BINARY, fin=False), "not-text"),
            (masked(b"\xff"), "not-utf8"),
            (masked("é".encode()[:1]), "not-utf8"),
            (masked("\ud800".encode("utf-8", "surrogatepass")), "not-utf8"),
            (masked(b"x", opcode=Opcode.CLOSE), "bad-frame"),
            (masked(b"\x03\xe8\xff", opcode=Opcode.CLOSE), "not-utf8"),
        ):
            for size in (1, 1000):
                self.assertEqual(read(masked(b"before") + data, size), [(Kind.MESSAGE, b"before"), code], data)

    def test_close_codes(self) -> None:
        """A peer may close with a code that may be sent, or with none."""
        for code in (*range(1000, 1004), *range(1007, 1015), 3000, 4999):
            payload = code.to_bytes(2)
            self.assertEqual(read(masked(payload, opcode=Opcode.CLOSE)), [(Kind.CLOSE, payload)])
        for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535):
            self.assertEqual(read(masked(code.to_bytes(2), opcode=Opcode.CLOSE)), ["bad-frame"], code)
        self.assertEqual(read(masked(b"", opcode=Opcode.CLOSE)), [(Kind.CLOSE, b"")])

    @given(st.binary(max_size=200), st.integers(1, 50))
    def test_anything(self, data: bytes, size: int) -> None:
        """Any bytes are the same in pieces of any size."""
        self.assertEqual(read(data, size), read(data))


class WriteTest(SynchronousTestCase):
    def test_lengths(self) -> None:
        """Every length is written in its shortest form, and read back."""
        for length, head in ((0, 2), (125, 2), (126, 4), (65535, 4), (65536, 10)):
            made = frame(b"x" * length)
            self.assertEqual(len(made), head + length)
            self.assertEqual(frames(made), [(Opcode.TEXT, b"x" * length)])

    def test_closing(self) -> None:
        """The reason of a close frame is cut off between two characters."""
        ((opcode, payload),) = frames(closing(4002, "é" * 100))
        self.assertEqual((opcode, payload[:2]), (Opcode.CLOSE, (4002).to_bytes(2)))
        self.assertEqual(payload[2:].decode(), "é" * (CLOSING_REASON // 2))
        self.assertEqual(frames(closing(0)), [(Opcode.CLOSE, b"")])

    def test_pings(self) -> None:
        """A ping is answered with what it had."""
        self.assertEqual(frames(PING + pong(b"x" * 125)), [(Opcode.PING, b""), (Opcode.PONG, b"x" * 125)])
