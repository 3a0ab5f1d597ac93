"""The shelf in the data folder: ``files/ab/SHA256`` for what is kept, ``files/incoming/RANDOM`` for what comes in.

What a file goes through, in a thread: written and hashed while it comes, flushed, renamed to its hash, the folder
flushed.  Only then is it told to be there.  So a crash leaves what no post names, never a post without its file;
``sweep`` removes what is left.

Rules:

1. The reactor's thread never waits for the disk: what has not been written yet is at most WAITING bytes a file.
2. The names of what is kept change under one lock: a file that is finished is held before it can be removed.
3. The jobs of one file are done one after the other, by whichever thread is free.
"""

import atexit
import contextlib
import os
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from twisted.internet.defer import Deferred, DeferredList, fail
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer

from groupchat.disk.new_files import flush_folder
from groupchat.files.content import Content
from groupchat.files.objects import FOLDER, INCOMING, objects, place
from groupchat.files.refusals import damaged, ended, stopping, too_large
from groupchat.interfaces.files import IIncoming, IShelf
from groupchat.model.drafts import StoredFile
from groupchat.model.errors import FilesUnavailable, NoSuchFile, Refusal

T = TypeVar("T")

THREADS = 4
"""Files that are written at the same time."""

WAITING = 2**20
"""The bytes of one file that may wait to be written before its sender has to wait."""

log = Logger()


class Disposable(threading.Thread):
    """A thread that does not keep a process alive that ends without ``FolderShelf.close``: nothing could be lost."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **{**named, "daemon": True})


@implementer(IShelf)
class FolderShelf:
    """Keeps contents in a folder.  Nothing is made there before the first file comes.

    :param data: the data folder.
    """

    def __init__(self, data: Path, reactor: Any) -> None:
        self.folder = data / FOLDER
        self.kept = 0
        self.count = 0
        self._data = data
        self._reactor = reactor
        self._pool = ThreadPool(0, THREADS, "files")
        self._pool.threadFactory = Disposable
        self._incoming: dict[FolderIncoming, None] = {}
        self._jobs: set[Deferred[Any]] = set()
        self._closed = False
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()
        self._idle: set[str] = set()

    @property
    def free(self) -> int:
        """The bytes that can still be kept, if all that is kept is half of what the disk has for us at most."""
        try:
            found = os.statvfs(self._data)
        except OSError:
            return 0
        return max(0, (found.f_bavail * found.f_frsize - self.kept) // 2)

    def receive(self, limit: int, on_drained: Callable[[], object], sha256: str = "") -> "FolderIncoming":
        """Begin to take a file."""
        if self._closed:
            raise stopping()
        incoming = FolderIncoming(self, limit, on_drained, sha256)
        self._incoming[incoming] = None
        return incoming

    def open(self, sha256: str) -> "Deferred[BinaryIO]":
        """Open a file for reading."""

        def opened() -> BinaryIO:
            try:
                return open(place(self.folder, sha256), "rb")
            except FileNotFoundError:
                raise NoSuchFile("This file is not here any more.") from None

        return self.ask(opened)

    def release(self, sha256: str) -> None:
        """Hold a file no longer for one of those who did."""
        with self._lock:
            self._held[sha256] -= 1
            if self._held[sha256] <= 0:
                del self._held[sha256]

    def idle(self) -> "Deferred[frozenset[str]]":
        """Return the hashes of what nobody holds."""

        def found() -> frozenset[str]:
            kept = [sha256 for sha256, _ in objects(self.folder)]
            with self._lock:
                self._idle = {sha256 for sha256 in kept if not self._held[sha256]}
                return frozenset(self._idle)

        return self.ask(found)

    def remove(self, hashes: Collection[str]) -> "Deferred[int]":
        """Remove what is still idle."""
        return self.ask(self._remove, tuple(hashes)).addCallback(self._count_removed)

    def sweep(self, known: Collection[StoredFile]) -> "Deferred[list[str]]":
        """Keep what is known only, and measure it."""
        return self.ask(self._sweep, {file.sha256: file.size for file in known}).addCallback(self._measured)

    def close(self) -> "Deferred[None]":
        """Throw away what is coming in, finish what is under way, and end the threads."""
        self._closed = True
        for incoming in list(self._incoming):
            incoming.abort()

        def stop(_: object) -> "Deferred[None] | None":
            if self._jobs:
                return wait()
            if self._pool.started:
                atexit.unregister(self._pool.stop)
                self._pool.stop()
            return None

        def wait() -> "Deferred[None]":
            return DeferredList(list(self._jobs)).addCallback(stop)

        return wait()

    def ask(self, function: Callable[..., T], *arguments: Any) -> "Deferred[T]":
        """Call a function in a thread; an error of the disk becomes a refusal."""
        if not self._pool.started:
            if self._closed:
                return fail(stopping())
            self._pool.start()
            # As for the journal's thread: none may be at work while the interpreter takes itself apart.
            atexit.register(self._pool.stop)
        asked = deferToThreadPool(self._reactor, self._pool, function, *arguments)
        done: Deferred[Any] = Deferred()
        self._jobs.add(done)

        def answered(result: Any) -> Any:
            self._jobs.discard(done)
            self._reactor.callLater(0, done.callback, None)
            if isinstance(result, Failure) and result.check(OSError):
                log.error("Files cannot be kept or read: {error}", error=result.value)
                raise FilesUnavailable("The disk does not take or give files just now. Try again later.")
            return result

        return asked.addBoth(answered)

    def forget(self, incoming: "FolderIncoming") -> None:
        """Note that a file does not come in any more."""
        self._incoming.pop(incoming, None)

    # In a thread

    def take(self, path: Path, file: StoredFile) -> bool:
        """Give a whole file that is flushed its name, and hold it; return whether it was not there yet.

        :raises OSError: that cannot be done; the file is where it was, or has its new name and is not held.
        """
        target = place(self.folder, file.sha256)
        if not target.parent.is_dir():
            target.parent.mkdir(0o700, exist_ok=True)
            flush_folder(self.folder)
        with self._lock:
            is_new = not target.exists()
            os.replace(path, target)
            self._held[file.sha256] += 1
            self._idle.discard(file.sha256)
        try:
            flush_folder(target.parent)
        except OSError:
            self.release(file.sha256)
            raise
        return is_new

    def _remove(self, hashes: tuple[str, ...]) -> list[int]:
        sizes = []
        for sha256 in hashes:
            path = place(self.folder, sha256)
            with self._lock:
                if sha256 not in self._idle:
                    continue
                self._idle.discard(sha256)
                with contextlib.suppress(FileNotFoundError):
                    size = path.stat().st_size
                    path.unlink()
                    sizes.append(size)
        return sizes

    def _sweep(self, known: dict[str, int]) -> tuple[list[str], int, int]:
        for left in _listed(self.folder / INCOMING):
            if left.is_symlink() or not left.is_dir():  # a folder is none of ours
                left.unlink()
        missing, kept = dict(known), {}
        for sha256, path in objects(self.folder):
            size = path.stat().st_size
            if sha256 not in known:
                path.unlink()
                continue
            kept[sha256] = size
            if known[sha256] == size:
                del missing[sha256]
        return sorted(missing), len(kept), sum(kept.values())

    # In the reactor's thread again

    def _count_removed(self, sizes: list[int]) -> int:
        self.count -= len(sizes)
        self.kept -= sum(sizes)
        return len(sizes)

    def _measured(self, found: tuple[list[str], int, int]) -> list[str]:
        missing, self.count, self.kept = found
        return missing

    def count_new(self, size: int) -> None:
        """Count a file that was not there before."""
        self.count += 1
        self.kept += size


@implementer(IIncoming)
class FolderIncoming:
    """A file that is coming in."""

    def __init__(self, shelf: FolderShelf, limit: int, on_drained: Callable[[], object], sha256: str = "") -> None:
        self.size = 0
        self._shelf = shelf
        self._limit = limit
        self._on_drained = on_drained
        self._sha256 = sha256
        self._waiting: list[bytes] = []
        self._bytes = 0
        self._is_full = False
        self._is_busy = False
        self._refusal: Refusal | Failure | None = None
        self._finished: Deferred[StoredFile] | None = None
        self._is_over = False
        # Only the thread that does this file's job uses these.
        self._path: Path | None = None
        self._descriptor = -1
        self._content = Content()

    def write(self, data: bytes) -> bool:
        """Take more of it."""
        self.size += len(data)
        if self.size > self._limit and self._refusal is None:
            self._fail(too_large(self._limit))
        if self._refusal is not None or self._is_over:
            return True
        self._waiting.append(data)
        self._bytes += len(data)
        self._go_on()
        self._is_full = self._bytes >= WAITING
        return not self._is_full

    def finish(self) -> "Deferred[StoredFile]":
        """Fire when it is on the shelf."""
        finished = self._finished = Deferred()
        if self._is_over:
            finished.errback(self._refusal or ended())
        else:
            self._go_on()
        return finished

    def abort(self) -> None:
        """Throw away what has come."""
        self._fail(ended())

    def _fail(self, refusal: Refusal | Failure) -> None:
        if self._refusal is None:
            self._refusal = refusal
        self._waiting.clear()
        self._bytes = 0
        self._go_on()

    def _go_on(self) -> None:
        """Begin the next job, unless one is under way."""
        if self._is_busy or self._is_over:
            return
        if self._refusal is not None:
            job = self._ask(self._throw_away)
        elif self._waiting:
            data, self._waiting = self._waiting, []
            job = self._ask(self._write, data)
        elif self._finished is not None:
            job = self._ask(self._keep)
        else:
            return
        job.addCallbacks(self._done, self._failed)

    def _ask(self, function: Callable[..., Any], *arguments: Any) -> "Deferred[Any]":
        self._is_busy = True
        return self._shelf.ask(function, *arguments)

    def _done(self, result: "int | tuple[StoredFile, bool] | None") -> None:
        self._is_busy = False
        if result is None:  # it was thrown away
            self._end()
            if self._finished is not None:
                assert self._refusal is not None
                self._finished.errback(self._refusal)
        elif isinstance(result, tuple):
            file, is_new = result
            if is_new:
                self._shelf.count_new(file.size)
            if self._refusal is not None:  # it was given up meanwhile
                self._shelf.release(file.sha256)
            self._end()
            assert self._finished is not None
            if self._refusal is None:
                self._finished.callback(file)
            else:
                self._finished.errback(self._refusal)
        else:
            self._bytes = max(0, self._bytes - result)
            self._go_on()
        self._drain()

    def _failed(self, failure: Failure) -> None:
        """Throw away what cannot be written; if even that fails, the next sweep does it."""
        self._is_busy = False
        if self._refusal is None:
            self._fail(failure)
        else:
            self._end()
            if self._finished is not None:
                self._finished.errback(self._refusal)
        self._drain()

    def _drain(self) -> None:
        if self._is_full and (self._refusal is not None or self._bytes < WAITING // 2):
            self._is_full = False
            self._on_drained()

    def _end(self) -> None:
        self._is_over = True
        self._shelf.forget(self)

    # In a thread

    def _open(self) -> int:
        """Return the descriptor of the file, which is made the first time."""
        if self._descriptor < 0:
            folder = self._shelf.folder
            for one in (folder, folder / INCOMING):
                one.mkdir(0o700, exist_ok=True)
            self._path = folder / INCOMING / secrets.token_hex(16)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor = os.open(self._path, flags, 0o600)
        return self._descriptor

    def _write(self, data: list[bytes]) -> int:
        descriptor = self._open()
        written = 0
        for piece in data:
            self._content.add(piece)
            written += len(piece)
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        return written

    def _keep(self) -> tuple[StoredFile, bool]:
        file = self._content.file()
        if self._sha256 and file.sha256 != self._sha256:
            raise damaged()
        os.fsync(self._open())
        self._close()
        assert self._path is not None
        return file, self._shelf.take(self._path, file)

    def _throw_away(self) -> None:
        self._close()
        if self._path is not None:
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()

    def _close(self) -> None:
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -2
            os.close(descriptor)


def _listed(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(FileNotFoundError):
        yield from list(folder.iterdir())
