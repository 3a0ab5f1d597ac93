"""UNIX sockets: whatever lies at their path, no live one is removed, and no dead one is in the way."""

import fcntl
import os
import socket
import stat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.trial.unittest import TestCase

from groupchat.doors.wire.inherited import InheritedLocalEndpoint
from groupchat.doors.wire.local_sockets import LocalEndpoint
from groupchat.doors.wire.transport import LocalWire

reactor = cast(Any, _reactor)


class Echo(Protocol):
    """Sends back what comes, and ends."""

    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data)
        self.transport.loseConnection()


class Answered(Protocol):
    """A client that is sent something."""

    def __init__(self) -> None:
        self.heard = b""
        self.ended: Deferred[bytes] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def connectionLost(self, reason: object = None) -> None:
        self.ended.callback(self.heard)


class LocalEndpointTest(TestCase):
    timeout = 60

    def setUp(self) -> None:
        temporary = TemporaryDirectory(dir="/tmp")  # a path that fits in an address
        self.addCleanup(temporary.cleanup)
        self.path = Path(temporary.name) / "chat.sock"
        self.factory = cast(Any, ServerFactory.forProtocol(Echo))
        self.factory.noisy = False

    def listen(self, mode: int = 0o660) -> Any:
        port = self.successResultOf(LocalEndpoint(reactor, str(self.path), mode, 10).listen(self.factory))
        self.addCleanup(port.stopListening)
        return port

    def refused(self) -> str:
        failure = self.failureResultOf(
            LocalEndpoint(reactor, str(self.path), 0o600, 10, patience_s=0.1).listen(self.factory)
        )
        return str(failure.value)

    def leave_dead(self) -> None:
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(self.path))
            dead.listen()

    @inlineCallbacks
    def ask(self, source: bytes = b"") -> Any:
        """Return what is sent back to a client, which may have bound itself to a name."""
        connected = socket.socket(socket.AF_UNIX)
        if source:
            connected.bind(source)
        connected.connect(str(self.path))
        clients = Clients()
        reactor.adoptStreamConnection(connected.fileno(), socket.AF_UNIX, clients)
        connected.close()
        cast(Any, clients.only.transport).write(b"hello")
        return (yield clients.only.ended)

    @inlineCallbacks
    def test_served(self) -> Any:
        """Its clients are served, and it has its mode."""
        port = self.listen(0o640)
        self.assertIs(port.transport, LocalWire)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o640)
        self.assertEqual((yield self.ask()), b"hello")

    @inlineCallbacks
    def test_name_of_four_bytes(self) -> Any:
        """A client with a name of four bytes, which Twisted takes for an IPv6 address, is served like others."""
        self.listen()
        self.assertEqual((yield self.ask(b"\0abc")), b"hello")

    def test_left_over(self) -> None:
        """The socket of a process that was killed is replaced, whatever number that process had."""
        self.leave_dead()
        # Twisted's lock, held by process 1, which in a container is the next daemon itself.
        os.symlink("1", f"{self.path}.lock")
        self.listen()
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(self.path))

    def test_live(self) -> None:
        """The socket of a process that lives is left alone, also while so many wait for it that no more can."""
        with socket.socket(socket.AF_UNIX) as live:
            live.bind(str(self.path))
            live.listen(0)
            self.assertEqual(self.refused(), f"Another process listens at {self.path}.")
            while True:
                waiting = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
                self.addCleanup(waiting.close)
                if waiting.connect_ex(str(self.path)):
                    break
            self.assertEqual(self.refused(), f"Another process listens at {self.path}.")
            self.assertTrue(self.path.exists())

    def test_something_else(self) -> None:
        """A file or a link is never removed."""
        self.path.write_text("precious")
        self.assertEqual(self.refused(), f"{self.path} exists, and is not a socket.")
        self.assertEqual(self.path.read_text(), "precious")
        self.path.unlink()
        self.path.symlink_to("elsewhere")
        self.assertEqual(self.refused(), f"{self.path} exists, and is not a socket.")
        self.assertTrue(self.path.is_symlink())

    def test_another_is_at_work(self) -> None:
        """While another process makes a socket in the folder, none is looked at; that is waited for, for a while."""
        folder = os.open(self.path.parent, os.O_RDONLY)
        self.addCleanup(os.close, folder)
        fcntl.flock(folder, fcntl.LOCK_EX)
        self.leave_dead()
        self.assertEqual(self.refused(), f"Another process has locked {self.path.parent}.")
        fcntl.flock(folder, fcntl.LOCK_UN)
        self.listen()

    @inlineCallbacks
    def test_closed(self) -> Any:
        """When the port is closed its path is removed; it may be gone, or be another's by then."""
        yield self.listen().stopListening()
        self.assertFalse(self.path.exists())
        port = self.listen()
        self.path.unlink()
        yield port.stopListening()
        port = self.listen()
        self.path.unlink()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(self.path))
            yield port.stopListening()
            self.assertTrue(self.path.exists())

    @inlineCallbacks
    def test_handed_over(self) -> Any:
        """A socket that was handed over still listens for its owner when the port is closed, at the same path."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as owner:
            owner.bind(str(self.path))
            owner.listen()
            self.path.chmod(0o600)
            port = self.successResultOf(InheritedLocalEndpoint(reactor, os.dup(owner.fileno())).listen(self.factory))
            self.assertEqual((yield self.ask()), b"hello")
            yield port.stopListening()
            self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
            with socket.socket(socket.AF_UNIX) as late:
                late.connect(str(self.path))
                owner.accept()[0].close()

    def test_no_folder(self) -> None:
        """A folder that is missing is told in the system's words."""
        self.path = self.path.parent / "missing" / "chat.sock"
        self.assertIn("No such file or directory", self.refused())

    def test_cannot_be_asked(self) -> None:
        """A socket of another kind is not taken for a dead one."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.bind(str(self.path))
            self.assertIn("cannot be asked whether somebody listens", self.refused())
        self.assertTrue(self.path.exists())


class Clients(ServerFactory):
    """Keeps the one client it makes."""

    noisy = False
    only: Answered

    def buildProtocol(self, addr: object) -> Answered:
        self.only = Answered()
        return self.only
