"""A whole client without any network: everything that a program calls, with results that come later."""

import os
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypedDict

from groupchat.client.core.client_errors import Left, Refused
from groupchat.client.core.client_state import Change, Listeners, State
from groupchat.client.core.connector import backoff as usual_backoff
from groupchat.client.core.membership import Membership
from groupchat.client.core.network import Clock, Dialer
from groupchat.client.core.protocol import Message, encode
from groupchat.client.core.requests import Requests
from groupchat.client.core.results import Result, failed
from groupchat.client.core.resumption import Resumption, Since
from groupchat.client.core.status import Status

LONGEST = 16384
"""Bytes of a line with its end: the server's default limit."""


class Wishes(TypedDict, total=False):
    """The arguments of `ClientCore` that every kind of client takes."""

    changed: Callable[[Change], object]
    silent: Callable[[float], object]
    alternatives: Iterable[str]
    token: str | None
    since: Since
    quiet: bool
    password: str | None
    access: str | None
    attended: bool
    marks: bool
    program: bool
    preferences: Mapping[str, str]


class ClientCore(Status):
    """Joins the chat, stays in it whatever the network does, and says and hears everything exactly once.

    :param dialer: connects to the server; `Dialers` are several, which the client tries one after the other.
    :param nick: the nickname to ask for; with ``access`` it may be empty.
    :param broken: is called with a sentence and the exception when one of the program's functions raises.
    :param heard: is called with every event as it came, a dictionary.
    :param changed: is called with every change of state.
    :param silent: is called when the server does not answer: with the seconds since it was last heard, each second
        from 15 on, and with 0.0 when it is heard again, or the connection is given up.
    :param alternatives: nicknames to try, one after the other, when the server refuses ``nick``.
    :param token: the ``token`` of an earlier client: takes its nickname back and resumes after ``since``.
    :param since: the number of the last event that was handled; ``"head"``: nothing old; None: the last few messages.
    :param room: the room to be in and to say things in, beside those the server puts the client in,
        on every connection: if the server refuses it, the client fails with that refusal.
    :param rooms: the rooms to be in, and no others; the last one is current (None: the server decides).
    :param quiet: the client only posts: it is in no room and no list, its coming and going is not announced,
        and ``say`` needs a ``room``.
    :param password: the password of the nickname's account, or of the server.
    :param access: an access token of the account, instead of a password.
    :param login: whether only the account with the nickname will do, and never a guest with the server's password.
    :param attended: whether a person sits at the program: then what their account's ``/set`` changed holds here too.
    :param program: whether nobody uses the program: it is shown apart from people, and no line tells them when it comes
        or goes.
    :param marks: whether the program says itself what was read, by the request ``read``; otherwise everything that the
        server sends it counts as read.
    :param preferences: what ``/set`` takes, set on every connection before anything else is sent;
        with ``echo`` ``on`` the client's own posts are heard like those of others.  One that the server refuses
        is told by a ``refused`` event.
    :param window: how many requests may be sent and not answered at once.
    :param longest: the longest line the server takes, in bytes.
    :param backoff: seconds to wait after the n-th failure in a row.
    :param patient: whether a server that was never reached is tried again; otherwise the client fails with the reason.
    :param name_wait: seconds for which to ask again for a nickname that somebody else has.
    :raises ValueError: there is a password and an access token.
    """

    def __init__(
        self,
        dialer: Dialer,
        nick: str,
        clock: Clock,
        broken: Callable[[str, Exception], object],
        *,
        heard: Callable[[Message], object] = lambda message: None,
        changed: Callable[[Change], object] = lambda change: None,
        silent: Callable[[float], object] = lambda seconds: None,
        alternatives: Iterable[str] = (),
        token: str | None = None,
        since: Since = None,
        room: str | None = None,
        rooms: Iterable[str] | None = None,
        quiet: bool = False,
        password: str | None = None,
        access: str | None = None,
        login: bool = False,
        attended: bool = False,
        marks: bool = False,
        program: bool = False,
        preferences: Mapping[str, str] = MappingProxyType({}),
        window: int = 256,
        longest: int = LONGEST,
        backoff: Callable[[int], float] = usual_backoff,
        patient: bool = True,
        name_wait: float = 0.0,
    ) -> None:
        if password is not None and access is not None:
            raise ValueError("a password and an access token: one of them is enough")
        self._resumption = Resumption(
            nick, alternatives, token, since, room, password, attended, rooms, quiet, access, marks,
            program, login, name_wait,
        )  # fmt: skip
        self._requests = Requests(window)
        listeners = Listeners(heard, changed, silent, broken)
        super().__init__(
            Membership(dialer, clock, self._resumption, preferences, self._requests, backoff, listeners, patient)
        )
        self._longest = longest
        self._key_prefix = os.urandom(8).hex()
        self._keys = 0

    def start(self) -> Result[Message]:
        """Connect and join; the result is the first ``welcome``.

        It fails with Refused when the server does not let the client in, with Left when the client leaves before,
        and, unless the client is patient, with the reason why the server cannot be reached.
        """
        return self.membership.start()

    def say(self, text: str, key: str | None = None, room: str | None = None, reply: int | None = None) -> Result[int]:
        """Post a message, exactly once; the result is its number, when it is on disk.

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
            bound = self.bound(room)
        except Refused as refused:
            return failed(refused)
        do = "msg" if "nick" in bound else "say"
        return self.request(do, text=text, key=key or self.new_key(), **bound, **answered).map(number_of)

    def request(self, do: str, **arguments: Any) -> Result[Message]:
        """Ask the server for anything in its /help; the result is the answer.

        Requests are sent in the order they are made; without a connection they wait for one.
        It fails with Refused, with Left when it was not sent, and with Unanswered when the connection was lost, or the
        client left, before the answer came.
        """
        if self.state in (State.LEAVING, State.LEFT, State.FAILED):
            return failed(Left("the client has left"))
        message = {"do": do, **arguments}
        try:
            length = len(encode(message))
        except UnicodeEncodeError:
            return failed(Refused("not-utf8", "There is half of a character in it, which cannot be sent."))
        except ValueError as error:  # such as NaN, which is no JSON
            return failed(Refused("bad-arguments", f"It cannot be written as JSON: {error}."))
        if length + len(',"ref":') + 20 > self._longest:
            return failed(Refused("line-too-long", f"A line may have {self._longest} bytes."))
        return self.membership.ask(message).answer

    def prefer(self, name: str, value: str) -> None:
        """Set this preference on every later connection too; on this one the program has set it."""
        self.membership.preferences[name] = value

    def leave(self, reason: str = "") -> Result[None]:
        """Leave the chat for good; settles when the connection is closed.  The others read the ``reason``.

        Requests that were sent are answered first; those that still wait fail with Left.
        """
        return self.membership.leave(reason)

    def pause(self) -> None:
        """Read nothing until ``resume``, since the program cannot keep up."""
        self.membership.pause(True)

    def resume(self) -> None:
        """Read again."""
        self.membership.pause(False)

    def read_again(self, since: int) -> None:
        """Hear everything after this number once more, on another connection: the program had to leave it out."""
        self.membership.read_again(since)

    def bound(self, room: str | None) -> dict[str, str]:
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

    def new_key(self) -> str:
        """Return a key that tells one post from all others."""
        self._keys += 1
        return f"{self._key_prefix}-{self._keys}"


def number_of(done: Message) -> int:
    """Return the number of a post in the answer to it."""
    number = done.get("id")
    return number if type(number) is int else 0  # a broken server may answer with anything
