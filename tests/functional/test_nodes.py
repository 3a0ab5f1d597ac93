"""Nodes of a cluster as an administrator makes them: options, the first node, seeds, refusals, and how they stand."""

import base64
import http.client
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.functional.etcd_members import EtcdMembers
from tests.functional.harness import LIMIT_S, TWISTD, Daemon, FunctionalTest, Line, free_port, program


class NodesCase(FunctionalTest):
    """Nodes on one etcd.

    ``refuse_s``: for how long it may be away.
    """

    refuse_s = 5.0

    def setUp(self) -> None:
        super().setUp()
        program("etcd")
        self.etcd = EtcdMembers(self.folder / "etcd").start()
        self.addCleanup(self.etcd.close)
        self.metrics = free_port()

    def daemon(self, folder: str, *options: str) -> Daemon:
        """Start a daemon in a folder of its own, with its data there, and do not wait for it."""
        (self.folder / folder).mkdir(exist_ok=True)
        command = [
            *TWISTD, "-n", "--pidfile=", "groupchat", "--port", f"tcp:{free_port()}:interface=127.0.0.1",
            "--exempt", "127.0.0.0/8", "--data", str(self.folder / folder / "data"), *options,
        ]  # fmt: skip
        daemon = Daemon(command, self.folder / folder, env=self.environment)
        self.addCleanup(daemon.kill)
        return daemon

    def node(self, name: str, folder: str = "", *options: str) -> Daemon:
        """Start a node, by default in a folder of its name, and do not wait for it."""
        settings = self.folder / "settings.toml"
        settings.write_text(f"cluster_refuse_s = {self.refuse_s}\n")
        more = ("--settings", str(settings), *options)
        return self.daemon(folder or name, "--journal", f"{self.etcd.location}/gc", "--node", name, *more)

    def data(self, folder: str) -> Path:
        return self.folder / folder / "data"

    def groupchat(self, *words: object, status: int = 0) -> str:
        """Run the command line, and return what it printed, complaints too."""
        done = subprocess.run(
            [sys.executable, "-m", "groupchat.admin", *map(str, words)], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S, check=False, env=self.environment,
        )  # fmt: skip
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    def output(self, *words: object) -> str:
        """Run the command line, and return what it printed, whatever its status is."""
        done = subprocess.run(
            [sys.executable, "-m", "groupchat.admin", *map(str, words)], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S, check=False, env=self.environment,
        )  # fmt: skip
        return done.stdout

    def say(self, daemon: Daemon, text: str) -> None:
        self.groupchat("say", f"127.0.0.1:{daemon.port}", text, "--nick", "ci")

    def exported(self, folder: str) -> str:
        """Return what stands in the journal of a node, but for the line that tells when it was exported."""
        return self.groupchat("export", "--data", self.data(folder)).partition("\n")[2]

    def refused(self, daemon: Daemon, words: str, status: int = 1) -> None:
        """See that a daemon ends by itself with this status, and says why in one line on standard error."""
        self.assertEqual(daemon.wait(), status, daemon.log)
        self.assertIn(words, daemon.errors)
        self.assertEqual(daemon.errors.count("\n"), 1, daemon.errors)

    def asked(self, port: int, path: str) -> tuple[int, str]:
        """Return the answer to a request."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def until(self, what: Callable[[], bool]) -> None:
        """Wait until something is so."""
        end = time.monotonic() + LIMIT_S
        while not what():
            self.assertLess(time.monotonic(), end, "it does not come")
            time.sleep(0.1)


class NodesTest(NodesCase):
    refuse_s = LIMIT_S  # so that a slow disk refuses nothing that is said

    def test_from_a_single_server(self) -> None:
        """A server that was alone becomes the first node with its history; a seed brings the second one to it."""
        alone = self.daemon("a1").ready()
        self.say(alone, "before the cluster")
        alone.stop()
        first = self.node("a1").ready()
        self.say(first, "in the cluster")
        seed = self.folder / "seed.db"
        self.groupchat("backup", seed, "--data", self.data("a1"))
        self.say(first, "after the backup")
        told = self.groupchat("seed", "--from", seed, "--data", self.data("b1"), "--node", "b1")
        self.assertIn("This is the node b1 now.", told)
        second = self.node("b1").ready()
        self.say(second, "at the second")
        self.until(lambda: "at the second" in self.exported("a1"))
        self.assertEqual(self.exported("a1"), self.exported("b1"))
        for words in ("before the cluster", "in the cluster", "after the backup"):
            self.assertIn(words, self.exported("b1"))
        told = self.groupchat("cluster", "status", "--data", self.data("b1"))
        self.assertRegex(
            told,
            r"\Ab1: the log is at \d+, here \d+\n  a1  epoch \d+  (entry|has just started).*\n  b1  epoch \d+  entry ",
        )
        self.assertEqual(second.stop(), 0)
        # What is one node's is nobody else's, and nothing but a node.
        self.refused(self.node("c1", "b1"), "is that of the node b1: start it with --node b1")
        self.refused(self.daemon("b1"), "belongs to a cluster: start it with --journal etcd://… as before")
        self.groupchat("import", seed, "--data", self.data("b1"), status=1)
        alone = self.daemon("b1", "--data", str(self.folder / "restored"))
        self.assertEqual(alone.ready().stop(), 0)

    def test_one_of_each(self) -> None:
        """A second daemon with the same node name is refused, and so is one with the same folder; the first goes on."""
        first = self.node("a1").ready()
        self.refused(self.node("a1", "other"), "Another process is running as node “a1”")
        again = self.daemon(
            "third", "--journal", f"{self.etcd.location}/gc", "--node", "a1", "--data", str(self.data("a1"))
        )
        self.refused(again, "is in use by another groupchat")
        self.say(first, "still here")
        self.assertFalse((self.data("other") / "node").exists())

    def test_gone(self) -> None:
        """A node that is gone is told of until it is back, or is removed; started again, it is a node as before."""
        first, second = self.node("a1").ready(), self.node("b1").ready()
        self.say(first, "both are here")
        self.until(lambda: "both are here" in self.exported("b1"))
        told = self.groupchat("cluster", "remove", "b1", "--data", self.data("a1"), status=1)
        self.assertIn("The node b1 is there. Stop it first", told)
        second.stop()
        status = ("cluster", "status", "--data", self.data("a1"))
        # It has said so in the log; until that is carried out here it is alive.
        self.until(lambda: "b1 is stopped" in self.output(*status))
        told = self.groupchat(*status, status=1)
        self.assertRegex(told, r"\n  b1  epoch \d+  entry \d+  stopped since \d{4}-\d\d-\d\d \d\d:\d\d UTC\n")
        self.assertIn("If it does not come back: groupchat cluster remove b1\n", told)
        told = self.groupchat("cluster", "remove", "b1", "--data", self.data("a1"))
        self.assertIn("The node b1 is removed: it is listed as gone no longer.", told)
        self.assertNotIn("b1", self.groupchat(*status))
        self.assertIn(
            "No node b1 is known here. None is gone.",
            self.groupchat("cluster", "remove", "b1", "--data", self.data("a1"), status=1),
        )
        self.say(first, "without the other")
        again = self.node("b1").ready()
        self.assertRegex(self.groupchat(*status), r"\n  b1  epoch \d+  (entry |has just started)")
        self.assertIn("without the other", self.exported("b1"))
        self.say(again, "back")
        again.kill()
        self.until(lambda: "b1 is gone" in self.output(*status))
        told = self.groupchat(*status, status=1)
        self.assertRegex(told, r"\n  b1  epoch \d+  (entry \d+  )?not seen since \d{4}-\d\d-\d\d \d\d:\d\d UTC\n")

    def test_lost_etcd(self) -> None:
        """When everything in etcd is lost, a node leaves the old cluster and begins another one with what it has."""
        node = self.node("a1").ready()
        self.say(node, "before the loss")
        node.stop()
        self.etcd.clear()
        self.refused(self.node("a1"), "belongs to the cluster", status=70)
        told = self.groupchat("cluster", "leave", "--data", self.data("a1"), "--yes")
        self.assertIn("no longer; it had carried out", told)
        node = self.node("a1").ready()
        self.say(node, "after it")
        self.assertRegex(self.exported("a1"), r"before the loss(.|\n)*after it")

    def test_etcd_made_anew(self) -> None:
        """A node under which etcd is set up anew takes nothing more, lets people read, and is refused there later."""
        node = self.node("a1").ready()
        self.say(node, "before the loss")
        line = Line(node.port)
        self.addCleanup(line.close)
        line.send("reader\n")
        line.expect("before the loss")
        (member,) = self.etcd.members
        member.kill()
        member.folder = member.folder.with_name("anew")
        self.etcd.restart(member)
        status = ("cluster", "status", "--data", self.data("a1"))
        words = "Nothing can be posted here. This node takes no messages any more. The log in etcd is"
        self.until(lambda: words in self.output(*status))
        self.assertIn("run “groupchat cluster leave” on the node that is furthest", self.output(*status))
        self.assertEqual(self.asked(node.port, "/health")[0], 503)
        told = self.groupchat("say", f"127.0.0.1:{node.port}", "into nothing", "--nick", "ci", status=1)
        self.assertIn("This server takes no messages any more, until whoever runs it has mended that.", told)
        self.assertNotIn("etcd", told)
        line.send("/history\n")
        line.expect("before the loss")
        line.send("unheard\n")
        line.expect("!! journal-unavailable: ")
        node.stop()
        # Else there would be a log that nobody can be seeded from, and that every node is refused by.
        for _ in range(2):
            refused = self.node("a1")
            self.refused(refused, "this etcd has no log below “gc/”. If --journal names another server", status=70)
            self.assertIn("run “groupchat cluster leave” on the node that is furthest", refused.errors)
            self.assertEqual(self.etcd.call("kv/range", key="AA==", range_end="AA==").get("kvs"), None)
        shutil.copytree(self.data("a1"), self.data("b1"))
        (self.data("b1") / "node").unlink()
        self.groupchat("cluster", "leave", "--data", self.data("a1"), "--yes")
        self.say(self.node("a1").ready(), "after it")
        self.assertRegex(self.exported("a1"), r"before the loss(.|\n)*after it")
        self.assertNotIn("into nothing", self.exported("a1"))
        refused = self.node("b1")
        self.refused(refused, "another node has begun that log, seed this one from it: groupchat seed --replace.", 70)
        self.assertIn("run “groupchat cluster leave” on the node that is furthest", refused.errors)

    def test_started_without_etcd(self) -> None:
        """A node that is started while etcd is away tells whoever asks what it waits for, and begins by itself."""
        (member,) = self.etcd.members
        member.kill()
        self.refuse_s = 5.0
        node = self.node("a1", "", "--metrics", str(self.metrics))
        node.logged("Everybody is told that this node waits for its cluster")
        port = int(re.findall(r"tcp:(\d+):", " ".join(map(str, node.process.args)))[0])  # type: ignore[arg-type]
        status, words = self.asked(port, "/health")
        self.assertEqual(status, 503)
        self.assertIn("waits for the others' log. Try again in a while.", words)
        status, words = self.asked(self.metrics, "/readyz")
        self.assertEqual(status, 503)
        self.assertIn(f"127.0.0.1:{member.port}", words)
        told = self.groupchat("cluster", "status", "--data", self.data("a1"), status=1)
        self.assertIn(
            "Nothing can be posted here. This node is starting, and waits for its place in the cluster.", told
        )
        told = self.groupchat("user", "list", "--data", self.data("a1"), status=1)
        self.assertIn("The server is still starting.", told)
        for words, refusal in (("bob\n", "!! journal-unavailable: "), ('{"do": "nick", "nick": "bob"}\n', '"refused"')):
            line = Line(port)
            self.addCleanup(line.close)
            line.send(words)
            line.expect(refusal)
            line.rest()
        self.etcd.restart(member)
        node.ready()
        self.say(node, "here")

    def test_forged_entry(self) -> None:
        """A node that meets something in the log that nobody can carry out ends so that it is not started again."""
        node = self.node("a1").ready()
        self.say(node, "before it")
        node.stop()
        text = base64.b64encode(b'{"v":1,"r":1,"n":"x","e":1,"i":1,"o":[{"op":"post","author":[1]}]}').decode()
        self.etcd.call("kv/put", key=base64.b64encode(b"gc/log").decode(), value=text)
        self.refused(self.node("a1"), "somebody has written into etcd by hand", status=70)
        unit = (Path(__file__).parents[2] / "packaging" / "groupchat.service").read_text()
        self.assertIn("\nRestartPreventExitStatus=70\n", unit)

    def assert_watched(self, figures: str) -> None:
        """Every figure that the dashboard of nodes shows, or that is worth an alarm, is one that a node has."""
        packaging = Path(__file__).parents[2] / "packaging"
        panels = json.loads((packaging / "grafana-nodes.json").read_text())["panels"]
        shown = [target["expr"] for panel in panels for target in panel["targets"]]
        alarms = re.findall(r"^ +expr: (.+)$", (packaging / "alerts.yaml").read_text(), re.MULTILINE)
        self.assertGreater(min(len(shown), len(alarms)), 5)
        used = {name for expression in [*shown, *alarms] for name in re.findall(r"groupchat_\w+", expression)}
        known = {*re.findall(r"^# TYPE (\w+) ", figures, re.MULTILINE)}
        self.assertEqual(used - known - {f"{name}_total" for name in known}, set())

    def test_without_etcd(self) -> None:
        """While etcd is away a node is not ready and refuses what is said; when it is back all is well again."""
        self.refuse_s = 5.0
        node = self.node("a1", "", "--metrics", str(self.metrics)).ready()
        self.assertEqual(self.asked(node.port, "/health"), (200, "ok\n"))
        status, figures = self.asked(self.metrics, "/metrics")
        self.assertEqual(status, 200)
        self.assertIn('\ngroupchat_node_info{node="a1"} 1.0\n', figures)
        self.assertIn("a1; 1 node alive\n", self.groupchat("top", f"127.0.0.1:{self.metrics}", "--once"))
        for figure in (
            "log_applied",
            "log_lag",
            "log_append_seconds",
            "lease_age_seconds",
            "nodes",
            "nodes_unseen_seconds",
        ):
            self.assertIn(f"\ngroupchat_{figure} ", figures)
        self.assert_watched(figures)
        (member,) = self.etcd.members
        member.kill()
        self.until(lambda: self.asked(node.port, "/health") == (503, "not ready\n"))
        self.assertEqual(self.asked(self.metrics, "/readyz")[0], 503)
        told = self.groupchat("cluster", "status", "--data", self.data("a1"), status=1)
        where = f"127.0.0.1:{member.port}"
        self.assertIn(f"Nothing can be posted here. etcd does not answer at {where}. Start it", told)
        self.etcd.restart(member)
        self.until(lambda: self.asked(node.port, "/health") == (200, "ok\n"))
        self.say(node, "again")
        self.assertIn("again", self.exported("a1"))
