"""The verbs with which a member reads what was said: history, search, one's last message."""

from collections.abc import Generator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.model.drafts import Audience, StoredPost
from groupchat.model.errors import NoSuchMessage
from groupchat.model.events import Acted, Answer, Edited, Post, Replayed, Said, Told, Whispered
from groupchat.verbs.connection import Connection

AROUND = 5
"""How many messages /goto shows before and after the one asked for."""
SEARCHED = 20
"""How many messages /search shows."""


class Reading(Connection):
    """What a member can ask the journal."""

    __slots__ = ()

    def history(self, count: int | None = None) -> "Deferred[Answer]":
        """The last messages of the current room, and one's own private ones; numbers and all."""
        hall = self.hall
        most = hall.settings.query_posts
        wanted = min(count if count is not None else hall.settings.replay_posts, most)
        found = hall.journal.recent(self.reach, hall.delivered, wanted)
        note = f"; {most} is the most at a time" if count is not None and count > most else ""
        return found.addCallback(lambda posts: _replayed(self, "history", posts, f"end of the history{note}"))

    def history_since(self, number: int) -> "Deferred[Answer]":
        """What was said after a message."""
        hall = self.hall
        found = hall.journal.following(self.reach, number, hall.delivered, hall.settings.query_posts)
        return found.addCallback(lambda posts: self.paged(posts))

    def history_of(self, day: date) -> "Deferred[Answer]":
        """What was said on one day, as the days are in one's own zone."""
        zone = self.screen.style.preferences.zone
        start, end = (
            datetime.combine(some, time(), ZoneInfo(zone) if zone else None).timestamp()
            for some in (day, day + timedelta(days=1))
        )
        hall = self.hall
        found = hall.journal.between(self.reach, start, end, hall.settings.query_posts)
        return found.addCallback(lambda posts: self.paged(posts))

    def paged(self, posts: Sequence[StoredPost]) -> Answer:
        """One page of history that says how to get the next one."""
        more = ""
        if len(posts) == self.hall.settings.query_posts:
            more = f"; /history since #{posts[-1].event.id} shows what follows"
        return _replayed(self, "history", posts, f"end of the history{more}")

    def search(self, words: str) -> "Deferred[Answer]":
        """The newest messages in one's rooms (and one's own private ones) that contain all these words."""
        found = self.hall.journal.search(self.audience, words, SEARCHED)
        return found.addCallback(lambda posts: _replayed(self, "search", posts, "end of what was found, newest first"))

    def goto(self, number: int) -> "Deferred[Answer]":
        """One message, with those around it."""
        found = self.hall.journal.around(self.audience, number, AROUND)
        return found.addCallback(lambda posts: _replayed(self, "around", posts, f"end of what is around #{number}"))

    @inlineCallbacks
    def last(self) -> "Generator[Deferred[Any], Any, Answer]":
        """One's own last message, with its number."""
        stored = yield self.hall.journal.latest(self.person.author)
        return _replayed(self, "history", (said(stored),), "/edit and /delete without a number mean this one")

    @property
    def reach(self) -> Audience:
        """What /history looks through: the current room, and what is private."""
        return Audience((self.current,) if self.current else (), self.person.author)


def replay(posts: Sequence[StoredPost], now: float) -> Replayed:
    """What was said in a room before one came in; programs get these as ordinary events."""
    heading = f"{len(posts)} earlier message{'' if len(posts) == 1 else 's'}:"
    return Replayed("join", heading, tuple(stored.event for stored in posts), "end of the earlier messages", now)


def said(stored: StoredPost | None) -> StoredPost:
    """One's last message.  Raises NoSuchMessage when there is none."""
    if stored is None:
        raise NoSuchMessage("You have not said anything yet.")
    return stored


def text_of(post: Post) -> str:
    """How a message reads now."""
    assert isinstance(post, Said | Acted | Whispered | Edited)
    return post.text


def _replayed(member: Connection, what: str, posts: Sequence[StoredPost], ending: str) -> Answer:
    shown = tuple(stored.event for stored in posts if stored.author not in member.person.ignored)
    if not shown and member.door == "text":
        return Told(("Nothing was found." if what == "search" else "There is nothing to show.",))
    number = f"{len(shown)} message{'' if len(shown) == 1 else 's'}:"
    return Replayed(what, number, shown, ending, member.hall.now())
