"""One transaction of the writer: it numbers the drafts, and judges each by the rows before it."""

import sqlite3

from groupchat.journals.rules.rights import CHANGES, changing, no_such_message, refusal, written
from groupchat.journals.rules.rows import PUBLIC, Row, milliseconds, stored
from groupchat.journals.sqlite.index import Index
from groupchat.journals.sqlite.statements import COLUMNS, LATEST, ROW, TAIL_LATEST, Insertion
from groupchat.model.drafts import Draft, Kind, Outcome, Repeated, StoredPost
from groupchat.model.errors import Refusal

_PLAIN = Insertion("posts (id, kind, author, room, nick, peer, at, text, key)", "(?, ?, ?, ?, ?, '', ?, ?, ?)")
"""Rows that are for a whole room and change no other."""
_OTHERS = Insertion(f"posts ({COLUMNS}, key)", f"({', '.join('?' * 14)})")


class Transaction:
    """Drafts that are written together.  ``head`` is the last number given, ``last_at`` the time of the newest row."""

    def __init__(self, database: sqlite3.Connection, index: Index, head: int, last_at: int | None) -> None:
        self._database = database
        self._index = index
        self._plain: list[object] = []
        self._others: list[object] = []
        self._keys: dict[tuple[int, str], int] = {}
        self.head = head
        self.last_at = last_at
        self.deletes = False

    def take(self, draft: Draft) -> Outcome:
        """Judge a draft and number it; return its outcome."""
        key = draft.key
        if key is not None:
            first = self._keyed(draft.author, key)
            if first is not None:
                return Repeated(first)
        event = PUBLIC.get(draft.kind)
        if event is None:
            return self._change(draft) if draft.kind in CHANGES else self._add(written(draft, self.head + 1), key)
        # Nearly all drafts are of these kinds, so they take the shortest way, without a Row.
        at = milliseconds(draft.at)
        self._number(at, draft.author, key)
        id, author, room, nick, words = self.head, draft.author, draft.room, draft.nick, draft.text
        self._plain += (id, draft.kind.value, author, room, nick, at, words, key)
        return StoredPost(event(id, room, nick, at / 1000, words), author)

    def finish(self) -> None:
        """Write the remaining rows, and the counter."""
        self._write()
        self._database.execute("UPDATE counters SET value = ? WHERE name = 'head'", (self.head,))

    def _number(self, at: int, author: int, key: str | None) -> None:
        """Take the next number, for a row of this time."""
        self.head += 1
        if key is not None:
            self._keys[author, key] = self.head
        if self.last_at is None or at < self.last_at:
            self._database.execute("INSERT INTO spans VALUES (?, ?)", (self.head, at))
        self.last_at = at

    def _add(self, row: Row, key: str | None = None) -> StoredPost:
        self._number(row.at, row.author, key)
        self._others += (*row, key)
        return stored(row)

    def _write(self) -> None:
        if self._plain:
            _PLAIN.run(self._database, self._plain)
            self._plain.clear()
        if self._others:
            _OTHERS.run(self._database, self._others)
            self._others.clear()

    def _keyed(self, author: int, key: str) -> int | None:
        if (author, key) in self._keys:
            return self._keys[author, key]
        found = self._database.execute("SELECT id FROM posts WHERE author = ? AND key = ?", (author, key)).fetchone()
        return found and int(found[0])

    def _change(self, draft: Draft) -> StoredPost | Refusal:
        self._write()
        target = self._find(self._latest(draft.author) if draft.target is None else draft.target)
        refused = refusal(draft, target)
        if refused is not None or target is None:
            return refused or no_such_message(0)
        row = changing(draft, self.head + 1, target)
        if draft.kind == Kind.EDITED:
            self._index.revise(target, row.text)
            self._database.execute("UPDATE posts SET revised = ? WHERE id = ?", (row.text, target.id))
        else:
            self._index.remove(target)
            self._erase(target, row)
        # An operator's change of a private message is stored under its author, whose keys others must not use up.
        return self._add(row, draft.key if row.author == draft.author else None)

    def _erase(self, target: Row, deletion: Row) -> None:
        """Overwrite the text of a message and of its edits; the rows stay, with the name of who deleted it."""
        self.deletes = True
        erasing = "UPDATE posts SET text = '', revised = NULL, gone_by = ?, gone_to = ? WHERE {} = ?"
        for column in ("id", "target"):
            self._database.execute(erasing.format(column), (deletion.nick, deletion.to, target.id))

    def _latest(self, author: int) -> int:
        (recent,) = self._database.execute(TAIL_LATEST, (self._index.upto, author)).fetchone()
        if recent is None:
            (recent,) = self._database.execute(LATEST, (author,)).fetchone()
        return recent or 0

    def _find(self, id: int) -> Row | None:
        if not 1 <= id <= self.head:
            return None
        found = self._database.execute(ROW, (id,)).fetchone()
        return found and Row(*found)
