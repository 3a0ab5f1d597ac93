"""All certificates of the server: renewed, chosen by name, and watched until they expire."""

from datetime import UTC, datetime, timedelta
from shutil import copy, rmtree

from twisted.logger import LogLevel

from groupchat.doors.certificates.certificates import Certificates, given
from groupchat.doors.certificates.places import finder
from groupchat.model.errors import CannotStart
from tests.doors.certificates.cases import CertificateCase, served
from tests.doors.connections import authority

DAY_S = 86400


class RenewalTests(CertificateCase):
    def test_renewed(self) -> None:
        """Files that changed are taken by the next connection, and told of; those that did not are left."""
        first = self.issue()
        found = given(str(self.folder))
        self.logged(LogLevel.info)
        found.renew()
        self.assertEqual((served(found), self.logged(LogLevel.info)), (first, []))
        second = self.issue()
        self.assertEqual(served(found), first)
        found.renew()
        self.assertEqual(served(found), second)
        self.assertIn(found.fingerprint, self.logged(LogLevel.info)[0])

    def test_half_renewed(self) -> None:
        """While one file is new and the other is not, what was before stays; it is told of once."""
        first = self.issue()
        found = given(str(self.folder))
        (self.folder / "new").mkdir()
        second = self.issue(self.folder / "new")
        copy(self.folder / "new" / "cert.pem", self.folder)
        for _ in range(3):
            found.renew()
        self.assertEqual(served(found), first)
        (complaint,) = self.logged(LogLevel.error)
        self.assertRegex(complaint, r"was not loaded: .+/key\.pem is not the key of")
        copy(self.folder / "new" / "key.pem", self.folder)
        found.renew()
        self.assertEqual(served(found), second)

    def test_linked(self) -> None:
        """A link that points to other files now, as certbot's, is noticed."""
        for name in ("one", "two"):
            (self.folder / name).mkdir()
        self.issue(self.folder / "one")
        second = self.issue(self.folder / "two")
        live = self.folder / "live"
        live.symlink_to("one")
        found = given(str(live))
        (self.folder / "next").symlink_to("two")
        (self.folder / "next").replace(live)
        found.renew()
        self.assertEqual(served(found), second)

    def test_gone(self) -> None:
        """Files that are gone are told of once, and taken when they are back."""
        first = self.issue()
        found = given(str(self.folder))
        (self.folder / "key.pem").unlink()
        for _ in range(3):
            found.renew()
        self.assertEqual(len(self.logged(LogLevel.error)), 1)
        self.assertEqual(served(found), first)
        second = self.issue()
        found.renew()
        self.assertEqual(served(found), second)


class NamesTests(CertificateCase):
    """A folder with certificates for several names."""

    def setUp(self) -> None:
        super().setUp()
        self.serials = {
            host: self.issue(self.folder / host, ("fullchain.pem", "privkey.pem"), host)
            for host in ("chat.example.org", "b.example.org", "*.example.net")
        }
        # As certbot has it.
        (self.folder / "README").write_text("This directory contains your keys and certificates.")

    def test_by_name(self) -> None:
        """Each client is served with the certificate of the name it asks for, whatever its case."""
        found = given(str(self.folder))
        for name, host in [
            ("chat.example.org", "chat.example.org"), ("CHAT.example.org", "chat.example.org"),
            ("b.example.org", "b.example.org"), ("x.example.net", "*.example.net"),
        ]:  # fmt: skip
            self.assertEqual(served(found, name), self.serials[host], name)

    def test_default(self) -> None:
        """Who asks for no name, or for another, gets the first by name, or the one called default; the log says so."""
        found = given(str(self.folder))
        for name in (None, "example.net", "a.b.example.net", "192.0.2.1", "unknown.example.com"):
            self.assertEqual(served(found, name), self.serials["*.example.net"], name)
        self.assertIn(
            f"The default certificate is {self.folder}/*.example.net/fullchain.pem", self.logged(LogLevel.info)
        )
        serial = self.issue(self.folder / "default", host="other.example.org")
        self.assertEqual(served(given(str(self.folder))), serial)

    def test_comes_and_goes(self) -> None:
        """A certificate that is added or taken away while the daemon runs is noticed, and the others stay."""
        found = given(str(self.folder))
        serial = self.issue(self.folder / "c.example.org", host="c.example.org")
        found.renew()
        self.assertEqual(served(found, "c.example.org"), serial)
        rmtree(self.folder / "c.example.org")
        self.logged()
        found.renew()
        self.assertEqual(served(found, "c.example.org"), self.serials["*.example.net"])
        self.assertIn(f"{self.folder}/c.example.org/cert.pem is gone, and no longer served", self.logged(LogLevel.info))
        self.assertEqual(served(found, "b.example.org"), self.serials["b.example.org"])
        self.logged()
        found.renew()
        self.assertEqual(self.logged(*LogLevel.iterconstants()), [])

    def test_one_is_broken(self) -> None:
        """One that cannot be read later keeps what it had, is told of once, and does not trouble the others."""
        found = given(str(self.folder))
        (self.folder / "b.example.org" / "privkey.pem").write_text("half")
        serial = self.issue(self.folder / "chat.example.org", ("fullchain.pem", "privkey.pem"), "chat.example.org")
        for _ in range(3):
            found.renew()
        self.assertEqual(served(found, "b.example.org"), self.serials["b.example.org"])
        self.assertEqual(served(found, "chat.example.org"), serial)
        self.assertEqual(len(self.logged(LogLevel.error)), 1)

    def test_broken_at_the_start(self) -> None:
        """At the start it is refused by name."""
        (self.folder / "b.example.org" / "privkey.pem").write_text("half")
        with self.assertRaisesRegex(CannotStart, r"/b\.example\.org/privkey\.pem has no private key in PEM"):
            given(str(self.folder))

    def test_all_gone(self) -> None:
        """An empty folder changes nothing but one line in the log."""
        found = given(str(self.folder))
        for host in self.serials:
            rmtree(self.folder / host)
        for _ in range(3):
            found.renew()
        self.assertEqual(served(found, "b.example.org"), self.serials["b.example.org"])
        (told,) = self.logged(LogLevel.error)
        self.assertRegex(told, r"The certificates stay as they were: There is no certificate in ")

    def test_two_of_one_name(self) -> None:
        """Of two for one name, as certbot makes them, the one that is valid longest is served."""
        leaf = authority().issue_cert("b.example.org", not_after=datetime.now(UTC) + timedelta(days=20))
        leaf.private_key_and_cert_chain_pem.write_to_path(str(self.folder / "b-0001.pem"))
        self.assertEqual(served(given(str(self.folder)), "b.example.org"), self.serials["b.example.org"])


class ExpiryTests(CertificateCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = datetime.now(UTC).timestamp()
        self.path = self.folder / "all.pem"
        self.certificates = self.expiring(30)

    def expiring(self, days: float) -> Certificates:
        leaf = authority().issue_cert(
            "localhost", not_after=datetime.fromtimestamp(self.now, UTC) + timedelta(days=days)
        )
        leaf.private_key_and_cert_chain_pem.write_to_path(str(self.path))
        return Certificates(finder(str(self.path)), lambda: self.now)

    def test_days(self) -> None:
        """It is logged at 14, 7, 3 and 1 days, once each, however often it is looked at; expired, each day."""
        told: list[tuple[int, str]] = []
        for hour in range(33 * 24):
            self.certificates.renew()
            told += [(hour // 24, line) for line in self.logged(LogLevel.warn, LogLevel.error)]
            self.now += 3600
        self.assertEqual([day for day, _ in told], [16, 23, 27, 29, 30, 31, 32])
        until = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
        self.assertEqual(
            [line.removeprefix(f"The certificate {self.path} ") for _, line in told],
            [f"is valid for {left} only, until {until}; renew it" for left in
             ("14 more days", "7 more days", "3 more days", "1 more day")]
            + [f"has expired on {until}; renew it"] * 3,
        )  # fmt: skip

    def test_late_start(self) -> None:
        """At the start it is told at once, once."""
        self.expiring(5).renew()
        self.assertEqual(len(self.logged(LogLevel.warn)), 1)

    def test_renewed(self) -> None:
        """A new certificate is a new start."""
        found = self.expiring(5)
        self.expiring(90)
        self.logged()
        found.renew()
        self.assertEqual(self.logged(LogLevel.warn, LogLevel.error), [])
        self.expiring(5)
        found.renew()
        self.assertEqual(len(self.logged(LogLevel.warn)), 1 + 1)  # the one that only wrote the file told it too

    def test_validity(self) -> None:
        """The end of each certificate is known by a name of it."""
        self.assertEqual(self.certificates.validity(), {"localhost": float(int(self.now) + 30 * DAY_S)})

    def test_not_yet_valid(self) -> None:
        """A certificate whose time has not come, as on a machine with a wrong clock, is told of."""
        leaf = authority().issue_cert("localhost")
        leaf.private_key_and_cert_chain_pem.write_to_path(str(self.path))
        self.now = 0.0
        Certificates(finder(str(self.path)), lambda: self.now)
        self.assertIn(f"{self.path} is not valid yet: look at the clock of this machine", self.logged(LogLevel.warn))
