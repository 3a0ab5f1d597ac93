"""How figures are made of many measurements."""

from collections.abc import Callable, Sequence
from typing import Any

Row = dict[str, Any]
"""What was measured once, by the names of its columns."""
Tell = Callable[[str], None]
"""Where progress is told."""


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed; 0 when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return quantile(values, 0.5)


def summary(prefix: str, values: Sequence[float]) -> dict[str, float]:
    """The median, the 99th percentile and the highest of some times, in milliseconds, as columns."""
    return {
        f"{prefix}p50_ms": quantile(values, 0.5),
        f"{prefix}p99_ms": quantile(values, 0.99),
        f"{prefix}max_ms": max(values, default=0.0),
    }


def middle(rows: Sequence[Row]) -> Row:
    """Of rows about the same, the median of every figure."""
    return {name: median([row[name] for row in rows]) if isinstance(rows[0][name], float) else rows[0][name]
            for name in rows[0]}  # fmt: skip
