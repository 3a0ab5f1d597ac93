"""The type of a file is what its first bytes say."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.files.content import Content


def kind(*pieces: bytes) -> str:
    """Return the type of a content that comes in these pieces."""
    content = Content()
    for piece in pieces:
        content.add(piece)
    return content.file().type


OGG = b"OggS\0\x02" + bytes(20) + b"\x01\x13"


class TypeTests(SynchronousTestCase):
    def test_types(self) -> None:
        """Images, audio, video and text that browsers show without running anything are told apart."""
        for head, expected in (
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
            (b"GIF89a\x01\0", "image/gif"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
            (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
            (b"\0\0\0\x20ftypavif\0\0\0\0", "image/avif"),
            (b"\0\0\0\x20ftypisom\0\0\x02\0", "video/mp4"),
            (b"\0\0\0\x20ftypM4A \0\0\x02\0", "audio/mp4"),
            (OGG + b"OpusHead", "audio/ogg"),
            (OGG + b"\x80theora", "video/ogg"),
            (b"ID3\x04\0\0", "audio/mpeg"),
            (b"\xff\xfb\x90\x64\0", "audio/mpeg"),
            (b"", "text/plain"),
            ("naïve café\r\n\tok\n".encode(), "text/plain"),
        ):
            self.assertEqual(kind(head), expected, head)
            self.assertEqual(kind(*[bytes([byte]) for byte in head]), expected, head)

    def test_everything_else(self) -> None:
        """What can be more than it seems, or nothing that is known, is a stream of bytes; what is markup is text."""
        for head in (
            b"%PDF-1.7\n\xff", b"MZ\x90\0", b"\x7fELF", b"PK\x03\x04\0", b"\xff\xfe<\0s\0", b"\xef\xbb\xbf\0",
            b"RIFF\x01\0\0\0AVI ",
            b"\0\0\0\x20ftypqt  ", OGG + b"unknown!", b"caf\xe9", b"\x1b[2Jhello", b"half \xe2\x82",
            b"\xff\xfb\0\0", b"\xff\xff\xff\xff",
        ):  # fmt: skip
            self.assertEqual(kind(head), "application/octet-stream", head)
        for markup in (
            b"<html><script>alert(1)</script>",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
            b"%PDF-1.7\n",
        ):
            self.assertEqual(kind(markup), "text/plain")

    def test_split_characters(self) -> None:
        """Text may be cut anywhere; what is no text at its very end is none."""
        text = "日本語 👩‍👩‍👧".encode()
        for cut in range(len(text)):
            self.assertEqual(kind(text[:cut], text[cut:]), "text/plain")
        self.assertEqual(kind(text[:-1]), "application/octet-stream")
        self.assertEqual(kind(b"x" * 100_000, b"\xff"), "application/octet-stream")

    def test_controls_of_eight_bits(self) -> None:
        """Terminals obey control characters beyond ASCII too, wherever the text is cut; a line end is none of them."""
        text = "red \x9b31m".encode()
        for cut in range(len(text)):
            self.assertEqual(kind(text[:cut], text[cut:]), "application/octet-stream")
        self.assertEqual(kind("one\x85two\xa0three".encode()), "text/plain")
