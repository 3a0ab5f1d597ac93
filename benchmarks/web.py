"""Web: the work for members who listen through HTTP, beside those who have a line of text, in the same run."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from benchmarks.crowd import gather
from benchmarks.fanout import SENDERS, spans
from benchmarks.figures import Row, Tell, middle, summary
from benchmarks.free_ports import free_port
from benchmarks.load import Broken, Load
from benchmarks.ours import HANDSHAKE, BrowserGroupchat, Groupchat, ProgramGroupchat, unmasked
from benchmarks.peer import Peer
from benchmarks.peers import Nats
from benchmarks.processes import Stopped
from benchmarks.running import running


class FollowedGroupchat(Groupchat):
    """This daemon, durable, with people who follow its room by server-sent events."""

    name = "groupchat events"
    ready = b"retry: "
    greets = False

    def hello(self, index: int) -> bytes:
        """Ask for what happens in the room."""
        return b"GET /rooms/lobby/live HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"


class WebNats(Nats):
    """NATS, storing nothing, with subscribers that speak its protocol in WebSocket."""

    name = "NATS WebSocket"
    web_port: ClassVar[int] = 0

    def command(self, folder: Path, port: int, members: int) -> list[str]:
        """Return the command; browsers have a port of their own."""
        command = super().command(folder, port, members)
        type(self).web_port = free_port()
        with (folder / "nats.conf").open("a") as settings:
            settings.write(f'websocket {{ host: "127.0.0.1"\nport: {self.web_port}\nno_tls: true }}\n')
        return command

    def steps(self, index: int) -> list[tuple[bytes, bytes]]:
        """Return the handshake, and the subscription in frames."""
        connect, rest = self.hello(index).split(b"\r\n", 1)
        frames = unmasked(connect + b"\r\n") + unmasked(rest)
        return [(HANDSHAKE.replace(b"/ws", b"/"), b"INFO "), (frames, self.ready)]


TEXT, NATS = Groupchat(), Nats()
LISTENERS: tuple[tuple[Peer, Peer], ...] = (
    *((TEXT, TEXT), (ProgramGroupchat(), TEXT), (BrowserGroupchat(), TEXT), (FollowedGroupchat(), TEXT)),
    *((NATS, NATS), (WebNats(), NATS)),
)
"""Those who listen, and those who speak: the same for all listeners of a server."""


def web(count: int, windows: Sequence[int], seconds: float, rounds: int, tell: Tell) -> list[Row]:
    """Return one row for each kind of listener and window, of several rounds in which they take turns.

    Those who only listen are ``count``; the speakers hear each other.
    The processor time is the least of the rounds, since other programs can only add to it; the rest are medians.
    """
    measured: dict[tuple[str, int], list[Row]] = {}
    kinds = [(listener, speaker) for listener, speaker in LISTENERS if not listener.missing()]
    for missing in [listener for listener, _ in LISTENERS if listener.missing()]:
        tell(f"web: {missing.name} is missing: {missing.missing()} is not installed.")
    for number in range(rounds):
        for listener, speaker in kinds:
            tell(f"web: {listener.name}, {count} listeners, round {number + 1} of {rounds}")
            try:
                for row in _measure(listener, speaker, count, windows, seconds):
                    measured.setdefault((listener.name, row["window"]), []).append(row)
            except (Broken, Stopped, OSError) as error:
                tell(f"web: {listener.name} failed: {error}")
    least = {key: min(row["cpu_us"] for row in rows) for key, rows in measured.items()}
    plain = {listener.name: speaker.name for listener, speaker in kinds}
    return [
        {**middle(rows), "cpu_us": least[name, window],
         "ratio": least[name, window] / least.get((plain[name], window), math.nan)}
        for (name, window), rows in measured.items()
    ]  # fmt: skip


def _measure(listener: Peer, speaker: Peer, count: int, windows: Sequence[int], seconds: float) -> Iterator[Row]:
    with running(listener, count + SENDERS) as server:
        port = listener.web_port if isinstance(listener, WebNats) else server.port
        speakers = gather(speaker, server.port, SENDERS)
        gather(listener, port, 1, first=SENDERS + 1).close()  # what the first one loads is not counted
        empty = server.memory_kib()
        crowd = gather(listener, port, count, first=SENDERS + 2)
        memory = (server.memory_kib() - empty) / count
        load = Load([*crowd.sockets, *speakers.sockets], speakers.sockets, speaker.speech, count + SENDERS - 1)
        try:
            for window, span, used in spans(server, load, windows, seconds):
                yield {
                    "scenario": "web", "peer": listener.name, "members": count, "window": window,
                    "cpu_us": used * 1e6 / max(1, span.delivered), "deliveries_s": span.delivered / span.seconds,
                    "bytes": span.bytes / max(1, span.delivered), "load_cpu": span.cpu, **summary("", span.delays),
                    "memory_kib": memory,
                }  # fmt: skip
        finally:
            load.close()
            crowd.close()
            speakers.close()
