"""The network of the core, with asyncio."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from groupchat.client.core.client_errors import (
    BY_NUMBER,
    ConnectionEnded,
    NoConnection,
    NoRoute,
    NothingListens,
    TimedOut,
    UnknownHost,
)
from groupchat.client.core.network import Attempt, Receiver, Timer

PATIENCE = 20.0
"""Seconds for one attempt to connect."""

STAGGER = 0.25
"""Seconds after which another address of the host is tried beside the first (RFC 8305)."""


class AsyncClock:
    """The clock of the running event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def seconds(self) -> float:
        """Return the seconds since some moment."""
        return self._loop.time()

    def call_later(self, delay: float, call: Callable[..., object], *arguments: object) -> Timer:
        """Call this with these arguments in so many seconds."""
        return self._loop.call_later(delay, call, *arguments)


class AsyncDialer:
    """Connects to one address; the host's IPv6 and IPv4 addresses are tried side by side."""

    def __init__(self, loop: asyncio.AbstractEventLoop, host: str, port: int) -> None:
        self._loop = loop
        self.place = host, port

    def dial(self, receiver: Receiver) -> Attempt:
        """Begin to connect; the receiver is told what becomes of it."""
        return AsyncAttempt(self._loop, *self.place, receiver)


class AsyncAttempt:
    """One attempt to connect."""

    def __init__(self, loop: asyncio.AbstractEventLoop, host: str, port: int, receiver: Receiver) -> None:
        self._loop = loop
        self._place = host, port
        self._receiver = receiver
        self._wire = AsyncWire(receiver)
        self._task = loop.create_task(self._connect())

    def cancel(self) -> None:
        """Give up, unless the connection is established."""
        if not self._wire.is_open:
            self._wire.give_up()
            self._task.cancel()

    async def _connect(self) -> None:
        host, port = self._place
        try:
            async with asyncio.timeout(PATIENCE):
                await self._loop.create_connection(
                    lambda: self._wire, host, port, happy_eyeballs_delay=STAGGER, interleave=1
                )
        except (OSError, ValueError) as error:  # a name that DNS cannot have raises the latter
            self._receiver.failed(no_connection(error, host, port))


class AsyncWire(asyncio.Protocol):
    """One connection: what asyncio calls is told to the receiver; and the Transport that the receiver writes to."""

    def __init__(self, receiver: Receiver) -> None:
        self.is_open = False
        self._receiver = receiver
        self._transport: Any = None
        self._is_given_up = False

    def give_up(self) -> None:
        """Tell the receiver nothing: asyncio may be about to tell of a connection that was cancelled a moment ago."""
        self._is_given_up = True

    # The receiver calls these.

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def pause(self) -> None:
        """Read nothing until ``resume``."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        """End the connection when everything is sent."""
        self._transport.close()

    def abort(self) -> None:
        """End the connection now."""
        self._transport.abort()

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        if self._is_given_up:
            transport.close()
            return
        self.is_open = True
        if (link := transport.get_extra_info("socket")) is not None:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._receiver.opened(self)

    def data_received(self, data: bytes) -> None:
        self._receiver.received(data)

    def pause_writing(self) -> None:
        self._receiver.congested(True)

    def resume_writing(self) -> None:
        self._receiver.congested(False)

    def connection_lost(self, error: Exception | None) -> None:
        if self.is_open:
            self._receiver.closed(ConnectionEnded(str(error or "the server closed the connection")))


def no_connection(error: Exception, host: str, port: int) -> NoConnection:
    """Return the library's error for one of the network, in words for the programmer."""
    kind = _kind(error)
    words = {
        NothingListens: f"nothing listens at {host}, port {port}",
        NoRoute: f"there is no route to {host}",
        TimedOut: f"{host}, port {port}, did not answer in {PATIENCE:g} seconds",
        UnknownHost: f"unknown host: {host}",
    }
    return kind(words.get(kind, str(error)))


def _kind(error: Exception) -> type[NoConnection]:
    """Return what kind of error it is; asyncio joins those of several addresses into one, without a number."""
    if isinstance(error, socket.gaierror | ValueError):
        return UnknownHost
    if isinstance(error, TimeoutError):
        return TimedOut
    for number, kind in BY_NUMBER.items():
        if getattr(error, "errno", None) == number or f"[Errno {number}]" in str(error):
            return kind
    return NoConnection
