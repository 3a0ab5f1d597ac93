"""The PROXY protocol, versions 1 and 2: a proxy says first whose connection it passes on.

https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt
The header comes before everything else, TLS too.  It is read strictly: whoever may send one decides who is banned.
"""

from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import ClassVar, NamedTuple

from groupchat.model.errors import Refusal
from groupchat.model.networks import plain

TEXT = b"PROXY "
"""The beginning of version 1."""

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
"""The beginning of version 2."""

LONGEST_TEXT = 107
"""The most bytes of version 1, with its end (section 2.1)."""

LONGEST = 4096
"""The most bytes of version 2: the addresses need 52, and certificates and names of hosts may follow."""

_FIXED = 16
"""The bytes before the addresses."""

_SIZES = {0x00: 0, 0x11: 12, 0x21: 36, 0x31: 216}
"""The bytes that the addresses of each family take: unspecified, TCP over IPv4 and IPv6, UNIX streams."""


class ProxyHeaderWrong(Refusal):
    """A proxy must begin with a PROXY header, and this is none."""

    code: ClassVar[str] = "proxy-header-wrong"


class Header(NamedTuple):
    """The header of one connection.

    ``address``: the client's IP address; empty: the proxy speaks for itself, or does not know it.
    ``length``: how many bytes the header has.
    """

    address: str
    length: int


def read(received: bytes) -> Header | None:
    """Read the header at the beginning of what was received; None as long as it is not whole.

    :raises ProxyHeaderWrong: it is none.
    """
    if _begins(received, SIGNATURE):
        return _read_binary(received)
    if _begins(received, TEXT):
        return _read_text(received)
    raise ProxyHeaderWrong("A proxy has to begin with a PROXY header; this connection does not.")


def _begins(received: bytes, opening: bytes) -> bool:
    return received.startswith(opening) or opening.startswith(received)


def _read_text(received: bytes) -> Header | None:
    """Read version 1: ``PROXY TCP4 192.0.2.1 192.0.2.9 51234 5000`` and CR LF."""
    end = received.find(b"\r\n", 0, LONGEST_TEXT)
    if end < 0:
        if len(received) >= LONGEST_TEXT or b"\n" in received:
            raise ProxyHeaderWrong("A PROXY header of version 1 ends with CR LF, after 107 bytes at most.")
        return None
    _, kind, *words = received[:end].split(b" ")
    if kind == b"UNKNOWN":
        return Header("", end + 2)
    if kind not in (b"TCP4", b"TCP6") or len(words) != 4:
        raise ProxyHeaderWrong("A PROXY header of version 1 has TCP4, TCP6 or UNKNOWN, two addresses and two ports.")
    source, destination, *ports = (word.decode("ascii", "replace") for word in words)
    form = IPv4Address if kind == b"TCP4" else IPv6Address
    try:
        form(destination)
        address = form(source)
    except AddressValueError as error:
        raise ProxyHeaderWrong("The PROXY header has an invalid address.") from error
    if not all(_is_port(port) for port in ports) or "%" in source:
        raise ProxyHeaderWrong("The PROXY header has an invalid address or port.")
    return Header(str(plain(str(address))), end + 2)


def _is_port(word: str) -> bool:
    return word.isascii() and word.isdigit() and str(int(word[:6])) == word and int(word) <= 65535


def _read_binary(received: bytes) -> Header | None:
    """Read version 2."""
    if len(received) < _FIXED:
        return None
    version, command, family = received[12] >> 4, received[12] & 15, received[13]
    end = _FIXED + int.from_bytes(received[14:16])
    if version != 2 or command > 1:
        raise ProxyHeaderWrong("The PROXY header has a version other than 1 or 2, or an unknown command.")
    if end > LONGEST:
        raise ProxyHeaderWrong(f"The PROXY header is longer than {LONGEST:,} bytes.")
    if len(received) < end:
        return None
    if command == 0:
        return Header("", end)
    if family not in _SIZES or end < _FIXED + _SIZES[family]:
        raise ProxyHeaderWrong("The PROXY header is not about a stream, or is shorter than its addresses.")
    if family:
        _check_fields(received[_FIXED + _SIZES[family] : end])
    if family == 0x11:
        return Header(str(IPv4Address(received[16:20])), end)
    if family == 0x21:
        return Header(str(plain(str(IPv6Address(received[16:32])))), end)
    return Header("", end)


def _check_fields(fields: bytes) -> None:
    """:raises ProxyHeaderWrong: these are not whole fields, each a type, a length of two bytes, and a value."""
    position = 0
    while position < len(fields):
        position += 3 + int.from_bytes(fields[position + 1 : position + 3])
        if position > len(fields):
            raise ProxyHeaderWrong("A field of the PROXY header is cut off.")
