"""Three nodes on one log, with faults at random: nothing acknowledged is lost or doubled, and all come to the same."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.cluster.checking import CHECK_S
from groupchat.journals.cluster.cluster_journal import ClusterJournal
from groupchat.journals.logs.memory_log import MemoryLog, SharedLog
from groupchat.model.drafts import Repeated, StoredPost
from groupchat.model.errors import JournalUnavailable, NickTaken
from groupchat.model.node_operations import Attend, Depart
from tests.journals.cluster.nodes import FailingJournal, Waiting
from tests.journals.contract import ALICE, BOB, CAROL, LOBBY, said
from tests.journals.nodes_contract import present

NAMES = ("a1", "b1", "c1")
AUTHORS = dict(zip(NAMES, (ALICE, BOB, CAROL), strict=True))
FULL = JournalUnavailable("The disk is full.")

nodes = st.sampled_from(NAMES)
steps = st.one_of(
    st.tuples(st.sampled_from(["post", "post", "post", "claim", "leave"]), nodes),
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.1, 0.3, 1.0, 3.0, 12.0])),
    st.tuples(st.sampled_from(["cut", "join", "expire", "lose answer", "full", "free", "kill", "stop"]), nodes),
    st.tuples(st.just("slow"), nodes),
    st.tuples(st.sampled_from(["minority", "majority"]), st.none()),
)


class Process:
    """A run of a node, as long as it lives."""

    def __init__(self, cluster: "Cluster", name: str) -> None:
        self.cluster = cluster
        self.name = name
        self.inner = cluster.inner[name]
        self.inner._closed = False
        self.inner.error = None
        self.log = MemoryLog(cluster.shared)
        self.journal = ClusterJournal(self.log, self.inner, name, cluster.clock)
        self.shown: list[int] = []
        self.failed: list[object] = []
        self.journal.on_broken = self.failed.append
        self.is_open = False
        starting = self.journal.start()
        starting.addCallbacks(self._open, lambda failure: None)

    def _open(self, _: object) -> None:
        self.is_open = True
        self.shown = [self.inner.head]
        self.journal.on_received = lambda operations, outcomes: self.show(outcomes)

    def show(self, outcomes: Any) -> None:
        """Note what is shown to the people here."""
        for outcome in outcomes:
            if isinstance(outcome, StoredPost):
                assert outcome.event.id == self.shown[-1] + 1, "none is left out, doubled or out of its order"
                self.shown.append(outcome.event.id)
        assert self.shown[-1] == self.journal.head

    def append(self, *operations: Any) -> Waiting:
        """Append; what comes of it is shown."""
        waiting = Waiting(self.journal.append(operations))
        waiting.when_done = self.show
        return waiting

    def kill(self) -> "Deferred[None]":
        """End without a word, as far as the log can see."""
        self.log.cut = True
        return self.journal.close()


class Cluster:
    """Three nodes that may be killed and started again, and what was posted."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.shared = SharedLog(self.clock)
        self.inner = {name: FailingJournal() for name in NAMES}
        self.running = {name: Process(self, name) for name in NAMES}
        self.posted: list[tuple[str, Waiting]] = []
        self.left: list[Deferred[None]] = []

    def step(self, what: str, subject: Any) -> None:
        """Let something happen."""
        if what == "wait":
            self.wait(subject)
        elif what in ("minority", "majority"):
            self.shared.has_quorum = what == "majority"
        else:
            self.at_node(what, self.running[subject])

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(max(1, round(seconds * 10))):
            self.clock.advance(min(seconds, 0.1))

    def at_node(self, what: str, process: Process) -> None:
        """Let something happen at a node."""
        name, log = process.name, process.log
        if what == "post":
            text = f"{len(self.posted)} at {name}"
            self.posted.append((text, process.append(said(text, AUTHORS[name], key=text))))
        elif what == "claim":
            presence = present(AUTHORS[name], f"h{name}", name, process.journal.epoch, nick="same")
            process.append(Attend(presence))
        elif what == "leave":
            process.append(Depart(f"h{name}", name, process.journal.epoch))
        elif what in ("cut", "join"):
            log.cut = what == "cut"
        elif what == "expire":
            self.shared.expire(name)
        elif what == "lose answer":
            log.lose_answers = 1
        elif what == "slow":
            log.delay = 0.0 if log.delay else 0.4
        elif what in ("full", "free"):
            process.inner.error = FULL if what == "full" else None
        else:
            self.left.append(process.kill() if what == "kill" else process.journal.close())
            self.wait(1.0)
            self.running[name] = Process(self, name)

    def heal(self) -> None:
        """End all faults, and let everything come to rest."""
        self.shared.has_quorum = True
        for process in self.running.values():
            process.log.cut, process.log.lose_answers, process.inner.error = False, 0, None
            process.log.delay = 0.0
        self.wait(45)

    def close(self) -> None:
        """Close everything."""
        for process in self.running.values():
            process.journal.close()
        self.wait(1)
        self.shared.close()


class ThreeNodesTests(SynchronousTestCase):
    """The promises of a cluster."""

    @settings(deadline=None, max_examples=60)
    @given(st.lists(steps, max_size=40))
    def test_promises(self, happened: list[tuple[str, Any]]) -> None:
        """Whatever happens to nodes, their disks, their links and the log."""
        cluster = Cluster()
        cluster.wait(2)
        for what, subject in happened:
            cluster.step(what, subject)
        cluster.heal()
        self.check(cluster)
        cluster.close()
        self.assertEqual(cluster.clock.getDelayedCalls(), [])

    def check(self, cluster: Cluster) -> None:
        """Compare what the nodes have with what was promised."""
        for process in cluster.running.values():
            self.assertTrue(process.is_open, process.name)
            self.assertEqual((process.failed, process.journal.standing().trouble), ([], ""))
            last = process.append(said("last"))
            cluster.wait(1)
            self.assertEqual(len(last.ids), 1, process.name)
        rows = {name: self.successResultOf(one.page(LOBBY, 0, 10**6, 10**6)) for name, one in cluster.inner.items()}
        there = {name: self.successResultOf(one.presences()) for name, one in cluster.inner.items()}
        self.assertEqual(rows["a1"], rows["b1"])
        self.assertEqual(rows["a1"], rows["c1"])
        self.assertEqual(there["a1"], there["b1"])
        self.assertEqual(there["a1"], there["c1"])
        self.assertLessEqual(len({one.author for one in there["a1"]}), 1, "nobody twice under one nickname")
        texts = Counter(getattr(one.event, "text", "") for one in rows["a1"])
        for text, waiting in cluster.posted:
            if waiting.outcomes is not None:
                [outcome] = waiting.outcomes
                if isinstance(outcome, StoredPost | Repeated):
                    self.assertEqual(texts[text], 1, f"{text} was acknowledged")
                else:
                    self.assertIsInstance(outcome, JournalUnavailable | NickTaken)
            self.assertLessEqual(texts[text], 1, text)

    def test_checks_agree(self) -> None:
        """After many faults the nodes still find the same at each check."""
        cluster = Cluster()
        cluster.wait(2)
        for what in (
            "post",
            "claim",
            "expire",
            "post",
            "lose answer",
            "post",
            "kill",
            "claim",
            "leave",
            "full",
            "post",
        ):
            for name in NAMES:
                cluster.step(what, name)
                cluster.wait(0.3)
        cluster.heal()
        cluster.wait(4 * CHECK_S)
        self.check(cluster)
        found = {process.journal._checking.found for process in cluster.running.values()}
        self.assertEqual(len(found), 1)
        self.assertNotIn(None, found)
        cluster.close()
