"""Files that people share, in backups, exports, checks and imports."""

import hashlib
from pathlib import Path
from typing import Any

from groupchat.files.objects import hash_of, objects, place
from groupchat.journals.tools.archive import Archive, Contents
from groupchat.journals.tools.snapshots import snapshot
from groupchat.model.drafts import Draft, Kind, StoredFile
from groupchat.model.node_operations import Applied, NodeUp
from tests.admin.cases import ALICE, BOB, ArchiveCase, draft

CONTENTS = {
    "cat.png": b"\x89PNG\r\n\x1a\n cat",
    "secret.txt": b"psst",
    "page.html": b"<script>alert(1)</script>",
    "gone": b"gone",
}


def stored(name: str) -> StoredFile:
    """Return the file of this name."""
    content = CONTENTS[name]
    kind = "image/png" if name == "cat.png" else "text/plain"
    return StoredFile(hashlib.sha256(content).hexdigest(), len(content), kind)


class SharedFilesTest(ArchiveCase):
    """A data folder in which alice has shared files: numbers 10 to 13, of which the last is deleted."""

    def setUp(self) -> None:
        super().setUp()
        self.shelf = self.data / "files"
        with Archive(self.data / "chat.db") as archive:
            archive.append(
                [
                    self.share("cat.png", "A" * 22),
                    self.share("secret.txt", "B" * 22, room="", reader=BOB, to="bob"),
                    self.share("page.html", "C" * 22),
                    self.share("gone", "D" * 22),
                    draft(ALICE, "alice", "", 3, kind=Kind.DELETED, target=13),
                ]
            )
        for name, content in CONTENTS.items():
            path = place(self.shelf, stored(name).sha256)
            path.parent.mkdir(0o700, parents=True, exist_ok=True)
            path.write_bytes(content)
        self.assert_sound()

    def join(self) -> None:
        """Let the folder be that of a node."""
        with Archive(self.data / "chat.db") as archive:
            archive.append([NodeUp("a1", 5), Applied("0123456789abcdef", 7, 42, "chain")])

    def test_nodes(self) -> None:
        """A backup of a node says that others may have what it lacks; a seed without it is a seed all the same."""
        self.join()
        backup, data = self.folder / "backup.db", self.folder / "seeded"
        place(self.shelf, stored("cat.png").sha256).unlink()
        _, complaints = self.outputs("backup", backup, "--data", self.data, status=1)
        self.assertIn("is missing or damaged, and so it is in the backup.", complaints)
        self.assertIn("Another node of the cluster may have them", complaints)
        place(self.folder / "backup.db.files", stored("secret.txt").sha256).unlink()
        printed = self.output("seed", "--from", backup, "--data", data, "--node", "b1")
        self.assertIn("2 files that people share are not in", printed)
        self.assertIn("the other nodes give them to this one when it runs.", printed)
        self.assertEqual(self.kept(data / "files"), {"page.html"})

    def share(self, name: str, link: str, **more: Any) -> Draft:
        """Draft a file."""
        return draft(ALICE, "alice", name, 3, kind=Kind.SHARED, file=stored(name), link=link, **more)

    def kept(self, folder: Path) -> set[str]:
        """Return the names of the files whose contents are in a folder, whole."""
        hashes = {stored(name).sha256: name for name in CONTENTS}
        found = dict(objects(folder))
        self.assertEqual([hash_of(path) for path in found.values()], list(found))
        return {hashes[sha256] for sha256 in found}

    def links(self, data: Path) -> dict[str, str]:
        """Return the names of the files that a journal shares, by their links."""
        with snapshot(data / "chat.db") as database:
            return {str(row.link): row.text for row in Contents(database).shared()}

    def test_verify(self) -> None:
        """What is missing or damaged is named; what nobody shares any more is counted."""
        printed = self.output("verify", "--data", self.data)
        self.assertIn(f"{self.shelf} is whole: 3 files, 41 bytes.", printed)
        self.assertIn("1 file in", printed)
        place(self.shelf, stored("cat.png").sha256).write_bytes(b"\x89PNG\r\n\x1a\n dog")
        place(self.shelf, stored("page.html").sha256).unlink()
        printed, _ = self.outputs("verify", "--data", self.data, status=1)
        self.assertIn(f"! {place(self.shelf, stored('cat.png').sha256)} is damaged", printed)
        self.assertIn(f"! {place(self.shelf, stored('page.html').sha256)} is missing", printed)

    def test_backup_and_restore(self) -> None:
        """A backup has what messages share, and nothing else; it is restored with it, for its owner only."""
        copy, other = self.folder / "copy.db", self.folder / "other"
        self.assertIn("3 files that people share; keep it", self.output("backup", copy, "--data", self.data))
        beside = self.folder / "copy.db.files"
        self.assertEqual(self.kept(beside), {"cat.png", "secret.txt", "page.html"})
        self.output("restore", copy, "--data", other)
        self.assertEqual(self.kept(other / "files"), {"cat.png", "secret.txt", "page.html"})
        self.assertEqual(self.links(other), self.links(self.data))
        self.assertIn("is whole: 3 files", self.output("verify", "--data", other))
        self.assertEqual((other / "files").stat().st_mode & 0o777, 0o700)

    def test_replaced(self) -> None:
        """The journal that is put aside keeps its files beside it, and can be restored with them."""
        copy = self.folder / "copy.db"
        self.output("backup", copy, "--data", self.data)
        with Archive(self.data / "chat.db") as archive:
            archive.append([self.share("gone", "E" * 22)])
        self.output("restore", copy, "--data", self.data, "--replace")
        (aside,) = [path for path in self.data.glob("chat.db.2*Z") if path.is_file()]
        self.assertEqual(self.kept(Path(f"{aside}.files")), set(CONTENTS))
        other = self.folder / "other"
        self.output("restore", aside, "--data", other)
        self.assertEqual(self.kept(other / "files"), set(CONTENTS))

    def test_incomplete(self) -> None:
        """What a backup lacks is told, when it is made and when it is restored; the rest is there."""
        place(self.shelf, stored("cat.png").sha256).unlink()
        copy, other = self.folder / "copy.db", self.folder / "other"
        _, errors = self.outputs("backup", copy, "--data", self.data, status=1)
        self.assertIn(f"! {place(self.shelf, stored('cat.png').sha256)} is missing", errors)
        _, errors = self.outputs("restore", copy, "--data", other, status=1)
        self.assertIn("1 file that people share is not in", errors)
        self.assertEqual(self.kept(other / "files"), {"secret.txt", "page.html"})

    def test_without_files(self) -> None:
        """Where nothing is shared, a backup is one file, as ever; a refused one leaves the other's files alone."""
        copy = self.folder / "copy.db"
        self.output("backup", copy, "--data", self.data)
        before = self.kept(self.folder / "copy.db.files")
        self.assertIn("exists already", self.complaint("backup", copy, "--data", self.data))
        self.assertEqual(self.kept(self.folder / "copy.db.files"), before)

    def test_export_and_import(self) -> None:
        """What is exported has the files of its messages beside it, and is imported with them, once."""
        out, other = self.folder / "out.jsonl", self.folder / "other"
        self.output("export", "--data", self.data, "--output", out)
        self.assertEqual(self.kept(self.folder / "out.jsonl.files"), {"cat.png", "page.html"})
        other.mkdir()
        for _ in range(2):
            self.outputs("import", out, "--data", other)
            self.assertEqual(self.links(other), {"A" * 22: "cat.png", "C" * 22: "page.html"})
            self.assertEqual(self.kept(other / "files"), {"cat.png", "page.html"})
        self.assert_sound(other)
        self.assertEqual(self.exported(data=self.data).count('"sha256"'), self.exported(data=other).count('"sha256"'))

    def test_private(self) -> None:
        """Private files are exported with what people said in private, and imported for the same two."""
        out, other = self.folder / "out.jsonl", self.folder / "other"
        self.outputs("export", "--data", self.data, "--private", "--output", out)
        self.assertEqual(self.kept(self.folder / "out.jsonl.files"), {"cat.png", "secret.txt", "page.html"})
        other.mkdir()
        self.outputs("import", out, "--data", other)
        self.assertEqual(self.links(other), self.links(self.data))
        self.assert_sound(other)

    def test_import_without_contents(self) -> None:
        """Messages are imported although their files are not there; these can be added later."""
        out, other = self.folder / "out.jsonl", self.folder / "other"
        out.write_text(self.exported())
        other.mkdir()
        self.assertIn("2 files that people shared are not in", self.outputs("import", out, "--data", other)[0])
        self.assertEqual(self.links(other), {"A" * 22: "cat.png", "C" * 22: "page.html"})
        (self.folder / "more").mkdir()
        self.output("export", "--data", self.data, "--output", self.folder / "more" / "out.jsonl")
        self.assertNotIn(
            "that people shared", self.outputs("import", self.folder / "more" / "out.jsonl", "--data", other)[0]
        )
        self.assertEqual(self.kept(other / "files"), {"cat.png", "page.html"})

    def test_bad_lines(self) -> None:
        """A line of a file that no door would have taken is refused, and nothing is imported."""
        good = self.exported()
        for right, wrong in (
            ('"cat.png"', '"../cat.png"'), ("A" * 22, "../" * 7 + "A"), (stored("cat.png").sha256, "x" * 64),
            ('"size": 12', '"size": -1'), ("image/png", "text/html; charset=x"), ('"name": "cat.png", ', ""),
        ):  # fmt: skip
            self.assertIn(right, good)
            out, other = self.folder / "out.jsonl", self.folder / "other"
            out.write_text(good.replace(right, wrong))
            other.mkdir(exist_ok=True)
            self.assertIn("nothing was imported", self.outputs("import", out, "--data", other, status=1)[1], wrong)

    def test_html(self) -> None:
        """A page has links to the files beside it, whose names let nothing be run."""
        out = self.folder / "page one.html"
        self.output("export", "--data", self.data, "--format", "html", "--output", out)
        beside = self.folder / "page one.html.files"
        self.assertEqual(sorted(path.name for path in beside.iterdir()), ["m10.png", "m12.txt"])
        self.assertEqual((beside / "m12.txt").read_bytes(), CONTENTS["page.html"])
        page = out.read_text()
        self.assertIn('<a href="page%20one.html.files/m10.png">open the file</a>', page)
        self.assertNotIn("secret", page)
        self.assertNotIn("open the file", self.exported("--format", "html"))

    def test_text(self) -> None:
        """As text, a file is a line, as in the chat."""
        self.assertIn("#10 alice shared cat.png (12 bytes): /f/", self.exported("--format", "text"))

    def test_forget(self) -> None:
        """With a person go their files; the next start removes the contents."""
        self.output("forget", "alice", "--data", self.data, "--yes")
        self.assertEqual(self.links(self.data), {})
        self.assertIn("4 files in", self.output("verify", "--data", self.data))
        self.assert_sound()
