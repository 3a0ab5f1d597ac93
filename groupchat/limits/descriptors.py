"""Raise the number of files and sockets that this process may have open."""

import contextlib
import resource
import sys


def descriptors() -> int:
    """Return how many files and sockets this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def raise_descriptors() -> None:
    """Raise the soft limit of open files and sockets to the hard limit.

    The soft one is mostly 1,024, for programs that use select(), which fails above; epoll does not.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Where this is not allowed, fewer connections are taken.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
