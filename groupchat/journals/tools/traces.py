"""Find what a person leaves in a journal, before it is erased: how many messages and topics, and an account."""

import json
from dataclasses import dataclass
from pathlib import Path

from groupchat.facts.account_facts import Account
from groupchat.journals.rules.erasures import Erasure
from groupchat.journals.rules.rows import Row, is_message
from groupchat.journals.sqlite.gone import Gone
from groupchat.journals.sqlite.statements import COLUMNS
from groupchat.journals.tools.snapshots import snapshot
from groupchat.model.drafts import MESSAGES, Kind

_OF = f"SELECT {COLUMNS} FROM posts WHERE id > ? AND kind IN ('said', 'acted', 'whispered', 'topic') ORDER BY id"


@dataclass(frozen=True, slots=True)
class Traces:
    """The traces of one nickname: of its account, and of guests who used it.

    ``messages``: those not deleted; ``topics``: those that are not empty.
    """

    messages: int
    topics: int
    has_account: bool

    def __bool__(self) -> bool:
        return bool(self.messages or self.topics or self.has_account)


def traces(path: Path, key: str) -> Traces:
    """Find what there is of the nickname with this key; this reads the whole journal.

    :raises CannotStart: there is no journal, or it cannot be read.
    """
    with snapshot(path) as database:
        gone = Gone(database)
        facts = database.execute("SELECT name, value FROM facts WHERE kind = ?", (Account.KIND,))
        accounts = {name: json.loads(value)["author"] for name, value in facts}
        theirs = accounts.pop(key, None)
        person = Erasure(key, "", theirs, frozenset(accounts.values()), 0, 0)
        messages = topics = 0
        for found in database.execute(_OF, (gone.expired,)):
            row = gone.masked(Row(*found))
            if person.is_named(row.author, row.nick):
                messages += row.kind in MESSAGES and is_message(row)
                topics += row.kind == Kind.TOPIC and bool(row.text)
        return Traces(messages, topics, theirs is not None)
