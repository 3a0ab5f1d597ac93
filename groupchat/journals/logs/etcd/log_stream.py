"""What comes from a watch: a JSON object a line, cut anywhere."""

from collections.abc import Iterator
from typing import TypeAlias

from groupchat.interfaces.shared_log import LogEntry
from groupchat.journals.logs.etcd.gateway import problem
from groupchat.journals.logs.etcd.requests.etcd_answers import (
    MOST_PARTS,
    brief,
    flag,
    number,
    objects,
    parsed,
    parts,
    positive,
    said,
    value,
    within,
    words,
)
from groupchat.lazy.records import record

MAX_LINE_BYTES = 16 * 1024 * 1024
"""The most bytes of a line.  etcd cuts at about 2.8 million, or, where its ``--max-request-bytes`` is as high as it
advises at most, at 14 million; but never within an entry."""


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
    """The watch has ended, for this reason, as people are shown it."""

    reason: str


Message: TypeAlias = Created | Entries | Erased | Gone | Ended


class Lines:
    """Cuts a stream into lines, each of which can be read in no time that anybody notices."""

    def __init__(self) -> None:
        self._begun = bytearray()
        self._counted = self._parts = 0
        """The bytes of the line that were looked at, and how many values there can be in them."""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that are whole now.

        :raises ValueError: one is longer, or has more values, than those of etcd.
        """
        first, *others = data.split(b"\n")
        self._extend(first)
        lines: list[bytes] = []
        for piece in others:
            if self._begun.strip():
                lines.append(bytes(self._begun))
            self._begun = bytearray()
            self._counted = self._parts = 0
            self._extend(piece)
        return lines

    def _extend(self, piece: bytes) -> None:
        """Add to the line that has begun; what is added is looked at once, as it comes."""
        self._begun += piece
        size = len(self._begun)
        if size > MAX_LINE_BYTES:
            raise ValueError(f"A line has more than {MAX_LINE_BYTES:,} bytes.")
        if size <= MOST_PARTS:
            return  # so short that it cannot have too many
        self._parts += parts(self._begun, self._counted)
        self._counted = size
        if self._parts > MOST_PARTS:
            raise ValueError(f"A line has more than {MOST_PARTS:,} values.")


def messages(line: bytes) -> Iterator[Message]:
    """Read what a line says.

    :raises ValueError: it is not what a watch says.
    """
    fields = parsed(line)
    if not isinstance(fields, dict):
        raise ValueError(f"{brief(fields)} is not an object.")
    if "error" in fields:
        yield Ended(problem(fields)[0])
        return
    result = fields.get("result")
    if not isinstance(result, dict):
        raise ValueError(f"{brief(fields)} has no result.")
    if flag(result, "canceled"):
        compacted = number(result, "compact_revision")
        yield Gone(compacted) if compacted > 0 else Ended(said(words(result, "cancel_reason")) or "it was cancelled")
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
            raise ValueError(f"{brief(event['type'])} is no event.")
        pair = within(event, "kv")
        entries.append(LogEntry(positive(pair, "version"), positive(pair, "mod_revision"), value(pair)))
    if entries:
        yield Entries(tuple(entries))
