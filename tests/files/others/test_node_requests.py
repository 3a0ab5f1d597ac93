"""One file asked for at another node, with an agent that the test drives."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import URI, ResponseDone, ResponseFailed
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IAgentEndpointFactory
from zope.interface import implementer
from zope.interface.verify import verifyObject

from groupchat.files.others.file_requests import NotGiven
from groupchat.files.others.node_proofs import proof
from groupchat.files.others.node_requests import LEAST, SILENCE_S, Endpoints, NodeRequests, NodeTransfer
from groupchat.files.others.opening_others import LateRequests
from groupchat.interfaces.storage import NodeCard
from groupchat.model.drafts import StoredFile
from groupchat.outgoing.http_endpoints import HttpEndpoints

FILE = StoredFile("ab" * 32, 10, "text/plain")
LARGE = StoredFile("cd" * 32, 10 * LEAST, "text/plain")


class FakeTransport:
    """The transport of a body; notes what is done with it."""

    disconnecting = False

    def __init__(self) -> None:
        self.done: list[str] = []

    def pauseProducing(self) -> None:
        self.done.append("pause")

    def resumeProducing(self) -> None:
        self.done.append("resume")

    def loseConnection(self) -> None:
        self.done.append("lose")


class FakeResponse:
    """An answer; ``body``: who takes what comes."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.body: Any = None
        self.transport = FakeTransport()

    def deliverBody(self, body: Any) -> None:
        self.body = body
        body.makeConnection(self.transport)

    def end(self, reason: Exception | None = None) -> None:
        """End the body."""
        self.body.connectionLost(Failure(reason or ResponseDone()))


@implementer(IAgent)
class FakeAgent:
    """Notes the one request."""

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, bytes, Headers]] = []
        self.cancelled = 0
        self.answer: Deferred[Any] = Deferred(self._cancel)

    def _cancel(self, answer: "Deferred[Any]") -> None:
        self.cancelled += 1

    def request(self, method: bytes, uri: bytes, headers: Any = None, bodyProducer: Any = None) -> "Deferred[Any]":
        self.asked.append((method, uri, headers))
        return self.answer


class TransferCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.taken: list[bytes] = []
        self.is_full = False
        self.node = NodeCard(1, "1", 1, 0, "b.lab:5000", secret="s", fingerprint="AB")
        self.agent = FakeAgent()

    def ask(self, file: StoredFile = FILE) -> NodeTransfer:
        """Ask for a file."""
        return NodeTransfer(self.agent, self.node, file, self.take, self.clock)

    def take(self, data: bytes) -> bool:
        self.taken.append(data)
        return not self.is_full

    def answer(self, code: int = 200) -> FakeResponse:
        """Let the head of the answer come."""
        response = FakeResponse(code)
        self.agent.answer.callback(response)
        return response

    def why(self, transfer: NodeTransfer) -> NotGiven:
        """Return why a file was not given; nothing is left to be called."""
        error = self.failureResultOf(transfer.done, NotGiven).value
        self.assertEqual(self.clock.getDelayedCalls(), [])
        assert isinstance(error, NotGiven)
        return error


class TransferTests(TransferCase):
    def test_given(self) -> None:
        """The file is asked for by its hash, with a proof; it has come when all of it has."""
        transfer = self.ask()
        ((method, uri, headers),) = self.agent.asked
        self.assertEqual((method, uri), (b"GET", b"https://b.lab:5000/node/files/" + b"ab" * 32))
        self.assertEqual(headers.getRawHeaders("authorization"), [proof("s", FILE.sha256)])
        response = self.answer()
        response.body.dataReceived(b"01234")
        response.body.dataReceived(b"56789")
        self.assertNoResult(transfer.done)
        response.end()
        self.successResultOf(transfer.done)
        self.assertEqual((b"".join(self.taken), self.clock.getDelayedCalls()), (b"0123456789", []))

    def test_not_there(self) -> None:
        """A node that has something else to say does not have it, and can be asked for others."""
        for code in (404, 503):
            self.agent = FakeAgent()
            transfer = self.ask()
            response = self.answer(code)
            error = self.why(transfer)
            self.assertFalse(error.is_away)
            response.body.dataReceived(b"There is nothing at this address.\n")
            response.end()
            self.assertEqual((self.taken, response.transport.done), ([], []))

    def test_away(self) -> None:
        """A node that cannot be reached is away, and the sentence says why."""
        transfer = self.ask()
        self.agent.answer.errback(ResponseFailed([Failure(ConnectionRefusedError())]))
        error = self.why(transfer)
        self.assertTrue(error.is_away)
        self.assertIn("refused", str(error))

    def test_address(self) -> None:
        """An address that is none is like a node that is away."""
        self.node = NodeCard(1, "1", 1, 0, "ü:5000", secret="s", fingerprint="AB")
        self.assertTrue(self.why(self.ask()).is_away)
        self.assertEqual(self.agent.asked, [])

    def test_cut(self) -> None:
        """What ends too early was not given, nor what says nothing of its end."""
        for reason, data in ((ResponseDone(), b"0123"), (ResponseFailed([]), b"0123456789")):
            self.agent = FakeAgent()
            transfer = self.ask()
            response = self.answer()
            response.body.dataReceived(data)
            response.end(reason)
            self.why(transfer)

    def test_too_much(self) -> None:
        """A node that gives more than the file has is cut off at once."""
        transfer = self.ask()
        response = self.answer()
        response.body.dataReceived(bytes(11))
        self.why(transfer)
        self.assertEqual((self.taken, response.transport.done), ([], ["lose"]))
        response.end(ResponseFailed([]))

    def test_silence(self) -> None:
        """Of a node that answers nothing, or sends next to nothing, no more is expected."""
        transfer = self.ask()
        self.clock.advance(SILENCE_S)
        self.assertTrue(self.why(transfer).is_away)
        self.assertEqual(self.agent.cancelled, 1)
        self.agent = FakeAgent()
        transfer = self.ask(LARGE)
        response = self.answer()
        for _ in range(3):
            response.body.dataReceived(bytes(LEAST))
            self.clock.advance(SILENCE_S)
        self.assertNoResult(transfer.done)
        response.body.dataReceived(bytes(LEAST - 1))
        self.clock.advance(SILENCE_S)
        self.assertFalse(self.why(transfer).is_away)
        self.assertEqual(response.transport.done, ["lose"])

    def test_late_answer(self) -> None:
        """What comes after a node was given up is read by nobody."""
        transfer = self.ask()
        transfer.cancel()
        self.why(transfer)
        self.assertEqual(self.agent.cancelled, 1)

    def test_full(self) -> None:
        """While this node's disk takes nothing more, nothing is read, and the node is not blamed for the silence."""
        transfer = self.ask(LARGE)
        response = self.answer()
        self.is_full = True
        response.body.dataReceived(bytes(10))
        self.clock.pump([SILENCE_S] * 5)
        self.assertNoResult(transfer.done)
        self.is_full = False
        transfer.resume()
        transfer.resume()
        self.assertEqual(response.transport.done, ["pause", "resume"])
        self.clock.advance(SILENCE_S)
        self.assertNoResult(transfer.done)
        self.clock.advance(SILENCE_S)
        self.why(transfer)


class RequestsTests(SynchronousTestCase):
    def test_connections(self) -> None:
        """The connections to a node are kept as long as it has the same certificate."""
        requests = NodeRequests(Clock())
        one = NodeCard(1, "", 1, 0, "b:1", secret="s", fingerprint="AB")
        first = requests._agent(one)
        self.assertIs(requests._agent(one), first)
        self.assertIsNot(requests._agent(NodeCard(1, "", 1, 0, "b:1", secret="s", fingerprint="CD")), first)
        self.assertIsNot(requests._agent(one), first)
        self.assertEqual(len(requests._agents), 1)
        self.successResultOf(requests.close())
        self.assertEqual(requests._agents, {})

    def test_urls(self) -> None:
        """Agent is told where a URL leads, to an address with or without brackets."""
        clock: Any = MemoryReactorClock()
        endpoints = Endpoints(HttpEndpoints(clock, 3.0))
        verifyObject(IAgentEndpointFactory, endpoints)
        for url, host in ((b"https://127.0.0.1:5000/node", "127.0.0.1"), (b"https://[::1]:5000/node", "::1")):
            endpoints.endpointForURI(URI.fromBytes(url)).connect(Factory.forProtocol(Protocol))
            self.assertEqual(clock.tcpClients.pop()[:2], (host, 5000))

    def test_late(self) -> None:
        """What asks is made with the first request, and closed if it was made."""
        clock = Clock()
        requests = LateRequests(clock)
        self.successResultOf(requests.close())
        node = NodeCard(1, "", 1, 0, "no address", secret="s", fingerprint="AB")
        transfers = [requests.ask(node, FILE, lambda data: True) for _ in range(2)]
        for transfer in transfers:
            self.failureResultOf(transfer.done, NotGiven)
        made = requests._requests
        assert isinstance(made, NodeRequests)
        self.assertEqual(len(made._agents), 1)
        self.successResultOf(requests.close())
        self.assertEqual(made._agents, {})
