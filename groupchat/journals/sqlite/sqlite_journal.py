"""The journal in an SQLite file: one thread writes, one reads, one searches, and this object asks them."""

import sqlite3
from collections.abc import Callable, Generator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

from twisted.internet.defer import Deferred, fail, inlineCallbacks
from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.interfaces.storage import IMarkable, IReplica
from groupchat.journals.nodes.sqlite_nodes import place_of
from groupchat.journals.rules.finding import Finder
from groupchat.journals.sqlite.database import SCHEMA, SEARCH_CACHE_KIB, connect, opened
from groupchat.journals.sqlite.folder import Folder, leave_failure
from groupchat.journals.sqlite.reader import Reader
from groupchat.journals.sqlite.worker import Worker
from groupchat.journals.sqlite.writer import Writer
from groupchat.model.drafts import (
    Audience,
    Fact,
    Operation,
    Outcome,
    SharedFile,
    StoredFile,
    StoredPost,
    StoredRoom,
    StoredSession,
)
from groupchat.model.errors import BUSY_S, Busy, CannotStart, JournalUnavailable, SearchUnavailable
from groupchat.model.events import AuthorId
from groupchat.model.message.sought import Sought
from groupchat.model.node_operations import NodeState, Place, Presence

SEARCHES = 16
"""Searches that may wait: at SEARCH_S each, the last waits some seconds.  Nothing else waits for a search."""

P = ParamSpec("P")
T = TypeVar("T")


@implementer(IReplica, IMarkable)
class SqliteJournal:
    """A journal that keeps its promises over kill -9 and power loss.

    An append is one transaction in write-ahead-log mode with ``synchronous=FULL``:
    it is flushed to the disk before it is answered.
    """

    log = Logger()

    def __init__(
        self, reactor: IReactorFromThreads, path: Path, *, schema: Path = SCHEMA, is_shared: bool = False
    ) -> None:
        """Open the file, or make it and its folder; this blocks for some milliseconds.

        To be called after the process has become a daemon: threads do not survive a fork.

        :param schema: the folder of the files that upgrade a database.
        :param is_shared: whether what is carried out comes from the log of a cluster.
        :raises CannotStart: the file cannot be used.
        """
        folder = Folder(path)
        if folder.was_open:
            self.log.warn(
                "The data folder {folder} was open to others (mode {mode}); now it is not",
                folder=path.parent, mode=folder.was_open,
            )  # fmt: skip
        try:
            database = opened(path, folder.marked(), folder.unclean, schema)
            try:
                if not is_shared and place_of(database) is not None:
                    raise CannotStart(
                        f"{path} belongs to a cluster: start it with --journal etcd://… as before. “groupchat cluster"
                        f" leave --data {path.parent}” lets it go on alone, with the messages it has."
                    )
                self._writer = Writer(database, folder, is_shared)
                self._reader = Reader(connect(path, "ro"))
                self._searcher = Reader(connect(path, "ro", SEARCH_CACHE_KIB))
            except BaseException:
                database.close()
                raise
        except BaseException:
            folder.release()
            raise
        self._path = path
        self.head = self._writer.head
        self._closing: Deferred[None] | None = None
        self._writes = Worker(reactor, "journal-writer", self._writer.idle, self._writer.grace)
        self._reads = Worker(reactor, "journal-reader")
        self._searches = Worker(reactor, "journal-searcher")
        self._searching = 0

    def append(self, operations: Sequence[Operation]) -> "Deferred[list[Outcome]]":
        """Carry out everything in one transaction.  Fails with JournalUnavailable or JournalBroken."""
        if self._closing is not None:
            return _closed()
        written = self._writes.call_and_go_on(
            partial(self._writer.append, operations), partial(self._writer.keep_up, len(operations))
        )
        return written.addCallback(self._advance)

    def prepare(self, operations: Sequence[Operation]) -> None:
        """Begin with posts that are probably appended next."""
        if self._closing is None:
            self._writes.tell(self._writer.prepare, operations)

    def flushed(self) -> "Deferred[None]":
        """Return a Deferred that fires when everything that was answered before is flushed.

        It fails with JournalBroken: the disk has not taken it.
        """
        if self._closing is not None:
            return _closed()
        return self._writes.call(self._writer.flushed)

    def _advance(self, answer: tuple[list[Outcome], int]) -> list[Outcome]:
        outcomes, self.head = answer
        return outcomes

    def page(self, audience: Audience, after: int, upto: int, limit: int) -> "Deferred[list[StoredPost]]":
        """Return the rows of a range, each once."""
        return self._read(self._reader.page, audience, after, upto, limit)

    def recent(self, audience: Audience, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        """Return the last messages, oldest first."""
        return self._read(self._reader.recent, audience, upto, count)

    def calls(self, audience: Audience, count: int) -> "Deferred[list[StoredPost]]":
        """Return the newest messages that call everybody in the rooms, newest first."""
        return self._read(self._reader.calls, audience, count)

    def following(self, audience: Audience, after: int, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        """Return the first messages after a number."""
        return self._read(self._reader.following, audience, after, upto, count)

    def between(self, audience: Audience, start: float, end: float, count: int) -> "Deferred[list[StoredPost]]":
        """Return the first messages of a span of time."""
        return self._read(self._reader.between, audience, start, end, count)

    def around(self, audience: Audience, id: int, count: int) -> "Deferred[list[StoredPost]]":
        """Return a message with its neighbours."""
        return self._read(self._reader.around, audience, id, count)

    def latest(self, author: AuthorId, room: str) -> "Deferred[StoredPost | None]":
        """Return the author's newest message in a room (empty: private) that is not deleted."""
        return self._read(self._reader.latest, author, room)

    def keyed(self, author: AuthorId, key: str) -> "Deferred[int | None]":
        """Return the number of what the author has posted with this key; None: the key is free."""
        return self._read(self._reader.keyed, author, key)

    @inlineCallbacks
    def search(
        self, audience: Audience, sought: Sought, count: int
    ) -> "Generator[Deferred[Any], Any, list[StoredPost]]":
        """Return the newest messages that fit, newest first.

        When much is not indexed yet, such as after an import, the writer indexes it first, in pieces between commits.
        It finds everything acknowledged before it was asked for; not what comes while it waits, which may be as much.

        :raises BadArguments, TooSlowSearch: as ``Reader.search`` does.
        :raises Busy: too many searches wait.
        """
        Finder(sought)  # a search that is refused need not wait
        if self._searching > SEARCHES:
            raise Busy("Too many searches are waiting. Try again in a few seconds.", BUSY_S)
        self._searching += 1
        try:
            upto: int | None = None
            while upto is None:
                upto = yield self._ask(self._writes, self._writer.fill)
            found: list[StoredPost] = yield self._asked_last(
                self._searches, self._searcher.search, audience, sought, count, upto
            )
        except SearchUnavailable as error:
            if isinstance(error.__cause__, sqlite3.Error):
                self._writes.tell(self._writer.found_damaged, error.__cause__)
            raise
        finally:
            self._searching -= 1
        return found

    def rooms(self) -> "Deferred[list[StoredRoom]]":
        """Return every room that has posts, by name."""
        return self._read(self._reader.rooms)

    def room(self, name: str) -> "Deferred[StoredRoom | None]":
        """Return the room with this name; None: it has no posts."""
        return self._read(self._reader.room, name)

    def message(self, id: int) -> "Deferred[StoredPost | None]":
        """Return the message with this number, whoever may see it."""
        return self._read(self._reader.message, id)

    def facts(self, kind: str) -> "Deferred[list[Fact]]":
        """Return every fact of this kind, by name."""
        return self._read(self._reader.facts, kind)

    def moderated(self, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        """Return the last acts of operators, oldest first."""
        return self._read(self._reader.moderated, upto, count)

    def shared(self, link: str) -> "Deferred[SharedFile | None]":
        """Return the file with this public id; None: there is none."""
        return self._read(self._reader.shared, link)

    def files(
        self, audience: Audience, author: AuthorId | None, before: int, count: int
    ) -> "Deferred[list[SharedFile]]":
        """Return the last files that an audience may see, newest first."""
        return self._read(self._reader.files, audience, author, before, count)

    def kept_files(self, author: AuthorId | None = None) -> "Deferred[list[StoredFile]]":
        """Return every file that a post names, once."""
        return self._read(self._reader.kept_files, author)

    def recall(self, digest: str) -> "Deferred[StoredSession | None]":
        """Return the session with this digest."""
        return self._read(self._reader.recall, digest)

    def place(self) -> "Deferred[Place | None]":
        """Return how far the journal has carried out a log; None: it follows none."""
        return self._read(self._reader.place)

    def nodes(self) -> "Deferred[dict[str, NodeState]]":
        """Return what is remembered of each node of the cluster, by name."""
        return self._read(self._reader.nodes)

    def presences(self) -> "Deferred[list[Presence]]":
        """Return the connections at all nodes of a cluster."""
        return self._read(self._reader.presences)

    def mark_failed(self, what: str) -> None:
        """Have the next start refuse the journal until it was checked; this blocks for some milliseconds."""
        try:
            leave_failure(self._path, what)
        except OSError as error:
            self.log.error("The next start may not refuse {path}: {error}", path=self._path, error=error)

    def close(self) -> "Deferred[None]":
        """Finish what was asked, move the write-ahead log into the file, end the threads, and release the folder."""
        if self._closing is None:
            self._closing = Deferred()
            self._close().chainDeferred(self._closing)
        waiting: Deferred[None] = Deferred()

        def pass_on(result: None) -> None:
            waiting.callback(result)

        self._closing.addBoth(pass_on)
        return waiting

    @inlineCallbacks
    def _close(self) -> "Generator[Deferred[Any], Any, None]":
        failure: Failure | None = None
        # The readers first: the last connection to close tidies up, which only the writer may do.
        for thread, close in (
            (self._searches, self._searcher.close), (self._reads, self._reader.close),
            (self._writes, self._writer.close),
        ):  # fmt: skip
            try:
                yield thread.call(close)
            except Exception:  # with ``finally``, a close that is given up would fail once more when it is collected
                failure = failure or Failure()
        for thread in (self._searches, self._reads, self._writes):
            thread.join()
        if failure is not None:
            failure.raiseException()

    def _read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Deferred[T]":
        return self._asked_last(self._reads, function, *args, **kwargs)

    @inlineCallbacks
    def _asked_last(
        self, worker: Worker, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> "Generator[Deferred[Any], Any, T]":
        """Ask a reader; once more if meanwhile something was removed that the answer may still have."""
        while True:
            before = self._writer.removals
            answer: T = yield self._ask(worker, function, *args, **kwargs)
            if before == self._writer.removals:
                return answer

    def _ask(self, worker: Worker, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Deferred[T]":
        if self._closing is not None:
            return _closed()
        return worker.call(function, *args, **kwargs).addErrback(self._unread)

    def _unread(self, failure: Failure) -> NoReturn:
        """Fail one answer after an error of SQLite; whether writing is broken, the writer finds out itself."""
        if failure.check(sqlite3.Error):
            self.log.failure("The journal could not be read.", failure)
            raise JournalUnavailable("Earlier messages cannot be read now. The error was logged.")
        failure.raiseException()


def _closed() -> "Deferred[Any]":
    return fail(JournalUnavailable("The journal is closed."))
