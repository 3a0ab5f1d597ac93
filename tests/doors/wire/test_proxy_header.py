"""The PROXY protocol is read strictly, in whatever pieces it comes."""

import socket
import struct
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.wire.proxy_header import LONGEST, SIGNATURE, Header, ProxyHeaderWrong, read


def binary(address: str, fields: bytes = b"", command: int = 0x21) -> bytes:
    """Return a header of version 2."""
    ip = ip_address(address)
    body = ip.packed * 2 + struct.pack("!HH", 51234, 5000) + fields
    return SIGNATURE + bytes([command, 0x11 if ip.version == 4 else 0x21]) + struct.pack("!H", len(body)) + body


def text(address: str) -> bytes:
    """Return a header of version 1."""
    kind = "TCP4" if ip_address(address).version == 4 else "TCP6"
    return f"PROXY {kind} {address} {address} 51234 5000\r\n".encode()


LOCAL = SIGNATURE + b"\x20\x00\x00\x00"
UNKNOWN = b"PROXY UNKNOWN\r\n"


class HeaderTest(SynchronousTestCase):
    def test_address(self) -> None:
        """Both versions tell the client's address, of IPv4 also when it is written as one of IPv6."""
        for make in (text, binary):
            for address, told in [
                ("192.0.2.7", "192.0.2.7"), ("2001:db8::7", "2001:db8::7"), ("::ffff:192.0.2.7", "192.0.2.7")
            ]:  # fmt: skip
                header = make(address)
                self.assertEqual(read(header + b"alice\n"), Header(told, len(header)))

    def test_no_address(self) -> None:
        """A proxy may speak for itself, not know the client, or have it from a UNIX socket: then there is none."""
        unix = SIGNATURE + b"\x21\x31" + struct.pack("!H", 216) + bytes(216)
        for header in (LOCAL, UNKNOWN, b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", unix, SIGNATURE + b"\x21\0\0\x02xy"):
            self.assertEqual(read(header + b"x"), Header("", len(header)))

    @given(
        header=st.sampled_from([text("192.0.2.7"), binary("2001:db8::7", b"\x04\0\x02xy"), LOCAL, UNKNOWN]),
        more=st.binary(max_size=20),
    )
    def test_pieces(self, header: bytes, more: bytes) -> None:
        """As long as it is not whole nothing is told, and then what follows changes nothing."""
        for end in range(len(header)):
            self.assertIsNone(read(header[:end]))
        found = read(header + more)
        assert found is not None
        self.assertEqual(found.length, len(header))

    def test_wrong(self) -> None:
        """Everything else is refused, and none of it is waited for beyond a bound."""
        good = binary("192.0.2.7")
        for wrong in (
            b"alice\n", b"PROXY\n", b"\r\n\r\nalice", b'{"do": "nick"}',
            b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2\n",  # no CR
            b"PROXY TCP4  192.0.2.7 192.0.2.1 1 2\r\n", b"PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n",
            b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3\r\n", b"PROXY tcp4 192.0.2.7 192.0.2.1 1 2\r\n",
            b"PROXY UDP4 192.0.2.7 192.0.2.1 1 2\r\n", b"PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
            b"PROXY TCP6 192.0.2.7 192.0.2.1 1 2\r\n", b"PROXY TCP4 192.0.2.007 192.0.2.1 1 2\r\n",
            b"PROXY TCP4 300.0.2.7 192.0.2.1 1 2\r\n", b"PROXY TCP4 192.0.2.7 192.0.2.1 01 2\r\n",
            b"PROXY TCP4 192.0.2.7 192.0.2.1 1 65536\r\n", b"PROXY TCP4 192.0.2.7 192.0.2.1 1 -2\r\n",
            b"PROXY TCP4 192.0.2.7 192.0.2.1 1 \xc2\xb2\r\n", b"PROXY TCP6 fe80::1%eth0 fe80::2 1 2\r\n",
            b"PROXY " + b"x" * 101,
            SIGNATURE + b"\x11" + good[13:],  # version 1 in binary
            SIGNATURE + b"\x22" + good[13:],  # an unknown command
            good[:13] + b"\x12" + good[14:],  # datagrams
            good[:13] + b"\x41" + good[14:],  # an unknown family
            good[:14] + b"\0\x0b" + good[16:],  # shorter than its addresses
            good[:14] + struct.pack("!H", LONGEST - 15),  # refused before its rest has come
            binary("192.0.2.7", b"\x04\0\x09xy"), binary("192.0.2.7", b"\x04\0"),  # fields that are cut off
        ):  # fmt: skip
            with self.assertRaises(ProxyHeaderWrong, msg=wrong) as caught:
                read(wrong)
            self.assertEqual(caught.exception.code, "proxy-header-wrong")

    @given(rest=st.binary(max_size=300))
    def test_noise(self, rest: bytes) -> None:
        """Nothing but a refusal is ever raised, and no address is told that is none."""
        for opening in (b"", b"PROXY ", b"PROXY TCP4 ", SIGNATURE, SIGNATURE + b"\x21\x11", SIGNATURE + b"\x21\x21\0"):
            try:
                found = read(opening + rest)
            except ProxyHeaderWrong:
                continue
            if found is not None and found.address:
                socket.inet_pton(socket.AF_INET6 if ":" in found.address else socket.AF_INET, found.address)
