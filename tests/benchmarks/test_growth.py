"""What members cost as their number grows, on sockets and without."""

import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from benchmarks import connections, core, plots, rooms
from benchmarks.figures import Row
from benchmarks.load import Broken
from benchmarks.report import tables
from benchmarks.targets import judged
from tests.lacking import lacking

SIZE = 30


def grown(scenario: str, members: int) -> Row:
    """Return a row whose figures are those that the table and the picture show."""
    names = ("join_us", "joins_s", "memory_kib", "idle_cpu", "post_ms", "post_us", "together_us", "line_us", "line_ns",
             "last_ms", "page_ms", "leave_us", "search_ms", "start_s", "join_ms", "rare_ms",
             "memory_mib", "searches_refused")  # fmt: skip
    return {
        "scenario": scenario,
        "peer": "groupchat",
        "members": members,
        "posts": members,
        **dict.fromkeys(names, 1.5),
    }


class CoreTest(SynchronousTestCase):
    """A crowd of a few on connections that count."""

    def test_figures(self) -> None:
        """Everything takes some time, and the table shows it."""
        row = core.measure(SIZE)
        self.assertEqual(row["members"], SIZE)
        for name in ("join_us", "post_us", "together_us", "line_ns", "page_ms", "leave_us"):
            self.assertGreater(row[name], 0, name)
        self.assertIn("| 30      |", tables([row], []))

    def test_delivered(self) -> None:
        """Each of the others is written to once for what is said in a turn, and the one who asks is answered."""
        crowd = core.Crowd(SIZE)
        crowd.join()
        before = [transport.writes for transport in crowd.transports]
        crowd.say(core.TOGETHER)
        self.assertEqual(
            [transport.writes - known for transport, known in zip(crowd.transports, before, strict=True)], [1] * SIZE
        )
        for _ in range(3):  # not only the first: one who was sent much is read from again
            before = [transport.writes for transport in crowd.transports]
            crowd.ask(b"/list\n")
            self.assertEqual(crowd.transports[0].writes - before[0], 1)

    def test_leaving(self) -> None:
        """Those who have left are written to no more."""
        crowd = core.Crowd(SIZE)
        crowd.join()
        crowd.leave(10)
        before = [transport.writes for transport in crowd.transports[-10:]]
        crowd.say(1)
        self.assertEqual([transport.writes for transport in crowd.transports[-10:]], before)

    def test_failed(self) -> None:
        """A process that ends without figures is reported with its last words."""
        error = self.assertRaises(Broken, core.core, [-1], lambda line: None)
        self.assertIn("-1 members could not be measured", str(error))


class ConnectionsTest(SynchronousTestCase):
    """As many as descriptors allow."""

    def test_cut(self) -> None:
        """More than are possible are cut to what is, once, and that is said."""
        said: list[str] = []
        asked: list[int] = []

        def measured(count: int) -> Row:
            asked.append(count)
            return grown("connections", count)

        self.patch(connections, "possible", lambda: 700)
        self.patch(connections, "_measure", measured)
        rows = connections.connections((1000, 10, 2000), said.append)
        self.assertEqual(asked, [10, 700])
        self.assertEqual([row["members"] for row in rows], [10, 700])
        self.assertIn("connections: at most 700 here, because no process may have more than 1200 descriptors", said)


class RoomsTest(SynchronousTestCase):
    """Members in many rooms."""

    def test_layouts(self) -> None:
        """Each layout spreads its members as its name says; the quick ones are the same with fewer."""
        for share in (1.0, 0.05):
            for layout in rooms.layouts(share):
                found = [layout.rooms(number) for number in range(layout.members)]
                every = [room for mine in found for room in mine]
                most = max(every.count(room) for room in set(every[:20]))
                if layout.name == "each alone":
                    self.assertEqual((len(set(every)), most), (layout.members, 1))
                elif layout.name == "ten in each":
                    self.assertEqual((len(set(every)), most), (layout.members // 10, 10))
                else:
                    self.assertEqual({len(set(mine)) for mine in found}, {3})
                    self.assertLessEqual(len(set(every)), 30)
        self.assertEqual([layout.members for layout in rooms.layouts(1.0)], [10, 1000, 4000, 1000, 1000, 10_000])

    def test_judged(self) -> None:
        """The post that nobody receives, and the storm, have their limits; the table shows both."""
        row = {"scenario": "rooms", "peer": "groupchat", "layout": "each alone", "post_ms": 0.25, "enter_s": 1.0,
               "kept_mib": 50.0, "left_mib": 3.0}  # fmt: skip
        rows = [{**row, "members": 4000, "post_ms": 1.75}, {**row, "members": 10, "post_ms": 1.5},
                {**row, "members": 10_000}]  # fmt: skip
        self.assertEqual([(target.figure, target.met) for target in judged(rows)], [(0.25, True), (50.0, False)])
        self.assertIn("| 4,000   | each alone | 1.75", tables(rows, []))


class PictureTest(SynchronousTestCase):
    """The growth of cost."""

    def test_drawn(self) -> None:
        """There is a curve for each scenario in which something grows."""
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        rows = [grown(scenario, count) for scenario in ("core", "connections", "history") for count in (1000, 10)]
        if find_spec("matplotlib") is None:
            lacking("matplotlib is not installed")
        plots.draw(rows, folder / "growth.svg")
        self.assertIn("</svg>", (folder / "growth.svg").read_text())
        self.assertIn("| 1,000   |", tables(rows, []))
