"""Views: the rooms and private conversations of a person, of which they see one at a time.

Rules:

1. Rooms come in the order in which they were entered, private conversations after them: that is a view's number.
2. A post is shown once: at once, or held until the person goes to its view.
   If too many are held, the oldest are forgotten, and only a `Gap` is kept, to be filled from the server's history.
3. Where the person is not any more, or cannot write to, they cannot go (``is_over``); what is held can still be shown.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from groupchat.client.core.protocol import Message
from groupchat.lazy.records import record
from groupchat.terminal.display.addressees import Place

MOST_HELD = 5000
"""The most posts that are held, in all views together."""

MOST_AHEAD = 1000
"""The most numbers that are remembered of posts that were shown elsewhere."""

MOST_TALKS = 50
"""The most private conversations; for another one, the oldest that waits for nothing is closed."""


@record
class Gap:
    """Posts that were not shown and are not held: those with numbers between these two."""

    after: int
    before: int


@dataclass(eq=False, slots=True)
class View:
    """One room, or one private conversation.

    ``unread``: the messages of others since it was read.  ``mentions``: those of them that call for the person.
    ``news``: the numbers of those that were counted here, and whether they call.  ``shown``: how many were shown.
    ``read``: the number up to which the person has read it.  ``newest``: the number of its newest post.
    ``held``: posts that are shown when the person goes there.  ``gap``: posts before these that are not here.
    ``ahead``: the numbers of posts in the gap that were shown elsewhere.
    ``old``: the number up to which posts are no news, but shown so that the person knows what is talked about.
    ``counted``: the number up to which the server has counted what is unread.
    ``speakers``: who said something here, the last one last.  ``is_over``: see rule 3.
    ``is_new``: the person is about to come in; until then nothing counts as unread.
    ``greeting``: a sentence for the person when they come.
    ``slow_until``: the time until which the server takes nothing from the person here.
    ``spoke_at``: when they last said something here.  ``pace``: the seconds between two messages, once that is known.
    """

    place: Place
    topic: str = ""
    unread: int = 0
    mentions: int = 0
    read: int = 0
    newest: int = 0
    old: int = 0
    counted: int = 0
    shown: int = 0
    news: dict[int, bool] = field(default_factory=dict)
    held: deque[Message] = field(default_factory=deque)
    gap: Gap | None = None
    ahead: dict[int, None] = field(default_factory=dict)
    speakers: dict[str, None] = field(default_factory=dict)
    is_over: bool = False
    is_new: bool = False
    greeting: str = ""
    slow_until: float = 0.0
    spoke_at: float = 0.0
    pace: float = 0.0

    @property
    def waits(self) -> bool:
        """Return whether there is something to show here."""
        return bool(self.held) or self.gap is not None

    @property
    def unread_ahead(self) -> int:
        """Return how many of the unread messages were shown elsewhere."""
        ahead = sum(number in self.news or self.read < number <= self.counted for number in self.ahead)
        return min(ahead, self.unread)

    def hold(self, post: Message) -> None:
        """Keep a post until the person comes here."""
        self.held.append(post)

    def shown_elsewhere(self, number: int) -> None:
        """Remember that a post of this view was shown in another one."""
        self.ahead[number] = None
        if len(self.ahead) > MOST_AHEAD:
            del self.ahead[next(iter(self.ahead))]

    def drop_oldest(self, count: int) -> None:
        """Forget the oldest posts that are held: they can be fetched."""
        after = self.gap.after if self.gap is not None else number_of(self.held[0]) - 1
        for _ in range(min(count, len(self.held))):
            before = number_of(self.held.popleft()) + 1
        self.gap = Gap(after, number_of(self.held[0]) if self.held else before)

    def spoke(self, nick: str) -> None:
        """Note that somebody said something here: they are the last who did."""
        self.speakers.pop(nick, None)
        self.speakers[nick] = None
        if len(self.speakers) > MOST_TALKS:
            del self.speakers[next(iter(self.speakers))]

    def renamed(self, nick: str, new: str) -> None:
        """Follow somebody who said something here to another nickname."""
        if nick in self.speakers:
            self.speakers = {new if one == nick else one: None for one in self.speakers}

    def add_news(self, number: int, calls: bool) -> None:
        """Count a message of somebody else, unless the server has done so."""
        if number > self.counted or not number:
            self.unread += 1
            self.mentions += calls
            self.news[number] = calls
            if len(self.news) > MOST_HELD:
                del self.news[next(iter(self.news))]

    def count(self, unread: int, mentions: int, upto: int) -> None:
        """Take over what the server has counted, up to a number; what came after it counts besides."""
        later = {number: calls for number, calls in self.news.items() if number > upto}
        self.unread, self.mentions = unread + len(later), min(mentions, unread) + sum(later.values())
        self.news, self.counted = later, upto

    def read_upto(self, number: int) -> None:
        """Note that the person has read up to a number; of what the server has counted they have read all, or none."""
        self.read = max(self.read, number)
        if number < self.counted:
            return
        self.news = {one: calls for one, calls in self.news.items() if one > number}
        self.unread, self.mentions = len(self.news), sum(self.news.values())

    def mark_read(self) -> None:
        """Note that the person has read everything."""
        self.unread = self.mentions = 0
        self.news.clear()
        self.read = max(self.read, self.newest, self.counted)


class Views:
    """All views of a session, and which of them the person sees."""

    def __init__(self) -> None:
        self.current: View | None = None
        self.room: View | None = None
        """The room that is current, or was before the private conversation that is."""
        self.moves = 0
        """How often the person went to another view: an answer to what they asked for before leads nowhere any more."""
        self._rooms: list[View] = []
        self._talks: list[View] = []
        self._before: View | None = None

    def __iter__(self) -> Iterator[View]:
        return iter([*self._rooms, *self._talks])

    def __len__(self) -> int:
        return len(self._rooms) + len(self._talks)

    @property
    def rooms(self) -> tuple[View, ...]:
        """Return the rooms."""
        return tuple(self._rooms)

    def find(self, place: Place) -> View | None:
        """Return the view of a place."""
        return next((view for view in self if view.place == place), None)

    def like(self, place: Place) -> View | None:
        """Return the view of a place that was typed: letters are compared without their case."""
        typed = Place(place.room.casefold(), place.nick.casefold())
        return next((view for view in self if _folded(view.place) == typed and not view.is_over), None)

    def open(self, place: Place) -> View:
        """Return the view of a place, which is made if there is none."""
        found = self.find(place)
        if found is not None:
            found.is_over = False
            return found
        made = View(place)
        if place.room:
            self._rooms.append(made)
        else:
            idle = [view for view in self._talks if view is not self.current and not view.waits and not view.unread]
            if len(self._talks) >= MOST_TALKS and idle:
                self.close(idle[0])
            self._talks.append(made)
        return made

    def close(self, view: View) -> None:
        """Take a view away; if it was current, none is."""
        for views in self._rooms, self._talks:
            if view in views:
                views.remove(view)
        if view is self.current:
            self.current = None
        if view is self.room:
            self.room = None
        if view is self._before:
            self._before = None

    def end(self, view: View) -> None:
        """Note that the person is there no longer; what waits there stays."""
        if view.waits and view is not self.current:
            view.is_over = True
            if view is self.room:
                self.room = None
        else:
            self.close(view)

    def go(self, place: Place) -> None:
        """Make the view of a place the current one; nowhere is a place, too."""
        view = self.open(place) if place else None
        if view is self.current:
            return
        if self.current is not None:
            self._before = self.current
        self.current = view
        if view is None or view.place.room:
            self.room = view

    def sort(self, names: Iterable[str]) -> None:
        """Put rooms into the order of these names; those that are not named follow by their names."""
        order = {name: number for number, name in enumerate(names)}
        self._rooms.sort(key=lambda view: (order.get(view.place.room, len(order)), view.place.room))

    # Where a key leads.

    @property
    def before(self) -> View | None:
        """Return the view that the person was in before; if that is gone, another one."""
        if self._before is not None and not self._before.is_over:
            return self._before
        return next((view for view in self if view is not self.current and not view.is_over), None)

    def numbered(self, number: int) -> View | None:
        """Return the view with this number, from 1 on."""
        views = [*self]
        return views[number - 1] if 0 < number <= len(views) else None

    def beside(self, step: int) -> View | None:
        """Return the view so many steps after the current one; after the last comes the first."""
        views = [view for view in self if not view.is_over or view.waits]
        if not views:
            return None
        here = views.index(self.current) if self.current in views else -1 if step > 0 else 0
        return views[(here + step) % len(views)]

    def urgent(self) -> View | None:
        """Return the next view with a mention, or else with something unread."""
        views = [*self]
        here = views.index(self.current) + 1 if self.current in views else 0
        others = [view for view in [*views[here:], *views[:here]] if view is not self.current]
        return next((view for view in others if view.mentions), None) or next(
            (view for view in others if view.unread), None
        )

    # What waits.

    def hold(self, view: View, post: Message) -> None:
        """Keep a post until the person goes to its view."""
        view.hold(post)
        if sum(len(one.held) for one in self) > MOST_HELD:
            fullest = max(self, key=lambda one: len(one.held))
            fullest.drop_oldest(len(fullest.held) // 2)


def number_of(post: Message) -> int:
    """Return the number of a post; 0 if it has none."""
    number = post.get("id")
    return number if type(number) is int else 0


def _folded(place: Place) -> Place:
    return Place(place.room.casefold(), place.nick.casefold())
