"""Write files that have their name only when they are whole and on disk."""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

PRIVATE = 0o600
"""The mode of a file that only its owner can read."""


@contextlib.contextmanager
def unfinished(path: Path, *, mode: int = PRIVATE, replace: bool = False) -> Iterator[tuple[int, Path]]:
    """Give the descriptor and the path of an empty file, which is renamed to ``path`` at the end.

    Until then its name ends with ``.part``.
    At the end it is flushed to the disk; after an exception it is removed, and ``path`` is as it was.
    What a process that was killed has left is overwritten.

    :param replace: whether a file of this name is replaced.
    :raises FileExistsError: there is a file of this name, or another process is writing one just now.
    :raises OSError: it cannot be written.
    """
    if not replace and os.path.lexists(path):
        raise FileExistsError(f"{path} exists already")
    part = path.with_name(f"{path.name}.part")
    descriptor = _held(part, mode)
    try:
        yield descriptor, part
        os.fsync(descriptor)
        _rename(part, path, replace)
        flush_folder(path.parent)
    except BaseException:
        # While it is held, no other process has taken over the name.
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
        raise
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def new_file(path: Path, *, mode: int = PRIVATE, replace: bool = False) -> Iterator[BinaryIO]:
    """Open a file for writing that has its name only when it is whole and on disk, as ``unfinished`` does.

    :raises FileExistsError: there is a file of this name, or another process is writing one just now.
    :raises OSError: it cannot be written.
    """
    with unfinished(path, mode=mode, replace=replace) as (descriptor, _), open(descriptor, "wb", closefd=False) as file:
        yield file


def unwritable(path: Path, error: OSError) -> str:
    """Return the sentence about a file that cannot be written."""
    if isinstance(error, FileExistsError):
        return f"{error}; it was not changed."
    return f"{path} cannot be written: {error.strerror or error}."


def flush_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk.  Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _held(part: Path, mode: int) -> int:
    """Make an empty file, or empty what is left of an earlier try, and hold it.  Raises OSError."""
    while True:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, mode)
        try:
            found = os.fstat(descriptor)
            # Whoever owns the folder could exchange the file anyway.
            ours = found.st_uid in (os.geteuid(), os.stat(part.parent).st_uid)
            if not stat.S_ISREG(found.st_mode) or not ours or found.st_nlink > 1:
                raise FileExistsError(f"{part} exists already, and is not left from an earlier try")
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise FileExistsError(f"another process is writing {part}") from error
            if _is_still(part, descriptor):
                os.fchmod(descriptor, mode)
                os.ftruncate(descriptor, 0)
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # the process that held it has finished meanwhile


def _is_still(part: Path, descriptor: int) -> bool:
    """Return whether the name still means the file that was opened."""
    try:
        return os.path.samestat(os.stat(part, follow_symlinks=False), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _rename(part: Path, path: Path, replace: bool) -> None:
    if replace:
        part.replace(path)
        return
    try:
        os.link(part, path, follow_symlinks=False)  # unlike a renaming, this never replaces anything
    except FileExistsError as error:
        raise FileExistsError(f"{path} exists already") from error
    except OSError:
        # A file system without links, such as vfat.
        if os.path.lexists(path):
            raise FileExistsError(f"{path} exists already") from None
        part.replace(path)
    else:
        part.unlink()
