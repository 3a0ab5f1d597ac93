"""The verbs that post: saying things, aloud and privately, and changing them later."""

import math
import shlex
from collections.abc import Generator
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.delivery.queue import Receipt
from groupchat.facts.account_facts import Account
from groupchat.model import names
from groupchat.model.drafts import Kind
from groupchat.model.errors import (
    AmbiguousReply,
    BadArguments,
    Muted,
    NoSuchMessage,
    NoSuchNick,
    NothingToSay,
    SlowMode,
    TooLong,
)
from groupchat.model.events import Acted, Answer, AuthorId, Done, Edited, Said
from groupchat.model.message.emoji import emojify
from groupchat.model.message.mentions import calls
from groupchat.model.ranks import Rank
from groupchat.model.times import iso
from groupchat.sharing.offers import TICKET_S, Offer
from groupchat.state.people import Partner, Person
from groupchat.verbs.actor import Actor, Composing, Reply
from groupchat.verbs.erasing import erase
from groupchat.verbs.grammar.arguments import Here, Nick, Whom
from groupchat.verbs.grammar.corrections import Correction
from groupchat.verbs.grammar.number_arguments import Answered, PostId, Size
from groupchat.verbs.grammar.table import Table
from groupchat.verbs.grammar.text_arguments import FileName, Message, Rest

TALKING = Table("talking")

SEND_COST = 3.0
"""What asking to send a file costs: the files of whoever asks are looked at."""

CALL_S = 60.0
"""Seconds for which nobody else can call everybody in a room, after somebody has."""

UNSURE_S = 10.0
"""Seconds for which /reply is refused after somebody else than before has written privately."""


@TALKING.verb(posts=True)
def say(me: Actor, text: Message, room: Here = "", reply: Answered | None = None) -> Receipt:
    """Say the text as it is, also when it begins with a slash."""
    if me.connection.partner is not None and not (room or me.bound):
        return _to_partner(me, me.connection.partner, text, reply)
    if "@" not in text:  # nearly all
        return me.post(me.draft(Kind.SAID, me.speaking_room(room), spoken(me, text), reply=reply))
    return _aloud(me, Kind.SAID, me.speaking_room(room), text, reply)


@TALKING.verb(posts=True)
def re(me: Actor, id: PostId, text: Message, room: Here = "") -> Receipt:
    """Reply to the message with this number: everybody sees which one you mean.

    A private message is answered with /msg.
    """
    return say(me, text, room, id)


@TALKING.verb(posts=True)
def me(me: Actor, text: Rest, room: Here = "", nick: Whom = "", reply: Answered | None = None) -> Receipt:
    """Say what you do: "/me waves" shows as "* alice waves".

    After "/query bob" only bob sees it: "* alice -> bob waves".
    """
    if nick:
        if room:
            raise BadArguments("What you do is shown to a room or to a person: give one of the two.")
        return _privately(me, Kind.ACTED, nick, text, reply)
    if me.connection.partner is not None and not (room or me.bound):
        return _to_partner(me, me.connection.partner, text, reply, Kind.ACTED)
    return _aloud(me, Kind.ACTED, me.speaking_room(room), text, reply)


@TALKING.verb("tell", "w", posts=True)
def msg(me: Actor, nick: Nick, text: Message, reply: Answered | None = None) -> Receipt:
    """Say something to one person only.

    Somebody who has an account and is not here reads it when they come.
    """
    return _privately(me, Kind.WHISPERED, nick, text, reply)


@TALKING.verb("r", posts=True)
def reply(me: Actor, text: Message) -> Receipt:
    """Answer the last private message you were sent."""
    author = _answered(me)
    to = me.hall.roster.of(author)  # never whoever has the nickname now
    account = me.hall.accounts.of(author)
    if to is None and account is not None:
        return _leave_message(me, account, text)
    if to is None:
        raise NoSuchNick("The sender of the last private message is not here any more.")
    return _whisper(me, to, text)


@TALKING.verb()
def paste(me: Actor, id: PostId | None = None) -> Composing:
    """Begin a message of several lines: a line with only a dot says it, /cancel drops it.

    With a number it is a reply to that message. Two dots on a line stand for one.
    Programs send such a message as one text.
    """
    partner, lost = me.connection.partner, "" if me.bound else me.connection.lost
    # What was meant for a room that they were put out of is kept when it cannot be said there, not said elsewhere.
    return Composing("" if partner is not None else lost or me.room(""), partner, id)


def compose(me: Actor, to: Composing, words: str) -> Receipt:
    """Say a message of several lines where it was begun, whatever has become of the current room since."""
    if to.partner is not None:
        return _to_partner(me, to.partner, words, to.reply)
    if to.room == me.connection.lost:  # which they are told now
        me.hall.persistence.forget_lost(me.connection)
    return _aloud(me, Kind.SAID, me.room(to.room), words, to.reply)


@TALKING.verb()
@inlineCallbacks
def query(me: Actor, nick: Nick = "") -> "Generator[Deferred[Any], Any, Answer]":
    """Send your lines to one person only, until "/query" alone or /switch; commands are still about the room.

    If that person leaves, your lines are refused, and never said in a room.
    """
    connection = me.connection
    if not nick:
        if connection.partner is None:
            raise BadArguments("Your lines go to no one person: /query NICK")
        before, connection.partner = connection.partner, None
        yield me.hall.persistence.keep_partner(connection)
        where = f"go to {connection.current} again" if connection.current else "go nowhere: you are in no room"
        return Done(text=f"Your lines {where}, and not to {before.nick}.", fields={"query": ""})
    account = me.hall.accounts.find(nick)
    person = me.hall.roster.of(account.author) if account is not None else me.hall.find(nick)
    found = Partner(account.author, account.nick) if account is not None else Partner(person.author, person.nick)  # type: ignore[union-attr]
    if found.author == me.person.author:
        raise BadArguments("That is you.")
    _check_ignored(me, found)
    connection.partner = found
    yield me.hall.persistence.keep_partner(connection)
    back = f"/switch {connection.current}" if connection.current else "/join ROOM"
    told = f"Your lines now go to {found.nick} only. /query alone or {back} ends that."
    if person is None:
        told += f" {found.nick} is not here now, and will see them when they come back."
    return Done(text=told, fields={"query": found.nick})


@TALKING.verb(posts=True)
def edit(me: Actor, id: PostId | None = None, *, text: Message, room: Here = "") -> Receipt:
    """Change your last message in this room, or the one with this number.

    You can do so for 24 hours. "s/typo/fix/" as a line of its own changes a word of your last message in this room,
    "s/typo/fix/g" each of them.
    """
    return _amend(me, Kind.EDITED, id, room, spoken(me, text))


@TALKING.verb(cost=SEND_COST, posts=True)
@inlineCallbacks
def send(
    me: Actor, name: FileName, nick: Nick = "", size: Size | None = None, room: Here = "", reply: Answered | None = None
) -> "Generator[Deferred[Any], Any, Answer]":
    """Share a file with the room, or with one person; you are told how to send it.

    "/send cat.jpg", "/send 'my cat.jpg' bob". Run the line that you are told in the folder where the file is.
    Whoever has that address can send this one file, once, within ten minutes; guests have to stay here until then.
    """
    offer = yield offered(me, name, size, nick, room, reply)
    ticket = me.hall.sharing.tickets.give(offer)
    path = f"{names.LINKS}{ticket.code}"
    plain = "-g " if any(sign in offer.name for sign in "[]{}") else ""  # or curl would make several names of it
    file = f"./{offer.name}" if offer.name.startswith("-") else offer.name  # curl reads its input for "-"
    told = f"curl {plain}-T {shlex.quote(file)} {me.connection.screen.base}{path}"
    ends = iso(me.hall.now() + TICKET_S)
    return Done(text=told, fields={"ticket": ticket.code, "link": path, "limit": offer.limit, "ends": ends})


@inlineCallbacks
def offered(
    me: Actor, name: str, size: int | None, nick: str = "", room: str = "", reply: int | None = None
) -> "Generator[Deferred[Any], Any, Offer]":
    """Return what the caller may send: to one person, or else to the named or current room.

    :raises Refusal: they may not.
    """
    if nick and room:
        raise BadArguments("A file goes to a room or to a person: give one of the two.")
    address, partner = me.connection.screen.address, me.connection.partner
    if nick:
        account = me.hall.accounts.find(nick)
        to: Person | Account | None = me.hall.here(names.key(nick))
        if account is not None:
            to = me.hall.roster.of(account.author) or account
        if to is None:
            raise NoSuchNick(
                f"Nobody here is called {nick}. /list shows who is; put the name of a file in quotes if it has blanks."
            )
        whom: tuple[str, AuthorId | None, str] = "", to.author, to.nick
    elif partner is not None and not (room or me.bound):
        whom = "", partner.author, partner.nick
    else:
        whom = me.speaking_room(room), None, ""
    offer: Offer = yield me.hall.sharing.offer(me.person, address, name, size, *whom, reply, me.key)
    return offer


@TALKING.verb("del", posts=True)
def delete(me: Actor, id: PostId | None = None, room: Here = "") -> Reply:
    """Delete your last message in this room, or the one with this number.

    Operators can delete anybody's.
    """
    if id is not None and not room and me.hall.moderation.keeps_order(me.person.account):
        return _delete_any(me, id)
    return _amend(me, Kind.DELETED, id, room, "")


@TALKING.verb()
def typing(me: Actor, room: Here = "") -> Answer:
    """Show programs in the room that you are typing; for programs to send.

    Sent more often than every 3 seconds it changes nothing, nor does it if you may not say anything there now.
    """
    if room or (me.connection.partner is None and not me.connection.lost) or me.bound:
        # A room is not told what goes to one person, nor what may not go there at all.
        place = me.own_room(room)
        try:
            me.hall.moderation.check_words(me.person, (place,), me.hall.now())
        except (Muted, SlowMode):
            return Done()
        me.hall.typists.started(me.connection, place)
    return Done()


@inlineCallbacks
def substitute(me: Actor, correction: Correction) -> "Generator[Deferred[Any], Any, Receipt]":
    """Correct the caller's last message in the current room."""
    room = last_place(me, "")
    yield me.hall.passed()  # the message may still be on its way to the disk
    stored = yield me.hall.stream.journal.latest(me.person.author, room)
    if stored is None:
        raise nothing_said(room)
    post = stored.event
    if not isinstance(post, Said | Acted | Edited):
        raise BadArguments(f"Your last message in {room}, #{post.id}, is a file, which cannot be changed.")
    if correction.typo not in post.text:
        raise BadArguments(
            f"Your last message in {room}, #{post.id}, does not contain that; nothing was changed or said."
            f" To say the line as it is: {correction.aloud}"
        )
    return _amend(me, Kind.EDITED, post.id, "", spoken(me, correction.applied(post.text)))


def last_place(me: Actor, room: str) -> str:
    """Return the room in which the caller's last message is meant.

    :raises NotInRoom, RoomInvalid, RoomLost: there is none.  BadArguments: their lines go to one person.
    """
    if me.connection.partner is not None and not (room or me.bound):
        nick = me.connection.partner.nick
        raise BadArguments(
            f"Your lines go to {nick} only; to change one of these, give its number: /edit #N TEXT."
            f" /history with {nick} shows the numbers. Nothing was changed or said."
        )
    return me.speaking_room(room)


def nothing_said(room: str) -> NoSuchMessage:
    """Return the refusal for somebody who has no message in a room."""
    return NoSuchMessage(f"You have no message in {room}: you have said nothing there, or deleted it.")


def spoken(me: Actor, words: str) -> str:
    """Return what others are shown of cleaned words.

    :raises NothingToSay: nothing is left of them.
    :raises TooLong: they are longer than a line can be.
    """
    if not words or words.isspace():
        raise NothingToSay("There is nothing to say in that.")
    most = me.hall.settings.line_limit_bytes
    if 4 * len(words) > most and (size := len(words.encode())) > most:
        raise TooLong(f"A message has at most {most:,} bytes; this one has {size:,}.")
    # Several lines are a program's output or its source, more often than not.
    return emojify(words) if me.connection.screen.style.preferences.emoji and "\n" not in words else words


def _aloud(me: Actor, kind: Kind, room: str, words: str, reply: int | None) -> Receipt:
    """Post something for everybody in a room.

    :raises SlowMode: it calls everybody there, and so did something else within CALL_S.
    """
    text = spoken(me, words)
    called = me.hall.rooms.find(room) if calls(text) and not me.connection.relays else None
    if called is None or me.rank_in(room) < Rank.ROOM_OPERATOR:
        return me.post(me.draft(kind, room, text, reply=reply))  # from others, @all is a word like any other
    now, request = me.hall.clock.seconds(), (me.person.author, me.key)
    wait = called.called_at + CALL_S - now
    if wait > 0 and me.key is not None and request == called.called_by:
        return me.post(me.draft(kind, room, text, reply=reply, all=True))  # said already, or about to be: asked again
    if wait > 0:
        raise SlowMode(
            f"@all calls everybody in {room}, and that was done just now; not said. Say it without @all, or again"
            f" in {math.ceil(wait)} s.",
            wait,
        )
    receipt = me.post(me.draft(kind, room, text, reply=reply, all=True))
    before, called.called_at, called.called_by = called.called_at, now, request

    def settle() -> None:
        if receipt.refusal is not None and called.called_at == now:
            called.called_at = before

    receipt.when_settled(settle)
    return receipt


def _privately(me: Actor, kind: Kind, nick: str, words: str, reply: int | None) -> Receipt:
    """Post something for one person, who has an account or is here."""
    account = me.hall.accounts.find(nick)
    if account is not None and me.hall.roster.of(account.author) is None:
        return _leave_message(me, account, words, reply, kind)
    return _whisper(me, me.hall.find(nick), words, reply, kind)


def _private(me: Actor, kind: Kind, reader: AuthorId, to: str, words: str, told: str, reply: int | None) -> Receipt:
    return me.post(me.draft(kind, text=spoken(me, words), reader=reader, to=to, reply=reply), told)


def _leave_message(
    me: Actor, account: Account, words: str, reply: int | None = None, kind: Kind = Kind.WHISPERED
) -> Receipt:
    told = f"{account.nick} is not here now, and will see it when they come back."
    return _private(me, kind, account.author, account.nick, words, told, reply)


def _whisper(me: Actor, to: Person, words: str, reply: int | None = None, kind: Kind = Kind.WHISPERED) -> Receipt:
    person = me.person
    tells_away = to.away is not None and person.author not in to.told_away and to is not person
    told = f"{to.nick} is away{f': {to.away}' if to.away else ''}." if tells_away else ""
    receipt = _private(me, kind, to.author, to.nick, words, told, reply)
    receipt.when_settled(partial(_note_whisperer, me, to, receipt))
    if tells_away:
        to.told_away |= {person.author}
    return receipt


def _note_whisperer(me: Actor, to: Person, receipt: Receipt) -> None:
    """Note who wrote to somebody last, if they were shown it."""
    author = me.person.author
    if receipt.refusal is None and author not in to.ignored and author != to.author:
        to.whisperers.note(author, me.hall.clock.seconds())


def _answered(me: Actor) -> AuthorId:
    """Return the author whom /reply answers.

    :raises NoSuchNick: there is nobody.  AmbiguousReply: somebody else has written just before.
    """
    whisperers = me.person.whisperers
    last, before = whisperers.last, whisperers.before
    if last is None:
        raise NoSuchNick("Nobody has sent you a private message yet.")
    wait = whisperers.since + UNSURE_S - me.hall.clock.seconds()
    if before is not None and wait > 0:
        newest, other = _name(me, last), _name(me, before)
        raise AmbiguousReply(
            f"{newest} has just written to you, after {other}, so that was not sent: /msg {newest} TEXT or"
            f" /msg {other} TEXT says whom you mean.",
            wait,
        )
    return last


def _name(me: Actor, author: AuthorId) -> str:
    """Return the nickname of somebody who wrote privately."""
    person, account = me.hall.roster.of(author), me.hall.accounts.of(author)
    return person.nick if person is not None else account.nick if account is not None else "somebody who has left"


def _to_partner(me: Actor, partner: Partner, words: str, reply: int | None, kind: Kind = Kind.WHISPERED) -> Receipt:
    """Send what was meant for one person to this person, or to nobody."""
    _check_ignored(me, partner)
    to, account = me.hall.roster.of(partner.author), me.hall.accounts.of(partner.author)
    if to is not None:
        me.connection.partner = Partner(partner.author, to.nick)
        return _whisper(me, to, words, reply, kind)
    if account is not None:
        return _leave_message(me, account, words, reply, kind)
    current = me.connection.current
    back = f"/query lets your lines go to {current} again" if current else "/query ends the conversation"
    raise NoSuchNick(f"{partner.nick} is not here any more, and that was said to nobody. {back}.")


def _check_ignored(me: Actor, partner: Partner) -> None:
    """:raises BadArguments: the caller ignores the person, and would read no answer."""
    if partner.author in me.person.ignored:
        raise BadArguments(
            f"You ignore {partner.nick}, and would read no answer. /unignore {partner.nick} first, or /query ends"
            " your conversation."
        )


def _amend(me: Actor, kind: Kind, target: int | None, room: str, words: str) -> Receipt:
    """Change or delete a message: the one with this number, or the caller's last one in the named or current room."""
    if target is not None and room:
        raise BadArguments("Give the number of a message, or the room of your last one, but not both.")
    oldest = me.hall.now() - me.hall.settings.edit_window_h * 3600
    place = "" if target is not None else last_place(me, room)
    return me.post(me.draft(kind, place, words, target=target, not_before=oldest))


@inlineCallbacks
def _delete_any(me: Actor, target: int) -> "Generator[Deferred[Any], Any, Receipt]":
    erased = yield erase(me, target)
    return _amend(me, Kind.DELETED, target, "", "") if erased is None else erased
