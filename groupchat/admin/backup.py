"""``groupchat backup``: copy all messages and accounts, while the daemon runs or not."""

import argparse
from pathlib import Path

from groupchat.admin.data import FAILED, add_data, journal
from groupchat.admin.progress import Progress
from groupchat.daemon.process import complain
from groupchat.journals.tools.snapshots import back_up
from groupchat.model.errors import CannotStart


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat backup``."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the copy to make; the file must not exist yet")
    add_data(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make the copy, and return the exit status."""
    try:
        with Progress("backup") as progress:
            back_up(journal(arguments), arguments.file, progress.show)
    except CannotStart as error:
        complain(str(error))
        return FAILED
    print(f"{arguments.file}: {arguments.file.stat().st_size:,} bytes")
    return 0
