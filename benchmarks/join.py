"""Join: many arrive at once, each with a replay of 20 messages, while others talk."""

from concurrent.futures import ThreadPoolExecutor

from benchmarks.crowd import gather
from benchmarks.figures import Row, Tell, summary
from benchmarks.load import Load, Span
from benchmarks.ours import Groupchat, ReplayedGroupchat
from benchmarks.running import running

LIVE = 101
TALK = 20.0
"""Messages that the earlier members say in a second."""
CALM_S = 3.0
LONGEST_S = 120.0


def join(count: int, tell: Tell) -> list[Row]:
    """Return one row: the speed at which ``count`` members join, and the delays of live members meanwhile."""
    tell(f"join: {count} members arrive")
    with running(Groupchat()) as server, ThreadPoolExecutor(1) as pool:
        live = gather(Groupchat(), server.port, LIVE)
        load = Load(live.sockets, live.sockets[:20], Groupchat.speech, LIVE - 1)
        try:
            calm = load.run(CALM_S, rate=TALK)
            used = server.cpu_s()
            talking = pool.submit(load.run, LONGEST_S, rate=TALK)
            arrivals = gather(ReplayedGroupchat(), server.port, count, first=LIVE + 1, settle=False)
            used = server.cpu_s() - used
            load.stop()
            during: Span = talking.result()
            arrivals.close()
        finally:
            load.stop()
            load.close()
            live.close()
    return [
        {"scenario": "join", "peer": Groupchat.name, "members": count, "seconds": arrivals.seconds,
         "joins_s": count / arrivals.seconds, "bytes": arrivals.bytes, "cpu_us": used * 1e6 / count,
         **summary("calm_", calm.delays), **summary("", during.delays)}
    ]  # fmt: skip
