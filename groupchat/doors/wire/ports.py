"""Listening ports, from what an administrator writes."""

import os
import re
import socket
from collections.abc import Iterable
from typing import Any

from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from twisted.python.failure import Failure

from groupchat.doors.wire import inherited
from groupchat.doors.wire.local_sockets import LocalEndpoint
from groupchat.model.errors import CannotStart

BACKLOG = 1024
"""The most connections that may wait in the kernel to be accepted.

With Twisted's 50, some of two hundred that come at once wait 3 seconds, because their SYN is sent again.
"""

_WITH_BACKLOG = ("tcp:", "tcp6:", "ssl:")

_MODE = 0o666
"""The permissions of a UNIX socket by default: everybody on this machine can connect, as to a TCP port."""


_TLS_ARGUMENTS = {"ssl": ("port", "privateKey", "certKey"), "tls": ("path", "port")}
"""The endpoints of Twisted with TLS of their own, with the names of their first arguments."""


def check_plain(places: Iterable[str]) -> None:
    """Refuse endpoints with TLS of their own, which send no chain, or choose certificates in another way than ours.

    Every port takes TLS, if the client begins with it.

    :raises CannotStart: there is one; says what to write instead.
    """
    for place in places:
        kind, *arguments = re.split(r"(?<!\\):", place.removeprefix("haproxy:"))
        if kind not in _TLS_ARGUMENTS:
            continue
        given = {name: value for name, is_named, value in (part.partition("=") for part in arguments) if is_named}
        given |= dict(zip(_TLS_ARGUMENTS[kind], (part for part in arguments if "=" not in part), strict=False))
        key = given.get("privateKey", "server.pem")
        certificate = given.get("path") or ",".join(dict.fromkeys((given.get("certKey", key), key)))
        interface = f":interface={given['interface']}" if "interface" in given else ""
        raise CannotStart(
            f"Cannot listen at {place!r}: every port takes TLS by itself, so {kind}: is not needed; "
            f"write --port tcp:{given.get('port', '443')}{interface} --tls {certificate} instead."
        )


class Ports:
    """All ports that one factory listens at.

    They are bound before they accept anything: meanwhile, connections wait in the kernel.
    """

    def __init__(self, reactor: Any, places: Iterable[str]) -> None:
        """:param places: port numbers or endpoints.

        :raises CannotStart: one of them is neither.
        """
        self._endpoints = [(place, endpoint) for place in places for endpoint in endpoints(reactor, place)]
        self.bound: list[Any] = []

    def bind(self, factory: IProtocolFactory) -> None:
        """Take the ports, and accept nothing yet.

        :raises CannotStart: one is busy, or not ours to take; those before it stay bound until ``close``.
        """
        for place, endpoint in self._endpoints:
            failures: list[Failure] = []
            endpoint.listen(factory).addCallbacks(self._bound, failures.append)
            if failures:
                raise refused(place, failures[0])

    def _bound(self, port: Any) -> None:
        port.stopReading()
        self.bound.append(port)

    def accept(self) -> list[str]:
        """Accept connections from now on; return the addresses, for the log."""
        for port in self.bound:
            port.startReading()
        return [where(port) for port in self.bound]

    def close(self) -> "Deferred[Any]":
        """Stop listening; existing connections stay."""
        return gatherResults([maybeDeferred(port.stopListening) for port in self.bound], consumeErrors=True)


def endpoints(reactor: Any, place: str) -> list[IStreamServerEndpoint]:
    """Return the endpoints of a port number, which means all addresses, or of any endpoint string of Twisted.

    :raises CannotStart: it is neither.
    """
    if place.startswith("haproxy:"):
        raise CannotStart(
            f"Cannot listen at {place!r}: every port takes PROXY headers, from the networks in the setting proxies; "
            f"write --port {place.removeprefix('haproxy:')} instead."
        )
    if place.isascii() and place.isdigit():
        if int(place) > 65535:
            raise CannotStart(f"There is no port {place}; the highest is 65535.")
        descriptions = [f"{family}:{int(place)}" for family in _families()]
    else:
        descriptions = [place]
    try:
        kind, *words = _words(place)
        if kind == "unix":
            return [_local(reactor, words)]
        if kind == "systemd":
            return inherited.endpoints(reactor, _fields(words, "name", "index", "domain"))
        return [serverFromString(reactor, _with_backlog(description)) for description in descriptions]
    except Exception as error:
        # Parsers of endpoints raise whatever they meet: ValueError, KeyError, TypeError, OSError of certificates.
        hint = "give a port number, or an endpoint such as tcp:5000:interface=127.0.0.1"
        raise CannotStart(f"Cannot listen at {place!r} ({_sentence(error)}); {hint}.") from error


def refused(place: str, failure: Failure) -> CannotStart:
    """Return the error that tells the administrator why this port cannot be taken."""
    error: BaseException = failure.value  # type: ignore[assignment]  # only cleaned failures have none
    if isinstance(error, CannotListenError) and isinstance(error.socketError, OSError):
        error = error.socketError
    reason = error.strerror if isinstance(error, OSError) and error.strerror else _sentence(error)
    return CannotStart(f"Cannot listen at {place}: {reason}.")


def where(port: IListeningPort) -> str:
    """Return the address of a listening port, for the log."""
    address: Any = port.getHost()
    if hasattr(address, "port"):
        return f"[{address.host}]:{address.port}" if ":" in address.host else f"{address.host}:{address.port}"
    name = getattr(address, "name", None)
    return "unix:" + os.fsdecode(name).replace("\0", "@", 1) if name else str(address)


def _local(reactor: Any, words: list[str]) -> LocalEndpoint:
    """Return the endpoint of ``unix:PATH:mode=660:backlog=100``.

    ``lockfile``, which Twisted has, changes nothing: a socket that was left over is never in the way.

    :raises ValueError: it is not one.
    """
    path = words[0] if words and "=" not in words[0] else ""
    fields = _fields(words[1:] if path else words, "address", "mode", "backlog", "lockfile")
    path = path or fields.get("address", "")
    if not path:
        raise ValueError("it has no path")
    return LocalEndpoint(
        reactor, path, int(fields["mode"], 8) if "mode" in fields else _MODE, int(fields.get("backlog", BACKLOG))
    )


def _words(place: str) -> list[str]:
    """Split an endpoint at its colons; one after a backslash belongs to a word, as in Twisted."""
    return [re.sub(r"\\(.)", r"\1", word) for word in re.split(r"(?<!\\):", place)]


def _fields(words: list[str], *known: str) -> dict[str, str]:
    """Return the fields ``name=value`` of an endpoint.

    :raises ValueError: there is an unknown one.
    """
    fields = {name: value for name, _, value in (word.partition("=") for word in words)}
    if unknown := sorted(set(fields) - set(known)):
        raise ValueError(f"it has no {unknown[0]!r}; its fields are {', '.join(known)}")
    return fields


def _with_backlog(description: str) -> str:
    if description.startswith(_WITH_BACKLOG) and ":backlog=" not in description:
        return f"{description}:backlog={BACKLOG}"
    return description


def _families() -> list[str]:
    """Return the endpoint types that cover all addresses: IPv6 serves IPv4 too unless the kernel is set otherwise."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::", 0))
            return ["tcp6", "tcp"] if probe.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) else ["tcp6"]
    except OSError:
        return ["tcp"]


def _sentence(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
