"""Keep the origin of each post of a journal: the journal that numbered it first, and that number.

Rules:

1. A post keeps the journal and the number it was given first, through however many journals it is carried.
2. What was imported once stays noted, also when the post is removed.
3. Copies of one journal can give the same number to different posts: a number has candidates, and whoever asks
   compares them with what the post looks like.
4. A journal that becomes one of a cluster, or leaves it, goes on with another identity (``nodes/identities.py``).  What
   it had numbered until then is of an origin that it was itself, with a number below OWN.
"""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from groupchat.journals.nodes.identities import OWN

_MAX = 2**63 - 1
_COVERING = "SELECT first, last, start FROM imported WHERE origin = ? AND branch = ? AND first <= ? ORDER BY first DESC"
_BEFORE = "SELECT origin, first, last, start FROM imported WHERE start <= ? ORDER BY start DESC"
_AFTER = "SELECT min(start) FROM imported WHERE start > ?"
_FIRST_AFTER = "SELECT min(first) FROM imported WHERE origin = ? AND branch = ? AND first > ?"
_KEEP = "INSERT INTO imported VALUES (?, ?, ?, ?, ?)"
_EXTEND = "UPDATE imported SET last = ? WHERE origin = ? AND branch = ? AND first = ?"


class _Run(NamedTuple):
    """Posts of another journal, with the numbers ``first`` to ``last``, that stand here from ``start`` on."""

    origin: int
    branch: int
    first: int
    last: int
    start: int

    @property
    def end(self) -> int:
        """The number that the last of them has here."""
        return self.start + self.last - self.first


class Origins:
    """The origins of the posts in one file.  What is added is in the file after ``flush``."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._identities: dict[int, str] = dict(database.execute("SELECT id, identity FROM origins"))
        self._numbers = {identity: id for id, identity in self._identities.items()}
        self._branches = dict(database.execute("SELECT origin, max(branch) + 1 FROM imported GROUP BY origin"))
        self._run: _Run | None = None
        self._is_new = True
        self._limit = _MAX
        """The number up to which the run can grow without meeting another of its branch."""
        self._known = (OWN, 0, 0, 0)  # origin, and the numbers from, to and shift of the posts looked up last

    def identity(self, origin: int = OWN) -> str:
        """Return the identity of an origin."""
        return self._identities[origin]

    def number(self, identity: str) -> int | None:
        """Return the number of an origin here; None: nothing was ever imported from it."""
        return self._numbers.get(identity)

    def learn(self, identity: str) -> int:
        """Return the number of an origin here, which is given one if need be."""
        known = self._numbers.get(identity)
        if known is None:
            known = max(self._identities) + 1
            self._database.execute("INSERT INTO origins VALUES (?, ?)", (known, identity))
            self._identities[known] = identity
            self._numbers[identity] = known
        return known

    # From here to there

    def of(self, id: int) -> tuple[int, int]:
        """Return the origin of the post with this number here, and its number there."""
        origin, first, last, shift = self._known
        if not first <= id <= last:
            self._known = origin, first, last, shift = self._look_up(id)
        return origin, id - shift

    def _look_up(self, id: int) -> tuple[int, int, int, int]:
        self.flush()
        begin = 1
        found = self._database.execute(_BEFORE, (id,)).fetchone()
        if found is not None:
            origin, first, last, start = found
            end = start + last - first
            if id <= end:
                return origin, start, end, start - first
            begin = end + 1
        (following,) = self._database.execute(_AFTER, (id,)).fetchone()
        return OWN, begin, _MAX if following is None else following - 1, 0

    # From there to here

    def candidates(self, origin: int, number: int, head: int) -> Iterator[int]:
        """Give the numbers here of the posts that were given this number in a journal.

        :param head: the highest number here.
        """
        if origin == OWN and number <= head and self.of(number) == (OWN, number):
            yield number
        for branch in range(self._branches.get(origin, 0)):
            here = self._in_branch(origin, branch, number)
            if here is not None:
                yield here

    def _in_branch(self, origin: int, branch: int, number: int) -> int | None:
        run = self._run
        if run is not None and run[:2] == (origin, branch) and run.first <= number <= run.last:
            return run.start + number - run.first
        found = self._database.execute(_COVERING, (origin, branch, number)).fetchone()
        if found is None:
            return None
        first, last, start = found
        return int(start + number - first) if number <= last else None

    def add(self, origin: int, number: int, id: int) -> None:
        """Note that a post with this number in a journal is here now, as the last one."""
        if origin == OWN and number == id:
            return  # it was lost, and has its number again
        self._known = (OWN, 0, 0, 0)
        run = self._run
        is_next = run is not None and (run.origin, run.last + 1, run.end + 1) == (origin, number, id)
        if run is not None and is_next and number < self._limit:
            self._run = run._replace(last=number)
            return
        self.flush()
        branch = 0
        while self._in_branch(origin, branch, number) is not None:
            branch += 1
        self._branches[origin] = max(self._branches.get(origin, 0), branch + 1)
        found = self._database.execute(_COVERING, (origin, branch, number)).fetchone()
        (limit,) = self._database.execute(_FIRST_AFTER, (origin, branch, number)).fetchone()
        self._limit = _MAX if limit is None else limit
        self._is_new = True
        self._run = _Run(origin, branch, number, number, id)
        if found is not None and (found[1] + 1, found[2] + found[1] - found[0] + 1) == (number, id):
            self._is_new = False
            self._run = _Run(origin, branch, found[0], number, found[2])

    def flush(self) -> None:
        """Write down what was added."""
        run, self._run = self._run, None
        if run is None:
            return
        if self._is_new:
            self._database.execute(_KEEP, run)
        else:
            self._database.execute(_EXTEND, (run.last, run.origin, run.branch, run.first))
