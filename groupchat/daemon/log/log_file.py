"""Send the log to standard output, to systemd's journal, or to a file that nobody else can read.

twistd makes its loggers without arguments, so the process has one DESTINATION, which is set before logging begins.
"""

import contextlib
import os
import stat
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from twisted.logger import Logger

from groupchat.daemon.log.streams import Output, StreamOutput
from groupchat.model.errors import CannotStart
from groupchat.model.wording import plural


class LogFile:
    """A file of the log, readable by its owner only unless it was there before; any thread may write to it.

    When it is full, it is moved to NAME.1, what was there to NAME.2, and so on.
    What cannot be written is left out; the number of such events is logged as soon as something can be written.

    :param most_bytes: the size from which it is full; 0: never.
    :param kept: how many moved files are kept.
    """

    log = Logger()

    def __init__(self, path: Path, most_bytes: int, kept: int) -> None:
        """:raises CannotStart: it cannot be written."""
        self.path = path.absolute()
        self._most_bytes = most_bytes
        self._kept = kept
        self._lost = 0
        self._lock = threading.RLock()
        try:
            self._descriptor = self._open()
        except OSError as error:
            raise CannotStart(f"The log file {path} cannot be written: {error.strerror}.") from error
        self._measure()

    def limit(self, most_bytes: int, kept: int) -> None:
        """Change its limits."""
        with self._lock:
            self._most_bytes, self._kept = most_bytes, kept
            self._measure()

    def write(self, level: str, lines: Sequence[str]) -> None:
        """Write these lines; before that, move the file away if it is full."""
        data = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
        with self._lock:
            if self._most_bytes and self._size >= self._full_at:
                self.rotate()
            try:
                written = os.write(self._descriptor, data)
            except OSError:
                written = 0
            if written < len(data):
                self._lost += 1
                with contextlib.suppress(OSError):
                    os.ftruncate(self._descriptor, self._size)  # no half of a line
                return
            self._size += written
            if self._lost:
                lost, self._lost = self._lost, 0
                self.log.error("The log could not be written: {events} are missing here", events=plural(lost, "event"))

    def reopen(self) -> None:
        """Open the file again if another program has moved it away; if that fails, go on with the old one."""
        with self._lock:
            if self._is_in_place():
                return
            try:
                descriptor = self._open()
            except OSError as error:
                self._complain("cannot be opened again", error)
                return
            os.close(self._descriptor)
            self._descriptor = descriptor
            self._measure()

    def rotate(self) -> None:
        """Move the file away and begin another one; if that fails, go on with it."""
        with self._lock:
            if self._is_in_place():
                if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
                    return
                try:
                    self._move()
                except OSError as error:
                    self._complain("cannot be moved", error)
                    return
            self.reopen()

    def close(self) -> None:
        """Close the file; what was written stays."""
        os.close(self._descriptor)

    def _complain(self, what: str, error: OSError) -> None:
        self._full_at = self._size + self._most_bytes  # not with each line
        self.log.error("The log file {path} {what}: {reason}", path=str(self.path), what=what, reason=error.strerror)

    def _move(self) -> None:
        """:raises OSError: the folder does not allow it."""
        surplus = self._kept
        while self._moved(surplus).exists():
            self._moved(surplus).unlink()
            surplus += 1
        for number in range(self._kept - 1, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                self._moved(number).rename(self._moved(number + 1))
        self.path.rename(self._moved(1))

    def _moved(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def _open(self) -> int:
        # The daemon must not wait: for somebody to read a pipe, say.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
        return os.open(self.path, flags, 0o600)

    def _measure(self) -> None:
        self._size = os.fstat(self._descriptor).st_size
        self._full_at = self._most_bytes

    def _is_in_place(self) -> bool:
        """Tell whether the open file is the one that has its name."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), self.path.stat())
        except OSError:
            return False


class TextStream:
    """A log file as a stream, for twist, which has formats of its own."""

    def __init__(self, file: LogFile) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write text that ends with the end of a line."""
        self._file.write("info", text.splitlines())

    def flush(self) -> None:
        """Do nothing: everything is written at once."""


class Destination:
    """The destination of a process's log.  ``file``: the file; None: standard output."""

    def __init__(self) -> None:
        self.file: LogFile | None = None

    def output(self) -> Output:
        """Return what lines are written to."""
        return self.file or StreamOutput(sys.stdout)

    def limit(self, most_bytes: int, kept: int) -> None:
        """Change the limits of the file, if there is one."""
        if self.file is not None:
            self.file.limit(most_bytes, kept)

    def reopen(self) -> None:
        """Open the file again if it was moved, if there is one."""
        if self.file is not None:
            self.file.reopen()

    def rotate(self) -> None:
        """Move the file away, if there is one."""
        if self.file is not None:
            self.file.rotate()


DESTINATION = Destination()
"""The destination of this process's log."""
