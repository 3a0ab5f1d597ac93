"""Replace a journal by another one, all or nothing, also when the process dies in the middle.

A journal is up to four files: the database, its write-ahead log, the index of that, and the mark.
They cannot be renamed at once, and a database beside the log of another is destroyed when SQLite opens it.
So the new database is first made whole under a name of its own, ``NAME-new``, and ``NAME-swap`` is written.
From then on it is the journal: whoever holds the folder next finishes what is left to do.
"""

import contextlib
import json
import os
from pathlib import Path

from groupchat.disk.data_folders import hand_over
from groupchat.disk.new_files import flush_folder, new_file

MARK = "-head"
"""The end of the mark's name, after the name of the database."""
_PIECES = ("-wal", MARK, "")
"""The files of a journal that are kept together, by what follows the name of the database."""


def fresh_path(database: Path) -> Path:
    """Return the path at which the new database is made."""
    return database.with_name(f"{database.name}-new")


def replace(database: Path, aside: Path | None, *, keeps_mark: bool = False) -> None:
    """Put the new database, which is whole, in the place of the old one.  The caller holds the folder.

    :param aside: where the old one is kept, in the same folder; None: it is removed.
    :param keeps_mark: whether the mark stays, because the new database has the same posts.
    :raises OSError: it was not replaced, or will be when the folder is held next.
    """
    with new_file(_swap_path(database), replace=True) as file:
        name = None if aside is None else aside.name
        file.write(json.dumps({"aside": name, "keeps_mark": keeps_mark}).encode())
        hand_over(file.fileno(), database.parent)  # who starts next finishes it if this process dies
    finish(database)


def is_begun(database: Path) -> bool:
    """Return whether a replacement was begun and is to be finished."""
    return os.path.lexists(_swap_path(database))


def finish(database: Path) -> None:
    """Finish a replacement that was begun, if there is one.  The caller holds the folder.

    :raises OSError: files cannot be renamed.
    """
    swap, fresh = _swap_path(database), fresh_path(database)
    try:
        about = json.loads(swap.read_bytes())
    except FileNotFoundError:
        return
    name, keeps_mark = about["aside"], about["keeps_mark"]
    aside = None if name is None else database.with_name(os.path.basename(name))
    if fresh.exists():
        for piece in _PIECES:
            if keeps_mark and piece == MARK:
                continue
            old = database.with_name(database.name + piece)
            with contextlib.suppress(FileNotFoundError):
                if aside is None:
                    old.unlink()
                else:
                    old.replace(aside.with_name(aside.name + piece))
        database.with_name(f"{database.name}-shm").unlink(missing_ok=True)
        flush_folder(database.parent)
        fresh.replace(database)
        flush_folder(database.parent)
    swap.unlink()
    flush_folder(database.parent)


def _swap_path(database: Path) -> Path:
    return database.with_name(f"{database.name}-swap")
