"""Daemons that are broken on purpose: a checker that has never failed proves nothing.

``python -m faults.broken early …`` acknowledges posts before they are committed; ``… off …`` never flushes;
``… forgetful …`` forgets, whenever it ends, which rooms people are in; ``… wandering …`` now and then takes what
somebody says to another room of theirs; ``… leak BYTES …`` leaks so many bytes with each connection.
All further arguments are passed on to twistd.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

from groupchat.daemon import service
from groupchat.doors.reception import Reception
from groupchat.journals.opening import open_journal
from groupchat.model.drafts import StoredSession
from groupchat.state.rooms import LOBBY
from groupchat.verbs.actor import Actor

HELD_S = 600.0
"""Seconds for which acknowledged posts are kept out of the file."""
BESIDE = sys.getsizeof(b"") + 8
"""Bytes that each leaked object takes in addition: its header, and its place in a list."""


class Proxy:
    """A connection to a database that treats some statements differently."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    def execute(self, statement: str, *values: Any) -> Any:
        """Run a statement, or skip it."""
        return self._database.execute(statement, *values)


class Early(Proxy):
    """Claims that each transaction is committed, but commits only now and then."""

    _began = 0.0

    def execute(self, statement: str, *values: Any) -> Any:
        """Run a statement, or only claim to."""
        if statement == "COMMIT" and time.monotonic() < self._began + HELD_S:
            return None
        if statement.startswith("BEGIN"):
            if self._database.in_transaction:
                return None
            self._began = time.monotonic()
        if statement.startswith("PRAGMA synchronous =") and self._database.in_transaction:
            return None
        return super().execute(statement, *values)


class Unflushed(Proxy):
    """Never flushes."""

    def __init__(self, database: Any) -> None:
        super().__init__(database)
        database.execute("PRAGMA synchronous = OFF")

    def execute(self, statement: str, *values: Any) -> Any:
        """Run a statement unless it asks for flushes."""
        return None if statement.startswith("PRAGMA synchronous =") else super().execute(statement, *values)


def broken(proxy: type[Proxy]) -> Callable[[str, Any], Any]:
    """Return a function that opens a journal whose writer has such a connection."""

    def opening(location: str, reactor: Any, options: Any = None) -> Any:
        journal: Any = open_journal(location, reactor)
        writer = journal._writer
        writer._database = writer.index._database = proxy(writer._database)
        return journal

    return opening


def forgetful(location: str, reactor: Any, options: Any = None) -> Any:
    """Open a journal that does not know any more which rooms people were in."""
    journal: Any = open_journal(location, reactor)
    recall = journal.recall

    def forget(stored: StoredSession | None) -> StoredSession | None:
        return stored and replace(stored, rooms=(LOBBY,), current=LOBBY)

    journal.recall = lambda digest: recall(digest).addCallback(forget)
    return journal


def wander() -> None:
    """Say every fifth line of somebody in another room of theirs than they see as current."""
    lines = count(1)
    found = Actor.speaking_room

    def wandering(self: Actor, name: str) -> str:
        room, rooms = found(self, name), self.connection.rooms
        return rooms[0] if not name and next(lines) % 5 == 0 else room

    Actor.speaking_room = wandering  # type: ignore[method-assign]


def leak(size: int) -> None:
    """Leak so many bytes, but at least some 100, whenever a connection is closed."""
    lost: list[bytes] = []
    departed = Reception.departed

    def losing(self: Reception, party: Any) -> None:
        lost.append(bytes(max(size - BESIDE, 0)))
        departed(self, party)

    Reception.departed = losing  # type: ignore[method-assign]


def main() -> None:
    """Run twistd with a fault."""
    fault = sys.argv.pop(1)
    if fault == "leak":
        leak(int(sys.argv.pop(1)))
    elif fault == "wandering":
        wander()
    elif fault == "forgetful":
        service.open_journal = forgetful  # type: ignore[attr-defined]
    else:
        opening = broken({"early": Early, "off": Unflushed}[fault])
        service.open_journal = opening  # type: ignore[attr-defined, assignment]
    from twisted.scripts.twistd import run

    sys.argv[0] = "twistd"
    run()


if __name__ == "__main__":
    main()
