"""People and their connections: data, without verbs.

The rules for whoever changes them:

1. ``Person.nick`` and ``key`` change only in the roster; ``connections`` only in attendance.
2. ``Connection.rooms``, ``current`` and ``lost``, and the members of rooms, change only in attendance;
   but whoever tells a connection that it has lost a room, forgets that.
3. ``live``, ``paused``, ``cursor`` and ``view`` change only in the send path (fanout, readers, cursor).
4. ``Person.account`` changes only when the fact that says so is on disk.
5. ``Person.ignored`` changes only in the ignore lists.
"""

import secrets
from collections.abc import Callable
from typing import NamedTuple, Protocol

from groupchat.facts.account_facts import Account
from groupchat.facts.whereabouts import Places
from groupchat.interfaces.screens import IScreen, IStyle
from groupchat.model.drafts import Audience
from groupchat.model.events import Answer, AuthorId, Ref
from groupchat.model.networks import trace

SERVER_NICK = "server"
"""The server's nickname; nobody else can have it."""


class Ignored(NamedTuple):
    """Somebody whom a person ignores: the nickname they had then, and where they came from if they were a guest."""

    nick: str
    origin: str = ""


NOBODY: dict[AuthorId, Ignored] = {}
"""Shared by all who ignore nobody, which is almost everyone; never written to."""


class Position(Protocol):
    """The position in the journal of a connection that is catching up."""

    position: int
    acknowledged: set[int]

    def advance(self) -> None:
        """Go on reading, if the connection takes something."""


class View(NamedTuple):
    """Common to the connections of one crowd: the things they are shown, and their style."""

    style: IStyle
    rooms: tuple[str, ...]
    current: str


class Partner(NamedTuple):
    """The person a connection is in a private conversation with: always this author, under whichever nickname.

    ``nick``: the nickname that was shown last.
    """

    author: AuthorId
    nick: str


class Whisperers:
    """The last people who wrote to somebody privately: whom /reply answers.

    ``last``: who wrote last; ``before``: who had written before them, another one (None: nobody yet).
    ``since``: when ``last`` began to be the last one, in seconds on the clock that never jumps.
    """

    __slots__ = ("before", "last", "since")

    def __init__(self) -> None:
        self.last: AuthorId | None = None
        self.before: AuthorId | None = None
        self.since = 0.0

    def note(self, author: AuthorId, at: float) -> None:
        """Note that somebody has written."""
        if author != self.last:
            self.last, self.before, self.since = author, self.last, at


class Person:
    """Somebody with a nickname: one line in every list, however many connections they have.

    ``key``: the nickname's key; ``author``: identifies their posts.
    ``account``: None for a guest.
    ``since``: when they came, in seconds since 1970 UTC; ``known_since``: when their author came first.
    ``origin``: where they came from last, as sanctions of guests go by it; empty: that is not known.
    ``away``: None when here, else the words they left behind (which may be empty).
    ``agreed_away``: the same as all nodes of a cluster know it; they may be about to be told otherwise.
    ``numbered``: the highest number that one of their connections was given, since they came.
    """

    __slots__ = (
        "account", "agreed_away", "author", "away", "connections", "ignored", "key", "known_since", "nick", "numbered",
        "origin", "since", "told_away", "unread", "unread_upto", "whisperers",
    )  # fmt: skip

    def __init__(self, nick: str, key: str, author: AuthorId, since: float, account: Account | None = None) -> None:
        self.nick = nick
        self.key = key
        self.author = author
        self.account = account
        self.since = since
        self.known_since = since
        self.origin = ""
        self.connections: tuple[Connection, ...] = ()
        self.numbered = 0
        self.away: str | None = None
        self.agreed_away: str | None = None
        self.unread: dict[str, int] = {}
        """For each room with messages that were new when they came: the number up to which they had read."""
        self.unread_upto = 0
        """The newest number when they came."""
        self.told_away: frozenset[AuthorId] = frozenset()
        """The people who were told already that this one is away."""
        self.ignored: dict[AuthorId, Ignored] = NOBODY
        """The people they do not want to read."""
        self.whisperers = Whisperers()

    @property
    def is_program(self) -> bool:
        """Say whether only programs are connected, and no person."""
        return bool(self.connections) and all(connection.program for connection in self.connections)

    @property
    def is_secure(self) -> bool:
        """Say whether all of their connections are encrypted."""
        return bool(self.connections) and all(connection.screen.secure for connection in self.connections)

    @property
    def rooms(self) -> tuple[str, ...]:
        """The rooms they are in, on any of their connections."""
        return tuple(dict.fromkeys(room for connection in self.connections for room in connection.rooms))


class Connection:
    """One connection of a person: where it is, and how far it has read.

    ``rooms``: the rooms it is in, in the order joined; ``current``: where its lines go (empty: nowhere).
    ``lost``: the room they went to until it was put out of there, as long as it was not told so when saying something.
    ``moving``: how its places are about to change, as soon as that is on disk; None: not at all.
    ``live``: it gets batches as they come; else ``cursor`` says where it stands, once it has come in.
    ``paused``: its transport takes nothing more just now.
    ``gone``: it has left; nothing is done for it any more.
    ``attended``: a person sits there, and not a program by itself.
    ``marks``: it says itself what its reader has read; else everything it is sent counts as read.
    ``program``: a program by itself, which is shown apart from people, and without a line when it comes or goes.
    ``quiet``: such a program that only posts: it is in no room and in no list.
    ``relays``: it posts what others wrote, at a hook.
    ``silent``: it asked for nothing of what was said before it came, in whichever room.
    ``digest``: hex SHA-256 of its token (empty: it was given none, or that works no longer).
    ``access``: the digest of the access token that let it in; empty: something else did.
    ``number``: tells it from the person's other connections; none of them is given it again.
    ``partner``: the person its lines go to, instead of a room (None: they go to the current room).
    ``node``: the other node of the cluster that it is at; empty: this one.
    """

    node = ""

    __slots__ = (
        "_handle", "access", "attended", "current", "cursor", "digest", "gone", "live", "lost", "marks", "moving",
        "number", "partner", "paused", "person", "program", "quiet", "relays", "rooms", "screen", "silent", "since",
        "view",
    )  # fmt: skip

    def __init__(self, person: Person, screen: IScreen, since: float) -> None:
        self.person = person
        person.origin = trace(screen.address)
        self.screen = screen
        self.since = since
        self.rooms: tuple[str, ...] = ()
        self.current = ""
        self.lost = ""
        self.moving: Callable[[Places], Places] | None = None
        self.live = False
        self.paused = False
        self.gone = False
        self.cursor: Position | None = None
        self.digest = ""
        self.access = ""
        self.number = 1
        self.partner: Partner | None = None
        self._handle = ""
        self.attended = screen.style.attended
        self.marks = False
        self.program = False
        self.quiet = False
        self.relays = False
        self.silent = False
        self.view = View(screen.style, (), "")

    def hold_token(self, digest: str) -> None:
        """Note that it has the token with this digest, as other connections of the same client had before it."""
        self.digest = self._handle = digest

    def hold_handle(self, handle: str) -> None:
        """Note that it is known by this handle already, without a token."""
        self._handle = handle

    @property
    def handle(self) -> str:
        """Return its handle, which no other connection has: the digest of its first token, or else something random."""
        if not self._handle:
            self._handle = secrets.token_hex(16)
        return self._handle

    @property
    def places(self) -> Places:
        """Return the rooms it is in, and which of them is current."""
        return Places(self.rooms, self.current, self.lost)

    @property
    def next_places(self) -> Places:
        """Return where it will be when what is under way is on disk."""
        return self.places if self.moving is None else self.moving(self.places)

    @property
    def door(self) -> str:
        """The name of the door it came through."""
        return self.screen.style.door

    @property
    def audience(self) -> Audience:
        """Return the audience it reads the journal as."""
        return Audience(self.rooms, self.person.author)

    def show(self, answer: Answer, ref: Ref = None) -> None:
        """Answer this one connection."""
        screen = self.screen
        shown = screen.answer(answer, ref, self.person.nick, self.current)
        if shown:  # some styles show nothing of some answers, and writing nothing is a system call too
            screen.write(shown)


class Watcher(Connection):
    """The connection of somebody who follows a room without being in it: what is private is not shown there."""

    __slots__ = ()

    def __init__(self, person: Person, screen: IScreen, since: float, room: str, access: str) -> None:
        super().__init__(person, screen, since)
        self.program = self.quiet = True
        self.rooms = (room,)
        self.current = room
        self.access = access

    @property
    def audience(self) -> Audience:
        """Return the audience it reads the journal as."""
        return Audience(self.rooms)
