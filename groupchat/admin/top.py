"""``groupchat top``: show the figures of a daemon in a terminal, again every few seconds."""

import argparse
import math
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import field
from http.client import HTTPException
from urllib.error import HTTPError

from prometheus_client.parser import text_string_to_metric_families

from groupchat.admin.data import Failed
from groupchat.lazy.records import record
from groupchat.model.text import harmless
from groupchat.model.times import spoken
from groupchat.model.wording import plural, size_words

TIMEOUT_S = 5.0
"""Seconds an answer may take."""
LEASE_LATE_S = 5.0
"""Seconds after which a lease that was not renewed shows that etcd does not answer: it is renewed every 2.5 s."""
WORDS_BYTES = 1000
"""The most bytes that are shown of a refusal."""
CLEAR = "\x1b[H\x1b[J"
"""Move the cursor to the upper left, and clear the screen."""


@record
class Figures:
    """The figures of a daemon at one moment.

    ``at``: the moment, in seconds on a clock that never jumps.
    ``values``: by name; ``by_label``: by name and label; ``buckets``: of each histogram, by upper bound.
    """

    at: float
    values: Mapping[str, float]
    by_label: Mapping[str, Mapping[str, float]]
    buckets: Mapping[str, Mapping[float, float]] = field(default_factory=dict)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat top``."""
    parser.add_argument(
        "server", metavar="[HOST:]PORT", nargs="?", default="127.0.0.1:9100", type=_server,
        help="where the daemon serves its metrics; a port alone is one of 127.0.0.1 (default: 127.0.0.1:9100)",
    )  # fmt: skip
    parser.add_argument("--interval", metavar="S", type=_seconds, default=2.0, help="seconds between two updates")
    parser.add_argument("--once", action="store_true", help="print the figures of one interval, and exit")


def run(arguments: argparse.Namespace) -> int:
    """Show the figures until Ctrl-C, and return the exit status.

    :raises Failed: the daemon does not answer.
    """
    server = arguments.server
    try:
        before = look(server)
        while True:
            time.sleep(arguments.interval)
            after = look(server)
            clear = CLEAR if sys.stdout.isatty() and not arguments.once else ""
            print(clear + drawn(server, before, after), end="", flush=True)
            if arguments.once:
                return 0
            before = after
    except HTTPError as error:
        with error:
            words = harmless(error.read(WORDS_BYTES).decode("utf-8", "replace").strip()) or str(error.reason)
        raise Failed(f"http://{server}/metrics answers {error.code}: {words}") from error
    except (OSError, ValueError, LookupError, HTTPException) as error:
        reason = getattr(error, "reason", error) or type(error).__name__
        raise Failed(
            f"http://{server}/metrics does not answer ({reason}). Does the daemon run with --metrics?"
        ) from error
    except KeyboardInterrupt:
        return 0


def look(server: str) -> Figures:
    """Ask a daemon for its figures.  Raises OSError and ValueError."""
    request = urllib.request.Request(f"http://{server}/metrics", headers={"Accept": "text/plain"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        return read(answer.read().decode("utf-8"), time.monotonic())


def read(text: str, at: float) -> Figures:
    """Read the figures from the daemon's answer.  Raises ValueError."""
    values: dict[str, float] = {}
    labelled: dict[str, dict[str, float]] = {}
    buckets: dict[str, dict[float, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name = sample.name.removeprefix("groupchat_")
            if "le" in sample.labels:
                buckets.setdefault(name.removesuffix("_bucket"), {})[float(sample.labels["le"])] = sample.value
            elif sample.labels:
                label = next(iter(sample.labels.values()))
                labelled.setdefault(name, {})[label] = sample.value
            else:
                values[name] = sample.value
    if "head" not in values:
        raise ValueError("this is not a groupchat daemon")
    return Figures(at, values, labelled, buckets)


def drawn(server: str, before: Figures, after: Figures) -> str:
    """Return what happened between two moments, as lines of text."""
    now, seconds = after.values, max(after.at - before.at, 1e-9)

    def rate(name: str) -> float:
        return max(now.get(name, 0.0) - before.values.get(name, 0.0), 0.0) / seconds

    version = next(iter(after.by_label.get("info", {"?": 1.0})))
    running = spoken(max(time.time() - now["start_time_seconds"], 1.0))
    by_door = after.by_label.get("connections", {})
    doors = [f"{door} {count:,.0f}" for door, count in sorted(by_door.items())]
    others = now["sockets"] - sum(by_door.values())
    if others > 0:
        doors.append(f"others {others:,.0f}")  # these figures, files, or nobody has come in by them yet
    refused = {
        code: count - before.by_label.get("refusals_total", {}).get(code, 0.0)
        for code, count in after.by_label.get("refusals_total", {}).items()
    }
    news = ", ".join(f"{code} {count:.0f}" for code, count in sorted(refused.items()) if count > 0)
    rooms, accounts = plural(round(now["rooms"]), "room"), plural(round(now["accounts"]), "account")
    rows = [
        ("people", f"{now['people']:,.0f} in {rooms}; {accounts}"),
        ("connections", f"{now['sockets']:,.0f} ({', '.join(doors)})"),
        ("posts", f"{rate('posts_total'):,.1f}/s; the highest number is #{now['head']:,.0f}"),
        ("deliveries", f"{rate('deliveries_total'):,.1f}/s, {rate('delivered_bytes_total') / 1024:,.1f} KiB/s"),
        ("commits", _spread(before, after, "commit_seconds")),
        ("fan-out", _spread(before, after, "fanout_seconds")),
        ("reactor lag", _spread(before, after, "reactor_lag_seconds")),
        ("waiting", f"{now['queued_entries']:,.0f} for the disk, {now['commit_delay_seconds']:.3f} s for the oldest"),
        ("readers", f"{now['slow_readers']:,.0f} slow, {now['catching_up']:,.0f} catching up"),
        ("files", _files(now)),
        ("refused", news or "nothing"),
        *_cluster(after),
    ]
    head = f"groupchat {harmless(version)} at {harmless(server)}, running for {running}\n\n"
    return head + "".join(f"{name:12} {harmless(text)}\n" for name, text in rows)


def quantile(before: Mapping[float, float], after: Mapping[float, float], share: float) -> float:
    """Return the upper bound of the bucket that holds this quantile of what came in between; nan: nothing came."""
    counts = {bound: after[bound] - before.get(bound, 0.0) for bound in sorted(after)}
    total = counts.get(math.inf, 0.0)
    if total <= 0:
        return math.nan
    return next(bound for bound, count in counts.items() if count >= share * total)


def _files(now: Mapping[str, float]) -> str:
    if "files" not in now:
        return "none"
    sent = now.get("uploads", 0.0)
    return f"{now['files']:,.0f} kept, {size_words(round(now.get('files_bytes', 0.0)))}; {sent:,.0f} being sent"


def _cluster(figures: Figures) -> list[tuple[str, str]]:
    """Return the rows of a node of a cluster; a daemon that is alone has none."""
    name = next(iter(figures.by_label.get("node_info", {})), "")
    if not name:
        return []
    now = figures.values
    alive, gone, behind, silent = (now[one] for one in ("nodes", "nodes_gone", "log_lag", "lease_age_seconds"))
    others = f"; {gone:,.0f} {'is' if gone == 1 else 'are'} away" if gone else ""  # lost or stopped: no figure tells
    answers = silent < LEASE_LATE_S
    known = "" if answers else " when that was known last"
    # Nor does anybody know without etcd whether there are more entries.
    place = f", {behind:,.0f} behind" if behind > 0 else ", up to date" if answers else ""
    etcd = "etcd answers" if answers else f"etcd has not answered this node for {spoken(silent)}"
    return [
        ("node", f"{name}; {plural(round(alive), 'node')} alive{known}{others}"),
        ("log", f"entry {now['log_applied']:,.0f}{place}; {etcd}"),
    ]


def _spread(before: Figures, after: Figures, name: str) -> str:
    old, new = before.buckets.get(name, {}), after.buckets.get(name, {})
    half, most = quantile(old, new, 0.5), quantile(old, new, 0.99)
    if math.isnan(half):
        return "none"
    number = new.get(math.inf, 0.0) - old.get(math.inf, 0.0)
    return f"{number:,.0f}; half within {_milliseconds(half)}, 99 of 100 within {_milliseconds(most)}"


def _milliseconds(seconds: float) -> str:
    return "any time" if math.isinf(seconds) else f"{seconds * 1000:g} ms"


def _server(text: str) -> str:
    """Return where figures are served: as with ``--metrics`` of the daemon, a port alone is one of 127.0.0.1."""
    return f"127.0.0.1:{text}" if text.isascii() and text.isdigit() else text


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError("0.1 to 3600 seconds")
    return seconds
