"""Whether a data folder belongs to a cluster, and to which of its nodes.

Rules:

1. A journal of a cluster is changed by the entries of the log only: whatever else changed it would make it differ.
2. The name of its node stands beside it.  It is there so that a folder is not started as another node by mistake;
   nothing else depends on it.
"""

import contextlib
from pathlib import Path

from groupchat.disk.data_folders import explained, hand_over
from groupchat.disk.new_files import new_file, unwritable
from groupchat.disk.small_files import read_small
from groupchat.journals.nodes.sqlite_nodes import place_of
from groupchat.journals.sqlite.database import form, newest_form
from groupchat.journals.tools.snapshots import snapshot
from groupchat.model.errors import CannotStart
from groupchat.model.node_operations import Place

NODE = "node"
"""The name of the file with the name of the node, in its data folder."""


def place_in(path: Path) -> Place | None:
    """Return how far a journal has carried out the log of a cluster; None: it belongs to none, or is not there.

    :raises CannotStart: it cannot be read.
    """
    try:
        if not path.exists() or not path.stat().st_size:
            return None
    except OSError as error:
        raise explained(error, path.parent) from error
    with snapshot(path, known=False) as database:
        return place_of(database) if form(database) == newest_form() else None


def check_alone(path: Path, instead: str) -> None:
    """Check that a journal may be changed without a log.

    :param instead: what can be done instead, a sentence.
    :raises CannotStart: it belongs to a cluster.
    """
    place = None
    with contextlib.suppress(CannotStart):  # one that cannot be read is told of by whoever wants to use it
        place = place_in(path)
    if place is not None:
        raise CannotStart(
            f"{path} belongs to the cluster {place.cluster[:8]}, whose nodes must not differ; nothing was changed."
            f" {instead}"
        )


def node_of(data: Path) -> str:
    """Return the name of the node that a data folder belongs to; empty: to none, or it is not known.

    :raises CannotStart: the file cannot be read.
    """
    path = data / NODE
    try:
        return read_small(path).decode().strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise CannotStart(f"{path} cannot be used: {why}.") from error


def check_node_of(data: Path, node: str) -> None:
    """Check that a data folder does not belong to another node.

    :raises CannotStart: it does.
    """
    known = node_of(data)
    if known and known != node:
        raise CannotStart(
            f"The data folder {data} is that of the node {known}: start it with --node {known}, or give {node}"
            f" a folder of its own (if {known} is gone for good, remove {data / NODE})."
        )


def forget_node(data: Path) -> None:
    """Remove the name of the node from its data folder, if it is there.

    :raises CannotStart: it cannot be removed.
    """
    try:
        (data / NODE).unlink(missing_ok=True)
    except OSError as error:
        raise CannotStart(unwritable(data / NODE, error)) from error


def keep_node(data: Path, node: str) -> None:
    """Write the name of the node into its data folder.

    :raises CannotStart: it cannot be written.
    """
    if node_of(data) == node:
        return
    path = data / NODE
    try:
        with new_file(path, replace=True) as file:
            file.write(f"{node}\n".encode())
            hand_over(file.fileno(), data)
    except OSError as error:
        raise CannotStart(unwritable(path, error)) from error
