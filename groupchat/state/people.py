"""Somebody with a nickname, however many connections they have."""

from typing import TYPE_CHECKING

from groupchat.model.events import AuthorId
from groupchat.state.accounts import Account

if TYPE_CHECKING:
    from groupchat.delivery.queue import Entry
    from groupchat.verbs.member import Member


SERVER = AuthorId(0)
"""Whose the words of the server itself are."""

SERVER_NICK = "server"
"""What it is called; nobody else can be."""


class Person:
    """Somebody with a nickname: one entry in every list, however many connections they have.

    ``key``: the nickname's key; ``author``: whose their posts are.
    ``account``: None for a guest.
    ``since``: when they came, in seconds since 1970 UTC.
    ``away``: None when here, else what they left behind (it may be empty).
    """

    __slots__ = (
        "account", "author", "away", "connections", "ignored", "key", "last_whisperer", "nick", "since", "told_away",
        "unread",
    )  # fmt: skip

    def __init__(self, nick: str, key: str, author: AuthorId, since: float) -> None:
        self.nick = nick
        self.key = key
        self.author = author
        self.account: Account | None = None
        self.since = since
        self.connections: tuple[Member, ...] = ()
        self.away: str | None = None
        self.unread: dict[str, int] = {}
        """For each room with messages that were new when they came: up to which number they had read."""
        self.told_away: frozenset[AuthorId] = frozenset()
        """Who was told already that they are away."""
        self.ignored: dict[AuthorId, str] = NOBODY
        """Whom they do not want to read, with the nickname at that time."""
        self.last_whisperer: AuthorId | None = None
        """Whom /reply answers."""

    @property
    def is_secure(self) -> bool:
        """Whether all of their connections are encrypted."""
        return bool(self.connections) and all(connection.screen.secure for connection in self.connections)

    def ignores(self, entry: "Entry") -> bool:
        """Whether this person does not want to see this."""
        return entry.author in self.ignored


NOBODY: dict[AuthorId, str] = {}
"""Shared by all who ignore nobody, which is almost everyone; never written to."""
