"""The log in an etcd that wants a password or certificates."""

import base64
import shutil
import ssl
from pathlib import Path
from typing import ClassVar

import trustme
from twisted.internet import reactor
from twisted.logger import capturedLogs

from groupchat.interfaces.shared_log import Closed, ForeignLog, ILog
from groupchat.journals.logs.etcd.etcd_location import opened
from groupchat.model.errors import CannotStart
from tests.functional.etcd_cases import EtcdTest
from tests.functional.etcd_members import EtcdMembers
from tests.journals.logs.log_contract import Reader, pause

LOGIN = ("gc", "gcpw")


def key(text: str) -> str:
    """Encode a key."""
    return base64.b64encode(text.encode()).decode("ascii")


class UsersTests(EtcdTest):
    """An etcd with users: groupchat's own may use what is below the prefix and nothing else."""

    count = 1

    def setUp(self) -> None:
        super().setUp()
        call = self.etcd.call
        for user, password in (("root", "rootpw"), LOGIN, ("other", "otherpw"), ("reader", "readerpw")):
            call("auth/user/add", name=user, password=password)
            call("auth/role/add", name=user)
            call("auth/user/grant", user=user, role=user)
        for role, prefix in (("gc", "gc"), ("other", "elsewhere")):
            permission = {"permType": "READWRITE", "key": key(f"{prefix}/"), "range_end": key(f"{prefix}0")}
            call("auth/role/grant", name=role, perm=permission)
        call("auth/role/grant", name="reader", perm={"permType": "READ", "key": key("gc/"), "range_end": key("gc0")})
        # Something that the nodes' user does not see.
        call("kv/put", key=key("gd/other"), value="")
        call("auth/enable")

    async def refused(self, login: tuple[str, str] | None) -> str:
        """Return why somebody is not let in."""
        error = await self.assertFailure(self.open(login=login).begin("a1", b"{}"), CannotStart)
        return str(error)

    async def test_allowed(self) -> None:
        """With the password everything is possible, also after a member has forgotten its tokens in a restart."""
        log = self.open(login=LOGIN)
        await log.begin("a1", b"{}")
        reader = Reader(log)
        for n in range(5):
            await log.append(b"%d" % n)
        await reader.have(5)
        member = self.etcd.members[0]
        member.kill()
        await self.aside(self.etcd.restart, member)
        for n in range(5):
            await log.append(b"%d" % n)
        await reader.have(10)
        await log.show(b"{}")
        self.assertEqual(list(await log.live()), ["a1"])
        # Newer servers tell the user root only how they are, and who is a member.
        # Space is given back only for the user root; all else that compacting does is done.
        await log.compact(reader.entries[-1].revision)
        self.assertFalse((await log.space()).is_full)

    async def test_refused(self) -> None:
        """Who has no password, a wrong one, or no right to the prefix, is told so at the start."""
        self.assertIn("GROUPCHAT_ETCD_USER", await self.refused(None))
        wrong = await self.refused(("gc", "wrong"))
        self.assertIn("“gc”", wrong)
        self.assertNotIn("wrong", wrong)
        needed = "the right to read and write all keys below “gc/” (etcdctl role grant-permission ROLE readwrite gc/"
        self.assertIn(f"permission denied; the user “other” needs {needed}", await self.refused(("other", "otherpw")))
        # Who may only read gets further when there is a log.
        for _ in range(2):
            self.assertIn(f"the user “reader” needs {needed}", await self.refused(("reader", "readerpw")))
            log = self.open(login=LOGIN)
            await log.begin("b1", b"{}")
            await log.close()

    async def test_unseen_keys(self) -> None:
        """Where nobody can see whether others use etcd, and something was written there, the daemon's log says so."""
        with capturedLogs() as events:
            log = self.open(login=LOGIN)
            begun = await log.begin("a1", b"{}")
        told = [event for event in events if "it is not known whether others use" in str(event.get("log_format"))]
        self.assertEqual(len(told), 1)
        await log.close()
        with capturedLogs() as events:
            log = self.open(login=LOGIN)
            self.assertEqual((await log.begin("a1", b"{}")).cluster, begun.cluster)
        self.assertNotIn("it is not known whether others use", str(events))

    async def test_set_up_anew_without_users(self) -> None:
        """An etcd that was emptied, and has no users any more, is not taken for one that does not answer."""
        log = self.open(login=LOGIN)
        await log.begin("a1", b"{}")
        reader = Reader(log)
        await log.append(b"1")
        await reader.have(1)
        member = self.etcd.members[0]
        member.kill()
        shutil.rmtree(member.folder / "data")
        await self.aside(self.etcd.restart, member)
        error = await reader.ended()
        self.assertIsInstance(error, ForeignLog)
        self.assertIn("gone", str(error))


class NoUsersTests(EtcdTest):
    """An etcd without users takes anybody, also with a password."""

    count = 1

    async def test_password_not_needed(self) -> None:
        """The password does not hinder, and is used from the moment that users are switched on."""
        log = self.open(login=LOGIN)
        await log.begin("a1", b"{}")
        reader = Reader(log)
        await log.append(b"1")
        call = self.etcd.call
        for user, password in (("root", "rootpw"), LOGIN):
            await self.aside(lambda name=user, word=password: call("auth/user/add", name=name, password=word))
        await self.aside(lambda: call("auth/role/add", name="root"))
        for user in ("root", "gc"):
            await self.aside(lambda name=user: call("auth/user/grant", user=name, role="root"))
        await self.aside(lambda: call("auth/enable"))
        await log.append(b"2")
        await reader.have(2)


class OthersKeysTests(EtcdTest):
    """An etcd that somebody else uses."""

    count = 1

    async def test_refused(self) -> None:
        """The log is not made where other keys are, and used where it was made already."""
        self.etcd.call("kv/put", key=key("gd/other"), value="")
        error = await self.assertFailure(self.open().begin("a1", b"{}"), CannotStart)
        self.assertIn("an etcd of its own", str(error))
        self.etcd.clear()
        await self.open().begin("a1", b"{}")
        self.etcd.call("kv/put", key=key("gd/other"), value="")
        await self.open().begin("b1", b"{}")


class EncryptedTests(EtcdTest):
    """An etcd that speaks TLS, and wants a certificate."""

    count = 1
    authority: ClassVar[trustme.CA]
    stranger: ClassVar[trustme.CA]

    @classmethod
    def setUpClass(cls) -> None:
        cls.authority = trustme.CA()
        cls.stranger = trustme.CA()

    def members(self) -> EtcdMembers:
        self.store("server", self.authority.issue_cert("127.0.0.1"))
        self.store("client", self.authority.issue_cert("groupchat@example.com"))
        self.store("foreign", self.stranger.issue_cert("groupchat@example.com"))
        self.authority.cert_pem.write_to_path(self.folder / "ca.pem")
        self.stranger.cert_pem.write_to_path(self.folder / "stranger.pem")
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        context.load_cert_chain(self.folder / "client.pem", self.folder / "client.key")
        return EtcdMembers(self.folder, 1, self.served_as("server"), context)

    def served_as(self, name: str) -> list[str]:
        """Return the options of an etcd with this certificate."""
        return [
            "--cert-file", str(self.folder / f"{name}.pem"), "--key-file", str(self.folder / f"{name}.key"),
            "--trusted-ca-file", str(self.folder / "ca.pem"), "--client-cert-auth",
        ]  # fmt: skip

    def store(self, name: str, certificate: trustme.LeafCert) -> None:
        """Write a certificate and its key into files."""
        certificate.private_key_pem.write_to_path(self.folder / f"{name}.key")
        for blob in certificate.cert_chain_pems:
            blob.write_to_path(self.folder / f"{name}.pem", append=True)

    def encrypted(self, authority: str = "ca", certificate: str = "client", location: str = "") -> ILog:
        """Open the log with these files."""
        file = self.folder.joinpath
        return opened(
            f"{location or self.etcd.location}/gc", reactor, authority=file(f"{authority}.pem"),
            certificate=file(f"{certificate}.pem") if certificate else None,
            key=file(f"{certificate}.key") if certificate else None,
        )  # fmt: skip

    async def refused(self, log: ILog) -> str:
        """Return why a log cannot be used."""
        error = await self.assertFailure(log.begin("a1", b"{}"), CannotStart)
        await log.close()
        return str(error)

    async def hinted(self, log: ILog, hint: str) -> None:
        """Wait until a log that cannot begin tells this."""
        begun = log.begin("a1", b"{}")
        while hint not in log.trouble():
            self.assertFalse(begun.called)
            await pause(0.05)
        closed = self.assertFailure(begun, Closed)
        await log.close()
        await closed

    async def test_allowed(self) -> None:
        """With its certificate a node appends and reads."""
        log = self.encrypted()
        self.addCleanup(log.close)
        await log.begin("a1", b"{}")
        reader = Reader(log)
        for n in range(20):
            await log.append(b"%d" % n)
        await reader.have(20)

    async def test_refused(self) -> None:
        """What is wrong is named: the authority, or the certificate."""
        self.assertIn("--etcd-ca", await self.refused(self.encrypted("stranger")))
        self.assertIn("--etcd-cert", await self.refused(self.encrypted(certificate="foreign")))
        self.assertIn("--etcd-cert", await self.refused(self.encrypted(certificate="")))

    async def test_no_encryption_there(self) -> None:
        """A node that speaks TLS to an etcd that does not waits, and tells what may be wrong."""
        plain = EtcdMembers(self.folder / "plain")
        self.addCleanup(plain.close)
        plain.start()
        location = plain.location.replace("etcd:", "etcds:")
        await self.hinted(self.encrypted(location=location), "the journal is etcd:")

    async def test_no_encryption_here(self) -> None:
        """A node that speaks no TLS to an etcd that does waits, and tells what may be wrong."""
        await self.hinted(opened(self.etcd.location.replace("etcds:", "etcd:"), reactor), "the journal is etcds:")

    async def test_wrong_name(self) -> None:
        """A certificate that is for another server is refused."""
        self.store("other", self.authority.issue_cert("etcd.example.com"))
        other = EtcdMembers(self.folder / "other", 1, self.served_as("other"), _careless(self.folder))
        self.addCleanup(other.close)
        other.start()
        self.assertIn("is not for “127.0.0.1”", await self.refused(self.encrypted(location=other.location)))


def _careless(folder: Path) -> ssl.SSLContext:
    """Return a context that does not look whose certificate it is."""
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    context.load_cert_chain(folder / "client.pem", folder / "client.key")
    context.check_hostname = False
    return context
