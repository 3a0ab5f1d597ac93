"""Send a file to an address of the server, by PUT."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any, BinaryIO

from groupchat.client.core.client_errors import ConnectionEnded, FileChanged, NoConnection, Unanswered
from groupchat.client.core.network import Dialer, Transport
from groupchat.client.core.protocol import Message
from groupchat.client.http.tickets import UPLOADS, path_of, posted, posted_before, size_of
from groupchat.client.regular_files import open_regular

PIECE = 65536
"""Bytes of the file that are read at a time."""

ANSWER_MAX = 65536
"""Bytes of an answer that are kept."""

PATIENCE = 60.0
"""Seconds without progress, of the file or of the answer, after which an upload is given up."""

Progress = Callable[[int, int], object]
"""Called with the number of bytes read so far, and the size of the file."""


class _Upload:
    """The connection of one upload: a Receiver."""

    def __init__(self) -> None:
        self.is_open: asyncio.Future[Transport] = asyncio.get_running_loop().create_future()
        self.is_over = asyncio.Event()
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.answer = b""

    # The network calls these.

    def opened(self, transport: Transport) -> None:
        if not self.is_open.done():
            self.is_open.set_result(transport)

    def failed(self, error: Exception) -> None:
        if not self.is_open.done():
            self.is_open.set_exception(error)

    def received(self, data: bytes) -> None:
        self.answer = (self.answer + data)[:ANSWER_MAX]
        if len(self.answer) == ANSWER_MAX:  # it may have no end
            self.closed(ConnectionEnded("the answer is too long"))

    def congested(self, is_full: bool) -> None:
        if is_full:
            self.may_write.clear()
        else:
            self.may_write.set()

    def closed(self, error: Exception) -> None:
        self.is_over.set()
        self.may_write.set()


async def share(
    ask: Callable[..., Coroutine[Any, Any, tuple[Message, Dialer]]],
    file: str | os.PathLike[str] | BinaryIO,
    what: Message,
    progress: Progress,
) -> int:
    """Share a file, exactly once; return the number of the post when all of it is on the server's disk.

    :param ask: asks where to send it; the answer comes with what connects to the server that has answered.
    :param file: its path, or the open file, which stays open.
    :param what: the fields of the request that asks where to send it, with a ``key`` and a ``name``, which may be None.
    :raises OSError: the file cannot be read, or is no regular file.
    :raises Refused: the server does not take it.
    :raises Unanswered: the connection was lost each time.
    """
    if isinstance(file, str | os.PathLike):
        with open_regular(file) as opened:
            return await share(ask, opened, {**what, "name": what["name"] or os.path.basename(file)}, progress)
    if not what["name"]:
        raise ValueError("an open file needs a name")
    size = size_of(file)
    for _ in range(UPLOADS):
        ticket, dialer = await ask(size=size, **what)
        if number := posted_before(ticket):
            return number
        try:
            status, said = await put(dialer, path_of(ticket), file, size, progress)
        except (NoConnection, ConnectionEnded) as error:
            if not what.keys() & {"room", "nick"}:  # another room may be the current one by now
                raise Unanswered("the connection was lost while the file was sent") from error
            continue
        return posted(status, said)
    raise Unanswered(f"the connection was lost {UPLOADS} times while the file was sent")


async def put(dialer: Dialer, path: str, file: BinaryIO, size: int, progress: Progress) -> tuple[int, bytes]:
    """Send a file from its beginning, on a connection of its own; return the status and the body of the answer.

    :param path: the address on the server, from the slash on.
    :raises FileChanged: there was less to read than ``size``.
    :raises NoConnection: there is no connection, or none any more (ConnectionEnded).
    """
    upload = _Upload()
    attempt = dialer.dial(upload)
    try:
        transport = await upload.is_open
    except asyncio.CancelledError:
        attempt.cancel()
        raise
    try:
        transport.write(_head(path, size))
        await asyncio.to_thread(file.seek, 0)
        sent = 0
        while sent < size and not upload.is_over.is_set():
            piece = await asyncio.to_thread(file.read, min(PIECE, size - sent))
            if not piece:
                raise FileChanged("the file became shorter while it was sent")
            transport.write(piece)
            sent += len(piece)
            progress(sent, size)
            await _in_time(upload.may_write)
        await _in_time(upload.is_over)
    finally:
        transport.abort()
    return _read(upload.answer)


def _head(path: str, size: int) -> bytes:
    # HTTP/1.1 demands a Host; the server goes by the path alone.
    return (
        f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n"
        f"Content-Length: {size}\r\nConnection: close\r\n\r\n"
    ).encode("ascii", "replace")


async def _in_time(event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await event.wait()
    except TimeoutError:
        raise ConnectionEnded(f"there was no progress for {PATIENCE:g} seconds") from None


def _read(answer: bytes) -> tuple[int, bytes]:
    """Return the status and the body of an answer.

    :raises ConnectionEnded: it is none.
    """
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(b"\r\n")[0].split()
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        raise ConnectionEnded("the connection ended before the answer")
    return int(words[1]), body
