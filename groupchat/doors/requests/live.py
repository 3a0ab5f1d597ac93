"""Follow a room over HTTP: an answer that goes on, to which each thing that happens is added.

Its bytes are made once for all who follow the room in the same form, and for people in it who are shown the same;
therefore the body has no chunks, and ends with the connection.
"""

from collections.abc import Generator
from typing import Any, cast

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.interfaces import IPushProducer
from twisted.web.http import RESPONSES
from zope.interface import implementer

from groupchat.doors.lines.json_conversation import BEGINNING
from groupchat.doors.lines.json_style import json_style
from groupchat.doors.lines.text_style import text_style
from groupchat.doors.requests.desk import PRIVATE, Desk, answered
from groupchat.doors.requests.event_style import EventStyle
from groupchat.doors.requests.histories import NDJSON, wants_json
from groupchat.doors.requests.who import Query, credentials
from groupchat.doors.web.web_request import TEXT, Answer, Request
from groupchat.doors.wire.conversation import Conversation
from groupchat.interfaces.entrances import IReception
from groupchat.interfaces.screens import Hold, IScreen, IStyle, Rendered
from groupchat.model import events
from groupchat.model.errors import BadArguments
from groupchat.model.events import Closing, Ref, Refused, Told
from groupchat.model.preferences import Preferences
from groupchat.sessions.visit import Visit

EVENTS = "text/event-stream"

RETRY_MS = 3000
"""The milliseconds after which a browser comes again by itself."""


EVENT_STYLE = EventStyle.of(BEGINNING)
"""The style of all who are sent events."""

FORMS: dict[str, tuple[bytes, bytes]] = {
    EVENTS: (b"retry: %d\n\n" % RETRY_MS, b":\n\n"),
    NDJSON: (b"", b"\n"),
    TEXT: (b"", b"\r\n"),
}
"""For each form, how it begins, and what keeps a connection alive."""


@implementer(IScreen, IPushProducer)
class LiveStream(Conversation):
    """The connection of somebody who follows a room."""

    __slots__ = ("_kind", "_refused", "_visit", "_watched")

    def __init__(
        self, reception: IReception, request: Request, visit: Visit, room: str, since: int | None, kind: str
    ) -> None:
        style = {EVENTS: EVENT_STYLE, NDJSON: json_style(BEGINNING)}.get(kind)
        super().__init__(
            reception, request.address, reception.exempts(request.address),
            cast(IStyle, style or text_style(Preferences(), request.settings.zone, base=request.base)),
        )  # fmt: skip
        self.secure = request.secure
        self._visit = visit
        self._watched = (room, since)
        self._kind = kind
        self._refused: Refused | None = None

    def prefer(self, preferences: Preferences) -> None:
        """Do nothing: there is one form for all."""

    def answer(self, answer: events.Answer, ref: Ref, nick: str, current: str) -> Rendered:
        """Return why the connection ends; who is in the room is nothing for those who are not."""
        if isinstance(answer, Refused):
            self._refused = answer
        elif isinstance(answer, Closing) and self._refused is not None and self._refused.code == answer.code:
            answer = Closing(answer.code, self._refused.text)
        if not isinstance(answer, Refused | Closing | Told):
            return Rendered(b"")
        return cast(Any, self.style).answer(answer, ref, current)  # type: ignore[no-any-return]

    # The reception calls this.

    def beat(self) -> None:
        """Keep the connection alive, and find out whether it is."""
        if self._closed:
            return
        watcher = self._visit.connection
        if watcher is not None and not watcher.paused:
            self.write(Rendered(FORMS[self._kind][1]))
        self.reception.beats.set(self)

    # Twisted calls these.

    def connectionMade(self) -> None:
        self.connected = 1
        self.write = self.transport.write
        self.session = cast(Any, self._visit)
        self.reception.handshakes.cancel(self)
        self.transport.registerProducer(self, True)
        self.write(Rendered(FORMS[self._kind][0]))
        self.reception.beats.set(self)
        self._visit.watch(cast(IScreen, self), *self._watched)

    def dataReceived(self, data: bytes) -> None:
        self._discard(data)

    def readConnectionLost(self) -> None:
        """Go on: who has asked need not say more."""
        self._ended = True
        if self._closed:
            self.transport.loseConnection()

    # The lines call these; there are none.

    def hold(self, reason: Hold) -> None:
        """Do nothing: nothing is asked for any more."""

    def release(self, reason: Hold) -> None:
        """Do nothing, likewise."""

    def _is_newcomer(self) -> bool:
        return False

    def _shut(self) -> None:
        super()._shut()
        self.reception.beats.cancel(self)


def follow_room(request: Request, room: str) -> None:
    """Answer with what happens in a room from now on, or from after a number."""

    @inlineCallbacks
    def work(visit: Visit, desk: Desk) -> "Generator[Deferred[Any], Any, Answer | None]":
        since = _since(request, Query(request, "since"))
        yield visit.come(credentials(request))
        yield visit.charge()
        yield visit.rooms.recall(room)
        name, kind = visit.rooms.readable(room), _kind(request)
        if request.method == b"HEAD" or request.gone:
            return Answer(200, b"", kind, PRIVATE)
        channel = request.channel
        reception = channel.reception
        if channel.is_proxy:
            reception.readdress(channel, request.address)
        head = _head(request, kind)
        request.on_gone = lambda: None
        channel.become(request, LiveStream(reception, request, visit, name, since, kind), head)
        return None

    answered(request, work)


def _since(request: Request, query: Query) -> int | None:
    """Return the number of the last post the peer was shown: by its own header, or by the query.

    :raises BadArguments: it is none.
    """
    last = request.header("last-event-id").strip()
    if not last:
        return query.number("since")
    if not last.isascii() or not last.isdigit() or len(last) > 18:
        raise BadArguments("Last-Event-ID is the number of a post.")
    return int(last)


def _kind(request: Request) -> str:
    if request.accepts(EVENTS):
        return EVENTS
    return NDJSON if wants_json(request) else TEXT


def _head(request: Request, kind: str) -> bytes:
    headers = [*request.channel.reception.site.headers(request), ("content-type", kind), *PRIVATE]
    headers += [("connection", "close"), ("x-accel-buffering", "no")]
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return b"HTTP/1.1 200 %b\r\n%b\r\n" % (RESPONSES[200], lines.encode())
