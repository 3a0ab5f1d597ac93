"""The rule book: who may say and do what, by the facts that operators decided.

There is one book wherever it is judged: the journal's, which decides inside the transaction, and the hall's, which
refuses at once what the journal would refuse.  Both learn the same facts in the same order.

Rules:

1. A book changes only by ``learn``.
2. A draft is judged by the facts learned before it, by what its author showed the room before, and by its own ``at``;
   no clock is asked.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeAlias

from groupchat.facts.account_facts import Account, ErasedAuthor, Ignoring, RankGiven
from groupchat.facts.kinds import owner, read
from groupchat.facts.room_facts import (
    KEEPERS_ONLY,
    ROOM_SETTINGS,
    Closed,
    Granted,
    Invitation,
    Lock,
    RoomOperator,
    RoomSettings,
    Slow,
)
from groupchat.facts.sanctions import Ban, Book, Mute, Sanction
from groupchat.facts.typed import TypedFact
from groupchat.model.drafts import Draft, Fact, Kind, Need
from groupchat.model.errors import Banned, Kicked, Muted, NotAllowed, Refusal, RoomClosed, RoomLocked, SlowMode
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.ranks import Rank
from groupchat.model.times import FOREVER, each

QUIET = frozenset({Kind.DELETED})
"""The kinds of post that muted people may make, and those who may not come into the room: they show no words.

An order is none of them: the room reads its reason, and the nickname it is about, which anybody can make up.
"""

SHOWN = (Kind.SAID, Kind.ACTED, Kind.SHARED, Kind.EDITED, Kind.TOPIC)
"""The kinds of post that a slow room takes one by one: everything that shows a room somebody's words."""

LOOKED_AT = 10_000
"""Rows of a room that a journal looks back at, at most, to tell when somebody showed it something last.

In a slow room there is one for each person within the time that is looked at, besides those of its operators.
"""

AHEAD_S = 5.0
"""Seconds by which a post may be later than one that comes after it, and is held against its author all the same: the
clocks of two nodes differ, and what is said at both at once is in one order or the other.  What is later than that was
written while a clock was wrong, and keeps nobody waiting until then.
"""

Subjects: TypeAlias = tuple[AuthorId, str]
"""Whom a sanction may be about: an author, and the key of the nickname that they have."""

LastShown = Callable[[str, AuthorId, float, float], float | None]
"""Takes a room, an author, a time and a number of seconds; returns when the author showed the room something last,
if that was so many seconds before the time at most, or up to AHEAD_S after it.  Times are seconds since 1970 UTC."""


class RuleBook:
    """The decisions of operators, and the questions that are answered by them.

    ``accounts``: the key of each account by its author; ``ranks``: the ranks that were given to accounts.
    ``curbs``: something keeps somebody from saying things somewhere; usually false.
    ``slow``: the slow rooms.  ``locked``: the locked ones.  ``closed``: the closed ones.
    ``settings``: the settings of rooms that were changed.
    ``erased``: the pseudonyms of people who were erased, by their authors; always empty outside clusters.
    """

    KINDS: tuple[str, ...] = (
        Account.KIND, RankGiven.KIND, Ban.KIND, Mute.KIND, Lock.KIND, Slow.KIND, RoomSettings.KIND,
        Closed.KIND, Invitation.KIND, RoomOperator.KIND, ErasedAuthor.KIND,
    )  # fmt: skip
    """The kinds of facts it learns."""

    def __init__(self) -> None:
        self.accounts: dict[AuthorId, str] = {}
        self.ranks: dict[AuthorId, RankGiven] = {}
        self.bans: Book[Ban] = Book()
        self.mutes: Book[Mute] = Book()
        self.locked: dict[str, Lock] = {}
        self.slow: dict[str, Slow] = {}
        self.settings: dict[str, RoomSettings] = {}
        self.closed: dict[str, Closed] = {}
        self.invited: dict[str, dict[AuthorId, Invitation]] = {}
        """Room -> people who may come in although it is locked."""
        self.operators: dict[str, dict[AuthorId, RoomOperator]] = {}
        """Room -> its operators."""
        self.erased: dict[AuthorId, str] = {}
        self.curbs = False
        self._authors: dict[str, AuthorId] = {}
        self._learners: dict[str, Callable[[str, Any], None]] = {
            Account.KIND: self._learn_account,
            RankGiven.KIND: self._learn_rank,
            Ban.KIND: self._learn_ban,
            Mute.KIND: self._learn_mute,
            Lock.KIND: lambda name, one: _put(self.locked, name, one),
            Slow.KIND: lambda name, one: _put(self.slow, name, one),
            RoomSettings.KIND: lambda name, one: _put(self.settings, name, one),
            Closed.KIND: lambda name, one: _put(self.closed, name, one),
            Invitation.KIND: lambda name, one: _grant(self.invited, *Granted.parts(name), one),
            RoomOperator.KIND: lambda name, one: _grant(self.operators, *Granted.parts(name), one),
            ErasedAuthor.KIND: lambda name, one: _put(self.erased, AuthorId(int(name)), one and one.alias),
        }

    def learn(self, fact: Fact) -> None:
        """Apply a fact; those of other kinds change nothing."""
        learner = self._learners.get(fact.kind)
        if learner is not None:
            learner(fact.name, read(fact))
            self.curbs = self._has_curbs()

    def _has_curbs(self) -> bool:
        return bool(self.mutes or self.bans or self.slow or self.locked or self.settings or self.closed)

    # Ranks

    def rank_of(self, author: AuthorId, room: str) -> Rank:
        """Return the rank that an author was given in a room (empty: everywhere)."""
        if author == SERVER:
            return Rank.OPERATOR
        given = self.ranks.get(author)
        if given is not None:
            return given.rank
        if author not in self.accounts:
            return Rank.GUEST
        return Rank.ROOM_OPERATOR if room and author in self.operators.get(room, ()) else Rank.MEMBER

    def power(self, author: AuthorId, room: str, at: float) -> Rank:
        """Return the rank that an author can use in a room (empty: everywhere) at a time, in seconds since 1970 UTC.

        People who are banned or muted there keep no order there, as long as that lasts.
        """
        rank = self.rank_of(author, room)
        return Rank.MEMBER if rank >= Rank.ROOM_OPERATOR and self._sanction(author, room, at) is not None else rank

    def lacks(self, by: AuthorId, need: Need, at: float) -> Refusal | None:
        """Return why an author may not do what needs this at a time, in seconds since 1970 UTC; None: they may."""
        mine = self.power(by, need.room, at)
        if mine < need.rank:
            sanction = self._sanction(by, need.room, at) if self.rank_of(by, need.room) >= need.rank else None
            return NotAllowed("You may not do that any more.") if sanction is None else sanction
        if need.over is not None and mine < Rank.OPERATOR and self._keeps_order(need.over, need.room):
            return NotAllowed("They keep order here too; only operators of the server can do that.")
        return None

    def may_change(self, by: AuthorId, author: AuthorId, room: str, at: float) -> bool:
        """Say whether somebody may change a message of this author in a room at a time, because they keep order there.

        :param at: seconds since 1970 UTC.
        """
        mine = self.power(by, room, at)
        return mine >= Rank.OPERATOR or (mine >= Rank.ROOM_OPERATOR and not self._keeps_order(author, room))

    def shields(self, fact: Fact, by: AuthorId) -> Refusal | None:
        """Return why an author may not change or undo the sanction that stands in the place of a fact; None: they may.

        Nobody undoes what was decided about themselves, and operators of a room not what was about one of them.
        """
        before = self.sanction(fact)
        if before is None or by == SERVER:
            return None
        named = self._authors.get(before.key) if before.named else None
        about = [author for author in (before.author, named) if author is not None]
        if by in about:
            return NotAllowed("That was decided about you; ask somebody else who keeps order.")
        if self.rank_of(by, before.room) < Rank.OPERATOR and any(self._keeps_order(one, before.room) for one in about):
            return NotAllowed(f"{before.whom} keeps order here too; only operators of the server can do that.")
        return None

    def is_late(self, fact: Fact) -> bool:
        """Say whether a ban or mute is of an account only, and the account was removed meanwhile."""
        if fact.value is None or fact.kind not in (Ban.KIND, Mute.KIND):
            return False
        return not fact.value["named"] and fact.value["author"] not in self.accounts

    def is_about_erased(self, fact: Fact) -> bool:
        """Say whether a fact that is to become true belongs to somebody who was erased, or names them."""
        if not self.erased or fact.value is None:
            return False
        about = {owner(fact.kind, fact.name), fact.value.get("author")}
        if fact.kind == Ignoring.KIND:
            about.add(AuthorId(int(fact.name.rpartition("/")[2])))
        return not about.isdisjoint(self.erased)

    def sanction(self, fact: Fact) -> Sanction | None:
        """Return the ban or mute that stands in the place of a fact; None: there is none."""
        if fact.kind == Ban.KIND:
            return self.bans.get(fact.name)
        return self.mutes.get(fact.name) if fact.kind == Mute.KIND else None

    def _sanction(self, author: AuthorId, room: str, at: float) -> Refusal | None:
        """Return what the owner of an account is told who is banned or muted in a room; None: they are not."""
        subjects = (author, self.accounts.get(author, ""))
        ban = self.bans.find(subjects, room, at) if self.bans else None
        if ban is not None:
            return _banned(ban, at, subjects)
        mute = self.mutes.find(subjects, room, at) if self.mutes else None
        return None if mute is None else muted(mute, at, subjects)

    def _keeps_order(self, author: AuthorId, room: str) -> bool:
        return self.rank_of(author, room) >= Rank.ROOM_OPERATOR

    # Who may say what

    def judge(self, draft: Draft, room: str, last_shown: LastShown | None = None) -> Refusal | None:
        """Return why this may not be posted; None: it may.  Nothing is in the way unless there are ``curbs``.

        :param room: where it is shown: the draft's room, or that of the message it changes (empty: privately).
        :param last_shown: tells when people showed a room something; None: slow mode is not judged here.
        """
        kind = draft.kind
        author, at = draft.author, draft.at
        if kind in QUIET or author == SERVER:
            return None
        subjects = (author, draft.folded)
        ban = self.bans.find(subjects, room, at, draft.origin, draft.since) if self.bans else None
        if ban is not None:
            return _banned(ban, at, subjects)
        mute = self.mutes.find(subjects, room, at, draft.origin, draft.since) if self.mutes else None
        if mute is not None:
            return muted(mute, at, subjects)
        if room in self.closed and kind is not Kind.MODERATED:
            return _closed(self.closed[room])
        if self.hides(draft, room):
            return _locked(room)
        if kind is Kind.TOPIC and self.setting(room, "topic") == KEEPERS_ONLY and not self._keeps_order(author, room):
            return NotAllowed(f"Only operators set the topic of {room}.")
        if last_shown is None or room not in self.slow or kind not in SHOWN or self._keeps_order(author, room):
            return None
        seconds = self.slow[room].seconds
        return self.too_soon(room, last_shown(room, author, at, seconds), at)

    def too_soon(self, room: str, last: float | None, at: float) -> SlowMode | None:
        """Return why somebody who showed a slow room something then (None: never) may not do so again now.

        :param at: now.
        """
        slow = self.slow[room]
        seconds = slow.seconds
        if last is None or last < slow.at or last + seconds <= at:
            return None  # what was said before the room was slow is not held against anybody
        # Times are kept in milliseconds, so that the last one may be a little later than it was.
        wait = min(last + seconds - at, seconds)
        pace = f"In {room} you can say something every {each(seconds)}"
        return SlowMode(f"{pace}; wait another {each(wait)}.", wait)

    def entrance(
        self, author: AuthorId, folded: str, room: str, now: float, origin: str = "", since: float = 0.0
    ) -> Refusal | None:
        """Return why somebody may not come into a room; None: they may.

        :param folded: the nickname's key.  :param now: seconds since 1970 UTC.
        :param origin: where they come from, if they are a guest.  :param since: when they came first, likewise.
        """
        subjects = (author, folded)
        ban = self.bans.find(subjects, room, now, origin, since) if self.bans else None
        if ban is not None:
            return _banned(ban, now, subjects)
        if room in self.closed:
            return _closed(self.closed[room])
        if self._is_locked_out(room, author):
            return _locked(room)
        return None

    def has_decided(self, room: str) -> bool:
        """Say whether something was decided about a room, perhaps before anybody came."""
        return any(room in decided for decided in (
            self.locked, self.slow, self.operators, self.invited, self.settings, self.closed,
        ))  # fmt: skip

    def setting(self, room: str, name: str) -> str:
        """Return the value of a setting of a room."""
        settings = self.settings.get(room)
        return (settings.changed.get(name) if settings is not None else None) or ROOM_SETTINGS[name][0]

    def conceals(self, room: str, author: AuthorId) -> bool:
        """Say whether an author who is not in a room is told nothing of it, not even that there is one."""
        lock = self.locked.get(room)
        return lock is not None and not lock.visible and self._is_locked_out(room, author)

    def is_hidden(self, room: str) -> bool:
        """Say whether somebody who is in no room, and nobody in particular, is told nothing of it."""
        lock = self.locked.get(room)
        return lock is not None and not lock.visible

    def hides(self, draft: Draft, room: str) -> bool:
        """Say whether the messages of a room are hidden from a draft's author: it is locked, and they are outside."""
        return draft.within is not None and room not in draft.within and self._is_locked_out(room, draft.author)

    def _is_locked_out(self, room: str, author: AuthorId) -> bool:
        if room not in self.locked or self._keeps_order(author, room):
            return False
        return author not in self.invited.get(room, ())

    # How facts are learned

    def _learn_account(self, key: str, account: Account | None) -> None:
        gone = self._authors.pop(key, None)
        if gone is not None:
            del self.accounts[gone]
            if account is None:
                for fact in self.left_by(gone, key):
                    self.learn(fact)
                self._forget(gone)
        if account is not None:
            self._authors[key] = account.author
            self.accounts[account.author] = key

    def left_by(self, author: AuthorId, key: str) -> list[Fact]:
        """Return the bans and mutes of an account as they go on when it is removed: for everybody with its nickname.

        :param key: the nickname's key.
        """
        changed: list[Sanction] = []
        books: tuple[Iterable[Sanction], ...] = (self.bans, self.mutes)
        for book in books:
            theirs = [one for one in book if one.author == author]
            for one in sorted(theirs, key=lambda one: one.name):
                after = replace(one, named=True)
                if one.key != key:  # decided under another nickname, of which it goes on to hold as it did
                    after = replace(after, whom=key, key=key)
                    if any(known.name == after.name for known in book):
                        continue
                if after != one:
                    changed.append(after)
        return [one.fact for one in changed]

    def _forget(self, author: AuthorId) -> None:
        """Forget what goes with an account: the journal removes these facts with it."""
        self.ranks.pop(author, None)
        for rooms in (self.invited, self.operators):
            for room in [room for room, granted in rooms.items() if author in granted]:
                _grant(rooms, room, author, None)

    def _learn_rank(self, name: str, given: RankGiven | None) -> None:
        _put(self.ranks, owner(RankGiven.KIND, name), given)

    def _learn_ban(self, name: str, ban: Ban | None) -> None:
        if ban is None:
            self.bans.strike(name)
        else:
            self.bans.write(ban)

    def _learn_mute(self, name: str, mute: Mute | None) -> None:
        if mute is None:
            self.mutes.strike(name)
        else:
            self.mutes.write(mute)


def put_out_erased() -> Kicked:
    """Return what somebody is told who was erased."""
    return Kicked("What was said under this nickname is erased, with its account.")


def _banned(ban: Ban, at: float, subjects: Subjects) -> Banned:
    where = f" from {ban.room}" if ban.room else ""
    return Banned(ban.sentence("banned", where, at, not ban.concerns(*subjects)))


def muted(mute: Mute, at: float, subjects: Subjects) -> Muted:
    """Return the refusal of somebody who may say nothing.

    :param subjects: their author, and the key of their nickname.
    """
    where = f" in {mute.room}" if mute.room else ""
    left = mute.left(at)
    return Muted(mute.sentence("muted", where, at, not mute.concerns(*subjects)), 0.0 if left == FOREVER else left)


def _closed(closed: Closed) -> RoomClosed:
    return RoomClosed(f"{closed.sentence.rstrip('.')}. Its operators can /reopen it.")


def _locked(room: str) -> RoomLocked:
    return RoomLocked(f"{room} is locked; its operators can /invite you.")


def _put(facts: dict[Any, Any], name: Any, fact: TypedFact | None) -> None:
    if fact is None:
        facts.pop(name, None)
    else:
        facts[name] = fact


def _grant(rooms: dict[str, dict[AuthorId, Any]], room: str, author: AuthorId, granted: TypedFact | None) -> None:
    """Add or remove somebody of a room; a room where nobody is left is forgotten."""
    _put(rooms.setdefault(room, {}), author, granted)
    if not rooms[room]:
        del rooms[room]
