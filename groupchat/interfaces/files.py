"""The shelf: it keeps the content of files that people share, each under the hash of its content.

Rules:

1. A file is on the shelf, whole and flushed, before the post that names it is written.
2. What is kept is *held* from then on until ``release``, so that nothing removes it before its post is there.
3. A file that no post names is removed; content that two posts name is kept once.
4. No name that a person gave is ever part of a path.
"""

from collections.abc import Callable, Collection, Iterable
from typing import BinaryIO

from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

from groupchat.model.drafts import StoredFile
from groupchat.model.errors import FilesUnavailable


class NoSpace(FilesUnavailable):
    """The disk of this node does not take a file that another one has."""


class FileDamaged(FilesUnavailable):
    """What has come is not the file that was asked for."""


class IIncoming(Interface):
    """A file that is coming in."""

    size: int = Attribute("The bytes that have come so far.")

    def write(data: bytes) -> bool:
        """Take more of it, without waiting for the disk; return whether more can be taken at once.

        If not, stop: what was given to ``receive`` as ``on_drained`` is called when more can be taken.

        Nothing is raised here: what goes wrong fails ``finish``.  When that is known already, ``on_drained`` is called
        too, and what is still written is thrown away.
        """

    def finish() -> "Deferred[StoredFile]":
        """Fire when the whole file is on the shelf, flushed and held.

        Fails with FileTooLarge when it was longer than its limit, and with FilesUnavailable when it cannot be kept;
        nothing is left of it then.
        """

    def abort() -> None:
        """Throw away what has come, also after ``finish`` was called; nothing is done after it has fired."""


class IShelf(Interface):
    """Keeps the content of files.  A Deferred that fails does so with FilesUnavailable, or as it says."""

    kept: int = Attribute("The bytes of everything that is kept.")
    count: int = Attribute("The number of files that are kept.")
    free: int = Attribute("The bytes that can still be kept, as far as the disk is concerned.")

    def receive(limit: int, on_drained: Callable[[], object], sha256: str = "") -> IIncoming:
        """Begin to take a file of at most ``limit`` bytes.

        :param sha256: the hash that it must have, if that is known: with another one, nothing of it is kept, and
            ``finish`` fails with FileDamaged.
        :raises FilesUnavailable: no file can be taken now.
        """

    def open(sha256: str) -> "Deferred[BinaryIO]":
        """Open a file for reading, which goes on being readable after it is removed.  Fails with NoSuchFile.

        Whoever reads from it closes it.
        """

    def release(sha256: str) -> None:
        """Note that the post of a file that was finished is written, or will never be."""

    def idle() -> "Deferred[frozenset[str]]":
        """The hashes of all files that nobody holds; ``remove`` removes any of these that no upload has since named."""

    def remove(hashes: Collection[str]) -> "Deferred[int]":
        """Remove those that ``idle`` has told of and that were not finished again since; how many these were."""

    def sweep(known: Collection[StoredFile]) -> "Deferred[list[str]]":
        """Tidy up at the start: what was still coming in, and what is not known, is removed.

        The hashes of known files that are missing, or have another size.
        """

    def close() -> "Deferred[None]":
        """Finish what is under way; take nothing more."""


class IOtherShelves(Interface):
    """The shelves of the other nodes of a cluster: what is missing on this node's shelf is fetched from there."""

    fetched: int = Attribute("The number of files that have come from other nodes since the start.")
    missing: int = Attribute("The number of files that posts name, and that are not here yet.")

    def lacks(sha256: str) -> bool:
        """Say whether a file is among those that are missing here, as far as is known."""

    def want(files: Iterable[StoredFile], is_certain: bool = False) -> None:
        """Fetch these by and by, the last first, unless they are here.

        :param is_certain: it is known that they are not here, or damaged.
        """

    def fetch(file: StoredFile) -> "Deferred[None]":
        """Fire when a file is on this node's shelf.

        Fails with FilesUnavailable if no node that is alive has it, or it takes long; and with NoSpace.
        """

    def forget_all_but(known: Collection[StoredFile]) -> None:
        """Fetch nothing of what is not among these: no post names it any more."""

    def admits(sha256: str, proof: str) -> bool:
        """Say whether whoever gives this proof is a node of the cluster, which may have the file."""

    def close() -> "Deferred[None]":
        """Give up what is being fetched; fetch nothing more."""


class IUpload(Interface):
    """A file that somebody is allowed to send, and that becomes a post."""

    limit: int = Attribute("The most bytes it may have; as many as were announced, if that is known.")
    path: str = Attribute("Where the file is over HTTP, once it is posted.")

    def write(data: bytes) -> bool:
        """Take more of it; as ``IIncoming.write``."""

    def finish() -> "Deferred[int]":
        """Keep the file, then post it: the number of the post.  Fails with a Refusal; nothing is left of it then."""

    def abort() -> None:
        """Throw away what has come: the peer is gone, or is refused."""
