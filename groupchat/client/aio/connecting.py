"""`connect`: from an address to a chat."""

import asyncio
import os
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from groupchat.client.address import MOST, Address, Servers, addresses_of, reason, together
from groupchat.client.address import servers as read_servers
from groupchat.client.aio.async_chat import Chat
from groupchat.client.aio.async_network import AsyncClock, AsyncDialer
from groupchat.client.aio.event_queue import FULL
from groupchat.client.core.client_core import ClientCore, Wishes
from groupchat.client.core.client_errors import NotTrusted
from groupchat.client.core.client_state import Change
from groupchat.client.core.connector import Dialers, backoff
from groupchat.client.core.network import Dialer
from groupchat.client.core.resumption import Since
from groupchat.client.encryption import read_authorities, read_fingerprint
from groupchat.client.tls.trust import Encryption


@runtime_checkable
class Reachable(Protocol):
    """A server with a network of its own, such as one in memory."""

    def dialer(self, loop: asyncio.AbstractEventLoop) -> Dialer:
        """Return a dialer that connects to it."""

    def backoff(self, failures: int) -> float:
        """Return the seconds to wait after so many failures in a row."""


Place = str | Address | Servers | Reachable
"""Where a server is: ``HOST``, ``HOST:PORT``, several with commas, an `Address`, `Servers`, or a `FakeServer`."""

Places = Place | Sequence[Place]
"""Where a server is, or where the servers of one chat are, in the order in which they are tried."""


class Options(Wishes, total=False):
    """The arguments of `connect` that a bot takes too, beside the nickname and the rooms."""

    tls: bool
    ca: str | os.PathLike[str] | None
    fingerprint: str | None
    insecure: bool
    wait: bool
    full: int


def connect(
    server: Places,
    nick: str = "",
    *,
    room: str | None = None,
    rooms: Iterable[str] | None = None,
    quiet: bool = False,
    password: str | None = None,
    access: str | None = None,
    alternatives: Iterable[str] = (),
    token: str | None = None,
    since: Since = "head",
    tls: bool = False,
    ca: str | os.PathLike[str] | None = None,
    fingerprint: str | None = None,
    insecure: bool = False,
    wait: bool = False,
    attended: bool = False,
    marks: bool = False,
    program: bool = False,
    preferences: Mapping[str, str] = MappingProxyType({}),
    changed: Callable[[Change], object] = lambda change: None,
    silent: Callable[[float], object] = lambda seconds: None,
    full: int = FULL,
) -> Chat:
    """Return a chat, which ``async with`` joins and leaves.

    If the server cannot be reached at first, or does not let the program in, ``async with`` raises the reason at once.
    Later losses of the connection are mended silently.

    :param server: ``HOST`` or ``HOST:PORT``; several of one chat with commas, or as a list.  They are tried in order,
        and when the connection to one is lost, the next one is tried at once.
    :param nick: the nickname to ask for; with ``access`` it may be left out.
    :param room: the room to be in.  If neither this nor ``rooms`` is given, the server decides: usually the lobby.
    :param rooms: several rooms; the last one is the one that is meant when none is named.
    :param quiet: only post: be in no room and in no list of people.
    :param password: the password of the nickname's account, or of the server.
    :param access: an access token of an account, instead of its password.
    :param alternatives: nicknames to try when the first one is taken.
    :param token: who the program was in another run (``chat.token``): with its rooms, and its right to edit.
    :param since: the number of the last message that needs not come again (``chat.since``);
        ``"head"``: none that was said before; None: the last few.
    :param tls: encrypt the connection; so do the three that follow.
    :param ca: a file with the only certificates to trust, in PEM.
    :param fingerprint: the SHA-256 fingerprint of the only certificate to trust.
    :param insecure: accept every certificate.
    :param wait: whether to go on trying when the server cannot be reached at first.
    :param attended: whether a person sits at the program: then what their account's ``/set`` changed holds here too.
    :param program: whether nobody uses the program: it is shown apart from people, and no line tells them when it comes
        or goes.
    :param marks: whether the program says itself what was read, by ``await chat.request("read", …)``.
    :param preferences: what ``/set`` takes, such as ``{"echo": "on"}``, with which one hears oneself.
    :param changed: is called with every change of the connection's state.
    :param silent: is called while the server does not answer: with the seconds of silence, each second from 15 on,
        and with 0.0 when it is heard again.
    :param full: how many events may wait for the program before nothing more is read.
    :raises ValueError: the arguments are wrong.
    """
    places = _places(server, tls, ca, fingerprint, insecure)
    slow = [place.backoff for place in places if isinstance(place, Reachable)]
    check_alternatives(alternatives)
    if isinstance(rooms, str):
        raise ValueError("rooms are several names; give one as room")
    named = None if rooms is None else tuple(rooms)
    if room is not None:
        named = (*(other for other in named or () if other != room), room)
    if password is not None and access is not None:
        raise ValueError("a password and an access token: one of them is enough")
    if not nick and access is None:
        raise ValueError("a nickname is needed")

    def core(loop: asyncio.AbstractEventLoop, **listeners: Any) -> ClientCore:
        return ClientCore(
            _dialers(places, loop), nick, AsyncClock(loop), rooms=named, room=room, quiet=quiet, password=password,
            access=access, alternatives=alternatives, token=token, since=since, preferences=preferences, patient=wait,
            attended=attended, marks=marks, program=program, silent=silent,
            backoff=slow[0] if slow else backoff, **listeners,
        )  # fmt: skip

    return Chat(core, changed, full, hears_itself=preferences.get("echo") == "on")


def check_alternatives(alternatives: object) -> None:
    """See that these are several nicknames.

    :raises ValueError: it is one.
    """
    if isinstance(alternatives, str):
        raise ValueError(f"alternatives are several nicknames: [{alternatives!r}]")


def names_of(server: Places) -> str:
    """Return the name of a server, or of several."""
    return str(server) if isinstance(server, str | Address | Servers | Reachable) else ",".join(map(names_of, server))


def sentence(server: Places, error: BaseException) -> str:
    """Return one sentence that says why there is no connection, or none any more."""
    if isinstance(error, ValueError):
        return str(error)
    if isinstance(error, NotTrusted):  # the library goes by its arguments alone, and not by what a person accepted
        shown = error.fingerprint
        is_told = not shown or shown in str(error)
        advice = "" if is_told else f" Its SHA-256 is {shown}; if that is the right one, give it as fingerprint."
        return f"No encrypted connection to {error.server or names_of(server)}: {error}.{advice}"
    addresses = [place for place in _read(server) if isinstance(place, Address)]
    return reason(together(addresses), error) if addresses else f"No connection to {names_of(server)}: {error}"


def _dialers(places: Sequence[Address | Reachable], loop: asyncio.AbstractEventLoop) -> Dialers:
    return Dialers([(str(place), _dialer(place, loop)) for place in places])


def _dialer(place: Address | Reachable, loop: asyncio.AbstractEventLoop) -> Dialer:
    if isinstance(place, Reachable):
        return place.dialer(loop)
    plain = AsyncDialer(loop, place.host, place.port)
    if place.encryption is None:
        return plain
    from groupchat.client.tls.secured import SecuredDialer  # most programs need no TLS

    return SecuredDialer(plain, place.encryption, place.host, AsyncClock(loop))


def _read(server: Places) -> list[Address | Reachable]:
    """Return the servers one by one, however they are given.

    :raises ArgumentTypeError: one makes no sense.
    """
    if isinstance(server, str):
        return [*addresses_of(read_servers(server))]
    if isinstance(server, Address | Servers):
        return [*addresses_of(server)]
    if isinstance(server, Reachable):
        return [server]
    return [each for one in server for each in _read(one)]


def _places(
    server: Places, tls: bool, ca: str | os.PathLike[str] | None, fingerprint: str | None, insecure: bool
) -> list[Address | Reachable]:
    """Return the servers one by one, with the encryption that is asked for.

    :raises ValueError: something about them is wrong.
    """
    try:
        found = _read(server)
        if not 1 <= len(found) <= MOST:
            raise ValueError(f"these are {len(found)} servers; one chat has 1 to {MOST}")
        # An empty name or fingerprint, as of a variable that is not set, must not mean that nothing is encrypted.
        if not (tls or insecure) and ca is None and fingerprint is None:
            return found
        if (ca is not None) + (fingerprint is not None) + bool(insecure) > 1:
            raise ValueError("ca, fingerprint and insecure exclude each other")
        authorities = read_authorities(os.fspath(ca)) if ca is not None else ()
        digest = read_fingerprint(fingerprint) if fingerprint is not None else b""
    except ArgumentTypeError as error:
        raise ValueError(str(error)) from None
    wanted = Encryption(authorities, digest, insecure)
    return [one._replace(encryption=wanted) if isinstance(one, Address) else one for one in found]
