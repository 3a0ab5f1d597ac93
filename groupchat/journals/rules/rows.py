"""One row of a journal, as every journal keeps it, and the post a reader is given for it."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from groupchat.model.drafts import MESSAGES, Audience, Deed, Kind, SharedFile, StoredFile, StoredPost
from groupchat.model.events import (
    Acted,
    AuthorId,
    Deleted,
    Edited,
    Moderated,
    Post,
    Said,
    Shared,
    TopicChanged,
    Whispered,
)
from groupchat.model.names import file_path

EVERYBODY = "@all"
"""Whom a row of a room is for that calls everybody there; no nickname."""


class Row(NamedTuple):
    """A post as it is kept; the fields stand in the order of ``COLUMNS``.

    ``at``: milliseconds since 1970 UTC.
    ``author``: who wrote it; for the edit or deletion of something private, who wrote that,
    because ``author`` and ``reader`` are then the two who may see the row.
    ``to``: the other person's nickname when private; of what calls everybody in a room, EVERYBODY; else empty.
    ``target``: of edits and deletions, the message they change.
    ``revised``: of messages, the newest text, when edited.
    ``gone_by``, ``gone_to``: of deleted messages and of their edits, who deleted them,
    and who the other person is when private.
    ``link``, ``sha256``, ``size``, ``type``: of shared files that are not deleted; the ``text`` is the name.
    ``reply``, ``reply_author``, ``reply_nick``: of messages that answer another one, and of their edits: its number,
    its author, and their nickname then.
    """

    id: int
    kind: str
    author: int
    reader: int | None
    room: str
    nick: str
    to: str
    at: int
    text: str
    target: int | None = None
    revised: str | None = None
    gone_by: str | None = None
    gone_to: str | None = None
    reply: int | None = None
    reply_author: int | None = None
    reply_nick: str | None = None
    link: str | None = None
    sha256: str | None = None
    size: int | None = None
    type: str | None = None

    @property
    def calls(self) -> bool:
        """Say whether it calls everybody in its room."""
        return self.reader is None and self.to == EVERYBODY

    @property
    def newest(self) -> str:
        """The text as it reads now."""
        return self.text if self.revised is None else self.revised


def milliseconds(at: float) -> int:
    """Turn seconds into whole milliseconds, the finest time a journal keeps; what no clock shows becomes an extreme."""
    if not -1e12 < at < 1e12:
        at = min(max(at, -1e12), 1e12)
    return round(at * 1000)


def stored(row: Row) -> StoredPost:
    """Make the post that a reader is given for this row now: in its newest form, deleted text never."""
    reader = None if row.reader is None else AuthorId(row.reader)
    return StoredPost(_event(row), AuthorId(row.author), reader)


def _event(row: Row) -> Post:
    at = row.at / 1000
    answered = () if row.reply is None else (row.reply, row.reply_nick or "")
    make = PUBLIC.get(row.kind)
    if make is not None and row.reader is None and row.gone_by is None and row.revised is None and not row.to:
        # Nearly all of them.
        return make(row.id, row.room, row.nick, at, row.text, *answered)
    if row.kind == Kind.SHARED and row.gone_by is None:
        path = file_path(row.link or "", row.text)
        return Shared(row.id, row.room, row.nick, at, row.text, row.size or 0, row.type or "", path, row.to, *answered)
    target = row.id if row.target is None else row.target
    if row.gone_by is not None:
        return Deleted(row.id, row.room, row.gone_by, at, target, row.gone_to or "")
    if row.kind == Kind.DELETED:
        return Deleted(row.id, row.room, row.nick, at, target, row.to)
    if row.kind == Kind.EDITED or row.revised is not None:
        to = "" if row.reader is None else row.to
        acted = row.kind == Kind.ACTED
        return Edited(row.id, row.room, row.nick, at, target, row.newest, to, *(answered or (0, "")), row.calls, acted)
    if row.kind == Kind.ACTED:
        to = "" if row.reader is None else row.to
        return Acted(row.id, row.room, row.nick, at, row.text, *(answered or (0, "")), row.calls, to)
    if row.kind == Kind.SAID:
        return Said(row.id, row.room, row.nick, at, row.text, *(answered or (0, "")), row.calls)
    return Whispered(row.id, row.room, row.nick, at, row.to, row.text, *answered)


def stored_file(row: Row) -> StoredFile:
    """Return the file that a row names."""
    return StoredFile(row.sha256 or "", row.size or 0, row.type or "")


def shared_file(row: Row) -> SharedFile:
    """Return the post of a row that names a file, with the file."""
    return SharedFile(stored(row), stored_file(row))


def last_files(
    rows: Sequence[Row], audience: Audience, author: AuthorId | None, before: int, count: int
) -> list[SharedFile]:
    """Return the last files before a number that an audience may see, newest first.

    :param rows: all rows that name files, ascending.  :param author: who shared them; None: anybody.
    """
    seen = (
        row
        for row in reversed(rows)
        if row.link is not None and row.id < before and (author is None or row.author == author) and sees(audience, row)
    )
    return [shared_file(row) for row in islice(seen, max(count, 0))]


def kept_files(rows: Iterable[Row]) -> list[StoredFile]:
    """Return the files that these rows name, each once."""
    return list({row.sha256: stored_file(row) for row in rows}.values())


def _moderated(id: int, room: str, nick: str, at: float, text: str) -> Moderated:
    deed = Deed.decode(text)
    return Moderated(id, room, nick, at, deed.words, deed.act, deed.target, deed.until, deed.reason)


PUBLIC: dict[str, Callable[..., Post]] = {
    Kind.SAID: Said,
    Kind.ACTED: Acted,
    Kind.TOPIC: TopicChanged,
    Kind.MODERATED: _moderated,
}
"""The functions that make the events a whole room sees, by kind."""


def sees(audience: Audience, row: Row) -> bool:
    """Say whether the audience may see the row."""
    if row.reader is None:
        return row.room in audience.rooms
    if audience.other is not None:
        return (row.author, row.reader) in ((audience.author, audience.other), (audience.other, audience.author))
    return audience.author is not None and audience.author in (row.author, row.reader)


def without_file(row: Row) -> Row:
    """Return the row without the file that it names."""
    return row if row.link is None else row._replace(link=None, sha256=None, size=None, type=None)


def is_message(row: Row) -> bool:
    """Say whether the row is a message that is still there."""
    return row.kind in MESSAGES and row.gone_by is None
