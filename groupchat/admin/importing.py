"""``groupchat import``: add what ``groupchat export`` wrote to a journal that no daemon is using."""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from groupchat.admin.data import Failed, add_data, journal
from groupchat.admin.progress import Progress
from groupchat.disk.new_files import unwritable
from groupchat.exchange.incoming import IMPORTED, LEFT_OUT, THERE, Incoming
from groupchat.files.copying_files import beside, copy_contents
from groupchat.files.objects import FOLDER
from groupchat.journals.tools.archive import Archive
from groupchat.journals.tools.belonging import check_alone
from groupchat.model.errors import JournalUnavailable, Refusal
from groupchat.model.text import escape
from groupchat.model.wording import listed, plural

LONGEST = 1 << 20
"""Most bytes of a line: no message takes more."""

SHOWN = 10
"""Most accounts that are named."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat import``."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the JSON Lines that groupchat export wrote")
    add_data(parser)
    parser.add_argument(
        "--same-people",
        action="store_true",
        help="an account here and one of the same nickname in the file are the same person, who may edit their"
        " messages, and read what was private; otherwise the messages belong to nobody here",
    )


def run(arguments: argparse.Namespace) -> int:
    """Import all lines, or none if one is not valid; what is there already is not imported again.

    :raises Failed: the file cannot be read, or a line is not valid; nothing was imported.
    :raises CannotStart: a daemon is using the journal, or it belongs to a cluster.
    """
    path = arguments.file
    _look(path)
    check_alone(
        journal(arguments), "Import into a single server, which then becomes the first node of a cluster of its own."
    )
    try:
        with Archive(journal(arguments)) as archive:
            with archive.writing() as batch, Progress("importing") as progress:
                incoming = Incoming(archive, batch, arguments.same_people)
                _take(path, incoming, progress)
            with Progress("indexing") as progress:
                archive.index(progress.show)
    except JournalUnavailable as error:
        raise Failed(f"{error} Nothing was imported.") from error
    missing = _take_files(path, journal(arguments).parent / FOLDER, incoming)
    print(f"messages and the like: {_told(incoming.posts)}")
    if missing:
        print(
            f"{plural(missing, 'file')} that people shared {'is' if missing == 1 else 'are'} not in {beside(path)}, and"
            " cannot be fetched here; importing the same once more, with that folder, adds them."
        )
    if incoming.facts:
        print(f"accounts and decisions: {_told(incoming.facts)}")
    for reason, count in incoming.reasons.most_common():
        print(f"left out {count:,}: {reason}")
    if incoming.replies_lost:
        print(f"imported as no reply {incoming.replies_lost:,}: the message that it answers is not here")
    if incoming.accounts:
        print(f"No password was imported for {_named(incoming.accounts)}: set one with “groupchat user password NAME”.")
    if incoming.strangers:
        print(
            f"There is another account here with the nickname of {_named(incoming.strangers)}, so what was said from"
            " the one in the file belongs to nobody here. If they are the same people, import with --same-people"
            " into a journal without these messages."
        )
    return 0


def _take_files(path: Path, shelf: Path, incoming: Incoming) -> int:
    """Take over the contents of files, which stand beside what was exported; return how many are missing.

    :raises Failed: they cannot be written.
    """
    try:
        return len(copy_contents(incoming.files, beside(path), shelf))
    except OSError as error:
        raise Failed(unwritable(shelf, error)) from error


def _told(counts: "Counter[str]") -> str:
    return ", ".join(f"{what} {counts[what]:,}" for what in (IMPORTED, THERE, LEFT_OUT))


def _named(accounts: list[str]) -> str:
    more = len(accounts) - SHOWN
    return listed([*accounts[:SHOWN], *([plural(more, "other")] if more > 0 else [])])


def _look(path: Path) -> None:
    """Raise Failed if the file cannot be read, before anything is made."""
    try:
        with path.open("rb"):  # nothing is read: what came through a pipe would be lost
            pass
    except OSError as error:
        raise Failed(f"{path}: {error.strerror}.") from error


def _take(path: Path, incoming: Incoming, progress: Progress) -> None:
    """Read all lines and take them over.

    :raises Failed: the file cannot be read, or a line is not valid.
    """
    line = 0
    try:
        for line, given in _lines(path, progress):
            incoming.take(given(), line)
        incoming.finish()
    except (Refusal, ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError) as error:
        raise Failed(f"{path}, line {line}: {escape(str(error))[:300]}; nothing was imported.") from error


def _lines(path: Path, progress: Progress) -> Iterator[tuple[int, Callable[[], Any]]]:
    """Give the number of each line, and a function that reads it.

    :raises Failed: the file cannot be read.
    """
    try:
        size = path.stat().st_size
        done = 0
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST), b""), 1):
                done += len(line)
                progress.show(done, size)
                yield number, partial(_json, line)
    except OSError as error:
        raise Failed(f"{path}: {error.strerror}; nothing was imported.") from error


def _json(line: bytes) -> Any:
    """Read a line.  Raises ValueError."""
    if len(line) == LONGEST:
        raise ValueError("this line is too long")
    return json.loads(line)
