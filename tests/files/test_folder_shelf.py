"""The shelf in a folder: order on disk, errors of the disk, and what is left after a crash."""

import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from groupchat.files import folder_shelf
from groupchat.files.folder_shelf import WAITING, FolderShelf
from groupchat.files.objects import hash_of, objects
from groupchat.model.drafts import StoredFile
from groupchat.model.errors import FilesUnavailable
from tests.files.shelf_contract import PNG, ShelfContract, digest


class FolderShelfTests(ShelfContract):
    __test__ = True

    def make(self) -> FolderShelf:
        self.data = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.data)
        return FolderShelf(self.data, reactor)

    @property
    def folder(self) -> Path:
        return self.data / "files"

    def left(self) -> list[str]:
        incoming = self.folder / "incoming"
        return sorted(path.name for path in incoming.iterdir()) if incoming.exists() else []

    async def pause(self) -> None:
        """Let the reactor turn."""
        await deferLater(reactor, 0.01)

    async def test_nothing_without_files(self) -> None:
        """As long as no file comes, nothing is made in the data folder."""
        await self.shelf.sweep([])
        self.assertEqual(await self.shelf.idle(), frozenset())
        self.assertEqual(list(self.data.iterdir()), [])

    async def test_names_and_modes(self) -> None:
        """Only the owner can read what is there; it has its hash as its name, and the same content."""
        file = await self.keep(PNG)
        ((sha256, path),) = objects(self.folder)
        self.assertEqual((sha256, hash_of(path), path), (file.sha256, file.sha256, self.folder / sha256[:2] / sha256))
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        for folder in (self.folder, self.folder / "incoming", path.parent):
            self.assertEqual(stat.S_IMODE(folder.stat().st_mode), 0o700)

    async def test_after_a_crash(self) -> None:
        """What was coming in, and what no post names, is removed at the start; what is not ours stays."""
        file = await self.keep(PNG)
        other = await self.keep(b"other")
        (self.folder / "incoming" / "0123").write_bytes(b"half of it")
        notes = self.folder / "ab" / "notes.txt"
        notes.parent.mkdir(exist_ok=True)
        notes.write_bytes(b"mine")
        again = FolderShelf(self.data, reactor)
        self.addCleanup(again.close)
        self.assertEqual(await again.sweep([file]), [])
        self.assertEqual((again.count, again.kept, self.left()), (1, len(PNG), []))
        self.assertEqual([sha256 for sha256, _ in objects(self.folder)], [file.sha256])
        self.assertNotIn(other.sha256, str(list(self.folder.rglob("*"))))
        self.assertTrue(notes.exists())

    async def test_strange_entries(self) -> None:
        """Folders and links among the files keep nobody from starting, and are no files, whatever they are called."""
        file = await self.keep(PNG)
        (self.folder / "incoming" / "folder").mkdir()
        (self.folder / "incoming" / "link").symlink_to("nowhere")
        part = self.folder / "ab"
        part.mkdir(exist_ok=True)
        (part / f"ab{'0' * 62}").symlink_to("nowhere")
        (part / f"ab{'1' * 62}").symlink_to(__file__)
        (part / f"ab{'2' * 62}").mkdir()
        shelf = FolderShelf(self.data, reactor)
        self.addCleanup(shelf.close)
        known = [file, StoredFile(f"ab{'1' * 62}", os.stat(__file__).st_size, "text/plain")]
        self.assertEqual(await shelf.sweep(known), [f"ab{'1' * 62}"])
        self.assertEqual((shelf.count, shelf.kept, self.left()), (1, len(PNG), ["folder"]))
        self.assertEqual(await shelf.idle(), {file.sha256})

    async def test_damaged_file_is_healed(self) -> None:
        """A content that comes once more replaces one that was damaged."""
        file = await self.keep(PNG)
        path = self.folder / file.sha256[:2] / file.sha256
        path.write_bytes(b"damaged")
        await self.keep(PNG)
        self.assertEqual(await self.content(file.sha256), PNG)

    async def test_backpressure(self) -> None:
        """What the disk does not take yet waits, up to a bound; then the sender is told to wait, and when to go on."""
        incoming = self.receive()
        piece = bytes(WAITING // 4)
        sent = 0
        while incoming.write(piece):
            sent += len(piece)
            self.assertLess(sent, 64 * WAITING, "the disk is faster than memory")
        self.assertLessEqual(incoming._bytes, WAITING)
        while not self.drained:
            await self.pause()
        self.assertTrue(incoming.write(b"end"))
        file = await incoming.finish()
        self.assertEqual(file.size, sent + len(piece) + 3)
        self.assertEqual((self.folder / file.sha256[:2] / file.sha256).stat().st_size, file.size)

    async def failing(self, name: str, error: OSError) -> Any:
        """Let a function of the system fail, send a file, and return the refusal."""

        class Failing:
            def __getattr__(self, wanted: str) -> Any:
                if wanted == name:
                    return self.fail
                return getattr(os, wanted)

            def fail(self, *_: object, **__: object) -> None:
                raise error

        undo = self.patch(folder_shelf, "os", Failing())
        try:
            incoming = self.receive()
            incoming.write(PNG)
            await self.pause()
            incoming.write(PNG)
            with self.assertRaises(FilesUnavailable) as caught:
                await incoming.finish()
        finally:
            undo.restore()
        return caught.exception

    async def test_disk_errors(self) -> None:
        """A full or broken disk refuses the file, with a sentence; nothing is left, and the next one is taken."""
        for name in ("open", "write", "fsync", "replace"):
            refusal = await self.failing(name, OSError(28, "No space left on device"))
            self.assertIn("Try again later", str(refusal))
            self.flushLoggedErrors()
            self.assertEqual((self.left(), self.shelf.count, self.shelf.kept), ([], 0, 0), name)
            self.assertEqual(list(objects(self.folder)), [])
        await self.keep(PNG)
        self.assertEqual(self.shelf.count, 1)

    async def test_error_frees_the_sender(self) -> None:
        """A sender that waits for a disk that fails is told to go on, so that it can be refused."""

        class Full:
            def __getattr__(self, wanted: str) -> Any:
                return self.write if wanted == "write" else getattr(os, wanted)

            def write(self, *_: object) -> int:
                raise OSError(28, "No space left on device")

        self.patch(folder_shelf, "os", Full())
        incoming = self.receive()
        self.assertFalse(incoming.write(bytes(2 * WAITING)))
        while not self.drained:
            await self.pause()
        self.assertTrue(incoming.write(bytes(2 * WAITING)))
        with self.assertRaises(FilesUnavailable):
            await incoming.finish()

    async def test_no_hash_no_path(self) -> None:
        """Nothing but a hash becomes part of a path."""
        for name in ("../../etc/passwd", "ab", "", "A" * 64, digest(b"") + "/x"):
            with self.assertRaises(ValueError):
                await self.shelf.open(name)

    def test_unused(self) -> "Deferred[None]":
        """A shelf that was never used is closed at once."""
        return self.make().close()
