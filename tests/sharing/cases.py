"""What the tests of shared files have in common."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.files.memory_shelf import MemoryShelf
from groupchat.model.events import Done
from tests.house import House, Peer

CAT = b"\x89PNG\r\n\x1a\n" + bytes(1000)


class SharingCase(SynchronousTestCase):
    """A house with a shelf in memory, where alice has an account and bob is a guest."""

    settings: dict[str, Any] = {}

    def setUp(self) -> None:
        self.house = House(registration="open", **self.settings)
        self.shelf = self.house.hall.sharing.files.shelf = MemoryShelf()
        self.hall = self.house.hall
        self.alice = self.house.connect("json").offer("alice", password="a good password", register=True)
        (self.bob,) = self.house.come("bob")
        self.alice.take()
        self.bob.take()

    def send(self, peer: Peer, name: str = "cat.png", **fields: object) -> Any:
        """Ask to send a file; return the fields of the answer."""
        peer.take()
        peer.do("send", name=name, **fields)
        (answer,) = peer.answers
        self.assertIsInstance(answer, Done, answer)
        assert isinstance(answer, Done)
        return answer.fields

    def refusal(self, peer: Peer, name: str = "cat.png", **fields: object) -> str:
        """Ask to send a file that is refused; return the code."""
        peer.take()
        peer.do("send", name=name, **fields)
        (code,) = peer.codes
        return code

    def upload(self, ticket: str, content: bytes = CAT, length: int | None = None) -> Any:
        """Send a content with a ticket; return the number of the post, or the refusal."""
        upload = self.hall.sharing.redeem(ticket, length, lambda: None)
        upload.write(content)
        return result(upload.finish())

    def share(self, peer: Peer, content: bytes = CAT, **fields: Any) -> int:
        """Share a file; return its number."""
        number: int = self.upload(self.send(peer, **fields)["ticket"], content)
        return number

    def fetch(self, link: str) -> Any:
        """Return the content at a link, or the refusal."""
        found = result(self.hall.sharing.files.fetch(link.split("/")[2]))
        if isinstance(found, Exception):
            return found
        with found[1] as file:
            return file.read()


def result(deferred: "Deferred[Any]") -> Any:
    """Return what a Deferred has fired with, or the exception."""
    found: list[Any] = []
    deferred.addBoth(found.append)
    (one,) = found
    return one.value if isinstance(one, Failure) else one
