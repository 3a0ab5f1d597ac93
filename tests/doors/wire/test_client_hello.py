"""The name of the host in the first message of a TLS client."""

import random
import ssl

from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.wire.client_hello import MOST_RECORDS, asked_name
from tests.doors.certificates.cases import CertificateCase
from tests.doors.connections import Port, Visit
from tests.doors.openssl_client import OpenSslClient


def hello(name: str | None = "chat.example.org") -> bytes:
    """Return the first message of Python's own client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("there is no server")


def in_records(record: bytes, size: int) -> bytes:
    """Cut a message into records of so many bytes."""
    message = record[5:]
    pieces = [message[start : start + size] for start in range(0, len(message), size)]
    return b"".join(b"\x16\x03\x01" + len(piece).to_bytes(2) + piece for piece in pieces)


class NameTest(SynchronousTestCase):
    def test_names(self) -> None:
        """The name is found; a client that asks for none, or for an address, has none."""
        for name, found in (("chat.example.org", b"chat.example.org"), ("192.0.2.1", b""), (None, b"")):
            self.assertEqual(asked_name(hello(name)), found)

    def test_every_cut(self) -> None:
        """Until the message is whole nothing is known; what follows it does not matter."""
        whole = hello()
        for size in range(len(whole)):
            self.assertIs(asked_name(whole[:size]), None, size)
        self.assertEqual(asked_name(whole + b"more"), b"chat.example.org")

    def test_records(self) -> None:
        """A message may come in several records, at every cut; in very many it is left to OpenSSL."""
        whole = in_records(hello(), 100)
        for size in range(len(whole)):
            self.assertIs(asked_name(whole[:size]), None, size)
        self.assertEqual(asked_name(whole), b"chat.example.org")
        self.assertEqual(asked_name(in_records(hello(), len(hello()) // MOST_RECORDS - 10)), b"")

    def test_other_bytes(self) -> None:
        """What is no ClientHello has no name at once, and OpenSSL judges it."""
        for other in (b"\x16\x03\x01\x00\x00", b"\x16\x03\x01\xff\xff", b"\x16\x03\x01\x00\x04\x02", b"GET / "):
            self.assertEqual(asked_name(other), b"")

    def test_changed(self) -> None:
        """No bytes, however they were changed, are an error."""
        noise, whole = random.Random(7), hello()
        for _ in range(3000):
            changed = bytearray(whole)
            for _ in range(noise.randrange(1, 5)):
                changed[noise.randrange(5, len(changed))] = noise.randrange(256)
            self.assertIsInstance(asked_name(bytes(changed[: noise.randrange(len(changed))]) + whole), bytes | None)


class ServedTest(CertificateCase):
    def test_whatever_name(self) -> None:
        """A client that asks for a name which is no text, or is very long, is served, and nothing is reported."""
        for name in (b"\xff\xfe.example", b"a" * 255, b"localhost"):
            client = OpenSslClient(name=name)
            self.addCleanup(client.close)
            visit = Visit(Port())
            while not client.shake_hands():
                visit.send(client.sent())
                client.receive(visit.read())
            client.write(b"alice\n")
            visit.send(client.sent())
            self.assertEqual(visit.session.calls, ["alice"])
        self.assertEqual(self.logged(), [])
