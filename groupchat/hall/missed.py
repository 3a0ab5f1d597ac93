"""What happened while nobody was here from an account: how far it had read, and what it missed."""

import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.model.drafts import Audience, StoredPost
from groupchat.model.events import Acted, Edited, Listed, Post, Replayed, Said, Whispered
from groupchat.state.positions import PRIVATE, Position

if TYPE_CHECKING:
    from groupchat.hall.hall import Hall
    from groupchat.state.accounts import Account
    from groupchat.verbs.member import Member


COUNTED = 1000
"""So many new messages of a room are counted; of more it is said that there are more."""


@dataclass(frozen=True, slots=True)
class Unread:
    """New messages of one room, those of the account itself not counted.

    ``mentions``: how many of them have its nickname; ``since``: from where on they are new.
    """

    room: str
    count: int
    mentions: int
    since: Position

    def line(self, member: "Member") -> str:
        """``37 new since 14:02, 2 for you``"""
        count = f"{COUNTED} and more" if self.count >= COUNTED else str(self.count)
        place = "" if self.room == member.current else f" in {self.room}"
        now, then = (datetime.fromtimestamp(at, member.zone) for at in (member.hall.now(), self.since.at))
        moment = then.strftime("%H:%M" if then.date() == now.date() else "%Y-%m-%d %H:%M")
        way = "/catchup shows them" if self.room == member.current else f"/switch {self.room} and /catchup show them"
        return f"{count} new{place} since {moment}, {self.mentions} for you; {way}."


@dataclass(frozen=True, slots=True)
class Missed:
    """What an account missed: private messages to it, and new ones in its rooms."""

    whispers: Sequence[StoredPost] = ()
    rooms: Sequence[Unread] = ()
    followed: Mapping[str, int] = field(default_factory=dict)
    """Where it had read up to, in each of its rooms."""

    def show(self, member: "Member") -> None:
        """Tell whoever has come in."""
        member.person.unread.update(self.followed)
        if self.whispers:
            number = len(self.whispers)
            heading = f"{number} message{'' if number == 1 else 's'} while you were away:"
            posts = tuple(stored.event for stored in self.whispers)
            member.show(Replayed("join", heading, posts, "end of these messages", member.hall.now()))
        if self.rooms:
            items = tuple(
                {"room": one.room, "new": one.count, "mentions": one.mentions, "after": one.since.upto}
                for one in self.rooms
            )
            member.show(Listed("unread", tuple(one.line(member) for one in self.rooms), items))


@inlineCallbacks
def look_up(
    hall: "Hall", account: "Account", rooms: Sequence[str], upto: int, private: bool
) -> Generator["Deferred[Any]", Any, Missed]:
    """Look up what an account missed up to a number.

    :param private: whether private messages are shown too; else the connection reads them by itself.
    """
    whispers: list[StoredPost] = []
    begin = hall.positions.find(account.author, PRIVATE)
    if private:
        after = begin.upto if begin is not None else 0
        audience = Audience((), account.author)
        found = yield hall.journal.following(audience, after, upto, hall.settings.query_posts)
        whispers = [stored for stored in found if stored.author != account.author and is_said(stored.event)]
    unread = []
    for room in rooms:
        position = hall.positions.find(account.author, room)
        if position is not None:
            found = yield hall.journal.following(Audience((room,)), position.upto, upto, COUNTED)
            others = [one.event for one in found if one.author != account.author and is_said(one.event)]
            mentions = sum(1 for post in others if is_mentioned(account.nick, post))
            if others:
                unread.append(Unread(room, len(others), mentions, position))
    return Missed(whispers, unread, {one.room: one.since.upto for one in unread})


def is_said(post: Post) -> bool:
    """Whether it is a message with words, not one that is gone."""
    return isinstance(post, Said | Acted | Whispered | Edited)


def is_mentioned(nick: str, post: Post) -> bool:
    """Whether a message has this nickname as a word."""
    words = post.text if isinstance(post, Said | Acted | Whispered | Edited) else ""
    return re.search(rf"(?i)(?<![\w.-]){re.escape(nick)}(?![\w-])", words) is not None
