"""Standard input, output and error as a program finds them, and leaves them."""

import fcntl
import os

STANDARD = (0, 1, 2)


def open_missing() -> None:
    """Open /dev/null for each of 0, 1 and 2 that is closed, so that no socket gets that number."""
    for fd in STANDARD:
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is fd


class Flags:
    """The flags of 0, 1 and 2 as they are now.

    Non-blocking is a property of the open file, which the shell and our neighbours in a pipe share.
    """

    def __init__(self) -> None:
        self._flags = {fd: fcntl.fcntl(fd, fcntl.F_GETFL) for fd in STANDARD}

    def restore(self) -> None:
        """Set them as they were."""
        for fd, flag in self._flags.items():
            fcntl.fcntl(fd, fcntl.F_SETFL, flag)
