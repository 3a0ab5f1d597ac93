"""Which nodes are alive, and what is to be done about those that no longer are.

Rules:

1. That an epoch of a node has ended is carried out by an entry of whoever notices first; once more does no harm.
2. It is noticed by the log's list of living nodes, asked once more after that epoch was seen to begin: what was told
   before may be older.
3. The living node whose name is first does what only one has to do.  Two that both think they are it do no harm.
"""

from collections.abc import Callable, Mapping, Sequence

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from groupchat.interfaces.shared_log import ILog, IWatch, LiveNode
from groupchat.journals.cluster.cards import read_card
from groupchat.model.drafts import Operation, Outcome
from groupchat.model.errors import Refusal
from groupchat.model.node_operations import Attend, NodeDown, NodeState, NodeUp, RemoveNode
from groupchat.model.wording import plural

LATER_S = 2.0
"""Seconds for which a node that is not the first leaves it to that one to say that another has ended."""

AGAIN_S = 5.0
"""Seconds after which it is looked once more whether an epoch that has ended is known to."""


class Living:
    """The nodes of the cluster.

    :param propose: has an operation carried out by all nodes.
    :param lost: called when this node itself is not, or no longer in its epoch, among those that live.
    :param now: the wall-clock time in seconds since 1970 UTC.

    ``nodes``: those that live, and have not said that they are stopped.
    ``up``: for each node the newest epoch that began and is not known to have ended.
    ``gone``: the nodes of which none is, and that were not removed.
    """

    log = Logger()

    def __init__(
        self,
        shared: ILog,
        clock: IReactorTime,
        node: str,
        propose: Callable[[Operation], object],
        lost: Callable[[], None],
        changed: Callable[[], None],
        now: Callable[[], float],
    ) -> None:
        self._log = shared
        self._clock = clock
        self._node = node
        self._propose = propose
        self._lost = lost
        self._changed = changed
        self._watch: IWatch | None = None
        self._look: IDelayedCall | None = None
        self._epoch = 0
        self.nodes: Mapping[str, LiveNode] = {}
        self.up: dict[str, int] = {}
        self.gone: dict[str, NodeState] = {}
        self._now = now
        self._is_asking = False
        self._logged = ""
        self._applied: dict[tuple[str, int], int] = {}
        """How far each epoch of a node was when it said so last."""

    @property
    def is_first(self) -> bool:
        """Whether this node is the one that does what only one has to do."""
        return bool(self.nodes) and min(self.nodes) == self._node

    def know(self, states: Mapping[str, NodeState]) -> None:
        """Begin with what is remembered of the nodes."""
        self.up = {node: state.epoch for node, state in states.items() if state.is_up}
        self.gone = {node: state for node, state in states.items() if not state.is_up}

    def begin(self, epoch: int) -> None:
        """Watch in a new epoch of this node."""
        self._epoch = epoch
        if self._watch is None:
            self._watch = self._log.watch_live(self._told)

    def end_epoch(self) -> None:
        """Note that this node's epoch has ended."""
        self._epoch = 0

    def note(self, operations: Sequence[Operation], outcomes: Sequence[Outcome]) -> None:
        """Note which epochs have begun and ended, as is carried out."""
        for operation, outcome in zip(operations, outcomes, strict=True):
            if isinstance(operation, NodeUp):
                self.up[operation.node] = max(operation.epoch, self.up.get(operation.node, 0))
                self.gone.pop(operation.node, None)
            elif isinstance(operation, NodeDown) and not isinstance(outcome, Refusal):
                self._note_end(operation)
            elif isinstance(operation, RemoveNode) and not isinstance(outcome, Refusal):
                self.gone.pop(operation.node, None)
            elif not isinstance(operation, Attend):
                continue
            self._look_later(0.0 if self.is_first else LATER_S)

    def refresh(self) -> None:
        """Learn who lives when this node follows the log no longer; if that is not answered, nobody is known to."""
        if self._is_asking:
            self.nodes = {}
            return
        self._is_asking = True

        def answered(nodes: Mapping[str, LiveNode]) -> None:
            self._is_asking, self.nodes = False, self._without_stopped(nodes)

        def failed(failure: object) -> None:
            self._is_asking, self.nodes = False, {}

        answer: Deferred[dict[str, LiveNode]] = self._log.live()
        answer.addCallbacks(answered, failed)

    def stop(self) -> None:
        """Watch no longer."""
        if self._watch is not None:
            self._watch.stop()
        if self._look is not None and self._look.active():
            self._look.cancel()
        self._look = None
        self._epoch = 0

    # How

    def _note_end(self, down: NodeDown) -> None:
        node = down.node
        if self.up.get(node, 0) <= down.epoch and not (node in self.gone and self.gone[node].epoch >= down.epoch):
            self.up.pop(node, None)
            self.gone[node] = NodeState(down.epoch, False, down.at, down.applied, down.stopped)
            self.nodes = self._without_stopped(self.nodes)  # its lease ends just behind its goodbye

    def _without_stopped(self, nodes: Mapping[str, LiveNode]) -> dict[str, LiveNode]:
        ended = {node: state.epoch for node, state in self.gone.items() if state.stopped}
        return {name: live for name, live in nodes.items() if live.epoch > ended.get(name, 0)}

    def _told(self, nodes: Mapping[str, LiveNode]) -> None:
        self.nodes = self._without_stopped(nodes)
        names = " ".join(sorted(self.nodes))
        if names not in ("", self._logged):
            self._logged = names
            self.log.info("{count} alive: {names}", count=plural(len(self.nodes), "node"), names=names)
        living = {(name, live.epoch): read_card(live).applied for name, live in nodes.items()}
        ended = {key: applied for key, applied in self._applied.items() if self.up.get(key[0]) == key[1]}
        self._applied = {**ended, **living}
        mine = nodes.get(self._node)
        if self._epoch and (mine is None or mine.epoch != self._epoch):
            self._epoch = 0
            self._lost()
        self._changed()
        self._look_later(0.0 if self.is_first else LATER_S)

    def _ended(self) -> list[tuple[str, int]]:
        """Return the epochs that have ended, by the list of living nodes that is known."""
        return [
            (node, epoch)
            for node, epoch in self.up.items()
            if node != self._node and (node not in self.nodes or self.nodes[node].epoch != epoch)
        ]

    def _look_later(self, seconds: float) -> None:
        if self._epoch and self._look is None and self._ended():
            self._look = self._clock.callLater(seconds, self._ask)

    def _ask(self) -> None:
        asked = {*self._ended()}
        epoch = self._epoch

        def answered(nodes: Mapping[str, LiveNode]) -> None:
            self._look = None
            if self._epoch != epoch or not epoch:
                return
            for node, ended in asked:
                if self.up.get(node) == ended and (node not in nodes or nodes[node].epoch != ended):
                    self.log.info("The node {node} is gone (epoch {epoch})", node=node, epoch=ended)
                    self._propose(NodeDown(node, ended, self._now(), self._applied.get((node, ended), 0)))
            self._look_later(AGAIN_S)

        def failed(failure: object) -> None:
            self._look = None
            self._look_later(AGAIN_S)

        if asked and self._watch is not None:
            answer: Deferred[dict[str, LiveNode]] = self._log.live()
            answer.addCallbacks(answered, failed)
        else:
            self._look = None
