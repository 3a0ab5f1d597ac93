"""Decisions of operators: bans, mutes, locks, slow rooms, who operates a room, the message of the day.

All of it is facts of the journal, and it changes in one way: ``learn`` is given a fact that is on disk.
So what is true after a restart is what was true before it.
"""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

from groupchat.model.drafts import Draft, Fact, Kind
from groupchat.model.errors import Banned, Muted, RoomLocked, SlowMode
from groupchat.model.events import AuthorId
from groupchat.model.networks import NetworkTable
from groupchat.model.ranks import Rank
from groupchat.model.times import FOREVER, spoken
from groupchat.state.accounts import Account
from groupchat.state.people import Person
from groupchat.state.sanctions import Book, Sanction

BAN, MUTE, NETWORK = "ban", "mute", "network-ban"
LOCK, SLOW, MOTD = "lock", "slow", "motd"
INVITATION, ROOM_OPERATOR = "invitation", "room-operator"
KINDS = (BAN, MUTE, NETWORK, LOCK, SLOW, MOTD, INVITATION, ROOM_OPERATOR)
"""The kinds of fact.  They stand in the database; never change one."""

ENDING = (BAN, MUTE, NETWORK)
"""The kinds that may end by themselves."""

QUIET = frozenset({Kind.DELETED, Kind.MODERATED})
"""The kinds of post that muted people may make."""
PACED = frozenset({Kind.SAID, Kind.ACTED})
"""The kinds of post that a slow room takes one by one."""


class Moderation:
    """The decisions of operators, and the questions that are answered by them.

    ``curbs``: something keeps somebody from saying things; usually false.
    ``slow``: for each slow room the seconds from one message of a person to the next.
    ``motd``: the message of the day (None: that of the settings).
    """

    def __init__(self) -> None:
        self.bans = Book()
        self.mutes = Book()
        self.networks: dict[str, Sanction] = {}
        self.locked: dict[str, str] = {}
        """Room -> the operator who locked it."""
        self.slow: dict[str, float] = {}
        self.invited: dict[str, dict[AuthorId, str]] = {}
        """Room -> people who may come in although it is locked -> their nickname."""
        self.operators: dict[str, dict[AuthorId, str]] = {}
        """Room -> its operators -> their nickname."""
        self.motd: str | None = None
        self.curbs = False
        self._table: NetworkTable[Sanction] = NetworkTable()
        self._spoke: dict[tuple[str, AuthorId], float] = {}
        """When somebody said something in a slow room last, on the clock that never jumps."""
        self._ends = FOREVER
        """When the next sanction ends, in wall-clock seconds."""

    def learn(self, fact: Fact) -> None:
        """Apply a fact that is on disk."""
        kind, name, value = fact.kind, fact.name, fact.value
        if kind in (BAN, MUTE):
            book = self.bans if kind == BAN else self.mutes
            if value is None:
                book.strike(name)
            else:
                book.write(self._noted(Sanction.of(value)))
        elif kind == NETWORK:
            self._learn_network(name, value)
        elif kind in (INVITATION, ROOM_OPERATOR):
            room, _, author = name.partition("/")
            rooms = self.invited if kind == INVITATION else self.operators
            _put(rooms.setdefault(room, {}), AuthorId(int(author)), value and value["nick"])
        elif kind == LOCK:
            _put(self.locked, name, value and value["by"])
        elif kind == SLOW:
            _put(self.slow, name, value and value["seconds"])
        elif kind == MOTD:
            self.motd = None if value is None else value["text"]
        self.curbs = bool(self.mutes or self.slow or self.bans)

    def _learn_network(self, name: str, value: Any) -> None:
        known = self.networks.pop(name, None)
        if known is not None:
            del self._table[ip_network(known.key)]
        if value is not None:
            sanction = self.networks[name] = self._noted(Sanction.of(value))
            self._table[ip_network(sanction.key)] = sanction

    def _noted(self, sanction: Sanction) -> Sanction:
        if sanction.until is not None:
            self._ends = min(self._ends, sanction.until)
        return sanction

    def ended(self, now: float) -> list[tuple[Sanction, Fact]]:
        """Return the sanctions that have ended by this wall-clock time, each with the fact to be written."""
        if now < self._ends:
            return []
        kept: tuple[tuple[str, Iterable[Sanction]], ...] = (
            *((BAN, self.bans), (MUTE, self.mutes)),
            (NETWORK, self.networks.values()),
        )
        every = [(one, Fact(kind, one.name, None)) for kind, sanctions in kept for one in sanctions]
        self._ends = min((one.until for one, _ in every if one.until is not None and one.until > now), default=FOREVER)
        return [(one, fact) for one, fact in every if not one.holds(now)]

    def resignations(self, author: AuthorId) -> list[Fact]:
        """Return the facts by which an author is an operator of no room any more."""
        rooms = [room for room, operators in self.operators.items() if author in operators]
        return [Fact(ROOM_OPERATOR, f"{room}/{author}", None) for room in rooms]

    def forget_speakers(self, moment: float) -> None:
        """Forget people who spoke in slow rooms so long ago that it does not matter.

        :param moment: the time on the clock that never jumps.
        """
        for spoke in [spoke for spoke, at in self._spoke.items() if moment - at >= self.slow.get(spoke[0], 0)]:
            del self._spoke[spoke]

    # Who may do what

    def rank_of(self, account: Account | None, room: str) -> Rank:
        """Return the rank of somebody with this account (None: a guest) in a room."""
        if account is None:
            return Rank.GUEST
        if account.rank < Rank.ROOM_OPERATOR and account.author in self.operators.get(room, ()):
            return Rank.ROOM_OPERATOR
        return account.rank

    def keeps_order(self, account: Account | None) -> bool:
        """Say whether somebody keeps order anywhere."""
        if account is None:
            return False
        return account.is_operator or any(account.author in authors for authors in self.operators.values())

    def check_post(self, draft: Draft, person: Person, now: float, moment: float) -> None:
        """Raise unless the person may post this; called for every post as long as there are ``curbs``.

        :param now: the wall-clock time.  :param moment: the time on the clock that never jumps.
        :raises Muted: the person may not say this there.
        :raises SlowMode: the person has just said something there.
        """
        kind = draft.kind
        if kind in QUIET:
            return
        subjects = (person.author, person.key)
        if kind is Kind.EDITED:
            # Only the journal knows which room the edited message is in.
            mute = self.mutes.anywhere(subjects, now) or self.bans.anywhere(subjects, now)
        else:
            mute = self.mutes.find(subjects, draft.room, now)
        if mute is not None:
            raise Muted(mute.sentence("muted", f" in {mute.room}" if mute.room else "", now))
        seconds = self.slow.get(draft.room)
        if seconds is None or kind not in PACED or self.rank_of(person.account, draft.room) >= Rank.ROOM_OPERATOR:
            return
        spoke = (draft.room, person.author)
        wait = self._spoke.get(spoke, -seconds) + seconds - moment
        if wait > 0:
            pace = f"In {draft.room} you can say something every {spoken(seconds)}"
            raise SlowMode(f"{pace}; wait another {spoken(wait)}.")
        self._spoke[spoke] = moment

    def check_coming(self, author: AuthorId, key: str, now: float) -> None:
        """:raises Banned: this author, or whoever has a nickname with this key, may not come in."""
        ban = self.bans.find((author, key), "", now) if self.bans else None
        if ban is not None:
            raise Banned(ban.sentence("banned", "", now))

    def check_address(self, address: str, now: float) -> None:
        """:raises Banned: nobody may come in from this address."""
        for ban in self._table.find(address):
            if ban.holds(now):
                raise Banned(ban.sentence("banned", "", now))

    def check_room(self, room: str, person: Person, now: float) -> None:
        """:raises Banned, RoomLocked: the person may not go into this room."""
        ban = self.bans.find((person.author, person.key), room, now) if self.bans else None
        if ban is not None:
            raise Banned(ban.sentence("banned", f" from {room}", now))
        if room not in self.locked or self.rank_of(person.account, room) >= Rank.ROOM_OPERATOR:
            return
        if person.author not in self.invited.get(room, ()):
            raise RoomLocked(f"{room} is locked; its operators can /invite you.")

    def admits(self, room: str, person: Person, now: float) -> bool:
        """Say whether the person may go into this room."""
        try:
            self.check_room(room, person, now)
        except (Banned, RoomLocked):
            return False
        return True


def _put(facts: dict[Any, Any], name: Any, value: Any) -> None:
    if value is None:
        facts.pop(name, None)
    else:
        facts[name] = value
