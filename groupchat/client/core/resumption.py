"""The data that a client needs to come back as the same person: nickname, token, rooms and position."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

from groupchat.client.core.protocol import Message
from groupchat.client.core.requests import goes_elsewhere

VOLUNTARY = frozenset({"left", "logged-out"})
"""The codes of a ``departed`` that the client itself has asked for."""

LOCKED_OUT = frozenset({"room-locked", "room-invalid", "banned"})
"""Refusals of a claim that may be about a room that the client asks for."""

POSTS = frozenset({"said", "acted", "whispered", "shared", "edited", "deleted", "topic-changed"})
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

    1. ``since`` rises only to a number up to which every post was handled; it falls only to hear posts again.
       Answers may overtake the posts before them, so the client's own numbers wait in ``_own`` until the gap is closed.
    2. The server's word on rooms holds: ``welcome``, ``entered``, ``departed`` and ``done`` say what they are.
    3. What the program wants holds on every connection: it is asked for again, or joined, if the server says otherwise.
       It changes when the program itself joins, leaves or switches.  Where a person decides (``attended``),
       it also ends when they are put out: they are told, and a client that went back by itself would make light of it.
    4. A room that was lost against the client's will is in ``lost`` until the program was told, by a refusal,
       or has chosen another one.

    :param room: the room to be current, beside those the server puts the client in (None: the server decides).
    :param rooms: the rooms to be in, the last one current (None: the server decides).
    :param access: an access token of the account, which goes with every claim; with it the nickname may be empty.
    :param login: whether only the account with the nickname will do, and never a guest.
    :param name_wait: seconds for which to ask again for a nickname that somebody else has.
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
        access: str | None = None,
        marks: bool = False,
        program: bool = False,
        login: bool = False,
        name_wait: float = 0.0,
    ) -> None:
        self.nick = nick
        self.token = token
        self.since = since
        self.only_new = since == "head"
        """True if nothing is wanted that was posted before the client came, in any room."""
        self.room: str | None = None
        """The room that lines go to; None before it is known, empty when there is none."""
        self.rooms: tuple[str, ...] = ()
        self.query = ""
        """The person that lines without a room go to; empty: to the current room."""
        self.lost = ""
        """The room that the client's lines went to until it was lost (rule 4); empty: none."""
        self.head = 0
        self.told_of_rooms = False
        """True if the server tells of every change of rooms, so that ``room`` is always right."""
        self._password = password
        self._access = access
        self._login = login
        self._name_wait = name_wait
        self._attended = attended
        self._quiet = quiet
        self._marks = marks
        self._program = program
        self._claimed_rooms = None if rooms is None else tuple(rooms)
        self._restored_rooms: tuple[str, ...] | None = None
        """The rooms of before, asked for because the server has forgotten the token."""
        self._pinned = room
        self._wanted: list[str] = []
        self._resumed = ""
        """The room that is joined again on this connection."""
        self._alternatives = iter(alternatives)
        self._first_head = 0
        self._known = False
        self._has_settled = False
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
        message: Message = {"do": "nick"}
        if self.nick:
            message["nick"] = self.nick
        if since is not None:
            message["since"] = since
        if self.token is not None:
            message["token"] = self.token
        if self._password is not None:
            message["password"] = self._password
        if self._access is not None:
            message["access"] = self._access
        if self._login:
            message["login"] = True
        if self._attended:
            message["attended"] = True
        if self._marks:
            message["marks"] = True
        if self._program:
            message["program"] = True
        if self._quiet:
            message["quiet"] = True
        elif (rooms := self._restored_rooms if self._claimed_rooms is None else self._claimed_rooms) is not None:
            message["rooms"] = list(rooms)
        return message

    def welcomed(self, welcome: Message) -> None:
        """Note what the server says as it lets the client in."""
        before = self.room or ""
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
        self._wanted = self._still_wanted(before)
        self._restored_rooms = None
        self._resumed = before if before in self._wanted else ""
        if before and self.told_of_rooms and not self._resumed and not _is_in(before, self.rooms):
            self.lost = before

    @property
    def bound_room(self) -> str | None:
        """The room that a line typed now is meant for, when that is certain."""
        if self._is_insisting:
            return self._pinned
        return self.room if self.told_of_rooms else None

    @property
    def _is_insisting(self) -> bool:
        """Return whether a program by itself wants this room and no other."""
        return self._pinned is not None and not self._attended

    def take_lost(self) -> str:
        """Return the room that was lost, once (rule 4); a program that names its room says nothing in another."""
        lost, self.lost = self.lost, ""
        return "" if self._is_insisting else lost

    def missing_room(self) -> str | None:
        """Return the next room that the client has to join itself, if any."""
        return self._wanted[0] if self._wanted else None

    def moved(self) -> None:
        """Note that the client has joined the room that was missing."""
        self._move_to(self._wanted.pop(0))
        self._resumed = ""

    def can_do_without(self) -> bool:
        """Give up the room that was missing and is refused, if the client has been in, and a person can be told."""
        if not self._attended or not self._has_settled:
            return False
        room = self._wanted.pop(0)
        self._resumed = ""
        if self._pinned is not None and _is_same(room, self._pinned):
            self._pinned = None
        self.lost = room
        return True

    def settled(self) -> None:
        """Note that the client is where it wants to be."""
        self._has_settled = True

    def has_shown(self, event: Message) -> bool:
        """Return whether this was shown before, and comes again because the client has come back to its room."""
        number = event.get("id")
        if not self._resumed or event.get("event") not in POSTS or type(number) is not int:
            return False
        return _is_same(str(event.get("room")), self._resumed) and type(self.since) is int and number <= self.since

    def refused(self, code: str, now: float) -> bool:
        """Note that the server refused the claim; return whether another ``claim`` on this connection may succeed.

        :param now: seconds on the client's clock.
        """
        if code == "token-invalid" and self.token is not None:
            self.token = None
            if self.rooms and self._claimed_rooms is None:
                self._restored_rooms = self.rooms
            return True
        if code in LOCKED_OUT and self._restored_rooms is not None:
            self._restored_rooms = None
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
        """Return whether the nickname may soon be free, so that waiting helps.

        The client's own dead connection may hold it, or another program that is done in a moment.
        """
        if code != "nick-taken":
            return False
        if self._ghost_until is None and (wait := GHOST if self.token is not None else self._name_wait):
            self._ghost_until = now + wait
        return self._ghost_until is not None and now < self._ghost_until

    def follow(self, event: Message) -> None:
        """Note the rooms that the client enters and leaves, and the one an answer says its lines go to."""
        if event.get("event") == "entered":
            self._move_to(str(event.get("room", "")))
        elif event.get("event") == "departed":
            self._depart(str(event.get("room", "")), str(event.get("code", "")), str(event.get("current", "")))
        elif event.get("event") == "done" and event.get("room"):
            self._move_to(str(event["room"]))
        elif event.get("event") == "renamed" and event.get("nick") == self.query:
            self.query = str(event.get("new", self.query))

    def answered(self, request: Message, answer: Message) -> None:
        """Follow the answer to a request of the program: where it goes by itself, it wants to be (rule 3)."""
        self.follow(answer)
        if answer.get("event") != "done":
            return
        if "query" in answer:
            self.query = str(answer["query"] or "")
        if goes_elsewhere(request):
            self.lost = self.query = ""
            if self._pinned is not None:
                self._pinned = self.room or None
            if self._claimed_rooms is not None:
                self._claimed_rooms = self.rooms

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

    def _still_wanted(self, before: str) -> list[str]:
        """Return the wanted rooms that the server has not put the client in; the last one must be current.

        :param before: the current room on the last connection.
        """
        if self._quiet and not self.room:
            return []  # a quiet client posts to rooms without being in them
        wishes = list(self._claimed_rooms or self._restored_rooms or ())
        last = before if self._pinned is None and before in self.rooms else self._pinned
        if last:
            wishes = [*(room for room in wishes if not _is_same(room, last)), last]
        *others, last = wishes or [self.room or ""]
        missing = [room for room in others if not _is_in(room, self.rooms)]
        return [*missing, *([] if _is_same(last, self.room or "") and not missing else [last])]

    def _depart(self, room: str, code: str, current: str) -> None:
        """Note the loss of a room."""
        if code not in VOLUNTARY and room == self.room:
            self.lost = room
        if self._pinned is not None and _is_same(room, self._pinned) and (code in VOLUNTARY or self._attended):
            self._pinned = current if code in VOLUNTARY and current else None
        if self._claimed_rooms is not None and code in VOLUNTARY:
            self._claimed_rooms = tuple(claimed for claimed in self._claimed_rooms if not _is_same(claimed, room))
        self.rooms = tuple(other for other in self.rooms if other != room)
        self.room = current

    def _move_to(self, room: str) -> None:
        self.room = room
        self.rooms = (*(other for other in self.rooms if other != room), room)

    def _close_up(self) -> None:
        while type(self.since) is int and self.since + 1 in self._own:
            self.since += 1
            if self.since > self.head:
                self._own.discard(self.since)  # otherwise the replay under way may still bring it


def _is_same(room: str, other: str) -> bool:
    return room.casefold() == other.casefold()


def _is_in(room: str, rooms: Iterable[str]) -> bool:
    return any(_is_same(room, other) for other in rooms)
