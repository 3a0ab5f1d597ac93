"""Keep a running daemon in order: periodic work, settings read again on SIGHUP, and news for the supervisor."""

import math
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks, maybeDeferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.config.settings import Settings
from groupchat.daemon.supervisor import Supervisor, Watchdog
from groupchat.delivery.queue import Change, Receipt
from groupchat.doors.certificates.certificates import Certificates
from groupchat.doors.reception import Reception
from groupchat.hall.hall import Hall
from groupchat.hall.health import Reload
from groupchat.interfaces.storage import IJournal
from groupchat.model.drafts import Expire, ForgetSessions, Operation
from groupchat.model.errors import CannotStart

SWEEP_S = 1.0
"""Seconds between two sweeps of the hall; the hall counts on it."""
LATE_S = 2.0
"""Seconds between two sweeps after which this process, or its machine, has stood still meanwhile."""
RENEWAL_S = 30.0
"""Seconds between two checks whether the certificate was renewed."""
TIDY_S = 5.0
"""Seconds between two looks whether files have to be removed, because their posts were."""
EXPIRY_S = 3600.0
"""Seconds between two removals of what is older than ``retain_days`` and ``session_days``."""

DAY_S = 86400


class Chore:
    """Work that is done periodically.  When it fails, the failure is logged and the work is done again next time.

    :param period_s: seconds from one time to the next.
    :param work: the work; when it returns a Deferred, the next time waits for it.
    :param failed: the sentence for the log when the work fails.
    """

    log = Logger()

    def __init__(self, clock: Any, period_s: float, work: "Callable[[], Deferred[Any] | None]", failed: str) -> None:
        self._period_s = period_s
        self._work = work
        self._failed = failed
        self._stopped = False
        self._looping = LoopingCall(self.do)
        self._looping.clock = clock

    def start(self, now: bool = False) -> None:
        """Begin; the first time is after one period, or ``now``."""
        self._looping.start(self._period_s, now=now)

    def stop(self) -> None:
        """Stop; if work that is under way fails, that is no longer logged."""
        self._stopped = True
        if self._looping.running:
            self._looping.stop()

    def do(self) -> "Deferred[Any]":
        """Do the work once.  The Deferred never fails."""
        return maybeDeferred(self._work).addErrback(self._log_failure)

    def _log_failure(self, failure: Failure) -> None:
        if not self._stopped:
            self.log.failure(self._failed, failure=failure)


class Upkeep:
    """All periodic work of one daemon.

    :param reread: returns the settings as they stand when it is called, or raises CannotStart.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        hall: Hall,
        journal: IJournal,
        certificates: Certificates,
        supervisor: Supervisor,
        reread: Callable[[], Settings],
    ) -> None:
        self._hall = hall
        self._clock = reactor
        self._journal = journal
        self._supervisor = supervisor
        self._reread = reread
        self._swept_at = 0.0
        self._sweeps_from = -math.inf
        """When the next sweep may be, after one was given up."""
        self._sweeping = Chore(reactor, SWEEP_S, self._sweep, "A sweep failed")
        self._renewing = Chore(reactor, RENEWAL_S, certificates.renew, "The certificate could not be checked")
        self._expiring = Chore(reactor, EXPIRY_S, self._expire, "Old messages could not be removed")
        self._tidying = Chore(reactor, TIDY_S, hall.sharing.files.tidy, "Files without a post could not be removed")
        self._watchdog = Watchdog(supervisor, reactor, lambda: journal.facts(""), self._is_healthy)

    def start(self) -> None:
        """Begin: people are let in from now on."""
        self._swept_at = self._clock.seconds()
        self._sweeping.start()
        self._renewing.start()
        self._expiring.start(now=True)
        self._tidying.start()
        self._supervisor.tell("READY=1")
        self._supervisor.show(self._summary())
        self._watchdog.start()

    def stop(self) -> None:
        """Stop: the journal is about to be closed."""
        for chore in (self._sweeping, self._renewing, self._expiring, self._tidying):
            chore.stop()
        self._watchdog.stop()

    def reload(self, receptions: Sequence[Reception]) -> None:
        """Read the settings and the certificate again, and apply them, also to these receptions."""
        self._supervisor.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        self._renewing.do()
        try:
            self._apply(self._reread(), receptions)
        except CannotStart as error:
            self._hall.health.reload = Reload(self._hall.now(), str(error))
            self.log.error("The settings stay as they were: {reason}", reason=str(error))
        else:
            self._hall.health.reload = Reload(self._hall.now())
        self._supervisor.tell("READY=1")

    def _apply(self, settings: Settings, receptions: Sequence[Reception]) -> None:
        """Apply these settings, except for changes that need a restart: these are logged and ignored."""
        before = self._hall.settings
        fixed = before.fixed(settings)
        for name in fixed:
            self.log.warn("{setting} has changed, which needs a restart", setting=name)
        settings = settings.replaced(**{name: getattr(before, name) for name in fixed})
        self._hall.follow(settings)
        for reception in receptions:
            reception.follow(settings)
        self.log.info("Settings changed: {names}", names=", ".join(before.changed(settings)) or "none")

    def _sweep(self) -> None:
        if self._is_late():
            return
        try:
            self._hall.sweep()
        finally:
            self._supervisor.show(self._summary())

    def _is_late(self) -> bool:
        """Return whether this process stood still until just now, or shortly before; of two such turns one is done.

        What has come meanwhile, such as the answer of the disk or of etcd, is read after this turn of the reactor: it
        would seem not to have come, and people would be told so.
        """
        now: float = self._clock.seconds()
        before = self._swept_at
        self._swept_at = now
        if now - before > LATE_S and self._sweeps_from < before:
            self._sweeps_from = now + SWEEP_S
        return now < self._sweeps_from

    def _summary(self) -> str:
        """Return one line for the supervisor to show."""
        hall = self._hall
        return f"People: {len(hall.roster)}, rooms: {len(hall.rooms)}, newest: #{hall.stream.delivered}"

    def _is_healthy(self) -> bool:
        """Tell whether the disk takes posts fast enough that they are not refused."""
        return self._hall.commits.delay < self._hall.settings.commit_refuse_s

    @inlineCallbacks
    def _expire(self) -> Generator["Deferred[Any]", Any, None]:
        """Let tokens and messages that are older than the settings allow count as removed; the journal removes them."""
        hall = self._hall
        hall.renew(EXPIRY_S)
        if hall.commits.refusal is not None:
            return  # next time
        now, settings = hall.now(), hall.settings
        operations: list[Operation] = [ForgetSessions(now - settings.session_days * DAY_S)]
        if settings.retain_days:
            operations.append(Expire(now - settings.retain_days * DAY_S))
        for receipt in [self._ask(operation) for operation in operations]:
            yield receipt.result()

    def _ask(self, operation: Operation) -> Receipt:
        receipt = Receipt()
        self._hall.commits.post(Change(operation, receipt))
        return receipt
