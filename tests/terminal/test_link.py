"""What the person is told of the connection."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.client import Client
from groupchat.client.client_errors import ConnectionDropped
from groupchat.client.client_state import State
from groupchat.terminal.display.scene import Scene
from groupchat.terminal.link import Link
from tests.client.fakes import FakeEndpoint
from tests.terminal.fakes import FakeDisplay, FakeSurface


class LinkTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.surface = FakeSurface()
        self.scene = Scene("example.org", "alice")
        self.link = Link(self.scene, self.surface, FakeDisplay())
        self.client = Client(FakeEndpoint(), "alice", Clock())

    def test_told_once(self) -> None:
        """An interruption is told once, however many attempts it takes, and so is its end."""
        self.link.begin()
        self.link.under_way(State.CONNECTING)
        self.assertEqual(self.scene.connection, "connecting")
        self.link.settled(self.client)
        self.assertEqual(self.scene.connection, "connected")
        for delay in (0.6, 1.4, 2.0):
            self.link.lost("Gone.", delay)
            self.assertEqual(self.scene.connection, f"reconnecting in {delay:.0f} s")
            self.link.under_way(State.CONNECTING)
            self.assertEqual(self.scene.connection, "reconnecting")
        self.link.settled(self.client)
        self.assertEqual(
            [line[:20] for line in self.surface.lines],
            ["* You are alice, in ", "* Gone. What you typ", "* Connected again."],
        )

    def test_final(self) -> None:
        """No other connection is tried when the first fails, nor by whom was put out; by others it is."""
        gone, kicked = ConnectionDropped("the server has fallen silent"), ConnectionDropped("kicked: You were put out")
        self.link.begin()
        self.assertTrue(self.link.ends_with(gone))
        self.link.settled(self.client)
        self.assertEqual([self.link.ends_with(error) for error in (gone, kicked)], [False, True])
        self.assertTrue(self.link.ends_with(ConnectionDropped("banned: You are banned")))
        self.link.begin()
        self.assertTrue(self.link.ends_with(gone))
