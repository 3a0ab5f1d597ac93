"""The client for programs: everything that a program reads and calls."""

import secrets
from collections.abc import Callable, Generator, Iterable, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO

from twisted.internet.defer import Deferred, fail, inlineCallbacks, succeed
from twisted.internet.interfaces import IPushProducer, IReactorTime, IStreamClientEndpoint
from zope.interface import implementer

from groupchat.client.client_events import Event, event_of
from groupchat.client.core.client_errors import FileChanged, Left, Refused, Unanswered
from groupchat.client.core.client_state import Change, State
from groupchat.client.core.connector import BACKOFF
from groupchat.client.core.membership import EXIT, Membership
from groupchat.client.core.protocol import Message, encode
from groupchat.client.core.requests import Requests
from groupchat.client.core.resumption import Resumption, Since

LONGEST = 16384
"""Bytes of a line with its end: the server's default limit."""

UPLOADS = 5
"""How often a file is sent, each time from its beginning, when the connection is lost."""


@implementer(IPushProducer)
class Client(Membership):
    """Joins the chat, stays in it whatever the network does, and says and hears everything exactly once.

    :param endpoint: the server's endpoint.
    :param nick: the nickname to ask for.
    :param clock: the reactor, or a ``task.Clock``.
    :param heard: is called with every event as it came, a dictionary;
        an exception is logged, and the event counts as handled.
    :param on_event: the same, with a record of ``groupchat.client.events``.
    :param changed: is called with every change of state.
    :param alternatives: nicknames to try, one after the other, when the server refuses ``nick``.
    :param token: the ``token`` of an earlier client: takes its nickname back and resumes after ``since``.
    :param since: the number of the last event that was handled; ``"head"``: nothing old; None: the last few messages.
    :param room: the room to be in and to say things in, beside those the server puts the client in,
        on every connection: if the server refuses it, the client fails with that refusal.
    :param rooms: the rooms to be in, and no others; the last one is current (None: the server decides).
    :param quiet: the client only posts: it is in no room and no list, its coming and going is not announced,
        and ``say`` needs a ``room``.
    :param password: the password of the nickname's account, or of the server.
    :param attended: whether a person sits at the program: then what their account's ``/set`` changed holds here too.
    :param preferences: what ``/set`` takes, set on every connection before anything else is sent;
        with ``echo`` ``on`` the client's own posts are heard like those of others.
    :param window: how many requests may be sent and not answered at once.
    :param longest: the longest line the server takes, in bytes.
    :param backoff: seconds to wait after the n-th failure in a row.
    :param silent: is called when the server does not answer: with the seconds since it was last heard, each second
        from 15 on, and with 0.0 when it is heard again, or the connection is given up.
    """

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        nick: str,
        clock: IReactorTime,
        *,
        heard: Callable[[Message], object] = lambda message: None,
        on_event: Callable[[Event], object] | None = None,
        changed: Callable[[Change], object] = lambda change: None,
        alternatives: Iterable[str] = (),
        token: str | None = None,
        since: Since = None,
        room: str | None = None,
        rooms: Iterable[str] | None = None,
        quiet: bool = False,
        password: str | None = None,
        attended: bool = False,
        preferences: Mapping[str, str] = MappingProxyType({}),
        window: int = 256,
        longest: int = LONGEST,
        backoff: Callable[[int], float] = BACKOFF,
        silent: Callable[[float], object] = lambda seconds: None,
    ) -> None:
        resumption = Resumption(nick, alternatives, token, since, room, password, attended, rooms, quiet)

        def tell(message: Message) -> None:
            heard(message)
            if on_event is not None:
                on_event(event_of(message))

        self._endpoint = endpoint
        super().__init__(endpoint, clock, resumption, preferences, Requests(window), backoff, tell, changed, silent)
        self._longest = longest
        self._key_prefix = secrets.token_hex(8)
        self._keys = 0

    # What a program reads.

    @property
    def nick(self) -> str:
        """The nickname that the client has, or asks for."""
        return self._resumption.nick

    @property
    def room(self) -> str | None:
        """The room that posts go to; None before it is known, empty when there is none."""
        return self._resumption.room

    @property
    def rooms(self) -> tuple[str, ...]:
        """The rooms that the client is in, as far as it knows; the current one is last."""
        return self._resumption.rooms

    @property
    def account(self) -> str:
        """The nickname of the account that the client belongs to; empty for guests."""
        return str(self._server.get("account") or "")

    @property
    def version(self) -> str:
        """The server's version; empty before the welcome, and when the server does not say."""
        return str(self._server.get("version", ""))

    @property
    def motd(self) -> str:
        """The message of the day, which may have several lines; empty if there is none."""
        return str(self._server.get("motd") or "")

    @property
    def features(self) -> frozenset[str]:
        """The names of what the server understands (docs/PROTOCOL.md)."""
        features = self._server.get("features")
        return frozenset(map(str, features)) if isinstance(features, list) else frozenset()

    @property
    def token(self) -> str | None:
        """Proves to the server who the client is; a program that stores it can resume after a restart."""
        return self._resumption.token

    @property
    def since(self) -> Since:
        """The number up to which everything was handled; a program stores it with the token."""
        return self._resumption.since

    @property
    def head(self) -> int:
        """The number of the newest post at the last welcome; what is missing up to it is on its way."""
        return self._resumption.head

    # What a program does.

    def start(self) -> Deferred[Message]:
        """Connect and join; fires with the first ``welcome``.

        Fails with Refused when the server does not let the client in, and with Left when the client leaves before.
        A server that cannot be reached is tried until ``leave`` is called; ``changed`` tells of each attempt.
        """
        self._connector.connect()
        return self._joined

    def say(
        self, text: str, key: str | None = None, room: str | None = None, reply: int | None = None
    ) -> Deferred[int]:
        """Post a message, exactly once; fires with its number when it is on disk.

        :param text: one or more lines, separated by line feeds.
        :param key: tells this post from all others of the author (64 characters at most);
            a program that stores it can repeat the post after its own crash.
        :param room: the room to say it in (None: the one the client wants to be in, or else the current one,
            or the person of a ``query``).  A line keeps its room, however long it waits:
            if the client is not in that room any more, the line is refused.
            So is the first one without a room after the current room was lost (``room-lost``).
        :param reply: the number of the message that it answers, in the same room or private conversation.
        """
        answered = {} if reply is None else {"reply": reply}
        try:
            bound = self._bound(room)
        except Refused:
            return fail()
        do = "msg" if "nick" in bound else "say"
        return self.request(do, text=text, key=key or self._new_key(), **bound, **answered).addCallback(_number)

    def send_file(
        self, file: BinaryIO, name: str, *, room: str | None = None, nick: str | None = None, reply: int | None = None,
        progress: Callable[[int, int], object] = lambda sent, size: None,
    ) -> Deferred[int]:  # fmt: skip
        """Share a file, exactly once; fires with the number of the post when all of it is on the server's disk.

        Fails with Refused, Left, FileChanged when there was less to read than at the beginning, and Unanswered when
        the connection was lost each time.

        :param file: is read from its beginning, in pieces, and left open.
        :param name: what the others see; a path would be refused.
        :param room: the room to share it with (None: the one that ``say`` says things in).
        :param nick: the one person to share it with.
        :param progress: is called with how many bytes were read, and how many there are.
        """
        try:
            bound = {"nick": nick} if nick is not None else self._bound(room)
        except Refused:
            return fail()
        answered = {} if reply is None else {"reply": reply}
        return self._send_file(file, {"name": name, "key": self._new_key(), **bound, **answered}, progress)

    def _bound(self, room: str | None) -> dict[str, str]:
        """Return where something goes: to a room, or (``nick``) to the person of a ``query``.

        Nothing is returned while a request before it is not answered that may choose the room: then it waits for that.

        :param room: the room that is named (None: none is).
        :raises Refused: no room is named, and the one that things went to was lost, or there is none.
        """
        if room is None and self._resumption.query:
            return {"nick": self._resumption.query}
        if room is None and not self._requests.is_moving:
            if lost := self._resumption.take_lost():
                where = f"your lines now go to {self.room}" if self.room else "you are in no room now"
                raise Refused("room-lost", f"You are no longer in {lost}; {where}.")
            room = self._resumption.bound_room
            if room == "":
                raise Refused("not-in-room", "You are in no room; join one, or name the one you mean.")
        return {"room": room} if room else {}

    def _new_key(self) -> str:
        """Return a key that tells one post from all others."""
        self._keys += 1
        return f"{self._key_prefix}-{self._keys}"

    @inlineCallbacks
    def _send_file(
        self, file: BinaryIO, what: Mapping[str, Any], progress: Callable[[int, int], object]
    ) -> Generator[Deferred[Any], Any, int]:
        from groupchat.client.http import upload  # it takes long to import, and most programs send no files

        size = upload.size_of(file)
        for _ in range(UPLOADS):
            ticket = yield self.request("send", size=size, **what)
            try:
                if (path := upload.path_of(ticket)) is None:
                    raise Unanswered("the server does not say as it should where to send the file")
                status, said = yield upload.put(self._endpoint, self._clock, path, file, size, progress)
            except upload.LOST as error:
                if not what.keys() & {"room", "nick"}:  # another room may be the current one by now
                    raise Unanswered("the connection was lost while the file was sent") from error
                continue
            except upload.Shortened as error:
                raise FileChanged(str(error)) from error
            answer = upload.read_answer(said)
            if status < 300 and (number := _number(answer)):
                return number
            if status < 300:
                raise Unanswered("the server does not say as it should whether it has the file")
            words = str(answer.get("text") or said[:200].decode(errors="replace").strip())
            raise Refused(str(answer.get("code") or f"http-{status}"), words)
        raise Unanswered(f"the connection was lost {UPLOADS} times while the file was sent")

    def request(self, do: str, **arguments: Any) -> Deferred[Message]:
        """Ask the server for anything in its /help; fires with the answer.

        Requests are sent in the order they are made; without a connection they wait for one.
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
        """Set this preference on every later connection too; on this one the program has set it."""
        self._preferences[name] = value

    def leave(self, reason: str = "") -> Deferred[None]:
        """Leave the chat for good; fires when the connection is closed.  The others read the ``reason``.

        Requests that were sent are answered first; those that still wait fail with Left.
        """
        if self.state in (State.LEFT, State.FAILED):
            return succeed(None)
        left: Deferred[None] = Deferred()
        self._leavers.append(left)
        if self.state is State.JOINED and self._wire is not None:
            self._wire.send({"do": "exit", **({"reason": reason} if reason else {}), "ref": EXIT})
            self._pulse.await_goodbye(self._wire)
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
            self._wire.resume()

    def stopProducing(self) -> None:
        """Leave, since the consumer is gone."""
        self.leave()


def _number(done: Message) -> int:
    number = done.get("id")
    return number if type(number) is int else 0  # of a server that answers with something else than it should
