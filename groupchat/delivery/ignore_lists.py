"""Ignore lists: whom the people who are here do not want to read, and guests among these who come again.

Rules:

1. Only this module changes ``Person.ignored``.
2. A guest who comes again under the same nickname, from where they came from, is the one who is ignored, unless that
   one is here.
3. Of such a guest no more authors are remembered than people can be ignored: the oldest go first.
"""

from groupchat.delivery.fanout import Fanout
from groupchat.model import names
from groupchat.model.events import AuthorId
from groupchat.state.people import NOBODY, Ignored, Person
from groupchat.state.roster import Roster

IGNORED_MAX = 200
"""The most people one person can ignore: each is looked at for every line they are shown."""


class IgnoreLists:
    """The ignore lists of everybody who is here.

    ``roster``: everybody who is here.
    """

    def __init__(self, fanout: Fanout, roster: Roster) -> None:
        self._fanout = fanout
        self._roster = roster
        self._guests: dict[tuple[str, str], dict[Person, None]] = {}
        """For the key of a nickname and an origin, who ignores guests with this nickname from there."""

    def ignore(self, person: Person, author: AuthorId, one: Ignored) -> None:
        """Show a person nothing more of an author."""
        person.ignored = {**person.ignored, author: one}
        self._fanout.ignore(person, author)
        if one.origin:
            self._guests.setdefault(_guest(one), {})[person] = None
            there = self._roster.find(names.key(one.nick))
            if there is not None:
                self.met(there)  # they may be here already as another author

    def unignore(self, person: Person, author: AuthorId) -> None:
        """Show a person an author's posts again."""
        one = person.ignored.get(author)
        if one is None:
            return
        person.ignored = {other: known for other, known in person.ignored.items() if other != author} or NOBODY
        self._fanout.unignore(person, author)
        if all(_guest(other) != _guest(one) for other in person.ignored.values()):
            self._drop(person, one)

    def rename(self, person: Person, author: AuthorId, nick: str) -> None:
        """List an author under another name, who is no guest that could come again."""
        self._drop(person, person.ignored[author])
        person.ignored = {**person.ignored, author: Ignored(nick)}

    def left(self, person: Person) -> None:
        """Note that a person is not here any more; the list stays theirs."""
        for author, one in person.ignored.items():
            self._fanout.unignore(person, author)
            self._drop(person, one)

    def met(self, guest: Person) -> None:
        """Note that somebody has come, or has another nickname: it may be a guest whom people ignore already."""
        if guest.account is not None or not guest.origin:
            return
        came = Ignored(guest.nick, guest.origin)
        for person in list(self._guests.get(_guest(came), ())):
            if guest.author in person.ignored or person is guest:
                continue
            before = [author for author, one in person.ignored.items() if _guest(one) == _guest(came)]
            if any(self._roster.of(author) is not None for author in before):
                continue  # that one is here, under another nickname
            person.ignored = {**person.ignored, guest.author: Ignored(person.ignored[before[0]].nick, guest.origin)}
            self._fanout.ignore(person, guest.author)
            if len(person.ignored) > IGNORED_MAX:
                self.unignore(person, before[0])

    def _drop(self, person: Person, one: Ignored) -> None:
        known = self._guests.get(_guest(one))
        if known is not None:
            known.pop(person, None)
            if not known:
                del self._guests[_guest(one)]


def _guest(one: Ignored) -> tuple[str, str]:
    return names.key(one.nick), one.origin
