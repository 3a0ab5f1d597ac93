"""``groupchat reindex``: make the search index of a stopped daemon's journal anew."""

import argparse

from groupchat.admin.data import add_data, journal
from groupchat.admin.progress import Progress
from groupchat.journals.tools.rebuilding import rebuild


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat reindex``."""
    add_data(parser)


def run(arguments: argparse.Namespace) -> int:
    """Rebuild the index, and return the exit status.

    :raises CannotStart: there is no journal, it is damaged elsewhere too, or a daemon is using it.
    """
    path = journal(arguments)
    with Progress("reindex") as progress:
        head = rebuild(path, progress.show)
    print(f"{path}: everything up to #{head} can be searched.")
    return 0
