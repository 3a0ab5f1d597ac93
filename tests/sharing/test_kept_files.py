"""The contents of shared files: what nobody needs any more is removed, and what is missing is told."""

from collections.abc import Collection
from hashlib import sha256

from twisted.internet.defer import Deferred, fail
from twisted.logger import LogLevel, capturedLogs

from groupchat.facts.account_facts import RankGiven
from groupchat.files.memory_shelf import MemoryShelf
from groupchat.model.drafts import Expire, StoredFile
from groupchat.model.errors import (
    FilesUnavailable,
    NoSuchFile,
)
from groupchat.model.events import Deleted, Shared
from groupchat.model.ranks import Rank
from tests.people import establish
from tests.sharing.cases import CAT, SharingCase, result


class RemovalTests(SharingCase):
    """What is deleted is gone."""

    def test_deleted(self) -> None:
        """A link ends at once when its post is deleted; its content is removed if nothing else names it."""
        first, second = self.share(self.alice), self.share(self.alice, nick="bob")
        links = [event.link for event in self.bob.events if isinstance(event, Shared)]
        self.alice.do("delete", id=first)
        self.assertIsInstance(self.fetch(links[0]), NoSuchFile)
        result(self.hall.sharing.files.tidy())
        self.assertEqual(self.fetch(links[1]), CAT)
        self.alice.do("delete", id=second)
        self.assertIsInstance([*self.bob.events][-1], Deleted)
        result(self.hall.sharing.files.tidy())
        self.assertEqual((self.shelf.count, self.shelf.kept), (0, 0))

    def test_operators(self) -> None:
        """Operators delete files of others, and purge them with everything else somebody said."""
        account = self.hall.accounts.find("alice")
        assert account is not None
        establish(self.hall, RankGiven(account.author, Rank.OPERATOR, "server", self.house.now()))
        carol = self.house.connect("json").offer("carol", password="carol's password", register=True)
        first, second = self.share(carol), self.share(carol, CAT + b"2")
        self.alice.do("delete", id=first)
        self.assertIn("deleted #1 of carol", str(self.alice.events))
        result(self.hall.sharing.files.tidy())
        self.assertEqual(self.shelf.count, 1)
        self.alice.do("purge", nick="carol", duration=3600, room="lobby")
        self.assertEqual([event.target for event in self.bob.events if isinstance(event, Deleted)], [first, second])
        result(self.hall.sharing.files.tidy())
        self.assertEqual(self.shelf.count, 0)

    def test_forgotten(self) -> None:
        """When a person is erased, nobody can fetch what they shared any more."""
        account = self.hall.accounts.find("alice")
        assert account is not None
        establish(self.hall, RankGiven(account.author, Rank.OPERATOR, "server", self.house.now()))
        carol = self.house.connect("json").offer("carol", password="carol's password", register=True)
        self.share(carol)
        (event,) = [event for event in self.bob.events if isinstance(event, Shared)]
        self.alice.do("forget", name="carol", yes=True)
        self.assertIsInstance(self.fetch(event.link), NoSuchFile)
        result(self.hall.sharing.files.tidy())
        self.assertEqual(self.shelf.count, 0)

    def test_unread(self) -> None:
        """Files are counted among what is new to somebody who was away, also those sent to them alone."""
        carol = self.house.connect("json").offer("carol", password="carol's password", register=True)
        carol.do("exit")
        self.share(self.alice, nick="carol")
        self.share(self.alice)
        again = self.house.connect("json").offer("carol", password="carol's password", since="head")
        self.assertIn("'new': 1", str([answer for answer in again.answers if type(answer).__name__ == "Listed"]))
        text = self.house.connect().type("carol", "carol's password")
        self.assertIn("cat.png", str(text.screen.shown))

    def test_purged_and_expired(self) -> None:
        """What operators purge, and what is too old, is removed likewise."""
        self.share(self.alice)
        result(self.house.journal.append([Expire(self.house.now() + 1)]))
        self.hall.stream.removed()
        result(self.hall.sharing.files.tidy())
        self.assertEqual(self.shelf.count, 0)

    def test_nothing_to_do(self) -> None:
        """As long as nothing was removed, nothing is looked at."""
        self.share(self.alice)
        result(self.hall.sharing.files.tidy())
        asked: list[None] = []
        self.hall.sharing.files.shelf = Asked(asked)
        result(self.hall.sharing.files.tidy())
        self.assertEqual(asked, [])

    def test_not_edited(self) -> None:
        """A file is not changed, also not by a correction."""
        number = self.share(self.alice)
        self.alice.take()
        self.alice.do("edit", id=number, text="dog.png")
        self.alice.type("s/cat/dog/")
        self.assertEqual(self.alice.codes, ["bad-arguments", "bad-arguments"])

    def test_after_a_restart(self) -> None:
        """At the start a content that no post names goes, and a link whose content is missing says so."""
        self.share(self.alice)
        (event,) = self.bob.events
        assert isinstance(event, Shared)
        hall = self.house.reopened()
        hall.sharing.files.shelf = MemoryShelf()
        result(hall.sharing.files.open())
        self.assertIsInstance(result(hall.sharing.files.fetch(event.link.split("/")[2])), NoSuchFile)

    def test_shelf_that_cannot_be_read(self) -> None:
        """If the files cannot be looked through at the start, it starts all the same, and tidies up later."""
        self.share(self.alice)
        hall = self.house.reopened()
        shelf = hall.sharing.files.shelf = Unreadable()
        with capturedLogs() as logged:
            result(hall.sharing.files.open())
        self.assertEqual([event["log_level"] for event in logged], [LogLevel.error])
        result(shelf.receive(10, lambda: None).finish())
        shelf.release(sha256(b"").hexdigest())
        result(hall.sharing.files.tidy())
        self.assertEqual(shelf.count, 0)


class Unreadable(MemoryShelf):
    """A shelf that cannot be looked through."""

    def sweep(self, known: Collection[StoredFile]) -> "Deferred[list[str]]":
        return fail(FilesUnavailable("The disk does not give files just now."))


class Asked(MemoryShelf):
    """A shelf that notes when it is asked what is idle."""

    def __init__(self, asked: list[None]) -> None:
        super().__init__()
        self._asked = asked

    def idle(self) -> "Deferred[frozenset[str]]":
        self._asked.append(None)
        return super().idle()
