"""Run the tests in JavaScript: every ``*.test.mjs`` in this folder, each about one module of the page."""

import os
import re
import subprocess
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.functional.harness import LIMIT_S, program

FOLDER = Path(__file__).resolve().parent


def node() -> list[str]:
    """Return the command that runs Node, which takes every file for a module."""
    path = program("node")
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=True, timeout=LIMIT_S).stdout
    major, minor = map(int, version.strip().removeprefix("v").split(".")[:2])
    # Newer ones see by themselves what is a module.
    return [path, "--experimental-default-type=module"] if (major, minor) < (20, 19) else [path]


class NodeTest(SynchronousTestCase):
    def test_modules(self) -> None:
        """All tests of the page's modules pass in Node, and there are some."""
        files = sorted(map(str, FOLDER.glob("*.test.mjs")))
        done = subprocess.run(
            [*node(), "--test", *files], capture_output=True, text=True, check=False, timeout=LIMIT_S,
            env={**os.environ, "TZ": "UTC"},
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        passed = re.search(r"^(?:#|ℹ) pass (\d+)$", done.stdout, re.MULTILINE)
        assert passed is not None, done.stdout
        self.assertGreaterEqual(int(passed[1]), max(len(files), 1))
