"""Rooms as a visitor reads them: pages of posts, and searches.  Whether they may is looked at again after each wait."""

from collections.abc import Callable, Generator, Sequence
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.hall.hall import Hall
from groupchat.limits.pages import fitting
from groupchat.model import names
from groupchat.model.drafts import Audience, length
from groupchat.model.errors import BadArguments, NoSuchRoom
from groupchat.model.events import Post
from groupchat.model.preferences import Preferences, shown_zone
from groupchat.model.text import SEARCH, clean
from groupchat.state.people import Person
from groupchat.state.rooms import LOBBY
from groupchat.verbs.grammar.search_terms import terms
from groupchat.verbs.reading import SEARCHED, whose

PAGE = 64 * 1024
"""The most characters of messages in a page: none is broken at a width here."""

HISTORY_COST = 10.0
"""What reading a page costs, as /history does."""


class VisitedRooms:
    """The rooms of a hall, for one visitor.

    :param person: returns who reads.  Raises a Refusal if what let them in is not true any more.
    :param charge: charges them; fires when it is their turn.
    """

    def __init__(self, hall: Hall, person: Callable[[], Person], charge: "Callable[[float], Deferred[Any]]") -> None:
        self._hall = hall
        self._person = person
        self._charge = charge

    @inlineCallbacks
    def read(
        self, room: str, count: int | None, since: int | None, before: int | None
    ) -> "Generator[Deferred[Any], Any, Sequence[Post]]":
        """Return posts of a room: those after a number, each once, or the last messages before one, as they read now.

        There are fewer if they are very long: what lays them out or compresses them would delay others.

        :raises Refusal: they may not be read.
        """
        yield self._charge(HISTORY_COST)
        yield self.recall(room)
        hall, name = self._hall, self.readable(room)
        settings, stream, audience = hall.settings, hall.stream, Audience((name,))
        wanted = min(count or settings.replay_posts, settings.query_posts)
        if since is not None:
            found = yield stream.page(audience, since, wanted)
            found = fitting(found, length, PAGE)
        else:
            upto = stream.delivered if before is None else min(before - 1, stream.delivered)
            found = yield stream.journal.recent(audience, upto, wanted)
            found = fitting(found, length, PAGE, is_end=True)
        self.readable(room)
        return [stored.event for stored in found]

    @inlineCallbacks
    def search(
        self, room: str, words: str, count: int | None, before: int | None
    ) -> "Generator[Deferred[Any], Any, tuple[Sequence[Post], bool]]":
        """Return the newest messages of a room that fit a search, newest first, and whether there are more.

        :raises Refusal: the room may not be read, or the search is wrong.
        """
        asked = terms(clean(SEARCH.check(words)))
        if asked.room or asked.partner:
            raise BadArguments("in: and with: have no meaning here: the address says which room is searched.")
        yield self._charge(HISTORY_COST)
        yield self.recall(room)
        hall, name = self._hall, self.readable(room)
        zone = shown_zone(Preferences(), hall.settings.zone)
        sought = asked.sought(zone, lambda nick: whose(hall, nick), before, wordless=True)
        most = min(count or SEARCHED, hall.settings.query_posts)
        found = yield hall.stream.journal.search(Audience((name,)), sought, most + 1)
        self.readable(room)
        page = fitting(found[:most], length, PAGE)
        return [stored.event for stored in page], len(page) < len(found)

    def readable(self, room: str) -> str:
        """Return the name of a room that the visitor may read.

        :raises RoomInvalid, Banned, RoomLocked, RoomClosed, NoSuchRoom: they may not.
        """
        hall, person, name = self._hall, self._person(), names.room(room)
        unknown = NoSuchRoom(f"There is no room {name}.")
        if name != LOBBY and hall.moderation.conceals(name, person.author):  # nobody outside is told of a locked room
            raise unknown
        hall.moderation.check_room(name, person, hall.now())
        if name != LOBBY and hall.rooms.find(name) is None:
            raise unknown
        return name

    @inlineCallbacks
    def recall(self, room: str) -> "Generator[Deferred[Any], Any, None]":
        """Learn of a room that was forgotten because nothing was said there for long, before it is read.

        :raises RoomInvalid: it cannot be the name of a room.
        """
        name = names.room(room)
        if self._hall.moderation.reveals(name, self._person()):
            yield self._hall.recall_rooms([name])
