"""Drafts: the rows the hall asks a journal to write, and the outcomes it gets back.

A draft has no number yet: the journal gives it one inside the transaction that stores it.
Rights that depend on stored posts (whose is #41, how old is it) are judged there too, so nothing can come in between.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeAlias

from groupchat.model.errors import Refusal
from groupchat.model.events import AuthorId, Event, Post, record


class Kind(StrEnum):
    """The kind of a stored row.  The values stand in the database; never change one."""

    SAID = "said"
    ACTED = "acted"
    WHISPERED = "whispered"
    EDITED = "edited"
    DELETED = "deleted"
    TOPIC = "topic"
    MODERATED = "moderated"


MESSAGES = frozenset({Kind.SAID, Kind.ACTED, Kind.WHISPERED})
"""The kinds a person can edit and delete, and that /history counts."""


@record
class Deed:
    """An act of an operator, as a program reads it and as a person does.

    ``act`` is the verb, ``target`` the nickname, address or room it is about, ``until`` when it ends, in seconds
    since 1970 UTC (None: not by itself), ``words`` what follows the operator's nickname in a sentence.
    A journal keeps it in the ``text`` of a row; rows written before deeds were recorded have a sentence there.
    """

    act: str
    words: str
    target: str = ""
    until: float | None = None
    reason: str = ""

    def encode(self) -> str:
        """Return the text of its row: a JSON object."""
        fields = {"act": self.act, "words": self.words, "target": self.target, "reason": self.reason}
        return json.dumps({**fields, "until": self.until} if self.until is not None else fields, ensure_ascii=False)

    @classmethod
    def decode(cls, text: str) -> "Deed":
        """Read the text of a row, of whichever age."""
        if not text.startswith('{"act"'):
            return cls("", text)
        return cls(**json.loads(text))


@record
class Draft:
    """One post to be written.

    ``at``: seconds since 1970 UTC.
    ``text``: for moderated, an encoded Deed.
    ``room``: empty for whispered, ignored for edited and deleted (there the room of the target counts).
    ``reader`` and ``to``: whispered only: the recipient's author and nickname.
    ``target``: edited and deleted only: the message's number, or None for the author's newest undeleted message.
    ``not_before``: edited and deleted only: a target with an earlier ``at`` is refused (TooOld).
    ``anyones``: edited and deleted only: the target may be somebody else's, and of any age.
    ``key``: the same key of the same author is stored once, whatever it is that is posted with it.
    """

    kind: Kind
    author: AuthorId
    nick: str
    at: float
    room: str = ""
    text: str = ""
    reader: AuthorId | None = None
    to: str = ""
    target: int | None = None
    not_before: float = 0.0
    anyones: bool = False
    key: str | None = None


@record
class Record:
    """A thing to deliver, with the routing that is never shown.

    ``reader`` is None for what everybody in ``event.room`` sees;
    else the event is private to ``author`` and ``reader``.
    """

    event: Event
    author: AuthorId
    reader: AuthorId | None = None


@record
class StoredPost(Record):
    """A record from the journal: its event is a post, and so has a number."""

    event: Post


@record
class Repeated:
    """The key was used before; ``id`` is the number of the first post with it.  Nothing was written."""

    id: int


Outcome: TypeAlias = StoredPost | Repeated | Refusal
"""The outcome of one draft."""


REVOKED = ""
"""The ``digest`` with which every earlier session of its author is forgotten."""


@record
class StoredSession:
    """The part of a connection that outlives it: written so that its token works later.

    An account may have many, one for each of its devices.

    ``digest``: hex SHA-256 of the token (the token itself is never stored).
    ``rooms``: in the order joined, the current one last.
    ``position``: the number up to which everything was handed to the connection.
    ``seen``: seconds since 1970 UTC; sessions not seen for long are forgotten.
    """

    author: AuthorId
    digest: str
    nick: str
    rooms: tuple[str, ...]
    position: int
    seen: float


@record
class Fact:
    """Something that is true until it is changed: an account, a ban, who operates a room.

    ``kind`` and ``name`` say of what (``account``, ``alice``); a journal keeps the last value of each.
    ``value``: a JSON object; None: it is no longer true.
    """

    kind: str
    name: str
    value: Mapping[str, Any] | None


@record
class StoredRoom:
    """A room as the journal knows it.

    ``topic`` may be empty; ``last_at`` is the time of its newest post, in seconds since 1970 UTC.
    """

    name: str
    topic: str
    last_at: float


@record
class Audience:
    """Describes the posts a reader may see.

    The posts of ``rooms``, and what is private between ``author`` and anyone else (None: nothing private).
    """

    rooms: tuple[str, ...]
    author: AuthorId | None = None
