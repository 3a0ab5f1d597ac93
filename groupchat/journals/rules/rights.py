"""Decide who may change which message, and make rows from drafts: the same rules for every journal."""

from collections.abc import Iterable

from groupchat.facts.rule_book import LastShown, RuleBook
from groupchat.journals.rules.rows import EVERYBODY, Row, milliseconds
from groupchat.model.drafts import CHARGED_LEAST, MESSAGES, Draft, Kind, StoredFile, charged
from groupchat.model.errors import (
    AlreadyDeleted,
    BadArguments,
    NoSuchMessage,
    NotYours,
    QuotaExceeded,
    Refusal,
    TooOld,
)
from groupchat.model.events import AuthorId
from groupchat.model.wording import size_words

CHANGES = frozenset({Kind.EDITED, Kind.DELETED})
"""The kinds of draft that change a message."""


def no_such_message(id: int) -> NoSuchMessage:
    """Return the refusal for a number that was never given, or is not for this person: the words are the same."""
    return NoSuchMessage(f"There is no message #{id}. /history shows the numbers.")


def refusal(draft: Draft, target: Row | None, book: RuleBook, last_shown: LastShown) -> Refusal | None:
    """Return why this edit or deletion is refused; None: it is allowed.

    :param target: the row with the draft's number, or the author's newest message when the draft names none.
    :param book: what operators decided.  :param last_shown: tells when people showed a room something.

    Whether this person may see the message is decided first, so that nobody learns of others' private messages, or of
    what is said in a locked room.
    """
    if target is None or not _sees(draft, target) or (book.locked and book.hides(draft, target.room)):
        if draft.target is None:
            where = f" in {draft.room}" if draft.room else ""
            return NoSuchMessage(f"You have no message{where}: you have said nothing there, or deleted it.")
        return no_such_message(draft.target)
    done = "edit" if draft.kind == Kind.EDITED else "delete"
    keeps_order = draft.anyones and book.may_change(draft.author, AuthorId(target.author), target.room, draft.at)
    if draft.author != target.author and not keeps_order:
        whose = f"#{target.id} is {target.nick}'s"
        return NotYours(f"{whose}; you can edit and delete only your own messages. /history shows the numbers.")
    if target.gone_by is not None:
        return AlreadyDeleted(f"#{target.id} is deleted already.")
    if target.kind == Kind.SHARED and draft.kind == Kind.EDITED:
        return BadArguments(f"#{target.id} is a file, which cannot be changed; /delete {target.id} removes it.")
    if not keeps_order and target.at < milliseconds(draft.not_before):
        return TooOld(f"#{target.id} is too old for you to {done} it.")
    return book.judge(draft, target.room, last_shown) if book.curbs else None


def reply_refusal(draft: Draft, answered: Row | None) -> Refusal | None:
    """Return why this reply is refused; None: it is allowed, or is no reply.

    A reply is seen by the same people as the message it answers.

    :param answered: the row with the number that the draft answers.
    """
    if draft.reply is None:
        return None
    if answered is None or not _sees(draft, answered):
        return no_such_message(draft.reply)
    is_private = draft.reader is not None
    if answered.reader is not None:
        other = answered.to if draft.author == answered.author else answered.nick
        if not is_private:
            return BadArguments(f"#{answered.id} is private: /msg {other} TEXT answers it, for {other} alone.")
        if {draft.author, draft.reader} != {answered.author, answered.reader}:
            return BadArguments(f"#{answered.id} is between you and {other}: only {other} can be sent a reply to it.")
    elif is_private or answered.room != draft.room:
        if answered.room != draft.room and answered.room not in (draft.within or ()):
            return no_such_message(draft.reply)
        where = "a private message" if is_private else draft.room
        return BadArguments(f"#{answered.id} is in {answered.room}; it cannot be answered in {where}.")
    if answered.gone_by is not None:
        return AlreadyDeleted(f"#{answered.id} is deleted; there is nothing to reply to.")
    return None


def _sees(draft: Draft, target: Row) -> bool:
    if target.kind not in MESSAGES:
        return False
    return target.reader is None or draft.author in (target.author, target.reader)


def written(draft: Draft, id: int, answered: Row | None = None) -> Row:
    """Make the row of a draft that changes no other row.  :param answered: the row that it is a reply to."""
    private, file = draft.reader is not None, draft.file
    return Row(
        id,
        draft.kind.value,
        draft.author,
        draft.reader if private else None,
        "" if private else draft.room,
        draft.nick,
        draft.to if private else EVERYBODY if draft.all else "",
        milliseconds(draft.at),
        draft.text,
        reply=draft.reply,
        reply_author=None if answered is None else answered.author,
        reply_nick=None if answered is None else answered.nick,
        link=None if file is None else draft.link,
        sha256=None if file is None else file.sha256,
        size=None if file is None else file.size,
        type=None if file is None else file.type,
    )


def quota_refusal(draft: Draft, kept: Iterable[StoredFile]) -> Refusal | None:
    """Return why this file is refused: its author shares too much already; None: they do not.

    :param kept: the files of the author, each once.
    """
    files = list(kept)
    if draft.file is None or draft.file.sha256 in {file.sha256 for file in files}:
        return None  # what is shared once more is kept once
    return over_quota(charged(files), draft.file.size, draft.quota)


def over_quota(used: int, size: int, quota: int) -> Refusal | None:
    """Return the refusal of a file for which somebody has not enough left; None: they have.

    :param used: the bytes of what they share.  :param size: those of the file.
    """
    if used + max(size, CHARGED_LEAST) <= quota:
        return None
    return QuotaExceeded(
        f"You may share {size_words(quota)} in all, and share {size_words(used)}; this file has {size_words(size)}."
        " /files lists yours, and /delete NUMBER removes one."
    )


def changing(draft: Draft, id: int, target: Row) -> Row:
    """Make the row of an edit or a deletion; the same people see it as see its target."""
    private, is_edit = target.reader is not None, draft.kind == Kind.EDITED
    # An operator may delete what was whispered to them; then the other person is the author.
    to = target.to if draft.author == target.author else target.nick
    return Row(
        id,
        draft.kind.value,
        target.author if private else draft.author,
        target.reader,
        target.room,
        draft.nick,
        to if private else EVERYBODY if is_edit and target.calls else "",
        milliseconds(draft.at),
        draft.text if is_edit else "",
        target.id,
        reply=target.reply if is_edit else None,
        reply_author=target.reply_author if is_edit else None,
        reply_nick=target.reply_nick if is_edit else None,
    )
