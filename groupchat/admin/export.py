"""``groupchat export``: write a journal as JSON Lines, or what was said for reading, while the daemon runs or not."""

import argparse
import contextlib
import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from groupchat.admin.data import Failed, add_data, journal
from groupchat.admin.progress import Progress
from groupchat.admin.transcripts import TRANSCRIPTS, as_html, exported_name
from groupchat.disk.new_files import new_file, unwritable
from groupchat.exchange.outgoing import Outgoing
from groupchat.files.copying_files import beside, copy_contents, copy_named
from groupchat.files.objects import FOLDER
from groupchat.journals.rules.rights import CHANGES
from groupchat.journals.rules.rows import Row, stored_file
from groupchat.journals.tools.archive import Contents
from groupchat.journals.tools.snapshots import snapshot
from groupchat.model import names, times
from groupchat.model.errors import Refusal
from groupchat.state.rooms import LOBBY

FORMATS = ("jsonl", *TRANSCRIPTS)


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
    :raises Failed: the output cannot be written, or a room does not exist.
    """
    # On a terminal, a progress bar among the lines of the transcript would be a nuisance.
    bar = io.StringIO() if arguments.output is None and sys.stdout.isatty() else sys.stderr
    with (
        snapshot(journal(arguments)) as database,
        Progress("export", bar) as progress,
        _out(arguments.output) as write,
    ):
        contents = Contents(database)
        for room in arguments.room or ():
            if room != LOBBY and not contents.has_room(room):
                raise Failed(f"There is no room {room} in this journal.")
        count = contents.count()
        for piece in _pieces(arguments, contents, lambda done: progress.show(done, count)):
            write(piece)
        missing = _files(arguments, contents, progress)
    for name in missing:
        print(f"! The file {name} is not on this server (yet), so the export lacks it.", file=sys.stderr)
    if arguments.private:
        print("This has what people said to each other in private: keep it as safe as the journal.", file=sys.stderr)
    return 0


def _pieces(arguments: argparse.Namespace, contents: Contents, progress: Callable[[int], object]) -> Iterable[str]:
    """Give the text of the export, in pieces."""
    is_whole = arguments.room is None and arguments.since == float("-inf")

    def is_wanted(row: Row) -> bool:
        return row.at / 1000 >= arguments.since and (arguments.room is None or row.room in arguments.room)

    if arguments.format == "jsonl":
        return Outgoing(contents, is_wanted, arguments.private).lines(is_whole, progress)

    def rows() -> Iterator[Row]:
        for done, row in enumerate(contents.rows(), 1):
            progress(done)
            # Messages read as they do now, so what changed them is left out; so are acts that are not for everybody.
            is_private = row.reader is not None or not row.room
            if row.kind not in CHANGES and is_wanted(row) and (arguments.private or not is_private):
                yield row

    if arguments.format == "html" and arguments.output is not None:
        return as_html(rows(), beside(arguments.output).name)
    return TRANSCRIPTS[arguments.format](rows())


def _files(arguments: argparse.Namespace, contents: Contents, progress: Progress) -> list[str]:
    """Put the files of the messages that were written beside the output; return the names of those that are missing.

    :raises Failed: they cannot be written.
    """
    if arguments.output is None or arguments.format == "text":
        return []
    source, target = journal(arguments).parent / FOLDER, beside(arguments.output)
    rows = [
        row
        for row in contents.shared()
        if row.at / 1000 >= arguments.since
        and (arguments.room is None or row.room in arguments.room)
        and (arguments.private or row.reader is None)
    ]
    try:
        if arguments.format == "html":
            missing = copy_named({exported_name(row): stored_file(row) for row in rows}, source, target)
        else:
            missing = copy_contents(map(stored_file, rows), source, target, progress.show)
    except OSError as error:
        raise Failed(unwritable(target, error)) from error
    return [row.text for row in rows if stored_file(row) in missing]


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
