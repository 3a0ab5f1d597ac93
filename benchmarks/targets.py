"""Targets: ratios within one run, and a few absolute figures, with their limits."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.figures import Row

OURS = "groupchat"

KEEPING = ("Redis Streams", "NATS JetStream")
"""The servers that, as ours, have each message on disk before anybody receives it."""

MORE = "the node's p50 less that of etcd's transaction"
TWICE = "CPU of the busiest node with twice the members / of one server"
CATCHING_UP = "catching up"
"""Figures of the scenario ``cluster`` that are judged."""


@dataclass(frozen=True)
class Target:
    """A figure, and its limit."""

    name: str
    limit: float
    figure: float

    @property
    def met(self) -> bool:
        """Return whether the target is reached."""
        return self.figure <= self.limit


class Rows:
    """All rows, to look up figures."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def value(self, column: str, **known: object) -> float | None:
        """Return the figure of the one row that has these values; None if it was not measured."""
        for row in self._rows:
            if column in row and all(row.get(name) == value for name, value in known.items()):
                return float(row[column])
        return None

    def best(self, column: str, peers: Sequence[str], **known: object) -> float | None:
        """Return the lowest figure of these peers."""
        found = [value for peer in peers if (value := self.value(column, peer=peer, **known)) is not None]
        return min(found, default=None)


def judged(measured: Sequence[Row]) -> list[Target]:
    """Return every target whose figures were measured."""
    rows = Rows(measured)
    wanted = [*_work(rows), *_delays(rows), *_others(rows), *_growth(rows), *_web(rows), *_tls(rows), *_cluster(rows)]
    return [Target(name, limit, figure) for name, limit, figure in wanted if figure is not None]


_Wanted = list[tuple[str, float, float | None]]


def _ratio(over: float | None, under: float | None) -> float | None:
    return over / under if over is not None and under else None


def _more(over: float | None, under: float | None) -> float | None:
    return over - under if over is not None and under is not None else None


def _work(rows: Rows) -> _Wanted:
    """Return targets for the processor time per delivered line."""

    def against(peer: str, members: int, window: int) -> float | None:
        known = {"scenario": "fanout", "members": members, "window": window}
        return _ratio(rows.value("cpu_us", peer=OURS, **known), rows.value("cpu_us", peer=peer, **known))

    crowd = [("Redis pub/sub", 0.9), ("InspIRCd", 0.6), ("NATS", 0.3), ("floor", 3.0)]
    wanted = [
        *[(peer, members, 64, limit) for members in (1000, 5000) for peer, limit in crowd],
        *[("Redis pub/sub", 100, 64, 1.4), ("textbook Twisted", 100, 64, 0.5)],
        *[("floor", 100, 1, 1.7), ("floor", 1000, 1, 1.5)],
        *[(peer, members, window, 1.0) for peer in KEEPING for members in (1, 100, 1000) for window in (1, 64)],
    ]
    return [
        (f"CPU per line, {members} members, {window} outstanding / {peer}", limit, against(peer, members, window))
        for peer, members, window, limit in wanted
    ]


def _delays(rows: Rows) -> _Wanted:
    """Return targets for the time to the last receiver."""
    wanted: _Wanted = []
    for members, limit in ((100, 2.0), (1000, 1.5)):
        known = {"scenario": "fanout", "members": members, "window": 1}
        best = rows.best("last_ms", ("InspIRCd", "ngIRCd"), **known)
        figure = _ratio(rows.value("last_ms", peer=OURS, **known), best)
        wanted.append((f"time to the last receiver, {members} members / faster IRC server", limit, figure))
    return wanted


def _others(rows: Rows) -> _Wanted:
    memory = rows.value("memory_kib", scenario="idle", peer=OURS)
    bad = rows.value("p99_ms", scenario="slow", bad=200)
    back = {"scenario": "client", "posts": 20_000}
    alone = {"scenario": "rooms", "layout": "each alone"}
    among, few = (rows.value("post_ms", members=members, **alone) for members in (4000, 10))
    return [
        ("KiB for an idle member", 4.0, memory),
        ("CPU of a post among 4,000 who are alone, ms more than among 10", 0.3, _more(among, few)),
        ("MiB kept when 10,000 enter 10,000 rooms", 40.0, rows.value("kept_mib", members=10_000, **alone)),
        ("seconds for 5,000 joins", 5.0, rows.value("seconds", scenario="join", members=5000)),
        ("p99 of live members meanwhile, ms", 100.0, rows.value("p99_ms", scenario="join", members=5000)),
        ("p99 with 200 bad readers / without", 2.0, _ratio(bad, rows.value("p99_ms", scenario="slow", bad=0))),
        ("seconds until the client has shown 20,000 messages", 10.0, rows.value("seconds", **back)),
        ("CPU of groupchat say, ms", 100.0, rows.value("cpu_ms", scenario="start", peer="groupchat say")),
        ("a key's echo meanwhile, median, ms", 100.0, rows.value("p50_ms", **back)),
    ]


def _web(rows: Rows) -> _Wanted:
    """Return targets for those who listen through HTTP."""
    wanted: _Wanted = []
    for peer in ("groupchat WebSocket", "groupchat events"):
        known = {"scenario": "web", "peer": peer, "window": 64}
        wanted.append((f"CPU per delivery, {peer}, 64 outstanding / text", 1.1, rows.value("ratio", **known)))
        wanted.append((f"KiB for a connection, {peer}", 5.0, rows.value("memory_kib", **known)))
    return wanted


def _tls(rows: Rows) -> _Wanted:
    """Return targets for members who come through TLS."""
    known = {"scenario": "tls", "peer": f"{OURS} TLS", "members": 1000, "window": 64}
    return [
        ("CPU per line, 1000 members through TLS, 64 outstanding / plain", 1.5, rows.value("ratio", **known)),
        ("KiB for a connection through TLS", 16.0, rows.value("memory_kib", **known)),
        ("CPU to connect through TLS and join, ms", 1.0, _ratio(rows.value("join_us", **known), 1000.0)),
    ]


def _cluster(rows: Rows) -> _Wanted:
    """Return targets for nodes that share a log."""

    def figure(name: str) -> float | None:
        return rows.value("value", scenario="cluster", figure=name)

    return [
        ("one who posts at a node, ms more than etcd's transaction", 1.0, figure(MORE)),
        ("CPU of a node, twice the members at three nodes / at one server", 1.0, figure(TWICE)),
        ("ms to catch up with 10,000 posts", 1000.0, _ratio(1e7, figure(CATCHING_UP))),
    ]


def _growth(rows: Rows) -> _Wanted:
    def grown(column: str) -> float | None:
        return _ratio(
            rows.value(column, scenario="history", posts=10_000_000), rows.value(column, scenario="history", posts=0)
        )

    return [
        *[(f"{column[:-3]} at 10 million posts / empty", 1.2, grown(column))
          for column in ("post_ms", "join_ms", "page_ms")],
        ("search in 1 million posts, ms", 50.0, rows.value("search_ms", scenario="history", posts=1_000_000)),
        ("start at 10 million posts, seconds", 2.0, rows.value("start_s", scenario="history", posts=10_000_000)),
    ]  # fmt: skip
