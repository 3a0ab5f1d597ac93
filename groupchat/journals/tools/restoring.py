"""Put a backup in the place of a journal that no daemon is using."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace as replace_fields
from pathlib import Path
from urllib.parse import quote

from groupchat.disk.copying import fill
from groupchat.disk.data_folders import explained, hand_over, make_private, user_name
from groupchat.disk.new_files import unfinished, unwritable
from groupchat.journals.nodes.sqlite_nodes import leave_cluster, place_of
from groupchat.journals.sqlite.database import APPLICATION, damages, form, newest_form, recognise
from groupchat.journals.sqlite.folder import DATABASE, clear_failure, holding
from groupchat.journals.sqlite.replacement import fresh_path, replace
from groupchat.journals.sqlite.statements import HEAD
from groupchat.journals.tools.audit import MESSAGES, Audit
from groupchat.journals.tools.belonging import check_alone
from groupchat.lazy.records import record
from groupchat.model.errors import CannotStart


@record
class Restored:
    """The result of a restore.

    ``messages`` and ``head``: the number of messages, and the highest number ever used.
    ``aside``: where the journal is that was there before; None: there was none.
    ``notes``: what the administrator should know, as sentences.
    """

    messages: int
    head: int
    aside: Path | None
    notes: tuple[str, ...]


def restore(
    source: Path, data: Path, replaces: bool, progress: Callable[[int, int], object] = lambda done, total: None,
    is_seed: bool = False,
) -> Restored:  # fmt: skip
    """Check a backup, and make it the journal of a data folder, with the owner of that folder.

    Until the backup was copied and checked as a whole, nothing is changed; then it takes its place at once.

    :param replaces: whether a journal that is there is put aside.
    :param is_seed: whether it is the journal of a node of the cluster from which the backup is; otherwise it belongs
        to no cluster any more.
    :param progress: called with the number of pages copied, and of all pages.
    :raises CannotStart: the backup is not a whole journal, or there is a journal already, or a daemon is using it.
    """
    path = data / DATABASE
    with _source(source) as database:
        is_new = _make_folder(data)
        with holding(path, is_there=False), _taken_back(data, is_new):
            has_old = _has_journal(path)
            if has_old and os.path.samefile(source, path):
                raise CannotStart(f"{source} is the journal that is to be replaced.")
            if has_old and not replaces:
                raise CannotStart(
                    f"There is a journal {path} already; nothing was changed. --replace puts it aside and"
                    f" {'seeds' if is_seed else 'restores'}."
                )
            if has_old and not is_seed:
                check_alone(path, (
                    f"“groupchat seed --from {source} --data {data} --node NAME --replace” gives a node another copy;"
                    " to make a single server of the backup, restore it into another folder."
                ))  # fmt: skip
            was_open = make_private(data)
            restored = _put(source, database, path, _aside(path) if has_old else None, progress, is_seed)
            _clear(path)
    return _noted(restored, data, is_new, was_open)


def _put(
    source: Path, database: sqlite3.Connection, path: Path, aside: Path | None,
    progress: Callable[[int, int], object], is_seed: bool,
) -> Restored:  # fmt: skip
    fresh = fresh_path(path)
    try:
        with unfinished(fresh, replace=True) as (descriptor, part):
            hand_over(descriptor, path.parent)
            try:
                fill(database, part, progress, check=False)
            except sqlite3.Error as error:
                raise _not_whole(source, str(error)) from error
            restored = _examined(source, part, aside)
            was_node = _settle(source, part, is_seed)
        replace(path, aside)
    except OSError as error:
        raise CannotStart(unwritable(path, error)) from error
    if was_node and not is_seed:
        alone = (
            "The backup is that of a node, but what was restored belongs to no cluster: start it as a single server, or"
            " as the first node of a new cluster."
        )
        return replace_fields(restored, notes=(*restored.notes, alone))
    return restored


def _settle(source: Path, copy: Path, is_seed: bool) -> bool:
    """Take a copy out of its cluster, unless it is for a node of that; return whether it was in one.

    :raises CannotStart: a seed is of no cluster, or of an older version.
    """
    with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as database:
        is_newest = form(database) == newest_form()
        place = place_of(database) if is_newest else None
        if is_seed and place is None:
            why = "is not of a node of a cluster" if is_newest else "is of an older version"
            raise CannotStart(f"{source} {why}; make the backup of a node that runs. Nothing was changed.")
        if place is not None and not is_seed:
            (head,) = database.execute(HEAD).fetchone()
            leave_cluster(database, head)
    return place is not None


@contextlib.contextmanager
def _source(path: Path) -> Iterator[sqlite3.Connection]:
    """Connect to a backup, which stays as it is.

    :raises CannotStart: it cannot be read, or is not a journal that this version knows.
    """
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        if not path.is_file():
            raise CannotStart(f"{path} is not a file.")
        has_log = os.path.exists(f"{path}-wal")
    except OSError as error:
        raise CannotStart(f"{path} cannot be read: {error.strerror}.") from error
    # Without a log, its folder need not be writable.  With one, the newest messages are in that.
    address = f"file:{quote(str(path.absolute()))}?mode=ro{'' if has_log else '&immutable=1'}"
    try:
        with contextlib.closing(sqlite3.connect(address, uri=True, isolation_level=None)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            if database.execute("PRAGMA application_id").fetchone() != (APPLICATION,):
                raise CannotStart(f"{path} is not a backup of groupchat.")
            recognise(database, path)
            yield database
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            raise CannotStart(f"{path} is not a backup of groupchat.") from error
        raise _not_whole(path, str(error)) from error


def _examined(source: Path, copy: Path, aside: Path | None) -> Restored:
    """Check the copy of a backup.

    :raises CannotStart: it is not a whole journal.
    """
    notes: list[str] = []
    try:
        with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            audit = Audit(copy.parent)
            if form(database) < newest_form():
                faults, _ = damages(database, "integrity_check", 1)
                (audit.head,) = database.execute(HEAD).fetchone()
                (audit.messages,) = database.execute(MESSAGES).fetchone()
                notes.append("It is of an older version: the daemon upgrades it at its start.")
            else:
                faults = list(audit.examine(database, mark=0))
    except sqlite3.Error as error:
        raise _not_whole(source, str(error)) from error
    if len(faults) > len(audit.of_index):
        raise _not_whole(source, faults[0])
    if audit.of_index:
        notes.append(f"Its search index is damaged ({audit.of_index[0]}): “groupchat reindex” rebuilds it.")
    return Restored(audit.messages, audit.head, aside, tuple(notes))


def _not_whole(source: Path, what: str) -> CannotStart:
    return CannotStart(f"{source} is damaged ({what}); nothing was changed.")


def _make_folder(data: Path) -> bool:
    """Make the data folder if there is none; return whether that was so.

    :raises CannotStart: it cannot be made, or belongs to somebody else.
    """
    try:
        data.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        pass
    except OSError as error:
        raise explained(error, data) from error
    else:
        return True
    try:
        owner = os.stat(os.path.join(data, ".")).st_uid
    except OSError as error:
        raise explained(error, data) from error
    if os.geteuid() not in (0, owner):
        name = user_name(owner)
        raise CannotStart(f"The data folder {data} belongs to {name}; run this as {name}, or as root.")
    return False


@contextlib.contextmanager
def _taken_back(data: Path, is_new: bool) -> Iterator[None]:
    """Remove a folder that was made for a restore which is refused then, while its lock keeps daemons out."""
    try:
        yield
    except CannotStart:
        if is_new:
            with contextlib.suppress(OSError):  # somebody else has put something there meanwhile
                (data / "lock").unlink(missing_ok=True)
                data.rmdir()
        raise


def _has_journal(path: Path) -> bool:
    """Return whether there is a journal: a file without any content is none."""
    try:
        return os.stat(path).st_size > 0
    except FileNotFoundError:
        return False


def _aside(path: Path) -> Path:
    """Return an unused name for the journal that is put aside."""
    name = f"{path.name}.{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    found, number = path.with_name(name), 1
    while os.path.lexists(found):
        number += 1
        found = path.with_name(f"{name}-{number}")
    return found


def _clear(path: Path) -> None:
    """Let the next start use the journal, although the one before had failed."""
    try:
        clear_failure(path)
    except OSError as error:
        raise CannotStart(f"{path} was restored, but {error.filename} cannot be removed: {error.strerror}.") from error


def _noted(restored: Restored, data: Path, is_new: bool, was_open: str) -> Restored:
    """Add what is to be known about the folder."""
    notes = list(restored.notes)
    if is_new and os.geteuid() == 0:
        notes.append(f"{data} is new and belongs to root; for a daemon that runs as another user: chown -R USER {data}")
    elif was_open:
        notes.append(f"{data} was open to others (mode {was_open}); now it is not.")
    return replace_fields(restored, notes=tuple(notes))
