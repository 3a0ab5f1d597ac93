"""Entries of the log."""

import json

from twisted.trial.unittest import SynchronousTestCase

from groupchat.interfaces.shared_log import MAX_ENTRY_BYTES
from groupchat.journals.cluster.entries import (
    LARGEST,
    MOST_OPERATIONS,
    Entry,
    Unreadable,
    entry_bytes,
    groups,
    read_entry,
    written,
)
from groupchat.model.node_operations import NodeUp, Rules
from tests.journals.contract import ALICE, said


class EntryTests(SynchronousTestCase):
    """The bytes of an entry."""

    def test_form(self) -> None:
        """It is a JSON object in UTF-8, without spaces."""
        data = entry_bytes("é1", 7, 3, 1, [written(said("naïve")), written(NodeUp("a1", 2))])
        self.assertEqual(
            data.decode(),
            '{"v":1,"r":1,"n":"\\u00e91","e":7,"i":3,"o":['
            '{"op":"post","kind":"said","author":1,"nick":"alice","at":1795000000.0,"room":"lobby","text":"naïve"},'
            '{"op":"node-up","node":"a1","epoch":2}]}',
        )
        self.assertEqual(read_entry(data), Entry("é1", 7, 3, 1, (said("naïve"), NodeUp("a1", 2))))

    def test_unreadable(self) -> None:
        """What this version does not know is not read, and nothing beside it either."""
        fine = json.loads(entry_bytes("a1", 1, 1, 1, [written(said("a"))]))
        changes: tuple[dict[str, object], ...] = (
            {"v": 2}, {"r": 2}, {"o": [{"op": "sing"}]}, {"o": [{"op": "node-up", "node": "a", "epoch": 1, "x": 1}]},
            {"o": [{"op": "node-up", "node": "a"}]}, {"o": 5}, {"o": [{"op": "rules", "rules": 2}]}, {"o": [[]]},
            {"o": [{"op": "post", "kind": "sung", "author": 1, "nick": "a", "at": 1}]},
        )  # fmt: skip
        for change in changes:
            with self.assertRaises(Unreadable, msg=str(change)):
                read_entry(json.dumps({**fine, **change}).encode())
        for data in (b"", b"{", b"[]", b"{}", b"\xff", b"5"):
            with self.assertRaises(Unreadable, msg=str(data)):
                read_entry(data)

    def test_known_rules(self) -> None:
        """Newer rules are read by whoever knows them."""
        data = entry_bytes("a1", 1, 1, 2, [written(Rules(3))])
        self.assertEqual(read_entry(data, 3).rules, 2)
        with self.assertRaises(Unreadable):
            read_entry(data, 2)

    def test_unstorable(self) -> None:
        """What no table takes is not written."""
        for epoch in (2**63, -(2**63) - 1, float("nan"), float("inf")):
            with self.assertRaises(ValueError):
                written(NodeUp("a1", epoch))  # type: ignore[arg-type]
        with self.assertRaises(ValueError):
            written(said("\udc80"))
        self.assertIn(str(2**63 - 1).encode(), written(NodeUp("a1", 2**63 - 1)))
        self.assertIn(b'"author":1', written(said("a", ALICE)))


class GroupsTests(SynchronousTestCase):
    """How operations are divided among entries."""

    def test_few(self) -> None:
        """What fits is in one."""
        self.assertEqual(groups([5, 6]), [range(2)])

    def test_bytes(self) -> None:
        """No entry is longer than the log takes."""
        sizes = [LARGEST // 3] * 8
        found = groups(sizes)
        self.assertEqual([index for group in found for index in group], list(range(8)))
        for group in found:
            data = entry_bytes("n" * 64, 2**63, 2**63, 10, [b"x" * sizes[index] for index in group])
            self.assertLessEqual(len(data), MAX_ENTRY_BYTES)

    def test_count(self) -> None:
        """No entry has more operations than are carried out together."""
        self.assertEqual(groups([1] * (MOST_OPERATIONS + 1)), [range(MOST_OPERATIONS), range(1000, 1001)])
