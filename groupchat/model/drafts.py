"""Operations: what the hall asks a journal to do, as data, and the outcomes it gets back.

The most frequent operation is a draft: a post that has no number yet; the journal gives it one inside the
transaction that stores it.

Rules:

1. Whatever depends on what is stored (whose is #41, is this person muted, does this account exist) is judged inside
   the transaction, by what stands there at that moment, so nothing can come in between.
2. What time it is says the operation (``at``), never a clock of the journal: whoever carries out the same
   operations in the same order comes to the same rows, facts and refusals.
3. An operation is carried out wholly or not at all: a post that changes facts is refused with them.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeAlias

from groupchat.lazy.records import record
from groupchat.model.errors import Refusal
from groupchat.model.events import AuthorId, Event, Post
from groupchat.model.node_operations import Checked, NodeOperation
from groupchat.model.ranks import Rank


class Kind(StrEnum):
    """The kind of a stored row.  The values stand in the database; never change one."""

    SAID = "said"
    ACTED = "acted"
    WHISPERED = "whispered"
    SHARED = "shared"
    EDITED = "edited"
    DELETED = "deleted"
    TOPIC = "topic"
    MODERATED = "moderated"


MESSAGES = frozenset({Kind.SAID, Kind.ACTED, Kind.WHISPERED, Kind.SHARED})
"""The kinds a person can delete and, but for what is shared, edit, and that /history counts."""


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
class Fact:
    """Something that is true until it is changed: an account, a ban, who operates a room.

    ``kind`` and ``name`` say of what (``account``, ``alice``); a journal keeps the last value of each.
    ``value``: a JSON object; None: it is no longer true.
    The records of ``groupchat.facts`` compose and read these; nothing else does.
    """

    kind: str
    name: str
    value: Mapping[str, Any] | None


def canonical(value: Mapping[str, Any]) -> str:
    """Return the canonical form of a fact's value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fingerprint(value: Mapping[str, Any]) -> str:
    """Return the fingerprint of a value: half of the hex SHA-256 of its canonical form."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()[:32]


ANY = ""
"""The ``expect`` of a change that is made whatever was there before."""
ABSENT = "absent"
"""The ``expect`` of a fact that must not exist yet."""
PRESENT = "present"
"""The ``expect`` of a fact that must exist, with whichever value."""


@record
class FactChange:
    """A fact that becomes true.

    ``expect``: what the journal must find in its place: ANY, ABSENT, PRESENT, or the fingerprint of the value that
    this one was made from.  Otherwise the whole operation is refused with Outdated.
    """

    fact: Fact
    expect: str = ANY


@record
class Revoke:
    """Tokens of an author work no longer: the one with the digest ``only``, or (empty) all but the one of ``keep``."""

    author: AuthorId
    keep: str = ""
    only: str = ""

    def concerns(self, author: AuthorId, digest: str) -> bool:
        """Say whether the token with this digest, of this author, works no longer."""
        return author == self.author and (digest == self.only if self.only else digest != self.keep)


@record
class PutOut:
    """Somebody is put out of a room, or (empty) out of the hall; nothing keeps them from coming back.

    ``code`` and ``words``: what each of their connections is told; ``reason``: what the room is told.
    ``only``: the handle of the one connection that is meant; empty: all of them, but the one with the handle ``keep``.
    ``sparing``: whether those stay that an access token let in.
    """

    author: AuthorId
    room: str
    code: str
    words: str
    reason: str = ""
    keep: str = ""
    only: str = ""
    sparing: bool = False

    def concerns(self, author: AuthorId, handle: str, access: str = "") -> bool:
        """Say whether the connection with this handle (empty: one without), of this author, is put out.

        :param access: the digest of the access token that let it in; empty: something else did.
        """
        if author != self.author or (self.sparing and access):
            return False
        return handle == self.only if self.only else not self.keep or handle != self.keep


@record
class Announce:
    """Something is said to everybody, in whichever room they are."""

    text: str


Consequence: TypeAlias = FactChange | Revoke | PutOut | Announce
"""The consequences of an operation that is accepted: on disk, and in every hall that learns of it."""


@record
class Need:
    """The rank that the author of an operation must have where and when it is carried out.

    ``room``: where; empty: everywhere.
    ``over``: the author it is done to: the operators of a room cannot call one another to order.
    """

    rank: Rank
    room: str = ""
    over: AuthorId | None = None


@record
class StoredFile:
    """A file that is on the shelf, whole.

    ``sha256``: the hex digest of its content; ``size``: its bytes; ``type``: what its first bytes say, as in HTTP.
    """

    sha256: str
    size: int
    type: str


CHARGED_LEAST = 16 * 1024
"""Bytes that every file takes of its author's quota at least, so that there are not too many of them."""


def charged(files: Iterable[StoredFile]) -> int:
    """Return how much of a quota these files take."""
    return sum(max(file.size, CHARGED_LEAST) for file in files)


@record
class Draft:
    """One post to be written.

    ``at``: seconds since 1970 UTC.
    ``text``: for moderated, an encoded Deed.
    ``room``: empty for what is private; of edited and deleted only where to look for the target, if that has no number.
    ``reader`` and ``to``: of what is private: the recipient's author and nickname.
    ``target``: of edited and deleted: the message's number, or None for the author's newest undeleted message in
    the room (empty: private); of moderated: a message of the one whom the deed is about, which is not stored.
    ``not_before``: edited and deleted only: a target with an earlier ``at`` is refused (TooOld).
    ``anyones``: edited and deleted only: the target may be somebody else's, and of any age, if the author is an
    operator there.
    ``key``: the same key of the same author is stored once, whatever it is that is posted with it.
    ``folded``: the nickname's key, as it was computed where the draft was made: sanctions of nicknames go by it.
    ``origin``: where its author comes from, if that is a guest; ``since``: when the author came first, in seconds since
    1970 UTC.  Sanctions of other guests from there go by these; neither is stored.
    ``within``: the rooms its author is in; posts to others are judged as if the author wanted to come in.
    ``needs``: the rank its author must have; None: none.
    ``changes``: what follows when it is accepted.
    ``file``, ``link``: of shared only: the file, whose name is the ``text``, and its public id, which nobody can guess.
    ``quota``: the most bytes of all files that its author shares, this one included; 0: as many as there are.
    ``all``: of what is said or done in a room: it calls everybody there.
    ``reply``: of messages: the number of the message it answers, in the same room or between the same two people.
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
    folded: str = ""
    within: tuple[str, ...] | None = None
    needs: Need | None = None
    changes: tuple[Consequence, ...] = ()
    reply: int | None = None
    origin: str = ""
    since: float = 0.0
    file: StoredFile | None = None
    link: str = ""
    quota: int = 0
    all: bool = False


@record
class Amendment:
    """Consequences without a post.  ``by``: the author; ``at``: seconds since 1970 UTC."""

    by: AuthorId
    at: float
    changes: tuple[Consequence, ...]
    needs: Need | None = None


@record
class ReadUpTo:
    """An account has read a place (``facts/reading_places.py``) up to a number; a lower number changes nothing."""

    author: AuthorId
    room: str
    upto: int
    at: float


@record
class StoredSession:
    """The part of a connection that outlives it: written so that its token works later.

    An account may have many, one for each of its devices.

    ``digest``: hex SHA-256 of the token (the token itself is never stored).
    ``rooms``: in the order joined.
    ``position``: the number up to which everything was handed to the connection.
    ``seen``: seconds since 1970 UTC; sessions not seen for long are forgotten.
    ``current``: the room its lines go to; empty: nowhere.
    ``lost``: the room they went to before, which it was put out of and was not yet told so when saying something.
    ``since``: when its author came first, in seconds since 1970 UTC.
    ``silent``: it asked for nothing of what was said before it came.
    ``partner``: the author its lines go to, instead of a room (None: they go to the current room).
    ``ignored``: the people whom a guest does not want to read: for each the author, the nickname, and the origin.
    ``read``: how far a guest has read: for each place (``facts/reading_places.py``) the number, and when that was.
    """

    author: AuthorId
    digest: str
    nick: str
    rooms: tuple[str, ...]
    position: int
    seen: float
    current: str = ""
    lost: str = ""
    since: float = 0.0
    silent: bool = False
    partner: AuthorId | None = None
    ignored: tuple[tuple[AuthorId, str, str], ...] = ()
    read: tuple[tuple[str, int, float], ...] = ()


@record
class SessionAt:
    """A session as a node of a cluster keeps it: void when its connection is at another node by then, or was last.

    It stands in no entry of the log: there it is a StoredSession, in an entry that says of which node it is.
    """

    session: StoredSession
    node: str


@record
class Expire:
    """Everything up to the first row that is not older than ``before``, in seconds since 1970 UTC, counts as removed.

    Each room keeps its topic.  What is newer than something that is not older stays with it.
    """

    before: float


@record
class ForgetSessions:
    """Every session last seen before this, in seconds since 1970 UTC, counts as removed, also one written later."""

    before: float


@record
class Erase:
    """Everything a person said is erased, and a pseudonym stands for their nickname wherever it was kept.

    They are the account with this nickname, and guests who used it; not people who have an account of another name.

    ``key``: the nickname's key; ``alias``: the pseudonym; ``by``: who decided it; ``needs``: the rank it takes.
    ``authors``: who had the nickname when it was decided; they can be gone when it is carried out.
    """

    key: str
    alias: str
    by: AuthorId
    needs: Need | None = None
    authors: tuple[AuthorId, ...] = ()


Operation: TypeAlias = (
    Draft | Amendment | StoredSession | SessionAt | ReadUpTo | Expire | ForgetSessions | Erase | NodeOperation
)
"""Everything that a journal can be asked to do; a session is kept under its digest."""


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


def length(stored: StoredPost) -> int:
    """Return how many characters of text a post has."""
    return len(getattr(stored.event, "text", ""))


@record
class SharedFile:
    """A post that shares a file, and the file."""

    post: StoredPost
    file: StoredFile


@record
class Repeated:
    """The key was used before; ``id`` is the number of the first post with it.  Nothing was written."""

    id: int


@record
class Expired:
    """Everything up to this number counts as removed, since this moment or an earlier one."""

    upto: int


@record
class Erased:
    """A person is erased.

    ``key``, ``alias``, ``author``: the nickname's key, the pseudonym, and who the account was (None: there was none).
    ``facts``: everything that is true, or true no more, because of it, in this order.
    ``topics``: the rooms whose topic they had set; these have none now.
    ``upto``: everything up to this number may read otherwise than before.
    """

    key: str
    alias: str
    author: AuthorId | None
    facts: tuple[Fact, ...]
    topics: tuple[str, ...]
    upto: int


Outcome: TypeAlias = StoredPost | Repeated | Expired | Erased | Checked | Refusal | None
"""The outcome of one operation; None: one that has nothing to tell was carried out."""


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

    The posts of ``rooms``, and what is private between ``author`` and anyone else (None: nothing private), or only
    between ``author`` and the ``other``.
    """

    rooms: tuple[str, ...]
    author: AuthorId | None = None
    other: AuthorId | None = None
