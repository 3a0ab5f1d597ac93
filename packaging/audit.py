"""Look for known vulnerabilities in the locked versions: ``python packaging/audit.py``.

The exit status is 1 if there are any.  Where pip-audit cannot reach its data, that is said, and the status is 0.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

LOCKED = Path(__file__).with_name("constraints.txt")
COMMAND = (str(Path(sys.executable).with_name("pip-audit")),)
LIMIT_S = 300


def audit(command: Sequence[str] = COMMAND) -> int:
    """Print what is known about the locked versions, and return the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        options = ["--requirement", str(LOCKED), "--disable-pip", "--no-deps", "--progress-spinner", "off"]
        try:
            done = subprocess.run(
                [*command, *options, "--format", "json", "--output", str(report)],
                capture_output=True, text=True, timeout=LIMIT_S,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return _unreached(f"no answer within {LIMIT_S} s")
        if done.returncode not in (0, 1):
            print(done.stderr, file=sys.stderr)
            return done.returncode  # it was not run as it wants to be
        if not report.exists():
            return _unreached((done.stderr.strip().splitlines() or ["no reason given"])[-1])
        packages = json.loads(report.read_text(encoding="utf-8"))["dependencies"]
    known = [package for package in packages if "skip_reason" not in package]
    found = [package for package in known if package["vulns"]]
    for package in found:
        for vulnerability in package["vulns"]:
            fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
            print(f"{package['name']} {package['version']}: {vulnerability['id']}, fixed in {fixed}")
    if not known:
        return _unreached("it knows none of the packages")
    print(f"pip-audit looked at {len(known)} of {len(packages)} packages: {len(found)} with known vulnerabilities.")
    return 1 if found else 0


def _unreached(reason: str) -> int:
    print(f"pip-audit could not reach its data ({reason}); known vulnerabilities were not looked for.")
    return 0


if __name__ == "__main__":
    sys.exit(audit())
