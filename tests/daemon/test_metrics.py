"""The figures of a daemon, and how they are served."""

import socket
from typing import Any, cast

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from groupchat.config.settings import Settings
from groupchat.daemon.metrics import LAG_STEP_S, Metrics, MetricsServer, MetricsSite
from groupchat.doors.reception import Reception
from groupchat.files.memory_shelf import MemoryShelf
from groupchat.files.others.fetching import Fetching
from groupchat.hall.health import Reload
from groupchat.model.errors import CannotStart
from tests.files.others.test_fetching import FakeRequests, card, stored
from tests.house import House


class MetricsTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.reception = Reception(cast(Any, self.house.connect), Settings(), cast(Any, self.house.clock))
        self.metrics = Metrics(self.house.hall, self.reception, "1.0")

    def figures(self) -> dict[str, float]:
        """Return each figure by its name with its labels."""
        text = generate_latest(self.metrics.registry).decode()
        found = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = ",".join(f"{name}={value}" for name, value in sample.labels.items())
                found[f"{sample.name.removeprefix('groupchat_')}{{{labels}}}"] = sample.value
        return found

    def test_people(self) -> None:
        """People, connections by door, and rooms are counted as they are now."""
        self.house.come("alice", "bob")
        self.house.come("carol", door="json")
        figures = self.figures()
        self.assertEqual((figures["people{}"], figures["rooms{}"], figures["members{}"]), (3, 1, 3))
        self.assertEqual((figures["connections{door=text}"], figures["connections{door=json}"]), (2, 1))

    def test_posts(self) -> None:
        """Posts, commits and deliveries are counted as they happen."""
        alice, _ = self.house.come("alice", "bob")
        alice.type("one").type("two")
        self.house.turn()
        figures = self.figures()
        self.assertEqual((figures["posts_total{}"], figures["batch_operations_sum{}"], figures["head{}"]), (2, 2, 2))
        self.assertGreaterEqual(figures["commit_seconds_count{}"], 1)
        self.assertGreaterEqual(figures["fanout_seconds_count{}"], 1)
        self.assertGreater(figures["delivered_bytes_total{}"], 0)

    def test_files_of_other_nodes(self) -> None:
        """A node counts the files that are missing here, and those that have come; a server that is alone has none."""
        sharing = self.house.hall.sharing
        shelf = sharing.files.shelf = MemoryShelf()
        self.assertNotIn("files_missing{}", self.figures())
        requests = FakeRequests()
        sharing.files.others = Fetching(
            shelf, lambda: {"b": card("b:1")}, requests, cast(Any, self.house.clock), "secret"
        )
        self.addCleanup(sharing.files.others.close)
        sharing.files.others.want([stored(b"1"), stored(b"2")])
        requests.asked[0].give(b"2")
        figures = self.figures()
        self.assertEqual((figures["files_missing{}"], figures["files_fetched_total{}"]), (1, 1))

    def test_what_a_post_is(self) -> None:
        """Messages are counted; edits, deletions, topics and what is refused are not, but have their batch."""
        alice, _ = self.house.come("alice", "bob")
        for line in ("one", "/me waves", "/msg bob psst", "/edit #1 two", "/delete #2", "/topic x", "/edit #99 x"):
            alice.type(line)
            self.house.turn()
        figures = self.figures()
        self.assertEqual((figures["posts_total{}"], figures["head{}"]), (3, 6))
        self.assertGreaterEqual(figures["batch_operations_sum{}"], 6)

    def test_refusals(self) -> None:
        """Refusals are counted by code, with those of connections that were not let in."""
        (alice,) = self.house.come("alice")
        alice.type("/nonsense")
        self.reception.turned_away["server-full"] += 2
        figures = self.figures()
        self.assertEqual(figures["refusals_total{code=unknown-command}"], 1)
        self.assertEqual(figures["refusals_total{code=server-full}"], 2)

    def test_lag(self) -> None:
        """The delay of the reactor is measured twice a second until the end."""
        self.metrics.start()
        self.house.clock.advance(LAG_STEP_S)
        self.house.clock.advance(LAG_STEP_S + 0.3)
        figures = self.figures()
        self.assertEqual(figures["reactor_lag_seconds_count{}"], 2)
        self.assertAlmostEqual(figures["reactor_lag_seconds_sum{}"], 0.3)
        self.metrics.stop()
        self.house.clock.advance(10)
        self.assertEqual(self.figures()["reactor_lag_seconds_count{}"], 2)

    def test_certificates(self) -> None:
        """The end of each certificate is there to be watched."""
        self.assertNotIn("certificate", "".join(self.figures()))
        self.house.hall.health.validity = lambda: {"a.org": 1.5e9, "b.org": 2e9}
        figures = self.figures()
        self.assertEqual(figures["certificate_expiry_timestamp_seconds{name=a.org}"], 1.5e9)
        self.assertEqual(figures["certificate_expiry_timestamp_seconds{name=b.org}"], 2e9)

    def test_reload(self) -> None:
        """Whether the settings were applied when they were last read again, and when that was, once they were."""
        self.assertNotIn("reload", "".join(self.figures()))
        for mistake, good in (("chat.toml, line 2: no.", 0), ("", 1)):
            self.house.hall.health.reload = Reload(1.5e9, mistake)
            figures = self.figures()
            self.assertEqual(figures["last_reload_successful{}"], good)
            self.assertEqual(figures["last_reload_timestamp_seconds{}"], 1.5e9)

    def test_version(self) -> None:
        """The version and the start are told."""
        figures = self.figures()
        self.assertEqual(figures["info{version=1.0}"], 1)
        self.assertEqual(figures["start_time_seconds{}"], self.house.hall.since)


class Transport(StringTransport):
    """A transport that lets a producer go twice, as real ones do."""

    def unregisterProducer(self) -> None:
        self.producer = None


class SiteTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.metrics: Metrics | None = None
        self.trouble = self.unready = ""
        self.site = MetricsSite(
            lambda: self.metrics, lambda: self.trouble, lambda: self.unready, lambda: {"chat.example", "prometheus"}
        )

    def send(self, data: bytes, *, local: bool = False) -> tuple[bytes, bool]:
        """Send this on a new connection; return what comes back, and whether the connection ends."""
        channel = self.site.buildProtocol(None)
        address = UNIXAddress(b"") if local else IPv4Address("TCP", "127.0.0.1", 1)
        transport = Transport(peerAddress=address, hostAddress=address)
        channel.makeConnection(transport)
        self.addCleanup(channel.setTimeout, None)
        channel.dataReceived(data)
        return transport.value(), transport.disconnecting

    def ask(self, page: bytes, *heads: bytes, local: bool = False) -> tuple[int, bytes]:
        """Ask for a page; return the status and the body."""
        answer, ended = self.send(b"\r\n".join((b"GET " + page + b" HTTP/1.1", *heads, b"", b"")), local=local)
        self.assertTrue(ended)
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertIn(b"\r\nconnection: close", head.lower())
        if b"chunked" in head:
            size, _, body = body.partition(b"\r\n")
            body = body[: int(size, 16)]
        return int(head.split()[1]), body

    def test_healthy(self) -> None:
        """A daemon without trouble is healthy and ready."""
        self.assertEqual([self.ask(page) for page in (b"/healthz", b"/readyz")], [(200, b"ok\n")] * 2)

    def test_unready(self) -> None:
        """A daemon that starts or stops is healthy, but not ready; one in trouble is neither."""
        self.unready = "stopping"
        self.assertEqual(self.ask(b"/healthz"), (200, b"ok\n"))
        self.assertEqual(self.ask(b"/readyz"), (503, b"stopping\n"))
        self.trouble = "the journal can no longer be written"
        self.assertEqual(self.ask(b"/healthz"), (503, b"the journal can no longer be written\n"))
        self.assertEqual(self.ask(b"/readyz"), (503, b"the journal can no longer be written\n"))

    def test_starting(self) -> None:
        """Before the hall is there, there are no figures."""
        self.assertEqual(self.ask(b"/metrics"), (503, b"starting\n"))

    def test_figures(self) -> None:
        """The figures are served in the form of Prometheus."""
        house = House()
        self.metrics = Metrics(house.hall, reception(house), "1.0")
        status, body = self.ask(b"/metrics")
        self.assertEqual(status, 200)
        self.assertIn(b"\ngroupchat_people 0.0\n", body)

    def test_hosts(self) -> None:
        """Figures are told to who asks for an address or a name of this host, and not to a page of the web."""
        for host in (
            b"127.0.0.1", b"127.0.0.1:9100", b"[::1]:9100", b"10.1.2.3", b"localhost:9100", b"LOCALHOST", b"localhost.",
            b"Chat.Example:9100", b"prometheus",
        ):  # fmt: skip
            self.assertEqual(self.ask(b"/healthz", b"Host: " + host), (200, b"ok\n"), host)
        for host in (b"evil.example", b"evil.example:9100", b"127.0.0.1.evil.example", b"", b"[::1", b"localhost:x"):
            status, body = self.ask(b"/metrics", b"Host: " + host)
            self.assertEqual((status, b"metrics_hosts" in body), (421, True), host)
        self.assertEqual(self.ask(b"/healthz", b"Host: localhost", b"Host: evil.example")[0], 421)

    def test_hosts_at_a_unix_socket(self) -> None:
        """At a UNIX socket, where no browser comes, any name will do."""
        self.assertEqual(self.ask(b"/healthz", b"Host: evil.example", local=True), (200, b"ok\n"))

    def test_body(self) -> None:
        """A request with a body, of whatever length, is refused before any of it is kept."""
        for head in (b"Content-Length: 10", b"Content-Length: 9999999999", b"Transfer-Encoding: chunked"):
            answer, ended = self.send(
                b"POST /metrics HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
            )
            self.assertTrue(answer.startswith(b"HTTP/1.1 413 "), answer)
            self.assertTrue(ended)

    def test_one_request(self) -> None:
        """A connection is for one request: what follows is not looked at."""
        one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        answer, ended = self.send(one * 3)
        self.assertEqual((answer.count(b"HTTP/1.1 200"), ended), (1, True))

    def test_half(self) -> None:
        """Half a head is not answered; one that is too long ends the connection."""
        self.assertEqual(self.send(b"GET /healthz HTTP/1.1\r\nHost: loc"), (b"", False))
        answer, ended = self.send(b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 10000)
        self.assertEqual((answer.split()[:2], ended), ([b"HTTP/1.1", b"400"], True))


def reception(house: House, **settings: object) -> Reception:
    """Return a reception on the clock of a house."""
    return Reception(cast(Any, house.connect), Settings().replaced(**settings), cast(Any, house.clock))


class ServerTest(SynchronousTestCase):
    def test_no_endpoint(self) -> None:
        """Something that is no endpoint is refused by name."""
        house = House()
        error = self.assertRaises(CannotStart, MetricsServer, house.clock, "nowhere", reception(house), str, str)
        self.assertIn("nowhere", str(error))

    def test_life(self) -> None:
        """The figures of a hall are served from when it is watched, and measured until the end."""
        house = House()
        server = MetricsServer(house.clock, "tcp:0", reception(house), str, str)
        self.assertEqual(house.clock.getDelayedCalls(), [])
        server.watch(house.hall)
        self.assertEqual(len(house.clock.getDelayedCalls()), 1)
        self.successResultOf(server.close())
        self.assertEqual(house.clock.getDelayedCalls(), [])

    def test_hosts(self) -> None:
        """The names are this host's, the server's and those of the settings, as they are now."""
        house = House()
        here = reception(house, name="Chat.Example")
        server = MetricsServer(house.clock, "tcp:0", here, str, str)
        self.assertEqual(set(server._hosts()), {socket.gethostname().lower(), "chat.example"})
        here.follow(here.settings.replaced(metrics_hosts=["Prometheus"]))
        self.assertIn("prometheus", server._hosts())
