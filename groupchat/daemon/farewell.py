"""Say goodbye: tell everybody that the server is stopping, and give them time to receive it."""

from collections.abc import Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import deferLater
from twisted.logger import Logger

from groupchat.doors.reception import Reception
from groupchat.hall.hall import Hall
from groupchat.model.wording import plural

STOPPING = "The server is stopping."
RESTARTING = "The server is restarting."
"""Said on SIGTERM, which mostly is a restart: clients reconnect, and a promise that is not kept does no harm."""
DRAIN_STEP_S = 0.05
"""Seconds between two checks whether everybody has received everything."""


class Farewell:
    """The goodbye of one daemon.  ``words``: what people are told."""

    log = Logger()

    def __init__(self, reactor: Any, reception: Reception) -> None:
        self.words = STOPPING
        self._reactor = reactor
        self._reception = reception
        self._patient = True

    def hurry(self) -> None:
        """Stop waiting for slow readers."""
        self._patient = False

    @inlineCallbacks
    def say(self, hall: Hall, tell: bool) -> Generator["Deferred[Any]", Any, None]:
        """Tell everybody, and wait until all connections are flushed and closed, for at most ``stop_timeout_s``.

        :param tell: whether to tell people; False: they know why already, and are only waited for.
        """
        end = self._reactor.seconds() + hall.settings.stop_timeout_s
        if tell:
            told = hall.stop(self.words)
            told.addErrback(lambda failure: self.log.failure("The farewell failed", failure=failure))
            while not told.called and self._may_wait(end):
                yield deferLater(self._reactor, DRAIN_STEP_S)
        else:
            for session in list(hall.sessions):
                session.close()
        while self._reception.connections and self._may_wait(end):
            yield deferLater(self._reactor, DRAIN_STEP_S)
        left = self._reception.connections
        if left:
            self.log.warn("Not everything was delivered to {connections}", connections=plural(left, "connection"))

    def _may_wait(self, end: float) -> bool:
        return self._patient and self._reactor.seconds() < end
