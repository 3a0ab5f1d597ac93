"""Standard input and output in memory, and a server that a test plays."""

import json
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import Clock

from groupchat.client.address import Address, Server, Servers
from groupchat.client.core.network import Dialer
from groupchat.client.loop.event_loop import Loop
from groupchat.client.loop.standard_streams import Source, StandardStreams
from groupchat.client.twisted_network import TwistedClock
from groupchat.destinations.command_line import Destination
from groupchat.stdio.keyboard import Keyboard
from tests.client.core.fakes import FakeDialer
from tests.client.fakes import FakeEndpoint

REFUSED_BEFORE_THE_CLAIM = ("banned", "server-full", "too-many-connections", "tls-required", "password-required")
"""Codes with which a server closes a connection on which nothing was asked yet."""


def refusals(code: str) -> list[bytes]:
    """Return what a server sends with such a code, in each form that there is."""
    closing = {"event": "closing", "code": code, "text": "Go away."}
    refused = {**closing, "event": "refused"}
    return [
        f"!! {code}: Go away.\r\n".encode(),
        json.dumps(closing).encode() + b"\r\n",
        json.dumps(refused).encode() + b"\r\n" + json.dumps(closing).encode() + b"\r\n",
    ]


def to(server: Server, nick: str | None = None, room: str | None = None, **more: Any) -> Destination:
    """Return a destination: this server, and the nickname and the room to have there, if they are given."""
    return Destination(server, nick or "", room or "", **more)


class FakeInput:
    """Standard input's side that is paused and resumed."""

    def __init__(self) -> None:
        self.paused = False

    def pauseProducing(self) -> None:
        self.paused = True

    def resumeProducing(self) -> None:
        self.paused = False


class FakeKeyboard(Keyboard):
    """A keyboard whose output is ``text``; ``fed`` is the producer of the output."""

    def __init__(
        self, typed: Callable[[bytes], object], ended: Callable[[], object], broken: Callable[[], object]
    ) -> None:
        super().__init__(typed, ended, broken)
        self.text = ""
        self.fed: Any = None
        self.opened: tuple[bool, bool] | None = None
        self.closed = False
        self.transport: Any = FakeInput()

    def open(self, reactor: Any, reading: bool = True, writing: bool = True) -> None:
        self.opened = (reading, writing)

    def write(self, text: str) -> None:
        self.text += text

    def feed(self, producer: Any) -> None:
        self.fed = producer

    def unfeed(self) -> None:
        self.fed = None

    def close(self, closed: Callable[[], object]) -> None:
        self.closed = True
        closed()

    def type(self, *lines: str) -> None:
        """Type lines."""
        self.dataReceived("".join(f"{line}\n" for line in lines).encode())

    def end(self) -> None:
        """End the input."""
        self.readConnectionLost()


class FakeStreams(StandardStreams):
    """Standard input and output; the output is ``text``, and ``fed`` is what it comes from."""

    def __init__(
        self, typed: Callable[[bytes], object], ended: Callable[[], object], broken: Callable[[str], object]
    ) -> None:
        super().__init__(typed, ended, broken)
        self.text = ""
        self.fed: Source | None = None
        self.opened: tuple[bool, bool] | None = None
        self.closed = False
        self.paused = False
        self.break_off = broken

    def open(self, loop: Loop, reading: bool = True, writing: bool = True) -> None:
        self.opened = (reading, writing)

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def write(self, text: str) -> None:
        self.text += text

    def feed(self, source: Source) -> None:
        self.fed = source

    def close(self, closed: Callable[[], object]) -> None:
        self.closed = True
        closed()

    def type(self, *lines: str) -> None:
        """Type lines."""
        self.received("".join(f"{line}\n" for line in lines).encode())

    def end(self) -> None:
        """End the input."""
        self.received(b"")


class FakeLoop(Loop):
    """A loop whose time the test lets pass."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.seconds = self.clock.seconds  # type: ignore[method-assign]
        self.call_later = TwistedClock(self.clock).call_later  # type: ignore[method-assign, assignment]


class FakeAddress(Address):
    """An address whose endpoint the test holds."""

    network = FakeEndpoint()
    dialed = FakeDialer()

    def endpoint(self, reactor: Any) -> IStreamClientEndpoint:
        return self.network

    def dialer(self, loop: Loop) -> Dialer:
        return self.dialed


def address() -> tuple[FakeAddress, FakeEndpoint]:
    """Return an address, and the network that it leads to."""

    class Here(FakeAddress):
        network = FakeEndpoint()

    return Here("example.org", 5000), Here.network


def place() -> tuple[FakeAddress, FakeDialer]:
    """Return an address, and the core's network that it leads to."""

    class Here(FakeAddress):
        dialed = FakeDialer()

    return Here("example.org", 5000), Here.dialed


def two_places() -> tuple[Servers, FakeDialer, FakeDialer, FakeEndpoint, FakeEndpoint]:
    """Return two addresses of one chat, and the networks that they lead to: of the core, and of Twisted."""

    class First(FakeAddress):
        network, dialed = FakeEndpoint(), FakeDialer()

    class Second(FakeAddress):
        network, dialed = FakeEndpoint(), FakeDialer()

    servers = Servers((First("a.org", 5000), Second("b.org", 5001)))
    return servers, First.dialed, Second.dialed, First.network, Second.network
