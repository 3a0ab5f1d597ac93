"""A client program as a process without Twisted: signals, and standard input and output as they were found."""

import os
import signal
from collections.abc import Callable

from groupchat.client.core.results import Result
from groupchat.client.loop.event_loop import Loop
from groupchat.client.loop.standard_descriptors import Flags, open_missing
from groupchat.client.loop.suspending import can_stop, stop_process

BROKEN = 70
"""The exit status of a program with an error of its own, as sysexits.h has it."""


def run(start: Callable[[Loop], Result[int]], interrupted: Callable[[], object]) -> int:
    """Run a loop until what ``start(loop)`` returns has come: the exit status.

    :param interrupted: is called on the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once.
    """
    open_missing()  # before there is a loop, whose own descriptors would take such a number
    loop, flags = Loop(), Flags()
    status: list[int] = []
    signals: list[int] = []

    def finish(outcome: int) -> None:
        status.append(outcome)
        loop.stop()

    def failed(error: Exception) -> None:
        raise error

    def caught(number: int, frame: object) -> None:
        if signals:
            flags.restore()
            os._exit(128 + number)
        signals.append(number)
        loop.call_soon(interrupted)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, caught)
    if can_stop():
        signal.signal(signal.SIGTSTP, lambda number, frame: loop.call_soon(stop_process))
    try:
        start(loop).then(finish, failed)
        loop.run()
    except Exception:
        import traceback  # a program without errors needs none

        traceback.print_exc()
        return BROKEN
    finally:
        flags.restore()
    return status[0]


def raise_(sentence: str, error: Exception) -> None:
    """Raise an error of this program: it ends with a traceback."""
    raise error
