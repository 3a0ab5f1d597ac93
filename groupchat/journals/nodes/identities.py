"""The identity under which a file numbers its posts, as its exports state it; see ``journals/tools/origins.py``.

Rules:

1. Whoever gives numbers of one sequence has one identity: all nodes of a cluster have that of the cluster, which
   follows from its id.  It is no part of an entry, and of no digest.
2. Whoever leaves the sequence has another identity from then on.  What it and the others say from then on may have the
   same numbers, and stays apart.
3. What was numbered before keeps its identity and its number.  So the posts that two files have in common are known
   from each, and so is what was exported before.
"""

import hashlib
import secrets
import sqlite3

OWN = 0
"""The origin that is this file itself.  What it was formerly has the numbers below, what was imported those above."""

_RUNS = "SELECT start, start + last - first FROM imported ORDER BY start"
_KEEP = "INSERT INTO imported VALUES (?, ?, ?, ?, ?)"


def cluster_identity(cluster: str) -> str:
    """Return the identity of all nodes of the cluster with this id."""
    return hashlib.sha256(f"groupchat cluster {cluster}".encode()).hexdigest()[:32]


def go_on_alone(database: sqlite3.Connection, head: int) -> None:
    """Have a file number what comes after ``head`` under an identity that nothing else has."""
    go_on_as(database, secrets.token_hex(16), head)


def go_on_as(database: sqlite3.Connection, identity: str, head: int) -> None:
    """Have a file number what comes after ``head`` under this identity; within the caller's transaction."""
    if database.execute("SELECT 1 FROM origins WHERE id = ? AND identity = ?", (OWN, identity)).fetchone() is not None:
        return
    (former,) = database.execute("SELECT min(id) - 1 FROM origins").fetchone()
    _move(database, OWN, former)
    # Numbers that stand there already are those of posts which were lost and have come back at another place.
    (branch,) = database.execute(
        "SELECT ifnull(max(branch) + 1, 0) FROM imported WHERE origin = ?", (former,)
    ).fetchone()
    first = 1
    for start, end in [*database.execute(_RUNS).fetchall(), (head + 1, head)]:
        if first < start:
            database.execute(_KEEP, (former, branch, first, start - 1, first))
        first = end + 1
    known = database.execute("SELECT id FROM origins WHERE identity = ?", (identity,)).fetchone()
    if known is None:
        database.execute("INSERT INTO origins VALUES (?, ?)", (OWN, identity))
    else:
        _move(database, known[0], OWN)


def _move(database: sqlite3.Connection, origin: int, to: int) -> None:
    """Give an origin another number, which is free."""
    database.execute("UPDATE origins SET id = ? WHERE id = ?", (to, origin))
    for table in ("imported", "imported_facts"):
        database.execute(f"UPDATE {table} SET origin = ? WHERE origin = ?", (to, origin))
