"""Journals to carry things between, without commands and without waiting for a disk."""

import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.exchange.incoming import Incoming
from groupchat.exchange.outgoing import Outgoing
from groupchat.journals.tools.archive import Archive, Contents
from groupchat.journals.tools.audit import Audit
from groupchat.journals.tools.snapshots import snapshot
from groupchat.model.drafts import Operation, Outcome

Lines = list[dict[str, Any]]


class Place:
    """A journal in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "chat.db"
        self.append()

    def archive(self) -> Archive:
        archive = Archive(self.path)
        archive.database.execute("PRAGMA synchronous = OFF")
        return archive

    def append(self, *operations: Operation) -> list[Outcome]:
        with self.archive() as archive:
            return archive.append(operations)

    def exported(self, private: bool = True) -> Lines:
        """Return the lines of the whole journal."""
        with snapshot(self.path) as database:
            lines = Outgoing(Contents(database), lambda row: True, private).lines(True, lambda done: None)
            return [json.loads(line) for line in lines]

    def take(self, lines: Iterable[Any], same_people: bool = False) -> Incoming:
        """Import lines; return what became of them."""
        with self.archive() as archive, archive.writing() as batch:
            incoming = Incoming(archive, batch, same_people)
            for number, line in enumerate(lines, 1):
                incoming.take(line, number)
            incoming.finish()
        return incoming

    def tables(self) -> dict[str, list[Any]]:
        """Return what is in the file."""
        with self.archive() as archive:
            return {
                table: archive.database.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
                for table in ("posts", "facts", "origins", "imported", "imported_facts", "spans", "counters")
            }

    def faults(self) -> list[str]:
        """Return what an audit finds wrong."""
        return list(Audit(self.folder).faults())

    def query(self, statement: str, *values: object) -> list[Any]:
        with self.archive() as archive:
            return archive.database.execute(statement, values).fetchall()


class PlacesCase(SynchronousTestCase):
    """Tests with journals."""

    def place(self) -> Place:
        """Make an empty journal."""
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        return Place(folder)

    def copy(self, place: Place) -> Place:
        """Copy a journal, as a backup that is restored elsewhere does."""
        other = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, other)
        for file in place.folder.iterdir():
            shutil.copy(file, other)
        return Place(other)

    def assert_unchanged(self, place: Place, lines: Iterable[Any]) -> None:
        """Check that an import changes nothing, and says so.  What was imported or seen may be noted once more."""
        before = place.tables()
        incoming = place.take(lines)
        self.assertEqual((incoming.posts["imported"], incoming.facts["imported"]), (0, 0))
        after = place.tables()
        self.assertLessEqual(set(before.pop("imported_facts")), set(after.pop("imported_facts")))
        self.assertEqual(after, before)


def posts(lines: Lines) -> Lines:
    """Return the lines of posts only."""
    return [line for line in lines if line["kind"] not in ("export", "origin", "fact", "read")]
