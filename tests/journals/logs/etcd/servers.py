"""Servers of etcd that answer what a test tells them to."""

import json
from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IConsumer, IProtocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import ResponseDone
from twisted.web.http_headers import Headers
from twisted.web.iweb import UNKNOWN_LENGTH, IAgent, IBodyProducer, IResponse
from zope.interface import implementer
from zope.interface.verify import verifyObject

from groupchat.journals.logs.etcd.etcd_connections import Server
from groupchat.journals.logs.etcd.gateway import Gateway
from groupchat.journals.logs.etcd.rounds import Rounds
from groupchat.outgoing.http_answers import HttpAnswer

ONE, TWO, THREE = (Server(f"10.0.0.{n}", 2379) for n in (1, 2, 3))
HEADER = {"cluster_id": "107512243809840311", "member_id": "6761727519148206877", "revision": "3", "raft_term": "2"}


@implementer(IResponse)
class FakeResponse:
    """An answer whose body comes when the test says so."""

    def __init__(self, code: int) -> None:
        self.version = (b"HTTP", 1, 1)
        self.code = code
        self.phrase = b""
        self.headers = Headers()
        self.length = UNKNOWN_LENGTH
        self.request = None
        self.previousResponse = None
        self.transport = StringTransport()
        self.protocol: IProtocol | None = None
        self._body = b""

    def feed(self, data: bytes) -> None:
        """Let more of the body come."""
        if self.protocol is None:
            self._body += data
        else:
            self.protocol.dataReceived(data)

    def finish(self, reason: Exception | None = None) -> None:
        """End the body, as it should or by this error."""
        assert self.protocol is not None
        self.protocol.connectionLost(Failure(reason or ResponseDone()))

    @property
    def is_left(self) -> bool:
        """Whether the client has closed the connection."""
        return self.transport.disconnecting

    # Twisted calls these.

    def deliverBody(self, protocol: IProtocol) -> None:
        self.protocol = protocol
        protocol.makeConnection(self.transport)
        if self._body:
            protocol.dataReceived(self._body)

    def setPreviousResponse(self, response: IResponse) -> None:
        raise NotImplementedError


@implementer(IConsumer)
class _Collected:
    """What a request consists of."""

    def __init__(self) -> None:
        self.data = b""

    # Twisted calls these.

    def registerProducer(self, producer: object, streaming: bool) -> None:
        raise NotImplementedError

    def unregisterProducer(self) -> None:
        raise NotImplementedError

    def write(self, data: bytes) -> None:
        self.data += data


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
        self.response.callback(response)
        return response

    def fail(self, error: Exception) -> None:
        """Do not answer, as this has happened."""
        self.response.errback(error)


@implementer(IAgent)
class FakeAgent:
    """Keeps what is asked."""

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
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("ascii").split("\r\n")
        method, path, version = first.split(" ")
        headers = Headers()
        for line in lines:
            headers.addRawHeader(*line.split(": "))
        assert (method, version) == ("POST", "HTTP/1.1")
        assert headers.getRawHeaders("Host") == [f"{host}:{port}"]
        assert headers.getRawHeaders("Content-Length") == [str(len(body))]
        return self._note(Asked(f"{host}:{port}{path}", headers, body, False))

    def _note(self, asked: Asked) -> "Deferred[Any]":
        self.asked.append(asked)
        return asked.response

    # Twisted calls this.

    def request(
        self, method: bytes, uri: bytes, headers: Headers | None = None, bodyProducer: IBodyProducer | None = None
    ) -> "Deferred[IResponse]":
        assert method == b"POST"
        assert headers is not None
        assert bodyProducer is not None
        body = _Collected()
        bodyProducer.startProducing(body)
        assert bodyProducer.length == len(body.data)
        return self._note(Asked(uri.decode().removeprefix("http://"), headers, body.data, True))


class ServersTest(SynchronousTestCase):
    """Tests with three servers, and a clock."""

    login: tuple[str, str] | None = None

    def setUp(self) -> None:
        self.clock = Clock()
        self.agent = FakeAgent()
        verifyObject(IAgent, self.agent)
        verifyObject(IResponse, FakeResponse(200))
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
