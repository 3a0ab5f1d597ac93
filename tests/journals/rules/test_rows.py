"""Rows, and the posts that readers are given for them."""

import math

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.rules.rows import Row, is_message, milliseconds, sees, stored
from groupchat.model.drafts import Audience, Deed, Kind
from groupchat.model.events import Acted, Deleted, Edited, Moderated, Post, Said, TopicChanged, Whispered
from tests.journals.contract import ALICE, BOB, CAROL

AT = 1_795_000_000_000
SAID = Row(7, "said", ALICE, None, "lobby", "alice", "", AT, "hi")
WHISPERED = Row(8, "whispered", ALICE, BOB, "", "alice", "bob", AT, "psst")


class PostTest(SynchronousTestCase):
    def event(self, row: Row) -> Post:
        return stored(row).event

    def test_kinds(self) -> None:
        """Each kind of row becomes its kind of event, with the row's fields."""
        at = AT / 1000
        for row, expected in [
            (SAID, Said(7, "lobby", "alice", at, "hi")),
            (SAID._replace(kind="acted"), Acted(7, "lobby", "alice", at, "hi")),
            (SAID._replace(kind="topic"), TopicChanged(7, "lobby", "alice", at, "hi")),
            (WHISPERED, Whispered(8, "", "alice", at, "bob", "psst")),
            (SAID._replace(kind="edited", target=3), Edited(7, "lobby", "alice", at, 3, "hi", "")),
            (SAID._replace(kind="deleted", target=3, text=""), Deleted(7, "lobby", "alice", at, 3, "")),
        ]:
            self.assertEqual(self.event(row), expected)

    def test_every_kind(self) -> None:
        """There is no kind of row without an event."""
        for kind in Kind:
            target = 3 if kind in (Kind.EDITED, Kind.DELETED) else None
            row = WHISPERED if kind == Kind.WHISPERED else SAID._replace(kind=kind.value, target=target)
            self.assertIsInstance(self.event(row), Post)

    def test_deeds(self) -> None:
        """The act of an operator is read from the row's text; an old row has only its sentence."""
        deed = Deed("ban", "banned bob", "bob", 5.0, "spam")
        found = self.event(SAID._replace(kind="moderated", text=deed.encode()))
        self.assertEqual(found, Moderated(7, "lobby", "alice", AT / 1000, "banned bob", "ban", "bob", 5.0, "spam"))
        old = self.event(SAID._replace(kind="moderated", text="banned bob"))
        self.assertEqual(old, Moderated(7, "lobby", "alice", AT / 1000, "banned bob"))

    def test_revised(self) -> None:
        """A message that was edited comes as it reads now, under its own number."""
        self.assertEqual(self.event(SAID._replace(revised="ho")), Edited(7, "lobby", "alice", AT / 1000, 7, "ho", ""))
        private = self.event(WHISPERED._replace(revised="ho"))
        self.assertEqual(private, Edited(8, "", "alice", AT / 1000, 8, "ho", "bob"))

    def test_gone(self) -> None:
        """A deleted message, and each edit of it, comes as its deletion, by the person who deleted it."""
        gone = SAID._replace(text="", gone_by="carol", gone_to="")
        self.assertEqual(self.event(gone), Deleted(7, "lobby", "carol", AT / 1000, 7, ""))
        edit = gone._replace(id=9, kind="edited", target=7)
        self.assertEqual(self.event(edit), Deleted(9, "lobby", "carol", AT / 1000, 7, ""))

    def test_routing(self) -> None:
        """A post has its author, and its reader if it is private."""
        self.assertEqual((stored(SAID).author, stored(SAID).reader), (ALICE, None))
        self.assertEqual((stored(WHISPERED).author, stored(WHISPERED).reader), (ALICE, BOB))


class RowTest(SynchronousTestCase):
    def test_sees(self) -> None:
        """A room sees what was said in it; what is private is seen by its two people, in whatever room they are."""
        self.assertTrue(sees(Audience(("dev", "lobby")), SAID))
        self.assertFalse(sees(Audience(("dev",), ALICE), SAID))
        self.assertEqual(
            [sees(Audience((), who), WHISPERED) for who in (ALICE, BOB, CAROL, None)], [True, True, False, False]
        )

    def test_is_message(self) -> None:
        """A message is what was said, acted or whispered, and is still there."""
        self.assertTrue(is_message(SAID) and is_message(WHISPERED))
        self.assertFalse(is_message(SAID._replace(kind="topic")))
        self.assertFalse(is_message(SAID._replace(gone_by="bob")))

    def test_newest(self) -> None:
        """The newest text is the last edit's; an edit to nothing is one too."""
        self.assertEqual(
            [row.newest for row in (SAID, SAID._replace(revised="ho"), SAID._replace(revised=""))], ["hi", "ho", ""]
        )

    @given(st.floats(allow_nan=False))
    def test_milliseconds(self, at: float) -> None:
        """Any time becomes a number that a journal can keep, to the millisecond; impossible ones become extremes."""
        found = milliseconds(at)
        self.assertLess(abs(found), 2**63)
        if math.isfinite(at) and abs(at) < 1e11:
            self.assertLessEqual(abs(found / 1000 - at), 0.0006)
