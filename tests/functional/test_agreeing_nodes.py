"""``groupchat verify`` with all nodes of a cluster, against nodes that agree, and some that are broken on purpose."""

import os
import re
import signal
import sys
import time

from faults.cluster.cluster import Cluster
from faults.cluster.guests import Guest
from faults.cluster.planted import program
from faults.trial import Trial, wait_for
from groupchat.checker.agreement import agree
from groupchat.checker.roamers import ClusterLoad
from tests.functional import harness
from tests.functional.harness import LIMIT_S, TREE, FunctionalTest
from tests.functional.test_verify import verify


class AgreeingNodesTest(FunctionalTest):
    """Two nodes on one member of etcd, of which the second may be broken."""

    def setUp(self) -> None:
        super().setUp()
        harness.program("etcd")
        trial = Trial(full=False)
        self.addCleanup(trial.__exit__, None, None, None)
        self.cluster = Cluster(trial, names=("a1", "b1"), count=1)

    def start(self, what: str = "") -> ClusterLoad:  # type: ignore[override]
        """Start the nodes, the second with what is planted in it, and put a load on them."""
        if what:
            self.cluster.nodes[1].program = program(what)
        self.cluster.start()
        return self.cluster.load()

    def find(self, what: str) -> str:
        """Return what is found to be wrong with a broken node, as soon as messages are lost and not everywhere."""
        load = self.start(what)
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            load.run(1.0)
            load.settle(LIMIT_S)
            agreement = agree(load, LIMIT_S, 0.0)
            if agreement.findings.lost and agreement.differing:
                return "\n".join(agreement.lines())
        raise AssertionError(f"A node that is {what} is not found out within {LIMIT_S:g} s.")

    def find_sessions(self, what: str) -> str:
        """Return what is found to be wrong with the sessions of a broken node."""
        load = self.start(what)
        self.assertTrue(load.settle(LIMIT_S))
        agreement = agree(load, LIMIT_S)
        self.assertTrue(agreement.sessions, list(agreement.lines()))
        load.close()
        self.assert_told_apart()
        return "\n".join(agreement.lines())

    def assert_told_apart(self) -> None:
        """Assert that the sessions are not the same at both nodes, once these are at the same entry."""

        def is_told() -> bool:
            return any(sentence.startswith("sessions: ") for sentence in self.cluster.differences(0.0))

        self.assertTrue(wait_for(is_told, LIMIT_S))

    def test_sound(self) -> None:
        """Sound nodes agree, under the same load, and so do their tables; the command says so."""
        load = self.start()
        load.run(2.0)
        while load.ledger.highest <= 20:
            load.run(1.0)
        agreement = self.cluster.findings(load)
        self.assertTrue(agreement.good, list(agreement.lines()))
        addresses = [f"127.0.0.1:{node.port}" for node in self.cluster.nodes]
        status, counts, printed = verify(*addresses, "--clients", 4, "--rate", 40, "--seconds", 1)
        self.assertEqual((status, counts["lost"], counts["differing"], counts["sessions"]), (0, 0, 0, 0), printed)

    def test_skipping(self) -> None:
        """A node that leaves out an entry is found out: what comes next has other numbers there."""
        self.assertRegex(self.find("skipping"), "! lost: .* was acknowledged as .*: it stands at")

    def test_early(self) -> None:
        """So is one that acknowledges what does not stand in the log yet."""
        self.assertRegex(self.find("early"), "! lost: .* was acknowledged as")

    def test_own_clock(self) -> None:
        """So is one that removes old messages by its own clock."""
        self.assertRegex(self.find("forgetting"), "! differing: .* is there at 127.0.0.1:.*, and not at")

    def test_losing_sessions(self) -> None:
        """So is one that does not keep the sessions of other nodes: nobody can come back there."""
        self.assertRegex(self.find_sessions("losing"), "! sessions: 127.0.0.1:.* does not know the token of")

    def test_unreading(self) -> None:
        """So is one that does not keep how far others have read."""
        self.assertRegex(self.find_sessions("unreading"), r"! sessions: \w+ has read up to #\d+, and as 127.0.0.1:")

    def test_keeping_sessions(self) -> None:
        """So is one that keeps sessions which others have ended, by its tables."""
        load = self.start("keeping")
        load.close()
        first = self.cluster.nodes[0]
        anna = Guest(self.cluster.trial, first, "anna", password="correct horse", register=True)
        self.assertTrue(anna.is_in, anna.answer)
        self.assertEqual(self.cluster.differences(LIMIT_S), [])
        self.assertEqual(anna.ask("logout")["event"], "done")
        self.assert_told_apart()


class DemoTest(FunctionalTest):
    """``python -m faults cluster --demo``."""

    def test_nothing_left(self) -> None:
        """It says where the nodes are, and leaves nothing running when it is told to end."""
        harness.program("etcd")
        demo = harness.Program(
            sys.executable, "-m", "faults", "cluster", "--demo",
            cwd=TREE, env={**self.environment, "TMPDIR": str(self.folder)},
        )  # fmt: skip
        self.addCleanup(demo.close)
        told = demo.expect("(?s).*Ctrl-C here ends all the others")[0]
        processes = [int(number) for number in re.findall(r"process (\d+)", told)]
        self.assertEqual(len(processes), 6, told)
        for process in processes:
            os.kill(process, 0)
        demo.process.send_signal(signal.SIGTERM)
        self.assertEqual(demo.process.wait(LIMIT_S), 128 + signal.SIGTERM)
        for process in processes:
            self.assertRaises(ProcessLookupError, os.kill, process, 0)
        self.assertEqual(list(self.folder.glob("groupchat-fault-*")), [])
