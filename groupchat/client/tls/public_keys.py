"""The public key of a certificate: it stays the same when a server renews a certificate that it has made itself."""

from hashlib import sha256

_SEQUENCE = 0x30
_VERSION = 0xA0
_BEFORE_KEY = 5
"""The parts before the key: serial number, signature, issuer, validity and subject (RFC 5280, section 4.1)."""


def key_of(certificate: bytes) -> bytes:
    """Return the SHA-256 of the public key of a certificate in DER (its SubjectPublicKeyInfo); empty: it has none."""
    try:
        whole, _ = _content(certificate, 0)
        body, _ = _content(whole, 0)
        at = _content(body, 0)[1] if body[0] == _VERSION else 0
        for _ in range(_BEFORE_KEY):
            at = _content(body, at)[1]
        _, end = _content(body, at)
    except (IndexError, ValueError):
        return b""
    return sha256(body[at:end]).digest() if body[at] == _SEQUENCE else b""


def _content(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the content of the value in DER that begins here, and where the next one begins.

    :raises IndexError, ValueError: there is none.
    """
    size, start = data[at + 1], at + 2
    if size >= 0x80:  # the length has as many bytes as this says
        start += size - 0x80
        size = int.from_bytes(data[at + 2 : start])
    if start + size > len(data):
        raise ValueError("a value is longer than what it is in")
    return data[start : start + size], start + size
