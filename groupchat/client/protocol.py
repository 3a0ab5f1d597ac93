"""JSON Lines on one connection: bytes outside, dictionaries inside."""

import json
from typing import Any, Protocol, TypeAlias

from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from groupchat.client.client_errors import ConnectionDropped

Message: TypeAlias = dict[str, Any]
"""One JSON object, as it came."""


class Owner(Protocol):
    """What a connection tells of itself; ``wire`` is which one, for an owner that has had several."""

    def wire_opened(self, wire: "JsonLines") -> None:
        """The connection stands: something can be sent."""

    def wire_received(self, wire: "JsonLines", message: Message) -> None:
        """The server sent an object."""

    def wire_closed(self, wire: "JsonLines", reason: Exception) -> None:
        """The connection is gone."""


class JsonLines(LineOnlyReceiver):
    """One object a line, both ways; lines that do not start with ``{`` are for people and skipped.

    A skipped line of the form ``!! code: sentence`` is kept:
    it is how a server that turns everyone away says so before it knows what the client speaks.
    """

    delimiter = b"\n"
    MAX_LENGTH = 4 * 1024 * 1024
    """Bytes; far above any list the server makes, so that only a broken server meets it."""

    transport: Any  # ITCPTransport, IConsumer and IPushProducer in one, as tcp.Client is

    def __init__(self, owner: Owner) -> None:
        self.heard = True
        """Whether anything came since the owner last set this to false."""
        self.paused = False
        """Whether nothing is read just now, so that nothing can be heard."""
        self._owner = owner
        self._last_words = ""
        self._fault: Exception | None = None

    def send(self, message: Message) -> None:
        """Write one object."""
        self.transport.write(encode(message))

    def drop(self, reason: Exception) -> None:
        """End the connection now, for this reason."""
        self._fault = self._fault or reason
        self.transport.abortConnection()

    def pause(self) -> None:
        """Read no more until ``resume``."""
        self.paused = True
        self.transport.pauseProducing()

    def resume(self) -> None:
        """Read again; the silence before means nothing."""
        self.paused = False
        self.heard = True
        self.transport.resumeProducing()

    # Twisted calls these.

    def connectionMade(self) -> None:
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpKeepAlive(True)
            self.transport.setTcpNoDelay(True)
        self._owner.wire_opened(self)

    def dataReceived(self, data: bytes) -> None:
        self.heard = True
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        if self._fault is not None:
            return
        if not line.startswith(b"{"):
            if line.startswith(b"!! "):
                self._last_words = line[3:].decode("utf-8", "replace").strip()
            return
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):  # JSONDecodeError and UnicodeDecodeError are ValueErrors
            self.drop(ConnectionDropped("the server sent a line that is not JSON"))
            return
        # A refusal that answers nothing is why the server is about to close, if it does.
        refused = message.get("event") == "refused" and message.get("ref") is None
        self._last_words = f"{message.get('code')}: {message.get('text')}" if refused else ""
        self._owner.wire_received(self, message)

    def lineLengthExceeded(self, line: bytes) -> None:
        self.drop(ConnectionDropped(f"the server sent a line of more than {self.MAX_LENGTH} bytes"))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        told = ConnectionDropped(self._last_words) if self._last_words else None
        self._owner.wire_closed(self, self._fault or told or as_exception(reason))


def encode(message: Message) -> bytes:
    """One line, with its end, as the server takes it."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def as_exception(failure: Failure) -> Exception:
    """What went wrong, as an exception."""
    return failure.value if isinstance(failure.value, Exception) else ConnectionDropped(failure.getErrorMessage())
