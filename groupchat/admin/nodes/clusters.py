"""``groupchat cluster``: how the nodes of a cluster stand, and the way out of it."""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from groupchat.admin.data import Failed, add_data, tell
from groupchat.admin.forget import agreed
from groupchat.admin.user import ask
from groupchat.disk.data_folders import data_folder
from groupchat.doors.control import NAME as CONTROL
from groupchat.journals.sqlite.folder import DATABASE, holding
from groupchat.journals.tools.belonging import place_in
from groupchat.journals.tools.leaving import leave
from groupchat.model.node_operations import Place
from groupchat.model.times import minute
from groupchat.model.wording import plural
from groupchat.verbs.general import compared, ended_words


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
    tell(f"{data} belongs to the cluster {place.cluster[:8]} no longer; it had carried out {_entries(place)}.")
    return 0


def _entries(place: Place) -> str:
    return plural(place.number, "entry", "entries")


def _remove(path: Path, node: str) -> int:
    """Have the nodes remember one no longer that is gone."""
    status = _items(ask(path, {"do": "status"}))
    answer = ask(path, {"do": "removenode", "name": node})
    if answer.get("event") == "refused":
        raise Failed(str(answer.get("text", "")))
    tell(f"The node {node} is removed: it is listed as gone no longer. Nothing on its disk was changed.")
    tell(f"If {node} is started again, it is a node again; to keep it out, take away its access to etcd.")
    missing = status[0].get("missing", 0) if status else 0
    if missing:
        are = "shared file is" if missing == 1 else "shared files are"
        tell(f"{missing:,} {are} not here yet: what only {node} had is lost with its disk.")
    return 0


def _show(path: Path) -> int:
    """Print the nodes, as the daemon of one of them knows them.

    :return: 1 if they differ, or nothing can be posted here, or the others are not seen, or one is gone.
    """
    status, nodes = _items(ask(path, {"do": "status"})), _items(ask(path, {"do": "nodes"}))
    if not nodes or not status or "node" not in status[0]:
        raise Failed("This daemon is alone: it is no node of a cluster.")
    for line in report(status[0], nodes, time.time()):
        tell(line)
    alive, gone = _parted(nodes)
    is_hindered = any(one["trouble"] or one.get("unseen") for one in nodes)
    return 1 if compared(alive)[0] or is_hindered or gone else 0


def report(own: Mapping[str, Any], nodes: Sequence[dict[str, Any]], now: float) -> Iterator[str]:
    """Give the lines about the nodes: of what is not known they say nothing.

    :param own: the status of the node that was asked.
    :param now: seconds since 1970 UTC.
    """
    alive, gone = _parted(nodes)
    troubles = [one["trouble"] for one in nodes if one["trouble"]]
    epoch = next((one["epoch"] for one in alive if one["own"]), 0)
    files = f"; {plural(own['missing'], 'shared file')} to be fetched from others" if own["missing"] else ""
    if not epoch:
        log = "the log is not read yet"
    else:
        log = f"the log {'was' if troubles else 'is'} at {own['log']:,}{' when it was read last' if troubles else ''}"
    yield f"{own['node']}: {log}, here {own['applied']:,}{files}"
    width = max(len(one["node"]) for one in nodes)
    for one in alive:
        more = "".join(f"  {word}" for word in (one["version"], one["address"]) if word)
        yield f"  {one['node']:<{width}}  {_progress(one, own['log'], not troubles)}{more}"
    for one in gone:
        place = f"  entry {one['applied']:,}" if one["applied"] else ""
        since = f"{ended_words(bool(one.get('stopped')))} since {_utc(_seconds(one['gone']))}"
        yield f"  {one['node']:<{width}}  epoch {one['epoch']}{place}  {since}"
    yield compared(alive)[1]
    for one in gone:
        yield f"{one['node']} is {'stopped' if one.get('stopped') else 'gone'}. {_return(one, now, bool(troubles))}"
    yield from (one["unseen"] for one in nodes if one.get("unseen"))
    for trouble in troubles:
        yield f"Nothing can be posted here. {trouble}"


def _return(node: Mapping[str, Any], now: float, is_troubled: bool) -> str:
    """Say what becomes of a node that is gone when it is started again.

    :param is_troubled: nothing can be posted, so the log may be another one by then, or none.
    """
    if is_troubled:
        return "Before it can come back, or be removed, mend what is said below."
    until = _seconds(node["until"])
    if until > now:
        # Above that the log is compacted at once, for all; only the node that compacts it knows when it was so.
        way = (
            f"If it is started before {_utc(until)}, it resumes where it stopped (unless it was far behind then, or"
            " etcd more than 60 % full since)."
        )
        rest = " Otherwise it"
    else:
        way, rest = "", "It"
    return (
        f"{way}{rest} may have to be seeded again, with --replace; its start says so."
        f" If it does not come back: groupchat cluster remove {node['node']}"
    )


def _seconds(written: str) -> float:
    return datetime.fromisoformat(written).timestamp()


def _utc(at: float) -> str:
    return f"{minute(at, UTC)} UTC"


def _parted(nodes: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the nodes that are alive, and those that are gone."""
    return [one for one in nodes if not one.get("gone")], [one for one in nodes if one.get("gone")]


def _progress(node: Mapping[str, Any], head: int, is_known: bool) -> str:
    """Say how far a node is that is alive.

    :param head: the newest entry that was read; ``is_known``: there is no newer one.
    """
    if not node["epoch"]:
        return f"entry {node['applied']:,} (waits for its place in the cluster)"
    if not node["applied"]:
        return f"epoch {node['epoch']}  has just started"
    behind = max(0, head - node["applied"])
    if behind:
        place = f"{behind:,} behind when it last said so"
    else:
        place = "up to date" if is_known else "whether that is up to date is not known"
    return f"epoch {node['epoch']}  entry {node['applied']:,} ({place})"


def _items(answer: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    """:raises Failed: the daemon refused, or its answer makes no sense."""
    if answer.get("event") == "refused":
        raise Failed(str(answer.get("text", "")))
    items = answer.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Failed("The daemon gave an answer that this version does not understand.")
    return items
