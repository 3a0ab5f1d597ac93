"""A client on a real terminal: tmux, which tells what is on the screen."""

import fcntl
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from typing import Any

from tests.functional.harness import LIMIT_S, Daemon, FunctionalTest, Line, program

COMMAND = [sys.executable, "-m", "groupchat.admin"]


class Pane:
    """A tmux server with one window, in which a program runs."""

    def __init__(self, command: list[str], environment: dict[str, str], width: int, height: int) -> None:
        self._tmux = [program("tmux"), "-L", f"groupchat-{secrets.token_hex(6)}", "-f", "/dev/null"]
        self._environment = environment
        self._resized_at = time.monotonic()
        words = f"{shlex.join(command)}; echo status $?; exec sleep 1000"
        size = ["-x", str(width), "-y", str(height)]
        self.tmux(
            "start-server", ";", "set", "-g", "history-limit", "50000", ";",
            "set", "-g", "default-terminal", "tmux-256color", ";", "new-session", "-d", "-s", "t", *size, words,
        )  # fmt: skip

    def tmux(self, *words: str, given: str | None = None) -> str:
        """Run a command of tmux, and return what it prints."""
        done = subprocess.run(
            [*self._tmux, *words], env=self._environment, capture_output=True, text=True, timeout=LIMIT_S, check=False,
            input=given,
        )  # fmt: skip
        if done.returncode:
            raise AssertionError(f"tmux {' '.join(words)}: {done.stderr}")
        return done.stdout

    def keys(self, *keys: str) -> None:
        """Press keys, given by tmux's names for them."""
        self.tmux("send-keys", "-t", "t", *keys)

    def type(self, text: str) -> None:
        """Type text."""
        self.tmux("send-keys", "-t", "t", "-l", "--", text)

    def enter(self, text: str) -> None:
        """Type a line, and press Enter."""
        self.tmux("send-keys", "-t", "t", "-l", "--", text, ";", "send-keys", "-t", "t", "Enter")

    def paste(self, text: str) -> None:
        """Paste text, as from a clipboard."""
        self.tmux("load-buffer", "-", given=text)
        self.tmux("paste-buffer", "-p", "-t", "t")

    def taken(self) -> None:
        """Wait until the program has read all keys."""
        terminal = os.open(self.tmux("display", "-p", "-t", "t", "#{pane_tty}").strip(), os.O_RDONLY | os.O_NOCTTY)
        try:
            end = time.monotonic() + LIMIT_S
            while any(fcntl.ioctl(terminal, termios.FIONREAD, bytes(4))):
                if time.monotonic() > end:
                    raise AssertionError(f"What was typed is not read within {LIMIT_S:g} s.")
                time.sleep(0.01)
        finally:
            os.close(terminal)

    def screen(self, *options: str) -> str:
        """Return what is on the screen, without empty lines at its end."""
        return self.tmux("capture-pane", "-p", "-t", "t", *options).rstrip("\n")

    def everything(self) -> str:
        """Return the screen and its scrollback, with wrapped lines joined."""
        return self.screen("-S", "-", "-J")

    def expect(self, pattern: str, limit: float = LIMIT_S) -> str:
        """Wait until the screen matches a pattern; return the screen."""
        end = time.monotonic() + limit
        while not re.search(pattern, shown := self.screen(), re.MULTILINE):
            if time.monotonic() > end:
                raise AssertionError(f"No {pattern!r} within {limit:g} s in:\n{shown}")
            time.sleep(0.03)
        return shown

    def vanish(self, pattern: str, limit: float = LIMIT_S) -> str:
        """Wait until the screen no longer matches a pattern; return the screen."""
        end = time.monotonic() + limit
        while re.search(pattern, shown := self.screen(), re.MULTILINE):
            if time.monotonic() > end:
                raise AssertionError(f"{pattern!r} is still there after {limit:g} s:\n{shown}")
            time.sleep(0.03)
        return shown

    def status(self) -> int:
        """Wait until the program has ended; return its exit status."""
        found = re.search(r"status (\d+)$", self.expect(r"status \d+$"), re.MULTILINE)
        assert found is not None
        return int(found[1])

    def resize(self, width: int, height: int) -> None:
        """Resize the window, and wait until the program can know.

        tmux tells programs their size at most every 250 ms, but wraps lines again at once:
        anything drawn in between is drawn for the wrong size.
        """
        time.sleep(max(self._resized_at + 0.3 - time.monotonic(), 0))
        self.tmux("resize-window", "-t", "t", "-x", str(width), "-y", str(height))
        terminal = os.open(self.tmux("display", "-p", "-t", "t", "#{pane_tty}").strip(), os.O_RDONLY | os.O_NOCTTY)
        try:
            end = time.monotonic() + LIMIT_S
            while os.get_terminal_size(terminal) != (width, height):
                if time.monotonic() > end:
                    raise AssertionError(f"The terminal is not told its size within {LIMIT_S:g} s.")
                time.sleep(0.01)
        finally:
            os.close(terminal)
        self._resized_at = time.monotonic()

    def close(self) -> None:
        """End tmux, and wait for the program: it still writes its files when its terminal is gone."""
        leader = self._ask("display", "-p", "-t", "t", "#{pane_pid}").strip()
        self._ask("kill-server")
        end = time.monotonic() + LIMIT_S
        while leader and (left := _session(leader)):
            if time.monotonic() > end:
                raise AssertionError(f"{left} do not end, though their terminal is gone.")
            time.sleep(0.01)

    def _ask(self, *words: str) -> str:
        """Return what tmux prints; nothing if it no longer runs."""
        return subprocess.run(
            [*self._tmux, *words], env=self._environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
        ).stdout


def _session(leader: str) -> list[str]:
    """Return the processes that run in a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session, *_ = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if session == leader and state != "Z":
            found.append(stat.parent.name)
    return found


class PaneTest(FunctionalTest):
    """Base class of tests that look at a terminal."""

    def setUp(self) -> None:
        super().setUp()
        program("tmux")
        home = self.folder / "home"
        home.mkdir()
        unwanted = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "NO_COLOR", "COLORTERM", "TMUX", "TERM", "COLUMNS", "LINES")
        kept = {name: value for name, value in self.environment.items() if name not in unwanted}
        # Not in the folder of the test, whose path may be longer than that of a socket may be (107 bytes);
        # and tmux still tidies up there when it has said that it ends.
        sockets = tempfile.mkdtemp(prefix="groupchat-", dir="/tmp")
        self.addCleanup(shutil.rmtree, sockets, ignore_errors=True)
        self.pane_environment = {**kept, "HOME": str(home), "LC_ALL": "C.UTF-8", "TMUX_TMPDIR": sockets}
        self.home = home

    def open(self, *words: object, width: int = 80, height: int = 24, variables: dict[str, str] | None = None) -> Pane:
        """Run ``groupchat`` with these arguments on a terminal."""
        set_first = ["env", *(f"{name}={value}" for name, value in (variables or {}).items())]
        pane = Pane([*set_first, *COMMAND, *map(str, words)], self.pane_environment, width, height)
        self.addCleanup(pane.close)
        return pane

    def operator(self, daemon: Daemon, source: str = "127.0.0.1") -> Line:
        """Connect the operator Olga, from this address."""
        olga = Line(daemon.port, source)
        self.addCleanup(olga.close)
        olga.send("olga\n/register correct-horse-battery\n")
        olga.expect("olga is yours from now on.*\r\n")
        promoted = self.run_program(*COMMAND, "user", "promote", "olga", "--data", str(self.folder / "data"))
        self.assertEqual(promoted, 0)
        olga.expect(r"\* server made olga an operator\r\n")
        return olga

    def run_program(self, *command: str, **more: Any) -> int:
        """Run a program to its end; return its exit status."""
        return subprocess.run(command, env=self.pane_environment, timeout=10 * LIMIT_S, check=False, **more).returncode

    def join(self, port: int, *words: object, nick: str = "alice", width: int = 80) -> Pane:
        """Start a client, and wait until it has joined."""
        pane = self.open("join", f"127.0.0.1:{port}", "--nick", nick, *words, width=width)
        pane.expect(rf"^\* You are {nick}, in lobby")
        pane.expect("│ connected")
        return pane
