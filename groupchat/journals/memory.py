"""A journal in memory, for tests and trials.  It answers at once, and loses everything at the end."""

import hmac
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, takewhile
from typing import Any

from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from zope.interface import implementer

from groupchat.facts.account_facts import ReadPosition
from groupchat.facts.kinds import owner
from groupchat.facts.rule_book import AHEAD_S, LOOKED_AT, RuleBook
from groupchat.facts.whereabouts import Places
from groupchat.interfaces.storage import IReplica
from groupchat.journals.nodes.attending import is_late
from groupchat.journals.nodes.digests import Digested, checked, taken
from groupchat.journals.nodes.ended_tokens import forget_ends, note_end
from groupchat.journals.nodes.late_moves import forget_moves, is_overtaken, note_move, without_lost
from groupchat.journals.nodes.memory_nodes import MemoryNodes
from groupchat.journals.rules.erasures import Erasure, erase_facts, keep_erased, named_beside, without
from groupchat.journals.rules.finding import Finder
from groupchat.journals.rules.judging import (
    ALWAYS,
    carry_out,
    deed_objection,
    erased_objection,
    node_objection,
    objection,
    without_erased,
)
from groupchat.journals.rules.reading_positions import note_position
from groupchat.journals.rules.rights import (
    CHANGES,
    changing,
    no_such_message,
    quota_refusal,
    refusal,
    reply_refusal,
    written,
)
from groupchat.journals.rules.rows import (
    Row,
    is_message,
    kept_files,
    last_files,
    milliseconds,
    sees,
    shared_file,
    stored,
    without_file,
)
from groupchat.model.drafts import (
    MESSAGES,
    Amendment,
    Audience,
    Draft,
    Erase,
    Erased,
    Expire,
    Expired,
    Fact,
    ForgetSessions,
    Kind,
    Operation,
    Outcome,
    ReadUpTo,
    Repeated,
    Revoke,
    SessionAt,
    SharedFile,
    StoredFile,
    StoredPost,
    StoredRoom,
    StoredSession,
    canonical,
)
from groupchat.model.errors import JournalUnavailable, Refusal, TooSlowSearch
from groupchat.model.events import AuthorId
from groupchat.model.message.sought import Sought
from groupchat.model.node_operations import Check, Checked, NodeOperation, NodeState, Place, Presence

SEARCH_S = 0.1
"""Processor time, in seconds, after which a search is given up: everybody waits for it."""


@implementer(IReplica)
class MemoryJournal:
    """A list of rows: after those that have expired, row number n is at index n - expired - 1."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._expired = 0
        self._topics: dict[str, Row] = {}
        """Of each room, the newest topic that has expired: the room keeps it."""
        self._forgotten = 0.0
        self._keys: dict[tuple[int, str], int] = {}
        self._sessions: dict[str, StoredSession] = {}
        self._facts: dict[tuple[str, str], Fact] = {}
        self._book = RuleBook()
        self._nodes = MemoryNodes()
        self._closed = False

    @property
    def head(self) -> int:
        """The highest number given so far."""
        return self._expired + len(self._rows)

    def append(self, operations: Sequence[Operation]) -> "Deferred[list[Outcome]]":
        """Carry out everything, and answer at once.  Fails with JournalUnavailable after ``close``."""
        if self._closed:
            return fail(JournalUnavailable("The journal is closed."))
        self._nodes.begin()
        return succeed([self._post(one) if isinstance(one, Draft) else self._take(one) for one in operations])

    def prepare(self, operations: Sequence[Operation]) -> None:
        """Do nothing: an append takes no time."""

    def flushed(self) -> "Deferred[None]":
        """Answer at once: nothing is ever flushed here."""
        return succeed(None)

    def _take(self, operation: Operation) -> Outcome:
        if isinstance(operation, Amendment):
            refused = objection(self._book, self, operation.by, operation.at, operation.needs, operation.changes)
            if refused is None:
                carry_out(self._book, self, operation.changes, operation.at)
            return refused
        if isinstance(operation, Expire):
            return self._expire(milliseconds(operation.before))
        if isinstance(operation, Erase):
            return self._forget(operation)
        if isinstance(operation, Check):
            return self._check(operation)
        if isinstance(operation, NodeOperation):
            return node_objection(self._book, operation) or self._nodes.take(operation, self)
        if isinstance(operation, ReadUpTo):
            note_position(self._book, self, operation)
        elif isinstance(operation, ForgetSessions):
            self._forgotten = max(self._forgotten, milliseconds(operation.before) / 1000)
            self._keep_sessions(lambda session: session.seen >= self._forgotten)
            forget_ends(self._nodes, self._forgotten)
            forget_moves(self._nodes, self._forgotten)
        elif isinstance(operation, StoredSession):
            self.keep_session(operation)
        elif isinstance(operation, SessionAt) and not is_late(self._nodes, operation):
            self.keep_session(without_lost(self._nodes, operation.session))
        return None

    def _check(self, check: Check) -> Checked:
        rows = [row for row in self._rows if check.first <= row.id <= check.upto]

        def facts(after: tuple[str, str], most: int) -> list[Digested]:
            keys = sorted(key for key in self._facts if key > after)[:most]
            return [(*key, canonical(self._facts[key].value or {})) for key in keys]

        def sessions(after: str, most: int) -> list[tuple[StoredSession, str]]:
            behind = [digest for digest in sorted(self._sessions) if digest > after][:most]
            return [(self._sessions[digest], nodes.last_node_of(digest)) for digest in behind]

        nodes = self._nodes
        counts = (self.head, self._expired, milliseconds(self._forgotten))
        facts_taken = taken(check, facts, sessions, nodes)
        return checked(rows, facts_taken, nodes.presences.values(), nodes.nodes, counts)

    def _keep_sessions(self, wanted: Callable[[StoredSession], bool]) -> None:
        self._sessions = {digest: session for digest, session in self._sessions.items() if wanted(session)}
        self._nodes.forget_sessions(self._sessions)

    def _post(self, draft: Draft) -> Outcome:
        if self._book.erased and (refused := erased_objection(self._book, draft)) is not None:
            return refused
        if draft.key is not None and (first := self._keys.get((draft.author, draft.key))) is not None:
            return Repeated(first)
        refused = None
        if draft.changes or draft.needs is not None:
            refused = objection(self._book, self, draft.author, draft.at, draft.needs, draft.changes)
        if refused is None and draft.kind == Kind.MODERATED and draft.target is not None:
            refused = deed_objection(draft, self._find(draft.target))
        if refused is None and self._book.curbs and draft.kind not in CHANGES:
            refused = self._book.judge(draft, draft.room, self._last_shown)
        if refused is not None:
            return refused
        outcome = self._write(draft)
        if isinstance(outcome, StoredPost):
            if draft.changes:
                carry_out(self._book, self, draft.changes, draft.at)
            # An operator's change of a private message is stored under its author, whose keys others must not use up.
            if draft.key is not None and outcome.author == draft.author:
                self._keys[draft.author, draft.key] = outcome.event.id
        return outcome

    def _write(self, draft: Draft) -> StoredPost | Refusal:
        if draft.kind in CHANGES:
            return self._change(draft)
        answered = None if draft.reply is None else self._find(draft.reply)
        refused = reply_refusal(draft, answered)
        if refused is None and draft.quota:
            refused = quota_refusal(draft, kept_files(row for row in self._files() if row.author == draft.author))
        return refused or self._add(written(draft, self.head + 1, answered))

    def _files(self) -> list[Row]:
        return [row for row in self._rows if row.link is not None]

    def _change(self, draft: Draft) -> StoredPost | Refusal:
        target = self._latest(draft.author, draft.room) if draft.target is None else self._find(draft.target)
        refused = refusal(draft, target, self._book, self._last_shown)
        if refused is not None or target is None:
            return refused or no_such_message(0)
        row = changing(draft, self.head + 1, target)
        if draft.kind == Kind.EDITED:
            self._put(target._replace(revised=row.text))
        else:
            for old in [one for one in self._rows if target.id in (one.id, one.target)]:
                self._put(without_file(old)._replace(text="", revised=None, gone_by=row.nick, gone_to=row.to))
        return self._add(row)

    def _add(self, row: Row) -> StoredPost:
        self._rows.append(row)
        return stored(row)

    def _find(self, id: int) -> Row | None:
        return self._rows[id - self._expired - 1] if self._expired < id <= self.head else None

    def _put(self, row: Row) -> None:
        """Write a row anew."""
        self._rows[row.id - self._expired - 1] = row

    # What is removed

    def _expire(self, before: int) -> Expired:
        old = list(takewhile(lambda row: row.at < before, self._rows))
        del self._rows[: len(old)]
        self._expired += len(old)
        self._topics.update((row.room, row) for row in old if row.kind == Kind.TOPIC)
        self._keys = {key: id for key, id in self._keys.items() if id > self._expired}
        return Expired(self._expired)

    def _forget(self, erase: Erase) -> Erased | Refusal:
        book, key, alias = self._book, erase.key, erase.alias
        refused = objection(book, self, erase.by, ALWAYS, erase.needs, ())
        if refused is not None:
            return refused
        author, facts = erase_facts(book, self, key, alias)
        person = Erasure(key, alias, author, frozenset(book.accounts), self._expired, self.head)
        named = [(one.author, one.nick) for one in self._sessions.values()]
        others = named_beside(erase, facts, self._sessions.values())
        facts += keep_erased(book, self, self._nodes.rules, person, self._nodes.presences.values(), named, others)
        self._keep_sessions(lambda one: not (person.is_named(one.author, one.nick) or one.author in book.erased))
        self._sessions = {digest: person.unnamed(session) for digest, session in self._sessions.items()}
        before = self._rooms()
        for row in [row for row in self._rows if person.owns(row, self)]:
            self._keys = {key: id for key, id in self._keys.items() if id != row.id}
        for _, after in without(person, self._rows, self):
            self._put(after)
        for _, after in without(person, list(self._topics.values()), self):
            self._topics[after.room] = after
        rooms = self._rooms()
        topics = tuple(name for name, room in before.items() if room.topic and not rooms[name].topic)
        return Erased(key, alias, author, facts, topics, self.head)

    def find(self, id: int) -> Row | None:
        """Return the row with this number."""
        return self._find(id)

    def deletion(self, id: int) -> Row | None:
        """Return the row that deleted the message with this number."""
        return next((row for row in self._rows if row.target == id and row.kind == Kind.DELETED), None)

    def _latest(self, author: AuthorId, room: str) -> Row | None:
        own = (row for row in reversed(self._rows) if row.author == author and row.room == room)
        return next(filter(is_message, own), None)

    # What rules ask of it

    def value_of(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """Return the value of a fact; None: it is not true."""
        found = self._facts.get((kind, name))
        return None if found is None else found.value

    def keep(self, fact: Fact) -> None:
        """Write or remove a fact."""
        self._facts.pop((fact.kind, fact.name), None)
        if fact.value is not None:
            self._facts[fact.kind, fact.name] = fact

    def facts_of(self, kind: str) -> list[Fact]:
        """Return all facts of a kind."""
        return [self._facts[key] for key in sorted(self._facts) if key[0] == kind]

    def owned_by(self, author: AuthorId) -> list[Fact]:
        """Return the facts that go with the account of this author, without their values."""
        return [Fact(kind, name, None) for kind, name in self._facts if owner(kind, name) == author]

    def positions_of(self, author: AuthorId) -> list[Fact]:
        """Return how far an account has read each place."""
        kind = ReadPosition.KIND
        return [fact for key, fact in self._facts.items() if key[0] == kind and owner(*key) == author]

    def revoke(self, change: Revoke, at: float) -> None:
        """Remove the sessions whose tokens work no longer."""
        note_end(self._nodes, change, at)
        self._keep_sessions(lambda session: not change.concerns(session.author, session.digest))

    def note_move(self, author: AuthorId, room: str, at: float) -> None:
        """Note that somebody is put out of a room, or (room empty) where the account is."""
        note_move(self._nodes, author, room, at)

    def is_overtaken(self, author: AuthorId, places: Places) -> bool:
        """Say whether whoever moves an account to these places did not know of another move yet."""
        return is_overtaken(self._nodes, author, places)

    def sessions_of(self, author: AuthorId) -> list[StoredSession]:
        """Return the sessions of this author."""
        return [session for session in self._sessions.values() if session.author == author]

    def keep_session(self, session: StoredSession) -> None:
        """Write a session, unless it was last seen before those that are forgotten."""
        kept = without_erased(self._book, session)
        if kept is None:
            return
        if kept.seen >= self._forgotten:
            self._sessions[kept.digest] = kept
        else:
            self._sessions.pop(session.digest, None)
            self._nodes.forget_sessions(self._sessions)

    def has_session(self, digest: str) -> bool:
        """Say whether there is a session with this digest that counts."""
        return digest in self._sessions

    def _last_shown(self, room: str, author: AuthorId, at: float, seconds: float) -> float | None:
        first, last = milliseconds(at - seconds), milliseconds(at + AHEAD_S)
        newest = 0
        found = None
        for kinds in (MESSAGES, {Kind.EDITED}, {Kind.TOPIC}):
            rows = (row for row in reversed(self._rows) if row.room == room and row.kind in kinds)
            for row in islice(rows, LOOKED_AT):
                if row.at <= first:
                    break
                if row.author == author and row.at <= last:
                    if row.id > newest:
                        newest, found = row.id, row.at / 1000
                    break
        return found

    # Questions

    def page(self, audience: Audience, after: int, upto: int, limit: int) -> "Deferred[list[StoredPost]]":
        """Return the rows of a range, each once."""
        return self._answer(self._seen(audience, self._rows, lambda row: after < row.id <= upto), limit)

    def recent(self, audience: Audience, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        """Return the last messages, oldest first."""
        newest = self._messages(audience, reversed(self._rows), lambda row: row.id <= upto)
        return self._answer(reversed(list(islice(newest, max(0, count)))), count)

    def calls(self, audience: Audience, count: int) -> "Deferred[list[StoredPost]]":
        """Return the newest messages that call everybody in the rooms, newest first."""
        return self._answer(self._messages(audience, reversed(self._rows), lambda row: row.calls), count)

    def following(self, audience: Audience, after: int, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        """Return the first messages after a number."""
        return self._answer(self._messages(audience, self._rows, lambda row: after < row.id <= upto), count)

    def between(self, audience: Audience, start: float, end: float, count: int) -> "Deferred[list[StoredPost]]":
        """Return the first messages of a span of time."""
        first, last = milliseconds(start), milliseconds(end)
        return self._answer(self._messages(audience, self._rows, lambda row: first <= row.at < last), count)

    def around(self, audience: Audience, id: int, count: int) -> "Deferred[list[StoredPost]]":
        """Return a message with its neighbours."""
        middle = self._find(id)
        if middle is None or middle.kind not in MESSAGES or not sees(audience, middle):
            return fail(no_such_message(id))
        conversation = _conversation(middle)
        near = [row for row in self._rows if row is middle or (is_message(row) and _conversation(row) == conversation)]
        at, count = near.index(middle), max(0, count)
        return self._answer(near[max(0, at - count) : at + count + 1], 2 * count + 1)

    def latest(self, author: AuthorId, room: str) -> "Deferred[StoredPost | None]":
        """Return the author's newest message in a room (empty: private) that is not deleted."""
        row = self._latest(author, room)
        return succeed(None if row is None else stored(row))

    def keyed(self, author: AuthorId, key: str) -> "Deferred[int | None]":
        """Return the number of what the author has posted with this key; None: the key is free."""
        return succeed(self._keys.get((author, key)))

    def search(self, audience: Audience, sought: Sought, count: int) -> "Deferred[list[StoredPost]]":
        """Return the newest messages that fit, newest first."""

        def find() -> "Deferred[list[StoredPost]]":
            finder = Finder(sought)
            end = time.thread_time() + SEARCH_S

            def fits(row: Row) -> bool:
                if time.thread_time() > end:
                    raise TooSlowSearch("This search takes too long. Search for fewer or longer words.")
                return finder.is_between(row) and finder.fits(row)

            return self._answer(self._messages(audience, reversed(self._rows), fits), count)

        return maybeDeferred(find)

    def rooms(self) -> "Deferred[list[StoredRoom]]":
        """Return every room that has posts, by name."""
        return succeed(list(self._rooms().values()))

    def _rooms(self) -> dict[str, StoredRoom]:
        rooms: dict[str, StoredRoom] = {}
        for row in (*self._topics.values(), *self._rows):
            if row.reader is None and row.room:
                known = rooms.get(row.room)
                topic = row.text if row.kind == Kind.TOPIC else known.topic if known else ""
                rooms[row.room] = StoredRoom(row.room, topic, row.at / 1000)
        return {name: rooms[name] for name in sorted(rooms)}

    def room(self, name: str) -> "Deferred[StoredRoom | None]":
        """Return the room with this name; None: it has no posts."""
        return succeed(self._rooms().get(name))

    def message(self, id: int) -> "Deferred[StoredPost | None]":
        """Return the message with this number, whoever may see it."""
        row = self._find(id)
        return succeed(None if row is None or row.kind not in MESSAGES else stored(row))

    def facts(self, kind: str) -> "Deferred[list[Fact]]":
        """Return every fact of this kind, by name."""
        return succeed([self._facts[known] for known in sorted(self._facts) if known[0] == kind])

    def moderated(self, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        """Return the last acts of operators, oldest first."""
        found = (row for row in reversed(self._rows) if row.kind == Kind.MODERATED and row.id <= upto)
        return succeed([stored(row) for row in islice(found, max(count, 0))][::-1])

    def shared(self, link: str) -> "Deferred[SharedFile | None]":
        """Return the file with this public id."""
        return succeed(next((shared_file(row) for row in self._files() if row.link == link), None))

    def files(
        self, audience: Audience, author: AuthorId | None, before: int, count: int
    ) -> "Deferred[list[SharedFile]]":
        """Return the last files, newest first."""
        return succeed(last_files(self._files(), audience, author, before, count))

    def kept_files(self, author: AuthorId | None = None) -> "Deferred[list[StoredFile]]":
        """Return every file that a post names, once."""
        return succeed(kept_files(row for row in self._files() if author in (None, row.author)))

    def recall(self, digest: str) -> "Deferred[StoredSession | None]":
        """Return the session with this digest."""
        found = (one for one in self._sessions.values() if hmac.compare_digest(one.digest, digest))
        return succeed(next(found, None))

    def place(self) -> "Deferred[Place | None]":
        """Return how far the journal has carried out a log; None: it follows none."""
        return succeed(self._nodes.place)

    def nodes(self) -> "Deferred[dict[str, NodeState]]":
        """Return what is remembered of each node of the cluster, by name."""
        return succeed({**self._nodes.nodes})

    def presences(self) -> "Deferred[list[Presence]]":
        """Return the connections at all nodes of a cluster."""
        return succeed([self._nodes.presences[handle] for handle in sorted(self._nodes.presences)])

    def close(self) -> "Deferred[None]":
        """Refuse everything from now on."""
        self._closed = True
        return succeed(None)

    def _seen(self, audience: Audience, rows: Iterable[Row], wanted: Callable[[Row], bool]) -> Iterator[Row]:
        return (row for row in rows if sees(audience, row) and wanted(row))

    def _messages(self, audience: Audience, rows: Iterable[Row], wanted: Callable[[Row], bool]) -> Iterator[Row]:
        """Iterate over messages that are not deleted."""
        return (row for row in self._seen(audience, filter(is_message, rows), wanted))

    def _answer(self, rows: Iterable[Row], limit: int) -> "Deferred[list[StoredPost]]":
        return succeed([stored(row) for row in islice(rows, max(0, limit))])


def _conversation(row: Row) -> tuple[str, frozenset[int]]:
    """Return the row's room, or the two people it is between."""
    return row.room, frozenset() if row.reader is None else frozenset({row.author, row.reader})
