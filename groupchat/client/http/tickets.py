"""Where a file is sent, and what the server answers to it."""

import json
import os
import re
from collections.abc import Mapping
from typing import Any, BinaryIO

_PATH = re.compile(r"/[\w.~%/-]{1,512}", re.ASCII)
"""A path on the server."""


def path_of(ticket: Mapping[str, Any]) -> str | None:
    """Return the path that a ticket is for; None: it says none, or nonsense."""
    link = ticket.get("link")
    return link if isinstance(link, str) and _PATH.fullmatch(link) else None


def read_answer(said: bytes) -> dict[str, Any]:
    """Return the object that the server has answered with; empty: it was something else."""
    try:
        answer = json.loads(said)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def size_of(file: BinaryIO) -> int:
    """Return how many bytes an open file has.

    :raises OSError: it is none that has an end, such as a pipe.
    """
    return file.seek(0, os.SEEK_END)
