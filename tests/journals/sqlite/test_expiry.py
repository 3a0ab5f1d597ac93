"""Old rows are removed from a journal."""

from typing import Any, cast

from zope.interface.verify import verifyObject

from groupchat.interfaces.storage import IRetention
from groupchat.journals.sqlite.sqlite_journal import SqliteJournal
from groupchat.journals.tools.archive import Archive
from groupchat.journals.tools.audit import Audit
from groupchat.model.drafts import Kind, StoredSession
from groupchat.model.events import Said
from tests.admin.cases import ALICE, BOB, DAY, NOON, draft
from tests.journals.contract import LOBBY
from tests.journals.sqlite.files import THREADS, DataFolderCase


class ExpiryTest(DataFolderCase):
    def opened(self) -> SqliteJournal:
        journal = SqliteJournal(THREADS, self.path)
        self.addCleanup(journal.close)
        verifyObject(IRetention, journal)
        return journal

    def words(self, posts: object) -> list[str]:
        return [post.event.text for post in posts if isinstance(post.event, Said)]  # type: ignore[attr-defined]

    async def test_expired(self) -> None:
        """Older messages are gone from answers, searches and files; topics stay, and numbers go on."""
        old = [draft(ALICE, "alice", f"ancient{number}", number / 500) for number in range(500)]
        with Archive(self.path) as archive:  # which ends with everything indexed
            archive.append([draft(BOB, "bob", "rules", kind=Kind.TOPIC), *old])
            archive.append([draft(BOB, "bob", f"recent{number}", 3 + number / 10) for number in range(5)])
            archive.append([draft(BOB, "bob", "rewritten", 4, kind=Kind.EDITED, target=502)])
        journal = self.opened()
        self.assertEqual(len(await journal.search(LOBBY, "ancient333", 10)), 1)
        self.assertEqual(await journal.expire(NOON + 2 * DAY), 501)
        self.assertEqual(await journal.expire(NOON + 2 * DAY), 0)
        self.assertEqual(await journal.search(LOBBY, "ancient333", 10), [])
        found = await journal.recent(LOBBY, 10**9, 1000)
        self.assertEqual(self.words(found), [f"recent{number}" for number in range(1, 5)])
        between = await journal.between(LOBBY, NOON, NOON + 3.25 * DAY, 100)
        self.assertEqual([post.event.id for post in between], [502, 503, 504])
        self.assertEqual([room.topic for room in await journal.rooms()], ["rules"])
        (post,) = await journal.append([draft(BOB, "bob", "next", 5)])
        self.assertEqual(post.event.id, 508)  # type: ignore[union-attr]
        await journal.close()
        self.assertEqual(list(Audit(self.folder).faults()), [])
        self.assertFalse(b"ancient" in b"".join(file.read_bytes() for file in self.folder.iterdir()))
        self.assertEqual((await self.opened().rooms())[0].name, "lobby")

    async def test_everything(self) -> None:
        """A journal from which everything is removed goes on where it was."""
        journal = self.opened()
        await journal.append([draft(ALICE, "alice", "one"), draft(ALICE, "alice", "two", 1)])
        self.assertEqual(await journal.expire(NOON + 9 * DAY), 2)
        await journal.close()
        self.assertEqual(list(Audit(self.folder).faults()), [])
        journal = self.opened()
        self.assertEqual(journal.head, 2)
        await journal.append([draft(ALICE, "alice", "three", 10)])
        between = await journal.between(LOBBY, NOON, NOON + 99 * DAY, 9)
        self.assertEqual(self.words(between), ["three"])

    async def test_old_sessions(self) -> None:
        """Sessions last seen before a time are forgotten, however many; others are not, nor at a start."""
        journal = self.open()
        early = [StoredSession(ALICE, f"{number:064}", "alice", (), 0, NOON) for number in range(1203)]
        late = StoredSession(ALICE, "b" * 64, "alice", (), 0, NOON + 2)
        again = StoredSession(ALICE, f"{7:064}", "alice", (), 9, NOON + 3)
        await journal.append([early[0], late, *early[1:]])
        await journal.append([again])
        self.assertEqual(await cast(Any, journal).forget_sessions(NOON), 0)
        await journal.close()
        journal = self.open()
        self.assertEqual(await journal.recall(f"{1202:064}"), early[1202])
        self.assertEqual(await cast(Any, journal).forget_sessions(NOON + 1), 1202)
        self.assertEqual(await journal.recall(f"{1202:064}"), None)
        self.assertEqual(await journal.recall("b" * 64), late)
        self.assertEqual(await journal.recall(again.digest), again)
