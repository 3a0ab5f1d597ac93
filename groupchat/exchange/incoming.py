"""Take lines over into a journal, each once: into another journal, into the one they came from, and into a copy of it.

Rules:

1. A post is known by the number it was given first, and the journal that gave it.  Copies of one journal can have
   gone different ways, so its time, room and kind are compared too.
2. What is known is left as it is here, whatever became of it: changed, deleted, erased, or removed as too old.
3. A fact is taken over unless one of its name is true here, or this very one was true here once, or was seen in a file
   before: then it was undone here.  So it is whichever journal it comes from, by whichever way, and whatever the clocks
   said: one that was never here was lost, or is new, and comes, once (``rules/known_facts.py``).
4. No rule of today is asked who may say what: it was said.
5. Whatever is not taken over is counted, with the reason.
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
from groupchat.journals.rules.known_facts import mark
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
_KNOWN_FACT = "SELECT 1 FROM imported_facts WHERE digest IN (?, ?)"
_NOTE_FACT = "INSERT OR IGNORE INTO imported_facts VALUES (?, ?)"

IMPORTED, THERE, LEFT_OUT = "imported", "there already", "left out"
"""The outcomes of a line."""

UNDONE = "it was undone here before, or replaced"
OTHERWISE = "something else was decided about the same here"
NO_ACCOUNT = "the account it belongs to is not here, or was erased here"
STRANGER = "somebody else has the nickname here"
NO_MESSAGE = "the message that it changes is not here"
REMOVED = "it was removed here"
NOT_READ = "the message up to which somebody has read is not here"
OLD_FORM = "it is private, deleted or an act, of which files of the first form do not say enough"
"""Why lines are left out."""


class Incoming:
    """Takes lines over, within one transaction.

    ``posts``, ``facts``: what became of the lines.
    ``reasons``: why lines were left out, and how many for each reason.
    ``replies_lost``: how many replies became messages that answer nothing, since what they answer is not here.
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
        self.posts: Counter[str] = Counter()
        self.facts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.replies_lost = 0
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
        self._batch.flush()
        self._origins.flush()
        if self._database.execute(_EMPTY, (self._first,)).fetchone() is not None:
            raise ValueError("a message is said to be deleted, but the line of its deletion is missing")

    # Where the lines come from

    def _begin(self, given: Mapping[str, Any]) -> None:
        version = given.get("version")
        if version != VERSION:
            raise ValueError(f"this was written by another version of groupchat (form {str(version)[:20]})")
        fields = Fields(given)
        fields.only("kind", "version", "journal", "head", "head_at", "formerly")
        fields.get("journal", identity)
        fields.get("head", count)
        fields.maybe("head_at", instant)
        fields.maybe("formerly", identities)  # it stands in files that were written before facts were known by marks
        self._is_old, self._journal = False, ""

    def _turn(self, given: Mapping[str, Any]) -> None:
        fields = Fields(given)
        fields.only("kind", "journal")
        self._journal = fields.get("journal", identity)

    # Posts

    def _take_post(self, line: PostLine) -> str:
        row = line.row
        origin = self._origins.number(self._journal)
        known = origin is not None and self._find(origin, row.id, row.room, row.at, row.kind)
        if known:
            if not isinstance(known, Row):
                return self._left_out(REMOVED)
            if row.link is not None and known.link is not None:  # not of one that was deleted here
                self.files.add(stored_file(row))
            return THERE
        reader = None if row.reader is None else self._here(row.reader)
        row = row._replace(author=self._here(row.author), reader=reader, id=self._batch.head + 1)
        row = self._with_reply(line, row)
        if line.target_at or row.target is not None:
            target = self._target(line)
            if target is None:
                return self._left_out(NO_MESSAGE)
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
        is_there = isinstance(found, Row) and found.kind in MESSAGES
        is_theirs = isinstance(found, Row) and {found.author, found.reader} == {row.author, row.reader}
        if not isinstance(found, Row) or not is_there or not (is_theirs or row.reader is found.reader is None):
            self.replies_lost += 1
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
            return self._left_out(OLD_FORM)
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
        became = self._of_stranger(fact) or self._put(fact, (mark(fact), fact_lines.digest(given)))
        self.facts[became] += 1

    def _of_stranger(self, fact: Fact) -> str | None:
        """Return what becomes of an account if somebody else has one of its name here."""
        here = self._batch.value_of(fact.kind, fact.name) if fact.kind == Account.KIND else None
        value = fact.value or {}
        if here is None or here["author"] == value["author"]:
            return None
        if self._same_people:
            self._people[value["author"]] = here["author"]
            return THERE
        self.strangers.append(str(value["nick"]))
        return self._left_out(STRANGER)

    def _put(self, fact: Fact, known_by: tuple[str, str]) -> str:
        """Take a fact over if need be; return what became of it.

        :param known_by: its mark, and what stands for it in earlier journals.
        """
        here = self._batch.value_of(fact.kind, fact.name)
        if here is not None and mark(Fact(fact.kind, fact.name, here)) == known_by[0]:
            return THERE
        became = IMPORTED
        if here is not None:
            became = self._left_out(OTHERWISE)
        elif self._database.execute(_KNOWN_FACT, known_by).fetchone() is not None:
            became = self._left_out(UNDONE)
        elif self._batch.take(Amendment(SERVER, 0.0, (FactChange(fact, ABSENT),))) is not None:
            return self._left_out(NO_ACCOUNT)  # it may come once that is here
        elif fact.kind == Account.KIND:
            self.accounts.append(str((fact.value or {})["nick"]))
        self._database.execute(_NOTE_FACT, (known_by[0], self._origins.learn(self._journal)))
        return became

    def _left_out(self, reason: str) -> str:
        self.reasons[reason] += 1
        return LEFT_OUT

    def _take_position(self, given: Mapping[str, Any]) -> None:
        fields = Fields(given)
        fields.only("kind", "id", "at", "room", "with", "author", "since")
        id, room, at = fields.get("id", number), fields.get("room", room_or_none), fields.get("at", instant)
        whose, since = fields.get("author", author), fields.get("since", instant)
        other = fields.maybe("with", author)
        place = room if other is None else talk(AuthorId(self._here(other)))
        origin = self._origins.number(self._journal)
        found = False if origin is None else self._find(origin, id, room, milliseconds(at))
        if isinstance(found, Row):
            became = self._read(AuthorId(self._here(whose)), place, found.id, since)
        else:
            became = self._left_out(NOT_READ)
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
        return self._left_out(NO_ACCOUNT) if after is None else IMPORTED
