"""What is in ``packaging/`` works as the documents say."""

import grp
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import trustme
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.certificates.certificates import given
from tests.functional.harness import TREE

PACKAGING = TREE / "packaging"


class HookTest(SynchronousTestCase):
    """The deploy hook of certbot."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="groupchat hook-"))
        self.addCleanup(shutil.rmtree, self.folder)
        # The hook with a group that there is on this machine, and that we are in.
        group = grp.getgrgid(os.getgid()).gr_name
        self.hook = self.folder / "hook"
        text = (PACKAGING / "certbot-deploy-hook").read_text()
        self.assertIn(" groupchat-tls ", text)
        self.hook.write_text(text.replace(" groupchat-tls ", f" {group} "))
        self.tls = self.folder / "tls"
        self.tls.mkdir()

    def renew(self, name: str) -> None:
        """Do what certbot does: put the files into an archive, link to them, and call the hook."""
        leaf = trustme.CA().create_child_ca().issue_cert(name)
        live, archive = self.folder / "live" / name, self.folder / "archive" / name
        for place in (live, archive):
            place.mkdir(parents=True, exist_ok=True)
        chain = b"".join(pem.bytes() for pem in leaf.cert_chain_pems)
        for file, data in (("fullchain", chain), ("privkey", leaf.private_key_pem.bytes())):
            (archive / f"{file}1.pem").write_bytes(data)
            (live / f"{file}.pem").unlink(missing_ok=True)
            (live / f"{file}.pem").symlink_to(archive / f"{file}1.pem")
        environment = {**os.environ, "RENEWED_LINEAGE": str(live), "GROUPCHAT_TLS": str(self.tls)}
        subprocess.run(["/bin/sh", self.hook], env=environment, check=True, timeout=60)

    def test_renewals(self) -> None:
        """Each certificate becomes one file that the group can read, which a running daemon notices."""
        self.renew("a.example.org")
        found = given(str(self.tls))
        self.assertEqual(set(found.validity()), {"a.example.org"})
        first = found.fingerprint
        self.renew("a.example.org")
        self.renew("b.example.org")
        found.renew()
        self.assertNotEqual(found.fingerprint, first)
        self.assertEqual(set(found.validity()), {"a.example.org", "b.example.org"})
        self.assertEqual(sorted(path.name for path in self.tls.iterdir()), ["a.example.org.pem", "b.example.org.pem"])
        self.assertEqual({path.stat().st_mode & 0o777 for path in self.tls.iterdir()}, {0o640})

    def test_incomplete(self) -> None:
        """If a file is missing the hook fails, and what is served stays as it was."""
        self.renew("a.example.org")
        before = (self.tls / "a.example.org.pem").read_bytes()
        (self.folder / "archive" / "a.example.org" / "privkey1.pem").unlink()
        environment = {**os.environ, "GROUPCHAT_TLS": str(self.tls)}
        environment["RENEWED_LINEAGE"] = str(self.folder / "live" / "a.example.org")
        done = subprocess.run(["/bin/sh", self.hook], env=environment, capture_output=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual((self.tls / "a.example.org.pem").read_bytes(), before)
