"""Notifications: a program of the person's choice is run for a mention or a private message.

It is run with a list of arguments, never by a shell, and what others have written is only ever a part of an argument:
control characters are taken out, its length is bounded, no argument that begins with it can be an option, and it has
no markup.  The program has no input, no output, little time, and is run only so often.
"""

import os
import re
import shutil
import signal
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

from twisted.internet.error import ProcessDone, ProcessExitedAlready
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.process import reapAllProcesses
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from groupchat.destinations.configuration import PLACEHOLDERS
from groupchat.stdio.printable import one_line

LENGTHS = {"nick": 64, "room": 64, "text": 200}
"""The most characters of each."""

A_MINUTE = 10
"""The most notifications in a minute: further ones would say nothing new."""

AT_ONCE = 4
"""The most programs that run at a time."""

LONGEST_S = 15.0
"""Seconds after which a program is ended."""

LOOK_S = 0.2
"""Seconds between two looks at whether the programs that run have ended."""


class Processes(Protocol):
    """The part of a reactor that is used: it runs programs."""

    def seconds(self) -> float:
        """Return the time, which never goes back."""

    def callLater(self, delay: float, callable: Callable[..., object], *args: object) -> IDelayedCall:
        """Call a function later."""

    def spawnProcess(self, protocol: ProcessProtocol, executable: str, args: Sequence[bytes], **how: Any) -> Any:
        """Run a program."""


def filled(template: Sequence[str], **words: str) -> list[str]:
    """Return the arguments with what others wrote in place of the placeholders."""

    def word(found: re.Match[str]) -> str:
        text = one_line(words[found[1]]).replace("\0", "").replace("<", "‹").strip()
        most = LENGTHS[found[1]]
        return text if len(text) <= most else f"{text[: most - 1]}…"

    arguments = []
    for one in template:
        argument = PLACEHOLDERS.sub(word, one)
        # Whatever begins with a placeholder is no option, so it must not look like one.
        is_theirs = PLACEHOLDERS.match(one) is not None
        arguments.append(f" {argument}" if is_theirs and argument.startswith(("-", "+", "@", "/")) else argument)
    return arguments


class Notifying:
    """Runs the program.

    :param template: its name and arguments, with placeholders; empty: nothing is run.
    :param tell: tells the person what is wrong with it; it is called once.
    :param reap: looks which programs have ended, and tells them so.
    """

    def __init__(
        self,
        processes: Processes,
        template: Sequence[str],
        tell: Callable[[str], object],
        reap: Callable[[], object] = reapAllProcesses,
    ) -> None:
        self._processes = processes
        self._template = tuple(template)
        self._tell = tell
        self._reap = reap
        self._look: IDelayedCall | None = None
        self._begun: deque[float] = deque(maxlen=A_MINUTE)
        self._running: set[_Run] = set()
        self._has_told = False

    def notify(self, nick: str, room: str, text: str) -> None:
        """Notify of a message, unless there were too many just now.  ``room``: empty for a private one."""
        now = self._processes.seconds()
        is_often = len(self._begun) == A_MINUTE and now - self._begun[0] < 60
        if not self._template or is_often or len(self._running) >= AT_ONCE:
            return
        self._begun.append(now)
        program = shutil.which(self._template[0])
        if program is None:
            self._complain("there is no such program")
            return
        arguments = filled(self._template[1:], nick=nick, room=room or "private", text=text)
        null = os.open(os.devnull, os.O_RDWR)
        run = _Run(self._ended)
        try:
            self._running.add(run)
            words = [word.encode("utf-8", "replace") for word in (self._template[0], *arguments)]
            self._processes.spawnProcess(run, program, words, env=None, childFDs={0: null, 1: null, 2: null})
        except OSError as error:
            self._running.discard(run)
            self._complain(os.strerror(error.errno or 0))
            return
        finally:
            os.close(null)
        run.timer = self._processes.callLater(LONGEST_S, run.end)
        if self._look is None:
            self._look = self._processes.callLater(LOOK_S, self._look_again)

    def finish(self) -> None:
        """Leave the programs that run alone; they are told nothing more."""
        for run in self._running:
            run.stop_timer()
        self._stop_looking()

    def _look_again(self) -> None:
        # The reactor may not be told when a child ends: the line editor's loop has the signals.
        self._look = self._processes.callLater(LOOK_S, self._look_again)
        self._reap()

    def _stop_looking(self) -> None:
        look, self._look = self._look, None
        if look is not None:
            look.cancel()

    def _ended(self, run: "_Run", status: int | None, was_killed: bool) -> None:
        self._running.discard(run)
        if not self._running:
            self._stop_looking()
        if was_killed:
            self._complain(f"it did not end within {LONGEST_S:.0f} s")
        elif status != 0:
            self._complain("it was ended by a signal" if status is None else f"it ended with status {status}")

    def _complain(self, what: str) -> None:
        if not self._has_told:
            self._has_told = True
            self._tell(f"notify, in client.toml, does not work: {self._template[0]}: {what}. This is told only once.")


class _Run(ProcessProtocol):
    """One program that runs.

    :param ended: is called with this, its exit status (None: a signal), and whether it took too long.
    """

    def __init__(self, ended: Callable[["_Run", int | None, bool], object]) -> None:
        self.timer: IDelayedCall | None = None
        self._told = ended
        self._was_killed = False

    def end(self) -> None:
        """End the program."""
        self._was_killed = True
        with suppress(ProcessExitedAlready, OSError):
            self.transport.signalProcess(signal.Signals.SIGKILL.name[3:])  # type: ignore[union-attr]

    def stop_timer(self) -> None:
        """Do not end it any more."""
        if self.timer is not None and self.timer.active():
            self.timer.cancel()

    # Twisted calls this.

    def processEnded(self, reason: Failure) -> None:
        self.stop_timer()
        status = 0 if reason.check(ProcessDone) else getattr(reason.value, "exitCode", None)
        self._told(self, status, self._was_killed)
