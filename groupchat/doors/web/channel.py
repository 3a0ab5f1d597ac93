"""A connection that speaks HTTP: requests one after the other, each with a deadline and a limit."""

from typing import Any

from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web import http
from zope.interface import implementer

from groupchat.doors.web.body_reader import BodyReader
from groupchat.doors.web.web_request import PHRASES, Answer, Request, told
from groupchat.doors.wire.tls import ends_by_halves
from groupchat.doors.wire.transport import hand_over
from groupchat.interfaces.entrances import IFront, IReception
from groupchat.limits.buckets import TokenBucket
from groupchat.model.errors import TooSlow
from groupchat.model.times import spoken

SHARE = 8
"""The most requests of one connection that are answered in one turn of the reactor: each takes some 0.15 ms."""

BURST, RATE = 200, 50.0
"""The requests that a connection can send at once, and then each second; a page with all its files is some forty."""


@implementer(IHalfCloseableProtocol)
class Channel(BodyReader):
    """One connection that speaks HTTP.

    It has no timers of its own, unless it asks too fast: the reception sweeps all connections.
    Nobody has more than a share of a turn of the reactor, or is answered while earlier answers wait to be read.
    """

    has_session = False

    def __init__(self, reception: IReception, address: str, exempt: bool, secure: bool, is_proxy: bool) -> None:
        """:param is_proxy: each request says for whom it is passed on."""
        super().__init__(reception)
        self.address = address
        self.exempt = exempt
        self.secure = secure
        self.is_proxy = is_proxy
        if is_proxy:
            self.idles = reception.proxy_idles
        self._ended = False
        """True if the peer sends no more."""
        self._is_whole = False
        """True if a request has come to its end, and is not answered yet."""
        self._ready: Request | None = None
        """The request that is whole and waits to be answered."""
        self._share = SHARE
        self._goes_on = False
        """True while what came behind a request is read."""
        self._has_turn = True
        """False if it waits for the next turn."""
        self._stalled = False
        """True if the peer does not read the answers to earlier requests."""
        self._bucket: TokenBucket | None = None
        self._calm: IDelayedCall | None = None
        """When the peer, which asks too fast, is answered again."""

    # The reception calls these.

    def handshake_expired(self) -> None:
        """Cut off a peer whose request does not come."""
        seconds = self.reception.settings.handshake_timeout_s
        self.refuse(told(408, f"The request did not come within {spoken(seconds)}."))

    def idle_expired(self) -> None:
        """Close a connection over which nothing was asked for a while."""
        self.loseConnection()

    def answer_expired(self) -> None:
        """Drop a peer whose answer is not done, or not read, after a long time."""
        stream = self.requests[0].stream if self.requests else None
        if stream is not None and stream.moves():
            self.reception.answers.set(self)
        else:
            self.abort()

    def close_when_answered(self) -> None:
        """Take no further request: the server stops."""
        self.persistent = False

    def take_turn(self) -> None:
        """Answer the next share of requests; a new turn of the reactor has begun."""
        self._share, self._has_turn = SHARE, True
        self._answer()

    def cut_off(self, refusal: TooSlow) -> None:
        """Drop a peer for which too much waits; what it is being sent is no place to tell it."""
        self.reception.turned_away[refusal.code] += 1
        self.abort()

    def abort(self) -> None:
        """Drop the connection."""
        transport: Any = self.transport
        transport.abortConnection()

    # Requests call these.

    def received(self, request: Request) -> None:
        """Answer a request that is whole, when its turn comes."""
        self.reception.handshakes.cancel(self)
        self.reception.uploads.cancel(self)
        self.reception.answers.set(self)
        self._ready, self._is_whole = request, True
        if not (self.exempt or self.is_proxy):  # a proxy passes on everybody's
            self._bucket = self._bucket or TokenBucket(BURST, RATE)
            if wait := self._bucket.spend(self.reception.clock.seconds()):
                self._calm = self.reception.clock.callLater(wait, self._calmed)
        self._answer()

    def become(self, request: Request, successor: Any, words: bytes) -> None:
        """Let another protocol serve the connection from now on; ``words`` is the answer to the request."""
        self.spent = True
        self.requests.clear()
        request.channel = None
        self._forget()
        assert self.transport is not None
        transport: Any = self.transport
        transport.unregisterProducer()
        self.reception.handshakes.set(successor)
        hand_over(transport, successor)
        # What came with the request is handed over by the loop that is reading it.
        self.rawDataReceived = successor.dataReceived  # type: ignore[method-assign]
        transport.write(words)
        successor.makeConnection(transport)
        if self._ended:
            successor.readConnectionLost()

    def refuse(self, answer: Answer) -> None:
        """Answer a request that is not taken to its end, and close."""
        if self.spent:
            return
        assert self.transport is not None
        self.spent = True
        site, party = self.reception.site, self.requests[-1] if self.requests else self
        headers = [*site.headers(party), ("content-type", answer.kind), *answer.headers]
        phrase = PHRASES.get(answer.status) or http.RESPONSES[answer.status]
        head = b"HTTP/1.1 %d %b\r\n" % (answer.status, phrase)
        head += "".join(f"{name}: {value}\r\n" for name, value in headers).encode()
        is_head = self.line.startswith(b"HEAD ")
        head += b"content-length: %d\r\nconnection: close\r\n\r\n" % len(answer.body)
        self.transport.write(head if is_head else head + answer.body)
        site.note(party.address, self.line, answer.status)
        self._abandon()
        self._close()

    # Twisted calls these.

    def pauseProducing(self) -> None:
        self._stalled = True
        self.reception.backlog.stalled(self)
        super().pauseProducing()

    def resumeProducing(self) -> None:
        self._stalled = False
        self.reception.backlog.flows(self)
        super().resumeProducing()
        if self._ready is not None:
            self._await_turn()

    def connectionMade(self) -> None:
        super().connectionMade()
        self.connected = 1

    def dataReceived(self, data: bytes) -> None:
        if self.spent:
            self.discard(data)
            return
        if self.idles.cancel(self):
            self.reception.handshakes.set(self)
            if not self._goes_on:
                self._share = SHARE
        super().dataReceived(data)
        if not self.spent and self.idles.cancel(self):
            # What was answered may have the beginning of another request behind it.
            if rest := self.clearLineBuffer():
                self.reception.handshakes.set(self)
                super().dataReceived(rest)
            else:
                self.idles.set(self)

    def requestDone(self, request: Any) -> None:
        self.reception.answers.cancel(self)
        if not request.is_usual:
            self.reception.site.note(request.address, self.line, request.code)
        self._is_whole = False
        if self._ended:
            self.persistent = False
        self.idles.set(self)
        self._goes_on = True
        super().requestDone(request)
        self._goes_on = False

    def loseConnection(self) -> None:
        """Close once everything written is sent."""
        if self.requests and not self.spent:  # one that cannot be read
            self.spent = True
            self._close()
            return
        self.spent = True
        self._forget()
        self.reception.closings.set(self)
        super().loseConnection()

    def readConnectionLost(self) -> None:
        self._ended = True
        if self.spent or not self._is_whole:
            self._abandon()
            self.requests.clear()
            self.loseConnection()

    def writeConnectionLost(self) -> None:
        """Do nothing: that was us."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.connected = 0
        self.spent = True
        self._forget()
        super().connectionLost(reason)
        self.reception.departed(self)

    # How

    def _answer(self) -> None:
        """Answer the request that waits, unless there is a reason to wait on."""
        if self._ready is None or self._stalled or self._calm is not None or not self._has_turn:
            return
        if self._share == 0:
            self._await_turn()
            return
        self._share -= 1
        request, self._ready = self._ready, None
        self.reception.site.answer(request)

    def _await_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self.reception.wait_for_turn(self)

    def _calmed(self) -> None:
        self._calm = None
        self._answer()

    def _close(self) -> None:
        """Close; what the peer still sends is read, so that it reads the answer."""
        assert self.transport is not None
        transport: Any = self.transport
        if not self._ended and ends_by_halves(transport):
            self._forget()
            transport.unregisterProducer()
            transport.loseWriteConnection()
            transport.resumeProducing()
            self.reception.closings.set(self)
        else:
            self.loseConnection()

    def _abandon(self) -> None:
        """Throw away what has come of a body that is not taken to its end."""
        for request in self.requests:
            request.abandon()

    def _forget(self) -> None:
        """Stop the time that runs for the connection."""
        reception = self.reception
        for deadlines in (reception.handshakes, self.idles, reception.answers, reception.uploads):
            deadlines.cancel(self)
        self._ready = None
        if self._calm is not None:
            self._calm.cancel()
            self._calm = None


def admit(front: IFront) -> None:
    """Serve a connection that began with a request."""
    front.enter(Channel(front.reception, front.address, front.exempt, front.secure, front.is_proxy))
