"""``groupchat reindex``, and ``groupchat verify --mend``."""

import contextlib
import sqlite3

from groupchat.journals.sqlite.folder import holding, leave_failure
from groupchat.journals.sqlite.reader import Reader
from groupchat.model.drafts import Audience
from groupchat.model.message.sought import Sought
from tests.admin.cases import ArchiveCase
from tests.journals.sqlite.test_damaged_index import spoil_page

DAMAGES = (
    "UPDATE search_data SET block = x'deadbeefdeadbeef' WHERE id > 10",
    "UPDATE search_data SET block = x'ff' WHERE id = 10",
    "DELETE FROM search_data",
    "DELETE FROM search_docsize WHERE id = 1",
    "INSERT INTO search_docsize VALUES (3000, x'01')",
    "DROP TABLE search_data",
    "DROP TABLE search_config",
    "DELETE FROM authored",
    "INSERT OR REPLACE INTO counters VALUES ('repair', 2)",
)


class ReindexTest(ArchiveCase):
    def change(self, statement: str) -> None:
        with contextlib.closing(sqlite3.connect(self.data / "chat.db", isolation_level=None)) as database:
            database.execute(statement)

    def found(self, word: str) -> list[int]:
        """Return what a search in the lobby finds."""
        with contextlib.closing(sqlite3.connect(self.data / "chat.db", isolation_level=None)) as database:
            return [post.event.id for post in Reader(database).search(Audience(("lobby", "zoo")), Sought(word), 9)]

    def test_every_damage(self) -> None:
        """Whatever is wrong with the index is found, told apart from other damage, and mended."""
        before = self.exported()
        for damage in DAMAGES:
            self.change(damage)
            said, _ = self.outputs("verify", "--data", self.data, status=1)
            self.assertRegex(said, r"^(! .*\n)+Only the search index is damaged. “groupchat verify", damage)
            self.assertIn("everything up to #9 can be searched", self.output("reindex", "--data", self.data))
            self.assert_sound()
            self.assertEqual((self.found("zebra"), self.found("okapi")), ([1], [4]), damage)
        self.assertEqual(self.exported(), before)

    def test_page(self) -> None:
        """So is a damaged page of it; one of the messages is not, and leaves everything as it was."""
        sound = (self.data / "chat.db").read_bytes()
        spoil_page(self.data / "chat.db", "search_data")
        said, _ = self.outputs("verify", "--data", self.data, "--mend")
        self.assertRegex(said, r"(?s)^! .*Rebuilding the search index …\n.* is whole: 5 messages, up to #9\.\n$")
        self.assertEqual(self.found("zebra"), [1])
        (self.data / "chat.db").write_bytes(sound)
        spoil_page(self.data / "chat.db", "posts")
        content = (self.data / "chat.db").read_bytes()
        self.assertIn("is damaged", self.complaint("reindex", "--data", self.data))
        said, _ = self.outputs("verify", "--data", self.data, "--mend", status=1)
        self.assertIn("is damaged. Restore it from a backup", said)
        self.assertEqual((self.data / "chat.db").read_bytes(), content)

    def test_failed(self) -> None:
        """Only a journal that is whole, with its index, is taken out of its failed state."""
        leave_failure(self.data / "chat.db", "disk I/O error")
        self.change("DELETE FROM search_data")
        self.outputs("verify", "--data", self.data, status=1)
        self.assertIn("failed at 20", self.complaint("forget", "alice", "--yes", "--data", self.data))
        said, _ = self.outputs("verify", "--data", self.data, "--mend")
        self.assertIn("It had failed before; the daemon can start again.\n", said)
        self.output("forget", "alice", "--yes", "--data", self.data)

    def test_in_use(self) -> None:
        """While a daemon uses the folder, nothing is done."""
        with holding(self.data / "chat.db"):
            self.assertIn("A daemon is using", self.complaint("reindex", "--data", self.data))

    def test_no_journal(self) -> None:
        """Without a journal there is nothing to do, and nothing is made."""
        self.assertIn("There is no journal", self.complaint("reindex", "--data", self.folder / "none"))
        (self.folder / "empty").mkdir()
        self.assertIn("There is no journal", self.complaint("reindex", "--data", self.folder / "empty"))
        self.assertEqual(list((self.folder / "empty").iterdir()), [])

    def test_everything_else_stays(self) -> None:
        """Facts, sessions, counters and numbers are as before, and nothing is left beside the journal."""
        self.change(
            "INSERT INTO sessions (author, digest, nick, rooms, position, seen)"
            " VALUES (1, 'd', 'eve', '[]', 1, 0), (2, 'c', 'bob', '[]', 1, 0)"
        )
        tables = ("posts", "spans", "counters", "facts", "sessions", "authored")

        def content() -> list[list[object]]:
            with contextlib.closing(sqlite3.connect(self.data / "chat.db")) as database:
                return [database.execute(f"SELECT * FROM {table}").fetchall() for table in tables]

        before, names = content(), sorted(path.name for path in self.data.iterdir())
        self.output("reindex", "--data", self.data)
        self.assertEqual(content(), before)
        self.assertEqual(sorted(path.name for path in self.data.iterdir()), names)
        self.assertEqual((self.data / "chat.db").stat().st_mode & 0o777, 0o600)
