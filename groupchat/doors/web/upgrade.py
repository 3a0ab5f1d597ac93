"""How a connection becomes one of WebSocket (RFC 6455, section 4.2)."""

import base64
import binascii
from hashlib import sha1

from groupchat.doors.web.web_request import Answer, Request, told
from groupchat.doors.web.websocket import WebSocket

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What proves that WebSocket was understood (section 1.3)."""


def upgrade(request: Request) -> Answer | None:
    """Let the connection of this request speak WebSocket from now on.

    No subprotocol is chosen, whatever is offered: a client that needs one then closes by itself.

    :raises ServerFull: it is none, and one would be refused.
    """
    tokens = {token.strip() for token in request.header("connection").lower().split(",")}
    if request.header("upgrade").lower() != "websocket" or "upgrade" not in tokens:
        request.channel.reception.check_room()  # a browser does not tell a page why a handshake was refused
        return told(426, "This address speaks WebSocket only.", ("upgrade", "websocket"), ("connection", "upgrade"))
    if request.header("sec-websocket-version") != "13":
        return told(426, "This address speaks version 13 of WebSocket.", ("sec-websocket-version", "13"))
    key = request.header("sec-websocket-key")
    if request.method != b"GET" or request.clientproto != b"HTTP/1.1" or not _is_key(key):
        return told(400, "That is no handshake of WebSocket: it has GET, HTTP/1.1 and a key of 16 bytes.")
    channel, reception = request.channel, request.channel.reception
    if channel.is_proxy:
        reception.readdress(channel, request.address)
    screen = WebSocket(reception, request.address, reception.exempts(request.address), request.secure)
    accept = base64.b64encode(sha1(key.encode() + _GUID, usedforsecurity=False).digest())
    words = (
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        b"sec-websocket-accept: %b\r\nserver: groupchat\r\n\r\n" % accept
    )
    channel.become(request, screen, words)
    return None


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False
