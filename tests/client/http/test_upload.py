"""The bytes of a file on their way to a server, by PUT."""

from io import BytesIO
from typing import Any

from twisted.internet.error import ConnectionLost, ConnectionRefusedError
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.client_errors import ConnectionEnded
from groupchat.client.http.upload import LOST, PATIENCE, Portion, Shortened, put
from tests.client.fakes import FakeConnection, FakeEndpoint


class PutTest(SynchronousTestCase):
    def begin(self, content: bytes, size: int | None = None) -> FakeConnection:
        """Send a file; return the server's end of its connection."""
        self.clock, self.endpoint = Clock(), FakeEndpoint()
        self.file, self.steps = BytesIO(content), list[tuple[int, int]]()
        length = len(content) if size is None else size
        self.outcome = put(
            self.endpoint, self.clock, "/f/ticket", self.file, length, lambda *step: self.steps.append(step)
        )
        connection = self.endpoint.accept()
        self.clock.pump([0.01] * 10)
        return connection

    def test_sent(self) -> None:
        """The whole file goes in pieces, and its progress is told; it is left open."""
        content = bytes(range(256)) * 512
        connection = self.begin(content)
        head, _, body = connection.transport.value().partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"PUT /f/ticket HTTP/1.1\r\n"), head)
        self.assertIn(b"Content-Length: 131072", head)
        self.assertEqual(body, content)
        self.assertEqual(self.steps, [(65536, 131072), (131072, 131072)])
        connection.receive(b"HTTP/1.1 201 Created\r\nContent-Length: 8\r\n\r\n")
        self.assertNoResult(self.outcome)
        connection.receive(b'{"id":4}')
        self.assertEqual(self.successResultOf(self.outcome), (201, b'{"id":4}'))
        self.assertFalse(self.file.closed)

    def test_empty(self) -> None:
        """A file may be empty."""
        connection = self.begin(b"")
        self.assertIn(b"Content-Length: 0\r\n", connection.transport.value())
        connection.receive(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        self.assertEqual(self.successResultOf(self.outcome), (201, b""))

    def test_refused(self) -> None:
        """A server that answers before it has everything is listened to."""
        connection = self.begin(b"x" * 100)
        connection.receive(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
        self.assertEqual(self.successResultOf(self.outcome), (413, b"no"))

    def test_endless(self) -> None:
        """A server that never comes to the end of its answer is hung up on."""
        connection = self.begin(b"x")
        connection.receive(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(63):
            connection.receive(b"x" * 1024)
        self.assertTrue(connection.connected)
        connection.receive(b"x" * 1024)
        self.assertFalse(connection.connected)
        self.assertEqual(self.successResultOf(self.outcome), (200, b"x" * 65536))

    def assert_given_up(self, connection: FakeConnection) -> None:
        self.clock.advance(PATIENCE - 1)
        self.assertNoResult(self.outcome)
        self.clock.advance(1)
        self.failureResultOf(self.outcome, ConnectionEnded).trap(*LOST)
        self.assertFalse(connection.connected)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_silent(self) -> None:
        """A server that says nothing, or does not come to the end of its answer, is given up; nothing is left over."""
        for answer in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\nslow"):
            connection = self.begin(b"x" * 100_000)
            connection.receive(answer)
            self.assert_given_up(connection)

    def test_not_taken(self) -> None:
        """So is one that takes no more of the file."""

        class Stuck(BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                connection.transport.producer.pauseProducing()
                return super().read(size)

        self.clock, self.endpoint = Clock(), FakeEndpoint()
        steps: list[tuple[int, int]] = []
        self.outcome = put(
            self.endpoint, self.clock, "/f/t", Stuck(b"x" * 100_000), 100_000, lambda *step: steps.append(step)
        )
        connection = self.endpoint.accept()
        self.clock.advance(0)
        self.assertEqual(steps, [(65536, 100_000)])
        self.assert_given_up(connection)
        self.assertEqual(len(steps), 1)

    def test_never_connected(self) -> None:
        """So is an attempt to connect that comes to no end."""
        self.clock, self.endpoint = Clock(), FakeEndpoint()
        outcome = put(self.endpoint, self.clock, "/f/t", BytesIO(b"x"), 1, lambda *step: None)
        self.clock.advance(PATIENCE)
        self.failureResultOf(outcome, ConnectionEnded)
        self.assertEqual((self.endpoint.cancelled, self.clock.getDelayedCalls()), (1, []))

    def test_lost(self) -> None:
        """What is lost before the answer is an error of the connection, and so is what cannot be established."""
        connection = self.begin(b"x" * 100)
        connection.protocol.connectionLost(Failure(ConnectionLost()))
        self.failureResultOf(self.outcome).trap(*LOST)
        outcome: Any = put(self.endpoint, self.clock, "/f/t", BytesIO(b"x"), 1, lambda *step: None)
        self.endpoint.refuse(ConnectionRefusedError())
        self.failureResultOf(outcome).trap(*LOST)

    def test_shorter(self) -> None:
        """A file that has become shorter is not sent as if it were whole."""
        self.begin(b"only this", size=20)
        self.failureResultOf(self.outcome, Shortened)

    def test_longer(self) -> None:
        """Of a file that grows only what was announced is sent."""
        self.assertEqual(self.begin(b"this and more", size=4).transport.value().partition(b"\r\n\r\n")[2], b"this")


class PortionTest(SynchronousTestCase):
    def test_read(self) -> None:
        """Nothing is told of the end."""
        steps: list[tuple[int, int]] = []
        portion = Portion(BytesIO(b"12345"), 4, lambda *step: steps.append(step))
        self.assertEqual([portion.read(3), portion.read(3), portion.read(3)], [b"123", b"4", b""])
        self.assertEqual(steps, [(3, 4), (4, 4)])
