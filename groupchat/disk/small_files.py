"""Read files that administrators and programs of theirs write, such as settings, without trusting what they are."""

import errno
import os
import stat
from pathlib import Path

MOST_BYTES = 1 << 20
"""The most bytes that such a file has: far more than anybody writes by hand, or than a chain of certificates."""


def read_small(path: Path) -> bytes:
    """Return the content of a regular file.

    Nothing else is opened: a pipe would make the reader wait, a device may have no end, and some do things when they
    are opened.

    :raises OSError: it is no regular file, is too large, or cannot be read; ``strerror`` says which.
    """
    _check(os.stat(path))
    # Another file may have taken the name meanwhile.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        _check(os.fstat(descriptor))
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise _too_large()
    return content


def _check(found: os.stat_result) -> None:
    """:raises OSError: it is no regular file, or too large."""
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "This is not a regular file")
    if found.st_size > MOST_BYTES:
        raise _too_large()


def _too_large() -> OSError:
    return OSError(errno.EFBIG, f"This has more than {MOST_BYTES:,} bytes")
