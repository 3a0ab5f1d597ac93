"""Faults: the verdict of a soak, and the inputs that the fuzzer begins with."""

import contextlib
import io
import os
import random
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from faults import fuzz, namespaces
from faults.__main__ import main
from faults.cluster.cluster import Node, TimedLedger, different, running
from faults.cluster.planted import NO_CHECKS, RestingChecking, says
from faults.cluster.steps import judged
from faults.cluster.tables import COMPARED, OWN, OWN_COUNTERS, rows
from faults.far_clients import Numbers
from faults.links import QUEUE_S, Router, Shaper, Weather
from faults.namespaces import claim
from faults.networks import beside, with_page
from faults.soak import Sample, growth, is_flat
from faults.trial import NotRun, Trial, leave_out
from groupchat.checker.agreement import Agreement
from groupchat.checker.ledger import Findings
from groupchat.checker.roamers import ClusterLoad
from groupchat.model.drafts import Amendment
from tests.journals.contract import ALICE, BOB, said, whispered
from tests.journals.direct import DirectJournal
from tests.lacking import lacking


class SoakTest(SynchronousTestCase):
    """The growth that counts as flat."""

    def samples(self, leak: float, connections: int, noise: float = 0.0) -> list[Sample]:
        """Return samples of a daemon that leaks so many bytes with each connection."""
        chance = random.Random(connections)
        return [
            Sample(made, 90.0 + leak * made / 2**20 + chance.uniform(-noise, noise), 20)
            for made in range(100_000, 100_000 + connections, connections // 60)
        ]

    def slope(self, samples: list[Sample]) -> float:
        return growth(samples, lambda sample: sample.memory)

    def test_growth(self) -> None:
        """Growth is measured in MiB per million connections."""
        self.assertAlmostEqual(self.slope(self.samples(100, 500_000)), 100e6 / 2**20)
        self.assertAlmostEqual(self.slope(self.samples(0, 500_000)), 0)
        self.assertEqual(growth(self.samples(0, 500_000)[:1], lambda sample: sample.memory), 0)

    def test_leaks(self) -> None:
        """A leak of 15 bytes is found in half a million connections, one of 100 in 50,000; noise is not a leak."""
        for leak, connections, flat in ((15, 500_000, False), (100, 50_000, False), (0, 500_000, True)):
            slope = self.slope(self.samples(leak, connections, 1.0))
            self.assertEqual(is_flat(slope, connections / 1e6), flat, (leak, slope))

    def test_short(self) -> None:
        """After few connections less than a MiB is noise, whatever it would be after a million."""
        self.assertTrue(is_flat(40.0, 0.02))
        self.assertFalse(is_flat(40.0, 0.03))


class ShaperTest(SynchronousTestCase):
    """What a bad network does to packets."""

    def packet(self, size: int = 100, source: int = 5000, target: int = 40000) -> bytes:
        """Return a packet of TCP."""
        head = bytes((0x45, 0, 0, size, 0, 0, 0, 0, 64, 6)) + bytes(10)
        return (head + source.to_bytes(2, "big") + target.to_bytes(2, "big")).ljust(size, b"x")

    def shaper(self, **weather: Any) -> Shaper:
        return Shaper(Weather(**weather), random.Random(1))

    def test_loss(self) -> None:
        """The share that is asked for gets lost, each way by itself."""
        shaper = self.shaper(loss=(0.3, 0.0))
        lost = [sum(shaper.due(self.packet(), way, 0.0) is None for _ in range(1000)) for way in (0, 1)]
        self.assertTrue(250 < lost[0] < 350, lost)
        self.assertEqual(lost[1], 0)

    def test_delay(self) -> None:
        """Packets are late, and with jitter they overtake each other."""
        self.assertEqual(self.shaper(delay=0.1).due(self.packet(), 0, 5.0), 5.1)
        shaper = self.shaper(delay=0.1, jitter=0.05)
        dues = [shaper.due(self.packet(), 0, 5.0) or 0.0 for _ in range(50)]
        self.assertTrue(all(5.1 <= due <= 5.15 for due in dues))
        self.assertNotEqual(dues, sorted(dues))

    def test_rate(self) -> None:
        """What comes faster than the rate waits, and is lost when too much waits already."""
        shaper = self.shaper(rate=100)
        dues = [shaper.due(self.packet(100), 0, 0.0) for _ in range(6)]
        self.assertEqual(dues, [1.0, 2.0, 3.0, 4.0, None, None])
        self.assertEqual(QUEUE_S, 3.0)
        self.assertEqual(shaper.due(self.packet(100), 1, 0.0), 1.0)

    def test_large(self) -> None:
        """Packets above a size never come through."""
        shaper = self.shaper(largest=100)
        self.assertIsNotNone(shaper.due(self.packet(100), 0, 0.0))
        self.assertIsNone(shaper.due(self.packet(101), 0, 0.0))

    def test_forgotten(self) -> None:
        """Forgotten connections are dead both ways; later ones are not."""
        shaper = self.shaper()
        self.assertIsNotNone(shaper.due(self.packet(source=5000, target=40000), 0, 0.0))
        shaper.forget()
        self.assertIsNone(shaper.due(self.packet(source=5000, target=40000), 0, 0.0))
        self.assertIsNone(shaper.due(self.packet(source=40000, target=5000), 1, 0.0))
        self.assertIsNotNone(shaper.due(self.packet(source=40001, target=5000), 1, 0.0))

    def test_ports(self) -> None:
        """Only packets of connections to the ports that are named get lost, whoever sends them."""
        shaper = self.shaper(loss=(1.0, 1.0), ports=frozenset({2379}))
        for way, source, target in ((1, 40000, 2379), (0, 2379, 40000)):
            self.assertIsNone(shaper.due(self.packet(source=source, target=target), way, 0.0))
        for way, source, target in ((0, 40000, 5000), (1, 5000, 40000)):
            self.assertEqual(shaper.due(self.packet(source=source, target=target), way, 0.0), 0.0)

    def test_numbers(self) -> None:
        """What is missing, twice or out of order is said."""
        self.assertTrue(Numbers("012").are_whole(3))
        for found, words in (("012", "3/3"), ("02", "2/3 and without 1 to 1"), ("0122", "3/3 and 1 twice"),
                             ("021", "3/3 and out of order")):  # fmt: skip
            self.assertEqual(Numbers(found).words(3), words)
        self.assertFalse(Numbers("021").are_whole(3))


class NamespaceTest(SynchronousTestCase):
    """Trials that run side by side on one machine."""

    def trial(self) -> Trial:
        trial = Trial(full=False)
        self.addCleanup(trial.__exit__, None, None, None)
        return trial

    def test_claims(self) -> None:
        """Each has a number of its own, until it ends."""
        first, second = self.trial(), self.trial()
        one, other = (claim(trial, f"gctest{os.getpid()}-") for trial in (first, second))
        self.assertNotEqual(one, other)
        self.assertNotIn(claim(self.trial(), f"gctest{os.getpid()}-"), (one, other))
        first.__exit__(None, None, None)
        self.assertEqual(claim(self.trial(), f"gctest{os.getpid()}-"), one)

    def test_left_behind(self) -> None:
        """The number of one that was killed, and has left a namespace, is nobody's."""
        spaces = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.patch(namespaces, "SPACES", spaces)
        kind = f"gcleft{os.getpid()}-"
        (spaces / f"{kind}1-3").touch()
        (spaces / f"{kind}21-3").touch()
        self.assertEqual([claim(self.trial(), kind), claim(self.trial(), kind)], [2, 3])

    def test_none_left(self) -> None:
        """When there is none left, the trial is not run."""
        self.patch(namespaces, "MOST", 1)
        claim(self.trial(), f"gcmost{os.getpid()}-")
        self.assertRaises(NotRun, claim, self.trial(), f"gcmost{os.getpid()}-")

    def test_side_by_side(self) -> None:
        """Two have links with different addresses, and what runs in their namespaces sees the mounts that all see."""
        trials = (self.trial(), self.trial())
        try:
            links = [Router(trial).link(Weather()) for trial in trials for _ in range(2)]
        except NotRun as lack:
            lacking(str(lack))
        addresses = {address for link in links for address in (link.here, link.there)}
        self.assertEqual(len(addresses), 2 * len(links))
        mounts = os.readlink("/proc/self/ns/mnt")
        for link in links:
            self.assertEqual(trials[0].run(*link.prefix, "readlink", "/proc/self/ns/mnt").strip(), mounts)
            with socket.create_server((link.here, 0)) as server:
                words = (link.here, str(server.getsockname()[1]))
                trials[0].run(*link.prefix, sys.executable, "-c", CONNECTING, *words)


CONNECTING = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 60)"


class LeftOutTest(SynchronousTestCase):
    """What a trial goes on without."""

    def test_told(self) -> None:
        """On anybody's machine the verdict says what was left out, and why."""
        self.assertEqual(leave_out(NotRun("irssi is not installed"), {}), "left out: irssi is not installed")

    def test_nothing_in_ci(self) -> None:
        """In CI nothing is: the trial is not run, which is a failure there."""
        lack = NotRun("irssi is not installed")
        self.assertIs(self.assertRaises(NotRun, leave_out, lack, {"CI": "true"}), lack)

    def test_networks(self) -> None:
        """The trial of networks tells of the page and of irssi, where they are missing."""
        self.patch(os, "environ", {**os.environ, "PATH": "/nowhere", "CI": ""})
        left_out: list[str] = []
        trial = cast(Trial, None)  # nothing is begun there
        self.assertEqual(list(with_page(trial, left_out)), [])
        self.assertEqual(beside(trial, cast(Router, None), left_out), [])
        self.assertEqual(left_out, ["left out: chromium is not installed", "left out: irssi is not installed"])
        os.environ["CI"] = "true"
        self.assertRaises(NotRun, list, with_page(trial, left_out))
        self.assertRaises(NotRun, beside, trial, cast(Router, None), left_out)


class CorpusTest(SynchronousTestCase):
    """Every hostile input that is known, as the fuzzer tries it first."""

    def inputs(self, target: str) -> dict[str, bytes]:
        """Return the inputs for a target, by name."""
        return {path.name: path.read_bytes() for path in sorted((fuzz.CORPUS / target).iterdir())}

    def door(self, as_operator: bool = False) -> fuzz.Door:
        door = fuzz.Door(as_operator)
        self.addCleanup(door.close)
        return door

    def test_lines(self) -> None:
        """People and programs, the control socket too, get lines for whatever they send, and nothing goes wrong."""
        person, program, server = self.door(), self.door(), self.door(as_operator=True)
        for name, data in self.inputs("text").items():
            with self.subTest(name=name):
                fuzz.text(person, data)
        for name, data in self.inputs("json").items():
            with self.subTest(name=name):
                fuzz.program(program, data)
                fuzz.program(server, data)

    def test_bytes(self) -> None:
        """Telnet and TLS are answered in their own terms, whatever comes."""
        for name, data in self.inputs("telnet").items():
            with self.subTest(name=name):
                fuzz.telnet(data)
        door = self.door()
        for name, data in self.inputs("tls").items():
            with self.subTest(name=name):
                fuzz.tls(door, data)

    def test_requests(self) -> None:
        """Browsers are answered in HTTP and in whole frames, whatever comes."""
        door = self.door()
        for name, data in self.inputs("web").items():
            with self.subTest(name=name):
                fuzz.web(door, data)

    def test_planted(self) -> None:
        """An error that is logged, and a line that a terminal would obey, are found."""
        door = self.door()
        door.renew()
        door.failures.append(Failure(ValueError("planted")))
        self.assertRaises(ValueError, fuzz.text, door, b"\x40hello\nA")
        self.assertRaises(AssertionError, fuzz.text, Echo(), b"\xff\x1b[2J\nA")
        self.assertRaises(AssertionError, fuzz.program, Echo(), b'\xff{"a":"\x7f"}\r\n')
        self.assertRaises(ValueError, fuzz.program, Echo(), b"\xff{\r\n")
        fuzz.text(Echo(), b"\xffhello\nA")
        for how in (b"\0", b"\1"):
            self.assertRaises(AssertionError, fuzz.web, Echo(), how + b"\xffnonsense")
        upgraded = b"\1\xffHTTP/1.1 101 \r\n\r\n"
        self.assertRaises(AssertionError, fuzz.web, Echo(), upgraded + b"\x81\x02x")
        self.assertRaises(ValueError, fuzz.web, Echo(), upgraded + b"\x81\x02x{")


class Echo(fuzz.Door):
    """A door that sends back what it is sent."""

    def __init__(self) -> None:
        """Look at no log."""
        self.as_operator = False

    def converse(self, opening: bytes, data: bytes, prepare: Callable[[Any], object] = lambda transport: None) -> bytes:
        return data[1:]


class ClusterTest(SynchronousTestCase):
    """How what was seen of a cluster is judged."""

    def load(self) -> ClusterLoad:
        load = ClusterLoad([("127.0.0.1", 1), ("127.0.0.1", 2)], TimedLedger("cafe"), 1, 1.0)
        self.addCleanup(load.close)
        return load

    def test_judged(self) -> None:
        """A step is kept without faults; else the first ones are told."""
        load = self.load()
        self.assertTrue(judged(load, Agreement(Findings())).is_kept)
        self.assertFalse(judged(load, Agreement(Findings()), False).is_kept)
        seen = judged(load, Agreement(Findings(lost=["it is lost"]), differing=["it differs"]), figure="after 3 s")
        self.assertFalse(seen.is_kept)
        for words in ("lost 1,", "differing 1,", "after 3 s", "! lost: it is lost", "! differing: it differs"):
            self.assertIn(words, seen.figure)
        seen = judged(load, Agreement(Findings(), sessions=["a token is not known"]))
        self.assertEqual((seen.is_kept, "! sessions: a token is not known" in seen.figure), (False, True))

    def test_tables(self) -> None:
        """Every table of a journal, and every counter, is named as compared or as a node's own, with the reason."""
        path = Path(self.enterContext(tempfile.TemporaryDirectory())) / "chat.db"
        journal = DirectJournal(path)
        self.addCleanup(journal.close)
        with contextlib.closing(sqlite3.connect(path)) as database:
            found = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
            # What full text search keeps its index in belongs to it.
            tables = {name for (name,) in found if not name.startswith(("sqlite_", "search_"))}
            self.assertEqual(COMPARED.keys() & OWN.keys(), set())
            self.assertEqual(tables, COMPARED.keys() | OWN.keys())
            self.assertEqual([rows(database, table) for table in ("posts", "sessions", "place")], [[], [], []])
            compared = {name for name, _ in rows(database, "counters")}
            counters = {name for (name,) in database.execute("SELECT name FROM counters")}
        self.assertEqual(compared, {"expired", "forgotten", "erasures"})
        self.assertEqual(counters, compared | OWN_COUNTERS.keys())

    def test_different(self) -> None:
        """The first row that is not the same is told, or how many there are."""
        self.assertEqual(different([(1, "a"), (2, "b")], [(1, "a"), (2, "c")]), "(2, 'b') is not (2, 'c')")
        self.assertEqual(different([(1, "a")], []), "1 rows are not 0")

    def test_running(self) -> None:
        """A load runs while something else is done, and what goes wrong with it is not lost."""
        load = self.load()
        with running(load) as ledger:
            ledger.acknowledge(ledger.attempt(0, 0), 1)
        self.assertGreaterEqual(ledger.silence, 0.0)

        def fail(wait: float) -> None:
            raise ValueError("It does not run.")

        self.patch(load, "_turn", fail)

        def run() -> None:
            with running(load):
                pass

        self.assertRaisesRegex(ValueError, "It does not run", run)

    def test_without_checks(self) -> None:
        """While nodes are compared, none that checks itself often proposes a check: else they would never be equal."""
        trial = self.enterContext(Trial(full=False))
        data = trial.folder / "a1"
        node = Node(trial, "memory:", "a1", data)
        checking = RestingChecking(lambda error: None)
        checking.path = data.parent / NO_CHECKS
        self.assertIsNotNone(checking.next(1, {}))
        with node.without_checks(), node.without_checks():
            self.assertIsNone(checking.next(1, {}))
        self.assertIsNotNone(checking.next(1, {}))

    def test_says(self) -> None:
        """Only entries in which something is said in a room are left out by the node that skips."""
        self.assertTrue(says([said("one"), said("two")]))
        self.assertFalse(says([said("one"), whispered("psst", ALICE, BOB)]))
        self.assertFalse(says([Amendment(ALICE, 0.0, ())]))

    def test_demo_alone(self) -> None:
        """The cluster to try out is no fault that is injected with others."""
        self.patch(sys, "argv", ["faults", "--demo", "kill"])
        with contextlib.redirect_stderr(io.StringIO()) as errors:
            self.assertRaises(SystemExit, main)
        self.assertIn("--demo goes with “cluster” only", errors.getvalue())
