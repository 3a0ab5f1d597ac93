"""Which servers of etcd answer, so that it can be said which ones must be started.

Each request is sent to one server, so its failure says something about that one only.  When most servers are away, the
others answer that they know no leader: only what became of the newest request to each tells all of it.
"""

from collections.abc import Sequence
from enum import Enum

from groupchat.journals.logs.etcd.etcd_connections import Server
from groupchat.model.wording import listed, plural


class Reply(Enum):
    """What became of a request: ``LEADERLESS`` servers answer, and can do nothing without most of the others."""

    WELL = "well"
    LEADERLESS = "leaderless"
    SILENT = "silent"
    OTHER = "other"


class RollCall:
    """Remembers what became of the newest request to each server."""

    def __init__(self) -> None:
        self._replies: dict[Server, Reply] = {}

    def note(self, server: Server, reply: Reply) -> None:
        """Note what became of a request."""
        self._replies[server] = reply

    def trouble(self, servers: Sequence[Server]) -> str:
        """Return why nothing can be stored in etcd, and what to do, as sentences for the administrator.

        Empty: a server has answered well, was not asked yet, or has another fault, which says itself what it is.
        """
        replies = [self._replies.get(server) for server in servers]
        if not all(reply in (Reply.LEADERLESS, Reply.SILENT) for reply in replies):
            return ""
        silent = [str(server) for server, reply in zip(servers, replies, strict=True) if reply is Reply.SILENT]
        if len(silent) == len(servers):
            return _nobody(silent)
        count = len(servers) - len(silent)
        answering = f"{count} of {plural(len(servers), 'server')} {'answers' if count == 1 else 'answer'}"
        if not silent:
            return (
                f"etcd has no leader: {answering}, and most of etcd's servers are away, or do not reach one another."
                " Start those that are away."
            )
        those, start = ("does", "Start it") if len(silent) == 1 else ("do", "Start them")
        if count * 2 > len(servers):
            what = "no leader"
            start += ", and see that all servers reach one another"
        else:
            what = "no majority"
        return f"etcd has {what}: {answering}; {listed(silent)} {those} not. {start}."


def _nobody(silent: Sequence[str]) -> str:
    if len(silent) == 1:
        return f"etcd does not answer at {silent[0]}. Start it, or mend the network between here and there."
    return (
        f"etcd has no majority: none of its {len(silent)} servers answers ({', '.join(silent)})."
        " Start them, or mend the network between here and there."
    )
