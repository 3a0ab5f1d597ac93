"""Connect to an SQLite file, check it before it is trusted, and upgrade it to the newest form.

The checks at every start take milliseconds, whatever the size of the file:
the header, the schema, the first and last rows, whether the indexes agree with the last rows,
and whether the highest number acknowledged before is there.
SQLite's ``quick_check`` reads the whole file, about a second for each 500 MB when it is cached.
So it runs only after an unclean stop (``lock`` still names a process, or a write-ahead log was left behind),
and only if the file has at most CHECK_MAX bytes, which keeps a restart within two seconds.
In a larger file a damaged page is found when it is read, or by ``groupchat verify``.
"""

import contextlib
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from groupchat.disk.copying import copy
from groupchat.journals.rules.rows import Row, is_message
from groupchat.journals.sqlite.index import leave_alone
from groupchat.journals.sqlite.statements import COLUMNS, HEAD, ROOM_MESSAGES
from groupchat.lazy.expressions import expression
from groupchat.model.errors import CannotStart

APPLICATION = 0x67637430
"""The ``application_id`` of a groupchat database."""

CHECK_MAX = 256 * 2**20
"""Largest file, in bytes, that is checked completely after an unclean stop."""

SCHEMA = Path(__file__).parent / "schema"
"""The folder of the files that upgrade a database from one form to the next."""

LOG_KEPT = 16 * 2**20
"""Bytes of the write-ahead log that are kept when SQLite starts it again from the beginning.

To write where the file has something already takes a third less work than to make the file longer.
"""

INDEX_TABLES = frozenset({
    "search", "search_data", "search_idx", "search_docsize", "search_content", "search_config"
})  # fmt: skip
"""The tables of the search index, which can be made anew."""

_SHARED = expression("2nd reference|freelist", re.IGNORECASE)
"""Damages by which a page of the index may be a page of another table too."""

CACHE_KIB = 16 * 1024
"""Memory for pages of the file, in KiB, of each connection."""
SEARCH_CACHE_KIB = 4 * 1024
"""The same, of the connection that searches: it reads large parts of the index, each once."""

TAIL = 200
"""Last rows that are compared with the indexes at each start."""


_LISTED = f"SELECT count(*) FROM {ROOM_MESSAGES} AND room = ? AND id > ?"
_LAST = f"SELECT {COLUMNS} FROM posts WHERE id > ?"


def connect(path: Path, mode: str = "rw", cache_kib: int = CACHE_KIB) -> sqlite3.Connection:
    """Connect, for use in one other thread.  No transaction is begun implicitly.

    :param mode: ``rw`` or ``ro``.
    :param cache_kib: the most memory for pages of the file, in KiB.
    """
    address = f"file:{quote(str(path))}?mode={mode}"
    database = sqlite3.connect(
        address, uri=True, timeout=5.0, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    try:
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute(f"PRAGMA cache_size = {-cache_kib}")
    except BaseException:
        database.close()
        raise
    return database


@contextlib.contextmanager
def impatient(database: sqlite3.Connection) -> Iterator[None]:
    """Wait for nobody who has locked the file."""
    database.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        database.execute("PRAGMA busy_timeout = 5000")


def opened(path: Path, acknowledged: int, unclean: bool = False, schema: Path = SCHEMA) -> sqlite3.Connection:
    """Check and upgrade a database, or make it if the file is empty, and connect to it for writing.

    :param acknowledged: the highest number known to have been shown to anyone.
    :param unclean: whether the last stop is known to have been unclean.
    :raises CannotStart: the database is damaged, or not ours, or cannot be opened.
    """
    unclean = unclean or _size(path.with_name(path.name + "-wal")) > 0
    with _explained(path):
        database = connect(path)
        try:
            recognise(database, path, schema)
            _configure(database)
            index_is_damaged = unclean and _size(path) <= CHECK_MAX and check_throughout(database, path)
            _upgrade(database, path, schema)
            if index_is_damaged:
                leave_alone(database)
            _check_ends(database, path, acknowledged)
        except BaseException:
            database.close()
            raise
    return database


def damaged(path: Path, what: str) -> CannotStart:
    """Return the error that says that the file is damaged, and what to do."""
    return CannotStart(
        f"{path} is damaged ({what}): run “groupchat verify --data {path.parent}”, or restore it from a backup."
    )


def older(path: Path, version: int) -> CannotStart:
    """Return the error that says that the file has to be upgraded first."""
    return CannotStart(
        f"{path} was written by an older groupchat (form {version}; this one reads form {newest_form()}):"
        " start the daemon once, which upgrades it."
    )


def check_throughout(database: sqlite3.Connection, path: Path) -> bool:
    """Read and check the whole file; return whether pages of the search index are damaged, and nothing else.

    :raises CannotStart: it is damaged.
    """
    found, of_index = damages(database, "quick_check", 20)
    if found:
        raise damaged(path, found[0])
    return bool(of_index)


def damages(database: sqlite3.Connection, check: str, most: int) -> tuple[list[str], list[str]]:
    """Read and check the whole file; return the damages, and those that only concern the search index.

    :param check: ``quick_check`` or ``integrity_check``.
    :param most: how many damages are told.
    :raises sqlite3.Error: the file cannot be read.
    """
    found = _checked(database, f"PRAGMA {check}({most})")
    if not found or any(map(_SHARED.search, found)):
        return found, []
    # SQLite names pages and not tables, so the tables are checked one by one.
    names = [
        name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE rootpage > 0 AND type = 'table'")
    ]
    bad = {name for name in ["sqlite_schema", *names] if _checked(database, f"PRAGMA {check}('{name}')")}
    by_fts5 = all("fts5" in line.lower() for line in found)  # from SQLite 3.44 on, it asks FTS5 too
    if (bad or by_fts5) and bad <= INDEX_TABLES:
        return [], found
    return found, []


def _checked(database: sqlite3.Connection, statement: str) -> list[str]:
    try:
        return [" ".join(line.split()) for (line,) in database.execute(statement) if line != "ok"]
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise
        return [str(error)]


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_NOTADB:
            raise CannotStart(f"{path} is not a groupchat database.") from error
        if code is not None and code & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN):
            raise CannotStart(f"{path} cannot be opened: {error}.") from error
        raise damaged(path, str(error)) from error
    except OSError as error:
        raise CannotStart(f"{error.filename} cannot be written: {error.strerror}.") from error


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def _number(database: sqlite3.Connection, query: str) -> int:
    (found,) = database.execute(query).fetchone()
    return int(found or 0)


def recognise(database: sqlite3.Connection, path: Path, schema: Path = SCHEMA) -> None:
    """Check that the database is one of ours, or empty, and that this version knows its form.

    :raises CannotStart: it is something else, or was written by a newer version.
    :raises sqlite3.Error: it cannot be read.
    """
    empty = _number(database, "PRAGMA page_count") == 0 or _number(database, "PRAGMA schema_version") == 0
    if not empty and _number(database, "PRAGMA application_id") != APPLICATION:
        raise CannotStart(f"{path} is not a groupchat database.")
    version, newest = form(database), newest_form(schema)
    if version > newest:
        raise CannotStart(
            f"{path} was written by a newer groupchat (form {version}; this one knows forms up to {newest})."
        )


def form(database: sqlite3.Connection) -> int:
    """Return the number of the last upgrade that the database had; 0: it is empty."""
    return _number(database, "PRAGMA user_version")


def newest_form(schema: Path = SCHEMA) -> int:
    """Return the number of the newest upgrade."""
    return max(int(file.stem) for file in schema.glob("[0-9]*.sql"))


def _configure(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("PRAGMA wal_autocheckpoint = 0")
    database.execute(f"PRAGMA journal_size_limit = {LOG_KEPT}")
    database.execute("PRAGMA secure_delete = ON")
    database.execute("PRAGMA temp_store = MEMORY")


def _upgrade(database: sqlite3.Connection, path: Path, schema: Path) -> None:
    """Apply the upgrades that are newer than the database, after copying it."""
    steps = {int(file.stem): file for file in schema.glob("[0-9]*.sql")}
    version = form(database)
    if 0 < version < max(steps):
        copy(database, path.with_name(f"{path.name}.v{version}.bak"))
    _apply(database, {number: file for number, file in steps.items() if number > version})
    if version == 0:
        _scrub(database)


def make(database: sqlite3.Connection) -> None:
    """Make the tables of the newest form in an empty file.  Raises sqlite3.Error."""
    _apply(database, {int(file.stem): file for file in SCHEMA.glob("[0-9]*.sql")})
    _scrub(database)


def _apply(database: sqlite3.Connection, steps: dict[int, Path]) -> None:
    for step in sorted(steps):
        script = steps[step].read_text(encoding="utf-8")
        try:
            database.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {step};\nCOMMIT;")
        except sqlite3.Error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise


def _scrub(database: sqlite3.Connection) -> None:
    """Have deleted words removed from the index at once, not at the next merge."""
    if sqlite3.sqlite_version_info >= (3, 42):
        database.execute("INSERT INTO search (search, rank) VALUES ('secure-delete', 1)")


def _check_ends(database: sqlite3.Connection, path: Path, acknowledged: int) -> None:
    """Compare the first and last rows with the indexes and counters."""
    counters = dict(database.execute("SELECT name, value FROM counters"))
    if not counters.keys() >= {"head", "indexed"}:
        raise damaged(path, "its counters are missing")
    last, head = _number(database, "SELECT max(id) FROM posts"), _number(database, HEAD)
    if acknowledged > head:
        raise CannotStart(
            f"{path} ends at #{head}, but #{acknowledged} was shown already: posts are missing; run"
            f" “groupchat verify --data {path.parent}”, or restore a backup;"
            f" to go on without them remove {path.name}-head."
        )
    database.execute("SELECT * FROM posts ORDER BY id LIMIT 1").fetchall()
    rows = [Row(*row) for row in database.execute(_LAST, (last - TAIL,))]
    said = [row.room for row in rows if is_message(row) and row.reader is None]
    for room, count in Counter(said).items():
        if database.execute(_LISTED, (room, last - TAIL)).fetchone() != (count,):
            raise damaged(path, "its newest posts and their index disagree")
