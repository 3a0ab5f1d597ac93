"""Take lines over into a journal, each once: into another journal, into the one they came from, and into a copy of it.

Rules:

1. A post is known by the number it was given first, and the journal that gave it.  Copies of one journal can have
   gone different ways, so its time, room and kind are compared too.
2. What is known is left as it is here, whatever became of it: changed, deleted, erased, or removed as too old.
3. A fact is taken over unless one of its name is true here.  One that was taken over once, or that this journal made,
   is not taken over again: it may have been undone since.
4. Where the file has more of this journal than it has itself, or is of one that was the same formerly, a fact that is
   not here was either undone here or lost.  Up to the newest of what both have, this journal had everything: what was
   decided until then was undone, what was decided later was lost, or is new, and comes, once.  A fact without a time
   comes with the account it belongs to.
5. No rule of today is asked who may say what: it was said.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from groupchat.exchange import fact_lines, old_lines, post_lines
from groupchat.exchange.fields import (
    Fields,
    author,
    comparable,
    count,
    identities,
    identity,
    instant,
    number,
    room_or_none,
)
from groupchat.exchange.outgoing import VERSION
from groupchat.exchange.post_lines import PostLine
from groupchat.facts.account_facts import Account, ReadPosition
from groupchat.facts.reading_places import PRIVATE, partner, talk
from groupchat.journals.nodes.identities import OWN
from groupchat.journals.rules.rows import Row, milliseconds, stored_file
from groupchat.journals.sqlite.statements import MESSAGE
from groupchat.journals.sqlite.transaction import Transaction
from groupchat.journals.tools.archive import Archive
from groupchat.journals.tools.origins import Origins
from groupchat.model.drafts import ABSENT, MESSAGES, Amendment, Fact, FactChange, Kind, ReadUpTo, StoredFile
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.names import is_pseudonym

TOGETHER = 500
"""Rows that are added before they are written to the file."""

_LAST_EDIT = "SELECT max(at) FROM posts WHERE target = ? AND kind = 'edited'"
_EMPTY = f"SELECT id FROM posts WHERE id > ? AND {MESSAGE} AND text = '' AND gone_by IS NULL LIMIT 1"
_KNOWN_FACT = "SELECT 1 FROM imported_facts WHERE digest = ?"
_NOTE_FACT = "INSERT OR IGNORE INTO imported_facts VALUES (?, ?)"

IMPORTED, THERE, LEFT_OUT = "imported", "there already", "left out"
"""The outcomes of a line."""

NEVER = -(2**63)
"""Milliseconds since 1970 UTC, before everything."""


class Incoming:
    """Takes lines over, within one transaction.

    ``posts``, ``facts``: what became of the lines.
    ``accounts``: the nicknames of the accounts that were made.
    ``files``: the files that posts were imported with; their content comes by another way.
    ``strangers``: the nicknames of the accounts that somebody else has here.
    """

    def __init__(self, archive: Archive, batch: Transaction, same_people: bool = False) -> None:
        """:param same_people: whether an account here is the same person as one of its name elsewhere."""
        self._database = archive.database
        self._batch = batch
        self._same_people = same_people
        self._origins = Origins(self._database)
        self._first = batch.head
        self._added = 0
        self._people: dict[int, int] = {}
        """Authors there -> here."""
        self._is_old = True
        self._journal = ""
        self._is_behind = False
        """True if the file has more of this journal than it has itself, as after a backup was restored."""
        self._kin: frozenset[str] = frozenset()
        """The identities of the journal that was exported, if it and this one were one journal formerly."""
        self._shared = NEVER
        """The time of the newest post that the file and this journal have both of this journal."""
        self._waiting: list[tuple[Fact, str, str]] = []
        """Facts that are judged after the posts, with their digests and the journals they come from."""
        self._back: set[str] = set()
        """The authors, in decimal digits, whose accounts were taken over."""
        self.posts: Counter[str] = Counter()
        self.facts: Counter[str] = Counter()
        self.accounts: list[str] = []
        self.files: set[StoredFile] = set()
        self.strangers: list[str] = []
        self._takers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "export": self._begin, "origin": self._turn, "fact": self._take_fact, "read": self._take_position
        }  # fmt: skip

    def take(self, given: Any, line: int) -> None:
        """Take one line over.

        :param given: its JSON value.  :param line: its number.
        :raises ValueError, Refusal: it is not valid.
        """
        if not isinstance(given, dict):
            raise ValueError("this is not a JSON object")
        if "kind" not in given:
            raise ValueError("kind is missing")
        kind = given["kind"]
        taker = self._takers.get(kind) if isinstance(kind, str) else None
        if taker is not None:
            if self._is_old and kind != "export":
                raise ValueError("the line that says what this file is must come first")
            taker(given)
        elif self._is_old:
            self.posts[self._take_old(given, line)] += 1
        elif not self._journal:
            raise ValueError("no line before says which journal this comes from")
        else:
            self.posts[self._take_post(post_lines.read(given))] += 1

    def finish(self) -> None:
        """Write the rest.

        :raises ValueError: what is said to be deleted was not deleted by any line.
        """
        self._settle()
        self._batch.flush()
        self._origins.flush()
        if self._database.execute(_EMPTY, (self._first,)).fetchone() is not None:
            raise ValueError("a message is said to be deleted, but the line of its deletion is missing")

    # Where the lines come from

    def _begin(self, given: Mapping[str, Any]) -> None:
        self._settle()
        version = given.get("version")
        if version != VERSION:
            raise ValueError(f"this was written by another version of groupchat (form {str(version)[:20]})")
        fields = Fields(given)
        fields.only("kind", "version", "journal", "head", "head_at", "formerly")
        head, at = fields.get("head", count), fields.maybe("head_at", instant)
        journal, formerly = fields.get("journal", identity), fields.maybe("formerly", identities) or []
        origin = self._origins.number(journal)
        newest = self._batch.find(head) if head <= self._first else None
        is_other = newest is not None and at is not None and comparable(newest.at) != milliseconds(at)
        if origin is not None and origin < OWN and newest is not None:
            # The number may have been given here after this journal had left that one, even at the same moment.
            is_other = is_other or self._origins.of(head)[0] == OWN
        self._is_behind = origin is not None and origin <= OWN and (head > self._first or is_other)
        self._kin = frozenset()
        if not self._origins.is_own(journal) and any(map(self._origins.is_own, formerly)):
            # It went another way than this journal, under another identity: what it decided before is of both.
            self._kin = frozenset([journal, *formerly])
            self._is_behind = True
        self._is_old, self._journal, self._shared = False, "", NEVER

    def _turn(self, given: Mapping[str, Any]) -> None:
        fields = Fields(given)
        fields.only("kind", "journal")
        self._journal = fields.get("journal", identity)

    # Posts

    def _take_post(self, line: PostLine) -> str:
        row = line.row
        origin = self._origins.number(self._journal)
        if origin is not None and self._find(origin, row.id, row.room, row.at, row.kind):
            if row.link is not None:
                self.files.add(stored_file(row))
            if origin <= OWN:
                self._shared = max(self._shared, row.at)
            return THERE
        reader = None if row.reader is None else self._here(row.reader)
        row = row._replace(author=self._here(row.author), reader=reader, id=self._batch.head + 1)
        row = self._with_reply(line, row)
        if line.target_at or row.target is not None:
            target = self._target(line)
            if target is None:
                return LEFT_OUT
            self._change(line, row, target)
        else:
            if line.gone_by == row.nick and is_pseudonym(row.nick):
                # What somebody said who was erased has no deletion.
                row = row._replace(gone_by=line.gone_by, gone_to=row.to)
            self._batch.add(self._with_own_link(row))
        self._origins.add(self._origins.learn(self._journal), line.row.id, row.id)
        self._added += 1
        if self._added % TOGETHER == 0:
            self._batch.flush()
        return IMPORTED

    def _here(self, author: int) -> int:
        return self._people.get(author, author)

    def _find(self, origin: int, id: int, room: str, at: int, kind: str = "") -> Row | bool:
        """Return the row here of a post; True: it is known and was removed; False: it is not known."""
        for here in self._origins.candidates(origin, id, self._batch.head):
            row = self._batch.find(here)
            if row is None:
                return True
            if row.room == room and comparable(row.at) == at and kind in ("", row.kind):
                return row
        return False

    def _target(self, line: PostLine) -> Row | None:
        origin = self._origins.number(line.target_journal or self._journal)
        if origin is None or line.row.target is None:
            return None
        found = self._find(origin, line.row.target, line.row.room, line.target_at)
        if not isinstance(found, Row):
            return None
        reader = None if line.row.reader is None else self._here(line.row.reader)
        if found.kind not in MESSAGES or found.reader != reader:
            raise ValueError("this changes something that is no message, or for other people")
        if found.kind == Kind.SHARED and line.row.kind == Kind.EDITED:
            raise ValueError("this edits a file, which nobody can")
        return found

    def _with_reply(self, line: PostLine, row: Row) -> Row:
        """Return the row with the message it answers as that is here, or as no reply if it is not."""
        if row.reply is None:
            return row
        origin = self._origins.number(line.reply_journal or self._journal)
        found = False if origin is None else self._find(origin, row.reply, row.room, line.reply_at)
        row = row._replace(reply=None)
        if not isinstance(found, Row) or found.kind not in MESSAGES:
            return row
        if {found.author, found.reader} != {row.author, row.reader} and (row.reader, found.reader) != (None, None):
            return row
        return row._replace(reply=found.id, reply_author=found.author, reply_nick=found.nick)

    def _with_own_link(self, row: Row) -> Row:
        """Return the row with a link that nothing else has here: a copy of a journal may have come by another way."""
        if row.link is None:
            return row
        self.files.add(stored_file(row))
        self._batch.flush()
        if self._database.execute("SELECT 1 FROM posts WHERE link = ?", (row.link,)).fetchone() is None:
            return row
        return row._replace(link=secrets.token_urlsafe(16))

    def _change(self, line: PostLine, row: Row, target: Row) -> None:
        row = row._replace(target=target.id)
        if row.kind == Kind.EDITED:
            row = row._replace(reply=target.reply, reply_author=target.reply_author, reply_nick=target.reply_nick)
        if target.gone_by is not None:
            # It was deleted here; the row says who did what, and no words.
            is_edit = row.kind == Kind.EDITED
            self._batch.add(row._replace(text="", gone_by=target.gone_by, gone_to=target.gone_to) if is_edit else row)
            return
        if row.kind == Kind.EDITED:
            (last,) = self._database.execute(_LAST_EDIT, (target.id,)).fetchone()
            if line.gone_by or (last is not None and last > row.at):
                row = row._replace(text=target.newest)
        self._batch.add_change(row, target)

    def _take_old(self, given: Mapping[str, Any], line: int) -> str:
        read = old_lines.read(given, line)
        if read is None:
            return LEFT_OUT
        row, key = read
        there = self._batch.find(row.id)
        if there is not None and (there.kind, there.room, comparable(there.at)) == (row.kind, row.room, row.at):
            return THERE
        if self._batch.keyed(row.author, key) is not None:
            return THERE
        self._batch.add(row._replace(id=self._batch.head + 1), key)
        return IMPORTED

    # Facts

    def _take_fact(self, given: Mapping[str, Any]) -> None:
        fact = fact_lines.read(given)
        if not self._journal:
            raise ValueError("no line before says which journal this comes from")
        digest = fact_lines.digest(given)
        refused = self._refused(fact)
        if refused is not None:
            self.facts[refused] += 1
        elif self._is_behind:
            self._waiting.append((fact, digest, self._journal))
        else:
            self.facts[self._put(fact, digest, self._journal)] += 1

    def _refused(self, fact: Fact) -> str | None:
        """Return what becomes of an account if somebody else has one of its name here."""
        here = self._batch.value_of(fact.kind, fact.name) if fact.kind == Account.KIND else None
        value = fact.value or {}
        if here is None or here["author"] == value["author"]:
            return None
        if self._same_people:
            self._people[value["author"]] = here["author"]
            return THERE
        self.strangers.append(str(value["nick"]))
        return LEFT_OUT

    def _settle(self) -> None:
        """Judge the facts that wait, now that it is known which posts the file and this journal have both."""
        waiting, self._waiting = self._waiting, []
        shared = self._shared
        for fact, digest, journal in waiting:
            at = fact_lines.decided_at(fact)
            # One that came by an import says nothing of what was here before.
            if at is not None and at > shared and self._is_own(journal) and not self._is_noted(digest):
                here = self._batch.value_of(fact.kind, fact.name)
                known = here and fact_lines.digest(fact_lines.written(Fact(fact.kind, fact.name, here)))
                shared = at if known == digest else shared
        for fact, digest, journal in waiting:
            is_lost = not self._is_own(journal) or self._is_lost(fact, shared)
            self.facts[self._put(fact, digest, journal, is_lost)] += 1

    def _is_lost(self, fact: Fact, shared: int) -> bool:
        """Say whether this journal cannot have had a fact of its own, which is in a file that has more of it.

        :param shared: until when it had everything.
        """
        at = fact_lines.decided_at(fact)
        if at is None:
            return shared == NEVER or fact.name.partition("/")[0] in self._back
        return at > shared

    def _is_own(self, journal: str) -> bool:
        """Say whether what this journal decided was decided here, too, at least until they went different ways."""
        return self._origins.is_own(journal) or journal in self._kin

    def _is_noted(self, digest: str) -> bool:
        return self._database.execute(_KNOWN_FACT, (digest,)).fetchone() is not None

    def _put(self, fact: Fact, digest: str, journal: str, is_lost: bool = False) -> str:
        """Take a fact over if need be; return what became of it.

        :param is_lost: whether it is taken over although this journal made it.
        """
        is_own = self._is_own(journal)
        became = THERE
        if self._batch.value_of(fact.kind, fact.name) is None and (is_lost or not is_own):
            if self._is_noted(digest):
                return THERE
            refused = self._batch.take(Amendment(SERVER, 0.0, (FactChange(fact, ABSENT),)))
            if refused is not None:
                return LEFT_OUT  # it goes with an account that is not here
            if fact.kind == Account.KIND:
                value = fact.value or {}
                self.accounts.append(str(value["nick"]))
                self._back.add(str(value["author"]))
            became = IMPORTED
        if self._is_behind or not is_own:
            self._database.execute(_NOTE_FACT, (digest, self._origins.learn(journal)))
        return became

    def _take_position(self, given: Mapping[str, Any]) -> None:
        self._settle()
        fields = Fields(given)
        fields.only("kind", "id", "at", "room", "with", "author", "since")
        id, room, at = fields.get("id", number), fields.get("room", room_or_none), fields.get("at", instant)
        whose, since = fields.get("author", author), fields.get("since", instant)
        other = fields.maybe("with", author)
        place = room if other is None else talk(AuthorId(self._here(other)))
        origin = self._origins.number(self._journal)
        found = False if origin is None else self._find(origin, id, room, milliseconds(at))
        became = LEFT_OUT
        if isinstance(found, Row):
            became = self._read(AuthorId(self._here(whose)), place, found.id, since)
        self.facts[became] += 1

    def _read(self, whose: AuthorId, place: str, upto: int, since: float) -> str:
        name = ReadPosition(whose, place, upto, since).name
        covering = (place,) if partner(place) is None else (place, PRIVATE)
        for known in covering:
            before = self._batch.value_of(ReadPosition.KIND, ReadPosition(whose, known, upto, since).name)
            if before is not None and before["upto"] >= upto:
                return THERE
        self._batch.take(ReadUpTo(whose, place, upto, since))
        after = self._batch.value_of(ReadPosition.KIND, name)
        return LEFT_OUT if after is None else IMPORTED
