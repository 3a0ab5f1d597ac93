"""A network in memory, as the core sees it."""

from groupchat.client.core.client_errors import ConnectionEnded
from groupchat.client.core.network import Attempt, Receiver
from tests.client.fakes import ServerSide


class FakeTransport(ServerSide):
    """Keeps what is written; tells its receiver at once when it is aborted."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.written = b""
        self.is_open = True
        self.is_paused = False
        receiver.opened(self)

    def write(self, data: bytes) -> None:
        self.written += data

    def pause(self) -> None:
        self.is_paused = True

    def resume(self) -> None:
        self.is_paused = False

    def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        self.end(ConnectionError("aborted"))

    def end(self, error: Exception) -> None:
        """End the connection, for this reason."""
        if self.is_open:
            self.is_open = False
            self.receiver.closed(error)

    @property
    def connected(self) -> bool:
        return self.is_open

    def taken(self) -> bytes:
        written, self.written = self.written, b""
        return written

    def receive(self, data: bytes) -> None:
        self.receiver.received(data)

    def cut(self) -> None:
        self.end(ConnectionEnded())


class FakeDialer:
    """Attempts to connect wait in ``attempts`` until the test accepts or refuses them."""

    def __init__(self) -> None:
        self.attempts: list[Receiver] = []
        self.cancelled = 0

    def dial(self, receiver: Receiver) -> Attempt:
        self.attempts.append(receiver)
        return FakeAttempt(self, receiver)

    def accept(self) -> FakeTransport:
        """Let the oldest attempt succeed."""
        return FakeTransport(self.attempts.pop(0))

    def refuse(self, error: Exception) -> None:
        """Let the oldest attempt fail."""
        self.attempts.pop(0).failed(error)


class FakeAttempt:
    """An attempt; to cancel one that is over does nothing."""

    def __init__(self, dialer: FakeDialer, receiver: Receiver) -> None:
        self._dialer = dialer
        self._receiver = receiver

    def cancel(self) -> None:
        if self._receiver in self._dialer.attempts:
            self._dialer.attempts.remove(self._receiver)
            self._dialer.cancelled += 1
