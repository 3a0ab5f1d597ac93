"""A small client of HTTP/1.1 for many short requests to few servers, each of which may safely be carried out twice.

Twisted's Agent does all that a browser may want, and takes for that several times as long as such a server does for
its part.  This client sends a body at once, keeps connections, and reads the answer as a whole; nothing else.

Rules:

1. A connection has one request at a time; it is used again only after a whole answer, behind which nothing came.
2. A request that is cancelled, and an answer that is none, close their connection.
3. A connection that was kept may have been closed by its server meanwhile.  So a request that it fails before the
   answer has begun is sent once more, by a new connection.
4. A request is sent in the turn in which it is asked for.  Twisted would keep it for the reactor's next turn, and ask
   the kernel to be told when it can write: a turn and two system calls more, where the socket takes all at once.
"""

import socket
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred, fail, gatherResults
from twisted.internet.error import ConnectionAborted, ConnectionClosed, ConnectionDone
from twisted.internet.interfaces import IAddress, IReactorTime, IStreamClientEndpoint, ISystemHandle, ITCPTransport
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.python.failure import Failure

from groupchat.outgoing.http_answers import AnswerReader, HttpAnswer, NoHttp

MOST_IDLE = 4
"""Connections to one server that are kept while they have no request."""

IDLE_S = 60.0
"""Seconds after which a kept connection is not used any more: what is between may have forgotten it."""


def post_head(host: str, path: str, headers: Mapping[str, str]) -> bytes:
    """Compose the beginning of requests, whatever their bodies.

    :param host: the host and the port; ``headers``: further ones, of printable ASCII.
    """
    lines = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
    return f"POST {path} HTTP/1.1\r\nHost: {host}\r\n{lines}Content-Length: ".encode("ascii")


def post_bytes(head: bytes, body: bytes) -> bytes:
    """Compose a request that begins so."""
    return b"%b%d\r\n\r\n%b" % (head, len(body), body)


class HttpConnection(Protocol):
    """A connection.

    :param server: whose connections it is one of.

    ``is_open``: whether it can take a request, or has one; ``has_begun``: whether some of an answer has come;
    ``since``: for whoever keeps it: since when it has had no request.
    """

    def __init__(self, server: "_Connections") -> None:
        self.is_open = True
        self.has_begun = False
        self.since = 0.0
        self._server = server
        self._socket: socket.socket | None = None
        """Where requests are sent at once; None: everything goes through Twisted's transport, which queues it."""
        self._reader = AnswerReader(server.most_bytes)
        self._waiting: Deferred[HttpAnswer] | None = None

    def ask(self, request: bytes) -> "Deferred[HttpAnswer]":
        """Send a request, which must be the only one; cancelling it closes the connection.

        It fails with NoHttp, or with how the connection was lost.
        """
        assert self._waiting is None
        waiting: Deferred[HttpAnswer] = Deferred(lambda _: self.drop())
        self._waiting = waiting
        self._reader = AnswerReader(self._server.most_bytes)
        self.has_begun = False
        self._send(request)
        return waiting

    def drop(self) -> None:
        """Close the connection at once, whatever is on its way; nobody is told anything more."""
        self._waiting = None
        self._leave(self._transport.abortConnection)

    def close(self) -> None:
        """Close the connection, which has no request."""
        self._leave(self._transport.loseConnection)

    # Twisted calls these.

    def connectionMade(self) -> None:
        self._server.note_opened(self)
        if ITCPTransport.providedBy(self.transport):
            self._transport.setTcpNoDelay(True)
        if ISystemHandle.providedBy(self.transport):
            handle = self._transport.getHandle()
            self._socket = handle if isinstance(handle, socket.socket) else None  # of TLS it is OpenSSL's connection

    def dataReceived(self, data: bytes) -> None:
        waiting = self._waiting
        if waiting is None:
            self._leave(self._transport.abortConnection)  # nothing was asked
            return
        self.has_begun = True
        try:
            answer = self._reader.feed(data)
        except NoHttp:
            self.drop()
            waiting.errback(Failure())
            return
        if answer is not None:
            self._settle(answer)

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # Twisted's has a default
        self.is_open = False
        self._server.note_lost(self)
        answer = self._reader.end() if self._waiting is not None and reason.check(ConnectionDone) else None
        waiting, self._waiting = self._waiting, None
        if waiting is not None and answer is not None:
            waiting.callback(answer)
        elif waiting is not None:
            waiting.errback(reason)

    # How

    @property
    def _transport(self) -> Any:
        return self.transport

    def _send(self, request: bytes) -> None:
        """Send what the socket takes now; Twisted's transport sends the rest, and finds out about errors."""
        sent = 0
        if self._socket is not None:
            try:
                sent = self._socket.send(request)
            except OSError:
                sent = 0  # full, or broken: then the transport's own attempt fails alike, and it ends the connection
            if sent == len(request):
                return
            self._socket = None  # what is queued must go first
        self._transport.write(request[sent:])

    def _leave(self, how: Callable[[], object]) -> None:
        if self.is_open:
            self.is_open = False
            how()

    def _settle(self, answer: HttpAnswer) -> None:
        waiting, self._waiting = self._waiting, None
        assert waiting is not None
        if self._reader.is_last or self._reader.rest:
            self.close()
        else:
            self._server.keep(self)
        waiting.callback(answer)


class _Connections(ClientFactory):
    """The connections to one server."""

    noisy = False

    def __init__(self, clock: IReactorTime, endpoint: IStreamClientEndpoint, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self._clock = clock
        self._endpoint = endpoint
        self._idle: list[HttpConnection] = []
        self._open: set[HttpConnection] = set()
        self._closed: Deferred[None] | None = None

    def ask(self, request: bytes) -> "Deferred[HttpAnswer]":
        """Send a request by a connection that was kept, or by a new one."""
        connection = self._take()
        if connection is None:
            return self._ask_anew(request)

        def failed(failure: Failure) -> "Deferred[HttpAnswer]":
            if connection.has_begun or failure.check(ConnectionClosed) is None:
                return fail(failure)
            return self._ask_anew(request)

        return connection.ask(request).addErrback(failed)

    def close(self) -> "Deferred[None]":
        """Close every connection as soon as it has no request; fire when there is none any more."""
        if self._closed is None:
            self._closed = Deferred()
            idle, self._idle = self._idle, []
            for connection in idle:
                connection.close()
            self._look_whether_closed()
        return self._closed

    # What its connections tell

    def note_opened(self, connection: HttpConnection) -> None:
        """Note that there is a connection."""
        self._open.add(connection)

    def keep(self, connection: HttpConnection) -> None:
        """Keep a connection that has no request any more."""
        if self._closed is not None or len(self._idle) >= MOST_IDLE:
            connection.close()
        else:
            connection.since = self._clock.seconds()
            self._idle.append(connection)

    def note_lost(self, connection: HttpConnection) -> None:
        """Note that a connection is no more."""
        if connection in self._idle:
            self._idle.remove(connection)
        self._open.discard(connection)
        self._look_whether_closed()

    # Twisted calls this.

    def buildProtocol(self, addr: IAddress | None) -> HttpConnection:
        return HttpConnection(self)

    # How

    def _take(self) -> HttpConnection | None:
        """Return a connection that was kept; None: there is none that can be used."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and self._clock.seconds() - connection.since <= IDLE_S:
                return connection
            connection.close()
        return None

    def _ask_anew(self, request: bytes) -> "Deferred[HttpAnswer]":
        if self._closed is not None:
            return fail(ConnectionAborted())
        connecting: Deferred[Any] = self._endpoint.connect(self)
        return connecting.addCallback(lambda connection: connection.ask(request))

    def _look_whether_closed(self) -> None:
        if self._closed is not None and not self._closed.called and not self._open:
            self._closed.callback(None)


class HttpClient:
    """Asks servers, each by connections that are kept.

    :param endpoint: returns how connections to a host and a port are made.
    :param most_bytes: the most bytes of the body of an answer.
    """

    def __init__(
        self, clock: IReactorTime, endpoint: Callable[[str, int], IStreamClientEndpoint], most_bytes: int
    ) -> None:
        self._clock = clock
        self._endpoint = endpoint
        self._most_bytes = most_bytes
        self._servers: dict[tuple[str, int], _Connections] = {}
        self._is_closed = False

    def ask(self, host: str, port: int, request: bytes) -> "Deferred[HttpAnswer]":
        """Send a request, which may be carried out twice; cancelling it closes its connection.

        It fails with how no connection was made or how it was lost, or with NoHttp.
        """
        if self._is_closed:
            return fail(ConnectionAborted())
        server = self._servers.get((host, port))
        if server is None:
            server = _Connections(self._clock, self._endpoint(host, port), self._most_bytes)
            self._servers[host, port] = server
        return server.ask(request)

    def close(self) -> "Deferred[Any]":
        """Close every connection as soon as it has no request; fire when there is none any more."""
        self._is_closed = True
        return gatherResults([server.close() for server in self._servers.values()])
