"""Reports to the supervisor."""

import os
import shutil
import socket
import tempfile
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.daemon.supervisor import Supervisor, Watchdog
from groupchat.model.errors import JournalUnavailable


class SupervisorTest(SynchronousTestCase):
    def setUp(self) -> None:
        folder = tempfile.mkdtemp(dir="/tmp")  # a path that fits in an address
        self.addCleanup(shutil.rmtree, folder)
        self.path = f"{folder}/notify"
        self.listen(self.path)

    def listen(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.addCleanup(self.socket.close)
        self.socket.bind(address)

    def heard(self) -> list[str]:
        notices = []
        while True:
            try:
                notices.append(self.socket.recv(1000).decode())
            except BlockingIOError:
                return notices

    def test_told(self) -> None:
        """Lines go to the socket the environment names, in one datagram; a status only when it is a new one."""
        supervisor = Supervisor({"NOTIFY_SOCKET": self.path})
        supervisor.tell("READY=1", "STATUS=x")
        for status in ("one", "one", "two"):
            supervisor.show(status)
        self.assertEqual(self.heard(), ["READY=1\nSTATUS=x", "STATUS=one", "STATUS=two"])

    def test_abstract(self) -> None:
        """An address that begins with @ is an abstract one."""
        name = f"groupchat-test-{os.getpid()}"
        self.listen(f"\0{name}")
        Supervisor({"NOTIFY_SOCKET": f"@{name}"}).tell("READY=1")
        self.assertEqual(self.heard(), ["READY=1"])

    def test_nobody(self) -> None:
        """Without a supervisor, or when it is gone, nothing happens."""
        Supervisor({}).tell("READY=1")
        Supervisor({"NOTIFY_SOCKET": f"{self.path}-gone"}).tell("READY=1")
        self.assertEqual(self.heard(), [])

    def test_period(self) -> None:
        """The watchdog is meant for the process with the number that is given, if one is."""
        for environ, expected in [
            ({}, None),
            ({"WATCHDOG_USEC": "0"}, None),
            ({"WATCHDOG_USEC": "1500000"}, 1.5),
            ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": str(os.getpid())}, 1.5),
            ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "1"}, None),
        ]:
            self.assertEqual(Supervisor(environ).watchdog_s, expected, environ)

    def watchdog(self) -> tuple[Clock, "list[Deferred[Any]]", list[bool]]:
        clock, well = Clock(), [True]
        asked: list[Deferred[Any]] = []

        def ask() -> "Deferred[Any]":
            asked.append(Deferred())
            return asked[-1]

        supervisor = Supervisor({"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": "30000000"})
        watchdog = Watchdog(supervisor, clock, ask, lambda: well[0])
        watchdog.start()
        self.addCleanup(watchdog.stop)
        self.watching = watchdog
        return clock, asked, well

    def test_fed_while_the_journal_answers(self) -> None:
        """The watchdog hears of each answer, and of nothing while there is none, however long that is."""
        clock, asked, _ = self.watchdog()
        self.assertEqual(self.heard(), [])
        asked[0].callback([])
        clock.advance(10)
        asked[1].callback([])
        self.assertEqual(self.heard(), ["WATCHDOG=1"] * 2)
        for _ in range(10):
            clock.advance(10)
        self.assertEqual((len(asked), self.heard()), (3, []))
        asked[2].callback([])
        clock.advance(10)
        self.assertEqual((len(asked), self.heard()), (4, ["WATCHDOG=1"]))

    def test_stopped(self) -> None:
        """After a stop nothing is asked or told; a watchdog that never began can be stopped too."""
        clock, asked, _ = self.watchdog()
        supervisor = Supervisor({})
        unasked = Watchdog(supervisor, clock, lambda: succeed(None), lambda: True)
        unasked.start()
        unasked.stop()
        asked[0].callback([])
        self.watching.stop()
        clock.advance(100)
        self.assertEqual((len(asked), self.heard()), (1, ["WATCHDOG=1"]))

    def test_not_fed(self) -> None:
        """It hears nothing when the journal fails, or when the disk takes nothing."""
        clock, asked, well = self.watchdog()
        asked[0].errback(JournalUnavailable("no"))
        clock.advance(10)
        well[0] = False
        asked[1].callback([])
        self.assertEqual(self.heard(), [])
