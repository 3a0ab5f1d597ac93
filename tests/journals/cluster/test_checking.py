"""Nodes that compare what they have."""

from dataclasses import replace

from groupchat.facts.account_facts import Account
from groupchat.interfaces.shared_log import LiveNode
from groupchat.journals.cluster.cards import Card, node_card, read_card
from groupchat.journals.cluster.checking import CHECK_S, ROWS, Checking, Found
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Fact
from groupchat.model.errors import JournalBroken
from groupchat.model.node_operations import Check, Checked, NodeState
from tests.journals.cases import amend
from tests.journals.cluster.nodes import ClusterCase, FailingJournal
from tests.journals.contract import ALICE, account, said


class CardTests(ClusterCase):
    """The card of a node."""

    def test_read(self) -> None:
        """It is read as it was written."""
        card = Card("1.3", 2, "host:5000", 7, 9, 5, "abc")
        live = LiveNode(4, card.encode())
        self.assertEqual(read_card(live), card)
        found = node_card(live)
        self.assertEqual(
            (found.epoch, found.version, found.rules, found.applied, found.address), (4, "1.3", 2, 7, "host:5000")
        )

    def test_strange(self) -> None:
        """What another version writes is read as far as it is known."""
        for data, expected in (
            (b'{"version":"9","more":1,"applied":"x","rules":true}', Card("9")), (b"[]", Card()), (b"", Card()),
            (b"\xff", Card()), (b'"x"', Card()), (b'{"version":"\\u001b[2J","address":"a:1"}', Card(address="a:1")),
            (b'{"version":"9","address":"a\\u202eb"}', Card("9")), (b'{"digest":"%s"}' % (b"a" * 513), Card()),
            (b'{"version":"9","applied":-1,"revision":%d}' % 2**63, Card("9")),
        ):  # fmt: skip
            self.assertEqual(read_card(LiveNode(1, data)), expected, data)


class CheckingTests(ClusterCase):
    """Three nodes that post, and compare each minute."""

    def setUp(self) -> None:
        super().setUp()
        self.inner = {name: FailingJournal() for name in ("a1", "b1", "c1")}
        self.three = {name: self.started(name, inner) for name, inner in self.inner.items()}
        self.three["a1"].post(said("one"), said("two"), amend(account(ALICE).put()))
        self.pass_time()

    def pass_checks(self, count: int = 3) -> None:
        for _ in range(count):
            for node in self.three.values():
                node.post(said(f"by {node.name}"))
            self.pass_time(CHECK_S)

    def broken(self) -> list[str]:
        return [name for name, node in self.three.items() if node.failures]

    def change_row(self, name: str) -> None:
        """Change a row by hand."""
        rows = self.inner[name]._rows
        rows[1] = rows[1]._replace(text="changed")

    def test_equal(self) -> None:
        """Nodes that are equal go on; each check is carried out by all."""
        self.pass_checks()
        self.assertEqual(self.broken(), [])
        checks = [one for one in self.three["b1"].received if isinstance(one, Check)]
        self.assertGreater(len([one for one in checks if one.before]), 1)
        found = {node.journal._checking.found for node in self.three.values()}
        self.assertEqual(len(found), 1)
        self.assertNotIn(None, found)

    def test_row_changed_by_hand(self) -> None:
        """A node whose rows were changed stops, and the others go on."""
        self.change_row("b1")
        self.pass_checks()
        self.assertEqual(self.broken(), ["b1"])
        [failure] = self.three["b1"].failures
        self.assertIsInstance(failure.value, JournalBroken)
        self.assertIn("not what the other nodes have", self.inner["b1"].marked)
        self.assertEqual([self.inner[name].marked for name in ("a1", "c1")], ["", ""])
        self.assertIsInstance(self.three["b1"].post(said("x")).error, JournalBroken)
        waiting = self.three["c1"].post(said("fine"))
        self.pass_time()
        self.assertIsNotNone(waiting.outcomes)

    def test_the_one_that_proposes(self) -> None:
        """The node that proposes the checks stops when it is alone in what it found; the next one goes on checking."""
        self.change_row("a1")
        self.pass_checks()
        self.assertEqual(self.broken(), ["a1"])
        closing = self.three["a1"].journal.close()
        self.pass_time()
        self.successResultOf(closing)
        del self.three["a1"]
        before = self.three["b1"].journal._checking.found
        self.pass_checks(2)
        self.assertNotEqual(self.three["b1"].journal._checking.found, before)
        self.assertEqual(self.broken(), [])

    def test_fact_changed_by_hand(self) -> None:
        """So it is with facts."""
        fact = account(ALICE).fact
        changed = Fact(Account.KIND, fact.name, {**(fact.value or {}), "password": "0:other"})
        self.inner["c1"]._facts[fact.kind, fact.name] = changed
        self.pass_checks()
        self.assertEqual(self.broken(), ["c1"])

    def test_presence_changed_by_hand(self) -> None:
        """And with presences and nodes."""
        self.inner["c1"]._nodes.nodes["a1"] = NodeState(1, False)
        self.pass_checks()
        self.assertEqual(self.broken(), ["c1"])

    def test_skipped_entry(self) -> None:
        """A node that has left out an entry, and has the same rows by chance, is found by the chain."""
        applying = self.three["c1"].journal._applying
        applying.place = replace(applying.place, chain="00" * 32)
        self.pass_checks()
        self.assertEqual(self.broken(), ["c1"])

    def test_one_at_a_time(self) -> None:
        """The next check waits until who proposes them has carried out the one before, however long that takes."""
        first = self.three["a1"]
        self.pass_time(CHECK_S)
        self.inner["a1"].slow = True
        self.pass_time(4 * CHECK_S)
        self.assertEqual(len([one for one in self.three["b1"].received if isinstance(one, Check)]), 2)
        self.inner["a1"].slow = False
        self.inner["a1"].waiting.pop().callback(None)
        self.pass_time(CHECK_S)
        self.assertEqual(len([one for one in self.three["b1"].received if isinstance(one, Check)]), 3)
        self.assertEqual((self.broken(), self.inner["a1"].waiting), ([], []))
        self.assertIsNotNone(first.journal._checking.found)

    def test_after_a_restart(self) -> None:
        """A node that has just started has found nothing yet, and is compared from the next check on."""
        self.pass_checks(1)
        self.assertEqual(self.broken(), [])
        self.three["d1"] = self.started("d1", MemoryJournal())
        self.pass_checks(3)
        self.assertEqual(self.broken(), [])
        self.assertIsNotNone(self.three["d1"].journal._checking.found)


class RangesTests(ClusterCase):
    """Which rows are compared."""

    def setUp(self) -> None:
        super().setUp()
        self.failures: list[JournalBroken] = []
        self.checking = Checking(self.failures.append)

    def test_round_and_round(self) -> None:
        """Each row comes in its turn, and then the first ones again."""
        head, ranges = ROWS * 2 + 5, []
        for number in range(1, 6):
            check = self.checking.next(head, {})
            assert check is not None
            ranges.append((check.first, check.upto))
            self.checking.note(number, "", check, Checked("r", "f"))
        whole = [(1, ROWS), (ROWS + 1, 2 * ROWS), (2 * ROWS + 1, 3 * ROWS)]
        self.assertEqual(ranges, [*whole, *whole[:2]])

    def test_facts_round_and_round(self) -> None:
        """So do facts; each check begins behind the last of the one before."""
        check = self.checking.next(9, {})
        assert check is not None
        self.checking.note(1, "", check, Checked("r", "f", "account", "m"))
        check = self.checking.next(9, {})
        assert check is not None
        self.assertEqual((check.after_kind, check.after_name), ("account", "m"))
        self.checking.note(2, "", check, Checked("r", "f"))
        check = self.checking.next(9, {})
        assert check is not None
        self.assertEqual((check.after_kind, check.after_name), ("", ""))
        self.assertEqual(self.failures, [])

    def test_tie(self) -> None:
        """When as many found this as that, who proposes is believed: the others learn it from the next check."""
        self.checking.note(5, "", Check(1, 9), Checked("mine", "f"))
        other = Found(5, "", Checked("theirs", "f")).digest
        live = {"b1": LiveNode(1, Card(check=5, digest=other).encode())}
        self.assertIsNotNone(self.checking.next(9, live))
        live["c1"] = LiveNode(1, Card(check=4, digest=other).encode())
        self.assertIsNotNone(self.checking.next(9, live), "that is of another check")
        live["c1"] = LiveNode(1, Card(check=5, digest=other).encode())
        self.assertIsNone(self.checking.next(9, live))
        self.assertEqual(len(self.failures), 1)

    def test_outvoted_by_the_chain(self) -> None:
        """Who has the same rows and facts, and carried out other entries, is outvoted too."""
        self.checking.note(5, "ab" * 32, Check(1, 9), Checked("r", "f"))
        other = Found(5, "cd" * 32, Checked("r", "f")).digest
        live = {name: LiveNode(1, Card(check=5, digest=other).encode()) for name in ("b1", "c1")}
        self.assertIsNone(self.checking.next(9, live))
        self.assertEqual(len(self.failures), 1)

    def test_nothing_is_stated_about_this_one(self) -> None:
        """A check about one that is not known here says nothing."""
        self.checking.note(5, "", Check(1, 9), Checked("r", "f"))
        self.checking.note(6, "", Check(1, 9, 4, "x", "y", "z"), Checked("r", "f"))
        self.assertEqual(self.failures, [])
        self.checking.note(7, "", Check(1, 9, 6, "r", "f", ""), Checked("r", "f"))
        self.assertEqual(self.failures, [])
        self.checking.note(8, "", Check(1, 9, 7, "r", "f", "other"), Checked("r", "f"))
        self.assertEqual(len(self.failures), 1)
