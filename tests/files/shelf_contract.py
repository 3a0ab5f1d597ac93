"""The promises of every shelf."""

import hashlib
from typing import Any

from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from groupchat.interfaces.files import FileDamaged, IIncoming, IShelf
from groupchat.model.drafts import StoredFile
from groupchat.model.errors import FilesUnavailable, FileTooLarge, NoSuchFile

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def digest(content: bytes) -> str:
    """Return the hash of a content."""
    return hashlib.sha256(content).hexdigest()


class ShelfContract(TestCase):
    """Tests of every shelf; ``make`` returns an empty one, and ``left`` the names of what is there but not kept."""

    __test__ = False

    def make(self) -> Any:
        """Return an empty shelf."""
        raise NotImplementedError

    def left(self) -> list[str]:
        """Return the names of what is left of files that were not kept."""
        return []

    def setUp(self) -> None:
        self.shelf = self.make()
        self.addCleanup(lambda: self.shelf.close())
        self.drained: list[None] = []

    def receive(self, limit: int = 10**9) -> Any:
        """Begin to take a file."""
        return self.shelf.receive(limit, lambda: self.drained.append(None))

    async def keep(self, content: bytes, size: int = 7) -> StoredFile:
        """Put a content on the shelf, in pieces, and hold it."""
        incoming = self.receive()
        for begin in range(0, len(content), size):
            incoming.write(content[begin : begin + size])
        file: StoredFile = await incoming.finish()
        return file

    async def content(self, sha256: str) -> bytes:
        """Return a content that is kept."""
        with await self.shelf.open(sha256) as file:
            return bytes(file.read())

    def test_interfaces(self) -> None:
        """It provides what the core asks of it."""
        verifyObject(IShelf, self.shelf)
        incoming = self.receive()
        verifyObject(IIncoming, incoming)
        incoming.abort()

    async def test_keeps(self) -> None:
        """What came in comes out, under its hash, with its size and type; it is counted."""
        for number, (content, kind) in enumerate(
            (
                (b"", "text/plain"),
                ("hello, κόσμε\n".encode(), "text/plain"),
                (PNG, "image/png"),
                (b"\0", "application/octet-stream"),
            ),
            1,
        ):
            file = await self.keep(content)
            self.assertEqual(file, StoredFile(digest(content), len(content), kind))
            self.assertEqual(await self.content(file.sha256), content)
            self.assertEqual(self.shelf.count, number)
        self.assertEqual(self.shelf.kept, len("hello, κόσμε\n".encode()) + len(PNG) + 1)
        self.assertEqual(self.left(), [])

    async def test_unknown(self) -> None:
        """What is not there cannot be opened."""
        with self.assertRaises(NoSuchFile):
            await self.shelf.open(digest(b"unknown"))

    async def test_same_content(self) -> None:
        """The same content is kept once, and is still there when the second one came to nothing."""
        one, other = await self.keep(PNG), await self.keep(PNG)
        self.assertEqual((one, self.shelf.count, self.shelf.kept), (other, 1, len(PNG)))
        self.shelf.release(one.sha256)
        self.assertEqual(await self.shelf.idle(), frozenset())
        self.shelf.release(one.sha256)
        self.assertEqual(await self.shelf.idle(), {one.sha256})

    async def test_limit(self) -> None:
        """A file that is longer than its limit is refused, whenever that is seen, and nothing is left of it."""
        exact = self.receive(len(PNG))
        exact.write(PNG)
        await exact.finish()
        longer = self.receive(len(PNG) - 1)
        longer.write(PNG[:50])
        longer.write(PNG[50:])
        longer.write(PNG)
        with self.assertRaises(FileTooLarge) as caught:
            await longer.finish()
        self.assertIn("107 bytes", str(caught.exception))
        self.assertEqual((self.shelf.count, self.left()), (1, []))

    async def test_abort(self) -> None:
        """Of what is given up nothing is left, at whatever moment; whoever waits for it is told."""
        early, late, waiting = self.receive(), self.receive(), self.receive()
        early.abort()
        late.write(PNG)
        late.abort()
        late.abort()
        waiting.write(PNG)
        finished = waiting.finish()
        waiting.abort()
        if not isinstance(getattr(finished, "result", None), StoredFile):
            with self.assertRaises(FilesUnavailable):
                await finished
            with self.assertRaises(FilesUnavailable):
                await early.finish()
        else:
            self.shelf.release(finished.result.sha256)
        with self.assertRaises(FilesUnavailable):
            await late.finish()  # nothing is left of it then
        hashes = await self.shelf.idle()
        await self.shelf.remove(hashes)
        self.assertEqual((self.shelf.count, self.shelf.kept, self.left()), (0, 0, []))

    async def test_expected_hash(self) -> None:
        """Of a file that must have a certain hash nothing is kept if it has another one."""
        other = self.shelf.receive(100, lambda: None, digest(b"hello"))
        other.write(b"hallo")
        with self.assertRaises(FileDamaged):
            await other.finish()
        self.assertEqual((self.shelf.count, self.shelf.kept, self.left()), (0, 0, []))
        with self.assertRaises(NoSuchFile):
            await self.shelf.open(digest(b"hallo"))
        right = self.shelf.receive(100, lambda: None, digest(b"hello"))
        right.write(b"hello")
        self.assertEqual(await right.finish(), StoredFile(digest(b"hello"), 5, "text/plain"))
        self.assertEqual(await self.content(digest(b"hello")), b"hello")

    async def test_remove(self) -> None:
        """What is idle and is said to be named by nothing is removed; what is read goes on being read."""
        file, kept = await self.keep(PNG), await self.keep(b"kept")
        reading = await self.shelf.open(file.sha256)
        self.addCleanup(reading.close)
        for one in (file, kept):
            self.shelf.release(one.sha256)
        self.assertEqual(await self.shelf.idle(), {file.sha256, kept.sha256})
        self.assertEqual(await self.shelf.remove([file.sha256]), 1)
        self.assertEqual(await self.shelf.remove([file.sha256]), 0)
        self.assertEqual((self.shelf.count, self.shelf.kept), (1, 4))
        self.assertEqual(reading.read(), PNG)
        with self.assertRaises(NoSuchFile):
            await self.shelf.open(file.sha256)

    async def test_held(self) -> None:
        """What is held, or came once more since it was idle, is not removed: its post is on its way."""
        file = await self.keep(PNG)
        self.assertEqual(await self.shelf.idle(), frozenset())
        self.assertEqual(await self.shelf.remove([file.sha256]), 0)
        self.shelf.release(file.sha256)
        idle = await self.shelf.idle()
        await self.keep(PNG)
        self.shelf.release(file.sha256)
        self.assertEqual(await self.shelf.remove(idle), 0)
        self.assertEqual(await self.content(file.sha256), PNG)

    async def test_sweep(self) -> None:
        """At the start what is not known goes, and what is missing, or is not whole, is told."""
        file, other = await self.keep(PNG), await self.keep(b"other")
        gone = StoredFile(digest(b"gone"), 4, "text/plain")
        longer = StoredFile(other.sha256, 6, "text/plain")
        self.assertEqual(await self.shelf.sweep([file, gone]), [gone.sha256])
        self.assertEqual((self.shelf.count, self.shelf.kept), (1, len(PNG)))
        await self.keep(b"other")
        self.assertEqual(await self.shelf.sweep([file, longer]), [other.sha256])

    async def test_closed(self) -> None:
        """After the end nothing is taken, and whoever waits is told."""
        incoming = self.receive()
        incoming.write(PNG)
        await self.shelf.close()
        with self.assertRaises(FilesUnavailable):
            self.receive()
        with self.assertRaises(FilesUnavailable):
            await incoming.finish()
        self.assertEqual(self.left(), [])
