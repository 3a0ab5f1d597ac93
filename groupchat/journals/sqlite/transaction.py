"""One transaction of the writer: it carries out operations, and judges each by what stands there before it."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from groupchat.facts.account_facts import ReadPosition
from groupchat.facts.kinds import KINDS
from groupchat.facts.rule_book import AHEAD_S, RuleBook
from groupchat.facts.whereabouts import Places
from groupchat.journals.nodes.attending import is_late
from groupchat.journals.nodes.digests import Digested, checked, taken
from groupchat.journals.nodes.ended_tokens import forget_ends, note_end
from groupchat.journals.nodes.identities import OWN
from groupchat.journals.nodes.late_moves import forget_moves, is_overtaken, note_move, without_lost
from groupchat.journals.nodes.sqlite_nodes import SqliteNodes, nodes_of, presences_of
from groupchat.journals.rules.erasures import Erasure, erase_facts, keep_erased, named_beside
from groupchat.journals.rules.judging import (
    ALWAYS,
    carry_out,
    deed_objection,
    erased_objection,
    node_objection,
    objection,
    without_erased,
)
from groupchat.journals.rules.known_facts import CARRIED, mark
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
from groupchat.journals.rules.rows import PUBLIC, Row, milliseconds, stored
from groupchat.journals.sqlite.gone import Gone
from groupchat.journals.sqlite.index import Index
from groupchat.journals.sqlite.statements import (
    COLUMNS,
    KEYED,
    NO_FILE,
    SESSION,
    SHOWN_LATELY,
    TOPICS,
    Insertion,
    session_of,
    session_row,
)
from groupchat.model.drafts import (
    Amendment,
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
    StoredFile,
    StoredPost,
    StoredSession,
    canonical,
)
from groupchat.model.errors import Refusal
from groupchat.model.events import AuthorId
from groupchat.model.node_operations import Check, Checked, InEntry, NodeOperation

_PLAIN = Insertion("posts (id, kind, author, room, nick, peer, at, text, key)", "(?, ?, ?, ?, ?, '', ?, ?, ?)")
"""Rows that are for a whole room and change no other."""
_OTHERS = Insertion(f"posts ({COLUMNS}, key)", f"({', '.join('?' * (len(Row._fields) + 1))})")

_SESSION = f"INSERT OR REPLACE INTO sessions ({SESSION}) VALUES ({', '.join('?' * 13)})"
_SESSIONS = f"SELECT {SESSION} FROM sessions WHERE author = ? ORDER BY digest"
_SESSIONS_BEHIND = (
    f"SELECT ifnull(node, ''), {SESSION} FROM sessions LEFT JOIN session_nodes USING (digest)"
    " WHERE digest > ? AND seen >= ? ORDER BY digest LIMIT ?"
)
_HAS_SESSION = "SELECT 1 FROM sessions WHERE digest = ? AND seen >= ?"
_FORGET_NODES = "DELETE FROM session_nodes WHERE digest IN (SELECT digest FROM sessions WHERE seen < ?)"
_IGNORING = f"SELECT {SESSION} FROM sessions WHERE ignored <> '[]'"
_REVOKE = "DELETE FROM sessions WHERE author = ? AND digest <> ?"
_REVOKE_ONE = "DELETE FROM sessions WHERE author = ? AND digest = ?"
_FORGET = "DELETE FROM sessions WHERE digest = ?"
_VALUE = "SELECT value FROM facts WHERE kind = ? AND name = ?"
_FACTS = "SELECT kind, name, value FROM facts WHERE (kind, name) > (?, ?) ORDER BY kind, name LIMIT ?"
_BETWEEN = f"SELECT {COLUMNS} FROM posts WHERE id BETWEEN ? AND ? ORDER BY id"
_KEEP = "INSERT OR REPLACE INTO facts VALUES (?, ?, ?)"
_REMOVE = "DELETE FROM facts WHERE kind = ? AND name = ?"
_NOTE = "INSERT OR IGNORE INTO imported_facts VALUES (?, ?)"
_POSITIONS = (
    f"SELECT name, value FROM facts WHERE kind = '{ReadPosition.KIND}' AND name >= ? || '/' AND name < ? || '0'"
)
_OWNED = {
    "whole": "SELECT name FROM facts WHERE kind = ? AND name = ?",
    "first": "SELECT name FROM facts WHERE kind = ? AND name >= ? || '/' AND name < ? || '0'",  # "0" follows "/"
    "last": "SELECT name FROM facts WHERE kind = ? AND name LIKE '%/' || ?",
}
"""The names of one kind that belong to an author, by which part of the name that is."""


class Transaction:
    """Operations that are carried out together.

    ``head`` is the last number given, ``last_at`` the time of the newest row.
    ``book`` learns the facts of the transaction, so it is of no use any more if that is rolled back.
    ``deletes``: whether something was deleted that must not stay in the write-ahead log, or will be.
    ``removes``: whether posts have expired, or somebody is erased.
    """

    def __init__(
        self, database: sqlite3.Connection, index: Index, gone: Gone, book: RuleBook, head: int, last_at: int | None
    ) -> None:
        self._database = database
        self._index = index
        self._gone = gone
        self._book = book
        self._plain: list[object] = []
        self._others: list[object] = []
        self._keys: dict[tuple[int, str], int] = {}
        self._nodes = SqliteNodes(database, head)
        self.head = head
        self.last_at = last_at
        self.deletes = False
        self.removes = False

    def take(self, operation: Operation) -> Outcome:
        """Judge an operation and carry it out; return its outcome."""
        if type(operation) is not Draft:
            return self._take_other(operation)
        draft, book = operation, self._book
        if book.erased:
            refused = erased_objection(book, draft)
            if refused is not None:
                return refused
        key = draft.key
        if key is not None:
            first = self.keyed(draft.author, key)
            if first is not None:
                return Repeated(first)
        changes = draft.changes
        if changes or draft.needs is not None:
            refused = objection(book, self, draft.author, draft.at, draft.needs, changes)
            if refused is not None:
                return refused
        if draft.target is not None and draft.kind == Kind.MODERATED:
            refused = deed_objection(draft, self.find(draft.target))
            if refused is not None:
                return refused
        event = PUBLIC.get(draft.kind)
        if event is None and draft.kind in CHANGES:
            return self._change(draft)
        if book.curbs:
            refused = book.judge(draft, draft.room, self._last_shown)
            if refused is not None:
                return refused
        answered = None
        if draft.reply is not None:
            answered = self.find(draft.reply)
            refused = reply_refusal(draft, answered)
            if refused is not None:
                return refused
        if draft.quota:
            refused = quota_refusal(draft, self._files_of(draft.author))
            if refused is not None:
                return refused
        if changes:
            carry_out(book, self, changes, draft.at)
        if event is None or answered is not None or draft.all or draft.reader is not None:
            return self.add(written(draft, self.head + 1, answered), key)
        # Nearly all drafts are of these kinds, so they take the shortest way, without a Row.
        at = milliseconds(draft.at)
        self._number(at, draft.author, key)
        id, author, room, nick, words = self.head, draft.author, draft.room, draft.nick, draft.text
        self._plain += (id, draft.kind._value_, author, room, nick, at, words, key)  # ``value`` is two calls more
        return StoredPost(event(id, room, nick, at / 1000, words), author)

    def _take_other(self, operation: Operation) -> Outcome:
        """Carry out what is no post."""
        if isinstance(operation, Amendment):
            refused = objection(self._book, self, operation.by, operation.at, operation.needs, operation.changes)
            if refused is None:
                carry_out(self._book, self, operation.changes, operation.at)
            return refused
        if isinstance(operation, StoredSession):
            self.keep_session(operation)
        elif isinstance(operation, SessionAt):
            if not is_late(self._nodes, operation):
                self.keep_session(without_lost(self._nodes, operation.session))
        elif isinstance(operation, ReadUpTo):
            note_position(self._book, self, operation)
        elif isinstance(operation, ForgetSessions):
            self.deletes = True
            self._gone.forget_sessions(milliseconds(operation.before))
            # Their rows go later, and may be written again before that.
            self._database.execute(_FORGET_NODES, (self._gone.forgotten / 1000,))
            forget_ends(self._nodes, self._gone.forgotten / 1000)
            forget_moves(self._nodes, self._gone.forgotten / 1000)
        elif isinstance(operation, Expire | Erase):
            self.flush()
            self.removes = True
            return self._expire(operation) if isinstance(operation, Expire) else self._forget(operation)
        elif isinstance(operation, Check):
            return self._check(operation)
        elif isinstance(operation, NodeOperation):
            return node_objection(self._book, operation) or self._nodes.take(operation, self)
        return None

    def add(self, row: Row, key: str | None = None) -> StoredPost:
        """Add a row as it stands, whose number is the next one; nothing is judged."""
        self._number(row.at, row.author, key)
        self._others += (*row, key)
        return stored(row)

    def add_change(self, row: Row, target: Row, key: str | None = None) -> StoredPost:
        """Add the edit or deletion of a message that is not deleted, and carry it out; nothing is judged."""
        if row.kind == Kind.EDITED:
            self._index.revise(target, row.text)
            self._database.execute("UPDATE posts SET revised = ? WHERE id = ?", (row.text, target.id))
        else:
            self._index.remove(target)
            self._erase(target, row)
        return self.add(row, key)

    def find(self, id: int) -> Row | None:
        """Return the row with this number."""
        self.flush()
        return self._gone.row(id) if 1 <= id <= self.head else None

    def flush(self) -> None:
        """Write the rows that were added, so that statements find them."""
        self._write()
        self._keys.clear()

    def finish(self) -> None:
        """Write the remaining rows."""
        self._write()

    def _number(self, at: int, author: int, key: str | None) -> None:
        """Take the next number, for a row of this time."""
        self.head += 1
        if key is not None:
            self._keys[author, key] = self.head
        if self.last_at is None or at < self.last_at:
            self._database.execute("INSERT INTO spans VALUES (?, ?)", (self.head, at))
        self.last_at = at

    def _write(self) -> None:
        if self._plain:
            _PLAIN.run(self._database, self._plain)
            self._plain.clear()
        if self._others:
            _OTHERS.run(self._database, self._others)
            self._others.clear()

    def keyed(self, author: int, key: str) -> int | None:
        """Return the number of the author's post with this key; None: there is none."""
        if (author, key) in self._keys:
            return self._keys[author, key]
        found = self._database.execute(KEYED, (author, key)).fetchone()
        if found is not None and self._gone.frees_key(found[0]):
            self._database.execute("UPDATE posts SET key = NULL WHERE id = ?", found)
            return None
        return found and int(found[0])

    def _change(self, draft: Draft) -> StoredPost | Refusal:
        self._write()
        target = self.find(self._latest(draft) if draft.target is None else draft.target)
        refused = refusal(draft, target, self._book, self._last_shown)
        if refused is not None or target is None:
            return refused or no_such_message(0)
        row = changing(draft, self.head + 1, target)
        if draft.changes:
            carry_out(self._book, self, draft.changes, draft.at)
        # An operator's change of a private message is stored under its author, whose keys others must not use up.
        return self.add_change(row, target, draft.key if row.author == draft.author else None)

    def _erase(self, target: Row, deletion: Row) -> None:
        """Overwrite the text of a message and of its edits; the rows stay, with the name of who deleted it."""
        self.deletes = True
        erasing = f"UPDATE posts SET text = '', revised = NULL, {NO_FILE}, gone_by = ?, gone_to = ? WHERE {{}} = ?"
        for column in ("id", "target"):
            self._database.execute(erasing.format(column), (deletion.nick, deletion.to, target.id))

    def _files_of(self, author: AuthorId) -> list[StoredFile]:
        self._write()
        return self._gone.kept_files(author)

    def _latest(self, draft: Draft) -> int:
        return self._gone.latest(draft.author, draft.room, self._index.upto) or 0

    def _check(self, check: Check) -> Checked:
        """Compute digests of some rows, as they count, and of what else follows from the operations."""
        self.flush()
        gone, database = self._gone, self._database
        between = (max(check.first, gone.expired + 1), check.upto)
        rows = (gone.masked(Row(*found)) for found in database.execute(_BETWEEN, between).fetchall())

        def facts(after: tuple[str, str], most: int) -> list[Digested]:
            return database.execute(_FACTS, (*after, most)).fetchall()

        def sessions(after: str, most: int) -> Iterable[tuple[StoredSession, str]]:
            found = database.execute(_SESSIONS_BEHIND, (after, gone.forgotten / 1000, most)).fetchall()
            return ((session_of(values), node) for node, *values in found)

        counts = (self.head, gone.expired, gone.forgotten)
        facts_taken = taken(check, facts, sessions, self._nodes)
        return checked(rows, facts_taken, presences_of(database), nodes_of(database), counts)

    # What is removed

    def _expire(self, expire: Expire) -> Expired:
        self._gone.expire(milliseconds(expire.before), self.head)
        if self._gone.expired == self.head:
            self.last_at = None  # the next post begins a span
        return Expired(self._gone.expired)

    def _forget(self, erase: Erase) -> Erased | Refusal:
        book, key, alias = self._book, erase.key, erase.alias
        refused = objection(book, self, erase.by, ALWAYS, erase.needs, ())
        if refused is not None:
            return refused
        author, facts = erase_facts(book, self, key, alias)
        person = Erasure(key, alias, author, frozenset(book.accounts), self._gone.expired, self.head)
        sessions = self._database.execute("SELECT digest, author, nick, seen FROM sessions").fetchall()
        counting = [(by, nick) for _, by, nick, seen in sessions if seen >= self._gone.forgotten / 1000]
        ignoring = [session_of(found) for found in self._database.execute(_IGNORING).fetchall()]
        others = named_beside(erase, facts, (one for one in ignoring if one.seen >= self._gone.forgotten / 1000))
        facts += keep_erased(book, self, self._nodes.rules, person, presences_of(self._database), counting, others)
        theirs = {digest for digest, by, nick, _ in sessions if person.is_named(by, nick) or by in book.erased}
        self._database.executemany(_FORGET, [(digest,) for digest in theirs])
        for session in ignoring:
            if session.digest not in theirs:
                self._database.execute(_SESSION, session_row(person.unnamed(session)))
        before = self._topics()
        self._gone.erase(person)
        topics = tuple(name for name in before if not self._gone.topic(name))
        return Erased(key, alias, author, facts, topics, self.head)

    def _topics(self) -> list[str]:
        """Return the names of the rooms that have a topic."""
        names = self._database.execute(f"SELECT DISTINCT room FROM {TOPICS} ORDER BY room")
        return [name for (name,) in names.fetchall() if self._gone.topic(name)]

    # What rules ask of the file

    def value_of(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """Return the value of a fact; None: it is not true."""
        found = self._database.execute(_VALUE, (kind, name)).fetchone()
        return found and json.loads(found[0])  # type: ignore[no-any-return]

    def keep(self, fact: Fact) -> None:
        """Write or remove a fact.  What it was until now is noted, so that no import brings it back."""
        if fact.kind in CARRIED:
            self._note_former(fact)
        if fact.value is None:
            self.deletes = True
            self._database.execute(_REMOVE, (fact.kind, fact.name))
        else:
            self._database.execute(_KEEP, (fact.kind, fact.name, canonical(fact.value)))

    def _note_former(self, fact: Fact) -> None:
        before = self.value_of(fact.kind, fact.name)
        if before is not None:
            former = mark(Fact(fact.kind, fact.name, before))
            if fact.value is None or mark(fact) != former:
                self._database.execute(_NOTE, (former, OWN))

    def facts_of(self, kind: str) -> list[Fact]:
        """Return all facts of a kind."""
        found = self._database.execute("SELECT name, value FROM facts WHERE kind = ? ORDER BY name", (kind,))
        return [Fact(kind, name, json.loads(value)) for name, value in found.fetchall()]

    def owned_by(self, author: AuthorId) -> list[Fact]:
        """Return the facts that go with the account of this author, without their values."""
        found = []
        for kind, form in KINDS.items():
            if form.OWNER:
                query = _OWNED[form.OWNER]
                names = self._database.execute(query, (kind, *[str(author)] * (query.count("?") - 1)))
                found += [Fact(kind, name, None) for (name,) in names.fetchall()]
        return found

    def positions_of(self, author: AuthorId) -> list[Fact]:
        """Return how far an account has read each place."""
        found = self._database.execute(_POSITIONS, (author, author))
        return [Fact(ReadPosition.KIND, name, json.loads(value)) for name, value in found.fetchall()]

    def revoke(self, change: Revoke, at: float) -> None:
        """Remove the sessions whose tokens work no longer."""
        note_end(self._nodes, change, at)
        self.deletes = True
        if change.only:
            self._database.execute(_REVOKE_ONE, (change.author, change.only))
        else:
            self._database.execute(_REVOKE, (change.author, change.keep))

    def note_move(self, author: AuthorId, room: str, at: float) -> None:
        """Note that somebody is put out of a room, or (room empty) where the account is."""
        note_move(self._nodes, author, room, at)

    def is_overtaken(self, author: AuthorId, places: Places) -> bool:
        """Say whether whoever moves an account to these places did not know of another move yet."""
        return is_overtaken(self._nodes, author, places)

    def sessions_of(self, author: AuthorId) -> list[StoredSession]:
        """Return the sessions of this author."""
        return [session_of(found) for found in self._database.execute(_SESSIONS, (author,)).fetchall()]

    def keep_session(self, session: StoredSession) -> None:
        """Write a session, unless it was last seen before those that are forgotten."""
        kept = without_erased(self._book, session)
        if kept is None:
            return
        if kept.seen < self._gone.forgotten / 1000:
            self._database.execute(_FORGET, (kept.digest,))
        else:
            self._database.execute(_SESSION, session_row(kept))

    def has_session(self, digest: str) -> bool:
        """Say whether there is a session with this digest that counts."""
        return self._database.execute(_HAS_SESSION, (digest, self._gone.forgotten / 1000)).fetchone() is not None

    def _last_shown(self, room: str, author: AuthorId, at: float, seconds: float) -> float | None:
        """Return when an author showed a room something last.

        It must have been so many seconds before ``at`` at most, or up to AHEAD_S after it.  It reads the rows of the
        room within that time, and no more than LOOKED_AT of each sort.
        """
        self._write()
        newest, first, last = 0, milliseconds(at - seconds), milliseconds(at + AHEAD_S)
        found = None
        for query in SHOWN_LATELY:
            for id, by, shown in self._database.execute(query, (room,)):
                if shown <= first or id <= self._gone.expired:
                    break
                if by == author and shown <= last:
                    if id > newest:
                        newest, found = id, shown / 1000
                    break
        return found


def is_plain(operation: Operation) -> bool:
    """Say whether it is a post that changes nothing else, or the beginning of an entry."""
    if type(operation) is Draft:
        return not operation.changes and operation.kind not in CHANGES
    return type(operation) is InEntry


def book_of(database: sqlite3.Connection) -> RuleBook:
    """Return the rule book that follows from the facts in a file.

    :raises ValueError: a fact cannot be read.
    """
    book = RuleBook()
    for kind in RuleBook.KINDS:
        for name, value in database.execute("SELECT name, value FROM facts WHERE kind = ? ORDER BY name", (kind,)):
            try:
                book.learn(Fact(kind, name, json.loads(value)))
            except (ValueError, LookupError, TypeError) as error:
                raise ValueError(f"the fact {kind} {name!r} cannot be read") from error
    return book
