"""Plots: bars for the work per line, and lines for the growth of cost with history."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Row
from benchmarks.targets import OURS


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
    history = [row for row in rows if row["scenario"] == "history"]
    panels = len(crowds) + bool(history)
    if not panels:
        raise NothingToDraw("Neither fanout nor history was measured.")
    across = 2
    figure, axes = pyplot.subplots(
        -(-panels // across), across, figsize=(13, 3.4 * -(-panels // across)), squeeze=False
    )
    panels = iter(axes.flat)
    for members, window in crowds:
        group = [row for row in fanout if (row["members"], row["window"]) == (members, window)]
        _bars(next(panels), group, f"{members} members, {window} outstanding")
    if history:
        _growth(next(panels), history)
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


def _growth(axes: Any, rows: Sequence[Row]) -> None:
    for column in ("post_ms", "join_ms", "page_ms", "search_ms"):
        axes.plot([max(row["posts"], 1000) for row in rows], [row[column] for row in rows], "o-", label=column[:-3])
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("posts (the first point: none)")
    axes.set_ylabel("ms")
    axes.set_title("growth of cost with history")
    axes.legend()
