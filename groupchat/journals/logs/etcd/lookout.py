"""Looking at the log twice a second: who is alive, and whether a watch has fallen silent.

A server that was cut off from the others, or has stopped, may say nothing at all to those who watch it.  So another
one is asked, with a quorum behind its answer, for the newest entry.

A node that does not see the others would go on as if nothing had happened, since messages need no look.  So there is a
timer of its own beside the looking: whatever hinders that, or has ended it, is told and begun anew.
"""

from collections.abc import Callable, Mapping

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from zope.interface import implementer

from groupchat.interfaces.shared_log import ForeignLog, IWatch, LiveNode
from groupchat.interfaces.storage import BLIND_S
from groupchat.journals.logs.etcd.gateway import Refused, Unanswered, in_background
from groupchat.journals.logs.etcd.log_watch import LogWatch
from groupchat.journals.logs.etcd.requests.etcd_requests import Requests
from groupchat.journals.logs.etcd.rounds import TURN_S, Rounds

LOOK_S = 0.5
"""Seconds between two looks."""
CHECK_S = 5.0
"""Seconds between two times that it is seen whether there are any."""

_log = Logger()


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
    ``seen``: when it was begun to look, or has looked last.
    """

    def __init__(self, rounds: Rounds, requests: Requests) -> None:
        self.epoch: int | None = None
        self.watches: list[LogWatch] = []
        self.live_watches: list[LiveWatch] = []
        self.clock = rounds.gateway.clock
        self._rounds = rounds
        self._requests = requests
        self._behind: dict[LogWatch, int] = {}
        self.seen = self.clock.seconds()
        self._looking: Deferred[None] | None = None
        self._checking: IDelayedCall | None = None
        self._begun = self.seen
        """When it was begun anew last."""
        self._is_told = False

    def begin(self) -> None:
        """Look from now on, unless it has begun already."""
        if self._looking is None:
            self.seen = self.clock.seconds()
            self._begin_anew()
            self._check_later()

    def stop(self) -> None:
        """Look no more."""
        if self._checking is not None:
            self._checking.cancel()
            self._checking = None
        if self._looking is not None:
            self._looking.cancel()

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
                self._rounds.note_refusal(error)
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
        if self.epoch is not None and view.revision < self.epoch:
            return
        self._note_seen()
        if self.epoch is None:
            return
        self.live_watches = [watch for watch in self.live_watches if not watch.is_stopped]
        for live_watch in tuple(self.live_watches):
            live_watch.see(view.live)

    def _begin_anew(self) -> None:
        self._begun = self.clock.seconds()
        if self._looking is not None:
            self._looking.cancel()
        self._looking = in_background(self.run(), "Looking at the log")

    def _check_later(self) -> None:
        self._checking = self.clock.callLater(CHECK_S, self._check)

    def _check(self) -> None:
        """See that somebody looks, and sees something."""
        self._check_later()
        now = self.clock.seconds()
        if now - max(self.seen, self._begun) < BLIND_S:
            return
        if not self._is_told:
            self._is_told = True
            _log.warn(
                "This node has not seen for {seconds} s which others are alive and how far they are: {trouble}",
                seconds=round(now - self.seen), trouble=self._rounds.trouble or "nothing says why.",
            )  # fmt: skip
        self._rounds.turn()
        self._begin_anew()

    def _note_seen(self) -> None:
        now = self.clock.seconds()
        if self._is_told:
            self._is_told = False
            _log.info("This node sees the others again, after {seconds} s", seconds=round(now - self.seen))
        self.seen = now

    def _see_whether_it_moves(self, watch: LogWatch, newest: int) -> None:
        """Have a watch begin anew if it was behind at the last look too, and nothing has come since."""
        if not watch.is_following or watch.position >= newest:
            self._behind.pop(watch, None)
        elif self._behind.get(watch) == watch.moves:
            del self._behind[watch]
            watch.again()
        else:
            self._behind[watch] = watch.moves
