"""Erase a person: which rows are theirs, and how each reads without them.  The same rules for every journal.

Rules:

1. A person is an account's author, and guests by the nickname they used; never an author with another account.
2. What a row reads like without them depends on rows up to the erasure only: so it is the same whenever it is written.
3. Writing it twice changes nothing, so that work that was interrupted is done once more.
4. An edit belongs to whoever wrote the message.
5. Words that others wrote stay, also where they mention the nickname; but not what says whom an operator's act was
   about.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Protocol

from groupchat.facts.account_facts import Account, ErasedAuthor
from groupchat.facts.erased_people import NAMING, forgetting, named_in
from groupchat.facts.kinds import read
from groupchat.facts.rule_book import RuleBook
from groupchat.journals.rules.judging import Store, carry_out
from groupchat.journals.rules.rows import Row, without_file
from groupchat.lazy.records import record
from groupchat.model import names
from groupchat.model.drafts import MESSAGES, Deed, Erase, Fact, FactChange, Kind, StoredSession
from groupchat.model.events import AuthorId
from groupchat.model.node_operations import Presence

LATE_WORDS = 2
"""The rules from which on it is remembered who was erased, so that nothing of theirs is added behind the erasure."""


class Rows(Protocol):
    """Finds other rows, for judging one."""

    def find(self, id: int) -> Row | None:
        """Return the row with this number."""

    def deletion(self, id: int) -> Row | None:
        """Return the row that deleted the message with this number."""


class Facts(Store, Protocol):
    """The place where a journal keeps facts, which can list them too."""

    def facts_of(self, kind: str) -> Iterable[Fact]:
        """Return all facts of a kind."""


@record
class Erasure:
    """One person that is erased.

    ``key``, ``alias``: the nickname's key and the pseudonym; ``author``: whose account it was (None: there was none).
    ``spared``: the authors with accounts of other names.
    ``after``, ``upto``: what had expired when it was decided, and the highest number then.
    """

    key: str
    alias: str
    author: int | None
    spared: frozenset[int]
    after: int
    upto: int

    def is_named(self, author: int, nick: str) -> bool:
        """Say whether an author who used this nickname is the person."""
        if author == self.author or nick == self.alias:
            return True
        return author not in self.spared and names.key(nick) == self.key

    def unnamed(self, session: StoredSession) -> StoredSession:
        """Return a session that does not name the person among those it ignores."""
        if all(not self.is_named(author, nick) for author, nick, _ in session.ignored):
            return session
        ignored = tuple(
            (author, self.alias, "") if self.is_named(author, nick) else (author, nick, origin)
            for author, nick, origin in session.ignored
        )
        return replace(session, ignored=ignored)

    def owns(self, row: Row, rows: Rows) -> bool:
        """Say whether the person posted this row: its key is free again."""
        after = self.applied(row, rows)
        if row.id > self.upto or after.nick == self.alias:
            return row.id <= self.upto
        subject = self._subject(row, rows)
        # A guest may have changed it under another nickname.
        return after.gone_by == self.alias and row.kind == Kind.EDITED and self.is_named(subject.author, subject.nick)

    def applied(self, row: Row, rows: Rows) -> Row:
        """Return a row without the person."""
        if row.id > self.upto:
            return row
        if row.reply_author is not None and self.is_named(row.reply_author, row.reply_nick or ""):
            row = row._replace(reply_nick=self.alias)
        nick, to = self._names(row)
        if row.target is None and row.gone_by is None and nick != self.alias and row.kind in MESSAGES:
            return row if to == row.to else row._replace(to=to)  # nearly all rows
        if row.kind == Kind.TOPIC:
            return row._replace(nick=nick, text="" if nick == self.alias else row.text)
        if row.kind == Kind.MODERATED:
            return row._replace(nick=nick, text=self._deed(row.text, nick == self.alias))
        subject = self._subject(row, rows)
        gone_to = to if row.reader is not None else ""
        if row.gone_by is not None:
            deletion = rows.deletion(subject.id)
            if deletion is None:  # it was erased
                gone_by = self.alias if self.is_named(subject.author, subject.nick) else row.gone_by
            elif deletion.id <= self.upto:
                gone_by, gone_to = self._names(deletion)
            else:
                gone_by, gone_to = row.gone_by, row.gone_to or ""
            return row._replace(nick=nick, to=to, gone_by=gone_by, gone_to=gone_to)
        if row.kind != Kind.DELETED and self.is_named(subject.author, subject.nick):
            row = without_file(row)
            return row._replace(nick=nick, to=to, text="", revised=None, gone_by=self.alias, gone_to=gone_to)
        return row._replace(nick=nick, to=to)

    def _subject(self, row: Row, rows: Rows) -> Row:
        """Return the message a row is about: itself, or what it changes."""
        if row.target is None or row.target <= self.after:
            return row
        return rows.find(row.target) or row

    def _names(self, row: Row) -> tuple[str, str]:
        """Return the nickname of a row and that of the other person, without the erased one."""
        nick, to = row.nick, row.to
        if row.reader is None:
            return (self.alias if self.is_named(row.author, nick) else nick), to
        sides = (row.author, row.reader)
        if row.target is not None and (row.author not in self.spared or row.reader not in self.spared):
            # Either of the two may have changed it, and ``nick`` is who did.
            found = [name == self.alias or names.key(name) == self.key for name in (nick, to)]
            if any(found):
                return self.alias if found[0] else nick, self.alias if found[1] else to
        return (
            self.alias if self.is_named(sides[0], nick) else nick,
            self.alias if self.is_named(sides[1], to) else to,
        )

    def _deed(self, text: str, decided: bool) -> str:
        """Return what an operator did, without the person it was done to, or the words of the one who did it."""
        deed = Deed.decode(text)
        words, reason, target = deed.words, deed.reason, deed.target
        if decided:
            words, reason = words.partition(": ")[0], ""
        if names.key(target) == self.key or not deed.act:
            done, colon, why = words.partition(": ")
            # A row of the time before deeds were recorded does not say whom it is about, only that with others' words.
            words = names.hidden(done, self.key, self.alias) + colon
            words += names.hidden(why, self.key, self.alias) if deed.act else why
            reason = names.hidden(reason, self.key, self.alias)
            target = self.alias if target else ""
        changed = Deed(deed.act, words, target, deed.until, reason)
        if changed == deed:
            return text
        return changed.encode() if deed.act else words


def without(person: Erasure, rows: Iterable[Row], within: Rows) -> Iterable[tuple[Row, Row]]:
    """Yield each row that reads otherwise without the person, with how it reads then."""
    for row in rows:
        after = person.applied(row, within)
        if after != row:
            yield row, after


def erase_facts(book: RuleBook, store: Facts, key: str, alias: str) -> tuple[AuthorId | None, tuple[Fact, ...]]:
    """Remove an account with everything that goes with it, and the person from all other facts.

    Return who the account was, and the facts that changed.
    """
    changed: list[Fact] = []
    account = store.value_of(Account.KIND, key)
    author = None if account is None else AuthorId(account["author"])
    if account is not None:
        changed.append(Fact(Account.KIND, key, None))
        carry_out(book, store, map(FactChange, changed))
    renamed: list[Fact] = []
    for kind in NAMING:
        for fact in store.facts_of(kind):
            before = read(fact)
            if before is None:
                continue
            after = forgetting(before, key, alias, author)
            if after is None or after.name != before.name:
                renamed.append(Fact(kind, fact.name, None))
            if after is not None and after != before:
                renamed.append(after.fact)
    carry_out(book, store, map(FactChange, renamed))
    return author, (*changed, *renamed)


def named_beside(
    erase: Erase, facts: Iterable[Fact], sessions: Iterable[StoredSession]
) -> Iterator[tuple[AuthorId, str]]:
    """Yield whom an erasure, the facts that it has changed, and the lists of other people name."""
    for author in erase.authors:
        yield author, erase.key
    for fact in facts:
        typed = read(fact)
        named = None if typed is None else named_in(typed)
        if named is not None:
            yield named
    for session in sessions:
        for author, nick, _ in session.ignored:
            yield author, nick


def keep_erased(
    book: RuleBook,
    store: Store,
    rules: int,
    person: Erasure,
    presences: Iterable[Presence],
    sessions: Iterable[tuple[AuthorId, str]],
    others: Iterable[tuple[AuthorId, str]],
) -> tuple[Fact, ...]:
    """Remember the authors who are a person that is erased; return the facts of it.

    :param rules: by which the entry is carried out.
    :param sessions: the author and the nickname of each session that counts.
    :param others: the same of people whom something else names; they can be gone, or here under another nickname.

    A guest who is here under another nickname by now is not one of them.
    """
    if rules < LATE_WORDS:
        return ()
    here = [(one.author, one.nick) for one in presences]
    known = [*here, *sessions]
    found = {author for author, nick in known if person.is_named(author, nick)}
    back = {author for author, _ in known} - found  # they may come back under another nickname
    found |= {author for author, nick in others if person.is_named(author, nick)} - back
    found -= {author for author, nick in here if not person.is_named(author, nick)}
    if person.author is not None:
        found.add(AuthorId(person.author))
    facts = tuple(ErasedAuthor(author, person.alias).fact for author in sorted(found))
    carry_out(book, store, map(FactChange, facts))
    return facts
