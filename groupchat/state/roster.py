"""The roster: nicknames are claimed, changed and freed in this one place, with one winner each."""

from collections.abc import Callable, Iterator

from zope.interface import implementer

from groupchat.interfaces.identity import IRoster
from groupchat.model import names
from groupchat.model.errors import NickTaken, PasswordNeeded
from groupchat.model.events import AuthorId
from groupchat.state.accounts import Accounts
from groupchat.state.people import Person

LAST = 1000
"""The most guests who are gone that are remembered."""


@implementer(IRoster)
class Roster:
    """Everybody who is here, by nickname and by author.

    A nickname is free when nobody here holds it, no account has it, and it looks like none of these.
    Everything happens in the reactor's thread, so a claim is atomic by itself.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._by_key: dict[str, Person] = {}
        self._by_author: dict[AuthorId, Person] = {}
        self.give_up: Callable[[Person], bool] = lambda person: False
        """Takes a person out of the hall whose network has vanished; says whether it did.

        That is looked at only when somebody asks for their nickname.
        """
        self._last: dict[str, AuthorId] = {}
        """The last guest who left under a nickname, by its key; the newest comes last."""
        self._held: set[str] = set()
        """The keys of nicknames of people who are just being erased."""
        self._coming: dict[object, str] = {}
        """The nicknames whose accounts are on their way to the disk, by what stands for each such request."""
        self._wanted: dict[str, Person] = {}
        """The people who are just being given other nicknames, by the keys of these."""

    def claim(self, person: Person) -> None:
        """Give a new person the nickname they ask for; an account's own nickname is always theirs to claim.

        :raises NickTaken: somebody here holds it, or it looks like an account's, and they are a guest.
        :raises PasswordNeeded: it belongs to an account, and they are a guest.
        """
        self.check_free(person.nick, person.key, person)
        self._by_key[person.key] = self._by_author[person.author] = person

    def rename(self, person: Person, nick: str, key: str, is_theirs: bool = False) -> None:
        """Give a guest another nickname, and free the old one.

        :param is_theirs: whether the nodes of the cluster know already that it is theirs.
        :raises NickTaken, PasswordNeeded: it is not free; nothing changes then.
        """
        if is_theirs:
            self.unseat(person)
            person.nick, person.key = nick, key
            self.seat(person)
        elif key != person.key:
            self.check_free(nick, key, person)
            self._by_key[key] = self._by_key.pop(person.key)
        elif nick != person.nick:
            self._check_looks(nick, key, person)
        person.nick, person.key = nick, key

    def seat(self, person: Person) -> None:
        """Give a person the nickname that is theirs, as all nodes of the cluster know; whoever asked for it lost it."""
        self._by_key[person.key] = self._by_author[person.author] = person

    def unseat(self, person: Person) -> None:
        """Free the nickname of a person who stays here."""
        if self._by_key.get(person.key) is person:
            del self._by_key[person.key]

    def want(self, person: Person, nick: str, key: str) -> Callable[[], None]:
        """Let nobody else here take a nickname that a person asks the cluster for.

        Return what is to be called when it is known whether they have it.

        :raises NickTaken, PasswordNeeded: it is not free.
        """
        self.check_free(nick, key, person)
        self._wanted[key] = person

        def known() -> None:
            if self._wanted.get(key) is person:
                del self._wanted[key]

        return known

    def release(self, person: Person) -> None:
        """Free the nickname, if this very person holds it."""
        if person.account is None and self._by_key.get(person.key) is person:
            self._last.pop(person.key, None)
            self._last[person.key] = person.author
            if len(self._last) > LAST:
                del self._last[next(iter(self._last))]
        self.unseat(person)
        if self._by_author.get(person.author) is person:
            del self._by_author[person.author]

    def hold(self, key: str) -> None:
        """Let nobody take the nickname with this key until ``let_go``."""
        self._held.add(key)

    def let_go(self, key: str) -> None:
        """Let the nickname be taken again."""
        self._held.discard(key)

    def expect(self, nick: str) -> Callable[[], None]:
        """Let nobody take a nickname that looks like this one, whose account is on its way to the disk.

        Return what is to be called when it has arrived there, or was refused.
        """
        request = object()
        self._coming[request] = nick

        def arrived() -> None:
            del self._coming[request]

        return arrived

    def check_free(self, nick: str, key: str, person: Person | None = None) -> None:
        """Raise unless this person (None: a newcomer) may have the nickname.

        :raises NickTaken: somebody here holds it, or it looks like an account's, and they are a guest.
        :raises PasswordNeeded: it belongs to an account, and they are a guest.
        """
        if (person is None or person.account is None) and self._accounts.is_taken(key):
            raise PasswordNeeded(f"{nick} belongs to an account: /login {nick} PASSWORD, or choose another nickname.")
        self._check_looks(nick, key, person)
        self.check_held(key, person)

    def check_held(self, key: str, person: Person | None = None) -> None:
        """Raise if somebody here other than this person holds the nickname, whatever accounts there are.

        :raises NickTaken: somebody does.
        """
        if key in self._held:
            raise NickTaken("This nickname cannot be taken at this moment; try again in a few seconds.")
        holder = self._by_key.get(key) or self._wanted.get(key)
        if holder is not None and holder is not person and not self.give_up(holder):
            raise NickTaken(f"{holder.nick} is already here; choose another nickname.")

    def is_free(self, nick: str, key: str) -> bool:
        """Say whether a guest who is not here could take the nickname."""
        try:
            self.check_free(nick, key)
        except (NickTaken, PasswordNeeded):
            return False
        return True

    def find(self, key: str) -> Person | None:
        """Return the person who holds the nickname with this key."""
        return self._by_key.get(key)

    def had(self, key: str) -> tuple[AuthorId, ...]:
        """Return the author who has the nickname with this key, and of guests who are gone the last one who had it."""
        person, last = self._by_key.get(key), self._last.get(key)
        found = [None if person is None else person.author, last]
        return tuple(dict.fromkeys(author for author in found if author is not None))

    def forget(self, key: str) -> None:
        """Forget who had the nickname with this key and is gone."""
        self._last.pop(key, None)

    def of(self, author: AuthorId) -> Person | None:
        """Return the person who is here as this author."""
        return self._by_author.get(author)

    def _check_looks(self, nick: str, key: str, person: Person | None) -> None:
        """:raises NickTaken: it looks like the nickname of another's account, and they are a guest."""
        if person is not None and person.account is not None:
            return
        alike = self._accounts.resembled(nick)
        if not alike or names.key(alike) == key:
            alike = self._resembled_soon(nick, key)
        if alike:
            raise NickTaken(f"{nick} looks like {alike}, which belongs to an account; choose another nickname.")

    def _resembled_soon(self, nick: str, key: str) -> str:
        """Return the nickname of an account on its way to the disk that this one looks like; empty: there is none."""
        if not self._coming:
            return ""
        looks = frozenset(names.skeletons(nick))
        for one in self._coming.values():
            if names.key(one) != key and not looks.isdisjoint(names.skeletons(one)):
                return one
        return ""

    def __iter__(self) -> Iterator[Person]:
        return iter(self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)
