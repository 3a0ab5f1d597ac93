"""A client program as a process: the reactor, signals, and standard input and output as they were found."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure

from groupchat.client.loop.standard_descriptors import Flags, open_missing
from groupchat.client.loop.suspending import can_stop, stop_process
from groupchat.lazy.lean_reactor import load_reactor_parts


def run(
    start: Callable[[Any], Deferred[int]], interrupted: Callable[[], object],
    suspended: Callable[[], object] = stop_process, continued: Callable[[], object] | None = None,
) -> int:  # fmt: skip
    """Run the reactor until the Deferred that ``start(reactor)`` returns fires with the exit status.

    :param interrupted: is called on the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once.
    :param continued: is called on SIGCONT, after which the terminal may have other modes.
    :param suspended: is called on SIGTSTP, to leave the terminal, stop the process, and come back.
    """
    open_missing()  # before there is a reactor, whose own descriptor would take such a number

    load_reactor_parts()
    from twisted.internet import reactor as installed

    reactor: Any = installed
    flags = Flags()
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
        if continued is not None:
            signal.signal(signal.SIGCONT, lambda number, frame: reactor.callFromThread(continued))
        if can_stop():
            signal.signal(signal.SIGTSTP, lambda number, frame: reactor.callFromThread(suspended))
        maybeDeferred(start, reactor).addBoth(finish)

    def caught(number: int, frame: object) -> None:
        if signals:
            flags.restore()
            os._exit(128 + number)
        signals.append(number)
        reactor.callFromThread(interrupted)

    reactor.callWhenRunning(begin)
    try:
        reactor.run()
    finally:
        flags.restore()
    return status[0] if status else 1
