"""A request over HTTP, its answer, and the table in which the addresses stand."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from io import BytesIO
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.web import http

from groupchat.config.settings import Settings
from groupchat.lazy.records import record

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"

PHRASES: Mapping[int, bytes] = {
    408: b"Request Timeout",
    413: b"Content Too Large",
    421: b"Misdirected Request",
    425: b"Too Early",
    426: b"Upgrade Required",
    429: b"Too Many Requests",
    431: b"Request Header Fields Too Large",
    507: b"Insufficient Storage",
}
"""The words for statuses that Twisted does not know, or knows by an older name (RFC 9110, section 15; RFC 6585)."""


@record
class Answer:
    """What a request is answered.

    ``headers``: those beside the length and the type of the body.
    """

    status: int
    body: bytes = b""
    kind: str = TEXT
    headers: Sequence[tuple[str, str]] = ()


def told(status: int, sentence: str, *headers: tuple[str, str]) -> Answer:
    """Return an answer of one sentence."""
    return Answer(status, f"{sentence}\n".encode(), TEXT, headers)


class Intake(Protocol):
    """What takes the body of a request while it comes, so that it is never in memory as a whole."""

    limit: int
    """The most bytes that it may have."""

    def write(self, data: bytes) -> bool:
        """Take more of it; return whether yet more can be taken at once.

        If not, it calls ``request.channel.go_on_with_body()`` when it can.
        """

    def too_large(self) -> Answer:
        """Return the answer to a body of more than ``limit`` bytes."""

    def too_slow(self) -> Answer:
        """Return the answer to a body that does not come."""

    def stopping(self) -> Answer:
        """Return the answer to a body that comes while the server stops."""

    def abandon(self) -> None:
        """Throw away what has come: no more will."""


class Stream(Protocol):
    """An answer that is sent piece by piece."""

    def moves(self) -> bool:
        """Return whether the peer has taken something of it since this was asked before."""


@record
class Route:
    """An address, and what answers there.

    ``path``: with the names of the parts that vary, as in ``/rooms/{room}``.
    ``function``: is called with the request, and these parts by name; returns an answer, or None if that comes later,
    by ``request.send``.
    ``body_limit``: the most bytes of a body, from the settings in force; by default there may be none.
    ``check``: is called likewise before the body is taken; returns why it is not, as an answer.
    ``begin``: is called likewise, for a body that is taken while it comes; its Deferred fires with what takes it, or
    why it is not taken, and never fails.  Nothing of the body is read before.
    """

    method: str
    path: str
    function: Callable[..., Answer | None]
    body_limit: Callable[[Settings], int] = field(default=lambda _: 0)
    check: Callable[..., Answer | None] | None = None
    begin: "Callable[..., Deferred[Intake | Answer]] | None" = None

    def find(self, path: str) -> dict[str, str] | None:
        """Return the parts of a path that vary, decoded; None if it is not this address.

        :raises UnicodeDecodeError: it is, and a part is not UTF-8.
        """
        match = re.fullmatch(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path)), path)
        return match and {name: unquote_to_bytes(part).decode() for name, part in match.groupdict().items()}


class Request(http.Request):
    """One request, whose head was judged before its body came.

    ``address``: the IP address it comes from, which a proxy may have said; empty: there is none.
    ``secure``: whether it came encrypted, at least to that proxy.
    ``target``: the address that it asks for, with its query.
    ``host_name``: the host that it names, with its port.
    ``refusal``: the answer that the head got already; None: the route answers.
    ``gone``: whether the peer left before it was answered; ``on_gone`` is called then.
    ``intake``: what takes the body while it comes; None: it is taken as a whole.
    ``stream``: what sends the answer piece by piece; None: nothing does.
    ``is_usual``: nothing is logged of it, also if it is refused: so things go.
    """

    channel: Any
    content: Any

    def __init__(self, channel: Any, queued: object = False) -> None:
        super().__init__(channel, queued, parsePOSTFormSubmission=False)
        self.address: str = channel.address
        self.secure: bool = channel.secure
        self.target = ""
        self.host_name = ""
        self.refusal: Answer | None = None
        self.route: Route | None = None
        self.parts: dict[str, str] = {}
        self.gone = False
        self.on_gone: Callable[[], None] = lambda: None
        self.intake: Intake | None = None
        self.stream: Stream | None = None
        self.is_usual = False

    # Functions of routes call these.

    @property
    def settings(self) -> Settings:
        """Return the settings in force."""
        settings: Settings = self.channel.reception.settings
        return settings

    @property
    def base(self) -> str:
        """Return where the peer reaches this server, such as ``https://chat.example.org``; empty: that is not known."""
        if self.settings.public_url or not self.host_name:
            return self.settings.public_url
        return f"{'https' if self.secure else 'http'}://{self.host_name}"

    @property
    def body(self) -> bytes:
        """Return the whole body."""
        whole: bytes = self.content.getvalue()
        return whole

    def header(self, name: str) -> str:
        """Return a header, empty if it is not there; several of one name are one list."""
        found = self.requestHeaders.getRawHeaders(name.encode())
        return b", ".join(found).decode("utf-8", "replace") if found else ""

    def argument(self, name: str) -> str | None:
        """Return what the query says by this name, the first time; None: nothing."""
        found = (self.args or {}).get(name.encode())
        return found[0].decode("utf-8", "replace") if found else None

    def accepts(self, kind: str) -> bool:
        """Return whether the peer names this type, in so many words, as one that it takes."""
        return self._names("accept", kind)

    def takes_gzip(self) -> bool:
        """Return whether the body of the answer may be compressed."""
        return self._names("accept-encoding", "gzip")

    def send(self, answer: Answer) -> None:
        """Answer, unless the peer is gone."""
        if self.gone or self.finished:
            return
        self.send_head(answer)
        if answer.body:
            self.write(answer.body)
        self.finish()

    def send_head(self, answer: Answer) -> None:
        """Set the head of an answer, whose body comes later if its headers say another length."""
        self.setResponseCode(answer.status, PHRASES.get(answer.status))
        headers = self.responseHeaders
        for name, value in self.channel.reception.site.headers(self):
            headers.setRawHeaders(name, [value])
        if answer.body or answer.status not in http.NO_BODY_CODES:
            headers.setRawHeaders("content-type", [answer.kind])
            headers.setRawHeaders("content-length", [str(len(answer.body))])
        for name, value in answer.headers:
            headers.setRawHeaders(name, [value])

    def _names(self, header: str, wanted: str) -> bool:
        """Return whether this is in the list of a header, and not with a weight of nothing."""
        named = (part.partition(";") for part in self.header(header).lower().split(","))
        return any(name.strip() == wanted and not re.search(r"\bq=0(\.0*)?\s*\Z", rest) for name, _, rest in named)

    # The channel calls these.

    def gotLength(self, length: int | None) -> None:
        self.content = BytesIO()

    def handleContentChunk(self, data: bytes) -> None:
        if not self.channel.takes(len(data)):
            return
        if self.intake is None:
            self.content.write(data)
        elif not self.intake.write(data):
            self.channel.wait_with_body()

    def process(self) -> None:
        self.channel.received(self)

    def abandon(self) -> None:
        """Throw away what has come of a body that does not come to its end."""
        intake, self.intake = self.intake, None
        if intake is not None:
            intake.abandon()

    def connectionLost(self, reason: Failure) -> None:
        self.gone = True
        super().connectionLost(reason)
        self.abandon()
        self.on_gone()
