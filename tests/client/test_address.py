"""Addresses on a command line, and sentences for failed connections."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.address import Address, add_server, address, reason, server_of
from groupchat.client.core.client_errors import (
    ConnectionDropped,
    ConnectionEnded,
    NoConnection,
    NoRoute,
    NothingListens,
    NotTrusted,
    Refused,
    TimedOut,
    UnknownHost,
)
from groupchat.client.tls.trust import Encryption


class AddressTest(SynchronousTestCase):
    def test_read(self) -> None:
        """A host, with or without a port; IPv6 in brackets, or bare when there is no port."""
        for text, host, port in (
            ("localhost", "localhost", 5000),
            ("chat.example.org:80", "chat.example.org", 80),
            ("127.0.0.1:65535", "127.0.0.1", 65535),
            ("[::1]:5001", "::1", 5001),
            ("[fe80::1%eth0]", "fe80::1%eth0", 5000),
            ("::1", "::1", 5000),
        ):
            self.assertEqual(address(text), Address(host, port))

    def test_wrong(self) -> None:
        """Anything else is refused in words."""
        for text in ("", ":5000", "host:", "host:0", "host:65536", "host:x", "[::1", "a b", "http://host/", "a:b:c",
                     "a..b", ".a", f"{'a' * 64}:5000", "a\udcff:5000"):  # fmt: skip
            self.assertRaises(ArgumentTypeError, address, text)

    @given(st.sampled_from(["localhost", "::1", "10.0.0.1"]), st.integers(1, 65535))
    def test_written(self, host: str, port: int) -> None:
        """An address is read as it was written."""
        self.assertEqual(address(str(Address(host, port))), Address(host, port))

    def test_url(self) -> None:
        """A browser finds the server at its port, also at an IPv6 address, and encrypted if the client does that."""
        self.assertEqual(Address("::1", 5000).url, "http://[::1]:5000")
        self.assertEqual(Address("chat.lab", 443, Encryption()).url, "https://chat.lab:443")

    def test_reasons(self) -> None:
        """Every reason is one sentence that names what is wrong."""
        for failure, words in (
            (UnknownHost(), "Unknown host: ::1."),
            (NothingListens(), "Nothing listens at ::1, port 5000."),
            (TimedOut(), "did not answer in time"),
            (ConnectionEnded(), "closed the connection"),
            (NoRoute(), "No route to [::1]."),
            (NoConnection("odd"), "No connection to [::1]: odd."),
            (ConnectionDropped("Later.", "server-full"), "[::1] closed the connection: server-full: Later."),
            (
                ConnectionDropped("the server did not answer"),
                "connection to [::1] was given up: the server did not answer.",
            ),
            (NotTrusted("it is broken"), "No encrypted connection to [::1]: it is broken."),
            (Refused("nick-taken", "Taken."), "(nick-taken)"),
            (ValueError("odd"), "odd"),
        ):
            self.assertIn(words, reason(Address("::1", 5000), failure))

    def arguments(self, *words: str) -> Namespace:
        parser = ArgumentParser()
        add_server(parser)
        return parser.parse_args(words)

    def test_arguments(self) -> None:
        """The command line names the server, and whether the connection is encrypted."""
        self.assertEqual(server_of(self.arguments("localhost")), Address("localhost", 5000))
        self.assertEqual(server_of(self.arguments("::1", "--tls")), Address("::1", 5000, Encryption()))
        insecure = Address("localhost", 1, Encryption(insecure=True))
        self.assertEqual(server_of(self.arguments("localhost:1", "--insecure")), insecure)
