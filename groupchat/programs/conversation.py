"""One connection that speaks text, as netcat would, but knows when it may speak and how it ended."""

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any
from typing import Protocol as Shape

from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.stdio.printable import Printer

PROMPTS = {"Choose your nickname: ": "nickname", "Password: ": "password"}
"""What the server writes without a line end, and what it then waits for."""

GREETING = "Connected to the server!"
REFUSAL = "!! "
GOODBYE = "-- Goodbye"
LEAVING = frozenset({b"/exit", b"/quit"})
RECOGNISED = 4096
"""Characters of a line that are looked at; longer ones are only passed on."""


class Stage(Enum):
    """How far in we are."""

    ARRIVING = "arriving"
    CHATTING = "chatting"
    LEAVING = "leaving"


class Owner(Shape):
    """Who the conversation is held for."""

    def shown(self, text: str) -> None:
        """The server says this; it is safe for a terminal."""

    def prompted(self, what: str) -> None:
        """The server waits for a ``nickname`` or a ``password``."""

    def turned_away(self, sentence: str) -> None:
        """The nickname or the password is refused."""

    def writable(self) -> None:
        """Lines can be sent, or sent again."""

    def closed(self, expected: bool, reason: str) -> None:
        """The connection is gone.  ``reason`` is the server's last refusal, or empty."""


@implementer(IPushProducer)
class Conversation(Protocol):
    """A text connection.

    :param split: whether prompts get a line end here, because nobody presses Enter on this output.
    """

    transport: Any  # ITCPTransport, IConsumer and IPushProducer in one, as tcp.Client is

    def __init__(self, owner: Owner, split: bool) -> None:
        self.stage = Stage.ARRIVING
        self._owner = owner
        self._split = split
        self._printer = Printer()
        self._line = ""
        self._asked = False
        self._offered = False
        self._after_prompt = False
        self._choked = False
        self._last_refusal = ""
        self._goodbye = False

    @property
    def ready(self) -> bool:
        """Whether a line may be sent now: before we are in, only one for each prompt.

        Else what was meant for everybody would be taken for another nickname when the first is refused.
        """
        return not self._choked and (self.stage is Stage.CHATTING or (self.stage is Stage.ARRIVING and self._asked))

    def send(self, line: bytes) -> None:
        """Send one line, when ``ready``."""
        self._asked = False
        self._offered = True
        self.transport.write(line + b"\n")
        if line.strip().lower() in LEAVING:
            # Whatever we sent after this would make the kernel throw away the server's last words.
            self.stage = Stage.LEAVING

    def leave(self) -> None:
        """Say that we go; the server answers everything sent before, then closes."""
        if self.stage is not Stage.LEAVING:
            self.send(b"/exit")

    def drop(self) -> None:
        """Close now, whatever the server does."""
        self.stage = Stage.LEAVING
        self.transport.abortConnection()

    # Twisted calls these.

    def connectionMade(self) -> None:
        self.transport.setTcpKeepAlive(True)
        self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(self, True)

    def pauseProducing(self) -> None:
        self._choked = True

    def resumeProducing(self) -> None:
        self._choked = False
        self._owner.writable()

    def stopProducing(self) -> None:
        self._choked = True

    def dataReceived(self, data: bytes) -> None:
        self._take(self._printer.feed(data))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._take(self._printer.feed(b"", final=True))
        self._owner.closed(self._goodbye or self.stage is Stage.LEAVING, self._last_refusal)

    # Inside.

    def _take(self, text: str) -> None:
        tell: list[Callable[[], None]] = []
        shown: list[str] = []
        *lines, rest = text.split("\n")
        for line in lines:
            shown.append(self._part(line, tell))
            if not self._after_prompt:
                shown.append("\n")
            self._after_prompt = False
            self._read(self._line, tell)
            self._line = ""
        shown.append(self._part(rest, tell))
        self._owner.shown("".join(shown))
        for call in tell:
            call()

    def _part(self, piece: str, tell: list[Callable[[], None]]) -> str:
        """Take a piece of a line, and give it back as it is to be shown."""
        self._line = (self._line + piece)[:RECOGNISED]
        if piece:
            self._after_prompt = False
        if self.stage is not Stage.ARRIVING:
            return piece
        while (prompt := next((prompt for prompt in PROMPTS if self._line.startswith(prompt)), None)) is not None:
            self._line = self._line.removeprefix(prompt)
            self._asked = True
            tell.append(partial(self._owner.prompted, PROMPTS[prompt]))
            if self._split:
                piece = piece[: len(piece) - len(self._line)] + "\n" + self._line
                self._after_prompt = not self._line
        return piece

    def _read(self, line: str, tell: list[Callable[[], None]]) -> None:
        """Look at a whole line for what it means to us."""
        self._last_refusal = line.removeprefix(REFUSAL) if line.startswith(REFUSAL) else ""
        if line.startswith(GOODBYE):
            self._goodbye = True
        elif self.stage is Stage.ARRIVING and line.startswith(GREETING):
            self.stage = Stage.CHATTING
            tell.append(self._owner.writable)
        elif self.stage is Stage.ARRIVING and self._last_refusal and self._offered:
            tell.append(partial(self._owner.turned_away, self._last_refusal))
