"""A shifted clock: a daemon whose wall clock is as many seconds off as a file says.

``python -m faults.shifted FILE …`` passes its other arguments on to twistd.
The clock of the machine is left alone, since others depend on it.
"""

import sys
import time
from pathlib import Path


def main() -> None:
    """Run twistd with this clock."""
    file = Path(sys.argv.pop(1))
    real = time.time

    def shifted() -> float:
        return real() + float(file.read_text() or 0)

    # Before any import of Twisted, which keeps the function itself.
    time.time = shifted
    from twisted.scripts.twistd import run

    sys.argv[0] = "twistd"
    run()


if __name__ == "__main__":
    main()
