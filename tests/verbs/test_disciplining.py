"""Kick, ban and mute: where an operator's word holds, and what everybody is told."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Deed
from groupchat.model.errors import Banned, JournalUnavailable
from groupchat.model.events import (
    Announced,
    Deleted,
    Departed,
    Done,
    Entered,
    Left,
    Listed,
    Moderated,
    Refused,
)
from groupchat.model.text import REASON
from groupchat.model.times import minute
from tests.fakes import HeldJournal, SlowJournal
from tests.house import NOON, House, Peer
from tests.people import operator
from tests.verbs.cases import OperatorsCase, TypingCase


class MeantTests(SynchronousTestCase):
    def test_rooms_as_reasons(self) -> None:
        """Where the only word of a reason is a room one is in, the line is asked for twice, and then done."""
        house = House()
        boss = operator(house, "boss")
        house.come("bob")
        boss.type("/join dev", "/switch lobby")
        for line, act in (
            ("/ban bob dev", "bans bob from the whole server"), ("/mute bob #dev", "mutes bob in the whole server"),
            ("/kick bob DEV", "kicks bob out of the whole server"), ("/topic dev", "makes that the topic of lobby"),
        ):  # fmt: skip
            boss.take()
            boss.type(line)
            (refused,) = (answer for answer in boss.answers if isinstance(answer, Refused))
            self.assertEqual(refused.code, "confirmation-needed")
            self.assertIn(f"as typed this {act}. If you mean the room, /switch dev first.", refused.text)
        boss.type("/ban bob dev")
        boss.take()
        boss.type("/ban bob 2h dev")
        self.assertEqual(boss.codes, ["confirmation-needed"], "with a duration it is another line")
        boss.type("/topic dev", "/topic dev")
        self.assertEqual(house.hall.rooms.open("lobby").topic, "dev")
        boss.take()
        boss.type("/mute bob 10m dev server", "/mute bob nowhere", "/topic of dev")
        boss.do("ban", whom="bob", reason="dev", room="lobby")
        self.assertEqual(boss.codes, [])
        bot = operator(house, "bot", "json")
        bot.do("join", room="dev").do("topic", text="dev", room="lobby")
        self.assertEqual(bot.codes, [], "programs know what they ask for")


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
        self.rita.do("kick", nick="bob", room="dev", reason="x" * (REASON.most + 1))
        self.assertEqual(self.rita.codes, ["bad-arguments"])
        self.rita.do("kick", nick="bob", room="dev", reason=f"  {'x' * REASON.most}  ")
        self.assertEqual(self.deeds(self.alice)[-1].reason, "x" * REASON.most)

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
        self.assertEqual([item["whom"] for item in self.items(self.olga)], ["198.51.100.7/32", "bob", "carol"])
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
        self.assertEqual(
            self.olga.told,
            ["198.51.100.0/24 is banned until unbanned; 0 connections put out. It holds until /unban 198.51.100.0/24."],
        )

    def test_not_here(self) -> None:
        """A nickname can be banned from a room that nobody was ever in; no room is made by that."""
        self.olga.do("ban", whom="carol", room="ops")
        self.assertEqual(self.olga.codes, [])
        self.assertIn("ops is new: there was no such room. To undo it: unban carol there.", repr(self.olga.answers))
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


class TypedTests(TypingCase):
    def test_kick(self) -> None:
        """An operator's kick ends every connection of the person, told why; the room sees both; they may return."""
        self.olga.type("/kick bob stop that")
        self.assertEqual(self.done(self.alice), ["olga kicked bob: stop that"])
        self.assertEqual([type(event) for event in self.alice.events], [Moderated, Left])
        self.assertEqual(self.refused(self.bob), "kicked: You were put out by olga: stop that")
        self.assertTrue(self.bob.screen.closed)
        self.assertEqual(self.done(self.bob), ["olga kicked bob: stop that"])
        (again,) = self.house.come("bob")
        self.assertFalse(again.screen.closed)

    def test_kick_from_room(self) -> None:
        """A room's operator puts out of the room only, and only who is there."""
        self.in_dev(self.rita, self.bob)
        self.rita.type("/kick bob", "/kick alice")
        self.assertEqual(self.refused(self.bob), "kicked: You were put out of dev by rita.")
        self.assertFalse(self.bob.screen.closed)
        self.assertEqual(self.bob.connection.rooms, ("lobby",))
        self.assertEqual(self.done(self.rita), ["rita kicked bob out of dev"])
        self.assertEqual(self.rita.codes, ["no-such-nick"])
        self.bob.type("/join dev")
        self.assertEqual(self.bob.connection.rooms, ("lobby", "dev"))

    def test_nobody_orders_themselves_or_superiors(self) -> None:
        """Nobody kicks, bans, mutes or purges themselves, and a room's operator no operator nor another one's there."""
        self.olga.type("/op alice dev")
        self.in_dev(self.rita, self.olga, self.alice)
        for verb in ("kick", "ban", "mute", "purge"):
            for peer, nick, code in [
                (self.olga, "olga", "bad-arguments"),
                (self.rita, "rita", "bad-arguments"),
                (self.rita, "olga", "not-allowed"),
                (self.rita, "alice", "not-allowed"),
            ]:
                peer.take()
                peer.type(f"/{verb} {nick}")
                self.assertEqual(peer.codes, [code], f"{verb} {nick}")
        self.assertFalse(any(self.house.hall.moderation.bans))

    def test_ban_guest(self) -> None:
        """A banned guest is put out with why and how long; the nickname is kept out, an address can be, too."""
        self.olga.type("/ban bob 2h spam")
        self.assertEqual(self.done(self.alice), ["olga banned bob for 2 hours: spam"])
        self.assertEqual(self.refused(self.bob), "banned: You are banned for 2 hours, by olga: spam")
        self.assertTrue(self.bob.screen.closed)
        self.assertIn("/ban 192.0.2.1 keeps out everybody from there, also 3 other people here", self.olga.told[-1])
        back = self.house.connect().type("BOB")
        self.assertEqual(self.refused(back), "banned: You are banned for 2 hours, by olga: spam")
        back.type("robert")
        back.type("/nick bob")
        self.assertEqual(self.refused(back), "banned: You are banned for 2 hours, by olga: spam")
        self.house.pass_time(2 * 3600)
        back.take()
        back.type("/nick bob")
        self.assertEqual(back.codes, [])
        self.assertEqual(len(self.house.hall.moderation.bans), 0)

    def test_ban_token(self) -> None:
        """A guest's program cannot come back by its token under another nickname."""
        bot = self.house.connect("json").offer("bot")
        self.olga.type("/ban bot")
        self.assertTrue(bot.screen.closed)
        back = self.house.connect("json").offer("other", token=bot.token)
        self.assertEqual(back.codes, ["banned"])
        self.assertEqual(self.house.connect("json").offer("other").codes, [])

    def test_ban_account(self) -> None:
        """An account is banned whether it is here or not, as itself and not as a nickname."""
        self.olga.type("/ban alice")
        self.assertEqual(self.refused(self.alice), "banned: You are banned until unbanned, by olga.")
        author = self.house.hall.accounts.find("alice")
        assert author is not None
        self.assertRaises(Banned, self.house.hall.moderation.check_coming, author.author, "other", 0.0)
        self.olga.type("/unban ALICE", "/ban alice 10m")
        self.assertEqual(self.olga.codes, [])
        self.assertEqual(
            self.log()[-3:], ["banned alice until unbanned", "unbanned alice", "banned alice for 10 minutes"]
        )

    def test_ban_from_room(self) -> None:
        """A room's operator bans from the room, and only from there; nobody comes back by the room's name."""
        self.in_dev(self.rita, self.bob)
        self.rita.type("/ban bob 1h")
        self.assertEqual(self.refused(self.bob), "banned: You are banned from dev for 1 hour, by rita.")
        self.assertEqual(self.bob.connection.rooms, ("lobby",))
        self.bob.take()
        self.bob.type("/join dev", "still here", "still here")
        self.assertEqual(self.bob.codes, ["banned", "room-lost"])
        self.assertEqual(self.alice.texts, ["still here"])
        self.rita.type("/unban bob")
        self.bob.type("/join dev")
        self.assertEqual(self.bob.connection.rooms, ("lobby", "dev"))

    def test_ban_address(self) -> None:
        """All connections of a banned network are cut, with and without a nickname; the rooms are not shown it."""
        nameless, other = self.house.connect(), self.house.connect()
        for peer in (self.olga, self.rita, self.alice, other):
            peer.screen.address = "198.51.100.1"
        self.olga.type("/ban 192.0.2.99/24 1d flood")
        self.assertTrue(self.bob.screen.closed and nameless.screen.closed)
        self.assertFalse(other.screen.closed)
        self.assertEqual(self.refused(nameless), "banned: Your address is banned for 1 day, by olga: flood")
        self.assertEqual(self.done(self.alice), [])
        check = self.house.hall.moderation.check_address
        self.assertRaises(Banned, check, "192.0.2.200", self.house.now())
        check("198.51.100.7", self.house.now())
        check("192.0.2.200", self.house.now() + 86400)
        self.assertEqual(self.log()[-1], "banned 192.0.2.0/24 for 1 day: flood")
        self.olga.type("/unban 192.0.2.0/24")
        check("192.0.2.200", self.house.now())

    def test_ban_own_address(self) -> None:
        """Nobody bans the address they come from, and only operators ban addresses."""
        self.in_dev(self.rita)
        self.olga.type("/ban 192.0.2.0/24")
        self.rita.type("/ban 198.51.100.7", "/unban 198.51.100.7")
        self.assertEqual((self.olga.codes, self.rita.codes), (["bad-arguments"], ["not-allowed"] * 2))

    def test_lists(self) -> None:
        """Bans and mutes are listed with who, when, why and for how long; a room's operator sees those of the room."""
        self.in_dev(self.rita, self.bob)
        self.olga.type("/ban 203.0.113.0/24 7d", "/ban carol forever noise")
        self.rita.type("/ban bob 1h", "/mute dave 10m")
        self.house.pass_time(60)
        self.olga.take()
        self.olga.type("/bans", "/mutes")
        bans, mutes = (answer for answer in self.olga.answers if isinstance(answer, Listed))
        since = minute(NOON, None)  # in the zone of the machine
        self.assertEqual(
            list(bans.lines),
            [
                f"203.0.113.0/24 is banned for 1 week more, since {since}, by olga",
                f"bob is banned from dev for 59 minutes more, since {since}, by rita",
                f"carol is banned, since {since}, by olga: noise",
            ],
        )
        self.assertEqual(
            bans.items[1],
            {"whom": "bob", "room": "dev", "by": "rita", "why": "", "at": "2026-11-21T12:00:00.000Z",
             "until": "2026-11-21T13:00:00.000Z"},
        )  # fmt: skip
        self.assertEqual((mutes.items[0]["whom"], mutes.items[0]["room"]), ("dave", "dev"))
        self.rita.take()
        self.rita.type("/bans", "/mutes")
        bans, mutes = (answer for answer in self.rita.answers if isinstance(answer, Listed))
        self.assertEqual(([item["whom"] for item in bans.items], len(mutes.items)), (["bob"], 1))

    def test_undo_nothing(self) -> None:
        """What does not hold cannot be undone, and the operator is told so."""
        self.olga.type(
            "/unban carol", "/unban 203.0.113.1", "/unmute carol", "/unlock dev", "/slow dev 0", "/uninvite alice dev",
            "/deop alice dev", "/motd -",
        )  # fmt: skip
        self.assertEqual(self.olga.codes, ["nothing-to-undo"] * 8)

    def test_mute(self) -> None:
        """A muted person is told, says nothing anywhere, reads on, may take back, and can speak again when it ends."""
        self.bob.type("before")
        self.olga.type("/mute bob 10m shouting")
        self.assertEqual(self.told(self.bob), ["You are muted for 10 minutes, by olga: shouting"])
        self.forget()
        self.bob.type(
            "x", "/me x", "/msg alice x", "/topic x", "/edit x", "s/before/x/", "/join dev", "x", "/nick rob", "x"
        )
        self.assertEqual(self.bob.codes, ["muted"] * 9)
        self.assertEqual((self.alice.texts, self.house.hall.rooms.open("lobby").topic), ([], ""))
        self.bob.type("/switch lobby", "/delete")
        self.assertEqual(type(self.alice.events[-1]), Deleted)
        self.alice.type("hello")
        self.assertEqual(self.bob.texts, ["hello"])
        self.house.pass_time(10 * 60)
        self.assertEqual(self.told(self.bob), ["You can speak again."])
        self.bob.type("/switch lobby", "thanks")
        self.assertEqual(self.alice.texts, ["thanks"])

    def test_mute_in_room(self) -> None:
        """A room's operator mutes in the room: elsewhere one speaks, but cannot change old lines meanwhile."""
        self.in_dev(self.rita, self.bob)
        self.bob.type("before")
        self.rita.type("/mute bob")
        self.bob.type("x", "/edit y", "/switch lobby", "elsewhere")
        self.assertEqual(self.bob.codes, ["muted", "muted"])
        self.assertEqual(self.alice.texts, ["elsewhere"])
        self.assertEqual(self.refused(self.bob), "muted: You are muted in dev until unmuted, by rita.")
        self.olga.type("/unmute bob")
        self.assertEqual(self.olga.codes, ["nothing-to-undo"])
        self.rita.type("/unmute bob")
        self.assertEqual(self.told(self.bob)[-1], "You can speak again in dev; rita unmuted you.")
        self.bob.type("/switch dev", "free")
        self.assertEqual(self.rita.texts[-1], "free")

    def test_mute_follows(self) -> None:
        """A mute of an account holds on all its connections; one of a guest also for who takes the nickname."""
        self.olga.type("/mute alice", "/mute bob")
        self.bob.vanish()
        (other,) = self.house.come("bob")
        other.type("x")
        self.alice.type("x")
        self.assertEqual((other.codes, self.alice.codes), (["muted"], ["muted"]))

    def test_refused_by_journal(self) -> None:
        """What the journal does not take does not happen: nobody is told, put out, muted or banned."""
        house = House(HeldJournal(MemoryJournal()))
        journal = house.journal
        assert isinstance(journal, HeldJournal)
        olga, bob = operator(house, "olga"), house.come("bob")[0]
        while journal.pending:
            journal.commit()
        for line in (
            "/kick bob",
            "/ban bob",
            "/mute bob",
            "/slow lobby 5",
            "/motd x",
            "/announce x",
            "/ban 203.0.113.9",
        ):
            olga.take()
            olga.type(line)
            self.assertEqual(olga.take(), [], "nothing is answered before it is on disk")
            journal.fail(JournalUnavailable("The disk is full."))
            self.assertEqual(olga.codes, ["journal-unavailable"], line)
            told = [event for event in bob.take() if not isinstance(event, Announced)]  # that the disk is full
            self.assertEqual(told, [], line)
        state = house.hall.moderation
        self.assertEqual(
            (len(state.bans), len(state.mutes), state.networks, state.motd, state.curbs), (0, 0, {}, None, False)
        )
        self.assertFalse(bob.screen.closed)

    def test_next_line_waits(self) -> None:
        """A line typed after a command that changes something is taken when it is on disk."""
        house = House(HeldJournal(MemoryJournal()))
        journal = house.journal
        assert isinstance(journal, HeldJournal)
        olga = operator(house, "olga")
        while journal.pending:
            journal.commit()
        olga.type("/ban bob", "/unban bob", "/bans")
        for _ in range(2):
            journal.commit()
            house.turn()
        (listed,) = (answer for answer in olga.answers if isinstance(answer, Listed))
        self.assertEqual((olga.codes, listed.lines), ([], ("Nobody is banned.",)))

    def test_arriving_meanwhile(self) -> None:
        """Somebody who is just coming in when they are banned does not come in."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        olga = operator(house, "olga")
        journal.slow = True
        bob = house.connect().type("bob")
        olga.type("/ban bob")
        journal.answer_all()
        self.assertEqual(bob.codes, ["banned"])
        self.assertIsNone(house.hall.roster.find("bob"))


class MistypedTests(TypingCase):
    def test_durations(self) -> None:
        """A number that is no duration is not taken for a reason: nobody is banned for ever by a slip."""
        for line in (
            "/mute bob 10 min spam",
            "/mute bob 10x",
            "/mute bob -5m",
            "/ban carlo 1h30 ads",
            "/purge bob 1 hour",
        ):
            self.olga.type(line)
            self.assertIn("is not a duration; write it like 10m, 2h, 1h30m", self.refused(self.olga))
        moderation = self.house.hall.moderation
        self.assertEqual((list(moderation.bans), list(moderation.mutes)), ([], []))
        self.olga.type("/mute bob forever 3 warnings")
        (mute,) = moderation.mutes
        self.assertEqual((mute.why, mute.until), ("3 warnings", None))

    def test_order(self) -> None:
        """Who gives the duration before the name is told the order, not what nicknames are."""
        for line in ("/mute 10m bob spam", "/ban 2h bob", "/purge 1h30m bob"):
            self.olga.type(line)
            verb = line.split()[0]
            self.assertIn(f"is a duration, which comes after the name: {verb} NICK", self.refused(self.olga))
        self.olga.type("/ban 300.1.1.1")
        self.assertIn("300.1.1.1 is no address", self.refused(self.olga))


class NobodyTests(TypingCase):
    def test_told(self) -> None:
        """Bans and mutes of a nickname that nobody has hold, and the operator is told that nobody has it."""
        for line in ("/mute nobody", "/ban xavier 2h"):
            self.olga.take()
            self.olga.type(line)
            nick = line.split()[1]
            self.assertEqual(self.olga.codes, [])
            (said,) = [answer.text for answer in self.olga.answers if isinstance(answer, Done)]
            self.assertIn(f"Nobody here is called {nick}, and no account", said)
        self.olga.take()
        self.olga.type("/mute bob", "/mute alice")
        self.assertNotIn("Nobody", repr(self.olga.answers))


class ManyTests(OperatorsCase):
    """Olga is at 198.51.100.1; the others, three of four, are at 192.0.2.1."""

    def setUp(self) -> None:
        super().setUp()
        self.olga.screen.address = "198.51.100.1"

    def networks(self) -> list[str]:
        """The networks that are banned."""
        return [ban.whom for ban in self.house.hall.moderation.networks.values()]

    def test_most_people(self) -> None:
        """A network of more than half of the people here has to be asked for twice, within a minute."""
        self.olga.do("ban", whom="192.0.2.0/24")
        (refusal,) = self.refused(self.olga)
        self.assertIn("confirmation-needed: 192.0.2.0/24 is where 3 of the 4 people here come from. ", refusal)
        self.assertIn("Type the same line again within 60 s to do it.", refusal)
        self.house.pass_time(61)
        self.olga.do("ban", whom="192.0.2.0/24").do("ban", whom="192.0.2.1").do("ban", whom="192.0.2.1", duration="1m")
        self.assertEqual((self.olga.codes, self.networks()), (["confirmation-needed"] * 4, []))
        self.olga.do("ban", whom="192.0.2.1", duration="1m")
        self.assertEqual(self.networks(), ["192.0.2.1/32"])
        self.assertTrue(self.bob.screen.closed)
        self.assertIn("; 3 connections put out.", repr(self.olga.answers))

    def test_vast(self) -> None:
        """So has a large part of the internet, whoever is from there; programs can say yes at once."""
        self.olga.screen.address = ""
        for network in ("0.0.0.0/0", "::/0", "10.0.0.0/7"):
            self.olga.take()
            self.olga.do("ban", whom=network)
            self.assertEqual(self.olga.codes, ["confirmation-needed"], network)
        self.olga.do("ban", whom="::/0", yes=True)
        self.assertEqual(self.networks(), ["::/0"])
        self.assertIn("::/0 is banned until unbanned; 0 connections put out.", repr(self.olga.answers))

    def test_few(self) -> None:
        """A ban of a few people is asked for once."""
        for peer in (self.rita, self.alice):
            peer.screen.address = "203.0.113.1"
        self.olga.do("ban", whom="203.0.113.1")
        self.assertEqual(self.networks(), ["203.0.113.1/32"])
        self.assertIn("; 2 connections put out.", repr(self.olga.answers))

    def test_advice(self) -> None:
        """The hint to ban a guest's address says whom else that would keep out."""
        self.olga.do("ban", whom="bob")
        advice = "/ban 192.0.2.1 keeps out everybody from there, also 2 other people here."
        self.assertIn(advice, repr(self.olga.answers))
        (carol,) = self.house.come("carol")
        carol.screen.address = "203.0.113.1"
        self.olga.do("ban", whom="carol")
        self.assertIn("/ban 203.0.113.1 keeps out everybody from there, nobody else here.", repr(self.olga.answers))
