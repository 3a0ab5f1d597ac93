"""The SQL that more than one part uses: columns, insertions of many rows, and the scans that find an audience's rows.

A scan reads one index from one number to another, at most as many entries as are wanted, and no row of the table.
The numbers that the scans find are merged, and only the rows that are given to the reader are fetched.
So a page costs its length times the number of rooms, whatever the size of the journal.
Every statement names its index, so that SQLite refuses the statement rather than read a whole table.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from groupchat.facts.rule_book import LOOKED_AT
from groupchat.journals.rules.rows import Row
from groupchat.model.drafts import Audience, StoredSession

COLUMNS = (
    "id, kind, author, reader, room, nick, peer, at, text, target, revised, gone_by, gone_to,"
    " reply, reply_author, reply_nick, link, sha256, size, type"
)
"""The columns of ``posts`` in the order of the fields of Row."""

SESSION = "author, digest, nick, rooms, position, seen, current, lost, since, silent, partner, ignored, read"
"""The columns of ``sessions`` in the order of the fields of StoredSession."""

MESSAGE = "kind IN ('said', 'acted', 'whispered', 'shared')"
"""The condition for a row that is a message."""

HEAD = "SELECT max(value, (SELECT ifnull(max(id), 0) FROM posts)) FROM counters WHERE name = 'head'"
"""The highest number ever used.

The counter is written only when rows are removed, and at the end, so that a commit touches one page less: it may be
behind the rows.
"""
COUNT_HEAD = f"UPDATE counters SET value = ({HEAD}) WHERE name = 'head'"

ROW = f"SELECT {COLUMNS} FROM posts WHERE id = ?"

KEYED = "SELECT id FROM posts WHERE author = ? AND key = ?"

TAIL_LATEST = (
    f"SELECT id FROM posts WHERE id > ? AND author = ? AND room = ? AND {MESSAGE} AND gone_by IS NULL ORDER BY id DESC"
)
"""The author's messages in a room among those not yet indexed, newest first: the first one is found soonest."""

LATEST = "SELECT max(id) FROM authored WHERE author = ? AND room = ?"
"""The author's newest message in a room among those indexed."""

TOGETHER = 16
"""Rows inserted by one statement: with 16, rows of ``posts`` took less than half the time; with 64 hardly less."""


class Insertion:
    """An INSERT into ``table``, with the values of one row as ``row``, such as ``(?, 'said', ?)``."""

    def __init__(self, table: str, row: str) -> None:
        self._width = row.count("?")
        self._one = f"INSERT INTO {table} VALUES {row}"
        self._many = f"INSERT INTO {table} VALUES {', '.join([row] * TOGETHER)}"

    def run(self, database: sqlite3.Connection, values: Sequence[object]) -> None:
        """Insert rows; ``values`` has the values of all rows, one after another."""
        width = self._width
        many = width * TOGETHER
        rest = len(values) - len(values) % many
        for begin in range(0, rest, many):
            database.execute(self._many, values[begin : begin + many])
        for begin in range(rest, len(values), width):
            database.execute(self._one, values[begin : begin + width])


# These repeat the conditions of the indexes word for word: SQLite uses a partial index only then.
OTHER = "kind <> 'topic' AND kind <> 'moderated'"
_LEFT = "target IS NULL AND gone_by IS NULL"
_DELETED = "target IS NULL AND gone_by IS NOT NULL"
ROOM_MESSAGES = f"posts INDEXED BY posts_room_messages WHERE reader IS NULL AND {_LEFT} AND {OTHER}"
ROOM_DELETED = f"posts INDEXED BY posts_room_deleted WHERE reader IS NULL AND {_DELETED}"
ROOM_CHANGES = "posts INDEXED BY posts_room_changes WHERE target IS NOT NULL AND reader IS NULL"
TOPICS = "posts INDEXED BY posts_topic WHERE kind = 'topic'"
MODERATION = "posts INDEXED BY posts_moderation WHERE kind = 'moderated'"
SHOWN_LATELY = tuple(
    f"SELECT id, author, at FROM {source} AND room = ? ORDER BY id DESC LIMIT {LOOKED_AT}"
    for source in (ROOM_MESSAGES, ROOM_DELETED, f"{ROOM_CHANGES} AND kind = 'edited'", TOPICS)
)
"""The rows that a room was shown lately, newest first: messages, also deleted ones, edits, topics."""
FILES = "posts INDEXED BY posts_files WHERE link IS NOT NULL"
"""The rows that name files."""
NO_FILE = "link = NULL, sha256 = NULL, size = NULL, type = NULL"
"""The change of a row after which it names no file."""
_PRIVATE = "posts INDEXED BY {} WHERE reader IS NOT NULL AND {}"
PRIVATE_MESSAGES = tuple(
    f"{_PRIVATE.format(f'posts_{side}_{which}', condition)} AND {side}"
    for side in ("author", "reader")
    for which, condition in (("messages", _LEFT), ("deleted", _DELETED))
)
"""The sources of somebody's private messages, also deleted ones; each goes on with ``= ?``."""


def newest_of(sources: Iterable[str]) -> str:
    """Return the query for the highest number in these sources that is at most ``?2``."""
    each = " UNION ALL ".join(f"SELECT max(id) AS id FROM {source} AND id <= ?2" for source in sources)
    return f"SELECT max(id) FROM ({each})"


class Scan(NamedTuple):
    """A statement, in both directions, that takes the values of ``of``, then after, upto and limit."""

    ascending: str
    descending: str
    of: tuple[str | int, ...] = ()


def _scan(source: str, of: str) -> Scan:
    query = f"SELECT id FROM {source} AND {of} AND id > ? AND id <= ? ORDER BY id {{}} LIMIT ?"
    return Scan(query.format("ASC"), query.format("DESC"))


_ROOM_MESSAGES = (_scan(ROOM_MESSAGES, "room = ?"),)
_ROOM_OTHERS = (
    _scan(ROOM_DELETED, "room = ?"),
    _scan(ROOM_CHANGES, "room = ?"),
    _scan(TOPICS, "room = ?"),
    _scan(MODERATION, "room = ?"),
)
_OWN_MESSAGES = (
    _scan(_PRIVATE.format("posts_author_messages", _LEFT), "author = ?"),
    _scan(_PRIVATE.format("posts_reader_messages", _LEFT), "reader = ?"),
)
_OWN_OTHERS = (
    _scan(_PRIVATE.format("posts_author_deleted", _DELETED), "author = ?"),
    _scan(_PRIVATE.format("posts_reader_deleted", _DELETED), "reader = ?"),
    _scan(_PRIVATE.format("posts_author_changes", "target IS NOT NULL"), "author = ?"),
    _scan(_PRIVATE.format("posts_reader_changes", "target IS NOT NULL"), "reader = ?"),
)
_PAIR = _scan(_PRIVATE.format("posts_pair", _LEFT), "author = ? AND reader = ?")


def messages(audience: Audience) -> list[Scan]:
    """Return the scans that find the messages of an audience that are not deleted."""
    if audience.author is not None and audience.other is not None:
        return [*_sources(audience, _ROOM_MESSAGES, ()), *_between(audience.author, audience.other)]
    return _sources(audience, _ROOM_MESSAGES, _OWN_MESSAGES)


_ROOM_CALLS = _scan(f"posts INDEXED BY posts_room_calls WHERE reader IS NULL AND peer = '@all' AND {_LEFT}", "room = ?")


def calls(audience: Audience) -> list[Scan]:
    """Return the scans that find what calls everybody in the rooms of an audience, and is not deleted."""
    return _sources(audience, (_ROOM_CALLS,), ())


def everything(audience: Audience) -> list[Scan]:
    """Return the scans that find all rows an audience may see; it is of no two people only."""
    return messages(audience) + _sources(audience, _ROOM_OTHERS, _OWN_OTHERS)


def neighbours(row: Row) -> list[Scan]:
    """Return the scans that find the messages of the row's room, or between its two people, that are not deleted."""
    if row.reader is None:
        return [scan._replace(of=(row.room,)) for scan in _ROOM_MESSAGES]
    return _between(row.author, row.reader)


_ROOM_FILES = _scan("posts INDEXED BY posts_room_files WHERE link IS NOT NULL AND reader IS NULL", "room = ?")
_READER_FILES = _scan("posts INDEXED BY posts_reader_files WHERE link IS NOT NULL AND reader IS NOT NULL", "reader = ?")
_AUTHOR_FILES = _scan(FILES, "author = ?")


def files(audience: Audience, author: int | None) -> list[Scan]:
    """Return the scans that find the files an audience may see, and some others.

    :param author: who shared them; None: anybody.
    """
    if author is not None:
        return [_AUTHOR_FILES._replace(of=(author,))]
    return _sources(audience, (_ROOM_FILES,), (_AUTHOR_FILES, _READER_FILES))


def _between(one: int, other: int) -> list[Scan]:
    return [_PAIR._replace(of=pair) for pair in dict.fromkeys([(one, other), (other, one)])]


def _sources(audience: Audience, room: tuple[Scan, ...], own: tuple[Scan, ...]) -> list[Scan]:
    scans = [scan._replace(of=(name,)) for name in dict.fromkeys(audience.rooms) for scan in room]
    if audience.author is not None:
        scans += [scan._replace(of=(audience.author,)) for scan in own]
    return scans


def session_of(found: Sequence[Any]) -> StoredSession:
    """Return the session that stands in a row of ``sessions``."""
    author, digest, nick, rooms, position, seen, current, lost, since, silent, partner, ignored, read = found
    rooms = tuple(json.loads(rooms))
    ignored, read = (tuple(map(tuple, json.loads(pairs))) for pairs in (ignored, read))
    return StoredSession(
        author, digest, nick, rooms, position, seen, current, lost, since, bool(silent), partner, ignored, read
    )


def session_row(session: StoredSession) -> tuple[object, ...]:
    """Return the values of a session's row."""
    return (
        session.author, session.digest, session.nick, json.dumps(session.rooms, ensure_ascii=False), session.position,
        session.seen, session.current, session.lost, session.since, int(session.silent),
        session.partner, json.dumps(session.ignored, ensure_ascii=False), json.dumps(session.read),
    )  # fmt: skip
