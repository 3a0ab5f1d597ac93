"""Clients of a check that move: they join, leave and switch rooms, say things there, and write to each other.

Each line says in its own text where its author saw it go; so whoever is shown it can tell whether that is true.
They name no room when they speak, as people at a keyboard do not: the server has to know where they are.

What counts as a fault:

1. A line is shown in a room other than the one that its author saw as current when saying it.
2. A private line is shown to a third person, or in a room; or a line that was said in a room is shown in private.
3. A line is shown to a client that was not told that it is in that room, or was told that it is not.
4. A client that comes back by its token is in other rooms than before, or in another current one.
"""

import json
import random
import re
import time
from collections.abc import Iterable
from typing import Any

from groupchat.checker.erasure import Erasure
from groupchat.checker.ledger import Kept, Ledger
from groupchat.checker.load import Client, Load

ROOMS = 3
"""The number of rooms among which they move."""

PACE_S = 0.8
"""Seconds between two requests of one of them: a server reads two a second from those that are not exempt."""

SAY, WRITE, SWITCH = 0.5, 0.65, 0.85
"""The shares, added up, of saying something, writing to somebody and switching; the rest is joining and leaving."""

PRIVATE = "@"
"""Stands before the number of the reader, where otherwise the number of the room stands."""


class Mover(Client):
    """One client that moves."""

    load: "MovingLoad"

    def __init__(self, load: "MovingLoad", number: int) -> None:
        super().__init__(load, number)
        self.rooms: set[str] = set()
        self.room = ""
        self.pending: dict[str, Any] | None = None
        """The request that is not answered yet; there is at most one."""
        self.ids: list[int] = []
        """The numbers of what it said."""
        self._known: set[str] = set()
        """The nicknames of those of whom it was shown that they are there: its node may not know of others yet."""
        self._before: tuple[frozenset[str], str] = (frozenset(), "")
        """The rooms, and the current one, when the pending request was made."""
        self._said = 0
        self._next_at = 0.0
        self._chance = random.Random(f"{load.ledger.run}.{number}")

    def since(self) -> int | str:
        return self.last if self.last or self.token is not None else "head"

    def _rooms(self) -> dict[str, object]:
        return {} if self.token is not None else {"rooms": list(self.load.rooms[:2])}

    def go_on(self, now: float) -> None:
        """Do the next thing, if it is time for it."""
        if not self.joined or self.pending is not None or self.erasure is not None or now < self._next_at:
            return
        self._next_at = now + self.load.pace
        self._request(self._choose())

    def take(self, lines: bytes) -> None:
        """Read every line."""
        for line in lines.splitlines():
            if not line.startswith(b"{"):
                continue
            message = json.loads(line)
            match message["event"]:
                case "entered":
                    self.rooms.add(str(message["room"]))
                    self._known.update(str(one["nick"]) for one in message.get("people") or ())
                case "joined":
                    self._known.add(str(message["nick"]))
                case "many-joined":
                    self._known.update(map(str, message["nicks"]))
                case "left" | "many-left" if message.get("gone"):
                    self._known.difference_update(map(str, message.get("nicks", [message.get("nick")])))
                case "departed":
                    self.rooms.discard(str(message["room"]))
                case "said":
                    self._shown(message, str(message["room"]))
                case "whispered":
                    self._shown(message, "")
                case "done" | "refused" | "welcome":
                    self.answered(message)

    def answered(self, message: dict[str, Any]) -> None:
        pending = self.pending
        if pending is None or not self.joined or message.get("ref") != pending["ref"]:
            super().answered(message)
            return
        self.pending = None
        if message["event"] == "done":
            self._done(pending, message)
        else:
            code = str(message["code"])
            self.load.refused[code] = self.load.refused.get(code, 0) + 1

    def _choose(self) -> dict[str, object]:
        """Return the next request."""
        here = sorted(self.rooms & set(self.load.rooms))
        elsewhere = [room for room in self.load.rooms if room not in self.rooms]
        if self.room not in self.load.rooms:  # the server has put it somewhere else, where it must not speak
            return {"do": "join", "room": self.load.rooms[0]}
        chance = self._chance.random()
        movers = self.load.movers
        others = [mover for mover in movers if mover is not self and mover.joined and mover.nick in self._known]
        if chance < SAY or (chance < WRITE and not others):
            return {"do": "say", **self._words(str(self.load.rooms.index(self.room)))}
        if chance < WRITE:
            reader = self._chance.choice(others)
            return {"do": "msg", "nick": reader.nick, **self._words(f"{PRIVATE}{reader.number}")}
        if chance < SWITCH and len(here) > 1:
            return {"do": "switch", "room": self._chance.choice([room for room in here if room != self.room])}
        if elsewhere and (len(here) < 2 or self._chance.random() < 0.5):
            return {"do": "join", "room": self._chance.choice(elsewhere)}
        return {"do": "leave", "room": self._chance.choice(here)} if len(here) > 1 else {"do": "ping"}

    def _words(self, place: str) -> dict[str, object]:
        self._said += 1
        text = f"{self.load.ledger.run}~{self.number}.{self._said}.{place}"
        return {"text": text, "key": text}

    def _request(self, request: dict[str, object]) -> None:
        self._ref += 1
        self._before = (frozenset(self.rooms), self.room)
        self.pending = {**request, "ref": self._ref}
        self._ask(self.pending)
        self.flush()

    def _done(self, request: dict[str, Any], answer: dict[str, Any]) -> None:
        self.load.moved(str(request["do"]))
        match request["do"]:
            case "say" | "msg":
                self.ids.append(int(answer["id"]))
            case "join" | "switch":
                self.room = str(answer.get("room", request["room"]))
                self.rooms.add(self.room)
                if self.room != request["room"]:
                    self._fault(f"asked to {request['do']} {request['room']}, and its lines go to {self.room}")
            case "leave":
                self.rooms.discard(str(request["room"]))
                self.room = str(answer.get("room", self.room))

    def _welcomed(self, message: dict[str, Any]) -> None:
        is_back = self.token is not None
        super()._welcomed(message)
        rooms, room = frozenset(map(str, message["rooms"])), str(message["room"])
        if is_back and not self._may_be_in(rooms, room):
            before, current = self._before if self.pending is not None else (frozenset(self.rooms), self.room)
            self._fault(
                f"was in {_listed(before)} and spoke in {current}, and came back in {_listed(rooms)}"
                f" and speaks in {room or 'none'}"
            )
        self.rooms, self.room = set(rooms), room
        self._known.clear()
        if not is_back:
            self.last = int(message["head"])
            self.pending = None
        elif self.pending is not None and self._is_repeated(self.pending):
            self._ask(self.pending)  # what was said is repeated as it was typed
            self.flush()
        else:
            self.pending = None

    def _is_repeated(self, request: dict[str, Any]) -> bool:
        """Return whether a request that was not answered is made again on the next connection."""
        return "key" in request

    def _may_be_in(self, rooms: frozenset[str], room: str) -> bool:
        """Return whether it can be there: where it was, or where the request leads that was not answered."""
        if (rooms, room) == (frozenset(self.rooms), self.room):
            return True
        if self.pending is None:
            return False
        before, current = self._before
        there = str(self.pending.get("room", ""))
        match self.pending["do"]:
            case "join":
                return (rooms, room) in ((before, current), (before | {there}, there))
            case "switch":
                return (rooms, room) in ((before, current), (before, there))
            case "leave":
                return (rooms, room) == (before, current) or (rooms == before - {there} and room in rooms)
        return (rooms, room) == (before, current)

    def _shown(self, message: dict[str, Any], room: str) -> None:
        """Judge a line that is shown; ``room`` is empty for a private one."""
        self.last = max(self.last, int(message["id"]))
        found = self.load.pattern.match(str(message["text"]))
        if found is None:
            return
        author, place = int(found[1]), found[2]
        line = f"#{message['id']} of client {author}"
        if place.startswith(PRIVATE):
            if room:
                self._fault(f"was shown {line} in {room}: it is private")
            elif self.number not in (author, int(place[1:])):
                self._fault(f"was shown {line}: it is private, and for client {place[1:]}")
            return
        meant = self.load.rooms[int(place)]
        if meant != room:
            self._fault(f"was shown {line} {f'in {room}' if room else 'in private'}: it was said in {meant}")
        if room and room not in self.rooms:
            self._fault(f"was shown {line} in {room}, where it is not")

    def _fault(self, what: str) -> None:
        self.load.ledger.misplaced.append(f"client {self.number} {what}")


class MovingLoad(Load):
    """A load with clients that move besides those that post.

    :param movers: how many clients move.
    :param pace: seconds between two requests of one of them.

    ``moves`` counts what they did, by request.
    """

    def __init__(
        self, server: tuple[str, int], ledger: Ledger, clients: int, rate: float, size: int = 100,
        movers: int = 0, pace: float = PACE_S,
    ) -> None:  # fmt: skip
        super().__init__(server, ledger, clients, rate, size)
        self.pace = pace
        self.rooms = tuple(f"verify-{ledger.run}-{number}" for number in range(1, ROOMS + 1))
        self.pattern = re.compile(rf"{ledger.run}~(\d+)\.\d+\.({PRIVATE}?\d+)$")
        self.moves: dict[str, int] = {}
        self.movers = [Mover(self, clients + 1 + number) for number in range(movers)]
        self._everybody += self.movers
        self.moving: list[Mover] = list(self.movers)
        """Everybody who does something else than to post."""
        self._is_moving = False

    def run(self, seconds: float) -> None:
        self._is_moving = True
        super().run(seconds)
        self._is_moving = False

    def settle(self, limit: float) -> bool:
        is_settled = super().settle(limit)
        return self._until(lambda: all(mover.pending is None for mover in self.moving), limit) and is_settled

    def erase(self, found: Iterable[Kept], limit: float) -> None:
        for mover in self.moving:
            mover.erase(mover.ids)
        super().erase(found, limit)

    def moved(self, do: str) -> None:
        """Count what a client has done."""
        self.moves[do] = self.moves.get(do, 0) + 1

    def _erasures(self) -> list[Erasure]:
        return [*super()._erasures(), *(mover.erasure for mover in self.moving if mover.erasure is not None)]

    def _turn(self, wait: float) -> None:
        if self._is_moving:
            now = time.monotonic()
            for mover in self.moving:
                mover.go_on(now)
        super()._turn(wait)


def _listed(rooms: Iterable[str]) -> str:
    return ", ".join(sorted(rooms)) or "no room"
