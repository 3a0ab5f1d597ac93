"""The index of words and authors."""

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from groupchat.journals.rules.finding import Finder
from groupchat.journals.sqlite.index import CHARACTERS, Index, expression
from groupchat.model.drafts import Audience
from groupchat.model.errors import BadArguments
from groupchat.model.message.sought import Sought, Whose
from tests.journals.contract import ALICE, BOB, LOBBY, deleted, edited, said, topic, whispered
from tests.journals.sqlite.files import FileCase


class IndexTest(FileCase):
    def fill(self, count: int = 100) -> None:
        self.writer.index.fill(self.writer.head, count)

    def found(self, word: str, audience: Audience = LOBBY) -> list[int]:
        """Return the numbers that the index itself has for a word."""
        query = expression(audience, Finder(Sought(phrases=(word,))))
        rows = self.database.execute("SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid", (query,))
        return [id for (id,) in rows]

    def test_filled(self) -> None:
        """Indexed messages are found by their words, by people who may see them; topics are not indexed."""
        self.append(said("red fox"), said("red", room="dev"), whispered("red", ALICE, BOB), topic("red"))
        self.assertEqual(self.found("red"), [])
        self.fill()
        self.assertEqual(self.writer.index.upto, 4)
        self.assertEqual([self.found("red"), self.found("fox"), self.found("blue")], [[1], [1], []])
        self.assertEqual(self.found("red", Audience((), BOB)), [3])
        self.assertEqual(self.found("red", Audience(("lobby", "dev"), ALICE)), [1, 2, 3])

    def test_pieces(self) -> None:
        """A piece ends with its last message; what follows is the next one's."""
        self.append(*(said("red") for _ in range(5)))
        self.fill(2)
        self.assertEqual((self.writer.index.upto, self.found("red")), (2, [1, 2]))
        self.fill(2)
        self.assertEqual((self.writer.index.upto, self.found("red")), (4, [1, 2, 3, 4]))

    def test_large_pieces(self) -> None:
        """A piece ends when it has many characters, however few messages these are; nothing is left out."""
        self.append(*(said("red " * 1000) for _ in range(30)))
        self.fill()
        self.assertEqual(self.writer.index.upto, -(-CHARACTERS // 4000))
        while self.writer.index.upto < 30:
            self.fill()
        self.assertEqual(self.found("red"), list(range(1, 31)))

    def test_remembered(self) -> None:
        """After a restart the index goes on where it was."""
        self.append(said("red"), said("red"))
        self.fill(1)
        self.again()
        self.assertEqual(self.writer.index.upto, 1)

    def test_nothing_twice(self) -> None:
        """A piece that fails is undone, and indexed the next time."""
        self.append(said("red"))
        self.database.fail("UPDATE counters", 10)
        self.assertRaises(sqlite3.OperationalError, self.fill)
        self.database.when = None
        self.assertFalse(self.database.in_transaction)
        self.assertEqual((self.writer.index.upto, self.found("red")), (0, []))
        self.fill()
        self.assertEqual(self.found("red"), [1])

    def test_changes(self) -> None:
        """An indexed message is found by its newest text, and when deleted not at all."""
        self.append(said("red"), said("red"))
        self.fill()
        self.append(edited(1, "blue"), deleted(2))
        self.assertEqual([self.found("red"), self.found("blue")], [[], [1]])

    def test_changes_before(self) -> None:
        """Changes of what is not indexed yet do not touch the index; it is indexed as it then reads."""
        self.append(said("red"), said("red"), edited(1, "blue"), deleted(2))
        self.fill()
        self.assertEqual([self.found("red"), self.found("blue")], [[], [1]])

    def test_authors(self) -> None:
        """The messages of each author are listed, but for those deleted."""
        self.append(said("a"), said("b", BOB), said("c"))
        self.fill()
        self.append(deleted(3))
        rows = self.database.execute("SELECT author, id FROM authored ORDER BY id").fetchall()
        self.assertEqual(rows, [(ALICE, 1), (BOB, 2)])

    def test_merged(self) -> None:
        """After a merge to the end there is nothing more to do."""
        for number in range(20):
            self.append(said(f"red {number}"))
            self.fill()
        index: Index = self.writer.index
        self.assertTrue(index.merge(True))
        for _ in range(100):
            if not index.merge(False):
                break
        else:
            self.fail("the merge never ends")
        self.assertEqual(len(self.found("red")), 20)


class ExpressionTest(FileCase):
    @given(st.text(st.characters(categories=["L", "N", "So", "Zs", "Po"])), st.booleans())
    def test_inert(self, words: str, is_whole: bool) -> None:
        """Whatever the words are, the query is one that FTS5 understands: none of them is an operator."""
        has = {
            "has": ("file",),
            "has_not": ("link",),
            "whose": Whose(ALICE),
            "not_whose": (Whose(BOB), Whose(None, "x")),
        }
        for more in {}, has, {"without": (words,)}:
            try:
                finder = Finder(Sought(phrases=(words,), **more) if is_whole else Sought(words, **more))
            except BadArguments:
                return
            for audience in Audience(("lobby", 'a"b OR'), ALICE), Audience((), ALICE, BOB):
                query = expression(audience, finder)
                self.database.execute("SELECT rowid FROM search WHERE search MATCH ?", (query,)).fetchall()

    def test_rooms_once(self) -> None:
        """A room that is named twice is asked for once."""
        finder = Finder(Sought("x"))
        self.assertEqual(expression(LOBBY, finder), expression(Audience(("lobby", "lobby")), finder))
