"""Let a node of a cluster fetch files from the others, and give them its own."""

from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred, succeed

from groupchat.files.others.fetching import Fetching
from groupchat.files.others.file_requests import Requests, Transfer
from groupchat.files.others.node_proofs import new_secret
from groupchat.interfaces.files import IOtherShelves, IShelf
from groupchat.interfaces.storage import IClusterJournal, NodeCard
from groupchat.model.drafts import StoredFile


class LateRequests:
    """Asks nodes for files; what that needs, Twisted's Agent above all, is loaded with the first of them."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._requests: Requests | None = None

    def ask(self, node: NodeCard, file: StoredFile, take: Callable[[bytes], bool]) -> Transfer:
        """Ask a node for a file."""
        if self._requests is None:
            from groupchat.files.others.node_requests import NodeRequests  # a node starts sooner without it

            self._requests = NodeRequests(self._reactor)
        return self._requests.ask(node, file, take)

    def close(self) -> "Deferred[None]":
        """Close the connections that are kept."""
        return succeed(None) if self._requests is None else self._requests.close()


def open_others(journal: IClusterJournal, shelf: IShelf, reactor: Any, fingerprint: Callable[[], str]) -> IOtherShelves:
    """Return what fetches files for this node's shelf; its card is to say how others come to them.

    To be called before the journal starts.

    :param fingerprint: returns the SHA-256 of the certificate that is served.
    """

    def nodes() -> Mapping[str, NodeCard]:
        return {name: card for name, card in journal.standing().nodes.items() if name != journal.node}

    secret = new_secret()
    journal.introduce(secret, fingerprint)
    return Fetching(shelf, nodes, LateRequests(reactor), reactor, secret)
