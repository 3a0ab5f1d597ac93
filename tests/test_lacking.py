"""Tests are left out in few places, and never in CI."""

import re
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.lacking import lacking

TESTS = Path(__file__).parent

SKIPS = re.compile(
    r"raise SkipTest|\.skipTest\(|\bskip(?:If|Unless)\b|importorskip|mark\.skip|xfail"
    r"|^ *(?:skip|todo) =|\.(?:skip|todo) =",
    re.MULTILINE,
)
"""Every way in which a test can be left out."""

ON_PURPOSE = {"tests/functional/test_accounts.py", "tests/lacking.py", "tests/test_lacking.py"}
"""Where one is: CONTRIBUTING.md says which, and why."""


class LackingTest(SynchronousTestCase):
    def test_skipped(self) -> None:
        """On anybody's machine a test whose program is missing is skipped."""
        for environ in ({}, {"CI": ""}, {"CI": "false"}):
            error = self.assertRaises(SkipTest, lacking, "etcd is not installed", environ)
            self.assertEqual(str(error), "etcd is not installed")

    def test_failed(self) -> None:
        """In CI it fails: what CI skips, nobody ever runs."""
        error = self.assertRaises(AssertionError, lacking, "etcd is not installed", {"CI": "true"})
        self.assertEqual(str(error), "etcd is not installed, and CI=true")

    def test_nowhere_else(self) -> None:
        """No test is skipped in another way, which CI would not notice."""
        found = {
            str(path.relative_to(TESTS.parent)) for path in TESTS.rglob("*.py") if SKIPS.search(path.read_text("utf-8"))
        }
        self.assertEqual(found, ON_PURPOSE)
