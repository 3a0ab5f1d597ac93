"""Files that are shared at one node of a cluster come to all others, and go from all of them."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from groupchat.files.memory_shelf import MemoryShelf
from groupchat.files.others.fetching import Fetching
from groupchat.journals.memory import MemoryJournal
from groupchat.model.errors import FilesUnavailable, NoSuchFile, NoSuchTicket
from groupchat.model.events import Shared
from tests.files.others.test_fetching import FakeRequests, FakeTransfer, card
from tests.hall.people.linked import Cluster, Node
from tests.house import House
from tests.sharing.cases import CAT, result


class TwoNodesCase(SynchronousTestCase):
    """Alice is at the node a, bob at b; each has a shelf of its own."""

    def setUp(self) -> None:
        self.cluster = Cluster(registration="open", guest_files=True)
        self.a, self.b = self.cluster.nodes
        self.requests: dict[str, FakeRequests] = {}
        for node in self.cluster.nodes:
            self.equip(node, MemoryShelf())
        (self.alice,) = self.cluster.come(self.a, "alice")
        (self.bob,) = self.cluster.come(self.b, "bob")
        self.alice.take()

    def equip(self, node: Node, shelf: MemoryShelf) -> None:
        """Give a node a shelf, and the way to the others."""
        requests = self.requests[node.journal.node] = FakeRequests()
        nodes = {name: card(f"{name}:1") for name in "ab" if name != node.journal.node}
        node.hall.sharing.files.shelf = shelf
        others = node.hall.sharing.files.others = Fetching(shelf, lambda: nodes, requests, node.clock, "secret")
        self.addCleanup(lambda: self.successResultOf(others.close()))

    def share(self, content: bytes = CAT) -> Shared:
        """Let alice share a file; return the post."""
        self.alice.take()
        self.alice.do("send", name="cat.png")
        self.cluster.settle()
        (answer,) = self.alice.answers
        upload = self.a.hall.sharing.redeem(answer.fields["ticket"], None, lambda: None)  # type: ignore[attr-defined]
        upload.write(content)
        finished = upload.finish()
        self.cluster.settle()
        self.assertGreater(result(finished), 0)
        return next(event for event in self.bob.take() if isinstance(event, Shared))

    def fetch(self, node: Node, post: Shared) -> "Deferred[Any]":
        """Fetch a file at a node; fires with its content."""

        def read(found: Any) -> bytes:
            with found[1] as file:
                return bytes(file.read())

        return node.hall.sharing.files.fetch(post.link.split("/")[2]).addCallback(read)

    def tidy(self, node: Node) -> int:
        """Tidy up at a node; return how many files are left there."""
        self.successResultOf(node.hall.sharing.files.tidy())
        assert node.hall.sharing.files.shelf is not None
        return node.hall.sharing.files.shelf.count

    @property
    def at_b(self) -> FakeTransfer:
        """The one file that b asks for."""
        (one,) = self.requests["b"].asked
        return one


class TicketTests(TwoNodesCase):
    """A ticket is good at the node that gave it."""

    def ticket(self) -> str:
        """Return a ticket that alice is given."""
        self.alice.take()
        self.alice.do("send", name="cat.png")
        self.cluster.settle()
        (answer,) = self.alice.answers
        return str(answer.fields["ticket"])  # type: ignore[attr-defined]

    def refusal(self, node: Node, code: str) -> str:
        """Return how a node refuses a ticket."""
        with self.assertRaises(NoSuchTicket) as caught:
            node.hall.sharing.redeem(code, None, lambda: None)
        return str(caught.exception)

    def test_elsewhere(self) -> None:
        """Another node says where it belongs; it is still good there."""
        ticket = self.ticket()
        self.assertRegex(ticket, r"^[A-Za-z0-9_-]{22}-a$")
        told = self.refusal(self.b, ticket)
        self.assertIn("good at the node a only, once, and this is b", told)
        upload = self.a.hall.sharing.redeem(ticket, None, lambda: None)
        self.assertEqual(self.refusal(self.b, ticket), told)
        self.assertIn("if it was not used there already", told)  # which b cannot know
        upload.abort()

    def test_used(self) -> None:
        """At its own node a ticket that was used is unknown, and so is what nobody can have given."""
        ticket = self.ticket()
        self.a.hall.sharing.redeem(ticket, None, lambda: None)
        self.assertIn("was used", self.refusal(self.a, ticket))
        for code in ("x", "x" * 22, "x" * 22 + "-", "x" * 22 + "-B", "x" * 22 + "-" + "b" * 33, "x" * 22 + "-a\n"):
            self.assertIn("is unknown", self.refusal(self.b, code), code)

    def test_alone(self) -> None:
        """A server that is alone names no node, and knows of none."""
        house = House(MemoryJournal())
        self.assertEqual(house.hall.sharing.tickets.node, "")
        with self.assertRaisesRegex(NoSuchTicket, "is unknown"):
            house.hall.sharing.redeem(self.ticket(), None, lambda: None)


class TwoNodesTests(TwoNodesCase):
    def test_comes_by_itself(self) -> None:
        """Whoever wants it or not, it comes to the other node when it is posted; the first one asks nobody."""
        post = self.share()
        self.at_b.give(CAT)
        self.assertEqual(self.successResultOf(self.fetch(self.b, post)), CAT)
        self.assertEqual(self.successResultOf(self.fetch(self.a, post)), CAT)
        self.assertEqual((self.requests["a"].all, self.b.hall.sharing.files.missing), ([], 0))

    def test_wanted_before(self) -> None:
        """Who wants it before it has come waits for it; what is not there yet is not gone."""
        post = self.share()
        early = self.fetch(self.b, post)
        self.assertNoResult(early)
        self.at_b.give(CAT)
        self.assertEqual(self.successResultOf(early), CAT)
        other = self.share(CAT + b"2")
        waiting = self.fetch(self.b, other)
        self.at_b.refuse()
        self.failureResultOf(waiting, FilesUnavailable)

    def test_same_content(self) -> None:
        """What both have already is not fetched."""
        self.share()
        self.at_b.give(CAT)
        self.share()
        self.assertEqual((len(self.requests["b"].all), self.b.hall.sharing.files.missing), (1, 0))

    def test_deleted(self) -> None:
        """Each node removes by itself what is deleted; what comes only then goes, too."""
        for is_late in (False, True):
            post = self.share()
            transfer = self.at_b
            if not is_late:
                transfer.give(CAT)
                self.assertEqual((self.tidy(self.a), self.tidy(self.b)), (1, 1))
            self.alice.do("delete", id=post.id)
            self.cluster.settle()
            self.assertEqual((self.tidy(self.a), self.tidy(self.b)), (0, 0))
            self.assertEqual(self.b.hall.sharing.files.missing, 0)
            if is_late:
                transfer.give(CAT)
                self.assertEqual(self.b.hall.sharing.files.shelf.count, 1)  # type: ignore[union-attr]
                self.assertEqual(self.tidy(self.b), 0)
            for node in self.cluster.nodes:
                self.failureResultOf(self.fetch(node, post), NoSuchFile)

    def test_start(self) -> None:
        """A node that starts without its files fetches what posts name; that is no fault of its disk."""
        post = self.share()
        self.at_b.give(CAT)
        self.equip(self.b, MemoryShelf())
        self.successResultOf(self.b.hall.sharing.files.open())
        self.assertEqual(self.b.hall.sharing.files.missing, 1)
        self.at_b.give(CAT)
        self.assertEqual(self.successResultOf(self.fetch(self.b, post)), CAT)

    def test_vanished(self) -> None:
        """What vanishes while the node runs is fetched when it is wanted."""
        post = self.share()
        self.at_b.give(CAT)
        self.b.clock.advance(0)
        self.b.hall.sharing.files.shelf._contents.clear()  # type: ignore[union-attr]
        waiting = self.fetch(self.b, post)
        self.at_b.give(CAT)
        self.assertEqual(self.successResultOf(waiting), CAT)
