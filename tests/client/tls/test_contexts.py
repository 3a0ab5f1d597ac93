"""OpenSSL's settings: where it looks for authorities."""

import ssl
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.tls.contexts import context_of, has_all
from groupchat.client.tls.trust import Encryption
from tests.client.tls.fakes import AUTHORITY, der


class MachineTest(SynchronousTestCase):
    """The machine's authorities: those of its folder, if that has as many as its file."""

    def setUp(self) -> None:
        self.environ: dict[str, str] = {}
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.file = self.folder / "all.pem"
        self.file.write_bytes(AUTHORITY.cert_pem.bytes())
        self.paths = ssl.get_default_verify_paths()._replace(cafile=str(self.file), capath=str(self.folder))

    def is_enough(self, **changes: Any) -> bool:
        return has_all(self.paths._replace(**changes), self.environ)

    def test_folder(self) -> None:
        """The folder is enough if it has no fewer certificates than the file, by the names that OpenSSL looks for."""
        self.assertFalse(self.is_enough())
        (self.folder / "README").touch()
        self.assertFalse(self.is_enough())
        (self.folder / "0123abcd.0").touch()
        self.assertTrue(self.is_enough())
        self.file.write_bytes(AUTHORITY.cert_pem.bytes() * 2)
        self.assertFalse(self.is_enough())

    def test_missing(self) -> None:
        """An empty folder is not enough, whatever the file; neither is one that is not there."""
        none = str(self.folder / "none")
        for changes in ({"cafile": None}, {"cafile": none, "capath": none}, {"capath": None}):
            self.assertFalse(self.is_enough(**changes), changes)

    def test_named_by_the_environment(self) -> None:
        """A file that the environment names is the one that counts."""
        (self.folder / "0123abcd.0").touch()
        self.environ[self.paths.openssl_cafile_env] = str(self.file)
        self.assertFalse(self.is_enough())


class SettingsTest(SynchronousTestCase):
    def test_credulous(self) -> None:
        """With a fingerprint, or without security, OpenSSL verifies nothing; otherwise everything."""
        for encryption, verifies in (
            (Encryption(), True),
            (Encryption((der(AUTHORITY.cert_pem.bytes()),)), True),
            (Encryption(fingerprint=bytes(32)), False),
            (Encryption(insecure=True), False),
        ):
            context = context_of(encryption)
            self.assertEqual((context.verify_mode == ssl.CERT_REQUIRED, context.check_hostname), (verifies, verifies))
            self.assertEqual(context.minimum_version, ssl.TLSVersion.TLSv1_2)
