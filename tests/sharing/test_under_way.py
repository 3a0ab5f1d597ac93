"""How much is shared, and sent at a time."""

from groupchat.files.memory_shelf import MemoryShelf
from groupchat.model.errors import (
    Busy,
    FileTooLarge,
    QuotaExceeded,
)
from tests.sharing.cases import SharingCase, result


class LimitTests(SharingCase):
    """Quotas and space."""

    settings = {"files_per_account_bytes": 60_000, "files_total_bytes": 100_000, "uploads_each": 2, "uploads": 3}

    def test_quota(self) -> None:
        """Nobody shares more than they may; what is deleted is free again, at once."""
        number = self.share(self.alice, b"a" * 40_000)
        self.assertEqual(self.refusal(self.alice, size=20_001), "quota-exceeded")
        fields = self.send(self.alice)
        self.assertEqual(fields["limit"], 20_000)
        self.assertIsInstance(self.upload(fields["ticket"], b"b" * 20_001), FileTooLarge)
        self.alice.do("delete", id=number)
        self.assertEqual(self.send(self.alice)["limit"], 60_000)

    def test_quota_is_judged_at_the_end(self) -> None:
        """Two files that are sent at the same time cannot both take what is left."""
        first, second = (
            self.hall.sharing.redeem(self.send(self.alice)["ticket"], 40_000, lambda: None) for _ in range(2)
        )
        first.write(b"a" * 40_000)
        second.write(b"b" * 40_000)
        self.assertIsInstance(result(first.finish()), int)
        self.assertIsInstance(result(second.finish()), QuotaExceeded)
        result(self.hall.sharing.files.tidy())
        self.assertEqual(self.shelf.kept, 40_000)

    def test_total(self) -> None:
        """All files together take no more than the settings allow; what is under way counts."""
        bea = self.house.connect("json").offer("bea", password="a good password", register=True)
        self.share(self.alice, b"a" * 50_000)
        under_way = self.hall.sharing.redeem(self.send(bea)["ticket"], 48_000, lambda: None)
        self.assertEqual(self.refusal(self.alice, size=2_001), "files-unavailable")
        under_way.abort()
        self.assertIsInstance(self.share(bea, b"b" * 48_000), int)

    def test_at_once(self) -> None:
        """One person, and all together, send a few files at the same time; the ticket goes on being good."""
        tickets = [self.send(self.alice)["ticket"] for _ in range(3)]
        uploads = [self.hall.sharing.redeem(ticket, 10, lambda: None) for ticket in tickets[:2]]
        with self.assertRaises(Busy):
            self.hall.sharing.redeem(tickets[2], 10, lambda: None)
        uploads[0].abort()
        self.hall.sharing.redeem(tickets[2], 10, lambda: None).abort()

    def test_full_shelf(self) -> None:
        """A shelf that is full is told of before anything is sent."""
        self.hall.sharing.files.shelf = MemoryShelf(100)
        self.assertEqual(self.refusal(self.alice, size=101), "files-unavailable")
        fields = self.send(self.alice)
        self.assertEqual(fields["limit"], 100)
        self.assertIsInstance(self.upload(fields["ticket"], b"x" * 101), FileTooLarge)
