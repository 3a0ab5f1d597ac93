"""The reader: answers questions with a read-only connection, in a thread of its own."""

import hmac
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from math import inf
from typing import Any

from groupchat.journals.nodes.sqlite_nodes import nodes_of, place_of, presences_of
from groupchat.journals.rules.finding import Finder
from groupchat.journals.rules.rights import no_such_message
from groupchat.journals.rules.rows import (
    Row,
    is_message,
    last_files,
    milliseconds,
    sees,
    shared_file,
    stored,
)
from groupchat.journals.sqlite.gone import Gone
from groupchat.journals.sqlite.index import BEHIND, TAIL, Repair, expression, is_damaged, repair
from groupchat.journals.sqlite.statements import (
    COLUMNS,
    KEYED,
    MODERATION,
    ROOM_CHANGES,
    ROOM_DELETED,
    ROOM_MESSAGES,
    SESSION,
    TOPICS,
    Scan,
    calls,
    everything,
    files,
    messages,
    neighbours,
    session_of,
)
from groupchat.model.drafts import (
    MESSAGES,
    Audience,
    Fact,
    SharedFile,
    StoredFile,
    StoredPost,
    StoredRoom,
    StoredSession,
)
from groupchat.model.errors import SearchUnavailable, TooSlowSearch
from groupchat.model.events import AuthorId
from groupchat.model.message.sought import Sought
from groupchat.model.node_operations import NodeState, Place, Presence

FILES_AT_ONCE = 50
"""Rows read at a time to find those that name files."""

SEARCH_S = 0.2
"""Processor time, in seconds, after which a search is given up; one in a million messages takes some milliseconds."""
ROW_S = 2e-5
"""Processor time granted in addition for each row that is not indexed, of those above TAIL.

Only when they cannot be indexed, as on a full disk, are there any: then they are read all the same.
"""
STEPS = 200
"""Steps of SQLite's machine after which it asks whether to go on: some tenths of a millisecond."""

AT_ONCE = 200
"""Messages that are looked at together, at least, as long as some of those that are found may be erased."""

_MAX = 2**63 - 1
"""The highest integer of SQLite."""

_ROWS = f"SELECT {COLUMNS} FROM posts WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
_TAIL = f"SELECT {COLUMNS} FROM posts WHERE id > ? AND id <= ? ORDER BY id DESC"
_LAST = "SELECT max(id) FROM posts"
_INDEXED = "SELECT value FROM counters WHERE name = 'indexed'"
_FOUND = "SELECT rowid FROM search WHERE search MATCH ? AND rowid > ? AND rowid < ? ORDER BY rowid DESC LIMIT ?"
_NEXT_AT = "SELECT id, at FROM posts WHERE id >= ? ORDER BY id LIMIT 1"
_SOURCES = (ROOM_MESSAGES, ROOM_DELETED, ROOM_CHANGES, TOPICS, MODERATION)
"""The indexes in which rows of rooms are found."""
_NEXT_NAME = tuple(f"SELECT room FROM {source} AND room > ? ORDER BY room LIMIT 1" for source in _SOURCES)
_NEWEST = tuple(f"SELECT id FROM {source} AND room = ? ORDER BY id DESC LIMIT 1" for source in _SOURCES)
_NEWEST_TOPIC = _NEWEST[_SOURCES.index(TOPICS)]
_AT = "SELECT at FROM posts WHERE id = ?"
_MODERATED = (
    "SELECT id FROM posts INDEXED BY posts_moderated"
    " WHERE kind = 'moderated' AND id > ? AND id <= ? ORDER BY id DESC LIMIT ?"
)
_FACTS = "SELECT name, value FROM facts WHERE kind = ? ORDER BY name"
_SPANS = "SELECT first, at FROM spans ORDER BY first"
_SESSION = f"SELECT {SESSION} FROM sessions WHERE digest = ?"


class Reader:
    """Answers questions, each from one snapshot of the file.

    Numbers and counts may be of any size; impossible ones are replaced by the nearest possible.

    :param clock: processor time of the calling thread, in seconds.
    """

    def __init__(self, database: sqlite3.Connection, clock: Callable[[], float] = time.thread_time) -> None:
        self._database = database
        self._clock = clock
        self._gone = Gone(database)

    def page(self, audience: Audience, after: int, upto: int, limit: int) -> list[StoredPost]:
        """Return the rows of a range, each once."""
        with self._snapshot():
            return self._posts(self._ids(everything(audience), after, upto, limit))

    def recent(self, audience: Audience, upto: int, count: int) -> list[StoredPost]:
        """Return the last messages, oldest first."""
        with self._snapshot():
            return self._messages(audience, 0, upto, count, newest=True)

    def calls(self, audience: Audience, count: int) -> list[StoredPost]:
        """Return the newest messages that call everybody in the rooms, newest first."""
        with self._snapshot():
            return self._found(calls(audience), 0, _MAX, count, newest=True)[::-1]

    def following(self, audience: Audience, after: int, upto: int, count: int) -> list[StoredPost]:
        """Return the first messages after a number."""
        with self._snapshot():
            return self._messages(audience, after, upto, count)

    def between(self, audience: Audience, start: float, end: float, count: int) -> list[StoredPost]:
        """Return the first messages of a span of time, in seconds since 1970 UTC."""
        with self._snapshot():
            posts: list[StoredPost] = []
            for after, upto in self._ranges(milliseconds(start), milliseconds(end)):
                posts += self._messages(audience, after, upto, count - len(posts))
                if len(posts) >= count:
                    break
            return posts

    def around(self, audience: Audience, id: int, count: int) -> list[StoredPost]:
        """Return a message with its neighbours."""
        with self._snapshot():
            row = self._gone.row(_clamped(id))
            if row is None or row.kind not in MESSAGES or not sees(audience, row):
                raise no_such_message(id)
            scans = neighbours(row)
            before = self._found(scans, 0, id - 1, count, newest=True)
            return [*before, *self._posts([id]), *self._found(scans, id, _MAX, count)]

    def latest(self, author: AuthorId, room: str) -> StoredPost | None:
        """Return the author's newest message in a room (empty: private) that is not deleted."""
        with self._snapshot():
            id = self._gone.latest(author, room, self._indexed())
            return None if id is None else self._posts([id])[0]

    def keyed(self, author: AuthorId, key: str) -> int | None:
        """Return the number of what the author has posted with this key; None: the key is free."""
        with self._snapshot():
            found = self._database.execute(KEYED, (author, key)).fetchone()
            return None if found is None or self._gone.frees_key(found[0]) else int(found[0])

    def search(self, audience: Audience, sought: Sought, count: int, upto: int = _MAX) -> list[StoredPost]:
        """Return the newest messages that fit, newest first; those not yet indexed are read singly.

        :param upto: the highest number that is looked at.
        :raises BadArguments: nothing is looked for, or too much.
        :raises TooSlowSearch: it takes more than SEARCH_S.
        :raises SearchUnavailable: the index is damaged; if that is found only now, the cause is the error of SQLite.
        """
        finder = Finder(sought)
        count = _clamped(count)
        if not audience.rooms and audience.author is None:
            return []
        with self._snapshot(), self._limited(upto) as is_over:
            state = repair(self._database)
            if state is not Repair.NONE:
                raise _unavailable(state)
            ids: list[int] = []
            indexed, query = self._indexed(), expression(audience, finder)
            for after, last in self._sought_in(sought, upto):
                tail = self._database.execute(_TAIL, (max(indexed, after), last))
                for row in (self._gone.masked(Row(*row)) for row in tail):
                    if is_over():
                        raise _too_slow()
                    if len(ids) == count:
                        break
                    if is_message(row) and sees(audience, row) and finder.fits(row):
                        ids.append(row.id)
                try:
                    ids += self._indexed_with(query, finder, (after, last), count - len(ids), is_over)
                except sqlite3.Error as error:
                    if not is_damaged(error):
                        raise
                    raise _unavailable(Repair.REBUILT) from error
            return self._posts(ids)[::-1]

    def _sought_in(self, sought: Sought, upto: int) -> list[tuple[int, int]]:
        """Return the ranges of numbers (after, upto) in which a search looks, the newest first."""
        after, upto = max(_clamped(sought.after), self._gone.expired), min(_clamped(sought.before) - 1, upto)
        ranges = [(after, upto)]
        if sought.start != -inf or sought.end != inf:
            found = self._ranges(milliseconds(sought.start), milliseconds(sought.end))
            ranges = [(max(first, after), min(last, upto)) for first, last in found][::-1]
        return [(first, last) for first, last in ranges if first < last]

    def _indexed_with(
        self, query: str, finder: Finder, within: tuple[int, int], count: int, is_over: Callable[[], bool]
    ) -> list[int]:
        """Return the numbers of the newest messages that the index finds, newest first."""
        ids: list[int] = []
        after, below = within[0], within[1] + 1
        is_all = not self._gone.erasures
        while len(ids) < count:
            # What is erased may be found until it is overwritten: so there may have to be another look.
            most = count - len(ids) if is_all else max(count, AT_ONCE)
            found = self._database.execute(_FOUND, (query, after, below, most)).fetchall()
            for (id,) in found:
                if is_over():
                    raise _too_slow()
                if is_all or self._fits(id, finder):
                    ids.append(id)
            if len(found) < most:
                break
            below = found[-1][0]
        return ids[:count]

    def _fits(self, id: int, finder: Finder) -> bool:
        row = self._gone.row(id)
        return row is not None and is_message(row) and finder.has_authors(row)

    def rooms(self) -> list[StoredRoom]:
        """Return every room that has posts, by name.  Each takes a few look-ups, however many posts it has."""
        with self._snapshot():
            return [room for name in self._names() if (room := self._room(name)) is not None]

    def room(self, name: str) -> StoredRoom | None:
        """Return the room with this name; None: it has no posts."""
        with self._snapshot():
            return self._room(name) if name else None

    def message(self, id: int) -> StoredPost | None:
        """Return the message with this number, whoever may see it."""
        with self._snapshot():
            row = self._gone.row(_clamped(id))
            return None if row is None or row.kind not in MESSAGES else stored(row)

    def facts(self, kind: str) -> list[Fact]:
        """Return every fact of this kind, by name."""
        with self._snapshot():
            return [Fact(kind, name, json.loads(value)) for name, value in self._database.execute(_FACTS, (kind,))]

    def moderated(self, upto: int, count: int) -> list[StoredPost]:
        """Return the last acts of operators, oldest first."""
        with self._snapshot():
            bounds = (self._gone.expired, _clamped(upto), _clamped(count))
            return self._posts([id for (id,) in self._database.execute(_MODERATED, bounds)])

    def shared(self, link: str) -> SharedFile | None:
        """Return the file with this public id; None: there is none."""
        with self._snapshot():
            row = self._gone.file(link)
            return None if row is None else shared_file(row)

    def files(self, audience: Audience, author: AuthorId | None, before: int, count: int) -> list[SharedFile]:
        """Return the last files that an audience may see, newest first."""
        with self._snapshot():
            found: list[SharedFile] = []
            scans, upto = files(audience, author), _clamped(before) - 1
            while len(found) < count:
                ids = self._ids(scans, self._gone.expired, upto, FILES_AT_ONCE, newest=True)
                if not ids:
                    break
                rows = [row for row in map(self._gone.row, reversed(ids)) if row is not None]
                found += last_files(rows[::-1], audience, author, before, count - len(found))
                upto = ids[0] - 1
            return found

    def kept_files(self, author: AuthorId | None = None) -> list[StoredFile]:
        """Return every file that a post names, once."""
        with self._snapshot():
            return self._gone.kept_files(author)

    def recall(self, digest: str) -> StoredSession | None:
        """Return the session with this digest."""
        with self._snapshot():
            found = self._database.execute(_SESSION, (digest,)).fetchone()
        if found is None or not hmac.compare_digest(found[1].encode(), digest.encode()):
            return None
        session = session_of(found)
        return None if session.seen < self._gone.forgotten / 1000 else session

    def place(self) -> Place | None:
        """Return how far the file has carried out a log; None: it follows none."""
        return place_of(self._database)

    def nodes(self) -> dict[str, NodeState]:
        """Return what is remembered of each node of the cluster, by name."""
        return nodes_of(self._database)

    def presences(self) -> list[Presence]:
        """Return the connections at all nodes of a cluster."""
        return presences_of(self._database)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        self._database.execute("BEGIN")
        try:
            self._gone.load()
            yield
        except BaseException:
            # After an error FTS5 may fail once more, even though nothing was written.
            with suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")
            raise
        if self._database.in_transaction:
            self._database.execute("COMMIT")

    @contextmanager
    def _limited(self, upto: int) -> Iterator[Callable[[], bool]]:
        """Interrupt what SQLite does in here when it has taken too long; give the function that says whether it has.

        :param upto: the highest number that is looked at.
        :raises TooSlowSearch: it was interrupted.
        """
        (highest,) = self._database.execute(_LAST).fetchone()
        waiting = min(upto, highest or 0) - self._indexed()
        end = self._clock() + SEARCH_S + ROW_S * min(max(0, waiting - TAIL), BEHIND)

        def is_over() -> bool:
            return self._clock() > end

        self._database.set_progress_handler(is_over, STEPS)
        try:
            yield is_over
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            raise _too_slow() from None
        finally:
            self._database.set_progress_handler(None, 0)

    def _ids(self, scans: Iterable[Scan], after: int, upto: int, limit: int, newest: bool = False) -> list[int]:
        """Merge the numbers that the scans find; return the first of them, or the ``newest``, ascending."""
        bounds = (max(_clamped(after), self._gone.expired), _clamped(upto), _clamped(limit))
        ids: set[int] = set()
        for scan in scans:
            statement = scan.descending if newest else scan.ascending
            ids.update(id for (id,) in self._database.execute(statement, (*scan.of, *bounds)))
        return sorted(sorted(ids, reverse=newest)[: bounds[2]])

    def _messages(
        self, audience: Audience, after: int, upto: int, count: int, newest: bool = False
    ) -> list[StoredPost]:
        return self._found(messages(audience), after, upto, count, newest)

    def _found(
        self, scans: Sequence[Scan], after: int, upto: int, count: int, newest: bool = False
    ) -> list[StoredPost]:
        """Return the first messages that the scans find, or the ``newest``, ascending; none that are deleted."""
        count = _clamped(count)
        if not self._gone.erasures:
            return self._posts(self._ids(scans, after, upto, count, newest))
        # What is erased is found until it is overwritten: so there may have to be another look.
        rows: list[Row] = []
        while len(rows) < count:
            ids = self._ids(scans, after, upto, max(count, AT_ONCE), newest)
            left = [row for row in map(self._gone.masked, self._rows(ids)) if is_message(row)]
            rows = [*left, *rows] if newest else [*rows, *left]
            if len(ids) < max(count, AT_ONCE):
                break
            after, upto = (after, ids[0] - 1) if newest else (ids[-1], upto)
        return [stored(row) for row in (rows[-count:] if newest else rows[:count])] if count else []

    def _rows(self, ids: Sequence[int]) -> list[Row]:
        return [Row(*row) for row in self._database.execute(_ROWS, (json.dumps(ids),)).fetchall()]

    def _posts(self, ids: Sequence[int]) -> list[StoredPost]:
        return [stored(self._gone.masked(row)) for row in self._rows(ids)]

    def _indexed(self) -> int:
        (upto,) = self._database.execute(_INDEXED).fetchone()
        return int(upto)

    def _ranges(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Give the ranges of numbers (after, upto) whose times lie between: several if the clock was set back."""
        spans = self._database.execute(_SPANS).fetchall()
        lasts = [*(first - 1 for first, _ in spans[1:]), _MAX - 1]
        for (first, at), last in zip(spans, lasts, strict=False):
            if at < end:
                yield self._reaching(first, last, start) - 1, self._reaching(first, last, end) - 1

    def _reaching(self, first: int, last: int, at: int) -> int:
        """Find the lowest number of a span whose time is not before ``at``, by bisection."""
        low, high = first, last + 1
        while low < high:
            middle = (low + high) // 2
            found = self._database.execute(_NEXT_AT, (middle,)).fetchone()
            if found is None or found[0] > last or found[1] >= at:
                high = middle
            else:
                low = found[0] + 1
        return low

    def _names(self) -> Iterator[str]:
        name = ""
        while nexts := [found[0] for query in _NEXT_NAME if (found := self._one(query, name))]:
            name = min(nexts)
            yield name

    def _room(self, name: str) -> StoredRoom | None:
        """Return a room; None: everything said there counts as removed, and it has no topic."""
        expired, topic = self._gone.expired, self._one(_NEWEST_TOPIC, name)
        newest = max([found[0] for query in _NEWEST if (found := self._one(query, name))], default=0)
        if newest <= expired:
            if topic is None:
                return None
            newest = topic[0]
        return StoredRoom(name, self._gone.topic(name), self._one(_AT, newest)[0] / 1000)

    def _one(self, query: str, value: str | int) -> Any:
        return self._database.execute(query, (value,)).fetchone()


def _unavailable(state: Repair) -> SearchUnavailable:
    what = "It is being rebuilt. Try again later" if state is Repair.REBUILT else "An administrator can rebuild it"
    return SearchUnavailable(f"The search index is damaged. {what}.")


def _too_slow() -> TooSlowSearch:
    return TooSlowSearch("This search takes too long. Search for fewer or longer words.")


def _clamped(number: int) -> int:
    return min(max(number, 0), _MAX)
