"""Connections to a port in memory, plain and through TLS, whose bytes are cut at will."""

import ssl
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import trustme
from OpenSSL import SSL
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IAddress, IOpenSSLServerConnectionCreator
from twisted.internet.testing import StringTransport
from twisted.protocols.tls import TLSMemoryBIOFactory
from zope.interface import implementer

from groupchat.config.settings import Settings
from groupchat.doors.certificates.certificates import Certificates
from groupchat.doors.certificates.places import Files
from groupchat.doors.factory import ChatFactory
from groupchat.doors.front import Front
from groupchat.doors.lines.text_conversation import TextConversation
from groupchat.doors.reception import Reception
from groupchat.doors.wire.tls import Tunnels
from groupchat.interfaces.screens import IScreen
from groupchat.limits.turnstile import Turnstile
from groupchat.sessions.session import State
from tests.doors.fakes import SETTINGS, TURN_S, FakeSession, TurnClock

HERE = IPv4Address("TCP", "192.0.2.1", 4321)


@cache
def authority() -> trustme.CA:
    """Return the authority that vouches for the server."""
    return trustme.CA()


@cache
def certificates() -> Certificates:
    """Return the server's certificates."""
    with TemporaryDirectory() as folder:
        return issued(Path(folder))


def issued(folder: Path) -> Certificates:
    """Make a certificate for localhost in this folder."""
    leaf = authority().issue_cert("localhost")
    leaf.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    leaf.private_key_pem.write_to_path(str(folder / "key.pem"))
    return Certificates(lambda: [Files(folder / "cert.pem", folder / "key.pem")])


@implementer(IOpenSSLServerConnectionCreator)
class StockContext:
    """TLS as Twisted's own layer wants it, with a certificate for localhost."""

    def __init__(self) -> None:
        self._context = SSL.Context(SSL.TLS_METHOD)
        authority().issue_cert("localhost").configure_cert(self._context)

    def serverConnectionForTLS(self, tlsProtocol: object) -> SSL.Connection:
        return SSL.Connection(self._context, None)


def stock_tls(factory: Any) -> Any:
    """Put Twisted's own TLS round a factory, as an endpoint may."""
    return TLSMemoryBIOFactory(StockContext(), False, factory)


class Port:
    """A port with a fake session behind each connection."""

    def __init__(self, settings: Settings = SETTINGS, state: State = State.CHATTING) -> None:
        self.clock = TurnClock()
        self.state = state
        self.sessions: list[FakeSession] = []
        self.turnstile = Turnstile(live=1000, new=1000)
        self.reception = Reception(self.make_session, settings, self.clock, self.turnstile)
        self.factory = ChatFactory(self.reception)
        self.reception.tunnels = Tunnels(certificates())

    def make_session(self, screen: IScreen) -> FakeSession:
        session = FakeSession(screen)
        session.state = self.state
        self.sessions.append(session)
        return session


class Strings(StringTransport):
    """A transport of strings on which TLS can stand, too."""

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Do nothing: there is no socket."""


class Visit:
    """One connection; what is sent comes in pieces of ``size`` bytes."""

    def __init__(
        self, port: Port, size: int = 65536, address: IAddress | None = HERE, transport: StringTransport | None = None
    ) -> None:
        self.port = port
        self.size = size
        self.transport = cast(Any, transport or Strings())
        self.transport.protocol = port.factory.buildProtocol(address)
        self.transport.protocol.makeConnection(self.transport)

    def send(self, data: bytes) -> None:
        for start in range(0, len(data), self.size):
            self.transport.protocol.dataReceived(data[start : start + self.size])

    def read(self) -> bytes:
        """Return what came back since last time."""
        data: bytes = self.transport.value()
        self.transport.clear()
        return data

    @property
    def server(self) -> Any:
        """Return what serves the connection now, within TLS if there is some."""
        protocol = self.transport.protocol
        while hasattr(protocol, "wrappedProtocol"):
            protocol = protocol.wrappedProtocol
        return protocol

    @property
    def session(self) -> FakeSession:
        """The only session."""
        (session,) = self.port.sessions
        return session


@cache
def _trusting(languages: Sequence[str]) -> ssl.SSLContext:
    """Return the settings of clients that know the authority; to make them takes long."""
    context = ssl.create_default_context()
    authority().configure_trust(context)
    if languages:
        context.set_alpn_protocols(languages)
    return context


class TlsVisit(Visit):
    """One connection through TLS, which is established now, or by ``establish``."""

    def __init__(
        self, port: Port, size: int = 65536, *, begin: bool = True, languages: Sequence[str] = (),
        address: IAddress | None = HERE,
    ) -> None:  # fmt: skip
        super().__init__(port, size, address)
        context = _trusting(tuple(languages))
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")
        if begin:
            self.establish()

    def establish(self) -> None:
        self.shake_hands()
        self.exchange()

    def shake_hands(self) -> None:
        """Do all of the handshake but for sending the last of it."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self.exchange()
            else:
                break

    def exchange(self) -> None:
        super().send(self._outgoing.read())
        self._incoming.write(super().read())

    def send(self, data: bytes) -> None:
        self.tls.write(data)
        self.exchange()

    def read(self) -> bytes:
        self.exchange()
        pieces = []
        try:
            while piece := self.tls.read(65536):
                pieces.append(piece)
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            pass
        return b"".join(pieces)

    def end(self) -> None:
        """Say in TLS that nothing more comes."""
        self.read()
        with suppress(ssl.SSLWantReadError):  # it waits for the server's
            self.tls.unwrap()
        self.exchange()


class Connection:
    """One connection over a transport of strings, with a fake session behind it."""

    def __init__(self, state: State = State.CHATTING, settings: Settings = SETTINGS) -> None:
        self.clock = TurnClock()
        self.state = state
        self.reception = Reception(self.make_session, settings, self.clock)
        self.factory = ChatFactory(self.reception)
        self.transport = cast(Any, StringTransport())
        self.come(self.transport, IPv4Address("TCP", "192.0.2.1", 4321))
        self.session = cast(FakeSession, self.protocol.session)

    def come(self, transport: Any, address: IAddress | None = None) -> TextConversation:
        """Connect, and wait for the greeting."""
        front = self.factory.buildProtocol(address)
        front.makeConnection(transport)
        cast(Front, front).silence_expired()
        return cast(TextConversation, transport.protocol)

    def make_session(self, screen: IScreen) -> FakeSession:
        session = FakeSession(screen)
        session.state = self.state
        return session

    @property
    def protocol(self) -> TextConversation:
        """Return what serves the connection now."""
        return cast(TextConversation, self.transport.protocol)

    def receive(self, data: bytes) -> None:
        """Let this come in."""
        self.protocol.dataReceived(data)

    @property
    def calls(self) -> list[Any]:
        return self.session.calls

    def turn(self) -> None:
        """Let one reactor turn pass."""
        self.clock.advance(TURN_S)

    def turns(self) -> None:
        """Let turns pass until nothing more happens."""
        before = None
        while before != len(self.calls):
            before = len(self.calls)
            self.turn()

    def is_reading(self) -> bool:
        return bool(self.transport.producerState == "producing")
