"""The verbs that post: saying things, aloud and privately, and changing them later."""

from collections.abc import Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.delivery.queue import Receipt
from groupchat.facts.account_facts import Account
from groupchat.model.drafts import Kind
from groupchat.model.emoji import emojify
from groupchat.model.errors import BadArguments, NoSuchMessage, NoSuchNick, NothingToSay
from groupchat.model.events import Acted, Answer, AuthorId, Done, Edited, Said, Whispered
from groupchat.state.people import Person
from groupchat.verbs.actor import Actor, Reply
from groupchat.verbs.erasing import erase
from groupchat.verbs.grammar.arguments import Here, Nick, PostId, Rest
from groupchat.verbs.grammar.table import Table

TALKING = Table("talking")


@TALKING.verb()
def say(me: Actor, text: Rest, room: Here = "") -> Receipt:
    """Say the text as it is, also when it begins with a slash."""
    return me.post(me.draft(Kind.SAID, me.room(room), spoken(me, text)))


@TALKING.verb()
def me(me: Actor, text: Rest, room: Here = "") -> Receipt:
    """Say what you do: "/me waves" shows as "* alice waves"."""
    return me.post(me.draft(Kind.ACTED, me.room(room), spoken(me, text)))


@TALKING.verb("tell", "w")
def msg(me: Actor, nick: Nick, text: Rest) -> Receipt:
    """Say something to one person only.

    Somebody who has an account and is not here reads it when they come.
    """
    account = me.hall.accounts.find(nick)
    if account is not None and me.hall.roster.of(account.author) is None:
        return _leave_message(me, account, text)
    return _whisper(me, me.hall.find(nick), text)


@TALKING.verb("r")
def reply(me: Actor, text: Rest) -> Receipt:
    """Answer the last private message you were sent."""
    author = me.person.last_whisperer
    if author is None:
        raise NoSuchNick("Nobody has sent you a private message yet.")
    to = me.hall.roster.of(author)  # never whoever has the nickname now
    account = me.hall.accounts.of(author)
    if to is None and account is not None:
        return _leave_message(me, account, text)
    if to is None:
        raise NoSuchNick("The sender of the last private message is not here any more.")
    return _whisper(me, to, text)


@TALKING.verb()
def edit(me: Actor, id: PostId | None = None, *, text: Rest) -> Receipt:
    """Change your last message, or the one with this number.

    You can do so for 24 hours. "s/typo/fix/" as a line of its own changes a word of your last message.
    """
    return _amend(me, Kind.EDITED, id, spoken(me, text))


@TALKING.verb("del")
def delete(me: Actor, id: PostId | None = None) -> Reply:
    """Delete your last message, or the one with this number.

    Operators can delete anybody's.
    """
    if id is not None and me.hall.moderation.keeps_order(me.person.account):
        return _delete_any(me, id)
    return _amend(me, Kind.DELETED, id, "")


@TALKING.verb()
def typing(me: Actor, room: Here = "") -> Answer:
    """Show programs in the room that you are typing; for programs to send.

    Sent more often than every 3 seconds it changes nothing.
    """
    me.hall.typists.started(me.connection, me.own_room(room))
    return Done()


@inlineCallbacks
def substitute(me: Actor, typo: str, fix: str) -> "Generator[Deferred[Any], Any, Receipt]":
    """Replace the first ``typo`` in the caller's last message by ``fix``."""
    yield me.hall.passed()  # the message may still be on its way to the disk
    stored = yield me.hall.stream.journal.latest(me.person.author)
    if stored is None:
        raise NoSuchMessage("You have no message: you have said nothing, or deleted it.")
    typo, fix = typo.replace("\\/", "/"), fix.replace("\\/", "/")
    post = stored.event
    assert isinstance(post, Said | Acted | Whispered | Edited)
    if typo not in post.text:
        raise BadArguments(f"Your last message, #{post.id}, does not contain that.")
    return _amend(me, Kind.EDITED, post.id, spoken(me, post.text.replace(typo, fix, 1)))


def spoken(me: Actor, words: str) -> str:
    """Return what others are shown of cleaned words.

    :raises NothingToSay: nothing is left of them.
    :raises BadArguments: they are longer than a line can be, as after many corrections.
    """
    if not words or words.isspace():
        raise NothingToSay("There is nothing to say in that.")
    most = me.hall.settings.line_limit_bytes
    if 4 * len(words) > most and (size := len(words.encode())) > most:
        raise BadArguments(f"A message has at most {most:,} bytes; this one has {size:,}.")
    return emojify(words) if me.connection.screen.style.preferences.emoji else words


def _private(me: Actor, reader: AuthorId, to: str, words: str, told: str) -> Receipt:
    return me.post(me.draft(Kind.WHISPERED, text=spoken(me, words), reader=reader, to=to), told)


def _leave_message(me: Actor, account: Account, words: str) -> Receipt:
    told = f"{account.nick} is not here now, and will see it when they come back."
    return _private(me, account.author, account.nick, words, told)


def _whisper(me: Actor, to: Person, words: str) -> Receipt:
    person = me.person
    tells_away = to.away is not None and person.author not in to.told_away and to is not person
    told = f"{to.nick} is away{f': {to.away}' if to.away else ''}." if tells_away else ""
    receipt = _private(me, to.author, to.nick, words, told)
    to.last_whisperer = person.author
    if tells_away:
        to.told_away |= {person.author}
    return receipt


def _amend(me: Actor, kind: Kind, target: int | None, words: str) -> Receipt:
    oldest = me.hall.now() - me.hall.settings.edit_window_h * 3600
    return me.post(me.draft(kind, text=words, target=target, not_before=oldest))


@inlineCallbacks
def _delete_any(me: Actor, target: int) -> "Generator[Deferred[Any], Any, Receipt]":
    erased = yield erase(me, target)
    return _amend(me, Kind.DELETED, target, "") if erased is None else erased
