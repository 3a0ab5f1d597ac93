"""A shelf in memory, for tests and for trials with a journal in memory.  It loses everything at the end."""

from collections import Counter
from collections.abc import Callable, Collection
from io import BytesIO
from typing import BinaryIO

from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from groupchat.files.content import Content
from groupchat.files.refusals import damaged, ended, stopping, too_large
from groupchat.interfaces.files import IIncoming, IShelf
from groupchat.model.drafts import StoredFile
from groupchat.model.errors import FilesUnavailable, NoSuchFile, Refusal

MOST = 64 * 2**20
"""The most bytes that are kept."""


@implementer(IShelf)
class MemoryShelf:
    """Keeps contents in a dict."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._contents: dict[str, bytes] = {}
        self._held: Counter[str] = Counter()
        self._idle: set[str] = set()
        self._closed = False

    @property
    def kept(self) -> int:
        """The bytes of everything that is kept."""
        return sum(map(len, self._contents.values()))

    @property
    def count(self) -> int:
        """The number of files that are kept."""
        return len(self._contents)

    @property
    def free(self) -> int:
        """The bytes that can still be kept."""
        return max(0, self._most - self.kept)

    def receive(self, limit: int, on_drained: Callable[[], object], sha256: str = "") -> "MemoryIncoming":
        """Begin to take a file."""
        if self._closed:
            raise stopping()
        return MemoryIncoming(self, limit, sha256)

    def put(self, content: bytes, file: StoredFile) -> Refusal | None:
        """Keep and hold a file; return why it cannot be."""
        if self._closed:
            return stopping()
        if file.sha256 not in self._contents and file.size > self.free:
            return FilesUnavailable("There is no space left for files. Try again later.")
        self._contents[file.sha256] = content
        self._held[file.sha256] += 1
        self._idle.discard(file.sha256)
        return None

    def open(self, sha256: str) -> "Deferred[BinaryIO]":
        """Open a file for reading."""
        if sha256 not in self._contents:
            return fail(NoSuchFile("This file is not here any more."))
        return succeed(BytesIO(self._contents[sha256]))

    def release(self, sha256: str) -> None:
        """Hold a file no longer for one of those who did."""
        self._held[sha256] -= 1
        if self._held[sha256] <= 0:
            del self._held[sha256]

    def idle(self) -> "Deferred[frozenset[str]]":
        """Return the hashes of what nobody holds."""
        self._idle = {sha256 for sha256 in self._contents if not self._held[sha256]}
        return succeed(frozenset(self._idle))

    def remove(self, hashes: Collection[str]) -> "Deferred[int]":
        """Remove what is still idle."""
        removed = self._idle.intersection(hashes)
        for sha256 in removed:
            self._contents.pop(sha256, None)
        self._idle -= removed
        return succeed(len(removed))

    def sweep(self, known: Collection[StoredFile]) -> "Deferred[list[str]]":
        """Keep what is known only."""
        sizes = {file.sha256: file.size for file in known}
        self._contents = {sha256: content for sha256, content in self._contents.items() if sha256 in sizes}
        here = {sha256: len(content) for sha256, content in self._contents.items()}
        return succeed(sorted(sha256 for sha256, size in sizes.items() if here.get(sha256) != size))

    def close(self) -> "Deferred[None]":
        """Take nothing more."""
        self._closed = True
        return succeed(None)


@implementer(IIncoming)
class MemoryIncoming:
    """A file that is coming into memory."""

    def __init__(self, shelf: MemoryShelf, limit: int, sha256: str = "") -> None:
        self.size = 0
        self._sha256 = sha256
        self._shelf = shelf
        self._limit = limit
        self._content = Content()
        self._data = bytearray()
        self._refusal: Refusal | None = None
        self._is_over = False

    def write(self, data: bytes) -> bool:
        """Take more of it."""
        self.size += len(data)
        if self.size > self._limit:
            self._refusal = self._refusal or too_large(self._limit)
            self._data.clear()
        if self._refusal is None and not self._is_over:
            self._content.add(data)
            self._data += data
        return True

    def finish(self) -> "Deferred[StoredFile]":
        """Keep the file, now that all of it has come."""
        if self._is_over:
            return fail(ended())
        file = self._content.file()
        if self._sha256 and file.sha256 != self._sha256:
            self._refusal = self._refusal or damaged()
        refusal = self._refusal or self._shelf.put(bytes(self._data), file)
        return succeed(file) if refusal is None else fail(refusal)

    def abort(self) -> None:
        """Throw away what has come."""
        self._is_over = True
        self._data.clear()
