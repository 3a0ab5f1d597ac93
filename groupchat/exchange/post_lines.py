"""Posts as lines: as readers see them, with what is needed to take them over."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from groupchat.exchange.fields import (
    NAME,
    REASON,
    TOPIC,
    WORD,
    Fields,
    author,
    count,
    digest,
    file_name,
    file_type,
    identity,
    instant,
    link,
    message,
    nick,
    number,
    room,
    room_or_none,
    truth,
    words,
)
from groupchat.exchange.fields import kind as one_kind
from groupchat.journals.rules.rights import CHANGES
from groupchat.journals.rules.rows import EVERYBODY, Row, milliseconds
from groupchat.lazy.records import record
from groupchat.model.drafts import Deed, Kind
from groupchat.model.text import harmless, harmless_lines
from groupchat.model.times import moment


@record
class PostLine:
    """A post as it was in another journal.

    ``row``: with its number there, and without what has become of it since.
    ``gone_by``: who deleted it, if it is a deleted message or the edit of one; its text is empty then.
    ``target_at``: of edits and deletions, the time of the message they change, in milliseconds since 1970 UTC.
    ``target_journal``: and the journal that gave that its number; empty: the same.
    ``reply_at``, ``reply_journal``: the same of the message that is answered.
    """

    row: Row
    gone_by: str = ""
    target_at: int = 0
    target_journal: str = ""
    reply_at: int = 0
    reply_journal: str = ""


def written(row: Row, target: Row | None, answered: Row | None = None) -> dict[str, Any]:
    """Return the line of a row.

    An edit has the newest text of its message: what it said in between is not shown to anybody who comes later.

    :param target: of edits and deletions, the message they change.
    :param answered: of messages, the one they answer.
    """
    line: dict[str, Any] = {
        "id": row.id,
        "kind": row.kind,
        "room": row.room,
        "nick": harmless(row.nick),
        "author": str(row.author),
        "at": moment(row.at / 1000),
    }
    if row.calls and row.kind != Kind.DELETED:
        line["all"] = True
    if row.reader is not None:
        line |= {"reader": str(row.reader), "to": harmless(row.to)}
    if target is not None:
        line |= {"message": target.id, "message_at": moment(target.at / 1000)}
    shown = row if target is None else target
    if row.kind == Kind.MODERATED:
        line |= _deed(Deed.decode(row.text))
    elif row.kind == Kind.DELETED:
        pass
    elif shown.gone_by is not None:
        line["deleted_by"] = harmless(shown.gone_by)
    else:
        if row.kind == Kind.SHARED:
            line |= {"name": harmless(row.text), "size": row.size, "type": row.type, "sha256": row.sha256}
            line["link"] = row.link
        else:
            line["text"] = harmless_lines(shown.newest)
        if answered is not None:
            line |= {"reply": answered.id, "reply_at": moment(answered.at / 1000)}
        if row.revised is not None:
            line["edited"] = True
    return line


def _deed(deed: Deed) -> dict[str, Any]:
    until = None if deed.until is None else moment(deed.until)
    return {
        "text": harmless(deed.words),
        "act": harmless(deed.act),
        "target": harmless(deed.target),
        "until": until,
        "reason": harmless(deed.reason),
    }


_TOPIC = words(TOPIC)
_COMMON = ("id", "kind", "room", "nick", "author", "at")
_OF_REPLIES = ("reply", "reply_at", "reply_journal")
_OF_FILES = ("name", "size", "type", "sha256", "link")
_OF_CHANGES = ("message", "message_at", "message_journal")


def read(given: Mapping[str, Any]) -> PostLine:
    """Read the line of a post.

    :raises ValueError, Refusal: it is not one, or has something that no door would have taken.
    """
    fields = Fields(given)
    kind = fields.get("kind", one_kind)
    row = Row(
        fields.get("id", number),
        kind.value,
        fields.get("author", author),
        fields.maybe("reader", author),
        fields.get("room", room_or_none),
        fields.get("nick", nick),
        fields.maybe("to", nick) or "",
        milliseconds(fields.get("at", instant)),
        "",
    )
    is_private = row.reader is not None
    if is_private != ("to" in fields) or (kind == Kind.WHISPERED and not is_private):
        raise ValueError("what is private has both to and reader")
    if is_private and (row.room or kind not in (Kind.WHISPERED, Kind.ACTED, Kind.SHARED, *CHANGES)):
        raise ValueError("this cannot be private")
    if not is_private and kind != Kind.MODERATED:
        fields.get("room", room)
    private = ("to", "reader") if is_private else ()
    if kind == Kind.MODERATED:
        fields.only(*_COMMON, "text", "act", "target", "until", "reason")
        return PostLine(row._replace(text=_read_deed(fields).encode()))
    if kind == Kind.TOPIC:
        fields.only(*_COMMON, "text")
        return PostLine(row._replace(text=fields.get("text", _TOPIC)))
    if kind == Kind.SHARED:
        fields.only(*_COMMON, *private, *_OF_FILES, "deleted_by", *_OF_REPLIES)
        return _with_file(_reply(row, fields), fields)
    if kind not in CHANGES:
        calls = () if is_private else ("all",)
        fields.only(*_COMMON, *private, *calls, "text", "edited", "deleted_by", *_OF_REPLIES)
        fields.maybe("edited", truth)
        if fields.maybe("all", truth):
            row = row._replace(to=EVERYBODY)
        return _with_text(_reply(row, fields), fields)
    of_edits = (("text", "deleted_by") if is_private else ("text", "deleted_by", "all")) if kind == Kind.EDITED else ()
    fields.only(*_COMMON, *private, *_OF_CHANGES, *of_edits)
    if fields.maybe("all", truth):
        row = row._replace(to=EVERYBODY)
    line = PostLine(
        row._replace(target=fields.get("message", number)),
        "",
        milliseconds(fields.get("message_at", instant)),
        fields.maybe("message_journal", identity) or "",
    )
    return _with_text(line, fields) if kind == Kind.EDITED else line


def _with_text(line: PostLine, fields: Fields) -> PostLine:
    """Add what the message says, unless it is deleted."""
    gone_by = fields.maybe("deleted_by", nick)
    if gone_by is not None:
        if "text" in fields:
            raise ValueError("a deleted message has no text")
        return replace(line, gone_by=gone_by)
    return replace(line, row=line.row._replace(text=fields.get("text", message)))


def _with_file(line: PostLine, fields: Fields) -> PostLine:
    """Add which file the message shares, unless it is deleted."""
    gone_by = fields.maybe("deleted_by", nick)
    if gone_by is not None:
        if any(name in fields for name in _OF_FILES):
            raise ValueError("a deleted message shares no file")
        return replace(line, gone_by=gone_by)
    row = line.row._replace(
        text=fields.get("name", file_name), link=fields.get("link", link), sha256=fields.get("sha256", digest),
        size=fields.get("size", count), type=fields.get("type", file_type),
    )  # fmt: skip
    return replace(line, row=row)


def _reply(row: Row, fields: Fields) -> PostLine:
    """Add which message it answers, if it does."""
    answered = fields.maybe("reply", number)
    if answered is None:
        return PostLine(row)
    at = milliseconds(fields.get("reply_at", instant))
    return PostLine(
        row._replace(reply=answered), reply_at=at, reply_journal=fields.maybe("reply_journal", identity) or ""
    )


def _read_deed(fields: Fields) -> Deed:
    return Deed(
        fields.maybe("act", words(WORD)) or "",
        fields.get("text", words(REASON, 1)),
        fields.maybe("target", words(NAME)) or "",
        fields.maybe("until", instant),
        fields.maybe("reason", words(REASON)) or "",
    )
