"""Every recording of a log, carried out, gives what it gave when it was recorded."""

import json
import tempfile
from pathlib import Path
from shutil import rmtree

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.cluster.entries import RULES, entry_bytes, read_entry, written
from groupchat.journals.rules.codec import OPERATIONS
from tests.golden.entries import Replay
from tests.golden.evening import HERE


def recordings() -> dict[str, tuple[list[bytes], dict[str, object]]]:
    """Return the entries of each recording, and what came of them."""
    found = {}
    for path in sorted(HERE.glob("entries-*.jsonl")):
        *entries, end = path.read_bytes().splitlines()
        found[path.stem] = (entries, json.loads(end))
    return found


class GoldenEntriesTests(SynchronousTestCase):
    """The recordings of this and of earlier versions."""

    def replay(self) -> Replay:
        """Return a replay on a journal that is empty."""
        place = Path(tempfile.mkdtemp())
        self.addCleanup(rmtree, place)
        replay = Replay(place / "chat.db")
        self.addCleanup(lambda: replay.journal.close())
        return replay

    def test_one_by_one(self) -> None:
        """Each entry is carried out by itself."""
        for name, (entries, end) in recordings().items():
            replay = self.replay()
            for data in entries:
                replay.carry_out([data])
            self.assertEqual(replay.end(), end, name)

    def test_together(self) -> None:
        """Many are carried out in one transaction, as by a node that was away."""
        for name, (entries, end) in recordings().items():
            replay = self.replay()
            for first in range(0, len(entries), 57):
                replay.carry_out(entries[first : first + 57])
            self.assertEqual(replay.end(), end, name)

    def test_this_version_writes_the_same(self) -> None:
        """What is read from the newest recording is written again byte by byte."""
        entries, _ = recordings()[f"entries-{RULES:04}"]
        for data in entries:
            entry = read_entry(data)
            texts = [written(operation) for operation in entry.operations]
            again = entry_bytes(entry.node, entry.epoch, entry.count, entry.rules, texts, entry.known)
            self.assertEqual(again, data)

    def test_every_operation(self) -> None:
        """The newest recording has every operation."""
        entries, _ = recordings()[f"entries-{RULES:04}"]
        said = {operation["op"] for data in entries for operation in json.loads(data)["o"]}
        self.assertEqual(said, set(OPERATIONS))

    def test_one_that_is_skipped(self) -> None:
        """A node that skips an entry is found out."""
        entries, end = recordings()[f"entries-{RULES:04}"]
        replay = self.replay()
        replay.carry_out([*entries[:-9], *entries[-8:]])
        self.assertNotEqual(replay.end(), end)
