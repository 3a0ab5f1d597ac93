"""Say goodbye: tell everybody that the server is stopping, and give them time to receive it."""

from collections.abc import Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks, maybeDeferred
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.doors.reception import Reception
from groupchat.hall.hall import Hall
from groupchat.model.events import Told
from groupchat.model.wording import plural

STOPPING = "The server is stopping."
RESTARTING = "The server is restarting."
"""Said on SIGTERM, which mostly is a restart: clients reconnect, and a promise that is not kept does no harm."""
QUEUE_SHARE = 0.75
"""The share of the time after which people are told past the queue, because the disk is stuck."""
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
    def say(self, hall: Hall, tell: bool, end: float) -> Generator["Deferred[Any]", Any, None]:
        """Tell everybody, and wait until all connections are flushed and closed, until ``end`` at most.

        :param tell: whether to tell people; False: they know why already, and are only waited for.
        :param end: a time on the reactor's clock.
        """
        if tell:
            told = maybeDeferred(hall.stop, self.words).addErrback(self._failed, hall)
            begun = self._reactor.seconds()
            while not told.called and self._may_wait(begun + (end - begun) * QUEUE_SHARE):
                yield deferLater(self._reactor, DRAIN_STEP_S)
            if not told.called:
                self.log.warn("The last posts are not stored in time; everybody is told of the stop without them")
                self._close(hall, self.words)
        else:
            self._close(hall)
        while self._reception.connections and self._may_wait(end):
            yield deferLater(self._reactor, DRAIN_STEP_S)
        left = self._reception.connections
        if left:
            self.log.warn("Not everything was delivered to {connections}", connections=plural(left, "connection"))

    def _failed(self, failure: Failure, hall: Hall) -> None:
        self.log.failure("The farewell failed", failure=failure)
        self._close(hall)

    def _close(self, hall: Hall, words: str = "") -> None:
        """Close every connection, after telling it the words, if there are any, and what is not known."""
        if words:
            hall.tell_unknown("The server stops.")
        for session in list(hall.sessions):
            try:
                if words and session.connection is not None:
                    session.connection.show(Told((words,)))
                session.close()
            except Exception:
                self.log.failure("A connection was not closed as it should be")

    def _may_wait(self, end: float) -> bool:
        return self._patient and self._reactor.seconds() < end
