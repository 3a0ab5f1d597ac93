"""Kick, ban and mute: where an operator's word holds, and what everybody is told."""

from groupchat.model.drafts import Deed
from groupchat.model.events import Departed, Done, Entered, Left, Listed
from groupchat.verbs.actor import REASON_MAX
from tests.house import House, Peer
from tests.people import operator
from tests.verbs.cases import OperatorsCase


class KickTests(OperatorsCase):
    def test_other_room(self) -> None:
        """A room's operator puts somebody out of the room they name, although it is not the current one."""
        self.rita.do("kick", nick="bob", room="dev", reason="spam", ref=1)
        self.assertEqual(self.rita.answers, [Done(self.house.hall.stream.delivered)])
        (deed,) = self.deeds(self.alice)
        self.assertEqual((deed.room, deed.nick, deed.text), ("dev", "rita", "kicked bob out of dev: spam"))
        self.assertEqual((deed.act, deed.target, deed.until, deed.reason), ("kick", "bob", None, "spam"))
        self.assertEqual(self.refused(self.bob), ["kicked: You were put out of dev by rita: spam"])
        self.assertIn(Departed("dev", "spam", "kicked", "lobby"), self.bob.answers)
        self.assertEqual(self.bob.connection.rooms, ("lobby",))
        self.assertIn(Left("dev", "bob", self.house.now(), "kicked", False), self.alice.events)

    def test_not_their_room(self) -> None:
        """A room's operator has no word in another room, whether it is named or current."""
        self.rita.do("kick", nick="bob", room="lobby").do("kick", nick="bob").do("kick", nick="bob", room="ops")
        self.assertEqual(self.rita.codes, ["not-allowed"] * 3)
        self.assertEqual(self.bob.connection.rooms, ("lobby", "dev"))

    def test_operator(self) -> None:
        """An operator puts somebody out of the server, or, when they name it, out of one room."""
        self.olga.do("kick", nick="bob", room="dev")
        self.assertEqual(self.bob.connection.rooms, ("lobby",))
        self.olga.do("kick", nick="bob")
        self.assertTrue(self.bob.screen.closed)
        self.assertEqual(self.bob.screen.codes, ["kicked"])
        self.assertEqual(self.acts(self.alice), [("dev", "kick", "bob"), ("lobby", "kick", "bob")])

    def test_not_there(self) -> None:
        """Nobody is put out of a room they are not in, and none is made by the attempt."""
        self.olga.do("kick", nick="bob", room="ops")
        self.assertEqual(self.olga.codes, ["no-such-nick"])
        self.assertIsNone(self.house.hall.rooms.find("ops"))

    def test_every_connection(self) -> None:
        """Each connection of a person is put out of the room."""
        second = self.house.connect("json").offer("alice", password="correct horse", rooms=("dev",))
        self.rita.do("kick", nick="alice", room="dev")
        for peer in (self.alice, second):
            self.assertNotIn("dev", peer.connection.rooms)
        self.assertIn(Departed("dev", "", "kicked", ""), second.answers)

    def test_reason(self) -> None:
        """A reason has a length that others can be expected to read."""
        self.rita.do("kick", nick="bob", room="dev", reason="x" * (REASON_MAX + 1))
        self.assertEqual(self.rita.codes, ["bad-arguments"])
        self.rita.do("kick", nick="bob", room="dev", reason=f"  {'x' * REASON_MAX}  ")
        self.assertEqual(self.deeds(self.alice)[-1].reason, "x" * REASON_MAX)

    def test_ranks(self) -> None:
        """Nobody kicks themselves, and a room's operator no other operator."""
        self.rita.do("kick", nick="rita", room="dev").do("kick", nick="olga", room="dev")
        self.assertEqual(self.rita.codes, ["bad-arguments", "not-allowed"])
        self.olga.do("kick", nick="rita", room="dev")
        self.assertEqual(self.rita.connection.rooms, ("lobby",))

    def test_typed(self) -> None:
        """Typed, a room's operator means the current room, and all words after the nickname are the reason."""
        self.olga.do("op", nick="alice", room="lobby")
        self.forget()
        self.alice.type("/kick bob out of here")
        self.assertEqual([deed.text for deed in self.deeds(self.olga)], ["kicked bob out of lobby: out of here"])


class BanTests(OperatorsCase):
    def test_other_room(self) -> None:
        """A room's operator bans from the room they name; the banned one is told, and is let in nowhere but there."""
        self.rita.do("ban", whom="bob", duration="2h", reason="spam", room="dev", ref=1)
        (deed,) = self.deeds(self.alice)
        until = self.house.now() + 7200
        self.assertEqual((deed.room, deed.act, deed.target), ("dev", "ban", "bob"))
        self.assertEqual((deed.until, deed.reason), (until, "spam"))
        self.assertIn(Departed("dev", "spam", "banned", "lobby"), self.bob.answers)
        self.bob.type("/join dev", "still here")
        self.assertEqual(self.bob.codes, ["banned"] * 2)
        self.assertEqual(self.alice.texts, ["still here"])
        self.house.clock.advance(7201)
        self.bob.type("/join dev")
        self.assertIn("dev", self.bob.connection.rooms)

    def test_not_their_room(self) -> None:
        """A room's operator bans from their own room only, and no addresses."""
        self.rita.do("ban", whom="bob", room="lobby").do("ban", whom="bob").do("ban", whom="192.0.2.0/24", room="dev")
        self.assertEqual(self.rita.codes, ["not-allowed"] * 3)
        self.rita.do("unban", whom="192.0.2.0/24", room="dev")
        self.assertEqual(self.rita.codes, ["not-allowed"] * 4)

    def test_unban(self) -> None:
        """A room's operator undoes a ban from their room only."""
        self.olga.do("ban", whom="bob", room="dev").do("ban", whom="carol", room="lobby").do("ban", whom="dave")
        self.rita.do("unban", whom="carol", room="lobby").do("unban", whom="dave", room="dev")
        self.assertEqual(self.rita.codes, ["not-allowed", "nothing-to-undo"])
        self.rita.take()
        self.rita.do("unban", whom="bob", room="dev", ref=2)
        self.assertEqual(self.rita.codes, [])
        self.assertIn(("dev", "unban", "bob"), self.acts(self.alice))
        self.bob.take()
        self.bob.type("/join dev")
        self.assertEqual(self.bob.codes, [])

    def test_bans(self) -> None:
        """The bans of the named room are listed; an operator who names none is shown all, with addresses."""
        self.olga.do("ban", whom="bob", room="dev", duration=60).do("ban", whom="carol")
        self.olga.do("ban", whom="198.51.100.7")
        self.rita.do("bans", room="dev")
        (item,) = self.items(self.rita)
        self.assertEqual((item["whom"], item["room"], item["by"]), ("bob", "dev", "olga"))
        self.assertEqual(item["until"], "2026-11-21T12:01:00.000Z")
        self.olga.take()
        self.olga.do("bans")
        self.assertEqual([item["whom"] for item in self.items(self.olga)], ["bob", "carol", "198.51.100.7/32"])
        self.rita.take()
        self.rita.do("bans").do("bans", room="lobby")
        self.assertEqual(self.rita.codes, ["not-allowed"] * 2)

    def test_advice(self) -> None:
        """An operator who bans a guest is told how to ban the address, which nobody else is shown."""
        self.olga.do("ban", whom="bob")
        self.assertIn("/ban 192.0.2.1", self.olga.told[0])
        self.assertNotIn("192.0.2.1", str(self.alice.screen.shown))

    def test_address_is_private(self) -> None:
        """A ban of an address is shown in no room."""
        self.olga.do("ban", whom="198.51.100.0/24", reason="spam")
        self.assertEqual([self.deeds(peer) for peer in (self.alice, self.rita, self.bob)], [[]] * 3)
        self.assertEqual(self.olga.told, ["198.51.100.0/24 is banned until unbanned."])

    def test_not_here(self) -> None:
        """A nickname can be banned from a room that nobody was ever in; no room is made by that."""
        self.olga.do("ban", whom="carol", room="ops")
        self.assertEqual(self.olga.codes, [])
        self.assertIsNone(self.house.hall.rooms.find("ops").members or None)  # type: ignore[union-attr]

    def test_duration(self) -> None:
        """A duration can be a number of seconds; one that is none is refused."""
        for wrong in ("soon", -1, 1.5, True, ""):
            self.olga.take()
            self.olga.do("ban", whom="bob", room="dev", duration=wrong)
            self.assertEqual(self.olga.codes, ["bad-arguments"], wrong)
        self.olga.do("ban", whom="bob", room="dev", duration=90)
        self.assertEqual(self.deeds(self.alice)[0].until, self.house.now() + 90)


class MuteTests(OperatorsCase):
    def test_other_room(self) -> None:
        """Somebody muted in one room can speak in another, and is told."""
        self.rita.do("mute", nick="bob", duration="10m", reason="loud", room="dev")
        self.assertEqual(self.acts(self.alice), [("dev", "mute", "bob")])
        self.assertEqual(len(self.told(self.bob)), 1)
        self.bob.type("here", "/switch dev", "there", "/me there", "/topic there")
        self.assertEqual(self.bob.codes, ["muted"] * 3)
        self.assertEqual(self.alice.texts, ["here"])

    def test_unmute(self) -> None:
        """The mute of the named room ends, and the muted one is told."""
        self.olga.do("mute", nick="bob", room="dev").do("mute", nick="bob", room="lobby")
        self.bob.take()
        self.rita.do("unmute", nick="bob", room="lobby")
        self.assertEqual(self.rita.codes, ["not-allowed"])
        self.rita.do("unmute", nick="bob", room="dev")
        self.assertEqual(self.told(self.bob), ["You can speak again in dev; rita unmuted you."])
        self.bob.type("here", "/switch dev", "there")
        self.assertEqual(self.bob.codes, ["muted"])

    def test_mutes(self) -> None:
        """The mutes of the named room are listed."""
        self.olga.do("mute", nick="bob", room="dev").do("mute", nick="alice")
        self.rita.do("mutes", room="dev")
        self.assertEqual([item["whom"] for item in self.items(self.rita)], ["bob"])
        self.rita.do("mutes")
        self.assertEqual(self.rita.codes, ["not-allowed"])

    def test_nothing(self) -> None:
        """An empty list is a sentence for people and no item for programs."""
        self.rita.do("mutes", room="dev")
        self.assertEqual(self.rita.answers, [Listed("mutes", ("Nobody is muted.",), ())])

    def test_everywhere(self) -> None:
        """An operator who names no room mutes in all of them."""
        self.olga.do("mute", nick="bob")
        self.bob.type("here", "/switch dev", "there")
        self.assertEqual(self.bob.codes, ["muted"] * 2)
        self.assertEqual(self.acts(self.alice), [("lobby", "mute", "bob")])


class InOtherWaysTests(OperatorsCase):
    def test_control_socket(self) -> None:
        """The server itself, which is in no room, can do all of it; the room of the person is shown it."""
        server = self.house.connect("json")
        server.session.serve()
        server.do("mute", nick="bob").do("unmute", nick="bob").do("kick", nick="bob", room="dev").do("bans")
        self.assertEqual(server.codes, [])
        self.assertEqual(
            self.acts(self.alice), [("lobby", "mute", "bob"), ("lobby", "unmute", "bob"), ("dev", "kick", "bob")]
        )

    def test_enters_again(self) -> None:
        """Somebody who was put out of a room can come back, and is told again that they are in it."""
        bot = self.house.connect("json").offer("bot", rooms=("lobby", "dev"))
        self.rita.do("kick", nick="bot", room="dev")
        bot.take()
        bot.do("join", room="dev")
        self.assertIsInstance(bot.answers[0], Entered)

    def test_stored(self) -> None:
        """What is stored of a deed is its fields, in one row, and it reads the same after a restart."""
        self.rita.do("mute", nick="bob", duration=60, reason="loud", room="dev")
        head = self.house.hall.stream.delivered
        (row,) = self.successResultOf(self.house.journal.moderated(head, 1))
        self.assertEqual(row.event, self.deeds(self.alice)[0])
        words = "muted bob in dev for 1 minute: loud"
        made = Deed("mute", words, "bob", self.house.now() + 60, "loud")
        self.assertEqual(Deed.decode(made.encode()), made)
        self.assertEqual(row.event.text, words)  # type: ignore[attr-defined]


class PutOutTests(OperatorsCase):
    def test_resumes_without_the_room(self) -> None:
        """A client that was put out of a room and comes back with its token is not in it."""
        bot: Peer = self.house.connect("json").offer("bot", rooms=("dev", "lobby"))
        token = bot.token
        self.rita.do("ban", whom="bot", room="dev")
        bot.vanish()
        again = self.house.connect("json").offer("bot", token=token)
        self.assertEqual(again.connection.rooms, ("lobby",))

    def test_new_house(self) -> None:
        """In a house where nobody is banned, nothing is listed."""
        house = House()
        boss = operator(house, "boss", "json")
        boss.do("bans")
        self.assertEqual(boss.answers, [Listed("bans", ("Nobody is banned.",), ())])
