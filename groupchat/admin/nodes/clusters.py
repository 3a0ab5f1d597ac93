"""``groupchat cluster``: how the nodes of a cluster stand, and the way out of it."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from groupchat.admin.data import Failed, add_data
from groupchat.admin.forget import agreed
from groupchat.admin.user import ask
from groupchat.disk.data_folders import data_folder
from groupchat.doors.control import NAME as CONTROL
from groupchat.journals.sqlite.folder import DATABASE
from groupchat.journals.tools.belonging import place_in
from groupchat.journals.tools.leaving import leave
from groupchat.model.wording import plural
from groupchat.verbs.general import compared


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat cluster``."""
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action")
    about = "list the nodes, how far each is, and whether they have the same, from a node that runs"
    add_data(actions.add_parser("status", help=about, description=about))
    about = "take a node that is stopped out of its cluster, so that it can go on alone or begin another one"
    leaving = actions.add_parser("leave", help=about, description=about)
    add_data(leaving)
    leaving.add_argument("--yes", action="store_true", help="do it without asking")


def run(arguments: argparse.Namespace) -> int:
    """Do the action, and return the exit status.

    :raises Failed: no daemon answers, or it is no node.
    :raises CannotStart: the folder belongs to no cluster, or a daemon is using it.
    """
    data = data_folder(arguments.data)
    return _leave(data, arguments.yes) if arguments.action == "leave" else _show(data / CONTROL)


def _leave(data: Path, is_agreed: bool) -> int:
    """Take the node out."""
    question = f"From then on {data} no longer follows the others, and only a seed brings it back. Go on? [y/N] "
    is_node = place_in(data / DATABASE) is not None  # one that is none is told so by what follows
    if is_node and not is_agreed and not agreed(sys.stdin, question):
        raise Failed("Nothing was changed. --yes goes on without asking.")
    place = leave(data)
    entries = plural(place.number, "entry", "entries")
    print(f"{data} belongs to the cluster {place.cluster[:8]} no longer; it had carried out {entries}.")
    return 0


def _show(path: Path) -> int:
    """Print the nodes, as the daemon of one of them knows them; return 1 if they differ, or nothing can be posted."""
    status, nodes = _items(ask(path, {"do": "status"})), _items(ask(path, {"do": "nodes"}))
    if not nodes or not status or "node" not in status[0]:
        raise Failed("This daemon is alone: it is no node of a cluster.")
    own = status[0]
    files = f"; {plural(own['missing'], 'shared file')} to be fetched from others" if own["missing"] else ""
    print(f"{own['node']}: the log is at {own['log']:,}, here {own['applied']:,}{files}")
    width = max(len(one["node"]) for one in nodes)
    for one in nodes:
        behind = max(0, own["log"] - one["applied"])
        place = "up to date" if not behind else f"{behind:,} behind when it last said so"
        more = "  ".join(word for word in (one["version"], one["address"]) if word)
        print(f"  {one['node']:<{width}}  epoch {one['epoch']}  entry {one['applied']:,} ({place})  {more}".rstrip())
    differ, sentence = compared(nodes)
    print(sentence)
    troubles = [one["trouble"] for one in nodes if one["trouble"]]
    for trouble in troubles:
        print(f"Nothing can be posted here: {trouble}")
    return 1 if differ or troubles else 0


def _items(answer: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    """:raises Failed: the daemon refused, or its answer makes no sense."""
    if answer.get("event") == "refused":
        raise Failed(str(answer.get("text", "")))
    items = answer.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Failed("The daemon gave an answer that this version does not understand.")
    return items
