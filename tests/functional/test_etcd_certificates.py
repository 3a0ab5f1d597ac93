"""The log in an etcd with TLS, client certificates and users, while these are switched on and its members restart."""

from collections.abc import Callable

from twisted.internet import reactor

from groupchat.interfaces.shared_log import ILog
from tests.functional.etcd_certificates import CertificatesTest
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
