"""Looking at the log twice a second: who is alive, and whether a watch has fallen silent.

A server that was cut off from the others, or has stopped, may say nothing at all to those who watch it.  So another
one is asked, with a quorum behind its answer, for the newest entry.
"""

from collections.abc import Callable, Mapping

from zope.interface import implementer

from groupchat.interfaces.shared_log import ForeignLog, IWatch, LiveNode
from groupchat.journals.logs.etcd.gateway import Refused, Unanswered
from groupchat.journals.logs.etcd.log_watch import LogWatch
from groupchat.journals.logs.etcd.requests.etcd_requests import Requests
from groupchat.journals.logs.etcd.rounds import TURN_S, Rounds

LOOK_S = 0.5
"""Seconds between two looks."""


@implementer(IWatch)
class LiveWatch:
    """Tells somebody which nodes are alive, in a turn of its own: whoever is told may close everything."""

    def __init__(self, lookout: "Lookout", changed: Callable[[Mapping[str, LiveNode]], object]) -> None:
        self.is_stopped = False
        self._lookout = lookout
        self._changed = changed
        self._told: Mapping[str, LiveNode] | None = None
        self._paused = False

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    def stop(self) -> None:
        self.is_stopped = True

    def see(self, live: Mapping[str, LiveNode]) -> None:
        """Tell if this is something new."""
        if not self.is_stopped and not self._paused and live != self._told:
            self._told = live
            self._lookout.clock.callLater(0, self._tell, live)

    def _tell(self, live: Mapping[str, LiveNode]) -> None:
        if self._lookout.epoch is None:
            self._told = None  # what it is when the new epoch has begun is told then
        elif not self.is_stopped:
            self._changed(live)


class Lookout:
    """Looks at the log.

    ``epoch``: nothing older than this is told; None: nothing is told at all.
    """

    def __init__(self, rounds: Rounds, requests: Requests) -> None:
        self.epoch: int | None = None
        self.watches: list[LogWatch] = []
        self.live_watches: list[LiveWatch] = []
        self.clock = rounds.gateway.clock
        self._rounds = rounds
        self._requests = requests
        self._behind: dict[LogWatch, int] = {}

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        gateway = self._rounds.gateway
        while True:
            try:
                await self.look()
            except Unanswered:
                await gateway.pause(TURN_S)
                continue
            except Refused as error:
                self._rounds.trouble = gateway.refusal(self._rounds.server, error)
            await gateway.pause(LOOK_S)

    async def look(self) -> None:
        """Look once.

        :raises Unanswered: the server that was asked did not answer; the next time it is another one.
        """
        if len(self._rounds.servers) > 1 and any(watch.server == self._rounds.server for watch in self.watches):
            self._rounds.turn()
        self.watches = [watch for watch in self.watches if not watch.is_stopped]
        places = {watch: (watch.position, watch.number) for watch in self.watches}
        view = await self._rounds.attempt(self._requests.look())
        for watch, (position, number) in places.items():
            try:
                watch.verify(view, position, number)
            except ForeignLog as error:
                watch.fail(error)
                continue
            self._see_whether_it_moves(watch, view.newest.revision)
        self._behind = {watch: moves for watch, moves in self._behind.items() if watch in self.watches}
        if self.epoch is None or view.revision < self.epoch:
            return
        self.live_watches = [watch for watch in self.live_watches if not watch.is_stopped]
        for live_watch in tuple(self.live_watches):
            live_watch.see(view.live)

    def _see_whether_it_moves(self, watch: LogWatch, newest: int) -> None:
        """Have a watch begin anew if it was behind at the last look too, and nothing has come since."""
        if not watch.is_following or watch.position >= newest:
            self._behind.pop(watch, None)
        elif self._behind.get(watch) == watch.moves:
            del self._behind[watch]
            watch.again()
        else:
            self._behind[watch] = watch.moves
