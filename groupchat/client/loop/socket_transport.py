"""Connected sockets as transports of the core."""

import select
import socket
from contextlib import suppress

from groupchat.client.core.client_errors import ConnectionEnded
from groupchat.client.core.network import Receiver
from groupchat.client.loop.event_loop import READ, WRITE, Loop

PIECE = 65536
"""Bytes that are read at once, and that may wait to be sent before the receiver is told to write no more."""


class SocketTransport:
    """One connection, in a loop."""

    def __init__(self, loop: Loop, connected: socket.socket, receiver: Receiver) -> None:
        self._loop = loop
        self._socket = connected
        self._receiver = receiver
        self._unsent = bytearray()
        self._is_open = True
        self._is_reading = True
        self._is_full = False
        self._is_closing = False
        self._is_deaf = False
        """True once the other side takes nothing any more; what it has said may still be read."""
        self._watch = loop.watch(connected.fileno(), self._ready)

    def begin(self) -> None:
        """Hand the connection to its receiver."""
        with suppress(OSError):  # an old kernel, or a socket of another kind
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._want()
        self._receiver.opened(self)

    def write(self, data: bytes) -> None:
        """Send bytes; those that the socket does not take yet wait."""
        if not self._is_open or self._is_deaf or self._is_closing:
            return
        self._unsent += data
        if len(self._unsent) == len(data):
            self._send()
        if self._is_open:
            self._want()

    def pause(self) -> None:
        """Read nothing until ``resume``."""
        self._is_reading = False
        self._want()

    def resume(self) -> None:
        """Read again."""
        self._is_reading = True
        self._want()

    def close(self) -> None:
        """End the connection when everything is sent."""
        self._is_closing = True
        if not self._unsent:
            self._end(ConnectionEnded("closed"))

    def abort(self) -> None:
        """End the connection now."""
        self._end(ConnectionEnded("aborted"))

    def _want(self) -> None:
        if not self._is_open:
            return
        events = (READ if self._is_reading else 0) | (WRITE if self._unsent else 0)
        if events:
            self._watch.want(events)
        else:
            self._watch.stop()  # poll would tell of a hang-up again and again, though nobody reads

    def _ready(self, event: int) -> None:
        if event & (WRITE | select.POLLERR | select.POLLHUP) and self._unsent:
            self._send()
        if event & ~WRITE and self._is_open and self._is_reading:
            self._read()
        self._want()

    def _read(self) -> None:
        try:
            data = self._socket.recv(PIECE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._end(ConnectionEnded(error.strerror or str(error)))
            return
        if data:
            self._receiver.received(data)
        else:
            self._end(ConnectionEnded("the other side closed the connection"))

    def _send(self) -> None:
        try:
            sent = self._socket.send(self._unsent)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self._is_deaf = True  # the reason is among what is still to be read, or is the next error
            sent = len(self._unsent)
        del self._unsent[:sent]
        if not self._unsent and self._is_closing:
            self._end(ConnectionEnded("closed"))
        elif self._is_full != (len(self._unsent) > (0 if self._is_full else PIECE)):
            self._is_full = not self._is_full
            self._receiver.congested(self._is_full)

    def _end(self, error: Exception) -> None:
        if not self._is_open:
            return
        self._is_open = False
        self._unsent.clear()
        self._watch.stop()
        self._socket.close()
        self._loop.call_soon(self._receiver.closed, error)
