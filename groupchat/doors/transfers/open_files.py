"""The files that are being sent: each is open once, however many peers are sent it, and these take turns."""

from collections import deque
from typing import BinaryIO, Protocol

from twisted.internet.interfaces import IReactorTime

SHARE = 8
"""The most pieces that are sent in one turn of the reactor: then people who chat have their turn."""

REST_S = 0.002
"""Seconds until the next such turn: so files take 120 MB/s at most, and never a whole processor.

The threads of the journal need it for each message, and get it late from a reactor that never rests.
"""


class Sender(Protocol):
    """Sends a file to one peer."""

    def take_turn(self) -> None:
        """Send the next piece."""


class OpenFile:
    """A file that some peers are sent.  ``readers``: how many."""

    def __init__(self, file: BinaryIO) -> None:
        self.readers = 0
        self._file = file

    def read(self, position: int, length: int) -> bytes:
        """Return what is there; the peers take turns, so each says where it is."""
        self._file.seek(position)
        return self._file.read(length)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class OpenFiles:
    """All files that are being sent, by the hash of their content."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._waiting: deque[Sender] = deque()
        self._is_due = False
        self._files: dict[str, OpenFile] = {}

    def __len__(self) -> int:
        return len(self._files)

    def share(self, sha256: str, file: BinaryIO) -> OpenFile:
        """Return what to read from; ``file`` is closed at once if the same content is open already."""
        found = self._files.get(sha256)
        if found is None:
            found = self._files[sha256] = OpenFile(file)
        else:
            file.close()
        found.readers += 1
        return found

    def wait_for_turn(self, sender: Sender) -> None:
        """Let this one send its next piece when all who waited before it have sent theirs."""
        self._waiting.append(sender)
        if not self._is_due:
            self._is_due = True
            self._clock.callLater(REST_S, self._next_turn)

    def _next_turn(self) -> None:
        for _ in range(SHARE):
            if self._waiting:
                self._waiting.popleft().take_turn()
        self._is_due = bool(self._waiting)
        if self._is_due:
            self._clock.callLater(REST_S, self._next_turn)

    def release(self, sha256: str) -> None:
        """Note that one peer reads the file no more."""
        found = self._files[sha256]
        found.readers -= 1
        if not found.readers:
            del self._files[sha256]
            found.close()
