"""Files across the nodes of a cluster: shared at one, fetched at another, there when the first one is gone."""

import hashlib
import http.client
import json
import random
from pathlib import Path

from groupchat.files.objects import place
from tests.functional.harness import LIMIT_S, TWISTD, Daemon, free_port
from tests.functional.test_nodes import NodesCase


class FilesOfNodesTest(NodesCase):
    def setUp(self) -> None:
        super().setUp()
        self.environment["GROUPCHAT_GUEST_FILES"] = "true"
        self.ports: dict[str, int] = {}

    def node(self, name: str, folder: str = "", *options: str) -> Daemon:
        """Start a node that tells the others an address at which they reach it."""
        port = self.ports.setdefault(name, free_port())
        data = self.folder / name / "data"
        data.parent.mkdir(exist_ok=True)
        command = [
            *TWISTD, "-n", "--pidfile=", "groupchat", "--port", f"tcp:{port}:interface=127.0.0.1",
            "--exempt", "127.0.0.0/8", "--data", str(data), "--journal", f"{self.etcd.location}/gc", "--node", name,
            *options,
        ]  # fmt: skip
        environment = {**self.environment, "GROUPCHAT_NODE_ADDRESS": f"127.0.0.1:{port}"}
        daemon = Daemon(command, data.parent, env=environment)
        self.addCleanup(daemon.kill)
        return daemon.ready()

    def request(
        self, name: str, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """Return the answer of a node."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=LIMIT_S)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def share(self, name: str, content: bytes) -> str:
        """Share a file at a node; return its path."""
        status, answer = self.request(name, "PUT", "/rooms/lobby/cat.bin?nick=alice", content)
        self.assertEqual(status, 201, answer)
        return str(json.loads(answer)["link"])

    def kept(self, name: str, content: bytes) -> Path:
        """Return where a node keeps a content."""
        return place(self.data(name) / "files", hashlib.sha256(content).hexdigest())

    def test_fetched(self) -> None:
        """Every node gives every file, also when the one where it was shared is gone."""
        large, small = random.Random(1).randbytes(6 * 2**20), b"a few words\n"
        first = self.node("a1")
        self.node("b1")
        link = self.share("a1", large)
        self.until(lambda: self.request("b1", "GET", link) == (200, large))
        self.assertEqual(self.request("b1", "GET", link, Range="bytes=5-104"), (206, large[5:105]))
        self.assertEqual(self.request("b1", "HEAD", link), (200, b""))
        # It comes by itself, too.
        other = self.share("a1", small)
        self.until(lambda: self.kept("b1", small).exists())
        first.kill()
        self.assertEqual(self.request("b1", "GET", other), (200, small))
        self.assertEqual(self.request("b1", "GET", link), (200, large))
        # Strangers get nothing by the hash.
        nothing = self.request("b1", "GET", "/nothing")
        self.assertEqual(self.request("b1", "GET", f"/node/files/{self.kept('b1', small).name}"), nothing)

    def test_nowhere(self) -> None:
        """What only a node has that is away is not gone: it is said when to come back, and it comes."""
        content, other = b"only here\n", b"not hidden\n"
        self.node("a1")
        link = self.share("a1", content)
        self.share("a1", other)
        hidden = self.folder / "hidden"
        self.kept("a1", content).rename(hidden)
        self.node("b1")
        self.until(lambda: self.request("b1", "GET", link)[0] == 503)
        self.assertIn(b"files-unavailable", self.request("b1", "GET", link)[1])
        # What was shared before this node came is fetched by itself.
        self.until(lambda: self.kept("b1", other).exists())
        hidden.rename(self.kept("a1", content))
        self.until(lambda: self.kept("b1", content).exists())
        self.assertEqual(self.request("b1", "GET", link), (200, content))
