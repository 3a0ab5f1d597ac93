"""How old the log is, is known after a restart."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.cluster.log_ages import NAME, Ages, LogAges
from groupchat.journals.memory import MemoryJournal
from tests.journals.cluster.nodes import ClusterCase
from tests.journals.contract import folder, said


class FileTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path: Path = folder(self) / NAME
        self.now = 1000.0
        self.ages = LogAges(self.path, lambda: self.now)

    def test_kept(self) -> None:
        """Ages go on growing while nobody is there; those of another log, or in the future, mean nothing."""
        self.assertIsNone(self.ages.read("one"))
        self.ages.write("one", 5.0, [(100.0, 3), (0.0, 9)])
        self.now = 1010.0
        self.assertEqual(self.ages.read("one"), Ages(15.0, ((110.0, 3), (10.0, 9))))
        self.assertIsNone(self.ages.read("other"))
        self.now = 100.0
        self.assertEqual(self.ages.read("one"), Ages(0.0, ((0.0, 3), (0.0, 9))))

    def test_unusable(self) -> None:
        """A file that cannot be read counts as none, and one that cannot be written stops nobody."""
        for words in ("", "[]", "{}", '{"cluster": "one", "compacted": null, "revisions": []}'):
            self.path.write_text(words)
            self.assertIsNone(self.ages.read("one"))
        LogAges(self.path.parent / "missing" / NAME, lambda: 0.0).write("one", 0.0, [])


class RestartTests(ClusterCase):
    def run_often(self, ages: LogAges | None) -> int:
        """Run a node twelve times for half an hour; return the number of the oldest entry that is left."""
        inner = MemoryJournal()
        for _ in range(12):
            inner._closed = False
            node = self.started("a1", inner=inner, keep_h=2.0, ages=ages)
            for _ in range(3):
                node.post(said("x"))
                for _ in range(60):
                    self.clock.advance(10)
            closing = node.journal.close()
            self.pass_time()
            self.successResultOf(closing)
        return self.shared.entries[0].number

    def test_restarted_often(self) -> None:
        """A node that never runs for an hour compacts the log all the same, and keeps what is younger."""
        ages = LogAges(folder(self) / NAME, self.clock.seconds)
        oldest = self.run_often(ages)
        self.assertGreater(oldest, 1)
        self.assertLess(oldest, self.shared.head - 4)  # four runs are two hours

    def test_nothing_kept(self) -> None:
        """Without the file nothing is compacted that may be younger."""
        self.assertEqual(self.run_often(None), 1)
