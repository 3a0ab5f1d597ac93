"""Where a file is sent, and what the server answers to it."""

import os
import re
from collections.abc import Mapping
from typing import Any, BinaryIO

from groupchat.client.core.client_core import number_of
from groupchat.client.core.client_errors import Refused, Unanswered
from groupchat.client.core.protocol import decoded

UPLOADS = 5
"""How often a file is sent, each time from its beginning, when the connection is lost."""

_PATH = re.compile(r"/[\w.~%/-]{1,512}", re.ASCII)
"""A path on the server."""


def path_of(ticket: Mapping[str, Any]) -> str:
    """Return the path that a ticket is for.

    :raises Unanswered: it names none, or nonsense.
    """
    link = ticket.get("link")
    if not isinstance(link, str) or _PATH.fullmatch(link) is None:
        raise Unanswered("the server's answer does not say where to send the file")
    return link


def posted_before(answer: Mapping[str, Any]) -> int:
    """Return the number of the file that was posted with the key already, as the server says instead of a ticket.

    0: the answer is a ticket.
    """
    return 0 if "link" in answer else number_of(dict(answer))


def posted(status: int, said: bytes) -> int:
    """Return the number of the post that the server has made of the file.

    :raises Refused: the server does not take it.
    :raises Unanswered: it took the file, but gives no number.
    """
    answer = _read_answer(said)
    if status >= 300:
        words = str(answer.get("text") or said[:200].decode(errors="replace").strip())
        raise Refused(str(answer.get("code") or f"http-{status}"), words)
    if number := number_of(answer):
        return number
    raise Unanswered("the server's answer does not say whether it has the file")


def _read_answer(said: bytes) -> dict[str, Any]:
    """Return the object that the server has answered with; empty: it was something else."""
    try:
        answer = decoded(said)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def size_of(file: BinaryIO) -> int:
    """Return how many bytes an open file has.

    :raises OSError: it is none that has an end, such as a pipe.
    """
    return file.seek(0, os.SEEK_END)
