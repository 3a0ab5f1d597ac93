"""``groupchat import``."""

import re
import subprocess
import sys

from groupchat.journals.tools.archive import Archive
from groupchat.model.drafts import Amendment, Expire, Fact, FactChange, Kind
from groupchat.model.events import SERVER
from tests.admin.cases import ALICE, BOB, GUEST, NOON, ArchiveCase, account, draft
from tests.exchange.test_incoming import mute
from tests.functional.harness import TREE

OLD = """\
{"id": 1, "kind": "said", "room": "lobby", "nick": "alice", "at": "2026-11-21T12:00:00.000Z", "text": "zebra one"}
{"id": 2, "kind": "acted", "room": "lobby", "nick": "bob", "at": "2026-11-21T12:00:00.000Z", "text": "waves"}
{"id": 3, "kind": "whispered", "room": "", "nick": "alice", "at": "2026-11-21T12:00:00.000Z", "to": "bob", "text": "q"}
{"id": 4, "kind": "said", "room": "zoo", "nick": "bob", "at": "2026-11-22T12:00:00.000Z", "text": "ok", "edited": true}
{"id": 6, "kind": "said", "room": "lobby", "nick": "bob", "at": "2026-11-22T12:00:00.000Z", "deleted_by": "bob"}
{"id": 8, "kind": "topic", "room": "lobby", "nick": "alice", "at": "2026-11-23T12:00:00.000Z", "text": "gnu business"}
"""
"""What was exported before files had a first line that says of which form they are."""

GOOD = '{"kind":"said","room":"lobby","nick":"carol","at":"2026-11-21T12:00:00Z","text":"hi"}\n'


class ImportTest(ArchiveCase):
    def setUp(self) -> None:
        super().setUp()
        self.file = self.folder / "chat.jsonl"
        self.other = self.folder / "other"

    def test_there_and_back(self) -> None:
        """An export can be imported elsewhere, and comes out again the same but for its first line."""
        self.file.write_text(self.outputs("export", "--data", self.data, "--private")[0], encoding="utf-8")
        printed = self.output("import", self.file, "--data", self.other)
        self.assertEqual(
            printed,
            "messages and the like: imported 9, there already 0, left out 0\n"
            "accounts and decisions: imported 3, there already 0, left out 0\n"
            "No password was imported for alice and bob: set one with “groupchat user password NAME”.\n",
        )
        self.assert_sound(self.other)
        again = self.outputs("export", "--data", self.other, "--private")[0]
        self.assertEqual(again.splitlines()[1:], self.file.read_text("utf-8").splitlines()[1:])

    def test_twice(self) -> None:
        """What is there already is not imported again: not elsewhere, and not where it came from."""
        self.file.write_text(self.exported(), encoding="utf-8")
        self.output("import", self.file, "--data", self.other)
        for data in (self.other, self.data):
            printed = self.output("import", self.file, "--data", data)
            self.assertEqual(
                printed,
                "messages and the like: imported 0, there already 8, left out 0\n"
                "accounts and decisions: imported 0, there already 3, left out 0\n",
            )
            self.assertEqual(self.exported(data=data).splitlines()[1:], self.file.read_text("utf-8").splitlines()[1:])

    def test_reasons(self) -> None:
        """Nothing is left out silently: each reason is said, with how many lines it concerns."""
        with Archive(self.data / "chat.db") as archive:
            archive.append(
                [draft(BOB, "bob", "so?", 3, reply=1), draft(ALICE, "alice", "!", 4, kind=Kind.EDITED, target=1)]
            )
            archive.append([Amendment(SERVER, NOON, (mute(nick).made(),)) for nick in ("carol", "dave", "eve")])
        lines = self.exported().splitlines(keepends=True)
        self.file.write_text("".join(line for line in lines if '"id": 1,' not in line), encoding="utf-8")
        printed = self.output("import", self.file, "--data", self.other)
        self.assertIn("imported as no reply 1: the message that it answers is not here\n", printed)
        self.assertIn("left out 1: the message that it changes is not here\n", printed)
        self.file.write_text("".join(lines), encoding="utf-8")
        with Archive(self.data / "chat.db") as archive:
            for nick in ("carol", "dave", "eve"):
                archive.append([Amendment(SERVER, NOON, (FactChange(Fact("mute", f"/{nick}", None)),))])
            archive.append([Amendment(SERVER, NOON, (mute("eve", 5).made(),)), Expire(NOON + 3.5 * 86400)])
        printed = self.output("import", self.file, "--data", self.data)
        self.assertIn("left out 2: it was undone here before, or replaced\n", printed)
        self.assertIn("left out 1: something else was decided about the same here\n", printed)
        self.assertRegex(printed, "left out [1-9]: it was removed here\n")
        totals = [int(count) for count in re.findall("left out ([0-9]+)", printed)]
        self.assertEqual(sum(totals[:2]), sum(totals[2:]))

    def test_same_people(self) -> None:
        """Who has the nickname here is told of; on request they are the same person."""
        with Archive(self.other / "chat.db") as archive:
            archive.append([Amendment(SERVER, NOON, (account("alice", GUEST).made(),))])
        self.file.write_text(self.exported(), encoding="utf-8")
        printed = self.output("import", self.file, "--data", self.other)
        self.assertIn("There is another account here with the nickname of alice, so what was said", printed)
        third = self.folder / "third"
        with Archive(third / "chat.db") as archive:
            archive.append([Amendment(SERVER, NOON, (account("alice", GUEST).made(),))])
        self.output("import", self.file, "--data", third, "--same-people")
        with Archive(third / "chat.db") as archive:
            found = archive.database.execute("SELECT author FROM posts WHERE text = 'zebra one'").fetchall()
        self.assertEqual(found, [(GUEST,)])

    def test_old_form_twice(self) -> None:
        """A file of the first form is imported once, with all its messages, topics and edited texts."""
        self.file.write_text(OLD, encoding="utf-8")
        for counts in ("imported 4, there already 0, left out 2", "imported 0, there already 4, left out 2"):
            self.assertIn(counts, self.output("import", self.file, "--data", self.other))
        self.assert_sound(self.other)

    def test_old_form_where_it_came_from(self) -> None:
        """A file of the first form changes nothing in the journal it came from, also after edits and deletions."""
        self.file.write_text(OLD, encoding="utf-8")
        with Archive(self.data / "chat.db") as archive:
            archive.append([draft(ALICE, "alice", "zebra two", 3, kind=Kind.EDITED, target=1)])
            archive.append([draft(BOB, "bob", "", 3, kind=Kind.DELETED, target=2)])
        before = self.exported()
        self.assertIn("imported 0, there already 4", self.output("import", self.file, "--data", self.data))
        self.assertEqual(self.exported(), before)

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
        self.assertEqual(printed, "messages and the like: imported 2,345, there already 0, left out 0\n")
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

    def test_mistake_late(self) -> None:
        """A line that is not valid after thousands of good ones leaves nothing behind; mended, all is imported."""
        lines = [GOOD.replace("hi", f"hi {number}") for number in range(2000)]
        self.file.write_text("".join([*lines, "{\n"]))
        self.assertIn("line 2001: ", self.complaint("import", self.file, "--data", self.data))
        self.assertNotIn("carol", self.exported())
        self.assert_sound()
        self.file.write_text("".join(lines))
        self.assertIn("imported 2,000, ", self.output("import", self.file, "--data", self.data))

    def test_pipe(self) -> None:
        """What comes through a pipe is imported from its first byte on."""
        command = [sys.executable, "-m", "groupchat.admin", "import", "/dev/stdin", "--data", str(self.other)]
        done = subprocess.run(command, input=self.exported(), capture_output=True, text=True, cwd=TREE, check=True)
        self.assertIn("imported 8, ", done.stdout)

    def test_long_lines(self) -> None:
        """A line that is longer than any message can be is not read as a whole."""
        self.file.write_text(GOOD + '{"kind": "' + "x" * (3 << 20) + '"}\n')
        self.assertIn("line 2: this line is too long", self.complaint("import", self.file, "--data", self.data))

    def test_deep(self) -> None:
        """Nothing that is nested or long beyond reason gives a traceback."""
        for line in ["[" * 100000, '{"kind": ' + "9" * 10000 + "}", '{"kind": {"kind": NaN}}', "\ufeff{}"]:
            self.file.write_text(line, encoding="utf-8")
            self.assertIn("line 1: ", self.complaint("import", self.file, "--data", self.data))

    def test_missing_field(self) -> None:
        """A field that is missing is named."""
        self.file.write_text("{}")
        self.assertIn("line 1: kind is missing; ", self.complaint("import", self.file, "--data", self.data))

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
