"""Stopping of this program as after Ctrl-Z, until the shell continues it."""

import fcntl
import os
import signal


def can_stop() -> bool:
    """Return whether this program would be continued: where there is no job control, the signal is ignored."""
    return signal.getsignal(signal.SIGTSTP) != signal.SIG_IGN


def stop_process() -> None:
    """Stop the processes of this job; return when they are continued, or at once where nobody could continue them.

    Meanwhile standard input and output block, as they did for the shell, which shares them.
    """
    if not can_stop():
        return
    before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    flags = {fd: fcntl.fcntl(fd, fcntl.F_GETFL) for fd in (0, 1, 2)}
    for fd, flag in flags.items():
        fcntl.fcntl(fd, fcntl.F_SETFL, flag & ~os.O_NONBLOCK)
    try:
        os.kill(0, signal.SIGTSTP)
    finally:
        for fd, flag in flags.items():
            fcntl.fcntl(fd, fcntl.F_SETFL, flag)
        signal.signal(signal.SIGTSTP, before)
