"""Let a node of a cluster fetch files from the others, and give them its own."""

from collections.abc import Callable, Mapping
from typing import Any

from groupchat.files.others.fetching import Fetching
from groupchat.files.others.node_proofs import new_secret
from groupchat.files.others.node_requests import NodeRequests
from groupchat.interfaces.files import IOtherShelves, IShelf
from groupchat.interfaces.storage import IClusterJournal, NodeCard


def open_others(journal: IClusterJournal, shelf: IShelf, reactor: Any, fingerprint: Callable[[], str]) -> IOtherShelves:
    """Return what fetches files for this node's shelf; its card is to say how others come to them.

    To be called before the journal starts.

    :param fingerprint: returns the SHA-256 of the certificate that is served.
    """

    def nodes() -> Mapping[str, NodeCard]:
        return {name: card for name, card in journal.standing().nodes.items() if name != journal.node}

    secret = new_secret()
    journal.introduce(secret, fingerprint)
    return Fetching(shelf, nodes, NodeRequests(reactor), reactor, secret)
