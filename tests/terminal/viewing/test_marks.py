"""How far the person has read, told to the server."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.client import Client
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.viewing.marks import TELL_S, Marks
from tests.client.fakes import FakeConnection, FakeEndpoint


class MarksCase(SynchronousTestCase):
    features: tuple[str, ...] = ("read",)

    def setUp(self) -> None:
        self.clock, self.endpoint = Clock(), FakeEndpoint()
        self.client = Client(self.endpoint, "alice", self.clock)
        self.state = ChatState("example.org", "alice")
        self.lobby, self.bob = self.state.views.open(Place("lobby")), self.state.views.open(Place(nick="bob"))
        self.bob.read = 3  # in an earlier run
        self.marks = Marks(self.clock, self.client, self.state)
        self.client.start()
        self.connection = self.join()

    def join(self) -> FakeConnection:
        connection = self.endpoint.accept()
        connection.welcome(features=[*self.features])
        self.state.connection = "connected"
        self.marks.joined()
        return connection

    def asked(self) -> list[tuple[object, ...]]:
        return [
            tuple(request[name] for name in ("do", "room", "nick", "id", "all") if name in request)
            for request in self.connection.requests()
        ]


class MarksTest(MarksCase):
    def test_told(self) -> None:
        """What was read is told once for each view, after some seconds in which more may come."""
        for number in 5, 7:
            self.lobby.newest = self.bob.newest = number
            self.lobby.unread = 2
            for view in self.lobby, self.bob:
                self.marks.read(view)
        self.assertEqual((self.lobby.unread, self.asked()), (0, []))
        self.clock.advance(TELL_S)
        self.assertEqual(self.asked(), [("read", "lobby", 7), ("read", "bob", 7)])
        self.marks.read(self.lobby)
        self.assertEqual(self.clock.getDelayedCalls()[1:], [])

    def test_all(self) -> None:
        """Everything is marked by one request, at once."""
        self.lobby.newest, self.lobby.unread = 5, 1
        self.marks.read_all()
        self.assertEqual((self.asked(), self.lobby.unread), ([("read", 5, True)], 0))
        self.marks.tell()
        self.assertEqual(self.asked(), [])

    def test_all_without_connection(self) -> None:
        """What is said between the wish and the connection on which it is told does not count as read."""
        self.connection.cut()
        self.state.connection = "reconnecting"
        self.lobby.newest = 5
        self.marks.read_all()
        self.bob.newest = 9
        self.marks.read(self.bob)
        self.clock.advance(60)
        self.connection = self.join()
        self.assertEqual(self.asked(), [("read", 5, True), ("read", "bob", 9)])

    def test_all_lost(self) -> None:
        """The wish is told again if it was lost on the way."""
        self.lobby.newest = 5
        self.marks.read_all()
        self.connection.cut()
        self.state.connection = "reconnecting"
        self.clock.advance(60)
        self.connection = self.join()
        self.assertEqual(self.asked(), [("read", 5, True)])

    def test_interrupted(self) -> None:
        """What was read without a connection, or lost on the way, is told on the next one."""
        self.lobby.newest = 5
        self.marks.read(self.lobby)
        self.marks.tell()
        self.connection.cut()
        self.state.connection = "reconnecting"
        self.bob.newest = 6
        self.marks.read(self.bob)
        self.clock.advance(60)
        self.connection = self.join()
        self.assertEqual(self.asked(), [("read", "lobby", 5), ("read", "bob", 6)])

    def test_refused(self) -> None:
        """A mark that is refused is not repeated."""
        self.lobby.newest = 5
        self.marks.read(self.lobby)
        self.marks.tell()
        (request,) = self.connection.requests()
        self.connection.send({"event": "refused", "ref": request["ref"], "code": "not-in-room", "text": "No."})
        self.marks.tell()
        self.assertEqual(self.asked(), [])

    def test_finish(self) -> None:
        """At the end nothing is told any more."""
        self.lobby.newest = 5
        self.marks.read(self.lobby)
        self.marks.finish()
        self.clock.advance(TELL_S)
        self.assertEqual(self.asked(), [])


class OldServerTest(MarksCase):
    features = ()

    def test_told(self) -> None:
        """A server that keeps no marks is told of none."""
        self.lobby.newest = 5
        self.marks.read(self.lobby)
        self.clock.advance(TELL_S)
        self.marks.read_all()
        self.assertEqual(self.asked(), [])
