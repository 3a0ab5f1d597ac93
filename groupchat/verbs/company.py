"""The verbs about other people and oneself: who is here, who is away, whom one ignores, how one is shown things."""

from typing import Any

from groupchat.model import names, preferences, text
from groupchat.model.errors import BadArguments, NoSuchNick, NoSuchRoom
from groupchat.model.events import Answer, Done, Listed
from groupchat.model.times import iso, minute
from groupchat.state.people import Person
from groupchat.verbs.connection import Connection

WIDTH = 72
"""Lists of names are broken into lines of about so many characters."""
AWAY_MAX = 200
"""The most characters of what one leaves behind."""


class Company(Connection):
    """What a member can do about the people here."""

    __slots__ = ()

    def list_people(self, name: str = "") -> Answer:
        """Who is in a room (empty: the current one)."""
        room = self.hall.rooms.get(names.room(name) if name else self._room(""))
        if room is None:
            raise NoSuchRoom(f"There is no room {name}. /rooms lists them all.")
        people = list(room.people)
        shown = [_with_marks(person) for person in people]
        heading = f"{_number(len(people), 'person is', 'people are')} in {room.name}:"
        items = tuple(
            {"nick": person.nick, "away": person.away is not None, "secure": person.is_secure} for person in people
        )
        return Listed("people", (heading, *_folded(shown)), items)

    def list_rooms(self) -> Answer:
        """Every room, the fullest first, with how many people are in it and what it is about."""
        rooms = sorted(self.hall.rooms.values(), key=lambda room: (-len(room.members), room.name))
        rooms = rooms[: self.hall.settings.query_posts]
        counts = [(room, sum(1 for _ in room.people)) for room in rooms]
        lines = tuple(
            f"{room.name}: {_number(count, 'person', 'people')}"
            + (f", {room.topic}" if room.topic else "")
            + (" (you are here)" if room.name == self.current else "")
            for room, count in counts
        )
        items = tuple({"room": room.name, "people": count, "topic": room.topic} for room, count in counts)
        return Listed("rooms", lines, items)

    def status(self) -> Answer:
        """How the server is: since when it runs, who is here, and whether messages are stored."""
        hall = self.hall
        commits = hall.commits
        people, rooms = len(hall.roster), sum(1 for room in hall.rooms.values() if room.members)
        lines = (
            f"groupchat {hall.version} at {hall.settings.name}, running since {minute(hall.since, self.zone)}",
            f"{_number(people, 'person', 'people')}, {_number(len(hall.sessions), 'connection', 'connections')}, "
            + _number(rooms, "room", "rooms"),
            f"The newest message is #{hall.delivered}; {commits.queued} wait to be stored.",
            commits.trouble or "Messages can be posted.",
        )
        item = {
            "version": hall.version, "name": hall.settings.name, "since": iso(hall.since), "people": people,
            "connections": len(hall.sessions), "rooms": rooms, "head": hall.delivered, "queued": commits.queued,
            "delay": round(commits.delay, 3), "trouble": commits.trouble,
        }  # fmt: skip
        return Listed("status", lines, (item,))

    def topic(self) -> Answer:
        """What the current room is about."""
        room = self.hall.rooms[self._room("")]
        return Done(text=f"The topic of {room.name} is: {room.topic}" if room.topic else f"{room.name} has no topic.")

    def who_is(self, nick: str) -> Answer:
        """Where somebody is, since when, how they are connected, and whether they are away."""
        person = self.hall.find(nick)
        rooms = tuple(dict.fromkeys(room for member in person.connections for room in member.rooms))
        since = minute(person.since, self.zone)
        item: dict[str, Any] = {
            "nick": person.nick, "rooms": list(rooms), "since": iso(person.since), "secure": person.is_secure
        }  # fmt: skip
        lines = [
            f"{person.nick} is in {', '.join(rooms) or 'no room'}, here since {since}",
            f"{person.nick}'s connection is {'encrypted' if person.is_secure else 'not encrypted'}",
        ]
        if person.away is not None:
            lines.append(f"{person.nick} is away" + (f": {person.away}" if person.away else ""))
            item["away"] = person.away
        return Listed("whois", tuple(lines), (item,))

    def go_away(self, words: str = "") -> Answer:
        """Let who writes to one know that one is not at the keyboard."""
        left = text.clean(words).strip()
        if len(left) > AWAY_MAX:
            raise BadArguments(f"That is longer than {AWAY_MAX} characters.")
        self.person.away = left
        self.person.told_away = frozenset()
        return Done(text="You are away; who writes to you is told so. /back ends it.")

    def come_back(self) -> Answer:
        """Be here again."""
        if self.person.away is None:
            raise BadArguments("You are not away.")
        self.person.away = None
        return Done(text="You are back.")

    def ignore(self, nick: str) -> Answer:
        """See nothing more of somebody, until they or oneself leave."""
        other = self.hall.find(nick)
        if other is self.person:
            raise BadArguments("That is you.")
        self.person.ignored = {**self.person.ignored, other.author: other.nick}
        self.hall.fanout.ignore(self.person, other.author)
        return Done(text=f"You see nothing more of {other.nick}. /unignore {other.nick} ends it.")

    def unignore(self, nick: str) -> Answer:
        """See somebody's messages again."""
        key = names.key(nick)
        found = [author for author, known in self.person.ignored.items() if names.key(known) == key]
        if not found:
            raise NoSuchNick(f"You do not ignore {nick}. /ignored shows whom you do.")
        self.person.ignored = {author: known for author, known in self.person.ignored.items() if author not in found}
        for author in found:
            self.hall.fanout.unignore(self.person, author)
        return Done(text=f"You see the messages of {nick} again.")

    def list_ignored(self) -> Answer:
        """Whom one ignores."""
        nicks = list(self.person.ignored.values())
        heading = f"You ignore {_number(len(nicks), 'person', 'people')}{':' if nicks else '.'}"
        return Listed("ignored", (heading, *_folded(nicks)), tuple({"nick": nick} for nick in nicks))

    def list_preferences(self) -> Answer:
        """How one is shown things now, and what can be changed."""
        mine = self.screen.style.preferences
        items = tuple({"name": name, "value": mine.shown(name)} for name in preferences.names())
        return Listed("preferences", tuple(mine.describe()), items)


def _with_marks(person: Person) -> str:
    """A nickname, and what there is to know about who has it."""
    marks = [*(["away"] if person.away is not None else []), *(["TLS"] if person.is_secure else [])]
    return f"{person.nick} ({', '.join(marks)})" if marks else person.nick


def _number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _folded(nicks: list[str]) -> list[str]:
    """Names with commas between them, in lines that fit a terminal."""
    lines = []
    line = ""
    for nick in nicks:
        if line and len(line) + len(nick) + 2 > WIDTH:
            lines.append(line + ",")
            line = ""
        line = f"{line}, {nick}" if line else nick
    return [*lines, line] if line else lines
