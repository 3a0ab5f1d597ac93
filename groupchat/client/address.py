"""Addresses of servers, ``HOST[:PORT][,HOST[:PORT]…]`` on a command line, and sentences for failed connections."""

import re
import socket
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from typing import Any, NamedTuple

from groupchat.client import encryption
from groupchat.client.core.client_errors import (
    ConnectionDropped,
    ConnectionEnded,
    NoRoute,
    NoServerAnswers,
    NothingListens,
    NotTrusted,
    Refused,
    TimedOut,
    UnknownHost,
)
from groupchat.client.core.connector import Dialers
from groupchat.client.core.network import Dialer
from groupchat.client.loop.event_loop import Loop
from groupchat.client.tls.trust import Encryption, advice

LABEL = 63
"""The most characters between two dots of a host's name (RFC 1035, section 2.3.4)."""

PORT = 5000
"""The port when none is given."""

PATIENCE = 20
"""Seconds for one attempt to connect."""

MOST = 16
"""The most addresses of one chat."""


class Address(NamedTuple):
    """A host's name or IP address, and a TCP port."""

    host: str
    port: int
    encryption: Encryption | None = None
    """None: the connection is not encrypted."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORT else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """Return the address of the server in a browser, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'http' if self.encryption is None else 'https'}://{host}:{self.port}"

    def endpoint(self, reactor: Any) -> Any:
        """Return Twisted's endpoint (IStreamClientEndpoint): it tries IPv6 and IPv4 side by side (RFC 8305)."""
        from twisted.internet.endpoints import HostnameEndpoint  # programs without Twisted use addresses, too

        plain = HostnameEndpoint(reactor, self.host, self.port, timeout=PATIENCE)
        if self.encryption is None:
            return plain

        from groupchat.client.twisted_tunnel import EncryptedEndpoint

        return EncryptedEndpoint(plain, self.encryption, self.host, reactor)

    def dialer(self, loop: Loop) -> Dialer:
        """Return the core's way to this server, in a small loop."""
        from groupchat.client.loop.socket_dialer import SocketDialer  # programs with Twisted have no use for it

        plain = SocketDialer(loop, self.host, self.port)
        if self.encryption is None:
            return plain

        from groupchat.client.tls.secured import SecuredDialer  # OpenSSL takes long to load

        return SecuredDialer(plain, self.encryption, self.host, loop)


class Servers(NamedTuple):
    """Several addresses of one chat, the nodes of a cluster, in the order in which they are tried."""

    addresses: tuple[Address, ...]

    def __str__(self) -> str:
        return ",".join(map(str, self.addresses))

    @property
    def url(self) -> str:
        """Return the address of the first server in a browser."""
        return self.addresses[0].url

    def endpoint(self, reactor: Any) -> Any:
        """Return Twisted's endpoint: it tries one after the other; a `Client` comes back to the next one."""
        from groupchat.client.twisted_network import SeveralEndpoints

        return SeveralEndpoints([(str(one), one.endpoint(reactor)) for one in self.addresses], reactor)

    def dialer(self, loop: Loop) -> Dialer:
        """Return the core's way to these servers, in a small loop."""
        return Dialers([(str(one), one.dialer(loop)) for one in self.addresses])


Server = Address | Servers
"""The one address of a chat, or several."""


def addresses_of(server: Server) -> tuple[Address, ...]:
    """Return the addresses one by one."""
    return server.addresses if isinstance(server, Servers) else (server,)


def named(server: Server, name: str) -> Address:
    """Return the address with this name, and otherwise the first one."""
    addresses = addresses_of(server)
    return next((one for one in addresses if str(one) == name), addresses[0])


def together(addresses: Sequence[Address]) -> Server:
    """Return these addresses of one chat, one or several."""
    return addresses[0] if len(addresses) == 1 else Servers(tuple(addresses))


def add_server(parser: ArgumentParser) -> None:
    """Declare the arguments for the server's address and for encryption."""
    parser.add_argument(
        "address", metavar="HOST[:PORT]", type=servers,
        help="the server; the port is 5000 if left out; several, with commas, are tried one after the other",
    )  # fmt: skip
    encryption.add_arguments(parser)


def server_of(arguments: Namespace) -> Server:
    """Return the address, or the addresses, that the arguments name."""
    wanted = encryption.chosen(arguments)
    return together([one._replace(encryption=wanted) for one in addresses_of(arguments.address)])


def servers(text: str) -> Server:
    """Read one address, or several with commas between them; a ``type`` for argparse.

    :raises ArgumentTypeError: it is none, or there are too many; the sentence says so to the person.
    """
    count = text.count(",") + 1
    if count == 1:
        return address(text)
    if count > MOST:
        raise ArgumentTypeError(f"these are {count} addresses; one chat has at most {MOST}")
    found: list[Address] = []
    for part in text.split(","):
        if not part.strip():
            raise ArgumentTypeError(f"{text!r} has an empty address: between two commas stands HOST or HOST:PORT")
        found.append(address(part.strip()))
        if found[-1] in found[:-1]:
            raise ArgumentTypeError(f"{found[-1]} is there twice")
    return together(found)


def address(text: str) -> Address:
    """Read ``HOST``, ``HOST:PORT``, ``[IPV6]``, ``[IPV6]:PORT`` or a bare IPv6 address; a ``type`` for argparse.

    :raises ArgumentTypeError: the text is none of these; the sentence says so to the person.
    """
    if _is_ipv6(text):
        return Address(text, PORT)
    match = re.fullmatch(r"(?:\[([^\[\]]+)\]|([^:\[\]\s/]+))(?::(\d{1,5}))?", text)
    if match is None or (match[1] and not _is_ipv6(match[1])) or not _is_whole(text):
        raise ArgumentTypeError(f"{text!r} is not HOST or HOST:PORT, such as localhost:{PORT} or [::1]:{PORT}")
    if match[2] and not all(0 < len(label) <= LABEL for label in match[2].removesuffix(".").split(".")):
        raise ArgumentTypeError(f"{match[2]!r} is not the name of a host: between dots stand 1 to {LABEL} characters")
    port = int(match[3]) if match[3] else PORT
    if not 1 <= port <= 65535:
        raise ArgumentTypeError(f"{port} is not a port: ports go from 1 to 65535")
    return Address(match[1] or match[2], port)


def _is_whole(text: str) -> bool:
    """Return whether a text can be encoded: an argument that is no UTF-8 comes with halves of characters in it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_ipv6(text: str) -> bool:
    address, percent, zone = text.partition("%")
    try:
        socket.inet_pton(socket.AF_INET6, address)
    except (OSError, ValueError):  # a text with a NUL, or one that is not ASCII, is a ValueError
        return False
    return bool(zone) == bool(percent)


def reason(server: Server, error: BaseException) -> str:
    """Return one sentence that says why there is no connection to this address, or to these."""
    if isinstance(error, NoServerAnswers):
        return f"No server answers: {'; '.join(_within(reason(server, each)) for each in error.reasons)}."
    is_only = len(addresses_of(server)) == 1
    named = getattr(error, "server", "")
    server = next((one for one in addresses_of(server) if str(one) == named), server)
    match error:
        case Refused():
            return f"{server} refused: {error.text.rstrip('.')} ({error.code})"
        case NotTrusted():
            told = advice(str(server), addresses_of(server)[0].encryption or Encryption(), error)
            return f"No encrypted connection to {server}: {told}"
        case ConnectionDropped(code=""):  # it was this side
            return f"The connection to {server} was given up: {error}."
        case ConnectionDropped(code="stopping") if not is_only:  # its text is for who has nowhere else to go
            return f"{server} closed the connection: it is stopping."
        case ConnectionDropped():
            return f"{server} closed the connection: {error}"
        case UnknownHost() if isinstance(server, Address):
            return f"Unknown host: {server.host}."
        case NothingListens() if isinstance(server, Address):
            return f"Nothing listens at {server.host}, port {server.port}."
        case TimedOut():
            return f"{server} did not answer in time."
        case NoRoute():
            return f"No route to {server}."
        case ConnectionEnded():
            return f"{server} closed the connection."
        case _:
            return f"No connection to {server}: {str(error).rstrip('.')}."


def _within(sentence: str) -> str:
    """Return a sentence as a part of another one."""
    is_ours = sentence.startswith(("Nothing ", "Unknown ", "No ", "The "))
    return (sentence[0].lower() + sentence[1:] if is_ours else sentence).rstrip(".")
