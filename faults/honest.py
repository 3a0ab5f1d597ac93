"""An honest pair of clients, and how long what one says takes to reach the other: ``python -m faults.honest``.

A process of its own, so that the load of a trial does not stand in its way.
"""

import json
import subprocess
import sys
import time

from tests.functional.harness import Line

LIMIT_S = 60.0


def measure(port: int, seconds: float, rate: float) -> list[float]:
    """The delays, in milliseconds, of posts at a rate."""
    hearer, speaker = _in(port, "hearer"), _in(port, "speaker")
    delays: list[float] = []
    begun = time.monotonic()
    number = 0
    while (now := time.monotonic()) < begun + seconds:
        due = begun + number / rate
        if due > now:
            time.sleep(due - now)
        at = time.monotonic()
        speaker.send(f'{{"do": "say", "text": "honest {number}."}}\n')
        hearer.expect(f'"text":"honest {number}\\."[^\\n]*\\n', LIMIT_S)
        delays.append((time.monotonic() - at) * 1000)
        # What others say is of no interest.
        speaker.skip()
        number += 1
    return delays


class Skipping(Line):
    """A client that can throw away what it was sent."""

    def skip(self) -> None:
        """Read what is there, for nothing."""
        while self._hear(0):
            pass
        self.heard = ""


def _in(port: int, nick: str) -> Skipping:
    line = Skipping(port)
    line.send(f'{{"do": "nick", "nick": "{nick}", "since": "head"}}\n')
    line.expect('"welcome".*\n', LIMIT_S)
    return line


class Honest:
    """The pair, at work from now on for so many seconds."""

    def __init__(self, port: int, seconds: float, rate: float = 20.0) -> None:
        command = [sys.executable, "-m", "faults.honest", str(port), str(seconds), str(rate)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def delays(self) -> list[float]:
        """What it measured, in milliseconds, once it is done."""
        output, _ = self._process.communicate()
        if self._process.returncode:
            raise AssertionError("The honest clients were not served.")
        found: list[float] = json.loads(output)
        return found


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))))
