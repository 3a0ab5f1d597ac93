"""Find and erase what a person leaves in a journal: messages, topics, account, and reading positions."""

import json
import sqlite3
from collections.abc import Callable

from groupchat.journals.rules.rows import Row, is_message
from groupchat.journals.sqlite.statements import COLUMNS
from groupchat.journals.tools.archive import Archive
from groupchat.model import names
from groupchat.model.drafts import MESSAGES, Amendment, Draft, Fact, FactChange, Kind
from groupchat.model.events import SERVER, AuthorId

BATCH = 500
"""Messages erased in one transaction."""

_OF = f"SELECT {COLUMNS} FROM posts WHERE kind IN ('said', 'acted', 'whispered', 'topic') ORDER BY id"


class Traces:
    """Everything of one nickname: of its account, and of guests who used it.

    ``messages``: those not deleted; ``topics``: the numbers of the topics they set;
    ``facts``: the facts to remove; ``has_account``: whether their account is one of these.
    """

    def __init__(self, archive: Archive, nick: str) -> None:
        """Find everything; this reads the whole journal."""
        self._database: sqlite3.Connection = archive.database
        self._archive = archive
        key = names.key(nick)
        rows = self._database.execute("SELECT kind, name, value FROM facts")
        facts = [Fact(kind, name, json.loads(value)) for kind, name, value in rows]
        accounts = {fact.name: fact.value["author"] for fact in facts if fact.kind == "account" and fact.value}
        self._theirs = accounts.get(key)
        others = {author for name, author in accounts.items() if name != key}
        found = [
            row
            for row in map(Row._make, self._database.execute(_OF))
            if row.author == self._theirs or (row.author not in others and names.key(row.nick) == key)
        ]
        self.messages = [row for row in found if row.kind in MESSAGES and is_message(row)]
        self.topics = [row.id for row in found if row.kind == Kind.TOPIC and row.text]
        self.authors = {row.author for row in found} | ({self._theirs} if self._theirs is not None else set())
        self.has_account = self._theirs is not None
        self.facts = [Fact(fact.kind, fact.name, None) for fact in facts if self._is_theirs(fact, key)]

    def _is_theirs(self, fact: Fact, key: str) -> bool:
        if fact.kind == "account":
            return fact.name == key
        mine = str(self._theirs)
        return self._theirs is not None and (fact.name.startswith(f"{mine}/") or fact.name.endswith(f"/{mine}"))

    def erase(self, now: float, progress: Callable[[int, int], object]) -> None:
        """Overwrite the texts, also in the index, and remove the rest.  After an error, calling it again goes on.

        :param now: the time of the deletions, in seconds since 1970 UTC.
        :param progress: called with the number of messages erased, and of all messages.
        :raises JournalUnavailable: it may work later.
        :raises JournalBroken: it will never work.
        """
        for start in range(0, len(self.messages), BATCH):
            rows = self.messages[start : start + BATCH]
            self._archive.append(
                [Draft(Kind.DELETED, AuthorId(row.author), row.nick, now, target=row.id) for row in rows]
            )
            progress(start + len(rows), len(self.messages))
        database = self._database
        database.executemany("UPDATE posts SET text = '' WHERE id = ?", [(id,) for id in self.topics])
        database.executemany("DELETE FROM sessions WHERE author = ?", [(author,) for author in self.authors])
        self._archive.append([Amendment(SERVER, now, tuple(map(FactChange, self.facts)))])
        # Merges the index, so that nothing of a deleted word stays in an old part of it.
        database.execute("INSERT INTO search (search) VALUES ('optimize')")
