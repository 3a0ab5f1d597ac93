"""Uploads: the files that are being sent just now."""

from collections import Counter
from collections.abc import Callable, Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from zope.interface import implementer

from groupchat.config.settings import Settings
from groupchat.interfaces.files import IIncoming, IUpload
from groupchat.model.drafts import StoredFile
from groupchat.model.errors import Busy, Refusal
from groupchat.model.events import AuthorId
from groupchat.model.wording import plural
from groupchat.sharing.offers import Offer, Ticket, Tickets


class Uploads:
    """All files that are being sent.

    ``reserved``: the bytes that they may still need.  ``refused``: how many were not posted, by code.

    :param tickets: where the ticket of a file that did not come is given back.
    """

    def __init__(self, tickets: Tickets) -> None:
        self.reserved = 0
        self.refused: Counter[str] = Counter()
        self._tickets = tickets
        self._under_way: Counter[AuthorId] = Counter()
        """How many files each person is sending."""

    def __len__(self) -> int:
        return self._under_way.total()

    def check(self, author: AuthorId, settings: Settings) -> None:
        """:raises Busy: the author, or all people together, are sending as many as they may."""
        each = settings.uploads_each
        if self._under_way[author] >= each:
            raise Busy(f"You are sending {plural(each, 'file')} already. Wait until one of them is there.")
        if len(self) >= settings.uploads:
            raise Busy("Too many files are being sent here just now. Try again in a minute.", 60.0)

    def began(self, offer: Offer, limit: int) -> None:
        """Count a file that is being sent."""
        self._under_way[offer.author] += 1
        self.reserved += limit

    def ended(self, offer: Offer, limit: int, ticket: Ticket | None) -> None:
        """Note that a file is not being sent any more.

        :param ticket: the one that can be used again.
        """
        self.reserved -= limit
        self._under_way[offer.author] -= 1
        if not self._under_way[offer.author]:
            del self._under_way[offer.author]
        if ticket is not None:
            self._tickets.returned(ticket)


@implementer(IUpload)
class Upload:
    """A file that somebody is sending.

    :param post: posts the file when all of it is on the shelf; gives the number of the post, and the file's path.
    """

    def __init__(
        self,
        uploads: Uploads,
        offer: Offer,
        incoming: IIncoming,
        limit: int,
        ticket: Ticket | None,
        post: "Callable[[StoredFile], Deferred[tuple[int, str]]]",
    ) -> None:
        self.limit = limit
        self.path = ""
        self._uploads = uploads
        self._offer = offer
        self._incoming = incoming
        self._ticket = ticket
        self._post = post
        self._is_over = False
        self._is_finishing = False
        uploads.began(offer, limit)

    def write(self, data: bytes) -> bool:
        """Take more of it."""
        return self._incoming.write(data)

    @inlineCallbacks
    def finish(self) -> "Generator[Deferred[Any], Any, int]":
        """Keep it, then post it; return the number of the post."""
        self._is_finishing = True
        try:
            file: StoredFile = yield self._incoming.finish()
            number, self.path = yield self._post(file)
        except Refusal as refusal:
            self._uploads.refused[refusal.code] += 1
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
        self._uploads.refused["aborted"] += 1
        self._end(self._ticket)

    def _end(self, ticket: Ticket | None) -> None:
        if not self._is_over:
            self._is_over = True
            self._uploads.ended(self._offer, self.limit, ticket)
