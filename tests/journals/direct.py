"""A journal in an SQLite file that answers at once: the real writer and reader, without their threads."""

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from zope.interface import implementer

from groupchat.interfaces.storage import IReplica
from groupchat.journals.sqlite.database import connect, opened
from groupchat.journals.sqlite.folder import Folder
from groupchat.journals.sqlite.reader import Reader
from groupchat.journals.sqlite.writer import Writer
from groupchat.model.drafts import (
    Audience,
    Fact,
    Operation,
    Outcome,
    SharedFile,
    StoredFile,
    StoredPost,
    StoredRoom,
    StoredSession,
)
from groupchat.model.events import AuthorId
from groupchat.model.message.sought import Sought
from groupchat.model.node_operations import NodeState, Place, Presence

LOCAL = ("indexed", "merging", "scrubbing")
"""The counters that say how far work that can wait has come."""


@implementer(IReplica)
class DirectJournal:
    """A journal whose idle work is done when a test asks for it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.open()

    def open(self) -> None:
        """Open the file, also again."""
        folder = Folder(self.path)
        self.database: sqlite3.Connection = opened(self.path, folder.marked(), folder.unclean)
        # What is flushed, and when, is not what these tests are about.
        self.database.execute("PRAGMA synchronous = OFF")
        self.writer = Writer(self.database, folder)
        self.reader = Reader(connect(self.path, "ro"))

    def restart(self) -> None:
        """Close the file and open it again."""
        self.close()
        self.open()

    def idle(self, pieces: int = 10**9) -> None:
        """Do some pieces of the work that can wait; all of it, unless told otherwise."""
        while pieces > 0 and self.writer.idle() == 0.0:
            pieces -= 1

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of the tables that follow from the operations."""
        found = {
            name: self.database.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()
            for name in ("posts", "spans", "authored", "facts", "erasures", "nodes", "presences")
        }
        for name in ("session_nodes", "ended_tokens", "moved"):  # by the first rules nothing is in them
            if rows := self.database.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall():
                found[name] = rows
        found["sessions"] = self.database.execute("SELECT * FROM sessions ORDER BY digest").fetchall()
        counters = dict(self.database.execute("SELECT name, value FROM counters ORDER BY name"))
        counters["head"] = self.writer.head  # that of the file may be behind
        found["counters"] = [row for row in counters.items() if row[0] not in LOCAL]
        found["words"] = self.database.execute("SELECT rowid FROM search ORDER BY rowid").fetchall()
        return found

    def hash(self) -> str:
        """Return the hex SHA-256 of ``tables``, once everything that can wait is done."""
        self.idle()
        return hashlib.sha256(repr(sorted(self.tables().items())).encode()).hexdigest()

    @property
    def head(self) -> int:
        """The highest number."""
        return self.writer.head

    def append(self, operations: Sequence[Operation]) -> "Deferred[list[Outcome]]":
        """Carry out everything, and answer at once."""
        return maybeDeferred(self.writer.append, operations).addCallback(lambda answer: answer[0])

    def prepare(self, operations: Sequence[Operation]) -> None:
        """Begin with what is probably appended next."""
        self.writer.prepare(operations)

    def flushed(self) -> "Deferred[None]":
        """Answer at once."""
        return succeed(None)

    def page(self, audience: Audience, after: int, upto: int, limit: int) -> "Deferred[list[StoredPost]]":
        return self._ask(lambda: self.reader.page(audience, after, upto, limit))

    def recent(self, audience: Audience, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        return self._ask(lambda: self.reader.recent(audience, upto, count))

    def calls(self, audience: Audience, count: int) -> "Deferred[list[StoredPost]]":
        return self._ask(lambda: self.reader.calls(audience, count))

    def following(self, audience: Audience, after: int, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        return self._ask(lambda: self.reader.following(audience, after, upto, count))

    def between(self, audience: Audience, start: float, end: float, count: int) -> "Deferred[list[StoredPost]]":
        return self._ask(lambda: self.reader.between(audience, start, end, count))

    def around(self, audience: Audience, id: int, count: int) -> "Deferred[list[StoredPost]]":
        return self._ask(lambda: self.reader.around(audience, id, count))

    def latest(self, author: AuthorId, room: str) -> "Deferred[StoredPost | None]":
        return self._ask(lambda: self.reader.latest(author, room))

    def keyed(self, author: AuthorId, key: str) -> "Deferred[int | None]":
        return self._ask(lambda: self.reader.keyed(author, key))

    def search(self, audience: Audience, sought: Sought, count: int) -> "Deferred[list[StoredPost]]":
        return self._ask(lambda: self.reader.search(audience, sought, count))

    def rooms(self) -> "Deferred[list[StoredRoom]]":
        return self._ask(lambda: self.reader.rooms())

    def room(self, name: str) -> "Deferred[StoredRoom | None]":
        return self._ask(lambda: self.reader.room(name))

    def message(self, id: int) -> "Deferred[StoredPost | None]":
        return self._ask(lambda: self.reader.message(id))

    def facts(self, kind: str) -> "Deferred[list[Fact]]":
        return self._ask(lambda: self.reader.facts(kind))

    def moderated(self, upto: int, count: int) -> "Deferred[list[StoredPost]]":
        return self._ask(lambda: self.reader.moderated(upto, count))

    def shared(self, link: str) -> "Deferred[SharedFile | None]":
        return self._ask(lambda: self.reader.shared(link))

    def files(
        self, audience: Audience, author: AuthorId | None, before: int, count: int
    ) -> "Deferred[list[SharedFile]]":
        return self._ask(lambda: self.reader.files(audience, author, before, count))

    def kept_files(self, author: AuthorId | None = None) -> "Deferred[list[StoredFile]]":
        return self._ask(lambda: self.reader.kept_files(author))

    def recall(self, digest: str) -> "Deferred[StoredSession | None]":
        return self._ask(lambda: self.reader.recall(digest))

    def place(self) -> "Deferred[Place | None]":
        return self._ask(lambda: self.reader.place())

    def nodes(self) -> "Deferred[dict[str, NodeState]]":
        return self._ask(lambda: self.reader.nodes())

    def presences(self) -> "Deferred[list[Presence]]":
        return self._ask(lambda: self.reader.presences())

    def close(self) -> "Deferred[None]":
        """Close the file."""
        self.reader.close()
        self.writer.close()
        return succeed(None)

    def _ask(self, question: Callable[[], Any]) -> "Deferred[Any]":
        return maybeDeferred(question)
