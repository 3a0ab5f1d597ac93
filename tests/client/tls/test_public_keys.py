"""The public key of a certificate, found without any library."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.tls.public_keys import key_of
from tests.client.tls.fakes import AUTHORITY, CERTIFICATE, der


def made(key: "ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey", name: str) -> bytes:
    """Return a certificate with this key, in DER."""
    names = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder().subject_name(names).issuer_name(names).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    )  # fmt: skip
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.DER)


def expected(certificate: bytes) -> bytes:
    """Return what a library finds."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


class KeyTest(SynchronousTestCase):
    def test_kinds(self) -> None:
        """The keys of every kind are found, in certificates long and short."""
        for key in (
            ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate(),
            rsa.generate_private_key(65537, 2048),
        ):  # fmt: skip
            for name in ("a", "b" * 64):
                certificate = made(key, name)
                self.assertEqual(key_of(certificate), expected(certificate))
        for issued in (AUTHORITY.cert_pem, CERTIFICATE.cert_chain_pems[0]):
            self.assertEqual(key_of(der(issued.bytes())), expected(der(issued.bytes())))

    def test_renewed(self) -> None:
        """Two certificates with one key have one, and those with two keys have two."""
        one, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        self.assertEqual(key_of(made(one, "a")), key_of(made(one, "b")))
        self.assertNotEqual(key_of(made(one, "a")), key_of(made(other, "a")))

    def test_cut(self) -> None:
        """What is cut off has no key."""
        certificate = der(AUTHORITY.cert_pem.bytes())
        for end in range(len(certificate)):
            self.assertEqual(key_of(certificate[:end]), b"", end)

    @given(st.binary(max_size=64))
    def test_anything(self, data: bytes) -> None:
        """Bytes that are no certificate have none, and raise nothing."""
        self.assertIn(len(key_of(data)), (0, 32))
