"""The data that a client needs to come back as the same person: nickname, token, rooms and position."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

from groupchat.client.protocol import Message

POSTS = frozenset({"said", "acted", "whispered", "edited", "deleted", "topic-changed"})
"""The events whose ``id`` is a number in the journal.  The ``id`` of an unknown event may be anything."""

CONTEXT = 20
"""The number of earlier messages that the server shows to a client that joins without ``since``."""

GHOST = 120.0
"""Seconds for which the client's own dead connection may hold the nickname: the server gives it up after 60,
and attempts are up to 31 s apart."""

Since: TypeAlias = int | Literal["head"] | None
"""The number up to which everything was handled; ``"head"``: nothing old is wanted; None: the last few messages."""


class Resumption:
    """Nickname, token, rooms and position of one client.

    Rules:

    1. ``since`` only rises, and only to a number up to which every post was handled.
       Answers may overtake the posts before them, so the client's own numbers wait in ``_own`` until the gap is closed.
    2. The server's word on rooms holds: ``welcome``, ``entered``, ``departed`` and ``done`` say what they are.
       The client's own wish counts until it was fulfilled once, and again when the server has forgotten the token.

    :param room: a room to go to, beside those the server puts the client in (None: none).
    :param rooms: the rooms to be in, the last one current (None: the server decides).
    """

    def __init__(
        self,
        nick: str,
        alternatives: Iterable[str] = (),
        token: str | None = None,
        since: Since = None,
        room: str | None = None,
        password: str | None = None,
        attended: bool = False,
        rooms: Iterable[str] | None = None,
        quiet: bool = False,
    ) -> None:
        self.nick = nick
        self.token = token
        self.since = since
        self.room: str | None = None
        """The room that lines go to; None before it is known, empty when there is none."""
        self.rooms: tuple[str, ...] = ()
        self.head = 0
        self.told_of_rooms = False
        """True if the server tells of every change of rooms, so that ``room`` is always right."""
        self._password = password
        self._attended = attended
        self._quiet = quiet
        self._claimed_rooms = None if rooms is None else tuple(rooms)
        self._wanted = [room] if room is not None else list(self._claimed_rooms or ())
        self._alternatives = iter(alternatives)
        self._first_head = 0
        self._known = False
        self._ghost_until: float | None = None
        self._own: set[int] = set()

    def claim(self) -> Message:
        """Return the request that joins the chat, without its ``ref``."""
        since = self.since
        if since is None and self._known:
            # The client was in, and has read nothing: the room was empty, or what the server showed was cut off.
            since = max(0, self._first_head - CONTEXT)
        if type(since) is int:
            self._own = {own for own in self._own if own > since}
        message: Message = {"do": "nick", "nick": self.nick}
        if since is not None:
            message["since"] = since
        if self.token is not None:
            message["token"] = self.token
        if self._password is not None:
            message["password"] = self._password
        if self._attended:
            message["attended"] = True
        if self._quiet:
            message["quiet"] = True
        elif self._claimed_rooms is not None:
            message["rooms"] = list(self._claimed_rooms)
        return message

    def welcomed(self, welcome: Message) -> None:
        """Note what the server says as it lets the client in."""
        self.nick = str(welcome.get("nick") or self.nick)
        self.room = str(welcome.get("room") or "")
        rooms = welcome.get("rooms")
        self.told_of_rooms = isinstance(rooms, list)
        self.rooms = tuple(map(str, rooms)) if isinstance(rooms, list) else (self.room,) if self.room else ()
        head = int(welcome.get("head") or 0)
        if self.since == "head":
            self.since = head
        if not self._known:
            self._first_head = head
        self.head = head
        self._known = True
        self._ghost_until = None
        self.token = str(welcome["token"]) if welcome.get("token") else self.token
        self._wanted = self._still_wanted()
        if not self._wanted:
            self._claimed_rooms = None

    @property
    def bound_room(self) -> str | None:
        """The room that a line typed now is meant for, when that is certain."""
        return self.room if self.told_of_rooms else None

    def missing_room(self) -> str | None:
        """Return the next room that the client has to join itself, if any."""
        return self._wanted[0] if self._wanted else None

    def moved(self) -> None:
        """Note that the client has joined the room that was missing; from now on the token remembers it."""
        self._move_to(self._wanted.pop(0))
        if not self._wanted:
            self._claimed_rooms = None

    def refused(self, code: str, now: float) -> bool:
        """Note that the server refused the claim; return whether another ``claim`` on this connection may succeed.

        :param now: seconds on the client's clock.
        """
        if code == "token-invalid" and self.token is not None:
            self.token = None
            if self.rooms:
                self._claimed_rooms = self.rooms
                self._wanted = list(self.rooms)
            return True
        if code in ("nick-taken", "nick-reserved") and not self.haunted(code, now):
            nick = next(self._alternatives, None)
            self.nick = nick or self.nick
            return nick is not None
        return False

    def unwelcomed(self, now: float) -> None:
        """Note that a connection was lost between the claim and its answer: the server may consider it alive."""
        if self.token is None and self._ghost_until is None:
            self._ghost_until = now + GHOST

    def haunted(self, code: str, now: float) -> bool:
        """Return whether the client's own dead connection may hold the nickname, so that waiting helps."""
        if code != "nick-taken":
            return False
        if self.token is not None and self._ghost_until is None:
            self._ghost_until = now + GHOST
        return self._ghost_until is not None and now < self._ghost_until

    def follow(self, event: Message) -> None:
        """Note the rooms that the client enters and leaves, and the one an answer says its lines go to."""
        if event.get("event") == "entered":
            self._move_to(str(event.get("room", "")))
        elif event.get("event") == "departed":
            self.rooms = tuple(room for room in self.rooms if room != event.get("room"))
            self.room = str(event.get("current", self.room or ""))
        elif event.get("event") == "done" and event.get("room"):
            self._move_to(str(event["room"]))

    def handled(self, event: Message) -> None:
        """Note that everything up to this event was handled: the server sends posts in the order of their numbers."""
        if event.get("event") == "renamed" and event.get("nick") == self.nick:
            self.nick = str(event.get("new", self.nick))
        number = event.get("id")
        if event.get("event") not in POSTS or type(number) is not int:
            return
        if type(self.since) is int and number < self.since:
            return  # an earlier message, shown on joining another room
        self.since = number
        if self._own:
            self._own = {own for own in self._own if own > number}
            self._close_up()

    def posted(self, number: object) -> None:
        """Note the number of a post of the client's own; it counts once the gap before it is closed (rule 1)."""
        if type(number) is not int or number <= (self.since if type(self.since) is int else 0):
            return
        self._own.add(number)
        self._close_up()

    def knows(self, event: Message) -> bool:
        """Return whether this is a post of the client's own, replayed, whose answer came before."""
        number = event.get("id")
        return type(number) is int and number in self._own and event.get("event") in POSTS

    def _still_wanted(self) -> list[str]:
        """Return the wanted rooms that the server has not put the client in; the last one must be current."""
        if self._quiet and not self.room:
            return []  # a quiet client posts to rooms without being in them
        known = {room.casefold() for room in self.rooms}
        *others, last = self._wanted or [self.room or ""]
        missing = [room for room in others if room.casefold() not in known]
        return [*missing, *([] if last.casefold() == (self.room or "").casefold() and not missing else [last])]

    def _move_to(self, room: str) -> None:
        self.room = room
        self.rooms = (*(other for other in self.rooms if other != room), room)

    def _close_up(self) -> None:
        while type(self.since) is int and self.since + 1 in self._own:
            self.since += 1
            if self.since > self.head:
                self._own.discard(self.since)  # otherwise the replay under way may still bring it
