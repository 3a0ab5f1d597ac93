"""Ask another node for a file, by HTTP within TLS, at the port where people connect."""

from collections.abc import Callable
from typing import Any

from OpenSSL.SSL import Error as OpenSSLError
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.interfaces import IDelayedCall, IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import URI, Agent, HTTPConnectionPool, ResponseDone
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IAgentEndpointFactory, IResponse
from zope.interface import implementer

from groupchat.files.others.file_requests import NotGiven
from groupchat.files.others.node_proofs import proof
from groupchat.files.others.pinned_tls import PinnedTls
from groupchat.interfaces.storage import NodeCard
from groupchat.model.drafts import StoredFile
from groupchat.outgoing.http_endpoints import HttpEndpoints

CONNECT_S = 5.0
"""Seconds that making a connection may take."""

SILENCE_S = 10.0
"""Seconds in which something of a file has to come."""

LEAST = 64 * 1024
"""The bytes that have to come in that time, unless this node's own disk holds them up."""

IDLE_S = 4
"""Seconds that a connection is kept for the next file; nodes close it after five."""


class NodeRequests:
    """Asks nodes for files, over connections that are kept for a few seconds."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._agents: dict[tuple[str, str], tuple[IAgent, HTTPConnectionPool]] = {}
        """By address and fingerprint: what was verified with one certificate is not used for another."""

    def ask(self, node: NodeCard, file: StoredFile, take: Callable[[bytes], bool]) -> "NodeTransfer":
        """Ask a node for a file."""
        return NodeTransfer(self._agent(node), node, file, take, self._reactor)

    def close(self) -> "Deferred[None]":
        """Close the connections that are kept."""
        pools = [pool for _, pool in self._agents.values()]
        self._agents.clear()
        return DeferredList([pool.closeCachedConnections() for pool in pools]).addCallback(lambda _: None)

    def _agent(self, node: NodeCard) -> IAgent:
        place = node.address, node.fingerprint
        if place not in self._agents:
            for other in [other for other in self._agents if other[0] == node.address]:
                self._agents.pop(other)[1].closeCachedConnections()
            pool = HTTPConnectionPool(self._reactor)
            pool.cachedConnectionTimeout = IDLE_S
            pool.maxPersistentPerHost = 4
            pinned = PinnedTls(node.fingerprint)
            endpoints = Endpoints(HttpEndpoints(self._reactor, CONNECT_S, lambda host: pinned))
            agent = Agent.usingEndpointFactory(self._reactor, endpoints, pool)
            self._agents[place] = agent, pool
        return self._agents[place][0]


class NodeTransfer:
    """A file on its way from a node."""

    def __init__(
        self, agent: IAgent, node: NodeCard, file: StoredFile, take: Callable[[bytes], bool], clock: IReactorTime
    ) -> None:
        self.done: Deferred[None] = Deferred()
        self._file = file
        self._take = take
        self._clock = clock
        self._came = 0
        self._seen = 0
        """How much had come when that was looked at last."""
        self._is_held = False
        """True while this node's disk takes nothing more."""
        self._was_held = False
        """True if that was so at any time since the last look."""
        self._body: Any = None
        url = f"https://{node.address}/node/files/{file.sha256}"
        headers = Headers({"authorization": [proof(node.secret, file.sha256)]})
        self._timer: IDelayedCall | None = clock.callLater(SILENCE_S, self._look)
        self._asked: Deferred[IResponse] | None = None
        try:
            self._asked = agent.request(b"GET", url.encode("ascii"), headers)
        except ValueError as error:  # UnicodeError is one of these
            self._end(NotGiven(f"the address {node.address[:80]!r} is none: {error}", is_away=True))
            return
        self._asked.addCallbacks(self._answered, self._not_answered)
        self._asked.addErrback(self._failed)

    def resume(self) -> None:
        """Go on."""
        if self._body is not None and self._is_held:
            self._is_held = False
            self._body.resumeProducing()

    def cancel(self) -> None:
        """Take nothing more."""
        self._end(NotGiven("it was given up"))

    # The body calls these.

    def came(self, data: bytes) -> None:
        """Take a part of it."""
        if self._timer is None:
            return
        self._came += len(data)
        if self._came > self._file.size:
            self._end(NotGiven(f"it gives more than the {self._file.size:,} bytes of the file"))
        elif not self._take(data):
            self._is_held = self._was_held = True
            self._body.pauseProducing()

    def ended(self, reason: Failure) -> None:
        """Note that nothing more comes."""
        self._body = None
        if self._came == self._file.size and reason.check(ResponseDone) is not None:
            self._end(None)
        else:
            self._end(NotGiven(f"the connection has ended after {self._came:,} of {self._file.size:,} bytes"))

    # How

    def _answered(self, response: IResponse) -> None:
        if self._timer is None:
            response.deliverBody(Body(lambda data: None, lambda reason: None))
        elif response.code != 200:
            response.deliverBody(Body(lambda data: None, lambda reason: None))  # so that the connection can be kept
            self._end(NotGiven("it does not have it" if response.code == 404 else f"it answers {response.code}"))
        else:
            self._body = Body(self.came, self.ended)
            response.deliverBody(self._body)

    def _not_answered(self, failure: Failure) -> None:
        if failure.check(CancelledError) is None:
            self._end(NotGiven(_reason(failure.value), is_away=True))

    def _failed(self, failure: Failure) -> None:
        self._end(NotGiven(repr(failure.value)))

    def _look(self) -> None:
        """Give the node up if next to nothing has come since the last look."""
        if not self._was_held and self._came - self._seen < LEAST:
            self._timer = None
            self._finish(NotGiven(f"next to nothing has come for {SILENCE_S:g} s", is_away=not self._came))
            return
        self._was_held = self._is_held
        self._seen = self._came
        self._timer = self._clock.callLater(SILENCE_S, self._look)

    def _end(self, error: NotGiven | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._finish(error)

    def _finish(self, error: NotGiven | None) -> None:
        body, self._body = self._body, None
        if error is None:
            self.done.callback(None)
            return
        if body is not None:
            body.stop()
        if self._asked is not None:
            self._asked.cancel()
        self.done.errback(error)


class Body(Protocol):
    """The body of an answer."""

    def __init__(self, came: Callable[[bytes], object], ended: Callable[[Failure], object]) -> None:
        self._came = came
        self._ended = ended

    def pauseProducing(self) -> None:
        """Take nothing more for now."""
        self.transport.pauseProducing()  # type: ignore[union-attr]

    def resumeProducing(self) -> None:
        """Take more."""
        self.transport.resumeProducing()  # type: ignore[union-attr]

    def stop(self) -> None:
        """End the connection."""
        if self.transport is not None:
            self.transport.loseConnection()

    # Twisted calls these.

    def dataReceived(self, data: bytes) -> None:
        self._came(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._ended(reason)


@implementer(IAgentEndpointFactory)
class Endpoints:
    """Tells Twisted's Agent how connections are made."""

    def __init__(self, endpoints: HttpEndpoints) -> None:
        self._endpoints = endpoints

    # Twisted calls this.

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:
        return self._endpoints.endpoint(uri.host.decode("ascii").strip("[]"), uri.port)


def _reason(error: BaseException | None) -> str:
    """Return why a node cannot be asked."""
    causes = [error, *(failure.value for failure in getattr(error, "reasons", ()))]
    for cause in causes:
        if isinstance(cause, OpenSSLError):
            return "it has another certificate than its card says, or speaks no TLS"
    return str(causes[-1]).rstrip(".") or repr(causes[-1])
