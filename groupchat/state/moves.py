"""Who comes into a room and leaves it within a moment, and who of them has spoken there lately.

It is for people who want to know of active people only, and the same rule as that of the terminal client:

1. Somebody who comes and goes within the moment is not told of.
2. Nothing is told after what follows it in its room: what has come together is taken before that is shown.
3. Where many come and go at the same time, only those are noted who spoke within LATELY_S.
"""

from groupchat.model.events import (
    GATHER_S,
    LATELY_S,
    Acted,
    AuthorId,
    Edited,
    Joined,
    Left,
    ManyJoined,
    ManyLeft,
    Moved,
    Post,
    Renamed,
    Said,
    Shared,
)

SPEAKING = frozenset({Said, Acted, Edited, Shared})
"""What somebody does who speaks."""

CROWDS = frozenset({ManyJoined, ManyLeft})
MOVES = frozenset({Joined, Left}) | CROWDS

KEPT = 20_000
"""The most times of speaking that are known."""


class _Move:
    """``key``: the nickname, folded."""

    __slots__ = ("author", "came", "nick", "reason")

    def __init__(self, came: bool, nick: str, author: AuthorId | None, reason: str) -> None:
        self.came = came
        self.nick = nick
        self.author = author
        self.reason = reason


class _Gathering:
    """The moves of one room, by the folded nicknames; ``since`` when, and when the last was."""

    __slots__ = ("at", "moves", "since")

    def __init__(self, since: float) -> None:
        self.since = self.at = since
        self.moves: dict[str, _Move] = {}


class Moves:
    """What is gathered of all rooms.

    ``gathered``: the rooms of which something is to be told.
    """

    def __init__(self) -> None:
        self.gathered: dict[str, _Gathering] = {}
        self._spoke: dict[tuple[str, str], float] = {}
        """When somebody spoke last, by the room and the folded nickname; those who spoke longest ago come first."""

    def note_words(self, post: Post) -> None:
        """Note that somebody speaks in a room."""
        spoke, key = self._spoke, (post.room, post.nick.casefold())
        spoke.pop(key, None)
        spoke[key] = post.at
        if len(spoke) > KEPT or spoke[next(iter(spoke))] < post.at - LATELY_S:
            del spoke[next(iter(spoke))]

    def note_earlier_words(self, post: Post) -> None:
        """Note what somebody said before this server was started; nothing that is known gets older by that."""
        if type(post) in SPEAKING and post.room:
            self._spoke.setdefault((post.room, post.nick.casefold()), post.at)

    def note_move(self, event: Joined | Left | ManyJoined | ManyLeft, author: AuthorId | None) -> None:
        """Note who comes or goes where many do."""
        if isinstance(event, Joined | Left):
            people: list[tuple[str, AuthorId | None]] = [(event.nick, author)]
        else:
            people = list(zip(event.nicks, event.authors, strict=True))
        gathering = self.gathered.get(event.room)
        if gathering is None:
            gathering = self.gathered[event.room] = _Gathering(event.at)
        gathering.at = event.at
        came = isinstance(event, Joined | ManyJoined)
        reason = event.reason if isinstance(event, Left | ManyLeft) else ""
        for nick, who in people:
            key = nick.casefold()
            before = gathering.moves.pop(key, None)
            if before is None or before.came == came:
                gathering.moves[key] = _Move(came, nick, who, reason)

    def note_name(self, event: Renamed, rooms: tuple[str, ...]) -> None:
        """Note that somebody has another nickname now."""
        for room in rooms:
            at = self._spoke.pop((room, event.nick.casefold()), None)
            if at is not None:
                self._spoke[room, event.new.casefold()] = at

    def due(self, now: float) -> list[str]:
        """Return the rooms of which is to be told now."""
        return [room for room, one in self.gathered.items() if not 0 <= now - one.since < GATHER_S]

    def take(self, room: str) -> list[Moved]:
        """Return what is to be told of those who have come and gone in a room: first who left."""
        gathering = self.gathered.pop(room)
        found = []
        for came in (False, True):
            moves = [move for move in gathering.moves.values() if move.came == came]
            known = [move for move in moves if self._has_spoken(room, move, gathering.at)]
            names = {move.nick for move in known}
            unknown = frozenset(move.author for move in moves if move.nick not in names)
            reasons = {move.reason for move in moves}
            moved = Moved(
                room, came, tuple((move.author, move.nick) for move in known), len(moves) - len(known), gathering.at,
                reasons.pop() if len(reasons) == 1 else "", unknown,
            )  # fmt: skip
            if moved.is_told:
                found.append(moved)
        return found

    def _has_spoken(self, room: str, move: _Move, now: float) -> bool:
        spoke = self._spoke.get((room, move.nick.casefold()))
        return spoke is not None and now - spoke <= LATELY_S
