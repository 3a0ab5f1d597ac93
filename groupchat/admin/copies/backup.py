"""``groupchat backup``: copy all messages and accounts, while the daemon runs or not."""

import argparse
import sys
from pathlib import Path

from groupchat.admin.data import add_data, journal
from groupchat.admin.progress import Progress
from groupchat.disk.new_files import unwritable
from groupchat.files.copying_files import beside, copy_contents, without
from groupchat.files.objects import FOLDER, place
from groupchat.journals.sqlite.database import form, newest_form
from groupchat.journals.tools.archive import Contents
from groupchat.journals.tools.belonging import place_in
from groupchat.journals.tools.snapshots import back_up, snapshot
from groupchat.model.drafts import StoredFile
from groupchat.model.errors import CannotStart
from groupchat.model.wording import plural


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat backup``."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the copy to make; the file must not exist yet")
    add_data(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make the copy, and return the exit status.

    :raises CannotStart: there is no journal, the copy cannot be made, or the file exists.
    """
    path, target, folder = journal(arguments), arguments.file, beside(arguments.file)
    kept = path.parent / FOLDER
    with Progress("backup") as progress:
        # Contents first: while the journal is copied, a file that is deleted may be removed.
        if not target.exists() and (known := _files(path)):
            _copy(known, kept, folder, progress)
        back_up(path, target, progress.show)
        files = _files(target)
        missing = _copy(files, kept, folder, progress) if files else []
    without(files, folder)
    print(f"{target}: {target.stat().st_size:,} bytes")
    if files:
        print(f"{folder}: {plural(len(files) - len(missing), 'file')} that people share; keep it beside the other.")
    for one in missing:
        print(f"! {place(kept, one.sha256)} is missing or damaged, and so it is in the backup.", file=sys.stderr)
    if missing and place_in(target) is not None:
        print("Another node of the cluster may have them: they come here while both run.", file=sys.stderr)
    return 1 if missing else 0


def _files(path: Path) -> list[StoredFile]:
    with snapshot(path, known=False) as database:
        return Contents(database).files() if form(database) == newest_form() else []


def _copy(files: list[StoredFile], source: Path, target: Path, progress: Progress) -> list[StoredFile]:
    try:
        return copy_contents(files, source, target, progress.show)
    except OSError as error:
        raise CannotStart(unwritable(target, error)) from error
