"""Connections to a host by its name or address: all its addresses are tried, IPv6 and IPv4 (RFC 8305)."""

import errno
import os
import socket
from contextlib import suppress
from itertools import chain, zip_longest
from typing import TypeAlias

from groupchat.client.core.client_errors import BY_NUMBER, NoConnection, NoRoute, NothingListens, TimedOut, UnknownHost
from groupchat.client.core.network import Attempt, Receiver
from groupchat.client.loop.event_loop import WRITE, Call, Loop, Watch
from groupchat.client.loop.socket_transport import SocketTransport

PATIENCE = 20.0
"""Seconds for one attempt, with all addresses."""

HEAD_START = 0.3
"""Seconds after which the next address is tried beside one that has not answered."""

RESOLVER = "resolver"
"""The name of threads that ask for a host's addresses."""

Place: TypeAlias = tuple[int, tuple[object, ...]]
"""A family of addresses, and an address as sockets take it."""


class SocketDialer:
    """Connects to one port of a host."""

    def __init__(self, loop: Loop, host: str, port: int) -> None:
        self._loop = loop
        self._host = host
        self._port = port

    def dial(self, receiver: Receiver) -> Attempt:
        """Begin to connect."""
        dialing = _Dialing(self._loop, receiver)
        is_here = self._host.lower() == "localhost"  # which every machine knows by itself
        try:
            places = _places(self._host, self._port, 0 if is_here else socket.AI_NUMERICHOST)
        except UnknownHost:
            from threading import Thread  # an address needs none

            # To ask for a name may take long, and cannot be interrupted.
            Thread(None, self._ask, RESOLVER, (dialing,), daemon=True).start()
        else:
            self._loop.call_soon(dialing.begin, places)
        return dialing

    def _ask(self, dialing: "_Dialing") -> None:
        try:
            places = _places(self._host, self._port, 0)
        except UnknownHost as error:
            self._loop.call_soon(dialing.fail, error)
        else:
            self._loop.call_soon(dialing.begin, places)


class _Dialing:
    """One attempt: sockets that try to connect; the first one to succeed wins."""

    def __init__(self, loop: Loop, receiver: Receiver) -> None:
        self._loop = loop
        self._receiver = receiver
        self._places: list[Place] = []
        self._trying: dict[socket.socket, Watch] = {}
        self._error: NoConnection = NoConnection("the host has no address that can be reached from here")
        self._is_over = False
        self._next: Call | None = None
        self._end = loop.call_later(PATIENCE, self.fail, TimedOut("no answer"))

    def begin(self, places: list[Place]) -> None:
        """Try these addresses, in this order."""
        self._places = places
        self._try_next()

    def fail(self, error: NoConnection) -> None:
        """Tell that there is no connection."""
        if not self._is_over:
            self.cancel()
            self._receiver.failed(error)

    def cancel(self) -> None:
        """Give up."""
        self._is_over = True
        self._end.cancel()
        if self._next is not None:
            self._next.cancel()
        for trying in [*self._trying]:
            self._drop(trying)

    def _try_next(self) -> None:
        if self._next is not None:
            self._next.cancel()
        while self._places and not self._is_over:
            family, place = self._places.pop(0)
            if self._try(family, place):
                self._next = self._loop.call_later(HEAD_START, self._try_next)
                return
        if not self._trying and not self._is_over:
            self.fail(self._error)

    def _try(self, family: int, place: tuple[object, ...]) -> bool:
        """Begin with one address; return whether it may succeed."""
        try:
            trying = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            self._note(error.errno or 0)
            return False
        trying.setblocking(False)
        code = trying.connect_ex(place)
        if code not in (0, errno.EINPROGRESS):
            trying.close()
            self._note(code)
            return False
        watch = self._trying[trying] = self._loop.watch(trying.fileno(), lambda event: self._decided(trying))
        watch.want(WRITE)
        return True

    def _decided(self, trying: socket.socket) -> None:
        code = trying.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._drop(trying)
            self._note(code)
            self._try_next()
            return
        self._trying.pop(trying).stop()
        self.cancel()
        SocketTransport(self._loop, trying, self._receiver).begin()

    def _drop(self, trying: socket.socket) -> None:
        self._trying.pop(trying).stop()
        trying.close()

    def _note(self, code: int) -> None:
        """Keep the error that says most: a host may have addresses of a kind that this machine cannot use at all."""
        error = _error_of(code)
        if not isinstance(error, NoRoute) or not isinstance(self._error, NothingListens | TimedOut):
            self._error = error


def _places(host: str, port: int, flags: int) -> list[Place]:
    """Return the addresses of a host, those of IPv6 and IPv4 by turns.

    :raises UnknownHost: it has none.
    """
    try:
        # A str would be encoded as an international name, and the rules for these loaded.
        name = host.encode("ascii") if host.isascii() else host
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=flags)
    except (OSError, UnicodeError) as error:  # a name that cannot be one is a UnicodeError
        raise UnknownHost(str(error)) from error
    return by_turns([(family, place) for family, _, _, _, place in found])


def by_turns(places: list[Place]) -> list[Place]:
    """Return the places of each family by turns with those of the others."""
    families: dict[int, list[Place]] = {}
    for place in places:
        families.setdefault(place[0], []).append(place)
    return [place for place in chain(*zip_longest(*families.values())) if place is not None]


def _error_of(code: int) -> NoConnection:
    with suppress(KeyError):
        return BY_NUMBER[code](os.strerror(code))
    return NoConnection(os.strerror(code))
