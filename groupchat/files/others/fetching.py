"""Fetch from the other nodes what is missing on this node's shelf.

Rules:

1. However many ask for a file, it is fetched once at a time; from one node after the other, until one has given it.
2. It is on the shelf when it has come whole and has the hash and the size that its post names; else nothing is left.
3. Nobody who asks waits longer than WAIT_S; the file comes all the same.
4. What nobody asks for is fetched one file at a time, the last that was posted first; what no node could give is
   asked for again later, as long as a post names it.
"""

from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from typing import Any, BinaryIO

from twisted.internet.defer import Deferred, DeferredSemaphore, fail, inlineCallbacks
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.files.others.file_requests import NotGiven, Requests, Transfer
from groupchat.files.others.node_proofs import is_proof
from groupchat.files.refusals import stopping
from groupchat.interfaces.files import FileDamaged, IIncoming, IOtherShelves, IShelf, NoSpace
from groupchat.interfaces.storage import NodeCard
from groupchat.model.drafts import StoredFile
from groupchat.model.errors import FilesUnavailable, NoSuchFile, Refusal
from groupchat.model.wording import plural

AT_ONCE = 4
"""Files that are fetched at the same time."""

WAIT_S = 25.0
"""Seconds that somebody waits for a file; then they are told to come back for it."""

REST_S = 5.0
"""Seconds for which a file that no node has given is not asked for again, and a node that is away is left out."""

ROUND_S = 30.0
"""Seconds after which all that is missing is asked for once more; the first times after REST_S, and twice that."""

log = Logger()


class Lack:
    """A file that may be missing.  ``is_certain``: it is, or is damaged."""

    __slots__ = ("file", "is_certain")

    def __init__(self, file: StoredFile, is_certain: bool) -> None:
        self.file = file
        self.is_certain = is_certain


@implementer(IOtherShelves)
class Fetching:
    """Fetches files for this node's shelf.

    :param nodes: returns the cards of the other nodes that are alive, by name.
    :param secret: what this node's card says, so that others can show that they have read it.
    """

    def __init__(
        self,
        shelf: IShelf,
        nodes: Callable[[], Mapping[str, NodeCard]],
        requests: Requests,
        clock: IReactorTime,
        secret: str,
    ) -> None:
        self.fetched = 0
        self._shelf = shelf
        self._nodes = nodes
        self._requests = requests
        self._clock = clock
        self._secret = secret
        self._lacks: dict[str, Lack] = {}
        self._queue: list[str] = []
        """The hashes of what is fetched without being asked for; the last comes next."""
        self._under_way: dict[str, list[Deferred[None]]] = {}
        """Who waits for each file that is being fetched."""
        self._transfers: dict[str, tuple[Transfer, IIncoming]] = {}
        self._turns = DeferredSemaphore(AT_ONCE)
        self._in_vain: dict[str, tuple[float, FilesUnavailable]] = {}
        """Until when each file is not asked for again that could not be fetched, and why it could not."""
        self._away: dict[str, float] = {}
        """Until when each node that could not be reached is left out."""
        self._troubles: dict[str, str] = {}
        """What was logged last of each node that could not be reached."""
        self._giver = ""
        """The node that has given the last file: it is asked first."""
        self._is_working = False
        self._told = 0
        """How many files were logged last as being nowhere."""
        self._nowhere: set[str] = set()
        """The hashes of what each node that is alive was asked for in vain, or there is no room for."""
        self._round: IDelayedCall | None = None
        self._pause = REST_S
        """Seconds until the next round."""
        self._closed = False

    @property
    def missing(self) -> int:
        """The number of files that are missing here."""
        return len(self._lacks)

    def lacks(self, sha256: str) -> bool:
        """Say whether a file may be missing here."""
        return sha256 in self._lacks

    def want(self, files: Iterable[StoredFile], is_certain: bool = False) -> None:
        """Fetch these by and by."""
        for file in files:
            if file.sha256 not in self._lacks:
                self._lacks[file.sha256] = Lack(file, is_certain)
            self._queue.append(file.sha256)
        self._work()

    def fetch(self, file: StoredFile) -> "Deferred[None]":
        """Fire when a file is here."""
        if self._closed:
            return fail(stopping())
        self._lacks.setdefault(file.sha256, Lack(file, False))
        until, refusal = self._in_vain.get(file.sha256, (0.0, _nowhere()))
        if until > self._clock.seconds():
            return fail(refusal)
        return self._patient(self._begun(file))

    def forget_all_but(self, known: Collection[StoredFile]) -> None:
        """Fetch nothing that is not among these."""
        named = {file.sha256 for file in known}
        for sha256 in [sha256 for sha256 in self._lacks if sha256 not in named]:
            self._found(sha256)

    def admits(self, sha256: str, proof: str) -> bool:
        """Say whether whoever gives this proof is a node of the cluster."""
        return is_proof(self._secret, sha256, proof)

    def close(self) -> "Deferred[None]":
        """Give up what is being fetched."""
        self._closed = True
        if self._round is not None:
            self._round.cancel()
            self._round = None
        for transfer, incoming in list(self._transfers.values()):
            incoming.abort()
            transfer.cancel()
        return self._requests.close()

    # Who waits

    def _begun(self, file: StoredFile) -> "Deferred[None]":
        """Fetch a file, or wait until it has been."""
        waiting: Deferred[None] = Deferred()
        waiters = self._under_way.get(file.sha256)
        if waiters is not None:
            waiters.append(waiting)
            return waiting
        self._under_way[file.sha256] = [waiting]

        def fetched(result: Any) -> None:
            for one in self._under_way.pop(file.sha256):
                one.callback(result)  # with a failure, it fails

        self._turns.run(self._fetch, file).addErrback(self._note_failure, file).addBoth(fetched)
        return waiting

    def _patient(self, coming: "Deferred[None]") -> "Deferred[None]":
        """Return what fires likewise, but is refused after WAIT_S."""
        answer: Deferred[None] = Deferred()

        def came(result: Any) -> None:
            if timer.active():
                timer.cancel()
                answer.callback(result)

        refusal = FilesUnavailable("This file is on its way from another node. Try again in a few seconds.", REST_S)
        timer = self._clock.callLater(WAIT_S, answer.errback, refusal)
        coming.addBoth(came)
        return answer

    # One file

    @inlineCallbacks
    def _fetch(self, file: StoredFile) -> "Generator[Deferred[Any], Any, None]":
        """Put a file on the shelf.  Raises FilesUnavailable."""
        if self._closed:
            raise stopping()
        lack = self._lacks.get(file.sha256)
        if lack is None or not (lack.is_certain or (yield self._is_needed(file))):
            self._found(file.sha256)
            return
        lack.is_certain = True
        asked = self._order()
        for name, card in asked:
            if (yield self._given(name, card, file)):
                self._giver = name
                self._pause = REST_S
                self.fetched += 1
                self._found(file.sha256)
                return
            if self._closed:
                raise stopping()
        self._note_asked(file, {name for name, _ in asked})
        raise _nowhere()

    def _note_asked(self, file: StoredFile, asked: Collection[str]) -> None:
        """Note whether each node that is alive was asked for a file, and has answered that it does not have it.

        When this node has just started it knows of no other one, and those that have just started cannot be asked yet.
        """
        now, others = self._clock.seconds(), self._nodes()
        if others and all(name in asked and self._away.get(name, 0.0) <= now for name in others):
            self._nowhere.add(file.sha256)
        else:
            self._nowhere.discard(file.sha256)

    @inlineCallbacks
    def _is_needed(self, file: StoredFile) -> "Generator[Deferred[Any], Any, bool]":
        """Return whether the shelf does not have a file.  Fails with FilesUnavailable."""
        try:
            found: BinaryIO = yield self._shelf.open(file.sha256)
        except NoSuchFile:
            return True
        with found:
            return found.seek(0, 2) != file.size

    def _order(self) -> list[tuple[str, NodeCard]]:
        """Return the nodes that can be asked, in this order."""
        now = self._clock.seconds()
        nodes = [
            (name, card)
            for name, card in sorted(self._nodes().items())
            if card.address and card.secret and card.fingerprint and self._away.get(name, 0.0) <= now
        ]
        return sorted(nodes, key=lambda node: node[0] != self._giver)

    @inlineCallbacks
    def _given(self, name: str, card: NodeCard, file: StoredFile) -> "Generator[Deferred[Any], Any, bool]":
        """Return whether a node has given a file.

        :raises NoSpace: it cannot be kept here.
        """
        if self._shelf.free < file.size:
            raise NoSpace("There is no space left for this file on this node.")
        incoming = self._shelf.receive(file.size, lambda: transfer.resume(), file.sha256)
        transfer = self._requests.ask(card, file, incoming.write)
        self._transfers[file.sha256] = transfer, incoming
        try:
            yield transfer.done
            kept: StoredFile = yield incoming.finish()
        except NotGiven as error:
            incoming.abort()
            log.debug("The node {node} has not given {place}: {why}", node=name, place=_place(file), why=str(error))
            if error.is_away:
                self._leave_out(name, card, str(error))
            return False
        except FileDamaged:
            log.error("The node {node} has given something else for {place}", node=name, place=_place(file))
            return False
        except Refusal as refusal:
            raise NoSpace(f"This file cannot be kept on this node. {refusal}", refusal.wait) from refusal
        finally:
            del self._transfers[file.sha256]
        self._troubles.pop(name, None)
        self._shelf.release(kept.sha256)
        return True

    def _leave_out(self, name: str, card: NodeCard, why: str) -> None:
        """Ask a node that cannot be reached for nothing for a while; the log says why, once."""
        self._away[name] = self._clock.seconds() + REST_S
        if self._troubles.get(name) != why and not self._closed:
            self._troubles[name] = why
            log.warn("No files can be fetched from the node {node} at {address}: {why}",
                     node=name, address=card.address, why=why)  # fmt: skip

    def _note_failure(self, failure: Failure, file: StoredFile) -> Failure:
        """Remember why a file could not be fetched."""
        error = failure.value
        if not isinstance(error, FilesUnavailable):
            log.failure("A file could not be fetched from another node", failure)
            error = _nowhere()
        if isinstance(error, NoSpace):
            self._nowhere.add(file.sha256)
        if file.sha256 in self._lacks:
            self._in_vain[file.sha256] = self._clock.seconds() + REST_S, error
        return Failure(error)

    def _found(self, sha256: str) -> None:
        self._lacks.pop(sha256, None)
        self._nowhere.discard(sha256)
        self._in_vain.pop(sha256, None)

    # What nobody asks for

    def _work(self) -> None:
        """Fetch the next file, unless one is being fetched."""
        if not (self._is_working or self._closed):
            self._is_working = True
            self._take_next()

    def _take_next(self) -> None:
        lack = None
        while lack is None and self._queue and not self._closed:
            lack = self._lacks.get(self._queue.pop())
        if lack is None or self._closed or (lack.is_certain and not self._order()):
            self._rest()
            return
        coming = self._begun(lack.file)
        # Never within this call: thousands may be missing, and no node have them.
        coming.addBoth(lambda _: self._clock.callLater(0, self._take_next))

    def _rest(self) -> None:
        """End a round: everything was tried."""
        self._is_working = False
        self._queue.clear()
        if self._closed:
            return
        nowhere = len(self._nowhere)
        if not self.missing:
            if self._told:
                log.info("All files that people share are here")
            self._told = 0
        elif nowhere not in (0, self._told):
            self._told = nowhere
            log.warn("No node that is alive has {files} that people share, or there is no room for them here",
                     files=plural(nowhere, "file"))  # fmt: skip
        if self._lacks and self._round is None:
            self._round = self._clock.callLater(self._pause, self._begin_round)
            self._pause = min(2 * self._pause, ROUND_S)

    def _begin_round(self) -> None:
        self._round = None
        self._queue = list(self._lacks)
        self._work()


def _nowhere() -> FilesUnavailable:
    return FilesUnavailable("No node that is alive has this file just now. Try again later.", REST_S)


def _place(file: StoredFile) -> str:
    return f"files/{file.sha256[:2]}/{file.sha256}"
