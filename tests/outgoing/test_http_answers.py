"""Answers by HTTP, as servers send them, and as they do not."""

import math
from time import process_time

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.outgoing.http_answers import (
    MOST_CHUNK_LINE_BYTES,
    MOST_HEAD_BYTES,
    MOST_REFUSAL_BYTES,
    AnswerReader,
    HttpAnswer,
    NoHttp,
)

MOST = 1000
JSON = b"Content-Type: application/json\r\n"
LENGTH = b"HTTP/1.1 200 OK\r\n" + JSON + b'Content-Length: 11\r\n\r\n{"a":"1234"'
# As etcd sends its errors: by chunks, with a line behind them.
CHUNKS = (
    b"HTTP/1.1 400 Bad Request\r\n" + JSON + b"Trailer: Grpc-Trailer-Content-Type\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nGrpc-Trailer-Content-Type: application/grpc\r\n\r\n"
)
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + LENGTH
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
WHOLE = {
    LENGTH: HttpAnswer(200, b'{"a":"1234"'),
    CHUNKS: HttpAnswer(400, b"hello world"),
    INTERIM: HttpAnswer(200, b'{"a":"1234"'),
    EMPTY: HttpAnswer(204, b""),
}


def read(data: bytes, most: int = MOST) -> tuple[AnswerReader, HttpAnswer | None]:
    """Read what comes at once."""
    reader = AnswerReader(most)
    return reader, reader.feed(data)


def head(*lines: bytes, first: bytes = b"HTTP/1.1 200 OK") -> bytes:
    """Return the beginning of an answer."""
    return b"\r\n".join((first, *lines, b"", b""))


class WholeTests(SynchronousTestCase):
    """Answers that are whole."""

    def test_at_once(self) -> None:
        """An answer that comes at once is read at once, and its connection is of further use."""
        for data, answer in WHOLE.items():
            reader, found = read(data)
            self.assertEqual(found, answer)
            self.assertEqual((reader.is_last, reader.rest), (False, b""))

    def test_every_size(self) -> None:
        """Wherever an answer is cut, it is the same, and whole with its last byte only."""
        for data, answer in WHOLE.items():
            for size in range(1, len(data)):
                reader = AnswerReader(MOST)
                pieces = [data[at : at + size] for at in range(0, len(data), size)]
                for piece in pieces[:-1]:
                    self.assertIsNone(reader.feed(piece))
                self.assertEqual(reader.feed(pieces[-1]), answer)

    @given(st.lists(st.binary(max_size=200), max_size=10), st.integers(1, 50))
    def test_chunks(self, chunks: list[bytes], size: int) -> None:
        """Chunks of any bytes, cut anywhere, are what they were."""
        body = b"".join(b"%X\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks if chunk)
        data = head(b"transfer-encoding: Chunked") + body + b"000\r\n\r\n"
        reader = AnswerReader(10_000)
        found = [reader.feed(data[at : at + size]) for at in range(0, len(data), size)]
        self.assertEqual(found[-1], HttpAnswer(200, b"".join(chunks)))

    def test_until_closed(self) -> None:
        """Without a length the answer is all that comes until the connection is closed."""
        for first in (b"HTTP/1.0 200 OK", b"HTTP/1.1 200 OK"):
            reader, found = read(head(first=first) + b"ab")
            self.assertIsNone(found)
            self.assertIsNone(reader.feed(b"c"))
            self.assertEqual(reader.end(), HttpAnswer(200, b"abc"))
            self.assertTrue(reader.is_last)

    def test_broken_off(self) -> None:
        """An answer that says how long it is has not ended before that."""
        for data in WHOLE:
            for size in range(len(data)):
                reader, found = read(data[:size])
                self.assertIsNone(found)
                self.assertIsNone(reader.end())

    def test_last(self) -> None:
        """A server says when it answers nothing more; an old one says when it does."""
        length = b"Content-Length: 0"
        cases: list[tuple[bytes, list[bytes], bool]] = [
            (b"HTTP/1.1 200 OK", [], False),
            (b"HTTP/1.1 200 OK", [b"Connection: close"], True),
            (b"HTTP/1.1 200 OK", [b"Connection: x", b"connection: Upgrade , CLOSE"], True),
            (b"HTTP/1.0 200 OK", [], True),
            (b"HTTP/1.0 200 OK", [b"Connection: Keep-Alive"], False),
        ]
        for first, lines, is_last in cases:
            reader, found = read(head(length, *lines, first=first))
            self.assertEqual((found, reader.is_last), (HttpAnswer(200, b""), is_last))

    def test_rest(self) -> None:
        """What comes behind an answer is no part of it, and is not forgotten."""
        for data, answer in WHOLE.items():
            reader, found = read(data + b"HTTP/1.1 200 OK\r\n")
            self.assertEqual((found, reader.rest), (answer, b"HTTP/1.1 200 OK\r\n"))

    def test_same_length_twice(self) -> None:
        """A length that is said twice, and the same, is one."""
        _, found = read(head(b"Content-Length: 2", b"content-length:2 ") + b"ab")
        self.assertEqual(found, HttpAnswer(200, b"ab"))


class PiecesTests(SynchronousTestCase):
    """Answers whose bodies are taken out while they come."""

    def pieces(self, data: bytes, size: int) -> tuple[int, bytes, str]:
        """Read an answer in pieces of this size; return its status, its body, and how it has ended."""
        reader = AnswerReader(math.inf)
        body = b""
        for at in range(0, len(data), size):
            try:
                end = "whole" if reader.feed(data[at : at + size]) else ""
            except NoHttp as error:
                end = str(error)
            body += reader.take()
            self.assertEqual(reader.take(), b"")
            if end:
                return reader.status, body, end
        return reader.status, body, "closed" if reader.end() else "broken off"

    def test_every_size(self) -> None:
        """Wherever an answer is cut, its pieces are the same together."""
        whole = [(data, answer, "whole") for data, answer in WHOLE.items()]
        for data, answer, end in [*whole, (head() + b"abc", HttpAnswer(200, b"abc"), "closed")]:
            for size in range(1, len(data) + 1):
                self.assertEqual(self.pieces(data, size), (answer.status, answer.body, end))

    def test_at_once(self) -> None:
        """What has come of a body can be taken at once; nothing is kept but the beginnings of lines."""
        for how, pieces in (
            (b"Transfer-Encoding: chunked", (b"3\r\nabc\r\n4\r\nd", b"efg\r", b"\n2", b"\r\nhi\r\n")),
            (b"Content-Length: 10", (b"abcd", b"efg", b"hi")),
            (b"X: y", (b"abcd", b"efg", b"hi")),
        ):
            reader = AnswerReader(math.inf)
            self.assertEqual(reader.status, 0)
            reader.feed(b"HTTP/1.1 100 -\r\n\r\n" + head(how)[:-1])
            self.assertEqual((reader.status, reader.take()), (0, b""))
            reader.feed(b"\n")
            self.assertEqual((reader.status, reader.take()), (200, b""))
            taken = []
            for piece in pieces:
                reader.feed(piece)
                taken.append(reader.take())
                self.assertLess(len(reader.rest), 3)
            self.assertEqual(taken, [b"abcd", b"efg", b"hi"] if len(pieces) == 3 else [b"abcd", b"efg", b"", b"hi"])

    def test_status_of_none(self) -> None:
        """What is no answer has no status."""
        for data in (b"x\r\n\r\n", head(b"Content-Length: x"), b"HTTP/1.1 100 -\r\n\r\nx\r\n\r\n"):
            self.assertEqual(self.pieces(data, 1)[:2], (0, b""))

    @given(
        st.lists(st.sampled_from((b"5\r\nhello\r\n", b"1;x\r\n\n\r\n", b"0\r\n", b"a: b\r\n", b"\r\n", b"\r", b"2"))),
        st.sampled_from((b"Transfer-Encoding: chunked", b"Content-Length: 20", b"Connection: close")),
        st.integers(1, 30),
    )
    def test_cut_anywhere(self, parts: list[bytes], how: bytes, size: int) -> None:
        """Whatever comes, its pieces and its end are the same however it is cut: also those before what is wrong."""
        data = head(how) + b"".join(parts)
        self.assertEqual(self.pieces(data, size), self.pieces(data, len(data)))

    def test_no_limit(self) -> None:
        """What is taken out has no limit together, but headers and lines have theirs."""
        for how, data in (
            (b"Transfer-Encoding: chunked", b"fffffffffffffff\r\n"),
            (b"Content-Length: 999999999999999999", b""),
        ):
            reader = AnswerReader(math.inf)
            reader.feed(head(how) + data)
            for _ in range(100):
                reader.feed(bytes(10_000))
                self.assertEqual(reader.take(), bytes(10_000))
                self.assertEqual(reader.rest, b"")
        for data in (b"1;" + b"x" * MOST_CHUNK_LINE_BYTES, b"0\r\n" + b"x: y\r\n" * MOST_HEAD_BYTES):
            self.assertIn("too long", self.pieces(head(b"Transfer-Encoding: chunked") + data, 1000)[2])

    def test_cost(self) -> None:
        """Ten times as much costs about ten times as much, in the smallest chunks and in one that drips."""

        def cost(count: int, data: bytes, size: int) -> float:
            best = math.inf
            for _ in range(3):
                before = process_time()
                self.assertEqual(len(self.pieces(data, size)[1]), count)
                best = min(best, process_time() - before)
            return best

        chunked = head(b"Transfer-Encoding: chunked")
        for make, size in (
            (lambda count: chunked + b"1\r\nx\r\n" * count, 1 << 30),
            (lambda count: chunked + b"%x\r\n" % count + b"x" * count, 1),
            (lambda count: head(b"Content-Length: %d" % (count + 1)) + b"x" * count, 1),
        ):
            few, many = 5_000, 50_000
            self.assertLess(cost(many, make(many), size), 40 * cost(few, make(few), size) + 0.05)


class NoHttpTests(SynchronousTestCase):
    """What is no answer."""

    def refuse(self, data: bytes, words: str, most: int = MOST) -> None:
        """See that this is refused, at once and when it comes byte by byte."""
        self.assertIn(words, str(self.assertRaises(NoHttp, read, data, most)))
        reader = AnswerReader(most)

        def drip() -> None:
            for byte in data:
                reader.feed(bytes([byte]))

        self.assertIn(words, str(self.assertRaises(NoHttp, drip)))

    def test_other_protocols(self) -> None:
        """Something else than HTTP is named by what it says, but not at length."""
        for first in (b"SSH-2.0-OpenSSH_9.2", b"HTTP/2.0 200 OK", b"HTTP/1.1 20 OK", b"HTTP/1.1 0200 OK", b" " * 300):
            self.refuse(head(first=first), "does not speak HTTP")
        error = self.assertRaises(NoHttp, read, b"x" * 1000 + b"\r\n\r\n")
        self.assertLess(len(str(error)), 100)

    def test_switching(self) -> None:
        """Nobody has asked for another protocol."""
        self.refuse(head(b"Upgrade: h2c", first=b"HTTP/1.1 101 Switching Protocols"), "another protocol")

    def test_headers(self) -> None:
        """A line that is no header makes the whole answer doubtful."""
        for line in (b"no colon", b": x", b"a b: c", b" folded: x", b"a: \0", b"a : b", b"a: b\rc"):
            self.refuse(head(line), "a header that is none")
        self.refuse(CHUNKS.replace(b"Grpc-Trailer-Content-Type: ", b"Grpc Trailer "), "a header that is none")

    def test_wrong_lengths(self) -> None:
        """A length is one number of digits."""
        for text in (b"", b"-1", b"+1", b"1x", b"0x1", b"1, 1", b"9" * 19, b"1 2", "\u0661".encode()):
            self.refuse(head(b"Content-Length: " + text), "how long")
        self.refuse(head(b"Content-Length: 1", b"Content-Length: 2"), "how long")

    def test_two_ways(self) -> None:
        """Whoever says the length in two ways may mean either."""
        self.refuse(head(b"Transfer-Encoding: chunked", b"Content-Length: 5"), "by chunks and otherwise")
        self.refuse(head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"), "by chunks and otherwise")
        self.refuse(head(b"Transfer-Encoding: gzip, chunked"), "by chunks and otherwise")

    def test_wrong_chunks(self) -> None:
        """A chunk has a size, and is as long as that."""
        chunked = head(b"Transfer-Encoding: chunked")
        for size in (b"", b"-1", b"0x5", b"g", b" 5", b"5 x", b"1" * 16):
            self.refuse(chunked + size + b"\r\nhello\r\n0\r\n\r\n", "without a size")
        self.refuse(chunked + b"4\r\nhello\r\n0\r\n\r\n", "longer than it says")

    def test_too_long(self) -> None:
        """Whatever has no end is left before it has filled the memory."""
        many = [b"x%d: y" % number for number in range(MOST_HEAD_BYTES // 5)]
        self.refuse(head(*many), "headers are too long")
        self.refuse(b"HTTP/1.1 200 " + b"x" * MOST_HEAD_BYTES + b"\r\n\r\n", "headers are too long")
        self.refuse(b"x" * (MOST_HEAD_BYTES + 4), "headers are too long")
        self.refuse(b"HTTP/1.1 100 \r\n\r\n" * MOST_HEAD_BYTES, "headers are too long")
        chunked = head(b"Transfer-Encoding: chunked")
        self.refuse(chunked + b"0\r\n" + b"x: y\r\n" * MOST_HEAD_BYTES, "headers are too long")
        self.refuse(chunked + b"1;" + b"x" * MOST_CHUNK_LINE_BYTES + b"\r\n", "before a chunk is too long")
        self.refuse(chunked + b"1\r\nx\r\n" * (MOST + 1), "more than 1,000 bytes")
        self.refuse(head() + b"x" * (MOST + 1), "more than 1,000 bytes")

    def test_too_much_announced(self) -> None:
        """What will be too long is refused before it comes."""
        self.refuse(head(b"Content-Length: 1001"), "more than 1,000 bytes")
        self.refuse(head(b"Transfer-Encoding: chunked") + b"3e9\r\n", "more than 1,000 bytes")

    def test_refusal(self) -> None:
        """An answer that only says why there is none is read up to a length of its own."""
        long, most = MOST_REFUSAL_BYTES, 2**20
        for first in (b"HTTP/1.1 400 Bad Request", b"HTTP/1.1 503 x"):
            _, found = read(head(b"Content-Length: %d" % long, first=first) + b"x" * long, most)
            self.assertEqual(found, HttpAnswer(int(first[9:12]), b"x" * long))
            self.refuse(head(b"Content-Length: %d" % (long + 1), first=first), "more than 65,536 bytes", most)
            self.refuse(head(first=first) + b"x" * (long + 1), "more than 65,536 bytes", most)
        self.refuse(head(b"Content-Length: 1001", first=b"HTTP/1.1 503 x"), "more than 1,000 bytes")

    def test_just_fits(self) -> None:
        """A body of as many bytes as there may be is taken."""
        body = b"x" * MOST
        _, found = read(head(b"Content-Length: 1000") + body)
        self.assertEqual(found, HttpAnswer(200, body))
        _, found = read(head(b"Transfer-Encoding: chunked") + b"3e8\r\n" + body + b"\r\n0\r\n\r\n")
        self.assertEqual(found, HttpAnswer(200, body))
