"""What a test needs and does not find: on anybody's machine the test is skipped, in CI it fails.

So whatever a test needs must be installed by ``.ci/run``.
"""

import os
from collections.abc import Mapping
from typing import NoReturn

from twisted.trial.unittest import SkipTest


def lacking(what: str, environ: Mapping[str, str] | None = None) -> NoReturn:
    """Skip the test that is running, because of what this sentence says; where CI=true, nothing is left out."""
    if (os.environ if environ is None else environ).get("CI") == "true":
        raise AssertionError(f"{what}, and CI=true")
    raise SkipTest(what)


def need_root(why: str) -> None:
    """Skip the test that is running unless root runs it; ``.ci/run`` is run by root."""
    if os.geteuid() != 0:
        lacking(f"only root {why}")
