"""TLS within a connection that began as plain TCP.

1. OpenSSL works in memory, by one pair of buffers for all connections: what is written to a connection is encrypted
   and on its way to that connection's transport before anything else is done, and what is received is decrypted
   completely before anybody is told.  So both buffers are empty whenever other code runs, and nothing of one
   connection can reach another: whatever fails in between, also for want of memory, they are emptied and that
   connection ends.
2. A connection has no buffer of its own but for a record that is not whole, which OpenSSL keeps.
3. OpenSSL begins when the client's first message is whole, and a certificate has been chosen by the name in it.
"""

import ssl
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Protocol

from twisted.internet.interfaces import (
    IConsumer,
    IHalfCloseableDescriptor,
    IHalfCloseableProtocol,
    IHandshakeListener,
    IProtocol,
    IPushProducer,
    ISSLTransport,
)
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.doors.wire.client_hello import asked_name
from groupchat.doors.wire.transport import queued
from groupchat.model.wording import encryption_error

OPENING = b"\x16\x03"
"""The first bytes of every TLS client: a handshake record of version 3.x (RFC 8446, section 5.1)."""

EARLY_BYTES = 16 * 1024
"""The most bytes of a peer before TLS is established: OpenSSL keeps them all, up to 130 KB for a ClientHello.

A large one, with a key exchange that quantum computers do not break, has 2 KiB.
"""

PIECE = 16 * 1024
"""Bytes decrypted at a time: what a record has at most."""

LARGE = 128 * 1024
"""The most bytes encrypted at a time, since the common buffer stays as large as it once had to be."""

UNREAD = 64 * 1024
"""So many bytes wait for a peer that takes nothing more."""

ANSWERS = 16 * 1024
"""The most bytes that TLS itself answers to such a peer: new keys can be asked for again and again."""

IDLE_BYTES = 20 * 1024
"""The most bytes of a peer that say nothing; a record which is not whole has 16.3 KiB at most."""

PAID_BYTES = 256
"""So many bytes that say nothing are made up for by each byte that says something: new keys are asked for in 27."""

_INCOMING, _OUTGOING = ssl.MemoryBIO(), ssl.MemoryBIO()

_SMALL = 400
"""Bytes taken at a time out of a buffer that must be emptied: few enough for Python's own pools of memory."""

_reserve = [bytes(_SMALL)]
"""Memory for one such piece, which is given back when it is needed."""

_TEXT = 23
"""The kind of a record with what is said (RFC 8446, section 5.1)."""

_HEADER = 5
"""Bytes before what is in a record: its kind, version and length."""

_log = Logger()


class Contexts(Protocol):
    """Whatever knows the present certificates."""

    def context_for(self, name: bytes) -> ssl.SSLContext:
        """Return OpenSSL's settings for a new connection to the host of this name; empty: it has not said any."""


class TlsFailed(Exception):
    """What is wrong with the bytes of a peer, in OpenSSL's words, or what was wanting here."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(encryption_error(error) or type(error).__name__)


@implementer(ISSLTransport, IConsumer, IPushProducer, IHalfCloseableProtocol)
class Tunnel:
    """TLS above a transport: a protocol to what is below, and a transport to what is within.

    The peer's end of its half, as after ``printf 'alice\\nhello\\n' | openssl s_client``, ends nothing else, as in TCP.

    ``wrappedProtocol``: the protocol within; another may take its place.
    ``truncated``: whether the peer's half ended without the sign that TLS has for it,
    so that its last line may have been cut by somebody on the way.
    ``half_ended``: whether the peer sends no more.
    ``disconnecting``: whether this side writes no more.
    ``unsent``: what was written before TLS was established.
    """

    __slots__ = (
        *("_aborted", "_answered", "_contexts", "_early", "_hello", "_idle", "_is_done", "_is_over", "_is_writable"),
        *("_produces", "_reason", "_tls", "connected", "disconnecting", "factory", "half_ended", "transport"),
        *("truncated", "unsent", "wrappedProtocol", "__weakref__"),
    )

    def __init__(self, contexts: Contexts, within: IProtocol) -> None:
        self.wrappedProtocol: Any = within
        self.transport: Any = None
        self.factory = None
        self.connected = 0
        self.truncated = False
        self.half_ended = False
        self.disconnecting = False
        self.unsent: list[bytes] = []
        self._contexts = contexts
        self._tls: ssl.SSLObject | None = None
        self._hello = b""
        """What has come of the client's first message."""
        self._early = 0
        """The number of bytes that came before TLS was established."""
        self._is_done = False
        """True if the handshake is done."""
        self._is_writable = False
        """True while what is written is encrypted and sent at once."""
        self._is_over = False
        """True if nothing more comes or goes."""
        self._aborted = False
        self._produces = False
        """True while a producer is registered."""
        self._reason: Failure | None = None
        """Why TLS ended, if it was not said."""
        self._answered = 0
        """The bytes that TLS itself answered while the peer took nothing more."""
        self._idle = 0
        """The bytes of the peer that said nothing, and were not made up for since."""

    @property
    def established(self) -> bool:
        """True if the handshake is done, and neither side has ended."""
        return self._is_done and not self.disconnecting

    # The protocol within calls these: they are those of a transport.

    def write(self, data: bytes) -> None:
        """Encrypt this and write it below in one piece; what is written after the end is dropped."""
        if not self._is_writable or len(data) > LARGE or not data:
            self._write_rarely(data)
            return
        try:
            self._tls.write(data)  # type: ignore[union-attr]  # there is one
            records = _OUTGOING.read()
        except BaseException as error:
            self._break_off(error)
            return
        self.transport.write(records)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Write all of these in one piece."""
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        """End TLS and the connection below, once everything written is sent.

        The sign of the end is sent; the peer's need not be awaited (RFC 8446, section 6.1).
        """
        self._end_writing()
        self.transport.loseConnection()

    def loseWriteConnection(self) -> None:
        """End this side's half; the connection ends when the peer has ended its own."""
        self._end_writing()

    def abortConnection(self) -> None:
        """Drop the connection, with all that waits."""
        self._aborted = self.disconnecting = True
        self._is_writable = False
        self._hello = b""
        self.transport.abortConnection()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Let the transport below tell it when to write: nothing is kept here."""
        if self._is_over:
            producer.stopProducing()
            return
        self._produces = True
        self.transport.registerProducer(producer, streaming)

    def unregisterProducer(self) -> None:
        """Forget the producer; what was to end after it ends now."""
        if not self._produces:
            return
        self._produces = False
        self.transport.unregisterProducer()
        if self.disconnecting and self._is_writable:
            self._say_end()

    def pauseProducing(self) -> None:
        """Read no more from the peer for now."""
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """Read from the peer again."""
        self.transport.resumeProducing()

    def stopProducing(self) -> None:
        """Read no more from the peer."""
        self.transport.stopProducing()

    def getPeer(self) -> Any:
        return self.transport.getPeer()

    def getHost(self) -> Any:
        return self.transport.getHost()

    def getTcpNoDelay(self) -> bool:
        return bool(self.transport.getTcpNoDelay())

    def setTcpNoDelay(self, enabled: bool) -> None:
        self.transport.setTcpNoDelay(enabled)

    def getTcpKeepAlive(self) -> bool:
        return bool(self.transport.getTcpKeepAlive())

    def setTcpKeepAlive(self, enabled: bool) -> None:
        self.transport.setTcpKeepAlive(enabled)

    def getPeerCertificate(self) -> None:
        """Return None: clients are not asked for any."""

    # The transport below calls these: they are those of a protocol.

    def makeConnection(self, transport: Any) -> None:
        self.transport = transport
        self.connected = 1
        self.wrappedProtocol.makeConnection(self)

    def dataReceived(self, data: bytes) -> None:
        if self._is_done:
            for start in range(0, len(data), PIECE):
                if self._is_over or self._aborted or self.half_ended:
                    return
                self._take(data[start : start + PIECE])
        elif not (self._is_over or self._aborted):
            self._begin(data)

    def readConnectionLost(self) -> None:
        """TCP: the peer sends no more, whether or not it has said so in TLS."""
        if self.half_ended or self._is_over:
            return
        if self.established:
            self.truncated = True
            self._end_half()
        else:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Do nothing: this side never closes one half only."""

    def connectionLost(self, reason: Failure) -> None:
        within = self.wrappedProtocol
        self._is_over, self._is_writable, self.connected = True, False, 0
        self._hello = b""
        self.unsent.clear()
        within.connectionLost(self._reason or reason)
        self.wrappedProtocol = self._tls = self._reason = None  # these lead back here

    def logPrefix(self) -> str:
        """Return the name of the protocol within, for Twisted's log."""
        return type(self.wrappedProtocol).__name__

    # The handshake

    def _begin(self, data: bytes) -> None:
        """Go on with the handshake; what comes in the same breath as its last word may be as long as it likes."""
        room = EARLY_BYTES - self._early
        early, rest = data[:room], data[room:]
        self._early += len(early)
        if self._tls is None:
            early = self._hello = self._hello + early
            name = asked_name(early)
            if name is not None:
                self._hello = b""
                self._tls = self._contexts.context_for(name).wrap_bio(_INCOMING, _OUTGOING, server_side=True)
        if self._tls is not None:
            self._shake_hands(self._tls, early)
        if self._is_done:
            if rest:
                self.dataReceived(rest)
        elif self._early >= EARLY_BYTES:
            self.abortConnection()

    def _shake_hands(self, tls: ssl.SSLObject, data: bytes) -> None:
        plain, is_end, fault = b"", False, None
        try:
            _INCOMING.write(data)
            try:
                tls.do_handshake()
                self._is_done = True
                plain, is_end, fault = _decrypted(tls)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as error:
                fault = error
            answer = _left()
        except BaseException as error:
            self._break_off(error)
            return
        if answer:
            self.transport.write(answer)
        if self._is_done:
            self._is_writable = True
            if IHandshakeListener.providedBy(self.wrappedProtocol):
                self.wrappedProtocol.handshakeCompleted()
            unsent, self.unsent = self.unsent, []
            for piece in unsent:
                self.write(piece)
        self._tell(plain, is_end, fault)

    # What is received

    def _take(self, data: bytes) -> None:
        """Decrypt a piece, answer what TLS itself is asked, and hand over what was said."""
        try:
            _INCOMING.write(data)
            plain, is_end, fault = _decrypted(self._tls)
            answer = _left()
        except BaseException as error:
            self._break_off(error)
            return
        if answer and not self._may_answer(answer):
            self.abortConnection()
            return
        # One that says something is as long as it likes: clients may fill their records up, to hide how much they say.
        idle = self._idle if plain and _is_one_record(data) else self._idle + len(data)
        self._idle = max(0, idle - PAID_BYTES * len(plain))
        if self._idle > IDLE_BYTES and fault is None:
            self.abortConnection()
            return
        self._tell(plain, is_end, fault)

    def _may_answer(self, answer: bytes) -> bool:
        """Write what TLS itself answers, unless too much of it waits already."""
        if queued(self.transport) >= UNREAD:
            self._answered += len(answer)
            if self._answered > ANSWERS:
                return False
        self.transport.write(answer)
        return True

    def _tell(self, plain: bytes, is_end: bool, fault: ssl.SSLError | None) -> None:
        """Hand over what was said, and whether that was all."""
        if plain and not (self._is_over or self._aborted):
            self.wrappedProtocol.dataReceived(plain)
        if self._is_over or self._aborted:
            return
        if fault is not None:
            # Once TLS is established this may be an attack, or a broken client: nothing more can be told to it.
            self._fail(fault)
        elif is_end and not self.half_ended:
            self._end_half()

    def _end_half(self) -> None:
        """Tell the protocol within that the peer sends no more, or end the connection if it cannot be told."""
        self.half_ended = True
        half_closeable = IHalfCloseableProtocol(self.wrappedProtocol, None)
        if half_closeable is not None and self.established:
            half_closeable.readConnectionLost()
            return
        if self._is_writable:
            self._say_end()
        self._finish(None)

    # The end

    def _end_writing(self) -> None:
        """Say in TLS that nothing more comes, as soon as that is so."""
        if self.disconnecting or not self.connected:
            return
        if not self._is_done:
            self.abortConnection()
            return
        self.disconnecting = True
        if not self._produces:
            self._say_end()

    def _say_end(self) -> None:
        """Send the sign of the end; the connection ends too if the peer has sent its own."""
        if not self._is_writable:
            return
        self._is_writable = False
        try:
            with suppress(ssl.SSLError):  # it waits for the peer's, or TLS is broken and has nothing more to say
                self._tls.unwrap()  # type: ignore[union-attr]  # there is one
            records = _left()
        except BaseException as error:
            self._break_off(error)
            return
        if records:
            self.transport.write(records)
        if self.half_ended:
            self.transport.loseConnection()

    def _fail(self, error: ssl.SSLError) -> None:
        self._finish(Failure(TlsFailed(error)))

    def _break_off(self, error: BaseException) -> None:
        """End the connection in the middle of a record, which is lost; nothing of it is left to others."""
        _empty()
        self._finish(None)
        if not isinstance(error, Exception):
            raise error
        self._reason = Failure(TlsFailed(error))
        if not isinstance(error, ssl.SSLError):
            _log.error("TLS with {peer} was ended: {reason}", peer=self.transport.getPeer(), reason=repr(error))

    def _finish(self, reason: Failure | None) -> None:
        """End the connection below, once everything written is sent."""
        self._reason = self._reason or reason
        self._is_over, self._is_writable = True, False
        self.transport.loseConnection()

    def _write_rarely(self, data: bytes) -> None:
        """Write what is large, or comes before TLS is established; drop what comes after the end."""
        if self._is_writable:
            for start in range(0, len(data), LARGE):
                self.write(data[start : start + LARGE])
        elif not (self._is_done or self.disconnecting or self._is_over):
            self.unsent.append(data)


def _decrypted(tls: Any) -> tuple[bytes, bool, ssl.SSLError | None]:
    """Return all that the peer has said, whether it has said that this is the end, and what is wrong if anything is."""
    pieces = []
    try:
        while piece := tls.read(PIECE):
            pieces.append(piece)
            if not (_INCOMING.pending or tls.pending()):
                return b"".join(pieces), False, None
    except ssl.SSLWantReadError:
        return b"".join(pieces), False, None
    except ssl.SSLZeroReturnError:
        pass
    except ssl.SSLError as error:
        return b"".join(pieces), False, error
    return b"".join(pieces), True, None


def _left() -> bytes:
    """Empty both buffers; return what is to be sent.  What came after an end or a fault is nobody's."""
    if _INCOMING.pending:
        _discard(_INCOMING)
    return _OUTGOING.read()


def _empty() -> None:
    """Empty both buffers, also where there is no memory for what is in them."""
    while True:
        try:
            _reserve.clear()
            _discard(_INCOMING)
            _discard(_OUTGOING)
            break
        except MemoryError:  # what was given back just now was taken by another thread
            continue
    _reserve.append(bytes(_SMALL))


def _discard(buffer: ssl.MemoryBIO) -> None:
    while buffer.pending:
        buffer.read(_SMALL)


def _is_one_record(data: bytes) -> bool:
    """Return whether a record begins here, and nothing comes after it."""
    return data[0] == _TEXT and len(data) <= _HEADER + int.from_bytes(data[3:_HEADER])


def ends_by_halves(transport: Any) -> bool:
    """Return whether this side's half can be closed alone; the stock TLS says it can, and cannot."""
    return isinstance(transport, Tunnel) or (
        IHalfCloseableDescriptor.providedBy(transport) and not ISSLTransport.providedBy(transport)
    )


class Tunnels:
    """Makes the tunnels of all connections, with whatever certificates there are at that time."""

    def __init__(self, contexts: Contexts) -> None:
        self._contexts = contexts

    def around(self, within: IProtocol) -> Tunnel:
        """Return a tunnel that leads to this protocol."""
        return Tunnel(self._contexts, within)
