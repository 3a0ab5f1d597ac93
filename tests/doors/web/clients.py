"""Clients of the web door at a port in memory: h11 reads the answers strictly, wsproto the frames."""

import os
from typing import Any

import h11
from wsproto.frame_protocol import FrameDecoder, Opcode

from tests.doors.connections import Port, Visit

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""The example of RFC 6455, section 1.3."""

UPGRADE = (
    "GET /ws HTTP/1.1\r\nHost: chat:5000\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n"
)


class Reply:
    """An answer as h11 read it."""

    def __init__(self, head: Any, body: bytes) -> None:
        self.status: int = head.status_code
        self.version: bytes = head.http_version
        self.headers = {name.decode(): value.decode() for name, value in head.headers}
        self.body = body


def request(
    target: str = "/", method: str = "GET", body: bytes = b"", *, host: str = "chat:5000", **headers: str
) -> bytes:
    """Return the bytes of a request; an underscore in the name of a header is a hyphen."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "", "")).encode() + body


def replies(heard: bytes, *methods: str) -> list[Reply]:
    """Read all of these answers, to requests with these methods; nothing else may be there."""
    found = []
    for method in methods:
        client = h11.Connection(h11.CLIENT)
        client.send(h11.Request(method=method, target="/", headers=[("host", "x")]))
        client.send(h11.EndOfMessage())
        client.receive_data(heard)
        head, body = client.next_event(), b""
        while isinstance(head, h11.InformationalResponse):
            head = client.next_event()
        while True:
            event = client.next_event()
            if event is h11.NEED_DATA:
                client.receive_data(b"")  # its end is that of the connection
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                break
        assert isinstance(event, h11.EndOfMessage), event
        found.append(Reply(head, body))
        heard = client.trailing_data[0]
    assert not heard, heard
    return found


def asked(visit: Visit, request: bytes) -> Reply:
    """Send one request, and return its answer."""
    visit.send(request)
    (reply,) = replies(visit.read(), request.split(b" ", 1)[0].decode())
    return reply


def masked(payload: bytes, opcode: int = Opcode.TEXT, fin: bool = True, key: bytes | None = None) -> bytes:
    """Return a frame as clients send it."""
    key = os.urandom(4) if key is None else key
    length = len(payload)
    head = bytes([0x80 * fin | opcode])
    if length < 126:
        head += bytes([0x80 | length])
    elif length < 65536:
        head += bytes([0xFE]) + length.to_bytes(2)
    else:
        head += bytes([0xFF]) + length.to_bytes(8)
    return head + key + bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))


def frames(heard: bytes) -> list[tuple[int, bytes]]:
    """Read these frames of the server, which are whole."""
    decoder = FrameDecoder(client=True)
    decoder.receive_bytes(heard)
    found: list[tuple[int, bytes]] = []
    while (frame := decoder.process_buffer()) is not None:
        assert isinstance(frame.payload, bytes)
        assert frame.frame_finished
        assert frame.message_finished
        found.append((frame.opcode, frame.payload))
    assert not len(decoder.buffer), heard
    return found


class Socket(Visit):
    """A connection that speaks WebSocket."""

    def __init__(self, port: Port, size: int = 65536, headers: str = "", **about: Any) -> None:
        super().__init__(port, size, **about)
        super().send((UPGRADE + headers + "\r\n").encode())
        head, _, self._rest = self.read().partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        self.head = head

    def say(self, payload: bytes, **about: Any) -> None:
        """Send a frame."""
        self.send(masked(payload, **about))

    def heard(self) -> list[tuple[int, bytes]]:
        """Return the frames that came since last time."""
        rest, self._rest = self._rest, b""
        return frames(rest + self.read())
