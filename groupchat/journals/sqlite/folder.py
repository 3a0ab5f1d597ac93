"""Hold the data folder for one process, and remember the highest number that was ever shown."""

import contextlib
import errno
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from groupchat.disk.data_folders import check_journal, explained, hand_over, make_private, opened
from groupchat.journals.sqlite import replacement
from groupchat.model.errors import CannotStart, JournalFailed
from groupchat.model.times import iso

SPARE = 2**20
"""Bytes that must be free before posts are taken again after the disk was full."""

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
    return database.with_name(database.name + replacement.MARK)


def _failure_path(database: Path) -> Path:
    return database.with_name(f"{database.name}-failed")


def leave_failure(database: Path, what: str) -> None:
    """Leave a file by which the next start refuses the database, until it was checked.

    :param what: what happened.
    :raises OSError: it could not be written, or not be flushed; then it is there all the same while the machine runs.
    """
    path = _failure_path(database)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        hand_over(descriptor, database.parent)
        os.write(descriptor, json.dumps({"at": iso(time.time()), "what": what}).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_failure(database: Path) -> None:
    """:raises JournalFailed: the database failed, and was not checked since."""
    path = _failure_path(database)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    except OSError as error:
        raise CannotStart(f"{path} cannot be read: {error.strerror}.") from error
    try:
        about = json.loads(content)
        what = f"failed at {about['at']} ({about['what']})"
    except (ValueError, LookupError, TypeError):
        what = "failed"
    raise JournalFailed(
        f"{database} {what}: look at the disk and the log, then run “groupchat verify --data {database.parent}”;"
        " the daemon starts when that has found nothing."
    )


def clear_failure(database: Path) -> bool:
    """Remove what ``leave_failure`` has left; return whether there was anything.  Raises OSError."""
    try:
        _failure_path(database).unlink()
    except FileNotFoundError:
        return False
    return True


@contextlib.contextmanager
def holding(database: Path, *, is_there: bool = True) -> Iterator[None]:
    """Keep daemons out of the folder of a database; finish what another process has left undone there.

    What the lock says about the last stop stays, so that the next start checks what it would check anyway.

    :param is_there: whether the database must be there.
    :raises CannotStart: there is no database, or a daemon is using the folder, or it cannot be used.
    """
    if is_there and not replacement.is_begun(database):
        check_journal(database)
    lock = opened(database.with_name("lock"))
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStart(f"A daemon is using {database.parent}; stop it first.") from error
        _finish_replacement(database)
        yield
    finally:
        os.close(lock)


def _finish_replacement(database: Path) -> None:
    """:raises CannotStart: the files cannot be renamed."""
    try:
        replacement.finish(database)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise CannotStart(f"{database} was being replaced by {replacement.fresh_path(database)}: {error}.") from error


class Folder:
    """The folder of one database file, held by this process until ``release``.

    These files are beside the database.
    ``lock`` has the number of the process that holds the folder.
    Only a clean stop empties it, so ``unclean`` tells whether the last stop was unclean.
    ``NAME-head``, the mark, has the highest number acknowledged.
    It is written after each commit and not flushed:
    it survives the death of the process, and is never ahead of a disk that honours flushes.
    A database that ends before the mark has lost posts, such as by a cut write-ahead log,
    which SQLite itself takes for an interrupted commit.
    ``NAME-failed`` is there after the database could not be trusted any more, until it was checked.

    ``was_open``: how others could use the folder (its mode) until now; empty: not at all.
    """

    def __init__(self, database: Path) -> None:
        """Make the folder if there is none, and hold it.

        :raises CannotStart: another process holds it, or it cannot be used.
        :raises JournalFailed: the database failed, and was not checked since.
        """
        self.database = database
        self._log_path = f"{database}-wal"
        self._log: int | None = None
        folder = database.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.was_open = make_private(folder)
        except OSError as error:
            raise explained(error, folder) from error
        self._lock = opened(folder / "lock")
        try:
            self._hold(folder)
            _finish_replacement(database)
            check_failure(database)
            # SQLite gives its other files the mode and the owner of this one, but leaves those that are there.
            beside = [database.with_name(f"{database.name}{ending}") for ending in ("-wal", "-shm")]
            for path in (database, *(path for path in beside if path.exists())):
                os.close(opened(path))
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
        text = f"{os.getpid()}\n".encode()
        try:
            # First written, then cut: on a full disk it stays known that the last process did not end as it should.
            os.pwrite(self._lock, text, 0)
            os.ftruncate(self._lock, len(text))
        except OSError as error:
            raise explained(error, folder) from error

    def marked(self) -> int:
        """Return the highest number known to have been acknowledged; 0 when it is not known."""
        return read_mark(self.database)

    def mark(self, head: int) -> None:
        """Remember that everything up to ``head`` is on disk and may be acknowledged."""
        # A mark that is too low can hide a loss, but is no reason to refuse a post that is on disk.
        try:
            os.pwrite(self._mark, b"%020d\n" % head, 0)
        except OSError:
            return

    def log_bytes(self) -> int:
        """Return the length of the write-ahead log."""
        try:
            return os.stat(self._log_path).st_size
        except FileNotFoundError:
            return 0

    def flush_log(self, flush: Callable[[int], object]) -> None:
        """Flush the write-ahead log.

        A file of its own is opened for that: the locks that closing it would give up are not on the write-ahead log.

        :param flush: flushes an open file.
        :raises OSError: it cannot be flushed.
        """
        if self._log is None:
            self._log = os.open(self._log_path, os.O_RDONLY | os.O_CLOEXEC)
        flush(self._log)

    def has_space(self) -> bool:
        """Return whether SPARE bytes could be written now, for this user and with whatever quota there is."""
        path = self.database.with_name(f"{self.database.name}-space")
        try:
            path.unlink(missing_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, SPARE)
            finally:
                os.close(descriptor)
                path.unlink()
        except OSError as error:
            return error.errno not in (errno.ENOSPC, errno.EDQUOT)
        return True

    def leave_failure(self, what: str) -> None:
        """Have the next start refuse the database until it was checked.

        :param what: what happened.
        :raises OSError: as ``leave_failure`` does.
        """
        leave_failure(self.database, what)

    def release(self, clean: bool = False) -> None:
        """Let go of the folder; ``clean``: the next process need not check the database."""
        if clean:
            os.ftruncate(self._lock, 0)
        for file in (self._mark, self._lock, *([] if self._log is None else [self._log])):
            os.close(file)
