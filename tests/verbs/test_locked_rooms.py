"""Locked rooms: nothing of them is told to anybody outside, by whichever command."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import Listed, Refused
from tests.house import House, Peer
from tests.people import member, operator


class OutsideTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.olga = operator(self.house, "olga")
        self.vera = member(self.house, "vera")
        self.olga.type("/join vault", "/op vera vault", "/topic the plan", "secret words")
        self.vera.type("/join vault", "/leave lobby")
        self.eve, self.gus = self.house.come("eve", "gus")
        self.eve.type("/join vault", "old words", "/leave vault")
        self.olga.type("/lock")
        (self.rita,) = self.house.come("rita", door="json")
        self.numbers = range(1, self.house.hall.stream.delivered + 3)
        for peer in (self.olga, self.vera, self.eve, self.gus, self.rita):
            peer.take()

    def told(self, peer: Peer) -> list[str]:
        """Return everything that somebody is shown, as text; it is forgotten."""
        return [repr(event) for event in peer.take()]

    def items(self, peer: Peer, line: str) -> list[str]:
        """Return the names of the items that a command lists."""
        peer.take()
        peer.type(line)
        (listed,) = (answer for answer in peer.answers if isinstance(answer, Listed))
        return [str(item.get("room") or item.get("nick") or item.get("text")) for item in listed.items]

    def test_lists(self) -> None:
        """No list names the room, its people as such, or their number; members, operators and the invited see it."""
        self.olga.type("/invite gus")
        for peer, is_in in (
            (self.eve, False),
            (self.rita, False),
            (self.gus, True),
            (self.olga, True),
            (self.vera, True),
        ):
            self.assertEqual("vault" in self.items(peer, "/rooms"), is_in)
            self.assertEqual(self.items(peer, "/complete /join va"), ["vault"] * is_in)
        self.eve.take()
        self.eve.type("/whois vera", "/status")
        shown = " ".join(self.told(self.eve))
        self.assertNotIn("vault", shown)
        self.assertIn("vera is in no room, here since", shown)
        self.assertIn("'rooms': 1,", shown)

    def test_same_as_none(self) -> None:
        """Whatever is asked about the room is answered as about one that does not exist."""
        some: dict[str, dict[str, object]] = {
            "nick": {"nick": "vera"}, "whom": {"whom": "vera"}, "text": {"text": "x"}, "seconds": {"seconds": 3},
        }  # fmt: skip
        asked = {
            "": "list topic history leave switch typing delete last mutes bans lock unlock modlog hook hooks catchup",
            "text": "topic say me edit",
            "nick": "kick mute unmute invite uninvite purge op deop",
            "whom": "ban unban",
            "seconds": "slow",
        }
        requests = [(name, some.get(field, {})) for field, names in asked.items() for name in names.split()]
        mia = member(self.house, "mia", "json")
        for author in (self.rita, mia):
            for name, fields in requests:
                author.take()
                author.do(name, **fields, room="vault")
                vault = " ".join(self.told(author))
                author.do(name, **fields, room="empty")
                self.assertEqual(vault.replace("vault", "empty"), " ".join(self.told(author)), name)
        self.eve.take()
        self.eve.type("/rooms after vault", "/list vault", "/search words", "/history", "/mentions")
        shown = " ".join(self.told(self.eve))
        self.assertNotIn("words", shown)
        self.eve.type("/rooms after empty", "/list empty", "/search words", "/history", "/mentions")
        self.assertEqual(shown.replace("vault", "empty"), " ".join(self.told(self.eve)))

    def test_quiet(self) -> None:
        """A quiet program that reads is told nothing of the room, not even that it is locked."""
        quiet = self.house.connect("json").offer("quiet", quiet=True)
        for request, fields in (
            ("list", {}), ("history", {}), ("history", {"since": 0}), ("last", {"nick": "eve"}), ("topic", {}),
            ("files", {}),
        ):  # fmt: skip
            quiet.take()
            quiet.do(request, **fields, room="vault")
            self.assertEqual(quiet.codes, ["no-such-room" if request in ("list", "topic") else "not-in-room"], request)
        quiet.take()
        quiet.do("search", text="in:vault words").say("hello", room="vault")
        self.assertEqual(quiet.codes, ["not-in-room", "room-locked"])

    def test_numbers(self) -> None:
        """No number tells whether it is one of the room's messages, or whose; nobody changes an old one of theirs."""
        for peer in (self.eve, self.gus):
            for number in self.numbers:
                for line in (f"/edit #{number} x", f"/delete #{number}", f"/goto #{number}"):
                    peer.take()
                    peer.type(line)
                    (answer,) = peer.answers
                    assert isinstance(answer, Refused), line
                    self.assertEqual(answer.text, f"There is no message #{number}. /history shows the numbers.")
        self.assertEqual((self.vera.take(), self.olga.take()), ([], []))

    def test_operators_of_other_rooms(self) -> None:
        """Whoever keeps order elsewhere is outside like anybody."""
        mia = member(self.house, "mia")
        self.olga.type("/op mia dev")
        mia.type("/join dev")
        self.olga.take()
        for number in self.numbers:
            mia.take()
            mia.type(f"/delete #{number}")
            self.assertEqual(mia.codes, ["no-such-message"], number)
        mia.take()
        mia.type("/invite eve vault", "/slow vault 3")
        self.assertEqual(mia.codes, ["not-allowed"] * 2)

    def test_visible(self) -> None:
        """A room that is locked to be seen is listed with its topic and people; its messages are nobody's business."""
        self.vera.type("/lock visible", "/lock vault visible")
        self.assertEqual(self.vera.codes, ["bad-arguments"])
        self.assertIn("vault", self.items(self.eve, "/rooms"))
        self.assertEqual(self.items(self.eve, "/list vault"), ["olga", "vera"])
        self.eve.take()
        self.eve.type("/whois vera", "/join vault", "/edit #1 x", "/delete #1", "/goto #1")
        self.assertEqual(self.eve.codes, ["room-locked", *["no-such-message"] * 3])
        self.assertIn("vera is in vault", " ".join(self.told(self.eve)))
        hall = self.house.reopened()
        self.assertTrue(hall.moderation.locked["vault"].visible)
        self.vera.type("/lock", "/lock vault")
        self.assertNotIn("vault", self.items(self.eve, "/rooms"))

    def test_server(self) -> None:
        """The server's own connection sees every room."""
        peer = self.house.connect("json")
        peer.session.serve()
        self.assertIn("vault", self.items(peer, "/rooms"))

    def test_greeting(self) -> None:
        """How many rooms somebody is in is told without the locked ones, before and after one is in."""
        before = self.house.connect("json")
        before.session.do("hello", {}, None)
        (hello,) = [answer for answer in before.answers if isinstance(answer, Listed)]
        self.assertEqual(hello.items[0]["rooms"], 1)

    def test_member_cut_off(self) -> None:
        """Somebody who was in the room when it was locked changes what they said, and somebody put out does not."""
        self.vera.type("mine")
        number = self.house.hall.stream.delivered
        self.vera.type(f"/edit #{number} changed")
        self.assertEqual(self.vera.codes, [])
        (hal,) = self.house.come("hal")
        self.olga.type("/invite hal")
        hal.type("/join vault", "hal's words")
        number = self.house.hall.stream.delivered
        self.olga.type("/uninvite hal vault")
        self.vera.type("/kick hal")
        hal.take()
        hal.type(f"/edit #{number} x", f"/delete #{number}")
        self.assertEqual(hal.codes, ["no-such-message"] * 2)


class StayingTests(SynchronousTestCase):
    """Whoever is in a room when it is locked stays, until they leave it or are put out."""

    def setUp(self) -> None:
        self.house = House()
        self.olga = operator(self.house, "olga", "json")
        self.tokens: dict[str, str] = {}
        self.mia = member(self.house, "mia", "json")
        self.gus, self.away = (self.guest(nick) for nick in ("gus", "away"))
        for peer in (self.olga, self.mia, self.gus, self.away):
            peer.do("join", room="vault")
        self.away.vanish()
        for peer in (self.mia, self.gus):
            peer.take()
        self.olga.do("lock", room="vault")

    def guest(self, nick: str) -> Peer:
        """Return a guest who can come back."""
        peer = self.house.connect("json").offer(nick)
        self.tokens[nick] = peer.token
        return peer

    def back(self, nick: str) -> list[str]:
        """Let a guest come back; return their rooms."""
        peer = self.house.connect("json").offer(nick, token=self.tokens[nick])
        rooms = list(peer.connection.rooms)
        peer.vanish()
        return rooms

    def test_stays(self) -> None:
        """They come back there after lost connections and restarts, and nobody calls that an invitation."""
        for peer in (self.mia, self.gus):
            self.assertEqual(peer.told, [])
            peer.vanish()
        self.assertEqual(self.back("gus"), ["lobby", "vault"])
        self.house.hall = self.house.reopened()
        self.assertEqual(self.back("gus"), ["lobby", "vault"])
        mia = self.house.connect("json").offer("mia", password="correct horse")
        self.assertEqual(mia.connection.rooms, ("lobby", "vault"))

    def test_away(self) -> None:
        """Who was not connected at that moment has lost it."""
        self.assertEqual(self.back("away"), ["lobby"])

    def test_ends(self) -> None:
        """Who leaves, is put out or uninvited does not come back; who is invited after that does."""
        for act in ("leave", "kick", "ban", "uninvite", "lock"):
            peer = self.guest(f"by-{act}")
            self.olga.do("unlock", room="vault")
            peer.do("join", room="vault")
            self.olga.do("lock", room="vault")
            if act == "leave":
                peer.do("leave", room="vault")
            elif act == "kick":
                self.olga.do("kick", nick="by-kick", room="vault")
            elif act == "ban":
                self.olga.do("ban", whom="by-ban", room="vault").do("unban", whom="by-ban", room="vault")
            else:
                peer.vanish()
                again = ("uninvite", {"nick": "by-uninvite"}) if act == "uninvite" else ("unlock", {})
                self.olga.do(again[0], room="vault", **again[1]).do("lock", room="vault")
            peer.vanish()
            if act in ("leave", "kick", "ban"):
                back = self.house.connect("json").offer(f"by-{act}", token=self.tokens[f"by-{act}"])
                back.do("join", room="vault")
                self.assertEqual((back.codes[-1:], back.connection.rooms), (["room-locked"], ("lobby",)), act)
                back.vanish()
            else:
                self.assertEqual(self.back(f"by-{act}"), ["lobby"], act)
        self.olga.do("invite", nick="gus", room="vault")
        self.gus.do("leave", room="vault").do("join", room="vault")
        self.assertEqual(self.gus.connection.rooms, ("lobby", "vault"))

    def test_forgotten_with_the_lock(self) -> None:
        """Nothing is left of it when the room is unlocked."""
        self.olga.do("unlock", room="vault")
        self.assertEqual(self.house.hall.moderation.invited, {})
