"""TLS: what encryption adds, beside plain members of the same server in the same run."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.crowd import gather
from benchmarks.fanout import SENDERS, spans
from benchmarks.figures import Row, Tell, middle, summary
from benchmarks.load import Broken, Load
from benchmarks.ours import Groupchat, VolatileGroupchat
from benchmarks.peer import Peer
from benchmarks.peers import Inspircd
from benchmarks.processes import Stopped
from benchmarks.running import running
from groupchat.doors.certificates.own_certificate import NAMES, own

AT_ONCE = 20
"""Members that join at a time, plain ones too: what a handshake takes only for itself would count as a member's."""


class SecureGroupchat(Groupchat):
    """This daemon, durable, with the certificate that it makes for itself."""

    name = "groupchat TLS"
    secure = True


class SecureVolatileGroupchat(VolatileGroupchat):
    """The same storing nothing on disk: what it costs without a journal's share."""

    name = "groupchat memory: TLS"
    secure = True


class SecureInspircd(Inspircd):
    """InspIRCd with a certificate of the same kind; Debian's has GnuTLS."""

    name = "InspIRCd TLS"
    secure = True

    def command(self, folder: Path, port: int, members: int) -> list[str]:
        """Return the command."""
        command = super().command(folder, port, members)
        certificate, key = _certificate(folder)
        settings = folder / "inspircd.conf"
        plain = settings.read_text().replace('type="clients">', 'type="clients" sslprofile="clients">')
        settings.write_text(
            f'{plain}<module name="ssl_gnutls">\n'
            f'<sslprofile name="clients" provider="gnutls" certfile="{certificate}" keyfile="{key}">\n'
        )
        return command


PAIRS: tuple[tuple[Peer, Peer], ...] = (
    (Groupchat(), SecureGroupchat()), (VolatileGroupchat(), SecureVolatileGroupchat()), (Inspircd(), SecureInspircd()),
)  # fmt: skip
"""Each server, without and with TLS."""


def tls(
    peers: Sequence[Peer], members: Sequence[int], windows: Sequence[int], seconds: float, rounds: int, tell: Tell
) -> list[Row]:
    """Return one row for each server, plain and with TLS, number of members and window, of several rounds.

    The pairs take turns in every round.  Processor time is the least of the rounds, since other programs can only
    add to it; the rest are medians.
    """
    names = {peer.name for peer in peers}
    pairs = [pair for pair in PAIRS if pair[0].name in names]
    measured: dict[tuple[str, int, int], list[Row]] = {}
    for count in members:
        for number in range(rounds):
            for peer in (peer for pair in pairs for peer in pair if count <= peer.most):
                tell(f"tls: {peer.name}, {count} members, round {number + 1} of {rounds}")
                try:
                    for row in _measure(peer, count, windows, seconds):
                        measured.setdefault((peer.name, count, row["window"]), []).append(row)
                except (Broken, Stopped, OSError) as error:
                    tell(f"tls: {peer.name} failed with {count} members: {error}")
    least = {key: min(row["cpu_us"] for row in rows) for key, rows in measured.items()}
    plain = {peer.name: pair[0].name for pair in pairs for peer in pair}
    return [
        {**middle(rows), "cpu_us": least[name, count, window],
         "join_us": min(row["join_us"] for row in rows),
         "ratio": least[name, count, window] / least.get((plain[name], count, window), math.nan)}
        for (name, count, window), rows in measured.items()
    ]  # fmt: skip


def _measure(peer: Peer, count: int, windows: Sequence[int], seconds: float) -> Iterator[Row]:
    """Yield one row for each window; the speakers are members too, so that each line reaches ``count`` others."""
    with running(peer, count + 1) as server:
        gather(peer, server.port, 1).close()  # what is loaded for the first member does not count as a member's
        empty, before = server.memory_kib(), server.cpu_s()
        crowd = gather(peer, server.port, count + 1, first=2, at_once=AT_ONCE)
        join = (server.cpu_s() - before) * 1e6 / (count + 1)
        memory = (server.memory_kib() - empty) / (count + 1)
        load = Load(crowd.sockets, crowd.sockets[:SENDERS], peer.speech, count)
        try:
            for window, span, used in spans(server, load, windows, seconds):
                yield {
                    "scenario": "tls", "peer": peer.name, "members": count, "window": window,
                    "cpu_us": used * 1e6 / max(1, span.delivered), "deliveries_s": span.delivered / span.seconds,
                    "load_cpu": span.cpu, **summary("", span.delays), "memory_kib": memory, "join_us": join,
                }  # fmt: skip
        finally:
            load.close()
            crowd.close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate in the folder, and return its files; a server that gives up its privileges can read them."""
    own(folder / "tls")
    certificate, key = (folder / "tls" / name for name in NAMES)
    return certificate, key
