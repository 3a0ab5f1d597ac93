"""The control socket: a program that can open it may do everything."""

import json
import socket
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from twisted.internet import reactor as _reactor
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from groupchat.disk.socket_paths import socket_address
from groupchat.doors.control import NAME, ControlFactory, listen
from groupchat.doors.reception import Reception
from groupchat.model.errors import CannotStart
from groupchat.sessions.session import Session
from tests.doors.fakes import SETTINGS, FakeSession
from tests.house import House

reactor = cast(Any, _reactor)


class ConversationTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.house = House()
        self.reception = Reception(partial(Session, self.house.hall), SETTINGS, self.clock)
        self.transport: Any = StringTransport()
        self.protocol: Any = ControlFactory(self.reception).buildProtocol(None)
        self.protocol.makeConnection(self.transport)

    def ask(self, **request: Any) -> Any:
        """Return the answer to a request."""
        self.transport.clear()
        self.protocol.dataReceived(json.dumps({**request, "ref": 1}).encode() + b"\n")
        self.clock.advance(0)
        self.house.turn()
        return json.loads(self.transport.value())

    def test_server(self) -> None:
        """Its peer is the server: it needs no nickname, is in no list, and may do what operators may."""
        self.assertEqual(self.transport.value(), b"")
        self.assertEqual(self.ask(do="list", room="lobby")["items"], [])
        self.assertEqual(self.ask(do="type", line="/adduser alice correct horse")["event"], "done")
        self.assertEqual(self.ask(do="type", line="/promote alice")["event"], "done")
        self.assertTrue(self.protocol.secure)

    def test_in_no_room(self) -> None:
        """It speaks in the room that it names, as the server, and in no other; a typing error makes no room."""
        (alice,) = self.house.come("alice")
        for request in ({"do": "say", "text": "hi"}, {"do": "me", "text": "hi"}, {"do": "topic", "text": "hi"}):
            answer = self.ask(**request)
            told = "The server is in no room: name the room you mean."
            self.assertEqual((answer["code"], answer["text"]), ("not-in-room", told))
        self.assertEqual(self.ask(do="say", text="hi", room="loby")["code"], "no-such-room")
        self.assertEqual(alice.events, [])
        self.assertEqual(self.ask(do="say", text="Tea at five.", room="lobby")["id"], 1)
        (said,) = alice.events
        self.assertEqual((said.nick, said.room), ("server", "lobby"))  # type: ignore[attr-defined]

    def test_counted(self) -> None:
        """It is counted while it is there, and no deadline ends it."""
        self.assertEqual(self.reception.connections, 1)
        self.clock.pump([1] * 60)
        self.assertFalse(self.transport.disconnecting)
        self.assertEqual(self.ask(do="ping")["event"], "done")
        self.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual((self.reception.connections, self.clock.getDelayedCalls()), (0, []))


class ListenTest(TestCase):
    timeout = 60

    def setUp(self) -> None:
        temporary = TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "data"
        self.factory = ControlFactory(Reception(FakeSession, SETTINGS, reactor))

    def listen(self) -> Any:
        port = listen(reactor, self.folder, self.factory)
        self.addCleanup(port.stopListening)
        return port

    def test_only_the_owner(self) -> None:
        """The socket and the folder made for it are their owner's alone."""
        self.listen()
        self.assertEqual((self.folder / NAME).stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.folder.stat().st_mode & 0o777, 0o700)

    def test_left_over(self) -> None:
        """The socket of a daemon that was killed is replaced."""
        self.folder.mkdir()
        with socket.socket(socket.AF_UNIX) as dead, socket_address(self.folder / NAME) as address:
            dead.bind(address)
        self.listen()
        with socket.socket(socket.AF_UNIX) as probe, socket_address(self.folder / NAME) as address:
            probe.connect(address)

    async def test_long_path(self) -> None:
        """The folder may be anywhere: its path may be longer than the address of a socket."""
        self.folder = self.folder.joinpath(*["a-rather-deep-folder"] * 6)
        port = self.listen()
        with self.assertRaisesRegex(CannotStart, "Another process listens at .*control"):
            listen(reactor, self.folder, self.factory)
        with socket.socket(socket.AF_UNIX) as probe, socket_address(self.folder / NAME) as address:
            probe.connect(address)
        await port.stopListening()
        self.assertFalse((self.folder / NAME).exists())

    def test_another_daemon(self) -> None:
        """The socket of a daemon that runs is left alone."""
        self.folder.mkdir()
        with socket.socket(socket.AF_UNIX) as other:
            with socket_address(self.folder / NAME) as address:
                other.bind(address)
            other.listen()
            with self.assertRaisesRegex(CannotStart, "Another process listens at .*control"):
                listen(reactor, self.folder, self.factory)
        self.assertTrue((self.folder / NAME).exists())

    def test_cannot_be_made(self) -> None:
        """A folder that cannot be used is named, with the reason."""
        self.folder.write_text("a file")
        with self.assertRaisesRegex(CannotStart, "control cannot be made"):
            listen(reactor, self.folder, self.factory)
