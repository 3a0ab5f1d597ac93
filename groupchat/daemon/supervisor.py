"""Report to the supervisor with the protocol of sd_notify(3): ready, status, alive, stopping."""

import os
import socket
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

log = Logger()


class Supervisor:
    """The supervisor that started the daemon, such as systemd, if there is one.

    ``watchdog_s``: the supervisor wants to hear within so many seconds that all is well; None: it does not ask.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._status = ""
        self.watchdog_s: float | None = None
        period = environ.get("WATCHDOG_USEC", "")
        if period.isdigit() and int(period) and environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid()):
            self.watchdog_s = int(period) / 1e6

    def tell(self, *lines: str) -> None:
        """Send these lines, such as ``READY=1``; without a supervisor, do nothing."""
        if not self._address:
            return
        # An abstract address begins with a NUL, which an environment cannot hold.
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as notice:
                notice.sendto("\n".join(lines).encode(), address)
        except OSError as error:
            log.warn("The supervisor was not told {lines}: {reason}", lines=lines, reason=str(error))

    def show(self, status: str) -> None:
        """Send this line as the status to show, if it has changed."""
        if self._address and status != self._status:
            self._status = status
            self.tell(f"STATUS={status}")


class Watchdog:
    """Tells the supervisor that all is well, three times in each of its periods, but only while the journal answers.

    :param ask: asks the journal something; until the answer comes, the supervisor is told nothing.
    :param is_healthy: tells whether the rest of the daemon is well.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        clock: Any,
        ask: "Callable[[], Deferred[Any]]",
        is_healthy: Callable[[], bool],
    ) -> None:
        self._supervisor = supervisor
        self._ask = ask
        self._is_healthy = is_healthy
        self._waiting = False
        self._looping = LoopingCall(self._look)
        self._looping.clock = clock

    def start(self) -> None:
        """Begin, if the supervisor has a watchdog."""
        if self._supervisor.watchdog_s is not None:
            self._looping.start(self._supervisor.watchdog_s / 3)

    def stop(self) -> None:
        """Tell the supervisor nothing more."""
        if self._looping.running:
            self._looping.stop()

    def _look(self) -> None:
        if self._waiting:
            return
        self._waiting = True
        self._ask().addCallbacks(self._answered, self._failed)

    def _answered(self, _: object) -> None:
        self._waiting = False
        if self._is_healthy():
            self._supervisor.tell("WATCHDOG=1")

    def _failed(self, failure: Any) -> None:
        self._waiting = False
        log.error("The journal does not answer, so the watchdog is told nothing: {reason}", reason=str(failure.value))
