"""A member that is catching up: where it stands in the journal, and how it gets to the head.

Coming back after a lost connection, reading too slowly, and joining are one mechanism.
The member is handed pages from the journal, only as fast as its connection takes them,
until the rest stands in the hall's tail; then it is handed that too, and is live, all in one turn of the reactor:
nothing is missing, nothing comes twice.
"""

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger

from groupchat.drafts import StoredPost
from groupchat.interfaces import Rendered

if TYPE_CHECKING:
    from groupchat.hall import Hall
    from groupchat.member import Member

log = Logger()


class Cursor:
    """One member's place in the journal.

    ``position``: the number up to which everything was handed over.
    ``acknowledged``: the posts that this very connection made since, and was told the numbers of;
    they are handed over only if the style echoes.
    ``previous``: when the last thing shown here happened, in seconds since 1970 UTC.
    """

    __slots__ = ("_hall", "_member", "_reading", "acknowledged", "position", "previous")

    def __init__(self, hall: "Hall", member: "Member", position: int) -> None:
        self._hall = hall
        self._member = member
        self._reading = False
        self.position = position
        self.acknowledged: set[int] = set()
        self.previous = hall.now()

    @property
    def behind(self) -> int:
        """By how many numbers this member is behind everybody else."""
        return self._hall.delivered - self.position

    def advance(self) -> None:
        """Go on, unless the connection is full or a page is being read already."""
        if not self._reading:
            self._read().addErrback(self._failed)

    @inlineCallbacks
    def _read(self) -> Generator["Deferred[Any]", Any, None]:
        hall, member = self._hall, self._member
        self._reading = True
        try:
            while member.cursor is self and not member.paused:
                upto = hall.delivered
                if self.position >= hall.tail.floor:
                    self._show(hall.tail.after(self.position, member.audience))
                    self.position = upto
                    if not member.paused:
                        hall.readers.make_live(member)
                    return
                limit = hall.settings.page_posts
                audience = member.audience
                page = yield hall.journal.page(audience, self.position, upto, limit)
                if member.cursor is not self:
                    return
                if member.audience != audience:
                    continue  # its rooms have changed during the read
                self._show(page)
                self.position = page[-1].event.id if len(page) == limit else upto
        finally:
            self._reading = False

    def _show(self, posts: Sequence[StoredPost]) -> None:
        member = self._member
        style = member.screen.style
        shown = [
            stored
            for stored in posts
            if (stored.event.id not in self.acknowledged or style.echoes(stored.event))
            and stored.author not in member.person.ignored
        ]
        if not shown:
            return
        events = [stored.event for stored in shown]
        previous = [self.previous, *(event.at for event in events[:-1])]
        self.previous = events[-1].at
        lines = style.render(events, previous, False)
        if len(member.rooms) > 1:
            marked = style.render(events, previous, True)
            lines = [
                mark if event.room and event.room != member.current else line
                for event, line, mark in zip(events, lines, marked, strict=True)
            ]
        member.screen.write(Rendered(b"".join(lines)))

    def _failed(self, failure: Any) -> None:
        # The journal answered with an error: the connection cannot be promised an unbroken stream any more.
        log.failure("Reading the journal for {nick} failed", failure=failure, nick=self._member.person.nick)
        if self._member.cursor is self:
            self._hall.readers.drop(self._member)
