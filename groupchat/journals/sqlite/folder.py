"""Hold the data folder for one process, and remember the highest number that was ever shown."""

import contextlib
import fcntl
import os
from pathlib import Path

from groupchat.disk.data_folders import explained, opened
from groupchat.model.errors import CannotStart

DATABASE = "chat.db"
"""The name of the journal's file in a data folder."""


def read_mark(database: Path) -> int:
    """Return the highest number known to have been acknowledged; 0 when it is not known.

    :raises CannotStart: the mark cannot be read.
    """
    try:
        found = _mark_path(database).read_bytes()[:32].strip()
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise CannotStart(f"{_mark_path(database)} cannot be read: {error.strerror}.") from error
    return int(found) if found.isdigit() else 0


def _mark_path(database: Path) -> Path:
    return database.with_name(f"{database.name}-head")


class Folder:
    """The folder of one database file, held by this process until ``release``.

    Two files are beside the database.
    ``lock`` has the number of the process that holds the folder.
    Only a clean stop empties it, so ``unclean`` tells whether the last stop was unclean.
    ``NAME-head``, the mark, has the highest number acknowledged.
    It is written after each commit and not flushed:
    it survives the death of the process, and is never ahead of a disk that honours flushes.
    A database that ends before the mark has lost posts, such as by a cut write-ahead log,
    which SQLite itself takes for an interrupted commit.
    """

    def __init__(self, database: Path) -> None:
        """Make the folder if there is none, and hold it.

        :raises CannotStart: another process holds it, or it cannot be used.
        """
        self.database = database
        folder = database.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise explained(error, folder) from error
        self._lock = opened(folder / "lock")
        try:
            self._hold(folder)
            # SQLite gives its other files the mode and the owner of this one.
            os.close(opened(database))
            self._mark = opened(_mark_path(database))
        except CannotStart:
            os.close(self._lock)
            raise

    def _hold(self, folder: Path) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._lock, 32, 0).decode("ascii", "replace").strip()
            raise CannotStart(f"The data folder {folder} is in use by another groupchat (pid {holder}).") from error
        self.unclean = os.fstat(self._lock).st_size > 0
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def marked(self) -> int:
        """Return the highest number known to have been acknowledged; 0 when it is not known."""
        return read_mark(self.database)

    def mark(self, head: int) -> None:
        """Remember that everything up to ``head`` is on disk and may be acknowledged."""
        # A mark that is too low can hide a loss, but is no reason to refuse a post that is on disk.
        with contextlib.suppress(OSError):
            os.pwrite(self._mark, b"%020d\n" % head, 0)

    def release(self, clean: bool = False) -> None:
        """Let go of the folder; ``clean``: the next process need not check the database."""
        if clean:
            os.ftruncate(self._lock, 0)
        os.close(self._mark)
        os.close(self._lock)
