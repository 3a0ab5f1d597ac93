"""The requests of a fake server: one function for each."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from groupchat.client.testing.fake_fields import Refusal, check_room, same
from groupchat.client.testing.fake_hall import CONTEXT, FakeHall, FakePerson, Fields

Answer = dict[str, Any]

NICK = re.compile(r"[^\W\d_][\w.-]{1,23}")
LONGEST, MOST_LINES = 4096, 60


def say(hall: FakeHall, me: FakePerson, text: str, room: str = "", reply: int | None = None) -> Answer:
    """Say something in a room."""
    place = _speaking_room(hall, me, room)
    return {"id": hall.post("said", me, place, **_replied(hall, me, reply, place), text=_words(text))}


def act(hall: FakeHall, me: FakePerson, text: str, room: str = "", reply: int | None = None, nick: str = "") -> Answer:
    """Say what one does, in a room or to one person only."""
    if nick:
        to = _found(hall, nick)
        return {"id": hall.post("acted", me, "", to, **_replied(hall, me, reply, ""), text=_words(text))}
    place = _speaking_room(hall, me, room)
    return {"id": hall.post("acted", me, place, **_replied(hall, me, reply, place), text=_words(text))}


def msg(hall: FakeHall, me: FakePerson, nick: str, text: str, reply: int | None = None) -> Answer:
    """Say something to one person only."""
    to = _found(hall, nick)
    return {"id": hall.post("whispered", me, "", to, **_replied(hall, me, reply, ""), text=_words(text))}


def edit(hall: FakeHall, me: FakePerson, text: str, id: int | None = None, room: str = "") -> Answer:
    """Change the words of a message of one's own."""
    message = hall.last_of(me, _own_room(hall, me, room)) if id is None else hall.post_of(id, me)
    if message.author is not me:
        raise Refusal("not-yours", f"#{id} is {message.author.nick}'s; you can edit and delete only your own messages.")
    if message.deleted_by:
        raise Refusal("already-deleted", f"#{message.id} is deleted already.")
    answered: Fields = {name: message.event[name] for name in ("reply", "reply_nick") if name in message.event}
    changes: Fields = {"target": message.id, **answered, "text": _words(text)}
    return {"id": hall.post("edited", me, message.event["room"], message.to, **changes)}


def delete(hall: FakeHall, me: FakePerson, id: int | None = None, room: str = "") -> Answer:
    """Delete a message of one's own."""
    message = hall.last_of(me, _own_room(hall, me, room)) if id is None else hall.post_of(id, me)
    if message.author is not me:
        raise Refusal("not-yours", f"#{id} is {message.author.nick}'s; you can edit and delete only your own messages.")
    if message.deleted_by:
        raise Refusal("already-deleted", f"#{message.id} is deleted already.")
    return {"id": hall.post("deleted", me, message.event["room"], message.to, target=message.id)}


def topic(hall: FakeHall, me: FakePerson, text: str | None = None, room: str = "") -> Answer:
    """Set the topic of a room, or tell it."""
    place = _own_room(hall, me, room)
    if text is None:
        now = hall.topics.get(place, "")
        items = [{"room": place, "topic": now}]
        return {
            "what": "topic",
            "items": items,
            "text": f"The topic of {place}: {now}" if now else f"{place} has no topic.",
        }
    hall.topics[place] = text
    return {"id": hall.post("topic-changed", me, place, text=text)}


def join(hall: FakeHall, me: FakePerson, room: str) -> Answer:
    """Come into a room, and send one's lines there."""
    if me.is_quiet:
        raise Refusal("not-allowed", "This connection only posts: it can be in no room.")
    check_room(room)
    if me.is_in(room):
        return switch(hall, me, room)
    hall.enter(me, room)
    if not me.only_new:
        for event in hall.earlier(lambda post: same(post.event["room"], room), CONTEXT):
            me.show(event)
    return {"text": f"You are in {me.room} now.", "room": me.room}


def leave(hall: FakeHall, me: FakePerson, room: str = "", reason: str = "") -> Answer:
    """Leave a room."""
    place = _own_room(hall, me, room)
    hall.depart(me, place, "left", reason)
    where = f"Your lines now go to {me.room}." if me.room else "You are in no room now."
    return {"text": f"You left {place}. {where}", "room": me.room}


def switch(hall: FakeHall, me: FakePerson, room: str) -> Answer:
    """Send one's lines to another room that one is in."""
    place = _own_room(hall, me, room)
    me.room = place
    return {"text": f"Your lines now go to {place}.", "room": place}


def people(hall: FakeHall, me: FakePerson, room: str = "", after: str = "") -> Answer:
    """List who is in a room."""
    if room and not hall.members(room):
        raise Refusal("no-such-room", f"There is no room {room}.")
    place = hall.called(room) if room else _own_room(hall, me, "")
    here = {one.nick: one.is_program for one in hall.members(place)}
    nicks = sorted(here)
    plain = {"account": "", "operator": False, "away": False, "words": "", "secure": False}
    items = [{"nick": nick, **plain, "program": here[nick]} for nick in nicks if not after or nick > after]
    count = "1 person is" if len(nicks) == 1 else f"{len(nicks)} people are"
    return {"what": "people", "items": items, "text": f"{count} in {place}:\n{', '.join(nicks)}"}


def rooms(hall: FakeHall, me: FakePerson, after: str = "") -> Answer:
    """List the rooms, those with most people first."""
    people = {room: sum(not one.is_program for one in hall.members(room)) for room in hall.rooms()}
    items = [
        {
            "room": room, "people": people[room], "topic": hall.topics.get(room, ""), "joined": me.is_in(room),
            "locked": False,
        }
        for room in sorted(people, key=lambda room: (-people[room], room))
    ]  # fmt: skip
    return {"what": "rooms", "items": items, "text": "\n".join(people)}


def history(
    hall: FakeHall, me: FakePerson, room: str = "", nick: str = "", count: int = CONTEXT,
    since: int | None = None, before: int | None = None, day: str = "",
) -> Answer:  # fmt: skip
    """List the last messages of a room."""
    if since is not None or day or nick:
        raise Refusal("bad-arguments", "A fake server has no history but the last messages of a room.")
    place = _own_room(hall, me, room) if room or me.room else ""  # who is in no room is shown what is private
    everything = hall.earlier(lambda post: same(post.event["room"], place) and post.is_for(me), hall.head, before)
    items = everything[-count:] if count else []
    more = {"next": items[0]["id"]} if items and len(items) < len(everything) else {}
    heading = "1 message:" if len(items) == 1 else f"{len(items)} messages:"
    return {
        "what": "history", "items": items, "heading": heading, "ending": "end of the history", **more,
    }  # fmt: skip


def typing(hall: FakeHall, me: FakePerson, room: str = "") -> Answer:
    """Show that one is typing."""
    place = _own_room(hall, me, room)
    event = {"event": "typing", "room": place, "nick": me.nick, "active": True, "at": hall.now}
    hall.tell_others(me, place, event)
    return {}


def prefer(hall: FakeHall, me: FakePerson, name: str, value: str, remember: bool = False) -> Answer:
    """Change a preference."""
    if name not in ("echo", "emoji", "joins", "rooms", "time", "width", "zone"):
        raise Refusal("bad-arguments", f"There is no setting {name}.")
    me.preferences[name] = value
    return {"text": f"{name} is now {value}.", "room": me.room, "name": name, "value": value}


def rename(hall: FakeHall, me: FakePerson, nick: str) -> Answer:
    """Take another nickname."""
    check_nick(hall, nick, me)
    hall.rename(me, nick)
    return {"nick": nick}


def check_nick(hall: FakeHall, nick: str, me: FakePerson | None = None) -> None:
    """Check that somebody can have this nickname.

    :raises Refusal: they cannot.
    """
    if not NICK.fullmatch(nick):
        raise Refusal("nick-invalid", "A nickname is 2 to 24 letters, digits, _ . or -, and starts with a letter.")
    if hall.here(nick) not in (None, me):
        raise Refusal("nick-taken", f"{nick} is already here; choose another nickname.")


REQUESTS: Mapping[str, Callable[..., Answer]] = {
    "say": say, "me": act, "msg": msg, "edit": edit, "delete": delete, "topic": topic, "join": join, "leave": leave,
    "switch": switch, "list": people, "rooms": rooms, "history": history, "typing": typing, "set": prefer,
    "nick": rename,
}  # fmt: skip
"""What the requests of people who are in do; each returns the fields of its answer."""


def _found(hall: FakeHall, nick: str) -> FakePerson:
    if (person := hall.here(nick)) is None:
        raise Refusal("no-such-nick", f"Nobody here is called {nick}. /list shows who is.")
    return person


def _own_room(hall: FakeHall, me: FakePerson, room: str) -> str:
    """Return the room that is meant, by default the current one."""
    if not room and not me.room:
        raise Refusal("not-in-room", "You are in no room; /join NAME takes you to one.")
    if room and not me.is_in(room):
        raise Refusal("not-in-room", f"You are not in {room}. /join {room} takes you there.")
    return hall.called(room or me.room)


def _speaking_room(hall: FakeHall, me: FakePerson, room: str) -> str:
    return hall.called(room) if room and me.is_quiet else _own_room(hall, me, room)


def _words(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    if not text.strip():
        raise Refusal("nothing-to-say", "There is nothing to say in that.")
    if len(text.encode()) > LONGEST or text.count("\n") >= MOST_LINES:
        raise Refusal("too-long", f"A message can have {LONGEST} bytes and {MOST_LINES} lines.")
    return text


def _replied(hall: FakeHall, me: FakePerson, reply: int | None, place: str) -> Fields:
    """Return the fields of a reply."""
    if reply is None:
        return {}
    message = hall.post_of(reply, me)
    if message.deleted_by:
        raise Refusal("already-deleted", f"#{reply} is deleted already.")
    if message.event["room"] != place:
        raise Refusal("bad-arguments", f"#{reply} was not said here; answer it where it stands.")
    return {"reply": reply, "reply_nick": message.author.nick}
