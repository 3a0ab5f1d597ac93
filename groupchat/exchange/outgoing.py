"""Write a journal as lines: who wrote them, accounts and facts, posts, and how far people have read.

The first line names the journal that was exported.  A line of the kind ``origin`` says which journal gave the numbers
that follow: a post keeps the number it was given first, through however many journals it is carried.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from groupchat.exchange import fact_lines, post_lines
from groupchat.facts.account_facts import ReadPosition
from groupchat.facts.reading_places import partner
from groupchat.journals.nodes.identities import OWN
from groupchat.journals.rules.known_facts import mark
from groupchat.journals.rules.rights import CHANGES
from groupchat.journals.rules.rows import Row
from groupchat.journals.sqlite.statements import HEAD, PRIVATE_MESSAGES, ROOM_DELETED, ROOM_MESSAGES, newest_of
from groupchat.journals.tools.archive import Contents
from groupchat.journals.tools.origins import Origins
from groupchat.model.drafts import Fact
from groupchat.model.times import moment

VERSION = 2
"""The version of the form; files of the first had no line that says so."""

_FACTS = "SELECT name, value FROM facts WHERE kind = ? ORDER BY name"
_FACT_ORIGIN = "SELECT origin FROM imported_facts WHERE digest IN (?, ?)"
_READ = newest_of([f"{ROOM_MESSAGES} AND room = ?1", f"{ROOM_DELETED} AND room = ?1"])
_READ_PRIVATE = newest_of([f"{source} = ?1" for source in PRIVATE_MESSAGES])


class Outgoing:
    """The lines of one state of a journal.

    :param wanted: says which rows to write; an edit or deletion goes with its message.
    :param private: whether to write what people said to each other in private.
    """

    def __init__(self, contents: Contents, wanted: Callable[[Row], bool], private: bool) -> None:
        self._contents = contents
        self._database = contents.database
        self._origins = Origins(self._database)
        self._wanted = wanted
        self._private = private
        self._section = ""

    def lines(self, whole: bool, progress: Callable[[int], object]) -> Iterator[str]:
        """Give all lines.

        :param whole: whether to write accounts, facts and positions too.
        :param progress: called with the number of rows done.
        """
        yield self._line(self._heading())
        if whole:
            yield from self._facts()
        for done, row in enumerate(self._contents.rows(), 1):
            progress(done)
            yield from self._post(row)
        if whole:
            yield from self._positions()

    def _heading(self) -> dict[str, Any]:
        (head,) = self._database.execute(HEAD).fetchone()
        newest = self._contents.find(head)
        at = None if newest is None else moment(newest.at / 1000)
        own = self._origins.identity()
        return {"kind": "export", "version": VERSION, "journal": own, "head": head, "head_at": at}

    def _facts(self) -> Iterator[str]:
        for kind in fact_lines.CARRIED:
            for name, value in self._database.execute(_FACTS, (kind,)).fetchall():
                fact = Fact(kind, name, json.loads(value))
                line = fact_lines.written(fact)
                found = self._database.execute(_FACT_ORIGIN, (mark(fact), fact_lines.digest(line))).fetchone()
                yield from self._from(OWN if found is None else found[0], line)

    def _post(self, row: Row) -> Iterator[str]:
        target = None
        if not self._wanted(row) or (row.reader is not None and not self._private):
            return
        if row.kind in CHANGES:
            target = None if row.target is None else self._contents.find(row.target)
            if target is None or not self._wanted(target):
                return
        answered = None if row.reply is None or target is not None else self._contents.find(row.reply)
        line = post_lines.written(row, target, answered)
        origin, line["id"] = self._origins.of(row.id)
        if target is not None:
            journal, line["message"] = self._origins.of(target.id)
            if journal != origin:
                line["message_journal"] = self._origins.identity(journal)
        if answered is not None and "reply" in line:
            journal, line["reply"] = self._origins.of(answered.id)
            if journal != origin:
                line["reply_journal"] = self._origins.identity(journal)
        yield from self._from(origin, line)

    def _positions(self) -> Iterator[str]:
        for name, value in self._database.execute(_FACTS, (ReadPosition.KIND,)).fetchall():
            position = ReadPosition.read(name, json.loads(value))
            other = partner(position.room)
            if position.room and other is None:
                found = self._database.execute(_READ, (position.room, position.upto))
            elif self._private:
                found = self._database.execute(_READ_PRIVATE, (position.author, position.upto))
            else:
                continue
            (upto,) = found.fetchone()
            message = None if upto is None else self._contents.find(upto)
            if message is None:
                continue
            origin, id = self._origins.of(message.id)
            line: dict[str, Any] = {"kind": "read", "id": id, "at": moment(message.at / 1000)}
            line |= {"room": position.room} if other is None else {"room": "", "with": str(other)}
            yield from self._from(origin, {**line, "author": str(position.author), "since": moment(position.at)})

    def _from(self, origin: int, line: dict[str, Any]) -> Iterator[str]:
        """Give a line, after one that says where it comes from if that is another journal than before."""
        identity = self._origins.identity(origin)
        if identity != self._section:
            self._section = identity
            yield self._line({"kind": "origin", "journal": identity})
        yield self._line(line)

    def _line(self, line: dict[str, Any]) -> str:
        return json.dumps(line, ensure_ascii=False) + "\n"
