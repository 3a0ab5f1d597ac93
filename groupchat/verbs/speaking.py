"""The verbs that post: saying things, aloud and privately, and changing what one said."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.delivery.queue import Entry
from groupchat.model import emoji, text
from groupchat.model.drafts import Draft, Kind
from groupchat.model.errors import BadArguments, NoSuchNick, NothingToSay
from groupchat.model.events import Answer, AuthorId, Done
from groupchat.state.accounts import Account
from groupchat.verbs.erasure import Erasure
from groupchat.verbs.reading import said, text_of

if TYPE_CHECKING:
    from groupchat.state.people import Person


class Speaking(Erasure):
    """What a member can say."""

    __slots__ = ()

    def say(self, words: str, key: str | None = None, room: str = "") -> Entry:
        """Say something in the current room (or in another of one's rooms)."""
        return self._post(Kind.SAID, self._room(room), self._spoken(words), key)

    def act(self, words: str) -> Entry:
        """Do something in the current room: shown as ``* alice waves``."""
        return self._post(Kind.ACTED, self._room(""), self._spoken(words))

    def whisper(self, nick: str, words: str) -> Entry:
        """Say something to one person only; who has an account and is not here reads it when they come."""
        account = self.hall.accounts.find(nick)
        if account is not None and account.author not in self.hall.people:
            return self._leave_message(account, words)
        return self._whisper(self.hall.find(nick), words)

    def _leave_message(self, account: Account, words: str) -> Entry:
        entry = self._private(account.author, account.nick, words)
        entry.text = f"{account.nick} is not here, and will be shown it on coming back."
        return entry

    def _private(self, reader: AuthorId, to: str, words: str) -> Entry:
        person = self.person
        draft = Draft(
            Kind.WHISPERED, person.author, person.nick, self.hall.now(),
            text=self._spoken(words), reader=reader, to=to,
        )  # fmt: skip
        return self.hall.post(Entry(draft, (), self._origin))

    def _whisper(self, to: "Person", words: str) -> Entry:
        person = self.person
        entry = self._private(to.author, to.nick, words)
        to.last_whisperer = person.author
        if to.away is not None and person.author not in to.told_away and to is not person:
            to.told_away |= {person.author}
            words = f": {to.away}" if to.away else ""
            entry.text = f"{to.nick} is away{words}."
        return entry

    def reply(self, words: str) -> Entry:
        """Answer whoever whispered last."""
        author = self.person.last_whisperer
        if author is None:
            raise NoSuchNick("Nobody has sent you a private message yet.")
        to = self.hall.people.get(author)  # never whoever has the nickname now
        account = self.hall.accounts.of(author)
        if to is None and account is not None:
            return self._leave_message(account, words)
        if to is None:
            raise NoSuchNick("Who sent you the last private message is not here any more.")
        return self._whisper(to, words)

    def edit(self, target: int | None, words: str) -> Entry:
        """Change one's own message (None: the last one)."""
        return self._amend(Kind.EDITED, target, self._spoken(words))

    @inlineCallbacks
    def substitute(self, typo: str, fix: str) -> "Generator[Deferred[Any], Any, Entry]":
        """Replace, in one's own last message, the first ``typo`` by ``fix``."""
        yield self.hall.passed()  # what one said just before may still be on its way to the disk
        stored = said((yield self.hall.journal.latest(self.person.author)))
        typo, fix = typo.replace("\\/", "/"), fix.replace("\\/", "/")
        words = text_of(stored.event)
        if typo not in words:
            raise BadArguments(f"Your last message, #{stored.event.id}, does not contain that.")
        return self.edit(stored.event.id, words.replace(typo, fix, 1))

    def delete(self, target: int | None) -> "Entry | Deferred[Entry]":
        """Take one's own message back (None: the last one); who keeps order, anybody's."""
        if target is not None and self.hall.moderation.keeps_order(self.person.account):
            return self._delete_any(target)
        return self._amend(Kind.DELETED, target, "")

    @inlineCallbacks
    def _delete_any(self, target: int) -> "Generator[Deferred[Any], Any, Entry]":
        erased = yield self.erase(target)
        return self._amend(Kind.DELETED, target, "") if erased is None else erased

    def set_topic(self, words: str) -> Entry:
        """Say what the current room is about (empty: nothing any more)."""
        topic = text.clean(words).strip()
        most = self.hall.settings.topic_max
        if len(topic) > most:
            raise BadArguments(f"A topic has at most {most} characters; this one has {len(topic)}.")
        return self._post(Kind.TOPIC, self._room(""), topic)

    def type(self, room: str = "") -> Answer:
        """Show programs in the room that one is typing.  More often than each 3 seconds changes nothing."""
        self.hall.keystrokes.started(self._origin, self._room(room))
        return Done()

    # What the verbs share

    def _spoken(self, words: str) -> str:
        """What of these words others are shown."""
        spoken = text.clean(words)
        if not spoken or spoken.isspace():
            raise NothingToSay("There is nothing to say in that.")
        return emoji.emojify(spoken) if self.screen.style.preferences.emoji else spoken

    def _post(self, kind: Kind, room: str, words: str, key: str | None = None) -> Entry:
        person = self.person
        draft = Draft(kind, person.author, person.nick, self.hall.now(), room, words, key=key)
        return self.hall.post(Entry(draft, (room,), self._origin))

    def _amend(self, kind: Kind, target: int | None, words: str) -> Entry:
        now = self.hall.now()
        oldest = now - self.hall.settings.edit_window_h * 3600
        draft = Draft(kind, self.person.author, self.person.nick, now, text=words, target=target, not_before=oldest)
        return self.hall.post(Entry(draft, (), self._origin))
