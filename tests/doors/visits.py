"""Visitors of a port in memory, plain and through TLS, whose bytes are cut as one likes."""

import ssl
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import trustme
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IAddress
from twisted.internet.testing import StringTransport
from twisted.protocols.policies import ProtocolWrapper

from groupchat.config.settings import Settings
from groupchat.doors.factory import ChatFactory
from groupchat.doors.reception import Reception
from groupchat.doors.wire.certificates import Certificates
from groupchat.doors.wire.tls import Tunnels
from groupchat.interfaces.screens import IScreen
from groupchat.limits.turnstile import Turnstile
from groupchat.sessions.session import State
from tests.doors.fakes import SETTINGS, FakeSession
from tests.doors.test_line import TurnClock

HERE = IPv4Address("TCP", "192.0.2.1", 4321)


@cache
def authority() -> trustme.CA:
    """Who vouches for the server."""
    return trustme.CA()


@cache
def certificates() -> Certificates:
    """The server's."""
    with TemporaryDirectory() as folder:
        return issued(Path(folder))


def issued(folder: Path) -> Certificates:
    """A new certificate for localhost, in this folder."""
    leaf = authority().issue_cert("localhost")
    leaf.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    leaf.private_key_pem.write_to_path(str(folder / "key.pem"))
    return Certificates(folder / "cert.pem", folder / "key.pem")


class Place:
    """A port with a fake session behind each connection."""

    def __init__(self, settings: Settings = SETTINGS, state: State = State.CHATTING) -> None:
        self.clock = TurnClock()
        self.state = state
        self.sessions: list[FakeSession] = []
        self.turnstile = Turnstile(live=1000, new=1000)
        self.reception = Reception(self.make_session, settings, self.clock, self.turnstile)
        self.factory = ChatFactory(self.reception)
        self.reception.tunnels = Tunnels(certificates(), False, self.factory, self.clock)

    def make_session(self, screen: IScreen, door: str) -> FakeSession:
        session = FakeSession(screen, door)
        session.state = self.state
        self.sessions.append(session)
        return session


class Visit:
    """One connection; what is sent comes in pieces of ``size`` bytes."""

    def __init__(self, place: Place, size: int = 65536, address: IAddress | None = HERE) -> None:
        self.place = place
        self.size = size
        self.transport = cast(Any, StringTransport())
        self.transport.protocol = place.factory.buildProtocol(address)
        self.transport.protocol.makeConnection(self.transport)

    def send(self, data: bytes) -> None:
        for start in range(0, len(data), self.size):
            self.transport.protocol.dataReceived(data[start : start + self.size])

    def read(self) -> bytes:
        """What came back since last time."""
        data: bytes = self.transport.value()
        self.transport.clear()
        return data

    @property
    def server(self) -> Any:
        """Who serves the connection now, within TLS if there is some."""
        protocol = self.transport.protocol
        while isinstance(protocol, ProtocolWrapper):
            protocol = protocol.wrappedProtocol
        return protocol

    @property
    def session(self) -> FakeSession:
        """The only session."""
        (session,) = self.place.sessions
        return session


class TlsVisit(Visit):
    """One connection through TLS, which is established now, or by ``establish``."""

    def __init__(self, place: Place, size: int = 65536, *, begin: bool = True, languages: Sequence[str] = ()) -> None:
        super().__init__(place, size)
        context = ssl.create_default_context()
        authority().configure_trust(context)
        if languages:
            context.set_alpn_protocols(languages)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")
        if begin:
            self.establish()

    def establish(self) -> None:
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self.exchange()
            else:
                break
        self.exchange()

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
