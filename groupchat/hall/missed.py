"""Find what somebody has not read: private messages, and new ones in their rooms."""

from collections.abc import Callable, Container, Generator, Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, Protocol

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.delivery.fair_share import FairShare
from groupchat.delivery.stream import Stream
from groupchat.facts.account_facts import ReadPosition
from groupchat.lazy.records import record
from groupchat.model.drafts import Audience, StoredPost
from groupchat.model.events import Acted, AuthorId, Edited, Listed, Post, Replayed, Said, Shared, Whispered
from groupchat.model.message import mentions
from groupchat.model.preferences import shown_zone
from groupchat.model.times import iso, local
from groupchat.model.wording import plural
from groupchat.state.people import Connection
from groupchat.state.positions import PRIVATE, Positions

COUNTED = 1000
"""The most new messages of a room that are counted; beyond it people are told that there are more.

As many of the newest private messages are looked at; older ones count as read.
"""
AT_ONCE = 50
"""Messages that are read from the journal at a time."""

CHARACTERS = 8192
"""Characters in which everybody together looks for nicknames in one turn: full of almost the nickname, some 2 ms."""


class Reader(Protocol):
    """Somebody who reads: an account, or a person who is here."""

    @property
    def author(self) -> AuthorId:
        """Return the author of what they say."""

    @property
    def nick(self) -> str:
        """Return the nickname they have now."""


@record
class Unread:
    """New messages of one room, or (empty) private ones with one person, without those of the reader.

    ``mentions``: how many of them speak to the reader by nickname; all of those that are private.
    ``since``: the position after which they are new (None: all are).
    ``nick``: of private ones, the other person's nickname.
    """

    room: str
    count: int
    mentions: int
    since: ReadPosition | None
    nick: str = ""

    @property
    def after(self) -> int:
        """Return the number after which they are new."""
        return 0 if self.since is None else self.since.upto

    @property
    def item(self) -> dict[str, object]:
        """Return what a program reads."""
        nick = {"nick": self.nick} if self.nick else {}
        since = {} if self.since is None else {"since": iso(self.since.at)}
        return {"room": self.room, **nick, "new": self.count, "mentions": self.mentions, "after": self.after, **since}

    def line(self, connection: Connection, now: float, zone: str) -> str:
        """Return the line a person reads: ``37 new since 14:02, 2 for you; /catchup shows them.``

        :param zone: the time zone of the settings, for those who prefer none.
        """
        count = f"{COUNTED} and more" if self.count >= COUNTED else str(self.count)
        moment = ""
        if self.since is not None:
            theirs = shown_zone(connection.screen.style.preferences, zone)
            today, then = (local(at, theirs) for at in (now, self.since.at))
            moment = " since " + then.strftime("%H:%M" if then.date() == today.date() else "%Y-%m-%d %H:%M")
        them = "it" if self.count == 1 else "them"
        if self.nick:
            return f"{count} new from {self.nick}{moment}; /history with {self.nick} shows {them}."
        place = "" if self.room == connection.current else f" in {self.room}"
        here = self.room == connection.current
        way = f"/catchup shows {them}" if here else f"/switch {self.room} and /catchup show {them}"
        personal = f", {self.mentions} for you" if self.mentions else ""
        return f"{count} new{place}{moment}{personal}; {way}."


@record
class Missed:
    """The messages an account missed."""

    whispers: Sequence[StoredPost] = ()
    rooms: Sequence[Unread] = ()
    followed: Mapping[str, int] = field(default_factory=dict)
    """For each of its rooms with new messages, the number up to which it had read."""
    private_upto: int = 0
    """The number up to which everything private was read, as it turned out (0: nobody looked)."""

    def within(self, rooms: Sequence[str]) -> "Missed":
        """Return only what is of these rooms, and private."""
        followed = {room: upto for room, upto in self.followed.items() if room in rooms}
        kept = [one for one in self.rooms if one.nick or one.room in rooms]
        return replace(self, rooms=kept, followed=followed)

    def show(self, connection: Connection, upto: int, now: float, zone: str) -> None:
        """Tell a connection that has come in; one that says itself what was read is also told that nothing is new.

        :param upto: the newest number.
        :param zone: the time zone of the settings, for those who prefer none.
        """
        person = connection.person
        person.unread.update(self.followed)
        person.unread_upto = max(person.unread_upto, upto)
        if self.whispers:
            heading = f"{plural(len(self.whispers), 'message')} while you were away:"
            posts = tuple(stored.event for stored in self.whispers)
            connection.show(Replayed("join", heading, posts, "end of these messages", now))
        if self.rooms or connection.marks:
            connection.show(listed(self.rooms, connection, upto, now, zone))


def listed(unread: Sequence[Unread], connection: Connection, upto: int, now: float, zone: str) -> Listed:
    """Return the list of what somebody has not read.

    :param upto: the number up to which it was counted.
    :param zone: the time zone of the settings, for those who prefer none.
    """
    lines = tuple(one.line(connection, now, zone) for one in unread)
    return Listed("unread", lines, tuple(one.item for one in unread), upto=upto)


@inlineCallbacks
def look_up(
    positions: Positions,
    stream: Stream,
    reader: Reader,
    rooms: Sequence[str],
    upto: int,
    private: int,
    share: FairShare,
    ignored: Container[AuthorId] = (),
    nick_of: Callable[[AuthorId, str], str] | None = None,
) -> Generator["Deferred[Any]", Any, Missed]:
    """Look up what somebody has not read up to a number.

    :param private: the most private messages to show; 0: none, the connection reads them by itself.
    :param share: of the characters that are looked at in one turn.
    :param ignored: the authors of whom they read nothing.
    :param nick_of: returns the nickname of an author now, given the one then; None: private messages are not
        counted.
    """

    def is_missed(stored: StoredPost) -> bool:
        return stored.author != reader.author and stored.author not in ignored and is_said(stored.event)

    def is_unread(stored: StoredPost) -> bool:
        known = positions.find_talk(reader.author, stored.author)
        return is_missed(stored) and (known is None or stored.event.id > known.upto)

    whispers: list[StoredPost] = []
    begin = positions.find(reader.author, PRIVATE)
    if private:
        after = begin.upto if begin is not None else 0
        audience = Audience((), reader.author)
        found = yield stream.journal.following(audience, after, upto, private)
        whispers = [one for one in found if is_unread(one)]
    unread: list[Unread] = []
    for room in rooms:
        position = positions.find(reader.author, room)
        if position is not None:
            count, called, after = 0, 0, position.upto
            for _ in range(COUNTED // AT_ONCE):
                found = yield stream.journal.following(Audience((room,)), after, upto, AT_ONCE)
                others = [one.event for one in found if is_missed(one)]
                count += len(others)
                called += len((yield mentioning(reader.nick, others, share)))
                if len(found) < AT_ONCE:
                    break
                after = found[-1].event.id
            if count:
                unread.append(Unread(room, count, called, position))
    followed = {one.room: one.after for one in unread}
    if nick_of is None:
        return Missed(whispers, unread, followed)
    newest: list[StoredPost] = []
    last, after = upto, 0 if begin is None else begin.upto
    while last > after and len(newest) < COUNTED:
        found = yield stream.journal.recent(Audience((), reader.author), last, AT_ONCE)
        newest = [one for one in found if one.event.id > after] + newest
        last = found[0].event.id - 1 if len(found) == AT_ONCE else after
    waiting = [one for one in newest if is_unread(one)]
    talks: dict[AuthorId, list[StoredPost]] = {}
    for one in waiting:
        talks.setdefault(one.author, []).append(one)
    for other, theirs in talks.items():
        position = positions.find_talk(reader.author, other)
        unread.append(Unread("", len(theirs), len(theirs), position, nick_of(other, theirs[-1].event.nick)))
    return Missed(whispers, unread, followed, waiting[0].event.id - 1 if waiting else upto)


@inlineCallbacks
def mentioning(nick: str, posts: Iterable[Post], share: FairShare) -> Generator["Deferred[Any]", Any, list[Post]]:
    """Return those of the messages that speak to somebody; where that takes long, others have their turn meanwhile.

    :param share: of the characters that are looked at in one turn.
    """
    found: list[Post] = []
    for post in posts:
        effort = mentions.effort(nick, post.text) if isinstance(post, Said | Acted | Whispered | Edited) else 0
        if effort:
            if share.over:
                yield share.next_turn()
            share.spend(effort)
        if is_mentioned(nick, post):
            found.append(post)
    return found


def is_said(post: Post) -> bool:
    """Say whether this is a message with words, not one that was deleted."""
    return isinstance(post, Said | Acted | Whispered | Shared | Edited)


def is_mentioned(nick: str, post: Post) -> bool:
    """Say whether a message speaks to somebody, or calls everybody in its room."""
    if isinstance(post, Said | Acted | Edited) and post.all:
        return True
    return isinstance(post, Said | Acted | Whispered | Edited) and mentions.is_mentioned(nick, post.text)
