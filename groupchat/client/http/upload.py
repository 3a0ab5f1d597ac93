"""Send the bytes of a file to an address of the server, by PUT."""

from collections.abc import Callable, Generator
from typing import Any, BinaryIO

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.error import ConnectError, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import Cooperator
from twisted.python.failure import Failure
from twisted.web.client import (
    Agent,
    FileBodyProducer,
    RequestGenerationFailed,
    RequestTransmissionFailed,
    ResponseFailed,
)
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from groupchat.client.core.client_errors import ConnectionEnded, NoConnection

Progress = Callable[[int, int], object]
"""Is called with how many bytes were read to be sent, and how many there are."""

ANSWER_MAX = 65536
"""Bytes of an answer that are kept."""

PATIENCE = 60.0
"""Seconds without progress of the file, and for the whole answer, after which an upload is given up."""

LOST = (
    NoConnection,
    ConnectionEnded,
    ConnectError,
    ConnectionDone,
    ConnectionLost,
    RequestTransmissionFailed,
    ResponseFailed,
)
"""Errors of a connection: it is not known whether the server has the file."""


class Shortened(Exception):
    """The file has become shorter while it was sent."""


@implementer(IAgentEndpointFactory)
class _Always:
    """The endpoint of the server, whatever the address says."""

    def __init__(self, endpoint: IStreamClientEndpoint) -> None:
        self._endpoint = endpoint

    def endpointForURI(self, uri: object) -> IStreamClientEndpoint:
        return self._endpoint


class Portion:
    """The first bytes of an open file, counted as they are read."""

    def __init__(self, file: BinaryIO, size: int, progress: Progress) -> None:
        self._file = file
        self._size = size
        self._read = 0
        self._progress = progress

    def read(self, count: int) -> bytes:
        """Return the next bytes, and none after the size that was announced: a file may grow meanwhile."""
        data = self._file.read(min(count, self._size - self._read))
        self._read += len(data)
        if data:
            self._progress(self._read, self._size)
        return data

    def close(self) -> None:
        """Leave the file open: it may have to be sent again."""


class _Answer(Protocol):
    """Keeps the beginning of an answer; a server may send any amount."""

    def __init__(self) -> None:
        self.whole: Deferred[bytes] = Deferred()
        self._said = b""

    def dataReceived(self, data: bytes) -> None:
        """Keep it, and hang up on what does not end."""
        self._said = (self._said + data)[:ANSWER_MAX]
        if len(self._said) == ANSWER_MAX and self.transport is not None:
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """End; the answer of a server that has hung up is one, too."""
        if not self.whole.called:
            self.whole.callback(self._said)

    def give_up(self) -> None:
        """Wait no longer for the end of the answer."""
        if not self.whole.called:
            self.whole.errback(Failure(_no_progress()))
        if self.transport is not None:
            self.transport.loseConnection()


@inlineCallbacks
def put(
    endpoint: IStreamClientEndpoint, reactor: Any, path: str, file: BinaryIO, size: int, progress: Progress
) -> Generator[Deferred[Any], Any, tuple[int, bytes]]:
    """Send a file from its beginning, on a connection of its own; return the status and the body of the answer.

    :param path: the address on the server, from the slash on.
    :raises Shortened: there was less to read than ``size``.
    Of the connection it raises one of LOST.
    """
    file.seek(0)
    is_late: list[bool] = []

    def late() -> None:
        is_late.append(True)
        requested.cancel()

    def moved(sent: int, size: int) -> None:
        if timer.active():  # the server may have answered already
            timer.reset(PATIENCE)
        progress(sent, size)

    pieces = Cooperator(scheduler=lambda call: reactor.callLater(0, call))  # the client goes on meanwhile
    body = FileBodyProducer(Portion(file, size, moved), pieces)
    body.length = size
    agent = Agent.usingEndpointFactory(reactor, _Always(endpoint))
    # The server is known by the endpoint; the name in the address only has to be one.
    address = f"http://localhost{path}".encode("ascii", "replace")
    headers = Headers({"Content-Type": ["application/octet-stream"]})
    timer = reactor.callLater(PATIENCE, late)
    requested = agent.request(b"PUT", address, headers, body)
    try:
        response = yield requested
    except Exception as error:
        if is_late:
            raise _no_progress() from error
        if isinstance(error, RequestGenerationFailed):
            raise Shortened("The file became shorter while it was sent.") from error
        raise
    finally:
        if timer.active():
            timer.cancel()
    answer = _Answer()
    response.deliverBody(answer)
    timer = reactor.callLater(PATIENCE, answer.give_up)
    try:
        said: bytes = yield answer.whole
    finally:
        if timer.active():
            timer.cancel()
    return response.code, said


def _no_progress() -> ConnectionEnded:
    return ConnectionEnded(f"there was no progress for {PATIENCE:g} seconds")
