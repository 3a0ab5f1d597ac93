"""``groupchat export``: which rows it selects, and where it writes."""

import json
import subprocess
import sys
import time

from groupchat.journals.tools.archive import Archive
from tests.admin.cases import ALICE, DAY, NOON, ArchiveCase, draft
from tests.functional.harness import TREE


class ExportTest(ArchiveCase):
    def ids(self, *options: object) -> list[int]:
        """Return the numbers of the messages that are exported."""
        lines = map(json.loads, self.exported(*options).splitlines())
        return [line["id"] for line in lines if line["kind"] not in ("export", "origin", "fact", "read")]

    def test_public(self) -> None:
        """Everything public is exported, with edits and deletions."""
        self.assertEqual(self.ids(), [1, 2, 4, 5, 6, 7, 8, 9])

    def test_facts(self) -> None:
        """Accounts and positions are exported with everything, and not with a selection."""
        kinds = [json.loads(line)["kind"] for line in self.exported().splitlines()]
        self.assertEqual(kinds[:4], ["export", "origin", "fact", "fact"])
        self.assertEqual(kinds[-1], "read")
        for selection in [("--room", "lobby"), ("--since", "2026-11-23")]:
            kinds = [json.loads(line)["kind"] for line in self.exported(*selection).splitlines()]
            self.assertFalse({"fact", "read"} & set(kinds), selection)

    def test_for_reading(self) -> None:
        """For reading, a message stands once, as it is now, and deeds that are not for everybody are left out."""
        page = self.exported("--format", "text")
        self.assertEqual([page.count(words) for words in ("okapi", "#6", "quagga")], [1, 1, 0])

    def test_private(self) -> None:
        """Private messages are exported only when asked for."""
        out, errors = self.outputs("export", "--data", self.data, "--private")
        self.assertIn("quagga secret", out)
        self.assertIn("keep it as safe as the journal", errors)

    def test_room(self) -> None:
        """Rooms narrow the selection; several may be given, in any case."""
        self.assertEqual(self.ids("--room", "zoo"), [4, 5])
        self.assertEqual(self.ids("--room", "Zoo", "--room", "lobby"), [1, 2, 4, 5, 6, 7, 8, 9])

    def test_unknown_room(self) -> None:
        """A room that does not exist is named, whether others do or not, and no file is made."""
        file = self.folder / "out"
        for others in ((), ("--room", "lobby")):
            complaint = self.complaint("export", "--data", self.data, "--room", "nope", *others, "--output", file)
            self.assertEqual(complaint, "groupchat: There is no room nope in this journal.\n")
            self.assertFalse(file.exists())

    def test_since(self) -> None:
        """Times narrow the selection: a time with or without a zone, a day, or a duration before now."""
        for since in ("2026-11-23T12:00:00Z", "2026-11-23T14:00:00+02:00", "2026-11-23T12:00", "2026-11-23"):
            self.assertEqual(self.ids("--since", since), [8, 9], since)
        self.assertEqual(self.ids("--since", "2026-11-23T12:00:01"), [])
        with Archive(self.data / "chat.db") as archive:
            archive.append([draft(ALICE, "alice", "now", (time.time() - NOON) / DAY)])
        self.assertEqual(self.ids("--since", "1h"), [10])

    def test_mistakes(self) -> None:
        """A room or a time that cannot be is a mistake in the arguments: status 2."""
        for option, value in [("--room", "no room"), ("--since", "soon"), ("--format", "pdf")]:
            with self.assertRaises(SystemExit) as end:
                self.outputs("export", "--data", self.data, option, value)
            self.assertEqual(end.exception.code, 2, option)

    def test_output(self) -> None:
        """A file that is written can be read by its owner only; a file that exists is not overwritten."""
        file = self.folder / "page.html"
        self.assertEqual(self.exported("--format", "html", "--output", file), "")
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        self.assertIn("okapi &amp; more", file.read_text())
        self.assertIn(f"{file} exists already", self.complaint("export", "--data", self.data, "--output", file))
        self.assertIn("okapi &amp; more", file.read_text())

    def test_no_journal(self) -> None:
        """Without a journal there is nothing to export."""
        self.assertIn("There is no journal", self.complaint("export", "--data", self.folder / "none"))

    def test_closed_pipe(self) -> None:
        """When the reader of a pipe has seen enough, the export ends without a word."""
        with Archive(self.data / "chat.db") as archive:
            archive.append([draft(ALICE, "alice", "x" * 1000) for _ in range(1000)])
        command = [sys.executable, "-m", "groupchat.admin", "export", "--data", str(self.data)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=TREE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            self.assertIn(b'"export"', process.stdout.readline())
            process.stdout.close()
            self.assertEqual((process.stderr.read(), process.wait(60)), (b"", 1))
