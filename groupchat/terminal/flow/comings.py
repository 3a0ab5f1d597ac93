"""People who come and go: gathered for a moment, and told in one line, in which only those are named who spoke lately.

Rules:

1. Somebody who comes and goes within that moment is not told of.
2. A line that would name nobody is left out, unless many come or go.
3. Whoever was there when the connection was lost, or the server ended, and comes back soon, has not been away.
   Those who do not come back have left, at the moment when they are expected no longer.
4. Nothing is told after what follows it in its room: whoever shows something else there flushes first.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from groupchat.client.core.protocol import Message
from groupchat.destinations.configuration import JOINS
from groupchat.model.events import GATHER_S, LATELY_S, MANY

ACTIVE, EACH, _ = JOINS

BACK_S = 60.0
"""Seconds within which people are expected back after an interruption."""

KEPT = 500
"""The most people of a room of whom it is known when they spoke."""

CAME, WENT = "many-joined", "many-left"
_MESSAGES = frozenset({"said", "acted", "whispered", "shared", "edited"})
_KINDS = {"joined": CAME, "many-joined": CAME, "left": WENT, "many-left": WENT}


@dataclass(slots=True)
class _Room:
    """``here``: who is there, by their folded names.  ``moves``: who came or went, which of both, and why.

    ``others``: those whom an older server has only counted.  ``expected``: who is expected back.
    """

    here: dict[str, str] = field(default_factory=dict)
    spoke: dict[str, float] = field(default_factory=dict)
    moves: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)
    expected: dict[str, str] = field(default_factory=dict)
    at: str = ""
    timer: IDelayedCall | None = None
    waiting: IDelayedCall | None = None


class Comings:
    """Take the events about people who come and go, and give back fewer.

    :param show: shows an event.
    """

    def __init__(self, clock: IReactorTime, show: Callable[[Message], object]) -> None:
        self._clock = clock
        self._show = show
        self._rooms: dict[str, _Room] = {}
        self._private = _Room()
        self._newest = self._newest_at = 0.0
        """The newest time of the server that an event has told, and when it did, by the clock."""

    def take(self, event: Message, how: str) -> bool:
        """Take note of an event; return whether it is taken over: then it is told later, if at all.

        :param how: what the person wants to see of those who come and go, one of JOINS.
        """
        kind, name = str(event.get("event")), str(event.get("room", ""))
        at = _seconds(str(event.get("at", "")))
        if at > self._newest:
            self._newest, self._newest_at = at, self._clock.seconds()
        if kind in _MESSAGES:
            self._note_words(event, name)
        elif kind == "renamed":
            self._note_name(str(event.get("nick")), str(event.get("new")))
        elif kind == "entered":
            self._note_people(event, name)
        elif kind == "departed":
            self._forget(name)
        if kind not in _KINDS:
            if name in self._rooms:
                self.flush(name)
            return False
        self._move(self._rooms.setdefault(name, _Room()), name, event, how)
        return how != EACH

    def flush(self, name: str) -> None:
        """Tell who has come and gone in a room."""
        room = self._rooms[name]
        if room.timer is not None and room.timer.active():
            room.timer.cancel()
        room.timer = None
        moves, room.moves = room.moves, {}
        others, room.others = room.others, {}
        for act in (WENT, CAME):
            those = [(nick, why) for kind, nick, why in moves.values() if kind == act]
            self._tell(name, room, act, those, others.get(act, 0))

    def finish(self) -> None:
        """Tell everything, and expect nobody any more."""
        for name in [*self._rooms]:
            self.flush(name)
            self._forget(name)

    def _move(self, room: _Room, name: str, event: Message, how: str) -> None:
        act, why = _KINDS[str(event.get("event"))], str(event.get("reason", ""))
        nicks, uncounted = event.get("nicks"), event.get("others")
        for nick in map(str, nicks if isinstance(nicks, list) else [event.get("nick", "")]):
            key = nick.casefold()
            was_expected = room.expected.pop(key, None) is not None
            if act == CAME:
                room.here[key] = nick
            else:
                room.here.pop(key, None)
            before = room.moves.pop(key, None)
            is_news = not (was_expected and act == CAME) and (before is None or before[0] == act)
            if how == ACTIVE and is_news:
                room.moves[key] = (act, nick, why)
        if how == ACTIVE and type(uncounted) is int:
            room.others[act] = room.others.get(act, 0) + uncounted
        room.at = str(event.get("at", ""))
        if room.timer is None and (room.moves or room.others):
            room.timer = self._clock.callLater(GATHER_S, self.flush, name)

    def _tell(self, name: str, room: _Room, act: str, those: list[tuple[str, str]], others: int) -> None:
        """Tell that some people have come, or gone, if there is somebody to name or there are many."""
        now = _seconds(room.at)
        known = [nick for nick, _ in those if now - self._spoke(room, nick) <= LATELY_S]
        count = len(those) + others
        if not known and count < MANY:
            return
        whys = {why for _, why in those}
        event: Message = {"event": act, "room": name, "nicks": known, "others": count - len(known), "at": room.at}
        self._show({**event, "reason": whys.pop()} if len(whys) == 1 else event)

    def _spoke(self, room: _Room, nick: str) -> float:
        """Return when somebody spoke last, in a room or in private."""
        return max(one.spoke.get(nick.casefold(), float("-inf")) for one in (room, self._private))

    def _note_words(self, event: Message, name: str) -> None:
        room = self._rooms.setdefault(name, _Room()) if name else self._private
        key = str(event.get("nick", "")).casefold()
        at = _seconds(str(event.get("at", "")))
        room.spoke[key] = max(at, room.spoke.pop(key, at))
        if len(room.spoke) > KEPT:
            del room.spoke[next(iter(room.spoke))]

    def _note_name(self, nick: str, new: str) -> None:
        before, after = nick.casefold(), new.casefold()
        for name, room in self._rooms.items():
            if before in room.moves:
                self.flush(name)
        for room in (*self._rooms.values(), self._private):
            for known in (room.here, room.spoke):
                if before in known:
                    known[after] = known.pop(before)  # type: ignore[assignment]

    def _note_people(self, event: Message, name: str) -> None:
        """Note who is in a room that was entered, and expect back those who were there before and are not now."""
        people = event.get("people")
        if not isinstance(people, list):
            return
        room = self._rooms.setdefault(name, _Room())
        nicks = [str(person.get("nick", "")) for person in people if isinstance(person, dict)]
        here = {nick.casefold(): nick for nick in nicks}
        missing = {key: nick for key, nick in {**room.expected, **room.here}.items() if key not in here}
        room.here, room.expected = here, missing
        if room.waiting is not None and room.waiting.active():
            room.waiting.cancel()
        room.waiting = self._clock.callLater(BACK_S, self._give_up, name) if missing else None

    def _give_up(self, name: str) -> None:
        """Tell of those who were expected back, and have not come."""
        room = self._rooms[name]
        gone, room.expected = room.expected, {}
        room.at = self._now()
        self._tell(name, room, WENT, [(nick, "did not come back") for nick in gone.values()], 0)

    def _now(self) -> str:
        """Return the time of the server, as the events tell it; empty: none has told it yet."""
        if not self._newest:
            return ""
        now = self._newest + self._clock.seconds() - self._newest_at
        return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")

    def _forget(self, name: str) -> None:
        """Forget who is in a room; who spoke there stays known."""
        room = self._rooms.get(name)
        if room is not None:
            for timer in (room.timer, room.waiting):
                if timer is not None and timer.active():
                    timer.cancel()
            self._rooms[name] = _Room(spoke=room.spoke)


def _seconds(at: str) -> float:
    """Return a time in seconds since 1970 UTC; 0.0: it is none."""
    try:
        return datetime.fromisoformat(at).timestamp()
    except (ValueError, OverflowError):
        return 0.0
