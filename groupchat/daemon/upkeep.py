"""What the daemon does beside serving people: by the clock, on SIGHUP, and for whoever watches it."""

import time
from collections.abc import Callable, Generator, Sequence
from typing import Any, cast

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger

from groupchat.config.settings import Settings
from groupchat.daemon.chores import Chore
from groupchat.daemon.supervisor import Supervisor, Watchdog
from groupchat.doors.factory import ChatFactory
from groupchat.doors.wire.certificates import Certificates
from groupchat.hall.hall import Hall
from groupchat.interfaces.storage import IJournal, IRetention
from groupchat.model.errors import CannotStart

SWEEP_S = 1.0
"""How often the hall is swept, in seconds: it counts on that."""
RENEWAL_S = 30.0
"""How often it is looked whether the certificate was renewed, in seconds."""
EXPIRY_S = 3600.0
"""How often it is looked what is older than ``retain_days`` and ``session_days``, in seconds."""


class Upkeep:
    """Keeps a daemon that runs in order.

    :param reread: gives the settings as they stand when it is called, or raises CannotStart.
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
        self._journal = journal
        self._supervisor = supervisor
        self._reread = reread
        self._sweeping = Chore(reactor, SWEEP_S, self._sweep, "A sweep failed")
        self._renewing = Chore(reactor, RENEWAL_S, certificates.renew, "The certificate could not be looked at")
        self._expiring = Chore(reactor, EXPIRY_S, self._expire, "Old messages could not be removed")
        self._watchdog = Watchdog(supervisor, reactor, lambda: journal.facts(""), self._is_well)

    def start(self) -> None:
        """Begin; people may come in now."""
        self._sweeping.start()
        self._renewing.start()
        self._expiring.start(now=True)
        self._supervisor.tell("READY=1")
        self._supervisor.show(self._standing())
        self._watchdog.start()

    def stop(self) -> None:
        """End; the journal is about to be closed."""
        for chore in (self._sweeping, self._renewing, self._expiring):
            chore.stop()
        self._watchdog.stop()

    def reload(self, factories: Sequence[ChatFactory]) -> None:
        """Read settings and certificate again, and go by them; these factories too."""
        self._supervisor.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        self._renewing.do()
        try:
            self._follow(self._reread(), factories)
        except CannotStart as error:
            self.log.error("The settings stay as they were: {reason}", reason=str(error))
        self._supervisor.tell("READY=1")

    def _follow(self, settings: Settings, factories: Sequence[ChatFactory]) -> None:
        """Go by these settings from now on; what needs a restart is told in the log, and stays as it was."""
        before = self._hall.settings
        fixed = before.fixed(settings)
        for name in fixed:
            self.log.warn("{setting} has changed, which needs a restart", setting=name)
        settings = settings.replaced(**{name: getattr(before, name) for name in fixed})
        self._hall.follow(settings)
        for factory in factories:
            factory.follow(settings)
        self.log.info("Settings changed: {names}", names=", ".join(before.changed(settings)) or "none")

    def _sweep(self) -> None:
        try:
            self._hall.sweep()
        finally:
            self._supervisor.show(self._standing())

    def _standing(self) -> str:
        """How it is, in a line."""
        hall = self._hall
        return f"People: {len(hall.roster)}, rooms: {len(hall.rooms)}, posts: {hall.delivered}"

    def _is_well(self) -> bool:
        """Whether the disk takes what is said."""
        return self._hall.commits.delay < self._hall.settings.commit_refuse_s

    @inlineCallbacks
    def _expire(self) -> Generator["Deferred[Any]", Any, None]:
        """Remove what is older than the settings say."""
        self._hall.attendance.renew(EXPIRY_S)
        if not IRetention.providedBy(self._journal):
            return
        journal, settings = cast(Any, self._journal), self._hall.settings
        forgotten = yield journal.forget_sessions(time.time() - settings.session_days * 86400)
        if forgotten:
            self.log.info("Forgot {count} tokens older than {days} days", count=forgotten, days=settings.session_days)
        days = settings.retain_days
        if not days:
            return
        removed = yield journal.expire(time.time() - days * 86400)
        if removed:
            self.log.info("Removed {count} entries older than {days} days", count=removed, days=days)
