"""Posts as lines, and back."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.exchange.post_lines import read, written
from groupchat.journals.rules.rows import Row
from groupchat.model.drafts import Deed
from tests.admin.cases import DAY, NOON
from tests.admin.test_transcripts import DELETED, EDITED, MODERATED, SAID, WHISPERED


class WrittenTest(SynchronousTestCase):
    def test_plain(self) -> None:
        """A message has its number, kind, room, nickname, author, time and text."""
        expected = {"id": 1, "kind": "said", "room": "lobby", "nick": "alice", "at": "2026-11-21T12:00:00.000Z"}
        self.assertEqual(written(SAID, None), {**expected, "author": "11", "text": "zebra one"})

    def test_private(self) -> None:
        """A private message has the nickname of the other person, and who that is."""
        line = written(WHISPERED, None)
        self.assertEqual((line["to"], line["reader"]), ("bob", "22"))

    def test_changed(self) -> None:
        """An edited message has its newest text; a deleted one has the name of the person who deleted it."""
        fields = written(EDITED, None)
        self.assertEqual((fields["text"], fields["edited"]), ("okapi & more", True))
        fields = written(DELETED, None)
        self.assertEqual((fields["deleted_by"], "text" in fields), ("carol", False))

    def test_changes(self) -> None:
        """An edit names its message, and has the text that is shown now, or who deleted it."""
        edit = SAID._replace(id=5, kind="edited", target=4, text="in between", room="zoo")
        fields = written(edit, EDITED)
        self.assertEqual((fields["message"], fields["message_at"]), (4, "2026-11-22T12:00:00.000Z"))
        self.assertEqual((fields["text"], "edited" in fields), ("okapi & more", False))
        fields = written(edit._replace(text="", gone_by="carol"), DELETED)
        self.assertEqual((fields["deleted_by"], "text" in fields), ("carol", False))
        self.assertNotIn("text", written(edit._replace(kind="deleted"), DELETED))

    def test_moderated(self) -> None:
        """An act of an operator has a sentence for people, and fields for programs; an old row has the sentence."""
        fields = written(MODERATED, None)
        self.assertEqual(fields["text"], "banned bob for 1 hour")
        expected = ("ban", "bob", "2026-11-21T13:00:00.000Z", "spam")
        self.assertEqual(tuple(fields[name] for name in ("act", "target", "until", "reason")), expected)
        old = written(MODERATED._replace(text="kicked bob"), None)
        self.assertEqual((old["text"], old["act"], old["until"]), ("kicked bob", "", None))

    def test_odd_rows(self) -> None:
        """Times that no calendar has, and characters that nobody is shown, come out so that they can be imported."""
        for at in (-(2**53), 2**53, -62135596800000, 253402300799999):
            ends = Deed("ban", "x", until=at / 1000).encode()
            for row in (SAID._replace(at=at), MODERATED._replace(at=at, text=ends)):
                line = written(row, None)
                self.assertEqual(written(read(line).row, None), line)
        row = SAID._replace(text="a\x1b[2Jb\n\ud800")
        self.assertEqual(read(written(row, None)).row.text, "ab")

    @given(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(str.strip),
        st.sampled_from([SAID, WHISPERED, EDITED]),
        st.integers(0, round((NOON + DAY) * 1000)),
    )
    def test_there_and_back(self, words: str, row: Row, at: int) -> None:
        """What is written is read as it was, however often."""
        line = written(row._replace(at=at, text=words, revised=None), None)
        if line["text"]:
            again = read(line).row
            self.assertEqual((again.at, written(again, None)), (at, line))
