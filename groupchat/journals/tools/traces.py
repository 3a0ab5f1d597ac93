"""Find what a person leaves in a journal, before it is erased: messages, topics, an account, and what names them."""

import json
import sqlite3
import sys
from pathlib import Path

from groupchat.facts.account_facts import Account
from groupchat.facts.erased_people import NAMING, forgetting
from groupchat.facts.kinds import read
from groupchat.journals.rules.erasures import Erasure
from groupchat.journals.rules.rows import Row, is_message
from groupchat.journals.sqlite.gone import Gone
from groupchat.journals.sqlite.statements import COLUMNS, SESSION, session_of
from groupchat.journals.tools.snapshots import snapshot
from groupchat.lazy.records import record
from groupchat.model.drafts import MESSAGES, Fact, Kind
from groupchat.model.events import AuthorId

_KINDS = "('said', 'acted', 'whispered', 'shared', 'topic', 'moderated')"
_OF = f"SELECT {COLUMNS} FROM posts WHERE id > ? AND kind IN {_KINDS} ORDER BY id"


@record
class Traces:
    """The traces of one nickname: of its account, and of guests who used it.

    ``messages``: those not deleted; ``topics``: those that are not empty.
    ``is_named``: they have a session, or are named where others decided, did or said something privately.
    """

    messages: int
    topics: int
    has_account: bool
    is_named: bool

    def __bool__(self) -> bool:
        return bool(self.messages or self.topics or self.has_account or self.is_named)


def traces(path: Path, key: str) -> Traces:
    """Find what there is of the nickname with this key; this reads the whole journal.

    :raises CannotStart: there is no journal, or it cannot be read.
    """
    with snapshot(path) as database:
        gone = Gone(database)
        facts = database.execute("SELECT name, value FROM facts WHERE kind = ?", (Account.KIND,))
        accounts = {name: json.loads(value)["author"] for name, value in facts}
        theirs = accounts.pop(key, None)
        person = Erasure(key, "", theirs, frozenset(accounts.values()), 0, sys.maxsize)
        messages = topics = 0
        is_named = _has_session(database, person) or _is_in_facts(database, person)
        for found in database.execute(_OF, (gone.expired,)):
            row = gone.masked(Row(*found))
            if person.is_named(row.author, row.nick):
                messages += row.kind in MESSAGES and is_message(row)
                topics += row.kind == Kind.TOPIC and bool(row.text)
            is_telling = row.kind in _TELLING or row.reader is not None or row.reply is not None
            if is_telling and row.gone_by is None:
                is_named = is_named or person.applied(row, _NoRows()) != row
        return Traces(messages, topics, theirs is not None, is_named)


_TELLING = (Kind.SHARED, Kind.MODERATED)
"""The kinds of post that may name somebody else."""


class _NoRows:
    """What messages and acts are judged by that change no other row."""

    def find(self, id: int) -> Row | None:
        """Find nothing."""
        return None

    def deletion(self, id: int) -> Row | None:
        """Find nothing."""
        return None


def _has_session(database: sqlite3.Connection, person: Erasure) -> bool:
    sessions = map(session_of, database.execute(f"SELECT {SESSION} FROM sessions"))
    return any(person.is_named(one.author, one.nick) or person.unnamed(one) != one for one in sessions)


def _is_in_facts(database: sqlite3.Connection, person: Erasure) -> bool:
    author = None if person.author is None else AuthorId(person.author)
    for kind in NAMING:
        for name, value in database.execute("SELECT name, value FROM facts WHERE kind = ?", (kind,)):
            before = read(Fact(kind, name, json.loads(value)))
            if before is not None and forgetting(before, person.key, person.alias, author) != before:
                return True
    return False
