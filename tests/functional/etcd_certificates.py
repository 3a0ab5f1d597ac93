"""An etcd with TLS, for tests: an authority, the certificates of its members and of nodes, and users."""

import base64
import ssl

import trustme
from twisted.internet import reactor

from groupchat.interfaces.shared_log import ILog
from groupchat.journals.logs.etcd.etcd_location import opened
from tests.functional.etcd_cases import EtcdTest
from tests.functional.etcd_members import EtcdMembers

LOGIN = ("gc", "gcpw")


def key(text: str) -> str:
    """Encode a key."""
    return base64.b64encode(text.encode()).decode("ascii")


class CertificatesTest(EtcdTest):
    """A test with members that speak TLS.

    Their certificates name a host as their CommonName, as most do; of those of nodes “client” has none, and “named”
    has one.
    """

    def members(self) -> EtcdMembers:
        self.authority = trustme.CA()
        self.stranger = trustme.CA()
        self.store("server", self.authority.issue_cert("127.0.0.1", common_name="e1.lab"))
        self.store("client", self.authority.issue_cert("a1.lab"))
        self.store("named", self.authority.issue_cert("a1.lab", common_name="a1"))
        self.store("foreign", self.stranger.issue_cert("a1.lab"))
        self.authority.cert_pem.write_to_path(self.folder / "ca.pem")
        self.stranger.cert_pem.write_to_path(self.folder / "stranger.pem")
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        context.load_cert_chain(self.folder / "client.pem", self.folder / "client.key")
        return EtcdMembers(self.folder, self.count, self.encrypted(), context)

    def encrypted(self, demands_certificates: bool = False) -> list[str]:
        """Return the options of members that speak TLS."""
        file = self.folder.joinpath
        options = ["--cert-file", str(file("server.pem")), "--key-file", str(file("server.key"))]
        if demands_certificates:
            options += ["--trusted-ca-file", str(file("ca.pem")), "--client-cert-auth"]
        return options

    def store(self, name: str, certificate: trustme.LeafCert) -> None:
        """Write a certificate and its key into files."""
        certificate.private_key_pem.write_to_path(self.folder / f"{name}.key")
        for blob in certificate.cert_chain_pems:
            blob.write_to_path(self.folder / f"{name}.pem", append=True)

    def secret(self, login: tuple[str, str] | None = LOGIN, authority: str = "ca", certificate: str = "client") -> ILog:
        """Open the log with these files."""
        file = self.folder.joinpath
        log = opened(
            f"{self.etcd.location}/gc", reactor, login=login, authority=file(f"{authority}.pem") if authority else None,
            certificate=file(f"{certificate}.pem") if certificate else None,
            key=file(f"{certificate}.key") if certificate else None,
        )  # fmt: skip
        self.addCleanup(log.close)
        return log

    def add_users(self) -> None:
        """Make the users, as docs/CLUSTER.md says, and do not switch them on."""
        call = self.etcd.call
        for user, password, role in (("root", "rootpw", "root"), (*LOGIN, "groupchat")):
            call("auth/user/add", name=user, password=password)
            call("auth/role/add", name=role)
            call("auth/user/grant", user=user, role=role)
        permission = {"permType": "READWRITE", "key": key("gc/"), "range_end": key("gc0")}
        call("auth/role/grant", name="groupchat", perm=permission)

    def demand_certificates(self) -> None:
        """Restart one member after the other so that it wants a certificate of everybody."""
        self.etcd.options = self.encrypted(demands_certificates=True)
        for member in self.etcd.members:
            member.kill()
            self.etcd.restart(member)
