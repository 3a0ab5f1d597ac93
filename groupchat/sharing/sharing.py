"""Sharing files: an offer, then the content, then the post.

Rules:

1. Who may not say something in a room may not share anything there.  It is judged three times: when it is offered,
   so that nobody sends for nothing; before the content is taken; and by the journal, when it is posted.
2. The post is written after its file is on the shelf; the file is held until then, whatever comes of it.
3. What no post names any more is removed by ``KeptFiles.tidy``, which is called when something may have been removed.
"""

import secrets
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.config.settings import Settings
from groupchat.delivery.commits import Commits
from groupchat.delivery.queue import Posting, Receipt
from groupchat.delivery.stream import Stream
from groupchat.interfaces.clock import Clock
from groupchat.model import names
from groupchat.model.drafts import CHARGED_LEAST, Draft, Kind, StoredFile, StoredPost, charged
from groupchat.model.errors import (
    FilesUnavailable,
    FileTooLarge,
    NoSuchNick,
    NoSuchTicket,
    NotAllowed,
    QuotaExceeded,
    Refusal,
)
from groupchat.model.events import AuthorId, Shared
from groupchat.model.text import check_secrets
from groupchat.model.wording import exact_size, size_words
from groupchat.sharing.kept_files import KeptFiles
from groupchat.sharing.offers import Offer, Ticket, Tickets
from groupchat.sharing.under_way import Upload, Uploads
from groupchat.state.accounts import Accounts
from groupchat.state.moderation import Moderation
from groupchat.state.people import Person
from groupchat.state.roster import Roster


class Sharing:
    """Who may share which files, and the posts of those that have come.

    ``files``: their bytes.  ``uploads``: those that are being sent.  ``sent``: how many were posted.

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
        self.settings = settings
        self.sent = 0
        self.tickets = Tickets(clock)
        self.files = KeptFiles(stream)
        self.uploads = Uploads(self.tickets)
        self._accounts = accounts
        self._roster = roster
        self._moderation = moderation
        self._stream = stream
        self._commits = commits
        self._clock = clock
        self._now = now
        self._check_room = check_room
        self._posted_with = posted_with

    @property
    def most(self) -> int:
        """The most bytes that a file can have; 0: none are taken."""
        return 0 if self.files.shelf is None or not self.settings.web else self.settings.file_max_bytes

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
        settings, shelf = self.settings, self.files.shelf
        if shelf is None or not settings.web:
            raise FilesUnavailable("Files cannot be shared on this server.")
        self._check_guest(person)
        most = settings.file_max_bytes
        if size is not None and size > most:
            raise FileTooLarge(f"A file can have at most {exact_size(most)} here; this one has {exact_size(size)}.")
        space = min(settings.files_total_bytes - shelf.kept, shelf.free) - self.uploads.reserved
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
            self.uploads.refused[refusal.code] += 1
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
        self.uploads.check(offer.author, self.settings)
        assert self.files.shelf is not None
        incoming = self.files.shelf.receive(limit, on_drained)
        post = partial(self.post, offer, person, is_visit=ticket is None)
        return Upload(self.uploads, offer, incoming, limit, ticket, post)

    @inlineCallbacks
    def post(
        self, offer: Offer, person: Person, file: StoredFile, *, is_visit: bool
    ) -> "Generator[Deferred[Any], Any, tuple[int, str]]":
        """Post a file that is on the shelf, and let go of it; return the number of the post, and its file's path.

        :param person: who sends it.  :param is_visit: they are here only by the request that sends it.
        :raises Refusal: it may not be posted.
        """
        assert self.files.shelf is not None
        try:
            posted: tuple[int, str] = yield self._posted(offer, person, is_visit, file)
        except Refusal:
            self.files.may_be_unnamed()
            first: tuple[int, str] | None = yield self.posted(offer.author, offer.key)
            if first is None:
                raise
            return first
        except BaseException:
            self.files.may_be_unnamed()
            raise
        finally:
            self.files.shelf.release(file.sha256)
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
            self.files.may_be_unnamed()  # it may have been posted before, with another content, or without a file
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
