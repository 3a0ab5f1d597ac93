"""Files of this computer that are read to be sent."""

import errno
import os
import stat
from typing import BinaryIO


class NotRegular(OSError):
    """It is no regular file, but a pipe or a device, which may have no end, or a folder."""


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file to be read, without waiting for anybody.

    :raises OSError: it cannot be read, or is no regular file.
    :raises ValueError: there is a NUL in the path.
    """
    # Of a pipe that nobody writes to, opening alone would wait for ever.
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise NotRegular(errno.EINVAL, "it is not a regular file", os.fspath(path))
    return os.fdopen(file, "rb")
