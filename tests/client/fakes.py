"""A network and a server in memory, for the client's tests."""

import json
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.testing import StringTransportWithDisconnection
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.client.core.protocol import Message


@implementer(IStreamClientEndpoint)
class FakeEndpoint:
    """Attempts to connect wait in ``attempts`` until the test accepts or refuses them."""

    def __init__(self) -> None:
        self.attempts: list[tuple[Deferred[IProtocol], IProtocolFactory]] = []
        self.cancelled = 0

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        attempt: Deferred[IProtocol] = Deferred(self._cancel)
        self.attempts.append((attempt, protocolFactory))
        return attempt

    def _cancel(self, attempt: Deferred[IProtocol]) -> None:
        self.cancelled += 1

    def accept(self) -> "FakeConnection":
        """Let the oldest attempt succeed; the test plays the server on what is returned."""
        attempt, factory = self.attempts.pop(0)
        protocol: Any = factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", 5000))
        connection = FakeConnection(protocol)
        attempt.callback(protocol)
        return connection

    def refuse(self, error: Exception) -> None:
        """Let the oldest attempt fail."""
        self.attempts.pop(0)[0].errback(Failure(error))


class ServerSide:
    """The server's end of one connection, whatever it is made of."""

    @property
    def connected(self) -> bool:
        """True until the client hangs up."""
        raise NotImplementedError

    def taken(self) -> bytes:
        """Return what the client has sent since the last call."""
        raise NotImplementedError

    def receive(self, data: bytes) -> None:
        """Send bytes."""
        raise NotImplementedError

    def cut(self) -> None:
        """The connection breaks."""
        raise NotImplementedError

    def requests(self) -> list[Message]:
        """Return the requests since the last call."""
        return [json.loads(line) for line in self.taken().splitlines()]

    def send(self, *messages: Message) -> None:
        """Send objects, in one piece."""
        self.receive(b"".join(json.dumps(message).encode() + b"\r\n" for message in messages))

    def welcome(self, token: str = "t", head: int = 0, room: str = "lobby", **more: object) -> Message:
        """Answer the claim, which must be the only request, and return it.

        :param more: further fields, such as those that newer servers send.
        """
        (claim,) = self.requests()
        assert claim["do"] == "nick", claim
        welcome = {"nick": claim["nick"], "room": room, "head": head, "token": token, **more}
        self.send({"event": "welcome", "ref": claim["ref"], **welcome})
        return claim

    def done(self, **fields: object) -> Message:
        """Carry out the only request there is, and return it."""
        (request,) = self.requests()
        self.send({"event": "done", "ref": request["ref"], **fields})
        return request

    def refuse(self, code: str, text: str = "No.") -> None:
        """Refuse the nickname."""
        (claim,) = self.requests()
        self.send({"event": "refused", "ref": claim["ref"], "code": code, "text": text})


class FakeConnection(ServerSide):
    """The server's end of a connection of Twisted."""

    def __init__(self, protocol: Any) -> None:
        self.protocol = protocol
        self.transport: Any = StringTransportWithDisconnection()
        self.transport.protocol = protocol
        protocol.makeConnection(self.transport)

    @property
    def connected(self) -> bool:
        return bool(self.transport.connected)

    def taken(self) -> bytes:
        taken: bytes = self.transport.value()
        self.transport.clear()
        return taken

    def receive(self, data: bytes) -> None:
        self.protocol.dataReceived(data)

    def cut(self) -> None:
        self.transport.loseConnection()


def said(number: int, text: str = "hi", nick: str = "bob") -> Message:
    """An event as the server sends it."""
    return {"event": "said", "id": number, "room": "lobby", "nick": nick, "text": text, "at": "2026-11-21T09:42:00Z"}
