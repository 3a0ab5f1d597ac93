"""When which place of the log was reached, kept in the data folder: a node that starts often knows it all the same.

The file is a help and no more: without it, or when it cannot be read or written, the log is compacted later.
"""

import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from twisted.logger import Logger

from groupchat.lazy.records import record

NAME = "log-ages"
"""The name of the file in the data folder."""


MOST_BYTES = 1024 * 1024
"""The most bytes of it that are read: more than the marks of years."""


@record
class Ages:
    """How old things are, in seconds: the newest compaction, and the entries up to some revisions, oldest first."""

    compacted: float
    revisions: tuple[tuple[float, int], ...] = ()


class LogAges:
    """The file of one node.

    :param now: the wall-clock time in seconds since 1970 UTC; a time in the future counts as now.
    """

    log = Logger()

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self._path = path
        self._now = now

    def read(self, cluster: str) -> Ages | None:
        """Return what was kept of this log; None: nothing was."""
        now = self._now()
        try:
            with self._path.open("rb") as file:
                fields = json.loads(file.read(MOST_BYTES))
            if fields["cluster"] != cluster:
                return None
            ages = tuple((max(0.0, now - float(at)), int(revision)) for at, revision in fields["revisions"])
            return Ages(max(0.0, now - float(fields["compacted"])), ages)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError) as error:
            self.log.warn("{path} cannot be read, so the log is compacted later: {error}", path=self._path, error=error)
            return None

    def write(self, cluster: str, compacted: float, revisions: Sequence[tuple[float, int]]) -> None:
        """Keep ages.  It is not flushed: nothing depends on it."""
        now, part = self._now(), self._path.with_suffix(".part")
        marks = [(now - age, revision) for age, revision in revisions]
        fields = {"cluster": cluster, "compacted": now - compacted, "revisions": marks}
        try:
            part.write_text(json.dumps(fields))
            os.replace(part, self._path)
        except OSError as error:
            self.log.warn("{path} cannot be written: {error}", path=self._path, error=error)
            with suppress(OSError):
                part.unlink()
