"""Read the files of certificates, and say why one cannot be used."""

import errno
import os
import pwd
from pathlib import Path

from groupchat.disk.small_files import read_small


class Unusable(Exception):
    """A certificate or its key cannot be used; the message is a sentence without its full stop."""


def read(path: Path) -> bytes:
    """Return the content of a file.

    :raises Unusable: it cannot be read, is no regular file or too large.
    """
    try:
        return read_small(path)
    except OSError as error:
        raise unreadable(path, error) from error


def is_there(path: Path) -> bool:
    """Tell whether there is a file or a folder.

    :raises Unusable: nobody can tell, because a folder above it cannot be entered.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise unreadable(path, error) from error
    return True


def unreadable(path: Path, error: OSError) -> Unusable:
    """Return the error that says why a file cannot be read, and by whom."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return Unusable(f"{path} cannot be read by {_user()}: {error.strerror}")
    return Unusable(f"{path}: {error.strerror}")


def _user() -> str:
    """Return the name of the user this process runs as; containers may have none for their number."""
    try:
        return f"the user {pwd.getpwuid(os.geteuid()).pw_name}"
    except KeyError:
        return f"the user {os.geteuid()}"
