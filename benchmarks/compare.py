"""Compare: the figures of this run beside those of an earlier one on the same machine, as ratios."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Row
from benchmarks.report import table

KEYS = ("scenario", "peer", "members", "window", "posts", "rate", "added_ms", "bad", "layout", "part", "figure", "unit")
"""The columns that tell what was measured; every other number is a figure."""
SAME = ("machine", "python", "quick")
"""What two runs must have in common."""


class Incomparable(Exception):
    """The earlier run cannot be compared with this one; the text says why."""


def earlier(path: Path) -> dict[str, Any]:
    """Read the file that an earlier run wrote with ``--json``.

    :raises Incomparable: it cannot be read, or is something else.
    """
    try:
        run = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Incomparable(f"{path} cannot be read: {error}") from None
    if not isinstance(run, dict) or not isinstance(run.get("rows"), list) or not run["rows"]:
        raise Incomparable(f"{path} has no figures of a run: it was not written by --json.")
    return run


def scenarios(old: Mapping[str, Any]) -> list[str]:
    """Return the scenarios that an earlier run measured, in its order."""
    return list(dict.fromkeys(str(row["scenario"]) for row in old["rows"]))


def check(old: Mapping[str, Any], new: Mapping[str, Any], wanted: Sequence[str]) -> None:
    """Refuse before anything is measured what could not be compared afterwards.

    :param new: the circumstances of this run, as they are written to a file.
    :param wanted: the scenarios of this run.
    :raises Incomparable: the machine, Python, the plan or the scenarios are others.
    """
    for name in SAME:
        if name not in old:
            raise Incomparable(f"The earlier run does not say its {name}: it was made before runs could be compared.")
        if old[name] != new[name]:
            raise Incomparable(
                f"The earlier run has another {name}: {old[name]} there, {new[name]} here. Ratios would mean nothing."
            )
    if missing := [name for name in wanted if name not in scenarios(old)]:
        raise Incomparable(
            f"The earlier run did not measure {', '.join(missing)}, only {', '.join(scenarios(old))}: name those."
        )


def compared(old: Sequence[Row], new: Sequence[Row]) -> str:
    """Return one table for each scenario: every figure of both runs, and the new one divided by the old one.

    :raises Incomparable: no row is about the same thing in both.
    """
    before = {_what(row): row for row in old}
    lines: dict[str, list[list[str]]] = {}
    for row in new:
        known = before.get(_what(row))
        if known is None:
            continue
        for name in _figures(row):
            if name in _figures(known):
                lines.setdefault(row["scenario"], []).append(_line(row, name, known[name], row[name]))
    if not lines:
        raise Incomparable("Nothing was measured in both runs: the numbers of members, posts or rates are others.")
    heads = ["what", "figure", "before", "now", "now ÷ before"]
    parts = [table(f"{scenario}: compared", heads, found) for scenario, found in lines.items()]
    if alone := [row for row in new if _what(row) not in before]:
        parts.append("Only in this run: " + "; ".join(f"{row['scenario']} {_words(row)}" for row in alone) + ".")
    here = {_what(row) for row in new}
    if alone := [row for row in old if _what(row) not in here]:
        parts.append("Only in the earlier run: " + "; ".join(f"{row['scenario']} {_words(row)}" for row in alone) + ".")
    return "\n\n".join(parts)


def _what(row: Row) -> tuple[object, ...]:
    return tuple(row.get(key) for key in KEYS)


def _words(row: Row) -> str:
    """Return what a row is about, without its scenario."""
    return ", ".join(
        str(row[key]) if isinstance(row[key], str) else f"{key} {row[key]}" for key in KEYS[1:] if key in row
    )


def _figures(row: Row) -> list[str]:
    return [name for name, value in row.items()
            if name not in KEYS and isinstance(value, int | float) and not isinstance(value, bool)]  # fmt: skip


def _line(row: Row, name: str, old: float, new: float) -> list[str]:
    return [_words(row), name, f"{old:.4g}", f"{new:.4g}", f"{new / old:.2f}" if old else "-"]
