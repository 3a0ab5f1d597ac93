"""What a client must know to come back as if it had never been away."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

from groupchat.client.protocol import Message

POSTS = frozenset({"said", "acted", "whispered", "edited", "deleted", "topic-changed"})
"""The events whose ``id`` is a number of the journal.  An unknown event's ``id`` may be anything."""

CONTEXT = 20
"""How many earlier messages the server shows to who joins without ``since``."""

GHOST = 150.0
"""Seconds for which our own dead connection may hold the nickname: the server notices within 120."""

Since: TypeAlias = int | Literal["head"] | None
"""The number up to which everything was handled; ``"head"``: nothing old is wanted; None: the last few messages."""


class Resumption:
    """Nickname, token and position of one client."""

    def __init__(
        self,
        nick: str,
        alternatives: Iterable[str],
        token: str | None,
        since: Since,
        room: str | None,
        password: str | None = None,
        attended: bool = False,
    ) -> None:
        self.nick = nick
        self.token = token
        self.since = since
        self.room: str | None = None
        self._wanted_room = room
        self._password = password
        self._attended = attended
        self._moved = False
        self._alternatives = iter(alternatives)
        self.head = 0
        self._first_head = 0
        self._known = False
        self._ghost_until: float | None = None
        self._own: set[int] = set()

    def claim(self) -> Message:
        """The request that takes this place, without its ``ref``."""
        since = self.since
        if since is None and self._known:
            # We were in, and have read nothing: the room was empty, or what it showed us was cut off.
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
        return message

    def welcomed(self, welcome: Message) -> Message | None:
        """The server let us in.  The request that brings us into the room we want, when we are not there."""
        self.nick = str(welcome.get("nick", self.nick))
        self.room = str(welcome.get("room", ""))
        head = int(welcome.get("head", 0))
        if self.since == "head":
            self.since = head
        if not self._known:
            self._first_head = head
        self.head = head
        self._known = True
        self._ghost_until = None
        resumed = self.token is not None
        self.token = str(welcome["token"]) if welcome.get("token") else self.token
        if self._wanted_room in (None, self.room) or (resumed and self._moved):
            return None
        return {"do": "join", "room": self._wanted_room}

    def moved(self) -> None:
        """The server carried out what ``welcomed`` asked for.  From now on its token remembers the rooms."""
        self.room = self._wanted_room
        self._moved = True

    def refused(self, code: str, now: float) -> bool:
        """The server did not let us in.  Whether another ``claim`` on this connection is worth it.

        :param now: seconds on the client's clock.
        """
        if code == "token-invalid" and self.token is not None:
            self.token = None
            return True
        if code in ("nick-taken", "nick-reserved") and not self.haunted(code, now):
            nick = next(self._alternatives, None)
            self.nick = nick or self.nick
            return nick is not None
        return False

    def unwelcomed(self, now: float) -> None:
        """A connection was lost between the claim and its answer: the server may take it for alive, without a token."""
        if self.token is None and self._ghost_until is None:
            self._ghost_until = now + GHOST

    def haunted(self, code: str, now: float) -> bool:
        """Whether who has our nickname may be our own dead connection, so that waiting helps."""
        if code != "nick-taken":
            return False
        if self.token is not None and self._ghost_until is None:
            self._ghost_until = now + GHOST
        return self._ghost_until is not None and now < self._ghost_until

    def handled(self, event: Message) -> None:
        """Everything up to this event was handled: the server sends posts in the order of their numbers."""
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
        """A post of our own has this number.

        That says nothing of the posts before it: an answer may overtake what we are still catching up on.
        So the number only counts when it is the very next one, or once the gap before it is closed.
        """
        if type(number) is not int or number <= (self.since if type(self.since) is int else 0):
            return
        self._own.add(number)
        self._close_up()

    def knows(self, event: Message) -> bool:
        """Whether this is a post of our own, come back in a replay, that we were answered for already."""
        number = event.get("id")
        return type(number) is int and number in self._own and event.get("event") in POSTS

    def _close_up(self) -> None:
        while type(self.since) is int and self.since + 1 in self._own:
            self.since += 1
            if self.since > self.head:
                self._own.discard(self.since)  # else the replay that is under way may still bring it
