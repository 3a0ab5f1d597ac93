"""Lines as they come in: taken in shares, and held back on request.

Lines end with LF, CR LF or CR NUL.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from twisted.protocols.basic import LineReceiver

from groupchat.interfaces.entrances import IReception
from groupchat.interfaces.screens import Hold

SKIPPED_LIMIT = 1024 * 1024
"""The most bytes of one line too long that are skipped for a peer that may go on after it."""

_NOTHING = bytearray()
"""The empty buffer of every peer of which nothing waits; never changed."""

_NO_HOLD = Hold(0)

_UNANSWERED = Hold.ANSWER | Hold.JOURNAL
"""The reasons to hold that come from this server's own slowness."""

CR = 13


class HeldLines(LineReceiver):
    """The incoming half of a connection.

    No more than a share of one peer's lines is taken in one reactor turn, and none while there is a reason to hold;
    the transport is paused only when bytes come in meanwhile, so that a short hold costs nothing.
    Therefore no more than one unfinished line and two chunks that were read ever wait, whatever is sent.

    A subclass takes the lines: ``lineReceived``, ``lineLengthExceeded``, ``lines_ended``.
    """

    __slots__ = (
        *("_closed", "_ended", "_finished", "_handing", "_holds", "_reading", "_skipped", "_waiting"),
        *("connected", "reception", "transport"),
    )
    delimiter = b"\n"

    def __init__(self, reception: IReception) -> None:
        self.reception = reception
        self.transport: Any = None
        self.connected = 0
        self._waiting = _NOTHING
        """Bytes that were received and not yet taken."""
        self._holds = _NO_HOLD
        self._handing = False
        """True if lines are being handed over just now."""
        self._reading = True
        """True if the transport reads."""
        self._ended = False
        """True if the peer has closed its half."""
        self._finished = False
        """True if the subclass was told so, after the last line."""
        self._closed = False
        """True if nothing more is taken: this side has closed, the connection is gone, or another protocol has it."""
        self._skipped = 0
        """The bytes of an overlong line that were skipped so far; 0: nothing is being skipped."""

    # What a subclass says and is told.

    def line_limit(self) -> int:
        """Return how long a line may be now, in bytes with its end."""
        raise NotImplementedError

    def lines_ended(self) -> None:
        """The peer has closed its half, and all it sent was taken.  This is called once."""
        raise NotImplementedError

    def unfinished_counts(self) -> bool:
        """Return whether an unfinished line at the end counts as a line."""
        return True

    def line_is_endless(self) -> None:
        """End the connection: more than SKIPPED_LIMIT bytes of one line were skipped."""
        raise NotImplementedError

    def take_pings(self) -> Iterator[bytes]:
        """Take the pings out of what waits, one after the other, and leave everything else as it is."""
        return iter(())

    # What others call.

    def hold(self, reason: Hold) -> None:
        """Take no more lines."""
        self._holds |= reason

    def release(self, reason: Hold) -> None:
        """Drop a reason to hold; what waits is taken in the next turn, never within the caller's."""
        self._holds &= ~reason
        if self._holds or self._handing or self._closed:
            return
        if self._waiting or self._ended:
            self.yield_turn()
        else:
            self._read_on()

    def yield_turn(self) -> None:
        """Take no more lines in this turn of the reactor."""
        if not self._holds & Hold.TURN:
            self._holds |= Hold.TURN
            self.reception.wait_for_turn(self)

    def take_turn(self) -> None:
        """Take the next share of what waits; a new reactor turn has begun."""
        self._holds &= ~Hold.TURN
        if not self._holds and not self._closed:
            self._hand_over()

    def take(self, data: bytes) -> None:
        """Take the lines in this now, or keep them until they may be taken."""
        if self._waiting:
            self._waiting += data
        elif data:
            self._waiting = bytearray(data)
        if not self._holds:
            if not self._handing:
                self._hand_over()
        elif self._reading:
            self._reading = False
            self.transport.pauseProducing()

    def answer_pings(self) -> None:
        """Take the pings among what waits for an earlier answer, and read on while only little waits.

        So what comes next is seen too, and no more is kept than of any peer that is held up.
        """
        if not self.waits_for_answers:
            return
        for ping in islice(self.take_pings(), self.reception.settings.lines_per_turn):
            self.lineReceived(ping)
            if not self.waits_for_answers:
                return
        if len(self._waiting) < self.line_limit():
            self._read_on()

    @property
    def waits_for_answers(self) -> bool:
        """Say whether nothing but an answer of this server keeps lines from being taken."""
        return bool(self._holds) and not (self._holds & ~_UNANSWERED or self._closed or self._handing)

    def has_unread(self) -> bool:
        """Return whether the peer has sent something that was not taken, or may go on sending."""
        return not self._ended and (bool(self._waiting) or not self._reading)

    def forget(self) -> None:
        """Take nothing more, and forget what waits."""
        self._closed = True
        self._waiting = _NOTHING

    # Twisted calls these.

    def readConnectionLost(self) -> None:
        self._ended = True
        self._reading = False
        if not self._holds and not self._closed:
            self._hand_over()

    def writeConnectionLost(self) -> None:
        """Do nothing: this side never closes one half only."""

    # How lines are taken.

    def _hand_over(self) -> None:
        """Hand over the lines that wait, up to this turn's share."""
        waiting = self._waiting
        share = self.reception.settings.lines_per_turn
        self._handing = True
        try:
            while waiting and not self._holds and not self._closed:
                end, after = _line_end(waiting)
                if end < 0:
                    break
                if share == 0:
                    self.yield_turn()
                    break
                share -= 1
                line = bytes(waiting[:end])
                del waiting[:after]  # moves nothing: a bytearray remembers where it starts
                if self._skipped:
                    self._skipped = 0
                elif after > self.line_limit():
                    self.lineLengthExceeded(line)
                else:
                    self.lineReceived(line)
        finally:
            self._handing = False
        if not self._holds and not self._closed:
            self._keep_rest(waiting)

    def _keep_rest(self, rest: bytearray) -> None:
        """No whole line waits: keep an unfinished one, within its limit, and read on."""
        if self._ended:
            self._finish(rest)
            return
        if self._skipped or (rest and len(rest) >= self.line_limit()):
            self._skip(rest)
        if not rest:
            self._waiting = _NOTHING
        if not self._reading:
            self._read_on()

    def _finish(self, last: bytearray) -> None:
        """The peer sends no more, and no whole line waits: take an unfinished one too, then say so."""
        if last and self.unfinished_counts():
            self._waiting = _NOTHING
            if len(last) > self.line_limit():
                self.lineLengthExceeded(b"")
            elif not self._skipped:
                self.lineReceived(bytes(last).removesuffix(b"\r"))
        if not self._holds and not self._closed and not self._finished:
            self._finished = True
            self.lines_ended()

    def _skip(self, rest: bytearray) -> None:
        """Cut off a peer whose unfinished line is too long, or leave the line out up to its end."""
        if not self._skipped:
            self.lineLengthExceeded(b"")
        if self._closed:
            return
        self._skipped += len(rest)
        if self._skipped > SKIPPED_LIMIT:
            self.line_is_endless()
            return
        del rest[: len(rest) - rest.endswith(b"\r")]  # with what comes next it may be a line end

    def _read_on(self) -> None:
        if not self._reading and not self._ended and not self._closed:
            self._reading = True
            self.transport.resumeProducing()


def _line_end(waiting: bytearray) -> tuple[int, int]:
    """Return where the first line ends, without and with its end; -1 twice when it does not end yet."""
    feed = waiting.find(b"\n")
    null = waiting.find(b"\r\0", 0, feed if feed >= 0 else len(waiting))
    if null >= 0:
        return null, null + 2
    if feed > 0 and waiting[feed - 1] == CR:
        return feed - 1, feed + 1
    return feed, feed + 1 if feed >= 0 else -1
