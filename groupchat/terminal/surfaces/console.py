"""A surface for screen readers, and for terminals that only print: nothing that was written is ever changed."""

import os
import shutil
from collections.abc import Callable, Hashable
from typing import Any, TypeAlias

from twisted.internet.defer import Deferred

from groupchat.client.loop.suspending import stop_process
from groupchat.stdio.echo import Echo
from groupchat.stdio.keyboard import Keyboard
from groupchat.terminal.surfaces.key_list import PLAIN_KEYS, Keys
from groupchat.terminal.surfaces.surface import Owner

MakeKeyboard: TypeAlias = Callable[[Callable[[bytes], object], Callable[[], object], Callable[[], object]], Keyboard]


class Console:
    """Uses the terminal as it is: the kernel keeps the half-typed line, and a screen reader follows what is added."""

    keys: Keys = PLAIN_KEYS
    echoes = True

    def __init__(self, owner: Owner, echo: Echo, keyboard: MakeKeyboard = Keyboard) -> None:
        self._owner = owner
        self._echo = echo
        self._keyboard = keyboard(self._typed, self._input_ended, owner.ended)
        self._over: Deferred[None] = Deferred()
        self._stopping = False

    @property
    def width(self) -> int:
        return shutil.get_terminal_size().columns

    def start(self, reactor: Any) -> "Deferred[None]":
        self._keyboard.open(reactor)
        return self._over

    def stop(self) -> None:
        if not self._stopping:
            self._stopping = True
            if self._echo.on():
                self._keyboard.write(os.linesep)
            self._keyboard.close(lambda: self._over.callback(None))

    def write(self, text: str) -> None:
        self._keyboard.write(f"{text}\n")

    def ask(self, label: str, hidden: bool = False) -> None:
        self._keyboard.write(label)
        if hidden:
            self._echo.off()

    def talk(self) -> None:
        """Show what is typed again; beside that lines look alike here, whatever becomes of them."""
        self._echo.on()

    def give_back(self, line: str) -> bool:
        return False  # the kernel has the half-typed line

    def drafts(self) -> tuple[tuple[Hashable, str], ...]:
        return ()  # the kernel has the half-typed line

    def moved(self, old: Hashable, new: Hashable) -> None:
        """Do nothing: the kernel has the half-typed line."""

    def suspend(self) -> None:
        hidden = self._echo.on()
        stop_process()
        if hidden:
            self._echo.off()

    def proceed(self) -> None:
        """Do nothing: the terminal is as the shell has it."""

    def refresh(self) -> None:
        """Do nothing: there is no status bar."""

    def ring(self) -> None:
        self._keyboard.write("\a")

    def title(self, text: str) -> None:
        """Do nothing: nobody looks at the title."""

    def _typed(self, line: bytes) -> None:
        if self._echo.on():
            self._keyboard.write(os.linesep)
        self._owner.touched()
        self._owner.typed(line.decode("utf-8", "replace").rstrip("\r"))

    def _input_ended(self) -> None:
        if not self._stopping:
            self._owner.ended()
