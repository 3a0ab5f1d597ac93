"""The two sides of a terminal: a surface shows text and takes lines, its owner is told what the person does."""

from collections.abc import Hashable, Sequence
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from groupchat.terminal.surfaces.key_list import Keys


class Surface(Protocol):
    """Shows text to a person: a line editor for the eye, a plain console for a screen reader."""

    keys: Keys
    """The keys that it knows."""
    echoes: bool
    """True if what the person has typed stays on the screen, so that it need not be shown again."""

    @property
    def width(self) -> int:
        """Columns of the terminal."""

    def start(self, reactor: Any) -> "Deferred[None]":
        """Begin; fires when it has ended, by ``stop`` or because the terminal is gone."""

    def stop(self) -> None:
        """Show what is left to show, and leave the terminal as it was found."""

    def write(self, text: str) -> None:
        """Add lines to the scrollback; the last one comes without its line end."""

    def ask(self, label: str, hidden: bool = False) -> None:
        """Take what is typed as the answer to a question; a ``hidden`` answer is neither shown nor kept."""

    def talk(self) -> None:
        """Take what is typed as lines for the chat."""

    def give_back(self, line: str) -> bool:
        """Let the person change a line that was not said, and send it again; return whether that is possible.

        It is not while they are typing another one.
        """

    def drafts(self) -> Sequence[tuple[Hashable, str]]:
        """Return the half-typed lines, each with the place that it was typed for."""

    def moved(self, old: Hashable, new: Hashable) -> None:
        """Note that a place has another name now: its half-typed line goes with it."""

    def suspend(self) -> None:
        """Leave the terminal as it was found, stop the process, and come back when it is continued."""

    def proceed(self) -> None:
        """Take the terminal again if it was taken while the process was stopped without being asked."""

    def refresh(self) -> None:
        """Draw the bottom of the screen again: something in it has changed."""

    def ring(self) -> None:
        """Ring the bell."""

    def title(self, text: str) -> None:
        """Set the title of the window."""


class Owner(Protocol):
    """Is told by a surface what the person does, and asked what it must know."""

    def place(self) -> Hashable:
        """Return where lines go now; a false value means nowhere yet."""

    def typed(self, line: str) -> None:
        """Take a whole line."""

    def pasted(self, lines: list[str]) -> None:
        """Take several lines, which the person has agreed to send one by one."""

    def aim(self, command: str) -> tuple[str, bool]:
        """Return where a command with several lines sends them, for a question, and if it can send each by itself."""

    def typed_singly(self, command: str) -> None:
        """Take the lines of a command, which the person has agreed to send one by one."""

    def said(self, text: str) -> None:
        """Take several lines as one message, whatever they look like."""

    def touched(self) -> None:
        """Note that a key was pressed."""

    def written(self, text: str) -> None:
        """Note that the half-typed line has changed to this."""

    def go(self, way: str) -> None:
        """Go to another view: by its number, or ``next``, ``previous``, ``urgent`` or ``back``."""

    def mark_read(self) -> None:
        """Count everything as read."""

    def remark(self, sentence: str) -> None:
        """Tell the person something."""

    def interrupted(self) -> None:
        """Take a Ctrl-C while nothing is typed."""

    def ended(self) -> None:
        """Take a Ctrl-D while nothing is typed, or the end of the input."""

    def complete(self, text: str) -> "Deferred[list[str]]":
        """Find what the last word could become."""

    def last(self) -> tuple[int, str] | None:
        """Return the number and text of the person's last message, for editing; None if there is none."""

    def is_secret(self, line: str) -> bool:
        """Return whether a line may hold a password."""

    def prompt(self, text: str) -> str:
        """Return what stands before the half-typed line ``text``: where it goes, if that is not the room."""

    def waiting(self, width: int) -> list[str]:
        """Return the person's lines that wait for their answer, to be shown above the line they type."""

    def bar(self, width: int) -> str:
        """Return the status bar at the bottom."""
