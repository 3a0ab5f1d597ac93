"""The writer: it owns the only connection that writes, and runs in a thread of its own."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import is_
from time import monotonic
from typing import NoReturn, TypeAlias, TypeVar

from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.journals.sqlite.database import LOG_KEPT, damaged, impatient
from groupchat.journals.sqlite.folder import Folder
from groupchat.journals.sqlite.gone import Gone
from groupchat.journals.sqlite.index import BEHIND, CHARACTERS, LARGE_PIECE, PIECE, TAIL, Index
from groupchat.journals.sqlite.removal import Removal
from groupchat.journals.sqlite.statements import COUNT_HEAD, HEAD
from groupchat.journals.sqlite.transaction import Transaction, book_of, is_plain
from groupchat.model.drafts import Operation, Outcome
from groupchat.model.errors import JournalBroken, JournalUnavailable

T = TypeVar("T")

_Prepared: TypeAlias = tuple[Sequence[Operation], Transaction, list[Outcome]]
"""Operations, the transaction in which they are carried out, and what came of them."""

FEW = 8
"""Rows of a usual commit that costs so much for each of them that indexing as many hardly adds to it."""

LATELY = 8
"""Commits over which it is reckoned what is usual: also in a burst one of many rows may be followed by one of few."""

BUSY_ROWS = 2000
"""Rows after which a writer that is never idle does one piece of a removal all the same."""

LOG_IDLE_COMMITS = 500
"""Commits after which an idle writer moves the write-ahead log into the file; a restart reads as much at once."""

LOG_MAX_BYTES = LOG_KEPT
"""Size from which the writer moves the write-ahead log into the file even when it is busy."""

LOG_LOOK = 16
"""Commits of few rows after which the writer looks how long the write-ahead log is."""

LOG_PIECES = 64
"""Pieces of a removal after which the write-ahead log is moved into the file, so that it stays short."""

LONGEST = 4096
"""Characters of the longest message, unless settings allow longer lines."""

QUIET = 0.1
"""Seconds without a commit after which the writer does what can wait: where people talk the next one comes sooner.

So posts are not indexed one by one, where that costs as much as the post, but many together, or when nothing is said.
"""

SOON = 0.005
"""The same as long as something that was deleted is still on the disk."""

PREPARED_S = 1.0
"""Seconds for which a writer that has prepared something waits for its append before it does what can wait."""

RETRY = 1.0
"""Seconds until an idle writer tries again what failed, such as on a full disk."""

_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
"""The codes of a full disk; the second when the shared index of the write-ahead log cannot grow."""
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

_flush = getattr(os, "fdatasync", os.fsync)


def _full() -> JournalUnavailable:
    return JournalUnavailable("The disk is full. Nothing can be posted until there is space again.")


class Writer:
    """Makes all changes of the file.  ``head`` is the highest number ever used.

    After an error that is not known to be harmless, nothing more is written and every append fails with JournalBroken:
    after a failed fsync the next one succeeds although the data is lost.
    """

    log = Logger()

    def __init__(
        self,
        database: sqlite3.Connection,
        folder: Folder,
        flushes_later: bool = False,
        flush: Callable[[int], object] = _flush,
    ) -> None:
        """Take over a database that was checked.

        :param flushes_later: an append is answered before it is flushed, because it is flushed elsewhere already.
        :param flush: flushes an open file.
        :raises CannotStart: a fact in it cannot be read.
        """
        self._database = database
        self._folder = folder
        self._flushes_later = flushes_later
        self._flush_file = flush
        if flushes_later:
            database.execute("PRAGMA synchronous = NORMAL")
        self._broken: JournalBroken | None = None
        # Whether the last append met a full disk.  Nothing is written until there is some space, though small ones
        # might fit between large ones: people are told once, and probes see a steady state.
        self._is_full = False
        # Whether the write-ahead log still has deleted text, also beyond its newest part: it does until it is cut, and
        # may from before a crash.
        self._deleted = self._folder.log_bytes() > 0
        self._owes = True
        """Whether something that counts as removed may still be on the disk; a start does not know."""
        self._wrote = self._written = self._pieces = 0
        self._usual = 0.0
        self._commits = 0
        """The number of commits since the log was moved into the file."""
        self.removals = 0
        """The number of times that something came to count as removed."""
        self._log_limit = LOG_MAX_BYTES
        (head,) = database.execute(HEAD).fetchone()
        self.head = int(head)
        self._gone = Gone(database)
        newest = database.execute("SELECT at FROM posts WHERE id > ? ORDER BY id DESC LIMIT 1", (self._gone.expired,))
        found = newest.fetchone()
        self._last_at: int | None = found and found[0]
        self.index = Index(database)
        self._removal = Removal(database, self.index, self._gone)
        self._prepared: _Prepared | None = None
        self._prepared_at = 0.0
        try:
            self._book = book_of(database)
        except ValueError as error:
            raise damaged(folder.database, str(error)) from error

    def append(self, operations: Sequence[Operation]) -> tuple[list[Outcome], int]:
        """Carry out everything in one transaction; return the outcomes and the new head.

        :raises JournalUnavailable: nothing was written; it may work later.
        :raises JournalBroken: it will never work again.
        """
        if self._broken is not None:
            raise self._broken

        prepared: tuple[Transaction, list[Outcome]] | None = None

        def write() -> tuple[Transaction, list[Outcome]]:
            nonlocal prepared
            if prepared is not None:
                (batch, outcomes), prepared = prepared, None
            else:
                batch = Transaction(self._database, self.index, self._gone, self._book, self.head, self._last_at)
                outcomes = []
            outcomes += [batch.take(operation) for operation in operations[len(outcomes) :]]
            batch.finish()
            return batch, outcomes

        if self._is_full and not self._folder.has_space():
            raise _full()
        if self._prepared is not None:
            prepared = self._take_prepared(operations)
        try:
            batch, outcomes = self._commit(write, prepared is not None)
        except JournalUnavailable as error:
            self._is_full = getattr(error.__cause__, "sqlite_errorcode", -1) in _FULL
            raise
        self._is_full = False
        self._commits += 1
        self.head, self._last_at = batch.head, batch.last_at
        self._note_deleted(batch)
        self.removals += batch.removes
        if not self._flushes_later:
            self._folder.mark(self.head)
        return outcomes, self.head

    def prepare(self, operations: Sequence[Operation]) -> None:
        """Carry out posts that are probably appended next, so that the append only has to commit them.

        Anything else that is done first undoes this, and nothing is lost by that but the work.
        """
        self._drop_prepared()
        if self._broken is not None or self._is_full or not all(map(is_plain, operations)):
            return
        batch = self._transaction()
        try:
            with impatient(self._database):
                self._database.execute("BEGIN IMMEDIATE")
            self._prepared = (operations, batch, [batch.take(operation) for operation in operations])
            self._prepared_at = monotonic()
            batch.flush()
        except Exception:
            # The append meets the same, and says so.
            self._prepared = None
            if self._database.in_transaction:
                self._roll_back()

    def _take_prepared(self, operations: Sequence[Operation]) -> "tuple[Transaction, list[Outcome]] | None":
        """Return what was prepared, if these operations begin with it; else undo that."""
        assert self._prepared is not None
        expected, batch, outcomes = self._prepared
        if len(expected) > len(operations) or not all(map(is_, expected, operations)):
            self._drop_prepared()
            return None
        self._prepared = None
        return batch, outcomes

    def _drop_prepared(self) -> None:
        """Undo what was prepared; memory has learnt nothing from plain posts."""
        if self._prepared is None:
            return
        self._prepared = None
        try:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
        except sqlite3.Error as error:
            self._break(error)

    def _transaction(self) -> Transaction:
        return Transaction(self._database, self.index, self._gone, self._book, self.head, self._last_at)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Give a transaction for work that is no operation; an error undoes all of it.

        :raises JournalUnavailable: nothing was written; it may work later.
        :raises JournalBroken: it will never work again.
        """
        if self._broken is not None:
            raise self._broken
        self._drop_prepared()
        self.index.touched = False
        try:
            self._database.execute("BEGIN IMMEDIATE")
            batch = self._transaction()
            yield batch
            batch.finish()
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            if not self.index.is_at_fault(error):
                self._fail(error)
            self._roll_back()
            self.index.condemn(error)
            raise JournalUnavailable("The search index is damaged, and nothing was written. Try again.") from error
        except BaseException:
            self._roll_back()
            raise
        self.head, self._last_at = batch.head, batch.last_at
        self._note_deleted(batch)
        self._folder.mark(self.head)

    def _commit(self, work: Callable[[], T], is_begun: bool = False) -> T:
        """Do something in one transaction; once more, without the index, if only that is to blame for an error.

        :param is_begun: the transaction has begun already.
        :raises JournalUnavailable: nothing was written; it may work later.
        :raises JournalBroken: it will never work again.
        """
        while True:
            self.index.touched = False
            try:
                if not is_begun:
                    self._database.execute("BEGIN IMMEDIATE")
                is_begun = False
                result = work()
                self._database.execute("COMMIT")
                return result
            except Exception as error:
                if not self.index.is_at_fault(error):
                    self._fail(error)
                self._roll_back()
                self.index.condemn(error)

    def _roll_back(self) -> None:
        """:raises JournalBroken: it is not known what is in the file."""
        try:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            self._book = book_of(self._database)
            self._gone.load()
            self._removal.load()
        except (sqlite3.Error, ValueError) as error:  # a fact may have become unreadable
            self._break(error)

    def _fail(self, error: Exception) -> NoReturn:
        """Roll back, and raise the error for the caller."""
        code = getattr(error, "sqlite_errorcode", -1)
        unavailable = None
        if code in _FULL:
            unavailable = _full()
        elif code & 0xFF in _BUSY and code != -1:
            unavailable = JournalUnavailable("Another program has locked the journal. Try again in a moment.")
        elif isinstance(error, ValueError | OverflowError):
            # A value that cannot be stored, which no door should let through, says nothing about the file.
            self.log.failure("A value could not be stored; nothing of its batch was", failure=Failure(error))
            unavailable = JournalUnavailable(JournalUnavailable.UNSUITABLE, is_general=False)
        if unavailable is not None:
            self._roll_back()
            raise unavailable from error
        self._break(error)

    def _break(self, error: Exception) -> NoReturn:
        """Write nothing more.  Raises JournalBroken."""
        self._broken = JournalBroken(f"{self._folder.database} can no longer be written: {error}")
        try:
            self._folder.leave_failure(str(error))
        except OSError as worse:
            self.log.error("The next start may not refuse {path}: {error}", path=self._folder.database, error=worse)
        raise self._broken from error

    def grace(self) -> float:
        """Return after how many seconds without a commit ``idle`` is to be called."""
        return SOON if self._owes else QUIET

    def idle(self) -> float | None:
        """Do one piece of the work that can wait; return the seconds until there may be more (None: no more)."""
        if self._broken is not None:
            return None
        if self._prepared is not None and (left := self._prepared_at + PREPARED_S - monotonic()) > 0:
            return left
        try:
            self._drop_prepared()
            if self.index.has_work(self.head):
                self._fill(PIECE)
                self._bound_log()
                return 0.0
            if self._removal.owed:
                self._remove()
                return 0.0
            if self._deleted and not self._truncate():
                return RETRY
            self._owes = False
            if self._commits >= LOG_IDLE_COMMITS and not self._move_log():
                return RETRY
        except Exception as error:
            return self._put_off(error)
        return None

    def keep_up(self, wrote: int) -> None:
        """After a commit of ``wrote`` rows, do the work that can no longer wait."""
        if self._broken is not None:
            return
        try:
            if self._flushes_later:
                self._flush()
            self._wrote = wrote
            self._usual += (wrote - self._usual) / LATELY
            waiting = self.head - self.index.upto
            # The next commit is expected to be as large as this one.
            if waiting > BEHIND - wrote or (self._usual <= FEW and waiting >= TAIL + LARGE_PIECE):
                self._fill_more()
            self._written += wrote
            if self._written >= BUSY_ROWS:
                self._written = 0
                if self._removal.owed:
                    self._remove()
            if wrote > FEW or self._commits % LOG_LOOK == 0:
                self._bound_log()
        except Exception as error:
            self._put_off(error)

    def flushed(self) -> None:
        """Return if everything that was appended is flushed, where that comes after the answer.

        :raises JournalBroken: it is not, and never will be.
        """
        if self._broken is not None:
            raise self._broken

    def _flush(self) -> None:
        """Flush what was committed."""
        self._folder.flush_log(self._flush_file)
        self._folder.mark(self.head)

    def _note_deleted(self, batch: Transaction) -> None:
        self._deleted = self._deleted or batch.deletes
        self._owes = self._owes or batch.deletes or batch.removes

    def _bound_log(self) -> None:
        """Move the write-ahead log into the file if it has grown long."""
        size = self._folder.log_bytes()
        if size <= LOG_MAX_BYTES:
            self._log_limit = LOG_MAX_BYTES
        elif size > self._log_limit:
            self._move_log()
            # The log keeps its length until the next commit starts it again, or longer if somebody reads from it.
            self._log_limit = size + LOG_MAX_BYTES

    def _move_log(self) -> bool:
        """Move the write-ahead log into the file; return False if somebody still reads from it.

        It keeps its length, and the next commit starts it again from the beginning.
        """
        (_, pages, moved) = self._database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if moved < pages:
            return False
        self._commits = 0
        return True

    def _remove(self) -> None:
        """Do one piece of a removal."""
        self._deleted = True
        self.index.touched = False
        try:
            self._removal.do()
        except sqlite3.Error as error:
            if not self.index.is_at_fault(error):
                raise
            self.index.condemn(error)
        self._pieces += 1
        if self._pieces % LOG_PIECES == 0:
            self._move_log()

    def finish(self) -> None:
        """Do all the work that can wait; nobody else may use the file."""
        while self.idle() == 0.0:
            pass
        if self._broken is None and self._removal.scrubs:
            try:
                self._removal.scrub()
            except Exception as error:
                self._put_off(error)

    def fill(self) -> int | None:
        """Index one piece for a search that waits; return up to which number the search is to look, once it may."""
        waiting = self.head - self.index.upto
        if self._broken is not None or waiting <= TAIL or not self.index.is_searchable:
            return self.head
        try:
            self._drop_prepared()
            if waiting < TAIL + LARGE_PIECE:
                self._fill(PIECE)
            else:
                self._fill_more()
        except Exception as error:
            self._put_off(error)
            return self.head
        return None

    def _fill_more(self) -> None:
        """Index a large piece, and more than was written just now, else the index would fall behind for ever."""
        count = 2 * self._wrote
        self._fill(max(LARGE_PIECE, count), max(CHARACTERS, count * LONGEST))

    def _fill(self, count: int, characters: int = CHARACTERS) -> None:
        """Index some messages; if the index is found to be damaged, condemn it."""
        self._commits += 1
        self.index.touched = False
        try:
            self.index.fill(self.head, count, characters)
        except sqlite3.Error as error:
            if not self.index.is_at_fault(error):
                raise
            self.index.condemn(error)

    def found_damaged(self, error: Exception) -> None:
        """Condemn the index after a reader met an error that says that it is damaged."""
        if self._broken is None and self.index.is_searchable:
            self._drop_prepared()
            self.index.condemn(error)

    def _put_off(self, error: Exception) -> float | None:
        """Log an error of work that nobody waits for; if the file cannot be trusted any more, the next append fails."""
        try:
            self._fail(error)
        except JournalUnavailable:
            self.log.warn("Tidying up the journal was put off: {error}", error=error)
            return RETRY
        except JournalBroken:
            self.log.failure("What the journal does between commits failed.")
            return None

    def _truncate(self) -> bool:
        """Move the write-ahead log into the file and cut it to nothing; return False while somebody reads from it."""
        with impatient(self._database):
            (busy, _, _) = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            self._deleted = False
            self._commits = 0
            self._log_limit = LOG_MAX_BYTES
        return not busy

    def close(self) -> None:
        """Move everything into the file, close it and release the folder; a broken file is left as it is."""
        clean = False
        try:
            if self._broken is None:
                self._drop_prepared()
                self._database.execute(COUNT_HEAD)
                self._truncate()
                clean = True
        except (sqlite3.Error, JournalBroken) as error:
            # Everything acknowledged is in the write-ahead log, from which the next start reads it.
            self.log.warn("The journal could not be tidied up at the end: {error}", error=error)
        finally:
            # The thread may find itself idle once more before it ends.
            self._broken = self._broken or JournalBroken("The journal is closed.")
            self._database.close()
            self._folder.release(clean)
