"""The network between clients and a fake server: bytes that never leave the process."""

from collections.abc import Callable
from typing import Protocol

from groupchat.client.core.client_errors import ConnectionEnded, NothingListens
from groupchat.client.core.network import Attempt, Receiver
from groupchat.client.testing.fake_visit import FakeVisit

Soon = Callable[..., object]
"""Calls a function with its arguments in one of the next turns of the event loop, in order."""


class Listener(Protocol):
    """The server."""

    moved: int

    def connect(self, write: Callable[[bytes], None], hang_up: Callable[[bool], None]) -> FakeVisit:
        """Begin a connection.

        :raises ConnectionRefusedError: the server is stopped.
        """


class FakeDialer:
    """Connects to a fake server."""

    def __init__(self, server: Listener, soon: Soon) -> None:
        self._server = server
        self._soon = soon

    def dial(self, receiver: Receiver) -> Attempt:
        """Begin to connect; the receiver is told what becomes of it."""
        return FakeWire(self._server, self._soon, receiver)


class FakeWire:
    """One connection, or an attempt at one."""

    def __init__(self, server: Listener, soon: Soon, receiver: Receiver) -> None:
        self._server = server
        self._soon = soon
        self._receiver = receiver
        self._visit: FakeVisit | None = None
        self._arrived = bytearray()
        self._is_paused = self._is_cancelled = self._is_over = self._is_told = False
        soon(self._connect)

    # The client calls these.

    def cancel(self) -> None:
        """Give up, unless the connection is established."""
        self._is_cancelled = self._visit is None

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self._soon(self._reach, data)

    def pause(self) -> None:
        """Read nothing until ``resume``."""
        self._is_paused = True

    def resume(self) -> None:
        """Read again."""
        self._is_paused = False
        self._soon(self._deliver)

    def close(self) -> None:
        """End the connection when everything is sent."""
        self._soon(self.abort)

    def abort(self) -> None:
        """End the connection now."""
        if self._visit is not None:
            self._visit.lost()
        self._hang_up(True)

    # The server calls these, through the visit.

    def _arrive(self, data: bytes) -> None:
        self._arrived += data
        self._soon(self._deliver)

    def _hang_up(self, at_once: bool) -> None:
        if at_once:
            self._arrived.clear()
        self._is_over = True
        self._soon(self._deliver)

    # The event loop calls these.

    def _connect(self) -> None:
        if self._is_cancelled:
            return
        try:
            self._visit = self._server.connect(self._arrive, self._hang_up)
        except ConnectionRefusedError as error:
            self._receiver.failed(NothingListens(str(error)))
            return
        self._server.moved += 1
        self._receiver.opened(self)

    def _reach(self, data: bytes) -> None:
        self._server.moved += 1
        if self._visit is not None and not self._is_over:
            self._visit.received(data)

    def _deliver(self) -> None:
        self._server.moved += 1
        if self._is_paused and not self._is_over:
            return
        data = bytes(self._arrived)
        self._arrived.clear()
        if data:
            self._receiver.received(data)
        if self._is_over and not self._is_told and not self._arrived:
            self._is_told = True
            self._receiver.closed(ConnectionEnded("the fake server closed the connection"))
