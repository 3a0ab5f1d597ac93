"""Files of this computer that are to be sent."""

import os
from typing import BinaryIO

from groupchat.client.regular_files import NotRegular, open_regular


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
        return open_regular(path)
    except NotRegular as error:
        raise NotSendable(f"{path} is not a regular file") from error
    except (OSError, ValueError) as error:
        raise NotSendable(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
