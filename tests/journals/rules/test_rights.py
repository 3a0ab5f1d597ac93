"""The rights to change messages, and the rows that drafts become."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.rule_book import RuleBook
from groupchat.journals.rules.rights import changing, no_such_message, refusal, written
from groupchat.journals.rules.rows import Row
from groupchat.model.drafts import Draft, FactChange
from groupchat.model.errors import AlreadyDeleted, NoSuchMessage, NotYours, Refusal, TooOld
from tests.journals.contract import ALICE, BOB, CAROL, NOON, deleted, edited, operating, said, topic, whispered

SAID = written(said("hi"), 7)
WHISPERED = written(whispered("psst", ALICE, BOB), 7)


BOOK = RuleBook()
"""By which bob is an operator."""
for one in operating(BOB).changes:
    assert isinstance(one, FactChange)
    BOOK.learn(one.fact)


def refused(draft: Draft, target: Row | None) -> Refusal | None:
    """Return why a change is refused where nothing was shown lately."""
    return refusal(draft, target, BOOK, lambda room, author, at, seconds: None)


class RefusalTest(SynchronousTestCase):
    def refused(self, draft: Draft, target: Row | None) -> str:
        """Return the name of the refusal; empty: it is allowed."""
        found = refused(draft, target)
        return "" if found is None else type(found).__name__

    def test_own(self) -> None:
        """A person may change their own messages, whatever these are, public or private."""
        for target in (SAID, WHISPERED, SAID._replace(kind="acted")):
            self.assertEqual([self.refused(draft, target) for draft in (edited(7, "x"), deleted(7))], ["", ""])

    def test_others(self) -> None:
        """Nobody changes what another said, but an operator."""
        self.assertEqual(self.refused(edited(7, "x", BOB), SAID), "NotYours")
        self.assertEqual(self.refused(deleted(7, BOB, anyones=True), SAID), "")

    def test_private(self) -> None:
        """A private message is unknown to anybody but its two people, to operators too; its reader does not own it."""
        for anyones in (False, True):
            self.assertEqual(self.refused(deleted(7, CAROL, anyones=anyones), WHISPERED), "NoSuchMessage")
        self.assertEqual(self.refused(deleted(7, BOB), WHISPERED), "NotYours")
        self.assertEqual(self.refused(deleted(7, BOB, anyones=True), WHISPERED), "")

    def test_no_message(self) -> None:
        """A number that is not there, or is not that of a message, is unknown, in the same words."""
        for target in (
            None,
            SAID._replace(kind="topic"),
            SAID._replace(kind="deleted"),
            SAID._replace(kind="moderated"),
        ):
            found = refused(edited(7, "x"), target)
            self.assertIsInstance(found, NoSuchMessage)
            self.assertEqual(str(found), str(no_such_message(7)))

    def test_newest(self) -> None:
        """A person who has said nothing and names no number is told so."""
        self.assertIn("You have no message", str(refused(edited(None, "x"), None)))

    def test_deleted(self) -> None:
        """Nobody changes a deleted message again."""
        gone = SAID._replace(text="", gone_by="bob", gone_to="")
        self.assertIsInstance(refused(deleted(7), gone), AlreadyDeleted)
        self.assertIsInstance(refused(edited(7, "x", anyones=True), gone), AlreadyDeleted)

    def test_age(self) -> None:
        """A message older than the draft allows is not changed, but by an operator."""
        late = Draft(edited(7, "x").kind, ALICE, "alice", NOON + 9, text="x", target=7, not_before=NOON + 1)
        found = refused(late, SAID)
        self.assertIsInstance(found, TooOld)
        self.assertIn("too old for you to edit", str(found))
        exactly = Draft(late.kind, ALICE, "alice", NOON + 9, text="x", target=7, not_before=NOON)
        self.assertEqual(self.refused(exactly, SAID), "")

    def test_secrets_first(self) -> None:
        """Only people who may see a private message learn that it is deleted or old."""
        gone = WHISPERED._replace(text="", gone_by="alice", gone_to="bob")
        self.assertIsInstance(refused(edited(7, "x", CAROL), gone), NoSuchMessage)
        self.assertIsInstance(refused(edited(7, "x", BOB), gone), NotYours)


class RowTest(SynchronousTestCase):
    def test_public(self) -> None:
        """A row of what is public has a room, and no reader."""
        self.assertEqual(SAID, Row(7, "said", ALICE, None, "lobby", "alice", "", round(NOON * 1000), "hi"))
        self.assertEqual(written(topic("ships"), 8).kind, "topic")

    def test_private(self) -> None:
        """A row of what is private has a reader, and no room."""
        self.assertEqual((WHISPERED.reader, WHISPERED.to, WHISPERED.room), (BOB, "bob", ""))

    @given(
        st.sampled_from([edited(7, "x", anyones=True), deleted(7, anyones=True)]), st.sampled_from([SAID, WHISPERED])
    )
    def test_seen_alike(self, draft: Draft, target: Row) -> None:
        """A change is seen by exactly those who see its target."""
        row = changing(draft, 8, target)
        self.assertEqual((row.room, row.reader), (target.room, target.reader))
        if target.reader is not None:
            self.assertEqual(row.author, target.author)
        self.assertEqual(row.target, 7)

    def test_operator(self) -> None:
        """An operator who deletes what was whispered to them is named, and its author is the other person."""
        row = changing(deleted(7, BOB, anyones=True), 8, WHISPERED)
        self.assertEqual((row.nick, row.to, row.author), ("bob", "alice", ALICE))
        row = changing(deleted(7, ALICE), 8, WHISPERED)
        self.assertEqual((row.nick, row.to), ("alice", "bob"))

    def test_text(self) -> None:
        """An edit has the new text, a deletion none, and neither has the old."""
        self.assertEqual(changing(edited(7, "x"), 8, SAID).text, "x")
        self.assertEqual(changing(deleted(7), 8, SAID).text, "")
