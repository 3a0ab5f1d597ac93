"""Remove old rows from the beginning of the journal, within the writer's transaction.

The counter ``expired`` is the number up to which everything except topics was removed:
so an audit can tell removed rows from lost ones.
"""

import sqlite3
from itertools import takewhile

from groupchat.journals.rules.rows import Row, is_message
from groupchat.journals.sqlite.index import Index
from groupchat.journals.sqlite.statements import COLUMNS
from groupchat.model.drafts import Kind

PIECE = 200
"""Rows removed in one transaction: a commit may have to wait for it a few milliseconds."""

_EXPIRED = "SELECT ifnull(max(value), 0) FROM counters WHERE name = 'expired'"
_OLDEST = f"SELECT {COLUMNS} FROM posts WHERE id > ? ORDER BY id LIMIT {PIECE}"
_NEXT = "SELECT id, at FROM posts WHERE id > ? ORDER BY id LIMIT 1"


def expire(database: sqlite3.Connection, index: Index, before: int) -> int:
    """Remove some of the oldest rows, up to the first that is not before this time; return how many were examined.

    :param before: in milliseconds since 1970 UTC.
    """
    (expired,) = database.execute(_EXPIRED).fetchone()
    rows = map(Row._make, database.execute(_OLDEST, (expired,)).fetchall())
    old = list(takewhile(lambda row: row.at < before, rows))
    if not old:
        return 0
    for row in old:
        if is_message(row):
            index.remove(row)
    database.executemany("DELETE FROM posts WHERE id = ?", [(row.id,) for row in old if row.kind != Kind.TOPIC])
    upto = old[-1].id
    database.execute("DELETE FROM spans WHERE first <= ?", (upto,))
    following = database.execute(_NEXT, (upto,)).fetchone()
    if following is not None:
        database.execute("INSERT OR IGNORE INTO spans VALUES (?, ?)", following)
    database.execute("INSERT OR REPLACE INTO counters VALUES ('expired', ?)", (upto,))
    return len(old)
