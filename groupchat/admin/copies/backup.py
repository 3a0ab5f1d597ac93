"""``groupchat backup``: copy all messages and accounts, while the daemon runs or not."""

import argparse
from pathlib import Path

from groupchat.admin.data import add_data, journal
from groupchat.admin.progress import Progress
from groupchat.journals.tools.snapshots import back_up


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat backup``."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the copy to make; the file must not exist yet")
    add_data(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make the copy, and return the exit status.

    :raises CannotStart: there is no journal, the copy cannot be made, or the file exists.
    """
    with Progress("backup") as progress:
        back_up(journal(arguments), arguments.file, progress.show)
    print(f"{arguments.file}: {arguments.file.stat().st_size:,} bytes")
    return 0
