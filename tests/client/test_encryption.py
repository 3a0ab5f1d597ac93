"""The options about TLS."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.encryption import add_arguments, chosen, read_authorities
from groupchat.client.tls.trust import Encryption
from tests.client.tls.fakes import AUTHORITY, CERTIFICATE, der


class OptionsTest(SynchronousTestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "some.pem")

    def read(self, *words: str) -> Namespace:
        parser = ArgumentParser(exit_on_error=False)
        add_arguments(parser)
        return parser.parse_args(words)

    def file(self, content: bytes) -> str:
        self.path.write_bytes(content)
        return str(self.path)

    def test_chosen(self) -> None:
        """Nothing is encrypted unless one of the options is there."""
        self.assertIsNone(chosen(self.read()))
        self.assertEqual(chosen(self.read("--tls")), Encryption())
        self.assertEqual(chosen(self.read("--insecure")), Encryption(insecure=True))
        colons = ":".join(["aB"] * 32)
        for text in (colons, colons.replace(":", ""), f"sha256 Fingerprint={colons}"):
            self.assertEqual(chosen(self.read("--fingerprint", text)), Encryption(fingerprint=b"\xab" * 32))

    def test_authorities(self) -> None:
        """A file may have several certificates, and other text between them."""
        pems = [AUTHORITY.cert_pem.bytes(), CERTIFICATE.cert_chain_pems[0].bytes()]
        path = self.file("Ünser\n".encode() + b"\r\nand: \xff\n".join(pems))
        self.assertEqual(chosen(self.read("--ca", path)), Encryption(tuple(map(der, pems))))

    def test_no_authorities(self) -> None:
        """A file without any, or with something else in the place of one, is refused."""
        cut = AUTHORITY.cert_pem.bytes().splitlines()
        for content in (b"", b"text", b"\n".join(cut[:3] + cut[-1:]), b"\n".join([cut[0], b"!" * 5, cut[-1]])):
            error = self.assertRaises(ArgumentTypeError, read_authorities, self.file(content))
            self.assertIn("has no certificate in PEM", str(error))
        error = self.assertRaises(ArgumentTypeError, read_authorities, f"{self.path}.missing")
        self.assertIn("No such file", str(error))
