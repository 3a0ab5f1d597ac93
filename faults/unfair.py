"""Unfair peers: many on one address register, guess, begin TLS or ask for figures, and others must not notice.

``python -m faults.unfair KIND PORT SECONDS``: be the peers, in a process of their own.
"""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from faults.honest import Honest
from faults.trial import HOST, START_S, Trial, Verdict, descriptors, memory_mib, percentile, wait_for
from tests.functional.harness import TREE, Daemon, Line, free_port

ATTACKERS = 8
ADDRESS, HOME = "127.0.0.66", "127.0.0.2"
"""The addresses of the attackers, and of somebody who logs in: all of 127.0.0.0/8 is this machine."""
ROUND_TRIP_MS = 20.0
"""The most that the p99 of an honest round trip may be."""
LOGIN_S = 1.0
"""The most that an honest login may take."""
GROWTH_MIB = 10.0
PASSWORD = "correct horse battery"


class Attack:
    """Peers in a process of their own, at work from now on."""

    def __init__(self, trial: Trial, kind: str, port: int, seconds: float) -> None:
        command = [sys.executable, "-m", "faults.unfair", kind, str(port), str(seconds)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=TREE)
        trial.at_end(self._process.kill)
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def counts(self) -> dict[str, int]:
        """Wait for the end, and return how often each thing happened."""
        output, _ = self._process.communicate()
        counts: dict[str, int] = json.loads(output)
        return counts


def registrations(trial: Trial) -> Verdict:
    """Registrations and wrong passwords as fast as they go, with a limit of registrations and without."""
    figures, kept = [], True
    free = "registrations_hour = 1000000\nprivate_new = 100000\n"
    for name, settings in (("limited", ""), ("unlimited", free)):
        daemon = trial.start(exempt=f"{HOST}/32", settings=settings, data=trial.folder / name)
        _register(daemon, "owner")
        _log_in(daemon, "owner")
        found = _noticed(trial, daemon, "register", daemon.port)
        made = found.counts.get("welcome", 0)
        few = made <= 5 or bool(settings)
        kept = kept and found.kept and few and daemon.stop() == 0
        figures.append(f"{name}: {made} accounts made; {found}")
    return Verdict(kept, "; ".join(figures))


def guesses(trial: Trial) -> Verdict:
    """The password of an account is guessed from a thousand addresses; its owner is served, after a kill, too."""
    addresses = 1000 if trial.full else 200
    options: dict[str, Any] = {"exempt": "127.0.0.99/32", "data": trial.folder / "data"}
    daemon = trial.start(**options)
    for nick in ("owner", "other"):
        _register(daemon, nick)
    looked_at = _guess(daemon, addresses)
    took = _log_in(daemon, "owner")
    daemon.kill()
    daemon = trial.start(**options)
    again = _guess(daemon, addresses)
    took = max(took, _log_in(daemon, "owner"))
    stranger = _answer(daemon, "127.3.0.1", "owner", PASSWORD)
    office = [_answer(daemon, "127.0.0.99", "nobody", "guess") for _ in range(5)]
    colleague = _answer(daemon, "127.0.0.99", "other", PASSWORD)
    bounded = max(looked_at, again) <= 30
    kept = bounded and took <= LOGIN_S and stranger == "too-many-failures" and colleague == "welcome"
    return Verdict(
        kept and "too-many-failures" in office and daemon.stop() == 0,
        f"{addresses} addresses with 3 guesses each: {looked_at} passwords looked at, and {again} after kill -9; "
        f"the owner's login took at most {took * 1000:.0f} ms; from an address where they never were: {stranger}; "
        f"after guesses at an exempt address a colleague there: {colleague}",
    )


def hellos(trial: Trial) -> Verdict:
    """ClientHellos of 130 KB without their last byte on as many connections as an address may have."""
    daemon = trial.start(exempt=f"{HOST}/32")
    found = _noticed(trial, daemon, "hello", daemon.port, logs_in=False)
    each = found.peak * 1024 / max(found.counts.get("at once", 0), 1)
    return Verdict(
        found.kept and each <= 64.0 and daemon.stop() == 0,
        f"{found.counts.get('hello', 0)} ClientHellos, {found.counts.get('at once', 0)} connections at once "
        f"with {each:.0f} KiB each; {found}",
    )


def figures(trial: Trial) -> Verdict:
    """Half heads, drop by drop, at the port of the figures; somebody else asks for them meanwhile."""
    port = free_port()
    daemon = trial.start("--metrics", f"tcp:{port}:interface={HOST}", exempt=f"{HOST}/32")
    before = descriptors(daemon.process.pid)
    most, slowest, wrong = 0, 0.0, 0

    def look() -> None:
        nonlocal most, slowest, wrong
        begun = time.monotonic()
        wrong += _page(port, "localhost") != 200
        slowest = max(slowest, time.monotonic() - begun)
        most = max(most, descriptors(daemon.process.pid) - before)

    found = _noticed(trial, daemon, "half", port, logs_in=False, meanwhile=look)
    rebound = _page(port, "evil.example")
    kept = found.kept and most <= 48 and slowest <= 1.0 and not wrong and rebound == 421 and daemon.stop() == 0
    return Verdict(
        kept,
        f"{found.counts.get('half', 0)} half requests: {most} descriptors more at most; honest requests took at most "
        f"{slowest * 1000:.0f} ms, {wrong} failed; to a name of somebody else: {rebound}; {found}",
    )


class Noticed:
    """The effects of an attack that honest clients notice, in ms and s, and the daemon's memory, in MiB."""

    def __init__(
        self, delays: list[float], logins: list[float], peak: float, grown: float, counts: dict[str, int], clean: bool
    ) -> None:
        self.p99 = percentile(delays, 0.99)
        self.logins, self.peak, self.grown, self.counts = logins, peak, grown, counts
        self.kept = self.p99 <= ROUND_TRIP_MS and max(logins, default=0.0) <= LOGIN_S and grown <= GROWTH_MIB and clean

    def __str__(self) -> str:
        logins = f"{len(self.logins)} logins took at most {max(self.logins) * 1000:.0f} ms; " if self.logins else ""
        return (
            f"round trip p99 {self.p99:.1f} ms; {logins}memory +{self.peak:.1f} MiB, +{self.grown:.1f} MiB afterwards"
        )


def _noticed(
    trial: Trial, daemon: Daemon, kind: str, port: int, *, logs_in: bool = True,
    meanwhile: Callable[[], object] = lambda: None,
) -> Noticed:  # fmt: skip
    """Attack, and measure what others notice."""
    seconds = 20.0 if trial.full else 6.0
    Honest(daemon.port, 1.0).delays()  # what is kept for ever is there
    before = peak = memory_mib(daemon.process.pid)
    attack = Attack(trial, kind, port, seconds)
    honest = Honest(daemon.port, seconds - 2.0)
    logins = []
    end = time.monotonic() + seconds - 1.0
    while time.monotonic() < end:
        if logs_in:
            logins.append(_log_in(daemon, "owner"))
        meanwhile()
        peak = max(peak, memory_mib(daemon.process.pid))
        time.sleep(0.3)
    delays, counts = honest.delays(), attack.counts()
    wait_for(lambda: memory_mib(daemon.process.pid) - before <= GROWTH_MIB, 10.0, 0.2)
    grown = memory_mib(daemon.process.pid) - before
    return Noticed(delays, logins, peak - before, grown, counts, "Traceback" not in daemon.log)


def _register(daemon: Daemon, nick: str) -> None:
    answer = _answer(daemon, HOME, nick, PASSWORD, register=True)
    if answer != "welcome":
        raise AssertionError(f"{nick} could not register: {answer}")


def _log_in(daemon: Daemon, nick: str) -> float:
    """Log in, and return how long that took, in seconds."""
    begun = time.monotonic()
    answer = _answer(daemon, HOME, nick, PASSWORD)
    if answer != "welcome":
        raise AssertionError(f"{nick} was not let in: {answer}")
    return time.monotonic() - begun


def _answer(daemon: Daemon, source: str, nick: str, password: str, **more: object) -> str:
    """Ask to come in from an address; return ``welcome`` or the code of the refusal."""
    line = Line(daemon.port, source)
    try:
        line.send(json.dumps({"do": "nick", "nick": nick, "password": password, "since": "head", **more}) + "\n")
        found = line.expect('"event":"(welcome)"|"code":"([a-z-]+)"|!! ([a-z-]+):', START_S)
        return next(word for word in found.groups() if word)
    finally:
        line.close()


def _guess(daemon: Daemon, addresses: int) -> int:
    """Guess three times from each of so many addresses; return how many guesses were looked at."""
    looked_at = 0
    for number in range(addresses):
        for guess in range(3):
            answer = _answer(daemon, f"127.2.{number >> 8}.{number & 255}", "owner", f"guess {number} {guess}")
            if answer != "password-wrong":
                break
            looked_at += 1
    return looked_at


def _page(port: int, host: str) -> int:
    """Ask for the figures; return the status."""
    request = urllib.request.Request(f"http://{HOST}:{port}/metrics", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=START_S) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


# The attackers.


class Attackers:
    """Peers at one address that do the same again and again, for so many seconds."""

    def __init__(self, port: int, seconds: float) -> None:
        self.counts: dict[str, int] = {}
        self._port = port
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()

    def run(self, kind: str) -> None:
        """Attack."""
        action = {"register": self.register, "hello": self.hello, "half": self.half}[kind]
        threads = [threading.Thread(target=self._go_on, args=(action, number)) for number in range(ATTACKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def register(self, number: int) -> None:
        """Register and log out, and guess, in turns, as long as that goes on."""
        with self._connect() as one:
            for turn in range(20):
                if time.monotonic() > self._end:
                    return
                nick = f"a{number}x{time.monotonic_ns()}"
                register = (number + turn) % 2 == 0
                asked = {"do": "nick", "nick": nick, "password": PASSWORD, "register": register, "since": "head"}
                answer = self._ask(one, asked, b'"ref"')
                if answer is None:
                    return
                is_in = b'"welcome"' in answer
                self._count("welcome" if is_in else "refused")
                if is_in and self._ask(one, {"do": "logout"}, b'"ref"') is None:
                    return
                if b'"busy"' not in answer and not is_in and b'"password-wrong"' not in answer:
                    time.sleep(0.1)  # refused at once

    def _ask(self, one: socket.socket, request: dict[str, object], expected: bytes) -> bytes | None:
        """Send a request, and return what came up to its answer; None: the connection ended."""
        one.sendall(json.dumps({**request, "ref": 1}).encode() + b"\n")
        heard = b""
        while expected not in heard or not heard.endswith(b"\n"):
            data = one.recv(65536)
            if not data:
                return None
            heard += data
        return heard

    def hello(self, number: int) -> None:
        """Begin TLS on sixty connections, and hold them for as long as they last."""
        size = 130_000
        body = b"\x01" + (size - 4).to_bytes(3, "big") + b"\x03\x03" + bytes(size - 6)
        pieces = (body[start : start + 16000] for start in range(0, len(body), 16000))
        data = b"".join(b"\x16\x03\x01" + len(piece).to_bytes(2, "big") + piece for piece in pieces)[:-1]
        with contextlib.ExitStack() as stack:
            held = 0
            for _ in range(60):
                with contextlib.suppress(OSError):
                    one = stack.enter_context(self._connect())
                    held += 1
                    self._count("hello")
                    one.sendall(data)
            with self._lock:
                self.counts["at once"] = max(self.counts.get("at once", 0), held * ATTACKERS)
            while time.monotonic() < self._end:
                time.sleep(0.1)

    def half(self, number: int) -> None:
        """Send half a head on fifty connections, drop by drop."""
        with contextlib.ExitStack() as stack:
            held = []
            for _ in range(50):
                with contextlib.suppress(OSError):
                    one = stack.enter_context(self._connect())
                    one.sendall(b"GET /metrics HTTP/1.1\r\nX-Half: ")
                    held.append(one)
                    self._count("half")
            while time.monotonic() < self._end:
                for one in held:
                    with contextlib.suppress(OSError):
                        one.sendall(b"x")
                time.sleep(0.5)

    def _go_on(self, action: Callable[[int], None], number: int) -> None:
        while time.monotonic() < self._end:
            with contextlib.suppress(OSError):
                action(number)
            time.sleep(0.02)

    def _connect(self) -> socket.socket:
        return socket.create_connection((HOST, self._port), 10.0, (ADDRESS, 0))

    def _count(self, what: str) -> None:
        with self._lock:
            self.counts[what] = self.counts.get(what, 0) + 1


def main(kind: str, port: str, seconds: str) -> None:
    """Attack, and print how often what happened."""
    print("begun", flush=True)
    attackers = Attackers(int(port), float(seconds))
    attackers.run(kind)
    print(json.dumps(attackers.counts))


if __name__ == "__main__":
    main(*sys.argv[1:])
