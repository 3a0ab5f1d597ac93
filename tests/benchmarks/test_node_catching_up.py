"""How far a node is, as the benchmark sees it from outside."""

import shutil
import tempfile
import time
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.node_catching_up import Progress, head
from groupchat.journals.sqlite.database import opened
from groupchat.journals.sqlite.folder import Folder
from groupchat.journals.sqlite.writer import Writer
from groupchat.model.drafts import Draft, Kind
from groupchat.model.events import AuthorId


class ProgressTests(SynchronousTestCase):
    def setUp(self) -> None:
        top = Path(tempfile.mkdtemp(prefix="groupchat-bench-"))
        self.addCleanup(shutil.rmtree, top)
        self.data = top / "data"
        folder = Folder(self.data / "chat.db")
        self.writer = Writer(opened(folder.database, folder.marked()), folder)
        self.addCleanup(self.writer.close)

    def post(self, count: int) -> None:
        """Write so many posts in one batch."""
        self.writer.append([Draft(Kind.SAID, AuthorId(1), "bob", time.time(), "lobby", "x") for _ in range(count)])

    def test_head(self) -> None:
        """What is on disk is seen while the node goes on writing."""
        self.assertEqual(head(self.data), 0)
        self.post(3)
        self.assertEqual(head(self.data), 3)

    def test_one_batch(self) -> None:
        """A node that has carried out everything at once, or had nothing to do, has no rate."""
        progress = Progress(self.data, 3)
        self.post(3)
        self.assertIsNone(progress.rate())
        self.assertIsNone(Progress(self.data, 3).rate())
