"""The index of words and authors, filled in small pieces while the writer is idle.

Each piece is a transaction of its own that also moves the counter ``indexed``.
So a crash loses nothing: rows above the counter are indexed again.
Searches read the rows above the counter one by one.

The index is FTS5, over text in which :mod:`groupchat.journals.rules.words` has separated all words,
so the simplest tokenizer is enough.
A second column of each entry says who may see it,
so that a search in a small room never reads the matches of a large one.

A deletion removes the message's entry at once.
With SQLite before 3.42 the bare words may stay in the index file until FTS5 merges that part of it.

Why not the trigram tokenizer: it finds nothing under three characters, and so hardly a word of Chinese,
and took 5 times as long to fill.
Measured with 1,000,000 posts of 8 words: 49 MB and 8 µs a post; words found in 0.1 to 1 ms, rare or common,
beginnings of words in 0.1 to 10 ms, longest for two letters in a small room.
A prefix index would help only there, and more than double the size.
"""

import sqlite3
from collections.abc import Sequence

from groupchat.journals.rules.rows import Row
from groupchat.journals.rules.words import Phrase, spaced
from groupchat.journals.sqlite.statements import MESSAGE, Insertion
from groupchat.model.drafts import Audience

PIECE = 100
"""Messages indexed at a time: a commit may have to wait for it one or two milliseconds."""

LARGE_PIECE = 500
"""Messages indexed at a time when the writer is never idle: this takes some 5 ms, but half the work for each."""

TAIL = 2000
"""Rows that may wait to be indexed when a search begins: it reads them in some 10 ms.

A writer that is never idle waits until a large piece more than this has to be indexed.
"""

MERGED = 64
"""Pages of the index merged at a time: a few milliseconds."""

_MERGE = "INSERT INTO search (search, rank) VALUES ('merge', ?)"
_NEXT = (
    "SELECT id, coalesce(revised, text), room, author, reader FROM posts"
    f" WHERE id > ? AND {MESSAGE} AND gone_by IS NULL ORDER BY id LIMIT ?"
)
_AUTHORED = (
    f"INSERT INTO authored SELECT author, id FROM posts WHERE id > ? AND id <= ? AND {MESSAGE} AND gone_by IS NULL"
)
_ADDED = Insertion("search (rowid, text, place)", "(?, ?, ?)")
_ADD = "INSERT INTO search (rowid, text, place) VALUES (?, ?, ?)"
_REMOVE = "INSERT INTO search (search, rowid, text, place) VALUES ('delete', ?, ?, ?)"


class Index:
    """The writer's side of the index.  ``upto`` is the number up to which rows are indexed."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.upto = self._read()

    def _read(self) -> int:
        (upto,) = self._database.execute("SELECT value FROM counters WHERE name = 'indexed'").fetchone()
        return int(upto)

    def fill(self, head: int, count: int) -> None:
        """Index the next ``count`` messages, in a transaction that is not flushed: the next commit does that.

        :param head: the highest number there is.
        """
        database = self._database
        messages = database.execute(_NEXT, (self.upto, count)).fetchall()
        upto = messages[-1][0] if len(messages) == count else head
        entries: list[object] = []
        for id, text, *rest in messages:
            entries += (id, spaced(text), _viewers(*rest))
        database.execute("PRAGMA synchronous = NORMAL")
        try:
            database.execute("BEGIN IMMEDIATE")
            database.execute(_AUTHORED, (self.upto, upto))
            _ADDED.run(database, entries)
            database.execute("UPDATE counters SET value = ? WHERE name = 'indexed'", (upto,))
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise
        finally:
            database.execute("PRAGMA synchronous = FULL")
        self.upto = upto

    def merge(self, begins: bool) -> bool:
        """Merge a piece of the index; return whether there is more to do.

        :param begins: whether to begin a merge of everything, which FTS5 expects as a negative number.
        """
        before = self._database.total_changes
        self._database.execute(_MERGE, (-MERGED if begins else MERGED,))
        return self._database.total_changes - before >= 2  # as the manual of FTS5 says

    def revise(self, row: Row, text: str) -> None:
        """Within a commit, replace the text by which the message is found."""
        if row.id <= self.upto:
            self._database.execute(_REMOVE, _entry(row, row.newest))
            self._database.execute(_ADD, _entry(row, text))

    def remove(self, row: Row) -> None:
        """Within a commit, remove the message from the index."""
        if row.id <= self.upto:
            self._database.execute(_REMOVE, _entry(row, row.newest))
            self._database.execute("DELETE FROM authored WHERE author = ? AND id = ?", (row.author, row.id))


def _entry(row: Row, text: str) -> tuple[int, str, str]:
    return row.id, spaced(text), _viewers(row.room, row.author, row.reader)


def _viewers(room: str, author: int, reader: int | None) -> str:
    """Return the words that say who may see a message: its room, or two people."""
    return _room(room) if reader is None else f"{_person(author)} {_person(reader)}"


def _room(name: str) -> str:
    return f"r{name.encode().hex()}"


def _person(author: int) -> str:
    return f"p{author:x}"


def expression(audience: Audience, wanted: Sequence[Phrase]) -> str:
    """Return the query in the language of FTS5; the audience must not be empty.

    Every word is in quotation marks and has only letters, digits and symbols, so none of it is an operator.
    """
    texts = " AND ".join(f'"{" ".join(phrase.words)}"{"*" if phrase.prefix else ""}' for phrase in wanted)
    viewers = [_room(room) for room in audience.rooms]
    if audience.author is not None:
        viewers.append(_person(audience.author))
    return f"(text : ({texts})) AND (place : ({' OR '.join(dict.fromkeys(viewers))}))"
