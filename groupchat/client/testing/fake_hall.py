"""The state of a fake server: people, rooms and posts."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from groupchat.client.testing.fake_fields import Refusal, same

Fields = dict[str, Any]

CONTEXT = 20
"""The number of earlier messages that somebody who comes into a room is shown."""

MESSAGES = frozenset({"said", "acted", "whispered", "shared"})
"""The posts that can be answered, edited and deleted."""


@dataclass(eq=False)
class FakePerson:
    """Somebody in the hall, by the token that proves who they are."""

    nick: str
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)
    rooms: list[str] = field(default_factory=list)
    """The rooms they are in, in the order in which they came into them."""
    room: str = ""
    """The room that their lines go to; empty: there is none."""
    show: Callable[[Fields], None] = field(default=lambda event: None, repr=False)
    """Sends them an event."""
    replace: Callable[[], None] = field(default=lambda: None, repr=False)
    """Ends their connection, because another one takes over."""
    is_here: bool = True
    is_quiet: bool = False
    is_program: bool = False
    """Nobody uses the connection: people read no line when it comes and goes."""
    only_new: bool = False
    position: int = 0
    """How far the last connection had read."""
    preferences: dict[str, str] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict, repr=False)
    """The numbers of their posts that had a key."""

    def is_in(self, room: str) -> bool:
        """Return whether they are in this room."""
        return any(same(room, other) for other in self.rooms)


@dataclass(eq=False)
class FakePost:
    """A post: the event, who made it, and who alone can read it if it is private."""

    event: Fields
    author: FakePerson
    to: FakePerson | None = None
    deleted_by: str = ""
    newest: str | None = None
    """The words of a message that was edited."""

    @property
    def id(self) -> int:
        """The number of the post."""
        number: int = self.event["id"]
        return number

    def is_for(self, person: FakePerson) -> bool:
        """Return whether this person may read it."""
        if self.event["room"]:
            return person.is_in(self.event["room"])
        return person in (self.author, self.to)


class FakeHall:
    """People, rooms and posts, by the rules of docs/PROTOCOL.md."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.people: list[FakePerson] = []
        self.posts: list[FakePost] = []
        self.topics: dict[str, str] = {}
        self._members: dict[str, list[FakePerson]] = {}
        """Who is in each room, in the order in which they came."""
        self._clock = clock

    @property
    def head(self) -> int:
        """The number of the newest post."""
        return len(self.posts)

    @property
    def now(self) -> str:
        """The time, as in every event."""
        return self._clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    # People

    def here(self, nick: str) -> FakePerson | None:
        """Return who has this nickname."""
        return next((one for one in self.people if one.is_here and same(one.nick, nick)), None)

    def members(self, room: str) -> list[FakePerson]:
        """Return who is in a room, in the order in which they came."""
        return self._members.get(room.casefold(), [])

    def rooms(self) -> list[str]:
        """Return the rooms that somebody is in."""
        return sorted({room for one in self.people if one.is_here for room in one.rooms})

    def called(self, room: str) -> str:
        """Return the name of a room as it was first written."""
        return next((other for other in [*self.rooms(), *self.topics] if same(room, other)), room)

    def arrive(self, person: FakePerson, nick: str, rooms: list[str], current: str, *, was_here: bool) -> None:
        """Bring somebody in, or change the rooms of somebody whose connection was replaced; only others are told."""
        if was_here and nick != person.nick:
            self.rename(person, nick)
        kept = list(person.rooms) if was_here else []
        person.nick, person.is_here, person.rooms = nick, True, []
        for room in kept:
            if any(same(room, other) for other in rooms):
                person.rooms.append(room)
            else:
                self._members[room.casefold()].remove(person)
                self._left(person, room, "", gone=False)
        for room in rooms:
            if not person.is_in(room):
                self._come(person, self.called(room))
        person.room = current or (person.rooms[-1] if person.rooms else "")

    def enter(self, person: FakePerson, room: str) -> None:
        """Bring somebody into a room; they and the others are told."""
        room = self.called(room)
        self._come(person, room)
        person.room = room
        person.show(self.entered(room))

    def _come(self, person: FakePerson, room: str) -> None:
        person.rooms.append(room)
        self._members.setdefault(room.casefold(), []).append(person)
        kind = "program-joined" if person.is_program else "joined"
        self.tell_others(person, room, {"event": kind, "room": room, "nick": person.nick, "at": self.now})

    def entered(self, room: str) -> Fields:
        """Return the event that tells somebody of a room they are in."""
        people, programs = (
            [{"nick": one.nick} for one in self.members(room) if one.is_program is wanted] for wanted in (False, True)
        )
        event = {"event": "entered", "room": room, "topic": self.topics.get(room, ""), "people": people}
        return {**event, "programs": programs} if programs else event

    def depart(self, person: FakePerson, room: str, code: str, reason: str = "") -> None:
        """Take somebody out of a room: they and the others are told."""
        room = self.called(room)
        person.rooms.remove(room)
        if same(person.room, room):
            person.room = person.rooms[-1] if person.rooms else ""
        self._members[room.casefold()].remove(person)
        person.show({
            "event": "departed", "room": room, "reason": reason, "code": code, "current": person.room,
        })  # fmt: skip
        self._left(person, room, reason, gone=False)

    def vanish(self, person: FakePerson, reason: str) -> None:
        """Take somebody out of the hall; their token, and their rooms, are kept."""
        if not person.is_here:
            return
        person.is_here = False
        person.position = self.head
        for room in person.rooms:
            self._members[room.casefold()].remove(person)
            self._left(person, room, reason, gone=True)

    def rename(self, person: FakePerson, nick: str) -> None:
        """Give somebody another nickname; everybody who sees them is told."""
        event = {
            "event": "renamed", "room": person.room if len(person.rooms) == 1 else "",
            "nick": person.nick, "new": nick, "at": self.now,
        }  # fmt: skip
        person.nick = nick
        for one in self.people:
            is_told = self._hears_itself(person) if one is person else any(map(one.is_in, person.rooms))
            if one.is_here and is_told:
                one.show(event)

    # Posts

    def post(self, kind: str, author: FakePerson, room: str, to: FakePerson | None = None, **fields: Any) -> int:
        """Add a post, show it to those it is for, and return its number."""
        event = {"event": kind, "id": self.head + 1, "room": room, "nick": author.nick}
        if to is not None or kind in ("edited", "deleted"):
            event["to"] = "" if to is None else to.nick
        event |= {**fields, "at": self.now}
        post = FakePost(event, author, to)
        self._amend(post)
        self.posts.append(post)
        for person in self.people:
            if person.is_here and post.is_for(person) and (person is not author or self._hears_itself(author)):
                person.show(event)
        return post.id

    def post_of(self, number: object, reader: FakePerson) -> FakePost:
        """Return a message that this person can read.

        :raises Refusal: there is none with this number.
        """
        for post in self.posts:
            if post.id == number and post.event["event"] in MESSAGES and post.is_for(reader):
                return post
        raise Refusal("no-such-message", f"There is no message #{number}.")

    def last_of(self, author: FakePerson, room: str) -> FakePost:
        """Return somebody's last message in a room.

        :raises Refusal: there is none.
        """
        for post in reversed(self.posts):
            is_theirs = post.author is author and post.event["event"] in MESSAGES and not post.deleted_by
            if is_theirs and same(post.event["room"], room):
                return post
        raise Refusal("no-such-message", f"You have no message in {room}.")

    def replay(self, person: FakePerson, since: int) -> Iterator[Fields]:
        """Yield what somebody has missed after this number, as it reads now."""
        for post in self.posts:
            if post.id > since and post.is_for(person):
                yield self._as_now(post)

    def earlier(self, is_wanted: Callable[[FakePost], bool], count: int, before: int | None = None) -> list[Fields]:
        """Return the last messages of which this is true, as they read now; deleted ones do not count."""
        wanted = [
            post for post in self.posts if is_wanted(post) and not post.deleted_by and post.event["event"] in MESSAGES
        ]
        last = [post for post in wanted if before is None or post.id < before][-count:] if count else []
        return [self._as_now(post) for post in last]

    # Events that are not stored

    def tell_others(self, person: FakePerson, room: str, event: Mapping[str, Any]) -> None:
        """Show an event to everybody in a room but one."""
        for one in self.people:
            if one is not person and one.is_here and one.is_in(room):
                one.show(dict(event))

    def _left(self, person: FakePerson, room: str, reason: str, *, gone: bool) -> None:
        kind = "program-left" if person.is_program else "left"
        left = {"event": kind, "room": room, "nick": person.nick, "reason": reason, "gone": gone, "at": self.now}
        self.tell_others(person, room, left)

    def _hears_itself(self, author: FakePerson) -> bool:
        return author.preferences.get("echo") == "on"

    def _amend(self, post: FakePost) -> None:
        """Apply an edit or a deletion to its message."""
        for other in self.posts:
            if other.id == post.event.get("target"):
                if post.event["event"] == "deleted":
                    other.deleted_by = post.event["nick"]
                elif post.event["event"] == "edited":
                    other.newest = post.event["text"]

    def _as_now(self, post: FakePost) -> Fields:
        """Return the event of a post as it is replayed: with the newest words, or as deleted."""
        event = dict(post.event)
        target = event["target"] if event["event"] == "edited" else post.id
        message = next(other for other in self.posts if other.id == target)
        if message.deleted_by and event["event"] != "deleted":
            kept = {name: event[name] for name in ("id", "room", "at")}
            return {
                "event": "deleted", **kept, "target": target, "nick": message.deleted_by, "to": event.get("to", ""),
            }  # fmt: skip
        if message.newest is not None and event["event"] in ("said", "acted", "whispered", "edited"):
            acted = {"acted": True} if message.event["event"] == "acted" else {}
            return {"to": "", **event, "event": "edited", "target": target, "text": message.newest, **acted}
        return event
