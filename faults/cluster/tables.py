"""The tables of a journal: which must be the same at all nodes of a cluster, and which are a node's own, and why."""

import sqlite3

COMPARED = {
    "posts": "SELECT * FROM posts ORDER BY id",
    "spans": "SELECT * FROM spans ORDER BY first",
    "authored": "SELECT * FROM authored ORDER BY author, room, id",
    "facts": "SELECT * FROM facts ORDER BY kind, name",
    "sessions": "SELECT * FROM sessions ORDER BY digest",
    "session_nodes": "SELECT * FROM session_nodes ORDER BY digest",
    "ended_tokens": "SELECT * FROM ended_tokens ORDER BY author, kept_digest, only_digest",
    "moved": "SELECT * FROM moved ORDER BY author, room",
    "counters": "SELECT * FROM counters WHERE name IN ('expired', 'forgotten', 'erasures') ORDER BY name",
    "erasures": "SELECT * FROM erasures ORDER BY id",
    "imported": "SELECT * FROM imported ORDER BY origin, branch, first",
    "imported_facts": "SELECT * FROM imported_facts ORDER BY digest",
    "place": "SELECT * FROM place",
    "nodes": "SELECT * FROM nodes ORDER BY node",
    "presences": "SELECT * FROM presences ORDER BY handle",
}
"""The tables that are the same at all nodes that have carried out the same entries and have nothing left to tidy up,
each with the query for what is compared."""

OWN = {
    "search": "which words stand in which piece of the index depends on when a node had time to fill and merge it;"
    " “groupchat verify --data” compares it with the posts",
    "origins": "what a file was before it became one of the cluster’s: every file has an identity of its own then",
}
"""The tables that are a node's own, each with the reason."""

OWN_COUNTERS = {
    "head": "it is written when rows are removed, and at the end",
    "indexed": "how far a node has filled its index: when it has time for that",
    "removed": "how far a node has removed what has expired: likewise",
    "merging": "whether a node's index is still to be tidied up",
    "scrubbing": "whether a node's file is still to be overwritten",
}
"""The counters that are a node's own, each with the reason."""


def rows(database: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    """Return what is compared of a table, in the order of its key."""
    return database.execute(COMPARED[table]).fetchall()
