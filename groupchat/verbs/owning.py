"""The verbs about one's own account: making it, coming in from it, its password, what one missed."""

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.delivery.queue import Entry
from groupchat.hall.missed import is_mentioned, is_said
from groupchat.model.claims import Claim, Logout
from groupchat.model.drafts import Audience
from groupchat.model.errors import AccountExists, NickTaken, NotAllowed
from groupchat.model.events import Answer, Done, Replayed
from groupchat.state.accounts import Account
from groupchat.verbs.connection import Connection

if TYPE_CHECKING:
    pass

MENTIONS = 20
"""How many messages /mentions shows."""


class Owning(Connection):
    """What a member can do about an account of their own."""

    __slots__ = ()

    @inlineCallbacks
    def register(self, password: str, code: str | None = None) -> "Generator[Deferred[Any], Any, Entry]":
        """Make one's nickname one's own: what one said so far stays one's own with it."""
        hall, person = self.hall, self.person
        if person.account is not None:
            raise AccountExists(f"{person.nick} is your own already; /password changes its password.")
        nick = person.nick
        invite = hall.gate.check_registration(nick, code)
        hashed = yield hall.gate.hash(nick, password, self.screen)
        if self.gone or person.nick != nick or person.account is not None:
            raise NickTaken("That came too late; try again.")
        entry = hall.registry.create(nick, person.author, hashed, invite, self._origin)
        entry.text = f"{nick} is yours from now on: whoever takes it is asked for your password."
        if not self.screen.secure:
            entry.text += " It came here unencrypted; with TLS, /password makes a new one nobody could read."
        return entry

    def login(self, nick: str, password: str) -> Claim:
        """Come in from an account, in the same rooms."""
        if self.person.account is not None:
            raise NotAllowed(f"You are logged in as {self.person.nick}; /logout first.")
        return Claim(nick, password=password, login=True, since="head", attended=self.attended)

    def logout(self) -> Logout:
        """Leave, and stay connected."""
        self._owned()
        return Logout()

    @inlineCallbacks
    def change_password(self, old: str, new: str) -> "Generator[Deferred[Any], Any, Entry]":
        """Change the password of one's account."""
        gate, account = self.hall.gate, self._owned()
        yield gate.check(account.nick, old, self.screen)
        hashed = yield gate.hash(account.nick, new, self.screen)
        entry = self.hall.registry.change(account, self._origin, hash=hashed)
        self.hall.registry.revoke(account, self._origin)
        entry.text = "Your password is changed; tokens of other connections work no longer."
        return entry

    @inlineCallbacks
    def unregister(self, password: str) -> "Generator[Deferred[Any], Any, Entry]":
        """Give one's account up; as long as one is here, one is a guest."""
        gate, account = self.hall.gate, self._owned()
        yield gate.check(account.nick, password, self.screen)
        entry = self.hall.registry.give_up(account, self._origin)
        entry.text = f"{account.nick} is no account any more; you are a guest now."
        return entry

    def remember_preference(self, name: str, value: str) -> Entry | None:
        """Have it written how one's account is shown things at such a door; None for guests."""
        account = self.person.account
        if account is None or self.hall.accounts.of(account.author) is None:
            return None
        newest = self.hall.registry.newest(account)
        kept: Mapping[str, str] = {**newest.preferences.get(self.door, {}), name: value}
        return self.hall.registry.change(account, self._origin, preferences={**newest.preferences, self.door: kept})

    # What one missed

    @inlineCallbacks
    def catch_up(self) -> "Generator[Deferred[Any], Any, Answer]":
        """What is new in the current room since one was here last."""
        hall, room, unread = self.hall, self._room(""), self.person.unread
        after = unread.get(room)
        if after is None:
            return Done(text=f"You have seen everything in {room}.")
        most = hall.settings.query_posts
        posts = yield hall.journal.following(Audience((room,)), after, hall.delivered, most)
        more = len(posts) == most
        if more:
            unread[room] = posts[-1].event.id
        else:
            unread.pop(room, None)
        shown = tuple(stored.event for stored in posts if stored.author not in self.person.ignored)
        heading = f"{len(shown)} message{'' if len(shown) == 1 else 's'}:"
        ending = "there are more; /catchup shows what follows" if more else "end of what was new"
        return Replayed("history", heading, shown, ending, hall.now())

    @inlineCallbacks
    def mentions(self) -> "Generator[Deferred[Any], Any, Answer]":
        """The newest messages that have one's nickname, in one's rooms."""
        hall, person = self.hall, self.person
        found = yield hall.journal.search(self.audience, person.nick, hall.settings.query_posts)
        posts = [
            stored.event
            for stored in found
            if stored.author != person.author
            and stored.author not in person.ignored
            and is_said(stored.event)
            and is_mentioned(person.nick, stored.event)
        ][:MENTIONS]
        heading = f"{len(posts)} message{'' if len(posts) == 1 else 's'}:"
        return Replayed("search", heading, tuple(posts), "end of what mentions you, newest first", hall.now())

    def _owned(self) -> Account:
        """:raises NotAllowed: one is a guest, or no account but the server itself."""
        account = self.person.account
        if account is None:
            raise NotAllowed("You are a guest; /register PASSWORD makes the nickname your own.")
        if self.hall.accounts.of(account.author) is None:
            raise NotAllowed("The server has no password; it cannot log out.")
        return account
