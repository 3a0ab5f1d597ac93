"""A connection that is catching up: where it stands in the journal, and how it gets to the head.

Coming back after a lost connection, reading too slowly, and joining are one mechanism.
The connection is handed pages from the journal, only as fast as its transport takes them and as its turn comes,
and then the newest posts from memory; it is handed the last of them and is live all in one turn of the reactor:
nothing is missing, nothing comes twice.
"""

from collections.abc import Callable, Generator, Sequence
from math import nan
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger

from groupchat.delivery.fair_share import FairShare
from groupchat.delivery.stream import Stream
from groupchat.interfaces.screens import IStyle, Rendered
from groupchat.limits.pages import fitting
from groupchat.model.drafts import StoredPost, length
from groupchat.model.events import Deleted, Post
from groupchat.state.people import Connection

log = Logger()

ORDINARY = 256
"""The characters that take as long to lay out as one message more."""

KEPT_BYTES = 4 * 1024 * 1024
"""The most that renderings of posts may take, for all who catch up."""
_EACH = 600
"""The bytes that a rendering takes beside its text: the post, their places in tables."""
_FOLD = 5
"""The bytes that a byte of a rendering takes: itself, and up to four for its character in the post."""


class Renderings:
    """What those who are catching up were shown of each post, so that it is rendered once for all with the same style.

    A rendering is used again only for a post that is equal to the one it was made of, after the same moment: whatever
    has become of a message in between, nobody is shown an older form of it.
    All are forgotten when something was removed, when they take too much, and in the second after the last one has
    caught up: of those who come back together after an interruption, one may be done before the next has begun.

    :param most: the most bytes that they may take.
    """

    def __init__(self, stream: Stream, most: int = KEPT_BYTES) -> None:
        self._stream = stream
        self._most = most
        self._readers: set[Connection] = set()
        self._kept: dict[tuple[IStyle, bool], dict[int, tuple[Post, float, Rendered]]] = {}
        self._pages: list[tuple[IStyle, bool, Sequence[Post], Sequence[float], list[Rendered]]] = []
        """What a single one was shown: it costs nothing to keep it so, and is looked at when another one begins."""
        self._removals = stream.removals
        self.size = 0
        """The bytes that they may take now."""

    def begin(self, connection: Connection) -> None:
        """Note that a connection is catching up."""
        self._readers.add(connection)
        pages, self._pages = self._pages, []
        for style, marked, events, previous, lines in pages:
            kept = self._kept.setdefault((style, marked), {})
            kept.update(zip([event.id for event in events], zip(events, previous, lines, strict=True), strict=True))

    def end(self, connection: Connection) -> None:
        """Note that a connection is not catching up any more."""
        self._readers.discard(connection)

    def sweep(self) -> None:
        """Forget them if nobody is catching up.  To be called each second."""
        if self.size and not self._readers:
            self._forget()

    def lines(self, style: IStyle, events: Sequence[Post], previous: Sequence[float], marked: bool) -> list[Rendered]:
        """Return what ``style.render`` returns."""
        # A style may show many deletions as one.
        if any(type(event) is Deleted for event in events):
            return style.render(events, previous, marked)
        if self._removals != self._stream.removals:
            self._removals = self._stream.removals
            self._forget()
        if len(self._readers) < 2 and not self._kept:
            lines = style.render(events, previous, marked)
            self._pages.append((style, marked, events, previous, lines))
            self._add(len(lines), sum(map(len, lines)))
            return lines
        kept = self._kept.setdefault((style, marked), {})
        lines = []
        missing: list[int] = []
        for event, before in zip(events, previous, strict=True):
            post, moment, line = kept.get(event.id, _NEVER)
            # Those in memory are the same objects for all; comparing others costs a quarter of rendering them.
            if moment != before or (post is not event and post != event):
                missing.append(len(lines))
            lines.append(line)
        if missing:
            shown, since = [events[index] for index in missing], [previous[index] for index in missing]
            for index, line in zip(missing, style.render(shown, since, marked), strict=True):
                lines[index] = line
                kept[events[index].id] = events[index], previous[index], line
            self._add(len(missing), sum(len(lines[index]) for index in missing))
        return lines

    def _add(self, count: int, size: int) -> None:
        """Note that so many renderings of so many bytes are kept, unless all are too many."""
        self.size += count * _EACH + _FOLD * size
        if self.size > self._most:
            self._forget()

    def _forget(self) -> None:
        self._kept.clear()
        self._pages.clear()
        self.size = 0


_NEVER: tuple[Post | None, float, Rendered] = None, nan, Rendered(b"")


class Cursor:
    """One connection's position in the journal.

    ``position``: the number up to which everything was handed over.
    ``acknowledged``: the posts that this very connection made since, and was told the numbers of;
    they are handed over only if the style echoes.
    ``caught_up(connection)`` is called when it stands at the head, in the turn in which it was handed the last post;
    ``failed(connection)`` when the journal could not be read.

    :param limit: the most posts handed over at a time.
    :param previous: when the last thing shown to it happened, in seconds since 1970 UTC.
    """

    __slots__ = (
        *("_caught_up", "_connection", "_failed", "_limit", "_previous", "_reading", "_renderings", "_shares"),
        *("_stream", "acknowledged", "position"),
    )

    def __init__(
        self,
        connection: Connection,
        position: int,
        stream: Stream,
        shares: FairShare,
        renderings: Renderings,
        limit: int,
        previous: float,
        caught_up: Callable[[Connection], None],
        failed: Callable[[Connection], None],
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._shares = shares
        self._renderings = renderings
        self._limit = limit
        self._previous = previous
        self._caught_up = caught_up
        self._failed = failed
        self._reading = False
        self.position = position
        self.acknowledged: set[int] = set()

    @property
    def behind(self) -> int:
        """Return by how many numbers this connection is behind the others."""
        return self._stream.delivered - self.position

    def advance(self) -> None:
        """Go on, unless the connection is full or a page is being read already."""
        if not self._reading:
            self._read().addErrback(self._broke)

    @inlineCallbacks
    def _read(self) -> Generator["Deferred[Any]", Any, None]:
        shares = self._shares
        self._reading = True
        try:
            while self._goes_on():
                if shares.over:
                    yield shares.next_turn()
                    if not self._goes_on():
                        return
                if self.position < self._stream.recent.floor:
                    yield shares.page.run(self._show_page)
                else:
                    self._show_recent()
        finally:
            self._reading = False

    @inlineCallbacks
    def _show_page(self) -> Generator["Deferred[Any]", Any, None]:
        """Hand over the next page of the journal."""
        connection = self._connection
        if not self._goes_on():
            return
        audience, upto = connection.audience, self._stream.delivered
        page = yield self._stream.page(audience, self.position, self._limit)
        # If its rooms have changed during the read, it is read once more.
        if connection.cursor is self and connection.audience == audience:
            shown = fitting(page, length)
            self._show(shown)
            is_whole = len(shown) == len(page) < self._limit
            self.position = upto if is_whole else shown[-1].event.id

    def _show_recent(self) -> None:
        """Hand over the next of the newest posts; with the last the connection is live."""
        connection = self._connection
        posts = self._stream.recent.after(self.position, connection.audience)
        shown = fitting(posts[: self._limit], length)
        self._show(shown)
        if len(posts) > len(shown):
            self.position = shown[-1].event.id
            return
        self.position = self._stream.delivered
        if not connection.paused:
            self._caught_up(connection)

    def _goes_on(self) -> bool:
        """Say whether the connection still reads here, and takes something."""
        return self._connection.cursor is self and not self._connection.paused

    def _show(self, posts: Sequence[StoredPost]) -> None:
        connection = self._connection
        style = connection.screen.style
        self._shares.spend(len(posts) + sum(map(length, posts)) // ORDINARY)
        shown = [
            stored
            for stored in posts
            if (stored.event.id not in self.acknowledged or style.echoes(stored.event))
            and stored.author not in connection.person.ignored
        ]
        if not shown:
            return
        events = [stored.event for stored in shown]
        previous = [self._previous, *(event.at for event in events[:-1])]
        self._previous = events[-1].at
        lines = self._renderings.lines(style, events, previous, False)
        if len(connection.rooms) > 1:
            marked = self._renderings.lines(style, events, previous, True)
            lines = [
                mark if event.room and event.room != connection.current else line
                for event, line, mark in zip(events, lines, marked, strict=True)
            ]
        connection.screen.write(Rendered(b"".join(lines)))

    def _broke(self, failure: Any) -> None:
        # The journal answered with an error: the connection cannot be promised an unbroken stream any more.
        log.failure("Reading the journal for {nick} failed", failure=failure, nick=self._connection.person.nick)
        if self._connection.cursor is self:
            self._failed(self._connection)
