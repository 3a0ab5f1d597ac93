"""Sharing files: who may send one, and what becomes of it."""

from collections.abc import Collection
from hashlib import sha256
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.logger import LogLevel, capturedLogs
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import RankGiven
from groupchat.files.memory_shelf import MemoryShelf
from groupchat.model.drafts import Expire, StoredFile
from groupchat.model.errors import (
    Busy,
    FilesUnavailable,
    FileTooLarge,
    Muted,
    NoSuchFile,
    NoSuchNick,
    NoSuchTicket,
    NotAllowed,
    QuotaExceeded,
    RoomClosed,
)
from groupchat.model.events import Deleted, Done, Refused, Shared, Welcomed
from groupchat.model.ranks import Rank
from tests.house import House, Peer
from tests.people import establish

CAT = b"\x89PNG\r\n\x1a\n" + bytes(1000)


class SharingCase(SynchronousTestCase):
    """A house with a shelf in memory, where alice has an account and bob is a guest."""

    settings: dict[str, Any] = {}

    def setUp(self) -> None:
        self.house = House(registration="open", **self.settings)
        self.shelf = self.house.hall.sharing.shelf = MemoryShelf()
        self.hall = self.house.hall
        self.alice = self.house.connect("json").offer("alice", password="a good password", register=True)
        (self.bob,) = self.house.come("bob")
        self.alice.take()
        self.bob.take()

    def send(self, peer: Peer, name: str = "cat.png", **fields: object) -> Any:
        """Ask to send a file; return the fields of the answer."""
        peer.take()
        peer.do("send", name=name, **fields)
        (answer,) = peer.answers
        self.assertIsInstance(answer, Done, answer)
        assert isinstance(answer, Done)
        return answer.fields

    def refusal(self, peer: Peer, name: str = "cat.png", **fields: object) -> str:
        """Ask to send a file that is refused; return the code."""
        peer.take()
        peer.do("send", name=name, **fields)
        (code,) = peer.codes
        return code

    def upload(self, ticket: str, content: bytes = CAT, length: int | None = None) -> Any:
        """Send a content with a ticket; return the number of the post, or the refusal."""
        upload = self.hall.sharing.redeem(ticket, length, lambda: None)
        upload.write(content)
        return result(upload.finish())

    def share(self, peer: Peer, content: bytes = CAT, **fields: Any) -> int:
        """Share a file; return its number."""
        number: int = self.upload(self.send(peer, **fields)["ticket"], content)
        return number

    def fetch(self, link: str) -> Any:
        """Return the content at a link, or the refusal."""
        found = result(self.hall.sharing.fetch(link.split("/")[2]))
        if isinstance(found, Exception):
            return found
        with found[1] as file:
            return file.read()


def result(deferred: "Deferred[Any]") -> Any:
    """Return what a Deferred has fired with, or the exception."""
    found: list[Any] = []
    deferred.addBoth(found.append)
    (one,) = found
    return one.value if isinstance(one, Failure) else one


class SendTests(SharingCase):
    """From the offer to the post."""

    def test_welcome(self) -> None:
        """A program is told in the welcome how large a file can be, and nothing where no files are kept."""
        for shelf, expected in ((self.shelf, 16 * 1024 * 1024), (None, 0)):
            self.hall.sharing.shelf = shelf
            peer = self.house.connect("json").offer(f"carol{expected}")
            (welcome,) = [answer for answer in peer.answers if isinstance(answer, Welcomed)]
            self.assertEqual(welcome.file_limit, expected)

    def test_room(self) -> None:
        """What is sent is shown to everybody in the room, to who sent it too, and can be fetched."""
        fields = self.send(self.alice, size=len(CAT))
        self.assertEqual((fields["link"], fields["limit"]), (f"/f/{fields['ticket']}", len(CAT)))
        number = self.upload(fields["ticket"])
        for peer in (self.alice, self.bob):
            (event,) = peer.events
            assert isinstance(event, Shared)
            self.assertEqual((event.id, event.room, event.nick, event.name), (number, "lobby", "alice", "cat.png"))
            self.assertEqual((event.size, event.type, event.to), (len(CAT), "image/png", ""))
            self.assertEqual(self.fetch(event.link), CAT)
        self.assertEqual((self.hall.sharing.sent, self.hall.sharing.uploads), (1, 0))
        self.assertEqual(result(self.shelf.idle()), frozenset({*self.shelf._contents}))

    def test_private(self) -> None:
        """What is sent to one person is shown to these two only, and /reply answers it."""
        (carol,) = self.house.come("carol")
        number = self.share(self.alice, nick="bob")
        (event,) = [event for event in self.bob.events if isinstance(event, Shared)]
        self.assertEqual((event.id, event.to, event.room), (number, "bob", ""))
        self.assertEqual((event in self.alice.events, carol.events), (True, []))
        self.bob.take()
        self.bob.type("/reply nice cat")
        self.assertEqual(self.bob.codes, [])

    def test_typed(self) -> None:
        """People are told a line for curl, which can be pasted into a shell."""
        alice = self.house.connect().type("alice", "a good password")
        alice.take()
        for typed, begins in (
            ("/send cat.png", "curl -T cat.png http://192.0.2.9:5000/f/"),
            ('/send "my cat.png" bob', "curl -T 'my cat.png' http://192.0.2.9:5000/f/"),
            ("/send $(reboot).png", "curl -T '$(reboot).png' http://192.0.2.9:5000/f/"),
            ("/send a[1].png", "curl -g -T 'a[1].png' http://192.0.2.9:5000/f/"),
            ("/send -", "curl -T ./- http://192.0.2.9:5000/f/"),
        ):
            alice.type(typed)
            self.assertEqual(alice.told[-1][: len(begins)], begins)
        alice.take()
        alice.type("/send my cat.png")
        self.assertEqual(alice.codes, ["no-such-nick"])
        alice.type("/send ../../etc/passwd", "/send")
        self.assertEqual(alice.codes[1:], ["bad-arguments", "bad-arguments"])

    def test_query(self) -> None:
        """What is sent in a private conversation goes to that person, and to nobody else."""
        self.alice.do("query", nick="bob")
        self.share(self.alice)
        (event,) = self.bob.events
        assert isinstance(event, Shared)
        self.assertEqual(event.to, "bob")

    def test_reply_and_key(self) -> None:
        """A file can answer a message; with the same key it is posted once."""
        self.bob.say("show me your cat")
        first = self.share(self.alice, reply=1, key="k")
        (event,) = [event for event in self.bob.events if isinstance(event, Shared)]
        self.assertEqual((event.reply, event.reply_nick), (1, "bob"))
        self.assertEqual(self.share(self.alice, CAT + b"other", key="k"), first)
        self.assertEqual(self.shelf.count, 2)
        result(self.hall.sharing.tidy())
        self.assertEqual(self.shelf.count, 1)
        self.assertEqual(self.fetch(event.link), CAT)

    def test_once(self) -> None:
        """A ticket is used once; one whose file did not arrive can be used again, until it is too old."""
        ticket = self.send(self.alice)["ticket"]
        broken = self.hall.sharing.redeem(ticket, None, lambda: None)
        with self.assertRaises(NoSuchTicket):
            self.hall.sharing.redeem(ticket, None, lambda: None)
        broken.write(CAT)
        broken.abort()
        broken.abort()
        self.assertIsInstance(self.upload(ticket), int)
        for wrong in (ticket, "", "x", "../" * 9):
            with self.assertRaises(NoSuchTicket):
                self.upload(wrong)
        late = self.send(self.alice)["ticket"]
        self.house.clock.advance(600)
        with self.assertRaises(NoSuchTicket):
            self.upload(late)
        self.assertEqual((len(self.hall.sharing.tickets), self.hall.sharing.uploads), (0, 0))

    def test_size(self) -> None:
        """A ticket is good for as much as was announced, and no file is larger than the setting allows."""
        ticket = self.send(self.alice, size=10)["ticket"]
        with self.assertRaises(FileTooLarge):
            self.hall.sharing.redeem(ticket, 11, lambda: None)
        self.assertIsInstance(self.upload(ticket, b"x" * 11), FileTooLarge)
        self.assertIsInstance(self.upload(ticket, b"x" * 10), int)
        self.assertEqual(self.refusal(self.alice, size=16 * 2**20 + 1), "file-too-large")
        (answer,) = self.alice.answers
        assert isinstance(answer, Refused)
        self.assertIn("16,777,216 bytes", answer.text)
        self.assertIn("16,777,217 bytes", answer.text)
        self.assertEqual(self.shelf.count, 1)

    def test_names(self) -> None:
        """A name arrives as it is, or is refused."""
        for name in ("../../etc/passwd", "a\r\nb", "x" * 300, "photo\u202egpj.exe", ""):
            self.assertEqual(self.refusal(self.alice, name), "bad-arguments")
        self.upload(self.send(self.alice, "👩‍👩‍👧 猫.png")["ticket"])
        (event,) = self.bob.events
        assert isinstance(event, Shared)
        self.assertEqual(event.name, "👩‍👩‍👧 猫.png")


class RefusalTests(SharingCase):
    """Who may not send."""

    def operator(self) -> None:
        """Make alice an operator."""
        account = self.hall.accounts.find("alice")
        assert account is not None
        establish(self.hall, RankGiven(account.author, Rank.OPERATOR, "server", self.house.now()))

    def member(self, nick: str) -> Peer:
        """Return somebody else with an account."""
        return self.house.connect("json").offer(nick, password=f"{nick}'s password", register=True)

    def test_guests(self) -> None:
        """Guests share nothing, unless the settings allow it."""
        self.assertEqual(self.refusal(self.bob), "not-allowed")
        self.hall.follow(self.hall.settings.replaced(guest_files=True))
        self.assertIsInstance(self.share(self.bob), int)

    def test_guest_who_left(self) -> None:
        """The ticket of a guest ends when they leave; that of an account does not."""
        self.hall.follow(self.hall.settings.replaced(guest_files=True))
        guest, own = self.send(self.bob)["ticket"], self.send(self.alice)["ticket"]
        self.bob.type("/exit")
        self.alice.do("exit")
        with self.assertRaises(NoSuchTicket):
            self.upload(guest)
        self.assertIsInstance(self.upload(own), int)

    def test_muted(self) -> None:
        """Who is muted is told at once; who is muted meanwhile is refused before the content, or at the end."""
        self.operator()
        carol = self.member("carol")
        first, second = self.send(carol)["ticket"], self.send(carol)["ticket"]
        under_way = self.hall.sharing.redeem(first, None, lambda: None)
        under_way.write(CAT)
        self.alice.do("mute", nick="carol", room="lobby")
        self.assertEqual(self.refusal(carol), "muted")
        with self.assertRaises(Muted):
            self.upload(second)
        self.assertIsInstance(result(under_way.finish()), Muted)
        result(self.hall.sharing.tidy())
        self.assertEqual((self.shelf.count, self.hall.sharing.uploads), (0, 0))
        self.assertEqual(self.hall.sharing.refused, {"muted": 2})

    def under_way(self, peer: Peer, **fields: Any) -> Any:
        """Begin to send a file of somebody, up to its end."""
        upload = self.hall.sharing.redeem(self.send(peer, **fields)["ticket"], None, lambda: None)
        upload.write(CAT)
        return upload

    def nothing_came(self) -> None:
        """See that nobody was shown a file, and that nothing is left of one."""
        result(self.hall.sharing.tidy())
        self.assertEqual([event for event in self.bob.events if isinstance(event, Shared)], [])
        self.assertEqual((self.shelf.count, self.hall.sharing.uploads), (0, 0))

    def test_erased_meanwhile(self) -> None:
        """Of somebody who is erased while they send a file nothing is posted, neither to a room nor privately."""
        self.operator()
        carol = self.member("carol")
        uploads = self.under_way(carol), self.under_way(carol, nick="bob")
        self.alice.do("forget", name="carol", yes=True)
        for upload in uploads:
            self.assertIsInstance(result(upload.finish()), NoSuchTicket)
        self.nothing_came()

    def test_account_given_up_meanwhile(self) -> None:
        """Who gives up their account while they send a file is a guest, or nobody, when it is posted."""
        carol, dora = self.member("carol"), self.member("dora")
        as_guest, as_nobody = self.under_way(carol), self.under_way(dora)
        for peer, nick in ((carol, "carol"), (dora, "dora")):
            peer.do("unregister", password=f"{nick}'s password")
        dora.do("exit")
        self.assertIsInstance(result(as_guest.finish()), NotAllowed)
        self.assertIsInstance(result(as_nobody.finish()), NoSuchTicket)
        self.nothing_came()

    def test_guest_who_left_meanwhile(self) -> None:
        """What a guest was sending with a ticket is not posted after they were put out."""
        self.operator()
        self.hall.follow(self.hall.settings.replaced(guest_files=True))
        carol = self.house.connect("json").offer("carol")
        upload = self.under_way(carol)
        self.alice.do("kick", nick="carol")
        self.assertIsInstance(result(upload.finish()), NoSuchTicket)
        self.nothing_came()

    def test_closed_and_slow(self) -> None:
        """The other decisions about a room hold for files too; slow mode counts a file as a message."""
        self.operator()
        carol = self.member("carol")
        carol.do("join", room="dev")
        ticket = self.send(carol, room="dev")["ticket"]
        self.alice.do("close", room="dev")
        with self.assertRaises(RoomClosed):
            self.upload(ticket)
        self.alice.do("slow", room="lobby", seconds=30)
        self.share(carol, room="lobby")
        self.assertEqual(self.refusal(carol, room="lobby"), "slow-mode")
        carol.take()
        carol.say("hi", room="lobby")
        self.assertEqual(carol.codes, ["slow-mode"])
        self.house.clock.advance(31)
        self.assertIsInstance(self.share(carol, room="lobby"), int)

    def test_reader_who_left(self) -> None:
        """What is for somebody who has left for good is sent to nobody."""
        ticket = self.send(self.alice, nick="bob")["ticket"]
        self.bob.type("/exit")
        self.assertIsInstance(self.upload(ticket), NoSuchNick)
        result(self.hall.sharing.tidy())
        self.assertEqual(self.shelf.count, 0)

    def test_no_shelf(self) -> None:
        """Where no files are kept, or nothing is served over HTTP, that is said."""
        self.hall.follow(self.hall.settings.replaced(web=False))
        self.assertEqual(self.refusal(self.alice), "files-unavailable")
        self.hall.follow(self.hall.settings.replaced(web=True))
        self.hall.sharing.shelf = None
        self.assertEqual(self.refusal(self.alice), "files-unavailable")
        self.assertIsInstance(self.fetch("/f/x/y"), NoSuchFile)

    def test_room_or_person(self) -> None:
        """A file goes to one place, which must be there."""
        self.assertEqual(self.refusal(self.alice, room="lobby", nick="bob"), "bad-arguments")
        self.assertEqual(self.refusal(self.alice, room="dev"), "not-in-room")
        self.assertEqual(self.refusal(self.alice, nick="nobody"), "no-such-nick")


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
        result(self.hall.sharing.tidy())
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
        self.hall.sharing.shelf = MemoryShelf(100)
        self.assertEqual(self.refusal(self.alice, size=101), "files-unavailable")
        fields = self.send(self.alice)
        self.assertEqual(fields["limit"], 100)
        self.assertIsInstance(self.upload(fields["ticket"], b"x" * 101), FileTooLarge)


class RemovalTests(SharingCase):
    """What is deleted is gone."""

    def test_deleted(self) -> None:
        """A link ends at once when its post is deleted; its content is removed if nothing else names it."""
        first, second = self.share(self.alice), self.share(self.alice, nick="bob")
        links = [event.link for event in self.bob.events if isinstance(event, Shared)]
        self.alice.do("delete", id=first)
        self.assertIsInstance(self.fetch(links[0]), NoSuchFile)
        result(self.hall.sharing.tidy())
        self.assertEqual(self.fetch(links[1]), CAT)
        self.alice.do("delete", id=second)
        self.assertIsInstance([*self.bob.events][-1], Deleted)
        result(self.hall.sharing.tidy())
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
        result(self.hall.sharing.tidy())
        self.assertEqual(self.shelf.count, 1)
        self.alice.do("purge", nick="carol", duration=3600, room="lobby")
        self.assertEqual([event.target for event in self.bob.events if isinstance(event, Deleted)], [first, second])
        result(self.hall.sharing.tidy())
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
        result(self.hall.sharing.tidy())
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
        result(self.hall.sharing.tidy())
        self.assertEqual(self.shelf.count, 0)

    def test_nothing_to_do(self) -> None:
        """As long as nothing was removed, nothing is looked at."""
        self.share(self.alice)
        result(self.hall.sharing.tidy())
        asked: list[None] = []
        self.hall.sharing.shelf = Asked(asked)
        result(self.hall.sharing.tidy())
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
        hall.sharing.shelf = MemoryShelf()
        result(hall.sharing.open())
        self.assertIsInstance(result(hall.sharing.fetch(event.link.split("/")[2])), NoSuchFile)

    def test_shelf_that_cannot_be_read(self) -> None:
        """If the files cannot be looked through at the start, it starts all the same, and tidies up later."""
        self.share(self.alice)
        hall = self.house.reopened()
        shelf = hall.sharing.shelf = Unreadable()
        with capturedLogs() as logged:
            result(hall.sharing.open())
        self.assertEqual([event["log_level"] for event in logged], [LogLevel.error])
        result(shelf.receive(10, lambda: None).finish())
        shelf.release(sha256(b"").hexdigest())
        result(hall.sharing.tidy())
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
