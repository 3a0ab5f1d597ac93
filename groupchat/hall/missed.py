"""Find what an account missed while nobody was here from it: private messages, and new ones in its rooms."""

from collections.abc import Container, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.delivery.stream import Stream
from groupchat.facts.account_facts import Account, ReadPosition
from groupchat.model.drafts import Audience, StoredPost
from groupchat.model.events import Acted, AuthorId, Edited, Listed, Post, Replayed, Said, Shared, Whispered
from groupchat.model.message import mentions
from groupchat.model.preferences import shown_zone
from groupchat.model.times import iso, local
from groupchat.model.wording import plural
from groupchat.state.people import Connection
from groupchat.state.positions import PRIVATE, Positions

COUNTED = 1000
"""The most new messages of a room that are counted; beyond it people are told that there are more."""
AT_ONCE = 50
"""Messages that are looked at without a pause: long ones full of almost the nickname take some 6 ms."""


@dataclass(frozen=True, slots=True)
class Unread:
    """New messages of one room, without those of the account itself.

    ``mentions``: how many of them speak to it by its nickname; ``since``: the position after which they are new.
    """

    room: str
    count: int
    mentions: int
    since: ReadPosition

    def line(self, connection: Connection, now: float, zone: str) -> str:
        """Return the line a person reads: ``37 new since 14:02, 2 for you; /catchup shows them.``

        :param zone: the time zone of the settings, for those who prefer none.
        """
        count = f"{COUNTED} and more" if self.count >= COUNTED else str(self.count)
        place = "" if self.room == connection.current else f" in {self.room}"
        theirs = shown_zone(connection.screen.style.preferences, zone)
        today, then = (local(at, theirs) for at in (now, self.since.at))
        moment = then.strftime("%H:%M" if then.date() == today.date() else "%Y-%m-%d %H:%M")
        them = "it" if self.count == 1 else "them"
        here = self.room == connection.current
        way = f"/catchup shows {them}" if here else f"/switch {self.room} and /catchup show {them}"
        personal = f", {self.mentions} for you" if self.mentions else ""
        return f"{count} new{place} since {moment}{personal}; {way}."


@dataclass(frozen=True, slots=True)
class Missed:
    """The messages an account missed."""

    whispers: Sequence[StoredPost] = ()
    rooms: Sequence[Unread] = ()
    followed: Mapping[str, int] = field(default_factory=dict)
    """For each of its rooms with new messages, the number up to which it had read."""

    def within(self, rooms: Sequence[str]) -> "Missed":
        """Return only what is of these rooms, and private."""
        followed = {room: upto for room, upto in self.followed.items() if room in rooms}
        return Missed(self.whispers, [one for one in self.rooms if one.room in rooms], followed)

    def show(self, connection: Connection, now: float, zone: str) -> None:
        """Tell a connection that has come in from the account.

        :param zone: the time zone of the settings, for those who prefer none.
        """
        connection.person.unread.update(self.followed)
        if self.whispers:
            heading = f"{plural(len(self.whispers), 'message')} while you were away:"
            posts = tuple(stored.event for stored in self.whispers)
            connection.show(Replayed("join", heading, posts, "end of these messages", now))
        if self.rooms:
            items = tuple(
                {
                    "room": one.room,
                    "new": one.count,
                    "mentions": one.mentions,
                    "after": one.since.upto,
                    "since": iso(one.since.at),
                }
                for one in self.rooms
            )
            lines = tuple(one.line(connection, now, zone) for one in self.rooms)
            connection.show(Listed("unread", lines, items))


@inlineCallbacks
def look_up(
    positions: Positions,
    stream: Stream,
    account: Account,
    rooms: Sequence[str],
    upto: int,
    private: int,
    ignored: Container[AuthorId] = (),
) -> Generator["Deferred[Any]", Any, Missed]:
    """Look up what an account missed up to a number.

    :param private: the most private messages to show; 0: none, the connection reads them by itself.
    :param ignored: the authors of whom the account reads nothing.
    """

    def is_missed(stored: StoredPost) -> bool:
        return stored.author != account.author and stored.author not in ignored and is_said(stored.event)

    whispers: list[StoredPost] = []
    begin = positions.find(account.author, PRIVATE)
    if private:
        after = begin.upto if begin is not None else 0
        audience = Audience((), account.author)
        found = yield stream.journal.following(audience, after, upto, private)
        whispers = [one for one in found if is_missed(one)]
    unread = []
    for room in rooms:
        position = positions.find(account.author, room)
        if position is not None:
            count, called, after = 0, 0, position.upto
            for _ in range(COUNTED // AT_ONCE):
                found = yield stream.journal.following(Audience((room,)), after, upto, AT_ONCE)
                others = [one.event for one in found if is_missed(one)]
                count += len(others)
                called += sum(1 for post in others if is_mentioned(account.nick, post))
                if len(found) < AT_ONCE:
                    break
                after = found[-1].event.id
            if count:
                unread.append(Unread(room, count, called, position))
    return Missed(whispers, unread, {one.room: one.since.upto for one in unread})


def is_said(post: Post) -> bool:
    """Say whether this is a message with words, not one that was deleted."""
    return isinstance(post, Said | Acted | Whispered | Shared | Edited)


def is_mentioned(nick: str, post: Post) -> bool:
    """Say whether a message speaks to somebody, or calls everybody in its room."""
    if isinstance(post, Said | Acted | Edited) and post.all:
        return True
    return isinstance(post, Said | Acted | Whispered | Edited) and mentions.is_mentioned(nick, post.text)
