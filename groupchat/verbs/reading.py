"""The verbs with which people read what was said: history, search, what they missed."""

from collections.abc import Generator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.hall.missed import is_mentioned, is_said
from groupchat.model.drafts import Audience, StoredPost
from groupchat.model.errors import BadArguments, NoSuchMessage
from groupchat.model.events import Answer, Done, Replayed, Told
from groupchat.model.ranks import Rank
from groupchat.model.wording import plural
from groupchat.verbs.actor import Actor
from groupchat.verbs.grammar.arguments import Count, Day, Here, PostId, Search, Since
from groupchat.verbs.grammar.table import Table

READING = Table("reading")

AROUND = 5
"""Messages that /goto shows before and after the one asked for."""
SEARCHED = 20
"""Messages that /search shows."""
MENTIONS = 20
"""Messages that /mentions shows."""


@READING.verb(cost=10)
def history(
    me: Actor, count: Count | None = None, since: Since | None = None, day: Day | None = None, room: Here = ""
) -> "Deferred[Answer]":
    """Show earlier messages: the last ones, those after a number, or those of a day.

    "/history", "/history 50", "/history since #41" or "/history 2026-11-20".
    """
    if sum(given is not None for given in (count, since, day)) > 1:
        raise BadArguments("Give a count, a number to begin after, or a day: one of them.")
    most, journal = me.hall.settings.query_posts, me.hall.stream.journal
    # The room, and what is private: also in no room at all.
    audience = Audience((me.room(room),) if room or me.current else (), me.person.author)
    if since is not None:
        found = journal.following(audience, since, me.hall.stream.delivered, most)
        return found.addCallback(lambda posts: _page(me, posts))
    if day is not None:
        return journal.between(audience, *_hours(me, day), most).addCallback(lambda posts: _page(me, posts))
    wanted = min(count if count is not None else me.hall.settings.replay_posts, most)
    note = f"; {most} is the most at a time" if count is not None and count > most else ""
    found = journal.recent(audience, me.hall.stream.delivered, wanted)
    return found.addCallback(lambda posts: _replayed(me, "history", posts, f"end of the history{note}"))


@READING.verb("find", cost=10)
def search(me: Actor, text: Search) -> "Deferred[Answer]":
    """Find messages that contain all these words, newest first."""
    found = me.hall.stream.journal.search(me.connection.audience, text, SEARCHED)
    return found.addCallback(lambda posts: _replayed(me, "search", posts, "end of what was found, newest first"))


@READING.verb(cost=5)
def goto(me: Actor, id: PostId) -> "Deferred[Answer]":
    """Show message #N with five messages before and after it."""
    found = me.hall.stream.journal.around(me.connection.audience, id, AROUND)
    return found.addCallback(lambda posts: _replayed(me, "around", posts, f"end of what is around #{id}"))


@READING.verb(cost=2)
@inlineCallbacks
def last(me: Actor) -> "Generator[Deferred[Any], Any, Answer]":
    """Show your own last message, with its number."""
    stored = yield me.hall.stream.journal.latest(me.person.author)
    if stored is None:
        raise NoSuchMessage("You have no message: you have said nothing, or deleted it.")
    return _replayed(me, "history", (stored,), "/edit and /delete without a number mean this one")


@READING.verb(needs=Rank.MEMBER, cost=10)
@inlineCallbacks
def catchup(me: Actor, room: Here = "") -> "Generator[Deferred[Any], Any, Answer]":
    """Show what is new in this room since you were here last."""
    name, unread, stream = me.room(room), me.person.unread, me.hall.stream
    after = unread.get(name)
    if after is None:
        return Done(text=f"You have seen everything in {name}.")
    most = me.hall.settings.query_posts
    posts = yield stream.journal.following(Audience((name,)), after, stream.delivered, most)
    if len(posts) == most:
        unread[name] = posts[-1].event.id
        return _replayed(me, "history", posts, "there are more; /catchup shows what follows")
    unread.pop(name, None)
    return _replayed(me, "history", posts, "end of what was new")


@READING.verb(cost=10)
@inlineCallbacks
def mentions(me: Actor) -> "Generator[Deferred[Any], Any, Answer]":
    """Show the newest messages that contain your nickname."""
    person, most = me.person, me.hall.settings.query_posts
    found = yield me.hall.stream.journal.search(me.connection.audience, person.nick, most)
    posts = [
        stored
        for stored in found
        if stored.author != person.author
        and stored.author not in person.ignored
        and is_said(stored.event)
        and is_mentioned(person.nick, stored.event)
    ]
    return _replayed(me, "search", posts[:MENTIONS], "end of what mentions you, newest first")


def replay(posts: Sequence[StoredPost], now: float) -> Replayed:
    """Return what was said in a room before one came in; programs get these as ordinary events."""
    heading = f"{plural(len(posts), 'earlier message')}:"
    return Replayed("join", heading, tuple(stored.event for stored in posts), "end of the earlier messages", now)


def _hours(me: Actor, day: date) -> tuple[float, float]:
    """Return when a day begins and ends in the caller's zone, in seconds since 1970 UTC."""
    start, end = (datetime.combine(one, time(), me.zone).timestamp() for one in (day, day + timedelta(days=1)))
    return start, end


def _page(me: Actor, posts: Sequence[StoredPost]) -> Answer:
    """Return one page of history that says how to get the next one."""
    more = ""
    if len(posts) == me.hall.settings.query_posts:
        more = f"; /history since #{posts[-1].event.id} shows what follows"
    return _replayed(me, "history", posts, f"end of the history{more}")


def _replayed(me: Actor, what: str, posts: Sequence[StoredPost], ending: str) -> Answer:
    shown = tuple(stored.event for stored in posts if stored.author not in me.person.ignored)
    if not shown and me.connection.screen.style.prose:
        return Told(("Nothing was found." if what == "search" else "There is nothing to show.",))
    return Replayed(what, f"{plural(len(shown), 'message')}:", shown, ending, me.hall.now())
