"""Deleting what others said: one message, or all of somebody's."""

from collections.abc import Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.delivery.queue import Posting, Receipt
from groupchat.model import names
from groupchat.model.drafts import Audience, Deed, Draft, Kind, Need, StoredPost
from groupchat.model.errors import BadArguments, NoSuchMessage
from groupchat.model.events import Acted, Edited, Said, Shared
from groupchat.model.ranks import Rank
from groupchat.model.times import FOREVER, spoken
from groupchat.model.wording import plural
from groupchat.verbs.actor import OPERATORS, Actor, Target, keepers
from groupchat.verbs.grammar.arguments import Here, Nick
from groupchat.verbs.grammar.number_arguments import Duration
from groupchat.verbs.grammar.table import Table
from groupchat.verbs.grammar.word_arguments import Switch

ERASING = Table("order", "keeping order")
FORGETTING = Table("accounts")

HOUR = 3600.0
"""Seconds that a purge goes back unless told otherwise."""
PAGE = 1000
"""Messages looked at in one go."""
MOST = 5_000
"""The most messages one purge deletes: in one transaction, which takes about a second and holds up all others."""


@ERASING.verb(needs=Rank.ROOM_OPERATOR, cost=10)
@inlineCallbacks
def purge(
    me: Actor, nick: Nick, duration: Duration = HOUR, room: Here = ""
) -> "Generator[Deferred[Any], Any, Receipt]":
    """Delete what somebody said in the last hour, or another time, in this room; for an operator, in all rooms.

    Private messages stay: nobody else sees them. This cannot be undone.
    """
    scope = me.scope(room)
    found = me.subject(nick, scope)
    since = 0.0 if duration == FOREVER else me.hall.now() - duration
    rooms = (scope,) if scope else (yield _posted_in(me, since))
    posts = yield _said_by(me, found, Audience(rooms), since)
    me.check_still(Rank.ROOM_OPERATOR if scope else Rank.OPERATOR, scope)
    while_ = "until now" if duration == FOREVER else f"in the last {_span(duration)}"
    where = f" in {scope}" if scope else ""
    if not posts:
        raise NoSuchMessage(f"{found.nick} said nothing{where} {while_}.")
    if len(posts) > MOST:
        raise BadArguments(f"That is more than {MOST:,} messages; begin with a shorter time.")
    count = plural(len(posts), "message")
    deed = Deed("purge", f"deleted everything {found.nick} said{where} {while_}: {count}", found.nick)
    named = [stored.event.id for stored in posts if names.key(stored.event.nick) == found.key]
    about = named[-1] if named else None  # by that the journal knows of a guest who is gone whether they are erased
    done = me.decree(deed, needs=keepers(scope, found), room=scope or me.stage(found.person), about=about)
    # Room by room, so that deletions stand together in what each room is shown.
    for stored in sorted(posts, key=lambda stored: (stored.event.room, stored.event.id)):
        # Nobody is told of one that somebody else deleted meanwhile.
        me.hall.commits.post(Posting(_deletion(me, stored.event.id), Receipt()))
    return done


@FORGETTING.verb(needs=Rank.OPERATOR, cost=10, personal=True)
def forget(me: Actor, name: Nick, yes: Switch = False) -> Receipt:
    """Erase everything somebody said, with their account and nickname; has to be typed twice.

    A pseudonym stands for them from then on, such as forgotten-0123abcd. What others said stays, also about them.
    """
    key = names.key(name)
    if names.is_pseudonym(key):
        raise BadArguments(f"{name} is erased already.")
    # Nobody could have some nicknames by the settings of today, but perhaps by those of then.
    account = me.hall.accounts.find(name)
    if key == me.person.key or (account is not None and account.author == me.person.author):
        raise BadArguments("That is you. Ask another operator.")
    nick = name if account is None else account.nick
    if not yes:
        theirs = ", their account" if account is not None else ""
        warning = f"This erases everything said as {nick}{theirs} and the nickname, and cannot be undone."
        me.hall.confirmations.check(me.connection, f"forget {key}", warning, f"/forget {nick}")
    alias = me.hall.forgetting.forget(key, me.person.author, OPERATORS)
    told = f"Everything said as {nick} is erased. {alias} stands for them from now on."
    return me.decree(Deed("forget", f"erased everything {alias} had said", alias), needs=OPERATORS, text=told)


@inlineCallbacks
def erase(me: Actor, target: int) -> "Generator[Deferred[Any], Any, Receipt | None]":
    """Delete somebody else's message; None when the caller may not, or it is their own, or there is none."""
    hall = me.hall
    stored = yield hall.stream.journal.message(target)
    if stored is None:
        return None
    post = stored.event
    if not isinstance(post, Said | Acted | Shared | Edited) or not post.room or stored.author == me.person.author:
        return None
    theirs = hall.moderation.rank_of(stored.author, post.room)
    mine = me.rank_in(post.room)
    if mine < Rank.ROOM_OPERATOR or (mine < Rank.OPERATOR and theirs >= Rank.ROOM_OPERATOR):
        return None
    deed = Deed("delete", f"deleted #{target} of {post.nick}", post.nick)
    need = Need(Rank.ROOM_OPERATOR, post.room, stored.author)
    me.decree(deed, needs=need, room=post.room, awaited=False, about=target)
    return me.post(_deletion(me, target))


@inlineCallbacks
def _posted_in(me: Actor, since: float) -> "Generator[Deferred[Any], Any, tuple[str, ...]]":
    """Return the rooms in which something may have been posted since then, in seconds since 1970 UTC."""
    hall = me.hall
    days = hall.settings.room_days
    if not days or since >= hall.now() - days * 86400:  # else some were forgotten meanwhile
        return (*hall.rooms.names(), *hall.moderation.closed)
    stored = yield hall.stream.journal.rooms()
    return tuple(room.name for room in stored)


@inlineCallbacks
def _said_by(
    me: Actor, found: Target, audience: Audience, since: float
) -> "Generator[Deferred[Any], Any, list[StoredPost]]":
    """Return what somebody said since then and was not deleted; at most one page more than can be purged."""
    stream = me.hall.stream
    said: list[StoredPost] = []
    page = yield stream.journal.between(audience, since, FOREVER, PAGE)
    while True:
        said += [stored for stored in page if _is_by(me, found, stored)]
        if len(page) < PAGE or len(said) > MOST:
            return said
        page = yield stream.journal.following(audience, page[-1].event.id, stream.delivered, PAGE)


def _is_by(me: Actor, found: Target, stored: StoredPost) -> bool:
    """Say whether a message is theirs: their account's, or for guests, of the same connection or nickname."""
    if not isinstance(stored.event, Said | Acted | Shared | Edited):
        return False
    if stored.author == found.author:
        return True
    if found.account is not None or me.hall.accounts.of(stored.author) is not None:
        return False
    return names.key(stored.event.nick) == found.key


def _deletion(me: Actor, target: int) -> Draft:
    person = me.person
    return Draft(Kind.DELETED, person.author, person.nick, me.hall.now(), target=target, anyones=True)


def _span(duration: float) -> str:
    """Return a duration as it follows "the last": ``hour``, ``2 hours``."""
    count, _, unit = spoken(duration).partition(" ")
    return unit if count == "1" and " " not in unit else f"{count} {unit}"
