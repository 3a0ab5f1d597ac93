"""Addresses on a command line, nicknames of users, and reasons in words."""

import re
from argparse import ArgumentTypeError

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import error
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.address import Address, address, reason
from groupchat.client.client_errors import ConnectionDropped, Refused
from groupchat.stdio.nickname import variations


class Addresses(SynchronousTestCase):
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
        for text in ("", ":5000", "host:", "host:0", "host:65536", "host:x", "[::1", "a b", "http://host/", "a:b:c"):
            self.assertRaises(ArgumentTypeError, address, text)

    @given(st.sampled_from(["localhost", "::1", "10.0.0.1"]), st.integers(1, 65535))
    def test_written(self, host: str, port: int) -> None:
        """What is written of an address is read as the same."""
        self.assertEqual(address(str(Address(host, port))), Address(host, port))

    def test_reasons(self) -> None:
        """Every reason is one sentence that names what is wrong."""
        for failure, words in (
            (error.DNSLookupError(), "Unknown host: ::1."),
            (error.ConnectionRefusedError(), "Nothing listens at ::1, port 5000."),
            (error.TimeoutError(), "did not answer in time"),
            (error.ConnectionDone(), "closed the connection"),
            (ConnectionDropped("server-full: Later."), "server-full: Later."),
            (Refused("nick-taken", "Taken."), "(nick-taken)"),
            (ValueError("odd"), "odd"),
        ):
            self.assertIn(words, reason(Address("::1", 5000), failure))


class Nicknames(SynchronousTestCase):
    @given(st.text())
    def test_valid(self, login: str) -> None:
        """Whatever the login name, every variation can be a nickname, and no two are alike."""
        nicks = list(variations(login))
        for nick in nicks:
            self.assertTrue(re.fullmatch("[A-Za-z][A-Za-z0-9_.-]{1,23}", nick), nick)
        self.assertEqual(len(set(nicks)), 4)

    def test_kept(self) -> None:
        """A login name that can be a nickname is one."""
        self.assertEqual(next(variations("deborah")), "deborah")
