"""The door of lines: netcat, telnet, and programs that speak JSON Lines.

The front knows a program by its first byte.
One that begins late was greeted as a person, and becomes a program when its first line starts with ``{``.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from twisted.internet.error import TimeoutError as ConnectionTimedOut
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer, ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.doors.lines.json_requests import obey
from groupchat.doors.lines.json_style import json_style
from groupchat.doors.lines.telnet import TelnetFilter
from groupchat.doors.lines.text_style import text_style
from groupchat.doors.other_protocols import DISCARDED_LIMIT, TLS, recognised
from groupchat.doors.wire.framing import SKIPPED_LIMIT, HeldLines
from groupchat.doors.wire.tls import ends_by_halves
from groupchat.interfaces.screens import IScreen, IStyle, Rendered
from groupchat.model.errors import HandshakeTimeout, LineTooLong, NotUtf8, Refusal, TooManyAttempts, TooSlow
from groupchat.model.preferences import Preferences
from groupchat.sessions.session import State

if TYPE_CHECKING:
    from groupchat.doors.factory import ChatFactory
    from groupchat.sessions.session import Session

PROGRAM = Preferences(emoji=False)
"""How programs begin: what they say arrives as they say it."""


def _nowhere(rendered: Rendered) -> None:
    """Where things are written for a peer that is gone."""


@implementer(IScreen, IHalfCloseableProtocol, IPushProducer)
class ChatProtocol(HeldLines):
    """One connection: the screen of its session, and what feeds it lines."""

    # Two directions can be stopped, each by the other's slowness, and must not be mixed up:
    # what the peer sends (hold, release), and what it is sent (pauseProducing, resumeProducing: Twisted's names).

    __slots__ = (
        *("_is_program", "_lines", "_telnet"),
        *("address", "exempt", "secure", "session", "style", "write"),
    )
    log = Logger()
    session: "Session"
    write: Callable[[Rendered], None]
    """The transport's own, for speed."""

    def __init__(self, factory: "ChatFactory", address: str, exempt: bool, is_program: bool = False) -> None:
        super().__init__(factory)
        self.address = address
        self.exempt = exempt
        self.secure = False
        self.style: IStyle = json_style(PROGRAM) if is_program else text_style(Preferences(), factory.settings.zone)
        self.write = _nowhere
        self._lines = 0
        """Lines before there is a nickname; -1 when there is one."""
        self._is_program = is_program
        self._telnet: TelnetFilter | None = None

    # The session calls these.

    def prefer(self, preferences: Preferences) -> None:
        """Show things so from now on."""
        self.style = (
            json_style(preferences) if self._is_program else text_style(preferences, self.factory.settings.zone)
        )

    def close(self) -> None:
        """Close once everything written is sent.

        A socket closed with something unread resets the connection, and the peer may lose its last lines:
        so it is read on, for nothing, until the peer closes too.
        """
        if self._closed:
            return
        lingers = self.has_unread() and ends_by_halves(self.transport)
        self._shut()
        # A paused producer would keep the connection open for ever.
        self.transport.unregisterProducer()
        if lingers:
            self.transport.loseWriteConnection()
            self.transport.resumeProducing()
        else:
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
            self.write(Rendered(self._telnet.reveal() + b"\r\n"))  # the one it sent was not shown

    # The factory calls these.

    def cut_off(self, refusal: TooSlow) -> None:
        """Too much waits for this peer: let go of it now.  It is told, if it takes anything at all."""
        self.session.hangup(refusal)
        self.abort()

    def handshake_expired(self) -> None:
        """No nickname in time."""
        if self._is_newcomer():
            seconds = self.factory.settings.handshake_timeout_s
            self.session.hangup(HandshakeTimeout(f"There was no nickname within {seconds:g} seconds."))

    # Twisted calls these.

    def connectionMade(self) -> None:
        self.connected = 1
        self.secure = ISSLTransport.providedBy(self.transport)
        self.write = self.transport.write
        self.transport.registerProducer(self, True)
        self.session = self.factory.make_session(cast(IScreen, self), self.style.door)
        if not self._is_program:
            self.session.greet()

    def dataReceived(self, data: bytes) -> None:
        if self._closed:
            self._discard(data)
            return
        if self._lines == 0 and (self._waiting[:2] + data[:2]).startswith(TLS):
            if self.factory.sparing.allows("TLS clients at a plain port"):
                self.log.info("A TLS client came to a plain port, from {address}.", address=self.address)
            self.session.hangup()
            return
        if self._telnet is not None or b"\xff" in data:
            data = self._without_telnet(data)
        if not self._closed:
            self.take(data)

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
        refusal = LineTooLong(f"A line can have {self.line_limit()} bytes with its end.")
        if self._is_program:
            self.session.refuse(refusal)
        else:
            self.session.hangup(refusal)

    def readConnectionLost(self) -> None:
        super().readConnectionLost()
        if self._closed:
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.connected = 0
        self._shut()
        self.factory.departed(self)
        self.session.lost("timed out" if reason.check(ConnectionTimedOut) else "connection lost")

    # These three are about what the peer is sent: its transport's buffer is full, or has room again.

    def pauseProducing(self) -> None:
        if not self._closed:
            self.factory.backlog.stalled(self)
            self.session.paused()

    def resumeProducing(self) -> None:
        self.factory.backlog.flows(self)
        if not self._closed:
            self.session.drained()

    def stopProducing(self) -> None:
        """Nothing: connectionLost comes next."""

    def _discard(self, data: bytes) -> None:
        """The peer goes on sending after the end."""
        self._skipped += len(data)
        if self._skipped > DISCARDED_LIMIT:
            self.abort()

    def _shut(self) -> None:
        """Take nothing more, and write nothing more."""
        self.forget()
        self.write = _nowhere
        self.factory.handshakes.cancel(self)

    # What the lines call.

    def line_limit(self) -> int:
        settings = self.factory.settings
        return settings.json_limit_bytes if self._is_program else settings.line_limit_bytes

    def lines_ended(self) -> None:
        self.session.ended()

    def unfinished_counts(self) -> bool:
        # In TLS an end without its sign may be an attacker's, who would so cut a line short.
        return not (self.secure and getattr(self.transport, "truncated", False))

    def line_is_endless(self) -> None:
        self.session.hangup(LineTooLong(f"That line has no end: {SKIPPED_LIMIT} bytes, and more."))

    # Who is there?

    def _is_newcomer(self) -> bool:
        return not self._closed and self.session.state in (State.NAMELESS, State.ASKED, State.CLAIMING)

    def _admits(self, line: bytes) -> bool:
        """Whether this line of a peer that had no nickname so far goes on to the session."""
        if not self._is_newcomer():
            self._lines = -1
            self.factory.handshakes.cancel(self)
            return not self._closed
        self._lines += 1
        if self._lines == 1 and not self._is_program and line.startswith(b"{"):
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
