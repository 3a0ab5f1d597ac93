"""The daemon as a service, in the reactor of the tests."""

import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol
from twisted.internet.task import deferLater
from twisted.internet.testing import EventLoggingObserver
from twisted.logger import LogLevel, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from groupchat.config.settings import Settings
from groupchat.daemon.options import Locations
from groupchat.daemon.service import ChatService
from groupchat.doors import blocked_ports
from groupchat.interfaces.storage import Standing
from groupchat.model.errors import CannotStart
from tests.functional.harness import TREE, free_port

LOOPBACK = "interface=127.0.0.1"


class Client(Protocol):
    """A bare client that keeps what it was sent."""

    def __init__(self) -> None:
        self.heard = b""
        self.ended: Deferred[None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def connectionLost(self, reason: Failure = Failure(ConnectionDone())) -> None:  # noqa: B008
        self.ended.callback(None)


class ServiceTest(TestCase):
    timeout = 60

    def setUp(self) -> "Deferred[None]":  # type: ignore[override]
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.port = free_port()
        # From here on the tests run within the reactor, as a service does.
        return deferLater(reactor, 0, lambda: None)

    def service(self, *, settings: Settings | None = None, **changes: Any) -> ChatService:
        locations = {
            "ports": (f"tcp:{self.port}:{LOOPBACK}",), "data": self.folder / "data", "journal": "memory:", **changes
        }  # fmt: skip
        return ChatService(reactor, settings or Settings(), Locations(**locations), Settings)

    def is_free(self) -> bool:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError:
                return False
            return True

    @inlineCallbacks
    def heard(self, client: Client, words: bytes) -> Generator["Deferred[Any]", Any, None]:
        """Wait until the client was sent these words."""
        while words not in client.heard:
            yield deferLater(reactor, 0.01)

    @inlineCallbacks
    def test_life(self) -> Generator["Deferred[Any]", Any, None]:
        """The daemon greets people, tells them when it stops, closes their connections and frees its port."""
        service = self.service()
        service.privilegedStartService()
        service.startService()
        client = Client()
        yield connectProtocol(TCP4ClientEndpoint(reactor, "127.0.0.1", self.port), client)
        yield self.heard(client, b"Choose your nickname: ")
        assert client.transport is not None
        client.transport.write(b"alice\n")
        yield self.heard(client, b"You are alice")
        self.assertTrue((self.folder / "data" / "control").is_socket())
        self.assertFalse(self.is_free())
        yield service.stopService()
        yield client.ended
        self.assertIn(b"The server is stopping.", client.heard)
        self.assertTrue(self.is_free())

    @inlineCallbacks
    def test_without_privileges(self) -> Generator["Deferred[Any]", Any, None]:
        """A service that is started without the privileged part, as by twist, listens all the same."""
        service = self.service()
        service.startService()
        self.assertFalse(self.is_free())
        yield service.stopService()

    @inlineCallbacks
    def test_given_up(self) -> Generator["Deferred[Any]", Any, None]:
        """A start that fails says why, and leaves its port free."""
        for journal, words in [("nowhere:", "is not a journal"), (f"sqlite:{self.folder}/file/x", "is not a folder")]:
            (self.folder / "file").write_text("")
            service = self.service(journal=journal)
            service.privilegedStartService()
            self.assertIn(words, str(self.assertRaises(CannotStart, service.startService)))
            yield deferLater(reactor, 0)
            self.assertTrue(self.is_free())

    @inlineCallbacks
    def test_refused_folder(self) -> Generator["Deferred[Any]", Any, None]:
        """A data folder that is refused, because others use it too, is not written to."""
        shared = self.folder / "shared"
        (shared / "of others").mkdir(parents=True)
        shared.chmod(0o755)
        service = self.service(data=shared, journal=f"sqlite:{shared / 'chat.db'}")
        service.privilegedStartService()
        self.assertIn("is open to others", str(self.assertRaises(CannotStart, service.startService)))
        yield deferLater(reactor, 0)
        self.assertEqual([path.name for path in shared.iterdir()], ["of others"])
        self.assertEqual(shared.stat().st_mode & 0o777, 0o755)

    def test_busy_port(self) -> None:
        """A port that is taken is named."""
        with socket.create_server(("127.0.0.1", self.port)):
            error = self.assertRaises(CannotStart, self.service().privilegedStartService)
        self.assertIn(f"Cannot listen at tcp:{self.port}:{LOOPBACK}: Address already in use.", str(error))

    @inlineCallbacks
    def test_blocked_port(self) -> Generator["Deferred[Any]", Any, None]:
        """The log says of each port that no browser opens that it is one, unless no browser is served anyway."""
        another, good, metrics = free_port(), free_port(), free_port()
        self.patch(blocked_ports, "BLOCKED_PORTS", {self.port, another, metrics})
        ports = [f"tcp:{port}:{LOOPBACK}" for port in (self.port, good, another)]
        ports.append(f"unix:{self.folder / 'socket'}")
        for is_served in (True, False):
            observer = EventLoggingObserver()
            globalLogPublisher.addObserver(observer)
            self.addCleanup(globalLogPublisher.removeObserver, observer)
            service = self.service(
                settings=Settings(web=is_served), ports=tuple(ports), metrics=f"tcp:{metrics}:{LOOPBACK}"
            )
            service.privilegedStartService()
            service.startService()
            told = [str(formatEvent(event)) for event in observer if event["log_level"] is LogLevel.warn]
            yield service.stopService()
            named = [port for line in told for port in re.findall(r"^Browsers refuse to open port (\d+);", line)]
            self.assertEqual(named, [str(self.port), str(another)] if is_served else [])

    def test_wrong_endpoint(self) -> None:
        """Something that is no endpoint is refused before anything is done."""
        self.assertRaises(CannotStart, self.service, ports=("nowhere",))
        self.assertRaises(CannotStart, self.service, metrics="nowhere")

    @inlineCallbacks
    def test_blind_node(self) -> Generator["Deferred[Any]", Any, None]:
        """A node that does not see which others are alive is not ready."""
        service = self.service()
        service.startService()
        hall = service._hall
        assert hall is not None
        while service._unready():
            yield deferLater(reactor, 0.01)
        for live_age, words in ((14.0, ""), (42.0, "has not seen for 42 s which others are alive")):
            standing = Standing("a1", 3, {}, 9, 9, 0.0, 0.003, 0.5, "", {}, live_age)
            self.patch(hall, "standing", lambda standing=standing: standing)
            self.assertIn(words, service._unready())
            self.assertEqual(bool(service._unready()), bool(words))
        yield service.stopService()

    @inlineCallbacks
    def test_metrics(self) -> Generator["Deferred[Any]", Any, None]:
        """Figures are served when asked for, until the end."""
        port = free_port()
        service = self.service(metrics=f"tcp:{port}:{LOOPBACK}")
        service.startService()
        client = Client()
        yield connectProtocol(TCP4ClientEndpoint(reactor, "127.0.0.1", port), client)
        assert client.transport is not None
        client.transport.write(b"GET /readyz HTTP/1.0\r\n\r\n")
        yield client.ended
        self.assertIn(b"200 OK", client.heard)
        yield service.stopService()
        with socket.create_server(("127.0.0.1", port)):
            pass


NOT_NEEDED = (
    "prometheus_client",
    "twisted.web.http",
    "groupchat.doors.requests.addresses",
    "groupchat.doors.web.site",
    "groupchat.doors.web.channel",
    "wcwidth",
    "twisted.web.client",
    "twisted.spread",
    "twisted.conch",
    "groupchat.daemon.metrics",
    "groupchat.daemon.node",
    "groupchat.journals.cluster",
    "groupchat.journals.logs",
    "groupchat.journals.tools.restoring",
    "groupchat.files.others.fetching",
    "groupchat.exchange",
    "groupchat.client",
    "groupchat.terminal",
    "OpenSSL",
    "cryptography",
    "service_identity",
    "twisted.internet.ssl",
    "twisted.protocols.tls",
    "twisted.web.client",
    "twisted.web.http",
    "groupchat.doors.requests.addresses",
    "groupchat.doors.web.site",
    "groupchat.doors.web.channel",
    "wcwidth",
    "wsproto",
    "h11",
    "emoji",
    "precis_i18n",
    "confusable_homoglyphs",
    "prompt_toolkit",
)
"""What a daemon that has just started does without: what needs it loads it."""

MOST_MODULES, MOST_OF_OURS = 700, 250
"""The most modules that a daemon has loaded when it has started, of all and of ours: each costs time and memory."""


class ImportTest(SynchronousTestCase):
    def test_only_what_is_needed(self) -> None:
        """A daemon without metrics, a cluster and browsers starts without anything of what only these need.

        That is so at its first start, when it makes its certificate, and at the next one.
        """
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        code = (
            "import sys; from pathlib import Path; from groupchat.daemon.loading import Options, makeService\n"
            "from twisted.internet import reactor; options = Options()\n"
            f"options.parseOptions(['--port', 'tcp:0:{LOOPBACK}', '--data', {str(folder / 'data')!r}])\n"
            "service = makeService(options); service.privilegedStartService()\n"
            "reactor.callWhenRunning(service.startService)\n"
            "def look():\n"
            f"    if not Path({str(folder / 'data' / 'control')!r}).exists(): return reactor.callLater(0.01, look)\n"
            f"    print([name for name in {NOT_NEEDED} if name in sys.modules])\n"
            "    print(len(sys.modules), sum(name.startswith('groupchat') for name in sys.modules))\n"
            "    service.stopService().addBoth(lambda _: reactor.stop())\n"
            "reactor.callLater(0, look); reactor.run()"
        )
        for start in ("the first", "the next"):
            done = subprocess.run([sys.executable, "-c", code], cwd=TREE, capture_output=True, text=True, timeout=60)
            self.assertEqual((done.stdout.partition("\n")[0], done.stderr), ("[]", ""), start)
            every, ours = map(int, done.stdout.split("\n")[1].split())
            self.assertTrue(every <= MOST_MODULES and ours <= MOST_OF_OURS, f"{every} modules, {ours} of ours")
            self.assertTrue((folder / "data" / "tls" / "cert.pem").exists())

    def test_node(self) -> None:
        """A node does without a client of HTTP that does all that browsers do, until it fetches a file."""
        code = (
            "import sys, groupchat.daemon.loading, groupchat.daemon.service, groupchat.daemon.node\n"
            "import groupchat.journals.logs.etcd.etcd_location, groupchat.files.others.opening_others\n"
            "print([name for name in sys.modules if name.startswith('twisted.web')])"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=TREE, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.stdout, done.stderr), ("[]\n", ""))

    def test_no_search_for_garbage(self) -> None:
        """While the service is imported nothing is searched for garbage; afterwards it is as before."""
        code = (
            "import gc, sys; import twisted.internet.reactor\n"
            "class Finder:\n"
            "    @staticmethod\n"
            "    def find_spec(name, path, target=None):\n"
            "        if name == 'groupchat.daemon.service': print(gc.isenabled())\n"
            "sys.meta_path.insert(0, Finder); gc.%s()\n"
            "from groupchat.daemon.loading import makeService; print(gc.isenabled(), makeService.__module__)"
        )
        for before, after in (("enable", True), ("disable", False)):
            command = [sys.executable, "-c", code % before]
            done = subprocess.run(command, cwd=TREE, capture_output=True, text=True, timeout=60)
            expected = f"False\n{after} groupchat.daemon.service\n"
            self.assertEqual((done.stdout, done.stderr), (expected, ""))
