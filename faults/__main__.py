"""``python -m faults [NAME…]``: inject faults into a real daemon on this machine; say whether each promise held."""

import argparse
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from faults import kill, power
from faults.trial import NotRun, Trial, Verdict


@dataclass(frozen=True)
class Fault:
    """A row of the table of faults."""

    inject: Callable[[Trial], Verdict]
    promise: str


FAULTS = {
    "kill": Fault(kill.killed, "kill -9 under load: nothing acknowledged lost, doubled or reordered"),
    "start": Fault(kill.start_with_a_million, "up again 2 s after kill -9 with a million posts"),
    "power": Fault(power.power_lost, "power loss: nothing acknowledged lost, doubled or reordered"),
}


def main() -> int:
    """Run what is asked for; the exit status is 0 when no promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__.partition(":")[2].strip())
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"which, of: {', '.join(FAULTS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="the short form of each")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(FAULTS)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}")
    verdicts = [tell(name, not arguments.quick) for name in arguments.names or FAULTS]
    return 0 if all(acceptable(verdict) for verdict in verdicts) else 1


def acceptable(verdict: Verdict) -> bool:
    """Whether this is no failure: what a machine cannot do is one only where nothing may be left out."""
    return verdict.kept is True or (verdict.kept is None and os.environ.get("CI") != "true")


def tell(name: str, full: bool) -> Verdict:
    """Inject one fault, and print its line."""
    fault = FAULTS[name]
    begun = time.monotonic()
    try:
        with Trial(full) as trial:
            verdict = fault.inject(trial)
    except NotRun as lack:
        verdict = Verdict(None, str(lack))
    except Exception:
        traceback.print_exc()
        verdict = Verdict(False, "the trial itself failed")
    print(f"{name:12} {fault.promise}\n{'':12} {verdict} [{time.monotonic() - begun:.0f} s]", flush=True)
    return verdict


if __name__ == "__main__":
    sys.exit(main())
