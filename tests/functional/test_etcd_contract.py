"""The shared log in a real etcd keeps the contract."""

import tempfile
from pathlib import Path
from typing import Any, ClassVar

from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList, succeed
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import provider

from groupchat.interfaces.shared_log import Closed, ILog
from groupchat.journals.logs.etcd import etcd_lease
from groupchat.journals.logs.etcd.etcd_location import opened
from tests.functional.etcd_cases import PATIENT_LEASE_S
from tests.functional.etcd_members import EtcdMembers
from tests.functional.harness import program
from tests.journals.logs.log_contract import LogContract, Reader, pause


class EtcdLogContract(LogContract):
    """A log in one etcd."""

    __test__ = True
    etcd: ClassVar[EtcdMembers]

    @classmethod
    def setUpClass(cls) -> None:
        program("etcd")
        cls.etcd = EtcdMembers(Path(tempfile.mkdtemp(prefix="groupchat-etcd-"))).start()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.etcd.close()

    def setUp(self) -> None:
        self.patch(etcd_lease, "LEASE_S", PATIENT_LEASE_S)
        # No test sees what another one has left.
        self.etcd.clear()
        self.prefix = f"test/{self.id().rpartition('.')[2]}"

    async def test_closed_at_any_moment(self) -> None:
        """Whenever the log is closed, what is under way ends, and nothing goes on: trial looks what is left."""
        for n in range(30):
            log = self.make()
            doing: list[Deferred[Any]] = [log.begin("a1", b"{}"), log.live(), log.members(), log.space()]
            for _ in range(n):
                await pause(0.0)
            if doing[0].called:
                log.watch(0, lambda entries: None, lambda failure: None)
                doing.append(log.append(b"1"))
            ended = DeferredList(doing, consumeErrors=True)
            await log.close()
            for is_done, result in await ended:
                if not is_done:
                    result.trap(Closed)

    async def test_quiet(self) -> None:
        """Connections are nothing that the daemon's log tells of."""
        lines: list[str] = []

        @provider(ILogObserver)
        def observer(event: LogEvent) -> None:
            lines.append(formatEvent(event))

        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        log = self.open()
        await log.begin("a1", b"{}")
        reader = Reader(log)
        await log.append(b"1")
        await reader.have(1)
        self.assertEqual([line for line in lines if "factory" in line], [])

    def make(self) -> ILog:
        return opened(f"{self.etcd.location}/{self.prefix}", reactor)

    def expire(self, node: str) -> "Deferred[None]":
        self.etcd.expire(self.prefix, node)
        return succeed(None)

    def killed(self, node: str) -> "Deferred[int]":
        return succeed(self.etcd.claim(self.prefix, node))
