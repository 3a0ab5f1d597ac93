"""The index of words and authors, filled in small pieces while the writer is idle.

Each piece is a transaction of its own that also moves the counter ``indexed``.
So a crash loses nothing: rows above the counter are indexed again.
Searches read the rows above the counter one by one; if these are many, most are indexed first.

While many posts come at once, nothing is indexed until BEHIND of them wait: indexing a post is as much work as writing
it, and can be done when less is said.  What is edited, deleted or removed before that is indexed as it then reads, or
not at all.

The index is FTS5, over text in which :mod:`groupchat.journals.rules.words` has separated all words,
so the simplest tokenizer is enough.
A second column of each entry says who may see it, whose it is, and what it has besides words,
so that a search in a small room, or for the words of one person, never reads all matches.

A deletion removes the message's entry at once.
With SQLite before 3.42 the bare words may stay in the index file until FTS5 merges that part of it.

A damaged index never stops the chat: what is said is in ``posts``, and the index can be made anew from it.
When a statement on the index fails because it is damaged, the index is *condemned*:

- If FTS5 found the damage, the index is emptied and filled again, in the same small pieces; until then searches
  are refused.
- If SQLite found a damaged page, nothing of the index is read or written any more: freeing a page that is linked
  from two places would destroy what is on it.  ``groupchat reindex`` then writes the journal anew.

The counter ``repair`` says so over restarts: 1 while the index is made anew, 2 when it is left alone.

Why not the trigram tokenizer: it finds nothing under three characters, and so hardly a word of Chinese,
and took 5 times as long to fill.
Measured with 1,000,000 posts of 8 words: 49 MB and 8 µs a post; words found in 0.1 to 1 ms, rare or common,
beginnings of words in 0.1 to 10 ms, longest for two letters in a small room.
A prefix index would help only there, and more than double the size.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from enum import IntEnum
from functools import lru_cache
from typing import Any, TypeVar

from twisted.logger import Logger

from groupchat.journals.rules.finding import Finder, things
from groupchat.journals.rules.rows import Row
from groupchat.journals.rules.words import Phrase, spaced
from groupchat.journals.sqlite.statements import MESSAGE, Insertion
from groupchat.model.drafts import Audience
from groupchat.model.message.sought import Whose, folded

T = TypeVar("T")


@contextlib.contextmanager
def unflushed(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Commit what is done with a connection without flushing it: a later commit, or flush, does that."""
    (usual,) = database.execute("PRAGMA synchronous").fetchone()
    database.execute("PRAGMA synchronous = NORMAL")
    try:
        yield database
    finally:
        database.execute(f"PRAGMA synchronous = {usual}")


PIECE = 100
"""Messages indexed at a time: a commit may have to wait for it one or two milliseconds."""

LARGE_PIECE = 500
"""Messages indexed at a time when the writer is never idle: this takes some 5 ms, but half the work for each."""

TAIL = 2000
"""Rows that may wait to be indexed when a search begins: it reads them in some 10 ms.

A writer that is never idle, but has few rows in a commit, waits until a large piece more than this has to be indexed.
"""

BEHIND = 50_000
"""Rows that may ever wait to be indexed: indexing them takes half a second, and the first search waits for that."""

CLEARED = 200
"""Rows of the index's own tables removed at a time: a few milliseconds."""

CHARACTERS = 32 * 1024
"""Characters after which a piece ends, however few messages these are: they take some 5 ms."""

MERGED = 64
"""Pages of the index merged at a time: a few milliseconds."""

_MERGE = "INSERT INTO search (search, rank) VALUES ('merge', ?)"
_NEXT = (
    "SELECT id, coalesce(revised, text), kind, nick, room, author, reader FROM posts"
    f" WHERE id > ? AND {MESSAGE} AND gone_by IS NULL ORDER BY id LIMIT ?"
)
_AUTHORED = (
    "INSERT OR IGNORE INTO authored SELECT author, room, id FROM posts"
    f" WHERE id > ? AND id <= ? AND {MESSAGE} AND gone_by IS NULL"
)
_ADDED = Insertion("search (rowid, text, place)", "(?, ?, ?)")
_ADD = "INSERT INTO search (rowid, text, place) VALUES (?, ?, ?)"
_FORGET = "DELETE FROM authored WHERE author = ? AND room = ? AND id = ?"
_REMOVE = "INSERT INTO search (search, rowid, text, place) VALUES ('delete', ?, ?, ?)"


_REPAIR = "SELECT ifnull(max(value), 0) FROM counters WHERE name = 'repair'"
_SET_REPAIR = "INSERT OR REPLACE INTO counters VALUES ('repair', ?)"
_RESET = (
    # FTS5 does not even open an index whose first rows are damaged or missing: those of a new one take their place.
    "CREATE VIRTUAL TABLE temp.fresh USING fts5 (text, place, content = '', tokenize = 'ascii')",
    "INSERT OR REPLACE INTO search_data SELECT * FROM temp.fresh_data",
    "DROP TABLE temp.fresh",
)
_EMPTY = "INSERT INTO search (search) VALUES ('delete-all')"
_CLEAR = (
    f"DELETE FROM search_data WHERE id IN (SELECT id FROM search_data WHERE id > 10 LIMIT {CLEARED})",
    f"DELETE FROM search_idx WHERE (segid, term) IN (SELECT segid, term FROM search_idx LIMIT {CLEARED})",
    f"DELETE FROM search_docsize WHERE id IN (SELECT id FROM search_docsize LIMIT {CLEARED})",
    f"DELETE FROM authored WHERE (author, room, id) IN (SELECT author, room, id FROM authored LIMIT {CLEARED})",
)
_HAS = "SELECT 1 FROM search WHERE search MATCH ? AND rowid = ?"
_NEWEST = (
    "SELECT id, room, author, reader FROM posts"
    f" WHERE id <= ? AND {MESSAGE} AND gone_by IS NULL ORDER BY id DESC LIMIT 1"
)
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH}
"""The errors with which statements on the index fail when its content makes no sense."""
_NO_TABLE = ("vtable constructor failed", "no such table: main.search", "no such table: search")
"""The beginnings of what SQLite says when tables of the index are missing."""


class Repair(IntEnum):
    """The state of the index's repair, as the counter ``repair`` has it."""

    NONE = 0
    REBUILT = 1
    LEFT_ALONE = 2


def repair(database: sqlite3.Connection) -> Repair:
    """Return what becomes of the index."""
    (found,) = database.execute(_REPAIR).fetchone()
    return Repair(found)


def leave_alone(database: sqlite3.Connection) -> None:
    """Note that the index has damaged pages."""
    database.execute(_SET_REPAIR, (Repair.LEFT_ALONE,))


def is_damaged(error: BaseException) -> bool:
    """Return whether an error that a statement on the index raised means that the index is damaged."""
    code = getattr(error, "sqlite_errorcode", -1)
    if code == -1 or not isinstance(error, sqlite3.Error):
        return False
    return code & 0xFF in _DAMAGE or str(error).startswith(_NO_TABLE)


def is_found(database: sqlite3.Connection, id: int, room: str, author: int, reader: int | None) -> bool:
    """Return whether the index has a message.  Raises sqlite3.Error."""
    viewer = _viewers(room, author, reader).split()[0]
    return database.execute(_HAS, (f'place : "{viewer}"', id)).fetchone() is not None


class Index:
    """The writer's side of the index.

    ``upto``: the number up to which rows are indexed.
    ``touched``: whether a statement has used the index since somebody set it to False.
    """

    log = Logger()

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._repair = repair(database)
        self.upto = self._read()
        self.touched = False
        self._is_noted = True
        """True if the file says what is to become of the index."""
        self._to_clear: list[str] = []
        if self._repair is Repair.REBUILT:
            self._begin_rebuilding()
        elif self._repair is Repair.NONE:
            self._check()

    def _check(self) -> None:
        """Condemn the index if it does not have its newest message."""
        newest = self._database.execute(_NEWEST, (self.upto,)).fetchone()
        try:
            if newest is not None and not is_found(self._database, *newest):
                error = sqlite3.DatabaseError(f"it does not have #{newest[0]}")
                error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT_VTAB
                raise error
        except sqlite3.Error as error:
            if not is_damaged(error):
                raise
            self.condemn(error)
            if self._repair is Repair.REBUILT:
                # At once, as searches may come before the writer is idle: some damage looks like an empty index.
                with contextlib.suppress(sqlite3.OperationalError):  # on a full disk it is noted later
                    self._in_transaction(self._note)
                    self._is_noted = True

    def _read(self) -> int:
        (upto,) = self._database.execute("SELECT value FROM counters WHERE name = 'indexed'").fetchone()
        return int(upto)

    @property
    def is_searchable(self) -> bool:
        """Return whether searches can be answered."""
        return self._repair is Repair.NONE

    def is_at_fault(self, error: BaseException) -> bool:
        """Return whether an error came from a damaged index that was used: without it, the same would succeed."""
        return self.touched and self._repair is not Repair.LEFT_ALONE and is_damaged(error)

    def condemn(self, error: BaseException) -> None:
        """Use the index no more, after an error that says that it is damaged."""
        again = self._repair is Repair.REBUILT
        by_fts5 = getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_CORRUPT
        if by_fts5 and not again:
            self.log.error("The search index is damaged ({error}); it is being rebuilt", error=error)
            self._begin_rebuilding()
        else:
            hint = "search is off until it is rebuilt: stop the daemon and run “groupchat reindex”"
            self.log.error("The search index is damaged ({error}); {hint}", error=error, hint=hint)
            self._repair = Repair.LEFT_ALONE
            self._to_clear = []
        self._is_noted = False

    def _begin_rebuilding(self) -> None:
        self._repair = Repair.REBUILT
        self._is_noted = False
        self._to_clear = [*_RESET, *_CLEAR, _EMPTY]
        self.upto = 0

    def has_work(self, head: int) -> bool:
        """Return whether ``fill`` has something to do.

        :param head: the highest number there is.
        :param count: the most messages; fewer if they have more ``characters`` than this together.
        """
        return self.upto < head or not self._is_noted or self._repair is Repair.REBUILT

    def _mend(self, head: int) -> bool:
        """Do one piece of the repair, in a transaction of its own; return False if there is nothing of it to do now."""
        if not self._is_noted:
            self._in_transaction(self._note)
            self._is_noted = True
        elif self._to_clear:
            if self._in_transaction(lambda: self._database.execute(self._to_clear[0]).rowcount) < CLEARED:
                del self._to_clear[0]
        elif self._repair is Repair.REBUILT and self.upto >= head:
            self._in_transaction(lambda: self._database.execute("DELETE FROM counters WHERE name = 'repair'"))
            self._repair = Repair.NONE
            self.log.info("The search index has been rebuilt")
        else:
            return False
        return True

    def _note(self) -> None:
        self._database.execute(_SET_REPAIR, (self._repair,))
        if self._repair is Repair.REBUILT:
            self._database.execute("UPDATE counters SET value = 0 WHERE name = 'indexed'")

    def _in_transaction(self, work: Callable[[], T]) -> T:
        """Do something in a transaction that is not flushed: the next commit does that."""
        with unflushed(self._database) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
                self.touched = True
                result = work()
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
        return result

    def fill(self, head: int, count: int, characters: int = CHARACTERS) -> None:
        """Index the next messages, or do one piece of a repair, in a transaction of its own.

        :param head: the highest number there is.
        :param count: the most messages; fewer if they have more ``characters`` than this together.
        """
        if self._mend(head):
            return
        database = self._database
        messages: list[Any] = []
        for message in database.execute(_NEXT, (self.upto, count)):
            messages.append(message)
            characters -= len(message[1])
            if characters <= 0:
                break
        upto = messages[-1][0] if len(messages) == count or characters <= 0 else head
        entries: list[object] = []
        if self._repair is not Repair.LEFT_ALONE:
            for id, text, kind, nick, *rest in messages:
                entries += (id, spaced(text), _place(kind, text, nick, *rest))

        def add() -> None:
            database.execute(_AUTHORED, (self.upto, upto))
            _ADDED.run(database, entries)
            database.execute("UPDATE counters SET value = ? WHERE name = 'indexed'", (upto,))

        self._in_transaction(add)
        self.upto = upto

    def merge(self, begins: bool) -> bool:
        """Merge a piece of the index; return whether there is more to do.

        :param begins: whether to begin a merge of everything, which FTS5 expects as a negative number.
        """
        if not self.is_searchable:
            return False
        self.touched = True
        before = self._database.total_changes
        self._database.execute(_MERGE, (-MERGED if begins else MERGED,))
        return self._database.total_changes - before >= 2  # as the manual of FTS5 says

    def revise(self, row: Row, text: str) -> None:
        """Within a commit, replace the text by which the message is found."""
        if row.id <= self.upto and self._repair is not Repair.LEFT_ALONE:
            self.touched = True
            self._database.execute(_REMOVE, _entry(row, row.newest))
            self._database.execute(_ADD, _entry(row, text))

    def remove(self, row: Row) -> None:
        """Within a commit, remove the message from the index."""
        if row.id <= self.upto and self._repair is not Repair.LEFT_ALONE:
            self.touched = True
            self._database.execute(_REMOVE, _entry(row, row.newest))
        # Above ``upto`` too: while the index is made anew, it may still be there.
        self._database.execute(_FORGET, (row.author, row.room, row.id))


def _entry(row: Row, text: str) -> tuple[int, str, str]:
    return row.id, spaced(text), _place(row.kind, text, row.nick, row.room, row.author, row.reader)


def _place(kind: str, text: str, nick: str, room: str, author: int, reader: int | None) -> str:
    """Return the words that say who may see a message, whose it is, and what it has."""
    whose = _whose_and_where(nick, room, author, reader)
    return " ".join([whose, *has]) if (has := things(kind, text)) else whose


@lru_cache(1024)
def _whose_and_where(nick: str, room: str, author: int, reader: int | None) -> str:
    return f"{_viewers(room, author, reader)} {_author(author)} {_nick(nick)}"


def _viewers(room: str, author: int, reader: int | None) -> str:
    """Return the words that say who may see a message: its room, or two people."""
    return _room(room) if reader is None else f"{_person(author)} {_person(reader)}"


def _room(name: str) -> str:
    return f"r{name.encode().hex()}"


def _person(author: int) -> str:
    return f"p{author:x}"


def _author(author: int) -> str:
    return f"a{author:x}"


@lru_cache(1024)
def _nick(nick: str) -> str:
    return f"n{folded(nick).encode('utf-8', 'replace').hex()}"


def expression(audience: Audience, finder: Finder) -> str:
    """Return the query in the language of FTS5; the audience must not be empty.

    Every word is in quotation marks and has only letters, digits and symbols, so none of it is an operator.
    """
    sought = finder.sought
    parts = [f"(place : ({_audience(audience)}))"]
    if finder.wanted:
        parts.append(f"(text : ({' AND '.join(map(_words, finder.wanted))}))")
    if sought.whose is not None:
        parts.append(f"(place : ({' OR '.join(_whose(sought.whose))}))")
    parts += [f"(place : {thing})" for thing in sought.has]
    nots = [f"(text : {_words(phrase)})" for phrase in finder.unwanted]
    others = [mark for whose in sought.not_whose for mark in _whose(whose)]
    others += map(_author, sorted(sought.ignored))
    nots += [f"(place : {mark})" for mark in (*sought.has_not, *others)]
    query = " AND ".join(parts)
    return f"({query}) NOT ({' OR '.join(nots)})" if nots else query


def _whose(whose: Whose) -> list[str]:
    """Return the words of which a message has one, if it is of that author, or under that nickname; there is one."""
    marks = [] if whose.author is None else [_author(whose.author)]
    return [*marks, _nick(whose.nick)] if whose.nick or not marks else marks


def _words(phrase: Phrase) -> str:
    return f'"{" ".join(phrase.words)}"{"*" if phrase.prefix else ""}'


def _audience(audience: Audience) -> str:
    if audience.author is not None and audience.other is not None:
        between = f"{_person(audience.author)} AND {_person(audience.other)}"
        return " OR ".join([*map(_room, audience.rooms), f"({between})"])
    viewers = [_room(room) for room in audience.rooms]
    if audience.author is not None:
        viewers.append(_person(audience.author))
    return " OR ".join(dict.fromkeys(viewers))
