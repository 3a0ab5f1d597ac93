"""Connections: what each costs, as their number grows to as many as descriptors allow."""

import resource
import time
from collections.abc import Sequence

from benchmarks.crowd import gather
from benchmarks.figures import Row, Tell, median
from benchmarks.load import Broken, Load
from benchmarks.ours import Groupchat
from benchmarks.processes import Server, Stopped
from benchmarks.running import running
from benchmarks.talk import Talk

SPARE = 500
"""Descriptors that the server and the load need for other things, and that the server keeps free."""
IDLE_S = 3.0
PATIENCE_S = 60.0
POSTS = 5
ASKED = 5
"""How often one asks for the list of people."""


def possible() -> int:
    """Return how many connections this process, and a server that it starts, can have."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE


def connections(counts: Sequence[int], tell: Tell) -> list[Row]:
    """Return one row for each number of connections that descriptors allow; the largest is cut to what they do."""
    most = possible()
    rows: list[Row] = []
    for count in sorted({min(count, most) for count in counts}):
        if count == most:
            tell(f"connections: at most {most} here, because no process may have more than {most + SPARE} descriptors")
        tell(f"connections: {count}")
        try:
            rows.append(_measure(count))
        except (Broken, Stopped, OSError) as error:
            tell(f"connections: {count} failed: {error}")
    return rows


def _measure(count: int) -> Row:
    peer = Groupchat()
    with running(peer, count) as server:
        gather(peer, server.port, 1).close()  # what is loaded for the first member does not count as a member's
        empty, before = server.memory_kib(), server.cpu_s()
        crowd = gather(peer, server.port, count, first=2)
        join = server.cpu_s() - before
        memory = server.memory_kib() - empty
        load = Load(crowd.sockets, crowd.sockets[:1], peer.speech, count - 1)
        try:
            before = server.cpu_s()
            time.sleep(IDLE_S)
            idle = server.cpu_s() - before
            posts = [_post(server, load) for _ in range(POSTS)]
            page_s = _list(server)
        finally:
            load.close()
            crowd.close()
    return {
        "scenario": "connections", "peer": peer.name, "members": count, "join_us": join * 1e6 / count,
        "joins_s": count / crowd.seconds, "memory_kib": memory / count, "idle_cpu": idle / IDLE_S,
        "post_ms": median([used for used, _ in posts]) * 1e3,
        "line_us": median([used for used, _ in posts]) * 1e6 / (count - 1),
        "last_ms": median([last for _, last in posts]), "page_ms": page_s * 1e3,
    }  # fmt: skip


def _post(server: Server, load: Load) -> tuple[float, float]:
    """Say one line, wait until everybody has it, and return the server's CPU and the time to the last."""
    before = server.cpu_s()
    spans = [load.run(1e-6, rate=1e6), load.run(PATIENCE_S)]
    lasts = [last for span in spans for last in span.lasts]
    if sum(span.sent for span in spans) != 1 or not lasts:
        raise Broken(f"A line did not reach everybody in {PATIENCE_S:.0f} seconds.")
    return server.cpu_s() - before, lasts[-1]


def _list(server: Server) -> float:
    """Return the server's CPU, in seconds, for one page of the list of people."""
    talk = Talk(server.port)
    talk.ask({"do": "nick", "nick": "reader", "since": "head"})
    used = []
    for _ in range(ASKED):
        before = server.cpu_s()
        talk.ask({"do": "list"})
        used.append(server.cpu_s() - before)
    talk.close()
    return median(used)
