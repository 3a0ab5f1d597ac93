"""Posts over HTTP: kill -9 while scripts post on connections they keep, and repeat what was not answered."""

import http.client
import json
import random
import threading
import time
from collections import Counter

from faults.trial import HOST, START_S, Trial, Verdict
from tests.functional.harness import Daemon

POSTS = 1000
SCRIPTS = 4
"""As many connections; each script says its share, one message after the other."""


class Script(threading.Thread):
    """Posts messages on one connection, each with a key, until each is answered with 201."""

    def __init__(self, number: int, messages: list[str], trial: "Server") -> None:
        super().__init__(daemon=True)
        self.messages = messages
        self.numbers: dict[str, int] = {}
        """Message -> the number it was answered with."""
        self.repeated = 0
        self.failed = ""
        self._number = number
        self._server = trial

    def run(self) -> None:
        """Post everything."""
        connection: http.client.HTTPConnection | None = None
        end = time.monotonic() + 10 * START_S
        for message in self.messages:
            while message not in self.numbers:
                if time.monotonic() > end:
                    self.failed = self.failed or f"{message} was never answered"
                    return
                try:
                    if connection is None:
                        connection = http.client.HTTPConnection(HOST, self._server.port, timeout=START_S)
                    self._post(connection, message)
                except (OSError, http.client.HTTPException):
                    connection = None
                    self.repeated += 1
                    time.sleep(0.02)

    def _post(self, connection: http.client.HTTPConnection, message: str) -> None:
        path = f"/rooms/lobby?nick=script{self._number}"
        connection.request("POST", path, message.encode(), {"Idempotency-Key": f"key of {message}"})
        reply = connection.getresponse()
        body = json.loads(reply.read())
        if reply.status == 201:
            self.numbers[message] = body["id"]
        elif reply.status != 503:
            self.failed = f"{message}: {reply.status} {body}"


class Server:
    """The daemon that serves just now."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.port = daemon.port


def posted_once(trial: Trial) -> Verdict:
    """Post, kill the daemon and start it again meanwhile: everything is there once, under the number it was told."""
    kills = 20 if trial.full else 3
    chance = random.Random(kills)
    server = Server(trial.start())
    scripts = [
        Script(number, [f"{number}-{index}" for index in range(POSTS // SCRIPTS)], server) for number in range(SCRIPTS)
    ]
    for script in scripts:
        script.start()
    done = 0
    for number in range(kills):
        goal = POSTS * (number + chance.random()) / kills
        while _answered(scripts) < goal and any(script.is_alive() for script in scripts):
            time.sleep(0.002)
        server.daemon.kill()
        server.daemon.wait()
        server.daemon = trial.start()
        server.port = server.daemon.port
        done += 1
    for script in scripts:
        script.join(10 * START_S)
    stored = _stored(server.port)
    server.daemon.stop()
    told = {message: number for script in scripts for message, number in script.numbers.items()}
    times = Counter(message for message, _ in stored)
    lost = [message for message in told if times[message] == 0]
    doubled = [message for message, count in times.items() if count > 1]
    renumbered = [message for message, number in stored if told.get(message) != number]
    failures = [script.failed for script in scripts if script.failed]
    right = not (lost or doubled or renumbered or failures) and len(stored) == len(told) == POSTS
    return Verdict(
        right,
        f"{done} kills, {len(told)} answered, {sum(script.repeated for script in scripts)} repeated; lost {len(lost)}, "
        f"twice {len(doubled)}, under another number {len(renumbered)}"
        + (f"; {failures[0]}" if failures else ""),
    )  # fmt: skip


def _answered(scripts: list[Script]) -> int:
    return sum(len(script.numbers) for script in scripts)


def _stored(port: int) -> list[tuple[str, int]]:
    """Read the whole room: the text and the number of each message."""
    found: list[tuple[str, int]] = []
    connection = http.client.HTTPConnection(HOST, port, timeout=START_S)
    since = 0
    while True:
        connection.request("GET", f"/rooms/lobby?since={since}&count=500", headers={"Accept": "application/x-ndjson"})
        events = [json.loads(line) for line in connection.getresponse().read().splitlines()]
        if not events:
            return found
        found += [(event["text"], event["id"]) for event in events if event["event"] == "said"]
        since = events[-1]["id"]
