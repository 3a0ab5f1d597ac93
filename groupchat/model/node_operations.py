"""Operations of a cluster: what its nodes tell one another through the log, besides what is posted.

A journal that is alone is never asked for any of them, and its tables of nodes and presences stay empty.

Rules:

1. A node has an epoch, a number that is higher at each start and after each loss of its lease.  What an older epoch of
   it, or one that has ended, says of its connections is refused.
2. A nickname belongs to the author whose presence came first in the log; it is free when their last one is gone.
3. Nothing here depends on a clock.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from groupchat.lazy.records import record
from groupchat.model.events import AuthorId


@record
class Presence:
    """One connection of somebody, as every node of a cluster knows it.

    ``handle``: tells it from all other connections of all nodes.
    ``node``, ``epoch``: where it is, and since which start of that node.
    ``author``, ``nick``, ``key``: who it is, under which nickname, and the nickname's key.
    ``account``: the nickname of their account; empty: a guest.
    ``since``: when it came; ``known_since``: when its author came first; both in seconds since 1970 UTC.
    ``rooms``: the rooms it is in, in the order joined; ``current``: where its lines go (empty: nowhere).
    ``away``: None when here, else the words they left behind.
    ``secure``: it is encrypted; ``program``: a program by itself; ``door``: the name of the door it came through.
    ``origin``: where it comes from, as sanctions of guests go by it, which is no address.
    """

    handle: str
    node: str
    epoch: int
    author: AuthorId
    nick: str
    key: str
    account: str
    since: float
    known_since: float
    rooms: tuple[str, ...] = ()
    current: str = ""
    away: str | None = None
    secure: bool = False
    program: bool = False
    door: str = ""
    origin: str = ""


@record
class Attend:
    """Somebody's connection is here, or is still here with something changed.

    It claims the nickname too: refused with NickTaken when another author has a presence with this key, or an account;
    with NodeLost when the node's epoch is not its newest, or has ended.
    ``reason``: why it left a room that it was in before, as the others there are told.
    ``takes``: it comes in now, and takes the handle from another node that has it; else it is refused with Replaced
    when another one has it: the client came back there by its token.
    """

    presence: Presence
    reason: str = ""
    takes: bool = False


@record
class Depart:
    """A connection is no longer here.

    If another node has its handle by now, nothing is done.  ``reason``: what the rooms are told; ``code``: why it
    ended, as the connection itself was told.
    """

    handle: str
    node: str
    epoch: int
    reason: str = ""
    code: str = ""


@record
class NodeUp:
    """A node has begun an epoch; the presences of its older ones are removed."""

    node: str
    epoch: int


@record
class NodeDown:
    """An epoch of a node has ended; its presences are removed.  Refused of a node that is not remembered.

    ``at``: when that was noticed, in seconds since 1970 UTC.
    ``applied``: the number of the last entry that the node said it had carried out; 0: it is not known.
    ``stopped``: the node says so itself, because it is stopped; otherwise others have noticed that it is gone.
    """

    node: str
    epoch: int
    at: float = 0.0
    applied: int = 0
    stopped: bool = False


@record
class RemoveNode:
    """A node that is gone is not expected back, and no longer remembered; refused of one that is not gone.

    If it comes back all the same, it is a node as any other from then on.  ``by``: the operator who decided that.
    """

    node: str
    by: AuthorId


@record
class Passing:
    """Something that is shown and never stored, such as that somebody is typing.

    ``event``: a JSON object.
    """

    author: AuthorId
    event: Mapping[str, Any]


@record
class Applied:
    """Everything up to an entry of the log is carried out here.  It is written with that entry, and never in one.

    ``cluster``: which log; ``number``, ``revision``: the entry's number, and its place in the log's store.
    ``chain``: the hex SHA-256 over all entries since this journal joined the log.
    """

    cluster: str
    number: int
    revision: int
    chain: str


@record
class InEntry:
    """What follows stands in an entry of the log.  It is written before that, and never in one.

    ``number``: the entry's number; ``known``: up to which entry its node had carried out the log when it made that.
    """

    number: int
    known: int


@record
class Check:
    """Every node computes digests of some rows, facts and sessions at this place of the log; the outcome is Checked.

    ``first``, ``upto``: the numbers of the rows, both inclusive.
    ``after_kind``, ``after_name``: the facts behind this one, by kind and name, and behind the last of them sessions,
    by digest; of presences and nodes all.
    ``rows``, ``facts``, ``chain``: what the proposing node found at the check before this one, whose entry had the
    number ``before``; a node that found something else then is not equal to it.  0: there was none.
    The first entry of a log is one of these, which states what its node had before the log began.
    """

    first: int
    upto: int
    before: int = 0
    rows: str = ""
    facts: str = ""
    chain: str = ""
    after_kind: str = ""
    after_name: str = ""


@record
class Rules:
    """From the next entry on, entries are written and carried out by these rules."""

    rules: int


NodeOperation: TypeAlias = (
    Attend | Depart | NodeUp | NodeDown | RemoveNode | Passing | Applied | InEntry | Check | Rules
)
"""The operations of a cluster."""


@record
class NodeState:
    """What is remembered of a node: its newest epoch, and whether that has not ended.

    ``at``, ``applied``, ``stopped``: as NodeDown says, once it has ended.
    """

    epoch: int
    is_up: bool
    at: float = 0.0
    applied: int = 0
    stopped: bool = False


@record
class Checked:
    """The outcome of a check: hex SHA-256 digests of the rows, and of facts, sessions, presences and nodes.

    ``kind``, ``name``: the last of the facts and sessions; empty: there are none behind.
    """

    rows: str
    facts: str
    kind: str = ""
    name: str = ""


@record
class Place:
    """How far a journal has carried out a log.

    ``cluster``: which log; ``number``, ``revision``, ``chain``: of the last entry, as in Applied; ``rules``: by which
    rules the next one is carried out.
    """

    cluster: str
    number: int
    revision: int
    chain: str
    rules: int = 1
