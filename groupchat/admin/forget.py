"""``groupchat forget``: erase everything a person said, and remove their account."""

import argparse
import sys
import time
from typing import TextIO

from groupchat.admin.data import Failed, add_data, journal
from groupchat.admin.progress import Progress
from groupchat.disk.data_folders import check_journal
from groupchat.journals.tools.archive import Archive
from groupchat.journals.tools.traces import Traces
from groupchat.model.wording import listed, plural


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat forget``."""
    parser.add_argument("nick", metavar="NICK", help="the nickname of the account, and of guests who used it")
    add_data(parser)
    parser.add_argument("--yes", action="store_true", help="erase without asking")


def run(arguments: argparse.Namespace) -> int:
    """Print what would be erased, ask, erase it, and return the exit status.  The daemon must be stopped.

    :raises Failed: there is nothing to erase, or no consent.
    :raises CannotStart: there is no journal, or a daemon is using it.
    """
    path = journal(arguments)
    check_journal(path)
    with Archive(path) as archive:
        traces = Traces(archive, arguments.nick)
        if not (traces.messages or traces.topics or traces.facts):
            raise Failed(f"{arguments.nick} has said nothing in {path}, and has no account there.")
        counts = [(len(traces.messages), "message"), (len(traces.topics), "topic")]
        found = [plural(count, noun) for count, noun in counts if count]
        if traces.has_account:
            found.append(f"the account {arguments.nick}")
        if not arguments.yes and not agreed(sys.stdin, f"Erase {listed(found)}? This cannot be undone. [y/N] "):
            raise Failed("Nothing was erased. --yes erases without asking.")
        with Progress("erasing") as progress:
            traces.erase(time.time(), progress.show)
    print(f"Erased {listed(found)}. Backups, and files *.bak beside the journal, still have them.")
    return 0


def agreed(stream: TextIO, question: str) -> bool:
    """Ask a question on a terminal; return whether the answer is yes.  Elsewhere there is nobody to ask."""
    if not stream.isatty():
        return False
    print(question, end="", flush=True)
    return stream.readline().strip().lower() in ("y", "yes")
