"""Look at the content of a file while it comes in: its hash, its size, and what its first bytes say it is.

The type never depends on a name, nor on what a peer says of it.  Only types that browsers show without running
anything are told apart; everything else is a stream of bytes.
"""

import codecs
import hashlib

from groupchat.lazy.expressions import expression
from groupchat.model.drafts import StoredFile

UNKNOWN = "application/octet-stream"
"""The type of everything else."""

TEXT = "text/plain"
"""The type of UTF-8 without control characters."""

HEAD = 512
"""The first bytes that are looked at."""

_BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"ID3", "audio/mpeg"),
)
_OF_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_OF_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"M4A ", b"M4B "), "audio/mp4"),
    **dict.fromkeys(
        (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV", b"dash"), "video/mp4"
    ),
}
_OF_OGG = (
    (b"OpusHead", "audio/ogg"),
    (b"\x01vorbis", "audio/ogg"),
    (b"\x7fFLAC", "audio/ogg"),
    (b"Speex   ", "audio/ogg"),
    (b"\x80theora", "video/ogg"),
)
_CONTROL = expression(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]")
"""Characters that plain text does not have, as terminals obey them; it has tabs, line ends and form feeds."""


class Content:
    """The content of one file, as far as it has come."""

    def __init__(self) -> None:
        self.size = 0
        self._hash = hashlib.sha256()
        self._head = b""
        self._decoder: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()

    def add(self, data: bytes) -> None:
        """Look at what has come."""
        self.size += len(data)
        self._hash.update(data)
        if len(self._head) < HEAD:
            self._head += data[: HEAD - len(self._head)]
        if self._decoder is not None:
            try:
                text = self._decoder.decode(data)
            except UnicodeDecodeError:
                self._decoder = None
            else:
                if _CONTROL.search(text):
                    self._decoder = None

    def file(self) -> StoredFile:
        """Return what the whole content is."""
        return StoredFile(self._hash.hexdigest(), self.size, self._type())

    def _type(self) -> str:
        found = type_of(self._head)
        if found != UNKNOWN or self._decoder is None:
            return found
        try:
            self._decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return UNKNOWN
        return TEXT


def type_of(head: bytes) -> str:
    """Return the type that the first bytes of a file say it has."""
    for beginning, name in _BEGINNINGS:
        if head.startswith(beginning):
            return name
    if head[:4] == b"RIFF":
        return _OF_RIFF.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return _OF_BRANDS.get(head[8:12], UNKNOWN)
    if head[:4] == b"OggS":
        return next((name for mark, name in _OF_OGG if mark == head[28 : 28 + len(mark)]), UNKNOWN)
    return "audio/mpeg" if _is_mpeg_audio(head) else UNKNOWN


def _is_mpeg_audio(head: bytes) -> bool:
    """Say whether this is the head of a frame of MPEG audio, layer III, with a bit rate and a sample rate."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2 or head[1] & 0x18 == 0x08:
        return False
    return head[2] >> 4 not in (0, 15) and head[2] & 0x0C != 0x0C
