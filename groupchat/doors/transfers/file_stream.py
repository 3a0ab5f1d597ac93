"""A file on its way to a peer: piece by piece, as fast as the peer takes it."""

from collections.abc import Callable

from twisted.internet.interfaces import IPushProducer
from twisted.logger import Logger
from zope.interface import implementer

from groupchat.doors.transfers.open_files import OpenFile
from groupchat.doors.web.web_request import Request
from groupchat.doors.wire.transport import queued

PIECE = 32 * 1024
"""The bytes that are read and sent in one turn of the reactor for one peer: that takes some 50 µs."""

PATIENCE = 2
"""How many times in a row a peer can be seen to have taken nothing; with slow ones a kernel tells it in large steps."""

log = Logger()


@implementer(IPushProducer)
class FileStream:
    """Sends a part of a file as the body of an answer, whose head was set.

    :param done: is called once when nothing more is read from the file.
    """

    def __init__(
        self, request: Request, file: OpenFile, position: int, length: int, done: Callable[[], object]
    ) -> None:
        self._request = request
        self._file = file
        self._position = position
        self._left = length
        self._done = done
        self._sent = 0
        self._seen = 0
        """How much of it the peer had taken when that was looked at last."""
        self._still = 0
        """How many times in a row that was no more than before."""
        self._is_held = False
        """True while the peer takes nothing more."""
        self._has_turn = False
        """True if it waits for its turn."""
        self._is_over = False

    def begin(self) -> None:
        """Send the first piece, and go on."""
        request = self._request
        request.stream = self
        request.on_gone = self.stopProducing
        request.registerProducer(self, True)
        self._await_turn()

    # The channel calls this.

    def moves(self) -> bool:
        """Return whether the peer takes something now and then."""
        taken = self._sent - queued(self._request.channel.transport)
        self._still = 0 if taken > self._seen else self._still + 1
        self._seen = taken
        return self._still < PATIENCE

    # The reception calls this.

    def take_turn(self) -> None:
        """Send the next piece."""
        self._has_turn = False
        if self._is_held or self._is_over:
            return
        try:
            piece = self._file.read(self._position, min(PIECE, self._left))
        except OSError as error:
            log.error("A file that was being sent cannot be read: {error}", error=error)
            piece = b""
        if not piece:  # its length was told, so the peer notices
            self._request.channel.abort()
            return
        self._position += len(piece)
        self._left -= len(piece)
        self._sent += len(piece)
        self._request.write(piece)
        if not self._left:
            self.stopProducing()
            self._request.unregisterProducer()
            self._request.finish()
        else:
            self._await_turn()

    # Twisted calls these.

    def pauseProducing(self) -> None:
        self._is_held = True

    def resumeProducing(self) -> None:
        self._is_held = False
        self._await_turn()

    def stopProducing(self) -> None:
        """Read nothing more: all was sent, or the peer is gone."""
        if not self._is_over:
            self._is_over = True
            self._done()

    def _await_turn(self) -> None:
        if not (self._has_turn or self._is_held or self._is_over):
            self._has_turn = True
            self._request.channel.reception.open_files.wait_for_turn(self)
