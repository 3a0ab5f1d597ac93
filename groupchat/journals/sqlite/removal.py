"""Remove and overwrite in pieces the rows that count as removed already.

Each piece is a transaction of its own that also says how far the work has come.
So a crash loses nothing: the rest is done after the next start.

Rules:

1. People are erased in the order in which that was decided, and before anything expired is removed: an edit is judged
   by the message it changes, which must still be there.
2. When all pieces are done, the tables depend on the operations only, not on when the pieces were done.
3. SQLite overwrites what is deleted or made shorter, but when it moves rows from page to page, it may leave a part of
   one in unused bytes.  So after an erasure the file is written anew: at once if it is small, else when no daemon
   uses it; and copies always.
"""

import sqlite3

from groupchat.journals.rules.erasures import without
from groupchat.journals.rules.rows import Row, is_message
from groupchat.journals.sqlite.gone import Before, Gone
from groupchat.journals.sqlite.index import Index, unflushed
from groupchat.journals.sqlite.statements import COLUMNS, COUNT_HEAD, TOPICS
from groupchat.model.drafts import Kind

PIECE = 200
"""Rows removed, or overwritten, in one transaction: a commit may have to wait for it a few milliseconds."""

SCRUBBED_MAX = 32 * 2**20
"""Bytes of the largest file that a running daemon writes anew: this takes some 0.3 s, and nobody can post meanwhile."""

READ = 500
"""Rows read in one transaction to find those of a person: this takes a few milliseconds."""

_RANGE = f"SELECT {COLUMNS} FROM posts WHERE id > ? AND id <= ? ORDER BY id LIMIT ?"
_NEWEST_TOPIC = f"SELECT max(id) FROM {TOPICS} AND room = ? AND id <= ?"
_OLDER_TOPICS = f"SELECT id FROM {TOPICS} AND room = ? AND id < ?"
_OLD_SESSIONS = f"SELECT rowid FROM sessions WHERE seen < ? LIMIT {PIECE}"
_OVERWRITE = (
    "UPDATE posts SET nick = ?, peer = ?, text = ?, revised = ?, gone_by = ?, gone_to = ?, reply_nick = ?,"
    " link = ?, sha256 = ?, size = ?, type = ? WHERE id = ?"
)
_COUNT = "UPDATE counters SET value = ? WHERE name = ?"


class Removal:
    """Does the work, in the writer's thread."""

    def __init__(self, database: sqlite3.Connection, index: Index, gone: Gone) -> None:
        self._database = database
        self._index = index
        self._gone = gone
        self._merge_begins = True
        self._can_scrub = True
        self.load()

    def load(self) -> None:
        """Read how far the work has come."""
        counters = dict(self._database.execute("SELECT name, value FROM counters"))
        self._removed, self._merges = counters["removed"], bool(counters["merging"])
        self.scrubs = bool(counters["scrubbing"])
        """True if the file has to be written anew."""

    @property
    def owed(self) -> bool:
        """Say whether there is something to do."""
        return self._has_pieces or (self.scrubs and self._can_scrub and self._size() <= SCRUBBED_MAX)

    @property
    def _has_pieces(self) -> bool:
        gone = self._gone
        return bool(gone.erasures) or self._removed < gone.expired or self._merges or bool(self._old_sessions(1))

    def _size(self) -> int:
        (pages,) = self._database.execute("PRAGMA page_count").fetchone()
        (size,) = self._database.execute("PRAGMA page_size").fetchone()
        return int(pages * size)

    def scrub(self) -> None:
        """Write the file anew, so that nothing is left in unused bytes of it.  It may fail when the disk is full."""
        self._can_scrub = False  # not again and again, if it fails
        self._database.execute("VACUUM")
        self._database.execute(_COUNT, (0, "scrubbing"))
        self.load()
        self._can_scrub = True

    def do(self) -> None:
        """Do one piece, in a transaction that is not flushed: the next commit does that."""
        if not self._has_pieces:
            self.scrub()
            return
        with unflushed(self._database) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
                self._do()
                database.execute("COMMIT")
            except BaseException:
                self._merge_begins = True
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
        self._gone.load()
        self.load()

    def _do(self) -> None:
        gone = self._gone
        if gone.erasures:
            self._erase()
        elif self._removed < gone.expired:
            self._remove_expired()
        elif old := self._old_sessions(PIECE):
            self._database.executemany("DELETE FROM sessions WHERE rowid = ?", old)
        elif self._merges and not self._merge():
            self._database.execute(_COUNT, (0, "merging"))

    def _old_sessions(self, count: int) -> list[tuple[int]]:
        return self._database.execute(_OLD_SESSIONS, (self._gone.forgotten / 1000,)).fetchmany(count)

    def _merge(self) -> bool:
        begins, self._merge_begins = self._merge_begins, False
        more = self._index.merge(begins)
        self._merge_begins = not more
        return more

    def _must_merge(self) -> None:
        self._merge_begins = True
        self._database.execute(_COUNT, (1, "merging"))

    def _erase(self) -> None:
        """Overwrite some rows of the person who was erased first."""
        database, person = self._database, self._gone.erasures[0]
        number, done = database.execute("SELECT id, done FROM erasures ORDER BY id LIMIT 1").fetchone()
        found = [Row(*row) for row in database.execute(_RANGE, (done, person.upto, READ))]
        within = Before(self._gone, 0)
        upto = found[-1].id if len(found) == READ else person.upto
        for changed, (before, after) in enumerate(without(person, found, within), 1):
            if is_message(before) and not is_message(after):
                self._index.remove(before)
            values = (
                after.nick, after.to, after.text, after.revised, after.gone_by, after.gone_to, after.reply_nick,
                after.link, after.sha256, after.size, after.type,
            )  # fmt: skip
            if person.owns(before, within):
                database.execute("UPDATE posts SET key = NULL WHERE id = ?", (before.id,))
            database.execute(_OVERWRITE, (*values, before.id))
            if changed == PIECE:
                upto = before.id
                break
        if upto < person.upto:
            database.execute("UPDATE erasures SET done = ? WHERE id = ?", (upto, number))
        else:
            database.execute("DELETE FROM erasures WHERE id = ?", (number,))
            database.execute(_COUNT, (1, "scrubbing"))
            self._must_merge()

    def _remove_expired(self) -> None:
        """Remove some rows that have expired, but for the newest topic of each room."""
        database, expired = self._database, self._gone.expired
        found = [Row(*row) for row in database.execute(_RANGE, (self._removed, expired, PIECE))]
        removed: list[tuple[int]] = []
        for row in found:
            if is_message(row):
                self._index.remove(row)
            if row.kind == Kind.TOPIC and (row.id,) == database.execute(_NEWEST_TOPIC, (row.room, expired)).fetchone():
                removed += database.execute(_OLDER_TOPICS, (row.room, row.id)).fetchall()
                database.execute("UPDATE posts SET key = NULL WHERE id = ?", (row.id,))
            else:
                removed.append((row.id,))
        database.execute(COUNT_HEAD)  # no number is used again, though its row is gone
        database.executemany("DELETE FROM posts WHERE id = ?", removed)
        upto = found[-1].id if len(found) == PIECE else expired
        database.execute(_COUNT, (upto, "removed"))
        if upto == expired:
            self._must_merge()


def finish(database: sqlite3.Connection) -> None:
    """Remove and overwrite everything that counts as removed, in a file that nobody else uses.

    :raises sqlite3.Error: the file cannot be written.
    """
    removal = Removal(database, Index(database), Gone(database))
    if not removal.owed and not removal.scrubs:
        return
    database.execute("PRAGMA secure_delete = ON")
    while removal.owed:
        removal.do()
    removal.scrub()
