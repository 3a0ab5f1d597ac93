"""The verbs with which people read what was said: history, search, what they missed."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.facts.reading_places import PRIVATE, talk
from groupchat.hall.hall import Hall
from groupchat.hall.missed import Missed, is_said, listed, look_up, mentioning
from groupchat.limits.pages import fitting
from groupchat.model import names, times
from groupchat.model.drafts import Audience, SharedFile, StoredPost, length
from groupchat.model.errors import BadArguments, NoSuchMessage, NoSuchNick, NotAllowed
from groupchat.model.events import (
    Acted,
    Answer,
    AuthorId,
    Done,
    Edited,
    Listed,
    Post,
    Replayed,
    Said,
    Shared,
    Told,
    Whispered,
)
from groupchat.model.message.sought import Sought, Whose, folded
from groupchat.model.ranks import Rank
from groupchat.model.times import iso, minute
from groupchat.model.wording import plural, size_words
from groupchat.state.people import Person
from groupchat.verbs.actor import Actor
from groupchat.verbs.grammar.arguments import Here, Nick, Whom, WhoseFiles, With
from groupchat.verbs.grammar.number_arguments import Before, Count, Day, Earlier, PostId, Since
from groupchat.verbs.grammar.search_terms import Terms
from groupchat.verbs.grammar.table import Table
from groupchat.verbs.grammar.text_arguments import Search
from groupchat.verbs.grammar.word_arguments import All

READING = Table("reading")

FILES = 20
"""Files on a page of /files."""
AROUND = 5
"""Messages that /goto shows before and after the one asked for."""
SEARCHED = 20
"""Messages that /search shows."""
MENTIONS = 20
"""Messages that /mentions shows."""
LATELY = 50
"""Private messages among which a guest who has left is looked for who never answered."""
EXCERPT = 3
"""Lines that people are shown of a message that was found, beside its first; shorter ones are shown whole."""
LEFT_OUT = "…"
"""Stands for the lines between."""


@READING.verb(cost=10)
@inlineCallbacks
def history(
    me: Actor,
    count: Count | None = None,
    since: Since | None = None,
    before: Before | None = None,
    day: Day | None = None,
    nick: With = "",
    room: Here = "",
) -> "Generator[Deferred[Any], Any, Answer]":
    """Show earlier messages: the last ones, those after or before a number, or those of a day.

    "/history", "/history 50", "/history since #41", "/history 20 before #41" or "/history 2026-11-20".
    "/history with bob" shows what you and bob have said to each other.
    In no room, "/history" shows what is private, whoever you talked with.
    """
    if sum(given is not None for given in (since, before, day)) > 1:
        raise BadArguments("Give a number to begin after, a number to end before, or a day: one of them.")
    most, journal, head = me.hall.settings.query_posts, me.hall.stream.journal, me.hall.stream.delivered
    if nick and room:
        raise BadArguments("Give a nickname or a room, but not both.")
    if nick:
        audience = Audience((), me.person.author, (yield _find_partner(me, nick))[0])
    elif room or me.current:
        audience = Audience((me.reading_room(room),))
    else:
        audience = Audience((), me.person.author)
    limit = most if count is None else min(count, most)
    if since is not None:
        return _page(me, (yield journal.following(audience, since, head, limit)), limit)
    if day is not None:
        return _page(me, (yield journal.between(audience, *times.span(day, me.zone), limit)), limit)
    if count is None:
        limit = min(me.hall.settings.replay_posts, most)
    note = f"; {most} is the most at a time" if count is not None and count > most else ""
    posts = yield journal.recent(audience, head if before is None else min(before - 1, head), limit)
    return _page_before(me, posts, limit, before, note)


@READING.verb("find", cost=10)
@inlineCallbacks
def search(me: Actor, text: Search, before: Earlier | None = None) -> "Generator[Deferred[Any], Any, Answer]":
    """Find messages by their words, author, room and time, newest first.

    A message is found if it has all the words, in any order; the last may be the beginning of a word.
    "a phrase" in quotation marks stands there as it is; -word and -"a phrase" do not.
    from:NICK: only what somebody said; -from:NICK: only what others said.
    in:ROOM: only in that room of yours; with:NICK: only what you and one person have said to each other in private.
    before:2026-11-21, after:2026-11-21: before or after that day, which is left out; on:2026-11-21: on that day.
    before:#41, after:#41: before or after that message. has:file, has:link: only files, or what has an address in it.
    """
    audience, sought = yield _sought(me, text, before)
    posts = yield me.hall.stream.journal.search(audience, sought, SEARCHED + 1)
    shown, is_cut = posts[:SEARCHED], len(posts) > SEARCHED
    following = shown[-1].event.id if is_cut else 0
    more = f"; there is more: search again with before:#{following}" if is_cut else ""
    ending = f"end of what was found, newest first{more}"
    return _replayed(me, "search", _excerpts(me, shown, _looked_for(text)), ending, following)


@READING.verb(cost=5)
def goto(me: Actor, id: PostId) -> "Deferred[Answer]":
    """Show message #N with five messages before and after it."""
    found = me.hall.stream.journal.around(me.connection.audience, id, AROUND)
    return found.addCallback(lambda posts: _replayed(me, "around", posts, f"end of what is around #{id}"))


@READING.verb(cost=5)
@inlineCallbacks
def last(me: Actor, nick: Nick = "", room: Here = "") -> "Generator[Deferred[Any], Any, Answer]":
    """Show your own last message in this room, with its number; or somebody else's.

    "/last", "/last bob".
    """
    is_others = bool(nick) and names.key(nick) != names.key(me.person.nick)
    place = me.reading_room(room) if is_others else me.room(room)
    if is_others:
        meant, journal = whose(me.hall, nick), me.hall.stream.journal
        stored = None if meant.author is None else (yield journal.latest(meant.author, place))
        if stored is None and meant.nick:
            found = yield journal.search(Audience((place,)), Sought(whose=meant), 1)
            stored = found[0] if found else None
        if stored is None:
            raise NoSuchMessage(f"There is no message of {nick} in {place}.")
        return _replayed(me, "history", (stored,), f"the last message of {nick} in {place}")
    stored = yield me.hall.stream.journal.latest(me.person.author, place)
    if stored is None:
        raise NoSuchMessage(f"You have no message in {place}: you have said nothing there, or deleted it.")
    return _replayed(me, "history", (stored,), "/edit and /delete without a number mean this one")


@READING.verb(needs=Rank.MEMBER, cost=10)
@inlineCallbacks
def catchup(me: Actor, room: Here = "") -> "Generator[Deferred[Any], Any, Answer]":
    """Show what is new in this room since you were here last."""
    name, unread, hall = me.reading_room(room), me.person.unread, me.hall
    position, marks = hall.positions.find(me.person.author, name), me.connection.marks
    begin = unread.get(name, 0 if marks and position is not None else None)
    if begin is None:
        return Done(text=f"You have seen everything in {name}.")
    after = max(begin, 0 if position is None else position.upto)
    most = hall.settings.query_posts
    found = yield hall.stream.journal.following(Audience((name,)), after, hall.stream.delivered, most)
    posts = _fitting(me, found)
    if posts and not marks:
        hall.persistence.mark(me.connection, name, posts[-1].event.id)
    if len(posts) < len(found) or len(found) == most:
        unread[name] = posts[-1].event.id
        return _replayed(me, "history", posts, "there are more; /catchup shows what follows")
    unread.pop(name, None)
    return _replayed(me, "history", posts, "end of what was new")


@READING.verb(cost=5)
@inlineCallbacks
def unread(me: Actor) -> "Generator[Deferred[Any], Any, Answer]":
    """List what you have not read: rooms with new messages, and private conversations.

    Everything you were shown here while you were connected has been read, unless your client says itself what you read.
    """
    hall, connection, person = me.hall, me.connection, me.person
    marks = connection.marks
    upto = hall.stream.delivered if marks else person.unread_upto
    rooms = connection.rooms if marks else [room for room in connection.rooms if room in person.unread]
    found: Missed = yield look_up(
        hall.positions, hall.stream, person, rooms, upto, 0, hall.looking, person.ignored,
        hall.called if marks else None,
    )  # fmt: skip
    hall.persistence.skip(connection, found.private_upto)
    answer = listed(found.rooms, connection, upto, hall.now(), hall.settings.zone)
    return answer if found.rooms else replace(answer, lines=("You have read everything.",))


@READING.verb()
def read(
    me: Actor, all: All = False, id: PostId | None = None, nick: Whom = "", room: Here = ""
) -> "Answer | Deferred[Answer]":
    """Say that you have read this room, up to the newest message or to message #N; your other devices are told.

    "/read", "/read #41", or "/read all"; after /query bob, "/read" is about what bob writes to you.
    """
    hall, connection, partner = me.hall, me.connection, me.connection.partner
    if connection.quiet:
        raise NotAllowed("A quiet connection reads nothing.")
    if bool(all) + bool(nick) + bool(room) > 1:
        raise BadArguments("Give a nickname, a room, or all: one of them.")
    upto = hall.readers.position(connection) if id is None else min(id, hall.stream.delivered)
    if all:
        for name in (*connection.rooms, PRIVATE):
            hall.persistence.mark(connection, name, upto)
        if upto >= me.person.unread_upto:
            me.person.unread.clear()
        return Done(text="You have read everything.", fields={"upto": upto})
    if nick:
        return _find_partner(me, nick).addCallback(lambda other: _mark_talk(me, other, upto))
    if partner is not None and not (room or me.bound):
        return _mark_talk(me, (partner.author, partner.nick), upto)
    name = me.own_room(room)
    upto = hall.persistence.mark(connection, name, upto)
    if upto >= me.person.unread_upto:
        me.person.unread.pop(name, None)
    return Done(text=f"You have read {name} up to #{upto}.", fields={"upto": upto})


def _mark_talk(me: Actor, other: tuple[AuthorId, str], upto: int) -> Answer:
    called = me.hall.called(*other)
    upto = me.hall.persistence.mark(me.connection, talk(other[0]), upto, called)
    return Done(text=f"You have read what {called} wrote to you, up to #{upto}.", fields={"upto": upto})


@READING.verb(cost=10)
@inlineCallbacks
def mentions(me: Actor) -> "Generator[Deferred[Any], Any, Answer]":
    """Show the newest messages that mention you, or call everybody in your rooms."""
    person, most = me.person, me.hall.settings.query_posts
    ignored = frozenset(person.ignored)
    found = yield me.hall.stream.journal.search(me.connection.audience, Sought(person.nick, ignored=ignored), most)
    calls = yield me.hall.stream.journal.calls(me.connection.audience, most if ignored else MENTIONS)
    either = {stored.event.id: stored for stored in (*found, *calls)}
    posts = [
        stored
        for _, stored in sorted(either.items(), reverse=True)
        if stored.author != person.author and stored.author not in person.ignored and is_said(stored.event)
    ]
    meant = {post.id for post in (yield mentioning(person.nick, (one.event for one in posts), me.hall.looking))}
    posts = [stored for stored in posts if stored.event.id in meant]
    shown = _excerpts(me, posts[:MENTIONS], [person.nick])
    return _replayed(me, "search", shown, "end of what mentions you, newest first")


@READING.verb(cost=5)
@inlineCallbacks
def files(
    me: Actor, whose: WhoseFiles = "", before: PostId | None = None, room: Here = ""
) -> "Generator[Deferred[Any], Any, Answer]":
    """List files: those of the room and those sent to you, or only those of one person, or of another room of yours.

    "/files", "/files bob", "/files #dev"; "/files bob #41" lists those before message #41.
    Anybody can /delete their own, and operators those of a room.
    """
    if whose and room:
        raise BadArguments("Give a nickname or a room, but not both.")
    author: AuthorId | None = None
    rooms = tuple(filter(None, (me.current,)))
    private: AuthorId | None = me.person.author
    if room or whose.startswith("#") or whose.lower() in me.connection.rooms:
        rooms, private = (me.reading_room(room or whose),), None
    elif whose:
        rooms, author = me.connection.rooms, _correspondent(me, whose)
    journal = me.hall.stream.journal
    limit = me.hall.stream.delivered + 1 if before is None else before
    found: list[SharedFile] = yield journal.files(Audience(rooms, private), author, limit, FILES + 1)
    shown, more = found[:FILES], len(found) > FILES
    base, lines, items = me.connection.screen.base, [], []
    for shared in shown:
        post = shared.post.event
        assert isinstance(post, Shared)
        where = f"in {post.room}" if post.room else f"for {post.to}"
        lines.append(
            f"#{post.id} {post.name} ({size_words(post.size)}), by {post.nick} {where}, {minute(post.at, me.zone)}:"
            f" {base}{post.link}"
        )
        items.append({
            "id": post.id, "room": post.room, "nick": post.nick, "to": post.to, "name": post.name, "size": post.size,
            "type": post.type, "link": post.link, "at": iso(post.at),
        })  # fmt: skip
    if more:
        lines.append(f"/files{f' {whose}' if whose else ''} #{shown[-1].post.event.id} lists earlier ones.")
    return Listed("files", tuple(lines) or ("There are no files.",), tuple(items), int(more))


def replay(posts: Sequence[StoredPost], person: Person, now: float) -> Replayed | None:
    """Return what was said in a room before somebody came in, but by whom they ignore; None: there is nothing.

    Programs get these as ordinary events.
    """
    shown = tuple(stored.event for stored in posts if stored.author not in person.ignored)
    if not shown:
        return None
    return Replayed("join", f"{plural(len(shown), 'earlier message')}:", shown, "end of the earlier messages", now)


@inlineCallbacks
def _sought(me: Actor, asked: Terms, earlier: int | None) -> "Generator[Deferred[Any], Any, tuple[Audience, Sought]]":
    """Return who searches where, and for what.

    :param earlier: the number before which it goes on.
    :raises Refusal: a name or a condition is wrong.
    """
    if asked.room and asked.partner:
        raise BadArguments("Give in: or with:, but not both: what two people say in private is in no room.")
    audience = me.connection.audience
    if asked.room:
        audience = Audience((me.reading_room(asked.room),))
    elif asked.partner:
        audience = Audience((), me.person.author, (yield _find_partner(me, asked.partner))[0])
    sought = asked.sought(me.zone, lambda nick: whose(me.hall, nick), earlier, bool(asked.room or asked.partner))
    return audience, replace(sought, ignored=frozenset(me.person.ignored))


def whose(hall: Hall, nick: str) -> Whose:
    """Return whose messages are meant by a nickname: those of the account, or else of everybody who had it then."""
    account = hall.accounts.find(nick)
    if account is not None:
        return Whose(account.author)
    person = hall.roster.find(names.key(nick))
    return Whose(None if person is None else person.author, folded(nick))


def _looked_for(asked: Terms) -> Sequence[str]:
    return [word for given in (*asked.words, *asked.phrases) for word in given.split()]


def _excerpts(me: Actor, posts: Sequence[StoredPost], words: Sequence[str]) -> Sequence[StoredPost]:
    """Return what was found as people read it: of a message of several lines its first, and those with the words."""
    if not me.connection.screen.style.prose:
        return posts
    return [_excerpt(stored, [word.casefold() for word in words]) for stored in posts]


def _excerpt(stored: StoredPost, wanted: Sequence[str]) -> StoredPost:
    event = stored.event
    if not isinstance(event, Said | Acted | Whispered | Edited) or event.text.count("\n") < EXCERPT:
        return stored
    kept: list[str] = []
    found = 0
    for number, line in enumerate(event.text.split("\n")):
        if number == 0 or (found < EXCERPT and any(word in line.casefold() for word in wanted)):
            found += number > 0
            kept.append(line)
        elif kept[-1] != LEFT_OUT:
            kept.append(LEFT_OUT)
    return StoredPost(replace(event, text="\n".join(kept)), stored.author, stored.reader)


def _correspondent(me: Actor, nick: str) -> AuthorId:
    """Return the author with a nickname: somebody who has the account, or is here.

    :raises NoSuchNick: there is nobody.
    """
    account = me.hall.accounts.find(nick)
    return account.author if account is not None else me.hall.find(nick).author


@inlineCallbacks
def _find_partner(me: Actor, nick: str) -> "Generator[Deferred[Any], Any, tuple[AuthorId, str]]":
    """Return whom a nickname means with whom the caller has talked in private; it may be a guest who has left.

    :raises NoSuchNick: there is nobody.
    """
    try:
        return _correspondent(me, nick), nick
    except NoSuchNick:
        mine = me.person.author
        audience = Audience((), mine)
        journal, key = me.hall.stream.journal, names.key(nick)
        found = yield journal.search(audience, Sought(whose=Whose(nick=folded(nick))), 1)
        if found and found[0].author != mine:
            return found[0].author, found[0].event.nick
        lately = yield journal.recent(audience, me.hall.stream.delivered, LATELY)
        for stored in reversed(lately):
            to = stored.event.to if isinstance(stored.event, Whispered | Shared) else ""
            if stored.author == mine and stored.reader is not None and names.key(to) == key:
                return stored.reader, to
        raise


def _page(me: Actor, posts: Sequence[StoredPost], limit: int) -> Answer:
    """Return one page of history that says how to get the next one."""
    more, shown = "", _fitting(me, posts)
    if posts and (len(posts) == limit or len(shown) < len(posts)):
        more = f"; /history since #{shown[-1].event.id} shows what follows"
    following = shown[-1].event.id if more else 0
    return _replayed(me, "history", shown, f"end of the history{more}", following)


def _page_before(me: Actor, posts: Sequence[StoredPost], limit: int, before: int | None, note: str) -> Answer:
    """Return one page of history that ends before a number, or now; and say how to get the one before it."""
    more, shown = "", _fitting(me, posts, is_end=True)
    is_cut = len(shown) < len(posts)
    first = shown[0].event.id if posts and (len(posts) == limit or is_cut) else 0
    if first and (is_cut or before is not None or not _visible(me, shown)):
        more = f"; /history {limit} before #{first} shows what comes before"
    what = "the history" if before is None else f"what comes before #{before}"
    return _replayed(me, "history", shown, f"end of {what}{note}{more}", first)


def _fitting(me: Actor, posts: Sequence[StoredPost], is_end: bool = False) -> Sequence[StoredPost]:
    """Return as much of a page as people are shown at a time: laying out very long messages would delay others."""
    return fitting(posts, length, is_end=is_end) if me.connection.screen.style.prose else posts


def _replayed(me: Actor, what: str, posts: Sequence[StoredPost], ending: str, next: int = 0) -> Answer:
    shown = _visible(me, posts)
    if not shown and me.connection.screen.style.prose:
        if posts:
            _, goes_on, more = ending.partition("; ")
            return Told((f"Here is nothing but messages of people you ignore{goes_on}{more}.",))
        return Told(("Nothing was found." if what == "search" else "There is nothing to show.",))
    return Replayed(what, f"{plural(len(shown), 'message')}:", shown, ending, me.hall.now(), next)


def _visible(me: Actor, posts: Sequence[StoredPost]) -> tuple[Post, ...]:
    """Return those of the posts that are not of people the caller ignores."""
    return tuple(stored.event for stored in posts if stored.author not in me.person.ignored)
