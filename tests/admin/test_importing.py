"""``groupchat import``."""

import json
from pathlib import Path

from groupchat.journals.tools.archive import Archive
from tests.admin.cases import ALICE, ArchiveCase, draft

GOOD = '{"kind":"said","room":"lobby","nick":"carol","at":"2026-11-21T12:00:00Z","text":"hi"}\n'


class ImportTest(ArchiveCase):
    def setUp(self) -> None:
        super().setUp()
        self.file = self.folder / "chat.jsonl"
        self.other = self.folder / "other"

    def shown(self, data: Path) -> list[tuple[str, ...]]:
        """Return what an export shows of messages that are not deleted, but for their numbers."""
        items = [json.loads(line) for line in self.exported(data=data).splitlines()]
        return [
            tuple(item[name] for name in ("kind", "room", "nick", "at", "text")) for item in items if "text" in item
        ]

    def test_there_and_back(self) -> None:
        """An export can be imported elsewhere, and reads the same, except for the numbers."""
        self.file.write_text(self.exported("--private"), encoding="utf-8")
        printed = self.output("import", self.file, "--data", self.other)
        self.assertEqual(printed, "imported: 5, there already: 0, left out: 2\n")
        self.assert_sound(self.other)
        self.assertEqual(self.shown(self.other), self.shown(self.data))

    def test_twice(self) -> None:
        """Messages that are there already are not imported again."""
        self.file.write_text(self.exported(), encoding="utf-8")
        self.output("import", self.file, "--data", self.other)
        printed = self.output("import", self.file, "--data", self.other)
        self.assertEqual(printed, "imported: 0, there already: 5, left out: 1\n")

    def test_nobody_gets_the_messages(self) -> None:
        """An imported message belongs to no account, even if the nickname does."""
        self.file.write_text(GOOD.replace("carol", "alice"))
        self.output("import", self.file, "--data", self.data)
        with Archive(self.data / "chat.db") as archive:
            (author,) = archive.database.execute("SELECT author FROM posts WHERE id = 10").fetchone()
        self.assertNotIn(author, (ALICE, 0))

    def test_many(self) -> None:
        """More messages than one transaction takes are imported all the same."""
        lines = [GOOD.replace("hi", f"hi {number}") for number in range(2345)]
        self.file.write_text("".join(lines))
        printed = self.output("import", self.file, "--data", self.other)
        self.assertEqual(printed, "imported: 2,345, there already: 0, left out: 0\n")
        self.assert_sound(self.other)

    def test_mistakes(self) -> None:
        """If a single line is not valid, it is named, and nothing is imported."""
        for line in [
            "nonsense", "[]", "{}", GOOD.replace("said", "sung"), GOOD.replace("lobby", "no room"),
            GOOD.replace("carol", "two words"), GOOD.replace("00Z", "00"), GOOD.replace('"hi"', r'"\u001b[2J"'),
            GOOD.replace('"hi"', "3"), GOOD.replace("2026", "x"), GOOD.replace("2026", "9999"),
            GOOD.replace("2026", "0001"), '{"kind":["said"]}', GOOD.replace('"lobby"', "[1]"),
        ]:  # fmt: skip
            self.file.write_text(GOOD + line)
            complaint = self.complaint("import", self.file, "--data", self.data)
            self.assertIn(f"{self.file}, line 2: ", complaint)
            self.assertIn("nothing was imported", complaint)
        self.assertNotIn("carol", self.exported())

    def test_missing_field(self) -> None:
        """A field that is missing is named."""
        self.file.write_text("{}")
        self.assertIn("line 1: 'kind' is missing; ", self.complaint("import", self.file, "--data", self.data))

    def test_no_file(self) -> None:
        """A file that cannot be read is named."""
        complaint = self.complaint("import", self.file, "--data", self.data)
        self.assertEqual(complaint, f"groupchat: {self.file}: No such file or directory.\n")

    def test_daemon(self) -> None:
        """While a daemon has the folder, nothing is imported."""
        self.file.write_text(GOOD)
        with Archive(self.data / "chat.db") as archive:
            archive.append([draft(ALICE, "alice", "gazelle")])
            self.assertIn("in use by another", self.complaint("import", self.file, "--data", self.data))
        self.assertNotIn("carol", self.exported())
