"""The options of a connection's socket: how long a peer may be unreachable, and how much the kernel buffers for it.

Netcat cannot answer a ping, but its kernel can.  Keepalive finds a dead peer that is owed nothing,
TCP_USER_TIMEOUT (RFC 5482) one that is owed something; Linux goes by that timeout in both cases.
It is longer than the outages that people live through, so a dead peer may stay for minutes.
Where that is too long, ``silence`` tells how long the peer's kernel has acknowledged nothing.
"""

import contextlib
import socket
import struct
from typing import Any

from twisted.internet.interfaces import ITransport
from twisted.logger import Logger

from groupchat.config.settings import Settings

_log = Logger()

TOLD_FIRST_S = 15.0
"""Seconds that TCP waits longer than the server itself does for a peer that reads nothing."""

RETRY_S = 10.0
"""The longest wait between two tries of TCP to deliver something, in seconds.

It is doubled after each try, without this up to two minutes: after an outage of 110 s, nothing comes for 95 s more.
"""

_RTO_MAX_MS = 44
"""TCP_RTO_MAX_MS, of Linux 6.15 and later; Python does not know it."""

_INFO = struct.Struct("=8B24I")
"""The first fields of ``struct tcp_info`` (linux/tcp.h)."""
_RETRANSMITS, _PROBES, _LAST_DATA_RECEIVED, _LAST_ACK_RECEIVED, _ROUND_TRIP_US = 2, 3, 8 + 11, 8 + 12, 8 + 15

ROUND_TRIPS = 4
"""Round trips after which data sent at once has arrived, even if it was lost once."""

LATEST_S = 3.0
"""The longest such wait, in seconds."""

UNANSWERED = 2
"""So many tries or probes in a row without an answer mean that the peer owes one; a single packet may be lost."""


def base(transport: Any, settings: Settings, secure: bool) -> str:
    """Return where a peer reaches this server over HTTP: as the settings say, or where its own connection ends.

    Empty: that has no address, as through a UNIX socket.
    """
    if settings.public_url or transport is None:
        return settings.public_url
    own = transport.getHost()
    host, port = getattr(own, "host", ""), getattr(own, "port", 0)
    if not host or not port:
        return ""
    host = host.removeprefix("::ffff:") if "." in host else host
    host = f"[{host.partition('%')[0]}]" if ":" in host else host
    return f"{'https' if secure else 'http'}://{host}:{port}"


def tune(transport: ITransport, settings: Settings) -> None:
    """Set the options, if there is a TCP socket below; if the kernel refuses one, that is logged and ignored."""
    connection = _socket_of(transport)
    if connection is None:
        return
    # It applies to live peers that do not read, too: they are to be told why they are cut off.
    timeout_s = max(settings.user_timeout_s, settings.stuck_timeout_s + TOLD_FIRST_S)
    options = {
        "TCP_NODELAY": 1,
        "TCP_KEEPIDLE": round(settings.keepalive_idle_s),
        "TCP_KEEPINTVL": round(settings.keepalive_interval_s),
        "TCP_KEEPCNT": settings.keepalive_probes,
        "TCP_USER_TIMEOUT": round(timeout_s * 1000),
    }
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.send_buffer_bytes)
        for name, value in options.items():
            if hasattr(socket, name):  # not every system has all of them
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    except OSError as error:
        _log.warn("Could not set an option of a socket: {error}", error=error)
        return
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # An older kernel refuses it: then what waits comes later after an outage, but it comes.
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, _RTO_MAX_MS, round(RETRY_S * 1000))


def silence(transport: ITransport) -> float:
    """Return for how many seconds the peer's kernel has sent nothing at all although it owes an answer.

    0.0: it owes none, or that cannot be known here; then the options of the socket are the only limit.
    """
    fields = _info(transport)
    if not fields or max(fields[_RETRANSMITS], fields[_PROBES]) < UNANSWERED:
        return 0.0
    return float(min(fields[_LAST_DATA_RECEIVED], fields[_LAST_ACK_RECEIVED])) / 1000


def latest_beginning(transport: ITransport) -> float:
    """Return how many more seconds to wait for data that a far peer has sent at once.

    On a connection with a round trip of R s, what was sent at once comes R/2 s after the connection was established;
    if it got lost, TCP sends it again R s + max(2 R, 0.2 s) after that (RFC 6298, and Linux).
    0.0: at once, or the distance is not known.
    """
    fields = _info(transport)
    return min(ROUND_TRIPS * fields[_ROUND_TRIP_US] / 1e6, LATEST_S) if fields else 0.0


def _info(transport: ITransport) -> tuple[int, ...]:
    """Return what the kernel tells of a connection; nothing if there is no TCP socket below, or it tells nothing."""
    connection = _socket_of(transport)
    if connection is None or not hasattr(socket, "TCP_INFO"):
        return ()
    try:
        return _INFO.unpack(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size))
    except (OSError, struct.error):  # closed meanwhile, or not Linux
        return ()


def _socket_of(transport: Any) -> socket.socket | None:
    """Return the TCP socket under a transport and whatever is wrapped round it (TLS); None when there is none."""
    while transport is not None:
        # One that is closed has no handle any more.
        is_open = hasattr(transport, "getHandle") and getattr(transport, "connected", True)
        handle = transport.getHandle() if is_open else None
        if isinstance(handle, socket.socket):
            return handle if handle.family in (socket.AF_INET, socket.AF_INET6) else None
        transport = getattr(transport, "transport", None)
    return None
