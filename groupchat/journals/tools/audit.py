"""Check everything about a journal that no daemon is using: more than a start has time for."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from groupchat.facts.kinds import KINDS, read
from groupchat.journals.sqlite.database import connect, damages, form, newest_form, older, recognise
from groupchat.journals.sqlite.folder import DATABASE, clear_failure, holding, read_mark
from groupchat.journals.sqlite.index import Repair, is_found, repair
from groupchat.journals.sqlite.statements import HEAD
from groupchat.model.drafts import Fact
from groupchat.model.names import FORGOTTEN

_EXPIRED = "(SELECT ifnull(max(value), 0) FROM counters WHERE name = 'expired')"
_INDEXED = "(SELECT value FROM counters WHERE name = 'indexed')"
_IS_MESSAGE = "kind IN ('said', 'acted', 'whispered', 'shared') AND gone_by IS NULL"
MESSAGES = f"SELECT count(*) FROM posts WHERE {_IS_MESSAGE} AND id > {_EXPIRED}"
"""The number of messages that are neither deleted nor expired; rows that have expired go later, in pieces."""
SAMPLE = 1000
"""Of so many messages, and of the newest, it is checked whether the search index finds them."""
_TARGETS = f"""
SELECT change.id, change.kind, change.target, target.id IS NULL, target.id >= change.id,
    target.kind NOT IN ('said', 'acted', 'whispered', 'shared')
FROM posts AS change LEFT JOIN posts AS target ON target.id = change.target
WHERE change.kind IN ('edited', 'deleted') AND (
    change.target IS NULL OR target.id IS NULL OR target.id >= change.id
    OR target.kind NOT IN ('said', 'acted', 'whispered', 'shared')
    OR change.room <> target.room OR change.reader IS NOT target.reader)
    AND ifnull(change.target, -1) NOT BETWEEN 0 AND {_EXPIRED}
"""
_REPLIES = f"""
SELECT post.id FROM posts AS post LEFT JOIN posts AS answered ON answered.id = post.reply
WHERE (post.reply IS NULL) <> (post.reply_author IS NULL) OR (post.reply IS NULL) <> (post.reply_nick IS NULL)
    OR (post.reply IS NOT NULL AND (
        post.kind NOT IN ('said', 'acted', 'whispered', 'shared', 'edited') OR post.reply NOT BETWEEN 1 AND post.id - 1
        OR (post.reply > {_EXPIRED} AND (
            answered.id IS NULL OR answered.kind NOT IN ('said', 'acted', 'whispered', 'shared')
            OR answered.room <> post.room OR (answered.reader IS NULL) <> (post.reader IS NULL)))))
"""
_REVISED = """
SELECT post.id FROM posts AS post WHERE post.kind IN ('said', 'acted', 'whispered', 'shared') AND post.gone_by IS NULL
AND post.revised IS NOT (
    SELECT edit.text FROM posts AS edit WHERE edit.target = post.id AND edit.kind = 'edited' ORDER BY edit.id DESC)
"""
_DELETED = f"""
SELECT post.id FROM posts AS post WHERE post.kind IN ('said', 'acted', 'whispered', 'shared')
    AND (post.gone_by IS NOT NULL) <>
        EXISTS (SELECT * FROM posts AS deletion WHERE deletion.target = post.id AND deletion.kind = 'deleted')
    AND NOT (ifnull(post.gone_by, '') = post.nick AND post.nick GLOB '{FORGOTTEN}*')
"""
# Nobody erased has a deletion, and nobody else such a nickname.
_REMAINS = """
SELECT id FROM posts WHERE kind <> 'topic' AND id <= (SELECT value FROM counters WHERE name = 'removed')
"""
_LEFT = "SELECT id FROM posts WHERE gone_by IS NOT NULL AND (text <> '' OR revised IS NOT NULL)"
_STRANGE = f"SELECT id FROM posts WHERE kind NOT IN ({', '.join('?' * 8)})"
_ALIKE = (
    "SELECT id FROM posts WHERE (kind = 'whispered') <> (reader IS NOT NULL) AND target IS NULL"
    " AND kind NOT IN ('acted', 'shared')"
)
_FILES = """
SELECT id FROM posts WHERE (kind = 'shared' AND gone_by IS NULL) <> (link IS NOT NULL)
    OR (link IS NULL) <> (sha256 IS NULL) OR (link IS NULL) <> (size IS NULL) OR (link IS NULL) <> (type IS NULL)
    OR length(sha256) <> 64 OR sha256 GLOB '*[^0-9a-f]*' OR size < 0
"""
_GAP = f"""
SELECT id, before FROM (SELECT id, max(lag(id, 1, 0) OVER (ORDER BY id), {_EXPIRED}) AS before FROM posts)
WHERE id < 1 OR (id > {_EXPIRED} AND id <> before + 1)
"""
_AUTHORED = f"""
SELECT id FROM posts WHERE {_IS_MESSAGE} AND id <= {_INDEXED}
    AND NOT EXISTS (
        SELECT * FROM authored
        WHERE authored.author = posts.author AND authored.room = posts.room AND authored.id = posts.id)
UNION ALL
SELECT id FROM authored WHERE NOT EXISTS (
    SELECT * FROM posts
    WHERE posts.id = authored.id AND posts.author = authored.author AND posts.room = authored.room AND gone_by IS NULL)
"""
_UNINDEXED = f"""
SELECT id FROM posts WHERE {_IS_MESSAGE} AND id <= {_INDEXED}
    AND NOT EXISTS (SELECT * FROM search_docsize WHERE search_docsize.id = posts.id)
UNION ALL
SELECT id FROM search_docsize WHERE NOT EXISTS (
    SELECT * FROM posts WHERE posts.id = search_docsize.id AND {_IS_MESSAGE})
"""
_SAMPLE = f"""
SELECT id, room, author, reader FROM posts WHERE {_IS_MESSAGE} AND id <= {_INDEXED}
    AND (id > {_INDEXED} - {SAMPLE} OR id % (1 + {_INDEXED} / {SAMPLE}) = 0)
"""
_KINDS = ("said", "acted", "whispered", "shared", "edited", "deleted", "topic", "moderated")
SHOWN = 10
"""Most faults of one kind that are reported."""


class Audit:
    """A check of the journal in a data folder; nothing is changed except what SQLite tidies up on opening.

    Once ``faults`` has run:
    ``messages``: the number of messages that are neither deleted nor expired; ``head``: the highest number ever used.
    ``of_index``: the faults that only concern the search index, which can be made anew.
    ``cleared``: whether the journal had failed, and can be used again.
    """

    def __init__(self, data: Path) -> None:
        self.path = data / DATABASE
        self.messages = 0
        self.head = 0
        self.of_index: list[str] = []
        self.cleared = False

    def faults(self) -> Iterator[str]:
        """Check everything, and give a sentence for each fault; if there is none, a failed journal can be used again.

        :raises CannotStart: there is no journal, or it has not the form of this version, or a daemon is using it.
        """
        with holding(self.path):
            found = 0
            for fault in self._faults():
                found += 1
                yield fault
            if not found:
                self.cleared = clear_failure(self.path)

    def _faults(self) -> Iterator[str]:
        try:
            with contextlib.closing(connect(self.path)) as database:
                recognise(database, self.path)
                if form(database) < newest_form():
                    raise older(self.path, form(database))
                yield from self.examine(database, read_mark(self.path))
        except sqlite3.Error as error:
            yield f"{self.path} cannot be read: {error}"

    def examine(self, database: sqlite3.Connection, mark: int) -> Iterator[str]:
        """Check everything in a database of the newest form, and give a sentence for each fault.

        :param mark: the highest number known to have been acknowledged; 0: it is not known.
        :raises sqlite3.Error: it cannot be read.
        """
        damaged, pages = damages(database, "integrity_check", SHOWN)
        if damaged:
            yield from damaged
            return
        yield from self._numbers(database, mark)
        yield from self._references(database)
        yield from self._rest(database)
        self.of_index = pages or list(index_faults(database))
        yield from self.of_index

    def _numbers(self, database: sqlite3.Connection, mark: int) -> Iterator[str]:
        """Check that every number from the first to the highest ever used is there, once."""
        counters = dict(database.execute("SELECT name, value FROM counters"))
        (self.head,) = database.execute(HEAD).fetchone() or (0,)
        (last,) = database.execute("SELECT ifnull(max(id), 0) FROM posts").fetchone()
        (self.messages,) = database.execute(MESSAGES).fetchone()
        if max(last, counters.get("expired", 0)) != self.head:
            yield f"the last post is #{last}, but #{self.head} was given"
        if counters.get("indexed", -1) not in range(self.head + 1):
            yield f"the index is said to reach #{counters.get('indexed')}, of #{self.head}"
        if not 0 <= counters.get("removed", -1) <= counters.get("expired", -1) <= self.head:
            yield f"posts up to #{counters.get('expired')} are said to have expired, of #{self.head}"
        yield from _those(database, _REMAINS, "has expired and is said to be removed, but is still there")
        for alias, upto in database.execute("SELECT alias, upto FROM erasures WHERE upto > ?", (self.head,)):
            yield f"{alias} is said to be erased up to #{upto}, of #{self.head}"
        for id, before in database.execute(_GAP).fetchmany(SHOWN):
            yield f"after #{before} comes #{id}" if id > 0 else f"#{id} cannot be the number of a post"
        if mark > self.head:
            yield f"#{mark} was shown already, but the last number given is #{self.head}: posts are missing"

    def _references(self, database: sqlite3.Connection) -> Iterator[str]:
        """Check that the targets of edits and deletions are there, and read as these say."""
        for id, kind, target, missing, later, other in database.execute(_TARGETS).fetchmany(SHOWN):
            why = "is missing" if missing else "is later" if later else "is not a message" if other else "is elsewhere"
            yield f"#{id} ({kind}) changes #{target}, which {why}"
        yield from _those(database, _REPLIES, "answers what is no earlier message of the same conversation")
        yield from _those(database, _REVISED, "does not read as its last edit")
        yield from _those(
            database, _DELETED, "is marked as deleted without a deletion, or is not marked in spite of one"
        )
        yield from _those(database, _LEFT, "is deleted, but its text is still there")

    def _rest(self, database: sqlite3.Connection) -> Iterator[str]:
        yield from _those(database, _STRANGE, "is of an unknown kind", _KINDS)
        yield from _those(database, _ALIKE, "is private without a reader, or public with one")
        yield from _those(database, _FILES, "names no file although it shares one, or one although it shares none")
        for kind, name, value in database.execute("SELECT kind, name, value FROM facts"):
            if not _is_object(value):
                yield f"the fact {kind} {name!r} is not a JSON object"
            elif kind in KINDS and not _is_readable(kind, name, value):
                yield f"the fact {kind} {name!r} lacks a part, or has one that makes no sense"
        for nick, rooms, position, current in database.execute("SELECT nick, rooms, position, current FROM sessions"):
            if position > self.head:
                yield f"the session of {nick} is said to have read up to #{position}, of #{self.head}"
            if not _is_array(rooms):
                yield f"the session of {nick} has no list of rooms"
            elif current and current not in json.loads(rooms):
                yield f"the session of {nick} sends lines to {current}, which is not one of its rooms"


def index_faults(database: sqlite3.Connection) -> Iterator[str]:
    """Check the search index, which ``PRAGMA integrity_check`` does not look into; give a sentence for each fault."""
    if repair(database) is not Repair.NONE:
        yield "the search index was found to be damaged, and is not rebuilt yet"
        return
    try:
        database.execute("INSERT INTO search (search) VALUES ('integrity-check')")
        yield from _those(database, _UNINDEXED, "is missing in the search index, or is there without a message")
        yield from _those(database, _AUTHORED, "and the index of authors disagree")
        missing = (row[0] for row in database.execute(_SAMPLE) if not is_found(database, *row))
        yield from (f"#{id} is not found by the search index" for id in islice(missing, SHOWN))
    except sqlite3.Error as error:
        yield f"the search index is damaged: {error}"


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
