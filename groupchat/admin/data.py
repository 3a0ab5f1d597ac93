"""The common parts of administration commands: the data folder, and the error that ends a command."""

import argparse
from pathlib import Path

from groupchat.disk.data_folders import data_folder
from groupchat.journals.sqlite.folder import DATABASE
from groupchat.model.text import harmless


class Failed(Exception):
    """The command could not do what it was asked to do; one sentence, shown without a traceback."""


def tell(line: str) -> None:
    """Print a line that has words from elsewhere: a terminal obeys none of them, and it stays one line."""
    print(harmless(line))


def add_data(parser: argparse.ArgumentParser) -> None:
    """Declare the option that names the data folder."""
    parser.add_argument(
        "--data", metavar="DIR", help="the daemon's data folder (default: $STATE_DIRECTORY, or groupchat-data here)"
    )


def journal(arguments: argparse.Namespace) -> Path:
    """Return the path of the journal in the data folder."""
    return data_folder(arguments.data) / DATABASE
