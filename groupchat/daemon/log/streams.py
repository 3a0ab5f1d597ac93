"""Write lines to a stream; in systemd's journal, each has its priority."""

import os
from collections.abc import Mapping, Sequence
from typing import Protocol, TextIO

PRIORITIES = {"critical": 2, "error": 3, "warn": 4, "info": 6, "debug": 7}
"""The priorities of syslog(3) for the levels of a line."""


class Output(Protocol):
    """Takes the lines of one event of the log."""

    def write(self, level: str, lines: Sequence[str]) -> None:
        """Write these lines, which have no line ends."""


class StreamOutput:
    """A stream that is open already; if it is systemd's journal, each line begins with its priority, as ``<3>``."""

    def __init__(self, stream: TextIO, environ: Mapping[str, str] = os.environ) -> None:
        self._stream = stream
        self._is_journal = is_journal(stream, environ)

    def write(self, level: str, lines: Sequence[str]) -> None:
        """Write and flush these lines."""
        prefix = f"<{PRIORITIES[level]}>" if self._is_journal else ""
        self._stream.write("".join(f"{prefix}{line}\n" for line in lines))
        self._stream.flush()


def is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Tell whether a stream leads to systemd's journal (systemd.exec(5), $JOURNAL_STREAM)."""
    given = environ.get("JOURNAL_STREAM", "")
    try:
        about = os.fstat(stream.fileno())
    except (OSError, ValueError):  # a stream in memory, or a closed one
        return False
    return given == f"{about.st_dev}:{about.st_ino}"
