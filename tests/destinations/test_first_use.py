"""Trust on first use: what a person is shown and asked, and what becomes of the answer."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.address import Address, Servers, address
from groupchat.client.core.client_errors import NotTrusted, fingerprint_of
from groupchat.client.tls.public_keys import key_of
from groupchat.client.tls.trust import SELF_SIGNED, Encryption
from groupchat.destinations.first_use import FirstUse
from groupchat.destinations.known_hosts import KnownHosts
from tests.client.tls.fakes import AUTHORITY, CERTIFICATE, der

ONE, OTHER = der(AUTHORITY.cert_pem.bytes()), der(CERTIFICATE.cert_chain_pems[0].bytes())
FINGERPRINT = fingerprint_of(ONE)
SERVER = address("chat.org")._replace(encryption=Encryption())


class FirstUseTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.hosts = KnownHosts(self.folder / "known_hosts")
        self.told: list[str] = []
        self.looked = 0

    def settled(self, *answers: str, server: Address = SERVER, error: Exception | None = None) -> Address | None:
        """Return what is decided by these answers about a server of which a look shows this."""
        typed: Iterator[str] = iter(answers)
        self.told = []

        def ask(question: str) -> str:
            self.told.append(question)
            answer = next(typed, None)
            if answer is None:
                raise EOFError
            return answer

        def look(server: Address) -> None:
            self.looked += 1
            if error is not None:
                raise error

        decided = FirstUse(self.hosts, ask, self.told.append, look).settled(server)
        self.assertEqual(list(typed), [], "fewer questions than answers")
        return decided

    def unknown(self, *answers: str) -> Address | None:
        """Return what is decided about a server with a certificate of its own."""
        fault = NotTrusted("the server's certificate is self-signed", ONE, SELF_SIGNED)
        return self.settled(*answers, error=fault)

    def test_accepted(self) -> None:
        """The person is shown the fingerprint and where to compare it; yes is remembered, and not asked again."""
        decided = self.unknown("yes")
        trusted = Encryption(key=key_of(ONE), remembered=FINGERPRINT)
        self.assertEqual(decided, SERVER._replace(encryption=trusted))
        self.assertIn(
            f"The certificate of chat.org is self-signed. Its SHA-256 fingerprint is\n  {FINGERPRINT}\n", self.told[0]
        )
        self.assertIn("openssl x509 -in groupchat-data/tls/cert.pem -noout -fingerprint -sha256", self.told[0])
        known = self.hosts.applied(SERVER)
        self.assertEqual(known.encryption, trusted)
        self.assertEqual(self.settled(server=known), known)
        self.assertEqual((self.told, self.looked), ([], 1))

    def test_refused(self) -> None:
        """No, the end of the input, and Ctrl-C connect nowhere, and nothing is remembered."""
        for answers in (("no",), (), ("maybe", "", "y", " NO ")):
            self.assertIsNone(self.unknown(*answers))
        self.assertIsNone(self.hosts.find(SERVER))
        self.assertIn('Type "yes" or "no" in full', " ".join(self.told))

    def test_fingerprint(self) -> None:
        """Whoever types the fingerprint, as the server shows it, need not compare by eye."""
        for typed in (FINGERPRINT, FINGERPRINT.replace(":", "").lower(), f" {FINGERPRINT} "):
            self.assertIsNotNone(self.unknown(typed), typed)
        self.assertIsNone(self.unknown(fingerprint_of(OTHER)))
        self.assertIn("IT IS ANOTHER ONE.", self.told)

    def test_vouched(self) -> None:
        """Where an authority vouches nobody is asked, and that is noted: less is a change from then on."""
        self.assertEqual(self.settled(), SERVER)
        self.assertEqual(self.told, [])
        self.assertEqual(self.hosts.applied(SERVER).encryption, Encryption(vouched=True))

    def test_never_asked(self) -> None:
        """Nobody is asked about a change, about a server they have named a certificate for, or without TLS."""
        for encryption in (
            Encryption(vouched=True), Encryption(key=b"x" * 32), Encryption((ONE,)), Encryption(insecure=True),
            Encryption(fingerprint=b"x" * 32), None,
        ):  # fmt: skip
            server = SERVER._replace(encryption=encryption)
            self.assertEqual(self.settled(server=server, error=NotTrusted("x", ONE, SELF_SIGNED)), server)
        self.assertEqual((self.told, self.looked), ([], 0))

    def test_no_connection(self) -> None:
        """What keeps one from looking is left to the client, which tells more; nothing is remembered."""
        for error in (ConnectionRefusedError(), TimeoutError(), UnicodeError(), NotTrusted("x"), NotTrusted("x", b"y")):
            self.assertEqual(self.settled(error=error), SERVER)
        self.assertEqual((self.told, self.hosts.find(SERVER)), ([], None))

    def test_not_remembered(self) -> None:
        """Where nothing can be written the person is told, and chats all the same."""
        self.hosts = KnownHosts(Path("/proc/none/known_hosts"))
        decided = self.unknown("yes")
        assert decided is not None
        self.assertEqual(decided.encryption, Encryption(key=key_of(ONE), remembered=FINGERPRINT))
        self.assertTrue(self.told[-1].startswith("This is not remembered: /proc/none"), self.told)


class SeveralTest(FirstUseTest):
    def test_meant(self) -> None:
        """Each of several servers is asked about and remembered by itself; those that are not meant are left out."""
        answers = iter(["yes", "no", "no", "no"])

        def look(server: Address) -> None:
            raise NotTrusted("the server's certificate is self-signed", ONE, SELF_SIGNED)

        first_use = FirstUse(self.hosts, lambda question: next(answers), self.told.append, look)
        several = Servers((SERVER, SERVER._replace(host="b")))
        decided = first_use.meant(several)
        self.assertEqual(decided, SERVER._replace(encryption=Encryption(key=key_of(ONE), remembered=FINGERPRINT)))
        self.assertIsNotNone(self.hosts.find(SERVER))
        self.assertIsNone(self.hosts.find(SERVER._replace(host="b")))
        self.assertIsNone(first_use.meant(several))
