"""``groupchat forget``: erase everything a person said, and remove their account."""

import argparse
import sys
import time

from groupchat.admin.data import FAILED, add_data, journal
from groupchat.admin.progress import Progress
from groupchat.daemon.process import complain
from groupchat.journals.tools.archive import Archive
from groupchat.journals.tools.traces import Traces
from groupchat.model.errors import CannotStart, JournalBroken, JournalUnavailable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat forget``."""
    parser.add_argument("nick", metavar="NICK", help="the nickname of the account, and of guests who used it")
    add_data(parser)
    parser.add_argument("--yes", action="store_true", help="erase without asking")


def run(arguments: argparse.Namespace) -> int:
    """Print what would be erased, ask, erase it, and return the exit status.  The daemon must be stopped."""
    path = journal(arguments)
    try:
        if not path.is_file():
            raise CannotStart(f"There is no journal {path}.")
        with Archive(path) as archive:
            traces = Traces(archive, arguments.nick)
            if not (traces.messages or traces.topics or traces.facts):
                raise CannotStart(f"{arguments.nick} has said nothing in {path}, and has no account there.")
            what = f"{len(traces.messages):,} messages, {len(traces.topics):,} topics"
            what += f", the account {arguments.nick}" if traces.has_account else ", no account"
            if not arguments.yes and not _agreed(f"Erase {what}? This cannot be undone. [y/N] "):
                raise CannotStart("Nothing was erased. --yes erases without asking.")
            with Progress("erasing") as progress:
                traces.erase(time.time(), progress.show)
    except (CannotStart, JournalBroken, JournalUnavailable) as error:
        complain(str(error))
        return FAILED
    print(f"Erased {what}. Backups, and files *.bak beside the journal, still have them.")
    return 0


def _agreed(question: str) -> bool:
    return sys.stdin.isatty() and input(question).strip().lower() in ("y", "yes")
