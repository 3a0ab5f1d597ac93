"""The last thing everybody is told, and the time they are given to read it."""

from collections.abc import Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import deferLater
from twisted.logger import Logger

from groupchat.doors.factory import ChatFactory
from groupchat.hall.hall import Hall

STOPPING = "The server is stopping."
RESTARTING = "The server is restarting."
"""What SIGTERM means most often: who is told so comes back, and it does no harm if nobody is there then."""
DRAIN_STEP_S = 0.05
"""How often it is looked whether everybody has read everything, in seconds."""


class Farewell:
    """How a daemon that stops parts with who is here.  ``words``: what they are told."""

    log = Logger()

    def __init__(self, reactor: Any, factory: ChatFactory) -> None:
        self.words = STOPPING
        self._reactor = reactor
        self._factory = factory
        self._patient = True

    def hurry(self) -> None:
        """Wait for no reader any longer."""
        self._patient = False

    @inlineCallbacks
    def say(self, hall: Hall, tell: bool) -> Generator["Deferred[Any]", Any, None]:
        """Tell everybody, and wait until their connections have sent all and closed, or ``stop_timeout_s`` is over.

        :param tell: False: they know why already, and are only waited for.
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
        while self._factory.connections and self._may_wait(end):
            yield deferLater(self._reactor, DRAIN_STEP_S)
        if self._factory.connections:
            self.log.warn("{count} connections did not take all they were sent", count=self._factory.connections)

    def _may_wait(self, end: float) -> bool:
        return self._patient and self._reactor.seconds() < end
