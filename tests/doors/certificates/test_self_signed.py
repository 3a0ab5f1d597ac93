"""A certificate that signed itself is read by Python's ``ssl`` alone, and no other is."""

import _ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from groupchat.doors.certificates import own_certificate
from groupchat.doors.certificates.chains import read_pair
from groupchat.doors.certificates.pair import Pair
from groupchat.doors.certificates.places import Files
from groupchat.doors.certificates.self_signed import self_signed
from groupchat.doors.certificates.self_signing import make
from tests.doors.certificates.cases import CertificateCase
from tests.functional.harness import TREE


def facts(pair: Pair | None) -> tuple[object, ...]:
    """Return all that is known of a pair."""
    assert pair is not None
    return (pair.files, pair.fingerprint, pair.names, pair.begins, pair.expires, pair.is_lone, pair.name, pair.until)


class SelfSignedTests(CertificateCase):
    def write(
        self, alternatives: list[x509.GeneralName] | None, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
        password: bytes | None = None, issuer: str = "Chat.Example",
    ) -> Files:  # fmt: skip
        """Write a certificate and its key."""
        name, other = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("Chat.Example", issuer))
        now = datetime.now(UTC)
        built = x509.CertificateBuilder().subject_name(name).issuer_name(other).public_key(key.public_key())
        built = built.serial_number(7).not_valid_before(now - timedelta(days=1))
        built = built.not_valid_after(now + timedelta(days=9))
        if alternatives is not None:
            built = built.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        files = Files(self.folder / "a.crt", self.folder / "a.key")
        files.certificate.write_bytes(built.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
        hidden = NoEncryption() if password is None else BestAvailableEncryption(password)
        files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))
        return files

    def test_own(self) -> None:
        """The daemon's own certificate can be read so, and everything of it is as ``cryptography`` reads it."""
        files = Files(self.folder / "cert.pem", self.folder / "key.pem")
        make(*files)
        self.assertEqual(facts(self_signed(files)), facts(read_pair(files)))

    def test_names(self) -> None:
        """Names are those that stand for hosts; the common name counts only where no others are."""
        key = ec.generate_private_key(ec.SECP256R1())
        kinds: list[list[x509.GeneralName] | None] = [
            None,
            [x509.DNSName("A.example"), x509.DNSName("*.b.example"), x509.RFC822Name("me@c.example")],
            [x509.RFC822Name("me@c.example")],
        ]
        for alternatives in kinds:
            files = self.write(alternatives, key)
            self.assertEqual(facts(self_signed(files)), facts(read_pair(files)), alternatives)

    def test_one_file(self) -> None:
        """Certificate and key may be in one file, in any order."""
        files = self.write(None, rsa.generate_private_key(65537, 2048))
        both = self.folder / "both.pem"
        parts = [files.certificate.read_bytes(), files.key.read_bytes()]
        for order in (parts, parts[::-1]):
            both.write_bytes(b"".join(order))
            self.assertEqual(facts(self_signed(Files(both, both))), facts(read_pair(Files(both, both))))

    def test_left_to_others(self) -> None:
        """Whatever is not certainly one whole pair is left to who can tell what is wrong."""
        key = ec.generate_private_key(ec.SECP256R1())
        files = self.write(None, key, issuer="An authority")
        self.assertIsNone(self_signed(files), "issued by somebody else")
        self.assertIsNone(self_signed(self.write(None, key, b"secret")), "a key with a password")
        files = self.write(None, key)
        files.key.write_bytes(
            ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        self.assertIsNone(self_signed(files), "another key")
        files = self.write(None, key)
        whole = files.certificate.read_bytes()
        for wrong in (
            b"",
            b"\xff",
            whole[:200],
            whole + whole,
            b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        ):
            files.certificate.write_bytes(wrong)
            self.assertIsNone(self_signed(files), wrong)
        files.certificate.unlink()
        self.assertIsNone(self_signed(files), "no certificate")
        files = self.write(None, key)
        (self.folder / "chain.pem").write_bytes(whole)
        self.assertIsNone(self_signed(files), "others beside it")

    def test_python_has_it(self) -> None:
        """This Python can take a certificate apart: where one cannot, the daemon needs more memory."""
        self.assertTrue(hasattr(_ssl, "_test_decode_cert"))

    def test_made_apart(self) -> None:
        """Another process makes the certificate, and says whether it could; it leaves nothing in this one."""
        code = (
            "import sys; from pathlib import Path; from groupchat.doors.certificates import own_certificate\n"
            "made = [own_certificate._made_apart(*(Path(folder, name) for name in own_certificate.NAMES))"
            " for folder in sys.argv[1:]]; print(made, 'cryptography' in sys.modules)"
        )
        command = [sys.executable, "-c", code, str(self.folder), str(self.folder / "none")]
        done = subprocess.run(command, cwd=TREE, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.stdout, done.stderr), ("[True, False] False\n", ""))
        files = Files(*(self.folder / name for name in own_certificate.NAMES))
        self.assertEqual(facts(self_signed(files)), facts(read_pair(files)))
        self.assertEqual(files.key.stat().st_mode & 0o777, 0o600)

    def test_unsaid(self) -> None:
        """It is made where nobody is told how another process ended, and where there can be no other process."""
        code = (
            "import os, signal, sys; from pathlib import Path\n"
            "from groupchat.doors.certificates import own_certificate\n"
            "def refuse(): raise BlockingIOError(11, 'Resource temporarily unavailable')\n"
            "if sys.argv[2] == 'ignored': signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
            "else: os.fork = refuse\n"
            "print(own_certificate.own(Path(sys.argv[1])).fingerprint, 'cryptography' in sys.modules)"
        )
        for way, is_made_here in (("ignored", False), ("refused", True)):
            command = [sys.executable, "-c", code, str(self.folder / way), way]
            done = subprocess.run(command, cwd=TREE, capture_output=True, text=True, timeout=60)
            found = self_signed(Files(*(self.folder / way / name for name in own_certificate.NAMES)))
            assert found is not None, done.stderr
            self.assertEqual((done.stdout, done.stderr), (f"{found.fingerprint} {is_made_here}\n", ""))
