"""``groupchat restore``: make a backup the journal of a daemon that is stopped."""

import argparse
import sys
from pathlib import Path

from groupchat.admin.data import add_data, tell
from groupchat.admin.progress import Progress
from groupchat.disk.data_folders import data_folder
from groupchat.disk.new_files import unwritable
from groupchat.files.copying_files import beside, copy_contents
from groupchat.files.objects import FOLDER
from groupchat.journals.sqlite.database import form, newest_form
from groupchat.journals.sqlite.folder import DATABASE
from groupchat.journals.tools.archive import Contents
from groupchat.journals.tools.restoring import restore
from groupchat.journals.tools.snapshots import snapshot
from groupchat.model.drafts import StoredFile
from groupchat.model.errors import CannotStart
from groupchat.model.wording import plural


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat restore``."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the backup; it stays as it is")
    add_data(parser)
    parser.add_argument(
        "--replace", action="store_true", help="put the journal that is there aside, beside the new one"
    )


def run(arguments: argparse.Namespace) -> int:
    """Restore, and return the exit status.

    :raises CannotStart: the file is not a whole journal, there is one already, or a daemon is using the folder.
    """
    return put(arguments.file, data_folder(arguments.data), arguments.replace)


def put(source: Path, data: Path, replaces: bool, is_seed: bool = False) -> int:
    """Put a backup and its files in place, print what was done, and return the exit status.

    :raises CannotStart: as `run` does.
    """
    # The next start removes what the new journal does not share.
    before = _files(data / DATABASE) if (data / FOLDER).is_dir() else []
    with Progress("restore") as progress:
        restored = restore(source, data, replaces, progress.show, is_seed)
        if restored.aside is not None:
            _link(before, data / FOLDER, beside(restored.aside), progress)
        missing = _link(_files(data / DATABASE), beside(source), data / FOLDER, progress)
    print(f"{data / DATABASE}: {plural(restored.messages, 'message')}, up to #{restored.head}.")
    if restored.aside is not None:
        print(f"The journal that was there is kept as {restored.aside}.")
    for note in restored.notes:
        tell(note)
    if not missing:
        return 0
    told = f"{plural(missing, 'file')} that people share {'is' if missing == 1 else 'are'} not in {beside(source)}"
    if is_seed:
        print(f"{told}; the other nodes give them to this one when it runs.")
        return 0
    print(f"! {told}: put them there, and restore again with --replace.", file=sys.stderr)
    return 1


def _files(journal: Path) -> list[StoredFile]:
    """Return the files that a journal shares; none if it cannot be read: it is about to be replaced."""
    try:
        with snapshot(journal, known=False) as database:
            return Contents(database).files() if form(database) == newest_form() else []
    except CannotStart:
        return []


def _link(files: list[StoredFile], source: Path, target: Path, progress: Progress) -> int:
    """Put contents from one folder into another; return how many are missing."""
    try:
        return len(copy_contents(files, source, target, progress.show)) if files else 0
    except OSError as error:
        raise CannotStart(unwritable(target, error)) from error
