"""The nickname of somebody who comes in: taken, asked of the other nodes of a cluster, given back if they fail."""

import secrets
from collections.abc import Generator
from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.facts.whereabouts import Places
from groupchat.hall.people.own_presences import OwnPresences
from groupchat.model import names
from groupchat.model.errors import JournalUnavailable, NickTaken, PasswordNeeded, Refusal
from groupchat.model.networks import trace
from groupchat.sessions.arrival.newcomer import Newcomer
from groupchat.state.people import Person


class HeldNickname:
    """The nickname that one attempt to come in holds.

    ``person``: who has it; None: nobody, before it is taken and after it was given back.
    ``handle``: what the other nodes of a cluster know the connection by; empty: they were not asked for the nickname.
    """

    def __init__(self, newcomer: Newcomer) -> None:
        self._newcomer = newcomer
        self._hall = newcomer.hall
        self.person: Person | None = None
        self.handle = ""

    def take(self) -> Person:
        """Return the person who comes in: a new one, or one who is here on another connection.

        :raises Banned: they may not come in.
        :raises NickInvalid, NickReserved, NickTaken: choose another nickname.
        """
        hall, newcomer = self._hall, self._newcomer
        newcomer.look_up_account()
        nick, author = newcomer.nickname, newcomer.author()
        key = names.key(nick)
        newcomer.check_bans(author, key)
        person = hall.roster.of(author)
        if person is None:
            person = Person(nick, key, author, hall.now(), newcomer.account)
            person.origin = trace(self._newcomer.screen.address)
            if newcomer.stored is not None:
                person.known_since = newcomer.stored.since
            hall.roster.claim(person)
        elif newcomer.account is not None:
            pass  # one more connection, perhaps while another one is just coming in
        elif not person.connections:
            raise NickTaken(f"{person.nick} is just coming in with the same token.")
        else:
            hall.roster.check_free(nick, key, person)
        self.person = person
        return person

    @inlineCallbacks
    def ask_others(self, own: OwnPresences, person: Person, places: Places) -> Generator["Deferred[Any]", Any, Person]:
        """Ask the other nodes for the nickname, or for the one that a guest wishes; return who has it then.

        :raises NickTaken: somebody was faster, or made an account of it.
        :raises JournalUnavailable: that cannot be asked now.
        """
        yield self._ask_others(own, person, places)
        self.person = self._hall.roster.of(person.author) or person
        return self.person

    @inlineCallbacks
    def _ask_others(self, own: OwnPresences, person: Person, places: Places) -> Generator["Deferred[Any]", Any, None]:
        wish, here = self.wish(person) if person.connections else None, own.known(person)
        if here is not None and not self._is_from_elsewhere(own):
            if wish is not None:
                with suppress(NickTaken, PasswordNeeded, JournalUnavailable):
                    yield own.rename(here, *wish, None, None).result()
            return
        self.handle = self._newcomer.digest or secrets.token_hex(16)
        more = self.handle, places, self._newcomer.is_program, self._newcomer.screen
        if wish is not None:
            with suppress(NickTaken, PasswordNeeded):
                yield own.claim(person, *more, wish)
                return
        yield own.claim(person, *more)

    def _is_from_elsewhere(self, own: OwnPresences) -> bool:
        """Say whether they come back by a token whose last connection was at another node, as far as is known.

        What is kept of a session counts only from the node that has it: that must be known before anything is kept.
        """
        return self._newcomer.stored is not None and own.holder(self._newcomer.digest) is None

    def check_again(self, person: Person) -> None:
        """See that nobody made an account of the nickname at another node meanwhile.  Raises NickTaken."""
        accounts = self._hall.accounts
        if self.handle and accounts.of(person.author) is None and accounts.is_taken(person.key):
            raise NickTaken(f"{person.nick} belongs to an account now; choose another nickname.")

    def give_back(self) -> None:
        """Free the nickname again, once: it may be somebody else's soon."""
        person, self.person = self.person, None
        if person is None:
            return
        if self._hall.neighbours is not None:
            self._hall.neighbours.own.give_up(self.handle)
        if not person.connections:
            self._hall.roster.release(person)
            self._hall.persistence.forget_marks(person)

    def wish(self, person: Person) -> tuple[str, str] | None:
        """Return another nickname, with its key, that a guest asks for and may have; None: there is none."""
        hall = self._hall
        if person.account is not None:
            return None
        nick = names.nick(self._newcomer.claim.nick, hall.settings.name_rules)
        key = names.key(nick)
        is_wish = key != person.key and hall.roster.is_free(nick, key) and self._may_be_called(person, nick, key)
        return (nick, key) if is_wish else None

    def _may_be_called(self, person: Person, nick: str, key: str) -> bool:
        """Say whether people in the person's rooms may be shown this nickname of theirs."""
        moderation, now = self._hall.moderation, self._hall.now()
        try:
            moderation.check_nick(person, nick, key, person.rooms, now)
            moderation.check_words(person, person.rooms, now)
        except Refusal:
            return False
        moderation.note_words(person, person.rooms, now)
        return True
