"""Client: let the terminal client catch up with many messages while a person types."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import Row, Tell, summary
from benchmarks.free_ports import HOST
from benchmarks.load import Broken
from benchmarks.ours import Groupchat
from benchmarks.running import running

COLUMNS, ROWS = 100, 30
"""A common size of a terminal."""
PRESS_S = 0.05
"""Seconds from the echo of a key to the next key: faster than people type."""
LONGEST_S = 120.0
"""Seconds after which the client is considered stuck."""
KEYS = [chr(code) for code in range(0x0400, 0x0530) if chr(code).isalpha()]
"""Each is pressed once and occurs in no message, so that its first appearance is its echo."""
CTRL_U, CTRL_D = b"\x15", b"\x04"

_SHOWN = re.compile(rb"message (\d+) of many")
_PROGRESS = re.compile(rb"(\d+) % \xe2\x94\x82 [\d,]+ of")
_GROUPCHAT = [sys.executable, "-m", "groupchat.admin"]


class Terminal:
    """A program on a terminal of its own, which reads what is written at once, and keeps all of it."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.written = bytearray()
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (ROWS, COLUMNS))
        self._process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(theirs)

    @property
    def pid(self) -> int:
        """The process ID of the program."""
        return self._process.pid

    def press(self, keys: bytes) -> None:
        """Type this."""
        os.write(self._ours, keys)

    def watch(self, seconds: float) -> bool:
        """Read what is written next, within so many seconds; return whether the program can still write."""
        if select.select([self._ours], [], [], max(seconds, 0))[0]:
            try:
                self.written += os.read(self._ours, 1 << 16)
            except OSError:  # the program has closed it
                return False
        return True

    def expect(self, text: bytes) -> None:
        """Wait until this was written.

        :raises Broken: it takes longer than LONGEST_S, or the program ended before.
        """
        end = time.monotonic() + LONGEST_S
        while text not in self.written:
            if not self.watch(end - time.monotonic()) or time.monotonic() > end:
                raise Broken(f"The client did not write {text!r}, but ended with {bytes(self.written[-1000:])!r}")

    def leave(self) -> None:
        """Clear the half-typed line, leave the chat, and read what is written up to the end."""
        self.press(CTRL_U)
        self.press(CTRL_D)
        end = time.monotonic() + LONGEST_S
        while self.watch(end - time.monotonic()):
            if time.monotonic() > end:
                raise Broken("The client did not end.")
        if status := self._process.wait(LONGEST_S):
            raise Broken(f"The client ended with {status}: {bytes(self.written[-1000:])!r}")

    def close(self) -> None:
        """End the program in any case."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        os.close(self._ours)


def client(posts: int, tell: Tell) -> list[Row]:
    """Return one row: a person who was here before comes back after ``posts`` messages."""
    home = Path(tempfile.mkdtemp(prefix="groupchat-bench-"))
    try:
        with running(Groupchat()) as server:
            address = f"{HOST}:{server.port}"
            tell(f"client: saying {posts} messages")
            with _joined(address, home) as terminal:
                terminal.expect("│ connected".encode())
                terminal.leave()
            said = subprocess.run(
                [*_GROUPCHAT, "say", address, "--nick", "bob"], env=_environment(home), input=text(posts), check=False,
            )  # fmt: skip
            if said.returncode:
                raise Broken(f"groupchat say ended with {said.returncode}")
            tell("client: catching up with them")
            with _joined(address, home) as terminal:
                row = _come_back(terminal, posts)
                terminal.leave()
                check(bytes(terminal.written), posts)
            return [row]
    finally:
        shutil.rmtree(home, ignore_errors=True)


def text(posts: int) -> bytes:
    """Yield the messages, one a line."""
    return b"".join(b"message %d of many, about as long as people write\n" % number for number in range(posts))


def check(written: bytes, posts: int) -> int:
    """Return how many different states of the progress bar were shown.

    :raises Broken: a message is missing, was shown twice or out of order, or the bar went back.
    """
    if [int(number) for number in _SHOWN.findall(written)] != list(range(posts)):
        raise Broken("The client did not show every message once and in order.")
    shares = [int(share) for share in _PROGRESS.findall(written)]
    if shares != sorted(shares):
        raise Broken(f"The progress bar went back: {shares}")
    return len(set(shares))


@contextmanager
def _joined(address: str, home: Path) -> Iterator[Terminal]:
    """Start the client on a terminal."""
    terminal = Terminal([*_GROUPCHAT, "join", address, "--nick", "alice"], _environment(home))
    try:
        yield terminal
    finally:
        terminal.close()


def _come_back(terminal: Terminal, posts: int) -> Row:
    """Type while the messages come in: a key, its echo, a moment, the next key."""
    begun, last = time.monotonic(), b"message %d of many" % (posts - 1)
    delays: list[float] = []
    keys = iter(KEYS)
    key, since, pressed = b"", 0, begun
    seen = 0
    while terminal.written.find(last, seen) < 0:
        seen = max(len(terminal.written) - len(last), 0)
        now = time.monotonic()
        if now > begun + LONGEST_S:
            raise Broken(f"The client had not shown everything after {LONGEST_S:g} s.")
        if not key and now >= pressed and _PROGRESS.search(terminal.written):
            key, since, pressed = next(keys, "").encode(), len(terminal.written), now
            terminal.press(key)
        if not terminal.watch(PRESS_S if key else max(pressed - now, 0.001)):
            raise Broken(f"The client ended: {bytes(terminal.written[-1000:])!r}")
        if key and terminal.written.find(key, since) >= 0:
            now = time.monotonic()
            delays.append((now - pressed) * 1000)
            key, pressed = b"", now + PRESS_S
    seconds = time.monotonic() - begun
    return {
        "scenario": "client", "peer": Groupchat.name, "posts": posts, "seconds": seconds,
        "bar_steps": check(bytes(terminal.written), posts), "keys": len(delays), **summary("", delays),
    }  # fmt: skip


def _environment(home: Path) -> dict[str, str]:
    """Return the environment of a person who has never been here and has changed no configuration."""
    paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
    }
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "HOME": str(home), "TERM": "xterm-256color",
            "LC_ALL": "C.UTF-8"}  # fmt: skip
