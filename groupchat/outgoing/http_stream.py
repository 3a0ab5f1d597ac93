"""Answers by HTTP/1.1 that are handed on while they come, for as long as they last.

Rules:

1. Each has a connection of its own, which ends with it.
2. Whoever asks is told the status first, then every piece of the body as it comes, and in the end that it has ended:
   in good order, or how not.  What came before something that is no HTTP is handed on first.
3. Who drops an answer is told nothing more.  While it is paused nothing more is read from the connection; what has
   been read already, as TLS does ahead, may still be handed on.
4. Nothing is kept but the beginnings of lines that belong to HTTP, so the length of an answer has no limit.
"""

import math
from collections.abc import Callable
from typing import Any, TypeAlias
from typing import Protocol as Form

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress, IStreamClientEndpoint
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.python.failure import Failure

from groupchat.outgoing.http_answers import AnswerReader, NoHttp


class BodyTaker(Form):
    """Takes the body of an answer."""

    def came(self, data: bytes) -> None:
        """Take the next piece."""

    def ended(self, failure: Failure | None) -> None:
        """Note that nothing more comes.

        :param failure: NoHttp, or how the connection was lost before the end; None: it has ended as it should.
        """


class HttpStream(Protocol):
    """The connection of an answer.  ``status``: that of the answer; 0 until it has come."""

    def __init__(self) -> None:
        self.status = 0
        self._reader = AnswerReader(math.inf)
        self._asked: Deferred[HttpStream] | None = None
        self._taker: BodyTaker | None = None
        """Whoever is to be told; None: nobody is any more, or yet."""

    def ask(self, request: bytes, taker: BodyTaker) -> "Deferred[HttpStream]":
        """Send the one request; fire with this object when the status is known, and before the taker is told anything.

        It fails with NoHttp, or with how the connection was lost; cancelling it closes the connection.
        """
        assert self._asked is None
        self._taker = taker
        self._asked = Deferred(lambda _: self.drop())
        self._transport.write(request)
        return self._asked

    def pause(self) -> None:
        """Read nothing more from the connection for now, also not that it has ended."""
        if self._taker is not None:
            self._transport.pauseProducing()

    def resume(self) -> None:
        """Read again."""
        if self._taker is not None:
            self._transport.resumeProducing()

    def drop(self) -> None:
        """Close the connection at once; nobody is told anything more."""
        if self._taker is not None:
            self._taker = None
            self._transport.abortConnection()

    # Twisted calls these.

    def dataReceived(self, data: bytes) -> None:
        if self._taker is None:
            return
        failure, is_whole = None, False
        try:
            is_whole = self._reader.feed(data) is not None
        except NoHttp:
            failure = Failure()
        if not self.status:
            self._look_for_status()
        if self.status:
            piece = self._reader.take()
            if piece and self._taker is not None:
                self._taker.came(piece)
        if is_whole or failure is not None:
            self._end(failure, self._transport.abortConnection)

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # Twisted's has a default
        is_whole = reason.check(ConnectionDone) is not None and self._reader.end() is not None
        self._end(None if is_whole else reason, lambda: None)

    # How

    @property
    def _transport(self) -> Any:
        return self.transport

    def _look_for_status(self) -> None:
        """Tell the status as soon as it is there."""
        self.status = self._reader.status
        if self.status and self._taker is not None:
            assert self._asked is not None
            self._asked.callback(self)

    def _end(self, failure: Failure | None, close: Callable[[], object]) -> None:
        """Tell that this has ended, if there is still anybody to be told, and close the connection."""
        taker, self._taker = self._taker, None
        if taker is None:
            return
        close()
        if self.status:
            taker.ended(failure)
        else:
            assert self._asked is not None
            self._asked.errback(failure)


Open: TypeAlias = "Callable[[str, int, bytes, BodyTaker], Deferred[HttpStream]]"
"""Sends the bytes of a request to a host and a port, as ``HttpStreams.open`` does."""


class _Factory(ClientFactory):
    noisy = False

    # Twisted calls this.

    def buildProtocol(self, addr: IAddress | None) -> HttpStream:
        return HttpStream()


class HttpStreams:
    """Asks servers for answers that are handed on while they come.

    :param endpoint: returns how connections to a host and a port are made.
    """

    def __init__(self, endpoint: Callable[[str, int], IStreamClientEndpoint]) -> None:
        self._endpoint = endpoint

    def open(self, host: str, port: int, request: bytes, taker: BodyTaker) -> "Deferred[HttpStream]":
        """Send a request; fire when its answer has a status, and before the taker is told anything.

        It fails with how no connection was made or how it was lost, or with NoHttp; cancelling it closes its
        connection.
        """
        connecting: Deferred[Any] = self._endpoint(host, port).connect(_Factory())
        return connecting.addCallback(lambda stream: stream.ask(request, taker))
