"""Peers that are not let in: they are told why in their own language, if they say in a moment which that is."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeVar

from twisted.internet.interfaces import IHalfCloseableProtocol, IHandshakeListener, ISSLTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.doors.lines.json_style import json_style
from groupchat.doors.other_protocols import WEB_OPENINGS, unloaded_words, words_of
from groupchat.doors.reception import Reception
from groupchat.doors.wire import tls
from groupchat.doors.wire.sockets import latest_beginning
from groupchat.doors.wire.transport import hand_over
from groupchat.interfaces.entrances import IReception, Party
from groupchat.limits.buckets import TokenBucket
from groupchat.model.errors import JournalUnavailable, Refusal, ServerFull, TooManyConnections
from groupchat.model.networks import household
from groupchat.model.preferences import Preferences

MOST = 32
"""The most connections that are being told so, beside those that are let in.

When there are more, the oldest of the address that has most is told as text and has to go.
"""

AGAIN_S = 10
"""Seconds after which a browser asks again by itself, where there may be room then."""

HANDSHAKES, HANDSHAKES_RATE = 20, 5.0
"""The TLS handshakes for such peers at once, and then each second: one costs as much as many words."""

OPENINGS = (*WEB_OPENINGS, b"{", tls.OPENING)
"""How those begin who are not told as text."""


DISCARDED_LIMIT = 1024 * 1024
"""The bytes of such a peer that are read, so that it reads the words."""

One = TypeVar("One", bound=Party)


def oldest_of_greediest(here: Sequence[One] | dict[One, None]) -> One:
    """Return the first connection of the address that has most of them."""
    (greediest, _), *_ = Counter(household(one.address) for one in here).most_common(1)
    return next(one for one in here if household(one.address) == greediest)


def words_for(received: bytes, refusal: Refusal, reception: IReception, secure: bool = False) -> bytes:
    """Return a refusal as it goes to a peer that began so, and gets nothing else."""
    if received.startswith(b"{"):
        return words_of(refusal, json_style(Preferences()))
    if not received.startswith(WEB_OPENINGS):
        return words_of(refusal)
    try:
        return _web_words(received, refusal, reception, secure)
    except Exception:
        return unloaded_words(received, reception)


def _web_words(received: bytes, refusal: Refusal, reception: IReception, secure: bool) -> bytes:
    from twisted.web import http

    from groupchat.doors.web.site import refused

    answer = refused(refusal)
    headers = [*reception.site.headers(_Asker(secure)), ("content-type", answer.kind), *answer.headers]
    headers += [("content-length", str(len(answer.body))), ("cache-control", "no-store"), ("connection", "close")]
    if isinstance(refusal, ServerFull | TooManyConnections | JournalUnavailable):
        headers += [("retry-after", str(AGAIN_S)), ("refresh", str(AGAIN_S))]
    head = f"HTTP/1.1 {answer.status} {http.RESPONSES[answer.status].decode()}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers)
    return head.encode() + b"\r\n" + (b"" if received.startswith(b"HEAD ") else answer.body)


class _Asker:
    """Whoever asked, as far as that matters for the headers."""

    def __init__(self, secure: bool) -> None:
        self.secure = secure


class Doorkeeper:
    """Tells peers that they are not let in."""

    def __init__(self, reception: Reception) -> None:
        self.reception = reception
        self.here: dict[Closed, None] = {}
        """The connections, oldest first."""
        self._handshakes = TokenBucket(HANDSHAKES, HANDSHAKES_RATE)

    def admit(self, closed: "Closed") -> None:
        """Have one more, and, where there are too many, one less."""
        self.here[closed] = None
        if len(self.here) > MOST:
            oldest = oldest_of_greediest(self.here)
            del self.here[oldest]
            oldest.make_room()

    def may_encrypt(self) -> bool:
        """Return whether TLS is established once more, only to say this."""
        return self.reception.tunnels is not None and not self._handshakes.spend(self.reception.clock.seconds())


@implementer(IHalfCloseableProtocol, IHandshakeListener)
class Closed(Protocol):
    """Serves a peer that is not let in: a few words that say why, and the end."""

    has_session = False

    def __init__(self, doorkeeper: Doorkeeper, address: str, refusal: Refusal) -> None:
        self.address = address
        self.transport: Any = None
        self.secure = False
        self._doorkeeper = doorkeeper
        self._reception = doorkeeper.reception
        self._refusal = refusal
        self._received = b""
        self._discarded = 0
        self._told = False

    # The doorkeeper and the reception call these.

    def silence_expired(self) -> None:
        """Tell a peer that waits to be greeted, or that began like nobody else."""
        self._tell()

    def make_room(self) -> None:
        """Go now: there are too many."""
        if self._told:
            self.abort()
        else:
            self._told = True
            self._reception.silences.cancel(self)
            self.transport.write(words_for(self._received, self._refusal, self._reception, self.secure))
            self.transport.loseConnection()

    def handshake_expired(self) -> None:
        """Do nothing: nobody waits for a nickname."""

    def abort(self) -> None:
        """Drop the connection."""
        self.transport.abortConnection()

    # Twisted calls these.

    def connectionMade(self) -> None:
        self.connected = 1
        self.secure = ISSLTransport.providedBy(self.transport)
        self._doorkeeper.admit(self)
        if self.secure:
            self._reception.closings.set(self)
        else:
            self._reception.silences.set(self, latest_beginning(self.transport))

    def handshakeCompleted(self) -> None:
        """TLS is established; only now can the peer begin."""
        self._reception.closings.cancel(self)
        self._reception.silences.set(self, latest_beginning(self.transport))

    def dataReceived(self, data: bytes) -> None:
        if self._told:
            self._discarded += len(data)
            if self._discarded > DISCARDED_LIMIT:
                self.abort()
            return
        received = self._received = self._received + data
        if received.startswith(tls.OPENING) and not self.secure and self._doorkeeper.may_encrypt():
            self._encrypt(received)
        elif received.startswith(OPENINGS) or not any(opening.startswith(received) for opening in OPENINGS):
            self._tell()

    def readConnectionLost(self) -> None:
        if self._told:
            self.transport.loseConnection()
        else:
            self._tell()

    def writeConnectionLost(self) -> None:
        """Do nothing: that was us."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.connected = 0
        self._leave()

    # How

    def _leave(self) -> None:
        self._doorkeeper.here.pop(self, None)
        self._reception.silences.cancel(self)
        self._reception.forget(self)

    def _encrypt(self, received: bytes) -> None:
        """Say it within TLS."""
        self._leave()
        assert self._reception.tunnels is not None
        tunnel = self._reception.tunnels.around(Closed(self._doorkeeper, self.address, self._refusal))
        hand_over(self.transport, tunnel)
        tunnel.makeConnection(self.transport)
        tunnel.dataReceived(received)

    def _tell(self) -> None:
        """Say why, and close: what the peer still sends is read, so that it reads the words."""
        self._told = True
        self._reception.silences.cancel(self)
        if self.secure or not self._received.startswith(tls.OPENING):
            self.transport.write(words_for(self._received, self._refusal, self._reception, self.secure))
        self._received = b""
        self._reception.closings.set(self)
        if tls.ends_by_halves(self.transport):
            self.transport.loseWriteConnection()
        else:
            self.transport.loseConnection()
