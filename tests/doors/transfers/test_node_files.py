"""Files that other nodes of the cluster fetch here, and files that are fetched from them."""

import hashlib
from collections.abc import Mapping

from twisted.logger import capturedLogs

from groupchat.files.others.fetching import Fetching
from groupchat.files.others.node_proofs import proof
from groupchat.interfaces.storage import NodeCard
from tests.doors.transfers.cases import PNG, FilesCase
from tests.doors.transfers.test_downloads import LARGE
from tests.files.others.test_fetching import FakeRequests, card


class NodeCase(FilesCase):
    """The server is a node with the secret “mine”; there is another one."""

    def setUp(self) -> None:
        super().setUp()
        self.requests = FakeRequests()
        self.nodes: Mapping[str, NodeCard] = {"b": card("b:1")}
        self.others = Fetching(self.shelf, lambda: self.nodes, self.requests, self.port.clock, "mine")
        self.hall.sharing.files.others = self.others
        self.addCleanup(lambda: self.successResultOf(self.others.close()))

    def lost(self, content: bytes = PNG) -> str:
        """Share a file, and lose its content here; return its path."""
        link = self.share(body=content)
        del self.shelf._contents[hashlib.sha256(content).hexdigest()]
        return link


class GivenTests(NodeCase):
    def test_given(self) -> None:
        """A node that shows that it is one is given the whole file, by its hash."""
        for body in (PNG, LARGE):
            self.share(body=body)
            sha256 = hashlib.sha256(body).hexdigest()
            reply = self.get(f"/node/files/{sha256}", Authorization=proof("mine", sha256))
            self.assertEqual((reply.status, reply.body), (200, body))
            self.assertEqual(reply.headers["cache-control"], "no-store")
        self.assertEqual(len(self.port.reception.open_files), 0)

    def test_strangers(self) -> None:
        """All others are told what they are told anywhere where there is nothing; so is a node of a file not here."""
        self.share()
        sha256 = hashlib.sha256(PNG).hexdigest()
        nowhere = self.get("/nothing/at/all")
        gone = "ab" * 32
        cases: list[tuple[str, dict[str, str]]] = [
            (sha256, {}),
            (sha256, {"Authorization": proof("other", sha256)}),
            (sha256, {"Authorization": proof("mine", gone)}),
            (sha256, self.mine),
            (gone, {"Authorization": proof("mine", gone)}),
            ("..%2f..%2fchat.db", {}),
        ]
        for name, headers in cases:
            reply = self.get(f"/node/files/{name}", **headers)
            self.assertEqual((reply.status, reply.body), (404, nowhere.body), name)
            self.assertEqual({**reply.headers, "date": ""}, {**nowhere.headers, "date": ""})

    def test_logged(self) -> None:
        """That a file is not here is no news of a node that asks for it; who shows nothing is logged."""
        gone = "ab" * 32
        for header, many in ((proof("mine", gone), 0), (proof("other", gone), 1)):
            with capturedLogs() as logs:
                self.assertEqual(self.get(f"/node/files/{gone}", Authorization=header).status, 404)
            self.assertEqual(len([one for one in logs if "Refused" in str(one.get("log_format"))]), many)

    def test_alone(self) -> None:
        """A server that is no node gives nothing."""
        self.share()
        self.hall.sharing.files.others = None
        sha256 = hashlib.sha256(PNG).hexdigest()
        self.assertEqual(self.get(f"/node/files/{sha256}", Authorization=proof("mine", sha256)).status, 404)


class FetchedTests(NodeCase):
    def test_fetched(self) -> None:
        """What is not here is fetched when somebody wants it; they do not see a difference."""
        link = self.lost()
        connection = self.connect()
        connection.send(b"GET " + link.encode() + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.port.clock.advance(0.01)
        self.assertEqual(connection.read(), b"")
        self.requests.asked[0].give(PNG)
        self.port.clock.advance(0.01)
        self.assertTrue(connection.read().startswith(b"HTTP/1.1 200 "))
        self.assertEqual(self.get(link).body, PNG)
        part = self.get(link, Range="bytes=1-3")
        self.assertEqual((part.status, part.body), (206, PNG[1:4]))
        self.assertEqual(self.get(link, "HEAD").headers["content-length"], str(len(PNG)))
        self.assertEqual(len(self.requests.all), 1)

    def test_nowhere(self) -> None:
        """What no node has just now is not gone: it is asked for again later."""
        link = self.lost()
        self.nodes = {}
        reply = self.get(link)
        self.assertEqual((reply.status, reply.headers["retry-after"]), (503, "5"))
        self.assertIn(b"files-unavailable", reply.body)
        self.assertEqual(self.hall.sharing.files.missing, 1)

    def test_no_space(self) -> None:
        """What cannot be kept here is refused by name."""
        link = self.lost()
        self.shelf._most = 0
        reply = self.get(link)
        self.assertEqual(reply.status, 507)
        self.assertIn(b"no space left", reply.body)

    def test_gone(self) -> None:
        """What no post names is not asked for at any node."""
        self.assertEqual(self.get("/f/unknown/cat.png").status, 404)
        self.assertEqual(self.requests.all, [])
