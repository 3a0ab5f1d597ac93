"""Arguments of ``connect`` that are refused before anything is sent."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

import groupchat.client as gc
from groupchat.client.aio.connecting import sentence
from groupchat.client.core.client_errors import fingerprint_of

DIGITS = "AA" * 32


class ConnectTest(SynchronousTestCase):
    def test_nothing_goes_in_clear_by_mistake(self) -> None:
        """An empty fingerprint or file, as of a variable that is not set, is refused, and does not switch TLS off."""
        wrong: tuple[dict[str, Any], ...] = ({"fingerprint": ""}, {"ca": ""}, {"tls": True, "fingerprint": ""})
        for options in wrong:
            self.assertRaises(ValueError, gc.connect, "localhost", "bot", password="secret", **options)

    def test_one_way_to_trust(self) -> None:
        """A fingerprint is not overruled by another option."""
        error = self.assertRaises(ValueError, gc.connect, "localhost", "bot", fingerprint=DIGITS, insecure=True)
        self.assertIn("exclude each other", str(error))

    def test_impossible_host(self) -> None:
        """A name that no host can have is refused, with TLS and without."""
        for tls in (False, True):
            self.assertRaises(ValueError, gc.connect, f"{'a' * 64}:1", "bot", tls=tls)

    def test_sentence(self) -> None:
        """Why a server is not trusted is told with what a program can do about it: it has no command line."""
        shown = fingerprint_of(b"DER")
        for error, words in (
            (
                gc.NotTrusted("the server's certificate is self-signed", b"DER"),
                f" is self-signed. Its SHA-256 is {shown}; if that is the right one, give it as fingerprint.",
            ),
            (gc.NotTrusted(f"the server's certificate is a different one: {shown}", b"DER"), f" one: {shown}."),
            (gc.NotTrusted("it took longer"), ": it took longer."),
        ):
            told = sentence("chat.lab", error)
            self.assertTrue(told.startswith("No encrypted connection to chat.lab: "), told)
            self.assertTrue(told.endswith(words), told)
