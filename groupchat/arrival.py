"""How somebody comes in: the nickname is claimed, the earlier posts are read, and then, in one turn, they are live."""

import hashlib
import secrets
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger

from groupchat import names
from groupchat.cursor import Cursor
from groupchat.drafts import Audience, StoredPost, StoredSession
from groupchat.errors import NickTaken, Refusal, TokenInvalid
from groupchat.events import AuthorId, Ref, Welcomed
from groupchat.interfaces import IScreen, Rendered
from groupchat.member import Member
from groupchat.person import Person
from groupchat.reading import replay

if TYPE_CHECKING:
    from groupchat.hall import Hall

log = Logger()

HEAD = "head"
"""The ``since`` of who wants nothing of what was."""


class Arrival:
    """One attempt to come in.

    ``token``: proves that one is who one was (None: somebody new); ``tokened``: whether the client can use one.
    ``arrived`` is called with the new member before it is shown anything.
    ``since``: the number after which one wants everything; HEAD: nothing; None: the last few messages.
    """

    def __init__(
        self,
        hall: "Hall",
        screen: IScreen,
        door: str,
        nick: str,
        token: str | None,
        since: int | str | None,
        ref: Ref,
        arrived: Callable[[Member], None],
    ) -> None:
        self._hall = hall
        self._screen = screen
        self._door = door
        self._nick = nick
        self._token = token
        self._since = since
        self._ref = ref
        self._arrived = arrived
        self.given_up = False
        """Set when the connection is lost meanwhile."""

    @inlineCallbacks
    def begin(self) -> Generator["Deferred[Any]", Any, None]:
        """Come in.

        :raises NickInvalid, NickReserved, NickTaken: choose another one.
        :raises TokenInvalid: the token is unknown.
        """
        hall = self._hall
        stored: StoredSession | None = None
        if self._token is not None:
            stored = yield hall.journal.recall(digest_of(self._token))
            if stored is None:
                raise TokenInvalid("This token is unknown or too old; join without it.")
        elif self._door == "json":
            self._token = secrets.token_urlsafe(16)
        person = self._claim(stored)
        try:
            rooms = self._rooms(person, stored)
            upto = hall.delivered
            earlier: Sequence[StoredPost] = ()
            if self._since is None:
                audience = Audience(rooms[-1:])
                earlier = yield hall.journal.recent(audience, upto, hall.settings.replay_posts)
            if hall.people.get(person.author) is not person and not self.given_up:
                # One's old connection ended meanwhile, and freed the nickname.
                person = self._claim(stored)
            # An operator may have decided something meanwhile.
            hall.moderation.check_coming(person.author, person.key, hall.now())
            rooms = tuple(room for room in rooms if self._admits(person, room))
        except BaseException:
            self._release(person)
            raise
        if self.given_up:
            self._release(person)
        else:
            self._enter(person, rooms, stored, upto, earlier)

    def _claim(self, stored: StoredSession | None) -> Person:
        """The person one is from now on: a new one, or who one was on another connection."""
        hall = self._hall
        nick = names.nick(self._nick, hall.name_rules)
        key = names.key(nick)
        author = stored.author if stored is not None else AuthorId(secrets.randbits(63))
        hall.moderation.check_coming(author, key, hall.now())
        person = hall.people.get(author)
        if person is None:
            person = Person(nick, key, author, hall.now())
            hall.roster.claim(key, person)
            hall.people[author] = person
        elif not person.connections:
            raise NickTaken(f"{person.nick} is just coming in with the same token.")
        elif person.key != key and hall.roster.find(key) is not None:
            raise NickTaken(f"{nick} is already here; choose another nickname.")
        return person

    def _release(self, person: Person) -> None:
        hall = self._hall
        if not person.connections:
            hall.roster.release(person.key, person)
            if hall.people.get(person.author) is person:
                del hall.people[person.author]

    def _rooms(self, person: Person, stored: StoredSession | None) -> tuple[str, ...]:
        """The rooms one had and may go into now, the current one last; for somebody new, the lobby."""
        from groupchat.hall import LOBBY

        for member in person.connections:
            if member.rooms:
                return (*(room for room in member.rooms if room != member.current), member.current)
        wanted = (stored.rooms if stored is not None else ()) or (LOBBY,)
        found = tuple(room for room in wanted if self._admits(person, room))
        return found or ((LOBBY,) if self._admits(person, LOBBY) else ())

    def _admits(self, person: Person, room: str) -> bool:
        try:
            self._hall.moderation.check_room(room, person, self._hall.now())
        except Refusal:
            return False
        return True

    def _enter(
        self,
        person: Person,
        rooms: Sequence[str],
        stored: StoredSession | None,
        upto: int,
        earlier: Sequence[StoredPost],
    ) -> None:
        hall = self._hall
        old = person.connections
        member = Member(hall, person, self._screen, self._door, hall.now())
        person.connections = (*old, member)
        self._arrived(member)
        for room in rooms:
            hall.enter_room(member, room)
        for connection in old:
            hall.replace(connection)
        position = stored.position if stored is not None else 0
        if self._token is not None:
            member.digest = digest_of(self._token)
            hall.commits.save(member.stored(member.rooms, position))
        wished = names.key(self._nick)
        if wished != person.key and hall.roster.find(wished) is None:  # somebody may have taken it during the read
            member.rename(self._nick)
        welcome = Welcomed(person.nick, member.current, hall.delivered, self._token or "", position)
        style = self._screen.style
        written = style.answer(welcome, self._ref, member.current)
        if earlier:
            written = Rendered(written + style.answer(replay(earlier, hall.now()), None, member.current))
        self._screen.write(written)
        if self._since == HEAD:
            upto = hall.delivered
        elif isinstance(self._since, int):
            upto = min(self._since, hall.delivered)
        member.cursor = Cursor(hall, member, upto)
        member.cursor.advance()
        log.info("{nick} joined from {address}", nick=person.nick, address=self._screen.address, door=self._door)


def digest_of(token: str) -> str:
    """What is stored of a token: its hex SHA-256, from which nobody finds the token (it has 128 random bits)."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
