"""A program's place in the chat, kept over any number of connections."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from zope.interface import implementer

from groupchat.client.connector import BACKOFF, Connector
from groupchat.client.errors import ConnectionDropped, Left, Refused
from groupchat.client.place import Place, Since
from groupchat.client.protocol import JsonLines, Message, encode
from groupchat.client.requests import Requests
from groupchat.client.state import Change, State

HANDSHAKE = 30.0
"""Seconds from the connection to the welcome; the server's own limit."""

QUIET = 60.0
"""Seconds without a byte from the server until it is asked for one, and then until it is taken for dead."""

GOODBYE = 5.0
"""Seconds the server has to close the connection of a client that leaves."""

LONGEST = 16384
"""Bytes of a line with its end: the server's default limit."""

PING, EXIT, PREFER = "ping", "exit", "prefer"
"""The ``ref`` of requests of the client's own; those of the program are numbers."""

TEMPORARY = frozenset({
    "server-full", "too-many-connections", "flooding", "too-slow",
    "handshake-timeout", "server-error", "journal-unavailable",
})  # fmt: skip
"""Refusals at the door that may be gone at the next attempt."""


@implementer(IPushProducer)
class Client:
    """Joins the chat, stays in it whatever the network does, and says and hears everything exactly once.

    :param endpoint: where the server is.
    :param nick: the nickname to ask for.
    :param clock: the reactor, or a ``task.Clock``.
    :param heard: is called with every event, in order; one that raises is logged, and the event counts as handled.
    :param changed: is called with every change of state.
    :param alternatives: nicknames to try, one after the other, when the server refuses ``nick``.
    :param token: what ``token`` was of an earlier client: takes its nickname back and resumes where ``since`` says.
    :param since: the number of the last event that was handled; ``"head"``: nothing old; None: the last few messages.
    :param room: the room to be in (None: where the server puts us).
    :param password: of the account that the nickname belongs to, or of the server.
    :param preferences: what ``/set`` takes, set on every connection before anything else is sent;
        with ``echo`` ``on`` one's own posts are heard like those of others.
    :param window: how many requests may be sent and not answered at once.
    :param longest: the longest line the server takes, in bytes.
    :param backoff: seconds to wait after the n-th failure in a row.
    """

    _log = Logger()

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        nick: str,
        clock: IReactorTime,
        *,
        heard: Callable[[Message], object] = lambda message: None,
        changed: Callable[[Change], object] = lambda change: None,
        alternatives: Iterable[str] = (),
        token: str | None = None,
        since: Since = None,
        room: str | None = None,
        password: str | None = None,
        preferences: Mapping[str, str] = MappingProxyType({}),
        window: int = 256,
        longest: int = LONGEST,
        backoff: Callable[[int], float] = BACKOFF,
    ) -> None:
        self.state = State.NEW
        self._clock = clock
        self._heard = heard
        self._changed = changed
        self._longest = longest
        self._place = Place(nick, alternatives, token, since, room, password)
        self._preferences = dict(preferences)
        self._echoes = preferences.get("echo") == "on"
        self._requests = Requests(window)
        factory = Factory.forProtocol(lambda: JsonLines(self))
        factory.noisy = False
        self._connector = Connector(endpoint, factory, clock, self, backoff)
        self._wire: JsonLines | None = None
        self._asked = 0
        self._timer: IDelayedCall | None = None
        self._paused = False
        self._joined: Deferred[Message] = Deferred()
        self._leavers: list[Deferred[None]] = []
        self._welcome: Message | None = None
        self._key_prefix = secrets.token_hex(8)
        self._keys = 0

    # What a program reads.

    @property
    def nick(self) -> str:
        """The nickname it has, or asks for."""
        return self._place.nick

    @property
    def room(self) -> str | None:
        """The room its posts go to; None before it is known."""
        return self._place.room

    @property
    def token(self) -> str | None:
        """Proves to the server that one is the same person; a program that stores it can resume after a restart."""
        return self._place.token

    @property
    def since(self) -> Since:
        """The number up to which everything was handled; to be stored along with the token."""
        return self._place.since

    @property
    def head(self) -> int:
        """The number of the newest post when the server let us in last; what is missing up to it is on its way."""
        return self._place.head

    # What a program does.

    def start(self) -> Deferred[Message]:
        """Connect and join; fires with the first ``welcome``.

        Fails with Refused when the server will not have us, and with Left when the client leaves before.
        A server that cannot be reached is tried again for ever: ``changed`` tells of it, ``leave`` ends it.
        """
        self._connector.connect()
        return self._joined

    def say(self, text: str, key: str | None = None, room: str | None = None) -> Deferred[int]:
        """Post a line, exactly once; fires with its number when it is on disk.

        :param key: tells this post from every other one of the author's (64 characters at most);
            a program that stores it can post again after its own crash without fear.
        :param room: one of the rooms we are in (None: the current one).
        """
        if key is None:
            self._keys += 1
            key = f"{self._key_prefix}-{self._keys}"
        where = {} if room is None else {"room": room}
        return self.request("say", text=text, key=key, **where).addCallback(_number)

    def request(self, do: str, **arguments: Any) -> Deferred[Message]:
        """Ask the server for anything in its /help; fires with the answer.

        Requests are sent in the order they are made; one made without a connection is sent when there is one.
        Fails with Refused, Left, or, when the connection was lost before the answer came, with Unanswered.
        """
        if self.state in (State.LEAVING, State.LEFT, State.FAILED):
            return fail(Left("the client has left"))
        message = {"do": do, **arguments}
        if len(encode(message)) + len(',"ref":') + 20 > self._longest:
            return fail(Refused("line-too-long", f"A line may have {self._longest} bytes."))
        answer = self._requests.add(message).answer
        self._send_waiting()
        return answer

    def prefer(self, name: str, value: str) -> None:
        """Have this preference set on every later connection too; on this one it was."""
        self._preferences[name] = value

    def leave(self, reason: str = "") -> Deferred[None]:
        """Leave the chat for good; fires when the connection is closed.  The others read the ``reason``.

        What was sent before is answered first; what was not sent yet fails with Left.
        """
        if self.state in (State.LEFT, State.FAILED):
            return succeed(None)
        left: Deferred[None] = Deferred()
        self._leavers.append(left)
        if self.state is State.JOINED and self._wire is not None:
            self._wire.send({"do": "exit", **({"reason": reason} if reason else {}), "ref": EXIT})
            self._set_timer(GOODBYE, self._drop, ConnectionDropped("the server did not say goodbye"))
            self._change(Change(State.LEAVING))
        elif self.state is not State.LEAVING:
            self._end(State.LEFT, None)
        return left

    def pauseProducing(self) -> None:
        """Read nothing until ``resumeProducing``; an IPushProducer, for a consumer that cannot keep up."""
        self._paused = True
        if self._wire is not None:
            self._wire.pause()

    def resumeProducing(self) -> None:
        """Read again."""
        self._paused = False
        if self._wire is not None:
            self._wire.heard = True
            self._wire.resume()

    def stopProducing(self) -> None:
        """The consumer is gone: leave."""
        self.leave()

    # The connector calls these.

    def connecting(self) -> None:
        self._change(Change(State.CONNECTING))

    def waiting(self, reason: Exception, delay: float) -> None:
        self._change(Change(State.WAITING, reason, delay))

    # The connection calls these.

    def wire_opened(self, wire: JsonLines) -> None:
        self._wire = wire
        if self._paused:
            wire.pause()
        self._welcome = None
        self._set_timer(HANDSHAKE, self._drop, ConnectionDropped("the server did not answer"))
        self._change(Change(State.JOINING))
        self._ask(self._place.claim())

    def wire_received(self, wire: JsonLines, message: Message) -> None:
        if wire is not self._wire or message.get("ref") in (PING, EXIT, PREFER):
            return
        if self._asked and message.get("ref") == self._asked:
            self._answered(message)
        elif self.state is State.JOINING and message.get("event") == "refused":
            wire.drop(_refusal(message))
        elif self._requests.expects(message):
            if message.get("event") == "done" and not self._echoes:
                self._place.posted(message.get("id"))
            self._requests.settle(message)
            self._send_waiting()
        else:
            self._event(message)

    def wire_closed(self, wire: JsonLines, reason: Exception) -> None:
        if wire is not self._wire:
            return
        self._wire = None
        self._stop_timer()
        self._asked = 0
        if self._welcome is None:
            self._place.unwelcomed(self._clock.seconds())
        self._requests.interrupted()
        if self.state is State.LEAVING:
            self._end(State.LEFT, None)
        elif self.state not in (State.LEFT, State.FAILED):
            self._connector.retry(reason)

    # Inside.

    def _ask(self, message: Message) -> None:
        if self._wire is not None:
            self._asked = self._requests.number()
            self._wire.send({**message, "ref": self._asked})

    def _answered(self, message: Message) -> None:
        """The server answered our nickname, or the ``join`` that may follow."""
        self._asked = 0
        if message.get("event") == "refused":
            self._refused(_refusal(message))
        elif self._welcome is None:
            self._welcome = message
            move = self._place.welcomed(message)
            if move is None:
                self._settle_in(message)
            else:
                self._ask(move)
        else:
            self._place.moved()
            self._settle_in(self._welcome)

    def _settle_in(self, welcome: Message) -> None:
        self._connector.welcomed()
        self._set_timer(QUIET, self._listen, False)
        if self._wire is not None:
            for name, value in self._preferences.items():
                self._wire.send({"do": "set", "name": name, "value": value, "ref": PREFER})
        self._change(Change(State.JOINED))
        self._send_waiting()
        if not self._joined.called:
            self._joined.callback(welcome)

    def _refused(self, refused: Refused) -> None:
        now = self._clock.seconds()
        had_token = self._place.token is not None
        if self._welcome is None and self._place.refused(refused.code, now):
            if had_token:
                self._requests.abandon_sent()
            self._change(Change(State.JOINING, refused))
            self._ask(self._place.claim())
        elif refused.code in TEMPORARY or self._place.haunted(refused.code, now):
            self._drop(refused)
        else:
            self._end(State.FAILED, refused)

    def _event(self, message: Message) -> None:
        if not self._place.knows(message):
            try:
                self._heard(message)
            except Exception:
                self._log.failure("The program failed on the event {event}", event=message.get("event"))
        self._place.handled(message)

    def _send_waiting(self) -> None:
        while self.state is State.JOINED and self._wire is not None:
            request = self._requests.next()
            if request is None:
                return
            self._wire.send(request.message)

    def _listen(self, asked: bool) -> None:
        """Ask a server that has been quiet for a sign of life; take it for dead when it was asked already."""
        if self._wire is None:
            return
        if self._wire.heard or self._paused:
            self._wire.heard = False
            self._set_timer(QUIET, self._listen, False)
        elif asked:
            self._drop(ConnectionDropped("the server has fallen silent"))
        else:
            self._wire.send({"do": "ping", "ref": PING})
            self._set_timer(QUIET, self._listen, True)

    def _drop(self, reason: Exception) -> None:
        if self._wire is not None:
            self._wire.drop(reason)

    def _set_timer(self, delay: float, call: Callable[..., None], *arguments: object) -> None:
        """The one timer there is: the handshake's, the silence's or the goodbye's."""
        self._stop_timer()
        self._timer = self._clock.callLater(delay, call, *arguments)

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def _change(self, change: Change) -> None:
        self.state = change.state
        try:
            self._changed(change)
        except Exception:
            self._log.failure("The program failed on the change to {state}", state=change.state)

    def _end(self, state: State, reason: Exception | None) -> None:
        """Over for good."""
        self._connector.stop()
        self._stop_timer()
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.drop(ConnectionDropped("the client has left"))
        self._change(Change(state, reason))
        self._requests.fail(Left("the client has left"))
        if not self._joined.called:
            self._joined.errback(reason if reason is not None else Left("the client has left"))
        leavers, self._leavers = self._leavers, []
        for left in leavers:
            left.callback(None)


def _refusal(message: Message) -> Refused:
    return Refused(str(message.get("code", "refused")), str(message.get("text", "")))


def _number(done: Message) -> int:
    return int(done.get("id", 0))
