"""What a person sits before: text goes to it, lines come from it.  A prompt for the eye, a console for the ear."""

from typing import Any, Protocol

from twisted.internet.defer import Deferred


class Surface(Protocol):
    """Where things are shown."""

    @property
    def width(self) -> int:
        """Columns."""

    def start(self, reactor: Any) -> "Deferred[None]":
        """Begin; fires when it has ended, by ``stop`` or because the terminal is gone."""

    def stop(self) -> None:
        """Show what is left to show, and give the terminal back as it was."""

    def write(self, text: str) -> None:
        """Add these lines to the scrollback; the last one has no end."""

    def ask(self, label: str, hidden: bool = False, default: str = "") -> None:
        """What is typed from now on answers this; ``hidden`` things are neither shown nor kept."""

    def talk(self) -> None:
        """What is typed from now on is the chat's."""

    def clear(self) -> None:
        """Forget the half-typed line, an edit or a question."""

    def refresh(self) -> None:
        """Something at the bottom has changed."""

    def ring(self) -> None:
        """Ring the bell."""

    def title(self, text: str) -> None:
        """Call the window so."""


class Owner(Protocol):
    """Who a surface tells what the person does."""

    def typed(self, line: str) -> None:
        """A whole line."""

    def pasted(self, lines: list[str]) -> None:
        """Several lines at once, which the person has agreed to send."""

    def touched(self) -> None:
        """A key was pressed."""

    def written(self, text: str) -> None:
        """The half-typed line reads so."""

    def interrupted(self) -> None:
        """Ctrl-C, with nothing typed."""

    def ended(self) -> None:
        """Ctrl-D, with nothing typed; or there is no more input."""

    def complete(self, text: str) -> "Deferred[list[str]]":
        """What the last word of this could become."""

    def last(self) -> tuple[int, str] | None:
        """The number and text of one's own last message, to be edited; None: there is none."""

    def is_secret(self, line: str) -> bool:
        """Whether this line has a password in it."""

    def bar(self, width: int) -> str:
        """The line at the bottom."""
