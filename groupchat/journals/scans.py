"""How the numbers of what an audience may see are found: one bounded scan of one index for each of its sources.

Each scan reads at most as many entries as are wanted and no row of the table;
the numbers are merged and only those that are given are fetched.
So a page costs its length times the number of rooms, whatever the journal's size.
Every statement names its index, so that SQLite refuses it rather than read a whole table.
"""

from typing import NamedTuple

from groupchat.drafts import Audience
from groupchat.journals.rows import Row

_SAID = "kind IN ('said', 'acted')"
_WHISPERED = "kind = 'whispered'"
_CHANGED = "kind IN ('edited', 'deleted')"


class Scan(NamedTuple):
    """A statement that takes the values of ``of``, then after, upto and limit; in both directions."""

    ascending: str
    descending: str
    of: tuple[str | int, ...] = ()


def _scan(index: str, where: str) -> Scan:
    query = f"SELECT id FROM posts INDEXED BY {index} WHERE {where} AND id > ? AND id <= ? ORDER BY id {{}} LIMIT ?"
    return Scan(query.format("ASC"), query.format("DESC"))


_ROOM_MESSAGES = _scan("posts_room_messages", f"{_SAID} AND room = ?")
_ROOM_CHANGES = _scan("posts_room_changes", "kind IN ('edited', 'deleted', 'topic') AND reader IS NULL AND room = ?")
_OWN_MESSAGES = (
    _scan("posts_author_messages", f"{_WHISPERED} AND author = ?"),
    _scan("posts_reader_messages", f"{_WHISPERED} AND reader = ?"),
)
_OWN_CHANGES = (
    _scan("posts_author_changes", f"{_CHANGED} AND reader IS NOT NULL AND author = ?"),
    _scan("posts_reader_changes", f"{_CHANGED} AND reader IS NOT NULL AND reader = ?"),
)
_PAIR = _scan("posts_pair", f"{_WHISPERED} AND author = ? AND reader = ?")


def messages(audience: Audience) -> list[Scan]:
    """Give the scans that find an audience's messages."""
    return _sources(audience, _ROOM_MESSAGES, _OWN_MESSAGES)


def everything(audience: Audience) -> list[Scan]:
    """Give the scans that find all rows an audience may see."""
    return messages(audience) + _sources(audience, _ROOM_CHANGES, _OWN_CHANGES)


def neighbours(row: Row) -> list[Scan]:
    """Give the scans that find the messages of the row's room, or between its two people."""
    if row.reader is None:
        return [_ROOM_MESSAGES._replace(of=(row.room,))]
    pairs = dict.fromkeys([(row.author, row.reader), (row.reader, row.author)])
    return [_PAIR._replace(of=pair) for pair in pairs]


def _sources(audience: Audience, room: Scan, own: tuple[Scan, ...]) -> list[Scan]:
    scans = [room._replace(of=(name,)) for name in dict.fromkeys(audience.rooms)]
    if audience.author is not None:
        scans += [scan._replace(of=(audience.author,)) for scan in own]
    return scans
