"""Durable: measure how long a program waits until its post is on disk."""

from collections.abc import Sequence

from benchmarks.crowd import gather
from benchmarks.figures import Row, Tell, summary
from benchmarks.load import Broken, Load, compiled
from benchmarks.ours import AskingGroupchat
from benchmarks.running import running

SENDERS = 20


def durable(rates: Sequence[float], seconds: float, tell: Tell) -> list[Row]:
    """Return one row for each rate, in posts per second, with this disk and with 5 ms added to each flush."""
    rows: list[Row] = []
    slow_disk = compiled("slow_disk.c", "-shared", "-fPIC")
    for added, preload in ((0, None), (5, slow_disk)):
        if added and preload is None:
            tell("durable: without a compiler (cc) there is no slower disk")
            continue
        with running(AskingGroupchat(), preload=preload) as server:
            programs = gather(AskingGroupchat(), server.port, SENDERS)
            load = Load(programs.sockets, programs.sockets, AskingGroupchat.speech, 1)
            try:
                for rate in rates:
                    tell(f"durable: {rate:g} posts/s, {added} ms added to each flush")
                    load.run(0.5, rate=rate)
                    used = server.cpu_s()
                    span = load.run(seconds, rate=rate)
                    used = server.cpu_s() - used
                    load.run(30.0)
                    rows.append(
                        {"scenario": "durable", "peer": AskingGroupchat.name, "rate": rate, "added_ms": added,
                         "acknowledged_s": span.delivered / span.seconds, "server_cpu": used / span.seconds,
                         **summary("", span.delays)}
                    )  # fmt: skip
            except Broken as error:
                tell(f"durable: stopped: {error}")
            finally:
                load.close()
                programs.close()
    return rows
