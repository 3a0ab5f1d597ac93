"""Replace a journal by another one, all or nothing."""

import json
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.sqlite.replacement import finish, fresh_path, is_begun, replace
from tests.journals.contract import folder


class ReplacementTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = folder(self)
        self.path = self.folder / "chat.db"
        for name in ("chat.db", "chat.db-wal", "chat.db-shm", "chat.db-head"):
            (self.folder / name).write_text(f"old {name}")
        fresh_path(self.path).write_text("new")

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def begin(self, aside: str | None, keeps_mark: bool = False) -> None:
        """Leave what a process leaves that is killed before it has renamed anything."""
        text = json.dumps({"aside": aside, "keeps_mark": keeps_mark})
        (self.folder / "chat.db-swap").write_text(text)

    def test_aside(self) -> None:
        """The old one is kept together under another name, without what SQLite makes anew."""
        replace(self.path, self.folder / "before")
        self.assertEqual(self.names(), ["before", "before-head", "before-wal", "chat.db"])
        self.assertEqual((self.path.read_text(), (self.folder / "before-wal").read_text()), ("new", "old chat.db-wal"))

    def test_removed(self) -> None:
        """Nothing of the old one is left, or its mark only."""
        replace(self.path, None)
        self.assertEqual(self.names(), ["chat.db"])
        (self.folder / "chat.db-head").write_text("12")
        fresh_path(self.path).write_text("newer")
        replace(self.path, None, keeps_mark=True)
        self.assertEqual((self.names(), self.path.read_text()), (["chat.db", "chat.db-head"], "newer"))

    def test_no_old_one(self) -> None:
        """Without an old one the new one takes its name."""
        for name in ("chat.db", "chat.db-wal", "chat.db-shm", "chat.db-head"):
            (self.folder / name).unlink()
        replace(self.path, None)
        self.assertEqual(self.names(), ["chat.db"])

    def test_finished_later(self) -> None:
        """What was begun is finished, wherever it was interrupted, and once only."""
        self.assertFalse(is_begun(self.path))
        finish(self.path)
        self.assertIn("chat.db-new", self.names())
        self.begin("before")
        self.assertTrue(is_begun(self.path))
        (self.folder / "chat.db-wal").replace(self.folder / "before-wal")
        for _ in range(2):
            finish(self.path)
            self.assertEqual(self.names(), ["before", "before-head", "before-wal", "chat.db"])
        self.assertEqual(self.path.read_text(), "new")
        self.begin("before")  # killed just before the file that says so was removed
        finish(self.path)
        self.assertEqual((self.names()[-1], self.path.read_text()), ("chat.db", "new"))

    def test_stays_in_the_folder(self) -> None:
        """The old one is never moved to another folder."""
        self.begin("../elsewhere")
        finish(self.path)
        self.assertFalse(Path(self.folder.parent / "elsewhere").exists())
        self.assertTrue((self.folder / "elsewhere").exists())
