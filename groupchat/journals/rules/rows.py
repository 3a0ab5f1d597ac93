"""One row of a journal, as every journal keeps it, and the post a reader is given for it."""

from collections.abc import Callable
from typing import NamedTuple

from groupchat.model.drafts import MESSAGES, Audience, Deed, Kind, StoredPost
from groupchat.model.events import Acted, AuthorId, Deleted, Edited, Moderated, Post, Said, TopicChanged, Whispered


class Row(NamedTuple):
    """A post as it is kept; the fields stand in the order of ``COLUMNS``.

    ``at``: milliseconds since 1970 UTC.
    ``author``: who wrote it; for the edit or deletion of something private, who wrote that,
    because ``author`` and ``reader`` are then the two who may see the row.
    ``to``: the other person's nickname when private, else empty.
    ``target``: of edits and deletions, the message they change.
    ``revised``: of messages, the newest text, when edited.
    ``gone_by``, ``gone_to``: of deleted messages and of their edits, who deleted them,
    and who the other person is when private.
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

    @property
    def newest(self) -> str:
        """The text as it reads now."""
        return self.text if self.revised is None else self.revised


def milliseconds(at: float) -> int:
    """Turn seconds into whole milliseconds, the finest time a journal keeps; what no clock shows becomes an extreme."""
    return round(min(max(at, -1e12), 1e12) * 1000)


def stored(row: Row) -> StoredPost:
    """Make the post that a reader is given for this row now: in its newest form, deleted text never."""
    reader = None if row.reader is None else AuthorId(row.reader)
    return StoredPost(_event(row), AuthorId(row.author), reader)


def _event(row: Row) -> Post:
    at = row.at / 1000
    answered = () if row.reply is None else (row.reply, row.reply_nick or "")
    if row.reader is None and row.target is None and row.gone_by is None and row.revised is None:
        # Nearly all of them.
        return PUBLIC[row.kind](row.id, row.room, row.nick, at, row.text, *answered)
    target = row.id if row.target is None else row.target
    if row.gone_by is not None:
        return Deleted(row.id, row.room, row.gone_by, at, target, row.gone_to or "")
    if row.kind == Kind.DELETED:
        return Deleted(row.id, row.room, row.nick, at, target, row.to)
    if row.kind == Kind.EDITED or row.revised is not None:
        return Edited(row.id, row.room, row.nick, at, target, row.newest, row.to, *answered)
    return Whispered(row.id, row.room, row.nick, at, row.to, row.text, *answered)


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


def is_message(row: Row) -> bool:
    """Say whether the row is a message that is still there."""
    return row.kind in MESSAGES and row.gone_by is None
