"""The log in an etcd with TLS, client certificates and users, while these are switched on and its members restart."""

from collections.abc import Callable

from twisted.internet import reactor
from twisted.logger import capturedLogs, formatEvent

from groupchat.interfaces.shared_log import ILog
from groupchat.model.errors import CannotStart
from tests.functional.etcd_certificates import CertificatesTest
from tests.functional.etcd_members import EtcdMembers
from tests.journals.logs.log_contract import Census, pause

SOON_S = 20.0
"""Seconds within which the nodes see one another again, though a machine has too much to do."""


class SwitchedOnTests(CertificatesTest):
    """Nodes that began when etcd had no users yet."""

    async def begin(self) -> tuple[list[ILog], list[Census]]:
        """Begin two nodes that have a user and a certificate."""
        logs = [self.secret(), self.secret()]
        for name, log in zip(("a1", "b1"), logs, strict=True):
            await log.begin(name, b"{}")
        return logs, [Census(log) for log in logs]

    async def see_one_another(self, logs: list[ILog], censuses: list[Census], card: bytes) -> None:
        """See that entries are taken, and that each node sees what both have written on their cards."""
        for log in logs:
            await log.append(card)
            await log.show(card)

        def is_seen(census: Census) -> bool:
            return {node: live.card for node, live in census.told[-1].items()} == {"a1": card, "b1": card}

        await self.until(lambda: all(census.told and is_seen(census) for census in censuses))

    async def until(self, check: Callable[[], bool]) -> None:
        """Wait until something is so."""
        end = reactor.seconds() + SOON_S
        while not check():
            self.assertLess(reactor.seconds(), end, "they do not see one another")
            await pause(0.1)

    async def test_certificates_after_users(self) -> None:
        """Users are switched on, then certificates are demanded, and all members are killed and come back."""
        logs, censuses = await self.begin()
        await self.see_one_another(logs, censuses, b'{"at": 1}')
        await self.aside(self.add_users)
        await self.aside(lambda: self.etcd.call("auth/enable"))
        await self.see_one_another(logs, censuses, b'{"at": 2}')
        await self.aside(self.demand_certificates)
        await self.see_one_another(logs, censuses, b'{"at": 3}')
        for n in range(4, 7):
            for member in self.etcd.members:
                member.kill()
            await self.aside(self.etcd.restart_all)
            await self.see_one_another(logs, censuses, b'{"at": %d}' % n)

    async def test_users_after_certificates(self) -> None:
        """Certificates are demanded first, and then users are switched on, who count as etcd's own without a token."""
        await self.aside(self.demand_certificates)
        logs, censuses = await self.begin()
        await self.see_one_another(logs, censuses, b'{"at": 1}')
        await self.aside(self.add_users)
        await self.aside(lambda: self.etcd.call("auth/enable"))
        await self.see_one_another(logs, censuses, b'{"at": 2}')
        self.assertEqual([log.trouble() for log in logs], ["", ""])


class RefusedTests(CertificatesTest):
    """One member that demands certificates: what is wrong is named, and what to do about it."""

    count = 1

    def members(self) -> EtcdMembers:
        members = super().members()
        members.options = self.encrypted(demands_certificates=True)
        return members

    async def refused(self, log: ILog) -> str:
        """Return why a log cannot be used."""
        error = await self.assertFailure(log.begin("c1", b"{}"), CannotStart)
        await log.close()
        return str(error)

    async def test_certificates(self) -> None:
        """No certificate, or one of a stranger, or nobody to trust: each has a sentence of its own."""
        server = self.etcd.location.removeprefix("etcds://")
        needed = f"{server} demands a certificate, and none is given: give --etcd-cert FILE and --etcd-key FILE."
        self.assertEqual(await self.refused(self.secret(certificate="")), needed)
        told = await self.refused(self.secret(certificate="foreign"))
        self.assertRegex(told, r"^[0-9.:]+ does not accept the certificate in --etcd-cert \([a-z0-9 ]+\): it must be ")
        told = await self.refused(self.secret(authority=""))
        self.assertIn("an authority that this machine trusts, or is out of date: give --etcd-ca FILE", told)
        told = await self.refused(self.secret(authority="stranger"))
        self.assertIn("is not signed by the authority in --etcd-ca, or out of date", told)

    async def test_common_name(self) -> None:
        """A certificate with a CommonName is refused once there are users: a node says so, also before."""
        with capturedLogs() as events:
            named = self.secret(certificate="named")
            await named.begin("a1", b"{}")
            other = self.secret()
            await other.begin("b1", b"{}")
        lines = [formatEvent(event) for event in events]
        self.assertEqual(sum("The certificate in --etcd-cert has a CommonName" in line for line in lines), 1)
        self.assertTrue(any("whoever has a certificate that it accepts can change the log" in line for line in lines))
        await self.aside(self.add_users)
        await self.aside(lambda: self.etcd.call("auth/enable"))
        appended = named.append(b"1")
        appended.addErrback(lambda _: None)
        while "takes no certificate with a CommonName" not in named.trouble():
            await pause(0.05)
        await other.append(b"2")
        told = await self.refused(self.secret(certificate="named"))
        self.assertIn("give an --etcd-cert without one, such as for the subject /O=groupchat", told)
        self.assertIn("It says: “CommonName of client sending a request against gateway will be ignored", told)

    async def test_no_user(self) -> None:
        """A node without a user is told to have one, though its certificate is accepted."""
        await self.aside(self.add_users)
        await self.aside(lambda: self.etcd.call("auth/enable"))
        told = await self.refused(self.secret(login=None))
        self.assertIn("permission denied; give GROUPCHAT_ETCD_USER and GROUPCHAT_ETCD_PASSWORD", told)
        log = self.secret()
        await log.begin("a1", b"{}")
        await log.append(b"1")
