"""Where certificates and keys are found."""

import subprocess
import sys
from pathlib import Path

from groupchat.doors.certificates.certificate_files import Unusable
from groupchat.doors.certificates.places import Files, finder
from tests.doors.certificates.cases import CertificateCase
from tests.functional.harness import TREE
from tests.lacking import need_root


class PlacesTests(CertificateCase):
    def assert_refused(self, pattern: str, place: str = "") -> None:
        with self.assertRaisesRegex(Unusable, pattern):
            finder(f"{self.folder}/{place}")()

    def pairs(self, *pairs: tuple[str, str]) -> list[Files]:
        return [Files(Path(certificate), Path(key)) for certificate, key in pairs]

    def test_one(self) -> None:
        """One pair has the names of certbot, of Kubernetes, or ours; the first complete one is taken."""
        for names in (("fullchain.pem", "privkey.pem"), ("tls.crt", "tls.key"), ("cert.pem", "key.pem")):
            self.issue(self.folder / names[0], names)
            self.assertEqual(self.found(names[0]), self.pairs((f"{names[0]}/{names[0]}", f"{names[0]}/{names[1]}")))
        self.issue(self.folder / "two")
        (self.folder / "two" / "tls.crt").touch()
        self.assertEqual(self.found("two"), self.pairs(("two/cert.pem", "two/key.pem")))
        (self.folder / "two" / "key.pem").unlink()
        self.assertEqual(self.found("two"), self.pairs(("two/tls.crt", "two/tls.key")))

    def test_files(self) -> None:
        """Two files are two files; one has both."""
        one = self.folder / "all.pem"
        one.touch()
        self.assertEqual(finder(f"{one}, other")(), [Files(one, Path("other"))])
        self.assertEqual(finder(str(one))(), [Files(one, one)])

    def test_several(self) -> None:
        """A folder has several as folders, as files with both, and as certificate and key, with the default first."""
        self.issue(self.folder / "a.org", ("fullchain.pem", "privkey.pem"))
        self.issue(self.folder, ("b.org.pem", "b.org.pem"))
        self.issue(self.folder, ("c.org.crt", "c.org.key"))
        self.issue(self.folder, ("d.org.pem", "d.org.key"))
        self.issue(self.folder, ("e.org.pem", "e.org-key.pem"))
        self.issue(self.folder, ("default.pem", "default.pem"))
        (self.folder / "empty").mkdir()
        for name in ("README", "..data", "authority.pem", "dhparams.pem"):
            (self.folder / name).write_text("-----BEGIN CERTIFICATE-----\n")
        self.assertEqual(
            self.found(),
            self.pairs(
                ("default.pem", "default.pem"), ("a.org/fullchain.pem", "a.org/privkey.pem"),
                ("b.org.pem", "b.org.pem"), ("c.org.crt", "c.org.key"), ("d.org.pem", "d.org.key"),
                ("e.org.pem", "e.org-key.pem"),
            ),
        )  # fmt: skip

    def test_none(self) -> None:
        """Where nothing is found, it is said what would be."""
        self.assert_refused(r"There is no certificate in .+; a folder has fullchain\.pem and privkey\.pem, .*NAME\.pem")
        self.assert_refused(r"There is no certificate in .+/nowhere: there is no such file or folder\Z", "nowhere")

    def test_somebody_elses(self) -> None:
        """A folder or a file of somebody else's is named, with who may not read it: in every place, without more."""
        need_root("can become somebody else")
        self.folder.chmod(0o711)
        self.issue(self.folder / "closed", ("fullchain.pem", "privkey.pem"))
        self.issue(self.folder / "several" / "a.org", ("fullchain.pem", "privkey.pem"))
        self.issue(self.folder / "key")
        self.issue(self.folder / "file", ("all.pem", "all.pem"))
        for closed in ("closed", "several/a.org"):
            (self.folder / closed).chmod(0o700)
        for closed in ("key/key.pem", "file/all.pem"):
            (self.folder / closed).chmod(0o600)
        code = (
            "import os, sys; os.setgroups([]); os.setgid(54321); os.setuid(54321)\n"
            "from groupchat.doors.certificates.certificates import given\n"
            "from groupchat.model.errors import CannotStart\n"
            "try: given(sys.argv[1])\nexcept CannotStart as error: print(error)\n"
        )
        # Imported first, for the sources may be somebody else's too.
        code = "import groupchat.doors.certificates.certificates, groupchat.doors.certificates.chains, pwd\n" + code
        for place, path in [
            ("closed", "closed/fullchain.pem"), ("several", "several/a.org/fullchain.pem"),
            ("key", "key/key.pem"), ("file/all.pem", "file/all.pem"), ("file", "file/all.pem"),
        ]:  # fmt: skip
            done = subprocess.run(
                [sys.executable, "-c", code, str(self.folder / place)],
                cwd=TREE, capture_output=True, text=True, timeout=60,
            )  # fmt: skip
            self.assertEqual(
                (done.stdout, done.stderr),
                (f"{self.folder / path} cannot be read by the user 54321: Permission denied.\n", ""),
            )
