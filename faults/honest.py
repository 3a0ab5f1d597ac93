"""Honest clients: measure how long their posts take to reach each other, or a request to be answered.

They are a process of their own (``python -m faults.honest``), so that the load of a trial does not slow them down.
"""

import json
import select
import subprocess
import sys
import time
from collections.abc import Mapping

from tests.functional.harness import Line

LIMIT_S = 60.0


def measure(port: int, seconds: float, rate: float, count: int) -> list[float]:
    """Return the delays, in milliseconds, of posts at a rate, for each of ``count`` hearers."""
    hearers, speaker = [_in(port, f"hearer{number}") for number in range(count)], _in(port, "speaker")
    delays: list[float] = []
    begun = time.monotonic()
    number = 0
    while (now := time.monotonic()) < begun + seconds:
        due = begun + number / rate
        if due > now:
            time.sleep(due - now)
        at = time.monotonic()
        speaker.send(f'{{"do": "say", "text": "honest {number}."}}\n')
        waiting = {hearer.socket: hearer for hearer in hearers}
        while waiting:
            heard = select.select(list(waiting), [], [], LIMIT_S)[0]
            if not heard:
                raise AssertionError(f"{len(waiting)} did not hear it within {LIMIT_S:g} s.")
            for one in heard:
                if waiting[one].has_heard(f'"text":"honest {number}."'):
                    delays.append((time.monotonic() - at) * 1000)
                    del waiting[one]
        # The speaker does not look at what others say.
        speaker.skip()
        number += 1
    for line in (speaker, *hearers):
        line.close()
    return delays


def measure_answers(port: int, seconds: float, rate: float, request: dict[str, object]) -> list[float]:
    """Return how long a request takes to be answered, in milliseconds, sent at a rate; at most one at a time."""
    asker = _in(port, "asker")
    delays: list[float] = []
    begun = time.monotonic()
    number = 1
    while (now := time.monotonic()) < begun + seconds:
        time.sleep(max(begun + number / rate - now, 0))
        at = time.monotonic()
        asker.send(json.dumps({**request, "ref": f"asked {number}"}) + "\n")
        while not asker.has_heard(f'"ref":"asked {number}"'):
            if not select.select([asker.socket], [], [], LIMIT_S)[0]:
                raise AssertionError(f"It was not answered within {LIMIT_S:g} s.")
        delays.append((time.monotonic() - at) * 1000)
        number += 1
    asker.close()
    return delays


class Skipping(Line):
    """A client that can discard what it received."""

    def has_heard(self, words: str) -> bool:
        """Read what has arrived, and return whether these words were in it; discard it up to the end of their line."""
        if not self._hear(0) and self.ended:
            raise AssertionError("An honest client was cut off.")
        index = self.heard.find(words)
        if index < 0 or (end := self.heard.find("\n", index)) < 0:
            return False
        self.heard = self.heard[end + 1 :]
        return True

    def skip(self) -> None:
        """Read and discard what has arrived."""
        while self._hear(0):
            pass
        self.heard = ""


def _in(port: int, nick: str) -> Skipping:
    line = Skipping(port)
    line.send(f'{{"do": "nick", "nick": "{nick}", "since": "head"}}\n')
    line.expect('"welcome".*\n', LIMIT_S)
    return line


class Honest:
    """A speaker and hearers, or somebody who asks for something, at work from now on for so many seconds.

    :param request: what is asked for instead of speaking.
    """

    def __init__(
        self,
        port: int,
        seconds: float,
        rate: float = 20.0,
        hearers: int = 1,
        request: Mapping[str, object] | None = None,
    ) -> None:
        command = [sys.executable, "-m", "faults.honest", str(port), str(seconds), str(rate), str(hearers)]
        if request is not None:
            command.append(json.dumps(request))
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def delays(self) -> list[float]:
        """Wait until the measurement is done, and return the delays in milliseconds."""
        output, _ = self._process.communicate()
        if self._process.returncode:
            raise AssertionError("The honest clients were not served.")
        found: list[float] = json.loads(output)
        return found


if __name__ == "__main__":
    port, seconds, rate, hearers, *request = sys.argv[1:]
    if request:
        print(json.dumps(measure_answers(int(port), float(seconds), float(rate), json.loads(request[0]))))
    else:
        print(json.dumps(measure(int(port), float(seconds), float(rate), int(hearers))))
