"""What the verbs of those who keep order have in common: whom they are about, where they hold, how they are done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from groupchat.delivery.queue import Entry
from groupchat.model import names, text
from groupchat.model.drafts import Fact
from groupchat.model.errors import BadArguments, NotAllowed, NotInRoom, Refusal
from groupchat.model.events import AuthorId, Told
from groupchat.model.ranks import Rank
from groupchat.state.accounts import Account
from groupchat.state.people import Person
from groupchat.verbs.connection import Connection

if TYPE_CHECKING:
    from groupchat.sessions.session import Session

REASON_MAX = 200
"""The most characters of a reason."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom an operator means: who has the nickname now (``person``), whose it is (``account``), or just a nickname."""

    nick: str
    key: str
    account: Account | None
    person: Person | None

    @property
    def author(self) -> AuthorId | None:
        """Whose posts are meant; None for a guest who is not here."""
        if self.account is not None:
            return self.account.author
        return None if self.person is None else self.person.author


class Authority(Connection):
    """How somebody who keeps order goes about it."""

    __slots__ = ()

    @property
    def scope(self) -> str:
        """Where their word holds: everywhere (empty) for operators, else in the current room."""
        return "" if self.rank >= Rank.OPERATOR else self.current

    def target(self, nick: str) -> Target:
        """Whom the nickname means, here or not.

        :raises NickInvalid, NickReserved: nobody can have it.
        """
        hall = self.hall
        key = names.key(nick)
        account = hall.accounts.find(nick)
        person = hall.roster.find(key) if account is None else hall.people.get(account.author)
        if person is not None:
            return Target(person.nick, person.key, person.account, person)
        if account is not None:
            return Target(account.nick, key, account, None)
        return Target(names.nick(nick, hall.name_rules), key, None, None)

    def subject(self, nick: str) -> Target:
        """Somebody whom this member may call to order.

        :raises NotAllowed: they keep order here themselves.
        """
        found = self.target(nick)
        if found.author == self.person.author:
            raise BadArguments("That is you.")
        if self.scope and self.hall.moderation.rank_of(found.account, self.scope) >= Rank.ROOM_OPERATOR:
            raise NotAllowed(f"{found.nick} keeps order here too; only operators can call them to order.")
        return found

    def place(self, name: str) -> str:
        """The room that is meant: the named one, or the current one.

        :raises RoomInvalid: the name is none.  NotInRoom: there is no current one.
        """
        room = names.room(name) if name else self.current
        if not room:
            raise NotInRoom("You are in no room; name the one you mean.")
        return room

    def stage(self, person: Person | None) -> str:
        """The room that is shown what is done to somebody: where they are, or else where this member is."""
        rooms = () if person is None else tuple(member.current for member in person.connections)
        return self.current if self.current in rooms or not rooms else rooms[-1]

    def decree(
        self, words: str, *facts: Fact, room: str = "", text: str = "", after: Callable[[], None] | None = None
    ) -> Entry:
        """Do what an operator does: on disk first, then true, then shown, and at last what follows from it.

        :param after: called when it was shown, but not when it was refused.
        """

        def take_effect() -> None:
            for fact in facts:
                self.hall.moderation.learn(fact)
            if after is not None:
                entry.afterwards(after)

        entry = self.moderate(words, *facts, room=room, effect=take_effect, text=text)
        return entry

    def inform(self, person: Person | None, words: str) -> None:
        """Tell somebody what was done about them, on each connection."""
        for member in person.connections if person is not None else ():
            member.show(Told((words,)))

    def cut_off(self, refusal: Refusal, meant: "Callable[[Session], bool]") -> None:
        """Close every connection that is meant, after saying why."""
        for session in [session for session in self.hall.sessions if meant(session)]:
            session.hangup(refusal)


def reason(words: str) -> str:
    """A reason as others may read it.

    :raises BadArguments: it is too long.
    """
    given = text.clean(words).strip()
    if len(given) > REASON_MAX:
        raise BadArguments(f"A reason has at most {REASON_MAX} characters; this one has {len(given)}.")
    return given


def because(why: str) -> str:
    """How a reason follows what was done; nothing when there is none."""
    return f": {why}" if why else ""
