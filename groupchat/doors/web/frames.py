"""The frames of WebSocket (RFC 6455): those that come in become messages, those that go out are made of text.

Frames are taken apart by wsproto's decoder, which costs 0.35 KiB a connection and 12 µs a frame; but those that nearly
all are, whole messages that came in one piece, are taken here, in 2 µs.
Those of the server are not masked and know nothing of a connection: one is made for all members of a room.
"""

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import ClassVar

from groupchat.doors.wire.framing import SKIPPED_LIMIT
from groupchat.interfaces.screens import Rendered
from groupchat.model.errors import LineTooLong, NotUtf8, Refusal

CLOSING_REASON = 123
"""The most bytes of the sentence in a close frame (section 5.5)."""

SHORT, MIDDLE = 126, 65536
"""The lengths from which a frame needs two and eight bytes more for its length (section 5.2)."""

WHOLE_TEXT, WHOLE_PING, MASKED = 0x81, 0x89, 0x80
"""The first byte of a text message in one frame, and of a ping; the bit of the second one that says it is masked."""

_PLAIN = (bytes([WHOLE_TEXT]), bytes([WHOLE_PING]))

_VALID_CODES = (frozenset(range(1000, 1015)) - {1004, 1005, 1006}) | frozenset(range(3000, 5000))
"""The codes that a peer may close with (section 7.4)."""


class BadFrame(Refusal):
    """What came is no frame, or none that may come just now."""

    code: ClassVar[str] = "bad-frame"


class NotText(Refusal):
    """A message of bytes, where text is spoken."""

    code: ClassVar[str] = "not-text"


class Opcode(IntEnum):
    """What a frame is (section 5.2)."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class Kind(IntEnum):
    """What came in."""

    PART = 0
    """A part of a message whose rest is to come."""
    MESSAGE = 1
    TOO_LONG = 2
    """The beginning of a message that is too long; the rest of it is left out."""
    CLOSE = 8
    """The payload is the code, as two bytes, or empty."""
    PING = 9
    PONG = 10


class Frames:
    """What one peer sends, frame by frame; a message that is longer than ``limit`` bytes is left out."""

    __slots__ = ("_decoder", "_message", "_skipped")

    def __init__(self) -> None:
        from wsproto.frame_protocol import FrameDecoder  # loaded for the first browser: it takes 20 ms with h11

        self._decoder = FrameDecoder(client=False)
        self._message: bytearray | None = None
        """What came of a message so far; None: none has begun."""
        self._skipped = 0
        """The bytes that came of a message that is too long; 0: it is not."""

    def feed(self, data: bytes) -> bytearray:
        """Take these bytes; return the buffer in which all wait that are not read yet."""
        self._decoder.receive_bytes(data)
        return self._decoder.buffer.buffer

    def read(self, limit: int) -> tuple[Kind, bytes] | None:
        """Read the next frame, or what has come of it; None: too little has come to know anything.

        :raises Refusal: the peer breaks a rule; nothing more can be read.
        """
        payload = self._whole()
        if payload is not None:
            return (Kind.TOO_LONG, b"") if len(payload) > limit else (Kind.MESSAGE, _checked(payload))
        try:
            frame = self._decoder.process_buffer()
        except _unreadable() as error:
            raise BadFrame(f"That is no frame of WebSocket: {error}.") from None
        header = self._decoder.header
        if header is not None and header.payload_len > SKIPPED_LIMIT:
            raise LineTooLong(f"A message has more than {SKIPPED_LIMIT:,} bytes.")
        if frame is None:
            return None
        opcode, payload = Opcode(frame.opcode), bytes(frame.payload)  # type: ignore[arg-type]  # the decoder makes bytes
        if opcode is Opcode.CLOSE:
            _check_closing(payload)
            return Kind.CLOSE, payload[:2]
        if opcode >= Opcode.CLOSE:  # those from 8 on control the connection (section 5.5)
            return Kind(opcode), payload
        before = self._message
        if before is None:
            if opcode is Opcode.CONTINUATION:
                raise BadFrame("That frame continues a message that has not begun.")
            if opcode is Opcode.BINARY:
                raise NotText("Messages are text here, not bytes.")
        elif opcode is not Opcode.CONTINUATION:
            raise BadFrame("A message begins before the one before it has ended.")
        is_whole = frame.frame_finished and frame.message_finished
        if self._skipped or len(before or b"") + len(payload) > limit:
            return self._skip(len(payload) + len(before or b""), is_whole)
        if not is_whole:
            self._message = bytearray(payload) if before is None else before + payload
            return Kind.PART, b""
        self._message = None
        if before:
            payload = bytes(before) + payload
        return Kind.MESSAGE, _checked(payload)

    def _whole(self) -> bytes | None:
        """Take the message that is next, if it is all there and in one frame; None leaves everything to the decoder."""
        waiting = self._decoder.buffer.buffer
        if (
            len(waiting) < 6
            or waiting[0] != WHOLE_TEXT
            or self._message is not None
            or self._decoder.header is not None
        ):
            return None
        extent = _extent(waiting, 0)
        if extent is None:
            return None
        payload = _unmasked(waiting, *extent)
        del waiting[: extent[1]]
        return payload

    def take_pings(self, most: int, is_ping: Callable[[bytes], bool]) -> Iterator[tuple[Kind, bytes]]:
        """Take pings of either kind out of what waits: frames, and messages; all else stays as it is, in order.

        It is looked for among the next frames that are all there, up to the first one of another sort.

        :param most: how many frames are looked at.
        :param is_ping: says whether a message is one.
        """
        waiting, at = self._decoder.buffer.buffer, 0
        if self._message is not None or self._decoder.header is not None:
            return
        for _ in range(most):
            extent = _extent(waiting, at) if waiting[at : at + 1] in _PLAIN else None
            if extent is None:
                return
            begin, end = extent
            kind = Kind.PING if waiting[at] == WHOLE_PING else Kind.MESSAGE
            if kind is Kind.PING and begin - at > 6:
                return  # too long for one
            payload = _unmasked(waiting, begin, end)
            if kind is Kind.PING or is_ping(payload):
                del waiting[at:end]
                yield kind, payload
            else:
                at = end

    def _skip(self, length: int, is_whole: bool) -> tuple[Kind, bytes]:
        """Leave out this much of a message that is too long.

        :raises LineTooLong: more of it came than a person's line could ever have.
        """
        kind = Kind.PART if self._skipped else Kind.TOO_LONG
        self._skipped += length
        if self._skipped > SKIPPED_LIMIT:
            raise LineTooLong(f"A message has more than {SKIPPED_LIMIT:,} bytes.")
        self._message = None if is_whole else bytearray()
        if is_whole:
            self._skipped = 0
        return kind, b""


def _extent(waiting: bytearray, at: int) -> tuple[int, int] | None:
    """Return where the payload of the masked frame at this place begins and ends; None: it is long, or incomplete."""
    if len(waiting) < at + 6:
        return None
    length, begin = waiting[at + 1] - MASKED, at + 6
    if length == SHORT:
        length, begin = int.from_bytes(waiting[at + 2 : at + 4]), at + 8
        if length < SHORT:
            return None
    end = begin + length
    if not 0 <= length < MIDDLE or len(waiting) < end or (begin == at + 6 and length > SHORT):
        return None
    return begin, end


def _unmasked(waiting: bytearray, begin: int, end: int) -> bytes:
    """Return the payload of a frame without its mask, which stands before it."""
    length = end - begin
    mask = (waiting[begin - 4 : begin] * (length // 4 + 1))[:length]
    return (int.from_bytes(waiting[begin:end]) ^ int.from_bytes(mask)).to_bytes(length)


def _checked(message: bytes) -> bytes:
    """:raises NotUtf8: it is no text."""
    try:
        message.decode()
    except UnicodeDecodeError as error:
        raise NotUtf8(f"That message is not UTF-8 (at byte {error.start + 1} of it).") from None
    return message


def _unreadable() -> type[Exception]:
    """Return what the decoder raises when it cannot read something; asked for only when it has raised anything."""
    from wsproto.frame_protocol import ParseFailed

    return ParseFailed


def frame(text: bytes, opcode: int = Opcode.TEXT) -> Rendered:
    """Return the frame with this text, which is the whole message."""
    length = len(text)
    if length < SHORT:
        head = bytes((0x80 | opcode, length))
    elif length < MIDDLE:
        head = bytes((0x80 | opcode, 126)) + length.to_bytes(2)
    else:
        head = bytes((0x80 | opcode, 127)) + length.to_bytes(8)
    return Rendered(head + text)


def closing(code: int, sentence: str = "") -> Rendered:
    """Return a close frame, with as much of the sentence as fits; a code of 0 means none."""
    if not code:
        return frame(b"", Opcode.CLOSE)
    words = sentence.encode()[:CLOSING_REASON].decode(errors="ignore").encode()
    return frame(code.to_bytes(2) + words, Opcode.CLOSE)


def pong(payload: bytes) -> Rendered:
    """Return the answer to a ping."""
    return frame(payload, Opcode.PONG)


PING = frame(b"", Opcode.PING)
"""The ping that every peer is sent."""


def _check_closing(payload: bytes) -> None:
    """:raises BadFrame: the payload of a close frame is neither empty nor a code and UTF-8."""
    if not payload:
        return
    if len(payload) == 1 or int.from_bytes(payload[:2]) not in _VALID_CODES:
        raise BadFrame("A close frame has a code from 1000 to 4999 that may be sent, or none.")
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        raise NotUtf8("The reason in a close frame is not UTF-8.") from None
