"""The record of a check: what was attempted and answered, and its comparison with the server's history.

Every post of a check has a unique text, by which it is recognised wherever it appears:
the run, the client that sent it, and how many posts that client had sent before.
"""

import json
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from groupchat.disk.new_files import new_file

LOBBY = "lobby"
"""The room that every server has."""

SHOWN = 10
"""The number of faults of a kind that are described; the others are counted."""

DOUBTFUL = frozenset({"journal-unavailable", "node-lost", "server-error"})
"""Refusals after which a post may be on disk anyway: the disk failed while it was written."""


class Outcome(StrEnum):
    """The outcome of a post, as far as its client knows."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Attempt:
    """One post that was sent.

    ``client`` and ``post``: the number of the client that sent it, and its ordinal among the posts of that client.
    ``before``: the highest number that any client knew when it was first sent: its own must be higher.
    ``id``: the number it was acknowledged with; 0: none.
    ``code``: why it was refused; empty: it was not refused.
    """

    client: int
    post: int
    before: int = 0
    id: int = 0
    code: str = ""

    @property
    def outcome(self) -> Outcome:
        """The outcome of the post, as far as the client knows."""
        if self.id:
            return Outcome.ACKNOWLEDGED
        return Outcome.REFUSED if self.code and self.code not in DOUBTFUL else Outcome.UNKNOWN


class Kept(NamedTuple):
    """A post of this run in the server's history."""

    id: int
    client: int
    post: int


class Ledger:
    """Everything one run attempted, and what its clients were shown meanwhile.

    ``room``: where it was posted.
    ``after``: the highest number before the run began.
    ``highest``: the highest number that any client knows so far.
    ``shown``: the posts that the watcher was shown, by number.
    """

    def __init__(self, run: str = "", room: str = "") -> None:
        self.run = run or secrets.token_hex(4)
        self.room = room or LOBBY
        self.after = -1
        self.highest = 0
        self.attempts: list[Attempt] = []
        self.shown: dict[int, Kept] = {}
        self.watched = False
        """True if the watcher has read to the end, and so must have been shown everything."""
        self.disorder: list[str] = []
        """Numbers that came to a client in the wrong order, as sentences."""
        self.misplaced: list[str] = []
        """Lines that were shown where they do not belong, and clients that came back elsewhere, as sentences."""
        self._pattern = re.compile(rf"{self.run}\.(\d+)\.(\d+)(?: |$)")

    def attempt(self, client: int, post: int) -> Attempt:
        """Record a post that is sent for the first time."""
        attempt = Attempt(client, post, self.highest)
        self.attempts.append(attempt)
        return attempt

    def acknowledge(self, attempt: Attempt, id: int) -> None:
        """Record that a post was answered with its number."""
        if attempt.id and attempt.id != id:
            self.disorder.append(f"{self.text(attempt)} was acknowledged as #{attempt.id}, and again as #{id}")
        attempt.id, attempt.code = id, ""
        self.highest = max(self.highest, id)

    def text(self, attempt: Attempt) -> str:
        """Return the text of a post, without its filler."""
        return f"{self.run}.{attempt.client}.{attempt.post}"

    def kept(self, id: int, text: str) -> Kept | None:
        """Return the post that this text is; None if it is not of this run."""
        found = self._pattern.match(text)
        return None if found is None else Kept(id, int(found[1]), int(found[2]))

    def tally(self) -> Mapping[Outcome, int]:
        """Return how many posts have each outcome."""
        return Counter(attempt.outcome for attempt in self.attempts)

    # On disk

    def write(self, path: Path) -> None:
        """Write the attempts to a file of JSON Lines, after a line about the run.  Raises OSError."""
        with new_file(path, replace=True) as file:
            for line in self._lines():
                file.write(json.dumps(line).encode() + b"\n")

    def _lines(self) -> Iterator[dict[str, object]]:
        yield {"run": self.run, "room": self.room, "after": self.after}
        for attempt in self.attempts:
            line: dict[str, object] = {"client": attempt.client, "post": attempt.post, "before": attempt.before}
            line["outcome"] = attempt.outcome
            yield line | ({"id": attempt.id} if attempt.id else {}) | ({"code": attempt.code} if attempt.code else {})

    @classmethod
    def read(cls, path: Path) -> "Ledger":
        """Read a file that ``write`` made.

        :raises OSError: the file cannot be read.
        :raises ValueError: the file is something else.
        """
        with path.open(encoding="utf-8") as file:
            try:
                about = json.loads(file.readline())
                ledger = cls(str(about["run"]), str(about.get("room", "")))
                ledger.after = int(about["after"])
                for text in file:
                    line = json.loads(text)
                    ledger.attempts.append(
                        Attempt(line["client"], line["post"], line["before"], line.get("id", 0), line.get("code", ""))
                    )
            except (KeyError, TypeError) as error:
                raise ValueError(f"{path} is not a record of a check") from error
        return ledger


@dataclass(slots=True)
class Findings:
    """The faults that a comparison found, as sentences; ``recovered`` counts unanswered posts that exist."""

    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)
    recovered: int = 0

    @property
    def good(self) -> bool:
        """True if every promise was kept."""
        return not (self.lost or self.duplicated or self.unexpected or self.out_of_order or self.misplaced)

    def lines(self) -> Iterator[str]:
        """Return the findings for people: a count for each kind, then the faults."""
        kinds = {"lost": self.lost, "duplicated": self.duplicated, "unexpected": self.unexpected}
        kinds |= {"out of order": self.out_of_order, "misplaced": self.misplaced}
        for name, found in kinds.items():
            yield f"{name:13}{len(found)}"
        yield f"{'recovered':13}{self.recovered}"
        for name, found in kinds.items():
            for sentence in found[:SHOWN]:
                yield f"! {name}: {sentence}"
            if len(found) > SHOWN:
                yield f"! {name}: and {len(found) - SHOWN} more"


def compare(ledger: Ledger, history: Iterable[Kept], shown: Mapping[int, Kept] | None = None) -> Findings:
    """Compare what was promised with what exists.

    :param history: the posts of this run in the order of the server's history.
    :param shown: what a watcher of that server was shown, by number; by default what the ledger has.
    """
    findings = Findings(misplaced=list(ledger.misplaced))
    places: dict[tuple[int, int], list[int]] = {}
    at: dict[int, Kept] = {}
    last = 0
    for kept in history:
        places.setdefault((kept.client, kept.post), []).append(kept.id)
        if kept.id <= last:
            findings.out_of_order.append(f"the history has #{kept.id} after #{last}")
        if kept.id in at:
            findings.duplicated.append(f"the history has #{kept.id} twice")
        last = max(last, kept.id)
        at[kept.id] = kept
    for attempt in ledger.attempts:
        _judge(ledger, attempt, places.pop((attempt.client, attempt.post), []), findings)
    for (client, post), ids in places.items():
        findings.unexpected.append(f"#{ids[0]}, {ledger.run}.{client}.{post}, was never sent")
    _compare_order(ledger, at, findings)
    _compare_view(ledger, at, ledger.shown if shown is None else shown, findings)
    return findings


def _judge(ledger: Ledger, attempt: Attempt, ids: list[int], findings: Findings) -> None:
    """Compare one post with the numbers under which it exists."""
    text = ledger.text(attempt)
    if len(ids) > 1:
        findings.duplicated.append(f"{text} stands at {', '.join(f'#{id}' for id in ids)}")
    match attempt.outcome:
        case Outcome.ACKNOWLEDGED if attempt.id not in ids:
            there = f"it stands at #{ids[0]}" if ids else "it is not there"
            findings.lost.append(f"{text} was acknowledged as #{attempt.id}: {there}")
        case Outcome.REFUSED if ids:
            findings.unexpected.append(f"#{ids[0]}, {text}, was refused ({attempt.code})")
        case Outcome.UNKNOWN if ids:
            findings.recovered += 1
    if ids and ids[0] <= attempt.before:
        findings.out_of_order.append(f"{text} has #{ids[0]}, but #{attempt.before} was told before it was sent")


def _compare_order(ledger: Ledger, at: Mapping[int, Kept], findings: Findings) -> None:
    """Check that the posts of each client are in the order in which it sent them."""
    findings.out_of_order.extend(ledger.disorder)
    newest: dict[int, int] = {}
    for id in sorted(at):
        _, client, post = at[id]
        if post < newest.get(client, 0):
            findings.out_of_order.append(f"#{id}, {ledger.run}.{client}.{post}, stands after {newest[client]}")
        newest[client] = max(post, newest.get(client, 0))


def _compare_view(ledger: Ledger, at: Mapping[int, Kept], seen: Mapping[int, Kept], findings: Findings) -> None:
    """Check that what was shown exists, and that what exists was shown to the watcher."""
    told = {attempt.id for attempt in ledger.attempts}
    for id, shown in seen.items():
        if at.get(id) != shown and id not in told:
            findings.lost.append(f"#{id}, {ledger.run}.{shown.client}.{shown.post}, was shown, and is not there")
    if ledger.watched:
        findings.lost += [f"#{id} was never shown to the watcher" for id in at if id not in seen]
