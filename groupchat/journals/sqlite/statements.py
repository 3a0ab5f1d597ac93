"""How the numbers of what an audience may see are found: one bounded scan of one index for each of its sources.

Each scan reads at most as many entries as are wanted and no row of the table;
the numbers are merged and only those that are given are fetched.
So a page costs its length times the number of rooms, whatever the journal's size.
Every statement names its index, so that SQLite refuses it rather than read a whole table.
"""

from typing import NamedTuple

from groupchat.journals.rules.rows import Row
from groupchat.model.drafts import Audience

# Word for word the conditions of the indexes: SQLite uses a partial index only then.
OTHER = "kind <> 'topic' AND kind <> 'moderated'"
ROOM_MESSAGES = f"posts INDEXED BY posts_room_messages WHERE reader IS NULL AND target IS NULL AND {OTHER}"
ROOM_CHANGES = "posts INDEXED BY posts_room_changes WHERE target IS NOT NULL AND reader IS NULL"
TOPICS = "posts INDEXED BY posts_topic WHERE kind = 'topic'"
MODERATION = "posts INDEXED BY posts_moderation WHERE kind = 'moderated'"
_PRIVATE = "posts INDEXED BY {} WHERE reader IS NOT NULL AND target IS {}"


class Scan(NamedTuple):
    """A statement that takes the values of ``of``, then after, upto and limit; in both directions."""

    ascending: str
    descending: str
    of: tuple[str | int, ...] = ()


def _scan(source: str, of: str) -> Scan:
    query = f"SELECT id FROM {source} AND {of} AND id > ? AND id <= ? ORDER BY id {{}} LIMIT ?"
    return Scan(query.format("ASC"), query.format("DESC"))


_ROOM_MESSAGES = (_scan(ROOM_MESSAGES, "room = ?"),)
_ROOM_CHANGES = (_scan(ROOM_CHANGES, "room = ?"), _scan(TOPICS, "room = ?"), _scan(MODERATION, "room = ?"))
_OWN_MESSAGES = (
    _scan(_PRIVATE.format("posts_author_messages", "NULL"), "author = ?"),
    _scan(_PRIVATE.format("posts_reader_messages", "NULL"), "reader = ?"),
)
_OWN_CHANGES = (
    _scan(_PRIVATE.format("posts_author_changes", "NOT NULL"), "author = ?"),
    _scan(_PRIVATE.format("posts_reader_changes", "NOT NULL"), "reader = ?"),
)
_PAIR = _scan(_PRIVATE.format("posts_pair", "NULL"), "author = ? AND reader = ?")


def messages(audience: Audience) -> list[Scan]:
    """Give the scans that find an audience's messages."""
    return _sources(audience, _ROOM_MESSAGES, _OWN_MESSAGES)


def everything(audience: Audience) -> list[Scan]:
    """Give the scans that find all rows an audience may see."""
    return messages(audience) + _sources(audience, _ROOM_CHANGES, _OWN_CHANGES)


def neighbours(row: Row) -> list[Scan]:
    """Give the scans that find the messages of the row's room, or between its two people."""
    if row.reader is None:
        return [scan._replace(of=(row.room,)) for scan in _ROOM_MESSAGES]
    pairs = dict.fromkeys([(row.author, row.reader), (row.reader, row.author)])
    return [_PAIR._replace(of=pair) for pair in pairs]


def _sources(audience: Audience, room: tuple[Scan, ...], own: tuple[Scan, ...]) -> list[Scan]:
    scans = [scan._replace(of=(name,)) for name in dict.fromkeys(audience.rooms) for scan in room]
    if audience.author is not None:
        scans += [scan._replace(of=(audience.author,)) for scan in own]
    return scans
