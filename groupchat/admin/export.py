"""``groupchat export``: print what was said as JSON Lines, text or a page, while the daemon runs or not."""

import argparse
import contextlib
import io
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from groupchat.admin.data import Failed, add_data, journal
from groupchat.admin.progress import Progress
from groupchat.admin.transcripts import FORMATS
from groupchat.disk.new_files import new_file, unwritable
from groupchat.journals.rules.rows import Row
from groupchat.journals.tools.archive import reading
from groupchat.model import names, times
from groupchat.model.errors import Refusal

CHANGES = {"edited", "deleted"}
"""Rows that change others; those are exported as they read now."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat export``."""
    add_data(parser)
    parser.add_argument("--room", metavar="ROOM", type=_room, action="append", help="only this room; can be repeated")
    parser.add_argument(
        "--since", metavar="TIME", type=_time, default=float("-inf"),
        help="only from this time on: 2026-11-21, 2026-11-21T09:30 (UTC unless it has a zone), or 7d, 12h ago",
    )  # fmt: skip
    parser.add_argument("--format", choices=FORMATS, default="jsonl", help="default: jsonl, which can be imported")
    parser.add_argument("--private", action="store_true", help="also what people said to each other in private")
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=Path,
        help="a new file to write to (default: standard output)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the transcript, and return the exit status.

    :raises CannotStart: there is no journal.
    :raises Failed: the output cannot be written.
    """
    # On a terminal, a progress bar among the lines of the transcript would be a nuisance.
    bar = io.StringIO() if arguments.output is None and sys.stdout.isatty() else sys.stderr
    with (
        reading(journal(arguments)) as (count, rows),
        Progress("export", bar) as progress,
        _out(arguments.output) as write,
    ):
        wanted = _wanted(arguments, rows, lambda done: progress.show(done, count))
        for piece in FORMATS[arguments.format](wanted):
            write(piece)
    return 0


def _wanted(arguments: argparse.Namespace, rows: Iterator[Row], progress: Callable[[int], object]) -> Iterator[Row]:
    """Give the rows that were asked for."""
    for done, row in enumerate(rows, 1):
        progress(done)
        is_private = row.reader is not None or not row.room  # such as the ban of an address
        if (
            row.kind in CHANGES
            or row.at / 1000 < arguments.since
            or (is_private and not arguments.private)
            or (arguments.room and row.room not in arguments.room)
        ):
            continue
        yield row


@contextlib.contextmanager
def _out(path: Path | None) -> Iterator[Callable[[str], object]]:
    """Open the output, and give the function that writes to it; a new file is readable by its owner only.

    It has its name only when it is whole.

    :raises Failed: the file exists, or cannot be written.
    """
    if path is None:
        sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
        yield sys.stdout.write
        sys.stdout.flush()
        return
    try:
        with new_file(path) as file:
            yield lambda piece: file.write(piece.encode())
    except OSError as error:
        raise Failed(unwritable(path, error)) from error


def _room(text: str) -> str:
    try:
        return names.room(text)
    except Refusal as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _time(text: str) -> float:
    """Read a time or a duration before now, and return seconds since 1970 UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        try:
            return time.time() - times.parse(text)
        except Refusal as error:
            raise argparse.ArgumentTypeError(f"{text!r} is neither a time nor a duration") from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
