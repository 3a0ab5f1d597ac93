"""The figures of a daemon, and how they are served."""

from typing import Any, cast

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.server import Request
from twisted.web.test.requesthelper import DummyChannel

from groupchat.config.settings import Settings
from groupchat.daemon.metrics import LAG_STEP_S, Metrics, MetricsServer, MetricsSite
from groupchat.doors.reception import Reception
from groupchat.hall.health import Reload
from groupchat.model.errors import CannotStart
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
        self.assertEqual((figures["posts_total{}"], figures["batch_posts_sum{}"], figures["head{}"]), (2, 2, 2))
        self.assertGreaterEqual(figures["commit_seconds_count{}"], 1)
        self.assertGreaterEqual(figures["fanout_seconds_count{}"], 1)
        self.assertGreater(figures["delivered_bytes_total{}"], 0)

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


class SiteTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.metrics: Metrics | None = None
        self.trouble = self.unready = ""
        self.site = MetricsSite(lambda: self.metrics, lambda: self.trouble, lambda: self.unready)

    def ask(self, page: bytes) -> tuple[int, bytes]:
        """Ask for a page; return the status and the body."""
        channel = DummyChannel()
        channel.site = self.site
        request = Request(channel, False)
        request.gotLength(0)
        request.requestReceived(b"GET", page, b"HTTP/1.0")
        head, _, body = channel.transport.written.getvalue().partition(b"\r\n\r\n")
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
        self.metrics = Metrics(
            house.hall, Reception(cast(Any, house.connect), Settings(), cast(Any, house.clock)), "1.0"
        )
        status, body = self.ask(b"/metrics")
        self.assertEqual(status, 200)
        self.assertIn(b"\ngroupchat_people 0.0\n", body)


class ServerTest(SynchronousTestCase):
    def test_no_endpoint(self) -> None:
        """Something that is no endpoint is refused by name."""
        error = self.assertRaises(CannotStart, MetricsServer, House().clock, "nowhere", str, str)
        self.assertIn("nowhere", str(error))

    def test_life(self) -> None:
        """The figures of a hall are served from when it is watched, and measured until the end."""
        house = House()
        server = MetricsServer(house.clock, "tcp:0", str, str)
        self.assertEqual(house.clock.getDelayedCalls(), [])
        server.watch(house.hall, Reception(cast(Any, house.connect), Settings(), cast(Any, house.clock)))
        self.assertEqual(len(house.clock.getDelayedCalls()), 1)
        self.successResultOf(server.close())
        self.assertEqual(house.clock.getDelayedCalls(), [])
