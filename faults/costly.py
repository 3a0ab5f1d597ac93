"""Costly requests: peers at one address ask for what costs the server much, and others must not notice."""

import contextlib
import itertools
import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from faults.honest import Honest
from faults.hostile import FLOODER
from faults.trial import HOST, START_S, Trial, Verdict, memory_mib, percentile, wait_for
from tests.functional.harness import Daemon, Line

ATTACKERS = 8
ROUND_TRIP_MS = 20.0
"""The most that the p99 of an honest round trip may be; on a busy machine, twice what it is without attackers."""
HISTORY_MS = 100.0
"""The most that an honest /history may take."""
GROWTH_MIB = 10.0
PAUSE_S = 0.2
"""Seconds after which an attacker that was cut off comes again."""

LIGATURE = "\ufdfa"
"""One letter that becomes 18 when it is normalised."""
MARKS = "\u0301\u0316"
"""Two combining marks in the wrong order: sorting many of them takes time that grows with their square."""

Opening = str | None
"""The nickname of an attacker; None: it never has one."""


class Attack:
    """Peers at one address that send the same lines again and again, as fast as they are read."""

    def __init__(self, trial: Trial, daemon: Daemon, lines: Callable[[int], Iterator[dict[str, object]]]) -> None:
        """:param lines: gives the requests of one attacker, by its number."""
        self._port = daemon.port
        self._lines = lines
        self._over = threading.Event()
        self.sent = 0
        trial.at_end(self.stop)
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(ATTACKERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the attack."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        while not self._over.is_set():
            with contextlib.suppress(OSError), socket.create_connection((HOST, self._port), 5.0, (FLOODER, 0)) as one:
                self._attack(one, number)
            self._over.wait(PAUSE_S)

    def _attack(self, one: socket.socket, number: int) -> None:
        one.setblocking(False)
        poll = select.poll()
        poll.register(one, select.POLLIN | select.POLLOUT)
        unsent = b""
        lines = self._lines(number)
        while not self._over.is_set():
            if not unsent:
                unsent = json.dumps(next(lines), ensure_ascii=False).encode() + b"\n"
            for _, event in poll.poll(100):
                if event & ~select.POLLOUT and not one.recv(1 << 18):
                    return
                if event & select.POLLOUT:
                    unsent = unsent[one.send(unsent) :]
                    self.sent += not unsent
            time.sleep(0.001)


def long_names(trial: Trial) -> Verdict:
    """Nicknames, passwords and other fields that are long, or expensive to normalise."""
    return _survived(trial, trial.start(exempt=f"{HOST}/32"), _names)


def _names(number: int) -> Iterator[dict[str, object]]:
    for count in itertools.count():
        name = LIGATURE * 5300 + str(count % 100)
        password = "a" + MARKS * 3900
        if number % 2:
            yield {"do": "nick", "nick": name}
            yield {"do": "nick", "nick": f"{number}x", "password": password}
            yield {"do": "nick", "nick": "somebody", "token": name}
            yield {"do": "nick", "nick": "somebody", "register": True, "password": password}
            continue
        if not count:
            yield {"do": "nick", "nick": f"attacker{number}"}
        yield {"do": "whois", "nick": name}
        yield {"do": "msg", "nick": name, "text": "x"}
        yield {"do": "ignore", "nick": name}
        yield {"do": "nick", "nick": name}
        yield {"do": "login", "name": name, "password": password}
        yield {"do": "register", "password": password}
        yield {"do": "list", "room": name}
        yield {"do": "set", "name": "zone", "value": "a" + MARKS * 3900}


def slow_searches(trial: Trial) -> Verdict:
    """Searches for phrases that nearly every message nearly has."""
    daemon = trial.start(exempt=f"{HOST}/32")
    line = Line(daemon.port)
    line.send('{"do": "nick", "nick": "writer", "since": "head"}\n')
    posts = 2000 if trial.full else 1000
    for number in range(posts):
        line.send(json.dumps({"do": "say", "text": "a b " * 1000, "ref": number}) + "\n")
    line.expect(rf'"ref":{posts - 1}\b.*\n', START_S)
    line.close()
    return _survived(trial, daemon, _searches)


def _searches(number: int) -> Iterator[dict[str, object]]:
    yield {"do": "nick", "nick": f"attacker{number}", "since": "head"}
    while True:
        yield {"do": "search", "text": "a.b." * 1000}
        yield {"do": "search", "text": "a.b." * 15 + "c"}
        yield {"do": "search", "text": "a.a " * 15 + "b.b"}
        yield {"do": "mentions"}


def long_lists(trial: Trial) -> Verdict:
    """Lists of very many people, and completions of a word that all nicknames begin with."""
    daemon = trial.start(exempt=f"{HOST}/32", settings="flood_burst = 100\n")
    count = 1500 if trial.full else 500
    people = _people(trial, daemon, count)
    verdict = _survived(trial, daemon, _lists)
    people.set()
    return verdict


def _lists(number: int) -> Iterator[dict[str, object]]:
    yield {"do": "nick", "nick": f"attacker{number}", "rooms": ["crowd"], "since": "head"}
    while True:
        yield {"do": "complete", "text": "/msg member"}
        yield {"do": "complete", "text": "/join r"}
        yield {"do": "list"}
        yield {"do": "rooms"}
        yield {"do": "help"}


def _people(trial: Trial, daemon: Daemon, count: int) -> threading.Event:
    """Let so many people be in one room, and each in a room of their own; they read until the event is set."""
    over = threading.Event()
    line = Line(daemon.port)  # first: it waits by select, which takes no descriptor above 1,023
    line.send("counter\n")
    line.expect("Connected", START_S)
    sockets = []
    for number in range(count):
        one = socket.create_connection((HOST, daemon.port), START_S)
        nick = {"do": "nick", "nick": f"member-of-a-crowd-{number}", "rooms": [f"r{number}", "crowd"], "since": "head"}
        one.sendall(json.dumps(nick).encode() + b'\n{"do": "set", "name": "joins", "value": "off"}\n')
        sockets.append(one)
        _drain(sockets[-1:])

    def read() -> None:
        while not over.is_set():
            _drain(sockets)
            over.wait(0.5)
        for one in sockets:
            one.close()

    reading = threading.Thread(target=read)
    reading.start()
    trial.at_end(reading.join)
    trial.at_end(over.set)
    wait_for(lambda: bool(_asked(line, "/status\n", rf"{count + 1:,}? people")), START_S, 0.5)
    time.sleep(10.0)  # until all have been told of all
    line.close()
    return over


def _asked(line: Line, question: str, answer: str) -> bool:
    line.send(question)
    try:
        line.expect(answer, 0.5)
    except AssertionError:
        return False
    return True


def _drain(sockets: Sequence[socket.socket]) -> None:
    """Read and discard what these were sent."""
    poll = select.poll()
    by_number = {one.fileno(): one for one in sockets}
    for number in by_number:
        poll.register(number, select.POLLIN)
    for number, _ in poll.poll(0):
        with contextlib.suppress(OSError):
            by_number[number].recv(1 << 18)


def _survived(trial: Trial, daemon: Daemon, lines: Callable[[int], Iterator[dict[str, object]]]) -> Verdict:
    """Attack, and measure what honest clients at another address notice."""
    seconds = 20.0 if trial.full else 8.0
    for request in ({"do": "search", "text": "rare"}, {"do": "history", "count": 20}):  # bounded caches fill
        Honest(daemon.port, 2.0, request=request).delays()
    usual = percentile(Honest(daemon.port, 3.0).delays(), 0.99)
    before = memory_mib(daemon.process.pid)
    attack = Attack(trial, daemon, lines)
    talking = Honest(daemon.port, seconds)
    asking = Honest(daemon.port, seconds, rate=4.0, request={"do": "history", "count": 20})
    delays, answers = talking.delays(), asking.delays()
    peak = memory_mib(daemon.process.pid)
    attack.stop()
    wait_for(lambda: memory_mib(daemon.process.pid) - before <= GROWTH_MIB, 10.0)
    grown = memory_mib(daemon.process.pid) - before
    p99, worst = percentile(delays, 0.99), max(answers)
    kept = p99 <= max(ROUND_TRIP_MS, 2 * usual) and worst <= HISTORY_MS and grown <= GROWTH_MIB
    clean = "Traceback" not in daemon.log and daemon.stop() == 0
    return Verdict(
        kept and clean,
        f"{attack.sent} requests of {ATTACKERS} attackers; round trip p99 {p99:.1f} ms (without them {usual:.1f}), "
        f"worst {max(delays):.0f}; "
        f"/history worst {worst:.0f} ms of {len(answers)}; memory +{peak - before:.1f} MiB, "
        f"+{grown:.1f} afterwards{'' if clean else '; an error was logged'}",
    )
