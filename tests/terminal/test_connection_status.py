"""Remarks about the connection."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.client import Client
from groupchat.client.core.client_state import State
from groupchat.terminal.connection_status import ConnectionStatus
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.chat_state import ChatState
from tests.client.fakes import FakeEndpoint
from tests.terminal.fakes import FakeDisplay, FakeSurface


class ConnectionStatusTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.surface = FakeSurface()
        self.state = ChatState("example.org", "alice")
        self.status = ConnectionStatus(self.state, self.surface, FakeDisplay())
        self.endpoint = FakeEndpoint()
        self.client = Client(self.endpoint, "alice", Clock())
        self.status.begin()

    def join(self, room: str = "lobby") -> None:
        self.client.start()
        self.endpoint.accept().welcome(room=room)
        self.status.joined(self.client)

    def test_joined(self) -> None:
        """The first welcome is told, with the nickname and the room."""
        self.status.progress(State.CONNECTING)
        self.assertEqual((self.state.connection, self.status.has_joined), ("connecting", False))
        self.join()
        self.assertEqual((self.state.connection, self.status.has_joined), ("connected", True))
        self.assertEqual(self.surface.lines, ["* You are alice, in lobby. /help lists the commands, /keys the keys."])

    def test_no_room(self) -> None:
        """A person who is in no room is told so."""
        self.join(room="")
        self.assertEqual(self.surface.lines, ["* You are alice, in no room. /help lists the commands, /keys the keys."])

    def test_message_of_the_day(self) -> None:
        """The message of the day is shown after the first welcome, and not again after an interruption."""
        self.client.start()
        self.endpoint.accept().welcome(motd="Be kind.\nAlways.")
        self.status.joined(self.client)
        self.assertEqual(len(self.surface.lines), 3)
        self.assertIn("Be kind.", self.surface.lines[1])
        self.assertIn("Always.", self.surface.lines[2])
        self.status.lost("Gone.", 1)
        self.status.joined(self.client)
        self.assertEqual(self.surface.lines[4:], ["* Connected again."])

    def test_silence(self) -> None:
        """Where there is no bar, a silence and its end are said once, and how many lines wait; not so with a bar."""
        self.join()
        self.surface.lines.clear()
        self.status.silent(15.0)
        self.assertEqual((self.state.silence, self.surface.lines), (15.0, []))
        self.status.silent(0.0)
        self.status.answers()
        self.assertEqual(self.surface.lines, [])
        self.surface.echoes = True
        self.state.unanswered = {1: (0.0, "hello"), 2: (0.0, "there")}
        for seconds in (15.0, 16.0, 17.0):
            self.status.silent(seconds)
        self.assertEqual(self.surface.lines, ["* No answer from the server for 15 s; 2 lines wait."])
        self.status.answers()
        self.assertEqual(len(self.surface.lines), 1, "it is silent still")
        self.status.silent(0.0)
        self.status.answers()
        self.status.answers()
        self.assertEqual(self.surface.lines[1:], ["* The server answers again."])

    def test_silence_that_ends_the_connection(self) -> None:
        """When the silent connection is given up, that is said, and not that the server answers."""
        self.join()
        self.surface.lines.clear()
        self.surface.echoes = True
        self.status.silent(15.0)
        self.status.silent(0.0)
        self.status.lost("Gone.", 1)
        self.status.answers()
        self.status.joined(self.client)
        self.assertNotIn("* The server answers again.", self.surface.lines)
        self.assertEqual(self.surface.lines[-1], "* Connected again.")

    def test_interrupted(self) -> None:
        """An interruption is told once, however many attempts it takes, and so is its end."""
        self.join()
        for delay in (0.6, 1.4, 2.0):
            self.status.lost("Gone.", delay)
            self.assertEqual(self.state.connection, f"reconnecting in {delay:.0f} s")
            self.status.progress(State.CONNECTING)
            self.assertEqual(self.state.connection, "reconnecting")
        self.status.joined(self.client)
        self.assertEqual(self.surface.lines[1:], [
            "* Gone. What you type is kept, and sent when the connection is back.", "* Connected again.",
        ])  # fmt: skip

    def test_sentences(self) -> None:
        """A reason that comes without a full stop gets one, so that two sentences stay two."""
        self.join()
        self.status.lost("Closed: the server has stopped answering", 1)
        self.assertIn("stopped answering. What you type", self.surface.lines[-1])

    def test_people(self) -> None:
        """While there is no connection it is not known who is in the room."""
        self.join()
        self.state.go(Place("lobby"))
        self.state.list_people("lobby", [{"nick": "alice"}, {"nick": "bob"}])
        self.status.lost("Gone.", 1)
        self.assertIsNone(self.state.people)

    def test_again(self) -> None:
        """Another session begins like the first."""
        self.join()
        self.status.lost("Gone.", 1)
        self.status.begin()
        self.status.progress(State.CONNECTING)
        self.assertEqual((self.state.connection, self.status.has_joined), ("connecting", False))
