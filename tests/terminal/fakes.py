"""A surface that remembers, and a display that changes nothing."""

from typing import Any

from twisted.internet.defer import Deferred

from groupchat.client.protocol import Message
from groupchat.terminal.display.display import Display
from groupchat.terminal.display.timestamps import Timestamps
from groupchat.terminal.surfaces.surface import Surface


class FakeSurface(Surface):
    """What was written stands in ``lines``; ``asked`` is the open question: its label, whether hidden, its default."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.asked: tuple[str, bool, str] | None = None
        self.over: Deferred[None] = Deferred()

    @property
    def width(self) -> int:
        return 80

    def start(self, reactor: Any) -> "Deferred[None]":
        return self.over

    def stop(self) -> None:
        self.over.callback(None)

    def write(self, text: str) -> None:
        self.lines.append(text)

    def ask(self, label: str, hidden: bool = False, default: str = "") -> None:
        self.asked = (label, hidden, default)

    def talk(self) -> None:
        self.asked = None

    def clear(self) -> None:
        """There is no half-typed line."""

    def refresh(self) -> None:
        """There is no bar."""

    def ring(self) -> None:
        self.lines.append("\a")

    def title(self, text: str) -> None:
        """There is no window."""


class FakeDisplay(Display):
    """Everything as it comes."""

    def __init__(self) -> None:
        self.timestamps = Timestamps()

    def event(self, event: Message, room: str) -> str | None:
        return f"{event['nick']}: {event['text']}"

    def answer(self, text: str) -> str:
        return f"-- {text}"

    def refused(self, code: str, text: str) -> str:
        return f"!! {code}: {text}"

    def remark(self, text: str) -> str:
        return f"* {text}"
