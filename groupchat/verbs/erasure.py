"""The verbs that delete what others said: one message, or all of somebody's."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.delivery.queue import Entry
from groupchat.model import names
from groupchat.model.drafts import Audience, Draft, Kind, StoredPost
from groupchat.model.errors import BadArguments, NoSuchMessage
from groupchat.model.events import Acted, Edited, Said
from groupchat.model.ranks import Rank
from groupchat.model.times import FOREVER, spoken
from groupchat.verbs.authority import Authority, Target

if TYPE_CHECKING:
    from groupchat.verbs.member import Member

HOUR = 3600.0
"""How far back a purge goes unless told otherwise, in seconds."""
PAGE = 1000
"""How many messages are looked at in one go."""
MOST = 5_000
"""The most messages one purge deletes: in one transaction, which takes about a second and holds up all others."""


def _span(duration: float) -> str:
    """``hour``, ``2 hours``: as it follows "the last"."""
    number, _, unit = spoken(duration).partition(" ")
    return unit if number == "1" and " " not in unit else f"{number} {unit}"


class Erasure(Authority):
    """What those who keep order can do about messages."""

    __slots__ = ()

    @inlineCallbacks
    def purge(self, nick: str, duration: float = HOUR) -> "Generator[Deferred[Any], Any, Entry]":
        """Delete everything somebody said in the last while: in this room, or (an operator) in all rooms.

        What is private stays: nobody else sees it.
        """
        found, scope = self.subject(nick), self.scope
        rooms = (scope,) if scope else tuple(self.hall.rooms)
        since = 0.0 if duration == FOREVER else self.hall.now() - duration
        posts = yield self._said_by(found, Audience(rooms), since)
        while_ = "until now" if duration == FOREVER else f"in the last {_span(duration)}"
        where = f" in {scope}" if scope else ""
        if not posts:
            raise NoSuchMessage(f"{found.nick} said nothing{where} {while_}.")
        if len(posts) > MOST:
            raise BadArguments(f"That is more than {MOST:,} messages; begin with a shorter time.")
        count = f"{len(posts):,} message{'' if len(posts) == 1 else 's'}"
        done = self.decree(
            f"purged what {found.nick} said{where} {while_}: {count}", room=scope or self.stage(found.person)
        )
        # Room by room, so that deletions stand together in what each room is shown.
        for stored in sorted(posts, key=lambda stored: (stored.event.room, stored.event.id)):
            self._delete(stored.event.id)  # one that is deleted already by somebody else is no matter
        return done

    @inlineCallbacks
    def erase(self, number: int) -> "Generator[Deferred[Any], Any, Entry | None]":
        """Delete somebody else's message; None when this member may not, or it is their own.

        :raises NoSuchMessage: there is none with this number.
        """
        hall = self.hall
        (stored,) = yield hall.journal.around(Audience(tuple(hall.rooms), self.person.author), number, 0)
        post = stored.event
        if not isinstance(post, Said | Acted | Edited) or not post.room or stored.author == self.person.author:
            return None
        theirs = hall.moderation.rank_of(hall.accounts.of(stored.author), post.room)
        mine = self.rank_in(post.room)
        if mine < Rank.ROOM_OPERATOR or (mine < Rank.OPERATOR and theirs >= Rank.ROOM_OPERATOR):
            return None
        self.decree(f"deleted #{number} of {post.nick}", room=post.room)
        return self._delete(number, self._origin)

    @inlineCallbacks
    def _said_by(
        self, found: Target, audience: Audience, since: float
    ) -> "Generator[Deferred[Any], Any, list[StoredPost]]":
        """What somebody said since then and was not deleted, up to now; at most one more than can be purged."""
        hall = self.hall
        said: list[StoredPost] = []
        page = yield hall.journal.between(audience, since, FOREVER, PAGE)
        while True:
            said += [stored for stored in page if self._is_by(found, stored)]
            if len(page) < PAGE or len(said) > MOST:
                return said
            page = yield hall.journal.following(audience, page[-1].event.id, hall.delivered, PAGE)

    def _is_by(self, found: Target, stored: StoredPost) -> bool:
        """Whether a message is theirs: their account's, or for guests, of the same connection or nickname."""
        if not isinstance(stored.event, Said | Acted | Edited):
            return False
        if stored.author == found.author:
            return True
        if found.account is not None or self.hall.accounts.of(stored.author) is not None:
            return False
        return names.key(stored.event.nick) == found.key

    def _delete(self, number: int, origin: "Member | None" = None) -> Entry:
        person = self.person
        draft = Draft(Kind.DELETED, person.author, person.nick, self.hall.now(), target=number, anyones=True)
        return self.hall.post(Entry(draft, (), origin))
