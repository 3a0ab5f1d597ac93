"""A connection that speaks HTTP: requests one after the other, each with a deadline and a limit."""

import re
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web import http
from zope.interface import implementer

from groupchat.doors.web.web_request import PHRASES, Answer, Request, told
from groupchat.doors.wire.conversation import DISCARDED_LIMIT
from groupchat.doors.wire.tls import ends_by_halves
from groupchat.doors.wire.transport import hand_over
from groupchat.interfaces.entrances import IFront, IReception

HEAD_LIMIT = 16 * 1024
"""The most bytes of a request before its body."""


_REQUEST = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [!-~]+ HTTP/1\.[01]")
"""The first line of a request (RFC 9112, section 3)."""

_ABSOLUTE = re.compile("https?://[^/]*", re.ASCII | re.IGNORECASE)
"""What may stand before an address, for proxies (RFC 9112, section 3.2.2)."""


@implementer(IHalfCloseableProtocol)
class Channel(http.HTTPChannel):
    """One connection that speaks HTTP.

    It has no timers of its own: the reception sweeps all connections.
    """

    timeOut = None
    delimiter = b"\n"
    requestFactory = Request  # type: ignore[assignment]  # the stubs want the very same class
    totalHeadersSize = HEAD_LIMIT
    maxHeaders = HEAD_LIMIT
    has_session = False

    def __init__(self, reception: IReception, address: str, exempt: bool, secure: bool, is_proxy: bool) -> None:
        """:param is_proxy: each request says for whom it is passed on."""
        super().__init__()
        self.reception = reception
        self.address = address
        self.exempt = exempt
        self.secure = secure
        self.is_proxy = is_proxy
        self._line = b""
        """The first line of the request that is coming in."""
        self.target = ""
        """The address that it asks for, with its query."""
        self._head = 0
        """The bytes of its head so far."""
        self._room = 0
        """The bytes that its body may still have."""
        self._spent = False
        """True if nothing more is read: what comes is thrown away."""
        self._discarded = 0
        self._ended = False
        """True if the peer sends no more."""

    # The reception calls these.

    def handshake_expired(self) -> None:
        """Cut off a peer whose request does not come."""
        seconds = self.reception.settings.handshake_timeout_s
        self.refuse(told(408, f"The request did not come within {seconds:g} seconds."))

    def idle_expired(self) -> None:
        """Close a connection over which nothing was asked for a while."""
        self.loseConnection()

    def answer_expired(self) -> None:
        """Drop a peer whose answer is not done, or not read, after a long time."""
        self.abort()

    def abort(self) -> None:
        """Drop the connection."""
        transport: Any = self.transport
        transport.abortConnection()

    # Requests call these.

    def takes(self, length: int) -> bool:
        """Return whether so much more of a body is taken; if not, the peer is told so."""
        if self._spent:
            return False
        self._room -= length
        if self._room < 0:
            self.refuse(too_large())
            return False
        return True

    def begins_to_answer(self) -> None:
        """The request is whole."""
        self.reception.handshakes.cancel(self)
        self.reception.answers.set(self)

    def become(self, request: Request, successor: Any, words: bytes) -> None:
        """Let another protocol serve the connection from now on; ``words`` is the answer to the request."""
        self._spent = True
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
        if self._spent:
            return
        assert self.transport is not None
        self._spent = True
        site, party = self.reception.site, self.requests[-1] if self.requests else self
        headers = [*site.headers(party), ("content-type", answer.kind), *answer.headers]
        phrase = PHRASES.get(answer.status) or http.RESPONSES[answer.status]
        head = b"HTTP/1.1 %d %b\r\n" % (answer.status, phrase)
        head += "".join(f"{name}: {value}\r\n" for name, value in headers).encode()
        is_head = self._line.startswith(b"HEAD ")
        head += b"content-length: %d\r\nconnection: close\r\n\r\n" % len(answer.body)
        self.transport.write(head if is_head else head + answer.body)
        site.note(party.address, self._line, answer.status)
        self._close()

    # Twisted calls these.

    def connectionMade(self) -> None:
        super().connectionMade()
        self.connected = 1

    def dataReceived(self, data: bytes) -> None:
        if self._spent:
            self._discard(data)
            return
        if self.reception.idles.cancel(self):
            self.reception.handshakes.set(self)
        super().dataReceived(data)
        if not self._spent and self.reception.idles.cancel(self):
            # What was answered may have the beginning of another request behind it.
            if rest := self.clearLineBuffer():
                self.reception.handshakes.set(self)
                super().dataReceived(rest)
            else:
                self.reception.idles.set(self)

    def lineReceived(self, line: bytes) -> None:
        if self._spent:
            return
        if self.reception.idles.cancel(self):
            self.reception.handshakes.set(self)
        line = line.removesuffix(b"\r")  # a person types requests without it (RFC 9112, section 2.2)
        self._head += len(line) + 2
        if self._head > HEAD_LIMIT:
            self.lineLengthExceeded(line)
            return
        if not self._line and line:
            self._line = line
            if _REQUEST.fullmatch(line) is None:
                self.refuse(told(400, "A request begins with a method, an address and HTTP/1.1 or HTTP/1.0."))
                return
        super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        self.refuse(told(431, f"The head of a request can have {HEAD_LIMIT:,} bytes."))

    def allHeadersReceived(self) -> None:
        if self._spent:
            return
        request = self.requests[-1]
        method, target, _ = self._line.decode("ascii").split(" ")
        self.target = _ABSOLUTE.sub("", target) or "/"
        self.reception.site.judge(request, method, self.target.partition("?")[0])
        has_body = self.length != 0
        if request.refusal is None and request.route is not None:
            self._room = request.route.body_limit(self.reception.settings)
            if has_body and (self._room == 0 or (self.length or 0) > self._room):
                request.refusal = too_large()
        if request.refusal is not None and has_body:
            self.refuse(request.refusal)  # before the peer is asked to go on
            return
        super().allHeadersReceived()

    def allContentReceived(self) -> None:
        if not self._spent:
            super().allContentReceived()

    def rawDataReceived(self, data: bytes) -> None:
        if self._spent:
            self._discard(data)
        else:
            super().rawDataReceived(data)

    def requestDone(self, request: Any) -> None:
        self.reception.answers.cancel(self)
        self.reception.site.note(request.address, self._line, request.code)
        self._line, self._head = b"", 0
        if self._ended:
            self.persistent = False
        self.reception.idles.set(self)
        super().requestDone(request)

    def loseConnection(self) -> None:
        """Close once everything written is sent."""
        if self.requests and not self._spent:  # one that cannot be read
            self._spent = True
            self._close()
            return
        self._spent = True
        self._forget()
        self.reception.closings.set(self)
        super().loseConnection()

    def readConnectionLost(self) -> None:
        self._ended = True
        if self._spent or not self.requests:
            self.loseConnection()

    def writeConnectionLost(self) -> None:
        """Do nothing: that was us."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.connected = 0
        self._spent = True
        self._forget()
        super().connectionLost(reason)
        self.reception.departed(self)

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

    def _discard(self, data: bytes) -> None:
        self._discarded += len(data)
        if self._discarded > DISCARDED_LIMIT:
            self.abort()

    def _forget(self) -> None:
        """Stop the time that runs for the connection."""
        for deadlines in (self.reception.handshakes, self.reception.idles, self.reception.answers):
            deadlines.cancel(self)


def admit(front: IFront) -> None:
    """Serve a connection that began with a request."""
    front.enter(Channel(front.reception, front.address, front.exempt, front.secure, front.is_proxy))


def too_large() -> Answer:
    """Return the answer to a body that is too large, or for which there is no use."""
    return told(413, "That is more than is taken here.")
