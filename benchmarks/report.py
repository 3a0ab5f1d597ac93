"""Report: the figures as tables in Markdown."""

from collections.abc import Callable, Sequence

from benchmarks.figures import Row
from benchmarks.targets import OURS, Target

Column = tuple[str, Callable[[Row], str]]


def tables(rows: Sequence[Row], targets: Sequence[Target]) -> str:
    """Return the whole report: a table for each scenario, and the targets."""
    parts = [show([row for row in rows if row["scenario"] == scenario]) for scenario, show in _SHOWN.items()]
    return "\n\n".join(part for part in (*parts, judgement(targets)) if part)


def judgement(targets: Sequence[Target]) -> str:
    """Return the table of targets."""
    lines = [[target.name, f"{target.figure:.2f}", f"{target.limit:g}", "yes" if target.met else "**no**"]
             for target in targets]  # fmt: skip
    return table("targets", ["figure", "measured", "at most", "met"], lines)


def table(title: str, heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table whose columns are as wide as necessary; empty if it has no lines."""
    if not lines:
        return ""
    widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]
    rows = [heads, ["-" * width for width in widths], *lines]
    drawn = (" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join([f"### {title}", "", *(f"| {row} |" for row in drawn)])


def _fanout(rows: Sequence[Row]) -> str:
    """Return one table for each number of members and window, the lowest cost first."""
    parts = []
    for members, window in dict.fromkeys((row["members"], row["window"]) for row in rows):
        group = [row for row in rows if (row["members"], row["window"]) == (members, window)]
        ours = next((row for row in group if row["peer"] == OURS), None)
        lines = [
            [row["peer"], "keeps" if row.get("keeps") else "", f"{row['cpu_us']:.3f}", _times(ours, row, "cpu_us"),
             f"{row['deliveries_s'] / 1000:.0f}k", f"{row['p50_ms']:.2f}", f"{row['p99_ms']:.2f}",
             f"{row['max_ms']:.1f}", f"{row['last_ms']:.2f}", _times(ours, row, "last_ms"),
             f"{row['memory_kib']:.1f}", f"{row['server_cpu']:.0%}", f"{row['load_cpu']:.0%}"]
            for row in sorted(group, key=lambda row: float(row["cpu_us"]))
        ]  # fmt: skip
        heads = [
            *("server", "keeps", "CPU µs/line", "groupchat is ×", "lines/s", "p50 ms", "p99 ms", "max ms", "last ms"),
            *("groupchat is ×", "KiB/member", "server CPU", "load CPU"),
        ]
        parts.append(table(f"fanout: {members} members, {window} outstanding", heads, lines))
    return "\n\n".join(parts)


def _times(ours: Row | None, row: Row, column: str) -> str:
    """Return our figure divided by another server's."""
    return f"{ours[column] / row[column]:.2f}" if ours is not None and row[column] else "-"


def _plain(title: str, columns: Sequence[tuple[str, str, str]]) -> Callable[[Sequence[Row]], str]:
    """Return a table of these columns: heading, name in the row, format; ``-`` where a row has no such figure."""

    def show(rows: Sequence[Row]) -> str:
        lines = [[format(row[name], form) if name in row else "-" for _, name, form in columns] for row in rows]
        return table(title, [head for head, _, _ in columns], lines)

    return show


_TIMES = [("p50 ms", "p50_ms", ".2f"), ("p99 ms", "p99_ms", ".2f"), ("max ms", "max_ms", ".1f")]

_SHOWN: dict[str, Callable[[Sequence[Row]], str]] = {
    "fanout": _fanout,
    "join": _plain(
        "join: many arrive, each with a replay of 20 messages; what live members notice",
        [("members", "members", "d"), ("seconds", "seconds", ".2f"), ("joins/s", "joins_s", ".0f"),
         ("bytes", "bytes", "d"), ("CPU µs/join", "cpu_us", ".0f"), ("calm p99 ms", "calm_p99_ms", ".2f"), *_TIMES],
    ),
    "idle": _plain(
        "idle: memory for a member that does nothing",
        [("server", "peer", ""), ("members", "members", "d"), ("KiB/member", "memory_kib", ".1f"),
         ("joins/s", "joins_s", ".0f")],
    ),
    "connections": _plain(
        "connections: as their number grows; a post by itself, and a page of the list of people",
        [("members", "members", ",d"), ("CPU µs/join", "join_us", ".0f"), ("joins/s", "joins_s", ".0f"),
         ("KiB/member", "memory_kib", ".1f"), ("idle CPU", "idle_cpu", ".2%"), ("CPU ms/post", "post_ms", ".2f"),
         ("CPU µs/line", "line_us", ".2f"), ("last ms", "last_ms", ".0f"), ("CPU ms/page", "page_ms", ".1f")],
    ),
    "core": _plain(
        "core: the server's own code, in memory, with members on connections that only count what they are written",
        [("members", "members", ",d"), ("CPU µs/join", "join_us", ".0f"), ("KiB/member", "memory_kib", ".2f"),
         ("µs/post alone", "post_us", ",.0f"), ("µs/post of 64", "together_us", ",.0f"),
         ("ns/line of 64", "line_ns", ",.0f"), ("ms/page of the list", "page_ms", ".2f"),
         ("µs/leaving", "leave_us", ".0f")],
    ),
    "rooms": _plain(
        "rooms: members in many of them; one post by itself; all enter at once, and nearly all leave",
        [("members", "members", ",d"), ("rooms", "layout", ""), ("CPU ms/post", "post_ms", ".2f"),
         ("CPU s to enter", "enter_s", ".2f"), ("MiB kept", "kept_mib", ".1f"),
         ("MiB after leaving", "left_mib", ".1f")],
    ),
    "history": _plain(
        "history: medians, as the number of posts grows",
        [("posts", "posts", ",d"), ("start s", "start_s", ".2f"), ("post ms", "post_ms", ".2f"),
         ("join ms", "join_ms", ".2f"),
         ("page of 200 ms", "page_ms", ".2f"), ("search, two words ms", "search_ms", ".2f"),
         ("search, rare word ms", "rare_ms", ".2f"),
         ("searches refused, of 202", "searches_refused", ".0f"), ("memory MiB", "memory_mib", ".0f")],
    ),
    "slow": _plain(
        "slow: live members, and others who do not read or read slowly",
        [("live", "members", "d"), ("bad readers", "bad", "d"), ("server CPU", "server_cpu", ".0%"), *_TIMES],
    ),
    "durable": _plain(
        "durable: from saying it to knowing that it is on disk",
        [("posts/s", "rate", ".0f"), ("added to a flush, ms", "added_ms", "d"), ("answered/s", "acknowledged_s", ".0f"),
         ("server CPU", "server_cpu", ".0%"), *_TIMES],
    ),
    "client": _plain(
        "client: the client on a terminal comes back to many messages; the time to a key's echo meanwhile",
        [("messages", "posts", ",d"), ("seconds", "seconds", ".2f"), ("states of the bar", "bar_steps", "d"),
         ("keys", "keys", "d"), *_TIMES],
    ),
    "start": _plain(
        "start: programs that only start, do one thing, and end; the daemon until it is ready",
        [("program", "peer", ""), ("CPU ms, least", "cpu_ms", ".0f"), ("median", "median_ms", ".0f"),
         ("× Python", "ratio", ".1f"), ("memory MiB", "memory_mib", ".1f")],
    ),
    "parts": _plain(
        "parts: the work for a line, each part separately",
        [("part", "part", ""), ("CPU µs", "cpu_us", ".1f")],
    ),
    "web": _plain(
        "web: members who only listen; the same speakers for all of a server",
        [("listeners", "peer", ""), ("how many", "members", "d"), ("outstanding", "window", "d"),
         ("CPU µs/delivery", "cpu_us", ".3f"), ("× plain", "ratio", ".2f"), ("bytes/delivery", "bytes", ".0f"),
         ("KiB/connection", "memory_kib", ".1f"), ("p50 ms", "p50_ms", ".2f"), ("p99 ms", "p99_ms", ".2f"),
         ("load CPU", "load_cpu", ".0%")],
    ),
    "tls": _plain(
        "tls: members who come through TLS, beside plain ones of the same server",
        [("server", "peer", ""), ("members", "members", "d"), ("outstanding", "window", "d"),
         ("CPU µs/line", "cpu_us", ".3f"), ("× plain", "ratio", ".2f"), ("KiB/connection", "memory_kib", ".1f"),
         ("CPU µs to connect and join", "join_us", ".0f"),
         ("p50 ms", "p50_ms", ".2f"), ("p99 ms", "p99_ms", ".2f"), ("load CPU", "load_cpu", ".0%")],
    ),
    "cluster": _plain(
        "cluster: three nodes that share a log in etcd, beside one server, all on this machine",
        [("figure", "figure", ""), ("measured", "value", ",.2f"), ("unit", "unit", "")],
    ),
}  # fmt: skip
