"""``groupchat top``: the figures of a daemon in a terminal."""

import argparse
import math
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from twisted.trial.unittest import SynchronousTestCase

from groupchat.admin.top import Figures, add_arguments, drawn, look, quantile, read
from tests.admin.cases import CommandCase
from tests.functional.harness import free_port

TEXT = """\
# TYPE groupchat_info gauge
groupchat_info{version="1.0"} 1.0
# TYPE groupchat_start_time_seconds gauge
groupchat_start_time_seconds 1.0
# TYPE groupchat_connections gauge
groupchat_connections{door="json"} 1.0
groupchat_connections{door="text"} 2.0
# TYPE groupchat_head gauge
groupchat_head 1234.0
# TYPE groupchat_posts_total counter
groupchat_posts_total 100.0
# TYPE groupchat_refusals_total counter
groupchat_refusals_total{code="flooding"} 3.0
# TYPE groupchat_commit_seconds histogram
groupchat_commit_seconds_bucket{le="0.001"} 1.0
groupchat_commit_seconds_bucket{le="+Inf"} 1.0
groupchat_commit_seconds_count 1.0
groupchat_commit_seconds_sum 0.0005
""" + "".join(
    f"# TYPE groupchat_{name} gauge\ngroupchat_{name} 5.0\n"
    for name in (
        *("people", "rooms", "accounts", "sockets", "queued_entries", "commit_delay_seconds"),
        *("slow_readers", "catching_up"),
    )
)


def row(text: str, name: str) -> str:
    """Return what is shown beside a name."""
    (found,) = (line[12:].strip() for line in text.splitlines() if line.startswith(name))
    return found


class FiguresTest(SynchronousTestCase):
    def test_read(self) -> None:
        """Figures are read by name, by label, and by the bounds of their buckets."""
        figures = read(TEXT, 7.0)
        self.assertEqual((figures.at, figures.values["head"]), (7.0, 1234.0))
        self.assertEqual(figures.by_label["connections"], {"json": 1.0, "text": 2.0})
        self.assertEqual(figures.buckets["commit_seconds"], {0.001: 1.0, math.inf: 1.0})

    def test_something_else(self) -> None:
        """The figures of another program are refused."""
        self.assertIn("not a groupchat", str(self.assertRaises(ValueError, read, "up 1\n", 0.0)))

    def test_rates(self) -> None:
        """Counters are shown by the second, and only refusals that are new."""
        after = TEXT.replace("posts_total 100", "posts_total 150").replace('"flooding"} 3', '"flooding"} 5')
        shown = drawn("here", read(TEXT, 0.0), read(after, 2.0))
        self.assertEqual(row(shown, "posts"), "25.0/s; the highest number is #1,234")
        self.assertEqual(row(shown, "refused"), "flooding 2")
        self.assertEqual(row(drawn("here", read(TEXT, 0.0), read(TEXT, 2.0)), "refused"), "nothing")

    def test_files(self) -> None:
        """It is shown how many files are kept and being sent; a daemon that keeps none has no figures of them."""
        files = "".join(
            f"# TYPE groupchat_{name} gauge\ngroupchat_{name} {value}\n"
            for name, value in (("files", 2.0), ("files_bytes", 16777216.0), ("uploads", 1.0))
        )
        shown = drawn("here", read(TEXT, 0.0), read(TEXT + files, 2.0))
        self.assertEqual(row(shown, "files"), "2 kept, 16 MB; 1 being sent")
        self.assertEqual(row(drawn("here", read(TEXT, 0.0), read(TEXT, 2.0)), "files"), "none")

    def cluster(self, node: str = "a1", **values: float) -> str:
        """Return what is shown of a node of a cluster with these figures."""
        figures = {"nodes": 3, "nodes_gone": 0, "log_applied": 8840, "log_lag": 0, "lease_age_seconds": 2.5} | values
        text = f'# TYPE groupchat_node_info gauge\ngroupchat_node_info{{node="{node}"}} 1.0\n'
        text += "".join(f"# TYPE groupchat_{name} gauge\ngroupchat_{name} {value}\n" for name, value in figures.items())
        return drawn("here", read(TEXT, 0.0), read(TEXT + text, 2.0))

    def test_cluster(self) -> None:
        """Of a node it is shown which one it is, how many there are, how far it is, and whether etcd answers."""
        shown = self.cluster()
        self.assertEqual(row(shown, "node"), "a1; 3 nodes alive")
        self.assertEqual(row(shown, "log"), "entry 8,840, up to date; etcd answers")
        shown = self.cluster(nodes=1, nodes_gone=2, log_lag=1234)
        self.assertEqual(row(shown, "node"), "a1; 1 node alive; 2 are away")
        self.assertEqual(row(shown, "log"), "entry 8,840, 1,234 behind; etcd answers")
        shown = self.cluster(nodes_gone=1, lease_age_seconds=66.2)
        self.assertEqual(row(shown, "node"), "a1; 3 nodes alive when that was known last; 1 is away")
        self.assertEqual(row(shown, "log"), "entry 8,840; etcd has not answered this node for 1 minute 7 seconds")

    def test_no_cluster(self) -> None:
        """A daemon that is alone has nothing of a cluster."""
        shown = drawn("here", read(TEXT, 0.0), read(TEXT, 2.0))
        self.assertFalse([line for line in shown.splitlines() if line.startswith(("node", "log"))])

    def test_restarted(self) -> None:
        """Counters that fall, because the daemon was restarted, are never shown as negative rates."""
        shown = drawn("here", read(TEXT, 0.0), read(TEXT.replace("posts_total 100", "posts_total 1"), 2.0))
        self.assertTrue(row(shown, "posts").startswith("0.0/s"))

    def test_histograms(self) -> None:
        """Of a histogram the median and the 99th percentile are shown, of what came in between."""
        more = TEXT.replace('le="0.001"} 1', 'le="0.001"} 99').replace('le="+Inf"} 1', 'le="+Inf"} 101')
        shown = row(drawn("here", read(TEXT, 0.0), read(more, 1.0)), "commits")
        self.assertEqual(shown, "100; half within 1 ms, 99 of 100 within any time")
        self.assertEqual(row(drawn("here", read(TEXT, 0.0), read(TEXT, 1.0)), "commits"), "none")

    def test_hostile(self) -> None:
        """Nothing a daemon says moves the cursor."""
        evil = Figures(0.0, read(TEXT, 0.0).values, {"info": {"\x1b[2J": 1.0}})
        self.assertTrue(all(line.isprintable() for line in drawn("\x1b[H", evil, evil).splitlines()))

    def test_quantile(self) -> None:
        """A quantile is the upper bound of its bucket; of nothing it is nan."""
        after = {0.1: 1.0, 0.5: 9.0, math.inf: 10.0}
        self.assertEqual([quantile({}, after, share) for share in (0.1, 0.5, 0.9, 0.95)], [0.1, 0.5, 0.5, math.inf])
        self.assertTrue(math.isnan(quantile(after, after, 0.5)))

    def test_interval(self) -> None:
        """An interval is between 0.1 s and an hour."""
        parser = argparse.ArgumentParser()
        add_arguments(parser)
        self.assertEqual(parser.parse_args(["--interval", "0.1"]).interval, 0.1)
        for wrong in ("0", "3601", "x"):
            self.assertRaises(SystemExit, parser.parse_args, ["--interval", wrong])


class Answering(BaseHTTPRequestHandler):
    """A daemon that has one answer."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/metrics" else 404)
        self.end_headers()
        self.wfile.write(TEXT.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing."""


class TopTest(CommandCase):
    def test_once(self) -> None:
        """``--once`` prints the figures of one interval, and ends."""
        with HTTPServer(("127.0.0.1", 0), Answering) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            self.addCleanup(thread.join)
            self.addCleanup(server.shutdown)
            address = f"127.0.0.1:{server.server_port}"
            self.assertEqual(look(address).values["head"], 1234.0)
            out = self.output("top", address, "--once", "--interval", "0.1")
            self.assertTrue(out.startswith(f"groupchat 1.0 at {address}, running for "))
            self.assertEqual(row(out, "connections"), "5 (json 1, text 2, others 2)")
            server.shutdown()

    def test_refused(self) -> None:
        """The command shows why a daemon does not tell its figures, and nothing of that moves the cursor."""

        class Refusing(Answering):
            def do_GET(self) -> None:
                self.send_response(421)
                self.end_headers()
                self.wfile.write(b"not a name\x1b[2J; the setting metrics_hosts adds one\n")

        with HTTPServer(("127.0.0.1", 0), Refusing) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            self.addCleanup(thread.join)
            self.addCleanup(server.shutdown)
            complaint = self.complaint("top", f"127.0.0.1:{server.server_port}")
            self.assertIn("/metrics answers 421: not a name", complaint)
            self.assertIn("metrics_hosts", complaint)
            self.assertNotIn("\x1b", complaint)
            server.shutdown()

    def test_port(self) -> None:
        """A port alone is one of 127.0.0.1, as with ``--metrics``."""
        port = free_port()
        self.assertIn(f"http://127.0.0.1:{port}/metrics does not answer", self.complaint("top", str(port)))

    def test_nobody(self) -> None:
        """The command says so when no daemon answers."""
        self.assertIn("does the daemon run with --metrics?", self.complaint("top", f"127.0.0.1:{free_port()}").lower())
