"""The shelf in memory."""

from groupchat.files.memory_shelf import MemoryShelf
from groupchat.model.errors import FilesUnavailable
from tests.files.shelf_contract import ShelfContract


class MemoryShelfTests(ShelfContract):
    __test__ = True

    def make(self) -> MemoryShelf:
        return MemoryShelf()

    async def test_full(self) -> None:
        """It keeps no more than it may."""
        self.shelf = MemoryShelf(10)
        await self.keep(b"12345678")
        self.assertEqual(self.shelf.free, 2)
        with self.assertRaises(FilesUnavailable):
            await self.keep(b"abc")
        await self.keep(b"12345678")
        self.assertEqual(self.shelf.kept, 8)

    async def test_abort_after_finish(self) -> None:
        """What is given up although it is whole was told of already, and its post may be on its way."""
        incoming = self.receive()
        incoming.write(b"abc")
        file = await incoming.finish()
        incoming.abort()
        self.assertEqual(await self.content(file.sha256), b"abc")
