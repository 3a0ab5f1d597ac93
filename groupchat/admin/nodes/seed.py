"""``groupchat seed``: give a new node of a cluster what the others have, from a backup of one of them."""

import argparse
from pathlib import Path

from groupchat.admin.copies.restore import put
from groupchat.admin.data import add_data
from groupchat.disk.data_folders import data_folder
from groupchat.journals.opening import check_node
from groupchat.journals.tools.belonging import check_node_of, keep_node


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat seed``."""
    parser.add_argument(
        "--from", dest="file", metavar="BACKUP", type=Path, required=True, help="a backup of a node; it stays as it is"
    )
    parser.add_argument("--node", metavar="NAME", required=True, help="the name of the new node")
    add_data(parser)
    parser.add_argument(
        "--replace", action="store_true", help="put the journal that is there aside: this node was away for too long"
    )


def run(arguments: argparse.Namespace) -> int:
    """Make the data folder of the node, and return the exit status.

    :raises CannotStart: the file is not a whole backup of a node, the folder has a journal or is another node's, or a
        daemon is using it.
    """
    data = data_folder(arguments.data)
    check_node(arguments.node)
    check_node_of(data, arguments.node)
    status = put(arguments.file, data, arguments.replace, is_seed=True)
    keep_node(data, arguments.node)
    print(f"This is the node {arguments.node} now. Start it: --journal etcd://HOST:PORT,… --node {arguments.node}")
    return status
