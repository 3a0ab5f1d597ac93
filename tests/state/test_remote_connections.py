"""Connections at other nodes: whole enough for lists, and silent."""

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.interfaces.screens import IScreen, IStyle
from groupchat.model.events import AuthorId, Done, Said
from groupchat.model.node_operations import Presence
from groupchat.state.people import Person
from groupchat.state.remote_connections import RemoteConnection

PRESENCE = Presence("h", "b", 5, AuthorId(1), "alice", "alice", "", 2.0, 1.0, ("dev",), "dev", None, True, door="json")


class RemoteConnectionTests(SynchronousTestCase):
    def test_interfaces(self) -> None:
        """Its screen and style have everything that the core asks for, and show nothing."""
        screen = RemoteConnection(Person("alice", "alice", AuthorId(1), 2.0), PRESENCE).screen
        verifyObject(IScreen, screen)
        verifyObject(IStyle, screen.style)
        self.assertEqual(screen.answer(Done(1), None, "alice", "dev"), b"")
        self.assertEqual(screen.style.render([Said(1, "dev", "bob", 3.0, "hi")], [0.0], False), [b""])
        self.assertEqual(screen.silence(), 0.0)

    def test_what_is_known(self) -> None:
        """It has what its node says of it: where it is, whether it is encrypted, and its handle; no address."""
        person = Person("alice", "alice", AuthorId(1), 2.0)
        person.origin = "somewhere"
        connection = RemoteConnection(person, PRESENCE)
        self.assertEqual((connection.node, connection.handle, connection.digest), ("b", "h", "h"))
        self.assertEqual((connection.screen.secure, connection.door, connection.screen.address), (True, "json", ""))
        self.assertEqual((connection.since, person.origin), (2.0, "somewhere"))
        connection.show(Done(1))
