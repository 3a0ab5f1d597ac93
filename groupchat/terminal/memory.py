"""What the client keeps between its runs: the token of each place, how far one has read, and the lines one typed.

Everything is in files that only the user can read.
"""

import contextlib
import fcntl
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

KEPT = 2000
"""Lines of history that are kept."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Whose token, and the number up to which everything was shown."""

    nick: str
    token: str
    since: int


class Memory:
    """The seat at one server; while it is held, no other client on this computer takes it.

    :param folder: is made when something is to be kept.
    :param server: the server's address.
    """

    def __init__(self, folder: Path, server: str) -> None:
        name = re.sub(r"[^A-Za-z0-9.-]", "_", server)
        self._folder = folder
        self._path = folder / f"{name}.json"
        self._lock = folder / f"{name}.lock"
        self._held: int | None = None

    def hold(self) -> bool:
        """Whether the seat is ours: nobody else's, and there is a place to keep it."""
        if self._held is not None:
            return True
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._held = descriptor
        return True

    def seat(self) -> Seat | None:
        """What was kept last; None when there is nothing, or nothing that makes sense."""
        try:
            kept = json.loads(self._path.read_text("utf-8"))
            seat = Seat(str(kept["nick"]), str(kept["token"]), int(kept["since"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return seat if seat.nick and seat.token and seat.since >= 0 else None

    def keep(self, seat: Seat) -> None:
        """Keep this; a power failure leaves the old or the new.

        :raises OSError: it cannot be written.
        """
        if self._held is None:
            return
        fresh = self._path.with_suffix(".new")
        write_private(fresh, json.dumps(asdict(seat)))
        fresh.replace(self._path)

    def forget(self) -> None:
        """Keep nothing of this server."""
        if self._held is not None:
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()

    def release(self) -> None:
        """Let another client have the seat."""
        held, self._held = self._held, None
        if held is not None:
            os.close(held)


class Lines:
    """The lines one typed, oldest first, in a file; without a file they are kept for this run."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> list[str]:
        """The newest of them; the file is shortened to these when it has grown to twice as many."""
        try:
            lines = self._path.read_text("utf-8", "replace").splitlines()
            if len(lines) > 2 * KEPT:
                write_private(self._path, "".join(f"{line}\n" for line in lines[-KEPT:]))
        except OSError:
            return []
        return lines[-KEPT:]

    def add(self, line: str) -> None:
        """Keep one more, if it can be kept."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return  # a folder that cannot be written to: the history lives as long as the client
        with open(descriptor, "a", encoding="utf-8", errors="replace") as file:
            file.write(f"{line}\n")


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody else can read, not even for a moment."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
