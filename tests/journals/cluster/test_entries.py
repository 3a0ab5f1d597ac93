"""Entries of the log."""

import json
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.interfaces.shared_log import MAX_ENTRY_BYTES
from groupchat.journals.cluster import entries
from groupchat.journals.cluster.entries import (
    LARGEST,
    MOST_OPERATIONS,
    RULES,
    Entry,
    Unreadable,
    entry_bytes,
    groups,
    read_entry,
    written,
)
from groupchat.journals.rules.codec import decode
from groupchat.model.drafts import Amendment, Draft, Erase, Fact, FactChange, Kind
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.node_operations import NodeDown, NodeUp, Rules
from tests.journals.contract import ALICE, NOON, said


def _tried(post: Draft) -> bytes | str:
    """Return how a post is written, or why it is not."""
    try:
        return written(post)
    except (ValueError, TypeError) as error:
        return repr(error)


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

    def test_known(self) -> None:
        """By the second rules it says what its node had carried out; if it does not say, that is nothing."""
        data = entry_bytes("a1", 7, 3, 2, [written(NodeUp("a1", 2))], 41)
        operations = b'"o":[{"op":"node-up","node":"a1","epoch":2}]}'
        self.assertEqual(data, b'{"v":1,"r":2,"n":"a1","e":7,"i":3,"k":41,' + operations)
        self.assertEqual(read_entry(data), Entry("a1", 7, 3, 2, (NodeUp("a1", 2),), 41))
        self.assertEqual(read_entry(data.replace(b'"k":41,', b"")).known, 0)
        self.assertEqual(entry_bytes("a1", 7, 3, 1, [], 41), entry_bytes("a1", 7, 3, 1, []))

    @given(
        st.builds(
            Draft, kind=st.sampled_from(Kind), author=st.integers(0, 2**64).map(AuthorId), nick=st.text(max_size=9),
            at=st.floats(), room=st.text(max_size=5), text=st.text(), folded=st.text(max_size=9),
            within=st.none() | st.lists(st.text(max_size=5), max_size=3).map(tuple), origin=st.text(max_size=9),
            since=st.floats() | st.just(0.0), key=st.none() | st.text(max_size=3), all=st.booleans(),
            reply=st.none() | st.integers(0, 9),
        )
    )  # fmt: skip
    def test_plain_posts(self, post: Draft) -> None:
        """What is written in a shorter way stands there as everything else does, and is refused alike."""
        with patch.object(entries, "_written_post", lambda post: None):
            expected = _tried(post)
        self.assertEqual(_tried(post), expected)

    def test_plain_posts_of_wrong_types(self) -> None:
        """A value of another type than its field has is refused as everywhere."""
        plain = Draft(Kind.SAID, ALICE, "alice", NOON, "lobby", "a", folded="alice", within=("lobby",))
        self.assertEqual(_tried(plain), written(plain))
        for name in ("kind", "author", "nick", "at", "room", "text", "folded", "within", "origin", "since"):
            for wrong in (None, True, 7, 1.5, "said", b"x", ("a", 5), ["a"], float("inf"), 2**70, "\ud800"):
                changes: dict[str, Any] = {name: wrong}
                changed = replace(plain, **changes)
                with patch.object(entries, "_written_post", lambda post: None):
                    expected = _tried(changed)
                self.assertEqual(_tried(changed), expected, (name, wrong))

    def test_unreadable(self) -> None:
        """What this version does not know is not read, and nothing beside it either."""
        fine = json.loads(entry_bytes("a1", 1, 1, 1, [written(said("a"))]))
        changes: tuple[dict[str, object], ...] = (
            {"v": 2}, {"k": -1}, {"k": 1.0}, {"k": True}, {"k": None}, {"k": 2**63},
            {"r": RULES + 1}, {"o": [{"op": "sing"}]}, {"o": 5}, {"o": [[]]},
            {"o": [{"op": "node-up", "node": "a", "epoch": 1, "x": 1}]}, {"o": [{"op": "node-up", "node": "a"}]},
            {"o": [{"op": "rules", "rules": RULES + 1}]},
            {"o": [{"op": "post", "kind": "sung", "author": 1, "nick": "a", "at": 1}]},
        )  # fmt: skip
        for change in changes:
            with self.assertRaises(Unreadable, msg=str(change)):
                read_entry(json.dumps({**fine, **change}).encode())
        for data in (b"", b"{", b"[]", b"{}", b"\xff", b"5"):
            with self.assertRaises(Unreadable, msg=str(data)):
                read_entry(data)

    def test_improper(self) -> None:
        """What no journal could carry out is not read, whoever has written it."""
        post = {"op": "post", "kind": "said", "author": 1, "nick": "a", "at": 1}
        attend = {
            "handle": "h", "node": "a1", "epoch": 1, "author": 1, "nick": "a", "key": "a", "account": "", "since": 1,
            "known_since": 1,
        }  # fmt: skip
        session = {
            "op": "session", "author": 1, "digest": "d", "nick": "a", "rooms": [], "position": 0, "seen": 0,
        }  # fmt: skip
        self.assertEqual(len(read_entry(_entry(post, {"op": "attend", "presence": attend}, session)).operations), 3)
        improper: tuple[object, ...] = (
            {**post, "author": [1]}, {**post, "author": 10**30}, {**post, "author": True}, {**post, "nick": None},
            {**post, "at": "noon"}, {**post, "text": {}}, {**post, "target": "1"}, {**post, "within": [1]},
            {**post, "file": {"sha256": 1, "size": 1, "type": ""}}, {**post, "text": "half \ud83d"},
            {**post, "at": float("nan")}, {**post, "at": float("inf")}, {**post, "op": []},
            {"op": "attend", "presence": {**attend, "handle": [1]}},
            {"op": "attend", "presence": {**attend, "rooms": [[]]}},
            {"op": "node-up", "node": {}, "epoch": 1}, {"op": "node-up", "node": "a1", "epoch": "1"},
            {"op": "passing", "author": 1, "event": []}, {"op": "passing", "author": 1, "event": {"at": [10**20]}},
            {"op": "expire", "before": "today"}, {"op": "check", "first": 1, "upto": 10**20},
            {"op": "rules", "rules": "1"}, {"op": "rules", "rules": 0},
            {**session, "read": [[1]]}, {**session, "ignored": [[1, 2, 3]]}, {**session, "position": "first"},
            *({"op": "amend", "by": 0, "at": 1, "changes": [{"do": "fact", "fact": fact}]} for fact in (
                {"kind": "sung", "name": "a", "value": {}}, {"kind": "account", "name": "a", "value": {}},
                {"kind": "account", "name": "a", "value": {"nick": "a", "author": "1", "hash": "", "since": 1}},
                {"kind": "ban", "name": "/a", "value": {}}, {"kind": "rank", "name": "x", "value": None},
            )),
        )  # fmt: skip
        for operation in improper:
            with self.assertRaises(Unreadable, msg=str(operation)):
                read_entry(_entry(operation))
        for name, value in {"n": [], "e": {}, "i": "1", "o": [[[]]]}.items():
            with self.assertRaises(Unreadable, msg=name):
                read_entry(json.dumps({**json.loads(_entry()), name: value}).encode())
        for data in (b"[" * 200_000, b'{"a":' * 200_000, _entry({**post, "at": 0}).replace(b"0}", b"9" * 5000 + b"}")):
            with self.assertRaises(Unreadable):
                read_entry(data)

    def test_before_late_words(self) -> None:
        """By the first rules no erasure says who it was, and no deed which message it is about."""
        erase = Erase("bob", "forgotten-1", SERVER, authors=(ALICE, SERVER))
        order = Draft(Kind.MODERATED, ALICE, "alice", 0.0, "lobby", "did", target=7)
        for operation in (erase, order):
            self.assertEqual(decode(json.loads(written(operation))), operation)
        self.assertEqual(decode(json.loads(written(erase, 1))), replace(erase, authors=()))
        self.assertEqual(decode(json.loads(written(order, 1))), replace(order, target=None))
        deletion = replace(order, kind=Kind.DELETED)
        self.assertEqual(decode(json.loads(written(deletion, 1))), deletion)

    def test_later_epoch(self) -> None:
        """No epoch begins after the entry that is about it: it would never end, and its node could not come back."""
        for operation in (NodeUp("b1", 8), NodeDown("b1", 8)):
            data = entry_bytes("a1", 5, 1, 1, [written(operation)])
            self.assertEqual(read_entry(data, revision=8).operations, (operation,))
            with self.assertRaises(Unreadable):
                read_entry(data, revision=7)
        with self.assertRaises(Unreadable):
            read_entry(entry_bytes("a1", 5, 1, 1, []), revision=4)

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
        for operation in (
            said("\udc80"), said("a", at="noon"), said(None), NodeUp(None, 1),  # type: ignore[arg-type]
            Amendment(SERVER, 1.0, (FactChange(Fact("account", "alice", {"nick": "alice"})),)),
        ):  # fmt: skip
            with self.assertRaises(ValueError, msg=str(operation)):
                written(operation)
        self.assertIn(str(2**63 - 1).encode(), written(NodeUp("a1", 2**63 - 1)))
        self.assertIn(b'"author":1', written(said("a", ALICE)))


def _entry(*operations: object) -> bytes:
    """Return an entry of operations as they stand in it."""
    return json.dumps({"v": 1, "r": 1, "n": "a1", "e": 1, "i": 1, "o": operations}).encode()


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
