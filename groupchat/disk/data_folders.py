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


_OWN_FOLDERS = frozenset({"tls", "files", "lost+found"})
"""The folders that may be in a data folder: ours, and the one that every new file system has."""

_OF_JOURNALS = "chat.db."
"""The beginning of the names of others of ours: the files of journals that were put aside."""


def make_private(folder: Path) -> str:
    """Let nobody but its owner use a data folder; return how it was open to others (its mode), or nothing.

    One of an older version, or that an administrator has made, may be open.  It is closed rather than refused:
    it is ours, and a daemon must start after an upgrade.
    One that holds other folders, or is for everybody's files, is not ours alone (a home, /srv, /tmp): closing it would
    lock others out, so it is refused.

    :raises CannotStart: it is open to others, and cannot or must not be closed.
    """
    mode = check_own(folder)
    if not mode & 0o077:
        return ""
    try:
        os.chmod(folder, 0o700)
    except OSError as error:
        raise CannotStart(
            f"The data folder {folder} is open to others (mode {mode:04o}), and you may not close it: "
            f"run chmod 700 {folder} {_as_owner(folder)}, or name a folder in it, which is made then."
        ) from error
    return f"{mode:04o}"


def check_own(folder: Path) -> int:
    """Check that a data folder is closed to others, or may be closed; change nothing, and return its mode.

    :raises CannotStart: it is open to others, and must not be closed.
    :raises OSError: there is none, or it cannot be read.
    """
    mode = stat.S_IMODE(os.stat(folder).st_mode)
    if not mode & 0o077:
        return mode
    folders = {entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)} - _OWN_FOLDERS
    others = [name for name in folders if not name.startswith(_OF_JOURNALS)]
    if others or mode & stat.S_ISVTX:
        raise CannotStart(
            f"The data folder {folder} is open to others (mode {mode:04o}), and is not for data of groupchat only; "
            f"name a folder of its own, or close this one: chmod 700 {folder}"
        )
    return mode


def opened(path: Path) -> int:
    """Open a file of a data folder for reading and writing, or make it; return its descriptor.

    Nobody but its owner can read it from now on.

    :raises CannotStart: it cannot be opened.
    """
    serves_other = os.geteuid() == 0 and os.stat(path.parent).st_uid != 0
    # Root must not be led to a file elsewhere by another user's link.
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | (os.O_NOFOLLOW if serves_other else 0)
    try:
        descriptor = os.open(path, flags, 0o600)
        try:
            hand_over(descriptor, path.parent)
            if os.fstat(descriptor).st_mode & 0o077:
                os.fchmod(descriptor, 0o600)
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
