"""One transaction: how drafts are numbered and judged."""

import sqlite3
from typing import cast

from groupchat.journals.sqlite.gone import Gone
from groupchat.journals.sqlite.transaction import Transaction, book_of
from groupchat.model.drafts import Draft, Outcome, Repeated, StoredPost
from groupchat.model.errors import AlreadyDeleted, NoSuchMessage
from groupchat.model.events import Deleted, Edited
from tests.journals.contract import ALICE, BOB, NOON, deleted, edited, said, whispered
from tests.journals.sqlite.files import FileCase


class TransactionTest(FileCase):
    def transaction(self) -> Transaction:
        """Begin a transaction after what is there."""
        database = cast(sqlite3.Connection, self.database)
        newest = database.execute("SELECT at FROM posts ORDER BY id DESC LIMIT 1").fetchone()
        database.execute("BEGIN")
        self.addCleanup(database.execute, "ROLLBACK")
        gone, book = Gone(database), book_of(database)
        return Transaction(database, self.writer.index, gone, book, self.writer.head, newest and newest[0])

    def take(self, *drafts: Draft) -> tuple[Transaction, list[Outcome]]:
        transaction = self.transaction()
        outcomes = [transaction.take(draft) for draft in drafts]
        transaction.finish()
        return transaction, outcomes

    def stored(self) -> list[tuple[object, ...]]:
        return self.database.execute("SELECT id, kind, text FROM posts ORDER BY id").fetchall()

    def test_numbers(self) -> None:
        """Drafts get the next numbers in their order, whatever way they take."""
        self.append(said("a"))
        transaction, _ = self.take(said("b"), whispered("c", ALICE, BOB), said("d"))
        self.assertEqual(self.stored(), [(1, "said", "a"), (2, "said", "b"), (3, "whispered", "c"), (4, "said", "d")])
        self.assertEqual(transaction.head, 4)

    def test_changes_see_what_came_before(self) -> None:
        """A change sees the drafts before it, and the changes of these."""
        transaction, outcomes = self.take(said("a"), edited(1, "b"), deleted(1), deleted(1))
        events = [outcome.event for outcome in outcomes if isinstance(outcome, StoredPost)]
        self.assertEqual([type(event) for event in events[1:]], [Edited, Deleted])
        self.assertIsInstance(outcomes[3], AlreadyDeleted)
        self.assertTrue(transaction.deletes)

    def test_refused(self) -> None:
        """A refused draft uses up no number, and does not hinder the others."""
        transaction, outcomes = self.take(edited(9, "x"), said("a"))
        self.assertIsInstance(outcomes[0], NoSuchMessage)
        self.assertEqual((transaction.head, transaction.deletes), (1, False))

    def test_keys(self) -> None:
        """A key is stored once, also within one transaction, and each author has their own."""
        self.append(said("a", key="k"))
        _, outcomes = self.take(said("b", key="k"), said("c", BOB, key="k"), said("d", BOB, key="k"))
        self.assertEqual([outcomes[0], outcomes[2]], [Repeated(1), Repeated(2)])

    def test_spans(self) -> None:
        """A span of time begins with the first post, and with each that is older than the one before."""
        self.append(said("a", at=NOON))
        self.take(said("b", at=NOON + 1), said("c", at=NOON - 5), said("d", at=NOON - 5), whispered("e", ALICE, BOB))
        found = [first for (first,) in self.database.execute("SELECT first FROM spans ORDER BY first")]
        self.assertEqual(found, [1, 3])
