"""What the tests of requests over HTTP have in common: a hall with people in it, and clients at a port in memory."""

import base64
import json
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.trial.unittest import SynchronousTestCase

from groupchat.config.settings import Settings
from groupchat.facts.account_facts import AccessToken, Hook, digest_of
from groupchat.model.events import Said
from groupchat.sessions.visit import Visits
from groupchat.state.access_keys import HOOK_PREFIX, TOKEN_PREFIX, new_secret
from tests.doors.connections import Port, Visit
from tests.doors.web.clients import Reply, asked, request
from tests.house import House, Peer
from tests.people import establish, member, operator

HERE = "192.0.2.7"


class RequestsCase(SynchronousTestCase):
    """Olga is an operator, alice has an account; both are in the lobby, bob in dev, as programs."""

    def setUp(self) -> None:
        self.house = House(zone="UTC")
        self.hall = self.house.hall
        self.port = Port(self.hall.settings)
        self.visits = Visits(self.hall)
        self.port.reception.visits = lambda: self.visits
        self.olga = operator(self.house, "olga", "json")
        self.alice = member(self.house, "alice", "json")
        (self.bob,) = self.house.come("bob", door="json")
        self.bob.do("join", room="dev").do("leave", room="lobby")
        for peer in (self.olga, self.alice, self.bob):
            peer.take()

    def follow(self, **settings: object) -> None:
        """Go by other settings from now on."""
        made: Settings = self.hall.settings.replaced(**settings)
        self.hall.follow(made)
        self.port.reception.follow(made)

    def connect(self, address: str = HERE) -> Visit:
        """Return a connection from this address."""
        return Visit(self.port, address=IPv4Address("TCP", address, 4321))

    def ask(
        self, target: str, method: str = "GET", body: bytes | str = b"", address: str = HERE, **headers: str
    ) -> Reply:
        """Ask on a connection of its own, and return the answer."""
        whole = body.encode() if isinstance(body, str) else body
        return asked(self.connect(address), request(target, method, whole, **headers))

    def post(self, target: str, body: bytes | str, **headers: str) -> tuple[int, dict[str, Any]]:
        """Post on a connection of its own; return the status, and the object that it is answered."""
        reply = self.ask(target, "POST", body, **headers)
        return reply.status, json.loads(reply.body)

    def token(self, nick: str = "alice", label: str = "ci") -> str:
        """Make an access token of an account, and return its secret."""
        secret, found = new_secret(TOKEN_PREFIX), self.hall.accounts.find(nick)
        assert found is not None
        establish(self.hall, AccessToken(found.author, label, digest_of(secret), 0.0))
        return secret

    def hook(self, nick: str = "alice", room: str = "lobby", label: str = "hook") -> str:
        """Make a hook of an account, and return its path."""
        secret, found = new_secret(HOOK_PREFIX), self.hall.accounts.find(nick)
        assert found is not None
        establish(self.hall, Hook(found.author, label, room, digest_of(secret), 0.0))
        return f"/hooks/{secret}"

    def texts(self, peer: Peer) -> list[tuple[str, str]]:
        """Return who said what, of what somebody was shown."""
        return [(event.nick, event.text) for event in peer.events if isinstance(event, Said)]


def basic(nick: str, password: str) -> str:
    """Return the header for a nickname and a password."""
    return "Basic " + base64.b64encode(f"{nick}:{password}".encode()).decode()


def bearer(secret: str) -> str:
    """Return the header for an access token."""
    return f"Bearer {secret}"
