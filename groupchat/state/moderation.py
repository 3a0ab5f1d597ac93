"""Moderation: the rule book of a hall, with the questions that only a hall asks.

All of it is facts of the journal, and it changes in one way: ``learn`` is given a fact that is on disk.
So what is true after a restart is what was true before it.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from ipaddress import ip_network
from typing import Any, TypeVar

from groupchat.facts.account_facts import Account
from groupchat.facts.kinds import read
from groupchat.facts.room_facts import Motd
from groupchat.facts.rule_book import QUIET, RuleBook, muted
from groupchat.facts.sanctions import NetworkBan, NetworkMute, Sanction
from groupchat.model.drafts import Draft, Fact, FactChange
from groupchat.model.errors import Banned, Muted, Refusal
from groupchat.model.events import AuthorId
from groupchat.model.networks import NetworkTable
from groupchat.model.ranks import Rank
from groupchat.model.times import FOREVER
from groupchat.state.paces import Paces
from groupchat.state.people import Person


class Moderation(RuleBook):
    """The decisions of operators, and the questions that are answered by them.

    ``motd``: the message of the day that an operator set (None: that of the settings holds).
    """

    KINDS = (*RuleBook.KINDS, NetworkBan.KIND, NetworkMute.KIND, Motd.KIND)
    """The kinds of facts it learns."""

    def __init__(self) -> None:
        super().__init__()
        self.networks: dict[str, NetworkBan] = {}
        self.muted_networks: dict[str, NetworkMute] = {}
        self.motd: Motd | None = None
        self.paces = Paces()
        self._table: NetworkTable[NetworkBan] = NetworkTable()
        self._mute_table: NetworkTable[NetworkMute] = NetworkTable()
        self._ends = FOREVER
        """The end of the next sanction, in wall-clock seconds."""

    def learn(self, fact: Fact) -> None:
        """Apply a fact that is on disk."""
        super().learn(fact)
        if fact.kind == Motd.KIND:
            record = read(fact)
            self.motd = record if isinstance(record, Motd) else None
            return
        if fact.kind == NetworkBan.KIND:
            _put_network(self.networks, self._table, fact.name, read(fact))
        elif fact.kind == NetworkMute.KIND:
            _put_network(self.muted_networks, self._mute_table, fact.name, read(fact))
            self.curbs = self._has_curbs()
        until = fact.value.get("until") if fact.value is not None else None
        if until is not None:
            self._ends = min(self._ends, until)

    def _has_curbs(self) -> bool:
        return super()._has_curbs() or bool(self.muted_networks)

    def ended(self, now: float) -> list[Sanction]:
        """Return the sanctions that have ended by this wall-clock time."""
        if now < self._ends:
            return []
        kept: tuple[Iterable[Sanction], ...] = (
            self.bans, self.mutes, self.networks.values(), self.muted_networks.values(),
        )  # fmt: skip
        every = [one for sanctions in kept for one in sanctions]
        self._ends = min((one.until for one in every if one.until is not None and one.until > now), default=FOREVER)
        return [one for one in every if not one.holds(now)]

    def binding(self, key: str, author: AuthorId) -> list[FactChange]:
        """Return the changes by which what was decided about a nickname, of nobody known, is about an author.

        A ban from the server stays as it is: by a token of that nickname nobody comes in, under whichever other.

        :param key: the nickname's key.  :param author: the guest who had the nickname last.
        """
        bans, mutes = self.bans.concerning(key), self.mutes.concerning(key)
        found: list[Sanction] = [*(ban for ban in bans if ban.room), *mutes]
        return [replace(one, author=author).replacing(one) for one in found if one.author is None]

    # Who may do what

    def rank(self, account: Account | None, room: str) -> Rank:
        """Return the rank of somebody with this account (None: a guest) in a room."""
        return Rank.GUEST if account is None else self.rank_of(account.author, room)

    def usable_rank(self, account: Account | None, room: str, now: Callable[[], float]) -> Rank:
        """Return the rank that somebody with this account (None: a guest) can use in a room.

        :param now: the wall clock, in seconds since 1970 UTC; it is asked only about those who keep order.
        """
        if account is None:
            return Rank.GUEST
        rank = self.rank_of(account.author, room)
        return rank if rank < Rank.ROOM_OPERATOR else self.power(account.author, room, now())

    def is_operator(self, account: Account) -> bool:
        """Say whether the owner of an account is an operator of the whole server."""
        return self.rank_of(account.author, "") >= Rank.OPERATOR

    def is_server_operator(self, person: Person) -> bool:
        """Say whether a person is an operator of the whole server."""
        return self.rank_of(person.author, "") >= Rank.OPERATOR

    def operated(self, author: AuthorId) -> list[str]:
        """Return the rooms that somebody was made an operator of."""
        return [room for room, granted in self.operators.items() if author in granted]

    def keeps_order(self, account: Account | None) -> bool:
        """Say whether somebody keeps order anywhere."""
        if account is None:
            return False
        return self.is_operator(account) or any(account.author in granted for granted in self.operators.values())

    def check_post(self, draft: Draft, address: str) -> None:
        """Refuse at once what the journal would refuse, as far as that is known here.

        It is called for every post as long as there are ``curbs``.  Slow mode, and the room of an edited message,
        are known to the journal only; the address it comes from is known here only.

        :raises Muted, Banned, RoomLocked: the person may not say this there.
        """
        refused = self.judge(draft, draft.room)
        if refused is not None:
            raise refused
        if self.muted_networks and draft.kind not in QUIET:
            self._check_muted_address(draft.author, address, draft.at)

    def _check_muted_address(self, author: AuthorId, address: str, now: float) -> None:
        """:raises Muted: nobody may say anything from this address, but operators of the server."""
        for mute in self._mute_table.find(address):
            if mute.holds(now) and self.rank_of(author, "") < Rank.OPERATOR:
                raise Muted(mute.sentence("muted", "", now))

    def check_words(self, person: Person, rooms: Iterable[str], now: float) -> None:
        """Refuse words that people in these rooms are shown without a post, such as a nickname.

        :raises Muted: the person may not say anything in one of the rooms.
        :raises SlowMode: not yet again in one of them.
        """
        if self.muted_networks:
            for connection in person.connections:
                self._check_muted_address(person.author, connection.screen.address, now)
        if self.mutes:
            subjects = (person.author, person.key)
            for room in ("", *rooms):
                mute = self.mutes.find(subjects, room, now, *_whence(person))
                if mute is not None:
                    raise muted(mute, now, subjects)
        if self.slow:
            self.check_pace(person, rooms, now)

    def check_pace(self, person: Person, rooms: Iterable[str], now: float) -> None:
        """:raises SlowMode: one of the rooms is slow, and the person has to wait before they show it anything."""
        for room in rooms:
            if room in self.slow and self.rank(person.account, room) < Rank.ROOM_OPERATOR:
                refused = self.too_soon(room, self.paces.last(room, person), now)
                if refused is not None:
                    raise refused

    def check_arrival(self, person: Person, room: str, now: float) -> None:
        """Refuse somebody whose nickname or words of being away, chosen elsewhere, a room may not be shown.

        :raises Muted: the person may not say anything there.  SlowMode: not yet again.
        """
        subjects = (person.author, person.key)
        mute = self.mutes.find(subjects, room, now, *_whence(person)) if self.mutes else None
        if mute is not None and person.away:
            raise Muted(f"{muted(mute, now, subjects)} You can come in without words of being away: /back")
        if mute is not None and mute.author == person.author and mute.key != person.key and person.account is None:
            raise Muted(f"{muted(mute, now, subjects)} You can come in as {mute.whom}.")
        if room in self.slow and self.paces.is_news(room, person):
            self.check_pace(person, (room,), now)

    def note_arrival(self, person: Person, room: str, now: float) -> None:
        """Note that people in a room are shown the nickname of a person who has come in."""
        if room in self.slow and self.paces.is_news(room, person):
            self.paces.note(room, person.author, now)

    def note_words(self, person: Person, rooms: Iterable[str], now: float) -> None:
        """Note that a person has other words than before, and people in these rooms are shown them."""
        if self.slow:
            self.paces.note_words(person.author, now)
        for room in rooms if self.slow else ():
            if room in self.slow:
                self.paces.note(room, person.author, now)

    def check_nick(self, person: Person, nick: str, key: str, rooms: Iterable[str], now: float) -> None:
        """See that a nickname that a person in these rooms takes is kept out of none of them.

        :raises Banned: it is.
        """
        self.check_coming(person.author, key, now)
        for room in rooms if self.bans else ():
            ban = self.bans.find((key,), room, now)
            if ban is not None:
                raise Banned(f"{nick} is banned from {room}: leave {room} first, or take another nickname.")

    def farewell(self, person: Person, rooms: Iterable[str], reason: str, now: float) -> str:
        """Return the reason for leaving that people in these rooms are shown: none of the muted, and in a slow room."""
        try:
            self.check_words(person, rooms, now)
        except Refusal:
            return ""
        held = any(room in self.slow and self.rank(person.account, room) < Rank.ROOM_OPERATOR for room in rooms)
        return "" if held else reason

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

    def entrance_of(self, now: float) -> Callable[[Person, str], Refusal | None]:
        """Return the function that says why a person may not go into a room at this time; None: they may."""
        return lambda person, room: self.entrance(person.author, person.key, room, now, *_whence(person))

    def check_room(self, room: str, person: Person, now: float) -> None:
        """:raises Banned, RoomLocked: the person may not go into this room."""
        refused = self.entrance_of(now)(person, room)
        if refused is not None:
            raise refused

    def admits(self, room: str, person: Person, now: float) -> bool:
        """Say whether the person may go into this room."""
        return self.entrance_of(now)(person, room) is None

    def hidden_from(self, person: Person | None) -> set[str]:
        """Return the rooms that a person (None: whoever is in no room) may not be told of, existing or not."""
        if person is None:
            return {room for room in self.locked if self.is_hidden(room)}
        return {room for room in (*self.closed, *self.locked) if not self.reveals(room, person)}

    def reveals(self, room: str, person: Person) -> bool:
        """Say whether the person may be told of a room: its name, what it is about, and who is there."""
        return room in person.rooms or not (room in self.closed or self.conceals(room, person.author))


def _whence(person: Person) -> tuple[str, float]:
    """Return where a guest comes from and when they came first; of people with an account it does not matter."""
    return (person.origin, person.known_since) if person.account is None else ("", 0.0)


N = TypeVar("N", NetworkBan, NetworkMute)


def _put_network(known: dict[str, N], table: NetworkTable[N], name: str, sanction: Any) -> None:
    """Add or remove (None) what was decided about a network."""
    before = known.pop(name, None)
    if before is not None:
        del table[ip_network(before.key)]
    if sanction is not None:
        known[name] = table[ip_network(sanction.key)] = sanction
