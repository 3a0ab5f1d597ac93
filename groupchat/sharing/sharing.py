"""Sharing files: an offer, then the content, then the post.

Rules:

1. Who may not say something in a room may not share anything there.  It is judged three times: when it is offered,
   so that nobody sends for nothing; before the content is taken; and by the journal, when it is posted.
2. The post is written after its file is on the shelf; the file is held until then, whatever comes of it.
3. What no post names any more is removed by ``tidy``, which is called when something may have been removed.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Generator
from typing import Any, BinaryIO

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger
from zope.interface import implementer

from groupchat.config.settings import Settings
from groupchat.delivery.commits import Commits
from groupchat.delivery.queue import Posting, Receipt
from groupchat.delivery.stream import Stream
from groupchat.interfaces.clock import Clock
from groupchat.interfaces.files import IIncoming, IOtherShelves, IShelf, IUpload
from groupchat.model import names
from groupchat.model.drafts import CHARGED_LEAST, Draft, Kind, SharedFile, StoredFile, StoredPost, charged
from groupchat.model.errors import (
    Busy,
    FilesUnavailable,
    FileTooLarge,
    NoSuchFile,
    NoSuchNick,
    NoSuchTicket,
    NotAllowed,
    QuotaExceeded,
    Refusal,
)
from groupchat.model.events import AuthorId, Shared
from groupchat.model.text import check_secrets
from groupchat.model.wording import exact_size, plural, size_words
from groupchat.sharing.offers import Offer, Ticket, Tickets
from groupchat.state.accounts import Accounts
from groupchat.state.moderation import Moderation
from groupchat.state.people import Person
from groupchat.state.roster import Roster

log = Logger()


class Sharing:
    """Everything about files but their bytes.

    ``shelf``: None where no files are kept.  ``others``: the shelves of the other nodes; None: there are none.
    ``sent``: how many files were posted; ``refused``: how many were not, by code.

    :param check_room: raises a Refusal if a person may not go into a room.
    :param posted_with: finds the number of what an author has posted with a key.
    """

    def __init__(
        self,
        accounts: Accounts,
        roster: Roster,
        moderation: Moderation,
        stream: Stream,
        commits: Commits,
        settings: Settings,
        clock: Clock,
        now: Callable[[], float],
        check_room: Callable[[Person, str], None],
        posted_with: "Callable[[AuthorId, str], Deferred[int | None]]",
    ) -> None:
        self.shelf: IShelf | None = None
        self.others: IOtherShelves | None = None
        self.settings = settings
        self.sent = 0
        self.refused: Counter[str] = Counter()
        self.tickets = Tickets(clock)
        self._accounts = accounts
        self._roster = roster
        self._moderation = moderation
        self._stream = stream
        self._commits = commits
        self._clock = clock
        self._now = now
        self._check_room = check_room
        self._posted_with = posted_with
        self._under_way: Counter[AuthorId] = Counter()
        """How many files each person is sending."""
        self._reserved = 0
        """The bytes that files on their way may still need."""
        self._removals = 0
        self._fetched = 0
        self._is_untidy = False

    @property
    def most(self) -> int:
        """The most bytes that a file can have; 0: none are taken."""
        return 0 if self.shelf is None or not self.settings.web else self.settings.file_max_bytes

    @property
    def uploads(self) -> int:
        """How many files are being sent."""
        return self._under_way.total()

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

    # Offers

    @inlineCallbacks
    def used(self, author: AuthorId) -> "Generator[Deferred[Any], Any, int]":
        """Return the bytes of what an author shares."""
        files: list[StoredFile] = yield self._stream.journal.kept_files(author)
        return charged(files)

    @inlineCallbacks
    def offer(
        self,
        person: Person,
        address: str,
        given: str,
        size: int | None,
        room: str,
        reader: AuthorId | None = None,
        to: str = "",
        reply: int | None = None,
        key: str | None = None,
    ) -> "Generator[Deferred[Any], Any, Offer]":
        """Return what somebody may send.

        :param given: the name of the file.  :param size: its bytes; None: not known yet.
        :raises Refusal: they may not, or not so much.
        """
        check_secrets(given)
        name = names.file_name(given)
        limit = self._limit(person, size)
        offer = Offer(person.author, address, name, limit, room, reader, to, reply, key)
        self._check(offer, person)
        quota = self.settings.files_per_account_bytes
        left = quota - (yield self.used(person.author))
        if left < max(size or 1, CHARGED_LEAST):
            raise QuotaExceeded(
                f"You may share {size_words(quota)} in all, and have {size_words(max(left, 0))} left; a file counts as"
                f" {size_words(CHARGED_LEAST)} at least. /files lists yours, and /delete NUMBER removes one."
            )
        return Offer(person.author, address, name, min(limit, left), room, reader, to, reply, key)

    def _limit(self, person: Person, size: int | None) -> int:
        """Return the most bytes of a file that somebody may send now.

        :raises FilesUnavailable, NotAllowed, FileTooLarge: they may send none, or none as large.
        """
        settings, shelf = self.settings, self.shelf
        if shelf is None or not settings.web:
            raise FilesUnavailable("Files cannot be shared on this server.")
        self._check_guest(person)
        most = settings.file_max_bytes
        if size is not None and size > most:
            raise FileTooLarge(f"A file can have at most {exact_size(most)} here; this one has {exact_size(size)}.")
        space = min(settings.files_total_bytes - shelf.kept, shelf.free) - self._reserved
        if space < (size or 1):
            raise FilesUnavailable("There is no space left for files on this server. Try again later.")
        return min(most if size is None else size, space)

    def _check(self, offer: Offer, person: Person) -> None:
        """:raises Refusal: this person may not share anything there now."""
        if offer.room and offer.room not in person.rooms:
            self._check_room(person, offer.room)
        moderation = self._moderation
        if moderation.curbs:
            moderation.check_post(self._draft(offer, person, None, offer.to), offer.address)
            if offer.room in moderation.slow:
                moderation.check_pace(person, (offer.room,), self._now())
        if self._commits.refusal is not None:
            raise self._commits.refusal

    def _draft(self, offer: Offer, person: Person, file: StoredFile | None, to: str) -> Draft:
        is_guest = person.account is None
        return Draft(
            Kind.SHARED, person.author, person.nick, self._now(), offer.room, offer.name, offer.reader, to,
            key=offer.key, folded=person.key, within=person.rooms, reply=offer.reply,
            origin=person.origin if is_guest else "", since=person.known_since if is_guest else 0.0,
            file=file, link=secrets.token_urlsafe(16), quota=self.settings.files_per_account_bytes,
        )  # fmt: skip

    # Sending

    def redeem(self, code: str, length: int | None, on_drained: Callable[[], object]) -> "Upload":
        """Begin to take the file of a ticket.

        :param length: the bytes that are announced; None: none are.
        :raises Refusal: there is no such ticket, or who has it may not send the file any more.
        """
        ticket = self.tickets.take(code)
        try:
            person = self._person(ticket.offer)
            if person is None:
                raise NoSuchTicket("Who asked for this ticket is not here any more.")
            return self.begin(ticket.offer, person, length, on_drained, ticket)
        except Refusal as refusal:
            if not isinstance(refusal, NoSuchTicket):
                self.tickets.returned(ticket)
            self.refused[refusal.code] += 1
            raise

    def begin(
        self,
        offer: Offer,
        person: Person,
        length: int | None,
        on_drained: Callable[[], object],
        ticket: Ticket | None = None,
    ) -> "Upload":
        """Begin to take a file.

        :raises Refusal: it is too long, or this person may not send it, or not now.
        """
        if length is not None and length > offer.limit:
            raise FileTooLarge(
                f"This file can have at most {exact_size(offer.limit)}; it has {exact_size(length)}. "
                "Nothing of it was taken."
            )
        limit = min(self._limit(person, length), offer.limit)
        self._check(offer, person)
        each, all_ = self.settings.uploads_each, self.settings.uploads
        if self._under_way[offer.author] >= each:
            raise Busy(f"You are sending {plural(each, 'file')} already. Wait until one of them is there.")
        if self.uploads >= all_:
            raise Busy("Too many files are being sent here just now. Try again in a minute.", 60.0)
        assert self.shelf is not None
        incoming = self.shelf.receive(limit, on_drained)
        return Upload(self, offer, person, incoming, limit, ticket)

    def began(self, offer: Offer, limit: int) -> None:
        """Count a file that is being sent."""
        self._under_way[offer.author] += 1
        self._reserved += limit

    def ended(self, offer: Offer, limit: int, ticket: Ticket | None) -> None:
        """Note that a file is not being sent any more.

        :param ticket: the one that can be used again.
        """
        self._reserved -= limit
        self._under_way[offer.author] -= 1
        if not self._under_way[offer.author]:
            del self._under_way[offer.author]
        if ticket is not None:
            self.tickets.returned(ticket)

    @inlineCallbacks
    def post(
        self, offer: Offer, person: Person, file: StoredFile, is_visit: bool = False
    ) -> "Generator[Deferred[Any], Any, tuple[int, str]]":
        """Post a file that is on the shelf, and let go of it; return the number of the post, and its file's path.

        :param person: who sends it.  :param is_visit: they are here only by the request that sends it.
        :raises Refusal: it may not be posted.
        """
        assert self.shelf is not None
        try:
            posted: tuple[int, str] = yield self._posted(offer, person, is_visit, file)
        except Refusal:
            self._is_untidy = True
            first: tuple[int, str] | None = yield self.posted(offer.author, offer.key)
            if first is None:
                raise
            return first
        except BaseException:
            self._is_untidy = True
            raise
        finally:
            self.shelf.release(file.sha256)
        self.sent += 1
        return posted

    @inlineCallbacks
    def _posted(
        self, offer: Offer, sender: Person, is_visit: bool, file: StoredFile
    ) -> "Generator[Deferred[Any], Any, tuple[int, str]]":
        person = self._sender(offer, sender, is_visit)
        self._check(offer, person)
        receipt = Receipt()
        draft = self._draft(offer, person, file, self._reader(offer))
        self._commits.post(Posting(draft, receipt))
        yield receipt.result()
        path = names.file_path(draft.link, offer.name)
        if offer.key is not None:
            self._is_untidy = True  # it may have been posted before, with another content, or without a file
            path = yield self._path_of(receipt.number)
        if offer.room in self._moderation.slow:
            self._moderation.paces.note(offer.room, person.author, self._now())
        if offer.reader is not None:
            self._note_whisperer(offer.reader, person.author)
        return receipt.number, path

    @inlineCallbacks
    def _path_of(self, number: int) -> "Generator[Deferred[Any], Any, str]":
        """Return the path of the file of a post; empty: it is none of a file, or deleted."""
        stored: StoredPost | None = yield self._stream.journal.message(number)
        event = None if stored is None else stored.event
        return event.link if isinstance(event, Shared) else ""

    @inlineCallbacks
    def posted(self, author: AuthorId, key: str | None) -> "Generator[Deferred[Any], Any, tuple[int, str] | None]":
        """Return the number of what an author has posted with a key, and its file's path, if it still has one."""
        if key is None:
            return None
        number: int | None = yield self._posted_with(author, key)
        if number is None:
            return None
        path: str = yield self._path_of(number)
        return number, path

    @inlineCallbacks
    def redeemed(self, code: str) -> "Generator[Deferred[Any], Any, tuple[int, str] | None]":
        """Return likewise what was posted already of the file that a ticket is for."""
        ticket = self.tickets.find(code)
        if ticket is None:
            return None
        first: tuple[int, str] | None = yield self.posted(ticket.offer.author, ticket.offer.key)
        return first

    def _person(self, offer: Offer) -> Person | None:
        """Return who made an offer, as they are now; None: they are not here, and have no account."""
        person = self._roster.of(offer.author)
        account = self._accounts.of(offer.author)
        if person is not None or account is None:
            return person
        return Person(account.nick, account.key, account.author, self._now(), account)

    def _sender(self, offer: Offer, person: Person, is_visit: bool) -> Person:
        """Return who posts what has come, as they are now: they may have left, or been erased, while it came.

        :raises NoSuchTicket, NotAllowed: they are nobody here any more, or may not share files any more.
        """
        found = self._person(offer)
        if found is None and is_visit and person.account is None:
            found = person
        if found is None:
            raise NoSuchTicket("Who sends this file is not here any more; nothing of it was kept.")
        self._check_guest(found)
        return found

    def _check_guest(self, person: Person) -> None:
        """:raises NotAllowed: guests share nothing here, and this is one."""
        if person.account is None and not self.settings.guest_files:
            raise NotAllowed("Guests cannot share files here. /register PASSWORD makes your nickname an account.")

    def _reader(self, offer: Offer) -> str:
        """Return what the one person who sees a file is called now; empty: it is for a room.

        :raises NoSuchNick: they have left, and have no account.
        """
        if offer.reader is None:
            return ""
        known = self._roster.of(offer.reader) or self._accounts.of(offer.reader)
        if known is None:
            raise NoSuchNick(f"{offer.to} is not here any more, and the file was sent to nobody.")
        return known.nick

    def _note_whisperer(self, reader: AuthorId, author: AuthorId) -> None:
        """Let the person who was sent a file answer it with /reply."""
        person = self._roster.of(reader)
        if person is not None and author not in person.ignored and author != reader:
            person.whisperers.note(author, self._clock.seconds())

    # Fetching

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

    # Tidying up

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


@implementer(IUpload)
class Upload:
    """A file that somebody is sending."""

    def __init__(
        self, sharing: Sharing, offer: Offer, person: Person, incoming: IIncoming, limit: int, ticket: Ticket | None
    ) -> None:
        self.limit = limit
        self.path = ""
        self._sharing = sharing
        self._offer = offer
        self._person = person
        self._incoming = incoming
        self._ticket = ticket
        self._is_over = False
        self._is_finishing = False
        sharing.began(offer, limit)

    def write(self, data: bytes) -> bool:
        """Take more of it."""
        return self._incoming.write(data)

    @inlineCallbacks
    def finish(self) -> "Generator[Deferred[Any], Any, int]":
        """Keep it, then post it; return the number of the post."""
        self._is_finishing = True
        try:
            file: StoredFile = yield self._incoming.finish()
            number, self.path = yield self._sharing.post(self._offer, self._person, file, self._ticket is None)
        except Refusal as refusal:
            self._sharing.refused[refusal.code] += 1
            self._end(self._ticket)
            raise
        except BaseException:
            self._end(None)
            raise
        self._end(None)
        return int(number)

    def abort(self) -> None:
        """Throw it away, unless all of it is there: then it is posted, although nobody waits for the answer."""
        if self._is_over or self._is_finishing:
            return
        self._incoming.abort()
        self._sharing.refused["aborted"] += 1
        self._end(self._ticket)

    def _end(self, ticket: Ticket | None) -> None:
        if not self._is_over:
            self._is_over = True
            self._sharing.ended(self._offer, self.limit, ticket)
