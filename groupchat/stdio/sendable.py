"""Files of this computer that are to be sent."""

import os
import stat
from typing import BinaryIO


class NotSendable(Exception):
    """A file cannot be sent; one sentence without its full stop."""


def opened(path: str) -> BinaryIO:
    """Open a file to be sent.

    :raises NotSendable: it cannot be read, or has no end, as a pipe or a device, or others could not read its name.
    """
    try:
        os.path.basename(path).encode()
    except UnicodeEncodeError as error:
        raise NotSendable(f"{path} has a name that is not UTF-8; rename it") from error
    try:
        # Of a pipe that nobody writes to, opening alone would wait for ever.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise NotSendable(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise NotSendable(f"{path} is not a regular file")
    return os.fdopen(file, "rb")
