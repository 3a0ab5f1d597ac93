"""JSON Lines on one connection: bytes outside, dictionaries inside."""

import json
import re
from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from groupchat.client.core.client_errors import ConnectionDropped

Message: TypeAlias = dict[str, Any]
"""One JSON object as the server sent it."""

_ANSWERS: Mapping[str, Mapping[str, type]] = {
    "welcome": {"nick": str, "room": str, "head": int, "token": str, "rooms": list},
    "done": {"id": int, "room": str, "text": str},
    "refused": {"code": str, "text": str},
    "listed": {"items": list, "text": str},
    "closing": {"code": str, "text": str},
}
"""The types of the fields of answers on which the client relies; one that is left out, or null, is no fault."""

REFUSAL = re.compile(r"!! ([a-z0-9-]+): (.*)")
"""The form of a refusal before the server knows that a program is at the other end."""


class Owner(Protocol):
    """The user of a connection; ``wire`` says which connection, since an owner may have had several."""

    def wire_opened(self, wire: "JsonLines") -> None:
        """The connection is established."""

    def wire_received(self, wire: "JsonLines", message: Message) -> None:
        """The server sent an object."""

    def wire_closed(self, wire: "JsonLines", reason: Exception) -> None:
        """The connection is gone."""


class JsonLines(LineOnlyReceiver):
    """One object a line, both ways; lines that do not start with ``{`` are for people and skipped.

    The reason why the connection ends is, in this order: the client's own, the last ``closing`` event
    (in the words of the refusal before it, if they have the same code), such a refusal alone, and the network's error.
    """

    delimiter = b"\n"
    MAX_LENGTH = 4 * 1024 * 1024
    """Bytes; far above every list the server makes, so that only a broken server exceeds it."""

    transport: Any  # ITCPTransport, IConsumer and IPushProducer in one, as tcp.Client is

    def __init__(self, owner: Owner) -> None:
        self.heard = True
        """True if anything came since the owner last set this to false."""
        self.paused = False
        """True while reading is paused, so that silence means nothing."""
        self._owner = owner
        self._told: ConnectionDropped | None = None
        self._refused = ConnectionDropped("")
        """The last refusal that answered no request; its sentence says more than that of ``closing``."""
        self._fault: Exception | None = None

    def send(self, message: Message) -> None:
        """Write one object."""
        self.transport.write(encode(message))

    def drop(self, reason: Exception) -> None:
        """End the connection now, for this reason."""
        self._fault = self._fault or reason
        self.transport.abortConnection()

    def pause(self) -> None:
        """Stop reading until ``resume``."""
        self.paused = True
        self.transport.pauseProducing()

    def resume(self) -> None:
        """Read again; the silence before does not count."""
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
            refusal = REFUSAL.match(line.decode("utf-8", "replace"))
            if refusal is not None:
                self._told = ConnectionDropped(refusal[2].strip(), refusal[1])
            return
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):  # JSONDecodeError and UnicodeDecodeError are ValueErrors
            self.drop(ConnectionDropped("the server sent a line that is not JSON"))
            return
        fault = fault_of(message)
        if fault:
            self.drop(ConnectionDropped(f"the server sent {fault}"))
            return
        self._told = self._farewell(message)
        self._owner.wire_received(self, message)

    def lineLengthExceeded(self, line: bytes) -> None:
        self.drop(ConnectionDropped(f"the server sent a line of more than {self.MAX_LENGTH} bytes"))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._owner.wire_closed(self, self._fault or self._told or as_exception(reason))

    def _farewell(self, message: Message) -> ConnectionDropped | None:
        """Return why the server is about to close the connection, if this message says so.

        Servers before the ``closing`` event say it with a refusal that answers no request.
        """
        event = message.get("event")
        if event != "closing" and (event != "refused" or message.get("ref") is not None):
            return None
        told = ConnectionDropped(str(message.get("text", "")), str(message.get("code", "")))
        if event == "refused":
            self._refused = told
        return self._refused if self._refused.code == told.code else told


def fault_of(message: Message) -> str:
    """Return what is wrong with a message of the server; empty if nothing is."""
    event = message.get("event")
    if event is not None and not isinstance(event, str):
        return "an event without a name"
    for name, kind in _ANSWERS.get(event or "", {}).items():
        value = message.get(name)
        if value is not None and type(value) is not kind:
            what = {str: "text", int: "number", list: "array"}[kind]
            return f"an answer ({event}) whose {name} is no {what}"
    return ""


def encode(message: Message) -> bytes:
    """Return one line, with its end, as the server reads it."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def as_exception(failure: Failure) -> Exception:
    """Return the failure's exception."""
    return failure.value if isinstance(failure.value, Exception) else ConnectionDropped(failure.getErrorMessage())
