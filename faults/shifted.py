"""A daemon whose wall clock is as many seconds off as a file says: ``python -m faults.shifted FILE …``, as twistd.

The machine's own clock is left alone, since others live by it.
"""

import sys
import time
from pathlib import Path


def main() -> None:
    """Run twistd by that clock."""
    file = Path(sys.argv.pop(1))
    real = time.time

    def shifted() -> float:
        return real() + float(file.read_text() or 0)

    # Before anything of Twisted is imported, which keeps the function itself.
    time.time = shifted
    from twisted.scripts.twistd import run

    sys.argv[0] = "twistd"
    run()


if __name__ == "__main__":
    main()
