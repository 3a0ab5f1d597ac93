"""Figures: calculate them from many measurements."""

from collections.abc import Callable, Sequence
from typing import Any

Row = dict[str, Any]
"""One measurement: its figures by the names of their columns."""
Tell = Callable[[str], None]
"""A function that reports progress."""


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the values does not exceed; 0 if there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def median(values: Sequence[float]) -> float:
    """Return the median; 0 if there are no values."""
    return quantile(values, 0.5)


def summary(prefix: str, values: Sequence[float]) -> dict[str, float]:
    """Return the median, the 99th percentile and the maximum of some times, in milliseconds, as columns."""
    return {
        f"{prefix}p50_ms": quantile(values, 0.5),
        f"{prefix}p99_ms": quantile(values, 0.99),
        f"{prefix}max_ms": max(values, default=0.0),
    }


def middle(rows: Sequence[Row]) -> Row:
    """Return the medians of all figures of rows about the same thing."""
    return {name: median([row[name] for row in rows]) if isinstance(rows[0][name], float) else rows[0][name]
            for name in rows[0]}  # fmt: skip
