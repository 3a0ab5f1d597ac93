"""Staying in the chat over any number of connections: joining, resuming, and passing on events.

`client_state` draws the states.  The data of a state lives in three parts, each with one owner:
`Connector` has the attempts, `JsonLines` the connection, `Resumption` what the next connection needs.
"""

from collections.abc import Callable, Mapping

from groupchat.client.core.client_errors import ConnectionDropped, Left, Refused
from groupchat.client.core.client_state import Change, Listeners, State
from groupchat.client.core.connector import Connector, Dialers, Unnoticed
from groupchat.client.core.network import Clock, Dialer
from groupchat.client.core.protocol import JsonLines, Message
from groupchat.client.core.pulse import HANDSHAKE, LATE, LATE_AMONG_SEVERAL, PING, SHORT_HANDSHAKE, Pulse
from groupchat.client.core.requests import Request, Requests, refusal_of
from groupchat.client.core.results import Result, succeeded
from groupchat.client.core.resumption import POSTS, Resumption

EXIT, PREFER = "exit", "prefer"
"""The ``ref`` of requests of the client's own; those of the program are numbers."""

TEMPORARY = frozenset({
    "server-full", "too-many-connections", "flooding", "too-slow",
    "handshake-timeout", "server-error", "journal-unavailable", "node-lost",
})  # fmt: skip
"""Refusals on connecting that another attempt may not meet."""

FINAL = frozenset({"kicked", "banned", "replaced", "logged-out", "exit"})
"""Reasons of the server to close a connection after which the client does not come back by itself.

Two clients with one token that both came back after ``replaced`` would replace each other for ever,
and a kick would be worth nothing if its victim returned within a second.
"""


class Membership:
    """Joins, stays in, and passes on what the server sends, all by itself.

    :param patient: whether a server that was never reached is tried again.
    """

    def __init__(
        self,
        dialer: Dialer,
        clock: Clock,
        resumption: Resumption,
        preferences: Mapping[str, str],
        requests: Requests,
        backoff: Callable[[int], float],
        listeners: Listeners,
        patient: bool = True,
    ) -> None:
        self.state = State.NEW
        self.resumption = resumption
        self.requests = requests
        self.preferences = dict(preferences)
        self.server: Message = {}
        """The last welcome on any connection."""
        self._clock = clock
        self._listeners = listeners
        self._echoes = preferences.get("echo") == "on"
        self._is_patient = patient
        self.dialers = Dialers.of(dialer)
        """The servers; only this class changes which of them is the current one."""
        self._connector = Connector(self.dialers, self, clock, self, backoff)
        self._spare = Connector(self.dialers, self, clock, Unnoticed(), backoff)
        """Tries another connection beside one that is silent; it takes over as soon as it is established."""
        self._is_trying_spare = False
        late_after = LATE_AMONG_SEVERAL if len(self.dialers.servers) > 1 else LATE
        self._pulse = Pulse(clock, self._silent_for, self._try_spare, late_after)
        self._wire: JsonLines | None = None
        self._asked = 0
        self._entering = ""
        """The room that is being joined, whose earlier messages come until the answer."""
        self._paused = False
        self._joined: Result[Message] = Result()
        self._leavers: list[Result[None]] = []
        self._welcome: Message | None = None
        """The welcome on this connection; None before it."""

    def start(self) -> Result[Message]:
        """Connect and join."""
        self._connector.connect()
        return self._joined

    def ask(self, message: Message) -> Request:
        """Send a request as soon as possible."""
        request = self.requests.add(message)
        self._send_waiting()
        return request

    def leave(self, reason: str) -> Result[None]:
        """Leave for good; settles when the connection is closed."""
        if self.state in (State.LEFT, State.FAILED):
            return succeeded(None)
        left: Result[None] = Result()
        self._leavers.append(left)
        if self.state is State.JOINED and self._wire is not None:
            self._wire.send({"do": "exit", **({"reason": reason} if reason else {}), "ref": EXIT})
            self._pulse.await_goodbye(self._wire)
            self._change(Change(State.LEAVING))
        elif self.state is not State.LEAVING:
            self._end(State.LEFT, None)
        return left

    def pause(self, is_paused: bool) -> None:
        """Read nothing, on whichever connection, or read again."""
        self._paused = is_paused
        if self._wire is not None and is_paused:
            self._wire.pause()
        elif self._wire is not None:
            self._wire.resume()

    def read_again(self, since: int) -> None:
        """Hear everything after this number once more: the program had to leave it out."""
        self.resumption.since = since
        if self._wire is not None and self.state in (State.JOINING, State.JOINED):  # the claim named another number
            self._wire.drop(ConnectionDropped("what was left out is read again"))

    # The connector calls these.

    def connecting(self) -> None:
        self._change(Change(State.CONNECTING))

    def moving(self, reason: Exception) -> None:
        if self.state is State.JOINED:
            self._change(Change(State.WAITING, reason))
        else:
            self._change(Change(State.CONNECTING, reason))

    def waiting(self, reason: Exception, delay: float) -> None:
        if self._is_patient or self.server:
            self._change(Change(State.WAITING, reason, delay))
        else:
            self._end(State.FAILED, reason)

    # The connection calls these.

    def wire_opened(self, wire: JsonLines) -> None:
        if self._wire is not None and not self._takes_over():
            wire.drop(ConnectionDropped("the first connection is there again"))
            return
        self._wire = wire
        self.dialers.current = self._connector.place
        if self._paused:
            wire.pause()
        self._welcome = None
        self._pulse.await_welcome(wire, SHORT_HANDSHAKE if self._connector.is_hurried else HANDSHAKE)
        self._change(Change(State.JOINING))
        self._ask(self.resumption.claim())

    def wire_received(self, wire: JsonLines, message: Message) -> None:
        if wire is not self._wire or message.get("ref") in (PING, EXIT):
            return
        if message.get("ref") == PREFER:
            self._preferred(message)
        elif self._asked and message.get("ref") == self._asked:
            self._answered(message)
        elif self.state is State.JOINING and message.get("event") == "refused":
            wire.drop(refusal_of(message))
        elif self.requests.expects(message):
            if message.get("event") == "done" and not self._echoes:
                self.resumption.posted(message.get("id"))
            self._entering = ""
            self.resumption.answered(self.requests.asked(message), message)
            self.requests.settle(message)
            self._send_waiting()
        else:
            self._event(message)

    def wire_closed(self, wire: JsonLines, reason: Exception) -> None:
        if wire is not self._wire:
            return
        self._disconnect()
        if self.state is State.LEAVING:
            self._end(State.LEFT, None)
        elif isinstance(reason, ConnectionDropped) and reason.code in FINAL:
            self._end(State.LEFT if reason.code == "exit" else State.FAILED, reason)
        elif self.state not in (State.LEFT, State.FAILED):
            self._connector.retry(reason)

    # The pulse calls these.

    def _silent_for(self, seconds: float) -> None:
        """Note how long the server has been silent; 0.0: it is no longer."""
        if not seconds:
            self._stop_spare()
        self._listeners.tell(f"when told of a silence of {seconds:g} s", self._listeners.silent, seconds)

    def _try_spare(self) -> None:
        if not self._is_trying_spare and self.state is State.JOINED:
            self._is_trying_spare = True
            self._spare.connect_beside(self._connector.place)

    # Inside.

    def _takes_over(self) -> bool:
        """Give up the connection there is for another one; return whether that is still wanted."""
        if self.state is not State.JOINED or not self._is_trying_spare:
            return False
        self._is_trying_spare = False  # it has succeeded, and must not be stopped
        self._spare.welcomed()
        self._connector.place = self._spare.place
        wire = self._disconnect()
        if wire is not None:
            # The server, if it can still be reached there, is told by the token on the other connection.
            wire.drop(ConnectionDropped("another connection has taken over"))
        return True

    def _disconnect(self) -> JsonLines | None:
        """Forget the connection: what was asked on it is asked again on the next one, as far as that is safe."""
        wire, self._wire = self._wire, None
        self._stop_spare()
        self._pulse.stop()
        self._asked = 0
        if self._welcome is None:
            self.resumption.unwelcomed(self._clock.seconds())
        self.requests.interrupted()
        return wire

    def _stop_spare(self) -> None:
        if self._is_trying_spare:
            self._is_trying_spare = False
            self._spare.stop()

    def _ask(self, message: Message) -> None:
        if self._wire is not None:
            self._asked = self.requests.number()
            self._wire.send({**message, "ref": self._asked})

    def _answered(self, message: Message) -> None:
        """Handle the answer to the claim, or to a ``join`` that followed it."""
        self._asked = 0
        self._entering = ""
        if message.get("event") == "refused":
            self._refused(refusal_of(message))
        elif self._welcome is None and message.get("event") != "welcome":
            if self._wire is not None:
                self._wire.drop(ConnectionDropped("the server answered the claim with something else than a welcome"))
        elif self._welcome is None:
            self._welcome = self.server = message
            self.resumption.welcomed(message)
            self._move(message)
        else:
            self.resumption.moved()
            self._move(self._welcome)

    def _move(self, welcome: Message) -> None:
        """Join the next room that is missing; settle in when none is."""
        room = self.resumption.missing_room()
        if room is None:
            self._settle_in(welcome)
        else:
            self._ask({"do": "join", "room": room})

    def _settle_in(self, welcome: Message) -> None:
        self._connector.welcomed()
        self.resumption.settled()
        if self._wire is not None:
            self._pulse.watch(self._wire)
            for name, value in self.preferences.items():
                self._wire.send({"do": "set", "name": name, "value": value, "ref": PREFER})
        self._change(Change(State.JOINED))
        self._send_waiting()
        if not self._joined.is_settled:
            self._joined.succeed(welcome)

    def _preferred(self, answer: Message) -> None:
        """Tell the program if the server refuses one of its preferences, such as a misspelt one."""
        if answer.get("event") == "refused":
            refused = refusal_of(answer)
            self._event({"event": "refused", "code": refused.code, "text": refused.text})

    def _refused(self, refused: Refused) -> None:
        now = self._clock.seconds()
        had_token = self.resumption.token is not None
        if self._welcome is None and self.resumption.refused(refused.code, now):
            if had_token:
                self.requests.abandon_sent()
            self._change(Change(State.JOINING, refused))
            self._ask(self.resumption.claim())
        elif refused.code in TEMPORARY or self.resumption.haunted(refused.code, now):
            if self._wire is not None:
                self._wire.drop(refused)
        elif self._welcome is not None and self.resumption.can_do_without():
            self._event({"event": "refused", "code": refused.code, "text": refused.text})
            self._move(self._welcome)
        else:
            self._end(State.FAILED, refused)

    def _event(self, message: Message) -> None:
        self.resumption.follow(message)
        if message.get("event") == "entered" and self._is_joining(str(message.get("room"))):
            self._entering = str(message.get("room"))
        if not self._is_old(message):
            self._listeners.tell(f"on the event {message.get('event')}", self._listeners.heard, message)
        self.resumption.handled(message)

    def _is_joining(self, room: str) -> bool:
        """Return whether the client has asked for this room, and has no answer yet."""
        wanted = self.resumption.missing_room() if self._asked else None
        return self.requests.is_joining(room) or (wanted is not None and wanted.casefold() == room.casefold())

    def _is_old(self, message: Message) -> bool:
        """Return whether a post is not to be heard: it was before, or nothing old is wanted."""
        if self.resumption.knows(message) or self.resumption.has_shown(message):
            return True
        if not self._echoes and message.get("nick") == self.resumption.nick and self.requests.has_posted(message):
            return True
        is_earlier = self._entering and message.get("room") == self._entering and message.get("event") in POSTS
        return bool(is_earlier and self.resumption.only_new)

    def _send_waiting(self) -> None:
        while self.state is State.JOINED and self._wire is not None:
            request = self.requests.next(self.resumption.bound_room)
            if request is None:
                return
            self._wire.send(request.message)

    def _change(self, change: Change) -> None:
        self.state = change.state
        self._listeners.tell(f"on the change to {change.state}", self._listeners.changed, change)

    def _end(self, state: State, reason: Exception | None) -> None:
        """End for good."""
        if reason is not None:
            self._connector.named(reason)
        self._connector.stop()
        self._stop_spare()
        self._pulse.stop()
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.drop(ConnectionDropped("the client has left"))
        self._change(Change(state, reason))
        self.requests.fail(Left("the client has left"))
        if not self._joined.is_settled:
            self._joined.fail(reason or Left("the client has left"))
        leavers, self._leavers = self._leavers, []
        for left in leavers:
            left.succeed(None)
