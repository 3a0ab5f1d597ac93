"""Use data folders as administrators leave them: say in a sentence what is wrong, and keep files with their owner."""

import os
import pwd
import stat
from collections.abc import Mapping
from pathlib import Path

from groupchat.model.errors import CannotStart


def data_folder(given: str | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the data folder: the one given, or systemd's, or ``groupchat-data`` in the current folder."""
    # systemd may give several folders, with colons between them.
    return Path(given or environ.get("STATE_DIRECTORY", "").split(":")[0] or "groupchat-data")


def check_journal(path: Path) -> None:
    """Check that there is a journal, and that this user may use it.

    :raises CannotStart: there is none, or it may not be used.
    """
    folder = path.parent
    try:
        found = os.stat(path)
    except FileNotFoundError as error:
        raise CannotStart(f"There is no journal {path}.") from error
    except OSError as error:
        raise explained(error, folder) from error
    if not stat.S_ISREG(found.st_mode):
        raise CannotStart(f"{path} is not a file.")
    if not os.access(path, os.R_OK | os.W_OK, effective_ids=True):
        raise CannotStart(f"You may not use {path}; run this {_as_owner(path)}.")


def explained(error: OSError, folder: Path) -> CannotStart:
    """Return the sentence about a folder that cannot be used."""
    if isinstance(error, NotADirectoryError | FileExistsError):
        return CannotStart(f"{folder} is not a folder.")
    if isinstance(error, PermissionError):
        return CannotStart(f"You may not use the data folder {folder}; run this {_as_owner(folder)}.")
    return CannotStart(f"The data folder {folder} cannot be used: {error.strerror}.")


def opened(path: Path) -> int:
    """Open a file of a data folder for reading and writing, or make it; return its descriptor.

    :raises CannotStart: it cannot be opened.
    """
    serves_other = os.geteuid() == 0 and os.stat(path.parent).st_uid != 0
    # Root must not be led to a file elsewhere by another user's link.
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | (os.O_NOFOLLOW if serves_other else 0)
    try:
        descriptor = os.open(path, flags, 0o600)
        try:
            hand_over(descriptor, path.parent)
        except BaseException:
            os.close(descriptor)
            raise
    except IsADirectoryError as error:
        raise CannotStart(f"{path} is not a file.") from error
    except PermissionError as error:
        raise CannotStart(f"You may not use {path}; run this {_as_owner(path)}.") from error
    except OSError as error:
        raise CannotStart(f"{path} cannot be written: {error.strerror}.") from error
    return descriptor


def hand_over(descriptor: int, folder: Path) -> None:
    """Give a file to the owner of its folder, if root made it there: the daemon of another user must be able to use it.

    :raises OSError: it cannot be given away.
    """
    owner, found = os.stat(folder), os.fstat(descriptor)
    if os.geteuid() == 0 and owner.st_uid not in (0, found.st_uid) and found.st_nlink == 1:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def user_name(number: int) -> str:
    """Return the name of a user, or the number of one that has no name, such as systemd's dynamic users."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"the user with the number {number}"


def _as_owner(path: Path) -> str:
    try:
        owner = os.stat(path).st_uid
    except OSError:
        return "as the user that the daemon runs as, or as root"
    if owner in (0, os.geteuid()):
        return "as root"
    return f"as {user_name(owner)}, or as root"
