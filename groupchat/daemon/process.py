"""The daemon as a process: which version it is, how it says that it cannot start, its signals, and its exit status."""

import atexit
import os
import signal
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from groupchat.model.errors import CannotStart

BROKEN = 70
"""The exit status when the journal can no longer be trusted (EX_SOFTWARE of sysexits.h)."""

SWITCH_S = 0.0005
"""How long a thread that is busy may keep the others waiting, in seconds.

A commit needs the interpreter some ten times, and the reactor's thread keeps it as long as it has something to do:
with Python's own 5 ms, 16 exempt peers that flooded made a commit wait for 50 ms and more, and with this for 5.
What a post costs is the same.
"""


def release() -> str:
    """The version people are greeted with: ``1.0`` of 1.0.3 and of 1.0.0.dev0 alike."""
    try:
        return ".".join(version("groupchat").split(".")[:2])
    except PackageNotFoundError:  # run from a folder that is not installed
        return ""


def complain(sentence: str) -> None:
    """Tell the administrator in one line on the real standard error, wherever logs go."""
    line = "".join(character if character.isprintable() else " " for character in f"groupchat: {sentence}")
    stream = sys.__stderr__
    if stream is not None:
        stream.write(f"{line}\n")
        stream.flush()


def data_folder(given: str | None) -> Path:
    """The data folder: the one given, or systemd's, or one here."""
    # systemd may give several folders, with colons between them.
    return Path(given or os.environ.get("STATE_DIRECTORY", "").split(":")[0] or "groupchat-data")


def explain_failed_starts() -> None:
    """Have a CannotStart that nobody catches shown as its sentence, with exit status 1, and not as a traceback.

    Only by letting the exception through does twistd remove its PID file and tell the process that began a daemon.
    """
    previous = sys.excepthook

    def show(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        if isinstance(error, CannotStart):
            complain(str(error))
        else:
            previous(kind, error, traceback)

    sys.excepthook = show


def exit_with(status: int) -> None:
    """Let the process end with this status when all else is done: neither twistd nor twist can be told one."""
    atexit.register(_leave, status)


def _leave(status: int) -> None:
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        if stream is not None:
            stream.flush()
    os._exit(status)


def share_interpreter() -> None:
    """Let threads take turns quickly."""
    sys.setswitchinterval(SWITCH_S)


class Signals:
    """Signals that are followed from ``catch`` to ``restore``.

    The functions given are called where Python calls a signal's handler: between any two steps of the main thread.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}

    def catch(self, numbers: Iterable[signal.Signals], caught: Callable[[], object]) -> None:
        """Call this for each of these signals."""

        def follow(number: int, frame: FrameType | None) -> None:
            caught()

        for number in numbers:
            before = signal.signal(number, follow)
            self._before.setdefault(number, before)

    def restore(self) -> None:
        """Let the signals mean what they did before."""
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()
