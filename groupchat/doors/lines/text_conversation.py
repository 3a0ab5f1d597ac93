"""The door of people: netcat, telnet, and everything else that sends lines and shows them as they come.

A program that begins late was greeted as a person; its first line starts with ``{``, and makes it a program.
Clients of other protocols that begin late are told where they are; nothing they send is a nickname.
"""

from typing import ClassVar

from groupchat.doors.lines.json_conversation import JsonConversation
from groupchat.doors.lines.telnet import IAC, TelnetFilter, with_erasures
from groupchat.doors.lines.text_style import TextStyle, text_style
from groupchat.doors.wire import tls
from groupchat.doors.wire.conversation import Conversation
from groupchat.interfaces.entrances import IReception
from groupchat.interfaces.screens import Rendered
from groupchat.lazy.expressions import expression
from groupchat.model.errors import LineTooLong, NotUtf8, Refusal
from groupchat.model.events import Answer, Done, Ref
from groupchat.model.networks import origin
from groupchat.model.preferences import ACTIVE, Preferences, fitting_width

_NOTHING = Rendered(b"")

BEGINNING = Preferences(joins=ACTIVE)
"""The preferences of people who have chosen none."""

COMMAND_COST = 0.05
"""The cost of a telnet command, where a line costs 1: clients begin with some dozens."""


class WrongProtocol(Refusal):
    """The peer speaks a protocol that is not spoken here."""

    code: ClassVar[str] = "wrong-protocol"


class TextConversation(Conversation):
    """One connection of a person."""

    __slots__ = ("_columns", "_telnet")
    style: TextStyle

    def __init__(self, reception: IReception, address: str, exempt: bool) -> None:
        super().__init__(reception, address, exempt, text_style(BEGINNING, reception.settings.zone))
        self._columns = 0
        """The width of the peer's window, as far as it matters; 0: it is not known."""
        self._telnet: TelnetFilter | None = None
        """None as long as the peer has sent nothing of telnet: then it is sent nothing of it either."""

    @property
    def terminal(self) -> str:
        """The kind of terminal, as a telnet client told it."""
        return "" if self._telnet is None else self._telnet.terminal

    def prefer(self, preferences: Preferences) -> None:
        """Show things so from now on."""
        self.style = text_style(preferences, self.reception.settings.zone, self._columns, self.base)

    def answer(self, answer: Answer, ref: Ref, nick: str, current: str) -> Rendered:
        """Return the lines of this answer."""
        if type(answer) is Done and not answer.text:  # nearly every answer: what they said is on disk
            return _NOTHING
        return self.style.answer(answer, ref, current)

    def line_limit(self) -> int:
        return self.reception.settings.line_limit_bytes

    def admits(self, line: bytes) -> bool:
        """Look at the first line: its sender may be no person."""
        if not super().admits(line):
            return False
        if self._newcomer_lines == 1:
            if line.startswith(b"{"):
                self._become_program(line)
            elif (refusal := _recognised(line)) is not None:
                self.session.hangup(refusal)
        return not self._closed

    def take_line(self, line: bytes) -> None:
        """Hand what was typed to the session."""
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            self.session.reject(NotUtf8(f"That line is not UTF-8 (at byte {error.start + 1}); it was ignored."))
        else:
            self.session.typed(with_erasures(text))

    def conceal(self) -> None:
        """Ask the peer not to show what is typed, if it speaks telnet."""
        if self._telnet is not None:
            self.write(Rendered(self._telnet.conceal()))

    def reveal(self) -> None:
        """Ask the peer to show again what is typed, if it speaks telnet."""
        if self._telnet is not None:
            self.write(Rendered(self._telnet.reveal() + b"\r\n"))  # the one it sent was not shown

    # Twisted calls these.

    def connectionMade(self) -> None:
        super().connectionMade()
        self.prefer(self.style.preferences)  # the address is known from now on
        self.session.greet()

    def dataReceived(self, data: bytes) -> None:
        if not self._closed:
            if self._newcomer_lines == 0 and (self._waiting[:2] + data[:2]).startswith(tls.OPENING):
                self._end_late_tls()
            elif self._telnet is not None or IAC in data:
                data = self._without_telnet(data)
        super().dataReceived(data)

    def lineLengthExceeded(self, line: bytes) -> None:
        if self._newcomer_lines < 0 or super().admits(b""):
            limit = self.line_limit()
            self.session.reject(LineTooLong(f"A line can have {limit:,} bytes with its end; that one was left out."))

    def _become_program(self, line: bytes) -> None:
        self.write(Rendered(b"\r\n"))  # ends the prompt's line
        self.hand_over(JsonConversation(self.reception, self.address, self.exempt), line + b"\n")

    def _end_late_tls(self) -> None:
        """Close without a word: it would be no TLS, and the greeting was none either."""
        if self.reception.log_limits.allows("TLS clients at a plain port"):
            self.log.info("A TLS client came to a plain port, from {address}.", address=origin(self.address))
        self.session.hangup()

    def _without_telnet(self, data: bytes) -> bytes:
        """Return what of this is not telnet, which is answered here."""
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
        if fitting_width(self._telnet.columns) != self._columns:
            self._columns = fitting_width(self._telnet.columns)
            self.prefer(self.style.preferences)
            self.session.restyled()
        if refusal is not None:
            self.session.hangup(refusal)
        elif self._telnet.commands:
            self.session.charge(self._telnet.commands * COMMAND_COST)
        return data


_OTHERS = (
    (
        expression(rb"[A-Z]{3,10} \S+ HTTP/\d"),
        "This is a chat, not a web server. Join with netcat or telnet.",
    ),
    (
        expression(rb"SSH-\d"),
        "This is a chat, not an SSH server. Join with netcat or telnet.",
    ),
    (
        expression(rb"(?:CAP (?:LS|REQ|LIST|END)|(?:NICK|PASS|USER) :?[^ ])"),
        "This is a chat, but not IRC. Join with netcat or telnet.",
    ),
)
"""First lines of other protocols, none of which can be a nickname, and what their clients are told."""


def _recognised(line: bytes) -> WrongProtocol | None:
    """Return the refusal for a peer whose first line is one of another protocol."""
    for pattern, sentence in _OTHERS:
        if pattern.match(line):
            return WrongProtocol(sentence)
    return None
