"""A node of a cluster that takes no messages any more: its people are told at once, and then sent elsewhere.

Rules:

1. What stops a node so that somebody has to see to it (a log that it cannot read or follow, another process with its
   name) may stop all: while no other node is known to be well, people stay, and read what is here.
2. They are cut off with ``node-lost``, after which clients come in again at the next address, or at the same one: where
   that is a proxy that asks for the health of the nodes, it leads elsewhere.
3. Whoever comes in is refused as long as nothing can be stored; files are still given to people and to other nodes.
"""

from collections.abc import Callable

from twisted.logger import Logger

from groupchat.delivery.commits import Commits
from groupchat.hall.ejections import Ejections
from groupchat.hall.health import Health
from groupchat.interfaces.clock import Clock
from groupchat.interfaces.storage import Standing
from groupchat.model.errors import NodeLost

STAY_S = 10.0
"""Seconds for which people can read why; others that stop for the same reason say so on their cards by then."""

MOVE = "This server takes no messages any more, and others of its cluster do. Join again."

log = Logger()


class StoppedNode:
    """Looks whether this node has stopped.

    :param standing: returns how it stands; None: the server is no node.
    """

    def __init__(
        self,
        standing: Callable[[], Standing | None],
        commits: Commits,
        health: Health,
        ejections: Ejections,
        clock: Clock,
    ) -> None:
        self._standing = standing
        self._commits = commits
        self._health = health
        self._ejections = ejections
        self._clock = clock
        self._since: float | None = None
        self._has_moved = False

    def sweep(self) -> None:
        """Tell people, and send them elsewhere.  To be called each second."""
        standing = self._standing()
        if standing is None or not standing.stopped:
            return
        now = self._clock.seconds()
        if self._since is None:
            self._since = now
            self._health.stopped(standing.stopped)
            self._commits.look()
        elif now >= self._since + STAY_S and standing.is_another_well:
            if not self._has_moved:
                self._has_moved = True
                log.info("The people of this node are sent to the other nodes, which are well")
            self._ejections.cut_off(NodeLost(MOVE), lambda session: session.connection is not None)
