"""The daemon as a process: its version, its data folder, its signals, its exit status, and why it cannot start."""

import atexit
import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from types import FrameType, TracebackType
from typing import Any

from groupchat.daemon.log.streams import StreamOutput
from groupchat.model.errors import CannotStart
from groupchat.model.text import escape

BROKEN = 70
"""The exit status when the journal can no longer be trusted (EX_SOFTWARE of sysexits.h)."""

SWITCH_S = 0.0005
"""Seconds a busy thread may keep the others waiting.

A commit needs the interpreter some ten times, and the reactor's thread keeps it as long as it has work.
With Python's default of 5 ms, 16 exempt peers that flooded delayed a commit by 50 ms and more; with this value, by 5.
The cost of a post is the same.
"""


def release() -> str:
    """Return the version for the greeting: ``1.0`` for both 1.0.3 and 1.0.0.dev0."""
    try:
        return ".".join(version("groupchat").split(".")[:2])
    except PackageNotFoundError:  # run from a folder that is not installed
        return ""


def complain(sentence: str) -> None:
    """Tell the administrator in one line on the real standard error, wherever logs go."""
    stream = sys.__stderr__
    if stream is not None:
        StreamOutput(stream).write("error", [f"groupchat: {escape(sentence)}"])


def explain_failed_starts() -> None:
    """Show a CannotStart that nobody catches as its sentence, not as a traceback, and exit with its status.

    The exception has to reach twistd, which then removes its PID file and tells the process that started the daemon.
    """
    previous = sys.excepthook

    def show(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        if isinstance(error, CannotStart):
            complain(str(error))
            if error.status != 1:  # what Python itself gives
                exit_with(error.status)
        else:
            previous(kind, error, traceback)

    sys.excepthook = show


class Starter:
    """The standard error of the process that starts the daemon, for the daemon in the background.

    twistd closes its own there, and tells the one that waits no more than 100 bytes of an error.
    """

    def __init__(self) -> None:
        """Keep it; to be made before the fork to the background."""
        self._process = os.getpid()
        try:
            self._stream = os.dup(2)
        except OSError:
            self._stream = -1  # it is closed

    def tell(self, sentence: str) -> None:
        """Tell the administrator in one line, if this is in the background; elsewhere ``complain`` can."""
        if os.getpid() != self._process and self._stream != -1:
            with contextlib.suppress(OSError):  # nobody reads it any more
                os.write(self._stream, f"groupchat: {escape(sentence)}\n".encode())

    def close(self) -> None:
        """Let go of it, so that whoever waits for its end need not wait for the daemon's."""
        stream, self._stream = self._stream, -1
        if stream != -1:
            os.close(stream)


def exit_with(status: int) -> None:
    """End the process with this status when all else is done: twistd and twist cannot be told one."""
    atexit.register(_leave, status)


def _leave(status: int) -> None:
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        if stream is not None:
            stream.flush()
    os._exit(status)


def share_interpreter() -> None:
    """Let threads switch quickly."""
    sys.setswitchinterval(SWITCH_S)


def settle() -> None:
    """Take everything that was made for the start out of the search for garbage, for ever.

    The search stops all threads.  With 1,500 people here it took 33 to 65 ms for 90,000 objects, and takes 12 to 18 for
    the 31,000 that are not code, which is never garbage.
    """
    gc.unfreeze()  # what ``loading`` put aside has some, too
    gc.collect()
    gc.freeze()


class Signals:
    """Signal functions that are installed by ``catch`` and removed by ``restore``.

    They are called where Python calls signal functions: between any two steps of the main thread.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}

    def catch(self, numbers: Iterable[signal.Signals], caught: Callable[[], object]) -> None:
        """Call a function for each of these signals."""

        def follow(number: int, frame: FrameType | None) -> None:
            caught()

        for number in numbers:
            before = signal.signal(number, follow)
            self._before.setdefault(number, before)

    def restore(self) -> None:
        """Restore what the signals did before."""
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()
