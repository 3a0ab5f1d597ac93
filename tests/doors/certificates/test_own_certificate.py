"""The certificate that the daemon makes for itself."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twisted.logger import LogLevel

from groupchat.client.tls.public_keys import key_of
from groupchat.doors.certificates import own_certificate, places
from groupchat.doors.certificates.certificates import given
from groupchat.doors.certificates.own_certificate import own
from groupchat.model.errors import CannotStart
from tests.doors.certificates.cases import CertificateCase, serial_of, served
from tests.doors.connections import authority
from tests.functional.harness import LIMIT_S, program


class OwnTests(CertificateCase):
    def test_made_once(self) -> None:
        """A missing certificate is made, readable by its owner only, and is the same at the next start."""
        umask = os.umask(0)
        self.addCleanup(os.umask, umask)
        first, second = own(self.folder / "data" / "tls"), own(self.folder / "data" / "tls")
        self.assertEqual(first.fingerprint, second.fingerprint)
        modes = [(self.folder / "data" / name).stat().st_mode & 0o777 for name in ("", "tls", "tls/key.pem")]
        self.assertEqual(modes, [0o700, 0o700, 0o600])

    def test_made_by_several_at_once(self) -> None:
        """Daemons that begin at the same time, of which only one will stay, make one certificate with its key."""
        script = (
            "import sys; from pathlib import Path; from groupchat.doors.certificates.own_certificate import own;"
            "print('READY', flush=True); sys.stdin.readline(); print(own(Path(sys.argv[1])).fingerprint)"
        )
        command = [sys.executable, "-c", script, str(self.folder / "tls")]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        processes = [subprocess.Popen(command, text=True, **pipes) for _ in range(4)]  # type: ignore[call-overload]
        for process in processes:
            self.assertEqual(process.stdout.readline(), "READY\n")
        for process in processes:
            process.stdin.write("\n")
            process.stdin.flush()
        shown = {process.communicate(timeout=LIMIT_S)[0] for process in processes}
        self.assertEqual(shown, {f"{own(self.folder / 'tls').fingerprint}\n"})

    def test_fingerprint(self) -> None:
        """The log tells the fingerprint that openssl shows, and until when it is valid."""
        found = own(self.folder)
        shown = subprocess.run(
            [program("openssl"), "x509", "-noout", "-fingerprint", "-sha256", "-in", self.folder / "cert.pem"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        self.assertEqual(found.fingerprint, shown.strip().partition("=")[2])
        (told,) = self.logged(LogLevel.info)
        self.assertIn(f"SHA-256 {found.fingerprint}, valid until {datetime.now(UTC).year + 10}-", told)

    def test_its_names(self) -> None:
        """It is for this host and for localhost: clients that trust it can check that."""
        own(self.folder)
        certificate = x509.load_pem_x509_certificate((self.folder / "cert.pem").read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        self.assertIn("localhost", names.get_values_for_type(x509.DNSName))
        self.assertIn("127.0.0.1", map(str, names.get_values_for_type(x509.IPAddress)))

    def test_stopped_halfway(self) -> None:
        """A key without its certificate, and what was half written, are made anew."""
        first = own(self.folder)
        (self.folder / "cert.pem").unlink()
        (self.folder / "key.pem.part").write_text("half")
        self.assertNotEqual(own(self.folder).fingerprint, first.fingerprint)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["cert.pem", "key.pem"])

    def test_expired(self) -> None:
        """An expired one is replaced at the start."""
        leaf = authority().issue_cert("localhost", not_after=datetime.now(UTC) - timedelta(days=1))
        leaf.cert_chain_pems[0].write_to_path(str(self.folder / "cert.pem"))
        leaf.private_key_pem.write_to_path(str(self.folder / "key.pem"))
        self.assertNotEqual(served(own(self.folder)), serial_of(leaf.cert_chain_pems[0].bytes()))

    def test_same_key(self) -> None:
        """One that is made anew has the key of the one before, by which clients know the server."""
        own(self.folder)
        before, key = self.keys(), (self.folder / "key.pem").read_bytes()
        (self.folder / "cert.pem").unlink()
        fingerprint = own(self.folder).fingerprint
        self.assertEqual((self.keys(), (self.folder / "key.pem").read_bytes()), (before, key))
        leaf = authority().issue_cert("localhost", not_after=datetime.now(UTC) - timedelta(days=1))
        leaf.cert_chain_pems[0].write_to_path(str(self.folder / "cert.pem"))
        leaf.private_key_pem.write_to_path(str(self.folder / "key.pem"))
        before = self.keys()
        self.assertNotEqual(own(self.folder).fingerprint, fingerprint)
        self.assertEqual(self.keys(), before)
        (self.folder / "cert.pem").unlink()
        (self.folder / "key.pem").write_text("no key")
        own(self.folder)
        self.assertNotEqual(self.keys(), before)

    def keys(self) -> bytes:
        """Return the hash of the public key of the certificate, as clients remember it."""
        certificate = x509.load_pem_x509_certificate((self.folder / "cert.pem").read_bytes())
        spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        digest = sha256(spki).digest()
        self.assertEqual(key_of(certificate.public_bytes(Encoding.DER)), digest)
        return digest

    def test_no_place(self) -> None:
        """A folder where it cannot be stored is named, with what to do."""
        (self.folder / "tls").touch()
        with self.assertRaisesRegex(
            CannotStart, r"cannot be stored in .+/tls: File exists; name another certificate with --tls"
        ):
            own(self.folder / "tls")
        with self.assertRaisesRegex(CannotStart, r"The data folder .+/tls cannot be used: File exists\."):
            own(self.folder / "tls" / "tls")

    def test_not_ours(self) -> None:
        """A file that is not a certificate is reported, not replaced."""
        for name in ("cert.pem", "key.pem"):
            (self.folder / name).write_text("something else")
        with self.assertRaisesRegex(CannotStart, r"cert\.pem has no certificate in PEM\."):
            own(self.folder)

    def test_found_again(self) -> None:
        """Its files have names by which a folder is searched."""
        self.assertEqual(served(own(self.folder)), served(given(str(self.folder))))
        self.assertIn(own_certificate.NAMES, places.PAIRS)
