"""Clients at the far end of a bad network (``faults.links``), as people and scripts run them."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from faults.links import Link
from faults.trial import Trial, need
from tests.functional import harness
from tests.functional.harness import TREE
from tests.functional.pane import Pane

GROUPCHAT = (sys.executable, "-m", "groupchat.admin")
LOUD = "talker"
"""The nickname of the one whose lines they hear."""

ENDING_S = 90.0
"""Seconds that a program may take to end: it gives up after 60."""


class Numbers:
    """The numbers of the lines that came, in their order."""

    def __init__(self, found: Iterable[str]) -> None:
        self.all = [int(number) for number in found]

    def words(self, of: int) -> str:
        """Say how many came, and what is wrong with them."""
        kinds = len(set(self.all))
        missing = sorted(set(range(of)) - set(self.all))
        wrong = [f"without {missing[0]} to {missing[-1]}"] if missing else []
        wrong += [f"{len(self.all) - kinds} twice"] if len(self.all) != kinds else []
        if any(after < before for before, after in pairwise(self.all)):
            wrong.append("out of order")
        return " and ".join([f"{kinds}/{of}", *wrong])

    def are_whole(self, of: int) -> bool:
        """Return whether each line came, once, in order."""
        return self.all == list(range(of))


class Client:
    """A client at the far end of a link.

    ``says``, ``hears``: what it can do.  ``tells``: whether it tells of a silence.
    ``promises``: whether it loses nothing whatever happens to a connection; ``is_ours``: or at least to the network.
    """

    says = hears = promises = is_ours = True
    tells = False
    shown = re.compile(rf"{LOUD}: t(\d+)\b")
    """A line of the talker, as the client shows it."""

    def __init__(self, name: str, room: str, trial: Trial, link: Link) -> None:
        self.name = name
        self.room = room
        self.nick = f"{name}-{room}"
        self.link = link
        self.told_at: float | None = None
        """When the person was told of a silence."""
        self._trial = trial

    def start(self, port: int) -> None:
        """Run, and be in the lobby."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """Type a line."""

    def everything(self) -> str:
        """Return all that was shown."""
        raise NotImplementedError

    def listen(self) -> None:
        """Note what is new."""

    def heard(self) -> Numbers:
        """Return the lines of the talker that were shown."""
        return Numbers(self.shown.findall(self.everything()))

    def finish(self) -> int | None:
        """End it, where its exit status says how it went; return that."""
        return None


class Piped(Client):
    """A client behind pipes; ``command``: with ``{server}``, ``{host}``, ``{port}``, ``{nick}`` and ``{room}``."""

    command: Sequence[str] = ()

    def start(self, port: int) -> None:
        named = {"server": f"{self.link.here}:{port}", "host": self.link.here, "port": port}
        words = [word.format(**named, nick=self.nick, room=self.room) for word in self.command]
        self._program = _Process(*self.link.prefix, *words, env=environment(self._trial), cwd=TREE)
        self._trial.at_end(self._program.close)

    def say(self, text: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._program.send(f"{text}\n")

    def listen(self) -> None:
        self._program.listen()

    def everything(self) -> str:
        self.listen()
        return self._program.heard


class Netcat(Piped):
    """netcat: when its connection is gone, so is what was in it."""

    promises = False
    command = ("nc", "{host}", "{port}")

    def start(self, port: int) -> None:
        need("nc")
        super().start(port)
        self._program.send(f"{self.nick}\n")
        self._program.expect("Connected to the server!")
        self._program.send(f"/join {self.room}\n")
        self._program.expect(f"(?i)in {self.room}")


class Plain(Piped):
    """The client for pipes, which does not reconnect."""

    promises = False
    command = (*GROUPCHAT, "join", "--plain", "{server}", "--nick", "{nick}", "--room", "{room}")


class Ending(Piped):
    """A program that says all of its input and then ends, with a status."""

    def finish(self) -> int | None:
        self._program.finish()
        try:
            return self._program.process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            return None


class Say(Ending):
    """``groupchat say``."""

    hears = False
    command = (*GROUPCHAT, "say", "{server}", "--nick", "{nick}", "--room", "{room}")


class Program(Ending):
    """A program of somebody's own, with the library."""

    command = (sys.executable, "-m", "faults.far_program", "{server}", "{nick}", "{room}")


class Tail(Piped):
    """``groupchat tail``."""

    says = False
    command = (*GROUPCHAT, "tail", "{server}", "--nick", "{nick}", "--room", "{room}")

    def say(self, text: str) -> None:
        """It says nothing."""


class Join(Client):
    """``groupchat join`` on a terminal."""

    tells = True
    silence = "no answer for"
    """What is on the screen when the server is silent."""

    def start(self, port: int) -> None:
        self._pane = Pane([*self.link.prefix, *self._command(port)], environment(self._trial), 100, 30)
        self._trial.at_end(self._pane.close)
        self._enter()

    def _command(self, port: int) -> Sequence[str]:
        return (*GROUPCHAT, "join", f"{self.link.here}:{port}", "--nick", self.nick, "--room", self.room)

    def _enter(self) -> None:
        self._pane.expect(f"│ {self.room} .*│ connected")

    def say(self, text: str) -> None:
        self._pane.type(text)
        self._pane.keys("Enter")

    def listen(self) -> None:
        if self.told_at is None and self.silence in self._pane.screen():
            self.told_at = time.monotonic()

    def everything(self) -> str:
        return self._pane.everything()


class Irssi(Join):
    """irssi, on an IRC server, for comparison."""

    promises = is_ours = tells = False
    silence = "[Lag:"
    shown = re.compile(rf"{LOUD}> t(\d+)\b")

    def _command(self, port: int) -> Sequence[str]:
        self._home = Path(tempfile.mkdtemp(dir=self._trial.folder))
        self._server = f"{self.link.here} {port}"
        return (need("irssi"), f"--home={self._home}", "-n", self.nick)

    def _enter(self) -> None:
        self._pane.expect("Irssi v")
        # It keeps no scrollback in the terminal, and by itself sends a line each 2.2 s at most.
        for command in ("autolog on", f"autolog_path {self._home}/log", "cmd_queue_speed 10msec"):
            self.say(f"/set {command}")
        self.say(f"/connect {self._server}")
        self._pane.expect("End of MOTD|End of message of the day")
        self.say(f"/join #{self.room}")
        self._pane.expect(f"Irssi: #{self.room}: Total")

    def everything(self) -> str:
        log = self._home / "log"
        return log.read_text() if log.exists() else ""


class _Process(harness.Program):
    """A program that is listened to now and then."""

    def listen(self) -> None:
        """Read what there is."""
        while not self.ended and self._hear(0):
            pass


def environment(trial: Trial) -> dict[str, str]:
    """Return the environment of a client: a home for all of them, and a short path for the socket of tmux."""
    home = trial.folder / "home"
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "GROUPCHAT_", "TMUX"))}
    return {**kept, "HOME": str(home), "LC_ALL": "C.UTF-8", "TMUX_TMPDIR": str(trial.folder), "PYTHONPATH": str(TREE)}
