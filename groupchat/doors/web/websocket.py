"""A conversation over WebSocket: one JSON object a text frame, both ways."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from groupchat.doors.lines.json_conversation import BEGINNING, JsonConversation
from groupchat.doors.lines.json_requests import is_ping
from groupchat.doors.lines.json_style import farewell
from groupchat.doors.web.frames import PING, Frames, Kind, closing, pong
from groupchat.doors.web.web_style import WebStyle
from groupchat.interfaces.entrances import IReception
from groupchat.interfaces.screens import Rendered
from groupchat.model.errors import Refusal
from groupchat.model.events import Answer, Closing, Ref
from groupchat.model.preferences import Preferences

CLOSE_CODES: Mapping[str, int] = {
    "stopping": 1001,
    "bad-frame": 1002,
    "not-text": 1003,
    "not-utf8": 1007,
    "line-too-long": 1009,
    "exit": 4000,
    "replaced": 4001,
    "kicked": 4002,
    "banned": 4003,
    "too-slow": 4004,
    "handshake-timeout": 4005,
}
"""The code of a close frame for each reason of an end."""

POLICY = 1008
"""The code for every other reason."""

UNANSWERED = 2
"""So many pings in a row without an answer, or anything else, mean that the peer is gone."""

CONTROL_COST = 0.1
"""What a ping, and a part of a message, costs of what a peer may send; a line costs 1."""

_NO_LINE_ENDS = bytes.maketrans(b"\n\0", b"\r\x01")
"""A message is one line: line ends in it become characters that mean the same to JSON, or are as wrong there."""


class WebSocket(JsonConversation):
    """One connection of a browser, after its handshake."""

    __slots__ = ("_failure", "_frames", "_parting", "_unanswered", "_was_secure")

    def __init__(self, reception: IReception, address: str, exempt: bool, secure: bool) -> None:
        super().__init__(reception, address, exempt)
        self._was_secure = secure
        self.style = cast(Any, WebStyle.of(BEGINNING))
        self._frames = Frames()
        self._failure: Refusal | None = None
        """Why nothing more of the peer can be read; it is told when all before that was taken."""
        self._parting: int | None = None
        """The code that the peer closed with, 0: with none; None: it has not closed."""
        self._unanswered = 0
        """The number of pings since anything came."""

    def prefer(self, preferences: Preferences) -> None:
        """Show things so from now on."""
        self.style = cast(Any, WebStyle.of(preferences))

    def answer(self, answer: Answer, ref: Ref, nick: str, current: str) -> Rendered:
        """Return the frames of this answer; the last one says why the connection ends."""
        if not isinstance(answer, Closing):
            return super().answer(answer, ref, nick, current)
        if self._parting is not None:
            return closing(self._parting)
        answer = self._with_reason(answer)
        words = self.style.answer(answer, ref, current)
        return Rendered(words + closing(CLOSE_CODES.get(answer.code, POLICY), answer.text or farewell(answer.code)))

    # The reception calls this.

    def ping_due(self) -> None:
        """Ping the peer again, or drop it if it has not answered the last ones; not while it is not read."""
        if self._closed:
            return
        if self._reading:
            if self._unanswered >= UNANSWERED:
                self.abort()
                return
            self._unanswered += 1
        self.write(PING)
        self.reception.pings.set(self)

    # Twisted calls these.

    def connectionMade(self) -> None:
        super().connectionMade()
        self.secure = self._was_secure
        self.reception.pings.set(self)

    def dataReceived(self, data: bytes) -> None:
        self._unanswered = 0
        if self._closed or self._ended:
            self._discard(data)
        else:
            self.take(data)

    # The lines call these.

    def take(self, data: bytes) -> None:
        """Take the messages in this now, or keep them until they may be taken."""
        self._waiting = self._frames.feed(data)
        if not self._holds:
            if not self._handing:
                self._hand_over()
        elif self._reading:
            self._reading = False
            self.transport.pauseProducing()

    def take_pings(self) -> Iterator[bytes]:
        """Take the pings out of what waits, one after the other; those of WebSocket itself are answered here."""
        if self._ended:
            return
        settings = self.reception.settings
        depth = settings.json_limit_depth
        for kind, payload in self._frames.take_pings(settings.lines_per_turn, lambda text: is_ping(text, depth)):
            if kind is Kind.MESSAGE:
                yield payload.translate(_NO_LINE_ENDS)
            elif self.session.charge(CONTROL_COST):
                self.write(pong(payload))
            if not self.waits_for_answers:
                return

    def has_unread(self) -> bool:
        """Return whether something of the peer may be on its way: at least its own close frame."""
        return not self._ended

    def lines_ended(self) -> None:
        """The peer has closed, or cannot be understood any more."""
        if self._failure is not None:
            self.session.hangup(self._failure)
        else:
            self.session.ended()

    def _hand_over(self) -> None:
        """Hand over the messages that wait, up to this turn's share of frames."""
        share = self.reception.settings.lines_per_turn
        self._handing = True
        try:
            while self._waiting and not self._holds and not self._closed:
                if share == 0:
                    self.yield_turn()
                    break
                share -= 1
                if not self._take_frame():
                    break
        finally:
            self._handing = False
        if not self._holds and not self._closed:
            if not self._ended:
                self._read_on()
            elif not self._finished:
                self._finished = True
                self.lines_ended()

    def _take_frame(self) -> bool:
        """Take one frame; return whether there may be another."""
        try:
            read = self._frames.read(self.line_limit())
        except Refusal as refusal:
            self._failure = refusal
            self._end_reading()
            return False
        if read is None:
            return False
        kind, payload = read
        if kind is Kind.MESSAGE:
            self.lineReceived(payload.translate(_NO_LINE_ENDS))
        elif kind is Kind.TOO_LONG:
            self.lineLengthExceeded(payload)
        elif kind is Kind.CLOSE:
            self._parting = int.from_bytes(payload)
            self._end_reading()
            return False
        elif self.session.charge(CONTROL_COST) and kind is Kind.PING:
            self.write(pong(payload))
        return True

    def _end_reading(self) -> None:
        """Read nothing more: what has come after this is no message."""
        self._ended = True
        self._waiting = bytearray()

    def _shut(self) -> None:
        super()._shut()
        self.reception.pings.cancel(self)
