"""JSON Lines on one connection: bytes outside, dictionaries inside."""

import json
import re
from collections.abc import Callable, Mapping
from math import inf
from typing import Any, Protocol, TypeAlias

from groupchat.client.core.client_errors import ConnectionDropped
from groupchat.client.core.network import Transport

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


LONGEST_LINE = 4 * 1024 * 1024
"""Bytes; far above every list the server makes, so that only a broken server exceeds it."""


DEEPEST = 32
"""Levels of arrays and objects in one another; the server's have four at most."""

_ODD = re.compile(rb"[0-9]{19}|[eE]\+?[0-9]{3}|\\u[dD][89a-fA-F]")
"""What a number of more than 64 bits, or half of a character, is written with; it is rare in other lines."""

_HALF = re.compile(r"[\ud800-\udfff]")
"""Half of a character, which cannot be written in UTF-8, and so not be sent back."""


class Unconnected:
    """The transport of a connection that is not established."""

    def write(self, data: bytes) -> None:
        """Do nothing."""

    def pause(self) -> None:
        """Do nothing."""

    def resume(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def abort(self) -> None:
        """Do nothing."""


class JsonLines:
    """One object a line, both ways; lines that do not start with ``{`` are for people and skipped.  A Receiver.

    The reason why the connection ends is, in this order: the client's own, the last ``closing`` event
    (in the words of the refusal before it, if they have the same code), such a refusal alone, and the network's error.

    :param connected: is called when the connection is established, before its owner learns of it.
    :param failed: is called if it cannot be established.
    :param congested: is called when the network takes no more for the moment (true), or again (false).
    """

    def __init__(
        self,
        owner: Owner,
        connected: Callable[[], object] = lambda: None,
        failed: Callable[[Exception], object] = lambda error: None,
        congested: Callable[[bool], object] = lambda is_full: None,
    ) -> None:
        self.heard = True
        """True if anything came since the owner last set this to false."""
        self.paused = False
        """True while reading is paused, so that silence means nothing."""
        self.transport: Transport = Unconnected()
        self._owner = owner
        self._connected = connected
        self._failed = failed
        self._congested = congested
        self._rest = bytearray()
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
        self.transport.abort()

    def pause(self) -> None:
        """Stop reading until ``resume``."""
        self.paused = True
        self.transport.pause()

    def resume(self) -> None:
        """Read again; the silence before does not count."""
        self.paused = False
        self.heard = True
        self.transport.resume()

    # The network calls these.

    def opened(self, transport: Transport) -> None:
        self.transport = transport
        self._connected()
        try:
            self._owner.wire_opened(self)
        except Exception as error:  # otherwise nobody would learn that nothing more will come
            self.drop(ConnectionDropped(f"the client cannot join: {type(error).__name__}: {error}"))

    def failed(self, error: Exception) -> None:
        self._failed(error)

    def congested(self, is_full: bool) -> None:
        self._congested(is_full)

    def received(self, data: bytes) -> None:
        self.heard = True
        self._rest += data
        if b"\n" in data:
            *lines, rest = self._rest.split(b"\n")
            self._rest = rest
            for line in lines:
                if self._fault is not None:
                    return
                self._take(bytes(line))
        if len(self._rest) > LONGEST_LINE:
            self.drop(ConnectionDropped(f"the server sent a line of more than {LONGEST_LINE} bytes"))

    def closed(self, error: Exception) -> None:
        self.transport = Unconnected()
        self._owner.wire_closed(self, self._fault or self._told or error)

    # Inside.

    def _take(self, line: bytes) -> None:
        if not line.startswith(b"{"):
            refusal = REFUSAL.match(line.decode("utf-8", "replace"))
            if refusal is not None:
                self._told = ConnectionDropped(refusal[2].strip(), refusal[1])
            return
        try:
            message = decoded(line)
        except (ValueError, RecursionError):  # JSONDecodeError and UnicodeDecodeError are ValueErrors
            self.drop(ConnectionDropped("the server sent a line that is not JSON"))
            return
        is_suspect = _ODD.search(line) is not None or line.count(b"{") + line.count(b"[") > DEEPEST
        fault = (_oddity_in(message) if is_suspect else "") or fault_of(message)
        if fault:
            self.drop(ConnectionDropped(f"the server sent {fault}"))
            return
        self._told = self._farewell(message)
        self._owner.wire_received(self, message)

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


def _oddity_in(message: Message) -> str:
    """Return what there is in a message that programs need not expect anywhere; empty if there is nothing."""
    level: list[Any] = [message]
    for _ in range(DEEPEST + 1):
        deeper: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                deeper += [*value, *value.values()]
            elif isinstance(value, list):
                deeper += value
            elif (isinstance(value, int) and not -(2**63) <= value < 2**63) or value in (inf, -inf):  # such as 1e999
                return "a number of more than 64 bits"
            elif isinstance(value, str) and _HALF.search(value):
                return "half of a character"
        if not deeper:
            return ""
        level = deeper
    return f"arrays or objects in more than {DEEPEST} levels"


def encode(message: Message) -> bytes:
    """Return one line, with its end, as the server reads it.

    :raises ValueError: a value in it cannot be written as JSON.
    """
    return json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def decoded(line: bytes) -> Any:
    """Return what is written in JSON.

    :raises ValueError: it is none.
    :raises RecursionError: it has too many levels.
    """
    return _DECODER.decode(line.decode())


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON, although Python reads it")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
