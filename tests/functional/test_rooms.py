"""Where people are survives kill -9, and the trial that says so fails on a daemon that forgets it."""

import sys

from faults.rooms import remembered
from faults.trial import Trial
from tests.functional.harness import FunctionalTest

FORGETFUL = [sys.executable, "-m", "faults.broken", "forgetful"]


class RoomsTest(FunctionalTest):
    def test_killed(self) -> None:
        """Everybody comes back where they were told they are."""
        with Trial(full=False) as trial:
            verdict = remembered(trial)
        self.assertTrue(verdict.kept, verdict.figure)

    def test_forgetful(self) -> None:
        """A daemon that forgets rooms is found out."""
        with Trial(full=False) as trial:
            verdict = remembered(trial, FORGETFUL)
        self.assertIs(verdict.kept, False)
        self.assertIn("came back in", verdict.figure)
