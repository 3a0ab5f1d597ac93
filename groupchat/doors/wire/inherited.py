"""Serve sockets that a service manager has opened and handed over, as systemd does (sd_listen_fds(3))."""

import os
import socket
from collections.abc import Iterable, Mapping
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.endpoints import AdoptedStreamServerEndpoint, serverFromString
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from zope.interface import implementer

from groupchat.doors.wire.transport import LocalPort

BACKLOG = socket.SOMAXCONN


def endpoints(reactor: Any, fields: Mapping[str, str]) -> list[IStreamServerEndpoint]:
    """Return the endpoints of all sockets with a name, or of the one with an index.

    Each is served as what it is; ``domain``, which Twisted needs, is not looked at:
    one name may stand for IPv4, IPv6 and UNIX sockets at the same time.

    :param fields: ``name`` or ``index``, and ``domain``.
    :raises ValueError: there is none, or one is not a listening stream socket.
    """
    sockets = handed_over(reactor)
    if "name" in fields:
        found = [number for number, name in sockets if name == fields["name"]]
    elif fields.get("index", "").isdecimal():
        found = [number for number, _ in sockets[int(fields["index"]) :][:1]]
    else:
        raise ValueError("it needs a name, or an index")
    if not found:
        names = ", ".join(dict.fromkeys(name for _, name in sockets))
        raise ValueError(f"no such socket was handed over; those that were: {names or 'none'}")
    return [_endpoint(reactor, number) for number in found]


def unused(reactor: Any, places: Iterable[str]) -> list[str]:
    """Return the names of sockets that were handed over and that no endpoint uses: nobody accepts there."""
    fields = [place.split(":") for place in places]
    used = {word.removeprefix("name=") for words in fields for word in words if words[0] == "systemd"}
    if any(word.startswith("index=") for word in used):
        return []
    return [name for name in dict.fromkeys(name for _, name in handed_over(reactor)) if name not in used]


def handed_over(reactor: Any) -> list[tuple[int, str]]:
    """Return the descriptors and names of all sockets that were handed over, in their order.

    Twisted removes the two variables that tell of them when it is imported; it is asked instead.
    """
    names = os.environ.get("LISTEN_FDNAMES", "").split(":")
    found: list[tuple[int, str]] = []
    for index, name in enumerate(names):
        try:
            adopted: Any = serverFromString(reactor, f"systemd:domain=INET:index={index}")
        except IndexError:
            break
        found.append((adopted.fileno, name))
    return found


def _endpoint(reactor: Any, number: int) -> IStreamServerEndpoint:
    """:raises ValueError: it is not a listening stream socket."""
    with socket.socket(fileno=os.dup(number)) as handed:
        family, kind = handed.family, handed.type
        listens = handed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if kind != socket.SOCK_STREAM or not listens:
        raise ValueError("the socket handed over accepts no connections; it needs ListenStream= and Accept=no")
    if family == socket.AF_UNIX:
        return InheritedLocalEndpoint(reactor, number)
    return AdoptedStreamServerEndpoint(reactor, number, family)


@implementer(IStreamServerEndpoint)
class InheritedLocalEndpoint:
    """A UNIX socket that was handed over; its path and mode belong to whoever made it."""

    def __init__(self, reactor: Any, number: int) -> None:
        self._reactor = reactor
        self._number = number

    def listen(self, protocolFactory: IProtocolFactory) -> "Deferred[IListeningPort]":
        """Listen; fails with OSError."""
        try:
            port = LocalPort(socket.socket(fileno=self._number), protocolFactory, BACKLOG, self._reactor)
            port.startListening()
        except OSError:
            return fail()
        return succeed(port)
