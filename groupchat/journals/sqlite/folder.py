"""The data folder: who may enter it, which daemon has it, and the highest number that was ever shown."""

import contextlib
import fcntl
import os
from pathlib import Path

from groupchat.model.errors import CannotStart

DATABASE = "chat.db"
"""The name of the journal's file in a data folder."""


def read_mark(database: Path) -> int:
    """Return the highest number known to have been acknowledged; 0 when it is not known."""
    try:
        found = _mark_path(database).read_bytes()[:32].strip()
    except FileNotFoundError:
        return 0
    return int(found) if found.isdigit() else 0


def _mark_path(database: Path) -> Path:
    return database.with_name(f"{database.name}-head")


class Folder:
    """The folder of one database file, held by this process until ``release``.

    Beside the database stand ``lock``, with the number of the process that holds the folder,
    emptied only by a clean stop (so ``unclean`` says whether the last was none),
    and ``NAME-head`` with the highest number acknowledged.
    That mark is written after each commit and not flushed:
    it survives the death of the process, and can never be ahead of a disk that honours flushes.
    A database that ends before it has lost posts, such as by a cut write-ahead log,
    which SQLite itself takes for an interrupted commit.
    """

    def __init__(self, database: Path) -> None:
        """Make the folder if there is none, and hold it.  Raises CannotStart."""
        self.database = database
        place = database.parent
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(place / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise CannotStart(f"The data folder {place} cannot be used: {error.strerror}.") from error
        try:
            self._hold(place)
            try:
                # SQLite gives its other files the mode of this one.
                os.close(os.open(database, os.O_RDWR | os.O_CREAT, 0o600))
                self._mark = os.open(_mark_path(database), os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise CannotStart(f"{error.filename} cannot be written: {error.strerror}.") from error
        except CannotStart:
            os.close(self._lock)
            raise

    def _hold(self, place: Path) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._lock, 32, 0).decode("ascii", "replace").strip()
            raise CannotStart(f"The data folder {place} is in use by another groupchat (pid {holder}).") from error
        self.unclean = os.fstat(self._lock).st_size > 0
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def marked(self) -> int:
        """Give the highest number known to have been acknowledged; 0 when that is not known."""
        return read_mark(self.database)

    def mark(self, head: int) -> None:
        """Remember that everything up to ``head`` is on disk and may be acknowledged."""
        # A mark that is too low hides a loss and does no other harm: no reason to refuse a post that is on disk.
        with contextlib.suppress(OSError):
            os.pwrite(self._mark, b"%020d\n" % head, 0)

    def release(self, clean: bool = False) -> None:
        """Let another process have the folder; ``clean`` says that nothing needs to be checked before."""
        if clean:
            os.ftruncate(self._lock, 0)
        os.close(self._mark)
        os.close(self._lock)
