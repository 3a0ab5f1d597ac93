"""Find messages: whether a row is what a search looks for, by the same rules in every journal."""

from groupchat.journals.rules.rows import Row, milliseconds
from groupchat.journals.rules.words import PHRASES_MAX, WORDS_MAX, Phrase, phrases, spaced, stands, whole
from groupchat.model.drafts import Kind
from groupchat.model.errors import BadArguments
from groupchat.model.message.sought import FILE, LINK, Sought, Whose, folded


def things(kind: str, text: str) -> list[str]:
    """Return what a message has besides words."""
    return [FILE] * (kind == Kind.SHARED) + [LINK] * ("://" in text)


class Finder:
    """What a search looks for, taken apart once.

    ``wanted``: the phrases that a message must have; ``unwanted``: those of which it may have none.
    """

    def __init__(self, sought: Sought) -> None:
        """:raises BadArguments: nothing is looked for, or too much."""
        self.sought = sought
        if sought.is_nothing and (sought.without or sought.not_whose or sought.has_not):
            raise BadArguments("A minus alone is not enough: say also what to find, such as a word, or in:ROOM.")
        found = [whole(phrase) for phrase in sought.phrases]
        if sought.words or sought.is_nothing:
            found += phrases(sought.words)
        self.wanted: tuple[Phrase, ...] = tuple(dict.fromkeys(found))
        self.unwanted: tuple[Phrase, ...] = tuple(dict.fromkeys(map(whole, sought.without)))
        every = (*self.wanted, *self.unwanted)
        if len(every) > PHRASES_MAX:
            raise BadArguments(f"Too many words: a search takes at most {PHRASES_MAX}.")
        if sum(len(phrase.words) for phrase in every) > WORDS_MAX:
            raise BadArguments(f"Too many words: a search takes at most {WORDS_MAX}, with those between signs.")
        self._first, self._end = milliseconds(sought.start), milliseconds(sought.end)

    def has_authors(self, row: Row) -> bool:
        """Say whether the author of the row is one that is wanted."""
        sought = self.sought
        if row.author in sought.ignored or (sought.whose is not None and not _is_of(row, sought.whose)):
            return False
        return not any(_is_of(row, whose) for whose in sought.not_whose)

    def is_between(self, row: Row) -> bool:
        """Say whether the row has a number and a time that are wanted."""
        return self.sought.after < row.id < self.sought.before and self._first <= row.at < self._end

    def fits(self, row: Row) -> bool:
        """Say whether a message is what is looked for, whoever may see it, and whenever it was said."""
        if not self.has_authors(row):
            return False
        had = things(row.kind, row.newest)
        if any(thing not in had for thing in self.sought.has) or any(thing in had for thing in self.sought.has_not):
            return False
        if row.newest.isascii():
            # Most messages lack a word; of these nearly all are told by a look for its letters, a third of the work.
            letters = row.newest.lower()
            if any(phrase.words[0] not in letters for phrase in self.wanted):
                return False
        words = spaced(row.newest).split()
        return all(stands(phrase, words) for phrase in self.wanted) and not any(
            stands(phrase, words) for phrase in self.unwanted
        )


def _is_of(row: Row, whose: Whose) -> bool:
    return row.author == whose.author or (whose.nick != "" and folded(row.nick) == whose.nick)
