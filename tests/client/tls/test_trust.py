"""What is told of a server that is not trusted."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.client_errors import NotTrusted, fingerprint_of
from groupchat.client.tls.trust import SELF_SIGNED, Encryption, advice, fault_of
from tests.client.tls.fakes import AUTHORITY, der

CERTIFICATE = der(AUTHORITY.cert_pem.bytes())
FINGERPRINT = fingerprint_of(CERTIFICATE)
UNKNOWN = NotTrusted(f"the server's certificate {fault_of(SELF_SIGNED, 'chat.org')}", CERTIFICATE, SELF_SIGNED)


class AdviceTest(SynchronousTestCase):
    def test_unknown(self) -> None:
        """Of an unknown one the fingerprint is told, and the two ways to trust it."""
        self.assertEqual(
            advice("chat.org", Encryption(), UNKNOWN),
            f"the server's certificate is self-signed. Its fingerprint is SHA-256 {FINGERPRINT}. "
            f"If it is the right one, name it by --fingerprint, "
            "or run groupchat join --tls chat.org once, which remembers it.",
        )

    def test_changed(self) -> None:
        """A change is told loudly, with both fingerprints and the line by which the old one is forgotten."""
        told = advice("chat.org:5001", Encryption(key=b"x", remembered="AB:CD"), UNKNOWN)
        self.assertTrue(told.startswith("THE KEY OF THE SERVER HAS CHANGED. Somebody may be in between"), told)
        self.assertIn(f"Remembered: SHA-256 AB:CD. Now: SHA-256 {FINGERPRINT}.", told)
        self.assertTrue(told.endswith("groupchat join --forget-host chat.org:5001"), told)
        self.assertNotIn("--fingerprint", told)

    def test_less_than_before(self) -> None:
        """So is the loss of an authority that vouched before."""
        told = advice("chat.org", Encryption(vouched=True), UNKNOWN)
        self.assertIn("an authority vouched for the one before", told)
        self.assertTrue(told.endswith("groupchat join --forget-host chat.org"), told)
        self.assertNotIn("--fingerprint", told)

    def test_asked_otherwise(self) -> None:
        """Who has named certificates is not told to ask for less; without a certificate there is nothing to add."""
        self.assertEqual(advice("a", Encryption(fingerprint=b"x"), UNKNOWN), f"{UNKNOWN}.")
        self.assertNotIn("groupchat join", advice("a", Encryption((b"x",)), UNKNOWN))
        self.assertEqual(advice("a", Encryption(), NotTrusted("it took too long")), "it took too long.")
