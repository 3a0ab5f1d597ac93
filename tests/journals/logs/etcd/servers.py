"""Servers of etcd that answer what a test tells them to."""

import json
from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.http_headers import Headers

from groupchat.journals.logs.etcd.etcd_connections import Server
from groupchat.journals.logs.etcd.gateway import Gateway
from groupchat.journals.logs.etcd.rounds import Rounds
from groupchat.outgoing.http_answers import HttpAnswer
from groupchat.outgoing.http_stream import BodyTaker, HttpStream

ONE, TWO, THREE = (Server(f"10.0.0.{n}", 2379) for n in (1, 2, 3))
HEADER = {"cluster_id": "107512243809840311", "member_id": "6761727519148206877", "revision": "3", "raft_term": "2"}


class FakeResponse:
    """An answer whose body comes when the test says so, by chunks; its client is the real one."""

    def __init__(self, code: int) -> None:
        self.transport = StringTransport()
        self.stream = HttpStream()
        self.stream.makeConnection(self.transport)
        self._code = code

    def begin(self) -> None:
        """Let the status come: the request has been sent."""
        head = b"HTTP/1.1 %d -\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.stream.dataReceived(head % self._code)

    def feed(self, data: bytes) -> None:
        """Let more of the body come."""
        if data:
            self.send(b"%x\r\n%b\r\n" % (len(data), data))

    def send(self, data: bytes) -> None:
        """Let these bytes come, whatever they are."""
        self.stream.dataReceived(data)

    def finish(self, reason: Exception | None = None) -> None:
        """End the body as it should, or the connection by this error."""
        if reason is None:
            self.send(b"0\r\n\r\n")
            reason = ConnectionAborted()
        self.stream.connectionLost(Failure(reason))

    @property
    def is_left(self) -> bool:
        """Whether the client has closed the connection."""
        return bool(self.transport.disconnected)


class Asked:
    """A request that a server has got.

    :param url: from its server on.
    :param is_watch: whether its answer is read while it comes; else as a whole.
    """

    def __init__(self, url: str, headers: Headers, body: bytes, is_watch: bool) -> None:
        self.server, _, self.path = url.partition("/v3/")
        self.headers = headers
        self.body: Mapping[str, Any] = json.loads(body)
        self.response: Deferred[Any] = Deferred()
        self._is_watch = is_watch

    def answer(self, fields: Any, code: int = 200) -> None:
        """Answer with a JSON object, with etcd's header where it is looked for, or with these bytes."""
        if code == 200 and isinstance(fields, dict) and self.path.startswith(("kv/txn", "lease/")):
            inner = fields.get("result", fields)
            if "header" not in inner and "error" not in fields:
                inner = {"header": HEADER, **inner}
                fields = {"result": inner} if "result" in fields else inner
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        if not self._is_watch:
            self.response.callback(HttpAnswer(code, body))
            return
        response = self.begin(code)
        response.feed(body)
        response.finish()

    def refuse(self, text: str, code: int, status: int = 400) -> None:
        """Answer with an error of gRPC."""
        self.answer({"error": text, "message": text, "code": code}, status)

    def begin(self, code: int = 200) -> FakeResponse:
        """Answer with a body that is still to come."""
        assert self._is_watch
        response = FakeResponse(code)
        self.response.callback(response.stream)
        response.begin()
        return response

    def fail(self, error: Exception) -> None:
        """Do not answer, as this has happened."""
        self.response.errback(error)


class FakeAgent:
    """Keeps what is asked, by a request whose answer is read as a whole, or by one whose is handed on as it comes."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    def take(self, server: Server | None = None, path: str = "") -> Asked:
        """Return the oldest request that is waiting, to this server and for this if that is told."""
        for n, asked in enumerate(self.asked):
            if (server is None or asked.server == str(server)) and path in asked.path:
                return self.asked.pop(n)
        raise AssertionError(f"Only {[(asked.server, asked.path) for asked in self.asked]} was asked.")

    def post(self, host: str, port: int, data: bytes) -> "Deferred[HttpAnswer]":
        """Take the bytes of a request whose answer is read as a whole."""
        return self._note(host, port, data, False)

    def open(self, host: str, port: int, data: bytes, taker: BodyTaker) -> "Deferred[HttpStream]":
        """Take the bytes of a request whose answer is handed on while it comes."""
        connecting = self._note(host, port, data, True)
        return connecting.addCallback(lambda stream: stream.ask(data, taker))

    def _note(self, host: str, port: int, data: bytes, is_watch: bool) -> "Deferred[Any]":
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("ascii").split("\r\n")
        method, path, version = first.split(" ")
        headers = Headers()
        for line in lines:
            headers.addRawHeader(*line.split(": "))
        assert (method, version) == ("POST", "HTTP/1.1")
        assert headers.getRawHeaders("Host") == [f"{host}:{port}"]
        assert headers.getRawHeaders("Content-Length") == [str(len(body))]
        asked = Asked(f"{host}:{port}{path}", headers, body, is_watch)
        self.asked.append(asked)
        return asked.response


class ServersTest(SynchronousTestCase):
    """Tests with three servers, and a clock."""

    login: tuple[str, str] | None = None

    def setUp(self) -> None:
        self.clock = Clock()
        self.agent = FakeAgent()
        self.gateway = Gateway(self.agent.post, self.clock, self.login)
        self.rounds = Rounds(self.gateway, (ONE, TWO, THREE))

    def take(self, server: Server | None = None, path: str = "") -> Asked:
        """Return the oldest request that is waiting."""
        return self.agent.take(server, path)

    def assert_quiet(self) -> None:
        """See that nothing is asked, and nothing will be."""
        self.assertEqual([asked.path for asked in self.agent.asked], [])
        self.assertEqual(self.gateway._limits._limits, {})
        self.gateway._limits.stop()  # its timer goes on for a while
        self.assertEqual(self.clock.getDelayedCalls(), [])
