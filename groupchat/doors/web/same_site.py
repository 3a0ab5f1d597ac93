"""Which pages of the web may speak to this server, and by which names it may be asked.

A browser says in ``Origin`` and ``Sec-Fetch-Site`` which page makes it ask.  A page of another site may link to the
chat, and nothing more: it must not post as whoever looks at it, who may be in a network that its author cannot reach.

Such an author could also give a name of their own the address of this server (DNS rebinding): then Origin and Host
are alike.  Only a name tells that: it is not one of this server's.  It matters only where browser and server are both
in a private network, for others can ask directly; and not over TLS, whose certificate does not have that name.
"""

import socket
from collections.abc import Collection
from ipaddress import ip_address

from groupchat.config.settings import Settings
from groupchat.lazy.expressions import expression
from groupchat.model.networks import is_private

_HOST = expression(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._~-]+)(?::(?P<port>[0-9]{1,5}))?")
"""A host with its port (RFC 3986, section 3.2.2), without what no name has."""

_ORIGIN = expression(rf"(?P<scheme>https?)://{_HOST.pattern}")

_PORTS = {"http": "80", "https": "443"}

LOCAL_ENDS = ("localhost", "local", "lan", "home", "corp", "internal", "intranet", "private", "test", "home.arpa")
"""The last parts of names that nobody can have on the internet (RFC 6761, RFC 6762, RFC 8375, and by ICANN)."""


def host(named: str) -> tuple[str, str] | None:
    """Return the name and the port in a Host header, in lower case; the port may be empty.  None: it is none."""
    match = _HOST.fullmatch(named)
    return match and (match["name"].lower().removesuffix("."), match["port"] or "")


def is_own_page(origin: str, named: str, allowed: Collection[str]) -> bool:
    """Return whether a page of this origin may speak to the host it named.

    :param origin: the Origin header; empty: no page of the web asks.
    :param named: the Host header.
    :param allowed: other origins that may.
    """
    if not origin or origin.lower() in allowed:
        return True
    match, here = _ORIGIN.fullmatch(origin), host(named)
    if match is None or here is None:
        return False
    # The scheme is not compared: behind a proxy that adds TLS it is another one.
    usual = _PORTS[match["scheme"]]
    return (match["name"].lower().removesuffix("."), match["port"] or usual) == (here[0], here[1] or usual)


def is_ours(named: str, server: str, peer: str, settings: Settings) -> bool:
    """Return whether a browser may ask by this name over plain HTTP.

    :param named: the Host header.
    :param server: the address of this end of the connection; empty: a UNIX socket.
    :param peer: the address of the browser; empty likewise.
    """
    if not (server and peer and is_private(server) and is_private(peer)):
        return True
    here = host(named)
    if here is None:
        return False
    name = here[0]
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        known = {socket.gethostname().lower(), settings.name.lower(), *map(str.lower, settings.web_hosts)}
        return "." not in name or name in known or name.endswith(tuple(f".{end}" for end in LOCAL_ENDS))
    return True
