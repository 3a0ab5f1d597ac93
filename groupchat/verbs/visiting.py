"""The verbs about rooms: going in and out, who is there, what it is about."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.facts.room_facts import ROOM_SETTINGS, RoomSettings
from groupchat.hall.people.attendance import Attendance
from groupchat.lazy.widths import columns
from groupchat.limits.pages import PAGE, Page, page
from groupchat.model import names, wording
from groupchat.model.drafts import Audience, Deed, Kind, StoredPost
from groupchat.model.errors import BadArguments, NoSuchRoom, NotAllowed
from groupchat.model.events import SERVER, Answer, Done, Listed, Told
from groupchat.model.ranks import Rank
from groupchat.model.wording import COMPANY, plural
from groupchat.state.people import Connection, Person
from groupchat.state.rooms import Room as OpenRoom
from groupchat.verbs.actor import Actor, Reply, keepers
from groupchat.verbs.grammar.arguments import After, Here, Room
from groupchat.verbs.grammar.table import Table
from groupchat.verbs.grammar.text_arguments import Reason, Rest
from groupchat.verbs.grammar.word_arguments import RoomSettingName, RoomSettingValue
from groupchat.verbs.reading import replay

VISITING = Table("rooms")

FAREWELL_MAX = 100
"""The most characters of a reason for leaving."""
WIDTH = 72
"""Lists of names are broken into lines of about so many characters."""


@VISITING.verb("j", cost=2)
def join(me: Actor, room: Room) -> Reply:
    """Go into a room, which is made if it is new; your lines go there from then on."""
    name, connection = names.room(room), me.connection
    if name in connection.rooms:
        return switch(me, name)
    if me.person.author == SERVER or connection.quiet:
        raise NotAllowed("A quiet connection, and the server's own, is in no room.")
    if len(connection.rooms) >= me.hall.settings.rooms_max:
        raise BadArguments(f"You are in {plural(len(connection.rooms), 'room')}, which is the most; /leave one first.")
    me.hall.attendance.check_room(me.person, name, is_recalled=False)
    return _move_in(me, name)


@VISITING.verb("part")
def leave(me: Actor, room: Room = "", reason: Reason = "") -> Reply:
    """Leave a room: this one, or the one you name."""
    me.check_lost(room)
    return _move_out(me, me.own_room(room), reason)


@VISITING.verb("s")
def switch(me: Actor, room: Room) -> Reply:
    """Send your lines to another of your rooms."""
    return _switch(me, me.own_room(room))


@VISITING.verb(cost=5)
def rooms(me: Actor, after: After = "") -> Answer:
    """List the rooms, with how many people are there and what they are about; the fullest first.

    At most 200 at a time; "/rooms after NAME" lists those that follow.
    """
    hall, connection = me.hall, me.connection
    begin = _existing(me, after) if after else None
    shown = Page(*hall.rooms.fullest(begin, PAGE, hall.moderation.hidden_from(me.person)))
    counts = [(room, room.count()) for room in shown.items]
    lines = [
        f"{room.name}: {plural(count, 'person', 'people')}"
        + (f", {room.topic}" if room.topic else "")
        + (" (locked)" if room.name in hall.moderation.locked else "")
        + (" (you are here)" if room.name == connection.current else "")
        for room, count in counts
    ]
    if shown.more:
        lines += shown.hint("/rooms", shown.items[-1].name)
    items = tuple(
        {
            "room": room.name, "people": count, "topic": room.topic, "joined": room.name in connection.rooms,
            "locked": room.name in hall.moderation.locked,
        }
        for room, count in counts
    )  # fmt: skip
    return Listed("rooms", tuple(lines), items, shown.more)


@VISITING.verb(posts=True)
def topic(me: Actor, text: Rest = "", room: Here = "") -> Reply:
    """Show what this room is about, or say what it is about from now on; "/topic -" clears it."""
    name = me.room(room)
    if not text:
        about = me.hall.rooms.find(name)
        known = about.topic if about is not None else ""
        line = f"The topic of {name} is: {known}" if known else f"{name} has no topic."
        return Listed("topic", (line,), ({"room": name, "topic": known},))
    me.check_lost(room)
    words = "" if text == "-" else text.strip()
    most = me.hall.settings.topic_max
    if len(words) > most:
        raise BadArguments(f"A topic has at most {most} characters; this one has {len(words)}.")
    me.check_meant(words, room, f"makes that the topic of {name}")
    return me.post(me.draft(Kind.TOPIC, name, words))


@VISITING.verb()
def set_room(me: Actor, name: RoomSettingName = "", value: RoomSettingValue = "", room: Here = "") -> Reply:
    """Change a setting of this room, such as "/set-room topic operators"; alone, show its settings.

    "topic" says who sets the topic: anybody, or operators. (Changes are for operators of the room or the server.)
    """
    place, book = me.speaking_room(room) if value else me.room(room), me.hall.moderation
    if not name:
        items = tuple({"name": known, "value": book.setting(place, known)} for known in ROOM_SETTINGS)
        lines = tuple(f"{item['name']}: {item['value']}" for item in items)
        return Listed("room-settings", (f"The settings of {place}:", *lines), items)
    if name not in ROOM_SETTINGS:
        raise BadArguments(f"A room has no setting {name}; there are: {', '.join(ROOM_SETTINGS)}.")
    if value not in ROOM_SETTINGS[name]:
        values, now = "|".join(ROOM_SETTINGS[name]), book.setting(place, name)
        raise BadArguments(f"Usage: /set-room {name} {values}; it is {now} in {place}.")
    if me.rank_in(place) < Rank.ROOM_OPERATOR:
        me.check_sanctions(Rank.ROOM_OPERATOR, place)
        raise NotAllowed(f"Only operators change the settings of {place}.")
    if book.setting(place, name) == value:
        raise BadArguments(f"In {place}, {name} is {value} already.")
    before = book.settings.get(place)
    changed = {**(before.changed if before is not None else {}), name: value}
    changed = {known: given for known, given in changed.items() if given != ROOM_SETTINGS[known][0]}
    made = RoomSettings(place, changed, me.person.nick, me.hall.now())
    change = made.replacing(before) if changed or before is None else before.undone()
    deed = Deed("set-room", f"set {name} of {place} to {value}", place)
    return me.decree(deed, change, needs=keepers(place), room=place)


@VISITING.verb("who", "names", cost=5)
def list_(me: Actor, after: After = "", room: Room = "") -> Answer:
    """List the people in this room, or in another, by nickname, and the programs that read what is said there.

    At most 200 at a time; "/list after NICK" lists those that follow.
    """
    found = _existing(me, room or me.room(""))
    watching, unnamed = me.hall.attendance.watchers(found)
    heading = f"{plural(found.count(), 'person is', 'people are')} in {found.name}:"
    begin = names.key(after) if after else None
    people, behind = found.listing.following(begin, PAGE)
    shown = page([*people, *watching], lambda person: person.key, begin)
    shown = replace(shown, more=shown.more + behind)
    items = tuple(me.hall.attendance.presence(person, found.name) for person in shown.items)
    apart = {*watching, *found.listing.programs.intersection(people)}
    lines = folded([_with_marks(person) for person in shown.items if person not in apart])
    reading = [person.nick for person in shown.items if person in apart]
    if reading:
        lines += folded([f"Programs that read here: {reading[0]}", *reading[1:]])
    if unnamed:
        lines.append(wording.unnamed(unnamed))
    if shown.more:
        lines += shown.hint("/list", shown.items[-1].nick)
    return Listed("people", (heading, *lines), items, shown.more, unnamed=unnamed)


def farewell(me: Actor, reason: str, rooms: Sequence[str]) -> str:
    """Return a reason for leaving these rooms as others may read it."""
    return me.hall.moderation.farewell(me.person, rooms, reason.strip()[:FAREWELL_MAX], me.hall.now())


def folded(nicks: list[str]) -> list[str]:
    """Return names with commas between them, in lines that fit a terminal."""
    lines = []
    line = ""
    for nick in nicks:
        if line and _columns(line) + _columns(nick) + 2 > WIDTH:
            lines.append(line + ",")
            line = ""
        line = f"{line}, {nick}" if line else nick
    return [*lines, line] if line else lines


def _columns(words: str) -> int:
    return len(words) if words.isascii() else columns(words)


def _existing(me: Actor, name: str) -> OpenRoom:
    """:raises NoSuchRoom: there is no room with this name that the caller may be told of."""
    found = me.hall.rooms.find(names.room(name))
    if found is None or not me.reveals(found.name):
        raise NoSuchRoom(f"There is no room {name}. /rooms lists them all.")
    return found


@inlineCallbacks
def _move_out(me: Actor, name: str, reason: str) -> "Generator[Deferred[Any], Any, Answer]":
    hall, connection = me.hall, me.connection
    hall.persistence.note_position(connection, (name,))
    is_stored = yield hall.persistence.intend(connection, lambda places: places.left(name))
    if connection.gone:
        return Done()
    if name not in connection.rooms:  # somebody was faster
        hall.persistence.abandon(connection)
    else:
        hall.attendance.leave_room(connection, name, farewell(me, reason, (name,)))
        _give_up(me, name)
    if connection.current:
        return _moved(connection, f"You left {name}. Your lines now go to {connection.current}.", is_stored)
    return _moved(connection, f"You left {name}, and are in no room now. /join {name} takes you back.", is_stored)


def _give_up(me: Actor, room: str) -> None:
    """Let somebody come back only if invited who was in a locked room and has left it by themselves."""
    hall, person = me.hall, me.person
    known = hall.moderation.invited.get(room, {}).get(person.author)
    if known is not None and known.staying and room not in person.rooms and hall.commits.refusal is None:
        hall.registration.amend(SERVER, known.undone())


@inlineCallbacks
def _switch(me: Actor, name: str) -> "Generator[Deferred[Any], Any, Answer]":
    hall, connection = me.hall, me.connection
    partner, connection.partner = connection.partner, None
    is_stored = yield hall.persistence.intend(connection, lambda places: places.switched(name))
    if connection.gone:
        return Done()
    if name not in connection.rooms:
        connection.partner = partner
        hall.persistence.abandon(connection)
        me.own_room(name)
    hall.attendance.switch(connection, name)
    return _moved(connection, f"Your lines now go to {name}.", is_stored)


def _moved(connection: Connection, words: str, is_stored: bool) -> Done:
    """Return what somebody is told who has moved; programs read from ``room`` where their lines go now."""
    if not is_stored:
        words = f"{words} That cannot be stored just now, and is not sure to outlast a restart."
    return Done(text=words, fields={"room": connection.current})


@inlineCallbacks
def _move_in(me: Actor, room: str) -> "Generator[Deferred[Any], Any, Answer]":
    """Show what was said in the room lately, and go in, without missing anything between."""
    hall, connection = me.hall, me.connection
    partner, connection.partner = connection.partner, None
    is_stored = yield hall.persistence.intend(connection, lambda places: places.entered(room))
    try:
        yield hall.recall_rooms([room])
        # A room that the journal does not know has no posts, and nobody else is in it: nothing is to be read.
        posts = [] if hall.rooms.find(room) is None else (yield _posts_lately(me, room))
        if connection.gone:
            return Done()
        hall.attendance.check_room(me.person, room)  # it may have been locked meanwhile
    except BaseException:
        connection.partner = partner
        hall.persistence.abandon(connection)
        raise
    hall.attendance.enter_room(connection, room)
    hall.attendance.tell_entered(connection, room)
    if (with_them := company(connection, hall.rooms.open(room), hall.attendance)) is not None:
        connection.show(with_them)
    replayed = replay(posts, me.person, hall.now())
    if replayed is not None:
        connection.show(replayed)
    return _moved(connection, f"You are in {room} now.", is_stored)


COUNTED = 200
"""The most connections of a room that are looked at to say who is in it: many may come into a crowded one at once."""


def company(connection: Connection, room: OpenRoom, attendance: Attendance) -> Told | None:
    """Return who is in a room that somebody has come into, as people read it; None: nobody, or a program is told.

    Those who follow it over HTTP are told, too: nobody reads unseen.

    The names are those of who came last: they are more likely to be looking.
    """
    if not connection.screen.style.prose:
        return None
    lately = islice(reversed(room.members), COUNTED)
    people = dict.fromkeys(member.person for member in lately if not member.program)
    people.pop(connection.person, None)
    named = [person.nick for person in islice(people, COMPANY)]
    words = wording.company(room.name, named, len(people) - len(named), len(room.members) > COUNTED)
    watching, unnamed = attendance.watchers(room, COUNTED)
    reading = list(dict.fromkeys(member.person.nick for member in islice(reversed(room.programs), COUNTED)))
    reading += [person.nick for person in watching]
    others, is_more = max(len(reading) - COMPANY, 0), len(room.programs) > COUNTED
    programs = wording.named(reading[:COMPANY], others, is_more)
    reads = f"Programs read here, too: {programs}." if programs else ""
    told = tuple(filter(None, (words, reads, wording.unnamed(unnamed))))
    return Told(told) if told else None


@inlineCallbacks
def _posts_lately(me: Actor, room: str) -> "Generator[Deferred[Any], Any, list[StoredPost]]":
    """Return what is shown to somebody who joins a room now."""
    hall, connection, stream = me.hall, me.connection, me.hall.stream
    if connection.silent:
        return []
    upto = -1
    while upto < stream.recent.floor:
        upto = stream.delivered
        posts = list((yield stream.journal.recent(Audience((room,)), upto, hall.settings.replay_posts)))
    if connection.cursor is not None:
        # What comes after the cursor it will show by itself.
        position = connection.cursor.position
        posts = [stored for stored in posts if stored.event.id <= position]
    else:
        posts.extend(stream.recent.after(upto, Audience((room,))))
    for stored in posts:
        hall.outcomes.moves.note_earlier_words(stored.event)
    return posts


def _with_marks(person: Person) -> str:
    """Return a nickname with what there is to know about the person."""
    marks = [*(["away"] if person.away is not None else []), *(["TLS"] if person.is_secure else [])]
    return f"{person.nick} ({', '.join(marks)})" if marks else person.nick
