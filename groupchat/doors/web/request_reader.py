"""Requests over HTTP as they come in: read strictly, within limits, and refused before more of them comes."""

import re
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.web import http

from groupchat.doors.web.web_request import Answer, Intake, Request, told
from groupchat.doors.wire.conversation import DISCARDED_LIMIT
from groupchat.interfaces.entrances import IDeadlines, IReception
from groupchat.lazy.expressions import expression

HEAD_LIMIT = 16 * 1024
"""The most bytes of a request before its body."""

MOST_LINES = 128
"""The most lines of it, each of which costs some time; browsers send some twenty."""

MOST_NAMES = 64
"""The most names that an address has after its question mark: Twisted reads them all."""

MOST_CHUNKS = 512
"""The most pieces of a body of unknown length: each costs as much as a short line, however short it is."""

SMALLEST_CHUNKS = 64
"""The bytes for which a body may have one piece more: a file comes in many."""

MOST_DIGITS = 18
"""The most digits of a length: Python converts some thousands, and then no more."""

_HEADER = expression(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\0\r\n]*")
"""A header (RFC 9112, section 5)."""

_REQUEST = expression(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [!-~]+ HTTP/1\.[01]")
"""The first line of a request (RFC 9112, section 3)."""

_ABSOLUTE = expression(r"https?://[^/?]*(?=([/?]|\Z))", re.ASCII | re.IGNORECASE)
"""What may stand before an address, for proxies (RFC 9112, section 3.2.2)."""


class _Refused(Exception):
    """The rest of a body is not taken."""


class RequestReader(http.HTTPChannel):
    """The incoming half of a connection that speaks HTTP.

    A subclass answers, and ends the connection: ``refuse``, ``abort``.
    """

    timeOut = None
    delimiter = b"\n"
    requestFactory = Request  # type: ignore[assignment]  # the stubs want the very same class
    totalHeadersSize = HEAD_LIMIT
    maxHeaders = HEAD_LIMIT

    def __init__(self, reception: IReception) -> None:
        super().__init__()
        self.reception = reception
        self.idles: IDeadlines = reception.idles
        """The time that runs between two requests."""
        self.line = b""
        """The first line of the request that is coming in."""
        self.target = ""
        """The address that it asks for, with its query."""
        self.spent = False
        """True if nothing more is read: what comes is thrown away."""
        self._head = 0
        """The bytes of its head so far."""
        self._lines = 0
        """The lines of its head so far."""
        self.taken = 0
        """The bytes of its body so far."""
        self._room = 0
        """The bytes that its body may still have."""
        self._chunks = 0
        """The pieces that its body has come in."""
        self._discarded = 0

    # A subclass does these.

    def refuse(self, answer: Answer) -> None:
        """Answer a request that is not taken to its end, and close."""
        raise NotImplementedError

    def abort(self) -> None:
        """Drop the connection."""
        raise NotImplementedError

    def ask_for_intake(self, request: Request, begin: "Callable[..., Deferred[Intake | Answer]]") -> None:
        """Find out what takes the body, then go on."""
        raise NotImplementedError

    # The request calls this.

    def takes(self, length: int) -> bool:
        """Return whether so much more of a body is taken; if not, the peer is told so, and no more of it is read."""
        if self.spent:
            return False
        self._room -= length
        self.taken += length
        self._chunks += 1
        if self._room < 0:
            self.refuse(self.too_large())
        elif self.length is None and self._chunks > self._most_chunks():
            self.refuse(told(400, f"A body comes in {MOST_CHUNKS:,} chunks at most."))
        if self.spent:
            raise _Refused
        return True

    def _most_chunks(self) -> int:
        """Return how many pieces a body may have come in by now."""
        more = self.taken // SMALLEST_CHUNKS if self.requests[-1].intake is not None else 0
        return MOST_CHUNKS + more

    # Twisted calls these.

    def lineReceived(self, line: bytes) -> None:
        if self.spent:
            self.setRawMode()  # what is left is thrown away in one piece
            return
        if self.idles.cancel(self):
            self.reception.handshakes.set(self)
        line = line.removesuffix(b"\r")  # a person types requests without it (RFC 9112, section 2.2)
        self._head += len(line) + 2
        self._lines += 1
        if self._head > HEAD_LIMIT:
            self.lineLengthExceeded(line)
        elif self._lines > MOST_LINES:
            self.refuse(told(431, f"The head of a request can have {MOST_LINES} lines."))
        elif not self.line and line:
            self.line = line
            if (why := _why_no_request(line)) is None:
                super().lineReceived(line)
            else:
                self.refuse(why)
        elif line[:1] in (b" ", b"\t"):  # RFC 9112, section 5.2: proxies do not agree on where such a header ends
            self.refuse(told(400, "A header is one line."))
        else:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        self.refuse(told(431, f"The head of a request can have {HEAD_LIMIT:,} bytes."))

    def headerReceived(self, line: bytes) -> bool:
        if self.spent:
            return False
        name, _, value = line.partition(b":")
        refusal = None
        if _HEADER.fullmatch(line) is None:
            refusal = told(400, "A header is a name, a colon and a value.")
        elif name.lower() in (b"content-length", b"transfer-encoding"):
            refusal = self._judge_length(name.lower(), value.strip(b" \t"))
        if refusal is not None:
            self.refuse(refusal)
            return False
        taken: bool = super().headerReceived(line)
        return taken

    def _judge_length(self, name: bytes, value: bytes) -> Answer | None:
        """Return why the length of a body cannot be this; None: it can."""
        if self.length != 0:
            return told(400, "The length of a body is said once.")
        if name == b"transfer-encoding":
            if self.line.endswith(b"HTTP/1.0"):  # RFC 9112, section 6.1: it has none, and what follows is anything
                return told(400, "In HTTP/1.0 there is no Transfer-Encoding.")
            return None if value.lower() == b"chunked" else told(400, "The only Transfer-Encoding here is chunked.")
        if not value.isdigit():
            return told(400, "Content-Length is a number.")
        return None if len(value) <= MOST_DIGITS else too_large()

    def allHeadersReceived(self) -> None:
        if self.spent:
            return
        request = self.requests[-1]
        method, target, _ = self.line.decode("ascii").split(" ")
        self.target = target if target.startswith("/") else f"/{_ABSOLUTE.sub('', target, 1).removeprefix('/')}"
        request.target = self.target
        self.reception.site.judge(request, method, self.target.partition("?")[0])
        has_body = self.length != 0
        route = request.route
        if request.refusal is None and route is not None:
            if route.begin is not None:
                self.ask_for_intake(request, route.begin)
                return
            self._room = route.body_limit(self.reception.settings)
            if has_body and (self._room == 0 or (self.length or 0) > self._room):
                request.refusal = too_large()
        self.go_on_after_head(request)

    def go_on_after_head(self, request: Request) -> None:
        """Let the body come, or refuse it."""
        if request.refusal is not None and self.length != 0:
            self.refuse(request.refusal)  # before the peer is asked to go on
            return
        if request.intake is not None:
            self._room = request.intake.limit
        super().allHeadersReceived()

    def too_large(self) -> Answer:
        """Return the answer to a body that is larger than it may be."""
        intake = self.requests[-1].intake if self.requests else None
        return too_large() if intake is None else intake.too_large()

    def allContentReceived(self) -> None:
        if not self.spent:
            super().allContentReceived()

    def rawDataReceived(self, data: bytes) -> None:
        if self.spent:
            self.discard(data)
            return
        try:
            super().rawDataReceived(data)
        except _Refused:
            self._transferDecoder = None

    def requestDone(self, request: Any) -> None:
        self.line, self._head, self._lines, self._chunks, self.taken = b"", 0, 0, 0, 0
        super().requestDone(request)

    def discard(self, data: bytes) -> None:
        """Throw away what comes after the end, up to a limit."""
        self._discarded += len(data)
        if self._discarded > DISCARDED_LIMIT:
            self.abort()


def _why_no_request(line: bytes) -> Answer | None:
    """Return why this is not taken as the first line of a request; None: it is."""
    if _REQUEST.fullmatch(line) is None:
        return told(400, "A request begins with a method, an address and HTTP/1.1 or HTTP/1.0.")
    target = line.split(b" ")[1].decode("ascii")
    if not target.startswith("/") and _ABSOLUTE.match(target) is None:
        return told(400, "The address of a request begins with a slash.")
    if target.count("&") >= MOST_NAMES:
        return told(400, "The address says too much after its question mark.")
    return None


def too_large() -> Answer:
    """Return the answer to a body that is too large, or for which there is no use."""
    return told(413, "That is more than is taken here.")
