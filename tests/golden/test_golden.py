"""Every recording, replayed, gives the tables it gave when it was recorded."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.rules.codec import decode
from groupchat.journals.sqlite.database import SCHEMA
from groupchat.model.drafts import Operation
from tests.golden.evening import HERE
from tests.journals.direct import DirectJournal


def recordings() -> dict[str, tuple[list[list[Operation]], dict[str, object]]]:
    """Return the commits of each recording, and what came of them."""
    found = {}
    for path in sorted(HERE.glob("evening-*.jsonl")):
        *commits, end = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        found[path.stem] = ([[decode(one) for one in commit] for commit in commits], end)
    return found


class GoldenTests(SynchronousTestCase):
    """The recordings of this and of earlier versions."""

    def replay(self, between: Callable[[DirectJournal, int], None], together: int = 1) -> None:
        """Replay each recording, and compare the tables.

        :param between: called after each append with the journal and the append's number.
        :param together: how many commits are appended as one.
        """
        for name, (commits, end) in recordings().items():
            place = Path(tempfile.mkdtemp())
            self.addCleanup(rmtree, place)
            journal = DirectJournal(place / "chat.db")
            for number in range(0, len(commits), together):
                operations = [one for commit in commits[number : number + together] for one in commit]
                self.successResultOf(journal.append(operations))
                between(journal, number)
            self.assertEqual({"head": journal.head, "hash": journal.hash()}, end, name)
            journal.close()

    def test_there_is_one_of_this_version(self) -> None:
        """The newest schema has a recording, with operations and facts of many kinds."""
        form = max(int(file.stem) for file in SCHEMA.glob("[0-9]*.sql"))
        commits, _ = recordings()[f"evening-{form:04}"]
        self.assertGreater(sum(map(len, commits)), 500)

    def test_index_behind(self) -> None:
        """Nothing is indexed, nor anything else that can wait done, before the end."""
        self.replay(lambda journal, number: None)

    def test_index_filled(self) -> None:
        """Everything that can wait is done at once."""
        self.replay(lambda journal, number: journal.idle())

    def test_restarts(self) -> None:
        """The daemon starts again every now and then, with part of the work done."""

        def between(journal: DirectJournal, number: int) -> None:
            journal.idle(number % 3)
            if number % 17 == 0:
                journal.restart()

        self.replay(between)

    def test_larger_commits(self) -> None:
        """Commits gather more than they did."""
        self.replay(lambda journal, number: None, together=7)

    def test_another_rule(self) -> None:
        """A changed operation is found out."""
        name, (commits, end) = next(reversed(recordings().items()))
        place = Path(tempfile.mkdtemp())
        self.addCleanup(rmtree, place)
        journal = DirectJournal(place / "chat.db")
        for commit in commits[:-1]:
            self.successResultOf(journal.append(commit))
        self.assertNotEqual(journal.hash(), end["hash"], name)
        journal.close()
