"""``groupchat forget``: erase everything a person said, their account and their nickname."""

import argparse
import secrets
import sys
import time
from pathlib import Path
from typing import TextIO

from groupchat.admin.data import Failed, add_data, journal, tell
from groupchat.admin.user import ask, is_running
from groupchat.disk.data_folders import check_journal
from groupchat.doors.control import NAME as CONTROL
from groupchat.journals.tools.archive import Archive
from groupchat.journals.tools.belonging import check_alone, node_of
from groupchat.journals.tools.traces import Traces, traces
from groupchat.model import names
from groupchat.model.drafts import Deed, Draft, Erase, Kind
from groupchat.model.events import SERVER
from groupchat.model.wording import listed, plural


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat forget``."""
    parser.add_argument("nick", metavar="NICK", help="the nickname of the account, and of guests who used it")
    add_data(parser)
    parser.add_argument("--yes", action="store_true", help="erase without asking")


def run(arguments: argparse.Namespace) -> int:
    """Print what would be erased, ask, erase it, and return the exit status; a daemon that runs does it itself.

    :raises Failed: there is nothing to erase, or no consent, or the daemon refuses.
    :raises CannotStart: there is no journal, or it cannot be used, or it belongs to a cluster.
    """
    path = journal(arguments)
    check_journal(path)
    if is_running(path.parent / CONTROL):
        _through_daemon(arguments, path)
    else:
        check_alone(path, "Run this beside a node that is running: then all nodes erase it.")
        with Archive(path) as archive:
            found = _agreed_to(arguments, path)
            alias = names.pseudonym(secrets.randbits(32))
            deed = Deed("forget", f"erased everything {alias} had said", alias)
            act = Draft(Kind.MODERATED, SERVER, "server", time.time(), text=deed.encode())
            archive.append([Erase(names.key(arguments.nick), alias, SERVER), act])
        print(f"Erased {found}. {alias} stands for them now.")
    print(elsewhere(path))
    return 0


def elsewhere(path: Path) -> str:
    """Say where else the person is: in backups, and in journals of before that were put aside."""
    aside = sorted(file.name for file in path.parent.glob(f"{path.name}.*") if not file.name.endswith("-head"))
    here = f", and so may these files in {path.parent}: {listed(aside)}" if aside else ""
    said = f"Backups that were made before still have it{here}."
    if not node_of(path.parent):
        return said
    return f"{said} Look on every other node, too: for its backups, and for journals put aside (chat.db.DATE)."


def _through_daemon(arguments: argparse.Namespace, path: Path) -> None:
    found = _agreed_to(arguments, path)
    answer = ask(path.parent / CONTROL, {"do": "forget", "name": arguments.nick, "yes": True})
    if answer.get("event") == "refused":
        raise Failed(str(answer.get("text", "")))
    tell(f"Erased {found}. {answer.get('text', '')}")


def _agreed_to(arguments: argparse.Namespace, path: Path) -> str:
    """Find what there is, and ask; return it as words.

    :raises Failed: there is nothing, or no consent.
    """
    found: Traces = traces(path, names.key(arguments.nick))
    if not found:
        raise Failed(f"{arguments.nick} has said nothing in {path}, has no account there, and is not named.")
    counts = [(found.messages, "message"), (found.topics, "topic")]
    told = [plural(count, noun) for count, noun in counts if count]
    if found.has_account:
        told.append(f"the account {arguments.nick}")
    words = listed(told or [f"what names {arguments.nick}: sessions, decisions, private messages to them"])
    if not arguments.yes and not agreed(sys.stdin, f"Erase {words}? This cannot be undone. [y/N] "):
        raise Failed("Nothing was erased. --yes erases without asking.")
    return words


def agreed(stream: TextIO, question: str) -> bool:
    """Ask a question on a terminal; return whether the answer is yes.  Elsewhere there is nobody to ask."""
    if not stream.isatty():
        return False
    print(question, end="", flush=True)
    return stream.readline().strip().lower() in ("y", "yes")
