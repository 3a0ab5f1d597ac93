"""The contents of shared files: which are kept here, which come from other nodes, and which nobody needs any more."""

from collections.abc import Generator
from typing import Any, BinaryIO

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger

from groupchat.delivery.stream import Stream
from groupchat.interfaces.files import IOtherShelves, IShelf
from groupchat.model.drafts import SharedFile, StoredFile
from groupchat.model.errors import NoSuchFile, Refusal
from groupchat.model.wording import plural

log = Logger()


class KeptFiles:
    """The files that people share, as the journal names them.

    ``shelf``: where their bytes are; None: no files are kept.
    ``others``: the shelves of the other nodes; None: there are none.
    """

    def __init__(self, stream: Stream) -> None:
        self.shelf: IShelf | None = None
        self.others: IOtherShelves | None = None
        self._stream = stream
        self._removals = 0
        self._fetched = 0
        self._is_untidy = False

    @property
    def missing(self) -> int:
        """How many files are missing here that other nodes may have."""
        return 0 if self.others is None else self.others.missing

    @inlineCallbacks
    def open(self) -> "Generator[Deferred[Any], Any, None]":
        """Tidy up at the start: a post has its file, or the log says which is missing.

        If the disk does not let us, people chat all the same.
        """
        if self.shelf is None:
            return
        known: list[StoredFile] = yield self._stream.journal.kept_files()
        try:
            missing: list[str] = yield self.shelf.sweep(known)
        except Refusal:  # the shelf has logged why
            log.error(
                "Shared files could not be looked through: what no message names may be left, and some may be gone"
            )
            self._is_untidy = True
            return
        if self.others is not None:
            lacking = {*missing}
            if lacking:
                log.info("{files} that people share will be fetched from other nodes",
                         files=plural(len(lacking), "file"))  # fmt: skip
            self.others.want((file for file in known if file.sha256 in lacking), is_certain=True)
            return
        for sha256 in missing:
            log.error("A shared file is missing or not whole, and its link says so: files/{place}/{sha256}",
                      place=sha256[:2], sha256=sha256)  # fmt: skip

    @inlineCallbacks
    def fetch(self, link: str) -> "Generator[Deferred[Any], Any, tuple[SharedFile, BinaryIO]]":
        """Return the file with this public id, open for reading; whoever knows the id may read it.

        :raises NoSuchFile: there is none.
        """
        shared: SharedFile | None = yield self._stream.journal.shared(link)
        if shared is None or self.shelf is None:
            raise NoSuchFile("There is no such file; it may have been deleted.")
        file: BinaryIO
        if self.others is None:
            file = yield self.shelf.open(shared.file.sha256)
        else:
            file = yield self._opened(shared.file, self.shelf, self.others)
        return shared, file

    @inlineCallbacks
    def _opened(
        self, file: StoredFile, shelf: IShelf, others: IOtherShelves
    ) -> "Generator[Deferred[Any], Any, BinaryIO]":
        """Return a file that is here or at another node, open for reading.

        :raises NoSuchFile, FilesUnavailable: no post names it any more, or it is nowhere just now.
        """
        opened: BinaryIO
        if not others.lacks(file.sha256):
            try:
                opened = yield shelf.open(file.sha256)
                return opened
            except NoSuchFile:
                log.error("A shared file has vanished here: {sha256}", sha256=file.sha256)
        yield others.fetch(file)
        opened = yield shelf.open(file.sha256)
        return opened

    def fetch_for_node(self, sha256: str, proof: str) -> "Deferred[BinaryIO]":
        """Return the file with this hash, open for reading, for another node.

        :raises NoSuchFile: who asks is none, or the file is not here.
        """
        if self.shelf is None or self.others is None or not self.others.admits(sha256, proof):
            raise NoSuchFile
        return self.shelf.open(sha256)

    def shared_elsewhere(self, file: StoredFile) -> None:
        """Note that a file was posted at another node: its content is to come here."""
        if self.others is not None:
            self.others.want([file])

    def may_be_unnamed(self) -> None:
        """Note that there may be a file which no post names, for the next ``tidy``."""
        self._is_untidy = True

    @inlineCallbacks
    def tidy(self) -> "Generator[Deferred[Any], Any, None]":
        """Remove what no post names any more, if anything was removed since the last time."""
        shelf, others, removals = self.shelf, self.others, self._stream.removals
        fetched = 0 if others is None else others.fetched  # the post of what was fetched may be gone since
        if shelf is None or (not self._is_untidy and (removals, fetched) == (self._removals, self._fetched)):
            return
        self._is_untidy, self._removals, self._fetched = False, removals, fetched
        try:
            idle: frozenset[str] = yield shelf.idle()
            if idle or (others is not None and others.missing):
                named: list[StoredFile] = yield self._stream.journal.kept_files()
                yield shelf.remove(idle - {file.sha256 for file in named})
                if others is not None:
                    others.forget_all_but(named)
        except Refusal:
            self._is_untidy = True  # once more, later
            raise
