"""``groupchat restore``: make a backup the journal of a daemon that is stopped."""

import argparse
from pathlib import Path

from groupchat.admin.data import add_data
from groupchat.admin.progress import Progress
from groupchat.disk.data_folders import data_folder
from groupchat.journals.sqlite.folder import DATABASE
from groupchat.journals.tools.restoring import restore
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
    data = data_folder(arguments.data)
    with Progress("restore") as progress:
        restored = restore(arguments.file, data, arguments.replace, progress.show)
    print(f"{data / DATABASE}: {plural(restored.messages, 'message')}, up to #{restored.head}.")
    if restored.aside is not None:
        print(f"The journal that was there is kept as {restored.aside}.")
    for note in restored.notes:
        print(note)
    return 0
