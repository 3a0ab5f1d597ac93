"""From what an administrator writes to listening ports."""

import socket
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from twisted.internet import reactor
from twisted.internet.error import CannotListenError, ConnectionDone
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from groupchat.doors.wire import ports
from groupchat.model.errors import CannotStart


class EndpointsTest(SynchronousTestCase):
    def listened(self, place: str) -> list[tuple[Any, ...]]:
        """The reactor is asked for the port, with factory, backlog and interface."""
        reactor = MemoryReactorClock()
        for endpoint in ports.endpoints(reactor, place):
            self.successResultOf(endpoint.listen(ServerFactory()))
        return list(reactor.tcpServers)

    def test_bare_number(self) -> None:
        """A bare number means all addresses, of IPv6 too where there is any."""
        interfaces = {interface for _, _, _, interface in self.listened("5000")}
        self.assertIn(interfaces, ({"::"}, {""}, {"::", ""}))
        with socket.socket(socket.AF_INET6) as probe:
            self.assertEqual("::" in interfaces, probe.connect_ex(("::1", 1)) != 99)  # 99: no such address here

    def test_endpoint(self) -> None:
        """An endpoint string means what Twisted says it does."""
        ((port, _, _, interface),) = self.listened("tcp:5001:interface=127.0.0.1")
        self.assertEqual((port, interface), (5001, "127.0.0.1"))

    def test_crowds(self) -> None:
        """A crowd that comes at once need not wait, unless the administrator wants it to."""
        for place, expected in [
            ("0", 1024),
            ("tcp:0", 1024),
            ("tcp6:0:interface=\\:\\:1", 1024),
            ("tcp:0:backlog=7", 7),
        ]:
            for _, _, backlog, _ in self.listened(place):
                self.assertEqual(backlog, expected, place)

    def test_unix(self) -> None:
        """A path is what follows ``unix:``, or an ``address``; what Twisted takes beside it is taken."""
        with TemporaryDirectory() as folder:
            for number, written in enumerate(("unix:{}", "unix:{}:mode=600", "unix:address={}:lockfile=0:backlog=7")):
                path = Path(folder) / f"a:b{number}"
                (endpoint,) = ports.endpoints(MemoryReactorClock(), written.format(str(path).replace(":", "\\:")))
                port: Any = self.successResultOf(endpoint.listen(ServerFactory()))
                self.assertEqual(path.stat().st_mode & 0o777, 0o600 if number == 1 else 0o666)
                self.assertEqual((port.backlog, ports.where(port)), (7 if number == 2 else 1024, f"unix:{path}"))
                port.connectionLost(Failure(ConnectionDone()))
                self.assertFalse(path.exists())

    def test_nonsense(self) -> None:
        """Anything else is refused, in the administrator's own words."""
        for place in (
            "",
            "nowhere",
            "tcp:x",
            "65536",
            "tcp:5000:colour=red",
            "ssl:5000:privateKey=missing.pem",
            "-1",
            "unix:",
            "unix:/x:mode=rw",
            "unix:/x:colour=red",
            "unix:mode=600",
            "systemd:name=chat",
            "systemd:",
        ):
            with self.assertRaises(CannotStart) as caught:
                ports.endpoints(MemoryReactorClock(), place)
            self.assertIn(place, str(caught.exception))
            self.assertEqual(len(str(caught.exception).splitlines()), 1)

    def test_own_tls(self) -> None:
        """An endpoint with TLS of its own is refused by name, with what to write instead."""
        for place, instead in [
            ("ssl:6697:privateKey=key.pem:certKey=cert.pem", "--port tcp:6697 --tls cert.pem,key.pem instead"),
            ("ssl:port=6697:interface=127.0.0.1", "--port tcp:6697:interface=127.0.0.1 --tls server.pem instead"),
            ("ssl:6697:a.pem", "--port tcp:6697 --tls a.pem instead"),
            ("haproxy:ssl:6697:a.key:a.pem", "--port tcp:6697 --tls a.pem,a.key instead"),
            ("tls:/etc/pems:6697", "--port tcp:6697 --tls /etc/pems instead"),
            (r"tls:C\:/pems:interface=\:\:1", r"--port tcp:443:interface=\:\:1 --tls C\:/pems instead"),
        ]:
            error = self.assertRaises(CannotStart, ports.check_plain, ["5000", place])
            self.assertTrue(str(error).startswith(f"Cannot listen at {place!r}: every port takes TLS by itself"))
            self.assertIn(instead, str(error))
        ports.check_plain(
            ["5000", "tcp:443", "tcp6:0", "unix:/tls:ssl", "systemd:domain=INET:name=ssl", "haproxy:tcp:1"]
        )

    def test_refused(self) -> None:
        """A port that cannot be taken is explained in the system's words, without numbers and repeated addresses."""
        error = CannotListenError("", 80, PermissionError(13, "Permission denied"))
        self.assertEqual(str(ports.refused("80", Failure(error))), "Cannot listen at 80: Permission denied.")
        self.assertEqual(str(ports.refused("x", Failure(ValueError("oh\nno.")))), "Cannot listen at x: oh no.")


class PortsTest(TestCase):
    timeout = 60

    def listen(self, *places: str) -> ports.Ports:
        found = ports.Ports(reactor, places)
        self.addCleanup(found.close)
        found.bind(ServerFactory.forProtocol(Protocol))
        return found

    def reading(self, found: ports.Ports) -> list[Any]:
        readers = cast(Any, reactor).getReaders()
        return [port for port in found.bound if port in readers]

    async def test_bound(self) -> None:
        """Connections that come before they are accepted wait, and nothing listens after the end."""
        listened = self.listen("tcp:0:interface=127.0.0.1", "tcp:0:interface=127.0.0.1")
        self.assertEqual(self.reading(listened), [])
        addresses = [port.getHost() for port in listened.bound]
        with socket.create_connection((addresses[1].host, addresses[1].port), 5):
            self.assertEqual(listened.accept(), [f"127.0.0.1:{address.port}" for address in addresses])
            self.assertEqual(self.reading(listened), listened.bound)
        await listened.close()
        for address in addresses:
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection((address.host, address.port), 5)

    def test_busy(self) -> None:
        """A port that is taken is told by the words that were written."""
        address = self.listen("tcp:0:interface=127.0.0.1").bound[0].getHost()
        place = f"tcp:{address.port}:interface=127.0.0.1"
        with self.assertRaisesRegex(CannotStart, f"^Cannot listen at {place}: Address already in use.$"):
            self.listen(place)
