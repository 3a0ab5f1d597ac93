"""Addresses on a command line, and sentences for failed connections."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.address import (
    MOST,
    Address,
    Servers,
    add_server,
    address,
    addresses_of,
    named,
    reason,
    server_of,
    servers,
)
from groupchat.client.core.client_errors import (
    ConnectionDropped,
    ConnectionEnded,
    NoConnection,
    NoRoute,
    NoServerAnswers,
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


class ServersTest(SynchronousTestCase):
    """Several addresses of one chat."""

    def test_read(self) -> None:
        """They stand in order with commas between them; blanks beside a comma mean nothing; one alone is an address."""
        found = servers("a, b:5001,[::1]:5002,10.0.0.1")
        expected = (Address("a", 5000), Address("b", 5001), Address("::1", 5002), Address("10.0.0.1", 5000))
        self.assertEqual(found, Servers(expected))
        self.assertEqual((str(found), found.url), ("a,b:5001,[::1]:5002,10.0.0.1", "http://a:5000"))
        self.assertEqual((servers("a"), addresses_of(found)[1]), (Address("a", 5000), Address("b", 5001)))

    def test_wrong(self) -> None:
        """What is wrong is named: an empty address, one that is there twice, one that is none, too many."""
        for text, words in (
            ("a,,b", "'a,,b' has an empty address"),
            ("a,", "'a,' has an empty address"),
            ("a,b,a:5000", "a is there twice"),
            ("a,b:x", "'b:x' is not HOST or HOST:PORT"),
            ("a,b:0", "0 is not a port"),
            (",".join(f"h{number}" for number in range(MOST + 1)), "these are 17 addresses; one chat has at most 16"),
            ("," * 1_000_000, "these are 1000001 addresses"),
        ):
            self.assertIn(words, str(self.assertRaises(ArgumentTypeError, servers, text)))
        self.assertEqual(len(addresses_of(servers(",".join(f"h{number}" for number in range(MOST))))), MOST)

    def test_named(self) -> None:
        """One is found by its name; without a name it is the first."""
        found = servers("a,b:5001")
        self.assertEqual((named(found, "b:5001"), named(found, "")), (Address("b", 5001), Address("a", 5000)))

    def test_reasons(self) -> None:
        """One sentence names each, or the one that it is about."""
        found = servers("a,b:5001,c")
        errors = [NothingListens(), TimedOut(), UnknownHost(), NotTrusted("it is broken")]
        for error, name in zip(errors, ("a", "b:5001", "c", "a"), strict=True):
            error.server = name
        self.assertEqual(
            reason(found, NoServerAnswers(errors)),
            "No server answers: nothing listens at a, port 5000; b:5001 did not answer in time; unknown host: c; "
            "no encrypted connection to a: it is broken.",
        )
        closed = ConnectionDropped("Bye.", "stopping")
        closed.server = "c"
        self.assertEqual(reason(found, closed), "c closed the connection: it is stopping.")
        self.assertEqual(reason(servers("c"), closed), "c closed the connection: stopping: Bye.")
        self.assertEqual(
            reason(found, NoServerAnswers([closed, errors[1]])),
            "No server answers: c closed the connection: it is stopping; b:5001 did not answer in time.",
        )
        for error, words in (
            (ConnectionDropped("Bye.", "kicked"), "a,b:5001,c closed the connection: kicked: Bye."),
            (NothingListens("nothing listens there"), "No connection to a,b:5001,c: nothing listens there."),
            (NotTrusted("it is broken"), "No encrypted connection to a,b:5001,c: it is broken."),
        ):
            self.assertEqual(reason(found, error), words)

    def test_arguments(self) -> None:
        """Encryption is for all of them."""
        parser = ArgumentParser()
        add_server(parser)
        found = server_of(parser.parse_args(["a,b:1", "--tls"]))
        self.assertEqual([one.encryption for one in addresses_of(found)], [Encryption(), Encryption()])
