"""What a search looks for, as a journal is asked for it."""

import sys
import unicodedata
from math import inf

from groupchat.lazy.records import record
from groupchat.model.events import AuthorId

FILE, LINK = "file", "link"
"""What a message can have besides words: it is a shared file; it has the address of something."""
THINGS = (FILE, LINK)


def folded(nick: str) -> str:
    """Return a nickname without its case; unlike its key, this is the same in later versions of the tables of names."""
    return nick.lower() if nick.isascii() else unicodedata.normalize("NFKC", nick).casefold()


@record
class Whose:
    """Messages of an author, or those of whoever had a nickname then, as `folded` returns it; both: either of them."""

    author: AuthorId | None = None
    nick: str = ""


@record
class Sought:
    """A message is found if all of this is true of it; what is left out says nothing.

    ``words``: it has them all; the last may be the beginning of a word.
    ``phrases``: in each the words stand side by side; ``without``: it has none of these words and phrases.
    ``whose``: who wrote it, and ``not_whose`` who did not; ``has``, ``has_not``: some of THINGS.
    ``ignored``: the authors whom the reader ignores; none of theirs is found.
    ``wordless``: all that the audience may see is wanted, as far as nothing else is said.
    ``after``, ``before``: numbers between which its own is; ``start``, ``end``: ``start <= at < end``.
    """

    words: str = ""
    phrases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    whose: Whose | None = None
    not_whose: tuple[Whose, ...] = ()
    has: tuple[str, ...] = ()
    has_not: tuple[str, ...] = ()
    after: int = 0
    before: int = sys.maxsize
    start: float = -inf
    end: float = inf
    wordless: bool = False
    ignored: frozenset[AuthorId] = frozenset()

    @property
    def is_nothing(self) -> bool:
        """Say whether there is nothing that a message must be or have."""
        return self == Sought(
            without=self.without, not_whose=self.not_whose, has_not=self.has_not, ignored=self.ignored
        )
