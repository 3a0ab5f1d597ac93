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
from groupchat.journals.sqlite.folder import DATABASE, holding
from groupchat.journals.tools.belonging import place_in
from groupchat.journals.tools.leaving import leave
from groupchat.model.node_operations import Place
from groupchat.model.wording import plural
from groupchat.verbs.general import compared


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat cluster``."""
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action")
    about = "list the nodes, how far each is, and whether they have the same, from a node that runs"
    add_data(actions.add_parser("status", help=about, description=about))
    about = "list a node no longer that is gone for good, by a node that runs; nothing that it had is removed"
    removing = actions.add_parser("remove", help=about, description=about)
    removing.add_argument("node", metavar="NODE", help="the name of the node that is gone")
    add_data(removing)
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
    if arguments.action == "leave":
        return _leave(data, arguments.yes)
    return _show(data / CONTROL) if arguments.action == "status" else _remove(data / CONTROL, arguments.node)


def _leave(data: Path, is_agreed: bool) -> int:
    """Take the node out."""
    with holding(data / DATABASE):  # who would be refused is told so before being asked
        place = place_in(data / DATABASE)
    if place is not None and not is_agreed:  # one that belongs to none is told so by what follows
        how_far = f"{data} has carried out {_entries(place)} of the cluster {place.cluster[:8]}."
        question = (
            f"{how_far} From then on it no longer follows the others, and only a seed brings it back. Go on? [y/N] "
        )
        if not agreed(sys.stdin, question):
            raise Failed(f"{how_far} Nothing was changed. --yes goes on without asking.")
    place = leave(data)
    print(f"{data} belongs to the cluster {place.cluster[:8]} no longer; it had carried out {_entries(place)}.")
    return 0


def _entries(place: Place) -> str:
    return plural(place.number, "entry", "entries")


def _remove(path: Path, node: str) -> int:
    """Have the nodes remember one no longer that is gone."""
    status = _items(ask(path, {"do": "status"}))
    answer = ask(path, {"do": "removenode", "name": node})
    if answer.get("event") == "refused":
        raise Failed(str(answer.get("text", "")))
    print(f"The node {node} is removed: it is listed as gone no longer. Nothing on its disk was changed.")
    print(f"If {node} is started again, it is a node again; to keep it out, take away its access to etcd.")
    missing = status[0].get("missing", 0) if status else 0
    if missing:
        are = "shared file is" if missing == 1 else "shared files are"
        print(f"{missing:,} {are} not here yet: what only {node} had is lost with its disk.")
    return 0


def _show(path: Path) -> int:
    """Print the nodes, as the daemon of one of them knows them.

    :return: 1 if they differ, or nothing can be posted here, or one is gone.
    """
    status, nodes = _items(ask(path, {"do": "status"})), _items(ask(path, {"do": "nodes"}))
    if not nodes or not status or "node" not in status[0]:
        raise Failed("This daemon is alone: it is no node of a cluster.")
    own = status[0]
    files = f"; {plural(own['missing'], 'shared file')} to be fetched from others" if own["missing"] else ""
    print(f"{own['node']}: the log is at {own['log']:,}, here {own['applied']:,}{files}")
    width = max(len(one["node"]) for one in nodes)
    alive, gone = [one for one in nodes if not one.get("gone")], [one for one in nodes if one.get("gone")]
    for one in alive:
        behind = max(0, own["log"] - one["applied"])
        place = "up to date" if not behind else f"{behind:,} behind when it last said so"
        more = "  ".join(word for word in (one["version"], one["address"]) if word)
        print(f"  {one['node']:<{width}}  epoch {one['epoch']}  entry {one['applied']:,} ({place})  {more}".rstrip())
    for one in gone:
        place = f"  entry {one['applied']:,}" if one["applied"] else ""
        print(f"  {one['node']:<{width}}  epoch {one['epoch']}{place}  gone since {one['gone']}")
    differ, sentence = compared(alive)
    print(sentence)
    for one in gone:
        print(
            f"{one['node']} is gone. It goes on where it was when it is started before {one['until']}; after that seed"
            f" it with --replace. If it does not come back: groupchat cluster remove {one['node']}"
        )
    troubles = [one["trouble"] for one in nodes if one["trouble"]]
    for trouble in troubles:
        print(f"Nothing can be posted here: {trouble}")
    return 1 if differ or troubles or gone else 0


def _items(answer: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    """:raises Failed: the daemon refused, or its answer makes no sense."""
    if answer.get("event") == "refused":
        raise Failed(str(answer.get("text", "")))
    items = answer.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Failed("The daemon gave an answer that this version does not understand.")
    return items
