"""A member that is catching up: where it stands in the journal, and how it gets to the head.

Coming back after a lost connection, reading too slowly, and joining are one mechanism.
The member is handed pages from the journal, only as fast as its connection takes them and as its turn comes,
and then of the hall's tail; it is handed the last of them and is live all in one turn of the reactor:
nothing is missing, nothing comes twice.
"""

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger

from groupchat.interfaces.screens import Rendered
from groupchat.model.drafts import StoredPost

if TYPE_CHECKING:
    from groupchat.hall.hall import Hall
    from groupchat.verbs.member import Member

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
        hall = self._hall
        self._reading = True
        try:
            while self._goes_on():
                if hall.turns.over:
                    yield hall.turns.next()
                    if not self._goes_on():
                        return
                if self.position < hall.tail.floor:
                    yield hall.turns.page.run(self._show_page)
                else:
                    self._show_tail()
        finally:
            self._reading = False

    @inlineCallbacks
    def _show_page(self) -> Generator["Deferred[Any]", Any, None]:
        """Hand over the next page of the journal."""
        hall, member = self._hall, self._member
        if not self._goes_on():
            return
        audience, upto, limit = member.audience, hall.delivered, hall.settings.page_posts
        page = yield hall.journal.page(audience, self.position, upto, limit)
        # If its rooms have changed during the read, it is read once more.
        if member.cursor is self and member.audience == audience:
            self._show(page)
            self.position = page[-1].event.id if len(page) == limit else upto

    def _show_tail(self) -> None:
        """Hand over the next page of the tail; with the last the member is live."""
        hall, member = self._hall, self._member
        posts, limit = hall.tail.after(self.position, member.audience), hall.settings.page_posts
        self._show(posts[:limit])
        if len(posts) > limit:
            self.position = posts[limit - 1].event.id
            return
        self.position = hall.delivered
        if not member.paused:
            hall.readers.make_live(member)

    def _goes_on(self) -> bool:
        """Whether the member still reads here, and takes something."""
        return self._member.cursor is self and not self._member.paused

    def _show(self, posts: Sequence[StoredPost]) -> None:
        member = self._member
        style = member.screen.style
        self._hall.turns.spend(len(posts))
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
