"""Keep what counts as removed from a file, although some of its rows may still be there.

Expiries, erasures and the forgetting of sessions count from the moment they are decided; rows go later, in pieces.
Whoever reads or judges rows asks here first, so nothing depends on how far that has come.
"""

import json
import sqlite3
from collections.abc import Iterator

from groupchat.journals.rules.erasures import Erasure
from groupchat.journals.rules.rows import Row, is_message, kept_files
from groupchat.journals.sqlite.statements import COLUMNS, FILES, LATEST, ROW, TAIL_LATEST, TOPICS
from groupchat.model.drafts import StoredFile

_STATE = """
SELECT max(CASE name WHEN 'expired' THEN value END), max(CASE name WHEN 'forgotten' THEN value END),
    (SELECT count(*) FROM erasures), max(CASE name WHEN 'erasures' THEN value END)
FROM counters WHERE name IN ('expired', 'forgotten', 'erasures')
"""
_ERASURES = "SELECT key, alias, author, spared, after, upto FROM erasures ORDER BY id"
_TAIL_LATEST = f"{TAIL_LATEST} LIMIT 1"
_DELETION = f"SELECT {COLUMNS} FROM posts WHERE target = ? AND kind = 'deleted'"
_FIRST_SPANS = "SELECT first, at FROM spans ORDER BY first"
_NEXT_AT = "SELECT id, at FROM posts WHERE id >= ? ORDER BY id LIMIT 1"
_COUNT = "UPDATE counters SET value = ? WHERE name = ?"
_AUTHORED = "SELECT id FROM authored WHERE id > ? AND author = ? AND room = ? ORDER BY id DESC"


class Gone:
    """The record of what counts as removed.  ``load`` learns what others have written, and undoes what was rolled back.

    ``expired``: everything up to this number counts as removed, but the newest topic of each room up to there.
    ``forgotten``: sessions last seen before this count as removed, in milliseconds since 1970 UTC.
    ``erasures``: people whose rows are not all overwritten yet, in the order in which they were erased.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._known: tuple[int, int] = (0, 0)
        self.erasures: tuple[Erasure, ...] = ()
        self.load()

    def load(self) -> None:
        """Read what counts as removed."""
        self.expired, self.forgotten, pending, number = self._database.execute(_STATE).fetchone()
        if (pending, number) != self._known:
            self._known = (pending, number)
            found = self._database.execute(_ERASURES).fetchall()
            self.erasures = tuple(
                Erasure(key, alias, author, frozenset(json.loads(spared)), after, upto)
                for key, alias, author, spared, after, upto in found
            )

    # What a row reads like

    def row(self, id: int) -> Row | None:
        """Return a row as it counts; None: there is none."""
        return None if id <= self.expired else self._row(id, len(self.erasures))

    def _row(self, id: int, level: int) -> Row | None:
        found = self._database.execute(ROW, (id,)).fetchone()
        return None if found is None else self._applied(Row(*found), level)

    def masked(self, row: Row) -> Row:
        """Return a row that was read as it counts: without people who are erased."""
        return self._applied(row, len(self.erasures)) if self.erasures else row

    def _applied(self, row: Row, level: int) -> Row:
        """Return how a row reads after so many of the erasures."""
        for index, erasure in enumerate(self.erasures[:level]):
            row = erasure.applied(row, Before(self, index))
        return row

    def deletion(self, id: int, level: int) -> Row | None:
        """Return the row that deleted a message, as it reads after so many of the erasures."""
        found = self._database.execute(_DELETION, (id,)).fetchone()
        return None if found is None else self._applied(Row(*found), level)

    def find(self, id: int, level: int) -> Row | None:
        """Return a row, as it reads after so many of the erasures."""
        return self._row(id, level)

    def latest(self, author: int, room: str, indexed: int) -> int | None:
        """Return the number of an author's newest message in a room (empty: private).

        :param indexed: the number up to which rows are indexed.
        """
        if not self.erasures:
            found = self._database.execute(_TAIL_LATEST, (max(indexed, self.expired), author, room)).fetchone()
            if found is None:
                found = self._database.execute(LATEST, (author, room)).fetchone()
            newest = found[0]
            return int(newest) if newest is not None and newest > self.expired else None
        floor = max([self.expired, *(one.upto for one in self.erasures if one.author == author)])
        for query, after in ((TAIL_LATEST, max(indexed, floor)), (_AUTHORED, floor)):
            for id in self._numbers(query, (after, author, room)):
                row = self.row(id)
                if row is not None and is_message(row):
                    return id
        return None

    def topic(self, room: str) -> str:
        """Return the topic of a room; empty: none."""
        query = f"SELECT {COLUMNS} FROM {TOPICS} AND room = ? ORDER BY id DESC LIMIT 1"
        found = self._database.execute(query, (room,)).fetchone()
        return "" if found is None else self.masked(Row(*found)).text

    def files(self, author: int | None = None) -> list[Row]:
        """Return the rows that name files: all of them, or those of an author."""
        query = f"SELECT {COLUMNS} FROM {FILES} AND id > ?"
        values: tuple[int, ...] = (self.expired,)
        if author is not None:
            query, values = f"{query} AND author = ?", (self.expired, author)
        rows = [self.masked(Row(*found)) for found in self._database.execute(query, values).fetchall()]
        return sorted(row for row in rows if row.link is not None)

    def kept_files(self, author: int | None = None) -> list[StoredFile]:
        """Return every file that a row names, once; of all rows, or of those of an author."""
        if self.erasures:
            return kept_files(self.files(author))
        query = f"SELECT DISTINCT sha256, size, type FROM {FILES} AND id > ?"
        values: tuple[int, ...] = (self.expired,)
        if author is not None:
            query, values = f"{query} AND author = ?", (self.expired, author)
        return [StoredFile(*found) for found in self._database.execute(query, values).fetchall()]

    def file(self, link: str) -> Row | None:
        """Return the row whose file has this public id; None: there is none."""
        found = self._database.execute("SELECT id FROM posts WHERE link = ?", (link,)).fetchone()
        row = None if found is None else self.row(found[0])
        return row if row is not None and row.link is not None else None

    def frees_key(self, id: int) -> bool:
        """Say whether the key of a row counts as removed."""
        if id <= self.expired:
            return True
        for index, erasure in enumerate(self.erasures):
            row = self._row(id, index)
            if row is not None and erasure.owns(row, Before(self, index)):
                return True
        return False

    def _numbers(self, query: str, values: tuple[int, int, str]) -> Iterator[int]:
        cursor = self._database.execute(query, values)
        try:
            for (id,) in cursor:
                yield id
        finally:
            cursor.close()  # or the snapshot would last

    # How things come to count as removed; within the writer's transaction

    def expire(self, before: int, head: int) -> None:
        """Let everything up to the first row that is not older count as removed.

        :param before: in milliseconds since 1970 UTC.  :param head: the highest number ever used.
        """
        upto = self._older(before, head)
        if upto <= self.expired:
            return
        database = self._database
        database.execute("DELETE FROM spans WHERE first <= ?", (upto,))
        following = database.execute(_NEXT_AT, (upto + 1,)).fetchone()
        if following is not None:
            database.execute("INSERT OR IGNORE INTO spans VALUES (?, ?)", following)
        database.execute(_COUNT, (upto, "expired"))
        self.expired = upto

    def _older(self, before: int, head: int) -> int:
        """Return the number up to which all rows are older, by bisection."""
        cursor = self._database.execute(_FIRST_SPANS)
        try:
            known = cursor.fetchone()
            while known is not None:
                first, following = known[0], cursor.fetchone()
                low, high = first, head + 1 if following is None else following[0]
                while low < high:
                    middle = (low + high) // 2
                    found = self._database.execute(_NEXT_AT, (middle,)).fetchone()
                    if found is None or found[0] >= high or found[1] >= before:
                        high = middle
                    else:
                        low = found[0] + 1
                if low <= head and (following is None or low < following[0]):
                    return int(low) - 1
                known = following
        finally:
            cursor.close()
        return head

    def forget_sessions(self, before: int) -> None:
        """Let sessions last seen before this count as removed, in milliseconds since 1970 UTC."""
        if before > self.forgotten:
            self._database.execute(_COUNT, (before, "forgotten"))
            self.forgotten = before

    def erase(self, erasure: Erasure) -> None:
        """Let a person count as erased."""
        _, number = self._known
        spared = json.dumps(sorted(erasure.spared))
        values = (erasure.key, erasure.alias, erasure.author, spared, erasure.after, erasure.upto)
        self._database.execute("INSERT INTO erasures VALUES (?, ?, ?, ?, ?, ?, ?, 0)", (number + 1, *values))
        self._database.execute(_COUNT, (number + 1, "erasures"))
        self.load()


class Before:
    """The rows of a file as they read after some of the erasures."""

    def __init__(self, gone: Gone, level: int) -> None:
        self._gone = gone
        self._level = level

    def find(self, id: int) -> Row | None:
        """Return the row with this number."""
        return self._gone.find(id, self._level)

    def deletion(self, id: int) -> Row | None:
        """Return the row that deleted the message with this number."""
        return self._gone.deletion(id, self._level)
