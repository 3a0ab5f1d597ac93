"""A chat server in memory, for tests of programs that use the library."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from groupchat.client.client_events import Acted, Event, Said, Shared, Whispered, event_of
from groupchat.client.core.client_errors import Refused
from groupchat.client.core.network import Dialer
from groupchat.client.testing.fake_dialer import FakeDialer
from groupchat.client.testing.fake_fields import ALIASES, Refusal, same
from groupchat.client.testing.fake_hall import FakeHall, FakePerson, Fields
from groupchat.client.testing.fake_requests import REQUESTS, check_nick
from groupchat.client.testing.fake_visit import FakeVisit

PATIENCE = 10.0
"""Seconds for which a test waits for a message."""

IDLE_TURNS = 25
"""Idle turns of the event loop after which nothing more is expected."""

BACKOFF = 0.01
"""Seconds after which a client comes back."""


class Somebody:
    """A person whom a test plays: they are in, without a client.

    ``events``: everything they were shown, as records of ``groupchat.client.events``.
    """

    def __init__(self, server: "FakeServer", nick: str, rooms: tuple[str, ...]) -> None:
        self.events: list[Event] = []
        self._server = server
        self._unread: deque[Event] = deque()
        self._waiting: list[asyncio.Future[None]] = []
        check_nick(server.hall, nick)
        self._person = FakePerson(nick, show=self._show)
        server.hall.people.append(self._person)
        for room in rooms:
            server.hall.enter(self._person, room)

    @property
    def nick(self) -> str:
        """Return the nickname that the person has now."""
        return self._person.nick

    @property
    def messages(self) -> list[Said | Acted | Whispered | Shared]:
        """The messages among what they were shown."""
        return [event for event in self.events if isinstance(event, Said | Acted | Whispered | Shared)]

    @property
    def texts(self) -> list[str]:
        """The words of the messages they were shown."""
        return [event.text for event in self.messages if not isinstance(event, Shared)]

    async def reads(self, seconds: float = PATIENCE) -> Any:
        """Return the next message that they have not read yet, and wait for it under asyncio.

        :raises AssertionError: none has come in time.
        """
        while not self._unread:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            try:
                await asyncio.wait_for(waiting, seconds)
            except TimeoutError:
                raise AssertionError(f"{self.nick} has read nothing more in {seconds:g} s") from None
        return self._unread.popleft()

    def say(self, text: str, room: str | None = None, reply: int | None = None) -> int:
        """Say something in a room, and return its number."""
        return self._post("say", text=text, room=room, reply=reply)

    def act(self, text: str, room: str | None = None) -> int:
        """Say what they do, as by ``/me``."""
        return self._post("me", text=text, room=room)

    def tell(self, nick: str, text: str, reply: int | None = None) -> int:
        """Say something to one person only."""
        return self._post("msg", nick=nick, text=text, reply=reply)

    def edit(self, id: int, text: str) -> int:
        """Change a message of theirs."""
        return self._post("edit", id=id, text=text)

    def delete(self, id: int) -> int:
        """Delete a message of theirs."""
        return self._post("delete", id=id)

    def set_topic(self, text: str, room: str | None = None) -> int:
        """Set the topic of a room."""
        return self._post("topic", text=text, room=room)

    def join(self, room: str) -> None:
        """Come into a room."""
        self._do("join", room=room)

    def leave(self, room: str | None = None, reason: str = "") -> None:
        """Leave a room."""
        self._do("leave", room=room, reason=reason)

    def rename(self, nick: str) -> None:
        """Take another nickname."""
        self._do("nick", nick=nick)

    def exit(self, reason: str = "") -> None:
        """Leave the server."""
        self._server.hall.vanish(self._person, reason)

    def _post(self, do: str, **fields: Any) -> int:
        number: int = self._do(do, **fields)["id"]
        return number

    def _do(self, do: str, **fields: Any) -> Fields:
        given = {name: value for name, value in fields.items() if value is not None}
        try:
            return REQUESTS[do](self._server.hall, self._person, **given)
        except Refusal as refusal:
            raise Refused(refusal.code, refusal.text) from refusal

    def _show(self, message: Fields) -> None:
        event = event_of(dict(message))
        self.events.append(event)
        if isinstance(event, Said | Acted | Whispered | Shared):
            self._unread.append(event)
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)


class FakeServer:
    """A server in memory: ``gc.connect``, ``gc.Bot`` and ``gc.Client`` take it instead of an address.

    ``requests``: everything that clients have asked for, in order, as it came.

    :param passwords: nicknames that need a password, and the password of each.
    :param now: tells the time that events carry.
    :param name: what it is called in sentences.
    """

    def __init__(
        self,
        passwords: Mapping[str, str] = MappingProxyType({}),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        name: str = "the fake server",
    ) -> None:
        self.hall = FakeHall(now)
        self._name = name
        self.requests: list[Fields] = []
        self.moved = 0
        """Rises whenever anything goes over the network."""
        self._passwords = {nick.casefold(): password for nick, password in passwords.items()}
        self._visits: list[FakeVisit] = []
        self._refusals: dict[str, deque[Refusal]] = {}
        self._answers: dict[str, Callable[[Fields], Fields]] = {}
        self._is_running = True

    def __str__(self) -> str:
        return self._name

    # What a test does.

    def person(self, nick: str, *rooms: str) -> Somebody:
        """Bring somebody in, whom the test plays; the room is lobby if none is named."""
        return Somebody(self, nick, rooms or ("lobby",))

    def refuse(self, do: str, code: str, text: str = "No.", **fields: Any) -> None:
        """Refuse the next request of this kind (``say``, ``join``; ``nick`` is the one that joins the chat)."""
        self._refusals.setdefault(ALIASES.get(do, do), deque()).append(Refusal(code, text, **fields))

    def answer(self, do: str, answer: Callable[[Fields], Fields]) -> None:
        """Answer every request of this kind with the fields that a function of yours makes of it."""
        self._answers[ALIASES.get(do, do)] = answer

    def send(self, event: str, **fields: Any) -> None:
        """Send all clients an event, of whatever kind."""
        for visit in self._visits:
            if visit.person is not None:
                visit.show({"event": event, **fields})

    def cut(self) -> None:
        """Break all connections, without a word, as a bad network does."""
        for visit in [*self._visits]:
            visit.break_off()

    def stop(self) -> None:
        """Break all connections, and take no more until `start`: as after a kill."""
        self._is_running = False
        self.cut()

    def start(self) -> None:
        """Take connections again; everything is as it was."""
        self._is_running = True

    def node(self, name: str) -> "FakeServer":
        """Return another server of the same chat, as a node of a cluster is: give clients a list of all of them.

        People, posts and tokens are the same everywhere; each node is stopped, cut off and asked by itself.
        """
        node = FakeServer(name=name)
        node.hall, node._passwords = self.hall, self._passwords
        return node

    def close(self, code: str, text: str = "The server closes the connection.") -> None:
        """Close all connections and say why, by a code such as ``stopping`` or ``node-lost``."""
        for visit in [*self._visits]:
            visit.close(code, text)

    def kick(self, nick: str, text: str = "You were put out of the server.") -> None:
        """Put a client out of the server, as an operator does: it does not come back by itself."""
        for visit in [*self._visits]:
            if visit.person is not None and same(visit.person.nick, nick):
                visit.close("kicked", text)

    async def settled(self) -> None:
        """Wait, under asyncio, until nothing more is sent: so a test can say that something did *not* happen."""
        before = -1
        while self.moved != before:
            before = self.moved
            for _ in range(IDLE_TURNS):
                await asyncio.sleep(0)
            if self.moved == before:
                await asyncio.sleep(2 * BACKOFF)  # a client that was cut off comes back by then

    # How clients come to it.

    def dialer(self, loop: asyncio.AbstractEventLoop) -> Dialer:
        """Return what connects to the server under asyncio; ``gc.connect`` asks for it."""
        return FakeDialer(self, loop.call_soon)

    def backoff(self, failures: int) -> float:
        """Return the seconds after which a client comes back: hardly any, so that tests need not wait."""
        return BACKOFF

    def endpoint(self, clock: Any) -> Any:
        """Return an endpoint for Twisted: ``gc.Client(server.endpoint(clock), …)``.

        :param clock: a ``task.Clock``, on which things happen at ``clock.advance(0)``, or the reactor.
        """
        from groupchat.client.testing.fake_endpoint import FakeEndpoint  # programs with asyncio import no Twisted

        return FakeEndpoint(FakeDialer(self, partial(clock.callLater, 0)))

    # What a network does.

    def connect(self, write: Callable[[bytes], None], hang_up: Callable[[bool], None]) -> FakeVisit:
        """Begin a connection.

        :raises ConnectionRefusedError: the server is stopped.
        """
        if not self._is_running:
            raise ConnectionRefusedError("the fake server is stopped")
        visit = FakeVisit(self, write, hang_up, self._gone)
        self._visits.append(visit)
        return visit

    # What a connection asks.

    def judged(self, do: str, request: Fields) -> Fields | None:
        """Note a request, and return the answer that the test has prepared, if any.

        :raises Refusal: the test wants it to be refused.
        """
        self.requests.append(request)
        if self._refusals.get(do):
            raise self._refusals[do].popleft()
        return self._answers[do](request) if do in self._answers else None

    def check_password(self, nick: str, password: object) -> None:
        """Check the password of a nickname.

        :raises Refusal: it is needed, or wrong.
        """
        needed = self._passwords.get(nick.casefold())
        if needed is not None and password is None:
            raise Refusal("password-needed", f"{nick} belongs to an account; give its password.")
        if needed is not None and password != needed:
            raise Refusal("password-wrong", "That is not the password.")

    def _gone(self, visit: FakeVisit) -> None:
        self._visits.remove(visit)
