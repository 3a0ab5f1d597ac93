"""The network: it vanishes for good, or for a while."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from faults.crowds import LIMITS
from faults.disk import trial_line
from faults.namespaces import Namespace, claim
from faults.trial import Trial, Verdict, need, need_root, wait_for
from tests.functional.harness import TREE, Daemon, Line

KIND = "gcfault"
"""The beginning of the names of these namespaces."""

SHORT = "keepalive_idle_s = 1\nkeepalive_interval_s = 1\nvanished_s = 5\n"
"""Settings of the short forms: what takes a minute otherwise takes seconds."""


class Net:
    """A network of its own, whose link can be cut.  ``here``: the address of this machine in it."""

    def __init__(self, trial: Trial) -> None:
        need_root()
        need("ip")
        need("nsenter")
        self._trial = trial
        number = claim(trial, KIND)
        self._link, far = f"{KIND}{number}a", f"{KIND}{number}b"
        net = f"10.213.{number}"
        self.here = f"{net}.1"
        space = Namespace(trial, f"{KIND}{number}-1")
        self._prefix = space.prefix
        trial.run("ip", "link", "add", self._link, "type", "veth", "peer", "name", far, "netns", space.name)
        trial.at_end(lambda: self._delete("link", "del", self._link))
        trial.run("ip", "addr", "add", f"{net}.1/24", "dev", self._link)
        trial.run("ip", "link", "set", self._link, "up")
        trial.run(*self._prefix, "ip", "addr", "add", f"{net}.2/24", "dev", far)
        trial.run(*self._prefix, "ip", "link", "set", far, "up")

    def _delete(self, *what: str) -> None:
        subprocess.run(["ip", *what], check=False, capture_output=True)

    def cut(self, is_cut: bool = True) -> None:
        """Cut the link, or mend it."""
        self._trial.run("ip", "link", "set", self._link, "down" if is_cut else "up")

    def visit(self, daemon: Daemon, nick: str) -> "Far":
        """Come in from the other end."""
        far = Far(self._prefix, self.here, daemon.port, nick)
        self._trial.at_end(far.close)
        far.expect("Connected to the server!")
        return far


class Far(Line):
    """A client at the other end of the network: what it sends and receives goes through a program there."""

    def __init__(self, prefix: Sequence[str], host: str, port: int, nick: str) -> None:
        ours, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "faults.network", host, str(port)],
            stdin=theirs.fileno(), stdout=theirs.fileno(), cwd=TREE,
        )  # fmt: skip
        theirs.close()
        self._adopt(ours)
        self.send(f"{nick}\n")

    def _adopt(self, one: socket.socket) -> None:
        self.socket = one
        super(Line, self).__init__(one.fileno())

    def close(self) -> None:
        """End the program, which resets its connection."""
        self._process.kill()
        self._process.wait()
        self.socket.close()


def half_open(trial: Trial) -> Verdict:
    """The network of a peer vanishes: whoever asks for its nickname has it 60 s later, idle or with data waiting."""
    net = Net(trial)
    settings, limit = (LIMITS, 60.0) if trial.full else (LIMITS + SHORT, 5.0)
    figures, kept = [], True
    daemon = trial.start(settings=settings, host="0.0.0.0")
    for owed in (False, True):
        nick = "owed" if owed else "idle"
        far = net.visit(daemon, nick)
        net.cut()
        begun = time.monotonic()
        if owed:
            talker = trial_line(trial, daemon, "talker")
            talker.send("are you there?\n")
        took = _taken(trial, daemon, nick, begun, limit + 30.0)
        kept = kept and limit - 2.0 <= took <= limit + 5.0
        net.cut(False)
        told = _told(far, "!! timed-out: ", 40.0)
        kept = kept and told
        figures.append(f"{nick}: another had it after {took:.0f} s, its holder was {'' if told else 'NOT '}told later")
        far.close()
    return Verdict(kept, "; ".join(figures))


def _taken(trial: Trial, daemon: Daemon, nick: str, begun: float, limit: float) -> float:
    """Ask for a nickname each second; return after how many seconds it was given."""
    while time.monotonic() < begun + limit:
        line = Line(daemon.port)
        trial.at_end(line.close)
        line.send(f"{nick}\n")
        if line.expect("Connected to the server!|!! nick-taken")[0].startswith("Connected"):
            return time.monotonic() - begun
        line.close()
        time.sleep(1.0)
    return float("inf")


def _told(far: Far, words: str, limit: float) -> bool:
    try:
        far.expect(words, limit)
    except AssertionError:
        return False
    return True


def outage(trial: Trial) -> Verdict:
    """The network is out for 120 s: nobody is cut off, what was said meanwhile comes, and what they said does too."""
    net = Net(trial)
    seconds = 120.0 if trial.full else 20.0
    # In the short form, three times what the old limits of keepalive and stuck readers would be.
    settings = LIMITS if trial.full else f"{LIMITS}{SHORT}stuck_timeout_s = 5\n"
    daemon = trial.start(settings=f"{settings}send_buffer_bytes = 8192\n", host="0.0.0.0")
    quiet, owed, flooded = (net.visit(daemon, nick) for nick in ("quiet", "owed", "flooded"))
    quiet.send("/join elsewhere\n")
    quiet.expect("You are in elsewhere|joined elsewhere|elsewhere")
    talker = trial_line(trial, daemon, "talker")
    for far in (owed, flooded):
        far.send("before\n")
    talker.expect("flooded: before")
    net.cut()
    begun = time.monotonic()
    quiet.send("from quiet\n")
    # So much that the buffers of a connection are full, and it counts as one that reads nothing.
    for number in range(2000):
        talker.send(f"{number} {'x' * 200}\n")
    talker.send("/ping\n")
    wait_for(lambda: time.monotonic() >= begun + seconds, seconds + 5, 0.5)
    left = re.findall(r"\w+ left: [^\n]*", daemon.log)
    net.cut(False)
    mended = time.monotonic()
    come = all(_told(far, r"talker: 1999 x", 150.0) for far in (owed, flooded))
    after = time.monotonic() - mended
    quiet.send("after\n")
    # Its own kernel is not ours, and may wait two minutes before it tries again.
    said = wait_for(lambda: _said(trial, daemon, ("from quiet", "after")), 130.0, 2.0)
    left += re.findall(r"\w+ left: (?!exit)[^\n]*", daemon.log)
    return Verdict(
        come and said and not left,
        f"{seconds:.0f} s without a network: {len(left)} cut off; what was missed had come {after:.0f} s after it was "
        f"back{'' if come else ' (not all)'}; lines typed meanwhile are {'' if said else 'NOT '}there",
    )


def _said(trial: Trial, daemon: Daemon, texts: tuple[str, ...]) -> bool:
    """Return whether these lines are in the room of the quiet one."""
    line = Line(daemon.port)
    trial.at_end(line.close)
    line.send("asker\n/join elsewhere\n/exit\n")
    heard = line.rest()
    line.close()
    return all(f"quiet: {text}" in heard for text in texts)


def main(host: str, port: str) -> None:
    """Pass on what comes from standard input to a server, and what it sends to standard output."""
    with socket.create_connection((host, int(port)), 10.0) as line:
        line.settimeout(None)
        ours = socket.socket(fileno=os.dup(0))
        threading.Thread(target=_pass_on, args=(line, ours), daemon=True).start()
        _pass_on(ours, line)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
