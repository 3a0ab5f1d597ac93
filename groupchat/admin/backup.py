"""``groupchat backup``: a copy of all messages and accounts, made while the daemon runs or not."""

import argparse
from pathlib import Path

from groupchat.admin.progress import Progress
from groupchat.daemon.process import complain, data_folder
from groupchat.journals.tools.audit import DATABASE
from groupchat.journals.tools.copying import back_up
from groupchat.model.errors import CannotStart

FAILED = 1
"""The exit status when there is no copy."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what stands behind ``groupchat backup``."""
    parser.add_argument("file", metavar="FILE", type=Path, help="where the copy is made; nothing may be there yet")
    add_data(parser)


def add_data(parser: argparse.ArgumentParser) -> None:
    """Let the data folder be named."""
    parser.add_argument(
        "--data", metavar="DIR", help="the daemon's data folder (default: $STATE_DIRECTORY, or groupchat-data here)"
    )


def journal(arguments: argparse.Namespace) -> Path:
    """The journal in the data folder."""
    return data_folder(arguments.data) / DATABASE


def run(arguments: argparse.Namespace) -> int:
    """Make the copy."""
    try:
        with Progress("backup") as progress:
            back_up(journal(arguments), arguments.file, progress.show)
    except CannotStart as error:
        complain(str(error))
        return FAILED
    print(f"{arguments.file}: {arguments.file.stat().st_size:,} bytes")
    return 0
