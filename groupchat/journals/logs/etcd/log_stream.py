"""What comes from a watch: a JSON object a line, cut anywhere."""

import json
from collections.abc import Iterator
from typing import TypeAlias

from groupchat.interfaces.shared_log import LogEntry
from groupchat.journals.logs.etcd.gateway import problem
from groupchat.journals.logs.etcd.requests.etcd_answers import flag, number, objects, positive, value, within, words
from groupchat.lazy.records import record

MAX_LINE_BYTES = 32 * 1024 * 1024
"""The most bytes of a line.  etcd cuts at about 2.8 million, but never within an entry."""


@record
class Created:
    """The watch has begun."""


@record
class Entries:
    """Entries, in order."""

    entries: tuple[LogEntry, ...]


@record
class Erased:
    """Somebody has removed the log."""


@record
class Gone:
    """What is before this revision was forgotten, and the watch needs it."""

    revision: int


@record
class Ended:
    """The watch has ended, for this reason."""

    reason: str


Message: TypeAlias = Created | Entries | Erased | Gone | Ended


class Lines:
    """Cuts a stream into lines."""

    def __init__(self) -> None:
        self._begun = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that are whole now.

        :raises ValueError: one is too long.
        """
        first, *others = data.split(b"\n")
        self._begun += first
        lines: list[bytes] = []
        if others:
            lines = [bytes(self._begun), *others[:-1]]
            self._begun = bytearray(others[-1])
        if len(self._begun) > MAX_LINE_BYTES:
            raise ValueError(f"A line has more than {MAX_LINE_BYTES:,} bytes.")
        return [line for line in lines if line.strip()]


def messages(line: bytes) -> Iterator[Message]:
    """Read what a line says.

    :raises ValueError: it is not what a watch says.
    """
    try:
        fields = json.loads(str(line, "utf-8"))
    except RecursionError:
        raise ValueError("A line is nested too deeply.") from None
    if not isinstance(fields, dict):
        raise ValueError(f"{fields!r} is not an object.")
    if "error" in fields:
        yield Ended(problem(fields)[0])
        return
    result = fields.get("result")
    if not isinstance(result, dict):
        raise ValueError(f"{fields!r} has no result.")
    if flag(result, "canceled"):
        compacted = number(result, "compact_revision")
        yield Gone(compacted) if compacted > 0 else Ended(words(result, "cancel_reason") or "it was cancelled")
        return
    if flag(result, "created"):
        yield Created()
    entries: list[LogEntry] = []
    for event in objects(result, "events"):
        if words(event, "type") == "DELETE":
            if entries:
                yield Entries(tuple(entries))
            yield Erased()
            return
        if words(event, "type") not in ("", "PUT"):
            raise ValueError(f"{event['type']!r} is no event.")
        pair = within(event, "kv")
        entries.append(LogEntry(positive(pair, "version"), positive(pair, "mod_revision"), value(pair)))
    if entries:
        yield Entries(tuple(entries))
