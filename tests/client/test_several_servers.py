"""A client that was given several servers of one chat."""

from io import BytesIO

from twisted.internet.error import ConnectionLost, ConnectionRefusedError
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol
from zope.interface.verify import verifyObject

from groupchat.client.address import MOST
from groupchat.client.client import Client
from groupchat.client.core.client_errors import NoServerAnswers, NotTrusted, Refused, TimedOut
from groupchat.client.core.client_state import State
from groupchat.client.core.connector import HURRY, LASTING
from groupchat.client.core.pulse import HANDSHAKE, LATE_AMONG_SEVERAL, SHORT_HANDSHAKE
from groupchat.client.twisted_network import SeveralEndpoints
from tests.client.cases import ClientCase
from tests.client.fakes import FakeConnection, FakeEndpoint, said


class SeveralCase(ClientCase):
    def setUp(self) -> None:
        super().setUp()
        self.a, self.b, self.c = FakeEndpoint(), FakeEndpoint(), FakeEndpoint()
        named = [("a", self.a), ("b", self.b), ("c", self.c)]
        self.endpoint = SeveralEndpoints(named, self.clock)  # type: ignore[assignment]

    def refuse(self, *endpoints: FakeEndpoint) -> None:
        """Let the attempts at these servers fail, one after the other."""
        for endpoint in endpoints:
            endpoint.refuse(ConnectionRefusedError())
            self.clock.advance(0)

    def reach(self, endpoint: FakeEndpoint, **welcome: object) -> FakeConnection:
        """Let the client in there; the claim is in ``claim``."""
        connection = endpoint.accept()
        self.claim = connection.welcome(**welcome)  # type: ignore[arg-type]
        return connection


class SeveralServersTest(SeveralCase):
    def test_first_that_answers(self) -> None:
        """The first one that answers is joined, and the program is told of no interruption meanwhile."""
        client = self.client(patient=False)
        self.refuse(self.a, self.b)
        self.reach(self.c)
        self.assertEqual((client.state, client.server, self.failures), (State.JOINED, "c", []))
        self.assertNotIn(State.WAITING, self.states)

    def test_none_answers(self) -> None:
        """A client that is not patient fails after one round, and says what is wrong with each."""
        self.client(patient=False)
        self.refuse(self.a, self.b, self.c)
        (error,) = self.failures
        assert isinstance(error, NoServerAnswers)
        self.assertEqual([getattr(each, "server", "") for each in error.reasons], ["a", "b", "c"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_comes_back_elsewhere(self) -> None:
        """After a loss it is at the next server at once, as who it was, and nothing is missing or said twice."""
        client = self.client()
        first = self.reach(self.a, token="t", head=3)
        first.send(said(4))
        posted = client.say("hello")
        key = first.requests()[0]["key"]
        self.pass_time(LASTING)
        first.cut()
        self.assertEqual((client.state, self.changes[-1].delay), (State.WAITING, 0.0))
        self.clock.advance(0)
        second = self.reach(self.b, token="t", head=4)
        self.assertEqual((self.claim["token"], self.claim["since"], client.server), ("t", 4, "b"))
        (again,) = second.requests()
        self.assertEqual((again["key"], again["text"]), (key, "hello"))
        second.send({"event": "done", "ref": again["ref"], "id": 5})
        self.assertEqual((self.successResultOf(posted), len(self.events)), (5, 1))

    def test_node_lost(self) -> None:
        """A node that has lost its place sends everybody away, and they come back at once."""
        client = self.client()
        first = self.reach(self.a)
        self.pass_time(LASTING)
        first.send({"event": "closing", "code": "node-lost", "text": "Come back."})
        first.cut()
        self.clock.advance(0)
        self.reach(self.b)
        self.assertEqual((client.state, self.claim["token"]), (State.JOINED, "t"))

    def test_refused_for_a_while(self) -> None:
        """A server that is full is left for the next one."""
        client = self.client()
        self.a.accept().refuse("server-full", "Full.")
        self.clock.advance(0)
        self.reach(self.b)
        self.assertEqual((client.state, client.server), (State.JOINED, "b"))
        self.assertIsInstance(self.changes[-4].reason, Refused)

    def test_refused_for_good(self) -> None:
        """What one server refuses for good, no other one is asked for; the error names the server."""
        self.client(patient=False)
        self.refuse(self.a)
        self.b.accept().refuse("banned", "You are banned.")
        (error,) = self.failures
        assert isinstance(error, Refused)
        self.assertEqual((error.code, error.server, self.c.attempts), ("banned", "b", []))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_not_trusted(self) -> None:
        """That a server is not trusted is told, although another one lets the client in."""
        self.client()
        self.a.refuse(NotTrusted("THE KEY HAS CHANGED"))
        self.clock.advance(0)
        self.reach(self.b)
        (told,) = [change.reason for change in self.changes if change.reason is not None]
        assert isinstance(told, NotTrusted)
        self.assertEqual(told.server, "a")

    def test_stopped_process(self) -> None:
        """A process that is stopped takes connections and never answers: the next server is tried soon."""
        self.client()
        silent = self.a.accept()
        self.pass_time(SHORT_HANDSHAKE + 1)
        self.assertFalse(silent.connected)
        self.reach(self.b)

    def test_slow_servers(self) -> None:
        """When none has answered soon, each has the time that a server may take."""
        self.client()
        for endpoint in (self.a, self.b, self.c):
            endpoint.accept()
            self.pass_time(SHORT_HANDSHAKE)
            self.clock.advance(0)
        self.clock.advance(1)
        slow = self.a.accept()
        self.pass_time(HANDSHAKE - 2)
        slow.welcome()
        self.assertEqual(self.states[-1], State.JOINED)

    def test_silence(self) -> None:
        """Beside a silent connection the next server is tried, and it takes over; the one after it comes next."""
        client = self.client()
        first = self.reach(self.a)
        self.pass_time(LATE_AMONG_SEVERAL)
        self.assertEqual(self.b.attempts, [])
        self.pass_time(1)
        self.refuse(self.b)
        second = self.reach(self.c)
        self.assertEqual((first.connected, client.server, self.claim["token"]), (False, "c", "t"))
        self.assertNotIn(State.WAITING, self.states)
        self.pass_time(LASTING)
        second.cut()
        self.clock.advance(0)
        self.reach(self.a)

    def test_file(self) -> None:
        """A file goes to the server that gave the ticket; when that dies, to the next one with a ticket of its own."""
        client = self.client()
        first = self.reach(self.a)
        self.pass_time(LASTING)
        sent = client.send_file(BytesIO(b"meow"), "cat.jpg", room="lobby")
        (request,) = first.requests()
        first.send({"event": "done", "ref": request["ref"], "link": "/f/first"})
        first.cut()
        self.a.accept().transport.loseConnection()
        self.clock.pump([0.0] * 10)
        second = self.reach(self.b)
        (again,) = second.requests()
        self.assertEqual(again["key"], request["key"])
        second.send({"event": "done", "ref": again["ref"], "link": "/f/second"})
        upload = self.b.accept()
        self.clock.pump([0.01] * 10)
        self.assertTrue(upload.taken().startswith(b"PUT /f/second "))
        upload.receive(b'HTTP/1.1 201 Created\r\nContent-Length: 8\r\n\r\n{"id":4}')
        self.assertEqual(self.successResultOf(sent), 4)


class EndpointsTest(SeveralCase):
    """Endpoints of a program of its own, and the endpoint that stands for several."""

    def test_sequence(self) -> None:
        """A client takes endpoints as a list, and calls the servers by their places in it."""
        client = Client([self.a, self.b], "bot", self.clock)
        client.start()
        self.refuse(self.a)
        self.reach(self.b)
        self.assertEqual(client.server, "server 2")

    def test_one(self) -> None:
        """A list with one endpoint is that one server, without a name."""
        client = Client([self.a], "bot", self.clock)
        client.start()
        self.reach(self.a)
        self.assertEqual((client.state, client.server), (State.JOINED, ""))

    def test_too_many(self) -> None:
        """No endpoint, or more than can be tried in a reasonable time, is an error."""
        for endpoints in ([], [self.a] * (MOST + 1)):
            error = self.assertRaises(ValueError, Client, endpoints, "bot", self.clock)
            self.assertIn(f"these are {len(endpoints)} endpoints; one chat has 1 to {MOST}", str(error))

    def connect(self) -> None:
        """Connect by the endpoint of all."""
        verifyObject(IStreamClientEndpoint, self.endpoint)
        self.deferred = self.endpoint.connect(Factory.forProtocol(Protocol))

    def test_in_turn(self) -> None:
        """It connects to the first that answers, and waits for none as long as the network would."""
        self.connect()
        self.refuse(self.a)
        self.clock.advance(HURRY)
        self.assertEqual(self.b.cancelled, 1)
        self.c.accept()
        self.successResultOf(self.deferred)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_none(self) -> None:
        """If none answers, each is named."""
        self.connect()
        self.a.refuse(ConnectionLost())
        self.refuse(self.b)
        self.clock.advance(HURRY)
        reasons = self.failureResultOf(self.deferred, NoServerAnswers).value.reasons
        self.assertEqual([each.server for each in reasons], ["a", "b", "c"])
        self.assertIsInstance(reasons[2], TimedOut)

    def test_cancelled(self) -> None:
        """When nobody wants a connection any more, no further server is tried."""
        self.connect()
        self.deferred.cancel()
        self.failureResultOf(self.deferred)
        self.assertEqual((self.a.cancelled, self.b.attempts), (1, []))
