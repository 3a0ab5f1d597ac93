"""What the tests of decisions in journals share: operations in short words."""

from groupchat.facts.room_facts import Granted
from groupchat.facts.sanctions import Mute
from groupchat.facts.typed import TypedFact
from groupchat.model.drafts import (
    Amendment,
    Consequence,
    Draft,
    Kind,
    Need,
    Operation,
    Outcome,
    StoredPost,
    StoredSession,
)
from groupchat.model.events import SERVER, AuthorId, Said
from groupchat.model.node_operations import Check, Checked
from groupchat.model.ranks import Rank
from tests.journals.contract import (
    ALICE,
    NICKS,
    NOON,
    JournalCase,
)

ELEVEN = AuthorId(11)
"""An author in whose digits alice's begin."""
OPERATORS = Need(Rank.OPERATOR)


def did(author: AuthorId, *changes: Consequence, needs: Need | None = None, key: str | None = None) -> Draft:
    """Draft an act of somebody who keeps order, with what follows."""
    nick = NICKS.get(author, "server")
    return Draft(Kind.MODERATED, author, nick, NOON, "lobby", "did", key=key, needs=needs, changes=changes)


def amend(*changes: Consequence, by: AuthorId = SERVER, needs: Need | None = None) -> Amendment:
    """Ask for changes without a post."""
    return Amendment(by, NOON, changes, needs)


def keeping(form: type[Granted], author: AuthorId, room: str = "lobby") -> Granted:
    """Make somebody something in a room."""
    return form(room, author, "somebody", "olga", NOON)


def mute(nick: str, author: AuthorId | None = None, room: str = "", until: float | None = None) -> Mute:
    """Make a mute, of an author if one is given and else of a nickname."""
    return Mute(nick, nick, author, author is None, room, "olga", "", NOON, until)


def session(author: AuthorId, letter: str) -> StoredSession:
    """Make a session; its digest has this letter only."""
    return StoredSession(author, letter * 64, NICKS.get(author, "eleven"), ("lobby",), 0, NOON)


def told(outcomes: list[Outcome]) -> list[type[object]]:
    """Give the type of each outcome."""
    return [type(outcome) for outcome in outcomes]


class DecisionsCase(JournalCase):
    """A journal to test, and short questions to it."""

    __test__ = False

    async def kept(self, form: type[TypedFact]) -> list[str]:
        """Give the names of the facts of a kind."""
        return [fact.name for fact in await self.journal.facts(form.KIND)]

    async def answers(self, *operations: Operation) -> list[type[object]]:
        """Append in one transaction, and give the type of each outcome."""
        return told(await self.append(*operations))

    async def sessions(self, letters: str) -> str:
        """Give the letters of those sessions that are there."""
        return "".join([letter for letter in letters if await self.journal.recall(letter * 64) is not None])

    async def checked(self, first: int = 1, upto: int = 99) -> Checked:
        """Give the outcome of a check."""
        [outcome] = await self.append(Check(first, upto))
        assert isinstance(outcome, Checked)
        return outcome


def posted(id: int) -> list[Outcome]:
    """Give the outcome of the first thing that alice says in the lobby."""
    return [StoredPost(Said(id, "lobby", "alice", NOON, str(id)), ALICE)]
