"""Files on their way to the server, which is played by the test."""

import asyncio
import contextlib
import io
import os
import tempfile
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.aio.async_network import AsyncDialer
from groupchat.client.aio.async_upload import share
from groupchat.client.core.client_errors import FileChanged, Refused, Unanswered
from groupchat.client.core.network import Dialer
from groupchat.client.core.protocol import Message
from groupchat.client.http.tickets import UPLOADS
from tests.client.aio.loops import play

DONE = b'HTTP/1.1 201 Created\r\nContent-Length: 22\r\n\r\n{"event":"done","id":7}'


class Shrinking(io.BytesIO):
    """A file that ends earlier than its size says."""

    def read(self, size: int | None = -1) -> bytes:
        return b""


class UploadTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.asked: list[Message] = []
        self.received: list[bytes] = []
        self.dialer: Dialer
        self.ticket: Message = {"link": "/f/ticket"}
        self.is_endless = False
        """Whether the server's answers have no end."""

    async def ask(self, **fields: Any) -> tuple[Message, Dialer]:
        self.asked.append({"do": "send", **fields})
        return self.ticket, self.dialer

    def share(self, file: Any, *answers: bytes, what: Message | None = None) -> Any:
        """Share a file with a server that answers so, to one connection after the other."""
        left = list(answers)
        progress: list[tuple[int, int]] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            answer = left.pop(0)
            if answer:
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
                self.received.append(head + await reader.readexactly(length))
                writer.write(answer)
                with contextlib.suppress(ConnectionError):
                    while self.is_endless:
                        writer.write(b" " * 1024)
                        await writer.drain()
            writer.close()

        async def scene() -> int:
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            self.dialer = AsyncDialer(asyncio.get_running_loop(), "127.0.0.1", server.sockets[0].getsockname()[1])
            fields = {"name": "x", "key": "k", "room": "dev"} if what is None else what
            try:
                return await share(self.ask, file, fields, lambda *news: progress.append(news))
            finally:
                server.close()

        self.progress = progress
        return play(scene())

    def test_posted_before(self) -> None:
        """A file that the server has posted with this key already is not sent again."""
        self.ticket = {"event": "done", "id": 7}
        self.assertEqual(self.share(io.BytesIO(b"x")), 7)
        self.assertEqual((len(self.asked), self.received), (1, []))

    def test_whole(self) -> None:
        """The file arrives whole, in pieces, and its post has the number that the server says."""
        data = bytes(range(256)) * 1000
        self.assertEqual(self.share(io.BytesIO(data), DONE), 7)
        self.assertEqual(self.asked, [{"do": "send", "size": 256_000, "name": "x", "key": "k", "room": "dev"}])
        head, _, body = self.received[0].partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"PUT /f/ticket HTTP/1.1\r\n"))
        self.assertEqual((body, self.progress[-1]), (data, (256_000, 256_000)))

    def test_path(self) -> None:
        """Of a path the last part is the name."""
        with tempfile.NamedTemporaryFile(suffix=".txt") as file:
            file.write(b"hello")
            file.flush()
            self.share(Path(file.name), DONE, what={"name": None, "key": "k"})
            self.assertEqual(self.asked[0]["name"], Path(file.name).name)
        with self.assertRaises(ValueError):
            self.share(io.BytesIO(b"x"), DONE, what={"name": None, "key": "k"})

    def test_empty(self) -> None:
        """A file may be empty."""
        self.assertEqual(self.share(io.BytesIO(b""), DONE), 7)

    def test_lost(self) -> None:
        """What is lost is sent again with the same key, some times; without a place not at all."""
        self.assertEqual(self.share(io.BytesIO(b"x" * 100), b"", b"", DONE), 7)
        self.assertEqual([asked["key"] for asked in self.asked], ["k"] * 3)
        with self.assertRaises(Unanswered):
            self.share(io.BytesIO(b"x"), *[b""] * UPLOADS)
        with self.assertRaises(Unanswered):
            self.share(io.BytesIO(b"x"), b"", DONE, what={"name": "x", "key": "k"})

    def test_refused(self) -> None:
        """A refusal has the server's code and words, if it says any."""
        for answer, code, text in (
            (
                b'HTTP/1.1 413 No\r\n\r\n{"event":"refused","code":"file-too-large","text":"Too large."}',
                "file-too-large",
                "Too large.",
            ),
            (b"HTTP/1.1 502 Bad Gateway\r\n\r\nnobody there", "http-502", "nobody there"),
        ):
            with self.assertRaises(Refused) as raised:
                self.share(io.BytesIO(b"x"), answer)
            self.assertEqual((raised.exception.code, raised.exception.text), (code, text))

    def test_nonsense(self) -> None:
        """A server that does not answer as it should is told apart from one that refuses."""
        for answer in (b"HTTP/1.1 200 OK\r\n\r\n[]", b"HTTP/1.1 200 OK\r\n\r\n"):
            with self.assertRaises(Unanswered):
                self.share(io.BytesIO(b"x"), answer)
        with self.assertRaises(Unanswered):
            self.share(io.BytesIO(b"x"), *[b"nonsense\r\n\r\n"] * UPLOADS)
        self.ticket = {"link": "http://elsewhere/"}
        with self.assertRaises(Unanswered):
            self.share(io.BytesIO(b"x"), DONE)

    def test_endless_answer(self) -> None:
        """An answer without an end is not read to it: its beginning counts, and the file is not sent again."""
        refusal = b"HTTP/1.1 413 No\r\n\r\nno"
        for beginning, expected in ((b"HTTP/1.1 200 OK\r\n\r\n", Unanswered), (refusal, Refused)):
            self.asked.clear()
            self.is_endless = True
            with self.assertRaises(expected):
                self.share(io.BytesIO(b"x"), beginning)
            self.assertEqual(len(self.asked), 1)

    def test_pipe(self) -> None:
        """A pipe is refused at once, without waiting for anybody who writes to it, and nothing is asked."""
        with tempfile.TemporaryDirectory() as folder:
            os.mkfifo(f"{folder}/pipe")
            for path in (f"{folder}/pipe", "/dev/zero", folder):
                with self.assertRaisesRegex(OSError, "it is not a regular file"):
                    self.share(path, what={"name": None, "key": "k"})
        self.assertEqual(self.asked, [])

    def test_shorter(self) -> None:
        """A file that has become shorter is not posted."""
        with self.assertRaises(FileChanged):
            self.share(Shrinking(b"x" * 10), b"")
