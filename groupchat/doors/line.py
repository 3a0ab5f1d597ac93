"""The door of lines: netcat, telnet, and programs that speak JSON Lines, on one port.

A peer is a person until its first line starts with ``{``: from then on it is a program.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from twisted.internet.error import TimeoutError as ConnectionTimedOut
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer, ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.doors.json import json_style
from groupchat.doors.requests import obey
from groupchat.doors.sockets import tune
from groupchat.doors.strangers import TLS, recognised
from groupchat.doors.telnet import TelnetFilter
from groupchat.doors.text import text_style
from groupchat.errors import HandshakeTimeout, LineTooLong, NotUtf8, Refusal, TooManyAttempts
from groupchat.interfaces import Hold, IScreen, IStyle, Rendered
from groupchat.preferences import Preferences
from groupchat.session import State

if TYPE_CHECKING:
    from groupchat.doors.factory import ChatFactory
    from groupchat.session import Session

SKIPPED_LIMIT = 1024 * 1024
"""How much of one line too long is skipped for a program that may go on after it, in bytes."""

_NOTHING = bytearray()
"""What waits of a peer that has nothing waiting; never changed."""

_NO_HOLD = Hold(0)

PROGRAM = Preferences(emoji=False)
"""How programs begin: what they say arrives as they say it."""


def _nowhere(rendered: Rendered) -> None:
    """Where things are written for a peer that is gone."""


@implementer(IScreen, IHalfCloseableProtocol, IPushProducer)
class ChatProtocol(LineReceiver):
    """One connection: the screen of its session, and what feeds it lines.

    Lines end with LF, CR LF or CR NUL.
    No more than a share of one peer's lines is taken in one reactor turn, and none while there is a reason to hold;
    the transport is paused only when bytes come in meanwhile.
    """

    # Two directions can be stopped, each by the other's slowness, and must not be mixed up:
    # what the peer sends (hold, release), and what it is sent (pauseProducing, resumeProducing: Twisted's names).

    __slots__ = (
        *(
            "_closed",
            "_ended",
            "_finished",
            "_handing",
            "_holds",
            "_is_program",
            "_lines",
            "_reading",
            "_skipped",
            "_telnet",
        ),
        *("_waiting", "address", "connected", "exempt", "factory", "secure", "session", "style", "transport", "write"),
    )
    log = Logger()
    delimiter = b"\n"
    factory: "ChatFactory"
    session: "Session"
    write: Callable[[Rendered], None]
    """The transport's own, for speed."""

    def __init__(self, factory: "ChatFactory", address: str, exempt: bool) -> None:
        self.factory = factory
        self.address = address
        self.exempt = exempt
        self.secure = False
        self.style: IStyle = text_style(Preferences(), factory.settings.zone)
        self.transport: Any = None
        self.connected = 0
        self.write = _nowhere
        self._waiting = _NOTHING
        """Bytes that were received, and not yet taken."""
        self._holds = _NO_HOLD
        self._handing = False
        """Whether lines are being handed over just now."""
        self._reading = True
        """Whether the transport reads."""
        self._ended = False
        """Whether the peer has closed its half."""
        self._finished = False
        """Whether the session was told so, after the last line."""
        self._closed = False
        """Whether this side has closed, or the connection is gone: nothing more is taken."""
        self._lines = 0
        """Lines before there is a nickname; -1 when there is one."""
        self._is_program = False
        self._skipped = 0
        """How much of a line too long was skipped so far, in bytes; 0: nothing is being skipped."""
        self._telnet: TelnetFilter | None = None

    # The session calls these.

    def prefer(self, preferences: Preferences) -> None:
        """Show things so from now on."""
        self.style = (
            json_style(preferences) if self._is_program else text_style(preferences, self.factory.settings.zone)
        )

    def hold(self, reason: Hold) -> None:
        """Take no more lines."""
        self._holds |= reason

    def release(self, reason: Hold) -> None:
        """One reason fewer; what waits is taken in the next turn, never within the caller's."""
        self._holds &= ~reason
        if self._holds or self._handing or self._closed:
            return
        if self._waiting or self._ended:
            self._wait_for_turn()
        else:
            self._read_on()

    def close(self) -> None:
        """Close once everything written is sent."""
        if self._closed:
            return
        self._shut()
        # A paused producer would keep the connection open for ever.
        self.transport.unregisterProducer()
        self.transport.loseConnection()
        self.factory.closings.set(self)

    def abort(self) -> None:
        """Drop the connection."""
        self._shut()
        if self.connected:
            self.transport.abortConnection()

    def conceal(self) -> None:
        """Ask the peer not to show what is typed, if it speaks telnet."""
        if self._telnet is not None:
            self.write(Rendered(self._telnet.conceal()))

    def reveal(self) -> None:
        """Ask the peer to show again what is typed, if it speaks telnet."""
        if self._telnet is not None:
            self.write(Rendered(self._telnet.reveal()))

    # The factory calls these.

    def take_turn(self) -> None:
        """A new reactor turn: take the next share of what waits."""
        self._holds &= ~Hold.TURN
        if not self._holds and not self._closed:
            self._hand_over()

    def handshake_expired(self) -> None:
        """No nickname in time."""
        if self._is_newcomer():
            seconds = self.factory.settings.handshake_timeout_s
            self.session.hangup(HandshakeTimeout(f"There was no nickname within {seconds:g} seconds."))

    # Twisted calls these.

    def connectionMade(self) -> None:
        self.connected = 1
        self.secure = ISSLTransport.providedBy(self.transport)
        self.factory.arrived(self)
        tune(self.transport, self.factory.settings)
        self.write = self.transport.write
        self.transport.registerProducer(self, True)
        self.session = self.factory.make_session(cast(IScreen, self), "text")
        self.session.greet()

    def dataReceived(self, data: bytes) -> None:
        if self._closed:
            return
        if self._lines == 0 and (self._waiting[:2] + data[:2]).startswith(TLS):
            self.log.info("A TLS client came to a plain port, from {address}.", address=self.address)
            self.session.hangup()
            return
        if self._telnet is not None or b"\xff" in data:
            data = self._without_telnet(data)
        if self._closed:
            return
        if self._waiting:
            self._waiting += data
        elif data:
            self._waiting = bytearray(data)
        if not self._holds:
            self._hand_over()
        elif self._reading:
            self._reading = False
            self.transport.pauseProducing()

    def lineReceived(self, line: bytes) -> None:
        if self._lines >= 0 and not self._admits(line):
            return
        if self._is_program:
            obey(self.session, line, self.factory.settings.json_limit_depth)
            return
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            sentence = f"That line is not UTF-8 (at byte {error.start + 1} of it), so it was left out."
            self.session.refuse(NotUtf8(sentence))
        else:
            self.session.typed(text)

    def lineLengthExceeded(self, line: bytes) -> None:
        refusal = LineTooLong(f"A line can have {self._limit()} bytes with its end.")
        if self._is_program:
            self.session.refuse(refusal)
        else:
            self.session.hangup(refusal)

    def readConnectionLost(self) -> None:
        self._ended = True
        self._reading = False
        if not self._holds and not self._closed:
            self._hand_over()

    def writeConnectionLost(self) -> None:
        """Nothing: this side never closes one half only."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.connected = 0
        self._shut()
        self.factory.departed(self)
        self.session.lost("timed out" if reason.check(ConnectionTimedOut) else "connection lost")

    # These three are about what the peer is sent: its transport's buffer is full, or has room again.

    def pauseProducing(self) -> None:
        if not self._closed:
            self.session.paused()

    def resumeProducing(self) -> None:
        if not self._closed:
            self.session.drained()

    def stopProducing(self) -> None:
        """Nothing: connectionLost comes next."""

    # Taking lines.

    def _hand_over(self) -> None:
        """Hand over the lines that wait, up to this turn's share."""
        waiting, start = self._waiting, 0
        share = self.factory.settings.lines_per_turn
        self._handing = True
        try:
            while not self._holds and not self._closed:
                end, after = _line_end(waiting, start)
                if end < 0:
                    break
                if share == 0:
                    self._wait_for_turn()
                    break
                share -= 1
                first, start = start, after
                if self._skipped:
                    self._skipped = 0
                elif after - first > self._limit():
                    self.lineLengthExceeded(b"")
                else:
                    self.lineReceived(bytes(waiting[first:end]))
        finally:
            self._handing = False
        del waiting[:start]
        if not self._holds and not self._closed:
            self._keep_rest(waiting)

    def _keep_rest(self, rest: bytearray) -> None:
        """No whole line waits: keep an unfinished one, within its limit, and read on."""
        if self._ended:
            self._finish(rest)
            return
        if self._skipped or len(rest) >= self._limit():
            self._skip(rest)
        if not rest:
            self._waiting = _NOTHING
        self._read_on()

    def _finish(self, last: bytearray) -> None:
        """The peer will send no more, and no whole line waits: take an unfinished one too, then let the session go."""
        if last:
            self._waiting = _NOTHING
            if len(last) > self._limit():
                self.lineLengthExceeded(b"")
            elif not self._skipped:
                self.lineReceived(bytes(last).removesuffix(b"\r"))
        if not self._holds and not self._closed and not self._finished:
            self._finished = True
            self.session.ended()

    def _skip(self, rest: bytearray) -> None:
        """What waits is too much for one line: cut the peer off, or leave the line out up to its end."""
        if not self._skipped:
            self.lineLengthExceeded(b"")
        if self._closed:
            return
        self._skipped += len(rest)
        if self._skipped > SKIPPED_LIMIT:
            self.session.hangup(LineTooLong(f"A line without end: {SKIPPED_LIMIT} bytes and more."))
            return
        del rest[: len(rest) - rest.endswith(b"\r")]  # with what comes next it may be a line end

    def _limit(self) -> int:
        """How long a line may be now, in bytes with its end."""
        settings = self.factory.settings
        return settings.json_limit_bytes if self._is_program else settings.line_limit_bytes

    def _wait_for_turn(self) -> None:
        if not self._holds & Hold.TURN:
            self._holds |= Hold.TURN
            self.factory.wait_for_turn(self)

    def _read_on(self) -> None:
        if not self._reading and not self._ended and not self._closed:
            self._reading = True
            self.transport.resumeProducing()

    def _shut(self) -> None:
        """Take nothing more, and write nothing more."""
        self._closed = True
        self._waiting = _NOTHING
        self.write = _nowhere
        self.factory.handshakes.cancel(self)

    # Who is there?

    def _is_newcomer(self) -> bool:
        return not self._closed and self.session.state in (State.NAMELESS, State.CLAIMING)

    def _admits(self, line: bytes) -> bool:
        """Whether this line of a peer that had no nickname so far goes on to the session."""
        if not self._is_newcomer():
            self._lines = -1
            self.factory.handshakes.cancel(self)
            return not self._closed
        self._lines += 1
        if self._lines == 1 and line.startswith(b"{"):
            self._become_program()
        elif self._lines == 1 and (stranger := recognised(line)) is not None:
            self.session.hangup(stranger)
        elif self._lines > self.factory.settings.handshake_lines:
            self.session.hangup(TooManyAttempts("So many lines and no nickname yet; come again."))
        return not self._closed

    def _become_program(self) -> None:
        self.write(Rendered(b"\r\n"))  # ends the prompt's line
        self._is_program = True
        self.style = json_style(PROGRAM)
        self.session.door = self.style.door

    def _without_telnet(self, data: bytes) -> bytes:
        """What of this is not telnet, which is answered here."""
        if self._telnet is None:
            self._telnet = TelnetFilter()
        refusal: Refusal | None = None
        try:
            data = self._telnet.feed(data)
        except Refusal as error:
            refusal, data = error, b""
        if self._telnet.replies:
            self.write(Rendered(bytes(self._telnet.replies)))
            self._telnet.replies.clear()
        if refusal is not None:
            self.session.hangup(refusal)
        return data


def _line_end(waiting: bytearray, start: int) -> tuple[int, int]:
    """Where the first line from ``start`` ends, without and with its end; -1 twice when it does not yet."""
    feed = waiting.find(b"\n", start)
    return_ = waiting.find(b"\r\0", start, feed if feed >= 0 else len(waiting))
    if return_ >= 0:
        return return_, return_ + 2
    if feed < 0:
        return -1, -1
    if feed > start and waiting[feed - 1] == 13:
        return feed - 1, feed + 1
    return feed, feed + 1
