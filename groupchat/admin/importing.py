"""``groupchat import``: add what ``groupchat export`` wrote to a journal that no daemon is using."""

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from groupchat.admin.data import Failed, add_data, journal
from groupchat.admin.progress import Progress
from groupchat.journals.tools.archive import Archive
from groupchat.model import names, text
from groupchat.model.drafts import Draft, Kind, StoredPost
from groupchat.model.errors import Refusal
from groupchat.model.events import AuthorId
from groupchat.model.times import FIRST_DAY, LAST_DAY

BATCH = 1000
"""Messages written in one transaction."""
LONGEST = 1 << 20
"""Most bytes of a line: no message takes more."""

KINDS = {Kind.SAID, Kind.ACTED, Kind.TOPIC}
"""The kinds that are imported.  Private and deleted messages and acts of operators are left out."""
RULES = names.NameRules(1, 64, True, (), True)
"""All nicknames are taken that any settings allow."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat import``."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the JSON Lines that groupchat export wrote")
    add_data(parser)


def run(arguments: argparse.Namespace) -> int:
    """Check the whole file, and import it only if all of it is good; what is there already is not imported again.

    :raises Failed: the file cannot be read, or a line is not valid; nothing was imported.
    :raises CannotStart: a daemon is using the journal.
    """
    counts: Counter[str] = Counter()
    path = arguments.file
    with Progress("checking") as progress:
        for _ in _drafts(path, progress, Counter()):
            pass
    with Archive(journal(arguments)) as archive, Progress("importing") as progress:
        batch: list[Draft] = []
        for draft in _drafts(path, progress, counts):
            batch.append(draft)
            if len(batch) == BATCH:
                _take(archive, batch, counts)
        _take(archive, batch, counts)
    print(", ".join(f"{what}: {counts[what]:,}" for what in ("imported", "there already", "left out")))
    return 0


def _take(archive: Archive, batch: list[Draft], counts: "Counter[str]") -> None:
    for outcome in archive.append(batch):
        counts["imported" if isinstance(outcome, StoredPost) else "there already"] += 1
    batch.clear()


def _drafts(path: Path, progress: Progress, counts: "Counter[str]") -> Iterator[Draft]:
    """Read the messages to import.

    :raises Failed: the file cannot be read, or a line is not valid.
    """
    try:
        size = path.stat().st_size
        done = 0
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST), b""), 1):
                done += len(line)
                progress.show(done, size)
                try:
                    draft = _draft(json.loads(line), number)
                except (
                    Refusal,
                    ValueError,
                    TypeError,
                    LookupError,
                    AttributeError,
                    RecursionError,
                    OverflowError,
                ) as error:
                    what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
                    raise Failed(f"{path}, line {number}: {what}; nothing was imported.") from error
                if draft is None:
                    counts["left out"] += 1
                else:
                    yield draft
    except OSError as error:
        raise Failed(f"{path}: {error.strerror}.") from error


def _draft(fields: dict[str, Any], number: int) -> Draft | None:
    """Read the message on a line; None: it is left out."""
    if not isinstance(fields, dict):
        raise ValueError("this is not a JSON object")
    kind = Kind(fields["kind"])
    if kind not in KINDS or "deleted_by" in fields or not fields["room"]:
        return None
    words, nick = fields["text"], names.nick(fields["nick"], RULES)
    at = datetime.fromisoformat(fields["at"])
    if at.tzinfo is None:
        raise ValueError("the time has no time zone")
    if not FIRST_DAY <= at.date() <= LAST_DAY:
        raise ValueError(f"the time is not between {FIRST_DAY} and {LAST_DAY}")
    if not isinstance(words, str) or not text.is_harmless(words):
        raise ValueError("the text has characters that messages cannot have")
    # The author becomes a guest of its own: the nickname alone does not prove who wrote it.
    author = AuthorId(int.from_bytes(_digest("author", names.key(nick))[:8]) >> 1 or 1)
    once = _digest(str(fields.get("id", number)), kind, fields["room"], nick, fields["at"], words)
    return Draft(
        kind, author, nick, at.timestamp(), names.room(fields["room"]), words, key=f"import-{once.hex()[:32]}"
    )  # fmt: skip


def _digest(*parts: str) -> bytes:
    return hashlib.sha256(json.dumps(["groupchat import", *parts]).encode()).digest()
