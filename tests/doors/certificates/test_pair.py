"""A certificate with its chain and its key: as it is sent, or why it cannot be."""

import os
import ssl
import subprocess
import warnings
from datetime import datetime
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from twisted.logger import LogLevel

from groupchat.doors.certificates.certificates import given
from groupchat.model.errors import CannotStart
from tests.doors.certificates.cases import CertificateCase, handshake
from tests.doors.connections import issued
from tests.functional.harness import program


class ChainTests(CertificateCase):
    """A client that knows the root only, and asks for the name, is content, however the chain is given."""

    def setUp(self) -> None:
        super().setUp()
        self.root = trustme.CA()
        self.between = self.root.create_child_ca().create_child_ca()
        self.leaf = self.between.issue_cert("chat.example.org")
        self.pems = [pem.bytes() for pem in self.leaf.cert_chain_pems]
        self.assertEqual(len(self.pems), 3)
        self.key = self.leaf.private_key_pem.bytes()

    def write(self, name: str, *pems: bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"".join(pems))
        return path

    def assert_accepted(self, place: object) -> None:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            handshake(given(str(place)), version, version, "chat.example.org", self.root)

    def test_one_file(self) -> None:
        """The key may be first or last in the file, and the certificates in any order."""
        for number, order in enumerate([(self.key, *self.pems), (*self.pems, self.key), (*self.pems[::-1], self.key)]):
            self.assert_accepted(self.write(f"{number}.pem", *order))

    def test_two_files(self) -> None:
        """The root may be there too."""
        key = self.write("a.key", self.key)
        chain = self.write("a.crt", *self.pems, self.root.cert_pem.bytes())
        self.assert_accepted(f"{chain},{key}")

    def test_folders(self) -> None:
        """Each kind of folder has it whole."""
        self.write("certbot/cert.pem", self.pems[0])
        self.write("certbot/chain.pem", *self.pems[1:])
        self.write("certbot/fullchain.pem", *self.pems)
        self.write("certbot/privkey.pem", self.key)
        self.write("kubernetes/tls.crt", *self.pems)
        self.write("kubernetes/tls.key", self.key)
        for name in ("certbot", "kubernetes"):
            self.assert_accepted(self.folder / name)

    def test_chain_beside(self) -> None:
        """A lone certificate is completed by the chain.pem beside it, if that is its chain."""
        certificate = self.write("cert.pem", self.pems[0])
        key = self.write("privkey.pem", self.key)
        place = f"{certificate},{key}"
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.assert_accepted(place)
        self.assertIn("if its authority gave others (a chain), append them to it", "".join(self.logged(LogLevel.info)))
        self.write("chain.pem", trustme.CA().cert_pem.bytes())
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.assert_accepted(place)
        self.write("chain.pem", *self.pems[1:])
        self.logged()
        self.assert_accepted(place)
        self.assertNotIn("append", "".join(self.logged(LogLevel.info)))

    def test_chain_beside_renewed(self) -> None:
        """A chain that comes later is noticed, too."""
        certificate, key = self.write("cert.pem", self.pems[0]), self.write("key.pem", self.key)
        found = given(f"{certificate},{key}")
        self.write("chain.pem", *self.pems[1:])
        found.renew()
        handshake(found, name="chat.example.org", trusted=self.root)


class PairTests(CertificateCase):
    def assert_refused(self, pattern: str, place: str) -> None:
        with self.assertRaisesRegex(CannotStart, pattern):
            given(place)

    def test_refused(self) -> None:
        """Unusable files are reported in one sentence that names the file."""
        self.issue()
        (self.folder / "other").mkdir()
        self.issue(self.folder / "other")
        key = ec.generate_private_key(ec.SECP256R1())
        locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
        (self.folder / "locked.pem").write_bytes(locked)
        strange = ed448.Ed448PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / "strange.pem").write_bytes(strange)
        weak_key = rsa.generate_private_key(65537, 1024)
        weak_certificate = (
            x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(x509.Name([])).serial_number(1)
            .public_key(weak_key.public_key())
            .not_valid_before(datetime(2026, 1, 1)).not_valid_after(datetime(2036, 1, 1))
            .sign(weak_key, hashes.SHA256())
        )  # fmt: skip
        weak_pem = weak_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / "weak.pem").write_bytes(weak_certificate.public_bytes(Encoding.PEM) + weak_pem)
        (self.folder / "text").write_text("text")
        os.mkfifo(self.folder / "pipe")
        certificate = f"{self.folder}/cert.pem"
        for pattern, place in [
            (r"\Anowhere: No such file or directory\.\Z", f"nowhere,{self.folder}/key.pem"),
            (r"/missing: No such file or directory\.\Z", f"{certificate},{self.folder}/missing"),
            (r"/pipe: This is not a regular file\.\Z", f"{self.folder}/pipe,{self.folder}/key.pem"),
            (r"\A/dev/zero: This is not a regular file\.\Z", f"{certificate},/dev/zero"),
            (r"/text has no certificate in PEM\.\Z", f"{self.folder}/text,{self.folder}/key.pem"),
            (r"/text has no private key in PEM\.\Z", f"{certificate},{self.folder}/text"),
            (r"/locked\.pem has a password, and a daemon cannot ask for it", f"{certificate},{self.folder}/locked.pem"),
            (r"/other/key\.pem is not the key of .+/cert\.pem\.\Z", f"{certificate},{self.folder}/other/key.pem"),
            (r"/cert\.pem has no private key in PEM; give CERT,KEY\.\Z", certificate),
            (r"\AOpenSSL does not accept the certificate: [a-z ]*too small\.\Z", f"{self.folder}/weak.pem"),
            (r"/strange\.pem is not the key of ", f"{certificate},{self.folder}/strange.pem"),
        ]:  # fmt: skip
            self.assert_refused(pattern, place)

    def test_versions(self) -> None:
        """TLS 1.2 and 1.3 are spoken, and nothing older; nothing is agreed anew, and nothing compressed."""
        found = issued(self.folder)
        context = found.context_for(b"localhost")
        self.assertEqual(context.minimum_version, ssl.TLSVersion.TLSv1_2)
        for forbidden in (ssl.OP_NO_RENEGOTIATION, ssl.OP_NO_COMPRESSION):
            self.assertEqual(context.options & forbidden, forbidden)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            self.assertTrue(handshake(found, version, version))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python's own, about this version
            with self.assertRaises(ssl.SSLError):
                handshake(found, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1)

    def test_names(self) -> None:
        """A certificate without alternative names, as old ones are, is for its common name."""
        old = self.folder / "old.pem"
        subprocess.run(
            [program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-subj", "/CN=Chat.Example.org", "-keyout", self.folder / "old.key", "-out", old],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        self.assertEqual(set(given(f"{old},{self.folder}/old.key").validity()), {"chat.example.org"})
