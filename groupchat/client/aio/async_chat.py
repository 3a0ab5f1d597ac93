"""A chat, for programs with asyncio."""

import asyncio
import logging
import os
from collections.abc import Callable
from types import TracebackType
from typing import Any, BinaryIO, TypeVar

from groupchat.client.aio.async_upload import Progress, share
from groupchat.client.aio.event_queue import FULL, EventQueue
from groupchat.client.aio.room_people import RoomPeople
from groupchat.client.client_events import Acted, Edited, Event, Person, Said, Shared, Whispered, event_of
from groupchat.client.core.client_core import ClientCore, number_of
from groupchat.client.core.client_errors import Left
from groupchat.client.core.client_state import Change, State
from groupchat.client.core.network import Dialer
from groupchat.client.core.protocol import Message
from groupchat.client.core.results import Result
from groupchat.client.core.resumption import POSTS, Since

T = TypeVar("T")

Answerable = Said | Acted | Whispered | Shared | Edited
"""The events that can be replied to."""

_log = logging.getLogger("groupchat.client")

FINAL = (State.LEFT, State.FAILED)


class Chat:
    """One's place in a chat: ``async with`` joins and leaves, ``async for`` gives the events.

    Whatever the network does meanwhile, every event comes once, and what is said is said once.

    :param core: makes the client, once there is an event loop; it is given what to call.
    :param changed: is called with every change of the connection's state.
    :param full: how many events may wait before nothing more is read from the network.
    :param hears_itself: whether the program's own posts are among the events.
    """

    def __init__(
        self,
        core: Callable[..., ClientCore],
        changed: Callable[[Change], object] = lambda change: None,
        full: int = FULL,
        hears_itself: bool = False,
    ) -> None:
        self._hears_itself = hears_itself
        self._make_core = core
        self._changed = changed
        self._queue: EventQueue[Event] = EventQueue(self._steer, self._read_again, full, 10 * full)
        self._people = RoomPeople()
        self._started: ClientCore | None = None
        self._failure: Exception | None = None
        self._taken: Event | None = None
        """The event that the program is handling."""
        self._handled: Since = None

    # What a program reads.

    @property
    def server(self) -> str:
        """The server that the program is connected to, if it was given several; otherwise empty."""
        return self._core.server

    @property
    def nick(self) -> str:
        """The nickname that the program has."""
        return self._core.nick

    @property
    def room(self) -> str:
        """The room that is meant when none is named; empty: there is none."""
        return self._core.room or ""

    @property
    def rooms(self) -> tuple[str, ...]:
        """The rooms that the program is in."""
        return self._core.rooms

    @property
    def account(self) -> str:
        """The nickname of the account; empty for guests."""
        return self._core.account

    @property
    def version(self) -> str:
        """The server's version."""
        return self._core.version

    @property
    def features(self) -> frozenset[str]:
        """The names of what the server can do (docs/PROTOCOL.md)."""
        return self._core.features

    @property
    def motd(self) -> str:
        """The message of the day; empty: there is none."""
        return self._core.motd

    @property
    def state(self) -> State:
        """The state of the connection."""
        return State.NEW if self._started is None else self._started.state

    @property
    def token(self) -> str | None:
        """Proves who the program is: with it, and ``since``, ``connect`` goes on after a restart."""
        return self._core.token

    @property
    def since(self) -> Since:
        """The number up to which the program has taken and handled the events."""
        if self._taken is None and not len(self._queue):
            return self._core.since
        return self._handled

    def people(self, room: str | None = None) -> tuple[Person, ...]:
        """Return who is in a room that the program is in."""
        return self._people.of(self._entered(room))

    def programs(self, room: str | None = None) -> tuple[Person, ...]:
        """Return the programs in a room that run without a person."""
        return self._people.programs_of(self._entered(room))

    # What a program does.

    async def say(self, text: str, *, room: str | None = None, reply: int | None = None, key: str | None = None) -> int:
        """Say something, once; return its number when it is on the server's disk.

        :param text: one or more lines.
        :param room: the room to say it in; by default the current one.
        :param reply: the number of the message that it answers.
        :param key: what is said again with the same key, also by another run with the same token or account,
            is not posted again, and has the number of the first time.
        :raises Refused: it cannot be said, with the server's ``code``.
        """
        return await self._answer(self._core.say(text, key, room, reply))

    async def tell(self, nick: str, text: str, *, reply: int | None = None, key: str | None = None) -> int:
        """Say something to one person only; otherwise as `say`."""
        return await self._post("msg", key, nick=nick, text=text, reply=reply)

    async def act(self, text: str, *, room: str | None = None, to: str | None = None, key: str | None = None) -> int:
        """Say what one does, as ``/me``, in a room or to one person only; otherwise as `say`."""
        where = {"nick": to} if to is not None else self._core.bound(room)
        return await self._post("me", key, text=text, **where)

    async def reply(self, event: Answerable, text: str, *, key: str | None = None) -> int:
        """Answer a message where it was said: in its room, or to the one person; otherwise as `say`."""
        answered = event.target if isinstance(event, Edited) else event.id
        if event.room:
            return await self.say(text, room=event.room, reply=answered, key=key)
        other = event.nick if event.nick != self.nick else getattr(event, "to", "")
        return await self.tell(other, text, reply=answered, key=key)

    async def send_file(
        self, file: str | os.PathLike[str] | BinaryIO, name: str | None = None, *, room: str | None = None,
        to: str | None = None, reply: int | None = None, progress: Progress = lambda sent, size: None,
    ) -> int:  # fmt: skip
        """Share a file, once; return the number of the post when all of it is on the server's disk.

        :param file: its path, or the open file, which stays open.
        :param name: what the others see; by default the last part of the path.
        :param to: the one person to share it with, instead of a room.
        :param progress: is called with how many bytes were sent, and how many there are.
        :raises OSError: it cannot be read, or is no regular file.
        :raises Refused: the server does not take it.
        """
        where = {"nick": to} if to is not None else self._core.bound(room)
        answered = {} if reply is None else {"reply": reply}
        what = {"name": name, "key": self._core.new_key(), **where, **answered}
        return await share(self._ask_for_ticket, file, what, progress)

    async def request(self, do: str, **fields: Any) -> Message:
        """Ask for any command of ``/help``, by the names of its fields; return the answer, a dictionary.

        :raises Refused: the server refuses it.
        :raises Unanswered: the connection was lost before the answer came.
        """
        return await self._answer(self._core.request(do, **fields))

    async def join(self, room: str) -> None:
        """Come into another room, which is the current one then."""
        await self.request("join", room=room)

    async def leave_room(self, room: str, reason: str = "") -> None:
        """Leave a room."""
        await self.request("leave", room=room, **({"reason": reason} if reason else {}))

    async def history(self, room: str | None = None, count: int = 20) -> list[Event]:
        """Return the last messages of a room."""
        named = {} if room is None else {"room": room}
        answer = await self.request("history", count=count, **named)
        return [event_of(item) for item in answer.get("items", ()) if isinstance(item, dict)]

    async def leave(self, reason: str = "") -> None:
        """Leave the chat; ``async for`` ends then.  The others read the reason."""
        self._queue.end(clear=True)
        self._steer(False)
        await self._answer(self._core.leave(reason))

    # Joining, and events one by one.

    async def __aenter__(self) -> "Chat":
        if self._started is not None:
            raise RuntimeError("a chat is joined once; connect again for another one")
        loop = asyncio.get_running_loop()
        self._started = self._make_core(loop, heard=self._hear, changed=self._change, broken=_broken)
        try:
            await self._answer(self._started.start())
        except BaseException:
            self._started.leave()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.state not in FINAL:
            await self.leave()

    def __aiter__(self) -> "Chat":
        return self

    async def __anext__(self) -> Event:
        self._done()
        event = await self._queue.get()
        if event is None and self._failure is not None:
            raise self._failure
        if event is None:
            raise StopAsyncIteration
        self._taken = event
        return event

    # Inside.

    @property
    def _core(self) -> ClientCore:
        if self._started is None:
            raise RuntimeError("the chat is joined by `async with`")
        return self._started

    def _entered(self, room: str | None) -> str:
        """Return the room that is meant; empty if the program is not in it: it may have lost it with a connection."""
        meant = (room or self.room).casefold()
        return meant if any(meant == other.casefold() for other in self.rooms) else ""

    async def _post(self, do: str, key: str | None, **fields: Any) -> int:
        given = {name: value for name, value in fields.items() if value is not None}
        return number_of(await self.request(do, key=key or self._core.new_key(), **given))

    async def _answer(self, result: Result[T]) -> T:
        """Wait for a result; it is cancelled if the task is."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def failed(error: Exception) -> None:
            if not future.done():
                future.set_exception(error)

        def done(value: T) -> None:
            if not future.done():
                future.set_result(value)

        result.then(done, failed)
        self._queue.needed(1)
        try:
            return await future
        finally:
            self._queue.needed(-1)
            result.cancel()

    async def _ask_for_ticket(self, **fields: Any) -> tuple[Message, Dialer]:
        """Ask where a file goes; return the answer, and what connects to the server from which it is."""
        dialers = self._core.membership.dialers
        return await self._answer(self._core.request("send", **fields).map(lambda ticket: (ticket, dialers.dialer)))

    def _hear(self, message: Message) -> None:
        if self._handled is None:
            self._handled = self._core.since  # the core counts this event only when it has told of it
        if message.get("event") == "refused":  # no request of the program: a preference, or what the server noticed
            _log.warning("The server refused something: %s (%s)", message.get("text"), message.get("code"))
        event = event_of(message)
        self._people.follow(event)
        if not self._is_own(message):
            self._queue.put(event, self._core.since)

    def _is_own(self, message: Message) -> bool:
        """Return whether this is a post of the program itself, which comes again because the connection was lost."""
        is_post = message.get("event") in POSTS and message.get("nick") == self._core.nick
        return is_post and not self._hears_itself

    def _change(self, change: Change) -> None:
        if change.state in FINAL:
            self._failure = None if isinstance(change.reason, Left) else change.reason
            self._queue.end()
        self._changed(change)

    def _steer(self, is_full: bool) -> None:
        if self._started is not None and is_full:
            self._started.pause()
        elif self._started is not None:
            self._started.resume()

    def _read_again(self, since: int) -> None:
        self._core.read_again(since)

    def _done(self) -> None:
        """Note that the program has handled the event that it took last."""
        taken, self._taken = self._taken, None
        number = None if taken is None else taken.raw.get("id")
        if taken is not None and taken.raw.get("event") in POSTS and type(number) is int:
            self._handled = max(number, self._handled if type(self._handled) is int else 0)


def _broken(sentence: str, error: Exception) -> None:
    _log.error("%s", sentence, exc_info=error)
