"""The screen of a session, and its plumbing: everything a connection needs that is the same in every protocol.

No byte of a protocol is known here.  A protocol is a subclass: it says how things are shown, and takes lines.

Two directions can be stopped, each by the other's slowness, and must not be mixed up: what the peer sends
(``hold`` and ``release``), and what it is sent (``pauseProducing`` and ``resumeProducing``: Twisted's names).
"""

from collections.abc import Callable
from typing import cast

from twisted.internet.error import TimeoutError as ConnectionTimedOut
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer, ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.doors.wire.framing import SKIPPED_LIMIT, HeldLines
from groupchat.doors.wire.sockets import base, silence
from groupchat.doors.wire.tls import ends_by_halves
from groupchat.doors.wire.transport import hand_over
from groupchat.interfaces.entrances import IReception
from groupchat.interfaces.screens import IScreen, IStyle, Rendered
from groupchat.model.errors import HandshakeTimeout, LineTooLong, TooManyAttempts, TooSlow
from groupchat.model.events import Answer, Closing, Ref
from groupchat.model.preferences import Preferences
from groupchat.model.times import spoken
from groupchat.sessions.session import Session, State

DISCARDED_LIMIT = 16 * 1024 * 1024
"""The most bytes that are read and thrown away from a peer that goes on sending after the end."""


def _nowhere(rendered: Rendered) -> None:
    """Drop what is written for a peer that is gone."""


@implementer(IScreen, IHalfCloseableProtocol, IPushProducer)
class Conversation(HeldLines):
    """One connection with a session."""

    __slots__ = ("_newcomer_lines", "address", "exempt", "secure", "session", "style", "write")
    log = Logger()
    session: Session
    write: Callable[[Rendered], None]
    """The transport's own, for speed."""
    has_session = True

    def __init__(self, reception: IReception, address: str, exempt: bool, style: IStyle) -> None:
        super().__init__(reception)
        self.address = address
        self.exempt = exempt
        self.secure = False
        self.style = style
        self.write = _nowhere
        self._newcomer_lines = 0
        """The number of lines that came before there was a nickname; -1: there is one."""

    @property
    def terminal(self) -> str:
        """Return the kind of terminal there; empty: that is not known."""
        return ""

    @property
    def base(self) -> str:
        """Return where the peer reaches this server over HTTP; empty: that is not known."""
        return base(self.transport, self.reception.settings, self.secure)

    # A subclass says and is told.

    def prefer(self, preferences: Preferences) -> None:
        """Show things so from now on."""
        raise NotImplementedError

    def answer(self, answer: Answer, ref: Ref, nick: str, current: str) -> Rendered:
        """Return what this answer is on the wire; it may be empty."""
        raise NotImplementedError

    def take_line(self, line: bytes) -> None:
        """Hand this line to the session."""
        raise NotImplementedError

    def admits(self, line: bytes) -> bool:
        """Return whether this line, of a peer that had no nickname so far, goes on to the session."""
        if not self._is_newcomer():
            self._newcomer_lines = -1
            self.reception.handshakes.cancel(self)
            return not self._closed
        self._newcomer_lines += 1
        if self._newcomer_lines > self.reception.settings.handshake_lines:
            self.session.hangup(TooManyAttempts("Too many lines without a nickname. Connect again."))
        return not self._closed

    def hand_over(self, successor: "Conversation", received: bytes) -> None:
        """Let another protocol go on with this connection and its session; ``received`` is what it begins with."""
        waiting = received + self._waiting
        reception, session, transport = self.reception, self.session, self.transport
        self.forget()
        self.write = _nowhere
        reception.handshakes.move(self, successor)
        reception.backlog.move(self, successor)
        successor.secure, successor.session, successor.transport = self.secure, session, transport
        successor.connected = 1
        successor._ended, successor._holds, successor._reading = self._ended, self._holds, self._reading
        successor.write = transport.write
        transport.unregisterProducer()
        transport.registerProducer(successor, True)
        hand_over(transport, successor)
        session.screen = cast(IScreen, successor)
        successor.take(waiting)

    # The session calls these.

    def silence(self) -> float:
        """Return for how many seconds the peer's kernel has acknowledged nothing although it should have."""
        return silence(self.transport)

    def conceal(self) -> None:
        """Do nothing: not every peer can be asked not to show what is typed."""

    def reveal(self) -> None:
        """Do nothing, likewise."""

    def close(self, code: str) -> None:
        """Close once everything written is sent; the last of it says why, if the protocol has a form for that.

        A socket closed with something unread resets the connection, and the peer may lose its last lines:
        therefore it is read, and what comes is thrown away, until the peer closes too.
        """
        if self._closed:
            return
        if last := self.answer(Closing(code), None, "", ""):
            self.write(last)
        lingers = self.has_unread() and ends_by_halves(self.transport)
        self._shut()
        # A paused producer would keep the connection open for ever.
        self.transport.unregisterProducer()
        if lingers:
            self.transport.loseWriteConnection()
            self.transport.resumeProducing()
        else:
            self.transport.loseConnection()
        self.reception.closings.set(self)

    def abort(self) -> None:
        """Drop the connection."""
        self._shut()
        if self.connected:
            self.transport.abortConnection()

    # The reception calls these.

    def cut_off(self, refusal: TooSlow) -> None:
        """Drop a peer for which too much waits; it is told, if it takes anything at all."""
        self.session.hangup(refusal)
        self.abort()

    def handshake_expired(self) -> None:
        """Cut off a peer that has no nickname in time."""
        if self._is_newcomer():
            seconds = self.reception.settings.handshake_timeout_s
            self.session.hangup(HandshakeTimeout(f"No nickname was given within {spoken(seconds)}."))

    # Twisted calls these.

    def connectionMade(self) -> None:
        self.connected = 1
        self.secure = ISSLTransport.providedBy(self.transport)
        self.write = self.transport.write
        self.transport.registerProducer(self, True)
        self.session = self.reception.make_session(cast(IScreen, self))

    def dataReceived(self, data: bytes) -> None:
        if self._closed:
            self._discard(data)
        else:
            self.take(data)

    def lineReceived(self, line: bytes) -> None:
        if self._newcomer_lines < 0 or self.admits(line):
            self.take_line(line)

    def readConnectionLost(self) -> None:
        super().readConnectionLost()
        if self._closed:
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.connected = 0
        self._shut()
        self.reception.departed(self)
        self.session.lost("timed out" if reason.check(ConnectionTimedOut) else "connection lost")

    # These three are about what the peer is sent: its transport's buffer is full, or has room again.

    def pauseProducing(self) -> None:
        if not self._closed:
            self.reception.backlog.stalled(self)
            self.session.paused()

    def resumeProducing(self) -> None:
        self.reception.backlog.flows(self)
        if not self._closed:
            self.session.drained()

    def stopProducing(self) -> None:
        """Do nothing: connectionLost comes next."""

    # The lines call these.

    def lines_ended(self) -> None:
        self.session.ended()

    def unfinished_counts(self) -> bool:
        # In TLS an end without its sign may be an attacker's, who would so cut a line short.
        return not (self.secure and getattr(self.transport, "truncated", False))

    def line_is_endless(self) -> None:
        self.session.hangup(LineTooLong(f"That line has more than {SKIPPED_LIMIT:,} bytes and no end."))

    def _is_newcomer(self) -> bool:
        return not self._closed and self.session.state in (State.NAMELESS, State.ASKED, State.CLAIMING)

    def _discard(self, data: bytes) -> None:
        """Count what the peer goes on sending after the end."""
        self._skipped += len(data)
        if self._skipped > DISCARDED_LIMIT:
            self.abort()

    def _shut(self) -> None:
        """Take nothing more, and write nothing more."""
        self.forget()
        self.write = _nowhere
        self.reception.handshakes.cancel(self)
