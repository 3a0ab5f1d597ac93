"""The promises of every journal about files that are shared."""

from dataclasses import replace

from groupchat.model.drafts import (
    CHARGED_LEAST,
    Audience,
    Draft,
    Erase,
    Expire,
    Kind,
    SharedFile,
    StoredFile,
    StoredPost,
)
from groupchat.model.errors import AlreadyDeleted, BadArguments, QuotaExceeded, Refusal
from groupchat.model.events import SERVER, AuthorId, Deleted, Shared
from groupchat.model.message.sought import Sought
from tests.journals.cases import DecisionsCase
from tests.journals.contract import ALICE, BOB, CAROL, NOON, deleted, edited, said, topic, whispered

CAT = StoredFile("ca" * 32, 1_200_000, "image/jpeg")
NOTES = StoredFile("0e" * 32, 300, "text/plain")
ALL = Audience(("lobby", "dev"), BOB)
LOBBY = Audience(("lobby",))


def share(link: str, name: str = "cat.jpg", author: AuthorId = ALICE, file: StoredFile = CAT) -> Draft:
    """Draft a file in the lobby."""
    draft = replace(said(name, author), kind=Kind.SHARED, file=file, link=link)
    return replace(draft, within=("lobby",))


def private(link: str, author: AuthorId = ALICE, reader: AuthorId = BOB, file: StoredFile = CAT) -> Draft:
    """Draft a file for one person."""
    draft = whispered("cat.jpg", author, reader)
    return replace(draft, kind=Kind.SHARED, file=file, link=link, within=("lobby",))


class SharedContract(DecisionsCase):
    """Tests of every journal."""

    __test__ = False

    async def hashes(self, author: AuthorId | None = None) -> list[str]:
        """Return the hashes that are named."""
        return sorted(file.sha256 for file in await self.journal.kept_files(author))

    async def test_shared(self) -> None:
        """A file comes back as it went in: at once, on pages, by its link, by its name, and in lists."""
        outcomes = await self.append(share("AAA", "my cat é.jpg"), private("BBB"), said("nice"))
        public = StoredPost(
            Shared(1, "lobby", "alice", NOON, "my cat é.jpg", 1_200_000, "image/jpeg", "/f/AAA/my%20cat%20%C3%A9.jpg"),
            ALICE,
        )
        secret = StoredPost(
            Shared(2, "", "alice", NOON, "cat.jpg", 1_200_000, "image/jpeg", "/f/BBB/cat.jpg", "bob"), ALICE, BOB
        )
        self.assertEqual(outcomes[:2], [public, secret])
        for _ in range(2):
            self.assertEqual((await self.journal.page(ALL, 0, 9, 9))[:2], [public, secret])
            self.assertEqual(await self.ids(self.journal.recent(ALL, 9, 9)), [1, 2, 3])
            self.assertEqual(await self.ids(self.journal.search(ALL, Sought("cat"), 9)), [2, 1])
            self.assertEqual(await self.ids(self.journal.search(ALL, Sought("cat", has=("file",)), 9)), [2, 1])
            self.assertEqual(await self.ids(self.journal.search(ALL, Sought("cat", has_not=("file",)), 9)), [])
            self.assertEqual(await self.journal.shared("AAA"), SharedFile(public, CAT))
            self.assertIsNone(await self.journal.shared("CCC"))
            self.assertEqual(await self.journal.message(2), secret)
            self.assertEqual(
                await self.journal.files(ALL, None, 99, 9), [SharedFile(secret, CAT), SharedFile(public, CAT)]
            )
            self.assertEqual(await self.journal.files(LOBBY, None, 99, 9), [SharedFile(public, CAT)])
            self.assertEqual(await self.journal.files(ALL, BOB, 99, 9), [])
            self.assertEqual(await self.journal.files(ALL, ALICE, 2, 9), [SharedFile(public, CAT)])
            self.assertEqual(await self.journal.files(ALL, ALICE, 99, 1), [SharedFile(secret, CAT)])
            self.assertEqual(await self.hashes(), [CAT.sha256])
            await self.reopen()

    async def test_reply(self) -> None:
        """A file can answer a message, and be answered."""
        await self.append(said("show me"))
        first, second = await self.append(
            replace(share("AAA"), reply=1), replace(said("aww", BOB), reply=2, within=("lobby",))
        )
        assert isinstance(first, StoredPost)
        assert isinstance(first.event, Shared)
        self.assertEqual((first.event.reply, first.event.reply_nick), (1, "alice"))
        assert isinstance(second, StoredPost)
        self.assertEqual((await self.journal.page(ALL, 1, 3, 9)), [first, second])

    async def test_not_edited(self) -> None:
        """A file cannot be changed, and is nobody else's to remove."""
        await self.append(share("AAA"))
        change, theirs = await self.append(edited(1, "dog.jpg"), deleted(1, BOB))
        self.assertIsInstance(change, BadArguments)
        self.assertIsInstance(theirs, Refusal)
        self.assertIsNotNone(await self.journal.shared("AAA"))

    async def test_deleted(self) -> None:
        """A file that is deleted is in no list, and no link leads to it; what names the same content keeps it."""
        await self.append(share("AAA"), share("BBB", author=BOB), share("CCC", "notes.txt", file=NOTES))
        outcomes = await self.append(deleted(1), deleted(3), deleted(1))
        self.assertIsInstance(outcomes[2], AlreadyDeleted)
        for _ in range(2):
            self.assertIsNone(await self.journal.shared("AAA"))
            self.assertIsNotNone(await self.journal.shared("BBB"))
            self.assertEqual(await self.hashes(), [CAT.sha256])
            self.assertEqual(await self.hashes(ALICE), [])
            self.assertEqual(await self.ids(self.journal.search(ALL, Sought("notes"), 9)), [])
            page = await self.page(ALL)
            self.assertEqual([type(post) for post in page], [Deleted, Shared, Deleted, Deleted, Deleted])
            await self.reopen()

    async def test_expired(self) -> None:
        """What has expired names nothing any more."""
        await self.append(share("AAA"), share("BBB", "notes.txt", file=NOTES), topic("late"))
        await self.append(replace(said("later"), at=NOON + 100), Expire(NOON + 50))
        for _ in range(2):
            self.assertEqual(await self.hashes(), [])
            self.assertIsNone(await self.journal.shared("AAA"))
            self.assertEqual(await self.journal.files(ALL, None, 99, 9), [])
            await self.reopen()

    async def test_erased(self) -> None:
        """With a person go their files, and their name from those that they were sent."""
        await self.append(
            share("AAA"),
            private("BBB", BOB, ALICE, NOTES),
            share("CCC", author=CAROL),
            Erase("alice", "forgotten-1", SERVER),
        )
        for _ in range(2):
            self.assertIsNone(await self.journal.shared("AAA"))
            self.assertIsNotNone(await self.journal.shared("CCC"))
            found = await self.journal.shared("BBB")
            assert found is not None
            assert isinstance(found.post.event, Shared)
            self.assertEqual(found.post.event.to, "forgotten-1")
            self.assertEqual(await self.hashes(), sorted([CAT.sha256, NOTES.sha256]))
            self.assertEqual(await self.hashes(ALICE), [])
            await self.reopen()

    async def test_quota(self) -> None:
        """An author shares no more than their quota; what is shared again costs nothing, what is deleted is free."""
        quota = CAT.size + CHARGED_LEAST - 1
        first, again, refused, other = await self.append(
            *(replace(draft, quota=quota) for draft in (
                share("AAA"), share("BBB"), share("CCC", file=NOTES), share("DDD", author=BOB, file=NOTES),
            ))
        )  # fmt: skip
        self.assertEqual(
            [type(one) for one in (first, again, refused, other)], [StoredPost, StoredPost, QuotaExceeded, StoredPost]
        )
        self.assertIn("1.2 MB", str(refused))
        await self.append(deleted(1))
        (still,) = await self.append(replace(share("CCC", file=NOTES), quota=quota))
        self.assertIsInstance(still, QuotaExceeded)
        await self.append(deleted(2))
        (now,) = await self.append(replace(share("CCC", file=NOTES), quota=quota))
        self.assertIsInstance(now, StoredPost)
