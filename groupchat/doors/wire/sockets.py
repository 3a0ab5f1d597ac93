"""The options of a connection's socket: how soon a dead peer is noticed, and how much the kernel buffers for it.

Netcat cannot answer a ping, but its kernel can: keepalive finds a dead peer that is owed nothing,
TCP_USER_TIMEOUT (RFC 5482) one that is owed something.
"""

import socket
from typing import Any

from twisted.internet.interfaces import ITransport
from twisted.logger import Logger

from groupchat.config.settings import Settings

_log = Logger()

TOLD_FIRST_S = 15.0
"""How much longer TCP waits, in seconds, than the server itself does for a peer that reads nothing."""


def tune(transport: ITransport, settings: Settings) -> None:
    """Set the options, if there is a TCP socket below; if the kernel refuses one, that is logged and ignored."""
    connection = _socket_of(transport)
    if connection is None or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    tcp = socket.IPPROTO_TCP
    try:
        connection.setsockopt(tcp, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(tcp, socket.TCP_KEEPIDLE, round(settings.keepalive_idle_s))
        connection.setsockopt(tcp, socket.TCP_KEEPINTVL, round(settings.keepalive_interval_s))
        connection.setsockopt(tcp, socket.TCP_KEEPCNT, settings.keepalive_probes)
        # It applies to live peers that do not read, too: they are to be told why they are cut off.
        timeout_s = max(settings.user_timeout_s, settings.stuck_timeout_s + TOLD_FIRST_S)
        connection.setsockopt(tcp, socket.TCP_USER_TIMEOUT, round(timeout_s * 1000))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.send_buffer_bytes)
    except OSError as error:
        _log.warn("Could not set an option of a socket: {error}", error=error)


def _socket_of(transport: Any) -> socket.socket | None:
    """Return the socket under a transport and whatever is wrapped round it (TLS); None when there is none."""
    while transport is not None:
        handle = transport.getHandle() if hasattr(transport, "getHandle") else None
        if isinstance(handle, socket.socket):
            return handle
        transport = getattr(transport, "transport", None)
    return None
