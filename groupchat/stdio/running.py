"""A client program as a process: the reactor, signals, and standard input and output as they were found."""

import fcntl
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure

from groupchat.stdio.printable import one_line
from groupchat.stdio.suspending import can_stop, stop_process


def complain(sentence: str) -> None:
    """Print one sentence on standard error, in one line."""
    try:
        os.write(2, f"groupchat: {one_line(sentence)}\n".encode())
    except OSError:
        return  # standard error is closed


def run(
    start: Callable[[Any], Deferred[int]], interrupted: Callable[[], object],
    suspended: Callable[[], object] = stop_process,
) -> int:  # fmt: skip
    """Run the reactor until the Deferred that ``start(reactor)`` returns fires with the exit status.

    :param interrupted: is called on the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once.
    :param suspended: is called on SIGTSTP, to leave the terminal, stop the process, and come back.
    """
    _open_missing()  # before there is a reactor, whose own descriptor would take such a number

    from twisted.internet import reactor as installed

    reactor: Any = installed
    flags = {fd: fcntl.fcntl(fd, fcntl.F_GETFL) for fd in (0, 1, 2)}
    status: list[int] = []
    signals: list[int] = []

    def finish(outcome: int | Failure) -> None:
        if isinstance(outcome, Failure):
            outcome.printTraceback(sys.stderr)
            status.append(70)
        else:
            status.append(outcome)
        if reactor.running:
            reactor.stop()

    def begin() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, caught)
        if can_stop():
            signal.signal(signal.SIGTSTP, lambda number, frame: reactor.callFromThread(suspended))
        maybeDeferred(start, reactor).addBoth(finish)

    def caught(number: int, frame: object) -> None:
        if signals:
            restore()
            os._exit(128 + number)
        signals.append(number)
        reactor.callFromThread(interrupted)

    def restore() -> None:
        # Non-blocking is a property of the open file, which the shell and our neighbours in a pipe share.
        for fd, flag in flags.items():
            fcntl.fcntl(fd, fcntl.F_SETFL, flag)

    reactor.callWhenRunning(begin)
    try:
        reactor.run()
    finally:
        restore()
    return status[0] if status else 1


def _open_missing() -> None:
    """Open /dev/null for each of 0, 1 and 2 that is closed, so that no socket gets that number."""
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is fd
