"""Check everything about a journal that no daemon is using: more than a start has time for."""

import contextlib
import fcntl
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from groupchat.disk.data_folders import check_journal, opened
from groupchat.facts.kinds import KINDS, read
from groupchat.journals.sqlite.database import connect, form, newest_form, older, recognise
from groupchat.journals.sqlite.folder import DATABASE, read_mark
from groupchat.model.drafts import Fact
from groupchat.model.errors import CannotStart

_EXPIRED = "(SELECT ifnull(max(value), 0) FROM counters WHERE name = 'expired')"
_TARGETS = f"""
SELECT change.id, change.kind, change.target, target.id IS NULL, target.id >= change.id,
    target.kind NOT IN ('said', 'acted', 'whispered')
FROM posts AS change LEFT JOIN posts AS target ON target.id = change.target
WHERE change.kind IN ('edited', 'deleted') AND (
    change.target IS NULL OR target.id IS NULL OR target.id >= change.id
    OR target.kind NOT IN ('said', 'acted', 'whispered')
    OR change.room <> target.room OR change.reader IS NOT target.reader)
    AND ifnull(change.target, -1) NOT BETWEEN 0 AND {_EXPIRED}
"""
_REVISED = """
SELECT post.id FROM posts AS post WHERE post.kind IN ('said', 'acted', 'whispered') AND post.gone_by IS NULL
AND post.revised IS NOT (
    SELECT edit.text FROM posts AS edit WHERE edit.target = post.id AND edit.kind = 'edited' ORDER BY edit.id DESC)
"""
_DELETED = """
SELECT post.id FROM posts AS post WHERE post.kind IN ('said', 'acted', 'whispered') AND (post.gone_by IS NOT NULL) <>
    EXISTS (SELECT * FROM posts AS deletion WHERE deletion.target = post.id AND deletion.kind = 'deleted')
"""
_LEFT = "SELECT id FROM posts WHERE gone_by IS NOT NULL AND (text <> '' OR revised IS NOT NULL)"
_STRANGE = f"SELECT id FROM posts WHERE kind NOT IN ({', '.join('?' * 7)})"
_ALIKE = "SELECT id FROM posts WHERE (kind = 'whispered') <> (reader IS NOT NULL) AND target IS NULL"
_GAP = f"""
SELECT id, before FROM (SELECT id, max(lag(id, 1, 0) OVER (ORDER BY id), {_EXPIRED}) AS before FROM posts)
WHERE id < 1 OR (id > {_EXPIRED} AND id <> before + 1)
"""
_AUTHORED = """
SELECT id FROM posts WHERE kind IN ('said', 'acted', 'whispered') AND gone_by IS NULL
    AND id <= (SELECT value FROM counters WHERE name = 'indexed')
    AND NOT EXISTS (SELECT * FROM authored WHERE authored.author = posts.author AND authored.id = posts.id)
UNION ALL
SELECT id FROM authored WHERE NOT EXISTS (
    SELECT * FROM posts WHERE posts.id = authored.id AND posts.author = authored.author AND gone_by IS NULL)
"""
_KINDS = ("said", "acted", "whispered", "edited", "deleted", "topic", "moderated")
SHOWN = 10
"""Most faults of one kind that are reported."""


class Audit:
    """A check of the journal in a data folder; nothing is changed except what SQLite tidies up on opening.

    ``posts`` and ``head``: the number of posts, and the highest number ever used, once ``faults`` has run.
    """

    def __init__(self, data: Path) -> None:
        self.path = data / DATABASE
        self.posts = 0
        self.head = 0

    def faults(self) -> Iterator[str]:
        """Check everything, and give a sentence for each fault.

        :raises CannotStart: there is no journal, or it has not the form of this version, or a daemon is using it.
        """
        with self._held():
            try:
                with contextlib.closing(connect(self.path)) as database:
                    yield from self._look(database)
            except sqlite3.Error as error:
                yield f"{self.path} cannot be read: {error}"

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        """Lock out daemons; the content of the lock stays, so that the next start checks what it would check anyway."""
        check_journal(self.path)
        lock = opened(self.path.with_name("lock"))
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise CannotStart(f"A daemon is using {self.path.parent}; stop it first.") from error
            yield
        finally:
            os.close(lock)

    def _look(self, database: sqlite3.Connection) -> Iterator[str]:
        recognise(database, self.path)
        if form(database) < newest_form():
            raise older(self.path, form(database))
        damages = [line for (line,) in database.execute(f"PRAGMA integrity_check({SHOWN})") if line != "ok"]
        if damages:
            yield from (" ".join(line.split()) for line in damages)
            return
        yield from self._numbers(database)
        yield from self._references(database)
        yield from self._rest(database)

    def _numbers(self, database: sqlite3.Connection) -> Iterator[str]:
        """Check that every number from the first to the highest ever used is there, once."""
        counters = dict(database.execute("SELECT name, value FROM counters"))
        self.head = counters.get("head", 0)
        self.posts, last = database.execute("SELECT count(*), ifnull(max(id), 0) FROM posts").fetchone()
        if max(last, counters.get("expired", 0)) != self.head:
            yield f"the last post is #{last}, but #{self.head} was given"
        if counters.get("indexed", -1) not in range(self.head + 1):
            yield f"the index is said to reach #{counters.get('indexed')}, of #{self.head}"
        for id, before in database.execute(_GAP).fetchmany(SHOWN):
            yield f"after #{before} comes #{id}" if id > 0 else f"#{id} cannot be the number of a post"
        marked = read_mark(self.path)
        if marked > self.head:
            yield f"#{marked} was shown already, but the last number given is #{self.head}: posts are missing"

    def _references(self, database: sqlite3.Connection) -> Iterator[str]:
        """Check that the targets of edits and deletions are there, and read as these say."""
        for id, kind, target, missing, later, other in database.execute(_TARGETS).fetchmany(SHOWN):
            why = "is missing" if missing else "is later" if later else "is not a message" if other else "is elsewhere"
            yield f"#{id} ({kind}) changes #{target}, which {why}"
        yield from _those(database, _REVISED, "does not read as its last edit")
        yield from _those(
            database, _DELETED, "is marked as deleted without a deletion, or is not marked in spite of one"
        )
        yield from _those(database, _LEFT, "is deleted, but its text is still there")

    def _rest(self, database: sqlite3.Connection) -> Iterator[str]:
        yield from _those(database, _STRANGE, "is of an unknown kind", _KINDS)
        yield from _those(database, _ALIKE, "is private without a reader, or public with one")
        yield from _those(database, _AUTHORED, "and the index of authors disagree")
        for kind, name, value in database.execute("SELECT kind, name, value FROM facts"):
            if not _is_object(value):
                yield f"the fact {kind} {name!r} is not a JSON object"
            elif kind in KINDS and not _is_readable(kind, name, value):
                yield f"the fact {kind} {name!r} lacks a part, or has one that makes no sense"
        for nick, rooms, position in database.execute("SELECT nick, rooms, position FROM sessions"):
            if position > self.head:
                yield f"the session of {nick} is said to have read up to #{position}, of #{self.head}"
            if not _is_array(rooms):
                yield f"the session of {nick} has no list of rooms"


def _those(database: sqlite3.Connection, query: str, what: str, values: tuple[str, ...] = ()) -> Iterator[str]:
    return (f"#{id} {what}" for (id,) in database.execute(query, values).fetchmany(SHOWN))


def _is_readable(kind: str, name: str, value: str) -> bool:
    try:
        read(Fact(kind, name, json.loads(value)))
    except (ValueError, LookupError, TypeError):
        return False
    return True


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _is_array(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list)
    except ValueError:
        return False
