"""Sharing files: who may send one, and what becomes of it."""

from typing import Any

from groupchat.facts.account_facts import RankGiven
from groupchat.model.errors import (
    FileTooLarge,
    Muted,
    NoSuchFile,
    NoSuchNick,
    NoSuchTicket,
    NotAllowed,
    RoomClosed,
)
from groupchat.model.events import Refused, Shared, Welcomed
from groupchat.model.ranks import Rank
from tests.house import Peer
from tests.people import establish
from tests.sharing.cases import CAT, SharingCase, result


class SendTests(SharingCase):
    """From the offer to the post."""

    def test_welcome(self) -> None:
        """A program is told in the welcome how large a file can be, and nothing where no files are kept."""
        for shelf, expected in ((self.shelf, 16 * 1024 * 1024), (None, 0)):
            self.hall.sharing.files.shelf = shelf
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
        self.assertEqual((self.hall.sharing.sent, len(self.hall.sharing.uploads)), (1, 0))
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
        result(self.hall.sharing.files.tidy())
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
        self.assertEqual((len(self.hall.sharing.tickets), len(self.hall.sharing.uploads)), (0, 0))

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
        result(self.hall.sharing.files.tidy())
        self.assertEqual((self.shelf.count, len(self.hall.sharing.uploads)), (0, 0))
        self.assertEqual(self.hall.sharing.uploads.refused, {"muted": 2})

    def under_way(self, peer: Peer, **fields: Any) -> Any:
        """Begin to send a file of somebody, up to its end."""
        upload = self.hall.sharing.redeem(self.send(peer, **fields)["ticket"], None, lambda: None)
        upload.write(CAT)
        return upload

    def nothing_came(self) -> None:
        """See that nobody was shown a file, and that nothing is left of one."""
        result(self.hall.sharing.files.tidy())
        self.assertEqual([event for event in self.bob.events if isinstance(event, Shared)], [])
        self.assertEqual((self.shelf.count, len(self.hall.sharing.uploads)), (0, 0))

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
        result(self.hall.sharing.files.tidy())
        self.assertEqual(self.shelf.count, 0)

    def test_no_shelf(self) -> None:
        """Where no files are kept, or nothing is served over HTTP, that is said."""
        self.hall.follow(self.hall.settings.replaced(web=False))
        self.assertEqual(self.refusal(self.alice), "files-unavailable")
        self.hall.follow(self.hall.settings.replaced(web=True))
        self.hall.sharing.files.shelf = None
        self.assertEqual(self.refusal(self.alice), "files-unavailable")
        self.assertIsInstance(self.fetch("/f/x/y"), NoSuchFile)

    def test_room_or_person(self) -> None:
        """A file goes to one place, which must be there."""
        self.assertEqual(self.refusal(self.alice, room="lobby", nick="bob"), "bad-arguments")
        self.assertEqual(self.refusal(self.alice, room="dev"), "not-in-room")
        self.assertEqual(self.refusal(self.alice, nick="nobody"), "no-such-nick")
