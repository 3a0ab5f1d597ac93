"""A daemon that is a node of a cluster: its journal, and where the others reach it.

Imported only then: a daemon that is alone imports nothing of a cluster.
"""

import socket
from dataclasses import replace
from typing import Any

from groupchat.config.settings import Settings
from groupchat.daemon import process
from groupchat.daemon.options import Locations
from groupchat.interfaces.storage import IJournal
from groupchat.journals.opening import open_journal
from groupchat.journals.tools.belonging import check_node_of, keep_node


def open_node(locations: Locations, settings: Settings, reactor: Any, port: int) -> IJournal:
    """Open the journal of a node; it joins the cluster by its ``start``.

    :param port: the first port where people connect; 0: it has no number.
    :raises CannotStart: the data folder, the location of the log, or a file for TLS cannot be used.
    """
    node = locations.node
    assert node is not None
    check_node_of(locations.data, node.node)
    address = settings.node_address or (f"{socket.gethostname()}:{port}" if port else "")
    options = replace(node, version=process.release(), address=address, keep_h=settings.log_keep_h)
    return open_journal(locations.log, reactor, options)


def joined(locations: Locations) -> None:
    """Note in the data folder which node has joined the cluster with it.

    :raises CannotStart: it cannot be written.
    """
    assert locations.node is not None
    keep_node(locations.data, locations.node.node)
