"""Figures and health of a real daemon, over HTTP, and in a terminal."""

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.functional.harness import LIMIT_S, TREE, Daemon, FunctionalTest, free_port, program

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class MetricsTest(FunctionalTest):
    def began(self, *options: str) -> tuple[Daemon, str]:
        """A daemon, and where its figures are."""
        daemon = self.launch("--metrics", "tcp:0:interface=127.0.0.1", *options).ready()
        return daemon, daemon.logged(r"Metrics at (127\.0\.0\.1:\d+)$")[1]

    def ask(self, place: str, page: str, accept: str = OPENMETRICS) -> tuple[int, str]:
        request = urllib.request.Request(f"http://{place}{page}", headers={"Accept": accept})
        try:
            with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def figures(self, place: str) -> dict[str, float]:
        """Each figure, by its name with its labels."""
        status, text = self.ask(place, "/metrics")
        self.assertEqual(status, 200)
        self.assertTrue(text.endswith("# EOF\n"))
        found = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = ",".join(f"{name}={value}" for name, value in sample.labels.items())
                found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
        return found

    def test_figures(self) -> None:
        """What happens in the chat is in the figures."""
        daemon, place = self.began()
        alice, bob = self.connect(daemon, "alice"), self.connect(daemon)
        bob.send('{"do": "nick", "nick": "bob"}\n')
        bob.expect("welcome")
        alice.send("one\ntwo\n/nonsense\n")
        bob.expect('"text": ?"two"')
        alice.expect("!! unknown-command")
        found = self.figures(place)
        self.assertEqual(found["groupchat_connections{door=text}"], 1)
        self.assertEqual(found["groupchat_connections{door=json}"], 1)
        self.assertEqual(found["groupchat_refusals_total{code=unknown-command}"], 1)
        for name, value in [("people", 2), ("members", 2), ("rooms", 1), ("head", 2), ("posts_total", 2)]:
            self.assertEqual(found[f"groupchat_{name}"], value, name)
        self.assertGreaterEqual(found["groupchat_deliveries_total"], 1)
        self.assertGreater(found["groupchat_delivered_bytes_total"], 50)
        for histogram in ("commit_seconds", "batch_operations", "fanout_seconds"):
            self.assertGreaterEqual(found[f"groupchat_{histogram}_count"], 1, histogram)
        self.assertGreaterEqual(found["groupchat_batch_operations_sum"], 2)
        self.assertNotIn("GET /metrics", daemon.log)

    def test_turned_away(self) -> None:
        """Who is not even let in is counted by its code, too."""
        daemon, place = self.began("--settings", self.settings("connections = 1\n"))
        self.connect(daemon, "alice")
        self.connect(daemon).expect("!! server-full")
        self.assertEqual(self.figures(place)["groupchat_refusals_total{code=server-full}"], 1)

    def test_health(self) -> None:
        """It is healthy and ready; while it stops, it is healthy but not ready."""
        limits = "send_buffer_bytes = 4096\nflood_burst = 10000\nstop_timeout_s = 3600\nstuck_timeout_s = 3600\n"
        daemon, place = self.began("--settings", self.settings(limits))
        for page in ("/healthz", "/readyz"):
            self.assertEqual(self.ask(place, page), (200, "ok\n"))
        self.assertEqual(self.ask(place, "/secret")[0], 404)
        stuck, alice, bob = (self.connect(daemon, nick) for nick in ("stuck", "alice", "bob"))
        stuck.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        alice.send("".join(f"{number} {'x' * 4000}\n" for number in range(500)))
        bob.expect("alice: 499 x")
        daemon.process.send_signal(signal.SIGTERM)
        bob.expect("The server is restarting")
        self.assertEqual(self.ask(place, "/healthz"), (200, "ok\n"))
        self.assertEqual(self.ask(place, "/readyz"), (503, "stopping\n"))
        stuck.close()
        self.assertEqual(daemon.wait(), 0)

    def test_busy_port(self) -> None:
        """A port that is taken is named, with exit status 1."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            place = str(other.getsockname()[1])
            daemon = self.launch("--metrics", place)
            self.assertEqual(daemon.wait(), 1)
        self.assertIn(f"Cannot listen at tcp:{place}:interface=127.0.0.1: Address already in use.", daemon.errors)

    def test_top(self) -> None:
        """``groupchat top`` shows them; on a terminal again and again, until Ctrl-C."""
        daemon, place = self.began()
        alice, bob = self.connect(daemon, "alice"), self.connect(daemon, "bob")
        alice.send("one\n")
        bob.expect("#1 alice: one")
        command = [sys.executable, "-m", "groupchat.admin", "top", place, "--interval", "0.3"]
        done = subprocess.run(
            [*command, "--once"], capture_output=True, text=True, timeout=LIMIT_S, env=self.environment
        )
        self.assertRegex(
            done.stdout, r"(?s)^groupchat .*people +2 in 1 room;.*the highest number is #1\n.*refused +nothing\n$"
        )
        live = self.spawn(program("env"), *command, terminal=True)
        for _ in range(2):
            live.expect(r"\x1b\[H\x1b\[Jgroupchat ")
        live.send("\x03")
        live.rest()
        self.assertEqual(live.process.wait(LIMIT_S), 0)

    def test_top_of_nothing(self) -> None:
        """Where no daemon is, it says so."""
        place = f"127.0.0.1:{free_port()}"
        done = subprocess.run(
            [sys.executable, "-m", "groupchat.admin", "top", place],
            capture_output=True, text=True, timeout=LIMIT_S, env=self.environment,
        )  # fmt: skip
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"\Agroupchat: http://\S+/metrics does not answer .*--metrics\?\n\Z")

    def test_dashboard(self) -> None:
        """Every figure that the dashboard shows is one the daemon has."""
        _, place = self.began()
        dashboard = json.loads((TREE / "packaging" / "grafana.json").read_text())
        shown = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
        self.assertGreater(len(shown), 10)
        known = {name.partition("{")[0] for name in self.figures(place)} | {"groupchat_refusals_total"}
        used = {name for expression in shown for name in re.findall(r"groupchat_\w+", expression)}
        self.assertEqual(used - known, set())

    def settings(self, text: str) -> str:
        path = self.folder / "settings.toml"
        path.write_text(text)
        return str(path)
