"""Answers by HTTP/1.1, read from bytes that are cut anywhere; nothing in them is taken on trust.

The steps::

    head ── 1xx ──→ head
         ── no body ──────────────────────────────────────────────→ whole
         ── Content-Length ──→ so many bytes ─────────────────────→ whole
         ── chunked ──→ size ⇄ chunk ── size 0 ──→ trailer lines ─→ whole
         ── neither ──→ everything until the connection is closed → whole

What is read costs no more than its length, however it is cut, and no more memory than the limits below.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from groupchat.lazy.records import record

MOST_HEAD_BYTES = 32 * 1024
"""The most bytes of all headers of an answer, with those of the answers before it (1xx) and the lines at its end."""

MOST_REFUSAL_BYTES = 64 * 1024
"""The most bytes of an answer that only says why there is none."""

MOST_CHUNK_LINE_BYTES = 256
"""The most bytes of the line before a chunk."""

_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\n]*)?")
_HEADER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*")
_HEADERS = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*(?:\r\n|\Z))*")
_FRAMING = re.compile(rb"(?i)^(content-length|transfer-encoding|connection):([^\r\n]*)", re.MULTILINE)
"""The headers that say where an answer ends, and whether another one can follow."""
_LENGTH = re.compile(rb"[0-9]{1,18}")
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")
_SWITCHING_PROTOCOLS = 101
_WITHOUT_BODY = (204, 304)


class NoHttp(Exception):
    """What came is no answer by HTTP, or one beyond the limits; the text says why, to follow a server's name."""


@record
class HttpAnswer:
    """An answer."""

    status: int
    body: bytes


class AnswerReader:
    """Reads one answer, as a whole or in the pieces in which its body comes.

    :param most_bytes: the most bytes of its body; ``math.inf`` where that is taken out while it comes.

    ``is_last``: whether the connection is of no use for another request; ``rest``: what came behind the answer.
    """

    def __init__(self, most_bytes: float) -> None:
        self.is_last = False
        self._most_bytes = most_bytes
        self._head_left = MOST_HEAD_BYTES
        self._buffer = bytearray()
        self._searched = 0
        self._step: Callable[[], bool] = self._read_head
        self._status = 0
        self._body = bytearray()
        self._left = 0
        """The bytes of the body, or of the chunk that is being read, that are still to come."""
        self._is_in_chunk = False
        self._answer: HttpAnswer | None = None

    @property
    def status(self) -> int:
        """Return the status of the answer; 0 until its headers have been read."""
        return 0 if self._answer is None and self._step == self._read_head else self._status

    @property
    def rest(self) -> bytes:
        """Return what came behind the answer."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> HttpAnswer | None:
        """Read on; return the answer when it is whole.

        :raises NoHttp: this is none.
        """
        self._buffer += data
        while self._answer is None and self._step():
            pass
        return self._answer

    def take(self) -> bytes:
        """Take out what has come of the body since the last time."""
        if self._step == self._read_length and self._answer is None:
            self._body, self._buffer = self._buffer, self._body
            self._left -= len(self._body)
        taken = bytes(self._body)
        self._body.clear()
        return taken

    def end(self) -> HttpAnswer | None:
        """Note that the connection was closed in good order; return the answer if that is its end."""
        return HttpAnswer(self._status, bytes(self._body)) if self._step == self._read_until_closed else None

    # The steps; each returns whether there may be more to read.

    def _read_head(self) -> bool:
        head = self._until(b"\r\n\r\n", self._head_left, "its headers are too long")
        if head is None:
            return False
        self._head_left -= len(head)
        self._status, is_last, length = _head_of(head)
        if self._status < 200:
            return True
        if self._status >= 400:
            self._most_bytes = min(self._most_bytes, MOST_REFUSAL_BYTES)
        self.is_last = is_last or length is None
        if self._status in _WITHOUT_BODY:
            self.is_last = is_last
            self._finish()
        elif length == _CHUNKED:
            self._step = self._read_chunks
        elif length is not None:
            self._left = length
            if length > self._most_bytes:
                raise self._too_long()
            self._step = self._read_length
        else:
            self._step = self._read_until_closed
        return True

    def _read_length(self) -> bool:
        if len(self._buffer) < self._left:
            return False
        self._body, self._buffer = self._buffer[: self._left], self._buffer[self._left :]
        self._finish()
        return False

    def _read_until_closed(self) -> bool:
        self._body += self._buffer
        self._buffer.clear()
        if len(self._body) > self._most_bytes:
            raise self._too_long()
        return False

    def _read_chunks(self) -> bool:
        """Read chunks, and the lines before them, as many as have come."""
        buffer, at = self._buffer, 0
        while True:
            if self._is_in_chunk:
                end = at + self._left
                self._body += buffer[at:end]
                if len(buffer) < end + 2:
                    at = min(end, len(buffer))
                    self._left = end - at
                    break
                if buffer[end : end + 2] != b"\r\n":
                    raise NoHttp("sends a chunk that is longer than it says")
                at = end + 2
                self._is_in_chunk = False
            found = _CHUNK_LINE.match(buffer, at)
            if found is None or found.end() - 2 - at > MOST_CHUNK_LINE_BYTES:
                break
            at, self._left = found.end(), int(found[1], 16)
            if len(self._body) + self._left > self._most_bytes:
                raise self._too_long()
            if not self._left:
                self._step = self._read_trailer
                break
            self._is_in_chunk = True
        if at:
            del buffer[:at]
            self._searched = 0
        if self._step == self._read_trailer:
            return True
        if buffer and not self._is_in_chunk:
            self._see_that_line_is_begun()
        return False

    def _see_that_line_is_begun(self) -> None:
        """:raises NoHttp: it has come whole already, so it was no line before a chunk; or it is too long."""
        line = self._until(b"\r\n", MOST_CHUNK_LINE_BYTES, "the line before a chunk is too long")
        if line is not None:
            raise NoHttp(f"sends chunks without a size: {_shown(line)}")

    def _read_trailer(self) -> bool:
        line = self._until(b"\r\n", self._head_left, "its headers are too long")
        if line is None:
            return False
        self._head_left -= len(line)
        if line:
            _check_header(line)
        else:
            self._finish()
        return True

    # How

    def _finish(self) -> None:
        self._answer = HttpAnswer(self._status, bytes(self._body))

    def _until(self, mark: bytes, most: int, problem: str) -> bytes | None:
        """Take what stands before a mark, and the mark; None: it has not come yet.

        :raises NoHttp: that is more than so many bytes.
        """
        buffer = self._buffer
        end = buffer.find(mark, self._searched)
        if (end if end >= 0 else len(buffer) - len(mark) + 1) > most:
            raise NoHttp(f"answers at too great length: {problem}")
        if end < 0:
            self._searched = max(0, len(buffer) - len(mark) + 1)
            return None
        found = bytes(buffer[:end])
        del buffer[: end + len(mark)]
        self._searched = 0
        return found

    def _too_long(self) -> NoHttp:
        return NoHttp(f"answers at too great length: with more than {self._most_bytes:,} bytes")


_CHUNKED = -1
"""The length of a body that comes in chunks."""


@lru_cache(maxsize=16)
def _head_of(head: bytes) -> tuple[int, bool, int | None]:
    """Return the status, whether the connection is of no use afterwards, and the length (None: until it is closed).

    What a server answers to one sort of request differs in the time only, for a second each.

    :raises NoHttp: this is no head of an answer.
    """
    first, _, headers = head.partition(b"\r\n")
    found = _STATUS.fullmatch(first)
    if found is None:
        raise NoHttp(f"does not speak HTTP: it says {_shown(first)}")
    status = int(found[2])
    if status == _SWITCHING_PROTOCOLS:
        raise NoHttp("wants another protocol than HTTP")
    if status < 200:
        return status, False, None
    lengths, coding, connection = set(), None, b""
    for name, text in _framing(headers):
        if name == b"content-length":
            lengths.add(text)
        elif name == b"transfer-encoding":
            coding = text.lower() if coding is None else b"several"
        else:
            connection += b"," + text.lower()
    words = [word.strip() for word in connection.split(b",")] if connection else []
    is_last = b"close" in words or (found[1] == b"0" and b"keep-alive" not in words)
    if status in _WITHOUT_BODY:
        return status, is_last, None
    if coding is not None:
        if coding != b"chunked" or lengths:
            raise NoHttp("does not say how long its answer is: by chunks and otherwise")
        return status, is_last, _CHUNKED
    if not lengths:
        return status, is_last, None
    (length,) = lengths if len(lengths) == 1 else (b"",)
    if not _LENGTH.fullmatch(length):
        raise NoHttp(f"does not say how long its answer is, but {_shown(b', '.join(sorted(lengths)))}")
    return status, is_last, int(length)


def _framing(headers: bytes) -> list[tuple[bytes, bytes]]:
    """Return the headers that are of interest: the name of each in small letters, and what it says.

    :raises NoHttp: there is a line that is no header.
    """
    if _HEADERS.fullmatch(headers) is None:
        for line in headers.split(b"\r\n"):
            _check_header(line)
    return [(name.lower(), text.strip(b" \t")) for name, text in _FRAMING.findall(headers)]


def _check_header(line: bytes) -> None:
    """:raises NoHttp: this is no header."""
    if _HEADER.fullmatch(line) is None:
        raise NoHttp(f"sends a header that is none: {_shown(line)}")


def _shown(data: bytes) -> str:
    return repr(data[:40].decode("latin-1"))
