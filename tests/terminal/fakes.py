"""A surface that remembers, a display that changes nothing, a server that the test plays."""

from collections.abc import Hashable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IStreamClientEndpoint

from groupchat.client.address import Address
from groupchat.client.core.protocol import Message
from groupchat.terminal.display.display import Display
from groupchat.terminal.display.timestamps import Timestamps
from groupchat.terminal.display.views import View
from groupchat.terminal.surfaces.key_list import KEYS
from groupchat.terminal.surfaces.surface import Surface
from tests.client.fakes import FakeEndpoint


class FakeSurface(Surface):
    """``lines`` is what was written; ``asked`` is the open question: its label, and whether it is hidden."""

    keys = KEYS
    echoes = False

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.asked: tuple[str, bool] | None = None
        self.over: Deferred[None] = Deferred()
        self.titled = ""
        self.given_back: list[str] = []
        self.can_give_back = True
        self.moves: list[tuple[Hashable, Hashable]] = []
        self.suspended = self.proceeded = 0
        self.half_typed: list[tuple[Hashable, str]] = []
        self.refreshed = 0
        """How many times it was drawn again."""

    @property
    def width(self) -> int:
        return 80

    def start(self, reactor: Any) -> "Deferred[None]":
        return self.over

    def stop(self) -> None:
        if not self.over.called:
            self.over.callback(None)

    def write(self, text: str) -> None:
        self.lines.append(text)

    def ask(self, label: str, hidden: bool = False) -> None:
        self.asked = (label, hidden)

    def talk(self) -> None:
        self.asked = None

    def give_back(self, line: str) -> bool:
        self.given_back.append(line)
        return self.can_give_back

    def drafts(self) -> list[tuple[Hashable, str]]:
        return self.half_typed

    def moved(self, old: Hashable, new: Hashable) -> None:
        self.moves.append((old, new))

    def proceed(self) -> None:
        self.proceeded += 1

    def suspend(self) -> None:
        self.suspended += 1

    def refresh(self) -> None:
        self.refreshed += 1

    def ring(self) -> None:
        self.lines.append("\a")

    def title(self, text: str) -> None:
        self.titled = text


class FakeDisplay(Display):
    """Shows everything as it comes; ``fails_on`` is the text of messages that it cannot show."""

    names_rooms = False
    fails_on = ""

    def __init__(self) -> None:
        self.timestamps = Timestamps()

    def event(self, event: Message, room: str) -> str | None:
        if self.fails_on and event.get("text") == self.fails_on:
            raise ValueError(self.fails_on)
        return f"{event['nick']}: {event['text']}" if "nick" in event and "text" in event else None

    def view(self, view: View) -> str:
        return f"=== {view.place} {view.unread}@{view.mentions}"

    def answer(self, text: str) -> str:
        if self.fails_on and text == self.fails_on:
            raise ValueError(self.fails_on)
        return f"-- {text}"

    def refused(self, code: str, text: str) -> str:
        return f"!! {code}: {text}"

    def remark(self, text: str) -> str:
        return f"* {text}"


class FakeServer(Address):
    """An address whose endpoint the test controls."""

    fake: FakeEndpoint

    def __new__(cls) -> "FakeServer":
        server = super().__new__(cls, "example.org", 5000)
        server.fake = FakeEndpoint()
        return server

    def endpoint(self, reactor: Any) -> IStreamClientEndpoint:
        return self.fake
