"""Plots: bars for the work per line, and lines for the growth of cost with history and with members."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Row
from benchmarks.targets import OURS

Growth = tuple[str, str, int, dict[str, str]]
"""A scenario, the column that grows, its least value in the picture, and what is drawn: labels by columns."""
GROWTHS: tuple[Growth, ...] = (
    ("history", "posts", 1000,
     {"post_ms": "post, ms", "join_ms": "join, ms", "page_ms": "page, ms", "search_ms": "search, ms"}),
    ("connections", "members", 1,
     {"join_us": "CPU of a join, µs", "post_ms": "CPU of a post, ms", "line_us": "CPU of a line, µs",
      "page_ms": "CPU of a page of the list, ms", "memory_kib": "KiB a member"}),
    ("core", "members", 1,
     {"join_us": "join, µs", "post_us": "post alone, µs", "together_us": "post of 64, µs",
      "page_ms": "page of the list, ms", "leave_us": "leaving, µs", "memory_kib": "KiB a member"}),
)  # fmt: skip


class NothingToDraw(Exception):
    """There is no matplotlib, or no measurement that can be drawn."""


def draw(rows: Sequence[Row], path: Path) -> None:
    """Write the picture in the format that the name of the file says.

    :raises NothingToDraw: there is no matplotlib (the extra ``bench``), or nothing to draw.
    """
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        raise NothingToDraw("There is no matplotlib: pip install groupchat[bench]") from None
    fanout = [row for row in rows if row["scenario"] == "fanout"]
    crowds = list(dict.fromkeys((row["members"], row["window"]) for row in fanout if row["members"] > 1))
    grown = [(growth, found) for growth in GROWTHS if (found := [row for row in rows if row["scenario"] == growth[0]])]
    panels = len(crowds) + len(grown)
    if not panels:
        raise NothingToDraw(f"Neither fanout nor {', '.join(growth[0] for growth in GROWTHS)} was measured.")
    across = 2
    figure, axes = pyplot.subplots(
        -(-panels // across), across, figsize=(13, 3.4 * -(-panels // across)), squeeze=False
    )
    panels = iter(axes.flat)
    for members, window in crowds:
        group = [row for row in fanout if (row["members"], row["window"]) == (members, window)]
        _bars(next(panels), group, f"{members} members, {window} outstanding")
    for growth, found in grown:
        _growth(next(panels), growth, found)
    for unused in panels:
        unused.set_axis_off()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _bars(axes: Any, rows: Sequence[Row], title: str) -> None:
    ordered = sorted(rows, key=lambda row: -float(row["cpu_us"]))
    colours = ["tab:orange" if row["peer"].startswith(OURS) else "tab:blue" for row in ordered]
    bars = axes.barh([row["peer"] for row in ordered], [row["cpu_us"] for row in ordered], color=colours)
    axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.set_title(title)
    axes.set_xlabel("server CPU per delivered line, µs")
    axes.margins(x=0.12)


def _growth(axes: Any, growth: Growth, rows: Sequence[Row]) -> None:
    scenario, count, least, columns = growth
    ordered = sorted(rows, key=lambda row: int(row[count]))
    for column, label in columns.items():
        axes.plot([max(row[count], least) for row in ordered], [row[column] for row in ordered], "o-", label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(count + (" (the first point: none)" if least > 1 else ""))
    axes.set_title(f"{scenario}: growth of cost with {count}")
    axes.legend()
