"""Judge the changes of facts, and carry them out: the same rules for every journal.

Rules:

1. All changes of an operation are judged before the first is carried out.
2. With an account goes everything that is its owner's: rank, preferences, positions, rooms they operate, sessions.
3. An author has one account at most, and an account one author.
4. What goes with an account is not made without it, so nothing is left of one that was removed just before.
5. Bans and mutes of an account that is removed hold for its nickname from then on; none of the account only is made
   after that.
6. Whoever was erased adds nothing any more, and nothing is added about them: a node that has not carried out the
   erasure yet may still ask for it.  So whatever names somebody says which author that is, or which message of theirs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from groupchat.facts.account_facts import Account, AccountRooms
from groupchat.facts.kinds import KINDS, owner
from groupchat.facts.rule_book import RuleBook, put_out_erased
from groupchat.facts.whereabouts import Places
from groupchat.journals.rules.rows import Row
from groupchat.model import names
from groupchat.model.drafts import (
    ABSENT,
    ANY,
    PRESENT,
    Consequence,
    Deed,
    Draft,
    Fact,
    FactChange,
    Need,
    PutOut,
    Revoke,
    StoredSession,
    fingerprint,
)
from groupchat.model.errors import NoSuchMessage, NoSuchNick, Outdated, Refusal
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.node_operations import Attend, NodeOperation, RemoveNode
from groupchat.model.ranks import Rank

ALWAYS = 0.0
"""The time of an operation that says none: every ban and mute that stands there holds then."""


class Store(Protocol):
    """The place where a journal keeps facts and sessions, inside its transaction."""

    def value_of(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """Return the value of a fact; None: it is not true."""

    def keep(self, fact: Fact) -> None:
        """Write or remove a fact."""

    def owned_by(self, author: AuthorId) -> Iterable[Fact]:
        """Return the facts that go with the account of this author, without their values."""

    def revoke(self, change: Revoke, at: float) -> None:
        """Remove the sessions whose tokens work no longer.

        :param at: when that was asked for, in seconds since 1970 UTC.
        """

    def note_move(self, author: AuthorId, room: str, at: float) -> None:
        """Note that somebody is put out of a room, or (room empty) where the account is, as asked for at this time."""

    def is_overtaken(self, author: AuthorId, places: Places) -> bool:
        """Say whether whoever moves an account to these places did not know of another move yet."""

    def sessions_of(self, author: AuthorId) -> Iterable[StoredSession]:
        """Return the sessions of this author."""

    def keep_session(self, session: StoredSession) -> None:
        """Write a session, unless it was last seen before those that are forgotten."""


def objection(
    book: RuleBook, store: Store, by: AuthorId, at: float, needs: Need | None, changes: Sequence[Consequence]
) -> Refusal | None:
    """Return why an operation of this author is refused; None: its changes can be carried out.

    It is refused with Outdated when it builds on a fact that is no longer what it was, and with NotAllowed when the
    author does not have the rank it needs (any more), or would undo what was decided about themselves or their equals;
    with Banned or Muted when the author keeps no order there because of that; with NoSuchNick when it is done to
    somebody who was erased, and so is not asked again: by then the nickname would be anybody's.

    :param at: when it was asked for, in seconds since 1970 UTC.
    """
    if by in book.erased:
        return put_out_erased()
    if needs is not None and (refused := book.lacks(by, needs, at)) is not None:
        return refused
    if needs is not None and needs.over in book.erased:
        return _nobody()
    made: dict[AuthorId, str] = {}
    for change in changes:
        if isinstance(change, PutOut) and change.author in book.erased:
            return Outdated("They were erased at the same moment.")
        if isinstance(change, FactChange) and (refused := book.shields(change.fact, by)) is not None:
            return refused
        if isinstance(change, FactChange) and not (
            _is_met(store, change)
            and _is_fitting(book, made, change.fact)
            and not book.is_about_erased(change.fact)
            and not _is_overtaken(store, change.fact)
            and (by == SERVER or not book.is_late(change.fact))  # asked again, it is about the nickname
        ):
            told = "Somebody else changed that at the same moment. Look at it, and try again."
            return Outdated(told, change.fact.kind, change.fact.name)
    return None


def deed_objection(draft: Draft, about: Row | None) -> Refusal | None:
    """Return why a deed is refused because of the message it names; None: that still has the author it was done to.

    Whoever erases somebody may know no author of theirs: they are gone, and only their messages are there.

    :param about: the row with the draft's number.
    """
    if about is None:
        return NoSuchMessage(f"#{draft.target} is not there any more.")
    if not names.is_pseudonym(about.nick) or Deed.decode(draft.text).target == about.nick:
        return None
    return _nobody()


def node_objection(book: RuleBook, operation: NodeOperation) -> Refusal | None:
    """Return why what a node says is refused, whatever it says of nodes; None: its author may say it."""
    if isinstance(operation, Attend) and operation.presence.author in book.erased:
        return put_out_erased()
    return book.lacks(operation.by, Need(Rank.OPERATOR), ALWAYS) if isinstance(operation, RemoveNode) else None


def erased_objection(book: RuleBook, draft: Draft) -> Refusal | None:
    """Return why a draft is refused because its author, or whom it is for, was erased; None: neither was."""
    if draft.author in book.erased:
        return put_out_erased()
    if draft.reader in book.erased:
        return NoSuchNick(f"Nobody here is called {draft.to}. /list shows who is.")
    return None


def without_erased(book: RuleBook, session: StoredSession) -> StoredSession | None:
    """Return a session as it is kept, with a pseudonym for whoever was erased; None: it is of one of them."""
    erased = book.erased
    if session.author in erased:
        return None
    if all(author not in erased for author, _, _ in session.ignored):
        return session
    ignored = tuple((one[0], erased[one[0]], "") if one[0] in erased else one for one in session.ignored)
    return replace(session, ignored=ignored)


def carry_out(book: RuleBook, store: Store, changes: Iterable[Consequence], at: float = ALWAYS) -> None:
    """Make the changes true; what is not kept in a journal follows from them in every hall.

    :param at: when that was asked for, in seconds since 1970 UTC.
    """
    for change in changes:
        if isinstance(change, FactChange):
            fact = change.fact
            if fact.kind == Account.KIND and fact.value is None:
                _remove_what_is_owned(book, store, fact, at)
            store.keep(fact)
            book.learn(fact)
            if fact.kind == AccountRooms.KIND and fact.value is not None:
                store.note_move(AccountRooms.read(fact.name, fact.value).author, "", at)
        elif isinstance(change, Revoke):
            store.revoke(change, at)
        elif isinstance(change, PutOut) and change.room:
            _take_out(store, change.author, change.room)
            store.note_move(change.author, change.room, at)


def _nobody() -> NoSuchNick:
    return NoSuchNick("They were erased at the same moment.")


def _is_met(store: Store, change: FactChange) -> bool:
    if change.expect == ANY:
        return True
    found = store.value_of(change.fact.kind, change.fact.name)
    if change.expect == ABSENT:
        return found is None
    return found is not None and change.expect in (PRESENT, fingerprint(found))


def _is_fitting(book: RuleBook, made: dict[AuthorId, str], fact: Fact) -> bool:
    """Say whether the author of an account has no other one, and the owner of any other fact has an account.

    :param made: the accounts that are made by the same operation; one that is made is added.
    """
    if fact.value is None:
        return True
    if fact.kind == Account.KIND:
        author = AuthorId(fact.value["author"])
        return book.accounts.get(author, fact.name) == made.setdefault(author, fact.name) == fact.name
    whose = None if KINDS[fact.kind].GUESTS_TOO else owner(fact.kind, fact.name)
    return whose is None or whose in book.accounts or whose in made


def _is_overtaken(store: Store, fact: Fact) -> bool:
    """Say whether the rooms of an account were changed by somebody who did not know of another change."""
    if fact.kind != AccountRooms.KIND or fact.value is None:
        return False
    rooms = AccountRooms.read(fact.name, fact.value)
    return store.is_overtaken(rooms.author, rooms.places)


def _remove_what_is_owned(book: RuleBook, store: Store, account: Fact, at: float) -> None:
    before = store.value_of(account.kind, account.name)
    if before is None:
        return
    author = AuthorId(before["author"])
    for fact in (*store.owned_by(author), *book.left_by(author, account.name)):
        store.keep(fact)
    store.revoke(Revoke(author), at)


def _take_out(store: Store, author: AuthorId, room: str) -> None:
    """Take an author's sessions, and the account, out of a room, so that nobody who was put out wakes up there."""
    for session in store.sessions_of(author):
        if room in session.rooms:
            store.keep_session(Places.of(session).put_out(room).session(session))
    name = str(author)
    value = store.value_of(AccountRooms.KIND, name)
    if value is not None:
        store.keep(AccountRooms(author, AccountRooms.read(name, value).places.put_out(room)).fact)
